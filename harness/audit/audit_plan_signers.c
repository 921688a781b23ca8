#include "harness/audit/audit_plan_signers.h"

enum { KEY_ID_DIGITS = 16 };

static bool check_key_id(const YamlNode *list, size_t at, Err *err) {
    const YamlNode *e = list->items[at];
    if (e->kind != YKIND_STR)
        return yaml_fail(e, err, "a key id is text (in quotes if it looks like a number), not %s",
                         yaml_kind_name(e->kind));
    bool hex = e->text.n == KEY_ID_DIGITS;
    for (size_t i = 0; hex && i < e->text.n; i++)
        hex = (e->text.p[i] >= '0' && e->text.p[i] <= '9') || (e->text.p[i] >= 'a' && e->text.p[i] <= 'f');
    if (!hex) return yaml_fail(e, err, "a key id has %d hex digits (assay keygen --sign prints it)", KEY_ID_DIGITS);
    for (size_t i = 0; i < at; i++)
        if (str_eq(list->items[i]->text, e->text)) return yaml_fail(e, err, "this key id is named twice");
    return true;
}

static bool check_key_ids(const YamlNode *map, const char *key, YamlNode **list, Err *err) {
    if (!yaml_want_seq(map, key, true, list, err)) return false;
    if (!(*list)->n || (*list)->n > AUDIT_SIGNERS_MAX)
        return yaml_fail(*list, err, "'%s' must name 1 to %d key ids", key, AUDIT_SIGNERS_MAX);
    for (size_t i = 0; i < (*list)->n; i++)
        if (!check_key_id(*list, i, err)) return false;
    return true;
}

static bool check_not_same_as(const YamlNode *verdict, Err *err) {
    YamlNode *list = NULL;
    if (!yaml_want_seq(verdict, "not_same_as", false, &list, err)) return false;
    for (size_t i = 0; list && i < list->n; i++)
        if (list->items[i]->kind != YKIND_STR || !str_eqz(list->items[i]->text, "runner"))
            return yaml_fail(list->items[i], err, "'not_same_as' may name 'runner': whoever closed a run of the audit");
    return true;
}

static bool check_verdict(const YamlNode *signers, Err *err) {
    static const char *const known[] = {"need", "of", "not_same_as", NULL};
    YamlNode *verdict = NULL, *of = NULL;
    int64_t need;
    if (!yaml_want_map(signers, "verdict", false, &verdict, err)) return false;
    if (!verdict) return true;
    return yaml_check_keys(verdict, "'signers.verdict'", known, err) && check_key_ids(verdict, "of", &of, err) &&
           yaml_want_int(verdict, "need", true, 1, (int64_t)of->n, &need, err) && check_not_same_as(verdict, err);
}

/* Every entry is a condition: one that is misread would be one that nobody has to meet. */
bool audit_plan_check_signers(const YamlNode *root, Err *err) {
    static const char *const known[] = {"plan", "verdict", NULL};
    YamlNode *signers = NULL, *plan = NULL;
    if (!yaml_want_map(root, "signers", false, &signers, err)) return false;
    if (!signers) return true;
    if (!yaml_check_keys(signers, "'signers'", known, err)) return false;
    if (yaml_get(signers, "plan") && !check_key_ids(signers, "plan", &plan, err)) return false;
    return check_verdict(signers, err);
}
