/* assay generate: one continuation of a prompt, for scripts and for comparing engines. */
#include <string.h>

#include "engine/base/json.h"
#include "engine/engine.h"
#include "harness/args.h"
#include "harness/cmd/cmd.h"
#include "harness/model_args.h"
#include "harness/term.h"

typedef struct Generate {
    ModelArgs model;
    const char *tokens, *prompt;
    bool special, ids;
    GenOptions gen;
} Generate;

static bool read_prompt(CmdCtx *c, const Generate *g, const Vocab *v, Ids *out) {
    if (g->tokens) return model_args_tokens(g->tokens, c->arena, out, &c->fail);
    if (!v)
        return err_set(&c->fail, ERR_INPUT,
                       "the model has no tokenizer; give --tokens, or add +tokenizer=PATH to the model");
    if (!vocab_encode(v, str_from(g->prompt), g->special, c->arena, out, &c->fail)) return false;
    return out->n || err_set(&c->fail, ERR_INPUT, "--prompt is empty; at least one token is needed");
}

/* "length", or the name of the stop token that was sampled: "return", "call", "endoftext". */
static Str stop_name(CmdCtx *c, const Vocab *v, const Completion *r) {
    Buf b;
    if (r->status != COMPLETION_OK || r->ids.n == 0 || !v) return STR("length");
    buf_init(&b, 4096);
    Str name = STR("end");
    if (vocab_decode(v, r->ids.p + r->ids.n - 1, 1, &b, NULL) && b.n > 4)
        name = str_dup(c->arena, str_sub(buf_str(&b), 2, b.n - 2));
    buf_release(&b);
    return name;
}

static void print_json(CmdCtx *c, const Vocab *v, const Completion *r, bool with_text, const Buf *text) {
    Buf b;
    JsonOut o;
    buf_init(&b, 1u << 30);
    json_out_init(&o, &b, 0);
    json_obj(&o);
    json_out_key(&o, "ids");
    json_arr(&o);
    for (size_t i = 0; i < r->ids.n; i++) json_out_int(&o, r->ids.p[i]);
    json_arr_end(&o);
    json_out_key(&o, "stop");
    json_out_str(&o, stop_name(c, v, r));
    if (with_text) {
        json_out_key(&o, "text");
        json_out_str(&o, buf_str(text).p ? buf_str(text) : STR(""));
        json_out_key(&o, "n_prompt_tokens");
        json_out_int(&o, r->n_prompt_tokens);
        json_out_key(&o, "seconds_prefill");
        json_out_num(&o, r->seconds_prefill);
        json_out_key(&o, "seconds_decode");
        json_out_num(&o, r->seconds_decode);
    }
    json_obj_end(&o);
    fwrite(b.p, 1, b.n, c->out);
    fputc('\n', c->out);
    buf_release(&b);
}

/* A terminal gets no control sequences from a model, only its line breaks; a file gets the bytes as they are. */
static void print_text(CmdCtx *c, const Buf *text) {
    Str all = buf_str(text);
    Buf safe;
    buf_init(&safe, 1u << 30);
    for (size_t at = 0; term_is_tty(c->out) && at < all.n;) {
        size_t end = str_find(all, STR("\n"), at);
        term_escape(&safe, str_sub(all, at, end));
        if (end < all.n) buf_addc(&safe, '\n');
        at = end < all.n ? end + 1 : all.n;
    }
    if (term_is_tty(c->out)) all = buf_str(&safe);
    fwrite(all.p ? all.p : "", 1, all.n, c->out);
    fputc('\n', c->out);
    buf_release(&safe);
}

static bool print_answer(CmdCtx *c, const Generate *g, const Vocab *v, const Completion *r) {
    Buf text;
    buf_init(&text, 1u << 30);
    size_t n = r->ids.n - (r->status == COMPLETION_OK && r->ids.n > 0); /* the stop token is no text */
    bool ok = !v || vocab_decode(v, r->ids.p, n, &text, &c->fail);
    if (ok && text.failed) ok = err_nomem(&c->fail);
    if (ok && (g->ids || c->json))
        print_json(c, v, r, c->json, &text);
    else if (ok && !v)
        ok = err_set(&c->fail, ERR_INPUT, "the model has no tokenizer; use --ids, or add +tokenizer=PATH to the model");
    else if (ok)
        print_text(c, &text);
    buf_release(&text);
    return ok;
}

static bool generate(CmdCtx *c, const Generate *g, Engine *e) {
    Ids prompt;
    Completion r;
    EnginePoll p;
    const Vocab *v = engine_vocab(e);
    if (!read_prompt(c, g, v, &prompt)) return false;
    if (!engine_submit(e, &(Request){.ids = prompt.p, .n_ids = prompt.n, .gen = g->gen}, &c->fail)) return false;
    while ((p = engine_poll(e, &r, &c->fail)) == ENGINE_WORKING) continue;
    if (p != ENGINE_READY)
        return p == ENGINE_BROKEN ? false : err_set(&c->fail, ERR_INTERNAL, "the engine lost the request");
    if (r.status == COMPLETION_FAILED) return err_set(&c->fail, ERR_INPUT, STR_FMT, STR_ARG(r.error));
    return print_answer(c, g, v, &r);
}

static int run(CmdCtx *c, int argc, char **argv) {
    Generate g = {.gen = {.top_p = 1, .max_tokens = 128}};
    const ArgSpec specs[] = {
        MODEL_ARG_SPECS(g.model),
        {.name = "tokens", .kind = ARG_TEXT, .out = &g.tokens},
        {.name = "prompt", .kind = ARG_TEXT, .out = &g.prompt},
        {.name = "special", .kind = ARG_FLAG, .out = &g.special},
        {.name = "max-tokens", .letter = 'n', .kind = ARG_INT, .out = &g.gen.max_tokens, .lo = 1, .hi = 1 << 24},
        {.name = "temperature", .kind = ARG_NUM, .out = &g.gen.temperature, .lo = 0, .hi = 1e6},
        {.name = "top-p", .kind = ARG_NUM, .out = &g.gen.top_p, .lo = 1e-9, .hi = 1},
        {.name = "seed", .kind = ARG_U64, .out = &g.gen.seed},
        {.name = "ignore-eos", .kind = ARG_FLAG, .out = &g.gen.ignore_eos},
        {.name = "ids", .kind = ARG_FLAG, .out = &g.ids},
    };
    if (!args_parse(c, argc, argv, specs, sizeof specs / sizeof *specs, NULL)) return CMD_FAILED;
    if (!g.tokens == !g.prompt) {
        err_set(&c->fail, ERR_INPUT, "give either --tokens FILE.json or --prompt TEXT");
        return CMD_FAILED;
    }
    Engine *e;
    if (!model_args_open(c, &g.model, 1, true, &e)) return CMD_FAILED;
    bool ok = generate(c, &g, e);
    engine_close(e);
    return ok ? EXIT_DONE : CMD_FAILED;
}

const Cmd cmd_generate = {
    .name = "generate",
    .summary = "continue a prompt",
    .usage =
        "usage: assay generate --model MODEL (--tokens FILE.json | --prompt TEXT) [options]\n\n"
        "Prints the continuation; stops after a stop token (<|return|>, <|call|>, <|endoftext|>).\n\n" MODEL_ARG_USAGE
        "  --tokens FILE.json     a JSON array of token ids (- reads standard input)\n"
        "  --prompt TEXT          a raw text; nothing is put around it\n"
        "  --special              read special-token spellings in the text as special tokens\n"
        "  -n, --max-tokens N     at most N tokens (128)\n"
        "  --temperature T        0, the default, takes the most likely token\n"
        "  --top-p P              draw from the most likely tokens whose probabilities reach P (1)\n"
        "  --seed S               of the draws (0)\n"
        "  --ignore-eos           go on after stop tokens\n"
        "  --ids                  print {\"ids\": [...], \"stop\": \"return|call|endoftext|length\"}\n"
        "  --json                 the same with text and timings\n",
    .run = run,
    .plumbing = true};
