/* Low-rank additions beside the weights: against the same additions merged into float32 weights by double arithmetic,
 * and the promise that neither batch nor threads nor instruction set change a bit. */
#include "engine/cpu/formats.h"
#include "tests/checkpoint.h"
#include "tests/engine_support.h"

enum { N_TOKENS = 60 };
/* golden/README.md: two float32 engines on logits of this size */
static const double TOLERANCE = 5e-4;

static char dir[64];
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
    snprintf(dir, sizeof dir, "/tmp/assay-lora-XXXXXX");
    return !(mkdtemp(dir) && ck_write(dir, &s));
}

static int drop_model(void **state) {
    char path[128];
    (void)state;
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", dir,
                 (const char *[]){"config.json", "tokenizer.json", "model.safetensors"}[i]);
        remove(path);
    }
    return remove(dir);
}

typedef struct Keep {
    void *p[512];
    size_t n;
} Keep;

static void *keep(Keep *k, size_t bytes) {
    assert_true(k->n < 512);
    return k->p[k->n++] = calloc(bytes + 4, 1);
}
static void keep_release(Keep *k) {
    while (k->n) free(k->p[--k->n]);
}

static void put(unsigned char *p, WeightType type, float f) {
    memcpy(p, (unsigned char *)&f + (type == WEIGHT_BF16 ? 2 : 0), type == WEIGHT_BF16 ? 2 : 4);
}

/* A factor of random numbers: rows in order or, with `apart`, columns apart; BF16 or F32. */
static Matrix factor(Keep *k, size_t rows, size_t cols, WeightType type, bool apart, double scale) {
    size_t size = type == WEIGHT_BF16 ? 2 : 4;
    Matrix m = {.type = type, .rows = rows, .cols = cols, .row_stride = apart ? size : cols * size};
    if (apart) m.col_stride = rows * size;
    unsigned char *p = keep(k, rows * cols * size);
    for (size_t i = 0; i < rows * cols; i++) put(p + i * size, type, number(scale));
    m.data = p;
    return m;
}

/* B of experts as trainers store it: [rows of one expert, experts * rank], so the columns of one stand in a row. */
static Matrix factor_in_columns(Keep *k, size_t groups, size_t rows, size_t rank) {
    Matrix m = {.type = WEIGHT_F32, .rows = groups * rows, .cols = rank};
    m.row_stride = groups * rank * 4, m.group_rows = rows, m.group_stride = rank * 4;
    unsigned char *p = keep(k, groups * rows * rank * 4);
    for (size_t i = 0; i < groups * rows * rank; i++) put(p + i * 4, WEIGHT_F32, number(0.05));
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
    uint32_t ids[N_TOKENS];
    Rig r = {.model = m};
    for (size_t i = 0; i < N_TOKENS; i++) ids[i] = (uint32_t)((i * i * 31 + i * 7 + 3) % (size_t)m->config.vocab);
    must(pool_open(threads, &r.pool, err));
    BackendOptions o = rig_options(&r, 1);
    must(backend_cpu.open(&o, &r.be, err));
    float *all = rig_run(&r, 0, ids, N_TOKENS, piece);
    r.be->ops->close(r.be);
    pool_close(r.pool);
    return all;
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
    Model *m;
    Keep k = {.n = 0};
    state_ = 11;
    must(model_open(&(ModelSource){.path = dir}, &m, err));
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

static void test_same_bits(void **state) {
    (void)state;
    static const char *const tables[] = {"scalar", "avx2", "avx512"};
    static const size_t pieces[] = {1, 7, 64};
    Model *m;
    Keep k = {.n = 0};
    CpuKernels table;
    state_ = 12;
    must(model_open(&(ModelSource){.path = dir}, &m, err));
    attach_all(&k, m);
    float *want = logits(m, 1, 13);
    for (size_t i = 0; i < 3; i++) {
        if (!cpu_kernels_select(tables[i], &table)) continue;
        setenv("ASSAY_CPU", tables[i], 1);
        float *got = logits(m, 2, pieces[i]);
        assert_memory_equal(got, want, N_TOKENS * (size_t)m->config.vocab * sizeof *got);
        free(got);
    }
    unsetenv("ASSAY_CPU");
    free(want);
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_merged), cmocka_unit_test(test_same_bits),
                                       cmocka_unit_test(test_two_sequences), cmocka_unit_test(test_embedding_refused)};
    return cmocka_run_group_tests(tests, make_model, drop_model);
}
