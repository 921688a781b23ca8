#include "harness/args.h"
#include "harness/run/run.h"
#include "harness/summary_out.h"
#include "harness/term.h"
#include "harness/unseal.h"

static const char usage[] =
    "usage: assay rescore DIR [--scorer NAME|FILE.so]... [--judge SPEC] [--key FILE.key]\n"
    "\n"
    "Scores the stored outputs again with the suites' scorers as they are now, without "
    "generating, and writes the reports\n"
    "anew. The samples must be those that were run.\n"
    "\n"
    "  --scorer NAME|FILE.so  score with this one too; a FILE.so is loaded\n"
    "  --judge SPEC           the model that scorers ask, instead of the run's own\n"
    "  --calibration FILE     the judge's calibration card\n"
    "  --key FILE.key         the auditor's key, for outputs that are sealed; they stay sealed\n"
    "  --audit DIR            the audit that judges this run: its log gets a line that says who opened them, and why\n"
    "  --why TEXT             why, for that line\n"
    "  --sign-key FILE.key    signs the line (assay keygen --sign)\n"
    "  --audit-key FILE.key   closes a run of an audit again and signs that: a run whose signed close does not fit "
    "its\n"
    "                         scores is exploratory\n"
    "  --threads T\n";

static int finish(CmdCtx *c, Run *r) {
    bool ok = run_loop(r, &c->fail) && run_reports(r, &c->fail);
    if (!ok && c->fail.code == ERR_INTERRUPTED)
        fprintf(c->err, "begin it again with\n  assay rescore %s\n", run_dir(r));
    if (ok) ok = summary_print(c, run_found(r), run_dir(r), run_files, RUN_FILES);
    return ok ? EXIT_DONE : CMD_FAILED;
}

static int rescore_run(CmdCtx *c, int argc, char **argv) {
    RunOptions o = {.err = c->err, .tty = term_is_live(c->err), .rescore = true};
    ArgList words = {0};
    Run *r = NULL;
    const ArgSpec specs[] = {
        {"scorer", 0, ARG_LIST, &o.scorers},
        {"judge", 0, ARG_TEXT, &o.over.judge},
        {"key", 0, ARG_TEXT, &o.key},
        UNSEAL_SPECS(o.opening),
        {"audit-key", 0, ARG_TEXT, &o.audit_key},
        {"calibration", 0, ARG_TEXT, &o.over.calibration},
        {"threads", 't', ARG_INT, &o.over.threads, .lo = 1, .hi = 1024, .given = &o.over.has_threads},
    };
    if (!args_parse(c, argc, argv, specs, sizeof specs / sizeof *specs, &words)) return CMD_FAILED;
    if (words.n != 1) {
        err_set(&c->fail, ERR_INPUT, "name one run: assay rescore DIR");
        return CMD_FAILED;
    }
    o.resume = words.v[0];
    o.quiet = c->quiet;
    o.color = c->color_err;
    run_catch_signals();
    int status = run_open(&o, c->arena, &r, &c->fail) ? finish(c, r) : CMD_FAILED;
    run_close(r);
    return status;
}

const Cmd cmd_rescore = {
    .name = "rescore", .summary = "score stored outputs again without generating", .usage = usage, .run = rescore_run};
