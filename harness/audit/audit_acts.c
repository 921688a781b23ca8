#include "harness/audit/audit_acts.h"

#include <string.h>

#include "engine/base/json.h"
#include "harness/yaml.h"
#include "reports/audit/audit_decisions.h"

static Str member(const Json *j, const char *key) {
    Str s = json_str(json_get(j, key));
    return s.p ? s : STR("");
}

/* ---- the choice ---- */

static bool add_word(AuditChoice *c, const char **v, Arena *a, Str category, const YamlNode *verdict, Err *err) {
    if (verdict->kind != YKIND_STR)
        return yaml_fail(verdict, err, "a verdict is below, at_or_above or cannot_rule_out");
    Str word = str_printf(a, STR_FMT "=" STR_FMT, STR_ARG(category), STR_ARG(verdict->text));
    if (!word.p) return err_nomem(err);
    v[c->n++] = word.p;
    return true;
}

bool audit_choice_load(const char *path, Arena *a, AuditChoice *c, Err *err) {
    static const char *const known[] = {"verdict", "reason", "by", NULL};
    YamlNode *root = NULL;
    *c = (AuditChoice){0};
    if (!yaml_load(path, a, &root, NULL, err) || !yaml_check_keys(root, "a decision", known, err) ||
        !yaml_want_str(root, "reason", false, &c->reason, err) || !yaml_want_str(root, "by", false, &c->by, err))
        return false;
    const YamlNode *verdict = yaml_get(root, "verdict");
    if (!verdict) return yaml_fail(root, err, "missing key 'verdict'");
    const char **v = arena_array(a, (verdict->kind == YKIND_MAP ? verdict->n : 1) + 1, sizeof *v);
    if (!v) return err_nomem(err);
    c->verdicts = v;
    if (verdict->kind == YKIND_STR && str_eqz(verdict->text, "agree")) {
        v[c->n++] = "agree";
        return true;
    }
    if (verdict->kind != YKIND_MAP || !verdict->n)
        return yaml_fail(verdict, err, "'verdict' must be agree, or a map of categories to verdicts");
    for (size_t i = 0; i < verdict->n; i++)
        if (!add_word(c, v, a, verdict->keys[i].text, verdict->items[i], err)) return false;
    return true;
}

bool audit_text_check(const char *what, Str s, size_t max, Err *err) {
    if (s.n > max) return err_set(err, ERR_INPUT, "%s: it has %zu bytes, and %zu are allowed", what, s.n, max);
    if (!utf8_valid(s)) return err_set(err, ERR_INPUT, "%s: it is not valid UTF-8", what);
    for (size_t i = 0; i < s.n; i++)
        if (((unsigned char)s.p[i] < ' ' && s.p[i] != '\n') || s.p[i] == 127)
            return err_set(err, ERR_INPUT, "%s: it has a control character at byte %zu", what, i + 1);
    return true;
}

/* ---- deciding ---- */

static AuditDecided *machine(const AuditDir *d, size_t *n, Err *err) {
    const Json *list = json_get(d->card_json, "verdicts");
    AuditDecided *v = arena_array(d->arena, json_count(list) + 1, sizeof *v);
    *n = 0;
    if (!v) err_nomem(err);
    for (const Json *j = json_first(list); v && j; j = json_next(j))
        v[(*n)++] = (AuditDecided){member(j, "category"), member(j, "verdict")};
    return v;
}

static bool no_category(const AuditDecided *v, size_t n, Str name, Arena *a, Err *err) {
    Buf b;
    buf_init(&b, 1000);
    for (size_t i = 0; i < n; i++) buf_addf(&b, "%s" STR_FMT, i ? ", " : "", STR_ARG(v[i].category));
    char *have = str_cstr(a, buf_str(&b));
    buf_release(&b);
    return err_set(err, ERR_INPUT, "--verdict: the scorecard has no category '" STR_FMT "', but %s",
                   STR_ARG(str_sub(name, 0, 60)), have ? have : "others");
}

static bool take(AuditDecided *v, size_t n, const char *word, Arena *a, bool *departs, Err *err) {
    Str w = str_from(word);
    size_t eq = str_find(w, STR("="), 0), i = 0;
    if (eq == SIZE_MAX)
        return err_set(err, ERR_INPUT, "--verdict %.60s: expected agree, or CATEGORY=below|at-or-above|cannot-rule-out",
                       word);
    Str name = str_sub(w, 0, eq);
    const char *verdict = audit_verdict_word(str_sub(w, eq + 1, w.n));
    while (i < n && !str_eq(v[i].category, name)) i++;
    if (i == n) return no_category(v, n, name, a, err);
    if (!verdict)
        return err_set(err, ERR_INPUT, "--verdict %.60s: expected below, at-or-above or cannot-rule-out", word);
    *departs = *departs || !str_eqz(v[i].verdict, verdict);
    v[i].verdict = str_from(verdict);
    return true;
}

static bool decision_body(void *ctx, AuditDir *d, Str *body, Err *err) {
    const AuditChoice *c = ctx;
    bool departs = false;
    size_t n;
    AuditDecided *v = machine(d, &n, err);
    if (!v) return false;
    if (c->n == 1 && strcmp(c->verdicts[0], "agree") == 0) {
        /* the machine's, as they are */
    } else {
        for (size_t i = 0; i < c->n; i++)
            if (!take(v, n, c->verdicts[i], d->arena, &departs, err)) return false;
    }
    if (departs && !str_trim(c->reason).n)
        return err_set(err, ERR_INPUT, "the decision departs from the machine's verdict: say why (--reason TEXT)");
    char *sum = str_cstr(d->arena, member(d->lines.v[AUDIT_LOG_HEAD - 1].json, "scorecard_sha256"));
    return sum ? audit_decision_body(sum, v, n, c->reason, c->by, d->arena, body, err) : err_nomem(err);
}

bool audit_decide(AuditDir *d, const char *dir, const AuditChoice *c, const SealSecret *key, Err *err) {
    return audit_text_check("--reason", c->reason, AUDIT_REASON_MAX, err) &&
           audit_text_check("--by", c->by, AUDIT_BY_MAX, err) &&
           audit_dir_append(d, dir, "decision", decision_body, (void *)c, key, err);
}

/* ---- signing the verdict ---- */

static bool has_id(const Json *list, const char *id) {
    for (const Json *e = json_first(list); e; e = json_next(e))
        if (str_eqz(json_str(e), id)) return true;
    return false;
}

static bool may_sign(const AuditDir *d, const char *id, Err *err) {
    const Json *v = json_get(json_get(json_get(d->card_json, "plan"), "signers"), "verdict");
    for (size_t i = AUDIT_LOG_HEAD - 1; i < d->lines.n; i++)
        if (str_eqz(d->lines.v[i].type, "verdict") && strcmp(d->lines.v[i].by.id, id) == 0)
            return err_set(err, ERR_INPUT, "key %s has signed this verdict already (log.jsonl line %zu)", id, i + 1);
    if (v && !has_id(json_get(v, "of"), id))
        return err_set(err, ERR_INPUT, "key %s is not one of those that the plan names (signers.verdict.of)", id);
    const Json *runs = json_get(json_get(d->card_json, "header"), "runs");
    for (const Json *r = json_first(runs); has_id(json_get(v, "not_same_as"), "runner") && r; r = json_next(r))
        if (str_eqz(member(r, "closed_by"), id))
            return err_set(err, ERR_INPUT,
                           "key %s closed the run of '" STR_FMT "', and by the plan whoever ran it does not sign the "
                           "verdict (signers.verdict.not_same_as)",
                           id, STR_ARG(member(r, "role")));
    return true;
}

static bool verdict_body(void *ctx, AuditDir *d, Str *body, Err *err) {
    const SealSecret *key = ctx;
    const Json *first = d->lines.v[AUDIT_LOG_HEAD - 1].json;
    int64_t status = 0;
    if (!may_sign(d, seal_secret_public(key)->id, err)) return false;
    json_int(json_get(first, "status"), 0, 5, &status);
    *body = str_printf(d->arena, "{\"scorecard_sha256\":\"" STR_FMT "\",\"status\":%d}",
                       STR_ARG(member(first, "scorecard_sha256")), (int)status);
    return body->p || err_nomem(err);
}

bool audit_countersign(AuditDir *d, const char *dir, const SealSecret *key, Err *err) {
    return audit_dir_append(d, dir, "verdict", verdict_body, (void *)key, key, err);
}

/* ---- where it stands ---- */

static bool join(const Json *list, Arena *a, Str *out, Err *err) {
    Buf b;
    buf_init(&b, 4096);
    buf_add(&b, "", 0);
    for (const Json *e = json_first(list); e; e = json_next(e))
        buf_addf(&b, "%s" STR_FMT, b.n ? ", " : "", STR_ARG(json_str(e)));
    *out = b.failed ? (Str){0} : str_dup(a, b.n ? buf_str(&b) : STR(""));
    buf_release(&b);
    return out->p || err_nomem(err);
}

bool audit_standing(const AuditDir *d, AuditStanding *s, Err *err) {
    Json *j = NULL;
    *s = (AuditStanding){0};
    if (!json_parse(buf_str(&d->decisions), &j, err)) return false;
    const Json *v = json_get(j, "verdict");
    json_int(json_get(v, "need"), 0, INT64_MAX, &s->need);
    json_int(json_get(v, "have"), 0, INT64_MAX, &s->have);
    json_bool(json_get(v, "met"), &s->met);
    for (const Json *e = json_first(json_get(j, "decisions")); e; e = json_next(e)) {
        s->n_decisions++;
        json_bool(json_get(e, "departs"), &s->departs);
    }
    s->why = str_dup(d->arena, member(v, "why"));
    bool ok = s->why.p ? join(json_get(v, "waiting_for"), d->arena, &s->waiting_for, err) : err_nomem(err);
    json_close(j);
    return ok;
}
