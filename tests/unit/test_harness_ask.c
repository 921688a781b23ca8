/* What a scorer asks for, carried to the sandbox and back. */
#include "tests/support.h"

#include "harness/ask.h"

static Arena *arena;
static Sandbox *sandbox;

static int setup(void **state) {
    (void)state;
    Err err = ERR_INIT;
    arena = arena_open(0);
    if (!sandbox_open(2, &sandbox, &err)) fprintf(stderr, "skipped: %s\n", err.msg);
    return arena ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    if (sandbox) sandbox_close(sandbox);
    arena_close(arena);
    return 0;
}

#define S(text) ((ScorerStr){text, sizeof(text) - 1})

static const ScorerProgramTest tests3[] = {{S("1\n"), 2}, {S("2\n"), 2}, {S("3\n"), 2}};

static ScorerReply carry(Sandbox *s, const char *language, const char *source) {
    ScorerReply r;
    Err err = ERR_INIT;
    ScorerAsk ask = {
        .kind = SCORER_ASK_PROGRAM, .language = {language, strlen(language)}, .tests = tests3, .n_tests = 3};
    if (source) ask.source = (ScorerStr){source, strlen(source)};
    AskHelp help = {.sandbox = s};
    JudgeTrace trace;
    assert_true(ask_carry(&help, &ask, (Str){0}, 0, arena, &r, &trace, &err));
    assert_int_equal(r.kind, SCORER_ASK_PROGRAM);
    return r;
}

static void test_instrument_missing(void **state) {
    (void)state;
    Err err = ERR_INIT;
    ScorerReply r = carry(NULL, "python", "print(1)");
    assert_true(r.error.n > 0 && r.n_runs == 0);
    ScorerAsk model = {.kind = SCORER_ASK_MODEL}, strange = {.kind = 77};
    AskHelp nobody = {0};
    JudgeTrace trace;
    assert_true(ask_carry(&nobody, &model, (Str){0}, 0, arena, &r, &trace, &err));
    assert_true(r.error.n > 0 && r.kind == SCORER_ASK_MODEL);
    assert_true(ask_carry(&nobody, &strange, (Str){0}, 0, arena, &r, &trace, &err));
    assert_true(r.error.n > 0);
}

static void test_program(void **state) {
    (void)state;
    if (!sandbox) skip();
    ScorerReply r = carry(sandbox, "python", "print(int(input()) * 2)");
    assert_int_equal(r.n_runs, 3);
    assert_null(r.error.p);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(r.runs[i].result, SCORER_RUN_OK);
        assert_int_equal(r.runs[i].out.n, 2);
        assert_int_equal(r.runs[i].out.p[0], '2' + 2 * i);
    }
}

static void test_stops_at_the_first_that_ends_badly(void **state) {
    (void)state;
    if (!sandbox) skip();
    ScorerReply r = carry(sandbox, "python", "n = int(input())\nprint(n)\nif n == 2: raise SystemExit(3)");
    assert_int_equal(r.n_runs, 2);
    assert_int_equal(r.runs[1].result, SCORER_RUN_RE);
    assert_int_equal(r.runs[1].exit_code, 3);
}

static void test_compile_error(void **state) {
    (void)state;
    if (!sandbox) skip();
    ScorerReply r = carry(sandbox, "c", "int main(void) { return nothing; }");
    assert_int_equal(r.n_runs, 1);
    assert_int_equal(r.runs[0].result, SCORER_RUN_CE);
    assert_true(r.runs[0].err.n > 0);
}

static void test_output_limit(void **state) {
    (void)state;
    if (!sandbox) skip();
    /* two bytes are expected: four times that and one MiB are allowed */
    ScorerReply r = carry(sandbox, "python", "import sys\nsys.stdout.write('x' * (2 << 20))");
    assert_int_equal(r.n_runs, 1);
    assert_int_equal(r.runs[0].result, SCORER_RUN_OLE);
}

static void test_senseless(void **state) {
    (void)state;
    if (!sandbox) skip();
    assert_true(carry(sandbox, "python", NULL).error.n > 0);
    ScorerReply r = carry(sandbox, "cobol", "x");
    assert_true(r.error.n > 0 || r.runs[0].result != SCORER_RUN_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_instrument_missing),
        cmocka_unit_test(test_program),
        cmocka_unit_test(test_stops_at_the_first_that_ends_badly),
        cmocka_unit_test(test_compile_error),
        cmocka_unit_test(test_output_limit),
        cmocka_unit_test(test_senseless),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
