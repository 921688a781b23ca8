/* Binds the tensors of a Hugging Face directory to the model: names, shapes and dtypes of specs/gpt-oss-model.md 4(a).
 */
#include <stdio.h>
#include <string.h>

#include "engine/model/model_internal.h"

/* A de-quantised matrix is stored transposed, [experts, cols, rows]: a row of ours is a column there. `step` apart,
 * from `first`: 2 picks the gate or up columns, which alternate. */
static bool bind_transposed(Bind *b, const Tensor *t, size_t experts, size_t rows, size_t cols, size_t first,
                            size_t step, Matrix *out) {
    WeightType type;
    if (!bind_type(b, t, &type)) return false;
    size_t size = weight_block(type).bytes, line = rows * step * size;
    *out = (Matrix){.type = type,
                    .rows = experts * rows,
                    .cols = cols,
                    .data = t->data + first * size,
                    .row_stride = step * size,
                    .group_rows = rows,
                    .group_stride = cols * line,
                    .col_stride = line};
    b->m->n_params += (uint64_t)experts * rows * cols;
    return true;
}

/* Experts as MXFP4, as published, or de-quantised; not both. */
static bool is_plain(Bind *b, const char *stem, bool *plain) {
    char name[80], blocks[100];
    snprintf(name, sizeof name, "mlp.experts.%s", stem);
    snprintf(blocks, sizeof blocks, "%s_blocks", name);
    *plain = bind_find(b, name) != NULL;
    if (*plain && bind_find(b, blocks))
        return err_set(b->err, ERR_INPUT,
                       "layer %d has both '%s' and '%s'; it must be one, or nobody knows which weights are meant",
                       b->layer, name, blocks);
    return true;
}

static bool bind_gate_up(Bind *b, ModelLayer *l, size_t e, size_t h, size_t w) {
    Matrix both = {0};
    Tensor *t;
    bool plain;
    if (!is_plain(b, "gate_up_proj", &plain)) return false;
    if (plain)
        return bind_want(b, "mlp.experts.gate_up_proj", 3, (size_t[]){e, h, 2 * w}, &t) &&
               bind_transposed(b, t, e, w, h, 0, 2, &l->gate) && bind_transposed(b, t, e, w, h, 1, 2, &l->up);
    if (!bind_mxfp4(b, "mlp.experts.gate_up_proj_blocks", "mlp.experts.gate_up_proj_scales", e, 2 * w, h, &both))
        return false;
    /* rows are interleaved: 2c is gate channel c, 2c+1 is up channel c */
    l->gate = every_other_row(&both, 0), l->up = every_other_row(&both, 1);
    return true;
}

static bool bind_down(Bind *b, ModelLayer *l, size_t e, size_t h, size_t w) {
    Tensor *t;
    bool plain;
    if (!is_plain(b, "down_proj", &plain)) return false;
    if (!plain) return bind_mxfp4(b, "mlp.experts.down_proj_blocks", "mlp.experts.down_proj_scales", e, h, w, &l->down);
    return bind_want(b, "mlp.experts.down_proj", 3, (size_t[]){e, w, h}, &t) &&
           bind_transposed(b, t, e, h, w, 0, 1, &l->down);
}

static bool bind_moe(Bind *b, ModelLayer *l) {
    const ModelConfig *c = &b->m->config;
    size_t e = (size_t)c->n_experts, h = (size_t)c->hidden, w = (size_t)c->expert_width;
    Vec bias = {0};
    if (!bind_matrix(b, "mlp.router.weight", e, h, &l->router) || !bind_vec(b, "mlp.router.bias", e, &l->router_bias) ||
        !bind_gate_up(b, l, e, h, w) || !bind_vec2(b, "mlp.experts.gate_up_proj_bias", e, 2 * w, &bias) ||
        !bind_down(b, l, e, h, w) || !bind_vec2(b, "mlp.experts.down_proj_bias", e, h, &l->down_bias))
        return false;
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
    Bind b = {.m = m, .prefix = "model.layers.", .layer = -1, .err = err};
    size_t v = (size_t)m->config.vocab, h = (size_t)m->config.hidden;
    if (!bind_matrix(&b, "model.embed_tokens.weight", v, h, &m->embed)) return false;
    if (m->config.tied && !bind_find(&b, "lm_head.weight"))
        m->unembed = m->embed;
    else if (!bind_matrix(&b, "lm_head.weight", v, h, &m->unembed))
        return false;
    if (!bind_vec(&b, "model.norm.weight", h, &m->final_norm)) return false;
    for (b.layer = 0; b.layer < m->config.n_layers; b.layer++)
        if (!bind_attention(&b, &m->layers[b.layer]) || !bind_moe(&b, &m->layers[b.layer])) return false;
    return true;
}
