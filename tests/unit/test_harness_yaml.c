/* YAML to nodes: types, positions, limits, and what is refused. */
#include "harness/yaml.h"
#include "tests/support.h"

static const YamlDoc DOC = {"x.yaml", "."};

static YamlNode *parse(const char *text, Arena *a) {
    YamlNode *n;
    Err err = ERR_INIT;
    if (!yaml_parse(str_from(text), &DOC, a, &n, &err)) fail_msg("%s", err.msg);
    return n;
}

static void expect_error_n(Str text, const char *part) {
    Arena *a = arena_open(0);
    YamlNode *n;
    Err err = ERR_INIT;
    assert_false(yaml_parse(text, &DOC, a, &n, &err));
    assert_null(n);
    assert_int_equal(err.code, ERR_INPUT);
    if (!strstr(err.msg, part)) fail_msg("'%s' lacks '%s'", err.msg, part);
    arena_close(a);
}
static void expect_error(const char *text, const char *part) {
    expect_error_n(str_from(text), part);
}

static void test_scalars_by_core_schema(void **state) {
    (void)state;
    static const struct {
        const char *text;
        YamlKind kind;
        double num;
    } cases[] = {
        {"12", YKIND_INT, 12},        {"-3", YKIND_INT, -3},
        {"+4", YKIND_INT, 4},         {"0x1F", YKIND_INT, 31},
        {"0o17", YKIND_INT, 15},      {"017", YKIND_INT, 17},
        {"1.5", YKIND_FLOAT, 1.5},    {"1e3", YKIND_FLOAT, 1000},
        {".5", YKIND_FLOAT, .5},      {"-2.", YKIND_FLOAT, -2},
        {"true", YKIND_BOOL, 0},      {"False", YKIND_BOOL, 0},
        {"yes", YKIND_STR, 0},        {"no", YKIND_STR, 0},
        {"on", YKIND_STR, 0},         {"null", YKIND_NULL, 0},
        {"~", YKIND_NULL, 0},         {"'12'", YKIND_STR, 0},
        {"\"true\"", YKIND_STR, 0},   {"1_000", YKIND_STR, 0},
        {"2024-01-02", YKIND_STR, 0}, {"0x", YKIND_STR, 0},
        {"1e", YKIND_STR, 0},         {"-", YKIND_SEQ, 0},
        {"12:30", YKIND_STR, 0},      {"99999999999999999999", YKIND_FLOAT, 1e20},
        {"- - 1", YKIND_SEQ, 0},      {"{}", YKIND_MAP, 0},
        {"''", YKIND_STR, 0},
    };
    Arena *a = arena_open(0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        YamlNode *n = parse(cases[i].text, a);
        if (n->kind != cases[i].kind) fail_msg("%s is %s", cases[i].text, yaml_kind_name(n->kind));
        if (n->kind == YKIND_INT || n->kind == YKIND_FLOAT) assert_true(n->num == cases[i].num);
    }
    arena_close(a);
}

/* YAML 1.2 section 8.1.1.2 (chomping) and 7.3 (quotes). */
static void test_text_styles(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"k: |\n  a\n  b\n", "a\nb\n"},
        {"k: |-\n  a\n  b\n", "a\nb"},
        {"k: |+\n  a\n\n", "a\n\n"},
        {"k: >\n  a\n  b\n\n  c\n", "a b\nc\n"},
        {"k: >-\n  a\n  b\n", "a b"},
        {"k: 'a\\nb'", "a\\nb"},
        {"k: \"a\\nb\"", "a\nb"},
        {"k: 'it''s'", "it's"},
        {"k: \"\\u00e9\\x41\"", "\xC3\xA9"
                                "A"},
        {"k: a\n  b", "a b"},
        {"k: |2\n    x\n", "  x\n"},
        {"k: \"a\\\n  b\"", "ab"},
    };
    Arena *a = arena_open(0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        YamlNode *n = yaml_get(parse(cases[i][0], a), "k");
        if (!str_eqz(n->text, cases[i][1])) fail_msg("%s gives '%s'", cases[i][0], n->text.p);
        assert_int_equal(n->kind, YKIND_STR);
    }
    arena_close(a);
}

static void test_positions(void **state) {
    (void)state;
    Arena *a = arena_open(0);
    YamlNode *n = parse("# c\na: 1\nb:\n  - x\n  - {c: \xED\x95\x9C, d: 4}\n", a);
    assert_int_equal(n->keys[1].line, 3);
    YamlNode *d = yaml_get(yaml_get(n, "b")->items[1], "d");
    assert_int_equal(d->line, 5);
    assert_int_equal(d->col, 15); /* characters, not bytes */
    arena_close(a);
}

static void test_refusals(void **state) {
    (void)state;
    expect_error("", "x.yaml: the file is empty");
    expect_error("# only a comment\n", "empty");
    expect_error("a: 1\nb: 2\na: 3\n", "x.yaml line 3 column 1: key 'a' stands twice in one map (first in line 1)");
    expect_error("a: !!str 1\n", "line 1 column 4: tag");
    expect_error("a: !function x.y\n", "tag '!function' is not allowed");
    expect_error("!x\na: 1\n", "tag");
    expect_error("base: &b {x: 1}\nc:\n  <<: *b\n", "merge keys");
    expect_error("a: 1\n---\nb: 2\n", "second document");
    expect_error("? [a]\n: 1\n", "a key must be text");
    expect_error("a: *nope\n", "alias *nope has no anchor");
    expect_error("a: &x [1, *x]\n", "inside its own anchor");
    expect_error("a: [1, 2\n", "line");
    expect_error("a: \"x\n", "line");
    expect_error("a:\n\t- x\n", "line 2");
    expect_error("a: b: c\n", "line 1 column");
    expect_error("a: \"\\0\"\n", "NUL");
    expect_error_n((Str){"a: b\0c", 6}, "x.yaml line 1: a NUL byte");
    expect_error("a: 1\nb: \xff\n", "x.yaml line 2: not valid UTF-8");
}

static void test_limits(void **state) {
    (void)state;
    Arena *a = arena_open(0);
    Buf b;
    buf_init(&b, (size_t)16 << 20);
    for (int i = 0; i < 100000; i++) buf_addc(&b, '[');
    expect_error_n(buf_str(&b), "nested too deeply");
    buf_clear(&b);
    buf_adds(&b, "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"); /* the billion laughs */
    for (int i = 1; i < 20; i++)
        buf_addf(&b, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i, i - 1, i - 1, i - 1,
                 i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    expect_error_n(buf_str(&b), "too large");
    buf_clear(&b);
    buf_adds(&b, "a0: &a0 [x]\n");
    for (int i = 1; i < 200; i++) buf_addf(&b, "a%d: &a%d [*a%d]\n", i, i, i - 1);
    expect_error_n(buf_str(&b), "nests too deeply");
    buf_clear(&b);
    for (int i = 0; i < 5000; i++) buf_addf(&b, "k%d: 1\n", i);
    expect_error_n(buf_str(&b), "more than 4096 keys");
    buf_clear(&b);
    for (size_t i = 0; i < YAML_MAX_BYTES + 1; i++) buf_addc(&b, '#');
    expect_error_n(buf_str(&b), "larger than 4 MiB");
    buf_release(&b);
    arena_close(a);
}

static void test_small_aliases_and_marks_are_fine(void **state) {
    (void)state;
    Arena *a = arena_open(0);
    YamlNode *n = parse("\xEF\xBB\xBF"
                        "a: &x {k: 1}\r\nb: *x\r\n",
                        a);
    assert_int_equal(yaml_get(yaml_get(n, "b"), "k")->i, 1);
    arena_close(a);
}

static void test_unknown_keys_are_named_with_the_nearest(void **state) {
    (void)state;
    static const char *const known[] = {"suite", "prompt", "dataset", "generation", NULL};
    Arena *a = arena_open(0);
    Err err = ERR_INIT;
    assert_false(yaml_check_keys(parse("suite: x\npromt: y\n", a), "a suite", known, &err));
    assert_string_equal(err.msg, "x.yaml line 2 column 1: unknown key 'promt' in a suite; did you mean 'prompt'?");
    assert_false(yaml_check_keys(parse("zzzz: 1\n", a), "a suite", known, &err));
    assert_non_null(strstr(err.msg, "known keys: suite, prompt, dataset, generation"));
    assert_false(yaml_check_keys(parse("[1]\n", a), "a suite", known, &err));
    assert_non_null(strstr(err.msg, "must be a map, not a list"));
    assert_string_equal(yaml_nearest(STR("genration"), known), "generation");
    assert_string_equal(yaml_nearest(STR("datsaet"), known), "dataset");
    assert_null(yaml_nearest(STR("x"), known));
    arena_close(a);
}

static void test_typed_access(void **state) {
    (void)state;
    static const char *const names[] = {"low", "high", NULL};
    Arena *a = arena_open(0);
    YamlNode *n = parse("s: text\ni: 7\nf: 0.5\nb: true\ne: high\nz:\nm: {x: 1}\nl: [1]\nq: '7'\n", a), *out = NULL;
    Err err = ERR_INIT;
    Str s = {0};
    int64_t i = -1;
    double f = -1;
    bool b = false;
    int e = -1;
    assert_true(yaml_want_str(n, "s", true, &s, &err) && str_eqz(s, "text"));
    assert_true(yaml_want_int(n, "i", true, 0, 10, &i, &err) && i == 7);
    assert_true(yaml_want_num(n, "i", true, 0, 10, &f, &err) && f == 7);
    assert_true(yaml_want_bool(n, "b", true, &b, &err) && b);
    assert_true(yaml_want_enum(n, "e", true, names, &e, &err) && e == 1);
    assert_true(yaml_want_map(n, "m", true, &out, &err) && yaml_want_seq(n, "l", true, &out, &err));
    assert_true(yaml_want_str(n, "absent", false, &s, &err) && yaml_want_str(n, "z", false, &s, &err) &&
                str_eqz(s, "text"));
    assert_false(yaml_want_str(n, "absent", true, &s, &err));
    assert_string_equal(err.msg, "x.yaml line 1 column 1: missing key 'absent'");
    assert_false(yaml_want_str(n, "i", false, &s, &err));
    assert_string_equal(err.msg, "x.yaml line 2 column 4: 'i' must be text (put it in quotes), not an integer '7'");
    assert_false(yaml_want_int(n, "q", false, 0, 10, &i, &err));
    assert_false(yaml_want_int(n, "i", false, 0, 6, &i, &err));
    assert_string_equal(err.msg, "x.yaml line 2 column 4: 'i' must be between 0 and 6, not 7");
    assert_false(yaml_want_enum(n, "s", false, names, &e, &err));
    assert_non_null(strstr(err.msg, "must be one of low, high, not 'text'"));
    assert_false(yaml_want_map(n, "l", false, &out, &err));
    assert_false(yaml_want_bool(n, "s", false, &b, &err));
    arena_close(a);
}

static void test_set(void **state) {
    (void)state;
    static const YamlDoc set = {"--set x", "."};
    Arena *a = arena_open(0);
    YamlNode *n = parse("a: 1\ng: {t: 0}\n", a);
    Err err = ERR_INIT;
    assert_true(yaml_set(n, STR("g.t"), STR("0.5"), &set, a, &err));
    assert_true(yaml_set(n, STR("h.i.j"), STR("[low, high]"), &set, a, &err));
    assert_true(yaml_set(n, STR("a"), STR(""), &set, a, &err));
    Buf b;
    buf_init(&b, 1000);
    yaml_to_json(n, &b);
    assert_string_equal(b.p, "{\"a\":null,\"g\":{\"t\":0.5},\"h\":{\"i\":{\"j\":[\"low\",\"high\"]}}}");
    assert_false(yaml_set(n, STR("g.t.u"), STR("1"), &set, a, &err));
    assert_false(yaml_set(n, STR("g..u"), STR("1"), &set, a, &err));
    assert_false(yaml_set(n, STR("g"), STR("[1"), &set, a, &err));
    if (strncmp(err.msg, "--set x line ", 13)) fail_msg("%s", err.msg);
    buf_release(&b);
    arena_close(a);
}

static void test_prefixes_and_changed_bytes(void **state) {
    (void)state;
    static const char valid[] = "suite: a/b\n# c\nlist: [1, 'two', {x: \"y\\n\"}]\nmap: &m\n  t: |-\n    {{ a }}\n     "
                                "b\n  u: >\n    x\nref: *m\nk: ~\n";
    static const char marks[] = "\"'[]{}:-&*!|>%@`#\n\t \0\xff\xED";
    char text[sizeof valid];
    Arena *a = arena_open(0);
    for (size_t k = 0; k < sizeof valid; k++)
        for (size_t c = 0; c < sizeof marks; c++) {
            YamlNode *n;
            Err err = ERR_INIT;
            memcpy(text, valid, sizeof valid);
            if (c && k < sizeof valid - 1) text[k] = marks[c - 1];
            bool ok = yaml_parse((Str){text, c ? sizeof valid - 1 : k}, &DOC, a, &n, &err);
            assert_true(ok || (err.code == ERR_INPUT && err.msg[0] && !n));
            arena_reset(a);
        }
    arena_close(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalars_by_core_schema),
        cmocka_unit_test(test_text_styles),
        cmocka_unit_test(test_positions),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_small_aliases_and_marks_are_fine),
        cmocka_unit_test(test_unknown_keys_are_named_with_the_nearest),
        cmocka_unit_test(test_typed_access),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_prefixes_and_changed_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
