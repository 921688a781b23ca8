/* Shared by the files that read what an audit judges; nothing else includes it. */
#ifndef ASSAY_AUDIT_INPUTS_INTERNAL_H
#define ASSAY_AUDIT_INPUTS_INTERNAL_H

#include "harness/audit/audit_inputs.h"
#include "reports/audit/audit_rows.h"

typedef struct ImportedResult {
    struct ImportedResult *next;
    Str model, suite, arm, side;
} ImportedResult;

typedef struct Inputs {
    const AuditInputs *in;
    Arena *a;
    AuditChain chain;
    Buf *records;
    JsonOut o;               /* the header */
    ImportedResult *results; /* so far, of all files */
} Inputs;

void inputs__member(JsonOut *o, const char *key, Str v); /* "" if absent */
/* "MODEL=PATH" and the plan's entry of that model. */
bool inputs__split(const Inputs *u, const char *option, const char *word, Str *model, const char **rest,
                   const Json **entry, Err *err);
bool inputs__runs(Inputs *u, Err *err);
bool inputs__imports(Inputs *u, Err *err);
bool inputs__cards(Inputs *u, Err *err);

#endif
