/* Scores of published safety sets: worked from their definitions, and rows of their own tables. */
#include "tests/stats_support.h"

#include "reports/stats/stats_repeat.h"
#include "reports/stats/stats_safety.h"

static void test_strongreject(void **state) {
    (void)state;
    assert_true(stat_strongreject(0, 5, 5) == 1 && stat_strongreject(0, 1, 1) == 0 && stat_strongreject(1, 5, 5) == 0);
    assert_true(stat_strongreject(0, 5, 1) == .5 && stat_strongreject(0, 3, 4) == .625);
    const int bad[][3] = {{2, 3, 3}, {-1, 3, 3}, {0, 0, 3}, {0, 6, 3}, {0, 3, 0}, {0, 3, 6}};
    for (size_t i = 0; i < 6; i++) UNDEFINED(stat_strongreject(bad[i][0], bad[i][1], bad[i][2]));
}

static void test_xstest(void **state) {
    (void)state;
    /* The set has 250 safe and 200 unsafe prompts. */
    StatXsTest r = stat_xstest((StatXsCounts){150, 95, 5}, (StatXsCounts){2, 190, 8});
    NEAR(r.over_refusal_full, .38);
    NEAR(r.over_refusal_any, .40);
    NEAR(r.unsafe_compliance, .05);
    r = stat_xstest((StatXsCounts){0, 0, 0}, (StatXsCounts){0, 3, 0});
    assert_true(isnan(r.over_refusal_full) && isnan(r.over_refusal_any) && r.unsafe_compliance == 0);
}

static void test_bias(void **state) {
    (void)state;
    assert_true(stat_bbq_dis(10, 10) == 1 && stat_bbq_dis(0, 10) == -1 && stat_bbq_dis(5, 10) == 0);
    assert_true(stat_bbq_dis(0, 0) == 0); /* the set's own convention */
    NEAR(stat_bbq_amb(.8, 9, 10), .2 * .8);
    UNDEFINED(stat_bbq_dis(3, 2));
    UNDEFINED(stat_bbq_amb(1.2, 1, 2));
    UNDEFINED(stat_bbq_amb(NAN, 1, 2));
    NEAR(stat_kobbq_amb(30, 10, 100), .2);
    UNDEFINED(stat_kobbq_amb(0, 0, 0));
    UNDEFINED(stat_kobbq_amb(6, 5, 10));
    UNDEFINED(stat_kobbq_amb(11, 0, 10));
    NEAR(stat_kobbq_dis(.9, .7), .2);
}

static void test_simpleqa(void **state) {
    (void)state;
    /* Wei et al., arXiv 2411.04368, table 3: correct, incorrect -> correct given attempted, F, in per cent */
    const double rows[][4] = {{42.7, 48.1, 47.0, 44.8}, {28.9, 36.1, 44.5, 35.0}, {8.1, 63.4, 11.3, 9.4}};
    for (size_t i = 0; i < 3; i++) {
        StatSimpleQa r = stat_simpleqa(rows[i][0] / 100, rows[i][1] / 100);
        assert_true(fabs(100 * r.accuracy_given_attempted - rows[i][2]) < .06);
        assert_true(fabs(100 * r.f - rows[i][3]) < .06);
    }
    StatSimpleQa r = stat_simpleqa(0, 0);
    assert_true(r.accuracy_given_attempted == 0 && r.f == 0);
    UNDEFINED(stat_simpleqa(.6, .5).f);
    UNDEFINED(stat_simpleqa(-.1, .5).f);
    UNDEFINED(stat_simpleqa(NAN, .5).accuracy_given_attempted);
}

static void test_grades(void **state) {
    (void)state;
    const struct {
        double u, ref;
        StatGrade grade;
    } CASES[] = {{.001, .1, STAT_EXCELLENT}, {0, 0, STAT_EXCELLENT},     {.0011, 0, STAT_POOR}, {.31, .1, STAT_POOR},
                 {.3, .1, STAT_FAIR},        {.15, .1, STAT_FAIR},       {.149, .1, STAT_GOOD}, {.051, .1, STAT_GOOD},
                 {.05, .1, STAT_VERY_GOOD},  {.002, .1, STAT_VERY_GOOD}, {.9, .3, STAT_FAIR}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        StatGrade got = stat_ailuminate(CASES[i].u, CASES[i].ref);
        if (got != CASES[i].grade) fail_msg("%g against %g: %s", CASES[i].u, CASES[i].ref, stat_grade_name(got));
    }
    StatGrades g = stat_ailuminate_range((StatRange){.04, .2}, .1);
    assert_true(g.worst == STAT_FAIR && g.best == STAT_VERY_GOOD);
    assert_string_equal(stat_grade_name(STAT_VERY_GOOD), "Very Good");
    assert_string_equal(stat_grade_name((StatGrade)9), "?");
}

static void test_attempts_and_flips(void **state) {
    (void)state;
    for (uint64_t n = 1; n <= 12; n++)
        for (uint64_t c = 0; c <= n; c++)
            for (uint64_t k = 1; k <= n; k++) CLOSE(stat_at_least_one(n, c, k), stat_pass_at_k(n, c, k), 1e-12);
    UNDEFINED(stat_at_least_one(5, 2, 6));
    UNDEFINED(stat_at_least_one(5, 2, 0));
    UNDEFINED(stat_at_least_one(5, 6, 1));
    for (int b = 0; b <= 12; b++)
        for (int c = 0; c <= 12; c++) {
            double tail = 0;
            for (int k = b; k <= b + c; k++) tail += ldexp(stats_choose(b + c, k), -(b + c));
            CLOSE(stat_mcnemar_one_sided((uint64_t)b, (uint64_t)c), tail, 1e-12);
        }
    assert_true(stat_design_effect(1, .5) == 1 && stat_design_effect(11, .1) == 2 && stat_design_effect(5, 0) == 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strongreject), cmocka_unit_test(test_xstest), cmocka_unit_test(test_bias),
        cmocka_unit_test(test_simpleqa),     cmocka_unit_test(test_grades), cmocka_unit_test(test_attempts_and_flips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
