/* plan.yaml and options to an ordered work list. */
#include "engine/base/hash.h"
#include "harness/plan/plan.h"
#include "harness/prompt.h"
#include "tests/unit/harness_support.h"

#define SUITE(id)                                                                                                      \
    "suite: " id "\nversion: 1\ntitle: T\ndataset: {path: s.jsonl, fields: {group: g}}\nprompt: q\nscorers: "          \
    "[number]\ngeneration: {max_tokens: 9}\n"

static const char *const ROWS =
    "{\"id\": \"a\", \"q\": \"1\", \"g\": \"x\"}\n{\"id\": \"b\", \"q\": \"2\", \"g\": \"x\"}\n"
    "{\"id\": \"c\", \"q\": \"3\", \"g\": \"y\"}\n{\"id\": \"d\", \"q\": \"4\", \"g\": \"z\"}\n";

static void put_suites(TestDir *d) {
    dir_open(d);
    dir_put(d, "su/one/suite.yaml", SUITE("su/one"));
    dir_put(d, "su/one/s.jsonl", ROWS);
    dir_put(d, "su/two/suite.yaml", SUITE("su/two"));
    dir_put(d, "su/two/s.jsonl", ROWS);
}

static Plan *load(TestDir *d, const char *yaml, const PlanOverrides *o) {
    Plan *p;
    Err err = ERR_INIT;
    const char *path = dir_put(d, "plan.yaml", yaml);
    if (!plan_load(&path, 1, o, d->a, &p, &err) || !plan_open_data(p, d->a, &err)) fail_msg("%s", err.msg);
    return p;
}

#define BASE "plan: p\nmodels: [{name: m, path: models/m}, replay:runs/r]\nsuites: [su/one, su/two/suite.yaml]\n"

static void test_order_and_ordinals(void **state) {
    (void)state;
    TestDir d;
    put_suites(&d);
    Plan *p = load(&d, BASE "efforts: [high, low]\nrepeats: 3\nseed: 5\n", NULL);
    assert_int_equal(plan_count(p), 2 * 2 * 2 * 3 * 4);
    int64_t n = 0;
    for (int m = 0; m < 2; m++)
        for (int s = 0; s < 2; s++)
            for (size_t e = 0; e < 2; e++)
                for (int k = 1; k <= 3; k++)
                    for (size_t i = 0; i < 4; i++, n++) {
                        WorkItem w = plan_item(p, n);
                        assert_int_equal(w.ordinal, n);
                        assert_true(w.model == m && w.suite == s && w.sample == i && w.epoch == k &&
                                    w.effort == (e ? EFFORT_LOW : EFFORT_HIGH));
                    }
    assert_true(str_eqz(p->models[1].name, "r"));
    assert_true(str_starts(p->models[1].spec, STR("replay:/tmp/assay-harness-")));
    assert_true(str_ends(p->models[0].spec, STR("/models/m")));
    dir_close(&d);
}

/* The recipe of plan.h, computed a second way. */
static void test_seeds(void **state) {
    (void)state;
    TestDir d;
    put_suites(&d);
    Plan *p = load(&d, BASE "repeats: 2\nseed: 5\n", NULL);
    uint64_t seen[64];
    int n = (int)plan_count(p), half = n / 2;
    for (int i = 0; i < n; i++) {
        seen[i] = plan_item(p, i).seed;
        if (i >= half) assert_true(seen[i] == seen[i - half]); /* the other model: common random numbers */
        for (int k = 0; k < i && i < half; k++) assert_true(seen[k] != seen[i]);
    }
    unsigned char digest[32];
    Sha256 h;
    static const char *const fields[] = {"assay-seed-1", "5", "su/one", "a", "medium", "1"};
    sha256_init(&h);
    for (int i = 0; i < 6; i++) {
        unsigned char len[8] = {(unsigned char)strlen(fields[i])};
        sha256_add(&h, len, 8);
        sha256_add(&h, fields[i], strlen(fields[i]));
    }
    sha256_end(&h, digest);
    uint64_t want = 0;
    for (int i = 0; i < 8; i++) want |= (uint64_t)digest[i] << (8 * i);
    assert_true(seen[0] == want);
    /* the same recipe in Python: hashlib.sha256, int.from_bytes(digest[:8], "little") */
    assert_true(plan_seed(5, STR("su/one"), STR("a"), EFFORT_MEDIUM, 1) == 11928944688019403784u);
    assert_true(plan_seed(6, STR("su/one"), STR("a"), EFFORT_MEDIUM, 1) != want);
    dir_close(&d);
}

static void test_limit_spreads_over_groups(void **state) {
    (void)state;
    TestDir d;
    put_suites(&d);
    PlanOverrides o = {.has_limit = true, .limit = 3};
    Plan *p = load(&d, BASE, &o);
    assert_int_equal(p->suites[0].n_chosen, 3);
    assert_true(p->suites[0].chosen[0] == 0 && p->suites[0].chosen[1] == 2 && p->suites[0].chosen[2] == 3);
    o.limit = 1000;
    assert_int_equal(load(&d, BASE, &o)->suites[0].n_chosen, 4);
    dir_close(&d);
}

/* Every path of a SPEC in a plan is relative to the plan. */
static void test_model_parts(void **state) {
    (void)state;
    TestDir d;
    put_suites(&d);
    Plan *p =
        load(&d, "plan: p\nmodels: [{name: m, path: 'b+lora=x/a+tokenizer=t+lora=/abs/c'}]\nsuites: [su/one]\n", NULL);
    Str dir = str_sub(p->models[0].spec, 0, str_find(p->models[0].spec, STR("/b+"), 0));
    char want[400];
    assert_true(dir.n > 1 && dir.p[0] == '/');
    snprintf(want, sizeof want, STR_FMT "/b+lora=" STR_FMT "/x/a+tokenizer=" STR_FMT "/t+lora=/abs/c", STR_ARG(dir),
             STR_ARG(dir), STR_ARG(dir));
    assert_true(str_eqz(p->models[0].spec, want));
    dir_close(&d);
}

static void test_settings_overlay(void **state) {
    (void)state;
    static const char *const sets[] = {"generation.top_p=0.5", "repeats=4"};
    static const char *const models[] = {"x=/abs/m", "rel/dir+lora=ad"};
    TestDir d;
    put_suites(&d);
    PlanOverrides o = {.models = models,
                       .n_models = 2,
                       .sets = sets,
                       .n_sets = 2,
                       .efforts = "low, high",
                       .has_seed = true,
                       .seed = UINT64_MAX,
                       .out = "o"};
    Plan *p = load(&d, BASE "generation: {temperature: 0}\nout: runs/x\nthreads: 2\nseed: 1\n", &o);
    WorkItem w = plan_item(p, 0);
    GenOptions g = plan_gen(p, &w);
    assert_true(g.temperature == 0 && g.top_p == 0.5 && g.max_tokens == 9 && g.effort == EFFORT_LOW &&
                g.seed == w.seed);
    assert_int_equal(p->repeats, 4);
    assert_int_equal(p->n_efforts, 2);
    assert_true(p->seed == UINT64_MAX && p->threads == 2 && str_eqz(p->out, "o"));
    assert_true(str_eqz(p->models[0].name, "x") && str_eqz(p->models[0].spec, "/abs/m"));
    assert_true(str_eqz(p->models[1].spec, "rel/dir+lora=ad"));
    dir_close(&d);
}

/* The digest says whether the same was asked: not where the models lay, how fast or how wide. */
static void test_digest(void **state) {
    (void)state;
    TestDir d;
    put_suites(&d);
    Plan *p = load(&d, BASE, NULL), *q = load(&d,
                                              "plan: p\nmodels: [{name: m, path: elsewhere}, {name: r, path: "
                                              "y}]\nsuites: [su/one, su/two]\nthreads: 7\nbatch: 3\nout: z\n",
                                              NULL);
    assert_true(str_eq(p->sha256, q->sha256));
    assert_false(str_eq(p->sha256, load(&d, BASE "seed: 1\n", NULL)->sha256));
    assert_false(str_eq(p->sha256, load(&d, BASE "generation: {top_p: 0.9}\n", NULL)->sha256));
    dir_put(&d, "su/one/s.jsonl", "{\"id\": \"a\", \"q\": \"other\", \"g\": \"x\"}\n");
    assert_false(str_eq(p->sha256, load(&d, BASE, NULL)->sha256));
    dir_close(&d);
}

static void test_several_files_and_bare_suites(void **state) {
    (void)state;
    TestDir d;
    Plan *p;
    Err err = ERR_INIT;
    put_suites(&d);
    const char *paths[] = {dir_put(&d, "a.yaml", "plan: a\nmodels: [m]\nsuites: [su/one]\nrepeats: 2\n"),
                           dir_put(&d, "b.yaml", "plan: b\nsuites: [su/two]\nrepeats: 3\n")};
    if (!plan_load(paths, 2, NULL, d.a, &p, &err)) fail_msg("%s", err.msg);
    assert_true(str_eqz(p->name, "a+b") && p->n_suites == 2 && p->n_models == 1 && p->repeats == 3);
    const char *const model = "m";
    PlanOverrides o = {.models = &model, .n_models = 1};
    const char *dir = path_join(d.a, d.path, "su/two");
    if (!plan_load(&dir, 1, &o, d.a, &p, &err)) fail_msg("%s", err.msg);
    assert_true(str_eqz(p->name, "su/two"));
    dir_close(&d);
}

static void test_data_folders(void **state) {
    (void)state;
    TestDir d;
    Plan *p;
    Err err = ERR_INIT;
    dir_open(&d);
    dir_put(&d, "su/one/suite.yaml",
            "suite: su/one\nversion: 1\ntitle: T\ndataset: {path: $data/s.jsonl}\nprompt: q\nscorers: [number]\n");
    dir_put(&d, "here/s.jsonl", ROWS);
    const char *path = dir_put(&d, "plan.yaml", "plan: p\nmodels: [m]\nsuites: [su/one]\n");
    assert_false(plan_load(&path, 1, NULL, d.a, &p, &err));
    assert_has(&err, "--set data=DIR");
    const char *set = arena_strdup(d.a, str_printf(d.a, "data.one=%s/here", d.path).p);
    PlanOverrides o = {.sets = &set, .n_sets = 1};
    if (!plan_load(&path, 1, &o, d.a, &p, &err) || !plan_open_data(p, d.a, &err)) fail_msg("%s", err.msg);
    dir_put(&d, "plan.yaml", "plan: p\nmodels: [m]\nsuites: [su/one]\ndata: {su/one: here, other: /nonexistent}\n");
    if (!plan_load(&path, 1, NULL, d.a, &p, &err) || !plan_open_data(p, d.a, &err)) fail_msg("%s", err.msg);
    assert_int_equal(p->suites[0].data->n, 4);
    dir_close(&d);
}

static void expect_error(const char *yaml, const PlanOverrides *o, const char *part) {
    TestDir d;
    Plan *p = (Plan *)1;
    Err err = ERR_INIT;
    put_suites(&d);
    const char *path = dir_put(&d, "plan.yaml", yaml);
    if (plan_load(&path, 1, o, d.a, &p, &err)) fail_msg("accepted: %s", yaml);
    assert_null(p);
    assert_int_equal(err.code, ERR_INPUT);
    assert_has(&err, part);
    dir_close(&d);
}

static bool is_precision(const Plan *p, size_t m, const char *name) {
    return str_eqz(plan_precision(p, m), name);
}

/* The model's own, else the plan's, else exact; --precision is above all. The questions stay the same. */
static void test_precision(void **state) {
    (void)state;
    TestDir d;
    put_suites(&d);
    static const char yaml[] = "plan: p\nmodels: [{name: m, path: a, precision: fast}, b]\nsuites: [su/one]\n";
    char with[200];
    snprintf(with, sizeof with, "%sprecision: half\n", yaml);
    Plan *p = load(&d, yaml, NULL), *half = load(&d, with, NULL),
         *over = load(&d, with, &(PlanOverrides){.precision = "exact"});
    assert_true(is_precision(p, 0, "fast") && is_precision(p, 1, "exact"));
    assert_true(is_precision(half, 0, "fast") && is_precision(half, 1, "half"));
    assert_true(is_precision(over, 0, "exact") && is_precision(over, 1, "exact"));
    assert_true(str_eq(p->sha256, half->sha256) && str_eq(p->sha256, over->sha256));
    Buf b;
    buf_init(&b, 1 << 20);
    plan_to_json(half, &b);
    assert_non_null(strstr(b.p, "\"precision\":\"half\""));
    buf_clear(&b);
    plan_to_json(over, &b);
    assert_null(strstr(b.p, "precision"));
    buf_release(&b);
    expect_error("plan: p\nmodels: [{name: m, path: a, precison: x}]\nsuites: [su/one]\n", NULL,
                 "did you mean 'precision'");
    dir_close(&d);
}

static void test_refusals(void **state) {
    (void)state;
    static const char *const set_models = "models=[x]", *const set_typo = "repeat=3", *const set_plain = "x",
                             *const two[] = {"m=a", "m=b"};
    expect_error(BASE "repeat: 3\n", NULL,
                 "plan.yaml line 4 column 1: unknown key 'repeat' in a plan; did you mean 'repeats'?");
    expect_error("models: [m]\nsuites: [su/one]\n", NULL, "missing key 'plan'");
    expect_error("plan: p\nsuites: [su/one]\n", NULL, "names no model");
    expect_error("plan: p\nmodels: [m]\n", NULL, "names no suites");
    expect_error("plan: p\nmodels: [m]\nsuites: [su/none]\n", NULL, "line 3 column 10: there is no suite at ");
    expect_error("plan: p\nmodels: [m, x/m]\nsuites: [su/one]\n", NULL, "line 2 column 13: two models are named 'm'");
    expect_error("plan: p\nmodels: [m]\nsuites: [su/one, su/one]\n", NULL, "suite 'su/one' is named twice");
    expect_error(BASE "efforts: [middle]\n", NULL, "line 4 column 11: an effort is low, medium or high, not 'middle'");
    expect_error(BASE "efforts: [low, low]\n", NULL, "named twice");
    expect_error(BASE "efforts: []\n", NULL, "is empty");
    expect_error(BASE "repeats: 0\n", NULL, "'repeats' must be between 1 and 10000, not 0");
    expect_error(BASE "seed: -1\n", NULL, "'seed' must be between");
    expect_error(BASE "device: tpu\n", NULL, "one of cpu, cuda");
    expect_error(BASE, &(PlanOverrides){.sets = &set_models, .n_sets = 1}, "use --model");
    expect_error(BASE, &(PlanOverrides){.sets = &set_typo, .n_sets = 1},
                 "--set repeat=3 line 1 column 1: unknown key 'repeat'");
    expect_error(BASE, &(PlanOverrides){.sets = &set_plain, .n_sets = 1}, "write key=value");
    expect_error(BASE, &(PlanOverrides){.efforts = "low,,high"}, "--effort low,,high");
    expect_error(BASE, &(PlanOverrides){.models = two, .n_models = 2}, "--model m=b: two models are named 'm'");
    expect_error(BASE, &(PlanOverrides){.has_repeats = true, .repeats = 0}, "--repeats must be between");
}

/* From plan to request in an arena of small blocks; everything that can run out of memory does. */
static bool whole_way(const char *path, const PlanOverrides *o, Err *err) {
    Arena *a = arena_open(64);
    Plan *p;
    Request r;
    Buf json;
    buf_init(&json, 1 << 20);
    bool ok = a || err_nomem(err);
    ok = ok && plan_load(&path, 1, o, a, &p, err) && plan_open_data(p, a, err);
    for (int64_t i = 0; ok && i < plan_count(p); i++) {
        WorkItem w = plan_item(p, i);
        GenOptions g = plan_gen(p, &w);
        const PlanSuite *s = &p->suites[w.suite];
        ok = prompt_build(s->suite, s->fewshot, &s->data->samples[w.sample], &g, 0, a, &r, err);
    }
    if (ok) plan_to_json(p, &json);
    ok = ok && (!json.failed || err_nomem(err));
    buf_release(&json);
    arena_close(a);
    return ok;
}

static void test_every_allocation_may_fail(void **state) {
    (void)state;
    static const char *const set = "generation.top_p=0.5";
    TestDir d;
    Err err = ERR_INIT;
    PlanOverrides o = {.has_limit = true, .limit = 2, .sets = &set, .n_sets = 1};
    put_suites(&d);
    dir_put(&d, "su/one/suite.yaml",
            "suite: su/one\nversion: 1\ntitle: T\nscorers: [{scorer: x, options: {l: [1]}}]\n"
            "dataset: {path: [none.jsonl, s.jsonl], fields: {target: '{{ q ~ 1 }}', choices: '{{ [q, g] }}', group: g, "
            "meta: {m: '{{ row }}'}}}\n"
            "prompt: \"{% for c in sample.choices %}{{ c | upper | replace('A', 'b') | regex_replace('b', 'c') }}{{ "
            "'%5s' % c }}{% endfor %}\"\n"
            "fewshot: {count: 1, path: f.csv, fields: {target: a}}\nmode: loglikelihood\n");
    dir_put(&d, "su/one/f.csv", "q,a,g\n\"x\"\"y\",1,x\n");
    const char *path = dir_put(&d, "plan.yaml", BASE);
    if (!whole_way(path, &o, &err)) fail_msg("%s", err.msg);
    uint64_t n = 1;
    for (;; n++) {
        Err e = ERR_INIT;
        mem_fail_at(n);
        bool ok = whole_way(path, &o, &e);
        uint64_t counted = mem_fail_at(0);
        if (counted < n) {
            assert_true(ok);
            break;
        }
        bool at_ceiling =
            strstr(e.msg, "too long") != NULL; /* a full buffer and a failed one look alike to templates */
        if (!ok && e.code != ERR_MEMORY && !at_ceiling) fail_msg("allocation %d: %s", (int)n, e.msg);
    }
    fprintf(stderr, "%d allocations failed in turn\n", (int)n - 1);
    assert_true(n > 200);
    dir_close(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_ordinals),
        cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_limit_spreads_over_groups),
        cmocka_unit_test(test_model_parts),
        cmocka_unit_test(test_settings_overlay),
        cmocka_unit_test(test_digest),
        cmocka_unit_test(test_several_files_and_bare_suites),
        cmocka_unit_test(test_data_folders),
        cmocka_unit_test(test_precision),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
