/* Run: a plan carried out. Generates what the store does not have yet, scores it, keeps both.
 *
 *   run_open     everything that can be wrong is found out here: plan, suites, samples, prompts, scorers, sandbox,
 * models, and, on resume, whether all of them are those of the stored run. Nothing is written before all of it has
 * passed. run_loop     generate, append, score, put. May end early by a signal: nothing that was stored is lost.
 *   run_reports  report.json and report.html into the run's folder. */
#ifndef ASSAY_RUN_H
#define ASSAY_RUN_H

#include <stdio.h>

#include "harness/args.h"
#include "harness/audit/audit_unseal.h"
#include "harness/plan/plan.h"
#include "reports/report.h"

typedef struct Run Run;

/* Chooses what is generated, in place of the plan's order: called once, with everything opened and scored that an
 * earlier process left. It asks for items by run_some, as many as it wants; the run then ends there, whether or not the
 * plan is done. Two models stay open beside each other if memory allows. */
typedef struct RunSteering {
    bool (*prepare)(void *ctx, const Plan *p, Err *err); /* when the plan is open, before anything is written */
    bool (*steer)(void *ctx, Run *r, Err *err);
    /* Told of every item that run_some has scored. */
    void (*scored)(void *ctx, int64_t ordinal, const ScoreRow *rows, size_t n);
    void *ctx;
} RunSteering;

typedef struct RunOptions {
    ArgList plans,
        scorers; /* PLAN words; --scorer words: a FILE.so, or a scorer that every suite gets besides its own */
    PlanOverrides over;
    const char *resume;             /* DIR; NULL: a new run */
    ArgList seal_to, seal_recalled; /* public keys as typed now; as typed when the run in `resume` began */
    const char *key;                /* secret key of the auditor: to score or replay sealed outputs; NULL: none */
    AuditOpening opening;           /* that sealed outputs are opened by `key`, for the log of an audit */
    const char *audit_plan;         /* a signed plan, for the header of a run that an audit may count; NULL: none */
    const char *audit_key;          /* signs the close of such a run; NULL: it is not signed */
    bool rescore;                   /* score everything that `resume` holds again, generate nothing */
    bool offline;                   /* no engine that needs a network */
    bool quiet, color, tty;         /* for progress on `err` */
    FILE *err;
    const RunSteering *steering; /* NULL: the whole plan, in its order */
} RunOptions;

/* *out is NULL on failure. o must outlive the run. */
bool run_open(RunOptions *o, Arena *a, Run **out, Err *err);
void run_close(Run *r); /* NULL is fine */

const char *run_dir(const Run *r);
RunStore *run_store(Run *r);
/* Items in the plan, and how many of them are stored with all their scores. */
int64_t run_total(const Run *r);
int64_t run_finished(const Run *r);

/* True when everything is stored and scored. false: *err says why it stopped; ERR_INTERRUPTED after a signal. */
bool run_loop(Run *r, Err *err);
bool run_reports(Run *r, Err *err);
/* What they were made of, until the run goes on; NULL: none were made. */
Findings *run_found(Run *r);

/* Generates and scores these items of one model, but for those that are there. Returns early after a signal. */
bool run_some(Run *r, const int64_t *ordinals, size_t n, Err *err);

/* What run_reports writes, by name. */
#define RUN_FILES 2
extern const char *const run_files[RUN_FILES];

/* SIGINT and SIGTERM: the first asks the loop to stop, the second ends the program at once. */
void run_catch_signals(void);
bool run_interrupted(void);

/* Appends "assay run --resume DIR", with the plugins it needs, quoted for a shell. */
void run_resume_line(const Run *r, Buf *out);

#endif
