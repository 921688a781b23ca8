#include <stdio.h>
#include <string.h>

#include "engine/base/file.h"
#include "harness/args.h"
#include "harness/cmd/cmd_audit.h"
#include "reports/report.h"

#define REPORT_MAX ((size_t)2 << 30)

static const char usage[] =
    "usage: assay verify DIR [--signer FILE.pub] [--head HASH]\n"
    "\n"
    "Checks a folder without any network. Of an audit: the chain of its log, the Merkle root of its records, its\n"
    "signatures, the plan, and every byte of the scorecard, of the decisions and of the pages, which are made again "
    "from\n"
    "plan, records and log; and who has signed the verdict, and whether the plan asks for more. Of a run: that its\n"
    "reports are what run.db makes.\n"
    "\n"
    "  --signer FILE.pub   the audit must be signed by this key (assay audit --key; signatures added later do not "
    "count)\n"
    "  --head HASH         the log must hold the line with this hash (log.head, as it was published or kept "
    "elsewhere):\n"
    "                      nothing up to it was taken away or written anew\n"
    "\n"
    "Exit status: 0 all is as it was written, 1 something was changed: it says in which file, and in which line; 3 "
    "nothing\n"
    "was changed, and the verdict still lacks signatures that the plan asks for.\n";

/* People's reports were made in one of our languages; which one, they need not say. */
static bool made_so(RunStore *s, Findings *f, const Report *r, Str is, bool *same, Err *err) {
    bool ok = true;
    *same = false;
    for (int lang = 0; ok && !*same && lang < LANG_COUNT; lang++) {
        Buf made;
        buf_init(&made, REPORT_MAX);
        store_speak(s, (Lang)lang);
        ok = r->write(f, &made, err);
        *same = ok && str_eq(is, buf_str(&made));
        buf_release(&made);
    }
    return ok;
}

static bool same_report(CmdCtx *c, RunStore *s, Findings *f, const char *dir, const Report *r, size_t *n, bool *all) {
    Buf is;
    bool same = false;
    char *path = path_join(c->arena, dir, r->file_name);
    if (!path) return err_nomem(&c->fail);
    if (!file_exists(path)) return true;
    if (r->write_folder) {
        if (!c->quiet) fprintf(c->err, "%s: logs for other programs are not verified\n", path);
        return true;
    }
    ++*n;
    buf_init(&is, REPORT_MAX);
    bool ok = file_read(path, &is, &c->fail) && made_so(s, f, r, buf_str(&is), &same, &c->fail);
    if (ok && !same)
        fprintf(c->out, "changed: %s: it is not what this version of assay makes of run.db\n", r->file_name);
    *all = *all && same;
    buf_release(&is);
    return ok;
}

static int verify_run(CmdCtx *c, const char *dir) {
    RunStore *s = NULL;
    Findings *f = NULL;
    size_t n = 0;
    char *store = path_join(c->arena, dir, "run.db");
    if (!store)
        err_nomem(&c->fail);
    else if (!file_exists(store))
        err_set(&c->fail, ERR_INPUT, "%s: there is neither a run here (no run.db) nor an audit (no log.jsonl)", dir);
    if (c->fail.code != ERR_OK) return CMD_FAILED;
    bool same = true, ok = store_open(dir, STORE_READ, &s, &c->fail) && findings_open(s, &f, &c->fail);
    for (size_t i = 0; ok && i < reports_count(); i++) ok = same_report(c, s, f, dir, reports_at(i), &n, &same);
    findings_close(f);
    store_close(s);
    if (ok && !n)
        ok =
            err_set(&c->fail, ERR_INPUT, "%s: this run has no report to verify; assay report %s writes them", dir, dir);
    if (!ok) return CMD_FAILED;
    if (same) fprintf(c->out, "verified: the reports are what run.db makes\n");
    return same ? EXIT_DONE : EXIT_NO;
}

/* Any file of an audit makes it one, so that nothing is gained by taking the log away. */
static bool is_audit(CmdCtx *c, const char *dir, bool *yes) {
    static const char *const names[] = {"log.jsonl",      "log.head",     "records.jsonl", "scorecard.json",
                                        "scorecard.html", "scorecard.md", "decisions.json"};
    for (size_t i = 0; i < sizeof names / sizeof *names && !*yes; i++) {
        char *path = path_join(c->arena, dir, names[i]);
        if (!path) return err_nomem(&c->fail);
        *yes = file_exists(path);
    }
    return true;
}

static int verify(CmdCtx *c, int argc, char **argv) {
    VerifyWanted w = {0};
    ArgList words = {0};
    const ArgSpec specs[] = {{"signer", 0, ARG_TEXT, &w.signer}, {"head", 0, ARG_TEXT, &w.head}};
    if (!args_parse(c, argc, argv, specs, 2, &words)) return CMD_FAILED;
    if (words.n != 1) {
        err_set(&c->fail, ERR_INPUT, "name one folder: assay verify DIR");
        return CMD_FAILED;
    }
    bool audit = false;
    if (!is_audit(c, words.v[0], &audit)) return CMD_FAILED;
    if (audit) return cmd_verify_audit(c, words.v[0], &w);
    if (!w.signer && !w.head) return verify_run(c, words.v[0]);
    err_set(&c->fail, ERR_INPUT, "%s: %s is no audit, and reports of runs are not signed",
            w.signer ? "--signer" : "--head", words.v[0]);
    return CMD_FAILED;
}

const Cmd cmd_verify = {
    .name = "verify", .summary = "check that a run or an audit is as it was written", .usage = usage, .run = verify};
