/* Overlap of items with tuning data, by word n-grams, as for GPT-3 (Brown et al. 2020, appendix C).
 *
 * Words are runs of ASCII letters and digits and of all that is not ASCII; ASCII letters are taken as small ones, all
 * else separates. An item's grams are its runs of 13 words; of a shorter item all its words together, if it has 5 or
 * more. A gram that more than 10 items of a suite share is the wording of its prompt, and says nothing of an item. An
 * item overlaps if one of its grams stands in one of the data's texts. Items without a gram of their own cannot be
 * told.
 *
 * Memory goes by the items; the data are read once, line by line. */
#ifndef ASSAY_AUDIT_OVERLAP_H
#define ASSAY_AUDIT_OVERLAP_H

#include "engine/base/err.h"
#include "engine/base/str.h"

#define OVERLAP_WORDS 13
#define OVERLAP_LEAST 5
#define OVERLAP_SHARED 10
#define OVERLAP_LINE_MAX ((size_t)64 << 20)

typedef struct OverlapItem {
    Str suite, sample; /* in the arena */
    bool told, found;  /* it has grams of its own; one of them was found */
} OverlapItem;

typedef struct Overlap Overlap;

Overlap *overlap_open(Arena *a); /* NULL: no memory */
void overlap_close(Overlap *o);  /* NULL is fine */
/* An item's text. One suite's items must come one after the other. false: no memory. */
bool overlap_add(Overlap *o, Str suite, Str sample, Str text);
/* Looks for the items in every text of a JSON Lines file, whatever its keys. *lines: how many it has. May be called
 * once, when all items are there. ERR_INPUT names file and line. */
bool overlap_scan(Overlap *o, const char *path, int64_t *lines, Err *err);
/* [*n] in the order in which they were added. */
const OverlapItem *overlap_items(const Overlap *o, size_t *n);

#endif
