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

static StatRange corrected(const EvidArm *arm, const EvidSide *s, double alpha) {
    const EvidJudge *j = &arm->judge;
    double q = s->k / s->n;
    StatCorrected c = stat_rogan_gladen(q, q * (1.0 - q) / s->n_effective, j->sens, j->sens_n, j->spec, j->spec_n,
                                        STAT_JUDGE_LEAST, 1.0 - 2.0 * alpha);
    return c.usable ? c.range : (StatRange){0.0, 1.0};
}

double evid_upper(const EvidArm *arm, double alpha) {
    if (arm->n == 0) return 1.0;
    double u = counted(&arm->high, alpha, true);
    return arm->judge.used && arm->judge.calibrated ? fmax(u, corrected(arm, &arm->high, alpha).hi) : u;
}

double evid_lower(const EvidArm *arm, double alpha) {
    if (arm->n == 0) return 0.0;
    double l = counted(&arm->low, alpha, false);
    return arm->judge.used && arm->judge.calibrated ? fmin(l, corrected(arm, &arm->low, alpha).lo) : l;
}
