/* Where memory comes from, and sizes that cannot overflow. Every allocation of ours passes here, so that a test can
 * make the n-th one fail. */
#ifndef ASSAY_BASE_MEM_H
#define ASSAY_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed memory of n bytes (n = 0 gives a valid pointer), or NULL. Release with mem_free. */
void *mem_alloc(size_t n);
/* As realloc; on failure the old block stays valid and NULL comes back. New bytes are not zeroed. */
void *mem_realloc(void *p, size_t n);
void mem_free(void *p);
char *mem_strdup(const char *s);

/* From now on what is given back is wiped first, the old block of a realloc too: a program that handles texts which
 * nobody may find in its memory later switches it on before the first of them. Blocks beyond 32 MiB need no wiping:
 * they go back to the kernel, which gives out zeroed pages only. Cannot be switched off. */
void mem_wipe_freed(void);

/* *out = a * b (or a + b); false on overflow, *out untouched. */
bool size_mul(size_t a, size_t b, size_t *out);
bool size_add(size_t a, size_t b, size_t *out);

/* For tests: the n-th allocation from now on (1 = the next) fails, once; 0 switches it off. Returns how many
 * allocations were counted since the last call. Thread-safe. */
uint64_t mem_fail_at(uint64_t n);

/* An arena: memory with one lifetime. Nothing in it is freed piecemeal. Not thread-safe. */
typedef struct Arena Arena;
Arena *arena_open(size_t block_bytes); /* 0 = default (64 KiB); NULL without memory */
/* For texts that must not leave memory: its blocks are left out of core dumps, locked against swapping as far as the
 * limit allows (RLIMIT_MEMLOCK), and wiped when they go. */
Arena *arena_open_private(size_t block_bytes);
void arena_close(Arena *a);                             /* NULL is fine */
void arena_reset(Arena *a);                             /* all pointers become invalid; keeps one block */
void *arena_alloc(Arena *a, size_t n);                  /* zeroed, aligned to 16 bytes; NULL without memory */
void *arena_array(Arena *a, size_t count, size_t size); /* checked product */
char *arena_strdup(Arena *a, const char *s);
/* Whether an allocation from it failed since it was opened, so that whoever makes many small texts may ask once at the
 * end, before the whole is believed. */
bool arena_failed(const Arena *a);
size_t arena_bytes(const Arena *a); /* bytes held from the system */

#endif
