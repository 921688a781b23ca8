/* Each allocation of a comparison fails once: then it says so, or its answer is the one that it gives otherwise. No
 * warning is made up, no name or number is left out. */
#include "engine/base/json.h"
#include "reports/compare/compare.h"
#include "reports/store/store_union.h"
#include "tests/store_support.h"

static const char *const MANIFEST[][2] = {
    {"models", "[{\"name\":\"m\"}]"},
    {"suites", "[{\"name\":\"demo/choice\",\"sha256\":\"a\",\"data_sha256\":\"b\"}]"},
    {"plan", "{\"seed\":7,\"suites\":[{\"suite\":\"demo/choice\",\"generation\":{\"temperature\":0}}]}"},
    {"scorers", "{\"demo/choice\":[{\"name\":\"x\",\"version\":\"1\"}]}"},
    {"harness", "{\"version\":\"1\"}"},
    {"n_items", "12"},
};

static RunStore *make(const char *dir, int right) {
    Err err = ERR_INIT;
    RunStore *s = NULL;
    OK(store_open(dir, STORE_CREATE, &s, &err));
    for (size_t i = 0; i < sizeof MANIFEST / sizeof *MANIFEST; i++)
        OK(store_manifest_put(s, MANIFEST[i][0], str_from(MANIFEST[i][1]), &err));
    for (int i = 0; i < 12; i++) {
        char name[16];
        int64_t id;
        snprintf(name, sizeof name, "q%02d", i);
        Record r = simple_record(name, i);
        r.content_hash = str_from(name);
        r.group = i % 2 ? STR("odd") : STR("even");
        ScoreRow row = score_row("x", i < right);
        OK(store_append_scored(s, &r, &row, 1, &id, &err));
    }
    return s;
}

/* All sentences of the comparison. */
static bool answer(RunStore *both, Arena *a, Buf *out, Err *err) {
    Summary s;
    Compare c;
    if (!summary_build(both, a, &s, err) || !compare_build(both, &s, &c, err)) return false;
    for (size_t i = 0; i < s.n_headline; i++) buf_addf(out, "%s|%s\n", s.headline[i].lead, s.headline[i].detail);
    for (size_t i = 0; i < c.n_warnings; i++) buf_addf(out, "%s\n", c.warnings[i]);
    compare_terminal(out, &s, &c);
    return !out->failed || err_nomem(err);
}

static void test_each_allocation(void **state) {
    (void)state;
    char *dir[2] = {temp_dir(), temp_dir()};
    RunStore *s[2] = {make(dir[0], 11), make(dir[1], 4)}, *both;
    const StoreArm arms[] = {{s[0], STR("m"), STR("base"), STR("one")}, {s[1], STR("m"), STR("cand"), STR("two")}};
    Err err = ERR_INIT;
    Buf want, got;
    uint64_t all = 0, failed = 0;
    OK(store_union(arms, 2, &both, &err));
    for (uint64_t n = 0; n <= all; n++) {
        Arena *a = arena_open(0);
        err = (Err)ERR_INIT;
        Buf *b = n ? &got : &want;
        buf_init(b, 1 << 20);
        mem_fail_at(n);
        bool ok = answer(both, a, b, &err);
        uint64_t used = mem_fail_at(0);
        if (!n) {
            OK(ok);
            all = used;
            assert_non_null(strstr(want.p, "7 better by base: q04, q05"));
        } else if (ok && !str_eq(buf_str(&want), buf_str(&got))) {
            fail_msg("allocation %d: another answer:\n%.*s", (int)n, (int)got.n, got.p);
        } else if (!ok && err.code != ERR_MEMORY) {
            fail_msg("allocation %d: %s", (int)n, err.msg);
        }
        failed += !ok;
        if (n) buf_release(b);
        arena_close(a);
    }
    assert_true(all > 100 && failed > 50);
    buf_release(&want);
    store_close(both);
    for (int i = 0; i < 2; i++) {
        store_close(s[i]);
        remove_dir(dir[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_allocation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
