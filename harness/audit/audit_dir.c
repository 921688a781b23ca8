#include "harness/audit/audit_dir.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/base/hash.h"
#include "reports/audit/audit_canon.h"
#include "reports/audit/audit_card.h"
#include "reports/audit/audit_decisions.h"
#include "reports/audit/audit_page.h"

#define FILE_MAX ((size_t)2 << 30)

enum { N_BUFFERS = 7 };

static void buffers(AuditDir *d, Buf *all[N_BUFFERS]) {
    Buf *const list[N_BUFFERS] = {&d->plan, &d->records, &d->log, &d->card, &d->decisions, &d->html, &d->markdown};
    memcpy(all, list, sizeof list);
}

void audit_dir_init(AuditDir *d, Arena *a) {
    Buf *all[N_BUFFERS];
    *d = (AuditDir){.arena = a};
    buffers(d, all);
    for (size_t i = 0; i < N_BUFFERS; i++) buf_init(all[i], FILE_MAX);
}

void audit_dir_release(AuditDir *d) {
    Buf *all[N_BUFFERS];
    buffers(d, all);
    for (size_t i = 0; i < N_BUFFERS; i++) buf_release(all[i]);
    audit_log_close(&d->lines);
    json_close(d->card_json);
    d->card_json = NULL;
}

/* ---- making ---- */

void audit_dir__root(Str records, int64_t *n, char hex[65]) {
    AuditTree t;
    unsigned char root[32];
    audit_tree_init(&t);
    for (Str line; (line = audit_next_line(&records)).p;) audit_tree_add(&t, line);
    audit_tree_root(&t, root);
    sha256_hex(root, hex);
    *n = (int64_t)t.n;
}

/* Of a plan that supersedes another: what is known of the chain. */
static bool read_history(const AuditDir *d, Json **out, Err *err) {
    AuditPlan p;
    Str text;
    if (!audit_plan_parse("plan.json", buf_str(&d->plan), d->arena, &p, err)) return false;
    return !p.supersedes.p || (audit_plan_history(&p, d->arena, &text, err) && json_parse(text, out, err));
}

bool audit_dir__derive(AuditDir *d, const Json *header, Err *err) {
    AuditRow *rows = NULL;
    Json *file = NULL, *history = NULL;
    size_t n = 0;
    buf_clear(&d->card);
    json_close(d->card_json);
    d->card_json = NULL;
    bool ok = json_parse(buf_str(&d->plan), &file, err) && read_history(d, &history, err) &&
              (audit_rows_read(buf_str(&d->records), d->arena, &rows, &n, err) || err_wrap(err, "records.jsonl")) &&
              audit_card(json_get(file, "plan"), history, header, rows, n, &d->card, &d->status, err) &&
              json_parse(buf_str(&d->card), &d->card_json, err);
    json_close(file);
    json_close(history);
    return ok;
}

bool audit_dir__follow(AuditDir *d, Err *err) {
    Buf both;
    buf_clear(&d->decisions), buf_clear(&d->html), buf_clear(&d->markdown);
    buf_init(&both, FILE_MAX);
    bool ok = audit_decisions(json_get(d->card_json, "plan"), d->card_json, &d->lines, &d->decisions, err) &&
              audit_with_decisions(buf_str(&d->card), buf_str(&d->decisions), &both, err) &&
              audit_html(buf_str(&both), d->lang, &d->html, err) &&
              audit_markdown(buf_str(&both), d->lang, &d->markdown, err);
    buf_release(&both);
    snprintf(d->head, sizeof d->head, "%s\n", d->lines.end.prev);
    return ok;
}

static bool add(AuditDir *d, AuditChain *c, const char *type, Str body, const SealSecret *key, Err *err) {
    if (!body.p) return err_nomem(err);
    return audit_log_add(c, type, body, d->anchor, key, d->arena, &d->log, err);
}

static bool write_log(AuditDir *d, Str header, const SealSecret *key, Err *err) {
    AuditChain c = AUDIT_CHAIN_START;
    char root[65], plan[65], card[65];
    int64_t n;
    Arena *a = d->arena;
    sha256_of(buf_str(&d->plan), plan);
    sha256_of(buf_str(&d->card), card);
    audit_dir__root(buf_str(&d->records), &n, root);
    Str open = str_printf(a, "{\"plan_file_sha256\":\"%s\",\"language\":\"%s\",\"header\":%s}", plan,
                          lang_code(d->lang), header.p);
    return add(d, &c, "open", open, key, err) &&
           add(d, &c, "run-close", str_printf(a, "{\"records\":%lld,\"root\":\"%s\"}", (long long)n, root), key, err) &&
           add(d, &c, "verdict", str_printf(a, "{\"scorecard_sha256\":\"%s\",\"status\":%d}", card, d->status), key,
               err);
}

bool audit_dir_make(AuditDir *d, Str header, const SealSecret *key, Err *err) {
    Json *h = NULL;
    bool ok = json_parse(header, &h, err) && audit_dir__derive(d, h, err) && write_log(d, header, key, err) &&
              audit_log_read(buf_str(&d->log), d->arena, &d->lines, err) && audit_dir__follow(d, err);
    json_close(h);
    return ok;
}

/* ---- writing ---- */

enum { N_FILES = 8 };

/* log.jsonl comes last: a folder that has it is whole. */
typedef struct File {
    const char *name;
    Str text;
} File;

static void files(const AuditDir *d, File out[N_FILES]) {
    const File list[N_FILES] = {{"plan.json", buf_str(&d->plan)},      {"records.jsonl", buf_str(&d->records)},
                                {"scorecard.json", buf_str(&d->card)}, {"decisions.json", buf_str(&d->decisions)},
                                {"scorecard.html", buf_str(&d->html)}, {"scorecard.md", buf_str(&d->markdown)},
                                {"log.head", str_from(d->head)},       {"log.jsonl", buf_str(&d->log)}};
    memcpy(out, list, sizeof list);
}

static bool put(const AuditDir *d, const char *dir, const File *f, Err *err) {
    char *path = path_join(d->arena, dir, f->name);
    return path ? file_write_atomic(path, f->text, err) : err_nomem(err);
}

/* Nothing of the folder is overwritten, an older audit as little as a plan.json of somebody else's. */
static bool is_free(const AuditDir *d, const char *dir, const File *v, Err *err) {
    for (size_t i = 0; i < N_FILES; i++) {
        char *path = path_join(d->arena, dir, v[i].name);
        if (!path) return err_nomem(err);
        if (file_exists(path))
            return err_set(err, ERR_INPUT, "%s holds a file %s already, which is never overwritten; name another --out",
                           dir, v[i].name);
    }
    return true;
}

/* On failure what was written is taken away again. */
bool audit_dir_write(const AuditDir *d, const char *dir, Err *err) {
    File v[N_FILES];
    size_t n = 0;
    files(d, v);
    bool there = file_is_dir(dir);
    if (!is_free(d, dir, v, err) || !file_mkdirs(dir, err)) return false;
    while (n < N_FILES && put(d, dir, &v[n], err)) n++;
    if (n == N_FILES) return true;
    while (n--) {
        char *path = path_join(d->arena, dir, v[n].name);
        if (path) unlink(path);
    }
    if (!there) rmdir(dir);
    return false;
}
