/* The loop on a real engine. The demo models were never taught to call, so the first turn's ids are put in their mouth;
 * from there on all is real: the next prompt must be, token for token, what the renderer makes of the same
 * conversation, and a context that is too small must end as a limit. */
#include "tests/unit/harness_support.h"

#include "harness/suite.h"
#include "harness/tools/tools_loop.h"

#define MODEL "suites/demo/models/demo-small"
#define CALL "{\"item\": \"pen\"}"

static Arena *g_a;

static Engine *opened(int context) {
    Engine *e = NULL;
    Err err = ERR_INIT;
    EngineOptions o = {.spec = MODEL, .threads = 1, .context = context, .no_digest = true};
    if (!file_exists(MODEL "/config.json")) skip();
    if (!engine_open(&o, &e, &err)) fail_msg("%s", err.msg);
    return e;
}

static Completion asked(Engine *e, const Request *r) {
    Completion c;
    Err err = ERR_INIT;
    if (!engine_submit(e, r, &err)) fail_msg("%s", err.msg);
    for (;;) {
        EnginePoll p = engine_poll(e, &c, &err);
        if (p == ENGINE_READY) return c;
        if (p != ENGINE_WORKING) fail_msg("%s", err.msg);
    }
}

typedef struct Loop {
    ToolLoop l;
    ToolBox *box;
    ToolLimits limits;
    const SuiteTools *tools;
    Request r;
    Message m[2];
} Loop;

static void begin(Loop *x) {
    Suite *s;
    Err err = ERR_INIT;
    static const Str only[] = {{"get_item", 8}}; /* the renderer's chat form knows no python */
    memset(x, 0, sizeof *x);
    if (!suite_load("suites/demo/tools", NULL, g_a, &s, &err)) fail_msg("%s", err.msg);
    SuiteTools *t = arena_alloc(g_a, sizeof *t);
    *t = *s->tools;
    t->python = PYTHON_NONE, t->n_functions = t->n_names = 2; /* those that need no sandbox */
    x->tools = t, x->limits = t->limits;
    assert_true(toolbox_open(t, &x->limits, NULL, g_a, &x->box, &err));
    x->m[0] = (Message){.role = ROLE_DEVELOPER, .content = STR("Look it up.")};
    x->m[1] = (Message){.role = ROLE_USER, .content = STR("How many pens?")};
    x->r = (Request){.messages = x->m, .n_messages = 2, .gen = {.max_tokens = 8, .top_p = 1, .effort = EFFORT_MEDIUM}};
    assert_true(loop_begin(&x->l, x->box, only, 1, &x->r, g_a, &err));
}

/* What the model would have sampled: the ids of a call. */
static Completion called(const Vocab *v, int n_prompt) {
    Completion c = {.status = COMPLETION_OK,
                    .stop = STOP_CALL,
                    .malformed = STR(""),
                    .call_recipient = STR("functions.get_item"),
                    .call_content = STR(CALL),
                    .n_prompt_tokens = n_prompt};
    Err err = ERR_INIT;
    static const char text[] =
        " to=functions.get_item<|channel|>commentary <|constrain|>json<|message|>" CALL "<|call|>";
    if (!vocab_encode(v, str_from(text), true, g_a, &c.ids, &err)) fail_msg("%s", err.msg);
    c.n_tokens = (int)c.ids.n;
    return c;
}

static bool turn(Loop *x, const Completion *c, int context) {
    bool again = false, goes = false;
    Err err = ERR_INIT;
    assert_true(loop_take(&x->l, &x->r, c, context, g_a, &again, &err));
    if (again) assert_true(loop_answer(&x->l, g_a, &err) && loop_continue(&x->l, &x->r, g_a, &goes, &err) && goes);
    return again;
}

static Ids rendered(const Vocab *v, const Loop *x) {
    Buf b, text;
    Ids ids;
    Err err = ERR_INIT;
    RenderOptions o = {.effort = EFFORT_MEDIUM};
    buf_init(&b, 1 << 20), buf_init(&text, 1 << 20);
    buf_adds(
        &b,
        "{\"messages\":[{\"role\":\"developer\",\"content\":\"Look it up.\"},{\"role\":\"user\",\"content\":\"How many "
        "pens?\"},{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"1\",\"type\":\"function\",\"function\":{\"name\":"
        "\"get_item\",\"arguments\":\"{\\\"item\\\": \\\"pen\\\"}\"}}]},{\"role\":\"tool\",\"tool_call_id\":\"1\","
        "\"content\":\"{\\\"price\\\":120,\\\"stock\\\":400}\"}],\"tools\":");
    buf_addstr(&b, x->r.functions);
    buf_adds(&b, "}");
    if (!vocab_render(v, buf_str(&b), &o, g_a, &text, &ids, &err)) fail_msg("%s", err.msg);
    buf_release(&b), buf_release(&text);
    return ids;
}

static void test_continues_exactly(void **state) {
    (void)state;
    Loop x;
    Engine *e = opened(0);
    const Vocab *v = engine_vocab(e);
    begin(&x);
    Completion first = asked(e, &x.r);
    assert_int_equal(first.status == COMPLETION_OK || first.status == COMPLETION_LENGTH, 1);
    Completion call = called(v, first.n_prompt_tokens);
    assert_true(turn(&x, &call, engine_info(e)->context));
    Ids want = rendered(v, &x);
    Completion second = asked(e, &x.r);
    assert_int_equal(second.n_prompt_tokens, want.n);
    size_t n = second.ids.n;
    uint32_t ids[8];
    assert_true(n > 0 && n <= 8);
    memcpy(ids, second.ids.p, n * sizeof *ids);
    /* the same ids as a prompt of their own give the same tokens: greedy decoding tells prompts apart */
    Request plain = {.ids = want.p, .n_ids = want.n, .gen = x.r.gen};
    Completion same = asked(e, &plain);
    assert_int_equal(same.ids.n, n);
    assert_memory_equal(same.ids.p, ids, n * sizeof *ids);
    loop_close(&x.l);
    engine_close(e);
}

/* The first prompt does not fit: an error with the sizes. A later one does not: the sample is cut off. */
static void test_context_is_outgrown(void **state) {
    (void)state;
    Loop x;
    Engine *e = opened(0);
    begin(&x);
    int n_first = asked(e, &x.r).n_prompt_tokens;
    engine_close(e);
    e = opened(n_first + 10);
    begin(&x);
    Completion call = called(engine_vocab(e), n_first);
    assert_true(turn(&x, &call, engine_info(e)->context));
    Completion c = asked(e, &x.r), all;
    Err err = ERR_INIT;
    assert_int_equal(c.status, COMPLETION_FAILED);
    assert_false(turn(&x, &c, engine_info(e)->context));
    assert_true(loop_completion(&x.l, g_a, &all, &err));
    assert_int_equal(all.status, COMPLETION_LENGTH);
    assert_string_equal(x.l.limit.p, "context");
    engine_close(e);
    e = opened(n_first - 5);
    begin(&x);
    c = asked(e, &x.r);
    assert_false(turn(&x, &c, engine_info(e)->context));
    assert_true(loop_completion(&x.l, g_a, &all, &err));
    assert_int_equal(all.status, COMPLETION_FAILED);
    char size[16];
    snprintf(size, sizeof size, "%d", n_first);
    if (str_find(all.error, str_from(size), 0) == SIZE_MAX) fail_msg("no size in: %s", all.error.p);
    engine_close(e);
}

int main(void) {
    g_a = arena_open(0);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_continues_exactly),
                                       cmocka_unit_test(test_context_is_outgrown)};
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    arena_close(g_a);
    return rc;
}
