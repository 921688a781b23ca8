/* The folder of an audit: plan.json, records.jsonl, log.jsonl, log.head, scorecard.json, scorecard.html, scorecard.md.
 * All of it can be made again from plan and records; the log's first line says in which language the last two are. */
#ifndef ASSAY_AUDIT_DIR_H
#define ASSAY_AUDIT_DIR_H

#include "harness/audit/audit_plan.h"
#include "reports/audit/audit_rows.h"
#include "reports/seal/seal.h"
#include "reports/words/words.h"

typedef struct AuditDir {
    Arena *arena;
    Buf plan, records, log, card, html, markdown;
    Lang lang;     /* of page and Markdown */
    char head[66]; /* hash of the last line of the log, and a line end */
    int status;    /* of the verdict: 0, 1, 5 */
} AuditDir;

void audit_dir_init(AuditDir *d, Arena *a);
void audit_dir_release(AuditDir *d);
/* From plan file, header and records: the rest. key NULL: the log is not signed. */
bool audit_dir_make(AuditDir *d, Str header, const SealSecret *key, Err *err);
/* All files or none; none of them may be in the folder. */
bool audit_dir_write(const AuditDir *d, const char *dir, Err *err);
/* Reads a folder and checks everything. false with ERR_INPUT: the sentence names the file, and the line where it has
 * lines. *signer: who signed the log; id "" if nobody did. */
bool audit_dir_verify(const char *dir, Arena *a, SealPublic *signer, int *status, Err *err);

#endif
