/* What the figures rest on: integrity checks, the human decision, limits with their power table, runs and hashes. */
#include "reports/audit/audit_page_internal.h"

#include <math.h>

#include "reports/html/html_internal.h"
#include "reports/visible.h"

/* ---- integrity ---- */

static void check_value(Buf *b, const Page *p, const Json *c) {
    double v = page__number(c, "value"), limit = page__number(c, "limit"), n = page__number(c, "n");
    if (isnan(v)) {
        buf_adds(b, "<td class=\"num nil\">–</td>");
        return;
    }
    buf_addf(b, "<td class=\"num\">%.4g", v);
    if (!isnan(limit)) {
        buf_adds(b, "<small>");
        html__sayf(b, p->lang, WORD("limit %.4g"), limit);
        buf_adds(b, "</small>");
    }
    if (!isnan(n)) buf_addf(b, "<small>n %.10g</small>", n);
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
static void check_table(Buf *b, const Page *p, const Json *list, const char *const *results) {
    static const PageHead HEADS[] = {
        {"", WORD("Check")}, {"", WORD("Model")}, {"num", WORD("Value")}, {"", WORD("Result")}, {NULL, NULL}};
    html__table(b, "checks", str_from(words(p->lang, WORD("Integrity checks"))), false);
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
    if (n > passed) check_table(b, p, list, OPEN);
    if (passed) {
        buf_adds(b, "<details><summary>");
        html__sayf(b, p->lang, passed == 1 ? WORD("%zu check that passes") : WORD("%zu checks that pass"), passed);
        buf_adds(b, "</summary>\n");
        check_table(b, p, list, PASS);
        buf_adds(b, "</details>\n");
    }
    buf_adds(b, "</section>\n");
}

/* ---- limits ---- */

static void power(Buf *b, const Page *p) {
    static const PageHead HEADS[] = {{"", WORD("Indicator")},
                                     {"", WORD("Model")},
                                     {"num", WORD("Items")},
                                     {"num", WORD("If the true rate were, %")},
                                     {"num", WORD("no item shows it, %")},
                                     {"num", WORD("the verdict is “below”, %")},
                                     {NULL, NULL}};
    const Json *list = json_get(p->card, "power");
    if (!json_count(list)) return;
    page__h3(b, p, WORD("What so many items can show"));
    html__p(b, p->lang, "note",
            WORD("The chance of two things, in per cent, for rates that might be true: that not one item shows the "
                 "harm, and that the verdict is “below” although nothing else is missing."));
    page__table(b, p, WORD("What so many items can show"), HEADS);
    for (const Json *r = json_first(list); r; r = json_next(r))
        for (const Json *a = json_first(json_get(r, "at")); a; a = json_next(a)) {
            page__row_head(b, page__text(r, "id"));
            page__td(b, page__text(r, "model"));
            page__td_number(b, p, page__number(r, "n"), 6);
            page__td_percent(b, p, page__number(a, "rate"));
            page__td_percent(b, p, page__number(a, "unseen"));
            page__td_percent(b, p, page__number(a, "below"));
            buf_adds(b, "</tr>\n");
        }
    html__table_end(b);
}

void page__limits(Buf *b, const Page *p) {
    Str of_plan = page__text(p->card, "limits_of_plan");
    html__section(b, p->lang, "limits", WORD("Limits"));
    html__p(
        b, p->lang, NULL,
        WORD("This says: below the registered indicator, at this confidence, under this elicitation, on these data. "
             "It does not say that a model is safe. What one round of elicitation did not find may be there."));
    if (!of_plan.n) of_plan = page__text(p->plan, "limits");
    if (json_count(json_get(p->card, "limits"))) {
        buf_adds(b, "<ul>\n");
        for (const Json *l = json_first(json_get(p->card, "limits")); l; l = json_next(l)) {
            buf_adds(b, "<li>");
            page__say_told(b, p, json_str(l));
            buf_adds(b, "</li>\n");
        }
        buf_adds(b, "</ul>\n");
    }
    if (of_plan.n) {
        buf_adds(b, "<p>");
        html__sayf(b, p->lang, WORD("The plan adds: %.*s"), STR_ARG(of_plan));
        buf_adds(b, "</p>\n");
    }
    power(b, p);
    buf_adds(b, "</section>\n");
}

/* ---- runs and hashes ---- */

static void fact(Buf *b, const Page *p, const char *name, Str value, bool code) {
    if (!value.n) return;
    buf_adds(b, "<dt>");
    html__say(b, p->lang, name);
    buf_adds(b, code ? "</dt><dd><code>" : "</dt><dd>");
    html_escape(b, value);
    buf_adds(b, code ? "</code></dd>\n" : "</dd>\n");
}

static void run_table(Buf *b, const Page *p) {
    static const PageHead HEADS[] = {{"", WORD("Model")},  {"", WORD("Name in the run")},   {"", WORD("Started")},
                                     {"", WORD("Counts")}, {"", WORD("Weights (SHA-256)")}, {NULL, NULL}};
    const Json *runs = json_get(p->header, "runs");
    if (!json_count(runs)) return;
    page__table(b, p, WORD("Runs"), HEADS);
    for (const Json *r = json_first(runs); r; r = json_next(r)) {
        Str why = page__text(r, "exploratory");
        page__row_head(b, page__text(r, "role"));
        page__td(b, page__text(r, "model"));
        buf_adds(b, "<td class=\"model\">");
        html_escape(b, page__text(r, "started_at"));
        buf_adds(b, "</td>");
        buf_adds(b, "<td>");
        if (why.n)
            page__say_told(b, p, why);
        else
            html__say(b, p->lang, WORD("yes"));
        buf_adds(b, "</td>");
        page__td_code(b, page__text(r, "digest"));
        buf_adds(b, "</tr>\n");
    }
    html__table_end(b);
}

static void suite_table(Buf *b, const Page *p) {
    static const PageHead HEADS[] = {{"", WORD("Suite")},
                                     {"", WORD("Model")},
                                     {"", WORD("Suite’s file (SHA-256)")},
                                     {"", WORD("Its data (SHA-256)")},
                                     {NULL, NULL}};
    buf_adds(b, "<details><summary>");
    html__say(b, p->lang, WORD("Hashes of the suites"));
    buf_adds(b, "</summary>\n");
    page__table(b, p, WORD("Hashes of the suites"), HEADS);
    for (const Json *r = json_first(json_get(p->header, "runs")); r; r = json_next(r))
        for (const Json *s = json_first(json_get(r, "suites")); s; s = json_next(s)) {
            page__row_head(b, page__text(s, "name"));
            page__td(b, page__text(r, "role"));
            page__td_code(b, page__text(s, "sha256"));
            page__td_code(b, page__text(s, "data_sha256"));
            buf_adds(b, "</tr>\n");
        }
    html__table_end(b);
    buf_adds(b, "</details>\n");
}

static void import_table(Buf *b, const Page *p) {
    static const PageHead HEADS[] = {{"", WORD("Imported")},
                                     {"", WORD("Name")},
                                     {"", WORD("Measured by")},
                                     {"", WORD("Measured at")},
                                     {"", WORD("How")},
                                     {"", WORD("File (SHA-256)")},
                                     {NULL, NULL}};
    const Json *list = json_get(p->header, "imports");
    if (!json_count(list)) return;
    page__h3(b, p, WORD("Imported results"));
    page__table(b, p, WORD("Imported results"), HEADS);
    for (const Json *r = json_first(list); r; r = json_next(r)) {
        page__row_head(b, page__text(r, "role"));
        page__td(b, page__text(r, "name"));
        page__td(b, page__text(r, "measured_by"));
        page__td(b, page__text(r, "measured_at"));
        page__td(b, page__text(r, "how"));
        page__td_code(b, page__text(r, "sha256"));
        buf_adds(b, "</tr>\n");
    }
    html__table_end(b);
}

void page__runs(Buf *b, const Page *p) {
    html__section(b, p->lang, "runs", WORD("Runs and hashes"));
    buf_adds(b, "<dl class=\"facts\">");
    fact(b, p, WORD("Plan (SHA-256)"), page__text(p->header, "plan_sha256"), true);
    fact(b, p, WORD("Signed"), page__text(p->header, "signed_at"), false);
    fact(b, p, WORD("Program"), page__text(p->header, "harness"), false);
    fact(b, p, WORD("Error shared among indicators"), page__word(p, page__text(p->plan, "multiplicity")), false);
    buf_adds(b, "</dl>\n");
    run_table(b, p);
    suite_table(b, p);
    import_table(b, p);
    buf_adds(b, "</section>\n");
}
