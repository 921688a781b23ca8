/* Samples from JSONL, CSV and the MMLU layout; every kind of broken file is one sentence with file and line. */
#include "engine/base/hash.h"
#include "harness/dataset.h"
#include "tests/unit/harness_support.h"

typedef struct Fields {
    const char *id, *target, *choices, *group, *cluster;
} Fields;

static const Template *field(const char *src, Arena *a) {
    Template *t;
    Err err = ERR_INIT;
    if (!src) return NULL;
    assert_true(template_parse(str_from(src), "fields", a, &t, &err));
    return t;
}

static bool load(TestDir *d, DatasetFormat format, const char *path, Fields f, Dataset **out, Err *err) {
    const char **paths = arena_array(d->a, 1, sizeof *paths);
    DatasetSpec spec = {.paths = paths,
                        .n_paths = 1,
                        .format = format,
                        .id = field(f.id, d->a),
                        .target = field(f.target, d->a),
                        .choices = field(f.choices, d->a),
                        .group = field(f.group, d->a),
                        .cluster = field(f.cluster, d->a)};
    paths[0] = path;
    return dataset_load(&spec, d->a, out, err);
}

static const char *meta(const Sample *s, const char *key) {
    static char text[256];
    for (size_t i = 0; i < s->n_meta; i++)
        if (str_eqz((Str){s->meta[i].key.p, s->meta[i].key.n}, key)) {
            snprintf(text, sizeof text, "%.*s", (int)s->meta[i].value.n, s->meta[i].value.p);
            return text;
        }
    return NULL;
}

static void test_jsonl(void **state) {
    (void)state;
    TestDir d;
    Dataset *ds;
    Err err = ERR_INIT;
    dir_open(&d);
    const char *p = dir_put(&d, "s.jsonl",
                            "\xEF\xBB\xBF{\"id\": 7, \"q\": \"a\\nb\", \"opts\": [\"x\", 2, true], \"ans\": [\"1\", "
                            "2.5], \"g\": null, \"n\": null}\r\n\n"
                            "{\"id\": \"b\", \"q\": \"\xED\x95\x9C\", \"opts\": [\"x\", \"y\"], \"ans\": \"B\", \"g\": "
                            "\"G\", \"t\": [{\"i\": 1}]}\n");
    if (!load(&d, DATASET_JSONL, p, (Fields){"id", "ans", "opts", "g", "{{ id ~ '-' ~ q | length }}"}, &ds, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(ds->n, 2);
    const Sample *s = &ds->samples[0], *t = &ds->samples[1];
    assert_true(str_eqz(s->id, "7") && str_eqz(t->id, "b"));
    assert_int_equal(s->n_targets, 2);
    assert_true(str_eqz(s->targets[1], "2.5") && str_eqz(t->targets[0], "B"));
    assert_int_equal(s->n_choices, 3);
    assert_true(str_eqz(s->choices[1], "2") && str_eqz(s->choices[2], "true"));
    assert_null(s->group.p);
    assert_true(str_eqz(t->group, "G"));
    assert_true(str_eqz(s->cluster, "7-3") && str_eqz(t->cluster, "b-1"));
    assert_string_equal(meta(s, "q"), "a\nb");
    assert_string_equal(meta(t, "t"), "[{\"i\":1}]");
    assert_null(meta(s, "n"));
    assert_ptr_equal(dataset_find(ds, STR("b")), t);
    assert_null(dataset_find(ds, STR("c")));
    dir_close(&d);
}

/* The digest of a row does not depend on the order of its keys, on white space or on the file around it. */
static void test_content_hash(void **state) {
    (void)state;
    TestDir d;
    Dataset *x = NULL, *y = NULL;
    Err err = ERR_INIT;
    char hex[65];
    dir_open(&d);
    const char *p =
        dir_put(&d, "x.jsonl",
                "{\"id\": \"a\", \"q\": \"t\", \"z\": {\"b\": 1, \"a\": [1.5]}}\n{\"id\": \"b\", \"q\": \"t\"}\n");
    const char *q = dir_put(&d, "y.jsonl",
                            "{\"z\":{\"a\":[1.5],\"b\":1},\"q\":\"t\",\"id\":\"a\"}\n{\"id\": \"b\", \"q\": \"T\"}\n");
    assert_true(load(&d, DATASET_JSONL, p, (Fields){.id = "id"}, &x, &err) &&
                load(&d, DATASET_JSONL, q, (Fields){.id = "id"}, &y, &err));
    sha256_of(STR("{\"id\":\"a\",\"q\":\"t\",\"z\":{\"a\":[1.5],\"b\":1}}"), hex);
    assert_true(str_eqz(x->samples[0].content_hash, hex));
    assert_true(str_eq(x->samples[0].content_hash, y->samples[0].content_hash));
    assert_false(str_eq(x->samples[1].content_hash, y->samples[1].content_hash));
    assert_true(sha256_file(p, hex, &err) && str_eqz(x->sha256, hex));
    dir_close(&d);
}

static void expect_error(DatasetFormat format, Str text, Fields f, const char *part) {
    TestDir d;
    Dataset *ds = (Dataset *)1;
    Err err = ERR_INIT;
    dir_open(&d);
    const char *p = dir_put_n(&d, format == DATASET_JSONL ? "f.jsonl" : "f_test.csv", text);
    assert_false(load(&d, format, p, f, &ds, &err));
    assert_null(ds);
    assert_int_equal(err.code, ERR_INPUT);
    assert_has(&err, part);
    if (text.n) assert_has(&err, format == DATASET_JSONL ? "f.jsonl" : "f_test.csv");
    dir_close(&d);
}

static void test_broken_jsonl(void **state) {
    (void)state;
    const Fields id = {.id = "id"}, all = {"id", "a", "c", NULL, NULL};
    expect_error(DATASET_JSONL, STR("{\"id\": 1}\n{\"id\": 2\n"), id, "f.jsonl line 2 column");
    expect_error(DATASET_JSONL, STR("{\"id\": 1}\n[1]\n"), id, "f.jsonl line 2: each line must be a JSON object");
    expect_error(DATASET_JSONL, STR("{\"id\": 1}\n{\"id\": 1}\n"), id, "f.jsonl line 2: id '1' was used before, in ");
    expect_error(DATASET_JSONL, STR("{\"id\": \"a\"}\n\n{\"x\": 1}\n"), id,
                 "f.jsonl line 3: missing key 'id' (dataset.fields.id names it); the row has: x");
    expect_error(DATASET_JSONL, STR("{\"id\": 1, \"id\": 2}\n"), id, "twice");
    expect_error(DATASET_JSONL, STR("{\"id\": \"\"}\n"), id, "the id is empty");
    expect_error(DATASET_JSONL, STR("{\"id\": [1]}\n"), id, "must be text or a number, not a list");
    expect_error(DATASET_JSONL, STR("{\"id\": null}\n"), id, "not none");
    expect_error(DATASET_JSONL, STR("{\"id\": \"a\\tb\"}\n"), id, "control character");
    expect_error(DATASET_JSONL, STR("{\"id\": 12345678901234567890}\n"), id, "too large to be kept exactly");
    expect_error(DATASET_JSONL, STR("{\"id\": 1}\n{\"id\": 2, \"x\": \"\0\"}\n"), id, "f.jsonl line 2: a NUL byte");
    expect_error(DATASET_JSONL, STR("{\"id\": \"\xff\"}\n"), id, "f.jsonl line 1: not valid UTF-8");
    expect_error(DATASET_JSONL, STR("{\"id\": 1, \"a\": {}, \"c\": [\"x\", \"y\"]}\n"), all,
                 "the target must be text or a number, not a map");
    expect_error(DATASET_JSONL, STR("{\"id\": 1, \"a\": \"A\", \"c\": \"x\"}\n"), all,
                 "choices must be a list, not text");
    expect_error(DATASET_JSONL, STR("{\"id\": 1, \"a\": \"A\", \"c\": [\"x\"]}\n"), all,
                 "choices must have 2 to 26 entries, not 1");
    expect_error(DATASET_JSONL, STR("\n\n"), id, "there are no rows");
    expect_error(DATASET_JSONL, (Str){"", 0}, id, "there are no rows");
    expect_error(DATASET_JSONL, STR("{\"id\": 1}\n"), (Fields){.id = "{{ nope }}"}, "'nope' is not defined");
}

static void test_missing_files(void **state) {
    (void)state;
    TestDir d;
    Dataset *ds;
    Err err = ERR_INIT;
    dir_open(&d);
    assert_false(load(&d, DATASET_JSONL, "/nonexistent/x.jsonl", (Fields){.id = "id"}, &ds, &err));
    assert_has(&err, "no data file: nothing matches /nonexistent/x.jsonl");
    assert_false(load(&d, DATASET_JSONL, d.path, (Fields){.id = "id"}, &ds, &err));
    assert_has(&err, "it is a folder");
    dir_close(&d);
}

static void test_csv(void **state) {
    (void)state;
    TestDir d;
    Dataset *ds;
    Err err = ERR_INIT;
    dir_open(&d);
    const char *p = dir_put(&d, "s.csv", "id,The question,answer\r\n1,\"what,\n\"\"now\"\"?\",x\r\n2,b,y\r\n");
    if (!load(&d, DATASET_CSV, p, (Fields){"id", "answer", "{{ [answer, row['The question']] }}", NULL, NULL}, &ds,
              &err))
        fail_msg("%s", err.msg);
    assert_int_equal(ds->n, 2);
    assert_true(str_eqz(ds->samples[0].choices[1], "what,\n\"now\"?"));
    assert_string_equal(meta(&ds->samples[1], "The question"), "b");
    dir_close(&d);
    expect_error(DATASET_CSV, STR("id,q\n1\n"), (Fields){.id = "id"},
                 "f_test.csv line 2: the record has 1 fields, but the header names 2");
    expect_error(DATASET_CSV, STR("id,q,id\n1,2,3\n"), (Fields){.id = "id"},
                 "line 1: the header names column 'id' twice");
    expect_error(DATASET_CSV, STR("id,\n1,2\n"), (Fields){.id = "id"}, "column 2 of the header has no name");
    expect_error(DATASET_CSV, STR(""), (Fields){.id = "id"}, "");
    expect_error(DATASET_CSV, STR("id,q\n1,\"x\n"), (Fields){.id = "id"},
                 "line 2: a quoted field begins here and never ends");
    expect_error(DATASET_CSV, STR("id\n1\n1\n"), (Fields){.id = "id"}, "line 3: id '1' was used before");
}

static void test_mmlu_layout(void **state) {
    (void)state;
    NEED_SHARED(root, "data/mmlu/data/test");
    TestDir d;
    Dataset *ds;
    Err err = ERR_INIT;
    dir_open(&d);
    char *pattern = path_join(d.a, root, "*_test.csv");
    const Fields f = {"{{ subject_id }}-{{ number }}", "answer", "choices", "subject", NULL};
    if (!load(&d, DATASET_MMLU, pattern, f, &ds, &err)) fail_msg("%s", err.msg);
    assert_int_equal(ds->n, 120);
    assert_int_equal(ds->n_files, 10);
    const Sample *s = dataset_find(ds, STR("high_school_us_history-3"));
    assert_non_null(s);
    assert_true(str_eqz(s->group, "high school us history"));
    assert_int_equal(s->n_choices, 4);
    assert_true(str_eq(value_get(&s->row, STR("B"))->s, s->choices[1]));
    for (size_t i = 0; i < ds->n; i++) assert_true(strchr("ABCD", ds->samples[i].targets[0].p[0]) != NULL);
    dir_close(&d);
    expect_error(DATASET_MMLU, STR("q,a,b,c,d,A\nq,a,b,c,A\n"), f,
                 "f_test.csv line 2: the record has 5 fields; expected 6");
    expect_error(DATASET_MMLU, STR("q,a,b,c,d,E\n"), f, "the answer must be A, B, C or D, not 'E'");
}

/* As they come: integer ids in 2024, text ids in 2025, answers as text. */
static void test_aime_files(void **state) {
    (void)state;
    static const char *const names[] = {"data/aime2024/test2024.jsonl", "data/aime2025/test2025.jsonl"};
    static const char *const ids[] = {"60", "I-1"}, *const answers[] = {"204", "70"};
    for (int i = 0; i < 2; i++) {
        NEED_SHARED(path, names[i]);
        TestDir d;
        Dataset *ds;
        Err err = ERR_INIT;
        dir_open(&d);
        if (!load(&d, DATASET_JSONL, path, (Fields){.id = "id", .target = "answer"}, &ds, &err))
            fail_msg("%s", err.msg);
        assert_int_equal(ds->n, 15);
        assert_true(str_eqz(ds->samples[0].id, ids[i]) && str_eqz(ds->samples[0].targets[0], answers[i]));
        dir_close(&d);
    }
}

/* Further real files: each loads with the obvious fields. */
static void test_other_real_files(void **state) {
    (void)state;
    static const struct {
        const char *path;
        DatasetFormat format;
        const char *id, *target;
        size_t n;
    } cases[] = {
        {"data/livecodebench/problems.jsonl", DATASET_JSONL, "question_id", NULL, 89},
        {"data/simpleqa/simple_qa_test_set.csv", DATASET_CSV, "{{ problem[:60] }}", "answer", 150},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *path = shared_path(cases[i].path);
        TestDir d;
        Dataset *ds;
        Err err = ERR_INIT;
        if (!path) continue;
        dir_open(&d);
        if (!load(&d, cases[i].format, path, (Fields){.id = cases[i].id, .target = cases[i].target}, &ds, &err))
            fail_msg("%s", err.msg);
        assert_int_equal(ds->n, cases[i].n);
        dir_close(&d);
    }
}

static void test_every_prefix(void **state) {
    (void)state;
    static const char jsonl[] =
        "{\"id\": \"a\", \"c\": [\"x\", \"y\"], \"t\": {\"u\": [1, null]}}\r\n{\"id\": \"\\ud55c\", \"c\": [1, 2]}\n";
    TestDir d;
    dir_open(&d);
    for (size_t n = 0; n < sizeof jsonl; n++) {
        Dataset *ds;
        Err err = ERR_INIT;
        const char *p = dir_put_n(&d, "p.jsonl", (Str){jsonl, n});
        bool ok = load(&d, DATASET_JSONL, p, (Fields){.id = "id", .choices = "c"}, &ds, &err);
        assert_true(ok || (err.code == ERR_INPUT && err.msg[0]));
    }
    dir_close(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jsonl),        cmocka_unit_test(test_content_hash),
        cmocka_unit_test(test_broken_jsonl), cmocka_unit_test(test_missing_files),
        cmocka_unit_test(test_csv),          cmocka_unit_test(test_mmlu_layout),
        cmocka_unit_test(test_aime_files),   cmocka_unit_test(test_other_real_files),
        cmocka_unit_test(test_every_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
