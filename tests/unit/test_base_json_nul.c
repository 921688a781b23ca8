#include "engine/base/json_nul.h"
#include "tests/support.h"

static Str text_of(Str json, Arena *a, Json **j) {
    NulMark mark;
    Err err = ERR_INIT;
    if (!json_parse_nul(json, a, j, &mark, &err)) fail_msg("%s", err.msg);
    return nul_restore(&mark, a, json_str(json_get(*j, "t")));
}

static void comes_back(void **state) {
    (void)state;
    Arena *a = arena_open(0);
    Json *j;
    assert_true(str_eq(text_of(STR("{\"t\":\"a\\u0000b\\u0000\"}"), a, &j), (Str){"a\0b\0", 4}));
    json_close(j);
    assert_true(str_eqz(text_of(STR("{\"t\":\"plain\"}"), a, &j), "plain"));
    json_close(j);
    /* an escaped backslash before u0000 is no escape of NUL */
    assert_true(str_eqz(text_of(STR("{\"t\":\"\\\\u0000\"}"), a, &j), "\\u0000"));
    json_close(j);
    arena_close(a);
}

/* The document uses the first marks itself, plainly and as escapes in either case. */
static void marks_do_not_mix(void **state) {
    (void)state;
    Arena *a = arena_open(0);
    Json *j;
    Str got = text_of(STR("{\"t\":\"\xEF\xB7\x90\\uFDd1\\ufdd2\\u0000\"}"), a, &j);
    assert_true(str_eq(got, (Str){"\xEF\xB7\x90\xEF\xB7\x91\xEF\xB7\x92\0", 10}));
    json_close(j);
    arena_close(a);
}

static void all_marks_used(void **state) {
    (void)state;
    Arena *a = arena_open(0);
    Json *j;
    NulMark mark;
    Err err = ERR_INIT;
    Buf b;
    buf_init(&b, 4096);
    buf_adds(&b, "{\"t\":\"\\u0000");
    for (int cp = 0xFDD0; cp <= 0xFDEF; cp++) buf_addf(&b, "\\u%04x", cp);
    buf_adds(&b, "\"}");
    assert_false(json_parse_nul(buf_str(&b), a, &j, &mark, &err));
    assert_null(j);
    assert_non_null(strstr(err.msg, "NUL"));
    buf_release(&b);
    arena_close(a);
}

/* Halves of surrogate pairs become U+FFFD, pairs stay, escaped backslashes begin nothing. */
static void halves_are_replaced(void **state) {
    (void)state;
#define BAD "\xEF\xBF\xBD"
    static const char *const one[][2] = {{"\\ud83d\\udc96", "\xF0\x9F\x92\x96"},
                                         {"a\\ud800b", "a" BAD "b"},
                                         {"\\uDC96\\uD83D", BAD BAD},
                                         {"\\ud83d\\ud83d\\udc96", BAD "\xF0\x9F\x92\x96"},
                                         {"\\ud83d\\u0041", BAD "A"},
                                         {"\\ud83d\\n", BAD "\n"},
                                         {"\\\\ud800", "\\ud800"},
                                         {"\\ud83d\\\\udc96", BAD "\\udc96"}};
    Arena *a = arena_open(0);
    for (size_t i = 0; i < sizeof one / sizeof *one; i++) {
        Json *j;
        Str got = text_of(str_printf(a, "{\"t\":\"%s\"}", one[i][0]), a, &j);
        if (!str_eqz(got, one[i][1])) fail_msg("%s: " STR_FMT, one[i][0], STR_ARG(got));
        json_close(j);
    }
    Json *j;
    assert_true(str_eq(text_of(STR("{\"t\":\"\\ud800\\u0000\"}"), a, &j), (Str){BAD "\0", 4}));
    json_close(j);
    /* what is no escape stays wrong */
    static const char *const wrong[] = {"\\ud8", "\\ud80g", "\\uD8\x11\x11", "\\ud80"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        NulMark mark;
        Err err = ERR_INIT;
        assert_false(json_parse_nul(str_printf(a, "{\"t\":\"%s\"}", wrong[i]), a, &j, &mark, &err));
        assert_int_equal(err.code, ERR_INPUT);
    }
    for (uint64_t n = 1, ok = 0; !ok; n++) {
        Arena *own = arena_open(64);
        NulMark mark;
        Err err = ERR_INIT;
        mem_fail_at(n);
        ok = json_parse_nul(STR("{\"t\":\"\\ud800\\u0000\"}"), own, &j, &mark, &err);
        mem_fail_at(0);
        assert_true(ok || err.code == ERR_MEMORY);
        if (ok) json_close(j);
        arena_close(own);
    }
    arena_close(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(comes_back), cmocka_unit_test(marks_do_not_mix),
                                       cmocka_unit_test(all_marks_used), cmocka_unit_test(halves_are_replaced)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
