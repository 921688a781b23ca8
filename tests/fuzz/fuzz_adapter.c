/* A PEFT adapter beside a tiny checkpoint that stays: opening, and three tokens through it if it opens. */
#include "engine/engine.h"
#include "tests/fuzz/seeds.h"

enum { SETTINGS, WEIGHTS };
static const char *const names[] = {"adapter_config.json", "adapter_model.safetensors", NULL};

static const char settings[] =
    "{\"peft_type\":\"LORA\",\"r\":2,\"lora_alpha\":4,\"target_modules\":[\"q_proj\",\"o_proj\"],\"bias\":\"none\","
    "\"use_dora\":false,\"use_rslora\":false,\"fan_in_fan_out\":false,\"rank_pattern\":{},\"alpha_pattern\":{},"
    "\"modules_to_save\":null,\"base_model_name_or_path\":\"x\",\"task_type\":\"CAUSAL_LM\"}";

/* q: [64, 32], o: [32, 64] of CK_SPEC_MIN; rank 2. */
static void seeds(FuzzGive *give, void *ctx) {
    static const struct {
        const char *name;
        int rows, cols;
    } t[] = {{"self_attn.q_proj.lora_A", 2, 32},
             {"self_attn.q_proj.lora_B", 64, 2},
             {"self_attn.o_proj.lora_A", 2, 64},
             {"self_attn.o_proj.lora_B", 32, 2}};
    Buf head, file, b;
    int at = 0;
    buf_init(&head, 1 << 16), buf_init(&file, 1 << 20), buf_init(&b, 1 << 20);
    for (int i = 0; i < 4; i++) {
        int bytes = t[i].rows * t[i].cols * 4;
        buf_addf(&head, "%s\"base_model.model.model.layers.0.%s.weight\":{\"dtype\":\"F32\",\"shape\":[%d,%d],",
                 i ? "," : "{", t[i].name, t[i].rows, t[i].cols);
        buf_addf(&head, "\"data_offsets\":[%d,%d]}", at, at + bytes);
        at += bytes;
    }
    buf_adds(&head, "}");
    uint64_t n = head.n;
    buf_add(&file, &n, 8);
    buf_addstr(&file, buf_str(&head));
    for (int i = 0; i < at / 4; i++) {
        float x = (float)(i % 7 - 3) / 16;
        buf_add(&file, &x, 4);
    }
    fuzz_part_add(&b, SETTINGS, settings, sizeof settings - 1);
    fuzz_part_add(&b, WEIGHTS, file.p, file.n);
    give(ctx, "attention", b.p, b.n);
    buf_release(&head), buf_release(&file), buf_release(&b);
}

static bool see(void *ctx, size_t position, const float *logits, Err *err) {
    (void)position, (void)err;
    *(float *)ctx += logits[0];
    return true;
}

static bool run(const uint8_t *p, size_t n) {
    Engine *e;
    Err err = ERR_INIT;
    char spec[400];
    fuzz_dir_parts(p, n);
    fuzz_must(ck_write(fuzz_dir(), &(CkSpec)CK_SPEC_MIN), "the checkpoint");
    snprintf(spec, sizeof spec, "%s+lora=%s", fuzz_dir(), fuzz_dir());
    EngineOptions o = {.spec = spec, .threads = 1, .batch = 1, .context = 3, .no_digest = true};
    if (!engine_open(&o, &e, &err)) return fuzz_refused(&err);
    float sum = 0;
    if (!engine_logits(e, (uint32_t[]){0, 1, 2}, 3, true, see, &sum, &err)) fuzz_refused(&err);
    engine_close(e);
    return true;
}

const FuzzTarget fuzz_target = {"adapter", FUZZ_PARTS, names, 800, seeds, run};
