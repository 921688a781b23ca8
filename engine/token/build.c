/* Filling a Tokenizer, whatever file its tokens come from: specials first, then plain tokens, then merges. */
#include <stdlib.h>
#include <string.h>

#include "engine/token/token_internal.h"

/* ---- byte-level spelling ---- */

/* GPT-2's byte-to-unicode table, backwards: printable Latin-1 stands for itself, the other 68 bytes for U+0100 and up
 * in byte order. -1: no such character. */
static int byte_of(uint32_t cp) {
    if ((cp >= 0x21 && cp <= 0x7E) || (cp >= 0xA1 && cp <= 0xAC) || (cp >= 0xAE && cp <= 0xFF)) return (int)cp;
    if (cp >= 0x100 && cp <= 0x120) return (int)(cp - 0x100);        /* 00..20 */
    if (cp >= 0x121 && cp <= 0x142) return (int)(cp - 0x121 + 0x7F); /* 7F..A0 */
    return cp == 0x143 ? 0xAD : -1;
}

size_t token__spelled(Str text, char *out) {
    size_t n = 0;
    for (size_t i = 0; i < text.n;) {
        unsigned char c = (unsigned char)text.p[i];
        int b = c < 0x80 ? (i++, byte_of(c)) : byte_of(utf8_next(text, &i));
        if (b < 0) return SIZE_MAX;
        out[n++] = (char)b;
    }
    return n;
}

/* ---- tokens ---- */

bool token__reserve(Tokenizer *t, const TokenCounts *c, Err *err) {
    size_t span_bytes;
    BUG_ON(c->n_ids > TOKEN_ID_LIMIT);
    t->n_ids = c->n_ids;
    if (!size_mul(t->n_ids, sizeof *t->span, &span_bytes)) return err_nomem(err);
    t->span = mem_alloc(span_bytes);
    t->flags = mem_alloc(t->n_ids);
    t->pool = mem_alloc(c->text_bytes);
    t->special = mem_alloc(c->n_special * sizeof *t->special);
    t->classes = mem_alloc(UNICODE_POINTS);
    if (!t->span || !t->flags || !t->pool || !t->special || !t->classes) return err_nomem(err);
    memset(t->byte_id, 0xFF, sizeof t->byte_id);
    unicode_fill(t->classes);
    return bytesmap_open(&t->bytes, c->n_plain, err);
}

static bool take_id(Tokenizer *t, uint32_t id, Str text, Err *err) {
    BUG_ON(id >= t->n_ids);
    if (t->span[id].n) return err_set(err, ERR_INPUT, "two tokens have the id %u", id);
    if (text.n > TOKEN_MAX_BYTES)
        return err_set(err, ERR_INPUT, "token %u has %zu bytes, which is more than %d", id, text.n, TOKEN_MAX_BYTES);
    t->span[id] = (TokenSpan){(uint32_t)t->pool_n, (uint32_t)text.n};
    t->pool_n += text.n;
    return true;
}

bool token__add_special(Tokenizer *t, uint32_t id, Str spelling, Err *err) {
    if (spelling.n == 0) return err_set(err, ERR_INPUT, "special token %u has no text", id);
    if (t->flags[id] & TOKEN_SPECIAL) return err_set(err, ERR_INPUT, "two special tokens have the id %u", id);
    memcpy(t->pool + t->pool_n, spelling.p, spelling.n);
    if (!take_id(t, id, spelling, err)) return false;
    t->flags[id] |= TOKEN_SPECIAL;
    t->special_first[(unsigned char)spelling.p[0]] = true;
    t->special[t->n_special++] = id;
    return true;
}

bool token__add_plain(Tokenizer *t, uint32_t id, size_t n, Err *err) {
    if (n == 0) return err_set(err, ERR_INPUT, "token %u has no text", id);
    if (!take_id(t, id, (Str){t->pool + t->pool_n, n}, err)) return false;
    uint32_t same = bytesmap_add(&t->bytes, t, id);
    if (same != TOKEN_NONE) return err_set(err, ERR_INPUT, "ids %u and %u have the same text", same, id);
    if (n == 1) t->byte_id[(unsigned char)t->pool[t->span[id].at]] = id;
    return true;
}

char *token__pool_end(Tokenizer *t) {
    return t->pool + t->pool_n;
}

/* ---- merges ---- */

static bool add_merge(Tokenizer *t, Str halves, size_t n_left, uint32_t rank, Err *err) {
    PairSlot m = {.rank = rank};
    m.left = bytesmap_find(&t->bytes, t, str_sub(halves, 0, n_left));
    m.right = bytesmap_find(&t->bytes, t, str_sub(halves, n_left, halves.n));
    m.id = bytesmap_find(&t->bytes, t, halves);
    if (m.left == TOKEN_NONE || m.right == TOKEN_NONE)
        return err_set(err, ERR_INPUT, "one of its halves is not in the vocabulary");
    if (m.id == TOKEN_NONE) return err_set(err, ERR_INPUT, "the joined token is not in the vocabulary");
    if (!pairmap_add(&t->pairs, m)) return err_set(err, ERR_INPUT, "the same pair stands further up");
    return true;
}

bool token__add_spelled_merge(Tokenizer *t, Str left, Str right, uint32_t rank, char *scratch, Err *err) {
    size_t n_left = token__spelled(left, scratch);
    size_t n_right = n_left == SIZE_MAX ? SIZE_MAX : token__spelled(right, scratch + n_left);
    if (n_right == SIZE_MAX) return err_set(err, ERR_INPUT, "it is not written in the byte-level alphabet");
    return add_merge(t, (Str){scratch, n_left + n_right}, n_left, rank, err);
}

/* ---- the end ---- */

typedef struct SpecialKey {
    Str text;
    uint32_t id;
} SpecialKey;

static int longer_first(const void *a, const void *b) {
    const SpecialKey *x = a, *y = b;
    if (x->text.n != y->text.n) return x->text.n > y->text.n ? -1 : 1;
    return str_cmp(x->text, y->text);
}

/* Longest spelling first: the scan takes the first that fits. */
static bool sort_specials(Tokenizer *t, Err *err) {
    SpecialKey *keys = mem_alloc(t->n_special * sizeof *keys);
    bool ok = true;
    if (!keys) return err_nomem(err);
    for (size_t i = 0; i < t->n_special; i++) keys[i] = (SpecialKey){tokenizer_bytes(t, t->special[i]), t->special[i]};
    qsort(keys, t->n_special, sizeof *keys, longer_first);
    for (size_t i = 0; i < t->n_special; i++) t->special[i] = keys[i].id;
    for (size_t i = 1; i < t->n_special && ok; i++)
        if (str_eq(keys[i - 1].text, keys[i].text))
            ok = err_set(err, ERR_INPUT, "special tokens %u and %u are both '" STR_FMT "'", keys[i - 1].id, keys[i].id,
                         STR_ARG(str_sub(keys[i].text, 0, 80)));
    mem_free(keys);
    return ok;
}

/* A .tiktoken's reference takes a piece that is a token as it is, as do merge lists with `ignore_merges`. Other lists
 * merge it: see TOKEN_WHOLE. */
static void mark_whole(Tokenizer *t) {
    for (size_t id = 0; id < t->n_ids; id++)
        if (t->span[id].n && !(t->flags[id] & TOKEN_SPECIAL)) t->flags[id] = TOKEN_WHOLE;
}

bool token__finish(Tokenizer *t, bool whole_always, Err *err) {
    for (int b = 0; b < 256; b++)
        if (t->byte_id[b] == TOKEN_NONE)
            return err_set(err, ERR_INPUT, "the byte 0x%02X has no token, so not every text can be encoded", b);
    if (!sort_specials(t, err) || !bpe_prepare(t, err)) return false;
    if (whole_always) mark_whole(t);
    char *pool = mem_realloc(t->pool, t->pool_n ? t->pool_n : 1);
    if (pool) t->pool = pool;
    return true;
}
