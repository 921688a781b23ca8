/* The plan of an audit: YAML, or the JSON that `assay audit sign` makes of it. Keys: suites/policies/README.md. */
#ifndef ASSAY_AUDIT_PLAN_H
#define ASSAY_AUDIT_PLAN_H

#include "engine/base/err.h"
#include "engine/base/json.h"
#include "engine/base/str.h"

#define AUDIT_PLAN_FORMAT "assay-audit-plan/1"
enum { AUDIT_PLANS_MAX = 64 }; /* of one chain */

typedef struct AuditPlan {
    Str canonical; /* the plan itself */
    char sha256[65];
    Str signatures;  /* JSON array of signed statements; "[]": none */
    bool registered; /* whoever must sign has, and every signature fits */
    Str signed_at;   /* the latest of these; absent: not registered */
    Str keys;        /* JSON array: ids of the keys whose signatures fit */
    char why[200];   /* it is not registered */
    Str supersedes;  /* digest of the plan before it; absent: there is none */
    Str opened; /* of a plan before: the first line of the log of an audit that was made with it; absent: not given */
    struct AuditPlan *earlier; /* [n_earlier] the plans before it, newest first, as far as they are known */
    size_t n_earlier;
} AuditPlan;

/* Errors name file, line, column and key. A signature that does not fit is no error: the plan is not registered. */
bool audit_plan_load(const char *path, Arena *a, AuditPlan *out, Err *err);
/* The same of a text that was read; path is for messages. */
bool audit_plan_parse(const char *path, Str text, Arena *a, AuditPlan *out, Err *err);
/* The signed plan as a file, with one signature more. */
bool audit_plan_sign(const AuditPlan *p, const char *key, Arena *a, Buf *out, Err *err);
/* The file for a plan as it is. */
bool audit_plan_write(const AuditPlan *p, Arena *a, Buf *out, Err *err);

/* ---- audit_plan_earlier.c: the plans before it ---- */

/* Takes earlier plans from files, or from folders of audits that were made with them, which say when there were data;
 * what those hold of still earlier plans comes along. In any order; what p holds already stays. ERR_INPUT: a file whose
 * plan is not one that p or a plan before it supersedes. Signatures are checked like p's own: one that does not fit is
 * told, not refused, for the digest says what the plan was. */
bool audit_plan_add_earlier(AuditPlan *p, const char *const *paths, size_t n, Arena *a, Err *err);
/* p and the plans before it as audit_card wants them: a JSON array, in the arena. */
bool audit_plan_history(const AuditPlan *p, Arena *a, Str *json, Err *err);
/* Reads `earlier` of a plan file; NULL is fine. path is for messages. */
bool audit_plan__read_earlier(AuditPlan *p, const char *path, const Json *list, Arena *a, Err *err);
/* Writes it: nothing, or a member of the file and a comma. */
void audit_plan__write_earlier(const AuditPlan *p, Buf *out);
/* One plan of a file: its members `plan` and `signatures`. */
bool audit_plan__from_json(const char *path, const Json *file, Arena *a, AuditPlan *p, Err *err);

#endif
