#include "harness/vocab_lines.h"

#define TEXT_MAX_BYTES ((size_t)256 << 20)

static bool answer(void *ctx, Str line, Arena *a, Buf *out, Err *err) {
    VocabLines *l = ctx;
    Buf text;
    Ids ids = {NULL, 0};
    buf_init(&text, TEXT_MAX_BYTES);
    bool ok = vocab_render(l->v, line, &l->render, a, &text, &ids, err);
    if (ok && text.failed) ok = err_set(err, ERR_MEMORY, "the rendered text is longer than 256 MiB or memory is short");
    if (ok) vocab_lines_ids(out, &text, ids);
    buf_release(&text);
    return ok;
}

/* YYYY-MM-DD with a month and a day that exist. */
static bool is_date(Str s) {
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int v[8], n = 0;
    if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-') return false;
    for (size_t i = 0; i < 10; i++) {
        if (i == 4 || i == 7) continue;
        if (s.p[i] < '0' || s.p[i] > '9') return false;
        v[n++] = s.p[i] - '0';
    }
    int year = v[0] * 1000 + v[1] * 100 + v[2] * 10 + v[3], month = v[4] * 10 + v[5], day = v[6] * 10 + v[7];
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] && (leap || month != 2 || day < 29);
}

typedef struct RenderArgs {
    VocabLines lines; /* first: the shared functions see only this */
    const char *effort, *date;
} RenderArgs;

static bool check_options(CmdCtx *c, VocabLines *l) {
    RenderArgs *args = (RenderArgs *)l;
    l->render.effort = EFFORT_MEDIUM;
    l->render.date = str_from(args->date);
    if (args->effort && !effort_parse(str_from(args->effort), &l->render.effort))
        return err_set(&c->fail, ERR_INPUT, "--effort must be low, medium or high, not '%.60s'", args->effort);
    if (args->date && !is_date(l->render.date))
        return err_set(&c->fail, ERR_INPUT, "--date must be a day as YYYY-MM-DD, not '%.60s'", args->date);
    return true;
}

static int run(CmdCtx *c, int argc, char **argv) {
    RenderArgs args = {0};
    const ArgSpec own[] = {{.name = "effort", .kind = ARG_TEXT, .out = &args.effort},
                           {.name = "date", .kind = ARG_TEXT, .out = &args.date}};
    return vocab_lines_run(c, argc, argv, &args.lines, own, 2, check_options, answer);
}

const Cmd cmd_render = {
    .name = "render",
    .summary = "conversations to harmony text and token ids",
    .usage = "usage: assay render --model MODEL [--effort E] [--date YYYY-MM-DD] < LINES\n\n"
             "Answers each line, one conversation, with {\"text\": \"...\", \"ids\": [...]}, or {\"error\": \"...\"}; "
             "exit status 1 if\n"
             "there was one. A conversation is in the chat completions form, {\"messages\": [...], \"tools\": [...]}, "
             "for which the\n"
             "system message is written, or in harmony's own JSON (system and developer content as objects), which is "
             "taken as it\n"
             "stands. \"mode\": \"conversation\" leaves the opening of the next turn out; \"auto_drop_analysis\": "
             "false keeps reasoning\n"
             "that an answer has followed.\n\n"
             "  --model MODEL      a model's folder or .gguf file, [+tokenizer=PATH]; needs no weights\n"
             "  --effort E         low, medium (default) or high, for the chat completions form\n"
             "  --date YYYY-MM-DD  current date, for the chat completions form; no date line without it\n",
    .run = run,
    .plumbing = true};
