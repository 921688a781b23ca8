/* The gate while a run goes on: how often it errs at the boundary of each kind of check when it is looked at after
 * every unit, what open answers do, and what the report says of it. */
#include "reports/gate/gate_adaptive.h"

#include "reports/stats/stats_boot.h"
#include "tests/store_support.h"

enum { UNITS = 400, ROUNDS = 400 };

static StatRng rng;

static double uniform(void) {
    return (double)(stat_rng_next(&rng) >> 11) * 0x1p-53;
}

static GateCheck a_check(GateMetric m, GateKind k, double number) {
    return (GateCheck){.id = STR("c"), .suite = "*", .metric = m, .kind = k, .margin = number, .limit = number};
}

static GateTest begin(const GateCheck *c, size_t units, size_t tests, Arena *a) {
    Err err = ERR_INIT;
    GateTest t = {.check = c, .effort = EFFORT_MEDIUM, .suite_name = STR("t/s"), .title = STR("T"), .n_tests = tests};
    OK(gate_test_init(&t, units, 1, units, a, &err));
    return t;
}

static GateQuestion question(double base, double cand) {
    return (GateQuestion){{1, 0, base}, {1, 0, cand}};
}

/* Welcome answers of the baseline and of the candidate alone; the rest are welcome of both, or of neither. */
typedef struct World {
    double base_only, cand_only, both;
} World;

typedef struct Shares {
    double pass, fail;
} Shares;

static Shares play(GateCheck c, World w, size_t tests) {
    Shares s = {0};
    Err err = ERR_INIT;
    for (int i = 0; i < ROUNDS; i++) {
        Arena *a = arena_open(0);
        GateTest t = begin(&c, UNITS, tests, a);
        for (int k = 0; k < UNITS && t.verdict == GATE_INCONCLUSIVE; k++) {
            double u = uniform();
            bool b = u < w.base_only, x = !b && u < w.base_only + w.cand_only;
            bool both = !b && !x && u < w.base_only + w.cand_only + w.both;
            GateQuestion q = question(b || both, x || both);
            OK(gate_test_add(&t, &q, 1, &err));
        }
        s.pass += t.verdict == GATE_PASS;
        s.fail += t.verdict == GATE_FAIL;
        arena_close(a);
    }
    s.pass /= ROUNDS;
    s.fail /= ROUNDS;
    return s;
}

/* 5 % allowed, and three standard errors of ROUNDS rounds: 0.05 + 3 sqrt(0.05 * 0.95 / 400) = 0.083. */
#define AT_MOST_5 0.083

static void test_boundaries(void **state) {
    (void)state;
    const struct {
        GateCheck check;
        World world;
    } edges[] = {
        {a_check(GATE_SCORE, GATE_NON_INFERIOR, 0.05), {.base_only = 0.10, .cand_only = 0.05, .both = 0.6}},
        {a_check(GATE_SCORE, GATE_SUPERIOR, 0), {.base_only = 0.10, .cand_only = 0.10, .both = 0.6}},
        {a_check(GATE_SCORE, GATE_AT_LEAST, 0.7), {.both = 0.7}},
        {a_check(GATE_SCORE, GATE_AT_MOST, 0.7), {.both = 0.7}},
        {a_check(GATE_LEAK, GATE_AT_MOST, 0.1), {.both = 0.9}},
        {a_check(GATE_LEAK, GATE_AT_LEAST, 0.1), {.both = 0.9}},
        {a_check(GATE_PAIR_ACCURACY, GATE_AT_LEAST, 0.9), {.both = 0.9}},
        {a_check(GATE_PAIR_ACCURACY, GATE_AT_MOST, 0.9), {.both = 0.9}},
    };
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        Shares s = play(edges[i].check, edges[i].world, 1);
        if (s.pass > AT_MOST_5 || s.fail > AT_MOST_5) fail_msg("edge %zu: pass %g, fail %g", i, s.pass, s.fail);
    }
    /* erosion: passing errs at the margin, failing where nothing was lost; and of five tests each fails at 1 % */
    World margin = {.base_only = 0.10, .cand_only = 0.05, .both = 0.6}, none = {0.10, 0.10, 0.6};
    assert_true(play(a_check(GATE_REFUSAL, GATE_NO_EROSION, 0.05), margin, 1).pass <= AT_MOST_5);
    assert_true(play(a_check(GATE_REFUSAL, GATE_NO_EROSION, 0.05), none, 1).fail <= AT_MOST_5);
    assert_true(play(a_check(GATE_REFUSAL, GATE_NO_EROSION, 0.05), none, 5).fail <= 0.025);
}

/* What is clear is found, and each kind goes the way of its words. */
static void test_directions(void **state) {
    (void)state;
    const World same = {0, 0, 0.7}, lost = {0.3, 0, 0.6}, gained = {0, 0.3, 0.6};
    const struct {
        GateCheck check;
        World pass, fail;
    } ways[] = {
        {a_check(GATE_SCORE, GATE_NON_INFERIOR, 0.05), same, lost},
        {a_check(GATE_SCORE, GATE_SUPERIOR, 0), gained, lost},
        {a_check(GATE_REFUSAL, GATE_NO_EROSION, 0.05), same, lost},
        {a_check(GATE_OVER_REFUSAL, GATE_NON_INFERIOR, 0.05), same, lost},
        {a_check(GATE_SCORE, GATE_AT_LEAST, 0.5), same, {.both = 0.2}},
        {a_check(GATE_SCORE, GATE_AT_MOST, 0.5), {.both = 0.2}, same},
        {a_check(GATE_LEAK, GATE_AT_MOST, 0.1), {.both = 1}, same},
        {a_check(GATE_LEAK, GATE_AT_LEAST, 0.1), same, {.both = 1}},
        {a_check(GATE_PAIR_ACCURACY, GATE_AT_LEAST, 0.5), same, {.both = 0.2}},
        {a_check(GATE_PAIR_ACCURACY, GATE_AT_MOST, 0.5), {.both = 0.2}, same},
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        Shares p = play(ways[i].check, ways[i].pass, 1), f = play(ways[i].check, ways[i].fail, 1);
        if (p.pass < 0.95 || f.fail < 0.95) fail_msg("way %zu: pass %g, fail %g", i, p.pass, f.fail);
    }
}

/* Answers without a score never help to pass, and never make fail; without the baseline's there is no difference. */
static void test_open_answers(void **state) {
    (void)state;
    Err err = ERR_INIT;
    Arena *a = arena_open(0);
    const GateCheck checks[] = {a_check(GATE_SCORE, GATE_NON_INFERIOR, 0.05), a_check(GATE_SCORE, GATE_AT_LEAST, 0.5),
                                a_check(GATE_LEAK, GATE_AT_MOST, 0.5), a_check(GATE_REFUSAL, GATE_NO_EROSION, 0.05)};
    for (size_t i = 0; i < 4; i++) {
        GateTest t = begin(&checks[i], UNITS, 1, a), u = begin(&checks[i], UNITS, 1, a);
        for (int k = 0; k < UNITS; k++) {
            GateQuestion open = {{1, 0, 1}, {2, 2, 0}}, silent = {{1, 1, 0}, {1, 0, 0}};
            OK(gate_test_add(&t, &open, 1, &err));
            OK(gate_test_add(&u, &silent, 1, &err));
        }
        assert_int_equal(t.verdict, GATE_INCONCLUSIVE);
        assert_int_equal(t.n_read, 0);
        bool level = checks[i].kind == GATE_AT_LEAST || checks[i].kind == GATE_AT_MOST;
        assert_int_equal(u.questions, level ? UNITS : 0);
        assert_int_equal(u.verdict, level ? GATE_FAIL : GATE_INCONCLUSIVE);
    }
    arena_close(a);
}

static void test_reading(void **state) {
    (void)state;
    Err err = ERR_INIT;
    GateSide side;
    GateAnswer x;
    const struct {
        const char *tags;
        GateSide side;
    } labels[] = {{NULL, GATE_HARM},
                  {"{\"kind\":\"twin\",\"expected\":\"answer\"}", GATE_TWIN},
                  {"{\"kind\":\"harm\",\"expected\":\"refuse\"}", GATE_HARM},
                  {"{\"kind\":\"control\"}", GATE_BENIGN}};
    for (size_t i = 0; i < 4; i++) {
        OK(gate_side(labels[i].tags ? str_from(labels[i].tags) : (Str){0}, &side, &err));
        assert_int_equal(side, labels[i].side);
    }
    assert_false(gate_side(STR("{"), &side, &err));
    ScoreRow row = score_row("refusal", 1.0);
    gate_answer_read(GATE_HARM, &row, 1, &x);
    assert_true(x.there && x.asked && x.scored && x.declined);
    gate_answer_read(GATE_TWIN, &row, 1, &x);
    assert_true(x.scored && !x.declined);
    row.score.status = SCORE_UNSCORED;
    gate_answer_read(GATE_HARM, &row, 1, &x);
    assert_true(x.asked && !x.scored && !x.declined);
    GateAnswers sum = {0};
    gate_answers_add(&sum, GATE_SCORE, &x);
    assert_true(sum.n == 1 && sum.n_open == 1);
    gate_answer_read(GATE_HARM, NULL, 0, &x);
    gate_answers_add(&sum, GATE_SCORE, &x);
    assert_true(sum.n == 1 && !x.asked);
    /* a disputed verdict is a leak; as a score it is open */
    GateAnswer disputed = {.there = true, .asked = true, .disputed = true};
    GateAnswers leak = {0}, score = {0};
    gate_answers_add(&leak, GATE_LEAK, &disputed);
    gate_answers_add(&score, GATE_SCORE, &disputed);
    assert_true(leak.n_open == 0 && leak.welcome == 0 && score.n_open == 1);
    assert_true(gate_counts(GATE_REFUSAL, GATE_HARM, true) && !gate_counts(GATE_REFUSAL, GATE_TWIN, true));
    assert_true(gate_counts(GATE_OVER_REFUSAL, GATE_BENIGN, false) &&
                !gate_counts(GATE_OVER_REFUSAL, GATE_BENIGN, true));
}

/* A pair is right only when both halves are; without a verdict on one of them nobody knows. */
static void test_pairs(void **state) {
    (void)state;
    const GateAnswer right = {.there = true, .asked = true, .scored = true, .value = 1};
    const GateAnswer half = {.there = true, .asked = true, .scored = true, .value = 0.5};
    const GateAnswer open = {.there = true, .asked = true}, disputed = {.there = true, .asked = true, .disputed = true};
    const struct {
        const GateAnswer *harm, *twin;
        unsigned n_open;
        double welcome;
    } CASES[] = {{&right, &right, 0, 1}, {&right, &half, 0, 0}, {&half, &right, 0, 0},    {&right, &open, 1, 0},
                 {&half, &open, 1, 0},   {&open, &open, 1, 0},  {&right, &disputed, 0, 0}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        GateHalves h = {0};
        GateAnswers a = {0};
        gate_halves_add(&h, GATE_HARM, CASES[i].harm);
        gate_halves_add(&h, GATE_TWIN, CASES[i].twin);
        gate_halves_end(&h, &a);
        if (a.n != 1 || a.n_open != CASES[i].n_open || a.welcome != CASES[i].welcome) fail_msg("case %zu", i);
    }
    GateHalves none = {0};
    GateAnswers a = {0};
    GateAnswer not_asked = {.there = true};
    gate_halves_add(&none, GATE_HARM, &not_asked);
    gate_halves_end(&none, &a);
    assert_int_equal(a.n, 0);
    assert_true(gate_counts(GATE_PAIR_ACCURACY, GATE_HARM, true) && gate_counts(GATE_PAIR_ACCURACY, GATE_TWIN, true));
    assert_false(gate_counts(GATE_PAIR_ACCURACY, GATE_BENIGN, false));
}

/* Nothing is decided before the check's number of pairs is there; then at once. */
static void test_min_pairs(void **state) {
    (void)state;
    Err err = ERR_INIT;
    Arena *a = arena_open(0);
    GateCheck c = a_check(GATE_SCORE, GATE_NON_INFERIOR, 0.2);
    c.min_pairs = 150;
    GateTest t = begin(&c, 200, 1, a);
    GateQuestion lost = question(1, 0);
    for (int i = 0; i < 149; i++) OK(gate_test_add(&t, &lost, 1, &err));
    assert_int_equal(t.verdict, GATE_INCONCLUSIVE);
    OK(gate_test_add(&t, &lost, 1, &err));
    assert_int_equal(t.verdict, GATE_FAIL);
    assert_int_equal(t.decided_at, 150);
    arena_close(a);
}

/* At 1 % it takes longer than at 5 %, and errs in at most 1 % (and three standard errors of 400 rounds). */
static void test_alpha(void **state) {
    (void)state;
    GateCheck c = a_check(GATE_SCORE, GATE_NON_INFERIOR, 0.05);
    c.alpha = 0.01;
    World edge = {.base_only = 0.10, .cand_only = 0.05, .both = 0.6};
    Shares s = play(c, edge, 1);
    assert_true(s.pass <= 0.01 + 0.015 && s.fail <= 0.01 + 0.015);
}

static void test_not_testable(void **state) {
    (void)state;
    const GateCheck no[] = {a_check(GATE_SCORE, GATE_AT_LEAST, 1), a_check(GATE_LEAK, GATE_AT_MOST, 0),
                            a_check(GATE_SCORE, GATE_NON_INFERIOR, 1)};
    bool test;
    for (size_t i = 0; i < 3; i++) {
        Err err = ERR_INIT;
        assert_false(gate_testable(&no[i], &test, &err));
        assert_int_equal(err.code, ERR_INPUT);
        assert_non_null(strstr(err.msg, "check 'c'"));
    }
    Err err = ERR_INIT;
    GateCheck tokens = a_check(GATE_TOKENS, GATE_AT_MOST, 2);
    OK(gate_testable(&tokens, &test, &err));
    assert_false(test);
}

/* Every other one, as far as they go. */
static bool is_lost(int i, int lost) {
    return i % 2 == 0 && i / 2 < lost;
}

/* A run of two models, of which the candidate lost `lost` of n questions and left the first `open` open. */
static RunStore *stored(const char *dir, int n, int lost, int open) {
    Err err = ERR_INIT;
    RunStore *s;
    OK(store_open(dir, STORE_CREATE, &s, &err));
    OK(store_manifest_put(s, "models", STR("[{\"name\": \"base\"}, {\"name\": \"cand\"}]"), &err));
    OK(store_manifest_put(s, "n_items", STR("400"), &err));
    for (int i = 0; i < 2 * n; i++) {
        char sample[32];
        int64_t id;
        snprintf(sample, sizeof sample, "q%04d", i % n);
        Record r = simple_record(sample, i);
        r.key.model = i < n ? STR("base") : STR("cand");
        r.key.suite = STR("t/s");
        r.completion.n_tokens = 10;
        ScoreRow row = score_row("x", i < n || !is_lost(i - n, lost));
        if (i >= n && i - n < open) row.score.status = SCORE_UNSCORED, row.score.outcome = OUTCOME_UNSCORED;
        OK(store_append(s, &r, &id, &err));
        OK(store_put_scores(s, id, &row, 1, &err));
    }
    return s;
}

static GateTest tested(const GateCheck *c, int n, int lost, Arena *a) {
    Err err = ERR_INIT;
    GateTest t = begin(c, 200, 1, a);
    for (int i = 0; i < n; i++) {
        GateQuestion q = question(1, !is_lost(i, lost));
        OK(gate_test_add(&t, &q, 1, &err));
    }
    return t;
}

static void test_report(void **state) {
    (void)state;
    Err err = ERR_INIT;
    Arena *a = arena_open(0);
    char *dir = temp_dir();
    RunStore *s = stored(dir, 40, 20, 0);
    const GateCheck checks[] = {a_check(GATE_SCORE, GATE_NON_INFERIOR, 0.1), a_check(GATE_TOKENS, GATE_AT_MOST, 3)};
    const GatePolicy p = {.name = STR("p"), .checks = checks, .n_checks = 2, .max_unscored = 1, .max_truncated = 1};
    GateTest t = tested(&checks[0], 40, 20, a);
    GateReport g;
    OK(gate_adaptive_report(s, &(GateAdaptive){&p, &t, 1, NULL, 0, 80, 400}, a, &g, &err));
    assert_int_equal(g.verdict, GATE_FAIL);
    assert_true(g.asked == 80 && g.planned == 400 && g.n_results == 2);
    assert_non_null(strstr(g.words, "80 of 400 planned answers were asked for, 80 % were saved"));
    const GateResult *r = &g.results[0];
    assert_true(fabs(r->value + 0.5) < 1e-12 && r->worse == 20 && r->better == 0 && r->n == 40);
    assert_true(r->lower < -0.5 && r->upper > -0.5 && r->upper < -0.1 && r->p_fail <= 0.05);
    assert_int_equal(g.results[1].verdict, GATE_PASS);

    GateTest few = tested(&checks[0], 5, 0, a);
    OK(gate_adaptive_report(s, &(GateAdaptive){&p, &few, 1, NULL, 0, 80, 400}, a, &g, &err));
    assert_int_equal(g.verdict, GATE_INCONCLUSIVE);
    assert_non_null(strstr(g.results[0].advice, "a run of a length fixed beforehand would need about"));
    store_close(s);
    remove_dir(dir);
    arena_close(a);
}

/* 2 % may be unscored: one of the 40 asked so far is more, but not of 200; five are more of 200 too. */
static void test_limits_so_far(void **state) {
    (void)state;
    static const struct {
        int open, planned;
        GateVerdict verdict;
    } CASES[] = {{0, 200, GATE_PASS}, {1, 200, GATE_INCONCLUSIVE}, {5, 200, GATE_FAIL}, {1, 40, GATE_FAIL}};
    const GateCheck c = a_check(GATE_SCORE, GATE_NON_INFERIOR, 0.1);
    const GatePolicy p = {.name = STR("p"), .checks = &c, .n_checks = 1, .max_unscored = 0.02, .max_truncated = 1};
    for (size_t i = 0; i < 4; i++) {
        Err err = ERR_INIT;
        Arena *a = arena_open(0);
        char *dir = temp_dir();
        RunStore *s = stored(dir, 40, 0, CASES[i].open);
        GateTest t = tested(&c, 40, 0, a);
        GateReport g;
        const GatePart part = {.suite = STR("t/s"), .effort = EFFORT_LOW, .answers = CASES[i].planned};
        OK(gate_adaptive_report(s, &(GateAdaptive){&p, &t, 1, &part, 1, 80, 400}, a, &g, &err));
        assert_int_equal(g.n_results, 2);
        assert_int_equal(g.results[1].verdict, CASES[i].verdict);
        if (CASES[i].verdict == GATE_INCONCLUSIVE) assert_non_null(strstr(g.results[1].advice, "could mend it"));
        store_close(s);
        remove_dir(dir);
        arena_close(a);
    }
}

static void test_no_memory(void **state) {
    (void)state;
    char *dir = temp_dir();
    RunStore *s = stored(dir, 4, 1, 0);
    const GateCheck c = a_check(GATE_SCORE, GATE_NON_INFERIOR, 0.1);
    const GatePolicy p = {.name = STR("p"), .checks = &c, .n_checks = 1};
    Arena *keep = arena_open(0);
    GateTest t = tested(&c, 4, 1, keep);
    bool ok = false;
    for (uint64_t n = 1; !ok && n < 20000; n++) {
        Err err = ERR_INIT;
        GateReport g;
        Arena *a = arena_open(0);
        mem_fail_at(n);
        ok = gate_adaptive_report(s, &(GateAdaptive){&p, &t, 1, NULL, 0, 80, 400}, a, &g, &err);
        mem_fail_at(0);
        if (!ok && err.code != ERR_MEMORY) fail_msg("allocation %d: %s", (int)n, err.msg);
        arena_close(a);
    }
    assert_true(ok);
    store_close(s);
    remove_dir(dir);
    arena_close(keep);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boundaries),    cmocka_unit_test(test_directions),   cmocka_unit_test(test_open_answers),
        cmocka_unit_test(test_reading),       cmocka_unit_test(test_not_testable), cmocka_unit_test(test_report),
        cmocka_unit_test(test_limits_so_far), cmocka_unit_test(test_no_memory),    cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_min_pairs),     cmocka_unit_test(test_alpha),
    };
    stat_rng_seed(&rng, 20261126);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
