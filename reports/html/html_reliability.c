/* The reliability plot: where options are scored by likelihood, how sure a model was of the likeliest against how often
 * that was right. Probability: softmax over the options' log-likelihoods. Expected calibration error: specs,
 * statistics.md section 10, over ten bins of equal width. */
#include "reports/html/html_internal.h"

#include <math.h>

#include "reports/stats/stats.h"
#include "reports/visible.h"

enum { BINS = 10, PLOT = 180, TOP = 8 };

typedef struct Bin {
    double sum_p, right;
    int64_t n;
} Bin;

/* One model on one suite. */
typedef struct Curve {
    Bin bins[BINS];
    int64_t n;
} Curve;

typedef struct Gather {
    const Summary *s;
    Curve *curves; /* [n_suites * n_models] */
} Gather;

static size_t find_suite(const Summary *s, Str name) {
    size_t i = 0;
    while (i < s->n_suites && !str_eq(s->suites[i].name, name)) i++;
    return i;
}

static size_t find_model(const Summary *s, Str name) {
    size_t i = 0;
    while (i < s->n_models && !str_eq(s->models[i].name, name)) i++;
    return i;
}

static bool gather(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    Gather *g = ctx;
    double p = n ? summary_surest(&r->completion, &rows[0].score) : NAN;
    size_t suite = find_suite(g->s, r->key.suite), model = find_model(g->s, r->key.model);
    (void)id;
    if (isnan(p) || rows[0].score.status != SCORE_SCORED) return true;
    if (suite == g->s->n_suites || model == g->s->n_models) return true;
    int at = (int)(p * BINS);
    Curve *c = &g->curves[suite * g->s->n_models + model];
    Bin *bin = &c->bins[at < BINS ? at : BINS - 1];
    bin->sum_p += p;
    bin->right += rows[0].score.value;
    bin->n++, c->n++;
    return true;
}

static double calibration_error(const Curve *c) {
    double sum = 0.0;
    for (int i = 0; i < BINS; i++) sum += fabs(c->bins[i].sum_p - c->bins[i].right);
    return sum / (double)c->n;
}

static double place_y(double share) {
    return TOP + (1.0 - share) * PLOT;
}

static void frame(Buf *b) {
    for (int i = 0; i <= 4; i++) {
        html__horizontal(b, "grid", 0, 100, place_y(i / 4.0));
        buf_addf(b, "<text class=\"tick side\" x=\"0\" y=\"%g\" dy=\"-3\">%d</text>", place_y(i / 4.0), i * 25);
        buf_addf(b, "<text class=\"tick%s\" x=\"%d%%\" y=\"%d\">%d</text>",
                 i == 0   ? " first"
                 : i == 4 ? " last"
                          : "",
                 i * 25, TOP + PLOT + 18, i * 25);
    }
    buf_addf(b, "<line class=\"limit\" x1=\"0%%\" x2=\"100%%\" y1=\"%g\" y2=\"%g\"/>", place_y(0), place_y(1));
}

static void points(Buf *b, const Curve *c, size_t model) {
    buf_addf(b, "<g class=\"m%zu\">", model % HTML_COLOURS);
    for (int i = 0; i < BINS; i++) {
        const Bin *bin = &c->bins[i];
        if (!bin->n) continue;
        double n = (double)bin->n, x = 100.0 * bin->sum_p / n;
        StatRange w = stat_wilson(bin->right, n, SUM_CONF);
        buf_addf(b, "<line class=\"whisker thin\" x1=\"%.3f%%\" x2=\"%.3f%%\" y1=\"%.1f\" y2=\"%.1f\"/>", x, x,
                 place_y(w.lo), place_y(w.hi));
        html__mark(b, model, x, place_y(bin->right / n), false);
    }
    buf_adds(b, "</g>");
}

static void spoken(Buf *b, const Summary *s, const Curve *c, size_t model) {
    html_escape_attr(b, s->models[model].name);
    buf_adds(b, ": ");
    for (int i = 0; i < BINS; i++) {
        const Bin *bin = &c->bins[i];
        if (!bin->n) continue;
        html__sayf_attr(b, s->lang, WORD("sure by %.0f per cent, right in %.0f per cent of %lld"),
                        100.0 * bin->sum_p / (double)bin->n, 100.0 * bin->right / (double)bin->n, (long long)bin->n);
        buf_adds(b, "; ");
    }
}

static void plot(Buf *b, const Summary *s, const Curve *curves, size_t suite) {
    buf_adds(b, "<div class=\"row\"><div class=\"name\">");
    html_escape(b, s->suites[suite].title);
    buf_addf(b, "</div><svg class=\"track\" height=\"%d\" role=\"img\" aria-label=\"", TOP + PLOT + 24);
    for (size_t m = 0; m < s->n_models; m++)
        if (curves[m].n) spoken(b, s, &curves[m], m);
    buf_adds(b, "\">");
    frame(b);
    for (size_t m = 0; m < s->n_models; m++)
        if (curves[m].n) points(b, &curves[m], m);
    buf_adds(b, "</svg><div><ul class=\"legend upright\">");
    for (size_t m = 0; m < s->n_models; m++)
        if (curves[m].n) html__legend_model(b, s, m);
    buf_adds(b, "</ul>");
    for (size_t m = 0; m < s->n_models; m++) {
        if (!curves[m].n) continue;
        buf_adds(b, "<p class=\"note\">");
        html__sayf(b, s->lang, WORD("%.*s: expected calibration error %.3f over %lld answers"),
                   STR_ARG(s->models[m].name), calibration_error(&curves[m]), (long long)curves[m].n);
        buf_adds(b, "</p>");
    }
    buf_adds(b, "</div></div>\n");
}

static bool any_answer(const Summary *s, const Curve *curves) {
    for (size_t m = 0; m < s->n_models; m++)
        if (curves[m].n) return true;
    return false;
}

bool html__reliability(Buf *b, RunStore *store, const Summary *s, Arena *scratch, Err *err) {
    size_t n;
    bool begun = false;
    if (!size_mul(s->n_suites, s->n_models, &n)) return err_nomem(err);
    Gather g = {s, arena_array(s->arena, n, sizeof *g.curves)};
    if (!g.curves) return err_nomem(err);
    if (!store_each_options(store, scratch, gather, &g, err)) return false;
    for (size_t u = 0; u < s->n_suites; u++) {
        const Curve *curves = g.curves + u * s->n_models;
        if (!any_answer(s, curves)) continue;
        if (!begun) {
            html__section(b, s->lang, "reliability", WORD("How sure, and how often right"));
            html__p(b, s->lang, "note",
                    WORD("To the right: probability of the likeliest option, in per cent. Upwards: how often it was "
                         "right, with 95\u00a0% intervals. On the dashed line a model is as often right as it is sure; "
                         "below it, it is too sure."));
            buf_adds(b, "<div class=\"chart\">");
        }
        begun = true;
        plot(b, s, curves, u);
    }
    if (begun) buf_adds(b, "</div></section>\n");
    return true;
}
