#include "reports/stats_boot.h"

#include <math.h>
#include <stdlib.h>

uint64_t stat_splitmix64(uint64_t *state) {
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

void stat_rng_seed(StatRng *r, uint64_t seed) {
    for (int i = 0; i < 4; i++) r->s[i] = stat_splitmix64(&seed);
}

static uint64_t rotl(uint64_t x, int k) {
    return x << k | x >> (64 - k);
}

uint64_t stat_rng_next(StatRng *r) {
    uint64_t *s = r->s, out = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0], s[3] ^= s[1], s[1] ^= s[2], s[0] ^= s[3];
    s[2] ^= t, s[3] = rotl(s[3], 45);
    return out;
}

uint64_t stat_rng_below(StatRng *r, uint64_t bound) {
    __extension__ typedef unsigned __int128 Wide;
    return (uint64_t)((Wide)stat_rng_next(r) * bound >> 64);
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

size_t stat_bootstrap(const StatSums *c, size_t g, uint64_t seed, double *out, size_t b) {
    StatRng rng;
    size_t n = 0;
    bool second = false;
    stat_rng_seed(&rng, seed);
    for (size_t i = 0; i < g; i++) second = second || c[i].den2 != 0.0;
    for (size_t round = 0; g > 0 && round < b; round++) {
        StatSums s = {0};
        for (size_t i = 0; i < g; i++) {
            const StatSums *d = &c[stat_rng_below(&rng, g)];
            s.num += d->num, s.den += d->den, s.num2 += d->num2, s.den2 += d->den2;
        }
        if (!(s.den > 0.0) || (second && !(s.den2 > 0.0))) continue;
        out[n++] = s.num / s.den - (second ? s.num2 / s.den2 : 0.0);
    }
    if (n) qsort(out, n, sizeof *out, ascending);
    return n;
}

double stat_quantile(const double *sorted, size_t n, double p) {
    if (n == 0 || !(p >= 0.0 && p <= 1.0)) return (double)NAN;
    double h = (double)(n - 1) * p;
    size_t i = (size_t)h;
    if (i + 1 >= n) return sorted[n - 1];
    return sorted[i] + (h - (double)i) * (sorted[i + 1] - sorted[i]);
}
