/* What a checkpoint is, as numbers and as JSON. */
#include "engine/base/json.h"
#include "engine/model/model_internal.h"

static uint64_t row_bytes(const Matrix *m) {
    WeightBlock b = weight_block(m->type);
    return m->cols / b.cols * (b.bytes + (m->type == WEIGHT_MXFP4));
}

uint64_t model_active_bytes(const Model *m) {
    uint64_t sum = m->unembed.rows * row_bytes(&m->unembed), k = (uint64_t)m->config.experts_per_token,
             e = (uint64_t)m->config.n_experts;
    for (int i = 0; i < m->config.n_layers; i++) {
        const ModelLayer *l = &m->layers[i];
        const Matrix *dense[] = {&l->q, &l->k, &l->v, &l->o, &l->router}, *moe[] = {&l->gate, &l->up, &l->down};
        for (size_t j = 0; j < sizeof dense / sizeof *dense; j++) sum += dense[j]->rows * row_bytes(dense[j]);
        for (size_t j = 0; j < sizeof moe / sizeof *moe; j++) sum += moe[j]->rows / e * k * row_bytes(moe[j]);
    }
    return sum + lora_bytes(m, true);
}

uint64_t model_mapped_bytes(const Model *m) {
    return m->weight_bytes + lora_bytes(m, false);
}

static void put_types(JsonOut *o, const Model *m) {
    const ModelLayer *l = &m->layers[0];
    const struct {
        const char *key;
        const void *there;
        WeightType t;
    } types[] = {{"embedding", m->embed.data, m->embed.type}, {"lm_head", m->unembed.data, m->unembed.type},
                 {"attention", l->q.data, l->q.type},         {"router", l->router.data, l->router.type},
                 {"experts", l->gate.data, l->gate.type},     {"norms", m->final_norm.data, m->final_norm.type}};
    json_out_key(o, "dtypes");
    json_obj(o);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        json_out_key(o, types[i].key);
        json_out_cstr(o, types[i].there ? weight_type_name(types[i].t) : "missing");
    }
    json_obj_end(o);
}

static void put_int(JsonOut *o, const char *key, int64_t v) {
    json_out_key(o, key);
    json_out_int(o, v);
}

static void put_num(JsonOut *o, const char *key, double v) {
    json_out_key(o, key);
    json_out_num(o, v);
}

static int64_t count_sliding(const ModelConfig *c) {
    int64_t n = 0;
    for (int i = 0; i < c->n_layers; i++) n += c->sliding[i];
    return n;
}

void model_summary(const Model *m, Buf *out) {
    const ModelConfig *c = &m->config;
    JsonOut o;
    json_out_init(&o, out, 0);
    json_obj(&o);
    json_out_key(&o, "layout");
    json_out_cstr(&o, m->layout);
    put_int(&o, "layers", c->n_layers);
    put_int(&o, "sliding_layers", count_sliding(c));
    put_int(&o, "hidden", c->hidden);
    put_int(&o, "heads", c->n_heads);
    put_int(&o, "kv_heads", c->n_kv_heads);
    put_int(&o, "head_dim", c->head_dim);
    put_int(&o, "experts", c->n_experts);
    put_int(&o, "experts_per_token", c->experts_per_token);
    put_int(&o, "expert_width", c->expert_width);
    put_int(&o, "vocab", c->vocab);
    put_int(&o, "window", c->window);
    put_int(&o, "context", c->context);
    put_num(&o, "rope_theta", c->rope_theta);
    put_num(&o, "yarn_factor", c->yarn_factor);
    put_num(&o, "yarn_original_context", c->yarn_context);
    put_num(&o, "swiglu_limit", c->swiglu_limit);
    put_int(&o, "tensors", (int64_t)m->n_tensors);
    put_int(&o, "files", (int64_t)m->n_files);
    json_out_key(&o, "weight_bytes");
    json_out_u64(&o, m->weight_bytes);
    json_out_key(&o, "parameters");
    json_out_u64(&o, m->n_params);
    put_types(&o, m);
    lora_put(m, &o);
    json_out_key(&o, "warnings");
    json_arr(&o);
    for (size_t i = 0; i < m->n_warnings; i++) json_out_cstr(&o, m->warnings[i]);
    json_arr_end(&o);
    json_obj_end(&o);
}
