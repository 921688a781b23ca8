/* The rating curve: share of problems solved against how hard they are, where samples have a rating (Codeforces' and
 * the like). A model's rating is the difficulty at which it solves half: reports/stats/stats_rating.h. Every question
 * counts once, with the mean of its repeats; what has no score is left out, as in all means. */
#include "reports/html/html_internal.h"

#include <math.h>

#include "reports/stats/stats.h"
#include "reports/stats/stats_rating.h"
#include "reports/visible.h"

enum { PLOT = 180, TOP = 8, STEPS = 48, MAX_BINS = 20, BIN = 200 };

/* The difficulties of one row of the chart: [from, to], in bins of `width`. */
typedef struct Span {
    double from, to, width;
    size_t n_bins;
} Span;

typedef struct Problems {
    double *d, *y, *w; /* [n] */
    size_t n;
} Problems;

static bool is_rated(const SumQuestion *q) {
    return !isnan(q->rating) && q->n_scored > 0;
}

/* Primary cells, asked plainly, with rated problems. */
static bool belongs(const SumCell *c) {
    if (!c->primary || c->transform != 0) return false;
    for (size_t i = 0; i < c->n_questions; i++)
        if (is_rated(&c->questions[i])) return true;
    return false;
}

static bool same_row(const SumCell *a, const SumCell *b) {
    return belongs(b) && a->suite == b->suite && a->effort == b->effort;
}

static Span span_of(const Summary *s, const SumCell *first) {
    double lo = INFINITY, hi = -INFINITY;
    for (size_t i = 0; i < s->n_cells; i++) {
        const SumCell *c = &s->cells[i];
        if (!same_row(first, c)) continue;
        for (size_t k = 0; k < c->n_questions; k++)
            if (is_rated(&c->questions[k]))
                lo = fmin(lo, c->questions[k].rating), hi = fmax(hi, c->questions[k].rating);
    }
    Span a = {.width = BIN};
    while ((floor(hi / a.width) - floor(lo / a.width)) + 1.0 > MAX_BINS) a.width *= 2.0;
    a.from = floor(lo / a.width) * a.width;
    a.n_bins = (size_t)(floor(hi / a.width) - floor(lo / a.width)) + 1;
    a.to = a.from + (double)a.n_bins * a.width;
    return a;
}

static bool problems_of(const Summary *s, const SumCell *c, Problems *p) {
    *p = (Problems){.d = arena_array(s->arena, c->n_questions, sizeof(double)),
                    .y = arena_array(s->arena, c->n_questions, sizeof(double)),
                    .w = arena_array(s->arena, c->n_questions, sizeof(double))};
    if (!p->d || !p->y || !p->w) return false;
    for (size_t i = 0; i < c->n_questions; i++) {
        const SumQuestion *q = &c->questions[i];
        if (!is_rated(q)) continue;
        p->d[p->n] = q->rating;
        p->y[p->n] = q->sum / (double)q->n_scored;
        p->w[p->n++] = 1.0;
    }
    return true;
}

/* ---- drawing ---- */

static double place_y(double share) {
    return TOP + (1.0 - share) * PLOT;
}

static double place_x(const Span *a, double rating) {
    return 100.0 * (rating - a->from) / (a->to - a->from);
}

static void grid(Buf *b, const Span *a) {
    for (int i = 0; i <= 4; i++) {
        html__horizontal(b, "grid", 0, 100, place_y(i / 4.0));
        buf_addf(b, "<text class=\"tick side\" x=\"0\" y=\"%g\" dy=\"-3\">%d</text>", place_y(i / 4.0), i * 25);
    }
    for (int i = 0; i <= 4; i++)
        buf_addf(b, "<text class=\"tick%s\" x=\"%d%%\" y=\"%d\">%.0f</text>",
                 i == 0   ? " first"
                 : i == 4 ? " last"
                          : "",
                 i * 25, TOP + PLOT + 18, a->from + (a->to - a->from) * i / 4.0);
}

/* The curve that the rating stands for. */
static void curve(Buf *b, const Span *a, double rating) {
    for (int i = 0; i < STEPS; i++) {
        double d0 = a->from + (a->to - a->from) * i / STEPS, d1 = a->from + (a->to - a->from) * (i + 1) / STEPS;
        buf_addf(b, "<line class=\"joint\" x1=\"%.3f%%\" y1=\"%.1f\" x2=\"%.3f%%\" y2=\"%.1f\"/>", place_x(a, d0),
                 place_y(1.0 / (1.0 + pow(10.0, (d0 - rating) / 400.0))), place_x(a, d1),
                 place_y(1.0 / (1.0 + pow(10.0, (d1 - rating) / 400.0))));
    }
}

/* The share solved in each bin, with Wilson's interval, at the mean difficulty of the bin. */
static void points(Buf *b, const Span *a, const Problems *p, size_t model) {
    for (size_t k = 0; k < a->n_bins; k++) {
        double n = 0.0, solved = 0.0, sum = 0.0;
        for (size_t i = 0; i < p->n; i++) {
            if ((size_t)((p->d[i] - a->from) / a->width) != k) continue;
            n += 1.0, solved += p->y[i], sum += p->d[i];
        }
        if (n == 0.0) continue;
        StatRange w = stat_wilson(solved, n, SUM_CONF);
        double x = place_x(a, sum / n);
        buf_addf(b, "<line class=\"whisker thin\" x1=\"%.3f%%\" x2=\"%.3f%%\" y1=\"%.1f\" y2=\"%.1f\"/>", x, x,
                 place_y(w.lo), place_y(w.hi));
        html__mark(b, model, x, place_y(solved / n), false);
    }
}

static void result(Buf *b, const Summary *s, const SumCell *c, const Problems *p, StatRating r) {
    Str name = s->models[c->model].name;
    double solved = 0.0;
    for (size_t i = 0; i < p->n; i++) solved += p->y[i];
    if (!isnan(r.rating))
        html__sayf(b, s->lang, WORD("%.*s: rating %.0f (95 %% interval %.0f to %.0f) over %zu problems"), STR_ARG(name),
                   r.rating, r.rating - 1.959963984540054 * r.se, r.rating + 1.959963984540054 * r.se, p->n);
    else
        html__sayf(b, s->lang,
                   solved > 0.0 ? WORD("%.*s: no rating, since all of %zu problems were solved")
                                : WORD("%.*s: no rating, since none of %zu problems was solved"),
                   STR_ARG(name), p->n);
}

typedef struct Line {
    const SumCell *cell;
    Problems p;
    StatRating rating;
} Line;

static void spoken(Buf *b, const Summary *s, const Line *lines, size_t n) {
    for (size_t i = 0; i < n; i++) {
        Buf t;
        buf_init(&t, 4096);
        buf_addstr(&t, s->models[lines[i].cell->model].name);
        buf_adds(&t, ": ");
        html_escape_attr(b, buf_str(&t));
        if (isnan(lines[i].rating.rating))
            html__say_attr(b, s->lang, WORD("no rating"));
        else
            html__sayf_attr(b, s->lang, WORD("half are solved at a difficulty of %.0f"), lines[i].rating.rating);
        buf_adds(b, "; ");
        b->failed = b->failed || t.failed;
        buf_release(&t);
    }
}

static void plot(Buf *b, const Summary *s, const Span *a, const Line *lines, size_t n) {
    const SumCell *first = lines[0].cell;
    buf_adds(b, "<div class=\"row\"><div class=\"name\">");
    html_escape(b, s->suites[first->suite].title);
    if (s->n_efforts > 1) buf_addf(b, "<small>%s</small>", effort_name(first->effort));
    buf_addf(b, "</div><svg class=\"track\" height=\"%d\" role=\"img\" aria-label=\"", TOP + PLOT + 24);
    spoken(b, s, lines, n);
    buf_adds(b, "\">");
    grid(b, a);
    for (size_t i = 0; i < n; i++) {
        buf_addf(b, "<g class=\"m%zu\">", lines[i].cell->model % HTML_COLOURS);
        if (!isnan(lines[i].rating.rating)) curve(b, a, lines[i].rating.rating);
        points(b, a, &lines[i].p, lines[i].cell->model);
        buf_adds(b, "</g>");
    }
    buf_adds(b, "</svg><div><ul class=\"legend upright\">");
    for (size_t i = 0; i < n; i++) html__legend_model(b, s, lines[i].cell->model);
    buf_adds(b, "</ul>");
    for (size_t i = 0; i < n; i++) {
        buf_adds(b, "<p class=\"note\">");
        result(b, s, lines[i].cell, &lines[i].p, lines[i].rating);
        buf_adds(b, "</p>");
    }
    buf_adds(b, "</div></div>\n");
}

static void row(Buf *b, const Summary *s, size_t first) {
    Line *lines = arena_array(s->arena, s->n_models, sizeof *lines);
    Span a = span_of(s, &s->cells[first]);
    size_t n = 0;
    for (size_t i = first; lines && i < s->n_cells && n < s->n_models; i++) {
        if (!same_row(&s->cells[first], &s->cells[i])) continue;
        Line *l = &lines[n++];
        l->cell = &s->cells[i];
        if (!problems_of(s, l->cell, &l->p)) break;
        l->rating = stat_elo_mle(l->p.d, l->p.y, l->p.w, l->p.n);
    }
    if (!lines || (n && !lines[n - 1].p.w)) {
        b->failed = true; /* no memory: the caller says so */
        return;
    }
    plot(b, s, &a, lines, n);
}

void html__rating(Buf *b, const Summary *s) {
    bool begun = false;
    for (size_t i = 0; i < s->n_cells; i++) {
        bool seen = false;
        if (!belongs(&s->cells[i])) continue;
        for (size_t k = 0; k < i; k++) seen = seen || (belongs(&s->cells[k]) && same_row(&s->cells[k], &s->cells[i]));
        if (seen) continue;
        if (!begun) {
            html__section(b, s->lang, "rating", WORD("How hard a problem may be"));
            html__p(b, s->lang, "note",
                    WORD("Upwards: share solved in per cent, with 95\u00a0% intervals. To the right: the problems’ "
                         "ratings. A model’s rating is the difficulty at which it solves half; its curve is what that "
                         "rating predicts. Ratings of other problems, or of people in contests, are not comparable."));
            buf_adds(b, "<div class=\"chart\">");
        }
        begun = true;
        row(b, s, i);
    }
    if (begun) buf_adds(b, "</div></section>\n");
}
