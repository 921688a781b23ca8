/* Several runs read as one, so that everything that compares models within a run compares them across runs too.
 *
 * An arm is one model of one run under a name of its own. Records keep all but two names: the model is the arm's, and a
 * sample is called as the first arm that has it calls it, because samples are joined by the hash of their content, not
 * by their names. Where a run has several samples of one content, its second meets the second of other runs, and so on;
 * samples without a hash meet those of the same name. One whose name is taken by another content gets a piece of its
 * hash behind it, and so meets nobody. No two samples of a run are ever called alike.
 *
 * Manifest of the union: "models", "suites", "transforms" and "scorers" joined, first come first served; "plan" and
 * "started_at" of the first run, "calibration" of the first that has one; "judge" if all runs that have one have the
 * same; "rescoring" of one that is being scored again; and "runs", the whole manifest of each run, for the record. How
 * many answers each run planned stands there ("n_items"); the union has none.
 */
#ifndef ASSAY_REPORTS_STORE_UNION_H
#define ASSAY_REPORTS_STORE_UNION_H

#include "reports/store/store.h"

typedef struct StoreArm {
    RunStore *store; /* lent: must outlive the union; opened for reading */
    Str model;       /* as the run calls it */
    Str name;        /* as the union calls it; no two arms alike */
    Str run;         /* where it comes from, for people */
} StoreArm;

/* *out can be read like any store, and written by none. Close it with store_close. */
bool store_union(const StoreArm *arms, size_t n, RunStore **out, Err *err);
/* Whether two arms have a sample in common: without one they say nothing about each other. */
bool store_union_common(const RunStore *s);
/* The arms of a union, or NULL and 0 of any other store. */
const StoreArm *store_arms(const RunStore *s, size_t *n);

#endif
