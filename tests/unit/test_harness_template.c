/* The template dialect against Jinja2's own output (tests/golden/template), and its bounds. */
#include <time.h>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "harness/template/template.h"
#include "tests/support.h"

#define VECTORS "tests/golden/template/vectors.jsonl"

static bool render(const char *src, const Value *vars, Arena *a, Str *out, Err *err) {
    Template *t;
    return template_parse(str_from(src), "t", a, &t, err) && template_text(t, vars, a, out, err);
}

static Value vars_from(const char *json, Arena *a) {
    Json *j;
    Value v;
    Err err = ERR_INIT;
    assert_true(json_parse(str_from(json), &j, &err));
    assert_true(value_from_json(j, a, &v, &err));
    json_close(j);
    return v;
}

/* One line of the vectors; returns whether it agrees. */
static bool check_case(const Json *j, const Value *vars, Arena *a) {
    Str src = json_str(json_get(j, "template")), want = json_str(json_get(j, "out")), got = {0};
    Str id = json_str(json_get(j, "id"));
    Err err = ERR_INIT;
    Template *t;
    bool ok = template_parse(src, "t", a, &t, &err) && template_text(t, vars, a, &got, &err);
    bool agrees = json_get(j, "error") ? !ok && err.msg[0] : ok && str_eq(got, want);
    if (!agrees)
        fprintf(stderr, "%.*s: %.*s\n  want: %.*s\n  got:  %.*s (%s)\n", (int)id.n, id.p, (int)src.n, src.p,
                (int)want.n, want.p, (int)got.n, got.p ? got.p : "", ok ? "rendered" : err.msg);
    return agrees;
}

static void test_agrees_with_jinja2(void **state) {
    (void)state;
    Buf text;
    Err err = ERR_INIT;
    buf_init(&text, (size_t)8 << 20);
    assert_true(file_read(VECTORS, &text, &err));
    Arena *keep = arena_open(0), *a = arena_open(0);
    Value vars = {0};
    size_t n = 0, good = 0, at = 0;
    for (size_t end; (end = str_find(buf_str(&text), STR("\n"), at)) != SIZE_MAX; at = end + 1) {
        Json *j;
        assert_true(json_parse(str_sub(buf_str(&text), at, end), &j, &err));
        if (json_get(j, "source")) {
            assert_true(value_from_json(json_get(j, "vars"), keep, &vars, &err));
        } else {
            n++;
            good += check_case(j, &vars, a);
        }
        json_close(j);
        arena_reset(a);
    }
    fprintf(stderr, "%zu of %zu templates as Jinja2\n", good, n);
    assert_true(n > 350);
    assert_int_equal(good, n);
    arena_close(a);
    arena_close(keep);
    buf_release(&text);
}

/* Every prefix of every template: an answer or a sentence, never a crash. */
static void test_prefixes(void **state) {
    (void)state;
    Buf text;
    Err err = ERR_INIT;
    buf_init(&text, (size_t)8 << 20);
    assert_true(file_read(VECTORS, &text, &err));
    Arena *a = arena_open(0);
    Value vars =
        vars_from("{\"question\": \"q\", \"choices\": [\"a\", \"b\"], \"answer\": 1, \"nested\": {\"a\": [1]}}", a);
    size_t at = 0, n = 0;
    for (size_t end; (end = str_find(buf_str(&text), STR("\n"), at)) != SIZE_MAX; at = end + 1) {
        Json *j;
        assert_true(json_parse(str_sub(buf_str(&text), at, end), &j, &err));
        Str src = json_str(json_get(j, "template"));
        Arena *s = arena_open(0);
        for (size_t k = 0; k < src.n; k++, n++) {
            Template *t;
            Str out;
            Err e = ERR_INIT;
            bool ok = template_parse(str_sub(src, 0, k), "t", s, &t, &e) && template_text(t, &vars, s, &out, &e);
            assert_true(ok || e.code == ERR_INPUT);
        }
        arena_close(s);
        json_close(j);
    }
    assert_true(n > 10000);
    arena_close(a);
    buf_release(&text);
}

static void expect_error(const char *src, const char *part) {
    Arena *a = arena_open(0);
    Value vars = vars_from("{\"question\": \"q\", \"n\": 5}", a);
    Err err = ERR_INIT;
    Str out;
    if (render(src, &vars, a, &out, &err)) fail_msg("rendered: %s", src);
    if (!strstr(err.msg, part)) fail_msg("'%s' lacks '%s'", err.msg, part);
    assert_int_equal(err.code, ERR_INPUT);
    arena_close(a);
}

static void test_errors_say_where_and_what(void **state) {
    (void)state;
    expect_error("a\nb {{ qestion }}", "t, template line 2: 'qestion' is not defined; there are: question, n");
    expect_error("{{ n.strip() }}", "an integer has no method 'strip'");
    expect_error("{{ question | nosuch }}", "no filter 'nosuch'");
    expect_error("{% macro f() %}{% endmacro %}", "'{% macro %}' is not supported");
    expect_error("{% if n %}x", "expected '{% endif %}'");
    expect_error("{{ n + 'a' }}", "'+' does not work on an integer and text");
    expect_error("{{ n", "not closed");
}

/* Hostile templates end soon, with a sentence. */
static void test_work_is_bounded(void **state) {
    (void)state;
    clock_t t0 = clock();
    expect_error("{% for a in range(1000000) %}{% for b in range(1000000) %}{% for c in range(1000000) %}{% endfor "
                 "%}{% endfor %}{% endfor %}",
                 "too");
    expect_error("{{ range(10 ** 12) }}", "range() makes more than");
    expect_error("{{ range(-9223372036854775807, 9223372036854775807) | length }}", "range() makes more than");
    expect_error("{{ 'x' * 10 ** 12 }}", "too long");
    expect_error("{% set a = 'xxxxxxxxxxxxxxxx' * 100000 %}{% for i in range(100000) %}{{ a }}{% endfor %}",
                 "longer than");
    expect_error("{% set a = 'x' * 1000000 %}{% for i in range(1000) %}{% set b = a ~ a %}{% endfor %}",
                 "builds too much");
    expect_error("{{ ('a' * 60 ~ 'b') | regex_replace('(a+)+$', 'x') }}", "too much work");
    expect_error("{{ ('a' * 60 ~ 'b') | regex_replace('(a|aa)+$', 'x') }}", "too much work");
    expect_error("{{ 9 ** 9 ** 9 }}", "too large");
    expect_error("{{ '{:99999999}'.format(1) }}", "too large");
    expect_error("{{ 'aaaa'.replace('', 'x' * 10000000) }}", "too long");
    expect_error("{{ ['a' * 1000000] * 100 | join('x' * 1000000) }}", "");
    assert_true((double)(clock() - t0) / CLOCKS_PER_SEC < 20); /* generous: sanitizers */
}

static char *repeat(Arena *a, const char *before, const char *mid, const char *after, int n) {
    Buf b;
    buf_init(&b, (size_t)4 << 20);
    for (int i = 0; i < n; i++) buf_adds(&b, before);
    buf_adds(&b, mid);
    for (int i = 0; i < n; i++) buf_adds(&b, after);
    char *s = arena_strdup(a, b.p);
    buf_release(&b);
    return s;
}

static void test_nesting_is_bounded(void **state) {
    (void)state;
    Arena *a = arena_open(0);
    static const char *const shapes[][3] = {
        {"(", "1", ")"},      {"[", "1", "]"},           {"-", "1", ""},       {"not ", "1", ""},
        {"1 + ", "1", ""},    {"", "1", " + 1"},         {"", "n", ".a"},      {"", "n", "[0]"},
        {"", "n", "|string"}, {"1 if 1 else ", "1", ""}, {"{'a': ", "1", "}"}, {"", "1", " < 1"},
        {"", "1", " and 1"},  {"", "'a'", ".strip()"},   {"[", "1", ""},       {"n.strip(", "1", ""}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        char *body = repeat(a, shapes[i][0], shapes[i][1], shapes[i][2], 20000);
        Str src = str_printf(a, "{{ %s }}", body);
        Err err = ERR_INIT;
        Template *t;
        assert_false(template_parse(src, "t", a, &t, &err));
    }
    expect_error(repeat(a, "{% if 1 %}", "", "{% endif %}", 5000), "nested too deeply");
    expect_error(repeat(a, "{% for x in [1] %}", "", "{% endfor %}", 5000), "nested too deeply");
    Str deep = str_printf(a, "{%% set a = [] %%}%s{{ a }}", repeat(a, "{% set a = [a] %}", "", "", 20000));
    expect_error(deep.p, "nested too deeply");
    arena_close(a);
}

static void test_bare_name_is_the_column(void **state) {
    (void)state;
    Arena *a = arena_open(0);
    Value vars = vars_from("{\"question\": \"q?\", \"Correct Answer\": 7, \"list\": [1, 2]}", a), v;
    Err err = ERR_INIT;
    Str out;
    Template *t;
    assert_true(render("question", &vars, a, &out, &err));
    assert_true(str_eqz(out, "q?"));
    assert_true(render("Correct Answer", &vars, a, &out, &err));
    assert_true(str_eqz(out, "7"));
    assert_true(render("no column", &vars, a, &out, &err));
    assert_true(str_eqz(out, "no column"));
    assert_true(template_parse(STR("list"), "t", a, &t, &err) && template_value(t, &vars, a, &v, &err));
    assert_int_equal(v.type, VALUE_LIST);
    assert_true(template_parse(STR("{{ [question, list[1]] }}"), "t", a, &t, &err) &&
                template_value(t, &vars, a, &v, &err));
    assert_int_equal(v.list.n, 2);
    assert_int_equal(v.list.items[1].i, 2);
    assert_true(template_parse(STR("{{ list }} "), "t", a, &t, &err) && template_value(t, &vars, a, &v, &err));
    assert_int_equal(v.type, VALUE_STR);
    arena_close(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agrees_with_jinja2),        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_errors_say_where_and_what), cmocka_unit_test(test_work_is_bounded),
        cmocka_unit_test(test_nesting_is_bounded),        cmocka_unit_test(test_bare_name_is_the_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
