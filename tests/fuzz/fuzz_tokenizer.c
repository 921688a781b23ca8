/* tokenizer.json: what is taken must encode any text and give the same bytes back. */
#include "engine/token/token_internal.h"
#include "tests/fuzz/seeds.h"

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

static void check(const Tokenizer *t) {
    static const char text[] = "the thing, the\n\n then  \xED\x95\x9C\xEA\xB8\x80 \xF0\x9F\x98\x80 12345 I'll<|end|>";
    Arena *a = arena_open(0);
    Err err = ERR_INIT;
    for (int special = 0; special < 2; special++) {
        Ids ids = {NULL, 0};
        size_t cap = 0, at = 0;
        fuzz_must(tokenizer_encode(t, str_from(text), special, a, &ids, &cap, &err), "a text could not be encoded");
        for (size_t i = 0; i < ids.n; i++) {
            fuzz_must(ids.p[i] < tokenizer_size(t), "an id beyond the vocabulary");
            fuzz_must(special || !tokenizer_is_special(t, ids.p[i]), "plain text became a special token");
            Str s = tokenizer_bytes(t, ids.p[i]);
            fuzz_must(s.n && s.n <= sizeof text - 1 - at && memcmp(text + at, s.p, s.n) == 0, "other bytes came back");
            at += s.n;
        }
        fuzz_must(at == sizeof text - 1, "bytes are missing");
    }
    arena_close(a);
}

static bool run(const uint8_t *p, size_t n) {
    Tokenizer *t;
    Err err = ERR_INIT;
    fuzz_dir_put("tokenizer.json", p, n);
    char path[200];
    snprintf(path, sizeof path, "%s/tokenizer.json", fuzz_dir());
    if (!tokenizer_open(path, NULL, &t, &err)) return fuzz_refused(&err);
    check(t);
    tokenizer_close(t);
    return true;
}

const FuzzTarget fuzz_target = {"tokenizer", FUZZ_TEXT, NULL, 400, seeds, run};
