/* Shared by the parts of the store: store.c opens files and knows the schema, store_rows.c moves records in and out,
 * store_scores.c their scores, store_texts.c their texts, store_turns.c the turns of samples with tools, store_check.c
 * and store_whole.c look at what is read, store_seal.c and store_reseal.c seal texts. Only these see SQLite. */
#ifndef ASSAY_REPORTS_STORE_INTERNAL_H
#define ASSAY_REPORTS_STORE_INTERNAL_H

#include <sqlite3.h>

#include "reports/store/store.h"

/* One prepared statement each, made at first use. */
enum {
    Q_RECORD_PUT,
    Q_TEXT_PUT,
    Q_SEALED_PUT,
    Q_SCORE_PUT,
    Q_SCORE_TEXTS_DROP,
    Q_SCORES_OF,
    Q_TEXTS_OF,
    Q_TROUBLE_OF,
    Q_TEXTS_OF_OLD,
    Q_TROUBLE_OF_OLD,
    Q_TOLD,
    Q_SEALED_OF,
    Q_TURN_PUT,
    Q_TURNS_OF,
    Q_MANIFEST_PUT,
    Q_MANIFEST_GET,
    Q_COUNT
};

#define RECORD_COLUMNS_TO_2                                                                                            \
    "model, suite, sample, effort, epoch, ordinal, group_name, cluster, content_hash, request_hash, started_at, "      \
    "status, has_final, n_prompt_tokens, n_tokens, n_analysis_tokens, choice_scores, seconds_prefill, "                \
    "seconds_decode, sealed"
#define RECORD_COLUMNS RECORD_COLUMNS_TO_2 ", transform"
/* "id, RECORD_COLUMNS FROM records" of a store of any version. */
#define RECORD_SELECT(s)                                                                                               \
    ((s)->has_transforms ? "SELECT id, " RECORD_COLUMNS " FROM records "                                               \
                         : "SELECT id, " RECORD_COLUMNS_TO_2 ", 'plain' FROM records ")

/* What store_each reads of each record. */
typedef enum StoreDepth {
    STORE_DEPTH_ALL,
    STORE_DEPTH_NUMBERS, /* no texts but those that say what went wrong, and tags */
    STORE_DEPTH_OPTIONS  /* no texts and turns, and records with log-likelihoods of options alone */
} StoreDepth;

typedef struct StoreSealing StoreSealing; /* store_seal.c */
typedef struct StoreUnion StoreUnion;     /* store_union.c */

#define STORE_SECONDS_MAX 1e15 /* more than any clock of ours counts */

struct RunStore {
    StoreUnion *parts; /* of a union, which has no file of its own; else NULL */
    sqlite3 *db;
    sqlite3_stmt *q[Q_COUNT];
    char *path;  /* of run.db, for messages */
    int lock_fd; /* directory with the writer's lock; -1 for readers */
    bool writer;
    bool has_turns;      /* false: opened for reading, and without any */
    bool has_transforms; /* likewise */
    bool has_seals;      /* likewise */
    StoreSealing *seal;  /* NULL until it is asked for */
    bool reveals;
    /* Ids of records with texts that statistics read, in order; of readers, once it was asked for. */
    int64_t *told;
    size_t n_told;
    bool told_known;
    Lang lang;
    const StoreSelection *only; /* of store_each; NULL: all */
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

/* The record with its texts and turns, and its scores, within the caller's transaction. A sealed one needs
 * store__seal_ready before that transaction. */
bool store__put_record(RunStore *s, const Record *r, int64_t *id, Err *err);
/* The whole of a record, with all its texts that can be read. */
bool store__read_all(RunStore *s, int64_t id, Arena *a, Record *out, ScoreRow **rows, size_t *n, Err *err);
/* store_each of whatever depth. */
bool store__each(RunStore *s, StoreDepth depth, Arena *a,
                 bool (*fn)(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n), void *ctx,
                 Err *err);

/* ---- store_scores.c ---- */

/* Refuses what no scorer may give. */
bool store__score_good(const ScoreRow *row, Err *err);
/* The scores of a record, within the caller's transaction. Of a sealed record what would tell about its texts goes
 * where they go. */
bool store__put_score_rows(RunStore *s, int64_t id, const RecordKey *k, bool sealed, const ScoreRow *rows, size_t n,
                           Err *err);
/* All of a record, by position; without their texts. */
bool store__read_scores(RunStore *s, int64_t id, Arena *a, ScoreRow **out, size_t *n, Err *err);

/* ---- store_check.c ---- */

/* Numbers of a row. What no writer puts there gives 0, and `bad` is the first such column. */
typedef struct StoreColumns {
    sqlite3_stmt *q;
    int bad; /* -1: none */
} StoreColumns;
int64_t store__column_int(StoreColumns *c, int i, int64_t lo, int64_t hi);
bool store__column_bool(StoreColumns *c, int i); /* 0 or 1 */
double store__column_num(StoreColumns *c, int i, double lo, double hi);
double store__column_num_or_nan(StoreColumns *c, int i, double lo, double hi); /* NULL: NaN */
/* A text; NULL and what is no text are bad. Lent until the statement moves on. */
Str store__column_text(StoreColumns *c, int i);
/* A copy in the arena; *ok becomes false without memory. */
Str store__column_text_in(StoreColumns *c, int i, Arena *a, bool *ok);
Str store__column_text_or_none(StoreColumns *c, int i, Arena *a, bool *ok); /* NULL: absent */
/* False with a sentence that names the column, if one was bad. */
bool store__columns_good(const RunStore *s, const StoreColumns *c, int64_t record, Err *err);
/* The sentence for one column of a record; always false. */
bool store__bad_column(const RunStore *s, int64_t record, const char *column, Err *err);
/* A manifest's entry must be JSON: in column i of the row. */
bool store__check_entry(const RunStore *s, sqlite3_stmt *q, int i, const char *key, Err *err);
/* Refuses generated columns, views, triggers and virtual tables. */
bool store__check_schema(RunStore *s, Err *err);
/* Nothing that a file's schema names is run. */
void store__distrust(RunStore *s);

/* ---- store_whole.c ---- */

/* That run.db, and what SQLite opens beside it, are files: opening a pipe of that name would wait for ever. */
bool store__check_file(const char *path, Err *err);
/* That each record is there once, is found by the index, and that each score has its record: one pass over the numbers
 * of the file, about a tenth of a second for 100,000 records. */
bool store__check_whole(RunStore *s, Err *err);

/* ---- store_texts.c ---- */

/* One text of a record; nothing for the absent Str. */
bool store__put_text(RunStore *s, int64_t id, Str scorer, const char *kind, bool sealed, const void *p, size_t n,
                     Err *err);
/* Token ids are stored as the bytes of an array; the copy is aligned by the arena. */
bool store__ids_from_bytes(Str bytes, Arena *a, Ids *out, Err *err);
/* Puts the texts of a record into it and its scores; not all: only those that say what went wrong, and tags. */
bool store__read_texts(RunStore *s, int64_t id, bool all, Arena *a, Record *r, ScoreRow *rows, size_t n, Err *err);

/* ---- store_seal.c ---- */

void store__seal_close(RunStore *s);
/* Before a transaction that writes sealed texts. */
bool store__seal_ready(RunStore *s, Err *err);
/* Whose texts store__put_text seals from now on; lent. */
void store__seal_for(RunStore *s, const RecordKey *k);
bool store__seal_text(RunStore *s, Str scorer, Str kind, Str text, Buf *sealed, SealedText *out, int *run_key,
                      Err *err);
/* True if an auditor's key was given. */
bool store__can_open(const RunStore *s);
/* Fills out->text and out->salt; out->commitment is what must fit. */
bool store__open_text(RunStore *s, const RecordKey *k, Str scorer, Str kind, int run_key, Str sealed, RecordSeal *out,
                      Arena *a, Err *err);
/* Exact counts and times as a text, and back; what is public of them. */
Str store__counts_text(const Completion *c, double tool_seconds, Arena *a);
bool store__counts_read(Str text, Completion *c, double *tool_seconds, Err *err);
Completion store__public_counts(const Completion *c);
/* A label or rule that may stand beside a sealed text. */
bool store__is_plain_word(Str s);
/* What may stand beside a sealed text of a judge's {"asks": [...]}; {NULL, 0} without memory. */
Str store__public_judge(Str judge, Arena *a);

/* ---- store_union.c: the readers' calls on a union ---- */

void store__union_close(StoreUnion *u); /* NULL is fine */
void store__union_select(StoreUnion *u, const StoreSelection *only);
bool store__union_each(StoreUnion *u, StoreDepth depth, Arena *a,
                       bool (*fn)(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n), void *ctx,
                       Err *err);
bool store__union_manifest_get(const StoreUnion *u, const char *key, Arena *a, Str *out, Err *err);
bool store__union_each_manifest(StoreUnion *u, bool (*fn)(void *ctx, Str key, Str json), void *ctx);
bool store__union_counts(StoreUnion *u, StoreCounts *out, Err *err);
bool store__union_seal_mode(StoreUnion *u, StoreSealMode *out, Err *err);
bool store__union_reveals(const StoreUnion *u);

/* ---- store_turns.c ---- */

bool store__put_turns(RunStore *s, int64_t id, const Record *r, Err *err);
/* Fills turns, n_turns, n_calls, n_bad_calls and limit; without texts `turns` stays NULL. */
bool store__read_turns(RunStore *s, int64_t id, bool with_texts, Arena *a, Record *r, Err *err);
/* "final@12" -> 12, and the length of "final"; 0 if it is none of a turn. */
size_t store__turn_of(Str kind, size_t *name);
/* Puts a text of kind "answer@2" into its turn; false if the kind is none of a turn. */
bool store__turn_text(Record *r, Str kind, Str text, Arena *a, bool *ok, Err *err);

#endif
