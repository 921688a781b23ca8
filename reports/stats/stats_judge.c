#include "reports/stats/stats_judge.h"

#include <float.h>
#include <math.h>

#define NONE ((double)NAN)

double stat_rate_lower(uint64_t k, uint64_t n, double conf) {
    if (n == 0 || k > n) return NONE;
    return k == 0 ? 0.0 : stat_beta_ppf(1.0 - conf, (double)k, (double)(n - k) + 1.0);
}

double stat_rate_upper(uint64_t k, uint64_t n, double conf) {
    if (n == 0 || k > n) return NONE;
    return k == n ? 1.0 : stat_beta_ppf(conf, (double)k + 1.0, (double)(n - k));
}

/* ---- kappa ---- */

static double row_sum(const double *t, size_t k, size_t i) {
    double s = 0.0;
    for (size_t j = 0; j < k; j++) s += t[i * k + j];
    return s;
}

static double column_sum(const double *t, size_t k, size_t j) {
    double s = 0.0;
    for (size_t i = 0; i < k; i++) s += t[i * k + j];
    return s;
}

static double kappa_se(const double *t, size_t k, double n, double pe, double kappa) {
    double a = 0.0, b = 0.0, c = kappa - pe * (1.0 - kappa);
    for (size_t i = 0; i < k; i++) {
        double u = 1.0 - (row_sum(t, k, i) + column_sum(t, k, i)) / n * (1.0 - kappa);
        a += t[i * k + i] / n * u * u;
        for (size_t j = 0; j < k; j++) {
            double w = (column_sum(t, k, i) + row_sum(t, k, j)) / n;
            if (i != j) b += t[i * k + j] / n * w * w;
        }
    }
    double more = a + (1.0 - kappa) * (1.0 - kappa) * b, v = more - c * c;
    if (v < 8.0 * DBL_EPSILON * more) v = 0.0; /* nothing is left but rounding, whose root would look like an error */
    return sqrt(v / (n * (1.0 - pe) * (1.0 - pe)));
}

StatKappa stat_kappa(const double *table, size_t k) {
    StatKappa r = {0.0, NONE, NONE, NONE, NONE};
    double agree = 0.0, chance = 0.0;
    for (size_t i = 0; i < k; i++) {
        r.n += row_sum(table, k, i);
        agree += table[i * k + i];
        chance += row_sum(table, k, i) * column_sum(table, k, i);
    }
    if (!(r.n > 0.0)) return r;
    r.po = agree / r.n;
    r.pe = chance / (r.n * r.n);
    if (!(r.pe < 1.0)) return r;
    r.kappa = (r.po - r.pe) / (1.0 - r.pe);
    r.se = kappa_se(table, k, r.n, r.pe, r.kappa);
    return r;
}

/* ---- correction ---- */

static double clipped(double x) {
    return x < 0.0 ? 0.0 : x > 1.0 ? 1.0 : x;
}

bool stat_judge_tells(double sens, double spec, double least) {
    double youden = sens + spec - 1.0;
    return youden > 0.0 && youden >= least - 1e-12; /* .6 + .6 - 1 is .2 on paper and a little less in binary */
}

static double added(double rate, double n) {
    double s = (rate * n + 1.0) / (n + 2.0);
    return s * (1.0 - s) / (n + 2.0);
}

double stat_judge_variance(double theta, StatJudgeRates j) {
    double youden = j.sens + j.spec - 1.0, rest = 1.0 - theta;
    return (theta * theta * added(j.sens, j.sens_n) + rest * rest * added(j.spec, j.spec_n)) / (youden * youden);
}

StatCorrected stat_rogan_gladen(double q, double var_q, double sens, double sens_n, double spec, double spec_n,
                                double least, double conf) {
    StatCorrected r = {false, NONE, NONE, {NONE, NONE}};
    double youden = sens + spec - 1.0;
    if (!stat_judge_tells(sens, spec, least) || !(sens_n > 0.0) || !(spec_n > 0.0) || !(var_q >= 0.0)) return r;
    r.usable = true;
    r.theta = (q + spec - 1.0) / youden;
    double of_sens = r.theta * r.theta * sens * (1.0 - sens) / sens_n;
    double of_spec = (1.0 - r.theta) * (1.0 - r.theta) * spec * (1.0 - spec) / spec_n;
    r.se = sqrt(var_q + of_sens + of_spec) / youden;
    double half = stat_norm_ppf(0.5 + 0.5 * conf) * r.se;
    r.range = (StatRange){clipped(r.theta - half), clipped(r.theta + half)};
    return r;
}
