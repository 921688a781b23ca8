/* tokenizer.json: what is taken must encode any text and give the same bytes back. */
#include "tests/fuzz/token_target.h"

/* Small: the byte tokens, three joined ones, the specials. */
static void seeds(FuzzGive *give, void *ctx) {
    CkSpec s = CK_SPEC_MIN;
    SeedFile t = seed_tokenizer(&s), m = seed_tokenizer_with(&s, ",\"th\":256,\"the\":257,\"\xC4\xA0t\":258",
                                                             "\"t h\",[\"th\",\"e\"],\"\xC4\xA0 t\"");
    give(ctx, "bytes", t.p, t.n);
    give(ctx, "merges", m.p, m.n);
    free(t.p), free(m.p);
}

static bool run(const uint8_t *p, size_t n) {
    fuzz_dir_put("tokenizer.json", p, n);
    return token_target_run(fuzz_dir(), (Str){(const char *)p, n});
}

const FuzzTarget fuzz_target = {"tokenizer", FUZZ_TEXT, NULL, 400, seeds, run};
