#include "tests/support.h"

#include <libgen.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/base/hash.h"
#include "harness/scoring.h"

static Arena *arena;
static ScorerTable *table;

/* The plugins lie beside this program. */
static const char *plugin(const char *name) {
    char self[2048];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(n > 0);
    self[n] = '\0';
    return str_printf(arena, "%s/plugins/%s", dirname(self), name).p;
}

static int setup(void **state) {
    (void)state;
    arena = arena_open(0);
    table = arena_alloc(arena, sizeof *table);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_close(arena);
    return 0;
}

static void expect_refused(const char *path, const char *part) {
    Err err = ERR_INIT;
    assert_false(plugin_load(table, path, arena, &err));
    assert_int_equal(err.code, ERR_INPUT);
    if (!strstr(err.msg, part)) fail_msg("'%s' is not in '%s'", part, err.msg);
    assert_int_equal(table->n_plugins, 0);
}

static Score score(const BoundScorer *b, const char *answer, const char *target) {
    Str targets[] = {str_from(target)};
    Sample sample = {.id = STR("s1"), .targets = targets, .n_targets = 1};
    Completion c = {.status = COMPLETION_OK, .final = str_from(answer)};
    ScorerView view;
    Score s;
    Err err = ERR_INIT;
    assert_true(scoring_view(&sample, STR("?"), &c, NULL, arena, &view, &err));
    assert_true(scoring_one(b, &view, NULL, arena, &s, NULL, &err));
    return s;
}

static void test_good(void **state) {
    (void)state;
    Err err = ERR_INIT;
    const Plugin *from;
    char sha[65];
    BoundScorer b;
    const char *path = plugin("good.so");
    assert_true(plugin_load(table, path, arena, &err));
    assert_true(sha256_file(path, sha, &err));
    assert_string_equal(table->plugins[0].sha256, sha);
    assert_non_null(scorer_table_find(table, STR("starts"), &from));
    assert_ptr_equal(from, &table->plugins[0]);
    ScorerKV opt = {{"prefix", 6}, {"yes", 3}};
    assert_true(scorer_bind(table, STR("starts"), STR("starts"), &opt, 1, arena, &b, &err));
    assert_int_equal(score(&b, "Paris it is", "Paris").outcome, OUTCOME_CORRECT);
    assert_int_equal(score(&b, "yes", "Paris").outcome, OUTCOME_CORRECT);
    assert_int_equal(score(&b, "Rome", "Paris").outcome, OUTCOME_WRONG);
    assert_int_equal(score(&b, "", "Paris").outcome, OUTCOME_NO_ANSWER);
    scorer_unbind(&b);
    opt.key = (ScorerStr){"other", 5};
    assert_false(scorer_bind(table, STR("starts"), STR("starts"), &opt, 1, arena, &b, &err));
    assert_non_null(strstr(err.msg, "scorer starts: the only option is 'prefix'"));
}

static void test_twice(void **state) {
    (void)state;
    Err err = ERR_INIT;
    assert_true(plugin_load(table, plugin("good.so"), arena, &err));
    assert_false(plugin_load(table, plugin("good.so"), arena, &err));
    assert_non_null(strstr(err.msg, "is there already"));
}

static void test_wrong_abi(void **state) {
    (void)state;
    expect_refused(plugin("wrong_abi.so"), "was built for scorer ABI 42, this program speaks ABI 1");
}

static void test_not_plugins(void **state) {
    (void)state;
    Err err = ERR_INIT;
    char dir[] = "/tmp/assay-plugin-XXXXXX";
    assert_non_null(mkdtemp(dir));
    const char *text = path_join(arena, dir, "text.so"), *half = path_join(arena, dir, "half.so");
    expect_refused(path_join(arena, dir, "absent.so"), "absent.so");
    assert_true(file_write_atomic(text, STR("not a shared object"), &err));
    expect_refused(text, "cannot be loaded");
    Buf whole;
    buf_init(&whole, (size_t)1 << 24);
    assert_true(file_read(plugin("good.so"), &whole, &err));
    /* the loader of libc trusts what it maps, so only a cut that it is known to notice is tried */
    assert_true(file_write_atomic(half, str_sub(buf_str(&whole), 0, 40), &err));
    expect_refused(half, "cannot be loaded");
    buf_release(&whole);
    expect_refused("/", "plugin /");
    unlink(text);
    unlink(half);
    rmdir(dir);
}

static void test_unknown(void **state) {
    (void)state;
    Err err = ERR_INIT;
    BoundScorer b;
    assert_true(plugin_load(table, plugin("good.so"), arena, &err));
    assert_false(scorer_bind(table, STR("strats"), STR("x"), NULL, 0, arena, &b, &err));
    assert_non_null(strstr(err.msg, "did you mean 'starts'?"));
    scorer_unbind(&b);
}

static void test_is_path(void **state) {
    (void)state;
    assert_true(plugin_is_path("x.so") && plugin_is_path("./x") && plugin_is_path("/a/b.so"));
    assert_false(plugin_is_path("choice") || plugin_is_path(".so") || plugin_is_path("so"));
}

/* ---- scorers that misbehave ---- */

static bool bad_score(void *self, const ScorerHost *h, const ScorerView *v, Score *out, ScorerErr *err) {
    (void)self;
    (void)h;
    (void)v;
    out->value = 7;
    memset(err->msg, 'x', sizeof err->msg); /* no end */
    return false;
}

static bool ask_for_ever(void *self, const ScorerHost *h, const ScorerView *v, ScorerAsk *ask, ScorerErr *err) {
    (void)self;
    (void)h;
    (void)err;
    assert_true(v->n_replies <= ASK_MAX);
    ask->kind = SCORER_ASK_PROGRAM;
    return true;
}

static bool always_right(void *self, const ScorerHost *h, const ScorerView *v, Score *out, ScorerErr *err) {
    (void)self;
    (void)h;
    (void)v;
    (void)err;
    out->status = SCORE_SCORED;
    out->outcome = OUTCOME_CORRECT;
    out->value = 1;
    return true;
}

static bool ask_once(void *self, const ScorerHost *h, const ScorerView *v, ScorerAsk *ask, ScorerErr *err) {
    (void)self;
    (void)h;
    (void)err;
    ask->kind = v->n_replies ? SCORER_ASK_NONE : SCORER_ASK_PROGRAM;
    return true;
}

static void test_misbehaving(void **state) {
    (void)state;
    static const Scorer bad = {SCORER_ABI, sizeof(Scorer), "bad", "1", "", .score = bad_score};
    static const Scorer endless = {SCORER_ABI, sizeof(Scorer),      "endless",         "1",
                                   "",         .ask = ask_for_ever, .score = bad_score};
    static const Scorer blind = {SCORER_ABI, sizeof(Scorer), "blind", "1", "", .ask = ask_once, .score = always_right};
    const Scorer *all[] = {&bad, &endless, &blind};
    for (int i = 0; i < 3; i++) {
        BoundScorer b = {.scorer = all[i]};
        Score s = score(&b, "answer", "target");
        assert_int_equal(s.status, SCORE_ERROR);
        assert_int_equal(s.outcome, OUTCOME_ERROR); /* blind calls it right, but nothing was run */
        assert_true(s.value == 0);
        assert_true(s.explanation.n > 0);
    }
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {T(test_good),    T(test_twice),   T(test_wrong_abi),  T(test_not_plugins),
                                       T(test_unknown), T(test_is_path), T(test_misbehaving)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
