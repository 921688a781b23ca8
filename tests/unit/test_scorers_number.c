#include "tests/unit/scorers_host.h"

typedef struct Case {
    const char *answer, *want, *rule; /* NULL: not looked at */
    bool right;
} Case;

/* What the data's notes decide for AIME answers, and more of the same kind. The target is 73. */
static const Case AIME[] = {
    {"\\boxed{073}", "73", "boxed", true},
    {"\\boxed{73}.", "73", "boxed", true},
    {"073.", "73", NULL, true},
    {"$73$", "73", NULL, true},
    {"73^\\circ", "73", NULL, true},
    {"\\boxed{73^\\circ}", "73", "boxed", true},
    {"73 dollars", "73", NULL, true},
    {"\\boxed{73\\text{ dollars}}", "73", "boxed", true},
    {"\\boxed{m+n = 73}", "73", "boxed", true},
    {"\\boxed{\\text{The sum of 12 and 61 is } 73}", "73", "boxed", true},
    {"First \\boxed{12}, then \\boxed{61}, so \\boxed{73}", "73", "boxed", true},
    {"The answer is \\boxed{73}. Check: 12 + 61 = 73 and 5 more checks.", "73", "boxed", true},
    {"Answer: 73", "73", "answer-colon", true},
    {"**Answer:** 73", "73", "answer-colon", true},
    {"The answer is **73**.", "73", "answer-is", true},
    {"The answer is 12 + 61 = 73.", "73", "answer-is", true},
    {"The answer is:\n\n$$73$$", "73", NULL, true},
    {"정답은 73입니다.", "73", "answer-ko", true},
    {"답: 73", "73", "answer-ko", true},
    {"So m+n = 12+61 = 73.", "73", "last-number", true},
    {"７３", "73", NULL, true},
    {"73.0", "73", "bare", true},
    {"73/1", "73/1", NULL, false},
    {"\\boxed{73/1}", "73/1", "boxed", false},
    {"\\boxed{\\frac{73}{1}}", NULL, "boxed", false},
    {"0.73", "0.73", NULL, false},
    {"\\boxed{0.73}", "0.73", "boxed", false},
    {"\\boxed{-73}", "-73", "boxed", false},
    {"\\boxed{1073}", "1073", "boxed", false},
    {"\\boxed{73a - 1}", NULL, "boxed", false},
    {"\\boxed{73\\sqrt{2}}", NULL, "boxed", false},
    {"\\boxed{74}", "74", "boxed", false},
    {"The answer is 73. So \\boxed{74}", "74", "boxed", false},
};

static void run(TestScorer *t, const Case *c, const char *target) {
    Score s = test_score(t, c->answer, target);
    if (c->want && !str_is(s.answer, c->want)) fail_msg("'%s': read '%.*s'", c->answer, TEXT_ARG(s.answer));
    if (c->rule && !str_is(s.rule, c->rule)) fail_msg("'%s': rule '%.*s'", c->answer, TEXT_ARG(s.rule));
    if ((s.outcome == OUTCOME_CORRECT) != c->right) fail_msg("'%s': outcome %u", c->answer, s.outcome);
    assert_int_equal(s.status, SCORE_SCORED);
    assert_true(s.value == (c->right ? 1 : 0));
    assert_true(s.span_end > s.span_begin && s.span_end <= strlen(c->answer));
    test_release(&t->arena);
}

static void test_aime(void **state) {
    (void)state;
    TestScorer t;
    assert_true(test_open(&t, "number", NULL));
    for (size_t i = 0; i < sizeof AIME / sizeof *AIME; i++) {
        run(&t, &AIME[i], "73");
        run(&t, &AIME[i], "073"); /* carriers differ */
    }
    test_close(&t);
}

static void test_any(void **state) {
    (void)state;
    static const Case cases[] = {
        {"She bakes <<12*2=24>>24 loaves.\nA: 1,234.50", "1234.5", "a-colon", true},
        {"#### 1234.5", "1234.5", "hashes", true},
        {"It costs $1,234.50 in all.", "1234.5", "last-number", true},
        {"In all <<1000+234.5=1234.5>>1,234.50.", "1234.5", "last-number", true},
        {"A: -1234.5", "-1234.5", "a-colon", false},
        {"\\boxed{12\\frac{3}{5}}", NULL, "boxed", false},
    };
    const char *options[] = {"range", "any", NULL};
    TestScorer t;
    assert_true(test_open(&t, "number", options));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) run(&t, &cases[i], "48 - 3 = 45 #### 1,234.5");
    test_close(&t);
}

static void test_no_answer(void **state) {
    (void)state;
    TestScorer t;
    const char *strict[] = {"fallback", "none", NULL};
    assert_true(test_open(&t, "number", NULL));
    assert_int_equal(test_score(&t, "I tie knots.", "73").outcome, OUTCOME_NO_ANSWER);
    assert_int_equal(test_score(&t, "", "73").outcome, OUTCOME_NO_ANSWER);
    ScorerStr target = TEXT("73");
    ScorerView v = {.size = sizeof v,
                    .final = TEXT("Now 12 + 61 = 73 and"),
                    .completion = SCORER_COMPLETION_LENGTH,
                    .targets = &target,
                    .n_targets = 1};
    assert_int_equal(test_score_view(&t, &v).outcome, OUTCOME_TRUNCATED); /* a step on the way is no answer */
    test_close(&t);
    assert_true(test_open(&t, "number", strict));
    assert_int_equal(test_score(&t, "So it is 73.", "73").outcome, OUTCOME_NO_ANSWER);
    assert_int_equal(test_score(&t, "Answer: 73.", "73").outcome, OUTCOME_CORRECT);
    test_close(&t);
}

static void test_targets(void **state) {
    (void)state;
    TestScorer t;
    Score s = {.size = sizeof s};
    ScorerStr target = TEXT("a knot");
    ScorerView v = {.size = sizeof v, .final = TEXT("73"), .targets = &target, .n_targets = 1};
    assert_true(test_open(&t, "number", NULL));
    assert_false(t.scorer->score(t.self, &t.host, &v, &s, &t.err));
    assert_non_null(strstr(t.err.msg, "a knot"));
    s = test_score(&t, "73", NULL);
    assert_int_equal(s.status, SCORE_UNSCORED);
    assert_true(str_is(s.answer, "73"));
    test_close(&t);
}

static void test_open_refuses(void **state) {
    (void)state;
    static const char *const wrong[][5] = {{"range", "imo", NULL},
                                           {"min", "x", NULL},
                                           {"integers", "maybe", NULL},
                                           {"min", "9", "max", "1", NULL},
                                           {"mix", "1", NULL}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        TestScorer t;
        assert_false(test_open(&t, "number", wrong[i]));
        assert_non_null(strstr(t.err.msg, wrong[i][0]));
    }
}

static void test_faults(void **state) {
    (void)state;
    TestScorer t;
    ScorerStr target = TEXT("73");
    ScorerView v = {.size = sizeof v, .final = TEXT("Answer: 73"), .targets = &target, .n_targets = 1};
    assert_true(test_open(&t, "number", NULL));
    test_fail_allocations(&t, &v);
    test_hostile(&t, "So \\boxed{m+n = \\frac{1}{2}} <<1=2>> #### 10,\\!080 The answer is -1.5/2 정답은 73", NULL, 0);
    test_close(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aime),    cmocka_unit_test(test_any),          cmocka_unit_test(test_no_answer),
        cmocka_unit_test(test_targets), cmocka_unit_test(test_open_refuses), cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
