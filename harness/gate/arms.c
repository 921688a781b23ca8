#include "harness/gate/arms.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "harness/term.h"

enum { ARMS_MAX = 64 };

/* "a/b/" -> "b"; "." -> the folder's own name. */
static const char *folder_name(CmdCtx *c, const char *dir) {
    char whole[PATH_MAX];
    Str d = str_from(realpath(dir, whole) ? whole : dir);
    while (d.n > 1 && d.p[d.n - 1] == '/') d.n--;
    size_t from = d.n;
    while (from > 0 && d.p[from - 1] != '/') from--;
    return str_cstr(c->arena, str_sub(d, from, d.n));
}

/* Splits "DIR:MODEL" unless the whole word is a folder. */
static bool split(CmdCtx *c, const char *word, const char **dir, Str *model) {
    *dir = word;
    *model = (Str){0};
    const char *colon = strrchr(word, ':');
    if (!colon || file_is_dir(word)) return true;
    *dir = str_cstr(c->arena, (Str){word, (size_t)(colon - word)});
    *model = str_from(colon + 1);
    return *dir || err_nomem(&c->fail);
}

typedef struct Opened {
    const char *real, *name;
} Opened;

typedef struct Opening {
    CmdCtx *c;
    Arms *out;
    Opened *opened;
    const char *empty_dir; /* a run that was not asked all its models yet; NULL: none */
    Str empty;             /* the last of these models */
} Opening;

static bool open_store(Opening *o, const char *dir, size_t *at) {
    char whole[PATH_MAX];
    const char *real = realpath(dir, whole) ? str_cstr(o->c->arena, str_from(whole)) : dir;
    for (*at = 0; *at < o->out->n_stores; ++*at)
        if (strcmp(o->opened[*at].real, real) == 0) return true;
    if (!store_open(dir, STORE_READ, &o->out->stores[*at], &o->c->fail)) return false;
    o->opened[*at] = (Opened){real, folder_name(o->c, dir)};
    o->out->n_stores++;
    return o->opened[*at].name || err_nomem(&o->c->fail);
}

static bool add_arm(Opening *o, size_t store, Str model) {
    Arms *a = o->out;
    CmdCtx *c = o->c;
    for (size_t i = 0; i < a->n; i++)
        if (a->v[i].store == a->stores[store] && str_eq(a->v[i].model, model))
            return err_set(&c->fail, ERR_INPUT, "%s: the model '" STR_FMT "' is named twice", o->opened[store].name,
                           STR_ARG(model));
    if (a->n == ARMS_MAX)
        return err_set(&c->fail, ERR_INPUT, "more than %d models cannot be compared at once", ARMS_MAX);
    Str kept = str_dup(c->arena, model);
    a->v[a->n++] =
        (StoreArm){.store = a->stores[store], .model = kept, .name = kept, .run = str_from(o->opened[store].name)};
    return kept.p || err_nomem(&c->fail);
}

typedef struct Wanted {
    Str model;
    bool found;
} Wanted;

static bool look_for(void *ctx, int64_t id, const RecordKey *k, int n_scores) {
    Wanted *w = ctx;
    (void)id, (void)n_scores;
    w->found = str_eq(k->model, w->model);
    return !w->found;
}

static bool nothing_yet(CmdCtx *c, const char *dir, Str model) {
    return err_set(&c->fail, ERR_INTERRUPTED,
                   "%s: nothing is stored of the model '" STR_FMT "' yet; go on with assay run --resume %s", dir,
                   STR_ARG(model), dir);
}

static bool say_left_out(CmdCtx *c, const char *dir, Str model) {
    Buf b;
    buf_init(&b, 1 << 20);
    term_escape(&b, str_printf(c->arena,
                               "%s: nothing is stored of the model '" STR_FMT
                               "' yet, and it is left out; go on with assay run --resume %s",
                               dir, STR_ARG(model), dir));
    bool ok = !b.failed || err_nomem(&c->fail);
    if (ok) fprintf(c->err, "assay: warning: " STR_FMT "\n", STR_ARG(buf_str(&b)));
    buf_release(&b);
    return ok;
}

/* A model that a stopped run has not come to yet is left out, unless it was named. */
static bool add_asked(Opening *o, const char *dir, size_t store, Str model, bool named) {
    Wanted w = {.model = model};
    if (!store_each_key(o->out->stores[store], look_for, &w, &o->c->fail)) return false;
    if (w.found) return add_arm(o, store, model);
    if (named) return nothing_yet(o->c, dir, model);
    o->empty_dir = dir;
    o->empty = str_dup(o->c->arena, model);
    return o->empty.p ? say_left_out(o->c, dir, model) : err_nomem(&o->c->fail);
}

/* All models of a run, in its order; or the one that is asked for. */
static bool add_models(Opening *o, const char *dir, size_t store, Str wanted) {
    CmdCtx *c = o->c;
    Json *models = NULL;
    Str text;
    bool found = false, ok = store_manifest_get(o->out->stores[store], "models", c->arena, &text, &c->fail) &&
                             (!text.p || json_parse(text, &models, &c->fail));
    for (const Json *m = ok ? json_first(models) : NULL; ok && m; m = json_next(m)) {
        Str name = json_str(json_get(m, "name"));
        if (!name.p || (wanted.p && !str_eq(name, wanted))) continue;
        found = true;
        ok = add_asked(o, dir, store, name, wanted.p != NULL);
    }
    json_close(models);
    if (ok && !found && wanted.p)
        return err_set(&c->fail, ERR_INPUT,
                       "%s: this run has no model '" STR_FMT "'; assay report %s names those it has", dir,
                       STR_ARG(wanted), dir);
    if (ok && !found) return err_set(&c->fail, ERR_INPUT, "%s: this run names no model", dir);
    return ok;
}

static bool has_records(Opening *o, const char *dir, size_t store) {
    StoreCounts n = {0};
    if (!store_counts(o->out->stores[store], &n, &o->c->fail)) return false;
    return n.records || err_set(&o->c->fail, ERR_INTERRUPTED,
                                "%s: nothing is stored in this run yet; go on with assay run "
                                "--resume %s",
                                dir, dir);
}

static bool name_used(const Arms *a, size_t but, Str name) {
    for (size_t i = 0; i < a->n; i++)
        if (i != but && str_eq(a->v[i].name, name)) return true;
    return false;
}

/* Names that are shared get their run behind them, and a number if that is not enough. */
static bool make_names(CmdCtx *c, Arms *a) {
    bool *shared = arena_array(c->arena, a->n, sizeof *shared);
    if (!shared) return err_nomem(&c->fail);
    for (size_t i = 0; i < a->n; i++) shared[i] = name_used(a, i, a->v[i].name);
    for (size_t i = 0; i < a->n; i++) {
        if (!shared[i]) continue;
        StoreArm *v = &a->v[i];
        v->name = str_printf(c->arena, STR_FMT " (" STR_FMT ")", STR_ARG(v->model), STR_ARG(v->run));
        for (int k = 2; v->name.p && name_used(a, i, v->name); k++)
            v->name = str_printf(c->arena, STR_FMT " (" STR_FMT " %d)", STR_ARG(v->model), STR_ARG(v->run), k);
        if (!v->name.p) return err_nomem(&c->fail);
    }
    return true;
}

bool arms_open(CmdCtx *c, const char *const *words, size_t n, Arms *out) {
    *out = (Arms){.v = arena_array(c->arena, ARMS_MAX, sizeof *out->v),
                  .stores = arena_array(c->arena, n, sizeof *out->stores)};
    Opening o = {.c = c, .out = out, .opened = arena_array(c->arena, n, sizeof *o.opened)};
    if (!out->v || !out->stores || !o.opened) return err_nomem(&c->fail);
    for (size_t i = 0; i < n; i++) {
        const char *dir;
        Str model;
        size_t at;
        if (!split(c, words[i], &dir, &model) || !open_store(&o, dir, &at) || !has_records(&o, dir, at) ||
            !add_models(&o, dir, at, model))
            return false;
    }
    if (out->n < 2 && o.empty_dir) return nothing_yet(c, o.empty_dir, o.empty);
    return make_names(c, out);
}

void arms_close(Arms *a) {
    for (size_t i = 0; i < a->n_stores; i++) store_close(a->stores[i]);
    a->n_stores = 0;
}
