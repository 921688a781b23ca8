/* Plan: plan.yaml -> an ordered work list. The keys are documented in suites/SCHEMA.md.
 *
 * Order of work, fixed for ever because ordinals are stored: for each model, suite, transform, effort, epoch, sample.
 * So one model is loaded at a time. An item's seed depends on (plan seed, suite, sample, effort, epoch) and NOT on the
 * model: models are compared with common random numbers, and adding a model to a plan changes nothing for the others.
 */
#ifndef ASSAY_HARNESS_PLAN_H
#define ASSAY_HARNESS_PLAN_H

#include "harness/judge/judge.h"
#include "harness/suite.h"
#include "harness/transform/transform_item.h"

typedef struct PlanModel {
    Str name;      /* unique in the plan */
    Str spec;      /* engine SPEC; relative paths already resolved */
    Str precision; /* absent: the plan's */
} PlanModel;

/* One way in which a suite is asked. What it makes of a sample is made when the sample's turn comes, and not kept. */
typedef struct PlanTransform {
    TransformChain chain;
    Str family;
    const size_t *chosen; /* [n_chosen] those of PlanSuite.chosen that fit, under other transforms than plain the
                             control questions (column `kind`) first; the same array if there is nothing to change */
    size_t n_chosen;
    size_t n_left_out;
    Str why; /* of the first that was left out */
} PlanTransform;

typedef struct PlanSuite {
    const Suite *suite;
    const Dataset *data;    /* NULL until plan_open_data */
    const Dataset *fewshot; /* NULL if none */
    const size_t *chosen;   /* [n_chosen] indices into data->samples after `limit`, ascending */
    size_t n_chosen;
    PlanTransform *transforms; /* at least one */
    size_t n_transforms;
    Counterparts kin; /* of the samples; empty unless a transform wants them */
} PlanSuite;

typedef struct WorkItem {
    int64_t ordinal;
    int model, suite; /* into Plan */
    int transform;    /* into PlanSuite.transforms */
    size_t sample;    /* into PlanSuite.data->samples */
    Effort effort;
    int epoch; /* 1.. */
    uint64_t seed;
} WorkItem;

typedef struct Plan {
    Str name;
    uint64_t seed;
    PlanModel *models;
    size_t n_models;
    PlanSuite *suites;
    size_t n_suites;
    Effort efforts[3];
    size_t n_efforts;
    int repeats;
    int64_t limit;                    /* samples per suite; 0 = all. Spread over the suite's groups in turn */
    SuiteGeneration generation;       /* overrides of every suite's */
    ToolLimitsGiven tool_limits;      /* the same for suites with tools */
    const TransformChain *transforms; /* [n_transforms] of every suite, over its own; NULL: not given */
    size_t n_transforms;
    int threads, batch, context; /* 0 = default */
    Str device;                  /* "cpu", "cuda"; absent = default */
    Str precision;               /* of models that name none; absent = exact */
    JudgeSettings judge;         /* whom scorers may ask; no part of the questions, so not of sha256 */
    const char *const *seal_to;  /* [n_seal_to] files of public keys that sealed outputs are sealed to, resolved */
    size_t n_seal_to;
    bool seal_required; /* a sealed suite is not run without one */
    Str out;            /* run directory, resolved; absent = not named */
    Str sha256; /* 64 hex digits, once data is open: of plan_to_json without the models' paths. Same digest = same
                   questions */
} Plan;

/* What the command line adds; zero or NULL = not given. Paths are relative to the current directory. */
typedef struct PlanOverrides {
    const char *const *models; /* "SPEC" or "name=SPEC"; replaces the plan's models */
    size_t n_models;
    const char *efforts; /* "low,medium" */
    bool has_limit, has_repeats, has_seed, has_threads, has_batch, has_context;
    int64_t limit;
    int repeats;
    uint64_t seed;
    int threads, batch, context;
    const char *device, *out;
    const char *precision;   /* of every model, whatever the plan says */
    const char *judge;       /* SPEC of the judge */
    const char *calibration; /* file of its card */
    const char *const *sets; /* "key=value": any plan key, dotted; also data=DIR and data.SUITE=DIR */
    size_t n_sets;
} PlanOverrides;

/* Reads the plans (several are joined: models and suites add up, the last of a single value wins; a path to a
 * suite.yaml or its folder counts as a plan with that suite) and every suite.yaml in them. Checks everything but the
 * samples. */
bool plan_load(const char *const *paths, size_t n_paths, const PlanOverrides *o, Arena *a, Plan **out, Err *err);
/* Reads samples and few-shot examples of every suite, applies `limit`, and finds which samples fit which transform
 * (rendering their prompts). */
bool plan_open_data(Plan *p, Arena *a, Err *err);

/* A SPEC whose relative paths are so from dir. {NULL,0} without memory. */
Str plan_spec_from(const char *dir, Str spec, Arena *a);

/* "exact", or the faster setting that model m is computed with. */
Str plan_precision(const Plan *p, size_t m);

/* How many items of a suite one model gets, after plan_open_data. */
int64_t plan_suite_count(const Plan *p, size_t suite);
/* True if any suite is asked under another transform than plain. */
bool plan_transforms(const Plan *p);
static inline const PlanTransform *plan_transform(const Plan *p, const WorkItem *w) {
    return &p->suites[w->suite].transforms[w->transform];
}

/* After plan_open_data: how many items there are, and the item of an ordinal (0 <= ordinal < count). */
int64_t plan_count(const Plan *p);
WorkItem plan_item(const Plan *p, int64_t ordinal);

/* The settings of a request for an item: the engine's defaults, the suite's, then the plan's; seed, effort and date. */
GenOptions plan_gen(const Plan *p, const WorkItem *w);

/* The limits of a suite with tools: its own, then the plan's. */
ToolLimits plan_tool_limits(const Plan *p, const Suite *s);

/* Seed of an item: the first 8 bytes, little-endian, of SHA-256 over the length-prefixed fields "assay-seed-1", plan
 * seed (decimal), suite id, sample id, effort name, epoch (decimal). An item under another transform than plain has one
 * field more, the transform's name. */
uint64_t plan_seed(uint64_t plan_seed, Str suite, Str sample, Effort effort, int epoch);

/* The resolved plan for the manifest: models, suites (id, version, digests, counts), efforts, repeats, seed, settings.
 */
void plan_to_json(const Plan *p, Buf *out);

#endif
