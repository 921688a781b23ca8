/* A calibration card in a run: read, held against the judge and the policies of the run, and put into its manifest. */
#ifndef ASSAY_HARNESS_JUDGE_CARD_H
#define ASSAY_HARNESS_JUDGE_CARD_H

#include "harness/plan/plan.h"
#include "reports/calibration.h"

/* The card at `path`. *json: {"id", "card"} for the manifest, in the arena. */
bool judge_card_load(const char *path, Arena *a, CalCard *card, Str *json, Err *err);

/* ERR_INPUT if the card names no judge, or another one, or another precision, effort or temperature than `judge`, which
 * is what judge_describe said; or if it was made with another policy than a suite of the plan gives that scorer. */
bool judge_card_check(const CalCard *card, Str judge, const Plan *p, Err *err);

#endif
