/* The blocks of every stored number type in plain C, to float32 as its publisher defines it: F32, F16, BF16, MXFP4 as
 * in safetensors, and the block formats of ggml (dequantize_row_* in ggml-quants.c; tests/golden/ggml holds vectors of
 * it).
 *
 * A header, so that formats.c compiles it for any processor and the SIMD files once more for theirs, where the compiler
 * makes vectors of the loops; operations and bits are the same.
 *
 * d * q is one float32 product, rounded once, and where a format has a minimum, that is added or subtracted afterwards;
 * where a block has scales of its own, d * scale is formed first. Every product but the last of Q6_K and IQ4_XS is
 * exact (half times at most 13 bits), so whether ggml's compiler fused an addition makes no difference. */
#ifndef ASSAY_CPU_FORMATS_BLOCKS_H
#define ASSAY_CPU_FORMATS_BLOCKS_H

#include <string.h>

#include "engine/cpu/formats.h"

static inline float blocks_float(uint32_t bits) {
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}
static inline uint32_t blocks_16(const unsigned char *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}
static inline uint32_t blocks_32(const unsigned char *p) {
    return blocks_16(p) | blocks_16(p + 2) << 16;
}
static inline float blocks_half(const unsigned char *p) {
    return cpu_half((uint16_t)blocks_16(p));
}

static const float e2m1[16] = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6, -0.0f, -0.5f, -1, -1.5f, -2, -3, -4, -6};
static const signed char iq4[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

/* ---- one block, columns in their natural order; p: its bytes, s: its scales elsewhere ---- */

static void block_f32(const unsigned char *p, const unsigned char *s, float *y) {
    (void)s;
    for (int i = 0; i < 32; i++) y[i] = blocks_float(blocks_32(p + 4 * i));
}
static void block_f16(const unsigned char *p, const unsigned char *s, float *y) {
    (void)s;
    for (int i = 0; i < 32; i++) y[i] = blocks_half(p + 2 * i);
}
static void block_bf16(const unsigned char *p, const unsigned char *s, float *y) {
    (void)s;
    for (int i = 0; i < 32; i++) y[i] = blocks_float(blocks_16(p + 2 * i) << 16);
}

static void block_mxfp4(const unsigned char *p, const unsigned char *s, float *y) {
    float d = cpu_e8m0(*s);
    for (int i = 0; i < 16; i++) y[2 * i] = e2m1[p[i] & 15] * d, y[2 * i + 1] = e2m1[p[i] >> 4] * d;
}

/* ggml keeps doubled values and halves the scale, which is the same number. */
static void block_mxfp4_ggml(const unsigned char *p, const unsigned char *s, float *y) {
    float d = cpu_e8m0(p[0]);
    (void)s;
    for (int i = 0; i < 16; i++) y[i] = e2m1[p[1 + i] & 15] * d, y[i + 16] = e2m1[p[1 + i] >> 4] * d;
}

static void block_q8_0(const unsigned char *p, const unsigned char *s, float *y) {
    float d = blocks_half(p);
    (void)s;
    for (int i = 0; i < 32; i++) y[i] = (float)(signed char)p[2 + i] * d;
}

static void block_q4_0(const unsigned char *p, const unsigned char *s, float *y) {
    float d = blocks_half(p);
    (void)s;
    for (int i = 0; i < 16; i++) {
        y[i] = (float)((p[2 + i] & 15) - 8) * d;
        y[i + 16] = (float)((p[2 + i] >> 4) - 8) * d;
    }
}

static void block_q4_1(const unsigned char *p, const unsigned char *s, float *y) {
    float d = blocks_half(p), m = blocks_half(p + 2);
    (void)s;
    for (int i = 0; i < 16; i++) {
        y[i] = (float)(p[4 + i] & 15) * d + m;
        y[i + 16] = (float)(p[4 + i] >> 4) * d + m;
    }
}

/* The fifth bits of the 32 numbers stand in one word, number i in bit i. */
static void block_q5_0(const unsigned char *p, const unsigned char *s, float *y) {
    float d = blocks_half(p);
    uint32_t high = blocks_32(p + 2);
    (void)s;
    for (int i = 0; i < 16; i++) {
        y[i] = (float)((int)((p[6 + i] & 15u) | (high >> i & 1) << 4) - 16) * d;
        y[i + 16] = (float)((int)((uint32_t)p[6 + i] >> 4 | (high >> (i + 16) & 1) << 4) - 16) * d;
    }
}

static void block_q5_1(const unsigned char *p, const unsigned char *s, float *y) {
    float d = blocks_half(p), m = blocks_half(p + 2);
    uint32_t high = blocks_32(p + 4);
    (void)s;
    for (int i = 0; i < 16; i++) {
        y[i] = (float)((p[8 + i] & 15u) | (high >> i & 1) << 4) * d + m;
        y[i + 16] = (float)((uint32_t)p[8 + i] >> 4 | (high >> (i + 16) & 1) << 4) * d + m;
    }
}

static void block_iq4_nl(const unsigned char *p, const unsigned char *s, float *y) {
    float d = blocks_half(p);
    (void)s;
    for (int i = 0; i < 16; i++) y[i] = d * (float)iq4[p[2 + i] & 15], y[i + 16] = d * (float)iq4[p[2 + i] >> 4];
}

/* ---- super-blocks of 256 ---- */

/* 16 scale bytes, 64 bytes of 2-bit codes, d, dmin. Runs of 16 numbers share a byte: scale low, minimum high. */
static void block_q2_k(const unsigned char *p, const unsigned char *s, float *y) {
    const unsigned char *q = p + 16;
    float d = blocks_half(p + 80), min = blocks_half(p + 82);
    (void)s;
    for (int run = 0; run < 16; run++, y += 16) { /* eight runs per half: shifts 0, 2, 4, 6, two runs each */
        float dl = d * (float)(p[run] & 15), ml = min * (float)(p[run] >> 4);
        const unsigned char *from = q + run / 8 * 32 + run % 2 * 16;
        int shift = run % 8 / 2 * 2;
        for (int i = 0; i < 16; i++) y[i] = dl * (float)(from[i] >> shift & 3) - ml;
    }
}

/* Sixteen 6-bit scales in 12 bytes: low nibbles of scale k in byte k % 8 (the upper eight in the high nibble), its two
 * high bits in byte 8 + k % 4. */
static int q3_scale(const unsigned char *p, int k) {
    int low = k < 8 ? p[k] & 15 : p[k - 8] >> 4;
    return (low | (p[8 + k % 4] >> k / 4 * 2 & 3) << 4) - 32;
}

/* 32 bytes of third bits, 64 bytes of 2-bit codes, 12 bytes of scales, d. A third bit that is clear takes 4 away. */
static void block_q3_k(const unsigned char *p, const unsigned char *s, float *y) {
    const unsigned char *q = p + 32;
    float d = blocks_half(p + 108);
    (void)s;
    for (int run = 0; run < 16; run++, y += 16) {
        float dl = d * (float)q3_scale(p + 96, run);
        const unsigned char *from = q + run / 8 * 32 + run % 2 * 16, *third = p + run % 2 * 16;
        int shift = run % 8 / 2 * 2, bit = run / 2;
        for (int i = 0; i < 16; i++) y[i] = dl * (float)((from[i] >> shift & 3) - (third[i] >> bit & 1 ? 0 : 4));
    }
}

/* Eight 6-bit scales and minima in 12 bytes. */
static void q4_scale(const unsigned char *p, int k, float *scale, float *min) {
    if (k < 4) {
        *scale = (float)(p[k] & 63), *min = (float)(p[k + 4] & 63);
    } else {
        *scale = (float)((p[k + 4] & 15) | (p[k - 4] >> 6) << 4);
        *min = (float)(p[k + 4] >> 4 | (p[k] >> 6) << 4);
    }
}

/* d, dmin, 12 bytes of scales, 128 bytes of 4-bit codes: 64 numbers in 32 bytes, the first 32 in the low nibbles. */
static void block_q4_k(const unsigned char *p, const unsigned char *s, float *y) {
    float d = blocks_half(p), min = blocks_half(p + 2), scale, m;
    (void)s;
    for (int run = 0; run < 8; run++, y += 32) {
        const unsigned char *q = p + 16 + run / 2 * 32;
        int shift = run % 2 * 4;
        q4_scale(p + 4, run, &scale, &m);
        float dl = d * scale, ml = min * m;
        for (int i = 0; i < 32; i++) y[i] = dl * (float)(q[i] >> shift & 15) - ml;
    }
}

/* The same with 32 bytes of fifth bits before the codes: bit `run` of byte i. */
static void block_q5_k(const unsigned char *p, const unsigned char *s, float *y) {
    float d = blocks_half(p), min = blocks_half(p + 2), scale, m;
    const unsigned char *high = p + 16;
    (void)s;
    for (int run = 0; run < 8; run++, y += 32) {
        const unsigned char *q = p + 48 + run / 2 * 32;
        int shift = run % 2 * 4;
        q4_scale(p + 4, run, &scale, &m);
        float dl = d * scale, ml = min * m;
        for (int i = 0; i < 32; i++) y[i] = dl * (float)((q[i] >> shift & 15) | (high[i] >> run & 1) << 4) - ml;
    }
}

/* 128 bytes of low nibbles, 64 bytes of two high bits, 16 signed scales, d. Of each half, run k of four (32 numbers)
 * has its nibbles in bytes k % 2 * 32 (the upper two runs in the high nibbles) and its high bits at shift 2k. */
static void block_q6_k(const unsigned char *p, const unsigned char *s, float *y) {
    float d = blocks_half(p + 208);
    (void)s;
    for (int run = 0; run < 16; run++, y += 16) { /* half runs: each has a scale */
        int k = run / 2 % 4, at = run % 2 * 16;
        const unsigned char *low = p + run / 8 * 64 + k % 2 * 32 + at, *high = p + 128 + run / 8 * 32 + at;
        float dl = d * (float)(signed char)p[192 + run];
        for (int i = 0; i < 16; i++)
            y[i] = dl * (float)(((low[i] >> k / 2 * 4 & 15) | (high[i] >> 2 * k & 3) << 4) - 32);
    }
}

/* d, eight pairs of high scale bits, eight low scale nibbles, 128 bytes of codes as in IQ4_NL. */
static void block_iq4_xs(const unsigned char *p, const unsigned char *s, float *y) {
    float d = blocks_half(p);
    uint32_t high = blocks_16(p + 2);
    (void)s;
    for (int run = 0; run < 8; run++, y += 32) {
        int low = p[4 + run / 2] >> run % 2 * 4 & 15, scale = (low | (int)(high >> 2 * run & 3) << 4) - 32;
        const unsigned char *q = p + 8 + run * 16;
        float dl = d * (float)scale;
        for (int i = 0; i < 16; i++) y[i] = dl * (float)iq4[q[i] & 15], y[i + 16] = dl * (float)iq4[q[i] >> 4];
    }
}

/* ---- rows, in the order of the dots ---- */

typedef void (*Block)(const unsigned char *p, const unsigned char *s, float *y);

/* cols, bytes: of what `block` makes at once. */
static inline __attribute__((always_inline)) void blocks_row(Block block, size_t cols, size_t bytes, const WeightRow *w,
                                                             size_t n, float *out) {
    float y[256];
    for (size_t b = 0; b * cols < n; b++) {
        block(w->q + b * bytes, w->scales ? w->scales + b : NULL, y);
        for (size_t i = 0; i < cols; i += 32, out += 32)
            for (size_t k = 0; k < 16; k++) out[k] = y[i + 2 * k], out[16 + k] = y[i + 2 * k + 1];
    }
}

#define BLOCKS_ROW(name, cols, bytes)                                                                                  \
    static void blocks_row_##name(const WeightRow *w, size_t n, float *out) {                                          \
        blocks_row(block_##name, cols, bytes, w, n, out);                                                              \
    }
BLOCKS_ROW(f32, 32, 128)
BLOCKS_ROW(f16, 32, 64)
BLOCKS_ROW(bf16, 32, 64)
BLOCKS_ROW(mxfp4, 32, 16)
BLOCKS_ROW(mxfp4_ggml, 32, 17)
BLOCKS_ROW(q8_0, 32, 34)
BLOCKS_ROW(q4_0, 32, 18)
BLOCKS_ROW(q4_1, 32, 20)
BLOCKS_ROW(q5_0, 32, 22)
BLOCKS_ROW(q5_1, 32, 24)
BLOCKS_ROW(iq4_nl, 32, 18)
BLOCKS_ROW(iq4_xs, 256, 136)
BLOCKS_ROW(q2_k, 256, 84)
BLOCKS_ROW(q3_k, 256, 110)
BLOCKS_ROW(q4_k, 256, 144)
BLOCKS_ROW(q5_k, 256, 176)
BLOCKS_ROW(q6_k, 256, 210)

#define BLOCKS_TABLE                                                                                                   \
    {                                                                                                                  \
        [WEIGHT_F32] = blocks_row_f32, [WEIGHT_F16] = blocks_row_f16, [WEIGHT_BF16] = blocks_row_bf16,                 \
        [WEIGHT_MXFP4] = blocks_row_mxfp4, [WEIGHT_Q8_0] = blocks_row_q8_0,                                            \
        [WEIGHT_MXFP4_GGML] = blocks_row_mxfp4_ggml, [WEIGHT_Q4_0] = blocks_row_q4_0, [WEIGHT_Q4_1] = blocks_row_q4_1, \
        [WEIGHT_Q5_0] = blocks_row_q5_0, [WEIGHT_Q5_1] = blocks_row_q5_1, [WEIGHT_IQ4_NL] = blocks_row_iq4_nl,         \
        [WEIGHT_IQ4_XS] = blocks_row_iq4_xs, [WEIGHT_Q2_K] = blocks_row_q2_k, [WEIGHT_Q3_K] = blocks_row_q3_k,         \
        [WEIGHT_Q4_K] = blocks_row_q4_k, [WEIGHT_Q5_K] = blocks_row_q5_k, [WEIGHT_Q6_K] = blocks_row_q6_k,             \
    }

#endif
