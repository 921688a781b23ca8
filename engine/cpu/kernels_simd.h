/* The vector kernels, written once over a vector of 16 lanes and included by one file per instruction set, which first
 * defines:
 *
 *   v16                       16 floats                     v16_zero() v16_set1(f) v16_load(p) v16_store(p, v)
 *   v16_fma(a, b, c)          a*b + c, rounded once         v16_mul v16_add v16_sub v16_div
 *   v16_min(a, b)             a < b ? a : b                 v16_max(a, b)   a > b ? a : b
 *   v32_f32(p, &lo, &hi)      32 stored numbers, lo: the even ones; likewise v32_f16, v32_bf16
 *   v32_e2m1(codes, scale, &lo, &hi)   16 bytes of codes, lo: the low nibbles
 *   v32_q8(p, scale, &lo, &hi)         32 signed bytes, lo: the even ones
 *   v16_exp(v)                cpu_exp of each lane          v16_fold(v)     the sum of the lanes, folded by halves
 *   v16_fold4(v, out)         v16_fold of four vectors at once, the same additions in fewer instructions
 *   v16_pick(v, w, i, begin, end)   lanes of v whose index i + lane is in [begin, end), others of w
 *   TILE_T                    tokens that fit into the registers beside CPU_TILE rows: 1 or 6
 *   SCORE_TILES               tiles of scores that fit into them beside four heads
 *
 * Order of operations: kernels.h. Loops over r and t below have constant bounds after inlining and vanish. */
#include <math.h>
#include <string.h>

#include "engine/cpu/formats_blocks.h"

#define INLINE static inline __attribute__((always_inline))

/* About 2 KB ahead of each of the rows: enough to hide memory latency, little enough to stay in L1. */
enum { AHEAD = 1024 };

/* KIND_WIDE: floats in pair order, as expanded before. */
typedef enum WeightKind { KIND_WIDE, KIND_F32, KIND_F16, KIND_BF16, KIND_MXFP4, KIND_MXFP4_GGML, KIND_Q8_0 } WeightKind;

INLINE float half_scale(const unsigned char *p) {
    return _cvtsh_ss((unsigned short)(p[0] | p[1] << 8));
}

/* ggml's codes (low nibbles: columns 0..15) as safetensors packs them: byte i has columns 2i and 2i+1. */
INLINE __m128i codes_of_ggml(const unsigned char *p) {
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p), nibble = _mm_set1_epi8(15);
    __m128i lo = _mm_and_si128(v, nibble), hi = _mm_and_si128(_mm_srli_epi16(v, 4), nibble);
    lo = _mm_or_si128(lo, _mm_srli_epi16(lo, 4)), hi = _mm_or_si128(hi, _mm_srli_epi16(hi, 4));
    __m128i byte = _mm_set1_epi16(255);
    return _mm_packus_epi16(_mm_and_si128(lo, byte), _mm_and_si128(hi, byte));
}

/* 32 weights of one row from block b on. */
INLINE void load_block(WeightKind kind, const WeightRow *w, size_t b, v16 *lo, v16 *hi) {
    switch (kind) {
    case KIND_WIDE:
        *lo = v16_load((const float *)(const void *)(w->q + b * 128));
        *hi = v16_load((const float *)(const void *)(w->q + b * 128 + 64));
        break;
    case KIND_F32:
        v32_f32(w->q + b * 128, lo, hi);
        break;
    case KIND_F16:
        v32_f16(w->q + b * 64, lo, hi);
        break;
    case KIND_BF16:
        v32_bf16(w->q + b * 64, lo, hi);
        break;
    case KIND_MXFP4:
        v32_e2m1(_mm_loadu_si128((const __m128i *)(const void *)(w->q + b * 16)), cpu_e8m0(w->scales[b]), lo, hi);
        break;
    case KIND_MXFP4_GGML:
        v32_e2m1(codes_of_ggml(w->q + b * 17 + 1), cpu_e8m0(w->q[b * 17]), lo, hi);
        break;
    case KIND_Q8_0:
        v32_q8(w->q + b * 34 + 2, half_scale(w->q + b * 34), lo, hi);
        break;
    }
}

INLINE void prefetch_block(WeightKind kind, const WeightRow *w, size_t b) {
    if (kind == KIND_BF16 || kind == KIND_F16)
        __builtin_prefetch(w->q + b * 64 + AHEAD);
    else if (kind == KIND_MXFP4 && b % 4 == 0)
        __builtin_prefetch(w->q + b * 16 + AHEAD / 2);
    else if (kind == KIND_MXFP4_GGML && b % 4 == 0)
        __builtin_prefetch(w->q + b * 17 + AHEAD / 2);
    else if (kind == KIND_Q8_0 && b % 2 == 0)
        __builtin_prefetch(w->q + b * 34 + AHEAD);
}

/* R rows by T tokens, everything in registers. */
INLINE void tile(WeightKind kind, const WeightRow *w, const int R, const float *const *x, const int T, size_t n,
                 float *out) {
    v16 acc[CPU_TILE][TILE_T];
    for (int r = 0; r < R; r++)
        for (int t = 0; t < T; t++) acc[r][t] = v16_zero();
    for (size_t b = 0; b < n / 32; b++) {
        if (T == 1) { /* one row after the other: fewer registers */
            v16 x0 = v16_load(x[0] + b * 32), x1 = v16_load(x[0] + b * 32 + 16);
            for (int r = 0; r < R; r++) {
                v16 lo, hi;
                load_block(kind, &w[r], b, &lo, &hi);
                prefetch_block(kind, &w[r], b);
                acc[r][0] = v16_fma(hi, x1, v16_fma(lo, x0, acc[r][0]));
            }
            continue;
        }
        v16 lo[CPU_TILE], hi[CPU_TILE];
        for (int r = 0; r < R; r++) {
            load_block(kind, &w[r], b, &lo[r], &hi[r]);
            prefetch_block(kind, &w[r], b);
        }
        for (int t = 0; t < T; t++) {
            v16 a = v16_load(x[t] + b * 32);
            for (int r = 0; r < R; r++) acc[r][t] = v16_fma(lo[r], a, acc[r][t]);
        }
        for (int t = 0; t < T; t++) {
            v16 a = v16_load(x[t] + b * 32 + 16);
            for (int r = 0; r < R; r++) acc[r][t] = v16_fma(hi[r], a, acc[r][t]);
        }
    }
    for (int t = 0; t < T; t++) {
        if (R == CPU_TILE)
            v16_fold4(acc[0][t], acc[1][t], acc[2][t], acc[3][t], out + t * CPU_TILE);
        else
            for (int r = 0; r < R; r++) out[t * CPU_TILE + r] = v16_fold(acc[r][t]);
    }
}

/* Fewer rows than a tile end a matrix: rare, so one token at a time. */
INLINE void tile_few(WeightKind kind, const WeightRow *w, size_t n_rows, const float *const *x, size_t n, float *out) {
    switch (n_rows) {
    case 4:
        tile(kind, w, 4, x, 1, n, out);
        break;
    case 3:
        tile(kind, w, 3, x, 1, n, out);
        break;
    case 2:
        tile(kind, w, 2, x, 1, n, out);
        break;
    default:
        tile(kind, w, 1, x, 1, n, out);
        break;
    }
}

/* What is left of the tokens goes in one tile too, so that weights are unpacked no more often than they must be. */
INLINE void tile_tokens(WeightKind kind, const WeightRow *w, const float *const *x, size_t tokens, size_t n,
                        float *out) {
    switch (tokens) {
#if TILE_T > 1
    case 2:
        tile(kind, w, CPU_TILE, x, 2, n, out);
        break;
    case 3:
        tile(kind, w, CPU_TILE, x, 3, n, out);
        break;
    case 4:
        tile(kind, w, CPU_TILE, x, 4, n, out);
        break;
    case 5:
        tile(kind, w, CPU_TILE, x, 5, n, out);
        break;
    case 6:
        tile(kind, w, CPU_TILE, x, 6, n, out);
        break;
#endif
    default:
        tile(kind, w, CPU_TILE, x, 1, n, out);
        break;
    }
}

INLINE void dot(WeightKind kind, const WeightRow *w, size_t n_rows, size_t n, const float *const *x, size_t n_tokens,
                float *out) {
    size_t step = n_rows == CPU_TILE ? TILE_T : 1;
    for (size_t t = 0; t < n_tokens; t += step) {
        size_t k = n_tokens - t < step ? n_tokens - t : step;
        if (n_rows == CPU_TILE)
            tile_tokens(kind, w, x + t, k, n, out + t * CPU_TILE);
        else
            tile_few(kind, w, n_rows, x + t, n, out + t * CPU_TILE);
    }
}

INLINE void expand(WeightKind kind, const WeightRow *w, size_t n, float *out) {
    for (size_t b = 0; b < n / 32; b++) {
        v16 lo, hi;
        load_block(kind, w, b, &lo, &hi);
        v16_store(out + b * 32, lo);
        v16_store(out + b * 32 + 16, hi);
    }
}

#define DOT(name, kind)                                                                                                \
    static void dot_##name(const WeightRow *w, size_t n_rows, size_t n, const float *const *x, size_t n_tokens,        \
                           float *out) {                                                                               \
        dot(kind, w, n_rows, n, x, n_tokens, out);                                                                     \
    }
#define EXPAND(name, kind)                                                                                             \
    static void expand_##name(const WeightRow *w, size_t n, float *out) {                                              \
        expand(kind, w, n, out);                                                                                       \
    }
DOT(wide, KIND_WIDE)
DOT(f16, KIND_F16)
DOT(bf16, KIND_BF16)
DOT(mxfp4, KIND_MXFP4)
DOT(mxfp4_ggml, KIND_MXFP4_GGML)
DOT(q8_0, KIND_Q8_0)
EXPAND(f32, KIND_F32)
EXPAND(f16, KIND_F16)
EXPAND(bf16, KIND_BF16)
EXPAND(mxfp4, KIND_MXFP4)
EXPAND(mxfp4_ggml, KIND_MXFP4_GGML)
EXPAND(q8_0, KIND_Q8_0)

static void widen(const uint16_t *h, size_t n, float *out) {
    for (size_t i = 0; i < n; i += 8)
        _mm256_storeu_ps(out + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(h + i))));
}

static float sum_squares(const float *x, size_t n) {
    v16 acc = v16_zero();
    for (size_t i = 0; i < n; i += 16) {
        v16 a = v16_load(x + i);
        acc = v16_fma(a, a, acc);
    }
    return v16_fold(acc);
}

/* The tail goes through a buffer, so that each element sees the same operations wherever it stands. */
INLINE v16 swiglu16(v16 g, v16 u, v16 limit, v16 minus_limit, v16 minus_alpha) {
    v16 one = v16_set1(1.0f);
    v16 gate = v16_min(limit, g);
    v16 up = v16_max(minus_limit, v16_min(limit, u));
    v16 sigmoid = v16_div(one, v16_add(one, v16_exp(v16_mul(minus_alpha, gate))));
    return v16_mul(v16_mul(gate, sigmoid), v16_add(up, one));
}

static void swiglu(const float *g, const float *u, size_t n, float limit, float alpha, float *out) {
    v16 hi = v16_set1(limit), lo = v16_set1(-limit), a = v16_set1(-alpha);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) v16_store(out + i, swiglu16(v16_load(g + i), v16_load(u + i), hi, lo, a));
    if (i == n) return;
    float gt[16] = {0}, ut[16] = {0}, ot[16];
    memcpy(gt, g + i, (n - i) * sizeof(float));
    memcpy(ut, u + i, (n - i) * sizeof(float));
    v16_store(ot, swiglu16(v16_load(gt), v16_load(ut), hi, lo, a));
    memcpy(out + i, ot, (n - i) * sizeof(float));
}

/* H heads by T tiles: enough independent sums to hide the latency of each. */
INLINE void scores_part(const float *q, size_t ldq, const int H, const float *kt, const int T, size_t head_dim,
                        v16 scale, float *s, size_t lds) {
    v16 acc[4][4];
    for (int h = 0; h < H; h++)
        for (int t = 0; t < T; t++) acc[h][t] = v16_zero();
    for (size_t d = 0; d < head_dim; d++)
        for (int t = 0; t < T; t++) {
            v16 k = v16_load(kt + ((size_t)t * head_dim + d) * 16);
            for (int h = 0; h < H; h++) acc[h][t] = v16_fma(v16_set1(q[(size_t)h * ldq + d]), k, acc[h][t]);
        }
    for (int h = 0; h < H; h++)
        for (int t = 0; t < T; t++) v16_store(s + (size_t)h * lds + 16 * t, v16_mul(scale, acc[h][t]));
}

INLINE void scores_heads(const float *q, size_t ldq, const int H, const float *kt, size_t n_tiles, size_t head_dim,
                         v16 scale, float *s, size_t lds) {
    size_t t = 0;
    for (; t + SCORE_TILES <= n_tiles; t += SCORE_TILES)
        scores_part(q, ldq, H, kt + t * 16 * head_dim, SCORE_TILES, head_dim, scale, s + 16 * t, lds);
    for (; t < n_tiles; t++) scores_part(q, ldq, H, kt + t * 16 * head_dim, 1, head_dim, scale, s + 16 * t, lds);
}

static void scores(const float *q, size_t ldq, size_t n_q, const float *kt, size_t n_tiles, size_t head_dim,
                   float scale, float *s, size_t lds) {
    v16 v = v16_set1(scale);
    for (; n_q >= 4; n_q -= 4, q += 4 * ldq, s += 4 * lds) scores_heads(q, ldq, 4, kt, n_tiles, head_dim, v, s, lds);
    for (; n_q >= 2; n_q -= 2, q += 2 * ldq, s += 2 * lds) scores_heads(q, ldq, 2, kt, n_tiles, head_dim, v, s, lds);
    for (; n_q >= 1; n_q -= 1, q += ldq, s += lds) scores_heads(q, ldq, 1, kt, n_tiles, head_dim, v, s, lds);
}

static float softmax(float *s, size_t begin, size_t end, float *m, float *sum) {
    float lane[16], max = *m;
    v16 top = v16_set1(max), acc = v16_zero(), zero = v16_zero();
    for (size_t i = 0; i < CPU_BLOCK; i += 16) top = v16_max(v16_pick(v16_load(s + i), top, i, begin, end), top);
    v16_store(lane, top);
    for (int i = 0; i < 16; i++) max = lane[i] > max ? lane[i] : max;
    for (size_t i = 0; i < CPU_BLOCK; i += 16) {
        v16 e = v16_pick(v16_exp(v16_sub(v16_load(s + i), v16_set1(max))), zero, i, begin, end);
        v16_store(s + i, e);
        acc = v16_add(acc, e);
    }
    float factor = cpu_exp(*m - max);
    *sum = fmaf(*sum, factor, v16_fold(acc));
    *m = max;
    return factor;
}

/* H heads by N vectors of the head. */
INLINE void values_part(const float *p, size_t ldp, const int H, const float *v, size_t ld, size_t begin, size_t end,
                        const float *factor, float *acc, const int N) {
    v16 sum[4][4];
    for (int h = 0; h < H; h++)
        for (int j = 0; j < N; j++)
            sum[h][j] = v16_mul(v16_set1(factor[h]), v16_load(acc + (size_t)h * ld + (size_t)(16 * j)));
    for (size_t i = begin; i < end; i++)
        for (int j = 0; j < N; j++) {
            v16 x = v16_load(v + i * ld + (size_t)(16 * j));
            for (int h = 0; h < H; h++) sum[h][j] = v16_fma(v16_set1(p[(size_t)h * ldp + i]), x, sum[h][j]);
        }
    for (int h = 0; h < H; h++)
        for (int j = 0; j < N; j++) v16_store(acc + (size_t)h * ld + (size_t)(16 * j), sum[h][j]);
}

INLINE void values_heads(const float *p, size_t ldp, const int H, const float *v, size_t ld, size_t begin, size_t end,
                         const float *factor, float *acc) {
    size_t d = 0;
    for (; d + 32 <= ld; d += 32) values_part(p, ldp, H, v + d, ld, begin, end, factor, acc + d, 2);
    for (; d < ld; d += 16) values_part(p, ldp, H, v + d, ld, begin, end, factor, acc + d, 1);
}

static void values(const float *p, size_t ldp, size_t n_q, const float *v, size_t ld, size_t begin, size_t end,
                   const float *factor, float *acc) {
    for (; n_q >= 4; n_q -= 4, p += 4 * ldp, factor += 4, acc += 4 * ld)
        values_heads(p, ldp, 4, v, ld, begin, end, factor, acc);
    for (; n_q >= 2; n_q -= 2, p += 2 * ldp, factor += 2, acc += 2 * ld)
        values_heads(p, ldp, 2, v, ld, begin, end, factor, acc);
    for (; n_q >= 1; n_q--, p += ldp, factor++, acc += ld) values_heads(p, ldp, 1, v, ld, begin, end, factor, acc);
}

static void override(CpuKernels *k, const char *name) {
    static const CpuExpand blocks[WEIGHT_TYPES] = BLOCKS_TABLE;
    k->name = name;
    for (size_t t = 0; t < WEIGHT_TYPES; t++) k->format[t].expand = blocks[t];
    k->format[WEIGHT_F32].expand = expand_f32;
    k->format[WEIGHT_F16] = (CpuFormat){expand_f16, dot_f16, 2 * TILE_T};
    k->format[WEIGHT_BF16] = (CpuFormat){expand_bf16, dot_bf16, 2 * TILE_T};
    k->format[WEIGHT_MXFP4] = (CpuFormat){expand_mxfp4, dot_mxfp4, TILE_T};
    k->format[WEIGHT_MXFP4_GGML] = (CpuFormat){expand_mxfp4_ggml, dot_mxfp4_ggml, TILE_T};
    k->format[WEIGHT_Q8_0] = (CpuFormat){expand_q8_0, dot_q8_0, TILE_T};
    k->dot_f32 = dot_wide;
    k->widen = widen;
    k->sum_squares = sum_squares;
    k->swiglu = swiglu;
    k->scores = scores;
    k->softmax = softmax;
    k->values = values;
}
