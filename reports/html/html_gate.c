/* The gate as one page: the answer, one picture, a table. No script, and no text of a sample. */
#include <math.h>

#include "reports/gate/gate.h"
#include "reports/html/html_internal.h"
#include "reports/visible.h"

static bool drawn(const GateResult *r) {
    return r->suite.p && !isnan(r->value) && !isnan(r->lower) && !isnan(r->upper);
}

/* The picture's reach: all bounds and bars, 0 in the middle, at least five points; the next number that has a half. */
static double reach(const GateReport *g) {
    static const double REACHES[] = {0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0};
    double most = 0.0;
    size_t i = 0;
    for (size_t k = 0; k < g->n_results; k++)
        if (drawn(&g->results[k])) {
            const double *v[] = {&g->results[k].lower, &g->results[k].upper, &g->results[k].bar};
            for (size_t j = 0; j < 3; j++) most = fmax(most, fabs(*v[j]));
        }
    while (i + 1 < sizeof REACHES / sizeof *REACHES && REACHES[i] < most) i++;
    return REACHES[i];
}

static double at(double v, double most) {
    return 50.0 + 50.0 * fmax(-1.0, fmin(1.0, v / most));
}

static void verdict(Buf *b, Lang l, const GateResult *r) {
    buf_addf(b, "<span class=\"verdict %s\">", gate_verdict_name(r->verdict));
    html__say(b, l, gate_verdict_words(r->verdict));
    buf_adds(b, "</span>");
}

/* The check, and below it where it looked. */
static void name(Buf *b, Lang l, const GateResult *r) {
    const struct {
        const char *what;
        Str name;
    } parts[] = {{WORD("group"), r->group}, {WORD("language"), r->lang}, {WORD("effort"), str_from(r->effort)}};
    html_escape(b, r->check->id);
    if (!r->suite.p) return;
    buf_adds(b, " <small>");
    html_escape(b, r->title.p ? r->title : r->suite);
    for (size_t i = 0; i < 3; i++) {
        if (!parts[i].name.n) continue;
        buf_adds(b, ", ");
        html__say(b, l, parts[i].what);
        buf_addc(b, ' ');
        html_escape(b, parts[i].name);
    }
    buf_adds(b, "</small>");
}

static void row(Buf *b, Lang l, const GateResult *r, double most) {
    buf_adds(b, "<div class=\"row\"><div class=\"name\">");
    name(b, l, r);
    buf_addf(b, "</div><svg class=\"track\" height=\"%d\" role=\"img\" aria-label=\"", HTML_LANE);
    html_escape_attr(b, str_from(r->words));
    buf_adds(b, "\">");
    for (int i = 0; i <= 4; i++) html__vertical(b, i == 2 ? "zero" : "grid", i * 25, HTML_LANE);
    html__vertical(b, "limit", at(r->bar, most), HTML_LANE);
    buf_adds(b, "<g class=\"m1\">");
    html__horizontal(b, "whisker", at(r->lower, most), at(r->upper, most), HTML_LANE / 2);
    html__mark(b, 1, at(r->value, most), HTML_LANE / 2, r->verdict != GATE_PASS);
    buf_adds(b, "</g></svg><div class=\"nums\"><span></span><span class=\"who\">");
    verdict(b, l, r);
    buf_adds(b, "</span><b>");
    html__signed(b, r->value);
    buf_adds(b, "</b><span class=\"range\">");
    html__range(b, l, r->lower, r->upper, html__signed);
    buf_adds(b, "</span></div></div>\n");
}

static void picture(Buf *b, const GateReport *g) {
    double most = reach(g);
    size_t n = 0;
    for (size_t i = 0; i < g->n_results; i++) n += drawn(&g->results[i]);
    if (!n) return;
    html__section(b, g->lang, "picture", WORD("What was found, and what it is held against"));
    html__p(b, g->lang, "note",
            WORD("In points or per cent. Mark: what was found; filled where the check passes. Bar: from the lower to "
                 "the upper bound, each one-sided. Dashed: what the policy holds it against. Scores should lie to the "
                 "right of the dashed line; losses, rises and rates of harm to its left."));
    buf_adds(b, "<div class=\"chart\">\n");
    html__axis(b, g->lang, most, NULL);
    for (size_t i = 0; i < g->n_results; i++)
        if (drawn(&g->results[i])) row(b, g->lang, &g->results[i], most);
    buf_adds(b, "</div></section>\n");
}

static void figure(Buf *b, const GateResult *r, double v) {
    if (isnan(v))
        buf_adds(b, "–");
    else if (r->check->metric == GATE_TOKENS)
        buf_addf(b, "%.0f", v);
    else
        html__percent(b, v);
}

static void check_row(Buf *b, Lang l, const GateResult *r) {
    buf_adds(b, "<tr><th scope=\"row\">");
    name(b, l, r);
    buf_adds(b, "</th><td class=\"num\">");
    figure(b, r, r->baseline);
    buf_adds(b, " → ");
    figure(b, r, r->candidate);
    buf_addf(b, "<small>n %zu</small></td><td>", r->n);
    verdict(b, l, r);
    buf_adds(b, "<small>");
    html__sentence(b, str_from(r->words));
    if (*r->advice) {
        buf_adds(b, " <b>");
        html__sentence(b, str_from(r->advice));
        buf_adds(b, "</b>");
    }
    buf_adds(b, "</small></td></tr>\n");
}

static bool plain_limit(const GateResult *r) {
    return r->verdict == GATE_PASS && !drawn(r);
}

static void check_table(Buf *b, const GateReport *g, bool limits) {
    Lang l = g->lang;
    const char *caption = limits ? WORD("Counts and ratios within their limits") : WORD("Checks that decide");
    html__table(b, "gates", str_from(words(l, caption)), false);
    html__th(b, l, "", WORD("Check"));
    html__th(b, l, "num", WORD("Baseline → candidate"));
    html__th(b, l, "", WORD("Verdict"));
    html__table_body(b);
    for (size_t i = 0; i < g->n_results; i++)
        if (plain_limit(&g->results[i]) == limits) check_row(b, l, &g->results[i]);
    html__table_end(b);
}

/* Counts that keep their limits are many, and say little. */
static void table(Buf *b, const GateReport *g) {
    size_t kept = 0;
    for (size_t i = 0; i < g->n_results; i++) kept += plain_limit(&g->results[i]);
    buf_adds(b, "<section id=\"checks\" class=\"safety\"><h2>");
    html__say(b, g->lang, WORD("All checks"));
    buf_adds(b, "</h2>\n");
    if (kept < g->n_results) check_table(b, g, false);
    if (kept) {
        buf_adds(b, "<details><summary>");
        html__sayf(b, g->lang,
                   kept == 1 ? WORD("%zu count or ratio within its limit")
                             : WORD("%zu counts and ratios within their limits"),
                   kept);
        buf_adds(b, "</summary>\n");
        check_table(b, g, true);
        buf_adds(b, "</details>\n");
    }
    buf_adds(b, "</section>\n");
}

static void top(Buf *b, const GateReport *g) {
    buf_adds(b, "<header>\n<p class=\"eyebrow\">assay gate · ");
    html_escape(b, g->policy->name);
    buf_adds(b, " · ");
    html_escape(b, g->baseline);
    buf_adds(b, " → ");
    html_escape(b, g->candidate);
    buf_adds(b, "</p>\n<h1>");
    html__sentence(b, str_from(g->lead));
    buf_adds(b, "</h1>\n<p class=\"detail\">");
    html__sentence(b, str_from(g->detail));
    buf_adds(b, "</p>\n");
    if (g->policy->why.n) {
        buf_adds(b, "<p class=\"detail\">");
        html_escape(b, g->policy->why);
        buf_adds(b, "</p>\n");
    }
    for (size_t i = 0; i < g->n_warnings; i++) {
        buf_adds(b, "<p class=\"caution\">");
        html__sentence(b, str_from(g->warnings[i]));
        buf_adds(b, "</p>\n");
    }
    buf_adds(b, "</header>\n<main id=\"main\">\n");
}

static void bottom(Buf *b, const GateReport *g) {
    double alpha = g->policy->alpha > 0.0 ? g->policy->alpha : GATE_ALPHA;
    buf_adds(b, "</main>\n<footer><p>");
    html__sayf(b, g->lang,
               WORD("Unless a check says otherwise, a pass and a fail are each claimed with %s\u00a0%% confidence "
                    "(alpha %.4g)."),
               gate_confidence(alpha).text, alpha);
    buf_addc(b, ' ');
    html__say(b, g->lang, gate_multiplicity(g));
    buf_addc(b, ' ');
    html__say(b, g->lang, WORD("This page is complete in itself and loads nothing."));
    buf_adds(b, "</p><p>");
    html__sayf(b, g->lang, WORD("SHA-256 of the policy: %s"), g->policy->sha256);
    buf_adds(b, "</p></footer>\n");
}

void gate_html(const GateReport *g, Buf *b) {
    html__open(b, g->lang, STR("assay gate"));
    top(b, g);
    picture(b, g);
    table(b, g);
    bottom(b, g);
    buf_adds(b, "</body>\n</html>\n");
}
