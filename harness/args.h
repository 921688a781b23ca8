/* Words of the command line: one parser for all commands.
 *
 * Long options take their value after '=' or as the next word; "--" ends options; "-" alone is a positional word. The
 * common options -q/--quiet, --json, --no-color and -h/--help are understood by every command and need no entry. An
 * unknown option is one sentence with the nearest name. */
#ifndef ASSAY_ARGS_H
#define ASSAY_ARGS_H

#include <stdint.h>

#include "harness/cmd/cmd.h"

typedef struct ArgList {
    const char **v; /* in the command's arena */
    size_t n;
} ArgList;

typedef enum ArgKind {
    ARG_FLAG, /* bool *: set to true */
    ARG_TEXT, /* const char **: last one wins */
    ARG_LIST, /* ArgList *: each use appends */
    ARG_INT,  /* int *: lo..hi; lo = hi = 0 means 0..INT_MAX */
    ARG_U64,  /* uint64_t * */
    ARG_NUM   /* double *: finite; lo..hi unless both are 0 */
} ArgKind;

typedef struct ArgSpec {
    const char *name; /* without dashes */
    char letter;      /* 0: none */
    ArgKind kind;
    void *out; /* untouched unless the option is given */
    double lo, hi;
    bool *given; /* may be NULL: set to true when the option is there */
} ArgSpec;

/* Parses argv[1..argc-1]. Positional words go to *words (NULL: none are allowed). Sets c->quiet and the like. On
 * failure c->fail is filled (ERR_INPUT). */
bool args_parse(CmdCtx *c, int argc, char **argv, const ArgSpec *specs, size_t n_specs, ArgList *words);

bool arg_list_add(Arena *a, ArgList *l, const char *word);

/* Whole text as a number. */
bool arg_int(const char *text, int64_t lo, int64_t hi, int64_t *out);
bool arg_u64(const char *text, uint64_t *out);
bool arg_num(const char *text, double *out);

/* The name nearest to `word` within about a third of its letters, or NULL. names[i] == NULL are skipped. */
const char *args_nearest(const char *word, const char *const *names, size_t n);

#endif
