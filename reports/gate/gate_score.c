/* The primary score: paired differences, and the candidate's level. */
#include "reports/gate/gate_internal.h"

#include <math.h>

#include "reports/stats/stats.h"
#include "reports/stats/stats_judge.h"
#include "reports/stats/stats_prop.h"

/* Units of which fewer differ than this show no spread that can be believed (as in safety_rate.c): then what counts is
 * how many do differ. */
enum { LEAST = 15 };

/* Means and their error; NaN where there is none. */
static StatRange around(const SumPair *p, double conf) {
    double d = 0.0 - p->diff, t = NAN;
    if (p->n_clusters > 1)
        t = stat_t_ppf(conf, (double)p->n_clusters - 1);
    else if (!p->n_clusters && p->n > 1)
        t = p->n >= 100 ? stat_norm_ppf(conf) : stat_t_ppf(conf, (double)p->n - 1);
    return (StatRange){d - t * p->se, d + t * p->se};
}

/* A t interval is too short where nearly all that differ are losses: never inside the bounds of as many pairs as the
 * clusters are worth. */
static StatRange with_effective(const SumPair *p, double conf, StatRange r) {
    if (!p->whole || p->n_clusters < 2) return r;
    StatRange e =
        stat_paired_bounds_clustered(p->both_right, p->b_better, p->a_better, p->both_wrong, p->se, 2.0 * conf - 1.0);
    return (StatRange){fmin(r.lo, e.lo), fmax(r.hi, e.hi)};
}

/* One-sided bounds of candidate minus baseline at this confidence; pairs hold baseline minus candidate. Where few units
 * differ: no more of them lose (win) than Clopper and Pearson's bound says, and none loses more than 1. */
static StatRange bounds_at(const SumPair *p, double conf) {
    double units = (double)(p->n_clusters ? p->n_clusters : p->n), d = 0.0 - p->diff;
    double differ = (double)(p->a_better + p->b_better);
    if (p->whole && !p->n_clusters)
        return stat_paired_bounds(p->both_right, p->b_better, p->a_better, p->both_wrong, 2.0 * conf - 1.0);
    StatRange r = with_effective(p, conf, around(p, conf));
    if (units > 1.0 && differ < LEAST && 2.0 * differ < units) {
        r.lo = fmin(r.lo, -stat_cp_upper(fmin((double)p->a_better, units), units, conf));
        r.hi = fmax(r.hi, stat_cp_upper(fmin((double)p->b_better, units), units, conf));
    } else if (units > 1.0 && p->se == 0.0) { /* all alike: so many could still be otherwise */
        double u = stat_zero_event_upper((uint64_t)units, conf);
        r = (StatRange){d - u * (1.0 + d), d + u * (1.0 - d)};
    }
    return (StatRange){fmax(-1.0, r.lo), fmin(1.0, r.hi)};
}

/* One-sided, of H0 "value >= bar": the smallest level at which the upper bound lies below the bar; 1 if none does. */
static double p_below(const GateResult *r, const SumPair *p) {
    double lo = log(1e-12), hi = log(0.5);
    if (!(bounds_at(p, 0.5).hi < r->bar)) return 1.0;
    for (int i = 0; i < 50; i++) {
        double mid = 0.5 * (lo + hi);
        if (bounds_at(p, 1.0 - exp(mid)).hi < r->bar)
            hi = mid;
        else
            lo = mid;
    }
    return exp(hi);
}

static bool any_open(const SumCell *c) {
    for (size_t i = 0; i < c->n_questions; i++)
        if (c->questions[i].n_scored < c->questions[i].n_rows) return true;
    return false;
}

/* The pair if what the candidate has no score for, where the baseline has one, were wrong, and if it were right. */
static bool open_pairs(Arena *a, const SumCell *base, const SumCell *cand, const SumPair *p, SumPair *wrong,
                       SumPair *right) {
    *wrong = *right = *p;
    return !any_open(cand) ||
           (summary_pair_open(a, base, cand, 0.0, wrong) && summary_pair_open(a, base, cand, 1.0, right));
}

/* From the bar to the value, whatever the open answers would have been; they must not lie on both sides of it. */
static double distance(const GateResult *r) {
    return r->worst > r->bar ? r->worst - r->bar : r->bar - r->best;
}

/* By a one-sided test. Without any spread the share of questions that differ could still be as high as the bound for an
 * event that was never seen. */
static double detectable(double v, size_t n, double alpha) {
    if (n < 2) return NAN;
    if (!(v > 0.0)) v = stat_zero_event_upper(n, 1.0 - alpha);
    return stat_mde(v, (double)n, 2.0 * alpha, SUM_POWER);
}

bool gate__difference(Arena *a, const SumCell *base, const SumCell *cand, const SumPair *p, GateResult *r) {
    SumPair wrong, right;
    double alpha = gate_alpha(r->check), v = p->se * p->se * (double)p->n;
    r->n = p->n;
    r->baseline = base->est.mean;
    r->candidate = cand->est.mean;
    r->better = p->b_better;
    r->worse = p->a_better;
    r->value = 0.0 - p->diff; /* of none 0, not -0 */
    r->bar = r->check->kind == GATE_SUPERIOR ? 0.0 : -r->check->margin;
    if (!p->n) return true;
    if (!open_pairs(a, base, cand, p, &wrong, &right)) return false;
    r->lower = bounds_at(&wrong, 1.0 - alpha).lo;
    r->upper = bounds_at(&right, 1.0 - alpha).hi;
    r->worst = 0.0 - wrong.diff;
    r->best = 0.0 - right.diff;
    r->p_fail = p_below(r, &right);
    r->mde = detectable(v, p->n, alpha);
    gate__decide(r, true);
    if (r->verdict != GATE_INCONCLUSIVE) return true;
    r->open = r->worst < r->best && r->worst <= r->bar && r->best >= r->bar;
    if (!r->open) r->more = gate__more(r->check, fmax(v, 1.0 / (double)p->n), (double)p->n, distance(r));
    return true;
}

/* Whether too few questions differ from "all right" or "all wrong" to show a spread. */
static bool few_differ(const SumCell *c) {
    size_t some = 0, not_all = 0;
    for (size_t i = 0; i < c->n_questions; i++) {
        const SumQuestion *q = &c->questions[i];
        some += q->sum > 0.0, not_all += q->sum < (double)q->n_rows;
    }
    return some < LEAST || not_all < LEAST;
}

/* Clopper and Pearson for one score of 0 or 1 per question, else t (clustered where there are clusters); where few
 * questions differ never inside Clopper and Pearson's for as many answers as there are questions or clusters. */
static StatRange level_bounds(const SumCell *c, double sum, double n, double conf) {
    const SumEstimate *e = &c->est;
    bool binary = true;
    for (size_t i = 0; i < c->n_questions; i++) binary = binary && c->questions[i].whole && c->questions[i].n_rows == 1;
    if (binary && !e->n_clusters)
        return (StatRange){stat_rate_lower((uint64_t)sum, (uint64_t)n, conf),
                           stat_rate_upper((uint64_t)sum, (uint64_t)n, conf)};
    double units = e->n_clusters ? (double)e->n_clusters : (double)e->n_questions, m = sum / n;
    if (!(e->se >= 0.0) || units < 2.0) return (StatRange){NAN, NAN};
    double t = stat_t_ppf(conf, units - 1.0), k = fmin(m * units, units);
    StatRange r = {fmax(0.0, m - t * e->se), fmin(1.0, m + t * e->se)};
    if (!few_differ(c)) return r;
    return (StatRange){fmin(r.lo, stat_cp_lower(k, units, conf)), fmax(r.hi, stat_cp_upper(k, units, conf))};
}

/* The smallest level at which the lower bound lies above the bar (up: the upper one below it); 1 if none does. */
static double level_p(const SumCell *c, double sum, double n, double bar, bool up) {
    double lo = log(1e-12), hi = log(0.5);
    for (int i = 0; i < 51; i++) {
        double mid = i ? 0.5 * (lo + hi) : hi;
        StatRange b = level_bounds(c, sum, n, 1.0 - exp(mid));
        bool broken = up ? b.hi < bar : b.lo > bar;
        if (!i && !broken) return 1.0;
        if (broken)
            hi = mid;
        else
            lo = mid;
    }
    return exp(hi);
}

/* So many independent questions with one answer each would leave the error that these have. */
static double units_of(const SumCell *c, double share) {
    const SumEstimate *e = &c->est;
    if (e->n_clusters && few_differ(c)) return (double)e->n_clusters;
    double v = share * (1.0 - share);
    return e->n_clusters && e->se > 0.0 && v > 0.0 ? fmin((double)c->n_questions, v / (e->se * e->se))
                                                   : (double)c->n_questions;
}

/* Open answers count as wrong for the lower bound and as right for the upper one. */
void gate__level(const SumCell *cand, GateResult *r) {
    double sum = 0, low = 0, high = 0, n = 0, all = (double)cand->n_questions, alpha = gate_alpha(r->check);
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
    r->lower = level_bounds(cand, low, all, 1.0 - alpha).lo;
    r->upper = level_bounds(cand, high, all, 1.0 - alpha).hi;
    r->p_fail = level_p(cand, up ? high : low, all, r->bar, up);
    r->worst = (up ? low : high) / all;
    r->best = (up ? high : low) / all;
    gate__decide(r, up);
    if (r->verdict != GATE_INCONCLUSIVE) return;
    /* what is shown whatever the open answers would have been */
    double sure = low / all > r->bar ? low / all : high / all < r->bar ? high / all : NAN;
    r->open = isnan(sure) && high > low;
    if (isnan(sure)) sure = r->value;
    if (!r->open) r->more = gate__more_items(r->check, sure, all, units_of(cand, sure), fabs(sure - r->bar));
}
