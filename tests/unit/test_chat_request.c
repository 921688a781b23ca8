/* Requests with tools and sampled turns: what the prompt becomes, and which functions are refused. The JSON form of the
 * same conversation, which the reference vectors check, is the measure wherever it can say the same. */
#include "engine/base/hash.h"
#include "engine/vocab_internal.h"
#include "tests/unit/token_support.h"

typedef struct Fixture {
    Vocab *v;
    const Tokenizer *t;
    const HarmonyIds *h;
    Arena *a;
    Err err;
} Fixture;

static int open_fixture(void **state) {
    static Fixture f;
    const char *dir = any_checkpoint();
    *state = NULL;
    if (!dir) return 0;
    f = (Fixture){.a = arena_open(0), .err = ERR_INIT};
    if (!vocab_open(dir, &f.v, &f.err)) fail_msg("%s", f.err.msg);
    f.t = vocab_tokenizer(f.v), f.h = vocab_harmony(f.v);
    *state = &f;
    return 0;
}

static int close_fixture(void **state) {
    Fixture *f = *state;
    if (f) vocab_close(f->v), arena_close(f->a);
    return 0;
}

static Ids prompt(Fixture *f, const Request *r) {
    Ids ids;
    if (!chat_render_request(f->t, f->h, r, f->a, &ids, &f->err)) fail_msg("%s", f->err.msg);
    return ids;
}

static Ids prompt_of_json(Fixture *f, const char *json) {
    const RenderOptions o = {.effort = EFFORT_MEDIUM};
    Buf text;
    Ids ids;
    buf_init(&text, 1 << 20);
    if (!vocab_render(f->v, str_from(json), &o, f->a, &text, &ids, &f->err)) fail_msg("%s", f->err.msg);
    buf_release(&text);
    return ids;
}

static const char *text_of(Fixture *f, Ids ids) {
    return str_cstr(f->a, decode(f->t, ids, f->a));
}

static void expect_ids(Fixture *f, Ids got, Ids want) {
    if (!ids_eq(got, want)) fail_msg("got\n%s\nwanted\n%s", text_of(f, got), text_of(f, want));
}

static void expect_end(Fixture *f, const Request *r, const char *want) {
    const char *got = text_of(f, prompt(f, r));
    size_t n = strlen(got), k = strlen(want);
    if (n < k || strcmp(got + n - k, want) != 0) fail_msg("got\n%s\nwanted at its end\n%s", got, want);
}

/* ids of a text, its special spellings as special tokens */
static Ids sampled(Fixture *f, const char *text) {
    return encode(f->t, str_from(text), true, f->a);
}

/* The same text in other ids: one for each byte, as a model may sample it. */
static Ids by_bytes(Fixture *f, const char *text) {
    Ids out = {arena_array(f->a, strlen(text), sizeof(uint32_t)), 0};
    for (; *text; text++) out.p[out.n++] = encode(f->t, (Str){text, 1}, false, f->a).p[0];
    return out;
}

static Ids join(Fixture *f, const Ids *v, size_t n) {
    size_t all = 0;
    for (size_t i = 0; i < n; i++) all += v[i].n;
    Ids out = {arena_array(f->a, all, sizeof(uint32_t)), 0};
    for (size_t i = 0; i < n; i++) {
        if (v[i].n) memcpy(out.p + out.n, v[i].p, v[i].n * sizeof *out.p);
        out.n += v[i].n;
    }
    return out;
}

static Request ask(const Message *m, size_t n) {
    return (Request){.messages = m, .n_messages = n, .gen = GEN_DEFAULTS};
}

/* ---- tools ---- */

#define WEATHER                                                                                                        \
    "[{\"type\":\"function\",\"function\":{\"name\":\"get_weather\",\"description\":\"Gets.\\u0000\\nIt.\","           \
    "\"parameters\":{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}},\"required\":[\"a\"]}}},"       \
    "{\"type\":\"function\",\"function\":{\"name\":\"now\",\"description\":\"\"}}]"

static void functions_as_in_json(void **state) {
    Fixture *f = *state;
    if (!f) skip();
    const Message m[] = {{.role = ROLE_SYSTEM, .content = STR("Be \xEF\xB7\x90 brief.")},
                         {.role = ROLE_USER, .content = STR("q")},
                         {.role = ROLE_DEVELOPER, .content = STR("And polite.")}};
    Request r = ask(m, 3);
    r.functions = STR(WEATHER);
    expect_ids(f, prompt(f, &r),
               prompt_of_json(f, "{\"messages\":[{\"role\":\"system\",\"content\":\"Be \xEF\xB7\x90 "
                                 "brief.\"},{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"developer\",\"content\":"
                                 "\"And polite.\"}],\"tools\":" WEATHER "}"));
    r.messages = &m[1], r.n_messages = 1;
    expect_ids(f, prompt(f, &r),
               prompt_of_json(f, "{\"messages\":[{\"role\":\"user\",\"content\":\"q\"}],\"tools\":" WEATHER "}"));
    r.functions = STR("[]"); /* none: no developer message, no line in the system message */
    expect_ids(f, prompt(f, &r), prompt_of_json(f, "{\"messages\":[{\"role\":\"user\",\"content\":\"q\"}]}"));
}

/* Harmony's JSON form can say python; its description is taken from the reference vector. */
static void python_as_published(void **state) {
    Fixture *f = *state;
    NEED_SHARED(vectors, "golden/harmony/render.jsonl");
    if (!f) skip();
    Lines l;
    Str line;
    bool seen = false;
    const Message m[] = {{.role = ROLE_USER, .content = STR("q")}};
    Request r = ask(m, 1);
    r.python = PYTHON_STATEFUL;
    const char *got = text_of(f, prompt(f, &r));
    lines_open(&l, vectors);
    while (lines_next(&l, &line)) {
        NulMark mark;
        Json *j = line_json(line, f->a, &mark);
        const Json *content = json_first(json_get(json_first(json_get(j, "messages")), "content"));
        const Json *python = json_get(json_get(content, "tools"), "python");
        if (python) {
            Str want = str_printf(f->a,
                                  "\n\nReasoning: medium\n\n# Tools\n\n## python\n\n%s\n\n# Valid channels: analysis, "
                                  "commentary, final. Channel must be included for every message.<|end|><|start|>user",
                                  json_str(json_get(python, "description")).p);
            assert_non_null(strstr(got, want.p));
            seen = true;
        }
        json_close(j);
    }
    lines_close(&l);
    assert_true(seen);
}

/* The digest is of the text in openai/gpt-oss, docker_tool.py, taken from that file. */
static void python_stateless(void **state) {
    Fixture *f = *state;
    if (!f) skip();
    const Message m[] = {{.role = ROLE_USER, .content = STR("q")}};
    char digest[65];
    Request r = ask(m, 1);
    r.python = PYTHON_STATELESS;
    Str got = str_from(text_of(f, prompt(f, &r)));
    size_t begin = str_find(got, STR("## python\n\n"), 0) + 11, end = str_find(got, STR("\n\n# Valid channels"), 0);
    sha256_of(str_sub(got, begin, end), digest);
    assert_string_equal(digest, "a5c5cc1945a330632e3ab6589f1dc83859ccc54fb99ade377acf5e5176996371");
}

static void refused_functions(void **state) {
    (void)state;
#define NAMED(name) "[{\"type\":\"function\",\"function\":{\"name\":\"" name "\"}}]"
#define SIXTY_FOUR "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
    static const char *const cases[][2] = {
        {"", "functions: line 1"},
        {"{}", "functions: a list"},
        {"[", "functions: line 1"},
        {"null", "functions: a list"},
        {"[7]", "functions: 'tools' entry 0"},
        {"[{\"type\":\"retrieval\"}]", "functions: 'tools' entry 0: 'type'"},
        {"[{\"type\":\"function\",\"function\":{}}]", "'tools' entry 0: missing key 'name'"},
        {NAMED(""), "functions entry 0: the name ''"},
        {NAMED("a b"), "'a b'"},
        {NAMED("a.b"), "'a.b'"},
        {NAMED("\xC3\xA4"), "\xC3\xA4"},
        {NAMED("a\\u0000b"), "functions entry 0: the name"},
        {NAMED("<|end|>"), "'<|end|>'"},
        {NAMED(SIXTY_FOUR "x"), "functions entry 0: the name"},
        {"[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":[]}}]", "functions entry 0 ('f')"},
        {"[{\"type\":\"function\",\"function\":{\"name\":\"g\"}},{\"type\":\"function\",\"function\":{\"name\":\"f\"}},"
         "{\"type\":\"function\",\"function\":{\"name\":\"g\"}}]",
         "functions: the name 'g' occurs twice"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Err err = ERR_INIT;
        assert_false(chat_check_functions(str_from(cases[i][0]), &err));
        assert_int_equal(err.code, ERR_INPUT);
        if (!strstr(err.msg, cases[i][1])) fail_msg("%s: '%s' does not say '%s'", cases[i][0], err.msg, cases[i][1]);
    }
    Err err = ERR_INIT;
    assert_true(chat_check_functions((Str){NULL, 0}, &err));
    assert_true(chat_check_functions(STR("[]"), &err));
    assert_true(chat_check_functions(STR(NAMED(SIXTY_FOUR)), &err));
    assert_true(chat_check_functions(STR(WEATHER), &err));
}

/* ---- calls in progress ---- */

#define CALL                                                                                                           \
    "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>commentary to=functions.now <|constrain|>"    \
    "json<|message|>{}<|call|>"
#define ANSWER "<|start|>functions.now to=assistant<|channel|>commentary<|message|>noon<|end|>"
#define USER "<|start|>user<|message|>q<|end|>"

/* Nothing is dropped and the very ids come back, not those of the text encoded anew. */
static void call_in_progress(void **state) {
    Fixture *f = *state;
    if (!f) skip();
    const Ids parts[] = {sampled(f, "<|channel|>analysis<|message|>"), by_bytes(f, "the thing"),
                         sampled(f, "<|end|><|start|>assistant<|channel|>commentary to=functions.now "
                                    "<|constrain|>json<|message|>{}<|call|>")};
    const Ids turn = join(f, parts, 3);
    assert_true(parts[1].n > sampled(f, "the thing").n);
    const Message m[] = {{.role = ROLE_USER, .content = STR("q")},
                         {.role = ROLE_ASSISTANT, .content = STR("ignored"), .sampled = turn},
                         {.role = ROLE_TOOL, .name = STR("functions.now"), .content = STR("noon")}};
    Request r = ask(m, 1);
    const Ids before = prompt(f, &r);
    r.n_messages = 3;
    const Ids want[] = {before, turn, sampled(f, ANSWER "<|start|>assistant")};
    expect_ids(f, prompt(f, &r), join(f, want, 3));
    r.prefill_channel = STR("final"), r.prefill_text = STR("It is");
    const Ids with[] = {before, turn, sampled(f, ANSWER "<|start|>assistant<|channel|>final<|message|>It is")};
    expect_ids(f, prompt(f, &r), join(f, with, 3));
}

/* An engine that has text only, and recorded tests, give the fields. */
static void calls_as_fields(void **state) {
    Fixture *f = *state;
    if (!f) skip();
    const Message m[] = {
        {.role = ROLE_USER, .content = STR("q")},
        {.role = ROLE_ASSISTANT, .channel = STR("analysis"), .content = STR("hm")},
        {.role = ROLE_ASSISTANT,
         .recipient = STR("functions.now"),
         .content_type = STR("<|constrain|>json"),
         .content = STR("{}")},
        {.role = ROLE_TOOL, .name = STR("functions.now"), .content = STR("noon")},
        {.role = ROLE_ASSISTANT, .recipient = STR("python"), .content_type = STR("code"), .content = STR("1")},
        {.role = ROLE_TOOL, .name = STR("python"), .content = STR("2")},
        {.role = ROLE_ASSISTANT, .channel = STR("commentary"), .recipient = STR("python"), .content = STR("3")},
        {.role = ROLE_TOOL, .name = STR("python"), .content = STR("4")},
        {.role = ROLE_TOOL, .name = STR("browser.open"), .content = STR("5")}};
    Request r = ask(m, 9);
    expect_end(f, &r,
               USER
               "<|start|>assistant<|channel|>analysis<|message|>hm<|end|>"
               "<|start|>assistant to=functions.now<|channel|>commentary <|constrain|>json<|message|>{}<|call|>" ANSWER
               "<|start|>assistant to=python<|channel|>analysis code<|message|>1<|call|>"
               "<|start|>python to=assistant<|channel|>analysis<|message|>2<|end|>"
               "<|start|>assistant to=python<|channel|>commentary<|message|>3<|call|>"
               "<|start|>python to=assistant<|channel|>commentary<|message|>4<|end|>"
               "<|start|>browser.open to=assistant<|channel|>commentary<|message|>5<|end|><|start|>assistant");
}

/* ---- finished turns ---- */

/* After an answer the analysis before it goes; calls and tools' answers stay, written anew from what was parsed. */
static void finished_turn(void **state) {
    Fixture *f = *state;
    if (!f) skip();
    const Message m[] = {
        {.role = ROLE_USER, .content = STR("q")},
        {.role = ROLE_ASSISTANT, .sampled = sampled(f, CALL)},
        {.role = ROLE_TOOL, .name = STR("functions.now"), .content = STR("noon")},
        {.role = ROLE_ASSISTANT,
         .sampled = sampled(f, "<|channel|>analysis<|message|>ok<|end|><|start|>assistant<|channel|>final<|message|>"
                               "Noon.<|return|>")},
        {.role = ROLE_USER, .content = STR("r")}};
    Request r = ask(m, 5);
    expect_end(f, &r,
               USER
               "<|start|>assistant to=functions.now<|channel|>commentary <|constrain|>json<|message|>{}<|call|>" ANSWER
               "<|start|>assistant<|channel|>final<|message|>Noon.<|end|><|start|>user<|message|>r<|end|>"
               "<|start|>assistant");
    /* the same conversation, messages given one by one */
    const Message one_by_one[] = {m[0],
                                  {.role = ROLE_ASSISTANT, .channel = STR("analysis"), .content = STR("hm")},
                                  {.role = ROLE_ASSISTANT,
                                   .channel = STR("commentary"),
                                   .recipient = STR("functions.now"),
                                   .content_type = STR("<|constrain|>json"),
                                   .content = STR("{}")},
                                  m[2],
                                  {.role = ROLE_ASSISTANT, .channel = STR("analysis"), .content = STR("ok")},
                                  {.role = ROLE_ASSISTANT, .channel = STR("final"), .content = STR("Noon.")},
                                  m[4]};
    Request plain = ask(one_by_one, 7);
    expect_ids(f, prompt(f, &r), prompt(f, &plain));
}

/* Calls of python stand on analysis, and so do its answers: all of it goes with the analysis, as in the reference. */
static void finished_python(void **state) {
    Fixture *f = *state;
    if (!f) skip();
    const Message m[] = {
        {.role = ROLE_USER, .content = STR("q")},
        {.role = ROLE_ASSISTANT, .sampled = sampled(f, "<|channel|>analysis to=python code<|message|>1<|call|>")},
        {.role = ROLE_TOOL, .name = STR("python"), .content = STR("1")},
        {.role = ROLE_ASSISTANT, .sampled = sampled(f, "<|channel|>final<|message|>One.<|return|>")},
        {.role = ROLE_USER, .content = STR("r")}};
    Request r = ask(m, 5);
    expect_end(f, &r,
               USER "<|start|>assistant<|channel|>final<|message|>One.<|end|><|start|>user<|message|>r<|end|>"
                    "<|start|>assistant");
    r.n_messages = 3; /* in progress: nothing goes */
    expect_end(f, &r,
               USER "<|start|>assistant<|channel|>analysis to=python code<|message|>1<|call|>"
                    "<|start|>python to=assistant<|channel|>analysis<|message|>1<|end|><|start|>assistant");
}

/* A finished turn of which nothing is dropped keeps its ids, but for the last. */
static void return_becomes_end(void **state) {
    Fixture *f = *state;
    if (!f) skip();
    const Ids head = sampled(f, "<|channel|>final<|message|>"), body = by_bytes(f, "the thing");
    const Ids parts[] = {head, body, sampled(f, "<|return|>")};
    const Message m[] = {{.role = ROLE_USER, .content = STR("q")},
                         {.role = ROLE_ASSISTANT, .sampled = join(f, parts, 3)},
                         {.role = ROLE_USER, .content = STR("r")}};
    Request r = ask(m, 1);
    const Ids want[] = {prompt(f, &r), head, body,
                        sampled(f, "<|end|><|start|>user<|message|>r<|end|><|start|>assistant")};
    r.n_messages = 3;
    expect_ids(f, prompt(f, &r), join(f, want, 4));
}

/* Turns that no message ends: what can be read of them is closed. */
static void cut_off_turns(void **state) {
    static const char *const cases[][2] = {
        {"<|channel|>final<|message|>Noo", "<|start|>assistant<|channel|>final<|message|>Noo<|end|>"},
        {"<|channel|>final<|message|>Noon<|endoftext|>", "<|start|>assistant<|channel|>final<|message|>Noon<|end|>"},
        {"<|channel|>commentary<|message|>p<|end|><|start|>assistant<|chan",
         "<|start|>assistant<|channel|>commentary<|message|>p<|end|>"},
        {"<|channel|>commentary to=functions.now json<|message|>{",
         "<|start|>assistant<|channel|>commentary to=functions.now json<|message|>{<|call|>"},
        {"<|channel|>commentary", "<|start|>assistant<|channel|>commentary<|message|><|end|>"},
        {"<|return|>", "<|start|>assistant<|end|>"}, /* no message at all can be read of it */
    };
    Fixture *f = *state;
    if (!f) skip();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const Message m[] = {{.role = ROLE_USER, .content = STR("q")},
                             {.role = ROLE_ASSISTANT, .sampled = sampled(f, cases[i][0])}};
        Request r = ask(m, 2);
        expect_end(f, &r, str_printf(f->a, "%s%s<|start|>assistant", USER, cases[i][1]).p);
    }
}

static void sampled_behind_prefill(void **state) {
    Fixture *f = *state;
    if (!f) skip();
    Message m[] = {{.role = ROLE_USER, .content = STR("q")},
                   {.role = ROLE_ASSISTANT,
                    .prefill_channel = STR("analysis"),
                    .prefill_text = STR("Let me"),
                    .sampled = sampled(f, " see.<|end|><|start|>assistant<|channel|>commentary to=functions.now "
                                          "<|constrain|>json<|message|>{}<|call|>")},
                   {.role = ROLE_TOOL, .name = STR("functions.now"), .content = STR("noon")},
                   {.role = ROLE_ASSISTANT, .prefill_channel = STR("final"), .sampled = sampled(f, "Noon.<|return|>")},
                   {.role = ROLE_USER, .content = STR("r")}};
    Request first = ask(m, 1), r = ask(m, 3);
    first.prefill_channel = m[1].prefill_channel, first.prefill_text = m[1].prefill_text;
    /* what was sampled goes on behind the very prompt that it was sampled from */
    const Ids want[] = {prompt(f, &first), m[1].sampled, sampled(f, ANSWER "<|start|>assistant")};
    expect_ids(f, prompt(f, &r), join(f, want, 3));
    r.n_messages = 5;
    expect_end(f, &r,
               USER
               "<|start|>assistant to=functions.now<|channel|>commentary <|constrain|>json<|message|>{}<|call|>" ANSWER
               "<|start|>assistant<|channel|>final<|message|>Noon.<|end|><|start|>user<|message|>r<|end|>"
               "<|start|>assistant");
}

/* A vocabulary has more rows than its tokenizer has texts (200019 to 201087 of the published one): a model may sample
 * such an id, and then it stands in the history as it was. */
static void ids_without_text(void **state) {
    Fixture *f = *state;
    if (!f) skip();
    uint32_t filler = (uint32_t)tokenizer_size(f->t);
    const Ids head = sampled(f, "<|channel|>final<|message|>"), one = {&filler, 1};
    const Ids parts[] = {head, one, sampled(f, "a<|return|>")};
    const Message m[] = {{.role = ROLE_USER, .content = STR("q")},
                         {.role = ROLE_ASSISTANT, .sampled = join(f, parts, 3)},
                         {.role = ROLE_USER, .content = STR("r")}};
    Request first = ask(m, 1), r = ask(m, 3);
    const Ids want[] = {prompt(f, &first), head, one,
                        sampled(f, "a<|end|><|start|>user<|message|>r<|end|><|start|>assistant")};
    expect_ids(f, prompt(f, &r), join(f, want, 4));
}

/* ---- memory ---- */

static void no_memory(void **state) {
    Fixture *f = *state;
    if (!f) skip();
    const Message m[] = {{.role = ROLE_SYSTEM, .content = STR("s")},
                         {.role = ROLE_USER, .content = STR("q")},
                         {.role = ROLE_ASSISTANT, .sampled = sampled(f, CALL)},
                         {.role = ROLE_TOOL, .name = STR("functions.now"), .content = STR("noon")},
                         {.role = ROLE_ASSISTANT, .sampled = sampled(f, "<|channel|>final<|message|>x<|return|>")}};
    Request r = ask(m, 5);
    r.functions = STR(WEATHER);
    r.python = PYTHON_STATELESS;
    const Ids want = prompt(f, &r);
    bool ok = false;
    for (uint64_t n = 1; !ok; n++) {
        Arena *a = arena_open(256);
        Err err = ERR_INIT;
        Ids got;
        mem_fail_at(n);
        ok = chat_render_request(f->t, f->h, &r, a, &got, &err) && chat_check_functions(r.functions, &err);
        mem_fail_at(0);
        if (ok ? !ids_eq(got, want) : err.code != ERR_MEMORY)
            fail_msg("allocation %d: %s", (int)n, ok ? text_of(f, got) : err.msg);
        assert_true(n < 5000);
        arena_close(a);
    }
}

#define WITH_VOCAB(t) cmocka_unit_test_setup_teardown(t, open_fixture, close_fixture)

int main(void) {
    const struct CMUnitTest tests[] = {WITH_VOCAB(functions_as_in_json),
                                       WITH_VOCAB(python_as_published),
                                       WITH_VOCAB(python_stateless),
                                       cmocka_unit_test(refused_functions),
                                       WITH_VOCAB(call_in_progress),
                                       WITH_VOCAB(calls_as_fields),
                                       WITH_VOCAB(finished_turn),
                                       WITH_VOCAB(finished_python),
                                       WITH_VOCAB(return_becomes_end),
                                       WITH_VOCAB(cut_off_turns),
                                       WITH_VOCAB(sampled_behind_prefill),
                                       WITH_VOCAB(ids_without_text),
                                       WITH_VOCAB(no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
