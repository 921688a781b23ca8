/* The plans that a plan supersedes, directly or through others. They stand in the plan's own file, so that a signed
 * plan and the folder of its audit can show the whole chain without any other file. */
#include <stdio.h>
#include <string.h>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "harness/audit/audit_plan.h"
#include "reports/audit/audit_statement.h"

#define FILE_MAX_BYTES ((size_t)64 << 20)
#define LINE_MAX_BYTES ((size_t)16 << 20)

/* ---- the chain ---- */

static AuditPlan *find(AuditPlan *v, size_t n, Str sha256) {
    for (size_t i = 0; i < n; i++)
        if (str_eqz(sha256, v[i].sha256)) return &v[i];
    return NULL;
}

/* Of two copies of one plan the one that is better signed stays, and what either knows of data. */
static bool merge(AuditPlan *pool, size_t *n, const AuditPlan *q, Err *err) {
    AuditPlan *have = find(pool, *n, str_from(q->sha256));
    if (!have) {
        if (*n == AUDIT_PLANS_MAX) return err_set(err, ERR_INPUT, "more than %d earlier plans", AUDIT_PLANS_MAX);
        pool[(*n)++] = *q;
        return true;
    }
    Str opened = q->opened.p ? q->opened : have->opened;
    if (q->registered && !have->registered) *have = *q;
    have->opened = opened;
    return true;
}

/* Puts p's chain into order, newest first, up to the first plan that is not among those. */
static bool link(AuditPlan *p, AuditPlan *pool, size_t n, Arena *a, Err *err) {
    AuditPlan *chain = arena_array(a, n + 1, sizeof *chain), *next;
    if (!chain) return err_nomem(err);
    p->earlier = chain;
    p->n_earlier = 0;
    for (Str want = p->supersedes; want.p && (next = find(pool, n, want)); want = next->supersedes) {
        chain[p->n_earlier] = *next; /* each at most once: no plan can name the digest of a later one */
        chain[p->n_earlier].earlier = NULL, chain[p->n_earlier].n_earlier = 0;
        p->n_earlier++;
        if (p->n_earlier == n) break;
    }
    return true;
}

static bool is_linked(const AuditPlan *p, const char *sha256) {
    return find(p->earlier, p->n_earlier, str_from(sha256)) != NULL;
}

/* ---- data ---- */

/* The first line of an audit's log, as it was written; of a signed log it is a signed statement. */
static bool check_opened(const AuditPlan *q, Str line, Arena *a, Err *err) {
    Json *j = NULL;
    SealPublic by;
    if (!json_parse(line, &j, err)) return false;
    bool ok = str_eqz(json_str(json_get(j, "type")), "open") ||
              err_set(err, ERR_INPUT, "it is not the first line of an audit's log");
    ok = ok && (str_eqz(json_str(json_get(json_get(j, "header"), "plan_sha256")), q->sha256) ||
                err_set(err, ERR_INPUT, "it is of an audit that was made with another plan"));
    ok = ok && (!json_get(j, "signature") || audit_statement_check(line, "open", a, &by, err));
    json_close(j);
    return ok;
}

/* ---- in the plan's file ---- */

static bool read_one(AuditPlan *q, const char *path, const Json *e, size_t i, Arena *a, Err *err) {
    Buf b;
    const Json *opened = json_get(e, "opened");
    if (!audit_plan__from_json(path, e, a, q, err)) return err_wrap(err, "earlier plan %zu", i + 1);
    if (!opened) return true;
    buf_init(&b, LINE_MAX_BYTES);
    bool ok = audit_canonical(opened, &b, err) && ((q->opened = str_dup(a, buf_str(&b))).p || err_nomem(err)) &&
              check_opened(q, q->opened, a, err);
    buf_release(&b);
    return ok || err_wrap(err, "%s: earlier plan %zu: opened", path, i + 1);
}

bool audit_plan__read_earlier(AuditPlan *p, const char *path, const Json *list, Arena *a, Err *err) {
    size_t n = 0;
    if (!list) return true;
    if (json_type(list) != JSON_ARRAY || json_count(list) > AUDIT_PLANS_MAX)
        return err_set(err, ERR_INPUT, "%s: 'earlier' must be a list of at most %d plans", path, AUDIT_PLANS_MAX);
    AuditPlan *v = arena_array(a, json_count(list) + 1, sizeof *v);
    if (!v) return err_nomem(err);
    for (const Json *e = json_first(list); e; e = json_next(e), n++)
        if (!read_one(&v[n], path, e, n, a, err)) return false;
    if (!link(p, v, n, a, err)) return false;
    for (size_t i = 0; i < n; i++)
        if (i >= p->n_earlier || strcmp(v[i].sha256, p->earlier[i].sha256) != 0)
            return err_set(err, ERR_INPUT, "%s: earlier plan %zu is not the one that the plan after it supersedes",
                           path, i + 1);
    return true;
}

void audit_plan__write_earlier(const AuditPlan *p, Buf *out) {
    if (!p->n_earlier) return;
    buf_adds(out, "\"earlier\":[");
    for (size_t i = 0; i < p->n_earlier; i++) {
        const AuditPlan *q = &p->earlier[i];
        buf_adds(out, i ? ",{\"plan\":" : "{\"plan\":");
        buf_addstr(out, q->canonical);
        buf_adds(out, ",\"signatures\":");
        buf_addstr(out, q->signatures);
        if (q->opened.p) buf_adds(out, ",\"opened\":"), buf_addstr(out, q->opened);
        buf_addc(out, '}');
    }
    buf_adds(out, "],");
}

/* ---- given ---- */

static bool read_opened(AuditPlan *q, const char *dir, Arena *a, Err *err) {
    char *path = path_join(a, dir, "log.jsonl");
    Buf b;
    if (!path) return err_nomem(err);
    buf_init(&b, FILE_MAX_BYTES);
    bool ok = file_read(path, &b, err);
    if (ok) {
        Str text = buf_str(&b), line = str_sub(text, 0, str_find(text, STR("\n"), 0));
        q->opened = str_dup(a, line);
        ok = q->opened.p ? check_opened(q, q->opened, a, err) || err_wrap(err, "%s line 1", path) : err_nomem(err);
    }
    buf_release(&b);
    return ok;
}

static bool load(const char *path, Arena *a, AuditPlan *q, Err *err) {
    bool folder = file_is_dir(path);
    const char *file = folder ? path_join(a, path, "plan.json") : path;
    if (!file) return err_nomem(err);
    return audit_plan_load(file, a, q, err) && (!folder || read_opened(q, path, a, err));
}

bool audit_plan_add_earlier(AuditPlan *p, const char *const *paths, size_t n, Arena *a, Err *err) {
    AuditPlan *pool = arena_array(a, AUDIT_PLANS_MAX, sizeof *pool), *given = arena_array(a, n + 1, sizeof *given);
    size_t have = 0;
    if (!n) return true;
    if (!pool || !given) return err_nomem(err);
    if (!p->supersedes.p)
        return err_set(err, ERR_INPUT, "--supersedes: the plan has no key 'supersedes', which names the one before it");
    for (size_t i = 0; i < p->n_earlier; i++)
        if (!merge(pool, &have, &p->earlier[i], err)) return false;
    for (size_t i = 0; i < n; i++) {
        if (!load(paths[i], a, &given[i], err) || !merge(pool, &have, &given[i], err))
            return err_wrap(err, "--supersedes");
        for (size_t k = 0; k < given[i].n_earlier; k++)
            if (!merge(pool, &have, &given[i].earlier[k], err)) return err_wrap(err, "--supersedes");
    }
    if (!link(p, pool, have, a, err)) return false;
    for (size_t i = 0; i < n; i++)
        if (!is_linked(p, given[i].sha256))
            return err_set(err, ERR_INPUT,
                           "--supersedes: the plan in %s has the digest %s, and no plan of this chain supersedes that",
                           paths[i], given[i].sha256);
    return true;
}

/* ---- for the scorecard ---- */

static void put_text(JsonOut *o, const char *key, Str s) {
    json_out_key(o, key);
    json_out_str(o, s.p ? s : STR(""));
}

static void put_starts(JsonOut *o, const Json *runs) {
    for (const Json *r = json_first(runs); r; r = json_next(r)) {
        json_obj(o);
        put_text(o, "started_at", json_str(json_get(r, "started_at")));
        put_text(o, "plan_sha256", json_str(json_get(r, "plan_sha256")));
        json_obj_end(o);
    }
}

static bool put_runs(JsonOut *o, Str opened, Err *err) {
    Json *j = NULL;
    if (opened.p && !json_parse(opened, &j, err)) return false;
    json_out_key(o, "runs");
    json_arr(o);
    put_starts(o, json_get(json_get(j, "header"), "runs"));
    put_starts(o, json_get(json_get(j, "header"), "repeats"));
    json_arr_end(o);
    json_close(j);
    return true;
}

static bool put_plan(JsonOut *o, const AuditPlan *p, Err *err) {
    json_obj(o);
    put_text(o, "plan_sha256", str_from(p->sha256));
    json_out_key(o, "registered"), json_out_bool(o, p->registered);
    put_text(o, "signed_at", p->signed_at);
    put_text(o, "why", str_from(p->why));
    json_out_key(o, "keys"), json_out_raw(o, p->keys);
    json_out_key(o, "plan"), json_out_raw(o, p->canonical);
    bool ok = put_runs(o, p->opened, err);
    json_obj_end(o);
    return ok;
}

bool audit_plan_history(const AuditPlan *p, Arena *a, Str *json, Err *err) {
    Buf b;
    JsonOut o;
    buf_init(&b, FILE_MAX_BYTES);
    json_out_init(&o, &b, 0);
    json_arr(&o);
    bool ok = put_plan(&o, p, err);
    for (size_t i = 0; ok && i < p->n_earlier; i++) ok = put_plan(&o, &p->earlier[i], err);
    json_arr_end(&o);
    *json = ok && !b.failed ? str_dup(a, buf_str(&b)) : (Str){0};
    buf_release(&b);
    return ok && (json->p || err_nomem(err));
}
