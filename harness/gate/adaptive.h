/* Adaptive gate: baseline and candidate are asked unit by unit in random order, until the checks of a policy are
 * decided (reports/gate/gate_adaptive.h). The run that it leaves is a run like any other, only not finished.
 *
 * A unit is all questions of a suite that belong together (a pair, a cluster), with their repeats and efforts. The
 * order comes from the plan's seed alone, and units enter the tests in that order, so a run that was interrupted
 * decides as one that was not. Answers do not depend on the order: they are those of a complete run. */
#ifndef ASSAY_ADAPTIVE_H
#define ASSAY_ADAPTIVE_H

#include "harness/run/run.h"
#include "reports/gate/gate_adaptive.h"

typedef struct Adaptive Adaptive;

/* For run_open: o->steering is set. The plan must have two models, the baseline first. */
bool adaptive_open(RunOptions *o, const GatePolicy *policy, Arena *a, Adaptive **out, Err *err);
/* After run_loop. */
bool adaptive_report(const Adaptive *d, Run *r, Arena *a, GateReport *out, Err *err);

#endif
