#include "reports/export/export.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "engine/base/hash.h"

static bool manifest_text(ExportRun *x, const char *key, Str *out, Err *err) {
    Str json = {0};
    Json *root = NULL;
    if (!store_manifest_get(x->store, key, x->keep, &json, err)) return false;
    if (!json.p) return true;
    if (!json_parse(json, &root, err)) return false;
    const Json *v = json_type(root) == JSON_OBJECT ? json_get(root, "version") : root;
    Str s = json_str(v);
    if (s.p) *out = str_dup(x->keep, s);
    json_close(root);
    return !s.p || out->p || err_nomem(err);
}

static bool manifest_plan(ExportRun *x, Err *err) {
    Str json = {0};
    if (!store_manifest_get(x->store, "plan", x->keep, &json, err)) return false;
    return !json.p || json_parse(json, &x->plan, err);
}

bool export_open(Findings *f, ExportRun *out, Err *err) {
    const Found *found = findings_in(f, LANG_EN, err);
    *out = (ExportRun){0};
    if (!found) return false;
    *out = (ExportRun){.store = findings_store(f), .s = found->s, .keep = arena_open(0), .scratch = arena_open(0)};
    bool ok = (out->keep && out->scratch) || err_nomem(err);
    ok = ok && manifest_plan(out, err) && manifest_text(out, "started_at", &out->started, err) &&
         manifest_text(out, "finished_at", &out->finished, err) && manifest_text(out, "harness", &out->version, err);
    out->complete = ok && (out->s.n_items < 0 || out->s.stored.records >= out->s.n_items);
    if (!ok) export_close(out);
    return ok;
}

void export_close(ExportRun *x) {
    json_close(x->plan);
    arena_close(x->scratch);
    arena_close(x->keep);
    *x = (ExportRun){0};
}

bool export_whole(const ExportRun *x, const Buf *b, Err *err) {
    return (!b->failed && !arena_failed(x->keep) && !arena_failed(x->scratch)) || err_nomem(err);
}

typedef struct Filter {
    const Summary *s;
    const SumCell *cell;
    bool (*fn)(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n);
    void *ctx;
} Filter;

static bool filtered(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    const Filter *f = ctx;
    Str transform = r->key.transform.p ? r->key.transform : STR("plain");
    if (r->key.effort != f->cell->effort || !str_eq(r->key.model, f->s->models[f->cell->model].name) ||
        !str_eq(r->key.suite, f->s->suites[f->cell->suite].name) ||
        !str_eq(transform, f->s->transforms[f->cell->transform].name))
        return true;
    return f->fn(f->ctx, id, r, rows, n);
}

bool export_each(ExportRun *x, const SumCell *cell,
                 bool (*fn)(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n), void *ctx,
                 Err *err) {
    Filter f = {&x->s, cell, fn, ctx};
    return store_each(x->store, true, x->scratch, filtered, &f, err);
}

const Json *export_suite_plan(const ExportRun *x, const SumCell *cell) {
    for (const Json *s = json_first(json_get(x->plan, "suites")); s; s = json_next(s))
        if (str_eq(json_str(json_get(s, "suite")), x->s.suites[cell->suite].name)) return s;
    return NULL;
}

const char *export_task(const ExportRun *x, const SumCell *cell) {
    Str suite = x->s.suites[cell->suite].name, how = x->s.transforms[cell->transform].name;
    if (str_eqz(how, "plain")) return str_cstr(x->keep, suite);
    return str_printf(x->keep, STR_FMT "@" STR_FMT, STR_ARG(suite), STR_ARG(how)).p;
}

ExportId export_id(const ExportRun *x, const SumCell *cell, const char *what, Str more) {
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    ExportId id;
    Sha256 h;
    unsigned char d[32];
    sha256_init(&h);
    sha256_add_field(&h, str_from(what));
    sha256_add_field(&h, x->started);
    for (size_t i = 0; i < x->s.n_models; i++) sha256_add_field(&h, x->s.models[i].digest);
    if (cell) {
        sha256_add_field(&h, x->s.models[cell->model].name);
        sha256_add_field(&h, x->s.suites[cell->suite].name);
        sha256_add_field(&h, x->s.transforms[cell->transform].name);
        sha256_add_field(&h, str_from(effort_name(cell->effort)));
    }
    sha256_add_field(&h, more);
    sha256_end(&h, d);
    for (size_t i = 0; i < 22; i++) id.text[i] = DIGITS[d[i] % 62];
    id.text[22] = 0;
    return id;
}

Str export_file_part(Arena *a, Str s) {
    char *out = arena_alloc(a, 101);
    size_t n = 0;
    if (!out) return (Str){0};
    for (size_t i = 0; i < s.n && n < 100; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-';
        out[n++] = plain ? (char)c : '-';
    }
    out[n] = 0;
    return (Str){out, n};
}

Str export_time(Arena *a, Str utc) {
    if (!str_ends(utc, STR("Z"))) return utc;
    return str_printf(a, STR_FMT "+00:00", STR_ARG(str_sub(utc, 0, utc.n - 1)));
}

static bool digits_at(Str s, size_t at, size_t n, int *out) {
    *out = 0;
    for (size_t i = at; i < at + n; i++) {
        if (i >= s.n || s.p[i] < '0' || s.p[i] > '9') return false;
        *out = *out * 10 + (s.p[i] - '0');
    }
    return true;
}

double export_unix(Str utc) {
    struct tm t = {0};
    bool ok = utc.n == 20 && utc.p[4] == '-' && utc.p[7] == '-' && utc.p[10] == 'T' && utc.p[13] == ':' &&
              utc.p[16] == ':' && utc.p[19] == 'Z' && digits_at(utc, 0, 4, &t.tm_year) &&
              digits_at(utc, 5, 2, &t.tm_mon) && digits_at(utc, 8, 2, &t.tm_mday) &&
              digits_at(utc, 11, 2, &t.tm_hour) && digits_at(utc, 14, 2, &t.tm_min) && digits_at(utc, 17, 2, &t.tm_sec);
    t.tm_year -= 1900;
    t.tm_mon -= 1;
    return ok && t.tm_year >= 70 ? (double)timegm(&t) : (double)NAN;
}
