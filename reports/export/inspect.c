/* inspect/: one .eval log for each model x suite x transform x effort, in the form of Inspect (schema version 2): a ZIP
 * that its viewer and its Python reader open. Field by field: the project's interoperability specification, section C.
 *
 * What is ours and not Inspect's stands in `metadata`. An answer that was cut off has a `limit`; one that could not be
 * scored has the value NaN, Inspect's word for it; one that failed has an `error` and no score. */
#include "reports/export/inspect.h"

#include <math.h>
#include <stdio.h>

#include "engine/base/file.h"
#include "reports/export/zip.h"
#include "reports/json_keys.h"
#include "reports/report.h"
#include "reports/report_list.h"

#define MEMBER_MAX ((size_t)512 << 20)
#define LOG_MAX ((size_t)2 << 30)

/* ---- what was asked ---- */

static const Json *generation(const InspectLog *log) {
    return json_get(export_suite_plan(log->run, log->cell), "generation");
}

static void generate_config(JsonOut *o, const InspectLog *log) {
    const Json *g = generation(log);
    json_obj(o);
    if (json_get(g, "max_tokens")) json_out_key(o, "max_tokens"), json_out_node(o, json_get(g, "max_tokens"));
    if (json_get(g, "temperature")) json_out_key(o, "temperature"), json_out_node(o, json_get(g, "temperature"));
    if (json_get(g, "top_p")) json_out_key(o, "top_p"), json_out_node(o, json_get(g, "top_p"));
    if (json_get(log->run->plan, "seed")) json_out_key(o, "seed"), json_out_node(o, json_get(log->run->plan, "seed"));
    key_cstr(o, "reasoning_effort", effort_name(log->cell->effort));
    json_obj_end(o);
}

static void empty_object(JsonOut *o, const char *key) {
    key_obj(o, key);
    json_obj_end(o);
}

static void dataset(JsonOut *o, const InspectLog *log) {
    const SumCell *c = log->cell;
    key_obj(o, "dataset");
    key_str(o, "name", log->run->s.suites[c->suite].name);
    key_int(o, "samples", (int64_t)c->n_questions);
    key_arr(o, "sample_ids");
    for (size_t i = 0; i < c->n_questions; i++) inspect_put_id(o, log->run->keep, c->questions[i].sample);
    json_arr_end(o);
    key_bool(o, "shuffled", false);
    json_obj_end(o);
}

static void config(JsonOut *o, const InspectLog *log) {
    key_obj(o, "config");
    key_int(o, "epochs", log->cell->repeats);
    key_arr(o, "epochs_reducer");
    json_out_cstr(o, "mean");
    json_arr_end(o);
    key_bool(o, "fail_on_error", false);
    key_bool(o, "log_samples", true);
    json_obj_end(o);
}

static void metadata(JsonOut *o, const InspectLog *log) {
    const Json *suite = export_suite_plan(log->run, log->cell);
    key_obj(o, "metadata");
    key_str(o, "suite_sha256", json_str(json_get(suite, "suite_sha256")));
    key_str(o, "data_sha256", json_str(json_get(suite, "data_sha256")));
    key_str(o, "transform", log->run->s.transforms[log->cell->transform].name);
    key_str(o, "precision", log->run->s.models[log->cell->model].precision);
    json_obj_end(o);
}

static void eval_spec(JsonOut *o, const InspectLog *log) {
    const ExportRun *x = log->run;
    const SumModel *m = &x->s.models[log->cell->model];
    key_obj(o, "eval");
    key_cstr(o, "eval_id", export_id(x, log->cell, "eval", STR("")).text);
    key_cstr(o, "run_id", export_id(x, NULL, "run", STR("")).text);
    key_str(o, "created", export_time(x->keep, x->started.p ? x->started : STR("1970-01-01T00:00:00Z")));
    key_cstr(o, "task", export_task(x, log->cell));
    key_cstr(o, "task_id", export_id(x, log->cell, "task", STR("")).text);
    key_str(o, "task_version",
            x->s.suites[log->cell->suite].version.p ? x->s.suites[log->cell->suite].version : STR("0"));
    empty_object(o, "task_attribs");
    empty_object(o, "task_args");
    empty_object(o, "task_args_passed");
    dataset(o, log);
    key_str(o, "model", log->model);
    json_out_key(o, "model_generate_config"), generate_config(o, log);
    key_obj(o, "model_args");
    if (m->digest.p) key_str(o, "weights_sha256", m->digest);
    json_obj_end(o);
    config(o, log);
    key_obj(o, "packages");
    key_str(o, "assay", x->version.p ? x->version : STR("unknown"));
    json_obj_end(o);
    metadata(o, log);
    json_obj_end(o);
    key_obj(o, "plan");
    key_cstr(o, "name", "plan");
    key_arr(o, "steps");
    json_obj(o);
    key_cstr(o, "solver", "generate");
    empty_object(o, "params");
    empty_object(o, "params_passed");
    json_obj_end(o);
    json_arr_end(o);
    json_out_key(o, "config"), generate_config(o, log);
    json_obj_end(o);
}

/* ---- what came of it ---- */

static bool same_slice(const SumCell *a, const SumCell *b) {
    return a->model == b->model && a->suite == b->suite && a->transform == b->transform && a->effort == b->effort;
}

static void metric(JsonOut *o, const char *name, double v) {
    if (isnan(v)) return;
    key_obj(o, name);
    key_cstr(o, "name", name);
    key_num(o, "value", v);
    empty_object(o, "params");
    json_obj_end(o);
}

static void score(JsonOut *o, const SumCell *c) {
    json_obj(o);
    key_str(o, "name", c->scorer);
    key_str(o, "scorer", c->scorer);
    key_cstr(o, "reducer", "mean");
    key_int(o, "scored_samples", (int64_t)c->est.n_questions);
    key_int(o, "unscored_samples", (int64_t)(c->n_questions - c->est.n_questions));
    empty_object(o, "params");
    key_obj(o, "metrics");
    metric(o, "mean", c->est.mean);
    metric(o, "stderr", c->est.se);
    if (c->est.method) metric(o, "ci_lower", c->est.lo), metric(o, "ci_upper", c->est.hi);
    metric(o, "open_wrong", c->bound_lo);
    metric(o, "open_right", c->bound_hi);
    json_obj_end(o);
    json_obj_end(o);
}

static void results(JsonOut *o, const InspectLog *log) {
    const Summary *s = &log->run->s;
    key_obj(o, "results");
    key_int(o, "total_samples", log->n_samples);
    key_int(o, "completed_samples", log->n_completed);
    key_arr(o, "scores");
    for (size_t i = 0; i < s->n_cells; i++)
        if (same_slice(&s->cells[i], log->cell)) score(o, &s->cells[i]);
    json_arr_end(o);
    json_obj_end(o);
}

static void stats(JsonOut *o, const InspectLog *log) {
    const ExportRun *x = log->run;
    Str name = log->model;
    key_obj(o, "stats");
    key_str(o, "started_at", x->started.p ? export_time(x->keep, x->started) : STR(""));
    key_str(o, "completed_at", x->finished.p ? export_time(x->keep, x->finished) : STR(""));
    key_obj(o, "model_usage");
    char *key = str_cstr(x->keep, name);
    if (key) json_out_key(o, key), inspect_usage(o, log->tokens_in, log->tokens_out, log->tokens_analysis);
    json_obj_end(o);
    empty_object(o, "role_usage");
    key_arr(o, "connection_limit_history");
    json_arr_end(o);
    json_obj_end(o);
}

static void header(JsonOut *o, const InspectLog *log) {
    json_obj(o);
    key_int(o, "version", 2);
    key_cstr(o, "status", log->run->complete ? "success" : "cancelled");
    eval_spec(o, log);
    results(o, log);
    stats(o, log);
    key_bool(o, "invalidated", false);
    json_obj_end(o);
}

static void start(JsonOut *o, const InspectLog *log) {
    json_obj(o);
    key_int(o, "version", 2);
    eval_spec(o, log);
    json_obj_end(o);
}

static void reductions(JsonOut *o, const InspectLog *log) {
    const Summary *s = &log->run->s;
    json_arr(o);
    for (size_t i = 0; i < s->n_cells; i++) {
        const SumCell *c = &s->cells[i];
        if (!same_slice(c, log->cell)) continue;
        json_obj(o);
        key_str(o, "scorer", c->scorer);
        key_cstr(o, "reducer", "mean");
        key_arr(o, "samples");
        for (size_t q = 0; q < c->n_questions; q++) {
            const SumQuestion *u = &c->questions[q];
            json_obj(o);
            json_out_key(o, "value"), inspect_value(o, u->n_scored ? u->sum / u->n_scored : NAN);
            key_arr(o, "history");
            json_arr_end(o);
            json_out_key(o, "sample_id"), inspect_put_id(o, log->run->keep, u->sample);
            json_obj_end(o);
        }
        json_arr_end(o);
        json_obj_end(o);
    }
    json_arr_end(o);
}

/* ---- the archive ---- */

typedef struct Writing {
    InspectLog log;
    ZipOut *zip;
    Buf summaries;
    JsonOut list;
    Err *err;
    bool ok;
} Writing;

static bool add_sample(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    Writing *w = ctx;
    JsonOut o;
    Buf b;
    (void)id;
    buf_init(&b, MEMBER_MAX);
    json_out_init(&o, &b, 0);
    inspect_sample(&o, &w->log, r, rows, n);
    inspect_summary(&w->list, &w->log, r, rows, n);
    const char *sample = inspect_sample_id(w->log.run->scratch, r->key.sample);
    Str name = sample ? str_printf(w->log.run->scratch, "samples/%s_epoch_%d.json", sample, r->key.epoch) : (Str){0};
    w->ok = (name.p || err_nomem(w->err)) && zip_out_add(w->zip, name.p, &b, w->err);
    buf_release(&b);
    w->log.tokens_in += r->completion.n_prompt_tokens;
    w->log.tokens_out += r->completion.n_tokens;
    w->log.tokens_analysis += r->completion.n_analysis_tokens;
    w->log.n_samples++;
    w->log.n_completed += r->completion.status <= COMPLETION_FILTERED;
    return w->ok;
}

static bool add_member(Writing *w, const char *name, void (*write)(JsonOut *, const InspectLog *)) {
    JsonOut o;
    Buf b;
    buf_init(&b, MEMBER_MAX);
    json_out_init(&o, &b, 0);
    write(&o, &w->log);
    bool ok = zip_out_add(w->zip, name, &b, w->err);
    buf_release(&b);
    return ok;
}

static bool add_summaries(Writing *w) {
    Buf copy;
    json_arr_end(&w->list);
    buf_init(&copy, MEMBER_MAX);
    buf_addstr(&copy, buf_str(&w->summaries));
    bool ok = zip_out_add(w->zip, "_journal/summaries/1.json", &copy, w->err) &&
              zip_out_add(w->zip, "summaries.json", &w->summaries, w->err);
    buf_release(&copy);
    return ok;
}

/* In the order in which Inspect itself writes: the header comes last. */
static bool fill(Writing *w, ExportRun *x) {
    return add_member(w, "_journal/start.json", start) && export_each(x, w->log.cell, add_sample, w, w->err) && w->ok &&
           add_summaries(w) && add_member(w, "reductions.json", reductions) && add_member(w, "header.json", header);
}

/* "2026-02-03T04-05-06-00-00_demo-choice_4hJ….eval": Inspect's viewer reads time, task and id from the name. */
static char *log_path(const InspectLog *log, const char *folder) {
    const ExportRun *x = log->run;
    Arena *a = x->keep;
    Str when = export_file_part(a, export_time(a, x->started.p ? x->started : STR("1970-01-01T00:00:00Z")));
    Str task = export_file_part(a, str_from(export_task(x, log->cell)));
    Str name = str_printf(a, STR_FMT "_" STR_FMT "_%s.eval", STR_ARG(when), STR_ARG(task),
                          export_id(x, log->cell, "task", STR("")).text);
    return name.p ? path_join(a, folder, name.p) : NULL;
}

static bool write_log(ExportRun *x, const SumCell *cell, const char *folder, Err *err) {
    Writing w = {.log = {.run = x, .cell = cell, .model = x->s.models[cell->model].name, .max_tokens = -1},
                 .err = err,
                 .ok = true};
    Buf archive;
    json_int(json_get(generation(&w.log), "max_tokens"), 0, INT64_MAX, &w.log.max_tokens);
    buf_init(&archive, LOG_MAX);
    buf_init(&w.summaries, MEMBER_MAX);
    json_out_init(&w.list, &w.summaries, 0);
    json_arr(&w.list);
    char *path = log_path(&w.log, folder);
    bool ok = (path || err_nomem(err)) && zip_out_open(&w.zip, err);
    if (ok) {
        ok = fill(&w, x);
        if (ok)
            ok = zip_out_end(w.zip, &archive, err);
        else
            zip_out_close(w.zip);
    }
    ok = ok && export_whole(x, &archive, err) && file_write_atomic(path, buf_str(&archive), err);
    buf_release(&w.summaries);
    buf_release(&archive);
    return ok;
}

static bool inspect_write(Findings *all, const char *folder, Err *err) {
    ExportRun x;
    if (!export_open(all, &x, err)) return false;
    bool ok = true;
    for (size_t i = 0; ok && i < x.s.n_cells; i++)
        if (x.s.cells[i].primary) ok = write_log(&x, &x.s.cells[i], folder, err);
    export_close(&x);
    return ok;
}

const Report report_inspect = {.name = "inspect",
                               .file_name = "inspect",
                               .help = "logs for Inspect's viewer, one .eval for each model and suite",
                               .write_folder = inspect_write};
