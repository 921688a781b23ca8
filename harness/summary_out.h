/* The end of run, report and rescore: what a person reads on standard output. */
#ifndef ASSAY_SUMMARY_OUT_H
#define ASSAY_SUMMARY_OUT_H

#include "harness/cmd/cmd.h"
#include "reports/store/store.h"

/* The summary table; with --json one object instead: report.json without its samples and its manifest, and the paths.
 * Then, last, one line for each of `files` (in dir), which is all that -q leaves. */
bool summary_print(CmdCtx *c, RunStore *s, const char *dir, const char *const *files, size_t n);

#endif
