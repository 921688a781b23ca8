#include "reports/stats.h"

#include <float.h>
#include <math.h>

static const double NONE = NAN;

/* ---- distributions ---- */

double stat_norm_cdf(double x) {
    return 0.5 * erfc(-x / sqrt(2.0));
}

/* Newton on ln Phi, which is concave and increasing: started left of the root it climbs to it without overshooting.
 * -sqrt(-2 ln p) is left of the root for p <= 1/2, because Phi(-t) < exp(-t^2/2). */
static double lower_norm_ppf(double p) {
    double x = -sqrt(-2.0 * log(p));
    for (int i = 0; i < 100; i++) {
        double cdf = stat_norm_cdf(x);
        double pdf = exp(-0.5 * x * x) / sqrt(2.0 * M_PI);
        double step = (log(cdf) - log(p)) * cdf / pdf;
        x -= step;
        if (!(fabs(step) > 1e-15 * (1.0 + fabs(x)))) break;
    }
    return x;
}

double stat_norm_ppf(double p) {
    if (!(p >= 0.0 && p <= 1.0)) return NONE;
    if (p == 0.0) return -INFINITY;
    if (p == 1.0) return INFINITY;
    if (p == 0.5) return 0.0;
    return p < 0.5 ? lower_norm_ppf(p) : -lower_norm_ppf(1.0 - p);
}

static double ln_gamma(double x) {
    int sign;
    return lgamma_r(x, &sign);
}

/* The continued fraction of I_x(a,b), by Lentz's method as modified by Thompson and Barnett (NIST DLMF 8.17.22). */
static double beta_fraction(double a, double b, double x) {
    const double tiny = 1e-300;
    double c = 1.0, d = 1.0 - (a + b) * x / (a + 1.0);
    if (fabs(d) < tiny) d = tiny;
    d = 1.0 / d;
    double h = d;
    for (int m = 1; m <= 100000; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double factor = 1.0;
        for (int i = 0; i < 2; i++) {
            double t = i ? odd : even;
            d = 1.0 + t * d;
            if (fabs(d) < tiny) d = tiny;
            c = 1.0 + t / c;
            if (fabs(c) < tiny) c = tiny;
            d = 1.0 / d;
            factor = d * c;
            h *= factor;
        }
        if (fabs(factor - 1.0) < 1e-16) break;
    }
    return h;
}

/* I_x(a,b) with y = 1 - x given apart: whichever of the two is small is exact, so no digits are lost at either end. */
static double betainc_xy(double a, double b, double x, double y) {
    if (x <= 0.0) return 0.0;
    if (y <= 0.0) return 1.0;
    double ln_x = x < 0.5 ? log(x) : log1p(-y), ln_y = y < 0.5 ? log(y) : log1p(-x);
    double front = exp(ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * ln_x + b * ln_y);
    if (x <= (a + 1.0) / (a + b + 2.0)) return front * beta_fraction(a, b, x) / a;
    return 1.0 - front * beta_fraction(b, a, y) / b;
}

double stat_betainc(double a, double b, double x) {
    if (!(a > 0.0 && b > 0.0) || isnan(x)) return NONE;
    return betainc_xy(a, b, x, 1.0 - x);
}

/* Bisection until the interval cannot shrink: slow and sure; reports call it a few hundred times. */
double stat_beta_ppf(double p, double a, double b) {
    double lo = 0.0, hi = 1.0;
    if (!(p >= 0.0 && p <= 1.0)) return NONE;
    for (int i = 0; i < 200; i++) {
        double mid = 0.5 * (lo + hi);
        if (mid <= lo || mid >= hi) break;
        if (stat_betainc(a, b, mid) < p)
            lo = mid;
        else
            hi = mid;
    }
    return 0.5 * (lo + hi);
}

/* T^2 / (df + T^2) is Beta(1/2, df/2). Of the two mirrored forms the one whose beta quantile is small is exact. */
double stat_t_ppf(double p, double df) {
    if (!(p > 0.0 && p < 1.0) || !(df > 0.0)) return NONE;
    double tail = p < 0.5 ? p : 1.0 - p, t;
    if (tail == 0.5) return 0.0;
    if (tail < 0.25) {
        double x = stat_beta_ppf(2.0 * tail, 0.5 * df, 0.5);
        t = sqrt(df * (1.0 - x) / x);
    } else {
        double y = stat_beta_ppf(1.0 - 2.0 * tail, 0.5, 0.5 * df);
        t = sqrt(df * y / (1.0 - y));
    }
    return p < 0.5 ? -t : t;
}

double stat_t_two_sided(double t, double df) {
    if (isnan(t) || !(df > 0.0)) return NONE;
    double t2 = t * t;
    return betainc_xy(0.5 * df, 0.5, df / (df + t2), t2 / (df + t2));
}

double stat_chi2_sf_df1(double x) {
    return x < 0.0 ? 1.0 : erfc(sqrt(0.5 * x));
}

static double two_sided_z(double conf) {
    return stat_norm_ppf(1.0 - 0.5 * (1.0 - conf));
}

/* ---- one mean ---- */

/* The sum first, so that k of n gives the double nearest to k/n; then what rounding took away. */
static double mean_of(const double *x, size_t n) {
    double sum = 0.0, rest = 0.0;
    for (size_t i = 0; i < n; i++) sum += x[i];
    double m = sum / (double)n;
    for (size_t i = 0; i < n; i++) rest += x[i] - m;
    rest /= (double)n;
    return fabs(rest) > fabs(m) * 4.0 * DBL_EPSILON ? m + rest : m;
}

static double var_of(const double *x, size_t n, double m) {
    double ss = 0.0;
    for (size_t i = 0; i < n; i++) ss += (x[i] - m) * (x[i] - m);
    return ss / (double)(n - 1);
}

static StatRange around(double m, double half) {
    return (StatRange){m - half, m + half};
}

StatMean stat_mean(const double *x, size_t n, double conf) {
    StatMean r = {.n = n, .mean = NONE, .var = NONE, .sd = NONE, .se = NONE, .z = {NONE, NONE}, .t = {NONE, NONE}};
    if (n < 1) return r;
    r.mean = mean_of(x, n);
    if (n < 2) return r;
    r.var = var_of(x, n, r.mean);
    r.sd = sqrt(r.var);
    r.se = r.sd / sqrt((double)n);
    r.z = around(r.mean, two_sided_z(conf) * r.se);
    r.t = around(r.mean, stat_t_ppf(1.0 - 0.5 * (1.0 - conf), (double)(n - 1)) * r.se);
    return r;
}

StatClustered stat_clustered(const double *x, const uint32_t *cluster, size_t n, size_t n_clusters, double conf,
                             double *scratch) {
    StatMean m = stat_mean(x, n, conf);
    StatClustered r = {.n = n,
                       .g = n_clusters,
                       .mean = m.mean,
                       .se_naive = m.se,
                       .se_cr0 = NONE,
                       .se_cr1 = NONE,
                       .deff = NONE,
                       .t = {NONE, NONE}};
    if (n_clusters < 2) return r;
    double s = 0.0, g = (double)n_clusters;
    for (size_t i = 0; i < n_clusters; i++) scratch[i] = 0.0;
    for (size_t i = 0; i < n; i++) scratch[cluster[i]] += x[i] - m.mean;
    for (size_t i = 0; i < n_clusters; i++) s += scratch[i] * scratch[i];
    r.se_cr0 = sqrt(s) / (double)n;
    r.se_cr1 = sqrt(s * g / (g - 1.0)) / (double)n;
    if (m.se > 0.0) r.deff = (r.se_cr1 / m.se) * (r.se_cr1 / m.se);
    r.t = around(m.mean, stat_t_ppf(1.0 - 0.5 * (1.0 - conf), g - 1.0) * r.se_cr1);
    return r;
}

/* Question means are formed on the fly, twice, so that no memory is needed. */
StatRepeats stat_repeats(const double *x, size_t n, size_t k) {
    StatRepeats r = {.n = n,
                     .k = k,
                     .mean = NONE,
                     .se = NONE,
                     .se_naive_flat = NONE,
                     .within_var = NONE,
                     .between_var = NONE,
                     .se_k_inf = NONE};
    if (n < 1 || k < 1) return r;
    StatMean flat = stat_mean(x, n * k, 0.95);
    r.mean = flat.mean;
    r.se_naive_flat = flat.se;
    if (n < 2) return r;
    double ss = 0.0, within = 0.0;
    for (size_t i = 0; i < n; i++) {
        double m = mean_of(x + i * k, k);
        ss += (m - r.mean) * (m - r.mean);
        if (k > 1) within += var_of(x + i * k, k, m);
    }
    double var = ss / (double)(n - 1);
    r.se = sqrt(var / (double)n);
    if (k < 2) return r;
    r.within_var = within / (double)n;
    r.between_var = fmax(0.0, var - r.within_var / (double)k);
    r.se_k_inf = sqrt(r.between_var / (double)n);
    return r;
}

/* ---- two models on the same questions ---- */

StatPaired stat_paired(const double *a, const double *b, size_t n, double conf) {
    StatPaired r = {.n = n,
                    .diff = NONE,
                    .se = NONE,
                    .z = NONE,
                    .p_z = NONE,
                    .p_t = NONE,
                    .corr = NONE,
                    .se_unpaired = NONE,
                    .ci = {NONE, NONE}};
    if (n < 1) return r;
    double ma = mean_of(a, n), mb = mean_of(b, n), sum = 0.0, saa = 0.0, sbb = 0.0, sab = 0.0, sdd = 0.0;
    for (size_t i = 0; i < n; i++) sum += a[i] - b[i];
    r.diff = sum / (double)n;
    if (n < 2) return r;
    for (size_t i = 0; i < n; i++) {
        double da = a[i] - ma, db = b[i] - mb, dd = (a[i] - b[i]) - r.diff;
        saa += da * da, sbb += db * db, sab += da * db, sdd += dd * dd;
    }
    double df = (double)(n - 1), nn = (double)n;
    r.se = sqrt(sdd / df / nn);
    r.se_unpaired = sqrt(saa / df / nn + sbb / df / nn);
    if (saa > 0.0 && sbb > 0.0) r.corr = sab / sqrt(saa * sbb);
    r.ci = around(r.diff, two_sided_z(conf) * r.se);
    if (!(r.se > 0.0)) return r; /* all differences are equal: a test statistic does not exist */
    r.z = r.diff / r.se;
    r.p_z = erfc(fabs(r.z) / sqrt(2.0));
    r.p_t = stat_t_two_sided(r.z, df);
    return r;
}

/* P(X = k) for X ~ Bin(n, 1/2). */
static double half_binomial(double k, double n) {
    return exp(ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0) - n * M_LN2);
}

StatMcNemar stat_mcnemar(uint64_t b, uint64_t c) {
    StatMcNemar r = {0.0, 1.0, 0.0, 1.0, 1.0, 1.0};
    double n = (double)b + (double)c, low = (double)(b < c ? b : c), gap = fabs((double)b - (double)c);
    if (n == 0.0) return r;
    r.chi2 = gap * gap / n;
    r.chi2_cc = fmax(gap - 1.0, 0.0) * fmax(gap - 1.0, 0.0) / n;
    r.p_chi2 = stat_chi2_sf_df1(r.chi2);
    r.p_cc = stat_chi2_sf_df1(r.chi2_cc);
    if (gap == 0.0) return r;
    /* P(X <= low) = I_{1/2}(n - low, low + 1) */
    r.p_exact = fmin(1.0, 2.0 * stat_betainc(n - low, low + 1.0, 0.5));
    r.p_midp = r.p_exact - half_binomial(low, n);
    return r;
}

static double newcombe_phi(double n11, double n10, double n01, double n00, double n) {
    double product = (n11 + n10) * (n01 + n00) * (n11 + n01) * (n10 + n00);
    if (product == 0.0) return 0.0;
    double a = n11 * n00 - n10 * n01;
    if (a > 0.0) a = fmax(a - 0.5 * n, 0.0);
    return a / sqrt(product);
}

StatNewcombe stat_newcombe_paired(uint64_t n11, uint64_t n10, uint64_t n01, uint64_t n00, double conf) {
    double x11 = (double)n11, x10 = (double)n10, x01 = (double)n01, x00 = (double)n00, n = x11 + x10 + x01 + x00;
    StatNewcombe r = {NONE, NONE, NONE, NONE};
    if (n == 0.0) return r;
    double p1 = (x11 + x10) / n, p2 = (x11 + x01) / n;
    StatRange w1 = stat_wilson(x11 + x10, n, conf), w2 = stat_wilson(x11 + x01, n, conf);
    double a = p1 - w1.lo, b = w2.hi - p2, c = w1.hi - p1, e = p2 - w2.lo;
    r.diff = (x10 - x01) / n;
    r.phi = newcombe_phi(x11, x10, x01, x00, n);
    r.lo = r.diff - sqrt(fmax(0.0, a * a - 2.0 * r.phi * a * b + b * b));
    r.hi = r.diff + sqrt(fmax(0.0, c * c - 2.0 * r.phi * c * e + e * e));
    return r;
}

/* ---- proportions ---- */

StatRange stat_wilson(double k, double n, double conf) {
    if (!(n > 0.0) || !(k >= 0.0) || k > n) return (StatRange){NONE, NONE};
    double z = two_sided_z(conf), z2 = z * z, p = k / n;
    double mid = p + z2 / (2.0 * n), half = z * sqrt(p * (1.0 - p) / n + z2 / (4.0 * n * n)), scale = 1.0 + z2 / n;
    return (StatRange){k == 0.0 ? 0.0 : (mid - half) / scale, k == n ? 1.0 : (mid + half) / scale};
}

StatRange stat_clopper_pearson(uint64_t k, uint64_t n, double conf) {
    if (n == 0 || k > n) return (StatRange){NONE, NONE};
    double kk = (double)k, nn = (double)n, alpha = 1.0 - conf;
    return (StatRange){k == 0 ? 0.0 : stat_beta_ppf(0.5 * alpha, kk, nn - kk + 1.0),
                       k == n ? 1.0 : stat_beta_ppf(1.0 - 0.5 * alpha, kk + 1.0, nn - kk)};
}

double stat_zero_event_upper(uint64_t n, double conf) {
    return n == 0 ? NONE : -expm1(log1p(-conf) / (double)n);
}

/* ---- power and many tests ---- */

static double power_z(double alpha, double power) {
    return stat_norm_ppf(1.0 - 0.5 * alpha) + stat_norm_ppf(power);
}

double stat_mde(double v, double n, double alpha, double power) {
    if (!(n > 0.0) || !(v >= 0.0)) return NONE;
    return power_z(alpha, power) * sqrt(v / n);
}

double stat_power_n(double v, double delta, double alpha, double power) {
    if (!(delta > 0.0) || !(v >= 0.0)) return NONE;
    double z = power_z(alpha, power);
    return z * z * v / (delta * delta);
}

/* Indices of the entries that are numbers, by ascending p; insertion sort, stable (tables have tens of rows). */
static size_t sorted_by_p(const double *p, size_t n, size_t *index) {
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(p[i])) continue;
        size_t j = m++;
        for (; j > 0 && p[index[j - 1]] > p[i]; j--) index[j] = index[j - 1];
        index[j] = i;
    }
    return m;
}

void stat_adjust_bh(const double *p, size_t n, double *out, size_t *scratch) {
    size_t m = sorted_by_p(p, n, scratch);
    double low = 1.0;
    for (size_t i = 0; i < n; i++) out[i] = NONE;
    for (size_t i = m; i-- > 0;) {
        low = fmin(low, p[scratch[i]] * (double)m / (double)(i + 1));
        out[scratch[i]] = low;
    }
}

void stat_adjust_holm(const double *p, size_t n, double *out, size_t *scratch) {
    size_t m = sorted_by_p(p, n, scratch);
    double high = 0.0;
    for (size_t i = 0; i < n; i++) out[i] = NONE;
    for (size_t i = 0; i < m; i++) {
        high = fmax(high, fmin(1.0, p[scratch[i]] * (double)(m - i)));
        out[scratch[i]] = high;
    }
}
