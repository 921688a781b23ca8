#include <stdio.h>

#include "harness/audit/audit_plan_indicators.h"

static const char *const ROLES[] = {"base", "candidate", "adversarial", "reference", NULL};
enum { ADVERSARIAL = 2 };

static bool want_digest(const YamlNode *m, const char *key, bool required, Err *err) {
    Str text = {0};
    if (!yaml_want_str(m, key, required, &text, err)) return false;
    bool hex = text.n == 64;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        hex = hex && ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
    }
    return !text.p || hex || yaml_fail(yaml_get(m, key), err, "'%s' must have 64 hex digits", key);
}

static bool check_retention(const YamlNode *root, const YamlNode *m, Err *err) {
    static const char *const known[] = {"suite", "of", "margin", NULL};
    YamlNode *r = NULL;
    Str suite = {0}, of = {0};
    double margin;
    char name[101];
    if (!yaml_want_map(m, "retention", false, &r, err)) return false;
    if (!r) return true;
    if (!yaml_check_keys(r, "'retention'", known, err) || !yaml_want_str(r, "suite", true, &suite, err) ||
        !yaml_want_str(r, "of", true, &of, err) || !yaml_want_num(r, "margin", false, 0.0, 1.0, &margin, err))
        return false;
    snprintf(name, sizeof name, STR_FMT, STR_ARG(str_sub(of, 0, 100)));
    return yaml_get(yaml_get(root, "models"), name) ||
           yaml_fail(yaml_get(r, "of"), err, "'of' names no model of this plan");
}

/* What is asked of weights that were tuned for the audit; of others it says nothing. */
static bool check_adversarial(const YamlNode *root, const YamlNode *m, int role, Err *err) {
    static const char *const keys[] = {"recipe", "refusals", "retention"};
    Str text = {0};
    for (size_t i = 0; i < 3 && role != ADVERSARIAL; i++)
        if (yaml_get(m, keys[i]))
            return yaml_fail(yaml_get(m, keys[i]), err, "'%s' belongs to a model of role adversarial", keys[i]);
    return want_digest(m, "recipe", false, err) && yaml_want_str(m, "refusals", false, &text, err) &&
           check_retention(root, m, err);
}

/* Results from elsewhere about a model whose weights are measured too. */
static bool check_evidence(const YamlNode *m, Err *err) {
    static const char *const known[] = {"import", "sha256", NULL};
    YamlNode *list = NULL;
    Str text = {0};
    if (!yaml_want_seq(m, "evidence", false, &list, err)) return false;
    for (size_t i = 0; list && i < list->n; i++)
        if (!yaml_check_keys(list->items[i], "an entry of 'evidence'", known, err) ||
            !yaml_want_str(list->items[i], "import", false, &text, err) ||
            !want_digest(list->items[i], "sha256", true, err))
            return false;
    return true;
}

static bool check_model(const YamlNode *root, const YamlNode *m, Err *err) {
    static const char *const known[] = {"file",   "import",   "sha256",    "role",     "note",
                                        "recipe", "refusals", "retention", "evidence", NULL};
    Str text = {0};
    int role;
    if (!yaml_check_keys(m, "a model", known, err) || !want_digest(m, "sha256", true, err) ||
        !yaml_want_enum(m, "role", true, ROLES, &role, err) || !yaml_want_str(m, "file", false, &text, err) ||
        !yaml_want_str(m, "import", false, &text, err) || !yaml_want_str(m, "note", false, &text, err))
        return false;
    if (yaml_get(m, "import") && (yaml_get(m, "file") || yaml_get(m, "evidence")))
        return yaml_fail(m, err,
                         "a model has weights ('file') or is known from results alone ('import'), not both; "
                         "results about a model with weights are its 'evidence'");
    return check_adversarial(root, m, role, err) && check_evidence(m, err);
}

bool audit_plan_check_models(const YamlNode *root, Err *err) {
    YamlNode *m = NULL;
    if (!yaml_want_map(root, "models", true, &m, err)) return false;
    if (!m->n) return yaml_fail(m, err, "'models' names no model");
    for (size_t i = 0; i < m->n; i++)
        if (!check_model(root, m->items[i], err)) return false;
    return true;
}
