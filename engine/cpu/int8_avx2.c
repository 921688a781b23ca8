/* Precision int8 with AVX2; also for AVX-512 without VNNI. Nothing here runs before kernels_select.c has asked the
 * processor.
 *
 * vpmaddubsw adds two products of an unsigned and a signed byte in 16 bits, and cuts what does not fit. MXFP4: at most
 * 2*24*127, four of these sums still fit. Q8_0: |w| times x with the sign of w, at most 2*128*127 = 32512. */
#include "engine/cpu/kernels.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)
#include "engine/cpu/int8_x86.h"

INLINE __m256i rows_of(WeightType type, const WeightRow *w, size_t b, size_t r, size_t half) {
    __m128i a = _mm_loadu_si128((const __m128i *)(const void *)(int8_codes(type, &w[r], b) + 16 * half));
    __m128i c = _mm_loadu_si128((const __m128i *)(const void *)(int8_codes(type, &w[r + 4], b) + 16 * half));
    return _mm256_inserti128_si256(_mm256_castsi128_si256(a), c, 1);
}

/* 16 bytes of each of 8 rows, turned: lane r of out[d] is the d-th dword of row r. */
INLINE void turn_8(WeightType type, const WeightRow *w, size_t b, size_t half, __m256i out[4]) {
    __m256i a = rows_of(type, w, b, 0, half), c = rows_of(type, w, b, 1, half), d = rows_of(type, w, b, 2, half),
            e = rows_of(type, w, b, 3, half);
    __m256i ac = _mm256_unpacklo_epi32(a, c), de = _mm256_unpacklo_epi32(d, e);
    __m256i ac2 = _mm256_unpackhi_epi32(a, c), de2 = _mm256_unpackhi_epi32(d, e);
    out[0] = _mm256_unpacklo_epi64(ac, de), out[1] = _mm256_unpackhi_epi64(ac, de);
    out[2] = _mm256_unpacklo_epi64(ac2, de2), out[3] = _mm256_unpackhi_epi64(ac2, de2);
}

INLINE void put(Int8Strip *out, int group, size_t r, __m256i v) {
    _mm256_store_si256((__m256i *)(void *)out->q[group][r], v);
}

/* Rows r .. r+7. */
INLINE void turn_rows(WeightType type, const WeightRow *w, size_t r, size_t b, Int8Strip *out) {
    const __m256i table = _mm256_broadcastsi128_si256(_mm_setr_epi8(INT8_E2M1)), nibble = _mm256_set1_epi8(15),
                  top = _mm256_set1_epi8(-128);
    __m256i v[4];
    turn_8(type, w + r, b, 0, v);
    for (int i = 0; i < 4; i++) {
        __m256i high = _mm256_and_si256(_mm256_srli_epi16(v[i], 4), nibble);
        if (type == WEIGHT_Q8_0) {
            put(out, i, r, _mm256_xor_si256(v[i], top));
        } else {
            put(out, i, r, _mm256_shuffle_epi8(table, _mm256_and_si256(v[i], nibble)));
            put(out, i + 4, r, _mm256_shuffle_epi8(table, high));
        }
    }
    if (type != WEIGHT_Q8_0) return;
    turn_8(type, w + r, b, 1, v);
    for (int i = 0; i < 4; i++) put(out, i + 4, r, _mm256_xor_si256(v[i], top));
}

INLINE void turn_block(WeightType type, const WeightRow *w, size_t b, Int8Strip *out) {
    turn_rows(type, w, 0, b, out), turn_rows(type, w, 8, b, out);
}

static void turn(WeightType type, const WeightRow *w, size_t n, Int8Strip *out) {
    int8_x86_turn(turn_block, 0, type, w, n, out);
}

INLINE __m256i four(const Int8Block *x, int g) {
    return _mm256_set1_epi32(int8_x86_four(x, g));
}

/* sum[t] += the products of MXFP4 groups g .. g+3 */
INLINE void add_e2m1(const Int8Strip *w, size_t r, int g, const Int8Block *const *x, size_t b, const int T,
                     __m256i *sum) {
    __m256i part[4];
    for (int t = 0; t < T; t++) part[t] = _mm256_setzero_si256();
    for (int i = g; i < g + 4; i++) {
        __m256i q = _mm256_load_si256((const __m256i *)(const void *)w->q[i][r]);
        for (int t = 0; t < T; t++) part[t] = _mm256_add_epi16(part[t], _mm256_maddubs_epi16(q, four(&x[t][b], i)));
    }
    for (int t = 0; t < T; t++) sum[t] = _mm256_add_epi32(sum[t], _mm256_madd_epi16(part[t], _mm256_set1_epi16(1)));
}

INLINE void add_q8(const Int8Strip *w, size_t r, const Int8Block *const *x, size_t b, const int T, __m256i *sum) {
    for (int i = 0; i < INT8_GROUPS; i++) {
        __m256i q = _mm256_load_si256((const __m256i *)(const void *)w->q[i][r]);
        q = _mm256_xor_si256(q, _mm256_set1_epi8(-128));
        __m256i magnitude = _mm256_abs_epi8(q);
        for (int t = 0; t < T; t++) {
            __m256i two = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(four(&x[t][b], i), q));
            sum[t] = _mm256_add_epi32(sum[t], _mm256_madd_epi16(two, _mm256_set1_epi16(1)));
        }
    }
}

/* Rows r .. r+7 for T <= 4 tokens. */
INLINE void dot_tile(bool q8, const Int8Strip *w, size_t r, size_t n, const Int8Block *const *x, const int T,
                     float *out) {
    __m256 acc[4];
    for (int t = 0; t < T; t++) acc[t] = _mm256_setzero_ps();
    for (size_t b = 0; b < n / INT8_BLOCK; b++) {
        __m256i sum[4];
        for (int t = 0; t < T; t++) sum[t] = q8 ? _mm256_setzero_si256() : _mm256_set1_epi32(x[t][b].less[0]);
        if (q8)
            add_q8(&w[b], r, x, b, T, sum);
        else
            add_e2m1(&w[b], r, 0, x, b, T, sum), add_e2m1(&w[b], r, 4, x, b, T, sum);
        __m256 scale = _mm256_load_ps(w[b].scale + r);
        for (int t = 0; t < T; t++) {
            __m256 both = _mm256_mul_ps(scale, _mm256_set1_ps(x[t][b].scale));
            acc[t] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum[t]), both, acc[t]);
        }
    }
    for (int t = 0; t < T; t++) _mm256_storeu_ps(out + (size_t)t * INT8_ROWS + r, acc[t]);
}

INLINE void dot_type(bool q8, const Int8Strip *w, size_t n, const Int8Block *const *x, size_t n_tokens, float *out) {
    for (size_t r = 0; r < INT8_ROWS; r += 8) {
        size_t t = 0;
        for (; t + 4 <= n_tokens; t += 4) dot_tile(q8, w, r, n, x + t, 4, out + t * INT8_ROWS);
        for (; t < n_tokens; t++) dot_tile(q8, w, r, n, x + t, 1, out + t * INT8_ROWS);
    }
}

static void dot(WeightType type, const Int8Strip *w, size_t n, const Int8Block *const *x, size_t n_tokens, float *out) {
    if (type == WEIGHT_Q8_0)
        dot_type(true, w, n, x, n_tokens, out);
    else
        dot_type(false, w, n, x, n_tokens, out);
}

static void quantise(const float *x, size_t n, bool natural, Int8Block *out) {
    int8_quantise(x, n, natural, out);
}

bool cpu_int8_avx2(CpuKernels *k) {
    k->quantise = quantise, k->turn = turn, k->dot_int8 = dot;
    return true;
}
#else
bool cpu_int8_avx2(CpuKernels *k) {
    (void)k;
    return false;
}
#endif
