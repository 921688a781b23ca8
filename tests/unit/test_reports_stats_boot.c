/* Resampling: the published generators, jumps against steps, the bootstrap against all possible samples, and the same
 * bits from any number of threads. */
#include "tests/stats_support.h"

#include "engine/base/mem.h"
#include "reports/stats/stats_boot.h"

static void test_generators(void **state) {
    (void)state;
    /* Vigna's splitmix64.c with seeds 42 and 1234567; the second is the sequence that Rosetta Code lists */
    uint64_t s = 42, t = 1234567;
    assert_true(stat_splitmix64(&s) == 13679457532755275413u);
    const uint64_t listed[] = {6457827717110365317u, 3203168211198807973u, 9817491932198370423u, 4593380528125082431u,
                               16408922859458223821u};
    for (size_t i = 0; i < 5; i++) assert_true(stat_splitmix64(&t) == listed[i]);
    /* xoshiro256** of the state 1, 2, 3, 4: the reference sequence of Vigna's code, as the Rust crate rand_xoshiro
     * checks it */
    StatRng r = {{1, 2, 3, 4}};
    const uint64_t reference[] = {11520u,
                                  0,
                                  1509978240u,
                                  1215971899390074240u,
                                  1216172134540287360u,
                                  607988272756665600u,
                                  16172922978634559625u,
                                  8476171486693032832u,
                                  10595114339597558777u,
                                  2904607092377533576u};
    for (size_t i = 0; i < 10; i++) assert_true(stat_rng_next(&r) == reference[i]);
}

static void test_below(void **state) {
    (void)state;
    StatRng r, same;
    size_t hits[6] = {0};
    stat_rng_seed(&r, 7);
    for (int i = 0; i < 60000; i++) {
        same = r;
        uint64_t v = stat_rng_below(&r, 6), word = stat_rng_next(&same);
        assert_true(v < 6 && v == (uint64_t)((double)(word >> 11) / 9007199254740992.0 * 6));
        hits[v]++;
    }
    for (int i = 0; i < 6; i++) assert_true(fabs((double)hits[i] - 10000) < 4 * sqrt(10000 * 5 / 6.0));
    assert_true(stat_rng_below(&r, 1) == 0 && stat_rng_below(&r, 0) == 0);
}

static void test_jumps(void **state) {
    (void)state;
    const uint64_t steps[] = {0, 1, 2, 63, 64, 1000, 12345};
    static StatJump jump;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        StatRng walk, leap;
        stat_rng_seed(&walk, 99);
        leap = walk;
        for (uint64_t k = 0; k < steps[i]; k++) stat_rng_next(&walk);
        stat_rng_jump_init(&jump, steps[i]);
        stat_rng_jump(&jump, &leap);
        assert_memory_equal(&walk, &leap, sizeof walk);
    }
    StatRng twice, once; /* beyond what can be walked: 2^40 + 2^40 = 2^41 */
    stat_rng_seed(&twice, 3);
    once = twice;
    stat_rng_jump_init(&jump, (uint64_t)1 << 40);
    stat_rng_jump(&jump, &twice);
    stat_rng_jump(&jump, &twice);
    stat_rng_jump_init(&jump, (uint64_t)1 << 41);
    stat_rng_jump(&jump, &once);
    assert_memory_equal(&twice, &once, sizeof once);
}

static void test_shuffle(void **state) {
    (void)state;
    uint32_t index[5], count[5][5] = {{0}};
    StatRng r;
    stat_rng_seed(&r, 1);
    for (int turn = 0; turn < 20000; turn++) {
        unsigned seen = 0;
        stat_rng_shuffle(&r, index, 5);
        for (int i = 0; i < 5; i++) seen |= 1u << index[i], count[i][index[i]]++;
        assert_int_equal(seen, 31);
    }
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 5; j++) assert_true(fabs(count[i][j] - 4000.0) < 4.5 * sqrt(4000 * .8));
    stat_rng_shuffle(&r, index, 0);
    stat_rng_shuffle(&r, index, 1);
    assert_int_equal(index[0], 0);
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Three rows: 27 samples are possible, equally likely. Their mean, spread and order are known exactly. */
static void test_all_samples(void **state) {
    (void)state;
    const double x[] = {0, 1, 5};
    static double rounds[60000];
    double every[27], mean = 0, v = 0;
    StatSums c[3];
    for (int i = 0; i < 3; i++) c[i] = (StatSums){x[i], 1, 0, 0};
    for (int i = 0; i < 27; i++) every[i] = (x[i % 3] + x[i / 3 % 3] + x[i / 9]) / 3, mean += every[i] / 27;
    for (int i = 0; i < 27; i++) v += pow(every[i] - mean, 2) / 27;
    qsort(every, 27, sizeof *every, ascending);
    StatBoot b = stat_boot_percentile(NULL, c, 3, 5, .8, rounds, 60000);
    assert_true(b.n_rounds == 60000);
    assert_true(fabs(b.boot_mean - 2) < 4 * sqrt(v / 60000));
    CLOSE(b.boot_se, sqrt(v), .02);
    for (size_t i = 1; i < 60000; i++) assert_true(rounds[i - 1] <= rounds[i]);
    for (int i = 0; i < 27; i++) { /* the share of rounds at or below each value */
        double want = 0, got = 0;
        for (int k = 0; k < 27; k++) want += every[k] <= every[i] + 1e-9;
        for (size_t k = 0; k < 60000; k++) got += rounds[k] <= every[i] + 1e-9;
        assert_true(fabs(got / 60000 - want / 27) < .01);
    }
    NEAR(b.ci.lo, stat_quantile(rounds, 60000, .1));
    NEAR(b.ci.hi, stat_quantile(rounds, 60000, .9));
}

/* R: quantile(x, type = 7). */
static void test_quantile(void **state) {
    (void)state;
    const double x[] = {0, 0, 0, .25, .5, 1, 1, 1, 1, 1}, one[] = {3};
    NEAR(stat_quantile(x, 10, .025), 0);
    NEAR(stat_quantile(x, 10, .3), .17499999999999993);
    NEAR(stat_quantile(x, 10, .975), 1);
    assert_true(stat_quantile(x, 10, 0) == 0 && stat_quantile(x, 10, 1) == 1 && stat_quantile(one, 1, .4) == 3);
    UNDEFINED(stat_quantile(x, 0, .5));
    UNDEFINED(stat_quantile(x, 10, -.1));
    UNDEFINED(stat_quantile(x, 10, NAN));
}

/* SciPy's bootstrap(method = "BCa") and ("percentile") with 400,000 rounds of its own generator; the means lie on a
 * grid of sevenths. The acceleration by its formula. */
static void test_bca(void **state) {
    (void)state;
    const double x[] = {0, 0, 1, 1, 1, 3, 7};
    static double rounds[200000];
    StatSums c[7];
    for (int i = 0; i < 7; i++) c[i] = (StatSums){x[i], 1, 0, 0};
    StatBca r = stat_bca(NULL, c, 7, 11, rounds, 200000);
    NEAR(r.estimate, 13 / 7.0);
    CLOSE(r.accel, 0.09147919917655363, 1e-12);
    CLOSE(stat_bca_quantile(&r, .05), 0.8571428571428571, 1e-9);
    CLOSE(stat_bca_quantile(&r, .95), 4, 1e-9);
    StatBoot b = stat_boot_percentile(NULL, c, 7, 11, .9, rounds, 200000);
    RANGE(b.ci, 0.5714285714285714, 3.4285714285714284, 1e-9);
    CLOSE(b.boot_se, 0.8691097096566837, .01);
    UNDEFINED(stat_bca_quantile(&r, 0));
    UNDEFINED(stat_bca_quantile(&r, NAN));
}

/* Clusters are drawn whole; a difference of two ratios; rounds that draw nothing under the bar are left out. */
static void test_sums(void **state) {
    (void)state;
    static double rounds[4000];
    const StatSums two[] = {{3, 4, 1, 2}, {1, 1, 2, 2}}, rare[] = {{1, 1, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}},
                   none[] = {{0, 0, 0, 0}, {0, 0, 0, 0}};
    NEAR(stat_sums_ratio(two, 2), 4 / 5.0 - 3 / 4.0);
    size_t n = stat_bootstrap(two, 2, 1, rounds, 4000);
    assert_int_equal(n, 4000);
    const double possible[] = {3 / 4.0 - 1 / 2.0, 4 / 5.0 - 3 / 4.0, 1.0 - 1.0};
    for (size_t i = 0; i < n; i++)
        assert_true(fabs(rounds[i] - possible[0]) < 1e-12 || fabs(rounds[i] - possible[1]) < 1e-12 ||
                    fabs(rounds[i] - possible[2]) < 1e-12);
    n = stat_bootstrap(rare, 3, 1, rounds, 4000); /* (2/3)^3 of the rounds miss the only one that counts */
    assert_true(fabs(n / 4000.0 - 19 / 27.0) < .03 && rounds[0] == 1 && rounds[n - 1] == 1);
    assert_int_equal(stat_bootstrap(none, 2, 1, rounds, 10), 0);
    UNDEFINED(stat_sums_ratio(none, 2));
    UNDEFINED(stat_sums_ratio(none, 0));
}

static void test_little(void **state) {
    (void)state;
    double rounds[100];
    const StatSums same[] = {{1, 1, 0, 0}, {1, 1, 0, 0}, {1, 1, 0, 0}};
    StatBoot b = stat_boot_percentile(NULL, same, 0, 1, .95, rounds, 100);
    assert_true(b.n_rounds == 0 && isnan(b.boot_mean) && isnan(b.boot_se) && isnan(b.ci.lo));
    b = stat_boot_percentile(NULL, same, 1, 1, .95, rounds, 100);
    assert_true(b.boot_mean == 1 && b.boot_se == 0 && b.ci.lo == 1 && b.ci.hi == 1);
    b = stat_boot_percentile(NULL, same, 3, 1, .95, rounds, 1);
    assert_true(b.boot_mean == 1 && isnan(b.boot_se));
    StatBca r = stat_bca(NULL, same, 3, 1, rounds, 100); /* nothing varies: the estimate itself */
    assert_true(stat_bca_quantile(&r, .05) == 1 && stat_bca_quantile(&r, .95) == 1);
    r = stat_bca(NULL, same, 1, 1, rounds, 100);
    UNDEFINED(stat_bca_quantile(&r, .05));
    r = stat_bca(NULL, same, 0, 1, rounds, 100);
    UNDEFINED(r.estimate);
}

/* Beyond the size at which threads are used: one sequence, cut anywhere, and without memory for the cuts. */
static void test_threads_change_nothing(void **state) {
    (void)state;
    enum { G = 60000, ROUNDS = 100 };
    StatSums *c = mem_alloc(G * sizeof *c);
    double alone[ROUNDS], other[ROUNDS];
    Err err = ERR_INIT;
    uint64_t seed = 21;
    assert_non_null(c);
    for (int i = 0; i < G; i++) c[i] = (StatSums){stats_draw(&seed), 1, stats_draw(&seed), i % 3};
    size_t n = stat_bootstrap(c, G, 17, alone, ROUNDS);
    for (int threads = 1; threads <= 5; threads += 2) {
        Pool *pool;
        if (!pool_open(threads, &pool, &err)) fail_msg("%s", err.msg);
        for (uint64_t fail = 0; fail < 3; fail++) {
            mem_fail_at(fail);
            size_t m = stat_bootstrap_on(pool, c, G, 17, other, ROUNDS);
            mem_fail_at(0);
            assert_true(m == n && memcmp(alone, other, sizeof alone) == 0);
        }
        pool_close(pool);
    }
    mem_free(c);
}

/* SciPy 1.10.1: norm.cdf(sqrt(g/(g-1)) * t.ppf(p, g-1)) */
static void test_level(void **state) {
    (void)state;
    CLOSE(stat_boot_level(.025, 20), 0.015880829920349823, 1e-9);
    CLOSE(stat_boot_level(.95, 1000), 0.9502419548056369, 1e-12);
    CLOSE(stat_boot_level(.999, 15), 0.9999557845146498, 1e-10);
    CLOSE(stat_boot_level(.5, 30), .5, 1e-12);
    assert_true(stat_boot_level(.025, 2) < 1e-60 && stat_boot_level(.025, 2) >= 0);
    assert_true(isnan(stat_boot_level(.025, 1)) && isnan(stat_boot_level(.025, 0)));
    assert_true(stat_boot_level(.025, 1000000) < .025 && stat_boot_level(.025, 1000000) > .02499);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generators),  cmocka_unit_test(test_below),
        cmocka_unit_test(test_jumps),       cmocka_unit_test(test_shuffle),
        cmocka_unit_test(test_all_samples), cmocka_unit_test(test_quantile),
        cmocka_unit_test(test_bca),         cmocka_unit_test(test_sums),
        cmocka_unit_test(test_little),      cmocka_unit_test(test_threads_change_nothing),
        cmocka_unit_test(test_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
