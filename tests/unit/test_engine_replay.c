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

/* How a generation ended: written when there is something to say, and read back. */
static void test_stop_round_trip(void **state) {
    (void)state;
    static const struct {
        Completion c;
        const char *json;
    } cases[] = {
        {{.stop = STOP_NONE}, "{\"status\":\"ok\",\"has_final\":false}"},
        {{.stop = STOP_RETURN}, "{\"status\":\"ok\",\"has_final\":false,\"stop\":\"return\"}"},
        {{.stop = STOP_OTHER}, "{\"status\":\"ok\",\"has_final\":false,\"stop\":\"other\"}"},
        {{.stop = STOP_CALL}, "{\"status\":\"ok\",\"has_final\":false,\"stop\":\"call\"}"},
        {{.stop = STOP_CALL, .call_recipient = {"functions.f", 11}, .call_content = {"{\0}", 3}},
         "{\"status\":\"ok\",\"has_final\":false,\"stop\":\"call\",\"call_recipient\":\"functions.f\",\"call_content\":"
         "\"{\\u0000}\"}"},
    };
    Arena *a = arena_open(0);
    Buf b;
    buf_init(&b, 1 << 16);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++, buf_clear(&b)) {
        const Completion *c = &cases[i].c;
        Completion back;
        completion_to_json(c, &b);
        assert_string_equal(b.p, cases[i].json);
        must(completion_from_json(buf_str(&b), a, &back, err));
        assert_int_equal(back.stop, c->stop);
        assert_true(str_eq(back.call_recipient, c->call_recipient) && str_eq(back.call_content, c->call_content));
        assert_true((back.call_recipient.p != NULL) == (c->call_recipient.p != NULL));
    }
    static const char *const bad[] = {"\"stop\":\"end\"", "\"stop\":7", "\"call_recipient\":[]",
                                      "\"call_content\":\"x\"", "\"call_recipient\":\"f\",\"stop\":\"return\""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Completion back;
        Err why = ERR_INIT;
        Str line = str_printf(a, "{\"status\":\"ok\",%s}", bad[i]);
        assert_false(completion_from_json(line, a, &back, &why));
        assert_non_null(strstr(why.msg, i < 2 ? "'stop'" : "'call_"));
    }
    buf_release(&b);
    arena_close(a);
}

/* A recorded tool loop: a call, found by the user's text; then the answer, found by the hash of the longer request. */
static void test_calls(void **state) {
    (void)state;
    uint32_t turn[] = {7, 8, 9};
    const Message m[] = {{.role = ROLE_USER, .content = STR("q")},
                         {.role = ROLE_ASSISTANT, .sampled = {turn, 3}},
                         {.role = ROLE_TOOL, .name = STR("python"), .content = STR("4")}};
    Request first = ask(m, 1), second = ask(m, 2);
    second.n_messages = 3;
    first.python = second.python = PYTHON_STATEFUL;
    char hash[65], lines[1000];
    request_hash(&second, hash);
    snprintf(lines, sizeof lines,
             "{\"user\":\"q\",\"completion\":{\"status\":\"ok\",\"call_recipient\":\"python\",\"call_content\":\"2+2\","
             "\"ids\":[7,8,9]}}\n{\"request\":\"%s\",\"completion\":{\"status\":\"ok\",\"stop\":\"return\",\"final\":"
             "\"4\"}}\n",
             hash);
    record(lines);
    Engine *e;
    Completion c;
    must(try_open(&e, err));
    must(engine_submit(e, &first, err));
    assert_int_equal(engine_poll(e, &c, NULL), ENGINE_READY);
    assert_int_equal(c.stop, STOP_CALL);
    assert_true(str_eqz(c.call_recipient, "python") && str_eqz(c.call_content, "2+2") && c.ids.n == 3);
    must(engine_submit(e, &second, err));
    assert_int_equal(engine_poll(e, &c, NULL), ENGINE_READY);
    assert_int_equal(c.stop, STOP_RETURN);
    assert_true(str_eqz(c.final, "4") && !c.call_recipient.p);
    engine_close(e);
}

static void test_refused_tools(void **state) {
    (void)state;
    const Message m = {.role = ROLE_USER, .content = STR("q")};
    uint32_t ids[] = {1};
    Engine *e;
    record("{\"completion\":{\"status\":\"ok\"}}\n");
    must(try_open(&e, err));
    Request r = ask(&m, 1);
    Err why = ERR_INIT;
    r.functions = STR("[{\"type\":\"function\",\"function\":{\"name\":\"a b\"}}]");
    assert_false(engine_submit(e, &r, &why));
    assert_non_null(strstr(why.msg, "functions entry 0: the name 'a b'"));
    r.functions = STR("[{\"type\":\"function\",\"function\":{\"name\":\"a_b\"}}]");
    must(engine_submit(e, &r, err));
    r.messages = NULL, r.n_messages = 0, r.ids = ids, r.n_ids = 1;
    assert_false(engine_submit(e, &r, &why));
    assert_non_null(strstr(why.msg, "token ids"));
    r.functions = (Str){NULL, 0}, r.python = PYTHON_STATELESS;
    assert_false(engine_submit(e, &r, &why));
    r.python = (PythonTool)3;
    r.ids = NULL, r.n_ids = 0, r.messages = &m, r.n_messages = 1;
    assert_false(engine_submit(e, &r, &why));
    assert_non_null(strstr(why.msg, "python"));
    engine_close(e);
}

/* Hashes that runs made before requests had tools; computed by that version (commit 187654a). */
static void test_hash_is_kept(void **state) {
    (void)state;
    const Message m[2] = {{.role = ROLE_SYSTEM, .content = STR("Be brief.")},
                          {.role = ROLE_USER, .content = STR("hi")}};
    const uint32_t ids[] = {1, 2, 3};
    const Str c[] = {{"A", 1}, {"B", 1}};
    const Request chat = {.tag = 3, .messages = m, .n_messages = 2, .gen = GEN_DEFAULTS};
    const Request score = {.kind = REQUEST_SCORE,
                           .ids = ids,
                           .n_ids = 3,
                           .choices = c,
                           .n_choices = 2,
                           .prefill_channel = STR("final"),
                           .gen = {.temperature = 0.5,
                                   .top_p = 0.9,
                                   .max_tokens = 7,
                                   .seed = 11,
                                   .effort = EFFORT_HIGH,
                                   .date = STR("2025-06-28")}};
    char hash[65];
    request_hash(&chat, hash);
    assert_string_equal(hash, "6ca2c2a1b1f141c2027287e3a173cc1511dc5603ecdf7887bb45246072315ad7");
    request_hash(&score, hash);
    assert_string_equal(hash, "ae17ae15a829480ae690eba47a0d391926102680e280ffe7297ab4b117345423");
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
    CHANGES(q.functions = STR("[]"));
    CHANGES(q.python = PYTHON_STATEFUL);
    char stateful[65];
    memcpy(stateful, other, sizeof other);
    CHANGES(q.python = PYTHON_STATELESS);
    assert_string_not_equal(stateful, other);
    uint32_t turn[] = {4, 5};
    m[0].sampled = (Ids){turn, 2};
    CHANGES((void)0);
    char with[65];
    memcpy(with, other, sizeof other);
    m[0].sampled.n = 1;
    CHANGES((void)0);
    assert_string_not_equal(with, other);
    m[0].prefill_channel = STR("final");
    CHANGES((void)0);
    m[0].sampled.n = 0, m[0].prefill_channel = (Str){NULL, 0};
    q = r, request_hash(&q, other), assert_string_equal(base, other);
    m[0].role = ROLE_DEVELOPER;
    CHANGES((void)0);
}

int main(void) {
    snprintf(dir_, sizeof dir_, "/tmp/assay-replay-XXXXXX");
    if (!mkdtemp(dir_)) return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_matching),       cmocka_unit_test(test_nothing_recorded),
                                       cmocka_unit_test(test_bad_files),      cmocka_unit_test(test_round_trip),
                                       cmocka_unit_test(test_hash),           cmocka_unit_test(test_hash_is_kept),
                                       cmocka_unit_test(test_calls),          cmocka_unit_test(test_refused_tools),
                                       cmocka_unit_test(test_stop_round_trip)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    char path[128];
    snprintf(path, sizeof path, "%s/completions.jsonl", dir_);
    unlink(path);
    rmdir(dir_);
    return failed;
}
