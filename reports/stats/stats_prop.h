/* One proportion. k of n with 0 <= k <= n and n > 0, else NaN. Near 0 or 1 and for n < 100: Wilson for reports,
 * Clopper-Pearson for guarantees, never Wald. Newcombe, Stat Med 17:857 (1998). */
#ifndef ASSAY_REPORTS_STATS_PROP_H
#define ASSAY_REPORTS_STATS_PROP_H

#include "reports/stats/stats_dist.h"

/* Shown only to be avoided: p -+ z sqrt(pq/n). */
StatRange stat_wald(double k, double n, double conf);
/* Wilson 1927: exactly 0 at k = 0 and 1 at k = n. k need not be whole: an effective count is fine. */
StatRange stat_wilson(double k, double n, double conf);
/* Wilson with continuity correction, clipped to [0,1]; 0 at k = 0, 1 at k = n. */
StatRange stat_wilson_cc(double k, double n, double conf);
/* BetaInv(a/2; k, n-k+1) … BetaInv(1-a/2; k+1, n-k): never covers less than it says. For guarantees. */
StatRange stat_clopper_pearson(uint64_t k, uint64_t n, double conf);
/* n~ = n + z^2, p~ = (k + z^2/2)/n~: p~ -+ z sqrt(p~ (1-p~)/n~), not clipped. */
StatRange stat_agresti_coull(double k, double n, double conf);
/* BetaInv(a/2; k+1/2, n-k+1/2) …; 0 at k = 0, 1 at k = n. */
StatRange stat_jeffreys(double k, double n, double conf);

/* One-sided Clopper-Pearson bounds at confidence conf for real counts, such as k/deff of n/deff in clustered data;
 * 0 at k = 0, 1 at k = n. For whole counts they are stat_rate_lower and stat_rate_upper (stats_judge.h). */
double stat_cp_lower(double k, double n, double conf);
double stat_cp_upper(double k, double n, double conf);

/* Nothing in n seen: upper bound 1 - (1-conf)^(1/n), and the rule -ln(1-conf)/n (the "rule of three" at 95 %). */
double stat_zero_event_upper(uint64_t n, double conf);
double stat_zero_event_rule(uint64_t n, double conf);

#endif
