/* Findings: what all documents of a stored run say, made when the first of them asks for it. Within reports; report.h
 * has what others need.
 *
 * Invariants: a language's part is made at most once, from the store as it was then, so records and keys must not come
 * or go between two documents of one Findings. Documents read it, and may keep small texts in its arena; a document
 * that did checks found__whole in the end. */
#ifndef ASSAY_REPORTS_FINDINGS_H
#define ASSAY_REPORTS_FINDINGS_H

#include "reports/compare/compare.h"
#include "reports/report.h"
#include "reports/safety/safety.h"

typedef struct Found {
    Summary s; /* with the headline of f */
    Safety f;
    Compare c; /* empty unless the store is a union */
} Found;

RunStore *findings_store(const Findings *f);
/* In that language; NULL: *err says why. Belongs to the Findings. */
const Found *findings_in(Findings *f, Lang lang, Err *err);
/* In the store's language (store_speak). */
const Found *findings(Findings *f, Err *err);
/* Whether the document in `out` is whole: no text of it was left out for want of memory. Else *err says so. */
bool found_whole(const Found *f, const Buf *out, Err *err);

#endif
