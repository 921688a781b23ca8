/* Planted items: answers whose verdict is known before any scorer reads them. An audit runs the scorers of its runs
 * over them, so that a broken scorer, or one that says yes to all, is found by what it says and not by its name. */
#ifndef ASSAY_AUDIT_SELF_TEST_H
#define ASSAY_AUDIT_SELF_TEST_H

#include "engine/base/json.h"
#include "scorers/scorers.h"

/* Appends {scorer, version, n, passed, failed: [ids]}; n is 0 for a scorer without planted items. s NULL: a scorer that
 * is not built in. false: no memory. */
bool audit_self_test(const Scorer *s, Str name, Arena *a, JsonOut *o);

#endif
