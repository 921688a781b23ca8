/* Recorded: the completions of an earlier run as an engine.
 *
 * The replay engine reads DIR/completions.jsonl; a run keeps its texts in run.db alone. For `replay:DIR` with a run in
 * DIR the completions are written to a file in memory, which the engine maps, so that no text lies on a disk outside
 * the store. */
#ifndef ASSAY_RECORDED_H
#define ASSAY_RECORDED_H

#include <stdio.h>

#include "engine/engine.h"

/* As engine_open. `name` is the plan's name of the model: it chooses among several models of the recorded run. key:
 * file of the auditor's secret key, for sealed answers; NULL: none, then they are ERR_INPUT. say: for a warning
 * that no log of an audit tells of the opening; NULL: none. */
bool recorded_engine_open(const EngineOptions *o, Str name, const char *key, FILE *say, Engine **out, Err *err);

#endif
