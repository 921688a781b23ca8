/* assay model: what a checkpoint is, and what it needs. */
#include <string.h>

#include "engine/base/json.h"
#include "engine/engine.h"
#include "harness/args.h"
#include "harness/cmd.h"
#include "harness/model_args.h"
#include "harness/model_warnings.h"

static void put_u64(JsonOut *o, const char *key, uint64_t v) {
    json_out_key(o, key);
    json_out_u64(o, v);
}

static void print_json(CmdCtx *c, const EngineInfo *i) {
    Buf b;
    JsonOut o;
    Json *summary;
    buf_init(&b, 1u << 24);
    json_out_init(&o, &b, 2);
    json_obj(&o);
    json_out_key(&o, "engine");
    json_out_cstr(&o, i->engine);
    json_out_key(&o, "backend");
    json_out_cstr(&o, i->backend);
    json_out_key(&o, "chat_format");
    json_out_cstr(&o, "harmony");
    json_out_key(&o, "digest");
    if (i->digest[0])
        json_out_cstr(&o, i->digest);
    else
        json_out_null(&o);
    json_out_key(&o, "checkpoint");
    if (json_parse(str_from(i->summary_json), &summary, &c->fail))
        json_out_node(&o, summary), json_close(summary);
    else
        json_out_null(&o);
    json_out_key(&o, "memory");
    json_obj(&o);
    put_u64(&o, "weights", i->weight_bytes);
    put_u64(&o, "keys_and_values", i->kv_bytes);
    put_u64(&o, "work", i->work_bytes);
    put_u64(&o, "read_per_token", i->active_bytes);
    json_out_key(&o, "context");
    json_out_int(&o, i->context);
    json_out_key(&o, "batch");
    json_out_int(&o, i->batch);
    json_obj_end(&o);
    json_obj_end(&o);
    fwrite(b.p, 1, b.n, c->out);
    fputc('\n', c->out);
    buf_release(&b);
}

static void print_shape(CmdCtx *c, const Json *s, const char *label, const char *key) {
    const Json *v = json_get(s, key);
    if (v) fprintf(c->out, "%-20s %.15g\n", label, json_num(v));
}

static void print_shapes(CmdCtx *c, const Json *s) {
    static const char *const rows[][2] = {
        {"layers", "layers"},
        {"  sliding", "sliding_layers"},
        {"hidden size", "hidden"},
        {"query heads", "heads"},
        {"key/value heads", "kv_heads"},
        {"head size", "head_dim"},
        {"experts", "experts"},
        {"  per token", "experts_per_token"},
        {"  width", "expert_width"},
        {"vocabulary", "vocab"},
        {"window", "window"},
        {"context", "context"},
        {"tensors", "tensors"},
        {"files", "files"},
        {"parameters", "parameters"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) print_shape(c, s, rows[i][0], rows[i][1]);
    for (const Json *t = json_first(json_get(s, "dtypes")); t; t = json_next(t))
        fprintf(c->out, "%-20s %s\n", json_key(t), json_str(t).p);
}

static bool print_table(CmdCtx *c, const EngineInfo *i) {
    Json *s;
    if (!json_parse(str_from(i->summary_json), &s, &c->fail)) return false;
    fprintf(c->out, "%-20s %s\n%-20s %s\n%-20s %s\n%-20s %s\n", "layout", i->layout, "chat format", "harmony", "digest",
            i->digest[0] ? i->digest : "-", "backend", i->backend);
    print_shapes(c, s);
    json_close(s);
    fprintf(c->out, "%-20s %.3f GB\n%-20s %.3f GB\n", "weights", (double)i->weight_bytes / 1e9, "  read per token",
            (double)i->active_bytes / 1e9);
    fprintf(c->out, "%-20s %.3f GB for %d sequences of up to %d positions\n", "keys and values",
            (double)i->kv_bytes / 1e9, i->batch, i->context);
    fprintf(c->out, "%-20s %.3f GB\n", "work memory", (double)i->work_bytes / 1e9);
    model_warnings_print(i, "", c->out);
    return true;
}

static int run(CmdCtx *c, int argc, char **argv) {
    ModelArgs m = {0};
    int batch = 0;
    bool quick = false, ok = true;
    ArgList words = {0};
    const ArgSpec specs[] = {
        MODEL_ARG_SPECS(m),
        {.name = "batch", .kind = ARG_INT, .out = &batch, .lo = 1, .hi = 1024},
        {.name = "no-digest", .kind = ARG_FLAG, .out = &quick},
    };
    if (!args_parse(c, argc, argv, specs, sizeof specs / sizeof *specs, &words)) return CMD_FAILED;
    if (words.n > 1 || (words.n == 1 && m.model)) {
        err_set(&c->fail, ERR_INPUT, "one model was expected");
        return CMD_FAILED;
    }
    if (words.n) m.model = words.v[0];
    Engine *e;
    if (!model_args_open(c, &m, batch, quick, &e)) return CMD_FAILED;
    if (c->json)
        print_json(c, engine_info(e));
    else
        ok = print_table(c, engine_info(e));
    engine_close(e);
    return ok ? EXIT_DONE : CMD_FAILED;
}

const Cmd cmd_model = {
    .name = "model",
    .summary = "what a checkpoint is and what it needs",
    .usage =
        "usage: assay model MODEL [--json]\n\n"
        "Checks a checkpoint's files and prints layout, shapes, number types, size, digest, and the memory that the\n"
        "engine plans for it.\n\n" MODEL_ARG_USAGE "  --batch N              plan for N sequences at once (16)\n"
        "  --no-digest            do not read every byte of the weights\n",
    .run = run};
