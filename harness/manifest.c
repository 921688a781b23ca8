#include "harness/manifest.h"

#include <stdio.h>
#include <string.h>

#include "harness/model_warnings.h"
#include "harness/version.h"

/* ---- writing ---- */

/* Takes the buffer's text into the arena and releases the buffer. */
static Str keep(Buf *b, Arena *a) {
    Str s = b->failed ? (Str){0} : str_dup(a, buf_str(b));
    buf_release(b);
    return s;
}

static void member_str(JsonOut *o, const char *key, Str s) {
    json_out_key(o, key);
    json_out_str(o, s);
}

static void member_cstr(JsonOut *o, const char *key, const char *s) {
    if (s) member_str(o, key, str_from(s));
}

static void member_u64(JsonOut *o, const char *key, uint64_t v) {
    json_out_key(o, key);
    json_out_u64(o, v);
}

Str manifest_model(const PlanModel *m, const EngineInfo *info, Arena *a) {
    Buf b;
    JsonOut o;
    buf_init(&b, MANIFEST_MAX);
    json_out_init(&o, &b, 0);
    json_obj(&o);
    member_str(&o, "name", m->name);
    member_str(&o, "spec", m->spec);
    member_cstr(&o, "digest", info->digest);
    member_cstr(&o, "engine", info->engine);
    member_cstr(&o, "backend", info->backend);
    member_cstr(&o, "layout", info->layout);
    /* absent for exact, as in runs from before there was a choice */
    if (info->precision && strcmp(info->precision, "exact") != 0) member_cstr(&o, "precision", info->precision);
    member_u64(&o, "n_params", info->n_params);
    member_u64(&o, "weight_bytes", info->weight_bytes);
    member_u64(&o, "max_context", (uint64_t)info->context);
    member_u64(&o, "batch", (uint64_t)info->batch);
    member_u64(&o, "threads", (uint64_t)info->threads);
    model_warnings_member(info, &o);
    json_obj_end(&o);
    return keep(&b, a);
}

Str manifest_suites(const Plan *p, Arena *a) {
    Buf b;
    JsonOut o;
    buf_init(&b, MANIFEST_MAX);
    json_out_init(&o, &b, 0);
    json_arr(&o);
    for (size_t i = 0; i < p->n_suites; i++) {
        const Suite *s = p->suites[i].suite;
        json_obj(&o);
        member_str(&o, "name", s->id);
        member_u64(&o, "version", (uint64_t)s->version);
        if (s->title.p) member_str(&o, "title", s->title);
        member_cstr(&o, "hazard", suite_hazard_name(s->hazard));
        member_cstr(&o, "mode", suite_mode_name(s->mode));
        member_cstr(&o, "metric", suite_metric_name(s->metric));
        json_out_key(&o, "higher_is_safer");
        json_out_bool(&o, s->higher_is_safer);
        member_str(&o, "sha256", s->sha256);
        if (p->suites[i].data) member_str(&o, "data_sha256", p->suites[i].data->sha256);
        member_u64(&o, "samples", p->suites[i].n_chosen);
        json_obj_end(&o);
    }
    json_arr_end(&o);
    return keep(&b, a);
}

/* Whether the chain stands in the list of a suite before this one. */
static bool told(const Plan *p, size_t suite, Str name) {
    for (size_t i = 0; i < suite; i++)
        for (size_t k = 0; k < p->suites[i].n_transforms; k++)
            if (str_eq(p->suites[i].transforms[k].chain.name, name)) return true;
    return false;
}

static void transform_object(JsonOut *o, const PlanTransform *t) {
    json_obj(o);
    member_str(o, "name", t->chain.name);
    member_str(o, "family", t->family);
    json_out_key(o, "versions");
    json_arr(o);
    for (size_t i = 0; i < t->chain.n; i++) json_out_int(o, t->chain.v[i]->version);
    json_arr_end(o);
    json_obj_end(o);
}

Str manifest_transforms(const Plan *p, Arena *a) {
    Buf b;
    JsonOut o;
    buf_init(&b, MANIFEST_MAX);
    json_out_init(&o, &b, 0);
    json_arr(&o);
    for (size_t i = 0; i < p->n_suites; i++)
        for (size_t k = 0; k < p->suites[i].n_transforms; k++)
            if (!told(p, i, p->suites[i].transforms[k].chain.name)) transform_object(&o, &p->suites[i].transforms[k]);
    json_arr_end(&o);
    return keep(&b, a);
}

Str manifest_scorers(const Plan *p, ScorerSet *const *sets, Arena *a) {
    Buf b;
    JsonOut o;
    buf_init(&b, MANIFEST_MAX);
    json_out_init(&o, &b, 0);
    json_obj(&o);
    for (size_t i = 0; i < p->n_suites; i++) {
        json_out_key(&o, str_cstr(a, p->suites[i].suite->id));
        scorer_set_describe(sets[i], &o);
    }
    json_obj_end(&o);
    return keep(&b, a);
}

Str manifest_harness(Arena *a) {
    return str_printf(a, "{\"name\":\"assay\",\"version\":\"%s\"}", ASSAY_VERSION);
}

/* ---- comparing ---- */

/* Members that say where things lie or how fast they go, never what comes out; and what follows from others. */
static bool is_place_or_speed(const char *key) {
    static const char *const names[] = {"threads", "batch", "device", "out",   "spec",        "path",     "dir",
                                        "file",    "files", "plugin", "paths", "max_context", "kv_bytes", "warnings"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(key, names[i]) == 0) return true;
    return false;
}

static void show(const Json *j, char *out, size_t cap) {
    Buf b;
    JsonOut o;
    buf_init(&b, MANIFEST_MAX);
    json_out_init(&o, &b, 0);
    if (j) json_out_node(&o, j);
    snprintf(out, cap, "%s", j && b.p ? b.p : "absent");
    if (strlen(out) == cap - 1) memcpy(out + cap - 4, "...", 4);
    buf_release(&b);
}

static bool differs(const char *path, const Json *was, const Json *is, Err *err) {
    char a[90], b[90];
    show(was, a, sizeof a);
    show(is, b, sizeof b);
    if (str_ends(str_from(path), STR(".precision"))) { /* absent says exact */
        if (!was) snprintf(a, sizeof a, "\"exact\"");
        if (!is) snprintf(b, sizeof b, "\"exact\"");
    }
    return err_set(err, ERR_INPUT, "%s was %s in the stored run and is %s now", path, a, b);
}

static bool same(const char *path, const Json *was, const Json *is, Err *err);

static bool same_members(const char *path, const Json *was, const Json *is, Err *err) {
    char sub[256];
    for (const Json *c = json_first(was); c; c = json_next(c)) {
        if (is_place_or_speed(json_key(c))) continue;
        snprintf(sub, sizeof sub, "%s.%s", path, json_key(c));
        if (!same(sub, c, json_get(is, json_key(c)), err)) return false;
    }
    for (const Json *c = json_first(is); c; c = json_next(c)) {
        snprintf(sub, sizeof sub, "%s.%s", path, json_key(c));
        if (!is_place_or_speed(json_key(c)) && !json_get(was, json_key(c))) return differs(sub, NULL, c, err);
    }
    return true;
}

static bool same_items(const char *path, const Json *was, const Json *is, Err *err) {
    char sub[256];
    const Json *a = json_first(was), *b = json_first(is);
    for (int i = 0; a || b; i++) {
        snprintf(sub, sizeof sub, "%s[%d]", path, i);
        if (!a || !b) return differs(sub, a, b, err);
        if (!same(sub, a, b, err)) return false;
        a = json_next(a);
        b = json_next(b);
    }
    return true;
}

static bool same_scalar(const Json *was, const Json *is) {
    bool a = false, b = false;
    switch (json_type(was)) {
    case JSON_BOOL:
        return json_bool(was, &a) && json_bool(is, &b) && a == b;
    case JSON_NUMBER:
        return json_num(was) == json_num(is);
    case JSON_STRING:
        return str_eq(json_str(was), json_str(is));
    default:
        return true;
    }
}

static bool same(const char *path, const Json *was, const Json *is, Err *err) {
    if (!is || json_type(was) != json_type(is)) return differs(path, was, is, err);
    if (json_type(was) == JSON_OBJECT) return same_members(path, was, is, err);
    if (json_type(was) == JSON_ARRAY) return same_items(path, was, is, err);
    return same_scalar(was, is) || differs(path, was, is, err);
}

static bool compare_texts(const char *path, Str was, Str is, Err *err) {
    Json *a = NULL, *b = NULL;
    bool ok = json_parse(was, &a, err) && json_parse(is, &b, err);
    if (!ok)
        err_wrap(err, "manifest entry '%s'", path);
    else
        ok = same(path, a, b, err);
    json_close(a);
    json_close(b);
    return ok;
}

bool manifest_agree(RunStore *s, const char *key, Str json, Arena *a, Err *err) {
    Str was;
    if (!json.p) return err_nomem(err);
    if (!store_manifest_get(s, key, a, &was, err)) return false;
    if (!was.p) return store_manifest_put(s, key, json, err);
    return compare_texts(key, was, json, err);
}

bool manifest_agree_model(RunStore *s, Str name, Str json, Arena *a, Err *err) {
    Str all;
    Json *list = NULL, *is = NULL;
    if (!json.p) return err_nomem(err);
    if (!store_manifest_get(s, "models", a, &all, err)) return false;
    if (!all.p) return true; /* killed before it was put; the caller puts the whole list */
    bool ok = json_parse(all, &list, err) && json_parse(json, &is, err);
    if (ok) {
        const Json *was = json_first(list);
        while (was && !str_eq(json_str(json_get(was, "name")), name)) was = json_next(was);
        char path[128];
        snprintf(path, sizeof path, "model " STR_FMT, STR_ARG(name));
        ok = was ? same(path, was, is, err) : differs(path, NULL, is, err);
    }
    json_close(list);
    json_close(is);
    return ok;
}
