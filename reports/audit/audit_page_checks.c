/* Whether the figures can be believed: integrity checks, and what lies behind three of them. */
#include "reports/audit/audit_page_internal.h"

#include <math.h>

#include "reports/html/html_internal.h"
#include "reports/visible.h"

/* ---- the numbers of a check ---- */

static void check_value(Buf *b, const Page *p, const Json *c) {
    double n = page__number(c, "n");
    Str value = page__check_value(p, c), limit = page__check_limit(p, c);
    if (!value.n) {
        buf_adds(b, "<td class=\"num nil\">–</td>");
        return;
    }
    buf_adds(b, "<td class=\"num\">");
    html__sentence(b, value);
    if (limit.n) {
        buf_adds(b, "<small>");
        html__sayf(b, p->lang, WORD("limit %.*s"), STR_ARG(limit));
        buf_adds(b, "</small>");
    }
    if (!isnan(n)) {
        buf_adds(b, "<small>");
        html__sayf(b, p->lang, n == 1.0 ? WORD("%s item") : WORD("%s items"), page__count(p, n));
        buf_adds(b, "</small>");
    }
    buf_adds(b, "</td>");
}

static void check_row(Buf *b, const Page *p, const Json *c) {
    Str model = page__text(c, "model"), suite = page__text(c, "suite"), why = page__text(c, "why");
    buf_adds(b, "<tr><th scope=\"row\">");
    page__say_told(b, p, page__text(c, "check"));
    if (why.n) {
        buf_adds(b, "<small>");
        page__say_told(b, p, why);
        buf_adds(b, "</small>");
    }
    buf_addf(b, "</th><td%s>", model.n ? "" : " class=\"nil\"");
    html_escape(b, model.n ? model : STR("–"));
    if (suite.n) {
        buf_adds(b, "<small>");
        html_escape(b, suite);
        buf_adds(b, "</small>");
    }
    buf_adds(b, "</td>");
    check_value(b, p, c);
    page__td_verdict(b, p, page__text(c, "result"));
    buf_adds(b, "</tr>\n");
}

/* The rows of the results named, in the order of the names. */
static void check_table(Buf *b, const Page *p, const Json *list, const char *caption, const char *const *results) {
    static const PageHead HEADS[] = {
        {"", WORD("Check")}, {"", WORD("Model")}, {"num", WORD("Value")}, {"", WORD("Result")}, {NULL, NULL}};
    html__table(b, "checks", str_from(words(p->lang, caption)), false);
    for (const PageHead *h = HEADS; h->text; h++) html__th(b, p->lang, h->class_name, h->text);
    html__table_body(b);
    for (; *results; results++)
        for (const Json *c = json_first(list); c; c = json_next(c))
            if (str_eqz(page__text(c, "result"), *results)) check_row(b, p, c);
    html__table_end(b);
}

static size_t count_result(const Json *list, const char *result) {
    size_t n = 0;
    for (const Json *c = json_first(list); c; c = json_next(c)) n += str_eqz(page__text(c, "result"), result);
    return n;
}

/* ---- behind the checks: what was tried, and on what ---- */

static void ids(Buf *b, const Json *list, const char *key) {
    bool any = false;
    buf_adds(b, "<td>");
    for (const Json *i = json_first(list); i; i = json_next(i)) {
        buf_adds(b, any ? ", <code>" : "<code>");
        html_escape(b, key ? page__text(i, key) : json_str(i));
        buf_adds(b, "</code>");
        any = true;
    }
    buf_adds(b, any ? "</td>" : "–</td>");
}

static void self_test(Buf *b, const Page *p) {
    static const PageHead HEADS[] = {{"", WORD("Scorer")},           {"", WORD("Version")},
                                     {"num", WORD("Planted items")}, {"num", WORD("Judged as known")},
                                     {"", WORD("Missed")},           {NULL, NULL}};
    const Json *list = json_get(p->header, "self_test");
    if (!json_count(list)) return;
    page__h3(b, p, WORD("Planted items with known answers"));
    page__table(b, p, WORD("Planted items with known answers"), HEADS);
    for (const Json *s = json_first(list); s; s = json_next(s)) {
        page__row_head(b, page__text(s, "scorer"));
        page__td(b, page__text(s, "version"));
        page__td_number(b, p, page__number(s, "n"), 10);
        page__td_number(b, p, page__number(s, "passed"), 10);
        ids(b, json_get(s, "failed"), NULL);
        buf_adds(b, "</tr>\n");
    }
    html__table_end(b);
}

static void repeats(Buf *b, const Page *p) {
    static const PageHead HEADS[] = {
        {"", WORD("Model")},     {"", WORD("Second run started")}, {"num", WORD("Answers")}, {"num", WORD("Compared")},
        {"num", WORD("Sealed")}, {"num", WORD("Different")},       {"", WORD("Which")},      {NULL, NULL}};
    const Json *list = json_get(p->header, "repeats");
    if (!json_count(list)) return;
    page__h3(b, p, WORD("Asked a second time"));
    page__table(b, p, WORD("Asked a second time"), HEADS);
    for (const Json *r = json_first(list); r; r = json_next(r)) {
        page__row_head(b, page__text(r, "role"));
        page__td_time(b, page__text(r, "started_at"));
        page__td_number(b, p, page__number(r, "n_stored"), 10);
        page__td_number(b, p, page__number(r, "n"), 10);
        page__td_number(b, p, page__number(r, "n_sealed"), 10);
        page__td_number(b, p, page__number(r, "n_different"), 10);
        ids(b, json_get(r, "different"), "sample");
        buf_adds(b, "</tr>\n");
    }
    html__table_end(b);
}

static void overlaps(Buf *b, const Page *p) {
    static const PageHead HEADS[] = {{"", WORD("Model")},
                                     {"", WORD("Tuning data (SHA-256)")},
                                     {"num", WORD("Lines")},
                                     {"", WORD("Suite")},
                                     {"num", WORD("Items")},
                                     {"num", WORD("Too short")},
                                     {"num", WORD("Found")},
                                     {"", WORD("Which")},
                                     {NULL, NULL}};
    const Json *list = json_get(p->header, "overlap");
    if (!json_count(list)) return;
    page__h3(b, p, WORD("Wording found in tuning data"));
    page__table(b, p, WORD("Wording found in tuning data"), HEADS);
    for (const Json *o = json_first(list); o; o = json_next(o))
        for (const Json *s = json_first(json_get(o, "suites")); s; s = json_next(s)) {
            page__row_head(b, page__text(o, "role"));
            page__td_code(b, page__text(o, "sha256"));
            page__td_number(b, p, page__number(o, "lines"), 10);
            page__td(b, page__text(s, "suite"));
            page__td_number(b, p, page__number(s, "n"), 10);
            page__td_number(b, p, page__number(s, "n_untold"), 10);
            page__td_number(b, p, page__number(s, "k"), 10);
            ids(b, json_get(s, "items"), NULL);
            buf_adds(b, "</tr>\n");
        }
    html__table_end(b);
}

static void behind(Buf *b, const Page *p) {
    if (!json_count(json_get(p->header, "self_test")) && !json_count(json_get(p->header, "repeats")) &&
        !json_count(json_get(p->header, "overlap")))
        return;
    buf_adds(b, "<details><summary>");
    html__say(b, p->lang, WORD("What was planted, asked again and searched for"));
    buf_adds(b, "</summary>\n");
    self_test(b, p);
    repeats(b, p);
    overlaps(b, p);
    buf_adds(b, "</details>\n");
}

/* What fails, warns or was not done stands open; what passes is many, and folded. */
void page__checks(Buf *b, const Page *p) {
    static const char *const OPEN[] = {"fail", "warn", "not done", NULL}, *const PASS[] = {"pass", NULL};
    const Json *list = json_get(p->card, "checks");
    size_t n = json_count(list), passed = count_result(list, "pass");
    if (!n) return;
    html__section(b, p->lang, "integrity", WORD("Can the figures be believed?"));
    buf_adds(b, "<p>");
    page__check_counts(b, p);
    buf_adds(b, "</p>\n");
    if (n > passed) check_table(b, p, list, WORD("Integrity checks that do not pass"), OPEN);
    if (passed) {
        buf_adds(b, "<details><summary>");
        html__sayf(b, p->lang, passed == 1 ? WORD("%zu check that passes") : WORD("%zu checks that pass"), passed);
        buf_adds(b, "</summary>\n");
        check_table(b, p, list, WORD("Integrity checks that pass"), PASS);
        buf_adds(b, "</details>\n");
    }
    behind(b, p);
    buf_adds(b, "</section>\n");
}
