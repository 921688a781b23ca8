/* Resampling with a fixed generator: the same seed gives the same interval on every machine (specs, statistics.md
 * section 11). Clusters are drawn, never the rows in them. */
#ifndef ASSAY_REPORTS_STATS_BOOT_H
#define ASSAY_REPORTS_STATS_BOOT_H

#include "reports/stats.h"

/* xoshiro256** of Blackman and Vigna; the state is the first four outputs of Vigna's SplitMix64. */
typedef struct StatRng {
    uint64_t s[4];
} StatRng;
uint64_t stat_splitmix64(uint64_t *state);
void stat_rng_seed(StatRng *r, uint64_t seed);
uint64_t stat_rng_next(StatRng *r);
/* The high 64 bits of next * bound. */
uint64_t stat_rng_below(StatRng *r, uint64_t bound);

/* What one cluster adds to num/den - num2/den2. The second ratio is left out where no cluster has a den2. */
typedef struct StatSums {
    double num, den, num2, den2;
} StatSums;

/* b rounds, each of g clusters drawn from the g with return; their statistics go to out[b], ascending. Rounds that draw
 * nothing under a bar have none: the result is how many have one. */
size_t stat_bootstrap(const StatSums *clusters, size_t g, uint64_t seed, double *out, size_t b);
/* Of ascending numbers, with linear interpolation (type 7, h = (n-1) p); NaN for n = 0. */
double stat_quantile(const double *sorted, size_t n, double p);

#endif
