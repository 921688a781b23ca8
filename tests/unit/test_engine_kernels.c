/* The kernel tables: equal to the scalar one bit for bit on seeded random input and edge shapes; the scalar one against
 * plain double arithmetic and the unit vectors of shared/golden. BENCH=1 prints times. */
#include <time.h>

#include "engine/cpu/cpu_internal.h"
#include "tests/engine_support.h"

static uint64_t state_;
static uint32_t bits(void) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state_ >> 33);
}
static float number(void) {
    return ((float)(bits() & 0xffff) / 32768.0f - 1.0f) * ldexpf(1, (int)(bits() % 9) - 4);
}
static void numbers(float *p, size_t n) {
    for (size_t i = 0; i < n; i++) p[i] = number();
}
static void bytes(unsigned char *p, size_t n) {
    for (size_t i = 0; i < n; i++) p[i] = (unsigned char)bits();
}
static void sane_bf16(unsigned char *p, size_t n) {
    for (size_t i = 0; i < n; i++) {
        float f = number();
        memcpy(p + 2 * i, (unsigned char *)&f + 2, 2);
    }
}
/* Stored numbers of a type that can stand in a sum: halves and scales of moderate size. */
static void sane_row(WeightType type, unsigned char *p, size_t n) {
    WeightBlock b = weight_block(type);
    if (type == WEIGHT_BF16) {
        sane_bf16(p, n);
        return;
    }
    for (size_t i = 0; i < n / b.cols; i++, p += b.bytes) {
        float f = number();
        bytes(p, b.bytes);
        if (type == WEIGHT_F32) memcpy(p, &f, 4);
        if (type == WEIGHT_F16 || type == WEIGHT_Q8_0) p[1] = (unsigned char)((p[1] & 0x83) | (bits() % 20) << 2);
        if (type == WEIGHT_MXFP4_GGML) p[0] = (unsigned char)(bits() % 17 == 3 ? 0 : 120 + bits() % 8);
    }
}
static void sane_scales(unsigned char *p, size_t n) {
    for (size_t i = 0; i < n; i++) p[i] = (unsigned char)(i % 17 == 3 ? 0 : 120 + bits() % 8);
}

enum { MAX_COLS = 4096, MAX_TOKENS = 15 };
typedef struct Input {
    unsigned char q[CPU_TILE][MAX_COLS * 4 + 2048],
        scales[CPU_TILE][MAX_COLS / 32 + 2048]; /* kernels may prefetch behind the end */
    float x[MAX_TOKENS][MAX_COLS];
    WeightRow w[CPU_TILE];
    const float *xp[MAX_TOKENS];
} Input;

static void fill(Input *in, WeightType type, size_t n, size_t offset) {
    for (size_t r = 0; r < CPU_TILE; r++) {
        sane_row(type, in->q[r] + offset, n);
        sane_scales(in->scales[r] + offset, MAX_COLS / 32);
        in->w[r] = (WeightRow){in->q[r] + offset, type == WEIGHT_MXFP4 ? in->scales[r] + offset : NULL};
    }
    for (size_t t = 0; t < MAX_TOKENS; t++) numbers(in->x[t], n), in->xp[t] = in->x[t];
}

static void same(const float *a, const float *b, size_t n, const char *what) {
    if (memcmp(a, b, n * sizeof *a) == 0) return;
    for (size_t i = 0; i < n; i++)
        if (memcmp(a + i, b + i, sizeof *a) != 0)
            fail_msg("%s: element %zu is %a, scalar gives %a", what, i, (double)a[i], (double)b[i]);
}

static void check_dot(CpuDot a, CpuDot b, WeightType type, size_t n, size_t rows, size_t tokens) {
    static Input in;
    float got[MAX_TOKENS * CPU_TILE], want[MAX_TOKENS * CPU_TILE];
    memset(got, 0xAB, sizeof got), memset(want, 0xAB, sizeof want); /* also what must not be written */
    fill(&in, type, n, n % 3);
    a(in.w, rows, n, in.xp, tokens, got);
    b(in.w, rows, n, in.xp, tokens, want);
    same(got, want, MAX_TOKENS * CPU_TILE, weight_type_name(type));
}

static void check_dots(const CpuKernels *k, const CpuKernels *s) {
    static const size_t wide[] = {2880, 4096};
    for (int type = 0; type < WEIGHT_TYPES; type++) {
        CpuDot a = k->format[type].dot, b = s->format[type].dot;
        if (type == WEIGHT_F32) a = k->dot_f32, b = s->dot_f32;
        assert_true(!a == !b);
        if (!a) continue;
        for (size_t n = 0; n <= 160; n += 32)
            for (size_t rows = 1; rows <= CPU_TILE; rows++)
                for (size_t tokens = 0; tokens <= MAX_TOKENS; tokens++)
                    check_dot(a, b, (WeightType)type, n, rows, tokens);
        for (size_t i = 0; i < 2; i++)
            check_dot(a, b, (WeightType)type, wide[i], CPU_TILE, 1), check_dot(a, b, (WeightType)type, wide[i], 3, 7);
    }
}

/* Whole rows of every type, arbitrary bits (all scales but NaN; subnormal numbers too), at any alignment. */
static void check_expand(const CpuKernels *k, const CpuKernels *s) {
    static unsigned char q[4096 * 4 + 8], scales[4096 / 32 + 8];
    static float got[4096], want[4096];
    static const size_t cols[] = {32, 64, 256, 2816, 2880, 4096};
    for (int type = 0; type < WEIGHT_TYPES; type++)
        for (size_t i = 0; i < sizeof cols / sizeof *cols; i++) {
            WeightBlock b = weight_block((WeightType)type);
            if (cols[i] % b.cols) continue;
            bytes(q, sizeof q);
            for (size_t j = 0; j < sizeof scales; j++) scales[j] = (unsigned char)(bits() % 255);
            WeightRow w = {q + i, type == WEIGHT_MXFP4 ? scales + i : NULL};
            for (size_t j = 0; type == WEIGHT_MXFP4_GGML && j < cols[i] / 32; j++) q[i + 17 * j] = scales[j];
            k->format[type].expand(&w, cols[i], got), s->format[type].expand(&w, cols[i], want);
            same(got, want, cols[i], weight_type_name((WeightType)type));
        }
}

static void check_swiglu(const CpuKernels *k, const CpuKernels *s) {
    for (size_t n = 0; n < 70; n++) {
        float g[70], u[70], got[70] = {0}, want[70] = {0};
        for (size_t i = 0; i < n; i++) g[i] = number() * 3, u[i] = number() * 3;
        if (n > 3) g[0] = -200, g[1] = 200, g[2] = -52.5f, g[3] = 7;
        k->swiglu(g, u, n, 7, 1.702f, got), s->swiglu(g, u, n, 7, 1.702f, want);
        same(got, want, 70, "swiglu");
        k->swiglu(g, u, n, 7, 1.702f, g);
        same(g, want, n, "swiglu in place");
    }
}

static void check_attention(const CpuKernels *k, const CpuKernels *s) {
    static float kt[128 * CPU_BLOCK], v[CPU_BLOCK * 128], q[9 * 128];
    numbers(kt, 128 * CPU_BLOCK), numbers(v, CPU_BLOCK * 128), numbers(q, 9 * 128);
    for (size_t heads = 1; heads <= 9; heads++)
        for (size_t d = 32; d <= 128; d += d < 40 ? 2 : 22) {
            for (size_t tiles = 1; tiles <= 4; tiles++) {
                float got[9 * CPU_BLOCK] = {0}, want[9 * CPU_BLOCK] = {0};
                k->scores(q, d, heads, kt, tiles, d, 0.125f, got, CPU_BLOCK);
                s->scores(q, d, heads, kt, tiles, d, 0.125f, want, CPU_BLOCK);
                same(got, want, 9 * CPU_BLOCK, "scores");
            }
            for (size_t begin = 0; begin < CPU_BLOCK; begin += 13)
                for (size_t end = begin + 1; end <= CPU_BLOCK; end += 9) {
                    float a[CPU_BLOCK], b[CPU_BLOCK], m[2] = {0.5f, 0.5f}, sum[2] = {1, 1}, f[2];
                    numbers(a, CPU_BLOCK);
                    memcpy(b, a, sizeof a);
                    f[0] = k->softmax(a, begin, end, &m[0], &sum[0]), f[1] = s->softmax(b, begin, end, &m[1], &sum[1]);
                    same(a, b, CPU_BLOCK, "softmax");
                    same(&m[0], &m[1], 1, "softmax max"), same(&sum[0], &sum[1], 1, "softmax sum"),
                        same(&f[0], &f[1], 1, "softmax factor");
                }
            size_t ld = (d + 15) / 16 * 16;
            static float x[9 * 128], y[9 * 128];
            float factor[9];
            numbers(x, 9 * 128), numbers(factor, 9);
            memcpy(y, x, sizeof x);
            k->values(q, CPU_BLOCK, heads, v, ld, 3, 3 + d / 3, factor, x),
                s->values(q, CPU_BLOCK, heads, v, ld, 3, 3 + d / 3, factor, y);
            same(x, y, 9 * 128, "values");
        }
}

static void check_squares(const CpuKernels *k, const CpuKernels *s) {
    float x[320];
    for (size_t n = 0; n <= 320; n += 32) {
        numbers(x, n);
        float a = k->sum_squares(x, n), b = s->sum_squares(x, n);
        same(&a, &b, 1, "sum_squares");
    }
}

static void test_tables_equal_scalar(void **state) {
    (void)state;
    static const char *const names[] = {"avx2", "avx512"};
    size_t seen = 0;
    CpuKernels scalar;
    cpu_kernels_scalar(&scalar);
    for (size_t i = 0; i < 2; i++) {
        CpuKernels k;
        if (!cpu_kernels_select(names[i], &k)) {
            printf("skipped: this processor has no %s\n", names[i]);
            continue;
        }
        assert_string_equal(k.name, names[i]);
        state_ = 42 + i;
        check_dots(&k, &scalar);
        check_expand(&k, &scalar);
        check_swiglu(&k, &scalar);
        check_attention(&k, &scalar);
        check_squares(&k, &scalar);
        seen++;
    }
    if (!seen) skip();
}

static void test_select(void **state) {
    (void)state;
    CpuKernels k;
    assert_true(cpu_kernels_select("scalar", &k));
    assert_string_equal(k.name, "scalar");
    assert_false(cpu_kernels_select("mmx", &k));
    assert_true(cpu_kernels_select(NULL, &k));
}

/* exp in float: within 2 ulp of the true value over its whole range (measured 1.0), 0 and no infinity outside. */
static void test_exp(void **state) {
    (void)state;
    double worst = 0;
    for (double x = -87.3; x < 88; x += 0.00137) {
        float f = (float)x;
        double want = exp((double)f), ulp = (double)(nextafterf((float)want, INFINITY) - (float)want);
        worst = fmax(worst, fabs((double)cpu_exp(f) - want) / ulp);
    }
    printf("cpu_exp: at most %.2f ulp off\n", worst);
    assert_true(worst < 2);
    assert_true(cpu_exp(-INFINITY) == 0 && cpu_exp(-100) == 0 && cpu_exp(0) == 1 && isfinite(cpu_exp(1e30f)) &&
                isnan(cpu_exp(NAN)));
}

/* ---- the unit vectors ---- */

static Json *units(void) {
    const char *path = shared_path("golden/units.json");
    Json *j = NULL;
    Buf b;
    if (!path) return NULL;
    buf_init(&b, 1 << 20);
    must(file_read(path, &b, err));
    must(json_parse(buf_str(&b), &j, err));
    buf_release(&b);
    return j;
}

static size_t read_floats(const Json *list, float *out) {
    size_t n = 0;
    for (const Json *c = json_first(list); c; c = json_next(c)) out[n++] = (float)json_num(c);
    return n;
}

static void hex_bytes(Str hex, unsigned char *out) {
    for (size_t i = 0; i + 1 < hex.n; i += 2) {
        char pair[3] = {hex.p[i], hex.p[i + 1], 0};
        out[i / 2] = (unsigned char)strtoul(pair, NULL, 16);
    }
}

static void close_to(double got, double want, double relative) {
    if (fabs(got - want) > relative * fabs(want) + 1e-30) fail_msg("got %.9g, expected %.9g", got, want);
}

static void unit_mxfp4(const CpuKernels *k, const Json *j) {
    for (const Json *c = json_first(j); c; c = json_next(c)) {
        unsigned char codes[16], scale = (unsigned char)json_num(json_get(c, "scale")), want[128];
        float got[32];
        hex_bytes(json_str(json_get(c, "hf_block_hex")), codes);
        hex_bytes(json_str(json_get(c, "f32_hex")), want);
        k->format[WEIGHT_MXFP4].expand(&(WeightRow){codes, &scale}, 32, got);
        for (size_t i = 0; i < 32; i++) {
            uint32_t b;
            memcpy(&b, &got[cpu_column(i)], 4);
            assert_int_equal(b, (uint32_t)want[4 * i] << 24 | (uint32_t)want[4 * i + 1] << 16 |
                                    (uint32_t)want[4 * i + 2] << 8 | want[4 * i + 3]);
        }
    }
}

static void unit_swiglu(const CpuKernels *k, const Json *j) {
    float g[32], u[32], got[32], want[32];
    size_t n = read_floats(json_get(j, "gate"), g);
    read_floats(json_get(j, "up"), u);
    read_floats(json_get(j, "out"), want);
    k->swiglu(g, u, n, (float)json_num(json_get(j, "limit")), (float)json_num(json_get(j, "alpha")), got);
    for (size_t i = 0; i < n; i++) close_to((double)got[i], (double)want[i], 2e-6);
}

static void unit_rmsnorm(const CpuKernels *k, const Json *j) {
    float x[32] = {0}, w[32] = {0}, want[32], got[32];
    size_t n = read_floats(json_get(j, "x"), x);
    read_floats(json_get(j, "weight"), w);
    read_floats(json_get(j, "out"), want);
    cpu_rmsnorm(k, x, w, n, (float)json_num(json_get(j, "eps")), got);
    for (size_t i = 0; i < n; i++) close_to((double)got[i], (double)want[i], 1e-6);
}

static void unit_softmax(const CpuKernels *k, const Json *j) {
    for (const Json *c = json_first(j); c; c = json_next(c)) {
        float s[CPU_BLOCK] = {0}, want[CPU_BLOCK], m = (float)json_num(json_get(c, "sink")), sum = 1, total = 0;
        size_t n = read_floats(json_get(c, "scores"), s);
        read_floats(json_get(c, "weights"), want);
        k->softmax(s, 0, n, &m, &sum);
        for (size_t i = 0; i < n; i++) {
            close_to((double)(s[i] / sum), (double)want[i], 1e-6);
            total += s[i] / sum;
        }
        close_to((double)total, json_num(json_get(c, "sum")), 1e-6);
    }
}

static void unit_router(const Json *j) {
    for (const Json *c = json_first(j); c; c = json_next(c)) {
        float logits[32], want[32], weight[32];
        uint32_t chosen[32];
        size_t n = read_floats(json_get(c, "logits"), logits), k = (size_t)json_num(json_get(c, "k"));
        read_floats(json_get(c, "weights"), want);
        cpu_route(logits, n, k, chosen, weight);
        const Json *e = json_first(json_get(c, "experts"));
        for (size_t i = 0; i < k; i++, e = json_next(e)) {
            assert_int_equal(chosen[i], json_num(e));
            close_to((double)weight[i], (double)want[i], 1e-6);
        }
    }
}

static void unit_rope(const Json *j) {
    for (const Json *c = json_first(j); c; c = json_next(c)) {
        ModelConfig m = {.head_dim = (int)json_num(json_get(c, "head_dim")),
                         .rope_theta = json_num(json_get(c, "theta")),
                         .yarn_factor = json_num(json_get(c, "factor")),
                         .yarn_context = json_num(json_get(c, "original_context")),
                         .yarn_beta_fast = json_num(json_get(c, "beta_fast")),
                         .yarn_beta_slow = json_num(json_get(c, "beta_slow"))};
        double f[MODEL_MAX_HEAD_DIM / 2], concentration;
        model_rope(&m, f, &concentration);
        close_to(concentration, json_num(json_get(c, "concentration")), 1e-12);
        size_t i = 0;
        for (const Json *e = json_first(json_get(c, "inv_freq")); e; e = json_next(e))
            close_to(f[i++], json_num(e), 1e-9);
        assert_int_equal(i, m.head_dim / 2);
        const Json *cos_rows = json_first(json_get(c, "cos")), *sin_rows = json_first(json_get(c, "sin"));
        for (const Json *p = json_first(json_get(c, "positions")); p;
             p = json_next(p), cos_rows = json_next(cos_rows), sin_rows = json_next(sin_rows)) {
            const Json *ec = json_first(cos_rows), *es = json_first(sin_rows);
            for (i = 0; ec; i++, ec = json_next(ec), es = json_next(es)) {
                /* the reference forms position * frequency in float32: up to 4096 * 2^-24 off */
                assert_true(fabs(concentration * cos(json_num(p) * f[i]) - json_num(ec)) < 5e-4);
                assert_true(fabs(concentration * sin(json_num(p) * f[i]) - json_num(es)) < 5e-4);
            }
        }
    }
}

static void test_units(void **state) {
    (void)state;
    Json *j = units();
    CpuKernels scalar;
    if (!j) skip();
    cpu_kernels_scalar(&scalar);
    unit_mxfp4(&scalar, json_get(j, "mxfp4"));
    unit_swiglu(&scalar, json_get(j, "swiglu"));
    unit_rmsnorm(&scalar, json_get(j, "rmsnorm"));
    unit_softmax(&scalar, json_get(j, "sink_softmax"));
    unit_router(json_get(j, "router"));
    unit_rope(json_get(j, "rope"));
    json_close(j);
}

/* The router keeps experts distinct whatever the logits are: later arrays rely on it. */
static void test_route_not_numbers(void **state) {
    (void)state;
    float logits[5] = {NAN, NAN, -INFINITY, NAN, NAN}, weight[4];
    uint32_t chosen[4];
    cpu_route(logits, 5, 4, chosen, weight);
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < i; k++) assert_int_not_equal(chosen[i], chosen[k]);
}

/* Of this thread: other programs do not count. */
static uint64_t cpu_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void expand_speed(const CpuKernels *k) {
    static unsigned char q[2816 * 4 + 64], scales[2816 / 32 + 64];
    static float out[2816];
    bytes(q, sizeof q), sane_scales(scales, sizeof scales);
    for (int t = 0; t < WEIGHT_TYPES; t++) {
        WeightRow w = {q, t == WEIGHT_MXFP4 ? scales : NULL};
        uint64_t from = cpu_ns();
        for (size_t n = 0; n < 3000; n++) k->format[t].expand(&w, 2816, out);
        printf("%-7s %-6s expanded  %7.2f G/s\n", k->name, weight_type_name((WeightType)t),
               3000.0 * 2816 / (double)(cpu_ns() - from));
    }
}

/* BENCH=1: billions of multiply-adds per second of each table, weights in cache. */
static void test_speed(void **state) {
    (void)state;
    enum { COLS = 2880, TOKENS = 12 };
    if (!getenv("BENCH")) skip();
    static unsigned char q[CPU_TILE][COLS * 4 + 2048], scales[CPU_TILE][4096];
    static float x[TOKENS][COLS], out[TOKENS * CPU_TILE];
    const float *xp[TOKENS];
    WeightRow w[CPU_TILE];
    for (size_t r = 0; r < CPU_TILE; r++)
        sane_bf16(q[r], COLS), sane_scales(scales[r], COLS / 32), w[r] = (WeightRow){q[r], scales[r]};
    for (size_t t = 0; t < TOKENS; t++) numbers(x[t], COLS), xp[t] = x[t];
    static const char *const names[] = {"scalar", "avx2", "avx512"};
    for (size_t i = 0; i < 3; i++) {
        CpuKernels k;
        if (!cpu_kernels_select(names[i], &k)) continue;
        expand_speed(&k);
        CpuDot dots[] = {k.dot_f32, k.format[WEIGHT_BF16].dot, k.format[WEIGHT_MXFP4].dot};
        for (size_t d = 0; d < 3; d++)
            for (size_t tokens = 1; tokens <= TOKENS; tokens = tokens == 1 ? 6 : tokens * 2) {
                size_t rounds = i ? 20000 / tokens : 200 / tokens + 1;
                uint64_t t = cpu_ns();
                for (size_t n = 0; n < rounds; n++) dots[d](w, CPU_TILE, COLS, xp, tokens, out);
                printf("%-7s %-6s %2zu tokens %7.2f G/s\n", names[i], (const char *[]){"f32", "bf16", "mxfp4"}[d],
                       tokens, (double)(rounds * CPU_TILE * COLS * tokens) / (double)(cpu_ns() - t));
            }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables_equal_scalar),
        cmocka_unit_test(test_select),
        cmocka_unit_test(test_exp),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_route_not_numbers),
        cmocka_unit_test(test_speed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
