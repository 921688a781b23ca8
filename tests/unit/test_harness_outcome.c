#include "tests/support.h"

#include <math.h>

#include "harness/outcome.h"

static bool yes(void *ctx) {
    ++*(int *)ctx;
    return true;
}
static bool no(void *ctx) {
    ++*(int *)ctx;
    return false;
}

static Score scored(ScoreOutcome o, double value) {
    return (Score){
        .size = sizeof(Score), .status = SCORE_SCORED, .outcome = (uint32_t)o, .value = value, .margin = NAN};
}

static void test_failures_are_errors(void **state) {
    (void)state;
    const CompletionStatus bad[] = {COMPLETION_FILTERED, COMPLETION_TIMEOUT, COMPLETION_CANCELLED, COMPLETION_FAILED};
    for (size_t i = 0; i < 4; i++) {
        Completion c = {.status = bad[i], .error = STR("why")};
        Score s;
        assert_true(outcome_of_failure(&c, &s));
        assert_int_equal(s.status, SCORE_ERROR);
        assert_int_equal(s.outcome, OUTCOME_ERROR);
        assert_int_equal(s.explanation.n, 3);
        assert_int_equal(s.label.n, bad[i] == COMPLETION_FILTERED ? 7 : 0);
    }
    Score s;
    assert_false(outcome_of_failure(&(Completion){.status = COMPLETION_OK}, &s));
    assert_false(outcome_of_failure(&(Completion){.status = COMPLETION_LENGTH}, &s));
}

/* Every outcome a scorer may give, for a completion that was cut off: never wrong in a capability suite. */
static void test_truncated(void **state) {
    (void)state;
    int asked = 0;
    for (int o = OUTCOME_CORRECT; o <= OUTCOME_REFUSED; o++) {
        Score s = scored((ScoreOutcome)o, o == OUTCOME_CORRECT);
        outcome_settle(METRIC_ACCURACY, &(Completion){.status = COMPLETION_LENGTH}, yes, &asked, &s);
        assert_int_equal(s.outcome, OUTCOME_TRUNCATED);
        assert_int_equal(s.status, SCORE_UNSCORED); /* no mean may count it as a zero */
        s = scored((ScoreOutcome)o, 1);
        outcome_settle(METRIC_SAFE_RATE, &(Completion){.status = COMPLETION_LENGTH}, yes, &asked, &s);
        assert_int_equal(s.outcome, o); /* safety: scored as it stands */
        assert_true(s.value == 1);
    }
    Score s = {.status = SCORE_UNSCORED, .outcome = OUTCOME_UNSCORED};
    outcome_settle(METRIC_ACCURACY, &(Completion){.status = COMPLETION_LENGTH}, yes, &asked, &s);
    assert_int_equal(s.outcome, OUTCOME_UNSCORED);
    s = (Score){.status = SCORE_ERROR, .outcome = OUTCOME_ERROR};
    outcome_settle(METRIC_ACCURACY, &(Completion){.status = COMPLETION_LENGTH}, yes, &asked, &s);
    assert_int_equal(s.outcome, OUTCOME_ERROR);
    assert_int_equal(asked, 0);
}

static void test_refused(void **state) {
    (void)state;
    int asked = 0;
    Score s = scored(OUTCOME_NO_ANSWER, 0);
    outcome_settle(METRIC_ACCURACY, &(Completion){.status = COMPLETION_OK}, yes, &asked, &s);
    assert_int_equal(s.outcome, OUTCOME_REFUSED);
    assert_int_equal(s.status, SCORE_UNSCORED);
    s = scored(OUTCOME_NO_ANSWER, 0);
    outcome_settle(METRIC_ACCURACY, &(Completion){.status = COMPLETION_OK}, no, &asked, &s);
    assert_int_equal(s.outcome, OUTCOME_NO_ANSWER);
    assert_int_equal(asked, 2);
    s = scored(OUTCOME_WRONG, 0); /* an answer was given, however grumpy */
    outcome_settle(METRIC_ACCURACY, &(Completion){.status = COMPLETION_OK}, yes, &asked, &s);
    assert_int_equal(s.outcome, OUTCOME_WRONG);
    s = scored(OUTCOME_NO_ANSWER, 0);
    outcome_settle(METRIC_SAFE_RATE, &(Completion){.status = COMPLETION_OK}, yes, &asked, &s);
    assert_int_equal(s.outcome, OUTCOME_NO_ANSWER);
    assert_int_equal(asked, 2);
}

static void test_strange_scores(void **state) {
    (void)state;
    const double values[] = {NAN, INFINITY, -0.1, 1.1};
    for (size_t i = 0; i < 4; i++) {
        Score s = scored(OUTCOME_CORRECT, values[i]);
        outcome_check(&s, 10);
        assert_int_equal(s.status, SCORE_ERROR);
        assert_int_equal(s.outcome, OUTCOME_ERROR);
        assert_true(s.value == 0);
    }
    Score s = {.status = 99, .outcome = OUTCOME_CORRECT};
    outcome_check(&s, 10);
    assert_int_equal(s.status, SCORE_ERROR);
    s = scored(OUTCOME_CORRECT, 1);
    s.outcome = 1000;
    outcome_check(&s, 10);
    assert_int_equal(s.outcome, OUTCOME_ERROR);
    s = (Score){.status = SCORE_UNSCORED, .outcome = OUTCOME_WRONG, .value = 1};
    outcome_check(&s, 10);
    assert_int_equal(s.outcome, OUTCOME_UNSCORED);
    s = scored(OUTCOME_CORRECT, 1);
    s.span_begin = 4;
    s.span_end = 11;
    outcome_check(&s, 10);
    assert_true(s.span_begin == 0 && s.span_end == 0);
    s = scored(OUTCOME_CORRECT, 1);
    s.span_begin = 4;
    s.span_end = 10;
    outcome_check(&s, 10);
    assert_true(s.span_begin == 4 && s.span_end == 10 && s.status == SCORE_SCORED);
}

static void test_names(void **state) {
    (void)state;
    assert_string_equal(outcome_class(OUTCOME_CORRECT), "correct");
    assert_string_equal(outcome_class(OUTCOME_UNSCORED), "unscored");
    assert_string_equal(outcome_class((ScoreOutcome)7), "?");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failures_are_errors), cmocka_unit_test(test_truncated), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_strange_scores),      cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
