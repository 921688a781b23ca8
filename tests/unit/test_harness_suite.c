/* suite.yaml: what is read, what is refused and where; the suites that are shipped. */
#include "harness/suite.h"
#include "tests/unit/harness_support.h"

#define HEAD "suite: t/s\nversion: 3\ntitle: T\n"
#define DATA "dataset: {path: s.jsonl, fields: {target: a}}\n"
#define PROMPT "prompt: '{{ q }}'\n"
#define SCORERS "scorers: [number]\n"
#define ROWS "{\"id\": 1, \"q\": \"x?\", \"a\": \"7\"}\n"

static bool load(TestDir *d, const char *yaml, Suite **out, Err *err) {
    const char *p = dir_put(d, "t/s/suite.yaml", yaml);
    return suite_load(p, NULL, d->a, out, err);
}

static void expect_error(const char *yaml, const char *part) {
    TestDir d;
    Suite *s = (Suite *)1;
    Err err = ERR_INIT;
    dir_open(&d);
    if (load(&d, yaml, &s, &err)) fail_msg("accepted: %s", yaml);
    assert_null(s);
    assert_int_equal(err.code, ERR_INPUT);
    assert_has(&err, part);
    assert_has(&err, "suite.yaml");
    dir_close(&d);
}

static void test_a_small_suite_and_its_defaults(void **state) {
    (void)state;
    TestDir d;
    Suite *s;
    Dataset *data, *few;
    Err err = ERR_INIT;
    dir_open(&d);
    dir_put(&d, "t/s/s.jsonl", ROWS);
    if (!load(&d, HEAD DATA PROMPT SCORERS, &s, &err)) fail_msg("%s", err.msg);
    assert_true(str_eqz(s->id, "t/s"));
    assert_int_equal(s->version, 3);
    assert_int_equal(s->mode, SUITE_GENERATE);
    assert_int_equal(s->hazard, HAZARD_NONE);
    assert_int_equal(s->metric, METRIC_ACCURACY);
    assert_false(s->higher_is_safer);
    assert_false(s->generation.has_temperature || s->generation.has_max_tokens);
    assert_null(s->developer);
    assert_null(s->prefill_channel.p);
    assert_true(str_eqz(s->scorers[0].name, "number") && s->n_scorers == 1);
    assert_int_equal(s->sha256.n, 64);
    if (!suite_open_data(s, d.a, &data, &few, &err)) fail_msg("%s", err.msg);
    assert_int_equal(data->n, 1);
    assert_null(few);
    assert_true(str_eqz(data->samples[0].targets[0], "7"));
    dir_close(&d);
}

static void test_all_keys(void **state) {
    (void)state;
    static const char yaml[] =
        HEAD "description: D\nlicence: MIT\nhazard: sealed\ncanary: c1\n"
             "dataset:\n  path: [absent.jsonl, s.jsonl]\n  format: jsonl\n  columns: [id, q, a, o, g, p, canary]\n"
             "  fields: {id: id, target: '{{ a }}', choices: o, group: g, cluster: p, meta: {twice: '{{ a ~ a }}'}}\n"
             "prompt: {developer: D, user: q}\nprefill: {channel: final, text: 'Answer: '}\n"
             "fewshot: {count: 1, path: f.jsonl, assistant: '{{ a }}!'}\n"
             "generation: {temperature: 0.5, top_p: 0.9, max_tokens: 7, date: '2025-06-30'}\n"
             "mode: loglikelihood\nchoices_as: '{{ choice }}'\n"
             "scorers:\n  - {scorer: choice, name: letter, options: {by: loglikelihood, n: 4, list: [a, 1], flag: "
             "true}}\n  - choice\n"
             "metric: safe_rate\nhigher_is: better\n";
    TestDir d;
    Suite *s;
    Dataset *data = NULL, *few = NULL;
    Err err = ERR_INIT;
    dir_open(&d);
    dir_put(
        &d, "t/s/s.jsonl",
        "{\"id\": 1, \"q\": \"x?\", \"a\": \"7\", \"o\": [1, 2], \"g\": \"G\", \"p\": \"P\", \"canary\": \"c1\"}\n");
    dir_put(&d, "t/s/f.jsonl", "{\"q\": \"y?\", \"a\": \"8\", \"o\": [1, 2]}\n");
    if (!load(&d, yaml, &s, &err) || !suite_open_data(s, d.a, &data, &few, &err)) fail_msg("%s", err.msg);
    assert_int_equal(s->hazard, HAZARD_SEALED);
    assert_int_equal(s->mode, SUITE_LOGLIKELIHOOD);
    assert_false(s->higher_is_safer);
    assert_true(s->generation.has_date && s->generation.max_tokens == 7 && s->generation.temperature == 0.5);
    assert_true(str_eqz(s->prefill_text_source, "Answer: "));
    assert_int_equal(s->scorers[0].n_options, 4);
    assert_memory_equal(s->scorers[0].options[1].value.p, "4", 1);
    assert_memory_equal(s->scorers[0].options[2].value.p, "[\"a\",1]", 7);
    assert_true(str_eqz(s->scorers[0].name, "letter") && str_eqz(s->scorers[1].name, "choice"));
    assert_int_equal(few->n, 1);
    assert_true(str_eqz(few->samples[0].targets[0], "8"));
    const Sample *x = &data->samples[0];
    assert_true(str_eqz(x->group, "G") && str_eqz(x->cluster, "P"));
    assert_memory_equal(x->meta[x->n_meta - 1].value.p, "77", 2);
    dir_close(&d);
}

static void test_refusals(void **state) {
    (void)state;
    expect_error(HEAD DATA "promt: x\n" SCORERS,
                 "line 5 column 1: unknown key 'promt' in a suite; did you mean 'prompt'?");
    expect_error(HEAD DATA "prompt: {user: q, sytem: x}\n" SCORERS,
                 "line 5 column 19: unknown key 'sytem' in 'prompt'");
    expect_error(HEAD PROMPT SCORERS, "missing key 'dataset'");
    expect_error(HEAD "dataset: {format: jsonl}\n" PROMPT SCORERS, "missing key 'path'");
    expect_error(HEAD "dataset: {path: x.bin}\n" PROMPT SCORERS, "missing key 'format'");
    expect_error(HEAD "dataset: {path: x, format: parquet}\n" PROMPT SCORERS,
                 "'format' must be one of jsonl, csv, mmlu, not 'parquet'");
    expect_error(HEAD "dataset: {path: []}\n" PROMPT SCORERS, "empty list");
    expect_error(HEAD "dataset: {path: $data/x.jsonl}\n" PROMPT SCORERS, "name their folder with --set data=DIR");
    expect_error(HEAD "dataset: {path: x.jsonl, sha256: abc}\n" PROMPT SCORERS, "64 lower-case hexadecimal digits");
    expect_error(HEAD DATA "prompt: {developer: x}\n" SCORERS, "missing key 'user'");
    expect_error(HEAD DATA "prompt: '{{ q'\n" SCORERS, "line 5 column 9: prompt, template line 1: a tag is not closed");
    expect_error(HEAD DATA PROMPT, "missing key 'scorers'");
    expect_error(HEAD DATA PROMPT "scorers: []\n", "is empty");
    expect_error(HEAD DATA PROMPT "scorers: [number, number]\n", "two scorers are named 'number'");
    expect_error(HEAD DATA PROMPT "scorers: [{name: x}]\n", "missing key 'scorer'");
    expect_error(HEAD DATA PROMPT SCORERS "version: 4\n", "key 'version' stands twice");
    expect_error(HEAD DATA PROMPT SCORERS "generation: {temperature: -1}\n",
                 "'temperature' must be between 0 and 100, not -1");
    expect_error(HEAD DATA PROMPT SCORERS "generation: {temperature: .nan}\n", "must be between");
    expect_error(HEAD DATA PROMPT SCORERS "generation: {max_tokens: 0}\n", "'max_tokens' must be between 1");
    expect_error(HEAD DATA PROMPT SCORERS "generation: {date: '2025-6-30'}\n", "must look like");
    expect_error(HEAD DATA PROMPT SCORERS "mode: chat\n", "'mode' must be one of generate, loglikelihood");
    expect_error(HEAD DATA PROMPT SCORERS "mode: loglikelihood\n", "needs 'choices'");
    expect_error(HEAD DATA PROMPT SCORERS "choices_as: x\n", "'choices_as' is for 'mode: loglikelihood'");
    expect_error(HEAD DATA PROMPT SCORERS "fewshot: {count: 1}\n", "missing key 'path'");
    expect_error(HEAD DATA PROMPT SCORERS "fewshot: {count: 1, path: f.jsonl, per_group: true}\n", "needs 'group'");
    expect_error(HEAD DATA PROMPT SCORERS "fewshot: {count: 1, path: f.jsonl, as: variable, user: x}\n",
                 "are for 'as: turns'");
    expect_error("suite: t/other\nversion: 1\ntitle: T\n" DATA PROMPT SCORERS,
                 "'suite' is 't/other', but the folder is ");
    expect_error("suite: s!\nversion: 1\ntitle: T\n" DATA PROMPT SCORERS, "letters, digits");
    expect_error("suite: t/s\ntitle: T\n" DATA PROMPT SCORERS, "missing key 'version'");
    expect_error("suite: t/s\nversion: '1'\ntitle: T\n" DATA PROMPT SCORERS,
                 "'version' must be an integer, not text '1'");
    expect_error("[1, 2]\n", "a suite must be a map, not a list");
    expect_error("", "empty");
}

/* A folder whose name glob would read as a pattern is still just a folder. */
static void test_odd_folders(void **state) {
    (void)state;
    TestDir d;
    Suite *s;
    Dataset *data, *few;
    Err err = ERR_INIT;
    dir_open(&d);
    dir_put(&d, "[a]*?/t/s/s.jsonl", ROWS);
    const char *p = dir_put(&d, "[a]*?/t/s/suite.yaml", HEAD DATA PROMPT SCORERS);
    if (!suite_load(p, NULL, d.a, &s, &err) || !suite_open_data(s, d.a, &data, &few, &err)) fail_msg("%s", err.msg);
    dir_put(&d, "[d]/x_1.jsonl", "{\"id\": 1}\n");
    dir_put(&d, "[d]/x_2.jsonl", "{\"id\": 2}\n");
    p = dir_put(&d, "t/s/suite.yaml", HEAD "dataset: {path: $data/x_*.jsonl}\n" PROMPT SCORERS);
    if (!suite_load(path_dirname(d.a, p), path_join(d.a, d.path, "[d]"), d.a, &s, &err)) fail_msg("%s", err.msg);
    if (!suite_open_data(s, d.a, &data, &few, &err)) fail_msg("%s", err.msg);
    assert_int_equal(data->n, 2);
    dir_close(&d);
}

static void test_shipped_suites(void **state) {
    (void)state;
    static const struct {
        const char *dir, *id;
        bool safer;
    } cases[] = {{"suites/demo/choice", "demo/choice", false},
                 {"suites/demo/sum", "demo/sum", false},
                 {"suites/demo/program", "demo/program", false},
                 {"suites/demo/refusal", "demo/refusal", true},
                 {"suites/safety/cbrn-refusal", "safety/cbrn-refusal", true},
                 {"suites/safety/cbrn-margin", "safety/cbrn-margin", true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Arena *a = arena_open(0);
        Suite *s;
        Dataset *data = NULL, *few = NULL;
        Err err = ERR_INIT;
        if (!suite_load(cases[i].dir, NULL, a, &s, &err) || !suite_open_data(s, a, &data, &few, &err))
            fail_msg("%s", err.msg);
        assert_true(str_eqz(s->id, cases[i].id));
        assert_int_equal(s->higher_is_safer, cases[i].safer);
        assert_true(data->n >= 50);
        arena_close(a);
    }
}

static void test_presets_read_the_authors_files(void **state) {
    (void)state;
    NEED_SHARED(root, "data");
    static const struct {
        const char *dir;
        size_t n, few;
    } cases[] = {
        {"suites/published/mmlu", 120, 50}, {"suites/published/aime2024", 15, 0}, {"suites/published/aime2025", 15, 0}};
    for (size_t i = 0; i < 3; i++) {
        Arena *a = arena_open(0);
        Suite *s;
        Dataset *data = NULL, *few = NULL;
        Err err = ERR_INIT;
        if (!suite_load(cases[i].dir, root, a, &s, &err) || !suite_open_data(s, a, &data, &few, &err))
            fail_msg("%s", err.msg);
        assert_int_equal(data->n, cases[i].n);
        assert_int_equal(few ? few->n : 0, cases[i].few);
        arena_close(a);
    }
}

static void test_every_prefix(void **state) {
    (void)state;
    static const char yaml[] = HEAD DATA "prompt:\n  user: |-\n    {{ q }}\n    {%- if a %} x{% endif %}\n" SCORERS
                                         "generation: {temperature: 0}\n";
    TestDir d;
    dir_open(&d);
    for (size_t n = 0; n < sizeof yaml; n++) {
        Arena *a = arena_open(0);
        Suite *s;
        Err err = ERR_INIT;
        const char *p = dir_put_n(&d, "t/s/suite.yaml", (Str){yaml, n});
        bool ok = suite_load(p, NULL, a, &s, &err);
        assert_true(ok || (err.code == ERR_INPUT && err.msg[0] && !s));
        arena_close(a);
    }
    dir_close(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_small_suite_and_its_defaults),
        cmocka_unit_test(test_all_keys),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_odd_folders),
        cmocka_unit_test(test_shipped_suites),
        cmocka_unit_test(test_presets_read_the_authors_files),
        cmocka_unit_test(test_every_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
