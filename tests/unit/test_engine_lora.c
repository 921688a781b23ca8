/* Low-rank additions beside the weights: against the same additions merged into float32 weights by double arithmetic,
 * and the promise that neither batch nor threads nor instruction set change a bit. */
#include "engine/cpu/formats.h"
#include "tests/matrix_support.h"

enum { N_TOKENS = 60 };
/* golden/README.md: two float32 engines on logits of this size */
static const double TOLERANCE = 5e-4;

static size_t experts_;
static uint64_t state_;

static float number(double scale) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return (float)(((double)(state_ >> 40) / (1 << 23) - 1) * scale);
}

static int make_model(void **state) {
    CkSpec s = CK_SPEC_TINY;
    (void)state;
    experts_ = (size_t)s.experts;
    return make_checkpoint(&s);
}

/* A factor of random numbers: rows in order or, with `apart`, columns apart; BF16 or F32. */
static Matrix factor(Keep *k, size_t rows, size_t cols, WeightType type, bool apart, double scale) {
    size_t size = type == WEIGHT_BF16 ? 2 : 4;
    Matrix m = {.type = type, .rows = rows, .cols = cols, .row_stride = apart ? size : cols * size};
    if (apart) m.col_stride = rows * size;
    unsigned char *p = keep(k, rows * cols * size);
    for (size_t i = 0; i < rows * cols; i++) put_number(p + i * size, type, number(scale));
    m.data = p;
    return m;
}

/* B of experts as trainers store it: [rows of one expert, experts * rank], so the columns of one stand in a row. */
static Matrix factor_in_columns(Keep *k, size_t groups, size_t rows, size_t rank) {
    Matrix m = {.type = WEIGHT_F32, .rows = groups * rows, .cols = rank};
    m.row_stride = groups * rank * 4, m.group_rows = rows, m.group_stride = rank * 4;
    unsigned char *p = keep(k, groups * rows * rank * 4);
    for (size_t i = 0; i < groups * rows * rank; i++) put_number(p + i * 4, WEIGHT_F32, number(0.05));
    m.data = p;
    return m;
}

static double element(const Matrix *m, size_t r, size_t c) {
    size_t per = m->group_rows ? m->group_rows : m->rows, size = m->type == WEIGHT_BF16 ? 2 : 4;
    const unsigned char *p = m->data + r / per * m->group_stride + r % per * m->row_stride;
    Vec v = {.type = m->type, .n = m->cols, .data = p, .stride = m->col_stride ? m->col_stride : size};
    return (double)vec_get(&v, c);
}

/* Adds an adapter of this rank to *m. style 0: plain; 1: both factors transposed, BF16; 2: B in columns. */
static void attach(Keep *k, Matrix *m, size_t groups, size_t rank, int style, float scale) {
    Lora *l = keep(k, sizeof *l);
    bool apart = style == 1;
    WeightType type = apart ? WEIGHT_BF16 : WEIGHT_F32;
    l->rank = rank, l->scale = scale, l->next = m->lora;
    l->a = factor(k, groups * rank, m->cols, type, apart, 0.3);
    l->b =
        style == 2 ? factor_in_columns(k, groups, m->rows / groups, rank) : factor(k, m->rows, rank, type, apart, 0.05);
    m->lora = l;
}

static void attach_all(Keep *k, Model *m) {
    size_t rank = 1;
    for (int i = 0; i < m->config.n_layers; i++) {
        ModelLayer *l = &m->layers[i];
        Matrix *dense[] = {&l->q, &l->k, &l->v, &l->o, &l->router}, *moe[] = {&l->gate, &l->up, &l->down};
        for (size_t j = 0; j < 5; j++, rank = rank % 41 + 4)
            if ((i + (int)j) % 4) attach(k, dense[j], 1, rank, (int)j % 2, 0.5f);
        for (size_t j = 0; j < 3; j++, rank = rank % 41 + 4) attach(k, moe[j], experts_, rank, (i + (int)j) % 3, 2.0f);
        attach(k, &l->q, 1, 33, 0, -1.25f), attach(k, &l->down, experts_, 5, 2, 0.75f); /* second adapters */
    }
    attach(k, &m->unembed, 1, 8, 0, 1.0f);
}

/* ---- the same, merged ---- */

static void merge(Keep *k, Matrix *m, size_t groups) {
    float pairs[256], *all = keep(k, m->rows * m->cols * 4);
    size_t per = m->rows / groups;
    for (size_t r = 0; r < m->rows; r++) {
        WeightRow w = {m->data + r * m->row_stride, m->scales ? m->scales + r * m->scale_stride : NULL};
        cpu_expand[m->type](&w, m->cols, pairs);
        for (size_t c = 0; c < m->cols; c++) {
            double v = (double)pairs[cpu_column(c)];
            for (const Lora *l = m->lora; l; l = l->next)
                for (size_t i = 0; i < l->rank; i++)
                    v += (double)l->scale * element(&l->b, r, i) * element(&l->a, r / per * l->rank + i, c);
            all[r * m->cols + c] = (float)v;
        }
    }
    *m = (Matrix){.type = WEIGHT_F32,
                  .rows = m->rows,
                  .cols = m->cols,
                  .data = (const unsigned char *)all,
                  .row_stride = m->cols * 4};
}

static void merge_all(Keep *k, Model *m) {
    merge(k, &m->unembed, 1);
    for (int i = 0; i < m->config.n_layers; i++) {
        ModelLayer *l = &m->layers[i];
        Matrix *dense[] = {&l->q, &l->k, &l->v, &l->o, &l->router}, *moe[] = {&l->gate, &l->up, &l->down};
        for (size_t j = 0; j < 5; j++) merge(k, dense[j], 1);
        for (size_t j = 0; j < 3; j++) merge(k, moe[j], experts_);
    }
}

static float *logits(Model *m, int threads, size_t piece) {
    return logits_as(m, NULL, threads, N_TOKENS, piece);
}

static double distance(const float *a, const float *b, size_t n) {
    double worst = 0;
    for (size_t i = 0; i < n; i++) {
        double d = fabs((double)a[i] - (double)b[i]);
        if (!(d <= worst)) worst = d;
    }
    return worst;
}

static void test_merged(void **state) {
    (void)state;
    Model *m = open_checkpoint();
    Keep k = {.n = 0};
    state_ = 11;
    size_t n = N_TOKENS * (size_t)m->config.vocab;
    float *bare = logits(m, 1, 64);
    attach_all(&k, m);
    float *beside = logits(m, 2, 64);
    merge_all(&k, m);
    float *merged = logits(m, 1, 64);
    printf("beside against merged: max %.2e; against the bare model %.2e\n", distance(beside, merged, n),
           distance(beside, bare, n));
    assert_true(distance(beside, merged, n) < TOLERANCE);
    assert_true(distance(beside, bare, n) > 0.5);
    free(bare), free(beside), free(merged);
    keep_release(&k);
    model_close(m);
}

/* With this precision, whatever the table, the threads and the pieces. */
static void check_same_bits(const char *precision) {
    static const char *const tables[] = {"scalar", "avx2", "avx512"};
    static const size_t pieces[] = {1, 7, 64};
    Model *m = open_checkpoint();
    Keep k = {.n = 0};
    CpuKernels table;
    state_ = 12;
    attach_all(&k, m);
    float *want = logits_as(m, precision, 1, N_TOKENS, 13);
    for (size_t i = 0; i < 3; i++) {
        if (!cpu_kernels_select(tables[i], &table)) continue;
        setenv("ASSAY_CPU", tables[i], 1);
        float *got = logits_as(m, precision, 2, N_TOKENS, pieces[i]);
        assert_memory_equal(got, want, N_TOKENS * (size_t)m->config.vocab * sizeof *got);
        free(got);
    }
    unsetenv("ASSAY_CPU");
    free(want);
    keep_release(&k);
    model_close(m);
}

static void test_same_bits(void **state) {
    (void)state;
    check_same_bits(NULL);
}

/* The experts are MXFP4, so adapters stand beside strips of 16 rows there. */
static void test_same_bits_int8(void **state) {
    (void)state;
    check_same_bits("int8");
}

/* Low-rank additions are exact also where activations are rounded for the weights: A reads what was not rounded. Only
 * the unembedding is Q8_0 here (the experts become F32), so its input is that of the exact run to the bit, and an
 * adapter adds the same in both. 300 rows: 18 strips and 12 rows. */
static void test_int8_adds_exactly(void **state) {
    (void)state;
    Model *m = open_checkpoint();
    Keep k = {.n = 0};
    state_ = 14;
    merge_all(&k, m);
    size_t n = N_TOKENS * (size_t)m->config.vocab, blocks = m->unembed.cols / 32;
    unsigned char *p = keep(&k, m->unembed.rows * blocks * 34);
    for (size_t i = 0; i < m->unembed.rows * blocks; i++) {
        for (size_t j = 0; j < 32; j++) p[i * 34 + 2 + j] = (unsigned char)(int)number(127);
        p[i * 34 + 1] = 0x18; /* 2^-9 */
    }
    m->unembed = (Matrix){
        .type = WEIGHT_Q8_0, .rows = m->unembed.rows, .cols = m->unembed.cols, .data = p, .row_stride = blocks * 34};
    float *bare = logits(m, 1, 64), *bare8 = logits_as(m, "int8", 1, N_TOKENS, 64);
    attach(&k, &m->unembed, 1, 9, 0, 1.5f);
    float *with = logits(m, 1, 64), *with8 = logits_as(m, "int8", 1, N_TOKENS, 64);
    assert_true(distance(bare, bare8, n) > 1e-3); /* it was rounded */
    assert_true(distance(bare, with, n) > 0.05);
    for (size_t i = 0; i < n; i++)
        assert_true(fabs(((double)with8[i] - (double)bare8[i]) - ((double)with[i] - (double)bare[i])) < 1e-5);
    free(bare), free(bare8), free(with), free(with8);
    keep_release(&k);
    model_close(m);
}

/* Two sequences of a small model are computed by two threads with parts of the same buffers. */
static void test_two_sequences(void **state) {
    (void)state;
    Keep k = {.n = 0};
    BatchRow rows[40];
    Rig r = {0};
    state_ = 13;
    must(model_open(&(ModelSource){.path = dir}, &r.model, err));
    must(pool_open(2, &r.pool, err));
    attach_all(&k, r.model);
    BackendOptions o = rig_options(&r, 2);
    must(backend_cpu.open(&o, &r.be, err));
    size_t v = rig_vocab(&r);
    for (uint32_t i = 0; i < 40; i++) rows[i] = (BatchRow){i / 20, i % 20, (i * 13 + 5) % (uint32_t)v, true};
    assert_true(backend_cpu.kv_reserve(r.be, 0, 20) && backend_cpu.kv_reserve(r.be, 1, 20));
    must(backend_cpu.forward(r.be, rows, 40, err));
    float *both = malloc(40 * v * sizeof *both);
    for (size_t i = 0; i < 40; i++) memcpy(both + i * v, backend_cpu.logits(r.be, i), v * sizeof *both);
    for (uint32_t s = 0; s < 2; s++) {
        backend_cpu.kv_drop(r.be, s);
        assert_true(backend_cpu.kv_reserve(r.be, s, 20));
        must(backend_cpu.forward(r.be, rows + 20 * s, 20, err));
        for (size_t i = 0; i < 20; i++)
            assert_memory_equal(both + (20 * s + i) * v, backend_cpu.logits(r.be, i), v * sizeof *both);
    }
    free(both);
    rig_close(&r);
    keep_release(&k);
}

static void test_embedding_refused(void **state) {
    (void)state;
    Keep k = {.n = 0};
    Err e = ERR_INIT;
    Rig r = {0};
    must(model_open(&(ModelSource){.path = dir}, &r.model, err));
    must(pool_open(1, &r.pool, err));
    attach(&k, &r.model->embed, 1, 4, 0, 1);
    BackendOptions o = rig_options(&r, 1);
    assert_false(backend_cpu.open(&o, &r.be, &e));
    assert_non_null(strstr(e.msg, "embedding"));
    rig_close(&r);
    keep_release(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_merged),         cmocka_unit_test(test_same_bits),
                                       cmocka_unit_test(test_same_bits_int8), cmocka_unit_test(test_int8_adds_exactly),
                                       cmocka_unit_test(test_two_sequences),  cmocka_unit_test(test_embedding_refused)};
    return cmocka_run_group_tests(tests, make_model, drop_checkpoint);
}
