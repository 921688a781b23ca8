/* What the tests of the engine room share: a backend on a model, and runs of tokens through it. */
#ifndef ASSAY_TESTS_ENGINE_SUPPORT_H
#define ASSAY_TESTS_ENGINE_SUPPORT_H

#include <math.h>

#include "engine/backend.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "tests/support.h"

#define must(call)                                                                                                     \
    do {                                                                                                               \
        Err must_err = ERR_INIT;                                                                                       \
        Err *err = &must_err;                                                                                          \
        if (!(call)) fail_msg("%s: %s", #call, err->msg);                                                              \
    } while (0)

typedef struct Rig {
    Model *model;
    Pool *pool;
    Backend *be;
} Rig;

static inline BackendOptions rig_options(const Rig *r, size_t n_seqs) {
    return (BackendOptions){.model = r->model,
                            .pool = r->pool,
                            .max_rows = 512,
                            .max_logits = 512,
                            .n_seqs = n_seqs,
                            .context = 1024,
                            .kv_budget = UINT64_C(1) << 30};
}

static inline Rig rig_open(const char *dir, int threads, size_t n_seqs, BackendTap tap, void *tap_ctx) {
    Rig r = {0};
    must(model_open(&(ModelSource){.path = dir}, &r.model, err));
    must(pool_open(threads, &r.pool, err));
    BackendOptions o = rig_options(&r, n_seqs);
    o.tap = tap, o.tap_ctx = tap_ctx;
    must(backend_cpu.open(&o, &r.be, err));
    return r;
}

static inline Rig rig_open_as(const char *dir, int threads, size_t n_seqs, const char *precision) {
    Rig r = {0};
    must(model_open(&(ModelSource){.path = dir}, &r.model, err));
    must(pool_open(threads, &r.pool, err));
    BackendOptions o = rig_options(&r, n_seqs);
    o.precision = precision;
    must(backend_cpu.open(&o, &r.be, err));
    return r;
}

static inline void rig_close(Rig *r) {
    if (r->be) r->be->ops->close(r->be);
    pool_close(r->pool);
    model_close(r->model);
}

static inline size_t rig_vocab(const Rig *r) {
    return (size_t)r->model->config.vocab;
}

/* Logits of every position: tokens fed in pieces of `piece`. Release with free. */
static inline float *rig_run(Rig *r, uint32_t seq, const uint32_t *ids, size_t n, size_t piece) {
    size_t v = rig_vocab(r);
    float *all = malloc(n * v * sizeof *all);
    BatchRow *rows = calloc(n, sizeof *rows);
    assert_true(r->be->ops->kv_reserve(r->be, seq, n));
    for (size_t at = 0; at < n; at += piece) {
        size_t k = n - at < piece ? n - at : piece;
        for (size_t i = 0; i < k; i++) rows[i] = (BatchRow){seq, (uint32_t)(at + i), ids[at + i], true};
        must(r->be->ops->forward(r->be, rows, k, err));
        for (size_t i = 0; i < k; i++) memcpy(all + (at + i) * v, r->be->ops->logits(r->be, i), v * sizeof *all);
    }
    r->be->ops->kv_drop(r->be, seq);
    free(rows);
    return all;
}

#endif
