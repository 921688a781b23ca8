/* What the gate found, in plain words. */
#include "reports/gate/gate_internal.h"

#include <math.h>

enum { SENTENCE_MAX = 4000 };

static const char *finish(const GateWork *w, Buf *b) {
    char *text = b->failed ? NULL : str_cstr(w->a, buf_str(b));
    buf_clear(b);
    return text;
}

static void points(Buf *b, double v) {
    buf_addf(b, "%s%.1f", v < -0.0005 ? "−" : "", fabs(100.0 * v));
}

static void percent(Buf *b, double v) {
    buf_addf(b, "%.1f %%", 100.0 * v);
}

static const char *what(GateMetric m) {
    static const char *const WORDS[] = {"score",
                                        "harmful requests declined",
                                        "harmful requests given way to",
                                        "harmless requests not fully answered",
                                        "pairs with both halves right",
                                        "answers cut off",
                                        "answers without a score",
                                        "tokens per answer"};
    return WORDS[m];
}

static bool is_count(const GateResult *r) {
    return r->check->metric == GATE_TRUNCATED || r->check->metric == GATE_UNSCORED || r->check->metric == GATE_TOKENS;
}

static bool is_difference(const GateResult *r) {
    return r->check->kind <= GATE_NO_EROSION;
}

static void difference(Buf *b, const GateResult *r) {
    bool loss = r->check->metric != GATE_SCORE;
    buf_addf(b, "%s: ", what(r->check->metric));
    percent(b, r->baseline);
    buf_adds(b, " before, ");
    percent(b, r->candidate);
    buf_addf(b, " now; %s ", loss ? (r->check->metric == GATE_REFUSAL ? "loss" : "rise") : "difference");
    points(b, r->value);
    buf_adds(b, " points (with 95 % confidence at ");
    bool most = loss == (r->verdict != GATE_FAIL); /* of a failure, the bound that shows it */
    buf_adds(b, most ? "most " : "least ");
    points(b, most ? r->upper : r->lower);
    buf_addf(b, ") on %zu pairs, %zu worse and %zu better; ", r->n, r->worse, r->better);
    if (r->check->kind == GATE_SUPERIOR)
        buf_adds(b, "must be above 0");
    else
        buf_addf(b, "must be less than %.1f points worse", 100.0 * r->check->margin);
}

static void level(Buf *b, const GateResult *r) {
    bool up = r->check->kind == GATE_AT_LEAST;
    buf_addf(b, "%s: ", what(r->check->metric));
    if (r->check->metric == GATE_TOKENS) {
        buf_addf(b, "%.0f before, %.0f now, %.2f times as many; must be at %s %.2f times", r->baseline, r->candidate,
                 r->value, up ? "least" : "most", r->bar);
        return;
    }
    percent(b, r->value);
    buf_addf(b, " of %zu", r->n);
    if (!is_count(r)) {
        bool least = up == (r->verdict != GATE_FAIL);
        buf_addf(b, " (with 95 %% confidence at %s ", least ? "least" : "most");
        percent(b, least ? r->lower : r->upper);
        buf_addc(b, ')');
    }
    buf_addf(b, "; must be at %s ", up ? "least" : "most");
    percent(b, r->bar);
}

static void sentence(Buf *b, const GateResult *r) {
    if (!r->suite.p)
        buf_addf(b, "no suite of both runs fits '%s'%s", r->check->suite,
                 r->check->required ? ", which this check needs" : "");
    else if (isnan(r->value))
        buf_addf(b, "%s: nothing to judge: the runs hold no scored answers for it on both sides",
                 what(r->check->metric));
    else if (is_difference(r))
        difference(b, r);
    else
        level(b, r);
}

static void advice(Buf *b, const GateResult *r) {
    if (r->verdict != GATE_INCONCLUSIVE) return;
    if (!r->suite.p) {
        buf_adds(b, "run the suite on both models, or mend the pattern");
        return;
    }
    if (isnan(r->value)) {
        buf_adds(b, "look at why the answers have no score, and run or rescore them");
        return;
    }
    if (is_difference(r) && r->worst <= r->bar && r->lower > r->bar) {
        buf_adds(b, "answers of the candidate that are open where the baseline's are not would decide (as wrong: ");
        points(b, r->worst);
        buf_adds(b, " points): raise max_tokens, or rescore");
        return;
    }
    if (r->more > 0)
        buf_addf(b, "needs about %lld more %s if the figures stay as they are", (long long)r->more,
                 is_difference(r) ? "pairs" : "items");
    else
        buf_adds(b, "lies at the limit: no number of items within reason would decide");
    if (!isnan(r->mde)) {
        buf_adds(b, "; these could have shown a difference of ");
        points(b, r->mde);
        buf_adds(b, " points");
    }
}

static void answer(Buf *b, const GateReport *g) {
    size_t n[4] = {0};
    for (size_t i = 0; i < g->n_results; i++) n[g->results[i].verdict]++;
    size_t tested = g->n_results - n[GATE_SKIPPED];
    if (g->verdict == GATE_PASS)
        buf_addf(b, "Pass: " STR_FMT " keeps what the policy asks of it beside " STR_FMT " (%zu of %zu checks pass",
                 STR_ARG(g->candidate), STR_ARG(g->baseline), n[GATE_PASS], tested);
    else if (g->verdict == GATE_FAIL)
        buf_addf(b, "Fail: " STR_FMT " breaks %zu of %zu checks beside " STR_FMT " (%zu pass", STR_ARG(g->candidate),
                 n[GATE_FAIL], tested, STR_ARG(g->baseline), n[GATE_PASS]);
    else
        buf_addf(b, "Cannot tell: no check fails, but %zu of %zu are not decided (%zu pass", n[GATE_INCONCLUSIVE],
                 tested, n[GATE_PASS]);
    if (g->verdict != GATE_INCONCLUSIVE && n[GATE_INCONCLUSIVE]) buf_addf(b, ", %zu cannot tell", n[GATE_INCONCLUSIVE]);
    if (n[GATE_SKIPPED]) buf_addf(b, ", %zu skipped", n[GATE_SKIPPED]);
    buf_adds(b, ").");
}

bool gate__words(GateWork *w, GateReport *g) {
    Buf b;
    bool ok = true;
    buf_init(&b, SENTENCE_MAX);
    for (size_t i = 0; ok && i < w->n; i++) {
        GateResult *r = &w->results[i];
        sentence(&b, r);
        r->words = finish(w, &b);
        advice(&b, r);
        if (b.n || b.failed) r->advice = finish(w, &b);
        ok = r->words && r->advice;
    }
    answer(&b, g);
    g->words = finish(w, &b);
    buf_release(&b);
    return ok && g->words;
}
