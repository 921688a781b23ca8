/* assay score: one scorer over lines of {"id","output",...}, without a suite, a store or an engine. */
#include <string.h>

#include "engine/base/json.h"
#include "harness/args.h"
#include "harness/scoring.h"
#include "harness/value.h"
#include "harness/yaml.h"

static const char usage[] =
    "usage: assay score SCORER [--config FILE.yaml] [--set KEY=VALUE]... [--scorer FILE.so]\n"
    "\n"
    "Reads one object a line from standard input:\n"
    "  {\"id\", \"output\", \"target\"?, \"prompt\"?, \"analysis\"?, \"choices\"?, \"n_options\"?, \"status\"?, ...}\n"
    "and answers each with\n"
    "  {\"id\", \"status\", \"value\", \"label\", \"answer\", \"rule\", \"span\", \"explanation\"}\n"
    "target may be a list of accepted answers; status is how the completion ended (ok, length, failed, ...);\n"
    "choice_logprobs and choice_tokens stand beside choices for scoring by likelihood; all other fields are the\n"
    "sample's own.\n"
    "\n"
    "  --config FILE.yaml  the scorer's options\n"
    "  --set KEY=VALUE     one option; wins over the file\n"
    "  --scorer FILE.so    loads a plugin, whose scorer can then be named\n";

typedef struct ScoreCtx {
    BoundScorer bound;
    Sandbox *sandbox;
} ScoreCtx;

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

static bool sample_of(const Value *row, Arena *a, Sample *s, Completion *c, Str *prompt, Err *err) {
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

/* ---- a score as a line ---- */

static void put_text(JsonOut *o, const char *key, ScorerStr s) {
    json_out_key(o, key);
    json_out_str(o, (Str){s.p, s.n});
}

static void put_span(JsonOut *o, const Score *s) {
    json_out_key(o, "span");
    if (s->span_begin == 0 && s->span_end == 0) {
        json_out_null(o);
        return;
    }
    json_arr(o);
    json_out_u64(o, s->span_begin);
    json_out_u64(o, s->span_end);
    json_arr_end(o);
}

static void score_to_json(const Score *s, const Value *id, Buf *out) {
    static const char *const names[] = {"scored", "unscored", "error"};
    JsonOut o;
    json_out_init(&o, out, 0);
    json_obj(&o);
    json_out_key(&o, "id");
    if (id) {
        Buf raw;
        buf_init(&raw, (size_t)1 << 20);
        value_to_json(id, false, &raw);
        json_out_raw(&o, buf_str(&raw));
        buf_release(&raw);
    } else {
        json_out_null(&o);
    }
    json_out_key(&o, "status");
    json_out_cstr(&o, names[s->status]);
    json_out_key(&o, "value");
    if (s->status == SCORE_SCORED)
        json_out_num(&o, s->value);
    else
        json_out_null(&o);
    put_text(&o, "label", s->label);
    put_text(&o, "answer", s->answer);
    put_text(&o, "rule", s->rule);
    put_span(&o, s);
    put_text(&o, "explanation", s->explanation);
    json_obj_end(&o);
}

static bool score_row(ScoreCtx *c, const Value *row, Arena *a, Buf *out, Err *err) {
    Sample sample = {0};
    Completion completion = {0};
    Str prompt = {0};
    ScorerView view;
    Score score;
    if (row->type != VALUE_MAP)
        return err_set(err, ERR_INPUT, "expected an object, got %s", value_type_name(row->type));
    if (!sample_of(row, a, &sample, &completion, &prompt, err) ||
        !scoring_view(&sample, prompt, &completion, NULL, a, &view, err) ||
        !scoring_one(&c->bound, &view, c->sandbox, a, &score, err))
        return false;
    score_to_json(&score, value_get(row, STR("id")), out);
    return true;
}

static bool answer(void *ctx, Str line, Arena *a, Buf *out, Err *err) {
    Json *j = NULL;
    Value row;
    if (!json_parse(line, &j, err)) return false;
    bool ok = value_from_json(j, a, &row, err) && score_row(ctx, &row, a, out, err);
    json_close(j);
    return ok;
}

/* ---- options ---- */

typedef struct Options {
    ScorerKV *v;
    size_t n;
} Options;

/* The last of a key wins. */
static void put_option(Options *o, Str key, Str value) {
    ScorerKV kv = {{key.p, key.n}, {value.p, value.n}};
    for (size_t i = 0; i < o->n; i++)
        if (str_eq((Str){o->v[i].key.p, o->v[i].key.n}, key)) {
            o->v[i] = kv;
            return;
        }
    o->v[o->n++] = kv;
}

static bool read_options(CmdCtx *c, const char *config, const ArgList *sets, Options *o) {
    YamlNode *root = NULL;
    if (config && !yaml_load(config, c->arena, &root, NULL, &c->fail)) return false;
    if (root && root->kind == YKIND_NULL) root = NULL; /* an empty file */
    if (root && root->kind != YKIND_MAP)
        return yaml_fail(root, &c->fail, "expected a map of the scorer's options, got %s", yaml_kind_name(root->kind));
    o->v = arena_array(c->arena, (root ? root->n : 0) + sets->n + 1, sizeof *o->v);
    if (!o->v) return err_nomem(&c->fail);
    for (size_t i = 0; root && i < root->n; i++) {
        Str text = yaml_to_text(root->items[i], c->arena);
        if (!text.p) return err_nomem(&c->fail);
        put_option(o, root->keys[i].text, text);
    }
    for (size_t i = 0; i < sets->n; i++) {
        Str word = str_from(sets->v[i]);
        size_t eq = str_find(word, STR("="), 0);
        if (eq == 0 || eq > word.n)
            return err_set(&c->fail, ERR_INPUT, "--set: expected KEY=VALUE, got '%s'", sets->v[i]);
        put_option(o, str_sub(word, 0, eq), str_sub(word, eq + 1, word.n));
    }
    return true;
}

static int score_run(CmdCtx *c, int argc, char **argv) {
    const char *config = NULL;
    ArgList sets = {0}, plugins = {0}, words = {0};
    Options options = {0};
    ScoreCtx ctx = {0};
    const ArgSpec specs[] = {
        {"config", 0, ARG_TEXT, &config}, {"set", 0, ARG_LIST, &sets}, {"scorer", 0, ARG_LIST, &plugins}};
    if (!args_parse(c, argc, argv, specs, 3, &words)) return CMD_FAILED;
    ScorerTable *t = arena_alloc(c->arena, sizeof *t);
    bool ok = t != NULL || err_nomem(&c->fail);
    if (ok && words.n != 1) ok = err_set(&c->fail, ERR_INPUT, "name one scorer; 'assay list scorers' shows them");
    for (size_t i = 0; ok && i < plugins.n; i++) ok = plugin_load(t, plugins.v[i], c->arena, &c->fail);
    if (ok && plugin_is_path(words.v[0])) { /* the word itself may be a plugin */
        ok = plugin_load(t, words.v[0], c->arena, &c->fail);
        if (ok) words.v[0] = t->plugins[t->n_plugins - 1].scorer->name;
    }
    Str name = ok ? str_from(words.v[0]) : (Str){0};
    ok = ok && read_options(c, config, &sets, &options) &&
         scorer_bind(t, name, name, options.v, options.n, c->arena, &ctx.bound, &c->fail);
    if (ok && ctx.bound.scorer->ask) ok = sandbox_open(1, &ctx.sandbox, &c->fail);
    int status = ok ? cmd_each_line(c, answer, &ctx) : CMD_FAILED;
    scorer_unbind(&ctx.bound);
    if (ctx.sandbox) sandbox_close(ctx.sandbox);
    return status;
}

const Cmd cmd_score = {
    .name = "score", .summary = "one scorer over lines of outputs", .usage = usage, .run = score_run, .plumbing = true};
