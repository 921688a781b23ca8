/* tokenizer.json of Hugging Face -> Tokenizer. The published file has 28 MB, nearly all of it the vocabulary and the
 * merges: these two are read where they stand, and the rest, with both left empty, goes through the ordinary reader. */
#include <string.h>

#include "engine/token/scan.h"
#include "engine/token/token_internal.h"

typedef struct Parts {
    Str vocab, merges; /* as they stand in the file, brackets and all; absent: not found, or of another type */
    size_t n_merges;   /* if the list is what it should be */
} Parts;

/* ---- finding the two parts ---- */

static bool is_key(const ScanText *key, const char *name) {
    char text[64];
    if (!key->escaped) return str_eqz(key->raw, name);
    size_t n = key->raw.n <= sizeof text ? scan_unescape(key->raw, text) : SIZE_MAX;
    return n != SIZE_MAX && str_eqz((Str){text, n}, name);
}

static bool find_in_model(Scan *s, Parts *p) {
    ScanText key;
    Str value;
    bool first = true;
    if (!scan_take(s, '{')) return false;
    while (scan_item(s, '}', &first)) {
        if (!scan_key(s, &key)) return false;
        Scan before = *s;
        if (!scan_value(s, &value)) return false;
        if (is_key(&key, "vocab") && value.p[0] == '{') p->vocab = value;
        if (is_key(&key, "merges") && value.p[0] == '[') {
            size_t texts = s->n_texts - before.n_texts, pairs = s->n_open - before.n_open - 1;
            p->merges = value;
            p->n_merges = texts > pairs ? texts - pairs : 0;
        }
    }
    return !s->bad;
}

static bool find_parts(Str json, Parts *p) {
    Scan s = scan_open(json);
    ScanText key;
    Str value;
    bool first = true;
    if (!scan_take(&s, '{')) return false;
    while (scan_item(&s, '}', &first)) {
        if (!scan_key(&s, &key)) return false;
        bool model = is_key(&key, "model") && scan_peek(&s) == '{';
        if (model ? !find_in_model(&s, p) : !scan_value(&s, &value)) return false;
    }
    return !s.bad;
}

/* The document without the two parts. */
static bool parse_rest(Str json, const Parts *p, Json **out, Err *err) {
    const char *end = json.p + json.n;
    Str cut[2] = {p->vocab, p->merges};
    if (!cut[0].p || (cut[1].p && cut[1].p < cut[0].p)) cut[0] = p->merges, cut[1] = p->vocab;
    Buf b;
    buf_init(&b, json.n + 1);
    for (int i = 0; i < 2 && cut[i].p; i++) {
        buf_add(&b, json.p, (size_t)(cut[i].p - json.p));
        buf_adds(&b, *cut[i].p == '{' ? "{}" : "[]");
        json = (Str){cut[i].p + cut[i].n, (size_t)(end - cut[i].p) - cut[i].n};
    }
    buf_addstr(&b, json);
    bool ok = b.failed ? err_nomem(err) : json_parse(buf_str(&b), out, err);
    buf_release(&b);
    return ok;
}

/* When something is wrong, the ordinary reader says what, with line and column in the whole file. A document that it
 * can read all the same is none of ours, as the checks of its shape will say. */
static bool open_rest(Str json, Parts *p, Json **out, Err *err) {
    Err why = ERR_INIT;
    *p = (Parts){{NULL, 0}, {NULL, 0}, 0};
    if (find_parts(json, p) && parse_rest(json, p, out, &why)) return true;
    *p = (Parts){{NULL, 0}, {NULL, 0}, 0};
    return why.code == ERR_MEMORY ? err_nomem(err) : json_parse(json, out, err);
}

/* ---- the vocabulary ---- */

/* Steps through {"text": id, ...}. False: the end, or *ok is false. */
static bool next_token(Scan *s, bool *first, ScanText *text, uint32_t *id, bool *ok, Err *err) {
    Str value;
    if (!*ok || !scan_item(s, '}', first)) {
        if (*ok && s->bad) *ok = err_set(err, ERR_INPUT, "it is not valid JSON");
        return false;
    }
    if (!scan_key(s, text) || !scan_value(s, &value))
        *ok = err_set(err, ERR_INPUT, "it is not valid JSON");
    else if (!scan_uint(value, TOKEN_ID_LIMIT - 1, id))
        *ok = err_set(err, ERR_INPUT, "token '" STR_FMT "': its id must be an integer from 0 to %u",
                      STR_ARG(str_sub(text->raw, 0, 80)), TOKEN_ID_LIMIT - 1);
    return *ok;
}

static void count_id(TokenCounts *c, uint32_t id) {
    if (id >= c->n_ids) c->n_ids = (size_t)id + 1;
}

static bool count_vocab(Str vocab, TokenCounts *c, Err *err) {
    Scan s = scan_open(vocab);
    ScanText text;
    uint32_t id;
    bool first = true, ok = true;
    scan_take(&s, '{');
    for (; next_token(&s, &first, &text, &id, &ok, err); c->n_plain++) count_id(c, id);
    return ok;
}

/* The text as the file means it: in place, or unescaped into scratch. */
static bool plain_text(const ScanText *t, char *scratch, Str *out) {
    *out = t->raw;
    if (!t->escaped) return true;
    size_t n = scan_unescape(t->raw, scratch);
    *out = (Str){scratch, n};
    return n != SIZE_MAX;
}

/* An added token may be listed in the vocabulary too, under its own id: then it stays special, and ordinary text can
 * never become it. */
static bool load_token(Tokenizer *t, const ScanText *spelled, uint32_t id, char *scratch, Err *err) {
    Str text;
    bool readable = plain_text(spelled, scratch, &text);
    if (readable && (t->flags[id] & TOKEN_SPECIAL)) {
        if (str_eq(tokenizer_bytes(t, id), text)) return true;
        return err_set(err, ERR_INPUT, "id %u belongs to an added token and to '" STR_FMT "'", id,
                       STR_ARG(str_sub(text, 0, 80)));
    }
    size_t n = readable ? token__spelled(text, token__pool_end(t)) : SIZE_MAX;
    if (n == 0 || n == SIZE_MAX)
        return err_set(err, ERR_INPUT, "token '" STR_FMT "' (id %u) is not written in the byte-level alphabet",
                       STR_ARG(str_sub(spelled->raw, 0, 80)), id);
    return token__add_plain(t, id, n, err);
}

static bool load_vocab(Tokenizer *t, Str vocab, char *scratch, Err *err) {
    Scan s = scan_open(vocab);
    ScanText text;
    uint32_t id;
    bool first = true, ok = true;
    scan_take(&s, '{');
    while (next_token(&s, &first, &text, &id, &ok, err)) ok = load_token(t, &text, id, scratch, err);
    return ok || err_wrap(err, "'model.vocab'");
}

/* ---- added tokens ---- */

static bool added_id(const Json *entry, uint32_t *id, Err *err) {
    int64_t v;
    const Json *j = json_get(entry, "id");
    if (!j || !json_int(j, 0, TOKEN_ID_LIMIT - 1, &v))
        return err_set(err, ERR_INPUT, "'added_tokens': token '" STR_FMT "': its id must be an integer from 0 to %u",
                       STR_ARG(str_sub(json_str(json_get(entry, "content")), 0, 80)), TOKEN_ID_LIMIT - 1);
    *id = (uint32_t)v;
    return true;
}

static bool count_added(const Json *added, TokenCounts *c, Err *err) {
    uint32_t id;
    for (const Json *j = added ? json_first(added) : NULL; j; j = json_next(j), c->n_special++) {
        if (!added_id(j, &id, err)) return false;
        count_id(c, id);
    }
    return true;
}

static bool load_added(Tokenizer *t, const Json *added, Err *err) {
    uint32_t id;
    for (const Json *j = added ? json_first(added) : NULL; j; j = json_next(j)) {
        Str text = json_str(json_get(j, "content"));
        if (!added_id(j, &id, err) || !json_shape_added(j, err)) return false;
        if (text.n == 0) return err_set(err, ERR_INPUT, "'added_tokens': token %u has no text in 'content'", id);
        if (!token__add_special(t, id, text, err)) return err_wrap(err, "'added_tokens'");
    }
    return true;
}

/* ---- merges ---- */

/* ["a", "b"], or "a b". */
static bool merge_halves(Scan *s, char *scratch, size_t room, Str *a, Str *b) {
    ScanText one, two;
    bool first = true;
    if (scan_take(s, '[')) {
        if (!scan_item(s, ']', &first) || !scan_text(s, &one) || !scan_item(s, ']', &first) || !scan_text(s, &two) ||
            scan_item(s, ']', &first) || s->bad)
            return false;
        return plain_text(&one, scratch, a) && plain_text(&two, scratch + room, b) && a->n && b->n;
    }
    Str text;
    if (scan_peek(s) != '"' || !scan_text(s, &one) || !plain_text(&one, scratch, &text)) return false;
    const char *space = text.n ? memchr(text.p, ' ', text.n) : NULL;
    if (!space) return false;
    *a = (Str){text.p, (size_t)(space - text.p)};
    *b = str_sub(text, a->n + 1, text.n);
    return a->n && b->n;
}

/* scratch: three times `room`, which each text of the list fits into. */
static bool load_merges(Tokenizer *t, Str list, size_t n, char *scratch, size_t room, Err *err) {
    Scan s = scan_open(list);
    size_t rank = 0;
    bool first = true, ok = true;
    if (n >= TOKEN_NONE) return err_set(err, ERR_INPUT, "'model.merges' is too long");
    if (!pairmap_open(&t->pairs, n, err)) return false;
    scan_take(&s, '[');
    for (; ok && scan_item(&s, ']', &first); rank++) {
        Str a = {NULL, 0}, b = {NULL, 0};
        if (rank == n || !merge_halves(&s, scratch, room, &a, &b))
            ok = err_set(err, ERR_INPUT, "a pair [\"a\", \"b\"] or a text \"a b\" was expected");
        else
            ok = token__add_spelled_merge(t, a, b, (uint32_t)rank, scratch + 2 * room, err);
        if (!ok)
            err_wrap(err, "'model.merges' entry %zu (" STR_FMT " " STR_FMT ")", rank, STR_ARG(str_sub(a, 0, 60)),
                     STR_ARG(str_sub(b, 0, 60)));
    }
    return ok;
}

/* ---- the whole ---- */

static bool load(Tokenizer *t, const Json *rest, const Parts *p, char *scratch, size_t room, Err *err) {
    const Json *added = json_get(rest, "added_tokens");
    TokenCounts c = {.text_bytes = p->vocab.n};
    if (added && json_type(added) != JSON_ARRAY) added = NULL; /* null: json_shape_check saw to it */
    if (!count_vocab(p->vocab, &c, err)) return err_wrap(err, "'model.vocab'");
    if (!count_added(added, &c, err)) return false;
    for (const Json *j = added ? json_first(added) : NULL; j; j = json_next(j))
        c.text_bytes += json_str(json_get(j, "content")).n;
    if (!token__reserve(t, &c, err) || !load_added(t, added, err) || !load_vocab(t, p->vocab, scratch, err))
        return false;
    return load_merges(t, p->merges, p->n_merges, scratch, room, err) &&
           token__finish(t, json_shape_ignores_merges(rest), err);
}

bool tokenizer__load_json(Tokenizer *t, Str json, Err *err) {
    Parts p;
    Json *rest = NULL;
    char *scratch = NULL;
    size_t bytes, room;
    if (!open_rest(json, &p, &rest, err)) return false;
    room = p.vocab.n > p.merges.n ? p.vocab.n : p.merges.n;
    bool ok = json_shape_check(rest, err);
    if (ok && !p.vocab.p) ok = err_set(err, ERR_INPUT, "missing key 'model.vocab' (an object of token to id)");
    if (ok && !p.merges.p) ok = err_set(err, ERR_INPUT, "missing key 'model.merges' (a list)");
    if (ok) {
        scratch = size_mul(room, 4, &bytes) ? mem_alloc(bytes) : NULL;
        ok = scratch ? load(t, rest, &p, scratch, room, err) : err_nomem(err);
    }
    mem_free(scratch);
    json_close(rest);
    return ok;
}
