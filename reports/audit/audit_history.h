/* What differs from one plan of an audit to the one that supersedes it. Every setting is compared, so that a change
 * cannot be left out, and of each it is said whether the plan asks for less by it. */
#ifndef ASSAY_REPORTS_AUDIT_HISTORY_H
#define ASSAY_REPORTS_AUDIT_HISTORY_H

#include "engine/base/json.h"

typedef struct HistoryCounts {
    int64_t looser, stricter, other;
} HistoryCounts;

/* Two plans in canonical form that were checked. Writes an array of changes, in the order of the plans' keys:
 *   path[]  where it stands: "indicators", id, "threshold"; lists of names are compared as sets, whatever their order
 *   was     the value before; null: it was not there
 *   is      the value now; null: it is no longer there
 *   effect  "looser": what is claimed is easier to claim (a higher threshold or margin, fewer items, arms or models, an
 *           indicator less, a lower confidence); "stricter": the reverse; "other": neither follows from the change
 * alone `supersedes` and `reason` are left out: they tell of the change itself. */
void audit_history_changes(const Json *was, const Json *is, JsonOut *o, HistoryCounts *n);

#endif
