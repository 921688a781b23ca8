/* The truth of precision int8: plain C, one operation after the other. */
#include <math.h>

#include "engine/cpu/int8_blocks.h"

static const unsigned char e2m1[16] = {INT8_E2M1};

static void turn_row(WeightType type, const unsigned char *p, size_t r, Int8Strip *out) {
    for (size_t i = 0; i < INT8_BLOCK; i++) {
        unsigned char code;
        if (type == WEIGHT_Q8_0)
            code = p[i] ^ 128;
        else /* low nibbles first: pair order in safetensors, natural order in ggml */
            code = e2m1[i < 16 ? p[i] & 15 : p[i - 16] >> 4];
        out->q[i / 4][r][i % 4] = code;
    }
}

static void turn(WeightType type, const WeightRow *w, size_t n, Int8Strip *out) {
    for (size_t b = 0; b < n / INT8_BLOCK; b++)
        for (size_t r = 0; r < INT8_ROWS; r++) {
            turn_row(type, int8_codes(type, &w[r], b), r, &out[b]);
            out[b].scale[r] = int8_scale(type, &w[r], b);
        }
}

static int32_t sum_row(const Int8Strip *w, size_t r, int32_t less, const Int8Block *x) {
    int32_t sum = less;
    for (size_t i = 0; i < INT8_BLOCK; i++) sum += (int32_t)w->q[i / 4][r][i % 4] * x->q[i];
    return sum;
}

static void dot(WeightType type, const Int8Strip *w, size_t n, const Int8Block *const *x, size_t n_tokens, float *out) {
    for (size_t t = 0; t < n_tokens; t++)
        for (size_t r = 0; r < INT8_ROWS; r++) {
            float acc = 0;
            for (size_t b = 0; b < n / INT8_BLOCK; b++) {
                int32_t sum = sum_row(&w[b], r, x[t][b].less[int8_less(type)], &x[t][b]);
                acc = fmaf((float)sum, w[b].scale[r] * x[t][b].scale, acc);
            }
            out[t * INT8_ROWS + r] = acc;
        }
}

static void quantise(const float *x, size_t n, bool natural, Int8Block *out) {
    int8_quantise(x, n, natural, out);
}

void cpu_int8_scalar(CpuKernels *k) {
    k->quantise = quantise, k->turn = turn, k->dot_int8 = dot;
}
