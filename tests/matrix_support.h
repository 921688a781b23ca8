/* What the tests share that put other matrices into a model: a small checkpoint in a folder of its own, memory of one
 * case, and the logits that a changed model gives. */
#ifndef ASSAY_TESTS_MATRIX_SUPPORT_H
#define ASSAY_TESTS_MATRIX_SUPPORT_H

#include <unistd.h>

#include "engine/cpu/cpu_internal.h"
#include "tests/checkpoint.h"
#include "tests/engine_support.h"

static char dir[64]; /* of the checkpoint */

static inline int make_checkpoint(const CkSpec *s) {
    snprintf(dir, sizeof dir, "/tmp/assay-matrix-XXXXXX");
    return !(mkdtemp(dir) && ck_write(dir, s));
}

static inline int drop_checkpoint(void **state) {
    static const char *const names[] = {"config.json", "tokenizer.json", "model.safetensors"};
    char path[128];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        remove(path);
    }
    return remove(dir);
}

static inline Model *open_checkpoint(void) {
    Model *m;
    must(model_open(&(ModelSource){.path = dir}, &m, err));
    return m;
}

/* ---- memory of one case ---- */

typedef struct Keep {
    void *p[512];
    size_t n;
} Keep;

/* Exactly so many bytes, so that a sanitizer sees what is read behind them. */
static inline void *keep_exact(Keep *k, size_t bytes) {
    assert_true(k->n < sizeof k->p / sizeof *k->p);
    return k->p[k->n++] = calloc(bytes, 1);
}

static inline void *keep(Keep *k, size_t bytes) {
    return keep_exact(k, bytes + 64);
}

static inline void keep_release(Keep *k) {
    while (k->n) free(k->p[--k->n]);
}

/* f as F32 or, cut, as BF16. */
static inline void put_number(unsigned char *to, WeightType type, float f) {
    memcpy(to, (unsigned char *)&f + (type == WEIGHT_BF16 ? 2 : 0), type == WEIGHT_BF16 ? 2 : 4);
}

/* ---- logits of a model in memory ---- */

/* Of n tokens that the vocabulary has, fed in pieces. Release with free. */
static inline float *logits_as(Model *m, const char *precision, int threads, size_t n, size_t piece) {
    uint32_t ids[64];
    Rig r = {.model = m};
    assert_true(n <= sizeof ids / sizeof *ids);
    for (size_t i = 0; i < n; i++) ids[i] = (uint32_t)((i * i * 31 + i * 7 + 3) % (size_t)m->config.vocab);
    must(pool_open(threads, &r.pool, err));
    BackendOptions o = rig_options(&r, 1);
    o.precision = precision;
    must(backend_cpu.open(&o, &r.be, err));
    float *all = rig_run(&r, 0, ids, n, piece);
    r.be->ops->close(r.be);
    pool_close(r.pool);
    return all;
}

#endif
