/* Stored number types in plain C: what a weight is, to the bit. kernels_scalar.c and the SIMD files stand on this. */
#ifndef ASSAY_CPU_FORMATS_H
#define ASSAY_CPU_FORMATS_H

#include <string.h>

#include "engine/cpu/kernels.h"

/* By WeightType: n columns of a row as floats in pair order (kernels.h). n: a multiple of 32 and of the type's block.
 */
extern const CpuExpand cpu_expand[WEIGHT_TYPES];

/* IEEE half, exactly; a NaN comes out quiet with its bits shifted, as from the processor's own instruction. */
float cpu_half(uint16_t h);
/* To the nearest half, ties to even; beyond the largest half: that one (65504), so that no infinity enters a sum. */
uint16_t cpu_to_half(float f);
static inline float cpu_bf16(const unsigned char *p) {
    uint32_t bits = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 24;
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}
/* E8M0, the scale of MXFP4: 2^(s-127); s = 0 is the subnormal 2^-127, s = 255 is not a number. A table, since the dots
 * wait for each scale. */
extern const uint32_t cpu_e8m0_bits[256];
static inline float cpu_e8m0(unsigned char s) {
    float f;
    memcpy(&f, &cpu_e8m0_bits[s], sizeof f);
    return f;
}

#endif
