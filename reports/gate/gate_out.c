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
    key_cstr(o, "effort", r->suite.p ? r->effort : NULL);
    key_cstr(o, "verdict", gate_verdict_name(r->verdict));
    key_bool(o, "may_stay_open", r->check->allow_inconclusive);
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
    key_num(&o, "confidence", GATE_CONFIDENCE);
    json_obj_end(&o);
    key_obj(&o, "baseline");
    key_str(&o, "model", g->baseline);
    key_str(&o, "digest", g->baseline_digest);
    json_obj_end(&o);
    key_obj(&o, "candidate");
    key_str(&o, "model", g->candidate);
    key_str(&o, "digest", g->candidate_digest);
    json_obj_end(&o);
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

static const char *const MARKS[] = {"pass", "FAIL", "cannot tell", "skipped"};

static void place(Buf *b, const GateResult *r, void (*put)(Buf *, Str)) {
    put(b, r->check->id);
    if (!r->suite.p) return;
    buf_adds(b, ", ");
    put(b, r->suite);
    buf_addf(b, ", effort %s", r->effort);
}

void gate_terminal(const GateReport *g, Buf *b) {
    for (size_t i = 0; i < g->n_results; i++) {
        const GateResult *r = &g->results[i];
        buf_addf(b, "%-12s ", MARKS[r->verdict]);
        place(b, r, visible_term);
        buf_adds(b, "\n             ");
        visible_term(b, str_from(r->words));
        if (*r->advice) {
            buf_adds(b, "\n             -> ");
            visible_term(b, str_from(r->advice));
        }
        buf_addc(b, '\n');
    }
    if (g->n_warnings) buf_adds(b, "\nhow far the runs are comparable\n");
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
        buf_adds(b, "n/a");
    else if (r->check->metric == GATE_TOKENS)
        buf_addf(b, "%.2f×", v);
    else
        buf_addf(b, "%s%.1f", v < -0.0005 ? "−" : "", fabs(100.0 * v));
}

void gate_markdown(const GateReport *g, Buf *b) {
    buf_adds(b, "# ");
    visible_markdown(b, str_from(g->words));
    buf_adds(b, "\n\nPolicy ");
    visible_markdown(b, g->policy->name);
    buf_addf(b, " (`%.12s…`), one-sided confidence %.0f %%. Figures in per cent or points.\n\n", g->policy->sha256,
             100.0 * GATE_CONFIDENCE);
    buf_adds(b, "| verdict | check | suite | baseline | candidate | judged | bounds | bar | n |\n"
                "|---|---|---|--:|--:|--:|--:|--:|--:|\n");
    for (size_t i = 0; i < g->n_results; i++) {
        const GateResult *r = &g->results[i];
        buf_addf(b, "| %s%s%s | ", r->verdict == GATE_FAIL ? "**" : "", MARKS[r->verdict],
                 r->verdict == GATE_FAIL ? "**" : "");
        visible_markdown(b, r->check->id);
        buf_adds(b, " | ");
        visible_markdown(b, r->suite.p ? r->suite : STR("–"));
        const double values[] = {r->baseline, r->candidate, r->value};
        for (size_t k = 0; k < 3; k++) {
            buf_adds(b, " | ");
            if (r->check->metric == GATE_TOKENS && k < 2)
                buf_addf(b, "%.0f", values[k]);
            else
                number(b, r, values[k]);
        }
        buf_adds(b, " | ");
        number(b, r, r->lower);
        buf_adds(b, " … ");
        number(b, r, r->upper);
        buf_adds(b, " | ");
        number(b, r, r->bar);
        buf_addf(b, " | %zu |\n", r->n);
    }
    bool any = false;
    for (size_t i = 0; i < g->n_results; i++) {
        const GateResult *r = &g->results[i];
        if (!*r->advice) continue;
        if (!any) buf_adds(b, "\nWhat would decide:\n\n");
        any = true;
        buf_adds(b, "* ");
        place(b, r, visible_markdown);
        buf_adds(b, ": ");
        visible_markdown(b, str_from(r->advice));
        buf_addc(b, '\n');
    }
    for (size_t i = 0; i < g->n_warnings; i++) {
        buf_adds(b, i ? ">\n> " : "\n> ");
        visible_markdown(b, str_from(g->warnings[i]));
        buf_addc(b, '\n');
    }
}
