/* Canary strings in answers: a benchmark's text carries one, so that a model that was trained on it can be told. What
 * is looked for is the word canary (in any letters) with a GUID at most 64 bytes behind it, as BIG-bench made
 * customary. */
#ifndef ASSAY_REPORTS_AUDIT_CANARY_H
#define ASSAY_REPORTS_AUDIT_CANARY_H

#include "engine/base/str.h"

/* True if text holds a canary string whose GUID the prompt does not hold. */
bool audit_canary_new(Str text, Str prompt);

#endif
