/* .tiktoken files: the same ids as from the merge lists of the other files, and what a stranger's file may hold. */
#include "tests/unit/token_support.h"

/* ---- writing one ---- */

static void add_line(Buf *b, Str token, const char *rank_and_end) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < token.n; i += 3) {
        size_t n = token.n - i < 3 ? token.n - i : 3;
        uint32_t v = 0;
        for (size_t k = 0; k < 3; k++) v = v << 8 | (k < n ? (unsigned char)token.p[i + k] : 0);
        for (size_t k = 0; k < 4; k++) buf_addc(b, k <= n ? digits[v >> (18 - 6 * k) & 63] : '=');
    }
    buf_adds(b, rank_and_end);
}

/* 256 bytes, "ab" 256 and "abc" 257; specials at 258 .. 278. */
static Buf small_file(const char *end) {
    Buf b;
    buf_init(&b, 1 << 20);
    for (int i = 0; i < 258; i++) {
        char byte = (char)i, rank[32];
        snprintf(rank, sizeof rank, " %d%s", i, end);
        add_line(&b, i < 256 ? (Str){&byte, 1} : i == 256 ? STR("ab") : STR("abc"), rank);
    }
    return b;
}

static const TokenizerHint small_hint = {.vocab_size = 279};

static bool open_text(Str text, const TokenizerHint *hint, Tokenizer **t, Err *err) {
    return open_bytes(".tiktoken", text, hint, t, err);
}

static void check_small(Str text) {
    Tokenizer *t;
    Err err;
    Arena *a = arena_open(0);
    if (!open_text(text, &small_hint, &t, &err)) fail_msg("%s", err.msg);
    assert_int_equal(tokenizer_size(t), 279);
    check_abc(t, a);
    assert_int_equal(tokenizer_special(t, STR("<|start|>")), 258 + 8);
    assert_int_equal(tokenizer_special(t, STR("<|return|>")), 258 + 4);
    assert_int_equal(tokenizer_special(t, STR("<|reserved_200000|>")), 258 + 2);
    tokenizer_close(t);
    arena_close(a);
}

static void line_ends(void **state) {
    (void)state;
    Buf lf = small_file("\n"), crlf = small_file("\r\n");
    check_small(buf_str(&lf));
    check_small(buf_str(&crlf));
    check_small(str_sub(buf_str(&lf), 0, lf.n - 1));
    buf_release(&lf);
    buf_release(&crlf);
}

/* ---- the same ids ---- */

static Tokenizer *as_tiktoken(const Tokenizer *t, size_t n_ranks, size_t vocab_size) {
    Buf b;
    Tokenizer *out;
    Err err;
    TokenizerHint hint = {.vocab_size = vocab_size, .eos = n_ranks + 4};
    buf_init(&b, 1 << 20);
    for (uint32_t id = 0; id < n_ranks; id++) {
        char rank[32];
        snprintf(rank, sizeof rank, " %u\n", id);
        add_line(&b, tokenizer_bytes(t, id), rank);
    }
    if (!open_text(buf_str(&b), &hint, &out, &err)) fail_msg("%s", err.msg);
    buf_release(&b);
    return out;
}

static void same_as_merges(void **state) {
    (void)state;
    NEED_SHARED(tiny_a, "golden/tiny-a/hf/tokenizer.json");
    NEED_SHARED(tiny_b, "golden/tiny-b/hf/tokenizer.json");
    Tokenizer *x = open_tokenizer(tiny_a), *y = as_tiktoken(x, 619, 640);
    check_same(x, y);
    tokenizer_close(x), tokenizer_close(y);
    x = open_tokenizer(tiny_b), y = as_tiktoken(x, 976, 1000); /* three fillers: 'eos_token_id' confirms */
    check_same(x, y);
    tokenizer_close(x), tokenizer_close(y);
}

static void vectors(void **state) {
    (void)state;
    NEED_SHARED(tiny_a, "golden/tiny-a/hf/tokenizer.json");
    NEED_SHARED(path, "golden/tokenizer/encode-tiny-a.jsonl");
    Tokenizer *x = open_tokenizer(tiny_a), *y = as_tiktoken(x, 619, 640);
    int n;
    assert_int_equal(check_encode(y, path, &n), 0);
    assert_true(n >= 434);
    tokenizer_close(x), tokenizer_close(y);
}

/* ---- one thing wrong ---- */

static const struct {
    const char *find, *put, *says;
} wrongs[] = {
    {"YWJj 257", "YWJj 256", "two tokens have the id 256"},
    {"YWJj 257", "YWJj 258", "missing"},          /* a gap */
    {"YWI= 256", "YWI= 255", "255"},              /* the same rank, and a gap at 256 */
    {"YWJj 257", "YWI= 257", "same text"},        /* the same token */
    {"YWJj 257", "YWJj 99999999999", "line 258"}, /* beyond the limit */
    {"YWJj 257", "YWJj 4294967553", "line 258"},  /* 2^32 + 257 */
    {"YWJj 257", "YWJj -257", "line 258"},
    {"YWJj 257", "YWJj 0257", "line 258"},
    {"YWJj 257", "YWJj 257 ", "line 258"},
    {"YWJj 257", "YWJj", "line 258"},
    {"YWJj 257", "YWJj\t257", "line 258"},
    {"YWJj 257", " 257", "line 258"},
    {"YWJj 257", "YWJ 257", "base64"},
    {"YWJj 257", "YW-j 257", "base64"},
    {"YWJj 257", "==== 257", "base64"},
    {"YWJj 257", "Y=Jj 257", "base64"},
    {"YWJj 257", "YWJ= 257", "base64"}, /* stray bits: another spelling of "ab" */
    {"YWJj 257", "YQ== 257", "same text"},
    {"YWJj 257\n", "", "confirms"}, /* cut off */
};

static Buf with(Str file, const char *find, const char *put) {
    Buf b;
    size_t at = str_find(file, str_from(find), 0);
    if (at == SIZE_MAX) fail_msg("'%s' is not in the file", find);
    buf_init(&b, 1 << 20);
    buf_addstr(&b, str_sub(file, 0, at));
    buf_adds(&b, put);
    buf_addstr(&b, str_sub(file, at + strlen(find), file.n));
    return b;
}

static void refused(Str text, const TokenizerHint *hint, const char *says) {
    Tokenizer *t;
    Err err;
    if (open_text(text, hint, &t, &err)) fail_msg("accepted, but should say '%s'", says);
    assert_int_equal(err.code, ERR_INPUT);
    if (!strstr(err.msg, says)) fail_msg("'%s' does not say '%s'", err.msg, says);
}

static void wrong_is_named(void **state) {
    (void)state;
    Buf b = small_file("\n");
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        Buf w = with(buf_str(&b), wrongs[i].find, wrongs[i].put);
        refused(buf_str(&w), &small_hint, wrongs[i].says);
        buf_release(&w);
    }
    refused(buf_str(&b), NULL, "config.json");
    refused(buf_str(&b), &(TokenizerHint){.vocab_size = 278}, "fit");
    refused(buf_str(&b), &(TokenizerHint){.vocab_size = 290}, "vocab_size");
    refused(buf_str(&b), &(TokenizerHint){.vocab_size = 290, .eos = 261}, "eos_token_id");
    refused(buf_str(&b), &(TokenizerHint){.vocab_size = 201088, .eos = 200002}, "confirms");
    refused(STR("\n\n"), &small_hint, "no tokens");
    refused((Str){"YQ== 0\0\n", 8}, &small_hint, "line 1");
    buf_release(&b);
}

static void every_prefix(void **state) {
    (void)state;
    Buf b = small_file("\n");
    Tokenizer *t;
    Err err;
    for (size_t n = 1; n + 1 < b.n; n++) {
        assert_false(open_text(str_sub(buf_str(&b), 0, n), &small_hint, &t, &err));
        assert_null(t);
        assert_int_equal(err.code, ERR_INPUT);
    }
    buf_release(&b);
}

/* A token of a million bytes would cost a million splits of a million bytes. */
static void gigantic_token(void **state) {
    (void)state;
    Buf b = small_file("\n"), big;
    buf_init(&big, 4 << 20);
    for (int i = 0; i < 1 << 20; i++) buf_addc(&big, 'a');
    b.max = 4 << 20;
    add_line(&b, buf_str(&big), " 258\n");
    refused(buf_str(&b), &(TokenizerHint){.vocab_size = 280}, "line 259");
    buf_release(&big);
    buf_release(&b);
}

static void random_damage(void **state) {
    (void)state;
    Buf b = small_file("\n");
    uint64_t seed = 5;
    for (int i = 0; i < 1500; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        size_t at = (size_t)(seed >> 24) % b.n;
        char old = b.p[at];
        Tokenizer *t;
        Err err;
        b.p[at] = (char)(seed >> 56);
        if (open_text(buf_str(&b), &small_hint, &t, &err)) tokenizer_close(t);
        b.p[at] = old;
    }
    buf_release(&b);
}

static void no_memory(void **state) {
    (void)state;
    Buf b = small_file("\n");
    Tokenizer *t = NULL;
    bool ok = false;
    for (uint64_t n = 1; n < 200 && !ok; n++) {
        Err err;
        mem_fail_at(n);
        ok = open_text(buf_str(&b), &small_hint, &t, &err);
        mem_fail_at(0);
        if (!ok) assert_int_equal(err.code, ERR_MEMORY);
    }
    assert_true(ok);
    tokenizer_close(t);
    buf_release(&b);
}

/* o200k's own file, if the full vocabulary is here: the ids of all vectors, and that damage is seen. */
static void full(void **state) {
    (void)state;
    NEED_SHARED(path, "golden/tokenizer/encode.jsonl");
    const char *json = o200k_path();
    if (!json) skip();
    Tokenizer *x = open_tokenizer(json), *y;
    Err err;
    Buf b;
    int n;
    buf_init(&b, 8 << 20);
    for (uint32_t id = 0; id < 199998; id++) {
        char rank[32];
        snprintf(rank, sizeof rank, " %u\r\n", id);
        add_line(&b, tokenizer_bytes(x, id), rank);
    }
    if (!open_text(buf_str(&b), NULL, &y, &err)) fail_msg("%s", err.msg);
    assert_int_equal(check_encode(y, path, &n), 0);
    assert_int_equal(n, 434);
    assert_int_equal(tokenizer_size(y), 201088);
    for (uint32_t id = 0; id < tokenizer_size(x); id++)
        assert_true(str_eq(tokenizer_bytes(x, id), tokenizer_bytes(y, id)));
    assert_true(str_eqz(tokenizer_bytes(y, 201087), "<|reserved_201087|>"));
    tokenizer_close(y);
    memcpy(b.p, "IiIi", 4); /* the token of rank 0, "!", is something else now */
    refused(buf_str(&b), NULL, "o200k");
    tokenizer_close(x);
    buf_release(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_ends),      cmocka_unit_test(same_as_merges), cmocka_unit_test(vectors),
        cmocka_unit_test(wrong_is_named), cmocka_unit_test(every_prefix),   cmocka_unit_test(gigantic_token),
        cmocka_unit_test(random_damage),  cmocka_unit_test(no_memory),      cmocka_unit_test(full)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
