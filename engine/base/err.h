/* Errors as complete sentences.
 *
 * A function that can fail takes an `Err *` last and returns false (or NULL). On failure *err holds one sentence that
 * says what failed, on what, and what to do; on success *err is untouched. Callers add context outward with err_wrap:
 * "suite gsm8k: samples.jsonl line 12: missing key 'target'". Libraries never print and never exit. */
#ifndef ASSAY_BASE_ERR_H
#define ASSAY_BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

/* code, exit status that the command line gives it, name */
#define ERR_MAP(X)                                                                                                     \
    X(ERR_OK, 0, "ok")                                                                                                 \
    X(ERR_INPUT, 2, "input")             /* the command line or an input file is wrong */                              \
    X(ERR_INTERRUPTED, 3, "interrupted") /* stopped by the user or incomplete; can be resumed */                       \
    X(ERR_MEMORY, 4, "memory")           /* no memory */                                                               \
    X(ERR_IO, 4, "io")                   /* disk full, not writable, read error */                                     \
    X(ERR_ENV, 4, "environment")         /* engine, endpoint or sandbox not available */                               \
    X(ERR_INTERNAL, 4, "internal")       /* our own mistake, reported instead of a crash */

typedef enum ErrCode {
#define X(code, exit_status, name) code,
    ERR_MAP(X)
#undef X
} ErrCode;

typedef struct Err {
    ErrCode code;
    char msg[480]; /* NUL-terminated, one line, no final full stop needed */
} Err;

#define ERR_INIT                                                                                                       \
    { ERR_OK, "" }

/* Sets code and message (cut to fit; control characters become '?'). err may be NULL. Always returns false, so that
 * `return err_set(err, ERR_INPUT, "...")` reads well. */
bool err_set(Err *err, ErrCode code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Puts "context: " before the message that is there. Always returns false. */
bool err_wrap(Err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* err_wrap with a file's name, unless the message begins with it already. Always returns false. */
bool err_wrap_file(Err *err, const char *file);

/* ERR_MEMORY with the usual sentence. Always returns false. */
bool err_nomem(Err *err);

/* ERR_IO with `what`, `path` and strerror(errnum). Always returns false. */
bool err_errno(Err *err, int errnum, const char *what, const char *path);

/* Exit status of the command line for a code (specs: 2 input, 3 interrupted, 4 environment). */
int err_exit_status(ErrCode code);

/* Our own mistakes end the program at once, with file and line. */
void err_bug(const char *file, int line, const char *cond) __attribute__((noreturn));
#define BUG_ON(cond) ((cond) ? err_bug(__FILE__, __LINE__, #cond) : (void)0)

#endif
