#include "harness/audit/audit_unseal.h"

#include "engine/base/json.h"
#include "harness/audit/audit_acts.h"
#include "harness/secrecy.h"
#include "reports/audit/audit_decisions.h"
#include "reports/seal/seal_sign.h"

bool audit_opening_check(const AuditOpening *o, Err *err) {
    if (!o->audit && !o->why && !o->sign_key) return true;
    if (!o->audit)
        return err_set(err, ERR_INPUT, "%s: it is for the log of an audit; name its folder (--audit DIR)",
                       o->why ? "--why" : "--sign-key");
    if (!str_trim(str_from(o->why)).n)
        return err_set(err, ERR_INPUT, "--audit: say why the sealed texts are opened (--why TEXT)");
    return audit_text_check("--why", str_from(o->why), AUDIT_REASON_MAX, err);
}

/* ---- what the run says of itself ---- */

typedef struct Opening {
    RunStore *s;
    const char *dir;
    const AuditOpening *o;
    const AuditOpened *what;
    Arena *a;
    Json *plan, *started, *models, *keys; /* entries of the manifest; NULL if it has none */
    int64_t n;                            /* sealed samples that are opened */
} Opening;

static bool entry(Opening *u, const char *key, Json **out, Err *err) {
    Str text;
    if (!store_manifest_get(u->s, key, u->a, &text, err)) return false;
    return !text.p || json_parse(text, out, err) || err_wrap(err, "%s: manifest entry '%s'", u->dir, key);
}

static bool read_manifest(Opening *u, Err *err) {
    return entry(u, "audit_plan", &u->plan, err) && entry(u, "started_at", &u->started, err) &&
           entry(u, "models", &u->models, err) && entry(u, "seal_keys", &u->keys, err);
}

static bool count(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    Opening *u = ctx;
    (void)id, (void)rows, (void)n;
    u->n += r->sealed && (!u->what->item.p || str_eq(u->what->item, r->key.sample));
    return true;
}

/* ---- whether the audit judges it ---- */

static bool has_digest(const Opening *u, Str digest) {
    for (const Json *m = json_first(u->models); m; m = json_next(m))
        if (digest.n && str_eq(json_str(json_get(m, "digest")), digest)) return true;
    return false;
}

/* A run is known by when it was begun, by the plan that it names and by its weights. */
static bool is_this(const Opening *u, const Json *r) {
    Str plan = json_str(json_get(u->plan, "sha256")), theirs = json_str(json_get(r, "plan_sha256"));
    return str_eq(json_str(json_get(r, "started_at")), json_str(u->started)) &&
           str_eq(theirs.p ? theirs : STR(""), plan.p ? plan : STR("")) &&
           has_digest(u, json_str(json_get(r, "digest")));
}

/* "base, tuned": what the run is in the audit; "" if nothing. */
static bool roles(const Opening *u, const AuditDir *d, Str *out, Err *err) {
    const Json *header = json_get(d->lines.v[0].json, "header");
    Buf b;
    buf_init(&b, (size_t)1 << 20);
    buf_add(&b, "", 0);
    for (const Json *r = json_first(json_get(header, "runs")); r; r = json_next(r))
        if (is_this(u, r)) buf_addf(&b, "%s" STR_FMT, b.n ? ", " : "", STR_ARG(json_str(json_get(r, "role"))));
    *out = b.failed ? (Str){0} : str_dup(u->a, b.n ? buf_str(&b) : STR(""));
    buf_release(&b);
    return out->p || err_nomem(err);
}

/* ---- the line ---- */

static void member(JsonOut *o, const char *key, Str s) {
    json_out_key(o, key);
    json_out_str(o, s.p ? s : STR(""));
}

static bool body(void *ctx, AuditDir *d, Str *out, Err *err) {
    Opening *u = ctx;
    Str as;
    Buf b;
    JsonOut o;
    if (!roles(u, d, &as, err)) return false;
    if (!as.n) return err_set(err, ERR_INPUT, "--audit: %s judges other runs, and not %s", u->o->audit, u->dir);
    buf_init(&b, (size_t)1 << 20);
    json_out_init(&o, &b, 0);
    json_obj(&o);
    member(&o, "run", json_str(json_get(u->keys, "run")));
    member(&o, "models", as);
    member(&o, "opened_by", str_from(u->what->by->id));
    member(&o, "how", str_from(u->what->how));
    member(&o, "items", u->what->item.p ? u->what->item : STR("all"));
    json_out_key(&o, "n_samples"), json_out_int(&o, u->n);
    member(&o, "why", str_from(u->o->why));
    json_obj_end(&o);
    *out = b.failed ? (Str){0} : str_dup(d->arena, buf_str(&b));
    buf_release(&b);
    return out->p || err_nomem(err);
}

static bool append(Opening *u, size_t *line, Err *err) {
    AuditDir d;
    SealSecret *key = NULL;
    Arena *scratch = arena_open(0);
    audit_dir_init(&d, u->a);
    bool ok = (scratch || err_nomem(err)) && store_each(u->s, false, scratch, count, u, err);
    ok = ok && (!u->o->sign_key ||
                (secrecy_begin(err) && (sign_secret_load(u->o->sign_key, &key, err) || err_wrap(err, "--sign-key"))));
    ok = ok && audit_dir_append(&d, u->o->audit, "unseal", body, u, key, err);
    *line = d.lines.n;
    seal_secret_close(key);
    audit_dir_release(&d);
    arena_close(scratch);
    return ok;
}

bool audit_opening_note(const AuditOpening *o, RunStore *s, const char *dir, const AuditOpened *what, FILE *say,
                        Err *err) {
    Opening u = {.s = s, .dir = dir, .o = o, .what = what, .a = arena_open(0)};
    size_t line = 0;
    bool ok = (u.a || err_nomem(err)) && read_manifest(&u, err);
    if (ok && o->audit) ok = append(&u, &line, err);
    if (ok && o->audit)
        fprintf(say, "assay: %s/log.jsonl line %zu says that key %s opened %lld sealed %s\n", o->audit, line,
                what->by->id, (long long)u.n, u.n == 1 ? "sample" : "samples");
    else if (ok && u.plan)
        fprintf(
            say,
            "assay: warning: %s was begun to an audit's plan, and no log says that its sealed texts are opened now; "
            "--audit DIR --why TEXT writes it into the audit's\n",
            dir);
    json_close(u.plan), json_close(u.started), json_close(u.models), json_close(u.keys);
    arena_close(u.a);
    return ok;
}
