#include "harness/args.h"
#include "harness/summary_out.h"
#include "reports/report.h"
#include "reports/store.h"

static const char usage[] = "usage: assay report DIR [--format LIST]\n"
                            "\n"
                            "Writes the reports of a stored run anew, prints the summary and their paths.\n"
                            "\n"
                            "  --format LIST   names separated by commas; default json,html\n";

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

static int report_run(CmdCtx *c, int argc, char **argv) {
    const char *format = "json,html";
    const Report *reports[64];
    const char *files[64];
    size_t n = 0;
    ArgList words = {0};
    RunStore *s = NULL;
    const ArgSpec specs[] = {{"format", 'f', ARG_TEXT, &format}};
    if (!args_parse(c, argc, argv, specs, 1, &words)) return CMD_FAILED;
    if (words.n != 1) {
        err_set(&c->fail, ERR_INPUT, "name one run: assay report DIR");
        return CMD_FAILED;
    }
    const char *dir = words.v[0];
    bool ok = find_reports(c, str_from(format), reports, 64, &n) && store_open(dir, STORE_READ, &s, &c->fail);
    for (size_t i = 0; ok && i < n; i++) ok = report_write_file(reports[i], s, dir, &c->fail);
    for (size_t i = 0; i < n; i++) files[i] = reports[i]->file_name;
    if (ok) ok = summary_print(c, s, dir, files, n);
    store_close(s);
    return ok ? EXIT_DONE : CMD_FAILED;
}

const Cmd cmd_report = {
    .name = "report", .summary = "write the reports of a stored run anew", .usage = usage, .run = report_run};
