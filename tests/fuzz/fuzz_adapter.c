/* A PEFT adapter of a tiny checkpoint that stays: opening, what the summary says of it, and three tokens through it. */
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/engine.h"
#include "tests/fuzz/seeds.h"

enum { SETTINGS, WEIGHTS };
static const char *const names[] = {"adapter_config.json", "adapter_model.safetensors", NULL};

/* ---- seeds: as trainers write them ---- */

/* Sizes of CK_SPEC_MIN: hidden and width, queries, experts. */
enum { H = 32, Q = 64, E = 2 };
#define MODULE "base_model.model.model.layers.0."

typedef struct Pair {
    const char *module;
    int a_rows, in, out; /* lora_A [a_rows, in], lora_B [out, a_rows] */
} Pair;

typedef struct Seed {
    const char *name, *settings, *dtype;
    Pair pairs[9];
} Seed;

#define LORA(r, alpha) "{\"peft_type\":\"LORA\",\"r\":" #r ",\"lora_alpha\":" #alpha ","
#define REST                                                                                                           \
    "\"bias\":\"none\",\"use_dora\":false,\"fan_in_fan_out\":false,\"modules_to_save\":null,\"base_model_name_or_"     \
    "path\":\"openai/gpt-oss-20b\",\"task_type\":\"CAUSAL_LM\",\"inference_mode\":true,\"lora_dropout\":0.0,"          \
    "\"init_lora_weights\":true,\"layers_pattern\":null,\"revision\":null,\"loftq_config\":{},\"megatron_config\":"    \
    "null,\"peft_version\":\"0.17.1\"}"

static const Seed all_seeds[] = {
    {"attention",
     LORA(2, 4) "\"target_modules\":[\"q_proj\",\"o_proj\"],\"use_rslora\":false,\"rank_pattern\":{},"
                "\"alpha_pattern\":{}," REST,
     "F32",
     {{"self_attn.q_proj", 2, H, Q}, {"self_attn.o_proj", 2, Q, H}}},
    {"patterns",
     LORA(4, 8) "\"target_modules\":\"model\\\\.layers\\\\.\\\\d+\\\\.self_attn\\\\.(q|k|v|o)_proj\",\"exclude_"
                "modules\":[\"lm_"
                "head\"],\"use_rslora\":true,\"rank_pattern\":{\"[kv]_proj\":2,\"layers.0.self_attn.o_proj\":1},"
                "\"alpha_pattern\":{\"^model.*q_proj\":16},\"layers_to_transform\":[0]," REST,
     "BF16",
     {{"self_attn.q_proj", 4, H, Q},
      {"self_attn.k_proj", 2, H, H},
      {"self_attn.v_proj", 2, H, H},
      {"self_attn.o_proj", 1, Q, H}}},
    {"experts",
     LORA(2,
          4) "\"target_modules\":[\"k_proj\"],\"target_parameters\":[\"mlp.experts.gate_up_proj\",\"mlp.experts.down_"
             "proj\",\"mlp.router.weight\"]," REST,
     "F16",
     {{"self_attn.k_proj", 2, H, H},
      {"mlp.router", 2, H, E},
      {"mlp.experts.base_layer", E * 2, H, 2 * H},
      {"mlp.experts", E * 2, H, H}}},
    {"grouped",
     LORA(2,
          2) "\"target_modules\":[],\"target_parameters\":[\"gate_up_proj\"],\"lora_B_layout\":\"grouped_by_expert\","
             "\"unsloth_fused_expert_lora\":{\"parameters\":{\"gate_up_proj\":{\"lora_B_layout\":\"grouped_by_expert\"}"
             "}}"
             ",\"auto_mapping\":{\"unsloth_fixed\":true}," REST,
     "F32",
     {{"mlp.experts", E * 2, H, 2 * H}}},
    {"swapped",
     LORA(1, 1) "\"target_modules\":null,\"target_parameters\":[\"mlp.experts.gate_up_proj\"]," REST,
     "F32",
     {{"mlp.experts", E, 2 * H, H}}},
    {"linears",
     LORA(2, 4) "\"target_modules\":\"all-linear\"," REST,
     "F32",
     {{"mlp.router.linear", 2, H, E},
      {"mlp.experts.gate_up_projs.0", 2, H, 2 * H},
      {"mlp.experts.gate_up_projs.1", 2, H, 2 * H},
      {"mlp.experts.down_projs.0", 2, H, H},
      {"mlp.experts.down_projs.1", 2, H, H}}},
};

static void put_tensor(Buf *head, Buf *data, const Seed *s, const Pair *p, char which) {
    int rows = which == 'A' ? p->a_rows : p->out, cols = which == 'A' ? p->in : p->a_rows;
    size_t begin = data->n;
    for (int i = 0; i < rows * cols; i++) {
        float x = (float)((i * 5 + rows) % 7 - 3) / 16; /* exact in all three types */
        uint32_t bits;
        memcpy(&bits, &x, 4);
        uint16_t half = s->dtype[0] == 'B' ? (uint16_t)(bits >> 16) : ck_f16(x);
        if (s->dtype[1] == '3')
            buf_add(data, &bits, 4);
        else
            buf_add(data, &half, 2);
    }
    buf_addf(head, "%c\"" MODULE "%s.lora_%c.weight\":{\"dtype\":\"%s\",\"shape\":[%d,%d],\"data_offsets\":[%zu,%zu]}",
             begin ? ',' : '{', p->module, which, s->dtype, rows, cols, begin, data->n);
}

static void give_seed(FuzzGive *give, void *ctx, const Seed *s) {
    Buf head, data, file, b;
    buf_init(&head, 1 << 16), buf_init(&data, 1 << 20), buf_init(&file, 1 << 20), buf_init(&b, 1 << 20);
    for (const Pair *p = s->pairs; p->module; p++)
        put_tensor(&head, &data, s, p, 'A'), put_tensor(&head, &data, s, p, 'B');
    buf_addc(&head, '}');
    while (head.n % 8) buf_addc(&head, ' ');
    uint64_t n = head.n;
    buf_add(&file, &n, 8);
    buf_addstr(&file, buf_str(&head));
    buf_addstr(&file, buf_str(&data));
    fuzz_part_add(&b, SETTINGS, s->settings, strlen(s->settings));
    fuzz_part_add(&b, WEIGHTS, file.p, file.n);
    fuzz_must(!b.failed, "no memory");
    give(ctx, s->name, b.p, b.n);
    buf_release(&head), buf_release(&data), buf_release(&file), buf_release(&b);
}

static void seeds(FuzzGive *give, void *ctx) {
    for (size_t i = 0; i < sizeof all_seeds / sizeof *all_seeds; i++) give_seed(give, ctx, &all_seeds[i]);
}

/* ---- one input ---- */

static bool see(void *ctx, size_t position, const float *logits, Err *err) {
    (void)position, (void)err;
    *(float *)ctx += logits[0];
    return true;
}

static void check_summary(const char *json) {
    Json *j;
    Err err = ERR_INIT;
    fuzz_must(json_parse(str_from(json), &j, &err), "the summary is no JSON");
    const Json *all = json_get(j, "adapters");
    fuzz_must(all && json_count(all) == 1, "the summary does not name the adapter");
    fuzz_must(json_count(json_get(json_first(all), "targets")) > 0, "an adapter of nothing");
    json_close(j);
}

static const char *base(void) {
    char path[300];
    snprintf(path, sizeof path, "%s/model.safetensors", fuzz_kept_dir());
    if (!file_exists(path)) fuzz_must(ck_write(fuzz_kept_dir(), &(CkSpec)CK_SPEC_MIN), "the checkpoint");
    return fuzz_kept_dir();
}

static bool run(const uint8_t *p, size_t n) {
    Engine *e;
    Err err = ERR_INIT;
    char spec[400];
    fuzz_dir_parts(p, n);
    snprintf(spec, sizeof spec, "%s+lora=%s", base(), fuzz_dir());
    EngineOptions o = {.spec = spec, .threads = 1, .batch = 1, .context = 3, .no_digest = true};
    if (!engine_open(&o, &e, &err)) return fuzz_refused(&err);
    check_summary(engine_info(e)->summary_json);
    float sum = 0;
    if (!engine_logits(e, (uint32_t[]){0, 1, 2}, 3, true, see, &sum, &err)) fuzz_refused(&err);
    engine_close(e);
    return true;
}

const FuzzTarget fuzz_target = {"adapter", FUZZ_PARTS, names, 250, seeds, run};
