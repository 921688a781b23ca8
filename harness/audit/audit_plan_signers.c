#include "harness/audit/audit_plan_signers.h"

enum { KEY_ID_DIGITS = 16 };

static bool check_key_id(const YamlNode *list, size_t at, Err *err) {
    const YamlNode *e = list->items[at];
    if (e->kind != YKIND_STR)
        return yaml_fail(e, err, "a key id is text (in quotes if it looks like a number), not %s",
                         yaml_kind_name(e->kind));
    if (e->text.n != KEY_ID_DIGITS)
        return yaml_fail(e, err, "a key id has %d hex digits (assay keygen --sign prints it)", KEY_ID_DIGITS);
    for (size_t i = 0; i < at; i++)
        if (str_eq(list->items[i]->text, e->text)) return yaml_fail(e, err, "this key id is named twice");
    return true;
}

/* Every entry is a condition: one that is misread would be one that nobody has to meet. */
bool audit_plan_check_signers(const YamlNode *root, Err *err) {
    YamlNode *signers = NULL, *plan = NULL;
    if (!yaml_want_map(root, "signers", false, &signers, err)) return false;
    if (!signers || !yaml_get(signers, "plan")) return true;
    if (!yaml_want_seq(signers, "plan", true, &plan, err)) return false;
    if (!plan->n || plan->n > AUDIT_SIGNERS_MAX)
        return yaml_fail(plan, err, "'plan' must name 1 to %d key ids", AUDIT_SIGNERS_MAX);
    for (size_t i = 0; i < plan->n; i++)
        if (!check_key_id(plan, i, err)) return false;
    return true;
}
