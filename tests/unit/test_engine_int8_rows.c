/* Precision int8 on matrices that do not end with a strip of 16 rows: the rows of a matrix of 1, 15, 17 or 33 rows have
 * the bits of the same rows among 48 (three whole strips), on every table, for one token and for many. Columns come in
 * blocks of 32 and in no other number: 96 are an odd number of blocks. */
#include "tests/matrix_support.h"

enum { HIDDEN = 96, BLOCKS = HIDDEN / 32, WHOLE = 3 * INT8_ROWS, N_TOKENS = 21 };

static const WeightType types[] = {WEIGHT_MXFP4, WEIGHT_MXFP4_GGML, WEIGHT_Q8_0};
static unsigned char codes_[WHOLE * BLOCKS * 34], scales_[WHOLE * BLOCKS];

static int make_model(void **state) {
    CkSpec s = CK_SPEC_TINY;
    (void)state;
    s.hidden = HIDDEN, s.layers = 1;
    return make_checkpoint(&s);
}

/* Random blocks whose scales keep logits at a realistic size. */
static void fill(WeightType type) {
    size_t bytes = weight_block(type).bytes;
    uint64_t seed = 5 + (uint64_t)type;
    for (size_t i = 0; i < sizeof codes_; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        codes_[i] = (unsigned char)(seed >> 40);
    }
    for (size_t b = 0; b < WHOLE * BLOCKS; b++) {
        unsigned char *p = codes_ + b * bytes, exponent = (unsigned char)(121 + b % 3);
        scales_[b] = exponent;
        if (type == WEIGHT_MXFP4_GGML) p[0] = exponent;
        if (type == WEIGHT_Q8_0) p[1] = (unsigned char)((p[1] & 0x83) | 5 << 2);
    }
}

/* The first n rows as the unembedding, with nothing behind the last that may be read. */
static void give(Keep *k, Model *m, WeightType type, size_t n) {
    size_t stride = BLOCKS * weight_block(type).bytes;
    unsigned char *p = keep_exact(k, n * stride), *s = keep_exact(k, n * BLOCKS);
    memcpy(p, codes_, n * stride), memcpy(s, scales_, n * BLOCKS);
    m->unembed = (Matrix){.type = type, .rows = n, .cols = HIDDEN, .data = p, .row_stride = stride};
    if (type == WEIGHT_MXFP4) m->unembed.scales = s, m->unembed.scale_stride = BLOCKS;
    m->config.vocab = (int)n;
}

/* Logits of all tokens by the first n rows; token ids do not depend on n, so that the input is the same. */
static float *run(Model *m, size_t piece) {
    int rows = m->config.vocab;
    Rig r = {.model = m};
    static const uint32_t zeros[N_TOKENS];
    must(pool_open(2, &r.pool, err));
    BackendOptions o = rig_options(&r, 1);
    o.precision = "int8";
    must(backend_cpu.open(&o, &r.be, err));
    assert_int_equal(rig_vocab(&r), rows);
    float *all = rig_run(&r, 0, zeros, N_TOKENS, piece);
    r.be->ops->close(r.be);
    pool_close(r.pool);
    return all;
}

static void check_rows(WeightType type, size_t n, const float *want) {
    static const char *const tables[] = {"scalar", "avx2", "avx512"};
    for (size_t i = 0; i < 3; i++) {
        CpuKernels table;
        if (!cpu_kernels_select(tables[i], &table)) continue;
        setenv("ASSAY_CPU", tables[i], 1);
        for (size_t piece = 1; piece <= N_TOKENS; piece += N_TOKENS - 1) {
            Model *m = open_checkpoint();
            Keep k = {.n = 0};
            give(&k, m, type, n);
            float *got = run(m, piece);
            for (size_t t = 0; t < N_TOKENS; t++)
                if (memcmp(got + t * n, want + t * WHOLE, n * sizeof *got) != 0)
                    fail_msg("%s, %zu rows, %s, pieces of %zu: token %zu differs", weight_type_name(type), n, tables[i],
                             piece, t);
            free(got);
            keep_release(&k);
            model_close(m);
        }
        unsetenv("ASSAY_CPU");
    }
}

static void test_row_tails(void **state) {
    (void)state;
    static const size_t rows[] = {1, 15, 17, 33, WHOLE};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        Keep k = {.n = 0};
        Model *m = open_checkpoint();
        fill(types[i]);
        give(&k, m, types[i], WHOLE);
        setenv("ASSAY_CPU", "scalar", 1);
        float *want = run(m, N_TOKENS), most = 0;
        unsetenv("ASSAY_CPU");
        for (size_t j = 0; j < N_TOKENS * WHOLE; j++) most = fmaxf(most, fabsf(want[j]));
        assert_true(most > 0.01f); /* numbers that matter */
        for (size_t j = 0; j < sizeof rows / sizeof *rows; j++) check_rows(types[i], rows[j], want);
        free(want);
        keep_release(&k);
        model_close(m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_row_tails)};
    return cmocka_run_group_tests(tests, make_model, drop_checkpoint);
}
