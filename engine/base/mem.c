#include "engine/base/mem.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* glibc never serves more from its own heap (DEFAULT_MMAP_THRESHOLD_MAX): such a block is unmapped when it is freed. To
 * wipe it would touch pages that were reserved and never used. */
#define WIPE_MAX ((size_t)32 << 20)

static atomic_ullong fail_at, counted;
static atomic_bool wipe;

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

void mem_wipe_freed(void) {
    atomic_store(&wipe, true);
}

static bool must_wipe(void *p) {
    return p && atomic_load_explicit(&wipe, memory_order_relaxed) && malloc_usable_size(p) <= WIPE_MAX;
}

void *mem_realloc(void *p, size_t n) {
    if (must_fail()) return NULL;
    if (!must_wipe(p)) return realloc(p, n ? n : 1);
    size_t old = malloc_usable_size(p);
    void *q = malloc(n ? n : 1);
    if (!q) return NULL;
    memcpy(q, p, old < n ? old : n);
    explicit_bzero(p, old);
    free(p);
    return q;
}

void mem_free(void *p) {
    if (must_wipe(p)) explicit_bzero(p, malloc_usable_size(p));
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
    bool private, failed;
};

/* Whole pages of its own; that they cannot be locked is no failure. */
static void *pages_open(size_t n) {
    if (must_fail()) return NULL;
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return NULL;
    madvise(p, n, MADV_DONTDUMP);
    mlock(p, n);
    return p;
}

static void block_close(const Arena *a, Block *b) {
    if (!a->private) {
        mem_free(b);
        return;
    }
    size_t total = b->cap + sizeof *b;
    explicit_bzero(b, total);
    munmap(b, total);
}

static Block *block_open(Arena *a, size_t need) {
    size_t cap = need > a->block_bytes ? need : a->block_bytes, total;
    if (!size_add(cap, sizeof(Block), &total)) return NULL;
    Block *b = a->private ? pages_open(total) : mem_alloc(total);
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

Arena *arena_open_private(size_t block_bytes) {
    Arena *a = arena_open(block_bytes);
    if (a) a->private = true;
    return a;
}

void arena_close(Arena *a) {
    if (!a) return;
    for (Block *b = a->blocks, *next; b; b = next) {
        next = b->next;
        block_close(a, b);
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
            block_close(a, b);
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
    if (!size_add(n ? n : 1, 15, &need)) {
        a->failed = true;
        return NULL;
    }
    need &= ~(size_t)15;
    Block *b = a->blocks;
    if (!b || b->cap - b->used < need) b = block_open(a, need);
    if (!b) {
        a->failed = true;
        return NULL;
    }
    void *p = b->bytes + b->used;
    b->used += need;
    return p;
}

void *arena_array(Arena *a, size_t count, size_t size) {
    size_t n;
    return arena_alloc(a, size_mul(count, size, &n) ? n : SIZE_MAX);
}

char *arena_strdup(Arena *a, const char *s) {
    size_t n = strlen(s) + 1;
    char *p = arena_alloc(a, n);
    if (p) memcpy(p, s, n);
    return p;
}

bool arena_failed(const Arena *a) {
    return a->failed;
}

size_t arena_bytes(const Arena *a) {
    return a->held;
}
