#include "harness/args.h"
#include "harness/run/run.h"
#include "harness/summary_out.h"
#include "harness/term.h"

static const char usage[] =
    "usage: assay run PLAN.yaml... [options]\n"
    "       assay run --resume DIR [options]\n"
    "\n"
    "Runs the plan's suites on its models and writes DIR/run.db, report.json and report.html. A path to a suite (its\n"
    "folder or suite.yaml) counts as a plan with that suite.\n"
    "\n"
    "  --model [NAME=]SPEC   a checkpoint directory or replay:DIR, instead of the plan's models; may be repeated\n"
    "  --out DIR             where to write; default runs/PLAN-DATE-TIME. Must not hold a run\n"
    "  --resume DIR          go on with the run in DIR; what is stored is not asked again\n"
    "  --limit N             at most N samples of each suite\n"
    "  --repeats N           ask each sample N times\n"
    "  --effort LIST         reasoning efforts: low, medium, high, separated by commas\n"
    "  --seed S              seed of all sampling\n"
    "  --set KEY=VALUE       any key of the plan; data=DIR names the folder of downloaded data; may be repeated\n"
    "  --scorer NAME|FILE.so score with this one too; a FILE.so is loaded, and only when named here\n"
    "  --seal-to FILE.pub    encrypt the outputs of sealed suites to this key (assay keygen); may be repeated. Without "
    "a\n"
    "                        key no text of theirs is kept at all: they are scored in memory and forgotten\n"
    "  --key FILE.key        the auditor's key, for replay:DIR of a run that is sealed to it\n"
    "  --threads T           processor threads; default all\n"
    "  --batch N             sequences in flight; changes speed, never results\n"
    "  --context N           positions per sequence at most\n"
    "  --device cpu|cuda\n"
    "  --precision NAME      exact (the default), or a faster setting: assay list precisions\n"
    "  --judge SPEC          the model that scorers ask, where a suite's scorers need one; --set judge.effort=high …\n"
    "  --calibration FILE    the judge's calibration card; with --resume also after the run\n"
    "  --audit-plan FILE     the signed plan of an audit: without it a run is exploratory (assay audit)\n"
    "  --audit-key FILE.key  signs what such a run has stored when it ends, so that later changes are found\n"
    "  --offline             refuse models that need a network\n"
    "  -q, --quiet           no progress;  --json  the summary as JSON;  --no-color\n"
    "\n"
    "Ctrl-C stops cleanly with exit status 3 and prints how to go on; a second one ends at once.\n";

static bool parse(CmdCtx *c, int argc, char **argv, RunOptions *o) {
    PlanOverrides *p = &o->over;
    ArgList models = {0}, sets = {0};
    int limit = 0;
    const ArgSpec specs[] = {
        {"model", 'm', ARG_LIST, &models},
        {"out", 'o', ARG_TEXT, &p->out},
        {"resume", 0, ARG_TEXT, &o->resume},
        {"limit", 0, ARG_INT, &limit, .given = &p->has_limit},
        {"repeats", 0, ARG_INT, &p->repeats, .lo = 1, .hi = 10000, .given = &p->has_repeats},
        {"effort", 0, ARG_TEXT, &p->efforts},
        {"seed", 0, ARG_U64, &p->seed, .given = &p->has_seed},
        {"set", 0, ARG_LIST, &sets},
        {"scorer", 0, ARG_LIST, &o->scorers},
        {"seal-to", 0, ARG_LIST, &o->seal_to},
        {"key", 0, ARG_TEXT, &o->key},
        {"threads", 't', ARG_INT, &p->threads, .lo = 1, .hi = 1024, .given = &p->has_threads},
        {"batch", 0, ARG_INT, &p->batch, .lo = 1, .hi = 4096, .given = &p->has_batch},
        {"context", 0, ARG_INT, &p->context, .lo = 1, .hi = 1 << 24, .given = &p->has_context},
        {"device", 0, ARG_TEXT, &p->device},
        {"precision", 0, ARG_TEXT, &p->precision},
        {"judge", 0, ARG_TEXT, &p->judge},
        {"calibration", 0, ARG_TEXT, &p->calibration},
        {"audit-plan", 0, ARG_TEXT, &o->audit_plan},
        {"audit-key", 0, ARG_TEXT, &o->audit_key},
        {"offline", 0, ARG_FLAG, &o->offline},
    };
    if (!args_parse(c, argc, argv, specs, sizeof specs / sizeof *specs, &o->plans)) return false;
    p->limit = limit;
    p->models = models.v;
    p->n_models = models.n;
    p->sets = sets.v;
    p->n_sets = sets.n;
    if (o->plans.n == 0 && !o->resume)
        return err_set(&c->fail, ERR_INPUT, "name a plan: assay run PLAN.yaml, or assay run --resume DIR");
    if (o->resume && p->out) return err_set(&c->fail, ERR_INPUT, "--resume goes on in its own folder; leave out --out");
    return true;
}

/* After anything that kept the run from its end: what is there, and how to go on. */
static void print_resume(CmdCtx *c, const Run *r) {
    Buf b;
    buf_init(&b, 1 << 16);
    run_resume_line(r, &b);
    fprintf(c->err, "%lld of %lld samples are kept in %s; go on with\n  " STR_FMT "\n", (long long)run_finished(r),
            (long long)run_total(r), run_dir(r), STR_ARG(buf_str(&b)));
    buf_release(&b);
}

static int carry_out(CmdCtx *c, Run *r) {
    if (run_finished(r) > 0 && !c->quiet)
        fprintf(c->err, "resuming %s: %lld of %lld samples are there\n", run_dir(r), (long long)run_finished(r),
                (long long)run_total(r));
    bool ok = run_loop(r, &c->fail);
    /* an interrupted run is reported as far as it went */
    if (!ok && c->fail.code == ERR_INTERRUPTED) {
        Err ignored;
        run_reports(r, &ignored);
    }
    if (ok) ok = run_reports(r, &c->fail);
    if (!ok) print_resume(c, r);
    if (ok) ok = summary_print(c, run_found(r), run_dir(r), run_files, RUN_FILES);
    return ok ? EXIT_DONE : CMD_FAILED;
}

static int run_run(CmdCtx *c, int argc, char **argv) {
    RunOptions o = {.err = c->err, .tty = term_is_live(c->err)};
    Run *r = NULL;
    if (!parse(c, argc, argv, &o)) return CMD_FAILED;
    o.quiet = c->quiet;
    o.color = c->color_err;
    run_catch_signals();
    int status = run_open(&o, c->arena, &r, &c->fail) ? carry_out(c, r) : CMD_FAILED;
    run_close(r);
    return status;
}

const Cmd cmd_run = {
    .name = "run", .summary = "run suites on models, write the store and the reports", .usage = usage, .run = run_run};
