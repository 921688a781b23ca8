/* Shared by the statistics files alone. */
#ifndef ASSAY_REPORTS_STATS_INTERNAL_H
#define ASSAY_REPORTS_STATS_INTERNAL_H

#include "reports/stats/stats_dist.h"

double stat__mean_of(const double *x, size_t n); /* n >= 1 */
StatRange stat__around(double m, double half);
/* x^a y^b / B(a,b) with y = 1 - x; a, b > 0 and 0 < x < 1. */
double stat__beta_front(double a, double b, double x, double y);
/* P(X = k) for X ~ Bin(n, p), q = 1 - p; k and n whole. */
double stat__binomial(double k, double n, double p, double q);

#endif
