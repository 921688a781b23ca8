/* What was registered, and what was run: the plan's settings, runs, suites and imports with their hashes. */
#include "reports/audit/audit_page_internal.h"

#include <math.h>

#include "reports/html/html_internal.h"
#include "reports/visible.h"

static void fact(Buf *b, const Page *p, const char *name, Str value, bool code) {
    if (!value.n) return;
    buf_adds(b, "<dt>");
    html__say(b, p->lang, name);
    buf_adds(b, code ? "</dt><dd><code>" : "</dt><dd>");
    html_escape(b, value);
    buf_adds(b, code ? "</code></dd>\n" : "</dd>\n");
}

/* ---- the plan ---- */

static Str joined(const Page *p, const Json *list) {
    Str all = STR("");
    for (const Json *i = json_first(list); i; i = json_next(i))
        all = all.n ? page__keep(p, str_printf(p->arena, STR_FMT ", " STR_FMT, STR_ARG(all), STR_ARG(json_str(i))))
                    : json_str(i);
    return all;
}

static void bottlenecks(Buf *b, const Page *p) {
    for (const Json *l = json_first(json_get(p->plan, "logic")); l; l = json_next(l)) {
        Str category = page__word(p, str_from(json_key(l))), needs = joined(p, json_get(l, "needs"));
        if (!str_eqz(page__text(l, "rule"), "bottleneck")) continue;
        buf_adds(b, "<dt>");
        html__sayf(b, p->lang, WORD("%.*s, by bottleneck"), STR_ARG(category));
        buf_adds(b, "</dt><dd>");
        html__sayf(b, p->lang, WORD("needs %.*s: %.*s"), STR_ARG(needs), STR_ARG(page__text(l, "why")));
        buf_adds(b, "</dd>\n");
    }
}

static void signers(Buf *b, const Page *p) {
    const Json *s = json_get(p->plan, "signers"), *v = json_get(s, "verdict");
    Str of = joined(p, json_get(v, "of"));
    fact(b, p, WORD("Signers of the plan"), joined(p, json_get(s, "plan")), true);
    if (of.n)
        fact(b, p, WORD("Signers of the verdict"),
             page__printf(p, WORD("%s of %.*s"), page__count(p, page__number(v, "need")), STR_ARG(of)), true);
}

static void notes(Buf *b, const Page *p) {
    for (const Json *m = json_first(json_get(p->plan, "models")); m; m = json_next(m)) {
        if (!page__text(m, "note").n) continue;
        buf_adds(b, "<dt>");
        html__sayf(b, p->lang, WORD("Note on %.*s"), STR_ARG(str_from(json_key(m))));
        buf_adds(b, "</dt><dd>");
        html_escape(b, page__text(m, "note"));
        buf_adds(b, "</dd>\n");
    }
}

static void registered(Buf *b, const Page *p) {
    const char *confidence = page__percent(p, p->confidence, NAN),
               *open = page__percent(p, page__number(p->plan, "unscored_max"), NAN);
    page__h3(b, p, WORD("What the plan registered"));
    buf_adds(b, "<dl class=\"facts\">\n");
    fact(b, p, WORD("Confidence"), page__printf(p, WORD("%s %%, one-sided, for a category together"), confidence),
         false);
    fact(b, p, WORD("Error shared among indicators"), page__word(p, page__text(p->plan, "multiplicity")), false);
    fact(b, p, WORD("Answers that may be open"), page__printf(p, WORD("at most %s %%"), open), false);
    fact(b, p, WORD("Arms asked for"), joined(p, json_get(p->plan, "arms")), false);
    fact(b, p, WORD("Seed"), str_from(page__count(p, page__number(p->plan, "seed"))), false);
    signers(b, p);
    bottlenecks(b, p);
    notes(b, p);
    buf_adds(b, "</dl>\n");
}

/* ---- runs ---- */

static Str closing(const Page *p, const Json *run) {
    Str how = page__text(run, "close"), key = page__text(run, "closed_by");
    if (str_eqz(how, "signed")) return page__printf(p, WORD("signed by key %.*s"), STR_ARG(key));
    return str_eqz(how, "unsigned")  ? str_from(words(p->lang, WORD("closed, not signed")))
           : str_eqz(how, "changed") ? str_from(words(p->lang, WORD("changed since it was closed")))
           : str_eqz(how, "none")    ? str_from(words(p->lang, WORD("not closed")))
                                     : STR("–");
}

static void closed(Buf *b, const Page *p, const Json *run) {
    double times = page__number(run, "closes");
    buf_adds(b, "<td>");
    html__sentence(b, closing(p, run));
    if (page__text(run, "closed_at").n) {
        buf_adds(b, "<small>");
        html_escape(b, page__text(run, "closed_at"));
        buf_adds(b, "</small>");
    }
    if (times > 1.0) {
        buf_adds(b, "<small>");
        html__sayf(b, p->lang, WORD("closed %.0f times"), times);
        buf_adds(b, "</small>");
    }
    buf_adds(b, "</td>");
}

static void run_table(Buf *b, const Page *p) {
    static const PageHead HEADS[] = {
        {"", WORD("Model")},  {"", WORD("Name in the run")},   {"", WORD("Started")}, {"", WORD("Closed")},
        {"", WORD("Counts")}, {"", WORD("Weights (SHA-256)")}, {NULL, NULL}};
    const Json *runs = json_get(p->header, "runs");
    if (!json_count(runs)) return;
    page__h3(b, p, WORD("Runs"));
    page__table(b, p, WORD("Runs"), HEADS);
    for (const Json *r = json_first(runs); r; r = json_next(r)) {
        Str why = page__text(r, "exploratory");
        page__row_head(b, page__text(r, "role"));
        page__td(b, page__text(r, "model"));
        page__td_time(b, page__text(r, "started_at"));
        closed(b, p, r);
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

static void flag(Buf *b, const Page *p, const Json *obj, const char *key) {
    bool v = false;
    if (!json_bool(json_get(obj, key), &v))
        page__td(b, page__text(obj, key));
    else
        page__td(b, str_from(words(p->lang, v ? WORD("yes") : WORD("no"))));
}

/* ---- suites: what is the same for several models stands once ---- */

static const char *const ASKED[] = {"name",        "scorer",  "scorer_version", "tokens",
                                    "temperature", "fewshot", "tools",          NULL},
                         *const HASHED[] = {"name", "sha256", "data_sha256", NULL};

static bool same_value(const Json *a, const Json *b) {
    bool x = false, y = false;
    if (json_type(a) != json_type(b)) return false;
    if (json_type(a) == JSON_NUMBER) return json_num(a) == json_num(b);
    return json_bool(a, &x) && json_bool(b, &y) ? x == y : str_eq(json_str(a), json_str(b));
}

static bool same_suite(const Json *a, const Json *b, const char *const *keys) {
    for (; *keys; keys++)
        if (!same_value(json_get(a, *keys), json_get(b, *keys))) return false;
    return true;
}

/* The models whose runs have a suite like this one, from its own on; "" if an earlier run had it. */
static Str models_of(const Page *p, const Json *run, const Json *suite, const char *const *keys) {
    bool reached = false;
    Str all = STR(""), last = STR("");
    for (const Json *r = json_first(json_get(p->header, "runs")); r; r = json_next(r))
        for (const Json *s = json_first(json_get(r, "suites")); s; s = json_next(s)) {
            reached = reached || (r == run && s == suite);
            if (!same_suite(s, suite, keys)) continue;
            if (!reached) return STR("");
            if (str_eq(last, page__text(r, "role"))) continue; /* several runs of one model */
            last = page__text(r, "role");
            all = all.n ? page__keep(p, str_printf(p->arena, STR_FMT ", " STR_FMT, STR_ARG(all),
                                                   STR_ARG(page__text(r, "role"))))
                        : page__text(r, "role");
        }
    return all;
}

static void setting_row(Buf *b, const Page *p, const Json *s, Str models) {
    page__row_head(b, page__text(s, "name"));
    page__td(b, models);
    page__td(b, page__text(s, "scorer"));
    page__td(b, page__text(s, "scorer_version"));
    page__td_number(b, p, page__number(s, "tokens"), 10);
    page__td_number(b, p, page__number(s, "temperature"), 4);
    page__td_number(b, p, page__number(s, "fewshot"), 4);
    flag(b, p, s, "tools");
    buf_adds(b, "</tr>\n");
}

static void hash_row(Buf *b, const Page *p, const Json *s, Str models) {
    page__row_head(b, page__text(s, "name"));
    page__td(b, models);
    page__td_code(b, page__text(s, "sha256"));
    page__td_code(b, page__text(s, "data_sha256"));
    buf_adds(b, "</tr>\n");
    (void)p;
}

static void suite_rows(Buf *b, const Page *p, const char *const *keys,
                       void (*row)(Buf *, const Page *, const Json *, Str)) {
    for (const Json *r = json_first(json_get(p->header, "runs")); r; r = json_next(r))
        for (const Json *s = json_first(json_get(r, "suites")); s; s = json_next(s)) {
            Str models = models_of(p, r, s, keys);
            if (models.n) row(b, p, s, models);
        }
    html__table_end(b);
}

static void suite_tables(Buf *b, const Page *p) {
    static const PageHead SETTINGS[] = {{"", WORD("Suite")},
                                        {"", WORD("Model")},
                                        {"", WORD("Scorer")},
                                        {"", WORD("Version")},
                                        {"num", WORD("Tokens, at most")},
                                        {"num", WORD("Temperature")},
                                        {"num", WORD("Examples")},
                                        {"", WORD("Tools")},
                                        {NULL, NULL}},
                          HASHES[] = {{"", WORD("Suite")},
                                      {"", WORD("Model")},
                                      {"", WORD("Suite’s file (SHA-256)")},
                                      {"", WORD("Its data (SHA-256)")},
                                      {NULL, NULL}};
    if (!json_count(json_get(p->header, "runs"))) return;
    buf_adds(b, "<details><summary>");
    html__say(b, p->lang, WORD("How the suites were asked, and their hashes"));
    buf_adds(b, "</summary>\n");
    page__table(b, p, WORD("How the suites were asked"), SETTINGS);
    suite_rows(b, p, ASKED, setting_row);
    page__table(b, p, WORD("Hashes of the suites"), HASHES);
    suite_rows(b, p, HASHED, hash_row);
    buf_adds(b, "</details>\n");
}

/* ---- imports ---- */

static void count_table(Buf *b, const Page *p, const Json *imports) {
    static const PageHead HEADS[] = {{"", WORD("Imported")},    {"", WORD("Suite")},      {"", WORD("Metric")},
                                     {"", WORD("Arm")},         {"num", WORD("Counted")}, {"num", WORD("of")},
                                     {"num", WORD("Unscored")}, {"num", WORD("Refused")}, {NULL, NULL}};
    bool begun = false;
    for (const Json *r = json_first(imports); r; r = json_next(r))
        for (const Json *c = json_first(json_get(r, "counts")); c; c = json_next(c)) {
            if (!begun) page__table(b, p, WORD("Imported counts"), HEADS);
            begun = true;
            page__row_head(b, page__text(r, "role"));
            page__td(b, page__text(c, "suite"));
            page__td_word(b, p, page__text(c, "metric"));
            page__td(b, page__text(c, "arm"));
            page__td_number(b, p, page__number(c, "k"), 10);
            page__td_number(b, p, page__number(c, "n"), 10);
            page__td_number(b, p, page__number(c, "unscored"), 10);
            page__td_number(b, p, page__number(c, "refused"), 10);
            buf_adds(b, "</tr>\n");
        }
    if (begun) html__table_end(b);
}

static void import_table(Buf *b, const Page *p) {
    static const PageHead HEADS[] = {{"", WORD("Imported")},       {"", WORD("Name")}, {"", WORD("Measured by")},
                                     {"", WORD("Measured at")},    {"", WORD("How")},  {"", WORD("Scored by")},
                                     {"", WORD("File (SHA-256)")}, {NULL, NULL}};
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
        page__td_word(b, p, page__text(r, "scored_by"));
        page__td_code(b, page__text(r, "sha256"));
        buf_adds(b, "</tr>\n");
    }
    html__table_end(b);
    count_table(b, p, list);
}

void page__runs(Buf *b, const Page *p) {
    html__section(b, p->lang, "runs", WORD("Plan, runs and hashes"));
    registered(b, p);
    run_table(b, p);
    suite_tables(b, p);
    import_table(b, p);
    buf_adds(b, "</section>\n");
}
