/* Recorded: the completions of an earlier run as an engine.
 *
 * The replay engine reads DIR/completions.jsonl; a run keeps its texts in run.db alone. For `replay:DIR` with a run in
 * DIR the completions are written to a private temporary folder, the engine maps them, and the folder is removed before
 * anything else happens, so that no text outlives the process outside the store. */
#ifndef ASSAY_RECORDED_H
#define ASSAY_RECORDED_H

#include "engine/engine.h"

/* As engine_open. `name` is the plan's name of the model: it chooses among several models of the recorded run. */
bool recorded_engine_open(const EngineOptions *o, Str name, Engine **out, Err *err);

#endif
