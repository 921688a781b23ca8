#include "engine/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_clean(char *dst, size_t cap, const char *src) {
    size_t i = 0;
    for (; src[i] && i + 1 < cap; i++) {
        unsigned char c = (unsigned char)src[i];
        dst[i] = (c < 0x20 || c == 0x7f) ? '?' : (char)c;
    }
    /* Never leave half a UTF-8 sequence at the cut. */
    if (src[i]) {
        while (i > 0 && ((unsigned char)dst[i - 1] & 0xC0) == 0x80) i--;
        if (i > 0 && ((unsigned char)dst[i - 1] & 0xC0) == 0xC0) i--;
    }
    dst[i] = '\0';
}

bool err_set(Err *err, ErrCode code, const char *fmt, ...) {
    if (!err) return false;
    char tmp[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(tmp, sizeof tmp, fmt, ap);
    va_end(ap);
    err->code = code;
    put_clean(err->msg, sizeof err->msg, tmp);
    return false;
}

bool err_wrap(Err *err, const char *fmt, ...) {
    if (!err) return false;
    char tmp[1024];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(tmp, sizeof tmp, fmt, ap);
    va_end(ap);
    if (n < 0) n = 0;
    size_t at = (size_t)n < sizeof tmp ? (size_t)n : sizeof tmp - 1;
    snprintf(tmp + at, sizeof tmp - at, ": %s", err->msg);
    put_clean(err->msg, sizeof err->msg, tmp);
    return false;
}

bool err_wrap_file(Err *err, const char *file) {
    char name[151]; /* as much of a path as messages have */
    if (!err) return false;
    snprintf(name, sizeof name, "%s", file);
    size_t n = strlen(name);
    if (strncmp(err->msg, name, n) == 0 && err->msg[n] == ':') return false;
    return err_wrap(err, "%s", name);
}

bool err_nomem(Err *err) {
    return err_set(err, ERR_MEMORY, "out of memory; close other programs or use a smaller batch");
}

bool err_errno(Err *err, int errnum, const char *what, const char *path) {
    char why[128];
    const char *text = strerror_r(errnum, why, sizeof why);
    return err_set(err, ERR_IO, "%s %s: %s", what, path, text);
}

int err_exit_status(ErrCode code) {
    switch (code) {
#define X(id, exit_status, name)                                                                                       \
    case id:                                                                                                           \
        return exit_status;
        ERR_MAP(X)
#undef X
    }
    return 4;
}

void err_bug(const char *file, int line, const char *cond) {
    fprintf(stderr, "assay: internal error at %s:%d: %s\n", file, line, cond);
    abort();
}
