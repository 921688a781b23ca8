/* The primary score: paired differences, and the candidate's level. */
#include "reports/gate/gate_internal.h"

#include <math.h>

#include "reports/stats/stats.h"
#include "reports/stats/stats_judge.h"

/* Two-sided at this confidence has the one-sided 95 % bounds as its ends. */
#define BOTH_SIDES (2.0 * GATE_CONFIDENCE - 1.0)

/* Of candidate minus baseline; pairs hold baseline minus candidate. */
static StatRange bounds(const SumPair *p) {
    double d = -p->diff, t = NAN;
    if (p->n_clusters > 1)
        t = stat_t_ppf(GATE_CONFIDENCE, (double)p->n_clusters - 1);
    else if (p->whole && !p->n_clusters) {
        StatNewcombe w = stat_newcombe_paired(p->both_right, p->b_better, p->a_better, p->both_wrong, BOTH_SIDES);
        return (StatRange){w.lo, w.hi};
    } else if (p->n > 1)
        t = p->n >= 100 ? stat_norm_ppf(GATE_CONFIDENCE) : stat_t_ppf(GATE_CONFIDENCE, (double)p->n - 1);
    if (!(p->se > 0.0)) return (StatRange){NAN, NAN};
    return (StatRange){fmax(-1.0, d - t * p->se), fmin(1.0, d + t * p->se)};
}

/* One-sided: of H0 "value >= bar". Without any spread the exact sign test: all n differences lie on one side. */
static double p_below(const GateResult *r, const SumPair *p) {
    if (p->se > 0.0) return stat_norm_cdf((r->value - r->bar) / p->se);
    double units = p->n_clusters ? (double)p->n_clusters : (double)p->n;
    return r->value < r->bar ? ldexp(1.0, -(int)fmin(units, 1000)) : 1.0;
}

/* The difference if every answer of the candidate that is open, where the baseline's is not, were wrong. */
static double worst_difference(const SumCell *base, const SumCell *cand) {
    double sum = 0;
    size_t i = 0, j = 0, n = 0;
    while (i < base->n_questions && j < cand->n_questions) {
        const SumQuestion *x = &base->questions[i], *y = &cand->questions[j];
        int c = str_cmp(x->sample, y->sample);
        i += c <= 0, j += c >= 0;
        if (c || !x->n_scored || !y->n_rows) continue;
        sum += y->sum / y->n_rows - x->sum / x->n_scored;
        n++;
    }
    return n ? sum / (double)n : NAN;
}

void gate__difference(const GateWork *w, const SumCell *base, const SumCell *cand, const SumPair *p, GateResult *r) {
    (void)w;
    r->n = p->n;
    r->baseline = base->est.mean;
    r->candidate = cand->est.mean;
    r->better = p->b_better;
    r->worse = p->a_better;
    r->mde = p->mde;
    r->value = -p->diff;
    r->bar = r->check->kind == GATE_SUPERIOR ? 0.0 : -r->check->margin;
    if (!p->n) return;
    StatRange b = bounds(p);
    r->lower = b.lo;
    r->upper = b.hi;
    r->worst = worst_difference(base, cand);
    r->p_fail = p_below(r, p);
    gate__decide(r, true);
    if (r->verdict == GATE_PASS && r->worst <= r->bar) r->verdict = GATE_INCONCLUSIVE;
    if (r->verdict == GATE_INCONCLUSIVE)
        r->more = gate__more(p->se * p->se * (double)p->n, (double)p->n, fabs(r->value - r->bar));
}

/* Clopper and Pearson for one score of 0 or 1 per question, else t (clustered where there are clusters). */
static StatRange level_bounds(const SumCell *c, double sum, double n) {
    const SumEstimate *e = &c->est;
    bool binary = true;
    for (size_t i = 0; i < c->n_questions; i++) binary = binary && c->questions[i].whole && c->questions[i].n_rows == 1;
    if (binary && !e->n_clusters)
        return (StatRange){stat_rate_lower((uint64_t)sum, (uint64_t)n, GATE_CONFIDENCE),
                           stat_rate_upper((uint64_t)sum, (uint64_t)n, GATE_CONFIDENCE)};
    double df = (e->n_clusters ? (double)e->n_clusters : (double)e->n_questions) - 1;
    if (!(e->se >= 0.0) || df < 1) return (StatRange){NAN, NAN};
    double t = stat_t_ppf(GATE_CONFIDENCE, df), m = sum / n;
    return (StatRange){fmax(0.0, m - t * e->se), fmin(1.0, m + t * e->se)};
}

/* Open answers count as wrong for the lower bound and as right for the upper one. */
void gate__level(const SumCell *cand, GateResult *r) {
    double sum = 0, low = 0, high = 0, n = 0, all = (double)cand->n_questions;
    for (size_t i = 0; i < cand->n_questions; i++) {
        const SumQuestion *q = &cand->questions[i];
        if (q->n_scored) sum += q->sum / q->n_scored, n++;
        low += q->sum / q->n_rows;
        high += (q->sum + (q->n_rows - q->n_scored)) / q->n_rows;
    }
    r->n = cand->n_questions;
    r->value = r->candidate = n > 0 ? sum / n : NAN;
    r->bar = r->check->limit;
    if (!(n > 0)) return;
    bool up = r->check->kind == GATE_AT_LEAST;
    r->lower = level_bounds(cand, low, all).lo;
    r->upper = level_bounds(cand, high, all).hi;
    r->worst = (up ? low : high) / all;
    gate__decide(r, up);
    double v = r->value * (1.0 - r->value);
    if (r->verdict == GATE_INCONCLUSIVE) r->more = gate__more(v, all, fabs(r->worst - r->bar));
}
