/* Parts of the int8 kernels in plain C, compiled by each file for its processor: loops that compilers make vectors of,
 * with the same operations and bits everywhere. */
#ifndef ASSAY_CPU_INT8_BLOCKS_H
#define ASSAY_CPU_INT8_BLOCKS_H

#include <string.h>

#include "engine/cpu/formats.h"
#include "engine/cpu/kernels.h"

/* The largest |x| by its bits: for numbers without sign these are in the same order, with infinity and NaN on top. */
static inline uint32_t int8_max_bits(const float *x) {
    uint32_t bits[INT8_BLOCK], max = 0;
    memcpy(bits, x, sizeof bits);
    for (int i = 0; i < INT8_BLOCK; i++) {
        uint32_t m = bits[i] & 0x7fffffffu;
        max = m > max ? m : max;
    }
    return max;
}

/* Adding 1.5 * 2^23 rounds to an integer, ties to even, and leaves it in the low bits of the sum. */
static inline void int8_round(const float *x, float scale, signed char *q) {
    for (int i = 0; i < INT8_BLOCK; i++) {
        float sum = x[i] / scale + 12582912.0f;
        uint32_t bits;
        memcpy(&bits, &sum, sizeof bits);
        q[i] = (signed char)((int)(bits & 255) - (int)(bits & 128) * 2);
    }
}

static inline void int8_quantise_block(const float *x, bool natural, Int8Block *out) {
    uint32_t bits = int8_max_bits(x);
    signed char q[INT8_BLOCK] = {0};
    float max;
    memcpy(&max, &bits, sizeof max);
    out->scale = 0.0f;
    if (bits >= 0x7f800000u) {
        bits = 0x7fc00000u;
        memcpy(&out->scale, &bits, sizeof bits);
    } else if (max >= INT8_TINY) {
        out->scale = max / 127.0f;
        int8_round(x, out->scale, q);
    }
    int32_t sum = 0;
    for (int i = 0; i < INT8_BLOCK; i++) sum += q[i];
    out->less[0] = -12 * sum, out->less[1] = -128 * sum;
    if (!natural)
        memcpy(out->q, q, sizeof q);
    else
        for (int i = 0; i < INT8_BLOCK / 2; i++) out->q[2 * i] = q[i], out->q[2 * i + 1] = q[16 + i];
}

static inline void int8_quantise(const float *x, size_t n, bool natural, Int8Block *out) {
    for (size_t b = 0; b < n / INT8_BLOCK; b++) int8_quantise_block(x + b * INT8_BLOCK, natural, out + b);
}

static inline size_t int8_less(WeightType type) {
    return type == WEIGHT_Q8_0;
}

/* The bytes of block b of a row, without its scale. */
static inline const unsigned char *int8_codes(WeightType type, const WeightRow *w, size_t b) {
    return type == WEIGHT_MXFP4 ? w->q + b * 16 : type == WEIGHT_Q8_0 ? w->q + b * 34 + 2 : w->q + b * 17 + 1;
}

static inline float int8_scale(WeightType type, const WeightRow *w, size_t b) {
    if (type == WEIGHT_MXFP4) return cpu_e8m0(w->scales[b]) * 0.5f;
    if (type == WEIGHT_MXFP4_GGML) return cpu_e8m0(w->q[b * 17]) * 0.5f;
    const unsigned char *p = w->q + b * 34;
    return cpu_half((uint16_t)(p[0] | p[1] << 8));
}

/* Doubled E2M1 values, 12 above: by code. */
#define INT8_E2M1 12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0

#endif
