/* Every stored number type in plain C, to float32 as its publisher defines it: F32, F16, BF16, MXFP4 as in safetensors,
 * and the block formats of ggml (dequantize_row_* in ggml-quants.c; tests/golden/ggml holds vectors of it).
 *
 * d * q is one float32 product, rounded once, and where a format has a minimum, that is added or subtracted afterwards;
 * where a block has scales of its own, d * scale is formed first. Every product but the last of Q6_K and IQ4_XS is
 * exact (half times at most 13 bits), so whether ggml's compiler fused an addition makes no difference. */
#include "engine/cpu/formats.h"

#include <string.h>

static float from_bits(uint32_t bits) {
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static uint32_t read16(const unsigned char *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}
static uint32_t read32(const unsigned char *p) {
    return read16(p) | read16(p + 2) << 16;
}

/* Subnormal halves are mantissa * 2^-24: exact, since float has the range. */
float cpu_half(uint16_t h) {
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, mantissa = h & 1023;
    if (exponent == 31) return from_bits(sign | 0x7f800000u | mantissa << 13 | (mantissa ? 0x400000u : 0));
    if (exponent) return from_bits(sign | (exponent + 112) << 23 | mantissa << 13);
    float f = (float)mantissa * 0x1p-24f;
    return sign ? -f : f;
}

/* Adding 0.5 to a number below 2^-14 rounds it to a multiple of 2^-24, the step of subnormal halves. */
uint16_t cpu_to_half(float f) {
    uint32_t bits, sum;
    memcpy(&bits, &f, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) return (uint16_t)(sign | 0x7e00);
    if (magnitude >= 0x477fe000u) return (uint16_t)(sign | 0x7bff);
    if (magnitude < 0x38800000u) { /* below 2^-14: a multiple of 2^-24 */
        float r = from_bits(magnitude) + 0.5f;
        memcpy(&sum, &r, sizeof sum);
        return (uint16_t)(sign | (sum - 0x3f000000u));
    }
    magnitude += 0xfff + (magnitude >> 13 & 1); /* half of the last place, less one where that is even */
    magnitude = (magnitude >> 13) - (112u << 10);
    return (uint16_t)(sign | (magnitude > 0x7bff ? 0x7bff : magnitude));
}

static float half_at(const unsigned char *p) {
    return cpu_half((uint16_t)read16(p));
}

#define E1(s) (uint32_t)(s) << 23
#define E4(s) E1(s), E1(s + 1), E1(s + 2), E1(s + 3)
#define E15(s) E4(s), E4(s + 4), E4(s + 8), E1(s + 12), E1(s + 13), E1(s + 14)
#define E16(s) E15(s), E1(s + 15)
const uint32_t cpu_e8m0_bits[256] = {0x00400000, E15(1),   E16(16),  E16(32),  E16(48),  E16(64),
                                     E16(80),    E16(96),  E16(112), E16(128), E16(144), E16(160),
                                     E16(176),   E16(192), E16(208), E16(224), E15(240), 0x7fc00000};

static const float e2m1[16] = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6, -0.0f, -0.5f, -1, -1.5f, -2, -3, -4, -6};
static const signed char iq4[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

/* ---- one block, columns in their natural order; p: its bytes, s: its scales elsewhere ---- */

static void block_f32(const unsigned char *p, const unsigned char *s, float *y) {
    (void)s;
    for (int i = 0; i < 32; i++) y[i] = from_bits(read32(p + 4 * i));
}
static void block_f16(const unsigned char *p, const unsigned char *s, float *y) {
    (void)s;
    for (int i = 0; i < 32; i++) y[i] = half_at(p + 2 * i);
}
static void block_bf16(const unsigned char *p, const unsigned char *s, float *y) {
    (void)s;
    for (int i = 0; i < 32; i++) y[i] = from_bits(read16(p + 2 * i) << 16);
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
    float d = half_at(p);
    (void)s;
    for (int i = 0; i < 32; i++) y[i] = (float)(signed char)p[2 + i] * d;
}

static void block_q4_0(const unsigned char *p, const unsigned char *s, float *y) {
    float d = half_at(p);
    (void)s;
    for (int i = 0; i < 16; i++) {
        y[i] = (float)((p[2 + i] & 15) - 8) * d;
        y[i + 16] = (float)((p[2 + i] >> 4) - 8) * d;
    }
}

static void block_q4_1(const unsigned char *p, const unsigned char *s, float *y) {
    float d = half_at(p), m = half_at(p + 2);
    (void)s;
    for (int i = 0; i < 16; i++) {
        y[i] = (float)(p[4 + i] & 15) * d + m;
        y[i + 16] = (float)(p[4 + i] >> 4) * d + m;
    }
}

/* The fifth bits of the 32 numbers stand in one word, number i in bit i. */
static void block_q5_0(const unsigned char *p, const unsigned char *s, float *y) {
    float d = half_at(p);
    uint32_t high = read32(p + 2);
    (void)s;
    for (int i = 0; i < 16; i++) {
        y[i] = (float)((int)((p[6 + i] & 15u) | (high >> i & 1) << 4) - 16) * d;
        y[i + 16] = (float)((int)((uint32_t)p[6 + i] >> 4 | (high >> (i + 16) & 1) << 4) - 16) * d;
    }
}

static void block_q5_1(const unsigned char *p, const unsigned char *s, float *y) {
    float d = half_at(p), m = half_at(p + 2);
    uint32_t high = read32(p + 4);
    (void)s;
    for (int i = 0; i < 16; i++) {
        y[i] = (float)((p[8 + i] & 15u) | (high >> i & 1) << 4) * d + m;
        y[i + 16] = (float)((uint32_t)p[8 + i] >> 4 | (high >> (i + 16) & 1) << 4) * d + m;
    }
}

static void block_iq4_nl(const unsigned char *p, const unsigned char *s, float *y) {
    float d = half_at(p);
    (void)s;
    for (int i = 0; i < 16; i++) y[i] = d * (float)iq4[p[2 + i] & 15], y[i + 16] = d * (float)iq4[p[2 + i] >> 4];
}

/* ---- super-blocks of 256 ---- */

/* 16 scale bytes, 64 bytes of 2-bit codes, d, dmin. Runs of 16 numbers share a byte: scale low, minimum high. */
static void block_q2_k(const unsigned char *p, const unsigned char *s, float *y) {
    const unsigned char *q = p + 16;
    float d = half_at(p + 80), min = half_at(p + 82);
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
    float d = half_at(p + 108);
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
    float d = half_at(p), min = half_at(p + 2), scale, m;
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
    float d = half_at(p), min = half_at(p + 2), scale, m;
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
    float d = half_at(p + 208);
    (void)s;
    for (int run = 0; run < 8; run++, y += 32) {
        int k = run % 4;
        const unsigned char *low = p + run / 4 * 64 + k % 2 * 32, *high = p + 128 + run / 4 * 32;
        for (int i = 0; i < 32; i++) {
            int q = ((low[i] >> k / 2 * 4 & 15) | (high[i] >> 2 * k & 3) << 4) - 32;
            y[i] = d * (float)(signed char)p[192 + run * 2 + i / 16] * (float)q;
        }
    }
}

/* d, eight pairs of high scale bits, eight low scale nibbles, 128 bytes of codes as in IQ4_NL. */
static void block_iq4_xs(const unsigned char *p, const unsigned char *s, float *y) {
    float d = half_at(p);
    uint32_t high = read16(p + 2);
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
static inline __attribute__((always_inline)) void expand(Block block, size_t cols, size_t bytes, const WeightRow *w,
                                                         size_t n, float *out) {
    float y[256];
    for (size_t b = 0; b * cols < n; b++) {
        block(w->q + b * bytes, w->scales ? w->scales + b : NULL, y);
        for (size_t i = 0; i < cols; i += 32, out += 32)
            for (size_t k = 0; k < 16; k++) out[k] = y[i + 2 * k], out[16 + k] = y[i + 2 * k + 1];
    }
}

#define EXPAND(name, cols, bytes)                                                                                      \
    static void expand_##name(const WeightRow *w, size_t n, float *out) {                                              \
        expand(block_##name, cols, bytes, w, n, out);                                                                  \
    }
EXPAND(f32, 32, 128)
EXPAND(f16, 32, 64)
EXPAND(bf16, 32, 64)
EXPAND(mxfp4, 32, 16)
EXPAND(mxfp4_ggml, 32, 17)
EXPAND(q8_0, 32, 34)
EXPAND(q4_0, 32, 18)
EXPAND(q4_1, 32, 20)
EXPAND(q5_0, 32, 22)
EXPAND(q5_1, 32, 24)
EXPAND(iq4_nl, 32, 18)
EXPAND(iq4_xs, 256, 136)
EXPAND(q2_k, 256, 84)
EXPAND(q3_k, 256, 110)
EXPAND(q4_k, 256, 144)
EXPAND(q5_k, 256, 176)
EXPAND(q6_k, 256, 210)

const CpuExpand cpu_expand[WEIGHT_TYPES] = {
    [WEIGHT_F32] = expand_f32,     [WEIGHT_F16] = expand_f16,       [WEIGHT_BF16] = expand_bf16,
    [WEIGHT_MXFP4] = expand_mxfp4, [WEIGHT_Q8_0] = expand_q8_0,     [WEIGHT_MXFP4_GGML] = expand_mxfp4_ggml,
    [WEIGHT_Q4_0] = expand_q4_0,   [WEIGHT_Q4_1] = expand_q4_1,     [WEIGHT_Q5_0] = expand_q5_0,
    [WEIGHT_Q5_1] = expand_q5_1,   [WEIGHT_IQ4_NL] = expand_iq4_nl, [WEIGHT_IQ4_XS] = expand_iq4_xs,
    [WEIGHT_Q2_K] = expand_q2_k,   [WEIGHT_Q3_K] = expand_q3_k,     [WEIGHT_Q4_K] = expand_q4_k,
    [WEIGHT_Q5_K] = expand_q5_k,   [WEIGHT_Q6_K] = expand_q6_k,
};
