/* Two models on the same questions, and on different ones: R's values, enumeration of every table and sign pattern. */
#include "reports/stats/stats_boot.h"
#include "tests/stats_support.h"

/* R's data set `sleep` (Student 1908): t.test(paired = TRUE), t.test, cor. */
static const double A[] = {.7, -1.6, -.2, -1.2, -.1, 3.4, 3.7, .8, 0, 2};
static const double B[] = {1.9, .8, 1.1, .1, -.1, 4.4, 5.5, 1.6, 4.6, 3.4};

static void test_student(void **state) {
    (void)state;
    StatPaired p = stat_paired(A, B, 10, .95);
    NEAR(p.diff, -1.58);
    NEAR(p.z, -4.0621276833820366);
    CLOSE(p.p_t, 0.0028328901973842702, 1e-11);
    NEAR(p.corr, 0.7951702058335777812);
    NEAR(p.se, 1.58 / 4.0621276833820366);
    RANGE(p.ci, -1.58 - 1.959963984540054 * p.se, -1.58 + 1.959963984540054 * p.se, 1e-12);
    NEAR(p.p_z, 2 * stat_norm_cdf(-4.0621276833820366));
    StatUnpaired u = stat_unpaired(A, 10, B, 10);
    NEAR(u.diff, -1.58);
    NEAR(u.z, -1.860813467486853057);
    NEAR(u.welch_df, 17.776473516178498357);
    CLOSE(u.p_welch, 0.079394140187358173, 1e-11);
    NEAR(u.se, p.se_unpaired);
}

/* se^2 = se_a^2 + se_b^2 - 2 corr se_a se_b; the clustered form with each question its own cluster is the same. */
static void test_identities(void **state) {
    (void)state;
    double a[200], b[200], d[200], scratch[200];
    uint32_t own[200];
    uint64_t seed = 3;
    for (int i = 0; i < 200; i++) {
        double level = stats_draw(&seed);
        a[i] = level + stats_draw(&seed), b[i] = level + .5 * stats_draw(&seed);
        d[i] = a[i] - b[i], own[i] = (uint32_t)i;
    }
    StatPaired p = stat_paired(a, b, 200, .95), back = stat_paired(b, a, 200, .95);
    double sa = stat_mean(a, 200, .95).se, sb = stat_mean(b, 200, .95).se;
    CLOSE(p.se * p.se, sa * sa + sb * sb - 2 * p.corr * sa * sb, 1e-11);
    NEAR(p.se_unpaired, sqrt(sa * sa + sb * sb));
    NEAR(stat_clustered(d, own, 200, 200, .95, scratch).se_cr1, p.se);
    NEAR(back.diff, -p.diff);
    NEAR(back.ci.lo, -p.ci.hi);
    NEAR(back.p_t, p.p_t);
}

/* All 2^n patterns, once more and without recursion, on whole numbers so that ties are exact. */
static double by_all_patterns(const double *d, int n) {
    double sum = 0, hits = 0;
    for (int i = 0; i < n; i++) sum += d[i];
    for (unsigned bits = 0; bits < 1u << n; bits++) {
        double s = 0;
        for (int i = 0; i < n; i++) s += bits >> i & 1 ? d[i] : -d[i];
        hits += fabs(s) >= fabs(sum);
    }
    return hits / (1u << n);
}

static void test_sign_flips(void **state) {
    (void)state;
    uint64_t seed = 9;
    for (int n = 1; n <= 12; n++)
        for (int turn = 0; turn < 20; turn++) {
            double d[12];
            for (int i = 0; i < n; i++) d[i] = floor(7 * stats_draw(&seed)) - 2;
            double want = by_all_patterns(d, n);
            NEAR(stat_signflip_exact(d, (size_t)n), want);
            double tenth[12];
            for (int i = 0; i < n; i++) tenth[i] = d[i] * .1; /* ties that rounding would hide */
            NEAR(stat_signflip_exact(tenth, (size_t)n), want);
        }
    const double equal[] = {.3, .3, .3, .3, .3};
    NEAR(stat_signflip_exact(equal, 5), 2 / 32.0);
    const double none[] = {0, 0, 0};
    assert_true(stat_signflip_exact(none, 3) == 1);
    /* Student's differences: R, sum over all signs of 10 */
    double d[10];
    for (int i = 0; i < 10; i++) d[i] = round(10 * (A[i] - B[i]));
    NEAR(stat_signflip_exact(d, 10), by_all_patterns(d, 10));
    /* as many as can be tried, with zeros and ties among them */
    double most[STAT_SIGNFLIP_EXACT];
    for (int turn = 0; turn < 3; turn++) {
        for (int i = 0; i < STAT_SIGNFLIP_EXACT; i++) most[i] = floor(7 * stats_draw(&seed)) - 2;
        NEAR(stat_signflip_exact(most, STAT_SIGNFLIP_EXACT), by_all_patterns(most, STAT_SIGNFLIP_EXACT));
    }
    UNDEFINED(stat_signflip_exact(d, 0));
    static double many[21];
    UNDEFINED(stat_signflip_exact(many, 21));
}

/* Random patterns: within Monte Carlo error of the exact share, the same for the same seed, never 0. */
static void test_random_flips(void **state) {
    (void)state;
    double d[100];
    for (int i = 0; i < 10; i++) d[i] = A[i] - B[i];
    double exact = stat_signflip_exact(d, 10), got = stat_signflip_random(d, 10, 42, 20000);
    assert_true(fabs(got - exact) < 4 * sqrt(exact * (1 - exact) / 20000) + 1e-4);
    assert_true(got == stat_signflip_random(d, 10, 42, 20000));
    for (int i = 0; i < 100; i++) d[i] = 1;
    NEAR(stat_signflip_random(d, 100, 1, 999), .001);
    UNDEFINED(stat_signflip_random(d, 0, 1, 10));
}

static void test_mcnemar_published(void **state) {
    (void)state;
    /* Agresti, Categorical Data Analysis: approval of a prime minister; R's mcnemar.test and binom.test */
    StatMcNemar m = stat_mcnemar(150, 86);
    NEAR(m.chi2, 17.355932203389830);
    CLOSE(m.p_chi2, 3.0992934410452182e-05, 1e-11);
    NEAR(m.chi2_cc, 16.817796610169491);
    CLOSE(m.p_cc, 4.1145622813459436e-05, 1e-11);
    CLOSE(m.p_exact, 3.71593613957143e-05, 1e-10);
    m = stat_mcnemar(3, 12);
    NEAR(m.p_exact, 0.03515625);
    NEAR(m.p_midp, 0.021270751953125);
}

/* Twice the smaller tail of Bin(b + c, 1/2), half of what was seen taken off for mid-p. */
static void test_mcnemar_by_enumeration(void **state) {
    (void)state;
    for (int b = 0; b <= 30; b++)
        for (int c = 0; c <= 30; c++) {
            StatMcNemar m = stat_mcnemar((uint64_t)b, (uint64_t)c), w = stat_mcnemar((uint64_t)c, (uint64_t)b);
            int n = b + c, low = b < c ? b : c;
            double tail = 0, seen = ldexp(stats_choose(n, low), -n);
            for (int k = 0; k <= low; k++) tail += ldexp(stats_choose(n, k), -n);
            if (n == 0)
                assert_true(m.p_exact == 1 && m.p_midp == 1 && m.p_chi2 == 1 && m.chi2 == 0);
            else if (b == c)
                assert_true(m.p_exact == 1 && m.p_midp == 1);
            else {
                CLOSE(m.p_exact, fmin(1, 2 * tail), 1e-11);
                CLOSE(m.p_midp, fmin(1, 2 * tail) - seen, 1e-11);
            }
            assert_true(m.p_exact == w.p_exact && m.p_midp == w.p_midp && m.chi2 == w.chi2);
            assert_true(m.p_midp > 0 && m.p_midp <= m.p_exact && m.p_exact <= 1);
        }
    StatMcNemar huge = stat_mcnemar(1u << 30, (1u << 30) + 100000);
    assert_true(huge.p_exact > 0 && fabs(huge.p_exact / huge.p_cc - 1) < 1e-3);
}

/* Newcombe, Stat Med 17:2635 (1998), table II, method 10: as printed. */
static void test_newcombe_published(void **state) {
    (void)state;
    StatNewcombe r = stat_newcombe_paired(36, 12, 2, 0, .95);
    NEAR(r.diff, .2);
    CLOSE(r.lo, .0569, 1e-3);
    CLOSE(r.hi, .3404, 2e-4);
}

/* Every table of up to 14 pairs: the ends hold the difference, stay within -1..1, and mirror each other. */
static void test_newcombe_everywhere(void **state) {
    (void)state;
    for (unsigned n = 1; n <= 14; n++)
        for (unsigned a = 0; a <= n; a++)
            for (unsigned b = 0; a + b <= n; b++)
                for (unsigned c = 0; a + b + c <= n; c++) {
                    StatNewcombe r = stat_newcombe_paired(a, b, c, n - a - b - c, .95);
                    StatNewcombe m = stat_newcombe_paired(a, c, b, n - a - b - c, .95);
                    if (!(r.lo >= -1 - 1e-12 && r.lo <= r.diff && r.diff <= r.hi && r.hi <= 1 + 1e-12))
                        fail_msg("%u %u %u of %u: %g [%g, %g]", a, b, c, n, r.diff, r.lo, r.hi);
                    assert_true(fabs(r.lo + m.hi) < 1e-12 && fabs(r.phi) <= 1 && r.hi > r.lo);
                }
    UNDEFINED(stat_newcombe_paired(0, 0, 0, 0, .95).lo);
}

/* Worked out apart with 40 digits: Tango's bound with the null's likelihood maximised numerically, Clopper and
 * Pearson's by bisection on the binomial sum. Every one of the three is the outermost somewhere. */
static void test_bounds_worked_out(void **state) {
    (void)state;
    static const struct {
        unsigned k[4];
        double conf, lo, hi;
    } T[] = {{{222, 12, 3, 3}, .9, 0.010405095896, 0.0689279733663}, /* Newcombe, Tango */
             {{24, 26, 0, 0}, .9, 0.394770610308, 0.642741209883},   /* Newcombe, Clopper and Pearson */
             {{50, 0, 0, 0}, .9, -0.0604273716858, 0.0604273716858},
             {{0, 0, 20, 0}, .9, -1, -0.740193016742},
             {{40, 1, 0, 9}, .9, -0.0414606337227, 0.0923459206405},
             {{36, 12, 2, 0}, .95, 0.0554706257749, 0.349945863096},
             {{190, 2, 1, 7}, .98, -0.028341868321, 0.0410810363435},
             {{0, 25, 25, 0}, .9, -0.23130892796, 0.23130892796},
             {{18, 0, 7, 25}, .9, -0.246935201731, -0.0523324581349},
             {{1, 0, 0, 0}, .9, -.95, .95},
             {{160, 0, 10, 30}, .9, -0.0834093568658, -0.0233776427314}};
    for (size_t i = 0; i < sizeof T / sizeof *T; i++) {
        StatRange r = stat_paired_bounds(T[i].k[0], T[i].k[1], T[i].k[2], T[i].k[3], T[i].conf);
        CLOSE(r.lo, T[i].lo, 1e-11);
        CLOSE(r.hi, T[i].hi, 1e-11);
    }
    UNDEFINED(stat_paired_bounds(0, 0, 0, 0, .9).lo);
    UNDEFINED(stat_paired_bounds(5, 1, 1, 1, 1).hi);
}

/* Clusters of four that are all alike are worth a quarter of their pairs; without a spread, or with less than that of
 * pairs drawn alone, all. */
static void test_bounds_clustered(void **state) {
    (void)state;
    StatRange one = stat_paired_bounds(40, 8, 2, 10, .9);
    double alone = sqrt((40. / 240 - .1 * .1) / 239);
    StatRange r = stat_paired_bounds_clustered(160, 32, 8, 40, 2 * alone, .9);
    CLOSE(r.lo, one.lo, 1e-12);
    CLOSE(r.hi, one.hi, 1e-12);
    one = stat_paired_bounds(160, 32, 8, 40, .9);
    r = stat_paired_bounds_clustered(160, 32, 8, 40, .5 * alone, .9);
    assert_true(r.lo == one.lo && r.hi == one.hi);
    one = stat_paired_bounds(20, 0, 0, 5, .9);
    r = stat_paired_bounds_clustered(20, 0, 0, 5, 0, .9);
    assert_true(r.lo == one.lo && r.hi == one.hi);
    UNDEFINED(stat_paired_bounds_clustered(20, 1, 0, 5, NAN, .9).lo);
    UNDEFINED(stat_paired_bounds_clustered(1, 0, 0, 0, 0, .9).lo);
    StatSums c[] = {{1, 2, 0, 0}, {0, 1, 0, 0}, {2, 3, 0, 0}}; /* 1/2 of 6: residuals 0, -1/2, 1/2 */
    CLOSE(stat_sums_se(c, 3), sqrt(.5 * 1.5) / 6, 1e-15);
    UNDEFINED(stat_sums_se(c, 1));
}

static void test_bounds_everywhere(void **state) {
    (void)state;
    for (unsigned n = 1; n <= 14; n++)
        for (unsigned a = 0; a <= n; a++)
            for (unsigned b = 0; a + b <= n; b++)
                for (unsigned c = 0; a + b + c <= n; c++) {
                    StatNewcombe w = stat_newcombe_paired(a, b, c, n - a - b - c, .9);
                    StatRange r = stat_paired_bounds(a, b, c, n - a - b - c, .9);
                    StatRange m = stat_paired_bounds(a, c, b, n - a - b - c, .9);
                    assert_true(r.lo >= -1 && r.hi <= 1 && r.lo <= w.lo && (r.hi >= w.hi || r.hi == 1));
                    assert_true(fabs(r.lo + m.hi) < 1e-12 && fabs(r.hi + m.lo) < 1e-12);
                }
}

/* P(the upper bound lies below the true difference), summed over all tables of n pairs. */
static double paired_error(unsigned n, double only_a, double only_b, bool newcombe) {
    double sum = 0, same = 1 - only_a - only_b;
    for (unsigned b = 0; b <= n; b++)
        for (unsigned c = 0; b + c <= n; c++) {
            unsigned s = n - b - c, r = s / 2;
            double hi =
                newcombe ? stat_newcombe_paired(r, b, c, s - r, .9).hi : stat_paired_bounds(r, b, c, s - r, .9).hi;
            if (hi >= only_a - only_b - 1e-12) continue;
            double ways = lgamma(n + 1.) - lgamma(b + 1.) - lgamma(c + 1.) - lgamma(s + 1.);
            sum += exp(ways + b * log(only_a) + c * log(only_b) + s * log(same));
        }
    return sum;
}

/* A loss just as large as the margin, and nearly all pairs that differ on one side: 5 % were promised. */
static void test_bounds_err_seldom(void **state) {
    (void)state;
    assert_true(paired_error(200, .0101, .0001, true) > .12); /* why there is another bound */
    for (int i = 1; i <= 10; i++) {
        assert_true(paired_error(50, i * .02, 1e-9, false) <= .051);
        assert_true(paired_error(50, i * .02 + .01, .01, false) <= .051);
        assert_true(paired_error(100, i * .01 + 1e-4, 1e-4, false) <= .051);
        assert_true(paired_error(100, .02, i * .01 + .02, false) <= .052);
    }
}

static void test_little(void **state) {
    (void)state;
    const double x[] = {1, 1, 1}, y[] = {.3, .2, .1}, z[] = {.2, .1, 0};
    StatPaired p = stat_paired(x, x, 0, .95);
    assert_true(isnan(p.diff) && isnan(p.se));
    p = stat_paired(x, y, 1, .95);
    assert_true(p.diff == .7 && isnan(p.se) && isnan(p.p_t) && isnan(p.ci.lo));
    p = stat_paired(y, z, 3, .95); /* 0.1 each, but for rounding: no variance */
    assert_true(fabs(p.diff - .1) < 1e-15 && p.se == 0 && isnan(p.z) && isnan(p.p_z) && isnan(p.p_t));
    assert_true(p.ci.lo == p.diff && p.ci.hi == p.diff);
    StatUnpaired u = stat_unpaired(x, 3, y, 1);
    assert_true(fabs(u.diff - .7) < 1e-15 && isnan(u.se) && isnan(u.p_welch));
    u = stat_unpaired(x, 3, x, 2);
    assert_true(u.diff == 0 && u.se == 0 && isnan(u.p_welch) && isnan(u.welch_df));
    UNDEFINED(stat_unpaired(x, 0, y, 3).diff);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_student),
        cmocka_unit_test(test_identities),
        cmocka_unit_test(test_sign_flips),
        cmocka_unit_test(test_random_flips),
        cmocka_unit_test(test_mcnemar_published),
        cmocka_unit_test(test_mcnemar_by_enumeration),
        cmocka_unit_test(test_newcombe_published),
        cmocka_unit_test(test_newcombe_everywhere),
        cmocka_unit_test(test_bounds_worked_out),
        cmocka_unit_test(test_bounds_clustered),
        cmocka_unit_test(test_bounds_everywhere),
        cmocka_unit_test(test_bounds_err_seldom),
        cmocka_unit_test(test_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
