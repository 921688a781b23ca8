/* Names of a GGUF that is cut into several files: PREFIX-00002-of-00005.gguf, counted from 1 (llama.cpp's
 * llama_split_path). Part 1 alone holds the metadata. */
#ifndef ASSAY_GGUF_SPLIT_H
#define ASSAY_GGUF_SPLIT_H

#include "engine/base/mem.h"
#include "engine/base/str.h"

typedef struct GgufSplit {
    Str prefix;         /* of the path, borrowed */
    uint32_t no, count; /* 1 <= no <= count <= 99999 */
} GgufSplit;

/* True: path is named as a part. Says nothing about files that exist. */
bool gguf_split_parse(const char *path, GgufSplit *out);

/* The path of part `no`, in the arena; NULL without memory. */
char *gguf_split_path(Arena *a, const GgufSplit *s, uint32_t no);

/* The file that holds the metadata: part 1 if path is named as a part, else path itself (borrowed). NULL without
 * memory. */
const char *gguf_split_first(Arena *a, const char *path);

#endif
