/* Charts as rows: an HTML label, an SVG whose x positions are percentages (so it stretches to any width while its
 * letters and marks keep their size), and the numbers in HTML. Everything is drawn without a script. */
#include "reports/html/html_internal.h"

#include <math.h>

#include "reports/visible.h"

enum { BAR = 26 };

void html__mark(Buf *b, size_t model, double x, double y, bool open) {
    static const char *const SHAPES[] = {
        "<circle class=\"mk%s\" r=\"6\"/>",
        "<path class=\"mk%s\" d=\"M0-7.5 7.5 0 0 7.5-7.5 0z\"/>",
        "<path class=\"mk%s\" d=\"M-5.5-5.5h11v11h-11z\"/>",
        "<path class=\"mk%s\" d=\"M0-7 7 5.5H-7z\"/>",
        "<path class=\"mk%s\" d=\"M0 7-7-5.5H7z\"/>",
        "<path class=\"mk%s\" d=\"M-2.2-6.5h4.4v4.3h4.3v4.4H2.2v4.3h-4.4V2.2h-4.3v-4.4h4.3z\"/>",
    };
    const char *shape = SHAPES[model % HTML_COLOURS], *cut = shape;
    buf_addf(b, "<svg x=\"%.3f%%\" y=\"%g\" overflow=\"visible\">", x, y);
    while (*cut != '%') cut++;
    buf_add(b, shape, (size_t)(cut - shape));
    buf_adds(b, open ? " open" : "");
    buf_adds(b, cut + 2);
    buf_adds(b, "</svg>");
}

void html__small_mark(Buf *b, size_t model) {
    buf_addf(b, "<svg class=\"m%zu\" width=\"14\" height=\"16\" aria-hidden=\"true\">", model % HTML_COLOURS);
    html__mark(b, model, 50, 8, false);
    buf_adds(b, "</svg>");
}

void html__legend_model(Buf *b, const Summary *s, size_t model) {
    buf_adds(b, "<li>");
    html__small_mark(b, model);
    buf_adds(b, "<span>");
    html_escape(b, s->models[model].name);
    buf_adds(b, "</span></li>");
}

void html__vertical(Buf *b, const char *class_name, double x, double height) {
    buf_addf(b, "<line class=\"%s\" x1=\"%.3f%%\" x2=\"%.3f%%\" y1=\"0\" y2=\"%g\"/>", class_name, x, x, height);
}

void html__horizontal(Buf *b, const char *class_name, double x1, double x2, double y) {
    buf_addf(b, "<line class=\"%s\" x1=\"%.3f%%\" x2=\"%.3f%%\" y1=\"%g\" y2=\"%g\"/>", class_name, x1, x2, y, y);
}

static void row_name(Buf *b, const Summary *s, const SumCell *c) {
    const SumSuite *u = &s->suites[c->suite];
    buf_adds(b, "<div class=\"row\"><div class=\"name\">");
    html_escape(b, str_from(summary_cell_title(s, c, s->arena)));
    if (!str_eq(u->title, u->name)) {
        buf_adds(b, "<small>");
        html_escape(b, u->name);
        buf_adds(b, "</small>");
    }
    buf_adds(b, "</div>");
}

size_t html__row_end(const Summary *s, size_t i) {
    size_t j = i + 1;
    while (j < s->n_cells && s->cells[j].suite == s->cells[i].suite && s->cells[j].effort == s->cells[i].effort &&
           s->cells[j].transform == s->cells[i].transform && str_eq(s->cells[j].scorer, s->cells[i].scorer))
        j++;
    return j;
}

/* ---- scores ---- */

static void axis_percent(Buf *b) {
    buf_adds(b, "<div class=\"row axis\" aria-hidden=\"true\"><div></div><svg class=\"track\" height=\"18\">");
    for (int i = 0; i <= 4; i++)
        buf_addf(b, "<text class=\"tick%s\" x=\"%d%%\" y=\"13\">%d%s</text>",
                 i == 0   ? " first"
                 : i == 4 ? " last"
                          : "",
                 i * 25, i * 25, i == 4 ? "\u2009%" : "");
    buf_adds(b, "</svg><div></div></div>");
}

static void spoken_score(Buf *b, const Summary *s, const SumCell *c) {
    html_escape_attr(b, s->models[c->model].name);
    buf_addc(b, ' ');
    if (isnan(c->est.mean))
        html__say_attr(b, s->lang, WORD("no score"));
    else if (c->est.method)
        html__sayf_attr(b, s->lang, WORD("%.1f per cent, interval %.1f to %.1f"), 100 * c->est.mean, 100 * c->est.lo,
                        100 * c->est.hi);
    else
        html__sayf_attr(b, s->lang, WORD("%.1f per cent"), 100 * c->est.mean);
    buf_adds(b, "; ");
}

static void score_lane(Buf *b, const SumCell *c, double y) {
    buf_addf(b, "<g class=\"m%zu\">", c->model % HTML_COLOURS);
    if (c->counts.open && !isnan(c->bound_lo))
        html__horizontal(b, "bound", 100 * c->bound_lo, 100 * c->bound_hi, y + 7);
    if (c->est.method) html__horizontal(b, "whisker", 100 * c->est.lo, 100 * c->est.hi, y);
    if (!isnan(c->est.mean)) html__mark(b, c->model, 100 * c->est.mean, y, false);
    buf_adds(b, "</g>");
}

static void score_numbers(Buf *b, const Summary *s, const SumCell *c) {
    html__small_mark(b, c->model);
    buf_adds(b, "<span class=\"who\">");
    html_escape(b, s->models[c->model].name);
    buf_adds(b, "</span><b>");
    html__percent(b, c->est.mean);
    buf_adds(b, "</b><span class=\"range\">");
    if (c->est.method) html__range(b, s->lang, c->est.lo, c->est.hi, html__percent);
    buf_adds(b, "</span>");
}

static void score_row(Buf *b, const Summary *s, size_t from, size_t to) {
    double height = (double)(to - from) * HTML_LANE;
    row_name(b, s, &s->cells[from]);
    buf_addf(b, "<svg class=\"track\" height=\"%g\" role=\"img\" aria-label=\"", height);
    for (size_t i = from; i < to; i++) spoken_score(b, s, &s->cells[i]);
    buf_adds(b, "\">");
    for (int i = 0; i <= 4; i++) html__vertical(b, "grid", i * 25, height);
    for (size_t i = from; i < to; i++) score_lane(b, &s->cells[i], (double)(i - from) * HTML_LANE + HTML_LANE / 2.0);
    buf_adds(b, "</svg><div class=\"nums\">");
    for (size_t i = from; i < to; i++) score_numbers(b, s, &s->cells[i]);
    buf_adds(b, "</div></div>\n");
}

void html__scores(Buf *b, const Summary *s) {
    buf_adds(b, "<div class=\"chart\">");
    axis_percent(b);
    for (size_t i = 0; i < s->n_cells; i = html__row_end(s, i))
        if (s->cells[i].primary) score_row(b, s, i, html__row_end(s, i));
    buf_adds(b, "</div>\n");
}

/* ---- differences ---- */

/* Half the axis: the smallest of these that holds every interval. */
static double half_range(const Summary *s) {
    static const double HALVES[] = {0.05, 0.1, 0.2, 0.4, 0.6, 0.8};
    double need = 0.0;
    for (size_t i = 0; i < s->n_pairs; i++) {
        const SumPair *p = &s->pairs[i];
        if (!p->primary || p->n == 0) continue;
        need = fmax(need, fabs(p->diff));
        if (p->method) need = fmax(need, fmax(fabs(p->lo), fabs(p->hi)));
    }
    for (size_t i = 0; i < sizeof HALVES / sizeof *HALVES; i++)
        if (need <= HALVES[i]) return HALVES[i];
    return 1.0;
}

void html__axis(Buf *b, Lang lang, double half, const char *middle) {
    buf_adds(b, "<div class=\"row axis\" aria-hidden=\"true\"><div></div><svg class=\"track\" height=\"18\">");
    for (int i = -2; i <= 2; i++) {
        buf_addf(b, "<text class=\"tick%s\" x=\"%d%%\" y=\"13\">",
                 i == -2  ? " first"
                 : i == 2 ? " last"
                          : "",
                 50 + i * 25);
        if (i)
            buf_addf(b, "%s%g", i < 0 ? "−" : "+", fabs(i * 50.0 * half));
        else
            html__say(b, lang, middle ? middle : "0");
        buf_adds(b, "</text>");
    }
    buf_adds(b, "</svg><div></div></div>");
}

void html__axis_shares(Buf *b, double end) {
    buf_adds(b, "<div class=\"row axis\" aria-hidden=\"true\"><div></div><svg class=\"track\" height=\"18\">");
    for (int i = 0; i <= 4; i++)
        buf_addf(b, "<text class=\"tick%s\" x=\"%d%%\" y=\"13\">%g%s</text>",
                 i == 0   ? " first"
                 : i == 4 ? " last"
                          : "",
                 i * 25, i * 25 * end, i == 4 ? "\u2009%" : "");
    buf_adds(b, "</svg><div></div></div>");
}

static void pair_words(Buf *b, Lang lang, const PairView *v, const SumPair *p) {
    buf_adds(b, "<div class=\"words\"><b>");
    html__signed(b, v->diff);
    buf_adds(b, "</b> ");
    if (p->method) {
        buf_adds(b, "<span>(");
        html__range(b, lang, v->lo, v->hi, html__signed);
        buf_adds(b, ")</span> ");
    }
    buf_adds(b, "<br>");
    if (p->verdict == SUM_CANNOT_TELL) {
        html__say(b, lang, WORD("cannot tell"));
    } else {
        Str ahead = v->diff > 0 ? v->first->name : v->second->name;
        html__sayf(b, lang, WORD("%.*s ahead"), STR_ARG(ahead));
    }
    buf_adds(b, "<br><span>");
    if (p->mde <= 1.0)
        html__sayf(b, lang, WORD("could have shown %.1f"), 100.0 * p->mde);
    else
        html__say(b, lang, WORD("too few questions"));
    buf_adds(b, "</span></div>");
}

static void pair_row(Buf *b, const Summary *s, const SumPair *p, double half) {
    PairView v = html__pair_view(s, p);
    double scale = 50.0 / half, mde = isnan(p->mde) ? 0.0 : fmin(p->mde, half);
    bool open = p->verdict == SUM_CANNOT_TELL;
    row_name(b, s, &s->cells[p->a]);
    buf_adds(b, "<svg class=\"track\" height=\"36\" role=\"img\" aria-label=\"");
    html_escape_attr(b, str_from(p->sentence));
    buf_adds(b, "\">");
    buf_addf(b, "<rect class=\"blind\" x=\"%.3f%%\" width=\"%.3f%%\" y=\"0\" height=\"36\"/>", 50 - scale * mde,
             2 * scale * mde);
    for (int i = -2; i <= 2; i++) html__vertical(b, i ? "grid" : "zero", 50 + i * 25, 36);
    buf_addf(b, "<g class=\"%s m%zu\">", open ? "open-question" : "",
             (v.diff < 0 ? s->cells[p->flip ? p->a : p->b].model : v.first_model) % HTML_COLOURS);
    if (p->method) html__horizontal(b, "whisker", 50 + scale * fmax(v.lo, -half), 50 + scale * fmin(v.hi, half), 18);
    if (!isnan(v.diff))
        html__mark(b, v.diff < 0 ? s->cells[p->flip ? p->a : p->b].model : v.first_model, 50 + scale * v.diff, 18,
                   open);
    buf_adds(b, "</g></svg>");
    pair_words(b, s->lang, &v, p);
    buf_adds(b, "</div>\n");
}

/* One block for each two models. */
void html__differences(Buf *b, const Summary *s) {
    double half = half_range(s);
    for (size_t i = 0; i < s->n_models; i++)
        for (size_t j = i + 1; j < s->n_models; j++) {
            bool begun = false;
            for (size_t k = 0; k < s->n_pairs; k++) {
                const SumPair *p = &s->pairs[k];
                if (!p->primary || s->cells[p->a].model != i || s->cells[p->b].model != j) continue;
                PairView v = html__pair_view(s, p);
                if (!begun) {
                    buf_adds(b, "<h3>");
                    html__sayf(b, s->lang, WORD("%.*s compared with %.*s, points"), STR_ARG(v.first->name),
                               STR_ARG(v.second->name));
                    buf_adds(b, "</h3><div class=\"chart\">");
                    html__axis(b, s->lang, half, WORD("equal"));
                    begun = true;
                }
                pair_row(b, s, p, half);
            }
            if (begun) buf_adds(b, "</div>\n");
        }
}

/* ---- outcomes ---- */

static void outcome_legend(Buf *b, Lang lang) {
    buf_adds(b, "<ul class=\"legend\">");
    for (unsigned o = 0; o < OUTCOME_COUNT; o++)
        buf_addf(b,
                 "<li><svg class=\"swatch\" aria-hidden=\"true\"><rect class=\"seg%u\" width=\"12\" height=\"12\" "
                 "rx=\"2\"/></svg>%s</li>",
                 o, words(lang, outcome_words(o)));
    buf_adds(b, "</ul>");
}

static void outcome_bar(Buf *b, const SumCell *c, double y) {
    double x = 0.0, total = (double)c->counts.total;
    for (unsigned o = 0; o < OUTCOME_COUNT; o++) {
        double w = 100.0 * (double)c->counts.outcome[o] / total;
        if (c->counts.outcome[o] == 0) continue;
        buf_addf(b, "<rect class=\"seg seg%u\" x=\"%.3f%%\" width=\"%.3f%%\" y=\"%g\" height=\"20\"/>", o, x, w, y);
        if (w >= 7.0)
            buf_addf(b, "<text class=\"cnt cnt%u\" x=\"%.3f%%\" y=\"%g\">%lld</text>", o, x + w / 2, y + 10.5,
                     (long long)c->counts.outcome[o]);
        x += w;
    }
}

static void outcome_row(Buf *b, const Summary *s, size_t from, size_t to) {
    row_name(b, s, &s->cells[from]);
    buf_addf(b, "<svg class=\"track\" height=\"%d\" role=\"img\" aria-label=\"", (int)(to - from) * BAR);
    for (size_t i = from; i < to; i++) {
        const SumCell *c = &s->cells[i];
        html_escape_attr(b, s->models[c->model].name);
        buf_adds(b, ":");
        for (unsigned o = 0; o < OUTCOME_COUNT; o++)
            if (c->counts.outcome[o])
                buf_addf(b, " %s %lld,", words(s->lang, outcome_words(o)), (long long)c->counts.outcome[o]);
        buf_addc(b, ' ');
        html__sayf_attr(b, s->lang, WORD("of %lld answers"), (long long)c->counts.total);
        buf_adds(b, "; ");
    }
    buf_adds(b, "\">");
    for (size_t i = from; i < to; i++) outcome_bar(b, &s->cells[i], (double)(i - from) * BAR + 3);
    buf_adds(b, "</svg><div class=\"barlabels\">");
    for (size_t i = from; i < to; i++) {
        buf_adds(b, "<span>");
        html_escape(b, s->models[s->cells[i].model].name);
        buf_adds(b, ", ");
        html__sayf(b, s->lang, s->cells[i].counts.total == 1 ? WORD("%lld answer") : WORD("%lld answers"),
                   (long long)s->cells[i].counts.total);
        buf_adds(b, "</span>");
    }
    buf_adds(b, "</div></div>\n");
}

void html__outcomes(Buf *b, const Summary *s) {
    outcome_legend(b, s->lang);
    buf_adds(b, "<div class=\"chart\">");
    for (size_t i = 0; i < s->n_cells; i = html__row_end(s, i))
        if (s->cells[i].primary) outcome_row(b, s, i, html__row_end(s, i));
    buf_adds(b, "</div>\n");
}
