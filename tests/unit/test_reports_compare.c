/* What a comparison says beyond a run's report, against worked examples and other programs: what matches, flips and
 * their order, agreement (scikit-learn 1.2.1, cohen_kappa_score), costs, calibration (NumPy 1.24.2 and scikit-learn's
 * brier_score_loss). */
#include "reports/compare/compare.h"
#include "tests/compare_support.h"

typedef struct Compared {
    Summary s;
    Compare c;
} Compared;

static Compared compared(Runs *r) {
    Compared x;
    Err err = ERR_INIT;
    if (!r->both) unite(r);
    if (!summary_build(r->both, r->d.a, &x.s, &err) || !compare_build(r->both, &x.s, &x.c, &err))
        fail_msg("%s", err.msg);
    return x;
}

static void near(double got, double want) {
    if (!(fabs(got - want) < 1e-12)) fail_msg("%.15g, want %.15g", got, want);
}

/* ---- what matches ---- */

/* content  a b c d e      A calls them q0 q1 q2; B: b=x1 c=x2 d=x3; C: e=y0 c=y1 b=y2. All three have b and c. */
static void test_matches(void **state) {
    (void)state;
    Runs r;
    runs_begin(&r);
    run_new(&r);
    put(&r, (Answer){"q0", "a", 1});
    put(&r, (Answer){"q1", "b", 1});
    put(&r, (Answer){"q2", "c", 0});
    put(&r, (Answer){"alone", "a", 1, .suite = "t"});
    run_new(&r);
    put(&r, (Answer){"x1", "b", 1});
    put(&r, (Answer){"x2", "c", 0});
    put(&r, (Answer){"x3", "d", 0});
    run_new(&r);
    put(&r, (Answer){"y0", "e", 0});
    put(&r, (Answer){"y1", "c", 0});
    put(&r, (Answer){"y2", "b", 1});
    Compared x = compared(&r);
    assert_int_equal(x.c.n_arms, 3);
    assert_int_equal(x.c.n_matches, 2);
    const CmpMatch *m = &x.c.matches[0], *t = &x.c.matches[1];
    assert_int_equal(m->n_arms, 3);
    assert_int_equal(m->n_all, 2);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(m->n[i], 3);
        assert_int_equal(m->extra[i], 1);
    }
    assert_string_equal(m->example, "q0");
    assert_string_equal(x.s.suites[t->suite].name.p, "t");
    assert_int_equal(t->n_arms, 1);
    assert_int_equal(t->n[0], 1);
    assert_int_equal(t->n[1], 0);
    bool said = false;
    for (size_t i = 0; i < x.c.n_warnings; i++) said = said || strstr(x.c.warnings[i], "t is in one run only");
    assert_true(said);
    runs_end(&r);
}

/* ---- flips ---- */

/* Two repeats each. A - B: q0 0, q1 +1, q2 +1/2, q3 -1, q4 -1/2, q5 +1/2; q6 was cut off for B. */
static void test_flips(void **state) {
    (void)state;
    static const double A[7][2] = {{1, 1}, {1, 1}, {1, 0}, {0, 0}, {0, 0}, {1, 1}, {1, 1}},
                        B[7][2] = {{1, 1}, {0, 0}, {0, 0}, {1, 1}, {0, 1}, {1, 0}, {NAN, NAN}};
    Runs r;
    runs_begin(&r);
    for (int run = 0; run < 2; run++) {
        run_new(&r);
        for (int k = 0; k < 14; k++) {
            int q = run ? 6 - k / 2 : k / 2; /* the other run in another order */
            put(&r, (Answer){str_printf(r.d.a, "q%d", q).p, str_printf(r.d.a, "h%d", q).p, (run ? B : A)[q][k % 2],
                             .epoch = 1 + k % 2});
        }
    }
    Compared x = compared(&r);
    assert_int_equal(x.c.n_flips, 1);
    const CmpFlips *f = &x.c.flips[0];
    assert_int_equal(f->n_a_better, 3);
    assert_int_equal(f->n_b_better, 2);
    static const char *const A_BETTER[] = {"q1", "q2", "q5"}, *const B_BETTER[] = {"q3", "q4"};
    static const double BY_A[] = {1, .5, .5}, BY_B[] = {-1, -.5};
    for (int i = 0; i < 3; i++) {
        assert_string_equal(f->a_better[i].sample.p, A_BETTER[i]);
        near(f->a_better[i].a - f->a_better[i].b, BY_A[i]);
    }
    for (int i = 0; i < 2; i++) {
        assert_string_equal(f->b_better[i].sample.p, B_BETTER[i]);
        near(f->b_better[i].a - f->b_better[i].b, BY_B[i]);
    }
    assert_int_equal(x.s.pairs[f->pair].n, 6);
    assert_int_equal(x.c.agreements[0].n, 3); /* q0, q1, q3: the others are halves */
    runs_end(&r);
}

/* ---- agreement ---- */

static double pattern(int run, int i) {
    return run == 0 ? i * 7 % 10 < 6 : run == 1 ? i * 3 % 11 < 6 : i * i % 7 < 4;
}

/* Forty questions in two suites; then one at another effort, one cut off, and one that is half right, which count for
 * nothing. */
static void test_agreement(void **state) {
    (void)state;
    static const double WANT[3][2] = {
        {.5, -0.020408163265306145}, {.375, -0.37362637362637363}, {.325, -0.413612565445026}};
    Runs r;
    runs_begin(&r);
    for (int run = 0; run < 3; run++) {
        run_new(&r);
        for (int i = 0; i < 40; i++)
            put(&r, (Answer){str_printf(r.d.a, "q%d", i).p, str_printf(r.d.a, "h%d", i).p, pattern(run, i),
                             .suite = i < 15 ? "s" : "t"});
        put(&r, (Answer){"other", "other", 1, .effort = run ? EFFORT_HIGH : EFFORT_LOW});
        put(&r, (Answer){"cut", "cut", run == 1 ? NAN : 1});
        put(&r, (Answer){"half", "half", run == 2 ? .5 : 1});
    }
    Compared x = compared(&r);
    assert_int_equal(x.c.n_agreements, 3);
    for (size_t i = 0; i < 3; i++) {
        const CmpAgreement *g = &x.c.agreements[i];
        assert_int_equal(g->a, i == 2);
        assert_int_equal(g->b, i == 0 ? 1 : 2);
        /* A and B are also of one mind on "half", A and C on "cut", B and C both were asked "other" at high effort */
        assert_int_equal(g->n, 41);
        double same = WANT[i][0] * 40 + 1;
        near(g->share, same / 41);
    }
    runs_end(&r);
}

/* The forty alone: as scikit-learn has it. */
static void test_kappa(void **state) {
    (void)state;
    static const double SHARE[] = {.5, .375, .325},
                        KAPPA[] = {-0.020408163265306145, -0.37362637362637363, -0.413612565445026};
    Runs r;
    runs_begin(&r);
    for (int run = 0; run < 3; run++) {
        run_new(&r);
        for (int i = 0; i < 40; i++)
            put(&r, (Answer){str_printf(r.d.a, "q%d", i).p, str_printf(r.d.a, "h%d", i).p, pattern(run, i)});
    }
    Compared x = compared(&r);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(x.c.agreements[i].n, 40);
        near(x.c.agreements[i].share, SHARE[i]);
        near(x.c.agreements[i].kappa, KAPPA[i]);
    }
    runs_end(&r);
}

/* ---- costs ---- */

/* A at low effort: suite s has 3/4 of 4 answers (one more was cut off, and its tokens were paid), suite t 1/2 of 2:
 * (3/4 + 1/2)/2 = 5/8; 10 + 20 + 30 + 40 + 100 + 5 + 7 = 212 tokens over 7 answers. At high effort: 1 of 1, 50 tokens.
 * What was asked in base64 counts for nothing. */
static void test_costs(void **state) {
    (void)state;
    Runs r;
    runs_begin(&r);
    for (int run = 0; run < 2; run++) {
        run_new(&r);
        manifest_put(&r, "transforms",
                     "[{\"name\":\"plain\",\"family\":\"plain\"},{\"name\":\"b64\",\"family\":\"encoding\"}]");
        put(&r, (Answer){"q0", "h0", 1, .tokens = 10});
        put(&r, (Answer){"q1", "h1", 1, .tokens = 20});
        put(&r, (Answer){"q2", "h2", 1, .tokens = 30});
        put(&r, (Answer){"q3", "h3", run, .tokens = 40});
        put(&r, (Answer){"q4", "h4", NAN, .tokens = 100});
        put(&r, (Answer){"u0", "h0", 1, .suite = "t", .tokens = 5});
        put(&r, (Answer){"u1", "h1", 0, .suite = "t", .tokens = 7});
        put(&r, (Answer){"q0", "h0", 0, .transform = "b64", .tokens = 9999});
        if (run == 0) put(&r, (Answer){"q0", "h0", 1, .effort = EFFORT_HIGH, .tokens = 50});
    }
    Compared x = compared(&r);
    assert_int_equal(x.c.n_costs, 3);
    const CmpCost *low = &x.c.costs[0], *high = &x.c.costs[1], *b = &x.c.costs[2];
    assert_true(low->model == 0 && low->effort == EFFORT_LOW && low->n_suites == 2);
    near(low->score, .625);
    near(low->tokens, 212.0 / 7);
    assert_true(high->model == 0 && high->effort == EFFORT_HIGH && high->n_suites == 1);
    near(high->score, 1);
    near(high->tokens, 50);
    assert_true(b->model == 1 && b->n_suites == 2);
    near(b->score, .75);
    runs_end(&r);
}

/* A rate of safety is no ability: it is left out of what scores cost, unless there is nothing else. */
static void test_costs_but_safety(void **state) {
    (void)state;
    static const char *const SUITES[] = {
        "[{\"name\":\"s\",\"metric\":\"accuracy\"},{\"name\":\"t\",\"metric\":\"safe_rate\"}]",
        "[{\"name\":\"s\",\"metric\":\"safe_rate\"},{\"name\":\"t\",\"metric\":\"safe_rate\"}]"};
    for (int all = 0; all < 2; all++) {
        Runs r;
        runs_begin(&r);
        for (int run = 0; run < 2; run++) {
            run_new(&r);
            manifest_put(&r, "suites", SUITES[all]);
            put(&r, (Answer){"q0", "h0", 1, .tokens = 10});
            put(&r, (Answer){"u0", "h0", 0, .suite = "t", .tokens = 30});
        }
        Compared x = compared(&r);
        assert_int_equal(compare_leaves_safety_out(&x.s), !all);
        assert_int_equal(x.c.n_costs, 2);
        assert_int_equal(x.c.costs[0].n_suites, all ? 2 : 1);
        near(x.c.costs[0].score, all ? .5 : 1);
        near(x.c.costs[0].tokens, all ? 20 : 10);
        runs_end(&r);
    }
}

/* ---- probabilities ---- */

/* Option j of question i has log-likelihood -((7 i (j + 3)) mod 50)/10; i mod 4 is right; the first of equals is
 * chosen. */
static void put_options(Runs *r, int i, const char *transform, double divisor) {
    ChoiceScore o[4];
    int best = 0;
    double second = -INFINITY;
    for (int j = 0; j < 4; j++) {
        o[j] = (ChoiceScore){.logprob = -(i * (j + 3) * 7 % 50) / 10.0, .n_tokens = 1};
        if (o[j].logprob > o[best].logprob) best = j;
    }
    for (int j = 0; j < 4; j++)
        if (j != best) second = fmax(second, o[j].logprob);
    double margin = (o[best].logprob - second) / divisor;
    put(r, (Answer){str_printf(r->d.a, "q%d", i).p, str_printf(r->d.a, "h%d", i).p, best == i % 4,
                    .transform = transform, .options = o, .n_options = 4, .margin = margin > 0 ? margin : 0});
}

static const char OPTIONS[] = "[{\"name\":\"s\",\"mode\":\"loglikelihood\"}]";

static void test_probabilities(void **state) {
    (void)state;
    static const size_t IN_BIN[] = {0, 0, 5, 4, 10, 17, 9, 11, 4, 0};
    static const double RIGHT[] = {0, 0, 2, 1, 4, 3, 3, 2, 1, 0};
    const ChoiceScore one = {.logprob = -1, .n_tokens = 1};
    Runs r;
    runs_begin(&r);
    for (int run = 0; run < 2; run++) {
        run_new(&r);
        manifest_put(&r, "suites", OPTIONS);
        for (int i = 0; i < 60; i++) put_options(&r, i, NULL, 1);
        put(&r, (Answer){"words", "words", 1});                                /* no options */
        put(&r, (Answer){"one", "one", 1, .options = &one, .n_options = 1});   /* no choice */
        put(&r, (Answer){"cut", "cut", NAN, .options = &one, .n_options = 1}); /* no score */
        put_options(&r, 60, "b64", 1);                                         /* not asked plainly */
    }
    Compared x = compared(&r);
    assert_int_equal(x.c.n_trusts, 2);
    for (size_t m = 0; m < 2; m++) {
        const CmpTrust *t = &x.c.trusts[m];
        assert_int_equal(t->model, m);
        assert_int_equal(t->n, 60);
        near(t->ece, 0.3232257341218301);
        near(t->brier, 0.32253992860667974);
        for (int b = 0; b < 10; b++) {
            assert_int_equal(t->bin_n[b], IN_BIN[b]);
            near(t->bin_y[b], RIGHT[b]);
        }
        near(t->bin_p[4], 4.65413245097818);
    }
    runs_end(&r);
}

/* By hand: two sure answers, one right (p = 1, the last bin), one at even odds (p = 1/2): ECE (|2 - 1| + |1/2 - 1|)/3,
 * Brier (0 + 1 + 1/4)/3. An option without a finite log-likelihood has no probability. */
static void test_probabilities_at_the_ends(void **state) {
    (void)state;
    const ChoiceScore sure[] = {{-1, 1, true}, {-2000, 1, false}}, even[] = {{-3, 1, false}, {-3, 1, false}},
                      with_none[] = {{-2, 1, true}, {-INFINITY, 1, false}},
                      none[] = {{-INFINITY, 1, false}, {-INFINITY, 1, false}};
    Runs r;
    runs_begin(&r);
    run_new(&r);
    manifest_put(&r, "suites", OPTIONS);
    put(&r, (Answer){"q0", "h0", 1, .options = sure, .n_options = 2});
    put(&r, (Answer){"q1", "h1", 0, .options = with_none, .n_options = 2});
    put(&r, (Answer){"q2", "h2", 1, .options = even, .n_options = 2});
    put(&r, (Answer){"q3", "h3", 1, .options = none, .n_options = 2});
    Compared x = compared(&r);
    assert_int_equal(x.c.n_trusts, 1);
    const CmpTrust *t = &x.c.trusts[0];
    assert_int_equal(t->n, 3);
    assert_int_equal(t->bin_n[9], 2);
    assert_int_equal(t->bin_n[5], 1);
    near(t->ece, 0.5);
    near(t->brier, 1.25 / 3);
    runs_end(&r);
}

static void test_surest(void **state) {
    (void)state;
    /* raw: the second (0.731…); by token: the first, -2/2 against -1 … a draw that norm: tokens gives to the first */
    const ChoiceScore o[] = {{-2, 2, false}, {-1, 1, true}};
    Completion c = {.choice_scores = o, .n_choice_scores = 2};
    Score s = {.margin = 1, .rule = {"loglikelihood", 13}};
    near(summary_surest(&c, &s), 1 / (1 + exp(-1)));
    s.margin = 0;
    assert_true(isnan(summary_surest(&c, &s))); /* chosen by what is not in the numbers here */
    s.margin = NAN;
    near(summary_surest(&c, &s), 1 / (1 + exp(-1))); /* nothing is told */
    s.margin = .3, s.rule = (ScorerStr){"mine", 4};
    near(summary_surest(&c, &s), 1 / (1 + exp(-1))); /* a margin of another kind */
    c.n_choice_scores = 1;
    assert_true(isnan(summary_surest(&c, &s)));
    c.n_choice_scores = 0;
    assert_true(isnan(summary_surest(&c, &s)));
}

/* ---- edges ---- */

static Str as_json(Runs *r, const Compared *x) {
    Buf b;
    JsonOut o;
    buf_init(&b, 1 << 20);
    json_out_init(&o, &b, 0);
    json_obj(&o);
    compare_json(&o, &x->s, &x->c);
    json_obj_end(&o);
    Str text = str_dup(r->d.a, buf_str(&b));
    buf_release(&b);
    return text;
}

/* Everybody is right always: no flip, agreement that is no better than chance can be, and no NaN on the way out. */
static void test_all_alike(void **state) {
    (void)state;
    Runs r;
    Json *j = NULL;
    Err err = ERR_INIT;
    runs_begin(&r);
    for (int run = 0; run < 2; run++) {
        run_new(&r);
        for (int i = 0; i < (run ? 1 : 5); i++)
            put(&r, (Answer){str_printf(r.d.a, "q%d", i).p, str_printf(r.d.a, "h%d", i).p, 1});
    }
    Compared x = compared(&r);
    assert_int_equal(x.c.n_flips, 0);
    assert_int_equal(x.c.agreements[0].n, 1);
    near(x.c.agreements[0].share, 1);
    assert_true(isnan(x.c.agreements[0].kappa));
    Str text = as_json(&r, &x);
    if (!json_parse(text, &j, &err)) fail_msg("%s", err.msg);
    const Json *agreement = json_first(json_get(json_get(j, "compare"), "agreement"));
    assert_int_equal(json_type(json_get(agreement, "kappa")), JSON_NULL);
    assert_true(str_find(text, STR("nan"), 0) == SIZE_MAX && str_find(text, STR("inf"), 0) == SIZE_MAX);
    json_close(j);
    runs_end(&r);
}

/* Nothing was scored on one side. */
static void test_nothing_scored(void **state) {
    (void)state;
    Runs r;
    runs_begin(&r);
    for (int run = 0; run < 2; run++) {
        run_new(&r);
        for (int i = 0; i < 3; i++)
            put(&r, (Answer){str_printf(r.d.a, "q%d", i).p, str_printf(r.d.a, "h%d", i).p, run ? NAN : 1});
    }
    Compared x = compared(&r);
    assert_int_equal(x.c.n_flips, 0);
    assert_int_equal(x.c.agreements[0].n, 0);
    assert_true(isnan(x.c.agreements[0].share) && isnan(x.c.agreements[0].kappa));
    assert_int_equal(x.c.n_costs, 1); /* of A alone */
    assert_int_equal(x.c.matches[0].n_all, 3);
    assert_true(str_find(as_json(&r, &x), STR("nan"), 0) == SIZE_MAX);
    runs_end(&r);
}

static void test_no_union(void **state) {
    (void)state;
    Runs r;
    Summary s;
    Compare c;
    Err err = ERR_INIT;
    runs_begin(&r);
    run_new(&r);
    put(&r, (Answer){"q", "h", 1});
    runs_reopen(&r);
    assert_true(summary_build(r.s[0], r.d.a, &s, &err) && compare_build(r.s[0], &s, &c, &err));
    assert_true(!c.n_arms && !c.n_matches && !c.n_flips && !c.n_agreements && !c.n_costs && !c.n_trusts);
    Compared x = {s, c};
    assert_true(str_eqz(as_json(&r, &x), "{}"));
    runs_end(&r);
}

static void test_every_allocation_may_fail(void **state) {
    (void)state;
    Runs r;
    Summary s;
    bool ok = false;
    runs_begin(&r);
    for (int run = 0; run < 2; run++) {
        run_new(&r);
        manifest_put(&r, "suites", OPTIONS);
        manifest_put(&r, "plan", run ? "{\"seed\":1}" : "{\"seed\":2}");
        for (int i = 0; i < 6; i++) put_options(&r, i + run, NULL, 1);
    }
    unite(&r);
    for (uint64_t n = 1; !ok && n < 2000; n++) {
        Arena *a = arena_open(0);
        Compare c;
        Err err = ERR_INIT;
        if (!summary_build(r.both, a, &s, &err)) fail_msg("%s", err.msg);
        mem_fail_at(n);
        ok = compare_build(r.both, &s, &c, &err);
        mem_fail_at(0);
        if (!ok) assert_int_equal(err.code, ERR_MEMORY);
        arena_close(a);
    }
    assert_true(ok);
    runs_end(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_matches),
                                       cmocka_unit_test(test_flips),
                                       cmocka_unit_test(test_agreement),
                                       cmocka_unit_test(test_kappa),
                                       cmocka_unit_test(test_costs),
                                       cmocka_unit_test(test_costs_but_safety),
                                       cmocka_unit_test(test_probabilities),
                                       cmocka_unit_test(test_probabilities_at_the_ends),
                                       cmocka_unit_test(test_surest),
                                       cmocka_unit_test(test_all_alike),
                                       cmocka_unit_test(test_nothing_scored),
                                       cmocka_unit_test(test_no_union),
                                       cmocka_unit_test(test_every_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
