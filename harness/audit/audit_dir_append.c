/* One line more in the log of an audit. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "harness/audit/audit_dir.h"
#include "harness/dir_lock.h"

/* log.jsonl before log.head, so that a head which is one line behind tells of a broken append, and one that names a
 * line which is not there of a log that was cut. */
enum { N_FILES = 5 };
static const char *const NAMES[N_FILES] = {"decisions.json", "scorecard.html", "scorecard.md", "log.jsonl", "log.head"};

static char *path_of(const AuditDir *d, const char *dir, size_t i, bool next) {
    Str name = next ? str_printf(d->arena, ".%s.next", NAMES[i]) : str_from(NAMES[i]);
    return name.p ? path_join(d->arena, dir, name.p) : NULL;
}

static void forget(const AuditDir *d, const char *dir) {
    for (size_t i = 0; i < N_FILES; i++) {
        char *path = path_of(d, dir, i, true);
        if (path) unlink(path);
    }
}

static bool write_next(const AuditDir *d, const char *dir, Err *err) {
    const Str texts[N_FILES] = {buf_str(&d->decisions), buf_str(&d->html), buf_str(&d->markdown), buf_str(&d->log),
                                str_from(d->head)};
    for (size_t i = 0; i < N_FILES; i++) {
        char *path = path_of(d, dir, i, true);
        if (!path) return err_nomem(err);
        if (!file_write_atomic(path, texts[i], err)) return false;
    }
    return true;
}

static bool take_place(const AuditDir *d, const char *dir, Err *err) {
    char *from[N_FILES], *to[N_FILES];
    for (size_t i = 0; i < N_FILES; i++)
        if (!(from[i] = path_of(d, dir, i, true)) || !(to[i] = path_of(d, dir, i, false))) return err_nomem(err);
    for (size_t i = 0; i < N_FILES; i++)
        if (rename(from[i], to[i]) != 0) return err_errno(err, errno, "cannot replace", to[i]);
    return true;
}

static bool append(AuditDir *d, const char *dir, const char *type, AuditBodyFn fn, void *ctx, const SealSecret *key,
                   Err *err) {
    Str body;
    if (!audit_dir_open(d, dir, err) || !fn(ctx, d, &body, err)) return false;
    AuditChain c = d->lines.end;
    if (!audit_log_add(&c, type, body, d->anchor, key, d->arena, &d->log, err)) return false;
    audit_log_close(&d->lines);
    if (!audit_log_read(buf_str(&d->log), d->arena, &d->lines, err) || !audit_dir__follow(d, err)) return false;
    bool ok = write_next(d, dir, err) && take_place(d, dir, err);
    if (!ok) forget(d, dir);
    return ok;
}

bool audit_dir_append(AuditDir *d, const char *dir, const char *type, AuditBodyFn fn, void *ctx, const SealSecret *key,
                      Err *err) {
    int fd = -1;
    bool ok = dir_lock(dir, &fd, err) && append(d, dir, type, fn, ctx, key, err);
    dir_unlock(fd);
    return ok;
}
