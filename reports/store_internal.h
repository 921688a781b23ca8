/* Shared by the two halves of the store: store.c opens files and knows the schema, store_rows.c moves records and
 * scores in and out. Only these two see SQLite. */
#ifndef ASSAY_REPORTS_STORE_INTERNAL_H
#define ASSAY_REPORTS_STORE_INTERNAL_H

#include <sqlite3.h>

#include "reports/store.h"

/* One prepared statement each, made at first use. */
enum {
    Q_RECORD_PUT,
    Q_TEXT_PUT,
    Q_SCORE_PUT,
    Q_SCORE_TEXTS_DROP,
    Q_SCORES_OF,
    Q_TEXTS_OF,
    Q_TROUBLE_OF,
    Q_SEALED_OF,
    Q_MANIFEST_PUT,
    Q_MANIFEST_GET,
    Q_COUNT
};

#define RECORD_COLUMNS                                                                                                 \
    "model, suite, sample, effort, epoch, ordinal, group_name, cluster, content_hash, request_hash, started_at, "      \
    "status, has_final, n_prompt_tokens, n_tokens, n_analysis_tokens, choice_scores, seconds_prefill, "                \
    "seconds_decode, "                                                                                                 \
    "sealed"

struct RunStore {
    sqlite3 *db;
    sqlite3_stmt *q[Q_COUNT];
    char *path;  /* of run.db, for messages */
    int lock_fd; /* directory with the writer's lock; -1 for readers */
    bool writer;
};

/* Turns an SQLite result into a sentence; always false. `doing`: "storing a record". */
bool store__fail(RunStore *s, int rc, const char *doing, Err *err);
/* The prepared statement, or NULL with *err set. */
sqlite3_stmt *store__query(RunStore *s, int which, Err *err);
/* Runs a statement that gives no rows, and makes it ready for its next use. */
bool store__step_done(RunStore *s, sqlite3_stmt *q, const char *doing, Err *err);
bool store__tx_begin(RunStore *s, Err *err);
/* Commits if ok, else rolls back; the result is whether all of it is stored. */
bool store__tx_end(RunStore *s, bool ok, Err *err);
/* The first column of a query's one row. */
bool store__one_int(RunStore *s, const char *sql, int64_t *out, Err *err);
/* Absent becomes NULL; the empty text stays a text. Bind failures (only: no memory, too big) show at the step. */
void store__bind_str(sqlite3_stmt *q, int i, Str v);
/* A copy in the arena; NULL gives the absent Str. *ok becomes false without memory. */
Str store__column_str(sqlite3_stmt *q, int i, Arena *a, bool *ok);

#endif
