#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/file.h"
#include "harness/args.h"
#include "harness/summary_out.h"
#include "harness/unseal.h"
#include "reports/report.h"
#include "reports/store/store.h"
#include "reports/words/words.h"

static const char usage[] =
    "usage: assay report DIR [--format LIST] [--lang en|ko] [--reveal FILE.key [--out DIR] [--audit DIR --why TEXT]]\n"
    "\n"
    "Writes the reports of a stored run anew, prints the summary and their paths.\n"
    "\n"
    "  --format LIST      names separated by commas; default json,html\n"
    "                     json     report.json, everything, for programs\n"
    "                     html     report.html, for people\n"
    "                     md       report.md, the answer and the tables for a pull request\n"
    "                     csv      samples.csv, one row per sample and score, without texts\n"
    "                     junit    junit.xml, whether the measurement itself holds, for CI (assay gate judges scores)\n"
    "                     inspect  inspect/*.eval, logs for Inspect's viewer\n"
    "                     lm-eval  lm-eval/MODEL/, results and samples as lm-evaluation-harness writes them\n"
    "  --lang en|ko       language of what people read; report.json and other formats for programs are English\n"
    "  --reveal FILE.key  reports that show sealed texts, for their auditor: written apart, into\n"
    "                     DIR.revealed, readable by you alone\n"
    "  --out DIR          where revealed reports go instead\n"
    "  --audit DIR        the audit that judges this run: its log gets a line that says who opened the texts, and why\n"
    "  --why TEXT         why, for that line\n"
    "  --sign-key FILE.key\n"
    "                     signs the line (assay keygen --sign)\n";

static bool unknown_format(CmdCtx *c, Str name) {
    const char *names[64];
    size_t n = 0;
    for (; n < reports_count() && n < 64; n++) names[n] = reports_at(n)->name;
    const char *near = args_nearest(str_cstr(c->arena, name), names, n);
    return err_set(&c->fail, ERR_INPUT, "--format: there is no report '" STR_FMT "'%s%s%s", STR_ARG(name),
                   near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* Looks all names up before the first file is written. *n is their number. */
static bool find_reports(CmdCtx *c, Str list, const Report **out, size_t max, size_t *n) {
    size_t at = 0;
    while (at <= list.n) {
        size_t end = str_find(list, STR(","), at);
        if (end > list.n) end = list.n;
        Str name = str_trim(str_sub(list, at, end));
        const char *word = str_cstr(c->arena, name);
        if (!word) return err_nomem(&c->fail);
        const Report *r = reports_find(word);
        if (!r || *n == max) return unknown_format(c, name);
        out[(*n)++] = r;
        at = end + 1;
    }
    return true;
}

/* "runs/x/" -> "runs/x.revealed"; a folder without a name of its own is looked up. */
static const char *revealed_dir(CmdCtx *c, const char *dir) {
    char whole[PATH_MAX];
    Str d = str_from(dir);
    while (d.n > 1 && d.p[d.n - 1] == '/') d.n--;
    bool nameless = str_eqz(d, "/") || str_eqz(d, ".") || str_ends(d, STR("/.")) || str_ends(d, STR(".."));
    if (nameless && realpath(dir, whole)) d = str_from(whole);
    return str_printf(c->arena, STR_FMT ".revealed", STR_ARG(d)).p;
}

/* Where reports go; with a key it is another place, and only the user may read what is written there. */
static bool choose_place(CmdCtx *c, RunStore *s, const char *dir, const char *key, const AuditOpening *opening,
                         const char *out, const char **place) {
    SealPublic by;
    const AuditOpened what = {&by, "report", {0}};
    *place = dir;
    if (!key && opening->audit)
        return err_set(&c->fail, ERR_INPUT, "--audit: nothing is opened without a key (--reveal FILE.key)");
    if (!key) return !out || err_set(&c->fail, ERR_INPUT, "--out is for revealed reports; others go into their run");
    if (!audit_opening_check(opening, &c->fail) || !unseal_store(c, s, key, &by) ||
        !audit_opening_note(opening, s, dir, &what, c->err, &c->fail))
        return false;
    store_reveal(s);
    *place = out ? out : revealed_dir(c, dir);
    umask(077);
    if (!*place) return err_nomem(&c->fail);
    return file_mkdirs(*place, &c->fail);
}

static bool choose_language(CmdCtx *c, const char *name, Lang *out) {
    *out = LANG_EN;
    return !name || lang_find(name, out) ||
           err_set(&c->fail, ERR_INPUT, "--lang: reports speak en (English) and ko (Korean), not '%s'", name);
}

static int report_run(CmdCtx *c, int argc, char **argv) {
    const char *format = "json,html", *key = NULL, *out = NULL, *place = NULL, *language = NULL;
    const Report *reports[64];
    const char *files[64];
    size_t n = 0;
    ArgList words = {0};
    RunStore *s = NULL;
    Findings *found = NULL;
    Lang lang = LANG_EN;
    AuditOpening opening = {0};
    const ArgSpec specs[] = {{"format", 'f', ARG_TEXT, &format},
                             {"reveal", 0, ARG_TEXT, &key},
                             {"out", 'o', ARG_TEXT, &out},
                             {"lang", 0, ARG_TEXT, &language},
                             UNSEAL_SPECS(opening)};
    if (!args_parse(c, argc, argv, specs, sizeof specs / sizeof *specs, &words)) return CMD_FAILED;
    if (words.n != 1) {
        err_set(&c->fail, ERR_INPUT, "name one run: assay report DIR");
        return CMD_FAILED;
    }
    const char *dir = words.v[0];
    bool ok = choose_language(c, language, &lang) && find_reports(c, str_from(format), reports, 64, &n) &&
              store_open(dir, STORE_READ, &s, &c->fail) && choose_place(c, s, dir, key, &opening, out, &place);
    if (ok) store_speak(s, lang);
    ok = ok && findings_open(s, &found, &c->fail);
    for (size_t i = 0; ok && i < n; i++) ok = report_write_file(reports[i], found, place, &c->fail);
    for (size_t i = 0; i < n; i++) files[i] = reports[i]->file_name;
    if (ok && key) fprintf(c->err, "assay: warning: the reports in %s show sealed texts in the clear\n", place);
    if (ok) ok = summary_print(c, found, place, files, n);
    findings_close(found);
    store_close(s);
    return ok ? EXIT_DONE : CMD_FAILED;
}

const Cmd cmd_report = {
    .name = "report", .summary = "write the reports of a stored run anew", .usage = usage, .run = report_run};
