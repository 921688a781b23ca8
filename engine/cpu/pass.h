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

/* A few rows of a matrix, ready for dot products. */
typedef struct Rows {
    const Matrix *m;
    WeightRow w[CPU_STRIP];
} Rows;

/* Rows of m that an item of work takes: CPU_TILE, CPU_STRIP where a line of memory holds as many, or INT8_ROWS. */
size_t cpu_step(const Cpu *c, const Matrix *m);
/* Rows first .. first+n_rows-1 of m, n_rows <= cpu_step. Good until the next call with the same scratch. */
void cpu_rows(const Cpu *c, Scratch *s, const Matrix *m, size_t first, size_t n_rows, Rows *out);
/* out[t*CPU_TILE + r] = row first+r of rows times x[t], r < n_rows <= CPU_TILE; x in pair order. */
void cpu_dot_rows(const Cpu *c, Scratch *s, const Rows *rows, size_t first, size_t n_rows, const float *const *x,
                  size_t n, float *out);
/* Whether m is multiplied as int8.h says. */
bool cpu_is_int8(const Cpu *c, const Matrix *m);
/* x[0..n-1] rounded for those of the matrices that are: w.in8[0..n-1]. false: none is. */
bool cpu_quantise(const Pass *p, const Matrix *const *m, size_t n_matrices, const float *const *x, size_t n);
/* All n_rows <= INT8_ROWS rows times x[0..n-1], and of that CPU_TILE rows from `first` on in s->dots. */
void cpu_dot_strip(const Cpu *c, Scratch *s, const Rows *rows, size_t n_rows, const Int8Block *const *x, size_t n);
void cpu_strip_tile(Scratch *s, size_t first, size_t n_rows, size_t n);
/* Row r as cpu_pad(cols) floats in pair order. */
void cpu_expand_row(const Cpu *c, const Matrix *m, size_t r, float *out);
/* n floats (a multiple of 32) from their natural order into pair order. */
void cpu_pairs(const float *from, size_t n, float *to);

/* Matrices that read the same x and may have low-rank additions. */
typedef struct LoraInput {
    const Matrix *m[4];
    size_t n;
    const float *const *x; /* by place: of the live rows, or grouped by expert */
    bool grouped;
    size_t n_groups; /* 1, or the experts used */
} LoraInput;

/* A x of every addition of these matrices, into w.low by place. */
void cpu_lora_inputs(const Pass *p, const LoraInput *in);
/* Where the i-th matrix's first A x stands within a place. */
size_t cpu_lora_offset(const LoraInput *in, size_t i);
/* s->dots, of rows first .. first+n_rows-1 of m and the n places from `from` on, gets its additions. */
void cpu_lora_add(const Pass *p, Scratch *s, const Matrix *m, size_t offset, size_t first, size_t n_rows, size_t from,
                  size_t n);

typedef struct Dense {
    const Matrix *m;
    const float *bias; /* NULL: none */
    float *out;        /* [rows * ld], or packed (see below) */
    size_t ld;
    bool add;    /* add to what is there, else store */
    bool packed; /* the i-th live row goes to row i of out */
} Dense;

/* All parts read the live rows of x (in pair order) and have the same number of columns. */
void cpu_dense(const Pass *p, const float *x, size_t ldx, const Dense *parts, size_t n_parts);

/* Stores keys and values of the batch and attends. */
void cpu_attention(const Pass *p, bool last);
/* x += the mixture of the chosen experts of tp. */
void cpu_experts(const Pass *p);

#endif
