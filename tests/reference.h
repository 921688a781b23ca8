/* A second forward pass that can make mistakes: plain loops in double, written from specs/gpt-oss-model.md, reading a
 * Hugging Face directory by itself (one model.safetensors; dense tensors BF16, F16 or F32). With no mistake it is a
 * reference; with one of the pitfall table's it shows what a test must notice. Nothing here uses the engine's loaders
 * or kernels. */
#ifndef ASSAY_TESTS_REFERENCE_H
#define ASSAY_TESTS_REFERENCE_H

#include <math.h>

#include "tests/engine_support.h"

/* The table of specs/gpt-oss-model.md section 5, in its order, then traps of our own. */
typedef enum Mistake {
    MISTAKE_NONE,
    NO_SINKS,
    WINDOW_ONE_MORE,
    WINDOW_ONE_LESS,
    NO_WINDOW,
    WINDOW_ON_ODD,
    YARN_ROUNDED,
    NO_CONCENTRATION,
    NO_YARN,
    ROPE_PAIRS,
    KV_MODULO,
    NO_PLUS_ONE,
    NO_CLAMPS,
    GATE_CLAMPED_BELOW,
    ALPHA_ONE,
    SOFTMAX_OVER_ALL,
    NO_ROUTER_BIAS,
    NO_DOWN_BIAS,
    NIBBLES_SWAPPED,
    GGML_ORDER,
    HALVES,
    GATE_UP_EXCHANGED,
    E8M0_BIAS_128,
    EPS_1E6,
    SINK_SCALED,       /* the sink divided by sqrt(D) like a score */
    DOWN_BIAS_OUTSIDE, /* added whole, not inside the weighted sum */
    TIE_HIGHER,        /* equal router logits: the higher index */
    N_MISTAKES
} Mistake;

typedef struct RefLayer {
    double *norm1, *norm2, *qw, *qb, *kw, *kb, *vw, *vb, *ow, *ob, *sinks, *rw, *rb;
    double *gu, *gub, *down, *downb; /* [E,2I,H], [E,2I], [E,H,I], [E,H] */
} RefLayer;

typedef struct Ref {
    int layers, experts, per_token, vocab, window;
    size_t hidden, heads, kv_heads, dim, width;
    double theta, factor, original;
    FileMap file;
    Json *header;
    double *embed, *unembed, *norm;
    RefLayer layer[16];
    double *owned[400]; /* what ref_close frees */
    size_t n_owned;
} Ref;

/* ---- reading ---- */

static inline const unsigned char *ref_bytes(const Ref *r, int layer, const char *name, size_t *n, const char **dtype) {
    char full[128];
    snprintf(full, sizeof full, "model.layers.%d.%s", layer, name);
    const Json *t = json_get(r->header, layer < 0 ? name : full), *o = json_first(json_get(t, "data_offsets"));
    if (!o) fail_msg("no tensor %s", layer < 0 ? name : full);
    uint64_t head;
    *dtype = json_str(json_get(t, "dtype")).p;
    memcpy(&head, r->file.p, 8);
    *n = (size_t)(json_num(json_next(o)) - json_num(o));
    return r->file.p + 8 + head + (size_t)json_num(o);
}

static inline double *ref_own(Ref *r, size_t n) {
    double *p = calloc(n, sizeof *p);
    assert_non_null(p);
    assert_true(r->n_owned < sizeof r->owned / sizeof *r->owned);
    return r->owned[r->n_owned++] = p;
}

static inline double ref_number(const unsigned char *p, const char *dtype) {
    uint32_t bits = (uint32_t)p[0] | (uint32_t)p[1] << 8;
    float f;
    if (strcmp(dtype, "F16") == 0) {
        double m = (bits & 1023) / 1024.0;
        int e = (int)(bits >> 10 & 31);
        return (bits & 0x8000 ? -1 : 1) * (e ? ldexp(1 + m, e - 15) : ldexp(m, -14));
    }
    bits = strcmp(dtype, "F32") == 0 ? bits | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24 : bits << 16;
    memcpy(&f, &bits, sizeof f);
    return (double)f;
}

static inline double *ref_dense(Ref *r, int layer, const char *name) {
    size_t n;
    const char *dtype;
    const unsigned char *b = ref_bytes(r, layer, name, &n, &dtype);
    size_t size = strcmp(dtype, "F32") == 0 ? 4 : 2;
    double *out = ref_own(r, n / size);
    for (size_t i = 0; i < n / size; i++) out[i] = ref_number(b + i * size, dtype);
    return out;
}

/* MXFP4 as stored: 32 weights per scale; weight 2b in the low nibble of byte b, 2b+1 in the high one. */
static inline double *ref_mxfp4(Ref *r, int layer, const char *stem, Mistake m) {
    static const double value[16] = {0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6};
    char name[80];
    size_t n, blocks;
    const char *dtype;
    snprintf(name, sizeof name, "mlp.experts.%s_blocks", stem);
    const unsigned char *codes = ref_bytes(r, layer, name, &n, &dtype);
    snprintf(name, sizeof name, "mlp.experts.%s_scales", stem);
    const unsigned char *scales = ref_bytes(r, layer, name, &blocks, &dtype);
    double *out = ref_own(r, n * 2);
    for (size_t i = 0; i < n * 2; i++) {
        size_t j = i % 32, byte = m == GGML_ORDER ? j % 16 : j / 2;
        bool high = m == GGML_ORDER ? j >= 16 : j % 2;
        unsigned b = codes[i / 32 * 16 + byte];
        if (m == NIBBLES_SWAPPED) high = !high;
        out[i] = value[high ? b >> 4 : b & 15] * ldexp(1, scales[i / 32] - (m == E8M0_BIAS_128 ? 128 : 127));
    }
    return out;
}

static inline void ref_layer(Ref *r, int l, Mistake m) {
    RefLayer *y = &r->layer[l];
    y->norm1 = ref_dense(r, l, "input_layernorm.weight"), y->norm2 = ref_dense(r, l, "post_attention_layernorm.weight");
    y->qw = ref_dense(r, l, "self_attn.q_proj.weight"), y->qb = ref_dense(r, l, "self_attn.q_proj.bias");
    y->kw = ref_dense(r, l, "self_attn.k_proj.weight"), y->kb = ref_dense(r, l, "self_attn.k_proj.bias");
    y->vw = ref_dense(r, l, "self_attn.v_proj.weight"), y->vb = ref_dense(r, l, "self_attn.v_proj.bias");
    y->ow = ref_dense(r, l, "self_attn.o_proj.weight"), y->ob = ref_dense(r, l, "self_attn.o_proj.bias");
    y->sinks = ref_dense(r, l, "self_attn.sinks");
    y->rw = ref_dense(r, l, "mlp.router.weight"), y->rb = ref_dense(r, l, "mlp.router.bias");
    y->gu = ref_mxfp4(r, l, "gate_up_proj", m), y->gub = ref_dense(r, l, "mlp.experts.gate_up_proj_bias");
    y->down = ref_mxfp4(r, l, "down_proj", m), y->downb = ref_dense(r, l, "mlp.experts.down_proj_bias");
}

static inline int ref_int(const Json *c, const char *key) {
    assert_non_null(json_get(c, key));
    return (int)json_num(json_get(c, key));
}

static inline void ref_config(Ref *r, const char *dir) {
    char path[1200];
    Buf b;
    Json *c;
    snprintf(path, sizeof path, "%s/config.json", dir);
    buf_init(&b, 1 << 20);
    must(file_read(path, &b, err));
    must(json_parse(buf_str(&b), &c, err));
    r->layers = ref_int(c, "num_hidden_layers"), r->hidden = (size_t)ref_int(c, "hidden_size");
    r->heads = (size_t)ref_int(c, "num_attention_heads"), r->kv_heads = (size_t)ref_int(c, "num_key_value_heads");
    r->dim = (size_t)ref_int(c, "head_dim"), r->experts = ref_int(c, "num_local_experts");
    r->per_token = ref_int(c, "num_experts_per_tok"), r->width = (size_t)ref_int(c, "intermediate_size");
    r->vocab = ref_int(c, "vocab_size"), r->window = ref_int(c, "sliding_window");
    const Json *rope = json_get(c, "rope_scaling");
    r->theta = json_num(json_get(c, "rope_theta")), r->factor = rope ? json_num(json_get(rope, "factor")) : 1;
    r->original = json_num(json_get(rope, "original_max_position_embeddings"));
    assert_true(r->layers <= 16 && r->experts <= 16 && r->dim <= 128 && r->width <= 256 && r->hidden <= 256);
    json_close(c);
    buf_release(&b);
}

/* Layout mistakes are made here, the others in ref_forward; release with ref_close. */
static inline Ref *ref_open(const char *dir, Mistake m) {
    char path[1200];
    uint64_t n;
    Ref *r = calloc(1, sizeof *r);
    ref_config(r, dir);
    snprintf(path, sizeof path, "%s/model.safetensors", dir);
    must(file_map(path, &r->file, err));
    memcpy(&n, r->file.p, 8);
    must(json_parse((Str){(const char *)r->file.p + 8, n}, &r->header, err));
    r->embed = ref_dense(r, -1, "model.embed_tokens.weight"), r->unembed = ref_dense(r, -1, "lm_head.weight");
    r->norm = ref_dense(r, -1, "model.norm.weight");
    for (int l = 0; l < r->layers; l++) ref_layer(r, l, m);
    return r;
}

static inline void ref_close(Ref *r) {
    for (size_t i = 0; i < r->n_owned; i++) free(r->owned[i]);
    json_close(r->header);
    file_unmap(&r->file);
    free(r);
}

/* ---- the pass ---- */

static inline void ref_linear(const double *w, const double *b, const double *x, size_t rows, size_t cols, double *y) {
    for (size_t i = 0; i < rows; i++) {
        double sum = b ? b[i] : 0;
        for (size_t j = 0; j < cols; j++) sum += w[i * cols + j] * x[j];
        y[i] = sum;
    }
}

static inline void ref_norm(const Ref *r, const double *w, const double *x, Mistake m, double *y) {
    double sum = 0, eps = m == EPS_1E6 ? 1e-6 : 1e-5;
    for (size_t i = 0; i < r->hidden; i++) sum += x[i] * x[i];
    for (size_t i = 0; i < r->hidden; i++) y[i] = x[i] / sqrt(sum / (double)r->hidden + eps) * w[i];
}

static inline double ref_frequency(const Ref *r, size_t j, Mistake m) {
    double h = (double)r->dim / 2, pi = acos(-1), f = pow(r->theta, -(double)j / h);
    double low = h * log(r->original / (32 * 2 * pi)) / log(r->theta);
    double high = h * log(r->original / (2 * pi)) / log(r->theta);
    if (m == YARN_ROUNDED) low = floor(low), high = ceil(high);
    double ramp = fmin(1, fmax(0, ((double)j - low) / (high - low)));
    return m == NO_YARN || r->factor <= 1 ? f : f * ((1 - ramp) + ramp / r->factor);
}

static inline void ref_rotate(const Ref *r, double *x, size_t heads, size_t pos, Mistake m) {
    size_t h = r->dim / 2;
    double scale = m == NO_YARN || m == NO_CONCENTRATION ? 1 : 0.1 * log(r->factor) + 1;
    for (size_t k = 0; k < heads; k++, x += r->dim)
        for (size_t j = 0; j < h; j++) {
            double angle = (double)pos * ref_frequency(r, j, m), c = scale * cos(angle), s = scale * sin(angle);
            double *a = m == ROPE_PAIRS ? &x[2 * j] : &x[j], *b = m == ROPE_PAIRS ? &x[2 * j + 1] : &x[j + h];
            double was = *a;
            *a = was * c - *b * s;
            *b = *b * c + was * s;
        }
}

/* The first position that the query at t sees. */
static inline size_t ref_from(const Ref *r, int layer, size_t t, Mistake m) {
    size_t w = (size_t)r->window + (m == WINDOW_ONE_MORE) - (m == WINDOW_ONE_LESS);
    bool slides = m != NO_WINDOW && (layer % 2 == 0) == (m != WINDOW_ON_ODD);
    return slides && t + 1 > w ? t + 1 - w : 0;
}

static inline void ref_attention(const Ref *r, int layer, size_t t, const double *q, const double *k, const double *v,
                                 double *p, Mistake m, double *out) {
    size_t d = r->dim, kv = r->kv_heads * d, from = ref_from(r, layer, t, m);
    for (size_t h = 0; h < r->heads; h++) {
        size_t g = m == KV_MODULO ? h % r->kv_heads : h / (r->heads / r->kv_heads);
        double sink = r->layer[layer].sinks[h] / (m == SINK_SCALED ? sqrt((double)d) : 1);
        double max = m == NO_SINKS ? -INFINITY : sink, sum;
        for (size_t j = from; j <= t; j++) {
            p[j] = 0;
            for (size_t i = 0; i < d; i++) p[j] += q[h * d + i] * k[j * kv + g * d + i];
            p[j] /= sqrt((double)d);
            max = fmax(max, p[j]);
        }
        sum = m == NO_SINKS ? 0 : exp(sink - max);
        for (size_t j = from; j <= t; j++) sum += p[j] = exp(p[j] - max);
        for (size_t i = 0; i < d; i++) {
            out[h * d + i] = 0;
            for (size_t j = from; j <= t; j++) out[h * d + i] += p[j] / sum * v[j * kv + g * d + i];
        }
    }
}

/* Experts and their weights, best first. */
static inline void ref_route(const Ref *r, const RefLayer *y, const double *t, Mistake m, size_t *chosen, double *w) {
    double logit[16], all = 0, sum = 0, first;
    bool used[16] = {false};
    ref_linear(y->rw, m == NO_ROUTER_BIAS ? NULL : y->rb, t, (size_t)r->experts, r->hidden, logit);
    for (int k = 0; k < r->per_token; k++) {
        int best = -1;
        for (int e = 0; e < r->experts; e++)
            if (!used[e] && (best < 0 || logit[e] > logit[best] || (m == TIE_HIGHER && logit[e] == logit[best])))
                best = e;
        used[best] = true;
        chosen[k] = (size_t)best;
    }
    first = logit[chosen[0]];
    for (int e = 0; e < r->experts; e++) all += exp(logit[e] - first);
    for (int k = 0; k < r->per_token; k++) sum += w[k] = exp(logit[chosen[k]] - first);
    for (int k = 0; k < r->per_token; k++) w[k] /= m == SOFTMAX_OVER_ALL ? all : sum;
}

static inline double ref_act(double g, double u, Mistake m) {
    if (m != NO_CLAMPS) g = fmin(g, 7), u = fmax(-7, fmin(u, 7));
    if (m == GATE_CLAMPED_BELOW) g = fmax(g, -7);
    return g / (1 + exp(-(m == ALPHA_ONE ? 1 : 1.702) * g)) * (m == NO_PLUS_ONE ? u : u + 1);
}

/* x += the experts' weighted answers to t. */
static inline void ref_moe(const Ref *r, const RefLayer *y, const double *t, Mistake m, double *x) {
    size_t chosen[16] = {0}, h = r->hidden, n = r->width;
    double weight[16], gu[512], act[256], out[256];
    ref_route(r, y, t, m, chosen, weight);
    for (int k = 0; k < r->per_token; k++) {
        size_t e = chosen[k];
        ref_linear(y->gu + e * 2 * n * h, y->gub + e * 2 * n, t, 2 * n, h, gu);
        for (size_t c = 0; c < n; c++) {
            double g = m == HALVES ? gu[c] : gu[2 * c], u = m == HALVES ? gu[n + c] : gu[2 * c + 1];
            act[c] = m == GATE_UP_EXCHANGED ? ref_act(u, g, m) : ref_act(g, u, m);
        }
        bool apart = m == DOWN_BIAS_OUTSIDE || m == NO_DOWN_BIAS;
        ref_linear(y->down + e * h * n, apart ? NULL : y->downb + e * h, act, h, n, out);
        for (size_t i = 0; i < h; i++) x[i] += weight[k] * out[i] + (m == DOWN_BIAS_OUTSIDE ? y->downb[e * h + i] : 0);
    }
}

/* Logits [n, vocab] of every position; release with free. */
static inline double *ref_forward(const Ref *r, const uint32_t *ids, size_t n, Mistake m) {
    size_t h = r->hidden, nq = r->heads * r->dim, kv = r->kv_heads * r->dim, v = (size_t)r->vocab;
    double *x = calloc(n * h, sizeof *x), *q = calloc(n * nq, sizeof *q), *k = calloc(n * kv, sizeof *k),
           *val = calloc(n * kv, sizeof *val), *a = calloc(nq + n, sizeof *a), *logits = calloc(n * v, sizeof *logits);
    double t[256], o[256];
    for (size_t i = 0; i < n; i++) memcpy(x + i * h, r->embed + ids[i] * h, h * sizeof *x);
    for (int l = 0; l < r->layers; l++) {
        const RefLayer *y = &r->layer[l];
        for (size_t i = 0; i < n; i++) {
            ref_norm(r, y->norm1, x + i * h, m, t);
            ref_linear(y->qw, y->qb, t, nq, h, q + i * nq);
            ref_linear(y->kw, y->kb, t, kv, h, k + i * kv);
            ref_linear(y->vw, y->vb, t, kv, h, val + i * kv);
            ref_rotate(r, q + i * nq, r->heads, i, m);
            ref_rotate(r, k + i * kv, r->kv_heads, i, m);
        }
        for (size_t i = 0; i < n; i++) {
            ref_attention(r, l, i, q + i * nq, k, val, a + nq, m, a);
            ref_linear(y->ow, y->ob, a, h, nq, o);
            for (size_t j = 0; j < h; j++) x[i * h + j] += o[j];
            ref_norm(r, y->norm2, x + i * h, m, t);
            ref_moe(r, y, t, m, x + i * h);
        }
    }
    for (size_t i = 0; i < n; i++) {
        ref_norm(r, r->norm, x + i * h, m, t);
        ref_linear(r->unembed, NULL, t, v, h, logits + i * v);
    }
    free(x), free(q), free(k), free(val), free(a);
    return logits;
}

#endif
