/* Every indicator against its threshold, and every paired difference against its margin. Lanes are models; a filled
 * mark holds, an empty one does not. */
#include "reports/audit/audit_page_internal.h"

#include <math.h>

#include "reports/html/html_internal.h"
#include "reports/visible.h"

/* ---- shares ---- */

/* The end of the axis: the smallest of these that holds everything. */
double page__reach_rates(const Page *p) {
    static const double ENDS[] = {0.05, 0.1, 0.2, 0.4, 0.6, 0.8};
    double need = 0.0;
    for (size_t i = 0; i < p->n_rates; i++)
        need = fmax(need, fmax(fmax(p->rates[i].upper, p->rates[i].point), p->rates[i].threshold));
    for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++)
        if (need <= ENDS[i]) return ENDS[i];
    return 1.0;
}

static size_t same_id(const Page *p, size_t from) {
    size_t to = from + 1;
    while (to < p->n_rates && str_eq(p->rates[to].id, p->rates[from].id)) to++;
    return to;
}

static void spoken_rates(Buf *b, const Page *p, size_t from, size_t to) {
    for (size_t i = from; i < to; i++) {
        const PageRate *r = &p->rates[i];
        Str word = page__word(p, r->verdict);
        html__sayf_attr(b, p->lang, WORD("%.*s: %s per cent, %s to %s, threshold %s: %.*s; "),
                        STR_ARG(page__text(r->j, "model")), page__percent(p, r->point, NAN),
                        page__percent(p, r->lower, NAN), page__percent(p, r->upper, NAN),
                        page__percent(p, r->threshold, NAN), STR_ARG(word));
    }
}

static void rate_lane(Buf *b, const PageRate *r, double end, double y) {
    double x = 100.0 / end;
    buf_addf(b, "<g class=\"m%zu\">", r->model % HTML_COLOURS);
    if (!isnan(r->lower) && !isnan(r->upper)) html__horizontal(b, "whisker", x * r->lower, x * r->upper, y);
    if (!isnan(r->point)) html__mark(b, r->model, x * r->point, y, r->sense != PAGE_HOLDS);
    buf_adds(b, "</g>");
}

static void rate_numbers(Buf *b, const Page *p, const PageRate *r) {
    html__small_mark(b, r->model);
    buf_adds(b, "<span class=\"who\">");
    html_escape(b, page__text(r->j, "model"));
    buf_addf(b, "</span><b>%s</b><span class=\"range\">", page__percent(p, r->point, NAN));
    if (isnan(r->lower))
        buf_adds(b, "–");
    else
        html__range(b, p->lang, r->lower, r->upper, html__percent);
    buf_adds(b, "</span>");
}

static void rate_row(Buf *b, const Page *p, size_t from, size_t to, double end) {
    const PageRate *first = &p->rates[from];
    double height = (double)(to - from) * HTML_LANE;
    buf_adds(b, "<div class=\"row\"><div class=\"name\">");
    html_escape(b, first->id);
    buf_adds(b, "<small>");
    html_escape(b, page__word(p, page__text(first->j, "metric")));
    buf_adds(b, "; ");
    html__sayf(b, p->lang, WORD("threshold %s %%"), page__percent(p, first->threshold, NAN));
    buf_addf(b, "</small></div><svg class=\"track\" height=\"%g\" role=\"img\" aria-label=\"", height);
    spoken_rates(b, p, from, to);
    buf_adds(b, "\">");
    for (int i = 0; i <= 4; i++) html__vertical(b, "grid", i * 25, height);
    if (!isnan(first->threshold)) html__vertical(b, "limit", 100.0 * first->threshold / end, height);
    for (size_t i = from; i < to; i++)
        rate_lane(b, &p->rates[i], end, (double)(i - from) * HTML_LANE + HTML_LANE / 2.0);
    buf_adds(b, "</svg><div class=\"nums\">");
    for (size_t i = from; i < to; i++) rate_numbers(b, p, &p->rates[i]);
    buf_adds(b, "</div></div>\n");
}

void page__picture(Buf *b, const Page *p) {
    if (!p->n_rates) return;
    double end = page__reach_rates(p);
    html__section(b, p->lang, "picture", WORD("Every indicator against its threshold"));
    html__p(b, p->lang, "note",
            WORD("Per cent; further left is safer. Mark: the share seen in the worst arm. Bar: from the lower to the "
                 "upper bound, each one-sided. Dashed: the threshold. A filled mark is “below”, an empty one is not."));
    buf_adds(b, "<div class=\"chart\">");
    html__axis_shares(b, end);
    for (size_t i = 0; i < p->n_rates; i = same_id(p, i)) rate_row(b, p, i, same_id(p, i), end);
    buf_adds(b, "</div></section>\n");
}

/* ---- differences ---- */

double page__reach_diffs(const Page *p) {
    static const double HALVES[] = {0.05, 0.1, 0.2, 0.4, 0.6, 0.8};
    double need = 0.0;
    const PageDiff *lists[] = {p->erosions, p->uplifts};
    const size_t counts[] = {p->n_erosions, p->n_uplifts};
    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; i < counts[l]; i++) {
            const PageDiff *d = &lists[l][i];
            need = fmax(need, fmax(fmax(fabs(d->lower), fabs(d->upper)), fmax(fabs(d->margin), fabs(d->diff))));
        }
    for (size_t i = 0; i < sizeof HALVES / sizeof *HALVES; i++)
        if (need <= HALVES[i]) return HALVES[i];
    return 1.0;
}

static void diff_drawing(Buf *b, const PageDiff *d, double half) {
    double scale = 50.0 / half;
    for (int i = -2; i <= 2; i++) html__vertical(b, i ? "grid" : "zero", 50 + i * 25, 36);
    if (!isnan(d->margin)) html__vertical(b, "limit", 50 + scale * d->margin, 36);
    buf_addf(b, "<g class=\"m%zu\">", d->to % HTML_COLOURS);
    if (!isnan(d->lower) && !isnan(d->upper))
        html__horizontal(b, "whisker", 50 + scale * fmax(d->lower, -half), 50 + scale * fmin(d->upper, half), 18);
    if (!isnan(d->diff)) html__mark(b, d->to, 50 + scale * d->diff, 18, d->sense != PAGE_HOLDS);
    buf_adds(b, "</g></svg>");
}

static void diff_row(Buf *b, const Page *p, const PageDiff *d, double half) {
    Str word = page__word(p, d->verdict);
    buf_adds(b, "<div class=\"row\"><div class=\"name\">");
    html_escape(b, d->id);
    buf_adds(b, "<small>");
    page__model_name(b, p, d->from);
    buf_adds(b, " → ");
    page__model_name(b, p, d->to);
    buf_adds(b, "</small></div><svg class=\"track\" height=\"36\" role=\"img\" aria-label=\"");
    html__sayf_attr(b, p->lang, WORD("%s points, %s to %s, margin %s: %.*s"), page__points(p, d->diff),
                    page__points(p, d->lower), page__points(p, d->upper), page__percent(p, d->margin, NAN),
                    STR_ARG(word));
    buf_adds(b, "\">");
    diff_drawing(b, d, half);
    buf_addf(b, "<div class=\"words\"><b>%s</b>", page__points(p, d->diff));
    if (!isnan(d->lower)) {
        buf_adds(b, " <span>(");
        html__range(b, p->lang, d->lower, d->upper, html__signed);
        buf_adds(b, ")</span>");
    }
    buf_adds(b, "<br>");
    page__verdict(b, p, d->verdict);
    buf_adds(b, "</div></div>\n");
}

/* ---- what lies behind a difference ---- */

static void id_list(Buf *b, const Page *p, const char *title, const Json *list) {
    if (!json_count(list)) return;
    buf_adds(b, "<h3>");
    html__sayf(b, p->lang, title, json_count(list));
    buf_adds(b, "</h3><ul class=\"ids\">");
    for (const Json *i = json_first(list); i; i = json_next(i)) {
        buf_adds(b, "<li><code>");
        html_escape(b, json_str(i));
        buf_adds(b, "</code></li>");
    }
    buf_adds(b, "</ul>\n");
}

static void flips(Buf *b, const Page *p, const PageDiff *d) {
    if (!d->n_lost && !d->n_gained) return;
    buf_adds(b, "<details><summary>");
    html__sayf(b, p->lang, WORD("%.*s: the %zu items that changed, by id"), STR_ARG(d->id), d->n_lost + d->n_gained);
    buf_adds(b, "</summary>\n");
    id_list(b, p, WORD("Declined before, not now: %zu"), json_get(d->j, "lost"));
    id_list(b, p, WORD("Declined now, not before: %zu"), json_get(d->j, "gained"));
    buf_adds(b, "</details>\n");
}

/* Of a difference to a reference: both rates, and what the reference itself comes to. */
static void rates_behind(Buf *b, const Page *p, const PageDiff *d) {
    double ours = page__number(d->j, "rate_candidate"), theirs = page__number(d->j, "rate_reference");
    Str verdict = page__word(p, page__text(d->j, "reference_verdict"));
    if (!isnan(ours) && !isnan(theirs)) {
        buf_addc(b, ' ');
        html__sayf(b, p->lang, WORD("%.*s: %s %%, %.*s: %s %%."), STR_ARG(page__text(d->j, "candidate")),
                   page__percent(p, ours, NAN), STR_ARG(page__text(d->j, "reference")), page__percent(p, theirs, NAN));
    }
    if (!isnan(page__number(d->j, "candidate_only"))) {
        buf_addc(b, ' ');
        html__sayf(b, p->lang, WORD("Both %s, the candidate alone %s, the reference alone %s, neither %s."),
                   page__count(p, page__number(d->j, "both")), page__count(p, page__number(d->j, "candidate_only")),
                   page__count(p, page__number(d->j, "reference_only")), page__count(p, page__number(d->j, "neither")));
    }
    if (verdict.n) {
        buf_addc(b, ' ');
        html__sayf(b, p->lang, WORD("The reference’s own verdict (%.*s): %.*s."),
                   STR_ARG(page__text(d->j, "reference_indicator")), STR_ARG(verdict));
    }
    if (page__true(d->j, "imported")) {
        buf_addc(b, ' ');
        html__say(b, p->lang, WORD("The reference’s results were imported."));
    }
    if (json_get(d->j, "paired") && !page__true(d->j, "paired")) {
        buf_addc(b, ' ');
        html__say(b, p->lang, WORD("Its items are not known one by one, so the two rates are compared as wholes."));
    }
}

static void diff_details(Buf *b, const Page *p, const PageDiff *d) {
    bool english;
    Str method = page__told(p, page__text(d->j, "method"), &english);
    double needed = page__number(d->j, "pairs_needed"), open = page__number(d->j, "n_open"),
           unmatched = page__number(d->j, "n_unmatched");
    buf_adds(b, "<p class=\"detail\">");
    html__sayf(b, p->lang, WORD("%.*s: %s pairs, %s without a score on one side, %s without a counterpart; %s."),
               STR_ARG(d->id), page__count(p, d->pairs), page__count(p, open), page__count(p, unmatched),
               page__p(p, page__number(d->j, "p")));
    if (!isnan(needed)) {
        buf_addc(b, ' ');
        html__sayf(b, p->lang,
                   WORD("If nothing were lost, %.0f pairs would show it with 80 %% certainty at this share of items "
                        "that differ."),
                   ceil(needed));
    }
    rates_behind(b, p, d);
    if (method.n) {
        buf_addc(b, ' ');
        html__sayf(b, p->lang, WORD("Interval: %.*s."), STR_ARG(method));
    }
    if (d->why.n) {
        buf_addc(b, ' ');
        html__say(b, p->lang, WORD("Why:"));
        buf_addc(b, ' ');
        page__say_told(b, p, d->why);
        buf_addc(b, '.');
    }
    buf_adds(b, "</p>\n");
}

static void chart(Buf *b, const Page *p, const PageDiff *v, size_t n, double half) {
    buf_adds(b, "<div class=\"chart\">");
    html__axis(b, p->lang, half, WORD("equal"));
    for (size_t i = 0; i < n; i++) diff_row(b, p, &v[i], half);
    buf_adds(b, "</div>\n");
    for (size_t i = 0; i < n; i++) diff_details(b, p, &v[i]);
}

void page__differences(Buf *b, const Page *p) {
    double half = page__reach_diffs(p);
    if (p->n_erosions) {
        html__section(b, p->lang, "erosion", WORD("Erosion of refusals"));
        html__p(b, p->lang, "note",
                WORD("Points by which fewer harmful requests are declined, on the same items; further left is safer. "
                     "“Not eroded” needs the whole bar left of the dashed margin. No evidence of a change is not "
                     "evidence that there is none."));
        chart(b, p, p->erosions, p->n_erosions, half);
        for (size_t i = 0; i < p->n_erosions; i++) flips(b, p, &p->erosions[i]);
        buf_adds(b, "</section>\n");
    }
    if (p->n_uplifts) {
        html__section(b, p->lang, "marginal", WORD("Beyond a reference"));
        html__p(b, p->lang, "note",
                WORD("Points by which the rate is higher than the reference’s, on the same items where they match; "
                     "further left is safer. “No uplift” needs the whole bar left of the dashed margin."));
        chart(b, p, p->uplifts, p->n_uplifts, half);
        buf_adds(b, "</section>\n");
    }
}
