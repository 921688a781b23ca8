/* The run as a library: manifest, command, resume, and what happens when memory fails at every single place. */
#include "tests/support.h"

#include <dirent.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "harness/manifest.h"
#include "harness/run/run.h"
#include "harness/run/run_command.h"

static char dir[] = "/tmp/assay-run-XXXXXX";
static Arena *arena;

static const char *in_dir(const char *name) {
    return path_join(arena, dir, name);
}

static void put(const char *name, const char *text) {
    Err err = ERR_INIT;
    if (!file_write_atomic(in_dir(name), str_from(text), &err)) fail_msg("%s", err.msg);
}

static int world(void **state) {
    (void)state;
    Err err = ERR_INIT;
    Buf samples, answers;
    arena = arena_open(0);
    if (!mkdtemp(dir)) return -1;
    buf_init(&samples, 1 << 20);
    buf_init(&answers, 1 << 20);
    for (int i = 0; i < 6; i++) {
        buf_addf(&samples, "{\"id\":\"s%d\",\"question\":\"%d?\",\"answer\":\"%d\"}\n", i, i, i);
        buf_addf(&answers, "{\"user\":\"%d?\",\"completion\":{\"status\":\"ok\",\"final\":\"\\\\boxed{%d}\"}}\n", i,
                 i < 4 ? i : 9);
    }
    file_mkdirs(in_dir("t/a"), &err);
    file_mkdirs(in_dir("rec"), &err);
    put("t/a/suite.yaml", "suite: t/a\nversion: 1\ntitle: T\nlicence: none\n"
                          "dataset:\n  path: samples.jsonl\n  fields: {target: answer}\n"
                          "prompt:\n  user: '{{ question }}'\nscorers:\n  - scorer: number\n");
    put("t/a/samples.jsonl", samples.p);
    put("rec/completions.jsonl", answers.p);
    put("plan.yaml", "plan: p\nseed: 3\nmodels:\n  - {name: m, path: 'replay:rec'}\nsuites: [t/a]\nefforts: [low]\n");
    buf_release(&samples);
    buf_release(&answers);
    return chdir(dir);
}

static int clear_world(void **state) {
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    arena_close(arena);
    return system(command);
}

static RunOptions options(Arena *a, const char *out, const char *resume) {
    RunOptions o = {.err = stderr, .quiet = true, .resume = resume};
    arg_list_add(a, &o.plans, "plan.yaml");
    o.over.out = out;
    o.over.has_threads = true;
    o.over.threads = 1;
    return o;
}

static bool carry_out(RunOptions *o, Arena *a, int64_t *finished, Err *err) {
    Run *r = NULL;
    bool ok = run_open(o, a, &r, err) && run_loop(r, err) && run_reports(r, err);
    if (r && finished) *finished = run_finished(r);
    run_close(r);
    return ok;
}

static StoreCounts counts_of(const char *out) {
    RunStore *s;
    StoreCounts n;
    Err err = ERR_INIT;
    if (!store_open(out, STORE_READ, &s, &err)) fail_msg("%s", err.msg);
    assert_true(store_counts(s, &n, &err));
    store_close(s);
    return n;
}

static void test_whole(void **state) {
    (void)state;
    Err err = ERR_INIT;
    Arena *a = arena_open(0);
    RunOptions o = options(a, "whole", NULL);
    int64_t n = 0;
    if (!carry_out(&o, a, &n, &err)) fail_msg("%s", err.msg);
    assert_int_equal(n, 6);
    StoreCounts c = counts_of("whole");
    assert_true(c.records == 6 && c.scores == 6 && c.records_without_scores == 0);
    arena_close(a);
}

/* The n-th allocation fails, for n = 1, 2, 3 ... until none is left to fail. Each time: a sentence and no crash; what
 * was stored is right, and a resume with memory brings the run to the same end. */
static void test_memory_fails_everywhere(void **state) {
    (void)state;
    int failed = 0;
    for (uint64_t n = 1;; n += 1 + n / 12) {
        Err err = ERR_INIT;
        Arena *a = arena_open(0), *b = arena_open(0);
        RunOptions o = options(a, "torture", NULL);
        mem_fail_at(n);
        bool ok = carry_out(&o, a, NULL, &err);
        uint64_t used = mem_fail_at(0);
        if (ok && used < n) {
            arena_close(a);
            arena_close(b);
            break;
        }
        if (!ok) {
            failed++;
            assert_true(err.code != ERR_OK && err.msg[0]);
        }
        Err again = ERR_INIT;
        RunOptions o2 = options(b, NULL, "torture");
        if (!carry_out(&o2, b, NULL, &again)) fail_msg("allocation %d, then: %s", (int)n, again.msg);
        StoreCounts c = counts_of("torture");
        assert_true(c.records == 6 && c.scores == 6);
        arena_close(a);
        arena_close(b);
        assert_int_equal(system("rm -rf torture"), 0);
    }
    assert_int_equal(system("rm -rf torture"), 0);
    assert_true(failed > 30);
}

static void test_command_round_trip(void **state) {
    (void)state;
    Err err = ERR_INIT;
    Arena *a = arena_open(0);
    RunOptions o = options(a, "cmd", NULL), back = {.resume = "cmd"};
    const char *models[] = {"x=replay:rec", "y=replay:rec"}, *sets[] = {"generation.temperature=0.5"};
    o.over.models = models;
    o.over.n_models = 2;
    o.over.sets = sets;
    o.over.n_sets = 1;
    o.over.has_seed = o.over.has_limit = o.over.has_repeats = true;
    o.over.seed = UINT64_MAX;
    o.over.limit = 2;
    o.over.repeats = 2;
    o.over.efforts = "low,high";
    if (!carry_out(&o, a, NULL, &err)) fail_msg("%s", err.msg);
    assert_int_equal(counts_of("cmd").records, 2 * 2 * 2 * 2);
    if (!run_command_recall(&back, a, &err)) fail_msg("%s", err.msg);
    assert_true(back.over.has_seed && back.over.seed == UINT64_MAX);
    assert_true(back.over.has_limit && back.over.limit == 2 && back.over.repeats == 2 && back.over.threads == 1);
    assert_false(back.over.has_batch);
    assert_int_equal(back.plans.n, 1);
    assert_string_equal(back.plans.v[0], "plan.yaml");
    assert_int_equal(back.over.n_models, 2);
    assert_string_equal(back.over.models[1], "y=replay:rec");
    assert_string_equal(back.over.sets[0], "generation.temperature=0.5");
    assert_string_equal(back.over.efforts, "low,high");
    arena_close(a);
}

static bool agree(RunStore *s, const char *json, Err *err) {
    return manifest_agree(s, "k", str_from(json), arena, err);
}

static void test_manifest_agree(void **state) {
    (void)state;
    Err err = ERR_INIT;
    RunStore *s;
    file_mkdirs("man", &err);
    assert_true(store_open("man", STORE_CREATE, &s, &err));
    assert_true(agree(s, "{\"a\":[1,{\"b\":\"x\"}],\"threads\":1}", &err));
    assert_true(agree(s, "{\"threads\":2,\"a\":[1,{\"b\":\"x\",\"batch\":9}]}", &err)); /* order, place, speed */
    assert_false(agree(s, "{\"a\":[1,{\"b\":\"y\"}]}", &err));
    assert_string_equal(err.msg, "k.a[1].b was \"x\" in the stored run and is \"y\" now");
    assert_false(agree(s, "{\"a\":[1]}", &err));
    assert_string_equal(err.msg, "k.a[1] was {\"b\":\"x\"} in the stored run and is absent now");
    assert_false(agree(s, "{\"a\":[1,{\"b\":\"x\"}],\"c\":null}", &err));
    assert_string_equal(err.msg, "k.c was absent in the stored run and is null now");
    assert_false(agree(s, "[]", &err));
    assert_int_equal(err.code, ERR_INPUT);
    store_close(s);
}

static void test_resume_line(void **state) {
    (void)state;
    Err err = ERR_INIT;
    Arena *a = arena_open(0);
    RunOptions o = options(a, "it's here; $(no)", NULL);
    Run *r;
    Buf b;
    buf_init(&b, 4096);
    if (!run_open(&o, a, &r, &err)) fail_msg("%s", err.msg);
    run_resume_line(r, &b);
    assert_non_null(strstr(b.p, "assay run --resume '"));
    assert_non_null(strstr(b.p, "it'\\''s here; $(no)'"));
    buf_release(&b);
    run_close(r);
    arena_close(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_memory_fails_everywhere),
        cmocka_unit_test(test_command_round_trip),
        cmocka_unit_test(test_manifest_agree),
        cmocka_unit_test(test_resume_line),
    };
    return cmocka_run_group_tests(tests, world, clear_world);
}
