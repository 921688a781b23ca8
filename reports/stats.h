/* Statistics of the reports: means and their intervals, paired comparison, proportions, power.
 *
 * Every function states its formula and where it comes from. Undefined values (n too small, no variance) are NaN, never
 * zero: who prints them says "n/a". z_q is the standard normal quantile; "sd" always has n - 1 below. The unit of
 * analysis is the question: average the repeats of a question first, then call these. */
#ifndef ASSAY_REPORTS_STATS_H
#define ASSAY_REPORTS_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- distributions ---- */

double stat_norm_cdf(double x);
double stat_norm_ppf(double p);                    /* p in (0,1), else +-infinity at the ends, NaN outside */
double stat_betainc(double a, double b, double x); /* regularised incomplete beta I_x(a,b) */
double stat_beta_ppf(double p, double a, double b);
double stat_t_ppf(double p, double df);
double stat_t_two_sided(double t, double df); /* P(|T| >= |t|) */
double stat_chi2_sf_df1(double x);            /* P(X >= x), one degree of freedom */

typedef struct StatRange {
    double lo, hi;
} StatRange;

/* ---- one mean ---- */

/* m, s^2 = sum (x-m)^2 / (n-1), se = s/sqrt(n); intervals m -+ z se and m -+ t_{n-1} se. n < 2: all but the mean are
 * NaN. Miller, Adding Error Bars to Evals, arXiv 2411.00640 (2024). Two passes: sum x^2 - n m^2 loses all digits. */
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

/* ---- two models on the same questions ---- */

/* d = a - b; se = sd(d)/sqrt(n); z = diff/se; p_z normal, p_t with n-1 df; interval diff -+ z se; corr = Pearson(a, b);
 * se_unpaired = sqrt(s_a^2/n + s_b^2/n). For clusters run stat_clustered on d. Miller 2024. */
typedef struct StatPaired {
    size_t n;
    double diff, se, z, p_z, p_t, corr, se_unpaired;
    StatRange ci;
} StatPaired;
StatPaired stat_paired(const double *a, const double *b, size_t n, double conf);

/* b = A right and B wrong, c = the reverse, N = b + c. chi2 = (b-c)^2/N, chi2_cc with the continuity correction;
 * p_exact = min(1, 2 P(X <= min(b,c))), X ~ Bin(N, 1/2); p_midp = p_exact - P(X = min), both 1 when b = c.
 * Mid-p for N < 100: Fagerland, Lydersen, Laake, BMC Med Res Methodol 13:91 (2013). */
typedef struct StatMcNemar {
    double chi2, p_chi2, chi2_cc, p_cc, p_exact, p_midp;
} StatMcNemar;
StatMcNemar stat_mcnemar(uint64_t b, uint64_t c);

/* Newcombe's hybrid score interval for the difference of paired proportions (method 10), Stat Med 17:2635 (1998).
 * n11 both right, n10 only A, n01 only B, n00 neither. Defined without discordant pairs too. */
typedef struct StatNewcombe {
    double diff, phi, lo, hi;
} StatNewcombe;
StatNewcombe stat_newcombe_paired(uint64_t n11, uint64_t n10, uint64_t n01, uint64_t n00, double conf);

/* ---- proportions ---- */

/* k of n, 0 <= k <= n, n >= 1 (else NaN). Wilson 1927 (as in Newcombe 1998, Stat Med 17:857): exactly 0 at k = 0 and
 * 1 at k = n. k need not be whole: an effective count is fine. */
StatRange stat_wilson(double k, double n, double conf);
/* BetaInv(a/2; k, n-k+1) … BetaInv(1-a/2; k+1, n-k): never covers less than it says. For guarantees. */
StatRange stat_clopper_pearson(uint64_t k, uint64_t n, double conf);
/* Nothing in n seen: upper bound 1 - (1-conf)^(1/n). */
double stat_zero_event_upper(uint64_t n, double conf);

/* ---- power and many tests ---- */

/* Smallest difference that n questions would show with the given power: (z_{1-alpha/2} + z_power) sqrt(v/n) with
 * v = omega2 + sigma2_a/k_a + sigma2_b/k_b. Miller 2024. power_n is its inverse (not rounded up). */
double stat_mde(double v, double n, double alpha, double power);
double stat_power_n(double v, double delta, double alpha, double power);

/* Benjamini-Hochberg (1995) and Holm (1979), in input order; NaN entries stay NaN and do not count.
 * scratch: [n] indices. */
void stat_adjust_bh(const double *p, size_t n, double *out, size_t *scratch);
void stat_adjust_holm(const double *p, size_t n, double *out, size_t *scratch);

#endif
