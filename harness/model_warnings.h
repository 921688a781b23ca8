/* What is unusual about a checkpoint, as the engine's summary lists it: for people and for the manifest. */
#ifndef ASSAY_MODEL_WARNINGS_H
#define ASSAY_MODEL_WARNINGS_H

#include <stdio.h>

#include "engine/base/json.h"
#include "engine/engine.h"

/* One line each: PREFIXwarning: SENTENCE. */
void model_warnings_print(const EngineInfo *info, const char *prefix, FILE *out);
/* Member "warnings", a list; nothing if there are none. */
void model_warnings_member(const EngineInfo *info, JsonOut *o);

#endif
