/* Precision int8: the vector kernels equal the scalar ones bit for bit, the scalar ones the definition of
 * engine/cpu/int8.h worked out here from the stored bytes. The whole model: test_engine_precision.c, _golden.c. */
#include "engine/cpu/cpu_internal.h"
#include "engine/cpu/formats.h"
#include "tests/engine_support.h"

enum { MAX_COLS = 2880, MAX_TOKENS = 40, BLOCKS = MAX_COLS / INT8_BLOCK };

static uint64_t state_;
static uint32_t bits(void) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state_ >> 33);
}

typedef struct Input {
    float x[MAX_TOKENS][MAX_COLS];
    Int8Block blocks[MAX_TOKENS][BLOCKS];
    const Int8Block *at[MAX_TOKENS];
    unsigned char q[INT8_ROWS][MAX_COLS / 32 * 34 + 3], scales[INT8_ROWS][BLOCKS + 3];
    WeightRow w[INT8_ROWS];
    float out[MAX_TOKENS * INT8_ROWS + 1];
} Input;

/* Numbers of very different sizes per block; some blocks are zero, some so small that they count as zero, and some
 * stand exactly between two codes. */
static void fill_x(float *x, size_t n) {
    for (size_t b = 0; b < n / 32; b++) {
        uint32_t kind = bits() % 8;
        for (size_t i = 0; i < 32; i++) {
            float v = (float)(int)(bits() % 2001) / 1000.0f - 1.0f;
            x[b * 32 + i] = kind == 0   ? 0.0f
                            : kind == 1 ? ldexpf(v, -140)
                            : kind == 2 ? ldexpf(v, 60)
                            : kind == 3 ? (float)((int)(bits() % 255) - 127) + 0.5f * (float)(i != 0)
                                        : ldexpf(v, (int)(b % 9) - 4);
        }
        if (kind == 3) x[b * 32] = 127.5f - 0.5f; /* scale 1: halves are ties */
    }
}

/* All codes; scales over the whole range whose products are finite. */
static void fill_w(Input *in, WeightType type, size_t n, size_t offset) {
    size_t bytes = weight_block(type).bytes;
    for (size_t r = 0; r < INT8_ROWS; r++) {
        for (size_t i = 0; i < sizeof in->q[r]; i++) in->q[r][i] = (unsigned char)bits();
        for (size_t b = 0; b < n / 32; b++) {
            unsigned char *p = in->q[r] + offset + b * bytes, s = (unsigned char)(bits() % 170);
            in->scales[r][offset + b] = s;
            if (type == WEIGHT_MXFP4_GGML) p[0] = s;
            if (type == WEIGHT_Q8_0) p[1] &= 0xbb; /* finite */
        }
        if (type == WEIGHT_Q8_0) memset(in->q[r] + offset + 2, 0x80, r % 3 ? 0 : 32); /* -128: the longest sums */
        in->w[r] = (WeightRow){in->q[r] + offset, type == WEIGHT_MXFP4 ? in->scales[r] + offset : NULL};
    }
}

static const WeightType types[] = {WEIGHT_MXFP4, WEIGHT_MXFP4_GGML, WEIGHT_Q8_0};
static _Alignas(64) Int8Strip strips[2][BLOCKS];

/* What the definition says, from a row as cpu_expand gives it: weights in pair order, code = weight / wscale. */
static float defined(WeightType type, const WeightRow *w, const float *x, size_t n) {
    float acc = 0;
    for (size_t b = 0; b < n / 32; b++) {
        float weight[32], max = 0;
        size_t bytes = weight_block(type).bytes;
        WeightRow at = {w->q + b * bytes, w->scales ? w->scales + b : NULL};
        cpu_expand[type](&at, 32, weight);
        double unit = type == WEIGHT_Q8_0 ? (double)cpu_half((uint16_t)(at.q[0] | at.q[1] << 8))
                                          : ldexp(1, (type == WEIGHT_MXFP4 ? *at.scales : at.q[0]) - 128);
        for (int i = 0; i < 32; i++) max = fabsf(x[b * 32 + (size_t)i]) > max ? fabsf(x[b * 32 + (size_t)i]) : max;
        float scale = max < INT8_TINY ? 0 : max / 127.0f;
        long sum = 0;
        for (int i = 0; i < 32; i++)
            if (scale > 0 && unit != 0) sum += lrint((double)weight[i] / unit) * lrintf(x[b * 32 + (size_t)i] / scale);
        acc = fmaf((float)sum, (float)unit * scale, acc);
    }
    return acc;
}

static void run(const CpuKernels *k, Input *in, WeightType type, size_t n, size_t tokens, Int8Strip *strip) {
    for (size_t t = 0; t < tokens; t++) {
        k->quantise(in->x[t], n, int8_natural(type), in->blocks[t]);
        in->at[t] = in->blocks[t];
    }
    k->turn(type, in->w, n, strip);
    memset(in->out, 0xAB, sizeof in->out); /* also what must not be written */
    k->dot_int8(type, strip, n, in->at, tokens, in->out);
}

static void test_defined(void **state) {
    (void)state;
    static Input in;
    CpuKernels k;
    assert_true(cpu_kernels_select("scalar", &k));
    for (size_t i = 0; i < 3; i++)
        for (int round = 0; round < 20; round++) {
            size_t n = round % 2 ? 96 : 320;
            for (size_t t = 0; t < 3; t++) fill_x(in.x[t], n);
            fill_w(&in, types[i], n, (size_t)round % 3);
            run(&k, &in, types[i], n, 3, strips[0]);
            for (size_t t = 0; t < 3; t++)
                for (size_t r = 0; r < INT8_ROWS; r++) {
                    float want = defined(types[i], &in.w[r], in.x[t], n), got = in.out[t * INT8_ROWS + r];
                    if (got != want) fail_msg("%s: %a, defined as %a", weight_type_name(types[i]), got, want);
                }
        }
}

static void check_tables(const CpuKernels *k, const CpuKernels *s, WeightType type, size_t n, size_t tokens) {
    static Input in;
    static float got[sizeof in.out / sizeof *in.out];
    static Int8Block blocks[MAX_TOKENS][BLOCKS];
    for (size_t t = 0; t < tokens; t++) fill_x(in.x[t], n);
    fill_w(&in, type, n, n % 3);
    run(k, &in, type, n, tokens, strips[0]);
    memcpy(got, in.out, sizeof got), memcpy(blocks, in.blocks, sizeof blocks);
    run(s, &in, type, n, tokens, strips[1]);
    assert_memory_equal(blocks, in.blocks, sizeof blocks);
    assert_memory_equal(strips[0], strips[1], n / 32 * sizeof **strips);
    assert_memory_equal(got, in.out, sizeof got);
}

static void test_tables(void **state) {
    (void)state;
    static const size_t cols[] = {32, 96, 2880}, tokens[] = {0, 1, 2, 3, 7, 9, 40};
    CpuKernels k[4], scalar;
    size_t n = 0;
    assert_true(cpu_kernels_select("scalar", &scalar));
    n += cpu_kernels_select("avx2", &k[n]);
    n += cpu_kernels_select("avx512", &k[n]);
    if (n == 2) k[n] = k[1], n += cpu_int8_avx2(&k[n]); /* as without VNNI */
    for (size_t i = 0; i < n; i++)
        for (size_t t = 0; t < 3; t++)
            for (size_t c = 0; c < 3; c++)
                for (size_t m = 0; m < sizeof tokens / sizeof *tokens; m++)
                    check_tables(&k[i], &scalar, types[t], cols[c], tokens[m]);
}

/* Infinities and NaNs must not vanish in the rounding. */
static void test_not_finite(void **state) {
    (void)state;
    static const char *const names[] = {"scalar", "avx2", "avx512"};
    for (size_t i = 0; i < 3; i++) {
        CpuKernels k;
        if (!cpu_kernels_select(names[i], &k)) continue;
        for (int what = 0; what < 3; what++) {
            static Input in;
            memset(in.x[0], 0, sizeof in.x[0]);
            in.x[0][37] = what == 0 ? (float)INFINITY : what == 1 ? -(float)INFINITY : (float)NAN;
            fill_w(&in, WEIGHT_MXFP4, 96, 0);
            run(&k, &in, WEIGHT_MXFP4, 96, 1, strips[0]);
            for (size_t r = 0; r < INT8_ROWS; r++) assert_true(isnan(in.out[r]));
            assert_true(in.blocks[0][0].scale == 0 && isnan(in.blocks[0][1].scale) && in.blocks[0][2].scale == 0);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_defined), cmocka_unit_test(test_tables),
                                       cmocka_unit_test(test_not_finite)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
