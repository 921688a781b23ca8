/* For the files directly in engine/ only: the parts of a model SPEC, "PATH[+tokenizer=PATH][+lora=DIR]...". */
#ifndef ASSAY_SPEC_H
#define ASSAY_SPEC_H

#include "engine/base/err.h"
#include "engine/base/mem.h"

typedef struct Spec {
    const char *path;         /* a directory or a file */
    const char *tokenizer;    /* NULL: the model's own */
    const char *const *loras; /* [n_loras] adapter directories, in order */
    size_t n_loras;
} Spec;

/* Splits at "+tokenizer=" and "+lora=" only, so a '+' in a path is fine. Everything lives in the arena. */
bool spec_parse(const char *text, Arena *a, Spec *out, Err *err);

#endif
