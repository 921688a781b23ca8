/* The judge's thread: questions of many threads at once, failures of one and of all, seeds and nonces that repeat. */
#include "tests/unit/harness_support.h"

#include <pthread.h>

#include "harness/judge/judge.h"

static TestDir dir;

static int setup(void **state) {
    (void)state;
    dir_open(&dir);
    return 0;
}
static int teardown(void **state) {
    (void)state;
    dir_close(&dir);
    return 0;
}

static JudgeSettings settings_of(const char *lines) {
    static int n;
    char name[64];
    snprintf(name, sizeof name, "j%d/completions.jsonl", ++n);
    dir_put(&dir, name, lines);
    JudgeSettings s = JUDGE_SETTINGS_DEFAULT;
    s.model = str_printf(dir.a, "replay:%s/j%d", dir.path, n);
    return s;
}

static Judge *open_judge(const JudgeSettings *s) {
    Err err = ERR_INIT;
    JudgeOpen o = {0};
    Judge *j = NULL;
    if (!judge_open(s, &o, &j, &err)) fail_msg("%s", err.msg);
    return j;
}

static ScorerAsk ask_of(const char *user) {
    return (ScorerAsk){.kind = SCORER_ASK_MODEL,
                       .system = {"be fair", 7},
                       .user = {user, strlen(user)},
                       .system_template = {"be fair", 7},
                       .user_template = {"{{q}}", 5}};
}

static ScorerReply ask(Judge *j, const char *user, JudgeTrace *trace) {
    ScorerAsk a = ask_of(user);
    ScorerReply r = {.kind = SCORER_ASK_MODEL};
    Err err = ERR_INIT;
    if (!judge_ask_model(j, &a, STR("ab12"), 0, dir.a, &r, trace, &err)) fail_msg("%s", err.msg);
    return r;
}

static void test_answers(void **state) {
    (void)state;
    JudgeSettings s = settings_of(
        "{\"user\":\"q1\",\"completion\":{\"status\":\"ok\",\"final\":\"yes\",\"analysis\":\"hm\",\"n_tokens\":3}}\n"
        "{\"user\":\"q2\",\"completion\":{\"status\":\"length\",\"final\":\"and and\"}}\n"
        "{\"user\":\"q3\",\"completion\":{\"status\":\"timeout\",\"error\":\"60 s\"}}\n"
        "{\"user\":\"q4\",\"completion\":{\"status\":\"filtered\"}}\n"
        "{\"user\":\"q5\",\"completion\":{\"status\":\"ok\"}}\n");
    Judge *j = open_judge(&s);
    JudgeTrace t;
    ScorerReply r = ask(j, "q1", &t);
    assert_true(r.text.n == 3 && memcmp(r.text.p, "yes", 3) == 0 && !r.error.p);
    assert_int_equal(r.completion, SCORER_COMPLETION_OK);
    assert_true(t.asked && str_eqz(t.text, "yes") && str_eqz(t.analysis, "hm") && t.n_tokens == 3);
    r = ask(j, "q2", &t);
    assert_int_equal(r.completion, SCORER_COMPLETION_LENGTH);
    assert_null(r.error.p);
    r = ask(j, "q3", &t);
    assert_int_equal(r.completion, SCORER_COMPLETION_TIMEOUT);
    assert_true(str_eqz((Str){r.error.p, r.error.n}, "the judge ran out of time: 60 s"));
    assert_int_equal(ask(j, "q4", &t).completion, SCORER_COMPLETION_FILTERED);
    r = ask(j, "q5", &t); /* the judge ended without a final message */
    assert_true(r.text.p && r.text.n == 0 && !r.error.p);
    r = ask(j, "nobody recorded this", &t);
    assert_int_equal(r.completion, SCORER_COMPLETION_FAILED);
    assert_true(r.error.n > 20);
    judge_close(j);
}

typedef struct Asker {
    Judge *j;
    pthread_t thread;
    int from;
    bool right;
} Asker;

#define N_THREADS 8
#define N_EACH 50

static void *ask_many(void *p) {
    Asker *me = p;
    Arena *a = arena_open(0);
    me->right = a != NULL;
    for (int i = 0; i < N_EACH && me->right; i++) {
        char user[32], want[32];
        Err err = ERR_INIT;
        ScorerReply r = {0};
        JudgeTrace t;
        snprintf(user, sizeof user, "q%d", me->from + i);
        snprintf(want, sizeof want, "a%d", me->from + i);
        ScorerAsk q = ask_of(user);
        me->right = judge_ask_model(me->j, &q, STR("ab"), (size_t)i, a, &r, &t, &err) && !r.error.p &&
                    r.text.n == strlen(want) && memcmp(r.text.p, want, r.text.n) == 0;
        arena_reset(a);
    }
    arena_close(a);
    return NULL;
}

static void test_many_threads(void **state) {
    (void)state;
    Buf b;
    buf_init(&b, 1 << 20);
    for (int i = 0; i < N_THREADS * N_EACH; i++)
        buf_addf(&b, "{\"user\":\"q%d\",\"completion\":{\"status\":\"ok\",\"final\":\"a%d\"}}\n", i, i);
    JudgeSettings s = settings_of(b.p);
    buf_release(&b);
    Judge *j = open_judge(&s);
    Asker askers[N_THREADS];
    for (int i = 0; i < N_THREADS; i++) {
        askers[i] = (Asker){.j = j, .from = i * N_EACH};
        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask_many, &askers[i]), 0);
    }
    for (int i = 0; i < N_THREADS; i++) {
        pthread_join(askers[i].thread, NULL);
        assert_true(askers[i].right);
    }
    judge_close(j);
}

static void test_stop(void **state) {
    (void)state;
    JudgeSettings s = settings_of("{\"completion\":{\"status\":\"ok\",\"final\":\"yes\"}}\n");
    Judge *j = open_judge(&s);
    JudgeTrace t;
    ScorerAsk q = ask_of("q");
    ScorerReply r = {0};
    Err err = ERR_INIT;
    judge_stop(j);
    assert_false(judge_ask_model(j, &q, STR("ab"), 0, dir.a, &r, &t, &err));
    assert_int_equal(err.code, ERR_INTERRUPTED);
    judge_close(j);
}

static void test_open_fails(void **state) {
    (void)state;
    JudgeSettings s = JUDGE_SETTINGS_DEFAULT;
    JudgeOpen o = {.offline = true};
    Judge *j;
    Err err = ERR_INIT;
    s.model = STR("replay:nowhere");
    assert_false(judge_open(&s, &o, &j, &err));
    assert_null(j);
    assert_has(&err, "judge: ");
    s.model = STR("openai:m@http://localhost");
    assert_false(judge_open(&s, &o, &j, &err));
    assert_has(&err, "network");
}

/* Every allocation of opening fails in turn. */
static void test_open_without_memory(void **state) {
    (void)state;
    JudgeSettings s = settings_of("{\"completion\":{\"status\":\"ok\",\"final\":\"yes\"}}\n");
    bool opened = false;
    for (uint64_t n = 1; n < 100 && !opened; n++) {
        JudgeOpen o = {0};
        Judge *j;
        Err err = ERR_INIT;
        mem_fail_at(n);
        opened = judge_open(&s, &o, &j, &err);
        mem_fail_at(0);
        if (!opened) assert_int_equal(err.code, ERR_MEMORY);
        judge_close(j);
    }
    assert_true(opened);
}

static Str nonce_of(uint64_t seed, const char *scorer, const char *id, const char *prompt, const char *final) {
    char hex[65];
    ScorerView v = {.id = {id, strlen(id)}, .prompt = {prompt, strlen(prompt)}, .final = {final, strlen(final)}};
    judge_nonce(seed, str_from(scorer), &v, hex);
    return str_dup(dir.a, str_from(hex));
}

/* The same question has the same nonce and seed for ever; any change of what it follows from gives another. */
static void test_nonce(void **state) {
    (void)state;
    Str a = nonce_of(0, "policy", "s1", "q", "an answer");
    assert_int_equal(a.n, 64);
    assert_true(str_eq(a, nonce_of(0, "policy", "s1", "q", "an answer")));
    Str others[] = {nonce_of(1, "policy", "s1", "q", "an answer"),  nonce_of(0, "xstest", "s1", "q", "an answer"),
                    nonce_of(0, "policy", "s2", "q", "an answer"),  nonce_of(0, "policy", "s1", "p", "an answer"),
                    nonce_of(0, "policy", "s1", "q", "an answer."), nonce_of(0, "policy", "s1q", "", "an answer")};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) assert_false(str_eq(a, others[i]));
    /* SHA-256 over the fields, each behind its length as 8 little-endian bytes; by Python's hashlib */
    assert_true(str_eqz(a, "227e1ee6f826d3b8347a04950b397473b95764a427c1e27f1848cc829b2deaba"));
}

static void test_request(void **state) {
    (void)state;
    JudgeSettings s = JUDGE_SETTINGS_DEFAULT;
    ScorerAsk q = ask_of("q");
    Request r, r2;
    JudgeTrace t, t2;
    Err err = ERR_INIT;
    s.effort = EFFORT_HIGH;
    s.max_tokens = 77;
    assert_true(judge_request(&s, &q, STR("ab"), 0, dir.a, &r, &t, &err));
    assert_int_equal(r.n_messages, 2);
    assert_int_equal(r.messages[0].role, ROLE_DEVELOPER);
    assert_int_equal(r.messages[1].role, ROLE_USER);
    assert_true(r.gen.temperature == 0 && r.gen.max_tokens == 77 && r.gen.effort == EFFORT_HIGH &&
                r.gen.seed == t.seed);
    assert_string_equal(t.policy_sha256, "");
    assert_false(t.asked);
    assert_true(judge_request(&s, &q, STR("ab"), 1, dir.a, &r2, &t2, &err));
    assert_true(t.seed != t2.seed && strcmp(t.request_hash, t2.request_hash) != 0);
    assert_string_equal(t.template_sha256, t2.template_sha256);
    q.policy = (ScorerStr){"abc", 3};
    assert_true(judge_request(&s, &q, STR("ab"), 0, dir.a, &r2, &t2, &err));
    /* FIPS 180-4's own example */
    assert_string_equal(t2.policy_sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* What a strange scorer calls a verdict does not reach what is stored in the clear. */
static void test_record(void **state) {
    (void)state;
    JudgeTrace t[2] = {{.seed = 5, .asked = true, .text = STR("secret VERDICT"), .analysis = STR("hm \"x\"")},
                       {.seed = 6}};
    ScorerVerdict v[2] = {{.status = {"ok", 2}, .verdict = {"violates=1", 10}, .span_begin = 7, .span_end = 14},
                          {.status = {"a\nb", 3}, .verdict = {"<secret>", 8}, .span_begin = 0, .span_end = 99}};
    Score s = {.verdicts = v, .n_verdicts = 2};
    Str clear, texts;
    Err err = ERR_INIT;
    assert_true(judge_record(t, 2, &s, dir.a, &clear, &texts, &err));
    assert_true(str_find(clear, STR("secret"), 0) == SIZE_MAX);
    assert_true(str_find(clear, STR("\"parse\":\"ok\",\"verdict\":\"violates=1\",\"span\":[7,14]"), 0) != SIZE_MAX);
    assert_true(str_find(clear, STR("\"status\":\"not asked\",\"parse\":null,\"verdict\":null,\"span\":null"), 0) !=
                SIZE_MAX);
    assert_true(str_eqz(
        texts, "[{\"text\":\"secret VERDICT\",\"analysis\":\"hm \\\"x\\\"\"},{\"text\":null,\"analysis\":null}]"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_many_threads),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_open_fails),
        cmocka_unit_test(test_open_without_memory),
        cmocka_unit_test(test_nonce),
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_record),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
