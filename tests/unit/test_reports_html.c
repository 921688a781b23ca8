/* report.html without a browser: what must never stand in it, and the escaping it rests on. */
#include "tests/report_fixture.h"

#include <zlib.h>

#include "reports/html/html_pack.h"
#include "reports/report.h"
#include "reports/visible.h"

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        if (!(call)) fail_msg("%s: %s", #call, err.msg);                                                               \
    } while (0)

static void check_text(void (*write)(Buf *, Str), Str in, const char *want) {
    Buf b;
    buf_init(&b, 4096);
    write(&b, in);
    buf_addc(&b, 0);
    assert_string_equal(b.p, want);
    buf_release(&b);
}

static void test_escape(void **state) {
    (void)state;
    check_text(html_escape, STR("<a href=\"x\" b='y'>&amp;"), "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;");
    check_text(html_escape, STR("a\0b\x1b[31m"), "a<i class=\"esc\">U+0000</i>b<i class=\"esc\">U+001B</i>[31m");
    check_text(html_escape_attr, STR("\xe2\x80\xae\""), "U+202E&quot;");
    check_text(html_escape, STR("\xff\xc3\xa9\xed\xa0\x80"), "\ufffdé\ufffd\ufffd\ufffd");
    check_text(html_escape, STR("tab\tline\n한국어"), "tab\tline\n한국어");
    check_text(visible_term, STR("a\x1b]0;x\x07\n\xc2\x9b\xf3\xa0\x81\x81"),
               "a\\u{1b}]0;x\\u{7}\\u{a}\\u{9b}\\u{e0041}");
}

static void test_width(void **state) {
    (void)state;
    assert_int_equal(visible_width(STR("abc")), 3);
    assert_int_equal(visible_width(STR("한국어")), 6);
    Str tests[] = {STR("\x1b"), STR("a\nb"), STR("\xe2\x80\xae"), STR("\0"), STR("\xff")};
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        Buf b;
        size_t n = 0, at = 0;
        buf_init(&b, 256);
        visible_term(&b, tests[i]);
        for (; at < b.n; n++) utf8_next(buf_str(&b), &at);
        assert_int_equal(visible_width(tests[i]), n);
        buf_release(&b);
    }
}

static size_t count_of(Str hay, const char *needle) {
    size_t n = 0;
    for (size_t at = 0; (at = str_find(hay, str_from(needle), at)) != SIZE_MAX; at++) n++;
    return n;
}

/* ---- packed texts ---- */

static size_t unbase64(Str in, unsigned char *out) {
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    size_t n = 0;
    int have = 0;
    for (size_t i = 0; i < in.n && in.p[i] != '='; i++) {
        const char *d = memchr(DIGITS, in.p[i], 64);
        assert_non_null(d);
        bits = bits << 6 | (uint32_t)(d - DIGITS);
        if ((have += 6) >= 8) out[n++] = (unsigned char)(bits >> (have -= 8));
    }
    return n;
}

/* Appends what html__pack packed. */
static void unpack(Str packed, Buf *out) {
    unsigned char *raw = malloc(packed.n + 1), block[4096];
    z_stream z = {0};
    int rc;
    assert_non_null(raw);
    z.next_in = raw, z.avail_in = (uInt)unbase64(packed, raw);
    assert_int_equal(inflateInit2(&z, -15), Z_OK);
    do {
        z.next_out = block, z.avail_out = sizeof block;
        rc = inflate(&z, Z_NO_FLUSH);
        assert_true(rc == Z_OK || rc == Z_STREAM_END);
        buf_add(out, block, sizeof block - z.avail_out);
    } while (rc != Z_STREAM_END);
    inflateEnd(&z);
    free(raw);
}

/* All packed blocks of a page, one after the other; returns how many. */
static size_t unpack_all(Str html, Buf *out) {
    Str begin = STR("<script type=\"application/octet-stream\"");
    size_t n = 0;
    for (size_t at = 0; (at = str_find(html, begin, at)) != SIZE_MAX; n++) {
        size_t from = str_find(html, STR(">"), at) + 1, end = str_find(html, STR("</script>"), from);
        unpack(str_sub(html, from, end), out);
        at = end;
    }
    return n;
}

static void test_pack(void **state) {
    (void)state;
    Buf in, packed, out;
    uint64_t x = 1;
    for (size_t n = 0; n < 300000; n = n * 3 + 1) {
        buf_init(&in, 1 << 20), buf_init(&packed, 1 << 20), buf_init(&out, 1 << 20);
        for (size_t i = 0; i < n; i++) /* half of it repeats, half does not */
            x = x * 6364136223846793005u + 1442695040888963407u, buf_addc(&in, i & 64 ? (char)(x >> 33) : 'a');
        html__pack(&packed, buf_str(&in));
        unpack(buf_str(&packed), &out);
        assert_int_equal(out.n, n);
        if (n) assert_memory_equal(out.p, in.p, n);
        buf_release(&in), buf_release(&packed), buf_release(&out);
    }
}

static void test_document(void **state) {
    (void)state;
    Err err = ERR_INIT;
    char *dir = fixture_dir();
    Fixture f = FIXTURE_DEFAULTS;
    f.samples = 30;
    RunStore *s = fixture_run(dir, &f);
    /* names can be hostile too: they stand in tables, attributes, the title and the addresses of links */
    Record r = {.key = {STR("\"><script>x</script>\x1b"), STR("</style><b>"), STR("a|b#&"), EFFORT_HIGH, 2},
                .ordinal = 9999,
                .group = STR("<i>"),
                .sealed = true,
                .prompt = STR(FIXTURE_SECRET),
                .completion.final = STR(FIXTURE_SECRET)};
    int64_t id;
    OK(store_seal_begin(s, NULL, 0, STR("plan"), &err));
    OK(store_append(s, &r, &id, &err));
    Buf b;
    buf_init(&b, 1 << 26);
    OK(report_write(reports_find("html"), s, &b, &err));
    Str html = buf_str(&b);
    Buf texts;
    buf_init(&texts, 1 << 26);
    size_t packed = unpack_all(html, &texts);
    Str inside = buf_str(&texts);
    assert_true(packed >= 2); /* a chunk and the index */
    /* besides these the names, report.js and page.js */
    assert_int_equal(count_of(html, "</script>"), packed + 3);
    assert_int_equal(count_of(html, "<script"), packed + 3);
    assert_int_equal(count_of(html, "</style>"), 1);
    assert_int_equal(count_of(html, "<b>\""), 0);
    assert_int_equal(count_of(html, " style="), 0);
    /* four hostile answers and nine texts of turns with each; one more where the index shows how an answer begins */
    assert_true(count_of(inside, " onerror=") >= 4 + 4 * 9);
    assert_int_equal(count_of(html, " onerror="), 0);
    assert_int_equal(count_of(html, "<img"), 0);
    assert_int_equal(count_of(html, "http"), 1); /* http-equiv */
    assert_int_equal(count_of(html, FIXTURE_SECRET), 0);
    assert_int_equal(count_of(inside, FIXTURE_SECRET), 0);
    assert_true(count_of(inside, "I looked at the map") > 20);
    assert_int_equal(count_of(html, "default-src 'none'; connect-src 'self'; style-src 'sha256-"), 1);
    assert_int_equal(count_of(html, ">nan"), 0);
    assert_true(utf8_valid(html));
    for (size_t i = 0; i < html.n;) {
        uint32_t cp = utf8_next(html, &i);
        if (cp < 0x20 && cp != '\n' && cp != '\t') fail_msg("byte %zu holds U+%04X", i, (unsigned)cp);
    }
    buf_release(&texts);
    buf_release(&b);
    store_close(s);
    fixture_remove(dir);
}

static void test_empty_run(void **state) {
    (void)state;
    Err err = ERR_INIT;
    RunStore *s = NULL;
    char *dir = fixture_dir();
    Buf b;
    buf_init(&b, 1 << 20);
    OK(store_open(dir, STORE_CREATE, &s, &err));
    OK(report_write(reports_find("html"), s, &b, &err));
    assert_int_equal(count_of(buf_str(&b), "Nothing is stored in this run yet."), 1);
    buf_release(&b);
    store_close(s);
    fixture_remove(dir);
}

static void test_file(void **state) {
    (void)state;
    Err err = ERR_INIT;
    char *dir = fixture_dir(), path[128];
    Fixture f = FIXTURE_DEFAULTS;
    f.samples = 3;
    RunStore *s = fixture_run(dir, &f);
    struct stat st;
    Findings *all = NULL;
    OK(findings_open(s, &all, &err));
    for (size_t i = 0; i < reports_count(); i++) {
        OK(report_write_file(reports_at(i), all, dir, &err));
        snprintf(path, sizeof path, "%s/%s", dir, reports_at(i)->file_name);
        assert_int_equal(stat(path, &st), 0);
        assert_true(st.st_size > 1000);
        assert_ptr_equal(reports_find(reports_at(i)->name), reports_at(i));
    }
    assert_false(report_write_file(reports_at(0), all, "/proc/no/such/place", &err));
    findings_close(all);
    assert_int_equal(err.code, ERR_IO);
    assert_null(reports_find("nothing"));
    assert_null(reports_at(reports_count()));
    store_close(s);
    fixture_remove(dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escape),    cmocka_unit_test(test_width), cmocka_unit_test(test_document),
        cmocka_unit_test(test_empty_run), cmocka_unit_test(test_file),  cmocka_unit_test(test_pack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
