/* Views of matrices: the same weights give the same bits of every logit, however they lie in memory; and every stored
 * type can stand in every place. */
#include "engine/cpu/formats.h"
#include "tests/matrix_support.h"

enum { N_TOKENS = 21 };

static size_t groups_; /* experts */

static int make_model(void **state) {
    CkSpec s = CK_SPEC_TINY;
    (void)state;
    s.hidden = 256, s.width = 256, s.heads = 8, s.head_dim = 32, s.layers = 2;
    groups_ = (size_t)s.experts;
    return make_checkpoint(&s);
}

/* ---- plain floats of a matrix, and other ways to store them ---- */

static size_t per_group(const Matrix *m) {
    return m->group_rows ? m->group_rows : m->rows;
}

/* [rows, cols], natural order. */
static float *plain(Keep *k, const Matrix *m) {
    float *all = keep(k, m->rows * m->cols * 4), pairs[1024];
    for (size_t r = 0; r < m->rows; r++) {
        size_t g = r / per_group(m), i = r % per_group(m);
        WeightRow w = {m->data + g * m->group_stride + i * m->row_stride, NULL};
        if (m->scales) w.scales = m->scales + g * m->scale_group_stride + i * m->scale_stride;
        cpu_expand[m->type](&w, m->cols, pairs);
        for (size_t c = 0; c < m->cols; c++) all[r * m->cols + c] = pairs[cpu_column(c)];
    }
    return all;
}

/* How a case stores a matrix anew; n_groups: experts, or 1. */
typedef Matrix (*Restore)(Keep *k, const Matrix *m, size_t n_groups);

static Matrix as_f32(Keep *k, const Matrix *m, size_t n_groups) {
    (void)n_groups;
    return (Matrix){.type = WEIGHT_F32,
                    .rows = m->rows,
                    .cols = m->cols,
                    .data = (unsigned char *)plain(k, m),
                    .row_stride = m->cols * 4};
}

/* Columns apart: [groups, cols, rows], with a gap behind each group, from an odd address on. */
static Matrix turned(Keep *k, const Matrix *m, size_t n_groups, WeightType type) {
    size_t size = type == WEIGHT_BF16 ? 2 : 4, rows = m->rows / n_groups, gap = 6;
    const float *f = plain(k, m);
    Matrix t = {.type = type,
                .rows = m->rows,
                .cols = m->cols,
                .row_stride = size,
                .col_stride = rows * size,
                .group_rows = rows,
                .group_stride = rows * m->cols * size + gap};
    unsigned char *p = (unsigned char *)keep(k, n_groups * t.group_stride + 1) + 1;
    for (size_t r = 0; r < m->rows; r++)
        for (size_t c = 0; c < m->cols; c++)
            put_number(p + r / rows * t.group_stride + r % rows * t.row_stride + c * t.col_stride, type,
                       f[r * m->cols + c]);
    t.data = p;
    return t;
}

static Matrix turned_f32(Keep *k, const Matrix *m, size_t n_groups) {
    return turned(k, m, n_groups, WEIGHT_F32);
}
static Matrix turned_bf16(Keep *k, const Matrix *m, size_t n_groups) {
    return turned(k, m, n_groups, WEIGHT_BF16); /* exact: the model's numbers have eight bits at most */
}

/* Rows and groups with gaps between them. */
static Matrix spread(Keep *k, const Matrix *m, size_t n_groups) {
    WeightBlock b = weight_block(m->type);
    size_t bytes = m->cols / b.cols * b.bytes, rows = m->rows / n_groups, n_scales = m->scales ? m->cols / 32 : 0;
    Matrix t = *m;
    t.row_stride = bytes + 3, t.group_rows = rows, t.group_stride = rows * t.row_stride + 5;
    t.scale_stride = n_scales + 1, t.scale_group_stride = rows * t.scale_stride + 2;
    unsigned char *p = keep(k, n_groups * t.group_stride), *s = keep(k, n_groups * t.scale_group_stride);
    for (size_t r = 0; r < m->rows; r++) {
        const unsigned char *from = m->data + r / per_group(m) * m->group_stride + r % per_group(m) * m->row_stride;
        memcpy(p + r / rows * t.group_stride + r % rows * t.row_stride, from, bytes);
        if (n_scales)
            memcpy(s + r / rows * t.scale_group_stride + r % rows * t.scale_stride, m->scales + r * m->scale_stride,
                   n_scales);
    }
    t.data = p;
    if (n_scales) t.scales = s;
    return t;
}

/* MXFP4 in ggml's blocks; other types stay. */
static Matrix ggml_packed(Keep *k, const Matrix *m, size_t n_groups) {
    (void)n_groups;
    if (m->type != WEIGHT_MXFP4) return *m;
    size_t blocks = m->cols / 32;
    Matrix t = {.type = WEIGHT_MXFP4_GGML, .rows = m->rows, .cols = m->cols, .row_stride = blocks * 17};
    unsigned char *p = keep(k, m->rows * t.row_stride);
    for (size_t r = 0; r < m->rows; r++)
        for (size_t b = 0; b < blocks; b++) {
            unsigned char *to = p + r * t.row_stride + b * 17;
            const unsigned char *from = m->data + r * m->row_stride + b * 16;
            to[0] = m->scales[r * m->scale_stride + b];
            for (size_t c = 0; c < 32; c++)
                to[1 + c % 16] |= (unsigned char)((from[c / 2] >> c % 2 * 4 & 15) << c / 16 * 4);
        }
    t.data = p;
    return t;
}

static void each_matrix(Model *m, Keep *k, Restore fn) {
    m->embed = fn(k, &m->embed, 1), m->unembed = fn(k, &m->unembed, 1);
    for (int i = 0; i < m->config.n_layers; i++) {
        ModelLayer *l = &m->layers[i];
        Matrix *dense[] = {&l->q, &l->k, &l->v, &l->o, &l->router}, *experts[] = {&l->gate, &l->up, &l->down};
        for (size_t j = 0; j < 5; j++) *dense[j] = fn(k, dense[j], 1);
        for (size_t j = 0; j < 3; j++) *experts[j] = fn(k, experts[j], groups_);
    }
}

static float *logits(Model *m, int threads, size_t piece) {
    return logits_as(m, NULL, threads, N_TOKENS, piece);
}

static void same_logits(const float *a, const float *b, size_t n, const char *what) {
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(a[i])) fail_msg("%s: logit %zu is %g", what, i, (double)a[i]);
        if (memcmp(a + i, b + i, sizeof *a))
            fail_msg("%s: logit %zu is %a, not %a", what, i, (double)a[i], (double)b[i]);
    }
}

static void check_restore(Restore fn, const char *what) {
    Model *m = open_checkpoint();
    Keep k = {.n = 0};
    size_t n = N_TOKENS * (size_t)m->config.vocab;
    float *want = logits(m, 1, 64);
    each_matrix(m, &k, fn);
    float *whole = logits(m, 2, 64), *pieces = logits(m, 1, 1);
    same_logits(whole, want, n, what);
    same_logits(pieces, want, n, what);
    free(want), free(whole), free(pieces);
    keep_release(&k);
    model_close(m);
}

static void test_f32(void **state) {
    (void)state;
    check_restore(as_f32, "F32");
}
static void test_apart(void **state) {
    (void)state;
    check_restore(turned_f32, "F32, columns apart");
    check_restore(turned_bf16, "BF16, columns apart");
}
static void test_spread(void **state) {
    (void)state;
    check_restore(spread, "rows apart");
}
static void test_ggml_packed(void **state) {
    (void)state;
    check_restore(ggml_packed, "MXFP4 in ggml's blocks");
}

/* Gate in even and up in odd columns of one transposed BF16 tensor, as de-quantised fine-tunes have it. */
static void test_interleaved(void **state) {
    (void)state;
    Model *m = open_checkpoint();
    Keep k = {.n = 0};
    size_t n = N_TOKENS * (size_t)m->config.vocab;
    float *want = logits(m, 1, 64);
    for (int i = 0; i < m->config.n_layers; i++) {
        Matrix *gate = &m->layers[i].gate, *up = &m->layers[i].up;
        size_t w = gate->rows / groups_, h = gate->cols;
        const float *g = plain(&k, gate), *u = plain(&k, up);
        unsigned char *p = keep(&k, groups_ * h * 2 * w * 2);
        for (size_t r = 0; r < gate->rows; r++)
            for (size_t c = 0; c < h; c++) {
                unsigned char *to = p + ((r / w * h + c) * 2 * w + r % w * 2) * 2;
                put_number(to, WEIGHT_BF16, g[r * h + c]), put_number(to + 2, WEIGHT_BF16, u[r * h + c]);
            }
        *gate = (Matrix){.type = WEIGHT_BF16,
                         .rows = groups_ * w,
                         .cols = h,
                         .data = p,
                         .row_stride = 4,
                         .col_stride = 4 * w,
                         .group_rows = w,
                         .group_stride = h * 4 * w};
        *up = *gate;
        up->data += 2;
    }
    float *got = logits(m, 2, 64);
    same_logits(got, want, n, "gate and up in one transposed tensor");
    free(want), free(got);
    keep_release(&k);
    model_close(m);
}

/* ---- every type in every place ---- */

static WeightType type_;
static uint64_t state_;

static unsigned char byte(void) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return (unsigned char)(state_ >> 40);
}

/* Where the halves of a block stand, as distances from its begin. */
static size_t halves(WeightType t, size_t at[2]) {
    at[0] = t == WEIGHT_Q2_K ? 80 : t == WEIGHT_Q3_K ? 108 : t == WEIGHT_Q6_K ? 208 : 0;
    at[1] = at[0] + 2;
    bool two = t == WEIGHT_Q4_1 || t == WEIGHT_Q5_1 || t == WEIGHT_Q2_K || t == WEIGHT_Q4_K || t == WEIGHT_Q5_K;
    return t <= WEIGHT_MXFP4_GGML && t != WEIGHT_F16 ? 0 : two ? 2 : 1;
}

/* Random blocks whose scales keep the numbers about as large as in a model of this width. */
static Matrix random_blocks(Keep *k, const Matrix *m, size_t n_groups) {
    WeightBlock b = weight_block(type_);
    size_t at[2], n = halves(type_, at), blocks = m->cols / b.cols;
    bool wide = type_ == WEIGHT_Q2_K || type_ == WEIGHT_Q4_K || type_ == WEIGHT_Q5_K || type_ == WEIGHT_Q3_K;
    bool wider = type_ == WEIGHT_Q6_K || type_ == WEIGHT_IQ4_XS;
    int exponent = type_ == WEIGHT_F16                              ? 10
                   : type_ == WEIGHT_Q8_0 || type_ == WEIGHT_IQ4_NL ? 5
                   : wider                                          ? 0
                   : wide                                           ? 2
                                                                    : 7;
    Matrix t = {.type = type_, .rows = m->rows, .cols = m->cols, .row_stride = blocks * b.bytes};
    unsigned char *p = keep(k, m->rows * t.row_stride), *s = keep(k, m->rows * blocks);
    (void)n_groups;
    for (size_t i = 0; i < m->rows * blocks; i++) {
        for (size_t j = 0; j < b.bytes; j++) p[i * b.bytes + j] = byte();
        for (size_t j = 0; j < n; j++) {
            unsigned char *h = p + i * b.bytes + at[j];
            h[1] = (unsigned char)((h[1] & 0x83) | exponent << 2);
        }
        if (type_ == WEIGHT_MXFP4_GGML) p[i * b.bytes] = (unsigned char)(122 + byte() % 3);
        if (type_ == WEIGHT_F32) put_number(p + i * b.bytes, type_, (float)(signed char)byte() / 1024);
        if (type_ == WEIGHT_BF16) put_number(p + i * b.bytes, type_, (float)(signed char)byte() / 1024);
        s[i] = (unsigned char)(122 + byte() % 3);
    }
    t.data = p;
    if (type_ == WEIGHT_MXFP4) t.scales = s, t.scale_stride = blocks;
    return t;
}

/* The model of a type gives the bits of the model of its numbers in F32; on all tables, in one piece or token by token
 * (few tokens take the fused kernels, many the expanded rows). */
static void check_type(WeightType type) {
    static const char *const tables[] = {"scalar", "avx2", "avx512"};
    Model *m = open_checkpoint();
    Keep k = {.n = 0};
    CpuKernels table;
    type_ = type, state_ = 7 + (uint64_t)type;
    size_t n = N_TOKENS * (size_t)m->config.vocab;
    each_matrix(m, &k, random_blocks);
    float *got[5], spread_of = 0;
    size_t n_got = 0;
    for (size_t i = 0; i < 3; i++) {
        if (!cpu_kernels_select(tables[i], &table)) continue;
        setenv("ASSAY_CPU", tables[i], 1);
        got[n_got++] = logits(m, 1, i == 0 ? 64 : 1);
    }
    unsetenv("ASSAY_CPU");
    got[n_got++] = logits(m, 2, 64);
    each_matrix(m, &k, as_f32);
    float *want = logits(m, 1, 64);
    for (size_t i = 0; i < n; i++) spread_of += want[i] * want[i] / (float)n;
    assert_true(spread_of > 1e-4f); /* numbers that matter */
    for (size_t i = 0; i < n_got; i++) same_logits(got[i], want, n, weight_type_name(type)), free(got[i]);
    free(want);
    keep_release(&k);
    model_close(m);
}

static void test_types(void **state) {
    (void)state;
    for (int t = 0; t < WEIGHT_TYPES; t++) check_type((WeightType)t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_f32),         cmocka_unit_test(test_apart),
                                       cmocka_unit_test(test_spread),      cmocka_unit_test(test_ggml_packed),
                                       cmocka_unit_test(test_interleaved), cmocka_unit_test(test_types)};
    return cmocka_run_group_tests(tests, make_model, drop_checkpoint);
}
