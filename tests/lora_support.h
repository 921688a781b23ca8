/* What the tests of adapters share: a folder with a base model, and adapters of it by plan. */
#ifndef ASSAY_TESTS_LORA_SUPPORT_H
#define ASSAY_TESTS_LORA_SUPPORT_H

#include <unistd.h>

#include "engine/model/lora_internal.h"
#include "tests/checkpoint_plain.h"
#include "tests/engine_support.h"
#include "tests/lora_files.h"

enum { E = 5, H = 64, W = 96, QD = 128, KD = 64, LAYERS = 2 };

static char root[64], base[96], other[2][96];

static inline CkSpec spec(void) {
    CkSpec s = CK_SPEC_TINY;
    s.layers = LAYERS, s.width = W;
    return s;
}

static inline int setup(void **state) {
    (void)state;
    CkSpec s = spec();
    strcpy(root, "/tmp/assay-lora-XXXXXX");
    if (!mkdtemp(root)) return -1;
    snprintf(base, sizeof base, "%s/base", root);
    for (int i = 0; i < 2; i++) snprintf(other[i], sizeof other[i], "%s/lora%d", root, i);
    return ck_write(base, &s) ? 0 : -1;
}

static inline int teardown(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", root);
    return system(command);
}

/* ---- what an adapter of the test holds ---- */

enum {
    ATTENTION = 1, /* q, k, v and o */
    ROUTER = 2,
    GATE_UP = 4,
    DOWN = 8,
    FUSED = GATE_UP | DOWN,
    EACH = 16, /* Unsloth's linears, one per expert, in place of fused ones */
    SWAPPED = 32,
    GROUPED = 64,
    QKVO_ONLY_Q = 128
};

typedef struct Plan {
    unsigned what;
    size_t rank;
    double alpha, unit;
    LfType type;
    int salt;
    const char *more; /* further settings */
} Plan;

static const struct {
    const char *name;
    size_t in, out;
} linears[] = {{"q_proj", H, QD}, {"k_proj", H, KD}, {"v_proj", H, KD}, {"o_proj", QD, H}};

static inline void add_pair(LfAdapter *a, const Plan *p, const char *module, size_t a_rows, size_t in, size_t out,
                            int salt) {
    char name[160];
    snprintf(name, sizeof name, "%s.lora_A", module);
    lf_add(a, name, p->type, a_rows, in, p->salt + salt, p->unit);
    snprintf(name, sizeof name, "%s.lora_B", module);
    lf_add(a, name, p->type, out, a_rows, p->salt + salt + 1, p->unit);
}

static inline void add_each(LfAdapter *a, const Plan *p, int layer) {
    char name[96];
    for (int e = 0; e < E; e++) {
        if (p->what & GATE_UP) {
            snprintf(name, sizeof name, "model.layers.%d.mlp.experts.gate_up_projs.%d", layer, e);
            add_pair(a, p, name, p->rank, H, 2 * W, 1 + 10 * e + 100 * layer);
        }
        if (p->what & DOWN) {
            snprintf(name, sizeof name, "model.layers.%d.mlp.experts.down_projs.%d", layer, e);
            add_pair(a, p, name, p->rank, W, H, 3 + 10 * e + 100 * layer);
        }
    }
}

static inline void add_fused(LfAdapter *a, const Plan *p, int layer, const char *suffix, size_t in, size_t out,
                             int salt) {
    char name[96];
    snprintf(name, sizeof name, "model.layers.%d.mlp.experts%s", layer, suffix);
    if (p->what & SWAPPED)
        add_pair(a, p, name, E * p->rank, out, in, salt + 100 * layer);
    else
        add_pair(a, p, name, E * p->rank, in, out, salt + 100 * layer);
}

static inline void add_layer(LfAdapter *a, const Plan *p, int layer) {
    char name[96];
    for (int i = 0; i < 4; i++) {
        if (!(p->what & ATTENTION) || (i && p->what & QKVO_ONLY_Q)) continue;
        snprintf(name, sizeof name, "model.layers.%d.self_attn.%s", layer, linears[i].name);
        add_pair(a, p, name, p->rank, linears[i].in, linears[i].out, 11 + 2 * i + 100 * layer);
    }
    snprintf(name, sizeof name, "model.layers.%d.mlp.router", layer);
    if (p->what & ROUTER) add_pair(a, p, name, p->rank, H, E, 21 + 100 * layer);
    if (p->what & EACH) {
        add_each(a, p, layer);
        return;
    }
    if (p->what & GATE_UP) add_fused(a, p, layer, p->what & DOWN ? ".base_layer" : "", H, 2 * W, 1);
    if (p->what & DOWN) add_fused(a, p, layer, "", W, H, 3);
}

static inline void make(LfAdapter *a, const Plan *p) {
    bool fused = !(p->what & EACH);
    a->n = 0;
    snprintf(a->config, sizeof a->config,
             "{\"peft_type\":\"LORA\",\"task_type\":\"CAUSAL_LM\",\"r\":%zu,\"lora_alpha\":%.17g,\"bias\":\"none\","
             "\"init_lora_weights\":true,\"use_dora\":false,\"modules_to_save\":null,\"base_model_name_or_path\":\"org/"
             "teacher\","
             "\"target_modules\":[%s],\"target_parameters\":[%s%s%s\"no.such\"]%s%s}",
             p->rank, p->alpha,
             !(p->what & ATTENTION)    ? ""
             : (p->what & QKVO_ONLY_Q) ? "\"q_proj\""
                                       : "\"q_proj\",\"k_proj\",\"v_proj\",\"o_proj\"",
             p->what & ROUTER ? "\"mlp.router.weight\"," : "",
             fused && p->what & GATE_UP ? "\"mlp.experts.gate_up_proj\"," : "",
             fused && p->what & DOWN ? "\"mlp.experts.down_proj\"," : "",
             p->what & GROUPED ? ",\"lora_B_layout\":\"grouped_by_expert\"" : "", p->more ? p->more : "");
    for (int i = 0; i < LAYERS; i++) add_layer(a, p, i);
}

static inline bool open_with(size_t n, Model **m, Err *err) {
    static const char *dirs[2]; /* the model borrows them */
    dirs[0] = other[0], dirs[1] = other[1];
    return model_open(&(ModelSource){.path = base, .loras = dirs, .n_loras = n}, m, err);
}

static inline void write_plan(int which, const Plan *p) {
    LfAdapter *a = calloc(1, sizeof *a);
    make(a, p);
    lf_write(other[which], a);
    free(a);
}

#define U (1.0 / 64)

#endif
