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

static void member_hash(JsonOut *o, const char *key, Sha256 *h) {
    unsigned char bytes[32];
    char hex[65];
    sha256_end(h, bytes);
    sha256_hex(bytes, hex);
    member(o, key, str_from(hex));
}

static void put_key(JsonOut *o, const Record *r) {
    member(o, "model", r->key.model);
    member(o, "suite", r->key.suite);
    member(o, "sample", r->key.sample);
    member(o, "transform", r->key.transform.p ? r->key.transform : STR("plain"));
    member(o, "effort", str_from(effort_name(r->key.effort)));
    whole(o, "epoch", r->key.epoch);
}

/* Of what the model said; of a sealed answer the commitments, which are there with and without the key. */
static void put_texts(JsonOut *o, const Record *r) {
    Sha256 h;
    sha256_init(&h);
    for (size_t i = 0; r->sealed && i < r->n_seals; i++) {
        if (r->seals[i].scorer.n) continue;
        sha256_add_field(&h, r->seals[i].kind);
        sha256_add_field(&h, (Str){(const char *)r->seals[i].commitment, SEAL_COMMITMENT_BYTES});
    }
    if (!r->sealed) {
        sha256_add_field(&h, r->completion.analysis);
        sha256_add_field(&h, r->completion.final);
    }
    member_hash(o, "texts", &h);
}

static void put_answer(JsonOut *o, const Record *r) {
    json_obj(o);
    put_key(o, r);
    member(o, "content", r->content_hash);
    member(o, "request", r->request_hash);
    member(o, "cluster", r->cluster);
    member(o, "tags", r->tags);
    whole(o, "status", r->completion.status);
    json_out_key(o, "final");
    json_out_bool(o, r->completion.has_final);
    put_texts(o, r);
    json_obj_end(o);
}

static void put_policy(JsonOut *o, Str judge) {
    Json *j = NULL;
    if (!judge.p || !json_parse(judge, &j, NULL)) return;
    member(o, "policy", json_str(json_get(json_first(json_get(j, "asks")), "policy_sha256")));
    json_close(j);
}

static void put_score(JsonOut *o, const ScoreRow *row, bool answers) {
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
    put_policy(o, row->judge);
    if (answers && s->answer.p) {
        Sha256 h;
        sha256_init(&h);
        sha256_add_field(&h, (Str){s->answer.p, s->answer.n});
        member_hash(o, "answer", &h);
    }
    json_obj_end(o);
}

static void put_scores(JsonOut *o, const Record *r, const ScoreRow *rows, size_t n, bool repeats) {
    json_obj(o);
    put_key(o, r);
    json_out_key(o, "scores");
    json_arr(o);
    for (size_t i = 0; i < n; i++) put_score(o, &rows[i], repeats && !r->sealed);
    json_arr_end(o);
    json_obj_end(o);
}

/* ---- trees ---- */

typedef struct Walk {
    AuditTree answers, scores;
    Sha256 run, scoring; /* of the manifest */
    bool repeats;
    Arena *line;
    Err *err;
    bool ok;
} Walk;

static bool add(Walk *w, AuditTree *t, const Buf *b) {
    Str canonical;
    if (b->failed) return err_nomem(w->err);
    if (!audit_canonical_text(buf_str(b), w->line, &canonical, w->err)) return false;
    audit_tree_add(t, canonical);
    return true;
}

static bool add_leaves(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    Walk *w = ctx;
    Buf b;
    JsonOut o;
    (void)id;
    buf_init(&b, LEAF_MAX);
    json_out_init(&o, &b, 0);
    put_answer(&o, r);
    w->ok = add(w, &w->answers, &b);
    buf_clear(&b);
    json_out_init(&o, &b, 0);
    put_scores(&o, r, rows, n, w->repeats);
    w->ok = w->ok && add(w, &w->scores, &b);
    buf_release(&b);
    arena_reset(w->line);
    return w->ok;
}

/* A card may be put at any time, and an audit is given its cards by name. */
static bool add_entry(void *ctx, Str key, Str json) {
    Walk *w = ctx;
    if (str_eqz(key, "run_close") || str_eqz(key, "calibration")) return true;
    bool scoring =
        str_eqz(key, "scorers") || str_eqz(key, "judge") || str_eqz(key, "rescored") || str_eqz(key, "rescoring");
    sha256_add_field(scoring ? &w->scoring : &w->run, key);
    sha256_add_field(scoring ? &w->scoring : &w->run, json);
    return true;
}

static bool add_manifest(Walk *w, AuditTree *t, Sha256 *h) {
    Buf b;
    JsonOut o;
    buf_init(&b, 4096);
    json_out_init(&o, &b, 0);
    json_obj(&o);
    member_hash(&o, "manifest", h);
    json_obj_end(&o);
    bool ok = add(w, t, &b);
    buf_release(&b);
    arena_reset(w->line);
    return ok;
}

static bool read_repeats(RunStore *s, Arena *a, bool *repeats, Err *err) {
    Str text;
    Json *plan = NULL;
    int64_t n = 1;
    if (!store_manifest_get(s, "plan", a, &text, err)) return false;
    if (text.p && !json_parse(text, &plan, err)) return err_wrap(err, "manifest entry 'plan'");
    json_int(json_get(plan, "repeats"), 1, INT32_MAX, &n);
    json_close(plan);
    *repeats = n > 1;
    return true;
}

static void root(const AuditTree *t, char hex[65]) {
    unsigned char bytes[32];
    audit_tree_root(t, bytes);
    sha256_hex(bytes, hex);
}

bool audit_close_roots(RunStore *s, AuditRoots *out, Err *err) {
    Arena *scratch = arena_open(0);
    Walk w = {.line = arena_open(0), .err = err, .ok = true};
    audit_tree_init(&w.answers), audit_tree_init(&w.scores);
    sha256_init(&w.run), sha256_init(&w.scoring);
    bool ok = ((scratch && w.line) || err_nomem(err)) && read_repeats(s, scratch, &w.repeats, err) &&
              store_each_manifest(s, add_entry, &w, err) && add_manifest(&w, &w.answers, &w.run) &&
              add_manifest(&w, &w.scores, &w.scoring) && store_each(s, true, scratch, add_leaves, &w, err) && w.ok;
    root(&w.answers, out->answers);
    root(&w.scores, out->scores);
    out->records = ok ? (int64_t)w.answers.n - 1 : 0;
    arena_close(scratch);
    arena_close(w.line);
    return ok;
}

/* ---- making ---- */

static bool closes_before(RunStore *s, Arena *a, int64_t *n, char prev[65], Err *err) {
    Str text;
    Json *j = NULL;
    *n = 0, prev[0] = 0;
    if (!store_manifest_get(s, "run_close", a, &text, err)) return false;
    if (!text.p) return true;
    sha256_of(text, prev);
    *n = 1;
    if (json_parse(text, &j, NULL)) json_int(json_get(j, "closes"), 1, INT32_MAX, n);
    json_close(j);
    return true;
}

bool audit_close_make(RunStore *s, Str plan, const SealSecret *key, Arena *a, Str *json, Err *err) {
    AuditRoots r;
    char prev[65], now[21];
    int64_t n;
    if (!audit_close_roots(s, &r, err) || !closes_before(s, a, &n, prev, err)) return false;
    clock_utc(now);
    Str body = str_printf(a,
                          "{\"records\":%lld,\"answers\":\"%s\",\"scores\":\"%s\",\"plan_sha256\":\"" STR_FMT
                          "\",\"closes\":%lld,\"prev\":\"%s\"%s%s%s}",
                          (long long)r.records, r.answers, r.scores, STR_ARG(plan), (long long)n + 1, prev,
                          key ? "" : ",\"type\":\"run-close\",\"at\":\"", key ? "" : now, key ? "" : "\"");
    if (!body.p) return err_nomem(err);
    return key ? audit_statement(key, "run-close", now, body, a, json, err) : audit_canonical_text(body, a, json, err);
}

/* ---- checking ---- */

const char *audit_close_name(AuditCloseState s) {
    static const char *const names[] = {"none", "changed", "unsigned", "signed"};
    return names[s];
}

static void compare(const Json *j, Str plan, AuditClose *c) {
    int64_t told = -1;
    Str at = json_str(json_get(j, "at"));
    json_int(json_get(j, "records"), 0, INT64_MAX, &told);
    json_int(json_get(j, "closes"), 1, INT32_MAX, &c->closes);
    c->signature = json_get(j, "signature") != NULL;
    c->same_answers = told == c->now.records && str_eqz(json_str(json_get(j, "answers")), c->now.answers) &&
                      str_eq(json_str(json_get(j, "plan_sha256")), plan.p ? plan : STR(""));
    if (at.p) snprintf(c->at, sizeof c->at, STR_FMT, STR_ARG(str_sub(at, 0, 20)));
}

/* Without a signature that fits nothing in the close is worth more than the answers themselves. */
static bool check(Str text, Str plan, Arena *a, AuditClose *c, Err *why) {
    Json *j = NULL;
    SealPublic by;
    c->state = CLOSE_CHANGED;
    c->closes = 1;
    if (!json_parse(text, &j, why)) return why->code != ERR_MEMORY;
    compare(j, plan, c);
    bool fits = c->same_answers && str_eqz(json_str(json_get(j, "scores")), c->now.scores);
    json_close(j);
    if (c->signature && !audit_statement_check(text, "run-close", a, &by, why)) {
        c->same_answers = false;
        return why->code != ERR_MEMORY;
    }
    if (!fits) return true;
    c->state = c->signature ? CLOSE_SIGNED : CLOSE_UNSIGNED;
    if (c->signature) c->by = by;
    return true;
}

bool audit_close_check(RunStore *s, Str plan, Arena *a, AuditClose *out, Err *err) {
    Str text;
    Err why = ERR_INIT;
    *out = (AuditClose){.state = CLOSE_NONE};
    if (!audit_close_roots(s, &out->now, err) || !store_manifest_get(s, "run_close", a, &text, err)) return false;
    return !text.p || check(text, plan, a, out, &why) || err_nomem(err);
}
