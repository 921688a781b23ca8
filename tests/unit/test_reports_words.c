/* The languages of reports: every text that the sources mark has its entry, formats agree in what they convert, and the
 * Korean page says nothing in English. */
#include "tests/report_fixture.h"

#include <ctype.h>
#include <glob.h>

#include "engine/base/file.h"
#include "reports/report.h"
#include "reports/words/words.h"

/* ---- look-up ---- */

static void test_lookup(void **state) {
    (void)state;
    Lang l = LANG_EN;
    Buf b;
    assert_true(lang_find("ko", &l));
    assert_int_equal(l, LANG_KO);
    assert_string_equal(lang_code(l), "ko");
    assert_false(lang_find("", &l));
    assert_false(lang_find("KO", &l));
    assert_int_equal(l, LANG_KO);
    assert_string_equal(words(LANG_EN, "Scores"), "Scores");
    assert_string_equal(words(LANG_KO, "Scores"), "점수");
    assert_string_equal(words(LANG_KO, "there is no such text"), "there is no such text");
    buf_init(&b, 1000);
    words_addf(&b, LANG_KO, WORD("%.*s (%.*s understood %.0f %% of %lld control questions)"), 3, "b64xx", 4, "baseyy",
               12.4, 60LL);
    buf_addc(&b, 0);
    assert_string_equal(b.p, "b64(base 모델이 대조 문항 60개 중 12%를 이해함)");
    buf_release(&b);
}

/* ---- conversions ---- */

enum { MAX_ARGS = 24 };

/* What a format takes: one letter for each argument, "i" an int, "l" a long long, "z" a size_t, "f" a double, "s" a
 * text. A space is never a flag here: "95 % interval" holds no conversion. */
typedef struct Takes {
    char arg[MAX_ARGS];
    int n, positional, plain;
} Takes;

static void take(Takes *t, int place, char type) {
    int at = place > 0 ? place - 1 : t->n;
    assert_true(at < MAX_ARGS);
    if (place > 0)
        t->positional++;
    else
        t->plain++;
    if (t->arg[at] && t->arg[at] != type) fail_msg("one argument, two types: %c and %c", t->arg[at], type);
    t->arg[at] = type;
    if (at >= t->n) t->n = at + 1;
}

/* "12$" -> 12, else 0 and *p stays. */
static int position(const char **p) {
    char *end;
    long n = isdigit((unsigned char)**p) ? strtol(*p, &end, 10) : 0;
    if (n <= 0 || *end != '$') return 0;
    *p = end + 1;
    return (int)n;
}

static char type_of(const char **p) {
    char size = 'i';
    if (strncmp(*p, "ll", 2) == 0)
        size = 'l', *p += 2;
    else if (**p == 'z')
        size = 'z', ++*p;
    if (!**p) return 0;
    char c = *(*p)++;
    if (strchr("diux", c)) return size;
    if (strchr("feg", c)) return 'f';
    return c == 's' ? 's' : 0;
}

static Takes parse(const char *format) {
    Takes t = {0};
    for (const char *p = format; (p = strchr(p, '%'));) {
        if (*++p == '%') {
            p++;
            continue;
        }
        Takes before = t;
        const char *q = p;
        int place = position(&q);
        while (*q && strchr("-+#0", *q)) q++;
        while (isdigit((unsigned char)*q)) q++;
        if (*q == '.') {
            q++;
            if (*q == '*') {
                q++;
                int width = position(&q);
                take(&t, width, 'i');
            }
            while (isdigit((unsigned char)*q)) q++;
        }
        char type = type_of(&q);
        if (type)
            take(&t, place, type), p = q;
        else
            t = before; /* a per cent sign in a text that is no format */
    }
    return t;
}

static void test_formats(void **state) {
    (void)state;
    const Words *w;
    size_t n = 0;
    for (; (w = words_at(LANG_KO, n)); n++) {
        Takes en = parse(w->english), ko = parse(w->text);
        if (en.positional) fail_msg("the English '%s' has positions", w->english);
        if (ko.positional && ko.plain) fail_msg("'%s' has positions for some arguments alone", w->text);
        if (en.n != ko.n || memcmp(en.arg, ko.arg, MAX_ARGS) != 0)
            fail_msg("'%s' takes %s, '%s' takes %s", w->english, en.arg, w->text, ko.arg);
        for (size_t k = 0; k < n; k++)
            if (strcmp(words_at(LANG_KO, k)->english, w->english) == 0) fail_msg("two entries for '%s'", w->english);
        if (!*w->text) fail_msg("'%s' has an empty entry", w->english);
    }
    assert_true(n > 200);
}

/* "{0}" … of the script's texts, each as often on both sides. */
static void test_places(void **state) {
    (void)state;
    const Words *w;
    for (size_t n = 0; (w = words_at(LANG_KO, n)); n++)
        for (char c = '0'; c <= '9'; c++) {
            char place[4] = {'{', c, '}', 0};
            bool en = strstr(w->english, place) != NULL, ko = strstr(w->text, place) != NULL;
            if (en != ko) fail_msg("'%s' and '%s' differ in %s", w->english, w->text, place);
        }
}

/* ---- the sources ---- */

static bool has_entry(const char *english) {
    const Words *w;
    for (size_t n = 0; (w = words_at(LANG_KO, n)); n++)
        if (strcmp(w->english, english) == 0) return true;
    return false;
}

/* One character of a C or JavaScript string behind a backslash. */
static const char *add_escape(Buf *b, const char *p) {
    char utf8[4], digits[5] = {0};
    switch (*p) {
    case 'n':
        buf_addc(b, '\n');
        return p + 1;
    case 'u':
        memcpy(digits, p + 1, 4);
        buf_add(b, utf8, utf8_put((uint32_t)strtoul(digits, NULL, 16), utf8));
        return p + 5;
    default:
        buf_addc(b, *p);
        return p + 1;
    }
}

/* The string literals behind p, joined; p behind them, or NULL if there is none at all. */
static const char *literals(Buf *b, const char *p) {
    const char *end = NULL;
    for (;;) {
        while (isspace((unsigned char)*p)) p++;
        if (*p != '"') return end;
        for (p++; *p != '"';)
            if (*p == '\\')
                p = add_escape(b, p + 1);
            else
                buf_addc(b, *p++);
        end = ++p;
    }
}

/* Checks all texts that `file` marks by `mark` with a literal behind it; returns how many. */
static int check_source(const char *file, const char *mark) {
    Err err = ERR_INIT;
    Buf text, key;
    int n = 0;
    buf_init(&text, 1 << 24);
    buf_init(&key, 1 << 16);
    if (!file_read(file, &text, &err)) fail_msg("%s", err.msg);
    buf_addc(&text, 0);
    for (const char *p = text.p; (p = strstr(p, mark));) {
        bool name = p > text.p && (isalnum((unsigned char)p[-1]) || p[-1] == '_');
        p += strlen(mark);
        buf_clear(&key);
        if (name || !literals(&key, p)) continue;
        buf_addc(&key, 0);
        if (!has_entry(key.p)) fail_msg("%s: no Korean entry for \"%s\"", file, key.p);
        n++;
    }
    buf_release(&key);
    buf_release(&text);
    return n;
}

static int check_sources(const char *pattern, const char *mark) {
    glob_t g;
    int n = 0;
    assert_int_equal(glob(pattern, 0, NULL, &g), 0);
    for (size_t i = 0; i < g.gl_pathc; i++) n += check_source(g.gl_pathv[i], mark);
    globfree(&g);
    return n;
}

static void test_sources(void **state) {
    static const char *const CALLS[] = {"html__say(b, l, ",     "html__say(b, lang, ",   "html__say(b, s->lang, ",
                                        "html__sayf(b, l, ",    "html__th(b, l, \"\", ", "html__th(b, l, \"num\", ",
                                        "html__p(b, l, NULL, ", "words(s->lang, "};
    (void)state;
    int n = check_sources("reports/*.c", "WORD(") + check_sources("reports/*/*.c", "WORD(");
    assert_true(n > 230);
    assert_true(check_sources("reports/html/*.js", "T(") > 40);
    for (size_t i = 0; i < sizeof CALLS / sizeof *CALLS; i++) /* and none is looked up without its mark */
        if (check_sources("reports/html/*.c", CALLS[i])) fail_msg("%s… takes a text without WORD()", CALLS[i]);
}

/* ---- the page ---- */

/* The page's text without elements, scripts, styles and what is marked as English; one space for each element. */
static void visible_text(const char *p, Buf *out) {
    static const char *const SKIPPED[][2] = {
        {"<script", "</script>"}, {"<style", "</style>"}, {"<div lang=\"en\">", "</div>"}};
    while (*p) {
        const char *end = NULL;
        for (size_t i = 0; i < sizeof SKIPPED / sizeof *SKIPPED; i++)
            if (strncmp(p, SKIPPED[i][0], strlen(SKIPPED[i][0])) == 0) end = strstr(p, SKIPPED[i][1]);
        if (!end && *p == '<') end = strchr(p, '>');
        if (end) {
            buf_addc(out, ' ');
            p = *end == '>' ? end + 1 : end + 2; /* the rest of a closing tag is no word */
            while (end[0] == '<' && *p && *p != '>') p++;
            continue;
        }
        buf_addc(out, *p++);
    }
    buf_addc(out, 0);
}

/* Names and methods stay as they are; everything else of three letters and more is English that was forgotten. */
static void check_korean(const char *text) {
    static const char *const KEPT[] = {"assay",     "demo",       "small",      "large",    "report",  "json",
                                       "Choice",    "Arithmetic", "Programs",   "Refusals", "choice",  "arithmetic",
                                       "program",   "refusal",    "Wilson",     "Newcombe", "McNemar", "mid",
                                       "Benjamini", "Hochberg",   "JavaScript", "rivers",   "cities",  "people",
                                       "full",      "compliance", "TLE",        "thinsp",   "nbsp",    "medium"};
    for (const char *p = text; *p;) {
        size_t n = 0;
        while (isalpha((unsigned char)p[n])) n++;
        bool kept = n < 3;
        for (size_t i = 0; !kept && i < sizeof KEPT / sizeof *KEPT; i++)
            kept = strlen(KEPT[i]) == n && memcmp(p, KEPT[i], n) == 0;
        if (!kept) fail_msg("the Korean page says \"%.60s\"", p);
        p += n ? n : 1;
    }
}

static void test_page(void **state) {
    (void)state;
    Err err = ERR_INIT;
    char *dir = fixture_dir();
    Fixture f = FIXTURE_DEFAULTS;
    Buf page, text;
    f.samples = 30, f.rated = true;
    RunStore *s = fixture_run(dir, &f);
    buf_init(&page, 1 << 26);
    buf_init(&text, 1 << 26);
    store_speak(s, LANG_KO);
    if (!report_write(reports_find("html"), s, &page, &err)) fail_msg("%s", err.msg);
    buf_addc(&page, 0);
    assert_non_null(strstr(page.p, "<html lang=\"ko\">"));
    assert_non_null(strstr(page.p, "모델이"));
    visible_text(page.p, &text);
    check_korean(text.p);
    /* for programs nothing changes */
    buf_clear(&page);
    if (!report_write(reports_find("json"), s, &page, &err)) fail_msg("%s", err.msg);
    buf_addc(&page, 0);
    assert_non_null(strstr(page.p, " is ahead of "));
    assert_null(strstr(page.p, "모델"));
    buf_release(&text);
    buf_release(&page);
    store_close(s);
    fixture_remove(dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lookup),  cmocka_unit_test(test_formats), cmocka_unit_test(test_places),
        cmocka_unit_test(test_sources), cmocka_unit_test(test_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
