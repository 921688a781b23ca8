/* Events -> messages: the parse of a whole text at once. */
#include "engine/chat/chat_internal.h"

#include <string.h>

/* ---- defects ---- */

const char *chat_defect_name(ChatDefect d) {
    static const char *const names[] = {
#define X(id, strict, name) name,
        CHAT_DEFECT_MAP(X)
#undef X
    };
    return (size_t)d < CHAT_N_DEFECTS ? names[d] : "?";
}

void chat_defects_put(const ChatDefects *d, size_t k, Buf *out) {
    int n = d->count[d->kind[k]];
    buf_adds(out, chat_defect_name(d->kind[k]));
    if (n > 1) buf_addf(out, " (%d times)", n);
}

/* ---- collecting ---- */

typedef struct Collector {
    Arena *a;
    ChatParsed *out;
    size_t cap;
    Buf content;
} Collector;

static bool keep(const Collector *c, Str *s) {
    if (s->p) *s = str_dup(c->a, *s);
    return s->p != NULL;
}

static bool keep_header(const Collector *c, Message *m) {
    Str *const texts[] = {&m->name, &m->channel, &m->recipient, &m->content_type};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i]->p && !keep(c, texts[i])) return false;
    return true;
}

static bool append(Collector *c, const Message *header, Err *err) {
    ChatParsed *o = c->out;
    if (o->n_messages == c->cap) {
        size_t cap = c->cap ? 2 * c->cap : 8;
        Message *m = arena_array(c->a, cap, sizeof *m);
        if (!m) return err_nomem(err);
        if (o->n_messages) memcpy(m, o->messages, o->n_messages * sizeof *m);
        o->messages = m;
        c->cap = cap;
    }
    Message m = *header;
    m.content = c->content.n ? buf_str(&c->content) : STR("");
    if (!keep_header(c, &m) || !keep(c, &m.content)) return err_nomem(err);
    o->messages[o->n_messages++] = m;
    return true;
}

static bool collect(void *ctx, const ChatEvent *e, Err *err) {
    Collector *c = ctx;
    switch (e->kind) {
    case CHAT_BEGIN:
        buf_clear(&c->content);
        break;
    case CHAT_TEXT:
        buf_addstr(&c->content, e->text);
        break;
    case CHAT_END:
        return append(c, e->message, err);
    case CHAT_MALFORMED:
        break;
    }
    return !c->content.failed || err_nomem(err);
}

static bool feed_all(ChatParser *p, const uint32_t *ids, size_t n, ChatEnd *end, Err *err) {
    for (size_t i = 0; i < n; i++)
        if (!chat_parser_feed(p, ids[i], err)) return false;
    return chat_parser_finish(p, end, err);
}

bool chat_parse_with(const Tokenizer *t, const HarmonyIds *h, const ChatParseOptions *o, const uint32_t *ids, size_t n,
                     Arena *a, ChatParsed *out, Err *err) {
    Collector c = {.a = a, .out = out};
    ChatParseOptions own = *o;
    ChatParser *p;
    own.sink = collect, own.ctx = &c;
    *out = (ChatParsed){.end.stop = "length"};
    if (!chat_parser_open(t, h, &own, &p, err)) return false;
    buf_init(&c.content, SIZE_MAX / 2);
    bool ok = feed_all(p, ids, n, &out->end, err);
    chat_parser_close(p);
    buf_release(&c.content);
    if (!ok) *out = (ChatParsed){.end.stop = "length"};
    return ok;
}

bool chat_parse(const Tokenizer *t, const HarmonyIds *h, const uint32_t *ids, size_t n, bool role_known, bool strict,
                Arena *a, ChatParsed *out, Err *err) {
    static const Role assistant = ROLE_ASSISTANT;
    const ChatParseOptions o = {.role = role_known ? &assistant : NULL, .strict = strict};
    return chat_parse_with(t, h, &o, ids, n, a, out, err);
}

bool chat_parse_prefilled(const Tokenizer *t, const HarmonyIds *h, Str channel, Str prefill_text, const uint32_t *ids,
                          size_t n, Arena *a, ChatParsed *out, Err *err) {
    const ChatParseOptions o = {.prefill_channel = channel, .prefill_text = prefill_text};
    return chat_parse_with(t, h, &o, ids, n, a, out, err);
}
