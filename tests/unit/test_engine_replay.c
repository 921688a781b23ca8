/* Recorded answers, and a Completion as JSON. */
#include <unistd.h>

#include "engine/engine.h"
#include "tests/engine_support.h"

static char dir_[64];

static void record(const char *lines) {
    char path[128];
    snprintf(path, sizeof path, "%s/completions.jsonl", dir_);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(lines, f);
    fclose(f);
}

static bool try_open(Engine **e, Err *err) {
    char spec[128];
    snprintf(spec, sizeof spec, "replay:%s", dir_);
    return engine_open(&(EngineOptions){.spec = spec}, e, err);
}

static Request ask(const Message *m, uint64_t tag) {
    return (Request){.tag = tag, .messages = m, .n_messages = 1, .gen = GEN_DEFAULTS};
}

static void test_matching(void **state) {
    (void)state;
    Message hello = {.role = ROLE_USER, .content = STR("hello")}, other = {.role = ROLE_USER, .content = STR("other")};
    Request r = ask(&hello, 1);
    char hash[65], lines[2000];
    request_hash(&r, hash);
    snprintf(lines, sizeof lines,
             "{\"user\":\"hello\",\"completion\":{\"status\":\"ok\",\"final\":\"by text 1\"}}\n\n"
             "{\"user\":\"hello\",\"completion\":{\"status\":\"ok\",\"final\":\"by text 2\"}}\n"
             "{\"request\":\"%s\",\"completion\":{\"status\":\"length\",\"analysis\":\"a\",\"n_tokens\":5}}\n"
             "{\"completion\":{\"status\":\"ok\",\"final\":\"anything\"}}",
             hash);
    record(lines);
    Engine *e;
    Completion c;
    must(try_open(&e, err));
    assert_int_equal(engine_poll(e, &c, NULL), ENGINE_IDLE);
    must(engine_submit(e, &r, err));
    r.gen.seed = 4; /* another hash: falls back to the text, in order; the last line answers again */
    for (uint64_t i = 2; i <= 4; i++) r.tag = i, engine_submit(e, &r, NULL);
    r = ask(&other, 5);
    must(engine_submit(e, &r, err));
    static const char *const want[] = {NULL, "by text 1", "by text 2", "by text 2", "anything"};
    for (uint64_t i = 0; i < 5; i++) {
        assert_int_equal(engine_poll(e, &c, NULL), ENGINE_READY);
        assert_int_equal(c.tag, i + 1);
        assert_int_equal(c.status, i ? COMPLETION_OK : COMPLETION_LENGTH);
        if (want[i])
            assert_true(str_eqz(c.final, want[i]) && c.has_final);
        else
            assert_true(!c.has_final && str_eqz(c.analysis, "a") && c.n_tokens == 5);
    }
    assert_int_equal(engine_poll(e, &c, NULL), ENGINE_IDLE);
    assert_int_equal(strlen(engine_info(e)->digest), 64);
    assert_null(engine_vocab(e));
    engine_close(e);
}

static void test_nothing_recorded(void **state) {
    (void)state;
    Message m = {.role = ROLE_USER, .content = STR("x")};
    Request r = ask(&m, 9);
    Engine *e;
    Completion c;
    record("{\"user\":\"y\",\"completion\":{\"status\":\"ok\"}}\n");
    must(try_open(&e, err));
    must(engine_submit(e, &r, err));
    assert_int_equal(engine_poll(e, &c, NULL), ENGINE_READY);
    assert_int_equal(c.status, COMPLETION_FAILED);
    assert_int_equal(c.tag, 9);
    assert_non_null(strstr(c.error.p, "nothing was recorded"));
    must(engine_submit(e, &r, err));
    engine_cancel(e, 9);
    assert_int_equal(engine_poll(e, &c, NULL), ENGINE_READY);
    assert_int_equal(c.status, COMPLETION_CANCELLED);
    for (int i = 0; engine_has_room(e); i++) {
        must(engine_submit(e, &r, err));
        assert_true(i < 10000);
    }
    assert_false(engine_submit(e, &r, NULL));
    engine_close(e);
}

static void test_bad_files(void **state) {
    (void)state;
    static const char *const bad[] = {"{",
                                      "[]",
                                      "{}",
                                      "{\"completion\":{}}",
                                      "{\"completion\":{\"status\":\"fine\"}}",
                                      "{\"completion\":{\"status\":\"ok\",\"final\":3}}",
                                      "{\"user\":1,\"completion\":{\"status\":\"ok\"}}",
                                      "{\"completion\":{\"status\":\"ok\",\"ids\":[-1]}}",
                                      "{\"completion\":{\"status\":\"ok\",\"choice_scores\":[{}]}}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Engine *e;
        Err err = ERR_INIT;
        char lines[300];
        snprintf(lines, sizeof lines, "{\"completion\":{\"status\":\"ok\"}}\n%s\n", bad[i]);
        record(lines);
        assert_false(try_open(&e, &err));
        assert_null(e);
        assert_int_equal(err.code, ERR_INPUT);
        if (!strstr(err.msg, "completions.jsonl: line 2")) fail_msg("no line in: %s", err.msg);
    }
}

static void test_round_trip(void **state) {
    (void)state;
    uint32_t ids[] = {1, 2, 4294967295u};
    ChoiceScore s[] = {{-1.25, 3, true}, {-0.1, 1, false}};
    Completion c = {.status = COMPLETION_TIMEOUT,
                    .analysis = STR(""),
                    .final = {"a\0b\n\"\xF0\x9F\x99\x82", 9},
                    .has_final = true,
                    .malformed = STR("m"),
                    .error = STR(""),
                    .ids = {ids, 3},
                    .n_prompt_tokens = 7,
                    .n_tokens = 3,
                    .n_analysis_tokens = 1,
                    .choice_scores = s,
                    .n_choice_scores = 2,
                    .seconds_prefill = 0.1,
                    .seconds_decode = 1e-9},
               back;
    Buf b, again;
    Arena *a = arena_open(0);
    buf_init(&b, 1 << 16), buf_init(&again, 1 << 16);
    completion_to_json(&c, &b);
    must(completion_from_json(buf_str(&b), a, &back, err));
    assert_true(str_eq(back.final, c.final));
    assert_true(back.analysis.p && back.analysis.n == 0 && !back.commentary.p);
    assert_int_equal(back.ids.p[2], 4294967295u);
    assert_true(back.choice_scores[0].logprob == -1.25 && back.choice_scores[0].is_greedy &&
                back.choice_scores[1].n_tokens == 1);
    assert_true(back.seconds_prefill == 0.1 && back.seconds_decode == 1e-9);
    completion_to_json(&back, &again);
    assert_true(str_eq(buf_str(&b), buf_str(&again)));
    for (size_t i = 0; i < b.n; i++) {
        Err e = ERR_INIT;
        assert_false(completion_from_json((Str){b.p, i}, a, &back, &e));
        assert_int_equal(e.code, ERR_INPUT);
    }
    buf_release(&b), buf_release(&again);
    arena_close(a);
}

/* Everything that determines an answer is in the hash; the tag is not. */
static void test_hash(void **state) {
    (void)state;
    Message m[2] = {{.role = ROLE_USER, .content = STR("hi")}, {.role = ROLE_USER, .content = STR("hi")}};
    const Str choices[] = {{"A", 1}, {"B", 1}};
    char base[65], other[65];
    Request r = {.messages = m, .n_messages = 1, .choices = choices, .n_choices = 1, .gen = GEN_DEFAULTS}, q;
    request_hash(&r, base);
    q = r, q.tag = 99, request_hash(&q, other);
    assert_string_equal(base, other);
#define CHANGES(change) q = r, change, request_hash(&q, other), assert_string_not_equal(base, other)
    CHANGES(q.kind = REQUEST_SCORE);
    CHANGES(q.n_messages = 2);
    CHANGES(q.n_choices = 2);
    CHANGES(q.prefill_channel = STR("final"));
    CHANGES(q.prefill_text = STR(""));
    CHANGES(q.gen.temperature = 0.5);
    CHANGES(q.gen.top_p = 0.5);
    CHANGES(q.gen.max_tokens = 5);
    CHANGES(q.gen.seed = 5);
    CHANGES(q.gen.effort = EFFORT_HIGH);
    CHANGES(q.gen.date = STR("2025-01-01"));
    CHANGES(q.gen.ignore_eos = true);
    m[0].role = ROLE_DEVELOPER;
    CHANGES((void)0);
}

int main(void) {
    snprintf(dir_, sizeof dir_, "/tmp/assay-replay-XXXXXX");
    if (!mkdtemp(dir_)) return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_matching), cmocka_unit_test(test_nothing_recorded),
                                       cmocka_unit_test(test_bad_files), cmocka_unit_test(test_round_trip),
                                       cmocka_unit_test(test_hash)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    char path[128];
    snprintf(path, sizeof path, "%s/completions.jsonl", dir_);
    unlink(path);
    rmdir(dir_);
    return failed;
}
