/* AVX-512 (F, BW, DQ, VL): a vector of 16 lanes is one register. Nothing here runs before kernels_select.c has asked
 * the processor. */
#include "engine/cpu/kernels.h"

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__) && defined(__FMA__)
#include <immintrin.h>

typedef __m512 v16;
#define V static inline __attribute__((always_inline))
#define TILE_T 6
#define SCORE_TILES 4

V v16 v16_zero(void) {
    return _mm512_setzero_ps();
}
V v16 v16_set1(float f) {
    return _mm512_set1_ps(f);
}
V v16 v16_load(const float *p) {
    return _mm512_loadu_ps(p);
}
V void v16_store(float *p, v16 v) {
    _mm512_storeu_ps(p, v);
}
V v16 v16_fma(v16 a, v16 b, v16 c) {
    return _mm512_fmadd_ps(a, b, c);
}
V v16 v16_mul(v16 a, v16 b) {
    return _mm512_mul_ps(a, b);
}
V v16 v16_add(v16 a, v16 b) {
    return _mm512_add_ps(a, b);
}
V v16 v16_sub(v16 a, v16 b) {
    return _mm512_sub_ps(a, b);
}
V v16 v16_div(v16 a, v16 b) {
    return _mm512_div_ps(a, b);
}
V v16 v16_min(v16 a, v16 b) {
    return _mm512_min_ps(a, b);
}
V v16 v16_max(v16 a, v16 b) {
    return _mm512_max_ps(a, b);
}

V __m512i load_512(const void *p) {
    return _mm512_loadu_si512(p);
}

V void v32_f32(const unsigned char *p, v16 *lo, v16 *hi) {
    const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    __m512i a = load_512(p), b = load_512(p + 64);
    *lo = _mm512_castsi512_ps(_mm512_permutex2var_epi32(a, even, b));
    *hi = _mm512_castsi512_ps(_mm512_permutex2var_epi32(a, _mm512_add_epi32(even, _mm512_set1_epi32(1)), b));
}

V void v32_f16(const unsigned char *p, v16 *lo, v16 *hi) {
    __m512i pairs = load_512(p);
    *lo = _mm512_cvtph_ps(_mm512_cvtepi32_epi16(pairs));
    *hi = _mm512_cvtph_ps(_mm512_cvtepi32_epi16(_mm512_srli_epi32(pairs, 16)));
}

V void v32_bf16(const unsigned char *p, v16 *lo, v16 *hi) {
    __m512i pairs = load_512(p);
    *lo = _mm512_castsi512_ps(_mm512_slli_epi32(pairs, 16));
    *hi = _mm512_castsi512_ps(_mm512_and_si512(pairs, _mm512_set1_epi32((int)0xffff0000)));
}

/* The permutation looks at the low four bits of each lane only, so the code needs no mask. The table is scaled rather
 * than its values: one multiplication for 32 weights. */
V void v32_e2m1(__m128i packed, float scale, v16 *lo, v16 *hi) {
    const v16 value = _mm512_setr_ps(0, 0.5f, 1, 1.5f, 2, 3, 4, 6, -0.0f, -0.5f, -1, -1.5f, -2, -3, -4, -6);
    v16 scaled = _mm512_mul_ps(value, _mm512_set1_ps(scale));
    __m512i codes = _mm512_cvtepu8_epi32(packed);
    *lo = _mm512_permutexvar_ps(codes, scaled);
    *hi = _mm512_permutexvar_ps(_mm512_srli_epi32(codes, 4), scaled);
}

V void v32_q8(const unsigned char *p, float scale, v16 *lo, v16 *hi) {
    __m512i pairs = _mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)p));
    v16 s = _mm512_set1_ps(scale);
    *lo = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_srai_epi32(_mm512_slli_epi32(pairs, 24), 24)), s);
    *hi = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_srai_epi32(pairs, 8)), s);
}

V v16 v16_exp(v16 x) {
    const v16 magic = _mm512_set1_ps(12582912.0f), one = _mm512_set1_ps(1.0f);
    __mmask16 tiny = _mm512_cmp_ps_mask(x, _mm512_set1_ps(-87.33f), _CMP_LT_OQ);
    x = _mm512_min_ps(_mm512_set1_ps(88.0f), x);
    v16 t = _mm512_fmadd_ps(x, _mm512_set1_ps(1.44269504f), magic), n = _mm512_sub_ps(t, magic);
    v16 r = _mm512_fmadd_ps(n, _mm512_set1_ps(-0.693145752f), x);
    r = _mm512_fmadd_ps(n, _mm512_set1_ps(-1.42860682e-6f), r);
    v16 p = _mm512_set1_ps(1.0f / 5040);
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f / 720));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f / 120));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f / 24));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f / 6));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.5f));
    p = _mm512_fmadd_ps(p, r, one);
    p = _mm512_fmadd_ps(p, r, one);
    __m512i bits = _mm512_add_epi32(_mm512_slli_epi32(_mm512_castps_si512(t), 23), _mm512_set1_epi32(0x3f800000));
    return _mm512_mask_blend_ps(tiny, _mm512_mul_ps(p, _mm512_castsi512_ps(bits)), _mm512_setzero_ps());
}

V float v16_fold(v16 v) {
    __m256 a = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    b = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(b, _mm_movehdup_ps(b)));
}

V void v16_fold4(v16 a, v16 b, v16 c, v16 d, float *out) {
    v16 ab = _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xEE)); /* l + (l+8) */
    v16 cd = _mm512_add_ps(_mm512_shuffle_f32x4(c, d, 0x44), _mm512_shuffle_f32x4(c, d, 0xEE));
    v16 s = _mm512_add_ps(_mm512_shuffle_f32x4(ab, cd, 0x88), _mm512_shuffle_f32x4(ab, cd, 0xDD)); /* l + (l+4) */
    s = _mm512_add_ps(s, _mm512_permute_ps(s, 0x4E));                                              /* l + (l+2) */
    s = _mm512_add_ps(s, _mm512_permute_ps(s, 0xB1));                                              /* l + (l+1) */
    const __m512i first = _mm512_setr_epi32(0, 4, 8, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    _mm_storeu_ps(out, _mm512_castps512_ps128(_mm512_permutexvar_ps(first, s)));
}

V v16 v16_pick(v16 v, v16 w, size_t i, size_t begin, size_t end) {
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    __m512i at = _mm512_add_epi32(lane, _mm512_set1_epi32((int)i));
    __mmask16 m = _mm512_cmpge_epi32_mask(at, _mm512_set1_epi32((int)begin)) &
                  _mm512_cmplt_epi32_mask(at, _mm512_set1_epi32((int)end));
    return _mm512_mask_blend_ps(m, w, v);
}

#include "engine/cpu/kernels_simd.h"

bool cpu_kernels_avx512(CpuKernels *k) {
    override(k, "avx512");
    return true;
}
#else
bool cpu_kernels_avx512(CpuKernels *k) {
    (void)k;
    return false;
}
#endif
