#include "engine/chat/chat_internal.h"

#include <string.h>

/* ---- special ids ---- */

bool harmony_ids(const Tokenizer *t, HarmonyIds *out, Err *err) {
    HarmonyIds h;
    const struct {
        const char *text;
        uint32_t *id;
    } want[] = {{"<|start|>", &h.start},         {"<|end|>", &h.end},
                {"<|message|>", &h.message},     {"<|channel|>", &h.channel},
                {"<|constrain|>", &h.constrain}, {"<|return|>", &h.ret},
                {"<|call|>", &h.call},           {"<|endoftext|>", &h.endoftext}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        *want[i].id = tokenizer_special(t, str_from(want[i].text));
        if (*want[i].id == UINT32_MAX)
            return err_set(err, ERR_INPUT, "the tokenizer has no special token '%s', which the harmony format needs",
                           want[i].text);
    }
    *out = h;
    return true;
}

bool harmony_is_stop(const HarmonyIds *h, uint32_t id) {
    return id == h->ret || id == h->call || id == h->endoftext;
}

bool chat__role_parse(Str name, Role *out) {
    for (int i = ROLE_SYSTEM; i <= ROLE_TOOL; i++)
        if (str_eqz(name, role_name((Role)i))) return *out = (Role)i, true;
    return false;
}

/* ---- fragments ---- */

void render_text(Render *r, Str s) {
    if (r->failed || s.n == 0) return;
    if (r->nul) s = nul_restore(r->nul, r->a, s);
    if (!s.p) r->failed = !err_nomem(r->err);
    if (r->failed) return;
    if (r->text) buf_add_utf8_lossy(r->text, s);
    r->failed = !tokenizer_encode(r->t, s, false, r->a, r->ids, &r->cap, r->err);
}

static void render_special(Render *r, uint32_t id) {
    if (r->failed) return;
    Str spelling = tokenizer_bytes(r->t, id);
    if (r->text) buf_addstr(r->text, spelling);
    /* the one place where a spelling may become its token */
    r->failed = !tokenizer_encode(r->t, spelling, true, r->a, r->ids, &r->cap, r->err);
}

/* prefix and text are one fragment: " to=" and the recipient are encoded together. */
static void render_prefixed(Render *r, const char *prefix, Str s) {
    if (r->failed) return;
    Buf b;
    buf_init(&b, SIZE_MAX / 2);
    buf_adds(&b, prefix);
    buf_addstr(&b, s);
    if (b.failed) r->failed = !err_nomem(r->err);
    render_text(r, buf_str(&b));
    buf_release(&b);
}

static void render_content_type(Render *r, Str type) {
    Str marker = STR("<|constrain|>");
    if (!str_starts(type, marker)) {
        render_prefixed(r, " ", type);
        return;
    }
    render_text(r, STR(" "));
    render_special(r, r->h->constrain);
    render_text(r, str_sub(type, marker.n, type.n));
}

static void render_author(Render *r, const Turn *t) {
    if (t->role == ROLE_TOOL) {
        if (t->name.n == 0 && !r->failed)
            r->failed = !err_set(r->err, ERR_INPUT, "a tool message needs the tool's name in 'name'");
        render_text(r, t->name);
        return;
    }
    render_text(r, str_from(role_name(t->role)));
    if (t->name.n) render_prefixed(r, ":", t->name);
}

void render_turn(Render *r, const Turn *t) {
    render_special(r, r->h->start);
    render_author(r, t);
    if (t->recipient.n && !str_eqz(t->recipient, "all")) render_prefixed(r, " to=", t->recipient);
    if (t->channel.n) {
        render_special(r, r->h->channel);
        render_text(r, t->channel);
    }
    if (t->content_type.n) render_content_type(r, t->content_type);
    render_special(r, r->h->message);
    for (size_t i = 0; i < t->n_parts; i++) render_text(r, t->parts[i]);
    /* a recipient makes it a call, even the recipient "all" that is not written */
    render_special(r, t->role == ROLE_ASSISTANT && t->recipient.n ? r->h->call : r->h->end);
}

/* If the last assistant message is an answer, the analysis before the first answer goes; analysis between answers
 * stays, as in the reference, which expects to be applied turn by turn. Returns how many leading turns to look at. */
static size_t analysis_ends(const Turn *t, size_t n) {
    size_t last = n, first = 0;
    while (last > 0 && t[last - 1].role != ROLE_ASSISTANT) last--;
    if (last == 0 || !str_eqz(t[last - 1].channel, "final")) return 0;
    while (first < n && !str_eqz(t[first].channel, "final")) first++;
    return first;
}

void render_turns(Render *r, const Turn *t, size_t n, bool drop) {
    size_t dropped = drop ? analysis_ends(t, n) : 0;
    for (size_t i = 0; i < n; i++)
        if (i >= dropped || !str_eqz(t[i].channel, "analysis")) render_turn(r, &t[i]);
}

void render_opening(Render *r) {
    render_special(r, r->h->start);
    render_text(r, STR("assistant"));
}

/* ---- a Request ---- */

static void render_default_system(Render *r, const GenOptions *gen) {
    Buf b;
    buf_init(&b, 1 << 16);
    SystemContent c = content_default_system(gen->effort, gen->date);
    content_system(&b, &c, false);
    if (b.failed) r->failed = !err_set(r->err, ERR_INPUT, "the date is too long");
    Str part = buf_str(&b);
    render_turn(r, &(Turn){.role = ROLE_SYSTEM, .parts = &part, .n_parts = 1});
    buf_release(&b);
}

/* System and developer messages, wherever they stand, become one developer message; blank lines between. */
static void render_instructions(Render *r, const Message *m, size_t n) {
    Buf joined, content;
    bool any = false;
    buf_init(&joined, SIZE_MAX / 2);
    buf_init(&content, SIZE_MAX / 2);
    for (size_t i = 0; i < n; i++) {
        if (m[i].role != ROLE_SYSTEM && m[i].role != ROLE_DEVELOPER) continue;
        if (any) buf_adds(&joined, "\n\n");
        buf_addstr(&joined, m[i].content);
        any = true;
    }
    if (any) content_developer(&content, buf_str(&joined), &(Tools){0});
    if ((joined.failed || content.failed) && !r->failed) r->failed = !err_nomem(r->err);
    Str part = buf_str(&content);
    if (any) render_turn(r, &(Turn){.role = ROLE_DEVELOPER, .parts = &part, .n_parts = 1});
    buf_release(&joined);
    buf_release(&content);
}

static void render_messages(Render *r, const Message *m, size_t n) {
    Turn *turns = arena_array(r->a, n, sizeof *turns);
    size_t k = 0;
    if (!turns && !r->failed) r->failed = !err_nomem(r->err);
    if (r->failed) return;
    for (size_t i = 0; i < n; i++) {
        if (m[i].role == ROLE_SYSTEM || m[i].role == ROLE_DEVELOPER) continue;
        turns[k] = (Turn){m[i].role, m[i].name, m[i].channel, m[i].recipient, m[i].content_type, &m[i].content, 1};
        if (m[i].role == ROLE_ASSISTANT && !m[i].channel.n) turns[k].channel = STR("final");
        k++;
    }
    render_turns(r, turns, k, true);
}

bool chat_render_request(const Tokenizer *t, const HarmonyIds *h, const Request *req, Arena *a, Ids *out, Err *err) {
    Render r = {.t = t, .h = h, .a = a, .ids = out, .err = err};
    *out = (Ids){NULL, 0};
    render_default_system(&r, &req->gen);
    render_instructions(&r, req->messages, req->n_messages);
    render_messages(&r, req->messages, req->n_messages);
    render_opening(&r);
    if (req->prefill_channel.p) {
        render_special(&r, h->channel);
        render_text(&r, req->prefill_channel);
        render_special(&r, h->message);
        render_text(&r, req->prefill_text);
    }
    return !r.failed;
}
