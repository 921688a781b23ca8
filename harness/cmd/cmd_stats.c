/* assay stats: the statistics library, line for line. */
#include <string.h>

#include "harness/args.h"
#include "harness/stats/stats_call.h"

static const char usage[] =
    "usage: assay stats FUNCTION < LINES\n"
    "       assay stats --list\n"
    "\n"
    "Answers each line, one JSON object with the function's named arguments, with one object of named\n"
    "results, or {\"error\": \"...\"}; exit status 1 if there was one. What is undefined is null; integers\n"
    "beyond 2^53 are texts.\n"
    "\n"
    "  --list   all functions and their arguments (a '?' behind one: may be left out)\n"
    "\n"
    "  echo '{\"k\": 0, \"n\": 60, \"conf\": 0.9}' | assay stats proportion_ci\n";

static const StatsFunction *const TABLES[] = {stats_samples, stats_designs};

enum { MAX_FUNCTIONS = 100 };

static const StatsFunction *find(const char *name, const char **names, size_t *n) {
    const StatsFunction *found = NULL;
    *n = 0;
    for (size_t t = 0; t < sizeof TABLES / sizeof *TABLES; t++)
        for (const StatsFunction *f = TABLES[t]; f->name; f++) {
            if (strcmp(f->name, name) == 0) found = f;
            if (*n < MAX_FUNCTIONS) names[(*n)++] = f->name;
        }
    return found;
}

static bool knows(const StatsFunction *f, const char *key) {
    size_t n = strlen(key);
    for (const char *const *a = f->args; *a; a++)
        if (strncmp(*a, key, n) == 0 && ((*a)[n] == 0 || (*a)[n] == '?')) return true;
    return false;
}

static bool check_names(const StatsFunction *f, const Json *args, Err *err) {
    for (const Json *m = json_first(args); m; m = json_next(m))
        if (!knows(f, json_key(m))) return err_set(err, ERR_INPUT, "%s has no argument '%.60s'", f->name, json_key(m));
    return true;
}

static bool answer(void *ctx, Str line, Arena *a, Buf *out, Err *err) {
    const StatsFunction *f = ctx;
    Json *args = NULL;
    JsonOut o;
    if (!json_parse(line, &args, err)) return false;
    bool ok = json_type(args) == JSON_OBJECT || err_set(err, ERR_INPUT, "expected an object of named arguments");
    ok = ok && check_names(f, args, err);
    json_out_init(&o, out, 0);
    json_obj(&o);
    if (ok) {
        StatsCall c = {.args = args, .a = a, .o = &o, .err = err};
        f->call(&c);
        ok = !c.failed;
    }
    json_obj_end(&o);
    json_close(args);
    return ok;
}

static void list(CmdCtx *c) {
    for (size_t t = 0; t < sizeof TABLES / sizeof *TABLES; t++)
        for (const StatsFunction *f = TABLES[t]; f->name; f++) {
            fprintf(c->out, c->json ? "{\"name\":\"%s\",\"args\":[" : "%-24s", f->name);
            for (size_t i = 0; f->args[i]; i++) {
                if (c->json)
                    fprintf(c->out, "%s\"%s\"", i ? "," : "", f->args[i]);
                else
                    fprintf(c->out, " %s", f->args[i]);
            }
            fputs(c->json ? "]}\n" : "\n", c->out);
        }
}

static int stats_run(CmdCtx *c, int argc, char **argv) {
    bool all = false;
    ArgList words = {0};
    const char *names[MAX_FUNCTIONS];
    size_t n;
    const ArgSpec specs[] = {{"list", 0, ARG_FLAG, &all}};
    if (!args_parse(c, argc, argv, specs, 1, &words)) return CMD_FAILED;
    if (all) {
        list(c);
        return EXIT_DONE;
    }
    if (words.n != 1) {
        err_set(&c->fail, ERR_INPUT, "name one function; 'assay stats --list' has all");
        return CMD_FAILED;
    }
    const StatsFunction *f = find(words.v[0], names, &n);
    if (f) return cmd_each_line(c, answer, (void *)f);
    const char *near = args_nearest(words.v[0], names, n);
    err_set(&c->fail, ERR_INPUT, "there is no function '%.60s'%s%s%s; 'assay stats --list' has all", words.v[0],
            near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
    return CMD_FAILED;
}

const Cmd cmd_stats = {.name = "stats",
                       .summary = "the statistics of reports, line for line",
                       .usage = usage,
                       .run = stats_run,
                       .plumbing = true};
