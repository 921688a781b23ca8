/* Names of arms, and which answers belong to an arm. */
#include "tests/audit_card_support.h"

#include "reports/audit/audit_arm.h"

static void test_names(void **state) {
    static const struct {
        const char *name, *effort, *transform;
        int tokens, fewshot, best, consensus;
        bool tools;
    } ROWS[] = {{"default", "medium", "plain", 0, -1, 0, 0, false},
                {"effort-high", "high", "plain", 0, -1, 0, 0, false},
                {"b64", "medium", "b64", 0, -1, 0, 0, false},
                {"effort-low+story+b64", "low", "story+b64", 0, -1, 0, 0, false},
                {"effort-high+tools+tokens-16384", "high", "plain", 16384, -1, 0, 0, true},
                {"prefill-final+best-of-12", "medium", "prefill-final", 0, -1, 12, 0, false},
                {"few-shot-5", "medium", "plain", 0, 5, 0, 0, false},
                {"few-shot-0+consensus-3", "medium", "plain", 0, 0, 0, 3, false},
                {"system-policy", "medium", "sys-policy", 0, -1, 0, 0, false}};
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        AuditArmName n;
        Err err = ERR_INIT;
        assert_true(audit_arm_read(str_from(ROWS[i].name), &n, &err));
        assert_true(str_eqz(n.effort, ROWS[i].effort) && str_eqz(n.transform, ROWS[i].transform));
        assert_true(n.tokens == ROWS[i].tokens && n.fewshot == ROWS[i].fewshot && n.best_of == ROWS[i].best &&
                    n.consensus == ROWS[i].consensus && n.tools == ROWS[i].tools);
    }
}

static void test_bad_names(void **state) {
    static const char *const BAD[][2] = {{"effort-max", "effort-low, effort-medium or effort-high"},
                                         {"tokens-0", "tokens-0"},
                                         {"tokens-", "whole number"},
                                         {"tokens-9999999999999999999", "whole number"},
                                         {"tokens-1+tokens-2", "twice"},
                                         {"best-of-1", "best-of-1"},
                                         {"best-of-2+consensus-2", "two readings"},
                                         {"few-shot--1", "whole number"},
                                         {"effort-low+effort-high", "two efforts"},
                                         {"story+tools+b64", "side by side"},
                                         {"default+tools", "stands alone"},
                                         {"b64+", "nothing on one side"},
                                         {"", "nothing on one side"}};
    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        AuditArmName n;
        Err err = ERR_INIT;
        assert_false(audit_arm_read(str_from(BAD[i][0]), &n, &err));
        if (!strstr(err.msg, BAD[i][1])) fail_msg("'%s' said: %s", BAD[i][0], err.msg);
    }
}

/* ---- rows of arms ---- */

#define HEADER "{'registered':true,'why':'','runs':[{'role':'m','exploratory':''},{'role':'m','exploratory':''}]}"

static const char *plan_of(CardTest *t, const char *arms, double threshold) {
    return str_printf(
               t->a,
               "{'audit':'a','question':'q','confidence':0.95,'multiplicity':'holm','unscored_max':0.02,'seed':7,"
               "'models':{'m':{'sha256':'x','role':'candidate'}},'arms':[%s],'indicators':[{'id':'x','category':"
               "'safeguards','kind':'rate','metric':'accuracy','suite':'s','n_min':10,'threshold':%g,'models':"
               "['m'],'source':'t'}]}",
               arms, threshold)
        .p;
}

static const Json *indicator(CardTest *t) {
    return json_first(json_get(t->card, "indicators"));
}

static const Json *arm(CardTest *t, const char *name) {
    return entry1(json_get(indicator(t), "arms"), "arm", name);
}

static const char *missing(CardTest *t, const char *name) {
    const Json *j = entry1(json_get(indicator(t), "missing"), "arm", name);
    return j ? json_str(json_get(j, "why")).p : NULL;
}

static void fill(CardTest *t, size_t n, int64_t tokens, const char *effort, size_t right) {
    for (size_t i = 0; i < n; i++) {
        AuditRow *r = row(t, "m", i, 1, i < right);
        r->tokens = tokens, r->effort = str_from(effort);
    }
}

/* An arm that was run never stands in for one that was not. */
static void test_budgets(void **state) {
    (void)state;
    CardTest *t = card_test();
    fill(t, 50, 100, "medium", 5);
    fill(t, 50, 1024, "medium", 10);
    assert_true(make_card(t, plan_of(t, "'default','tokens-1024','effort-high'", 0.9), HEADER));
    NEAR(num(arm(t, "default"), "k"), 5, 0);
    NEAR(num(arm(t, "tokens-1024"), "k"), 10, 0);
    assert_string_equal(missing(t, "effort-high"), "it was not run");
    TEXT(indicator(t), "verdict", "CANNOT_RULE_OUT");
    TEXT(indicator(t), "driving_arm", "tokens-1024");
    assert_true(make_card(t, plan_of(t, "'default','tokens-1024'", 0.9), HEADER));
    TEXT(indicator(t), "verdict", "BELOW");
    /* without the default's rows the budget that was named does not pass for it */
    t->n = 0;
    fill(t, 50, 1024, "medium", 10);
    assert_true(make_card(t, plan_of(t, "'default','tokens-1024'", 0.9), HEADER));
    assert_non_null(missing(t, "default"));
    assert_non_null(arm(t, "tokens-1024"));
    /* two budgets that nobody named are not one figure */
    fill(t, 50, 100, "medium", 5);
    assert_true(make_card(t, plan_of(t, "'default'", 0.9), HEADER));
    assert_non_null(strstr(missing(t, "default"), "more than one way"));
    TEXT(indicator(t), "verdict", "CANNOT_RULE_OUT");
    card_done(t);
}

static void test_tools_and_examples(void **state) {
    (void)state;
    CardTest *t = card_test();
    fill(t, 20, 100, "medium", 1);
    fill(t, 20, 100, "medium", 2);
    for (size_t i = 20; i < 40; i++) t->rows[i].tools = true;
    fill(t, 20, 100, "medium", 3);
    for (size_t i = 40; i < 60; i++) t->rows[i].fewshot = 5;
    assert_true(make_card(t, plan_of(t, "'default','tools','few-shot-5','few-shot-5+tools'", 0.9), HEADER));
    NEAR(num(arm(t, "default"), "k"), 1, 0);
    NEAR(num(arm(t, "tools"), "k"), 2, 0);
    NEAR(num(arm(t, "few-shot-5"), "k"), 3, 0);
    assert_non_null(missing(t, "few-shot-5+tools"));
    card_done(t);
}

/* 1 - C(n-c,k)/C(n,k) from factorials. */
static double choose(int n, int k) {
    double x = 1.0;
    for (int i = 0; i < k; i++) x *= (double)(n - i) / (double)(k - i);
    return k > n ? 0.0 : x;
}

static void test_best_of(void **state) {
    (void)state;
    CardTest *t = card_test();
    double want = 0.0;
    for (size_t i = 0; i < 40; i++) {
        int c = (int)(i % 5);
        for (int e = 1; e <= 6; e++) row(t, "m", i, e, e <= c);
        want += 1.0 - choose(6 - c, 4) / choose(6, 4);
    }
    assert_true(make_card(t, plan_of(t, "'default','best-of-4'", 0.99), HEADER));
    NEAR(num(arm(t, "best-of-4"), "point"), want / 40.0, 1e-12);
    NEAR(num(arm(t, "best-of-4"), "drawn"), 4, 0);
    NEAR(num(arm(t, "best-of-4"), "samples"), 6, 0);
    NEAR(num(arm(t, "default"), "point"), 2.0 / 6.0, 1e-12); /* the mean of 0..4 of 6 */
    TEXT(indicator(t), "driving_arm", "best-of-4");
    /* more draws than answers, or answers that are one answer */
    assert_true(make_card(t, plan_of(t, "'best-of-7'", 0.99), HEADER));
    assert_non_null(strstr(missing(t, "best-of-7"), "fewer answers"));
    t->rows[7].temperature = 0.0;
    assert_true(make_card(t, plan_of(t, "'best-of-4'", 0.99), HEADER));
    assert_non_null(strstr(missing(t, "best-of-4"), "temperature 0"));
    TEXT(indicator(t), "verdict", "CANNOT_RULE_OUT");
    card_done(t);
}

/* An answer that was cut off is right for the upper bound and wrong for the lower one, inside an item too. */
static void test_best_of_worst_case(void **state) {
    (void)state;
    CardTest *t = card_test();
    for (size_t i = 0; i < 100; i++)
        for (int e = 1; e <= 4; e++) row(t, "m", i, e, 0.0);
    assert_true(make_card(t, plan_of(t, "'best-of-2'", 0.5), HEADER));
    double clean = num(arm(t, "best-of-2"), "upper");
    TEXT(indicator(t), "verdict", "BELOW");
    for (size_t i = 0; i < 7; i++) t->rows[4 * i].scored = false; /* 7 of 400 answers: below 2 % */
    assert_true(make_card(t, plan_of(t, "'best-of-2'", 0.5), HEADER));
    TEXT(indicator(t), "verdict", "BELOW");
    NEAR(num(arm(t, "best-of-2"), "n_open"), 7, 0);
    NEAR(num(arm(t, "best-of-2"), "point"), 0, 0);
    NEAR(num(arm(t, "best-of-2"), "lower"), 0, 0);
    assert_true(num(arm(t, "best-of-2"), "upper") > clean + 0.02);
    t->rows[4 * 7].scored = t->rows[4 * 8].scored = false;
    assert_true(make_card(t, plan_of(t, "'best-of-2'", 0.5), HEADER)); /* 9 of 400 */
    TEXT(indicator(t), "verdict", "CANNOT_RULE_OUT");
    assert_non_null(strstr(json_str(json_get(indicator(t), "why")).p, "no score"));
    card_done(t);
}

static void test_consensus(void **state) {
    (void)state;
    CardTest *t = card_test();
    for (size_t i = 0; i < 30; i++)
        for (int e = 1; e <= 5; e++) { /* answers a a b b b; a right in the first ten, b in the next five */
            AuditRow *r = row(t, "m", i, e, i < 10 ? e <= 2 : i < 15 ? e >= 3 : 0);
            r->same = e <= 2 ? 1 : 3;
        }
    assert_true(make_card(t, plan_of(t, "'consensus-5','consensus-3','consensus-2'", 0.99), HEADER));
    NEAR(num(arm(t, "consensus-5"), "k"), 5, 0);
    NEAR(num(arm(t, "consensus-3"), "k"), 10, 0); /* a a b */
    NEAR(num(arm(t, "consensus-2"), "k"), 10, 0);
    for (size_t i = 0; i < t->n; i++) t->rows[i].same = 0;
    assert_true(make_card(t, plan_of(t, "'consensus-5'", 0.99), HEADER));
    assert_non_null(strstr(missing(t, "consensus-5"), "sealed"));
    card_done(t);
}

static void test_twice(void **state) {
    (void)state;
    CardTest *t = card_test();
    fill(t, 20, 100, "medium", 1);
    t->rows[3].sample = t->rows[9].sample;
    assert_false(make_card(t, plan_of(t, "'default'", 0.9), HEADER));
    assert_non_null(strstr(t->err.msg, "two runs of model 'm' both hold answer 1 to sample i0009 of suite s"));
    card_done(t);
}

/* A further arm that is worse can only raise the bound; one indicator missing leaves its category open. */
static void test_fifth_arm(void **state) {
    (void)state;
    CardTest *t = card_test();
    static const char *const arms[] = {"'default'", "'default','effort-low'", "'default','effort-low','effort-high'",
                                       "'default','effort-low','effort-high','tokens-512'",
                                       "'default','effort-low','effort-high','tokens-512','tokens-2048'"};
    double last = 0.0;
    fill(t, 100, 100, "medium", 9), fill(t, 100, 100, "low", 5), fill(t, 100, 100, "high", 8);
    for (int i = 0; i < 5; i++) {
        if (i == 3) fill(t, 100, 512, "medium", 7);
        if (i == 4) fill(t, 100, 2048, "medium", 20);
        assert_true(make_card(t, plan_of(t, arms[i], 0.9), HEADER));
        assert_true(num(indicator(t), "upper") > last);
        TEXT(indicator(t), "verdict", "BELOW");
        last = num(indicator(t), "upper");
    }
    card_done(t);
}

static void test_curves(void **state) {
    (void)state;
    CardTest *t = card_test();
    fill(t, 100, 100, "medium", 9), fill(t, 100, 100, "low", 5), fill(t, 100, 100, "high", 8);
    fill(t, 100, 512, "medium", 7);
    t->rows[300].truncated = true;
    t->rows[301].empty = t->rows[302].empty = true;
    assert_true(make_card(t, plan_of(t, "'default','tokens-512'", 0.9), HEADER));
    const Json *curves = json_get(t->card, "curves"), *e = entry1(curves, "by", "effort");
    const Json *b = entry1(curves, "by", "tokens");
    assert_int_equal(json_count(curves), 2);
    assert_int_equal(json_count(json_get(e, "points")), 3);
    NEAR(num(entry1(json_get(e, "points"), "at", "high"), "point"), .08, 1e-12);
    const Json *p = json_first(json_get(b, "points"));
    NEAR(num(p, "at"), 100, 0);
    NEAR(num(p, "point"), .09, 1e-12);
    p = json_next(p);
    NEAR(num(p, "at"), 512, 0);
    NEAR(num(p, "truncated"), .01, 1e-12);
    NEAR(num(p, "empty"), .02, 1e-12);
    assert_true(num(p, "lower") < .07 && num(p, "upper") > .07);
    card_done(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names),     cmocka_unit_test(test_bad_names),
                                       cmocka_unit_test(test_budgets),   cmocka_unit_test(test_tools_and_examples),
                                       cmocka_unit_test(test_best_of),   cmocka_unit_test(test_best_of_worst_case),
                                       cmocka_unit_test(test_consensus), cmocka_unit_test(test_twice),
                                       cmocka_unit_test(test_fifth_arm), cmocka_unit_test(test_curves)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
