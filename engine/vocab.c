/* The tokeniser and the harmony format of a model, for callers outside the engine. */
#include "engine/vocab_internal.h"

#include "engine/base/json_nul.h"
#include "engine/chat/chat_internal.h"

size_t vocab_size(const Vocab *v) {
    return v->size;
}
const Tokenizer *vocab_tokenizer(const Vocab *v) {
    return v->t;
}
const HarmonyIds *vocab_harmony(const Vocab *v) {
    return &v->h;
}

/* ---- text and ids ---- */

bool vocab_encode(const Vocab *v, Str text, bool special, Arena *a, Ids *out, Err *err) {
    size_t cap = 0;
    *out = (Ids){NULL, 0};
    return tokenizer_encode(v->t, text, special, a, out, &cap, err);
}

static bool check_range(const Vocab *v, const uint32_t *ids, size_t n, Err *err) {
    for (size_t i = 0; i < n; i++)
        if (ids[i] >= v->size)
            return err_set(err, ERR_INPUT, "id %u (number %zu) is outside the vocabulary of %zu", ids[i], i, v->size);
    return true;
}

bool vocab_decode(const Vocab *v, const uint32_t *ids, size_t n, Buf *out, Err *err) {
    if (!check_range(v, ids, n, err)) return false;
    for (size_t i = 0; i < n; i++) buf_addstr(out, tokenizer_bytes(v->t, ids[i]));
    return true;
}

/* ---- conversations ---- */

bool vocab_render(const Vocab *v, Str json, const RenderOptions *o, Arena *a, Buf *text, Ids *ids, Err *err) {
    Json *j;
    NulMark nul;
    Conversation c;
    *ids = (Ids){NULL, 0};
    if (!json_parse_nul(json, a, &j, &nul, err)) return false;
    Render r = {.t = v->t, .h = &v->h, .a = a, .text = text, .ids = ids, .nul = &nul, .err = err};
    bool ok = conversation_read(j, o, a, &c, err);
    if (ok) {
        render_turns(&r, c.turns, c.n, c.drop_analysis);
        if (c.completion) render_opening(&r);
        ok = !r.failed;
    }
    json_close(j);
    return ok;
}

static bool read_ids(const Vocab *v, const Json *list, Arena *a, Ids *out, Err *err) {
    if (json_type(list) != JSON_ARRAY) return err_set(err, ERR_INPUT, "'ids' must be a list of integers");
    *out = (Ids){arena_array(a, json_count(list), sizeof(uint32_t)), 0};
    if (!out->p) return err_nomem(err);
    for (const Json *j = json_first(list); j; j = json_next(j)) {
        int64_t id;
        if (!json_int(j, 0, UINT32_MAX, &id))
            return err_set(err, ERR_INPUT, "'ids' entry %zu is not a token id", out->n);
        out->p[out->n++] = (uint32_t)id;
    }
    return check_range(v, out->p, out->n, err);
}

static bool read_line(const Vocab *v, const Json *j, const NulMark *nul, Arena *a, Ids *ids, Err *err) {
    if (json_type(j) != JSON_OBJECT) return err_set(err, ERR_INPUT, "an object with 'ids' or 'text' was expected");
    if (json_get(j, "ids")) return read_ids(v, json_get(j, "ids"), a, ids, err);
    Str text = {NULL, 0};
    if (!json_get(j, "text")) return err_set(err, ERR_INPUT, "missing key 'ids' or 'text'");
    if (!json_want_str(j, "text", true, &text, err)) return false;
    text = nul_restore(nul, a, text);
    return text.p ? vocab_encode(v, text, true, a, ids, err) : err_nomem(err);
}

/* Absent: an assistant's completion; null: a whole conversation. */
static bool read_known_role(const Json *j, Role *role, const Role **known, Err *err) {
    const Json *given = json_get(j, "role");
    *role = ROLE_ASSISTANT;
    *known = role;
    if (!given) return true;
    if (json_type(given) == JSON_NULL) return *known = NULL, true;
    if (json_type(given) == JSON_STRING && chat__role_parse(json_str(given), role)) return true;
    return err_set(err, ERR_INPUT, "'role' must be null or one of system, developer, user, assistant, tool");
}

static void write_optional(JsonOut *o, const char *key, Str s) {
    if (!s.p) return;
    json_out_key(o, key);
    json_out_str(o, s);
}

static void write_message(JsonOut *o, const Message *m) {
    json_obj(o);
    write_optional(o, "role", str_from(role_name(m->role)));
    write_optional(o, "channel", m->channel);
    write_optional(o, "recipient", m->recipient);
    write_optional(o, "content_type", m->content_type);
    write_optional(o, "name", m->name);
    write_optional(o, "content", m->content);
    json_obj_end(o);
}

static void write_defects(JsonOut *o, const ChatDefects *d) {
    json_out_key(o, "malformed");
    json_arr(o);
    for (size_t i = 0; i < d->n_kinds; i++) {
        Buf b;
        buf_init(&b, 256);
        chat_defects_put(d, i, &b);
        json_out_str(o, buf_str(&b));
        if (b.failed) o->buf->failed = true;
        buf_release(&b);
    }
    json_arr_end(o);
}

static void write_parsed(const ChatParsed *p, Buf *out) {
    JsonOut o;
    json_out_init(&o, out, 0);
    json_obj(&o);
    json_out_key(&o, "messages");
    json_arr(&o);
    for (size_t i = 0; i < p->n_messages; i++) write_message(&o, &p->messages[i]);
    json_arr_end(&o);
    json_out_key(&o, "stop");
    json_out_cstr(&o, p->end.stop);
    if (p->end.defects.n_kinds) write_defects(&o, &p->end.defects);
    json_obj_end(&o);
}

bool vocab_parse(const Vocab *v, Str json, bool strict, Arena *a, Buf *out, Err *err) {
    Json *j;
    NulMark nul;
    Ids ids = {NULL, 0};
    Role role;
    const Role *known = NULL;
    ChatParsed parsed;
    if (!json_parse_nul(json, a, &j, &nul, err)) return false;
    bool ok = read_line(v, j, &nul, a, &ids, err) && read_known_role(j, &role, &known, err);
    json_close(j);
    const ChatParseOptions o = {.role = known, .strict = strict};
    if (!ok || !chat_parse_with(v->t, &v->h, &o, ids.p, ids.n, a, &parsed, err)) return false;
    write_parsed(&parsed, out);
    return true;
}
