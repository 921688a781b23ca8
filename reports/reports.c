#include "reports/report.h"

#include <string.h>

#include "engine/base/file.h"
#include "reports/report_list.h"

#define REPORT_MAX ((size_t)2 << 30)

static const Report *const REPORTS[] = {
    &report_json, &report_html, &report_markdown, &report_csv, &report_junit, &report_inspect, &report_lm_eval,
};

size_t reports_count(void) {
    return sizeof REPORTS / sizeof *REPORTS;
}

const Report *reports_at(size_t i) {
    return i < reports_count() ? REPORTS[i] : NULL;
}

const Report *reports_find(const char *name) {
    for (size_t i = 0; i < reports_count(); i++)
        if (strcmp(REPORTS[i]->name, name) == 0) return REPORTS[i];
    return NULL;
}

bool report_write(const Report *r, RunStore *s, Buf *out, Err *err) {
    Findings *f = NULL;
    bool ok = findings_open(s, &f, err) && r->write(f, out, err);
    findings_close(f);
    return ok;
}

static bool write_one(const Report *r, Findings *f, const char *path, Err *err) {
    Buf out;
    buf_init(&out, REPORT_MAX);
    bool ok = r->write(f, &out, err) && file_write_atomic(path, buf_str(&out), err);
    buf_release(&out);
    return ok;
}

bool report_write_file(const Report *r, Findings *f, const char *dir, Err *err) {
    Arena *a = arena_open(0);
    if (!a) return err_nomem(err);
    char *path = path_join(a, dir, r->file_name);
    bool ok = path || err_nomem(err);
    if (ok && r->write_folder)
        ok = file_mkdirs(path, err) && r->write_folder(f, path, err);
    else if (ok)
        ok = write_one(r, f, path, err);
    arena_close(a);
    return ok;
}
