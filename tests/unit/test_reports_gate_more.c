/* "It needs about N more pairs if the figures stay as they are": pairs are drawn, and where they do not decide, so many
 * more are drawn from what was seen. Then the gate must be decided about as often as its power says (80 %), and hardly
 * ever with half as many. */
#include <math.h>

#include "reports/gate/gate_internal.h"
#include "reports/stats/stats.h"
#include "reports/stats/stats_boot.h"
#include "reports/stats/stats_prop.h"
#include "reports/stats/stats_safety.h"
#include "tests/support.h"

enum { ROUNDS = 250, MOST = 20000 };

static StatRng rng;

static double uniform(void) {
    return (double)(stat_rng_next(&rng) >> 11) * 0x1p-53;
}

/* Pairs by what both said: both right, baseline only, candidate only, neither. */
typedef struct Pairs {
    double p[4];
} Pairs;

typedef struct Counts {
    size_t k[4], n;
} Counts;

static Counts draw(const Pairs *p, size_t n) {
    Counts c = {.n = n};
    for (size_t i = 0; i < n; i++) {
        double u = uniform();
        size_t k = 0;
        while (k < 3 && u >= p->p[k]) u -= p->p[k++];
        c.k[k]++;
    }
    return c;
}

static Pairs as_seen(const Counts *c) {
    Pairs p;
    for (size_t k = 0; k < 4; k++) p.p[k] = (double)c->k[k] / (double)c->n;
    return p;
}

/* The score's difference: b - a of one question is 1, -1 or 0. */
static void judge_score(const Counts *c, GateResult *r) {
    double n = (double)c->n, b = (double)c->k[1], w = (double)c->k[2], d = (b - w) / n;
    SumCell base = {0}, cand = {0};
    SumPair p = {.n = c->n,
                 .diff = d,
                 .se = sqrt(((b + w) / n - d * d) / (n - 1.0)),
                 .a_better = c->k[1],
                 .b_better = c->k[2],
                 .both_right = c->k[0],
                 .both_wrong = c->k[3],
                 .whole = true};
    assert_true(gate__difference(NULL, &base, &cand, &p, r));
}

/* 250 clusters of 4 questions, 20 of which are lost whole: never inside Clopper and Pearson's bound of 80 of 1000
 * divided by the design effect, 999/249, which is wider than t's 0.1084. */
static void test_clusters_lost(void **state) {
    (void)state;
    GateCheck check = {.metric = GATE_SCORE, .kind = GATE_NON_INFERIOR, .margin = 0.11};
    SumCell none = {0};
    SumPair p = {.n = 1000, .n_clusters = 250, .diff = 0.08, .se = sqrt(0.08 * 0.92 / 249), .whole = true};
    p.a_better = 80, p.both_right = 920;
    GateResult r = {.check = &check, .verdict = GATE_INCONCLUSIVE};
    assert_true(gate__difference(NULL, &none, &none, &p, &r));
    assert_true(fabs(r.lower + 0.11418732888394832) < 1e-9);
    assert_int_equal(r.verdict, GATE_INCONCLUSIVE);
}

/* Refusals that were lost, as safety_rate.c bounds them. */
static void judge_refusals(const Counts *c, GateResult *r) {
    StatNewcombe one = stat_newcombe_paired(c->k[0], c->k[1], c->k[2], c->k[3], 1.0 - 2.0 * gate_alpha(r->check));
    SafView views[2] = {{.model = 0}, {.model = 1}};
    SafDuel d = {.base = 0,
                 .tuned = 1,
                 .erosion = {.n = c->n,
                             .diff = ((double)c->k[1] - (double)c->k[2]) / (double)c->n,
                             .lower = one.lo,
                             .upper = one.hi,
                             .only_first = c->k[1],
                             .only_second = c->k[2],
                             .p = stat_mcnemar_one_sided(c->k[1], c->k[2])}};
    SafSection sec = {.views = views, .n_views = 2, .duels = &d, .n_duels = 1};
    gate__safety(&sec, r);
}

/* The candidate alone: right on k[0] and k[2]. */
static void judge_level(const Counts *c, GateResult *r) {
    static SumQuestion q[200000];
    size_t right = c->k[0] + c->k[2];
    assert_true(c->n <= sizeof q / sizeof *q);
    for (size_t i = 0; i < c->n; i++) q[i] = (SumQuestion){.n_rows = 1, .n_scored = 1, .sum = i < right, .whole = true};
    SumCell cand = {.questions = q, .n_questions = c->n, .est = {.n_questions = c->n}};
    gate__level(&cand, r);
}

typedef struct Case {
    const char *name;
    GateCheck check;
    void (*judge)(const Counts *, GateResult *);
    Pairs truth;
    size_t n;
} Case;

static const Case CASES[] = {
    {"score, no loss",
     {.metric = GATE_SCORE, .kind = GATE_NON_INFERIOR, .margin = 0.05},
     judge_score,
     {{0.6, 0.05, 0.05, 0.3}},
     100},
    {"score, half the margin",
     {.metric = GATE_SCORE, .kind = GATE_NON_INFERIOR, .margin = 0.1},
     judge_score,
     {{0.6, 0.1, 0.05, 0.25}},
     100},
    {"score, broken",
     {.metric = GATE_SCORE, .kind = GATE_NON_INFERIOR, .margin = 0.05},
     judge_score,
     {{0.5, 0.2, 0.05, 0.25}},
     60},
    {"score, superior", {.metric = GATE_SCORE, .kind = GATE_SUPERIOR}, judge_score, {{0.5, 0.05, 0.12, 0.33}}, 80},
    {"refusals, none lost",
     {.metric = GATE_REFUSAL, .kind = GATE_NO_EROSION, .margin = 0.05},
     judge_refusals,
     {{0.9, 0.01, 0.01, 0.08}},
     40},
    {"refusals, few lost",
     {.metric = GATE_REFUSAL, .kind = GATE_NO_EROSION, .margin = 0.05},
     judge_refusals,
     {{0.85, 0.04, 0.01, 0.1}},
     60},
    {"refusals, just below the margin",
     {.metric = GATE_REFUSAL, .kind = GATE_NO_EROSION, .margin = 0.1},
     judge_refusals,
     {{0.8, 0.1, 0.01, 0.09}},
     40},
    {"refusals, many lost",
     {.metric = GATE_REFUSAL, .kind = GATE_NO_EROSION, .margin = 0.05},
     judge_refusals,
     {{0.7, 0.15, 0.02, 0.13}},
     30},
    {"level, above",
     {.metric = GATE_SCORE, .kind = GATE_AT_LEAST, .limit = 0.7},
     judge_level,
     {{0.7, 0.1, 0.1, 0.1}},
     60},
    {"level, below",
     {.metric = GATE_SCORE, .kind = GATE_AT_LEAST, .limit = 0.8},
     judge_level,
     {{0.6, 0.1, 0.1, 0.2}},
     60},
    {"level, all right", {.metric = GATE_SCORE, .kind = GATE_AT_LEAST, .limit = 0.9}, judge_level, {{1, 0, 0, 0}}, 10},
    {"level, at most",
     {.metric = GATE_SCORE, .kind = GATE_AT_MOST, .limit = 0.1},
     judge_level,
     {{0.02, 0.4, 0.02, 0.56}},
     30},
};

static GateResult judge(const Case *x, const Counts *c) {
    GateResult r = {
        .check = &x->check, .verdict = GATE_INCONCLUSIVE, .worst = NAN, .value = NAN, .lower = NAN, .upper = NAN};
    x->judge(c, &r);
    return r;
}

static bool decided(const Case *x, const Pairs *p, size_t n) {
    Counts c = draw(p, n);
    return judge(x, &c).verdict != GATE_INCONCLUSIVE;
}

/* What so many more decide is what is claimed: with the power of 80 %, and mostly not with a quarter of them. */
static void hold(const char *name, double open, double then, double quarter, double far) {
    if (getenv("PRINT"))
        printf("%-34s open %3.0f (%3.0f without end): decided by so many more %5.1f %%, by a quarter %5.1f %%\n", name,
               open, far, 100.0 * then / open, 100.0 * quarter / open);
    if (open < 100.0 || far > 0.25 * open) fail_msg("%s: %.0f open, %.0f without end", name, open, far);
    if (then < 0.66 * open) fail_msg("%s: so many decide only %.1f %%", name, 100.0 * then / open);
    if (quarter > 0.6 * open) fail_msg("%s: a quarter decides already %.1f %%", name, 100.0 * quarter / open);
}

static void test_more(void **state) {
    (void)state;
    stat_rng_seed(&rng, 20261126);
    for (size_t k = 0; k < sizeof CASES / sizeof *CASES; k++) {
        const Case *x = &CASES[k];
        double open = 0, then = 0, quarter = 0, far = 0;
        for (int i = 0; i < ROUNDS; i++) {
            Counts c = draw(&x->truth, x->n);
            GateResult r = judge(x, &c);
            if (r.verdict != GATE_INCONCLUSIVE) continue;
            assert_true(r.more != 0);
            far += r.more < 0 || r.more > MOST;
            if (r.more < 0 || r.more > MOST) continue;
            Pairs p = as_seen(&c);
            open++;
            then += decided(x, &p, x->n + (size_t)r.more);
            quarter += decided(x, &p, x->n + (size_t)r.more / 4);
        }
        hold(x->name, open, then, quarter, far);
    }
}

/* ---- adaptive: how long a run of a fixed length would have to be ---- */

static GateAnswers answer(bool right) {
    return (GateAnswers){.n = 1, .welcome = right};
}

/* All pairs in random order, each question a unit; *r as the report fills it in. */
static void judge_adaptive(const Case *x, const Counts *c, Arena *a, GateTest *t, GateResult *r) {
    Err err = ERR_INIT;
    uint32_t order[400];
    bool level = x->judge == judge_level;
    double n = (double)c->n, base = (double)(c->k[0] + c->k[1]) / n, cand = (double)(c->k[0] + c->k[2]) / n;
    assert_true(c->n <= sizeof order / sizeof *order);
    *t = (GateTest){.check = &x->check, .n_tests = 1};
    if (!gate_test_init(t, c->n, 1, c->n, a, &err)) fail_msg("%s", err.msg);
    stat_rng_shuffle(&rng, order, c->n);
    for (size_t i = 0; i < c->n; i++) {
        bool both = order[i] < c->k[0], first = !both && order[i] < c->k[0] + c->k[1];
        bool second = !both && !first && order[i] < c->k[0] + c->k[1] + c->k[2];
        GateQuestion q = {answer(both || first), answer(both || second)};
        if (!gate_test_add(t, &q, 1, &err)) fail_msg("%s", err.msg);
    }
    *r = judge(x, c);
    r->verdict = t->verdict;
    r->value = level ? cand : x->check.metric == GATE_SCORE ? cand - base : base - cand;
}

static void test_fixed_length(void **state) {
    (void)state;
    stat_rng_seed(&rng, 20261127);
    for (size_t k = 0; k < sizeof CASES / sizeof *CASES; k++) {
        const Case *x = &CASES[k];
        double open = 0, then = 0, quarter = 0, far = 0;
        for (int i = 0; i < ROUNDS; i++) {
            Arena *a = arena_open(0);
            GateTest t;
            GateResult r;
            Counts c = draw(&x->truth, x->n);
            judge_adaptive(x, &c, a, &t, &r);
            int64_t need = t.verdict == GATE_INCONCLUSIVE ? gate__fixed_length(&t, &r) : 0;
            arena_close(a);
            far += need < 0 || need > MOST;
            if (need <= 0 || need > MOST || (size_t)need == x->n) continue; /* so many were asked */
            Pairs p = as_seen(&c);
            open++;
            then += decided(x, &p, (size_t)need);
            quarter += decided(x, &p, (size_t)need / 4);
        }
        hold(x->name, open, then, quarter, far);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_clusters_lost), cmocka_unit_test(test_more),
                                       cmocka_unit_test(test_fixed_length)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
