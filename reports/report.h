/* Report: a pure function of a stored run to bytes. To add a format: one file with one const Report, one line in
 * reports.c. */
#ifndef ASSAY_REPORT_H
#define ASSAY_REPORT_H

#include "engine/base/err.h"
#include "engine/base/json.h"
#include "engine/base/str.h"
#include "reports/store/store.h"

/* One stored run while documents of it are made: what they say is computed once for each language, when the first of
 * them asks (100,000 answers: seconds). Records, scores and keys of the store must stay as they are meanwhile; its
 * language (store_speak) may change. The store must outlive it. */
typedef struct Findings Findings;
bool findings_open(RunStore *s, Findings **out, Err *err);
void findings_close(Findings *f); /* NULL is fine */

typedef struct Report {
    const char *name;      /* "json" */
    const char *file_name; /* "report.json"; of formats with several files their folder */
    const char *help;
    /* Appends the whole document to out; NULL: the format has write_folder. */
    bool (*write)(Findings *f, Buf *out, Err *err);
    /* Writes several files, each atomically, into a folder that is there. */
    bool (*write_folder)(Findings *f, const char *folder, Err *err);
} Report;

size_t reports_count(void);
const Report *reports_at(size_t i);
const Report *reports_find(const char *name);

/* A single document of a store (r->write, which of several is quicker with one Findings). */
bool report_write(const Report *r, RunStore *s, Buf *out, Err *err);
/* Writes DIR/file_name atomically, or the files of the folder DIR/file_name one by one. */
bool report_write_file(const Report *r, Findings *f, const char *dir, Err *err);

/* A short table for the terminal: per model x suite the score with its interval and the outcome classes, then model
 * against model. Plain text, no colours, hostile bytes escaped. */
bool report_summary(Findings *f, Buf *out, Err *err);

/* The members of report.json but for manifest and samples, into the open object: what --json prints. */
bool report_results(Findings *f, JsonOut *o, Err *err);

/* Whether every answer of the run's plan is stored and scored. */
bool report_is_complete(RunStore *s, Arena *a, bool *yes, Err *err);
/* For `assay view`: how far the run is, as one JSON object {stored, planned or null, complete, results: [{model, cell,
 * answers, score, low, high}]}, and the page that asks for it again and again. */
bool report_progress(RunStore *s, Buf *out, Err *err);
bool report_live(Lang lang, Buf *out, Err *err);

#endif
