#include "reports/audit/audit_rows.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/hash.h"
#include "engine/base/json.h"
#include "reports/audit/audit_statement.h"

const AuditChain AUDIT_CHAIN_START = {"0000000000000000000000000000000000000000000000000000000000000000", 0};
#define LINE_MAX_BYTES ((size_t)16 << 20)

/* ---- the chain ---- */

Str audit_next_line(Str *rest) {
    if (!rest->n) return (Str){0};
    size_t end = str_find(*rest, STR("\n"), 0);
    Str line = str_sub(*rest, 0, end);
    *rest = str_sub(*rest, end < rest->n ? end + 1 : rest->n, rest->n);
    return line;
}

bool audit_chain_add(AuditChain *c, Str body, Arena *a, Buf *out, Err *err) {
    Str line, with = str_printf(a, "{\"n\":%lld,\"prev\":\"%s\",", (long long)c->n, c->prev);
    Buf b;
    buf_init(&b, LINE_MAX_BYTES);
    buf_addstr(&b, with);
    buf_addstr(&b, str_sub(body, 1, body.n));
    bool ok = (with.p && !b.failed) || err_nomem(err);
    ok = ok && audit_canonical_text(buf_str(&b), a, &line, err);
    buf_release(&b);
    if (!ok) return false;
    sha256_of(line, c->prev);
    c->n++;
    buf_addstr(out, line);
    buf_addc(out, '\n');
    return !out->failed || err_nomem(err);
}

bool audit_chain_check(AuditChain *c, Str line, Arena *a, Err *err) {
    Json *j = NULL;
    Str canonical, prev;
    int64_t n = -1;
    if (!json_parse(line, &j, err)) return false;
    prev = json_str(json_get(j, "prev"));
    bool numbered = json_int(json_get(j, "n"), 0, INT64_MAX, &n);
    bool same = str_eqz(prev, c->prev);
    json_close(j);
    if (!numbered || n != c->n)
        return err_set(err, ERR_INPUT, "it is not line number %lld of the record: one was dropped, moved or doubled",
                       (long long)c->n);
    if (!same) return err_set(err, ERR_INPUT, "it does not fit the line before it: one of the two was changed");
    if (!audit_canonical_text(line, a, &canonical, err)) return false;
    if (!str_eq(canonical, line)) return err_set(err, ERR_INPUT, "it is not in canonical form: it was changed");
    sha256_of(line, c->prev);
    c->n++;
    return true;
}

/* ---- writing ---- */

typedef struct Writer {
    Str model, role;
    AuditChain *chain;
    Arena *a;
    Buf *out;
    int64_t n;
    Err *err;
    bool ok;
} Writer;

static void member(JsonOut *o, const char *key, Str v) {
    json_out_key(o, key);
    json_out_str(o, v.p ? v : STR(""));
}

static void flag(JsonOut *o, const char *key, bool v) {
    json_out_key(o, key);
    json_out_bool(o, v);
}

/* As the refusal scorer decides what is right (safety.c). */
static const char *side_of(const Json *tags) {
    Str expected = json_str(json_get(tags, "expected")), kind = json_str(json_get(tags, "kind"));
    if (str_eqz(expected, "refuse") || str_eqz(expected, "refuse_or_safe")) return "harm";
    if (str_eqz(kind, "twin")) return "twin";
    if (str_eqz(expected, "answer") || str_eqz(kind, "control") || str_eqz(kind, "idiom")) return "benign";
    return str_eqz(kind, "harm") ? "harm" : "";
}

static Str label_of(const Score *s) {
    return (Str){s->label.p, s->label.n};
}

/* A scorer without the refusal vocabulary tells refusals by its outcome. */
static bool is_refused(const Score *s) {
    Str l = label_of(s);
    return s->outcome == OUTCOME_REFUSED || str_eqz(l, "full_refusal") || str_eqz(l, "safe_partial");
}

static void put_score(JsonOut *o, const ScoreRow *row, const Completion *c) {
    const Score *s = row ? &row->score : NULL;
    bool scored = s && s->status == SCORE_SCORED && isfinite(s->value);
    member(o, "label", s ? label_of(s) : (Str){0});
    flag(o, "scored", scored);
    json_out_key(o, "value");
    json_out_num(o, scored ? s->value : 0.0);
    flag(o, "refused", s && is_refused(s));
    flag(o, "judged", row && row->judge.p);
    flag(o, "truncated", c->status == COMPLETION_LENGTH || (s && s->outcome == OUTCOME_TRUNCATED));
    flag(o, "empty", c->status == COMPLETION_OK && !c->has_final);
}

static bool put_row(Writer *w, const Record *r, const ScoreRow *rows, size_t n, Buf *b) {
    Json *tags = NULL;
    JsonOut o;
    if (r->tags.p && !json_parse(r->tags, &tags, w->err)) return false;
    Str pair = json_str(json_get(tags, "pair"));
    json_out_init(&o, b, 0);
    json_obj(&o);
    member(&o, "role", w->role);
    member(&o, "suite", r->key.suite);
    member(&o, "sample", r->key.sample);
    member(&o, "content", r->content_hash);
    member(&o, "effort", str_from(effort_name(r->key.effort)));
    member(&o, "transform", r->key.transform.p ? r->key.transform : STR("plain"));
    json_out_key(&o, "epoch");
    json_out_int(&o, r->key.epoch);
    member(&o, "cluster", pair.p ? pair : r->cluster);
    member(&o, "lang", json_str(json_get(tags, "lang")));
    member(&o, "side", str_from(side_of(tags)));
    put_score(&o, n ? &rows[0] : NULL, &r->completion);
    json_obj_end(&o);
    json_close(tags);
    return !b->failed || err_nomem(w->err);
}

static bool write_row(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    Writer *w = ctx;
    Buf b;
    (void)id;
    if (!str_eq(r->key.model, w->model)) return true;
    buf_init(&b, LINE_MAX_BYTES);
    w->ok = put_row(w, r, rows, n, &b) && audit_chain_add(w->chain, buf_str(&b), w->a, w->out, w->err);
    buf_release(&b);
    arena_reset(w->a);
    w->n++;
    return w->ok;
}

bool audit_rows_write(RunStore *s, Str model, Str role, AuditChain *chain, Buf *out, int64_t *n, Err *err) {
    Arena *scratch = arena_open(0), *line = arena_open(0);
    Writer w = {model, role, chain, line, out, 0, err, true};
    bool ok = (scratch && line) || err_nomem(err);
    ok = ok && store_each(s, false, scratch, write_row, &w, err) && w.ok;
    arena_close(scratch);
    arena_close(line);
    *n = w.n;
    return ok;
}

/* ---- reading ---- */

static bool get_flag(const Json *j, const char *key, bool *out, Err *err) {
    return json_want_bool(j, key, true, out, err);
}

static bool get_text(const Json *j, const char *key, Arena *a, Str *out, Err *err) {
    if (!json_want_str(j, key, true, out, err)) return false;
    *out = str_dup(a, *out);
    return out->p || err_nomem(err);
}

static bool read_row(const Json *j, Arena *a, AuditRow *r, Err *err) {
    return get_text(j, "role", a, &r->role, err) && get_text(j, "suite", a, &r->suite, err) &&
           get_text(j, "sample", a, &r->sample, err) && get_text(j, "content", a, &r->content, err) &&
           get_text(j, "effort", a, &r->effort, err) && get_text(j, "transform", a, &r->transform, err) &&
           get_text(j, "cluster", a, &r->cluster, err) && get_text(j, "label", a, &r->label, err) &&
           get_text(j, "lang", a, &r->lang, err) && get_text(j, "side", a, &r->side, err) &&
           json_want_int(j, "epoch", true, 0, INT32_MAX, &r->epoch, err) &&
           json_want_num(j, "value", true, &r->value, err) && get_flag(j, "scored", &r->scored, err) &&
           get_flag(j, "refused", &r->refused, err) && get_flag(j, "judged", &r->judged, err) &&
           get_flag(j, "truncated", &r->truncated, err) && get_flag(j, "empty", &r->empty, err);
}

static size_t count_lines(Str s) {
    size_t n = 1;
    for (size_t i = 0; i < s.n; i++) n += s.p[i] == '\n';
    return n;
}

static bool read_line(AuditChain *chain, Str line, Arena *a, Arena *scratch, AuditRow *r, Err *err) {
    Json *j = NULL;
    bool ok = audit_chain_check(chain, line, scratch, err) && json_parse(line, &j, err) && read_row(j, a, r, err);
    json_close(j);
    arena_reset(scratch);
    return ok;
}

bool audit_rows_read(Str lines, Arena *a, AuditRow **out, size_t *n, Err *err) {
    AuditChain chain = AUDIT_CHAIN_START;
    Arena *scratch = arena_open(0);
    bool ok = scratch && (*out = arena_array(a, count_lines(lines), sizeof **out));
    if (!ok) err_nomem(err);
    *n = 0;
    if (ok && lines.n && lines.p[lines.n - 1] != '\n') ok = err_set(err, ERR_INPUT, "the last line was cut short");
    for (Str line; ok && (line = audit_next_line(&lines)).p; ++*n)
        ok = read_line(&chain, line, a, scratch, &(*out)[*n], err) || err_wrap(err, "line %zu", *n + 1);
    arena_close(scratch);
    return ok;
}
