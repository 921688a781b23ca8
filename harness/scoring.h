/* Scoring: a suite's scorers, opened with their options, applied to one completed sample.
 *
 * Shared by run, rescore and score. A ScorerSet is read-only after opening and used by many threads at once. A scorer's
 * failure becomes an error score of that sample, never a failure of the run. */
#ifndef ASSAY_SCORING_H
#define ASSAY_SCORING_H

#include "harness/ask.h"
#include "harness/plugin.h"
#include "harness/probe.h"
#include "harness/suite.h"
#include "reports/store/store.h"

typedef struct BoundScorer {
    Str name, version; /* of the entry in the suite; of the scorer */
    const Scorer *scorer;
    void *self;           /* NULL for scorers without open() */
    const Plugin *plugin; /* NULL for built-ins */
    Str channel;          /* its option `channel`, if it has one: which channel of the answer it reads */
} BoundScorer;

typedef struct ScorerSet {
    BoundScorer *v; /* the first is the suite's primary */
    size_t n;
    SuiteMetric metric;
    bool asks_program;             /* one of them may ask for a program to be run: a sandbox is needed */
    const BoundScorer *asks_model; /* the first that asks a judge; NULL: none does */
    ProbeTexts *openings;          /* [n] what each wants to be probed */
    bool probes;                   /* one of them wants something */
    void *refusal_self;            /* the built-in refusal scorer with its defaults, for no_answer -> refused */
    const Scorer *refusal;         /* NULL if it is not built in */
} ScorerSet;

/* Opens one scorer. ERR_INPUT with the scorer's own sentence. */
bool scorer_bind(const ScorerTable *t, Str scorer, Str name, const ScorerKV *options, size_t n, Arena *a,
                 BoundScorer *out, Err *err);
void scorer_unbind(BoundScorer *b);

/* The suite's entries in order, then `extra` scorers by name (with defaults) that the suite does not name itself.
 * Errors name the place in suite.yaml. */
bool scorer_set_open(const Suite *s, const ScorerTable *t, const char *const *extra, size_t n_extra, Arena *a,
                     ScorerSet **out, Err *err);
void scorer_set_close(ScorerSet *set); /* NULL is fine */

/* [{"name","scorer","version","channel"?,"plugin"?,"sha256"?}…] as JSON, for the manifest. */
void scorer_set_describe(const ScorerSet *set, JsonOut *o);

/* What scorers see of a sample's turns with tools, and of its probes; all 0 without. */
typedef struct ScoringCalls {
    const RecordTurn *turns;
    size_t n_turns;
    int n_bad_calls;
    Str probes; /* Record.probes */
} ScoringCalls;

/* A completed sample as scorers see it. Lends all texts; arrays live in the arena. NULL fields of `sample` are fine.
 * calls may be NULL. */
bool scoring_view(const Sample *sample, Str user_text, const Completion *c, const ScoringCalls *calls, Arena *a,
                  ScorerView *out, Err *err);

/* What a scorer may ask for, as 1 << ScorerAskKind. */
unsigned scorer_asks(const Scorer *s);

/* Asks, carries and scores; *out is checked (outcome_check) but not settled. log may be NULL. false: no memory, or the
 * judge broke or was interrupted (ERR_INTERRUPTED: the sample is as it was). */
bool scoring_one(const BoundScorer *b, const ScorerView *v, const AskHelp *help, Arena *a, Score *out, AskLog *log,
                 Err *err);

/* *refused: the built-in rules call this completion's `final` a clear and full refusal. false only without memory. */
bool scoring_refuses(const ScorerSet *set, const Sample *sample, Str user_text, const Completion *c, Arena *a,
                     bool *refused, Err *err);

/* All scores of a sample, settled, one row per entry of the set, in the arena. false as in scoring_one. */
bool scoring_all(const ScorerSet *set, const Sample *sample, Str user_text, const Completion *c,
                 const ScoringCalls *calls, const AskHelp *help, Arena *a, ScoreRow **rows, Err *err);

#endif
