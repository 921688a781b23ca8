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

static void spoken(Buf *b, const Page *p, const Json *points) {
    for (const Json *q = json_first(points); q; q = json_next(q)) {
        Str at = step_name(p, q);
        html__sayf_attr(b, p->lang, WORD("%.*s: %s per cent, %s to %s; "), STR_ARG(at),
                        page__percent(p, page__number(q, "point"), NAN),
                        page__percent(p, page__number(q, "lower"), NAN),
                        page__percent(p, page__number(q, "upper"), NAN));
    }
}

static void row(Buf *b, const Page *p, const Json *c) {
    const Json *points = json_get(c, "points");
    size_t n = json_count(points), model = page__model(p, page__text(c, "model"));
    buf_adds(b, "<div class=\"row\"><div class=\"name\">");
    html_escape(b, page__text(c, "id"));
    buf_adds(b, "<small>");
    html_escape(b, page__word(p, page__text(c, "by")));
    buf_addf(b, "</small></div><svg class=\"track\" height=\"%d\" role=\"img\" aria-label=\"", TOP + PLOT + 24);
    spoken(b, p, points);
    buf_adds(b, "\">");
    grid(b, p, points, n);
    line(b, points, n, model);
    buf_adds(b, "</svg><ul class=\"legend upright\"><li>");
    html__small_mark(b, model);
    buf_adds(b, "<span>");
    html_escape(b, page__text(c, "model"));
    buf_adds(b, "</span></li></ul></div>\n");
}

void page__curves(Buf *b, const Page *p) {
    const Json *list = json_get(p->card, "curves");
    if (!json_count(list)) return;
    page__h3(b, p, WORD("What more effort elicits"));
    html__p(
        b, p->lang, "note",
        WORD("Upwards: the rate in per cent, with its two one-sided bounds. To the right: reasoning effort or limit "
             "of tokens. A rate that still rises at the right end is a lower bound of what can be elicited."));
    buf_adds(b, "<div class=\"chart\">");
    for (const Json *c = json_first(list); c; c = json_next(c)) row(b, p, c);
    buf_adds(b, "</div>\n");
}
