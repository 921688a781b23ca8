#include <stdio.h>
#include <string.h>

#include "engine/base/file.h"
#include "engine/base/json.h"
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

#define CHANGED "it is not what this version of assay makes of run.db"

typedef struct Checked {
    const char *file;
    bool same;
} Checked;

typedef struct RunCheck {
    CmdCtx *c;
    const char *dir;
    RunStore *store;
    Findings *found;
    Checked *checked; /* [n] reports that are there */
    size_t n;
} RunCheck;

static bool check_report(RunCheck *r, const Report *report) {
    CmdCtx *c = r->c;
    Buf is;
    char *path = path_join(c->arena, r->dir, report->file_name);
    if (!path) return err_nomem(&c->fail);
    if (!file_exists(path)) return true;
    if (report->write_folder) {
        if (!c->quiet) fprintf(c->err, "%s: logs for other programs are not verified\n", path);
        return true;
    }
    Checked *at = &r->checked[r->n++];
    at->file = report->file_name;
    buf_init(&is, REPORT_MAX);
    bool ok = file_read(path, &is, &c->fail) && made_so(r->store, r->found, report, buf_str(&is), &at->same, &c->fail);
    buf_release(&is);
    return ok;
}

/* The members that verify has of an audit too, and every report that was looked at. */
static void print_run_json(const RunCheck *r, const Checked *changed) {
    Buf b;
    JsonOut o;
    buf_init(&b, (size_t)1 << 20);
    json_out_init(&o, &b, 0);
    json_obj(&o);
    json_out_key(&o, "verified"), json_out_bool(&o, !changed);
    json_out_key(&o, "file"), json_out_cstr(&o, changed ? changed->file : "");
    json_out_key(&o, "why"), json_out_cstr(&o, changed ? CHANGED : "");
    json_out_key(&o, "reports"), json_arr(&o);
    for (size_t i = 0; i < r->n; i++) {
        json_obj(&o);
        json_out_key(&o, "file"), json_out_cstr(&o, r->checked[i].file);
        json_out_key(&o, "verified"), json_out_bool(&o, r->checked[i].same);
        json_obj_end(&o);
    }
    json_arr_end(&o);
    json_obj_end(&o);
    if (b.failed)
        err_nomem(&r->c->fail);
    else
        fprintf(r->c->out, STR_FMT "\n", STR_ARG(buf_str(&b)));
    buf_release(&b);
}

static int say_run(const RunCheck *r) {
    const Checked *changed = NULL;
    for (size_t i = r->n; i-- > 0;)
        if (!r->checked[i].same) changed = &r->checked[i];
    if (r->c->json) print_run_json(r, changed);
    for (size_t i = 0; !r->c->json && i < r->n; i++)
        if (!r->checked[i].same) fprintf(r->c->out, "changed: %s: " CHANGED "\n", r->checked[i].file);
    if (!r->c->json && !changed) fprintf(r->c->out, "verified: the reports are what run.db makes\n");
    return r->c->fail.code != ERR_OK ? CMD_FAILED : changed ? EXIT_NO : EXIT_DONE;
}

static bool check_reports(RunCheck *r) {
    CmdCtx *c = r->c;
    char *store = path_join(c->arena, r->dir, "run.db");
    if (!store || !r->checked) return err_nomem(&c->fail);
    if (!file_exists(store))
        return err_set(&c->fail, ERR_INPUT, "%s: there is neither a run here (no run.db) nor an audit (no log.jsonl)",
                       r->dir);
    bool ok = store_open(r->dir, STORE_READ, &r->store, &c->fail) && findings_open(r->store, &r->found, &c->fail);
    for (size_t i = 0; ok && i < reports_count(); i++) ok = check_report(r, reports_at(i));
    findings_close(r->found);
    store_close(r->store);
    return ok && (r->n || err_set(&c->fail, ERR_INPUT,
                                  "%s: this run has no report to verify; assay report %s writes them", r->dir, r->dir));
}

static int verify_run(CmdCtx *c, const char *dir) {
    RunCheck r = {.c = c, .dir = dir, .checked = arena_array(c->arena, reports_count(), sizeof *r.checked)};
    return check_reports(&r) ? say_run(&r) : CMD_FAILED;
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
