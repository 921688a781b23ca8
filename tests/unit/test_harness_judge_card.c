/* A calibration card held against a run: every built-in scorer that asks a judge can be told from one that asks other
 * questions, and each thing that makes a card another's is named. */
#include "tests/unit/harness_support.h"

#include <math.h>

#include "harness/judge/judge_card.h"

static TestDir dir;

static int setup(void **state) {
    (void)state;
    dir_open(&dir);
    return 0;
}
static int teardown(void **state) {
    (void)state;
    dir_close(&dir);
    return 0;
}

#define LENT(text)                                                                                                     \
    { text, sizeof text - 1 }
#define JUDGE "{\"digest\":\"d\",\"precision\":\"exact\",\"effort\":\"medium\",\"temperature\":0}"

/* A plan of one suite with one scorer. */
typedef struct World {
    ScorerTable table;
    ScorerKV options[2];
    BoundScorer bound;
    ScorerSet set, *sets[1];
    SuiteScorer entry;
    Suite suite;
    PlanSuite in_plan;
    Plan plan;
    CalCard card; /* that fits */
} World;

static void open_world(World *w, const char *scorer, const char *passes) {
    Err err = ERR_INIT;
    bool policy = strcmp(scorer, "policy") == 0 || strcmp(scorer, "safety") == 0;
    size_t n = 0;
    *w = (World){0};
    if (policy) w->options[n++] = (ScorerKV){LENT("policy"), LENT(" No nets. ")};
    if (passes) w->options[n++] = (ScorerKV){LENT("passes"), {passes, 1}};
    if (!scorer_bind(&w->table, str_from(scorer), STR("mine"), w->options, n, dir.a, &w->bound, &err))
        fail_msg("%s: %s", scorer, err.msg);
    w->set = (ScorerSet){.v = &w->bound, .n = 1};
    w->sets[0] = &w->set;
    w->entry = (SuiteScorer){.scorer = str_from(scorer), .name = STR("mine"), .options = w->options, .n_options = n};
    w->suite.id = STR("t/knots");
    w->suite.scorers = &w->entry;
    w->suite.n_scorers = 1;
    w->in_plan.suite = &w->suite;
    w->plan.suites = &w->in_plan;
    w->plan.n_suites = 1;
    w->card = (CalCard){.scorer = str_from(scorer),
                        .scorer_version = w->bound.version,
                        .judge_digest = STR("d"),
                        .judge_precision = STR("exact"),
                        .judge_effort = STR("medium")};
}

/* Puts what the scorer asks, and with which policy, on the card. */
static void learn(World *w) {
    static const ScorerKV meta[] = {{LENT("kind"), LENT("harm")},
                                    {LENT("rubrics"), LENT("[{\"criterion\":\"x\",\"points\":1}]")}};
    ScorerView v = {.size = sizeof v,
                    .id = LENT("s"),
                    .prompt = LENT("Which knot?"),
                    .final = LENT("This one is fine."),
                    .meta = meta,
                    .n_meta = 2};
    JudgeSettings settings = JUDGE_SETTINGS_DEFAULT;
    AskHelp dry = {.dry = &settings};
    AskLog log;
    Score s;
    Err err = ERR_INIT;
    assert_true(scoring_one(&w->bound, &v, &dry, dir.a, &s, &log, &err));
    assert_int_equal(log.n, 2);
    for (size_t i = 0; i < log.n; i++)
        w->card.templates[w->card.n_templates++] = str_printf(dir.a, "%s", log.traces[i].template_sha256);
    if (log.traces[0].policy_sha256[0]) w->card.policy_sha256 = str_printf(dir.a, "%s", log.traces[0].policy_sha256);
}

static void refused(World *w, const CalCard *card, const char *says) {
    Err err = ERR_INIT;
    if (judge_card_check(card, STR(JUDGE), &w->plan, w->sets, &err)) fail_msg("taken in spite of: %s", says);
    if (err.code != ERR_INPUT || !strstr(err.msg, says)) fail_msg("'%s' lacks '%s'", err.msg, says);
}

static void test_every_judged_scorer(void **state) {
    (void)state;
    static const char *const names[] = {"policy", "safety", "xstest", "strongreject", "rubric"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        World w;
        Err err = ERR_INIT;
        open_world(&w, names[i], NULL);
        learn(&w);
        if (!judge_card_check(&w.card, STR(JUDGE), &w.plan, w.sets, &err)) fail_msg("%s: %s", names[i], err.msg);
        CalCard other = w.card;
        other.templates[1] = STR("ab");
        refused(&w, &other, "made with other questions to the judge than scorer 'mine' of suite t/knots asks");
        other = w.card, other.scorer_version = STR("0");
        refused(&w, &other, "made with version '0' of scorer");
        other = w.card, other.judge_digest = STR("e");
        refused(&w, &other, "the judge's digest 'e'");
        other = w.card, other.judge_temperature = (double)NAN; /* as cal_read leaves it where a card has none */
        refused(&w, &other, "does not tell at which temperature its judge was asked");
        other = w.card, other.scorer = STR("number"); /* no suite uses it: reports say so */
        assert_true(judge_card_check(&other, STR(JUDGE), &w.plan, w.sets, &err));
        scorer_unbind(&w.bound);
    }
}

static void test_policy_and_options(void **state) {
    (void)state;
    World w;
    Err err = ERR_INIT;
    open_world(&w, "policy", NULL);
    learn(&w);
    CalCard other = w.card;
    other.policy_sha256 = STR("ff");
    refused(&w, &other, "another policy than suite t/knots gives scorer 'mine'");
    other = w.card, other.tells_options = true;
    assert_true(judge_card_check(&other, STR(JUDGE), &w.plan, w.sets, &err)); /* it names none, and none is set */
    other.options[other.n_options++] = (CalOption){STR("passes"), STR("2")};
    assert_true(judge_card_check(&other, STR(JUDGE), &w.plan, w.sets, &err)); /* the default, said */
    other.options[0].value = STR("1");
    refused(&w, &other, "option 'passes' of scorer 'policy' at '1', and suite t/knots has '2'");
    other.options[0] = (CalOption){STR("content"), STR("answer")};
    refused(&w, &other, "option 'content' of scorer 'policy' at 'answer', and suite t/knots has 'not set'");
    scorer_unbind(&w.bound);
    open_world(&w, "policy", "1");
    w.card.policy_sha256 = (Str){0};
    w.card.tells_options = true;
    refused(&w, &w.card, "option 'passes' of scorer 'policy' at '2', and suite t/knots has '1'");
    scorer_unbind(&w.bound);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_judged_scorer),
        cmocka_unit_test(test_policy_and_options),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
