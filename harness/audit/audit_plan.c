#include "harness/audit/audit_plan.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/base/hash.h"
#include "engine/base/json.h"
#include "harness/audit/audit_plan_indicators.h"
#include "harness/audit/audit_plan_signers.h"
#include "harness/yaml.h"
#include "reports/audit/audit_check.h"
#include "reports/audit/audit_statement.h"
#include "reports/seal/seal_sign.h"

#define PLAN_MAX_BYTES ((size_t)8 << 20)
#define FILE_MAX_BYTES ((size_t)64 << 20) /* with the plans before it */

/* ---- checking ---- */

/* Integrity checks that must be done. */
static bool check_checks(const YamlNode *root, Err *err) {
    static const char *const known[] = {"required", NULL};
    YamlNode *map = NULL, *list = NULL;
    if (!yaml_want_map(root, "checks", false, &map, err)) return false;
    if (!map) return true;
    if (!yaml_check_keys(map, "checks", known, err) || !yaml_want_seq(map, "required", true, &list, err)) return false;
    for (size_t i = 0; i < list->n; i++) {
        Str id = list->items[i]->kind == YKIND_STR ? list->items[i]->text : (Str){0};
        if (!audit_check_find(id))
            return yaml_fail(list->items[i], err,
                             "'" STR_FMT "' is no integrity check (suites/policies/README.md lists them)",
                             STR_ARG(str_sub(id, 0, 60)));
    }
    return true;
}

/* A plan that takes the place of another says of which, and why. */
static bool check_supersedes(const YamlNode *root, Err *err) {
    Str digest = {0}, reason = {0};
    if (!yaml_want_str(root, "supersedes", false, &digest, err) || !yaml_want_str(root, "reason", false, &reason, err))
        return false;
    bool hex = digest.n == 64;
    for (size_t i = 0; hex && i < digest.n; i++)
        hex = (digest.p[i] >= '0' && digest.p[i] <= '9') || (digest.p[i] >= 'a' && digest.p[i] <= 'f');
    if (digest.p && !hex)
        return yaml_fail(yaml_get(root, "supersedes"), err,
                         "'supersedes' must be the digest of the earlier plan, 64 hex digits (assay audit sign prints "
                         "it)");
    if (digest.p && !str_trim(reason).n) return yaml_fail(root, err, "a plan that supersedes another needs a 'reason'");
    return digest.p || !reason.p ||
           yaml_fail(yaml_get(root, "reason"), err,
                     "'reason' is why a plan supersedes another: name it by 'supersedes'");
}

static bool check(const YamlNode *root, Err *err) {
    static const char *const known[] = {
        "audit", "question", "models", "confidence", "multiplicity", "unscored_max", "arms",   "indicators",
        "logic", "signers",  "seed",   "limits",     "supersedes",   "reason",       "checks", NULL};
    static const char *const multiplicity[] = {"none", "bonferroni", "holm", NULL};
    Str text = {0};
    int m;
    double x;
    int64_t seed;
    return yaml_check_keys(root, "an audit plan", known, err) && yaml_want_str(root, "audit", true, &text, err) &&
           yaml_want_str(root, "question", true, &text, err) && audit_plan_check_models(root, err) &&
           yaml_want_num(root, "confidence", true, 0.5, 0.999999, &x, err) &&
           yaml_want_enum(root, "multiplicity", true, multiplicity, &m, err) &&
           yaml_want_num(root, "unscored_max", true, 0.0, 1.0, &x, err) &&
           yaml_want_int(root, "seed", true, 0, INT64_MAX, &seed, err) && audit_plan_check_indicators(root, err) &&
           audit_plan_check_signers(root, err) && check_checks(root, err) && check_supersedes(root, err);
}

/* ---- signatures ---- */

static bool unregistered(AuditPlan *p, const char *why) {
    p->registered = false;
    p->signed_at = (Str){0};
    snprintf(p->why, sizeof p->why, "%s", why);
    return true;
}

static bool note_keys(AuditPlan *p, const SealPublic *by, size_t n, Arena *a, Err *err) {
    Buf b;
    buf_init(&b, 4096);
    buf_addc(&b, '[');
    for (size_t i = 0; i < n; i++) buf_addf(&b, "%s\"%s\"", i ? "," : "", by[i].id);
    buf_addc(&b, ']');
    p->keys = b.failed ? (Str){0} : str_dup(a, buf_str(&b));
    buf_release(&b);
    return p->keys.p || err_nomem(err);
}

/* Keys of signers.plan, each of which must have signed; without that list any one. */
static bool signers_met(const AuditPlan *p, const SealPublic *by, size_t n, bool *out, Err *err) {
    Json *j = NULL;
    if (!json_parse(p->canonical, &j, err)) return false;
    const Json *list = json_get(json_get(j, "signers"), "plan");
    bool met = n > 0;
    for (const Json *c = json_first(list); c; c = json_next(c)) {
        bool found = false;
        for (size_t i = 0; i < n; i++) found = found || str_eqz(json_str(c), by[i].id);
        met = met && found;
    }
    json_close(j);
    *out = met;
    return true;
}

static bool check_signatures(AuditPlan *p, const Json *list, Arena *a, Err *err) {
    SealPublic by[AUDIT_SIGNERS_MAX];
    size_t n = 0;
    for (const Json *c = json_first(list); c; c = json_next(c)) {
        if (n == AUDIT_SIGNERS_MAX) return unregistered(p, "the plan has too many signatures");
        Buf b;
        Err why = ERR_INIT;
        buf_init(&b, PLAN_MAX_BYTES);
        bool ok = audit_canonical(c, &b, &why) && audit_statement_check(buf_str(&b), "plan", a, &by[n], &why);
        buf_release(&b);
        if (why.code == ERR_MEMORY) return err_nomem(err);
        if (!ok) return unregistered(p, why.code ? why.msg : "a signature is damaged");
        if (!str_eqz(json_str(json_get(c, "plan_sha256")), p->sha256))
            return unregistered(p, "the plan was changed after it was signed");
        Str at = json_str(json_get(c, "at"));
        if (!p->signed_at.p || str_cmp(at, p->signed_at) > 0) p->signed_at = str_dup(a, at);
        if (!p->signed_at.p) return err_nomem(err);
        n++;
    }
    if (!n) return unregistered(p, "the plan is not signed");
    if (!note_keys(p, by, n, a, err) || !signers_met(p, by, n, &p->registered, err)) return false;
    return p->registered || unregistered(p, "a signer whom the plan names has not signed it");
}

/* ---- loading ---- */

static bool take(AuditPlan *p, Str json, Arena *a, Err *err) {
    if (!audit_canonical_text(json, a, &p->canonical, err)) return false;
    sha256_of(p->canonical, p->sha256);
    return true;
}

/* The checked plan's own word for the one before it. */
static bool note_supersedes(AuditPlan *p, const YamlNode *root, Arena *a, Err *err) {
    Str before = {0};
    if (!yaml_want_str(root, "supersedes", false, &before, err)) return false;
    if (before.p) p->supersedes = str_dup(a, before);
    return !before.p || p->supersedes.p || err_nomem(err);
}

static bool take_signatures(AuditPlan *p, const Json *list, Arena *a, Err *err) {
    Buf b;
    if (!check_signatures(p, list, a, err)) return false;
    buf_init(&b, PLAN_MAX_BYTES);
    bool ok = !list || audit_canonical(list, &b, err);
    if (ok) p->signatures = b.n ? str_dup(a, buf_str(&b)) : STR("[]");
    buf_release(&b);
    return ok && (p->signatures.p || err_nomem(err));
}

bool audit_plan__from_json(const char *path, const Json *file, Arena *a, AuditPlan *p, Err *err) {
    Buf plan;
    YamlNode *root = NULL;
    YamlDoc *doc = arena_alloc(a, sizeof *doc);
    *p = (AuditPlan){.signatures = STR("[]"), .keys = STR("[]")};
    if (!doc) return err_nomem(err);
    *doc = (YamlDoc){path, "."};
    buf_init(&plan, PLAN_MAX_BYTES);
    bool ok = (json_get(file, "plan") || err_set(err, ERR_INPUT, "%s is no signed plan: missing key 'plan'", path)) &&
              audit_canonical(json_get(file, "plan"), &plan, err) && take(p, buf_str(&plan), a, err) &&
              yaml_parse(p->canonical, doc, a, &root, err) && check(root, err) && note_supersedes(p, root, a, err) &&
              take_signatures(p, json_get(file, "signatures"), a, err);
    buf_release(&plan);
    return ok;
}

static bool load_signed(const char *path, Str text, Arena *a, AuditPlan *p, Err *err) {
    Json *j = NULL;
    if (!json_parse(text, &j, err)) return err_wrap_file(err, path);
    bool ok = str_eqz(json_str(json_get(j, "format")), AUDIT_PLAN_FORMAT) ||
              err_set(err, ERR_INPUT, "%s is no signed plan: 'format' must be '" AUDIT_PLAN_FORMAT "'", path);
    ok = ok && audit_plan__from_json(path, j, a, p, err) &&
         audit_plan__read_earlier(p, path, json_get(j, "earlier"), a, err);
    json_close(j);
    return ok;
}

static bool load_yaml(const char *path, Str text, Arena *a, AuditPlan *p, Err *err) {
    YamlNode *root = NULL;
    Buf json;
    YamlDoc *doc = arena_alloc(a, sizeof *doc);
    if (!doc) return err_nomem(err);
    *doc = (YamlDoc){path, "."};
    if (!yaml_parse(text, doc, a, &root, err) || !check(root, err)) return false;
    buf_init(&json, PLAN_MAX_BYTES);
    yaml_to_json(root, &json);
    bool ok = (!json.failed || err_nomem(err)) && take(p, buf_str(&json), a, err) && note_supersedes(p, root, a, err);
    buf_release(&json);
    return ok && unregistered(p, "the plan is not signed");
}

bool audit_plan_parse(const char *path, Str text, Arena *a, AuditPlan *p, Err *err) {
    *p = (AuditPlan){.signatures = STR("[]"), .keys = STR("[]")};
    path = arena_strdup(a, path);
    if (!path) return err_nomem(err);
    return str_starts(str_trim(text), STR("{")) ? load_signed(path, text, a, p, err) : load_yaml(path, text, a, p, err);
}

bool audit_plan_load(const char *path, Arena *a, AuditPlan *p, Err *err) {
    Buf text;
    *p = (AuditPlan){.signatures = STR("[]"), .keys = STR("[]")};
    buf_init(&text, FILE_MAX_BYTES);
    bool ok = file_read(path, &text, err) && audit_plan_parse(path, buf_str(&text), a, p, err);
    buf_release(&text);
    return ok;
}

/* ---- writing ---- */

static bool write_file(const AuditPlan *p, Str statement, Arena *a, Buf *out, Err *err) {
    Str old = str_sub(p->signatures, 0, p->signatures.n - 1), text;
    Buf b;
    buf_init(&b, FILE_MAX_BYTES);
    buf_adds(&b, "{\"format\":\"" AUDIT_PLAN_FORMAT "\",");
    audit_plan__write_earlier(p, &b);
    buf_adds(&b, "\"plan\":");
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
