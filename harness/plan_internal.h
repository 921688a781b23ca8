/* What plan.c and plan_json.c share; nobody else includes it. */
#ifndef ASSAY_HARNESS_PLAN_INTERNAL_H
#define ASSAY_HARNESS_PLAN_INTERNAL_H

#include "harness/plan.h"

/* Sets in *g what `s` gives and leaves the rest (plan.c). Called with the suite's settings, then with the plan's. */
void plan_overlay(GenOptions *g, const SuiteGeneration *s);

/* Sets p->sha256, after data is open: of plan_to_json without what says where things lie (plan_json.c). False only if
 * memory runs out. */
bool plan_digest(Plan *p, Arena *a, Err *err);

#endif
