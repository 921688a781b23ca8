/* The end of run, report, rescore and compare: what a person reads on standard output. */
#ifndef ASSAY_SUMMARY_OUT_H
#define ASSAY_SUMMARY_OUT_H

#include "harness/cmd/cmd.h"
#include "reports/report.h"

/* The summary table; with --json one object instead: report.json without its samples and its manifest, and the paths.
 * Then, last, one line for each of `files` (in dir; NULL: as they stand), which is all that -q leaves. */
bool summary_print(CmdCtx *c, Findings *f, const char *dir, const char *const *files, size_t n);

#endif
