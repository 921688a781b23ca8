/* What run_setup.c, run_generate.c and run.c share. */
#ifndef ASSAY_RUN_INTERNAL_H
#define ASSAY_RUN_INTERNAL_H

#include "harness/jobs.h"
#include "harness/progress.h"
#include "harness/prompt.h"
#include "harness/run/run.h"
#include "harness/scoring.h"
#include "harness/follow_loop.h"

/* Finished generations that wait for a scoring thread; beyond it nothing new is submitted. */
#define JOBS_PENDING_MAX 256

typedef enum ItemState {
    ITEM_TODO,   /* not in the store, perhaps in flight */
    ITEM_STORED, /* its record is committed, its scores are not */
    ITEM_SCORED  /* both are */
} ItemState;

/* A work item on its way: first with the engine, then with a scoring thread. One thread owns it at a time. */
typedef struct Item {
    Job job;           /* first: the queue hands Jobs */
    struct Item *next; /* in flight, or free */
    Arena *arena;      /* holds everything below */
    WorkItem w;
    const Sample *sample; /* as it is asked and scored: the dataset's, or one whose options were turned */
    int64_t record_id;
    Request request; /* freshly generated items only */
    size_t n_prompt; /* messages of the prompt itself; those behind them are of the turns */
    Probes probes;   /* after its answer, while it is in flight again */
    ToolLoop loop;   /* of samples with tools, or with follow-ups */
    bool answering;  /* a thread runs a tool for it, rather than its scorers */
    bool answered;   /* false: `err` says why it could not (memory) */
    ScoringCalls calls;
    Str user_text;
    char started_at[21];
    Completion completion;
    ScoreRow *rows;
    bool scored;
    bool sealed; /* appended only once it is scored, in one transaction: nobody here could score it later */
    Err err;     /* why it could not be scored or answered (memory) */
} Item;

typedef struct Unscored {
    int64_t record_id, ordinal;
} Unscored;

struct Run {
    const RunOptions *o;
    Arena *arena;
    const char *dir;
    bool fresh; /* nothing was in the store */
    Plan *plan;
    bool sealed;         /* some sample is: its texts stay in memory */
    SealPublic *seal_to; /* [n_seal_to] */
    size_t n_seal_to;
    ScorerTable table;
    ScorerSet **sets;   /* [n_suites] */
    ToolLimits *limits; /* [n_suites] of suites with tools, the plan's over the suite's */
    ToolBox **boxes;    /* [n_suites] NULL for suites without tools */
    Sandbox *sandbox;
    Judge *judge;          /* NULL: nothing that is left to score asks one */
    Str card;              /* {id, card} of the judge for the manifest, or null; absent: stays as it is */
    bool card_named;       /* on the command line, now */
    AskHelp help;          /* both, for scorers */
    Str audit_plan;        /* {sha256, signed_at} of a signed one; absent: none was named */
    SealSecret *audit_key; /* signs the run's close; NULL: nobody does */
    bool close_again;      /* when it has been scored again */
    RunStore *store;
    Findings *found; /* what its reports were made of; NULL: none were made */
    Engine *engine;
    bool *digested;   /* [n_models] opened before: its weights need not be read for a digest again */
    int engine_model; /* of `engine`; -1: none is open */
    Engine *parked;   /* steered runs: the model before, kept open; its number */
    int parked_model;
    int64_t n_items, per_model, n_scored;
    unsigned char *state; /* [n_items] ItemState */
    Unscored *unscored;   /* [n_unscored] records that lack scores, from an earlier process */
    size_t n_unscored, cap_unscored, next_unscored;
    Jobs *jobs;
    Item *flying, *ready, *free; /* lists; ready: a tool has answered, first come first served */
    size_t n_loops, n_answering; /* samples with tools under way; and of them, with a thread */
    Progress progress;
    ProgressCell *cells; /* [n_models * n_suites] */
};

static inline const PlanSuite *run__suite(const Run *r, const WorkItem *w) {
    return &r->plan->suites[w->suite];
}
static inline const Sample *run__sample(const Run *r, const WorkItem *w) {
    return &r->plan->suites[w->suite].data->samples[w->sample];
}
static inline size_t run__cell(const Run *r, const WorkItem *w) {
    return (size_t)w->model * r->plan->n_suites + (size_t)w->suite;
}

/* Opens model m as r->engine unless it is that already. */
bool run__engine(Run *r, int m, Err *err);
/* True if model m has something to generate. */
bool run__has_todo(const Run *r, int m);

/* ---- run_seal.c ---- */

/* True if no text of the item may be stored or shown. */
bool run__sealed(const Run *r, const WorkItem *w);
/* Once the data is open: whether anything is sealed; if so the process becomes one that leaves no dumps. */
bool run__seal_plan(Run *r, Err *err);
/* Before anything is written: reads the keys, and refuses what cannot go on. The store may not be there yet. */
bool run__seal_check(Run *r, Err *err);
/* With the store open: says to it, and to the user, what becomes of the texts. */
bool run__seal_begin(Run *r, Err *err);
/* Opens sealed texts for scoring them again. */
bool run__seal_rescore(Run *r, Err *err);

/* ---- run_card.c ---- */

/* Before anything is written: reads the judge's calibration card and holds it against judge and scorers. */
bool run__card_open(Run *r, Err *err);
bool run__card_put(Run *r, Err *err);

/* ---- run_audit.c ---- */

/* Before anything is written: reads the plan, and the key that signs the run's close. */
bool run__audit_check(Run *r, Err *err);
/* With the store open: the audit's plan into the header. */
bool run__audit_begin(Run *r, Err *err);
/* When all is stored and scored: closes what was run to a plan, once. */
bool run__audit_end(Run *r, Err *err);
/* Before a run is scored again: whether it can be closed again then; and that, when all is scored. */
bool run__audit_rescore(Run *r, Err *err);
bool run__audit_rescored(Run *r, Err *err);

/* ---- run_generate.c ---- */

Item *run__item_new(Run *r, Err *err);
void run__item_free(Run *r, Item *it);
/* Sets it->sample from it->w. */
bool run__take_sample(Run *r, Item *it, Err *err);
void run__items_close(Item *list);
/* A thread's work on one item: its tool, or its scorers. */
void run__work(void *ctx, Job *job);
/* Takes back what threads have done; wait: at least one, if one comes in a moment. */
bool run__collect(Run *r, bool wait, Err *err);
/* Ordinals to generate: list[next..end), or without a list next..end. */
typedef struct RunFeed {
    const int64_t *list;
    int64_t next, end;
} RunFeed;
/* Everything of model m in the feed that is not stored yet. */
bool run__generate(Run *r, int m, RunFeed f, Err *err);

#endif
