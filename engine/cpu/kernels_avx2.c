/* AVX2 with FMA: a vector of 16 lanes is a pair of registers. Nothing here runs before kernels_select.c has asked the
 * processor. */
#include "engine/cpu/kernels.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)
#include <immintrin.h>

typedef struct v16 {
    __m256 a, b; /* lanes 0..7, 8..15 */
} v16;
#define V static inline __attribute__((always_inline))
#define TILE_T 1
#define SCORE_TILES 1
#define BOTH(op, x, y) ((v16){op((x).a, (y).a), op((x).b, (y).b)})

V v16 v16_zero(void) {
    return (v16){_mm256_setzero_ps(), _mm256_setzero_ps()};
}
V v16 v16_set1(float f) {
    return (v16){_mm256_set1_ps(f), _mm256_set1_ps(f)};
}
V v16 v16_load(const float *p) {
    return (v16){_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)};
}
V void v16_store(float *p, v16 v) {
    _mm256_storeu_ps(p, v.a), _mm256_storeu_ps(p + 8, v.b);
}
V v16 v16_fma(v16 x, v16 y, v16 z) {
    return (v16){_mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b)};
}
V v16 v16_mul(v16 x, v16 y) {
    return BOTH(_mm256_mul_ps, x, y);
}
V v16 v16_add(v16 x, v16 y) {
    return BOTH(_mm256_add_ps, x, y);
}
V v16 v16_sub(v16 x, v16 y) {
    return BOTH(_mm256_sub_ps, x, y);
}
V v16 v16_div(v16 x, v16 y) {
    return BOTH(_mm256_div_ps, x, y);
}
V v16 v16_min(v16 x, v16 y) {
    return BOTH(_mm256_min_ps, x, y);
}
V v16 v16_max(v16 x, v16 y) {
    return BOTH(_mm256_max_ps, x, y);
}

V __m256i load_256(const void *p) {
    return _mm256_loadu_si256(p);
}

V __m256i even_32(__m256i a, __m256i b) {
    __m256 ab = _mm256_shuffle_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b), 0x88); /* a0 a2 b0 b2 a4 a6 b4 b6 */
    return _mm256_permute4x64_epi64(_mm256_castps_si256(ab), 0xD8);
}
V __m256i odd_32(__m256i a, __m256i b) {
    __m256 ab = _mm256_shuffle_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b), 0xDD);
    return _mm256_permute4x64_epi64(_mm256_castps_si256(ab), 0xD8);
}

V void v32_f32(const unsigned char *p, v16 *lo, v16 *hi) {
    __m256i a = load_256(p), b = load_256(p + 32), c = load_256(p + 64), d = load_256(p + 96);
    *lo = (v16){_mm256_castsi256_ps(even_32(a, b)), _mm256_castsi256_ps(even_32(c, d))};
    *hi = (v16){_mm256_castsi256_ps(odd_32(a, b)), _mm256_castsi256_ps(odd_32(c, d))};
}

/* The low halves of eight lanes. */
V __m128i low_halves(__m256i v) {
    __m256i packed = _mm256_packus_epi32(_mm256_and_si256(v, _mm256_set1_epi32(0xffff)), _mm256_setzero_si256());
    return _mm256_castsi256_si128(_mm256_permute4x64_epi64(packed, 0xD8));
}
V __m256 f16_even(__m256i pairs) {
    return _mm256_cvtph_ps(low_halves(pairs));
}
V __m256 f16_odd(__m256i pairs) {
    return _mm256_cvtph_ps(low_halves(_mm256_srli_epi32(pairs, 16)));
}
V void v32_f16(const unsigned char *p, v16 *lo, v16 *hi) {
    __m256i a = load_256(p), b = load_256(p + 32);
    *lo = (v16){f16_even(a), f16_even(b)};
    *hi = (v16){f16_odd(a), f16_odd(b)};
}

V void v32_bf16(const unsigned char *p, v16 *lo, v16 *hi) {
    __m256i a = load_256(p), b = load_256(p + 32), odd = _mm256_set1_epi32((int)0xffff0000);
    *lo = (v16){_mm256_castsi256_ps(_mm256_slli_epi32(a, 16)), _mm256_castsi256_ps(_mm256_slli_epi32(b, 16))};
    *hi = (v16){_mm256_castsi256_ps(_mm256_and_si256(a, odd)), _mm256_castsi256_ps(_mm256_and_si256(b, odd))};
}

V __m256 q8_even(__m256i pairs, __m256 s) {
    return _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_srai_epi32(_mm256_slli_epi32(pairs, 24), 24)), s);
}
V __m256 q8_odd(__m256i pairs, __m256 s) {
    return _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_srai_epi32(pairs, 8)), s);
}
V void v32_q8(const unsigned char *p, float scale, v16 *lo, v16 *hi) {
    __m256i a = _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)(const void *)p));
    __m256i b = _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)(const void *)(p + 16)));
    __m256 s = _mm256_set1_ps(scale);
    *lo = (v16){q8_even(a, s), q8_even(b, s)};
    *hi = (v16){q8_odd(a, s), q8_odd(b, s)};
}

/* Eight codes, one per lane, higher bits ignored: the magnitude from a table of eight, the sign from bit 3. */
V __m256 e2m1_8(__m256i codes, __m256 magnitude) {
    __m256i sign = _mm256_slli_epi32(_mm256_and_si256(codes, _mm256_set1_epi32(8)), 28);
    return _mm256_xor_ps(_mm256_permutevar8x32_ps(magnitude, codes), _mm256_castsi256_ps(sign));
}

V void v32_e2m1(__m128i packed, float scale, v16 *lo, v16 *hi) {
    __m256 t = _mm256_mul_ps(_mm256_setr_ps(0, 0.5f, 1, 1.5f, 2, 3, 4, 6), _mm256_set1_ps(scale));
    __m256i a = _mm256_cvtepu8_epi32(packed), b = _mm256_cvtepu8_epi32(_mm_srli_si128(packed, 8));
    *lo = (v16){e2m1_8(a, t), e2m1_8(b, t)};
    *hi = (v16){e2m1_8(_mm256_srli_epi32(a, 4), t), e2m1_8(_mm256_srli_epi32(b, 4), t)};
}

V __m256 exp_8(__m256 x) {
    const __m256 magic = _mm256_set1_ps(12582912.0f), one = _mm256_set1_ps(1.0f);
    __m256 tiny = _mm256_cmp_ps(x, _mm256_set1_ps(-87.33f), _CMP_LT_OQ);
    x = _mm256_min_ps(_mm256_set1_ps(88.0f), x);
    __m256 t = _mm256_fmadd_ps(x, _mm256_set1_ps(1.44269504f), magic), n = _mm256_sub_ps(t, magic);
    __m256 r = _mm256_fmadd_ps(n, _mm256_set1_ps(-0.693145752f), x);
    r = _mm256_fmadd_ps(n, _mm256_set1_ps(-1.42860682e-6f), r);
    __m256 p = _mm256_set1_ps(1.0f / 5040);
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f / 720));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f / 120));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f / 24));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f / 6));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(0.5f));
    p = _mm256_fmadd_ps(p, r, one);
    p = _mm256_fmadd_ps(p, r, one);
    __m256i bits = _mm256_add_epi32(_mm256_slli_epi32(_mm256_castps_si256(t), 23), _mm256_set1_epi32(0x3f800000));
    return _mm256_andnot_ps(tiny, _mm256_mul_ps(p, _mm256_castsi256_ps(bits)));
}
V v16 v16_exp(v16 v) {
    return (v16){exp_8(v.a), exp_8(v.b)};
}

V float v16_fold(v16 v) {
    __m256 a = _mm256_add_ps(v.a, v.b);
    __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    b = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(b, _mm_movehdup_ps(b)));
}

V void v16_fold4(v16 x, v16 y, v16 z, v16 u, float *out) {
    __m256 a = _mm256_add_ps(x.a, x.b), b = _mm256_add_ps(y.a, y.b), c = _mm256_add_ps(z.a, z.b),
           d = _mm256_add_ps(u.a, u.b);
    __m256 ab = _mm256_add_ps(_mm256_permute2f128_ps(a, b, 0x20), _mm256_permute2f128_ps(a, b, 0x31)); /* l + (l+4) */
    __m256 cd = _mm256_add_ps(_mm256_permute2f128_ps(c, d, 0x20), _mm256_permute2f128_ps(c, d, 0x31));
    __m256 s = _mm256_add_ps(_mm256_shuffle_ps(ab, cd, 0x44),
                             _mm256_shuffle_ps(ab, cd, 0xEE)); /* l + (l+2): a a c c | b b d d */
    s = _mm256_add_ps(s, _mm256_permute_ps(s, 0xB1));          /* l + (l+1) */
    __m128 ac = _mm256_castps256_ps128(s), bd = _mm256_extractf128_ps(s, 1);
    _mm_storeu_ps(out, _mm_permute_ps(_mm_shuffle_ps(ac, bd, 0x88), 0xD8)); /* a c b d -> a b c d */
}

V __m256 pick_8(__m256 v, __m256 w, size_t i, size_t begin, size_t end) {
    __m256i at = _mm256_add_epi32(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), _mm256_set1_epi32((int)i));
    __m256i from = _mm256_cmpgt_epi32(at, _mm256_set1_epi32((int)begin - 1)),
            to = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)end), at);
    return _mm256_blendv_ps(w, v, _mm256_castsi256_ps(_mm256_and_si256(from, to)));
}
V v16 v16_pick(v16 v, v16 w, size_t i, size_t begin, size_t end) {
    return (v16){pick_8(v.a, w.a, i, begin, end), pick_8(v.b, w.b, i + 8, begin, end)};
}

#include "engine/cpu/kernels_simd.h"

bool cpu_kernels_avx2(CpuKernels *k) {
    override(k, "avx2");
    return true;
}
#else
bool cpu_kernels_avx2(CpuKernels *k) {
    (void)k;
    return false;
}
#endif
