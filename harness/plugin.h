/* Scorers from shared objects, and the table in which built-ins and plugins are found alike.
 *
 * Invariants. (1) A file is loaded only because the user named it on the command line, never because a suite asks.
 * (2) `abi` is compared before any other field is read. (3) A loaded object is never unloaded: scores borrow its
 * constants. (4) The table is complete before the first sample and then read-only. (5) The SHA-256 in the manifest is
 * of the bytes that were loaded. */
#ifndef ASSAY_PLUGIN_H
#define ASSAY_PLUGIN_H

#include "engine/base/err.h"
#include "engine/base/str.h"
#include "scorers/scorer.h"

#define PLUGIN_MAX 32

typedef struct Plugin {
    const Scorer *scorer;
    const char *path; /* as named by the user */
    char sha256[65];
} Plugin;

typedef struct ScorerTable {
    Plugin plugins[PLUGIN_MAX];
    size_t n_plugins;
} ScorerTable;

/* True if a --scorer word names a file ("./good.so", "dir/good.so", "good.so") and not a registered scorer. */
bool plugin_is_path(const char *word);

/* Loads PATH into the table. ERR_INPUT: no such file, not a shared object, no scorer_entry, another ABI, a name that is
 * taken. The path is copied into the arena. */
bool plugin_load(ScorerTable *t, const char *path, Arena *a, Err *err);

/* Built-in or plugin; NULL if there is none. *plugin (may be NULL) is the plugin it came from, or NULL. */
const Scorer *scorer_table_find(const ScorerTable *t, Str name, const Plugin **plugin);

/* ERR_INPUT with the nearest name; always false. */
bool scorer_table_unknown(const ScorerTable *t, Str name, Err *err);

#endif
