/* What is unusual about a checkpoint: where it departs from what OpenAI published, in sentences for people. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/model/model_internal.h"

enum { MAX_WARNINGS = 100 };

void model_warn(Model *m, const char *fmt, ...) {
    Err text = ERR_INIT; /* for its cleaning of control characters */
    char raw[400];
    va_list ap;
    if (m->n_warnings >= MAX_WARNINGS) return;
    va_start(ap, fmt);
    vsnprintf(raw, sizeof raw, fmt, ap);
    va_end(ap);
    err_set(&text, ERR_INPUT, "%s", raw);
    if (!m->warnings) m->warnings = mem_alloc(MAX_WARNINGS * sizeof *m->warnings);
    const char *copy = m->warnings ? arena_strdup(m->files->arena, text.msg) : NULL;
    if (!copy)
        m->files->no_memory = true;
    else
        m->warnings[m->n_warnings++] = copy;
}

/* ---- numbers ---- */

static void check_number(Model *m, const char *what, double is, double published) {
    if (fabs(is - published) > 1e-9 * fabs(published))
        model_warn(m, "%s is %.10g; the published models have %.10g", what, is, published);
}

static void check_numbers(Model *m) {
    const ModelConfig *c = &m->config;
    check_number(m, "the sliding window", c->window, 128);
    check_number(m, "the RoPE base (theta)", c->rope_theta, 150000);
    check_number(m, "the YaRN factor", c->yarn_factor, 32);
    if (c->yarn_factor > 1) {
        check_number(m, "the YaRN original context", c->yarn_context, 4096);
        check_number(m, "the YaRN beta_fast", c->yarn_beta_fast, 32);
        check_number(m, "the YaRN beta_slow", c->yarn_beta_slow, 1);
    }
    check_number(m, "the SwiGLU limit", c->swiglu_limit, 7);
    check_number(m, "the SwiGLU alpha", c->swiglu_alpha, 1.702);
    check_number(m, "the RMSNorm epsilon", c->rms_eps, 1e-5);
    if (c->yarn_factor > 1 && c->yarn_truncate)
        model_warn(m,
                   "the YaRN bounds are rounded ('truncate' is true or missing); the published models say false, and "
                   "logits differ by about 0.1 or more where an expert flips");
    if (c->tied) model_warn(m, "embedding and output matrix are tied; the published models have two");
}

static void check_windows(Model *m) {
    if (m->config.layers_assumed)
        model_warn(m, "config.json has no 'layer_types'; even layers are taken to slide, as in the published models");
    for (int i = 0; i < m->config.n_layers; i++)
        if (m->config.sliding[i] != (i % 2 == 0)) {
            model_warn(m, "layer %d has %s attention; in the published models even layers slide and odd ones do not", i,
                       m->config.sliding[i] ? "sliding" : "full");
            return;
        }
}

/* ---- tensors ---- */

static void check_unused(Model *m) {
    const ModelFiles *d = m->files;
    const char *first = NULL;
    size_t n = 0;
    for (size_t i = 0; i < d->n_tensors; i++)
        if (!d->tensors[i].used && n++ == 0) first = d->tensors[i].name;
    if (n) model_warn(m, "%zu tensor%s not used, e.g. '%.100s'", n, n == 1 ? " is" : "s are", first);
}

/* safetensors: BF16 as published. GGUF: F32, into which BF16 goes exactly. */
static void check_norms(Model *m) {
    bool is_gguf = m->files->files[0].gguf != NULL;
    WeightType published = is_gguf ? WEIGHT_F32 : WEIGHT_BF16;
    const Vec *v = &m->final_norm;
    for (int i = 0; i < m->config.n_layers && v->type == published; i++) {
        v = &m->layers[i].attn_norm;
        if (v->type == published) v = &m->layers[i].moe_norm;
    }
    if (v->data && v->type != published)
        model_warn(m, "a norm is stored as %s; the published models have %s", weight_type_name(v->type),
                   weight_type_name(published));
}

/* Metadata of the architecture that nothing here reads could change the numbers. */
static void check_gguf_keys(Model *m) {
    static const char *const known[] = {"block_count",
                                        "context_length",
                                        "embedding_length",
                                        "feed_forward_length",
                                        "attention.head_count",
                                        "attention.head_count_kv",
                                        "rope.freq_base",
                                        "attention.layer_norm_rms_epsilon",
                                        "expert_count",
                                        "expert_used_count",
                                        "attention.key_length",
                                        "attention.value_length",
                                        "attention.sliding_window",
                                        "attention.sliding_window_pattern",
                                        "expert_feed_forward_length",
                                        "rope.scaling.type",
                                        "rope.scaling.factor",
                                        "rope.scaling.original_context_length",
                                        "rope.scaling.yarn_beta_fast",
                                        "rope.scaling.yarn_beta_slow",
                                        "rope.scaling.attn_factor",
                                        "rope.scaling.yarn_attn_factor",
                                        "rope.scaling.yarn_ext_factor",
                                        "vocab_size",
                                        "rope.dimension_count",
                                        "expert_group_count",
                                        "expert_group_used_count"};
    const Gguf *g = m->files->files[0].gguf;
    for (size_t i = 0; g && i < gguf_n_values(g); i++) {
        Str key = gguf_value_at(g, i)->key;
        if (!str_starts(key, STR("gpt-oss."))) continue;
        bool is_known = false;
        for (size_t k = 0; k < sizeof known / sizeof *known; k++)
            is_known = is_known || str_eqz(str_sub(key, 8, key.n), known[k]);
        if (!is_known) model_warn(m, "the key '%.*s' is unknown and ignored", (int)(key.n < 80 ? key.n : 80), key.p);
    }
}

void model_check_unusual(Model *m) {
    check_numbers(m);
    check_windows(m);
    check_norms(m);
    check_unused(m);
    check_gguf_keys(m);
    model_check_texts(m);
}
