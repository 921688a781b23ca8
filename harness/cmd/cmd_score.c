/* assay score: one scorer over lines of {"id","output",...}, without a suite, a store or an engine. */
#include <string.h>

#include "engine/base/json.h"
#include "harness/args.h"
#include "harness/score_line.h"

static const char usage[] =
    "usage: assay score SCORER [--config FILE.yaml] [--set KEY=VALUE]... [--judge SPEC] [--scorer FILE.so]\n"
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
    "  --set-file KEY=FILE one option, with the file's content as its value\n"
    "  --judge SPEC        the model that the scorer asks, if it is one that asks: a checkpoint or replay:DIR\n"
    "  --judge-set KEY=VALUE  effort, max_tokens, temperature, seed, precision or context of the judge\n"
    "  --asks              instead of scoring, prints what would be asked of a judge, with the requests' hashes\n"
    "  --scorer FILE.so    loads a plugin, whose scorer can then be named\n";

typedef struct ScoreCtx {
    BoundScorer bound;
    JudgeSettings judge;
    AskHelp help;
} ScoreCtx;

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

static void put_id(JsonOut *o, const Value *id) {
    json_out_key(o, "id");
    if (!id) {
        json_out_null(o);
        return;
    }
    Buf raw;
    buf_init(&raw, (size_t)1 << 20);
    value_to_json(id, false, &raw);
    json_out_raw(o, buf_str(&raw));
    buf_release(&raw);
}

static void judge_to_json(const AskLog *log, const Score *s, Arena *a, JsonOut *o, Err *err) {
    Str clear, texts;
    if (!log->n) return;
    if (!judge_record(log->traces, log->n, s, a, &clear, &texts, err)) {
        o->buf->failed = true;
        return;
    }
    json_out_key(o, "judge");
    json_out_raw(o, clear);
    json_out_key(o, "judge_text");
    json_out_raw(o, texts);
}

static void score_to_json(const Score *s, const Value *id, const AskLog *log, Arena *a, Buf *out, Err *err) {
    static const char *const names[] = {"scored", "unscored", "error"};
    JsonOut o;
    json_out_init(&o, out, 0);
    json_obj(&o);
    put_id(&o, id);
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
    judge_to_json(log, s, a, &o, err);
    json_obj_end(&o);
}

/* What would be asked of the judge, instead of a score. */
static void asks_to_json(const AskLog *log, const Value *id, Buf *out) {
    JsonOut o;
    json_out_init(&o, out, 0);
    json_obj(&o);
    put_id(&o, id);
    json_out_key(&o, "asks");
    json_arr(&o);
    for (size_t i = 0; i < log->n; i++) {
        json_obj(&o);
        json_out_key(&o, "request");
        json_out_cstr(&o, log->traces[i].request_hash);
        put_text(&o, "system", log->asks[i].system);
        put_text(&o, "user", log->asks[i].user);
        json_obj_end(&o);
    }
    json_arr_end(&o);
    json_obj_end(&o);
}

static bool score_row(ScoreCtx *c, const Value *row, Arena *a, Buf *out, Err *err) {
    Sample sample;
    Completion completion;
    Str prompt;
    ScorerView view;
    Score score;
    AskLog log;
    const Value *id = value_get(row, STR("id"));
    if (!score_line_read(row, a, &sample, &completion, &prompt, err) ||
        !scoring_view(&sample, prompt, &completion, NULL, a, &view, err) ||
        !scoring_one(&c->bound, &view, &c->help, a, &score, &log, err))
        return false;
    if (c->help.dry)
        asks_to_json(&log, id, out);
    else
        score_to_json(&score, id, &log, a, out, err);
    return !out->failed || err_nomem(err);
}

static bool answer(void *ctx, Str line, Arena *a, Buf *out, Err *err) {
    Json *j = NULL;
    Value row;
    if (!json_parse(line, &j, err)) return false;
    bool ok = value_from_json(j, a, &row, err) && score_row(ctx, &row, a, out, err);
    json_close(j);
    return ok;
}

/* ---- the command ---- */

typedef struct ScoreWords {
    const char *config, *judge;
    ArgList sets, files, judge_sets, plugins, words;
    bool asks;
} ScoreWords;

/* Whoever the scorer may ask. */
static bool open_help(CmdCtx *c, const ScoreWords *w, ScoreCtx *ctx) {
    unsigned asks = scorer_asks(ctx->bound.scorer);
    JudgeOpen o = {0};
    if (!judge_words_read(w->judge, &w->judge_sets, c->arena, &ctx->judge, &c->fail)) return false;
    if (asks & 1u << SCORER_ASK_PROGRAM && !sandbox_open(1, &ctx->help.sandbox, &c->fail)) return false;
    if (w->asks) ctx->help.dry = &ctx->judge;
    if (!(asks & 1u << SCORER_ASK_MODEL)) {
        if (!w->judge && !w->asks) return true;
        return err_set(&c->fail, ERR_INPUT, "scorer %s asks no judge; leave out --judge and --asks",
                       ctx->bound.scorer->name);
    }
    if (w->asks) return true;
    if (!w->judge)
        return err_set(&c->fail, ERR_INPUT, "scorer %s asks a judge model, and none is named; add --judge SPEC",
                       ctx->bound.scorer->name);
    return judge_open(&ctx->judge, &o, &ctx->help.judge, &c->fail);
}

static bool bind(CmdCtx *c, ScoreWords *w, ScoreCtx *ctx) {
    ScorerOptions options = {0};
    ScorerTable *t = arena_alloc(c->arena, sizeof *t);
    if (!t) return err_nomem(&c->fail);
    if (w->words.n != 1) return err_set(&c->fail, ERR_INPUT, "name one scorer; 'assay list scorers' shows them");
    for (size_t i = 0; i < w->plugins.n; i++)
        if (!plugin_load(t, w->plugins.v[i], c->arena, &c->fail)) return false;
    Str name = str_from(w->words.v[0]);
    if (plugin_is_path(w->words.v[0])) { /* the word itself may be a plugin */
        if (!plugin_load(t, w->words.v[0], c->arena, &c->fail)) return false;
        name = str_from(t->plugins[t->n_plugins - 1].scorer->name);
    }
    return scorer_options_read(w->config, &w->sets, &w->files, c->arena, &options, &c->fail) &&
           scorer_bind(t, name, name, options.v, options.n, c->arena, &ctx->bound, &c->fail);
}

static int score_run(CmdCtx *c, int argc, char **argv) {
    ScoreWords w = {0};
    ScoreCtx ctx = {0};
    const ArgSpec specs[] = {{"config", 0, ARG_TEXT, &w.config},        {"set", 0, ARG_LIST, &w.sets},
                             {"set-file", 0, ARG_LIST, &w.files},       {"judge", 0, ARG_TEXT, &w.judge},
                             {"judge-set", 0, ARG_LIST, &w.judge_sets}, {"asks", 0, ARG_FLAG, &w.asks},
                             {"scorer", 0, ARG_LIST, &w.plugins}};
    if (!args_parse(c, argc, argv, specs, sizeof specs / sizeof *specs, &w.words)) return CMD_FAILED;
    bool ok = bind(c, &w, &ctx) && open_help(c, &w, &ctx);
    int status = ok ? cmd_each_line(c, answer, &ctx) : CMD_FAILED;
    scorer_unbind(&ctx.bound);
    judge_close(ctx.help.judge);
    if (ctx.help.sandbox) sandbox_close(ctx.help.sandbox);
    return status;
}

const Cmd cmd_score = {
    .name = "score", .summary = "one scorer over lines of outputs", .usage = usage, .run = score_run, .plumbing = true};
