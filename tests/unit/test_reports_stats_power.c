/* How many questions: published sizes, and each formula turned round to the power that it promises. */
#include "tests/stats_support.h"

static void test_published(void **state) {
    (void)state;
    /* Miller 2024, arXiv 2411.00640, section 5 */
    assert_true(stat_ceil_n(stat_power_n(1.0 / 9, .03, .05, .8)) == 969);
    CLOSE(stat_mde(stat_paired_variance(1.0 / 9, 0, 1, 0, 1), 969, .05, .8), .03, 3e-4);
    /* Chow, Shao, Wang: Sample Size Calculations in Clinical Research (2008), section 4.2.1: .65 against .85 */
    assert_true(stat_ceil_n(stat_power_n_two_prop(.65, .85, .05, .8)) == 70);
    /* the audit's specification: discordance .04, margin .03 */
    assert_true(stat_ceil_n(stat_power_n_noninferiority(.04, 0, .03, .05, .8)) == 275);
    /* the specification: AIME's 30 questions see 25 to 34 points with one run each */
    double best = stat_mde(stat_paired_variance(.05, .10, 1, .10, 1), 30, .05, .8),
           worst = stat_mde(stat_paired_variance(.11, .17, 1, .17, 1), 30, .05, .8);
    assert_true(best > .25 && best < .26 && worst > .33 && worst < .345);
    best = stat_mde(stat_paired_variance(.05, .10, 8, .10, 8), 30, .05, .8);
    worst = stat_mde(stat_paired_variance(.11, .17, 8, .17, 8), 30, .05, .8);
    assert_true(best > .135 && best < .145 && worst > .195 && worst < .205);
}

/* With n questions a normal test of level alpha (the other tail left out) has just the power that was asked for. */
static void test_power_is_what_was_asked(void **state) {
    (void)state;
    const double alphas[] = {.001, .01, .05, .2}, powers[] = {.5, .8, .95};
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 3; j++) {
            double al = alphas[i], pw = powers[j], z = -stat_norm_ppf(al / 2), n = stat_power_n(.3, .07, al, pw);
            CLOSE(stat_norm_cdf(.07 / sqrt(.3 / n) - z), pw, 1e-11);
            CLOSE(stat_mde(.3, n, al, pw), .07, 1e-12);
            n = stat_power_n_mcnemar(.3, .07, al, pw); /* variance .3 under equality, .3 - .07^2 otherwise */
            CLOSE(stat_norm_cdf((.07 * sqrt(n) - z * sqrt(.3)) / sqrt(.3 - .0049)), pw, 1e-11);
            assert_true(n == stat_power_n_mcnemar(.3, -.07, al, pw));
            n = stat_power_n_two_prop(.5, .43, al, pw);
            CLOSE(stat_norm_cdf(.07 / sqrt((.25 + .43 * .57) / n) - z), pw, 1e-11);
            n = stat_power_n_noninferiority(.3, -.01, .08, al, pw);
            CLOSE(stat_norm_cdf(.07 / sqrt(.3 / n) + stat_norm_ppf(al)), pw, 1e-11);
        }
}

/* The formula's size, tried on exact McNemar tests by enumeration of all tables: near the promised 80 %. */
static void test_mcnemar_by_enumeration(void **state) {
    (void)state;
    double p_disc = .3, delta = .15, power = 0;
    int n = (int)stat_ceil_n(stat_power_n_mcnemar(p_disc, delta, .05, .8)), reach = n;
    for (int d = 0; d <= reach; d++) {
        double ln_d =
            lgamma(n + 1.0) - lgamma(d + 1.0) - lgamma(n - d + 1.0) + d * log(p_disc) + (n - d) * log1p(-p_disc);
        if (ln_d < -40) continue;
        for (int b = 0; b <= d; b++) {
            StatMcNemar m = stat_mcnemar((uint64_t)b, (uint64_t)(d - b));
            if ((d < 100 ? m.p_midp : m.p_chi2) >= .05) continue;
            power +=
                exp(ln_d + lgamma(d + 1.0) - lgamma(b + 1.0) - lgamma(d - b + 1.0) + b * log(.75) + (d - b) * log(.25));
        }
    }
    assert_true(power > .78 && power < .83);
}

static void test_variance(void **state) {
    (void)state;
    NEAR(stat_paired_variance(.1, .2, 4, .3, 3), .1 + .05 + .1);
    NEAR(stat_omega2(.25, .2, 4, .3, 3), .1);
    assert_true(stat_omega2(.1, .2, 1, .3, 1) == 0); /* noise explains it all */
    UNDEFINED(stat_paired_variance(-.1, 0, 1, 0, 1));
    UNDEFINED(stat_paired_variance(.1, 0, 0, 0, 1));
    UNDEFINED(stat_paired_variance(NAN, 0, 1, 0, 1));
    UNDEFINED(stat_omega2(NAN, 0, 1, 0, 1));
    UNDEFINED(stat_omega2(.1, NAN, 1, 0, 1));
    UNDEFINED(stat_omega2(.1, 0, 0, 0, 1));
}

static void test_impossible(void **state) {
    (void)state;
    UNDEFINED(stat_mde(.1, 0, .05, .8));
    UNDEFINED(stat_mde(-.1, 10, .05, .8));
    UNDEFINED(stat_mde(NAN, 10, .05, .8));
    UNDEFINED(stat_power_n(.1, 0, .05, .8));
    assert_true(stat_power_n(.1, -.1, .05, .8) == stat_power_n(.1, .1, .05, .8)); /* a loss is as hard to see */
    UNDEFINED(stat_power_n_mcnemar(.1, .2, .05, .8));                             /* more difference than discordance */
    UNDEFINED(stat_power_n_mcnemar(.1, 0, .05, .8));
    UNDEFINED(stat_power_n_mcnemar(0, 0, .05, .8));
    UNDEFINED(stat_power_n_two_prop(.3, .3, .05, .8));
    UNDEFINED(stat_power_n_two_prop(.3, 1.3, .05, .8));
    UNDEFINED(stat_power_n_noninferiority(.1, -.1, .1, .05, .8)); /* as bad as the margin */
    UNDEFINED(stat_power_n_noninferiority(.1, -.2, .1, .05, .8));
    assert_true(stat_mde(0, 10, .05, .8) == 0);
}

static void test_ceiling(void **state) {
    (void)state;
    assert_true(stat_ceil_n(969.0000000001) == 969 && stat_ceil_n(968.9999999999) == 969);
    assert_true(stat_ceil_n(969.001) == 970 && stat_ceil_n(.2) == 1 && stat_ceil_n(0) == 0);
    UNDEFINED(stat_ceil_n(NAN));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published),
        cmocka_unit_test(test_power_is_what_was_asked),
        cmocka_unit_test(test_mcnemar_by_enumeration),
        cmocka_unit_test(test_variance),
        cmocka_unit_test(test_impossible),
        cmocka_unit_test(test_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
