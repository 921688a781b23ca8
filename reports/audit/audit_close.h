/* The close of a run: a Merkle root over its public records, taken when the run ends and signed by whoever ran it, so
 * that an audit finds what was changed between the two (specs, audit.md section 9).
 *
 * A leaf is the canonical JSON of one stored answer: its key, the hashes of its sample and its request, and every
 * score's scorer, version, status, outcome, value, label and rule. That is all that figures are made of; no text.
 * Leaves stand in the order of the plan. */
#ifndef ASSAY_REPORTS_AUDIT_CLOSE_H
#define ASSAY_REPORTS_AUDIT_CLOSE_H

#include "reports/seal/seal.h"
#include "reports/store/store.h"

/* Root over all records of the store; *n: how many. */
bool audit_close_root(RunStore *s, int64_t *n, char hex[65], Err *err);

/* The manifest's entry `run_close`: a statement of type run-close with `records`, `root` and `plan_sha256`; without a
 * key the same object, `type` and `at`, but no signature. In the arena. */
bool audit_close_make(RunStore *s, Str plan_sha256, const SealSecret *key, Arena *a, Str *json, Err *err);

typedef enum AuditCloseState {
    CLOSE_NONE,     /* the run was never closed: not finished, without a plan, or by an earlier version */
    CLOSE_CHANGED,  /* root, count or plan differ from what stands in the close, or its signature does not fit */
    CLOSE_UNSIGNED, /* it fits, but whoever could change the run could renew it */
    CLOSE_SIGNED
} AuditCloseState;
const char *audit_close_name(AuditCloseState s); /* "none", "changed", "unsigned", "signed" */

typedef struct AuditClose {
    AuditCloseState state;
    char root[65]; /* of what is there now */
    SealPublic by; /* if signed; else id "" */
    char at[21];   /* "": none */
} AuditClose;

/* Compares the store with its close. plan_sha256 absent: the run has no plan. */
bool audit_close_check(RunStore *s, Str plan_sha256, Arena *a, AuditClose *out, Err *err);

#endif
