/* How many questions a comparison needs, and what a given number can see. Results are real numbers, not rounded up;
 * stat_ceil_n rounds. Impossible requests (delta = 0, a difference beyond the discordance) are NaN. */
#ifndef ASSAY_REPORTS_STATS_POWER_H
#define ASSAY_REPORTS_STATS_POWER_H

#include "reports/stats/stats_dist.h"

/* Variance of one paired difference: omega2 + sigma2_a/k_a + sigma2_b/k_b. Miller 2024. omega2 from data:
 * max(0, var(d) - sigma2_a/k_a - sigma2_b/k_b). */
double stat_paired_variance(double omega2, double sigma2_a, double k_a, double sigma2_b, double k_b);
double stat_omega2(double var_d, double sigma2_a, double k_a, double sigma2_b, double k_b);

/* Smallest difference that n questions would show with the given power: (z_{1-alpha/2} + z_power) sqrt(v/n) with
 * v = stat_paired_variance. power_n is its inverse; the sign of
 * delta does not matter. */
double stat_mde(double v, double n, double alpha, double power);
double stat_power_n(double v, double delta, double alpha, double power);

/* Pairs for McNemar's test, p_disc the share of discordant pairs and delta the difference:
 * (z_{1-alpha/2} sqrt(p_disc) + z_power sqrt(p_disc - delta^2))^2 / delta^2. */
double stat_power_n_mcnemar(double p_disc, double delta, double alpha, double power);
/* Per arm, different questions: (z_{1-alpha/2} + z_power)^2 (p1 q1 + p2 q2)/(p1 - p2)^2. */
double stat_power_n_two_prop(double p1, double p2, double alpha, double power);

/* Pairs for one-sided non-inferiority at level alpha, when the true difference is `diff` (better is positive), with
 * margin > 0 and v the variance of one difference: (z_{1-alpha} + z_power)^2 v / (diff + margin)^2. For binary scores
 * v = p_disc - diff^2: discordance .04, margin .03, diff 0 gives 275. */
double stat_power_n_noninferiority(double v, double diff, double margin, double alpha, double power);

/* Ceiling that does not turn 969.0000000001 into 970: values within 1e-9 of a whole number are that number. */
double stat_ceil_n(double n);

#endif
