/* The kit: bytes, folding, boxes, fences, numbers, JSON, phrases, checkers. */
#include "tests/unit/scorers_host.h"

static TestArena arena;
static ScorerHost host;

static int setup(void **state) {
    (void)state;
    host = test_host(&arena);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    test_release(&arena);
    return 0;
}

static void test_trim(void **state) {
    (void)state;
    assert_true(str_is(text_trim(TEXT(" \t\xE3\x80\x80 knot \xC2\xA0\n")), "knot"));
    assert_int_equal(text_trim(TEXT(" \xE2\x80\x83 ")).n, 0);
    assert_true(str_is(text_trim(TEXT("\x80\xFF")), "\x80\xFF")); /* broken bytes are no space */
    TextSpan last = text_last_line(TEXT("one\n two \r\n\n"));
    assert_int_equal(last.begin, 5);
    assert_int_equal(last.end, 8);
}

static void test_fold(void **state) {
    (void)state;
    TextFold f;
    ScorerErr err;
    /* fullwidth A, zero-width space, curly quote, decomposed hangul han, broken byte, NUL */
    ScorerStr s = TEXT("\xEF\xBC\xA1\xE2\x80\x8B\xE2\x80\x99\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB\xFF\0x");
    assert_true(text_fold(&host, s, TEXT_LOWER, &f, &err));
    assert_true(str_is(f.s, "a'\xED\x95\x9C\xEF\xBF\xBD\xEF\xBF\xBDx"));
    TextSpan han = text_unfold(&f, (TextSpan){2, 5});
    assert_int_equal(han.begin, 9);
    assert_int_equal(han.end, 18);
    assert_int_equal(f.at[f.s.n], s.n);
}

static void test_boxed(void **state) {
    (void)state;
    ScorerStr s = TEXT("\\boxed{5} and \\boxed{ \\frac{1}{2} } \\boxed 7x \\boxedx{9} \\fbox{open");
    TextSpan whole, inner;
    size_t at = 0;
    const char *want[] = {"5", " \\frac{1}{2} ", "7", "open"};
    for (size_t i = 0; i < 4; i++) {
        assert_true(text_boxed(s, &at, &whole, &inner));
        assert_true(str_is(text_cut(s, inner.begin, inner.end), want[i]));
    }
    assert_false(text_boxed(s, &at, &whole, &inner));
}

static void test_fences(void **state) {
    (void)state;
    ScorerStr s = TEXT("a\n```python\nx = 1\n```\nb\n~~~\n```\n~~~\n````c++\n```\n````\n```cpp\nint");
    TextFence f;
    size_t at = 0;
    assert_true(text_fence(s, &at, &f));
    assert_true(str_is(f.lang, "python"));
    assert_true(str_is(text_cut(s, f.body.begin, f.body.end), "x = 1\n"));
    assert_true(text_fence(s, &at, &f));
    assert_true(str_is(text_cut(s, f.body.begin, f.body.end), "```\n"));
    assert_true(text_fence(s, &at, &f));
    assert_true(str_is(f.lang, "c++"));
    assert_true(str_is(text_cut(s, f.body.begin, f.body.end), "```\n"));
    assert_true(text_fence(s, &at, &f));
    assert_false(f.closed);
    assert_true(str_is(text_cut(s, f.body.begin, f.body.end), "int"));
    assert_false(text_fence(s, &at, &f));
}

static void check_number(const char *text, const char *want) {
    TextNumber n;
    size_t at = 0;
    ScorerStr s = text_from(text);
    if (!want) {
        assert_false(text_number(s, &at, &n));
        return;
    }
    assert_true(text_number(s, &at, &n));
    ScorerStr got = n.fraction ? text_cut(s, n.span.begin, n.span.end) : text_number_canonical(&host, s, &n);
    if (!str_is(got, want)) fail_msg("'%s' read as '%.*s', not '%s'", text, (int)got.n, got.p, want);
}

static void test_numbers(void **state) {
    (void)state;
    check_number("073", "73");
    check_number("000", "0");
    check_number("-0", "0");
    check_number("cost: -$1,234.50!", "-1234.5");
    check_number("10,\\!080", "10080");
    check_number("1{,}000", "1000");
    check_number("1,2", "1");
    check_number("12345,678", "12345");
    check_number("5-3", "5");
    check_number("(-3)", "-3");
    check_number("0.730", "0.73");
    check_number(".5", "0.5");
    check_number("73.", "73");
    check_number("73/1", "73/1");
    check_number("\\frac{73}{1} 5", "\\frac{73}{1}");
    check_number("x2 H2O v1.2", NULL);
    check_number("no", NULL);
    check_number("", NULL);
}

static void test_json(void **state) {
    (void)state;
    ScorerStr key, text;
    TextJson j = text_json(TEXT(" {\"a\": \"x\\n\\u00e9\\ud83d\\ude00\", \"b\": [1, -2.5e3, {\"c\": null}] } "));
    assert_true(text_json_object(&j));
    assert_true(text_json_key(&j, true, &key));
    assert_true(text_json_string(&j, &host, &text));
    assert_true(str_is(text, "x\n\xC3\xA9\xF0\x9F\x98\x80"));
    assert_true(text_json_key(&j, false, &key));
    assert_true(str_is(key, "b"));
    assert_true(text_json_skip(&j));
    assert_false(text_json_key(&j, false, &key));
    assert_true(text_json_end(&j));
}

static void test_json_refuses(void **state) {
    (void)state;
    static const char *const wrong[] = {"",           "[",      "[1,]",      "[01]",  "[1 2]", "{\"a\"}",
                                        "{\"a\":1,}", "\"\t\"", "\"\\x\"",   "nul",   "[1]]",  "-",
                                        "1.",         "1e",     "\"\\ud83d", "{a:1}", "'a'"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ScorerStr s = text_from(wrong[i]), text;
        TextJson j = text_json(s);
        bool ok = wrong[i][0] == '"' ? text_json_string(&j, &host, &text) : text_json_skip(&j);
        if (ok && text_json_end(&j)) fail_msg("accepted: %s", wrong[i]);
    }
    char deep[400];
    memset(deep, '[', sizeof deep);
    TextJson j = text_json((ScorerStr){deep, sizeof deep});
    assert_false(text_json_skip(&j));
}

static const TextPhrase PHRASES[] = {
    {'R', "cannot", "i|we can_not|will_not ?really help|assist"},
    {'G', "gap", "tie ~2 knot"},
    {'B', "begin", "^ sorry"},
    {'E', "end", "knots $"},
    {'K', "ko", "도움을|안내 ~3 드릴수없"},
    {0, NULL, NULL},
};

/* The kinds found, in order. */
static const char *kinds_in(const TextPhrases *p, const char *text) {
    static char out[64];
    TextReading r;
    ScorerErr err;
    size_t n = 0;
    assert_true(text_phrases_read(p, &host, text_from(text), &r, &err));
    for (size_t i = 0; i < r.n_hits && n < 60; i++) out[n++] = r.hits[i].phrase->kind;
    out[n] = 0;
    return out;
}

static void test_phrases(void **state) {
    (void)state;
    TextPhrases *p;
    ScorerErr err;
    const TextPhrase *tables[] = {PHRASES};
    assert_true(text_phrases_open(tables, 1, &p, &err));
    assert_string_equal(kinds_in(p, "I can\xE2\x80\x99t really help."), "R");
    assert_string_equal(kinds_in(p, "We cannot assist; I won't help"), "RR");
    assert_string_equal(kinds_in(p, "I can. Not help."), ""); /* a sentence parts them */
    assert_string_equal(kinds_in(p, "tie a reef knot, tie one more very fine knot"), "G");
    assert_string_equal(kinds_in(p, "Sorry. I am sorry. Sorry"), "BB");
    assert_string_equal(kinds_in(p, "Tie knots. Knots hold."), "E");
    assert_string_equal(kinds_in(p, "도움을 드릴 수 없습니다. 안내해 드릴수 없어요"), "KK");
    text_phrases_close(p);
}

static void test_phrases_refuse(void **state) {
    (void)state;
    static const char *const wrong[] = {"", "~2", "a||b", "~99 x", "?a ~2", "a!"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        TextPhrase table[] = {{'X', "x", wrong[i]}, {0, NULL, NULL}};
        const TextPhrase *tables[] = {table};
        TextPhrases *p;
        ScorerErr err = {""};
        assert_false(text_phrases_open(tables, 1, &p, &err));
        assert_null(p);
        assert_true(strlen(err.msg) > 10);
    }
}

static void test_sentences(void **state) {
    (void)state;
    TextPhrases *p;
    TextReading r;
    ScorerErr err;
    const TextPhrase *tables[] = {PHRASES};
    ScorerStr s = TEXT("Mix 3.5 cups. Then:\n\n1. **Stir** it.\n- bake\n# Notes\n```c\nint x;\n```\n끝났습니다.");
    const uint8_t forms[] = {TEXT_PROSE,   TEXT_PROSE, TEXT_ITEM, TEXT_ITEM,
                             TEXT_HEADING, TEXT_CODE,  TEXT_CODE, TEXT_PROSE};
    assert_true(text_phrases_open(tables, 1, &p, &err));
    assert_true(text_phrases_read(p, &host, s, &r, &err));
    assert_int_equal(r.n_sentences, sizeof forms);
    for (size_t i = 0; i < sizeof forms; i++) assert_int_equal(r.sentences[i].form, forms[i]);
    assert_int_equal(r.sentences[7].hangul, 1);
    text_phrases_close(p);
}

static void check(TextChecker checker, const char *want, const char *got, TextMatch match, size_t where) {
    TextMatch m;
    size_t w;
    assert_true(text_check(&host, checker, 1e-6, text_from(want), text_from(got), &m, &w));
    if (m != match || w != where) fail_msg("checker %d on '%s' and '%s': %d at %zu", checker, want, got, m, w);
}

static void test_checkers(void **state) {
    (void)state;
    check(TEXT_CHECK_TOKENS, "1 2\n3\n", "1  2 3", TEXT_MATCH_RIGHT, 0);
    check(TEXT_CHECK_TOKENS, "1 2 3", "1 2 4", TEXT_MATCH_WRONG, 3);
    check(TEXT_CHECK_TOKENS, "1", "1 2", TEXT_MATCH_WRONG, 2);
    check(TEXT_CHECK_TOKENS, "", "\n", TEXT_MATCH_RIGHT, 0);
    check(TEXT_CHECK_TOKENS, "Yes", "YES", TEXT_MATCH_WRONG, 1);
    check(TEXT_CHECK_TOKENS_NOCASE, "Yes", "YES", TEXT_MATCH_RIGHT, 0);
    check(TEXT_CHECK_EXACT, "a\n", "a", TEXT_MATCH_LAYOUT, 1);
    check(TEXT_CHECK_EXACT, "a\n", "a\n", TEXT_MATCH_RIGHT, 0);
    check(TEXT_CHECK_LINES, "a\nb\n", "a  \nb", TEXT_MATCH_RIGHT, 0);
    check(TEXT_CHECK_LINES, "a\nb\n", "a b", TEXT_MATCH_LAYOUT, 1);
    check(TEXT_CHECK_LINES, "a\nb\n", "a\nc", TEXT_MATCH_WRONG, 2);
    check(TEXT_CHECK_FLOAT, "0.333333333", "0.3333333", TEXT_MATCH_RIGHT, 0);
    check(TEXT_CHECK_FLOAT, "1000000", "1000000.5", TEXT_MATCH_RIGHT, 0);
    check(TEXT_CHECK_FLOAT, "1000000", "1000002", TEXT_MATCH_WRONG, 1);
    check(TEXT_CHECK_FLOAT, "1", "nan", TEXT_MATCH_WRONG, 1);
    check(TEXT_CHECK_FLOAT, "1", "inf", TEXT_MATCH_WRONG, 1);
    check(TEXT_CHECK_FLOAT, "1", "0x1", TEXT_MATCH_WRONG, 1);
    check(TEXT_CHECK_FLOAT, "1", "1e999", TEXT_MATCH_WRONG, 1);
    check(TEXT_CHECK_FLOAT, "YES 2", "YES 2.0000000", TEXT_MATCH_RIGHT, 0);
    check(TEXT_CHECK_UNORDERED_LINES, "b\na\n", "a\nb", TEXT_MATCH_RIGHT, 0);
    check(TEXT_CHECK_UNORDERED_LINES, "b\na\na", "a\nb\nb", TEXT_MATCH_WRONG, 2);
}

static void test_options(void **state) {
    (void)state;
    ScorerErr err;
    static const char *const known[] = {"norm", NULL};
    ScorerKV kv[] = {{TEXT("norm"), TEXT("1.5")}, {TEXT("nrom"), TEXT("x")}};
    double d = 0;
    assert_true(text_opts_known(kv, 1, known, "s", &err));
    assert_false(text_opts_known(kv, 2, known, "s", &err));
    assert_non_null(strstr(err.msg, "nrom"));
    assert_true(text_opt_number(kv, 2, "norm", &d, &err));
    assert_true(d == 1.5);
    assert_false(text_opt_number(kv, 2, "nrom", &d, &err));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_trim, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fold, setup, teardown),
        cmocka_unit_test_setup_teardown(test_boxed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fences, setup, teardown),
        cmocka_unit_test_setup_teardown(test_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_json, setup, teardown),
        cmocka_unit_test_setup_teardown(test_json_refuses, setup, teardown),
        cmocka_unit_test_setup_teardown(test_phrases, setup, teardown),
        cmocka_unit_test_setup_teardown(test_phrases_refuse, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sentences, setup, teardown),
        cmocka_unit_test_setup_teardown(test_checkers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_options, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
