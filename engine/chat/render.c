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

static bool make_room(Render *r, size_t n) {
    size_t cap = r->cap ? r->cap : 64;
    if (r->ids->n + n <= r->cap) return true;
    while (cap < r->ids->n + n) cap *= 2;
    uint32_t *p = arena_array(r->a, cap, sizeof *p);
    if (!p) return err_nomem(r->err);
    if (r->ids->n) memcpy(p, r->ids->p, r->ids->n * sizeof *p);
    r->ids->p = p;
    r->cap = cap;
    return true;
}

void render_ids(Render *r, const uint32_t *ids, size_t n) {
    if (r->failed || n == 0) return;
    for (size_t i = 0; r->text && i < n; i++) buf_addstr(r->text, tokenizer_bytes(r->t, ids[i]));
    if (!make_room(r, n)) {
        r->failed = true;
        return;
    }
    memcpy(r->ids->p + r->ids->n, ids, n * sizeof *ids);
    r->ids->n += n;
}

void render_special(Render *r, uint32_t id) {
    render_ids(r, &id, 1);
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
        if (!t->name.p && !r->failed)
            r->failed = !err_set(r->err, ERR_INPUT, "a tool message needs the tool's name in 'name'");
        render_text(r, t->name);
        return;
    }
    render_text(r, str_from(role_name(t->role)));
    if (t->name.p) render_prefixed(r, ":", t->name);
}

void render_turn(Render *r, const Turn *t) {
    render_special(r, r->h->start);
    render_author(r, t);
    if (t->recipient.p && !str_eqz(t->recipient, "all")) render_prefixed(r, " to=", t->recipient);
    if (t->channel.p) {
        render_special(r, r->h->channel);
        render_text(r, t->channel);
    }
    if (t->content_type.p) render_content_type(r, t->content_type);
    render_special(r, r->h->message);
    for (size_t i = 0; i < t->n_parts; i++) render_text(r, t->parts[i]);
    /* a recipient makes it a call, even the recipient "all" that is not written */
    render_special(r, t->role == ROLE_ASSISTANT && t->recipient.p ? r->h->call : r->h->end);
}

/* If the last assistant message is an answer, the analysis before the first answer goes; analysis between answers
 * stays, as in the reference, which expects to be applied turn by turn. */
size_t history_dropped(const Turn *t, size_t n) {
    size_t last = n, first = 0;
    while (last > 0 && t[last - 1].role != ROLE_ASSISTANT) last--;
    if (last == 0 || !str_eqz(t[last - 1].channel, "final")) return 0;
    while (first < n && !str_eqz(t[first].channel, "final")) first++;
    return first;
}

bool turn_is_dropped(const Turn *t, size_t i, size_t dropped) {
    return i < dropped && str_eqz(t[i].channel, "analysis");
}

void render_turns(Render *r, const Turn *t, size_t n, bool drop) {
    size_t dropped = drop ? history_dropped(t, n) : 0;
    for (size_t i = 0; i < n; i++)
        if (!turn_is_dropped(t, i, dropped)) render_turn(r, &t[i]);
}

void render_opening(Render *r) {
    render_special(r, r->h->start);
    render_text(r, STR("assistant"));
}
