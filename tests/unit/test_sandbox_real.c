/* Real programs: what models wrote for real problems and a public judge found correct (over hidden tests that are not
 * here) must be accepted on the samples; the reference solutions of two benchmarks must pass their own tests. Needs the
 * shared data; says so and skips without. Every third program by default, all with ASSAY_SLOW=1. */
#include "tests/support.h"

#include <math.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "harness/sandbox/sandbox.h"

#define TOLERANCE 1e-6

/* ---- token compare ---- */

static bool next_token(Str s, size_t *at, Str *out) {
    while (*at < s.n && strchr(" \t\r\n\v\f", s.p[*at])) ++*at;
    size_t begin = *at;
    while (*at < s.n && !strchr(" \t\r\n\v\f", s.p[*at])) ++*at;
    *out = str_sub(s, begin, *at);
    return *at > begin;
}

static bool number(Str s, double *out) {
    char text[64], *end;
    if (s.n == 0 || s.n >= sizeof text || !strchr("+-.0123456789", s.p[0])) return false;
    memcpy(text, s.p, s.n), text[s.n] = 0;
    *out = strtod(text, &end);
    return *end == 0 && isfinite(*out);
}

static bool same_token(Str want, Str got) {
    double a, b;
    if (str_eq(want, got)) return true;
    return number(want, &a) && number(got, &b) && fabs(a - b) <= TOLERANCE * fmax(1, fabs(a));
}

static bool same_tokens(Str want, Str got) {
    size_t i = 0, j = 0;
    Str a, b;
    for (;;) {
        bool more_a = next_token(want, &i, &a), more_b = next_token(got, &j, &b);
        if (!more_a || !more_b) return more_a == more_b;
        if (!same_token(a, b)) return false;
    }
}

static void test_the_compare_itself(void **state) {
    (void)state;
    assert_true(same_tokens(STR("1 2\n3\n"), STR("1  2 3")));
    assert_true(same_tokens(STR(""), STR("\n")));
    assert_true(same_tokens(STR("0.3333333333"), STR("0.333333")));
    assert_false(same_tokens(STR("0.3333333333"), STR("0.3334")));
    assert_false(same_tokens(STR("1 2"), STR("1 2 3")));
    assert_false(same_tokens(STR("1"), STR("nan")));
    assert_false(same_tokens(STR("Yes"), STR("No")));
}

/* ---- the programs ---- */

typedef struct Count {
    int programs, accepted, samples;
    double seconds, slowest;
} Count;

/* Lines of a JSONL file as documents; the caller closes them. */
static size_t load_lines(const char *path, Json **out, size_t max) {
    Buf b;
    Err err = ERR_INIT;
    size_t n = 0;
    buf_init(&b, 16u << 20);
    if (!file_read(path, &b, &err)) fail_msg("%s", err.msg);
    for (size_t at = 0; at < b.n && n < max;) {
        size_t end = str_find(buf_str(&b), STR("\n"), at);
        if (end == SIZE_MAX) end = b.n;
        if (end > at && !json_parse(str_sub(buf_str(&b), at, end), &out[n++], &err)) fail_msg("%s: %s", path, err.msg);
        at = end + 1;
    }
    buf_release(&b);
    return n;
}

static const Json *find_problem(Json **problems, size_t n, Str id) {
    for (size_t i = 0; i < n; i++)
        if (str_eq(json_str(json_get(problems[i], "question_id")), id)) return problems[i];
    return NULL;
}

/* Runs one program on all samples of its problem; says what went wrong. */
static bool accepted(Sandbox *box, Str id, Str source, const Json *samples, Count *c) {
    Err err = ERR_INIT;
    Arena *a = arena_open(0);
    SandboxProgram *p = NULL;
    SandboxRun r;
    const SandboxLimits limits = {.cpu_seconds = 10};
    bool ok = sandbox_compile(box, STR("python"), source, a, &p, &r, &err) && p;
    if (!ok) fprintf(stderr, STR_FMT ": not compiled: %s %s\n", STR_ARG(id), err.msg, r.err.p ? r.err.p : "");
    for (const Json *s = json_first(samples); ok && s; s = json_next(s)) {
        uint64_t begin = clock_mono_ns();
        ok = sandbox_run(box, p, json_str(json_get(s, "input")), &limits, a, &r, &err);
        ok = ok && r.verdict == SANDBOX_OK && same_tokens(json_str(json_get(s, "output")), r.out);
        double took = (double)(clock_mono_ns() - begin) / 1e9;
        c->seconds += took, c->samples++;
        if (took > c->slowest) c->slowest = took;
        if (!ok)
            fprintf(stderr, STR_FMT ": verdict %d (%s) %s\n%.300s\n%.300s\n", STR_ARG(id), r.verdict, r.detail, err.msg,
                    r.out.p, r.err.p);
    }
    sandbox_program_close(p);
    arena_close(a);
    return ok;
}

static void test_correct_programs_are_accepted(void **state) {
    (void)state;
    static Json *cases[400], *problems[400];
    Err err = ERR_INIT;
    Sandbox *box;
    Count c = {0};
    NEED_SHARED(code, "data/extraction/code.jsonl");
    NEED_SHARED(tests, "data/livecodebench/problems.jsonl");
    if (!sandbox_open(1, &box, &err)) {
        fprintf(stderr, "skipped: %s\n", err.msg);
        skip();
    }
    size_t n = load_lines(code, cases, 400), n_problems = load_lines(tests, problems, 400);
    size_t step = getenv("ASSAY_SLOW") ? 1 : 3;
    for (size_t i = 0, correct_ones = 0; i < n; i++) {
        bool correct = false;
        Json *samples;
        const Json *label = json_get(cases[i], "label");
        if (!json_bool(json_get(label, "correct"), &correct) || !correct || correct_ones++ % step) continue;
        const Json *problem = find_problem(problems, n_problems, json_str(json_get(cases[i], "question_id")));
        assert_non_null(problem);
        assert_true(json_parse(json_str(json_get(problem, "public_test_cases")), &samples, &err));
        c.programs++;
        c.accepted +=
            accepted(box, json_str(json_get(cases[i], "id")), json_str(json_get(label, "extracted")), samples, &c);
        json_close(samples);
    }
    fprintf(stderr, "%d of %d programs accepted on %d samples; %.1f ms a run, slowest %.0f ms\n", c.accepted,
            c.programs, c.samples, 1e3 * c.seconds / (c.samples ? c.samples : 1), 1e3 * c.slowest);
    assert_true(c.programs > 20);
    assert_int_equal(c.accepted, c.programs);
    for (size_t i = 0; i < n; i++) json_close(cases[i]);
    for (size_t i = 0; i < n_problems; i++) json_close(problems[i]);
    sandbox_close(box);
}

/* ---- reference solutions ---- */

static void add_key(Buf *b, const Json *row, const char *key) {
    buf_addstr(b, json_str(json_get(row, key)));
    buf_addc(b, '\n');
}

static void humaneval_program(const Json *row, Buf *b) {
    add_key(b, row, "prompt");
    b->n--; /* the solution goes on in the prompt's last line */
    add_key(b, row, "canonical_solution");
    add_key(b, row, "test");
    buf_adds(b, "\ncheck(");
    buf_addstr(b, json_str(json_get(row, "entry_point")));
    buf_adds(b, ")\n");
}

static void mbpp_program(const Json *row, Buf *b) {
    add_key(b, row, "code");
    add_key(b, row, "test_setup_code"); /* uses what the code defines */
    for (const Json *t = json_first(json_get(row, "test_list")); t; t = json_next(t)) {
        buf_addstr(b, json_str(t));
        buf_addc(b, '\n');
    }
}

static void check_reference(const char *path, void (*build)(const Json *, Buf *)) {
    static Json *rows[400];
    Err err = ERR_INIT;
    Sandbox *box;
    int good = 0, all = 0;
    if (!sandbox_open(1, &box, &err)) {
        fprintf(stderr, "skipped: %s\n", err.msg);
        skip();
    }
    size_t n = load_lines(path, rows, 400);
    for (size_t i = 0; i < n; i += getenv("ASSAY_SLOW") ? 1 : 3) {
        Arena *a = arena_open(0);
        SandboxProgram *p = NULL;
        SandboxRun r;
        Buf b;
        buf_init(&b, 1u << 20);
        build(rows[i], &b);
        bool ok = sandbox_compile(box, STR("python"), buf_str(&b), a, &p, &r, &err) && p &&
                  sandbox_run(box, p, STR(""), NULL, a, &r, &err) && r.verdict == SANDBOX_OK;
        if (!ok) fprintf(stderr, "%s, row %zu: verdict %d (%s)\n%.500s\n", path, i, r.verdict, r.detail, r.err.p);
        good += ok, all++;
        sandbox_program_close(p);
        buf_release(&b);
        arena_close(a);
    }
    fprintf(stderr, "%d of %d reference solutions pass their tests\n", good, all);
    for (size_t i = 0; i < n; i++) json_close(rows[i]);
    sandbox_close(box);
    assert_int_equal(good, all);
}

static void test_humaneval_solutions_pass(void **state) {
    (void)state;
    NEED_SHARED(path, "data/humaneval/HumanEval.jsonl");
    check_reference(path, humaneval_program);
}

static void test_mbpp_solutions_pass(void **state) {
    (void)state;
    NEED_SHARED(path, "data/mbpp/mbpp.jsonl");
    check_reference(path, mbpp_program);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_compare_itself),
        cmocka_unit_test(test_correct_programs_are_accepted),
        cmocka_unit_test(test_humaneval_solutions_pass),
        cmocka_unit_test(test_mbpp_solutions_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
