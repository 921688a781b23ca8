#include "reports/audit/audit_rows.h"

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
    if (line.n > LINE_MAX_BYTES)
        return err_set(err, ERR_INPUT, "it has %zu bytes, and none that was written has more than %zu", line.n,
                       LINE_MAX_BYTES);
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
           get_text(j, "pair", a, &r->pair, err) && get_text(j, "of", a, &r->of, err) &&
           get_text(j, "domain", a, &r->domain, err) && get_text(j, "arm", a, &r->arm, err) &&
           get_text(j, "policy", a, &r->policy, err) && json_want_int(j, "run", true, 0, 4096, &r->run, err) &&
           json_want_int(j, "epoch", true, 0, INT32_MAX, &r->epoch, err) &&
           json_want_int(j, "tokens", true, 0, INT64_C(1) << 53, &r->tokens, err) &&
           json_want_int(j, "fewshot", true, 0, INT32_MAX, &r->fewshot, err) &&
           json_want_int(j, "same", true, 0, INT32_MAX, &r->same, err) &&
           json_want_int(j, "options", false, 0, 26, &r->options, err) &&
           json_want_int(j, "chosen", false, 0, r->options, &r->chosen, err) &&
           json_want_bool(j, "sealed", false, &r->sealed, err) && json_want_bool(j, "canary", false, &r->canary, err) &&
           json_want_num(j, "temperature", true, &r->temperature, err) && get_flag(j, "tools", &r->tools, err) &&
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
