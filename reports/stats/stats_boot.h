/* Resampling with a fixed generator: the same seed gives the same interval on every machine and with any number of
 * threads (specs, statistics.md section 11). Clusters are drawn, never the rows in them.
 *
 * All rounds are drawn from one generator in sequence: round r starts where round r - 1 ended. Threads do not change
 * that, because the generator is linear and can jump: every piece of rounds starts at its own position in the one
 * sequence (stat_rng_jump). */
#ifndef ASSAY_REPORTS_STATS_BOOT_H
#define ASSAY_REPORTS_STATS_BOOT_H

#include "engine/base/pool.h"
#include "reports/stats/stats.h"

/* xoshiro256** of Blackman and Vigna; the state is the first four outputs of Vigna's SplitMix64. */
typedef struct StatRng {
    uint64_t s[4];
} StatRng;
uint64_t stat_splitmix64(uint64_t *state);
void stat_rng_seed(StatRng *r, uint64_t seed);
uint64_t stat_rng_next(StatRng *r);
/* The high 64 bits of next * bound. */
uint64_t stat_rng_below(StatRng *r, uint64_t bound);
/* As n calls of stat_rng_next at once. Making the jump costs a few milliseconds (at most about 20), each use of it less
 * than a microsecond. */
typedef struct StatJump {
    StatRng column[256]; /* of the 256 x 256 matrix of bits */
} StatJump;
void stat_rng_jump_init(StatJump *j, uint64_t n);
void stat_rng_jump(const StatJump *j, StatRng *r);
/* Shuffles 0..n-1 into index (Fisher and Yates, from the end, index below i + 1). */
void stat_rng_shuffle(StatRng *r, uint32_t *index, size_t n);

/* What one cluster adds to num/den - num2/den2. The second ratio is left out where no cluster has a den2. */
typedef struct StatSums {
    double num, den, num2, den2;
} StatSums;
double stat_sums_ratio(const StatSums *clusters, size_t g); /* of the data as they are; NaN without a denominator */
/* Standard error of num/den (linearised, g/(g-1): specs, statistics.md's clustered errors); NaN for g < 2. */
double stat_sums_se(const StatSums *clusters, size_t g);

/* b rounds, each of g clusters drawn from the g with return; their statistics go to out[b], ascending. Rounds that draw
 * nothing under a bar have none: the result is how many have one. pool may be NULL; 10,000 rounds of 100,000 take a few
 * seconds on two cores. */
size_t stat_bootstrap(const StatSums *clusters, size_t g, uint64_t seed, double *out, size_t b);
size_t stat_bootstrap_on(Pool *pool, const StatSums *clusters, size_t g, uint64_t seed, double *out, size_t b);
/* Of ascending numbers, with linear interpolation (type 7, h = (n-1) p); NaN for n = 0. */
double stat_quantile(const double *sorted, size_t n, double p);

/* The percentile bootstrap of a mean or ratio: mean and sd of the rounds (not divided by sqrt(b)), quantiles. rounds:
 * [b], filled ascending. No round or g = 0: NaN. */
typedef struct StatBoot {
    size_t n_rounds;
    double boot_mean, boot_se;
    StatRange ci;
} StatBoot;
StatBoot stat_boot_percentile(Pool *pool, const StatSums *clusters, size_t g, uint64_t seed, double conf,
                              double *rounds, size_t b);

/* Where to read the rounds for their quantile p: resampling shows only (g-1)/g of the variance between g clusters, and
 * a normal's tails instead of t's. Phi(sqrt(g/(g-1)) T^-1_{g-1}(p)), the expanded percentile interval of Hesterberg, Am
 * Stat 69:371 (2015). g < 2: NaN. */
double stat_boot_level(double p, size_t g);

/* Bias-corrected and accelerated bootstrap over clusters (Efron, JASA 82:171, 1987; Efron and Tibshirani 1993, ch. 14):
 * z0 = Phi^-1(share of rounds below the estimate, ties half), acceleration from the jackknife over clusters,
 * a = sum (t. - t_i)^3 / (6 (sum (t. - t_i)^2)^1.5); the p-quantile is the percentile at
 * Phi(z0 + (z0 + z_p)/(1 - a (z0 + z_p))). If all rounds are equal to the estimate (nothing varies) the quantiles are
 * the estimate: such an interval promises nothing and must not stand alone. Every round on one side of the estimate,
 * or fewer than 2 clusters: NaN. */
typedef struct StatBca {
    size_t n_rounds;
    double estimate, z0, accel;
    const double *rounds; /* the caller's, ascending */
} StatBca;
StatBca stat_bca(Pool *pool, const StatSums *clusters, size_t g, uint64_t seed, double *rounds, size_t b);
/* A one-sided bound at confidence c is the quantile at 1 - c or c, a two-sided interval those at (1-c)/2, 1-(1-c)/2. */
double stat_bca_quantile(const StatBca *r, double p);

#endif
