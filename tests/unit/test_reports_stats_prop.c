/* Proportions: published examples, R and statsmodels, and every interval against its definition for all small n. */
#include "tests/stats_support.h"

#include "reports/stats/stats_judge.h"

/* Newcombe, Stat Med 17:857 (1998), table I, as printed. */
static void test_newcombe_1998(void **state) {
    (void)state;
    RANGE(stat_wilson(81, 263, .95), .2553, .3662, 2e-4);
    RANGE(stat_wilson_cc(81, 263, .95), .2535, .3682, 2e-4);
    RANGE(stat_clopper_pearson(81, 263, .95), .2527, .3676, 2e-4);
    RANGE(stat_wald(81, 263, .95), .2522, .3638, 2e-4);
    RANGE(stat_wilson(15, 148, .95), .0624, .1605, 1e-3);
    RANGE(stat_wilson_cc(15, 148, .95), .0598, .1644, 1e-3);
    RANGE(stat_clopper_pearson(15, 148, .95), .0578, .1617, 1e-3);
    RANGE(stat_wilson(0, 20, .95), 0, .1611, 4e-4);
    RANGE(stat_wilson_cc(0, 20, .95), 0, .2005, 4e-4);
    RANGE(stat_clopper_pearson(0, 20, .95), 0, .1684, 4e-4);
    RANGE(stat_wilson(1, 29, .95), .0061, .1718, 4e-3);
    RANGE(stat_wilson_cc(1, 29, .95), .0018, .1963, 3e-2);
    RANGE(stat_clopper_pearson(1, 29, .95), .0009, .1776, 4e-2);
}

static void test_other_programs(void **state) {
    (void)state;
    /* R's own example of binom.test: Mendel's peas, Conover (1971) */
    RANGE(stat_clopper_pearson(682, 925, .95), 0.70766826407903904, 0.76540655824152526, 1e-11);
    RANGE(stat_clopper_pearson(3, 15, .9), 0.056846867590246833, 0.439784435981556032, 1e-11);
    RANGE(stat_wilson(81, 263, .95), 0.25528851987827428, 0.36620957698280016, 1e-12);
    RANGE(stat_wilson(15, 148, .99), 0.053644869613964856, 0.183267350113152483, 1e-12);
    RANGE(stat_wilson_cc(81, 263, .95), 0.25350868229518525, 0.36817620104300364, 1e-12);
    RANGE(stat_wilson_cc(15, 148, .9), 0.064710359607506346, 0.153462439911247334, 1e-12);
    RANGE(stat_jeffreys(7, 20, .95), 0.17227621363191206, 0.56776609384149612, 1e-11);
    RANGE(stat_agresti_coull(7, 20, .95), 0.179926361438228, 0.5684111859776177, 1e-12);
    RANGE(stat_wald(7, 20, .95), 0.1409626969046058, 0.5590373030953941, 1e-12);
    CLOSE(stat_cp_lower(7, 20, .95), 0.17731091757444914, 1e-11);
    CLOSE(stat_cp_upper(7, 20, .95), 0.55803451131548865, 1e-11);
    CLOSE(stat_cp_lower(3.5, 20.25, .95), 0.055526546498222237, 1e-11);
    CLOSE(stat_cp_upper(3.5, 20.25, .95), 0.368725193547486341, 1e-11);
}

static double at_least(int k, int n, double p) {
    double s = 0;
    for (int i = k; i <= n; i++) s += stats_choose(n, i) * pow(p, i) * pow(1 - p, n - i);
    return s;
}

/* Clopper and Pearson: at the ends, what was seen or more (less) has just alpha/2. Wilson: the ends are where p lies z
 * standard errors of itself away. All of them: mirror images, inside each other, inside [0, 1]. */
static void test_definitions(void **state) {
    (void)state;
    double z = stat_two_sided_z(.9);
    for (int n = 1; n <= 30; n++)
        for (int k = 0; k <= n; k++) {
            StatRange cp = stat_clopper_pearson((uint64_t)k, (uint64_t)n, .9), w = stat_wilson(k, n, .9),
                      cc = stat_wilson_cc(k, n, .9), j = stat_jeffreys(k, n, .9);
            double p = (double)k / n;
            if (k > 0) CLOSE(at_least(k, n, cp.lo), .05, 1e-9);
            if (k < n) CLOSE(1 - at_least(k + 1, n, cp.hi), .05, 1e-9);
            if (k > 0) CLOSE(p - w.lo, z * sqrt(w.lo * (1 - w.lo) / n), 1e-9);
            if (k < n) CLOSE(w.hi - p, z * sqrt(w.hi * (1 - w.hi) / n), 1e-9);
            assert_true(k > 0 || (cp.lo == 0 && w.lo == 0 && cc.lo == 0 && j.lo == 0));
            assert_true(k < n || (cp.hi == 1 && w.hi == 1 && cc.hi == 1 && j.hi == 1));
            assert_true(cp.lo <= j.lo && j.hi <= cp.hi && cc.lo <= w.lo && w.hi <= cc.hi);
            assert_true(w.lo <= p && p <= w.hi && w.lo >= 0 && w.hi <= 1 && cc.lo >= 0 && cc.hi <= 1);
            StatRange mirror = stat_wilson(n - k, n, .9);
            CLOSE(mirror.lo, 1 - w.hi, 1e-12);
            mirror = stat_clopper_pearson((uint64_t)(n - k), (uint64_t)n, .9);
            CLOSE(mirror.lo, 1 - cp.hi, 1e-12);
            CLOSE(stat_cp_lower(k, n, .95), cp.lo, 1e-12);
            CLOSE(stat_cp_upper(k, n, .95), cp.hi, 1e-12);
            CLOSE(stat_rate_lower((uint64_t)k, (uint64_t)n, .95), cp.lo, 1e-12);
            CLOSE(stat_rate_upper((uint64_t)k, (uint64_t)n, .95), cp.hi, 1e-12);
        }
}

/* "For guarantees": whatever the truth, Clopper-Pearson covers at least what it says. By enumeration. */
static void test_clopper_pearson_never_covers_less(void **state) {
    (void)state;
    for (int n = 1; n <= 25; n++)
        for (double p = .01; p < 1; p += .0199) {
            double cover = 0, below = 0;
            for (int k = 0; k <= n; k++) {
                StatRange r = stat_clopper_pearson((uint64_t)k, (uint64_t)n, .9);
                double mass = stats_choose(n, k) * pow(p, k) * pow(1 - p, n - k);
                if (r.lo <= p && p <= r.hi) cover += mass;
                if (stat_cp_upper(k, n, .95) >= p) below += mass;
            }
            if (cover < .9 - 1e-9 || below < .95 - 1e-9) fail_msg("n %d p %g: covers %g, %g", n, p, cover, below);
        }
}

static void test_zero_events(void **state) {
    (void)state;
    CLOSE(stat_zero_event_upper(313, .95), .0095, 6e-3); /* StrongREJECT's prompts; the specification's example */
    CLOSE(stat_zero_event_rule(100, .95), .03, 2e-3);    /* the rule of three */
    for (uint64_t n = 1; n < 1000000000; n *= 10) {
        double u = stat_zero_event_upper(n, .95);
        CLOSE(exp((double)n * log1p(-u)), .05, 1e-9);
        CLOSE(stat_rate_upper(0, n, .95), u, 1e-9);
        assert_true(stat_zero_event_rule(n, .95) >= u);
    }
    UNDEFINED(stat_zero_event_upper(0, .95));
    UNDEFINED(stat_zero_event_rule(0, .95));
}

static void test_newcombe_of_two(void **state) {
    (void)state;
    /* Newcombe, Stat Med 17:873 (1998), table II, method 10 */
    StatNewcombe r = stat_newcombe_diff(56, 70, 48, 80, .95);
    NEAR(r.diff, .2);
    CLOSE(r.lo, .0524, 1e-3), CLOSE(r.hi, .3339, 2e-4);
    r = stat_newcombe_diff(9, 10, 3, 10, .95);
    CLOSE(r.lo, .1705, 3e-4), CLOSE(r.hi, .8090, 1e-4);
    r = stat_newcombe_diff(10, 10, 0, 20, .95);
    CLOSE(r.lo, .6791, 1e-4), CLOSE(r.hi, 1, 1e-12);
    UNDEFINED(stat_newcombe_diff(1, 0, 1, 2, .95).lo);
    UNDEFINED(stat_newcombe_diff(1, 2, 3, 2, .95).hi);
}

static void test_out_of_range(void **state) {
    (void)state;
    const double bad[][2] = {{0, 0}, {-1, 5}, {6, 5}, {NAN, 5}, {1, NAN}, {1, INFINITY}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        double k = bad[i][0], n = bad[i][1];
        UNDEFINED(stat_wald(k, n, .95).lo);
        UNDEFINED(stat_wilson(k, n, .95).hi);
        UNDEFINED(stat_wilson_cc(k, n, .95).lo);
        UNDEFINED(stat_agresti_coull(k, n, .95).hi);
        UNDEFINED(stat_jeffreys(k, n, .95).lo);
        UNDEFINED(stat_cp_lower(k, n, .95));
        UNDEFINED(stat_cp_upper(k, n, .95));
    }
    UNDEFINED(stat_clopper_pearson(0, 0, .95).lo);
    UNDEFINED(stat_clopper_pearson(2, 1, .95).hi);
    UNDEFINED(stat_rate_lower(2, 1, .95));
    UNDEFINED(stat_rate_upper(0, 0, .95));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_newcombe_1998), cmocka_unit_test(test_other_programs),
        cmocka_unit_test(test_definitions),   cmocka_unit_test(test_clopper_pearson_never_covers_less),
        cmocka_unit_test(test_zero_events),   cmocka_unit_test(test_newcombe_of_two),
        cmocka_unit_test(test_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
