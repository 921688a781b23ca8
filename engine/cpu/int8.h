/* What precision int8 computes, to the bit. It concerns MXFP4 and Q8_0 matrices; everything else stays exact.
 *
 * Activations are rounded per block of 32 columns: scale = max|x| / 127 in float32, q = x / scale in float32, rounded
 * to the nearest integer, ties to even. A block whose max|x| is below INT8_TINY has scale 0 and codes 0; one with a
 * number that is not finite has scale NaN and codes 0, so that no such number gets lost.
 *
 * Weights are integers times a float32: MXFP4 the doubled E2M1 value (-12..12) times 2^(s-127)/2, Q8_0 q times d. For
 * each row and token
 *
 *     acc = fma((float)isum, wscale * xscale, acc)        over the blocks in rising order, starting at +0,
 *
 * where isum is the sum of the block's 32 products of codes. Integer sums are exact in any order and |isum| < 2^24, so
 * the instruction set, the batch and the order of columns within a block cannot change a bit.
 *
 * Rows are multiplied in strips of 16, which are first turned so that a lane of a vector is a row: each of the eight
 * groups of a block holds 4 columns of the 16 rows. Codes are stored as unsigned bytes, 12 or 128 above their value;
 * `less` of the activations takes that back. The columns of a block stand in pair order (kernels.h) for MXFP4 of
 * safetensors and in their natural order for the types of ggml. */
#ifndef ASSAY_CPU_INT8_H
#define ASSAY_CPU_INT8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/model/model.h"

enum { INT8_ROWS = 16, INT8_BLOCK = 32, INT8_GROUPS = 8 };
#define INT8_TINY 0x1p-100f

/* 32 activations. */
typedef struct Int8Block {
    float scale;
    int32_t less[2]; /* -12 and -128 times the sum of q */
    signed char q[INT8_BLOCK];
} Int8Block;

/* 32 columns of 16 rows. */
typedef struct Int8Strip {
    unsigned char q[INT8_GROUPS][INT8_ROWS][4];
    float scale[INT8_ROWS];
} Int8Strip;

static inline bool int8_type(WeightType t) {
    return t == WEIGHT_MXFP4 || t == WEIGHT_MXFP4_GGML || t == WEIGHT_Q8_0;
}
static inline bool int8_natural(WeightType t) {
    return t != WEIGHT_MXFP4;
}

struct WeightRow;
struct CpuKernels;

/* n floats in pair order, n a multiple of 32, into n/32 blocks; natural: their columns in natural order. */
typedef void (*Int8Quantise)(const float *x, size_t n, bool natural, Int8Block *out);
/* n columns of the 16 rows w, of a type that int8_type knows. out is aligned to 64 bytes. */
typedef void (*Int8Turn)(WeightType type, const struct WeightRow *w, size_t n, Int8Strip *out);
/* out[t*INT8_ROWS + r] = row r of the strip times x[t], as above. */
typedef void (*Int8Dot)(WeightType type, const Int8Strip *w, size_t n, const Int8Block *const *x, size_t n_tokens,
                        float *out);

void cpu_int8_scalar(struct CpuKernels *k);
/* false: not in this build. The caller has asked the processor. */
bool cpu_int8_avx2(struct CpuKernels *k);
bool cpu_int8_vnni(struct CpuKernels *k);

#endif
