/* engine/base/json.h: what is refused, what is written, every prefix, every failing allocation. */
#include <math.h>

#include "engine/base/json.h"
#include "tests/support.h"

static bool refused(const char *text, const char *expected) {
    Json *j = NULL;
    Err err = ERR_INIT;
    if (json_parse(str_from(text), &j, &err)) {
        json_close(j);
        return false;
    }
    if (!strstr(err.msg, expected)) fprintf(stderr, "got: %s\n", err.msg);
    return err.code == ERR_INPUT && strstr(err.msg, expected) != NULL;
}

static void bad_documents_are_named(void **state) {
    (void)state;
    assert_true(refused("", "nothing"));
    assert_true(refused("{\"a\":1,\n \"a\":2}", "key 'a' occurs twice"));
    assert_true(refused("[{\"x\":{\"b\":0,\"c\":1,\"b\":2}}]", "key 'b' occurs twice"));
    assert_true(refused("[1] x", "line 1 column 4"));
    assert_true(refused("{\"a\":\n  tru}", "line 2 column 3"));
    assert_true(refused("\"a\\u0000b\"", "NUL"));
    assert_true(refused("\"a\nb\"", "control character"));
    assert_true(refused("\"a\xFF\"", "line 1 column 3: the text is not valid UTF-8"));
    char deep[4001];
    memset(deep, '[', 4000);
    deep[4000] = '\0';
    assert_true(refused(deep, "not valid JSON"));
    assert_false(refused("\"\\\\u0000 is a backslash, then text\"", ""));
}

static const char sample[] =
    "{\"s\":\"\\ud55c \\\"q\\\" \\n\",\"i\":-42,\"d\":0.1,\"b\":true,\"n\":null,\"l\":[1,[2,{\"k\":[]}]],\"o\":{}}";

static void every_prefix_is_refused(void **state) {
    (void)state;
    for (size_t n = 0; n + 1 < sizeof sample; n++) {
        char *copy = malloc(n ? n : 1); /* exact size: a read past the end is seen by the sanitizer */
        memcpy(copy, sample, n);
        Json *j = NULL;
        Err err = ERR_INIT;
        assert_false(json_parse((Str){copy, n}, &j, &err));
        assert_int_equal(err.code, ERR_INPUT);
        free(copy);
    }
}

static void what_is_read_is_written(void **state) {
    (void)state;
    Json *j = NULL;
    Err err = ERR_INIT;
    assert_true(json_parse(str_from(sample), &j, &err));
    Buf b;
    JsonOut o;
    buf_init(&b, 10000);
    json_out_init(&o, &b, 0);
    json_out_node(&o, j);
    assert_string_equal(b.p, "{\"s\":\"\xED\x95\x9C \\\"q\\\" \\n\",\"i\":-42,\"d\":0.1,\"b\":true,\"n\":null,"
                             "\"l\":[1,[2,{\"k\":[]}]],\"o\":{}}");
    int64_t i = 0;
    Str s = {0};
    assert_true(json_want_int(j, "i", true, -100, 0, &i, &err) && i == -42);
    assert_false(json_want_int(j, "i", true, 0, 5, &i, &err));
    assert_non_null(strstr(err.msg, "'i' must be an integer from 0 to 5"));
    assert_false(json_want_str(j, "missing", true, &s, &err));
    assert_non_null(strstr(err.msg, "missing key 'missing'"));
    assert_false(json_want_int(j, "d", true, 0, 5, &i, &err));
    json_close(j);
    buf_release(&b);
}

/* cJSON would read these as the end of the string. */
static void broken_escapes(void **state) {
    (void)state;
    static const char *const one[] = {"\"a\\u12g4b\"", "\"\\u\"", "\"\\u00\"", "\"\\uD8\\u0041\"", "[\"\\u-001\"]"};
    for (size_t i = 0; i < sizeof one / sizeof *one; i++) {
        Json *j;
        Err err = ERR_INIT;
        assert_false(json_parse(str_from(one[i]), &j, &err));
        assert_non_null(strstr(err.msg, "four hexadecimal digits"));
    }
    Json *j;
    Err err = ERR_INIT;
    assert_true(json_parse(STR("\"\\\\u12g4\\uaBcD\""), &j, &err));
    assert_true(str_eqz(json_str(j), "\\u12g4\xEA\xAF\x8D"));
    json_close(j);
}

static void numbers_keep_their_text(void **state) {
    (void)state;
    static const struct {
        const char *source, *kept; /* NULL: the double says it all */
        bool whole;
        int64_t value;
    } one[] = {{"20", NULL, true, 20},
               {"-7", NULL, true, -7},
               {"999999999999999", NULL, true, 999999999999999},
               {"20.0", "20.0", true, 20},
               {"2e1", "2e1", true, 20},
               {"-0", "-0", true, 0},
               {"0.5", "0.5", false, 0},
               {"9007199254740993", "9007199254740993", true, 9007199254740993},
               {"9223372036854775807", "9223372036854775807", true, INT64_MAX},
               {"-9223372036854775808", "-9223372036854775808", true, INT64_MIN},
               {"9223372036854775808", "9223372036854775808", false, 0},
               {"123456789012345678901234567890", "123456789012345678901234567890", false, 0},
               {"1e300", "1e300", false, 0}};
    enum { N = sizeof one / sizeof *one };
    Buf b;
    Json *j;
    Err err = ERR_INIT;
    buf_init(&b, 10000);
    /* strings with digits in them stand between, as keys and values */
    buf_adds(&b, "{\"7.5\":[\"1.5 \\\" 2.5\"");
    for (int i = 0; i < N; i++) buf_addf(&b, ",%s,{\"-1.0\": [ ]}", one[i].source);
    buf_adds(&b, "]}");
    for (uint64_t n = 1; n < 500; n++) { /* each allocation fails */
        mem_fail_at(n);
        bool ok = json_parse(buf_str(&b), &j, &err);
        mem_fail_at(0);
        if (ok) break;
        assert_int_equal(err.code, ERR_MEMORY);
    }
    assert_non_null(j);
    const Json *c = json_next(json_first(json_get(j, "7.5")));
    for (int i = 0; i < N; i++, c = json_next(json_next(c))) {
        int64_t v = 0;
        if (one[i].kept ? !str_eqz(json_num_text(c), one[i].kept) : json_num_text(c).p != NULL)
            fail_msg("%s: '" STR_FMT "'", one[i].source, STR_ARG(json_num_text(c)));
        assert_true(json_num(c) == strtod(one[i].source, NULL));
        if (json_int(c, INT64_MIN, INT64_MAX, &v) != one[i].whole || v != one[i].value) fail_msg("%s", one[i].source);
        if (one[i].whole && v > INT64_MIN && v < INT64_MAX) {
            assert_true(json_int(c, v, v, &v));
            assert_false(json_int(c, v + 1, INT64_MAX, &v));
            assert_false(json_int(c, INT64_MIN, v - 1, &v));
        }
    }
    json_close(j);
    buf_release(&b);
}

static void hostile_text_is_escaped(void **state) {
    (void)state;
    Buf b;
    JsonOut o;
    buf_init(&b, 10000);
    json_out_init(&o, &b, 0);
    o.html_safe = true;
    json_arr(&o);
    json_out_str(&o, STR("</script>&\x1b\xE2\x80\xA8\xFF\0!"));
    json_out_num(&o, NAN);
    json_out_num(&o, 0.1 + 0.2);
    json_out_num(&o, 100000);
    json_out_num(&o, 1e300);
    json_out_u64(&o, UINT64_MAX);
    json_arr_end(&o);
    assert_string_equal(b.p,
                        "[\"\\u003c/script\\u003e\\u0026\\u001b\\u2028\xEF\xBF\xBD\\u0000!\",null,0.30000000000000004,"
                        "100000,1e+300,\"18446744073709551615\"]");
    buf_release(&b);
}

/* One document stays one line for readers that split at Unicode line ends. */
static void line_ends_are_escaped(void **state) {
    (void)state;
    Buf b;
    JsonOut o;
    buf_init(&b, 1000);
    json_out_init(&o, &b, 0);
    json_out_str(&o, STR("a\xC2\x85\xE2\x80\xA8\xE2\x80\xA9<"));
    assert_string_equal(b.p, "\"a\\u0085\\u2028\\u2029<\"");
    buf_release(&b);
}

static void indented_objects_read_well(void **state) {
    (void)state;
    Buf b;
    JsonOut o;
    buf_init(&b, 1000);
    json_out_init(&o, &b, 2);
    json_obj(&o);
    json_out_key(&o, "a");
    json_arr(&o);
    json_out_int(&o, 1);
    json_out_int(&o, 2);
    json_arr_end(&o);
    json_out_key(&o, "e");
    json_obj(&o);
    json_obj_end(&o);
    json_obj_end(&o);
    assert_string_equal(b.p, "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"e\": {}\n}");
    buf_release(&b);
}

static void no_failing_allocation_crashes(void **state) {
    (void)state;
    for (uint64_t n = 1;; n++) {
        Json *j = NULL;
        Err err = ERR_INIT;
        mem_fail_at(n);
        bool ok = json_parse(str_from(sample), &j, &err);
        uint64_t used = mem_fail_at(0);
        if (ok) {
            json_close(j);
            assert_true(used < n);
            return;
        }
        assert_null(j);
        assert_true(err.msg[0] != '\0');
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_documents_are_named),       cmocka_unit_test(every_prefix_is_refused),
        cmocka_unit_test(what_is_read_is_written),       cmocka_unit_test(broken_escapes),
        cmocka_unit_test(numbers_keep_their_text),       cmocka_unit_test(hostile_text_is_escaped),
        cmocka_unit_test(line_ends_are_escaped),         cmocka_unit_test(indented_objects_read_well),
        cmocka_unit_test(no_failing_allocation_crashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
