/* Tokens -> events (specs/harmony.md section 4), one token at a time:
 *
 *   EXPECT_START  <|start|> -> HEADER; the end is fine; a stop token is a defect; anything else -> STRAY
 *   HEADER        until <|message|> -> CONTENT; a stop token or the end is a defect -> EXPECT_START
 *   CONTENT       until <|end|>, <|return|>, <|call|> or the end -> EXPECT_START
 *   STRAY         as CONTENT, and <|start|> ends it too -> HEADER
 *
 * Invariants: a message has begun for the sink exactly in CONTENT and STRAY. `raw` is used in HEADER only; `tail` is
 * empty outside CONTENT and STRAY. A defect that the reference refuses is an error when strict; else it is counted and
 * what can be read is read. */
#include "engine/chat/chat_internal.h"

#include <string.h>

typedef enum State { EXPECT_START, HEADER, CONTENT, STRAY } State;

struct ChatParser {
    const Tokenizer *t;
    const HarmonyIds *h;
    ChatParseOptions o;
    State state;
    bool begun;      /* the first event of a prefilled text was sent */
    bool role_known; /* role is that of the header at hand */
    bool held;       /* an <|endoftext|> that may be the last id waits */
    bool bad_text;   /* the message at hand was not valid UTF-8 */
    Role role;
    Arena *arena;    /* of `message` */
    Message message; /* header of the message at hand */
    Buf raw;         /* bytes of the header; UTF-8 is judged when it is complete */
    Buf bytes, text; /* what one id adds */
    char tail[4];    /* the beginning of a character whose rest has not come */
    size_t n_tail;
    int n_tokens; /* of the header or content at hand */
    uint64_t n_fed;
    ChatEnd end;
    Err *err; /* of the call in progress */
};

/* ---- events ---- */

static bool send(ChatParser *p, const ChatEvent *e) {
    return !p->o.sink || p->o.sink(p->o.ctx, e, p->err);
}

static bool defect(ChatParser *p, ChatDefect d) {
    static const bool refused[] = {
#define X(id, strict, name) strict,
        CHAT_DEFECT_MAP(X)
#undef X
    };
    ChatDefects *all = &p->end.defects;
    if (p->o.strict && refused[d]) return err_set(p->err, ERR_INPUT, "malformed harmony: %s", chat_defect_name(d));
    if (all->count[d]++ == 0) all->kind[all->n_kinds++] = d;
    return send(p, &(ChatEvent){.kind = CHAT_MALFORMED, .defect = d});
}

static bool begin(ChatParser *p, State state, const Header *h) {
    p->message = (Message){.role = h->role,
                           .name = h->name,
                           .channel = h->channel,
                           .recipient = h->recipient,
                           .content_type = h->content_type};
    p->state = state;
    p->n_tokens = 0;
    p->n_tail = 0;
    p->bad_text = false;
    if (h->role == ROLE_ASSISTANT && str_eqz(h->channel, "final")) p->end.has_final = true;
    return send(p, &(ChatEvent){.kind = CHAT_BEGIN, .message = &p->message});
}

static bool send_text(ChatParser *p, Str s) {
    return s.n == 0 || send(p, &(ChatEvent){.kind = CHAT_TEXT, .message = &p->message, .text = s});
}

static bool bad_text(ChatParser *p) {
    if (p->bad_text) return true;
    p->bad_text = true;
    return defect(p, CHAT_CONTENT_UTF8);
}

/* Sends all characters that are complete with these bytes, and keeps the beginning of one that is not. */
static bool add_text(ChatParser *p, Str bytes) {
    buf_clear(&p->bytes);
    buf_clear(&p->text);
    buf_add(&p->bytes, p->tail, p->n_tail);
    buf_addstr(&p->bytes, bytes);
    Str s = p->bytes.n ? buf_str(&p->bytes) : STR("");
    size_t tail = utf8_incomplete(s);
    if (tail) memcpy(p->tail, s.p + s.n - tail, tail);
    p->n_tail = tail;
    s.n -= tail;
    buf_add_utf8_lossy(&p->text, s);
    if (p->bytes.failed || p->text.failed) return err_nomem(p->err);
    return (utf8_valid(s) || bad_text(p)) && send_text(p, buf_str(&p->text));
}

/* complete: a token ended it; else the text did, and then half a character is no defect of its own. */
static bool end_message(ChatParser *p, bool complete) {
    bool half = p->n_tail > 0;
    p->n_tail = 0;
    if (half && complete && !bad_text(p)) return false;
    if (half && !send_text(p, STR("\xEF\xBF\xBD"))) return false;
    if (str_eqz(p->message.channel, "analysis")) p->end.n_analysis_tokens += p->n_tokens;
    p->state = EXPECT_START;
    return send(p, &(ChatEvent){.kind = CHAT_END, .message = &p->message, .n_tokens = p->n_tokens});
}

/* ---- headers ---- */

static bool take_header(ChatParser *p, bool rest_only, Header *out) {
    Buf clean;
    arena_reset(p->arena);
    buf_init(&clean, SIZE_MAX / 2);
    buf_add_utf8_lossy(&clean, buf_str(&p->raw));
    Str text = str_dup(p->arena, clean.p ? buf_str(&clean) : STR(""));
    bool ok = !clean.failed && !p->raw.failed && text.p;
    bool valid = utf8_valid(buf_str(&p->raw));
    buf_release(&clean);
    buf_clear(&p->raw);
    if (!ok) return err_nomem(p->err);
    if (!valid && !defect(p, CHAT_HEADER_UTF8)) return false;
    if (!header_parse(text, p->role_known ? &p->role : NULL, rest_only, p->arena, out, p->err)) return false;
    p->role_known = false;
    for (size_t i = 0; i < out->n_defects; i++)
        if (!defect(p, out->defect[i])) return false;
    return true;
}

static bool has_defect(const Header *h, ChatDefect d) {
    for (size_t i = 0; i < h->n_defects; i++)
        if (h->defect[i] == d) return true;
    return false;
}

bool chat__is_call(Role role, Str recipient) {
    return role == ROLE_ASSISTANT && recipient.n && !str_eqz(recipient, "all") && !str_eqz(recipient, "user");
}

static bool knows_recipient(const ChatParser *p, Str recipient) {
    for (size_t i = 0; i < p->o.n_recipients; i++)
        if (str_eq(p->o.recipients[i], recipient)) return true;
    return !p->o.knows_recipients;
}

/* What is well-formed, but not what an assistant may say. */
static bool judge_header(ChatParser *p, const Header *h) {
    Str c = h->channel;
    if (h->role != ROLE_ASSISTANT) return true;
    if (!c.p && !has_defect(h, CHAT_EMPTY_CHANNEL) && !defect(p, CHAT_NO_CHANNEL)) return false;
    if (c.p && !str_eqz(c, "analysis") && !str_eqz(c, "commentary") && !str_eqz(c, "final") &&
        !defect(p, CHAT_UNKNOWN_CHANNEL))
        return false;
    return !chat__is_call(h->role, h->recipient) || knows_recipient(p, h->recipient) ||
           defect(p, CHAT_UNKNOWN_RECIPIENT);
}

/* <|message|>: words of the header that found no place begin the content. */
static bool end_header(ChatParser *p) {
    Header h;
    if (!take_header(p, false, &h) || !judge_header(p, &h) || !begin(p, CONTENT, &h)) return false;
    return !h.rest.n || (send_text(p, h.rest) && send_text(p, STR(" ")));
}

/* A stop token or the end, before <|message|>. Only the first message of a completion, whose role was given from
 * outside, is kept, as in the reference. */
static bool broken_header(ChatParser *p, ChatDefect d) {
    Header h;
    bool kept = p->role_known && p->n_tokens > 0;
    p->state = EXPECT_START;
    if (!defect(p, d)) return false;
    if (!kept) {
        bool valid = utf8_valid(buf_str(&p->raw));
        buf_clear(&p->raw);
        p->role_known = false;
        return valid || defect(p, CHAT_HEADER_UTF8);
    }
    if (!take_header(p, true, &h) || !begin(p, CONTENT, &h)) return false;
    return send_text(p, h.rest) && end_message(p, true);
}

/* ---- tokens ---- */

static bool is_end(const ChatParser *p, uint32_t id) {
    return id == p->h->end || id == p->h->ret || id == p->h->call;
}

static void expect_header(ChatParser *p) {
    p->state = HEADER;
    p->n_tokens = 0;
}

static bool add_raw(ChatParser *p, uint32_t id) {
    buf_addstr(&p->raw, tokenizer_bytes(p->t, id));
    p->n_tokens++;
    return !p->raw.failed || err_nomem(p->err);
}

static bool add_content(ChatParser *p, uint32_t id) {
    p->n_tokens++;
    return add_text(p, tokenizer_bytes(p->t, id));
}

static bool step_expect(ChatParser *p, uint32_t id) {
    if (id == p->h->start) return expect_header(p), true;
    if (is_end(p, id)) return defect(p, CHAT_STRAY_STOP);
    /* text where a message should begin is kept as an assistant's message without channel */
    return defect(p, CHAT_STRAY_TEXT) && begin(p, STRAY, &(Header){.role = ROLE_ASSISTANT}) && add_content(p, id);
}

static bool end_content(ChatParser *p, uint32_t id) {
    bool to_tool = chat__is_call(p->message.role, p->message.recipient), call = id == p->h->call;
    p->end.ends_in_call = call && to_tool;
    if (call && !p->message.recipient.n && !defect(p, CHAT_CALL_TO_NOBODY)) return false;
    if (!call && to_tool && !defect(p, CHAT_NO_CALL)) return false;
    return end_message(p, true);
}

static bool step(ChatParser *p, uint32_t id) {
    p->end.ends_in_call = false;
    switch (p->state) {
    case EXPECT_START:
        return step_expect(p, id);
    case HEADER:
        if (id == p->h->message) return end_header(p);
        /* strict: a stop token is one more word of the header, as in the reference */
        if (is_end(p, id) && !p->o.strict) return broken_header(p, CHAT_STOP_IN_HEADER);
        return add_raw(p, id);
    case CONTENT:
        return is_end(p, id) ? end_content(p, id) : add_content(p, id);
    case STRAY:
        if (is_end(p, id)) return end_message(p, true);
        if (id != p->h->start) return add_content(p, id);
        return end_message(p, true) && (expect_header(p), true);
    }
    return true;
}

static bool begin_prefilled(ChatParser *p) {
    if (p->begun) return true;
    p->begun = true;
    if (!p->o.prefill_channel.p) return true;
    p->role_known = false;
    return begin(p, CONTENT, &(Header){.role = ROLE_ASSISTANT, .channel = p->o.prefill_channel}) &&
           add_text(p, p->o.prefill_text);
}

static const char *stop_name(const ChatParser *p, uint32_t id) {
    return id == p->h->ret ? "return" : id == p->h->call ? "call" : id == p->h->end ? "end" : "length";
}

/* Generation also stops at <|endoftext|>. It ends no message in harmony; as the very last token it is not content, so
 * it waits until another one follows. */
bool chat_parser_feed(ChatParser *p, uint32_t id, Err *err) {
    p->err = err;
    p->n_fed++;
    if (!begin_prefilled(p)) return false;
    if (p->held && !step(p, p->h->endoftext)) return false;
    p->held = id == p->h->endoftext && !p->o.strict;
    p->end.stop = stop_name(p, id);
    return p->held || step(p, id);
}

static bool end_text(ChatParser *p) {
    switch (p->state) {
    case EXPECT_START:
        break;
    case HEADER:
        p->end.place = CHAT_IN_HEADER;
        return broken_header(p, p->n_fed ? CHAT_CUT_IN_HEADER : CHAT_EMPTY);
    case CONTENT:
        p->end.place = CHAT_IN_CONTENT;
        return defect(p, chat__is_call(p->message.role, p->message.recipient) ? CHAT_CUT_CALL : CHAT_CUT_IN_CONTENT) &&
               end_message(p, false);
    case STRAY:
        p->end.place = CHAT_IN_STRAY;
        return end_message(p, false);
    }
    return true;
}

bool chat_parser_finish(ChatParser *p, ChatEnd *out, Err *err) {
    p->err = err;
    if (!begin_prefilled(p)) return false;
    if (p->held) {
        p->end.stop = "end";
        p->n_fed--;
        if (!defect(p, CHAT_ENDOFTEXT)) return false;
    }
    if (!end_text(p)) return false;
    *out = p->end;
    return true;
}

bool chat_parser_open(const Tokenizer *t, const HarmonyIds *h, const ChatParseOptions *o, ChatParser **out, Err *err) {
    *out = NULL;
    ChatParser *p = mem_alloc(sizeof *p);
    if (!p) return err_nomem(err);
    p->t = t, p->h = h, p->o = *o;
    p->role_known = o->role != NULL;
    if (o->role) p->role = *o->role;
    p->state = o->role ? HEADER : EXPECT_START;
    p->end.stop = "length";
    buf_init(&p->raw, SIZE_MAX / 2);
    buf_init(&p->bytes, SIZE_MAX / 2);
    buf_init(&p->text, SIZE_MAX / 2);
    p->arena = arena_open(1024);
    if (!p->arena) {
        chat_parser_close(p);
        return err_nomem(err);
    }
    *out = p;
    return true;
}

void chat_parser_close(ChatParser *p) {
    if (!p) return;
    arena_close(p->arena);
    buf_release(&p->raw);
    buf_release(&p->bytes);
    buf_release(&p->text);
    mem_free(p);
}
