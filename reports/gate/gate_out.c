/* The gate's answer as JSON, for the terminal and as Markdown. */
#include "reports/gate/gate.h"

#include <math.h>

#include "reports/json_keys.h"
#include "reports/visible.h"

/* ---- JSON ---- */

static void json_result(JsonOut *o, const GateResult *r) {
    json_obj(o);
    key_str(o, "check", r->check->id);
    key_cstr(o, "metric", gate_metric_name(r->check->metric));
    key_cstr(o, "kind", gate_kind_name(r->check->kind));
    key_str(o, "suite", r->suite);
    key_str(o, "group", r->group);
    key_str(o, "lang", r->lang);
    key_cstr(o, "effort", r->suite.p ? r->effort : NULL);
    key_cstr(o, "verdict", gate_verdict_name(r->verdict));
    key_bool(o, "may_stay_open", r->check->allow_inconclusive);
    key_num(o, "alpha", gate_is_count(r->check->metric) ? NAN : gate_alpha(r->check));
    key_int(o, "min_pairs", (int64_t)r->check->min_pairs);
    key_int(o, "n", (int64_t)r->n);
    key_num(o, "baseline", r->baseline);
    key_num(o, "candidate", r->candidate);
    key_num(o, "value", r->value);
    key_num(o, "lower", r->lower);
    key_num(o, "upper", r->upper);
    key_num(o, "bar", r->bar);
    key_num(o, "worst", r->worst);
    key_num(o, "p_fail", r->p_fail);
    key_num(o, "p_fail_adjusted", r->p_fail_holm);
    key_int(o, "better", (int64_t)r->better);
    key_int(o, "worse", (int64_t)r->worse);
    key_num(o, "minimum_detectable_effect", r->mde);
    json_out_key(o, "more_needed");
    if (r->verdict == GATE_INCONCLUSIVE && r->more > 0)
        json_out_int(o, r->more);
    else
        json_out_null(o);
    key_cstr(o, "words", r->words);
    key_cstr(o, "advice", r->advice);
    json_obj_end(o);
}

bool gate_json(const GateReport *g, Buf *out, Err *err) {
    JsonOut o;
    json_out_init(&o, out, 1);
    json_obj(&o);
    key_cstr(&o, "format", "assay-gate/1");
    key_cstr(&o, "verdict", gate_verdict_name(g->verdict));
    key_cstr(&o, "words", g->words);
    key_obj(&o, "policy");
    key_str(&o, "name", g->policy->name);
    key_str(&o, "why", g->policy->why);
    key_cstr(&o, "sha256", g->policy->sha256);
    double alpha = g->policy->alpha > 0.0 ? g->policy->alpha : GATE_ALPHA;
    key_num(&o, "alpha", alpha);
    key_num(&o, "confidence", 1.0 - alpha);
    key_int(&o, "min_pairs", (int64_t)g->policy->min_pairs);
    json_obj_end(&o);
    key_obj(&o, "baseline");
    key_str(&o, "model", g->baseline);
    key_str(&o, "digest", g->baseline_digest);
    json_obj_end(&o);
    key_obj(&o, "candidate");
    key_str(&o, "model", g->candidate);
    key_str(&o, "digest", g->candidate_digest);
    json_obj_end(&o);
    key_cstr(&o, "p_adjustment", g->planned ? "bonferroni" : "holm");
    key_arr(&o, "checks");
    for (size_t i = 0; i < g->n_results; i++) json_result(&o, &g->results[i]);
    json_arr_end(&o);
    key_arr(&o, "warnings");
    for (size_t i = 0; i < g->n_warnings; i++) json_out_cstr(&o, g->warnings[i]);
    json_arr_end(&o);
    if (g->planned) {
        key_obj(&o, "adaptive");
        key_int(&o, "answers", g->asked);
        key_int(&o, "planned", g->planned);
        json_obj_end(&o);
    }
    json_obj_end(&o);
    buf_addc(out, '\n');
    return !out->failed || err_nomem(err);
}

/* ---- text ---- */

static void pad(Buf *b, size_t used, size_t width) {
    for (; used < width; used++) buf_addc(b, ' ');
}

/* The verdict as a word of fixed width; a failure in capitals where there are any. */
static void mark(Buf *b, Lang l, GateVerdict v, size_t width) {
    const char *text = v == GATE_FAIL ? words(l, WORD("FAIL")) : words(l, gate_verdict_words(v));
    buf_adds(b, text);
    pad(b, visible_width(str_from(text)), width);
}

enum { MARK = 13 };

static void indented(Buf *b, const char *before, const char *text) {
    buf_addc(b, '\n');
    pad(b, 0, MARK);
    buf_adds(b, before);
    visible_term(b, str_from(text));
}

void gate_terminal(const GateReport *g, Buf *b) {
    for (size_t i = 0; i < g->n_results; i++) {
        const GateResult *r = &g->results[i];
        mark(b, g->lang, r->verdict, MARK);
        visible_term(b, r->check->id);
        gate_place(b, g->lang, r, visible_term);
        indented(b, "", r->words);
        if (*r->advice) indented(b, "-> ", r->advice);
        buf_addc(b, '\n');
    }
    if (g->n_warnings) buf_addf(b, "\n%s\n", words(g->lang, WORD("How far the runs are comparable")));
    for (size_t i = 0; i < g->n_warnings; i++) {
        buf_adds(b, "  ");
        visible_term(b, str_from(g->warnings[i]));
        buf_addc(b, '\n');
    }
    buf_addc(b, '\n');
    visible_term(b, str_from(g->words));
    buf_addc(b, '\n');
}

static void number(Buf *b, const GateResult *r, double v) {
    if (isnan(v))
        buf_adds(b, "–");
    else if (r->check->metric == GATE_TOKENS)
        buf_addf(b, "%.2f×", v);
    else
        buf_addf(b, "%s%.1f", v < -0.0005 ? "−" : "", fabs(100.0 * v));
}

static void bounds(Buf *b, const GateResult *r) {
    if (isnan(r->lower) && isnan(r->upper)) {
        buf_adds(b, "–");
        return;
    }
    number(b, r, r->lower);
    buf_adds(b, " … ");
    number(b, r, r->upper);
}

/* "< 5.0": the bar, and on which side of it the figure or its bound must lie. */
static void must_be(Buf *b, const GateResult *r) {
    GateKind k = r->check->kind;
    bool above = k == GATE_SUPERIOR || (k == GATE_NON_INFERIOR && r->check->metric == GATE_SCORE);
    if (!isnan(r->bar)) buf_adds(b, k == GATE_AT_LEAST ? "≥ " : k == GATE_AT_MOST ? "≤ " : above ? "&gt; " : "&lt; ");
    number(b, r, r->bar);
}

static void row(Buf *b, Lang l, const GateResult *r) {
    bool fail = r->verdict == GATE_FAIL;
    buf_addf(b, "| %s%s%s | ", fail ? "**" : "", words(l, gate_verdict_words(r->verdict)), fail ? "**" : "");
    visible_markdown(b, r->check->id);
    gate_place(b, l, r, visible_markdown);
    const double values[] = {r->baseline, r->candidate, r->value};
    for (size_t k = 0; k < 3; k++) {
        buf_adds(b, " | ");
        if (r->check->metric == GATE_TOKENS && k < 2 && !isnan(values[k]))
            buf_addf(b, "%.0f", values[k]);
        else
            number(b, r, values[k]);
    }
    buf_adds(b, " | ");
    bounds(b, r);
    buf_adds(b, " | ");
    must_be(b, r);
    buf_adds(b, gate_is_count(r->check->metric) ? " | –" : " | ");
    if (!gate_is_count(r->check->metric)) buf_addf(b, "%s %%", gate_confidence(gate_alpha(r->check)).text);
    buf_addf(b, " | %zu | ", r->n);
    number(b, r, r->mde > 1.0 ? NAN : r->mde);
    buf_adds(b, " |\n");
}

static void head(Buf *b, const GateReport *g) {
    static const char *const COLUMNS[] = {WORD("Verdict"),   WORD("Check"),      WORD("Baseline"),
                                          WORD("Candidate"), WORD("Judged"),     WORD("Bounds"),
                                          WORD("Must be"),   WORD("Confidence"), "n",
                                          WORD("Could show")};
    buf_adds(b, "# ");
    visible_markdown(b, str_from(g->lead));
    buf_adds(b, "\n\n");
    visible_markdown(b, str_from(g->detail));
    buf_adds(b, "\n\n");
    buf_addf(b, "%s: ", words(g->lang, WORD("Policy")));
    visible_markdown(b, g->policy->name);
    buf_addf(b, " (`%.12s…`). ", g->policy->sha256);
    buf_adds(b, words(g->lang, WORD("Figures in per cent or points; bounds are one-sided.")));
    buf_addc(b, ' ');
    buf_adds(b, words(g->lang, gate_multiplicity(g)));
    buf_adds(b, "\n\n|");
    for (size_t i = 0; i < sizeof COLUMNS / sizeof *COLUMNS; i++) buf_addf(b, " %s |", words(g->lang, COLUMNS[i]));
    buf_adds(b, "\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|\n");
}

static void to_do(Buf *b, const GateReport *g) {
    bool any = false;
    for (size_t i = 0; i < g->n_results; i++) {
        const GateResult *r = &g->results[i];
        if (!*r->advice) continue;
        if (!any) buf_addf(b, "\n%s\n\n", words(g->lang, WORD("What would decide:")));
        any = true;
        buf_adds(b, "* ");
        visible_markdown(b, r->check->id);
        gate_place(b, g->lang, r, visible_markdown);
        buf_adds(b, ": ");
        visible_markdown(b, str_from(r->advice));
        buf_addc(b, '\n');
    }
}

void gate_markdown(const GateReport *g, Buf *b) {
    head(b, g);
    for (size_t i = 0; i < g->n_results; i++) row(b, g->lang, &g->results[i]);
    to_do(b, g);
    for (size_t i = 0; i < g->n_warnings; i++) {
        buf_adds(b, i ? ">\n> " : "\n> ");
        visible_markdown(b, str_from(g->warnings[i]));
        buf_addc(b, '\n');
    }
}
