/* Shared by the files that read what an audit judges; nothing else includes it. */
#ifndef ASSAY_AUDIT_INPUTS_INTERNAL_H
#define ASSAY_AUDIT_INPUTS_INTERNAL_H

#include "harness/audit/audit_inputs.h"
#include "reports/audit/audit_rows.h"

typedef struct ImportedResult {
    struct ImportedResult *next;
    Str model, suite, arm, side;
} ImportedResult;

typedef struct ScorerSeen {
    struct ScorerSeen *next;
    Str name;
} ScorerSeen;

typedef struct Inputs {
    const AuditInputs *in;
    Arena *a;
    AuditChain chain;
    Buf *records;
    JsonOut o;               /* the header */
    ImportedResult *results; /* so far, of all files */
    ScorerSeen *scorers;     /* of the suites of all runs */
} Inputs;

void inputs__member(JsonOut *o, const char *key, Str v); /* "" if absent */
/* "MODEL=PATH" and the plan's entry of that model. */
bool inputs__split(const Inputs *u, const char *option, const char *word, Str *model, const char **rest,
                   const Json **entry, Err *err);
bool inputs__runs(Inputs *u, Err *err);
/* A manifest entry, parsed; NULL if there is none. */
bool inputs__entry(Inputs *u, RunStore *s, const char *key, Json **out, Err *err);
/* The run's name of the model whose weights have the digest. */
bool inputs__find_model(Inputs *u, RunStore *s, const char *dir, Str digest, Str *name, Err *err);
bool inputs__imports(Inputs *u, Err *err);
bool inputs__cards(Inputs *u, Err *err);
/* Facts for integrity checks: header members self_test, repeats, overlap. */
bool inputs__note_scorer(Inputs *u, Str name);
bool inputs__self_tests(Inputs *u, Err *err);
bool inputs__repeats(Inputs *u, Err *err);
bool inputs__tuning(Inputs *u, Err *err);

#endif
