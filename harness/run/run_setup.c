/* Opening a run. The order matters: whatever can fail without a trace comes first, the store's entries come last. */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/base/pool.h"
#include "harness/manifest.h"
#include "harness/model_warnings.h"
#include "harness/recorded.h"
#include "harness/run/run_command.h"
#include "harness/run/run_internal.h"
#include "harness/term.h"

/* ---- plan, scorers, prompts ---- */

static bool open_plan(Run *r, Err *err) {
    const RunOptions *o = r->o;
    if (!plan_load(o->plans.v, o->plans.n, &o->over, r->arena, &r->plan, err)) return false;
    if (!plan_open_data(r->plan, r->arena, err) || !run__seal_plan(r, err)) return false;
    r->n_items = plan_count(r->plan);
    if (r->n_items <= 0 || r->plan->n_models == 0)
        return err_set(err, ERR_INPUT,
                       r->plan->n_models ? "the plan has no samples to run"
                                         : "the plan names no model; add --model SPEC");
    r->per_model = r->n_items / (int64_t)r->plan->n_models;
    r->state = arena_alloc(r->arena, (size_t)r->n_items);
    r->cells = arena_array(r->arena, r->plan->n_models * r->plan->n_suites, sizeof *r->cells);
    r->digested = arena_array(r->arena, r->plan->n_models, sizeof *r->digested);
    if (!r->state || !r->cells || !r->digested) return err_nomem(err);
    return !o->steering || o->steering->prepare(o->steering->ctx, r->plan, err);
}

/* Splits --scorer words into plugins, which are loaded, and names. What no suite asks for is added to all. */
static bool open_scorers(Run *r, Err *err) {
    const ArgList *words = &r->o->scorers;
    const char **extra = arena_array(r->arena, words->n + 1, sizeof *extra);
    size_t n_suites = r->plan->n_suites;
    r->sets = arena_array(r->arena, n_suites, sizeof *r->sets);
    if (!extra || !r->sets) return err_nomem(err);
    for (size_t i = 0; i < words->n; i++) {
        if (!plugin_is_path(words->v[i])) {
            extra[i] = words->v[i];
            continue;
        }
        if (!plugin_load(&r->table, words->v[i], r->arena, err)) return false;
        extra[i] = r->table.plugins[r->table.n_plugins - 1].scorer->name;
    }
    for (size_t i = 0; i < n_suites; i++)
        if (!scorer_set_open(r->plan->suites[i].suite, &r->table, extra, words->n, r->arena, &r->sets[i], err))
            return false;
    return true;
}

/* Renders every prompt once: a template that fails on the last sample must not fail after an hour. Opening the data
 * has done so for all transforms but plain. */
static bool check_prompts(Run *r, Err *err) {
    Arena *a = arena_open(0);
    bool ok = a || err_nomem(err);
    GenOptions gen = GEN_DEFAULTS;
    for (size_t i = 0; ok && i < r->plan->n_suites; i++) {
        const PlanSuite *s = &r->plan->suites[i];
        for (size_t k = 0; ok && k < s->n_chosen; k++) {
            const Sample *sample = &s->data->samples[s->chosen[k]];
            Request request;
            ok = prompt_build(s->suite, s->fewshot, sample, &gen, 0, a, &request, err) ||
                 err_wrap(err, "suite " STR_FMT " sample " STR_FMT, STR_ARG(s->suite->id), STR_ARG(sample->id));
            arena_reset(a);
        }
    }
    arena_close(a);
    return ok;
}

static void init_cells(Run *r) {
    const Plan *p = r->plan;
    r->progress.cells = r->cells;
    r->progress.n_cells = p->n_models * p->n_suites;
    for (size_t m = 0; m < p->n_models; m++)
        for (size_t s = 0; s < p->n_suites; s++) {
            ProgressCell *c = &r->cells[m * p->n_suites + s];
            c->model = p->models[m].name;
            c->suite = p->suites[s].suite->id;
            c->total = plan_suite_count(p, s);
        }
}

/* What is not asked must not go unsaid. */
static void tell_left_out(const Run *r) {
    for (size_t s = 0; s < r->plan->n_suites; s++)
        for (size_t i = 0; i < r->plan->suites[s].n_transforms; i++) {
            const PlanTransform *t = &r->plan->suites[s].transforms[i];
            if (!t->n_left_out || r->o->quiet) continue;
            fprintf(r->o->err,
                    "assay: " STR_FMT ": transform " STR_FMT " leaves out %zu of %zu samples; of the first: " STR_FMT
                    "\n",
                    STR_ARG(r->plan->suites[s].suite->id), STR_ARG(t->chain.name), t->n_left_out,
                    r->plan->suites[s].n_chosen, STR_ARG(t->why));
        }
}

/* ---- what the store has ---- */

static bool same_key(const Run *r, const WorkItem *w, const Record *rec) {
    return str_eq(rec->key.model, r->plan->models[w->model].name) &&
           str_eq(rec->key.suite, run__suite(r, w)->suite->id) && str_eq(rec->key.sample, run__sample(r, w)->id) &&
           str_eq(rec->key.transform, plan_transform(r->plan, w)->chain.name) && rec->key.effort == w->effort &&
           rec->key.epoch == w->epoch;
}

static bool push_unscored(Run *r, int64_t id, int64_t ordinal) {
    if (r->n_unscored == r->cap_unscored) {
        size_t cap = r->cap_unscored ? r->cap_unscored * 2 : 64;
        Unscored *v = arena_array(r->arena, cap, sizeof *v);
        if (!v) return false;
        if (r->n_unscored) memcpy(v, r->unscored, r->n_unscored * sizeof *v);
        r->unscored = v;
        r->cap_unscored = cap;
    }
    r->unscored[r->n_unscored++] = (Unscored){id, ordinal};
    return true;
}

typedef struct Subtraction {
    Run *r;
    Err *err;
    bool ok;
} Subtraction;

static bool subtract_record(void *ctx, int64_t id, const Record *rec, const ScoreRow *rows, size_t n) {
    Subtraction *s = ctx;
    Run *r = s->r;
    s->ok = false;
    WorkItem w = {0};
    bool known = rec->ordinal >= 0 && rec->ordinal < r->n_items;
    if (known) w = plan_item(r->plan, rec->ordinal);
    if (!known || !same_key(r, &w, rec) || r->state[rec->ordinal] != ITEM_TODO)
        return err_set(s->err, ERR_INPUT,
                       "run.db holds a record (" STR_FMT ", " STR_FMT ", " STR_FMT ") that is not in this plan",
                       STR_ARG(rec->key.model), STR_ARG(rec->key.suite), STR_ARG(rec->key.sample));
    if (!str_eq(rec->content_hash, run__sample(r, &w)->content_hash))
        return err_set(s->err, ERR_INPUT, "suite " STR_FMT " sample " STR_FMT " has changed since it was run",
                       STR_ARG(rec->key.suite), STR_ARG(rec->key.sample));
    bool scored = n >= r->sets[w.suite]->n && !r->o->rescore;
    if (!scored && rec->sealed && !r->o->rescore)
        return err_set(s->err, ERR_INPUT,
                       "suite " STR_FMT " sample " STR_FMT " lacks a score, and its texts are sealed; the auditor adds "
                       "it: assay rescore %s --key NAME.key",
                       STR_ARG(rec->key.suite), STR_ARG(rec->key.sample), r->dir);
    ProgressCell *cell = &r->cells[run__cell(r, &w)];
    r->state[rec->ordinal] = scored ? ITEM_SCORED : ITEM_STORED;
    cell->done++;
    r->fresh = false;
    if (scored)
        r->n_scored++;
    else if (!push_unscored(r, id, rec->ordinal))
        return err_nomem(s->err);
    if (scored) progress_score(&r->progress, run__cell(r, &w), n ? &rows[0].score : NULL);
    return s->ok = true;
}

static bool subtract_store(Run *r, Err *err) {
    Arena *a = arena_open(0);
    if (!a) return err_nomem(err);
    Subtraction s = {r, err, true};
    bool ok = store_each(r->store, false, a, subtract_record, &s, err) && s.ok;
    arena_close(a);
    return ok;
}

/* ---- machines ---- */

bool run__has_todo(const Run *r, int m) {
    return memchr(r->state + m * r->per_model, ITEM_TODO, (size_t)r->per_model) != NULL;
}

/* What a reader of the scores must know about the checkpoint, once for each model, also when the run is quiet; then a
 * context that was chosen, or weights that do not fit: the user would wonder about truncated answers or the speed. */
static void tell_model(const Run *r, Str model, bool first) {
    const EngineInfo *i = engine_info(r->engine);
    FILE *f = r->o->err;
    Buf prefix;
    if (!first && r->o->steering) return; /* opened again and again where memory has room for one alone */
    buf_init(&prefix, 4096);
    buf_adds(&prefix, "assay: ");
    term_escape(&prefix, model);
    buf_adds(&prefix, ": ");
    const char *p = prefix.failed ? "assay: " : prefix.p;
    if (first) model_warnings_print(i, p, f);
    if (i->note[0] && !r->o->quiet) fprintf(f, "%s%s\n", p, i->note);
    if (i->warning[0]) fprintf(f, "%swarning: %s\n", p, i->warning);
    buf_release(&prefix);
}

static uint64_t models_bytes(const Run *r, Arena *a);

/* Puts the open model aside, kept open only where models take turns; true if m is what stood there. */
static bool change_engine(Run *r, int m) {
    Engine *aside = r->parked;
    int aside_model = r->parked_model;
    r->parked = r->o->steering ? r->engine : NULL;
    r->parked_model = r->engine_model;
    if (!r->o->steering) engine_close(r->engine);
    bool there = aside && aside_model == m;
    if (!there) engine_close(aside);
    r->engine = there ? aside : NULL;
    r->engine_model = there ? m : -1;
    return there;
}

/* With the model put aside closed, if memory is too small for both. */
static bool open_engine(Run *r, int m, const EngineOptions *eo, Err *err) {
    Err why = ERR_INIT;
    Str name = r->plan->models[m].name;
    if (recorded_engine_open(eo, name, r->o->key, r->o->err, &r->engine, &why)) return true;
    if (r->parked) {
        engine_close(r->parked);
        r->parked = NULL;
        why = (Err)ERR_INIT;
        if (recorded_engine_open(eo, name, r->o->key, r->o->err, &r->engine, &why)) return true;
    }
    *err = why;
    return false;
}

bool run__engine(Run *r, int m, Err *err) {
    if (r->engine_model == m) return true;
    const Plan *p = r->plan;
    if (change_engine(r, m)) return true;
    EngineOptions eo = {.spec = str_cstr(r->arena, p->models[m].spec),
                        .no_digest = r->digested[m],
                        .threads = p->threads,
                        .batch = p->batch,
                        .context = p->context,
                        .device = p->device.p ? str_cstr(r->arena, p->device) : NULL,
                        .precision = str_cstr(r->arena, plan_precision(p, (size_t)m)),
                        .leave_bytes = (r->judge ? judge_bytes(r->judge) : 0) +
                                       (r->o->steering && !r->parked ? models_bytes(r, r->arena) : 0)};
    if (!eo.spec || !eo.precision) return err_nomem(err);
    if (r->o->offline && strncmp(eo.spec, "openai:", 7) == 0)
        return err_set(err, ERR_INPUT, "model " STR_FMT " needs a network, which --offline forbids",
                       STR_ARG(p->models[m].name));
    if (!open_engine(r, m, &eo, err)) return err_wrap(err, "model " STR_FMT, STR_ARG(p->models[m].name));
    r->engine_model = m;
    tell_model(r, p->models[m].name, !r->digested[m]);
    r->digested[m] = true;
    return true;
}

/* Opens every model that has something to do, the first one last: it stays open. facts[m] is absent for the others. */
static bool check_models(Run *r, Str *facts, Err *err) {
    for (int m = (int)r->plan->n_models - 1; m >= 0; m--) {
        if (!run__has_todo(r, m)) continue;
        if (!run__engine(r, m, err)) return false;
        facts[m] = manifest_model(&r->plan->models[m], engine_info(r->engine), r->arena);
        if (!facts[m].p) return err_nomem(err);
    }
    return true;
}

/* Its scorers ask for programs to be run, or what is still to be generated may call tools that run code. */
static bool needs_programs(const Run *r, int64_t ordinal) {
    WorkItem w = plan_item(r->plan, ordinal);
    return r->sets[w.suite]->asks_program ||
           (r->state[ordinal] == ITEM_TODO && tools_need_sandbox(run__suite(r, &w)->suite->tools));
}

static bool is_left(const Run *r, int64_t ordinal) {
    return r->state[ordinal] != ITEM_SCORED && !(r->o->rescore && r->state[ordinal] == ITEM_TODO);
}

static bool needs_sandbox(const Run *r) {
    for (int64_t i = 0; i < r->n_items; i++)
        if (is_left(r, i) && needs_programs(r, i)) return true;
    return false;
}

/* The suite of the first item that is still to be scored and has a scorer that asks a judge; -1: none. */
static int needs_judge(const Run *r) {
    for (int64_t i = 0; i < r->n_items; i++) {
        int suite = plan_item(r->plan, i).suite;
        if (is_left(r, i) && r->sets[suite]->asks_model) return suite;
    }
    return -1;
}

static int worker_count(const Run *r) {
    if (r->plan->threads > 0) return r->plan->threads;
    int n = pool_cpus();
    return n > 256 ? 256 : n;
}

static bool open_sandbox(Run *r, Err *err) {
    if (!needs_sandbox(r) || sandbox_open(worker_count(r), &r->sandbox, err)) return true;
    return err_wrap(err, "a suite of this plan runs programs that the model writes or calls, and they are never run "
                         "without a sandbox");
}

/* The most that a model of the plan needs at least, which the judge must leave: weights of one token, keys and values
 * of one sequence, work. What cannot be looked at now says so when it is opened. */
static uint64_t models_bytes(const Run *r, Arena *a) {
    const Plan *p = r->plan;
    uint64_t most = 0;
    for (int m = 0; m < (int)p->n_models; m++) {
        Engine *e = NULL;
        EngineMemory mem;
        EngineOptions eo = {.spec = str_cstr(a, p->models[m].spec),
                            .threads = p->threads,
                            .device = p->device.p ? str_cstr(a, p->device) : NULL,
                            .precision = str_cstr(a, plan_precision(p, (size_t)m)),
                            .inspect = true,
                            .no_digest = true};
        if (!run__has_todo(r, m) || str_starts(p->models[m].spec, STR("replay:"))) continue;
        if (!eo.spec || !engine_open(&eo, &e, NULL)) continue;
        if (engine_memory(e, p->context, p->batch, &mem, NULL)) {
            uint64_t need = mem.weights + mem.kv_least + mem.work;
            most = need > most ? need : most;
        }
        engine_close(e);
    }
    return most;
}

static bool no_judge(const Run *r, int suite, Err *err) {
    return err_set(err, ERR_INPUT,
                   "suite " STR_FMT ": scorer '" STR_FMT
                   "' asks a judge model, and none is named; add --judge SPEC, or "
                   "`judge: {model: SPEC}` to the plan",
                   STR_ARG(r->plan->suites[suite].suite->id), STR_ARG(r->sets[suite]->asks_model->name));
}

static bool open_judge(Run *r, Err *err) {
    const Plan *p = r->plan;
    int suite = needs_judge(r);
    r->help = (AskHelp){.sandbox = r->sandbox};
    if (suite < 0) return true;
    if (!p->judge.model.p) return no_judge(r, suite, err);
    JudgeOpen o = {.threads = p->threads,
                   .device = p->device.p ? str_cstr(r->arena, p->device) : NULL,
                   .leave_bytes = r->o->rescore ? 0 : models_bytes(r, r->arena),
                   .offline = r->o->offline};
    if (!judge_open(&p->judge, &o, &r->judge, err)) return false;
    r->help.judge = r->judge;
    model_warnings_print(judge_info(r->judge), "assay: judge: ", r->o->err);
    return true;
}

/* The judge of a run stays the same on resume. */
static bool agree_judge(Run *r, Err *err) {
    if (!r->judge) return true;
    return manifest_agree(r->store, "judge", judge_describe(r->judge, r->arena), r->arena, err);
}

/* Programs of tools are read by the interpreter now: a typing mistake must not show after an hour. */
static bool open_tools(Run *r, Err *err) {
    size_t n = r->plan->n_suites;
    r->limits = arena_array(r->arena, n, sizeof *r->limits);
    r->boxes = arena_array(r->arena, n, sizeof *r->boxes);
    if (!r->limits || !r->boxes) return err_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const Suite *s = r->plan->suites[i].suite;
        if (!s->tools || (tools_need_sandbox(s->tools) && !r->sandbox)) continue; /* nothing of it is left to do */
        r->limits[i] = plan_tool_limits(r->plan, s);
        if (!toolbox_open(s->tools, &r->limits[i], r->sandbox, r->arena, &r->boxes[i], err)) return false;
    }
    return true;
}

/* ---- the folder ---- */

/* runs/PLAN-YYYYmmdd-HHMMSS, with -2, -3 … behind it when that is there. */
static const char *new_dir(Run *r) {
    char stamp[32];
    time_t now = time(NULL);
    struct tm tm;
    strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", localtime_r(&now, &tm));
    char name[65];
    size_t n = 0;
    for (size_t i = 0; i < r->plan->name.n && n < 64; i++) {
        char c = r->plan->name.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        name[n++] = plain ? c : '-';
    }
    name[n] = '\0';
    for (int k = 1; k < 1000; k++) {
        Str dir = k == 1 ? str_printf(r->arena, "runs/%s-%s", n ? name : "run", stamp)
                         : str_printf(r->arena, "runs/%s-%s-%d", n ? name : "run", stamp, k);
        if (!dir.p || !file_exists(dir.p)) return dir.p;
    }
    return NULL;
}

static bool choose_dir(Run *r, Err *err) {
    if (r->o->resume)
        r->dir = r->o->resume;
    else if (r->plan->out.p)
        r->dir = str_cstr(r->arena, r->plan->out);
    else
        r->dir = new_dir(r);
    return r->dir != NULL || err_nomem(err);
}

/* The folders below that do not exist yet are made, and taken away again if the store cannot be. */
static bool create_store(Run *r, Err *err) {
    bool had_dir = file_is_dir(r->dir);
    if (!file_mkdirs(r->dir, err)) return false;
    if (store_open(r->dir, STORE_CREATE, &r->store, err)) return true;
    if (!had_dir) rmdir(r->dir);
    return false;
}

static bool has_db(const Run *r) {
    char *db = path_join(r->arena, r->dir, "run.db");
    return db && file_exists(db);
}

/* A store that was made and killed before its first entry holds nothing and may be begun again. */
static bool open_stored(Run *r, Err *err) {
    Str command;
    if (!store_open(r->dir, STORE_RESUME, &r->store, err)) return false;
    if (r->o->resume) return true;
    if (!store_manifest_get(r->store, "command", r->arena, &command, err)) return false;
    if (!command.p) return true;
    return err_set(err, ERR_INPUT, "%s already holds a run; go on with it by --resume %s, or name another --out",
                   r->dir, r->dir);
}

/* ---- the manifest ---- */

static bool put_models(Run *r, const Str *facts, Err *err) {
    Str there;
    if (!store_manifest_get(r->store, "models", r->arena, &there, err)) return false;
    for (size_t m = 0; m < r->plan->n_models; m++)
        if (there.p && facts[m].p && !manifest_agree_model(r->store, r->plan->models[m].name, facts[m], r->arena, err))
            return false;
    if (there.p) return true;
    Buf b;
    buf_init(&b, MANIFEST_MAX);
    for (size_t m = 0; m < r->plan->n_models; m++) {
        buf_adds(&b, m ? "," : "[");
        buf_addstr(&b, facts[m]);
    }
    buf_adds(&b, "]");
    bool ok = b.failed ? err_nomem(err) : store_manifest_put(r->store, "models", buf_str(&b), err);
    buf_release(&b);
    return ok;
}

static bool put_started(Run *r, Err *err) {
    Str there;
    char now[21];
    clock_utc(now);
    if (!store_manifest_get(r->store, "started_at", r->arena, &there, err)) return false;
    if (there.p) return true;
    Str json = str_printf(r->arena, "\"%s\"", now);
    return json.p ? store_manifest_put(r->store, "started_at", json, err) : err_nomem(err);
}

static bool agree_plan(Run *r, Err *err) {
    Buf b;
    buf_init(&b, MANIFEST_MAX);
    plan_to_json(r->plan, &b);
    bool ok = b.failed ? err_nomem(err) : manifest_agree(r->store, "plan", buf_str(&b), r->arena, err);
    buf_release(&b);
    return ok;
}

/* Everything but the models and the sandbox: what can be known without opening a model. */
static bool agree_inputs(Run *r, Err *err) {
    Arena *a = r->arena;
    return agree_plan(r, err) && manifest_agree(r->store, "suites", manifest_suites(r->plan, a), a, err) &&
           (!plan_transforms(r->plan) ||
            manifest_agree(r->store, "transforms", manifest_transforms(r->plan, a), a, err)) &&
           manifest_agree(r->store, "scorers", manifest_scorers(r->plan, r->sets, a), a, err) &&
           manifest_agree(r->store, "context", str_printf(a, "%d", r->plan->context), a, err) &&
           manifest_agree(r->store, "n_items", str_printf(a, "%lld", (long long)r->n_items), a, err) &&
           manifest_agree(r->store, "harness", manifest_harness(a), a, err);
}

static bool put_sandbox(Run *r, Err *err) {
    Str there;
    if (!store_manifest_get(r->store, "sandbox", r->arena, &there, err)) return false;
    if (there.p || (!r->sandbox && !r->fresh)) return true;
    return store_manifest_put(r->store, "sandbox", r->sandbox ? sandbox_describe(r->sandbox) : STR("null"), err);
}

/* `command` goes first: with it alone a killed run can be taken up again. */
static bool begin_new(Run *r, Err *err) {
    Str there, command = run_command_to_json(r->o, r->arena);
    if (!command.p) return err_nomem(err);
    if (!r->store && !create_store(r, err)) return false;
    if (!store_manifest_get(r->store, "command", r->arena, &there, err)) return false;
    return there.p || store_manifest_put(r->store, "command", command, err);
}

static bool explain(const Run *r, Err *err) {
    return err->code == ERR_INPUT ? err_wrap(err, "%s cannot be %s", r->dir, r->o->rescore ? "rescored" : "resumed")
                                  : false;
}

/* Until all is scored again the scores are a mixture, and reports must know. */
static bool put_rescoring(Run *r, Err *err) {
    char now[21];
    clock_utc(now);
    Str json = str_printf(r->arena, "\"%s\"", now);
    return json.p ? store_manifest_put(r->store, "rescoring", json, err) : err_nomem(err);
}

/* Suites and scorers may have changed, that is what rescoring is for; the samples may not. */
static bool open_rescore(Run *r, Err *err) {
    r->dir = r->o->resume;
    if (!open_plan(r, err) || !open_scorers(r, err)) return false;
    init_cells(r);
    return store_open(r->dir, STORE_RESUME, &r->store, err) && run__audit_rescore(r, err) &&
           run__seal_rescore(r, err) && (subtract_store(r, err) || explain(r, err)) && open_sandbox(r, err) &&
           open_judge(r, err) && run__card_open(r, err) && run__card_put(r, err) && put_rescoring(r, err);
}

static bool open_all(Run *r, Err *err) {
    Str *facts;
    bool stored;
    if (!open_plan(r, err) || !choose_dir(r, err) || !open_scorers(r, err) || !check_prompts(r, err)) return false;
    if (!(facts = arena_array(r->arena, r->plan->n_models, sizeof *facts))) return err_nomem(err);
    init_cells(r);
    tell_left_out(r);
    stored = has_db(r);
    if (stored && !open_stored(r, err)) return false;
    if (!run__seal_check(r, err) || !run__audit_check(r, err)) return false;
    if (stored && !subtract_store(r, err)) return explain(r, err);
    /* with records there, the entries are there too and must agree before any machine is started */
    if (!r->fresh && !agree_inputs(r, err)) return explain(r, err);
    if (!open_sandbox(r, err) || !open_tools(r, err) || !open_judge(r, err) || !run__card_open(r, err) ||
        !check_models(r, facts, err))
        return false;
    if (r->fresh && !begin_new(r, err)) return false;
    if (!agree_inputs(r, err) || !put_models(r, facts, err) || !agree_judge(r, err)) return explain(r, err);
    return run__audit_begin(r, err) && put_sandbox(r, err) && run__card_put(r, err) && run__seal_begin(r, err) &&
           put_started(r, err);
}

bool run_open(RunOptions *o, Arena *a, Run **out, Err *err) {
    bool card_named = o->over.calibration != NULL;
    *out = NULL;
    if (o->resume && o->plans.n == 0 && !run_command_recall(o, a, err)) return false;
    Run *r = arena_alloc(a, sizeof *r);
    if (!r) return err_nomem(err);
    r->o = o;
    r->arena = a;
    r->engine_model = -1;
    r->fresh = true;
    r->card_named = card_named;
    bool ok = o->rescore ? open_rescore(r, err) : open_all(r, err);
    if (!ok) {
        run_close(r);
        return false;
    }
    *out = r;
    return true;
}
