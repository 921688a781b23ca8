/* The log of an audit: lines of canonical JSON, chained by `n` and `prev` (audit_rows.h), each a signed statement
 * (audit_statement.h) or, where it may be unsigned, an object with `type` and `at`.
 *
 *   1  open       plan_file_sha256, language, header
 *   2  run-close  records, root: of records.jsonl
 *   3  verdict    scorecard_sha256, status
 *   then, in any order and number, appended later:
 *      verdict    the same two members, signed by another key
 *      decision   what people decided (audit_decisions.h); always signed
 *      unseal     that sealed texts of a run were opened; signed or not
 * The first three are signed by one key, or none of them is. Any line may have `anchor`: a text from outside, such as
 * the hash of a public ledger's newest block, which proves that the line is not older than that. */
#ifndef ASSAY_REPORTS_AUDIT_LOG_H
#define ASSAY_REPORTS_AUDIT_LOG_H

#include "engine/base/json.h"
#include "reports/audit/audit_rows.h"
#include "reports/seal/seal.h"

#define AUDIT_LOG_MAX ((size_t)256 << 20)
enum { AUDIT_LOG_HEAD = 3, AUDIT_ANCHOR_MAX = 200 };

typedef struct AuditLogLine {
    Str text; /* without line end */
    Json *json;
    Str type, at;
    char sha256[65];
    SealPublic by; /* id "": not signed */
} AuditLogLine;

typedef struct AuditLog {
    AuditLogLine *v;
    size_t n;
    AuditChain end; /* where the next line goes on */
} AuditLog;

/* Checks chain, types and signatures. ERR_INPUT names the line: "log.jsonl line 4: …". `text` and the arena must
 * outlive the log; close it in any case. */
bool audit_log_read(Str text, Arena *a, AuditLog *out, Err *err);
void audit_log_close(AuditLog *l);

/* Appends one line. body: a JSON object without n, prev, type, at. anchor: absent for none. key NULL: unsigned. */
bool audit_log_add(AuditChain *c, const char *type, Str body, Str anchor, const SealSecret *key, Arena *a, Buf *log,
                   Err *err);
/* ERR_INPUT: empty, longer than AUDIT_ANCHOR_MAX, or not printable ASCII without quotes and backslashes. */
bool audit_anchor_check(const char *text, Err *err);

#endif
