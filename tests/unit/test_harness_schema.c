/* The part of JSON Schema that checks arguments. Expectations follow the JSON Schema specification (draft 2020-12,
 * validation vocabulary), not our own output. */
#include "tests/unit/harness_support.h"

#include "engine/base/json.h"
#include "harness/schema.h"

static Arena *g_a;

static const Schema *schema_of(const char *yaml) {
    static const YamlDoc doc = {"test.yaml", "."};
    YamlNode *n;
    const Schema *s = NULL;
    Err err = ERR_INIT;
    if (!yaml_parse(str_from(yaml), &doc, g_a, &n, &err) || !schema_read(n, g_a, &s, &err)) fail_msg("%s", err.msg);
    return s;
}

static void refuses(const char *yaml, const char *part) {
    static const YamlDoc doc = {"test.yaml", "."};
    YamlNode *n;
    const Schema *s;
    Err err = ERR_INIT;
    assert_true(yaml_parse(str_from(yaml), &doc, g_a, &n, &err));
    if (schema_read(n, g_a, &s, &err)) fail_msg("'%s' was taken", yaml);
    assert_int_equal(err.code, ERR_INPUT);
    assert_has(&err, "test.yaml line 1 column");
    assert_has(&err, part);
}

static bool fits(const char *yaml, const char *json, Str *why) {
    Json *j;
    Value v;
    Err err = ERR_INIT;
    const Schema *s = schema_of(yaml);
    if (!json_parse(str_from(json), &j, &err) || !value_from_json(j, g_a, &v, &err)) fail_msg("%s: %s", json, err.msg);
    json_close(j);
    return schema_check(s, &v, "the arguments", g_a, why);
}

typedef struct Case {
    const char *schema, *good, *bad, *why; /* lists of JSON texts, '\n' between; why: of the first bad one */
} Case;

static const Case k_cases[] = {
    {"{type: string}", "\"\"\n\"a\"", "1\nnull\n[]\n{}\ntrue", "the arguments must be of type string, not integer"},
    {"{type: integer}", "1\n-3\n2.0", "2.5\n\"1\"\ntrue", "must be of type integer, not number"},
    {"{type: number}", "1\n2.5\n1e300", "\"1\"\nfalse", "must be of type number, not string"},
    {"{type: boolean}", "true\nfalse", "0\n1\n\"true\"", "must be of type boolean, not integer"},
    {"{type: [string, 'null']}", "\"a\"\nnull", "1", "must be of type null or string, not integer"},
    {"{type: string, nullable: true}", "null\n\"x\"", "1", "null or string"},
    {"{}", "1\nnull\n{}\n[1]", "", ""},
    {"{enum: [a, 1, null, [2]]}", "\"a\"\n1\n1.0\nnull\n[2]", "\"b\"\n2\n[3]\ntrue",
     "must be one of \"a\", 1, null, [2]"},
    {"{const: {a: 1}}", "{\"a\": 1}", "{\"a\": 2}\n{}\n1", "must be {\"a\":1}"},
    {"{minimum: 2, maximum: 4}", "2\n4\n3.5\n\"1\"", "1\n1.999\n5", "must be at least 2"},
    {"{exclusiveMinimum: 2, exclusiveMaximum: 4}", "3\n2.001", "2\n4", "must be above 2"},
    {"{multipleOf: 0.1}", "0.3\n1\n-0.7", "0.35", "must be a multiple of 0.1"},
    {"{minLength: 2, maxLength: 3}", "\"ab\"\n\"\xf0\x9f\x98\x80\xc3\xa9\"\n1", "\"a\"\n\"abcd\"\n\"\xf0\x9f\x98\x80\"",
     "must have at least 2 characters"},
    {"{pattern: '^a+$'}", "\"aa\"\n5", "\"b\"\n\"\"", "must match the pattern ^a+$"},
    {"{pattern: b}", "\"abc\"", "\"ac\"", "must match the pattern b"}, /* searched for, not anchored */
    {"{type: array, items: {type: integer}, minItems: 1, maxItems: 2}", "[1]\n[1, 2]", "[\"a\"]\n[]\n[1, 2, 3]\n1",
     "'[0]' must be of type integer, not string"},
    {"{uniqueItems: true}", "[1, 2]\n[1, true]\n[[1], [true]]\n[{\"a\": 1}, {\"a\": true}]\n[]",
     "[1, 1]\n[{\"a\": 1}, {\"a\": 1.0}]", "'[1]' is there twice"},
    {"{type: object, properties: {a: {type: integer}}, required: [a]}", "{\"a\": 1}\n{\"a\": 1, \"b\": 2}",
     "{}\n{\"a\": \"x\"}\n[]", "the arguments must have 'a'"},
    {"{type: object, properties: {a: {}}, additionalProperties: false}", "{}\n{\"a\": 1}",
     "{\"b\": 1}\n{\"a\": 1, \"c\": 2}", "'b' is not an argument here"},
    {"{type: object, properties: {a: {}}, additionalProperties: {type: string}}", "{\"a\": 1, \"b\": \"x\"}",
     "{\"b\": 1}", "'b' must be of type string"},
    {"{properties: {s: {properties: {w: {maximum: 10}}}}}", "{\"s\": {\"w\": 10}}", "{\"s\": {\"w\": 11}}",
     "'s.w' must be at most 10"},
    {"{properties: {l: {items: {properties: {x: {type: string}}}}}}", "{\"l\": [{\"x\": \"\"}]}",
     "{\"l\": [{}, {\"x\": 1}]}", "'l[1].x' must be of type string"},
    {"{anyOf: [{type: string}, {type: integer, minimum: 5}]}", "\"a\"\n5", "4\nnull", "has none of the 2 forms"},
    {"{oneOf: [{type: integer}, {minimum: 5}]}", "3\n5.5", "5\n1.5", "fits 2 of the forms"},
};

static void each(const char *schema, const char *list, bool want, const char *first_why) {
    char text[200];
    for (const char *p = list; *p;) {
        size_t n = strcspn(p, "\n");
        Str why = {0};
        snprintf(text, sizeof text, "%.*s", (int)n, p);
        if (fits(schema, text, &why) != want) fail_msg("%s: %s: %.*s", schema, text, (int)why.n, why.p ? why.p : "");
        if (p == list && !want && !strstr(why.p, first_why)) fail_msg("%s: '%s' lacks '%s'", schema, why.p, first_why);
        assert_int_equal(why.p != NULL, !want);
        p += n + (p[n] == '\n');
    }
}

static void test_checks(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        each(k_cases[i].schema, k_cases[i].good, true, "");
        each(k_cases[i].schema, k_cases[i].bad, false, k_cases[i].why);
    }
}

/* What is not checked is refused, and so is what says nothing sensible. */
static void test_refusals(void **state) {
    (void)state;
    static const char *const unknown[] = {"format",
                                          "$ref",
                                          "$defs",
                                          "not",
                                          "allOf",
                                          "if",
                                          "contains",
                                          "patternProperties",
                                          "dependentRequired",
                                          "prefixItems",
                                          "minProperties",
                                          "propertyNames",
                                          "typ"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        char yaml[80];
        snprintf(yaml, sizeof yaml, "{type: object, %s: x}", unknown[i]);
        refuses(yaml, "unknown key");
        snprintf(yaml, sizeof yaml, "{properties: {a: {items: {%s: x}}}}", unknown[i]);
        refuses(yaml, unknown[i]);
    }
    refuses("{type: int}", "did you mean 'integer'");
    refuses("{type: []}", "empty list");
    refuses("{enum: []}", "nothing could fit");
    refuses("{enum: [a], const: a}", "keep one");
    refuses("{anyOf: [{}], oneOf: [{}]}", "keep one");
    refuses("{required: [b], properties: {bb: {}}}", "did you mean 'bb'");
    refuses("{minLength: -1}", "between 0");
    refuses("{multipleOf: 0}", "between");
    refuses("{pattern: '('}", "missing closing parenthesis");
    refuses("{additionalProperties: 1}", "true, false or a schema");
    refuses("{properties: [a]}", "must be a map");
    refuses("{default: 1, description: 3}", "must be text");
    refuses("{items: {items: {items: {items: {items: {items: {items: {items: {items: {items: {items: {items: {items: "
            "{items: "
            "{items: {items: {}}}}}}}}}}}}}}}}}",
            "nested more than 16 deep");
}

static void test_without_memory(void **state) {
    (void)state;
    static const char yaml[] = "{type: object, properties: {a: {enum: [x, y]}, b: {anyOf: [{type: integer}, {}]}}, "
                               "required: [a]}";
    static const YamlDoc doc = {"test.yaml", "."};
    YamlNode *n;
    Err err = ERR_INIT;
    assert_true(yaml_parse(str_from(yaml), &doc, g_a, &n, &err));
    bool done = false;
    for (uint64_t i = 1; !done && i < 500; i++) {
        Arena *a = arena_open(64);
        const Schema *s;
        Err e = ERR_INIT;
        mem_fail_at(i);
        bool ok = schema_read(n, a, &s, &e);
        done = mem_fail_at(0) < i;
        if (!done && !ok) assert_int_equal(e.code, ERR_MEMORY);
        arena_close(a);
    }
    assert_true(done);
}

int main(void) {
    g_a = arena_open(0);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_checks), cmocka_unit_test(test_refusals),
                                       cmocka_unit_test(test_without_memory)};
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    arena_close(g_a);
    return rc;
}
