/* The seam between the rooms above (scheduler, sampler, chat) and the machines below (CPU, CUDA).
 *
 * Coarse on purpose: a batch of (sequence, position, token) goes in, logits come out. How a machine lays out its keys
 * and values, what it fuses and how it splits the work is its own affair; but every backend keeps this promise:
 *
 *   The bits of a row's logits depend on the tokens of its sequence up to its position, and on the model. They do not
 *   depend on the other rows of the batch, on how the prompt was cut into batches, on the number of threads, or on the
 *   instruction set. */
#ifndef ASSAY_BACKEND_H
#define ASSAY_BACKEND_H

#include "engine/base/pool.h"
#include "engine/model/model.h"

typedef struct BatchRow {
    uint32_t seq, pos, token;
    bool want_logits;
} BatchRow;

/* What the debug tap shows, [n_values] floats of one row. */
typedef enum TapStage {
    TAP_EMBED,         /* the residual stream before layer 0: [hidden] */
    TAP_AFTER_ATTN,    /* ... after attention of `layer`, before the experts */
    TAP_AFTER_LAYER,   /* ... after `layer` */
    TAP_EXPERTS,       /* chosen experts as numbers, best first: [experts_per_token] */
    TAP_EXPERT_WEIGHTS /* their weights */
} TapStage;
typedef void (*BackendTap)(void *ctx, TapStage stage, int layer, size_t row, const float *values, size_t n_values);

typedef struct BackendOptions {
    const Model *model;    /* must outlive the backend */
    Pool *pool;            /* likewise */
    size_t max_rows;       /* of one forward */
    size_t max_logits;     /* rows with want_logits of one forward */
    size_t n_seqs;         /* sequences 0 .. n_seqs-1 */
    size_t n_full;         /* so many of them may hold a whole context at once; 0: all */
    size_t context;        /* positions per sequence; 0: what the model allows */
    uint64_t kv_budget;    /* bytes for keys and values at most; 0: as many as n_full sequences need */
    const char *precision; /* NULL or "exact": float32 throughout; else a faster setting of this backend, by name */
    BackendTap tap;        /* NULL: none. Called between stages on the calling thread; only for tests, slow */
    void *tap_ctx;
} BackendOptions;

typedef struct BackendInfo {
    const char *name; /* "cpu-avx512"; with a precision that is not exact "cpu-avx512, NAME" */
    size_t context;   /* positions per sequence that were planned */
    size_t positions; /* that all sequences can hold together (in layers with full attention) */
    uint64_t kv_bytes, work_bytes;
} BackendInfo;

/* Bytes that an open would reserve: facts of the shapes alone. */
typedef struct BackendNeed {
    uint64_t kv_least; /* keys and values: one sequence of the whole context, the least that opens */
    uint64_t kv_full;  /* ... n_full of them */
    uint64_t work;     /* everything else */
} BackendNeed;

typedef struct Backend Backend;

/* A setting for BackendOptions.precision, and one line on what it costs. */
typedef struct BackendPrecision {
    const char *name, *help;
} BackendPrecision;

typedef struct BackendOps {
    const char *device; /* "cpu" */
    /* The settings this backend knows, "exact" first; open refuses others by name. */
    const BackendPrecision *(*precisions)(size_t *n);
    /* What open with these options (kv_budget aside) would reserve. Reserves nothing and reads no weights. NULL: the
     * machine has memory of its own. */
    bool (*plan)(const BackendOptions *o, BackendNeed *out, Err *err);
    bool (*open)(const BackendOptions *o, Backend **out, Err *err);
    void (*close)(Backend *b);
    const BackendInfo *(*info)(const Backend *b);
    /* Room for positions 0 .. n-1 of seq, dropping what it held. false: not now; drop another sequence first. */
    bool (*kv_reserve)(Backend *b, uint32_t seq, size_t n);
    /* dst (reserved, see above) gets the first n positions of src, which must hold them. Pages that are full are
     * shared, not copied. n_reserve: as in kv_reserve. */
    bool (*kv_copy)(Backend *b, uint32_t dst, uint32_t src, size_t n, size_t n_reserve);
    void (*kv_drop)(Backend *b, uint32_t seq);
    /* Rows of one sequence stand together, in rising consecutive positions, and follow on what it holds. */
    bool (*forward)(Backend *b, const BatchRow *rows, size_t n, Err *err);
    /* [vocab] logits of the i-th row with want_logits; valid until the next forward. Waits for the machine. */
    const float *(*logits)(Backend *b, size_t i);
} BackendOps;

struct Backend {
    const BackendOps *ops;
};

extern const BackendOps backend_cpu;
extern const BackendOps backend_cuda; /* cuda/absent.c: open answers "built without CUDA" */

#endif
