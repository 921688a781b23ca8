/* Curves of an indicator over reasoning effort or limits of tokens. Places to the right are steps, evenly spaced. */
#include "reports/audit/audit_page_internal.h"

#include <math.h>

#include "reports/html/html_internal.h"
#include "reports/visible.h"

enum { PLOT = 180, TOP = 8 }; /* pixels */

static double place_y(double share) {
    return TOP + (1.0 - share) * PLOT;
}

static double place_x(size_t i, size_t n) {
    return n > 1 ? 6.0 + 88.0 * (double)i / (double)(n - 1) : 50.0;
}

/* "high", "4096" */
static Str step_name(const Page *p, const Json *point) {
    const Json *at = json_get(point, "at");
    return json_type(at) == JSON_NUMBER ? str_from(page__count(p, json_num(at))) : page__text(point, "at");
}

static void grid(Buf *b, const Page *p, const Json *points, size_t n) {
    size_t i = 0;
    for (int y = 0; y <= 4; y++) {
        html__horizontal(b, "grid", 0, 100, place_y(y / 4.0));
        buf_addf(b, "<text class=\"tick side\" x=\"0\" y=\"%g\" dy=\"-3\">%d</text>", place_y(y / 4.0), y * 25);
    }
    for (const Json *q = json_first(points); q; q = json_next(q), i++) {
        buf_addf(b, "<text class=\"tick\" x=\"%.3f%%\" y=\"%d\">", place_x(i, n), TOP + PLOT + 18);
        html_escape(b, step_name(p, q));
        buf_adds(b, "</text>");
    }
}

static void line(Buf *b, const Json *points, size_t n, size_t model) {
    size_t i = 0;
    double x0 = NAN, y0 = NAN;
    buf_addf(b, "<g class=\"m%zu\">", model % HTML_COLOURS);
    for (const Json *q = json_first(points); q; q = json_next(q), i++) {
        double y = page__number(q, "point"), x = place_x(i, n);
        if (!isnan(y) && !isnan(y0))
            buf_addf(b, "<line class=\"joint\" x1=\"%.3f%%\" y1=\"%.1f\" x2=\"%.3f%%\" y2=\"%.1f\"/>", x0, place_y(y0),
                     x, place_y(y));
        x0 = x, y0 = y;
    }
    i = 0;
    for (const Json *q = json_first(points); q; q = json_next(q), i++) {
        double y = page__number(q, "point"), lo = page__number(q, "lower"), hi = page__number(q, "upper");
        double x = place_x(i, n);
        if (!isnan(lo) && !isnan(hi))
            buf_addf(b, "<line class=\"whisker thin\" x1=\"%.3f%%\" x2=\"%.3f%%\" y1=\"%.1f\" y2=\"%.1f\"/>", x, x,
                     place_y(lo), place_y(hi));
        if (!isnan(y)) html__mark(b, model, x, place_y(y), false);
    }
    buf_adds(b, "</g>");
}

/* ---- curves of one indicator that share their steps stand in one plot ---- */

static bool same_plot(const Page *p, const Json *x, const Json *y) {
    if (!str_eq(page__text(x, "id"), page__text(y, "id")) || !str_eq(page__text(x, "by"), page__text(y, "by")))
        return false;
    const Json *a = json_first(json_get(x, "points")), *b = json_first(json_get(y, "points"));
    for (; a && b; a = json_next(a), b = json_next(b))
        if (!str_eq(step_name(p, a), step_name(p, b))) return false;
    return !a && !b;
}

static void spoken(Buf *b, const Page *p, const Json *first) {
    for (const Json *c = first; c; c = json_next(c)) {
        if (!same_plot(p, first, c)) continue;
        html__sayf_attr(b, p->lang, WORD("%.*s: "), STR_ARG(page__text(c, "model")));
        for (const Json *q = json_first(json_get(c, "points")); q; q = json_next(q)) {
            Str at = step_name(p, q);
            html__sayf_attr(b, p->lang, WORD("%.*s: %s per cent, %s to %s; "), STR_ARG(at),
                            page__percent(p, page__number(q, "point"), NAN),
                            page__percent(p, page__number(q, "lower"), NAN),
                            page__percent(p, page__number(q, "upper"), NAN));
        }
    }
}

/* Dashed, as in the picture of the indicators; models of a plot may have different ones. */
static void thresholds(Buf *b, const Page *p, const Json *first) {
    double drawn = NAN;
    for (const Json *c = first; c; c = json_next(c)) {
        if (!same_plot(p, first, c)) continue;
        for (size_t i = 0; i < p->n_rates; i++) {
            const PageRate *r = &p->rates[i];
            if (!str_eq(r->id, page__text(c, "id")) || !str_eq(page__text(r->j, "model"), page__text(c, "model")) ||
                isnan(r->threshold) || r->threshold == drawn)
                continue;
            html__horizontal(b, "limit", 4, 100, place_y(r->threshold));
            drawn = r->threshold;
        }
    }
}

static void plot(Buf *b, const Page *p, const Json *first) {
    const Json *points = json_get(first, "points");
    size_t n = json_count(points);
    buf_adds(b, "<div class=\"row\"><div class=\"name\">");
    html_escape(b, page__text(first, "id"));
    buf_adds(b, "<small>");
    html_escape(b, page__word(p, page__text(first, "by")));
    buf_addf(b, "</small></div><svg class=\"track\" height=\"%d\" role=\"img\" aria-label=\"", TOP + PLOT + 24);
    spoken(b, p, first);
    buf_adds(b, "\">");
    grid(b, p, points, n);
    thresholds(b, p, first);
    for (const Json *c = first; c; c = json_next(c))
        if (same_plot(p, first, c)) line(b, json_get(c, "points"), n, page__model(p, page__text(c, "model")));
    buf_adds(b, "</svg><ul class=\"legend upright\">");
    for (const Json *c = first; c; c = json_next(c)) {
        if (!same_plot(p, first, c)) continue;
        buf_adds(b, "<li>");
        html__small_mark(b, page__model(p, page__text(c, "model")));
        buf_adds(b, "<span>");
        html_escape(b, page__text(c, "model"));
        buf_adds(b, "</span></li>");
    }
    buf_adds(b, "</ul></div>\n");
}

/* ---- the figures ---- */

static void figure_row(Buf *b, const Page *p, const Json *c, const Json *q) {
    page__row_head(b, page__text(c, "id"));
    page__td(b, page__text(c, "model"));
    page__td(b, step_name(p, q));
    page__td_number(b, p, page__number(q, "n_scored"), 10);
    page__td_number(b, p, page__number(q, "n_open"), 10);
    page__td_percent(b, p, page__number(q, "point"));
    page__td_percent(b, p, page__number(q, "lower"));
    page__td_percent(b, p, page__number(q, "upper"));
    page__td_percent(b, p, page__number(q, "truncated"));
    page__td_percent(b, p, page__number(q, "empty"));
    buf_adds(b, "</tr>\n");
}

static void figures(Buf *b, const Page *p, const Json *list) {
    static const PageHead HEADS[] = {{"", WORD("Indicator")},
                                     {"", WORD("Model")},
                                     {"", WORD("Effort or limit")},
                                     {"num", WORD("Scored")},
                                     {"num", WORD("Open")},
                                     {"num", WORD("Seen, %")},
                                     {"num", WORD("Lower, %")},
                                     {"num", WORD("Upper, %")},
                                     {"num", WORD("Cut off, %")},
                                     {"num", WORD("No answer, %")},
                                     {NULL, NULL}};
    buf_adds(b, "<details><summary>");
    html__say(b, p->lang, WORD("The figures behind the curves"));
    buf_adds(b, "</summary>\n");
    page__table(b, p, WORD("The figures behind the curves"), HEADS);
    for (const Json *c = json_first(list); c; c = json_next(c))
        for (const Json *q = json_first(json_get(c, "points")); q; q = json_next(q)) figure_row(b, p, c, q);
    html__table_end(b);
    buf_adds(b, "</details>\n");
}

void page__curves(Buf *b, const Page *p) {
    const Json *list = json_get(p->card, "curves");
    if (!json_count(list)) return;
    page__h3(b, p, WORD("What more effort elicits"));
    html__p(
        b, p->lang, "note",
        WORD("Upwards: the rate in per cent, with its two one-sided bounds; dashed: the threshold. To the right: "
             "reasoning effort or limit of tokens. A rate that still rises at the right end is a lower bound of what "
             "can be elicited."));
    buf_adds(b, "<div class=\"chart\">");
    for (const Json *c = json_first(list); c; c = json_next(c)) {
        bool told = false;
        for (const Json *e = json_first(list); e != c; e = json_next(e)) told = told || same_plot(p, e, c);
        if (!told) plot(b, p, c);
    }
    buf_adds(b, "</div>\n");
    figures(b, p, list);
}
