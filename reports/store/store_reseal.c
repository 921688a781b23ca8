/* Sealing what an older version left in the clear: each record is read, taken out and put in again sealed, all of them
 * in one transaction; then the file is written anew, so that no page of it holds what was there before. What the disk
 * itself keeps of overwritten blocks is beyond any program. */
#include <string.h>

#include "engine/base/json.h"
#include "reports/store/store_internal.h"

typedef struct IdList {
    int64_t *v;
    size_t n, cap;
} IdList;

static bool push(IdList *l, int64_t id, Arena *a, Err *err) {
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 64;
        int64_t *v = arena_array(a, cap, sizeof *v);
        if (!v) return err_nomem(err);
        if (l->n) memcpy(v, l->v, l->n * sizeof *v);
        l->v = v, l->cap = cap;
    }
    l->v[l->n++] = id;
    return true;
}

static bool is_sealed_suite(const Json *suites, Str name) {
    for (const Json *c = json_first(suites); c; c = json_next(c))
        if (str_eq(json_str(json_get(c, "name")), name)) return str_eqz(json_str(json_get(c, "hazard")), "sealed");
    return false;
}

/* Records that ought to be sealed and have a text in the clear, apart from those that may be. */
static bool find_plain(RunStore *s, const Json *suites, Arena *a, IdList *out, Err *err) {
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(s->db,
                                "SELECT id, suite, sealed FROM records WHERE EXISTS (SELECT 1 FROM texts WHERE record "
                                "= records.id AND commitment IS NULL AND kind NOT IN ('judge', 'tags')) ORDER BY id",
                                -1, &q, NULL);
    if (rc != SQLITE_OK) return store__fail(s, rc, "reading the records", err);
    bool ok = true;
    while (ok && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        Str suite = {(const char *)sqlite3_column_text(q, 1), (size_t)sqlite3_column_bytes(q, 1)};
        if (sqlite3_column_int(q, 2) || is_sealed_suite(suites, suite))
            ok = push(out, sqlite3_column_int64(q, 0), a, err);
    }
    if (ok && rc != SQLITE_DONE) ok = store__fail(s, rc, "reading the records", err);
    sqlite3_finalize(q);
    return ok;
}

static bool drop(RunStore *s, int64_t id, Err *err) {
    static const char *const sql[] = {"DELETE FROM texts WHERE record = ?1", "DELETE FROM turns WHERE record = ?1",
                                      "DELETE FROM scores WHERE record = ?1", "DELETE FROM records WHERE id = ?1"};
    for (size_t i = 0; i < sizeof sql / sizeof *sql; i++) {
        sqlite3_stmt *q = NULL;
        int rc = sqlite3_prepare_v2(s->db, sql[i], -1, &q, NULL);
        if (rc == SQLITE_OK) sqlite3_bind_int64(q, 1, id);
        if (rc == SQLITE_OK) rc = sqlite3_step(q);
        sqlite3_finalize(q);
        if (rc != SQLITE_DONE) return store__fail(s, rc, "taking out a text in the clear", err);
    }
    return true;
}

static bool reseal(RunStore *s, int64_t id, Arena *a, Err *err) {
    Record r;
    ScoreRow *rows = NULL;
    size_t n = 0;
    int64_t again = 0;
    arena_reset(a);
    if (!store__read_all(s, id, a, &r, &rows, &n, err)) return false;
    r.sealed = true;
    return drop(s, id, err) && store__put_record(s, &r, &again, err) &&
           store__put_score_rows(s, again, &r.key, true, rows, n, err);
}

static bool run(RunStore *s, const char *sql, const char *doing, Err *err) {
    int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK || store__fail(s, rc, doing, err);
}

static bool reseal_all(RunStore *s, const IdList *ids, Err *err) {
    Arena *a = arena_open_private(0);
    bool ok = a != NULL || err_nomem(err);
    ok = ok && run(s, "PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY;", "opening", err) &&
         store__seal_ready(s, err) && store__tx_begin(s, err);
    if (ok) {
        for (size_t i = 0; ok && i < ids->n; i++) ok = reseal(s, ids->v[i], a, err);
        ok = store__tx_end(s, ok, err);
    }
    arena_close(a);
    return ok && run(s, "PRAGMA wal_checkpoint(TRUNCATE); VACUUM; PRAGMA wal_checkpoint(TRUNCATE);",
                     "writing the file anew", err);
}

bool store_seal_plain(RunStore *s, int64_t *n, Err *err) {
    Str text;
    Json *suites = NULL;
    IdList ids = {0};
    Arena *a = arena_open(0);
    *n = 0;
    if (!a) return err_nomem(err);
    bool ok = store_manifest_get(s, "suites", a, &text, err) && (!text.p || json_parse(text, &suites, err)) &&
              find_plain(s, suites, a, &ids, err) && (!ids.n || reseal_all(s, &ids, err));
    if (ok) *n = (int64_t)ids.n;
    json_close(suites);
    arena_close(a);
    return ok;
}
