/* Texts in and out of the store: the only place that binds one to a statement, in the clear or sealed. */
#include <stdio.h>
#include <string.h>

#include "reports/store/store_internal.h"

static ScorerStr to_scorer_str(Str v) {
    return (ScorerStr){v.p, v.n};
}

static bool bind_blob(sqlite3_stmt *q, int i, const void *p, size_t n) {
    return sqlite3_bind_blob64(q, i, n ? p : "", n, SQLITE_STATIC) == SQLITE_OK;
}

static bool put_plain(RunStore *s, int64_t id, Str scorer, const char *kind, const void *p, size_t n, Err *err) {
    sqlite3_stmt *q = store__query(s, Q_TEXT_PUT, err);
    if (!q) return false;
    sqlite3_bind_int64(q, 1, id);
    store__bind_str(q, 2, scorer);
    store__bind_str(q, 3, str_from(kind));
    sqlite3_bind_int(q, 4, 0);
    if (!bind_blob(q, 5, p, n)) {
        sqlite3_reset(q);
        return err_set(err, ERR_INPUT, "a text of %zu bytes is too large for the run store", n);
    }
    return store__step_done(s, q, "storing a text", err);
}

/* SQLite gets what only an auditor can open, or nothing. */
static bool put_sealed(RunStore *s, int64_t id, Str scorer, const char *kind, Str text, Err *err) {
    SealedText t;
    Buf sealed;
    int run_key = 0;
    sqlite3_stmt *q = store__query(s, Q_SEALED_PUT, err);
    if (!q) return false;
    buf_init(&sealed, SIZE_MAX / 2);
    bool ok = store__seal_text(s, scorer, str_from(kind), text, &sealed, &t, &run_key, err);
    if (ok) {
        sqlite3_bind_int64(q, 1, id);
        store__bind_str(q, 2, scorer);
        store__bind_str(q, 3, str_from(kind));
        ok = bind_blob(q, 4, sealed.p, sealed.n) ||
             err_set(err, ERR_INPUT, "a text of %zu bytes is too large for the run store", text.n);
        sqlite3_bind_int(q, 5, run_key);
        sqlite3_bind_int64(q, 6, (int64_t)t.length_class);
        bind_blob(q, 7, t.commitment, sizeof t.commitment);
        ok = ok && store__step_done(s, q, "storing a text", err);
        if (!ok) sqlite3_reset(q);
    }
    buf_release(&sealed);
    return ok;
}

bool store__put_text(RunStore *s, int64_t id, Str scorer, const char *kind, bool sealed, const void *p, size_t n,
                     Err *err) {
    if (!p) return true;
    return sealed ? put_sealed(s, id, scorer, kind, (Str){p, n}, err) : put_plain(s, id, scorer, kind, p, n, err);
}

/* ---- out ---- */

/* Token ids are stored as the bytes of an array; the copy is aligned by the arena. */
bool store__ids_from_bytes(Str bytes, Arena *a, Ids *out, Err *err) {
    size_t n = bytes.n / sizeof(uint32_t);
    if (bytes.n % sizeof(uint32_t))
        return err_set(err, ERR_INPUT, "token ids of %zu bytes are no whole numbers; the file was damaged or changed",
                       bytes.n);
    out->p = arena_array(a, n, sizeof(uint32_t));
    if (!out->p) return err_nomem(err);
    memcpy(out->p, bytes.p, n * sizeof(uint32_t));
    out->n = n;
    return true;
}

static bool score_text(ScoreRow *rows, size_t n, Str scorer, Str kind, Str text) {
    for (size_t i = 0; i < n; i++) {
        if (!str_eq(rows[i].scorer, scorer)) continue;
        Score *sc = &rows[i].score;
        unsigned long long begin = 0, end = 0;
        if (str_eqz(kind, "answer")) sc->answer = to_scorer_str(text);
        if (str_eqz(kind, "explanation")) sc->explanation = to_scorer_str(text);
        if (str_eqz(kind, "judge") || str_eqz(kind, "judge_whole")) rows[i].judge = text; /* the latter comes later */
        if (str_eqz(kind, "judge_text")) rows[i].judge_text = text;
        if (str_eqz(kind, "label")) sc->label = to_scorer_str(text);
        if (str_eqz(kind, "rule")) sc->rule = to_scorer_str(text);
        if (str_eqz(kind, "span") && sscanf(text.p, "[%llu,%llu]", &begin, &end) == 2)
            sc->span_begin = begin, sc->span_end = end;
    }
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
        {"error", &c->error},           {"probes", &r->probes}, {"tags", &r->tags},
    };
    bool ok = true;
    if (scorer.n) return score_text(rows, n, scorer, kind, text);
    if (store__turn_text(r, kind, text, a, &ok, err)) return ok;
    if (str_eqz(kind, "ids")) return store__ids_from_bytes(text, a, &c->ids, err);
    if (str_eqz(kind, "counts")) return store__counts_read(text, c, NULL, err);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (str_eqz(kind, places[i].kind)) *places[i].at = text;
    return true;
}

/* Where the texts of one record go. */
typedef struct TextsOut {
    bool all;
    Record *r;
    ScoreRow *rows;
    size_t n, cap; /* rows; of r->seals */
    Arena *a;
} TextsOut;

static RecordSeal *push_seal(TextsOut *t) {
    if (t->r->n_seals == t->cap) {
        size_t cap = t->cap ? t->cap * 2 : 16;
        RecordSeal *more = arena_array(t->a, cap, sizeof *more);
        if (!more) return NULL;
        if (t->cap) memcpy(more, t->r->seals, t->cap * sizeof *more);
        t->r->seals = more;
        t->cap = cap;
    }
    return (RecordSeal *)(uintptr_t)&t->r->seals[t->r->n_seals++];
}

/* A text that is sealed: told of in r->seals, and opened if there is a key. That harmony was malformed is a count of
 * the reports; what was malformed is not told. */
static bool sealed_text(RunStore *s, sqlite3_stmt *q, Str scorer, Str kind, Str bytes, TextsOut *t, Err *err) {
    size_t class = (size_t)sqlite3_column_int64(q, 4);
    if (!t->all) {
        if (str_eqz(kind, "malformed")) t->r->completion.malformed = class ? STR("(sealed)") : STR("");
        return true;
    }
    RecordSeal *seal = push_seal(t);
    if (!seal) return err_nomem(err);
    *seal = (RecordSeal){.scorer = scorer, .kind = kind, .length_class = class, .kept = bytes.n != 0};
    if (sqlite3_column_bytes(q, 5) != SEAL_COMMITMENT_BYTES)
        return store__bad_column(s, sqlite3_column_int64(q, 6), "commitment", err);
    memcpy(seal->commitment, sqlite3_column_blob(q, 5), SEAL_COMMITMENT_BYTES);
    if (!store__can_open(s)) {
        if (str_eqz(kind, "malformed")) t->r->completion.malformed = class ? STR("(sealed)") : STR("");
        return true;
    }
    return store__open_text(s, &t->r->key, scorer, kind, sqlite3_column_int(q, 3), bytes, seal, t->a, err) &&
           text_place(t->r, t->rows, t->n, scorer, kind, seal->text, t->a, err);
}

static bool read_texts(RunStore *s, int64_t id, TextsOut *t, Err *err) {
    static const int queries[2][2] = {{Q_TROUBLE_OF_OLD, Q_TROUBLE_OF}, {Q_TEXTS_OF_OLD, Q_TEXTS_OF}};
    sqlite3_stmt *q = store__query(s, queries[t->all][s->has_seals], err);
    if (!q) return false;
    sqlite3_bind_int64(q, 1, id);
    bool ok = true;
    int rc = SQLITE_DONE;
    while (ok && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        StoreColumns is = {q, -1};
        Str scorer = store__column_text_in(&is, 0, t->a, &ok), kind = store__column_text_in(&is, 1, t->a, &ok),
            text = store__column_str(q, 2, t->a, &ok);
        int type = sqlite3_column_type(q, 2);
        if (type != SQLITE_BLOB && type != SQLITE_TEXT && is.bad < 0) is.bad = 2;
        store__column_int(&is, 3, 0, INT32_MAX);
        store__column_int(&is, 4, 0, INT64_MAX);
        if (!ok)
            err_nomem(err);
        else if (!(ok = store__columns_good(s, &is, id, err)))
            break;
        else if (sqlite3_column_type(q, 5) != SQLITE_NULL)
            ok = sealed_text(s, q, scorer, kind, text, t, err);
        else
            ok = text_place(t->r, t->rows, t->n, scorer, kind, text, t->a, err) ||
                 err_wrap(err, "%s: record %lld", s->path, (long long)id);
    }
    if (ok && rc != SQLITE_DONE) ok = store__fail(s, rc, "reading texts", err);
    sqlite3_reset(q);
    return ok;
}

/* ---- which records have texts that statistics read ---- */

/* What stands where ids do and is none fits no record's id either. */
static bool told_add(RunStore *s, sqlite3_stmt *q, size_t *cap, Err *err) {
    if (sqlite3_column_type(q, 0) != SQLITE_INTEGER) return true;
    if (s->n_told == *cap) {
        size_t more = *cap ? 2 * *cap : 1024, bytes;
        int64_t *p = size_mul(more, sizeof *p, &bytes) ? mem_realloc(s->told, bytes) : NULL;
        if (!p) return err_nomem(err);
        s->told = p;
        *cap = more;
    }
    s->told[s->n_told++] = sqlite3_column_int64(q, 0);
    return true;
}

/* One pass over the index of texts, instead of a search in it for each record. */
static bool told_read(RunStore *s, Err *err) {
    sqlite3_stmt *q = store__query(s, Q_TOLD, err);
    if (!q) return false;
    size_t cap = 0;
    bool ok = true;
    int rc = SQLITE_DONE;
    s->n_told = 0;
    mem_free(s->told);
    s->told = NULL;
    while (ok && (rc = sqlite3_step(q)) == SQLITE_ROW) ok = told_add(s, q, &cap, err);
    if (ok && rc != SQLITE_DONE) ok = store__fail(s, rc, "reading texts", err);
    sqlite3_reset(q);
    s->told_known = ok;
    return ok;
}

/* A writer's store changes meanwhile: there any record may have some. */
static bool may_be_told(RunStore *s, int64_t id, bool *yes, Err *err) {
    *yes = true;
    if (s->writer) return true;
    if (!s->told_known && !told_read(s, err)) return false;
    size_t lo = 0, hi = s->n_told;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (s->told[mid] < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    *yes = lo < s->n_told && s->told[lo] == id;
    return true;
}

bool store__read_texts(RunStore *s, int64_t id, bool all, Arena *a, Record *r, ScoreRow *rows, size_t n, Err *err) {
    TextsOut t = {.all = all, .r = r, .rows = rows, .n = n, .a = a};
    bool any = true;
    if (!all && !may_be_told(s, id, &any, err)) return false;
    return !any || read_texts(s, id, &t, err);
}
