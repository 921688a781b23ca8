#include "harness/audit/audit_plan.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/base/hash.h"
#include "engine/base/json.h"
#include "harness/yaml.h"
#include "reports/audit/audit_statement.h"
#include "reports/seal/seal_sign.h"

#define PLAN_MAX_BYTES ((size_t)8 << 20)
enum { WHY_MIN = 200 };

static const char *const CATEGORIES[] = {"bio_chem",   "rad_nuc",   "cyber", "self_improve",
                                         "safeguards", "integrity", NULL};
static const char *const ROLES[] = {"base", "candidate", "adversarial", "reference", NULL};
static const char *const KINDS[] = {"rate", "paired_diff", NULL};
static const char *const METRICS[] = {
    "accuracy", "mcq_accuracy", "harmful_leak", "over_refusal", "refusal_rate", "safe_rate", NULL};

/* ---- checking ---- */

static bool check_models(const YamlNode *root, Err *err) {
    static const char *const known[] = {"file", "sha256", "role", "note", NULL};
    YamlNode *m = NULL;
    if (!yaml_want_map(root, "models", true, &m, err)) return false;
    if (!m->n) return yaml_fail(m, err, "'models' names no model");
    for (size_t i = 0; i < m->n; i++) {
        Str text = {0};
        int role;
        if (!yaml_check_keys(m->items[i], "a model", known, err) ||
            !yaml_want_str(m->items[i], "sha256", true, &text, err) ||
            !yaml_want_enum(m->items[i], "role", true, ROLES, &role, err))
            return false;
        if (text.n != 64) return yaml_fail(yaml_get(m->items[i], "sha256"), err, "'sha256' must have 64 hex digits");
    }
    return true;
}

static bool check_names(const YamlNode *root, const YamlNode *n, const char *key, size_t want, Err *err) {
    YamlNode *list = NULL, *models = yaml_get(root, "models");
    if (!yaml_want_seq(n, key, true, &list, err)) return false;
    if (want && list->n != want) return yaml_fail(list, err, "'%s' must name %zu models", key, want);
    for (size_t i = 0; i < list->n; i++) {
        char name[101];
        snprintf(name, sizeof name, STR_FMT, STR_ARG(str_sub(list->items[i]->text, 0, 100)));
        if (!yaml_get(models, name)) return yaml_fail(list->items[i], err, "'%s' names no model of this plan", name);
    }
    return true;
}

static bool check_metric(const YamlNode *n, int category, int metric, int kind, Err *err) {
    bool ability = metric < 2;
    if (category < 4 && !ability)
        return yaml_fail(yaml_get(n, "metric"), err,
                         "%s says nothing about %s: a refusal is removable; it belongs to category safeguards",
                         METRICS[metric], CATEGORIES[category]);
    if (kind == 0 && metric >= 4)
        return yaml_fail(yaml_get(n, "metric"), err, "%s rises towards safety; a rate is harmful_leak or over_refusal",
                         METRICS[metric]);
    return kind == 0 || metric >= 4 ||
           yaml_fail(yaml_get(n, "metric"), err, "a paired_diff is of refusal_rate or safe_rate");
}

static bool check_indicator(const YamlNode *root, const YamlNode *n, Err *err) {
    static const char *const known[] = {"id",    "category", "kind",   "metric", "suite", "n_min",  "threshold",
                                        "worse", "arms",     "models", "source", "of",    "margin", NULL};
    static const char *const worse[] = {"higher", NULL};
    Str text = {0};
    int category, kind, metric, side = 0;
    int64_t n_min;
    double limit;
    if (!yaml_check_keys(n, "an indicator", known, err) || !yaml_want_str(n, "id", true, &text, err) ||
        !yaml_want_enum(n, "category", true, CATEGORIES, &category, err) ||
        !yaml_want_enum(n, "kind", true, KINDS, &kind, err) ||
        !yaml_want_enum(n, "metric", true, METRICS, &metric, err) || !yaml_want_str(n, "suite", true, &text, err) ||
        !check_metric(n, category, metric, kind, err))
        return false;
    if (kind == 1)
        return check_names(root, n, "of", 2, err) && yaml_want_num(n, "margin", true, 1e-6, 1.0, &limit, err);
    return yaml_want_enum(n, "worse", true, worse, &side, err) &&
           yaml_want_int(n, "n_min", true, 1, 1000000000, &n_min, err) &&
           yaml_want_num(n, "threshold", true, 0.0, 1.0, &limit, err) && check_names(root, n, "models", 0, err) &&
           yaml_want_str(n, "source", true, &text, err);
}

static bool check_indicators(const YamlNode *root, Err *err) {
    YamlNode *list = NULL;
    if (!yaml_want_seq(root, "indicators", true, &list, err)) return false;
    if (!list->n) return yaml_fail(list, err, "'indicators' is empty");
    for (size_t i = 0; i < list->n; i++) {
        if (!check_indicator(root, list->items[i], err)) return false;
        for (size_t k = 0; k < i; k++)
            if (str_eq(yaml_get(list->items[k], "id")->text, yaml_get(list->items[i], "id")->text))
                return yaml_fail(list->items[i], err, "two indicators have this id");
    }
    return true;
}

static bool check_logic(const YamlNode *root, Err *err) {
    static const char *const known[] = {"rule", "needs", "why", NULL};
    static const char *const rules[] = {"all_below", "bottleneck", NULL};
    YamlNode *m = NULL, *needs = NULL;
    if (!yaml_want_map(root, "logic", false, &m, err)) return false;
    for (size_t i = 0; m && i < m->n; i++) {
        Str why = {0};
        int rule;
        if (!yaml_check_keys(m->items[i], "the logic of a category", known, err) ||
            !yaml_want_enum(m->items[i], "rule", true, rules, &rule, err))
            return false;
        if (rule == 0) continue;
        if (!yaml_want_seq(m->items[i], "needs", true, &needs, err) ||
            !yaml_want_str(m->items[i], "why", true, &why, err))
            return false;
        if (why.n < WHY_MIN)
            return yaml_fail(yaml_get(m->items[i], "why"), err,
                             "'why' must say in %d letters or more why one indicator decides", WHY_MIN);
    }
    return true;
}

static bool check(const YamlNode *root, Err *err) {
    static const char *const known[] = {"audit",        "question", "models",     "confidence", "multiplicity",
                                        "unscored_max", "arms",     "indicators", "logic",      "signers",
                                        "seed",         "limits",   "supersedes", "reason",     NULL};
    static const char *const multiplicity[] = {"none", "bonferroni", "holm", NULL};
    Str text = {0};
    int m;
    double x;
    int64_t seed;
    YamlNode *list = NULL;
    return yaml_check_keys(root, "an audit plan", known, err) && yaml_want_str(root, "audit", true, &text, err) &&
           yaml_want_str(root, "question", true, &text, err) && check_models(root, err) &&
           yaml_want_num(root, "confidence", true, 0.5, 0.999999, &x, err) &&
           yaml_want_enum(root, "multiplicity", true, multiplicity, &m, err) &&
           yaml_want_num(root, "unscored_max", true, 0.0, 1.0, &x, err) &&
           yaml_want_seq(root, "arms", true, &list, err) &&
           yaml_want_int(root, "seed", true, 0, INT64_MAX, &seed, err) && check_indicators(root, err) &&
           check_logic(root, err);
}

/* ---- signatures ---- */

static bool unregistered(AuditPlan *p, const char *why) {
    p->registered = false;
    p->signed_at = (Str){0};
    snprintf(p->why, sizeof p->why, "%s", why);
    return true;
}

/* Keys of signers.plan, each of which must have signed; without that list any one. */
static bool signers_met(const AuditPlan *p, const SealPublic *by, size_t n) {
    Json *j = NULL;
    Err ignored = ERR_INIT;
    if (!json_parse(p->canonical, &j, &ignored)) return false;
    const Json *list = json_get(json_get(j, "signers"), "plan");
    bool met = n > 0;
    for (const Json *c = json_first(list); c; c = json_next(c)) {
        bool found = false;
        for (size_t i = 0; i < n; i++) found = found || str_eqz(json_str(c), by[i].id);
        met = met && found;
    }
    json_close(j);
    return met;
}

static bool check_signatures(AuditPlan *p, const Json *list, Arena *a, Err *err) {
    SealPublic by[64];
    size_t n = 0;
    for (const Json *c = json_first(list); c && n < 64; c = json_next(c)) {
        Buf b;
        Err why = ERR_INIT;
        buf_init(&b, PLAN_MAX_BYTES);
        bool ok = audit_canonical(c, &b, err) && audit_statement_check(buf_str(&b), "plan", a, &by[n], &why);
        buf_release(&b);
        if (!ok) return unregistered(p, why.code ? why.msg : "a signature is damaged");
        if (!str_eqz(json_str(json_get(c, "plan_sha256")), p->sha256))
            return unregistered(p, "the plan was changed after it was signed");
        Str at = json_str(json_get(c, "at"));
        if (!p->signed_at.p || str_cmp(at, p->signed_at) > 0) p->signed_at = str_dup(a, at);
        n++;
    }
    if (!n) return unregistered(p, "the plan is not signed");
    p->registered = signers_met(p, by, n);
    return p->registered || unregistered(p, "a signer whom the plan names has not signed it");
}

/* ---- loading ---- */

static bool take(AuditPlan *p, Str json, Arena *a, Err *err) {
    if (!audit_canonical_text(json, a, &p->canonical, err)) return false;
    sha256_of(p->canonical, p->sha256);
    return true;
}

static bool load_signed(const char *path, Str text, Arena *a, AuditPlan *p, Err *err) {
    Json *j = NULL;
    Buf plan;
    YamlNode *root = NULL;
    YamlDoc *doc = arena_alloc(a, sizeof *doc);
    if (!doc) return err_nomem(err);
    *doc = (YamlDoc){path, "."};
    if (!json_parse(text, &j, err)) return err_wrap_file(err, path);
    buf_init(&plan, PLAN_MAX_BYTES);
    bool ok = json_get(j, "plan") || err_set(err, ERR_INPUT, "%s is no signed plan: missing key 'plan'", path);
    ok = ok && audit_canonical(json_get(j, "plan"), &plan, err) && take(p, buf_str(&plan), a, err) &&
         yaml_parse(p->canonical, doc, a, &root, err) && check(root, err);
    buf_clear(&plan);
    if (ok) {
        ok = check_signatures(p, json_get(j, "signatures"), a, err);
        buf_clear(&plan);
        if (ok && json_get(j, "signatures")) ok = audit_canonical(json_get(j, "signatures"), &plan, err);
        p->signatures = ok && plan.n ? str_dup(a, buf_str(&plan)) : STR("[]");
    }
    buf_release(&plan);
    json_close(j);
    return ok;
}

bool audit_plan_load(const char *path, Arena *a, AuditPlan *p, Err *err) {
    YamlNode *root = NULL;
    Buf text, json;
    *p = (AuditPlan){.signatures = STR("[]")};
    buf_init(&text, PLAN_MAX_BYTES);
    if (!file_read(path, &text, err)) {
        buf_release(&text);
        return false;
    }
    if (str_starts(str_trim(buf_str(&text)), STR("{"))) {
        bool ok = load_signed(path, buf_str(&text), a, p, err);
        buf_release(&text);
        return ok;
    }
    buf_release(&text);
    if (!yaml_load(path, a, &root, NULL, err) || !check(root, err)) return false;
    buf_init(&json, PLAN_MAX_BYTES);
    yaml_to_json(root, &json);
    bool ok = (!json.failed || err_nomem(err)) && take(p, buf_str(&json), a, err);
    buf_release(&json);
    return ok && unregistered(p, "the plan is not signed");
}

/* ---- writing ---- */

static bool write_file(const AuditPlan *p, Str statement, Arena *a, Buf *out, Err *err) {
    Str old = str_sub(p->signatures, 0, p->signatures.n - 1), text;
    Buf b;
    buf_init(&b, PLAN_MAX_BYTES);
    buf_adds(&b, "{\"format\":\"" AUDIT_PLAN_FORMAT "\",\"plan\":");
    buf_addstr(&b, p->canonical);
    buf_adds(&b, ",\"signatures\":");
    buf_addstr(&b, old);
    if (old.n > 1 && statement.p) buf_addc(&b, ',');
    buf_addstr(&b, statement);
    buf_adds(&b, "]}");
    bool ok = (!b.failed || err_nomem(err)) && audit_canonical_text(buf_str(&b), a, &text, err);
    buf_release(&b);
    if (!ok) return false;
    buf_addstr(out, text);
    buf_addc(out, '\n');
    return !out->failed || err_nomem(err);
}

bool audit_plan_write(const AuditPlan *p, Arena *a, Buf *out, Err *err) {
    return write_file(p, (Str){0}, a, out, err);
}

bool audit_plan_sign(const AuditPlan *p, const char *key, Arena *a, Buf *out, Err *err) {
    SealSecret *s = NULL;
    char now[21];
    Str statement, body = str_printf(a, "{\"plan_sha256\":\"%s\"}", p->sha256);
    if (!body.p) return err_nomem(err);
    if (!sign_secret_load(key, &s, err)) return err_wrap(err, "--key");
    clock_utc(now);
    bool ok = audit_statement(s, "plan", now, body, a, &statement, err) && write_file(p, statement, a, out, err);
    seal_secret_close(s);
    return ok;
}
