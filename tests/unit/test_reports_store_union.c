/* The union of runs: samples meet by content and by nothing else, and no two of a run are ever called alike. */
#include "tests/compare_support.h"

/* ---- what the union calls each sample ---- */

typedef struct Name {
    Str model, suite, own, name; /* own: as the run calls it */
    int64_t id;
    bool hashless;
} Name;

typedef struct Names {
    Arena *a;
    Name v[4096];
    size_t n;
} Names;

static bool keep_name(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    Names *l = ctx;
    (void)rows, (void)n;
    assert_true(l->n < sizeof l->v / sizeof *l->v);
    l->v[l->n++] =
        (Name){str_dup(l->a, r->key.model),
               str_dup(l->a, r->key.suite),
               str_dup(l->a, r->group),
               str_dup(l->a, r->key.sample),
               id,
               !r->content_hash.n || memchr(r->content_hash.p, '~', r->content_hash.n) || r->content_hash.p[0] == '='};
    return true;
}

static Names *names_of(Runs *r) {
    Err err = ERR_INIT;
    Arena *scratch = arena_open(0);
    Names *l = arena_alloc(r->d.a, sizeof *l);
    assert_non_null(l);
    l->a = r->d.a;
    l->n = 0;
    if (!store_each(r->both, false, scratch, keep_name, l, &err)) fail_msg("%s", err.msg);
    arena_close(scratch);
    return l;
}

static void called(const Names *l, const char *model, const char *own, const char *want) {
    for (size_t i = 0; i < l->n; i++)
        if (str_eqz(l->v[i].model, model) && str_eqz(l->v[i].own, own)) {
            if (!str_eqz(l->v[i].name, want))
                fail_msg("%s's %s is called %.*s, not %s", model, own, STR_ARG(l->v[i].name), want);
            return;
        }
    fail_msg("%s has no %s", model, own);
}

/* Within an arm and a suite, two samples have two names, and a sample has one. */
static void check_apart(const Names *l) {
    for (size_t i = 0; i < l->n; i++)
        for (size_t j = 0; j < i; j++) {
            const Name *x = &l->v[i], *y = &l->v[j];
            assert_true(x->id != y->id);
            if (!str_eq(x->model, y->model) || !str_eq(x->suite, y->suite)) continue;
            if (str_eq(x->own, y->own) != str_eq(x->name, y->name))
                fail_msg("%.*s and %.*s are called %.*s and %.*s", STR_ARG(x->own), STR_ARG(y->own), STR_ARG(x->name),
                         STR_ARG(y->name));
        }
}

static void summed(Runs *r, Summary *s) {
    Err err = ERR_INIT;
    if (!summary_build(r->both, r->d.a, s, &err)) fail_msg("%s", err.msg);
}

/* ---- tests ---- */

/* Two samples of one run with the same content are two questions: the first meets the first of the other run, the
 * second the second. */
static void test_same_content_twice(void **state) {
    (void)state;
    Runs r;
    Summary s;
    runs_begin(&r);
    run_new(&r);
    put(&r, (Answer){"q1", "h", 1});
    put(&r, (Answer){"q2", "h", 0});
    put(&r, (Answer){"q3", "g", 1});
    run_new(&r);
    put(&r, (Answer){"x3", "g", 1});
    put(&r, (Answer){"x1", "h", 1});
    put(&r, (Answer){"x2", "h", 1});
    unite(&r);
    Names *l = names_of(&r);
    check_apart(l);
    called(l, "A", "q2", "q2");
    called(l, "B", "x1", "q1");
    called(l, "B", "x2", "q2");
    called(l, "B", "x3", "q3");
    summed(&r, &s);
    assert_int_equal(s.n_cells, 2);
    assert_int_equal(s.cells[0].n_questions, 3);
    assert_int_equal(s.cells[1].n_questions, 3);
    assert_int_equal(s.cells[0].repeats, 1);
    assert_int_equal(s.n_pairs, 1);
    assert_int_equal(s.pairs[0].n, 3);
    assert_int_equal(s.pairs[0].n_unmatched, 0);
    assert_true(fabs(s.pairs[0].diff - -1.0 / 3.0) < 1e-12); /* q2 alone differs */
    assert_true(store_union_common(r.both));
    runs_end(&r);
}

/* One run has the content once, the other three times: two meet nobody, and keep names of their own. */
static void test_unequal_numbers(void **state) {
    (void)state;
    Runs r;
    Summary s;
    runs_begin(&r);
    run_new(&r);
    put(&r, (Answer){"q1", "h", 1});
    put(&r, (Answer){"q2", "g", 1});
    run_new(&r);
    put(&r, (Answer){"q1", "h", 1});
    put(&r, (Answer){"q2", "h", 1}); /* its name is taken */
    put(&r, (Answer){"q3", "h", 1});
    unite(&r);
    Names *l = names_of(&r);
    check_apart(l);
    called(l, "B", "q1", "q1");
    called(l, "B", "q2", "q2~h~2");
    called(l, "B", "q3", "q3");
    summed(&r, &s);
    assert_int_equal(s.pairs[0].n, 1);
    assert_int_equal(s.pairs[0].n_unmatched, 3);
    runs_end(&r);
}

/* A name that is taken, and the name that it would get is taken, too. */
static void test_taken_names(void **state) {
    (void)state;
    Runs r;
    runs_begin(&r);
    run_new(&r);
    put(&r, (Answer){"q1", "aaaaaaaaaaaaaaaa", 1});
    put(&r, (Answer){"q1~bbbbbbbbbbbb", "cccccccccccccccc", 1});
    run_new(&r);
    put(&r, (Answer){"q1", "bbbbbbbbbbbbbbbb", 1});
    put(&r, (Answer){"other", "aaaaaaaaaaaaaaaa", 1});
    run_new(&r);
    put(&r, (Answer){"q1", "bbbbbbbbbbbbdddd", 1}); /* the same first twelve digits */
    unite(&r);
    Names *l = names_of(&r);
    check_apart(l);
    called(l, "B", "q1", "q1~bbbbbbbbbbbbbbbb~2");
    called(l, "B", "other", "q1");
    called(l, "C", "q1", "q1~bbbbbbbbbbbbdddd~2");
    runs_end(&r);
}

/* Without a hash the name is all there is; it never meets a sample that has one. */
static void test_without_hash(void **state) {
    (void)state;
    Runs r;
    Summary s;
    runs_begin(&r);
    run_new(&r);
    put(&r, (Answer){"q1", "h", 1});
    put(&r, (Answer){"q2", NULL, 1});
    run_new(&r);
    put(&r, (Answer){"q1", NULL, 0});
    put(&r, (Answer){"q2", NULL, 0});
    put(&r, (Answer){"q3", "h", 1});
    unite(&r);
    Names *l = names_of(&r);
    check_apart(l);
    called(l, "B", "q1", "q1~=q1");
    called(l, "B", "q2", "q2");
    called(l, "B", "q3", "q1");
    summed(&r, &s);
    assert_int_equal(s.pairs[0].n, 2);
    runs_end(&r);
}

/* Of a run that was stopped, a sample may have its second repeat and not its first. */
static void test_later_repeat_alone(void **state) {
    (void)state;
    Runs r;
    Summary s;
    runs_begin(&r);
    run_new(&r);
    put(&r, (Answer){"q1", "h", 1});
    put(&r, (Answer){"q2", "g", 1});
    run_new(&r);
    put(&r, (Answer){"q1", "g", 0, .epoch = 2});
    put(&r, (Answer){"q2", "f", 0, .epoch = 3});
    unite(&r);
    Names *l = names_of(&r);
    check_apart(l);
    called(l, "B", "q1", "q2");
    called(l, "B", "q2", "q2~f");
    summed(&r, &s);
    assert_int_equal(s.pairs[0].n, 1);
    assert_true(s.pairs[0].diff == 1);
    runs_end(&r);
}

/* Models, transforms, efforts and repeats ask the same sample again; another suite has names and contents of its own.
 */
static void test_again_is_not_twice(void **state) {
    (void)state;
    Runs r;
    Summary s;
    runs_begin(&r);
    run_new(&r);
    manifest_put(&r, "transforms",
                 "[{\"name\":\"plain\",\"family\":\"plain\"},{\"name\":\"b64\",\"family\":\"encoding\"}]");
    for (int k = 0; k < 16; k++) {
        Answer a = {.value = 1,
                    .model = k & 1 ? "other" : "m",
                    .transform = k & 2 ? "b64" : "plain",
                    .effort = k & 4 ? EFFORT_HIGH : EFFORT_LOW,
                    .epoch = k & 8 ? 2 : 1};
        a.sample = "q1", a.hash = "h", a.suite = "s";
        put(&r, a);
        a.sample = "q2", a.hash = "h";
        put(&r, a);
        a.sample = "q1", a.hash = "g", a.suite = "t";
        put(&r, a);
    }
    unite(&r);
    Names *l = names_of(&r);
    check_apart(l);
    assert_int_equal(l->n, 24); /* of the arm's model alone */
    for (size_t i = 0; i < l->n; i++) assert_true(str_eq(l->v[i].name, l->v[i].own));
    summed(&r, &s);
    for (size_t i = 0; i < s.n_cells; i++) {
        assert_int_equal(s.cells[i].n_questions, s.cells[i].suite ? 1 : 2);
        assert_int_equal(s.cells[i].repeats, 2);
    }
    assert_false(store_union_common(r.both)); /* it has one arm */
    runs_end(&r);
}

/* Samples of A and B that meet under "=n1" or "h0~2", which are no hashes. */
static size_t met_by_name(const Names *l) {
    size_t met = 0;
    for (size_t i = 0; i < l->n; i++)
        for (size_t j = 0; j < l->n; j++) {
            const Name *x = &l->v[i], *y = &l->v[j];
            met += str_eqz(x->model, "A") && str_eqz(y->model, "B") && x->hashless && y->hashless &&
                   str_eq(x->own, y->own);
        }
    return met;
}

/* Names and contents at random, of a few: names stay apart, and as many samples of a content meet as both runs have. */
static void test_random(void **state) {
    (void)state;
    static const char *const HASHES[] = {"h0", "h1", "h2", "h3", "=n1", "h0~2"};
    Runs r;
    uint32_t x = 12345;
    size_t have[3][6] = {{0}};
    runs_begin(&r);
    for (int run = 0; run < 3; run++) {
        run_new(&r);
        for (int i = 0; i < 40; i++) {
            x = x * 1664525u + 1013904223u;
            size_t h = (x >> 16) % 6;
            const char *name = (x >> 8) & 1 ? str_printf(r.d.a, "n%d", i).p : str_printf(r.d.a, "n%d~h%zu", i, h).p;
            put(&r, (Answer){name, HASHES[h], 1});
            have[run][h]++;
        }
    }
    unite(&r);
    Names *l = names_of(&r);
    check_apart(l);
    assert_int_equal(l->n, 120);
    size_t met = 0, want = 0;
    for (size_t i = 0; i < l->n; i++)
        for (size_t j = 0; j < l->n; j++)
            met += str_eqz(l->v[i].model, "A") && str_eqz(l->v[j].model, "B") && str_eq(l->v[i].name, l->v[j].name);
    for (size_t h = 0; h < 4; h++) want += have[0][h] < have[1][h] ? have[0][h] : have[1][h];
    /* the last two are no hashes: such samples meet by name */
    assert_int_equal(met, want + met_by_name(l));
    runs_end(&r);
}

typedef struct Seen {
    int n, texts, turns, options;
} Seen;

static bool see(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    Seen *s = ctx;
    (void)id;
    assert_int_equal(n, 1);
    assert_true(rows[0].score.value == 1);
    s->n++;
    s->texts += r->completion.malformed.p != NULL || r->completion.final.p != NULL;
    s->turns += r->n_calls;
    s->options += r->completion.n_choice_scores == 2 && r->completion.choice_scores[1].logprob == -2.5;
    return true;
}

static Seen seen(RunStore *s, bool options) {
    Seen v = {0};
    Err err = ERR_INIT;
    Arena *a = arena_open(0);
    bool ok = options ? store_each_options(s, a, see, &v, &err) : store_each(s, false, a, see, &v, &err);
    if (!ok) fail_msg("%s", err.msg);
    arena_close(a);
    return v;
}

/* Records with log-likelihoods alone, of a run and of a union, whole and in part. */
static void test_options(void **state) {
    (void)state;
    const ChoiceScore two[] = {{-1, 1, true}, {-2.5, 1, false}};
    Runs r;
    runs_begin(&r);
    for (int run = 0; run < 2; run++) {
        run_new(&r);
        put(&r, (Answer){"q1", "h", 1, .options = two, .n_options = 2});
        put(&r, (Answer){"q2", "g", 1});
        put(&r, (Answer){"q3", "f", 1, .options = two, .n_options = 2});
    }
    unite(&r);
    Seen v = seen(r.s[0], true), all = seen(r.s[0], false);
    assert_true(v.n == 2 && v.options == 2 && v.texts == 0 && v.turns == 0);
    assert_true(all.n == 3 && all.options == 2 && all.texts == 3);
    assert_int_equal(seen(r.both, true).n, 4);
    const StoreSelection one = {.group = STR("q3")}, korean = {.lang = STR("ko")};
    store_select(r.both, &one);
    assert_int_equal(seen(r.both, true).n, 2);
    store_select(r.both, &korean);
    assert_int_equal(seen(r.both, true).n, 0);
    store_select(r.both, NULL);
    assert_int_equal(seen(r.both, true).n, 4);
    runs_end(&r);
}

static void test_nothing_in_common(void **state) {
    (void)state;
    Runs r;
    runs_begin(&r);
    run_new(&r);
    put(&r, (Answer){"q1", "h", 1});
    run_new(&r);
    put(&r, (Answer){"q1", "g", 1});
    put(&r, (Answer){"q2", "h", 1, .suite = "t"});
    unite(&r);
    check_apart(names_of(&r));
    assert_false(store_union_common(r.both));
    runs_end(&r);
}

static void test_every_allocation_may_fail(void **state) {
    (void)state;
    Runs r;
    bool ok = false;
    runs_begin(&r);
    for (int run = 0; run < 2; run++) {
        run_new(&r);
        put(&r, (Answer){"q1", run ? "g" : "h", 1});
        put(&r, (Answer){"q2", "h", 1});
        put(&r, (Answer){"q3", "h", 1});
        put(&r, (Answer){"q4", NULL, 1});
    }
    runs_reopen(&r);
    const StoreArm arms[] = {{r.s[0], STR("m"), STR("A"), STR("one")}, {r.s[1], STR("m"), STR("B"), STR("two")}};
    for (uint64_t n = 1; !ok && n < 2000; n++) {
        Err err = ERR_INIT;
        RunStore *both = NULL;
        mem_fail_at(n);
        ok = store_union(arms, 2, &both, &err);
        mem_fail_at(0);
        if (!ok) assert_int_equal(err.code, ERR_MEMORY);
        assert_true(ok == (both != NULL));
        store_close(both);
    }
    assert_true(ok);
    runs_end(&r);
}

/* A card is of one judge: the union has it if all runs have it, set alike. That scores are mixed is true of the whole.
 */
static void test_judges(void **state) {
    (void)state;
#define ONE "{\"spec\":\"a\",\"digest\":\"d\",\"precision\":\"exact\",\"effort\":\"low\",\"temperature\":0}"
    static const struct {
        const char *judges[2], *want;
    } rows[] = {
        {{NULL, NULL}, NULL},
        {{NULL, ONE}, ONE},
        {{"null", ONE}, ONE},
        {{ONE, "{\"spec\":\"b\",\"digest\":\"d\",\"precision\":\"exact\",\"effort\":\"low\",\"temperature\":0}"}, ONE},
        {{ONE, "{\"spec\":\"a\",\"digest\":\"e\",\"precision\":\"exact\",\"effort\":\"low\",\"temperature\":0}"}, NULL},
        {{ONE, "{\"spec\":\"a\",\"digest\":\"d\",\"precision\":\"int8\",\"effort\":\"low\",\"temperature\":0}"}, NULL},
        {{"{\"digest\":\"d\"}", ONE}, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Runs r;
        Str judge, since, card;
        Err err = ERR_INIT;
        runs_begin(&r);
        for (int k = 0; k < 2; k++) {
            run_new(&r);
            put(&r, (Answer){"q", "h", 1});
            if (rows[i].judges[k]) manifest_put(&r, "judge", rows[i].judges[k]);
            if (k) manifest_put(&r, "calibration", "{\"id\":\"x\"}");
            manifest_put(&r, "rescoring", k && i % 2 ? "\"2026-01-01\"" : "null");
        }
        unite(&r);
        assert_true(store_manifest_get(r.both, "judge", r.d.a, &judge, &err));
        if (!str_eq(judge, str_from(rows[i].want))) fail_msg("row %zu: " STR_FMT, i, STR_ARG(judge));
        assert_true(store_manifest_get(r.both, "rescoring", r.d.a, &since, &err));
        assert_int_equal(since.p != NULL, i % 2);
        assert_true(store_manifest_get(r.both, "calibration", r.d.a, &card, &err) && str_eqz(card, "{\"id\":\"x\"}"));
        runs_end(&r);
    }
#undef ONE
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_content_twice),
                                       cmocka_unit_test(test_unequal_numbers),
                                       cmocka_unit_test(test_taken_names),
                                       cmocka_unit_test(test_without_hash),
                                       cmocka_unit_test(test_later_repeat_alone),
                                       cmocka_unit_test(test_again_is_not_twice),
                                       cmocka_unit_test(test_random),
                                       cmocka_unit_test(test_nothing_in_common),
                                       cmocka_unit_test(test_options),
                                       cmocka_unit_test(test_judges),
                                       cmocka_unit_test(test_every_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
