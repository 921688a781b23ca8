/* Binds the tensors of a Hugging Face directory to the model: names, shapes and dtypes of specs/gpt-oss-model.md 4(a).
 */
#include "engine/model/model_internal.h"

#include <stdio.h>
#include <string.h>

/* Scale bytes are searched for NaN at opening up to this size; beyond, a NaN shows in the logits and is reported then:
 * reading all scales of a large model from a cold disk would cost more than it is worth. */
#define SCALE_SCAN_MAX (128u << 20)

typedef struct Bind {
    Model *m;
    int layer; /* -1: names in full */
    uint64_t scanned;
    Err *err;
} Bind;

static bool weight_type(DType d, WeightType *out) {
    switch (d) {
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
        return false;
    }
}

static size_t weight_size(WeightType t) {
    return t == WEIGHT_F32 ? 4 : 2;
}

static void shape_text(char *out, size_t cap, const size_t *shape, int rank) {
    size_t at = 0;
    for (int i = 0; i < rank && at < cap; i++)
        at += (size_t)snprintf(out + at, cap - at, "%s%zu", i ? ", " : "", shape[i]);
    if (rank == 0) out[0] = '\0';
}

/* The tensor of that name and shape. */
static const Tensor *want(const Bind *b, const char *name, int rank, const size_t *shape) {
    char full[160], is[160], was[160];
    if (b->layer < 0)
        snprintf(full, sizeof full, "%s", name);
    else
        snprintf(full, sizeof full, "model.layers.%d.%s", b->layer, name);
    const Tensor *t = dir_find(b->m->files, full);
    if (!t) return err_set(b->err, ERR_INPUT, "tensor '%s' is missing", full), NULL;
    if (t->rank == rank && memcmp(t->shape, shape, (size_t)rank * sizeof *shape) == 0) return t;
    shape_text(is, sizeof is, t->shape, t->rank);
    shape_text(was, sizeof was, shape, rank);
    err_set(b->err, ERR_INPUT, "%s: tensor '%s' has the shape [%s], but config.json asks for [%s]", t->file, full, is,
            was);
    return NULL;
}

static bool wrong_dtype(const Bind *b, const Tensor *t, const char *expected) {
    return err_set(b->err, ERR_INPUT, "%s: tensor '%.120s' has dtype %s; %s was expected", t->file, t->name,
                   dtype_name(t->dtype), expected);
}

static bool bind_matrix(Bind *b, const char *name, size_t rows, size_t cols, Matrix *out) {
    WeightType type;
    const Tensor *t = want(b, name, 2, (size_t[]){rows, cols});
    if (!t) return false;
    if (!weight_type(t->dtype, &type)) return wrong_dtype(b, t, "BF16, F16 or F32");
    *out = (Matrix){.type = type, .rows = rows, .cols = cols, .data = t->data, .row_stride = cols * weight_size(type)};
    b->m->n_params += (uint64_t)rows * cols;
    return true;
}

static bool bind_vec2(Bind *b, const char *name, int rank, size_t n0, size_t n1, Vec *out) {
    WeightType type;
    const Tensor *t = want(b, name, rank, (size_t[]){n0, n1});
    if (!t) return false;
    if (!weight_type(t->dtype, &type)) return wrong_dtype(b, t, "BF16, F16 or F32");
    size_t n = rank == 2 ? n0 * n1 : n0;
    *out = (Vec){.type = type, .n = n, .data = t->data, .stride = weight_size(type)};
    b->m->n_params += n;
    return true;
}

static bool bind_vec(Bind *b, const char *name, size_t n, Vec *out) {
    return bind_vec2(b, name, 1, n, 0, out);
}

static bool check_scales(Bind *b, const Tensor *t) {
    if (b->scanned + t->bytes > SCALE_SCAN_MAX) return true;
    b->scanned += t->bytes;
    const unsigned char *bad = memchr(t->data, 255, t->bytes);
    if (!bad) return true;
    return err_set(b->err, ERR_INPUT,
                   "%s: tensor '%.120s' holds the scale 255 (not a number) at byte %zu; the file is damaged", t->file,
                   t->name, (size_t)(bad - t->data));
}

/* [experts, rows, cols/32, 16] codes and [experts, rows, cols/32] scales as one matrix of experts*rows rows. */
static bool bind_experts(Bind *b, const char *stem, size_t experts, size_t rows, size_t cols, Matrix *out) {
    char name[80];
    snprintf(name, sizeof name, "mlp.experts.%s_blocks", stem);
    const Tensor *q = want(b, name, 4, (size_t[]){experts, rows, cols / 32, 16});
    if (!q) return false;
    snprintf(name, sizeof name, "mlp.experts.%s_scales", stem);
    const Tensor *s = want(b, name, 3, (size_t[]){experts, rows, cols / 32});
    if (!s) return false;
    if (q->dtype != DTYPE_U8) return wrong_dtype(b, q, "U8 (MXFP4 codes)");
    if (s->dtype != DTYPE_U8 && s->dtype != DTYPE_F8_E8M0) return wrong_dtype(b, s, "U8 (MXFP4 scales)");
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

/* Every second row, from `first`. */
static Matrix every_other_row(const Matrix *m, size_t first) {
    Matrix r = *m;
    r.rows /= 2;
    r.data += first * m->row_stride;
    r.scales += first * m->scale_stride;
    r.row_stride *= 2;
    r.scale_stride *= 2;
    return r;
}

static Vec every_other(const Vec *v, size_t first) {
    return (Vec){.type = v->type, .n = v->n / 2, .data = v->data + first * v->stride, .stride = v->stride * 2};
}

static bool bind_moe(Bind *b, ModelLayer *l) {
    const ModelConfig *c = &b->m->config;
    size_t e = (size_t)c->n_experts, h = (size_t)c->hidden, w = (size_t)c->expert_width;
    Matrix gate_up;
    Vec bias;
    if (!bind_matrix(b, "mlp.router.weight", e, h, &l->router) || !bind_vec(b, "mlp.router.bias", e, &l->router_bias) ||
        !bind_experts(b, "gate_up_proj", e, 2 * w, h, &gate_up) ||
        !bind_vec2(b, "mlp.experts.gate_up_proj_bias", 2, e, 2 * w, &bias) ||
        !bind_experts(b, "down_proj", e, h, w, &l->down) ||
        !bind_vec2(b, "mlp.experts.down_proj_bias", 2, e, h, &l->down_bias))
        return false;
    /* rows are interleaved: 2c is gate channel c, 2c+1 is up channel c */
    l->gate = every_other_row(&gate_up, 0), l->up = every_other_row(&gate_up, 1);
    l->gate_bias = every_other(&bias, 0), l->up_bias = every_other(&bias, 1);
    return true;
}

static bool bind_attention(Bind *b, ModelLayer *l) {
    const ModelConfig *c = &b->m->config;
    size_t h = (size_t)c->hidden, q = (size_t)c->n_heads * (size_t)c->head_dim,
           kv = (size_t)c->n_kv_heads * (size_t)c->head_dim;
    return bind_vec(b, "input_layernorm.weight", h, &l->attn_norm) &&
           bind_vec(b, "post_attention_layernorm.weight", h, &l->moe_norm) &&
           bind_matrix(b, "self_attn.q_proj.weight", q, h, &l->q) &&
           bind_vec(b, "self_attn.q_proj.bias", q, &l->q_bias) &&
           bind_matrix(b, "self_attn.k_proj.weight", kv, h, &l->k) &&
           bind_vec(b, "self_attn.k_proj.bias", kv, &l->k_bias) &&
           bind_matrix(b, "self_attn.v_proj.weight", kv, h, &l->v) &&
           bind_vec(b, "self_attn.v_proj.bias", kv, &l->v_bias) &&
           bind_matrix(b, "self_attn.o_proj.weight", h, q, &l->o) &&
           bind_vec(b, "self_attn.o_proj.bias", h, &l->o_bias) &&
           bind_vec(b, "self_attn.sinks", (size_t)c->n_heads, &l->sinks);
}

bool hf_bind(Model *m, Err *err) {
    Bind b = {.m = m, .layer = -1, .err = err};
    size_t v = (size_t)m->config.vocab, h = (size_t)m->config.hidden;
    if (!bind_matrix(&b, "model.embed_tokens.weight", v, h, &m->embed)) return false;
    if (m->config.tied && !dir_find(m->files, "lm_head.weight"))
        m->unembed = m->embed;
    else if (!bind_matrix(&b, "lm_head.weight", v, h, &m->unembed))
        return false;
    if (!bind_vec(&b, "model.norm.weight", h, &m->final_norm)) return false;
    for (b.layer = 0; b.layer < m->config.n_layers; b.layer++)
        if (!bind_attention(&b, &m->layers[b.layer]) || !bind_moe(&b, &m->layers[b.layer])) return false;
    return true;
}
