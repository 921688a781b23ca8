#include "reports/stats/stats_power.h"

#include <math.h>

#define NONE ((double)NAN)

static double two_sided(double alpha, double power) {
    return stat_norm_ppf(power) - stat_norm_ppf(0.5 * alpha);
}

double stat_paired_variance(double omega2, double sigma2_a, double k_a, double sigma2_b, double k_b) {
    if (!(omega2 >= 0.0 && sigma2_a >= 0.0 && sigma2_b >= 0.0 && k_a > 0.0 && k_b > 0.0)) return NONE;
    return omega2 + sigma2_a / k_a + sigma2_b / k_b;
}

double stat_omega2(double var_d, double sigma2_a, double k_a, double sigma2_b, double k_b) {
    if (!(var_d >= 0.0 && k_a > 0.0 && k_b > 0.0)) return NONE;
    double rest = var_d - sigma2_a / k_a - sigma2_b / k_b;
    return isnan(rest) ? NONE : fmax(0.0, rest);
}

double stat_mde(double v, double n, double alpha, double power) {
    if (!(n > 0.0) || !(v >= 0.0)) return NONE;
    return two_sided(alpha, power) * sqrt(v / n);
}

double stat_power_n(double v, double delta, double alpha, double power) {
    if (!(fabs(delta) > 0.0) || !(v >= 0.0)) return NONE;
    double z = two_sided(alpha, power);
    return z * z * v / (delta * delta);
}

double stat_power_n_mcnemar(double p_disc, double delta, double alpha, double power) {
    double d2 = delta * delta;
    if (!(p_disc > 0.0 && p_disc <= 1.0 && d2 > 0.0 && fabs(delta) <= p_disc)) return NONE;
    double z = stat_norm_ppf(power) * sqrt(p_disc - d2) - stat_norm_ppf(0.5 * alpha) * sqrt(p_disc);
    return z * z / d2;
}

double stat_power_n_two_prop(double p1, double p2, double alpha, double power) {
    if (!(p1 >= 0.0 && p1 <= 1.0 && p2 >= 0.0 && p2 <= 1.0) || p1 == p2) return NONE;
    double z = two_sided(alpha, power), v = p1 * (1.0 - p1) + p2 * (1.0 - p2);
    return z * z * v / ((p1 - p2) * (p1 - p2));
}

double stat_power_n_noninferiority(double v, double diff, double margin, double alpha, double power) {
    double room = diff + margin, z = stat_norm_ppf(power) - stat_norm_ppf(alpha);
    if (!(room > 0.0) || !(v >= 0.0)) return NONE;
    return z * z * v / (room * room);
}

double stat_ceil_n(double n) {
    double whole = round(n);
    return fabs(n - whole) <= 1e-9 * fmax(1.0, whole) ? whole : ceil(n);
}
