/* For the files directly in engine/ only: what an engine must be able to do.
 *
 * To add one: write engine/NAME.c with one `const EngineOps engine_NAME`, declare it here, and add a line to the table
 * in engine.c. */
#ifndef ASSAY_ENGINE_INTERNAL_H
#define ASSAY_ENGINE_INTERNAL_H

#include "engine/base/json.h"
#include "engine/base/json_nul.h"
#include "engine/engine.h"

typedef struct EngineOps {
    const char *name;
    const char *scheme; /* what a SPEC begins with, "replay:"; "" takes whatever no other engine takes */
    bool (*open)(const EngineOptions *o, const char *rest, Engine **out,
                 Err *err); /* rest: the SPEC without the scheme */
    void (*close)(Engine *e);
    const EngineInfo *(*info)(Engine *e);
    const Vocab *(*vocab)(const Engine *e);                                         /* NULL: has none */
    bool (*memory)(Engine *e, int context, int batch, EngineMemory *out, Err *err); /* NULL: computes nothing here */
    bool (*has_room)(const Engine *e);
    bool (*submit)(Engine *e, const Request *r, Err *err);
    EnginePoll (*poll)(Engine *e, Completion *out, Err *err);
    void (*cancel)(Engine *e, uint64_t tag);
    /* NULL: gives no logits */
    bool (*logits)(Engine *e, const uint32_t *ids, size_t n, bool all, EngineRow row, void *ctx, Err *err);
    bool (*feed)(Engine *e, size_t begin, const uint32_t *ids, size_t n, size_t first, EngineRow row, void *ctx,
                 Err *err);
} EngineOps;

struct Engine {
    const EngineOps *ops;
};

extern const EngineOps engine_local, engine_replay;

/* What every engine refuses to take: a request that makes no sense. */
bool request_check(const Request *r, Err *err);

/* completion_from_json for a document that is parsed already. */
bool completion_read(const Json *j, const NulMark *mark, Arena *a, Completion *out, Err *err);

#endif
