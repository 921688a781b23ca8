#include <string.h>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "harness/args.h"
#include "harness/audit/audit_dir.h"
#include "harness/secrecy.h"
#include "harness/version.h"
#include "reports/audit/audit_card.h"
#include "reports/seal/seal_sign.h"
#include "reports/store/store.h"

static const char usage[] =
    "usage: assay audit PLAN --run MODEL=DIR... --out DIR [--key FILE.key]\n"
    "       assay audit sign PLAN --key FILE.key --out FILE.json\n"
    "\n"
    "Judges runs by a plan that was written and signed before them, and writes a scorecard whose every figure follows\n"
    "from the public records beside it. PLAN is a policy (suites/policies/preparedness.yaml is one to start from) or\n"
    "what `assay audit sign` made of it.\n"
    "\n"
    "  sign              pre-registers PLAN: writes its canonical form with hash, time and your signature\n"
    "  --run MODEL=DIR   the run of a model of the plan, which is found in it by its digest; may be repeated\n"
    "  --out             the folder of the audit, or the file of the signed plan; never overwritten\n"
    "  --key FILE.key    signs (assay keygen --sign)\n"
    "\n"
    "A run counts if it was begun with `assay run --audit-plan FILE.json` after the plan was signed; else it is\n"
    "exploratory, and no verdict of it can be BELOW. Exit status: 0 all hold; 1 one does not; 5 cannot rule out; 3 a "
    "run\n"
    "is not finished. `assay verify DIR` checks the folder.\n";

typedef struct Audit {
    CmdCtx *c;
    AuditPlan plan;
    Json *file; /* plan.json */
    AuditDir dir;
    AuditChain chain;
    Buf header;
    JsonOut o;
} Audit;

/* ---- one run ---- */

static bool entry(Audit *u, RunStore *s, const char *key, Json **out, Err *err) {
    Str text;
    *out = NULL;
    if (!store_manifest_get(s, key, u->c->arena, &text, err)) return false;
    return !text.p || json_parse(text, out, err);
}

static bool finished(Audit *u, RunStore *s, const char *dir, Err *err) {
    Json *j = NULL;
    StoreCounts n;
    int64_t items = 0;
    bool ok = entry(u, s, "n_items", &j, err) && store_counts(s, &n, err);
    bool told = ok && json_int(j, 0, INT64_MAX, &items);
    json_close(j);
    if (ok && told && n.records < items)
        return err_set(err, ERR_INTERRUPTED,
                       "%s: this run is not finished (%lld of %lld answers); go on with assay run --resume %s", dir,
                       (long long)n.records, (long long)items, dir);
    return ok;
}

/* The run's model whose weights have the plan's digest. */
static bool find_model(Audit *u, RunStore *s, const char *dir, Str digest, Str *name, Err *err) {
    Json *models = NULL;
    if (!entry(u, s, "models", &models, err)) return false;
    for (const Json *m = json_first(models); m && !name->p; m = json_next(m))
        if (str_eq(json_str(json_get(m, "digest")), digest))
            *name = str_dup(u->c->arena, json_str(json_get(m, "name")));
    json_close(models);
    return name->p || err_set(err, ERR_INPUT,
                              "%s: no model of this run has the digest " STR_FMT " that the plan names (assay model "
                              "prints it)",
                              dir, STR_ARG(digest));
}

static const char *why_exploratory(const Audit *u, Str plan, Str started) {
    if (!u->plan.registered) return u->plan.why;
    if (!plan.p) return "the run was begun without this plan (assay run --audit-plan)";
    if (!str_eqz(plan, u->plan.sha256)) return "the run was begun with another plan";
    if (!started.p || str_cmp(started, u->plan.signed_at) < 0) return "the run was begun before the plan was signed";
    return "";
}

static void member(JsonOut *o, const char *key, Str v) {
    json_out_key(o, key);
    json_out_str(o, v.p ? v : STR(""));
}

static bool put_run(Audit *u, RunStore *s, Str role, Str model, Str digest, Err *err) {
    Json *plan = NULL, *started = NULL, *suites = NULL, *harness = NULL;
    bool ok = entry(u, s, "audit_plan", &plan, err) && entry(u, s, "started_at", &started, err) &&
              entry(u, s, "suites", &suites, err) && entry(u, s, "harness", &harness, err);
    if (ok) {
        Str sha = json_str(json_get(plan, "sha256"));
        json_obj(&u->o);
        member(&u->o, "role", role);
        member(&u->o, "model", model);
        member(&u->o, "digest", digest);
        member(&u->o, "started_at", json_str(started));
        member(&u->o, "plan_sha256", sha);
        member(&u->o, "exploratory", str_from(why_exploratory(u, sha, json_str(started))));
        member(&u->o, "harness", json_str(json_get(harness, "version")));
        json_out_key(&u->o, "suites");
        json_arr(&u->o);
        for (const Json *q = json_first(suites); q; q = json_next(q)) {
            json_obj(&u->o);
            member(&u->o, "name", json_str(json_get(q, "name")));
            member(&u->o, "sha256", json_str(json_get(q, "sha256")));
            member(&u->o, "data_sha256", json_str(json_get(q, "data_sha256")));
            json_obj_end(&u->o);
        }
        json_arr_end(&u->o);
        json_obj_end(&u->o);
    }
    json_close(plan), json_close(started), json_close(suites), json_close(harness);
    return ok;
}

static bool add_run(Audit *u, Str role, const char *dir, Err *err) {
    RunStore *s = NULL;
    Str name = {0};
    int64_t n = 0;
    char *key = str_cstr(u->c->arena, role);
    const Json *model = json_get(json_get(json_get(u->file, "plan"), "models"), key ? key : "");
    if (!model) return err_set(err, ERR_INPUT, "--run: the plan has no model '" STR_FMT "'", STR_ARG(role));
    Str digest = json_str(json_get(model, "sha256"));
    if (!store_open(dir, STORE_READ, &s, err)) return false;
    bool ok = finished(u, s, dir, err) && find_model(u, s, dir, digest, &name, err) &&
              put_run(u, s, role, name, digest, err) &&
              audit_rows_write(s, name, role, &u->chain, &u->dir.records, &n, err);
    store_close(s);
    return ok;
}

static bool add_runs(Audit *u, const ArgList *runs, Err *err) {
    for (size_t i = 0; i < runs->n; i++) {
        Str word = str_from(runs->v[i]);
        size_t eq = str_find(word, STR("="), 0);
        if (eq == SIZE_MAX || eq == 0) return err_set(err, ERR_INPUT, "--run %.100s: expected MODEL=DIR", runs->v[i]);
        for (size_t k = 0; k < i; k++)
            if (str_starts(str_from(runs->v[k]), str_sub(word, 0, eq + 1)))
                return err_set(err, ERR_INPUT, "--run names the model '" STR_FMT "' twice",
                               STR_ARG(str_sub(word, 0, eq)));
        if (!add_run(u, str_sub(word, 0, eq), runs->v[i] + eq + 1, err)) return false;
    }
    return true;
}

static bool make_header(Audit *u, const ArgList *runs, Err *err) {
    json_out_init(&u->o, &u->header, 0);
    json_obj(&u->o);
    member(&u->o, "harness", STR(ASSAY_VERSION));
    member(&u->o, "plan_sha256", str_from(u->plan.sha256));
    json_out_key(&u->o, "registered");
    json_out_bool(&u->o, u->plan.registered);
    member(&u->o, "signed_at", u->plan.signed_at);
    member(&u->o, "why", str_from(u->plan.why));
    json_out_key(&u->o, "runs");
    json_arr(&u->o);
    if (!add_runs(u, runs, err)) return false;
    json_arr_end(&u->o);
    json_obj_end(&u->o);
    return !u->header.failed || err_nomem(err);
}

/* ---- the command ---- */

static bool print(Audit *u, const char *out, Err *err) {
    Buf b;
    buf_init(&b, (size_t)1 << 26);
    bool ok = u->c->json || audit_terminal(buf_str(&u->dir.card), &b, err);
    if (ok) fprintf(u->c->out, "%s", u->c->json ? u->dir.card.p : b.p);
    if (ok && !u->c->json) fprintf(u->c->out, "%s/scorecard.html\n", out);
    buf_release(&b);
    return ok;
}

static bool make(Audit *u, const char *path, const ArgList *runs, const SealSecret *key, const char *out, Err *err) {
    return audit_plan_load(path, u->c->arena, &u->plan, err) &&
           audit_plan_write(&u->plan, u->c->arena, &u->dir.plan, err) &&
           json_parse(buf_str(&u->dir.plan), &u->file, err) && make_header(u, runs, err) &&
           audit_dir_make(&u->dir, buf_str(&u->header), key, err) && audit_dir_write(&u->dir, out, err) &&
           print(u, out, err);
}

static int audit(CmdCtx *c, const char *path, const ArgList *runs, const char *key, const char *out) {
    Audit u = {.c = c, .chain = AUDIT_CHAIN_START};
    SealSecret *secret = NULL;
    audit_dir_init(&u.dir, c->arena);
    buf_init(&u.header, (size_t)64 << 20);
    bool ok =
        !key || (secrecy_begin(&c->fail) && (sign_secret_load(key, &secret, &c->fail) || err_wrap(&c->fail, "--key")));
    ok = ok && make(&u, path, runs, secret, out, &c->fail);
    int status = ok ? u.dir.status : CMD_FAILED;
    seal_secret_close(secret);
    json_close(u.file);
    buf_release(&u.header);
    audit_dir_release(&u.dir);
    return status;
}

static int sign(CmdCtx *c, const char *path, const char *key, const char *out) {
    AuditPlan p;
    Buf b;
    buf_init(&b, (size_t)64 << 20);
    bool ok = secrecy_begin(&c->fail) && audit_plan_load(path, c->arena, &p, &c->fail) &&
              audit_plan_sign(&p, key, c->arena, &b, &c->fail) && file_write_atomic(out, buf_str(&b), &c->fail);
    if (ok) fprintf(c->out, "%s\nplan %s\n", out, p.sha256);
    buf_release(&b);
    return ok ? EXIT_DONE : CMD_FAILED;
}

static int audit_run(CmdCtx *c, int argc, char **argv) {
    const char *key = NULL, *out = NULL;
    ArgList words = {0}, runs = {0};
    const ArgSpec specs[] = {{"run", 0, ARG_LIST, &runs}, {"key", 0, ARG_TEXT, &key}, {"out", 'o', ARG_TEXT, &out}};
    if (!args_parse(c, argc, argv, specs, 3, &words)) return CMD_FAILED;
    bool signing = words.n == 2 && strcmp(words.v[0], "sign") == 0;
    if (!out || (!signing && words.n != 1) || (signing ? !key : !runs.n)) {
        err_set(&c->fail, ERR_INPUT,
                "expected: assay audit PLAN --run MODEL=DIR... --out DIR, or assay audit sign PLAN --key FILE.key "
                "--out FILE.json");
        return CMD_FAILED;
    }
    return signing ? sign(c, words.v[1], key, out) : audit(c, words.v[0], &runs, key, out);
}

const Cmd cmd_audit = {
    .name = "audit", .summary = "judge runs by a plan that was signed before them", .usage = usage, .run = audit_run};
