/* Plumbing: one answer line for each line of standard input. */
#include <errno.h>
#include <stdlib.h>
#include <sys/types.h>

#include "engine/base/json.h"
#include "harness/cmd/cmd.h"

#define LINE_MAX_BYTES ((size_t)64 << 20)
#define ANSWER_MAX_BYTES ((size_t)256 << 20)

static void answer_error(Buf *out, const char *msg) {
    JsonOut o;
    buf_clear(out);
    json_out_init(&o, out, 0);
    json_obj(&o);
    json_out_key(&o, "error");
    json_out_cstr(&o, msg);
    json_obj_end(&o);
}

static bool answer_line(CmdLineFn fn, void *ctx, Str line, Arena *a, Buf *out) {
    Err err = ERR_INIT;
    buf_clear(out);
    bool ok = line.n <= LINE_MAX_BYTES ? fn(ctx, line, a, out, &err)
                                       : err_set(&err, ERR_INPUT, "the line is longer than 64 MiB");
    if (ok && out->failed) ok = err_set(&err, ERR_MEMORY, "the answer is longer than 256 MiB or memory is short");
    if (!ok) answer_error(out, err.msg);
    return ok;
}

int cmd_each_line(CmdCtx *c, CmdLineFn fn, void *ctx) {
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    int status = EXIT_DONE, lost = 0;
    Buf out;
    Arena *a = arena_open(0);
    buf_init(&out, ANSWER_MAX_BYTES);
    if (!a) {
        err_nomem(&c->fail);
        status = CMD_FAILED;
    }
    while (status != CMD_FAILED && (errno = 0, n = getline(&line, &cap, c->in)) >= 0) {
        Str s = {line, (size_t)n};
        if (str_trim(s).n == 0) continue;
        if (!answer_line(fn, ctx, str_trim(s), a, &out)) status = EXIT_NO;
        fwrite(out.p, 1, out.n, c->out);
        putc('\n', c->out);
        /* a script that asks line by line must not wait for a full buffer */
        if (fflush(c->out) != 0) {
            lost = errno;
            break;
        }
        arena_reset(a);
    }
    if (lost && lost != EPIPE) { /* a reader that went away has what it wants */
        err_errno(&c->fail, lost, "cannot write", "standard output");
        status = CMD_FAILED;
    }
    if (status != CMD_FAILED && ferror(c->in)) {
        err_errno(&c->fail, errno, "cannot read", "standard input");
        status = CMD_FAILED;
    }
    free(line);
    buf_release(&out);
    arena_close(a);
    return status;
}
