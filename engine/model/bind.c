/* From tensors to views: what the three layouts share. */
#include <stdio.h>
#include <string.h>

#include "engine/model/model_internal.h"

/* MXFP4 scales are searched for NaN at opening up to this many bytes; beyond, a NaN shows in the logits and is reported
 * then: reading all scales of a large model from a cold disk would cost more than it is worth. */
#define SCALE_SCAN_MAX (128u << 20)

const char *tensor_type_name(const Tensor *t) {
    const char *ggml = t->is_ggml ? gguf_type_name(t->ggml) : NULL;
    return ggml ? ggml : dtype_name(t->dtype);
}

/* The types of ggml that a backend can compute with. */
static bool ggml_weight(uint32_t type, WeightType *out) {
    static const struct {
        uint32_t ggml;
        WeightType is;
    } all[] = {{0, WEIGHT_F32},   {1, WEIGHT_F16},     {30, WEIGHT_BF16}, {39, WEIGHT_MXFP4_GGML},
               {8, WEIGHT_Q8_0},  {2, WEIGHT_Q4_0},    {3, WEIGHT_Q4_1},  {6, WEIGHT_Q5_0},
               {7, WEIGHT_Q5_1},  {20, WEIGHT_IQ4_NL}, {10, WEIGHT_Q2_K}, {23, WEIGHT_IQ4_XS},
               {11, WEIGHT_Q3_K}, {12, WEIGHT_Q4_K},   {13, WEIGHT_Q5_K}, {14, WEIGHT_Q6_K}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].ggml == type) return *out = all[i].is, true;
    return false;
}

static bool wrong_type(const Bind *b, const Tensor *t, const char *expected) {
    return err_set(b->err, ERR_INPUT, "%s: tensor '%.120s' has dtype %s; %s was expected", t->file, t->name,
                   tensor_type_name(t), expected);
}

bool bind_type(const Bind *b, const Tensor *t, WeightType *out) {
    if (t->is_ggml)
        return ggml_weight(t->ggml, out) ||
               wrong_type(b, t, "F32, F16, BF16, MXFP4, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, IQ4_NL, IQ4_XS or Q2_K to Q6_K");
    switch (t->dtype) {
    case DTYPE_F32:
        *out = WEIGHT_F32;
        return true;
    case DTYPE_F16:
        *out = WEIGHT_F16;
        return true;
    case DTYPE_BF16:
        *out = WEIGHT_BF16;
        return true;
    default:
        return wrong_type(b, t, "BF16, F16 or F32");
    }
}

static void full_name(const Bind *b, const char *name, char *out, size_t cap) {
    char prefix[64] = "";
    if (b->layer >= 0) snprintf(prefix, sizeof prefix, "%s%d.", b->prefix, b->layer);
    snprintf(out, cap, "%s%s", prefix, name);
}

Tensor *bind_find(const Bind *b, const char *name) {
    char full[160];
    full_name(b, name, full, sizeof full);
    Tensor *t = dir_find(b->m->files, full);
    if (t) t->used = true;
    return t;
}

static void shape_text(char *out, size_t cap, const size_t *shape, int rank) {
    size_t at = 0;
    out[0] = '\0';
    for (int i = 0; i < rank && at < cap; i++)
        at += (size_t)snprintf(out + at, cap - at, "%s%zu", i ? ", " : "", shape[i]);
}

bool bind_want(Bind *b, const char *name, int rank, const size_t *shape, Tensor **out) {
    char full[160], is[160], was[160];
    Tensor *t = *out = bind_find(b, name);
    full_name(b, name, full, sizeof full);
    if (!t && b->m->files->source.inspect)
        return model_warn(b->m, "tensor '%s' is missing, so this model cannot be run", full), true;
    if (!t) return err_set(b->err, ERR_INPUT, "tensor '%s' is missing", full);
    if (t->rank == rank && memcmp(t->shape, shape, (size_t)rank * sizeof *shape) == 0) return true;
    shape_text(is, sizeof is, t->shape, t->rank);
    shape_text(was, sizeof was, shape, rank);
    return err_set(b->err, ERR_INPUT, "%s: tensor '%s' has the shape [%s], but %s asks for [%s]", t->file, full, is,
                   t->is_ggml ? "its metadata" : "config.json", was);
}

static bool bad_scale(const Bind *b, const Tensor *t, size_t at) {
    return err_set(b->err, ERR_INPUT,
                   "%s: tensor '%.120s' holds the scale 255 (not a number) at byte %zu; the file is damaged", t->file,
                   t->name, at);
}

static bool check_scales(Bind *b, const Tensor *t) {
    if (b->scanned + t->bytes > SCALE_SCAN_MAX) return true;
    b->scanned += t->bytes;
    const unsigned char *bad = memchr(t->data, 255, t->bytes);
    return !bad || bad_scale(b, t, (size_t)(bad - t->data));
}

/* ggml keeps the scale in the first byte of each block of 17. */
static bool check_inner_scales(Bind *b, const Tensor *t) {
    if (b->scanned + t->bytes > SCALE_SCAN_MAX) return true;
    b->scanned += t->bytes;
    for (size_t i = 0; i < t->bytes; i += 17)
        if (t->data[i] == 255) return bad_scale(b, t, i);
    return true;
}

/* A view of t as rows of cols numbers, one row behind the other. */
static bool plain_matrix(Bind *b, const Tensor *t, size_t rows, size_t cols, Matrix *out) {
    WeightType type;
    if (!bind_type(b, t, &type)) return false;
    WeightBlock w = weight_block(type);
    *out = (Matrix){.type = type, .rows = rows, .cols = cols, .data = t->data, .row_stride = cols / w.cols * w.bytes};
    b->m->n_params += (uint64_t)rows * cols;
    return type != WEIGHT_MXFP4_GGML || check_inner_scales(b, t);
}

bool bind_matrix(Bind *b, const char *name, size_t rows, size_t cols, Matrix *out) {
    Tensor *t;
    if (!bind_want(b, name, 2, (size_t[]){rows, cols}, &t)) return false;
    return !t || plain_matrix(b, t, rows, cols, out);
}

bool bind_stack(Bind *b, const char *name, size_t groups, size_t rows, size_t cols, Matrix *out) {
    Tensor *t;
    if (!bind_want(b, name, 3, (size_t[]){groups, rows, cols}, &t)) return false;
    return !t || plain_matrix(b, t, groups * rows, cols, out);
}

static bool plain_vec(Bind *b, const char *name, int rank, size_t n0, size_t n1, Vec *out) {
    WeightType type;
    Tensor *t;
    if (!bind_want(b, name, rank, (size_t[]){n0, n1}, &t)) return false;
    if (!t) return true;
    if (!bind_type(b, t, &type)) return false;
    if (weight_block(type).cols != 1) return wrong_type(b, t, "F32, F16 or BF16");
    size_t n = rank == 2 ? n0 * n1 : n0;
    *out = (Vec){.type = type, .n = n, .data = t->data, .stride = weight_block(type).bytes};
    b->m->n_params += n;
    return true;
}

bool bind_vec(Bind *b, const char *name, size_t n, Vec *out) {
    return plain_vec(b, name, 1, n, 0, out);
}

bool bind_vec2(Bind *b, const char *name, size_t n0, size_t n1, Vec *out) {
    return plain_vec(b, name, 2, n0, n1, out);
}

bool bind_mxfp4(Bind *b, const char *codes, const char *scales, size_t experts, size_t rows, size_t cols, Matrix *out) {
    Tensor *q, *s;
    if (!bind_want(b, codes, 4, (size_t[]){experts, rows, cols / 32, 16}, &q) ||
        !bind_want(b, scales, 3, (size_t[]){experts, rows, cols / 32}, &s))
        return false;
    if (!q || !s) return true;
    if (q->dtype != DTYPE_U8) return wrong_type(b, q, "U8 (MXFP4 codes)");
    if (s->dtype != DTYPE_U8 && s->dtype != DTYPE_F8_E8M0) return wrong_type(b, s, "U8 (MXFP4 scales)");
    *out = (Matrix){.type = WEIGHT_MXFP4,
                    .rows = experts * rows,
                    .cols = cols,
                    .data = q->data,
                    .row_stride = cols / 2,
                    .scales = s->data,
                    .scale_stride = cols / 32};
    b->m->n_params += (uint64_t)experts * rows * cols;
    return check_scales(b, s);
}

/* ---- parts of views; an empty view has empty parts ---- */

Matrix every_other_row(const Matrix *m, size_t first) {
    Matrix r = *m;
    if (!m->data) return r;
    r.rows /= 2;
    r.data += first * m->row_stride;
    if (m->scales) r.scales += first * m->scale_stride;
    r.row_stride *= 2;
    r.scale_stride *= 2;
    return r;
}

Vec every_other(const Vec *v, size_t first) {
    if (!v->data) return *v;
    return (Vec){.type = v->type, .n = v->n / 2, .data = v->data + first * v->stride, .stride = v->stride * 2};
}

Matrix rows_of(const Matrix *m, size_t first, size_t n) {
    Matrix r = *m;
    if (!m->data) return r;
    r.rows = n;
    r.data += first * m->row_stride;
    return r;
}

Vec part_of(const Vec *v, size_t first, size_t n) {
    if (!v->data) return *v;
    return (Vec){.type = v->type, .n = n, .data = v->data + first * v->stride, .stride = v->stride};
}
