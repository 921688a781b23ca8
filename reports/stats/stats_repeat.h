/* Several samples of one question: at least one right, all right, a share right, the majority. Per question; the value
 * of a benchmark is the mean over questions with the standard error over questions. */
#ifndef ASSAY_REPORTS_STATS_REPEAT_H
#define ASSAY_REPORTS_STATS_REPEAT_H

#include "engine/base/str.h"
#include "reports/stats/stats_dist.h"

/* c of n samples are right, k are drawn without return. k = 0, k > n or c > n: NaN, never a number. The longest of them
 * takes n steps.
 * pass_at_k: 1 - C(n-c,k)/C(n,k), Chen et al. 2021, arXiv 2107.03374. pass_hat_k: C(c,k)/C(n,k), all k are right,
 * tau-bench, arXiv 2406.12045. */
double stat_pass_at_k(uint64_t n, uint64_t c, uint64_t k);
double stat_pass_hat_k(uint64_t n, uint64_t c, uint64_t k);
/* P(Hypergeometric(n, c, k) >= m), m = max(1, ceil(k tau - 1e-12)): at least the share tau of k is right. tau in [0,1].
 */
double stat_g_pass_at_k(uint64_t n, uint64_t c, uint64_t k, double tau);

/* Index of the first occurrence of the most frequent answer; of equally frequent ones the one that came first. Empty
 * answers vote; absent ones ({NULL,0}) do not. n if nobody votes. O(n^2): n is a number of repeats. */
size_t stat_majority(const Str *answers, size_t n);

#endif
