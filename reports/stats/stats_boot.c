#include "reports/stats/stats_boot.h"

#include <math.h>
#include <stdlib.h>

#include "engine/base/mem.h"

#define NONE ((double)NAN)

/* ---- rounds ---- */

typedef struct Rounds {
    const StatSums *clusters;
    size_t g, b;
    bool second;
    const StatRng *starts; /* of each piece of PIECE rounds */
    double *out;           /* [b], NaN where a round has no denominator */
} Rounds;

enum { PIECE = 16 };

static double ratio_of(const StatSums *s, bool second) {
    if (!(s->den > 0.0) || (second && !(s->den2 > 0.0))) return NONE;
    return s->num / s->den - (second ? s->num2 / s->den2 : 0.0);
}

static bool has_second(const StatSums *c, size_t g) {
    for (size_t i = 0; i < g; i++)
        if (c[i].den2 != 0.0) return true;
    return false;
}

static void add(StatSums *s, const StatSums *d) {
    s->num += d->num, s->den += d->den, s->num2 += d->num2, s->den2 += d->den2;
}

static void add_first(StatSums *s, const StatSums *d) {
    s->num += d->num, s->den += d->den;
}

static double one_round(const Rounds *r, StatRng *rng) {
    StatSums s = {0};
    StatRng own = *rng; /* in registers */
    if (r->second)
        for (size_t i = 0; i < r->g; i++) add(&s, &r->clusters[stat_rng_below(&own, r->g)]);
    else
        for (size_t i = 0; i < r->g; i++) add_first(&s, &r->clusters[stat_rng_below(&own, r->g)]);
    *rng = own;
    return ratio_of(&s, r->second);
}

static void some_rounds(void *ctx, size_t begin, size_t end, int worker) {
    const Rounds *r = ctx;
    (void)worker;
    for (size_t piece = begin; piece < end; piece++) {
        StatRng rng = r->starts[piece];
        size_t last = (piece + 1) * PIECE < r->b ? (piece + 1) * PIECE : r->b;
        for (size_t i = piece * PIECE; i < last; i++) r->out[i] = one_round(r, &rng);
    }
}

/* The states at which the pieces start, or NULL without memory (then one thread does it all). */
static StatRng *piece_starts(uint64_t seed, size_t pieces, uint64_t draws_per_piece) {
    size_t bytes;
    StatRng *starts = size_mul(pieces, sizeof *starts, &bytes) ? mem_alloc(bytes) : NULL;
    StatJump *jump = starts ? mem_alloc(sizeof *jump) : NULL;
    if (!jump) {
        mem_free(starts);
        return NULL;
    }
    stat_rng_jump_init(jump, draws_per_piece);
    stat_rng_seed(&starts[0], seed);
    for (size_t i = 1; i < pieces; i++) {
        starts[i] = starts[i - 1];
        stat_rng_jump(jump, &starts[i]);
    }
    mem_free(jump);
    return starts;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A jump costs as much as some hundred thousand draws: below that one thread is as fast. */
static bool worth_threads(const Pool *pool, size_t g, size_t b) {
    return pool && pool_threads(pool) > 1 && b > PIECE && (double)g * (double)b > 4e6;
}

size_t stat_bootstrap_on(Pool *pool, const StatSums *c, size_t g, uint64_t seed, double *out, size_t b) {
    if (g == 0) return 0;
    Rounds r = {.clusters = c, .g = g, .b = b, .second = has_second(c, g), .out = out};
    size_t n = 0, pieces = (b + PIECE - 1) / PIECE;
    StatRng *starts = worth_threads(pool, g, b) ? piece_starts(seed, pieces, (uint64_t)g * PIECE) : NULL;
    if (starts) {
        r.starts = starts;
        pool_run(pool, pieces, 1, some_rounds, &r);
    } else {
        StatRng rng;
        stat_rng_seed(&rng, seed);
        for (size_t i = 0; i < b; i++) out[i] = one_round(&r, &rng);
    }
    mem_free(starts);
    for (size_t i = 0; i < b; i++)
        if (!isnan(out[i])) out[n++] = out[i];
    if (n) qsort(out, n, sizeof *out, ascending);
    return n;
}

size_t stat_bootstrap(const StatSums *c, size_t g, uint64_t seed, double *out, size_t b) {
    return stat_bootstrap_on(NULL, c, g, seed, out, b);
}

double stat_quantile(const double *sorted, size_t n, double p) {
    if (n == 0 || !(p >= 0.0 && p <= 1.0)) return NONE;
    double h = (double)(n - 1) * p;
    size_t i = (size_t)h;
    if (i + 1 >= n) return sorted[n - 1];
    return sorted[i] + (h - (double)i) * (sorted[i + 1] - sorted[i]);
}

/* ---- intervals ---- */

static StatSums total_of(const StatSums *c, size_t g) {
    StatSums s = {0};
    for (size_t i = 0; i < g; i++) add(&s, &c[i]);
    return s;
}

double stat_sums_ratio(const StatSums *c, size_t g) {
    StatSums s = total_of(c, g);
    return ratio_of(&s, has_second(c, g));
}

double stat_sums_se(const StatSums *clusters, size_t g) {
    double num = 0.0, den = 0.0, ss = 0.0;
    for (size_t i = 0; i < g; i++) num += clusters[i].num, den += clusters[i].den;
    if (g < 2 || !(den > 0.0)) return NONE;
    for (size_t i = 0; i < g; i++) {
        double e = clusters[i].num - num / den * clusters[i].den;
        ss += e * e;
    }
    return sqrt(ss * (double)g / ((double)g - 1.0)) / den;
}

double stat_boot_level(double p, size_t g) {
    if (g < 2) return NAN;
    double n = (double)g;
    return stat_norm_cdf(sqrt(n / (n - 1.0)) * stat_t_ppf(p, n - 1.0));
}

StatBoot stat_boot_percentile(Pool *pool, const StatSums *c, size_t g, uint64_t seed, double conf, double *rounds,
                              size_t b) {
    StatBoot r = {.n_rounds = stat_bootstrap_on(pool, c, g, seed, rounds, b), .boot_mean = NONE, .boot_se = NONE};
    StatMean m = stat_mean(rounds, r.n_rounds, 0.95);
    r.boot_mean = m.mean;
    r.boot_se = m.sd;
    r.ci.lo = stat_quantile(rounds, r.n_rounds, 0.5 * (1.0 - conf));
    r.ci.hi = stat_quantile(rounds, r.n_rounds, 1.0 - 0.5 * (1.0 - conf));
    return r;
}

/* Share of the rounds below the estimate, those equal to it (but for rounding) counted half. */
static double share_below(const double *rounds, size_t n, double estimate) {
    double slack = 1e-12 * fmax(1.0, fabs(estimate)), below = 0.0;
    for (size_t i = 0; i < n; i++)
        below += rounds[i] < estimate - slack ? 1.0 : rounds[i] <= estimate + slack ? 0.5 : 0.0;
    return below / (double)n;
}

static double without(const StatSums *total, const StatSums *c, bool second) {
    StatSums s = {total->num - c->num, total->den - c->den, total->num2 - c->num2, total->den2 - c->den2};
    return ratio_of(&s, second);
}

/* From the jackknife over clusters; one without which nothing is left under a bar has no value and is passed over. */
static double acceleration(const StatSums *c, size_t g) {
    StatSums total = total_of(c, g);
    bool second = has_second(c, g);
    double mean = 0.0, n = 0.0, squares = 0.0, cubes = 0.0;
    for (size_t i = 0; i < g; i++) {
        double t = without(&total, &c[i], second);
        if (isnan(t)) continue;
        mean += t, n += 1.0;
    }
    mean /= n;
    for (size_t i = 0; i < g; i++) {
        double d = mean - without(&total, &c[i], second);
        if (isnan(d)) continue;
        squares += d * d, cubes += d * d * d;
    }
    return squares > 0.0 ? cubes / (6.0 * squares * sqrt(squares)) : 0.0;
}

StatBca stat_bca(Pool *pool, const StatSums *c, size_t g, uint64_t seed, double *rounds, size_t b) {
    StatBca r = {.estimate = stat_sums_ratio(c, g), .z0 = NONE, .accel = NONE, .rounds = rounds};
    if (g < 2 || isnan(r.estimate)) return r;
    r.n_rounds = stat_bootstrap_on(pool, c, g, seed, rounds, b);
    if (r.n_rounds == 0) return r;
    r.z0 = stat_norm_ppf(share_below(rounds, r.n_rounds, r.estimate));
    r.accel = acceleration(c, g);
    return r;
}

double stat_bca_quantile(const StatBca *r, double p) {
    if (!isfinite(r->z0) || isnan(r->accel) || !(p > 0.0 && p < 1.0)) return NONE;
    double u = r->z0 + stat_norm_ppf(p), stretch = 1.0 - r->accel * u;
    if (!(stretch > 0.0)) return r->rounds[u > 0.0 ? r->n_rounds - 1 : 0];
    return stat_quantile(r->rounds, r->n_rounds, stat_norm_cdf(r->z0 + u / stretch));
}
