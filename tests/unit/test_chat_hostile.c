/* Conversations and completions from a stranger through the public door (vocab_render, vocab_parse): damage gives a
 * sentence or an answer, never a crash, and memory that runs out gives ERR_MEMORY. */
#include "engine/engine.h"
#include "tests/unit/token_support.h"

static uint64_t seed = 3;
static uint32_t draw(uint32_t n) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % n;
}

typedef struct Fixture {
    Vocab *v;
    Arena *a;
    Buf out;
} Fixture;

static int open_fixture(void **state) {
    static Fixture f;
    Err err = ERR_INIT;
    const char *dir = any_checkpoint();
    *state = NULL;
    if (!dir) return 0;
    if (!vocab_open(dir, &f.v, &err)) fail_msg("%s", err.msg);
    f.a = arena_open(0);
    buf_init(&f.out, (size_t)1 << 28);
    *state = &f;
    return 0;
}

static int close_fixture(void **state) {
    Fixture *f = *state;
    if (!f) return 0;
    vocab_close(f->v);
    arena_close(f->a);
    buf_release(&f->out);
    return 0;
}

static const char chat[] =
    "{\"messages\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"name\":\"n\",\"content\":[{\"type\":"
    "\"text\",\"text\":\"u\"}]},"
    "{\"role\":\"assistant\",\"content\":\"p\",\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\",\"function\":{"
    "\"name\":\"f\",\"arguments\":{\"a\":1}}}]},"
    "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"r\"}],\"tools\":[{\"type\":\"function\",\"function\":{"
    "\"name\":\"f\",\"description\":"
    "\"d\\ne\",\"parameters\":{\"type\":\"object\",\"properties\":{\"a\":{\"oneOf\":[{\"type\":\"string\",\"enum\":["
    "\"x\"],\"default\":\"x\"},"
    "{\"type\":[\"null\",\"integer\"],\"nullable\":true}],\"default\":1},\"b\":{\"type\":\"array\",\"items\":{\"type\":"
    "\"object\",\"description\":\"i\","
    "\"properties\":{\"c\":{\"title\":\"t\",\"examples\":[\"e\",1]}}}}},\"required\":[\"a\"]}}}]}";
static const char harmony[] = "{\"messages\":[{\"role\":\"system\",\"content\":{\"model_identity\":\"i\",\"reasoning_"
                              "effort\":\"Low\",\"channel_config\":{\"valid_channels\":[\"a\"],"
                              "\"channel_required\":true},\"tools\":{\"browser\":{\"description\":\"b\",\"tools\":[{"
                              "\"name\":\"search\",\"parameters\":{}}]},\"python\":{\"description\":"
                              "\"p\"}}}},{\"role\":\"developer\",\"content\":[{\"type\":\"developer_content\","
                              "\"instructions\":\"x\",\"tools\":{\"functions\":{\"tools\":[{\"name\":"
                              "\"g\"}]}}}]},{\"role\":\"assistant\",\"channel\":\"final\",\"content\":\"\\u0000\"}],"
                              "\"mode\":\"conversation\",\"auto_drop_analysis\":false}";
static const char completion[] =
    "{\"text\":\"<|channel|>analysis<|message|>a<|end|><|start|>assistant to=f<|channel|>commentary "
    "<|constrain|>json<|message|>{}<|call|>\",\"role\":\"assistant\"}";
static const char token_ids[] = "{\"ids\":[626,64,629,65,628,627],\"role\":null}";

typedef enum Door { RENDER, PARSE, STRICT } Door;

static bool ask(Fixture *f, Door door, Str json, Err *err) {
    const RenderOptions o = {.effort = EFFORT_LOW};
    Ids ids;
    *err = (Err)ERR_INIT;
    buf_clear(&f->out);
    bool ok = door == RENDER ? vocab_render(f->v, json, &o, f->a, &f->out, &ids, err)
                             : vocab_parse(f->v, json, door == STRICT, f->a, &f->out, err);
    if (!ok) assert_true(err->code != ERR_OK && err->msg[0]);
    return ok;
}

static const struct {
    Door door;
    const char *json;
} valid[] = {{RENDER, chat}, {RENDER, harmony}, {PARSE, completion}, {STRICT, completion}, {PARSE, token_ids}};
#define N_VALID (sizeof valid / sizeof *valid)

static void valid_ones_are_answered(void **state) {
    Fixture *f = *state;
    Err err;
    if (!f) skip();
    for (size_t i = 0; i < N_VALID; i++)
        if (!ask(f, valid[i].door, str_from(valid[i].json), &err)) fail_msg("%s: %s", valid[i].json, err.msg);
}

static void every_prefix(void **state) {
    Fixture *f = *state;
    Err err;
    if (!f) skip();
    for (size_t i = 0; i < N_VALID; i++)
        for (size_t n = 0; n < strlen(valid[i].json); n++, arena_reset(f->a))
            assert_false(ask(f, valid[i].door, (Str){valid[i].json, n}, &err));
}

/* Bytes damaged, and values of one key replaced by another type. */
static void damage(void **state) {
    static const char *const values[] = {"null", "7",   "\"\"",   "[]",           "{}",   "[[]]",
                                         "true", "[1]", "[null]", "{\"type\":1}", "1e999"};
    Fixture *f = *state;
    Err err;
    if (!f) skip();
    for (int round = 0; round < 6000; round++, arena_reset(f->a)) {
        size_t i = draw(N_VALID);
        Str json = str_from(valid[i].json);
        Buf b;
        buf_init(&b, 1 << 16);
        size_t at = str_find(json, STR(":"), draw((uint32_t)json.n));
        if (round & 1 || at == SIZE_MAX) {
            buf_addstr(&b, json);
            b.p[draw((uint32_t)b.n)] = (char)draw(256);
        } else {
            size_t end = at + 1 + draw(30);
            buf_addstr(&b, str_sub(json, 0, at + 1));
            buf_adds(&b, values[draw(sizeof values / sizeof *values)]);
            while (end < json.n && json.p[end] != ',' && json.p[end] != '}') end++;
            buf_addstr(&b, str_sub(json, end, json.n));
        }
        ask(f, valid[i].door, buf_str(&b), &err);
        buf_release(&b);
    }
}

/* Every member of the valid documents set to every kind of value: types are checked everywhere. */
static void wrong_types(void **state) {
    static const char *const values[] = {"null", "7",    "\"x\"",     "[]",   "{}",
                                         "[7]",  "[{}]", "[[\"x\"]]", "true", "{\"type\":[]}"};
    Fixture *f = *state;
    Err err;
    if (!f) skip();
    for (size_t i = 0; i < N_VALID; i++) {
        Str json = str_from(valid[i].json);
        for (size_t at = str_find(json, STR("\":"), 0); at != SIZE_MAX; at = str_find(json, STR("\":"), at + 1)) {
            size_t end = at + 2, depth = 0;
            bool quoted = false;
            for (; end < json.n; end++) { /* to the end of the value */
                char c = json.p[end];
                if (c == '\\')
                    end++;
                else if (c == '"')
                    quoted = !quoted;
                else if (!quoted && (c == '{' || c == '['))
                    depth++;
                else if (!quoted && depth && (c == '}' || c == ']'))
                    depth--;
                else if (!quoted && !depth && (c == ',' || c == '}' || c == ']'))
                    break;
            }
            for (size_t k = 0; k < sizeof values / sizeof *values; k++, arena_reset(f->a)) {
                Str s = str_printf(f->a, "%.*s%s%s", (int)at + 2, json.p, values[k], json.p + end);
                ask(f, valid[i].door, s, &err);
            }
        }
    }
}

static void nesting(void **state) {
    Fixture *f = *state;
    Err err;
    Buf b;
    if (!f) skip();
    buf_init(&b, 1 << 24);
    buf_adds(&b, "{\"messages\":[],\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":");
    for (int i = 0; i < 300; i++) buf_adds(&b, "{\"type\":\"object\",\"properties\":{\"a\":");
    buf_adds(&b, "{}");
    for (int i = 0; i < 300; i++) buf_adds(&b, "}}");
    buf_adds(&b, "}}]}");
    assert_true(ask(f, RENDER, buf_str(&b), &err));
    buf_clear(&b);
    for (int i = 0; i < 1000000; i++) buf_adds(&b, "{\"a\":");
    assert_false(ask(f, RENDER, buf_str(&b), &err));
    assert_false(ask(f, PARSE, buf_str(&b), &err));
    buf_release(&b);
}

/* Many messages, calls and answers: the calls are looked up, not searched. */
static void many_messages(void **state) {
    Fixture *f = *state;
    Err err;
    Buf b;
    if (!f) skip();
    buf_init(&b, (size_t)1 << 26);
    buf_adds(&b, "{\"messages\":[");
    for (int i = 0; i < 20000; i++)
        buf_addf(&b, "{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c%d\",\"function\":{\"name\":\"f\"}}]},", i);
    for (int i = 0; i < 20000; i++)
        buf_addf(&b, "{\"role\":\"tool\",\"tool_call_id\":\"c%d\",\"content\":\"r\"}%s", i, i + 1 < 20000 ? "," : "]}");
    if (!ask(f, RENDER, buf_str(&b), &err)) fail_msg("%s", err.msg);
    buf_release(&b);
}

static void ids_out_of_range(void **state) {
    static const char *const cases[] = {"{\"ids\":[4294967295]}",
                                        "{\"ids\":[4294967296]}",
                                        "{\"ids\":[-1]}",
                                        "{\"ids\":[0.5]}",
                                        "{\"ids\":[\"1\"]}",
                                        "{\"ids\":7}",
                                        "{\"text\":7}",
                                        "{}",
                                        "[]",
                                        "{\"text\":\"\",\"role\":\"wizard\"}"};
    Fixture *f = *state;
    Err err;
    if (!f) skip();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (ask(f, PARSE, str_from(cases[i]), &err)) fail_msg("%s was answered", cases[i]);
        assert_int_equal(err.code, ERR_INPUT);
    }
    /* the first id beyond the vocabulary */
    uint32_t beyond = (uint32_t)vocab_size(f->v);
    Str line = str_printf(f->a, "{\"ids\":[%u]}", beyond), number = str_printf(f->a, "%u", beyond);
    assert_false(ask(f, PARSE, line, &err));
    assert_false(vocab_decode(f->v, (const uint32_t[]){5, beyond}, 2, &f->out, &err));
    assert_non_null(strstr(err.msg, number.p));
}

static void no_memory(void **state) {
    Fixture *f = *state;
    Err err;
    if (!f) skip();
    for (size_t i = 0; i < N_VALID; i++) {
        bool ok = false;
        for (uint64_t n = 1; n < 3000 && !ok; n++) {
            Fixture own = {f->v, arena_open(256), {0}};
            buf_init(&own.out, 1 << 20);
            mem_fail_at(n);
            ok = ask(&own, valid[i].door, str_from(valid[i].json), &err) && !own.out.failed;
            mem_fail_at(0);
            arena_close(own.a);
            buf_release(&own.out);
        }
        assert_true(ok);
    }
}

#define WITH_VOCAB(t) cmocka_unit_test_setup_teardown(t, open_fixture, close_fixture)

int main(void) {
    const struct CMUnitTest tests[] = {WITH_VOCAB(valid_ones_are_answered),
                                       WITH_VOCAB(every_prefix),
                                       WITH_VOCAB(damage),
                                       WITH_VOCAB(wrong_types),
                                       WITH_VOCAB(nesting),
                                       WITH_VOCAB(many_messages),
                                       WITH_VOCAB(ids_out_of_range),
                                       WITH_VOCAB(no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
