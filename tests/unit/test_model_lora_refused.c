/* LoRA adapters that cannot be applied, or not for certain: refused with one sentence that names what was found. */
#include "tests/lora_support.h"

static void refuse(const char *part) {
    Model *m;
    Err e = ERR_INIT;
    if (open_with(1, &m, &e)) fail_msg("accepted; '%s' was expected", part);
    assert_int_equal(e.code, ERR_INPUT);
    assert_null(strchr(e.msg, '\n'));
    if (!strstr(e.msg, part)) fail_msg("expected '%s' in: %s", part, e.msg);
}

/* Sets a key at the top of the settings; JSON has each key once, so an old value goes. */
static void set(LfAdapter *a, const char *key, const char *value) {
    char quoted[80];
    snprintf(quoted, sizeof quoted, "\"%s\":", key);
    char *old = strstr(a->config, quoted), *end = old;
    for (int depth = 0; old && (depth || (*end != ',' && *end != '}')); end++)
        depth += (*end == '[' || *end == '{') - (*end == ']' || *end == '}');
    if (old) memmove(old - (*end != ','), end + (*end == ','), strlen(end + (*end == ',')) + 1);
    size_t n = strlen(a->config);
    snprintf(a->config + n - 1, sizeof a->config - n, ",\"%s\":%s}", key, value);
}

/* Keeps a thousand places in view along the whole of each name. */
#define SLOW(n) "\"" n "?(.*){250}(.*){250}(.*){250}(.*){250}(.*){250}X\":1"

static void test_settings_refused(void **state) {
    (void)state;
    static const char *const bad[][3] = {
        {"use_dora", "true", "use_dora"},
        {"modules_to_save", "[\"lm_head\"]", "modules_to_save"},
        {"lora_bias", "true", "lora_bias"},
        {"fan_in_fan_out", "true", "fan_in_fan_out"},
        {"alora_invocation_tokens", "[1]", "alora_invocation_tokens"},
        {"layer_replication", "[[0,1]]", "layer_replication"},
        {"trainable_token_indices", "[3]", "trainable_token_indices"},
        {"use_qalora", "true", "use_qalora"},
        {"some_new_thing", "{\"a\":1}", "some_new_thing"},
        {"bias", "\"all\"", "bias"},
        {"peft_type", "\"IA3\"", "IA3"},
        {"task_type", "\"SEQ_CLS\"", "SEQ_CLS"},
        {"init_lora_weights", "\"pissa_niter_4\"", "pissa_niter_4"},
        {"init_lora_weights", "\"olora\"", "olora"},
        {"r", "0", "'r'"},
        {"r", "100000000", "'r'"},
        {"r", "\"8\"", "'r'"},
        {"r", "5", "rank 5"},
        {"lora_alpha", "1e300", "alpha"},
        {"lora_alpha", "null", "lora_alpha"},
        {"rank_pattern", "{\"q_proj\":0}", "rank_pattern"},
        {"rank_pattern", "{\"q_proj\":1.5}", "rank_pattern"},
        {"rank_pattern", "{\"q_proj\":2}", "rank 2"},
        {"alpha_pattern", "{\"(?=x)\":1}", "(?=x)"},
        {"alpha_pattern", "{\"((a?){40}){40}\":1,\"((b?){40}){40}\":1,\"((c?){40}){40}\":1}", "too many or too long"},
        {"alpha_pattern", "{" SLOW("0") "," SLOW("1") "},\"rank_pattern\":{" SLOW("0") "," SLOW("1") "}",
         "take too long"},
        {"alpha_pattern", "[1]", "alpha_pattern"},
        {"alpha_pattern", "{\"q_proj\":\"1\"}", "q_proj"},
        {"lora_B_layout", "\"mixed\"", "lora_B_layout"},
        {"lora_B_layout",
         "\"rank_major\",\"unsloth_fused_expert_lora\":{\"parameters\":{\"down_proj\":{\"lora_B_"
         "layout\":\"grouped_by_expert\"}}}",
         "contradict"},
        {"auto_mapping", "{\"unsloth_fixed\":true}", "lora_B_layout"},
        {"target_parameters", "[\"mlp.experts.down_proj\"]", "target_parameters"},
        {"target_parameters", "null", "target_parameters"},
        {"target_modules", "[\"q_proj\",\"k_proj\",\"v_proj\"]", "o_proj"},
        {"target_modules", "null", "q_proj"},
        {"layers_to_transform", "[1]", "layers.0"},
        {"layers_to_transform", "1", "layers.0"},
        {"layers_to_transform", "[\"x\"]", "layers_to_transform"},
        {"exclude_modules", "[\"v_proj\"]", "v_proj"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        LfAdapter *a = calloc(1, sizeof *a);
        make(a, &(Plan){ATTENTION | FUSED, 4, 8, U, LF_F32, 16, NULL});
        set(a, bad[i][0], bad[i][1]);
        lf_write(other[0], a);
        free(a);
        refuse(bad[i][2]);
    }
}

static LfTensor *named(LfAdapter *a, const char *part) {
    for (size_t i = 0; i < a->n; i++)
        if (strstr(a->t[i].name, part)) return &a->t[i];
    fail_msg("no %s", part);
    return NULL;
}

/* A file that lost what the settings say was trained. */
static void without(unsigned what, const char *lost, const char *part) {
    LfAdapter *a = calloc(1, sizeof *a);
    make(a, &(Plan){what, 4, 8, U, LF_F32, 17, NULL});
    for (int k = 0; k < 2; k++) { /* lora_A and lora_B */
        LfTensor *t = named(a, lost);
        memmove(t, t + 1, (size_t)(&a->t[a->n] - (t + 1)) * sizeof *t);
        a->n--;
    }
    lf_write(other[0], a);
    free(a);
    refuse(part);
}

static void test_lost_factors(void **state) {
    (void)state;
    without(ATTENTION | FUSED, "layers.1.self_attn.k_proj", "layers.1.self_attn.k_proj");
    without(ATTENTION | ROUTER, "layers.1.mlp.router", "targets 'model.layers.1.mlp.router.weight'");
    without(GATE_UP, "layers.0.mlp.experts", "targets 'model.layers.0.mlp.experts.gate_up_proj'");
    without(FUSED, "layers.0.mlp.experts.base_layer", "names 2 of");
    without(EACH | FUSED, "layers.0.mlp.experts.down_projs.0",
            "'model.layers.0.mlp.experts.down_projs.1', but not expert 0");
    without(EACH | FUSED, "layers.0.mlp.experts.down_projs.3", "not expert 3");
}

/* What these say does not touch the sum. */
static void test_settings_accepted(void **state) {
    (void)state;
    static const char *const good[][2] = {{"lora_dropout", "0.05"},          {"revision", "\"main\""},
                                          {"init_lora_weights", "\"eva\""},  {"some_new_thing", "null"},
                                          {"use_something", "false"},        {"target_modules", "\"all-linear\""},
                                          {"target_modules", "\".*_proj\""}, {"layers_to_transform", "[1,0]"},
                                          {"qalora_group_size", "16"},       {"lora_B_layout", "\"rank_major\""}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        LfAdapter *a = calloc(1, sizeof *a);
        Model *m;
        make(a, &(Plan){ATTENTION | FUSED, 4, 8, U, LF_F32, 16, NULL});
        set(a, good[i][0], good[i][1]);
        lf_write(other[0], a);
        free(a);
        must(open_with(1, &m, err));
        model_close(m);
    }
}

static void renamed(const char *from, const char *to, const char *part) {
    LfAdapter *a = calloc(1, sizeof *a);
    make(a, &(Plan){ATTENTION | FUSED, 4, 8, U, LF_F32, 17, NULL});
    snprintf(named(a, from)->name, sizeof a->t[0].name, "%s", to);
    lf_write(other[0], a);
    free(a);
    refuse(part);
}

#define PRE "base_model.model."
#define QA "layers.0.self_attn.q_proj.lora_A"

static void test_names_refused(void **state) {
    (void)state;
    renamed(QA, PRE "model.layers.0.self_attn.q_proj.lora_magnitude_vector.weight", "DoRA");
    renamed(QA, PRE "model.layers.0.self_attn.q_proj.lora_magnitude_vector", "DoRA");
    renamed(QA, PRE "model.embed_tokens.lora_embedding_A", "embedding");
    renamed(QA, PRE "lm_head.lora_A.weight", "lm_head");
    renamed(QA, PRE "lm_head.modules_to_save.weight", "lm_head");
    renamed(QA, PRE "model.layers.0.self_attn.q_proj.lora_B.bias", "lora_B.bias");
    renamed(QA, PRE "model.layers.0.self_attn.qkv_proj.lora_A.weight", "qkv_proj");
    renamed(QA, PRE "model.layers.7.self_attn.q_proj.lora_A.weight", "layer 7");
    renamed(QA, PRE "model.layers.00.self_attn.q_proj.lora_A.weight", "layers.00");
    renamed(QA, PRE "model.layers.0.mlp.experts.base_layer.base_layer.lora_A.weight", "base_layer.base_layer");
    renamed(QA, PRE "model.layers.0.mlp.experts.gate_up_projs.5.lora_A.weight", "expert 5");
    renamed(QA, PRE "model.layers.0.mlp.experts.3.gate_proj.lora_A.weight", "not certain");
    renamed(QA, PRE "model.layers.0.mlp.router.lora_A.weight", "no lora_A");
    renamed("q_proj.lora_B", PRE "model.layers.0.mlp.router.lora_B.weight", "no lora_B");
    renamed(QA, "model.layers.0.self_attn.k_proj.lora_A.weight", "same matrix");
    renamed("layers.1.mlp.experts.lora_A", PRE "model.layers.1.mlp.experts.down_projs.0.lora_A.weight", "no lora_A");
}

typedef enum Damage { ROWS, COLS, TYPE, NAN_IN, FLAT, DROP_ONE_PAIR } Damage;

static void damaged(const char *name, Damage how, const char *part) {
    LfAdapter *a = calloc(1, sizeof *a);
    make(a, &(Plan){ATTENTION | FUSED, 4, 8, U, LF_BF16, 18, NULL});
    LfTensor *t = named(a, name);
    if (how == ROWS) t->rows++;
    if (how == COLS) t->cols++;
    if (how == TYPE) t->type = LF_I32;
    if (how == NAN_IN) t->nan = true;
    if (how == FLAT) t->flat = true;
    if (how == DROP_ONE_PAIR) {
        size_t i = (size_t)(t - a->t);
        memmove(t, t + 2, (a->n - i - 2) * sizeof *t);
        a->n -= 2;
    }
    lf_write(other[0], a);
    free(a);
    refuse(part);
}

static void test_tensors_refused(void **state) {
    (void)state;
    static const char *const names[] = {QA, "1.self_attn.v_proj.lora_B", "0.mlp.experts.lora_A",
                                        "1.mlp.experts.base_layer.lora_B"};
    for (size_t i = 0; i < 4; i++) {
        damaged(names[i], TYPE, "I32");
        damaged(names[i], NAN_IN, "not finite");
        damaged(names[i], FLAT, "two dimensions");
        damaged(names[i], ROWS, i % 2 ? "do not fit" : "rank 4");
        damaged(names[i], COLS, i % 2 ? "rank 4" : "do not fit");
    }
    damaged(QA, DROP_ONE_PAIR, "q_proj");
    damaged("1.mlp.experts.base_layer.lora_A", DROP_ONE_PAIR, "layer 1");
    damaged("1.mlp.experts.lora_A", DROP_ONE_PAIR, "layer 1");
}

static void in_adapter(char *out, size_t cap, const char *name) {
    snprintf(out, cap, "%s/%s", other[0], name);
}

static void test_files_refused(void **state) {
    (void)state;
    Plan p = {ATTENTION, 4, 8, U, LF_F32, 19, NULL};
    char weights[200], config[200], moved[200];
    in_adapter(weights, sizeof weights, "adapter_model.safetensors");
    in_adapter(config, sizeof config, "adapter_config.json");
    write_plan(0, &p);
    snprintf(moved, sizeof moved, "%s/outside", root);
    rename(weights, moved);
    refuse("there is no adapter_model.safetensors");
    assert_int_equal(symlink(moved, weights), 0);
    refuse("leads out");
    unlink(weights);
    in_adapter(weights, sizeof weights, "adapter_model.bin");
    fclose(fopen(weights, "wb"));
    refuse("pickle");
    unlink(weights);
    rename(config, moved);
    refuse("there is no adapter_config.json");
    assert_int_equal(symlink(moved, config), 0);
    refuse("leads out");
    unlink(config);
    char keep[96];
    strcpy(keep, other[0]);
    snprintf(other[0], sizeof other[0], "%s/nowhere", root);
    refuse("no such folder");
    strcpy(other[0], keep);
}

/* The adapter's square down_proj alone, of the version that exchanged: its shapes cannot tell. */
static void test_square(void **state) {
    (void)state;
    CkSpec s = CK_SPEC_TINY;
    char keep[96];
    strcpy(keep, base);
    s.layers = LAYERS, s.width = H;
    snprintf(base, sizeof base, "%s/square", root);
    assert_true(ck_write(base, &s));
    LfAdapter *a = calloc(1, sizeof *a);
    Plan p = {DOWN, 3, 3, U, LF_F32, 20, ",\"peft_version\":\"0.19.0\""};
    make(a, &p);
    for (size_t i = 0; i < a->n; i++)
        if (strstr(a->t[i].name, "lora_A")) a->t[i].cols = H;
    lf_write(other[0], a);
    refuse("0.19.0");
    free(a);
    strcpy(base, keep);
}

/* ---- hostile and poor ---- */

static void slurp(const char *name, Buf *b) {
    char path[200];
    in_adapter(path, sizeof path, name);
    buf_init(b, 1 << 24);
    must(file_read(path, b, err));
}

static void test_prefixes(void **state) {
    (void)state;
    static const char *const names[] = {"adapter_config.json", "adapter_model.safetensors"};
    Plan p = {FUSED, 2, 8, U, LF_F32, 21, NULL};
    for (int k = 0; k < 2; k++) {
        Buf text;
        char path[200];
        write_plan(0, &p);
        slurp(names[k], &text);
        in_adapter(path, sizeof path, names[k]);
        for (size_t i = 0; i < text.n; i += k ? 61 : 1) {
            FILE *f = fopen(path, "wb");
            fwrite(text.p, 1, i, f);
            fclose(f);
            refuse("adapter");
        }
        buf_release(&text);
    }
}

static void test_no_memory(void **state) {
    (void)state;
    Plan plans[2] = {{ATTENTION | ROUTER | FUSED, 2, 8, U, LF_F32, 22, ",\"alpha_pattern\":{\"(q|k)_proj\":3}"},
                     {FUSED | EACH, 2, 8, U, LF_F32, 23, ",\"layers_to_transform\":[0,1]"}};
    for (int k = 0; k < 2; k++) {
        write_plan(0, &plans[k]);
        for (uint64_t n = 1;; n++) {
            Model *m;
            Err e = ERR_INIT;
            mem_fail_at(n);
            bool ok = open_with(1, &m, &e);
            mem_fail_at(0);
            model_close(m);
            if (ok) break;
            if (e.code != ERR_MEMORY) fail_msg("allocation %d: %s", (int)n, e.msg);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings_refused), cmocka_unit_test(test_settings_accepted),
        cmocka_unit_test(test_names_refused),    cmocka_unit_test(test_tensors_refused),
        cmocka_unit_test(test_files_refused),    cmocka_unit_test(test_square),
        cmocka_unit_test(test_prefixes),         cmocka_unit_test(test_lost_factors),
        cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
