#include "harness/score_line.h"

#include "engine/base/file.h"
#include "engine/base/hash.h"

/* ---- a line as a sample ---- */

static bool text_of(const Value *v, Arena *a, Str *out, Err *err) {
    if (!v || v->type == VALUE_NULL) return true;
    *out = value_to_meta(v, a);
    return out->p != NULL || err_nomem(err);
}

/* A list of texts, or one text alone. */
static bool texts_of(const Value *v, Arena *a, const Str **out, size_t *n, Err *err) {
    *n = 0;
    if (!v || v->type == VALUE_NULL) return true;
    bool list = v->type == VALUE_LIST;
    size_t count = list ? v->list.n : 1;
    Str *texts = arena_array(a, count, sizeof *texts);
    if (!texts) return err_nomem(err);
    for (size_t i = 0; i < count; i++)
        if (!text_of(list ? &v->list.items[i] : v, a, &texts[i], err)) return false;
    *out = texts;
    *n = count;
    return true;
}

static bool meta_of(const Value *row, Arena *a, Sample *s, Err *err) {
    ScorerKV *meta = arena_array(a, row->map.n, sizeof *meta);
    if (!meta) return err_nomem(err);
    for (size_t i = 0; i < row->map.n; i++) {
        const ValueMember *m = &row->map.members[i];
        Str text = {0};
        if (str_eqz(m->key, "output") || str_eqz(m->key, "analysis") || str_eqz(m->key, "commentary")) continue;
        if (!text_of(&m->value, a, &text, err)) return false;
        meta[s->n_meta++] = (ScorerKV){{m->key.p, m->key.n}, {text.p, text.n}};
    }
    s->meta = meta;
    return true;
}

static bool want_text(const Value *row, const char *key, Arena *a, Str *out, Err *err) {
    const Value *v = value_get(row, str_from(key));
    if (v && v->type != VALUE_NULL && v->type != VALUE_STR)
        return err_set(err, ERR_INPUT, "'%s' must be a string, not %s", key, value_type_name(v->type));
    return text_of(v, a, out, err);
}

static bool number_at(const Value *list, size_t i, double *out) {
    const Value *v = list->type == VALUE_LIST && i < list->list.n ? &list->list.items[i] : NULL;
    if (v && v->type == VALUE_INT) *out = (double)v->i;
    if (v && v->type == VALUE_FLOAT) *out = v->f;
    return v && (v->type == VALUE_INT || v->type == VALUE_FLOAT);
}

static bool choice_scores_of(const Value *row, size_t n_choices, Arena *a, Completion *c, Err *err) {
    const Value *lp = value_get(row, STR("choice_logprobs")), *tok = value_get(row, STR("choice_tokens"));
    if (!lp || lp->type == VALUE_NULL) return true;
    ChoiceScore *scores = arena_array(a, n_choices, sizeof *scores);
    if (!scores) return err_nomem(err);
    if (lp->type != VALUE_LIST || lp->list.n != n_choices)
        return err_set(err, ERR_INPUT, "'choice_logprobs' must be a list of as many numbers as there are choices");
    for (size_t i = 0; i < n_choices; i++) {
        double tokens = 1;
        if (!number_at(lp, i, &scores[i].logprob) || (tok && !number_at(tok, i, &tokens)) || tokens < 1 || tokens > 1e6)
            return err_set(err, ERR_INPUT,
                           "'choice_logprobs' and 'choice_tokens' must be lists of numbers, one a choice");
        scores[i].n_tokens = (int)tokens;
    }
    c->choice_scores = scores;
    c->n_choice_scores = n_choices;
    return true;
}

static bool status_of(const Value *row, Arena *a, Completion *c, Err *err) {
    Str name = {0};
    if (!want_text(row, "status", a, &name, err)) return false;
    if (!name.p || completion_status_parse(name, &c->status)) return true;
    return err_set(err, ERR_INPUT,
                   "'status' must be ok, length, filtered, timeout, cancelled or failed, not '" STR_FMT "'",
                   STR_ARG(name));
}

bool score_line_read(const Value *row, Arena *a, Sample *s, Completion *c, Str *prompt, Err *err) {
    if (row->type != VALUE_MAP)
        return err_set(err, ERR_INPUT, "expected an object, got %s", value_type_name(row->type));
    *s = (Sample){0};
    *c = (Completion){0};
    *prompt = (Str){0};
    const Value *targets = value_get(row, STR("targets"));
    if (!targets) targets = value_get(row, STR("target"));
    if (!text_of(value_get(row, STR("id")), a, &s->id, err) || !want_text(row, "output", a, &c->final, err) ||
        !want_text(row, "analysis", a, &c->analysis, err) || !want_text(row, "commentary", a, &c->commentary, err) ||
        !want_text(row, "prompt", a, prompt, err) || !status_of(row, a, c, err))
        return false;
    if (!c->final.p && !value_get(row, STR("output"))) return err_set(err, ERR_INPUT, "missing key 'output'");
    if (!c->final.p) c->final = STR("");
    c->has_final = c->final.n > 0;
    return texts_of(targets, a, &s->targets, &s->n_targets, err) &&
           texts_of(value_get(row, STR("choices")), a, &s->choices, &s->n_choices, err) && meta_of(row, a, s, err) &&
           choice_scores_of(row, s->n_choices, a, c, err);
}

/* ---- options ---- */

/* The last of a key wins. */
static void put_option(ScorerOptions *o, Str key, Str value) {
    ScorerKV kv = {{key.p, key.n}, {value.p, value.n}};
    for (size_t i = 0; i < o->n; i++)
        if (str_eq((Str){o->v[i].key.p, o->v[i].key.n}, key)) {
            o->v[i] = kv;
            return;
        }
    o->v[o->n++] = kv;
}

/* The content of a file as an option's value. */
static bool option_file(const char *path, Arena *a, Str *out, Err *err) {
    Buf b;
    buf_init(&b, SCORER_OPTION_MAX);
    bool ok = file_read(path, &b, err);
    if (ok && !utf8_valid(buf_str(&b))) ok = err_set(err, ERR_INPUT, "%s is not UTF-8 text", path);
    if (ok) *out = str_dup(a, b.n ? buf_str(&b) : STR(""));
    buf_release(&b);
    return ok && (out->p || err_nomem(err));
}

/* {file: NAME} and nothing else. */
static const YamlNode *file_of(const YamlNode *n) {
    return n->kind == YKIND_MAP && n->n == 1 && str_eqz(n->keys[0].text, "file") ? n->items[0] : NULL;
}

bool scorer_option_read(const YamlNode *n, const char *dir, Arena *a, Str *out, Str *digest, Err *err) {
    const YamlNode *name = file_of(n);
    char hex[65];
    *digest = (Str){0};
    if (!name) return (*out = yaml_to_text(n, a)).p || err_nomem(err);
    if (name->kind != YKIND_STR || !name->text.n) return yaml_fail(name, err, "'file' must be the name of a file");
    char *path = str_cstr(a, name->text);
    path = path ? path_join(a, dir, path) : NULL;
    if (!path) return err_nomem(err);
    if (!option_file(path, a, out, err))
        return err_wrap(err, "%s line %d column %d", name->doc->name, name->line, name->col);
    sha256_of(*out, hex);
    *digest = str_dup(a, (Str){hex, 64});
    return digest->p || err_nomem(err);
}

static bool add_words(const ArgList *words, bool files, Arena *a, ScorerOptions *o, Err *err) {
    for (size_t i = 0; i < words->n; i++) {
        Str word = str_from(words->v[i]), value;
        size_t eq = str_find(word, STR("="), 0);
        const char *what = files ? "--set-file: expected KEY=FILE" : "--set: expected KEY=VALUE";
        if (eq == 0 || eq > word.n) return err_set(err, ERR_INPUT, "%s, got '%s'", what, words->v[i]);
        value = str_sub(word, eq + 1, word.n);
        if (files && !option_file(words->v[i] + eq + 1, a, &value, err)) return err_wrap(err, "--set-file");
        put_option(o, str_sub(word, 0, eq), value);
    }
    return true;
}

bool scorer_options_read(const char *config, const ArgList *sets, const ArgList *files, Arena *a, ScorerOptions *o,
                         Err *err) {
    YamlNode *root = NULL;
    if (config && !yaml_load(config, a, &root, NULL, err)) return false;
    if (root && root->kind == YKIND_NULL) root = NULL; /* an empty file */
    if (root && root->kind != YKIND_MAP)
        return yaml_fail(root, err, "expected a map of the scorer's options, got %s", yaml_kind_name(root->kind));
    *o = (ScorerOptions){.v = arena_array(a, (root ? root->n : 0) + sets->n + files->n + 1, sizeof *o->v)};
    if (!o->v) return err_nomem(err);
    for (size_t i = 0; root && i < root->n; i++) {
        Str text, digest;
        if (!scorer_option_read(root->items[i], root->doc->dir, a, &text, &digest, err)) return false;
        put_option(o, root->keys[i].text, text);
    }
    return add_words(sets, false, a, o, err) && add_words(files, true, a, o, err);
}

/* ---- judges ---- */

bool judge_settings_read(const YamlNode *n, JudgeSettings *j, Err *err) {
    static const char *const efforts[] = {"low", "medium", "high", NULL};
    int effort = (int)j->effort;
    int64_t seed = (int64_t)j->seed, max_tokens = j->max_tokens, context = j->context;
    if (!yaml_want_enum(n, "effort", false, efforts, &effort, err) ||
        !yaml_want_int(n, "max_tokens", false, 1, 1 << 20, &max_tokens, err) ||
        !yaml_want_num(n, "temperature", false, 0, 100, &j->temperature, err) ||
        !yaml_want_int(n, "seed", false, 0, INT64_MAX, &seed, err) ||
        !yaml_want_int(n, "context", false, 0, 1 << 20, &context, err) ||
        !yaml_want_str(n, "precision", false, &j->precision, err))
        return false;
    j->effort = (Effort)effort;
    j->seed = (uint64_t)seed;
    j->max_tokens = (int)max_tokens;
    j->context = (int)context;
    return true;
}

bool judge_words_read(const char *model, const ArgList *sets, Arena *a, JudgeSettings *out, Err *err) {
    static const YamlDoc doc = {.name = "--judge-set", .dir = "."};
    static const char *const known[] = {"effort", "max_tokens", "temperature", "seed", "precision", "context", NULL};
    YamlNode *root;
    *out = (JudgeSettings)JUDGE_SETTINGS_DEFAULT;
    out->model = str_from(model);
    if (!yaml_parse(STR("{}"), &doc, a, &root, err)) return false;
    for (size_t i = 0; i < sets->n; i++) {
        Str word = str_from(sets->v[i]);
        size_t eq = str_find(word, STR("="), 0);
        if (eq == 0 || eq > word.n)
            return err_set(err, ERR_INPUT, "--judge-set: expected KEY=VALUE, got '%s'", sets->v[i]);
        if (!yaml_set(root, str_sub(word, 0, eq), str_sub(word, eq + 1, word.n), &doc, a, err)) return false;
    }
    return yaml_check_keys(root, "a judge", known, err) && judge_settings_read(root, out, err);
}
