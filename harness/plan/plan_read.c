/* plan.yaml and the command line -> Plan. */
#include "harness/plan/plan.h"
#include "harness/plan/plan_internal.h"

#include <string.h>

#include "engine/base/file.h"
#include "harness/score_line.h"

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

static Str path_from(const char *dir, Str path, Arena *a) {
    char *p = str_cstr(a, path);
    const char *joined = p && strcmp(dir, ".") != 0 ? path_join(a, dir, p) : p;
    return str_from(joined);
}

static Str resolve(Reader *r, const char *dir, Str path) {
    return path_from(dir, path, r->a);
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

/* "DIR", "DIR+lora=DIR+lora=DIR", "replay:DIR"; "openai:…" is no path. */
Str plan_spec_from(const char *dir, Str spec, Arena *a) {
    if (str_starts(spec, STR("openai:"))) return spec;
    Str out = str_sub(spec, 0, str_starts(spec, STR("replay:")) ? 7 : 0);
    spec = str_sub(spec, out.n, spec.n);
    for (size_t n = 1; n;) {
        size_t at = next_part(spec, &n);
        Str path = path_from(dir, str_sub(spec, 0, at), a), mark = str_sub(spec, at, at + n);
        if (!path.p) return (Str){0};
        out = str_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(out), path.p, STR_ARG(mark));
        if (!out.p) return (Str){0};
        spec = str_sub(spec, at + n, spec.n);
    }
    return out;
}

static bool resolve_spec(Reader *r, const char *dir, Str spec, Str *out) {
    return (*out = plan_spec_from(dir, spec, r->a)).p || err_nomem(r->err);
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

static bool set_judge_model(Reader *r, const char *dir, Str spec) {
    if (!spec.n) return err_set(r->err, ERR_INPUT, "the judge's model is empty; expected a path");
    return resolve_spec(r, dir, spec, &r->p->judge.model);
}

static bool read_judge(Reader *r, const YamlNode *root) {
    static const char *const known[] = {"model",     "effort",  "max_tokens",  "temperature", "seed",
                                        "precision", "context", "calibration", NULL};
    YamlNode *n = NULL;
    Str model = {0}, card = {0};
    if (!yaml_want_map(root, "judge", false, &n, r->err)) return false;
    if (!n) return true;
    if (!yaml_check_keys(n, "'judge'", known, r->err) || !judge_settings_read(n, &r->p->judge, r->err) ||
        !yaml_want_str(n, "model", false, &model, r->err) || !yaml_want_str(n, "calibration", false, &card, r->err))
        return false;
    if (model.p && !set_judge_model(r, yaml_get(n, "model")->doc->dir, model)) return false;
    if (!card.p) return true;
    r->p->judge.calibration = resolve(r, yaml_get(n, "calibration")->doc->dir, card);
    return r->p->judge.calibration.p || err_nomem(r->err);
}

/* `seal: required`, or a map. Keys of several plans add up. */
static bool read_seal(Reader *r, const YamlNode *root) {
    static const char *const known[] = {"to", "required", NULL};
    Plan *p = r->p;
    YamlNode *n = yaml_get(root, "seal"), *list = NULL;
    bool required = false;
    if (!n || n->kind == YKIND_NULL) return true;
    if (n->kind == YKIND_STR && str_eqz(n->text, "required")) return p->seal_required = true;
    if (n->kind != YKIND_MAP)
        return yaml_fail(n, r->err,
                         "'seal' must be `required`, or a map with 'to' (files of public keys) and 'required'");
    if (!yaml_check_keys(n, "'seal'", known, r->err) || !yaml_want_bool(n, "required", false, &required, r->err) ||
        !yaml_want_seq(n, "to", false, &list, r->err))
        return false;
    p->seal_required = p->seal_required || required;
    const char **to = arena_array(r->a, p->n_seal_to + (list ? list->n : 0) + 1, sizeof *to);
    if (!to) return err_nomem(r->err);
    for (size_t i = 0; i < p->n_seal_to; i++) to[i] = p->seal_to[i];
    p->seal_to = to;
    for (size_t i = 0; list && i < list->n; i++) {
        const YamlNode *e = list->items[i];
        if (e->kind != YKIND_STR || !e->text.n) return yaml_fail(e, r->err, "a key is named by its file, NAME.pub");
        if (!(to[p->n_seal_to++] = resolve(r, e->doc->dir, e->text).p)) return err_nomem(r->err);
    }
    return true;
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
        !suite_read_generation(root, &p->generation, r->err) || !read_tools(r, root) || !read_judge(r, root) ||
        !read_seal(r, root) || !suite_read_transforms(root, r->a, &p->transforms, &p->n_transforms, r->err) ||
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

static const char *const plan_keys[] = {"plan",       "seed",    "models", "suites",     "efforts", "repeats", "limit",
                                        "generation", "threads", "batch",  "context",    "device",  "out",     "data",
                                        "precision",  "tools",   "judge",  "transforms", "seal",    NULL};

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
    if (o->judge && !set_judge_model(r, ".", str_from(o->judge))) return err_wrap(r->err, "--judge");
    if (o->calibration) p->judge.calibration = str_from(o->calibration);
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
    p->judge = (JudgeSettings)JUDGE_SETTINGS_DEFAULT;
    p->efforts[0] = EFFORT_MEDIUM;
    p->n_efforts = 1;
    for (size_t i = 0; i < n_paths; i++)
        if (!read_file(r, paths[i])) return false;
    if (o && !apply_overrides(r, o)) return false;
    if (!load_suites(r) || !check_complete(r) || !plan_resolve_transforms(p, a, err)) return false;
    *out = p;
    return true;
}
