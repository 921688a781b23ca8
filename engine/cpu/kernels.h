/* The table of CPU kernels, and the one definition of what each computes, to the bit.
 *
 * Every sum has an order that follows from its length alone. "In 16 lanes" means: lane l adds the products at places l,
 * l+16, l+32, ... with one fused multiply-add each, starting from +0; then the lanes are folded by halves: l + (l+8),
 * then l + (l+4), l + (l+2), l + (l+1). Neither the number of rows or tokens of a call, nor the instruction set, enters
 * into it, so the scalar file is the truth for the others bit for bit, and an answer cannot depend on a batch.
 *
 * Matrices are summed in "pair order": of each 32 columns first the 16 even ones, then the 16 odd ones (cpu_column says
 * where each stands). It is the order in which safetensors packs MXFP4, two columns to a byte; all other types follow
 * it, so that the same weights give the same bits however they are stored. Activations stand in this order before they
 * meet a matrix.
 *
 * Columns are padded with zeros to a multiple of 32 (CPU_PAD); activations are padded likewise. */
#ifndef ASSAY_CPU_KERNELS_H
#define ASSAY_CPU_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/cpu/int8.h"
#include "engine/model/model.h"

enum {
    CPU_PAD = 32,   /* floats; also the block of MXFP4 and the smallest of ggml */
    CPU_TILE = 4,   /* weight rows of one dot call at most */
    CPU_STRIP = 32, /* rows that are expanded together where columns stand apart: a line of BF16 */
    CPU_BLOCK = 64, /* positions of one attention block (KV_BLOCK) */
    CPU_LANES = 16
};

static inline size_t cpu_pad(size_t n) {
    return (n + CPU_PAD - 1) / CPU_PAD * CPU_PAD;
}

/* One row of stored weights. */
typedef struct WeightRow {
    const unsigned char *q, *scales; /* any alignment; scales: MXFP4 only */
} WeightRow;

/* out[t*CPU_TILE + r] = sum in 16 lanes over n columns of w[r] * x[t], for r < n_rows <= CPU_TILE, t < n_tokens. Each
 * x[t] has n floats in pair order; n is a multiple of CPU_PAD. */
typedef void (*CpuDot)(const WeightRow *w, size_t n_rows, size_t n, const float *const *x, size_t n_tokens, float *out);
/* n stored weights of a row as floats in pair order, exactly; n is a multiple of CPU_PAD and of the type's block. */
typedef void (*CpuExpand)(const WeightRow *w, size_t n, float *out);

typedef struct CpuFormat {
    CpuExpand expand; /* of every type */
    /* On weights as stored, or NULL. Up to `fused` tokens this is the faster way; beyond, a row is expanded into memory
     * once and dot_f32 used. Either way gives the same bits. */
    CpuDot dot;
    size_t fused;
} CpuFormat;

typedef struct CpuKernels {
    const char *name;
    CpuFormat format[WEIGHT_TYPES];
    CpuDot dot_f32; /* rows that were expanded: floats in pair order, any alignment */
    /* n halves as floats, exactly; n a multiple of 16. */
    void (*widen)(const uint16_t *h, size_t n, float *out);
    /* Sum of squares in 16 lanes; n a multiple of CPU_PAD. */
    float (*sum_squares)(const float *x, size_t n);
    /* out[i] = g' sigmoid(alpha g') (u' + 1) with g' = min(g, limit), u' = clamp(u, -limit, limit); out may be g. */
    void (*swiglu)(const float *g, const float *u, size_t n, float limit, float alpha, float *out);
    /* Scores of n_tiles * 16 positions for n_q heads: for position i of tile k, whose keys are at kt + k*16*head_dim,
     * s[h*lds + k*16 + i] = scale * sum over d, in order, fused, of q[h*ldq + d] * kt[k*16*head_dim + d*16 + i]. */
    void (*scores)(const float *q, size_t ldq, size_t n_q, const float *kt, size_t n_tiles, size_t head_dim,
                   float scale, float *s, size_t lds);
    /* One step of online softmax over a block of CPU_BLOCK scores of which [begin, end) count: m' = max(*m, scores);
     * s[i] becomes exp(s[i] - m') (0 outside); *sum = *sum * exp(*m - m') + the sum in 16 lanes of s; *m = m'. Returns
     * exp(*m - m'), by which what was added up before must be multiplied. */
    float (*softmax)(float *s, size_t begin, size_t end, float *m, float *sum);
    /* acc[h*ld + d] = factor[h] * acc[h*ld + d] + sum over i in [begin, end), in order, fused, of p[h*ldp + i] * v[i*ld
     * + d]; d < ld, a multiple of 16. */
    void (*values)(const float *p, size_t ldp, size_t n_q, const float *v, size_t ld, size_t begin, size_t end,
                   const float *factor, float *acc);
    /* Precision int8: int8.h. */
    Int8Quantise quantise;
    Int8Turn turn;
    Int8Dot dot_int8;
} CpuKernels;

/* Where column c of a row stands in pair order. */
static inline size_t cpu_column(size_t c) {
    return c / 32 * 32 + (c % 2) * 16 + c % 32 / 2;
}

void cpu_kernels_scalar(CpuKernels *k);
/* false: this processor, or this build, has not got the instructions; *k is untouched. Each overrides what it has. */
bool cpu_kernels_avx2(CpuKernels *k);
bool cpu_kernels_avx512(CpuKernels *k);

/* The best table for this processor; name "scalar", "avx2" or "avx512" forces one. false: it is not to be had. */
bool cpu_kernels_select(const char *name, CpuKernels *out);

/* The exponential of all kernels: exact order of operations in kernels_scalar.c. Below -87.33 it is 0, above 88 it is
 * exp(88); about 1 ulp. */
float cpu_exp(float x);

#endif
