/* What the tests of statistics share. References: R 4.2.2, SciPy 1.10.1, statsmodels 0.13.5, mpmath at 60 digits, and
 * the published examples named beside them. */
#ifndef ASSAY_TESTS_STATS_SUPPORT_H
#define ASSAY_TESTS_STATS_SUPPORT_H

#include <math.h>

#include "reports/stats/stats.h"
#include "tests/support.h"

/* got and want agree to `rel` of want; a want of 0 must be met to `rel` itself. */
static inline void stats_close(int line, const char *what, double got, double want, double rel) {
    if (fabs(got - want) <= rel * (want == 0.0 ? 1.0 : fabs(want))) return;
    fail_msg("line %d: %s is %.17g, expected %.17g", line, what, got, want);
}

static inline void stats_range(int line, const char *what, StatRange got, double lo, double hi, double rel) {
    stats_close(line, what, got.lo, lo, rel);
    stats_close(line, what, got.hi, hi, rel);
}

#define CLOSE(got, want, rel) stats_close(__LINE__, #got, got, want, rel)
#define NEAR(got, want) stats_close(__LINE__, #got, got, want, 1e-12)
#define RANGE(got, lo, hi, rel) stats_range(__LINE__, #got, got, lo, hi, rel)
#define UNDEFINED(x) assert_true(isnan(x))

/* Fractions without end, the same everywhere; for data that need no meaning. */
static inline double stats_draw(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) / 9007199254740992.0;
}

/* C(n, k) exactly, for n <= 60. */
static inline double stats_choose(int n, int k) {
    double c = 1.0;
    for (int i = 1; i <= k; i++) c = c * (n - k + i) / i;
    return k < 0 || k > n ? 0.0 : round(c);
}

#endif
