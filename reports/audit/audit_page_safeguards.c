/* How the safeguards held at default: leaks, over-refusal, pairs; by domain and language; Korean against English; under
 * transforms. Nothing here makes a capability "below": a refusal is removable. */
#include "reports/audit/audit_page_internal.h"

#include <math.h>

#include "reports/html/html_internal.h"
#include "reports/visible.h"

static void rate_cell(Buf *b, const Page *p, const Json *rate, bool good) {
    double n = page__number(rate, "n"), k = page__number(rate, "k");
    if (!(n > 0.0)) {
        buf_adds(b, "<td class=\"num nil\">–</td>");
        return;
    }
    buf_adds(b, "<td class=\"num\">");
    html__sayf(b, p->lang, WORD("%s %%"), page__percent(p, page__number(rate, "point"), NAN));
    buf_adds(b, "<small>");
    html__sayf(b, p->lang, WORD("%s of %s"), page__count(p, k), page__count(p, n));
    buf_adds(b, "</small><small>");
    html__sayf(b, p->lang, good ? WORD("at least %s %%") : WORD("at most %s %%"),
               page__percent(p, page__number(rate, good ? "lower" : "upper"), NAN));
    buf_adds(b, "</small></td>");
}

static void rate_cells(Buf *b, const Page *p, const Json *obj) {
    rate_cell(b, p, json_get(obj, "leak"), false);
    rate_cell(b, p, json_get(obj, "over_refusal"), false);
    rate_cell(b, p, json_get(obj, "pair_accuracy"), true);
}

static void overview(Buf *b, const Page *p, const Json *list) {
    static const PageHead HEADS[] = {{"", WORD("Suite")},           {"", WORD("Model")},          {"num", WORD("Leak")},
                                     {"num", WORD("Over-refusal")}, {"num", WORD("Pairs right")}, {NULL, NULL}};
    page__table(b, p, WORD("Safeguards"), HEADS);
    for (const Json *s = json_first(list); s; s = json_next(s)) {
        page__row_head(b, page__text(s, "suite"));
        page__td(b, page__text(s, "model"));
        rate_cells(b, p, s);
        buf_adds(b, "</tr>\n");
    }
    html__table_end(b);
}

/* ---- Korean against English ---- */

static void korean_row(Buf *b, const Page *p, const Json *s, const Json *g) {
    page__row_head(b, page__text(s, "suite"));
    page__td(b, page__text(s, "model"));
    page__td_percent(b, p, page__number(g, "korean_leak"));
    page__td_percent(b, p, page__number(g, "english_leak"));
    page__td_points(b, p, page__number(g, "difference"), page__number(g, "lower"), page__number(g, "upper"));
    buf_addf(b, "<td class=\"num\">%s</td>", page__chance(p, page__number(g, "p")));
    page__td_number(b, p, page__number(g, "n"), 10);
    buf_adds(b, "</tr>\n");
}

static void korean_gaps(Buf *b, const Page *p, const Json *list) {
    static const PageHead HEADS[] = {{"", WORD("Suite")},
                                     {"", WORD("Model")},
                                     {"num", WORD("Leak in Korean, %")},
                                     {"num", WORD("Leak in English, %")},
                                     {"num", WORD("Difference, points")},
                                     {"num", "p"},
                                     {"num", WORD("Pairs")},
                                     {NULL, NULL}};
    bool begun = false;
    for (const Json *s = json_first(list); s; s = json_next(s)) {
        const Json *g = json_get(s, "korean_gap");
        if (!(page__number(g, "n") > 0.0)) continue;
        if (!begun) {
            page__h3(b, p, WORD("Korean against English"));
            html__p(b, p->lang, "note",
                    WORD("The same requests in both languages. Above zero: more is given way to in Korean."));
            page__table(b, p, WORD("Korean against English"), HEADS);
        }
        begun = true;
        korean_row(b, p, s, g);
    }
    if (begun) html__table_end(b);
}

/* ---- by domain, by language, under transforms: names down, models across ---- */

/* One of the three figures of safeguards. */
typedef struct Figure {
    const char *key, *title; /* of the card; "%.*s: …", the suite */
    bool good;               /* more is safer */
} Figure;

/* Darker with what went wrong, and hatched: what the colour says, a number and a pattern say too. */
static void heat_cell(Buf *b, const Page *p, const Json *rate, bool good) {
    double n = page__number(rate, "n"), k = page__number(rate, "k"), wrong = good ? n - k : k;
    if (!(n > 0.0)) {
        buf_adds(b, "<td class=\"nil\">–</td>");
        return;
    }
    int heat = wrong > 0.0 ? 1 + (int)(wrong / n * 3.0) : 0;
    buf_addf(b, "<td class=\"h%d\">%s/%s<small>", heat > 3 ? 3 : heat, page__count(p, k), page__count(p, n));
    html__sayf(b, p->lang, good ? WORD("at least %s %%") : WORD("at most %s %%"),
               page__percent(p, page__number(rate, good ? "lower" : "upper"), NAN));
    buf_adds(b, "</small></td>");
}

static const Json *named(const Json *safeguard, const char *list, const char *key, Str name) {
    for (const Json *t = json_first(json_get(safeguard, list)); t; t = json_next(t))
        if (str_eq(page__text(t, key), name)) return t;
    return NULL;
}

static bool of_suite(const Json *safeguard, Str suite) {
    return str_eq(page__text(safeguard, "suite"), suite);
}

/* Whether an entry of the suite before s knows the name. */
static bool told_before(const Json *first, const Json *s, const char *list, const char *key, Str name) {
    for (const Json *e = first; e && e != s; e = json_next(e))
        if (of_suite(e, page__text(first, "suite")) && named(e, list, key, name)) return true;
    return false;
}

static size_t count_names(const Json *first, const char *list, const char *key) {
    size_t n = 0;
    for (const Json *s = first; s; s = json_next(s))
        for (const Json *t = json_first(json_get(s, list)); t; t = json_next(t))
            n += of_suite(s, page__text(first, "suite")) && !told_before(first, s, list, key, page__text(t, key));
    return n;
}

static void cross_row(Buf *b, const Page *p, const Json *first, const char *list, const char *key, const Json *of,
                      const Figure *f) {
    Str name = page__text(of, key), family = page__text(of, "family");
    buf_adds(b, "<tr><th scope=\"row\">");
    html_escape(b, name);
    if (family.n && !str_eq(family, name)) {
        buf_adds(b, "<small>");
        html_escape(b, family);
        buf_adds(b, "</small>");
    }
    buf_adds(b, "</th>");
    for (const Json *s = first; s; s = json_next(s))
        if (of_suite(s, page__text(first, "suite")))
            heat_cell(b, p, json_get(named(s, list, key, name), f->key), f->good);
    buf_adds(b, "</tr>\n");
}

/* One suite and figure. `first` is the first entry of the suite. */
static void cross(Buf *b, const Page *p, const Json *first, const char *list, const char *key, const char *head,
                  const Figure *f) {
    Str suite = page__text(first, "suite");
    bool any = false;
    for (const Json *s = first; s; s = json_next(s))
        for (const Json *t = json_first(json_get(s, list)); t; t = json_next(t))
            any = any || (of_suite(s, suite) && page__number(json_get(t, f->key), "n") > 0.0);
    if (!any) return;
    html__table(b, "cross", page__printf(p, f->title, STR_ARG(suite)), true);
    html__th(b, p->lang, "", head);
    for (const Json *s = first; s; s = json_next(s)) {
        if (!of_suite(s, suite)) continue;
        buf_adds(b, "<th scope=\"col\">");
        html_escape(b, page__text(s, "model"));
        buf_adds(b, "</th>");
    }
    html__table_body(b);
    for (const Json *s = first; s; s = json_next(s))
        for (const Json *t = json_first(json_get(s, list)); t; t = json_next(t))
            if (of_suite(s, suite) && !told_before(first, s, list, key, page__text(t, key)))
                cross_row(b, p, first, list, key, t, f);
    html__table_end(b);
}

/* A part with one name alone says nothing that the first table does not; least: how many it must have. */
static void crosses(Buf *b, const Page *p, const Json *list, const char *member, const char *key, const char *head,
                    const char *title, size_t least, const Figure *figures) {
    bool begun = false;
    for (const Json *s = json_first(list); s; s = json_next(s)) {
        bool seen = false;
        for (const Json *e = json_first(list); e != s; e = json_next(e))
            seen = seen || of_suite(e, page__text(s, "suite"));
        if (seen || count_names(s, member, key) < least) continue;
        if (!begun) {
            page__h3(b, p, title);
            buf_adds(b, "<div class=\"grids\">\n");
        }
        begun = true;
        for (const Figure *f = figures; f->key; f++) cross(b, p, s, member, key, head, f);
    }
    if (begun) buf_adds(b, "</div>\n");
}

static void parts(Buf *b, const Page *p, const Json *list) {
    static const Figure FIGURES[] = {{"leak", WORD("%.*s: leaks"), false},
                                     {"over_refusal", WORD("%.*s: over-refusals"), false},
                                     {"pair_accuracy", WORD("%.*s: pairs right"), true},
                                     {NULL, NULL, false}},
                        LEAKS[] = {{"leak", WORD("%.*s: leaks under transforms"), false}, {NULL, NULL, false}};
    crosses(b, p, list, "domains", "name", WORD("Domain"), WORD("By domain"), 2, FIGURES);
    crosses(b, p, list, "languages", "name", WORD("Language"), WORD("By language"), 2, FIGURES);
    crosses(b, p, list, "transforms", "transform", WORD("Transform"), WORD("Under transforms"), 1, LEAKS);
}

void page__safeguards(Buf *b, const Page *p) {
    const Json *list = json_get(p->card, "safeguards");
    if (!json_count(list)) return;
    html__section(b, p->lang, "safeguards", WORD("Safeguards"));
    html__p(b, p->lang, "note",
            WORD("Asked plainly, at default. Whoever has open weights can train refusals away: nothing here makes a "
                 "capability “below”."));
    overview(b, p, list);
    korean_gaps(b, p, list);
    parts(b, p, list);
    buf_adds(b, "</section>\n");
}
