/* Means, clusters, repeats, tasks and calibration: NIST's and R's values, statsmodels' cluster errors, identities. */
#include "tests/stats_support.h"

/* NIST Statistical Reference Datasets, univariate: NumAcc1, NumAcc2, NumAcc3, NumAcc4; certified mean and deviation. */
static void test_nist(void **state) {
    (void)state;
    static double x[1001];
    const double one[] = {10000001, 10000003, 10000002};
    StatMean m = stat_mean(one, 3, .95);
    NEAR(m.mean, 10000002);
    NEAR(m.sd, 1);
    const struct {
        double first, low, high, mean, rel;
    } SETS[] = {{1.2, 1.1, 1.3, 1.2, 1e-12},
                {1000000.2, 1000000.1, 1000000.3, 1000000.2, 1e-8}, /* the decimals themselves are rounded */
                {10000000.2, 10000000.1, 10000000.3, 10000000.2, 1e-7}};
    for (size_t k = 0; k < 3; k++) {
        x[0] = SETS[k].first;
        for (size_t i = 1; i < 1001; i++) x[i] = i % 2 ? SETS[k].low : SETS[k].high;
        m = stat_mean(x, 1001, .95);
        CLOSE(m.mean, SETS[k].mean, 1e-15);
        CLOSE(m.sd, .1, SETS[k].rel);
    }
}

/* The first group of R's data set `sleep` (Student 1908): t.test(extra). */
static void test_student(void **state) {
    (void)state;
    const double x[] = {.7, -1.6, -.2, -1.2, -.1, 3.4, 3.7, .8, 0, 2};
    StatMean m = stat_mean(x, 10, .95);
    NEAR(m.mean, .75);
    NEAR(m.var, 3.20055555555555582);
    RANGE(m.t, -0.52978041352623217, 2.02978041352623206, 1e-12);
    NEAR(m.z.hi - m.mean, 1.959963984540054 * m.sd / sqrt(10));
}

/* For 0/1 data the variance of the mean is p (1-p)/(n-1): Miller 2024 and this differ by sqrt(n/(n-1)). */
static void test_binary(void **state) {
    (void)state;
    double x[40] = {0};
    for (int k = 0; k <= 40; k++) {
        for (int i = 0; i < 40; i++) x[i] = i < k;
        StatMean m = stat_mean(x, 40, .95);
        double p = k / 40.0;
        assert_true(m.mean == p);
        CLOSE(m.se * m.se, p * (1 - p) / 39, 1e-12);
    }
}

/* Ordinary least squares on a constant with clustered covariance, statsmodels: without its correction, and with it
 * (its factor G/(G-1) (n-1)/(n-k) is ours where k = 1). */
static void test_clustered(void **state) {
    (void)state;
    const double x[] = {1, 0, 1, 1, 0, 0, 1, .5, .25, 1, 0, 1};
    const uint32_t c[] = {0, 0, 0, 1, 1, 2, 2, 2, 3, 4, 4, 4};
    double scratch[12];
    StatClustered r = stat_clustered(x, c, 12, 5, .95, scratch);
    NEAR(r.mean, .5625);
    NEAR(r.se_cr0, 0.048858497498160736);
    NEAR(r.se_cr1, 0.054625460842195404);
    RANGE(r.t, 0.41083540662551266, 0.7141645933744876, 1e-12);
    NEAR(r.deff, r.se_cr1 * r.se_cr1 / (r.se_naive * r.se_naive));
}

/* A cluster for each question changes nothing; k copies of each question in a cluster are worth one. */
static void test_clusters_at_the_ends(void **state) {
    (void)state;
    double x[60], mean[20], scratch[60];
    uint32_t own[60], triple[60];
    uint64_t seed = 5;
    for (int i = 0; i < 60; i++) {
        if (i % 3 == 0) mean[i / 3] = stats_draw(&seed);
        x[i] = mean[i / 3];
        own[i] = (uint32_t)i, triple[i] = (uint32_t)i / 3;
    }
    StatClustered r = stat_clustered(x, own, 60, 60, .9, scratch);
    StatMean m = stat_mean(x, 60, .9);
    NEAR(r.se_cr1, m.se);
    NEAR(r.deff, 1);
    RANGE(r.t, m.t.lo, m.t.hi, 1e-12);
    r = stat_clustered(x, triple, 60, 20, .9, scratch);
    m = stat_mean(mean, 20, .9);
    NEAR(r.se_cr1, m.se);
    RANGE(r.t, m.t.lo, m.t.hi, 1e-12);
    NEAR(r.deff, 59.0 / 19); /* three times, but for the n - 1 of both */
}

/* Far from zero the mean is rounded by as much as 6e-8; 30 rows of a cluster must not add that up. The same rows
 * near zero say what is right. */
static void test_clusters_far_from_zero(void **state) {
    (void)state;
    double x[90], near[90], scratch[90];
    uint32_t by_two[90];
    for (int i = 0; i < 90; i++) near[i] = i * i % 7, x[i] = 1e9 + near[i], by_two[i] = (uint32_t)(i / 45);
    StatClustered far = stat_clustered(x, by_two, 90, 2, .95, scratch),
                  r = stat_clustered(near, by_two, 90, 2, .95, scratch);
    assert_true(r.se_cr1 > 0);
    CLOSE(far.se_cr0, r.se_cr0, 1e-13);
    CLOSE(far.se_cr1, r.se_cr1, 1e-13);
}

/* Balanced one-way analysis of variance: with MSB and MSW, between = (MSB - MSW)/k and within = MSW. */
/* Ten times 0.1 is a constant, although its sum over ten is not 0.1 in binary: no variance, no design effect, no
 * correlation, no test. */
static void test_constants(void **state) {
    (void)state;
    double x[30], y[30], scratch[30];
    uint32_t id[30];
    for (int i = 0; i < 30; i++) x[i] = i < 10 ? .1 : .7, y[i] = i % 3, id[i] = (uint32_t)i / 2;
    for (size_t n = 3; n <= 10; n++) {
        assert_true(stat_mean(x, n, .95).var == 0.0 && stat_mean(x + 10, n, .95).var == 0.0);
        assert_true(isnan(stat_clustered(x, id, n, (n + 1) / 2, .95, scratch).deff));
        assert_true(isnan(stat_paired(x, y, n, .95).corr) && isnan(stat_paired(y, x + 10, n, .95).corr));
        assert_true(isnan(stat_unpaired(x, n, x + 10, n).z));
    }
}

static void test_repeats(void **state) {
    (void)state;
    double x[50 * 4], means[50];
    uint64_t seed = 11;
    double msw = 0, grand = 0, msb = 0;
    for (int i = 0; i < 50; i++) {
        double level = stats_draw(&seed), sum = 0;
        for (int j = 0; j < 4; j++) sum += x[4 * i + j] = level + .3 * stats_draw(&seed);
        means[i] = sum / 4, grand += means[i] / 50;
        for (int j = 0; j < 4; j++) msw += pow(x[4 * i + j] - means[i], 2) / (50 * 3);
    }
    for (int i = 0; i < 50; i++) msb += 4 * pow(means[i] - grand, 2) / 49;
    StatRepeats r = stat_repeats(x, 50, 4);
    NEAR(r.mean, grand);
    NEAR(r.within_var, msw);
    NEAR(r.between_var, (msb - msw) / 4);
    NEAR(r.se, stat_mean(means, 50, .95).se);
    NEAR(r.se * r.se, (r.between_var + r.within_var / 4) / 50); /* section 3 */
    NEAR(r.se_k_inf, sqrt(r.between_var / 50));
    NEAR(r.se_naive_flat, stat_mean(x, 200, .95).se);
    assert_true(r.se_k_inf < r.se && r.se_naive_flat < r.se);
}

/* Noise alone: the parts never become negative. One repeat: they are not known. */
static void test_repeats_at_the_ends(void **state) {
    (void)state;
    const double noise[] = {0, 1, 1, 0, 0, 1}, single[] = {0, 1, 1};
    StatRepeats r = stat_repeats(noise, 3, 2);
    assert_true(r.between_var == 0 && r.se_k_inf == 0 && r.se == 0 && r.within_var == .5);
    r = stat_repeats(single, 3, 1);
    NEAR(r.se, stat_mean(single, 3, .95).se);
    UNDEFINED(r.within_var);
    UNDEFINED(r.between_var);
    UNDEFINED(r.se_k_inf);
    r = stat_repeats(noise, 1, 6);
    assert_true(r.mean == .5);
    NEAR(r.within_var, .3); /* of one question it is known, between questions nothing */
    UNDEFINED(r.between_var);
    UNDEFINED(r.se);
    UNDEFINED(stat_repeats(noise, 0, 2).mean);
    UNDEFINED(stat_repeats(noise, 2, 0).mean);
}

static void test_tasks(void **state) {
    (void)state;
    const double means[] = {.5, .7, .9}, ses[] = {.03, .04, .12}, one[] = {.2}, lost[] = {.1, NAN};
    StatMacro m = stat_macro_mean(means, ses, 3);
    NEAR(m.mean, .7);
    NEAR(m.se, .13 / 3); /* 3-4-12-13 */
    UNDEFINED(stat_macro_mean(means, ses, 0).mean);
    UNDEFINED(stat_macro_mean(means, lost, 2).se);
    assert_true(stat_macro_mean(means, lost, 2).mean == .6);
    /* equal sizes n and errors s: sqrt((n-1) s^2 n T/(nT - T)/(nT)) = s/sqrt(T) */
    const double sizes[] = {40, 40, 40, 40}, same[] = {.08, .08, .08, .08}, empty[] = {40, 0};
    NEAR(stat_lm_eval_pooled_se(same, sizes, 4), .04);
    const double size1[] = {1};
    UNDEFINED(stat_lm_eval_pooled_se(one, size1, 1));
    UNDEFINED(stat_lm_eval_pooled_se(same, empty, 2));
    UNDEFINED(stat_lm_eval_pooled_se(same, sizes, 0));
}

static void test_calibration(void **state) {
    (void)state;
    double scratch[10];
    const double p[] = {.15, .15, .95, .95, 1, .5}, y[] = {0, 1, 1, 1, 1, 0};
    StatCalibration r = stat_calibration(p, y, 6, 10, scratch);
    /* bins: 1 has |.3 - 1|, 5 has |.5 - 0|, 9 has |2.9 - 3| */
    NEAR(r.ece, (.7 + .5 + .1) / 6);
    NEAR(r.brier, (.0225 + .7225 + .0025 + .0025 + 0 + .25) / 6);
    r = stat_calibration(p, y, 6, 1, scratch);
    NEAR(r.ece, fabs(3.7 - 4) / 6);
    const double sure[] = {0, 1}, truth[] = {0, 1}, bad[] = {1.5, 0}, none[] = {NAN, 0};
    r = stat_calibration(sure, truth, 2, 10, scratch);
    assert_true(r.ece == 0 && r.brier == 0);
    UNDEFINED(stat_calibration(bad, truth, 2, 10, scratch).ece);
    UNDEFINED(stat_calibration(none, truth, 2, 10, scratch).brier);
    UNDEFINED(stat_calibration(p, y, 0, 10, scratch).ece);
    UNDEFINED(stat_calibration(p, y, 6, 0, scratch).ece);
}

/* None, one, all equal: what is not known is NaN, what is known is there, and a constant has no spread at all. */
static void test_little(void **state) {
    (void)state;
    double x[1000], scratch[1000];
    uint32_t c[1000];
    for (size_t i = 0; i < 1000; i++) x[i] = .1, c[i] = (uint32_t)(i / 10);
    UNDEFINED(stat_mean(x, 0, .95).mean);
    StatMean m = stat_mean(x, 1, .95);
    assert_true(m.mean == .1 && isnan(m.var) && isnan(m.sd) && isnan(m.se) && isnan(m.z.lo) && isnan(m.t.hi));
    m = stat_mean(x, 1000, .95);
    assert_true(m.mean == .1 && m.sd < 1e-16 && m.t.hi - m.t.lo < 1e-15);
    StatClustered r = stat_clustered(x, c, 1000, 100, .95, scratch);
    assert_true(r.mean == .1 && r.se_cr1 < 1e-15);
    UNDEFINED(stat_clustered(x, c, 10, 1, .95, scratch).se_cr1);
    UNDEFINED(stat_clustered(x, c, 0, 0, .95, scratch).mean);
    for (size_t i = 0; i < 1000; i++) x[i] = 1;
    r = stat_clustered(x, c, 1000, 100, .95, scratch);
    assert_true(r.mean == 1 && r.se_cr1 == 0 && isnan(r.deff));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nist),
        cmocka_unit_test(test_student),
        cmocka_unit_test(test_binary),
        cmocka_unit_test(test_clustered),
        cmocka_unit_test(test_clusters_at_the_ends),
        cmocka_unit_test(test_clusters_far_from_zero),
        cmocka_unit_test(test_constants),
        cmocka_unit_test(test_repeats),
        cmocka_unit_test(test_repeats_at_the_ends),
        cmocka_unit_test(test_tasks),
        cmocka_unit_test(test_calibration),
        cmocka_unit_test(test_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
