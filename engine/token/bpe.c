/* Byte-pair merging: start from single bytes, join the adjacent pair of lowest rank (leftmost first) until none joins.
 * Short pieces scan for the minimum; long ones keep the candidates in a heap over a linked list, so that 1 MB of one
 * letter costs n log n and not n^2. Both give the same ids. */
#include "engine/token/token_internal.h"

#include <string.h>

#define SHORT_PIECE 48

static inline uint32_t join(const Tokenizer *t, uint32_t left, uint32_t right, uint32_t *id) {
    const PairSlot *s = pairmap_find(&t->pairs, left, right);
    if (!s) return TOKEN_NONE;
    *id = s->id;
    return s->rank;
}

static inline uint32_t join_bytes(const Tokenizer *t, const char *p, uint32_t *id) {
    const ByteJoin *j = &t->byte_joins[(size_t)(unsigned char)p[0] << 8 | (unsigned char)p[1]];
    *id = j->id;
    return j->rank;
}

bool bpe_prepare(Tokenizer *t, Err *err) {
    t->byte_joins = mem_alloc((size_t)256 * 256 * sizeof *t->byte_joins);
    if (!t->byte_joins) return err_nomem(err);
    for (size_t i = 0; i < (size_t)256 * 256; i++) {
        ByteJoin *j = &t->byte_joins[i];
        j->rank = join(t, t->byte_id[i >> 8], t->byte_id[i & 255], &j->id);
    }
    return true;
}

/* rank[i], joined[i]: of the pair (i, i + 1). */
static size_t merge_short(const Tokenizer *t, Str piece, uint32_t *out) {
    uint32_t rank[SHORT_PIECE], joined[SHORT_PIECE];
    size_t n = piece.n;
    for (size_t i = 0; i < n; i++) out[i] = t->byte_id[(unsigned char)piece.p[i]];
    for (size_t i = 0; i + 1 < n; i++) rank[i] = join_bytes(t, piece.p + i, &joined[i]);
    while (n > 1) {
        size_t best = 0;
        for (size_t i = 1; i + 1 < n; i++)
            if (rank[i] < rank[best]) best = i;
        if (rank[best] == TOKEN_NONE) break;
        out[best] = joined[best];
        n--;
        size_t tail = n - best - 1; /* symbols behind the joined one */
        memmove(out + best + 1, out + best + 2, tail * sizeof *out);
        if (tail) {
            memmove(rank + best, rank + best + 1, tail * sizeof *rank);
            memmove(joined + best, joined + best + 1, tail * sizeof *joined);
            rank[best] = join(t, out[best], out[best + 1], &joined[best]);
        }
        if (best) rank[best - 1] = join(t, out[best - 1], out[best], &joined[best - 1]);
    }
    return n;
}

/* ---- long pieces ---- */

/* A symbol, named by the offset of its first byte. */
typedef struct Node {
    uint32_t id, prev, next; /* TOKEN_NONE: no neighbour */
    uint32_t rank, joined;   /* of the pair with `next`; rank TOKEN_NONE: does not join, or the symbol is gone */
} Node;

/* A heap entry is rank << 32 | position, so that the smallest is the lowest rank, leftmost. Entries are never removed;
 * one is stale when the node's rank has changed since. Equality suffices: whatever pair stands at the position now, its
 * rank is the one that was drawn. */
typedef struct Heap {
    uint64_t *v;
    size_t n;
} Heap;

static void heap_sink(Heap *h, size_t i) {
    uint64_t x = h->v[i];
    for (;;) {
        size_t c = 2 * i + 1;
        if (c >= h->n) break;
        if (c + 1 < h->n && h->v[c + 1] < h->v[c]) c++;
        if (x <= h->v[c]) break;
        h->v[i] = h->v[c];
        i = c;
    }
    h->v[i] = x;
}

static void heap_push(Heap *h, uint64_t x) {
    size_t i = h->n++;
    while (i && h->v[(i - 1) / 2] > x) {
        h->v[i] = h->v[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    h->v[i] = x;
}

static uint64_t heap_pop(Heap *h) {
    uint64_t top = h->v[0];
    h->v[0] = h->v[--h->n];
    if (h->n) heap_sink(h, 0);
    return top;
}

/* Looks the pair (at, next) up again. */
static void refresh(const Tokenizer *t, Node *node, uint32_t at, Heap *h) {
    Node *a = &node[at];
    a->rank = a->next == TOKEN_NONE ? TOKEN_NONE : join(t, a->id, node[a->next].id, &a->joined);
    if (a->rank != TOKEN_NONE) heap_push(h, (uint64_t)a->rank << 32 | at);
}

static void join_at(const Tokenizer *t, Node *node, uint32_t at, Heap *h) {
    Node *a = &node[at], *b = &node[a->next];
    a->id = a->joined;
    a->next = b->next;
    if (b->next != TOKEN_NONE) node[b->next].prev = at;
    b->rank = TOKEN_NONE;
    refresh(t, node, at, h);
    if (a->prev != TOKEN_NONE) refresh(t, node, a->prev, h);
}

static void merge_nodes(const Tokenizer *t, Str piece, Node *node, Heap *h) {
    uint32_t n = (uint32_t)piece.n;
    for (uint32_t i = 0; i < n; i++)
        node[i] = (Node){.id = t->byte_id[(unsigned char)piece.p[i]],
                         .prev = i ? i - 1 : TOKEN_NONE,
                         .next = i + 1 < n ? i + 1 : TOKEN_NONE};
    for (uint32_t i = 0; i < n; i++) {
        node[i].rank = i + 1 < n ? join_bytes(t, piece.p + i, &node[i].joined) : TOKEN_NONE;
        if (node[i].rank != TOKEN_NONE) h->v[h->n++] = (uint64_t)node[i].rank << 32 | i;
    }
    for (size_t i = h->n / 2; i-- > 0;) heap_sink(h, i);
    while (h->n) {
        uint64_t top = heap_pop(h);
        uint32_t at = (uint32_t)top;
        if (node[at].rank == (uint32_t)(top >> 32)) join_at(t, node, at, h);
    }
}

static size_t merge_long(const Tokenizer *t, Str piece, uint32_t *out) {
    size_t node_bytes, heap_bytes, n = 0;
    if (piece.n >= TOKEN_NONE / 2) return SIZE_MAX;
    if (!size_mul(piece.n, sizeof(Node), &node_bytes)) return SIZE_MAX;
    /* every join takes one entry out and puts at most two in: never more than twice the symbols */
    if (!size_mul(piece.n, 2 * sizeof(uint64_t), &heap_bytes)) return SIZE_MAX;
    Node *node = mem_alloc(node_bytes);
    Heap h = {mem_alloc(heap_bytes), 0};
    if (node && h.v) {
        merge_nodes(t, piece, node, &h);
        for (uint32_t i = 0; i != TOKEN_NONE; i = node[i].next) out[n++] = node[i].id;
    } else {
        n = SIZE_MAX;
    }
    mem_free(node);
    mem_free(h.v);
    return n;
}

size_t bpe_merge(const Tokenizer *t, Str piece, uint32_t *out) {
    return piece.n <= SHORT_PIECE ? merge_short(t, piece, out) : merge_long(t, piece, out);
}
