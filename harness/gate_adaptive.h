/* `assay gate --adaptive`: the part of the command that asks while it judges. */
#ifndef ASSAY_GATE_ADAPTIVE_H
#define ASSAY_GATE_ADAPTIVE_H

#include "harness/args.h"
#include "harness/run.h"
#include "reports/gate.h"

typedef struct AdaptiveOptions {
    ArgList plans;
    const char *baseline, *candidate; /* SPECs, with names or without */
    RunOptions run;                   /* plans and models are filled in here */
} AdaptiveOptions;

/* The command's exit status. */
int gate_adaptive(CmdCtx *c, AdaptiveOptions *o, const GatePolicy *policy);

#endif
