#include "reports/store/store_union.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/json.h"
#include "reports/json_keys.h"
#include "reports/store/store_internal.h"

enum { FIRST_SLOTS = 1024, MANIFEST_MAX = 1 << 30 };

/* One sample of a suite: what it is called, or by whom a name is taken. */
typedef struct Slot {
    Str suite, key, value; /* key {NULL}: free */
    /* Of contents: the run that came with it first; the last one that did, what it calls the sample, and how many
     * samples of this content it has had so far. */
    const RunStore *first, *last;
    Str last_sample;
    size_t n_last;
} Slot;

/* An open hash table; the texts live in the union's arena. */
typedef struct Table {
    Slot *slots;
    size_t n, cap;
} Table;

typedef struct Entry {
    Str key, json;
} Entry;

struct StoreUnion {
    Arena *a;
    StoreArm *arms;
    size_t n_arms;
    Table by_content; /* suite, content -> sample as the union calls it. Content: the hash; "#2 HASH" of the second
                         sample of a run that has it; "=NAME" of a sample without a hash */
    Table by_name;    /* suite, sample -> content that has the name */
    Table *others;    /* [n_arms], of the first arm of each run: suite, sample as the run calls it -> as the union does,
                         of samples whose content is not their hash */
    Entry entries[16]; /* more than there are keys */
    size_t n_entries;
    bool common; /* two arms have a sample in common */
    bool counted;
    StoreCounts counts; /* once they were asked for: a reader's snapshot stays as it is */
};

/* ---- the table ---- */

static size_t slot_of(const Table *t, Str suite, Str key) {
    uint64_t h = 1469598103934665603u;
    for (size_t i = 0; i < suite.n; i++) h = (h ^ (unsigned char)suite.p[i]) * 1099511628211u;
    for (size_t i = 0; i < key.n; i++) h = (h ^ (unsigned char)key.p[i]) * 1099511628211u;
    h ^= h >> 29;
    size_t at = (size_t)h & (t->cap - 1);
    while (t->slots[at].key.p && !(str_eq(t->slots[at].key, key) && str_eq(t->slots[at].suite, suite)))
        at = (at + 1) & (t->cap - 1);
    return at;
}

static bool table_grow(Table *t) {
    Table bigger = {.cap = t->cap ? 2 * t->cap : FIRST_SLOTS, .n = t->n};
    size_t bytes;
    bigger.slots = size_mul(bigger.cap, sizeof *bigger.slots, &bytes) ? mem_alloc(bytes) : NULL;
    if (!bigger.slots) return false;
    for (size_t i = 0; i < t->cap; i++)
        if (t->slots[i].key.p) bigger.slots[slot_of(&bigger, t->slots[i].suite, t->slots[i].key)] = t->slots[i];
    mem_free(t->slots);
    *t = bigger;
    return true;
}

/* The value of the key; put there if the key is new. Absent without memory. */
static Str table_get(Table *t, Arena *a, Str suite, Str key, Str value) {
    if (2 * (t->n + 1) > t->cap && !table_grow(t)) return (Str){0};
    Slot *s = &t->slots[slot_of(t, suite, key)];
    if (s->key.p) return s->value;
    Slot fresh = {str_dup(a, suite), str_dup(a, key), str_dup(a, value)};
    if (!fresh.suite.p || !fresh.key.p || !fresh.value.p) return (Str){0};
    *s = fresh;
    t->n++;
    return s->value;
}

static Str table_find(const Table *t, Str suite, Str key) {
    return t->cap ? t->slots[slot_of(t, suite, key)].value : (Str){0};
}

/* ---- names of samples ---- */

/* What is no hash must not pass for what contents without one are filed under. */
static bool is_hash(Str s) {
    return s.n > 0 && !memchr(s.p, '~', s.n) && !memchr(s.p, '=', s.n);
}

/* A name that no other content has: the sample's own, or that with a piece of its content behind it. */
static Str free_name(StoreUnion *u, Str suite, Str sample, Str content) {
    Str name = sample;
    for (size_t k = 1;; k++) {
        Str owner = table_get(&u->by_name, u->a, suite, name, content);
        if (!owner.p) return (Str){0};
        if (str_eq(owner, content)) return name;
        name = k == 1 ? str_printf(u->a, STR_FMT "~" STR_FMT, STR_ARG(sample), STR_ARG(str_sub(content, 0, 12)))
                      : str_printf(u->a, STR_FMT "~" STR_FMT "~%zu", STR_ARG(sample), STR_ARG(content), k);
        if (!name.p) return (Str){0};
    }
}

/* The slot of a content, which the union now has a name for; NULL without memory. */
static Slot *content_slot(StoreUnion *u, Str suite, Str sample, Str content) {
    if (!table_find(&u->by_content, suite, content).p) {
        Str name = free_name(u, suite, sample, content);
        if (!name.p || !table_get(&u->by_content, u->a, suite, content, name).p) return NULL;
    }
    return &u->by_content.slots[slot_of(&u->by_content, suite, content)];
}

/* Says that the run has the content under that name. */
static bool claim(StoreUnion *u, Slot *c, const RunStore *s, Str sample) {
    if (!c->first) c->first = s;
    u->common = u->common || c->first != s;
    c->last = s;
    c->n_last = 1;
    c->last_sample = str_dup(u->a, sample);
    return c->last_sample.p != NULL;
}

/* A sample that its hash alone does not tell from others of its run. */
static bool name_other(StoreUnion *u, size_t arm, Str suite, Str sample, Str content) {
    if (!content.p) return false;
    Slot *c = content_slot(u, suite, sample, content);
    return c && claim(u, c, u->arms[arm].store, sample) && table_get(&u->others[arm], u->a, suite, sample, c->value).p;
}

static bool name_sample(StoreUnion *u, size_t arm, Str suite, Str sample, Str hash) {
    const RunStore *s = u->arms[arm].store;
    if (table_find(&u->others[arm], suite, sample).p) return true;
    if (!is_hash(hash)) return name_other(u, arm, suite, sample, str_printf(u->a, "=" STR_FMT, STR_ARG(sample)));
    Slot *c = content_slot(u, suite, sample, hash);
    if (!c) return false;
    if (c->last != s) return claim(u, c, s, sample);
    if (str_eq(c->last_sample, sample)) return true;
    return name_other(u, arm, suite, sample, str_printf(u->a, STR_FMT "~%zu", STR_ARG(hash), ++c->n_last));
}

static bool name_samples(StoreUnion *u, size_t arm, Err *err) {
    RunStore *s = u->arms[arm].store;
    sqlite3_stmt *q = NULL;
    int rc =
        sqlite3_prepare_v2(s->db, "SELECT suite, sample, content_hash FROM records ORDER BY ordinal, id", -1, &q, NULL);
    if (rc != SQLITE_OK) return store__fail(s, rc, "reading the records", err);
    bool ok = true;
    while (ok && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        Str c[3];
        for (int i = 0; i < 3; i++)
            c[i] = (Str){(const char *)sqlite3_column_text(q, i), (size_t)sqlite3_column_bytes(q, i)};
        ok = name_sample(u, arm, c[0], c[1], c[2]) || err_nomem(err);
    }
    if (ok && rc != SQLITE_DONE) ok = store__fail(s, rc, "reading the records", err);
    sqlite3_finalize(q);
    return ok;
}

static bool first_of_store(const StoreUnion *u, size_t arm) {
    for (size_t i = 0; i < arm; i++)
        if (u->arms[i].store == u->arms[arm].store) return false;
    return true;
}

/* ---- manifest ---- */

static bool read_key(RunStore *s, Arena *a, const char *key, Json **out, Err *err) {
    Str text;
    *out = NULL;
    if (!store_manifest_get(s, key, a, &text, err)) return false;
    return !text.p || json_parse(text, out, err) || err_wrap(err, "%s: manifest key '%s'", s->path, key);
}

static bool entry_end(StoreUnion *u, const char *key, Buf *b, Err *err) {
    Entry *e = &u->entries[u->n_entries++];
    e->key = str_from(key);
    e->json = b->failed ? (Str){0} : str_dup(u->a, buf_str(b));
    buf_release(b);
    return e->json.p || err_nomem(err);
}

static void entry_begin(Buf *b, JsonOut *o) {
    buf_init(b, MANIFEST_MAX);
    json_out_init(o, b, 0);
}

/* The members of an object but one. */
static void members_but(JsonOut *o, const Json *j, const char *but) {
    for (const Json *m = json_first(j); m; m = json_next(m))
        if (strcmp(json_key(m), but) != 0) {
            json_out_key(o, json_key(m));
            json_out_node(o, m);
        }
}

static void write_arm(JsonOut *o, const StoreArm *arm, const Json *models) {
    const Json *found = NULL;
    for (const Json *m = json_first(models); m; m = json_next(m))
        if (str_eq(json_str(json_get(m, "name")), arm->model)) found = m;
    json_obj(o);
    key_str(o, "name", arm->name);
    members_but(o, found, "name");
    key_str(o, "run", arm->run);
    json_obj_end(o);
}

static bool join_models(StoreUnion *u, Err *err) {
    JsonOut o;
    Buf b;
    bool ok = true;
    entry_begin(&b, &o);
    json_arr(&o);
    for (size_t i = 0; ok && i < u->n_arms; i++) {
        Json *models = NULL;
        ok = read_key(u->arms[i].store, u->a, "models", &models, err);
        if (ok) write_arm(&o, &u->arms[i], models);
        json_close(models);
    }
    json_arr_end(&o);
    return entry_end(u, "models", &b, err) && ok;
}

/* A list of objects with names: each name once. */
static bool join_list(StoreUnion *u, const char *key, Err *err) {
    JsonOut o;
    Buf b;
    Table seen = {0};
    bool ok = true;
    size_t n = 0;
    entry_begin(&b, &o);
    json_arr(&o);
    for (size_t i = 0; ok && i < u->n_arms; i++) {
        Json *list = NULL;
        if (!first_of_store(u, i)) continue;
        ok = read_key(u->arms[i].store, u->a, key, &list, err);
        for (const Json *e = json_first(list); ok && e; e = json_next(e)) {
            Str name = json_str(json_get(e, "name"));
            if (!name.p || table_find(&seen, STR(""), name).p) continue;
            ok = table_get(&seen, u->a, STR(""), name, name).p || err_nomem(err);
            json_out_node(&o, e);
            n++;
        }
        json_close(list);
    }
    json_arr_end(&o);
    mem_free(seen.slots);
    if (n == 0) {
        buf_release(&b);
        return ok;
    }
    return entry_end(u, key, &b, err) && ok;
}

/* {"suite": …}: each member once. */
static bool join_object(StoreUnion *u, const char *key, Err *err) {
    JsonOut o;
    Buf b;
    Table seen = {0};
    bool ok = true;
    entry_begin(&b, &o);
    json_obj(&o);
    for (size_t i = 0; ok && i < u->n_arms; i++) {
        Json *j = NULL;
        if (!first_of_store(u, i)) continue;
        ok = read_key(u->arms[i].store, u->a, key, &j, err);
        for (const Json *m = json_first(j); ok && m; m = json_next(m)) {
            Str name = str_from(json_key(m));
            if (!name.p || table_find(&seen, STR(""), name).p) continue;
            ok = table_get(&seen, u->a, STR(""), name, name).p || err_nomem(err);
            json_out_key(&o, json_key(m));
            json_out_node(&o, m);
        }
        json_close(j);
    }
    json_obj_end(&o);
    mem_free(seen.slots);
    return entry_end(u, key, &b, err) && ok;
}

static bool take_first(StoreUnion *u, const char *key, Err *err) {
    Str text;
    if (!store_manifest_get(u->arms[0].store, key, u->a, &text, err)) return false;
    if (text.p) u->entries[u->n_entries++] = (Entry){str_from(key), text};
    return true;
}

/* What makes a judge another one: as text to compare. Absent: there is none. */
static bool judge_of(StoreUnion *u, RunStore *store, Str *out, Err *err) {
    static const char *const keys[] = {"digest", "precision", "effort", "temperature"};
    Json *judge = NULL;
    JsonOut o;
    Buf b;
    *out = (Str){0};
    if (!read_key(store, u->a, "judge", &judge, err)) return false;
    entry_begin(&b, &o);
    json_arr(&o);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const Json *m = json_get(judge, keys[i]);
        if (m)
            json_out_node(&o, m);
        else
            json_out_null(&o);
    }
    json_arr_end(&o);
    bool ok = json_type(judge) != JSON_OBJECT || (!b.failed && (*out = str_dup(u->a, buf_str(&b))).p);
    buf_release(&b);
    json_close(judge);
    return ok || err_nomem(err);
}

/* The judge of the first run that has one, if it is everybody's; else none, for no card is of two. */
static bool join_judge(StoreUnion *u, Err *err) {
    Str first = {0}, entry = {0};
    for (size_t i = 0; i < u->n_arms; i++) {
        Str judge;
        if (!judge_of(u, u->arms[i].store, &judge, err)) return false;
        if (judge.p && first.p && !str_eq(first, judge)) return true;
        if (!judge.p || first.p) continue;
        first = judge;
        if (!store_manifest_get(u->arms[i].store, "judge", u->a, &entry, err)) return false;
    }
    if (entry.p) u->entries[u->n_entries++] = (Entry){STR("judge"), entry};
    return true;
}

/* Of the first run that has it. */
static bool take_first_told(StoreUnion *u, const char *key, Err *err) {
    for (size_t i = 0; i < u->n_arms; i++) {
        Str text;
        if (!store_manifest_get(u->arms[i].store, key, u->a, &text, err)) return false;
        if (!text.p || str_eqz(text, "null")) continue;
        u->entries[u->n_entries++] = (Entry){str_from(key), text};
        return true;
    }
    return true;
}

typedef struct ManifestOut {
    JsonOut *o;
    Arena *a;
    const char *path; /* of the store that is read */
    Err *err;
    bool ok;
} ManifestOut;

/* Entries that only a resume needs are left out, as reports leave them out. */
static bool copy_entry(void *ctx, Str key, Str json) {
    ManifestOut *m = ctx;
    Json *j = NULL;
    if (str_eqz(key, "command") || str_eqz(key, "seal_keys")) return true;
    char *name = str_cstr(m->a, key);
    m->ok = (name || err_nomem(m->err)) &&
            (json_parse(json, &j, m->err) || err_wrap(m->err, "%s: manifest key '%s'", m->path, name));
    if (m->ok) {
        json_out_key(m->o, name);
        json_out_node(m->o, j);
    }
    json_close(j);
    return m->ok;
}

static bool join_runs(StoreUnion *u, Err *err) {
    JsonOut o;
    Buf b;
    ManifestOut m = {&o, u->a, "", err, true};
    entry_begin(&b, &o);
    json_arr(&o);
    for (size_t i = 0; m.ok && i < u->n_arms; i++) {
        if (!first_of_store(u, i)) continue;
        json_obj(&o);
        key_str(&o, "run", u->arms[i].run);
        m.path = u->arms[i].store->path;
        m.ok = store_each_manifest(u->arms[i].store, copy_entry, &m, err) && m.ok;
        json_obj_end(&o);
    }
    json_arr_end(&o);
    return entry_end(u, "runs", &b, err) && m.ok;
}

static bool join_manifests(StoreUnion *u, Err *err) {
    return join_models(u, err) && join_runs(u, err) && join_object(u, "scorers", err) && join_list(u, "suites", err) &&
           join_list(u, "transforms", err) && take_first(u, "plan", err) && take_first(u, "started_at", err) &&
           take_first_told(u, "calibration", err) && join_judge(u, err) && take_first_told(u, "rescoring", err);
}

/* ---- opening ---- */

static bool copy_arms(StoreUnion *u, const StoreArm *arms, size_t n, Err *err) {
    u->arms = arena_array(u->a, n, sizeof *u->arms);
    u->others = arena_array(u->a, n, sizeof *u->others);
    if (!u->arms || !u->others) return err_nomem(err);
    for (size_t i = 0; i < n; i++) {
        BUG_ON(arms[i].store->parts);
        u->arms[i] = (StoreArm){arms[i].store, str_dup(u->a, arms[i].model), str_dup(u->a, arms[i].name),
                                str_dup(u->a, arms[i].run)};
        if (!u->arms[i].model.p || !u->arms[i].name.p || !u->arms[i].run.p) return err_nomem(err);
        u->n_arms++;
    }
    return true;
}

bool store_union(const StoreArm *arms, size_t n, RunStore **out, Err *err) {
    *out = NULL;
    RunStore *s = mem_alloc(sizeof *s);
    StoreUnion *u = mem_alloc(sizeof *u);
    if (!s || !u) {
        mem_free(s);
        mem_free(u);
        return err_nomem(err);
    }
    s->lock_fd = -1;
    s->parts = u;
    u->a = arena_open(0);
    bool ok = (u->a && (s->path = mem_strdup("the runs together"))) || err_nomem(err);
    ok = ok && copy_arms(u, arms, n, err);
    for (size_t i = 0; ok && i < n; i++)
        if (first_of_store(u, i))
            ok = name_samples(u, i, err);
        else
            u->common = true; /* models of one run were asked the same */
    ok = ok && join_manifests(u, err);
    if (ok)
        *out = s;
    else
        store_close(s);
    return ok;
}

void store__union_close(StoreUnion *u) {
    if (!u) return;
    mem_free(u->by_content.slots);
    mem_free(u->by_name.slots);
    for (size_t i = 0; u->others && i < u->n_arms; i++) mem_free(u->others[i].slots);
    arena_close(u->a);
    mem_free(u);
}

bool store_union_common(const RunStore *s) {
    return s->parts && s->parts->common;
}

const StoreArm *store_arms(const RunStore *s, size_t *n) {
    *n = s->parts ? s->parts->n_arms : 0;
    return s->parts ? s->parts->arms : NULL;
}

/* ---- reading ---- */

/* As the union calls it; the sample's own name if it appeared after the union was made. */
static Str name_in_union(const StoreUnion *u, size_t run, const Record *r) {
    Str name = table_find(&u->others[run], r->key.suite, r->key.sample);
    if (!name.p && is_hash(r->content_hash)) name = table_find(&u->by_content, r->key.suite, r->content_hash);
    return name.p ? name : r->key.sample;
}

typedef struct Walk {
    const StoreUnion *u;
    size_t run;      /* first arm of the store */
    RunStore *store; /* of the records that come */
    bool (*fn)(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n);
    void *ctx;
    bool stopped;
} Walk;

static bool walk_record(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    Walk *w = ctx;
    for (size_t i = 0; i < w->u->n_arms; i++) {
        const StoreArm *arm = &w->u->arms[i];
        if (arm->store != w->store || !str_eq(arm->model, r->key.model)) continue;
        Record renamed = *r;
        renamed.key.model = arm->name;
        renamed.key.sample = name_in_union(w->u, w->run, r);
        w->stopped = !w->fn(w->ctx, id * (int64_t)w->u->n_arms + (int64_t)i, &renamed, rows, n);
        return !w->stopped;
    }
    return true;
}

void store__union_select(StoreUnion *u, const StoreSelection *only) {
    for (size_t i = 0; i < u->n_arms; i++) store_select(u->arms[i].store, only);
}

bool store__union_each(StoreUnion *u, StoreDepth depth, Arena *a,
                       bool (*fn)(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n), void *ctx,
                       Err *err) {
    for (size_t i = 0; i < u->n_arms; i++) {
        Walk w = {u, i, u->arms[i].store, fn, ctx, false};
        if (!first_of_store(u, i)) continue;
        if (!store__each(w.store, depth, a, walk_record, &w, err)) return false;
        if (w.stopped) break;
    }
    return true;
}

bool store__union_manifest_get(const StoreUnion *u, const char *key, Arena *a, Str *out, Err *err) {
    *out = (Str){0};
    for (size_t i = 0; i < u->n_entries; i++)
        if (str_eqz(u->entries[i].key, key)) {
            *out = str_dup(a, u->entries[i].json);
            return out->p || err_nomem(err);
        }
    return true;
}

static int by_key(const void *a, const void *b) {
    return str_cmp(((const Entry *)a)->key, ((const Entry *)b)->key);
}

bool store__union_each_manifest(StoreUnion *u, bool (*fn)(void *ctx, Str key, Str json), void *ctx) {
    qsort(u->entries, u->n_entries, sizeof *u->entries, by_key);
    for (size_t i = 0; i < u->n_entries; i++)
        if (!fn(ctx, u->entries[i].key, u->entries[i].json)) break;
    return true;
}

typedef struct KeyWalk {
    const StoreUnion *u;
    RunStore *store;
    StoreCounts *out;
} KeyWalk;

static bool count_of_arms(void *ctx, int64_t id, const RecordKey *k, int n_scores) {
    KeyWalk *w = ctx;
    (void)id;
    for (size_t i = 0; i < w->u->n_arms; i++) {
        if (w->u->arms[i].store != w->store || !str_eq(w->u->arms[i].model, k->model)) continue;
        w->out->records++;
        w->out->scores += n_scores;
        w->out->records_without_scores += n_scores == 0;
    }
    return true;
}

bool store__union_counts(StoreUnion *u, StoreCounts *out, Err *err) {
    StoreCounts counts = {0};
    if (u->counted) {
        *out = u->counts;
        return true;
    }
    for (size_t i = 0; i < u->n_arms; i++) {
        KeyWalk w = {u, u->arms[i].store, &counts};
        if (first_of_store(u, i) && !store_each_key(w.store, count_of_arms, &w, err)) return false;
    }
    *out = u->counts = counts;
    u->counted = true;
    return true;
}

/* Ephemeral if any run is: then some texts are gone. */
bool store__union_seal_mode(StoreUnion *u, StoreSealMode *out, Err *err) {
    *out = STORE_SEAL_NONE;
    for (size_t i = 0; i < u->n_arms; i++) {
        StoreSealMode m;
        if (!store_seal_mode(u->arms[i].store, &m, err)) return false;
        if (m == STORE_SEAL_EPHEMERAL || *out == STORE_SEAL_NONE) *out = m;
    }
    return true;
}

bool store__union_reveals(const StoreUnion *u) {
    for (size_t i = 0; i < u->n_arms; i++)
        if (store_reveals(u->arms[i].store)) return true;
    return false;
}
