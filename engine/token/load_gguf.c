/* The tokenizer keys of a GGUF file -> Tokenizer (specs/gpt-oss-model.md section 4c; ggml's docs/gguf.md). Token texts
 * are in the byte-level spelling, those of control tokens as they are; type 5 marks fillers, which have no text. */
#include <string.h>

#include "engine/base/gguf.h"
#include "engine/token/token_internal.h"

#define KEY(name) "tokenizer.ggml." name

/* llama.h, enum llama_token_type */
enum { TYPE_NORMAL = 1, TYPE_UNKNOWN, TYPE_CONTROL, TYPE_USER_DEFINED, TYPE_UNUSED, TYPE_BYTE };

typedef struct Lists {
    const GgufValue *tokens, *types, *merges;
} Lists;

static bool want(const Gguf *g, const char *key, const char *only, Err *err) {
    Str s = {NULL, 0};
    if (!gguf_str(g, key, true, &s, err)) return false;
    if (str_eqz(s, only)) return true;
    return err_set(err, ERR_INPUT, "'%s' is '" STR_FMT "', but only '%s' is known", key, STR_ARG(str_sub(s, 0, 80)),
                   only);
}

static bool find_lists(const Gguf *g, Lists *l, Err *err) {
    if (!want(g, KEY("model"), "gpt2", err) || !want(g, KEY("pre"), "gpt-4o", err)) return false;
    if (!gguf_array(g, KEY("tokens"), true, GGUF_STRING, &l->tokens, err) ||
        !gguf_array(g, KEY("token_type"), true, GGUF_I32, &l->types, err) ||
        !gguf_array(g, KEY("merges"), true, GGUF_STRING, &l->merges, err))
        return false;
    if (l->tokens->count == 0 || l->tokens->count > TOKEN_ID_LIMIT)
        return err_set(err, ERR_INPUT, "'%s' has %llu entries; 1 to %u were expected", KEY("tokens"),
                       (unsigned long long)l->tokens->count, TOKEN_ID_LIMIT);
    if (l->types->count != l->tokens->count)
        return err_set(err, ERR_INPUT, "'%s' has %llu entries, but '%s' has %llu", KEY("token_type"),
                       (unsigned long long)l->types->count, KEY("tokens"), (unsigned long long)l->tokens->count);
    if (l->merges->count >= TOKEN_NONE) return err_set(err, ERR_INPUT, "'%s' is too long", KEY("merges"));
    return true;
}

/* Ids that we do not use (special tokens are found by text), but whose nonsense shows a broken file. */
static bool check_ids(const Gguf *g, uint64_t n, Err *err) {
    static const char *const keys[] = {KEY("bos_token_id"), KEY("eos_token_id"), KEY("padding_token_id")};
    uint64_t id;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (!gguf_uint(g, keys[i], false, 0, n - 1, &id, err)) return false;
    return true;
}

/* ---- tokens ---- */

static bool count_types(const Lists *l, TokenCounts *c, Err *err) {
    for (uint64_t i = 0; i < l->types->count; i++) {
        int64_t type = gguf_item_int(l->types, i);
        if (type == TYPE_NORMAL)
            c->n_plain++;
        else if (type == TYPE_CONTROL)
            c->n_special++;
        else if (type == TYPE_USER_DEFINED)
            return err_set(err, ERR_INPUT,
                           "'%s': token %llu is a plain added token (type 4), which is not supported: it would be cut "
                           "out of ordinary text",
                           KEY("token_type"), (unsigned long long)i);
        else if (type != TYPE_UNUSED)
            return err_set(err, ERR_INPUT,
                           "'%s': token %llu has type %lld; 1 (normal), 3 (control) or 5 (unused) was expected",
                           KEY("token_type"), (unsigned long long)i, (long long)type);
        if (type != TYPE_UNUSED) c->n_ids = i + 1;
    }
    return true;
}

static bool load_token(Tokenizer *t, uint32_t id, int64_t type, Str text, Err *err) {
    if (type == TYPE_UNUSED) return true;
    if (type == TYPE_CONTROL) return token__add_special(t, id, text, err);
    size_t n = token__spelled(text, token__pool_end(t));
    if (n == SIZE_MAX)
        return err_set(err, ERR_INPUT, "token '" STR_FMT "' (id %u) is not written in the byte-level alphabet",
                       STR_ARG(str_sub(text, 0, 80)), id);
    return token__add_plain(t, id, n, err);
}

static bool load_tokens(Tokenizer *t, const Lists *l, Err *err) {
    size_t at = 0;
    for (uint64_t i = 0; i < l->tokens->count; i++) {
        Str text = gguf_next_str(l->tokens, &at);
        if (!load_token(t, (uint32_t)i, gguf_item_int(l->types, i), text, err))
            return err_wrap(err, "'%s'", KEY("tokens"));
    }
    return true;
}

static bool load_merges(Tokenizer *t, const GgufValue *merges, Err *err) {
    char *scratch = mem_alloc(merges->bytes);
    bool ok = scratch ? pairmap_open(&t->pairs, merges->count, err) : err_nomem(err);
    size_t at = 0;
    for (uint64_t i = 0; i < merges->count && ok; i++) {
        Str pair = gguf_next_str(merges, &at);
        const char *space = pair.n ? memchr(pair.p, ' ', pair.n) : NULL;
        size_t n = space ? (size_t)(space - pair.p) : 0;
        if (n == 0 || n + 1 == pair.n)
            ok = err_set(err, ERR_INPUT, "a text \"a b\" was expected");
        else
            ok = token__add_spelled_merge(t, str_sub(pair, 0, n), str_sub(pair, n + 1, pair.n), (uint32_t)i, scratch,
                                          err);
        if (!ok)
            err_wrap(err, "'%s' entry %llu (" STR_FMT ")", KEY("merges"), (unsigned long long)i,
                     STR_ARG(str_sub(pair, 0, 120)));
    }
    mem_free(scratch);
    return ok;
}

static bool load(Tokenizer *t, const Gguf *g, Err *err) {
    Lists l;
    TokenCounts c = {0};
    if (!find_lists(g, &l, err) || !check_ids(g, l.tokens->count, err) || !count_types(&l, &c, err)) return false;
    c.text_bytes = l.tokens->bytes;
    t->n_rows = l.tokens->count;
    return token__reserve(t, &c, err) && load_tokens(t, &l, err) && load_merges(t, l.merges, err) &&
           token__finish(t, false, err);
}

/* What gguf.h refuses names the file already. */
bool tokenizer__load_gguf(Tokenizer *t, Str bytes, const char *file, Err *err) {
    Gguf *g = NULL;
    bool ok = gguf_open((const unsigned char *)bytes.p, bytes.n, file, &g, err) && load(t, g, err);
    gguf_close(g);
    return ok || err_wrap_file(err, file);
}
