#include "engine/base/file.h"
#include "harness/args.h"
#include "harness/gate/arms.h"
#include "harness/summary_out.h"
#include "reports/report.h"

static const char usage[] =
    "usage: assay compare DIR [DIR]... [--html FILE] [--markdown FILE] [--report-json FILE] [--lang en|ko]\n"
    "\n"
    "Compares the models of stored runs on the questions that they share: paired differences with\n"
    "intervals, tests, the smallest difference that could have been seen, answers that flipped.\n"
    "DIR is a run with all its models, DIR:MODEL one of them. Questions are matched by content;\n"
    "what does not match is said, and what makes the runs less comparable too.\n"
    "\n"
    "  --html FILE         the comparison as one page, with both answers side by side\n"
    "  --markdown FILE     for a pull request\n"
    "  --lang en|ko        language of what people read; JSON speaks English\n"
    "  --report-json FILE  everything, samples too (--json prints the results alone)\n";

typedef struct Output {
    const char *format, *file;
} Output;

static bool stage(CmdCtx *c, Findings *f, const Output *o) {
    Buf b;
    if (!o->file) return true;
    buf_init(&b, (size_t)2 << 30);
    bool ok = reports_find(o->format)->write(f, &b, &c->fail) && file_stage(o->file, buf_str(&b), &c->fail);
    buf_release(&b);
    return ok;
}

/* All or none of the files. */
static bool write_files(CmdCtx *c, Findings *f, const Output *outputs, size_t n) {
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) ok = stage(c, f, &outputs[i]);
    for (size_t i = 0; i < n; i++) {
        if (outputs[i].file && ok) ok = file_commit(outputs[i].file, &c->fail);
        if (outputs[i].file && !ok) file_unstage(outputs[i].file);
    }
    return ok;
}

/* Two arms without one common question say nothing about each other. */
static bool compare(CmdCtx *c, const Arms *arms, Lang lang, const Output *outputs, size_t n) {
    const char *files[4];
    size_t n_files = 0;
    RunStore *s = NULL;
    Findings *f = NULL;
    bool ok = store_union(arms->v, arms->n, &s, &c->fail);
    if (ok) store_speak(s, lang);
    if (ok && !store_union_common(s))
        ok = err_set(&c->fail, ERR_INPUT,
                     "the runs have no question in common: no suite, or none with the same content, is in two of them");
    ok = ok && findings_open(s, &f, &c->fail) && write_files(c, f, outputs, n);
    for (size_t i = 0; ok && i < n; i++)
        if (outputs[i].file) files[n_files++] = outputs[i].file;
    ok = ok && summary_print(c, f, NULL, files, n_files);
    findings_close(f);
    store_close(s);
    return ok;
}

static int compare_run(CmdCtx *c, int argc, char **argv) {
    Output outputs[] = {{"html", NULL}, {"md", NULL}, {"json", NULL}};
    ArgList words = {0};
    Arms arms = {0};
    const char *language = NULL;
    Lang lang = LANG_EN;
    const ArgSpec specs[] = {{"html", 0, ARG_TEXT, &outputs[0].file},
                             {"markdown", 0, ARG_TEXT, &outputs[1].file},
                             {"report-json", 0, ARG_TEXT, &outputs[2].file},
                             {"lang", 0, ARG_TEXT, &language}};
    if (!args_parse(c, argc, argv, specs, 4, &words)) return CMD_FAILED;
    bool ok =
        !language || lang_find(language, &lang) ||
        err_set(&c->fail, ERR_INPUT, "--lang: comparisons speak en (English) and ko (Korean), not '%s'", language);
    ok = ok && (words.n > 0 || err_set(&c->fail, ERR_INPUT, "name the runs to compare: assay compare DIR_A DIR_B"));
    ok = ok && arms_open(c, words.v, words.n, &arms);
    if (ok && arms.n < 2)
        ok =
            err_set(&c->fail, ERR_INPUT, "%s: this run has one model; name another run to compare it with", words.v[0]);
    ok = ok && compare(c, &arms, lang, outputs, 3);
    arms_close(&arms);
    return ok ? EXIT_DONE : CMD_FAILED;
}

const Cmd cmd_compare = {.name = "compare",
                         .summary = "compare the models of stored runs on the questions that they share",
                         .usage = usage,
                         .run = compare_run};
