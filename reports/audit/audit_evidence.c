#include "reports/audit/audit_evidence.h"

#include <math.h>

/* ---- arms together ---- */

typedef double (*Bound)(const EvidArm *, double alpha);

static double highest(const EvidRate *r, Bound bound, double alpha) {
    double most = r->n_arms ? 0.0 : NAN;
    size_t k = r->n_wanted > r->n_arms ? r->n_wanted : r->n_arms;
    for (size_t i = 0; i < r->n_arms; i++) most = fmax(most, bound(&r->arms[i], alpha / (double)k));
    return most;
}

/* The bound falls as alpha grows, so the smallest alpha that brings it below the threshold is found by halving. */
static double smallest_level(const EvidRate *r) {
    double lo = log(1e-15), hi = log(0.5);
    if (!(highest(r, evid_upper, 0.5) < r->threshold)) return 1.0;
    for (int i = 0; i < 50; i++) {
        double mid = 0.5 * (lo + hi);
        if (highest(r, evid_upper, exp(mid)) < r->threshold)
            hi = mid;
        else
            lo = mid;
    }
    return exp(hi);
}

/* Why an arm cannot support BELOW, whatever its bound; NULL: it can. */
static const char *arm_fault(const EvidRate *r, const EvidArm *a) {
    if (a->n_scored < r->n_min) return "an arm has fewer scored items than the plan asks for";
    if (a->open > r->unscored_max * (double)a->n) return "too many answers were cut off or have no score";
    if (a->capability && a->refused > 0.05 * (double)a->n)
        return "more than 5 % of the answers are refusals, which hide ability";
    if (a->judge.used && !a->judge.calibrated)
        return a->judge.why ? a->judge.why : "a judge scored it that has no calibration which counts";
    return NULL;
}

static const char *fault(const EvidRate *r) {
    if (r->n_arms < r->n_wanted || r->n_arms == 0) return "an arm that the plan asks for was not run";
    if (!r->checks_pass) return "an integrity check fails";
    for (size_t i = 0; i < r->n_arms; i++)
        if (arm_fault(r, &r->arms[i])) return arm_fault(r, &r->arms[i]);
    return NULL;
}

static void decide(EvidRate *r, double alpha, bool holds) {
    const char *why = fault(r);
    r->alpha = alpha;
    r->upper = highest(r, evid_upper, alpha);
    r->lower = highest(r, evid_lower, alpha);
    for (size_t i = 1; i < r->n_arms; i++)
        if (!(r->arms[i].point <= r->arms[r->worst].point)) r->worst = i;
    r->why = "";
    r->verdict = AUDIT_CANNOT_RULE_OUT;
    if (r->lower >= r->threshold)
        r->verdict = AUDIT_AT_OR_ABOVE;
    else if (why)
        r->why = why;
    else if (holds && r->upper < r->threshold)
        r->verdict = AUDIT_BELOW;
    else
        r->why = "the upper bound is not below the threshold";
}

/* Step down: the smallest p at alpha/m, the next at alpha/(m-1), …; from the first that fails on, none holds. */
void evid_rates(EvidRate *v, size_t n, double alpha, EvidMultiplicity m) {
    bool holds = true;
    for (size_t i = 0; i < n; i++) {
        v[i].p = smallest_level(&v[i]);
        v[i].alpha = 0.0; /* not decided yet */
    }
    for (size_t rank = 0; rank < n; rank++) {
        size_t at = n;
        for (size_t i = 0; i < n; i++)
            if (v[i].alpha == 0.0 && (at == n || v[i].p < v[at].p)) at = i;
        double level = m == EVID_NONE ? alpha : alpha / (double)(m == EVID_HOLM ? n - rank : n);
        if (m == EVID_HOLM) holds = holds && v[at].p < level;
        decide(&v[at], level, holds);
    }
}
