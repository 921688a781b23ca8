/* Judges: Cohen's kappa against published tables and statsmodels, a rate corrected for a judge's errors against its
 * formula by hand and by simulation, and what must not be corrected. */
#include "tests/stats_support.h"

#include "reports/stats/stats_judge.h"

static void test_kappa(void **state) {
    (void)state;
    const double yes_no[] = {20, 5, 10, 15};
    StatKappa k = stat_kappa(yes_no, 2);
    NEAR(k.po, .7);
    NEAR(k.pe, .5);
    NEAR(k.kappa, .4);
    CLOSE(k.se, 0.12699606293110033, 1e-12); /* statsmodels */
    assert_true(k.n == 50);
    /* Agresti, Categorical Data Analysis, "sexual fun" of husbands and wives; as R's package vcd prints it: .1293,
     * .0686 */
    const double fun[] = {7, 7, 2, 3, 2, 8, 3, 7, 1, 5, 4, 9, 2, 8, 9, 14};
    /* one rater always says the same: kappa is 0 in every such table, and its error too, to the last bit */
    k = stat_kappa((const double[]){3, 0, 2, 0}, 2);
    assert_true(k.kappa == 0 && k.se == 0);
    k = stat_kappa(fun, 4);
    CLOSE(k.kappa, 0.12933025404157042, 1e-12);
    CLOSE(k.se, 0.06859853248070859, 1e-12);
}

/* The delta method by differences: kappa is a smooth function of the cells' shares, whose covariance is multinomial. */
static void test_kappa_se_by_differences(void **state) {
    (void)state;
    double t[9] = {31, 4, 2, 6, 25, 5, 1, 3, 23}, slope[9], n = 100, mean = 0, v = 0;
    for (int i = 0; i < 9; i++) {
        double h = 1e-4 * n, at = t[i];
        t[i] = at + h;
        double up = stat_kappa(t, 3).kappa;
        t[i] = at - h;
        slope[i] = (up - stat_kappa(t, 3).kappa) / (2 * h) * n;
        t[i] = at;
        mean += t[i] / n * slope[i];
    }
    for (int i = 0; i < 9; i++) v += t[i] / n * pow(slope[i] - mean, 2) / n;
    CLOSE(stat_kappa(t, 3).se, sqrt(v), 1e-6);
}

static void test_kappa_at_the_ends(void **state) {
    (void)state;
    const double perfect[] = {5, 0, 0, 7}, one_word[] = {9, 0, 0, 0}, empty[] = {0, 0, 0, 0}, against[] = {0, 5, 5, 0},
                 chance[] = {4, 4, 4, 4};
    StatKappa k = stat_kappa(perfect, 2);
    assert_true(k.kappa == 1 && k.se == 0);
    k = stat_kappa(one_word, 2); /* both always say the same one thing: agreement beyond chance has no meaning */
    assert_true(k.po == 1 && k.pe == 1 && isnan(k.kappa) && isnan(k.se));
    k = stat_kappa(empty, 2);
    assert_true(k.n == 0 && isnan(k.po) && isnan(k.kappa));
    assert_true(stat_kappa(against, 2).kappa == -1 && stat_kappa(chance, 2).kappa == 0);
    assert_true(isnan(stat_kappa(empty, 0).kappa));
}

static void test_rogan_gladen(void **state) {
    (void)state;
    /* 23 of 150 cows, sensitivity .96, specificity .89: the example of R's epi.prev */
    double q = 23 / 150.0, v = q * (1 - q) / 150;
    StatCorrected r = stat_rogan_gladen(q, v, .96, 1e15, .89, 1e15, .2, .95);
    assert_true(r.usable);
    CLOSE(r.theta, 0.05098039215686287, 1e-12);
    CLOSE(r.se, 0.03461066662555094, 1e-9);
    assert_true(r.range.lo == 0); /* clipped */
    CLOSE(r.range.hi, 0.05098039215686287 + 1.959963984540054 * 0.03461066662555094, 1e-9);
    r = stat_rogan_gladen(q, v, .96, 100, .89, 200, .2, .95); /* the judge's own uncertainty */
    CLOSE(r.se, 0.042537862709232856, 1e-12);
    /* a perfect judge changes nothing */
    r = stat_rogan_gladen(.3, .0021, 1, 50, 1, 50, .2, .95);
    NEAR(r.theta, .3);
    NEAR(r.se, sqrt(.0021));
    /* fewer positives than its false alarms alone: below 0, not clipped, and its range stays in 0..1 */
    r = stat_rogan_gladen(.05, .0005, .9, 100, .9, 100, .2, .95);
    NEAR(r.theta, -.0625);
    assert_true(r.range.lo == 0 && r.range.hi > 0 && r.range.hi < .1);
}

/* Draws the answers and both calibration samples anew many times: the standard error is the spread that results. */
static void test_rogan_gladen_by_simulation(void **state) {
    (void)state;
    enum { ROUNDS = 4000, N = 400, LABELLED = 300 };
    static double theta[ROUNDS];
    uint64_t seed = 77;
    double mean_se = 0;
    for (int round = 0; round < ROUNDS; round++) {
        int q = 0, sens = 0, spec = 0;
        for (int i = 0; i < N; i++) q += stats_draw(&seed) < .25 * .9 + .75 * .15;
        for (int i = 0; i < LABELLED; i++) sens += stats_draw(&seed) < .9, spec += stats_draw(&seed) < .85;
        double share = (double)q / N;
        StatCorrected r = stat_rogan_gladen(share, share * (1 - share) / N, (double)sens / LABELLED, LABELLED,
                                            (double)spec / LABELLED, LABELLED, .2, .95);
        theta[round] = r.theta, mean_se += r.se / ROUNDS;
    }
    StatMean m = stat_mean(theta, ROUNDS, .95);
    assert_true(fabs(m.mean - .25) < .003);
    assert_true(fabs(m.sd / mean_se - 1) < .05); /* 4000 rounds know a deviation to 1.1 % */
}

static void test_not_to_be_corrected(void **state) {
    (void)state;
    const double bad[][6] = {{.5, .01, .55, 100, .55, 100}, /* tells too little */
                             {.5, .01, .3, 100, .3, 100},   /* tells the opposite */
                             {.5, .01, .9, 0, .9, 100},     /* no labelled positives */
                             {.5, .01, .9, 100, .9, 0},     {.5, -1, .9, 100, .9, 100},
                             {.5, NAN, .9, 100, .9, 100},   {.5, .01, NAN, 100, .9, 100}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const double *b = bad[i];
        StatCorrected r = stat_rogan_gladen(b[0], b[1], b[2], b[3], b[4], b[5], .2, .95);
        assert_true(!r.usable && isnan(r.theta) && isnan(r.se) && isnan(r.range.lo) && isnan(r.range.hi));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kappa),
        cmocka_unit_test(test_kappa_se_by_differences),
        cmocka_unit_test(test_kappa_at_the_ends),
        cmocka_unit_test(test_rogan_gladen),
        cmocka_unit_test(test_rogan_gladen_by_simulation),
        cmocka_unit_test(test_not_to_be_corrected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
