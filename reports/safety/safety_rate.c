/* Estimates for the safety section: shares, differences of shares, paired differences; with clusters. */
#include "reports/safety/safety_internal.h"

#include <math.h>
#include <stdlib.h>

#include "reports/stats/stats.h"
#include "reports/stats/stats_boot.h"

enum {
    ROUNDS = 2000, /* of a bootstrap; more where a bound lies further out, so that it still has 100 draws beyond it */
    ROUNDS_MAX = 20000,
    /* So many clusters must differ from the rest before a bootstrap and an estimated design effect are trusted. Below,
     * a cluster counts as one item, whatever lies in it: the spread of rare events cannot be seen in the data. */
    LEAST = 15
};

static double sure(const SafBuild *b) {
    return b->one_sided > 0.0 ? b->one_sided : SAF_CONF;
}

/* The two-sided confidence whose ends are the one-sided bounds. */
static double both_sides(const SafBuild *b) {
    return 2.0 * sure(b) - 1.0;
}

static int by_cluster(const void *a, const void *b) {
    const SafUnit *x = a, *y = b;
    int c = str_cmp(x->cluster, y->cluster);
    if (c) return c;
    return x->x != y->x ? (x->x > y->x) - (x->x < y->x) : (x->w > y->w) - (x->w < y->w);
}

/* Sorted units to sums of clusters; the number of clusters. */
static size_t sum_up(const SafUnit *u, size_t n, StatSums *c) {
    size_t g = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || !str_eq(u[i].cluster, u[i - 1].cluster)) c[g++] = (StatSums){0};
        c[g - 1].num += u[i].w * u[i].x;
        c[g - 1].den += u[i].w;
    }
    return g;
}

static bool enough(const StatSums *c, size_t g) {
    size_t some = 0, not_all = 0;
    for (size_t i = 0; i < g; i++) some += c[i].num > 0.0, not_all += c[i].num < c[i].den;
    return some >= LEAST && not_all >= LEAST;
}

/* Every unit weighs the same, is whole, and stands alone in its cluster: a plain proportion. */
static bool is_plain(const SafUnit *u, size_t n, size_t g) {
    for (size_t i = 0; i < n; i++)
        if (u[i].w != u[0].w || (u[i].x != 0.0 && u[i].x != 1.0)) return false;
    return g == n;
}

/* n over the design effect: p (1-p)/se^2 with the clustered, linearised error of a ratio; never more than Kish's
 * (sum w)^2 / sum w^2. */
static double effective(const SafUnit *u, size_t n, const StatSums *c, size_t g, double p, bool trusted) {
    double w = 0.0, ww = 0.0, ss = 0.0;
    for (size_t i = 0; i < n; i++) w += u[i].w, ww += u[i].w * u[i].w;
    for (size_t i = 0; i < g; i++) ss += (c[i].num - p * c[i].den) * (c[i].num - p * c[i].den);
    double most = w * w / ww, se2 = ss * (double)g / ((double)g - 1.0) / (w * w);
    if (!trusted || !(se2 > 0.0)) return fmin(most, (double)g);
    return fmax(1.0, fmin(most, p * (1.0 - p) / se2));
}

/* Clopper and Pearson (1934) for a count that need not be whole. */
static void set_bounds(const SafBuild *b, SafRate *r, bool plain) {
    double n = r->n_effective, k = fmin(n, r->share * n);
    r->lower = k > 0.0 ? stat_beta_ppf(1.0 - sure(b), k, n - k + 1.0) : 0.0;
    r->upper = k < n ? stat_beta_ppf(sure(b), k + 1.0, n - k) : 1.0;
    r->bound_method = plain ? "Clopper-Pearson" : "Clopper-Pearson, effective number";
}

/* A k of n that rounding has pushed out of 0..n. */
static StatRange wilson(const SafRate *r, double conf) {
    return stat_wilson(fmin(r->n_effective, fmax(0.0, r->share * r->n_effective)), r->n_effective, conf);
}

static size_t rounds(const SafBuild *b) {
    double need = 100.0 / (1.0 - sure(b));
    return need > ROUNDS_MAX ? ROUNDS_MAX : need > ROUNDS ? (size_t)need : ROUNDS;
}

static void bootstrap(const SafBuild *b, const StatSums *c, size_t g, StatRange *two, StatRange *one) {
    double draws[ROUNDS_MAX];
    size_t n = stat_bootstrap(c, g, b->seed, draws, rounds(b));
    two->lo = stat_quantile(draws, n, stat_boot_level(0.5 * (1.0 - SAF_CONF), g));
    two->hi = stat_quantile(draws, n, stat_boot_level(0.5 * (1.0 + SAF_CONF), g));
    one->lo = stat_quantile(draws, n, stat_boot_level(1.0 - sure(b), g));
    one->hi = stat_quantile(draws, n, stat_boot_level(sure(b), g));
}

static void set_interval(const SafBuild *b, SafRate *r, const StatSums *c, size_t g, bool plain, bool trusted) {
    StatRange two = wilson(r, SAF_CONF), one;
    r->method = plain ? "Wilson" : "Wilson, effective number";
    if (!plain && trusted) {
        r->method = "cluster bootstrap";
        bootstrap(b, c, g, &two, &one);
    }
    r->lo = two.lo, r->hi = two.hi;
}

static const SafRate NO_RATE = {.share = NAN, .n_effective = NAN, .lo = NAN, .hi = NAN, .lower = NAN, .upper = NAN};
double safety_mde(const SafDiff *d, double alpha) {
    double z = stat_norm_ppf(1.0 - alpha);
    if (d->n < 2) return NAN;
    return (z + stat_norm_ppf(SUM_POWER)) * (d->upper - d->lower) / (2.0 * z);
}

static const SafDiff NO_DIFF = {.diff = NAN, .lo = NAN, .hi = NAN, .lower = NAN, .upper = NAN, .p = NAN};

bool safety__rate(const SafBuild *b, SafUnit *u, size_t n, SafRate *out) {
    *out = NO_RATE;
    if (n == 0) return true;
    StatSums *c = arena_array(b->a, n, sizeof *c);
    if (!c) return false;
    qsort(u, n, sizeof *u, by_cluster);
    size_t g = sum_up(u, n, c);
    double num = 0.0, den = 0.0;
    for (size_t i = 0; i < g; i++) num += c[i].num, den += c[i].den;
    bool plain = is_plain(u, n, g), trusted = enough(c, g);
    *out = (SafRate){.n = n, .n_clusters = g < n ? g : 0, .k = num, .share = num / den};
    out->n_effective = plain ? (double)n : effective(u, n, c, g, out->share, trusted);
    set_bounds(b, out, plain);
    set_interval(b, out, c, g, plain, trusted);
    return true;
}

/* ---- differences ---- */

static double clip(double x) {
    return fmax(-1.0, fmin(1.0, x));
}

/* Newcombe's square and add (Stat Med 17:873, 1998) from the two shares' own Wilson limits. For shares that rise
 * together it is too wide, never too narrow. */
static StatRange square_and_add(const SafRate *x, const SafRate *y, double conf) {
    StatRange a = wilson(x, conf), b = wilson(y, conf);
    double d = x->share - y->share;
    return (StatRange){clip(d - hypot(x->share - a.lo, b.hi - y->share)),
                       clip(d + hypot(a.hi - x->share, y->share - b.lo))};
}

static void set_ranges(SafDiff *d, StatRange two, StatRange one, const char *method) {
    d->lo = two.lo, d->hi = two.hi;
    d->lower = one.lo, d->upper = one.hi;
    d->method = method;
}

/* Clusters of two sorted lists as one list. */
static size_t merge(const SafUnit *u1, size_t n1, const SafUnit *u2, size_t n2, StatSums *c) {
    size_t g = 0, i = 0, j = 0;
    while (i < n1 || j < n2) {
        int order = i == n1 ? 1 : j == n2 ? -1 : str_cmp(u1[i].cluster, u2[j].cluster);
        Str name = order <= 0 ? u1[i].cluster : u2[j].cluster;
        c[g] = (StatSums){0};
        for (; i < n1 && str_eq(u1[i].cluster, name); i++) c[g].num += u1[i].x, c[g].den += 1.0;
        for (; j < n2 && str_eq(u2[j].cluster, name); j++) c[g].num2 += u2[j].x, c[g].den2 += 1.0;
        g++;
    }
    return g;
}

bool safety__difference(const SafBuild *b, SafUnit *u1, size_t n1, SafUnit *u2, size_t n2, SafDiff *out) {
    SafRate x, y;
    StatRange two, one;
    *out = NO_DIFF;
    if (n1 == 0 || n2 == 0) return true;
    StatSums *c = arena_array(b->a, n1 + n2, sizeof *c);
    if (!c || !safety__rate(b, u1, n1, &x) || !safety__rate(b, u2, n2, &y)) return false;
    bool trusted = enough(c, sum_up(u1, n1, c)) && enough(c, sum_up(u2, n2, c));
    size_t g = merge(u1, n1, u2, n2, c);
    out->n = n1 > n2 ? n1 : n2;
    out->n_clusters = g;
    out->diff = x.share - y.share;
    if (!trusted) {
        set_ranges(out, square_and_add(&x, &y, SAF_CONF), square_and_add(&x, &y, both_sides(b)),
                   "Newcombe, effective number");
        return true;
    }
    bootstrap(b, c, g, &two, &one);
    set_ranges(out, two, one, "cluster bootstrap");
    return true;
}

/* ---- matched items ---- */

static int by_pair_cluster(const void *a, const void *b) {
    const SafPairUnit *x = a, *y = b;
    int c = str_cmp(x->cluster, y->cluster);
    if (c) return c;
    return x->x != y->x ? (x->x > y->x) - (x->x < y->x) : (x->y > y->y) - (x->y < y->y);
}

/* Pairs of whole scores by what they say. */
typedef struct Four {
    uint64_t both, first, second, neither;
} Four;

static Four count_four(const SafPairUnit *u, size_t n) {
    Four k = {0};
    for (size_t i = 0; i < n; i++) {
        k.first += u[i].x > u[i].y;
        k.second += u[i].x < u[i].y;
        k.both += u[i].x == 1.0 && u[i].y == 1.0;
        k.neither += u[i].x == 0.0 && u[i].y == 0.0;
    }
    return k;
}

static void newcombe(const SafBuild *b, const SafPairUnit *u, size_t n, SafDiff *d) {
    Four k = count_four(u, n);
    d->only_first = k.first, d->only_second = k.second;
    StatNewcombe two = stat_newcombe_paired(k.both, k.first, k.second, k.neither, SAF_CONF);
    StatRange one = stat_paired_bounds(k.both, k.first, k.second, k.neither, both_sides(b));
    set_ranges(d, (StatRange){clip(two.lo), clip(two.hi)}, one, "Newcombe paired");
}

/* A bootstrap's bounds, but never inside those of as many pairs as the clusters are worth. */
static StatRange with_effective(const SafBuild *b, const SafPairUnit *u, size_t n, const StatSums *c, size_t g,
                                StatRange one) {
    Four k = count_four(u, n);
    StatRange e = stat_paired_bounds_clustered(k.both, k.first, k.second, k.neither, stat_sums_se(c, g), both_sides(b));
    return isnan(e.lo) ? one : (StatRange){fmin(one.lo, e.lo), fmax(one.hi, e.hi)};
}

/* whole: all scores are 0 or 1. */
static bool clustered(const SafBuild *b, SafPairUnit *u, size_t n, bool whole, StatSums *c, size_t g, SafDiff *d) {
    StatRange two, one;
    SafRate x, y;
    for (size_t i = 0; i < g; i++) d->only_first += c[i].num > 0.0, d->only_second += c[i].num < 0.0;
    if (d->only_first + d->only_second >= LEAST) {
        bootstrap(b, c, g, &two, &one);
        set_ranges(d, two, whole ? with_effective(b, u, n, c, g, one) : one, "cluster bootstrap");
        return true;
    }
    SafUnit *v = arena_array(b->a, n, sizeof *v);
    if (!v) return false;
    for (size_t i = 0; i < n; i++) v[i] = (SafUnit){u[i].x, 1.0, u[i].cluster};
    if (!safety__rate(b, v, n, &x)) return false;
    for (size_t i = 0; i < n; i++) v[i] = (SafUnit){u[i].y, 1.0, u[i].cluster};
    if (!safety__rate(b, v, n, &y)) return false;
    set_ranges(d, square_and_add(&x, &y, SAF_CONF), square_and_add(&x, &y, both_sides(b)),
               "Newcombe, effective number");
    return true;
}

/* P(X >= b), X ~ Bin(b + c, 1/2) = I_{1/2}(b, c + 1). */
static double one_sided(size_t b, size_t c) {
    return b ? stat_betainc((double)b, (double)c + 1.0, 0.5) : 1.0;
}

bool safety__paired(const SafBuild *b, SafPairUnit *u, size_t n, SafDiff *out) {
    *out = NO_DIFF;
    if (n == 0) return true;
    StatSums *c = arena_array(b->a, n, sizeof *c);
    if (!c) return false;
    qsort(u, n, sizeof *u, by_pair_cluster);
    size_t g = 0;
    double sum = 0.0;
    bool whole = true;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || !str_eq(u[i].cluster, u[i - 1].cluster)) c[g++] = (StatSums){0};
        c[g - 1].num += u[i].x - u[i].y, c[g - 1].den += 1.0;
        sum += u[i].x - u[i].y;
        whole = whole && (u[i].x == 0.0 || u[i].x == 1.0) && (u[i].y == 0.0 || u[i].y == 1.0);
    }
    out->n = n;
    out->n_clusters = g < n ? g : 0;
    out->diff = sum / (double)n;
    if (whole && g == n)
        newcombe(b, u, n, out);
    else if (!clustered(b, u, n, whole, c, g, out))
        return false;
    out->p = one_sided(out->only_first, out->only_second);
    out->p_method = whole && g == n ? "exact McNemar, one-sided" : "exact sign test over pairs, one-sided";
    return true;
}
