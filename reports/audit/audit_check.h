/* Integrity checks of an audit (specs, audit.md section 6): what they are called, and the findings that they make.
 *
 * A finding is about one model and one suite, or about all ("" in their places). One that fails keeps the indicators of
 * its model and suite from BELOW; so does one that the plan requires (`checks: {required: […]}`) and that was not done.
 */
#ifndef ASSAY_REPORTS_AUDIT_CHECK_H
#define ASSAY_REPORTS_AUDIT_CHECK_H

#include "engine/base/str.h"

typedef struct AuditCheckName {
    const char *id;    /* in plans and cards */
    const char *name;  /* for people */
    const char *todo;  /* one sentence: what must be run or given where it was not done */
    bool global;       /* of the audit, not of a model */
    bool of_adversary; /* of models in that role alone */
} AuditCheckName;

/* In the order of the card; NULL beyond the last. */
const AuditCheckName *audit_check_at(size_t i);
const AuditCheckName *audit_check_find(Str id); /* NULL if there is none */

#endif
