/* Repeats: a second run of a model over some of the same requests. At temperature 0 it must give the same tokens,
 * whatever the threads and batches. Answers are told apart by the hash of the exact request; what they are compared by
 * is a digest of status, tokens, channels and likelihoods, and none of it leaves this file. Sealed answers are not
 * compared: nobody here can read them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/hash.h"
#include "harness/audit/audit_inputs_internal.h"
#include "reports/store/store.h"

enum { DIGEST = 16, TOLD_MOST = 20 };

typedef struct Answer {
    unsigned char key[DIGEST], said[DIGEST];
    double seconds; /* wall time: two runs do not share it */
} Answer;

typedef struct Repeat {
    Str model;        /* its name in the run that is read */
    const Json *plan; /* of that run's manifest */
    Answer *v;        /* [n] of the second run; sorted once it is read */
    size_t n, cap;
    int64_t n_stored, n_compared, n_different, n_sealed, n_same_time;
    bool comparing;     /* reading the first run, not the second */
    JsonOut *different; /* up to TOLD_MOST items */
    bool failed;
} Repeat;

/* ---- one answer ---- */

static void add_str(Sha256 *h, Str s) {
    sha256_add_field(h, s.p ? s : STR(""));
}

static void key_of(const Record *r, unsigned char out[DIGEST]) {
    unsigned char d[32];
    char epoch[24];
    Sha256 h;
    snprintf(epoch, sizeof epoch, "%d", r->key.epoch);
    sha256_init(&h);
    add_str(&h, r->key.suite), add_str(&h, r->key.sample), add_str(&h, r->key.transform);
    add_str(&h, str_from(epoch)), add_str(&h, r->request_hash);
    sha256_end(&h, d);
    memcpy(out, d, DIGEST);
}

static void said_by(const Completion *c, unsigned char out[DIGEST]) {
    unsigned char d[32];
    Sha256 h;
    Str status = {(const char *)&c->status, sizeof c->status};
    sha256_init(&h);
    add_str(&h, status);
    add_str(&h, (Str){(const char *)c->ids.p, c->ids.n * sizeof *c->ids.p});
    add_str(&h, c->analysis), add_str(&h, c->commentary), add_str(&h, c->final);
    for (size_t i = 0; i < c->n_choice_scores; i++)
        add_str(&h, (Str){(const char *)&c->choice_scores[i].logprob, sizeof(double)});
    sha256_end(&h, d);
    memcpy(out, d, DIGEST);
}

static bool is_greedy(const Repeat *x, Str suite) {
    for (const Json *s = json_first(json_get(x->plan, "suites")); s; s = json_next(s))
        if (str_eq(json_str(json_get(s, "suite")), suite)) {
            const Json *t = json_get(json_get(s, "generation"), "temperature");
            return json_type(t) == JSON_NUMBER && json_num(t) == 0.0;
        }
    return false;
}

static int by_key(const void *a, const void *b) {
    return memcmp(((const Answer *)a)->key, ((const Answer *)b)->key, DIGEST);
}

static bool keep(Repeat *x, const Answer *a) {
    if (x->n == x->cap) {
        size_t cap = x->cap ? 2 * x->cap : 1024, bytes;
        Answer *v = size_mul(cap, sizeof *v, &bytes) ? mem_realloc(x->v, bytes) : NULL;
        if (!v) return false;
        x->v = v, x->cap = cap;
    }
    x->v[x->n++] = *a;
    return true;
}

static void tell(Repeat *x, const Record *r) {
    if (x->n_different > TOLD_MOST) return;
    json_obj(x->different);
    inputs__member(x->different, "suite", r->key.suite);
    inputs__member(x->different, "sample", r->key.sample);
    json_obj_end(x->different);
}

static void compare(Repeat *x, const Answer *a, const Record *r) {
    const Answer *again = x->n ? bsearch(a, x->v, x->n, sizeof *x->v, by_key) : NULL;
    x->n_stored++;
    if (!again) return;
    x->n_compared++;
    x->n_same_time += again->seconds == a->seconds;
    if (memcmp(again->said, a->said, DIGEST) == 0) return;
    x->n_different++;
    tell(x, r);
}

static bool take(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    Repeat *x = ctx;
    Answer a;
    (void)id, (void)rows, (void)n;
    if (!str_eq(r->key.model, x->model) || !is_greedy(x, r->key.suite)) return true;
    if (r->sealed) {
        x->n_sealed += !x->comparing;
        return true;
    }
    key_of(r, a.key), said_by(&r->completion, a.said);
    a.seconds = r->completion.seconds_prefill + r->completion.seconds_decode;
    if (x->comparing)
        compare(x, &a, r);
    else
        x->failed = !keep(x, &a);
    return !x->failed;
}

/* ---- one run ---- */

static bool read_run(Inputs *u, Repeat *x, const char *dir, Str digest, Str *started, Err *err) {
    RunStore *s = NULL;
    Json *plan = NULL, *at = NULL;
    Arena *scratch = arena_open(0);
    if (!scratch) return err_nomem(err);
    x->model = (Str){0};
    bool ok = store_open(dir, STORE_READ, &s, err) && inputs__find_model(u, s, dir, digest, &x->model, err) &&
              inputs__entry(u, s, "plan", &plan, err) && inputs__entry(u, s, "started_at", &at, err);
    x->plan = plan;
    if (ok) *started = str_dup(u->a, json_str(at));
    ok = ok && store_each(s, true, scratch, take, x, err) && (!x->failed || err_nomem(err));
    json_close(plan), json_close(at);
    store_close(s);
    arena_close(scratch);
    return ok;
}

/* The runs that were given for the model; the second run must be another one, and no copy of one. */
static bool compare_runs(Inputs *u, Repeat *x, const char *dir, Str role, Str digest, Str again, Err *err) {
    x->comparing = true;
    if (x->n) qsort(x->v, x->n, sizeof *x->v, by_key);
    for (size_t i = 0; i < u->in->runs.n; i++) {
        const char *path;
        const Json *model;
        Str name, started = {0};
        if (!inputs__split(u, "--run", u->in->runs.v[i], &name, &path, &model, err)) return false;
        if (!str_eq(name, role)) continue;
        if (!read_run(u, x, path, digest, &started, err)) return false;
        if (started.p && str_eq(started, again) && x->n_compared && x->n_same_time == x->n_compared)
            return err_set(err, ERR_INPUT,
                           "--repeat %s: this is the run that it should repeat; ask again, into another folder", dir);
    }
    return true;
}

static void whole(JsonOut *o, const char *key, int64_t n) {
    json_out_key(o, key);
    json_out_int(o, n);
}

static bool add(Inputs *u, const char *word, Err *err) {
    Repeat x = {0};
    const char *dir;
    const Json *model;
    Str role, started = {0};
    if (!inputs__split(u, "--repeat", word, &role, &dir, &model, err)) return false;
    Str digest = json_str(json_get(model, "sha256"));
    json_obj(&u->o);
    inputs__member(&u->o, "role", role);
    json_out_key(&u->o, "different");
    json_arr(&u->o);
    x.different = &u->o;
    bool ok = read_run(u, &x, dir, digest, &started, err) && compare_runs(u, &x, dir, role, digest, started, err);
    json_arr_end(&u->o);
    inputs__member(&u->o, "started_at", started);
    whole(&u->o, "n_stored", x.n_stored), whole(&u->o, "n", x.n_compared);
    whole(&u->o, "n_different", x.n_different), whole(&u->o, "n_sealed", x.n_sealed);
    json_obj_end(&u->o);
    mem_free(x.v);
    return ok;
}

bool inputs__repeats(Inputs *u, Err *err) {
    json_out_key(&u->o, "repeats");
    json_arr(&u->o);
    for (size_t i = 0; i < u->in->repeats.n; i++)
        if (!add(u, u->in->repeats.v[i], err)) return false;
    json_arr_end(&u->o);
    return true;
}
