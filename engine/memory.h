/* For the files directly in engine/ only: what a model needs, what is free, and the context and batch that follow.
 *
 * The rule. Weights are mapped files: their pages are cache, which the kernel drops (in a control group too) before it
 * refuses or kills, and reads again when they are touched. So weights that do not fit make things slow and are warned
 * of; they are no reason to refuse. Keys, values and work memory cannot be dropped. The least that must fit is those
 * for one sequence of the whole context, and the weights that one token reads: with less, each token would read its
 * weights from disk while the kernel fights for pages, and somebody may be killed. A larger batch shares what is left;
 * it is a ceiling, not a promise. */
#ifndef ASSAY_MEMORY_H
#define ASSAY_MEMORY_H

#include "engine/backend.h"
#include "engine/base/sysmem.h"
#include "engine/engine.h"

enum { LOCAL_BATCH = 16, LOCAL_STEP_ROWS = 256, LOCAL_STEP_LOGITS = 64 };

typedef struct MemoryAsk {
    const BackendOps *ops;
    const Model *model;
    Pool *pool;
    const char *precision;
    uint64_t leave; /* bytes of what is free that others will need */
    SysMem mem;     /* what is free */
} MemoryAsk;

typedef struct MemoryPlan {
    int context, batch;
    uint64_t kv_budget; /* 0: no bound */
    char note[240];     /* "" or a sentence: what was chosen, and why it is less than the model allows */
    char warning[320];  /* "" or a sentence */
} MemoryPlan;

/* The backend's options for a context and batch; no budget. */
BackendOptions memory_options(const MemoryAsk *a, int context, int batch);
bool memory_need(const MemoryAsk *a, int context, int batch, EngineMemory *out, Err *err);
/* context, batch: as asked for; 0: the largest that fits. ERR_MEMORY: with the sizes, and what to ask for instead. */
bool memory_plan(const MemoryAsk *a, int context, int batch, MemoryPlan *out, Err *err);

#endif
