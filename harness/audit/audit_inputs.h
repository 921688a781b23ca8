/* What an audit judges: runs, results from elsewhere, judges' calibration cards; from the words of the command line to
 * the header of the log and the public records. */
#ifndef ASSAY_AUDIT_INPUTS_H
#define ASSAY_AUDIT_INPUTS_H

#include "engine/base/json.h"
#include "harness/audit/audit_plan.h"

typedef struct AuditWords {
    const char *const *v;
    size_t n;
} AuditWords;

typedef struct AuditInputs {
    const AuditPlan *plan;
    const Json *models; /* of the plan */
    AuditWords runs;    /* "MODEL=DIR"; a model may have several */
    AuditWords imports; /* "MODEL=FILE": results from elsewhere that the plan names by their digest */
    AuditWords cards;   /* files: calibration cards of judges */
    AuditWords repeats; /* "MODEL=DIR": the same asked again */
    AuditWords tuning;  /* "MODEL=FILE.jsonl": what the model was tuned on */
} AuditInputs;

/* header: a JSON object, as audit_card.h describes it; records: audit_rows.h. ERR_INPUT names the word or the folder,
 * ERR_INTERRUPTED a run that is not finished. */
bool audit_inputs_read(const AuditInputs *in, Arena *a, Buf *header, Buf *records, Err *err);

#endif
