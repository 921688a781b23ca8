/* What the tests of the sandbox share: one sandbox for all tests of a program, or a sentence why there is none. */
#ifndef ASSAY_TESTS_SANDBOX_SUPPORT_H
#define ASSAY_TESTS_SANDBOX_SUPPORT_H

#include "harness/sandbox/sandbox_internal.h"
#include "tests/support.h"

static Sandbox *g_box;
static Arena *g_arena;

static inline int setup(void **state) {
    (void)state;
    Err err = ERR_INIT;
    g_arena = arena_open(0);
    if (!sandbox_open(2, &g_box, &err)) fprintf(stderr, "skipped: %s\n", err.msg);
    return 0;
}

static inline int teardown(void **state) {
    (void)state;
    sandbox_close(g_box);
    arena_close(g_arena);
    return 0;
}

#define NEED_BOX()                                                                                                     \
    if (!g_box) skip()

#endif
