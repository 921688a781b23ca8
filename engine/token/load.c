/* tokenizer.json of Hugging Face -> Tokenizer. Everything that would change an id is checked and refused by name. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/json.h"
#include "engine/token/token_internal.h"

static const char pattern[] = "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
                              "+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
                              "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}"
                              "]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
                              "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/* ---- what kind of tokenizer it is ---- */

static bool is_absent(const Json *j) {
    return !j || json_type(j) == JSON_NULL;
}

/* A component's "type", for messages: never NULL. */
static const char *type_of(const Json *j) {
    const Json *type = json_get(j, "type");
    return type && json_type(type) == JSON_STRING ? json_str(type).p : "without a type";
}

static bool is_type(const Json *j, const char *name) {
    return !is_absent(j) && strcmp(type_of(j), name) == 0;
}

/* obj[key] is `want`, or absent when that means the same. */
static bool flag_is(const Json *obj, const char *key, bool want, bool if_absent) {
    bool v = if_absent;
    const Json *j = json_get(obj, key);
    if (!is_absent(j) && !json_bool(j, &v)) return false;
    return v == want;
}

static bool check_split(const Json *split, Err *err) {
    Str regex = json_str(json_get(json_get(split, "pattern"), "Regex"));
    if (!is_type(split, "Split"))
        return err_set(err, ERR_INPUT,
                       "the first pre-tokeniser is '%s', but only 'Split' with the o200k pattern is known",
                       type_of(split));
    if (!str_eqz(regex, pattern))
        return err_set(err, ERR_INPUT, "the pre-tokeniser pattern is not the one of o200k: \"" STR_FMT "\"",
                       STR_ARG(str_sub(regex, 0, 200)));
    if (!str_eqz(json_str(json_get(split, "behavior")), "Isolated") || !flag_is(split, "invert", false, false))
        return err_set(err, ERR_INPUT, "the pre-tokeniser Split must have behavior 'Isolated' and invert false");
    return true;
}

static bool check_pretokenizer(const Json *pre, Err *err) {
    if (!is_type(pre, "Sequence"))
        return err_set(err, ERR_INPUT, "'pre_tokenizer' is '%s', but a Sequence of Split and ByteLevel was expected",
                       is_absent(pre) ? "null" : type_of(pre));
    const Json *list = json_get(pre, "pretokenizers");
    const Json *split = list && json_type(list) == JSON_ARRAY ? json_first(list) : NULL;
    const Json *bytes = split ? json_next(split) : NULL;
    if (!bytes || json_next(bytes))
        return err_set(err, ERR_INPUT, "'pre_tokenizer' must be a Sequence of exactly Split and ByteLevel");
    if (!check_split(split, err)) return false;
    if (!is_type(bytes, "ByteLevel"))
        return err_set(err, ERR_INPUT, "the second pre-tokeniser is '%s', but only 'ByteLevel' is known",
                       type_of(bytes));
    if (!flag_is(bytes, "add_prefix_space", false, true) || !flag_is(bytes, "use_regex", false, true))
        return err_set(err, ERR_INPUT, "ByteLevel must have add_prefix_space false and use_regex false");
    return true;
}

/* A component that must be absent or of one harmless type. */
static bool check_component(const Json *root, const char *key, const char *allowed, Err *err) {
    const Json *j = json_get(root, key);
    if (is_absent(j) || (allowed && is_type(j, allowed))) return true;
    return err_set(err, ERR_INPUT, "'%s' is '%s', which is not supported (expected null%s%s)", key, type_of(j),
                   allowed ? " or " : "", allowed ? allowed : "");
}

static bool check_affix(const Json *model, const char *key, Err *err) {
    const Json *j = json_get(model, key);
    if (is_absent(j) || (json_type(j) == JSON_STRING && json_str(j).n == 0)) return true;
    return err_set(err, ERR_INPUT, "'model.%s' is set, which a byte-level vocabulary does not use", key);
}

static bool check_model(const Json *model, Err *err) {
    if (is_absent(model) || json_type(model) != JSON_OBJECT)
        return err_set(err, ERR_INPUT, "missing key 'model' (an object)");
    if (!is_type(model, "BPE"))
        return err_set(err, ERR_INPUT, "'model.type' is '%s', but only 'BPE' is known", type_of(model));
    const Json *dropout = json_get(model, "dropout");
    if (!is_absent(dropout) && !(json_type(dropout) == JSON_NUMBER && json_num(dropout) == 0))
        return err_set(err, ERR_INPUT, "'model.dropout' must be null: an evaluation must repeat");
    if (!flag_is(model, "byte_fallback", false, false))
        return err_set(err, ERR_INPUT, "'model.byte_fallback' must be false: every byte has its own token here");
    return check_affix(model, "continuing_subword_prefix", err) && check_affix(model, "end_of_word_suffix", err);
}

static bool check_shape(const Json *root, Err *err) {
    if (json_type(root) != JSON_OBJECT)
        return err_set(err, ERR_INPUT, "the file must hold one JSON object, but holds %s",
                       json_type_name(json_type(root)));
    return check_model(json_get(root, "model"), err) && check_component(root, "normalizer", NULL, err) &&
           check_pretokenizer(json_get(root, "pre_tokenizer"), err) &&
           check_component(root, "decoder", "ByteLevel", err) &&
           check_component(root, "post_processor", "ByteLevel", err);
}

/* ---- token texts ---- */

/* GPT-2's byte-to-unicode table, backwards: printable Latin-1 stands for itself, the other 68 bytes for U+0100 and up
 * in byte order. -1: no such character. */
static int byte_of(uint32_t cp) {
    if ((cp >= 0x21 && cp <= 0x7E) || (cp >= 0xA1 && cp <= 0xAC) || (cp >= 0xAE && cp <= 0xFF)) return (int)cp;
    if (cp >= 0x100 && cp <= 0x120) return (int)(cp - 0x100);        /* 00..20 */
    if (cp >= 0x121 && cp <= 0x142) return (int)(cp - 0x121 + 0x7F); /* 7F..A0 */
    return cp == 0x143 ? 0xAD : -1;
}

/* Writes the bytes that a vocabulary text stands for to out[text.n]; SIZE_MAX if a character stands for none. */
static size_t decode_text(Str text, char *out) {
    size_t n = 0;
    for (size_t i = 0; i < text.n;) {
        int b = byte_of(utf8_next(text, &i));
        if (b < 0) return SIZE_MAX;
        out[n++] = (char)b;
    }
    return n;
}

static bool id_of(const Json *j, const char *what, Str name, uint32_t *out, Err *err) {
    int64_t id;
    if (!j || !json_int(j, 0, TOKEN_ID_LIMIT - 1, &id))
        return err_set(err, ERR_INPUT, "%s '" STR_FMT "': its id must be an integer from 0 to %u", what,
                       STR_ARG(str_sub(name, 0, 80)), TOKEN_ID_LIMIT - 1);
    *out = (uint32_t)id;
    return true;
}

/* Room for the tables: one more than the largest id, and a pool that all texts fit into. */
static bool reserve_ids(Tokenizer *t, const Json *vocab, const Json *added, size_t text_bytes, Err *err) {
    uint32_t id;
    for (const Json *c = json_first(vocab); c; c = json_next(c)) {
        if (!id_of(c, "token", str_from(json_key(c)), &id, err)) return err_wrap(err, "'model.vocab'");
        if (id >= t->n_ids) t->n_ids = id + 1;
    }
    for (const Json *c = added ? json_first(added) : NULL; c; c = json_next(c)) {
        if (!id_of(json_get(c, "id"), "token", json_str(json_get(c, "content")), &id, err))
            return err_wrap(err, "'added_tokens'");
        if (id >= t->n_ids) t->n_ids = id + 1;
        t->n_special++;
    }
    t->span = mem_alloc(t->n_ids * sizeof *t->span);
    t->flags = mem_alloc(t->n_ids);
    t->pool = mem_alloc(text_bytes);
    t->special = mem_alloc(t->n_special * sizeof *t->special);
    return t->span && t->flags && t->pool && t->special ? true : err_nomem(err);
}

static bool load_added(Tokenizer *t, const Json *added, Err *err) {
    static const char *const plain[] = {"single_word", "lstrip", "rstrip", "normalized"};
    size_t n = 0;
    for (const Json *c = added ? json_first(added) : NULL; c; c = json_next(c)) {
        Str text = json_str(json_get(c, "content"));
        uint32_t id;
        if (!id_of(json_get(c, "id"), "token", text, &id, err)) return false;
        if (text.n == 0) return err_set(err, ERR_INPUT, "'added_tokens': token %u has no text in 'content'", id);
        if (!flag_is(c, "special", true, false))
            return err_set(err, ERR_INPUT,
                           "added token '" STR_FMT "' is not special; plain added tokens are not supported",
                           STR_ARG(str_sub(text, 0, 80)));
        for (size_t k = 0; k < sizeof plain / sizeof *plain; k++)
            if (!flag_is(c, plain[k], false, false))
                return err_set(err, ERR_INPUT, "added token '" STR_FMT "': '%s' is not supported",
                               STR_ARG(str_sub(text, 0, 80)), plain[k]);
        if (t->flags[id] & TOKEN_SPECIAL) return err_set(err, ERR_INPUT, "two added tokens have the id %u", id);
        memcpy(t->pool + t->pool_n, text.p, text.n);
        t->span[id] = (TokenSpan){(uint32_t)t->pool_n, (uint32_t)text.n};
        t->pool_n += text.n;
        t->flags[id] |= TOKEN_SPECIAL;
        t->special_first[(unsigned char)text.p[0]] = true;
        t->special[n++] = id;
    }
    return true;
}

/* Longest spelling first: the scan takes the first that fits. Insertion is enough for some dozens, and a hostile list
 * of many thousands is bounded by qsort. */
typedef struct SpecialKey {
    uint32_t n, id;
} SpecialKey;

static int longer_first(const void *a, const void *b) {
    const SpecialKey *x = a, *y = b;
    if (x->n != y->n) return x->n > y->n ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static bool sort_specials(Tokenizer *t, Err *err) {
    SpecialKey *keys = mem_alloc(t->n_special * sizeof *keys);
    if (!keys) return err_nomem(err);
    for (size_t i = 0; i < t->n_special; i++) keys[i] = (SpecialKey){t->span[t->special[i]].n, t->special[i]};
    qsort(keys, t->n_special, sizeof *keys, longer_first);
    for (size_t i = 0; i < t->n_special; i++) t->special[i] = keys[i].id;
    mem_free(keys);
    return true;
}

/* An added token may be listed in the vocabulary too, under its own id: then it stays special, and ordinary text can
 * never become it. */
static bool load_token(Tokenizer *t, Str text, uint32_t id, Err *err) {
    if (t->flags[id] & TOKEN_SPECIAL) {
        if (str_eq(tokenizer_bytes(t, id), text)) return true;
        return err_set(err, ERR_INPUT, "id %u belongs to an added token and to '" STR_FMT "'", id,
                       STR_ARG(str_sub(text, 0, 80)));
    }
    if (t->span[id].n) return err_set(err, ERR_INPUT, "two tokens have the id %u", id);
    size_t n = decode_text(text, t->pool + t->pool_n);
    if (n == 0 || n == SIZE_MAX)
        return err_set(err, ERR_INPUT, "token '" STR_FMT "' (id %u) is not written in the byte-level alphabet",
                       STR_ARG(str_sub(text, 0, 80)), id);
    t->span[id] = (TokenSpan){(uint32_t)t->pool_n, (uint32_t)n};
    t->pool_n += n;
    uint32_t same = bytesmap_add(&t->bytes, t, id);
    if (same != TOKEN_NONE) return err_set(err, ERR_INPUT, "ids %u and %u have the same text", same, id);
    if (n == 1) t->byte_id[(unsigned char)t->pool[t->span[id].at]] = id;
    return true;
}

static bool load_vocab(Tokenizer *t, const Json *vocab, Err *err) {
    memset(t->byte_id, 0xFF, sizeof t->byte_id);
    if (!bytesmap_open(&t->bytes, json_count(vocab), err)) return false;
    for (const Json *c = json_first(vocab); c; c = json_next(c)) {
        uint32_t id;
        Str text = str_from(json_key(c));
        if (!id_of(c, "token", text, &id, err) || !load_token(t, text, id, err)) return err_wrap(err, "'model.vocab'");
    }
    for (int b = 0; b < 256; b++)
        if (t->byte_id[b] == TOKEN_NONE)
            return err_set(err, ERR_INPUT,
                           "'model.vocab': the byte 0x%02X has no token, so not every text can be encoded", b);
    return true;
}

/* ---- merges ---- */

/* The two halves of an entry: ["a","b"] or "a b". */
static bool merge_halves(const Json *entry, Str *a, Str *b) {
    if (json_type(entry) == JSON_ARRAY) {
        const Json *first = json_first(entry), *second = first ? json_next(first) : NULL;
        if (!second || json_next(second)) return false;
        *a = json_str(first);
        *b = json_str(second);
        return a->n && b->n;
    }
    Str s = json_str(entry);
    size_t space = s.p ? str_find(s, STR(" "), 0) : SIZE_MAX;
    if (space == SIZE_MAX) return false;
    *a = str_sub(s, 0, space);
    *b = str_sub(s, space + 1, s.n);
    return a->n && b->n;
}

/* scratch holds the bytes of both halves side by side, so that their sum is there too. */
static bool load_merge(Tokenizer *t, Str a, Str b, uint32_t rank, char *scratch, Err *err) {
    size_t na = decode_text(a, scratch);
    size_t nb = na == SIZE_MAX ? SIZE_MAX : decode_text(b, scratch + na);
    if (nb == SIZE_MAX) return err_set(err, ERR_INPUT, "it is not written in the byte-level alphabet");
    PairSlot m = {.rank = rank};
    m.left = bytesmap_find(&t->bytes, t, (Str){scratch, na});
    m.right = bytesmap_find(&t->bytes, t, (Str){scratch + na, nb});
    m.id = bytesmap_find(&t->bytes, t, (Str){scratch, na + nb});
    if (m.left == TOKEN_NONE || m.right == TOKEN_NONE)
        return err_set(err, ERR_INPUT, "one of its halves is not in the vocabulary");
    if (m.id == TOKEN_NONE) return err_set(err, ERR_INPUT, "the joined token is not in the vocabulary");
    if (!pairmap_add(&t->pairs, m)) return err_set(err, ERR_INPUT, "the same pair stands further up");
    return true;
}

static bool load_merges(Tokenizer *t, const Json *merges, size_t text_bytes, Err *err) {
    size_t n = json_count(merges), rank = 0;
    if (n >= TOKEN_NONE) return err_set(err, ERR_INPUT, "'model.merges' is too long");
    char *scratch = mem_alloc(text_bytes);
    bool ok = scratch ? pairmap_open(&t->pairs, n, err) : err_nomem(err);
    for (const Json *c = json_first(merges); c && ok; c = json_next(c), rank++) {
        Str a = {0}, b = {0};
        if (!merge_halves(c, &a, &b))
            ok = err_set(err, ERR_INPUT, "a pair [\"a\", \"b\"] or a text \"a b\" was expected");
        else
            ok = load_merge(t, a, b, (uint32_t)rank, scratch, err);
        if (!ok)
            err_wrap(err, "'model.merges' entry %zu (" STR_FMT " " STR_FMT ")", rank, STR_ARG(str_sub(a, 0, 60)),
                     STR_ARG(str_sub(b, 0, 60)));
    }
    mem_free(scratch);
    return ok;
}

/* A piece that equals a token is that token, provided that merging would arrive there too. That holds for every token
 * of o200k; for a vocabulary where it does not, the reference without `ignore_merges` merges, and so do we. */
static bool mark_whole(Tokenizer *t, bool ignore_merges, Err *err) {
    size_t cap = 0;
    for (size_t id = 0; id < t->n_ids; id++)
        if (t->span[id].n > cap) cap = t->span[id].n;
    uint32_t *ids = mem_alloc(cap * sizeof *ids);
    if (!ids) return err_nomem(err);
    bool ok = true;
    for (size_t id = 0; id < t->n_ids && ok; id++) {
        Str bytes = tokenizer_bytes(t, (uint32_t)id);
        if (bytes.n == 0 || (t->flags[id] & TOKEN_SPECIAL)) continue;
        size_t n = ignore_merges ? 1 : bpe_merge(t, bytes, ids);
        ok = n != SIZE_MAX;
        if (n == 1 && (ignore_merges || ids[0] == id)) t->flags[id] |= TOKEN_WHOLE;
    }
    mem_free(ids);
    return ok ? true : err_nomem(err);
}

static bool load_root(Tokenizer *t, const Json *root, size_t text_bytes, Err *err) {
    if (!check_shape(root, err)) return false;
    const Json *model = json_get(root, "model"), *added = json_get(root, "added_tokens");
    const Json *vocab = json_get(model, "vocab"), *merges = json_get(model, "merges");
    if (!vocab || json_type(vocab) != JSON_OBJECT)
        return err_set(err, ERR_INPUT, "missing key 'model.vocab' (an object of token to id)");
    if (!merges || json_type(merges) != JSON_ARRAY)
        return err_set(err, ERR_INPUT, "missing key 'model.merges' (a list)");
    if (!is_absent(added) && json_type(added) != JSON_ARRAY)
        return err_set(err, ERR_INPUT, "'added_tokens' must be a list");
    if (is_absent(added)) added = NULL;
    t->classes = mem_alloc(UNICODE_POINTS);
    if (!t->classes) return err_nomem(err);
    unicode_fill(t->classes);
    return reserve_ids(t, vocab, added, text_bytes, err) && load_added(t, added, err) && sort_specials(t, err) &&
           load_vocab(t, vocab, err) && load_merges(t, merges, text_bytes, err) &&
           mark_whole(t, flag_is(model, "ignore_merges", true, false), err);
}

bool tokenizer__load(Tokenizer *t, Str json, Err *err) {
    Json *root;
    if (!json_parse(json, &root, err)) return false;
    /* every text of the file fits into as many bytes as the file has */
    bool ok = load_root(t, root, json.n, err);
    json_close(root);
    if (!ok) return false;
    char *pool = mem_realloc(t->pool, t->pool_n ? t->pool_n : 1);
    if (pool) t->pool = pool;
    return true;
}
