/* OpenAI's own layout: configuration and names of specs/gpt-oss-model.md 1 and 4(b). */
#include <string.h>

#include "engine/model/model_internal.h"

/* ---- config.json with its own keys ---- */

static bool want_int(const Json *j, const char *key, int64_t lo, int64_t hi, int *out, Err *err) {
    int64_t v = 0;
    if (!json_want_int(j, key, true, lo, hi, &v, err)) return false;
    *out = (int)v;
    return true;
}

static bool want_num(const Json *j, const char *key, double lo, double hi, double *out, Err *err) {
    if (!json_want_num(j, key, true, out, err)) return false;
    if (*out >= lo && *out <= hi) return true;
    return err_set(err, ERR_INPUT, "'%s' must be from %g to %g", key, lo, hi);
}

/* What the file does not say is fixed in OpenAI's code: even layers slide, eps 1e-5, alpha 1.702, bounds not rounded.
 */
static bool read_config(const Json *j, ModelConfig *c, Err *err) {
    static const ConfigKeys keys = {.head_dim = "head_dim",
                                    .n_heads = "num_attention_heads",
                                    .n_kv_heads = "num_key_value_heads",
                                    .n_experts = "num_experts",
                                    .experts_per_token = "experts_per_token",
                                    .hidden = "hidden_size",
                                    .expert_width = "intermediate_size"};
    if (json_type(j) != JSON_OBJECT) return err_set(err, ERR_INPUT, "an object was expected");
    c->rms_eps = 1e-5, c->swiglu_alpha = 1.702;
    if (!want_int(j, "num_hidden_layers", 1, MODEL_MAX_LAYERS, &c->n_layers, err) ||
        !want_int(j, "hidden_size", 32, 65536, &c->hidden, err) ||
        !want_int(j, "num_attention_heads", 1, 1024, &c->n_heads, err) ||
        !want_int(j, "num_key_value_heads", 1, 1024, &c->n_kv_heads, err) ||
        !want_int(j, "head_dim", 32, MODEL_MAX_HEAD_DIM, &c->head_dim, err) ||
        !want_int(j, "num_experts", 1, MODEL_MAX_EXPERTS, &c->n_experts, err) ||
        !want_int(j, "experts_per_token", 1, MODEL_MAX_EXPERTS_PER_TOKEN, &c->experts_per_token, err) ||
        !want_int(j, "intermediate_size", 32, 65536, &c->expert_width, err) ||
        !want_int(j, "vocab_size", 1, 1 << 22, &c->vocab, err) ||
        !want_int(j, "sliding_window", 1, 1 << 20, &c->window, err) ||
        !want_num(j, "swiglu_limit", 1e-6, 1e6, &c->swiglu_limit, err) ||
        !want_num(j, "rope_theta", 1.001, 1e12, &c->rope_theta, err) ||
        !want_num(j, "rope_scaling_factor", 1, 1e6, &c->yarn_factor, err) ||
        !want_num(j, "initial_context_length", 1, 1e9, &c->yarn_context, err) ||
        !want_num(j, "rope_ntk_beta", 1e-6, 1e6, &c->yarn_beta_fast, err) ||
        !want_num(j, "rope_ntk_alpha", 1e-6, 1e6, &c->yarn_beta_slow, err))
        return false;
    for (int i = 0; i < c->n_layers; i++) c->sliding[i] = i % 2 == 0;
    double context = c->yarn_context * c->yarn_factor;
    if (context > 1 << 24)
        return err_set(err, ERR_INPUT, "'initial_context_length' times 'rope_scaling_factor' is more than 2^24");
    c->context = (int)context;
    return config_check(c, &keys, err);
}

bool config_openai_load(const char *path, ModelConfig *out, Err *err) {
    Buf text;
    Json *root = NULL;
    ModelConfig c = {0};
    buf_init(&text, 16u << 20);
    bool ok = file_read(path, &text, err) &&
              ((json_parse(buf_str(&text), &root, err) && read_config(root, &c, err)) || err_wrap(err, "%.200s", path));
    json_close(root);
    buf_release(&text);
    if (ok) *out = c;
    return ok;
}

/* ---- tensors ---- */

/* Rows of all query heads, then of all key heads, then of all value heads. */
static bool bind_attention(Bind *b, ModelLayer *l) {
    const ModelConfig *c = &b->m->config;
    size_t h = (size_t)c->hidden, q = (size_t)c->n_heads * (size_t)c->head_dim,
           kv = (size_t)c->n_kv_heads * (size_t)c->head_dim;
    Matrix qkv = {0};
    Vec bias = {0};
    if (!bind_vec(b, "attn.norm.scale", h, &l->attn_norm) || !bind_vec(b, "mlp.norm.scale", h, &l->moe_norm) ||
        !bind_matrix(b, "attn.qkv.weight", q + 2 * kv, h, &qkv) || !bind_vec(b, "attn.qkv.bias", q + 2 * kv, &bias) ||
        !bind_matrix(b, "attn.out.weight", h, q, &l->o) || !bind_vec(b, "attn.out.bias", h, &l->o_bias) ||
        !bind_vec(b, "attn.sinks", (size_t)c->n_heads, &l->sinks))
        return false;
    l->q = rows_of(&qkv, 0, q), l->k = rows_of(&qkv, q, kv), l->v = rows_of(&qkv, q + kv, kv);
    l->q_bias = part_of(&bias, 0, q), l->k_bias = part_of(&bias, q, kv), l->v_bias = part_of(&bias, q + kv, kv);
    return true;
}

static bool bind_moe(Bind *b, ModelLayer *l) {
    const ModelConfig *c = &b->m->config;
    size_t e = (size_t)c->n_experts, h = (size_t)c->hidden, w = (size_t)c->expert_width;
    Matrix both = {0};
    Vec bias = {0};
    if (!bind_matrix(b, "mlp.gate.weight", e, h, &l->router) || !bind_vec(b, "mlp.gate.bias", e, &l->router_bias) ||
        !bind_mxfp4(b, "mlp.mlp1_weight.blocks", "mlp.mlp1_weight.scales", e, 2 * w, h, &both) ||
        !bind_vec2(b, "mlp.mlp1_bias", e, 2 * w, &bias) ||
        !bind_mxfp4(b, "mlp.mlp2_weight.blocks", "mlp.mlp2_weight.scales", e, h, w, &l->down) ||
        !bind_vec2(b, "mlp.mlp2_bias", e, h, &l->down_bias))
        return false;
    l->gate = every_other_row(&both, 0), l->up = every_other_row(&both, 1);
    l->gate_bias = every_other(&bias, 0), l->up_bias = every_other(&bias, 1);
    return true;
}

bool openai_bind(Model *m, Err *err) {
    Bind b = {.m = m, .prefix = "block.", .layer = -1, .err = err};
    size_t v = (size_t)m->config.vocab, h = (size_t)m->config.hidden;
    if (!bind_matrix(&b, "embedding.weight", v, h, &m->embed) ||
        !bind_matrix(&b, "unembedding.weight", v, h, &m->unembed) || !bind_vec(&b, "norm.scale", h, &m->final_norm))
        return false;
    for (b.layer = 0; b.layer < m->config.n_layers; b.layer++)
        if (!bind_attention(&b, &m->layers[b.layer]) || !bind_moe(&b, &m->layers[b.layer])) return false;
    return true;
}
