#include "reports/stats/stats_dist.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "reports/stats/stats_internal.h"

#define NONE ((double)NAN)

static const double LN_SQRT_2PI = 0.91893853320467274178;

/* ---- normal ---- */

double stat_norm_cdf(double x) {
    return 0.5 * erfc(-x / sqrt(2.0));
}

/* ln Phi(x) for x <= 0. Far out erfc sinks into numbers with few digits, so Mills' ratio by its continued fraction
 * (NIST DLMF 7.9.1) takes over. */
static double ln_lower_cdf(double x) {
    if (x > -10.0) return log(stat_norm_cdf(x));
    double t = -x, f = t;
    for (int k = 80; k > 0; k--) f = t + k / f;
    return -0.5 * t * t - LN_SQRT_2PI - log(f);
}

/* Newton on ln Phi, which is concave and increasing: started left of the root it climbs to it without overshooting.
 * -sqrt(-2 ln p) is left of the root for p <= 1/2, because Phi(-t) < exp(-t^2/2). */
static double lower_norm_ppf(double p) {
    double x = -sqrt(-2.0 * log(p)), target = log(p);
    for (int i = 0; i < 100; i++) {
        double ln_cdf = ln_lower_cdf(x);
        double step = (ln_cdf - target) * exp(ln_cdf + 0.5 * x * x + LN_SQRT_2PI);
        x -= step;
        if (!(fabs(step) > 1e-15 * (1.0 + fabs(x)))) break;
    }
    return x;
}

/* Near the middle: Newton on Phi(x) - 1/2 = erf(x/sqrt 2)/2, whose small values keep their digits. */
static double middle_norm_ppf(double from_half) {
    double x = from_half * sqrt(2.0 * M_PI);
    for (int i = 0; i < 50; i++) {
        double step = (0.5 * erf(x / sqrt(2.0)) - from_half) * exp(0.5 * x * x + LN_SQRT_2PI);
        x -= step;
        if (!(fabs(step) > 1e-16 * fabs(x))) break;
    }
    return x;
}

double stat_norm_ppf(double p) {
    if (!(p >= 0.0 && p <= 1.0)) return NONE;
    if (p == 0.0) return -INFINITY;
    if (p == 1.0) return INFINITY;
    if (fabs(p - 0.5) < 0.2) return middle_norm_ppf(p - 0.5);
    return p < 0.5 ? lower_norm_ppf(p) : -lower_norm_ppf(1.0 - p);
}

double stat_two_sided_z(double conf) {
    return -stat_norm_ppf(0.5 * (1.0 - conf));
}

/* ---- beta ---- */

/* delta(x) of Gamma(x) = sqrt(2 pi/x) (x/e)^x exp(delta(x)); for x >= 10 Stirling's series (NIST DLMF 5.11.1). */
static double stirling_rest(double x) {
    if (x < 10.0) {
        int sign;
        return lgamma_r(x, &sign) - (x - 0.5) * log(x) + x - LN_SQRT_2PI;
    }
    static const double c[] = {1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188, -691.0 / 360360, 1.0 / 156};
    double s = 0.0, y = 1.0 / (x * x);
    for (int i = 6; i >= 0; i--) s = s * y + c[i];
    return s / x;
}

/* u - ln(1 + u) for |u| <= 1/2, from ln(1 + u) = 2 artanh r with r = u/(2 + u): no digits cancel. */
static double u_minus_log1p(double u) {
    double r = u / (2.0 + u), r2 = r * r, s = 0.0;
    for (int k = 19; k >= 1; k--) s = s * r2 + 1.0 / (2 * k + 1);
    return u * r - 2.0 * r * r2 * s;
}

/* a (u - ln(1 + u)) with 1 + u = x/x0 given too, for u where the sum 1 + u would lose digits. */
static double deviance(double a, double u, double ratio) {
    return a * (fabs(u) <= 0.5 ? u_minus_log1p(u) : u - log(ratio));
}

/* x^a y^b / B(a,b). Written with lgamma it loses all digits for counts in the millions; here the large terms cancel on
 * paper (Loader, Fast and accurate computation of binomial probabilities, 2000; DiDonato and Morris, ACM TOMS 18:360,
 * 1992): with g = a y - b x the exponent is -a (u - ln(1+u)) - b (v - ln(1+v)), u = -g/a, v = g/b. */
double stat__beta_front(double a, double b, double x, double y) {
    double g = a * y - b * x, n = a + b;
    double rest = stirling_rest(n) - stirling_rest(a) - stirling_rest(b);
    double dev = deviance(a, -g / a, x * (n / a)) + deviance(b, g / b, y * (n / b));
    return sqrt(a / n * b / (2.0 * M_PI)) * exp(rest - dev);
}

double stat_ln_beta(double a, double b) {
    if (!(a > 0.0 && b > 0.0)) return NONE;
    double n = a + b, powers = a * log1p(-b / n) + b * log1p(-a / n);
    if (a < 0.5 * b) powers = a * log(a / n) + b * log1p(-a / n);
    if (b < 0.5 * a) powers = a * log1p(-b / n) + b * log(b / n);
    return LN_SQRT_2PI + 0.5 * log(n / a / b) + powers + stirling_rest(a) + stirling_rest(b) - stirling_rest(n);
}

/* The continued fraction of I_x(a,b), by Lentz's method as modified by Thompson and Barnett (NIST DLMF 8.17.22). */
static double beta_fraction(double a, double b, double x) {
    const double tiny = 1e-300;
    double c = 1.0, d = 1.0 - (a + b) * x / (a + 1.0);
    if (fabs(d) < tiny) d = tiny;
    d = 1.0 / d;
    double h = d;
    for (int m = 1; m <= 1000000; m++) {
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

/* For huge a and b, where the fraction would be long: Temme's uniform expansion to its first correction (NIST DLMF
 * 8.18.9); what is left out is of relative size (a+b)^-3/2. Gives the lower tail, or with swapped arguments the upper.
 */
enum { HUGE_COUNT = 100000000 };
static double beta_huge(double a, double b, double x, double y) {
    double n = a + b, g = a * y - b * x, x0 = a / n, y0 = b / n;
    double dev = (deviance(a, -g / a, x * (n / a)) + deviance(b, g / b, y * (n / b))) / n;
    double eta = copysign(sqrt(2.0 * dev), -g), c0 = (1.0 - 2.0 * x0) / (3.0 * sqrt(x0 * y0));
    if (fabs(eta) > 1e-8) c0 = 1.0 / eta + sqrt(x0 * y0) * n / g;
    return 0.5 * erfc(-eta * sqrt(0.5 * n)) + exp(-n * dev) / sqrt(2.0 * M_PI * n) * c0;
}

typedef struct Tails {
    double lower, upper;
} Tails;

/* Both tails; the smaller one is the one that is computed. */
static Tails beta_tails(double a, double b, double x, double y) {
    if (!(a > 0.0 && b > 0.0) || isnan(x) || isnan(y)) return (Tails){NONE, NONE};
    if (x <= 0.0) return (Tails){0.0, 1.0};
    if (y <= 0.0) return (Tails){1.0, 0.0};
    bool low = x <= (a + 1.0) / (a + b + 2.0), huge = a >= HUGE_COUNT && b >= HUGE_COUNT;
    double p;
    if (huge)
        p = low ? beta_huge(a, b, x, y) : beta_huge(b, a, y, x);
    else if (low)
        p = stat__beta_front(a, b, x, y) * beta_fraction(a, b, x) / a;
    else
        p = stat__beta_front(a, b, x, y) * beta_fraction(b, a, y) / b;
    p = fmin(p, 1.0);
    return low ? (Tails){p, 1.0 - p} : (Tails){1.0 - p, p};
}

double stat_betainc_xy(double a, double b, double x, double y) {
    return beta_tails(a, b, x, y).lower;
}

double stat_betainc(double a, double b, double x) {
    return beta_tails(a, b, x, 1.0 - x).lower;
}

double stat_betainc_sf(double a, double b, double x) {
    return beta_tails(a, b, x, 1.0 - x).upper;
}

/* Positive doubles are ordered as their bit patterns are: halving those takes 62 steps to the last bit, at 1e-300 as
 * well as at 0.5. Slow and sure; reports call it a few hundred times. */
static double halfway(double lo, double hi) {
    uint64_t a, b;
    memcpy(&a, &lo, sizeof a);
    memcpy(&b, &hi, sizeof b);
    a += (b - a) / 2;
    memcpy(&lo, &a, sizeof lo);
    return lo;
}

/* x with lower tail `lower`, where upper = 1 - lower is given apart; the smaller of the two is the one that counts. */
static double beta_quantile(double lower, double upper, double a, double b) {
    double lo = 0.0, hi = 1.0;
    if (!(lower >= 0.0 && upper >= 0.0) || !(a > 0.0 && b > 0.0)) return NONE;
    for (int i = 0; i < 64; i++) {
        double mid = halfway(lo, hi);
        if (mid <= lo || mid >= hi) break;
        Tails t = beta_tails(a, b, mid, 1.0 - mid);
        if (lower <= upper ? t.lower < lower : t.upper > upper)
            lo = mid;
        else
            hi = mid;
    }
    return lower == 0.0 ? 0.0 : upper == 0.0 ? 1.0 : hi;
}

double stat_beta_ppf(double p, double a, double b) {
    return beta_quantile(p, 1.0 - p, a, b);
}

double stat_beta_isf(double q, double a, double b) {
    return beta_quantile(1.0 - q, q, a, b);
}

/* ---- Student's t, chi-square, binomial ---- */

/* T^2 / (df + T^2) is Beta(1/2, df/2). Of the two mirrored forms the one whose beta quantile is small is exact. For
 * huge df: Cornish and Fisher's expansion around the normal quantile (NIST Handbook; Abramowitz and Stegun 26.7.5). */
static double t_upper(double q, double df) {
    if (q == 0.5) return 0.0;
    if (df > 1e7) {
        double z = -stat_norm_ppf(q), z2 = z * z;
        double c1 = (z2 + 1.0) / 4.0, c2 = ((5.0 * z2 + 16.0) * z2 + 3.0) / 96.0;
        double c3 = (((3.0 * z2 + 19.0) * z2 + 17.0) * z2 - 15.0) / 384.0;
        return z * (1.0 + (c1 + (c2 + c3 / df) / df) / df);
    }
    if (q < 0.25) {
        double x = stat_beta_ppf(2.0 * q, 0.5 * df, 0.5);
        if (x < 0.5) return sqrt(df) * sqrt(1.0 - x) / sqrt(x);
    }
    double y = stat_beta_isf(2.0 * q, 0.5, 0.5 * df);
    return sqrt(df * y / (1.0 - y));
}

double stat_t_isf(double q, double df) {
    if (!(q > 0.0 && q < 1.0) || !(df > 0.0)) return NONE;
    return q <= 0.5 ? t_upper(q, df) : -t_upper(1.0 - q, df);
}

double stat_t_ppf(double p, double df) {
    return -stat_t_isf(p, df);
}

double stat_two_sided_t(double conf, double df) {
    return stat_t_isf(0.5 * (1.0 - conf), df);
}

double stat_t_two_sided(double t, double df) {
    if (isnan(t) || !(df > 0.0)) return NONE;
    double t2 = t * t;
    if (isinf(t2)) return 0.0;
    return stat_betainc_xy(0.5 * df, 0.5, df / (df + t2), t2 / (df + t2));
}

double stat_chi2_sf_df1(double x) {
    return x < 0.0 ? 1.0 : erfc(sqrt(0.5 * x));
}

/* From x^(k+1) y^(n-k+1) / B(k+1, n-k+1), of which it is the share 1/((n+1) x y). */
double stat__binomial(double k, double n, double p, double q) {
    if (k == 0.0) return q < 0.5 ? pow(q, n) : exp(n * log1p(-p));
    if (k == n) return p < 0.5 ? pow(p, n) : exp(n * log1p(-q));
    return stat__beta_front(k + 1.0, n - k + 1.0, p, q) / ((n + 1.0) * p * q);
}

/* C(n,k) / 2^n = x^(k+1) y^(n-k+1) / B(k+1, n-k+1) * 4/(n+1) at x = y = 1/2. */
double stat_half_binomial(double k, double n) {
    if (!(k >= 0.0 && k <= n)) return NONE;
    return stat__beta_front(k + 1.0, n - k + 1.0, 0.5, 0.5) * 4.0 / (n + 1.0);
}
