#include "tests/unit/scorers_host.h"

typedef struct Case {
    const char *answer, *want, *rule; /* want NULL: no answer; rule NULL: not looked at */
} Case;

static const char *const FOUR[] = {"options", "4", NULL};
static const ScorerStr KNOTS[] = {TEXT("reef knot"), TEXT("bowline"), TEXT("bowline on a bight"),
                                  TEXT("none of these")};

static void check(TestScorer *t, const Case *c, const ScorerStr *choices) {
    ScorerStr target = TEXT("C");
    ScorerView v = {.size = sizeof v,
                    .final = text_from(c->answer),
                    .targets = &target,
                    .n_targets = 1,
                    .choices = choices,
                    .n_choices = choices ? 4 : 0};
    Score s = test_score_view(t, &v);
    bool right = c->want && strcmp(c->want, "C") == 0;
    if (c->want ? !str_is(s.answer, c->want) : s.answer.p != NULL)
        fail_msg("'%s': read '%.*s' by '%.*s', wanted %s", c->answer, TEXT_ARG(s.answer), TEXT_ARG(s.rule),
                 c->want ? c->want : "nothing");
    if (c->rule && !str_is(s.rule, c->rule))
        fail_msg("'%s': rule '%.*s', wanted %s", c->answer, TEXT_ARG(s.rule), c->rule);
    assert_int_equal(s.status, SCORE_SCORED);
    assert_int_equal(s.outcome, right ? OUTCOME_CORRECT : c->want ? OUTCOME_WRONG : OUTCOME_NO_ANSWER);
    assert_true(s.value == (right ? 1 : 0));
    if (c->want) assert_true(s.span_end > s.span_begin && s.span_end <= strlen(c->answer));
    test_release(&t->arena);
}

static const Case STATEMENTS[] = {
    {"The answer is (C).", "C", "answer-is"},
    {"The answer is C", "C", "answer-is"},
    {"Answer: C", "C", "answer-is"},
    {"**Answer:** C", "C", "answer-is"},
    {"Answer: **C**", "C", "answer-is"},
    {"### Answer\n\nC", "C", "answer-is"},
    {"Therefore the correct option is **C. bowline**", "C", "option-is"},
    {"So the final answer is \\boxed{C}.", "C", NULL},
    {"\\[ \\boxed{\\text{C}} \\]", "C", "boxed"},
    {"$\\boxed{(C)}$", "C", "boxed"},
    {"The answer is: option C, because it holds.", "C", "answer-is"},
    {"answer: c", "C", "answer-is"},
    {"The answer is (c).", "C", "answer-is"},
    {"I choose C.", "C", "i-choose"},
    {"Ａｎｓｗｅｒ：Ｃ", "C", "answer-is"},
    {"An\xE2\x80\x8Bswer: \xE2\x80\xAE"
     "C",
     "C", "answer-is"},
    {"정답은 C입니다.", "C", "answer-is-ko"},
    {"정답: (C)", "C", "answer-is-ko"},
    {"답: C", "C", "answer-is-ko"},
    {"답은 **C** 이다", "C", "answer-is-ko"},
    {"정답은 3번입니다.", "C", "answer-is-ko"},
    {"C가 정답입니다.", "C", "letter-is-correct"},
    {"Option C is correct, since A slips.", "C", "letter-is-correct"},
    {"The answer is (A). Wait, that slips. The answer is (C).", "C", "answer-is"}, /* the last clear statement */
    {"The answer is \\boxed{A}... no: the answer is C.", "C", NULL},
    {"The wrong answer is A. The answer is C.", "C", NULL},
    {"If the answer is A, the rope slips. So C is the correct one.", "C", "letter-is-correct"},
};

static const Case FORMS[] = {
    {"C", "C", "last-line"},
    {" (C) ", "C", "last-line"},
    {"**C.**", "C", "last-line"},
    {"It holds under load.\n\nC", "C", "last-line"},
    {"C. bowline", "C", "first-line"},
    {"C) bowline\nIt holds a fixed loop.", "C", "first-line"},
    {"I think **C. bowline** holds best here", "C", "bold"},
    {"Only one of them holds, namely (C).", "C", "last-mention"},
    {"Of these, I would tie option C.", "C", "last-mention"},
};

static const Case NOTHING[] = {
    {"", NULL, NULL},
    {"The answer is (A) or (C).", NULL, "contradictory"},
    {"The answer is (A, C).", NULL, "contradictory"},
    {"Answer: A and C", NULL, "contradictory"},
    {"The answer is (E).", NULL, NULL}, /* outside the four options */
    {"The answer is (K).", NULL, NULL},
    {"The answer is a matter of taste.", NULL, NULL},
    {"The answer is A matter of taste", NULL, NULL},
    {"The answer is not listed.", NULL, NULL},
    {"A. reef knot\nB. bowline\nC. hitch\nD. none", NULL, NULL}, /* only repeats the options */
    {"I tie knots. A knot is a fine thing.", NULL, NULL},
    {"It is not (C).", NULL, NULL},
    {"Vitamin C helps, and B-cells too.", NULL, NULL},
    {"We can rule out (A) and (B).", NULL, NULL},
    {"It holds.\n\n(C) To tie it, we first", NULL, NULL}, /* broken off */
};

static void run_cases(const Case *cases, size_t n) {
    TestScorer t;
    assert_true(test_open(&t, "choice", FOUR));
    for (size_t i = 0; i < n; i++) check(&t, &cases[i], NULL);
    test_close(&t);
}

static void test_statements(void **state) {
    (void)state;
    run_cases(STATEMENTS, sizeof STATEMENTS / sizeof *STATEMENTS);
}

static void test_forms(void **state) {
    (void)state;
    run_cases(FORMS, sizeof FORMS / sizeof *FORMS);
}

static void test_nothing(void **state) {
    (void)state;
    run_cases(NOTHING, sizeof NOTHING / sizeof *NOTHING);
}

static void test_option_text(void **state) {
    (void)state;
    static const Case cases[] = {
        {"bowline on a bight", "C", "option-text"},
        {"I would tie the Bowline on a Bight here.", "C", "option-text"},
        {"I would tie a bowline.", "B", "option-text"},
        {"\\boxed{\\text{bowline on a bight}}", "C", "boxed-text"},
        {"Either a reef knot or a bowline.", NULL, NULL},
        {"I would not tie a reef knot.", NULL, NULL},
    };
    TestScorer t;
    assert_true(test_open(&t, "choice", NULL));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check(&t, &cases[i], KNOTS);
    test_close(&t);
}

static double value_with_target(const char *kind, const char *target, const ScorerStr *choices) {
    TestScorer t;
    const char *options[] = {"target", kind, NULL};
    ScorerStr target_str = text_from(target);
    assert_true(test_open(&t, "choice", options));
    ScorerView v = {.size = sizeof v,
                    .final = TEXT("Answer: C"),
                    .targets = &target_str,
                    .n_targets = 1,
                    .choices = choices,
                    .n_choices = 4};
    double value = test_score_view(&t, &v).value;
    test_close(&t);
    return value;
}

static void test_targets(void **state) {
    (void)state;
    static const ScorerStr numbers[] = {TEXT("1"), TEXT("2"), TEXT("3"), TEXT("4")};
    assert_true(value_with_target("auto", "C", KNOTS) == 1);
    assert_true(value_with_target("auto", "2", KNOTS) == 1); /* index from 0 */
    assert_true(value_with_target("auto", "bowline on a bight", KNOTS) == 1);
    assert_true(value_with_target("auto", "3", numbers) == 1); /* a text before an index */
    assert_true(value_with_target("index", "2", numbers) == 1);
    assert_true(value_with_target("index", "3", numbers) == 0);
    assert_true(value_with_target("text", "3", numbers) == 1);
}

static void test_bad_target(void **state) {
    (void)state;
    TestScorer t;
    Score s = {.size = sizeof s};
    ScorerStr target = TEXT("hitch");
    ScorerView v = {.size = sizeof v,
                    .final = TEXT("Answer: C"),
                    .targets = &target,
                    .n_targets = 1,
                    .choices = KNOTS,
                    .n_choices = 4};
    assert_true(test_open(&t, "choice", NULL));
    assert_false(t.scorer->score(t.self, &t.host, &v, &s, &t.err));
    assert_non_null(strstr(t.err.msg, "hitch"));
    v.n_targets = 0;
    s = test_score_view(&t, &v);
    assert_int_equal(s.status, SCORE_UNSCORED);
    assert_true(str_is(s.answer, "C"));
    test_close(&t);
}

static char pick(const char *norm, const double *logprobs, size_t n) {
    TestScorer t;
    const char *options[] = {"by", "loglikelihood", "norm", norm, NULL};
    const int32_t tokens[] = {1, 1, 6, 2};
    ScorerStr target = TEXT("A");
    ScorerView v = {.size = sizeof v,
                    .targets = &target,
                    .n_targets = 1,
                    .choices = KNOTS,
                    .n_choices = n,
                    .choice_logprobs = logprobs,
                    .choice_tokens = tokens};
    assert_true(test_open(&t, "choice", options));
    char c = test_score_view(&t, &v).answer.p[0];
    test_close(&t);
    return c;
}

static void test_loglikelihood(void **state) {
    (void)state;
    const double a[] = {-3, -2, -5, -9}, tie[] = {-3, -2, -2, -9};
    assert_int_equal(pick("none", a, 4), 'B');
    assert_int_equal(pick("none", tie, 4), 'B'); /* a tie goes to the first */
    assert_int_equal(pick("bytes", a, 4), 'C');  /* -5/18 = -0.278 against -2/7 = -0.286 */
    assert_int_equal(pick("chars", a, 4), 'C');
    assert_int_equal(pick("tokens", a, 4), 'C'); /* -5/6 against -2 */
}

static void test_loglikelihood_needs_logprobs(void **state) {
    (void)state;
    TestScorer t;
    const char *options[] = {"by", "loglikelihood", NULL};
    const double bad[] = {-1, NAN, -2, -3};
    Score s = {.size = sizeof s};
    ScorerView v = {.size = sizeof v, .choices = KNOTS, .n_choices = 4};
    assert_true(test_open(&t, "choice", options));
    assert_false(t.scorer->score(t.self, &t.host, &v, &s, &t.err));
    v.choice_logprobs = bad;
    assert_false(t.scorer->score(t.self, &t.host, &v, &s, &t.err));
    test_close(&t);
}

static void test_completion(void **state) {
    (void)state;
    TestScorer t;
    assert_true(test_open(&t, "choice", FOUR));
    ScorerView v = {.size = sizeof v, .final = TEXT("Let us tie each"), .completion = SCORER_COMPLETION_LENGTH};
    Score s = test_score_view(&t, &v);
    assert_int_equal(s.outcome, OUTCOME_TRUNCATED);
    assert_int_equal(s.status, SCORE_UNSCORED); /* cut off is not wrong */
    v.completion = SCORER_COMPLETION_FAILED;
    s = test_score_view(&t, &v);
    assert_int_equal(s.status, SCORE_ERROR);
    assert_int_equal(s.outcome, OUTCOME_ERROR);
    test_close(&t);
}

static void test_open_refuses(void **state) {
    (void)state;
    static const char *const wrong[][3] = {{"by", "magic", NULL},   {"norm", "x", NULL},      {"options", "1", NULL},
                                           {"options", "99", NULL}, {"options", "two", NULL}, {"colour", "red", NULL}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        TestScorer t;
        assert_false(test_open(&t, "choice", wrong[i]));
        assert_non_null(strstr(t.err.msg, wrong[i][0]));
    }
}

static void test_faults(void **state) {
    (void)state;
    TestScorer t;
    ScorerStr target = TEXT("C");
    ScorerView v = {.size = sizeof v, .final = TEXT("Answer: C"), .targets = &target, .n_targets = 1};
    assert_true(test_open(&t, "choice", NULL));
    test_fail_allocations(&t, &v);
    test_hostile(&t, "The answer is **(C)**, not \\boxed{A}. 정답은 3번입니다. Option B is correct.\nC", NULL, 0);
    test_close(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statements),    cmocka_unit_test(test_forms),
        cmocka_unit_test(test_nothing),       cmocka_unit_test(test_option_text),
        cmocka_unit_test(test_targets),       cmocka_unit_test(test_bad_target),
        cmocka_unit_test(test_loglikelihood), cmocka_unit_test(test_loglikelihood_needs_logprobs),
        cmocka_unit_test(test_completion),    cmocka_unit_test(test_open_refuses),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
