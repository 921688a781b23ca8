/* What tokenize, detokenize, render and parse share: a vocabulary, and one answer for each line. */
#ifndef ASSAY_VOCAB_LINES_H
#define ASSAY_VOCAB_LINES_H

#include "engine/base/json_nul.h"
#include "engine/engine.h"
#include "harness/args.h"
#include "harness/cmd/cmd.h"

typedef struct VocabLines {
    const char *model; /* --model */
    Vocab *v;
    bool special, strict; /* tokenize --special, parse --strict */
    RenderOptions render;
} VocabLines;

/* Parses --model and the command's own options, opens the vocabulary and answers standard input line for line; ctx of
 * the function is the VocabLines. before may be NULL: checks options once they are parsed. */
int vocab_lines_run(CmdCtx *c, int argc, char **argv, VocabLines *l, const ArgSpec *own, size_t n_own,
                    bool (*before)(CmdCtx *c, VocabLines *l), CmdLineFn fn);

/* {"ids": [...]} or, with text, {"text": "...", "ids": [...]} */
void vocab_lines_ids(Buf *out, const Buf *text, Ids ids);

#endif
