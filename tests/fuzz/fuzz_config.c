/* config.json in its spellings, Hugging Face's and OpenAI's own: whatever is taken is within the bounds that the engine
 * relies on. */
#include <math.h>

#include "engine/model/model_internal.h"
#include "tests/fuzz/seeds.h"

static const char newer[] =
    "{\"model_type\":\"gpt_oss\",\"num_hidden_layers\":2,\"num_local_experts\":4,\"num_experts_per_tok\":2,\"experts_"
    "per_token\":2,\"vocab_size\":300,\"hidden_size\":64,\"intermediate_size\":64,\"head_dim\":32,\"num_attention_"
    "heads\":4,\"num_key_value_heads\":2,\"sliding_window\":128,\"max_position_embeddings\":131072,\"initial_context_"
    "length\":4096,\"layer_types\":[\"sliding_attention\",\"full_attention\"],\"rope_parameters\":{\"rope_type\":"
    "\"yarn\",\"rope_theta\":150000,\"factor\":32,\"beta_fast\":32,\"beta_slow\":1,\"truncate\":false,\"original_max_"
    "position_embeddings\":4096,\"attention_factor\":1.3465735902799727},\"swiglu_alpha\":1.702,\"rms_norm_eps\":1e-5,"
    "\"tie_word_embeddings\":false,\"attention_bias\":true,\"hidden_act\":\"silu\"}";

static void seeds(FuzzGive *give, void *ctx) {
    CkSpec s = CK_SPEC_TINY, large = CK_SPEC_20B;
    SeedFile c = seed_config(&s), o = seed_openai_config(&large);
    give(ctx, "huggingface", c.p, c.n);
    give(ctx, "newer", newer, sizeof newer - 1);
    give(ctx, "openai", o.p, o.n);
    free(c.p), free(o.p);
}

static bool in(double v, double lo, double hi) {
    return v >= lo && v <= hi;
}

static void check(const ModelConfig *c) {
    double f[MODEL_MAX_HEAD_DIM / 2], m;
    fuzz_must(in(c->n_layers, 1, MODEL_MAX_LAYERS) && in(c->n_experts, 1, MODEL_MAX_EXPERTS), "layers or experts");
    fuzz_must(in(c->experts_per_token, 1, MODEL_MAX_EXPERTS_PER_TOKEN) && c->experts_per_token <= c->n_experts,
              "experts per token");
    fuzz_must(in(c->head_dim, 2, MODEL_MAX_HEAD_DIM) && c->head_dim % 2 == 0, "head size");
    fuzz_must(c->n_kv_heads >= 1 && c->n_heads % c->n_kv_heads == 0, "heads");
    fuzz_must(c->hidden % 32 == 0 && c->hidden > 0 && c->expert_width % 32 == 0 && c->expert_width > 0, "widths");
    fuzz_must(c->vocab >= 1 && c->window >= 1 && c->context >= 1, "vocabulary, window or context");
    fuzz_must(c->rms_eps > 0 && isfinite(c->swiglu_limit) && isfinite(c->swiglu_alpha), "small numbers");
    model_rope(c, f, &m);
    fuzz_must(isfinite(m) && m >= 1, "concentration");
    for (int i = 0; i < c->head_dim / 2; i++) fuzz_must(in(f[i], 0, 1), "frequencies");
}

static bool run_huggingface(const uint8_t *p, size_t n) {
    ModelConfig c;
    Err err = ERR_INIT;
    if (!model_config_parse((Str){(const char *)p, n}, &c, &err)) return fuzz_refused(&err);
    check(&c);
    return true;
}

static bool run_openai(const uint8_t *p, size_t n) {
    ModelConfig c;
    Err err = ERR_INIT;
    char path[300];
    fuzz_dir_put("config.json", p, n);
    snprintf(path, sizeof path, "%s/config.json", fuzz_dir());
    if (!config_openai_load(path, &c, &err)) return fuzz_refused(&err);
    check(&c);
    return true;
}

/* Through both doors; each seed opens one of them. */
static bool run(const uint8_t *p, size_t n) {
    bool huggingface = run_huggingface(p, n), openai = run_openai(p, n);
    return huggingface || openai;
}

const FuzzTarget fuzz_target = {"config", FUZZ_TEXT, NULL, 2500, seeds, run};
