#include "tests/unit/scorers_host.h"

static const ScorerKV TWO_TESTS[] = {{TEXT("tests"), TEXT("[{\"input\": \"1\\n\", \"output\": \"2\\n\"}, {\"output\": "
                                                          "\"\", \"input\": \"\", \"testtype\": \"stdin\"}]")}};

static ScorerAsk ask(TestScorer *t, const char *final, const ScorerKV *meta) {
    ScorerAsk a = {.kind = 99};
    ScorerView v = {.size = sizeof v, .final = text_from(final), .meta = meta, .n_meta = 1};
    if (!t->scorer->ask(t->self, &t->host, &v, &a, &t->err)) fail_msg("%s", t->err.msg);
    return a;
}

static void check_source(const char *language, const char *final, const char *want) {
    TestScorer t;
    const char *options[] = {"language", language, NULL};
    assert_true(test_open(&t, "program", options));
    ScorerAsk a = ask(&t, final, TWO_TESTS);
    assert_int_equal(a.kind, want ? SCORER_ASK_PROGRAM : SCORER_ASK_NONE);
    if (want && !str_is(a.source, want)) fail_msg("took '%.*s', wanted '%s'", TEXT_ARG(a.source), want);
    if (want) assert_true(str_is(a.language, language));
    test_close(&t);
}

static void test_extraction(void **state) {
    (void)state;
    check_source("python", "```python\nprint(1)\n```\nBetter:\n```py\nprint(2)\n```", "print(2)\n");
    check_source("python", "```python\nprint(1)\n```\nOutput:\n```\n2\n```", "print(1)\n");
    check_source("python", "```\nprint(1)\n```", "print(1)\n");
    check_source("python", "```\nn = int(input())\nprint(n)\n```\nIt prints\n```\n5\n```",
                 "n = int(input())\nprint(n)\n");
    check_source("python", "print(1)\n", "print(1)\n");
    check_source("python", "I would bake bread.", NULL);
    check_source("python", "```cpp\nint main() {}\n```", NULL);
    check_source("python", "```python\nprint(1)", "print(1)");
    check_source("cpp", "```c++\nint main() {}\n```", "int main() {}\n");
    check_source("cpp", "#include <cstdio>\nint main() {}\n", "#include <cstdio>\nint main() {}\n");
    check_source("c", "```c\nint main(void) {}\n```\n```cpp\nint main() {}\n```", "int main(void) {}\n");
    check_source("python", "```python\n\n```", NULL);
}

static void test_asks_tests(void **state) {
    (void)state;
    TestScorer t;
    const char *options[] = {"cpu_seconds", "2", "memory_mb", "64", NULL};
    assert_true(test_open(&t, "program", options));
    ScorerAsk a = ask(&t, "```python\nprint(1)\n```", TWO_TESTS);
    assert_int_equal(a.n_tests, 2);
    assert_true(str_is(a.tests[0].input, "1\n"));
    assert_int_equal(a.tests[0].expected_bytes, 2);
    assert_int_equal(a.tests[1].input.n, 0);
    assert_true(a.cpu_seconds == 2);
    assert_int_equal(a.memory_bytes, 64 << 20);
    ScorerReply reply = {.kind = SCORER_ASK_PROGRAM};
    ScorerView v = {.size = sizeof v,
                    .final = TEXT("```python\nprint(1)\n```"),
                    .meta = TWO_TESTS,
                    .n_meta = 1,
                    .replies = &reply,
                    .n_replies = 1};
    assert_true(t.scorer->ask(t.self, &t.host, &v, &a, &t.err)); /* answered: nothing more to ask */
    assert_int_equal(a.kind, SCORER_ASK_NONE);
    test_close(&t);
}

/* Scores the runs on TWO_TESTS. */
static Score judge(TestScorer *t, const ScorerProgramRun *runs, size_t n) {
    ScorerReply reply = {.kind = SCORER_ASK_PROGRAM, .runs = runs, .n_runs = n};
    ScorerView v = {.size = sizeof v,
                    .final = TEXT("```python\nprint(1)\n```"),
                    .meta = TWO_TESTS,
                    .n_meta = 1,
                    .replies = &reply,
                    .n_replies = 1};
    return test_score_view(t, &v);
}

static void check_verdict(const char *checker, const ScorerProgramRun *runs, size_t n, const char *label) {
    TestScorer t;
    const char *options[] = {"checker", checker, NULL};
    assert_true(test_open(&t, "program", options));
    Score s = judge(&t, runs, n);
    bool accepted = strcmp(label, "AC") == 0, failed = strcmp(label, "IE") == 0;
    if (!str_is(s.label, label)) fail_msg("verdict %.*s, wanted %s", TEXT_ARG(s.label), label);
    assert_int_equal(s.status, failed ? SCORE_ERROR : SCORE_SCORED);
    assert_int_equal(s.outcome, accepted ? OUTCOME_CORRECT : failed ? OUTCOME_ERROR : OUTCOME_WRONG);
    if (!failed) assert_true(s.value == (accepted ? 1 : 0));
    assert_true(s.explanation.n > 5);
    test_close(&t);
}

static void test_verdicts(void **state) {
    (void)state;
    static const struct {
        ScorerRun result;
        const char *label;
    } ends[] = {{SCORER_RUN_CE, "CE"},   {SCORER_RUN_RE, "RE"},   {SCORER_RUN_TLE, "TLE"}, {SCORER_RUN_MLE, "MLE"},
                {SCORER_RUN_OLE, "OLE"}, {SCORER_RUN_ILE, "ILE"}, {SCORER_RUN_IE, "IE"},   {(ScorerRun)77, "IE"}};
    ScorerProgramRun right[] = {{.out = TEXT("2\n")}, {.out = TEXT("")}};
    ScorerProgramRun wrong[] = {{.out = TEXT("2\n")}, {.out = TEXT("5")}};
    ScorerProgramRun loose[] = {{.out = TEXT(" 2 ")}, {.out = TEXT("\n")}};
    check_verdict("tokens", right, 2, "AC");
    check_verdict("exact", right, 2, "AC");
    check_verdict("tokens", loose, 2, "AC");
    check_verdict("exact", loose, 2, "PE");
    check_verdict("tokens", wrong, 2, "WA");
    check_verdict("tokens", right, 1, "IE"); /* a test was not run: never a pass */
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        ScorerProgramRun run = {.result = ends[i].result, .out = TEXT("2\n"), .err = TEXT("why")};
        check_verdict("tokens", &run, 1, ends[i].label);
    }
}

static void test_explains(void **state) {
    (void)state;
    TestScorer t;
    ScorerProgramRun runs[] = {{.out = TEXT("2")}, {.out = TEXT("5")}};
    assert_true(test_open(&t, "program", NULL));
    assert_true(str_is(judge(&t, runs, 2).explanation, "test 2 of 2: wrong answer at token 1"));
    test_close(&t);
}

static void test_sandbox_error(void **state) {
    (void)state;
    TestScorer t;
    ScorerReply reply = {.kind = SCORER_ASK_PROGRAM, .error = TEXT("no user namespaces")};
    ScorerView v = {
        .size = sizeof v, .final = TEXT("print(1)"), .meta = TWO_TESTS, .n_meta = 1, .replies = &reply, .n_replies = 1};
    assert_true(test_open(&t, "program", NULL));
    Score s = test_score_view(&t, &v);
    assert_int_equal(s.status, SCORE_ERROR);
    assert_non_null(strstr(s.explanation.p, "no user namespaces"));
    v.n_replies = 0; /* nobody ran it: an error, not a verdict */
    assert_false(t.scorer->score(t.self, &t.host, &v, &s, &t.err));
    v.final = TEXT("I would bake bread.");
    assert_int_equal(test_score_view(&t, &v).outcome, OUTCOME_NO_ANSWER);
    test_close(&t);
}

static void test_bad_tests(void **state) {
    (void)state;
    static const char *const wrong[] = {"",
                                        "[]",
                                        "{}",
                                        "[{}]",
                                        "[{\"input\": 1, \"output\": \"\"}]",
                                        "[{\"input\": \"\"}]",
                                        "[{\"input\": \"\", \"output\": \"\"}",
                                        "[{\"input\": \"\", \"output\": \"\"}] x"};
    TestScorer t;
    assert_true(test_open(&t, "program", NULL));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ScorerKV meta = {TEXT("tests"), text_from(wrong[i])};
        ScorerView v = {.size = sizeof v, .final = TEXT("print(1)"), .meta = &meta, .n_meta = 1};
        ScorerAsk a;
        if (t.scorer->ask(t.self, &t.host, &v, &a, &t.err)) fail_msg("accepted: %s", wrong[i]);
        assert_non_null(strstr(t.err.msg, "tests"));
        test_release(&t.arena);
    }
    test_close(&t);
}

static void test_public_test_cases(void **state) {
    (void)state;
    TestScorer t;
    ScorerKV meta = {TEXT("public_test_cases"), TWO_TESTS[0].value};
    assert_true(test_open(&t, "program", NULL));
    assert_int_equal(ask(&t, "print(1)", &meta).n_tests, 2);
    test_close(&t);
}

static void test_faults(void **state) {
    (void)state;
    TestScorer t;
    const char *options[] = {"checker", "unordered-lines", NULL};
    ScorerProgramRun runs[] = {{.out = TEXT("2\n")}, {.out = TEXT("")}};
    ScorerReply reply = {.kind = SCORER_ASK_PROGRAM, .runs = runs, .n_runs = 2};
    ScorerView v = {
        .size = sizeof v, .final = TEXT("print(1)"), .meta = TWO_TESTS, .n_meta = 1, .replies = &reply, .n_replies = 1};
    assert_true(test_open(&t, "program", options));
    for (size_t at = 1;; at++) { /* asking needs memory too */
        ScorerAsk a;
        ScorerView unasked = v;
        unasked.n_replies = 0;
        test_release(&t.arena);
        t.arena.fail_at = at;
        bool ok = t.scorer->ask(t.self, &t.host, &unasked, &a, &t.err), reached = t.arena.calls >= at;
        t.arena.fail_at = 0;
        assert_true(ok != reached);
        if (!reached) break;
    }
    test_fail_allocations(&t, &v);
    test_hostile(&t, "```python\nprint(1)\n```\n~~~\nx\n~~~", TWO_TESTS, 1);
    test_close(&t);
}

/* Every prefix of the field, so that the reader meets every broken form. */
static void test_prefixes_of_tests(void **state) {
    (void)state;
    TestScorer t;
    ScorerStr full = TWO_TESTS[0].value;
    assert_true(test_open(&t, "program", NULL));
    for (size_t n = 0; n < full.n; n++) {
        char *copy = exact_copy(text_cut(full, 0, n));
        ScorerKV meta = {TEXT("tests"), {copy, n}};
        ScorerView v = {.size = sizeof v, .final = TEXT("print(1)"), .meta = &meta, .n_meta = 1};
        ScorerAsk a;
        assert_false(t.scorer->ask(t.self, &t.host, &v, &a, &t.err));
        test_release(&t.arena);
        free(copy);
    }
    test_close(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_extraction),        cmocka_unit_test(test_asks_tests),
        cmocka_unit_test(test_verdicts),          cmocka_unit_test(test_explains),
        cmocka_unit_test(test_sandbox_error),     cmocka_unit_test(test_bad_tests),
        cmocka_unit_test(test_public_test_cases), cmocka_unit_test(test_faults),
        cmocka_unit_test(test_prefixes_of_tests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
