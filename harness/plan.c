/* plan.yaml and the command line -> Plan -> work items. */
#include "harness/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/file.h"
#include "engine/base/hash.h"
#include "engine/base/json.h"

#define PLAN_MAX_MODELS 64
#define PLAN_MAX_SUITES 1000

typedef struct DataDir {
    Str suite; /* whole id or its last part; absent: for every suite */
    Str dir;
} DataDir;

/* Everything that the files and options said, before suites are read. */
typedef struct Reader {
    Plan *p;
    Arena *a;
    PlanModel models[PLAN_MAX_MODELS];
    struct SuiteRef {
        const char *path;
        const YamlNode *at; /* NULL: named on the command line */
    } suites[PLAN_MAX_SUITES];
    DataDir data[PLAN_MAX_SUITES];
    size_t n_data;
    Err *err;
} Reader;

/* ---- paths and models ---- */

static Str resolve(Reader *r, const char *dir, Str path) {
    char *p = str_cstr(r->a, path);
    const char *joined = p && strcmp(dir, ".") != 0 ? path_join(r->a, dir, p) : p;
    return str_from(joined);
}

/* Where the next "+tokenizer=" or "+lora=" of a SPEC begins, and *n its length; the end if there is none. */
static size_t next_part(Str spec, size_t *n) {
    static const Str marks[] = {{"+tokenizer=", 11}, {"+lora=", 6}};
    size_t best = spec.n;
    *n = 0;
    for (size_t i = 0; i < 2; i++) {
        size_t at = str_find(spec, marks[i], 0);
        if (at < best) best = at, *n = marks[i].n;
    }
    return best;
}

/* A SPEC whose paths are relative to dir: "DIR", "DIR+lora=DIR+lora=DIR", "replay:DIR"; "openai:…" is no path. */
static bool resolve_spec(Reader *r, const char *dir, Str spec, Str *out) {
    *out = spec;
    if (str_starts(spec, STR("openai:"))) return true;
    *out = str_sub(spec, 0, str_starts(spec, STR("replay:")) ? 7 : 0);
    spec = str_sub(spec, out->n, spec.n);
    for (size_t n = 1; n;) {
        size_t at = next_part(spec, &n);
        Str path = resolve(r, dir, str_sub(spec, 0, at)), mark = str_sub(spec, at, at + n);
        if (!path.p) return err_nomem(r->err);
        *out = str_printf(r->a, STR_FMT "%s" STR_FMT, STR_ARG(*out), path.p, STR_ARG(mark));
        if (!out->p) return err_nomem(r->err);
        spec = str_sub(spec, at + n, spec.n);
    }
    return true;
}

static Str last_part(Str path) {
    while (path.n > 1 && path.p[path.n - 1] == '/') path.n--;
    for (size_t i = path.n; i-- > 0;)
        if (path.p[i] == '/' || path.p[i] == ':') return str_sub(path, i + 1, path.n);
    return path;
}

static bool add_model(Reader *r, Str name, Str spec, Str precision, const char *dir) {
    Plan *p = r->p;
    PlanModel m = {.precision = precision};
    if (!spec.n) return err_set(r->err, ERR_INPUT, "a model's path is empty");
    m.name = name.p ? name : last_part(spec);
    if (!m.name.n || m.name.n > 100)
        return err_set(r->err, ERR_INPUT, "a model's name must have 1 to 100 bytes; give it as name=PATH");
    for (size_t i = 0; i < m.name.n; i++)
        if ((unsigned char)m.name.p[i] < 0x20)
            return err_set(r->err, ERR_INPUT, "a model's name holds a control character");
    if (p->n_models == PLAN_MAX_MODELS) return err_set(r->err, ERR_INPUT, "more than %d models", PLAN_MAX_MODELS);
    if (!resolve_spec(r, dir, spec, &m.spec)) return false;
    for (size_t i = 0; i < p->n_models; i++)
        if (str_eq(p->models[i].name, m.name))
            return err_set(r->err, ERR_INPUT, "two models are named '" STR_FMT "'; give one another name",
                           STR_ARG(m.name));
    p->models[p->n_models++] = m;
    return true;
}

/* "name=SPEC" or "SPEC": a name has no '/' and no '+' before the '='. */
static bool add_model_option(Reader *r, const char *text) {
    Str s = str_from(text);
    size_t eq = str_find(s, STR("="), 0);
    bool named = eq != SIZE_MAX && eq > 0;
    for (size_t i = 0; named && i < eq; i++) named = !strchr("/+:", s.p[i]);
    bool ok = named ? add_model(r, str_sub(s, 0, eq), str_sub(s, eq + 1, s.n), (Str){0}, ".")
                    : add_model(r, (Str){0}, s, (Str){0}, ".");
    return ok || err_wrap(r->err, "--model %.100s", text);
}

static bool read_models(Reader *r, const YamlNode *root) {
    static const char *const known[] = {"name", "path", "precision", NULL};
    YamlNode *list = NULL;
    if (!yaml_want_seq(root, "models", false, &list, r->err)) return false;
    for (size_t i = 0; list && i < list->n; i++) {
        YamlNode *n = list->items[i];
        Str name = {0}, path = n->text, precision = {0};
        if (n->kind != YKIND_STR &&
            !(yaml_check_keys(n, "an entry of 'models'", known, r->err) &&
              yaml_want_str(n, "name", false, &name, r->err) && yaml_want_str(n, "path", true, &path, r->err) &&
              yaml_want_str(n, "precision", false, &precision, r->err)))
            return false;
        if (!add_model(r, name, path, precision, n->doc->dir))
            return err_wrap(r->err, "%s line %d column %d", n->doc->name, n->line, n->col);
    }
    return true;
}

/* ---- suites and their data ---- */

static bool add_suite(Reader *r, const char *path, const YamlNode *at) {
    Plan *p = r->p;
    if (p->n_suites == PLAN_MAX_SUITES) return err_set(r->err, ERR_INPUT, "more than %d suites", PLAN_MAX_SUITES);
    if (!path) return err_nomem(r->err);
    r->suites[p->n_suites].path = path;
    r->suites[p->n_suites++].at = at;
    return true;
}

static bool read_suites(Reader *r, const YamlNode *root) {
    YamlNode *list = NULL;
    if (!yaml_want_seq(root, "suites", false, &list, r->err)) return false;
    for (size_t i = 0; list && i < list->n; i++) {
        YamlNode *n = list->items[i];
        if (n->kind != YKIND_STR || !n->text.n)
            return yaml_fail(n, r->err, "a suite is named by the path of its folder");
        if (!add_suite(r, resolve(r, n->doc->dir, n->text).p, n)) return false;
    }
    return true;
}

static bool add_data(Reader *r, Str suite, const YamlNode *n) {
    if (n->kind != YKIND_STR || !n->text.n)
        return yaml_fail(n, r->err, "'data' must be a folder, or a map of suites to folders");
    if (r->n_data == PLAN_MAX_SUITES) return yaml_fail(n, r->err, "too many folders");
    Str dir = resolve(r, n->doc->dir, n->text);
    if (!dir.p) return err_nomem(r->err);
    r->data[r->n_data++] = (DataDir){suite, dir};
    return true;
}

static bool read_data(Reader *r, const YamlNode *root) {
    YamlNode *n = yaml_get(root, "data");
    if (!n || n->kind == YKIND_NULL) return true;
    if (n->kind != YKIND_MAP) return add_data(r, (Str){0}, n);
    for (size_t i = 0; i < n->n; i++)
        if (!add_data(r, n->keys[i].text, n->items[i])) return false;
    return true;
}

/* The latest entry for the suite itself, else for all. */
static const char *data_for(const Reader *r, Str id) {
    const char *all = NULL;
    for (size_t i = r->n_data; i-- > 0;) {
        const DataDir *d = &r->data[i];
        if (d->suite.p && (str_eq(d->suite, id) || str_eq(d->suite, last_part(id)))) return d->dir.p;
        if (!d->suite.p && !all) all = d->dir.p;
    }
    return all;
}

/* ---- single values ---- */

static bool read_efforts(Reader *r, const YamlNode *root) {
    YamlNode *list = NULL;
    Plan *p = r->p;
    if (!yaml_want_seq(root, "efforts", false, &list, r->err)) return false;
    if (!list) return true;
    if (!list->n) return yaml_fail(list, r->err, "'efforts' is empty; expected some of low, medium, high");
    p->n_efforts = 0;
    for (size_t i = 0; i < list->n; i++) {
        Effort e;
        if (!effort_parse(list->items[i]->text, &e))
            return yaml_fail(list->items[i], r->err, "an effort is low, medium or high, not '" STR_FMT "'",
                             STR_ARG(str_sub(list->items[i]->text, 0, 40)));
        for (size_t k = 0; k < p->n_efforts; k++)
            if (p->efforts[k] == e)
                return yaml_fail(list->items[i], r->err, "effort '%s' is named twice", effort_name(e));
        p->efforts[p->n_efforts++] = e;
    }
    return true;
}

static bool want_small(const YamlNode *root, const char *key, int64_t lo, int64_t hi, int *out, Err *err) {
    int64_t v = *out;
    if (!yaml_want_int(root, key, false, lo, hi, &v, err)) return false;
    *out = (int)v;
    return true;
}

static bool read_tools(Reader *r, const YamlNode *root) {
    static const char *const known[] = {"limits", NULL};
    YamlNode *n = NULL;
    if (!yaml_want_map(root, "tools", false, &n, r->err)) return false;
    if (!n) return true;
    return yaml_check_keys(n, "'tools' of a plan (what the model may call stands in the suite)", known, r->err) &&
           tools_read_limits(n, &r->p->tool_limits, r->err);
}

static bool read_values(Reader *r, const YamlNode *root) {
    static const char *const devices[] = {"cpu", "cuda", NULL};
    Plan *p = r->p;
    int64_t seed = (int64_t)p->seed;
    int device = -1;
    Str out = {0};
    if (!yaml_want_int(root, "seed", false, 0, INT64_MAX, &seed, r->err) || !read_efforts(r, root) ||
        !want_small(root, "repeats", 1, 10000, &p->repeats, r->err) ||
        !yaml_want_int(root, "limit", false, 0, INT64_MAX, &p->limit, r->err) ||
        !suite_read_generation(root, &p->generation, r->err) || !read_tools(r, root) ||
        !want_small(root, "threads", 0, 4096, &p->threads, r->err) ||
        !want_small(root, "batch", 0, 4096, &p->batch, r->err) ||
        !want_small(root, "context", 0, 1 << 20, &p->context, r->err) ||
        !yaml_want_enum(root, "device", false, devices, &device, r->err) ||
        !yaml_want_str(root, "precision", false, &p->precision, r->err) ||
        !yaml_want_str(root, "out", false, &out, r->err))
        return false;
    p->seed = (uint64_t)seed;
    if (device >= 0) p->device = str_from(devices[device]);
    if (out.p) p->out = resolve(r, yaml_get(root, "out")->doc->dir, out);
    return !out.p || p->out.p || err_nomem(r->err);
}

static bool read_name(Reader *r, const YamlNode *root) {
    Str name = {0};
    if (!yaml_want_str(root, "plan", true, &name, r->err)) return false;
    if (!name.n || name.n > 100) return yaml_fail(yaml_get(root, "plan"), r->err, "'plan' must have 1 to 100 bytes");
    r->p->name = r->p->name.p ? str_printf(r->a, "%s+%s", r->p->name.p, name.p) : name;
    return r->p->name.p || err_nomem(r->err);
}

static const char *const plan_keys[] = {"plan",  "seed",       "models",    "suites", "efforts", "repeats",
                                        "limit", "generation", "threads",   "batch",  "context", "device",
                                        "out",   "data",       "precision", "tools",  NULL};

static bool read_plan(Reader *r, const YamlNode *root) {
    return yaml_check_keys(root, "a plan", plan_keys, r->err) && read_name(r, root) && read_models(r, root) &&
           read_suites(r, root) && read_data(r, root) && read_values(r, root);
}

/* A plan, or a suite (its file or folder), which stands for a plan with that suite alone. */
static bool read_file(Reader *r, const char *path) {
    YamlNode *root;
    if (file_is_dir(path)) return add_suite(r, path, NULL);
    if (!yaml_load(path, r->a, &root, NULL, r->err)) return false;
    return suite_is_suite(root) ? add_suite(r, path, NULL) : read_plan(r, root);
}

/* ---- the command line ---- */

static bool apply_set(Reader *r, const char *text) {
    Str s = str_from(text);
    size_t eq = str_find(s, STR("="), 0);
    YamlDoc *doc = arena_alloc(r->a, sizeof *doc);
    YamlNode *root = arena_alloc(r->a, sizeof *root);
    if (!doc || !root) return err_nomem(r->err);
    doc->dir = ".";
    doc->name = str_printf(r->a, "--set %.200s", text).p;
    if (!doc->name) return err_nomem(r->err);
    if (eq == SIZE_MAX || !eq) return err_set(r->err, ERR_INPUT, "%s: write key=value", doc->name);
    *root = (YamlNode){.doc = doc, .kind = YKIND_MAP, .line = 1, .col = 1};
    if (!yaml_set(root, str_sub(s, 0, eq), str_sub(s, eq + 1, s.n), doc, r->a, r->err)) return false;
    if (!yaml_check_keys(root, "a plan", plan_keys, r->err)) return false;
    if (yaml_get(root, "models") || yaml_get(root, "suites") || yaml_get(root, "plan"))
        return err_set(r->err, ERR_INPUT,
                       "%s: models, suites and the plan's name are not settings; use --model, or name a plan",
                       doc->name);
    return read_data(r, root) && read_values(r, root);
}

static bool apply_efforts(Reader *r, const char *list) {
    Str s = str_from(list);
    Plan *p = r->p;
    p->n_efforts = 0;
    for (size_t at = 0; at <= s.n;) {
        size_t comma = str_find(s, STR(","), at);
        if (comma == SIZE_MAX) comma = s.n;
        Effort e;
        if (!effort_parse(str_trim(str_sub(s, at, comma)), &e))
            return err_set(r->err, ERR_INPUT, "--effort %.60s: expected low, medium, high, or several with commas",
                           list);
        for (size_t k = 0; k < p->n_efforts; k++)
            if (p->efforts[k] == e)
                return err_set(r->err, ERR_INPUT, "--effort %.60s: '%s' is named twice", list, effort_name(e));
        p->efforts[p->n_efforts++] = e;
        at = comma + 1;
    }
    return true;
}

static bool check_range(Err *err, const char *option, int64_t v, int64_t lo, int64_t hi) {
    if (v >= lo && v <= hi) return true;
    return err_set(err, ERR_INPUT, "%s must be between %lld and %lld, not %lld", option, (long long)lo, (long long)hi,
                   (long long)v);
}

static bool apply_overrides(Reader *r, const PlanOverrides *o) {
    Plan *p = r->p;
    if (o->n_models) p->n_models = 0;
    for (size_t i = 0; i < o->n_models; i++)
        if (!add_model_option(r, o->models[i])) return false;
    for (size_t i = 0; i < o->n_sets; i++)
        if (!apply_set(r, o->sets[i])) return false;
    if (o->efforts && !apply_efforts(r, o->efforts)) return false;
    if (o->has_limit && !check_range(r->err, "--limit", o->limit, 0, INT64_MAX)) return false;
    if (o->has_repeats && !check_range(r->err, "--repeats", o->repeats, 1, 10000)) return false;
    if (o->has_threads && !check_range(r->err, "--threads", o->threads, 0, 4096)) return false;
    if (o->has_batch && !check_range(r->err, "--batch", o->batch, 0, 4096)) return false;
    if (o->has_context && !check_range(r->err, "--context", o->context, 0, 1 << 20)) return false;
    if (o->has_limit) p->limit = o->limit;
    if (o->has_repeats) p->repeats = o->repeats;
    if (o->has_seed) p->seed = o->seed;
    if (o->has_threads) p->threads = o->threads;
    if (o->has_batch) p->batch = o->batch;
    if (o->has_context) p->context = o->context;
    if (o->device) p->device = str_from(o->device);
    if (o->precision) p->precision = str_from(o->precision);
    for (size_t i = 0; o->precision && i < p->n_models; i++) p->models[i].precision = (Str){0};
    if (o->out) p->out = str_from(o->out);
    return true;
}

/* ---- putting it together ---- */

static bool load_suites(Reader *r) {
    Plan *p = r->p;
    p->suites = arena_array(r->a, p->n_suites, sizeof *p->suites);
    if (!p->suites) return err_nomem(r->err);
    for (size_t i = 0; i < p->n_suites; i++) {
        const struct SuiteRef *ref = &r->suites[i];
        Suite *s;
        char *path = file_is_dir(ref->path) ? path_join(r->a, ref->path, "suite.yaml") : arena_strdup(r->a, ref->path);
        YamlNode *root;
        if (!path) return err_nomem(r->err);
        if (!file_exists(path) && ref->at) return yaml_fail(ref->at, r->err, "there is no suite at %.200s", path);
        if (!yaml_load(path, r->a, &root, NULL, r->err)) return false;
        YamlNode *id = yaml_get(root, "suite"); /* read twice, because the folder of the data depends on it */
        if (!suite_load(path, data_for(r, id ? id->text : (Str){0}), r->a, &s, r->err)) return false;
        for (size_t k = 0; k < i; k++)
            if (str_eq(p->suites[k].suite->id, s->id))
                return err_set(r->err, ERR_INPUT, "suite '" STR_FMT "' is named twice, by %s and %s", STR_ARG(s->id),
                               p->suites[k].suite->path, s->path);
        p->suites[i].suite = s;
    }
    return true;
}

static bool check_complete(Reader *r) {
    Plan *p = r->p;
    if (!p->n_suites) return err_set(r->err, ERR_INPUT, "the plan names no suites");
    if (!p->n_models)
        return err_set(r->err, ERR_INPUT, "the plan names no model; add --model PATH, or `models:` to the plan");
    if (!p->name.p) p->name = p->suites[0].suite->id;
    return true;
}

bool plan_load(const char *const *paths, size_t n_paths, const PlanOverrides *o, Arena *a, Plan **out, Err *err) {
    *out = NULL;
    Reader *r = arena_alloc(a, sizeof *r);
    Plan *p = arena_alloc(a, sizeof *p);
    if (!r || !p) return err_nomem(err);
    r->p = p;
    r->a = a;
    r->err = err;
    p->models = r->models;
    p->repeats = 1;
    p->efforts[0] = EFFORT_MEDIUM;
    p->n_efforts = 1;
    for (size_t i = 0; i < n_paths; i++)
        if (!read_file(r, paths[i])) return false;
    if (o && !apply_overrides(r, o)) return false;
    if (!load_suites(r) || !check_complete(r)) return false;
    *out = p;
    return true;
}

/* ---- samples ---- */

typedef struct Pick {
    Str group;
    size_t index, rank, first; /* rank within the group; where the group begins */
} Pick;

static int by_group(const void *x, const void *y) {
    const Pick *a = x, *b = y;
    int c = str_cmp(a->group, b->group);
    return c ? c : a->index < b->index ? -1 : a->index > b->index;
}

static int by_turn(const void *x, const void *y) {
    const Pick *a = x, *b = y;
    if (a->rank != b->rank) return a->rank < b->rank ? -1 : 1;
    return a->first < b->first ? -1 : a->first > b->first;
}

static int by_index(const void *x, const void *y) {
    size_t a = *(const size_t *)x, b = *(const size_t *)y;
    return a < b ? -1 : a > b;
}

/* The first sample of each group, then the second of each, … until `limit`; without groups the first `limit`. So a
 * small limit on a suite of many subjects sees all of them. In the end ascending. */
static bool choose(PlanSuite *ps, int64_t limit, Arena *a, Err *err) {
    size_t n = ps->data->n, want = limit > 0 && (uint64_t)limit < n ? (size_t)limit : n;
    size_t *chosen = arena_array(a, want, sizeof *chosen);
    Pick *v = want < n ? mem_alloc(n * sizeof *v) : NULL;
    if (!chosen || (want < n && !v)) {
        mem_free(v);
        return err_nomem(err);
    }
    for (size_t i = 0; i < n && v; i++) v[i] = (Pick){.group = ps->data->samples[i].group, .index = i};
    if (v) qsort(v, n, sizeof *v, by_group);
    for (size_t i = 0; i < n && v; i++) {
        bool same = i && str_eq(v[i].group, v[i - 1].group);
        v[i].rank = same ? v[i - 1].rank + 1 : 0;
        v[i].first = same ? v[i - 1].first : v[i].index;
    }
    if (v) qsort(v, n, sizeof *v, by_turn);
    for (size_t i = 0; i < want; i++) chosen[i] = v ? v[i].index : i;
    qsort(chosen, want, sizeof *chosen, by_index);
    mem_free(v);
    ps->chosen = chosen;
    ps->n_chosen = want;
    return true;
}

static bool digest_plan(Plan *p, Arena *a, Err *err);

bool plan_open_data(Plan *p, Arena *a, Err *err) {
    for (size_t i = 0; i < p->n_suites; i++) {
        Dataset *data, *fewshot;
        if (!suite_open_data(p->suites[i].suite, a, &data, &fewshot, err)) return false;
        p->suites[i].data = data;
        p->suites[i].fewshot = fewshot;
        if (!choose(&p->suites[i], p->limit, a, err)) return false;
    }
    return digest_plan(p, a, err);
}

/* ---- work ---- */

static int64_t items_per_sample(const Plan *p) {
    return (int64_t)p->n_efforts * p->repeats;
}

static int64_t items_per_model(const Plan *p) {
    int64_t n = 0;
    for (size_t i = 0; i < p->n_suites; i++) n += (int64_t)p->suites[i].n_chosen * items_per_sample(p);
    return n;
}

int64_t plan_count(const Plan *p) {
    return items_per_model(p) * (int64_t)p->n_models;
}

WorkItem plan_item(const Plan *p, int64_t ordinal) {
    BUG_ON(ordinal < 0 || ordinal >= plan_count(p));
    int64_t per_model = items_per_model(p), rest = ordinal % per_model;
    WorkItem w = {.ordinal = ordinal, .model = (int)(ordinal / per_model)};
    for (;; w.suite++) {
        int64_t n = (int64_t)p->suites[w.suite].n_chosen * items_per_sample(p);
        if (rest < n) break;
        rest -= n;
    }
    const PlanSuite *ps = &p->suites[w.suite];
    int64_t n = (int64_t)ps->n_chosen, turn = rest / n; /* effort, then epoch */
    w.sample = ps->chosen[rest % n];
    w.effort = p->efforts[turn / p->repeats];
    w.epoch = (int)(turn % p->repeats) + 1;
    w.seed = plan_seed(p->seed, ps->suite->id, ps->data->samples[w.sample].id, w.effort, w.epoch);
    return w;
}

Str plan_precision(const Plan *p, size_t m) {
    Str s = p->models[m].precision.p ? p->models[m].precision : p->precision;
    return s.p ? s : STR("exact");
}

static void overlay(GenOptions *g, const SuiteGeneration *s) {
    if (s->has_temperature) g->temperature = s->temperature;
    if (s->has_top_p) g->top_p = s->top_p;
    if (s->has_max_tokens) g->max_tokens = s->max_tokens;
    if (s->has_date) g->date = s->date;
}

GenOptions plan_gen(const Plan *p, const WorkItem *w) {
    GenOptions g = GEN_DEFAULTS;
    overlay(&g, &p->suites[w->suite].suite->generation);
    overlay(&g, &p->generation);
    g.seed = w->seed;
    g.effort = w->effort;
    return g;
}

ToolLimits plan_tool_limits(const Plan *p, const Suite *s) {
    ToolLimits l = s->tools->limits;
    tools_overlay(&l, &p->tool_limits);
    return l;
}

static void add_decimal(Sha256 *h, uint64_t v) {
    char text[24];
    int n = snprintf(text, sizeof text, "%llu", (unsigned long long)v);
    sha256_add_field(h, (Str){text, (size_t)n});
}

uint64_t plan_seed(uint64_t seed, Str suite, Str sample, Effort effort, int epoch) {
    unsigned char digest[32];
    Sha256 h;
    sha256_init(&h);
    sha256_add_field(&h, STR("assay-seed-1"));
    add_decimal(&h, seed);
    sha256_add_field(&h, suite);
    sha256_add_field(&h, sample);
    sha256_add_field(&h, str_from(effort_name(effort)));
    add_decimal(&h, (uint64_t)epoch);
    sha256_end(&h, digest);
    return sha256_u64(digest);
}

/* ---- for the manifest ---- */

static void generation_json(JsonOut *o, const Plan *p, const Suite *s) {
    GenOptions g = GEN_DEFAULTS;
    overlay(&g, &s->generation);
    overlay(&g, &p->generation);
    json_obj(o);
    json_out_key(o, "temperature");
    json_out_num(o, g.temperature);
    json_out_key(o, "top_p");
    json_out_num(o, g.top_p);
    json_out_key(o, "max_tokens");
    json_out_int(o, g.max_tokens);
    json_out_key(o, "date");
    json_out_str(o, g.date);
    json_obj_end(o);
}

static void key_str(JsonOut *o, const char *key, Str s) {
    json_out_key(o, key);
    json_out_str(o, s);
}

static void key_int(JsonOut *o, const char *key, int64_t v) {
    json_out_key(o, key);
    json_out_int(o, v);
}

static void tools_json(JsonOut *o, const Plan *p, const Suite *s) {
    static const char *const python[] = {"none", "stateful", "stateless"};
    ToolLimits l = plan_tool_limits(p, s);
    json_obj(o);
    key_str(o, "python", str_from(python[s->tools->python]));
    json_out_key(o, "functions");
    json_arr(o);
    for (size_t i = 0; i < s->tools->n_functions; i++) json_out_str(o, s->tools->functions[i].name);
    json_arr_end(o);
    json_out_key(o, "limits");
    json_obj(o);
    key_int(o, "max_turns", l.max_turns);
    key_int(o, "max_tokens", l.max_tokens);
    key_int(o, "output_bytes", l.output_bytes);
    json_out_key(o, "cpu_limit"), json_out_num(o, l.cpu_seconds);
    json_out_key(o, "wall_limit"), json_out_num(o, l.wall_seconds);
    key_int(o, "memory_mb", l.memory_mb);
    json_obj_end(o);
    json_obj_end(o);
}

static void suite_json(JsonOut *o, const Plan *p, const PlanSuite *ps) {
    const Suite *s = ps->suite;
    json_obj(o);
    key_str(o, "suite", s->id);
    json_out_key(o, "version");
    json_out_int(o, s->version);
    key_str(o, "title", s->title);
    key_str(o, "licence", s->licence);
    key_str(o, "hazard", str_from(suite_hazard_name(s->hazard)));
    key_str(o, "mode", str_from(suite_mode_name(s->mode)));
    key_str(o, "metric", str_from(suite_metric_name(s->metric)));
    key_str(o, "higher_is", s->higher_is_safer ? STR("safer") : STR("better"));
    key_str(o, "suite_sha256", s->sha256);
    key_str(o, "data_sha256", ps->data ? ps->data->sha256 : (Str){0});
    key_str(o, "fewshot_sha256", ps->fewshot ? ps->fewshot->sha256 : (Str){0});
    json_out_key(o, "fewshot");
    json_out_int(o, s->fewshot.count);
    json_out_key(o, "samples");
    json_out_int(o, ps->data ? (int64_t)ps->data->n : 0);
    json_out_key(o, "chosen");
    json_out_int(o, (int64_t)ps->n_chosen);
    json_out_key(o, "generation");
    generation_json(o, p, s);
    if (s->tools) json_out_key(o, "tools"), tools_json(o, p, s);
    json_out_key(o, "scorers");
    json_arr(o);
    for (size_t i = 0; i < s->n_scorers; i++) json_out_str(o, s->scorers[i].name);
    json_arr_end(o);
    json_obj_end(o);
}

/* place: paths of models too, which say where things lay and not what was asked. */
static void plan_json(const Plan *p, bool place, Buf *out) {
    JsonOut o;
    json_out_init(&o, out, 0);
    json_obj(&o);
    key_str(&o, "plan", p->name);
    json_out_key(&o, "seed");
    json_out_u64(&o, p->seed);
    json_out_key(&o, "models");
    json_arr(&o);
    for (size_t i = 0; i < p->n_models; i++) {
        json_obj(&o);
        key_str(&o, "name", p->models[i].name);
        if (place) key_str(&o, "spec", p->models[i].spec);
        /* as absent as it was before there was a choice; it is no part of the questions */
        if (place && !str_eqz(plan_precision(p, i), "exact")) key_str(&o, "precision", plan_precision(p, i));
        json_obj_end(&o);
    }
    json_arr_end(&o);
    json_out_key(&o, "efforts");
    json_arr(&o);
    for (size_t i = 0; i < p->n_efforts; i++) json_out_cstr(&o, effort_name(p->efforts[i]));
    json_arr_end(&o);
    json_out_key(&o, "repeats");
    json_out_int(&o, p->repeats);
    json_out_key(&o, "limit");
    json_out_int(&o, p->limit);
    json_out_key(&o, "suites");
    json_arr(&o);
    for (size_t i = 0; i < p->n_suites; i++) suite_json(&o, p, &p->suites[i]);
    json_arr_end(&o);
    json_obj_end(&o);
}

static bool digest_plan(Plan *p, Arena *a, Err *err) {
    Buf b;
    char hex[65];
    buf_init(&b, (size_t)16 << 20);
    plan_json(p, false, &b);
    if (!b.failed) sha256_of(buf_str(&b), hex);
    bool ok = !b.failed;
    buf_release(&b);
    if (ok) p->sha256 = str_dup(a, (Str){hex, 64});
    return (ok && p->sha256.p) || err_nomem(err);
}

void plan_to_json(const Plan *p, Buf *out) {
    plan_json(p, true, out);
}
