/* RunStore over SQLite.
 *
 * Tables
 *   manifest(key, json)
 *   records (id, model, suite, sample, effort, epoch, transform; ordinal, group_name, cluster, hashes, counts,
 *            timings, sealed)
 *   turns   (record, turn, request_hash, status, stop, has_final, counts, timings, bad_call, limit_hit)
 *   texts   (record, scorer, kind, sealed, bytes, run_key, length_class, commitment)
 *           scorer is '' for the texts of the record itself; kind "final@2" is the one of its second turn; the last
 *           three columns are of sealed texts (store_seal.c)
 *   scores  (record, scorer, version, position, status, outcome, value, label, rule, span, margin)
 *
 * States of a handle, and the functions that move it:
 *
 *   CLOSED --store_open(CREATE|RESUME)--> WRITER     directory lock held, schema present, no transaction open
 *   CLOSED --store_open(READ)-----------> READER     one read transaction open until close: a fixed snapshot
 *   WRITER --tx_begin--> IN TX --tx_commit--> WRITER all rows of the call are durable against kill -9
 *                        IN TX --tx_abort---> WRITER none of them is there
 *   any    --store_close----------------> CLOSED
 *
 * Invariants
 *   1. Every public function that writes opens one transaction and ends it before it returns. A kill at any instruction
 *      leaves either all of its rows or none: SQLite replays the write-ahead log when the file is next opened.
 *   2. (model, suite, sample, effort, epoch, transform) is UNIQUE in the schema, so a record cannot be counted twice
 * even if the caller's own subtraction were wrong.
 *   3. scores.record and texts.record are foreign keys, enforced.
 *   4. Bytes that a model, a prompt or a scorer's quotation produced are written to texts.bytes and to no other column.
 *      Those of a sealed record reach SQLite sealed: no page, log, journal or temporary file of it ever holds them. Its
 *      labels and rules stay in the clear if they are plain words, numbers that tell a text's length are rounded up.
 *   5. The writer holds flock(LOCK_EX) on the directory itself: no lock file is left behind, and the kernel drops it
 * when the process dies. No other descriptor of run.db is opened in this process: closing one would drop SQLite's own
 *      POSIX locks.
 *   6. A file that was created but never got its schema (killed within store_open) counts as an empty store on RESUME.
 *
 * synchronous=NORMAL: in WAL mode a commit is one write(2) to the log, without fsync. After kill -9 the kernel still
 * has it; after a power cut the last commits may be missing, but the file is consistent, and what is missing is
 * generated again by --resume. FULL would pay an fsync per sample to save those few. Checkpoints are synced either way.
 */
#include "reports/store/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/base/json.h"

enum { SCHEMA_VERSION = 4, APPLICATION_ID = 0x61737379 /* "assy" */, BUSY_MS = 10000 };

/* Version 2 added `turns`, version 3 `records.transform`, version 4 the last columns of
 * `texts`. An older store is read as it stands, and gets what it lacks
 * when it is opened for writing. Its key is narrower then, which does no harm: it holds a run of plain items alone, and
 * a run's plan never changes. */
#define COLUMN_TRANSFORM "transform TEXT NOT NULL DEFAULT 'plain'"
#define SCHEMA_TURNS                                                                                                   \
    "CREATE TABLE turns("                                                                                              \
    " record INTEGER NOT NULL REFERENCES records(id), turn INTEGER NOT NULL CHECK(turn >= 1),"                         \
    " request_hash TEXT NOT NULL, status TEXT NOT NULL, stop INTEGER NOT NULL CHECK(stop BETWEEN 0 AND 3),"            \
    " has_final INTEGER NOT NULL, n_prompt_tokens INTEGER NOT NULL, n_tokens INTEGER NOT NULL,"                        \
    " n_analysis_tokens INTEGER NOT NULL, seconds_prefill REAL NOT NULL, seconds_decode REAL NOT NULL,"                \
    " tool_seconds REAL NOT NULL, bad_call INTEGER NOT NULL, limit_hit TEXT, PRIMARY KEY(record, turn)) WITHOUT "      \
    "ROWID;"

#define SCHEMA_SEALS                                                                                                   \
    "ALTER TABLE texts ADD COLUMN run_key INTEGER NOT NULL DEFAULT 0;"                                                 \
    "ALTER TABLE texts ADD COLUMN length_class INTEGER NOT NULL DEFAULT 0;"                                            \
    "ALTER TABLE texts ADD COLUMN commitment BLOB;"

static const char SCHEMA[] =
    "CREATE TABLE manifest(key TEXT PRIMARY KEY NOT NULL, json TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE records("
    " id INTEGER PRIMARY KEY, model TEXT NOT NULL, suite TEXT NOT NULL, sample TEXT NOT NULL,"
    " effort TEXT NOT NULL CHECK(effort IN ('low','medium','high')), epoch INTEGER NOT NULL CHECK(epoch >= 1),"
    " ordinal INTEGER NOT NULL, group_name TEXT, cluster TEXT, content_hash TEXT, request_hash TEXT, started_at TEXT,"
    " status TEXT NOT NULL, has_final INTEGER NOT NULL, n_prompt_tokens INTEGER NOT NULL, n_tokens INTEGER NOT NULL,"
    " n_analysis_tokens INTEGER NOT NULL, choice_scores TEXT, seconds_prefill REAL NOT NULL, seconds_decode REAL NOT "
    "NULL,"
    " sealed INTEGER NOT NULL, " COLUMN_TRANSFORM ", UNIQUE(model, suite, sample, effort, epoch, transform));"
    "CREATE INDEX records_by_ordinal ON records(ordinal, id);"
    "CREATE TABLE texts("
    " record INTEGER NOT NULL REFERENCES records(id), scorer TEXT NOT NULL, kind TEXT NOT NULL,"
    " sealed INTEGER NOT NULL, bytes BLOB NOT NULL, run_key INTEGER NOT NULL DEFAULT 0,"
    " length_class INTEGER NOT NULL DEFAULT 0, commitment BLOB);"
    "CREATE UNIQUE INDEX texts_by_record ON texts(record, scorer, kind);"
    "CREATE TABLE scores("
    " record INTEGER NOT NULL REFERENCES records(id), scorer TEXT NOT NULL, version TEXT NOT NULL,"
    " position INTEGER NOT NULL, status INTEGER NOT NULL CHECK(status BETWEEN 0 AND 2),"
    " outcome INTEGER NOT NULL CHECK(outcome BETWEEN 0 AND 6), value REAL, label TEXT, rule TEXT,"
    " span_begin INTEGER NOT NULL, span_end INTEGER NOT NULL, margin REAL, PRIMARY KEY(record, scorer)) WITHOUT "
    "ROWID;" SCHEMA_TURNS;

/* What statistics read of a record's texts. */
#define TROUBLE "((scorer = '' AND kind IN ('malformed', 'error', 'tags')) OR (scorer != '' AND kind = 'judge'))"

static const char *const QUERIES[Q_COUNT] = {
    [Q_RECORD_PUT] = "INSERT INTO records(" RECORD_COLUMNS
                     ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21)",
    [Q_TEXT_PUT] = "INSERT INTO texts(record, scorer, kind, sealed, bytes) VALUES(?1,?2,?3,?4,?5)",
    [Q_SCORE_PUT] = "INSERT OR REPLACE INTO scores(record, scorer, version, position, status, outcome, value, label, "
                    "rule, span_begin, span_end, margin) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)",
    [Q_SCORE_TEXTS_DROP] = "DELETE FROM texts WHERE record = ?1 AND scorer = ?2",
    [Q_SCORES_OF] = "SELECT scorer, version, status, outcome, value, label, rule, span_begin, span_end, margin, "
                    "position FROM scores WHERE record = ?1",
    [Q_SEALED_PUT] = "INSERT INTO texts(record, scorer, kind, sealed, bytes, run_key, length_class, commitment) "
                     "VALUES(?1,?2,?3,1,?4,?5,?6,?7)",
    [Q_TEXTS_OF] = "SELECT scorer, kind, bytes, run_key, length_class, commitment, record FROM texts WHERE record = ?1 "
                   "ORDER BY scorer, kind",
    [Q_TROUBLE_OF] =
        "SELECT scorer, kind, bytes, run_key, length_class, commitment, record FROM texts WHERE record = ?1 "
        "AND " TROUBLE,
    [Q_TEXTS_OF_OLD] = "SELECT scorer, kind, bytes, 0, 0, NULL, record FROM texts WHERE record = ?1",
    [Q_TROUBLE_OF_OLD] = "SELECT scorer, kind, bytes, 0, 0, NULL, record FROM texts WHERE record = ?1 AND " TROUBLE,
    [Q_TOLD] = "SELECT DISTINCT record FROM texts WHERE " TROUBLE " ORDER BY record",
    [Q_SEALED_OF] = "SELECT sealed, model, suite, sample, effort, epoch, transform FROM records WHERE id = ?1",
    [Q_TURN_PUT] = "INSERT INTO turns(record, turn, request_hash, status, stop, has_final, n_prompt_tokens, n_tokens, "
                   "n_analysis_tokens, seconds_prefill, seconds_decode, tool_seconds, bad_call, limit_hit) "
                   "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)",
    [Q_TURNS_OF] = "SELECT request_hash, status, stop, has_final, n_prompt_tokens, n_tokens, n_analysis_tokens, "
                   "seconds_prefill, seconds_decode, tool_seconds, bad_call, limit_hit FROM turns WHERE record = ?1 "
                   "ORDER BY turn",
    [Q_MANIFEST_PUT] = "INSERT OR REPLACE INTO manifest(key, json) VALUES(?1, ?2)",
    [Q_MANIFEST_GET] = "SELECT json FROM manifest WHERE key = ?1",
};

/* ---- SQLite's failures as sentences ---- */

bool store__fail(RunStore *s, int rc, const char *doing, Err *err) {
    const char *why = s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(rc);
    switch (rc & 0xff) {
    case SQLITE_NOMEM:
        return err_nomem(err);
    case SQLITE_FULL:
        return err_set(err, ERR_IO, "%s: no space left while %s; free some and go on with --resume", s->path, doing);
    case SQLITE_IOERR: {
        int e = s->db ? sqlite3_system_errno(s->db) : 0;
        return err_set(err, ERR_IO, "%s: cannot write or read while %s: %s; what was stored before is intact", s->path,
                       doing, e ? strerror(e) : why);
    }
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
        return err_set(err, ERR_IO, "%s: %s while %s; check the directory's permissions", s->path, why, doing);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(err, ERR_IO, "%s: another process holds the database while %s; try again", s->path, doing);
    case SQLITE_NOTADB:
        return err_set(err, ERR_INPUT, "%s: this is not a run store (not an SQLite file)", s->path);
    case SQLITE_CORRUPT:
        return err_set(err, ERR_INPUT, "%s: the run store is damaged (%s while %s)", s->path, why, doing);
    case SQLITE_ERROR: /* "no such table": the statements are ours, so the file is not */
        return err_set(err, ERR_INPUT, "%s: this is not a run store as assay writes them (%s while %s)", s->path, why,
                       doing);
    default:
        return err_set(err, ERR_INTERNAL, "%s: SQLite says '%s' while %s", s->path, why, doing);
    }
}

static bool exec(RunStore *s, const char *sql, const char *doing, Err *err) {
    int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK || store__fail(s, rc, doing, err);
}

sqlite3_stmt *store__query(RunStore *s, int which, Err *err) {
    if (!s->q[which]) {
        int rc = sqlite3_prepare_v3(s->db, QUERIES[which], -1, SQLITE_PREPARE_PERSISTENT, &s->q[which], NULL);
        if (rc != SQLITE_OK) {
            store__fail(s, rc, "preparing a query", err);
            return NULL;
        }
    }
    return s->q[which];
}

bool store__step_done(RunStore *s, sqlite3_stmt *q, const char *doing, Err *err) {
    int rc = sqlite3_step(q);
    bool ok = rc == SQLITE_DONE || store__fail(s, rc, doing, err);
    sqlite3_reset(q);
    sqlite3_clear_bindings(q);
    return ok;
}

bool store__tx_begin(RunStore *s, Err *err) {
    if (!s->writer) return err_set(err, ERR_INTERNAL, "%s: the run store was opened for reading only", s->path);
    return exec(s, "BEGIN IMMEDIATE", "beginning a transaction", err);
}

static void tx_abort(RunStore *s) {
    /* After some failures SQLite has rolled back by itself; then this is refused, which is fine. */
    if (!sqlite3_get_autocommit(s->db)) sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

bool store__tx_end(RunStore *s, bool ok, Err *err) {
    if (ok) ok = exec(s, "COMMIT", "committing", err);
    if (!ok) tx_abort(s);
    return ok;
}

/* ---- binding and reading ---- */

void store__bind_str(sqlite3_stmt *q, int i, Str v) {
    if (!v.p)
        sqlite3_bind_null(q, i);
    else
        sqlite3_bind_text64(q, i, v.p, v.n, SQLITE_STATIC, SQLITE_UTF8);
}

Str store__column_str(sqlite3_stmt *q, int i, Arena *a, bool *ok) {
    if (sqlite3_column_type(q, i) == SQLITE_NULL) return (Str){0};
    const char *p = sqlite3_column_blob(q, i); /* NULL for zero bytes */
    Str v = {p ? p : "", (size_t)sqlite3_column_bytes(q, i)};
    Str copy = str_dup(a, v);
    if (!copy.p) *ok = false;
    return copy;
}

/* ---- opening ---- */

static bool lock_dir(RunStore *s, const char *dir, Err *err) {
    s->lock_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->lock_fd < 0) return err_errno(err, errno, "cannot open the run directory", dir);
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) == 0) return true;
    if (errno == EWOULDBLOCK)
        return err_set(err, ERR_ENV, "%s: another process is writing this run; wait for it or stop it first", dir);
    return err_errno(err, errno, "cannot lock the run directory", dir);
}

bool store__one_int(RunStore *s, const char *sql, int64_t *out, Err *err) {
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(s->db, sql, -1, &q, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_step(q);
    if (rc == SQLITE_ROW) *out = sqlite3_column_int64(q, 0);
    bool ok = rc == SQLITE_ROW || store__fail(s, rc, "opening", err);
    sqlite3_finalize(q);
    return ok;
}

static bool schema_create(RunStore *s, Err *err) {
    char sql[128];
    snprintf(sql, sizeof sql, "PRAGMA application_id=%d; PRAGMA user_version=%d;", APPLICATION_ID, SCHEMA_VERSION);
    bool ok = store__tx_begin(s, err);
    if (!ok) return false;
    ok = exec(s, SCHEMA, "creating the tables", err) && exec(s, sql, "creating the tables", err);
    return store__tx_end(s, ok, err);
}

static bool schema_upgrade(RunStore *s, int64_t from, Err *err) {
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA user_version=%d;", SCHEMA_VERSION);
    if (!store__tx_begin(s, err)) return false;
    bool ok = (from > 1 || exec(s, SCHEMA_TURNS, "adding a table", err)) &&
              (from > 2 || exec(s, "ALTER TABLE records ADD COLUMN " COLUMN_TRANSFORM, "adding a column", err)) &&
              exec(s, SCHEMA_SEALS, "adding columns", err) && exec(s, sql, "adding a column", err);
    return store__tx_end(s, ok, err);
}

/* A reader's snapshot stays as it is: without a turn in it no record need be asked for its own. */
static bool any_turns(RunStore *s, Err *err) {
    int64_t any = 1;
    if (s->has_turns && !s->writer && !store__one_int(s, "SELECT EXISTS(SELECT 1 FROM turns)", &any, err)) return false;
    s->has_turns = s->has_turns && any;
    return true;
}

static bool schema_check(RunStore *s, Err *err) {
    int64_t app = 0, version = 0, tables = 0;
    if (!store__one_int(s, "PRAGMA application_id", &app, err) ||
        !store__one_int(s, "PRAGMA user_version", &version, err) ||
        !store__one_int(s, "SELECT count(*) FROM sqlite_master", &tables, err))
        return false;
    s->has_turns = s->has_transforms = s->has_seals = true;
    if (app == 0 && version == 0 && tables == 0) {
        if (s->writer) return schema_create(s, err);
        return err_set(err, ERR_INPUT, "%s: the run was stopped before anything was stored; start it again", s->path);
    }
    if (!store__check_schema(s, err)) return false;
    if (app != APPLICATION_ID) return err_set(err, ERR_INPUT, "%s: this SQLite file is not a run store", s->path);
    if (version < 1 || version > SCHEMA_VERSION)
        return err_set(err, ERR_INPUT,
                       "%s: run store of version %lld, this program reads versions 1 to %d; use the assay that "
                       "wrote it",
                       s->path, (long long)version, SCHEMA_VERSION);
    s->has_turns = version >= 2 || s->writer;
    s->has_transforms = version >= 3 || s->writer;
    s->has_seals = version >= 4 || s->writer;
    return (version == SCHEMA_VERSION || !s->writer || schema_upgrade(s, version, err)) && store__check_whole(s, err) &&
           any_turns(s, err);
}

/* A finished run on a read-only medium: WAL mode wants to make its -shm file there and cannot. Without a -wal file
 * nothing is pending, and the file can be read as it stands. */
static bool open_immutable(RunStore *s, Err *err) {
    char uri[4096];
    size_t n = 0;
    sqlite3_close(s->db);
    s->db = NULL;
    n += (size_t)snprintf(uri, sizeof uri, "file:");
    for (const char *p = s->path; *p && n + 24 < sizeof uri; p++)
        n += (size_t)snprintf(uri + n, sizeof uri - n, strchr("%?#", *p) ? "%%%02X" : "%c", (unsigned char)*p);
    snprintf(uri + n, sizeof uri - n, "?immutable=1");
    int rc = sqlite3_open_v2(uri, &s->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
    if (rc == SQLITE_OK) store__distrust(s);
    return rc == SQLITE_OK || store__fail(s, rc, "opening", err);
}

static bool has_wal(RunStore *s) {
    char wal[4096];
    snprintf(wal, sizeof wal, "%s-wal", s->path);
    return file_exists(wal);
}

static bool open_reader(RunStore *s, Err *err) {
    Err first = ERR_INIT;
    int64_t n = 0;
    int rc = sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc != SQLITE_OK) return store__fail(s, rc, "opening", err);
    sqlite3_busy_timeout(s->db, BUSY_MS);
    store__distrust(s);
    if (!store__one_int(s, "SELECT count(*) FROM sqlite_master", &n, &first)) {
        int ext = sqlite3_errcode(s->db) & 0xff;
        bool dir_refused = ext == SQLITE_CANTOPEN || ext == SQLITE_READONLY;
        if (!dir_refused || has_wal(s)) return err_set(err, first.code, "%s", first.msg);
        if (!open_immutable(s, err)) return false;
    }
    /* The snapshot starts with the first read inside the transaction: schema_check does it. */
    return exec(s, "BEGIN", "beginning to read", err);
}

static bool open_writer(RunStore *s, StoreMode mode, Err *err) {
    int flags = SQLITE_OPEN_READWRITE | (mode == STORE_CREATE ? SQLITE_OPEN_CREATE : 0);
    int rc = sqlite3_open_v2(s->path, &s->db, flags, NULL);
    if (rc != SQLITE_OK) return store__fail(s, rc, "opening", err);
    sqlite3_busy_timeout(s->db, BUSY_MS);
    store__distrust(s);
    return exec(s, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;", "opening", err);
}

/* The lock comes before the look, so that two creators cannot both see an empty directory. */
static bool open_paths(RunStore *s, const char *dir, StoreMode mode, Err *err) {
    size_t n = strlen(dir) + sizeof "/run.db";
    s->path = mem_alloc(n);
    if (!s->path) return err_nomem(err);
    snprintf(s->path, n, "%s/run.db", dir);
    s->writer = mode != STORE_READ;
    if (mode == STORE_CREATE && !file_mkdirs(dir, err)) return false;
    if (mode != STORE_CREATE && !file_exists(s->path))
        return err_set(err, ERR_INPUT, "%s: there is no run here (no run.db); give the directory of a run", dir);
    if (mode != STORE_CREATE && !store__check_file(s->path, err)) return false;
    if (s->writer && !lock_dir(s, dir, err)) return false;
    if (mode == STORE_CREATE && file_exists(s->path))
        return err_set(err, ERR_INPUT,
                       "%s: a run is stored here already; go on with --resume, or choose another "
                       "directory",
                       dir);
    return true;
}

/* A store that could not be made leaves nothing behind. */
static void remove_created(RunStore *s) {
    char side[4096];
    for (const char *const *suffix = (const char *const[]){"-wal", "-shm", "-journal", "", NULL}; *suffix; suffix++) {
        snprintf(side, sizeof side, "%s%s", s->path, *suffix);
        unlink(side);
    }
}

bool store_open(const char *dir, StoreMode mode, RunStore **out, Err *err) {
    *out = NULL;
    RunStore *s = mem_alloc(sizeof *s);
    if (!s) return err_nomem(err);
    s->lock_fd = -1;
    bool created = false;
    bool ok = open_paths(s, dir, mode, err);
    if (ok) {
        created = mode == STORE_CREATE;
        ok = (s->writer ? open_writer(s, mode, err) : open_reader(s, err)) && schema_check(s, err);
    }
    if (!ok) {
        if (s->db) sqlite3_close(s->db);
        s->db = NULL;
        if (created) remove_created(s);
        store_close(s);
        return false;
    }
    *out = s;
    return true;
}

void store_close(RunStore *s) {
    if (!s) return;
    store__union_close(s->parts);
    store__seal_close(s);
    for (int i = 0; i < Q_COUNT; i++) sqlite3_finalize(s->q[i]);
    if (s->db) sqlite3_close(s->db);
    if (s->lock_fd >= 0) close(s->lock_fd);
    mem_free(s->path);
    mem_free(s->told);
    mem_free(s);
}

/* ---- manifest ---- */

bool store_manifest_put(RunStore *s, const char *key, Str json, Err *err) {
    Json *check = NULL;
    if (!json_parse(json, &check, err)) return err_wrap(err, "manifest key '%s'", key);
    json_close(check);
    if (!store__tx_begin(s, err)) return false;
    sqlite3_stmt *q = store__query(s, Q_MANIFEST_PUT, err);
    bool ok = q != NULL;
    if (ok) {
        store__bind_str(q, 1, str_from(key));
        store__bind_str(q, 2, json);
        ok = store__step_done(s, q, "writing the manifest", err);
    }
    return store__tx_end(s, ok, err);
}

bool store_manifest_get(RunStore *s, const char *key, Arena *a, Str *out, Err *err) {
    *out = (Str){0};
    if (s->parts) return store__union_manifest_get(s->parts, key, a, out, err);
    sqlite3_stmt *q = store__query(s, Q_MANIFEST_GET, err);
    if (!q) return false;
    store__bind_str(q, 1, str_from(key));
    int rc = sqlite3_step(q);
    bool ok = true;
    if (rc == SQLITE_ROW) {
        ok = store__check_entry(s, q, 0, key, err);
        if (ok) {
            *out = store__column_str(q, 0, a, &ok);
            ok = ok || err_nomem(err);
        }
    } else if (rc != SQLITE_DONE) {
        ok = store__fail(s, rc, "reading the manifest", err);
    }
    sqlite3_reset(q);
    return ok;
}

bool store_each_manifest(RunStore *s, bool (*fn)(void *ctx, Str key, Str json), void *ctx, Err *err) {
    if (s->parts) return store__union_each_manifest(s->parts, fn, ctx);
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(s->db, "SELECT key, json FROM manifest ORDER BY key", -1, &q, NULL);
    if (rc != SQLITE_OK) return store__fail(s, rc, "reading the manifest", err);
    bool ok = true;
    while (ok && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        StoreColumns is = {q, -1};
        Str key = store__column_text(&is, 0), json = store__column_text(&is, 1);
        ok = store__check_entry(s, q, 1, is.bad == 0 ? "" : key.p, err);
        if (ok && !fn(ctx, key, json)) break;
    }
    ok = ok && (rc == SQLITE_DONE || rc == SQLITE_ROW || store__fail(s, rc, "reading the manifest", err));
    sqlite3_finalize(q);
    return ok;
}
