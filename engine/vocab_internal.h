/* For the files directly in engine/ only: what a Vocab is made of, so that an engine need not load the tokeniser twice.
 */
#ifndef ASSAY_VOCAB_INTERNAL_H
#define ASSAY_VOCAB_INTERNAL_H

#include "engine/chat/chat.h"
#include "engine/spec.h"

struct Vocab {
    Tokenizer *t;
    HarmonyIds h;
    size_t size; /* rows of the embedding: ids between the tokeniser's and this have no text */
    char *file;  /* that the tokeniser came from */
};

/* The file that vocab_open would take, in the arena; NULL (and true): the model has none. */
bool vocab_find(const Spec *spec, Arena *a, const char **file, Err *err);

const Tokenizer *vocab_tokenizer(const Vocab *v);
const HarmonyIds *vocab_harmony(const Vocab *v);

#endif
