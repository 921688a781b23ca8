#include "reports/stats/stats_prop.h"

#include <math.h>

#define NONE ((double)NAN)

#define NOTHING ((StatRange){NONE, NONE})

static bool counts(double k, double n) {
    return n > 0.0 && k >= 0.0 && k <= n && isfinite(n);
}

StatRange stat_wald(double k, double n, double conf) {
    if (!counts(k, n)) return NOTHING;
    double p = k / n, half = stat_two_sided_z(conf) * sqrt(p * (1.0 - p) / n);
    return (StatRange){p - half, p + half};
}

StatRange stat_wilson(double k, double n, double conf) {
    if (!counts(k, n)) return NOTHING;
    double z = stat_two_sided_z(conf), z2 = z * z, p = k / n;
    double mid = p + z2 / (2.0 * n), half = z * sqrt(p * (1.0 - p) / n + z2 / (4.0 * n * n)), scale = 1.0 + z2 / n;
    /* (mid - half)/scale without the cancellation: mid^2 - half^2 = p^2 scale */
    return (StatRange){p * p / (mid + half), k == n ? 1.0 : (mid + half) / scale};
}

/* The lower end for k of n; the upper one is its mirror image. */
static double wilson_cc_lower(double k, double n, double z) {
    if (k == 0.0) return 0.0;
    double p = k / n, q = 1.0 - p, z2 = z * z;
    double root = sqrt(fmax(0.0, z2 - 2.0 - 1.0 / n + 4.0 * p * (n * q + 1.0)));
    double lo = (2.0 * n * p + z2 - 1.0 - z * root) / (2.0 * (n + z2));
    return fmin(1.0, fmax(0.0, lo));
}

StatRange stat_wilson_cc(double k, double n, double conf) {
    if (!counts(k, n)) return NOTHING;
    double z = stat_two_sided_z(conf);
    return (StatRange){wilson_cc_lower(k, n, z), 1.0 - wilson_cc_lower(n - k, n, z)};
}

double stat_cp_lower(double k, double n, double conf) {
    if (!counts(k, n)) return NONE;
    return k == 0.0 ? 0.0 : stat_beta_ppf(1.0 - conf, k, n - k + 1.0);
}

double stat_cp_upper(double k, double n, double conf) {
    if (!counts(k, n)) return NONE;
    return k == n ? 1.0 : stat_beta_isf(1.0 - conf, k + 1.0, n - k);
}

/* `tail` below the lower and above the upper end; zero and full: the end is 0 or 1 by convention. */
static StatRange beta_range(double tail, double a_lo, double b_lo, double a_hi, double b_hi, bool zero, bool full) {
    return (StatRange){zero ? 0.0 : stat_beta_ppf(tail, a_lo, b_lo), full ? 1.0 : stat_beta_isf(tail, a_hi, b_hi)};
}

StatRange stat_clopper_pearson(uint64_t k, uint64_t n, double conf) {
    double kk = (double)k, nn = (double)n;
    if (!counts(kk, nn)) return NOTHING;
    return beta_range(0.5 * (1.0 - conf), kk, nn - kk + 1.0, kk + 1.0, nn - kk, k == 0, k == n);
}

StatRange stat_agresti_coull(double k, double n, double conf) {
    if (!counts(k, n)) return NOTHING;
    double z = stat_two_sided_z(conf), nt = n + z * z, pt = (k + 0.5 * z * z) / nt;
    double half = z * sqrt(pt * (1.0 - pt) / nt);
    return (StatRange){pt - half, pt + half};
}

StatRange stat_jeffreys(double k, double n, double conf) {
    if (!counts(k, n)) return NOTHING;
    double a = k + 0.5, b = n - k + 0.5;
    return beta_range(0.5 * (1.0 - conf), a, b, a, b, k == 0.0, k == n);
}

double stat_zero_event_upper(uint64_t n, double conf) {
    return n == 0 ? NONE : -expm1(log1p(-conf) / (double)n);
}

double stat_zero_event_rule(uint64_t n, double conf) {
    return n == 0 ? NONE : -log1p(-conf) / (double)n;
}
