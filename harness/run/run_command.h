/* How a run was asked for, as it stands in the manifest under "command", so that `assay run --resume DIR` needs nothing
 * else. Only words that the user typed and the directory they were typed in. */
#ifndef ASSAY_RUN_COMMAND_H
#define ASSAY_RUN_COMMAND_H

#include "harness/run/run.h"

/* {NULL,0} without memory. */
Str run_command_to_json(const RunOptions *o, Arena *a);

/* Reads the command of the run in o->resume and fills in whatever o does not say itself; goes to the directory where it
 * was typed, if that is still there (o->resume becomes absolute then). ERR_INPUT: there is no run. */
bool run_command_recall(RunOptions *o, Arena *a, Err *err);

#endif
