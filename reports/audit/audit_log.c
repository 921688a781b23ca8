#include "reports/audit/audit_log.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/hash.h"
#include "reports/audit/audit_statement.h"

/* ---- writing ---- */

bool audit_anchor_check(const char *text, Err *err) {
    size_t n = strlen(text);
    bool plain = n > 0 && n <= AUDIT_ANCHOR_MAX;
    for (size_t i = 0; plain && i < n; i++) plain = text[i] > ' ' && text[i] < 127 && text[i] != '"' && text[i] != '\\';
    return plain || err_set(err, ERR_INPUT,
                            "--anchor: expected one word of at most %d printable characters without quotes, such as "
                            "the hash of a public ledger's newest block",
                            AUDIT_ANCHOR_MAX);
}

bool audit_log_add(AuditChain *c, const char *type, Str body, Str anchor, const SealSecret *key, Arena *a, Buf *log,
                   Err *err) {
    char now[21];
    Str line;
    Buf b;
    clock_utc(now);
    buf_init(&b, AUDIT_LOG_MAX);
    buf_addf(&b, "{\"n\":%lld,\"prev\":\"%s\",", (long long)c->n, c->prev);
    if (anchor.n) buf_addf(&b, "\"anchor\":\"" STR_FMT "\",", STR_ARG(anchor));
    buf_addstr(&b, str_sub(body, 1, body.n - 1));
    if (!key) buf_addf(&b, ",\"type\":\"%s\",\"at\":\"%s\"", type, now);
    buf_addc(&b, '}');
    bool ok = !b.failed || err_nomem(err);
    ok = ok && (key ? audit_statement(key, type, now, buf_str(&b), a, &line, err)
                    : audit_canonical_text(buf_str(&b), a, &line, err));
    buf_release(&b);
    if (!ok) return false;
    sha256_of(line, c->prev);
    c->n++;
    buf_addstr(log, line);
    buf_addc(log, '\n');
    return !log->failed || err_nomem(err);
}

/* ---- reading ---- */

static const char *const HEAD[AUDIT_LOG_HEAD] = {"open", "run-close", "verdict"};

static const char *type_of(const AuditLogLine *l, size_t at, Err *err) {
    static const char *const later[] = {"verdict", "decision", "unseal"};
    if (at < AUDIT_LOG_HEAD) {
        if (str_eqz(l->type, HEAD[at])) return HEAD[at];
        err_set(err, ERR_INPUT, "it is not of type '%s'", HEAD[at]);
        return NULL;
    }
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        if (str_eqz(l->type, later[i])) return later[i];
    err_set(err, ERR_INPUT, "a line that does not belong there: it is of no type that an audit's log goes on with");
    return NULL;
}

static bool may_be_unsigned(const AuditLog *g, const char *type, size_t at, Err *err) {
    if (at == 0 || strcmp(type, "unseal") == 0) return true;
    if (at >= AUDIT_LOG_HEAD) return err_set(err, ERR_INPUT, "a line of type '%s' must be signed, and is not", type);
    return !g->v[0].by.id[0] || err_set(err, ERR_INPUT, "it is not signed, and the lines before it are");
}

static bool check_signature(const AuditLog *g, AuditLogLine *l, const char *type, size_t at, Arena *a, Err *err) {
    if (!json_get(l->json, "signature")) return may_be_unsigned(g, type, at, err);
    if (!audit_statement_check(l->text, type, a, &l->by, err)) return false;
    if (at == 0 || at >= AUDIT_LOG_HEAD || strcmp(l->by.id, g->v[0].by.id) == 0) return true;
    return err_set(err, ERR_INPUT, "it is signed by another key than the lines before it");
}

static bool read_line(AuditLog *g, Str text, Arena *scratch, Err *err) {
    AuditLogLine *l = &g->v[g->n];
    *l = (AuditLogLine){.text = text};
    if (!audit_chain_check(&g->end, text, scratch, err) || !json_parse(text, &l->json, err)) return false;
    l->type = json_str(json_get(l->json, "type"));
    l->at = json_str(json_get(l->json, "at"));
    snprintf(l->sha256, sizeof l->sha256, "%s", g->end.prev);
    const char *type = type_of(l, g->n, err);
    return type && check_signature(g, l, type, g->n, scratch, err);
}

bool audit_log_read(Str text, Arena *a, AuditLog *g, Err *err) {
    size_t lines = 1;
    Arena *scratch = arena_open(0);
    *g = (AuditLog){.end = AUDIT_CHAIN_START};
    for (size_t i = 0; i < text.n; i++) lines += text.p[i] == '\n';
    bool ok = (scratch && (g->v = arena_array(a, lines, sizeof *g->v))) || err_nomem(err);
    if (ok && (!text.n || text.p[text.n - 1] != '\n'))
        ok = err_set(err, ERR_INPUT, "log.jsonl: it is empty or was cut short");
    for (Str line; ok && (line = audit_next_line(&text)).p; arena_reset(scratch)) {
        ok = read_line(g, line, scratch, err) || err_wrap(err, "log.jsonl line %zu", g->n + 1);
        g->n++; /* its JSON must be closed in any case */
    }
    if (ok && g->n < AUDIT_LOG_HEAD) ok = err_set(err, ERR_INPUT, "log.jsonl line %zu: it is missing", g->n + 1);
    arena_close(scratch);
    return ok;
}

void audit_log_close(AuditLog *g) {
    for (size_t i = 0; i < g->n; i++) json_close(g->v[i].json);
    g->n = 0;
}
