/* Tuning data: whether it holds the wording of items. Their texts are those of the stored prompts (the last message of
 * the user, asked plainly); of sealed suites there are none, and they are counted. Ids alone go into the header. */
#include <string.h>

#include "engine/base/hash.h"
#include "harness/audit/audit_inputs_internal.h"
#include "harness/audit/audit_overlap.h"
#include "reports/store/store.h"

enum { TOLD_MOST = 50 };

typedef struct Tuning {
    Overlap *o;
    Str model;
    Str suite, effort; /* of the item before; the suite's first effort */
    Arena *a;
    int64_t n_sealed;
    bool failed; /* no memory */
} Tuning;

static Str user_text(Str prompt, Json **keep) {
    Str text = {0};
    if (!prompt.p || !json_parse(prompt, keep, NULL)) return text;
    for (const Json *m = json_first(*keep); m; m = json_next(m))
        if (str_eqz(json_str(json_get(m, "role")), "user")) text = json_str(json_get(m, "content"));
    return text;
}

/* Records come by model, suite, transform, effort, epoch, sample: an item's first answer is that of the first epoch of
 * the first effort. */
static bool is_first(const Tuning *t, const Record *r) {
    Str effort = str_from(effort_name(r->key.effort));
    return r->key.epoch == 1 && (!r->key.transform.p || str_eqz(r->key.transform, "plain")) &&
           str_eq(effort, t->effort);
}

static bool take(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    Tuning *t = ctx;
    Json *messages = NULL;
    (void)id, (void)rows, (void)n;
    if (!str_eq(r->key.model, t->model)) return true;
    if (!str_eq(r->key.suite, t->suite)) {
        t->suite = str_dup(t->a, r->key.suite);
        t->effort = str_from(effort_name(r->key.effort));
    }
    t->failed = !t->suite.p;
    if (t->failed || !is_first(t, r)) return !t->failed;
    if (r->sealed) {
        t->n_sealed++;
        return true;
    }
    t->failed = !overlap_add(t->o, r->key.suite, r->key.sample, user_text(r->prompt, &messages));
    json_close(messages);
    return !t->failed;
}

static bool read_run(Inputs *u, Tuning *t, const char *dir, Str digest, Err *err) {
    RunStore *s = NULL;
    Arena *scratch = arena_open(0);
    if (!scratch) return err_nomem(err);
    t->model = t->suite = t->effort = (Str){0};
    bool ok = store_open(dir, STORE_READ, &s, err) && inputs__find_model(u, s, dir, digest, &t->model, err) &&
              store_each(s, true, scratch, take, t, err) && (!t->failed || err_nomem(err));
    store_close(s);
    arena_close(scratch);
    return ok;
}

static bool read_items(Inputs *u, Tuning *t, Str role, Str digest, Err *err) {
    for (size_t i = 0; i < u->in->runs.n; i++) {
        const char *dir;
        const Json *model;
        Str name;
        if (!inputs__split(u, "--run", u->in->runs.v[i], &name, &dir, &model, err)) return false;
        if (str_eq(name, role) && !read_run(u, t, dir, digest, err)) return false;
    }
    return true;
}

/* ---- out ---- */

static void whole(JsonOut *o, const char *key, int64_t n) {
    json_out_key(o, key);
    json_out_int(o, n);
}

/* Items i..n of one suite and run; returns the first of the next. */
static size_t put_suite(Inputs *u, const OverlapItem *v, size_t i, size_t n) {
    Str suite = v[i].suite;
    int64_t told = 0, found = 0, blank = 0;
    json_obj(&u->o);
    inputs__member(&u->o, "suite", suite);
    json_out_key(&u->o, "items");
    json_arr(&u->o);
    for (; i < n && str_eq(v[i].suite, suite); i++) {
        told += v[i].told, blank += !v[i].told, found += v[i].told && v[i].found;
        if (v[i].told && v[i].found && found <= TOLD_MOST) json_out_str(&u->o, v[i].sample);
    }
    json_arr_end(&u->o);
    whole(&u->o, "n", told), whole(&u->o, "k", found), whole(&u->o, "n_untold", blank);
    json_obj_end(&u->o);
    return i;
}

static bool put(Inputs *u, const Tuning *t, Str role, const char *path, Err *err) {
    char sum[65];
    int64_t lines;
    size_t n;
    if (!sha256_file(path, sum, err) || !overlap_scan(t->o, path, &lines, err)) return err_wrap(err, "--tuning-data");
    const OverlapItem *v = overlap_items(t->o, &n);
    json_obj(&u->o);
    inputs__member(&u->o, "role", role);
    inputs__member(&u->o, "sha256", str_from(sum));
    whole(&u->o, "lines", lines), whole(&u->o, "n_sealed", t->n_sealed);
    json_out_key(&u->o, "suites");
    json_arr(&u->o);
    for (size_t i = 0; i < n;) i = put_suite(u, v, i, n);
    json_arr_end(&u->o);
    json_obj_end(&u->o);
    return true;
}

static bool add(Inputs *u, const char *word, Err *err) {
    const char *path;
    const Json *model;
    Str role;
    Tuning t = {.a = u->a};
    if (!inputs__split(u, "--tuning-data", word, &role, &path, &model, err)) return false;
    if (!(t.o = overlap_open(u->a))) return err_nomem(err);
    bool ok = read_items(u, &t, role, json_str(json_get(model, "sha256")), err) && put(u, &t, role, path, err);
    overlap_close(t.o);
    return ok;
}

bool inputs__tuning(Inputs *u, Err *err) {
    json_out_key(&u->o, "overlap");
    json_arr(&u->o);
    for (size_t i = 0; i < u->in->tuning.n; i++)
        if (!add(u, u->in->tuning.v[i], err)) return false;
    json_arr_end(&u->o);
    return true;
}
