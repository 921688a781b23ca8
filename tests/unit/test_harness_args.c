#include "tests/support.h"

#include <limits.h>

#include "harness/args.h"
#include "harness/term.h"

static const Cmd fake = {.name = "fake", .usage = ""};

static CmdCtx ctx_open(void) {
    CmdCtx c = {.cmd = &fake, .color_out = true, .color_err = true, .fail = ERR_INIT, .arena = arena_open(0)};
    assert_non_null(c.arena);
    return c;
}

typedef struct Opts {
    bool flag, limit_given;
    const char *out;
    int limit;
    uint64_t seed;
    double temperature;
    ArgList models, words;
} Opts;

static bool parse(CmdCtx *c, Opts *o, int argc, const char *const *argv) {
    const ArgSpec specs[] = {
        {"flag", 'f', ARG_FLAG, &o->flag},
        {"out", 'o', ARG_TEXT, &o->out},
        {"limit", 0, ARG_INT, &o->limit, .lo = 1, .hi = 100, .given = &o->limit_given},
        {"seed", 0, ARG_U64, &o->seed},
        {"temperature", 0, ARG_NUM, &o->temperature, .lo = 0, .hi = 2},
        {"model", 0, ARG_LIST, &o->models},
    };
    return args_parse(c, argc, (char **)(uintptr_t)argv, specs, sizeof specs / sizeof *specs, &o->words);
}

#define WORDS(...)                                                                                                     \
    (const char *[]) {                                                                                                 \
        "fake", __VA_ARGS__                                                                                            \
    }
#define PARSE(c, o, ...) parse(c, o, (int)(sizeof(WORDS(__VA_ARGS__)) / sizeof(char *)), WORDS(__VA_ARGS__))

static void test_forms(void **state) {
    (void)state;
    CmdCtx c = ctx_open();
    Opts o = {0};
    assert_true(PARSE(&c, &o, "plan.yaml", "--out=a b", "--limit", "7", "--model", "x", "--seed=18446744073709551615",
                      "-f", "--model=y=z", "--temperature", "0.5", "-", "--", "--out", "-q"));
    assert_string_equal(o.out, "a b");
    assert_int_equal(o.limit, 7);
    assert_true(o.limit_given && o.flag);
    assert_true(o.seed == UINT64_MAX);
    assert_true(o.temperature == 0.5);
    assert_int_equal(o.models.n, 2);
    assert_string_equal(o.models.v[1], "y=z");
    assert_int_equal(o.words.n, 4);
    assert_string_equal(o.words.v[0], "plan.yaml");
    assert_string_equal(o.words.v[1], "-");
    assert_string_equal(o.words.v[2], "--out");
    assert_string_equal(o.words.v[3], "-q");
    assert_false(c.quiet);
    arena_close(c.arena);
}

static void test_common(void **state) {
    (void)state;
    CmdCtx c = ctx_open();
    Opts o = {0};
    assert_true(PARSE(&c, &o, "-q", "--json", "--no-color"));
    assert_true(c.quiet && c.json && !c.color_out && !c.color_err);
    arena_close(c.arena);
}

static void expect_failure(const char *word, const char *value, const char *part) {
    CmdCtx c = ctx_open();
    Opts o = {0};
    assert_false(value ? PARSE(&c, &o, word, value) : PARSE(&c, &o, word));
    assert_int_equal(c.fail.code, ERR_INPUT);
    if (!strstr(c.fail.msg, part)) fail_msg("'%s' is not in '%s'", part, c.fail.msg);
    arena_close(c.arena);
}

static void test_failures(void **state) {
    (void)state;
    expect_failure("--limt", "3", "did you mean '--limit'");
    expect_failure("--temp", "3", "did you mean '--temperature'");
    expect_failure("--jsno", NULL, "did you mean '--json'");
    expect_failure("--zzzzzz", NULL, "unknown option '--zzzzzz' for 'assay fake'; see");
    expect_failure("-x", NULL, "unknown option '-x'");
    expect_failure("-fo", "a", "unknown option '-fo'");
    expect_failure("--limit", "0", "from 1 to 100");
    expect_failure("--limit", "7x", "got '7x'");
    expect_failure("--limit", "99999999999999999999", "from 1 to 100");
    expect_failure("--limit=", NULL, "got ''");
    expect_failure("--limit", NULL, "needs a value");
    expect_failure("--seed", "-1", "whole number");
    expect_failure("--temperature", "nan", "from 0 to 2");
    expect_failure("--flag=1", NULL, "takes no value");
}

static void test_no_words(void **state) {
    (void)state;
    CmdCtx c = ctx_open();
    char *argv[] = {(char[]){"fake"}, (char[]){"word"}, NULL};
    assert_false(args_parse(&c, 2, argv, NULL, 0, NULL));
    assert_non_null(strstr(c.fail.msg, "unexpected word 'word'"));
    arena_close(c.arena);
}

static void test_many_words(void **state) {
    (void)state;
    CmdCtx c = ctx_open();
    ArgList l = {0};
    char words[100][8];
    for (int i = 0; i < 100; i++) {
        snprintf(words[i], sizeof words[i], "w%d", i);
        assert_true(arg_list_add(c.arena, &l, words[i]));
    }
    assert_int_equal(l.n, 100);
    for (int i = 0; i < 100; i++) assert_ptr_equal(l.v[i], words[i]);
    arena_close(c.arena);
}

static void test_nearest(void **state) {
    (void)state;
    const char *names[] = {"run", "report", "rescore", NULL, "render"};
    assert_string_equal(args_nearest("rnu", names, 5), "run");
    assert_string_equal(args_nearest("reprot", names, 5), "report");
    assert_string_equal(args_nearest("rescor", names, 5), "rescore");
    assert_null(args_nearest("x", names, 5));
    assert_null(args_nearest("", names, 5));
    char longword[200];
    memset(longword, 'r', sizeof longword);
    longword[199] = 0;
    assert_null(args_nearest(longword, names, 5));
}

/* ---- terminal ---- */

static void expect_escaped(Str in, const char *want) {
    Buf b;
    buf_init(&b, 4096);
    buf_adds(&b, "");
    term_escape(&b, in);
    assert_string_equal(b.p, want);
    buf_release(&b);
}

static void test_escape(void **state) {
    (void)state;
    expect_escaped(STR("plain \xea\xb0\x80"), "plain \xea\xb0\x80");
    expect_escaped(STR("a\033[31mb\r\n\x7f"), "a\\x1b[31mb\\x0d\\x0a\\x7f");
    expect_escaped(STR("\xc2\x9b"
                       "31m"),
                   "\\x9b31m"); /* C1: a CSI of one character */
    expect_escaped(STR("a\xe2\x80\xae"
                       "b"),
                   "a\\u{202e}b"); /* right-to-left override */
    expect_escaped(STR("\xff"), "\xef\xbf\xbd");
    expect_escaped(STR("\0x"), "\\x00x");
}

static void test_columns(void **state) {
    (void)state;
    assert_int_equal(term_columns(STR("abc")), 3);
    assert_int_equal(term_columns(STR("\xea\xb0\x80"
                                      "b")),
                     3);
    assert_int_equal(term_columns(STR("e\xcc\x81")), 1);
}

/* ---- lines ---- */

static bool echo_line(void *ctx, Str line, Arena *a, Buf *out, Err *err) {
    (void)ctx;
    (void)a;
    if (str_eqz(line, "bad")) return err_set(err, ERR_INPUT, "a \"bad\" line");
    buf_addstr(out, line);
    return true;
}

static void test_lines(void **state) {
    (void)state;
    CmdCtx c = ctx_open();
    char in[] = "{1}\n\n  bad\n{2}", *out = NULL;
    size_t n = 0;
    c.in = fmemopen(in, strlen(in), "r");
    c.out = open_memstream(&out, &n);
    assert_int_equal(cmd_each_line(&c, echo_line, NULL), EXIT_NO);
    fclose(c.in);
    fclose(c.out);
    assert_string_equal(out, "{1}\n{\"error\":\"a \\\"bad\\\" line\"}\n{2}\n");
    free(out);
    arena_close(c.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),    cmocka_unit_test(test_common),     cmocka_unit_test(test_failures),
        cmocka_unit_test(test_no_words), cmocka_unit_test(test_many_words), cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_escape),   cmocka_unit_test(test_columns),    cmocka_unit_test(test_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
