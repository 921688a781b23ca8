/* Precision int8 with AVX-512 VNNI: one instruction multiplies 4 columns of 16 rows. Nothing here runs before
 * kernels_select.c has asked the processor. */
#include "engine/cpu/kernels.h"

#if defined(__AVX512VNNI__) && defined(__AVX512F__) && defined(__AVX512BW__)
#include "engine/cpu/int8_x86.h"

enum { AHEAD = 1024 };

INLINE __m512i rows_of(WeightType type, const WeightRow *w, size_t b, size_t r, size_t half) {
    const __m128i *p[4];
    for (size_t i = 0; i < 4; i++)
        p[i] = (const __m128i *)(const void *)(int8_codes(type, &w[r + 4 * i], b) + 16 * half);
    __m512i v = _mm512_castsi128_si512(_mm_loadu_si128(p[0]));
    v = _mm512_inserti32x4(v, _mm_loadu_si128(p[1]), 1);
    v = _mm512_inserti32x4(v, _mm_loadu_si128(p[2]), 2);
    return _mm512_inserti32x4(v, _mm_loadu_si128(p[3]), 3);
}

/* 16 bytes of each of 16 rows, turned: lane r of out[d] is the d-th dword of row r. */
INLINE void turn_16(WeightType type, const WeightRow *w, size_t b, size_t half, __m512i out[4]) {
    __m512i a = rows_of(type, w, b, 0, half), c = rows_of(type, w, b, 1, half), d = rows_of(type, w, b, 2, half),
            e = rows_of(type, w, b, 3, half);
    __m512i ac = _mm512_unpacklo_epi32(a, c), de = _mm512_unpacklo_epi32(d, e);
    __m512i ac2 = _mm512_unpackhi_epi32(a, c), de2 = _mm512_unpackhi_epi32(d, e);
    out[0] = _mm512_unpacklo_epi64(ac, de), out[1] = _mm512_unpackhi_epi64(ac, de);
    out[2] = _mm512_unpacklo_epi64(ac2, de2), out[3] = _mm512_unpackhi_epi64(ac2, de2);
}

INLINE void turn_block(WeightType type, const WeightRow *w, size_t b, Int8Strip *out) {
    const __m512i table = _mm512_broadcast_i32x4(_mm_setr_epi8(INT8_E2M1)), nibble = _mm512_set1_epi8(15);
    __m512i v[4];
    turn_16(type, w, b, 0, v);
    for (int i = 0; i < 4; i++) {
        __m512i high = _mm512_and_si512(_mm512_srli_epi16(v[i], 4), nibble);
        if (type == WEIGHT_Q8_0) {
            _mm512_store_si512(out->q[i], _mm512_xor_si512(v[i], _mm512_set1_epi8(-128)));
        } else {
            _mm512_store_si512(out->q[i], _mm512_shuffle_epi8(table, _mm512_and_si512(v[i], nibble)));
            _mm512_store_si512(out->q[i + 4], _mm512_shuffle_epi8(table, high));
        }
    }
    if (type != WEIGHT_Q8_0) return;
    turn_16(type, w, b, 1, v);
    for (int i = 0; i < 4; i++) _mm512_store_si512(out->q[i + 4], _mm512_xor_si512(v[i], _mm512_set1_epi8(-128)));
}

static void turn(WeightType type, const WeightRow *w, size_t n, Int8Strip *out) {
    int8_x86_turn(turn_block, AHEAD, type, w, n, out);
}

INLINE __m512i four(const Int8Block *x, int g) {
    return _mm512_set1_epi32(int8_x86_four(x, g));
}

INLINE void dot_tile(size_t less, const Int8Strip *w, size_t n, const Int8Block *const *x, const int T, float *out) {
    __m512 acc[8];
    for (int t = 0; t < T; t++) acc[t] = _mm512_setzero_ps();
    for (size_t b = 0; b < n / INT8_BLOCK; b++) {
        __m512i q[INT8_GROUPS];
        __m512 scale = _mm512_load_ps(w[b].scale);
        for (int g = 0; g < INT8_GROUPS; g++) q[g] = _mm512_load_si512(w[b].q[g]);
        for (int t = 0; t < T; t++) {
            const Int8Block *at = &x[t][b];
            __m512i sum = _mm512_set1_epi32(at->less[less]);
            for (int g = 0; g < INT8_GROUPS; g++) sum = _mm512_dpbusd_epi32(sum, q[g], four(at, g));
            __m512 both = _mm512_mul_ps(scale, _mm512_set1_ps(at->scale));
            acc[t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), both, acc[t]);
        }
    }
    for (int t = 0; t < T; t++) _mm512_storeu_ps(out + t * INT8_ROWS, acc[t]);
}

static void dot(WeightType type, const Int8Strip *w, size_t n, const Int8Block *const *x, size_t n_tokens, float *out) {
    size_t t = 0, less = int8_less(type);
    for (; t + 8 <= n_tokens; t += 8) dot_tile(less, w, n, x + t, 8, out + t * INT8_ROWS);
    for (; t + 4 <= n_tokens; t += 4) dot_tile(less, w, n, x + t, 4, out + t * INT8_ROWS);
    for (; t + 2 <= n_tokens; t += 2) dot_tile(less, w, n, x + t, 2, out + t * INT8_ROWS);
    for (; t < n_tokens; t++) dot_tile(less, w, n, x + t, 1, out + t * INT8_ROWS);
}

static void quantise(const float *x, size_t n, bool natural, Int8Block *out) {
    int8_quantise(x, n, natural, out);
}

bool cpu_int8_vnni(CpuKernels *k) {
    k->quantise = quantise, k->turn = turn, k->dot_int8 = dot;
    return true;
}
#else
bool cpu_int8_vnni(CpuKernels *k) {
    (void)k;
    return false;
}
#endif
