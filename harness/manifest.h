/* Manifest: what explains every number of a run, as JSON entries of the store; written once, compared on resume.
 *
 *   command    how the run was asked for (plans, models, overrides, directory it was typed in): what --resume needs
 *   plan       the resolved plan: suites with digests and counts, efforts, repeats, seed, settings (plan_to_json)
 *   models     [{name, spec, digest, engine, backend, layout, ...}] in the plan's order
 *   suites     [{name, title, version, hazard, metric, ...}]
 *   transforms [{name, family, versions}] in the order of the suites; absent where plain is all
 *   scorers    {suite: [{name, scorer, version, plugin?, sha256?}]}
 *   sandbox    what the sandbox can do, or null when no suite needs it
 *   judge      {spec, digest, engine, precision, effort, temperature, …} of the model that scorers asked, if they did
 *   calibration {id, card} of the judge, if there is one; may be put or replaced at any time
 *   harness    {"version"}
 *   context    positions per sequence at most as asked for, 0 = the model's own
 *   n_items, started_at, finished_at (absent until the last item is stored and scored)
 *
 * `command` is put first: a run killed before the others are there completes them on resume. */
#ifndef ASSAY_MANIFEST_H
#define ASSAY_MANIFEST_H

#include "engine/base/json.h"
#include "harness/plan/plan.h"
#include "harness/scoring.h"
#include "reports/store/store.h"

#define MANIFEST_MAX ((size_t)64 << 20)

/* One model as opened, as a JSON object in the arena; {NULL,0} without memory. */
Str manifest_model(const PlanModel *m, const EngineInfo *info, Arena *a);
Str manifest_suites(const Plan *p, Arena *a);
Str manifest_transforms(const Plan *p, Arena *a);
Str manifest_scorers(const Plan *p, ScorerSet *const *sets, Arena *a);
Str manifest_harness(Arena *a);

/* Puts `json` under `key` if nothing is there; else what is there must say the same, apart from what does not change
 * any result (threads, batch, places of files). ERR_INPUT names the first difference: "plan.suites[0].sha256 was …". */
bool manifest_agree(RunStore *s, const char *key, Str json, Arena *a, Err *err);

/* The same for one member of the list under "models", found by its name; no such member is a difference. */
bool manifest_agree_model(RunStore *s, Str name, Str json, Arena *a, Err *err);

#endif
