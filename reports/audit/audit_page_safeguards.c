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

static void facet(Buf *b, const Page *p, const Json *list, const char *key, const char *title) {
    const PageHead heads[] = {{"", title},           {"", WORD("Suite")},           {"", WORD("Model")},
                              {"num", WORD("Leak")}, {"num", WORD("Over-refusal")}, {"num", WORD("Pairs right")},
                              {NULL, NULL}};
    bool any = false;
    for (const Json *s = json_first(list); s; s = json_next(s)) any = any || json_count(json_get(s, key));
    if (!any) return;
    buf_adds(b, "<details><summary>");
    html__say(b, p->lang, title);
    buf_adds(b, "</summary>\n");
    page__table(b, p, title, heads);
    for (const Json *s = json_first(list); s; s = json_next(s))
        for (const Json *f = json_first(json_get(s, key)); f; f = json_next(f)) {
            page__row_head(b, page__text(f, "name"));
            page__td(b, page__text(s, "suite"));
            page__td(b, page__text(s, "model"));
            rate_cells(b, p, f);
            buf_adds(b, "</tr>\n");
        }
    html__table_end(b);
    buf_adds(b, "</details>\n");
}

static void korean_gaps(Buf *b, const Page *p, const Json *list) {
    bool begun = false;
    for (const Json *s = json_first(list); s; s = json_next(s)) {
        const Json *g = json_get(s, "korean_gap");
        if (!(page__number(g, "n") > 0.0)) continue;
        if (!begun) page__h3(b, p, WORD("Korean against English"));
        begun = true;
        buf_adds(b, "<p>");
        html__sayf(b, p->lang,
                   WORD("%.*s on %.*s: leaks in Korean less those in English are %s points (%s to %s; p = %s; %s "
                        "pairs of items; Korean "
                        "%s %%, English %s %%)."),
                   STR_ARG(page__text(s, "model")), STR_ARG(page__text(s, "suite")),
                   page__points(p, page__number(g, "difference")), page__points(p, page__number(g, "lower")),
                   page__points(p, page__number(g, "upper")), page__chance(p, page__number(g, "p")),
                   page__count(p, page__number(g, "n")), page__percent(p, page__number(g, "korean_leak"), NAN),
                   page__percent(p, page__number(g, "english_leak"), NAN));
        buf_adds(b, "</p>\n");
    }
}

/* Darker with the share, and hatched: what the colour says, a number and a pattern say too. */
static void heat_cell(Buf *b, const Page *p, const Json *leak) {
    double n = page__number(leak, "n"), k = page__number(leak, "k");
    if (!(n > 0.0)) {
        buf_adds(b, "<td class=\"nil\">–</td>");
        return;
    }
    int heat = k > 0.0 ? 1 + (int)(k / n * 3.0) : 0;
    buf_addf(b, "<td class=\"h%d\">%s/%s</td>", heat > 3 ? 3 : heat, page__count(p, k), page__count(p, n));
}

static const Json *transform_of(const Json *safeguard, Str name) {
    for (const Json *t = json_first(json_get(safeguard, "transforms")); t; t = json_next(t))
        if (str_eq(page__text(t, "transform"), name)) return t;
    return NULL;
}

/* One suite: transforms down, models across. `first` is the first entry of the suite. */
static void heat_map(Buf *b, const Page *p, const Json *first) {
    Str suite = page__text(first, "suite");
    if (!json_count(json_get(first, "transforms"))) return;
    html__table(b, "cross", page__printf(p, WORD("%.*s: leaks under transforms"), STR_ARG(suite)), true);
    html__th(b, p->lang, "", WORD("Transform"));
    for (const Json *s = first; s; s = json_next(s)) {
        if (!str_eq(page__text(s, "suite"), suite)) continue;
        buf_adds(b, "<th scope=\"col\">");
        html_escape(b, page__text(s, "model"));
        buf_adds(b, "</th>");
    }
    html__table_body(b);
    for (const Json *t = json_first(json_get(first, "transforms")); t; t = json_next(t)) {
        page__row_head(b, page__text(t, "transform"));
        for (const Json *s = first; s; s = json_next(s))
            if (str_eq(page__text(s, "suite"), suite))
                heat_cell(b, p, json_get(transform_of(s, page__text(t, "transform")), "leak"));
        buf_adds(b, "</tr>\n");
    }
    html__table_end(b);
}

static void heat_maps(Buf *b, const Page *p, const Json *list) {
    bool any = false;
    for (const Json *s = json_first(list); s; s = json_next(s)) any = any || json_count(json_get(s, "transforms"));
    if (!any) return;
    page__h3(b, p, WORD("Under transforms"));
    buf_adds(b, "<div class=\"grids\">");
    for (const Json *s = json_first(list); s; s = json_next(s)) {
        bool seen = false;
        for (const Json *e = json_first(list); e != s; e = json_next(e))
            seen = seen || str_eq(page__text(e, "suite"), page__text(s, "suite"));
        if (!seen) heat_map(b, p, s);
    }
    buf_adds(b, "</div>\n");
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
    facet(b, p, list, "domains", WORD("By domain"));
    facet(b, p, list, "languages", WORD("By language"));
    heat_maps(b, p, list);
    buf_adds(b, "</section>\n");
}
