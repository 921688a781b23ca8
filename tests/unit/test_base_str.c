/* engine/base/str.h and err.h: text with a length, UTF-8 by maximal subparts, sentences that fit. */
#include "engine/base/err.h"
#include "engine/base/str.h"
#include "tests/support.h"

static void buffer_keeps_its_ceiling(void **state) {
    (void)state;
    Buf b;
    buf_init(&b, 5);
    buf_adds(&b, "abc");
    buf_adds(&b, "def"); /* six bytes: over the ceiling */
    assert_true(b.failed);
    buf_adds(&b, "x"); /* failure is sticky */
    assert_string_equal(b.p, "abc");
    buf_clear(&b);
    buf_addf(&b, "%d", 12345);
    assert_false(b.failed);
    buf_release(&b);
}

/* Unicode 15, section 3.9, table 3-8: where the replacement characters go. */
static void invalid_utf8_is_replaced_by_maximal_subparts(void **state) {
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"a\xF1\x80\x80\xE1\x80\xC2"
         "b\x80"
         "c\x80\xBF"
         "d",
         "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
         "b\xEF\xBF\xBD"
         "c\xEF\xBF\xBD\xEF\xBF\xBD"
         "d"},
        {"\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},                 /* overlong */
        {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"}, /* a surrogate */
        {"\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xED\x95\x9C\xEA\xB8\x80", "\xED\x95\x9C\xEA\xB8\x80"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Buf b;
        buf_init(&b, 1000);
        buf_add_utf8_lossy(&b, str_from(rows[i].in));
        assert_string_equal(b.p, rows[i].out);
        buf_release(&b);
    }
}

static void every_code_point_round_trips(void **state) {
    (void)state;
    for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
        char out[4];
        if (cp >= 0xD800 && cp <= 0xDFFF) continue;
        Str s = {out, utf8_put(cp, out)};
        size_t i = 0;
        assert_int_equal(utf8_next(s, &i), cp);
        assert_int_equal(i, s.n);
    }
    assert_int_equal(utf8_first_bad((Str){"abc\xFFz", 5}), 3);
}

/* The beginnings of all code points, by enumeration. */
static void incomplete_characters(void **state) {
    (void)state;
    unsigned char *begins[4] = {NULL, calloc(1, 1 << 8), calloc(1, 1 << 16), calloc(1, 1 << 24)};
    for (uint32_t cp = 0x80; cp <= 0x10FFFF; cp++) {
        char c[4];
        if (cp >= 0xD800 && cp < 0xE000) continue;
        size_t n = utf8_put(cp, c);
        for (size_t k = 1, at = 0; k < n; k++) begins[k][at = at << 8 | (unsigned char)c[k - 1]] = 1;
    }
    static const unsigned char bytes[] = {'a',  0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0,
                                          0xE1, 0xEC, 0xED, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF8, 0xFE, 0xFF};
    enum { N = sizeof bytes };
    for (size_t i = 0; i < N * N * N * N; i++) {
        char s[4] = {(char)bytes[i % N], (char)bytes[i / N % N], (char)bytes[i / N / N % N],
                     (char)bytes[i / N / N / N]};
        size_t want = 0;
        for (size_t k = 1; k <= 3; k++) {
            size_t at = 0;
            for (size_t j = 4 - k; j < 4; j++) at = at << 8 | (unsigned char)s[j];
            if (begins[k][at]) want = k;
        }
        assert_int_equal(utf8_incomplete((Str){s, 4}), want);
    }
    assert_int_equal(utf8_incomplete(STR("")), 0);
    assert_int_equal(utf8_incomplete(STR("\xE2")), 1);
    for (int k = 1; k <= 3; k++) free(begins[k]);
}

static void finding_and_trimming(void **state) {
    (void)state;
    Str s = STR("  a needle in hay\n");
    assert_int_equal(str_find(s, STR("needle"), 0), 4);
    assert_int_equal(str_find(s, STR("needle"), 5), SIZE_MAX);
    assert_int_equal(str_find(STR("ab"), STR("abc"), 0), SIZE_MAX);
    assert_true(str_eqz(str_trim(s), "a needle in hay"));
    assert_int_equal(str_cmp(STR("a"), STR("ab")), -1);
    assert_true(str_starts(s, STR("  a")) && str_ends(s, STR("y\n")));
}

static void sizes_are_rounded_once(void **state) {
    (void)state;
    static const struct {
        uint64_t bytes;
        const char *text;
    } cases[] = {{0, "0 bytes"},
                 {1, "1 byte"},
                 {999, "999 bytes"},
                 {1000, "1.0 kB"},
                 {1049, "1.0 kB"},
                 {1051, "1.1 kB"},
                 {999949, "999.9 kB"},
                 {999950, "1.0 MB"},
                 {64249999, "64.2 MB"},
                 {64250001, "64.3 MB"},
                 {999949999, "999.9 MB"},
                 {999950000, "1.00 GB"},
                 {1004999999, "1.00 GB"},
                 {1005000001, "1.01 GB"},
                 {UINT64_C(13761264768), "13.76 GB"}, /* tensors of the 20b */
                 {UINT64_MAX, "18446744073.71 GB"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(size_text(cases[i].bytes).text, cases[i].text);
}

static void sentences_are_cut_clean(void **state) {
    (void)state;
    Err err = ERR_INIT;
    char korean[2000] = "";
    for (int i = 0; i < 300; i++) strcat(korean, "\xED\x95\x9C");
    assert_false(err_set(&err, ERR_INPUT, "a\nb\x1b[0m%s", korean));
    assert_non_null(strstr(err.msg, "a?b?[0m"));
    assert_true(utf8_valid(str_from(err.msg)));
    err_wrap(&err, "suite %s", "x");
    assert_memory_equal(err.msg, "suite x: a?b", 12);
    err_set(&err, ERR_INPUT, "m.gguf: no tensor");
    assert_false(err_wrap_file(&err, "m.gguf")); /* it is there */
    assert_string_equal(err.msg, "m.gguf: no tensor");
    err_set(&err, ERR_INPUT, "m.gguf2: no tensor");
    assert_false(err_wrap_file(&err, "m.gguf"));
    assert_string_equal(err.msg, "m.gguf: m.gguf2: no tensor");
    assert_false(err_wrap_file(NULL, "m.gguf"));
    assert_int_equal(err_exit_status(ERR_INPUT), 2);
    assert_int_equal(err_exit_status(ERR_IO), 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffer_keeps_its_ceiling),     cmocka_unit_test(invalid_utf8_is_replaced_by_maximal_subparts),
        cmocka_unit_test(every_code_point_round_trips), cmocka_unit_test(finding_and_trimming),
        cmocka_unit_test(incomplete_characters),        cmocka_unit_test(sentences_are_cut_clean),
        cmocka_unit_test(sizes_are_rounded_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
