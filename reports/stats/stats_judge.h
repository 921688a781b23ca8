/* Statistics of an imperfect judge: agreement, sensitivity and specificity with their lower bounds, and a rate that is
 * corrected for the judge's errors. Undefined values are NaN, as in stats.h. */
#ifndef ASSAY_REPORTS_STATS_JUDGE_H
#define ASSAY_REPORTS_STATS_JUDGE_H

#include "reports/stats/stats.h"

/* One-sided bounds of Clopper and Pearson (1934) for k of n at confidence conf: BetaInv(1-conf; k, n-k+1) and
 * BetaInv(conf; k+1, n-k). 0 at k = 0, 1 at k = n; NaN for n = 0. */
double stat_rate_lower(uint64_t k, uint64_t n, double conf);
double stat_rate_upper(uint64_t k, uint64_t n, double conf);

/* Cohen's kappa of a k x k table of counts, row-major: kappa = (po - pe)/(1 - pe). se by Fleiss, Cohen and Everitt,
 * Psychol Bull 72:323 (1969): sqrt((A + B - C)/(N (1 - pe)^2)), A = sum p_ii (1 - (p_i. + p_.i)(1 - kappa))^2,
 * B = (1 - kappa)^2 sum_{i!=j} p_ij (p_.i + p_j.)^2, C = (kappa - pe (1 - kappa))^2. pe = 1: NaN. */
typedef struct StatKappa {
    double n, po, pe, kappa, se;
} StatKappa;
StatKappa stat_kappa(const double *table, size_t k);

/* Rogan and Gladen, Am J Epidemiol 107:71 (1978). A judge with sensitivity sens (from sens_n labelled positives) and
 * specificity spec (from spec_n negatives) calls the share q positive, whose variance is var_q (q (1-q)/n for n
 * independent answers). theta = (q + spec - 1)/(sens + spec - 1), not clipped;
 * se = sqrt(var_q + theta^2 sens (1-sens)/sens_n + (1-theta)^2 spec (1-spec)/spec_n)/(sens + spec - 1), so the judge's
 * own uncertainty is in it; range: theta -+ z se, clipped to 0..1. usable is false, and all else NaN, if the judge does
 * not tell enough (stat_judge_tells). */
typedef struct StatCorrected {
    bool usable;
    double theta, se;
    StatRange range;
} StatCorrected;
/* The limits on sens + spec - 1 (Youden's J) below which nothing is corrected; they stand here and nowhere else. An
 * interval is wider than that of the observed share by 1/J, before the judge's own error is added: 3.3 times at .3, 5
 * times at .2, so below that a correction tells hardly more than its own assumptions.
 * STAT_JUDGE_LEAST  of every figure that is reported, gated or audited, and of a card's `usable` (specs, safety
 *                   scoring, section 13, which calls such a judge unusable)
 * STAT_JUDGE_FLOOR  of the bare formula, which `assay stats rogan_gladen` gives as the specification of statistics
 *                   defines it (its section 13, and its reference vectors). No report uses it. */
#define STAT_JUDGE_LEAST 0.3
#define STAT_JUDGE_FLOOR 0.2
/* Whether a judge tells enough. Differences of rounding do not count: .6 + .7 - 1 is .3. NaN: false. */
bool stat_judge_tells(double sens, double spec, double least);

/* What labelled answers show of a judge. */
typedef struct StatJudgeRates {
    double sens, sens_n, spec, spec_n;
} StatJudgeRates;

/* The part of a corrected share's variance that is the judge's: the delta method on Rogan and Gladen's estimate,
 * (theta^2 s(1-s)/m + (1-theta)^2 t(1-t)/l)/(sens + spec - 1)^2. Where k of n were right, s is (k + 1)/(n + 2) and m is
 * n + 2, and t and l likewise (Lang and Reiczigel, Prev Vet Med 113:13, 2014): a judge that made no mistake on thirty
 * rows has an error all the same. */
double stat_judge_variance(double theta, StatJudgeRates j);

StatCorrected stat_rogan_gladen(double q, double var_q, double sens, double sens_n, double spec, double spec_n,
                                double least, double conf);

#endif
