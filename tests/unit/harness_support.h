/* Throw-away folders with suites, samples and plans for the tests of the harness. */
#ifndef ASSAY_TESTS_HARNESS_SUPPORT_H
#define ASSAY_TESTS_HARNESS_SUPPORT_H

#include <ftw.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/base/str.h"
#include "tests/support.h"

typedef struct TestDir {
    Arena *a;
    char path[64];
} TestDir;

static inline void dir_open(TestDir *d) {
    snprintf(d->path, sizeof d->path, "/tmp/assay-harness-XXXXXX");
    assert_non_null(mkdtemp(d->path));
    d->a = arena_open(0);
}

static inline int dir_remove_one(const char *path, const struct stat *st, int type, struct FTW *at) {
    (void)st, (void)type, (void)at;
    return remove(path);
}

static inline void dir_close(TestDir *d) {
    nftw(d->path, dir_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    arena_close(d->a);
}

/* Writes DIR/name (its folders are made) and returns the path. */
static inline const char *dir_put_n(TestDir *d, const char *name, Str text) {
    Err err = ERR_INIT;
    char *path = path_join(d->a, d->path, name);
    assert_true(file_mkdirs(path_dirname(d->a, path), &err));
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    if (text.n) assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
    fclose(f);
    return path;
}
static inline const char *dir_put(TestDir *d, const char *name, const char *text) {
    return dir_put_n(d, name, str_from(text));
}

static inline void assert_has(const Err *err, const char *part) {
    if (!strstr(err->msg, part)) fail_msg("'%s' lacks '%s'", err->msg, part);
}

#endif
