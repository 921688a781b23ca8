/* What SQLite itself does not look at when it reads: that the records are each there once, that the index by which they
 * are walked leads to each of them, and that every score has its record. A damaged index would give one record twice
 * and leave out another, and a changed key would count one question as two: figures that look like any other. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "reports/store/store_internal.h"

/* One record: what its key mixes to, and its id. Equal keys mix to equal numbers; that two different ones of a run do
 * has odds of 1e-9 for 100,000 records. */
typedef struct Seen {
    uint64_t key;
    int64_t id;
} Seen;

typedef struct Whole {
    RunStore *s;
    Seen *seen; /* [n], ascending ids until they are sorted by key */
    size_t n, cap;
    uint64_t places; /* sum over the records of (ordinal, id) mixed: whatever their order */
    Err *err;
} Whole;

static uint64_t mix(uint64_t h, uint64_t v) {
    h = (h ^ v) * 0x9e3779b97f4a7c15u;
    return h ^ (h >> 29);
}

static uint64_t mix_text(uint64_t h, const char *p, size_t n) {
    for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)p[i]) * 1099511628211u;
    return mix(h, n);
}

static bool damaged(Whole *w, const char *what) {
    return err_set(w->err, ERR_INPUT, "%s: %s; the file was damaged or changed", w->s->path, what);
}

/* Calls row for every row of the query until it says false. */
static bool walk(Whole *w, const char *sql, bool (*row)(Whole *w, sqlite3_stmt *q)) {
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(w->s->db, sql, -1, &q, NULL);
    bool ok = rc == SQLITE_OK || store__fail(w->s, rc, "opening", w->err);
    while (ok && (rc = sqlite3_step(q)) == SQLITE_ROW) ok = row(w, q);
    if (ok && rc != SQLITE_DONE) ok = store__fail(w->s, rc, "opening", w->err);
    sqlite3_finalize(q);
    return ok;
}

static bool push(Whole *w, Seen one) {
    if (w->n == w->cap) {
        size_t cap = w->cap ? 2 * w->cap : 256, bytes;
        Seen *more = size_mul(cap, sizeof *more, &bytes) ? mem_alloc(bytes) : NULL;
        if (!more) return err_nomem(w->err);
        if (w->n) memcpy(more, w->seen, w->n * sizeof *more);
        mem_free(w->seen);
        w->seen = more;
        w->cap = cap;
    }
    w->seen[w->n++] = one;
    return true;
}

/* id, ordinal, epoch, model, suite, sample, effort, transform */
static bool see_record(Whole *w, sqlite3_stmt *q) {
    StoreColumns is = {q, -1};
    int64_t id = store__column_int(&is, 0, INT64_MIN, INT64_MAX);
    int64_t ordinal = store__column_int(&is, 1, INT64_MIN, INT64_MAX);
    uint64_t key = mix(1469598103934665603u, (uint64_t)store__column_int(&is, 2, 1, INT32_MAX));
    for (int i = 3; i < 8; i++) {
        Str text = store__column_text(&is, i);
        key = mix_text(key, text.p, text.n);
    }
    if (!store__columns_good(w->s, &is, id, w->err)) return false;
    if (w->n && id <= w->seen[w->n - 1].id) return damaged(w, "the records do not stand in the order of their numbers");
    w->places += mix(mix(0, (uint64_t)ordinal), (uint64_t)id);
    return push(w, (Seen){key, id});
}

static bool unsee_place(Whole *w, sqlite3_stmt *q) {
    w->places -= mix(mix(0, (uint64_t)sqlite3_column_int64(q, 0)), (uint64_t)sqlite3_column_int64(q, 1));
    return true;
}

/* Where the walk through the scores stands. */
typedef struct ScoreWalk {
    Whole w; /* first: walk() hands it on */
    size_t at;
    bool any; /* a row came before */
    int64_t record;
    Buf scorer; /* of the last row */
} ScoreWalk;

/* record, scorer, position: by record, then by scorer, as the table's key has them. */
static bool see_score(Whole *w, sqlite3_stmt *q) {
    ScoreWalk *sw = (ScoreWalk *)w;
    StoreColumns is = {q, -1};
    int64_t record = store__column_int(&is, 0, INT64_MIN, INT64_MAX);
    Str scorer = store__column_text(&is, 1);
    store__column_int(&is, 2, 0, INT64_MAX);
    if (!store__columns_good(w->s, &is, record, w->err)) return false;
    if (sw->any && (record < sw->record || (record == sw->record && str_cmp(scorer, buf_str(&sw->scorer)) <= 0)))
        return damaged(w, "the scores do not stand in the order of their records");
    while (sw->at < w->n && w->seen[sw->at].id < record) sw->at++;
    if (sw->at == w->n || w->seen[sw->at].id != record)
        return err_set(w->err, ERR_INPUT,
                       "%s: it holds a score of record %lld, which is not there; the file was "
                       "damaged or changed",
                       w->s->path, (long long)record);
    sw->any = true;
    sw->record = record;
    sw->scorer.n = 0;
    buf_add(&sw->scorer, scorer.p, scorer.n);
    return !sw->scorer.failed || err_nomem(w->err);
}

static bool check_scores(Whole *w) {
    ScoreWalk sw = {.w = *w};
    buf_init(&sw.scorer, 1 << 20);
    bool ok = walk(&sw.w, "SELECT record, scorer, position FROM scores", see_score);
    buf_release(&sw.scorer);
    return ok;
}

static int by_key(const void *a, const void *b) {
    const Seen *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static bool check_keys(Whole *w) {
    if (w->n) qsort(w->seen, w->n, sizeof *w->seen, by_key);
    for (size_t i = 1; i < w->n; i++)
        if (w->seen[i].key == w->seen[i - 1].key)
            return err_set(w->err, ERR_INPUT,
                           "%s: records %lld and %lld are of the same model, sample, transform, effort and epoch; the "
                           "file was damaged or changed",
                           w->s->path, (long long)w->seen[i - 1].id, (long long)w->seen[i].id);
    return true;
}

bool store__check_whole(RunStore *s, Err *err) {
    Whole w = {.s = s, .err = err};
    bool ok =
        walk(&w,
             s->has_transforms
                 ? "SELECT id, ordinal, epoch, model, suite, sample, effort, transform FROM records NOT INDEXED"
                 : "SELECT id, ordinal, epoch, model, suite, sample, effort, 'plain' FROM records NOT INDEXED",
             see_record) &&
        walk(&w, "SELECT ordinal, id FROM records INDEXED BY records_by_ordinal ORDER BY ordinal, id", unsee_place) &&
        (w.places == 0 || damaged(&w, "the index records_by_ordinal does not fit the table records")) &&
        check_scores(&w) && check_keys(&w);
    mem_free(w.seen);
    return ok;
}

/* ---- the file ---- */

static bool check_regular(const char *path, const char *what, bool must, Err *err) {
    struct stat st;
    if (stat(path, &st) != 0) return !must || err_errno(err, errno, "cannot open the run store", path);
    if (S_ISREG(st.st_mode)) return true;
    return err_set(err, ERR_INPUT, "%s: this is %s, not %s", path, S_ISDIR(st.st_mode) ? "a folder" : "no regular file",
                   what);
}

bool store__check_file(const char *path, Err *err) {
    static const char *const beside[] = {"-wal", "-shm", "-journal"};
    char side[4096];
    bool ok = check_regular(path, "a run store", true, err);
    for (size_t i = 0; ok && i < sizeof beside / sizeof *beside; i++) {
        snprintf(side, sizeof side, "%s%s", path, beside[i]);
        ok = check_regular(side, "what stands beside a run store", false, err);
    }
    return ok;
}
