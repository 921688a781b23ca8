/* What the tests of layouts share: the same random weights in three layouts, and ways to damage them. */
#ifndef ASSAY_TESTS_LAYOUTS_SUPPORT_H
#define ASSAY_TESTS_LAYOUTS_SUPPORT_H

#include <dirent.h>
#include <unistd.h>

#include "tests/checkpoint_layouts.h"
#include "tests/engine_support.h"

static char dir_[64];

static inline const char *in_dir(const char *name) {
    static char path[6][400];
    static int at;
    char *p = path[at++ % 6];
    snprintf(p, sizeof path[0], "%s/%s", dir_, name);
    return p;
}

static inline void empty(const char *dir) {
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        char path[700];
        if (e->d_name[0] == '.' || snprintf(path, sizeof path, "%s/%s", dir, e->d_name) >= (int)sizeof path) continue;
        if (unlink(path) != 0) empty(path), rmdir(path);
    }
    if (d) closedir(d);
}

static inline CkSpec spec(CkDense dense) {
    CkSpec s = CK_SPEC_TINY;
    s.layers = 2, s.experts = 3, s.dense = dense;
    return s;
}

/* hf/, openai/ and m.gguf of the same weights. */
static inline void write_all(CkDense dense) {
    CkSpec s = spec(dense);
    empty(dir_);
    assert_true(ck_write(in_dir("hf"), &s) && ck_write_openai(in_dir("openai"), &s));
    assert_true(ck_write_gguf(in_dir("m.gguf"), &s));
}

static inline int fresh(void **state) {
    (void)state;
    write_all(CK_BF16);
    return 0;
}

static inline void slurp(const char *path, Buf *b) {
    buf_init(b, 1 << 24);
    must(file_read(path, b, err));
}

static inline void put(const char *path, const void *p, size_t n) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    fclose(f);
}

/* Replaces one run of bytes by another of the same length, everywhere. */
static inline void patch(const char *path, const char *from, const char *to) {
    Buf b;
    size_t n = strlen(from), hits = 0;
    assert_int_equal(strlen(to), n);
    slurp(path, &b);
    for (size_t at = 0; (at = str_find(buf_str(&b), str_from(from), at)) != SIZE_MAX; hits++) memcpy(b.p + at, to, n);
    if (!hits) fail_msg("%s has no %s", path, from);
    put(path, b.p, b.n);
    buf_release(&b);
}

/* The 4 bytes of a 32-bit value in GGUF metadata. */
static inline void set_u32(const char *path, const char *key, uint32_t v) {
    Buf b;
    slurp(path, &b);
    size_t at = str_find(buf_str(&b), str_from(key), 0);
    assert_true(at != SIZE_MAX);
    memcpy(b.p + at + strlen(key) + 4, &v, 4);
    put(path, b.p, b.n);
    buf_release(&b);
}

static inline void refuse(const char *path, const char *part) {
    Model *m;
    Err e = ERR_INIT;
    assert_false(model_open(&(ModelSource){.path = path}, &m, &e));
    assert_null(m);
    assert_int_equal(e.code, ERR_INPUT);
    assert_null(strchr(e.msg, '\n'));
    if (!strstr(e.msg, part)) fail_msg("expected '%s' in: %s", part, e.msg);
}

/* Refused, in words without this. */
static inline void names_once(const char *path, const char *twice) {
    Model *m;
    Err e = ERR_INIT;
    assert_false(model_open(&(ModelSource){.path = path}, &m, &e));
    if (strstr(e.msg, twice)) fail_msg("'%s' in: %s", twice, e.msg);
}

static inline Model *open_model(const char *path, bool inspect) {
    Model *m;
    Err e = ERR_INIT;
    if (!model_open(&(ModelSource){.path = path, .inspect = inspect}, &m, &e)) fail_msg("%s: %s", path, e.msg);
    return m;
}

static inline bool warns(const Model *m, const char *part) {
    for (size_t i = 0; i < m->n_warnings; i++)
        if (strstr(m->warnings[i], part)) return true;
    return false;
}

/* The body of main. */
static inline int run_in_folder(int (*run)(void)) {
    snprintf(dir_, sizeof dir_, "/tmp/assay-layouts-XXXXXX");
    if (!mkdtemp(dir_)) return 1;
    int failed = run();
    empty(dir_);
    rmdir(dir_);
    return failed;
}

#define TEST(f) cmocka_unit_test_setup(f, fresh)

#endif
