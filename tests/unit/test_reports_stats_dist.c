/* Distributions against mpmath (60 digits) and R, far into the tails; inverses; what is out of range. */
#include "tests/stats_support.h"

static void test_normal(void **state) {
    (void)state;
    NEAR(stat_norm_cdf(-30), 4.9067139271481870595e-198);
    NEAR(stat_norm_cdf(-8), 6.2209605742717841235e-16);
    NEAR(stat_norm_cdf(-1.96), 0.024997895148220436213);
    NEAR(stat_norm_cdf(-1e-9), 0.4999999996010577196);
    NEAR(stat_norm_cdf(0.3), 0.61791142218895263307);
    NEAR(stat_norm_cdf(5), 0.99999971334842812081);
    assert_true(stat_norm_cdf(-38) > 0); /* a subnormal number still */
    NEAR(stat_norm_ppf(1e-300), -37.047096299361199237);
    NEAR(stat_norm_ppf(1e-10), -6.3613409024040561991);
    NEAR(stat_norm_ppf(.025), -1.9599639845400542118);
    NEAR(stat_norm_ppf(.3), -0.52440051270804081597);
    NEAR(stat_norm_ppf(.49999), -0.000025066282748960008527);
    NEAR(stat_norm_ppf(.999), 3.0902323061678132778);
    NEAR(stat_two_sided_z(.95), 1.959963984540054);
    assert_true(stat_norm_ppf(0) == -INFINITY && stat_norm_ppf(1) == INFINITY && stat_norm_ppf(.5) == 0);
}

static void test_beta(void **state) {
    (void)state;
    NEAR(stat_betainc(2, 5, .3), 0.57982499999999997601);
    NEAR(stat_betainc(.5, .5, .001), 0.020135041633377491182);
    NEAR(stat_betainc(300, 2, .9999), 0.99955740011777545222);
    NEAR(stat_betainc(1, 1, .25), .25);
    NEAR(stat_betainc(60, .5, .5), 8.8444132111416665154e-20);
    NEAR(stat_betainc(3, 200, 1e-12), 1.3533999997980049684e-30);
    CLOSE(stat_betainc(1e6, 1e6 + 1000, .5), 0.760195082466391781, 1e-11); /* R */
    CLOSE(stat_betainc(1000, 50000, .02), 0.740482231640056998, 1e-11);    /* R */
    NEAR(stat_ln_beta(1e8, 3), -54.568895081297150857);
    NEAR(stat_ln_beta(.5, .5), 1.1447298858494001741);
    NEAR(stat_ln_beta(1e5, 2e5), -190958.88527911684967);
    NEAR(stat_ln_beta(1e-3, 7), 6.9053060242800876604);
    CLOSE(stat_beta_ppf(.025, .5, 20.5), 2.4246478459242726e-05, 1e-11); /* R */
    CLOSE(stat_beta_ppf(.5, 3, 4), 0.42140719069071303, 1e-11);
    CLOSE(stat_beta_ppf(1e-10, 2, 3), 4.0824940158083298e-06, 1e-11);
}

/* I_x(a, b) for whole a and b is a binomial tail: P(Bin(a+b-1, x) >= a), added up term by term. */
static void test_beta_is_a_binomial_tail(void **state) {
    (void)state;
    for (int a = 1; a <= 9; a++)
        for (int b = 1; b <= 9; b++)
            for (double x = .05; x < 1; x += .15) {
                int n = a + b - 1;
                double tail = 0;
                for (int k = a; k <= n; k++) tail += stats_choose(n, k) * pow(x, k) * pow(1 - x, n - k);
                CLOSE(stat_betainc(a, b, x), tail, 1e-11);
                assert_true(fabs(stat_betainc_sf(a, b, x) - (1 - tail)) < 1e-14);
                NEAR(stat_betainc(a, b, x), stat_betainc_sf(b, a, 1 - x));
                if (tail < 1e-4 || tail > .9999) continue; /* 1 - tail has lost its digits */
                CLOSE(stat_beta_ppf(tail, a, b), x, 1e-9);
                CLOSE(stat_beta_isf(1 - tail, a, b), x, 1e-9);
            }
}

static void test_t(void **state) {
    (void)state;
    NEAR(stat_t_two_sided(.1, 3), 0.92665234880080582486);
    NEAR(stat_t_two_sided(-2.262157, 9), 0.050000013304431659776);
    NEAR(stat_t_two_sided(40, 7), 1.5902179984850370469e-9);
    NEAR(stat_t_two_sided(1e-6, 4), 0.99999925000000000016);
    CLOSE(stat_t_two_sided(3, 1e6), 0.0026998625414217970587, 1e-10);
    NEAR(stat_t_ppf(.975, 1), 12.706204736174693314);
    NEAR(stat_t_ppf(.975, 2), 4.3026527297494617894);
    NEAR(stat_t_ppf(.975, 9), 2.2621571627982049992);
    NEAR(stat_t_ppf(.975, 30), 2.0422724563012378878);
    NEAR(stat_t_ppf(.995, 1000), 2.5807546980659507706);
    NEAR(stat_t_ppf(.1, 2.5), -1.730250928807176833);
    CLOSE(stat_t_ppf(1e-8, 5), -62.404506110967276, 1e-11); /* R */
    NEAR(stat_two_sided_t(.95, 9), 2.2621571627982049992);
    CLOSE(stat_t_ppf(.975, 1e9), 1.9599639845400542118, 1e-8); /* the normal's */
    assert_true(stat_t_two_sided(INFINITY, 3) == 0 && stat_t_ppf(.5, 3) == 0);
}

static void test_others(void **state) {
    (void)state;
    NEAR(stat_chi2_sf_df1(.001), 0.97477287936996038828);
    NEAR(stat_chi2_sf_df1(3.841458820694124), 0.050000000000000057435);
    NEAR(stat_chi2_sf_df1(300), 3.2943623833140411541e-67);
    NEAR(stat_half_binomial(0, 10), 0.0009765625);
    NEAR(stat_half_binomial(3, 15), 0.013885498046875);
    NEAR(stat_half_binomial(50, 100), 0.079589237387178761498);
    NEAR(stat_half_binomial(500000, 1000000), 0.00079788436133175008909);
}

static void test_out_of_range(void **state) {
    (void)state;
    UNDEFINED(stat_norm_ppf(-1e-9));
    UNDEFINED(stat_norm_ppf(1.1));
    UNDEFINED(stat_norm_ppf(NAN));
    UNDEFINED(stat_betainc(0, 1, .5));
    UNDEFINED(stat_betainc(1, -1, .5));
    UNDEFINED(stat_betainc(1, 1, NAN));
    UNDEFINED(stat_beta_ppf(-.1, 1, 1));
    UNDEFINED(stat_beta_ppf(1.1, 1, 1));
    UNDEFINED(stat_ln_beta(0, 1));
    UNDEFINED(stat_t_ppf(0, 3));
    UNDEFINED(stat_t_ppf(.5, 0));
    UNDEFINED(stat_t_ppf(NAN, 3));
    UNDEFINED(stat_t_two_sided(NAN, 3));
    UNDEFINED(stat_t_two_sided(1, -1));
    UNDEFINED(stat_half_binomial(3, 2));
    assert_true(stat_betainc(2, 3, -1) == 0 && stat_betainc(2, 3, 2) == 1);
    assert_true(stat_beta_ppf(0, 2, 3) == 0 && stat_beta_ppf(1, 2, 3) == 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normal), cmocka_unit_test(test_beta),   cmocka_unit_test(test_beta_is_a_binomial_tail),
        cmocka_unit_test(test_t),      cmocka_unit_test(test_others), cmocka_unit_test(test_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
