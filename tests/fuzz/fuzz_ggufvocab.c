/* The tokenizer in a GGUF's metadata. */
#include "tests/checkpoint_layouts.h"
#include "tests/fuzz/token_target.h"
#include "tests/gguf_build.h"

enum { BYTES = 256, MERGED = 3, SPECIALS = 21, N_TOKENS = BYTES + MERGED + SPECIALS };

static void put_token(Buf *b, const CkSpec *s, int i) {
    static const char *const merged[MERGED] = {"th", "the", "\xC4\xA0t"};
    char text[32];
    if (i >= BYTES && i < BYTES + MERGED) {
        gb_str(b, merged[i - BYTES]);
        return;
    }
    ck_gguf_token(s, i, text);
    gb_str(b, text);
}

static void seeds(FuzzGive *give, void *ctx) {
    CkSpec s = CK_SPEC_MIN;
    Buf b;
    s.vocab = N_TOKENS;
    buf_init(&b, 1 << 20);
    gb_head(&b, 0, 6);
    gb_text(&b, "general.architecture", "gpt-oss");
    gb_text(&b, "tokenizer.ggml.model", "gpt2");
    gb_text(&b, "tokenizer.ggml.pre", "gpt-4o");
    gb_array(&b, "tokenizer.ggml.tokens", 8, N_TOKENS);
    for (int i = 0; i < N_TOKENS; i++) put_token(&b, &s, i);
    gb_array(&b, "tokenizer.ggml.token_type", 5, N_TOKENS);
    for (int i = 0; i < N_TOKENS; i++) gb_int(&b, i < BYTES + MERGED ? 1 : 3, 4);
    gb_array(&b, "tokenizer.ggml.merges", 8, MERGED);
    gb_str(&b, "t h"), gb_str(&b, "th e"), gb_str(&b, "\xC4\xA0 t");
    give(ctx, "small", b.p, b.n);
    buf_release(&b);
}

static bool run(const uint8_t *p, size_t n) {
    char spec[300];
    fuzz_dir_put("vocab.gguf", p, n);
    snprintf(spec, sizeof spec, "%s/vocab.gguf", fuzz_dir());
    return token_target_run(spec, (Str){(const char *)p, n});
}

const FuzzTarget fuzz_target = {"ggufvocab", FUZZ_GGUF, NULL, 1000, seeds, run};
