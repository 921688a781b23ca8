/* The effort curve: score against mean tokens of an answer, for models that were run at several efforts. */
#include "reports/html/html_internal.h"

#include <math.h>

#include "reports/visible.h"

enum { PLOT = 180, TOP = 8 }; /* pixels */

static double tokens_each(const SumCell *c) {
    return c->counts.total ? (double)c->tokens / (double)c->counts.total : 0.0;
}

static double place_y(double share) {
    return TOP + (1.0 - share) * PLOT;
}

/* Primary cells of a suite, asked under the first transform. */
static bool belongs(const SumCell *c, size_t suite) {
    return c->suite == suite && c->primary && c->transform == 0 && c->counts.total && !isnan(c->est.mean);
}

static bool has_curve(const Summary *s, size_t suite) {
    for (size_t i = 0; i < s->n_cells; i++)
        for (size_t j = i + 1; j < s->n_cells; j++)
            if (belongs(&s->cells[i], suite) && belongs(&s->cells[j], suite) &&
                s->cells[i].model == s->cells[j].model && s->cells[i].effort != s->cells[j].effort)
                return true;
    return false;
}

/* The end of the axis: 1, 2 or 5 times a power of ten that holds all points. */
static double end_of(const Summary *s, size_t suite) {
    static const double STEPS[] = {1.0, 2.0, 5.0};
    double need = 1.0;
    for (size_t i = 0; i < s->n_cells; i++)
        if (belongs(&s->cells[i], suite)) need = fmax(need, tokens_each(&s->cells[i]));
    for (double unit = 1.0; unit < 1e12; unit *= 10.0)
        for (int k = 0; k < 3; k++)
            if (need <= STEPS[k] * unit) return STEPS[k] * unit;
    return need;
}

static void grid(Buf *b, double end) {
    for (int i = 0; i <= 4; i++) {
        double y = place_y(i / 4.0);
        html__horizontal(b, "grid", 0, 100, y);
        buf_addf(b, "<text class=\"tick side\" x=\"0\" y=\"%g\" dy=\"-3\">%d</text>", y, i * 25);
    }
    for (int i = 0; i <= 4; i++)
        buf_addf(b, "<text class=\"tick%s\" x=\"%d%%\" y=\"%d\">%g</text>",
                 i == 0   ? " first"
                 : i == 4 ? " last"
                          : "",
                 i * 25, TOP + PLOT + 18, i * end / 4.0);
}

static void joint(Buf *b, const SumCell *from, const SumCell *to, double end) {
    buf_addf(b, "<line class=\"joint\" x1=\"%.3f%%\" y1=\"%.1f\" x2=\"%.3f%%\" y2=\"%.1f\"/>",
             100.0 * tokens_each(from) / end, place_y(from->est.mean), 100.0 * tokens_each(to) / end,
             place_y(to->est.mean));
}

static void point(Buf *b, const SumCell *c, double end) {
    double x = 100.0 * tokens_each(c) / end;
    if (c->est.method)
        buf_addf(b, "<line class=\"whisker thin\" x1=\"%.3f%%\" x2=\"%.3f%%\" y1=\"%.1f\" y2=\"%.1f\"/>", x, x,
                 place_y(c->est.lo), place_y(c->est.hi));
    html__mark(b, c->model, x, place_y(c->est.mean), false);
}

/* So close that their names would cover each other. */
static bool is_near(const SumCell *a, const SumCell *c, double end) {
    return a->model == c->model && fabs(tokens_each(a) - tokens_each(c)) < 0.08 * end &&
           fabs(place_y(a->est.mean) - place_y(c->est.mean)) < 14.0;
}

/* The names of the efforts at a point: of all that lie there, at the first of them. */
static void label(Buf *b, const Summary *s, size_t suite, size_t at, double end) {
    const SumCell *c = &s->cells[at];
    double x = 100.0 * tokens_each(c) / end;
    for (size_t i = 0; i < at; i++)
        if (belongs(&s->cells[i], suite) && is_near(&s->cells[i], c, end)) return;
    buf_addf(b, "<text class=\"tick%s\" x=\"%.3f%%\" y=\"%.1f\" dx=\"%d\" dy=\"4\">", x > 70 ? " last" : " first", x,
             place_y(c->est.mean), x > 70 ? -10 : 10);
    for (size_t i = at; i < s->n_cells; i++) {
        const SumCell *other = &s->cells[i];
        if (i != at && !(belongs(other, suite) && is_near(c, other, end))) continue;
        buf_addf(b, "%s%s", i == at ? "" : ", ", effort_name(other->effort));
    }
    buf_adds(b, "</text>");
}

static void spoken(Buf *b, const Summary *s, size_t suite) {
    for (size_t i = 0; i < s->n_cells; i++) {
        const SumCell *c = &s->cells[i];
        if (!belongs(c, suite)) continue;
        html__sayf_attr(b, s->lang, WORD("%.*s, effort %s: %.0f tokens, %.1f per cent"),
                        STR_ARG(s->models[c->model].name), effort_name(c->effort), tokens_each(c), 100.0 * c->est.mean);
        buf_adds(b, "; ");
    }
}

/* Cells are in the order of effort; a model's points are joined in it. */
static void curve(Buf *b, const Summary *s, size_t suite, size_t model, double end) {
    const SumCell *last = NULL;
    buf_addf(b, "<g class=\"m%zu\">", model % HTML_COLOURS);
    for (size_t i = 0; i < s->n_cells; i++) {
        const SumCell *c = &s->cells[i];
        if (!belongs(c, suite) || c->model != model) continue;
        if (last) joint(b, last, c, end);
        last = c;
    }
    for (size_t i = 0; i < s->n_cells; i++)
        if (belongs(&s->cells[i], suite) && s->cells[i].model == model) point(b, &s->cells[i], end);
    for (size_t i = 0; i < s->n_cells; i++)
        if (belongs(&s->cells[i], suite) && s->cells[i].model == model) label(b, s, suite, i, end);
    buf_adds(b, "</g>");
}

static void plot(Buf *b, const Summary *s, size_t suite) {
    double end = end_of(s, suite);
    buf_adds(b, "<div class=\"row\"><div class=\"name\">");
    html_escape(b, s->suites[suite].title);
    buf_addf(b, "</div><svg class=\"track\" height=\"%d\" role=\"img\" aria-label=\"", TOP + PLOT + 24);
    spoken(b, s, suite);
    buf_adds(b, "\">");
    grid(b, end);
    for (size_t m = 0; m < s->n_models; m++) curve(b, s, suite, m, end);
    buf_adds(b, "</svg><ul class=\"legend upright\">");
    for (size_t m = 0; m < s->n_models; m++) html__legend_model(b, s, m);
    buf_adds(b, "</ul></div>\n");
}

void html__effort(Buf *b, const Summary *s) {
    bool begun = false;
    if (s->n_efforts < 2) return;
    for (size_t u = 0; u < s->n_suites; u++) {
        if (!has_curve(s, u)) continue;
        if (!begun) {
            html__section(b, s->lang, "effort", WORD("What more reasoning buys"));
            html__p(b, s->lang, "note",
                    WORD("Upwards: score in per cent with its 95\u00a0% interval. To the right: mean tokens of an "
                         "answer. A line joins one model at its efforts."));
            buf_adds(b, "<div class=\"chart\">");
        }
        begun = true;
        plot(b, s, u);
    }
    if (begun) buf_adds(b, "</div></section>\n");
}
