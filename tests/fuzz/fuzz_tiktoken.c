/* .tiktoken files: what is taken encodes any text and gives the same bytes back. */
#include "tests/fuzz/token_target.h"

/* The bytes and three longer tokens; config.json confirms the count, as the reader demands. */
static void seeds(FuzzGive *give, void *ctx) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    Buf b;
    buf_init(&b, 1 << 20);
    for (unsigned i = 0; i < 256; i++) buf_addf(&b, "%c%c== %u\n", digits[i >> 2], digits[(i & 3) << 4], i);
    buf_adds(&b, "dGg= 256\ndGhl 257\nIHQ= 258\n"); /* "th", "the", " t" */
    give(ctx, "small", b.p, b.n);
    buf_release(&b);
}

static bool run(const uint8_t *p, size_t n) {
    static const char config[] = "{\"vocab_size\":280,\"eos_token_id\":263}";
    char spec[300];
    fuzz_dir_put("config.json", config, sizeof config - 1);
    fuzz_dir_put("small.tiktoken", p, n);
    snprintf(spec, sizeof spec, "%s+tokenizer=%s/small.tiktoken", fuzz_dir(), fuzz_dir());
    return token_target_run(spec);
}

const FuzzTarget fuzz_target = {"tiktoken", FUZZ_TEXT, NULL, 1000, seeds, run};
