/* assay transform: what a transform makes of a text. */
#include "engine/base/json_nul.h"
#include "harness/args.h"
#include "harness/prompt.h"
#include "harness/transform/transform.h"

#define PROMPT_MAX ((size_t)256 << 20)

/* The text that the chain is applied to: one member of the line. */
static bool source_of(const Json *line, const TransformChain *c, Str *text, Err *err) {
    bool counterpart = false;
    const char *column = transform_source(c, &counterpart);
    Str own = {0};
    if (!json_want_str(line, "text", true, &own, err)) return false;
    *text = own;
    if (!column) return true;
    *text = (Str){0};
    if (!json_want_str(line, column, false, text, err)) return false;
    if (!text->p && counterpart && transform_is_korean(own)) *text = own;
    return text->p || err_set(err, ERR_INPUT, STR_FMT " takes its text from '%s', which the line does not have",
                              STR_ARG(c->name), column);
}

static bool language_of(const Json *line, Str text, bool *korean, Err *err) {
    Str lang = {0};
    if (!json_want_str(line, "lang", false, &lang, err)) return false;
    *korean = lang.p ? str_eqz(lang, "ko") : transform_is_korean(text);
    return !lang.p || *korean || str_eqz(lang, "en") || err_set(err, ERR_INPUT, "'lang' must be \"en\" or \"ko\"");
}

static bool write_answer(const Transformed *d, Arena *a, Buf *out, Err *err) {
    Request r = {.prefill_channel = d->prefill_channel, .prefill_text = d->prefill_text};
    Buf prompt;
    JsonOut o;
    if (!transform_messages(d, NULL, 0, a, &r.messages, &r.n_messages, err)) return false;
    buf_init(&prompt, PROMPT_MAX);
    prompt_messages_json(&r, r.n_messages, &prompt);
    json_out_init(&o, out, 0);
    json_obj(&o);
    json_out_key(&o, "messages");
    json_out_raw(&o, buf_str(&prompt));
    if (d->n_follow_ups) {
        json_out_key(&o, "follow_ups");
        json_arr(&o);
        for (size_t i = 0; i < d->n_follow_ups; i++) json_out_str(&o, d->follow_ups[i]);
        json_arr_end(&o);
    }
    if (d->unfit.p) {
        json_out_key(&o, "unfit");
        json_out_str(&o, d->unfit);
    }
    json_obj_end(&o);
    bool ok = !prompt.failed || err_nomem(err);
    buf_release(&prompt);
    return ok;
}

static bool answer(void *ctx, Str line, Arena *a, Buf *out, Err *err) {
    const TransformChain *c = ctx;
    Transformed d;
    Json *j = NULL;
    NulMark mark;
    Str text = {0};
    bool korean = false;
    if (!json_parse_nul(line, a, &j, &mark, err)) return false;
    bool ok = json_type(j) == JSON_OBJECT || err_set(err, ERR_INPUT, "the line must be a JSON object");
    ok = ok && source_of(j, c, &text, err) && language_of(j, text, &korean, err);
    if (ok) {
        text = nul_restore(&mark, a, text);
        ok = text.p ? transform_apply(c, text, korean, a, &d, err) && write_answer(&d, a, out, err) : err_nomem(err);
    }
    json_close(j);
    return ok;
}

static int run(CmdCtx *c, int argc, char **argv) {
    ArgList words = {0};
    TransformChain chain;
    if (!args_parse(c, argc, argv, NULL, 0, &words)) return CMD_FAILED;
    if (words.n != 1) {
        err_set(&c->fail, ERR_INPUT, "name one transform, or two as A+B: assay transform b64 < LINES");
        return CMD_FAILED;
    }
    if (!transform_parse(str_from(words.v[0]), &chain, &c->fail)) return CMD_FAILED;
    return cmd_each_line(c, answer, &chain);
}

const Cmd cmd_transform = {
    .name = "transform",
    .summary = "a question as a transform puts it",
    .usage = "usage: assay transform ID[+ID] < LINES\n\n"
             "Answers each line {\"text\": \"...\"} with {\"messages\": [...]}, or {\"error\": \"...\"}; exit status 1 "
             "if there was one.\n"
             "A begun answer is a last message of the assistant with its channel; \"follow_ups\" are what the user "
             "says after each\n"
             "refusal; \"unfit\" says why an item would not count as this transform. past, future, paraphrase, ko and "
             "ko-mixed "
             "take their\n"
             "text from the member of that name (ko_mixed) beside \"text\". \"lang\": \"en\" or \"ko\" chooses the "
             "language of the\n"
             "wording; without it a text with Hangul is Korean. `assay list transforms` names the transforms.\n",
    .run = run,
    .plumbing = true};
