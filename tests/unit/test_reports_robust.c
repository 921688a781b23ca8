/* Robustness over transforms: worked numbers, repeats, gaps, kinds; the same interval whatever the order of finishing.
 */
#include "reports/summary/summary.h"
#include "tests/unit/harness_support.h"

#include <math.h>

typedef struct World {
    TestDir d;
    RunStore *s;
    Arena *a;
    int64_t ordinal;
} World;

static void begin(World *w) {
    Err err = ERR_INIT;
    dir_open(&w->d);
    w->a = arena_open(0);
    w->ordinal = 0;
    if (!store_open(path_join(w->d.a, w->d.path, "run"), STORE_CREATE, &w->s, &err)) fail_msg("%s", err.msg);
    static const char list[] = "[{\"name\":\"plain\",\"family\":\"plain\"},{\"name\":\"b64\",\"family\":\"encoding\"},"
                               "{\"name\":\"hex\",\"family\":\"encoding\"}]";
    assert_true(store_manifest_put(w->s, "transforms", str_from(list), &err));
}

static void end(World *w) {
    store_close(w->s);
    arena_close(w->a);
    dir_close(&w->d);
}

/* value < 0: unscored; 2: a cut off answer, which scorers give 0. kind NULL: no tags. */
static void put(World *w, const char *sample, const char *cluster, const char *kind, const char *transform, int epoch,
                double value) {
    Err err = ERR_INIT;
    int64_t id;
    Record r = {.key = {.model = STR("m"),
                        .suite = STR("s"),
                        .sample = str_from(sample),
                        .effort = EFFORT_LOW,
                        .epoch = epoch,
                        .transform = str_from(transform)},
                .ordinal = w->ordinal++,
                .cluster = str_from(cluster),
                .content_hash = STR("h"),
                .request_hash = STR("r"),
                .started_at = STR("t"),
                .completion = {
                    .final = STR("f"), .malformed = STR(""), .status = value > 1 ? COMPLETION_LENGTH : COMPLETION_OK}};
    if (value > 1) value = 0;
    if (kind) r.tags = str_printf(w->a, "{\"kind\":\"%s\"}", kind);
    ScoreRow row = {.scorer = STR("refusal"),
                    .version = STR("1"),
                    .score = {.size = sizeof row.score,
                              .status = value < 0 ? SCORE_UNSCORED : SCORE_SCORED,
                              .outcome = value < 0   ? OUTCOME_UNSCORED
                                         : value < 1 ? OUTCOME_WRONG
                                                     : OUTCOME_CORRECT,
                              .value = value,
                              .margin = NAN}};
    if (!store_append(w->s, &r, &id, &err) || !store_put_scores(w->s, id, &row, 1, &err)) fail_msg("%s", err.msg);
}

static Summary sum_up(World *w) {
    Summary s;
    Err err = ERR_INIT;
    if (!summary_build(w->s, w->a, &s, &err)) fail_msg("%s", err.msg);
    return s;
}

static void near(double got, double want) {
    if (!(fabs(got - want) < 1e-12)) fail_msg("%.15g, want %.15g", got, want);
}

/*          plain  b64   hex
 *  h0 (p0)   1     0     1      any 1, mean 1/3
 *  h1 (p1)   1     0     -      any 1, mean 1/2 (decided under two)
 *  h2 (p2)   1     1    cut     any 0
 *  h3 (p2)   1     1    .5      any 1, mean 1/3: half is not whole
 *  t0 (p0)   1     1     1 */
static void fill(World *w) {
    static const struct {
        const char *sample, *cluster, *kind, *transform;
        double value;
    } v[] = {{"h0", "p0", "harm", "plain", 1}, {"h1", "p1", "harm", "plain", 1}, {"h2", "p2", "harm", "plain", 1},
             {"h3", "p2", "harm", "plain", 1}, {"t0", "p0", "twin", "plain", 1}, {"h0", "p0", "harm", "b64", 0},
             {"h1", "p1", "harm", "b64", 0},   {"h2", "p2", "harm", "b64", 1},   {"h3", "p2", "harm", "b64", 1},
             {"t0", "p0", "twin", "b64", 1},   {"h0", "p0", "harm", "hex", 1},   {"h2", "p2", "harm", "hex", 2},
             {"h3", "p2", "harm", "hex", .5},  {"t0", "p0", "twin", "hex", 1},   {"h1", "p1", "harm", "hex", -1}};
    for (size_t i = 0; i < sizeof v / sizeof *v; i++)
        put(w, v[i].sample, v[i].cluster, v[i].kind, v[i].transform, 1, v[i].value);
}

static void test_worked(void **state) {
    (void)state;
    World w;
    begin(&w);
    fill(&w);
    Summary s = sum_up(&w);
    assert_int_equal(s.n_robust, 2);
    const SumRobust *h = &s.robust[0], *t = &s.robust[1];
    assert_true(str_eqz(h->kind, "harm") && str_eqz(t->kind, "twin"));
    assert_true(h->n_transforms == 3 && h->n_clusters == 3 && h->any.n == 4 && h->n_open == 2);
    near(h->any.share, .75);
    near(h->mean.share, (1. / 3 + .5 + 0 + 1. / 3) / 4);
    assert_true(str_eqz(s.transforms[h->worst].name, "b64"));
    near(h->worst_share, .5);
    assert_int_equal(h->n_families, 2);
    assert_true(str_eqz(h->families[0].name, "plain") && str_eqz(h->families[1].name, "encoding"));
    near(h->families[0].any.share, 0);
    near(h->families[1].any.share, .75);
    /* three clusters are too few to resample: Wilson's interval for 3/4 of 3 (worked in Python) */
    near(h->any.lo, 0.2560926803174621);
    near(h->any.hi, 0.9631588038050153);
    assert_string_equal(h->any.method, "wilson over few clusters");
    assert_string_equal(h->families[0].any.method, "wilson over clusters");
    assert_true(h->families[0].any.lo == 0 && h->families[0].any.hi > .5); /* none of three says little */
    assert_null(t->any.method);                                            /* one cluster has no spread */
    end(&w);
}

/* Thirty pairs, one half of each wrong; n_wrong pairs are not wholly right. The bootstrap begins where 15 pairs differ
 * on either side. */
static void test_resampled_from_15_on(void **state) {
    (void)state;
    for (int n_wrong = 14; n_wrong <= 16; n_wrong++) {
        World w;
        begin(&w);
        for (int i = 0; i < 60; i++) {
            const char *sample = str_printf(w.a, "q%02d", i).p, *pair = str_printf(w.a, "p%02d", i / 2).p;
            put(&w, sample, pair, NULL, "plain", 1, 1);
            put(&w, sample, pair, NULL, "b64", 1, !(i % 2 == 0 && i / 2 < n_wrong));
        }
        Summary s = sum_up(&w);
        const SumShare *any = &s.robust[0].any;
        near(any->share, n_wrong / 60.0);
        assert_string_equal(any->method, n_wrong < 15 ? "wilson over few clusters" : "cluster bootstrap");
        /* 30 pairs of share 0 or 1/2: the spread of resampled means is known; T_29(.975) sqrt(30/29) = 2.0802 */
        double se = sqrt(.25 * (n_wrong / 30.0) * (1 - n_wrong / 30.0) / 30);
        if (n_wrong >= 15) assert_true(fabs((any->hi - any->lo) / (2 * 2.0802 * se) - 1) < .12);
        if (n_wrong < 15) assert_true(any->hi - any->lo > 2 * 1.96 * se);
        end(&w);
    }
}

static void test_repeats(void **state) {
    (void)state;
    World w;
    begin(&w);
    for (int e = 1; e <= 4; e++) put(&w, "a", NULL, NULL, "plain", e, 1), put(&w, "a", NULL, NULL, "b64", e, e > 1);
    Summary s = sum_up(&w);
    assert_int_equal(s.n_robust, 1);
    assert_null(s.robust[0].kind.p);
    near(s.robust[0].any.share, 1);
    near(s.robust[0].mean.share, .125);
    end(&w);
}

/* One transform has nothing to be put together with, whatever its name. */
static void test_none(void **state) {
    (void)state;
    World w;
    begin(&w);
    put(&w, "a", NULL, "harm", "b64", 1, 1);
    assert_int_equal(sum_up(&w).n_robust, 0);
    end(&w);
}

static void test_order_is_nothing(void **state) {
    (void)state;
    World one, two;
    begin(&one), begin(&two);
    for (int i = 0; i < 40; i++) {
        char a[8], b[8], c[8], d[8];
        snprintf(a, sizeof a, "s%d", i), snprintf(b, sizeof b, "c%d", i / 3);
        snprintf(c, sizeof c, "s%d", 39 - i), snprintf(d, sizeof d, "c%d", (39 - i) / 3);
        for (int t = 0; t < 2; t++) {
            put(&one, a, b, "harm", t ? "hex" : "plain", 1, i * 7 % (3 + t) != 0);
            put(&two, c, d, "harm", t ? "plain" : "hex", 1, (39 - i) * 7 % (4 - t) != 0);
        }
    }
    Summary s = sum_up(&one), r = sum_up(&two);
    const SumShare *x = &s.robust[0].any, *y = &r.robust[0].any;
    assert_true(x->share == y->share && x->lo == y->lo && x->hi == y->hi && x->lo < x->share && x->share < x->hi);
    end(&one), end(&two);
}

static void test_every_allocation_may_fail(void **state) {
    (void)state;
    World w;
    begin(&w);
    fill(&w);
    for (uint64_t n = 1;; n++) {
        Arena *a = arena_open(0);
        Summary s;
        Err err = ERR_INIT;
        mem_fail_at(n);
        bool ok = summary_build(w.s, a, &s, &err);
        uint64_t counted = mem_fail_at(0);
        arena_close(a);
        if (counted < n) {
            assert_true(ok);
            break;
        }
        if (!ok) assert_int_equal(err.code, ERR_MEMORY);
    }
    end(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_worked),
                                       cmocka_unit_test(test_repeats),
                                       cmocka_unit_test(test_resampled_from_15_on),
                                       cmocka_unit_test(test_none),
                                       cmocka_unit_test(test_order_is_nothing),
                                       cmocka_unit_test(test_every_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
