/* Reading the folder of an audit: what nobody can make again is checked, the rest is made again and compared. */
#include <string.h>

#include "engine/base/file.h"
#include "engine/base/hash.h"
#include "harness/audit/audit_dir.h"

#define FILE_MAX ((size_t)2 << 30)

static bool read_in(Arena *a, const char *dir, const char *name, Buf *out, Err *err) {
    char *path = path_join(a, dir, name);
    return path ? file_read(path, out, err) : err_nomem(err);
}

static bool expect(const Json *j, const char *key, const char *made, const char *file, Err *err) {
    if (str_eqz(json_str(json_get(j, key)), made)) return true;
    return err_set(err, ERR_INPUT, "%s: it is not the one that the log names: it was changed", file);
}

/* That a run which counts may count: of the header, for the runs themselves are not here. */
static bool check_runs(const AuditPlan *p, const Json *header, Err *err) {
    Str signed_at = json_str(json_get(header, "signed_at"));
    if (!str_eq(signed_at, p->signed_at))
        return err_set(err, ERR_INPUT, "log.jsonl line 1: 'signed_at' is not when plan.json was signed");
    for (const Json *r = json_first(json_get(header, "runs")); r; r = json_next(r)) {
        Str why = json_str(json_get(r, "exploratory"));
        if (why.n) continue;
        if (!why.p || !p->registered || !str_eqz(json_str(json_get(r, "plan_sha256")), p->sha256) ||
            str_cmp(json_str(json_get(r, "started_at")), p->signed_at) < 0)
            return err_set(err, ERR_INPUT,
                           "log.jsonl line 1: the run of '" STR_FMT "' counts, though it was not begun with this plan "
                           "after it was signed",
                           STR_ARG(json_str(json_get(r, "role"))));
    }
    return true;
}

static bool check_plan(AuditDir *d, const char *dir, const Json *open, Err *err) {
    AuditPlan p;
    char sum[65], *path = path_join(d->arena, dir, "plan.json");
    bool was = false;
    const Json *header = json_get(open, "header");
    sha256_of(buf_str(&d->plan), sum);
    if (!path) return err_nomem(err);
    if (!expect(open, "plan_file_sha256", sum, "plan.json", err) ||
        !audit_plan_parse(path, buf_str(&d->plan), d->arena, &p, err))
        return false;
    json_bool(json_get(header, "registered"), &was);
    return expect(header, "plan_sha256", p.sha256, "plan.json", err) &&
           (was == p.registered ||
            err_set(err, ERR_INPUT, "plan.json: the log says that it is %sregistered: %s", was ? "" : "not ", p.why)) &&
           check_runs(&p, header, err);
}

static bool check_records(AuditDir *d, const Json *close, Err *err) {
    AuditRow *rows;
    size_t lines;
    char root[65];
    int64_t n, told = -1;
    if (!audit_rows_read(buf_str(&d->records), d->arena, &rows, &lines, err)) return err_wrap(err, "records.jsonl");
    audit_dir__root(buf_str(&d->records), &n, root);
    json_int(json_get(close, "records"), 0, INT64_MAX, &told);
    if (n != told)
        return err_set(err, ERR_INPUT, "records.jsonl line %lld: the log counts %lld lines", (long long)n + 1,
                       (long long)told);
    if (str_eqz(json_str(json_get(close, "root")), root)) return true;
    return err_set(err, ERR_INPUT, "records.jsonl line %lld: the Merkle root that the log names is another",
                   (long long)n);
}

static bool same_bytes(Arena *a, const char *dir, const char *name, Str made, const char *of, Err *err) {
    Buf b;
    size_t line = 1;
    buf_init(&b, FILE_MAX);
    bool ok = read_in(a, dir, name, &b, err);
    if (ok && !str_eq(buf_str(&b), made)) {
        for (size_t i = 0; i < b.n && i < made.n && b.p[i] == made.p[i]; i++) line += b.p[i] == '\n';
        ok = err_set(err, ERR_INPUT, "%s line %zu: it is not what %s make", name, line, of);
    }
    buf_release(&b);
    return ok;
}

/* Logs of earlier versions name none. */
static bool read_language(AuditDir *d, const Json *open, Err *err) {
    char *code = str_cstr(d->arena, json_str(json_get(open, "language")));
    if (!json_get(open, "language")) return true;
    if (!code) return err_nomem(err);
    return lang_find(code, &d->lang) || err_set(err, ERR_INPUT, "log.jsonl line 1: 'language' is not one of ours");
}

static bool check_card(AuditDir *d, Err *err) {
    char sum[65];
    if (!read_language(d, d->lines.v[0].json, err) ||
        !audit_dir__derive(d, json_get(d->lines.v[0].json, "header"), err))
        return false;
    sha256_of(buf_str(&d->card), sum);
    return expect(d->lines.v[2].json, "scorecard_sha256", sum, "scorecard.json", err);
}

/* An append that was broken off between its last two files leaves a head that is one line behind. */
static bool check_head(AuditDir *d, Str head, Err *err) {
    const AuditLog *g = &d->lines;
    bool whole = head.n == 65 && head.p[64] == '\n';
    if (whole && str_eqz(str_sub(head, 0, 64), g->v[g->n - 1].sha256)) return true;
    d->head_behind = whole && g->n > AUDIT_LOG_HEAD && str_eqz(str_sub(head, 0, 64), g->v[g->n - 2].sha256);
    return d->head_behind ||
           err_set(err, ERR_INPUT, "log.jsonl line %zu or log.head: the hash of the last line is another", g->n);
}

bool audit_dir_open(AuditDir *d, const char *dir, Err *err) {
    Arena *a = d->arena;
    Buf head;
    buf_init(&head, 4096);
    d->log.max = AUDIT_LOG_MAX;
    bool ok = read_in(a, dir, "plan.json", &d->plan, err) && read_in(a, dir, "records.jsonl", &d->records, err) &&
              read_in(a, dir, "log.jsonl", &d->log, err) && read_in(a, dir, "log.head", &head, err) &&
              audit_log_read(buf_str(&d->log), a, &d->lines, err) && check_head(d, buf_str(&head), err) &&
              check_plan(d, dir, d->lines.v[0].json, err) && check_records(d, d->lines.v[1].json, err) &&
              check_card(d, err) && audit_dir__follow(d, err);
    if (ok) d->signer = d->lines.v[0].by;
    buf_release(&head);
    return ok;
}

bool audit_dir_same(const AuditDir *d, const char *dir, Err *err) {
    static const char card[] = "plan and records", rest[] = "plan, records and log";
    Arena *a = d->arena;
    if (d->head_behind)
        return err_set(err, ERR_INPUT,
                       "log.head: it is one line behind log.jsonl: an append was broken off, or the last line was "
                       "added by something else than assay");
    return same_bytes(a, dir, "scorecard.json", buf_str(&d->card), card, err) &&
           same_bytes(a, dir, "decisions.json", buf_str(&d->decisions), rest, err) &&
           same_bytes(a, dir, "scorecard.html", buf_str(&d->html), rest, err) &&
           same_bytes(a, dir, "scorecard.md", buf_str(&d->markdown), rest, err);
}

bool audit_dir_verify(const char *dir, Arena *a, SealPublic *signer, int *status, Err *err) {
    AuditDir d;
    audit_dir_init(&d, a);
    bool ok = audit_dir_open(&d, dir, err) && audit_dir_same(&d, dir, err);
    *signer = d.signer;
    *status = d.status;
    audit_dir_release(&d);
    return ok;
}
