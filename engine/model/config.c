/* config.json: old and new spellings, every number within bounds that the rest of the engine relies on. */
#include "engine/model/model_internal.h"

#include <math.h>
#include <string.h>

/* An integer under its usual key, or under another spelling. If both are there they must agree. */
static bool want_int2(const Json *j, const char *key, const char *other, int64_t lo, int64_t hi, int *out, Err *err) {
    int64_t a = -1, b = -1;
    if (!json_want_int(j, key, false, lo, hi, &a, err)) return false;
    if (other && !json_want_int(j, other, false, lo, hi, &b, err)) return false;
    if (a < 0 && b < 0) return err_set(err, ERR_INPUT, "missing key '%s'", key);
    if (a >= 0 && b >= 0 && a != b)
        return err_set(err, ERR_INPUT, "'%s' is %lld but '%s' is %lld", key, (long long)a, other, (long long)b);
    *out = (int)(a >= 0 ? a : b);
    return true;
}

static bool want_positive(const Json *j, const char *key, bool required, double hi, double *out, Err *err) {
    double v = *out;
    if (!json_want_num(j, key, required, &v, err)) return false;
    if (!(v > 0) || v > hi) return err_set(err, ERR_INPUT, "'%s' must be above 0 and at most %g", key, hi);
    *out = v;
    return true;
}

static bool read_sizes(const Json *j, ModelConfig *c, Err *err) {
    return want_int2(j, "num_hidden_layers", NULL, 1, MODEL_MAX_LAYERS, &c->n_layers, err) &&
           want_int2(j, "hidden_size", NULL, 32, 65536, &c->hidden, err) &&
           want_int2(j, "num_attention_heads", NULL, 1, 1024, &c->n_heads, err) &&
           want_int2(j, "num_key_value_heads", NULL, 1, 1024, &c->n_kv_heads, err) &&
           want_int2(j, "head_dim", NULL, 32, MODEL_MAX_HEAD_DIM, &c->head_dim, err) &&
           want_int2(j, "num_local_experts", "num_experts", 1, MODEL_MAX_EXPERTS, &c->n_experts, err) &&
           want_int2(j, "num_experts_per_tok", "experts_per_token", 1, MODEL_MAX_EXPERTS_PER_TOKEN,
                     &c->experts_per_token, err) &&
           want_int2(j, "intermediate_size", NULL, 32, 65536, &c->expert_width, err) &&
           want_int2(j, "vocab_size", NULL, 1, 1 << 22, &c->vocab, err) &&
           want_int2(j, "sliding_window", NULL, 1, 1 << 20, &c->window, err) &&
           want_int2(j, "max_position_embeddings", NULL, 1, 1 << 24, &c->context, err);
}

static const ConfigKeys hf_keys = {.head_dim = "head_dim",
                                   .n_heads = "num_attention_heads",
                                   .n_kv_heads = "num_key_value_heads",
                                   .n_experts = "num_local_experts",
                                   .experts_per_token = "num_experts_per_tok",
                                   .hidden = "hidden_size",
                                   .expert_width = "intermediate_size"};

static bool check_sizes(const ModelConfig *c, const ConfigKeys *k, Err *err) {
    if (c->head_dim % 2) return err_set(err, ERR_INPUT, "'%s' must be even, not %d", k->head_dim, c->head_dim);
    if (c->n_heads % c->n_kv_heads)
        return err_set(err, ERR_INPUT, "'%s' (%d) must be a multiple of '%s' (%d)", k->n_heads, c->n_heads,
                       k->n_kv_heads, c->n_kv_heads);
    if (c->experts_per_token > c->n_experts)
        return err_set(err, ERR_INPUT, "'%s' (%d) is more than '%s' (%d)", k->experts_per_token, c->experts_per_token,
                       k->n_experts, c->n_experts);
    if (c->hidden % 32 || c->expert_width % 32)
        return err_set(err, ERR_INPUT, "'%s' (%d) and '%s' (%d) must be multiples of 32, the block of MXFP4", k->hidden,
                       c->hidden, k->expert_width, c->expert_width);
    return true;
}

static bool read_layer_types(const Json *j, ModelConfig *c, Err *err) {
    const Json *list = json_get(j, "layer_types");
    for (int i = 0; i < c->n_layers; i++) c->sliding[i] = i % 2 == 0;
    c->layers_assumed = !list || json_type(list) == JSON_NULL;
    if (c->layers_assumed) return true;
    if (json_type(list) != JSON_ARRAY || json_count(list) != (size_t)c->n_layers)
        return err_set(err, ERR_INPUT, "'layer_types' must be a list with one entry for each of the %d layers",
                       c->n_layers);
    int i = 0;
    for (const Json *e = json_first(list); e; e = json_next(e), i++) {
        Str s = json_str(e);
        c->sliding[i] = str_eqz(s, "sliding_attention");
        if (!c->sliding[i] && !str_eqz(s, "full_attention"))
            return err_set(err, ERR_INPUT, "'layer_types' entry %d must be \"sliding_attention\" or \"full_attention\"",
                           i);
    }
    return true;
}

/* specs/gpt-oss-model.md: low and high bound the ramp between kept and stretched frequencies. */
static void yarn_bounds(const ModelConfig *c, double *low, double *high) {
    double h = c->head_dim / 2.0, base = log(c->rope_theta), two_pi = 6.283185307179586476925;
    *low = h * log(c->yarn_context / (c->yarn_beta_fast * two_pi)) / base;
    *high = h * log(c->yarn_context / (c->yarn_beta_slow * two_pi)) / base;
    if (c->yarn_truncate) *low = floor(*low), *high = ceil(*high);
}

static bool check_yarn(const ModelConfig *c, Err *err) {
    double low, high;
    if (c->yarn_factor <= 1) return true;
    yarn_bounds(c, &low, &high);
    if (low > 0 && low < high && high < c->head_dim / 2.0 - 1) return true;
    return err_set(err, ERR_INPUT,
                   "the YaRN settings give the bounds low %.4g and high %.4g; 0 < low < high < %d was expected", low,
                   high, c->head_dim / 2 - 1);
}

bool config_check(const ModelConfig *c, const ConfigKeys *keys, Err *err) {
    return check_sizes(c, keys, err) && check_yarn(c, err);
}

/* An explicit concentration is accepted only if it is the one that follows from the factor. 'mscale' and
 * 'mscale_all_dim', both given and not 0, would make another one (Hugging Face's _compute_yarn_parameters). */
static bool check_attention_factor(const Json *r, const ModelConfig *c, Err *err) {
    double m = 0.1 * log(c->yarn_factor) + 1, given = m, one = 0, all = 0;
    if (!json_want_num(r, "attention_factor", false, &given, err) || !json_want_num(r, "mscale", false, &one, err) ||
        !json_want_num(r, "mscale_all_dim", false, &all, err))
        return false;
    if (one != 0 && all != 0)
        return err_set(err, ERR_INPUT,
                       "'mscale' %g and 'mscale_all_dim' %g are not supported; a YaRN block without them was expected",
                       one, all);
    if (fabs(given - m) > 1e-6)
        return err_set(err, ERR_INPUT, "'attention_factor' %g is not supported; 0.1 ln(factor) + 1 = %g was expected",
                       given, m);
    return true;
}

static bool read_yarn(const Json *j, const Json *r, ModelConfig *c, Err *err) {
    double context = 0;
    c->yarn_truncate = true; /* what a YaRN block without the key means; gpt-oss files say false */
    if (!want_positive(r, "factor", true, 1e6, &c->yarn_factor, err)) return false;
    if (json_get(r, "original_max_position_embeddings")) context = 1;
    if (context && !want_positive(r, "original_max_position_embeddings", true, 1e9, &c->yarn_context, err))
        return false;
    if (!context && !want_positive(j, "initial_context_length", true, 1e9, &c->yarn_context, err)) return false;
    if (!want_positive(r, "beta_fast", false, 1e6, &c->yarn_beta_fast, err) ||
        !want_positive(r, "beta_slow", false, 1e6, &c->yarn_beta_slow, err) ||
        !json_want_bool(r, "truncate", false, &c->yarn_truncate, err))
        return false;
    if (c->yarn_factor <= 1) return true;
    return check_yarn(c, err) && check_attention_factor(r, c, err);
}

static bool read_rope(const Json *j, ModelConfig *c, Err *err) {
    const char *key = "rope_parameters";
    const Json *r = json_get(j, key);
    if (!r || json_type(r) == JSON_NULL) r = json_get(j, key = "rope_scaling");
    c->yarn_factor = 1, c->yarn_beta_fast = 32, c->yarn_beta_slow = 1;
    bool inside = r && json_get(r, "rope_theta");
    if (!want_positive(inside ? r : j, "rope_theta", true, 1e12, &c->rope_theta, err)) return false;
    if (c->rope_theta <= 1) return err_set(err, ERR_INPUT, "'rope_theta' must be above 1");
    if (!r || json_type(r) == JSON_NULL) return true;
    Str type = STR("default");
    if (json_type(r) != JSON_OBJECT) return err_set(err, ERR_INPUT, "'%s' must be an object", key);
    if (!json_want_str(r, json_get(r, "rope_type") ? "rope_type" : "type", false, &type, err))
        return err_wrap(err, "%s", key);
    if (str_eqz(type, "default")) return true;
    if (!str_eqz(type, "yarn"))
        return err_set(err, ERR_INPUT, "%s: 'rope_type' must be \"yarn\" or \"default\", not \"%.40s\"", key, type.p);
    return read_yarn(j, r, c, err) || err_wrap(err, "%s", key);
}

static bool read_kind(const Json *j, ModelConfig *c, Err *err) {
    Str type = STR("gpt_oss"), quant = STR("mxfp4"), act = STR("silu");
    bool bias = true;
    if (!json_want_str(j, "model_type", false, &type, err) || !json_want_str(j, "hidden_act", false, &act, err) ||
        !json_want_bool(j, "attention_bias", false, &bias, err) ||
        !json_want_bool(j, "tie_word_embeddings", false, &c->tied, err))
        return false;
    if (!str_eqz(type, "gpt_oss"))
        return err_set(err, ERR_INPUT, "'model_type' is \"%.60s\"; only \"gpt_oss\" is supported", type.p);
    if (!str_eqz(act, "silu"))
        return err_set(err, ERR_INPUT, "'hidden_act' is \"%.60s\"; \"silu\" was expected", act.p);
    if (!bias) return err_set(err, ERR_INPUT, "'attention_bias' is false; gpt-oss models have biases");
    const Json *q = json_get(j, "quantization_config");
    if (q && json_type(q) == JSON_OBJECT && !json_want_str(q, "quant_method", true, &quant, err))
        return err_wrap(err, "quantization_config");
    if (str_eqz(quant, "mxfp4")) return true;
    return err_set(err, ERR_INPUT,
                   "'quant_method' is \"%.60s\"; only \"mxfp4\" and unquantised weights are supported: take the model "
                   "before its quantisation, or its GGUF",
                   quant.p);
}

static bool read_all(const Json *j, ModelConfig *c, Err *err) {
    if (json_type(j) != JSON_OBJECT) return err_set(err, ERR_INPUT, "an object was expected");
    c->rms_eps = 1e-5, c->swiglu_limit = 7.0, c->swiglu_alpha = 1.702;
    return read_kind(j, c, err) && read_sizes(j, c, err) && check_sizes(c, &hf_keys, err) &&
           read_layer_types(j, c, err) && want_positive(j, "rms_norm_eps", false, 1, &c->rms_eps, err) &&
           want_positive(j, "swiglu_limit", false, 1e6, &c->swiglu_limit, err) &&
           want_positive(j, "swiglu_alpha", false, 1e3, &c->swiglu_alpha, err) && read_rope(j, c, err);
}

bool model_config_parse(Str json, ModelConfig *out, Err *err) {
    Json *root;
    ModelConfig c = {0};
    if (!json_parse(json, &root, err)) return false;
    bool ok = read_all(root, &c, err);
    json_close(root);
    if (ok) *out = c;
    return ok;
}

bool model_config_load(const char *path, ModelConfig *out, Err *err) {
    Buf text;
    buf_init(&text, 16u << 20);
    bool ok =
        file_read(path, &text, err) && (model_config_parse(buf_str(&text), out, err) || err_wrap(err, "%s", path));
    buf_release(&text);
    return ok;
}

void model_rope(const ModelConfig *c, double *inv_freq, double *concentration) {
    int h = c->head_dim / 2;
    bool yarn = c->yarn_factor > 1;
    double low = 0, high = 1;
    if (yarn) yarn_bounds(c, &low, &high);
    for (int j = 0; j < h; j++) {
        double f = pow(c->rope_theta, -(double)j / h), r = (j - low) / (high - low);
        r = r < 0 ? 0 : r > 1 ? 1 : r;
        inv_freq[j] = yarn ? f * ((1 - r) + r / c->yarn_factor) : f;
    }
    *concentration = yarn ? 0.1 * log(c->yarn_factor) + 1 : 1;
}
