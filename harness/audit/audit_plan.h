/* The plan of an audit: YAML, or the JSON that `assay audit sign` makes of it. Keys: suites/policies/README.md. */
#ifndef ASSAY_AUDIT_PLAN_H
#define ASSAY_AUDIT_PLAN_H

#include "engine/base/err.h"
#include "engine/base/str.h"

#define AUDIT_PLAN_FORMAT "assay-audit-plan/1"

typedef struct AuditPlan {
    Str canonical; /* the plan itself */
    char sha256[65];
    Str signatures;  /* JSON array of signed statements; "[]": none */
    bool registered; /* whoever must sign has, and every signature fits */
    Str signed_at;   /* the latest of these; absent: not registered */
    char why[200];   /* it is not registered */
} AuditPlan;

/* Errors name file, line, column and key. A signature that does not fit is no error: the plan is not registered. */
bool audit_plan_load(const char *path, Arena *a, AuditPlan *out, Err *err);
/* The same of a text that was read; path is for messages. */
bool audit_plan_parse(const char *path, Str text, Arena *a, AuditPlan *out, Err *err);
/* The signed plan as a file, with one signature more. */
bool audit_plan_sign(const AuditPlan *p, const char *key, Arena *a, Buf *out, Err *err);
/* The file for a plan as it is. */
bool audit_plan_write(const AuditPlan *p, Arena *a, Buf *out, Err *err);

#endif
