#include "harness/vocab_lines.h"

static bool answer(void *ctx, Str line, Arena *a, Buf *out, Err *err) {
    VocabLines *l = ctx;
    return vocab_parse(l->v, line, l->strict, a, out, err);
}

static int run(CmdCtx *c, int argc, char **argv) {
    VocabLines l = {0};
    const ArgSpec own[] = {{.name = "strict", .kind = ARG_FLAG, .out = &l.strict}};
    return vocab_lines_run(c, argc, argv, &l, own, 1, NULL, answer);
}

const Cmd cmd_parse = {
    .name = "parse",
    .summary = "harmony output to messages",
    .usage = "usage: assay parse --model MODEL [--strict] < LINES\n\n"
             "Answers each line {\"ids\": [...]} or {\"text\": \"...\"}, what follows <|start|>assistant, with\n"
             "{\"messages\": [...], \"stop\": \"return|call|end|length\"}, or {\"error\": \"...\"}; exit status 1 if "
             "there was one.\n"
             "\"role\": null beside it says that it begins with its own <|start|>. What is malformed is kept as "
             "content and named in\n"
             "\"malformed\".\n\n"
             "  --model MODEL   a model's folder or .gguf file, [+tokenizer=PATH]; needs no weights\n"
             "  --strict        malformed output is an error\n",
    .run = run,
    .plumbing = true};
