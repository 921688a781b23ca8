/* Suite: one parsed and validated suite.yaml. The keys are documented in suites/SCHEMA.md.
 *
 * suite_load reads only the YAML; suite_open_data reads the samples and the few-shot examples. All of it lives in the
 * arena that was passed. Errors name file, line and column, the key, and what was expected. */
#ifndef ASSAY_HARNESS_SUITE_H
#define ASSAY_HARNESS_SUITE_H

#include "engine/engine.h"
#include "harness/dataset.h"
#include "harness/tools/tools.h"
#include "harness/transform/transform.h"
#include "harness/yaml.h"

typedef enum SuiteMode { SUITE_GENERATE, SUITE_LOGLIKELIHOOD } SuiteMode;
typedef enum SuiteHazard { HAZARD_NONE, HAZARD_SEALED } SuiteHazard;
typedef enum SuiteMetric { METRIC_ACCURACY, METRIC_SAFE_RATE } SuiteMetric;

const char *suite_mode_name(SuiteMode m);     /* "generate", "loglikelihood" */
const char *suite_hazard_name(SuiteHazard h); /* "none", "sealed" */
const char *suite_metric_name(SuiteMetric m); /* "accuracy", "safe_rate" */

typedef struct SuiteScorer {
    Str scorer;              /* name of a registered scorer: "choice" */
    Str name;                /* name of this entry in scores and reports; default: the scorer's. Unique in the suite */
    const ScorerKV *options; /* scalars as text, maps and lists as JSON */
    size_t n_options;
    Str files_digest; /* hex digests of the files that options were read from, joined; absent: none was */
    int line, col;    /* where the entry stands, for errors of the scorer's own */
} SuiteScorer;

/* Generation settings where given; the rest has has_* false. A plan's override the suite's. */
typedef struct SuiteGeneration {
    bool has_temperature, has_top_p, has_max_tokens, has_date;
    double temperature, top_p;
    int max_tokens;
    Str date;
} SuiteGeneration;

typedef struct SuiteFewshot {
    int count; /* 0: none. The first `count` rows (of the sample's group, if per_group) of a file of its own */
    bool per_group;
    bool as_turns; /* true: user/assistant messages before the question; false: the template variable `fewshot` */
    DatasetSpec data;
    const Template *user, *assistant; /* for turns */
} SuiteFewshot;

typedef struct Suite {
    Str id; /* "demo/choice" */
    int version;
    Str title, description, licence;
    Str canary; /* absent, or a string that marks text of this suite wherever it turns up */
    SuiteHazard hazard;
    SuiteMode mode;
    DatasetSpec dataset;
    const Template *developer; /* NULL: no developer message */
    const Template *user;
    Str prefill_channel, prefill_text_source; /* absent: the assistant's turn is not opened */
    const Template *prefill_text;             /* NULL: none */
    const Template *choices_as;               /* loglikelihood: what is appended for a choice */
    SuiteFewshot fewshot;
    SuiteGeneration generation;
    const SuiteTools *tools;          /* NULL: the model has none */
    const TransformChain *transforms; /* [n_transforms]; NULL: not given, [plain] */
    size_t n_transforms;
    const SuiteScorer *scorers;
    size_t n_scorers;
    SuiteMetric metric;
    bool higher_is_safer;   /* else: higher is better. Values always rise towards the good */
    const char *path, *dir; /* of suite.yaml */
    Str sha256; /* 64 hex digits: of suite.yaml's bytes; with files of its own (scorers' options, tools' programs),
                   SHA-256 over the hex digests of suite.yaml and of those files, in that order */
} Suite;

/* path: a suite.yaml, or the folder that holds one. data_dir: what `$data` in dataset paths stands for; NULL if the
 * user named none (then a suite that needs it fails, saying how to name it; check with suite_needs_data). */
bool suite_load(const char *path, const char *data_dir, Arena *a, Suite **out, Err *err);
/* True if a tree is a suite (has the key `suite`), not a plan. */
bool suite_is_suite(const YamlNode *root);

/* Reads the map `generation` of a suite or a plan into *g; keys that are absent leave it as it was. */
bool suite_read_generation(const YamlNode *root, SuiteGeneration *g, Err *err);

/* Reads the list `transforms` of a suite or a plan; absent leaves *out and *n as they were. */
bool suite_read_transforms(const YamlNode *root, Arena *a, const TransformChain **out, size_t *n, Err *err);

/* Samples and few-shot examples. *fewshot is NULL if the suite has none. */
bool suite_open_data(const Suite *s, Arena *a, Dataset **samples, Dataset **fewshot, Err *err);

#endif
