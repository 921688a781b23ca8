/* The turns of samples with tools, in and out of the store. Their texts lie in `texts` like all others, under the kind
 * that they have in a record, an '@' and the number of the turn: "analysis@1", "answer@1". */
#include <stdio.h>
#include <string.h>

#include "reports/store/store_internal.h"

/* ---- in ---- */

static bool put_row(RunStore *s, int64_t id, const Record *r, size_t i, Err *err) {
    const RecordTurn *t = &r->turns[i];
    Completion public = r->sealed ? store__public_counts(&t->completion) : t->completion;
    const Completion *c = &public;
    bool last = i + 1 == r->n_turns;
    sqlite3_stmt *q = store__query(s, Q_TURN_PUT, err);
    if (!q) return false;
    bool told = r->sealed && i > 0; /* the hash depends on what the model said before: see put_secrets */
    sqlite3_bind_int64(q, 1, id);
    sqlite3_bind_int64(q, 2, (int64_t)i + 1);
    store__bind_str(q, 3, t->request_hash.p && !told ? t->request_hash : STR(""));
    store__bind_str(q, 4, str_from(completion_status_name(c->status)));
    sqlite3_bind_int(q, 5, (int)c->stop);
    sqlite3_bind_int(q, 6, c->has_final);
    sqlite3_bind_int(q, 7, c->n_prompt_tokens);
    sqlite3_bind_int(q, 8, c->n_tokens);
    sqlite3_bind_int(q, 9, c->n_analysis_tokens);
    sqlite3_bind_double(q, 10, c->seconds_prefill);
    sqlite3_bind_double(q, 11, c->seconds_decode);
    sqlite3_bind_double(q, 12, r->sealed ? 0 : t->tool_seconds);
    sqlite3_bind_int(q, 13, t->bad_call);
    store__bind_str(q, 14, last ? r->limit : (Str){0});
    return store__step_done(s, q, "storing a turn", err);
}

static bool put_texts(RunStore *s, int64_t id, const Record *r, size_t i, Err *err) {
    const RecordTurn *t = &r->turns[i];
    const Completion *c = &t->completion;
    const struct {
        const char *kind;
        Str text;
    } texts[] = {{"analysis", c->analysis},
                 {"commentary", c->commentary},
                 {"final", c->final},
                 {"malformed", c->malformed},
                 {"error", c->error},
                 {"recipient", c->call_recipient},
                 {"arguments", c->call_content},
                 {"tool", t->answer_name},
                 {"answer", t->answer},
                 {"ids", {(const char *)(const void *)c->ids.p, c->ids.n * sizeof(uint32_t)}}};
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        char kind[40];
        snprintf(kind, sizeof kind, "%s@%zu", texts[k].kind, i + 1);
        if (!store__put_text(s, id, STR(""), kind, r->sealed, texts[k].text.p, texts[k].text.n, err)) return false;
    }
    return true;
}

/* Of sealed records: what would tell about the texts if it stood in the columns. */
static bool put_secrets(RunStore *s, int64_t id, const Record *r, size_t i, Err *err) {
    const RecordTurn *t = &r->turns[i];
    char kind[40];
    Arena *a = arena_open(0);
    if (!a) return err_nomem(err);
    Str counts = store__counts_text(&t->completion, t->tool_seconds, a);
    snprintf(kind, sizeof kind, "counts@%zu", i + 1);
    bool ok = (counts.p || err_nomem(err)) && store__put_text(s, id, STR(""), kind, true, counts.p, counts.n, err);
    snprintf(kind, sizeof kind, "request@%zu", i + 1);
    ok = ok && (i == 0 || store__put_text(s, id, STR(""), kind, true, t->request_hash.p, t->request_hash.n, err));
    arena_close(a);
    return ok;
}

bool store__put_turns(RunStore *s, int64_t id, const Record *r, Err *err) {
    for (size_t i = 0; i < r->n_turns; i++)
        if (!put_row(s, id, r, i, err) || !put_texts(s, id, r, i, err) || (r->sealed && !put_secrets(s, id, r, i, err)))
            return false;
    return true;
}

/* ---- out ---- */

/* Columns of Q_TURNS_OF. */
static bool turn_columns(RunStore *s, int64_t id, sqlite3_stmt *q, Arena *a, RecordTurn *t, Str *limit, Err *err) {
    Completion *c = &t->completion;
    StoreColumns is = {q, -1};
    bool ok = true;
    *t = (RecordTurn){0};
    t->request_hash = store__column_text_in(&is, 0, a, &ok);
    Str status = store__column_text_in(&is, 1, a, &ok);
    c->stop = (StopKind)store__column_int(&is, 2, 0, 3);
    c->has_final = store__column_bool(&is, 3);
    c->n_prompt_tokens = (int)store__column_int(&is, 4, 0, INT32_MAX);
    c->n_tokens = (int)store__column_int(&is, 5, 0, INT32_MAX);
    c->n_analysis_tokens = (int)store__column_int(&is, 6, 0, INT32_MAX);
    c->seconds_prefill = store__column_num(&is, 7, 0.0, STORE_SECONDS_MAX);
    c->seconds_decode = store__column_num(&is, 8, 0.0, STORE_SECONDS_MAX);
    t->tool_seconds = store__column_num(&is, 9, 0.0, STORE_SECONDS_MAX);
    t->bad_call = store__column_bool(&is, 10);
    *limit = store__column_text_or_none(&is, 11, a, &ok);
    if (!ok) return err_nomem(err);
    if (!store__columns_good(s, &is, id, err)) return false;
    return completion_status_parse(status, &c->status) ||
           err_set(err, ERR_INPUT, "%s: a turn has an unknown status", s->path);
}

/* A doubling array in the arena: samples have few turns. */
static bool push(Record *r, RecordTurn **v, size_t *cap, const RecordTurn *t, Arena *a, Err *err) {
    if (r->n_turns == *cap) {
        size_t want = *cap ? *cap * 2 : 8;
        RecordTurn *more = arena_array(a, want, sizeof *more);
        if (!more) return err_nomem(err);
        if (r->n_turns) memcpy(more, *v, r->n_turns * sizeof *more);
        *v = more, *cap = want;
    }
    (*v)[r->n_turns++] = *t;
    r->n_calls += t->completion.stop == STOP_CALL && t->completion.status == COMPLETION_OK;
    r->n_bad_calls += t->bad_call;
    return true;
}

bool store__read_turns(RunStore *s, int64_t id, bool with_texts, Arena *a, Record *r, Err *err) {
    RecordTurn *v = NULL, t;
    size_t cap = 0;
    if (!s->has_turns) return true;
    sqlite3_stmt *q = store__query(s, Q_TURNS_OF, err);
    if (!q) return false;
    bool ok = true;
    int rc = SQLITE_DONE;
    sqlite3_bind_int64(q, 1, id);
    while (ok && (rc = sqlite3_step(q)) == SQLITE_ROW)
        ok = turn_columns(s, id, q, a, &t, &r->limit, err) && push(r, &v, &cap, &t, a, err);
    if (ok && rc != SQLITE_DONE) ok = store__fail(s, rc, "reading turns", err);
    sqlite3_reset(q);
    r->turns = with_texts ? v : NULL;
    return ok;
}

size_t store__turn_of(Str kind, size_t *name) {
    size_t at = str_find(kind, STR("@"), 0), n = 0;
    if (at == SIZE_MAX || kind.n - at > 10) return 0;
    for (size_t i = at + 1; i < kind.n; i++) {
        if (kind.p[i] < '0' || kind.p[i] > '9') return 0;
        n = n * 10 + (size_t)(kind.p[i] - '0');
    }
    *name = at;
    return n;
}

bool store__turn_text(Record *r, Str kind, Str text, Arena *a, bool *ok, Err *err) {
    size_t name = 0, n = store__turn_of(kind, &name);
    if (!n) return false;
    if (!r->turns || n > r->n_turns) return true; /* a text without its row says nothing */
    RecordTurn *t = (RecordTurn *)(uintptr_t)&r->turns[n - 1];
    Completion *c = &t->completion;
    const struct {
        const char *kind;
        Str *at;
    } places[] = {{"analysis", &c->analysis},      {"commentary", &c->commentary}, {"final", &c->final},
                  {"malformed", &c->malformed},    {"error", &c->error},           {"recipient", &c->call_recipient},
                  {"arguments", &c->call_content}, {"tool", &t->answer_name},      {"answer", &t->answer}};
    kind = str_sub(kind, 0, name);
    if (str_eqz(kind, "counts")) *ok = store__counts_read(text, c, &t->tool_seconds, err);
    if (str_eqz(kind, "request")) t->request_hash = text;
    if (str_eqz(kind, "ids")) *ok = store__ids_from_bytes(text, a, &c->ids, err);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (str_eqz(kind, places[i].kind)) *places[i].at = text;
    return true;
}
