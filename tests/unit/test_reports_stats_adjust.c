/* Many tests: R's p.adjust, Benjamini and Hochberg's example, and each procedure by its own definition. */
#include "tests/stats_support.h"

typedef struct Adjusted {
    double bonferroni[16], holm[16], hochberg[16], bh[16], by[16];
} Adjusted;

static Adjusted all(const double *p, size_t n) {
    Adjusted a;
    size_t scratch[16];
    stat_adjust_bonferroni(p, n, a.bonferroni);
    stat_adjust_holm(p, n, a.holm, scratch);
    stat_adjust_hochberg(p, n, a.hochberg, scratch);
    stat_adjust_bh(p, n, a.bh, scratch);
    stat_adjust_by(p, n, a.by, scratch);
    return a;
}

static void same(int line, const double *got, const double *want, size_t n) {
    for (size_t i = 0; i < n; i++) stats_close(line, "entry", got[i], want[i], 1e-12);
}
#define SAME(got, ...) same(__LINE__, got, (const double[]){__VA_ARGS__}, sizeof((double[]){__VA_ARGS__}) / 8)

static void test_r(void **state) {
    (void)state;
    /* Benjamini and Hochberg, JRSS B 57:289 (1995), section 3.2; adjusted by R's p.adjust */
    const double p[] = {.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344,
                        .0459, .3240, .4262, .5719, .6528, .7590, 1};
    Adjusted a = all(p, 15);
    SAME(a.bonferroni, .0015, .006, .0285, .1425, .3015, .417, .447, .516, .6885, 1, 1, 1, 1, 1, 1);
    SAME(a.holm, .0015, .0056, .0247, .114, .2211, .278, .278, .278, .3213, 1, 1, 1, 1, 1, 1);
    SAME(a.hochberg, .0015, .0056, .0247, .114, .2211, .2682, .2682, .2752, .3213, 1, 1, 1, 1, 1, 1);
    SAME(a.bh, .0015, .003, .0095, .035625, .0603, .06385714285714286, .06385714285714286, .0645, .0765, .486,
         .58118181818181813, .714875, .75323076923076926, .81321428571428567, 1);
    SAME(a.by, .0049773434898434899, .0099546869796869799, .031523175435675434, .11821190788378289, .20008920829170829,
         .21189262285333714, .21189262285333714, .21402577006327006, .2538445179820180142, 1, 1, 1, 1, 1, 1);
    int bh = 0, bonferroni = 0;
    for (size_t i = 0; i < 15; i++) bh += a.bh[i] < .05, bonferroni += a.bonferroni[i] < .05;
    assert_true(bh == 4 && bonferroni == 3);
    /* out of order, with ties */
    const double q[] = {.03, .01, .04, .04, .2};
    a = all(q, 5);
    SAME(a.bonferroni, .15, .05, .2, .2, 1);
    SAME(a.holm, .12, .05, .12, .12, .2);
    SAME(a.hochberg, .08, .05, .08, .08, .2);
    SAME(a.bh, .05, .05, .05, .05, .2);
    SAME(a.by, .11416666666666667, .11416666666666667, .11416666666666667, .11416666666666667, .45666666666666667);
}

/* Holm is the closure of Bonferroni: p_i adjusted is the largest |S| min p over all sets S that hold i. */
static double holm_by_closure(const double *p, int n, int i) {
    double worst = 0;
    for (unsigned set = 1; set < 1u << n; set++) {
        double least = 1, size = 0;
        if (!(set >> i & 1)) continue;
        for (int k = 0; k < n; k++)
            if (set >> k & 1) least = fmin(least, p[k]), size++;
        worst = fmax(worst, fmin(1, size * least));
    }
    return worst;
}

/* The smallest level at which a step-up procedure rejects the test: the best over the ranks at or above its own, of
 * p(j) factor / share(j). */
static double step_up(const double *p, int n, int i, double (*scaled)(double p, int rank, int n)) {
    double best = 1;
    for (int j = 0; j < n; j++) {
        int rank = 0;
        if (p[j] < p[i]) continue;
        for (int k = 0; k < n; k++) rank += p[k] <= p[j];
        best = fmin(best, scaled(p[j], rank, n));
    }
    return best;
}
static double of_hochberg(double p, int rank, int n) {
    return p * (n - rank + 1);
}
static double of_bh(double p, int rank, int n) {
    return p * n / rank;
}
static double of_by(double p, int rank, int n) {
    double sum = 0;
    for (int j = 1; j <= n; j++) sum += 1.0 / j;
    return p * n * sum / rank;
}

#define ROUNDED (1 + 1e-15)
static void test_definitions(void **state) {
    (void)state;
    uint64_t seed = 1;
    for (int n = 1; n <= 10; n++)
        for (int turn = 0; turn < 30; turn++) {
            double p[10];
            for (int i = 0; i < n; i++) p[i] = pow(floor(20 * stats_draw(&seed)) / 20, 2); /* with ties and zeros */
            Adjusted a = all(p, (size_t)n);
            for (int i = 0; i < n; i++) {
                CLOSE(a.bonferroni[i], fmin(1, n * p[i]), 1e-12);
                CLOSE(a.holm[i], holm_by_closure(p, n, i), 1e-12);
                CLOSE(a.hochberg[i], step_up(p, n, i, of_hochberg), 1e-12);
                CLOSE(a.bh[i], step_up(p, n, i, of_bh), 1e-12);
                CLOSE(a.by[i], step_up(p, n, i, of_by), 1e-12);
                assert_true(a.bh[i] <= a.hochberg[i] * ROUNDED && a.hochberg[i] <= a.holm[i] * ROUNDED);
                assert_true(a.holm[i] <= a.bonferroni[i] * ROUNDED && p[i] <= a.bh[i] * ROUNDED);
                assert_true(a.bh[i] <= a.by[i] * ROUNDED);
            }
        }
}

static void test_undefined_and_few(void **state) {
    (void)state;
    const double p[] = {.04, NAN, .01, NAN}, none[] = {NAN, NAN}, one[] = {.3};
    Adjusted a = all(p, 4);
    const double *lists[] = {a.bonferroni, a.holm, a.hochberg, a.bh, a.by};
    for (size_t k = 0; k < 5; k++) {
        UNDEFINED(lists[k][1]);
        UNDEFINED(lists[k][3]);
    }
    CLOSE(a.holm[2], .02, 1e-15); /* two tests, not four */
    CLOSE(a.bh[0], .04, 1e-15);
    a = all(none, 2);
    assert_true(isnan(a.bh[0]) && isnan(a.holm[1]) && isnan(a.by[0]) && isnan(a.bonferroni[0]) && isnan(a.hochberg[1]));
    a = all(one, 1);
    assert_true(a.bonferroni[0] == .3 && a.holm[0] == .3 && a.hochberg[0] == .3 && a.bh[0] == .3 && a.by[0] == .3);
    all(one, 0); /* touches nothing */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_r),
        cmocka_unit_test(test_definitions),
        cmocka_unit_test(test_undefined_and_few),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
