#include "harness/tools/tools_loop.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/hash.h"
#include "harness/completion_keep.h"

uint64_t loop_seed(uint64_t item_seed, size_t turn) {
    unsigned char digest[32];
    char text[24];
    Sha256 h;
    if (turn <= 1) return item_seed;
    sha256_init(&h);
    sha256_add_field(&h, STR("assay-turn-1"));
    snprintf(text, sizeof text, "%llu", (unsigned long long)item_seed);
    sha256_add_field(&h, str_from(text));
    snprintf(text, sizeof text, "%zu", turn);
    sha256_add_field(&h, str_from(text));
    sha256_end(&h, digest);
    return sha256_u64(digest);
}

/* ---- turns ---- */

/* Room for `more` behind n elements; doubling, in the arena. */
static void *grown(Arena *a, void *p, size_t n, size_t *cap, size_t more, size_t size) {
    if (n + more <= *cap) return p;
    size_t want = *cap ? *cap * 2 : 16;
    if (want < n + more) want = n + more;
    void *q = arena_array(a, want, size);
    if (!q) return NULL;
    if (n) memcpy(q, p, n * size);
    *cap = want;
    return q;
}

/* What turn k may still sample: its own limit, and what is left of the sample's. */
static void set_turn(const ToolLoop *l, Request *r) {
    int64_t left = l->limits->max_tokens - l->n_tokens;
    r->gen = l->gen;
    r->gen.seed = loop_seed(l->gen.seed, l->n_turns + 1);
    if (left < r->gen.max_tokens) r->gen.max_tokens = left > 0 ? (int)left : 1;
}

bool loop_begin(ToolLoop *l, const ToolBox *box, const Str *names, size_t n_names, Request *r, Arena *a, Err *err) {
    const SuiteTools *tools = toolbox_tools(box);
    *l = (ToolLoop){.tools = tools,
                    .limits = toolbox_limits(box),
                    .box = box,
                    .gen = r->gen,
                    .row = l->row,
                    .sample = l->sample,
                    .given = tools_given(tools, names, n_names, a)};
    l->messages = grown(a, NULL, 0, &l->cap_messages, r->n_messages + 3, sizeof *l->messages);
    if (!l->messages || !l->given || !tools_functions_json(tools, l->given, a, &r->functions)) return err_nomem(err);
    if (r->n_messages) memcpy(l->messages, r->messages, r->n_messages * sizeof *l->messages);
    l->n_messages = r->n_messages;
    r->messages = l->messages;
    r->python = tools->python && l->given[tools->n_functions] ? tools->python : PYTHON_NONE;
    set_turn(l, r);
    return true;
}

/* A full context holds all but the last token that was sampled, which need not be fed. */
static bool context_is_full(const ToolLoop *l, const Completion *c, int context) {
    if (c->status == COMPLETION_LENGTH) return (int64_t)c->n_prompt_tokens + c->n_tokens > context;
    return c->status == COMPLETION_FAILED && l->n_turns > 1 && c->n_prompt_tokens > context;
}

/* Which limit, if any, ends the sample with this turn. */
static Str reached(const ToolLoop *l, const Completion *c, int context) {
    if (context_is_full(l, c, context)) return STR("context");
    if (c->status == COMPLETION_LENGTH) return STR("tokens");
    if (c->status != COMPLETION_OK || c->stop != STOP_CALL) return (Str){0};
    if (l->n_calls > l->limits->max_turns) return STR("turns");
    return l->n_tokens >= l->limits->max_tokens ? STR("tokens") : (Str){0};
}

bool loop_take(ToolLoop *l, const Request *request, const Completion *c, int context, Arena *a, bool *calls, Err *err) {
    char hash[65];
    RecordTurn *turns = grown(a, l->turns, l->n_turns, &l->cap_turns, 1, sizeof *turns);
    *calls = false;
    if (!turns) return err_nomem(err);
    l->turns = turns;
    RecordTurn *t = &turns[l->n_turns];
    *t = (RecordTurn){0};
    request_hash(request, hash);
    t->request_hash = str_dup(a, (Str){hash, 64});
    if (!t->request_hash.p || !completion_keep(c, a, &t->completion)) return err_nomem(err);
    l->n_turns++;
    l->n_tokens += c->n_tokens;
    bool call = c->status == COMPLETION_OK && c->stop == STOP_CALL;
    l->n_calls += call;
    l->limit = reached(l, c, context);
    *calls = call && !l->limit.p;
    return true;
}

bool loop_answer(ToolLoop *l, Arena *a, Err *err) {
    RecordTurn *t = &l->turns[l->n_turns - 1];
    ToolAnswer said;
    ToolCall c = {.box = l->box,
                  .row = l->row,
                  .sample = l->sample,
                  .given = l->given,
                  .recipient = t->completion.call_recipient,
                  .content = t->completion.call_content,
                  .seed = l->tools->python == PYTHON_STATELESS ? loop_seed(l->gen.seed, l->n_turns) : l->gen.seed,
                  .python = &l->python};
    if (!tool_answer(&c, a, &said, err)) return false;
    t->tool_seconds = said.seconds;
    t->bad_call = said.bad;
    l->n_bad_calls += said.bad;
    l->failure = said.failure;
    if (said.failure.p) return true;
    t->answer = said.text;
    t->answer_name = said.name;
    return true;
}

/* The turn as it was sampled. An engine that works on text reads the rest. */
static void add_turn(ToolLoop *l, const Completion *c) {
    bool python = str_eqz(c->call_recipient, "python");
    if (!c->ids.n && c->analysis.n)
        l->messages[l->n_messages++] =
            (Message){.role = ROLE_ASSISTANT, .channel = STR("analysis"), .content = c->analysis};
    l->messages[l->n_messages++] = (Message){.role = ROLE_ASSISTANT,
                                             .channel = python ? STR("analysis") : STR("commentary"),
                                             .recipient = c->call_recipient,
                                             .content_type = python ? (Str){0} : STR("<|constrain|>json"),
                                             .content = c->call_content.p ? c->call_content : STR(""),
                                             .sampled = c->ids};
}

bool loop_continue(ToolLoop *l, Request *r, Arena *a, bool *goes_on, Err *err) {
    const RecordTurn *t = &l->turns[l->n_turns - 1];
    *goes_on = !l->failure.p;
    if (l->failure.p) return true;
    Message *m = grown(a, l->messages, l->n_messages, &l->cap_messages, 3, sizeof *m);
    if (!m) return err_nomem(err);
    l->messages = m;
    add_turn(l, &t->completion);
    l->messages[l->n_messages++] =
        (Message){.role = ROLE_TOOL,
                  .name = t->answer_name,
                  .channel = str_eqz(t->answer_name, "python") ? STR("analysis") : STR("commentary"),
                  .recipient = STR("assistant"),
                  .content = t->answer};
    r->messages = l->messages;
    r->n_messages = l->n_messages;
    set_turn(l, r);
    return true;
}

void loop_close(ToolLoop *l) {
    sandbox_session_close(l->python);
    l->python = NULL;
}

/* ---- all turns as one ---- */

static bool join(const ToolLoop *l, size_t offset, const char *between, Arena *a, Str *out) {
    Buf b;
    bool any = false;
    buf_init(&b, SIZE_MAX / 2);
    for (size_t i = 0; i < l->n_turns; i++) {
        const Str *s = (const Str *)(const void *)((const char *)&l->turns[i].completion + offset);
        if (s->n && b.n) buf_adds(&b, between);
        any = any || s->p;
        buf_addstr(&b, *s);
    }
    if (any) *out = b.failed ? (Str){0} : str_dup(a, b.n ? buf_str(&b) : STR(""));
    bool ok = !b.failed && (!any || out->p);
    buf_release(&b);
    return ok;
}

static bool join_ids(const ToolLoop *l, Arena *a, Ids *out) {
    size_t n = 0, at = 0;
    for (size_t i = 0; i < l->n_turns; i++) n += l->turns[i].completion.ids.n;
    out->p = arena_array(a, n, sizeof *out->p);
    if (!out->p) return false;
    for (size_t i = 0; i < l->n_turns; i++) {
        Ids ids = l->turns[i].completion.ids;
        if (ids.n) memcpy(out->p + at, ids.p, ids.n * sizeof *ids.p);
        at += ids.n;
    }
    out->n = n;
    return true;
}

static void sum_up(const ToolLoop *l, Completion *out) {
    out->n_prompt_tokens = out->n_tokens = out->n_analysis_tokens = 0;
    out->seconds_prefill = out->seconds_decode = 0;
    for (size_t i = 0; i < l->n_turns; i++) {
        const Completion *c = &l->turns[i].completion;
        out->n_prompt_tokens += c->n_prompt_tokens;
        out->n_tokens += c->n_tokens;
        out->n_analysis_tokens += c->n_analysis_tokens;
        out->seconds_prefill += c->seconds_prefill;
        out->seconds_decode += c->seconds_decode;
        if (c->has_final) out->final = c->final, out->has_final = true;
    }
}

/* How it ended, where no completion says it. */
static bool set_end(const ToolLoop *l, Arena *a, Completion *out) {
    if (l->failure.p) {
        out->status = COMPLETION_FAILED;
        out->error = l->failure;
        return true;
    }
    if (!l->limit.p) return true;
    out->status = COMPLETION_LENGTH;
    if (str_eqz(l->limit, "turns"))
        out->error =
            str_printf(a, "the model called tools more than %d times (tools.limits.max_turns)", l->limits->max_turns);
    else if (str_eqz(l->limit, "context"))
        out->error = str_printf(a, "the conversation outgrew the context in turn %zu: %d tokens of prompt", l->n_turns,
                                l->turns[l->n_turns - 1].completion.n_prompt_tokens);
    else if (l->n_tokens >= l->limits->max_tokens)
        out->error = str_printf(a, "the model sampled %lld tokens in all turns together (tools.limits.max_tokens)",
                                (long long)l->n_tokens);
    else
        out->error = str_printf(a, "turn %zu was cut off at %d tokens (generation.max_tokens)", l->n_turns,
                                l->turns[l->n_turns - 1].completion.n_tokens);
    return out->error.p != NULL;
}

bool loop_completion(const ToolLoop *l, Arena *a, Completion *out, Err *err) {
    *out = l->turns[l->n_turns - 1].completion;
    sum_up(l, out);
    bool ok = join(l, offsetof(Completion, analysis), "\n\n", a, &out->analysis) &&
              join(l, offsetof(Completion, commentary), "\n\n", a, &out->commentary) &&
              join(l, offsetof(Completion, malformed), "; ", a, &out->malformed) && join_ids(l, a, &out->ids) &&
              set_end(l, a, out);
    return ok || err_nomem(err);
}
