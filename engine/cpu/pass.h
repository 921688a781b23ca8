/* One pass over a batch, shared by the files that compute its parts: forward.c (order, norm, rope), matmul.c,
 * attention.c and experts.c. */
#ifndef ASSAY_CPU_PASS_H
#define ASSAY_CPU_PASS_H

#include "engine/cpu/cpu_internal.h"

typedef struct Pass {
    Cpu *c;
    const BatchRow *rows;
    size_t n;      /* rows */
    Work w;        /* of these rows: row 0 of each buffer is rows[0] */
    size_t n_live; /* of w.live */
    int layer;
    int worker; /* the thread that does all of it, or -1: the work is shared by the pool */
} Pass;

/* Runs fn over n items of `cost` multiply-adds each. */
void cpu_run(const Pass *p, size_t n, size_t cost, PoolFn fn, void *ctx);
/* Shows the live rows to the debug tap, if there is one. */
void cpu_tap(const Pass *p, TapStage stage, const float *rows, size_t ld);

/* Row r as it is stored. */
WeightRow cpu_row(const Matrix *m, size_t r);
/* One row as cpu_pad(cols) floats, columns in the order that the dot of its type reads. */
void cpu_expand_row(const Cpu *c, const Matrix *m, WeightRow w, float *out);
/* out[t*CPU_TILE + r] = row r of w times x[t]. All rows are of m. */
void cpu_dot_rows(const Cpu *c, Scratch *s, const Matrix *m, const WeightRow *w, size_t n_rows, const float *const *x,
                  size_t n, float *out);

typedef struct Dense {
    const Matrix *m;
    const float *bias; /* NULL: none */
    float *out;        /* [rows * ld], or packed (see below) */
    size_t ld;
    bool add;    /* add to what is there, else store */
    bool packed; /* the i-th live row goes to row i of out */
} Dense;

/* All parts read the live rows of x and have the same number of columns. */
void cpu_dense(const Pass *p, const float *x, size_t ldx, const Dense *parts, size_t n_parts);

/* Stores keys and values of the batch and attends. */
void cpu_attention(const Pass *p, bool last);
/* x += the mixture of the chosen experts of t. */
void cpu_experts(const Pass *p);

#endif
