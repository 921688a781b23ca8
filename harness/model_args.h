/* Options that every command with a model has, and files of token ids. */
#ifndef ASSAY_MODEL_ARGS_H
#define ASSAY_MODEL_ARGS_H

#include "engine/engine.h"
#include "harness/args.h"

typedef struct ModelArgs {
    const char *model, *device, *precision;
    int threads, context;
} ModelArgs;

#define MODEL_ARG_SPECS(m)                                                                                             \
    {.name = "model", .letter = 'm', .kind = ARG_TEXT, .out = &(m).model},                                             \
        {.name = "device", .kind = ARG_TEXT, .out = &(m).device},                                                      \
        {.name = "precision", .kind = ARG_TEXT, .out = &(m).precision},                                                \
        {.name = "threads", .letter = 't', .kind = ARG_INT, .out = &(m).threads, .lo = 0, .hi = 1024}, {               \
        .name = "context", .kind = ARG_INT, .out = &(m).context, .lo = 0, .hi = 1 << 24                                \
    }

#define MODEL_ARG_USAGE                                                                                                \
    "  -m, --model MODEL      a checkpoint folder or GGUF file, [+tokenizer=PATH][+lora=DIR]\n"                        \
    "  --device cpu|cuda      where to compute (cpu)\n"                                                                \
    "  -t, --threads T        threads (0: all cores); never changes a result\n"                                        \
    "  --context N            positions to reserve (0: what the model allows, bounded by memory)\n"                    \
    "  --precision NAME       a faster setting, see `assay list precisions` (exact)\n"

EngineOptions model_args_options(const ModelArgs *m);
/* Says on c->err what the engine has chosen for scarce memory, and why it will be slow, if there is anything to say. */
void model_args_note(CmdCtx *c, const EngineInfo *info);
/* Opens the engine and says so; --model must have been given. no_digest: nobody will ask for the digest of the weights.
 * On failure c->fail is filled. */
bool model_args_open(CmdCtx *c, const ModelArgs *m, int batch, bool no_digest, Engine **out);

/* A JSON array of token ids, at least one; "-" reads standard input. */
bool model_args_tokens(const char *path, Arena *a, Ids *out, Err *err);

#endif
