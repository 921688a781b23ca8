/* Shared by the files of this room only.
 *
 * transform.c  the table, chains, application
 * wrap.c       words around the text, and what stands outside the user's message
 * encode.c     other alphabets and orders
 * korean.c     Hangul syllables taken apart; spacing */
#ifndef ASSAY_HARNESS_TRANSFORM_INTERNAL_H
#define ASSAY_HARNESS_TRANSFORM_INTERNAL_H

#include "harness/transform/transform.h"

typedef bool TransformFn(const Transform *t, Arena *a, Transformed *io);

/* Takes a finished buffer's text into the arena and releases the buffer; false without memory. */
bool transform__keep(Buf *b, Arena *a, Str *out);
/* `wording` with text in place of its "{}". */
bool transform__fill(const char *wording, Str text, Arena *a, Str *out);

/* ---- wrap.c ---- */

TransformFn transform__same;                        /* plain, and those whose text the author wrote */
TransformFn transform__wrap;                        /* the wording around the text */
TransformFn transform__wrap_row;                    /* the same, made safe for a cell of a table */
TransformFn transform__wrap_comment;                /* the same, each further line a comment too */
TransformFn transform__wrap_en, transform__wrap_ko; /* the same, for English or Korean text alone */
TransformFn transform__split;
TransformFn transform__policy;
TransformFn transform__history;
TransformFn transform__persist;
TransformFn transform__prefill_final, transform__prefill_analysis;

/* ---- encode.c ---- */

TransformFn transform__b64, transform__hex, transform__rot13, transform__leet, transform__spaced, transform__zwsp,
    transform__reverse;

/* ---- korean.c ---- */

TransformFn transform__jamo, transform__choseong, transform__typo;

#endif
