/* A calibration card in a run: read, held against the judge and the scorers of the run, and put into its manifest. */
#ifndef ASSAY_HARNESS_JUDGE_CARD_H
#define ASSAY_HARNESS_JUDGE_CARD_H

#include "harness/plan/plan.h"
#include "harness/scoring.h"
#include "reports/calibration.h"

/* The card at `path`, which may not be from the future. *json: {"id", "card"} for the manifest, in the arena; json may
 * be NULL. */
bool judge_card_load(const char *path, Arena *a, CalCard *card, Str *json, Err *err);

/* ERR_INPUT if the card names no judge, or another one, or another precision, effort or temperature than `judge`, which
 * is what judge_describe said; or if a suite of the plan uses the card's scorer in another version, with another policy
 * or other options, or with other questions to the judge. sets: of the plan's suites. A card of a scorer that no suite
 * uses passes: reports say that it is another scorer's. */
bool judge_card_check(const CalCard *card, Str judge, const Plan *p, ScorerSet *const *sets, Err *err);

#endif
