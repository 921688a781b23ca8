/* The gate as one page: the answer, one picture, a table. No script, and no text of a sample. */
#include <math.h>

#include "reports/gate/gate.h"
#include "reports/html/html_internal.h"
#include "reports/visible.h"

static const char *const WORDS[] = {"pass", "fail", "cannot tell", "skipped"};

static bool drawn(const GateResult *r) {
    return r->suite.p && !isnan(r->value) && !isnan(r->lower) && !isnan(r->upper);
}

/* The picture's reach: all bounds and bars, 0 in the middle, at least five points. */
static double reach(const GateReport *g) {
    double most = 0.05;
    for (size_t i = 0; i < g->n_results; i++)
        if (drawn(&g->results[i])) {
            const double *v[] = {&g->results[i].lower, &g->results[i].upper, &g->results[i].bar};
            for (size_t k = 0; k < 3; k++) most = fmax(most, fabs(*v[k]));
        }
    return most * 1.05;
}

static double at(double v, double most) {
    return 50.0 + 50.0 * fmax(-1.0, fmin(1.0, v / most));
}

static void verdict(Buf *b, const GateResult *r) {
    buf_addf(b, "<span class=\"verdict %s\">%s</span>", gate_verdict_name(r->verdict), WORDS[r->verdict]);
}

static void name(Buf *b, const GateResult *r) {
    html_escape(b, r->check->id);
    buf_adds(b, " <small>");
    html_escape(b, r->title.p ? r->title : r->suite);
    buf_addf(b, ", effort %s</small>", r->effort);
}

static void row(Buf *b, const GateResult *r, double most) {
    buf_adds(b, "<div class=\"row\"><div class=\"name\">");
    name(b, r);
    buf_addf(b, "</div><svg class=\"track\" height=\"%d\" role=\"img\" aria-label=\"", HTML_LANE);
    html_escape_attr(b, str_from(r->words));
    buf_adds(b, "\">");
    for (int i = 0; i <= 4; i++) html__vertical(b, i == 2 ? "zero" : "grid", i * 25, HTML_LANE);
    html__vertical(b, "limit", at(r->bar, most), HTML_LANE);
    buf_adds(b, "<g class=\"m1\">");
    html__horizontal(b, "whisker", at(r->lower, most), at(r->upper, most), HTML_LANE / 2);
    html__mark(b, 1, at(r->value, most), HTML_LANE / 2, r->verdict != GATE_PASS);
    buf_adds(b, "</g></svg><div class=\"nums\"><span></span><span class=\"who\">");
    verdict(b, r);
    buf_adds(b, "</span><b>");
    html__signed(b, r->value);
    buf_adds(b, "</b><span class=\"range\">");
    html__signed(b, r->lower);
    buf_adds(b, " to ");
    html__signed(b, r->upper);
    buf_adds(b, "</span></div></div>\n");
}

static void picture(Buf *b, const GateReport *g) {
    double most = reach(g);
    size_t n = 0;
    for (size_t i = 0; i < g->n_results; i++) n += drawn(&g->results[i]);
    if (!n) return;
    buf_adds(b, "<section id=\"picture\"><h2>What is judged, and its bar</h2>\n<p class=\"note\">Points or per cent. "
                "Bar: between the "
                "two bounds, each with one-sided 95&nbsp;% confidence. Dashed: what the policy holds it against. "
                "Filled marks pass; "
                "for scores right of the dashed line is welcome, for losses and rates left of it.</p>\n<div "
                "class=\"chart\">\n");
    for (size_t i = 0; i < g->n_results; i++)
        if (drawn(&g->results[i])) row(b, &g->results[i], most);
    buf_adds(b, "</div></section>\n");
}

static void figure(Buf *b, const GateResult *r, double v, bool whole) {
    if (isnan(v))
        buf_adds(b, "n/a");
    else if (r->check->metric == GATE_TOKENS)
        buf_addf(b, whole ? "%.0f" : "%.2f×", v);
    else
        html__percent(b, v);
}

static void check_row(Buf *b, const GateResult *r) {
    buf_adds(b, "<tr><th scope=\"row\">");
    name(b, r);
    buf_adds(b, "</th><td class=\"num\">");
    figure(b, r, r->baseline, true);
    buf_adds(b, " → ");
    figure(b, r, r->candidate, true);
    buf_addf(b, "<small>n %zu</small></td><td>", r->n);
    verdict(b, r);
    buf_adds(b, "<small>");
    html_escape(b, str_from(r->words));
    if (*r->advice) {
        buf_adds(b, ". <b>");
        html_escape(b, str_from(r->advice));
        buf_adds(b, ".</b>");
    }
    buf_adds(b, "</small></td></tr>\n");
}

static bool plain_limit(const GateResult *r) {
    return r->verdict == GATE_PASS && !drawn(r);
}

static void check_table(Buf *b, const GateReport *g, bool limits) {
    buf_adds(b, "<table class=\"gates\"><thead><tr><th>Check</th><th class=\"num\">Baseline → "
                "candidate</th><th>Verdict</th></tr>"
                "</thead><tbody>\n");
    for (size_t i = 0; i < g->n_results; i++)
        if (plain_limit(&g->results[i]) == limits) check_row(b, &g->results[i]);
    buf_adds(b, "</tbody></table>\n");
}

/* Counts that keep their limits are many, and say little. */
static void table(Buf *b, const GateReport *g) {
    size_t kept = 0;
    for (size_t i = 0; i < g->n_results; i++) kept += plain_limit(&g->results[i]);
    buf_adds(b, "<section id=\"checks\" class=\"safety\"><h2>All checks</h2>\n");
    if (kept < g->n_results) check_table(b, g, false);
    if (kept) {
        buf_addf(b, "<details><summary>%zu counts and ratios within their limits</summary>\n", kept);
        check_table(b, g, true);
        buf_adds(b, "</details>\n");
    }
    buf_adds(b, "</section>\n");
}

void gate_html(const GateReport *g, Buf *b) {
    html__open(b, LANG_EN, STR("assay gate"));
    buf_adds(b, "<header>\n<p class=\"eyebrow\">assay gate · ");
    html_escape(b, g->policy->name);
    buf_adds(b, " · ");
    html_escape(b, g->baseline);
    buf_adds(b, " → ");
    html_escape(b, g->candidate);
    buf_adds(b, "</p>\n<h1>");
    html_escape(b, str_from(g->words));
    buf_adds(b, "</h1>\n");
    if (g->policy->why.n) {
        buf_adds(b, "<p class=\"detail\">");
        html_escape(b, g->policy->why);
        buf_adds(b, "</p>\n");
    }
    for (size_t i = 0; i < g->n_warnings; i++) {
        buf_adds(b, "<p class=\"caution\">");
        html_escape(b, str_from(g->warnings[i]));
        buf_adds(b, "</p>\n");
    }
    buf_adds(b, "</header>\n<main id=\"main\">\n");
    picture(b, g);
    table(b, g);
    buf_addf(b,
             "</main>\n<footer><p>Policy SHA-256 %s. A pass and a fail are each claimed with one-sided 95&nbsp;%% "
             "confidence; the "
             "gate passes if every check does. This page is complete in itself and loads "
             "nothing.</p></footer>\n",
             g->policy->sha256);
    buf_adds(b, "</body>\n</html>\n");
}
