/* Signed statements of an audit: a JSON object with members `type`, `at` (UTC), `key` (id) and `public` (base64),
 * whatever else it says, and `signature` over type and SHA-256 of its canonical form without `signature` (seal_sign.h):
 * no member can be changed. */
#ifndef ASSAY_REPORTS_AUDIT_STATEMENT_H
#define ASSAY_REPORTS_AUDIT_STATEMENT_H

#include "reports/audit/audit_canon.h"
#include "reports/seal/seal.h"

/* The canonical form of a JSON text, in the arena. */
bool audit_canonical_text(Str json, Arena *a, Str *out, Err *err);
/* json is an object without these members; the signed statement (canonical, in the arena) has them. */
bool audit_statement(const SealSecret *s, const char *type, const char *at, Str json, Arena *a, Str *out, Err *err);
/* ERR_INPUT says what is wrong: a member is missing, the key has another id, the signature does not fit. */
bool audit_statement_check(Str statement, const char *type, Arena *a, SealPublic *by, Err *err);

#endif
