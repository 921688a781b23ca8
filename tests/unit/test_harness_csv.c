/* CSV against Python's csv module, the authors' MMLU files, and broken input. */
#include <glob.h>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "harness/csv.h"
#include "tests/support.h"

/* All records of a text; false with *err. *n counts them. */
static bool read_all(Str text, Arena *a, CsvRecord *out, size_t max, size_t *n, Err *err) {
    CsvReader r;
    bool more = true;
    *n = 0;
    if (!csv_init(&r, text, "x.csv", err)) return false;
    for (;;) {
        CsvRecord rec;
        if (!csv_next(&r, a, &rec, &more, err)) return false;
        if (!more) return true;
        if (*n < max) out[*n] = rec;
        ++*n;
    }
}

static void check_vector(const Json *j, Arena *a) {
    CsvRecord recs[64];
    size_t n = 0, i = 0;
    Err err = ERR_INIT;
    bool ok = read_all(json_str(json_get(j, "text")), a, recs, 64, &n, &err);
    if (json_get(j, "error")) {
        assert_false(ok);
        return;
    }
    if (!ok) fail_msg("%s", err.msg);
    assert_int_equal(n, json_count(json_get(j, "records")));
    for (const Json *row = json_first(json_get(j, "records")); row; row = json_next(row), i++) {
        size_t k = 0;
        assert_int_equal(recs[i].n, json_count(row));
        for (const Json *f = json_first(row); f; f = json_next(f))
            assert_true(str_eq(recs[i].fields[k++], json_str(f)));
    }
}

static void test_agrees_with_python(void **state) {
    (void)state;
    Buf b;
    Err err = ERR_INIT;
    buf_init(&b, 1 << 20);
    assert_true(file_read("tests/golden/csv/vectors.jsonl", &b, &err));
    Arena *a = arena_open(0);
    size_t at = 0, n = 0;
    for (size_t end; (end = str_find(buf_str(&b), STR("\n"), at)) != SIZE_MAX; at = end + 1) {
        Json *j;
        assert_true(json_parse(str_sub(buf_str(&b), at, end), &j, &err));
        if (!json_get(j, "source")) {
            check_vector(j, a);
            n++;
        }
        json_close(j);
    }
    assert_true(n > 80);
    arena_close(a);
    buf_release(&b);
}

static void expect_error(const char *bytes, size_t n, const char *part) {
    Arena *a = arena_open(0);
    CsvRecord recs[8];
    size_t count;
    Err err = ERR_INIT;
    assert_false(read_all((Str){bytes, n}, a, recs, 8, &count, &err));
    if (!strstr(err.msg, part)) fail_msg("'%s' lacks '%s'", err.msg, part);
    assert_int_equal(err.code, ERR_INPUT);
    arena_close(a);
}

static void test_errors_name_the_line(void **state) {
    (void)state;
#define BYTES(s) s, sizeof(s) - 1
    expect_error(BYTES("a,b\n\"x\ny"), "x.csv line 2: a quoted field begins here and never ends");
    expect_error(BYTES("a\n\"q\nr\"x,1\n"), "x.csv line 3: text stands behind a closing quote");
    expect_error(BYTES("a\nb\0c\n"), "x.csv line 2: a NUL byte");
    expect_error(BYTES("a\nb\n\xff\xfe\n"), "x.csv line 3: not valid UTF-8");
    expect_error(BYTES("a\nb\rc\n"), "line 2: a carriage return");
    char many[3000];
    memset(many, ',', sizeof many);
    expect_error(many, sizeof many, "more than 1024 fields");
}

static void test_mark_and_line_numbers(void **state) {
    (void)state;
    Arena *a = arena_open(0);
    CsvRecord recs[4];
    size_t n;
    Err err = ERR_INIT;
    assert_true(read_all(STR("\xEF\xBB\xBFid,t\r\n1,\"a\nb\"\n\n2,c\n"), a, recs, 4, &n, &err));
    assert_int_equal(n, 3);
    assert_true(str_eqz(recs[0].fields[0], "id"));
    assert_int_equal(recs[1].line, 2);
    assert_int_equal(recs[2].line, 5);
    arena_close(a);
}

/* The authors' files: 12 test and 5 dev records of six fields, whatever line breaks they hold. */
static void test_mmlu_files(void **state) {
    (void)state;
    NEED_SHARED(root, "data/mmlu/data");
    char pattern[1200];
    glob_t g;
    size_t total = 0;
    Arena *a = arena_open(0);
    snprintf(pattern, sizeof pattern, "%s/*/*.csv", root);
    assert_int_equal(glob(pattern, 0, NULL, &g), 0);
    for (size_t i = 0; i < g.gl_pathc; i++) {
        FileMap m;
        CsvRecord recs[32];
        size_t n;
        Err err = ERR_INIT;
        assert_true(file_map(g.gl_pathv[i], &m, &err));
        assert_true(read_all((Str){(const char *)m.p, m.n}, a, recs, 32, &n, &err));
        for (size_t k = 0; k < n; k++) assert_int_equal(recs[k].n, 6);
        assert_int_equal(n, strstr(g.gl_pathv[i], "/test/") ? 12 : 5);
        total += n;
        file_unmap(&m);
    }
    assert_int_equal(total, 10 * (12 + 5 + 5));
    globfree(&g);
    arena_close(a);
}

static void test_prefixes_and_changed_bytes(void **state) {
    (void)state;
    static const char valid[] = "q,A,\"B\"\"b\"\r\n\"line\nbreak, comma\",x,\xED\x95\x9C\n,,\n";
    Arena *a = arena_open(0);
    char text[sizeof valid];
    for (size_t k = 0; k < sizeof valid; k++)
        for (int change = 0; change < 8; change++) {
            CsvRecord recs[8];
            size_t n;
            Err err = ERR_INIT;
            memcpy(text, valid, sizeof valid);
            if (change && k < sizeof valid - 1) text[k] = "\",\n\r\0\xffx"[change - 1];
            bool ok = read_all((Str){text, change ? sizeof valid - 1 : k}, a, recs, 8, &n, &err);
            assert_true(ok || (err.code == ERR_INPUT && err.msg[0]));
            arena_reset(a);
        }
    arena_close(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agrees_with_python),         cmocka_unit_test(test_errors_name_the_line),
        cmocka_unit_test(test_mark_and_line_numbers),      cmocka_unit_test(test_mmlu_files),
        cmocka_unit_test(test_prefixes_and_changed_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
