/* assay logits: the raw numbers, for comparing engines. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "engine/engine.h"
#include "engine/base/file.h"
#include "harness/args.h"
#include "harness/cmd/cmd.h"
#include "harness/model_args.h"

/* A file that appears whole or not at all, written row by row: all logits of a long prompt need not fit into memory. */
typedef struct RowFile {
    const char *path;
    char tmp[4096];
    FILE *f;
    size_t vocab;
} RowFile;

static bool rows_open(RowFile *r, const char *path, Err *err) {
    r->path = path;
    int n = snprintf(r->tmp, sizeof r->tmp, "%s.tmp.%ld", path, (long)getpid());
    if (n < 0 || (size_t)n >= sizeof r->tmp)
        return err_set(err, ERR_INPUT, "cannot write %.200s: the path is too long", path);
    if (!file_may_replace(path, err)) return false;
    unlink(r->tmp);
    int fd = open(r->tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    r->f = fd < 0 ? NULL : fdopen(fd, "wb");
    if (r->f) return true;
    err_errno(err, errno, "cannot write", path);
    if (fd >= 0) close(fd), unlink(r->tmp);
    return false;
}

/* Rows are float32, little-endian as on every machine this runs on. */
static bool rows_add(void *ctx, size_t position, const float *logits, Err *err) {
    RowFile *r = ctx;
    (void)position;
    if (fwrite(logits, sizeof *logits, r->vocab, r->f) == r->vocab) return true;
    return err_errno(err, errno, "cannot write", r->path);
}

static bool rows_close(RowFile *r, bool ok, Err *err) {
    if (ok && (fflush(r->f) != 0 || fsync(fileno(r->f)) != 0)) ok = err_errno(err, errno, "cannot write", r->path);
    if (fclose(r->f) != 0 && ok) ok = err_errno(err, errno, "cannot write", r->path);
    if (ok && rename(r->tmp, r->path) != 0) ok = err_errno(err, errno, "cannot write", r->path);
    if (!ok) unlink(r->tmp);
    return ok;
}

typedef struct LogitsArgs {
    ModelArgs model;
    const char *tokens, *out;
    bool all;
} LogitsArgs;

static bool write_logits(CmdCtx *c, const LogitsArgs *a, Engine *e) {
    Ids ids;
    RowFile rows = {.vocab = (size_t)engine_info(e)->vocab_size};
    if (!model_args_tokens(a->tokens, c->arena, &ids, &c->fail) || !rows_open(&rows, a->out, &c->fail)) return false;
    bool ok = engine_logits(e, ids.p, ids.n, a->all, rows_add, &rows, &c->fail);
    if (!rows_close(&rows, ok, &c->fail)) return false;
    if (!c->quiet) fprintf(c->err, "%s: [%zu, %zu] float32\n", a->out, a->all ? ids.n : 1, rows.vocab);
    return true;
}

static int run(CmdCtx *c, int argc, char **argv) {
    LogitsArgs a = {0};
    const ArgSpec specs[] = {
        MODEL_ARG_SPECS(a.model),
        {.name = "tokens", .kind = ARG_TEXT, .out = &a.tokens},
        {.name = "out", .letter = 'o', .kind = ARG_TEXT, .out = &a.out},
        {.name = "all", .kind = ARG_FLAG, .out = &a.all},
    };
    if (!args_parse(c, argc, argv, specs, sizeof specs / sizeof *specs, NULL)) return CMD_FAILED;
    if (!a.tokens || !a.out) {
        err_set(&c->fail, ERR_INPUT, "--tokens FILE.json and --out FILE.bin are both needed");
        return CMD_FAILED;
    }
    Engine *e;
    if (!model_args_open(c, &a.model, 1, true, &e)) return CMD_FAILED;
    bool ok = write_logits(c, &a, e);
    engine_close(e);
    return ok ? EXIT_DONE : CMD_FAILED;
}

const Cmd cmd_logits = {
    .name = "logits",
    .summary = "logits of a token sequence, as float32",
    .usage =
        "usage: assay logits --model MODEL --tokens FILE.json --out FILE.bin [--all]\n\n"
        "Writes the logits after the last token ([1, vocab]), or after each one ([n_tokens, vocab]): little-endian\n"
        "float32, row-major. The file is the old one or the whole new one.\n\n" MODEL_ARG_USAGE
        "  --tokens FILE.json     a JSON array of token ids (- reads standard input)\n"
        "  -o, --out FILE.bin     where to write\n"
        "  --all                  one row for each token\n",
    .run = run,
    .plumbing = true};
