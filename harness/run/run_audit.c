/* A run that an audit may count: its plan stands in the header from the beginning, and what is stored is closed at the
 * end (reports/audit/audit_close.h). */
#include "engine/base/json.h"
#include "harness/audit/audit_plan.h"
#include "harness/manifest.h"
#include "harness/run/run_internal.h"
#include "harness/secrecy.h"
#include "reports/audit/audit_close.h"
#include "reports/seal/seal_sign.h"

static bool load_plan(Run *r, Err *err) {
    AuditPlan p;
    if (!audit_plan_load(r->o->audit_plan, r->arena, &p, err)) return false;
    if (!p.registered)
        return err_set(err, ERR_INPUT, "--audit-plan %s: %s (assay audit sign)", r->o->audit_plan, p.why);
    r->audit_plan =
        str_printf(r->arena, "{\"sha256\":\"%s\",\"signed_at\":\"" STR_FMT "\"}", p.sha256, STR_ARG(p.signed_at));
    return r->audit_plan.p || err_nomem(err);
}

static bool load_key(Run *r, Err *err) {
    return secrecy_begin(err) &&
           (sign_secret_load(r->o->audit_key, &r->audit_key, err) || err_wrap(err, "--audit-key"));
}

bool run__audit_check(Run *r, Err *err) {
    Str there = {0};
    if (r->o->audit_plan && !load_plan(r, err)) return false;
    if (r->store && !store_manifest_get(r->store, "audit_plan", r->arena, &there, err)) return false;
    if (r->o->audit_key && !r->audit_plan.p && !there.p)
        return err_set(err, ERR_INPUT, "--audit-key signs the runs of an audit: name its plan (--audit-plan)");
    return !r->o->audit_key || load_key(r, err);
}

/* Only from the beginning: what was run without a plan was not run to it. */
bool run__audit_begin(Run *r, Err *err) {
    Str there;
    if (!r->audit_plan.p) return true;
    if (!store_manifest_get(r->store, "audit_plan", r->arena, &there, err)) return false;
    if (!there.p && !r->fresh)
        return err_set(err, ERR_INPUT, "--audit-plan: %s was begun without a plan; begin a new run", r->dir);
    return manifest_agree(r->store, "audit_plan", r->audit_plan, r->arena, err);
}

/* ---- the close ---- */

/* *plan absent: the run was not begun to one. */
static bool read_plan(const Run *r, Str *plan, Err *err) {
    Str text;
    Json *j = NULL;
    *plan = (Str){0};
    if (!store_manifest_get(r->store, "audit_plan", r->arena, &text, err)) return false;
    if (!text.p) return true;
    if (!json_parse(text, &j, err)) return err_wrap(err, "manifest entry 'audit_plan'");
    Str sha = json_str(json_get(j, "sha256"));
    *plan = str_dup(r->arena, sha.p ? sha : STR(""));
    json_close(j);
    return plan->p || err_nomem(err);
}

/* A new close says that what is there is what was run. Of answers that were changed nobody can say that; scores are all
 * made again. */
bool run__audit_rescore(Run *r, Err *err) {
    Str plan;
    AuditClose c;
    if (!run__audit_check(r, err) || !read_plan(r, &plan, err)) return false;
    if (!plan.p) return true;
    if (!audit_close_check(r->store, plan, r->arena, &c, err)) return false;
    if (c.state == CLOSE_NONE)
        return !r->audit_key || err_set(err, ERR_INPUT,
                                        "--audit-key: %s was never closed, so nobody can tell whether its answers are "
                                        "those that were run; finish it first (assay run --resume %s)",
                                        r->dir, r->dir);
    if (r->audit_key && !c.same_answers)
        return err_set(err, ERR_INPUT,
                       "--audit-key: the answers of %s were changed after it was closed; it is not closed again",
                       r->dir);
    r->close_again = c.same_answers && (r->audit_key || !c.signature);
    if (!r->close_again && c.signature && c.same_answers)
        fprintf(r->o->err,
                "assay: warning: the close of this run is signed, and does not fit scores that are made again: an "
                "audit will call it changed. To close it again: --audit-key FILE.key\n");
    return true;
}

static bool put_close(Run *r, Str plan, Err *err) {
    Str close;
    return audit_close_make(r->store, plan, r->audit_key, r->arena, &close, err) &&
           store_manifest_put(r->store, "run_close", close, err);
}

/* Closed once, when it ends; and again with a key, if it was closed without one and is as it was then. */
bool run__audit_end(Run *r, Err *err) {
    Str plan, there;
    AuditClose c;
    if (!read_plan(r, &plan, err) || !store_manifest_get(r->store, "run_close", r->arena, &there, err)) return false;
    if (!plan.p) return true;
    if (!there.p) return put_close(r, plan, err);
    if (!r->audit_key) return true;
    if (!audit_close_check(r->store, plan, r->arena, &c, err)) return false;
    if (c.state == CLOSE_UNSIGNED) return put_close(r, plan, err);
    return c.state == CLOSE_SIGNED ||
           err_set(err, ERR_INPUT, "--audit-key: %s was changed after it was closed; it is not closed again", r->dir);
}

bool run__audit_rescored(Run *r, Err *err) {
    Str plan;
    if (!r->close_again) return true;
    store_forget_keys(r->store); /* the close is of what an audit sees, without any key */
    if (!read_plan(r, &plan, err) || !put_close(r, plan, err)) return false;
    if (!r->o->quiet)
        fprintf(r->o->err, "assay: the run was closed again%s%s; an audit will say that it was scored again\n",
                r->audit_key ? " and signed by key " : "", r->audit_key ? seal_secret_public(r->audit_key)->id : "");
    return true;
}
