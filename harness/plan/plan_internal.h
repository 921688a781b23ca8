/* What plan.c and plan_json.c share; nobody else includes it. */
#ifndef ASSAY_HARNESS_PLAN_INTERNAL_H
#define ASSAY_HARNESS_PLAN_INTERNAL_H

#include "harness/plan/plan.h"

/* Sets in *g what `s` gives and leaves the rest (plan.c). Called with the suite's settings, then with the plan's. */
void plan_overlay(GenOptions *g, const SuiteGeneration *s);

/* Sets each suite's list: the plan's, else its own, else plain alone (plan_transforms.c). ERR_INPUT if a suite cannot
 * be asked so. */
bool plan_resolve_transforms(Plan *p, Arena *a, Err *err);
/* After the samples are chosen: which of them fit which transform. ERR_INPUT if a transform fits none of the plan. */
bool plan_fit_transforms(Plan *p, Arena *a, Err *err);

/* Sets p->sha256, after data is open: of plan_to_json without what says where things lie (plan_json.c). False only if
 * memory runs out. */
bool plan_digest(Plan *p, Arena *a, Err *err);

#endif
