#include "harness/audit/audit_dir.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "engine/base/hash.h"
#include "reports/audit/audit_card.h"
#include "reports/audit/audit_page.h"
#include "reports/audit/audit_statement.h"

#define FILE_MAX ((size_t)2 << 30)

static const char *const NAMES[] = {"plan.json",      "records.jsonl",  "log.jsonl",
                                    "scorecard.json", "scorecard.html", "scorecard.md"};
enum { N_NAMES = sizeof NAMES / sizeof *NAMES };

void audit_dir_init(AuditDir *d, Arena *a) {
    *d = (AuditDir){.arena = a};
    Buf *all[] = {&d->plan, &d->records, &d->log, &d->card, &d->html, &d->markdown};
    for (size_t i = 0; i < N_NAMES; i++) buf_init(all[i], FILE_MAX);
}

void audit_dir_release(AuditDir *d) {
    Buf *all[] = {&d->plan, &d->records, &d->log, &d->card, &d->html, &d->markdown};
    for (size_t i = 0; i < N_NAMES; i++) buf_release(all[i]);
}

/* ---- the log ---- */

static bool add_line(AuditDir *d, AuditChain *c, const char *type, Str body, const SealSecret *key, Err *err) {
    char now[21];
    Str line, with;
    clock_utc(now);
    with = str_printf(d->arena, "{\"n\":%lld,\"prev\":\"%s\",", (long long)c->n, c->prev);
    Buf b;
    buf_init(&b, FILE_MAX);
    buf_addstr(&b, with);
    buf_addstr(&b, str_sub(body, 1, body.n - 1));
    if (!key) buf_addf(&b, ",\"type\":\"%s\",\"at\":\"%s\"", type, now);
    buf_addc(&b, '}');
    bool ok = (with.p && !b.failed) || err_nomem(err);
    ok = ok && (key ? audit_statement(key, type, now, buf_str(&b), d->arena, &line, err)
                    : audit_canonical_text(buf_str(&b), d->arena, &line, err));
    buf_release(&b);
    if (!ok) return false;
    sha256_of(line, c->prev);
    c->n++;
    buf_addstr(&d->log, line);
    buf_addc(&d->log, '\n');
    return !d->log.failed || err_nomem(err);
}

static void root_of(Str records, int64_t *n, char hex[65]) {
    AuditTree t;
    unsigned char root[32];
    audit_tree_init(&t);
    for (Str line; (line = audit_next_line(&records)).p;) audit_tree_add(&t, line);
    audit_tree_root(&t, root);
    sha256_hex(root, hex);
    *n = (int64_t)t.n;
}

/* ---- making ---- */

/* The three scorecards from plan, header and records. */
static bool derive(AuditDir *d, const Json *plan, const Json *header, Err *err) {
    AuditRow *rows = NULL;
    size_t n = 0;
    buf_clear(&d->card);
    buf_clear(&d->html);
    buf_clear(&d->markdown);
    return (audit_rows_read(buf_str(&d->records), d->arena, &rows, &n, err) || err_wrap(err, "records.jsonl")) &&
           audit_card(plan, header, rows, n, &d->card, &d->status, err) &&
           audit_html(buf_str(&d->card), d->lang, &d->html, err) &&
           audit_markdown(buf_str(&d->card), d->lang, &d->markdown, err);
}

static bool derive_texts(AuditDir *d, Str header, Err *err) {
    Json *file = NULL, *h = NULL;
    bool ok = json_parse(buf_str(&d->plan), &file, err) && json_parse(header, &h, err) &&
              derive(d, json_get(file, "plan"), h, err);
    json_close(file);
    json_close(h);
    return ok;
}

bool audit_dir_make(AuditDir *d, Str header, const SealSecret *key, Err *err) {
    AuditChain c = AUDIT_CHAIN_START;
    char root[65], sum[65];
    int64_t n;
    sha256_of(buf_str(&d->plan), sum);
    Str open = str_printf(d->arena, "{\"plan_file_sha256\":\"%s\",\"language\":\"%s\",\"header\":%s}", sum,
                          lang_code(d->lang), header.p);
    root_of(buf_str(&d->records), &n, root);
    Str close = str_printf(d->arena, "{\"records\":%lld,\"root\":\"%s\"}", (long long)n, root);
    if (!open.p || !close.p) return err_nomem(err);
    if (!derive_texts(d, header, err)) return false;
    sha256_of(buf_str(&d->card), sum);
    Str verdict = str_printf(d->arena, "{\"scorecard_sha256\":\"%s\",\"status\":%d}", sum, d->status);
    if (!verdict.p) return err_nomem(err);
    bool ok = add_line(d, &c, "open", open, key, err) && add_line(d, &c, "run-close", close, key, err) &&
              add_line(d, &c, "verdict", verdict, key, err);
    snprintf(d->head, sizeof d->head, "%s\n", c.prev);
    return ok;
}

static bool put(const AuditDir *d, const char *dir, const char *name, Str text, Err *err) {
    char *path = path_join(d->arena, dir, name);
    return path ? file_write_atomic(path, text, err) : err_nomem(err);
}

/* Nothing of the folder is overwritten, an older audit as little as a plan.json of somebody else's. */
static bool is_free(const AuditDir *d, const char *dir, Err *err) {
    for (size_t i = 0; i <= N_NAMES; i++) {
        const char *name = i < N_NAMES ? NAMES[i] : "log.head";
        char *path = path_join(d->arena, dir, name);
        if (!path) return err_nomem(err);
        if (file_exists(path))
            return err_set(err, ERR_INPUT, "%s holds a file %s already, which is never overwritten; name another --out",
                           dir, name);
    }
    return true;
}

/* log.jsonl comes last: a folder that has it is whole. On failure what was written is taken away again. */
bool audit_dir_write(const AuditDir *d, const char *dir, Err *err) {
    const struct {
        const char *name;
        Str text;
    } files[] = {{NAMES[0], buf_str(&d->plan)}, {NAMES[1], buf_str(&d->records)},  {NAMES[3], buf_str(&d->card)},
                 {NAMES[4], buf_str(&d->html)}, {NAMES[5], buf_str(&d->markdown)}, {"log.head", str_from(d->head)},
                 {NAMES[2], buf_str(&d->log)}};
    size_t n = 0;
    if (!is_free(d, dir, err) || !file_mkdirs(dir, err)) return false;
    while (n < sizeof files / sizeof *files && put(d, dir, files[n].name, files[n].text, err)) n++;
    if (n == sizeof files / sizeof *files) return true;
    while (n--) {
        char *path = path_join(d->arena, dir, files[n].name);
        if (path) unlink(path);
    }
    return false;
}

/* ---- verifying ---- */

static bool read_in(Arena *a, const char *dir, const char *name, Buf *out, Err *err) {
    char *path = path_join(a, dir, name);
    return path ? file_read(path, out, err) : err_nomem(err);
}

typedef struct LogFacts {
    Json *line[3]; /* open, run-close, verdict */
} LogFacts;

static bool check_signature(const Json *j, Str line, const char *type, Arena *a, SealPublic *signer, Err *err) {
    SealPublic by;
    if (!json_get(j, "signature")) {
        if (!signer->id[0]) return true;
        return err_set(err, ERR_INPUT, "it is not signed, and the lines before it are");
    }
    if (!audit_statement_check(line, type, a, &by, err)) return false;
    *signer = by;
    return true;
}

static bool read_log(Str log, Str head, Arena *a, LogFacts *f, SealPublic *signer, Err *err) {
    static const char *const types[] = {"open", "run-close", "verdict"};
    AuditChain c = AUDIT_CHAIN_START;
    size_t i = 0;
    if (!log.n || log.p[log.n - 1] != '\n') return err_set(err, ERR_INPUT, "log.jsonl: it is empty or was cut short");
    for (Str line; (line = audit_next_line(&log)).p; i++) {
        bool ok = i < 3 || err_set(err, ERR_INPUT, "a line that does not belong there");
        ok = ok && audit_chain_check(&c, line, a, err) && json_parse(line, &f->line[i], err);
        ok = ok && (str_eqz(json_str(json_get(f->line[i], "type")), types[i]) ||
                    err_set(err, ERR_INPUT, "it is not of type '%s'", types[i]));
        if (!ok || !check_signature(f->line[i], line, types[i], a, signer, err))
            return err_wrap(err, "log.jsonl line %zu", i + 1);
    }
    if (i != 3) return err_set(err, ERR_INPUT, "log.jsonl line %zu: it is missing", i + 1);
    if (head.n != 65 || !str_eqz(str_sub(head, 0, 64), c.prev) || head.p[64] != '\n')
        return err_set(err, ERR_INPUT, "log.jsonl line %zu or log.head: the hash of the last line is another", i);
    return true;
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
    root_of(buf_str(&d->records), &n, root);
    json_int(json_get(close, "records"), 0, INT64_MAX, &told);
    if (n != told)
        return err_set(err, ERR_INPUT, "records.jsonl line %lld: the log counts %lld lines", (long long)n + 1,
                       (long long)told);
    if (str_eqz(json_str(json_get(close, "root")), root)) return true;
    return err_set(err, ERR_INPUT, "records.jsonl line %lld: the Merkle root that the log names is another",
                   (long long)n);
}

static bool same_bytes(Arena *a, const char *dir, const char *name, Str made, Err *err) {
    Buf b;
    size_t line = 1;
    buf_init(&b, FILE_MAX);
    bool ok = read_in(a, dir, name, &b, err);
    if (ok && !str_eq(buf_str(&b), made)) {
        for (size_t i = 0; i < b.n && i < made.n && b.p[i] == made.p[i]; i++) line += b.p[i] == '\n';
        ok = err_set(err, ERR_INPUT, "%s line %zu: it is not what plan and records make", name, line);
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

static bool check_card(AuditDir *d, const char *dir, const LogFacts *f, int *status, Err *err) {
    Json *file = NULL;
    char sum[65];
    bool ok = read_language(d, f->line[0], err) && json_parse(buf_str(&d->plan), &file, err) &&
              derive(d, json_get(file, "plan"), json_get(f->line[0], "header"), err);
    json_close(file);
    if (!ok) return false;
    *status = d->status;
    sha256_of(buf_str(&d->card), sum);
    return same_bytes(d->arena, dir, "scorecard.json", buf_str(&d->card), err) &&
           same_bytes(d->arena, dir, "scorecard.html", buf_str(&d->html), err) &&
           same_bytes(d->arena, dir, "scorecard.md", buf_str(&d->markdown), err) &&
           expect(f->line[2], "scorecard_sha256", sum, "scorecard.json", err);
}

bool audit_dir_verify(const char *dir, Arena *a, SealPublic *signer, int *status, Err *err) {
    AuditDir d;
    LogFacts f = {0};
    Buf head;
    audit_dir_init(&d, a);
    buf_init(&head, 4096);
    *signer = (SealPublic){0};
    bool ok = read_in(a, dir, "plan.json", &d.plan, err) && read_in(a, dir, "records.jsonl", &d.records, err) &&
              read_in(a, dir, "log.jsonl", &d.log, err) && read_in(a, dir, "log.head", &head, err) &&
              read_log(buf_str(&d.log), buf_str(&head), a, &f, signer, err) && check_plan(&d, dir, f.line[0], err) &&
              check_records(&d, f.line[1], err) && check_card(&d, dir, &f, status, err);
    for (size_t i = 0; i < 3; i++) json_close(f.line[i]);
    buf_release(&head);
    audit_dir_release(&d);
    return ok;
}
