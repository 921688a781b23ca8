/* What unit tests share: cmocka in the order it wants, and the way to the shared reference vectors. */
#ifndef ASSAY_TESTS_SUPPORT_H
#define ASSAY_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

/* DIR/name below the folder of reference vectors, or NULL when that folder is absent (then skip(), saying so).
 * The folder is $ASSAY_SHARED, else ../shared. The result lives in a static ring of eight. */
static inline const char *shared_path(const char *name) {
    static char ring[8][1024];
    static int at;
    const char *root = getenv("ASSAY_SHARED");
    struct stat st;
    if (!root || !*root) root = "../shared";
    char *out = ring[at++ & 7];
    snprintf(out, sizeof ring[0], "%s/%s", root, name);
    if (stat(out, &st) != 0) {
        fprintf(stderr, "skipped: reference file %s is not here\n", out);
        return NULL;
    }
    return out;
}

/* A checkpoint folder with a tokenizer of the o200k family: the smallest reference model, else a demo model of this
 * repository; for tests that need one and no particular one. */
static inline const char *any_checkpoint(void) {
    const char *reference = shared_path("golden/tiny-a/hf");
    struct stat st;
    if (reference) return reference;
    return stat("suites/demo/models/demo-large/config.json", &st) == 0 ? "suites/demo/models/demo-large" : NULL;
}

/* The tokenizer.json of any_checkpoint, or NULL. */
static inline const char *any_tokenizer(void) {
    static char path[1100];
    const char *dir = any_checkpoint();
    if (!dir) return NULL;
    snprintf(path, sizeof path, "%s/tokenizer.json", dir);
    return path;
}

/* Use at the top of a test that needs `name`. */
#define NEED_SHARED(var, name)                                                                                         \
    const char *var = shared_path(name);                                                                               \
    if (!var) skip()

#endif
