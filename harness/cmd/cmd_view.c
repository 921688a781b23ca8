/* The report of a run in the browser, and how far the run is while another process goes on with it. */
#include "engine/base/clock.h"
#include "harness/args.h"
#include "harness/cmd/cmd.h"
#include "harness/serve.h"
#include "reports/report.h"
#include "reports/store/store.h"

#define PAGE_MAX ((size_t)2 << 30)
enum { REST = 4 }; /* figures are made anew when this many times what they took has passed */

static const char usage[] =
    "usage: assay view DIR [--port N] [--lang en|ko]\n"
    "\n"
    "Shows the report of a run in the browser, made from the store as it stands; while the run goes on,\n"
    "how far it is. Listens on 127.0.0.1 alone and prints the address, which holds a random token: who\n"
    "has it can read the report. Sealed texts are not in it. Ctrl-C ends it.\n"
    "\n"
    "  --port N       a port; default any that is free\n"
    "  --lang en|ko   language of the pages\n";

static volatile sig_atomic_t stop;

static void on_signal(int number) {
    (void)number;
    stop = 1;
}

static double seconds(void) {
    return 1e-9 * (double)clock_mono_ns();
}

typedef struct View {
    const char *dir;
    RunStore *store; /* opened for each request: a store that is open shows the run as it was when it was opened */
    Lang lang;
    Buf report, live, figures;
    int64_t n_report, n_figures; /* `count` of what they were made from; -1: not made yet */
    double figures_until;        /* no new ones before */
} View;

/* A number that changes with what there is to show: a score that came later is news, too, and so is the end. */
static bool count(View *v, int64_t *n, Err *err) {
    StoreCounts c;
    bool complete = false;
    Arena *a = arena_open(0);
    bool ok =
        (a || err_nomem(err)) && store_counts(v->store, &c, err) && report_is_complete(v->store, a, &complete, err);
    if (ok) *n = 2 * (c.records + c.scores) + complete;
    arena_close(a);
    return ok;
}

static bool give_report(View *v, ServeAnswer *out, Err *err) {
    int64_t n;
    if (!count(v, &n, err)) return false;
    if (n != v->n_report) {
        buf_clear(&v->report);
        v->n_report = -1;
        if (!report_write(reports_find("html"), v->store, &v->report, err)) return false;
        v->n_report = n;
    }
    *out = (ServeAnswer){.type = "text/html; charset=utf-8", .body = buf_str(&v->report)};
    return true;
}

static bool give_figures(View *v, ServeAnswer *out, Err *err) {
    int64_t n;
    double start = seconds();
    if (!count(v, &n, err)) return false;
    if (v->n_figures < 0 || (n != v->n_figures && start >= v->figures_until)) {
        buf_clear(&v->figures);
        v->n_figures = -1;
        if (!report_progress(v->store, &v->figures, err)) return false;
        v->n_figures = n;
        double took = seconds() - start;
        v->figures_until = start + took + REST * took;
    }
    *out = (ServeAnswer){.type = "application/json", .body = buf_str(&v->figures)};
    return true;
}

static bool give_first_page(View *v, ServeAnswer *out, Err *err) {
    bool complete = false;
    Arena *a = arena_open(0);
    if (!a) return err_nomem(err);
    bool ok = report_is_complete(v->store, a, &complete, err);
    arena_close(a);
    if (!ok) return false;
    if (complete) {
        out->location = "report.html";
        return true;
    }
    if (!v->live.n && !report_live(v->lang, &v->live, err)) return false;
    *out = (ServeAnswer){.type = "text/html; charset=utf-8", .body = buf_str(&v->live)};
    return true;
}

static bool give(void *ctx, Str name, ServeAnswer *out, Err *err) {
    static const struct {
        const char *name;
        bool (*give)(View *, ServeAnswer *, Err *);
    } DOCUMENTS[] = {{"", give_first_page}, {"report.html", give_report}, {"progress.json", give_figures}};
    View *v = ctx;
    bool ok = true;
    for (size_t i = 0; i < sizeof DOCUMENTS / sizeof *DOCUMENTS; i++) {
        if (!str_eqz(name, DOCUMENTS[i].name)) continue;
        if (!store_open(v->dir, STORE_READ, &v->store, err)) return false;
        store_speak(v->store, v->lang);
        ok = DOCUMENTS[i].give(v, out, err);
        store_close(v->store);
        v->store = NULL;
    }
    return ok;
}

static bool serve_until_stopped(CmdCtx *c, View *v, Server *s) {
    struct sigaction sa = {.sa_handler = on_signal};
    stop = 0;
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
    if (!c->quiet) fprintf(c->err, "assay: serving until Ctrl-C; open this address in a browser on this machine:\n");
    fprintf(c->out, "%s\n", serve_url(s));
    fflush(c->out);
    return serve_run(s, give, v, &stop, &c->fail);
}

static int view_run(CmdCtx *c, int argc, char **argv) {
    int port = 0;
    const char *language = NULL;
    ArgList words = {0};
    Server *server = NULL;
    View v = {.n_report = -1, .n_figures = -1};
    const ArgSpec specs[] = {{"port", 'p', ARG_INT, &port, 0, 65535}, {"lang", 0, ARG_TEXT, &language}};
    if (!args_parse(c, argc, argv, specs, 2, &words)) return CMD_FAILED;
    if (words.n != 1) {
        err_set(&c->fail, ERR_INPUT, "name one run: assay view DIR");
        return CMD_FAILED;
    }
    if (language && !lang_find(language, &v.lang)) {
        err_set(&c->fail, ERR_INPUT, "--lang: pages speak en (English) and ko (Korean), not '%s'", language);
        return CMD_FAILED;
    }
    buf_init(&v.report, PAGE_MAX);
    buf_init(&v.live, PAGE_MAX);
    buf_init(&v.figures, PAGE_MAX);
    v.dir = words.v[0];
    bool ok = store_open(v.dir, STORE_READ, &v.store, &c->fail); /* what cannot be read is said before anything else */
    store_close(v.store);
    ok = ok && serve_open(port, &server, &c->fail) && serve_until_stopped(c, &v, server);
    serve_close(server);
    buf_release(&v.report);
    buf_release(&v.live);
    buf_release(&v.figures);
    return ok ? EXIT_DONE : CMD_FAILED;
}

const Cmd cmd_view = {
    .name = "view", .summary = "show a run in the browser, also while it goes on", .usage = usage, .run = view_run};
