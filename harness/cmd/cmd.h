/* The commands of `assay`.
 *
 * To add one: write harness/cmd_NAME.c with one `const Cmd cmd_NAME`, declare it at the bottom of this file, and add
 * one line to the table in main.c. Nothing else.
 *
 * A command parses its words with args_parse (args.h), writes results to c->out and everything else to c->err, and
 * returns its exit status. When something fails it fills c->fail and returns CMD_FAILED: main.c prints the sentence
 * once and maps the code to the exit status, so that no command prints errors or calls exit. */
#ifndef ASSAY_CMD_H
#define ASSAY_CMD_H

#include <stdbool.h>
#include <stdio.h>

#include "engine/base/err.h"
#include "engine/base/str.h"

enum { EXIT_DONE = 0, EXIT_NO = 1, EXIT_INPUT = 2, EXIT_INCOMPLETE = 3, EXIT_ENV = 4, EXIT_UNDECIDED = 5 };
#define CMD_FAILED (-1) /* c->fail says why */

struct Cmd;

typedef struct CmdCtx {
    const struct Cmd *cmd;
    FILE *in, *out, *err;
    Arena *arena;              /* lives until the command has returned */
    bool quiet, json;          /* -q, --json */
    bool color_out, color_err; /* a terminal that wants colours; --no-color, NO_COLOR and TERM=dumb switch it off */
    Err fail;
} CmdCtx;

typedef struct Cmd {
    const char *name, *summary; /* one line for the menu, no full stop */
    const char *usage; /* printed by --help: "usage: assay NAME ...", then options one per line; ends with \n */
    int (*run)(CmdCtx *c, int argc, char **argv); /* argv[0] is the command's name */
    bool plumbing;                                /* listed in the second half of the menu */
} Cmd;

/* For reading standard input line for line: appends one JSON object without newline to out. false: *err says why, and
 * the line is answered with {"error": "..."}. The arena is reset between lines. */
typedef bool (*CmdLineFn)(void *ctx, Str line, Arena *a, Buf *out, Err *err);

/* Runs fn over every line of c->in (empty lines are skipped), one answer line each, flushed when input pauses. Returns
 * EXIT_DONE, EXIT_NO if a line could not be answered, or CMD_FAILED (memory, output). A line longer than 64 MiB is
 * answered with an error. */
int cmd_each_line(CmdCtx *c, CmdLineFn fn, void *ctx);

/* ---- runner ---- */
extern const Cmd cmd_run, cmd_report, cmd_compare, cmd_gate, cmd_rescore, cmd_score, cmd_stats, cmd_calibrate;
extern const Cmd cmd_help;

/* ---- looking on ---- */
extern const Cmd cmd_view;

/* ---- sealing: keygen, seal, unseal ---- */
extern const Cmd cmd_keygen, cmd_seal, cmd_unseal;

/* ---- audit: audit, verify ---- */
extern const Cmd cmd_audit, cmd_verify;

/* ---- data: validate, list, transform ---- */
extern const Cmd cmd_validate, cmd_list, cmd_transform;

/* ---- token: tokenize, detokenize, render, parse ---- */
extern const Cmd cmd_tokenize, cmd_detokenize, cmd_render, cmd_parse;

/* ---- engine: generate, logits, bench, model ---- */
extern const Cmd cmd_generate, cmd_logits, cmd_bench, cmd_model;

#endif
