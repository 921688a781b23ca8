#include "harness/model_args.h"

#include "engine/base/file.h"
#include "engine/base/json.h"

EngineOptions model_args_options(const ModelArgs *m) {
    return (EngineOptions){
        .spec = m->model, .threads = m->threads, .context = m->context, .device = m->device, .precision = m->precision};
}

void model_args_note(CmdCtx *c, const EngineInfo *info) {
    if (info->note[0] && !c->quiet) fprintf(c->err, "assay: %s\n", info->note);
    if (info->warning[0]) fprintf(c->err, "assay: warning: %s\n", info->warning);
}

bool model_args_open(CmdCtx *c, const ModelArgs *m, int batch, bool no_digest, Engine **out) {
    *out = NULL;
    if (!m->model) return err_set(&c->fail, ERR_INPUT, "--model MODEL is missing; a checkpoint folder was expected");
    EngineOptions o = model_args_options(m);
    o.batch = batch;
    o.no_digest = no_digest;
    if (!engine_open(&o, out, &c->fail)) return false;
    model_args_note(c, engine_info(*out));
    return true;
}

static bool read_ids(const Json *j, Arena *a, Ids *out, Err *err) {
    if (json_type(j) != JSON_ARRAY)
        return err_set(err, ERR_INPUT, "a JSON array of token ids was expected, not %s", json_type_name(json_type(j)));
    *out = (Ids){.p = arena_array(a, json_count(j), sizeof *out->p)};
    if (!out->p) return err_nomem(err);
    for (const Json *c = json_first(j); c; c = json_next(c)) {
        int64_t id;
        if (!json_int(c, 0, UINT32_MAX, &id))
            return err_set(err, ERR_INPUT, "entry %zu of the array is no token id (an integer from 0)", out->n + 1);
        out->p[out->n++] = (uint32_t)id;
    }
    return out->n || err_set(err, ERR_INPUT, "the array of token ids is empty; at least one is needed");
}

bool model_args_tokens(const char *path, Arena *a, Ids *out, Err *err) {
    Buf text;
    Json *j = NULL;
    buf_init(&text, 256u << 20);
    bool ok = file_read(path, &text, err) && (json_parse(buf_str(&text), &j, err) || err_wrap(err, "%s", path));
    ok = ok && (read_ids(j, a, out, err) || err_wrap(err, "%s", path));
    json_close(j);
    buf_release(&text);
    return ok;
}
