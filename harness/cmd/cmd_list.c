/* assay list: what there is. Suites are found in a folder; the rest stands in tables of this program. */
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/engine.h"
#include "harness/args.h"
#include "harness/suite.h"
#include "harness/term.h"
#include "harness/transform/transform.h"
#include "scorers/scorers.h"

static const char usage[] =
    "usage: assay list suites [FOLDER] | scorers | engines | metrics | precisions | transforms [--json]\n"
    "\n"
    "  suites      every suite.yaml below FOLDER (default: ./suites, else the one installed with this program)\n"
    "  scorers     the built-in scorers with their options\n"
    "  engines     what a model SPEC can name\n"
    "  metrics     what `metric:` in a suite can be\n"
    "  precisions  what --precision can be, and what each costs\n"
    "  transforms  what `transforms:` in a suite or a plan can name, with family and version\n";

/* One row of a list; printed as a table or as JSON. */
typedef struct Row {
    Str name, detail, about; /* "demo/choice", "version 1", "Island facts" */
    Str path;
    const Transform *transform; /* NULL but for transforms */
} Row;

typedef struct List {
    Row *rows;
    size_t n, cap;
} List;

static bool add_row(CmdCtx *c, List *l, Row r) {
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 64;
        Row *rows = arena_array(c->arena, cap, sizeof *rows);
        if (!rows) return err_nomem(&c->fail);
        if (l->n) memcpy(rows, l->rows, l->n * sizeof *rows);
        l->rows = rows;
        l->cap = cap;
    }
    l->rows[l->n++] = r;
    return true;
}

static int by_name(const void *x, const void *y) {
    return str_cmp(((const Row *)x)->name, ((const Row *)y)->name);
}

/* ---- suites ---- */

/* A suite that is not valid is listed with its error: hiding it would look like its absence. */
static bool add_suite(CmdCtx *c, List *l, const char *file) {
    Suite *s;
    Err err = ERR_INIT;
    Row r = {.path = str_from(file)};
    if (suite_load(file, ".", c->arena, &s, &err)) {
        r.name = s->id;
        r.detail = str_printf(c->arena, "version %d", s->version);
        Str tools = s->tools ? tools_words(s->tools, c->arena) : (Str){0};
        r.about = tools.p ? str_printf(c->arena, STR_FMT " (tools: " STR_FMT ")", STR_ARG(s->title), STR_ARG(tools))
                          : s->title;
    } else {
        r.name = str_from(file);
        r.detail = STR("not valid");
        r.about = str_dup(c->arena, str_from(err.msg));
    }
    return add_row(c, l, r);
}

static bool walk(CmdCtx *c, List *l, const char *dir, int depth) {
    char *file = path_join(c->arena, dir, "suite.yaml");
    if (!file) return err_nomem(&c->fail);
    if (file_exists(file)) return add_suite(c, l, file);
    DIR *d = depth < 6 ? opendir(dir) : NULL;
    bool ok = true;
    for (struct dirent *e; d && ok && (e = readdir(d));) {
        if (e->d_name[0] == '.') continue;
        char *sub = path_join(c->arena, dir, e->d_name);
        if (!sub)
            ok = err_nomem(&c->fail);
        else if (file_is_dir(sub))
            ok = walk(c, l, sub, depth + 1);
    }
    if (d) closedir(d);
    return ok;
}

/* ./suites; beside the program (build/assay -> suites); installed (bin/assay -> share/assay/suites). */
static const char *suites_folder(CmdCtx *c) {
    static const char *const beside[] = {"../suites", "../share/assay/suites"};
    char self[PATH_MAX];
    if (file_is_dir("suites")) return "suites";
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0) return NULL;
    self[n] = 0;
    char *dir = path_dirname(c->arena, self);
    for (size_t i = 0; dir && i < 2; i++) {
        char *p = path_join(c->arena, dir, beside[i]);
        if (p && file_is_dir(p)) return p;
    }
    return NULL;
}

static bool list_suites(CmdCtx *c, const char *folder, List *l) {
    const char *dir = folder ? folder : suites_folder(c);
    if (!dir)
        return err_set(&c->fail, ERR_INPUT, "there is no folder ./suites here; name one: assay list suites FOLDER");
    if (!file_is_dir(dir)) return err_set(&c->fail, ERR_INPUT, "%s is not a folder", dir);
    if (!walk(c, l, dir, 0)) return false;
    qsort(l->rows, l->n, sizeof *l->rows, by_name);
    return true;
}

/* ---- tables ---- */

static bool list_scorers(CmdCtx *c, const char *folder, List *l) {
    (void)folder;
    for (size_t i = 0; i < scorers_count(); i++) {
        const Scorer *s = scorers_at(i);
        if (!add_row(c, l,
                     (Row){str_from(s->name), str_printf(c->arena, "version %s", s->version), str_from(s->help), {0}}))
            return false;
    }
    return true;
}

static bool list_engines(CmdCtx *c, const char *folder, List *l) {
    const char *form, *name;
    (void)folder;
    for (size_t i = 0; (name = engine_name_at(i, &form)); i++)
        if (!add_row(c, l, (Row){str_from(name), str_from(form), {0}, {0}})) return false;
    return true;
}

static bool list_metrics(CmdCtx *c, const char *folder, List *l) {
    (void)folder;
    return add_row(c, l,
                   (Row){STR("accuracy"),
                         STR("higher is better"),
                         STR("mean of the scores' values, 0 to 1, over the scored samples"),
                         {0}}) &&
           add_row(c, l,
                   (Row){STR("safe_rate"),
                         STR("higher is safer"),
                         STR("share of samples that ended as they should: harm declined, twins answered"),
                         {0}});
}

static bool list_precisions(CmdCtx *c, const char *folder, List *l) {
    const char *help, *name;
    (void)folder;
    for (size_t i = 0; (name = engine_precision_at(NULL, i, &help)); i++)
        if (!add_row(c, l, (Row){str_from(name), str_from(help), {0}, {0}})) return false;
    return true;
}

static bool list_transforms(CmdCtx *c, const char *folder, List *l) {
    const Transform *t;
    (void)folder;
    for (size_t i = 0; (t = transform_at(i)); i++)
        if (!add_row(c, l,
                     (Row){.name = str_from(t->id),
                           .detail = str_printf(c->arena, "%s, version %d", t->family, t->version),
                           .about = str_from(t->about),
                           .transform = t}))
            return false;
    return true;
}

static const struct Kind {
    const char *name;
    bool (*fill)(CmdCtx *c, const char *folder, List *l);
} kinds[] = {{"suites", list_suites},   {"scorers", list_scorers},       {"engines", list_engines},
             {"metrics", list_metrics}, {"precisions", list_precisions}, {"transforms", list_transforms}};
#define N_KINDS (sizeof kinds / sizeof *kinds)

/* ---- out ---- */

static void transform_members(JsonOut *o, const Transform *t) {
    json_out_key(o, "id");
    json_out_cstr(o, t->id);
    json_out_key(o, "version");
    json_out_int(o, t->version);
    json_out_key(o, "family");
    json_out_cstr(o, t->family);
    json_out_key(o, "stage");
    if (strcmp(t->id, "plain") == 0)
        json_out_null(o); /* goes with no other */
    else
        json_out_cstr(o, transform_stage_name(t->stage));
    json_out_key(o, "open_weights");
    json_out_bool(o, t->open_weights);
}

static void print_json(CmdCtx *c, const List *l) {
    Buf b;
    JsonOut o;
    buf_init(&b, (size_t)64 << 20);
    json_out_init(&o, &b, 2);
    json_arr(&o);
    for (size_t i = 0; i < l->n; i++) {
        json_obj(&o);
        json_out_key(&o, "name");
        json_out_str(&o, l->rows[i].name);
        json_out_key(&o, "detail");
        json_out_str(&o, l->rows[i].detail);
        json_out_key(&o, "about");
        json_out_str(&o, l->rows[i].about);
        if (l->rows[i].path.p) {
            json_out_key(&o, "path");
            json_out_str(&o, l->rows[i].path);
        }
        if (l->rows[i].transform) transform_members(&o, l->rows[i].transform);
        json_obj_end(&o);
    }
    json_arr_end(&o);
    if (!b.failed) fprintf(c->out, "%s\n", b.p);
    buf_release(&b);
}

static void put(CmdCtx *c, Str s, int width) {
    Buf b;
    buf_init(&b, (size_t)1 << 20);
    for (size_t at = 0; at <= s.n;) { /* help texts have lines; each is escaped by itself */
        size_t end = str_find(s, STR("\n"), at);
        if (end == SIZE_MAX) end = s.n;
        term_escape(&b, str_sub(s, at, end));
        if (end < s.n) buf_adds(&b, "\n    ");
        at = end + 1;
    }
    int pad = width - term_columns(buf_str(&b));
    fprintf(c->out, "%s%*s", b.p ? b.p : "", pad > 0 ? pad : 0, "");
    buf_release(&b);
}

static void print_table(CmdCtx *c, const List *l) {
    int wide = 0, detail = 0;
    for (size_t i = 0; i < l->n; i++) {
        int w = term_columns(l->rows[i].name), d = term_columns(l->rows[i].detail);
        wide = w > wide ? w : wide;
        detail = d > detail ? d : detail;
    }
    for (size_t i = 0; i < l->n; i++) {
        put(c, l->rows[i].name, wide + 2);
        put(c, l->rows[i].detail, l->rows[i].about.n ? detail + 2 : 0);
        put(c, l->rows[i].about, 0);
        fputc('\n', c->out);
    }
}

static int list_run(CmdCtx *c, int argc, char **argv) {
    ArgList words = {0};
    List l = {0};
    const char *names[N_KINDS];
    if (!args_parse(c, argc, argv, NULL, 0, &words)) return CMD_FAILED;
    if (words.n < 1 || words.n > 2) {
        err_set(&c->fail, ERR_INPUT,
                "say what to list: assay list suites, scorers, engines, metrics, precisions or "
                "transforms");
        return CMD_FAILED;
    }
    for (size_t i = 0; i < N_KINDS; i++) {
        names[i] = kinds[i].name;
        if (strcmp(words.v[0], kinds[i].name) != 0) continue;
        if (!kinds[i].fill(c, words.n > 1 ? words.v[1] : NULL, &l)) return CMD_FAILED;
        if (c->json)
            print_json(c, &l);
        else
            print_table(c, &l);
        return EXIT_DONE;
    }
    const char *near = args_nearest(words.v[0], names, N_KINDS);
    err_set(&c->fail, ERR_INPUT, "there is no list of '%.60s'%s%s%s", words.v[0],
            near ? ", did you mean '" : "; there are suites, scorers, engines, metrics, precisions and transforms",
            near ? near : "", near ? "'?" : "");
    return CMD_FAILED;
}

const Cmd cmd_list = {.name = "list",
                      .summary = "what suites, scorers, engines, metrics and transforms there are",
                      .usage = usage,
                      .run = list_run};
