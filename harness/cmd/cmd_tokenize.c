#include "harness/vocab_lines.h"

static bool answer(void *ctx, Str line, Arena *a, Buf *out, Err *err) {
    VocabLines *l = ctx;
    Json *j;
    NulMark nul;
    Str text = {NULL, 0};
    Ids ids = {NULL, 0};
    if (!json_parse_nul(line, a, &j, &nul, err)) return false;
    bool ok = json_type(j) == JSON_OBJECT ? json_want_str(j, "text", true, &text, err)
                                          : err_set(err, ERR_INPUT, "an object {\"text\": \"...\"} was expected");
    if (ok) {
        text = nul_restore(&nul, a, text);
        ok = text.p ? vocab_encode(l->v, text, l->special, a, &ids, err) : err_nomem(err);
    }
    json_close(j);
    if (ok) vocab_lines_ids(out, NULL, ids);
    return ok;
}

static int run(CmdCtx *c, int argc, char **argv) {
    VocabLines l = {0};
    const ArgSpec own[] = {{.name = "special", .kind = ARG_FLAG, .out = &l.special}};
    return vocab_lines_run(c, argc, argv, &l, own, 1, NULL, answer);
}

const Cmd cmd_tokenize = {
    .name = "tokenize",
    .summary = "text to token ids",
    .usage = "usage: assay tokenize --model MODEL [--special] < LINES\n\n"
             "Answers each line {\"text\": \"...\"} with {\"ids\": [...]}, or {\"error\": \"...\"}; exit status 1 if "
             "there was one.\n\n"
             "  --model MODEL   a model's folder or .gguf file, [+tokenizer=PATH]; needs no weights\n"
             "  --special       read spellings of special tokens as special tokens; else they are plain text\n",
    .run = run,
    .plumbing = true};
