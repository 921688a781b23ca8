#include "harness/run/run_command.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "harness/plugin.h"

#define COMMAND_MAX ((size_t)16 << 20)

/* ---- writing ---- */

static void put_list(JsonOut *o, const char *key, const char *const *v, size_t n) {
    if (!n) return;
    json_out_key(o, key);
    json_arr(o);
    for (size_t i = 0; i < n; i++) json_out_cstr(o, v[i]);
    json_arr_end(o);
}

static void put_text(JsonOut *o, const char *key, const char *v) {
    if (!v) return;
    json_out_key(o, key);
    json_out_cstr(o, v);
}

static void put_int(JsonOut *o, const char *key, bool has, int64_t v) {
    if (!has) return;
    json_out_key(o, key);
    json_out_int(o, v);
}

Str run_command_to_json(const RunOptions *o, Arena *a) {
    const PlanOverrides *p = &o->over;
    char cwd[PATH_MAX];
    Buf b;
    JsonOut j;
    buf_init(&b, COMMAND_MAX);
    json_out_init(&j, &b, 0);
    json_obj(&j);
    put_text(&j, "cwd", getcwd(cwd, sizeof cwd));
    put_list(&j, "plans", o->plans.v, o->plans.n);
    put_list(&j, "models", p->models, p->n_models);
    put_text(&j, "efforts", p->efforts);
    put_int(&j, "limit", p->has_limit, p->limit);
    put_int(&j, "repeats", p->has_repeats, p->repeats);
    if (p->has_seed) {
        json_out_key(&j, "seed");
        json_out_u64(&j, p->seed);
    }
    put_int(&j, "threads", p->has_threads, p->threads);
    put_int(&j, "batch", p->has_batch, p->batch);
    put_int(&j, "context", p->has_context, p->context);
    put_text(&j, "device", p->device);
    put_text(&j, "precision", p->precision);
    put_text(&j, "judge", p->judge);
    put_text(&j, "calibration", p->calibration);
    put_list(&j, "set", p->sets, p->n_sets);
    put_list(&j, "scorers", o->scorers.v, o->scorers.n);
    put_list(&j, "seal_to", o->seal_to.v, o->seal_to.n);
    put_int(&j, "offline", o->offline, 1);
    json_obj_end(&j);
    Str s = b.failed ? (Str){0} : str_dup(a, buf_str(&b));
    buf_release(&b);
    return s;
}

/* ---- reading ---- */

static bool get_list(const Json *j, const char *key, Arena *a, const char *const **out, size_t *n) {
    const Json *list = json_get(j, key);
    if (*n || !list) return true;
    const char **v = arena_array(a, json_count(list) + 1, sizeof *v);
    if (!v) return false;
    for (const Json *c = json_first(list); c; c = json_next(c))
        if (!(v[(*n)++] = str_cstr(a, json_str(c)))) return false;
    *out = v;
    return true;
}

static bool get_words(const Json *j, const char *key, Arena *a, ArgList *l) {
    const char *const *v = l->v;
    if (!get_list(j, key, a, &v, &l->n)) return false;
    l->v = (const char **)(uintptr_t)v;
    return true;
}

static bool get_text(const Json *j, const char *key, Arena *a, const char **out) {
    const Json *v = json_get(j, key);
    if (*out || !v) return true;
    return (*out = str_cstr(a, json_str(v))) != NULL;
}

static void get_int(const Json *j, const char *key, bool *has, int *out) {
    int64_t v;
    if (*has || !json_int(json_get(j, key), INT_MIN, INT_MAX, &v)) return;
    *has = true;
    *out = (int)v;
}

static void get_seed(const Json *j, PlanOverrides *p) {
    const Json *v = json_get(j, "seed");
    char digits[32];
    if (p->has_seed || !v) return;
    if (json_type(v) == JSON_NUMBER) {
        p->seed = (uint64_t)json_num(v); /* json_out_u64 writes larger ones as text */
        p->has_seed = true;
        return;
    }
    Str s = json_str(v);
    if (s.n == 0 || s.n >= sizeof digits) return;
    memcpy(digits, s.p, s.n);
    digits[s.n] = '\0';
    p->has_seed = arg_u64(digits, &p->seed);
}

static bool fill(const Json *j, RunOptions *o, Arena *a) {
    PlanOverrides *p = &o->over;
    int64_t limit;
    bool offline = false;
    int one = 0;
    get_int(j, "repeats", &p->has_repeats, &p->repeats);
    get_int(j, "threads", &p->has_threads, &p->threads);
    get_int(j, "batch", &p->has_batch, &p->batch);
    get_int(j, "context", &p->has_context, &p->context);
    get_int(j, "offline", &offline, &one);
    o->offline = o->offline || offline;
    if (!p->has_limit && json_int(json_get(j, "limit"), 0, INT64_C(1) << 53, &limit)) {
        p->has_limit = true;
        p->limit = limit;
    }
    get_seed(j, p);
    return get_words(j, "seal_to", a, &o->seal_recalled) && get_words(j, "plans", a, &o->plans) &&
           get_words(j, "scorers", a, &o->scorers) && get_list(j, "models", a, &p->models, &p->n_models) &&
           get_list(j, "set", a, &p->sets, &p->n_sets) && get_text(j, "efforts", a, &p->efforts) &&
           get_text(j, "device", a, &p->device) && get_text(j, "precision", a, &p->precision) &&
           get_text(j, "judge", a, &p->judge) && get_text(j, "calibration", a, &p->calibration);
}

static bool from(const char *dir, const char **path, Arena *a) {
    return !*path || (*path = path_join(a, dir, *path));
}

/* What was typed now names files from here. */
static bool typed_from(const char *dir, RunOptions *o, Arena *a) {
    bool ok = from(dir, &o->over.calibration, a) && from(dir, &o->key, a) && from(dir, &o->audit_plan, a) &&
              from(dir, &o->audit_key, a) && from(dir, &o->opening.audit, a) && from(dir, &o->opening.sign_key, a);
    for (size_t i = 0; ok && i < o->seal_to.n; i++) ok = from(dir, &o->seal_to.v[i], a);
    for (size_t i = 0; ok && i < o->scorers.n; i++)
        if (plugin_is_path(o->scorers.v[i])) ok = from(dir, &o->scorers.v[i], a);
    if (ok && o->over.judge) {
        Str spec = plan_spec_from(dir, str_from(o->over.judge), a);
        ok = spec.p && (o->over.judge = str_cstr(a, spec));
    }
    return ok;
}

/* Plans and models were named from where the run began. */
static bool go_there(const Json *j, RunOptions *o, Arena *a) {
    char *cwd = str_cstr(a, json_str(json_get(j, "cwd")));
    char here[PATH_MAX], dir[PATH_MAX];
    if (!cwd) return false;
    if (!getcwd(here, sizeof here) || strcmp(here, cwd) == 0 || !realpath(o->resume, dir)) return true;
    if (chdir(cwd) != 0) return true;
    return (o->resume = arena_strdup(a, dir)) && typed_from(here, o, a);
}

bool run_command_recall(RunOptions *o, Arena *a, Err *err) {
    RunStore *s = NULL;
    Json *j = NULL;
    Str text;
    if (!store_open(o->resume, STORE_READ, &s, err)) return false;
    bool ok = store_manifest_get(s, "command", a, &text, err);
    store_close(s);
    if (!ok) return false;
    if (!text.p)
        return err_set(err, ERR_INPUT,
                       "the run in %s was stopped before it began; name its plan: assay run PLAN.yaml "
                       "--resume %s",
                       o->resume, o->resume);
    if (!json_parse(text, &j, err)) return err_wrap(err, "manifest entry 'command'");
    bool plugins = o->scorers.n == 0;
    ok = go_there(j, o, a) && fill(j, o, a);
    json_close(j);
    if (!ok) return err_nomem(err);
    /* a plugin is loaded only when the user names it, not because a file does */
    for (size_t i = 0; plugins && i < o->scorers.n; i++)
        if (strchr(o->scorers.v[i], '/') || str_ends(str_from(o->scorers.v[i]), STR(".so")))
            return err_set(err, ERR_INPUT, "this run uses the plugin %s; name it again: assay %s %s --scorer %s",
                           o->scorers.v[i], o->rescore ? "rescore" : "run --resume", o->resume, o->scorers.v[i]);
    return true;
}
