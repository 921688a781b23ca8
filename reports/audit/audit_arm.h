/* Arms of an audit: ways of asking, by name. Parts are joined with '+', in any order but that of a transform:
 *
 *   default                            medium effort, asked plainly, with the settings that the suite ships with
 *   effort-low, -medium, -high         reasoning effort
 *   tokens-N                           the budget of a request (generation.max_tokens)
 *   few-shot-K                         the suite asks with K examples
 *   tools                              the suite gives tools
 *   best-of-K                          at least one right (or leaked) of K, without bias from all the answers there are
 *   consensus-K                        what most of the first K answers say
 *   anything else                      a transform: prefill-final, no-analysis, story+b64; system-policy is sys-policy
 */
#ifndef ASSAY_REPORTS_AUDIT_ARM_H
#define ASSAY_REPORTS_AUDIT_ARM_H

#include "engine/base/err.h"
#include "engine/base/str.h"

enum { AUDIT_ARMS_MAX = 32, AUDIT_DRAWN_MAX = 4096 };

typedef struct AuditArmName {
    Str name, effort; /* "medium" unless it says other */
    Str transform;    /* "plain" unless it says other; unchecked */
    int64_t tokens;   /* 0: not said */
    int64_t fewshot;  /* -1: not said */
    bool tools;
    int64_t best_of, consensus; /* 0: not said */
} AuditArmName;

/* Texts are borrowed from name. ERR_INPUT says which part is wrong. */
bool audit_arm_read(Str name, AuditArmName *out, Err *err);

#endif
