/* Bytes to token ids and back: byte-level BPE of the o200k family, special tokens apart.
 * Rules: specs/harmony.md section 1. A Tokenizer is read-only after opening and may be used by many threads. */
#ifndef ASSAY_TOKENIZER_H
#define ASSAY_TOKENIZER_H

#include "engine/base/err.h"
#include "engine/base/str.h"
#include "engine/engine.h"

typedef struct Tokenizer Tokenizer;

/* tokenizer.json of Hugging Face. Refuses another model type, pre-tokeniser pattern or normaliser by name. */
bool tokenizer_open(const char *tokenizer_json_path, Tokenizer **out, Err *err);
void tokenizer_close(Tokenizer *t);

/* One more than the largest id that has text. */
size_t tokenizer_size(const Tokenizer *t);

/* Appends the ids of text to *out (grown in the arena; *cap is its capacity). Invalid UTF-8 is replaced by U+FFFD
 * first. special: see vocab_encode. Linear in the text, whatever it is. */
bool tokenizer_encode(const Tokenizer *t, Str text, bool special, Arena *a, Ids *out, size_t *cap, Err *err);

/* Bytes of one id: plain token bytes, or the spelling of a special. {NULL,0}: the id has no text (a filler). */
Str tokenizer_bytes(const Tokenizer *t, uint32_t id);
bool tokenizer_is_special(const Tokenizer *t, uint32_t id);
/* Id of a special by its spelling, e.g. "<|start|>"; UINT32_MAX if there is none. */
uint32_t tokenizer_special(const Tokenizer *t, Str spelling);

#endif
