/* Tokens -> messages (specs/harmony.md section 4). Three states, one token at a time:
 *
 *   EXPECT_START  <|start|> -> HEADER; the end is fine; anything else is a problem (lenient: STRAY until <|start|>)
 *   HEADER        until <|message|> -> CONTENT; a stop token or the end is a problem
 *   CONTENT       until <|end|>, <|return|>, <|call|> or the end -> EXPECT_START
 *
 * A problem is an error when strict; else its name is kept and what can be read is read. */
#include "engine/chat/chat_internal.h"

#include <string.h>

typedef enum State { EXPECT_START, HEADER, CONTENT, STRAY } State;

typedef struct Parser {
    const Tokenizer *t;
    const HarmonyIds *h;
    Arena *a;
    Err *err;
    bool strict;
    State state;
    const Role *known; /* role of the header to come, if given from outside */
    Header header;     /* of the message in CONTENT */
    Buf raw;           /* bytes of the header or content so far; UTF-8 is judged when it is complete */
    size_t n_raw_tokens;
    size_t cap;
    ChatParsed *out;
} Parser;

static bool is_end(const Parser *p, uint32_t id) {
    return id == p->h->end || id == p->h->ret || id == p->h->call;
}

static const char *stop_name(const Parser *p, uint32_t id) {
    return id == p->h->ret ? "return" : id == p->h->call ? "call" : "end";
}

static bool problem(Parser *p, const char *what) {
    if (p->strict) return err_set(p->err, ERR_INPUT, "malformed harmony: %s", what);
    const size_t max = sizeof p->out->malformed / sizeof *p->out->malformed;
    if (p->out->n_malformed < max) p->out->malformed[p->out->n_malformed++] = str_from(what);
    return true;
}

static bool take_raw(Parser *p, Str *out) {
    Buf clean;
    buf_init(&clean, SIZE_MAX / 2);
    buf_add_utf8_lossy(&clean, buf_str(&p->raw));
    *out = str_dup(p->a, buf_str(&clean));
    bool ok = !clean.failed && !p->raw.failed && out->p;
    buf_release(&clean);
    buf_clear(&p->raw);
    p->n_raw_tokens = 0;
    return ok ? true : err_nomem(p->err);
}

static void add_raw(Parser *p, uint32_t id) {
    buf_addstr(&p->raw, tokenizer_bytes(p->t, id));
    p->n_raw_tokens++;
}

static bool append(Parser *p, const Header *h, Str content) {
    ChatParsed *o = p->out;
    if (o->n_messages == p->cap) {
        size_t cap = p->cap ? 2 * p->cap : 8;
        Message *m = arena_array(p->a, cap, sizeof *m);
        if (!m) return err_nomem(p->err);
        if (o->n_messages) memcpy(m, o->messages, o->n_messages * sizeof *m);
        o->messages = m;
        p->cap = cap;
    }
    o->messages[o->n_messages++] = (Message){.role = h->role,
                                             .name = h->name,
                                             .channel = h->channel,
                                             .recipient = h->recipient,
                                             .content_type = h->content_type,
                                             .content = content};
    if (h->role == ROLE_ASSISTANT && str_eqz(h->channel, "final")) o->has_final = true;
    return true;
}

static bool report_header(Parser *p, const Header *h) {
    for (size_t i = 0; i < h->n_problems; i++)
        if (!problem(p, h->problem[i])) return false;
    return true;
}

static bool raw_is_text(Parser *p) {
    return utf8_valid(buf_str(&p->raw)) || problem(p, "a header that is not valid UTF-8");
}

/* <|message|>: words of the header that found no place begin the content. */
static bool end_header(Parser *p) {
    Str text;
    if (!raw_is_text(p) || !take_raw(p, &text)) return false;
    if (!header_parse(text, p->known, false, p->a, &p->header, p->err) || !report_header(p, &p->header)) return false;
    if (p->header.rest.n) {
        buf_addstr(&p->raw, p->header.rest);
        buf_addc(&p->raw, ' ');
    }
    p->known = NULL;
    p->state = CONTENT;
    return true;
}

/* A stop token or the end, before <|message|>. Only the first message of a completion, whose role was given from
 * outside, is kept, as in the reference. */
static bool broken_header(Parser *p, const char *what) {
    Header h;
    Str text;
    size_t n_tokens = p->n_raw_tokens;
    const Role *known = p->known;
    if (!problem(p, what) || !raw_is_text(p) || !take_raw(p, &text)) return false;
    p->state = EXPECT_START;
    p->known = NULL;
    if (!known || n_tokens == 0) return true;
    if (!header_parse(text, known, true, p->a, &h, p->err) || !report_header(p, &h)) return false;
    return append(p, &h, h.rest.p ? h.rest : STR(""));
}

static bool end_content(Parser *p) {
    Str text;
    if (str_eqz(p->header.channel, "analysis")) p->out->n_analysis_tokens += (int)p->n_raw_tokens;
    p->state = EXPECT_START;
    return take_raw(p, &text) && append(p, &p->header, text);
}

/* Text where a message should begin is kept as an assistant's message without channel. */
static bool end_stray(Parser *p) {
    Str text;
    p->state = EXPECT_START;
    return take_raw(p, &text) && append(p, &(Header){.role = ROLE_ASSISTANT}, text);
}

static bool calls(const Header *h) {
    return h->role == ROLE_ASSISTANT && h->recipient.n && !str_eqz(h->recipient, "all");
}

static bool step_expect(Parser *p, uint32_t id) {
    if (id == p->h->start) {
        p->state = HEADER;
        return true;
    }
    if (is_end(p, id)) return problem(p, "a stop token outside a message");
    if (!problem(p, "text outside a message")) return false;
    p->state = STRAY;
    add_raw(p, id);
    return true;
}

static bool step(Parser *p, uint32_t id) {
    p->out->ends_in_call = false;
    switch (p->state) {
    case EXPECT_START:
        return step_expect(p, id);
    case HEADER:
        if (id == p->h->message) return end_header(p);
        /* strict: the reference reads on and fails later, at <|message|> or at the end */
        if (is_end(p, id)) return broken_header(p, "a header without <|message|>");
        break;
    case CONTENT:
        if (!is_end(p, id)) break;
        p->out->ends_in_call = id == p->h->call && calls(&p->header);
        return end_content(p);
    case STRAY:
        if (is_end(p, id)) return end_stray(p);
        if (id == p->h->start) {
            if (!end_stray(p)) return false;
            p->state = HEADER;
            return true;
        }
        break;
    }
    add_raw(p, id);
    return true;
}

static bool finish(Parser *p, size_t n_ids) {
    switch (p->state) {
    case HEADER:
        return broken_header(p, n_ids ? "the text ends inside a header" : "the text is empty");
    case CONTENT:
        return end_content(p);
    case STRAY:
        return end_stray(p);
    case EXPECT_START:
        break;
    }
    return true;
}

/* Generation also stops at <|endoftext|>. It ends no message in harmony; as the very last token it is not content. */
static bool trim_endoftext(Parser *p, const uint32_t *ids, size_t *n) {
    if (p->strict || *n == 0 || ids[*n - 1] != p->h->endoftext) return true;
    --*n;
    return problem(p, "<|endoftext|> instead of a stop token");
}

static bool parse_ids(Parser *p, const uint32_t *ids, size_t n) {
    size_t all = n;
    const char *stop = "length";
    if (!trim_endoftext(p, ids, &n)) return false;
    for (size_t i = 0; i < n; i++) {
        stop = is_end(p, ids[i]) ? stop_name(p, ids[i]) : "length";
        if (!step(p, ids[i])) return false;
    }
    p->out->stop = n < all ? "end" : stop;
    return finish(p, n);
}

static bool run(Parser *p, const uint32_t *ids, size_t n) {
    ChatParsed *out = p->out;
    bool ok = parse_ids(p, ids, n);
    buf_release(&p->raw);
    if (!ok) *out = (ChatParsed){.stop = "length"};
    return ok;
}

static Parser parser(const Tokenizer *t, const HarmonyIds *h, bool strict, Arena *a, ChatParsed *out, Err *err) {
    Parser p = {.t = t, .h = h, .a = a, .err = err, .strict = strict, .out = out};
    *out = (ChatParsed){.stop = "length"};
    buf_init(&p.raw, SIZE_MAX / 2);
    return p;
}

bool chat__parse(const Tokenizer *t, const HarmonyIds *h, const uint32_t *ids, size_t n, const Role *known, bool strict,
                 Arena *a, ChatParsed *out, Err *err) {
    Parser p = parser(t, h, strict, a, out, err);
    p.known = known;
    p.state = known ? HEADER : EXPECT_START;
    return run(&p, ids, n);
}

bool chat_parse(const Tokenizer *t, const HarmonyIds *h, const uint32_t *ids, size_t n, bool role_known, bool strict,
                Arena *a, ChatParsed *out, Err *err) {
    static const Role assistant = ROLE_ASSISTANT;
    return chat__parse(t, h, ids, n, role_known ? &assistant : NULL, strict, a, out, err);
}

bool chat_parse_prefilled(const Tokenizer *t, const HarmonyIds *h, Str channel, Str prefill_text, const uint32_t *ids,
                          size_t n, Arena *a, ChatParsed *out, Err *err) {
    Parser p = parser(t, h, false, a, out, err);
    p.state = CONTENT;
    p.header = (Header){.role = ROLE_ASSISTANT, .channel = channel};
    buf_addstr(&p.raw, prefill_text);
    return run(&p, ids, n);
}
