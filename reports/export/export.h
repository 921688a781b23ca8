/* What the export formats share: a run cut into slices, one for each primary cell of its Summary (model x suite x
 * transform x effort), and names that other programs accept. Each format is a pure function of the stored run. */
#ifndef ASSAY_REPORTS_EXPORT_H
#define ASSAY_REPORTS_EXPORT_H

#include "engine/base/json.h"
#include "reports/findings.h"
#include "reports/visible.h"

typedef struct ExportRun {
    RunStore *store;
    Arena *keep, *scratch; /* scratch is reset between records */
    Summary s;             /* belongs to the Findings */
    Json *plan;            /* manifest "plan"; NULL if there is none */
    Str started, finished; /* "2026-02-03T04:05:06Z"; absent if the manifest does not tell */
    Str version;           /* of the program that ran */
    bool complete;         /* no item of the plan lacks its record, as far as is known */
} ExportRun;

/* On failure nothing is left open. */
bool export_open(Findings *f, ExportRun *out, Err *err);
void export_close(ExportRun *x);
/* Whether nothing was left out so far for want of memory, in the arenas and in b: asked before a file is written. */
bool export_whole(const ExportRun *x, const Buf *b, Err *err);

/* Calls fn for every record of the cell, in the plan's order, with texts. */
bool export_each(ExportRun *x, const SumCell *cell,
                 bool (*fn)(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n), void *ctx,
                 Err *err);

/* The suite's object in the plan ("generation", …), or NULL. */
const Json *export_suite_plan(const ExportRun *x, const SumCell *cell);
/* "safety/cbrn-refusal", and "@b64" behind it under a transform. In the run's arena; NULL without memory. */
const char *export_task(const ExportRun *x, const SumCell *cell);
/* 22 letters and digits that follow from the texts alone: the identifiers that Inspect makes at random. */
typedef struct ExportId {
    char text[23];
} ExportId;
ExportId export_id(const ExportRun *x, const SumCell *cell, const char *what, Str more);
/* A file name's part: letters, digits, '.', '-' stay; all others are '-'. At most 100 bytes. */
Str export_file_part(Arena *a, Str s);
/* "2026-02-03T04:05:06+00:00" for "2026-02-03T04:05:06Z"; other texts stay. */
Str export_time(Arena *a, Str utc);
/* Seconds since 1970 of "2026-02-03T04:05:06Z"; NaN of any other text. */
double export_unix(Str utc);

#endif
