/* Stored number types: each against vectors that ggml made (tests/golden/ggml), in every kernel table. */
#include "engine/cpu/formats.h"
#include "tests/engine_support.h"

static bool type_of(Str name, WeightType *out) {
    for (int t = 0; t < WEIGHT_TYPES; t++)
        if (t != WEIGHT_MXFP4 && str_eqz(name, weight_type_name((WeightType)t))) return *out = (WeightType)t, true;
    return false;
}

static uint32_t hex(Str s, size_t at, size_t n) {
    uint32_t v = 0;
    for (size_t i = at; i < at + n; i++) v = v << 4 | (uint32_t)(s.p[i] <= '9' ? s.p[i] - '0' : s.p[i] - 'a' + 10);
    return v;
}

/* ggml has no minus zero among the codes of MXFP4, the standard has: the only place where bits may differ. */
static void same_bits(WeightType type, float got, uint32_t want, const char *table, size_t line, size_t i) {
    uint32_t b;
    memcpy(&b, &got, sizeof b);
    if (type == WEIGHT_MXFP4_GGML && b == 0x80000000u) b = 0;
    if (b != want)
        fail_msg("%s, line %zu, %s: number %zu is %08x, ggml has %08x", table, line, weight_type_name(type), i, b,
                 want);
}

static void check_line(const Json *j, size_t line, size_t seen[WEIGHT_TYPES]) {
    static const char *const tables[] = {"scalar", "avx2", "avx512"};
    WeightType type = WEIGHT_F32;
    Str bytes = json_str(json_get(j, "bytes")), want = json_str(json_get(j, "f32"));
    assert_true(type_of(json_str(json_get(j, "type")), &type));
    WeightBlock block = weight_block(type);
    assert_int_equal(bytes.n, 2 * block.bytes);
    assert_int_equal(want.n, 8 * block.cols);
    unsigned char stored[1 + 256];
    for (size_t i = 0; i < block.bytes; i++) stored[1 + i] = (unsigned char)hex(bytes, 2 * i, 2);
    for (size_t k = 0; k < 3; k++) {
        CpuKernels table;
        float got[256];
        if (!cpu_kernels_select(tables[k], &table)) continue;
        table.format[type].expand(&(WeightRow){stored + 1, NULL}, block.cols, got);
        for (size_t i = 0; i < block.cols; i++)
            same_bits(type, got[cpu_column(i)], hex(want, 8 * i, 8), tables[k], line, i);
    }
    seen[type]++;
}

static void test_vectors(void **state) {
    (void)state;
    Buf text;
    size_t seen[WEIGHT_TYPES] = {0}, line = 1;
    buf_init(&text, 1 << 20);
    must(file_read("tests/golden/ggml/blocks.jsonl", &text, err));
    Str all = buf_str(&text);
    for (size_t from = 0; from < all.n; line++) {
        const char *end = memchr(all.p + from, '\n', all.n - from);
        size_t n = (size_t)(end - all.p) - from;
        Json *j = NULL;
        must(json_parse((Str){all.p + from, n}, &j, err));
        check_line(j, line, seen);
        json_close(j);
        from += n + 1;
    }
    for (int t = WEIGHT_MXFP4_GGML; t < WEIGHT_TYPES; t++) assert_true(seen[t] >= 10);
    buf_release(&text);
}

/* All 65536 halves and BF16 numbers, against the view's own conversion; NaN stays NaN. */
static void test_halves(void **state) {
    (void)state;
    static const WeightType types[] = {WEIGHT_F16, WEIGHT_BF16};
    static const char *const tables[] = {"scalar", "avx2", "avx512"};
    for (size_t k = 0; k < 3; k++) {
        CpuKernels table;
        if (!cpu_kernels_select(tables[k], &table)) continue;
        for (size_t t = 0; t < 2; t++)
            for (uint32_t h = 0; h < 65536; h += 32) {
                unsigned char p[64];
                float got[32];
                for (uint32_t i = 0; i < 32; i++)
                    p[2 * i] = (h + i) & 255, p[2 * i + 1] = (unsigned char)((h + i) >> 8);
                table.format[types[t]].expand(&(WeightRow){p, NULL}, 32, got);
                for (size_t i = 0; i < 32; i++) {
                    float want = vec_get(&(Vec){.type = types[t], .n = 32, .data = p, .stride = 2}, i);
                    float have = got[cpu_column(i)];
                    if (isnan(want) ? !isnan(have) : memcmp(&want, &have, 4) != 0)
                        fail_msg("%s: %04zx is %a, expected %a", tables[k], h + i, (double)have, (double)want);
                }
            }
    }
}

/* A half is what its definition says, in double arithmetic. */
static void test_half_definition(void **state) {
    (void)state;
    for (uint32_t h = 0; h < 65536; h++) {
        int e = h >> 10 & 31;
        double m = h & 1023, want = e ? ldexp(1024 + m, e - 25) : ldexp(m, -24);
        if (e == 31) {
            assert_true(m != 0 ? isnan(cpu_half((uint16_t)h)) : isinf(cpu_half((uint16_t)h)));
            continue;
        }
        assert_true((double)cpu_half((uint16_t)h) == (h & 0x8000 ? -want : want));
    }
}

static void test_scales(void **state) {
    (void)state;
    for (int s = 0; s < 255; s++) assert_true((double)cpu_e8m0((unsigned char)s) == ldexp(1, s - 127));
    assert_true(isnan(cpu_e8m0(255)));
}

/* To half: the nearest multiple of the step at that size, ties to even, by double arithmetic; every half is itself. */
static void check_to_half(float f) {
    int e;
    double a = fabs((double)f), step;
    frexp(a, &e);
    step = ldexp(1, (e - 1 < -14 ? -14 : e - 1) - 10);
    double want = fmin(nearbyint(a / step) * step, 65504), got = (double)cpu_half(cpu_to_half(f));
    if (fabs(got) != want || !signbit(got) != !signbit(f)) fail_msg("%a became %a", (double)f, got);
}

static void test_to_half(void **state) {
    (void)state;
    for (uint32_t h = 0; h < 65536; h++) {
        float f = cpu_half((uint16_t)h), next = cpu_half((uint16_t)(h + 1));
        if (isnan(f) || isinf(f)) continue;
        assert_int_equal(cpu_to_half(f), h);
        if (isnan(next) || isinf(next)) continue;
        float middle = (f + next) / 2;
        check_to_half(middle);
        check_to_half(nextafterf(middle, f)), check_to_half(nextafterf(middle, next));
    }
    assert_int_equal(cpu_to_half(65519.99f), 0x7bff);
    assert_int_equal(cpu_to_half(65520), 0x7bff); /* would be infinite */
    assert_int_equal(cpu_to_half(-INFINITY), 0xfbff);
    assert_true(isnan(cpu_half(cpu_to_half(NAN))));
    assert_int_equal(cpu_to_half(1e-30f), 0);
    assert_int_equal(cpu_to_half(-1e-30f), 0x8000);
}

/* Halves in order, in every table. */
static void test_widen(void **state) {
    (void)state;
    static const char *const tables[] = {"scalar", "avx2", "avx512"};
    static uint16_t h[65536];
    static float out[65536];
    for (uint32_t i = 0; i < 65536; i++) h[i] = (uint16_t)i;
    for (size_t k = 0; k < 3; k++) {
        CpuKernels table;
        if (!cpu_kernels_select(tables[k], &table)) continue;
        table.widen(h, 65536, out);
        for (uint32_t i = 0; i < 65536; i++) {
            float want = cpu_half((uint16_t)i);
            assert_memory_equal(&want, &out[i], 4);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors), cmocka_unit_test(test_halves),  cmocka_unit_test(test_half_definition),
        cmocka_unit_test(test_scales),  cmocka_unit_test(test_to_half), cmocka_unit_test(test_widen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
