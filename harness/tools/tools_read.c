#include "harness/tools/tools.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/file.h"
#include "engine/base/hash.h"

#define PROGRAM_MAX ((size_t)1 << 20)

typedef struct Reader {
    SuiteTools *t;
    const char *dir;
    Arena *a;
    Err *err;
} Reader;

/* Where a key stands, for errors about it. */
static YamlNode key_at(const YamlNode *map, size_t i) {
    return (YamlNode){.doc = map->doc, .line = map->keys[i].line, .col = map->keys[i].col};
}

/* ---- words that one might guess ---- */

/* `known` words with others that people take for them: a better hint than the nearest spelling. */
static bool check_guesses(const YamlNode *map, const char *const (*guesses)[2], Err *err) {
    for (size_t i = 0; map->kind == YKIND_MAP && i < map->n; i++)
        for (size_t k = 0; guesses[k][0]; k++) {
            if (!str_eqz(map->keys[i].text, guesses[k][0])) continue;
            const YamlNode at = key_at(map, i);
            return yaml_fail(&at, err, "unknown key '%s'; here it is called '%s'", guesses[k][0], guesses[k][1]);
        }
    return true;
}

/* ---- answers that stand in the suite ---- */

static bool error_text(Reader *r, Str text, Str *out) {
    Buf b;
    buf_init(&b, YAML_MAX_BYTES * 8);
    buf_adds(&b, "error: ");
    buf_addstr(&b, text);
    *out = b.failed ? (Str){0} : str_dup(r->a, buf_str(&b));
    buf_release(&b);
    return out->p || err_nomem(r->err);
}

/* A text stands for itself, all else for its JSON. */
static bool answer_text(Reader *r, const YamlNode *n, Str *out) {
    if (n->kind == YKIND_STR) return *out = n->text, true;
    Buf b;
    buf_init(&b, YAML_MAX_BYTES * 8);
    yaml_to_json(n, &b);
    *out = b.failed ? (Str){0} : str_dup(r->a, buf_str(&b));
    buf_release(&b);
    return out->p || err_nomem(r->err);
}

/* `answer` or `error` of a map, one of them. */
static bool read_said(Reader *r, const YamlNode *map, const char *what, Str *out) {
    YamlNode *answer = yaml_get(map, "answer"), *error = yaml_get(map, "error");
    if (!answer == !error)
        return yaml_fail(map, r->err,
                         "%s needs one of 'answer' (a text, or anything that becomes JSON) and 'error' (a "
                         "text)",
                         what);
    if (answer) return answer_text(r, answer, out);
    if (error->kind != YKIND_STR) return yaml_fail(error, r->err, "'error' must be text");
    return error_text(r, error->text, out);
}

static const char *const k_row_guesses[][2] = {
    {"args", "arguments"},  {"when", "arguments"}, {"input", "arguments"},  {"inputs", "arguments"},
    {"match", "arguments"}, {"if", "arguments"},   {"params", "arguments"}, {"parameters", "arguments"},
    {"result", "answer"},   {"returns", "answer"}, {"return", "answer"},    {"response", "answer"},
    {"output", "answer"},   {"value", "answer"},   {"then", "answer"},      {NULL, NULL}};

static bool read_row_arguments(Reader *r, const ToolFunction *f, const YamlNode *map, Value *out) {
    Str why = {0};
    for (size_t i = 0; i < map->n; i++) {
        const Schema *s = f->parameters ? schema_property(f->parameters, map->keys[i].text) : NULL;
        const YamlNode at = key_at(map, i);
        Value v;
        if (!s) {
            const char *near = f->parameters ? yaml_nearest(map->keys[i].text, schema_names(f->parameters)) : NULL;
            return yaml_fail(&at, r->err, "function '" STR_FMT "' has no parameter '" STR_FMT "'%s%s%s",
                             STR_ARG(f->name), STR_ARG(str_sub(map->keys[i].text, 0, 60)),
                             near ? "; did you mean '" : "", near ? near : "", near ? "'" : "");
        }
        if (!schema_value(map->items[i], r->a, &v, r->err)) return false;
        if (!schema_check(s, &v, "this value", r->a, &why))
            return yaml_fail(map->items[i], r->err, "no call could have this value for '" STR_FMT "': " STR_FMT,
                             STR_ARG(str_sub(map->keys[i].text, 0, 60)), STR_ARG(why));
    }
    return schema_value(map, r->a, out, r->err);
}

static bool read_row(Reader *r, const ToolFunction *f, const YamlNode *n, ToolRow *row) {
    static const char *const known[] = {"arguments", "answer", "error", NULL};
    YamlNode *map = NULL;
    return check_guesses(n, k_row_guesses, r->err) && yaml_check_keys(n, "a row of 'table'", known, r->err) &&
           yaml_want_map(n, "arguments", true, &map, r->err) && read_row_arguments(r, f, map, &row->arguments) &&
           read_said(r, n, "a row of 'table'", &row->text);
}

static bool read_otherwise(Reader *r, const YamlNode *n, ToolFunction *f) {
    static const char *const known[] = {"answer", "error", NULL};
    YamlNode *o = yaml_get(n, "otherwise");
    f->otherwise = STR("error: there is no answer for these arguments");
    if (!o) return true;
    if (o->kind != YKIND_MAP) return answer_text(r, o, &f->otherwise);
    return check_guesses(o, k_row_guesses, r->err) && yaml_check_keys(o, "'otherwise'", known, r->err) &&
           read_said(r, o, "'otherwise'", &f->otherwise);
}

static bool read_table(Reader *r, const YamlNode *n, ToolFunction *f) {
    YamlNode *table = yaml_get(n, "table");
    if (table->kind != YKIND_SEQ)
        return yaml_fail(table, r->err,
                         "'table' must be a list of rows like {arguments: {city: Paris}, answer: sunny}, not %s",
                         yaml_kind_name(table->kind));
    ToolRow *rows = arena_array(r->a, table->n + 1, sizeof *rows);
    if (!rows) return err_nomem(r->err);
    for (size_t i = 0; i < table->n; i++)
        if (!read_row(r, f, table->items[i], &rows[i])) return false;
    f->kind = TOOL_TABLE;
    f->rows = rows;
    f->n_rows = table->n;
    return read_otherwise(r, n, f);
}

/* ---- answers that are computed ---- */

/* What templates see beside the arguments: a parameter of that name would be the sample's row instead, with its answer.
 */
static bool check_not_taken(Reader *r, const YamlNode *n) {
    static const char *const taken[] = {"arguments", "row", "sample", NULL};
    const YamlNode *props = yaml_get(yaml_get(n, "parameters"), "properties");
    for (size_t i = 0; props && props->kind == YKIND_MAP && i < props->n; i++)
        for (size_t k = 0; taken[k]; k++) {
            if (!str_eqz(props->keys[i].text, taken[k])) continue;
            const YamlNode at = key_at(props, i);
            return yaml_fail(&at, r->err,
                             "in a template '%s' is not the argument (SCHEMA.md, 'tools'); give the parameter another "
                             "name",
                             taken[k]);
        }
    return true;
}

static bool read_template(Reader *r, const YamlNode *n, ToolFunction *f) {
    Str src = {0};
    Template *t;
    YamlNode *at = yaml_get(n, "template");
    if (!yaml_want_str(n, "template", true, &src, r->err) || !check_not_taken(r, n)) return false;
    if (!template_parse(src, "template", r->a, &t, r->err))
        return err_wrap(r->err, "%s line %d column %d", at->doc->name, at->line, at->col);
    f->kind = TOOL_TEMPLATE;
    f->template = t;
    return true;
}

static bool read_file(Reader *r, const YamlNode *at, Str name, Str *out) {
    char hex[65];
    Buf bytes;
    Err why = ERR_INIT;
    char *file = str_cstr(r->a, name);
    const char *path = file && name.n && name.p[0] == '/' ? file : file ? path_join(r->a, r->dir, file) : NULL;
    if (!path) return err_nomem(r->err);
    buf_init(&bytes, PROGRAM_MAX);
    if (!file_read(path, &bytes, &why)) {
        buf_release(&bytes);
        return why.code == ERR_MEMORY ? err_nomem(r->err)
                                      : yaml_fail(at, r->err, "the program's file cannot be read: %s", why.msg);
    }
    *out = str_dup(r->a, bytes.n ? buf_str(&bytes) : STR(""));
    buf_release(&bytes);
    if (!out->p) return err_nomem(r->err);
    sha256_of(*out, hex);
    Str *v = arena_array(r->a, r->t->n_files + 1, sizeof *v), digest = str_dup(r->a, (Str){hex, 64});
    if (!v || !digest.p) return err_nomem(r->err);
    if (r->t->n_files) memcpy(v, r->t->file_digests, r->t->n_files * sizeof *v);
    v[r->t->n_files++] = digest;
    r->t->file_digests = v;
    return true;
}

/* One line that ends in .py is a file beside the suite; all else is the source. */
static bool read_program(Reader *r, const YamlNode *n, ToolFunction *f) {
    YamlNode *at = yaml_get(n, "program");
    f->kind = TOOL_PROGRAM;
    if (!yaml_want_str(n, "program", true, &f->program, r->err)) return false;
    Str line = str_trim(f->program);
    if (str_ends(line, STR(".py")) && str_find(line, STR("\n"), 0) == SIZE_MAX)
        return read_file(r, at, line, &f->program);
    if (!line.n) return yaml_fail(at, r->err, "'program' is empty");
    if (f->program.n > PROGRAM_MAX) return yaml_fail(at, r->err, "'program' is longer than 1 MiB");
    return true;
}

static bool read_answer(Reader *r, const YamlNode *n, ToolFunction *f) {
    YamlNode *table = yaml_get(n, "table"), *template = yaml_get(n, "template"), *program = yaml_get(n, "program");
    int count = (table != NULL) + (template != NULL) + (program != NULL);
    if (count != 1)
        return yaml_fail(n, r->err,
                         "function '" STR_FMT "' needs one of 'table', 'template' and 'program', which says "
                         "how it is answered",
                         STR_ARG(f->name));
    if (!table && yaml_get(n, "otherwise"))
        return yaml_fail(yaml_get(n, "otherwise"), r->err, "'otherwise' is for 'table'");
    return table ? read_table(r, n, f) : template ? read_template(r, n, f) : read_program(r, n, f);
}

/* ---- functions ---- */

static bool check_name(Reader *r, const YamlNode *n, Str name) {
    static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_", rest[] = "0123456789-";
    bool ok = name.n > 0 && name.n <= 64;
    if (str_eqz(name, "python"))
        return yaml_fail(yaml_get(n, "name"), r->err, "'python' is harmony's own tool; give the function another name");
    for (size_t i = 0; ok && i < name.n; i++)
        ok = name.p[i] && (strchr(first, name.p[i]) || (i && strchr(rest, name.p[i])));
    return ok || yaml_fail(yaml_get(n, "name"), r->err,
                           "a function's name has 1 to 64 letters, digits, '_' and '-', and begins with a letter or "
                           "'_'; the model calls it as functions.NAME");
}

static bool read_parameters(Reader *r, const YamlNode *n, ToolFunction *f) {
    YamlNode *p = NULL;
    if (!yaml_want_map(n, "parameters", false, &p, r->err)) return false;
    if (!p) return true;
    if (!yaml_get(p, "type") && !yaml_get(p, "properties"))
        return yaml_fail(p, r->err,
                         "'parameters' must be a JSON schema, like {type: object, properties: {city: {type: "
                         "string}}, required: [city]}");
    if (!schema_read(p, r->a, &f->parameters, r->err)) return false;
    return schema_is_object(f->parameters) ||
           yaml_fail(p, r->err,
                     "'parameters' must be a JSON schema of 'type: object'; the arguments are its "
                     "'properties'");
}

static const char *const k_function_guesses[][2] = {
    {"arguments", "parameters"}, {"args", "parameters"},         {"params", "parameters"},
    {"schema", "parameters"},    {"input_schema", "parameters"}, {"inputSchema", "parameters"},
    {"rows", "table"},           {"answers", "table"},           {"responses", "table"},
    {"returns", "template"},     {"answer", "template"},         {"result", "template"},
    {"response", "template"},    {"python", "program"},          {"code", "program"},
    {"script", "program"},       {"source", "program"},          {"default", "otherwise"},
    {"else", "otherwise"},       {"fallback", "otherwise"},      {NULL, NULL}};

static bool read_function(Reader *r, const YamlNode *n, ToolFunction *f) {
    static const char *const known[] = {"name",     "description", "parameters", "table",
                                        "template", "program",     "otherwise",  NULL};
    Str description = {0};
    f->at = n;
    if (yaml_get(n, "function"))
        return yaml_fail(yaml_get(n, "function"), r->err,
                         "the keys of a function (name, description, parameters) stand "
                         "in the list's entry itself, without 'type' and 'function'");
    return check_guesses(n, k_function_guesses, r->err) &&
           yaml_check_keys(n, "an entry of 'functions'", known, r->err) &&
           yaml_want_str(n, "name", true, &f->name, r->err) && check_name(r, n, f->name) &&
           yaml_want_str(n, "description", false, &description, r->err) && read_parameters(r, n, f) &&
           read_answer(r, n, f);
}

/* {"type":"function","function":{"name","description"?,"parameters"?}} */
static bool describe_function(Reader *r, const YamlNode *n, Str name, Str *out) {
    static const char *const keys[] = {"description", "parameters", NULL};
    Buf b, part;
    JsonOut o;
    buf_init(&b, YAML_MAX_BYTES * 8);
    json_out_init(&o, &b, 0);
    json_obj(&o);
    json_out_key(&o, "type"), json_out_cstr(&o, "function");
    json_out_key(&o, "function"), json_obj(&o);
    json_out_key(&o, "name"), json_out_str(&o, name);
    for (size_t k = 0; keys[k]; k++) {
        const YamlNode *v = yaml_get(n, keys[k]);
        if (!v || v->kind == YKIND_NULL) continue;
        buf_init(&part, YAML_MAX_BYTES * 8);
        yaml_to_json(v, &part);
        json_out_key(&o, keys[k]), json_out_raw(&o, buf_str(&part));
        b.failed = b.failed || part.failed;
        buf_release(&part);
    }
    json_obj_end(&o), json_obj_end(&o);
    *out = b.failed ? (Str){0} : str_dup(r->a, buf_str(&b));
    buf_release(&b);
    return out->p || err_nomem(r->err);
}

static bool read_functions(Reader *r, const YamlNode *map) {
    YamlNode *list = NULL;
    if (!yaml_want_seq(map, "functions", false, &list, r->err)) return false;
    if (!list) return true;
    if (!list->n) return yaml_fail(list, r->err, "'functions' is empty; leave it out, or describe one");
    ToolFunction *f = arena_array(r->a, list->n, sizeof *f);
    if (!f) return err_nomem(r->err);
    for (size_t i = 0; i < list->n; i++) {
        if (!read_function(r, list->items[i], &f[i])) return false;
        for (size_t k = 0; k < i; k++)
            if (str_eq(f[k].name, f[i].name))
                return yaml_fail(list->items[i], r->err, "two functions are named '" STR_FMT "'", STR_ARG(f[i].name));
    }
    Str *json = arena_array(r->a, list->n, sizeof *json);
    if (!json) return err_nomem(r->err);
    for (size_t i = 0; i < list->n; i++)
        if (!describe_function(r, list->items[i], f[i].name, &json[i])) return false;
    r->t->functions = f;
    r->t->n_functions = list->n;
    r->t->functions_json = json;
    return true;
}

/* ---- what a sample is given ---- */

static bool list_names(Reader *r) {
    SuiteTools *t = r->t;
    Str *names = arena_array(r->a, t->n_functions + 1, sizeof *names);
    if (!names) return err_nomem(r->err);
    for (; t->n_names < t->n_functions; t->n_names++) names[t->n_names] = t->functions[t->n_names].name;
    if (t->python) names[t->n_names++] = STR("python");
    t->names = names;
    return true;
}

const bool *tools_given(const SuiteTools *t, const Str *names, size_t n, Arena *a) {
    bool *given = arena_array(a, t->n_names, sizeof *given);
    for (size_t i = 0; given && i < t->n_names; i++) {
        given[i] = !names;
        for (size_t k = 0; names && k < n; k++) given[i] = given[i] || str_eq(names[k], t->names[i]);
    }
    return given;
}

bool tools_functions_json(const SuiteTools *t, const bool *given, Arena *a, Str *out) {
    Buf b;
    *out = (Str){0};
    buf_init(&b, SIZE_MAX / 2);
    for (size_t i = 0; i < t->n_functions; i++) {
        if (!given[i]) continue;
        buf_addc(&b, b.n ? ',' : '[');
        buf_addstr(&b, t->functions_json[i]);
    }
    if (b.n) buf_addc(&b, ']');
    if (b.n) *out = b.failed ? (Str){0} : str_dup(a, buf_str(&b));
    bool ok = !b.failed && (!b.n || out->p);
    buf_release(&b);
    return ok;
}

/* ---- limits ---- */

static bool want_count(const YamlNode *map, const char *key, int64_t lo, int64_t hi, int64_t *out, bool *given,
                       Err *err) {
    if (!yaml_want_int(map, key, false, lo, hi, out, err)) return false;
    *given = *given || yaml_get(map, key) != NULL;
    return true;
}

static bool want_seconds(const YamlNode *map, const char *key, double *out, bool *given, Err *err) {
    if (!yaml_want_num(map, key, false, 0.01, 86400, out, err)) return false;
    *given = *given || yaml_get(map, key) != NULL;
    return true;
}

bool tools_read_limits(const YamlNode *tools, ToolLimitsGiven *g, Err *err) {
    static const char *const known[] = {"max_turns", "max_tokens", "output_bytes", "cpu_seconds", "wall_seconds",
                                        "memory_mb", NULL};
    static const char *const guesses[][2] = {
        {"max_calls", "max_turns"}, {"turns", "max_turns"},         {"calls", "max_turns"},
        {"tokens", "max_tokens"},   {"max_output", "output_bytes"}, {"max_output_bytes", "output_bytes"},
        {"output", "output_bytes"}, {"timeout", "wall_seconds"},    {"timeout_seconds", "wall_seconds"},
        {"memory", "memory_mb"},    {"memory_mib", "memory_mb"},    {NULL, NULL}};
    YamlNode *n = NULL;
    int64_t turns = g->v.max_turns;
    if (!yaml_want_map(tools, "limits", false, &n, err)) return false;
    if (!n) return true;
    if (!check_guesses(n, guesses, err) || !yaml_check_keys(n, "'limits'", known, err) ||
        !want_count(n, "max_turns", 0, 10000, &turns, &g->max_turns, err) ||
        !want_count(n, "max_tokens", 1, (int64_t)1 << 30, &g->v.max_tokens, &g->max_tokens, err) ||
        !want_count(n, "output_bytes", 1, 16 << 20, &g->v.output_bytes, &g->output_bytes, err) ||
        !want_seconds(n, "cpu_seconds", &g->v.cpu_seconds, &g->cpu_seconds, err) ||
        !want_seconds(n, "wall_seconds", &g->v.wall_seconds, &g->wall_seconds, err) ||
        !want_count(n, "memory_mb", 16, 1 << 20, &g->v.memory_mb, &g->memory_mb, err))
        return false;
    g->v.max_turns = (int)turns;
    return true;
}

void tools_overlay(ToolLimits *l, const ToolLimitsGiven *g) {
    if (g->max_turns) l->max_turns = g->v.max_turns;
    if (g->max_tokens) l->max_tokens = g->v.max_tokens;
    if (g->output_bytes) l->output_bytes = g->v.output_bytes;
    if (g->cpu_seconds) l->cpu_seconds = g->v.cpu_seconds;
    if (g->wall_seconds) l->wall_seconds = g->v.wall_seconds;
    if (g->memory_mb) l->memory_mb = g->v.memory_mb;
}

/* ---- the section ---- */

bool tools_read(const YamlNode *root, const char *dir, Arena *a, const SuiteTools **out, Err *err) {
    static const char *const known[] = {"python", "functions", "limits", NULL};
    static const char *const modes[] = {"stateful", "stateless", NULL};
    static const char *const guesses[][2] = {{"max_turns", "limits: {max_turns}"},
                                             {"max_calls", "limits: {max_turns}"},
                                             {"max_tokens", "limits: {max_tokens}"},
                                             {"timeout", "limits: {wall_seconds}"},
                                             {"output_bytes", "limits: {output_bytes}"},
                                             {"function", "functions"},
                                             {NULL, NULL}};
    YamlNode *map = NULL;
    int mode = -1;
    *out = NULL;
    if (!yaml_want_map(root, "tools", false, &map, err)) return false;
    if (!map) return true;
    SuiteTools *t = arena_alloc(a, sizeof *t);
    ToolLimitsGiven given = {0};
    if (!t) return err_nomem(err);
    *t = (SuiteTools){.limits = TOOL_LIMITS_DEFAULTS};
    Reader r = {t, dir, a, err};
    const YamlNode *python = yaml_get(map, "python");
    if (python && python->kind != YKIND_STR && python->kind != YKIND_NULL)
        return yaml_fail(python, err, "'python' must be stateful or stateless");
    if (!check_guesses(map, guesses, err) || !yaml_check_keys(map, "'tools'", known, err) ||
        !yaml_want_enum(map, "python", false, modes, &mode, err) || !read_functions(&r, map) ||
        !tools_read_limits(map, &given, err))
        return false;
    if (mode >= 0) t->python = mode ? PYTHON_STATELESS : PYTHON_STATEFUL;
    tools_overlay(&t->limits, &given);
    if (!list_names(&r)) return false;
    if (!t->n_names)
        return yaml_fail(map, err, "'tools' gives the model nothing to call; name 'python' or 'functions'");
    *out = t;
    return true;
}

bool tools_need_sandbox(const SuiteTools *t) {
    bool need = t && t->python != PYTHON_NONE;
    for (size_t i = 0; t && i < t->n_functions; i++) need = need || t->functions[i].kind == TOOL_PROGRAM;
    return need;
}

Str tools_words(const SuiteTools *t, Arena *a) {
    static const char *const python[] = {"", "python (stateful)", "python (stateless)"};
    if (!t->n_functions) return str_dup(a, str_from(python[t->python]));
    return str_printf(a, "%s%s%zu function%s", python[t->python], t->python ? ", " : "", t->n_functions,
                      t->n_functions == 1 ? "" : "s");
}
