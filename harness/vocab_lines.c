#include "harness/vocab_lines.h"

#include <string.h>

int vocab_lines_run(CmdCtx *c, int argc, char **argv, VocabLines *l, const ArgSpec *own, size_t n_own,
                    bool (*before)(CmdCtx *c, VocabLines *l), CmdLineFn fn) {
    ArgSpec specs[8] = {{.name = "model", .kind = ARG_TEXT, .out = &l->model}};
    BUG_ON(n_own + 1 > sizeof specs / sizeof *specs);
    if (n_own) memcpy(specs + 1, own, n_own * sizeof *own);
    if (!args_parse(c, argc, argv, specs, n_own + 1, NULL)) return CMD_FAILED;
    if (before && !before(c, l)) return CMD_FAILED;
    if (!l->model) {
        err_set(&c->fail, ERR_INPUT,
                "%s needs --model MODEL: a model's folder or .gguf file, or either with +tokenizer=PATH", argv[0]);
        return CMD_FAILED;
    }
    if (!vocab_open(l->model, &l->v, &c->fail)) return CMD_FAILED;
    int status = cmd_each_line(c, fn, l);
    vocab_close(l->v);
    return status;
}

void vocab_lines_ids(Buf *out, const Buf *text, Ids ids) {
    JsonOut o;
    json_out_init(&o, out, 0);
    json_obj(&o);
    if (text) {
        json_out_key(&o, "text");
        json_out_str(&o, buf_str(text));
    }
    json_out_key(&o, "ids");
    json_arr(&o);
    for (size_t i = 0; i < ids.n; i++) json_out_int(&o, ids.p[i]);
    json_arr_end(&o);
    json_obj_end(&o);
}
