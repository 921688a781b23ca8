#include "reports/audit/audit_close.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/hash.h"
#include "engine/base/json.h"
#include "reports/audit/audit_statement.h"

#define LEAF_MAX ((size_t)16 << 20)

/* ---- leaves ---- */

static void member(JsonOut *o, const char *key, Str v) {
    json_out_key(o, key);
    json_out_str(o, v.p ? v : STR(""));
}

static void whole(JsonOut *o, const char *key, int64_t v) {
    json_out_key(o, key);
    json_out_int(o, v);
}

static void put_score(JsonOut *o, const ScoreRow *row) {
    const Score *s = &row->score;
    json_obj(o);
    member(o, "scorer", row->scorer);
    member(o, "version", row->version);
    whole(o, "status", s->status);
    whole(o, "outcome", s->outcome);
    json_out_key(o, "value");
    json_out_num(o, s->status == SCORE_SCORED && isfinite(s->value) ? s->value : 0.0);
    member(o, "label", (Str){s->label.p, s->label.n});
    member(o, "rule", (Str){s->rule.p, s->rule.n});
    json_obj_end(o);
}

static void put_leaf(JsonOut *o, const Record *r, const ScoreRow *rows, size_t n) {
    json_obj(o);
    member(o, "model", r->key.model);
    member(o, "suite", r->key.suite);
    member(o, "sample", r->key.sample);
    member(o, "transform", r->key.transform.p ? r->key.transform : STR("plain"));
    member(o, "effort", str_from(effort_name(r->key.effort)));
    whole(o, "epoch", r->key.epoch);
    member(o, "content", r->content_hash);
    member(o, "request", r->request_hash);
    whole(o, "status", r->completion.status);
    json_out_key(o, "scores");
    json_arr(o);
    for (size_t i = 0; i < n; i++) put_score(o, &rows[i]);
    json_arr_end(o);
    json_obj_end(o);
}

typedef struct Walk {
    AuditTree tree;
    Arena *line;
    Err *err;
    bool ok;
} Walk;

static bool add_leaf(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    Walk *w = ctx;
    Buf b;
    JsonOut o;
    Str canonical;
    (void)id;
    buf_init(&b, LEAF_MAX);
    json_out_init(&o, &b, 0);
    put_leaf(&o, r, rows, n);
    w->ok = (!b.failed || err_nomem(w->err)) && audit_canonical_text(buf_str(&b), w->line, &canonical, w->err);
    if (w->ok) audit_tree_add(&w->tree, canonical);
    buf_release(&b);
    arena_reset(w->line);
    return w->ok;
}

bool audit_close_root(RunStore *s, int64_t *n, char hex[65], Err *err) {
    unsigned char root[32];
    Arena *scratch = arena_open(0);
    Walk w = {.line = arena_open(0), .err = err, .ok = true};
    audit_tree_init(&w.tree);
    bool ok = (scratch && w.line) || err_nomem(err);
    ok = ok && store_each(s, false, scratch, add_leaf, &w, err) && w.ok;
    audit_tree_root(&w.tree, root);
    sha256_hex(root, hex);
    *n = (int64_t)w.tree.n;
    arena_close(scratch);
    arena_close(w.line);
    return ok;
}

/* ---- making ---- */

bool audit_close_make(RunStore *s, Str plan, const SealSecret *key, Arena *a, Str *json, Err *err) {
    char root[65], now[21];
    int64_t n;
    if (!audit_close_root(s, &n, root, err)) return false;
    clock_utc(now);
    Str body =
        str_printf(a, "{\"records\":%lld,\"root\":\"%s\",\"plan_sha256\":\"" STR_FMT "\"%s%s%s}", (long long)n, root,
                   STR_ARG(plan), key ? "" : ",\"type\":\"run-close\",\"at\":\"", key ? "" : now, key ? "" : "\"");
    if (!body.p) return err_nomem(err);
    return key ? audit_statement(key, "run-close", now, body, a, json, err) : audit_canonical_text(body, a, json, err);
}

/* ---- checking ---- */

const char *audit_close_name(AuditCloseState s) {
    static const char *const names[] = {"none", "changed", "unsigned", "signed"};
    return names[s];
}

static bool fits(const Json *j, int64_t n, const char *root, Str plan) {
    int64_t told = -1;
    json_int(json_get(j, "records"), 0, INT64_MAX, &told);
    return told == n && str_eqz(json_str(json_get(j, "root")), root) &&
           str_eq(json_str(json_get(j, "plan_sha256")), plan.p ? plan : STR(""));
}

bool audit_close_check(RunStore *s, Str plan, Arena *a, AuditClose *out, Err *err) {
    Str text;
    Json *j = NULL;
    Err why = ERR_INIT;
    int64_t n;
    *out = (AuditClose){.state = CLOSE_NONE};
    if (!audit_close_root(s, &n, out->root, err) || !store_manifest_get(s, "run_close", a, &text, err)) return false;
    if (!text.p) return true;
    out->state = CLOSE_CHANGED;
    if (json_parse(text, &j, &why)) {
        bool same = fits(j, n, out->root, plan), has_key = json_get(j, "signature");
        Str at = json_str(json_get(j, "at"));
        if (at.p) snprintf(out->at, sizeof out->at, STR_FMT, STR_ARG(str_sub(at, 0, 20)));
        if (same && !has_key) out->state = CLOSE_UNSIGNED;
        if (same && has_key && audit_statement_check(text, "run-close", a, &out->by, &why)) out->state = CLOSE_SIGNED;
    }
    json_close(j);
    return why.code != ERR_MEMORY || err_nomem(err);
}
