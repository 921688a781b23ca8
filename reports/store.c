/* RunStore over SQLite.
 *
 * Tables
 *   manifest(key, json)
 *   records (id, model, suite, sample, effort, epoch; ordinal, group_name, cluster, hashes, counts, timings, sealed)
 *   texts   (record, scorer, kind, sealed, bytes)   scorer is '' for the texts of the record itself
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
 *   2. (model, suite, sample, effort, epoch) is UNIQUE in the schema, so a record cannot be counted twice even if the
 *      caller's own subtraction were wrong.
 *   3. scores.record and texts.record are foreign keys, enforced.
 *   4. Bytes that a model, a prompt or a scorer's quotation produced are written to texts.bytes and to no other column.
 *      Sealing will replace that one column. Labels, rules and numbers are ours and stay in the clear.
 *   5. The writer holds flock(LOCK_EX) on the directory itself: no lock file is left behind, and the kernel drops it when
 *      the process dies. No other descriptor of run.db is opened in this process: closing one would drop SQLite's own
 *      POSIX locks.
 *   6. A file that was created but never got its schema (killed within store_open) counts as an empty store on RESUME.
 *
 * synchronous=NORMAL: in WAL mode a commit is one write(2) to the log, without fsync. After kill -9 the kernel still has
 * it; after a power cut the last commits may be missing, but the file is consistent, and what is missing is generated
 * again by --resume. FULL would pay an fsync per sample to save those few. Checkpoints are synced either way. */
#include "reports/store.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/base/json.h"

enum { SCHEMA_VERSION = 1, APPLICATION_ID = 0x61737379 /* "assy" */, BUSY_MS = 10000 };
#define CHOICES_MAX ((size_t)16 << 20)

static const char SCHEMA[] =
    "CREATE TABLE manifest(key TEXT PRIMARY KEY NOT NULL, json TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE records("
    " id INTEGER PRIMARY KEY, model TEXT NOT NULL, suite TEXT NOT NULL, sample TEXT NOT NULL,"
    " effort TEXT NOT NULL CHECK(effort IN ('low','medium','high')), epoch INTEGER NOT NULL CHECK(epoch >= 1),"
    " ordinal INTEGER NOT NULL, group_name TEXT, cluster TEXT, content_hash TEXT, request_hash TEXT, started_at TEXT,"
    " status TEXT NOT NULL, has_final INTEGER NOT NULL, n_prompt_tokens INTEGER NOT NULL, n_tokens INTEGER NOT NULL,"
    " n_analysis_tokens INTEGER NOT NULL, choice_scores TEXT, seconds_prefill REAL NOT NULL, seconds_decode REAL NOT NULL,"
    " sealed INTEGER NOT NULL, UNIQUE(model, suite, sample, effort, epoch));"
    "CREATE INDEX records_by_ordinal ON records(ordinal, id);"
    "CREATE TABLE texts("
    " record INTEGER NOT NULL REFERENCES records(id), scorer TEXT NOT NULL, kind TEXT NOT NULL,"
    " sealed INTEGER NOT NULL, bytes BLOB NOT NULL);"
    "CREATE UNIQUE INDEX texts_by_record ON texts(record, scorer, kind);"
    "CREATE TABLE scores("
    " record INTEGER NOT NULL REFERENCES records(id), scorer TEXT NOT NULL, version TEXT NOT NULL,"
    " position INTEGER NOT NULL, status INTEGER NOT NULL CHECK(status BETWEEN 0 AND 2),"
    " outcome INTEGER NOT NULL CHECK(outcome BETWEEN 0 AND 6), value REAL, label TEXT, rule TEXT,"
    " span_begin INTEGER NOT NULL, span_end INTEGER NOT NULL, margin REAL, PRIMARY KEY(record, scorer)) WITHOUT ROWID;";

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
    "status, has_final, n_prompt_tokens, n_tokens, n_analysis_tokens, choice_scores, seconds_prefill, seconds_decode, " \
    "sealed"

static const char *const QUERIES[Q_COUNT] = {
    [Q_RECORD_PUT] = "INSERT INTO records(" RECORD_COLUMNS
                     ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20)",
    [Q_TEXT_PUT] = "INSERT INTO texts(record, scorer, kind, sealed, bytes) VALUES(?1,?2,?3,?4,?5)",
    [Q_SCORE_PUT] = "INSERT OR REPLACE INTO scores(record, scorer, version, position, status, outcome, value, label, "
                    "rule, span_begin, span_end, margin) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)",
    [Q_SCORE_TEXTS_DROP] = "DELETE FROM texts WHERE record = ?1 AND scorer = ?2",
    [Q_SCORES_OF] = "SELECT scorer, version, status, outcome, value, label, rule, span_begin, span_end, margin "
                    "FROM scores WHERE record = ?1 ORDER BY position, scorer",
    [Q_TEXTS_OF] = "SELECT scorer, kind, bytes FROM texts WHERE record = ?1",
    [Q_TROUBLE_OF] = "SELECT scorer, kind, bytes FROM texts WHERE record = ?1 AND scorer = '' "
                     "AND kind IN ('malformed', 'error')",
    [Q_SEALED_OF] = "SELECT sealed FROM records WHERE id = ?1",
    [Q_MANIFEST_PUT] = "INSERT OR REPLACE INTO manifest(key, json) VALUES(?1, ?2)",
    [Q_MANIFEST_GET] = "SELECT json FROM manifest WHERE key = ?1",
};

struct RunStore {
    sqlite3 *db;
    sqlite3_stmt *q[Q_COUNT];
    char *path; /* of run.db, for messages */
    int lock_fd; /* directory with the writer's lock; -1 for readers */
    bool writer;
};

/* ---- SQLite's failures as sentences ---- */

static bool fail(RunStore *s, int rc, const char *doing, Err *err) {
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
    default:
        return err_set(err, ERR_INTERNAL, "%s: SQLite says '%s' while %s", s->path, why, doing);
    }
}

static bool exec(RunStore *s, const char *sql, const char *doing, Err *err) {
    int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK || fail(s, rc, doing, err);
}

static sqlite3_stmt *query(RunStore *s, int which, Err *err) {
    if (!s->q[which]) {
        int rc = sqlite3_prepare_v3(s->db, QUERIES[which], -1, SQLITE_PREPARE_PERSISTENT, &s->q[which], NULL);
        if (rc != SQLITE_OK) {
            fail(s, rc, "preparing a query", err);
            return NULL;
        }
    }
    return s->q[which];
}

/* Runs a statement that gives no rows, and makes it ready for its next use. */
static bool step_done(RunStore *s, sqlite3_stmt *q, const char *doing, Err *err) {
    int rc = sqlite3_step(q);
    bool ok = rc == SQLITE_DONE || fail(s, rc, doing, err);
    sqlite3_reset(q);
    sqlite3_clear_bindings(q);
    return ok;
}

static bool tx_begin(RunStore *s, Err *err) {
    if (!s->writer) return err_set(err, ERR_INTERNAL, "%s: the run store was opened for reading only", s->path);
    return exec(s, "BEGIN IMMEDIATE", "beginning a transaction", err);
}

static void tx_abort(RunStore *s) {
    /* After some failures SQLite has rolled back by itself; then this is refused, which is fine. */
    if (!sqlite3_get_autocommit(s->db)) sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

static bool tx_end(RunStore *s, bool ok, Err *err) {
    if (ok) ok = exec(s, "COMMIT", "committing", err);
    if (!ok) tx_abort(s);
    return ok;
}

/* ---- binding and reading ---- */

/* Absent becomes NULL; the empty text stays a text. SQLite calls are remembered by their statement's error state, so
 * bind failures (only: no memory, too big) show at the step. */
static void bind_str(sqlite3_stmt *q, int i, Str v) {
    if (!v.p) sqlite3_bind_null(q, i);
    else sqlite3_bind_text64(q, i, v.p, v.n, SQLITE_STATIC, SQLITE_UTF8);
}

static bool bind_blob(sqlite3_stmt *q, int i, const void *p, size_t n) {
    return sqlite3_bind_blob64(q, i, n ? p : "", n, SQLITE_STATIC) == SQLITE_OK;
}

static void bind_num(sqlite3_stmt *q, int i, double v) {
    if (isnan(v)) sqlite3_bind_null(q, i);
    else sqlite3_bind_double(q, i, v);
}

/* A copy in the arena; NULL gives the absent Str. *ok becomes false without memory. */
static Str column_str(sqlite3_stmt *q, int i, Arena *a, bool *ok) {
    if (sqlite3_column_type(q, i) == SQLITE_NULL) return (Str){0};
    const char *p = sqlite3_column_blob(q, i); /* NULL for zero bytes */
    Str v = {p ? p : "", (size_t)sqlite3_column_bytes(q, i)};
    Str copy = str_dup(a, v);
    if (!copy.p) *ok = false;
    return copy;
}

static double column_num(sqlite3_stmt *q, int i) {
    return sqlite3_column_type(q, i) == SQLITE_NULL ? NAN : sqlite3_column_double(q, i);
}

static Str from_scorer_str(ScorerStr v) { return (Str){v.p, v.n}; }
static ScorerStr to_scorer_str(Str v) { return (ScorerStr){v.p, v.n}; }

/* ---- opening ---- */

static bool lock_dir(RunStore *s, const char *dir, Err *err) {
    s->lock_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->lock_fd < 0) return err_errno(err, errno, "cannot open the run directory", dir);
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) == 0) return true;
    if (errno == EWOULDBLOCK)
        return err_set(err, ERR_ENV, "%s: another process is writing this run; wait for it or stop it first", dir);
    return err_errno(err, errno, "cannot lock the run directory", dir);
}

static bool pragma_int(RunStore *s, const char *sql, int64_t *out, Err *err) {
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(s->db, sql, -1, &q, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_step(q);
    if (rc == SQLITE_ROW) *out = sqlite3_column_int64(q, 0);
    bool ok = rc == SQLITE_ROW || fail(s, rc, "opening", err);
    sqlite3_finalize(q);
    return ok;
}

static bool schema_create(RunStore *s, Err *err) {
    char sql[128];
    snprintf(sql, sizeof sql, "PRAGMA application_id=%d; PRAGMA user_version=%d;", APPLICATION_ID, SCHEMA_VERSION);
    bool ok = tx_begin(s, err);
    if (!ok) return false;
    ok = exec(s, SCHEMA, "creating the tables", err) && exec(s, sql, "creating the tables", err);
    return tx_end(s, ok, err);
}

static bool schema_check(RunStore *s, Err *err) {
    int64_t app = 0, version = 0, tables = 0;
    if (!pragma_int(s, "PRAGMA application_id", &app, err) || !pragma_int(s, "PRAGMA user_version", &version, err) ||
        !pragma_int(s, "SELECT count(*) FROM sqlite_master", &tables, err))
        return false;
    if (app == 0 && version == 0 && tables == 0) {
        if (s->writer) return schema_create(s, err);
        return err_set(err, ERR_INPUT, "%s: the run was stopped before anything was stored; start it again", s->path);
    }
    if (app != APPLICATION_ID) return err_set(err, ERR_INPUT, "%s: this SQLite file is not a run store", s->path);
    if (version != SCHEMA_VERSION)
        return err_set(err, ERR_INPUT, "%s: run store of version %lld, this program reads version %d; use the assay that "
                                       "wrote it", s->path, (long long)version, SCHEMA_VERSION);
    return true;
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
    return rc == SQLITE_OK || fail(s, rc, "opening", err);
}

static bool has_wal(RunStore *s) {
    char wal[4096];
    snprintf(wal, sizeof wal, "%s-wal", s->path);
    return file_exists(wal);
}

static bool open_reader(RunStore *s, Err *err) {
    Err first = ERR_INIT;
    int64_t n = 0;
    int rc = sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READONLY, NULL);
    if (rc != SQLITE_OK) return fail(s, rc, "opening", err);
    sqlite3_busy_timeout(s->db, BUSY_MS);
    if (!pragma_int(s, "SELECT count(*) FROM sqlite_master", &n, &first)) {
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
    if (rc != SQLITE_OK) return fail(s, rc, "opening", err);
    sqlite3_busy_timeout(s->db, BUSY_MS);
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
    if (s->writer && !lock_dir(s, dir, err)) return false;
    if (mode == STORE_CREATE && file_exists(s->path))
        return err_set(err, ERR_INPUT, "%s: a run is stored here already; go on with --resume, or choose another "
                                       "directory", dir);
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
    for (int i = 0; i < Q_COUNT; i++) sqlite3_finalize(s->q[i]);
    if (s->db) sqlite3_close(s->db);
    if (s->lock_fd >= 0) close(s->lock_fd);
    mem_free(s->path);
    mem_free(s);
}

/* ---- manifest ---- */

bool store_manifest_put(RunStore *s, const char *key, Str json, Err *err) {
    Json *check = NULL;
    if (!json_parse(json, &check, err)) return err_wrap(err, "manifest key '%s'", key);
    json_close(check);
    if (!tx_begin(s, err)) return false;
    sqlite3_stmt *q = query(s, Q_MANIFEST_PUT, err);
    bool ok = q != NULL;
    if (ok) {
        bind_str(q, 1, str_from(key));
        bind_str(q, 2, json);
        ok = step_done(s, q, "writing the manifest", err);
    }
    return tx_end(s, ok, err);
}

bool store_manifest_get(RunStore *s, const char *key, Arena *a, Str *out, Err *err) {
    *out = (Str){0};
    sqlite3_stmt *q = query(s, Q_MANIFEST_GET, err);
    if (!q) return false;
    bind_str(q, 1, str_from(key));
    int rc = sqlite3_step(q);
    bool ok = true;
    if (rc == SQLITE_ROW) {
        *out = column_str(q, 0, a, &ok);
        if (!ok) err_nomem(err);
    } else if (rc != SQLITE_DONE) {
        ok = fail(s, rc, "reading the manifest", err);
    }
    sqlite3_reset(q);
    return ok;
}

bool store_each_manifest(RunStore *s, bool (*fn)(void *ctx, Str key, Str json), void *ctx, Err *err) {
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(s->db, "SELECT key, json FROM manifest ORDER BY key", -1, &q, NULL);
    if (rc != SQLITE_OK) return fail(s, rc, "reading the manifest", err);
    while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
        Str key = {(const char *)sqlite3_column_text(q, 0), (size_t)sqlite3_column_bytes(q, 0)};
        Str json = {(const char *)sqlite3_column_text(q, 1), (size_t)sqlite3_column_bytes(q, 1)};
        if (!fn(ctx, key, json)) break;
    }
    bool ok = rc == SQLITE_DONE || rc == SQLITE_ROW || fail(s, rc, "reading the manifest", err);
    sqlite3_finalize(q);
    return ok;
}

/* ---- appending ---- */

static bool put_text(RunStore *s, int64_t id, Str scorer, const char *kind, bool sealed, const void *p, size_t n,
                     Err *err) {
    if (!p) return true;
    sqlite3_stmt *q = query(s, Q_TEXT_PUT, err);
    if (!q) return false;
    sqlite3_bind_int64(q, 1, id);
    bind_str(q, 2, scorer);
    bind_str(q, 3, str_from(kind));
    sqlite3_bind_int(q, 4, sealed);
    if (!bind_blob(q, 5, p, n)) {
        sqlite3_reset(q);
        return err_set(err, ERR_INPUT, "a text of %zu bytes is too large for the run store", n);
    }
    return step_done(s, q, "storing a text", err);
}

static bool put_record_texts(RunStore *s, int64_t id, const Record *r, Err *err) {
    const Completion *c = &r->completion;
    const struct {
        const char *kind;
        Str text;
    } texts[] = {
        {"prompt", r->prompt},          {"target", r->target},         {"analysis", c->analysis},
        {"commentary", c->commentary},  {"final", c->final},           {"malformed", c->malformed},
        {"error", c->error},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!put_text(s, id, STR(""), texts[i].kind, r->sealed, texts[i].text.p, texts[i].text.n, err)) return false;
    size_t bytes = 0;
    if (!size_mul(c->ids.n, sizeof(uint32_t), &bytes)) return err_nomem(err);
    return put_text(s, id, STR(""), "ids", r->sealed, c->ids.p, bytes, err);
}

/* [[logprob, tokens, greedy], …]; leaves the buffer empty if there are none. */
static void choices_render(const Completion *c, Buf *out) {
    JsonOut o;
    if (!c->choice_scores) return;
    json_out_init(&o, out, 0);
    json_arr(&o);
    for (size_t i = 0; i < c->n_choice_scores; i++) {
        json_arr(&o);
        json_out_num(&o, c->choice_scores[i].logprob);
        json_out_int(&o, c->choice_scores[i].n_tokens);
        json_out_bool(&o, c->choice_scores[i].is_greedy);
        json_arr_end(&o);
    }
    json_arr_end(&o);
}

static void bind_record(sqlite3_stmt *q, const Record *r, Str choices) {
    const Completion *c = &r->completion;
    bind_str(q, 1, r->key.model);
    bind_str(q, 2, r->key.suite);
    bind_str(q, 3, r->key.sample);
    bind_str(q, 4, str_from(effort_name(r->key.effort)));
    sqlite3_bind_int(q, 5, r->key.epoch);
    sqlite3_bind_int64(q, 6, r->ordinal);
    bind_str(q, 7, r->group);
    bind_str(q, 8, r->cluster);
    bind_str(q, 9, r->content_hash);
    bind_str(q, 10, r->request_hash);
    bind_str(q, 11, r->started_at);
    bind_str(q, 12, str_from(completion_status_name(c->status)));
    sqlite3_bind_int(q, 13, c->has_final);
    sqlite3_bind_int(q, 14, c->n_prompt_tokens);
    sqlite3_bind_int(q, 15, c->n_tokens);
    sqlite3_bind_int(q, 16, c->n_analysis_tokens);
    bind_str(q, 17, choices);
    sqlite3_bind_double(q, 18, c->seconds_prefill);
    sqlite3_bind_double(q, 19, c->seconds_decode);
    sqlite3_bind_int(q, 20, r->sealed);
}

static bool key_taken(RunStore *s, const RecordKey *k, Err *err) {
    (void)s;
    return err_set(err, ERR_INPUT, "sample '" STR_FMT "' of suite '" STR_FMT "' by model '" STR_FMT "' (effort %s, epoch "
                                   "%d) is stored already", STR_ARG(k->sample), STR_ARG(k->suite), STR_ARG(k->model),
                   effort_name(k->effort), k->epoch);
}

static bool put_record(RunStore *s, const Record *r, Str choices, int64_t *id, Err *err) {
    sqlite3_stmt *q = query(s, Q_RECORD_PUT, err);
    if (!q) return false;
    bind_record(q, r, choices);
    int rc = sqlite3_step(q);
    int ext = sqlite3_extended_errcode(s->db);
    bool ok = rc == SQLITE_DONE;
    if (!ok) ok = ext == SQLITE_CONSTRAINT_UNIQUE ? key_taken(s, &r->key, err) : fail(s, rc, "storing a record", err);
    sqlite3_reset(q);
    sqlite3_clear_bindings(q);
    if (ok) *id = sqlite3_last_insert_rowid(s->db);
    return ok;
}

bool store_append(RunStore *s, const Record *r, int64_t *id, Err *err) {
    int64_t row = 0;
    Buf choices;
    buf_init(&choices, CHOICES_MAX);
    choices_render(&r->completion, &choices);
    bool ok = !choices.failed || err_nomem(err);
    ok = ok && tx_begin(s, err);
    if (ok) {
        Str ch = r->completion.choice_scores ? buf_str(&choices) : (Str){0};
        ok = put_record(s, r, ch, &row, err) && put_record_texts(s, row, r, err);
        ok = tx_end(s, ok, err);
    }
    buf_release(&choices);
    if (ok && id) *id = row;
    return ok;
}

static bool record_sealed(RunStore *s, int64_t id, bool *sealed, Err *err) {
    sqlite3_stmt *q = query(s, Q_SEALED_OF, err);
    if (!q) return false;
    sqlite3_bind_int64(q, 1, id);
    int rc = sqlite3_step(q);
    if (rc == SQLITE_ROW) *sealed = sqlite3_column_int(q, 0) != 0;
    bool ok = rc == SQLITE_ROW;
    if (rc == SQLITE_DONE) err_set(err, ERR_INTERNAL, "%s: there is no record %lld to score", s->path, (long long)id);
    else if (!ok) fail(s, rc, "looking up a record", err);
    sqlite3_reset(q);
    return ok;
}

static bool put_score(RunStore *s, int64_t id, const ScoreRow *row, size_t position, Err *err) {
    const Score *sc = &row->score;
    bool scored = sc->status == SCORE_SCORED;
    sqlite3_stmt *q = query(s, Q_SCORE_PUT, err);
    if (!q) return false;
    sqlite3_bind_int64(q, 1, id);
    bind_str(q, 2, row->scorer);
    bind_str(q, 3, row->version.p ? row->version : STR(""));
    sqlite3_bind_int64(q, 4, (int64_t)position);
    sqlite3_bind_int64(q, 5, sc->status);
    sqlite3_bind_int64(q, 6, sc->outcome);
    bind_num(q, 7, scored ? sc->value : NAN); /* a missing score is not a zero */
    bind_str(q, 8, from_scorer_str(sc->label));
    bind_str(q, 9, from_scorer_str(sc->rule));
    sqlite3_bind_int64(q, 10, (int64_t)sc->span_begin);
    sqlite3_bind_int64(q, 11, (int64_t)sc->span_end);
    bind_num(q, 12, sc->margin);
    return step_done(s, q, "storing a score", err);
}

static bool put_score_texts(RunStore *s, int64_t id, bool sealed, const ScoreRow *row, Err *err) {
    const Score *sc = &row->score;
    sqlite3_stmt *drop = query(s, Q_SCORE_TEXTS_DROP, err);
    if (!drop) return false;
    sqlite3_bind_int64(drop, 1, id);
    bind_str(drop, 2, row->scorer);
    return step_done(s, drop, "replacing a score", err) &&
           put_text(s, id, row->scorer, "answer", sealed, sc->answer.p, sc->answer.n, err) &&
           put_text(s, id, row->scorer, "explanation", sealed, sc->explanation.p, sc->explanation.n, err);
}

static bool score_check(const ScoreRow *row, Err *err) {
    const Score *sc = &row->score;
    if (!row->scorer.p || row->scorer.n == 0) return err_set(err, ERR_INTERNAL, "a score without a scorer's name");
    if (sc->status > SCORE_ERROR || sc->outcome >= OUTCOME_COUNT)
        return err_set(err, ERR_INPUT, "scorer '" STR_FMT "' gave status %u and outcome %u, which do not exist",
                       STR_ARG(row->scorer), sc->status, sc->outcome);
    if (sc->status == SCORE_SCORED && !(sc->value >= 0 && sc->value <= 1))
        return err_set(err, ERR_INPUT, "scorer '" STR_FMT "' gave the value %g, expected 0 to 1", STR_ARG(row->scorer),
                       sc->value);
    if (sc->span_begin > sc->span_end || sc->span_end > INT64_MAX)
        return err_set(err, ERR_INPUT, "scorer '" STR_FMT "' gave a span that ends before it begins", STR_ARG(row->scorer));
    return true;
}

bool store_put_scores(RunStore *s, int64_t record_id, const ScoreRow *rows, size_t n, Err *err) {
    bool sealed = false;
    for (size_t i = 0; i < n; i++)
        if (!score_check(&rows[i], err)) return false;
    if (!tx_begin(s, err)) return false;
    bool ok = record_sealed(s, record_id, &sealed, err);
    for (size_t i = 0; ok && i < n; i++)
        ok = put_score(s, record_id, &rows[i], i, err) && put_score_texts(s, record_id, sealed, &rows[i], err);
    return tx_end(s, ok, err);
}

/* ---- reading ---- */

static bool effort_column(sqlite3_stmt *q, int i, Effort *out) {
    Str name = {(const char *)sqlite3_column_text(q, i), (size_t)sqlite3_column_bytes(q, i)};
    return effort_parse(name, out);
}

bool store_each_key(RunStore *s, bool (*fn)(void *ctx, int64_t id, const RecordKey *k, int n_scores), void *ctx,
                    Err *err) {
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(s->db,
                                "SELECT id, model, suite, sample, effort, epoch,"
                                " (SELECT count(*) FROM scores WHERE record = records.id)"
                                " FROM records ORDER BY ordinal, id",
                                -1, &q, NULL);
    if (rc != SQLITE_OK) return fail(s, rc, "reading the records", err);
    bool ok = true;
    while (ok && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        RecordKey k = {.epoch = sqlite3_column_int(q, 5)};
        Str *parts[] = {&k.model, &k.suite, &k.sample};
        for (int i = 0; i < 3; i++)
            *parts[i] = (Str){(const char *)sqlite3_column_text(q, i + 1), (size_t)sqlite3_column_bytes(q, i + 1)};
        ok = effort_column(q, 4, &k.effort) || err_set(err, ERR_INPUT, "%s: a record has an unknown effort", s->path);
        if (ok && !fn(ctx, sqlite3_column_int64(q, 0), &k, sqlite3_column_int(q, 6))) break;
    }
    if (ok && rc != SQLITE_DONE && rc != SQLITE_ROW) ok = fail(s, rc, "reading the records", err);
    sqlite3_finalize(q);
    return ok;
}

static bool choices_parse(Str json, Arena *a, Completion *c, Err *err) {
    Json *root = NULL;
    if (!json.p) return true;
    if (!json_parse(json, &root, err)) return false;
    size_t n = json_count(root), i = 0;
    ChoiceScore *out = arena_array(a, n, sizeof *out);
    if (!out) {
        json_close(root);
        return err_nomem(err);
    }
    for (const Json *e = json_first(root); e && i < n; e = json_next(e), i++) {
        const Json *lp = json_first(e), *nt = lp ? json_next(lp) : NULL, *gr = nt ? json_next(nt) : NULL;
        int64_t tokens = 0;
        out[i].logprob = lp && json_type(lp) == JSON_NUMBER ? json_num(lp) : -INFINITY;
        if (nt && json_int(nt, 0, INT32_MAX, &tokens)) out[i].n_tokens = (int)tokens;
        if (gr) json_bool(gr, &out[i].is_greedy);
    }
    json_close(root);
    c->choice_scores = out;
    c->n_choice_scores = n;
    return true;
}

/* Columns: id, then RECORD_COLUMNS. */
static bool record_columns(RunStore *s, sqlite3_stmt *q, Arena *a, Record *r, Err *err) {
    Completion *c = &r->completion;
    bool ok = true;
    r->key.model = column_str(q, 1, a, &ok);
    r->key.suite = column_str(q, 2, a, &ok);
    r->key.sample = column_str(q, 3, a, &ok);
    r->key.epoch = sqlite3_column_int(q, 5);
    r->ordinal = sqlite3_column_int64(q, 6);
    r->group = column_str(q, 7, a, &ok);
    r->cluster = column_str(q, 8, a, &ok);
    r->content_hash = column_str(q, 9, a, &ok);
    r->request_hash = column_str(q, 10, a, &ok);
    r->started_at = column_str(q, 11, a, &ok);
    Str status = column_str(q, 12, a, &ok);
    c->has_final = sqlite3_column_int(q, 13) != 0;
    c->n_prompt_tokens = sqlite3_column_int(q, 14);
    c->n_tokens = sqlite3_column_int(q, 15);
    c->n_analysis_tokens = sqlite3_column_int(q, 16);
    Str choices = column_str(q, 17, a, &ok);
    c->seconds_prefill = sqlite3_column_double(q, 18);
    c->seconds_decode = sqlite3_column_double(q, 19);
    r->sealed = sqlite3_column_int(q, 20) != 0;
    if (!ok) return err_nomem(err);
    if (!effort_column(q, 4, &r->key.effort) || !completion_status_parse(status, &c->status))
        return err_set(err, ERR_INPUT, "%s: record %lld has an unknown effort or status", s->path,
                       (long long)sqlite3_column_int64(q, 0));
    return choices_parse(choices, a, c, err);
}

/* Token ids are stored as the bytes of an array; the copy is aligned by the arena. */
static bool ids_from_bytes(Str bytes, Arena *a, Ids *out, Err *err) {
    size_t n = bytes.n / sizeof(uint32_t);
    out->p = arena_array(a, n, sizeof(uint32_t));
    if (!out->p) return err_nomem(err);
    memcpy(out->p, bytes.p, n * sizeof(uint32_t));
    out->n = n;
    return true;
}

static bool text_place(Record *r, ScoreRow *rows, size_t n, Str scorer, Str kind, Str text, Arena *a, Err *err) {
    Completion *c = &r->completion;
    const struct {
        const char *kind;
        Str *at;
    } places[] = {
        {"prompt", &r->prompt},         {"target", &r->target}, {"analysis", &c->analysis},
        {"commentary", &c->commentary}, {"final", &c->final},   {"malformed", &c->malformed},
        {"error", &c->error},
    };
    if (scorer.n == 0) {
        if (str_eqz(kind, "ids")) return ids_from_bytes(text, a, &c->ids, err);
        for (size_t i = 0; i < sizeof places / sizeof *places; i++)
            if (str_eqz(kind, places[i].kind)) *places[i].at = text;
        return true;
    }
    for (size_t i = 0; i < n; i++) {
        if (!str_eq(rows[i].scorer, scorer)) continue;
        if (str_eqz(kind, "answer")) rows[i].score.answer = to_scorer_str(text);
        if (str_eqz(kind, "explanation")) rows[i].score.explanation = to_scorer_str(text);
    }
    return true;
}

static bool read_texts(RunStore *s, int64_t id, bool all, Arena *a, Record *r, ScoreRow *rows, size_t n, Err *err) {
    sqlite3_stmt *q = query(s, all ? Q_TEXTS_OF : Q_TROUBLE_OF, err);
    if (!q) return false;
    sqlite3_bind_int64(q, 1, id);
    bool ok = true;
    int rc = SQLITE_DONE;
    while (ok && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        Str scorer = column_str(q, 0, a, &ok), kind = column_str(q, 1, a, &ok), text = column_str(q, 2, a, &ok);
        ok = ok ? text_place(r, rows, n, scorer, kind, text, a, err) : err_nomem(err);
    }
    if (ok && rc != SQLITE_DONE) ok = fail(s, rc, "reading texts", err);
    sqlite3_reset(q);
    return ok;
}

static bool score_columns(sqlite3_stmt *q, Arena *a, ScoreRow *row, Err *err) {
    bool ok = true;
    Score *sc = &row->score;
    row->scorer = column_str(q, 0, a, &ok);
    row->version = column_str(q, 1, a, &ok);
    sc->size = sizeof *sc;
    sc->status = (uint32_t)sqlite3_column_int(q, 2);
    sc->outcome = (uint32_t)sqlite3_column_int(q, 3);
    sc->value = column_num(q, 4);
    sc->label = to_scorer_str(column_str(q, 5, a, &ok));
    sc->rule = to_scorer_str(column_str(q, 6, a, &ok));
    sc->span_begin = (uint64_t)sqlite3_column_int64(q, 7);
    sc->span_end = (uint64_t)sqlite3_column_int64(q, 8);
    sc->margin = column_num(q, 9);
    return ok || err_nomem(err);
}

/* A record has a handful of scores: they are gathered in a doubling array in the arena. */
static bool read_scores(RunStore *s, int64_t id, Arena *a, ScoreRow **out, size_t *n, Err *err) {
    sqlite3_stmt *q = query(s, Q_SCORES_OF, err);
    if (!q) return false;
    size_t cap = 4;
    ScoreRow *rows = arena_array(a, cap, sizeof *rows);
    bool ok = rows != NULL || err_nomem(err);
    int rc = SQLITE_DONE;
    *n = 0;
    sqlite3_bind_int64(q, 1, id);
    while (ok && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        if (*n == cap) {
            ScoreRow *more = arena_array(a, cap * 2, sizeof *rows);
            if (!(ok = more != NULL || err_nomem(err))) break;
            memcpy(more, rows, cap * sizeof *rows);
            rows = more;
            cap *= 2;
        }
        ok = score_columns(q, a, &rows[*n], err);
        if (ok) ++*n;
    }
    if (ok && rc != SQLITE_DONE) ok = fail(s, rc, "reading scores", err);
    sqlite3_reset(q);
    *out = rows;
    return ok;
}

/* The row under q, with its scores and texts. */
static bool read_row(RunStore *s, sqlite3_stmt *q, bool with_texts, Arena *a, Record *r, ScoreRow **rows, size_t *n,
                     Err *err) {
    int64_t id = sqlite3_column_int64(q, 0);
    memset(r, 0, sizeof *r);
    return record_columns(s, q, a, r, err) && read_scores(s, id, a, rows, n, err) &&
           read_texts(s, id, with_texts, a, r, *rows, *n, err);
}

bool store_read(RunStore *s, int64_t id, Arena *a, Record *out, Err *err) {
    sqlite3_stmt *q = NULL;
    ScoreRow *rows = NULL;
    size_t n = 0;
    memset(out, 0, sizeof *out);
    int rc = sqlite3_prepare_v2(s->db, "SELECT id, " RECORD_COLUMNS " FROM records WHERE id = ?1", -1, &q, NULL);
    if (rc != SQLITE_OK) return fail(s, rc, "reading a record", err);
    sqlite3_bind_int64(q, 1, id);
    rc = sqlite3_step(q);
    bool ok;
    if (rc == SQLITE_ROW) ok = read_row(s, q, true, a, out, &rows, &n, err);
    else if (rc == SQLITE_DONE) ok = err_set(err, ERR_INPUT, "%s: there is no record %lld", s->path, (long long)id);
    else ok = fail(s, rc, "reading a record", err);
    sqlite3_finalize(q);
    return ok;
}

bool store_each(RunStore *s, bool with_texts, Arena *a,
                bool (*fn)(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n), void *ctx, Err *err) {
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(s->db, "SELECT id, " RECORD_COLUMNS " FROM records ORDER BY ordinal, id", -1, &q, NULL);
    if (rc != SQLITE_OK) return fail(s, rc, "reading the records", err);
    bool ok = true;
    while (ok && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        Record r;
        ScoreRow *rows = NULL;
        size_t n = 0;
        arena_reset(a);
        ok = read_row(s, q, with_texts, a, &r, &rows, &n, err);
        if (ok && !fn(ctx, sqlite3_column_int64(q, 0), &r, rows, n)) break;
    }
    if (ok && rc != SQLITE_DONE && rc != SQLITE_ROW) ok = fail(s, rc, "reading the records", err);
    sqlite3_finalize(q);
    return ok;
}

bool store_counts(RunStore *s, StoreCounts *out, Err *err) {
    return pragma_int(s, "SELECT count(*) FROM records", &out->records, err) &&
           pragma_int(s, "SELECT count(*) FROM scores", &out->scores, err) &&
           pragma_int(s, "SELECT count(*) FROM records WHERE NOT EXISTS (SELECT 1 FROM scores WHERE record = records.id)",
                      &out->records_without_scores, err);
}
