/* Divergence of two models: distributions whose numbers follow by hand. */
#include "harness/against.h"
#include "tests/support.h"

#include <math.h>

static void near(double got, double want) {
    if (!(fabs(got - want) <= 1e-12 * fmax(1, fabs(want)))) fail_msg("%.17g instead of %.17g", got, want);
}

static void add(Fidelity *f, size_t at, const float *a, const float *b, uint32_t next) {
    Err err = ERR_INIT;
    if (!fidelity_add(f, at, a, b, next, &err)) fail_msg("%s", err.msg);
}

/* Two coins: p = (1/2, 1/2) against q = (3/4, 1/4). Logits are float32, so 0 and ln 3 rounded: q follows from that. */
static void test_coins(void **state) {
    (void)state;
    Fidelity f;
    const float a[] = {5, 5}, b[] = {(float)log(3), 0};
    double q0 = 1 / (1 + exp(-(double)b[0])), q1 = 1 - q0;
    fidelity_init(&f, 2);
    add(&f, 0, a, b, 1);
    FidelityResult r = fidelity_result(&f);
    /* sum p ln(p/q) = ln(1/2) - (ln q0 + ln q1) / 2, about 0.1438 = ln(2/sqrt 3) */
    near(r.kl_mean, log(0.5) - (log(q0) + log(q1)) / 2);
    assert_true(fabs(r.kl_mean - log(2 / sqrt(3))) < 1e-7);
    near(r.kl_median, r.kl_mean);
    near(r.kl_p99, r.kl_mean);
    near(r.kl_max, r.kl_mean);
    near(r.top1, 1); /* a tie goes to the lower id, which b prefers */
    near(r.diff_max, 5);
    near(r.diff_mean, ((5 - (double)b[0]) + 5) / 2);
    assert_int_equal(r.diff_max_id, 1);
    near(r.perplexity_a, 2);
    near(r.perplexity_b, 1 / q1);
    fidelity_release(&f);
}

/* KL is no distance: the other way round it is ln(1/2 ... ) with the weights of q. */
static void test_direction(void **state) {
    (void)state;
    Fidelity f;
    const float a[] = {(float)log(3), 0}, b[] = {5, 5};
    double p0 = 1 / (1 + exp(-(double)a[0])), p1 = 1 - p0;
    fidelity_init(&f, 2);
    add(&f, 0, a, b, FIDELITY_NO_NEXT);
    FidelityResult r = fidelity_result(&f);
    near(r.kl_mean, p0 * log(p0) + p1 * log(p1) - log(0.5));
    assert_true(isnan(r.perplexity_a) && isnan(r.perplexity_b));
    assert_int_equal(r.n_next, 0);
    fidelity_release(&f);
}

/* A shift changes no probability, and shows in the raw difference. */
static void test_shift(void **state) {
    (void)state;
    Fidelity f;
    const float a[] = {1, 2, 3}, b[] = {9, 10, 11};
    fidelity_init(&f, 3);
    add(&f, 0, a, b, 0);
    FidelityResult r = fidelity_result(&f);
    assert_true(r.kl_mean < 1e-15);
    near(r.diff_max, 8);
    near(r.diff_mean, 8);
    near(r.perplexity_a, r.perplexity_b);
    fidelity_release(&f);
}

/* Equal rows are exactly equal: 0, not nearly 0. */
static void test_equal_is_zero(void **state) {
    (void)state;
    enum { V = 1000 };
    Fidelity f;
    float a[V];
    fidelity_init(&f, V);
    for (size_t p = 0; p < 50; p++) {
        for (size_t i = 0; i < V; i++) a[i] = (float)(sin((double)(p * V + i) * 0.7) * 20);
        add(&f, p, a, a, (uint32_t)p);
    }
    FidelityResult r = fidelity_result(&f);
    assert_true(r.kl_mean == 0 && r.kl_median == 0 && r.kl_p99 == 0 && r.kl_max == 0);
    assert_true(r.diff_mean == 0 && r.diff_max == 0 && r.top1 == 1 && r.perplexity_a == r.perplexity_b);
    fidelity_release(&f);
}

/* Positions whose divergences are known: a = (0, x), b = (0, 0) gives s ln s + (1-s) ln(1-s) + ln 2, s = sigmoid(x). */
static void test_percentiles(void **state) {
    (void)state;
    enum { N = 5 };
    static const float x[N] = {4, 0, 1, 3, -2};
    double want[N];
    Fidelity f;
    fidelity_init(&f, 2);
    for (size_t i = 0; i < N; i++) {
        double s = 1 / (1 + exp(-(double)x[i]));
        want[i] = s * log(s) + (1 - s) * log(1 - s) + log(2);
        add(&f, 100 + i, (float[]){0, x[i]}, (float[]){0, 0}, FIDELITY_NO_NEXT);
    }
    FidelityResult r = fidelity_result(&f);
    near(r.kl_median, want[4]);                           /* sorted by |x|: 0 1 2 3 4 */
    near(r.kl_p99, want[3] + 0.96 * (want[0] - want[3])); /* 0.99 * 4 = 3.96 */
    near(r.kl_mean, (want[0] + want[1] + want[2] + want[3] + want[4]) / 5);
    near(r.kl_max, want[0]);
    assert_int_equal(r.kl_max_at, 100);
    near(r.top1, 2.0 / 5); /* b's tie goes to id 0, as in a for x = 0 and -2 */
    assert_int_equal(r.diff_max_at, 100);
    fidelity_release(&f);
}

/* Logits as large as float32 allows, and probabilities as small as there are. */
static void test_extremes(void **state) {
    (void)state;
    Fidelity f;
    const float a[] = {3e38f, -3e38f}, b[] = {1000, -1000}, c[] = {-1000, 1000};
    fidelity_init(&f, 2);
    add(&f, 0, a, b, 0);
    assert_true(f.kl[0] == 0);
    add(&f, 1, b, c, 1);
    near(f.kl[1], 2000);
    FidelityResult r = fidelity_result(&f);
    assert_true(isfinite(r.kl_mean) && isfinite(r.diff_max));
    fidelity_release(&f);
}

static void test_not_a_number(void **state) {
    (void)state;
    Fidelity f;
    Err err = ERR_INIT;
    const float good[] = {1, 2}, nan[] = {1, NAN}, inf[] = {-INFINITY, 1};
    fidelity_init(&f, 2);
    assert_false(fidelity_add(&f, 7, nan, good, 0, &err));
    assert_non_null(strstr(err.msg, "first model at position 7"));
    assert_false(fidelity_add(&f, 7, good, inf, 0, &err));
    assert_non_null(strstr(err.msg, "second"));
    assert_int_equal(f.n, 0);
    mem_fail_at(1);
    assert_false(fidelity_add(&f, 7, good, good, 0, &err));
    mem_fail_at(0);
    assert_int_equal(err.code, ERR_MEMORY);
    fidelity_release(&f);
}

/* Every position is counted once, in order; behind the first window with half a window in front of it. */
static void test_windows(void **state) {
    (void)state;
    for (size_t window = 1; window < 40; window++)
        for (size_t n = 1; n < 130; n++) {
            size_t begin, count, end, next = 0, k = 0;
            for (; against_window(n, window, k, &begin, &count, &end); k++) {
                assert_int_equal(count, next);
                assert_true(begin <= count && count < end && end <= n && end - begin <= window);
                assert_true(k == 0 ? begin == 0 : count - begin == window / 2);
                next = end;
            }
            assert_int_equal(next, n);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_coins),        cmocka_unit_test(test_direction),
                                       cmocka_unit_test(test_shift),        cmocka_unit_test(test_equal_is_zero),
                                       cmocka_unit_test(test_percentiles),  cmocka_unit_test(test_extremes),
                                       cmocka_unit_test(test_not_a_number), cmocka_unit_test(test_windows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
