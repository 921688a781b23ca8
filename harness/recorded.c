#include "harness/recorded.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "harness/probe.h"
#include "reports/store.h"

#define LINE_MAX_BYTES ((size_t)1 << 30)

static const char *recorded_dir(const char *spec) {
    return strncmp(spec, "replay:", 7) == 0 ? spec + 7 : NULL;
}

/* ---- which model ---- */

typedef struct Models {
    Arena *arena;
    Str wanted, found; /* found: the run's model to take */
    int context;       /* of the engine that it was recorded from; 0: not known */
    size_t n;
    bool has_wanted;
    Buf names;
} Models;

static void take_model(Models *m, const Json *facts, Str name) {
    int64_t context = 0;
    const Json *c = json_get(facts, "max_context");
    m->has_wanted = str_eq(name, m->wanted);
    m->found = str_dup(m->arena, name.p ? name : STR(""));
    m->context = c && json_int(c, 1, INT_MAX, &context) ? (int)context : 0;
}

static bool see_models(Models *m, Str list, Err *err) {
    Json *j = NULL;
    if (!json_parse(list, &j, err)) return err_wrap(err, "manifest entry 'models'");
    for (const Json *c = json_first(j); c; c = json_next(c)) {
        Str name = json_str(json_get(c, "name"));
        m->n++;
        if (!m->has_wanted) take_model(m, c, name);
        buf_adds(&m->names, m->n > 1 ? ", " : "");
        buf_addstr(&m->names, name);
    }
    json_close(j);
    return (!m->n || m->found.p) || err_nomem(err);
}

static bool choose_model(RunStore *s, const char *dir, Models *m, Err *err) {
    Str list;
    if (!store_manifest_get(s, "models", m->arena, &list, err) || (list.p && !see_models(m, list, err))) return false;
    if (m->n == 0) return err_set(err, ERR_INPUT, "%s holds a run without a model", dir);
    if (m->n == 1 || m->has_wanted) return true;
    return err_set(err, ERR_INPUT,
                   "%s holds several models (" STR_FMT "); say which by its name: --model NAME=replay:%s", dir,
                   STR_ARG(buf_str(&m->names)), dir);
}

/* ---- writing ---- */

typedef struct Export {
    FILE *f;
    Str model;
    Buf line;
    Arena *arena; /* of the record that is being read */
    Err *err;
    bool ok;
} Export;

static bool export_line(Export *e, Str request, const Completion *c) {
    JsonOut o;
    Buf completion;
    buf_clear(&e->line);
    buf_init(&completion, LINE_MAX_BYTES);
    completion_to_json(c, &completion);
    json_out_init(&o, &e->line, 0);
    json_obj(&o);
    json_out_key(&o, "request");
    json_out_str(&o, request);
    json_out_key(&o, "completion");
    json_out_raw(&o, buf_str(&completion));
    json_obj_end(&o);
    buf_addc(&e->line, '\n');
    e->ok = !e->line.failed && !completion.failed;
    if (!e->ok)
        err_nomem(e->err);
    else if (fwrite(e->line.p, 1, e->line.n, e->f) != e->line.n)
        e->ok = err_set(e->err, ERR_IO, "cannot write a temporary file for replay; is $TMPDIR full?");
    buf_release(&completion);
    return e->ok;
}

static bool export_probe(void *ctx, Str request, const Completion *c) {
    return export_line(ctx, request, c);
}

/* With tools each turn was a request of its own; so was each probe. */
static bool export_record(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    Export *e = ctx;
    (void)id;
    (void)rows;
    (void)n;
    if (!str_eq(r->key.model, e->model)) return true;
    if (r->probes.p && !probe_each(r->probes, export_probe, e, e->arena, e->err)) return e->ok = false;
    if (!r->n_turns) return export_line(e, r->request_hash, &r->completion);
    for (size_t i = 0; i < r->n_turns; i++)
        if (!export_line(e, r->turns[i].request_hash, &r->turns[i].completion)) return false;
    return true;
}

static bool export_run(RunStore *s, Str model, const char *path, Err *err) {
    Export e = {.model = model, .err = err, .ok = true, .f = fopen(path, "wx")};
    Arena *a = arena_open(0);
    bool ok = a != NULL || err_nomem(err);
    e.arena = a;
    if (ok && !e.f) ok = err_set(err, ERR_IO, "cannot make the temporary file %s", path);
    buf_init(&e.line, LINE_MAX_BYTES);
    ok = ok && store_each(s, true, a, export_record, &e, err) && e.ok;
    if (e.f && fclose(e.f) != 0 && ok) ok = err_set(err, ERR_IO, "cannot write the temporary file %s", path);
    buf_release(&e.line);
    arena_close(a);
    return ok;
}

/* The recorded engine's context counts, not this command's: whether a conversation had outgrown it is told by the
 * sizes.
 */
static bool open_exported(const EngineOptions *o, RunStore *s, const Models *m, Engine **out, Err *err) {
    const char *tmp = getenv("TMPDIR");
    char dir[512], path[600], spec[600];
    snprintf(dir, sizeof dir, "%s/assay-replay-XXXXXX", tmp && *tmp && strlen(tmp) < 400 ? tmp : "/tmp");
    if (!mkdtemp(dir)) return err_set(err, ERR_IO, "cannot make a temporary folder for replay in %s", dir);
    snprintf(path, sizeof path, "%s/completions.jsonl", dir);
    snprintf(spec, sizeof spec, "replay:%s", dir);
    EngineOptions eo = *o;
    eo.spec = spec;
    eo.context = m->context;
    bool ok = export_run(s, m->found, path, err) && engine_open(&eo, out, err);
    unlink(path); /* the engine has it mapped */
    rmdir(dir);
    return ok;
}

static bool open_run(const EngineOptions *o, const char *dir, Str name, Engine **out, Err *err) {
    RunStore *s = NULL;
    Models m = {.arena = arena_open(0), .wanted = name};
    buf_init(&m.names, (size_t)1 << 20);
    bool ok = m.arena != NULL || err_nomem(err);
    ok = ok && store_open(dir, STORE_READ, &s, err) && choose_model(s, dir, &m, err) &&
         open_exported(o, s, &m, out, err);
    store_close(s);
    buf_release(&m.names);
    arena_close(m.arena);
    return ok;
}

bool recorded_engine_open(const EngineOptions *o, Str name, Engine **out, Err *err) {
    const char *dir = recorded_dir(o->spec);
    char db[4200];
    *out = NULL;
    if (!dir || snprintf(db, sizeof db, "%s/run.db", dir) >= (int)sizeof db || !file_exists(db))
        return engine_open(o, out, err);
    return open_run(o, dir, name, out, err);
}
