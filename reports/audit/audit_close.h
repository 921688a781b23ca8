/* The close of a run: Merkle roots over what it stored, taken when the run ends and signed by whoever ran it, so that
 * an audit finds what was changed between the two (specs, audit.md section 9).
 *
 * There are two trees (audit_canon.h), each with one leaf of canonical JSON for an answer, in the order of the plan:
 *   answers   whose answer it is, the hashes of its sample and its request, its tags, how it ended, and one hash of its
 *             texts (of sealed ones the commitments). Before these stands a leaf with one hash of the manifest.
 *   scores    whose answer it is, and of every score the scorer, version, status, outcome, value, label, rule, the
 *             judge's policy, and where questions are repeated the hash of the extracted answer. Before these stands a
 *             leaf with one hash of the manifest's entries that rescoring replaces (scorers, judge, rescored).
 * That is all that the figures of an audit are made of. No text can be read from it. Rescoring changes the second tree
 * alone: a run that was scored again can be closed again, and its answers are still those of the first close. */
#ifndef ASSAY_REPORTS_AUDIT_CLOSE_H
#define ASSAY_REPORTS_AUDIT_CLOSE_H

#include "reports/seal/seal.h"
#include "reports/store/store.h"

typedef struct AuditRoots {
    char answers[65], scores[65];
    int64_t records;
} AuditRoots;
bool audit_close_roots(RunStore *s, AuditRoots *out, Err *err);

/* The manifest's entry `run_close`: a statement of type run-close with `records`, `answers`, `scores`, `plan_sha256`,
 * `closes` (1, or one more than the close that is there) and `prev` (SHA-256 of that one; "" if there is none); without
 * a key the same object with `type` and `at`, but no signature. In the arena. */
bool audit_close_make(RunStore *s, Str plan_sha256, const SealSecret *key, Arena *a, Str *json, Err *err);

typedef enum AuditCloseState {
    CLOSE_NONE,     /* the run was never closed: not finished, without a plan, or by an earlier version */
    CLOSE_CHANGED,  /* roots, count or plan differ from what stands in the close, or its signature does not fit */
    CLOSE_UNSIGNED, /* it fits, but whoever could change the run could renew it */
    CLOSE_SIGNED
} AuditCloseState;
const char *audit_close_name(AuditCloseState s); /* "none", "changed", "unsigned", "signed" */

typedef struct AuditClose {
    AuditCloseState state;
    AuditRoots now;
    bool signature;    /* there is one, whether or not it fits */
    bool same_answers; /* scores may differ: the run was scored again, and not closed since */
    int64_t closes;    /* how often it was closed; 0: none */
    SealPublic by;     /* if signed; else id "" */
    char at[21];       /* "": none */
} AuditClose;

/* Compares the store with its close. plan_sha256 absent: the run has no plan. */
bool audit_close_check(RunStore *s, Str plan_sha256, Arena *a, AuditClose *out, Err *err);

#endif
