#include "harness/audit/audit_overlap.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/file.h"
#include "engine/base/json.h"

typedef struct Gram {
    uint64_t hash;
    uint32_t item;
} Gram;

struct Overlap {
    Arena *a;
    OverlapItem *items;
    size_t n_items, cap_items;
    Gram *grams; /* [n_grams]; sorted by hash once all are there */
    size_t n_grams, cap_grams;
    uint32_t *table; /* [table_mask + 1] first gram of a hash, plus 1; 0: none */
    size_t table_mask;
    bool lengths[OVERLAP_WORDS + 1]; /* gram lengths that some item has */
};

Overlap *overlap_open(Arena *a) {
    Overlap *o = mem_alloc(sizeof *o);
    if (o) o->a = a;
    return o;
}

void overlap_close(Overlap *o) {
    if (!o) return;
    mem_free(o->items), mem_free(o->grams), mem_free(o->table);
    mem_free(o);
}

const OverlapItem *overlap_items(const Overlap *o, size_t *n) {
    *n = o->n_items;
    return o->items;
}

/* ---- words ---- */

static uint64_t mix(uint64_t x) { /* the finalizer of SplitMix64 */
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static bool in_word(unsigned char c) {
    return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The next word's hash; false at the end. */
static bool next_word(Str s, size_t *at, uint64_t *hash) {
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    while (*at < s.n && !in_word((unsigned char)s.p[*at])) ++*at;
    if (*at == s.n) return false;
    for (; *at < s.n && in_word((unsigned char)s.p[*at]); ++*at) {
        unsigned char c = (unsigned char)s.p[*at];
        h = (h ^ (c >= 'A' && c <= 'Z' ? c | 0x20u : c)) * UINT64_C(0x100000001b3); /* FNV-1a */
    }
    *hash = mix(h);
    return true;
}

/* The last words of a text, newest first from `at`. */
typedef struct Window {
    uint64_t words[OVERLAP_WORDS];
    size_t n; /* words so far */
} Window;

static void push(Window *w, uint64_t word) {
    w->words[w->n++ % OVERLAP_WORDS] = word;
}

/* Extends the hash of the last `length` - 1 words by the one before them. */
static uint64_t extend(const Window *w, uint64_t hash, size_t length) {
    return mix(hash + w->words[(w->n - length) % OVERLAP_WORDS] + length);
}

/* ---- items ---- */

static bool grow(void **v, size_t *cap, size_t size) {
    size_t more = *cap ? 2 * *cap : 256, bytes;
    void *p = size_mul(more, size, &bytes) ? mem_realloc(*v, bytes) : NULL;
    if (!p) return false;
    *v = p, *cap = more;
    return true;
}

static bool add_gram(Overlap *o, const Window *w, size_t length) {
    uint64_t h = 0;
    if (o->n_grams == o->cap_grams && !grow((void **)&o->grams, &o->cap_grams, sizeof *o->grams)) return false;
    for (size_t k = 1; k <= length; k++) h = extend(w, h, k);
    o->grams[o->n_grams++] = (Gram){h, (uint32_t)(o->n_items - 1)};
    o->lengths[length] = true;
    return true;
}

bool overlap_add(Overlap *o, Str suite, Str sample, Str text) {
    Window w = {.n = 0};
    uint64_t word;
    if (o->n_items == UINT32_MAX) return false;
    if (o->n_items == o->cap_items && !grow((void **)&o->items, &o->cap_items, sizeof *o->items)) return false;
    OverlapItem it = {.suite = str_dup(o->a, suite), .sample = str_dup(o->a, sample)};
    if (!it.suite.p || !it.sample.p) return false;
    o->items[o->n_items++] = it;
    for (size_t at = 0; next_word(text, &at, &word);) {
        push(&w, word);
        if (w.n >= OVERLAP_WORDS && !add_gram(o, &w, OVERLAP_WORDS)) return false;
    }
    return w.n < OVERLAP_LEAST || w.n >= OVERLAP_WORDS || add_gram(o, &w, w.n);
}

/* ---- the table ---- */

static int by_hash(const void *x, const void *y) {
    const Gram *a = x, *b = y;
    if (a->hash != b->hash) return a->hash < b->hash ? -1 : 1;
    return (a->item > b->item) - (a->item < b->item);
}

static bool same_hash_and_suite(const Overlap *o, const Gram *a, const Gram *b) {
    return a->hash == b->hash && str_eq(o->items[a->item].suite, o->items[b->item].suite);
}

/* Takes away what is wording of a suite's prompts; the others are their items' own. Items are in order, and the items
 * of a suite stand together. */
static void keep_own(Overlap *o) {
    size_t kept = 0;
    for (size_t i = 0, end; i < o->n_grams; i = end) {
        size_t items = 0;
        for (end = i; end < o->n_grams && same_hash_and_suite(o, &o->grams[i], &o->grams[end]); end++)
            items += end == i || o->grams[end].item != o->grams[end - 1].item;
        if (items > OVERLAP_SHARED) continue;
        for (size_t k = i; k < end; k++) {
            o->items[o->grams[k].item].told = true;
            o->grams[kept++] = o->grams[k];
        }
    }
    o->n_grams = kept;
}

static uint32_t *place(const Overlap *o, uint64_t hash) {
    size_t i = (size_t)hash & o->table_mask;
    while (o->table[i] && o->grams[o->table[i] - 1].hash != hash) i = (i + 1) & o->table_mask;
    return &o->table[i];
}

static bool build(Overlap *o) {
    size_t cap = 1024, bytes;
    if (o->n_grams >= UINT32_MAX) return false;
    if (o->n_grams) qsort(o->grams, o->n_grams, sizeof *o->grams, by_hash);
    keep_own(o);
    while (cap / 2 < o->n_grams) cap *= 2;
    if (!size_mul(cap, sizeof *o->table, &bytes) || !(o->table = mem_alloc(bytes))) return false;
    o->table_mask = cap - 1;
    for (size_t i = o->n_grams; i-- > 0;) *place(o, o->grams[i].hash) = (uint32_t)i + 1; /* the first of a hash stays */
    return true;
}

/* ---- the data ---- */

static void mark(Overlap *o, uint64_t hash) {
    size_t at = *place(o, hash);
    if (!at) return;
    for (size_t i = at - 1; i < o->n_grams && o->grams[i].hash == hash; i++) o->items[o->grams[i].item].found = true;
}

static void look_in(Overlap *o, Str text) {
    Window w = {.n = 0};
    uint64_t word;
    for (size_t at = 0; next_word(text, &at, &word);) {
        uint64_t h = 0;
        push(&w, word);
        for (size_t k = 1; k <= OVERLAP_WORDS && k <= w.n; k++) {
            h = extend(&w, h, k);
            if (o->lengths[k]) mark(o, h);
        }
    }
}

/* json_parse bounds the depth. */
static void look_in_node(Overlap *o, const Json *j) {
    Str s = json_str(j);
    if (s.p) look_in(o, s);
    for (const Json *c = json_first(j); c; c = json_next(c)) look_in_node(o, c);
}

static bool scan_line(Overlap *o, Str line, int64_t n, const char *path, Err *err) {
    Json *j = NULL;
    if (line.n > OVERLAP_LINE_MAX)
        return err_set(err, ERR_INPUT, "%s line %lld: it is longer than %zu MiB; is this JSON Lines?", path,
                       (long long)n, OVERLAP_LINE_MAX >> 20);
    if (!str_trim(line).n) return true;
    if (!json_parse(line, &j, err)) return err_wrap(err, "%s line %lld", path, (long long)n);
    look_in_node(o, j);
    json_close(j);
    return true;
}

bool overlap_scan(Overlap *o, const char *path, int64_t *lines, Err *err) {
    FileMap map;
    *lines = 0;
    if (!build(o)) return err_nomem(err);
    if (!file_map(path, &map, err)) return false;
    Str rest = {(const char *)map.p, map.n};
    bool ok = true;
    if (str_starts(rest, STR("\xef\xbb\xbf"))) rest = str_sub(rest, 3, rest.n);
    while (ok && rest.n) {
        const char *end = memchr(rest.p, '\n', rest.n);
        size_t n = end ? (size_t)(end - rest.p) : rest.n;
        ok = scan_line(o, str_sub(rest, 0, n), ++*lines, path, err);
        rest = str_sub(rest, end ? n + 1 : n, rest.n);
    }
    file_unmap(&map);
    return ok;
}
