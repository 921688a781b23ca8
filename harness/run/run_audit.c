/* A run that an audit may count: its plan stands in the header from the beginning, and what is stored is closed at the
 * end (reports/audit/audit_close.h). */
#include "harness/audit/audit_plan.h"
#include "harness/manifest.h"
#include "harness/run/run_internal.h"
#include "harness/secrecy.h"
#include "reports/audit/audit_close.h"
#include "reports/seal/seal_sign.h"

bool run__audit_check(Run *r, Err *err) {
    const char *key = r->o->audit_key;
    if (!key) return true;
    return secrecy_begin(err) && (sign_secret_load(key, &r->audit_key, err) || err_wrap(err, "--audit-key"));
}

/* Only from the beginning: what was run without a plan was not run to it. */
bool run__audit_begin(Run *r, Err *err) {
    AuditPlan p;
    Str there;
    if (!store_manifest_get(r->store, "audit_plan", r->arena, &there, err)) return false;
    if (r->o->audit_key && !r->o->audit_plan && !there.p)
        return err_set(err, ERR_INPUT, "--audit-key signs the runs of an audit: name its plan (--audit-plan)");
    if (!r->o->audit_plan) return true;
    if (!audit_plan_load(r->o->audit_plan, r->arena, &p, err)) return false;
    if (!p.registered)
        return err_set(err, ERR_INPUT, "--audit-plan %s: %s (assay audit sign)", r->o->audit_plan, p.why);
    Str json =
        str_printf(r->arena, "{\"sha256\":\"%s\",\"signed_at\":\"" STR_FMT "\"}", p.sha256, STR_ARG(p.signed_at));
    if (!there.p && !r->fresh)
        return err_set(err, ERR_INPUT, "--audit-plan: %s was begun without a plan; begin a new run", r->dir);
    return manifest_agree(r->store, "audit_plan", json, r->arena, err);
}

bool run__audit_end(Run *r, Err *err) {
    Str plan, there, close;
    Json *j = NULL;
    if (!store_manifest_get(r->store, "audit_plan", r->arena, &plan, err) ||
        !store_manifest_get(r->store, "run_close", r->arena, &there, err))
        return false;
    if (!plan.p || there.p) return true;
    if (!json_parse(plan, &j, err)) return false;
    bool ok = audit_close_make(r->store, json_str(json_get(j, "sha256")), r->audit_key, r->arena, &close, err) &&
              store_manifest_put(r->store, "run_close", close, err);
    json_close(j);
    return ok;
}
