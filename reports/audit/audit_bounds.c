/* One arm: worst-case counts, effective numbers, bounds. */
#include <math.h>
#include <stdlib.h>

#include "reports/audit/audit_evidence.h"
#include "reports/stats/stats_judge.h"
#include "reports/stats/stats_prop.h"

/* So many clusters must differ from the rest before a design effect or a bootstrap is believed (as in safety_rate.c).
 */
enum { LEAST = 15 };

static int by_cluster(const void *x, const void *y) {
    const EvidItem *a = x, *b = y;
    int c = str_cmp(a->cluster, b->cluster);
    if (c) return c;
    double u = isnan(a->value) ? 2.0 : a->value, v = isnan(b->value) ? 2.0 : b->value;
    if (u != v) return (u > v) - (u < v);
    if (a->open != b->open) return (int)a->open - (int)b->open;
    return a->high != b->high ? (a->high > b->high) - (a->high < b->high) : (a->low > b->low) - (a->low < b->low);
}

static double worst(const EvidItem *it, bool capability, bool high) {
    if (it->several) return high ? it->high : it->low;
    if (it->open || isnan(it->value)) return high ? 1.0 : 0.0;
    if (high && capability && it->refused) return 1.0;
    return it->value;
}

/* Items without a cluster stand alone. The number of clusters. */
static size_t sum_up(const EvidItem *v, size_t n, bool capability, bool high, StatSums *c) {
    size_t g = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || !v[i].cluster.p || !str_eq(v[i].cluster, v[i - 1].cluster)) c[g++] = (StatSums){0};
        c[g - 1].num += worst(&v[i], capability, high);
        c[g - 1].den += 1.0;
    }
    return g;
}

static bool enough(const StatSums *c, size_t g) {
    size_t some = 0, not_all = 0;
    for (size_t i = 0; i < g; i++) some += c[i].num > 0.0, not_all += c[i].num < c[i].den;
    return some >= LEAST && not_all >= LEAST;
}

/* p (1-p) over the squared clustered error of the mean; never more than n, and never more than the clusters where too
 * few differ for an error to be seen. */
static double effective(const StatSums *c, size_t g, double p, double n) {
    double ss = 0.0;
    if (!enough(c, g)) return (double)g;
    for (size_t i = 0; i < g; i++) ss += (c[i].num - p * c[i].den) * (c[i].num - p * c[i].den);
    double se2 = ss * (double)g / ((double)g - 1.0) / (n * n);
    return se2 > 0.0 ? fmax(1.0, fmin(n, p * (1.0 - p) / se2)) : (double)g;
}

static bool side(const EvidItem *v, size_t n, bool capability, bool high, uint64_t seed, Arena *a, EvidSide *out) {
    StatSums *c = arena_array(a, n + 1, sizeof *c);
    if (!c) return false;
    size_t g = sum_up(v, n, capability, high, c);
    bool whole = true;
    *out = (EvidSide){.n = (double)n, .n_effective = (double)n};
    for (size_t i = 0; i < n; i++) {
        double x = worst(&v[i], capability, high);
        out->k += x;
        whole = whole && (x == 0.0 || x == 1.0);
    }
    out->plain = whole && g == n;
    if (out->plain || n == 0) return true;
    out->n_effective = effective(c, g, out->k / out->n, out->n);
    if (!enough(c, g)) return true;
    double *rounds = arena_array(a, EVID_ROUNDS, sizeof *rounds);
    if (!rounds) return false;
    out->boot = stat_bca(NULL, c, g, seed, rounds, EVID_ROUNDS);
    return true;
}

bool evid_arm(Str name, EvidItem *v, size_t n, bool capability, EvidJudge judge, uint64_t seed, Arena *a,
              EvidArm *out) {
    size_t refused_scored = 0;
    *out = (EvidArm){.name = name, .n = n, .capability = capability, .judge = judge};
    if (n) qsort(v, n, sizeof *v, by_cluster);
    for (size_t i = 0; i < n; i++) {
        bool scored = !isnan(v[i].value);
        out->n_scored += scored;
        out->n_open += v[i].open || !scored;
        out->n_refused += v[i].refused;
        out->open += v[i].several ? v[i].open_share : v[i].open || !scored;
        out->refused += v[i].several ? v[i].refused_share : v[i].refused;
        refused_scored += scored && v[i].refused;
        if (scored) out->k += v[i].value;
        if (i == 0 || !v[i].cluster.p || !str_eq(v[i].cluster, v[i - 1].cluster)) out->n_clusters++;
    }
    if (out->n_clusters == n) out->n_clusters = 0;
    out->point = out->n_scored ? out->k / (double)out->n_scored : NAN;
    size_t answered = out->n_scored - refused_scored;
    out->answered = answered ? out->k / (double)answered : NAN;
    return side(v, n, capability, true, seed, a, &out->high) && side(v, n, capability, false, seed, a, &out->low);
}

void evid_counts(Str name, double k, double n, double open, double refused, bool capability, EvidJudge judge,
                 EvidArm *out) {
    double all = n + open, answered = n - refused, able = capability ? refused : 0.0;
    *out = (EvidArm){.name = name,
                     .n = (size_t)all,
                     .n_scored = (size_t)n,
                     .n_open = (size_t)open,
                     .n_refused = (size_t)refused,
                     .open = open,
                     .refused = refused,
                     .k = k,
                     .point = n > 0.0 ? k / n : NAN,
                     .answered = answered > 0.0 ? k / answered : NAN,
                     .capability = capability,
                     .high = {.k = k + open + able, .n = all, .n_effective = all, .plain = true},
                     .low = {.k = k, .n = all, .n_effective = all, .plain = true},
                     .judge = judge};
}

/* ---- bounds ---- */

static double counted(const EvidSide *s, double alpha, bool upper) {
    double p = s->k / s->n, n = s->n_effective, k = fmin(n, p * n);
    double exact = upper ? stat_cp_upper(k, n, 1.0 - alpha) : stat_cp_lower(k, n, 1.0 - alpha);
    if (!s->boot.rounds) return exact;
    double q = stat_bca_quantile(&s->boot, upper ? 1.0 - alpha : alpha);
    if (isnan(q)) return upper ? 1.0 : 0.0; /* resampling promises nothing here */
    return upper ? fmax(exact, q) : fmin(exact, q);
}

/* Rogan and Gladen's rate from one that was counted; false alarms can be among what the judge decided alone, which is
 * `share` of it. Where the judge tells nothing there is none. */
static double true_rate(double q, double share, double sens, double spec) {
    double youden = sens + spec - 1.0;
    return youden > 0.0 ? (q - share * (1.0 - spec)) / youden : NAN;
}

/* How far the rate goes to one side if this is not as it was seen but as its own bound has it. */
static double towards(double moved, double theta, bool upper) {
    if (isnan(moved)) return INFINITY;
    return fmax(0.0, upper ? moved - theta : theta - moved);
}

/* The distances of the counted rate's, the sensitivity's and the specificity's bounds, squared and added. Where rules
 * decided too, the lower end is not stretched: what they found needs no correction. */
static double corrected(const EvidArm *arm, const EvidSide *s, const EvidRates *r, double counted, double alpha) {
    bool upper = s == &arm->high;
    double q = s->k / s->n, share = upper ? arm->judge.share : 1.0, conf = 1.0 - alpha;
    if (!stat_judge_tells(r->sens, r->spec, STAT_JUDGE_LEAST)) return upper ? 1.0 : 0.0;
    double k = r->sens * r->sens_n, m = r->spec * r->spec_n, sens = r->sens;
    double sens_end = upper ? stat_cp_lower(k, r->sens_n, conf) : stat_cp_upper(k, r->sens_n, conf);
    double spec_end = upper ? stat_cp_upper(m, r->spec_n, conf) : stat_cp_lower(m, r->spec_n, conf);
    if (!upper && share > arm->judge.share) sens = sens_end = 2.0 - r->spec; /* a stretch of 1 */
    double theta = true_rate(q, share, sens, r->spec);
    double a = towards(true_rate(counted, share, sens, r->spec), theta, upper);
    double b = towards(true_rate(q, share, sens_end, r->spec), theta, upper);
    double c = towards(true_rate(q, share, sens, spec_end), theta, upper);
    double d = sqrt(a * a + b * b + c * c);
    return fmax(0.0, fmin(1.0, upper ? theta + d : theta - d));
}

static double bound(const EvidArm *arm, const EvidSide *s, double alpha) {
    bool upper = s == &arm->high;
    double out = counted(s, alpha, upper), plain = out;
    if (!arm->judge.used || !arm->judge.calibrated) return out;
    for (size_t i = 0; i < arm->judge.n_rates; i++) {
        double c = corrected(arm, s, &arm->judge.rates[i], plain, alpha);
        out = upper ? fmax(out, c) : fmin(out, c);
    }
    return out;
}

double evid_upper(const EvidArm *arm, double alpha) {
    return arm->n == 0 ? 1.0 : bound(arm, &arm->high, alpha);
}

double evid_lower(const EvidArm *arm, double alpha) {
    return arm->n == 0 ? 0.0 : bound(arm, &arm->low, alpha);
}
