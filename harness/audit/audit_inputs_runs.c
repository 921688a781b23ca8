/* Runs: found by the digest of their weights, held against the plan, described in the header. */
#include "harness/audit/audit_inputs_internal.h"
#include "reports/audit/audit_close.h"
#include "reports/store/store.h"

bool inputs__entry(Inputs *u, RunStore *s, const char *key, Json **out, Err *err) {
    Str text;
    *out = NULL;
    if (!store_manifest_get(s, key, u->a, &text, err)) return false;
    return !text.p || json_parse(text, out, err) || err_wrap(err, "manifest entry '%s'", key);
}

static bool finished(Inputs *u, RunStore *s, const char *dir, Err *err) {
    Json *j = NULL;
    StoreCounts n;
    int64_t items = 0;
    bool ok = inputs__entry(u, s, "n_items", &j, err) && store_counts(s, &n, err);
    bool told = ok && json_int(j, 0, INT64_MAX, &items);
    json_close(j);
    if (ok && !told)
        return err_set(err, ERR_INPUT,
                       "%s/run.db: manifest key 'n_items' must be a whole number of answers: whether this run is "
                       "finished cannot be checked",
                       dir);
    if (ok && n.records < items)
        return err_set(err, ERR_INTERRUPTED,
                       "%s: this run is not finished (%lld of %lld answers); go on with assay run --resume %s", dir,
                       (long long)n.records, (long long)items, dir);
    return ok;
}

/* The run's model whose weights have the plan's digest. */
bool inputs__find_model(Inputs *u, RunStore *s, const char *dir, Str digest, Str *name, Err *err) {
    Json *models = NULL;
    if (!inputs__entry(u, s, "models", &models, err)) return false;
    for (const Json *m = json_first(models); m && !name->p; m = json_next(m))
        if (str_eq(json_str(json_get(m, "digest")), digest)) *name = str_dup(u->a, json_str(json_get(m, "name")));
    json_close(models);
    return name->p || err_set(err, ERR_INPUT,
                              "%s: no model of this run has the digest " STR_FMT " that the plan names (assay model "
                              "prints it)",
                              dir, STR_ARG(digest));
}

static const char *why_exploratory(const AuditPlan *p, Str plan, Str started, const AuditClose *c) {
    if (!p->registered) return p->why;
    if (!plan.p) return "the run was begun without this plan (assay run --audit-plan)";
    if (!str_eqz(plan, p->sha256)) return "the run was begun with another plan";
    if (!started.p || str_cmp(started, p->signed_at) < 0) return "the run was begun before the plan was signed";
    if (c->state == CLOSE_CHANGED) return "the run was changed after it was closed";
    return "";
}

/* ---- the header's entry ---- */

enum { N_ENTRIES = 8 };
typedef struct Manifest {
    Json *plan, *audit_plan, *started, *suites, *harness, *scorers, *judge, *calibration;
} Manifest;

static bool read_manifest(Inputs *u, RunStore *s, Manifest *m, Err *err) {
    return inputs__entry(u, s, "plan", &m->plan, err) && inputs__entry(u, s, "audit_plan", &m->audit_plan, err) &&
           inputs__entry(u, s, "started_at", &m->started, err) && inputs__entry(u, s, "suites", &m->suites, err) &&
           inputs__entry(u, s, "harness", &m->harness, err) && inputs__entry(u, s, "scorers", &m->scorers, err) &&
           inputs__entry(u, s, "judge", &m->judge, err) && inputs__entry(u, s, "calibration", &m->calibration, err);
}

static void close_manifest(Manifest *m) {
    Json *all[N_ENTRIES] = {m->plan,    m->audit_plan, m->started, m->suites,
                            m->harness, m->scorers,    m->judge,   m->calibration};
    for (int i = 0; i < N_ENTRIES; i++) json_close(all[i]);
}

static void put_number(JsonOut *o, const char *key, const Json *j) {
    json_out_key(o, key);
    json_out_num(o, json_num(j));
}

static void put_settings(Inputs *u, const Manifest *m, Str suite) {
    for (const Json *s = json_first(json_get(m->plan, "suites")); s; s = json_next(s)) {
        const Json *g = json_get(s, "generation");
        if (!str_eq(json_str(json_get(s, "suite")), suite)) continue;
        put_number(&u->o, "tokens", json_get(g, "max_tokens"));
        put_number(&u->o, "temperature", json_get(g, "temperature"));
        put_number(&u->o, "fewshot", json_get(s, "fewshot"));
        json_out_key(&u->o, "tools");
        json_out_bool(&u->o, json_type(json_get(s, "tools")) == JSON_OBJECT);
        return;
    }
}

static bool put_suite(Inputs *u, const Manifest *m, const Json *q) {
    Str name = json_str(json_get(q, "name"));
    char *key = str_cstr(u->a, name);
    const Json *scorer = json_first(json_get(m->scorers, key ? key : ""));
    json_obj(&u->o);
    inputs__member(&u->o, "name", name);
    inputs__member(&u->o, "sha256", json_str(json_get(q, "sha256")));
    inputs__member(&u->o, "data_sha256", json_str(json_get(q, "data_sha256")));
    inputs__member(&u->o, "scorer", json_str(json_get(scorer, "scorer")));
    inputs__member(&u->o, "scorer_version", json_str(json_get(scorer, "version")));
    put_settings(u, m, name);
    json_obj_end(&u->o);
    return inputs__note_scorer(u, json_str(json_get(scorer, "scorer")));
}

static void put_judge(Inputs *u, const Json *judge, const Json *calibration) {
    if (json_type(judge) != JSON_OBJECT) return;
    json_out_key(&u->o, "judge");
    json_obj(&u->o);
    inputs__member(&u->o, "digest", json_str(json_get(judge, "digest")));
    inputs__member(&u->o, "precision", json_str(json_get(judge, "precision")));
    inputs__member(&u->o, "effort", json_str(json_get(judge, "effort")));
    put_number(&u->o, "temperature", json_get(judge, "temperature"));
    if (calibration) {
        json_out_key(&u->o, "calibration");
        json_obj(&u->o);
        inputs__member(&u->o, "sha256", json_str(json_get(calibration, "id")));
        inputs__member(&u->o, "date", json_str(json_get(json_get(calibration, "card"), "date")));
        json_obj_end(&u->o);
    }
    json_obj_end(&u->o);
}

static void put_close(Inputs *u, const AuditClose *c) {
    inputs__member(&u->o, "close", str_from(audit_close_name(c->state)));
    inputs__member(&u->o, "closed_by", str_from(c->by.id));
    inputs__member(&u->o, "closed_at", str_from(c->at));
    json_out_key(&u->o, "closes");
    json_out_int(&u->o, c->closes);
}

static bool put_run(Inputs *u, const Manifest *m, Str role, Str model, Str digest, const AuditClose *close) {
    Str sha = json_str(json_get(m->audit_plan, "sha256")), started = json_str(m->started);
    json_obj(&u->o);
    inputs__member(&u->o, "role", role);
    inputs__member(&u->o, "model", model);
    inputs__member(&u->o, "digest", digest);
    inputs__member(&u->o, "started_at", started);
    inputs__member(&u->o, "plan_sha256", sha);
    inputs__member(&u->o, "exploratory", str_from(why_exploratory(u->in->plan, sha, started, close)));
    put_close(u, close);
    inputs__member(&u->o, "harness", json_str(json_get(m->harness, "version")));
    put_judge(u, m->judge, m->calibration);
    json_out_key(&u->o, "suites");
    json_arr(&u->o);
    for (const Json *q = json_first(m->suites); q; q = json_next(q))
        if (!put_suite(u, m, q)) return false;
    json_arr_end(&u->o);
    json_obj_end(&u->o);
    return true;
}

static bool add_run(Inputs *u, const char *word, size_t at, Err *err) {
    RunStore *s = NULL;
    Manifest m = {0};
    AuditClose close;
    const Json *model;
    const char *dir;
    Str role, name = {0};
    int64_t n = 0;
    if (!inputs__split(u, "--run", word, &role, &dir, &model, err)) return false;
    Str digest = json_str(json_get(model, "sha256"));
    if (json_get(model, "import"))
        return err_set(err, ERR_INPUT,
                       "--run: the plan knows '" STR_FMT "' from results alone; give them with --import",
                       STR_ARG(role));
    if (!store_open(dir, STORE_READ, &s, err)) return false;
    bool ok =
        finished(u, s, dir, err) && inputs__find_model(u, s, dir, digest, &name, err) && read_manifest(u, s, &m, err);
    ok = ok && audit_close_check(s, json_str(json_get(m.audit_plan, "sha256")), u->a, &close, err);
    ok = ok && (put_run(u, &m, role, name, digest, &close) || err_nomem(err));
    ok = ok && audit_rows_write(s, name, role, (int64_t)at, &u->chain, u->records, &n, err);
    close_manifest(&m);
    store_close(s);
    return ok;
}

bool inputs__runs(Inputs *u, Err *err) {
    json_out_key(&u->o, "runs");
    json_arr(&u->o);
    for (size_t i = 0; i < u->in->runs.n; i++)
        if (!add_run(u, u->in->runs.v[i], i, err)) return false;
    json_arr_end(&u->o);
    return true;
}
