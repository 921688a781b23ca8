/* Decisions: non-inferiority against its two other forms, posteriors and superiority against R. */
#include "tests/stats_support.h"

#include "reports/stats/stats_gate.h"

static void test_noninferiority(void **state) {
    (void)state;
    StatNonInferiority r = stat_noninferiority(-.0375, .0184, .01, .05);
    NEAR(r.z, -.0275 / .0184);
    NEAR(r.p, stat_norm_cdf(.0275 / .0184));
    assert_false(r.noninferior);
    for (double margin = .001; margin < .2; margin += .001) { /* the bound and the test say the same */
        r = stat_noninferiority(-.02, .03, margin, .05);
        NEAR(r.lower, -.02 - 1.6448536269514722 * .03);
        assert_true(r.noninferior == (r.lower > -margin));
        NEAR(r.p, stat_norm_cdf(-(-.02 + margin) / .03));
    }
    const double bad[][4] = {{0, 0, .05, .05},  {0, -1, .05, .05}, {0, NAN, .05, .05}, {NAN, .1, .05, .05},
                             {0, .1, NAN, .05}, {0, .1, .05, 0},   {0, .1, .05, 1},    {0, .1, .05, NAN}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        r = stat_noninferiority(bad[i][0], bad[i][1], bad[i][2], bad[i][3]);
        assert_true(isnan(r.z) && isnan(r.p) && isnan(r.lower) && !r.noninferior);
    }
}

static void test_posterior(void **state) {
    (void)state;
    StatBeta r = stat_beta_posterior(3, 20, .5, .5, .95, .2); /* R: qbeta, pbeta */
    NEAR(r.mean, 3.5 / 21);
    NEAR(r.var, 3.5 * 17.5 / (21 * 21 * 22.0));
    RANGE(r.ci, 0.044131341975155849, 0.348577710858454237, 1e-11);
    CLOSE(r.p_gt, 0.303046159961134154, 1e-11);
    r = stat_beta_posterior(0, 0, 1, 1, .9, .3); /* no data: the prior */
    assert_true(r.mean == .5 && fabs(r.p_gt - .7) < 1e-14);
    RANGE(r.ci, .05, .95, 1e-12);
    UNDEFINED(stat_beta_posterior(3, 2, 1, 1, .95, .5).mean);
    UNDEFINED(stat_beta_posterior(-1, 2, 1, 1, .95, .5).p_gt);
    UNDEFINED(stat_beta_posterior(1, 2, 0, 1, .95, .5).ci.lo);
    UNDEFINED(stat_beta_posterior(NAN, 2, 1, 1, .95, .5).var);
}

static void test_superiority(void **state) {
    (void)state;
    CLOSE(stat_prob_superiority(10, 5, 7, 8), 0.87407008570018341, 1e-9); /* R: integrate(dbeta * pbeta) */
    CLOSE(stat_prob_superiority(3, 9, 4, 6), 0.21671826625386995, 1e-9);
    NEAR(stat_prob_superiority(4, 9, 4, 9), .5);
    NEAR(stat_prob_superiority(1, 1, 1, 1), .5);
    NEAR(stat_prob_superiority(2, 1, 1, 1), 2 / 3.0); /* the larger of two against one */
    for (int a = 1; a < 6; a++)
        for (int b = 1; b < 6; b++) {
            double p = stat_prob_superiority(a, b + .5, 2.5, b), q = stat_prob_superiority(2.5, b, a, b + .5);
            CLOSE(p + q, 1, 1e-12);
            CLOSE(stat_prob_superiority(b, 2.5, b + .5, a), p, 1e-11); /* by X -> 1 - X, the other way round */
        }
    double rare = stat_prob_superiority(1, 1000000, 50, 50); /* keeps its digits, and never becomes 0 or 1 */
    assert_true(rare > 0 && rare < 1e-100);
    UNDEFINED(stat_prob_superiority(.5, .5, .5, .5)); /* no whole number among them */
    UNDEFINED(stat_prob_superiority(0, 1, 1, 1));
    UNDEFINED(stat_prob_superiority(1, NAN, 1, 1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_noninferiority),
        cmocka_unit_test(test_posterior),
        cmocka_unit_test(test_superiority),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
