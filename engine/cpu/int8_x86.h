/* What the int8 kernels of both x86 files share, compiled by each for its own instructions (F16C at least). */
#ifndef ASSAY_CPU_INT8_X86_H
#define ASSAY_CPU_INT8_X86_H

#include <immintrin.h>

#include "engine/cpu/int8_blocks.h"

#define INLINE static inline __attribute__((always_inline))

INLINE float int8_x86_scale(WeightType type, const WeightRow *w, size_t b) {
    if (type != WEIGHT_Q8_0) return int8_scale(type, w, b);
    const unsigned char *p = w->q + b * 34;
    return _cvtsh_ss((unsigned short)(p[0] | p[1] << 8));
}

/* Block b of the 16 rows: its codes into out->q. */
typedef void (*Int8TurnBlock)(WeightType type, const WeightRow *w, size_t b, Int8Strip *out);

/* ahead: bytes from the codes at hand to those that are fetched beforehand; 0: none are. */
INLINE void int8_x86_turn_type(Int8TurnBlock block, size_t ahead, WeightType type, const WeightRow *w, size_t n,
                               Int8Strip *out) {
    for (size_t b = 0; b < n / INT8_BLOCK; b++) {
        if (ahead && b % 2 == 0)
            for (size_t r = 0; r < INT8_ROWS; r++) /* as an address: it may lie behind the end */
                _mm_prefetch((const char *)((uintptr_t)int8_codes(type, &w[r], b) + ahead), _MM_HINT_T0);
        block(type, w, b, &out[b]);
        for (size_t r = 0; r < INT8_ROWS; r++) out[b].scale[r] = int8_x86_scale(type, &w[r], b);
    }
}

/* Int8Turn, with a loop of its own for each type. */
INLINE void int8_x86_turn(Int8TurnBlock block, size_t ahead, WeightType type, const WeightRow *w, size_t n,
                          Int8Strip *out) {
    if (type == WEIGHT_MXFP4)
        int8_x86_turn_type(block, ahead, WEIGHT_MXFP4, w, n, out);
    else if (type == WEIGHT_Q8_0)
        int8_x86_turn_type(block, ahead, WEIGHT_Q8_0, w, n, out);
    else
        int8_x86_turn_type(block, ahead, WEIGHT_MXFP4_GGML, w, n, out);
}

/* The four activations of group g as one number. */
INLINE int32_t int8_x86_four(const Int8Block *x, int g) {
    int32_t v;
    memcpy(&v, x->q + 4 * g, sizeof v);
    return v;
}

#endif
