/* Probes: which requests are made of a sample, what the store keeps of their answers, and what a scorer gets back. */
#include "harness/probe.h"

#include "tests/unit/harness_support.h"
/* the test programs may look into rooms that the harness may not */
#include "engine/vocab_internal.h"

static Arena *arena;
static Str OPENINGS[] = {{"No", 2}, {"Yes", 3}, {"Well", 4}};

static bool opening(void *self, size_t i, ScorerStr *text) {
    if (i >= 3) return false;
    *text = (ScorerStr){OPENINGS[i].p, OPENINGS[i].n};
    return self == NULL;
}
static bool endless(void *self, size_t i, ScorerStr *text) {
    (void)self, (void)i;
    *text = (ScorerStr){"x", 1};
    return true;
}
static bool blank(void *self, size_t i, ScorerStr *text) {
    (void)self;
    *text = (ScorerStr){"", 0};
    return i == 0;
}
static const Scorer probing = {
    .abi = SCORER_ABI, .size = sizeof(Scorer), .name = "p", .version = "1", .opening = opening};

static int setup(void **state) {
    (void)state;
    return (arena = arena_open(0)) ? 0 : -1;
}
static int teardown(void **state) {
    (void)state;
    arena_close(arena);
    return 0;
}

static ProbeTexts texts(Str name) {
    Err err = ERR_INIT;
    ProbeTexts t;
    assert_true(probe_texts_read(&probing, NULL, name, arena, &t, &err));
    return t;
}

static void test_texts(void **state) {
    (void)state;
    Err err = ERR_INIT;
    ProbeTexts t = texts(STR("margin")), u;
    assert_int_equal(t.n, 3);
    assert_true(str_eqz(t.texts[2], "Well"));
    Scorer s = probing;
    s.opening = endless;
    assert_false(probe_texts_read(&s, NULL, STR("m"), arena, &u, &err));
    assert_non_null(strstr(err.msg, "more than 256"));
    s.opening = blank;
    assert_false(probe_texts_read(&s, NULL, STR("m"), arena, &u, &err));
    s = probing;
    s.size = offsetof(Scorer, opening); /* a plugin that was built before there were probes */
    assert_true(probe_texts_read(&s, NULL, STR("m"), arena, &u, &err));
    assert_int_equal(u.n, 0);
}

static const Message ASKED[] = {{.role = ROLE_USER, .content = {"What is 2 + 2?", 14}},
                                {.role = ROLE_ASSISTANT, .content = {"a later turn", 12}}};

static Completion answer(const ChoiceScore *v, size_t n) {
    return (Completion){.status = COMPLETION_OK, .choice_scores = v, .n_choice_scores = n, .malformed = STR("")};
}
static const ChoiceScore SCORES[] = {{-0.5, 1, true}, {-1.25, 2, false}, {-30.0625, 1, false}};

static void test_requests(void **state) {
    (void)state;
    Err err = ERR_INIT;
    ProbeTexts list[] = {{.scorer = STR("refusal")}, texts(STR("margin"))};
    Request asked = {.tag = 7, .messages = ASKED, .n_messages = 2, .gen = GEN_DEFAULTS};
    Probes p;
    assert_true(probe_begin(&p, list, 2, &asked, 1, STR("I think."), arena, &err));
    assert_true(p.active);
    assert_int_equal(p.request.kind, REQUEST_SCORE);
    assert_int_equal(p.request.tag, 7);
    assert_int_equal(p.request.n_messages, 1); /* the prompt alone */
    assert_int_equal(p.request.n_choices, 3);
    assert_true(str_eqz(p.request.prefill_channel, "final") && p.request.prefill_text.n == 0);
    Completion c = answer(SCORES, 3);
    assert_true(probe_take(&p, &c, arena, &err));
    assert_true(p.active);
    assert_int_equal(p.request.n_messages, 2);
    assert_true(str_eqz(p.request.messages[1].channel, "analysis") &&
                str_eqz(p.request.messages[1].content, "I think."));
    c = answer(NULL, 0);
    c.error = STR("the prompt has 9 tokens");
    assert_true(probe_take(&p, &c, arena, &err));
    assert_false(p.active);

    Str json = {0};
    ScorerProbe got[SCORER_PLACES];
    assert_true(probe_json(&p, arena, &json, &err));
    assert_true(probe_lend(json, &list[1], arena, got, &err));
    assert_int_equal(got[0].n, 3);
    for (int i = 0; i < 3; i++)
        assert_true(got[0].logprobs[i] == SCORES[i].logprob && got[0].tokens[i] == SCORES[i].n_tokens);
    assert_int_equal(got[1].n, 0);
    assert_memory_equal(got[1].error.p, "the prompt has 9 tokens", 23);
    /* another scorer's, or of other openings: not these */
    ProbeTexts other = list[1];
    other.scorer = STR("other");
    assert_true(probe_lend(json, &other, arena, got, &err) && got[0].n == 0);
    other = list[1];
    other.sha256[0] ^= 1;
    assert_true(probe_lend(json, &other, arena, got, &err) && got[0].n == 0);
}

static void test_without(void **state) {
    (void)state;
    Err err = ERR_INIT;
    ProbeTexts none = {.scorer = STR("refusal")}, list = texts(STR("m"));
    Request asked = {.messages = ASKED, .n_messages = 1, .gen = GEN_DEFAULTS};
    Probes p;
    Str json = {0};
    assert_true(probe_begin(&p, &none, 1, &asked, 1, STR("thought"), arena, &err));
    assert_false(p.active);
    assert_true(probe_json(&p, arena, &json, &err) && !json.p);
    /* no analysis: one place only */
    assert_true(probe_begin(&p, &list, 1, &asked, 1, (Str){0}, arena, &err));
    Completion c = answer(SCORES, 3);
    assert_true(p.active && probe_take(&p, &c, arena, &err) && !p.active);
    /* an answer that was begun for the model is begun here as well; reasoning that was put into its mouth is not */
    asked.prefill_channel = STR("final"), asked.prefill_text = STR("Of course. ");
    assert_true(probe_begin(&p, &list, 1, &asked, 1, (Str){0}, arena, &err));
    assert_true(str_eqz(p.request.prefill_text, "Of course. "));
    asked.prefill_channel = STR("analysis"), asked.prefill_text = STR("It is allowed.");
    assert_true(probe_begin(&p, &list, 1, &asked, 1, STR("It is allowed. So"), arena, &err));
    assert_true(str_eqz(p.request.prefill_channel, "final") && p.request.prefill_text.n == 0);
    assert_true(probe_take(&p, &c, arena, &err) && p.active && p.request.prefill_text.n == 0);
    assert_true(str_eqz(p.request.messages[1].content, "It is allowed. So"));
}

/* The analysis is ended, and the final message begun, as harmony would. */
static void test_ids(void **state) {
    (void)state;
    Err err = ERR_INIT;
    Vocab *vocab;
    const char *dir = any_checkpoint();
    if (!dir) skip();
    assert_true(vocab_open(dir, &vocab, &err));
    ProbeTexts list = texts(STR("m"));
    Request asked = {.messages = ASKED, .n_messages = 1, .gen = GEN_DEFAULTS};
    Probes p;
    Completion c = answer(SCORES, 3);
    static const char *const want[] = {
        "<|start|>user<|message|>What is 2 + 2?<|end|><|start|>assistant<|channel|>final<|message|>",
        "<|start|>user<|message|>What is 2 + 2?<|end|><|start|>assistant<|channel|>analysis<|message|>I think.<|end|>"
        "<|start|>assistant<|channel|>final<|message|>"};
    assert_true(probe_begin(&p, &list, 1, &asked, 1, STR("I think."), arena, &err));
    for (int i = 0; i < 2; i++) {
        Ids got, ids;
        assert_true(chat_render_request(vocab_tokenizer(vocab), vocab_harmony(vocab), &p.request, arena, &got, &err));
        assert_true(vocab_encode(vocab, str_from(want[i]), true, arena, &ids, &err));
        assert_true(got.n > ids.n); /* the system message before it */
        assert_memory_equal(got.p + got.n - ids.n, ids.p, ids.n * sizeof *ids.p);
        assert_true(probe_take(&p, &c, arena, &err));
    }
    vocab_close(vocab);
}

typedef struct Seen {
    int n;
    Str hash;
} Seen;

static bool see(void *ctx, Str hash, const Completion *c) {
    Seen *s = ctx;
    s->n++;
    s->hash = str_dup(arena, hash);
    return c->n_choice_scores == 3 && c->choice_scores[1].logprob == -1.25 && c->choice_scores[0].is_greedy;
}

/* What a replay looks up is the request as it was made. */
static void test_replay(void **state) {
    (void)state;
    Err err = ERR_INIT;
    ProbeTexts list = texts(STR("m"));
    Request asked = {.messages = ASKED, .n_messages = 1, .gen = GEN_DEFAULTS};
    Probes p;
    Str json = {0};
    char hash[65];
    Completion c = answer(SCORES, 3);
    Seen seen = {0};
    assert_true(probe_begin(&p, &list, 1, &asked, 1, (Str){0}, arena, &err));
    request_hash(&p.request, hash);
    assert_true(probe_take(&p, &c, arena, &err) && probe_json(&p, arena, &json, &err));
    assert_true(probe_each(json, see, &seen, arena, &err));
    assert_int_equal(seen.n, 1);
    assert_true(str_eqz(seen.hash, hash));
}

/* Whatever stands in a damaged store: nothing, or what is whole. */
static void test_damaged(void **state) {
    (void)state;
    Err err = ERR_INIT;
    ProbeTexts list = texts(STR("m"));
    Request asked = {.messages = ASKED, .n_messages = 1, .gen = GEN_DEFAULTS};
    Probes p;
    Str json = {0};
    Completion c = answer(SCORES, 3);
    ScorerProbe got[SCORER_PLACES];
    assert_true(probe_begin(&p, &list, 1, &asked, 1, (Str){0}, arena, &err));
    assert_true(probe_take(&p, &c, arena, &err) && probe_json(&p, arena, &json, &err));
    char *copy = malloc(json.n);
    for (size_t i = 0; i < json.n; i++) {
        assert_true(probe_lend(str_sub(json, 0, i), &list, arena, got, &err));
        assert_int_equal(got[0].n, 0);
        memcpy(copy, json.p, json.n);
        copy[i] = (char)(copy[i] ^ 0x15);
        assert_true(probe_lend((Str){copy, json.n}, &list, arena, got, &err));
        assert_true(got[0].n == 0 || got[0].n == 3);
        Seen seen = {0};
        probe_each((Str){copy, json.n}, see, &seen, arena, &err);
    }
    free(copy);
}

static void test_memory(void **state) {
    (void)state;
    for (int at = 1;; at++) {
        Err err = ERR_INIT;
        Arena *a = arena_open(0);
        Probes p;
        ProbeTexts t;
        Str json = {0};
        ScorerProbe got[SCORER_PLACES];
        Request asked = {.messages = ASKED, .n_messages = 1, .gen = GEN_DEFAULTS};
        Completion c = answer(SCORES, 3);
        mem_fail_at(at);
        bool ok = probe_texts_read(&probing, NULL, STR("m"), a, &t, &err) &&
                  probe_begin(&p, &t, 1, &asked, 1, STR("hm"), a, &err) && probe_take(&p, &c, a, &err) &&
                  probe_take(&p, &c, a, &err) && probe_json(&p, a, &json, &err) && probe_lend(json, &t, a, got, &err);
        mem_fail_at(0);
        arena_close(a);
        if (ok) {
            assert_true(at > 2);
            return;
        }
        assert_int_equal(err.code, ERR_MEMORY);
    }
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {T(test_texts),  T(test_requests), T(test_without), T(test_ids),
                                       T(test_replay), T(test_damaged),  T(test_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
