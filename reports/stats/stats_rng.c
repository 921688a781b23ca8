/* The fixed generators of statistics.md section 11, and jumps within their one sequence. */
#include <math.h>

#include "reports/stats/stats_boot.h"

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

void stat_rng_shuffle(StatRng *r, uint32_t *index, size_t n) {
    for (size_t i = 0; i < n; i++) index[i] = (uint32_t)i;
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)stat_rng_below(r, i);
        uint32_t swap = index[i - 1];
        index[i - 1] = index[j], index[j] = swap;
    }
}

/* ---- jumps ---- */

/* The step of the state is linear over bits (shifts, rotations, exclusive or): a 256 x 256 matrix of bits, kept by
 * columns. Its powers are the jumps. */
static StatRng times(const StatJump *m, StatRng v) {
    StatRng out = {{0}};
    for (int bit = 0; bit < 256; bit++) {
        uint64_t mask = 0 - (v.s[bit / 64] >> (bit % 64) & 1);
        for (int w = 0; w < 4; w++) out.s[w] ^= m->column[bit].s[w] & mask;
    }
    return out;
}

static void product(const StatJump *a, const StatJump *b, StatJump *out) {
    for (int bit = 0; bit < 256; bit++) out->column[bit] = times(a, b->column[bit]);
}

void stat_rng_jump_init(StatJump *j, uint64_t n) {
    StatJump power, next;
    for (int bit = 0; bit < 256; bit++) {
        StatRng unit = {{0}};
        unit.s[bit / 64] = (uint64_t)1 << (bit % 64);
        j->column[bit] = unit;
        stat_rng_next(&unit);
        power.column[bit] = unit;
    }
    for (; n; n >>= 1) {
        if (n & 1) {
            product(&power, j, &next);
            *j = next;
        }
        product(&power, &power, &next);
        power = next;
    }
}

void stat_rng_jump(const StatJump *j, StatRng *r) {
    *r = times(j, *r);
}
