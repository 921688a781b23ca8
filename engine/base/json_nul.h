/* JSON whose strings may hold the character NUL and halves of surrogate pairs.
 *
 * cJSON keeps strings as C strings, so json_parse refuses "\u0000". Where hostile text must come through whole
 * (plumbing commands), the escape is first replaced by a noncharacter that the document does not use; nul_restore puts
 * the NUL back into a string that was read. Half a surrogate pair ("\ud800" alone), which is no character and which
 * json_parse refuses, becomes U+FFFD, as harmony has it. */
#ifndef ASSAY_BASE_JSON_NUL_H
#define ASSAY_BASE_JSON_NUL_H

#include "engine/base/json.h"

typedef struct NulMark {
    char utf8[4]; /* "": the document has no NUL */
} NulMark;

/* As json_parse. Error columns behind a "\u0000" stay right: the replacement is as long. */
bool json_parse_nul(Str text, Arena *a, Json **out, NulMark *mark, Err *err);

/* s with the mark turned back into NUL; s itself if there is none. {NULL,0} without memory (or if s is absent). */
Str nul_restore(const NulMark *mark, Arena *a, Str s);

#endif
