/* What an audit hashes and signs: canonical JSON, and a Merkle tree over records. Specs, audit.md section 9. */
#ifndef ASSAY_REPORTS_AUDIT_CANON_H
#define ASSAY_REPORTS_AUDIT_CANON_H

#include "engine/base/json.h"

/* Appends the document with keys sorted bytewise, no spaces, UTF-8, numbers as the shortest decimals that round-trip
 * (1, not 1.0; 100, not 1e2; -0 is 0), so that equal documents are equal bytes. A key twice, or a number that is not
 * finite, is ERR_INPUT. */
bool audit_canonical(const Json *j, Buf *out, Err *err);
/* SHA-256 of those bytes as hex. */
bool audit_hash(const Json *j, char hex[65], Err *err);

/* RFC 6962, section 2.1: leaf = SHA-256(0x00 || record), node = SHA-256(0x01 || left || right), split at the largest
 * power of two below n; no record: SHA-256 of nothing. Records are added in order; the root can be asked for at any
 * time. */
typedef struct AuditTree {
    unsigned char level[64][32]; /* of complete subtrees that wait for their right sisters */
    uint64_t n;
} AuditTree;
void audit_tree_init(AuditTree *t);
void audit_tree_add(AuditTree *t, Str record);
void audit_tree_root(const AuditTree *t, unsigned char root[32]);

#endif
