#include "harness/summary_out.h"

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "reports/report.h"

#define DOCUMENT_MAX ((size_t)4 << 30)

/* In dir; as the user named it where there is no folder. */
static const char *place(CmdCtx *c, const char *dir, const char *file) {
    return dir ? path_join(c->arena, dir, file) : file;
}

static void put_files(CmdCtx *c, JsonOut *o, const char *dir, const char *const *files, size_t n) {
    json_out_key(o, "files");
    json_arr(o);
    for (size_t i = 0; i < n; i++) json_out_cstr(o, place(c, dir, files[i]));
    json_arr_end(o);
}

static bool print_json(CmdCtx *c, Findings *f, const char *dir, const char *const *files, size_t n) {
    Buf out;
    JsonOut o;
    buf_init(&out, DOCUMENT_MAX);
    json_out_init(&o, &out, 2);
    json_obj(&o);
    bool ok = report_results(f, &o, &c->fail);
    put_files(c, &o, dir, files, n);
    json_obj_end(&o);
    ok = ok && (!out.failed || err_nomem(&c->fail));
    if (ok) fwrite(out.p, 1, out.n, c->out);
    if (ok) putc('\n', c->out);
    buf_release(&out);
    return ok;
}

static bool print_table(CmdCtx *c, Findings *f) {
    Buf b;
    buf_init(&b, (size_t)64 << 20);
    bool ok = report_summary(f, &b, &c->fail);
    if (ok) fwrite(b.p, 1, b.n, c->out);
    buf_release(&b);
    return ok;
}

bool summary_print(CmdCtx *c, Findings *f, const char *dir, const char *const *files, size_t n) {
    if (c->json) return print_json(c, f, dir, files, n);
    if (!c->quiet && !print_table(c, f)) return false;
    for (size_t i = 0; i < n; i++) fprintf(c->out, "%s\n", place(c, dir, files[i]));
    return true;
}
