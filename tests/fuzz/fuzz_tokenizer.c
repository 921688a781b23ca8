/* tokenizer.json: what is taken must encode any text and give the same bytes back. */
#include "tests/fuzz/token_target.h"

/* Small: the byte tokens, three joined ones, three specials. */
static void seeds(FuzzGive *give, void *ctx) {
    CkSpec s = CK_SPEC_MIN;
    SeedFile t = seed_tokenizer(&s);
    Buf b;
    give(ctx, "bytes", t.p, t.n);
    Str text = {t.p, t.n};
    size_t vocab = str_find(text, STR("\"vocab\":{"), 0), merges = str_find(text, STR("},\"merges\":[]"), 0);
    fuzz_must(vocab != SIZE_MAX && merges != SIZE_MAX, "the tiny tokenizer looks different");
    buf_init(&b, 1 << 20);
    buf_addstr(&b, str_sub(text, 0, merges));
    buf_adds(&b, ",\"th\":256,\"the\":257,\"\xC4\xA0t\":258},\"merges\":[\"t h\",[\"th\",\"e\"],\"\xC4\xA0 t\"]");
    buf_addstr(&b, str_sub(text, merges + strlen("},\"merges\":[]"), text.n));
    fuzz_must(!b.failed, "no memory");
    give(ctx, "merges", b.p, b.n);
    buf_release(&b);
    free(t.p);
}

static bool run(const uint8_t *p, size_t n) {
    fuzz_dir_put("tokenizer.json", p, n);
    return token_target_run(fuzz_dir());
}

const FuzzTarget fuzz_target = {"tokenizer", FUZZ_TEXT, NULL, 400, seeds, run};
