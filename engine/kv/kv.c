/* Invariants.
 *  1. refs[p] is the number of sequences whose table holds page p; p is on the free list if and only if refs[p] is 0.
 *  2. A page with refs > 1 is full and is never written: sharing takes complete blocks only, and a sequence writes only
 *     behind the positions that it shares.
 *  3. A ring slot belongs to one sequence. A batch writes at most one block's worth of positions of a sequence before
 *     it reads, so window-1 positions back plus that block, however aligned, fit into ring_blocks. */
#include "engine/kv/kv.h"

#include <string.h>

#include "engine/base/str.h"

struct KvTable {
    size_t n_seqs, n_pages, max_blocks, n_free;
    uint32_t *pages;    /* [n_seqs * max_blocks] */
    uint32_t *n_blocks; /* [n_seqs] */
    uint32_t *refs;     /* [n_pages] */
    uint32_t *free;     /* [n_pages], a stack */
};

static size_t blocks_of(size_t positions) {
    return positions / KV_BLOCK + (positions % KV_BLOCK != 0);
}

static bool too_large(Err *err) {
    return err_set(err, ERR_INPUT,
                   "the memory for keys and values would be absurdly large; use a smaller context or batch");
}

bool kv_plan(const KvShape *s, size_t n_seqs, size_t n_full, size_t context, uint64_t budget, KvPlan *out, Err *err) {
    KvPlan p = {.n_seqs = n_seqs, .context = context};
    size_t rings, least, each = blocks_of(context) + KV_SPARE_BLOCKS;
    BUG_ON(n_seqs == 0 || n_full == 0 || context == 0);
    p.ring_blocks = (s->window - 1 + KV_BLOCK - 1) / KV_BLOCK + 2;
    if (p.ring_blocks > blocks_of(context)) p.ring_blocks = blocks_of(context);
    if (!size_mul(p.ring_blocks, s->block_bytes, &p.ring_bytes) ||
        !size_mul(p.ring_bytes, s->sliding_layers, &p.ring_bytes) || !size_mul(p.ring_bytes, n_seqs, &rings) ||
        !size_mul(s->full_layers, s->block_bytes, &p.page_bytes) || !size_mul(each, n_full, &p.n_pages) ||
        !size_mul(p.n_pages, p.page_bytes, &p.full_bytes) || !size_add(p.full_bytes, rings, &p.all_bytes) ||
        p.n_pages > UINT32_MAX)
        return too_large(err);
    least = each * p.page_bytes + rings; /* no more than all_bytes */
    if (least > budget)
        return err_set(
            err, ERR_MEMORY,
            "the keys and values of %zu positions need %s, but only %s are at hand; use a smaller context or "
            "batch",
            context, size_text(least).text, size_text(budget).text);
    if (p.all_bytes > budget && p.page_bytes) {
        p.n_pages = (size_t)(budget - rings) / p.page_bytes;
        p.full_bytes = p.n_pages * p.page_bytes;
        p.all_bytes = p.full_bytes + rings;
    }
    *out = p;
    return true;
}

bool kv_open(const KvPlan *p, KvTable **out, Err *err) {
    *out = NULL;
    KvTable *t = mem_alloc(sizeof *t);
    if (!t) return err_nomem(err);
    t->n_seqs = p->n_seqs;
    t->n_pages = t->n_free = p->n_pages;
    t->max_blocks = blocks_of(p->context);
    size_t cells, bytes;
    if (!size_mul(t->n_seqs, t->max_blocks, &cells) || !size_mul(cells, sizeof *t->pages, &bytes)) {
        kv_close(t);
        return too_large(err);
    }
    t->pages = mem_alloc(bytes);
    t->n_blocks = mem_alloc(t->n_seqs * sizeof *t->n_blocks);
    t->refs = mem_alloc(t->n_pages * sizeof *t->refs);
    t->free = mem_alloc(t->n_pages * sizeof *t->free);
    if (!t->pages || !t->n_blocks || !t->refs || !t->free) {
        kv_close(t);
        return err_nomem(err);
    }
    for (size_t i = 0; i < t->n_pages; i++) t->free[i] = (uint32_t)(t->n_pages - 1 - i); /* page 0 first */
    *out = t;
    return true;
}

void kv_close(KvTable *t) {
    if (!t) return;
    mem_free(t->pages);
    mem_free(t->n_blocks);
    mem_free(t->refs);
    mem_free(t->free);
    mem_free(t);
}

void kv_drop(KvTable *t, uint32_t seq) {
    BUG_ON(seq >= t->n_seqs);
    uint32_t *pages = t->pages + seq * t->max_blocks;
    for (uint32_t i = t->n_blocks[seq]; i-- > 0;)
        if (--t->refs[pages[i]] == 0) t->free[t->n_free++] = pages[i];
    t->n_blocks[seq] = 0;
}

bool kv_share(KvTable *t, uint32_t dst, uint32_t src, size_t n, size_t n_reserve) {
    BUG_ON(dst >= t->n_seqs || src >= t->n_seqs || dst == src || n > n_reserve);
    size_t shared = n / KV_BLOCK, want = blocks_of(n_reserve);
    BUG_ON(shared > t->n_blocks[src]);
    kv_drop(t, dst);
    if (want > t->max_blocks || want - shared > t->n_free) return false;
    uint32_t *to = t->pages + dst * t->max_blocks, *from = t->pages + src * t->max_blocks;
    for (size_t i = 0; i < want; i++) {
        to[i] = i < shared ? from[i] : t->free[--t->n_free];
        t->refs[to[i]]++;
    }
    t->n_blocks[dst] = (uint32_t)want;
    return true;
}

bool kv_reserve(KvTable *t, uint32_t seq, size_t n) {
    BUG_ON(seq >= t->n_seqs);
    kv_drop(t, seq);
    size_t want = blocks_of(n);
    if (want > t->max_blocks || want > t->n_free) return false;
    uint32_t *to = t->pages + seq * t->max_blocks;
    for (size_t i = 0; i < want; i++) {
        to[i] = t->free[--t->n_free];
        t->refs[to[i]]++;
    }
    t->n_blocks[seq] = (uint32_t)want;
    return true;
}

size_t kv_free_pages(const KvTable *t) {
    return t->n_free;
}

uint32_t kv_page(const KvTable *t, uint32_t seq, size_t block) {
    return t->pages[seq * t->max_blocks + block];
}

size_t kv_positions(const KvTable *t, uint32_t seq) {
    return (size_t)t->n_blocks[seq] * KV_BLOCK;
}
