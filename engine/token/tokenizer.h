/* Bytes to token ids and back: byte-level BPE of the o200k family, special tokens apart.
 * Rules: specs/harmony.md section 1. After opening a Tokenizer answers the same for ever and may be used by many
 * threads. */
#ifndef ASSAY_TOKENIZER_H
#define ASSAY_TOKENIZER_H

#include "engine/base/err.h"
#include "engine/base/str.h"
#include "engine/engine.h"

typedef struct Tokenizer Tokenizer;

/* What the model's configuration says; 0: nothing. */
typedef struct TokenizerHint {
    size_t vocab_size; /* ids, fillers included */
    size_t eos;        /* id of <|return|> */
} TokenizerHint;

/* From one file: a .tiktoken (told by its name), a GGUF with tokenizer keys (told by its first bytes), else a
 * tokenizer.json of Hugging Face. The same vocabulary gives the same ids from all three. Whatever would change an id
 * (another model type, pattern, normaliser, plain added tokens) is refused by name.
 * hint: NULL if there is none; a .tiktoken that is not o200k needs it to place its special tokens. */
bool tokenizer_open(const char *path, const TokenizerHint *hint, Tokenizer **out, Err *err);
void tokenizer_close(Tokenizer *t);

/* One more than the largest id that has text. */
size_t tokenizer_size(const Tokenizer *t);
/* Ids that the file speaks of: tokenizer_size, and in a GGUF the fillers behind it. */
size_t tokenizer_rows(const Tokenizer *t);

/* Appends the ids of text to *out (grown in the arena; *cap is its capacity). Invalid UTF-8 is replaced by U+FFFD
 * first. special: see vocab_encode. Linear in the text, whatever it is. */
bool tokenizer_encode(const Tokenizer *t, Str text, bool special, Arena *a, Ids *out, size_t *cap, Err *err);

/* Bytes of one id: plain token bytes, or the spelling of a special. {NULL,0}: the id has no text (a filler). */
Str tokenizer_bytes(const Tokenizer *t, uint32_t id);
bool tokenizer_is_special(const Tokenizer *t, uint32_t id);
/* Id of a special by its spelling, e.g. "<|start|>"; UINT32_MAX if there is none. */
uint32_t tokenizer_special(const Tokenizer *t, Str spelling);

#endif
