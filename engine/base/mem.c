#include "engine/base/mem.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_ullong fail_at, counted;

/* True when this allocation is the one that a test wants to fail. */
static bool must_fail(void) {
    unsigned long long k = atomic_fetch_add_explicit(&counted, 1, memory_order_relaxed) + 1;
    unsigned long long at = atomic_load_explicit(&fail_at, memory_order_relaxed);
    return at != 0 && k == at;
}

void *mem_alloc(size_t n) {
    if (must_fail()) return NULL;
    return calloc(1, n ? n : 1);
}

void *mem_realloc(void *p, size_t n) {
    if (must_fail()) return NULL;
    return realloc(p, n ? n : 1);
}

void mem_free(void *p) {
    free(p);
}

char *mem_strdup(const char *s) {
    size_t n = strlen(s) + 1;
    char *p = mem_alloc(n);
    if (p) memcpy(p, s, n);
    return p;
}

bool size_mul(size_t a, size_t b, size_t *out) {
    size_t r;
    if (__builtin_mul_overflow(a, b, &r)) return false;
    *out = r;
    return true;
}

bool size_add(size_t a, size_t b, size_t *out) {
    size_t r;
    if (__builtin_add_overflow(a, b, &r)) return false;
    *out = r;
    return true;
}

uint64_t mem_fail_at(uint64_t n) {
    atomic_store(&fail_at, n);
    return atomic_exchange(&counted, 0);
}

/* ---- arena ---- */

typedef struct Block {
    struct Block *next;
    size_t cap, used; /* of the bytes behind this header */
    _Alignas(16) char bytes[];
} Block;

struct Arena {
    Block *blocks; /* newest first; the last one is the block that a reset keeps */
    size_t block_bytes, held;
};

static Block *block_open(Arena *a, size_t need) {
    size_t cap = need > a->block_bytes ? need : a->block_bytes, total;
    if (!size_add(cap, sizeof(Block), &total)) return NULL;
    Block *b = mem_alloc(total);
    if (!b) return NULL;
    b->cap = cap;
    b->next = a->blocks;
    a->blocks = b;
    a->held += total;
    return b;
}

Arena *arena_open(size_t block_bytes) {
    Arena *a = mem_alloc(sizeof *a);
    if (!a) return NULL;
    a->block_bytes = block_bytes ? block_bytes : 64 * 1024;
    return a;
}

void arena_close(Arena *a) {
    if (!a) return;
    for (Block *b = a->blocks, *next; b; b = next) {
        next = b->next;
        mem_free(b);
    }
    mem_free(a);
}

void arena_reset(Arena *a) {
    Block *keep = NULL;
    for (Block *b = a->blocks, *next; b; b = next) {
        next = b->next;
        if (!keep && b->cap == a->block_bytes) {
            keep = b;
        } else {
            a->held -= b->cap + sizeof(Block);
            mem_free(b);
        }
    }
    a->blocks = keep;
    if (!keep) return;
    keep->next = NULL;
    memset(keep->bytes, 0, keep->used);
    keep->used = 0;
}

void *arena_alloc(Arena *a, size_t n) {
    size_t need;
    if (!size_add(n ? n : 1, 15, &need)) return NULL;
    need &= ~(size_t)15;
    Block *b = a->blocks;
    if (!b || b->cap - b->used < need) b = block_open(a, need);
    if (!b) return NULL;
    void *p = b->bytes + b->used;
    b->used += need;
    return p;
}

void *arena_array(Arena *a, size_t count, size_t size) {
    size_t n;
    return size_mul(count, size, &n) ? arena_alloc(a, n) : NULL;
}

char *arena_strdup(Arena *a, const char *s) {
    size_t n = strlen(s) + 1;
    char *p = arena_alloc(a, n);
    if (p) memcpy(p, s, n);
    return p;
}

size_t arena_bytes(const Arena *a) {
    return a->held;
}
