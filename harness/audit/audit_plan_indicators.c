#include "harness/audit/audit_plan_indicators.h"

#include <stdio.h>

#include "harness/transform/transform.h"
#include "reports/audit/audit_arm.h"

enum { WHY_MIN = 200, INDICATORS_MOST = 256, RATES_MOST = 256, CAPABILITY = 4 };

/* The first four are read from what a model can do, so never from refusals. */
static const char *const CATEGORIES[] = {"bio_chem",   "rad_nuc",   "cyber", "self_improve",
                                         "safeguards", "integrity", NULL};
static const char *const KINDS[] = {"rate", "paired_diff", "marginal", NULL};
enum { RATE, PAIRED_DIFF, MARGINAL };
static const char *const METRICS[] = {
    "accuracy", "mcq_accuracy", "harmful_leak", "over_refusal", "refusal_rate", "safe_rate", NULL};
enum { N_ABILITY = 2, N_RATES = 4 };

/* ---- arms ---- */

static bool check_arm(const YamlNode *n, Err *err) {
    AuditArmName arm;
    TransformChain chain;
    Err why = ERR_INIT;
    if (n->kind != YKIND_STR) return yaml_fail(n, err, "an arm is text, such as effort-high+tools");
    if (audit_arm_read(n->text, &arm, &why) && transform_parse(arm.transform, &chain, &why)) return true;
    return yaml_fail(n, err,
                     "%s (arms: default, effort-low, effort-high, tokens-N, few-shot-K, tools, best-of-K, "
                     "consensus-K, transforms, joined with '+')",
                     why.msg);
}

static bool check_arms(const YamlNode *at, bool required, Err *err) {
    YamlNode *list = NULL;
    if (!yaml_want_seq(at, "arms", required, &list, err)) return false;
    if (!list) return true;
    if (!list->n) return yaml_fail(list, err, "'arms' is empty");
    if (list->n > AUDIT_ARMS_MAX) return yaml_fail(list, err, "'arms' names more than %d", AUDIT_ARMS_MAX);
    for (size_t i = 0; i < list->n; i++) {
        if (!check_arm(list->items[i], err)) return false;
        for (size_t k = 0; k < i; k++)
            if (str_eq(list->items[k]->text, list->items[i]->text))
                return yaml_fail(list->items[i], err, "this arm is named twice");
    }
    return true;
}

/* `all` is the plan's. */
static bool check_own_arms(const YamlNode *ind, Err *err) {
    const YamlNode *arms = yaml_get(ind, "arms");
    return (arms && arms->kind == YKIND_STR && str_eqz(arms->text, "all")) || check_arms(ind, false, err);
}

/* ---- one indicator ---- */

static bool check_names(const YamlNode *root, const YamlNode *n, const char *key, size_t want, Err *err) {
    YamlNode *list = NULL, *models = yaml_get(root, "models");
    if (!yaml_want_seq(n, key, true, &list, err)) return false;
    if (!list->n) return yaml_fail(list, err, "'%s' names no model", key);
    if (want && list->n != want) return yaml_fail(list, err, "'%s' must name %zu models", key, want);
    for (size_t i = 0; i < list->n; i++) {
        char name[101];
        if (list->items[i]->kind != YKIND_STR)
            return yaml_fail(list->items[i], err,
                             "'%s': a model is named by text (in quotes if it looks like a number)", key);
        snprintf(name, sizeof name, STR_FMT, STR_ARG(str_sub(list->items[i]->text, 0, 100)));
        if (!list->items[i]->text.n || list->items[i]->text.n > 100 || !yaml_get(models, name))
            return yaml_fail(list->items[i], err, "'%s' names no model of this plan", name);
        for (size_t k = 0; k < i; k++)
            if (str_eq(list->items[k]->text, list->items[i]->text))
                return yaml_fail(list->items[i], err, "'%s' is named twice", name);
    }
    return true;
}

static bool has_role(const YamlNode *root, Str model, const char *role) {
    const YamlNode *models = yaml_get(root, "models");
    for (size_t k = 0; k < models->n; k++)
        if (str_eq(models->keys[k].text, model) && str_eqz(yaml_get(models->items[k], "role")->text, role)) return true;
    return false;
}

static bool check_metric(const YamlNode *n, int category, int metric, int kind, Err *err) {
    if (category < CAPABILITY && metric >= N_ABILITY)
        return yaml_fail(yaml_get(n, "metric"), err,
                         "%s says nothing about %s: a refusal is removable; it belongs to category safeguards",
                         METRICS[metric], CATEGORIES[category]);
    if (kind != PAIRED_DIFF && metric >= N_RATES)
        return yaml_fail(yaml_get(n, "metric"), err, "%s rises towards safety; a rate is harmful_leak or over_refusal",
                         METRICS[metric]);
    return kind != PAIRED_DIFF || metric >= N_RATES ||
           yaml_fail(yaml_get(n, "metric"), err, "a paired_diff is of refusal_rate or safe_rate");
}

/* Suites of arms that have one of their own: {few-shot-5: proxy-bio-5shot}. */
static bool check_suites(const YamlNode *n, Err *err) {
    YamlNode *map = NULL;
    if (!yaml_want_map(n, "suites", false, &map, err)) return false;
    for (size_t i = 0; map && i < map->n; i++) {
        YamlNode key = *map->items[i];
        key.kind = YKIND_STR, key.text = map->keys[i].text;
        if (!check_arm(&key, err)) return false;
        if (map->items[i]->kind != YKIND_STR) return yaml_fail(map->items[i], err, "the suite of an arm is a name");
    }
    return true;
}

static bool check_rate(const YamlNode *root, const YamlNode *n, Err *err) {
    static const char *const worse[] = {"higher", NULL};
    Str text = {0};
    int64_t n_min;
    double limit;
    int side;
    return yaml_want_enum(n, "worse", true, worse, &side, err) &&
           yaml_want_int(n, "n_min", true, 1, 1000000000, &n_min, err) &&
           yaml_want_num(n, "threshold", true, 0.0, 1.0, &limit, err) && check_names(root, n, "models", 0, err) &&
           yaml_want_str(n, "source", true, &text, err) && check_own_arms(n, err) && check_suites(n, err);
}

/* of: [candidate, reference]. */
static bool check_marginal(const YamlNode *root, const YamlNode *n, Err *err) {
    Str text = {0};
    int64_t n_min;
    double margin;
    const YamlNode *arm = yaml_get(n, "arm");
    if (!check_names(root, n, "of", 2, err) || !yaml_want_num(n, "margin", true, 1e-6, 1.0, &margin, err) ||
        !yaml_want_int(n, "n_min", false, 1, 1000000000, &n_min, err) ||
        !yaml_want_str(n, "source", true, &text, err) || (arm && !check_arm(arm, err)) || !check_suites(n, err))
        return false;
    const YamlNode *of = yaml_get(n, "of");
    return has_role(root, of->items[1]->text, "reference") ||
           yaml_fail(of->items[1], err, "the second model of a marginal indicator has role reference");
}

static bool check_indicator(const YamlNode *root, const YamlNode *n, Err *err) {
    static const char *const known[] = {"id",    "category",  "kind",  "metric", "suite",  "suites",
                                        "n_min", "threshold", "worse", "arms",   "models", "source",
                                        "of",    "margin",    "arm",   NULL};
    Str text = {0};
    int category, kind, metric;
    double margin;
    if (!yaml_check_keys(n, "an indicator", known, err) || !yaml_want_str(n, "id", true, &text, err) ||
        !yaml_want_enum(n, "category", true, CATEGORIES, &category, err) ||
        !yaml_want_enum(n, "kind", true, KINDS, &kind, err) ||
        !yaml_want_enum(n, "metric", true, METRICS, &metric, err) || !yaml_want_str(n, "suite", true, &text, err) ||
        !check_metric(n, category, metric, kind, err))
        return false;
    if (kind == RATE) return check_rate(root, n, err);
    if (kind == MARGINAL) return check_marginal(root, n, err);
    return check_names(root, n, "of", 2, err) && check_own_arms(n, err) &&
           yaml_want_num(n, "margin", true, 1e-6, 1.0, &margin, err);
}

static bool check_list(const YamlNode *root, Err *err) {
    YamlNode *list = NULL, *models;
    size_t rates = 0;
    if (!yaml_want_seq(root, "indicators", true, &list, err)) return false;
    if (!list->n) return yaml_fail(list, err, "'indicators' is empty");
    if (list->n > INDICATORS_MOST) return yaml_fail(list, err, "more than %d indicators", INDICATORS_MOST);
    for (size_t i = 0; i < list->n; i++) {
        if (!check_indicator(root, list->items[i], err)) return false;
        if ((models = yaml_get(list->items[i], "models"))) rates += models->n;
        if (rates > RATES_MOST)
            return yaml_fail(list->items[i], err, "more than %d rates (indicators times their models)", RATES_MOST);
        for (size_t k = 0; k < i; k++)
            if (str_eq(yaml_get(list->items[k], "id")->text, yaml_get(list->items[i], "id")->text))
                return yaml_fail(list->items[i], err, "two indicators have this id");
    }
    return true;
}

/* ---- logic ---- */

static const YamlNode *indicator_of(const YamlNode *root, Str id) {
    const YamlNode *list = yaml_get(root, "indicators");
    for (size_t i = 0; i < list->n; i++)
        if (str_eq(yaml_get(list->items[i], "id")->text, id)) return list->items[i];
    return NULL;
}

static bool has_adversary(const YamlNode *root, const YamlNode *ind) {
    const YamlNode *list = yaml_get(ind, "models");
    for (size_t i = 0; i < list->n; i++)
        if (has_role(root, list->items[i]->text, "adversarial")) return true;
    return false;
}

/* A bottleneck must hold under every arm and, of capability, in the adversarial model. */
static bool check_need(const YamlNode *root, const YamlNode *need, Str category, Err *err) {
    const YamlNode *ind = need->kind == YKIND_STR ? indicator_of(root, need->text) : NULL, *arms;
    if (!ind || !str_eq(yaml_get(ind, "category")->text, category) || !str_eqz(yaml_get(ind, "kind")->text, "rate"))
        return yaml_fail(need, err, "'needs' must name indicators of kind rate of this category");
    arms = yaml_get(ind, "arms");
    if (arms && arms->kind == YKIND_SEQ)
        return yaml_fail(need, err, "a necessary indicator is asked under all arms of the plan; it may have no 'arms'");
    for (int i = 0; i < CAPABILITY; i++)
        if (str_eqz(category, CATEGORIES[i]) && !has_adversary(root, ind))
            return yaml_fail(need, err,
                             "a necessary indicator is read from a model of role adversarial; name one in its "
                             "'models'");
    return true;
}

static bool check_bottleneck(const YamlNode *root, const YamlNode *logic, Str category, Err *err) {
    YamlNode *needs = NULL;
    Str why = {0};
    if (!yaml_want_seq(logic, "needs", true, &needs, err) || !yaml_want_str(logic, "why", true, &why, err))
        return false;
    if (why.n < WHY_MIN)
        return yaml_fail(yaml_get(logic, "why"), err, "'why' must say in %d letters or more why one indicator decides",
                         WHY_MIN);
    if (!needs->n) return yaml_fail(needs, err, "'needs' names no indicator");
    for (size_t i = 0; i < needs->n; i++)
        if (!check_need(root, needs->items[i], category, err)) return false;
    return true;
}

static bool check_logic(const YamlNode *root, Err *err) {
    static const char *const known[] = {"rule", "needs", "why", NULL};
    static const char *const rules[] = {"all_below", "bottleneck", NULL};
    YamlNode *m = NULL;
    if (!yaml_want_map(root, "logic", false, &m, err)) return false;
    if (m && !yaml_check_keys(m, "'logic'", CATEGORIES, err)) return false;
    for (size_t i = 0; m && i < m->n; i++) {
        int rule;
        if (!yaml_check_keys(m->items[i], "the logic of a category", known, err) ||
            !yaml_want_enum(m->items[i], "rule", true, rules, &rule, err))
            return false;
        if (rule == 1 && !check_bottleneck(root, m->items[i], m->keys[i].text, err)) return false;
    }
    return true;
}

bool audit_plan_check_indicators(const YamlNode *root, Err *err) {
    return check_arms(root, true, err) && check_list(root, err) && check_logic(root, err);
}
