/* Within the export room: one sample in the forms that an Inspect log holds it in. */
#ifndef ASSAY_REPORTS_INSPECT_H
#define ASSAY_REPORTS_INSPECT_H

#include "reports/export/export.h"

typedef struct InspectLog {
    ExportRun *run;
    const SumCell *cell; /* the primary one of the slice */
    Str model;           /* name in the run */
    int64_t max_tokens;  /* of the suite's plan; -1 if it does not tell */
    int64_t tokens_in, tokens_out, tokens_analysis;
    int64_t n_samples, n_completed;
} InspectLog;

/* EvalSample: everything. Texts of a sample that the run hides are left out. */
void inspect_sample(JsonOut *o, InspectLog *log, const Record *r, const ScoreRow *rows, size_t n);
/* EvalSampleSummary: what lists of samples show. */
void inspect_summary(JsonOut *o, InspectLog *log, const Record *r, const ScoreRow *rows, size_t n);
/* The sample's id as Inspect may use it in a member's name: without '/', control characters and the like. An id that
 * had to change gets a piece of its digest, so that two never become one. In the arena; NULL: no memory. */
const char *inspect_sample_id(Arena *a, Str sample);
/* The same as a value; without memory the document has failed. */
void inspect_put_id(JsonOut *o, Arena *a, Str sample);
/* {"input_tokens": …} */
void inspect_usage(JsonOut *o, int64_t in, int64_t out, int64_t analysis);
/* A number, or the constant NaN: Inspect's word for "unscored". */
void inspect_value(JsonOut *o, double v);

#endif
