/* assay model: what a checkpoint is, what it needs, and how far it is from another. */
#include <string.h>

#include "engine/base/json.h"
#include "harness/against.h"
#include "harness/args.h"
#include "harness/cmd/cmd.h"
#include "harness/model_args.h"
#include "harness/term.h"

/* Everything that is printed, as text or as JSON. */
typedef struct Facts {
    Engine *e; /* opened for looking only */
    const EngineInfo *i;
    Json *s; /* EngineInfo.summary_json */
    EngineMemory memory[8];
    size_t n_memory;
} Facts;

/* ---- gathering ---- */

static bool add_memory(Facts *f, int context, int batch, Err *err) {
    size_t n = f->n_memory;
    for (size_t k = 0; k < n; k++)
        if (f->memory[k].context == context) return true;
    if (!engine_memory(f->e, context, batch, &f->memory[n], err)) return false;
    for (; n > 0 && f->memory[n - 1].context > context; n--) { /* in order of size */
        EngineMemory m = f->memory[n];
        f->memory[n] = f->memory[n - 1];
        f->memory[n - 1] = m;
    }
    f->n_memory++;
    return true;
}

/* Three usual lengths, the model's own, and the one that was asked for. */
static bool gather_memory(Facts *f, int asked, int batch, Err *err) {
    static const int usual[] = {4096, 32768, 131072};
    int most = (int)json_num(json_get(f->s, "context"));
    EngineMemory none;
    if (f->i->n_params == 0 || !engine_memory(f->e, 0, 0, &none, NULL)) return true; /* computes nothing here */
    for (size_t k = 0; k < 3; k++)
        if (usual[k] <= most && !add_memory(f, usual[k], batch, err)) return false;
    return (most <= 0 || add_memory(f, most, batch, err)) && (asked <= 0 || add_memory(f, asked, batch, err));
}

static const char *fit_name(MemoryFit f) {
    static const char *const names[] = {"yes", "shared", "slow", "no"};
    return names[f];
}

/* The one id that a spelling of a special token has, or -1. */
static int64_t special_id(const Vocab *v, const char *text, Arena *a) {
    Ids ids;
    Err ignored = ERR_INIT;
    return vocab_encode(v, str_from(text), true, a, &ids, &ignored) && ids.n == 1 ? (int64_t)ids.p[0] : -1;
}

static const char *const specials[] = {"<|start|>",     "<|end|>",    "<|message|>", "<|channel|>",
                                       "<|constrain|>", "<|return|>", "<|call|>",    "<|endoftext|>"};
enum { N_SPECIALS = sizeof specials / sizeof *specials };

/* ---- JSON ---- */

static void put_u64(JsonOut *o, const char *key, uint64_t v) {
    json_out_key(o, key);
    json_out_u64(o, v);
}

static void put_text(JsonOut *o, const char *key, const char *v) {
    json_out_key(o, key);
    if (v && *v)
        json_out_cstr(o, v);
    else
        json_out_null(o);
}

static void put_memory(JsonOut *o, const EngineMemory *m) {
    json_obj(o);
    put_u64(o, "context", (uint64_t)m->context);
    put_u64(o, "batch", (uint64_t)m->batch);
    put_u64(o, "weights", m->weights);
    put_u64(o, "keys_and_values", m->kv);
    put_u64(o, "keys_and_values_of_one", m->kv_least);
    put_u64(o, "work", m->work);
    put_u64(o, "total", m->weights + m->kv + m->work);
    put_u64(o, "least", m->weights_least + m->kv_least + m->work);
    put_u64(o, "free", m->free);
    put_text(o, "bound", m->bound);
    put_text(o, "fits", fit_name(m->fit));
    json_obj_end(o);
}

/* weights, read_per_token: of the model; contexts: what each length takes. */
static void put_memories(JsonOut *o, const Facts *f) {
    json_obj(o);
    put_u64(o, "weights", f->i->weight_bytes);
    put_u64(o, "read_per_token", f->i->active_bytes);
    json_out_key(o, "contexts");
    json_arr(o);
    for (size_t k = 0; k < f->n_memory; k++) put_memory(o, &f->memory[k]);
    json_arr_end(o);
    json_obj_end(o);
}

static void put_tokenizer(CmdCtx *c, JsonOut *o, const Vocab *v) {
    json_obj(o);
    put_u64(o, "ids", vocab_size(v));
    json_out_key(o, "special");
    json_obj(o);
    for (size_t k = 0; k < N_SPECIALS; k++) {
        json_out_key(o, specials[k]);
        json_out_int(o, special_id(v, specials[k], c->arena));
    }
    json_obj_end(o);
    json_obj_end(o);
}

static bool print_json(CmdCtx *c, const Facts *f) {
    Buf b;
    JsonOut o;
    buf_init(&b, 1u << 24);
    json_out_init(&o, &b, 2);
    json_obj(&o);
    put_text(&o, "engine", f->i->engine);
    put_text(&o, "device", f->i->backend);
    put_text(&o, "precision", f->i->precision);
    put_text(&o, "chat_format", engine_vocab(f->e) ? "harmony" : NULL);
    put_text(&o, "digest", f->i->digest);
    json_out_key(&o, "checkpoint");
    json_out_node(&o, f->s);
    if (engine_vocab(f->e)) {
        json_out_key(&o, "tokenizer");
        put_tokenizer(c, &o, engine_vocab(f->e));
    }
    json_out_key(&o, "memory");
    put_memories(&o, f);
    json_obj_end(&o);
    bool ok = !b.failed || err_nomem(&c->fail);
    if (ok) fprintf(c->out, "%s\n", b.p);
    buf_release(&b);
    return ok;
}

/* ---- text ---- */

enum { LABEL = 16 };

static void label(CmdCtx *c, const char *text) {
    fprintf(c->out, "%-*s", LABEL, text);
}

static double num(const Facts *f, const char *key) {
    const Json *v = json_get(f->s, key);
    return v ? json_num(v) : 0;
}

static void print_count(FILE *out, double n) {
    if (n >= 1e9)
        fprintf(out, "%.2f billion", n / 1e9);
    else if (n >= 1e6)
        fprintf(out, "%.2f million", n / 1e6);
    else
        fprintf(out, "%.0f", n);
}

static void print_shapes(CmdCtx *c, const Facts *f) {
    label(c, "layers");
    fprintf(c->out, "%.0f, of them %.0f with a window of %.0f positions\n", num(f, "layers"), num(f, "sliding_layers"),
            num(f, "window"));
    label(c, "hidden size");
    fprintf(c->out, "%.0f\n", num(f, "hidden"));
    label(c, "heads");
    fprintf(c->out, "%.0f of size %.0f, %.0f for keys and values\n", num(f, "heads"), num(f, "head_dim"),
            num(f, "kv_heads"));
    label(c, "experts");
    fprintf(c->out, "%.0f of width %.0f, %.0f for each token\n", num(f, "experts"), num(f, "expert_width"),
            num(f, "experts_per_token"));
    label(c, "context");
    fprintf(c->out, "%.0f positions", num(f, "context"));
    fprintf(c->out, num(f, "yarn_factor") > 1 ? " (RoPE base %.0f, YaRN %.4g times %.0f)\n" : " (RoPE base %.0f)\n",
            num(f, "rope_theta"), num(f, "yarn_factor"), num(f, "yarn_original_context"));
}

/* The next word of a list behind a label, with a comma if more follow; *at is the column. */
static void put_word(CmdCtx *c, int *at, const char *word, bool more) {
    int n = (int)strlen(word) + more;
    bool first = *at == LABEL;
    if (!first && *at + 1 + n > 79) {
        fprintf(c->out, "\n%*s", LABEL, "");
        *at = LABEL, first = true;
    }
    *at += fprintf(c->out, "%s%s%s", first ? "" : " ", word, more ? "," : "");
}

static void print_types(CmdCtx *c, const Facts *f) {
    int at = LABEL;
    label(c, "number types");
    for (const Json *t = json_first(json_get(f->s, "dtypes")); t; t = json_next(t)) {
        char word[64];
        snprintf(word, sizeof word, "%s %s", json_key(t), json_str(t).n ? json_str(t).p : "?");
        put_word(c, &at, word, json_next(t) != NULL);
    }
    fputc('\n', c->out);
}

static void print_tokenizer(CmdCtx *c, const Vocab *v) {
    int at = LABEL;
    label(c, "chat format");
    fputs("harmony\n", c->out);
    label(c, "vocabulary");
    fprintf(c->out, "%zu ids\n", vocab_size(v));
    label(c, "special tokens");
    for (size_t k = 0; k < N_SPECIALS; k++) {
        char word[64];
        snprintf(word, sizeof word, "%s %lld", specials[k], (long long)special_id(v, specials[k], c->arena));
        put_word(c, &at, word, k + 1 < N_SPECIALS);
    }
    fputc('\n', c->out);
}

/* Wrapped behind a label. */
static void put_sentence(CmdCtx *c, Str s) {
    int at = LABEL;
    while (s.n) {
        char word[1024];
        size_t n = str_find(s, STR(" "), 0);
        if (n == SIZE_MAX) n = s.n;
        snprintf(word, sizeof word, "%.*s", (int)n, s.p);
        put_word(c, &at, word, false);
        s = str_sub(s, n + 1, s.n);
    }
    fputc('\n', c->out);
}

/* "rank 16, targets q_proj 4 v_proj 4": whatever members an adapter's description has. */
static void describe_members(const Json *object, Buf *b, const char *separator) {
    size_t n = 0;
    bool yes;
    for (const Json *m = json_first(object); m; m = json_next(m)) {
        if (json_bool(m, &yes) && !yes) continue;
        buf_adds(b, n++ ? separator : "");
        term_escape(b, str_from(json_key(m)));
        buf_addc(b, ' ');
        if (json_type(m) == JSON_OBJECT) describe_members(m, b, " ");
        if (json_type(m) == JSON_NUMBER) buf_addf(b, "%.10g", json_num(m));
        if (json_type(m) == JSON_STRING) term_escape(b, json_str(m));
        for (const Json *v = json_type(m) == JSON_ARRAY ? json_first(m) : NULL; v; v = json_next(v))
            buf_addf(b, "%.10g%s", json_num(v), json_next(v) ? " to " : "");
    }
}

/* A list in the summary: warnings are sentences, adapters objects. */
static void print_list(CmdCtx *c, const Facts *f, const char *key, const char *name) {
    for (const Json *w = json_first(json_get(f->s, key)); w; w = json_next(w)) {
        Buf b;
        buf_init(&b, 1u << 16);
        if (json_type(w) == JSON_OBJECT) describe_members(w, &b, ", ");
        if (json_str(w).p) term_escape(&b, json_str(w));
        label(c, name);
        put_sentence(c, buf_str(&b));
        buf_release(&b);
    }
}

static void print_memory(CmdCtx *c, const Facts *f) {
    bool seen[4] = {false};
    if (!f->n_memory) return;
    fprintf(c->out, "\nmemory for %d sequence%s, %s; %s free (%s)\n", f->memory[0].batch,
            f->memory[0].batch == 1 ? "" : "s at once", f->i->precision, size_text(f->memory[0].free).text,
            f->memory[0].bound);
    fprintf(c->out, "%8s %12s %12s %12s %12s  fits\n", "context", "weights", "keys+values", "work", "total");
    for (size_t k = 0; k < f->n_memory; k++) {
        const EngineMemory *m = &f->memory[k];
        fprintf(c->out, "%8d %12s %12s %12s %12s  %s\n", m->context, size_text(m->weights).text, size_text(m->kv).text,
                size_text(m->work).text, size_text(m->weights + m->kv + m->work).text, fit_name(m->fit));
        seen[m->fit] = true;
    }
    if (seen[MEMORY_SHARED])
        fputs("shared: one sequence of this length fits; several must be shorter, or wait\n", c->out);
    if (seen[MEMORY_SLOW]) fputs("slow: the weights do not fit beside it and are read from disk again\n", c->out);
    if (seen[MEMORY_TOO_LARGE]) fputs("no: refused\n", c->out);
}

static void print_text(CmdCtx *c, const Facts *f) {
    label(c, "layout");
    fputs(f->i->layout, c->out);
    if (num(f, "files") > 0)
        fprintf(c->out, ", %.0f tensors in %.0f file%s", num(f, "tensors"), num(f, "files"),
                num(f, "files") == 1 ? "" : "s");
    fputc('\n', c->out);
    label(c, "digest");
    fprintf(c->out, "%s\n", f->i->digest[0] ? f->i->digest : "-");
    if (f->i->n_params) {
        label(c, "parameters");
        print_count(c->out, (double)f->i->n_params);
        fprintf(c->out, ", %s, of which a token reads %s\n", size_text(f->i->weight_bytes).text,
                size_text(f->i->active_bytes).text);
        print_shapes(c, f);
        print_types(c, f);
    }
    if (engine_vocab(f->e)) {
        print_tokenizer(c, engine_vocab(f->e));
    } else if (f->i->n_params) {
        label(c, "tokenizer");
        fputs("none here: token ids only, or add +tokenizer=PATH to the model\n", c->out);
    }
    print_list(c, f, "adapters", "adapter");
    print_list(c, f, "warnings", "warning");
    print_memory(c, f);
}

/* ---- the command ---- */

static bool describe(CmdCtx *c, const ModelArgs *m, int batch, bool quick) {
    Facts f = {0};
    EngineOptions o = model_args_options(m);
    o.batch = batch;
    o.inspect = true;
    o.no_digest = quick;
    if (!engine_open(&o, &f.e, &c->fail)) return false;
    f.i = engine_info(f.e);
    bool ok = json_parse(str_from(f.i->summary_json), &f.s, &c->fail) && gather_memory(&f, m->context, batch, &c->fail);
    if (ok && c->json) ok = print_json(c, &f);
    if (ok && !c->json) print_text(c, &f);
    json_close(f.s);
    engine_close(f.e);
    return ok;
}

/* Options of one half of the command that were given to the other. */
static bool check_words(CmdCtx *c, Against *a, bool compares, const bool given[5], bool quick, ArgList words) {
    static const char *const names[] = {"text", "tokens", "window", "max-tokens"};
    if (words.n > 1 || (words.n == 1 && a->a.model)) return err_set(&c->fail, ERR_INPUT, "one model was expected");
    if (words.n) a->a.model = words.v[0];
    if (!a->a.model) return err_set(&c->fail, ERR_INPUT, "name a model: assay model MODEL");
    for (size_t k = 0; !compares && k < 4; k++)
        if (given[k])
            return err_set(&c->fail, ERR_INPUT,
                           "--%s needs a second model to compare with: --against MODEL, or "
                           "--against-precision NAME",
                           names[k]);
    if (compares && given[0] == given[1])
        return err_set(&c->fail, ERR_INPUT, "to compare, give one text: --text FILE, or --tokens FILE.json");
    if (compares && given[4])
        return err_set(&c->fail, ERR_INPUT, "to compare, leave out --batch: each model reads one text at a time");
    if (compares && quick)
        return err_set(&c->fail, ERR_INPUT, "to compare, leave out --no-digest: no digest is made for it");
    if (compares && a->a.context) return err_set(&c->fail, ERR_INPUT, "to compare, give --window instead of --context");
    return true;
}

static int run(CmdCtx *c, int argc, char **argv) {
    Against a = {0};
    int batch = 0;
    bool quick = false, given[5] = {false};
    ArgList words = {0};
    const ArgSpec specs[] = {
        MODEL_ARG_SPECS(a.a),
        {.name = "batch", .kind = ARG_INT, .out = &batch, .lo = 1, .hi = 1024, .given = &given[4]},
        {.name = "no-digest", .kind = ARG_FLAG, .out = &quick},
        {.name = "against", .kind = ARG_TEXT, .out = &a.b},
        {.name = "against-precision", .kind = ARG_TEXT, .out = &a.b_precision},
        {.name = "text", .kind = ARG_TEXT, .out = &a.text, .given = &given[0]},
        {.name = "tokens", .kind = ARG_TEXT, .out = &a.tokens, .given = &given[1]},
        {.name = "window", .kind = ARG_INT, .out = &a.window, .lo = 16, .hi = 1 << 24, .given = &given[2]},
        {.name = "max-tokens", .kind = ARG_INT, .out = &a.max_tokens, .lo = 1, .hi = 1 << 30, .given = &given[3]},
    };
    if (!args_parse(c, argc, argv, specs, sizeof specs / sizeof *specs, &words)) return CMD_FAILED;
    bool compares = a.b || a.b_precision;
    if (!check_words(c, &a, compares, given, quick, words)) return CMD_FAILED;
    bool ok = compares ? against_run(c, &a) : describe(c, &a.a, batch, quick);
    return ok ? EXIT_DONE : CMD_FAILED;
}

static const char usage[] = "usage: assay model MODEL [--context N] [--batch B] [--json]\n"
                            "       assay model A --against B --text FILE [--json]\n"
                            "\n"
                            "With one model: checks its files and prints layout, shapes, number types, digest,\n"
                            "chat format, and the memory that contexts of several lengths would take. Nothing\n"
                            "is reserved.\n"
                            "\n"
                            "With two: runs both on a text and prints the Kullback-Leibler divergence KL(A||B)\n"
                            "in nats (what is lost where B stands for A), how often both find the same token\n"
                            "likeliest, how far the raw logits are apart, and both perplexities. 0 means the\n"
                            "same bits. It is a measurement and no gate: the exit status is 0 whatever comes\n"
                            "out. A and B may be the same checkpoint at two precisions.\n"
                            "\n"
                            "  -m, --model MODEL      the model, if it is not the first word\n"
                            "  --device cpu|cuda      where to compute (cpu)\n"
                            "  -t, --threads T        threads (0: all cores); never changes a result\n"
                            "  --precision NAME       of the (first) model: assay list precisions (exact)\n"
                            "  --context N            one model: a further length for the table of memory\n"
                            "  --batch B              one model: sequences at once (16)\n"
                            "  --no-digest            one model: do not read every byte of the weights\n"
                            "  --against MODEL        the second model; its vocabulary must be the same\n"
                            "  --against-precision Q  of the second model (exact); without --against of the same\n"
                            "  --text FILE            a text, cut into tokens by the first model (- reads\n"
                            "                         standard input)\n"
                            "  --tokens FILE.json     or a JSON array of token ids\n"
                            "  --max-tokens N         of the text, at most\n"
                            "  --window N             tokens that are seen at once (4096). Each window after the\n"
                            "                         first begins with the second half of the one before, which\n"
                            "                         is not counted again: every token of the text counts once,\n"
                            "                         behind at least half a window of it\n"
                            "  --json                 everything, as JSON\n"
                            "\n"
                            "What is free is the least that the machine and its control groups leave; the\n"
                            "environment variable ASSAY_MEMORY (12G) can lower it, for all commands.\n";

const Cmd cmd_model = {.name = "model",
                       .summary = "what a checkpoint is, what it needs, how far it is from another",
                       .usage = usage,
                       .run = run};
