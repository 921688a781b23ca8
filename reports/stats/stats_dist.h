/* Distributions: normal, beta, Student's t, chi-square with one degree of freedom, binomial with p = 1/2.
 *
 * Every quantile has two forms, from below and from above: the upper tail of a p very near to 1 is never written as
 * 1 - p, which would lose it. Undefined arguments give NaN. Where the result is a normal double the relative error is
 * below 1e-12 for counts and degrees of freedom up to 1e4, 1e-10 up to 1e6, and 1e-8 up to 1e8 (compared with mpmath);
 * tests/unit/test_reports_stats_dist.c has the references. */
#ifndef ASSAY_REPORTS_STATS_DIST_H
#define ASSAY_REPORTS_STATS_DIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct StatRange {
    double lo, hi;
} StatRange;

double stat_norm_cdf(double x);
double stat_norm_ppf(double p);    /* p in (0,1), else +-infinity at the ends, NaN outside */
double stat_two_sided_z(double c); /* z_{1-(1-c)/2}: half the width of a two-sided interval of confidence c, in se */

double stat_ln_beta(double a, double b);           /* ln B(a,b), without the loss of lgamma differences */
double stat_betainc(double a, double b, double x); /* regularised incomplete beta I_x(a,b) */
/* The same with y = 1 - x given apart: whichever of the two is small is exact. stat_betainc_sf = 1 - I_x(a,b). */
double stat_betainc_xy(double a, double b, double x, double y);
double stat_betainc_sf(double a, double b, double x);
double stat_beta_ppf(double p, double a, double b); /* x with I_x(a,b) = p */
double stat_beta_isf(double q, double a, double b); /* x with 1 - I_x(a,b) = q */

double stat_t_ppf(double p, double df);
double stat_t_isf(double q, double df);        /* t with P(T > t) = q */
double stat_two_sided_t(double c, double df);  /* t_{1-(1-c)/2, df} */
double stat_t_two_sided(double t, double df);  /* P(|T| >= |t|) */
double stat_chi2_sf_df1(double x);             /* P(X >= x), one degree of freedom */
double stat_half_binomial(double k, double n); /* P(X = k), X ~ Bin(n, 1/2) */

#endif
