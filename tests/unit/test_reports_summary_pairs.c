/* Model against model: exact tests where few differ, bounds by open answers, groups, all suites together; against hand
 * counts. */
#include "tests/report_fixture.h"

#include "reports/compare/compare.h"
#include "reports/stats/stats.h"

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        if (!(call)) fail_msg("%s: %s", #call, err.msg);                                                               \
    } while (0)
#define NEAR(got, want)                                                                                                \
    do {                                                                                                               \
        double g_ = (got), w_ = (want);                                                                                \
        if (!(fabs(g_ - w_) <= 1e-12)) fail_msg("%s = %.17g, expected %.17g", #got, g_, w_);                           \
    } while (0)

/* ---- a run by hand: questions one after the other, x and y answer each ---- */

typedef struct Made {
    RunStore *store;
    const char *suite, *group, *cluster;
    int n;
} Made;

static void answer(Made *m, const char *model, double v, CompletionStatus status, int epoch) {
    Err err = ERR_INIT;
    char id[16];
    int64_t record;
    bool scored = !isnan(v);
    snprintf(id, sizeof id, "q%04d", m->n);
    Record r = {.key = {str_from(model), str_from(m->suite), str_from(id), EFFORT_LOW, epoch},
                .ordinal = m->n,
                .group = m->group ? str_from(m->group) : (Str){0},
                .cluster = m->cluster ? str_from(m->cluster) : (Str){0},
                .completion = {.status = status, .n_tokens = 1}};
    ScoreRow row = {STR("exact"),
                    STR("1"),
                    {.status = scored ? SCORE_SCORED : SCORE_UNSCORED,
                     .value = scored ? v : 0.0,
                     .margin = NAN,
                     .outcome = !scored    ? OUTCOME_UNSCORED
                                : v == 1.0 ? OUTCOME_CORRECT
                                           : OUTCOME_WRONG}};
    OK(store_append(m->store, &r, &record, &err));
    OK(store_put_scores(m->store, record, &row, 1, &err));
}

/* n questions on which x scores a and y scores b. */
static void ask(Made *m, int n, double a, double b) {
    for (int i = 0; i < n; i++, m->n++) {
        answer(m, "x", a, COMPLETION_OK, 1);
        answer(m, "y", b, COMPLETION_OK, 1);
    }
}

static void with_run(void (*fill)(Made *), void (*check)(const Summary *)) {
    Err err = ERR_INIT;
    Made m = {.suite = "s"};
    char *dir = fixture_dir();
    Arena *a = arena_open(0);
    Summary sum;
    OK(store_open(dir, STORE_CREATE, &m.store, &err));
    fill(&m);
    OK(summary_build(m.store, a, &sum, &err));
    check(&sum);
    store_close(m.store);
    arena_close(a);
    fixture_remove(dir);
}

/* ---- exact tests ---- */

/* Four of 120 differ, all one way: 2 of 16 patterns. The z test would claim p = 0.044. */
static void fill_few(Made *m) {
    ask(m, 116, 0.5, 0.5);
    ask(m, 4, 1.0, 0.5);
}

static void check_few(const Summary *s) {
    const SumPair *p = &s->pairs[0];
    assert_string_equal(p->p_method, "sign flip");
    NEAR(p->p, 2.0 / 16);
    assert_int_equal(p->verdict, SUM_CANNOT_TELL);
    assert_string_equal(p->method, "paired normal");
    assert_true(p->lo > 0.0); /* which alone would have said: ahead */
}

/* One more than can be tried, and of different sizes: the t test. */
static void fill_many(Made *m) {
    ask(m, 20, 1.0, 0.5);
    ask(m, 1, 0.75, 0.5);
    ask(m, 9, 0.5, 0.5);
}

static void check_many(const Summary *s) {
    double d[30] = {0};
    for (int i = 0; i < 21; i++) d[i] = i < 20 ? 0.5 : 0.25;
    StatMean t = stat_mean(d, 30, 0.95);
    assert_string_equal(s->pairs[0].p_method, "paired t");
    NEAR(s->pairs[0].p, stat_t_two_sided(t.mean / t.se, 29));
    NEAR(s->pairs[0].lo, t.t.lo);
}

/* All differ by a third, on paper: no spread, so no interval of width zero and no certainty from three questions. */
static void fill_thirds(Made *m) {
    ask(m, 1, 1.0, 2.0 / 3);
    ask(m, 1, 2.0 / 3, 1.0 / 3);
    ask(m, 1, 1.0 / 3, 0.0);
}

static void check_thirds(const Summary *s) {
    const SumPair *p = &s->pairs[0];
    double u = 1.0 - pow(0.025, 1.0 / 3); /* so many could be otherwise: 0 of 3, one-sided 97.5 % */
    assert_string_equal(p->method, "all alike");
    NEAR(p->lo, 1.0 / 3 - u * 4 / 3);
    NEAR(p->hi, 1.0 / 3 + u * 2 / 3);
    assert_string_equal(p->p_method, "sign flip");
    NEAR(p->p, 0.25);
    NEAR(p->diff, 1.0 / 3);
    assert_int_equal(p->verdict, SUM_CANNOT_TELL);
    assert_non_null(strstr(p->sentence, "These 3 questions are too few to show any difference."));
}

/* More than can be tried, but alike: two of 2^30. */
static void fill_alike(Made *m) {
    ask(m, 30, 2.0 / 3, 1.0 / 3);
}

static void check_alike(const Summary *s) {
    NEAR(s->pairs[0].p * ldexp(1.0, 29), 1.0);
    assert_int_equal(s->pairs[0].verdict, SUM_A_AHEAD);
    assert_true(s->pairs[0].lo > 0.0 && s->pairs[0].hi < 1.0);
    assert_non_null(strstr(s->pairs[0].sentence, "x is better than y by 33 points (95 % interval 18 to 41)."));
}

/* Clusters of unequal size, each wholly lost: sums 3, 2, 1 of one sign, 2 of 8 patterns. */
static void fill_clusters(Made *m) {
    static const char *const NAMES[] = {"a", "b", "c"};
    for (int i = 0; i < 3; i++) m->cluster = NAMES[i], ask(m, 3 - i, 0.0, 1.0);
}

static void check_clusters(const Summary *s) {
    assert_int_equal(s->pairs[0].n_clusters, 3);
    assert_string_equal(s->pairs[0].p_method, "sign flip");
    NEAR(s->pairs[0].p, 0.25);
    NEAR(s->pairs[0].hi, -1.0 + 2 * (1.0 - pow(0.025, 1.0 / 3))); /* of clusters, not of questions */
    NEAR(s->pairs[0].lo, -1.0);
    assert_int_equal(s->pairs[0].verdict, SUM_CANNOT_TELL);
}

/* Sums 3, 1, 0, -1: of the eight patterns of 3, 1 and 1 with the first sign held, three reach 3 (a cluster without a
 * difference changes nothing), and their mirror images. */
static void fill_mixed(Made *m) {
    m->cluster = "a", ask(m, 3, 1.0, 0.0);
    m->cluster = "b", ask(m, 1, 1.0, 0.0), ask(m, 1, 1.0, 1.0);
    m->cluster = "c", ask(m, 2, 0.0, 0.0);
    m->cluster = "d", ask(m, 1, 0.0, 1.0), ask(m, 2, 1.0, 1.0);
}

static void check_mixed(const Summary *s) {
    NEAR(s->pairs[0].diff, 3.0 / 10);
    NEAR(s->pairs[0].p, 6.0 / 8);
    assert_string_equal(s->pairs[0].method, "clustered t");
}

/* All in one cluster, and one question alone: no test, no interval, and words that say why. */
static void fill_together(Made *m) {
    m->cluster = "a", ask(m, 5, 1.0, 0.0);
}

static void check_together(const Summary *s) {
    assert_true(isnan(s->pairs[0].p) && !s->pairs[0].method && isnan(s->pairs[0].mde));
    assert_int_equal(s->pairs[0].verdict, SUM_CANNOT_TELL);
    assert_non_null(strstr(s->pairs[0].sentence, "These 5 questions belong together"));
}

static void fill_alone(Made *m) {
    ask(m, 1, 1.0, 0.0);
}

static void check_alone(const Summary *s) {
    assert_int_equal(s->pairs[0].verdict, SUM_CANNOT_TELL);
    NEAR(s->pairs[0].p, 0.5);
    assert_true(isnan(s->pairs[0].mde));
    assert_non_null(strstr(s->pairs[0].sentence, "One question says nothing about others."));
    assert_null(strstr(s->pairs[0].sentence, "nan"));
}

static void test_exact(void **state) {
    (void)state;
    with_run(fill_few, check_few);
    with_run(fill_many, check_many);
    with_run(fill_thirds, check_thirds);
    with_run(fill_alike, check_alike);
    with_run(fill_clusters, check_clusters);
    with_run(fill_mixed, check_mixed);
    with_run(fill_together, check_together);
    with_run(fill_alone, check_alone);
}

/* ---- bounds ---- */

/* Ten questions: five right of both, two right of x alone; x has one cut off, y one unscored and one cut off. */
static void fill_open(Made *m) {
    ask(m, 5, 1.0, 1.0);
    ask(m, 2, 1.0, 0.0);
    answer(m, "x", 0.0, COMPLETION_LENGTH, 1), answer(m, "y", 1.0, COMPLETION_OK, 1), m->n++;
    answer(m, "x", 0.0, COMPLETION_OK, 1), answer(m, "y", NAN, COMPLETION_OK, 1), m->n++;
    answer(m, "x", 1.0, COMPLETION_OK, 1), answer(m, "y", 0.0, COMPLETION_LENGTH, 1), m->n++;
    answer(m, "x", 1.0, COMPLETION_OK, 1), m->n++; /* y was never asked: outside of all bounds */
}

static void check_open(const Summary *s) {
    const SumPair *p = &s->pairs[0];
    assert_int_equal(p->n, 9); /* the unscored one is matched with nothing */
    assert_int_equal(p->n_unmatched, 2);
    NEAR(p->diff, 2.0 / 9);         /* cut off answers are scored as they stand */
    NEAR(p->bound_wrong, 2.0 / 10); /* x 8 of 10, y 6 */
    NEAR(p->bound_right, 1.0 / 10); /* x 9, y 8 */
    NEAR(p->bound_lo, 0.0);         /* x 8, y 8 */
    NEAR(p->bound_hi, 3.0 / 10);    /* x 9, y 6 */
    assert_non_null(strstr(p->sentence,
                           "x minus y would be +20 points if all of them were wrong, +10 if all were right, "
                           "and in any case between 0.0 and +30."));
}

/* Repeats: half of an answer is open. */
static void fill_halves(Made *m) {
    answer(m, "x", 1.0, COMPLETION_OK, 1), answer(m, "x", 0.0, COMPLETION_LENGTH, 2);
    answer(m, "y", 1.0, COMPLETION_OK, 1), answer(m, "y", 1.0, COMPLETION_OK, 2), m->n++;
}

static void check_halves(const Summary *s) {
    NEAR(s->pairs[0].bound_lo, -0.5);
    NEAR(s->pairs[0].bound_hi, 0.0);
    NEAR(s->pairs[0].bound_wrong, -0.5);
    NEAR(s->pairs[0].bound_right, 0.0);
}

static void check_decided(const Summary *s) {
    const SumPair *p = &s->pairs[0];
    NEAR(p->bound_lo, p->diff);
    NEAR(p->bound_hi, p->diff);
    assert_null(strstr(p->sentence, "open answers"));
}

static void test_bounds(void **state) {
    (void)state;
    with_run(fill_open, check_open);
    with_run(fill_halves, check_halves);
    with_run(fill_alike, check_decided);
}

/* ---- groups ---- */

static void fill_groups(Made *m) {
    m->group = "deep", ask(m, 12, 0.0, 1.0), ask(m, 2, 1.0, 1.0);
    m->group = "flat", ask(m, 3, 1.0, 0.0), ask(m, 2, 0.0, 1.0), ask(m, 10, 1.0, 1.0);
    m->group = "tiny", ask(m, 1, 0.0, 1.0);
    m->group = NULL, ask(m, 4, 1.0, 1.0); /* of no group: in the pair alone */
}

/* p by McNemar's mid-p, adjusted over the three together: the middle one and the largest share the larger. */
static void check_groups(const Summary *s) {
    const SumPair *p = &s->pairs[0];
    assert_int_equal(p->n, 34);
    assert_int_equal(p->n_groups, 3);
    const SumPairGroup *deep = &p->groups[0], *flat = &p->groups[1], *tiny = &p->groups[2];
    assert_true(str_eqz(deep->name, "deep") && str_eqz(flat->name, "flat") && str_eqz(tiny->name, "tiny"));
    assert_int_equal(deep->n, 14);
    assert_int_equal(deep->b_better, 12);
    NEAR(deep->diff, -12.0 / 14);
    NEAR(deep->p, ldexp(1.0, -12)); /* 2/2^12 less half of it */
    NEAR(deep->p_adjusted, 3 * deep->p);
    assert_int_equal(deep->verdict, SUM_B_AHEAD);
    StatNewcombe w = stat_newcombe_paired(2, 0, 12, 0, 0.95);
    NEAR(deep->lo, w.lo);
    NEAR(deep->hi, w.hi);
    NEAR(flat->p, 1.0 - 10.0 / 32); /* 1 less P(X = 2) of Bin(5, 1/2) */
    NEAR(tiny->p, 0.5);
    NEAR(flat->p_adjusted, 22.0 / 32);
    NEAR(tiny->p_adjusted, 22.0 / 32); /* 3/2 * 0.5 is more than that of the last */
    assert_int_equal(flat->verdict, SUM_CANNOT_TELL);
    assert_true(isnan(tiny->mde));
}

static void fill_one_group(Made *m) {
    m->group = "all", ask(m, 12, 0.0, 1.0);
}

static void check_one_group(const Summary *s) {
    assert_int_equal(s->pairs[0].n_groups, 0);
}

static void test_groups(void **state) {
    (void)state;
    with_run(fill_groups, check_groups);
    with_run(fill_one_group, check_one_group);
}

/* ---- all suites together ---- */

static void fill_suites(Made *m) {
    m->suite = "one", ask(m, 30, 1.0, 0.0), ask(m, 10, 0.0, 1.0), ask(m, 60, 1.0, 1.0);
    m->suite = "two", ask(m, 6, 1.0, 0.0), ask(m, 4, 0.0, 0.0);
    m->suite = "three", ask(m, 5, 0.5, 0.5);
}

/* Means 0.2, 0.6 and 0: each suite counts alike, whatever its questions. The third shows no spread: at most
 * 1 - 0.05^(1/5) of its questions could differ. Degrees of freedom by Satterthwaite's formula. */
static void check_suites(const Summary *s) {
    Compare c = {0};
    assert_true(compare__overall(s, &c));
    assert_int_equal(c.n_overall, 1);
    const CmpOverall *o = &c.overall[0];
    double v1 = (40.0 - 100 * 0.04) / 99 / 100, v2 = (6.0 - 10 * 0.36) / 9 / 10, v3 = (1.0 - pow(0.05, 0.2)) / 5;
    double v = v1 + v2 + v3, df = v * v / (v1 * v1 / 99 + v2 * v2 / 9 + v3 * v3 / 4), se = sqrt(v) / 3;
    assert_int_equal(o->n_suites, 3);
    NEAR(o->diff, 0.8 / 3);
    NEAR(o->se, se);
    NEAR(o->lo, 0.8 / 3 - stat_t_ppf(0.975, df) * se);
    NEAR(o->p, stat_t_two_sided(0.8 / 3 / se, df));
    NEAR(o->p_adjusted, o->p);
    NEAR(o->mde, (stat_norm_ppf(0.975) + stat_norm_ppf(0.8)) * se);
    assert_int_equal(o->verdict, SUM_CANNOT_TELL); /* p = 0.06 */
}

static void check_one_suite(const Summary *s) {
    Compare c = {0};
    assert_true(compare__overall(s, &c));
    assert_int_equal(c.n_overall, 0);
}

/* One question each: as little as there can be, and no claim. */
static void fill_least(Made *m) {
    m->suite = "one", ask(m, 1, 1.0, 0.0);
    m->suite = "two", ask(m, 1, 1.0, 0.0);
}

static void check_least(const Summary *s) {
    Compare c = {0};
    assert_true(compare__overall(s, &c));
    assert_int_equal(c.n_overall, 1);
    assert_true(isfinite(c.overall[0].p) && c.overall[0].p > 0.05);
    assert_true(c.overall[0].lo <= 0.0 && c.overall[0].hi == 1.0);
    assert_int_equal(c.overall[0].verdict, SUM_CANNOT_TELL);
}

static void test_overall(void **state) {
    (void)state;
    with_run(fill_suites, check_suites);
    with_run(fill_alike, check_one_suite);
    with_run(fill_least, check_least);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_exact), cmocka_unit_test(test_bounds),
                                       cmocka_unit_test(test_groups), cmocka_unit_test(test_overall)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
