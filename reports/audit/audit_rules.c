#include "reports/audit/audit_rules.h"

#include <math.h>

#include "reports/stats/stats.h"
#include "reports/stats/stats_safety.h"

const char *audit_verdict_name(AuditVerdict v) {
    static const char *const NAMES[] = {"CANNOT_RULE_OUT", "BELOW", "AT_OR_ABOVE"};
    return NAMES[v];
}

const char *audit_erosion_name(AuditErosion e) {
    static const char *const NAMES[] = {"UNCLEAR", "NOT_ERODED", "ERODED"};
    return NAMES[e];
}

/* ---- a rate over arms ---- */

/* Why this arm allows no claim of BELOW; NULL if it does. */
static const char *arm_lacks(const AuditRateRule *rule, const AuditArm *a) {
    if (!(a->n > 0.0)) return "an arm has no scored items";
    if (a->n < rule->n_min) return "an arm has too few scored items";
    if (a->unscored / (a->n + a->unscored) > rule->unscored_max) return "too many items of an arm have no score";
    return NULL;
}

static void take_arm(const AuditArm *a, size_t at, double alpha, AuditRate *r) {
    double all = a->n + a->unscored, share = a->k / a->n;
    if (!(all > 0.0)) return;
    double upper = stat_cp_upper(a->k + a->unscored, all, 1.0 - alpha), lower = stat_cp_lower(a->k, all, 1.0 - alpha);
    if (isnan(r->point) || share > r->point) {
        r->point = share;
        r->best = at;
    }
    r->upper = isnan(r->upper) ? upper : fmax(r->upper, upper);
    r->lower = isnan(r->lower) ? lower : fmax(r->lower, lower);
}

AuditRate audit_rate(const AuditRateRule *rule, const AuditArm *arms, size_t n_arms) {
    AuditRate r = {.point = NAN, .lower = NAN, .upper = NAN, .why = ""};
    const char *lacks = rule->complete ? NULL : "an arm is missing, or an integrity check failed";
    for (size_t i = 0; i < n_arms; i++) {
        take_arm(&arms[i], i, rule->alpha / (double)n_arms, &r);
        if (!lacks) lacks = arm_lacks(rule, &arms[i]);
    }
    if (!n_arms) lacks = "there is no arm";
    if (r.lower >= rule->threshold)
        r.verdict = AUDIT_AT_OR_ABOVE; /* shown, whatever else is missing */
    else if (lacks)
        r.why = lacks;
    else if (r.upper < rule->threshold)
        r.verdict = AUDIT_BELOW;
    else
        r.why = "the threshold lies between the bounds";
    return r;
}

/* ---- pairs ---- */

AuditErosion audit_loss_verdict(double lower, double upper, double p, double margin, double alpha) {
    if (upper < margin) return AUDIT_NOT_ERODED;
    return lower > 0.0 && p < alpha ? AUDIT_ERODED : AUDIT_UNCLEAR;
}

static double difference(uint64_t both, uint64_t first, uint64_t second, uint64_t neither) {
    return ((double)first - (double)second) / ((double)both + (double)first + (double)second + (double)neither);
}

AuditLoss audit_loss(AuditPairs n, double margin, double alpha) {
    StatRange w = stat_paired_bounds(n.both, n.base_only, n.tuned_only, n.neither, 1.0 - 2.0 * alpha);
    AuditLoss r = {.loss = difference(n.both, n.base_only, n.tuned_only, n.neither),
                   .lower = w.lo,
                   .upper = w.hi,
                   .p = stat_mcnemar_one_sided(n.base_only, n.tuned_only)};
    r.within_margin = w.hi < margin;
    r.verdict = audit_loss_verdict(r.lower, r.upper, r.p, margin, alpha);
    return r;
}

double audit_pairs_needed(double discordance, double margin, double alpha, double power) {
    return stat_power_n_noninferiority(discordance, 0.0, margin, alpha, power);
}

AuditUplift audit_uplift(uint64_t both, uint64_t candidate_only, uint64_t reference_only, uint64_t neither,
                         double margin, double alpha) {
    StatRange w = stat_paired_bounds(both, candidate_only, reference_only, neither, 1.0 - 2.0 * alpha);
    return (AuditUplift){.no_uplift = w.hi < margin,
                         .diff = difference(both, candidate_only, reference_only, neither),
                         .lower = w.lo,
                         .upper = w.hi};
}

AuditRefusals audit_refusals(double c, double w, double r) {
    double all = c + w + r;
    AuditRefusals out = {.of_all = c / all, .of_answered = c / (c + w), .if_refused_were_right = (c + r) / all};
    out.too_many = !(all > 0.0) || r / all > 0.05;
    return out;
}

/* ---- categories ---- */

static AuditVerdict all_below(const AuditVerdict *v, size_t n) {
    bool below = n > 0;
    for (size_t i = 0; i < n; i++) {
        if (v[i] == AUDIT_AT_OR_ABOVE) return AUDIT_AT_OR_ABOVE;
        below = below && v[i] == AUDIT_BELOW;
    }
    return below ? AUDIT_BELOW : AUDIT_CANNOT_RULE_OUT;
}

AuditVerdict audit_category(AuditLogic logic, const AuditVerdict *v, const bool *named, size_t n, bool signed_twice) {
    bool any = false, all_above = true;
    if (logic == AUDIT_ALL_BELOW || !signed_twice || !named) return all_below(v, n);
    for (size_t i = 0; i < n; i++) {
        if (!named[i]) continue;
        if (v[i] == AUDIT_BELOW) return AUDIT_BELOW;
        any = true;
        all_above = all_above && v[i] == AUDIT_AT_OR_ABOVE;
    }
    return any && all_above ? AUDIT_AT_OR_ABOVE : AUDIT_CANNOT_RULE_OUT;
}
