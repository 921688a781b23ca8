/* Arms: the models of stored runs as words of the command line name them. "DIR" is all models of a run, "DIR:MODEL"
 * one. */
#ifndef ASSAY_ARMS_H
#define ASSAY_ARMS_H

#include "harness/cmd/cmd.h"
#include "reports/store/store_union.h"

typedef struct Arms {
    StoreArm *v;
    size_t n;
    RunStore **stores; /* one for each folder, however often it is named */
    size_t n_stores;
} Arms;

/* Opens the runs for reading. An arm is called as its run calls the model where that is nobody else's name, else with
 * the run behind it: "gpt-oss-20b (base)". The same arm named twice is ERR_INPUT; a run or a named model without a
 * record is ERR_INTERRUPTED, and of a whole run such a model is left out with a warning. Close it in any case. */
bool arms_open(CmdCtx *c, const char *const *words, size_t n, Arms *out);
void arms_close(Arms *a);

#endif
