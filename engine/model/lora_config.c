/* adapter_config.json, as PEFT up to 0.20 writes it. A setting that is unknown, or that changes the sum W + s*B*A, is
 * refused by name: an adapter is applied whole or not at all. */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "engine/model/lora_internal.h"

/* MAX_PATTERN_CODE: of all patterns of a list, since each is tried for each of thousands of names. A pattern that names
 * modules has less than a hundred. */
enum { MAX_RULES = 65536, MAX_PATTERN_CODE = 8192, MAX_RANK = 1 << 16 };

typedef enum KeyRule {
    KEY_READ, /* a function below reads it */
    KEY_INFO, /* says nothing about the sum */
    KEY_OFF   /* must be absent, null, false, zero or empty */
} KeyRule;

typedef struct Key {
    const char *name;
    KeyRule rule;
    const char *why; /* KEY_OFF */
} Key;

static const Key keys[] = {
    {"peft_type", KEY_READ, NULL},
    {"task_type", KEY_READ, NULL},
    {"r", KEY_READ, NULL},
    {"lora_alpha", KEY_READ, NULL},
    {"use_rslora", KEY_READ, NULL},
    {"rank_pattern", KEY_READ, NULL},
    {"alpha_pattern", KEY_READ, NULL},
    {"target_modules", KEY_READ, NULL},
    {"exclude_modules", KEY_READ, NULL},
    {"target_parameters", KEY_READ, NULL},
    {"layers_to_transform", KEY_READ, NULL},
    {"bias", KEY_READ, NULL},
    {"init_lora_weights", KEY_READ, NULL},
    {"lora_B_layout", KEY_READ, NULL},
    {"unsloth_fused_expert_lora", KEY_READ, NULL},
    {"auto_mapping", KEY_READ, NULL},
    {"base_model_name_or_path", KEY_READ, NULL},
    {"peft_version", KEY_READ, NULL},
    {"layers_pattern", KEY_INFO, NULL}, /* gpt-oss has one list of layers */
    {"revision", KEY_INFO, NULL},
    {"inference_mode", KEY_INFO, NULL},
    {"lora_dropout", KEY_INFO, NULL}, /* of training only */
    {"runtime_config", KEY_INFO, NULL},
    {"ensure_weight_tying", KEY_INFO, NULL},
    {"megatron_core", KEY_INFO, NULL},
    {"qalora_group_size", KEY_INFO, NULL}, /* counts only with use_qalora */
    {"loftq_config", KEY_INFO, NULL},      /* these three count only with init_lora_weights of that name */
    {"eva_config", KEY_INFO, NULL},
    {"corda_config", KEY_INFO, NULL},
    {"lora_ga_config", KEY_INFO, NULL},
    {"use_dora", KEY_OFF, "DoRA rescales the rows of the sum by trained magnitudes"},
    {"modules_to_save", KEY_OFF, "it replaces whole modules of the base model"},
    {"lora_bias", KEY_OFF, "it adds trained biases"},
    {"fan_in_fan_out", KEY_OFF, "no matrix of gpt-oss is stored that way"},
    {"alora_invocation_tokens", KEY_OFF, "an activated LoRA works on part of the tokens only"},
    {"layer_replication", KEY_OFF, "it changes the number of layers"},
    {"trainable_token_indices", KEY_OFF, "it changes embeddings"},
    {"use_qalora", KEY_OFF, "QA-LoRA pools the input"},
    {"use_bdlora", KEY_OFF, "BD-LoRA stores blocks of a factor"},
    {"arrow_config", KEY_OFF, "Arrow mixes several adapters by token"},
    {"kasa_config", KEY_OFF, "KaSA changes the base weights"},
    {"monteclora_config", KEY_OFF, "MonteCLoRA samples its factors"},
    {"velora_config", KEY_OFF, "VeLoRA is not plain LoRA"},
    {"megatron_config", KEY_OFF, "it belongs to another model code"},
};

static const Key *find_key(const char *name) {
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(keys[i].name, name) == 0) return &keys[i];
    return NULL;
}

static bool is_off(const Json *v) {
    bool b = false;
    switch (json_type(v)) {
    case JSON_NULL:
        return true;
    case JSON_BOOL:
        return json_bool(v, &b) && !b;
    case JSON_NUMBER:
        return json_num(v) == 0;
    case JSON_STRING:
        return json_str(v).n == 0;
    default:
        return json_count(v) == 0;
    }
}

static bool check_keys(const Json *root, Err *err) {
    for (const Json *c = json_first(root); c; c = json_next(c)) {
        const Key *k = find_key(json_key(c));
        if ((k && k->rule != KEY_OFF) || is_off(c)) continue;
        if (!k)
            return err_set(err, ERR_INPUT,
                           "'%.80s' is a setting that this version does not know (PEFT up to 0.20 is known), so the "
                           "adapter might mean something else; remove the key if it says nothing about the weights",
                           json_key(c));
        return err_set(err, ERR_INPUT, "'%s' is set: %s, and this version applies plain LoRA only", k->name, k->why);
    }
    return true;
}

/* ---- single values ---- */

static bool read_kind(const Json *root, Err *err) {
    Str type = STR("LORA"), task = STR("CAUSAL_LM"), bias = STR("none");
    if (!json_want_str(root, "peft_type", true, &type, err) || !json_want_str(root, "task_type", false, &task, err) ||
        !json_want_str(root, "bias", false, &bias, err))
        return false;
    if (!str_eqz(type, "LORA"))
        return err_set(err, ERR_INPUT, "'peft_type' is " STR_FMT "; only LORA adapters can be applied", STR_ARG(type));
    if (!str_eqz(task, "CAUSAL_LM"))
        return err_set(err, ERR_INPUT,
                       "'task_type' is " STR_FMT "; an adapter of a language model (CAUSAL_LM) was expected",
                       STR_ARG(task));
    if (!str_eqz(bias, "none"))
        return err_set(err, ERR_INPUT,
                       "'bias' is " STR_FMT ": trained biases of the base model; only 'none' can be applied",
                       STR_ARG(bias));
    return true;
}

/* pissa, olora, corda, loftq, lora_ga and what else has a name also change the base weights that the factors are
 * added to; PEFT writes true after it has converted such an adapter. The three below only choose the first values. */
static bool read_init(const Json *root, Err *err) {
    static const char *const harmless[] = {"gaussian", "eva", "orthogonal"};
    const Json *v = json_get(root, "init_lora_weights");
    bool b;
    if (!v || json_type(v) == JSON_NULL || json_bool(v, &b)) return true;
    Str s = json_str(v);
    for (size_t i = 0; i < 3; i++)
        if (str_eqz(s, harmless[i])) return true;
    return err_set(err, ERR_INPUT,
                   "'init_lora_weights' is '" STR_FMT
                   "', which may have changed the base weights too; save the adapter "
                   "with PEFT's path_initial_model_for_weight_conversion to make it plain LoRA",
                   STR_ARG(s));
}

static bool read_order(const Json *v, const char *where, LoraOrder *out, Err *err) {
    Str s = json_str(v);
    LoraOrder was = *out;
    if (str_eqz(s, "rank_major"))
        *out = LORA_RANK_MAJOR;
    else if (str_eqz(s, "grouped_by_expert"))
        *out = LORA_GROUPED_BY_EXPERT;
    else
        return err_set(err, ERR_INPUT, "'%s' is '" STR_FMT "'; 'rank_major' or 'grouped_by_expert' was expected", where,
                       STR_ARG(s));
    if (was != LORA_ORDER_UNSAID && was != *out)
        return err_set(err, ERR_INPUT, "'lora_B_layout' and '%s' contradict each other", where);
    return true;
}

/* Unsloth's marks: "lora_B_layout", and the same per parameter in "unsloth_fused_expert_lora". */
static bool read_orders(const Json *root, LoraConfig *c, Err *err) {
    const Json *flat = json_get(root, "lora_B_layout");
    if (flat && json_type(flat) != JSON_NULL) {
        if (!read_order(flat, "lora_B_layout", &c->gate_up, err)) return false;
        c->down = c->gate_up;
    }
    const Json *all = json_get(json_get(root, "unsloth_fused_expert_lora"), "parameters");
    const Json *g = json_get(json_get(all, "gate_up_proj"), "lora_B_layout"),
               *d = json_get(json_get(all, "down_proj"), "lora_B_layout");
    return (!g || read_order(g, "unsloth_fused_expert_lora.parameters.gate_up_proj.lora_B_layout", &c->gate_up, err)) &&
           (!d || read_order(d, "unsloth_fused_expert_lora.parameters.down_proj.lora_B_layout", &c->down, err));
}

static bool copy_str(const Json *root, const char *key, Arena *a, Str *out, Err *err) {
    Str s = {0};
    if (!json_want_str(root, key, false, &s, err)) return false;
    if (!s.p) return true;
    *out = str_dup(a, s);
    return out->p || err_nomem(err);
}

static bool read_numbers(const Json *root, LoraConfig *c, Err *err) {
    int64_t r = 0;
    if (!json_want_int(root, "r", true, 1, MAX_RANK, &r, err) ||
        !json_want_num(root, "lora_alpha", true, &c->alpha, err) ||
        !json_want_bool(root, "use_rslora", false, &c->rslora, err))
        return false;
    c->r = (double)r;
    bool fixed = false;
    const Json *mark = json_get(json_get(root, "auto_mapping"), "unsloth_fixed");
    c->unsloth = mark && json_bool(mark, &fixed) && fixed;
    return true;
}

/* ---- patterns and names ---- */

static bool is_literal(Str s) {
    for (size_t i = 0; i < s.n; i++)
        if (!isalnum((unsigned char)s.p[i]) && !strchr("_.-", s.p[i])) return false;
    return s.n > 0;
}

/* PEFT's rule for the keys of both patterns: re.match(rf"(.*\.)?({key})$", name). */
static bool read_rule(const Json *v, Arena *a, LoraRule *out, size_t *code, Err *err) {
    Str key = str_from(json_key(v));
    out->value = json_num(v);
    if (json_type(v) != JSON_NUMBER)
        return err_set(err, ERR_INPUT, "the value of '%.100s' must be a number", json_key(v));
    out->literal = str_dup(a, key);
    if (!out->literal.p) return err_nomem(err);
    if (is_literal(key)) return true;
    Str whole = str_printf(a, "(.*\\.)?(%s)$", json_key(v));
    if (!whole.p) return err_nomem(err);
    if (!lora_pattern(a, whole, &out->pattern, err)) return false;
    *code += lora_pattern_size(out->pattern);
    return *code <= MAX_PATTERN_CODE ||
           err_set(err, ERR_INPUT, "its regular expressions are too many or too long to try on each name");
}

static bool read_rules(const Json *root, const char *key, Arena *a, LoraRules *out, Err *err) {
    const Json *v = json_get(root, key);
    size_t n = v ? json_count(v) : 0, code = 0;
    if (!v || json_type(v) == JSON_NULL) return true;
    if (json_type(v) != JSON_OBJECT || n > MAX_RULES)
        return err_set(err, ERR_INPUT, "'%s' must be an object of at most %d entries", key, MAX_RULES);
    out->p = arena_array(a, n + 1, sizeof *out->p);
    if (!out->p) return err_nomem(err);
    for (const Json *c = json_first(v); c; c = json_next(c))
        if (!read_rule(c, a, &out->p[out->n++], &code, err)) return err_wrap(err, "'%s'", key);
    return true;
}

/* Ends with the literal, whose dots stand for any byte, and that is all or follows a dot. */
static bool rule_matches(const LoraRule *r, Str key) {
    if (r->pattern) return lora_pattern_matches(r->pattern, key);
    Str lit = r->literal;
    if (lit.n > key.n || (lit.n < key.n && key.p[key.n - lit.n - 1] != '.')) return false;
    for (size_t i = 0; i < lit.n; i++)
        if (lit.p[i] != '.' && lit.p[i] != key.p[key.n - lit.n + i]) return false;
    return true;
}

static double look_up(const LoraRules *rules, Str key, double otherwise) {
    for (size_t i = 0; i < rules->n; i++)
        if (rule_matches(&rules->p[i], key)) return rules->p[i].value;
    return otherwise;
}

double lora_rank_of(const LoraConfig *c, Str key) {
    return look_up(&c->ranks, key, c->r);
}

double lora_scale_of(const LoraConfig *c, Str key) {
    double r = lora_rank_of(c, key), alpha = look_up(&c->alphas, key, c->alpha);
    return alpha / (c->rslora ? sqrt(r) : r);
}

static uint64_t steps_of(const LoraRules *rules) {
    uint64_t sum = 0;
    for (size_t i = 0; i < rules->n; i++) sum += lora_pattern_steps(rules->p[i].pattern);
    return sum;
}

uint64_t lora_config_steps(const LoraConfig *c) {
    return steps_of(&c->ranks) + steps_of(&c->alphas) + lora_pattern_steps(c->modules.pattern) +
           lora_pattern_steps(c->excluded.pattern) + lora_pattern_steps(c->parameters.pattern);
}

static bool read_list(const Json *v, const char *key, Arena *a, LoraNames *out, Err *err) {
    size_t n = json_count(v);
    if (n > MAX_RULES) return err_set(err, ERR_INPUT, "'%s' names more than %d", key, MAX_RULES);
    out->names = arena_array(a, n + 1, sizeof *out->names);
    if (!out->names) return err_nomem(err);
    for (const Json *c = json_first(v); c; c = json_next(c)) {
        Str s = json_str(c);
        if (!s.p) return err_set(err, ERR_INPUT, "'%s' must hold names", key);
        Str *to = &out->names[out->n++];
        *to = str_dup(a, s);
        if (!to->p) return err_nomem(err);
    }
    return true;
}

static bool read_names(const Json *root, const char *key, Arena *a, LoraNames *out, Err *err) {
    const Json *v = json_get(root, key);
    if (!v || json_type(v) == JSON_NULL) return true;
    out->given = true;
    if (json_type(v) == JSON_ARRAY) return read_list(v, key, a, out, err);
    Str s = json_str(v);
    if (!s.p) return err_set(err, ERR_INPUT, "'%s' must be a list of names or a regular expression", key);
    out->unread = str_eqz(s, "all-linear");
    Err e = ERR_INIT;
    if (out->unread || lora_pattern(a, s, &out->pattern, &e)) return true;
    out->unread = true;
    return e.code != ERR_MEMORY || err_nomem(err);
}

bool lora_names_match(const LoraNames *n, Str key) {
    if (n->pattern) return lora_pattern_matches(n->pattern, key);
    for (size_t i = 0; i < n->n; i++) {
        Str s = n->names[i];
        if (str_ends(key, s) && (key.n == s.n || key.p[key.n - s.n - 1] == '.')) return true;
    }
    return false;
}

static bool read_layers(const Json *root, Arena *a, LoraConfig *c, Err *err) {
    const Json *v = json_get(root, "layers_to_transform");
    if (!v || json_type(v) == JSON_NULL || (json_type(v) == JSON_ARRAY && json_count(v) == 0)) return true;
    bool list = json_type(v) == JSON_ARRAY;
    c->only_layers = true;
    c->layers = arena_array(a, list ? json_count(v) : 1, sizeof *c->layers);
    if (!c->layers) return err_nomem(err);
    for (const Json *e = list ? json_first(v) : v; e; e = list ? json_next(e) : NULL)
        if (!json_int(e, 0, MODEL_MAX_LAYERS, &c->layers[c->n_layers++]))
            return err_set(err, ERR_INPUT, "'layers_to_transform' must hold numbers of layers");
    return true;
}

/* Whatever rule applies, rank and scale must be numbers to work with. */
static bool check_values(const LoraConfig *c, Err *err) {
    for (size_t i = 0; i < c->ranks.n; i++) {
        double r = c->ranks.p[i].value;
        if (!(r >= 1 && r <= MAX_RANK && r == floor(r)))
            return err_set(err, ERR_INPUT, "'rank_pattern' gives " STR_FMT " the rank %g; 1 to %d was expected",
                           STR_ARG(c->ranks.p[i].literal), r, MAX_RANK);
    }
    for (size_t i = 0; i <= c->alphas.n; i++) {
        double alpha = i < c->alphas.n ? c->alphas.p[i].value : c->alpha;
        if (!isfinite((float)alpha))
            return err_set(err, ERR_INPUT, "alpha is %g, which is no number to scale with", alpha);
    }
    return true;
}

static bool read(const Json *root, Arena *a, LoraConfig *c, Err *err) {
    if (json_type(root) != JSON_OBJECT) return err_set(err, ERR_INPUT, "an object was expected");
    if (!read_kind(root, err) || !check_keys(root, err) || !read_init(root, err) || !read_numbers(root, c, err) ||
        !read_orders(root, c, err) || !copy_str(root, "base_model_name_or_path", a, &c->base, err) ||
        !copy_str(root, "peft_version", a, &c->peft_version, err))
        return false;
    c->swapped_by_version = str_eqz(c->peft_version, "0.19.0");
    return read_rules(root, "rank_pattern", a, &c->ranks, err) &&
           read_rules(root, "alpha_pattern", a, &c->alphas, err) &&
           read_names(root, "target_modules", a, &c->modules, err) &&
           read_names(root, "exclude_modules", a, &c->excluded, err) &&
           read_names(root, "target_parameters", a, &c->parameters, err) && read_layers(root, a, c, err) &&
           check_values(c, err);
}

bool lora_config_parse(Str json, Arena *a, LoraConfig *out, Err *err) {
    Json *root = NULL;
    *out = (LoraConfig){0};
    bool ok = json_parse(json, &root, err) && read(root, a, out, err);
    json_close(root);
    return ok;
}
