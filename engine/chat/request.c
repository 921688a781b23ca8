/* A Request -> its prompt.
 *
 * System and developer messages become one developer message, which also defines the functions; the built-in python
 * stands in the default system message. Other messages are turns under harmony's history rule.
 *
 * A sampled turn is written with the ids that the model itself wrote, because its text, encoded anew, may give other
 * ids. It is re-rendered from what it parses to in two cases only: the history rule drops analysis of it (an answer was
 * given since), or it broke off where no message can be ended. <|return|> becomes <|end|>, as in all history. */
#include "engine/chat/chat_internal.h"

#include <stdlib.h>

/* ---- functions ---- */

bool request_tools_read(Str json, Arena *a, RequestTools *out, Err *err) {
    *out = (RequestTools){0};
    if (!json.p) return true;
    if (!json_parse_nul(json, a, &out->json, &out->nul, err)) return err_wrap(err, "functions");
    if (json_type(out->json) == JSON_ARRAY && tools_from_functions(out->json, a, &out->tools, err)) return true;
    if (json_type(out->json) != JSON_ARRAY) err_set(err, ERR_INPUT, "a list of tools was expected");
    request_tools_release(out);
    return err_wrap(err, "functions");
}

void request_tools_release(RequestTools *t) {
    json_close(t->json);
    *t = (RequestTools){0};
}

static bool name_is_sound(Str s) {
    if (s.n == 0 || s.n > 64) return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '_' && c != '-') return false;
    }
    return true;
}

static int by_name(const void *a, const void *b) {
    return str_cmp(*(const Str *)a, *(const Str *)b);
}

static bool names_differ(const Namespace *ns, Arena *a, Err *err) {
    Str *names = arena_array(a, ns->n_tools, sizeof *names);
    if (!names) return err_nomem(err);
    for (size_t i = 0; i < ns->n_tools; i++) names[i] = ns->tools[i].name;
    qsort(names, ns->n_tools, sizeof *names, by_name);
    for (size_t i = 1; i < ns->n_tools; i++)
        if (str_eq(names[i - 1], names[i]))
            return err_set(err, ERR_INPUT, "functions: the name '" STR_FMT "' occurs twice", STR_ARG(names[i]));
    return true;
}

static bool check_tools(const Namespace *ns, Arena *a, Err *err) {
    for (size_t i = 0; i < ns->n_tools; i++) {
        const Tool *t = &ns->tools[i];
        if (!name_is_sound(t->name))
            return err_set(err, ERR_INPUT,
                           "functions entry %zu: the name '" STR_FMT "' is not 1 to 64 of the characters A-Z a-z 0-9 _ "
                           "-",
                           i, STR_ARG(str_sub(t->name, 0, 80)));
        if (t->parameters && json_type(t->parameters) != JSON_OBJECT)
            return err_set(err, ERR_INPUT, "functions entry %zu ('" STR_FMT "'): 'parameters' must be a JSON schema", i,
                           STR_ARG(t->name));
    }
    return names_differ(ns, a, err);
}

bool chat_check_functions(Str json, Err *err) {
    RequestTools t;
    Arena *a = arena_open(4096);
    if (!a) return err_nomem(err);
    bool ok = request_tools_read(json, a, &t, err);
    if (ok) {
        if (t.tools.n) ok = check_tools(&t.tools.v[0], a, err);
        request_tools_release(&t);
    }
    arena_close(a);
    return ok;
}

bool chat_recipients(const Request *r, Arena *a, Str **out, size_t *n, Err *err) {
    RequestTools t;
    *out = NULL, *n = 0;
    if (!request_tools_read(r->functions, a, &t, err)) return false;
    size_t count = t.tools.n ? t.tools.v[0].n_tools : 0;
    Str *v = arena_array(a, count + 1, sizeof *v);
    bool ok = v || err_nomem(err);
    for (size_t i = 0; ok && i < count; i++) {
        Str name = t.tools.v[0].tools[i].name;
        v[i] = str_printf(a, "functions.%.*s", (int)name.n, name.p);
        if (!v[i].p) ok = err_nomem(err);
    }
    if (ok && r->python) v[count++] = STR("python");
    request_tools_release(&t);
    if (ok) *out = v, *n = count;
    return ok;
}

/* ---- system and developer ---- */

static void render_part(Render *r, Role role, const Buf *content) {
    if (content->failed && !r->failed) r->failed = !err_nomem(r->err);
    Str part = buf_str(content);
    if (!r->failed) render_turn(r, &(Turn){.role = role, .parts = &part, .n_parts = 1});
}

static void render_default_system(Render *r, const Request *req, bool has_functions) {
    Buf b;
    buf_init(&b, SIZE_MAX / 2);
    SystemContent c = content_default_system(req->gen.effort, req->gen.date);
    c.tools = tools_python(req->python);
    content_system(&b, &c, has_functions);
    render_part(r, ROLE_SYSTEM, &b);
    buf_release(&b);
}

static bool is_instruction(const Message *m) {
    return m->role == ROLE_SYSTEM || m->role == ROLE_DEVELOPER;
}

/* Instructions, wherever they stand, become one developer message; blank lines between. The functions' texts may hold
 * a mark for NUL; the instructions are bytes and know no mark, so it is turned back here. */
static void render_developer(Render *r, const Request *req, const RequestTools *t) {
    Buf joined, content, tools;
    bool any = false;
    buf_init(&joined, SIZE_MAX / 2);
    buf_init(&content, SIZE_MAX / 2);
    buf_init(&tools, SIZE_MAX / 2);
    for (size_t i = 0; i < req->n_messages; i++) {
        if (!is_instruction(&req->messages[i])) continue;
        if (any) buf_adds(&joined, "\n\n");
        buf_addstr(&joined, req->messages[i].content);
        any = true;
    }
    if (any) content_developer(&content, buf_str(&joined), &(Tools){0});
    if (t->tools.n) {
        tools_text(&tools, &t->tools);
        Str whole = nul_restore(&t->nul, r->a, buf_str(&tools));
        if (any) buf_adds(&content, "\n\n");
        buf_addstr(&content, whole);
        if (!whole.p) content.failed = true;
    }
    content.failed |= joined.failed || tools.failed;
    if (any || t->tools.n) render_part(r, ROLE_DEVELOPER, &content);
    buf_release(&joined);
    buf_release(&content);
    buf_release(&tools);
}

/* ---- turns ---- */

/* One message of the request: the turns that it stands for, and the ids to write instead if none of them is dropped. */
typedef struct Item {
    size_t first, n;        /* of History.turns */
    const Message *sampled; /* NULL: has no ids, or they cannot be written as they stand */
    Ids ids;                /* what to write of them, */
    uint32_t closing;       /* and behind them */
} Item;

typedef struct History {
    Turn *turns;
    size_t n, cap;
    Item *items;
    size_t n_items;
} History;

static bool push_turn(Render *r, History *h, const Turn *t) {
    if (h->n == h->cap) {
        size_t cap = h->cap ? 2 * h->cap : 16;
        Turn *grown = arena_array(r->a, cap, sizeof *grown);
        if (!grown) return err_nomem(r->err);
        for (size_t i = 0; i < h->n; i++) grown[i] = h->turns[i];
        h->turns = grown;
        h->cap = cap;
    }
    h->turns[h->n++] = *t;
    return true;
}

Str chat__default_channel(Str recipient) {
    if (!recipient.n || str_eqz(recipient, "all")) return STR("final");
    return str_starts(recipient, STR("functions.")) ? STR("commentary") : STR("analysis");
}

/* A tool answers on the channel that it was called on. */
static Str channel_of_call(const History *h, Str tool) {
    for (size_t i = h->n; i-- > 0;)
        if (h->turns[i].role == ROLE_ASSISTANT && str_eq(h->turns[i].recipient, tool) && h->turns[i].channel.n)
            return h->turns[i].channel;
    return STR("commentary");
}

/* A caller's empty text means absent. */
static Str given(Str s) {
    return s.n ? s : (Str){NULL, 0};
}

static bool push_message(Render *r, History *h, const Message *m) {
    Turn t = {m->role, given(m->name), given(m->channel), given(m->recipient), given(m->content_type), &m->content, 1};
    if (m->role == ROLE_ASSISTANT && !t.channel.n) t.channel = chat__default_channel(t.recipient);
    if (m->role == ROLE_TOOL) {
        if (!t.recipient.n) t.recipient = STR("assistant");
        if (!t.channel.n) t.channel = channel_of_call(h, t.name);
    }
    return push_turn(r, h, &t);
}

static bool parse_sampled(Render *r, const Message *m, ChatParsed *out) {
    if (m->prefill_channel.p)
        return chat_parse_prefilled(r->t, r->h, m->prefill_channel, m->prefill_text.p ? m->prefill_text : STR(""),
                                    m->sampled.p, m->sampled.n, r->a, out, r->err);
    return chat_parse(r->t, r->h, m->sampled.p, m->sampled.n, true, false, r->a, out, r->err);
}

/* The ids can be written if they end a message, or break off in its content: then a stop token closes it. A lone stop
 * token ends no message that could be read. */
static void plan_sampled(const Render *r, const Message *m, const ChatParsed *p, Item *item) {
    const HarmonyIds *h = r->h;
    Ids ids = m->sampled;
    uint32_t last = ids.p[ids.n - 1];
    bool ended = last == h->end || last == h->ret || last == h->call;
    if (!ended && p->end.place != CHAT_IN_CONTENT) return;
    if (ended || last == h->endoftext) ids.n--;
    const Message *end = p->n_messages ? &p->messages[p->n_messages - 1] : NULL;
    bool open_call = !ended && end && chat__is_call(end->role, end->recipient);
    item->sampled = m;
    item->ids = ids;
    item->closing = last == h->call || open_call ? h->call : h->end;
}

static bool push_sampled(Render *r, History *h, Item *item, const Message *m) {
    ChatParsed p;
    if (!parse_sampled(r, m, &p)) return false;
    for (size_t i = 0; i < p.n_messages; i++) {
        const Message *q = &p.messages[i];
        Turn t = {q->role, q->name, q->channel, q->recipient, q->content_type, &q->content, 1};
        if (!push_turn(r, h, &t)) return false;
    }
    plan_sampled(r, m, &p, item);
    return true;
}

static bool push_all(Render *r, const Message *m, size_t n, History *h) {
    h->items = arena_array(r->a, n, sizeof *h->items);
    if (!h->items) return err_nomem(r->err);
    for (size_t i = 0; i < n; i++) {
        if (is_instruction(&m[i])) continue;
        Item *item = &h->items[h->n_items++];
        item->first = h->n;
        bool sampled = m[i].role == ROLE_ASSISTANT && m[i].sampled.n;
        if (!(sampled ? push_sampled(r, h, item, &m[i]) : push_message(r, h, &m[i])))
            return err_wrap(r->err, "message %zu", i);
        item->n = h->n - item->first;
    }
    return true;
}

static void render_prefill(Render *r, Str channel, Str text) {
    if (!channel.p) return;
    render_special(r, r->h->channel);
    render_text(r, channel);
    render_special(r, r->h->message);
    render_text(r, text);
}

static void render_sampled(Render *r, const Item *item) {
    render_opening(r);
    render_prefill(r, item->sampled->prefill_channel, item->sampled->prefill_text);
    render_ids(r, item->ids.p, item->ids.n);
    render_special(r, item->closing);
}

static void render_item(Render *r, const History *h, const Item *item, size_t dropped) {
    bool whole = true;
    for (size_t i = item->first; i < item->first + item->n; i++) whole &= !turn_is_dropped(h->turns, i, dropped);
    if (item->sampled && whole) {
        render_sampled(r, item);
        return;
    }
    for (size_t i = item->first; i < item->first + item->n; i++)
        if (!turn_is_dropped(h->turns, i, dropped)) render_turn(r, &h->turns[i]);
}

static void render_history(Render *r, const Request *req) {
    History h = {0};
    if (r->failed) return;
    if (!push_all(r, req->messages, req->n_messages, &h)) {
        r->failed = true;
        return;
    }
    size_t dropped = history_dropped(h.turns, h.n);
    for (size_t i = 0; i < h.n_items; i++) render_item(r, &h, &h.items[i], dropped);
}

bool chat_render_request(const Tokenizer *t, const HarmonyIds *h, const Request *req, Arena *a, Ids *out, Err *err) {
    Render r = {.t = t, .h = h, .a = a, .ids = out, .err = err};
    RequestTools tools;
    *out = (Ids){NULL, 0};
    if (!request_tools_read(req->functions, a, &tools, err)) return false;
    render_default_system(&r, req, tools_has_functions(&tools.tools));
    render_developer(&r, req, &tools);
    render_history(&r, req);
    render_opening(&r);
    render_prefill(&r, req->prefill_channel, req->prefill_text);
    request_tools_release(&tools);
    return !r.failed;
}
