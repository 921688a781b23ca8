/* Reference vectors of the tokeniser: golden/tokenizer. */
#include "tests/unit/token_support.h"

static void encode_tiny(void **state) {
    (void)state;
    NEED_SHARED(model, "golden/tiny-a/hf/tokenizer.json");
    NEED_SHARED(vectors, "golden/tokenizer/encode-tiny-a.jsonl");
    Tokenizer *t = open_tokenizer(model);
    int n, wrong = check_encode(t, vectors, &n);
    tokenizer_close(t);
    assert_int_equal(wrong, 0);
    assert_true(n >= 434);
}

static void encode_full(void **state) {
    (void)state;
    NEED_SHARED(vectors, "golden/tokenizer/encode.jsonl");
    const char *model = o200k_path();
    if (!model) skip();
    Tokenizer *t = open_tokenizer(model);
    int n, wrong = check_encode(t, vectors, &n);
    tokenizer_close(t);
    assert_int_equal(wrong, 0);
    assert_int_equal(n, 434);
}

static void hex_of(Str s, Buf *out) {
    for (size_t i = 0; i < s.n; i++) buf_addf(out, "%02x", (unsigned char)s.p[i]);
}

static void decode_full(void **state) {
    (void)state;
    NEED_SHARED(vectors, "golden/tokenizer/decode.jsonl");
    const char *model = o200k_path();
    if (!model) skip();
    Tokenizer *t = open_tokenizer(model);
    Lines l;
    Str line;
    Buf hex, lossy;
    Arena *a = arena_open(0);
    buf_init(&hex, 1 << 20);
    buf_init(&lossy, 1 << 20);
    lines_open(&l, vectors);
    int n = 0;
    for (; lines_next(&l, &line); n++, arena_reset(a)) {
        NulMark mark;
        Json *j = line_json(line, a, &mark);
        Str bytes = decode(t, ids_of(json_get(j, "ids"), a), a);
        buf_clear(&hex);
        buf_clear(&lossy);
        hex_of(bytes, &hex);
        buf_add_utf8_lossy(&lossy, bytes);
        assert_true(str_eq(buf_str(&hex), json_str(json_get(j, "hex"))));
        assert_true(str_eq(buf_str(&lossy), nul_restore(&mark, a, json_str(json_get(j, "text_lossy")))));
        json_close(j);
    }
    assert_int_equal(n, 40);
    lines_close(&l);
    buf_release(&hex);
    buf_release(&lossy);
    arena_close(a);
    tokenizer_close(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(encode_tiny), cmocka_unit_test(encode_full),
                                       cmocka_unit_test(decode_full)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
