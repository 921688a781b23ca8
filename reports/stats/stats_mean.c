#include "reports/stats/stats_mean.h"

#include <float.h>
#include <math.h>

#include "reports/stats/stats_internal.h"

#define NONE ((double)NAN)

static bool all_equal(const double *x, size_t n) {
    for (size_t i = 1; i < n; i++)
        if (x[i] != x[0]) return false;
    return n > 0;
}

/* The sum first, so that k of n gives the double nearest to k/n; then what rounding took away. Equal numbers are their
 * own mean to the last bit: ten times 0.1 has no variance. */
double stat__mean_of(const double *x, size_t n) {
    double sum = 0.0, rest = 0.0;
    if (all_equal(x, n)) return x[0];
    for (size_t i = 0; i < n; i++) sum += x[i];
    double m = sum / (double)n;
    for (size_t i = 0; i < n; i++) rest += x[i] - m;
    rest /= (double)n;
    return fabs(rest) > fabs(m) * 4.0 * DBL_EPSILON ? m + rest : m;
}

static double var_of(const double *x, size_t n, double m) {
    double ss = 0.0;
    for (size_t i = 0; i < n; i++) ss += (x[i] - m) * (x[i] - m);
    return ss / (double)(n - 1);
}

StatRange stat__around(double m, double half) {
    return (StatRange){m - half, m + half};
}

StatMean stat_mean(const double *x, size_t n, double conf) {
    StatMean r = {.n = n, .mean = NONE, .var = NONE, .sd = NONE, .se = NONE, .z = {NONE, NONE}, .t = {NONE, NONE}};
    if (n < 1) return r;
    r.mean = stat__mean_of(x, n);
    if (n < 2) return r;
    r.var = var_of(x, n, r.mean);
    r.sd = sqrt(r.var);
    r.se = r.sd / sqrt((double)n);
    r.z = stat__around(r.mean, stat_two_sided_z(conf) * r.se);
    r.t = stat__around(r.mean, stat_two_sided_t(conf, (double)(n - 1)) * r.se);
    return r;
}

StatClustered stat_clustered(const double *x, const uint32_t *cluster, size_t n, size_t n_clusters, double conf,
                             double *scratch) {
    StatMean m = stat_mean(x, n, conf);
    StatClustered r = {.n = n,
                       .g = n_clusters,
                       .mean = m.mean,
                       .se_naive = m.se,
                       .se_cr0 = NONE,
                       .se_cr1 = NONE,
                       .deff = NONE,
                       .t = {NONE, NONE}};
    if (n_clusters < 2) return r;
    double s = 0.0, g = (double)n_clusters, rest = 0.0;
    for (size_t i = 0; i < n_clusters; i++) scratch[i] = 0.0;
    for (size_t i = 0; i < n; i++) rest += x[i] - m.mean;
    rest /= (double)n; /* what the mean lost in rounding would count once for each row of a cluster */
    for (size_t i = 0; i < n; i++) scratch[cluster[i]] += x[i] - m.mean - rest;
    for (size_t i = 0; i < n_clusters; i++) s += scratch[i] * scratch[i];
    r.se_cr0 = sqrt(s) / (double)n;
    r.se_cr1 = sqrt(s * g / (g - 1.0)) / (double)n;
    if (m.se > 0.0) r.deff = (r.se_cr1 / m.se) * (r.se_cr1 / m.se);
    r.t = stat__around(m.mean, stat_two_sided_t(conf, g - 1.0) * r.se_cr1);
    return r;
}

/* Question means are formed on the fly, twice, so that no memory is needed. */
StatRepeats stat_repeats(const double *x, size_t n, size_t k) {
    StatRepeats r = {.n = n,
                     .k = k,
                     .mean = NONE,
                     .se = NONE,
                     .se_naive_flat = NONE,
                     .within_var = NONE,
                     .between_var = NONE,
                     .se_k_inf = NONE};
    if (n < 1 || k < 1) return r;
    StatMean flat = stat_mean(x, n * k, 0.95);
    r.mean = flat.mean;
    r.se_naive_flat = flat.se;
    double ss = 0.0, within = 0.0;
    for (size_t i = 0; i < n; i++) {
        double m = stat__mean_of(x + i * k, k);
        ss += (m - r.mean) * (m - r.mean);
        if (k > 1) within += var_of(x + i * k, k, m);
    }
    if (k > 1) r.within_var = within / (double)n;
    if (n < 2) return r;
    double var = ss / (double)(n - 1);
    r.se = sqrt(var / (double)n);
    if (k < 2) return r;
    r.between_var = fmax(0.0, var - r.within_var / (double)k);
    r.se_k_inf = sqrt(r.between_var / (double)n);
    return r;
}

/* ---- tasks ---- */

StatMacro stat_macro_mean(const double *means, const double *ses, size_t n) {
    StatMacro r = {NONE, NONE};
    if (n < 1) return r;
    double ss = 0.0;
    for (size_t i = 0; i < n; i++) ss += ses[i] * ses[i];
    r.mean = stat__mean_of(means, n);
    r.se = sqrt(ss) / (double)n;
    return r;
}

double stat_lm_eval_pooled_se(const double *ses, const double *sizes, size_t n) {
    double ss = 0.0, total = 0.0;
    for (size_t i = 0; i < n; i++) {
        if (!(sizes[i] > 0.0)) return NONE;
        ss += (sizes[i] - 1.0) * ses[i] * ses[i] * sizes[i];
        total += sizes[i];
    }
    if (!(total > (double)n)) return NONE;
    return sqrt(ss / (total - (double)n) / total);
}

StatCalibration stat_calibration(const double *p, const double *y, size_t n, size_t bins, double *scratch) {
    StatCalibration r = {NONE, NONE};
    double gap = 0.0, brier = 0.0;
    if (n < 1 || bins < 1) return r;
    for (size_t b = 0; b < bins; b++) scratch[b] = 0.0;
    for (size_t i = 0; i < n; i++) {
        if (!(p[i] >= 0.0 && p[i] <= 1.0)) return r;
        size_t b = (size_t)(p[i] * (double)bins);
        scratch[b < bins ? b : bins - 1] += p[i] - y[i];
        brier += (p[i] - y[i]) * (p[i] - y[i]);
    }
    for (size_t b = 0; b < bins; b++) gap += fabs(scratch[b]);
    r.ece = gap / (double)n;
    r.brier = brier / (double)n;
    return r;
}
