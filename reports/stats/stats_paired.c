#include "reports/stats/stats_paired.h"

#include <float.h>
#include <math.h>

#include "reports/stats/stats_boot.h"
#include "reports/stats/stats_internal.h"
#include "reports/stats/stats_mean.h"
#include "reports/stats/stats_prop.h"

#define NONE ((double)NAN)

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
    double ma = stat__mean_of(a, n), mb = stat__mean_of(b, n), sum = 0.0, saa = 0.0, sbb = 0.0, sab = 0.0, sdd = 0.0,
           top = 0.0;
    for (size_t i = 0; i < n; i++) sum += a[i] - b[i];
    r.diff = sum / (double)n;
    if (n < 2) return r;
    for (size_t i = 0; i < n; i++) {
        double da = a[i] - ma, db = b[i] - mb, dd = (a[i] - b[i]) - r.diff;
        saa += da * da, sbb += db * db, sab += da * db, sdd += dd * dd;
        top = fmax(top, fmax(fabs(a[i]), fabs(b[i])));
    }
    double df = (double)(n - 1), nn = (double)n;
    /* 0.3 - 0.2 and 0.2 - 0.1 differ by their rounding alone: that is no variance */
    if (sdd <= nn * (4.0 * DBL_EPSILON * top) * (4.0 * DBL_EPSILON * top)) sdd = 0.0;
    r.se = sqrt(sdd / df / nn);
    r.se_unpaired = sqrt(saa / df / nn + sbb / df / nn);
    if (saa > 0.0 && sbb > 0.0) r.corr = sab / sqrt(saa * sbb);
    r.ci = stat__around(r.diff, stat_two_sided_z(conf) * r.se);
    if (!(r.se > 0.0)) return r; /* all differences are equal: a test statistic does not exist */
    r.z = r.diff / r.se;
    r.p_z = erfc(fabs(r.z) / sqrt(2.0));
    r.p_t = stat_t_two_sided(r.z, df);
    return r;
}

/* Welch's degrees of freedom from the variances of both means; relative to the larger, so that squares stay normal. */
static double welch_df(double va, double na, double vb, double nb) {
    double top = fmax(va, vb), a = va / top, b = vb / top;
    return (a + b) * (a + b) / (a * a / (na - 1.0) + b * b / (nb - 1.0));
}

StatUnpaired stat_unpaired(const double *a, size_t na, const double *b, size_t nb) {
    StatUnpaired r = {NONE, NONE, NONE, NONE, NONE, NONE};
    StatMean ma = stat_mean(a, na, 0.95), mb = stat_mean(b, nb, 0.95);
    r.diff = ma.mean - mb.mean;
    if (na < 2 || nb < 2) return r;
    double va = ma.var / (double)na, vb = mb.var / (double)nb;
    r.se = sqrt(va + vb);
    if (!(r.se > 0.0)) return r; /* both samples are constant: a test statistic does not exist */
    r.z = r.diff / r.se;
    r.p_z = erfc(fabs(r.z) / sqrt(2.0));
    r.welch_df = welch_df(va, (double)na, vb, (double)nb);
    r.p_welch = stat_t_two_sided(r.z, r.welch_df);
    return r;
}

/* ---- sign flips ---- */

/* Sums that are equal on paper differ in their last bits: the bar is that much lower. */
static double flip_bar(const double *d, size_t n) {
    double sum = 0.0, size = 0.0;
    for (size_t i = 0; i < n; i++) sum += d[i], size += fabs(d[i]);
    return fabs(sum) - 1e-12 * size;
}

/* All 2^n sums of +-d, ascending; out and spare have room for them. Each entry doubles the list: the sums with it and
 * those without are two ascending lists, and are merged. */
static double *all_sums(const double *d, size_t n, double *out, double *spare) {
    size_t have = 1;
    out[0] = 0.0;
    for (size_t k = 0; k < n; k++, have *= 2) {
        double size = fabs(d[k]), *swap = out;
        for (size_t i = 0, up = 0, down = 0; i < 2 * have; i++)
            spare[i] = up == have || (down < have && out[down] - size <= out[up] + size) ? out[down++] - size
                                                                                         : out[up++] + size;
        out = spare, spare = swap;
    }
    return out;
}

/* Each half of the entries has 2^(n/2) sums; a pattern is a sum of one and a sum of the other. Going up in one, the
 * sums of the other that keep the total inside the bar are a window that moves down. */
double stat_signflip_exact(const double *d, size_t n) {
    enum { HALF = (size_t)1 << (STAT_SIGNFLIP_EXACT / 2) };
    double room[4][HALF];
    if (n < 1 || n > STAT_SIGNFLIP_EXACT) return NONE;
    size_t first = n / 2, n_x = (size_t)1 << first, n_y = (size_t)1 << (n - first), inside = 0;
    const double *x = all_sums(d, first, room[0], room[1]), *y = all_sums(d + first, n - first, room[2], room[3]);
    double bar = flip_bar(d, n);
    for (size_t i = 0, lo = n_y, hi = n_y; i < n_x; i++) {
        while (hi > 0 && x[i] + y[hi - 1] >= bar) hi--;
        while (lo > 0 && x[i] + y[lo - 1] > -bar) lo--;
        inside += hi > lo ? hi - lo : 0;
    }
    return 1.0 - ldexp((double)inside, -(int)n);
}

double stat_signflip_random(const double *d, size_t n, uint64_t seed, size_t b) {
    if (n < 1) return NONE;
    StatRng rng;
    double bar = flip_bar(d, n), hits = 1.0;
    stat_rng_seed(&rng, seed);
    for (size_t round = 0; round < b; round++) {
        uint64_t bits = 0;
        double sum = 0.0;
        for (size_t i = 0; i < n; i++) {
            bits = i % 64 ? bits >> 1 : stat_rng_next(&rng);
            sum += bits & 1 ? d[i] : -d[i];
        }
        hits += fabs(sum) >= bar;
    }
    return hits / (1.0 + (double)b);
}

/* ---- binary scores ---- */

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
    r.p_midp = r.p_exact - stat_half_binomial(low, n);
    return r;
}

static double newcombe_phi(double n11, double n10, double n01, double n00, double n) {
    double product = (n11 + n10) * (n01 + n00) * (n11 + n01) * (n10 + n00);
    if (product == 0.0) return 0.0;
    double a = n11 * n00 - n10 * n01;
    if (a > 0.0) a = fmax(a - 0.5 * n, 0.0);
    return a / sqrt(product);
}

static StatNewcombe newcombe(double x11, double x10, double x01, double x00, double conf) {
    double n = x11 + x10 + x01 + x00;
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

StatNewcombe stat_newcombe_paired(uint64_t n11, uint64_t n10, uint64_t n01, uint64_t n00, double conf) {
    return newcombe((double)n11, (double)n10, (double)n01, (double)n00, conf);
}

/* Tango's z for the difference d, with b + k pairs for it, c against it, of n; the smaller share is what is most likely
 * under d (his equation for q21). */
static double tango_z(double b, double c, double n, double d) {
    double k = 0.25, lin = (2.0 * n - b + c) * d - b - c, con = -c * d * (1.0 - d);
    double q = (sqrt(fmax(0.0, lin * lin - 8.0 * n * con)) - lin) / (4.0 * n);
    return (b - c - n * d + k) / sqrt(fmax(DBL_MIN, n * (2.0 * q + d * (1.0 - d))));
}

/* The difference that is z errors above b - c. */
static double tango_upper(double b, double c, double n, double z) {
    double lo = (b - c) / n, hi = 1.0;
    for (int i = 0; i < 60; i++) {
        double mid = 0.5 * (lo + hi);
        if (tango_z(b, c, n, mid) > -z)
            lo = mid;
        else
            hi = mid;
    }
    return hi;
}

/* Of (b - c)/n with this confidence that it lies below. */
static double paired_upper(double b, double c, double n, double one) {
    double u = tango_upper(b, c, n, stat_norm_ppf(one));
    if (c == 0.0) u = fmax(u, stat_cp_upper(b, n, one));
    if (b == 0.0) u = fmax(u, -stat_cp_lower(c, n, one));
    return u;
}

static StatRange bounds(double x11, double x10, double x01, double x00, double conf) {
    double n = x11 + x10 + x01 + x00, one = 0.5 + 0.5 * conf;
    if (!(n > 0.0 && conf >= 0.0 && conf < 1.0)) return (StatRange){NONE, NONE};
    StatNewcombe w = newcombe(x11, x10, x01, x00, conf);
    return (StatRange){fmax(-1.0, fmin(w.lo, -paired_upper(x01, x10, n, one))),
                       fmin(1.0, fmax(w.hi, paired_upper(x10, x01, n, one)))};
}

StatRange stat_paired_bounds(uint64_t n11, uint64_t n10, uint64_t n01, uint64_t n00, double conf) {
    return bounds((double)n11, (double)n10, (double)n01, (double)n00, conf);
}

StatRange stat_paired_bounds_clustered(uint64_t n11, uint64_t n10, uint64_t n01, uint64_t n00, double se, double conf) {
    double b = (double)n10, c = (double)n01, n = (double)n11 + b + c + (double)n00, d = (b - c) / n;
    double alone = ((b + c) / n - d * d) / (n - 1.0), deff = alone > 0.0 ? se * se / alone : 1.0;
    if (!(n > 1.0 && se >= 0.0)) return (StatRange){NONE, NONE};
    deff = fmin(fmax(1.0, deff), n);
    return bounds((double)n11 / deff, b / deff, c / deff, (double)n00 / deff, conf);
}

StatNewcombe stat_newcombe_diff(double k1, double n1, double k2, double n2, double conf) {
    StatRange w1 = stat_wilson(k1, n1, conf), w2 = stat_wilson(k2, n2, conf);
    double p1 = k1 / n1, p2 = k2 / n2;
    if (isnan(w1.lo) || isnan(w2.lo)) return (StatNewcombe){NONE, NONE, NONE, NONE};
    return (StatNewcombe){.diff = p1 - p2,
                          .phi = 0.0,
                          .lo = p1 - p2 - hypot(p1 - w1.lo, w2.hi - p2),
                          .hi = p1 - p2 + hypot(w1.hi - p1, p2 - w2.lo)};
}
