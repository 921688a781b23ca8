/* How long the bootstrap of the reports takes: 10,000 rounds of 100,000 values, by one thread and by all that there
 * are; the rounds must be the same to the last bit. */
#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/mem.h"
#include "reports/stats/stats_boot.h"

enum { VALUES = 100000, ROUNDS = 10000 };

static double *timed(Pool *pool, const StatSums *x) {
    double *rounds = mem_alloc(ROUNDS * sizeof *rounds);
    uint64_t start = clock_mono_ns();
    if (!rounds) return NULL;
    StatBoot b = stat_boot_percentile(pool, x, VALUES, 42, 0.95, rounds, ROUNDS);
    printf("bootstrap, %d rounds of %d values, %d thread%s: %.2f s (%.6f to %.6f)\n", ROUNDS, VALUES,
           pool ? pool_threads(pool) : 1, pool && pool_threads(pool) > 1 ? "s" : "",
           (double)(clock_mono_ns() - start) / 1e9, b.ci.lo, b.ci.hi);
    return rounds;
}

int main(void) {
    Err err = ERR_INIT;
    Pool *pool = NULL;
    StatRng r;
    StatSums *x = mem_alloc(VALUES * sizeof *x);
    if (!x || !pool_open(0, &pool, &err)) return 1;
    stat_rng_seed(&r, 1);
    for (int i = 0; i < VALUES; i++) x[i] = (StatSums){.num = stat_rng_below(&r, 100) < 70, .den = 1};
    double *one = timed(NULL, x), *all = timed(pool, x);
    bool same = one && all && memcmp(one, all, ROUNDS * sizeof *one) == 0;
    printf("the same bits: %s\n", same ? "yes" : "NO");
    mem_free(one);
    mem_free(all);
    mem_free(x);
    pool_close(pool);
    return same ? 0 : 1;
}
