/* A run.db may come from a stranger, and SQLite lets any column hold anything: a text where a number belongs reads as
 * 0, infinity as a score. Nothing is read as a figure before it was looked at here. */
#include "reports/store/store_internal.h"

#include <math.h>

#include "engine/base/json.h"

static int64_t bad(StoreColumns *c, int i) {
    if (c->bad < 0) c->bad = i;
    return 0;
}

int64_t store__column_int(StoreColumns *c, int i, int64_t lo, int64_t hi) {
    if (sqlite3_column_type(c->q, i) != SQLITE_INTEGER) return bad(c, i);
    int64_t v = sqlite3_column_int64(c->q, i);
    return v >= lo && v <= hi ? v : bad(c, i);
}

bool store__column_bool(StoreColumns *c, int i) {
    return store__column_int(c, i, 0, 1) != 0;
}

double store__column_num(StoreColumns *c, int i, double lo, double hi) {
    int type = sqlite3_column_type(c->q, i);
    if (type != SQLITE_FLOAT && type != SQLITE_INTEGER) return (double)bad(c, i);
    double v = sqlite3_column_double(c->q, i);
    return isfinite(v) && v >= lo && v <= hi ? v : (double)bad(c, i);
}

double store__column_num_or_nan(StoreColumns *c, int i, double lo, double hi) {
    return sqlite3_column_type(c->q, i) == SQLITE_NULL ? (double)NAN : store__column_num(c, i, lo, hi);
}

Str store__column_text(StoreColumns *c, int i) {
    if (sqlite3_column_type(c->q, i) != SQLITE_TEXT) {
        bad(c, i);
        return STR("");
    }
    const char *p = (const char *)sqlite3_column_text(c->q, i);
    return p ? (Str){p, (size_t)sqlite3_column_bytes(c->q, i)} : STR("");
}

Str store__column_text_in(StoreColumns *c, int i, Arena *a, bool *ok) {
    Str copy = str_dup(a, store__column_text(c, i));
    if (!copy.p) *ok = false;
    return copy;
}

Str store__column_text_or_none(StoreColumns *c, int i, Arena *a, bool *ok) {
    return sqlite3_column_type(c->q, i) == SQLITE_NULL ? (Str){0} : store__column_text_in(c, i, a, ok);
}

bool store__bad_column(const RunStore *s, int64_t record, const char *column, Err *err) {
    return err_set(err, ERR_INPUT,
                   "%s: record %lld: '%s' holds what assay never writes there; the file was damaged or changed",
                   s->path, (long long)record, column);
}

bool store__columns_good(const RunStore *s, const StoreColumns *c, int64_t record, Err *err) {
    return c->bad < 0 || store__bad_column(s, record, sqlite3_column_name(c->q, c->bad), err);
}

bool store__check_entry(const RunStore *s, sqlite3_stmt *q, int i, const char *key, Err *err) {
    Json *j = NULL;
    StoreColumns is = {q, -1};
    Str text = store__column_text(&is, i);
    if (is.bad >= 0)
        return err_set(err, ERR_INPUT, "%s: manifest key '%s': it holds no text; the file was damaged or changed",
                       s->path, key);
    bool ok = json_parse(text, &j, err) || err_wrap(err, "%s: manifest key '%s'", s->path, key);
    json_close(j);
    return ok;
}

/* ---- the schema ---- */

/* What runs code when a table is read has no place here, nor what only looks like a table or a column. */
static const char FOREIGN[] =
    "SELECT type || ' ' || name FROM sqlite_master WHERE type IN ('view', 'trigger') OR (type = 'table' AND sql LIKE "
    "'CREATE VIRTUAL%') UNION ALL SELECT 'generated column ' || x.name FROM sqlite_master m, "
    "pragma_table_xinfo(m.name) "
    "x WHERE m.type = 'table' AND x.hidden > 1 ORDER BY 1 LIMIT 1";

bool store__check_schema(RunStore *s, Err *err) {
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(s->db, FOREIGN, -1, &q, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_step(q);
    bool ok = rc == SQLITE_DONE;
    if (rc == SQLITE_ROW)
        err_set(err, ERR_INPUT, "%s: it holds a %.100s, which no run store has; the file was changed", s->path,
                (const char *)sqlite3_column_text(q, 0));
    else if (!ok)
        store__fail(s, rc, "opening", err);
    sqlite3_finalize(q);
    return ok;
}

void store__distrust(RunStore *s) {
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
}
