/* The truth: plain C, one operation after the other. fmaf is a fused multiply-add by definition, whether the processor
 * has one or not; the compiler may fuse nothing else (-ffp-contract=off). */
#include "engine/cpu/kernels.h"

#include <math.h>
#include <string.h>

#include "engine/cpu/formats.h"

static float from_bits(uint32_t bits) {
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

/* exp(x) = 2^n exp(r), n = round(x / ln 2), |r| <= ln(2)/2; exp(r) by its Taylor series to r^7, whose remainder
 * (r^8/8! < 6e-9) is below half an ulp. The rounding comes from adding 1.5 * 2^23, after which the low bits of the sum
 * are n. */
float cpu_exp(float x) {
    if (x < -87.33f) return 0.0f;
    if (x > 88.0f) x = 88.0f;
    float t = fmaf(x, 1.44269504f, 12582912.0f), n = t - 12582912.0f;
    float r = fmaf(n, -0.693145752f, x); /* ln 2 cut to 15 bits: n times it is exact */
    r = fmaf(n, -1.42860682e-6f, r);
    float p = 1.0f / 5040;
    p = fmaf(p, r, 1.0f / 720);
    p = fmaf(p, r, 1.0f / 120);
    p = fmaf(p, r, 1.0f / 24);
    p = fmaf(p, r, 1.0f / 6);
    p = fmaf(p, r, 0.5f);
    p = fmaf(p, r, 1.0f);
    p = fmaf(p, r, 1.0f);
    uint32_t bits;
    memcpy(&bits, &t, sizeof bits);
    return p * from_bits((bits << 23) + 0x3f800000u);
}

static float fold(const float lane[CPU_LANES]) {
    float a[8], b[4];
    for (int i = 0; i < 8; i++) a[i] = lane[i] + lane[i + 8];
    for (int i = 0; i < 4; i++) b[i] = a[i] + a[i + 4];
    return (b[0] + b[2]) + (b[1] + b[3]);
}

static void dot_one(const float *w, size_t from, size_t n, const float *x, float lane[CPU_LANES]) {
    for (size_t c = 0; c < n; c++) lane[c % CPU_LANES] = fmaf(w[c], x[from + c], lane[c % CPU_LANES]);
}

static inline __attribute__((always_inline)) void dot(WeightType type, size_t bytes, const WeightRow *w, size_t n_rows,
                                                      size_t n, const float *const *x, size_t n_tokens, float *out) {
    float block[CPU_PAD];
    for (size_t t = 0; t < n_tokens; t++)
        for (size_t r = 0; r < n_rows; r++) {
            float lane[CPU_LANES] = {0};
            for (size_t b = 0; b < n / CPU_PAD; b++) {
                WeightRow at = {w[r].q + b * bytes, w[r].scales ? w[r].scales + b : NULL};
                cpu_expand[type](&at, CPU_PAD, block);
                dot_one(block, b * CPU_PAD, CPU_PAD, x[t], lane);
            }
            out[t * CPU_TILE + r] = fold(lane);
        }
}

#define DOT(name, type, bytes)                                                                                         \
    static void dot_##name(const WeightRow *w, size_t n_rows, size_t n, const float *const *x, size_t n_tokens,        \
                           float *out) {                                                                               \
        dot(type, bytes, w, n_rows, n, x, n_tokens, out);                                                              \
    }
DOT(f16, WEIGHT_F16, 64)
DOT(bf16, WEIGHT_BF16, 64)
DOT(mxfp4, WEIGHT_MXFP4, 16)
DOT(mxfp4_ggml, WEIGHT_MXFP4_GGML, 17)
DOT(q8_0, WEIGHT_Q8_0, 34)

/* What was expanded is in pair order already. */
static void dot_f32(const WeightRow *w, size_t n_rows, size_t n, const float *const *x, size_t n_tokens, float *out) {
    float block[CPU_PAD];
    for (size_t t = 0; t < n_tokens; t++)
        for (size_t r = 0; r < n_rows; r++) {
            float lane[CPU_LANES] = {0};
            for (size_t c = 0; c < n; c += CPU_PAD) {
                memcpy(block, w[r].q + c * sizeof(float), sizeof block);
                dot_one(block, c, CPU_PAD, x[t], lane);
            }
            out[t * CPU_TILE + r] = fold(lane);
        }
}

static void widen(const uint16_t *h, size_t n, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = cpu_half(h[i]);
}

static float sum_squares(const float *x, size_t n) {
    float lane[CPU_LANES] = {0};
    dot_one(x, 0, n, x, lane);
    return fold(lane);
}

static void swiglu(const float *g, const float *u, size_t n, float limit, float alpha, float *out) {
    for (size_t i = 0; i < n; i++) {
        float gate = g[i] > limit ? limit : g[i];
        float up = u[i] > limit ? limit : u[i];
        up = up < -limit ? -limit : up;
        float sigmoid = 1.0f / (1.0f + cpu_exp(-alpha * gate));
        out[i] = gate * sigmoid * (up + 1.0f);
    }
}

static void scores(const float *q, size_t ldq, size_t n_q, const float *kt, size_t n_tiles, size_t head_dim,
                   float scale, float *s, size_t lds) {
    for (size_t h = 0; h < n_q; h++)
        for (size_t i = 0; i < n_tiles * CPU_LANES; i++) {
            const float *k = kt + i / CPU_LANES * CPU_LANES * head_dim + i % CPU_LANES;
            float sum = 0;
            for (size_t d = 0; d < head_dim; d++) sum = fmaf(q[h * ldq + d], k[d * CPU_LANES], sum);
            s[h * lds + i] = scale * sum;
        }
}

static float softmax(float *s, size_t begin, size_t end, float *m, float *sum) {
    float lane[CPU_LANES] = {0}, max = *m;
    for (size_t i = begin; i < end; i++) max = s[i] > max ? s[i] : max;
    for (size_t i = 0; i < CPU_BLOCK; i++) {
        s[i] = i >= begin && i < end ? cpu_exp(s[i] - max) : 0.0f;
        lane[i % CPU_LANES] += s[i];
    }
    float factor = cpu_exp(*m - max);
    *sum = fmaf(*sum, factor, fold(lane));
    *m = max;
    return factor;
}

static void values(const float *p, size_t ldp, size_t n_q, const float *v, size_t ld, size_t begin, size_t end,
                   const float *factor, float *acc) {
    for (size_t h = 0; h < n_q; h++)
        for (size_t d = 0; d < ld; d++) {
            float sum = factor[h] * acc[h * ld + d];
            for (size_t i = begin; i < end; i++) sum = fmaf(p[h * ldp + i], v[i * ld + d], sum);
            acc[h * ld + d] = sum;
        }
}

void cpu_kernels_scalar(CpuKernels *k) {
    *k = (CpuKernels){.name = "scalar",
                      .dot_f32 = dot_f32,
                      .widen = widen,
                      .sum_squares = sum_squares,
                      .swiglu = swiglu,
                      .scores = scores,
                      .softmax = softmax,
                      .values = values};
    for (size_t t = 0; t < WEIGHT_TYPES; t++) k->format[t].expand = cpu_expand[t];
    k->format[WEIGHT_F16].dot = dot_f16;
    k->format[WEIGHT_BF16].dot = dot_bf16;
    k->format[WEIGHT_MXFP4].dot = dot_mxfp4;
    k->format[WEIGHT_MXFP4_GGML].dot = dot_mxfp4_ggml;
    k->format[WEIGHT_Q8_0].dot = dot_q8_0;
    for (size_t t = 0; t < WEIGHT_TYPES; t++) k->format[t].fused = k->format[t].dot ? 1 : 0;
}
