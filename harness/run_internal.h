/* What run_setup.c and run.c share. */
#ifndef ASSAY_RUN_INTERNAL_H
#define ASSAY_RUN_INTERNAL_H

#include "harness/jobs.h"
#include "harness/progress.h"
#include "harness/prompt.h"
#include "harness/run.h"
#include "harness/scoring.h"

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
    int64_t record_id;
    Request request; /* freshly generated items only */
    Str user_text;
    char started_at[21];
    Completion completion;
    ScoreRow *rows;
    bool scored;
    Err err; /* why it could not be scored (memory) */
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
    ScorerTable table;
    ScorerSet **sets; /* [n_suites] */
    Sandbox *sandbox;
    RunStore *store;
    Engine *engine;
    bool *digested;   /* [n_models] opened before: its weights need not be read for a digest again */
    int engine_model; /* of `engine`; -1: none is open */
    int64_t n_items, per_model, n_scored;
    unsigned char *state; /* [n_items] ItemState */
    Unscored *unscored;   /* [n_unscored] records that lack scores, from an earlier process */
    size_t n_unscored, cap_unscored, next_unscored;
    Jobs *jobs;
    Item *flying, *free; /* lists */
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

#endif
