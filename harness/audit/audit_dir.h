/* The folder of an audit: plan.json, records.jsonl, log.jsonl, log.head, scorecard.json, decisions.json,
 * scorecard.html, scorecard.md. scorecard.json follows from plan, records and the log's first line, decisions.json from
 * these and the rest of the log, and the pages from both; the log's first line says in which language. So whoever has
 * plan, records and log can make the others again, and nothing that is shown can be changed without it being found. */
#ifndef ASSAY_AUDIT_DIR_H
#define ASSAY_AUDIT_DIR_H

#include "harness/audit/audit_plan.h"
#include "reports/audit/audit_log.h"
#include "reports/audit/audit_rows.h"
#include "reports/seal/seal.h"
#include "reports/words/words.h"

typedef struct AuditDir {
    Arena *arena;
    Buf plan, records, log, card, decisions, html, markdown;
    AuditLog lines;   /* of `log` */
    Json *card_json;  /* of `card` */
    Lang lang;        /* of page and Markdown */
    Str anchor;       /* for the lines that are written; absent: none */
    char head[66];    /* hash of the last line of the log, and a line end */
    bool head_behind; /* as read: it is the hash of the last line but one, as an append leaves it that was broken off */
    int status;       /* of the verdict: 0, 1, 5 */
    SealPublic signer; /* who signed the first lines of the log; id "" if nobody did */
} AuditDir;

void audit_dir_init(AuditDir *d, Arena *a);
void audit_dir_release(AuditDir *d);
/* From plan file, header and records: the rest. key NULL: the log is not signed. */
bool audit_dir_make(AuditDir *d, Str header, const SealSecret *key, Err *err);
/* All files or none; none of them may be in the folder. */
bool audit_dir_write(const AuditDir *d, const char *dir, Err *err);

/* ---- audit_dir_check.c ---- */

/* Reads plan, records and log, checks them, and makes the rest from them. ERR_INPUT: the sentence names the file, and
 * the line where it has lines. */
bool audit_dir_open(AuditDir *d, const char *dir, Err *err);
/* That the files which follow from the others are those that were made. */
bool audit_dir_same(const AuditDir *d, const char *dir, Err *err);
/* Both: nothing in the folder was changed. */
bool audit_dir_verify(const char *dir, Arena *a, SealPublic *signer, int *status, Err *err);

/* ---- audit_dir_append.c ---- */

/* Says what the new line says, from the folder as it is: *body is an object without n, prev, type and at. */
typedef bool (*AuditBodyFn)(void *ctx, AuditDir *d, Str *body, Err *err);
/* Appends one line to the log of a folder and makes decisions.json and the pages anew. One process at a time. The new
 * files are all written beside the old ones before the first takes its place: on a full disk, nothing has changed. What
 * follows from the log is not read, only replaced. d: initialised, with the anchor; as the folder is afterwards. */
bool audit_dir_append(AuditDir *d, const char *dir, const char *type, AuditBodyFn fn, void *ctx, const SealSecret *key,
                      Err *err);

/* Shared by the three: what follows from `log`, `card` and the plan: decisions and pages, and `head`. */
bool audit_dir__follow(AuditDir *d, Err *err);
/* The scorecard from the plan file, a header and records. */
bool audit_dir__derive(AuditDir *d, const Json *header, Err *err);
void audit_dir__root(Str records, int64_t *n, char hex[65]);

#endif
