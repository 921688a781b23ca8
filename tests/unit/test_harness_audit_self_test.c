/* Planted items: every built-in scorer passes them, and scorers that are broken on purpose do not. */
#include <math.h>

#include "harness/audit/audit_self_test.h"
#include "tests/support.h"

static Json *outcome(const Scorer *s, const char *name, Arena *a) {
    Buf b;
    JsonOut o;
    Json *j = NULL;
    Err err = ERR_INIT;
    buf_init(&b, 1 << 16);
    json_out_init(&o, &b, 0);
    assert_true(audit_self_test(s, str_from(name), a, &o));
    assert_true(json_parse(buf_str(&b), &j, &err));
    buf_release(&b);
    return j;
}

static int64_t count(const Json *j, const char *key) {
    int64_t n = -1;
    assert_true(json_int(json_get(j, key), 0, 1000, &n));
    return n;
}

static void test_built_in(void **state) {
    (void)state;
    Arena *a = arena_open(0);
    for (size_t i = 0; i < scorers_count(); i++) {
        const Scorer *s = scorers_at(i);
        Json *j = outcome(s, s->name, a);
        const Json *first = json_first(json_get(j, "failed"));
        if (first) fail_msg("%s: planted item '%s' was not scored as it is known", s->name, json_str(first).p);
        assert_int_equal(count(j, "passed"), count(j, "n"));
        if (count(j, "n") < 2) fail_msg("%s has fewer than two planted items", s->name);
        assert_string_equal(json_str(json_get(j, "version")).p, s->version);
        json_close(j);
    }
    arena_close(a);
}

/* ---- broken ones ---- */

static bool open_any(const ScorerHost *h, const ScorerKV *o, size_t n, void **self, ScorerErr *e) {
    (void)h, (void)o, (void)n, (void)e;
    *self = NULL;
    return true;
}

static bool always(Score *out, double value) {
    *out = (Score){.size = sizeof *out, .status = SCORE_SCORED, .outcome = OUTCOME_CORRECT, .value = value};
    return true;
}

static bool yes(void *self, const ScorerHost *h, const ScorerView *v, Score *out, ScorerErr *e) {
    (void)self, (void)h, (void)v, (void)e;
    return always(out, 1.0);
}

static bool no(void *self, const ScorerHost *h, const ScorerView *v, Score *out, ScorerErr *e) {
    (void)self, (void)h, (void)v, (void)e;
    return always(out, 0.0);
}

static bool breaks(void *self, const ScorerHost *h, const ScorerView *v, Score *out, ScorerErr *e) {
    (void)self, (void)h, (void)v, (void)out, (void)e;
    return false;
}

static bool asks_without_end(void *self, const ScorerHost *h, const ScorerView *v, ScorerAsk *ask, ScorerErr *e) {
    (void)self, (void)h, (void)v, (void)e;
    ask->kind = SCORER_ASK_MODEL;
    return true;
}

static void test_broken(void **state) {
    (void)state;
    Arena *a = arena_open(0);
    Scorer s = {SCORER_ABI, sizeof s, "number", "0", "", .open = open_any, .score = yes};
    Json *j = outcome(&s, "number", a);
    assert_int_equal(count(j, "n"), 4);
    assert_int_equal(count(j, "passed"), 1);
    assert_string_equal(json_str(json_first(json_get(j, "failed"))).p, "wrong");
    json_close(j);
    s.score = no; /* wrong, and silent */
    j = outcome(&s, "number", a);
    assert_int_equal(count(j, "passed"), 2);
    json_close(j);
    s.score = breaks, s.ask = asks_without_end;
    j = outcome(&s, "number", a);
    assert_int_equal(count(j, "passed"), 0);
    json_close(j);
    j = outcome(NULL, "a-plugin", a);
    assert_int_equal(count(j, "n"), 0);
    json_close(j);
    arena_close(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_built_in), cmocka_unit_test(test_broken)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
