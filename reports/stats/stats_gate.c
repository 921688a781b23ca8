#include "reports/stats/stats_gate.h"

#include <math.h>

#include "reports/stats/stats_internal.h"

#define NONE ((double)NAN)

StatNonInferiority stat_noninferiority(double diff, double se, double margin, double alpha) {
    StatNonInferiority r = {NONE, NONE, NONE, false};
    if (isnan(diff) || !(se > 0.0) || isnan(margin) || !(alpha > 0.0 && alpha < 1.0)) return r;
    r.z = (diff + margin) / se;
    r.p = stat_norm_cdf(-r.z);
    r.lower = diff + stat_norm_ppf(alpha) * se;
    r.noninferior = r.p < alpha;
    return r;
}

StatBeta stat_beta_posterior(double k, double n, double a, double b, double conf, double threshold) {
    double pa = a + k, pb = b + (n - k), sum = pa + pb;
    if (!(a > 0.0 && b > 0.0 && k >= 0.0 && k <= n)) return (StatBeta){NONE, NONE, NONE, {NONE, NONE}};
    return (StatBeta){.mean = pa / sum,
                      .var = pa / sum * (pb / sum) / (sum + 1.0),
                      .p_gt = stat_betainc_sf(pa, pb, threshold),
                      .ci = {stat_beta_ppf(0.5 * (1.0 - conf), pa, pb), stat_beta_isf(0.5 * (1.0 - conf), pa, pb)}};
}

/* ---- P(X1 > X2) ---- */

/* Term i of the sum, B(a2+i, b1+b2)/((b1+i) B(1+i, b1) B(a2, b2)) = B(a2+b2, b1+i)/((a2+i) B(a2, i+1) B(b2, b1)), out
 * of three fronts x^a y^b/B(a,b) at one x: their powers cancel, and none of them over- or underflows near the largest
 * term. */
static double term(double i, double b1, double a2, double b2) {
    double n = a2 + b2 + b1 + i, x = (a2 + b2) / n, y = (b1 + i) / n;
    return stat__beta_front(a2, i + 1.0, x, y) * stat__beta_front(b2, b1, x, y) /
           (stat__beta_front(a2 + b2, b1 + i, x, y) * y * (a2 + i));
}

/* term(i + 1) / term(i) */
static double ratio(double i, double b1, double a2, double b2) {
    return (a2 + i) * (b1 + i) / ((a2 + i + b1 + b2) * (i + 1.0));
}

/* The largest term: where the ratio is 1, i (b2 + 1 - ... ) linear in i; else an end. */
static double largest_term(double last, double b1, double a2, double b2) {
    /* (a2+i)(b1+i) = (a2+i+b1+b2)(i+1)  <=>  i (b2 + 1) = a2 b1 - a2 - b1 - b2 */
    double i = floor((a2 * b1 - a2 - b1 - b2) / (b2 + 1.0)) + 1.0;
    return fmin(last, fmax(0.0, i));
}

/* Sum of the terms 0..last, from the largest one outward until they no longer count. */
static double sum_terms(double last, double b1, double a2, double b2) {
    double top = largest_term(last, b1, a2, b2), start = term(top, b1, a2, b2), sum = start, t = start;
    for (double i = top; i < last && t > 1e-18 * sum; i++) {
        t *= ratio(i, b1, a2, b2);
        sum += t;
    }
    t = start;
    for (double i = top; i > 0.0 && t > 1e-18 * sum; i--) {
        t /= ratio(i - 1.0, b1, a2, b2);
        sum += t;
    }
    return fmin(1.0, sum);
}

static bool whole(double x) {
    return x == floor(x);
}

/* Four ways to write it, by X -> 1 - X and by P(X1 > X2) = 1 - P(X2 > X1). The first whole one that gives the smaller
 * of the two probabilities keeps its digits; the order is fixed so that the answer is one number. */
double stat_prob_superiority(double a1, double b1, double a2, double b2) {
    if (!(a1 > 0.0 && b1 > 0.0 && a2 > 0.0 && b2 > 0.0)) return NONE;
    double p = NONE, q = NONE;
    if (whole(a1))
        p = sum_terms(a1 - 1.0, b1, a2, b2);
    else if (whole(b2))
        p = sum_terms(b2 - 1.0, a2, b1, a1);
    if (!(p > 0.5) && !isnan(p)) return p;
    if (whole(a2))
        q = sum_terms(a2 - 1.0, b2, a1, b1);
    else if (whole(b1))
        q = sum_terms(b1 - 1.0, a1, b2, a2);
    return isnan(q) ? p : 1.0 - q;
}
