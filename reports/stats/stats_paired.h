/* Two models: on the same questions (always paired), or on different ones. */
#ifndef ASSAY_REPORTS_STATS_PAIRED_H
#define ASSAY_REPORTS_STATS_PAIRED_H

#include "reports/stats/stats_dist.h"

/* d = a - b; se = sd(d)/sqrt(n); z = diff/se; p_z normal, p_t with n-1 df; interval diff -+ z se; corr = Pearson(a, b);
 * se_unpaired = sqrt(s_a^2/n + s_b^2/n). For clusters run stat_clustered on d. n < 2: all but diff are NaN; equal
 * differences: z and both p are NaN. Miller 2024. */
typedef struct StatPaired {
    size_t n;
    double diff, se, z, p_z, p_t, corr, se_unpaired;
    StatRange ci;
} StatPaired;
StatPaired stat_paired(const double *a, const double *b, size_t n, double conf);

/* Different questions: se = sqrt(se_a^2 + se_b^2), z, p_z; Welch's degrees of freedom and p. Either n < 2: all but diff
 * are NaN. */
typedef struct StatUnpaired {
    double diff, se, z, p_z, welch_df, p_welch;
} StatUnpaired;
StatUnpaired stat_unpaired(const double *a, size_t na, const double *b, size_t nb);

/* Share of the 2^n sign patterns with |sum -+d| >= |sum d|, exactly, for n <= STAT_SIGNFLIP_EXACT; ties that rounding
 * could hide count (1e-12 of sum |d|). n = 0: NaN. */
#define STAT_SIGNFLIP_EXACT 20
double stat_signflip_exact(const double *d, size_t n);
/* Above that by b random patterns of a generator with this seed: (1 + hits)/(1 + b), never 0. */
double stat_signflip_random(const double *d, size_t n, uint64_t seed, size_t b);

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

/* Bounds to decide by: each is meant to err in at most (1 - conf)/2. Newcombe's interval above covers well on average,
 * but one side of it errs in up to 19 % instead of 5 % where the truth lies at a small margin and nearly all pairs that
 * differ speak for one side. The outermost of it, of Tango's score bound (Stat Med 17:891, 1998) with a continuity
 * correction of a quarter of a pair, and, where one side has no pair, of Clopper and Pearson's for the other's share.
 * By exact sums over all tables (tests/sim/paired.c): for true differences of up to 20 points, with up to 15 % of pairs
 * on the lesser side, a side of 5 % errs in at most 5.4 % for n = 20 to 75 and 5.2 % from 100; where most pairs differ
 * in up to 7.1 % (n = 25). n = 0 or conf outside [0,1): NaN. */
StatRange stat_paired_bounds(uint64_t n11, uint64_t n10, uint64_t n01, uint64_t n00, double conf);
/* The same of clustered pairs: se is the clustered standard error of the difference. The counts are divided by the
 * design effect, how many times larger the clusters make its variance than that of as many pairs drawn alone, from 1 to
 * n. For bounds of another kind not to lie inside where nearly all pairs that differ speak for one side: t and
 * bootstrap bounds are too short there. n < 2 or se < 0: NaN. */
StatRange stat_paired_bounds_clustered(uint64_t n11, uint64_t n10, uint64_t n01, uint64_t n00, double se, double conf);

/* Newcombe's for independent proportions k1/n1 - k2/n2 (method 10), Stat Med 17:873 (1998); phi is 0. The counts need
 * not be whole: effective counts are fine. */
StatNewcombe stat_newcombe_diff(double k1, double n1, double k2, double n2, double conf);

#endif
