/* Asks the processor, once, which table it can run. The only file that tests for instruction sets. */
#include "engine/cpu/kernels.h"

#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

static bool has_avx2(void) {
#if defined(__x86_64__)
    unsigned a, b, c, d; /* clang 14 cannot ask for f16c by name */
    bool f16c = __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
    return f16c && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return false;
#endif
}

static bool has_avx512(void) {
#if defined(__x86_64__)
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
    return false;
#endif
}

static bool has_vnni(void) {
#if defined(__x86_64__)
    return has_avx512() && __builtin_cpu_supports("avx512vnni");
#else
    return false;
#endif
}

static bool avx2(CpuKernels *k) {
    return has_avx2() && cpu_kernels_avx2(k) && cpu_int8_avx2(k);
}

static bool avx512(CpuKernels *k) {
    if (!has_avx512() || !cpu_kernels_avx512(k)) return false;
    if (!has_vnni() || !cpu_int8_vnni(k)) (void)cpu_int8_avx2(k);
    return true;
}

bool cpu_kernels_select(const char *name, CpuKernels *out) {
    cpu_kernels_scalar(out), cpu_int8_scalar(out);
    if (name && strcmp(name, "scalar") == 0) return true;
    if (name && strcmp(name, "avx2") == 0) return avx2(out);
    if (name && strcmp(name, "avx512") == 0) return avx512(out);
    if (name && *name) return false;
    (void)(avx512(out) || avx2(out));
    return true;
}
