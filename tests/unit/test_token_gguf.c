/* The tokenizer keys of GGUF files: the same ids as from tokenizer.json, and what a stranger's file may hold. */
#include "tests/unit/token_support.h"

/* ---- the published kind ---- */

static void golden_files(void **state) {
    static const char *const pairs[][2] = {{"golden/tiny-a/hf/tokenizer.json", "golden/tiny-a/tiny-a-q8_0-mxfp4.gguf"},
                                           {"golden/tiny-b/hf/tokenizer.json", "golden/tiny-b/tiny-b-bf16-mxfp4.gguf"},
                                           {"golden/tiny-e/hf/tokenizer.json", "golden/tiny-e/tiny-e-q8_0-mxfp4.gguf"}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        NEED_SHARED(json, pairs[i][0]);
        NEED_SHARED(gguf, pairs[i][1]);
        Tokenizer *x = open_tokenizer(json), *y = open_tokenizer(gguf);
        check_same(x, y);
        assert_int_equal(tokenizer_rows(y), i == 0 ? 640 : i == 1 ? 1000 : 320);
        tokenizer_close(x);
        tokenizer_close(y);
    }
}

static void vectors(void **state) {
    (void)state;
    NEED_SHARED(gguf, "golden/tiny-a/tiny-a-bf16-mxfp4.gguf");
    NEED_SHARED(path, "golden/tokenizer/encode-tiny-a.jsonl");
    Tokenizer *t = open_tokenizer(gguf);
    int n;
    assert_int_equal(check_encode(t, path, &n), 0);
    assert_true(n >= 434);
    tokenizer_close(t);
}

/* ---- writing one ---- */

static void put(Buf *b, uint64_t v, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) buf_addc(b, (char)(v >> 8 * i));
}
static void put_str(Buf *b, Str s) {
    put(b, s.n, 8);
    buf_addstr(b, s);
}
static void put_key(Buf *b, const char *key, uint32_t type) {
    put_str(b, str_from(key));
    put(b, type, 4);
}
static void put_text(Buf *b, const char *key, const char *value) {
    put_key(b, key, 8);
    put_str(b, str_from(value));
}
static void put_list(Buf *b, const char *key, uint32_t item, uint64_t n) {
    put_key(b, key, 9);
    put(b, item, 4);
    put(b, n, 8);
}

/* What differs from the valid file: 256 bytes, "ab" 256, "abc" 257, "<|start|>" 258, fillers 259 and 260. A field that
 * is 0 differs not. */
typedef struct Twist {
    const char *model, *pre, *last_token; /* of id 257 */
    const char *merges[3];
    int32_t type_257;
    uint64_t n_types, eos;
    bool byte_types;
    const char *leave_out; /* a key */
} Twist;

static const Twist normal = {.model = "gpt2",
                             .pre = "gpt-4o",
                             .last_token = "abc",
                             .merges = {"a b", "ab c"},
                             .type_257 = 1,
                             .n_types = 261,
                             .eos = 258};

static Twist filled(Twist w) {
    if (!w.model) w.model = normal.model;
    if (!w.pre) w.pre = normal.pre;
    if (!w.last_token) w.last_token = normal.last_token;
    if (!w.merges[0]) memcpy(w.merges, normal.merges, sizeof w.merges);
    if (!w.type_257) w.type_257 = normal.type_257;
    if (!w.n_types) w.n_types = normal.n_types;
    if (!w.eos) w.eos = normal.eos;
    return w;
}

static bool kept(const Twist *w, const char *key) {
    return !w->leave_out || strcmp(w->leave_out, key) != 0;
}

static void put_tokens(Buf *b, const Twist *w) {
    uint32_t extra = 0x100;
    put_list(b, "tokenizer.ggml.tokens", 8, 261);
    for (int byte = 0; byte < 256; byte++) {
        char utf8[4];
        put_str(b, (Str){utf8, spell_byte(byte, &extra, utf8)});
    }
    put_str(b, STR("ab"));
    put_str(b, str_from(w->last_token));
    put_str(b, STR("<|start|>"));
    put_str(b, STR("[PAD259]"));
    put_str(b, STR("[PAD259]")); /* fillers need not differ */
}

static void put_types(Buf *b, const Twist *w) {
    put_list(b, "tokenizer.ggml.token_type", w->byte_types ? 1 : 5, w->n_types);
    for (uint64_t i = 0; i < w->n_types; i++)
        put(b, (uint32_t)(i < 257 ? 1 : i == 257 ? w->type_257 : i == 258 ? 3 : 5), w->byte_types ? 1 : 4);
}

static void put_merges(Buf *b, const Twist *w) {
    size_t n = 0;
    while (n < 3 && w->merges[n]) n++;
    put_list(b, "tokenizer.ggml.merges", 8, n);
    for (size_t i = 0; i < n; i++) put_str(b, str_from(w->merges[i]));
}

static Buf file_of(const Twist *w) {
    Buf b, body;
    uint64_t n = 1;
    buf_init(&b, 1 << 20);
    buf_init(&body, 1 << 20);
    if (kept(w, "model")) put_text(&body, "tokenizer.ggml.model", w->model), n++;
    if (kept(w, "pre")) put_text(&body, "tokenizer.ggml.pre", w->pre), n++;
    if (kept(w, "tokens")) put_tokens(&body, w), n++;
    if (kept(w, "token_type")) put_types(&body, w), n++;
    if (kept(w, "merges")) put_merges(&body, w), n++;
    put_key(&body, "tokenizer.ggml.eos_token_id", 4);
    put(&body, w->eos, 4);
    buf_adds(&b, "GGUF");
    put(&b, 3, 4);
    put(&b, 0, 8); /* tensors */
    put(&b, n, 8);
    buf_addstr(&b, buf_str(&body));
    while (b.n % 32) buf_addc(&b, 0);
    buf_release(&body);
    return b;
}

static bool open_gguf(Str bytes, Tokenizer **t, Err *err) {
    return open_bytes(".gguf", bytes, NULL, t, err);
}

static void valid(void **state) {
    (void)state;
    Twist w = normal;
    Buf b = file_of(&w);
    Tokenizer *t;
    Err err;
    Arena *a = arena_open(0);
    if (!open_gguf(buf_str(&b), &t, &err)) fail_msg("%s", err.msg);
    assert_int_equal(tokenizer_size(t), 259);
    assert_int_equal(tokenizer_rows(t), 261);
    check_abc(t, a);
    assert_int_equal(tokenizer_special(t, STR("<|start|>")), 258);
    for (uint32_t id = 259; id < 263; id++) { /* fillers, and beyond */
        assert_null(tokenizer_bytes(t, id).p);
        assert_false(tokenizer_is_special(t, id));
    }
    tokenizer_close(t);
    arena_close(a);
    buf_release(&b);
}

static const struct {
    Twist w;
    const char *says;
} wrongs[] = {
#define WRONG(says, ...)                                                                                               \
    { {__VA_ARGS__}, says }
    WRONG("'llama'", .model = "llama"),
    WRONG("'llama-bpe'", .pre = "llama-bpe"),
    WRONG("tokenizer.ggml.model", .leave_out = "model"),
    WRONG("tokenizer.ggml.pre", .leave_out = "pre"),
    WRONG("tokenizer.ggml.tokens", .leave_out = "tokens"),
    WRONG("tokenizer.ggml.token_type", .leave_out = "token_type"),
    WRONG("tokenizer.ggml.merges", .leave_out = "merges"),
    WRONG("token_type", .n_types = 260),
    WRONG("token_type", .byte_types = true),
    WRONG("type 4", .type_257 = 4),
    WRONG("type 2", .type_257 = 2),
    WRONG("type 6", .type_257 = 6),
    WRONG("type -1", .type_257 = -1),
    WRONG("joined", .type_257 = 5), /* a merge gives a filler */
    WRONG("same text", .last_token = "ab"),
    WRONG("byte-level", .last_token = "a c"),
    WRONG("no text", .last_token = ""),
    WRONG("eos_token_id", .eos = 261),
    WRONG("further up", .merges = {"a b", "a b"}),
    WRONG("halves", .merges = {"a b", "xy c"}),
    WRONG("joined", .merges = {"a b", "ab d"}),
    WRONG("entry 1", .merges = {"a b", "abc"}),
    WRONG("entry 1", .merges = {"a b", "ab "}),
    WRONG("entry 1", .merges = {"a b", " c"}),
    WRONG("entry 1", .merges = {"a b", "ab c d"}),
#undef WRONG
};

static void wrong_is_named(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        Twist w = filled(wrongs[i].w);
        Buf b = file_of(&w);
        Tokenizer *t;
        Err err;
        if (open_gguf(buf_str(&b), &t, &err)) fail_msg("case %zu ('%s') was accepted", i, wrongs[i].says);
        if (!strstr(err.msg, wrongs[i].says)) fail_msg("'%s' does not say '%s'", err.msg, wrongs[i].says);
        assert_int_equal(err.code, ERR_INPUT);
        buf_release(&b);
    }
}

static void every_prefix(void **state) {
    (void)state;
    Twist w = normal;
    Buf b = file_of(&w);
    Tokenizer *t;
    Err err;
    /* behind the pairs there is only padding, which a file without tensors need not have */
    for (size_t n = 0; n + 32 < b.n; n++) {
        assert_false(open_gguf(str_sub(buf_str(&b), 0, n), &t, &err));
        assert_null(t);
        assert_int_equal(err.code, ERR_INPUT);
    }
    buf_release(&b);
}

static void random_damage(void **state) {
    (void)state;
    Twist w = normal;
    Buf b = file_of(&w);
    uint64_t seed = 9;
    for (int i = 0; i < 1500; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        size_t at = (size_t)(seed >> 24) % b.n;
        char old = b.p[at];
        Tokenizer *t;
        Err err;
        b.p[at] = (char)(seed >> 56);
        if (open_gguf(buf_str(&b), &t, &err)) tokenizer_close(t);
        b.p[at] = old;
    }
    buf_release(&b);
}

static void no_memory(void **state) {
    (void)state;
    Twist w = normal;
    Buf b = file_of(&w);
    Tokenizer *t = NULL;
    bool ok = false;
    for (uint64_t n = 1; n < 200 && !ok; n++) {
        Err err;
        mem_fail_at(n);
        ok = open_gguf(buf_str(&b), &t, &err);
        mem_fail_at(0);
        if (!ok) assert_int_equal(err.code, ERR_MEMORY);
    }
    assert_true(ok);
    tokenizer_close(t);
    buf_release(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(golden_files), cmocka_unit_test(vectors),
                                       cmocka_unit_test(valid),        cmocka_unit_test(wrong_is_named),
                                       cmocka_unit_test(every_prefix), cmocka_unit_test(random_damage),
                                       cmocka_unit_test(no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
