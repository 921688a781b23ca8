/* Decisions: non-inferiority, and Bayesian statements about a rate. */
#ifndef ASSAY_REPORTS_STATS_GATE_H
#define ASSAY_REPORTS_STATS_GATE_H

#include "reports/stats/stats_dist.h"

/* diff = new - baseline, higher is better; margin > 0 is the loss that would still be accepted. z = (diff + margin)/se,
 * p = 1 - Phi(z), noninferior if p < alpha, lower = diff - z_{1-alpha} se. se = 0 (no pair differs) does not mean that
 * the difference is known: all NaN and not non-inferior; take stat_newcombe_paired there. The same for arguments out of
 * range (NaN, alpha outside (0,1)). */
typedef struct StatNonInferiority {
    double z, p, lower;
    bool noninferior;
} StatNonInferiority;
StatNonInferiority stat_noninferiority(double diff, double se, double margin, double alpha);

/* Prior Beta(a, b) (1/2,1/2 is Jeffreys', 1,1 flat) and k of n: posterior Beta(a+k, b+n-k); mean, variance,
 * equal-tailed interval, P(theta > threshold). */
typedef struct StatBeta {
    double mean, var, p_gt;
    StatRange ci;
} StatBeta;
StatBeta stat_beta_posterior(double k, double n, double a, double b, double conf, double threshold);

/* P(X1 > X2) for independent X1 ~ Beta(a1, b1), X2 ~ Beta(a2, b2), by the sum over i < a1 of
 * B(a2+i, b1+b2)/((b1+i) B(1+i, b1) B(a2, b2)) with whole a1 (the smaller side is summed where that is possible);
 * if none of the four is whole it is NaN. */
double stat_prob_superiority(double a1, double b1, double a2, double b2);

#endif
