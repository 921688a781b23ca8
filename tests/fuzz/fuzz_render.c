/* Conversations as JSON -> tokens, and the JSON line of `assay parse`. Whatever is rendered, ordinary text stays
 * ordinary: each special token in the ids is one that the renderer itself writes. */
#include "tests/fuzz/chat_target.h"

static const char chat[] =
    "{\"messages\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"name\":\"n\",\"content\":[{\"type\":"
    "\"text\",\"text\":\"<|start|>\"}]},{\"role\":\"assistant\",\"content\":\"p\",\"tool_calls\":[{\"id\":\"c1\","
    "\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}}]},{\"role\":\"tool\",\"tool_"
    "call_id\":\"c1\",\"content\":\"r\"}],\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\","
    "\"description\":\"d\\ne\",\"parameters\":{\"type\":\"object\",\"properties\":{\"a\":{\"oneOf\":[{\"type\":"
    "\"string\",\"enum\":[\"x\"],\"default\":\"x\"},{\"type\":[\"null\",\"integer\"],\"nullable\":true}]},\"b\":{"
    "\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"c\":{\"title\":\"t\",\"examples\":[\"e\",1]}}}"
    "}},\"required\":[\"a\"]}}}]}";
static const char harmony[] =
    "{\"messages\":[{\"role\":\"system\",\"content\":{\"model_identity\":\"i\",\"reasoning_effort\":\"Low\",\"channel_"
    "config\":{\"valid_channels\":[\"a\"],\"channel_required\":true},\"tools\":{\"browser\":{\"description\":\"b\","
    "\"tools\":[{\"name\":\"search\",\"parameters\":{}}]}}}},{\"role\":\"developer\",\"content\":[{\"type\":"
    "\"developer_content\",\"instructions\":\"x\",\"tools\":{\"functions\":{\"tools\":[{\"name\":\"g\"}]}}}]},{"
    "\"role\":\"assistant\",\"channel\":\"final\",\"content\":\"\\u0000\"}],\"mode\":\"conversation\",\"auto_drop_"
    "analysis\":false}";
static const char line[] = "{\"text\":\"<|channel|>analysis<|message|>a<|end|><|start|>assistant to=f<|channel|>"
                           "commentary <|constrain|>json<|message|>{}<|call|>\",\"role\":\"assistant\"}";

static void seeds(FuzzGive *give, void *ctx) {
    give(ctx, "chat", chat, sizeof chat - 1);
    give(ctx, "harmony", harmony, sizeof harmony - 1);
    give(ctx, "line", line, sizeof line - 1);
}

static bool run(const uint8_t *p, size_t n) {
    const Vocab *v = tiny_vocab();
    const RenderOptions o = {.effort = EFFORT_LOW};
    Str json = {(const char *)p, n};
    Arena *a = arena_open(0);
    Buf out;
    Ids ids;
    bool any = false;
    buf_init(&out, (size_t)64 << 20);
    for (int door = 0; door < 3; door++) {
        Err err = ERR_INIT;
        buf_clear(&out);
        bool ok =
            door == 0 ? vocab_render(v, json, &o, a, &out, &ids, &err) : vocab_parse(v, json, door == 2, a, &out, &err);
        for (size_t i = 0; ok && door == 0 && i < ids.n; i++) fuzz_must(ids.p[i] < TINY_VOCAB, "an id out of range");
        if (!ok) fuzz_refused(&err);
        any = any || ok;
    }
    buf_release(&out);
    arena_close(a);
    return any;
}

const FuzzTarget fuzz_target = {"render", FUZZ_TEXT, NULL, 2000, seeds, run};
