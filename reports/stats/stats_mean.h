/* One mean, clustered means, repeats, and means of tasks. Two passes always: sum x^2 - n m^2 loses all digits.
 * The unit of analysis is the question: average the repeats of a question first, then call these. */
#ifndef ASSAY_REPORTS_STATS_MEAN_H
#define ASSAY_REPORTS_STATS_MEAN_H

#include "reports/stats/stats_dist.h"

/* m, s^2 = sum (x-m)^2 / (n-1), se = s/sqrt(n); intervals m -+ z se and m -+ t_{n-1} se. n < 2: all but the mean are
 * NaN. Miller, Adding Error Bars to Evals, arXiv 2411.00640 (2024). */
typedef struct StatMean {
    size_t n;
    double mean, var, sd, se;
    StatRange z, t;
} StatMean;
StatMean stat_mean(const double *x, size_t n, double conf);

/* Clustered: S = sum over clusters of (sum of residuals)^2; se_cr0 = sqrt(S)/n (Miller 2024, appendix A);
 * se_cr1 = sqrt(S G/(G-1))/n, the finite-cluster factor of Inspect: the one to use; t interval with G-1 df;
 * deff = (se_cr1/se_naive)^2. cluster[i] < n_clusters; every cluster holds at least one row. G < 2: NaN. */
typedef struct StatClustered {
    size_t n, g;
    double mean, se_naive, se_cr0, se_cr1, deff;
    StatRange t;
} StatClustered;
/* scratch: [n_clusters]. */
StatClustered stat_clustered(const double *x, const uint32_t *cluster, size_t n, size_t n_clusters, double conf,
                             double *scratch);

/* n questions with k repeats each, row-major. se = sd(question means)/sqrt(n); within_var = mean of the questions' own
 * variances (NaN for k = 1), between_var = max(0, var(means) - within/k), se_k_inf = sqrt(between/n). Miller 2024. */
typedef struct StatRepeats {
    size_t n, k;
    double mean, se, se_naive_flat, within_var, between_var, se_k_inf;
} StatRepeats;
StatRepeats stat_repeats(const double *x, size_t n, size_t k);

/* Mean of n task means, se = sqrt(sum se^2)/n. An se that is NaN makes the se NaN. n = 0: NaN. */
typedef struct StatMacro {
    double mean, se;
} StatMacro;
StatMacro stat_macro_mean(const double *means, const double *ses, size_t n);

/* The group line of lm-eval, only to reproduce it: sqrt(sum (n_i - 1) se_i^2 n_i / (sum n_i - T)) / sqrt(sum n_i). */
double stat_lm_eval_pooled_se(const double *ses, const double *sizes, size_t n);

/* Calibration of stated probabilities p against outcomes y: ece = sum over bins of |sum p - sum y| / n, bins
 * min(floor(p bins), bins - 1) in double arithmetic; brier = mean (p - y)^2. p outside [0,1], n = 0 or bins = 0: NaN.
 * scratch: [bins]. */
typedef struct StatCalibration {
    double ece, brier;
} StatCalibration;
StatCalibration stat_calibration(const double *p, const double *y, size_t n, size_t bins, double *scratch);

#endif
