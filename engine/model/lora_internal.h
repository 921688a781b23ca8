/* Shared between the lora*.c files: an adapter's settings and the patterns in them. */
#ifndef ASSAY_LORA_INTERNAL_H
#define ASSAY_LORA_INTERNAL_H

#include "engine/model/model_internal.h"

/* ---- lora_pattern.c ---- */

typedef struct LoraPattern LoraPattern;

/* Compiles into the arena. false: ERR_INPUT if the pattern is wrong or beyond the subset, or no memory. */
bool lora_pattern(Arena *a, Str text, LoraPattern **out, Err *err);
/* What bounds the time of a match, together with the length of the text. */
size_t lora_pattern_size(const LoraPattern *p);
/* Whether the whole text matches, as Python's re.fullmatch has it. */
bool lora_pattern_matches(LoraPattern *p, Str text);
/* What all matches so far have cost: places visited, a few nanoseconds each; NULL: 0. */
uint64_t lora_pattern_steps(const LoraPattern *p);

/* ---- lora_config.c ---- */

/* Which column of a fused lora_B belongs to rank k of expert e (E experts, rank r). PEFT, and every reader of its
 * files, has k*E + e. Unsloth trained with e*r + k until September 2026, and files look the same. */
typedef enum LoraOrder { LORA_ORDER_UNSAID, LORA_RANK_MAJOR, LORA_GROUPED_BY_EXPERT } LoraOrder;

/* One entry of rank_pattern or alpha_pattern, in the order of the file: the first that matches counts. */
typedef struct LoraRule {
    LoraPattern *pattern; /* NULL: the key has no operator but '.', see literal */
    Str literal;
    double value;
} LoraRule;

typedef struct LoraRules {
    LoraRule *p;
    size_t n;
} LoraRules;

/* target_modules, exclude_modules or target_parameters: names that match whole or as what follows a '.', or one
 * pattern. */
typedef struct LoraNames {
    Str *names;
    size_t n;
    LoraPattern *pattern;
    bool given, unread; /* unread: a pattern that this version cannot read, or a shorthand */
} LoraNames;

/* Contains: what adapter_config.json says that matters to the sums. Lives in the arena. */
typedef struct LoraConfig {
    double r, alpha;
    bool rslora, unsloth;    /* unsloth: written by that trainer */
    bool swapped_by_version; /* PEFT 0.19.0, which exchanged in and out features of gpt-oss' experts */
    LoraOrder gate_up, down; /* what the file says about its own lora_B */
    LoraRules ranks, alphas;
    LoraNames modules, excluded, parameters;
    int64_t *layers; /* layers_to_transform */
    size_t n_layers;
    bool only_layers; /* layers_to_transform is given */
    Str base, peft_version;
} LoraConfig;

bool lora_config_parse(Str json, Arena *a, LoraConfig *out, Err *err);
/* Rank and scale of the target with that full name, "model.layers.3.self_attn.q_proj". */
double lora_rank_of(const LoraConfig *c, Str key);
double lora_scale_of(const LoraConfig *c, Str key);
/* What its patterns have cost so far, as lora_pattern_steps. */
uint64_t lora_config_steps(const LoraConfig *c);
/* PEFT's rule for names: the whole, or what follows a '.'. */
bool lora_names_match(const LoraNames *n, Str key);

/* ---- lora_names.c ---- */

/* What can be adapted. LORA_OUTER and LORA_INNER are PEFT's nested wrappers of the experts' 3-D parameters, which of
 * them is gate_up_proj says target_parameters; the last two are Unsloth's linears, one per expert. */
typedef enum LoraPlace {
    LORA_Q,
    LORA_K,
    LORA_V,
    LORA_O,
    LORA_ROUTER,
    LORA_OUTER,
    LORA_INNER,
    LORA_PLACES,
    LORA_GATE_UP_OF = LORA_PLACES,
    LORA_DOWN_OF
} LoraPlace;

typedef struct LoraName {
    LoraPlace place;
    int layer, expert;
    bool is_b;
    Str module; /* "model.layers.3.self_attn.q_proj": what PEFT calls it */
} LoraName;

/* Reads the name of a tensor. false: *err says what it is that cannot be applied. */
bool lora_name_parse(const Tensor *t, const ModelConfig *c, LoraName *out, Err *err);

/* ---- lora_bind.c ---- */

typedef struct LoraPair {
    const Tensor *a, *b;
    Str module;
} LoraPair;

/* One adapter. Contains: its files, mapped; its settings; the factors' views, which the model points to. */
typedef struct Adapter {
    const char *dir;
    ModelFiles files;
    LoraConfig config;
    LoraPair *pairs; /* [layers][LORA_PLACES + 2*experts] */
    size_t per_layer;
    LoraOrder read_as;               /* of fused lora_B, where it mattered */
    bool swapped;                    /* fused factors have in and out features exchanged */
    size_t counts[LORA_DOWN_OF + 1]; /* matrices per place; OUTER counts gate_up_proj, INNER down_proj */
    double rank_min, rank_max, scale_min, scale_max;
    uint64_t bytes;
    struct Adapter *next;
} Adapter;

/* Hangs the factors of all pairs on the matrices of the model; after a failure some may hang, and the model can only
 * be closed. */
bool lora_bind(Model *m, Adapter *ad, Err *err);

#endif
