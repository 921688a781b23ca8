/* Where the keys and values of a sequence live: the plan and the page tables, without the bytes.
 *
 * A block is KV_BLOCK consecutive positions, aligned. Layers with full attention keep every block of a sequence in a
 * page; a page number is the same in all of them, and sequences may share a page. Sliding layers keep only as many
 * blocks as their window can touch, in a ring of each sequence's own: block b lies in ring slot b % ring_blocks.
 *
 * The machine that owns the bytes asks here where to put them. */
#ifndef ASSAY_KV_H
#define ASSAY_KV_H

#include "engine/base/err.h"
#include "engine/base/mem.h"

/* KV_SPARE_BLOCKS: beyond its context, what a sequence needs for the copy of its end when continuations of it are
 * scored (its last block again, and one because two lengths are rounded up). */
enum { KV_BLOCK = 64, KV_SPARE_BLOCKS = 2 };

typedef struct KvShape {
    size_t full_layers, sliding_layers, window;
    size_t block_bytes; /* of one layer: keys and values of KV_BLOCK positions */
} KvShape;

typedef struct KvPlan {
    size_t n_seqs, n_pages, ring_blocks;
    size_t context;               /* positions per sequence, as asked */
    size_t page_bytes;            /* of one page in all full layers */
    size_t ring_bytes;            /* of one sequence's rings in all sliding layers */
    size_t full_bytes, all_bytes; /* of all pages; of pages and rings */
} KvPlan;

/* Rings for n_seqs sequences, and as many pages as n_full of them need when each has `context` positions and a copy of
 * its end (kv_share; two blocks), or fewer if that would pass `budget`; one of them always has room. ERR_MEMORY: not
 * even that fits. A page serves any sequence, so short sequences may be many more than n_full. */
bool kv_plan(const KvShape *s, size_t n_seqs, size_t n_full, size_t context, uint64_t budget, KvPlan *out, Err *err);

/* Contains: for each sequence the numbers of its pages; for each page how many sequences hold it. */
typedef struct KvTable KvTable;

bool kv_open(const KvPlan *p, KvTable **out, Err *err);
void kv_close(KvTable *t); /* NULL is fine */

/* Drops what seq held and gives it pages for positions 0 .. n-1. false: too few free pages (nothing is held then). */
bool kv_reserve(KvTable *t, uint32_t seq, size_t n);
/* As kv_reserve(dst, n_reserve), but the blocks that n positions of src fill completely are shared. The caller must
 * copy the bytes of the block that n fills only in part, if there is one, and the rings. */
bool kv_share(KvTable *t, uint32_t dst, uint32_t src, size_t n, size_t n_reserve);
void kv_drop(KvTable *t, uint32_t seq);

size_t kv_free_pages(const KvTable *t);
/* Page of a block; the sequence must have reserved it. */
uint32_t kv_page(const KvTable *t, uint32_t seq, size_t block);
size_t kv_positions(const KvTable *t, uint32_t seq); /* reserved, rounded up to blocks */

#endif
