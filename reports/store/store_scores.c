/* Scores in and out of the store; the invariants stand in store.c. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/store/store_internal.h"

static void bind_num(sqlite3_stmt *q, int i, double v) {
    if (isnan(v))
        sqlite3_bind_null(q, i);
    else
        sqlite3_bind_double(q, i, v);
}

static Str from_scorer_str(ScorerStr v) {
    return (Str){v.p, v.n};
}
static ScorerStr to_scorer_str(Str v) {
    return (ScorerStr){v.p, v.n};
}

/* ---- in ---- */

bool store__score_good(const ScoreRow *row, Err *err) {
    const Score *sc = &row->score;
    if (!row->scorer.p || row->scorer.n == 0) return err_set(err, ERR_INTERNAL, "a score without a scorer's name");
    if (sc->status > SCORE_ERROR || sc->outcome >= OUTCOME_COUNT)
        return err_set(err, ERR_INPUT, "scorer '" STR_FMT "' gave status %u and outcome %u, which do not exist",
                       STR_ARG(row->scorer), sc->status, sc->outcome);
    if (sc->status == SCORE_SCORED && !(sc->value >= 0 && sc->value <= 1))
        return err_set(err, ERR_INPUT, "scorer '" STR_FMT "' gave the value %g, expected 0 to 1", STR_ARG(row->scorer),
                       sc->value);
    if (sc->span_begin > sc->span_end || sc->span_end > INT64_MAX)
        return err_set(err, ERR_INPUT, "scorer '" STR_FMT "' gave a span that ends before it begins",
                       STR_ARG(row->scorer));
    return true;
}

/* Beside a sealed text only words that tell nothing of it. */
static Str public_word(ScorerStr v, bool sealed) {
    Str s = from_scorer_str(v);
    return !sealed || store__is_plain_word(s) ? s : STR("(sealed)");
}

static bool put_score(RunStore *s, int64_t id, bool sealed, const ScoreRow *row, size_t position, Err *err) {
    const Score *sc = &row->score;
    bool scored = sc->status == SCORE_SCORED;
    sqlite3_stmt *q = store__query(s, Q_SCORE_PUT, err);
    if (!q) return false;
    sqlite3_bind_int64(q, 1, id);
    store__bind_str(q, 2, row->scorer);
    store__bind_str(q, 3, row->version.p ? row->version : STR(""));
    sqlite3_bind_int64(q, 4, (int64_t)position);
    sqlite3_bind_int64(q, 5, sc->status);
    sqlite3_bind_int64(q, 6, sc->outcome);
    bind_num(q, 7, scored ? sc->value : NAN); /* a missing score is not a zero */
    store__bind_str(q, 8, public_word(sc->label, sealed));
    store__bind_str(q, 9, public_word(sc->rule, sealed));
    sqlite3_bind_int64(q, 10, sealed ? 0 : (int64_t)sc->span_begin);
    sqlite3_bind_int64(q, 11, sealed ? 0 : (int64_t)sc->span_end);
    bind_num(q, 12, isfinite(sc->margin) ? sc->margin : NAN);
    return store__step_done(s, q, "storing a score", err);
}

/* Of sealed records: where the span lies, and words that were kept out of the columns. */
static bool put_score_secrets(RunStore *s, int64_t id, const ScoreRow *row, Err *err) {
    const Score *sc = &row->score;
    Str label = from_scorer_str(sc->label), rule = from_scorer_str(sc->rule);
    char span[64];
    int n = snprintf(span, sizeof span, "[%llu,%llu]", (unsigned long long)sc->span_begin,
                     (unsigned long long)sc->span_end);
    return store__put_text(s, id, row->scorer, "span", true, span, (size_t)n, err) &&
           (store__is_plain_word(label) || store__put_text(s, id, row->scorer, "label", true, label.p, label.n, err)) &&
           (store__is_plain_word(rule) || store__put_text(s, id, row->scorer, "rule", true, rule.p, rule.n, err));
}

/* Beside a sealed answer the questions about it are told of only as far as that tells nothing of it. */
static bool put_judge(RunStore *s, int64_t id, bool sealed, const ScoreRow *row, Err *err) {
    if (!sealed || !row->judge.p)
        return store__put_text(s, id, row->scorer, "judge", false, row->judge.p, row->judge.n, err);
    Arena *a = arena_open(0);
    Str public = a ? store__public_judge(row->judge, a) : (Str){0};
    bool ok = (public.p || err_nomem(err)) &&
              store__put_text(s, id, row->scorer, "judge", false, public.p, public.n, err) &&
              store__put_text(s, id, row->scorer, "judge_whole", true, row->judge.p, row->judge.n, err);
    arena_close(a);
    return ok;
}

static bool put_score_texts(RunStore *s, int64_t id, bool sealed, const ScoreRow *row, Err *err) {
    const Score *sc = &row->score;
    sqlite3_stmt *drop = store__query(s, Q_SCORE_TEXTS_DROP, err);
    if (!drop) return false;
    sqlite3_bind_int64(drop, 1, id);
    store__bind_str(drop, 2, row->scorer);
    return store__step_done(s, drop, "replacing a score", err) &&
           store__put_text(s, id, row->scorer, "answer", sealed, sc->answer.p, sc->answer.n, err) &&
           store__put_text(s, id, row->scorer, "explanation", sealed, sc->explanation.p, sc->explanation.n, err) &&
           put_judge(s, id, sealed, row, err) &&
           store__put_text(s, id, row->scorer, "judge_text", sealed, row->judge_text.p, row->judge_text.n, err) &&
           (!sealed || put_score_secrets(s, id, row, err));
}

bool store__put_score_rows(RunStore *s, int64_t id, const RecordKey *k, bool sealed, const ScoreRow *rows, size_t n,
                           Err *err) {
    if (sealed) store__seal_for(s, k);
    for (size_t i = 0; i < n; i++)
        if (!put_score(s, id, sealed, &rows[i], i, err) || !put_score_texts(s, id, sealed, &rows[i], err)) return false;
    return true;
}

/* ---- out ---- */

/* A score, and where it stands among those of its record: by position, then by scorer. */
typedef struct PlacedScore {
    ScoreRow row;
    int64_t position;
} PlacedScore;

/* A missing score is not a zero, and only a score has a value. */
static double value_column(StoreColumns *is, int i, uint32_t status) {
    double v = store__column_num_or_nan(is, i, 0.0, 1.0);
    if (is->bad < 0 && isnan(v) == (status == SCORE_SCORED)) is->bad = i;
    return v;
}

static bool score_columns(RunStore *s, int64_t id, sqlite3_stmt *q, Arena *a, PlacedScore *out, Err *err) {
    bool ok = true;
    ScoreRow *row = &out->row;
    Score *sc = &row->score;
    StoreColumns is = {q, -1};
    row->scorer = store__column_text_in(&is, 0, a, &ok);
    row->version = store__column_text_in(&is, 1, a, &ok);
    sc->size = sizeof *sc;
    sc->status = (uint32_t)store__column_int(&is, 2, 0, SCORE_ERROR);
    sc->outcome = (uint32_t)store__column_int(&is, 3, 0, OUTCOME_COUNT - 1);
    sc->value = value_column(&is, 4, sc->status);
    sc->label = to_scorer_str(store__column_text_or_none(&is, 5, a, &ok));
    sc->rule = to_scorer_str(store__column_text_or_none(&is, 6, a, &ok));
    sc->span_begin = (uint64_t)store__column_int(&is, 7, 0, INT64_MAX);
    sc->span_end = (uint64_t)store__column_int(&is, 8, (int64_t)sc->span_begin, INT64_MAX);
    sc->margin = store__column_num_or_nan(&is, 9, -HUGE_VAL, HUGE_VAL);
    out->position = store__column_int(&is, 10, INT64_MIN, INT64_MAX);
    return (ok || err_nomem(err)) && store__columns_good(s, &is, id, err);
}

static int by_position(const void *a, const void *b) {
    const PlacedScore *x = a, *y = b;
    if (x->position != y->position) return x->position < y->position ? -1 : 1;
    return str_cmp(x->row.scorer, y->row.scorer);
}

static PlacedScore *grow_scores(Arena *a, PlacedScore *old, size_t n, size_t cap) {
    PlacedScore *more = arena_array(a, cap, sizeof *more);
    if (more && n) memcpy(more, old, n * sizeof *more);
    return more;
}

static bool placed_scores(RunStore *s, int64_t id, Arena *a, PlacedScore **out, size_t *n, Err *err) {
    sqlite3_stmt *q = store__query(s, Q_SCORES_OF, err);
    if (!q) return false;
    size_t cap = 0;
    bool ok = true;
    int rc = SQLITE_DONE;
    sqlite3_bind_int64(q, 1, id);
    while (ok && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        if (*n == cap) {
            cap = cap ? 2 * cap : 1;
            *out = grow_scores(a, *out, *n, cap);
        }
        ok = (*out || err_nomem(err)) && score_columns(s, id, q, a, &(*out)[*n], err);
        if (ok) ++*n;
    }
    if (ok && rc != SQLITE_DONE) ok = store__fail(s, rc, "reading scores", err);
    sqlite3_reset(q);
    return ok;
}

/* A record has a handful of scores: sorting them here is faster than having the database do it. */
bool store__read_scores(RunStore *s, int64_t id, Arena *a, ScoreRow **out, size_t *n, Err *err) {
    PlacedScore *placed = NULL;
    *n = 0;
    if (!placed_scores(s, id, a, &placed, n, err)) return false;
    if (*n > 1) qsort(placed, *n, sizeof *placed, by_position);
    *out = arena_array(a, *n, sizeof **out);
    if (!*out) return err_nomem(err);
    for (size_t i = 0; i < *n; i++) (*out)[i] = placed[i].row;
    return true;
}
