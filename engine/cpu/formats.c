/* Halves and scales, and every stored number type for any processor. */
#include "engine/cpu/formats_blocks.h"

/* Subnormal halves are mantissa * 2^-24: exact, since float has the range. */
float cpu_half(uint16_t h) {
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, mantissa = h & 1023;
    if (exponent == 31) return blocks_float(sign | 0x7f800000u | mantissa << 13 | (mantissa ? 0x400000u : 0));
    if (exponent) return blocks_float(sign | (exponent + 112) << 23 | mantissa << 13);
    float f = (float)mantissa * 0x1p-24f;
    return sign ? -f : f;
}

/* Adding 0.5 to a number below 2^-14 rounds it to a multiple of 2^-24, the step of subnormal halves. */
uint16_t cpu_to_half(float f) {
    uint32_t bits, sum;
    memcpy(&bits, &f, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) return (uint16_t)(sign | 0x7e00);
    if (magnitude >= 0x477fe000u) return (uint16_t)(sign | 0x7bff);
    if (magnitude < 0x38800000u) { /* below 2^-14: a multiple of 2^-24 */
        float r = blocks_float(magnitude) + 0.5f;
        memcpy(&sum, &r, sizeof sum);
        return (uint16_t)(sign | (sum - 0x3f000000u));
    }
    magnitude += 0xfff + (magnitude >> 13 & 1); /* half of the last place, less one where that is even */
    magnitude = (magnitude >> 13) - (112u << 10);
    return (uint16_t)(sign | (magnitude > 0x7bff ? 0x7bff : magnitude));
}

#define E1(s) (uint32_t)(s) << 23
#define E4(s) E1(s), E1(s + 1), E1(s + 2), E1(s + 3)
#define E15(s) E4(s), E4(s + 4), E4(s + 8), E1(s + 12), E1(s + 13), E1(s + 14)
#define E16(s) E15(s), E1(s + 15)
const uint32_t cpu_e8m0_bits[256] = {0x00400000, E15(1),   E16(16),  E16(32),  E16(48),  E16(64),
                                     E16(80),    E16(96),  E16(112), E16(128), E16(144), E16(160),
                                     E16(176),   E16(192), E16(208), E16(224), E15(240), 0x7fc00000};

const CpuExpand cpu_expand[WEIGHT_TYPES] = BLOCKS_TABLE;
