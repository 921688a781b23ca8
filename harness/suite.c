/* suite.yaml -> Suite. Each section of the file has its reader; suites/SCHEMA.md documents the same keys in the same
 * order. */
#include "harness/suite.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/file.h"
#include "engine/base/hash.h"
#include "harness/score_line.h"

static const char *const FORMATS[] = {"jsonl", "csv", "mmlu", NULL};
static const char *const MODES[] = {"generate", "loglikelihood", NULL};
static const char *const HAZARDS[] = {"none", "sealed", NULL};
static const char *const METRICS[] = {"accuracy", "safe_rate", NULL};

const char *suite_mode_name(SuiteMode m) {
    return MODES[m];
}
const char *suite_hazard_name(SuiteHazard h) {
    return HAZARDS[h];
}
const char *suite_metric_name(SuiteMetric m) {
    return METRICS[m];
}

typedef struct Reader {
    Suite *s;
    Arena *a;
    const char *data_dir; /* NULL: the user named none */
    Err *err;
} Reader;

/* ---- pieces ---- */

static bool want_template(Reader *r, const YamlNode *map, const char *key, const char *what, bool required,
                          const Template **out) {
    Str src = {0};
    Template *t;
    YamlNode *at = yaml_get(map, key);
    if (!yaml_want_str(map, key, required, &src, r->err)) return false;
    if (!src.p) return true;
    if (!template_parse(src, what, r->a, &t, r->err))
        return err_wrap(r->err, "%s line %d column %d", at->doc->name, at->line, at->col);
    *out = t;
    return true;
}

static bool default_template(Reader *r, const char *src, const char *what, const Template **out) {
    Template *t;
    if (*out) return true;
    if (!template_parse(str_from(src), what, r->a, &t, r->err)) return false;
    *out = t;
    return true;
}

/* Folders are names, not patterns: what glob would read in them is escaped. */
static void add_escaped(Buf *b, const char *s) {
    for (; *s; s++) {
        if (strchr("*?[]\\", *s)) buf_addc(b, '\\');
        buf_addc(b, *s);
    }
}

/* "$data/x" -> DATA_DIR/x; "x" -> folder of the suite /x; absolute paths stay. */
static bool resolve_path(Reader *r, const YamlNode *n, const char **out) {
    Str p = n->text;
    if (n->kind != YKIND_STR || !p.n) return yaml_fail(n, r->err, "'path' must be a path or a list of paths");
    bool data = str_eqz(p, "$data") || str_starts(p, STR("$data/"));
    if (data && !r->data_dir)
        return yaml_fail(
            n, r->err,
            "this suite reads files that you have: name their folder with --set data=DIR, or `data:` in the plan");
    if (p.n > PATH_MAX) return yaml_fail(n, r->err, "the path is too long");
    Buf b;
    buf_init(&b, (size_t)1 << 20);
    if (data) {
        add_escaped(&b, r->data_dir);
        p = str_sub(p, 5, p.n);
    } else if (p.p[0] != '/') {
        add_escaped(&b, r->s->dir);
        buf_addc(&b, '/');
    }
    buf_addstr(&b, p);
    *out = b.failed ? NULL : arena_strdup(r->a, b.p);
    buf_release(&b);
    return *out || err_nomem(r->err);
}

static bool read_paths(Reader *r, const YamlNode *map, DatasetSpec *d) {
    YamlNode *n = yaml_get(map, "path");
    if (!n) return yaml_fail(map, r->err, "missing key 'path'");
    size_t count = n->kind == YKIND_SEQ ? n->n : 1;
    if (!count) return yaml_fail(n, r->err, "'path' is an empty list");
    const char **paths = arena_array(r->a, count, sizeof *paths);
    if (!paths) return err_nomem(r->err);
    for (size_t i = 0; i < count; i++)
        if (!resolve_path(r, n->kind == YKIND_SEQ ? n->items[i] : n, &paths[i])) return false;
    d->paths = paths;
    d->n_paths = count;
    return true;
}

static bool read_format(Reader *r, const YamlNode *map, DatasetSpec *d) {
    int format = -1;
    if (!yaml_want_enum(map, "format", false, FORMATS, &format, r->err)) return false;
    if (format < 0) {
        Str p = str_from(d->paths[0]);
        format = str_ends(p, STR(".jsonl")) ? DATASET_JSONL : str_ends(p, STR(".csv")) ? DATASET_CSV : -1;
    }
    if (format < 0)
        return yaml_fail(map, r->err, "missing key 'format' (jsonl, csv or mmlu); the file's name does not tell it");
    d->format = (DatasetFormat)format;
    return true;
}

static bool read_digest(Reader *r, const YamlNode *map, DatasetSpec *d) {
    if (!yaml_want_str(map, "sha256", false, &d->sha256, r->err)) return false;
    if (d->sha256.p && (d->sha256.n != 64 || strspn(d->sha256.p, "0123456789abcdef") != 64))
        return yaml_fail(yaml_get(map, "sha256"), r->err, "'sha256' must be 64 lower-case hexadecimal digits");
    return true;
}

/* ---- dataset ---- */

static bool read_meta(Reader *r, const YamlNode *fields, DatasetSpec *d) {
    YamlNode *map = NULL;
    if (!yaml_want_map(fields, "meta", false, &map, r->err)) return false;
    if (!map) return true;
    struct DatasetMeta *m = arena_array(r->a, map->n, sizeof *m);
    if (!m) return err_nomem(r->err);
    for (size_t i = 0; i < map->n; i++) {
        m[i].key = map->keys[i].text;
        if (!want_template(r, map, m[i].key.p, "dataset.fields.meta", true, &m[i].value)) return false;
    }
    d->meta = m;
    d->n_meta = map->n;
    return true;
}

static bool read_fields(Reader *r, const YamlNode *map, DatasetSpec *d) {
    static const char *const known[] = {"id", "target", "choices", "group", "cluster", "tools", "meta", NULL};
    YamlNode *f = NULL;
    if (!yaml_want_map(map, "fields", false, &f, r->err)) return false;
    if (f && !(yaml_check_keys(f, "'fields'", known, r->err) && want_template(r, f, "id", "fields.id", false, &d->id) &&
               want_template(r, f, "target", "fields.target", false, &d->target) &&
               want_template(r, f, "choices", "fields.choices", false, &d->choices) &&
               want_template(r, f, "group", "fields.group", false, &d->group) &&
               want_template(r, f, "cluster", "fields.cluster", false, &d->cluster) &&
               want_template(r, f, "tools", "fields.tools", false, &d->tools) && read_meta(r, f, d)))
        return false;
    bool mmlu = d->format == DATASET_MMLU;
    if (!d->few_shot && !default_template(r, mmlu ? "{{ subject_id }}-{{ number }}" : "id", "fields.id", &d->id))
        return false;
    return !mmlu || (default_template(r, "answer", "fields.target", &d->target) &&
                     default_template(r, "choices", "fields.choices", &d->choices) &&
                     default_template(r, "subject", "fields.group", &d->group));
}

static bool read_dataset(Reader *r, const YamlNode *map, DatasetSpec *d) {
    return read_paths(r, map, d) && read_format(r, map, d) && read_digest(r, map, d) && read_fields(r, map, d);
}

static bool read_columns(Reader *r, const YamlNode *map, DatasetSpec *d) {
    YamlNode *list = NULL;
    if (!yaml_want_seq(map, "columns", false, &list, r->err)) return false;
    if (!list) return true;
    Str *columns = arena_array(r->a, list->n, sizeof *columns);
    if (!columns) return err_nomem(r->err);
    for (size_t i = 0; i < list->n; i++) {
        if (list->items[i]->kind != YKIND_STR) return yaml_fail(list->items[i], r->err, "a column's name must be text");
        columns[i] = list->items[i]->text;
    }
    d->columns = columns;
    d->n_columns = list->n;
    return true;
}

static bool read_dataset_section(Reader *r, const YamlNode *root) {
    static const char *const known[] = {"path", "format", "sha256", "fields", "columns", NULL};
    YamlNode *map = NULL;
    r->s->dataset.canary = r->s->canary;
    return yaml_want_map(root, "dataset", true, &map, r->err) && yaml_check_keys(map, "'dataset'", known, r->err) &&
           read_dataset(r, map, &r->s->dataset) && read_columns(r, map, &r->s->dataset);
}

/* ---- prompt, prefill, few-shot ---- */

static bool read_prompt(Reader *r, const YamlNode *root) {
    static const char *const known[] = {"developer", "user", NULL};
    YamlNode *n = yaml_get(root, "prompt");
    if (n && n->kind == YKIND_STR) return want_template(r, root, "prompt", "prompt", true, &r->s->user);
    return yaml_want_map(root, "prompt", true, &n, r->err) && yaml_check_keys(n, "'prompt'", known, r->err) &&
           want_template(r, n, "developer", "prompt.developer", false, &r->s->developer) &&
           want_template(r, n, "user", "prompt.user", true, &r->s->user);
}

static bool read_prefill(Reader *r, const YamlNode *root) {
    static const char *const known[] = {"channel", "text", NULL}, *const channels[] = {"analysis", "final", NULL};
    YamlNode *n = NULL;
    Suite *s = r->s;
    int channel = 1;
    if (!yaml_want_map(root, "prefill", false, &n, r->err)) return false;
    if (!n && s->mode == SUITE_LOGLIKELIHOOD) s->prefill_channel = STR("final");
    if (!n) return true;
    if (!yaml_check_keys(n, "'prefill'", known, r->err) ||
        !yaml_want_enum(n, "channel", false, channels, &channel, r->err) ||
        !want_template(r, n, "text", "prefill.text", false, &s->prefill_text))
        return false;
    s->prefill_channel = str_from(channels[channel]);
    if (s->prefill_text) s->prefill_text_source = template_source(s->prefill_text);
    return true;
}

static bool read_fewshot(Reader *r, const YamlNode *root) {
    static const char *const known[] = {"count",  "per_group", "as",   "path",      "format",
                                        "sha256", "fields",    "user", "assistant", NULL};
    static const char *const forms[] = {"turns", "variable", NULL};
    SuiteFewshot *f = &r->s->fewshot;
    YamlNode *n = NULL;
    int64_t count = 0;
    int form = 0;
    if (!yaml_want_map(root, "fewshot", false, &n, r->err)) return false;
    if (!n) return true;
    if (!yaml_check_keys(n, "'fewshot'", known, r->err) || !yaml_want_int(n, "count", true, 0, 1000, &count, r->err) ||
        !yaml_want_bool(n, "per_group", false, &f->per_group, r->err) ||
        !yaml_want_enum(n, "as", false, forms, &form, r->err))
        return false;
    f->count = (int)count;
    f->as_turns = form == 0;
    f->data.few_shot = true;
    if (!count) return true;
    if (!f->as_turns && (yaml_get(n, "user") || yaml_get(n, "assistant")))
        return yaml_fail(
            n, r->err,
            "'user' and 'assistant' are for 'as: turns'; with 'as: variable' prompt.user writes the examples");
    if (!read_dataset(r, n, &f->data) || !want_template(r, n, "user", "fewshot.user", false, &f->user) ||
        !want_template(r, n, "assistant", "fewshot.assistant", false, &f->assistant))
        return false;
    if (f->data.tools)
        return yaml_fail(yaml_get(yaml_get(n, "fields"), "tools"), r->err,
                         "'tools' is for dataset.fields: examples give the model none");
    if (f->per_group && !f->data.group) f->data.group = r->s->dataset.group;
    if (f->per_group && !f->data.group)
        return yaml_fail(n, r->err, "'per_group' needs 'group' in dataset.fields or fewshot.fields");
    if (!f->data.target) f->data.target = r->s->dataset.target;
    if (!f->data.choices) f->data.choices = r->s->dataset.choices;
    if (!f->user) f->user = r->s->user;
    return default_template(r, "{{ sample.target }}", "fewshot.assistant", &f->assistant);
}

/* ---- generation, scorers ---- */

static bool check_date(const YamlNode *map, Str d, Err *err) {
    bool ok = d.n == 10 && d.p[4] == '-' && d.p[7] == '-';
    for (size_t i = 0; ok && i < 10; i++) ok = i == 4 || i == 7 || (d.p[i] >= '0' && d.p[i] <= '9');
    return ok || yaml_fail(yaml_get(map, "date"), err, "'date' must look like \"2025-06-30\"");
}

bool suite_read_generation(const YamlNode *root, SuiteGeneration *g, Err *err) {
    static const char *const known[] = {"temperature", "top_p", "max_tokens", "date", NULL};
    YamlNode *n = NULL;
    int64_t max = 0;
    if (!yaml_want_map(root, "generation", false, &n, err)) return false;
    if (!n) return true;
    if (!yaml_check_keys(n, "'generation'", known, err)) return false;
    if (!yaml_want_num(n, "temperature", false, 0, 100, &g->temperature, err)) return false;
    if (!yaml_want_num(n, "top_p", false, 1e-6, 1, &g->top_p, err)) return false;
    if (!yaml_want_int(n, "max_tokens", false, 1, 1 << 20, &max, err)) return false;
    if (!yaml_want_str(n, "date", false, &g->date, err)) return false;
    if (g->date.p && !check_date(n, g->date, err)) return false;
    g->has_temperature |= yaml_get(n, "temperature") != NULL;
    g->has_top_p |= yaml_get(n, "top_p") != NULL;
    g->has_date |= g->date.p != NULL;
    if (max) {
        g->max_tokens = (int)max;
        g->has_max_tokens = true;
    }
    return true;
}

static Str add_digest(Arena *a, Str list, Str digest) {
    return str_printf(a, STR_FMT STR_FMT, STR_ARG(list), STR_ARG(digest));
}

bool suite_read_transforms(const YamlNode *root, Arena *a, const TransformChain **out, size_t *n, Err *err) {
    YamlNode *list = NULL;
    if (!yaml_want_seq(root, "transforms", false, &list, err)) return false;
    if (!list) return true;
    if (!list->n) return yaml_fail(list, err, "'transforms' is empty; [plain] asks the samples as they are");
    TransformChain *v = arena_array(a, list->n, sizeof *v);
    if (!v) return err_nomem(err);
    for (size_t i = 0; i < list->n; i++) {
        const YamlNode *item = list->items[i];
        if (item->kind != YKIND_STR) return yaml_fail(item, err, "a transform is named by its id, or two as a+b");
        if (!transform_parse(item->text, &v[i], err))
            return err_wrap(err, "%s line %d column %d", item->doc->name, item->line, item->col);
        for (size_t k = 0; k < i; k++)
            if (str_eq(v[k].name, v[i].name))
                return yaml_fail(item, err, "transform '" STR_FMT "' is named twice", STR_ARG(v[i].name));
    }
    *out = v;
    *n = list->n;
    return true;
}

static bool read_options(Reader *r, const YamlNode *entry, SuiteScorer *sc) {
    YamlNode *map = NULL;
    if (!yaml_want_map(entry, "options", false, &map, r->err)) return false;
    if (!map) return true;
    ScorerKV *kv = arena_array(r->a, map->n, sizeof *kv);
    if (!kv) return err_nomem(r->err);
    for (size_t i = 0; i < map->n; i++) {
        Str text, digest;
        if (!scorer_option_read(map->items[i], r->s->dir, r->a, &text, &digest, r->err)) return false;
        if (digest.p) sc->files_digest = add_digest(r->a, sc->files_digest, digest);
        if (digest.p && !sc->files_digest.p) return err_nomem(r->err);
        kv[i] = (ScorerKV){{map->keys[i].text.p, map->keys[i].text.n}, {text.p, text.n}};
    }
    sc->options = kv;
    sc->n_options = map->n;
    return true;
}

static bool read_scorer(Reader *r, const YamlNode *entry, SuiteScorer *sc) {
    static const char *const known[] = {"scorer", "name", "options", NULL};
    sc->line = entry->line;
    sc->col = entry->col;
    if (entry->kind == YKIND_STR) {
        sc->scorer = sc->name = entry->text;
        return true;
    }
    if (!yaml_check_keys(entry, "an entry of 'scorers'", known, r->err) ||
        !yaml_want_str(entry, "scorer", true, &sc->scorer, r->err))
        return false;
    sc->name = sc->scorer;
    return yaml_want_str(entry, "name", false, &sc->name, r->err) && read_options(r, entry, sc);
}

static bool read_scorers(Reader *r, const YamlNode *root) {
    YamlNode *list = NULL;
    if (!yaml_want_seq(root, "scorers", true, &list, r->err)) return false;
    if (!list->n) return yaml_fail(list, r->err, "'scorers' is empty; a suite needs at least one");
    SuiteScorer *sc = arena_array(r->a, list->n, sizeof *sc);
    if (!sc) return err_nomem(r->err);
    for (size_t i = 0; i < list->n; i++) {
        if (!read_scorer(r, list->items[i], &sc[i])) return false;
        if (!sc[i].name.n) return yaml_fail(list->items[i], r->err, "a scorer without a name");
        for (size_t k = 0; k < i; k++)
            if (str_eq(sc[k].name, sc[i].name))
                return yaml_fail(list->items[i], r->err, "two scorers are named '" STR_FMT "'; give one a 'name'",
                                 STR_ARG(sc[i].name));
    }
    r->s->scorers = sc;
    r->s->n_scorers = list->n;
    return true;
}

/* ---- head ---- */

/* "demo/choice" must be how the path of the folder ends, so that an id leads to its files. */
static bool check_id(Reader *r, const YamlNode *root) {
    Suite *s = r->s;
    const YamlNode *n = yaml_get(root, "suite");
    char real[PATH_MAX];
    for (size_t i = 0; i < s->id.n; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./", s->id.p[i]) || !s->id.p[i])
            return yaml_fail(n, r->err, "'suite' may hold letters, digits, '-', '_', '.' and '/' only");
    if (!s->id.n || s->id.n > 100) return yaml_fail(n, r->err, "'suite' must have 1 to 100 characters");
    if (!realpath(s->dir, real)) return true; /* a folder that cannot be named cannot disagree */
    Str dir = str_from(real);
    bool ends = str_ends(dir, s->id) && (dir.n == s->id.n || s->id.p[0] == '/' || dir.p[dir.n - s->id.n - 1] == '/');
    return ends || yaml_fail(n, r->err, "'suite' is '" STR_FMT "', but the folder is %.200s; they must end alike",
                             STR_ARG(s->id), real);
}

static bool read_head(Reader *r, const YamlNode *root) {
    Suite *s = r->s;
    int64_t version = 0;
    int hazard = 0, mode = 0, metric = 0;
    static const char *const directions[] = {"better", "safer", NULL};
    if (!yaml_want_str(root, "suite", true, &s->id, r->err) || !check_id(r, root) ||
        !yaml_want_int(root, "version", true, 1, 1000000, &version, r->err) ||
        !yaml_want_str(root, "title", true, &s->title, r->err) ||
        !yaml_want_str(root, "description", false, &s->description, r->err) ||
        !yaml_want_str(root, "licence", false, &s->licence, r->err) ||
        !yaml_want_str(root, "canary", false, &s->canary, r->err) ||
        !yaml_want_enum(root, "hazard", false, HAZARDS, &hazard, r->err) ||
        !yaml_want_enum(root, "mode", false, MODES, &mode, r->err) ||
        !yaml_want_enum(root, "metric", false, METRICS, &metric, r->err))
        return false;
    int direction = metric == METRIC_SAFE_RATE;
    if (!yaml_want_enum(root, "higher_is", false, directions, &direction, r->err)) return false;
    s->version = (int)version;
    s->hazard = (SuiteHazard)hazard;
    s->mode = (SuiteMode)mode;
    s->metric = (SuiteMetric)metric;
    s->higher_is_safer = direction == 1;
    return true;
}

static bool read_choices_as(Reader *r, const YamlNode *root) {
    YamlNode *n = yaml_get(root, "choices_as");
    if (r->s->mode == SUITE_GENERATE) return !n || yaml_fail(n, r->err, "'choices_as' is for 'mode: loglikelihood'");
    if (!r->s->dataset.choices)
        return yaml_fail(root, r->err, "'mode: loglikelihood' needs 'choices' in dataset.fields");
    return want_template(r, root, "choices_as", "choices_as", false, &r->s->choices_as) &&
           default_template(r, "{{ letter }}", "choices_as", &r->s->choices_as);
}

bool suite_is_suite(const YamlNode *root) {
    return yaml_get(root, "suite") != NULL;
}

/* ---- tools ---- */

static bool read_tools(Reader *r, const YamlNode *root) {
    Suite *s = r->s;
    YamlNode *n = yaml_get(root, "tools");
    if (!tools_read(root, s->dir, r->a, &s->tools, r->err)) return false;
    if (!s->tools)
        return !s->dataset.tools || yaml_fail(yaml_get(yaml_get(yaml_get(root, "dataset"), "fields"), "tools"), r->err,
                                              "dataset.fields names 'tools', but the suite has no section 'tools'");
    s->dataset.tool_names = s->tools->names;
    s->dataset.n_tool_names = s->tools->n_names;
    if (s->mode == SUITE_LOGLIKELIHOOD)
        return yaml_fail(n, r->err, "'tools' needs 'mode: generate'; nothing is sampled for log-likelihood");
    if (s->prefill_channel.p)
        return yaml_fail(n, r->err,
                         "'tools' and 'prefill' do not go together: a turn that is begun for the model cannot "
                         "be carried on exactly");
    return true;
}

/* The digest of suite.yaml becomes one of all files that say what is asked. */
static bool digest_files(Suite *s, Arena *a, Err *err) {
    char hex[65];
    unsigned char digest[32];
    Sha256 h;
    size_t n = s->tools ? s->tools->n_files : 0, n_all = n;
    for (size_t i = 0; i < s->n_scorers; i++) n_all += s->scorers[i].files_digest.n / 64;
    if (!n_all) return true;
    sha256_init(&h);
    sha256_add(&h, s->sha256.p, s->sha256.n);
    for (size_t i = 0; i < s->n_scorers; i++)
        sha256_add(&h, s->scorers[i].files_digest.p, s->scorers[i].files_digest.n);
    for (size_t i = 0; i < n; i++) sha256_add(&h, s->tools->file_digests[i].p, s->tools->file_digests[i].n);
    sha256_end(&h, digest);
    sha256_hex(digest, hex);
    s->sha256 = str_dup(a, (Str){hex, 64});
    return s->sha256.p || err_nomem(err);
}

static bool read_suite(Reader *r, const YamlNode *root) {
    static const char *const known[] = {"suite",   "version",    "title",   "description", "licence",
                                        "canary",  "hazard",     "dataset", "prompt",      "prefill",
                                        "fewshot", "generation", "mode",    "choices_as",  "scorers",
                                        "metric",  "higher_is",  "tools",   "transforms",  NULL};
    return yaml_check_keys(root, "a suite", known, r->err) && read_head(r, root) && read_dataset_section(r, root) &&
           read_prompt(r, root) && read_prefill(r, root) && read_fewshot(r, root) &&
           suite_read_generation(root, &r->s->generation, r->err) &&
           suite_read_transforms(root, r->a, &r->s->transforms, &r->s->n_transforms, r->err) &&
           read_choices_as(r, root) && read_tools(r, root) && read_scorers(r, root);
}

bool suite_load(const char *path, const char *data_dir, Arena *a, Suite **out, Err *err) {
    YamlNode *root;
    Str bytes;
    char hex[65];
    *out = NULL;
    Suite *s = arena_alloc(a, sizeof *s);
    if (!s) return err_nomem(err);
    s->path = file_is_dir(path) ? path_join(a, path, "suite.yaml") : arena_strdup(a, path);
    s->dir = s->path ? path_dirname(a, s->path) : NULL;
    if (!s->dir) return err_nomem(err);
    if (!yaml_load(s->path, a, &root, &bytes, err)) return false;
    sha256_of(bytes, hex);
    s->sha256 = str_dup(a, (Str){hex, 64});
    if (!s->sha256.p) return err_nomem(err);
    Reader r = {.s = s, .a = a, .data_dir = data_dir, .err = err};
    if (!read_suite(&r, root) || !digest_files(s, a, err)) return false;
    *out = s;
    return true;
}

bool suite_open_data(const Suite *s, Arena *a, Dataset **samples, Dataset **fewshot, Err *err) {
    *samples = *fewshot = NULL;
    if (!dataset_load(&s->dataset, a, samples, err)) return err_wrap(err, "suite " STR_FMT, STR_ARG(s->id));
    if (s->fewshot.count && !dataset_load(&s->fewshot.data, a, fewshot, err))
        return err_wrap(err, "suite " STR_FMT ": few-shot examples", STR_ARG(s->id));
    return true;
}
