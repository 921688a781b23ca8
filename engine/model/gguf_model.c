/* GGUF: files, metadata and names of specs/gpt-oss-model.md 1 and 4(c). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/gguf_split.h"
#include "engine/model/model_internal.h"

#define ARCHITECTURE "gpt-oss"
#define ANY "gpt-oss."

/* ---- files ---- */

static bool add_tensor(ModelFiles *d, const WeightFile *f, const GgufTensor *g, Err *err) {
    char name[65];
    Tensor t = {.is_ggml = true, .ggml = g->type, .rank = g->rank, .data = g->data, .bytes = g->bytes};
    for (int i = 0; i < g->rank; i++) t.shape[i] = (size_t)g->dim[g->rank - 1 - i];
    snprintf(name, sizeof name, "%.*s", (int)g->name.n, g->name.p);
    return dir_append(d, name, f->name, &t, err);
}

static bool read_gguf(ModelFiles *d, WeightFile *f, Err *err) {
    if (!gguf_open(f->map.p, f->map.n, f->name, &f->gguf, err)) return false;
    for (size_t i = 0; i < gguf_n_tensors(f->gguf); i++)
        if (!add_tensor(d, f, gguf_tensor_at(f->gguf, i), err)) return false;
    return true;
}

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* A part says which one it is; the name of the file must say the same. */
static bool check_part(const WeightFile *f, uint32_t no, uint32_t count, Err *err) {
    uint64_t is = 0, of = 0;
    if (!gguf_uint(f->gguf, "split.no", true, 0, 99998, &is, err) ||
        !gguf_uint(f->gguf, "split.count", true, 1, 99999, &of, err))
        return false;
    if (is + 1 == no && of == count) return true;
    return err_set(err, ERR_INPUT, "%.150s: it says that it is part %llu of %llu; its name says %u of %u", f->name,
                   (unsigned long long)is + 1, (unsigned long long)of, no, count);
}

static bool open_part(ModelFiles *d, const char *dir, const GgufSplit *s, uint32_t no, Err *err) {
    const char *path = gguf_split_path(d->arena, s, no);
    if (!path) return err_nomem(err);
    if (!file_exists(path))
        return err_set(err, ERR_INPUT, "part %u of %u is missing: %.300s was expected", no, s->count, path);
    return dir_add(d, dir, base_name(path), true, read_gguf, err) &&
           check_part(&d->files[d->n_files - 1], no, s->count, err);
}

static bool open_split(ModelFiles *d, const char *dir, const GgufSplit *s, Err *err) {
    uint64_t n = 0;
    for (uint32_t i = 1; i <= s->count; i++)
        if (!open_part(d, dir, s, i, err)) return false;
    if (!gguf_uint(d->files[0].gguf, "split.tensors.count", true, 1, INT32_MAX, &n, err)) return false;
    return n == d->n_tensors || err_set(err, ERR_INPUT, "'split.tensors.count' is %llu, but the parts have %zu tensors",
                                        (unsigned long long)n, d->n_tensors);
}

static bool open_single(ModelFiles *d, const char *dir, const char *path, Err *err) {
    uint64_t count = 1;
    if (!dir_add(d, dir, base_name(path), false, read_gguf, err) ||
        !gguf_uint(d->files[0].gguf, "split.count", false, 0, 99999, &count, err))
        return false;
    if (count <= 1) return true;
    return err_set(err, ERR_INPUT,
                   "%.150s: it is one of %llu parts, but its name does not end in -00001-of-0000n.gguf, so the others "
                   "cannot be found; give the parts their names back",
                   d->files[0].name, (unsigned long long)count);
}

bool gguf_files_open(ModelFiles *d, const char *path, Err *err) {
    GgufSplit s;
    const char *dir = path_dirname(d->arena, path);
    if (!dir) return err_nomem(err);
    bool ok = gguf_split_parse(path, &s) ? open_split(d, dir, &s, err) : open_single(d, dir, path, err);
    return ok && dir_finish(d, err);
}

/* ---- metadata ---- */

static bool want_int(const Gguf *g, const char *key, int lo, int hi, int *out, Err *err) {
    uint64_t v = 0;
    if (!gguf_uint(g, key, true, (uint64_t)lo, (uint64_t)hi, &v, err)) return false;
    *out = (int)v;
    return true;
}

/* A 32-bit float stands for the decimal that its author wrote: 1e-05, not 9.99999975e-06, so that a model has the same
 * numbers in every layout. */
static double decimal_of(double v) {
    char text[32];
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if ((float)strtod(text, NULL) == (float)v) return strtod(text, NULL);
    }
    return v;
}

static bool want_num(const Gguf *g, const char *key, bool required, double hi, double *out, Err *err) {
    const GgufValue *v = gguf_find(g, key);
    if (!gguf_num(g, key, required, out, err)) return false;
    if (v && v->type == GGUF_F32) *out = decimal_of(*out);
    return (*out > 0 && *out <= hi) || err_set(err, ERR_INPUT, "'%s' must be above 0 and at most %g", key, hi);
}

/* A number that may be there but must be the one that is built in. */
static bool must_be(const Gguf *g, const char *key, double expected, Err *err) {
    double v = expected;
    if (!gguf_num(g, key, false, &v, err)) return false;
    return (float)v == (float)expected || err_set(err, ERR_INPUT, "'%s' is %g; %g was expected", key, v, expected);
}

static bool check_architecture(const Gguf *g, Err *err) {
    Str arch, type = STR("model");
    if (!gguf_str(g, "general.architecture", true, &arch, err) || !gguf_str(g, "general.type", false, &type, err))
        return false;
    if (!str_eqz(type, "model"))
        return err_set(err, ERR_INPUT, "'general.type' is \"%.*s\"; a model was expected",
                       (int)(type.n < 60 ? type.n : 60), type.p);
    if (str_eqz(arch, "gptoss"))
        return err_set(
            err, ERR_INPUT,
            "this is Ollama's own form of gpt-oss (architecture \"gptoss\"), which is not supported; take the "
            "GGUF of ggml-org/gpt-oss-20b-GGUF or OpenAI's safetensors");
    if (str_eqz(arch, ARCHITECTURE)) return true;
    return err_set(err, ERR_INPUT, "'general.architecture' is \"%.*s\"; only \"" ARCHITECTURE "\" is supported",
                   (int)(arch.n < 60 ? arch.n : 60), arch.p);
}

/* Rows of the embedding; the list of tokens, if there is one, must be as long. */
static bool read_vocab(const ModelFiles *d, const Gguf *g, ModelConfig *c, Err *err) {
    const GgufValue *tokens = NULL;
    const Tensor *t = dir_find(d, "token_embd.weight");
    if (!gguf_array(g, "tokenizer.ggml.tokens", false, GGUF_STRING, &tokens, err)) return false;
    if (!t || t->rank != 2) return err_set(err, ERR_INPUT, "tensor 'token_embd.weight' is missing or no matrix");
    if (t->shape[0] > 1 << 22) return err_set(err, ERR_INPUT, "a vocabulary of %zu is absurd", t->shape[0]);
    c->vocab = (int)t->shape[0];
    if (tokens && tokens->count != t->shape[0])
        return err_set(err, ERR_INPUT, "'tokenizer.ggml.tokens' has %llu items, but the embedding has %zu rows",
                       (unsigned long long)tokens->count, t->shape[0]);
    return true;
}

static bool read_rope(const Gguf *g, ModelConfig *c, Err *err) {
    Str type = STR("none");
    c->yarn_factor = 1, c->yarn_beta_fast = 32, c->yarn_beta_slow = 1;
    if (!want_num(g, ANY "rope.freq_base", true, 1e12, &c->rope_theta, err) ||
        !gguf_str(g, ANY "rope.scaling.type", false, &type, err))
        return false;
    if (c->rope_theta <= 1) return err_set(err, ERR_INPUT, "'" ANY "rope.freq_base' must be above 1");
    if (str_eqz(type, "none")) return must_be(g, ANY "rope.scaling.factor", 1, err);
    if (!str_eqz(type, "yarn"))
        return err_set(err, ERR_INPUT, "'" ANY "rope.scaling.type' is \"%.*s\"; \"yarn\" or \"none\" was expected",
                       (int)(type.n < 40 ? type.n : 40), type.p);
    return want_num(g, ANY "rope.scaling.factor", true, 1e6, &c->yarn_factor, err) &&
           want_num(g, ANY "rope.scaling.original_context_length", true, 1e9, &c->yarn_context, err) &&
           want_num(g, ANY "rope.scaling.yarn_beta_fast", false, 1e6, &c->yarn_beta_fast, err) &&
           want_num(g, ANY "rope.scaling.yarn_beta_slow", false, 1e6, &c->yarn_beta_slow, err) &&
           must_be(g, ANY "rope.scaling.attn_factor", 1, err) &&
           must_be(g, ANY "rope.scaling.yarn_attn_factor", 1, err) &&
           must_be(g, ANY "rope.scaling.yarn_ext_factor", 1, err);
}

static bool read_sizes(const Gguf *g, ModelConfig *c, Err *err) {
    const char *width =
        gguf_find(g, ANY "expert_feed_forward_length") ? ANY "expert_feed_forward_length" : ANY "feed_forward_length";
    int value_length = 0;
    if (!want_int(g, ANY "block_count", 1, MODEL_MAX_LAYERS, &c->n_layers, err) ||
        !want_int(g, ANY "embedding_length", 32, 65536, &c->hidden, err) ||
        !want_int(g, ANY "attention.head_count", 1, 1024, &c->n_heads, err) ||
        !want_int(g, ANY "attention.head_count_kv", 1, 1024, &c->n_kv_heads, err) ||
        !want_int(g, ANY "attention.key_length", 32, MODEL_MAX_HEAD_DIM, &c->head_dim, err) ||
        !want_int(g, ANY "attention.value_length", 32, MODEL_MAX_HEAD_DIM, &value_length, err) ||
        !want_int(g, ANY "expert_count", 1, MODEL_MAX_EXPERTS, &c->n_experts, err) ||
        !want_int(g, ANY "expert_used_count", 1, MODEL_MAX_EXPERTS_PER_TOKEN, &c->experts_per_token, err) ||
        !want_int(g, width, 32, 65536, &c->expert_width, err) ||
        !want_int(g, ANY "attention.sliding_window", 1, 1 << 20, &c->window, err) ||
        !want_int(g, ANY "context_length", 1, 1 << 24, &c->context, err))
        return false;
    if (value_length != c->head_dim)
        return err_set(err, ERR_INPUT,
                       "'" ANY "attention.key_length' is %d and '" ANY
                       "attention.value_length' %d; the same was expected",
                       c->head_dim, value_length);
    return true;
}

static bool read_config(const ModelFiles *d, const Gguf *g, ModelConfig *c, Err *err) {
    static const ConfigKeys keys = {.head_dim = ANY "attention.key_length",
                                    .n_heads = ANY "attention.head_count",
                                    .n_kv_heads = ANY "attention.head_count_kv",
                                    .n_experts = ANY "expert_count",
                                    .experts_per_token = ANY "expert_used_count",
                                    .hidden = ANY "embedding_length",
                                    .expert_width = ANY "expert_feed_forward_length"};
    c->rms_eps = 1e-5, c->swiglu_limit = 7.0, c->swiglu_alpha = 1.702;
    if (!check_architecture(g, err) || !read_sizes(g, c, err) || !read_vocab(d, g, c, err) ||
        !want_num(g, ANY "attention.layer_norm_rms_epsilon", true, 1, &c->rms_eps, err) || !read_rope(g, c, err) ||
        !must_be(g, ANY "attention.sliding_window_pattern", 2, err))
        return false;
    for (int i = 0; i < c->n_layers; i++) c->sliding[i] = i % 2 == 0;
    return config_check(c, &keys, err);
}

bool config_gguf(const ModelFiles *d, ModelConfig *out, Err *err) {
    ModelConfig c = {0};
    if (!read_config(d, d->files[0].gguf, &c, err)) return err_wrap_file(err, d->files[0].name);
    *out = c;
    return true;
}

/* ---- tensors ---- */

static bool bind_attention(Bind *b, ModelLayer *l) {
    const ModelConfig *c = &b->m->config;
    size_t h = (size_t)c->hidden, q = (size_t)c->n_heads * (size_t)c->head_dim,
           kv = (size_t)c->n_kv_heads * (size_t)c->head_dim;
    return bind_vec(b, "attn_norm.weight", h, &l->attn_norm) &&
           bind_vec(b, "post_attention_norm.weight", h, &l->moe_norm) && bind_matrix(b, "attn_q.weight", q, h, &l->q) &&
           bind_vec(b, "attn_q.bias", q, &l->q_bias) && bind_matrix(b, "attn_k.weight", kv, h, &l->k) &&
           bind_vec(b, "attn_k.bias", kv, &l->k_bias) && bind_matrix(b, "attn_v.weight", kv, h, &l->v) &&
           bind_vec(b, "attn_v.bias", kv, &l->v_bias) && bind_matrix(b, "attn_output.weight", h, q, &l->o) &&
           bind_vec(b, "attn_output.bias", h, &l->o_bias) &&
           bind_vec(b, "attn_sinks.weight", (size_t)c->n_heads, &l->sinks);
}

static bool bind_moe(Bind *b, ModelLayer *l) {
    const ModelConfig *c = &b->m->config;
    size_t e = (size_t)c->n_experts, h = (size_t)c->hidden, w = (size_t)c->expert_width;
    if (bind_find(b, "ffn_gate_up_exps.weight"))
        return err_set(b->err, ERR_INPUT,
                       "layer %d has gate and up experts merged in 'ffn_gate_up_exps', which is not supported; convert "
                       "the model without merging",
                       b->layer);
    return bind_matrix(b, "ffn_gate_inp.weight", e, h, &l->router) &&
           bind_vec(b, "ffn_gate_inp.bias", e, &l->router_bias) &&
           bind_stack(b, "ffn_gate_exps.weight", e, w, h, &l->gate) &&
           bind_vec2(b, "ffn_gate_exps.bias", e, w, &l->gate_bias) &&
           bind_stack(b, "ffn_up_exps.weight", e, w, h, &l->up) &&
           bind_vec2(b, "ffn_up_exps.bias", e, w, &l->up_bias) &&
           bind_stack(b, "ffn_down_exps.weight", e, h, w, &l->down) &&
           bind_vec2(b, "ffn_down_exps.bias", e, h, &l->down_bias);
}

bool gguf_bind(Model *m, Err *err) {
    Bind b = {.m = m, .prefix = "blk.", .layer = -1, .err = err};
    size_t v = (size_t)m->config.vocab, h = (size_t)m->config.hidden;
    if (!bind_matrix(&b, "token_embd.weight", v, h, &m->embed) ||
        !bind_matrix(&b, "output.weight", v, h, &m->unembed) || !bind_vec(&b, "output_norm.weight", h, &m->final_norm))
        return false;
    for (b.layer = 0; b.layer < m->config.n_layers; b.layer++)
        if (!bind_attention(&b, &m->layers[b.layer]) || !bind_moe(&b, &m->layers[b.layer])) return false;
    return true;
}
