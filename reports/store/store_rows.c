/* Records in and out of the store, with all that belongs to them; the invariants stand in store.c. */
#include "reports/store/store_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/json.h"

#define CHOICES_MAX ((size_t)16 << 20)

/* ---- appending ---- */

/* Of sealed records: what would tell about the texts if it stood in the columns. */
static bool put_counts(RunStore *s, int64_t id, const Record *r, Err *err) {
    Arena *a = r->sealed ? arena_open(0) : NULL;
    if (!r->sealed) return true;
    Str counts = a ? store__counts_text(&r->completion, 0, a) : (Str){0};
    bool ok = (counts.p || err_nomem(err)) && store__put_text(s, id, STR(""), "counts", true, counts.p, counts.n, err);
    arena_close(a);
    return ok;
}

static bool put_record_texts(RunStore *s, int64_t id, const Record *r, Err *err) {
    const Completion *c = &r->completion;
    const struct {
        const char *kind;
        Str text;
    } texts[] = {
        {"prompt", r->prompt}, {"target", r->target},       {"analysis", c->analysis}, {"commentary", c->commentary},
        {"final", c->final},   {"malformed", c->malformed}, {"error", c->error},
    };
    /* That nothing went wrong takes no row; sealed, it takes one as if something had. */
    bool told[] = {true, true, true, true, true, r->sealed || c->malformed.n, r->sealed || c->error.n};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (told[i] &&
            !store__put_text(s, id, STR(""), texts[i].kind, r->sealed, texts[i].text.p, texts[i].text.n, err))
            return false;
    if (!store__put_text(s, id, STR(""), "probes", r->sealed, r->probes.p, r->probes.n, err)) return false;
    size_t bytes = 0;
    if (!size_mul(c->ids.n, sizeof(uint32_t), &bytes)) return err_nomem(err);
    if (!store__put_text(s, id, STR(""), "tags", false, r->tags.p, r->tags.n, err)) return false;
    return store__put_text(s, id, STR(""), "ids", r->sealed, c->ids.p, bytes, err) && put_counts(s, id, r, err);
}

/* [[logprob, tokens, greedy], …]; leaves the buffer empty if there are none. */
static void choices_render(const Completion *c, Buf *out) {
    JsonOut o;
    if (!c->n_choice_scores) return;
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
    Completion public = r->sealed ? store__public_counts(&r->completion) : r->completion;
    const Completion *c = &public;
    store__bind_str(q, 1, r->key.model);
    store__bind_str(q, 2, r->key.suite);
    store__bind_str(q, 3, r->key.sample);
    store__bind_str(q, 4, str_from(effort_name(r->key.effort)));
    sqlite3_bind_int(q, 5, r->key.epoch);
    sqlite3_bind_int64(q, 6, r->ordinal);
    store__bind_str(q, 7, r->group);
    store__bind_str(q, 8, r->cluster);
    store__bind_str(q, 9, r->content_hash);
    store__bind_str(q, 10, r->request_hash);
    store__bind_str(q, 11, r->started_at);
    store__bind_str(q, 12, str_from(completion_status_name(c->status)));
    sqlite3_bind_int(q, 13, c->has_final);
    sqlite3_bind_int(q, 14, c->n_prompt_tokens);
    sqlite3_bind_int(q, 15, c->n_tokens);
    sqlite3_bind_int(q, 16, c->n_analysis_tokens);
    store__bind_str(q, 17, choices);
    sqlite3_bind_double(q, 18, c->seconds_prefill);
    sqlite3_bind_double(q, 19, c->seconds_decode);
    sqlite3_bind_int(q, 20, r->sealed);
    store__bind_str(q, 21, r->key.transform.p ? r->key.transform : STR("plain"));
}

static bool key_taken(RunStore *s, const RecordKey *k, Err *err) {
    (void)s;
    return err_set(err, ERR_INPUT,
                   "sample '" STR_FMT "' of suite '" STR_FMT "' by model '" STR_FMT "' (transform " STR_FMT
                   ", effort %s, epoch "
                   "%d) is stored already",
                   STR_ARG(k->sample), STR_ARG(k->suite), STR_ARG(k->model),
                   STR_ARG(k->transform.p ? k->transform : STR("plain")), effort_name(k->effort), k->epoch);
}

static bool put_row(RunStore *s, const Record *r, Str choices, int64_t *id, Err *err) {
    sqlite3_stmt *q = store__query(s, Q_RECORD_PUT, err);
    if (!q) return false;
    bind_record(q, r, choices);
    int rc = sqlite3_step(q);
    int ext = sqlite3_extended_errcode(s->db);
    bool ok = rc == SQLITE_DONE;
    if (!ok)
        ok = ext == SQLITE_CONSTRAINT_UNIQUE ? key_taken(s, &r->key, err) : store__fail(s, rc, "storing a record", err);
    sqlite3_reset(q);
    sqlite3_clear_bindings(q);
    if (ok) *id = sqlite3_last_insert_rowid(s->db);
    return ok;
}

bool store__put_record(RunStore *s, const Record *r, int64_t *id, Err *err) {
    Buf choices;
    buf_init(&choices, CHOICES_MAX);
    choices_render(&r->completion, &choices);
    Str ch = r->completion.n_choice_scores ? buf_str(&choices) : (Str){0};
    if (r->sealed) store__seal_for(s, &r->key);
    bool ok = (!choices.failed || err_nomem(err)) && put_row(s, r, ch, id, err) && put_record_texts(s, *id, r, err) &&
              store__put_turns(s, *id, r, err);
    buf_release(&choices);
    return ok;
}

bool store_append_scored(RunStore *s, const Record *r, const ScoreRow *rows, size_t n, int64_t *id, Err *err) {
    int64_t row = 0;
    for (size_t i = 0; i < n; i++)
        if (!store__score_good(&rows[i], err)) return false;
    if (r->sealed && !store__seal_ready(s, err)) return false;
    if (!store__tx_begin(s, err)) return false;
    bool ok = store__put_record(s, r, &row, err) && store__put_score_rows(s, row, &r->key, r->sealed, rows, n, err);
    ok = store__tx_end(s, ok, err);
    if (ok && id) *id = row;
    return ok;
}

bool store_append(RunStore *s, const Record *r, int64_t *id, Err *err) {
    return store_append_scored(s, r, NULL, 0, id, err);
}

static bool effort_column(sqlite3_stmt *q, int i, Effort *out) {
    Str name = {(const char *)sqlite3_column_text(q, i), (size_t)sqlite3_column_bytes(q, i)};
    return effort_parse(name, out);
}

/* Whether a record is sealed, and its key, in the arena. */
static bool record_sealed(RunStore *s, int64_t id, Arena *a, RecordKey *k, bool *sealed, Err *err) {
    sqlite3_stmt *q = store__query(s, Q_SEALED_OF, err);
    if (!q) return false;
    sqlite3_bind_int64(q, 1, id);
    int rc = sqlite3_step(q);
    bool ok = rc == SQLITE_ROW, whole = true;
    if (ok) {
        *sealed = sqlite3_column_int(q, 0) != 0;
        k->model = store__column_str(q, 1, a, &whole);
        k->suite = store__column_str(q, 2, a, &whole);
        k->sample = store__column_str(q, 3, a, &whole);
        k->epoch = sqlite3_column_int(q, 5);
        k->transform = store__column_str(q, 6, a, &whole);
        ok = (whole || err_nomem(err)) &&
             (effort_column(q, 4, &k->effort) || err_set(err, ERR_INPUT, "%s: unknown effort", s->path));
    } else if (rc == SQLITE_DONE) {
        err_set(err, ERR_INTERNAL, "%s: there is no record %lld to score", s->path, (long long)id);
    } else {
        store__fail(s, rc, "looking up a record", err);
    }
    sqlite3_reset(q);
    return ok;
}

bool store_put_scores(RunStore *s, int64_t record_id, const ScoreRow *rows, size_t n, Err *err) {
    bool sealed = false;
    RecordKey k = {0};
    for (size_t i = 0; i < n; i++)
        if (!store__score_good(&rows[i], err)) return false;
    Arena *a = arena_open(0);
    if (!a) return err_nomem(err);
    bool ok = record_sealed(s, record_id, a, &k, &sealed, err) && (!sealed || store__seal_ready(s, err)) &&
              store__tx_begin(s, err);
    if (ok) ok = store__tx_end(s, store__put_score_rows(s, record_id, &k, sealed, rows, n, err), err);
    arena_close(a);
    return ok;
}

/* ---- reading ---- */

#define COUNT_OF_SCORES "(SELECT count(*) FROM scores WHERE record = records.id) FROM records ORDER BY ordinal, id"

bool store_each_key(RunStore *s, bool (*fn)(void *ctx, int64_t id, const RecordKey *k, int n_scores), void *ctx,
                    Err *err) {
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(s->db,
                                s->has_transforms
                                    ? "SELECT id, model, suite, sample, effort, epoch, transform, " COUNT_OF_SCORES
                                    : "SELECT id, model, suite, sample, effort, epoch, 'plain', " COUNT_OF_SCORES,
                                -1, &q, NULL);
    if (rc != SQLITE_OK) return store__fail(s, rc, "reading the records", err);
    bool ok = true;
    while (ok && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        RecordKey k = {.epoch = sqlite3_column_int(q, 5)};
        static const int columns[] = {1, 2, 3, 6};
        Str *parts[] = {&k.model, &k.suite, &k.sample, &k.transform};
        for (int i = 0; i < 4; i++)
            *parts[i] =
                (Str){(const char *)sqlite3_column_text(q, columns[i]), (size_t)sqlite3_column_bytes(q, columns[i])};
        ok = effort_column(q, 4, &k.effort) || err_set(err, ERR_INPUT, "%s: a record has an unknown effort", s->path);
        if (ok && !fn(ctx, sqlite3_column_int64(q, 0), &k, sqlite3_column_int(q, 7))) break;
    }
    if (ok && rc != SQLITE_DONE && rc != SQLITE_ROW) ok = store__fail(s, rc, "reading the records", err);
    sqlite3_finalize(q);
    return ok;
}

/* [logprob, tokens, greedy]; a logprob that was no number was written as null. */
static bool choice_parse(const Json *e, ChoiceScore *out) {
    const Json *lp = json_first(e), *nt = lp ? json_next(lp) : NULL, *gr = nt ? json_next(nt) : NULL;
    int64_t tokens = 0;
    if (json_type(e) != JSON_ARRAY || !gr || json_next(gr)) return false;
    bool none = json_type(lp) == JSON_NULL;
    out->logprob = none ? -INFINITY : json_num(lp);
    if (!json_int(nt, 0, INT32_MAX, &tokens) || !json_bool(gr, &out->is_greedy)) return false;
    out->n_tokens = (int)tokens;
    return none || (json_type(lp) == JSON_NUMBER && isfinite(out->logprob));
}

static bool choices_parse(const RunStore *s, int64_t id, Str json, Arena *a, Completion *c, Err *err) {
    Json *root = NULL;
    if (!json.p || str_eqz(json, "[]")) return true;
    if (!json_parse(json, &root, err)) return err_wrap(err, "%s: record %lld: 'choice_scores'", s->path, (long long)id);
    size_t n = json_count(root), i = 0;
    ChoiceScore *out = arena_array(a, n, sizeof *out);
    bool ok = out != NULL || err_nomem(err), good = json_type(root) == JSON_ARRAY;
    for (const Json *e = json_first(root); ok && good && e && i < n; e = json_next(e))
        good = choice_parse(e, &out[i++]);
    if (ok && !good) ok = store__bad_column(s, id, "choice_scores", err);
    json_close(root);
    c->choice_scores = out;
    c->n_choice_scores = n;
    return ok;
}

/* Columns: id, then RECORD_COLUMNS. */
static bool record_columns(RunStore *s, sqlite3_stmt *q, Arena *a, Record *r, Err *err) {
    Completion *c = &r->completion;
    StoreColumns is = {q, -1};
    bool ok = true;
    r->key.model = store__column_text_in(&is, 1, a, &ok);
    r->key.suite = store__column_text_in(&is, 2, a, &ok);
    r->key.sample = store__column_text_in(&is, 3, a, &ok);
    r->key.epoch = (int)store__column_int(&is, 5, 1, INT32_MAX);
    r->ordinal = store__column_int(&is, 6, INT64_MIN, INT64_MAX);
    r->group = store__column_text_or_none(&is, 7, a, &ok);
    r->cluster = store__column_text_or_none(&is, 8, a, &ok);
    r->content_hash = store__column_text_or_none(&is, 9, a, &ok);
    r->request_hash = store__column_text_or_none(&is, 10, a, &ok);
    r->started_at = store__column_text_or_none(&is, 11, a, &ok);
    Str status = store__column_text_in(&is, 12, a, &ok);
    c->has_final = store__column_bool(&is, 13);
    c->n_prompt_tokens = (int)store__column_int(&is, 14, 0, INT32_MAX);
    c->n_tokens = (int)store__column_int(&is, 15, 0, INT32_MAX);
    c->n_analysis_tokens = (int)store__column_int(&is, 16, 0, INT32_MAX);
    Str choices = store__column_text_or_none(&is, 17, a, &ok);
    c->seconds_prefill = store__column_num(&is, 18, 0.0, STORE_SECONDS_MAX);
    c->seconds_decode = store__column_num(&is, 19, 0.0, STORE_SECONDS_MAX);
    r->sealed = store__column_bool(&is, 20);
    r->key.transform = store__column_text_in(&is, 21, a, &ok);
    if (!ok) return err_nomem(err);
    if (!store__columns_good(s, &is, sqlite3_column_int64(q, 0), err)) return false;
    if (!effort_column(q, 4, &r->key.effort) || !completion_status_parse(status, &c->status))
        return err_set(err, ERR_INPUT, "%s: record %lld has an unknown effort or status", s->path,
                       (long long)sqlite3_column_int64(q, 0));
    return choices_parse(s, sqlite3_column_int64(q, 0), choices, a, c, err);
}

/* The row under q, with its scores and texts. */
static bool read_row(RunStore *s, sqlite3_stmt *q, StoreDepth depth, Arena *a, Record *r, ScoreRow **rows, size_t *n,
                     Err *err) {
    int64_t id = sqlite3_column_int64(q, 0);
    bool all = depth == STORE_DEPTH_ALL;
    memset(r, 0, sizeof *r);
    if (!record_columns(s, q, a, r, err) || !store__read_scores(s, id, a, rows, n, err)) return false;
    if (depth == STORE_DEPTH_OPTIONS && !(s->only && s->only->lang.p)) return true; /* the language is a text */
    if (!r->sealed) r->completion.malformed = r->completion.error = STR("");        /* unless a text says otherwise */
    return store__read_turns(s, id, all, a, r, err) && store__read_texts(s, id, all, a, r, *rows, *n, err);
}

bool store__read_all(RunStore *s, int64_t id, Arena *a, Record *out, ScoreRow **rows, size_t *n, Err *err) {
    sqlite3_stmt *q = NULL;
    memset(out, 0, sizeof *out);
    char sql[1024];
    snprintf(sql, sizeof sql, "%s WHERE id = ?1", RECORD_SELECT(s));
    int rc = sqlite3_prepare_v2(s->db, sql, -1, &q, NULL);
    if (rc != SQLITE_OK) return store__fail(s, rc, "reading a record", err);
    sqlite3_bind_int64(q, 1, id);
    rc = sqlite3_step(q);
    bool ok;
    if (rc == SQLITE_ROW)
        ok = read_row(s, q, STORE_DEPTH_ALL, a, out, rows, n, err);
    else if (rc == SQLITE_DONE)
        ok = err_set(err, ERR_INPUT, "%s: there is no record %lld", s->path, (long long)id);
    else
        ok = store__fail(s, rc, "reading a record", err);
    sqlite3_finalize(q);
    return ok;
}

bool store_read(RunStore *s, int64_t id, Arena *a, Record *out, Err *err) {
    ScoreRow *rows = NULL;
    size_t n = 0;
    return store__read_all(s, id, a, out, &rows, &n, err);
}

void store_select(RunStore *s, const StoreSelection *only) {
    s->only = only;
    if (s->parts) store__union_select(s->parts, only);
}

/* The group is the database's to look for; the language stands among the tags. */
static bool selected(const RunStore *s, const Record *r, bool *yes, Err *err) {
    Json *tags = NULL;
    *yes = true;
    if (!s->only || !s->only->lang.p) return true;
    if (r->tags.p && !json_parse(r->tags, &tags, err)) return err_wrap(err, "%s: a record's tags", s->path);
    *yes = str_eq(json_str(json_get(tags, "lang")), s->only->lang);
    json_close(tags);
    return true;
}

bool store__each(RunStore *s, StoreDepth depth, Arena *a,
                 bool (*fn)(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n), void *ctx,
                 Err *err) {
    sqlite3_stmt *q = NULL;
    char sql[1024];
    if (s->parts) return store__union_each(s->parts, depth, a, fn, ctx, err);
    snprintf(sql, sizeof sql, "%s WHERE (?1 IS NULL OR group_name = ?1)%s ORDER BY ordinal, id", RECORD_SELECT(s),
             depth == STORE_DEPTH_OPTIONS ? " AND choice_scores IS NOT NULL AND choice_scores <> '[]'" : "");
    int rc = sqlite3_prepare_v2(s->db, sql, -1, &q, NULL);
    if (rc != SQLITE_OK) return store__fail(s, rc, "reading the records", err);
    store__bind_str(q, 1, s->only ? s->only->group : (Str){0});
    bool ok = true;
    while (ok && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        Record r;
        ScoreRow *rows = NULL;
        size_t n = 0;
        arena_reset(a);
        bool wanted = true;
        ok = read_row(s, q, depth, a, &r, &rows, &n, err) && selected(s, &r, &wanted, err);
        if (ok && wanted && !fn(ctx, sqlite3_column_int64(q, 0), &r, rows, n)) break;
    }
    if (ok && rc != SQLITE_DONE && rc != SQLITE_ROW) ok = store__fail(s, rc, "reading the records", err);
    sqlite3_finalize(q);
    return ok;
}

bool store_each(RunStore *s, bool with_texts, Arena *a,
                bool (*fn)(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n), void *ctx,
                Err *err) {
    return store__each(s, with_texts ? STORE_DEPTH_ALL : STORE_DEPTH_NUMBERS, a, fn, ctx, err);
}

bool store_each_options(RunStore *s, Arena *a,
                        bool (*fn)(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n), void *ctx,
                        Err *err) {
    return store__each(s, STORE_DEPTH_OPTIONS, a, fn, ctx, err);
}

bool store_counts(RunStore *s, StoreCounts *out, Err *err) {
    if (s->parts) return store__union_counts(s->parts, out, err);
    return store__one_int(s, "SELECT count(*) FROM records", &out->records, err) &&
           store__one_int(s, "SELECT count(*) FROM scores", &out->scores, err) &&
           store__one_int(
               s, "SELECT count(*) FROM records WHERE NOT EXISTS (SELECT 1 FROM scores WHERE record = records.id)",
               &out->records_without_scores, err);
}
