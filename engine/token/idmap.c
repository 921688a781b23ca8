#include "engine/token/token_internal.h"

#include <string.h>

/* Slots for n entries at a load of at most one half. */
static bool slots_for(size_t n, size_t *out) {
    size_t want, slots = 16;
    if (!size_mul(n, 2, &want)) return false;
    while (slots < want) slots *= 2;
    *out = slots;
    return true;
}

static uint64_t mix(uint64_t x) {
    x ^= x >> 32;
    x *= 0x9E3779B97F4A7C15u;
    x ^= x >> 29;
    x *= 0xBF58476D1CE4E5B9u;
    return x ^ x >> 32;
}

bool pairmap_open(PairMap *m, size_t n, Err *err) {
    size_t slots, bytes;
    if (!slots_for(n, &slots) || !size_mul(slots, sizeof *m->slot, &bytes)) return err_nomem(err);
    m->slot = mem_alloc(bytes);
    if (!m->slot) return err_nomem(err);
    memset(m->slot, 0xFF, bytes);
    m->mask = slots - 1;
    return true;
}

static PairSlot *pair_slot(const PairMap *m, uint32_t left, uint32_t right) {
    size_t i = mix((uint64_t)left << 32 | right) & m->mask;
    while (m->slot[i].left != TOKEN_NONE && (m->slot[i].left != left || m->slot[i].right != right))
        i = (i + 1) & m->mask;
    return &m->slot[i];
}

bool pairmap_add(PairMap *m, PairSlot entry) {
    BUG_ON(m->used > m->mask / 2 + 1);
    PairSlot *s = pair_slot(m, entry.left, entry.right);
    if (s->left != TOKEN_NONE) return false;
    *s = entry;
    m->used++;
    return true;
}

const PairSlot *pairmap_find(const PairMap *m, uint32_t left, uint32_t right) {
    const PairSlot *s = pair_slot(m, left, right);
    return s->left == TOKEN_NONE ? NULL : s;
}

bool bytesmap_open(BytesMap *m, size_t n, Err *err) {
    size_t slots, bytes;
    if (!slots_for(n, &slots) || !size_mul(slots, sizeof *m->slot, &bytes)) return err_nomem(err);
    m->slot = mem_alloc(bytes);
    if (!m->slot) return err_nomem(err);
    memset(m->slot, 0xFF, bytes);
    m->mask = slots - 1;
    return true;
}

static uint64_t hash_bytes(Str s) {
    uint64_t h = s.n, word;
    size_t i = 0;
    for (; s.n - i >= 8; i += 8) {
        memcpy(&word, s.p + i, 8);
        h = mix(h ^ word);
    }
    word = 0;
    memcpy(&word, s.p + i, s.n - i);
    return mix(h ^ word);
}

static Str span_bytes(const Tokenizer *t, uint32_t id) {
    return (Str){t->pool + t->span[id].at, t->span[id].n};
}

/* The slot that holds bytes, or the free one that would; *tag belongs into it. */
static BytesSlot *bytes_slot(const BytesMap *m, const Tokenizer *t, Str bytes, uint32_t *tag) {
    uint64_t h = hash_bytes(bytes);
    size_t i = h & m->mask;
    *tag = (uint32_t)(h >> 32);
    for (;; i = (i + 1) & m->mask) {
        const BytesSlot *s = &m->slot[i];
        if (s->id == TOKEN_NONE || (s->tag == *tag && str_eq(span_bytes(t, s->id), bytes))) return &m->slot[i];
    }
}

uint32_t bytesmap_add(BytesMap *m, const Tokenizer *t, uint32_t id) {
    BUG_ON(m->used > m->mask / 2 + 1);
    uint32_t tag;
    BytesSlot *s = bytes_slot(m, t, span_bytes(t, id), &tag);
    if (s->id != TOKEN_NONE) return s->id;
    *s = (BytesSlot){id, tag};
    m->used++;
    return TOKEN_NONE;
}

uint32_t bytesmap_find(const BytesMap *m, const Tokenizer *t, Str bytes) {
    uint32_t tag;
    return bytes_slot(m, t, bytes, &tag)->id;
}
