#include "harness/vocab_lines.h"

static bool read_ids(const Json *j, Arena *a, Ids *out, Err *err) {
    const Json *list = json_type(j) == JSON_OBJECT ? json_get(j, "ids") : NULL;
    if (!list || json_type(list) != JSON_ARRAY)
        return err_set(err, ERR_INPUT, "an object {\"ids\": [...]} was expected");
    *out = (Ids){arena_array(a, json_count(list), sizeof(uint32_t)), 0};
    if (!out->p) return err_nomem(err);
    for (const Json *c = json_first(list); c; c = json_next(c)) {
        int64_t id;
        if (!json_int(c, 0, UINT32_MAX, &id))
            return err_set(err, ERR_INPUT, "'ids' entry %zu is not a token id", out->n);
        out->p[out->n++] = (uint32_t)id;
    }
    return true;
}

static void write_answer(Buf *out, Str bytes) {
    static const char digits[] = "0123456789abcdef";
    JsonOut o;
    json_out_init(&o, out, 0);
    json_obj(&o);
    json_out_key(&o, "text");
    json_out_str(&o, bytes); /* U+FFFD for what is not UTF-8 */
    json_out_key(&o, "hex");
    json_out_raw(&o, STR("\""));
    for (size_t i = 0; i < bytes.n; i++) {
        unsigned char b = (unsigned char)bytes.p[i];
        buf_addc(out, digits[b >> 4]);
        buf_addc(out, digits[b & 15]);
    }
    buf_addc(out, '"');
    json_obj_end(&o);
}

static bool answer(void *ctx, Str line, Arena *a, Buf *out, Err *err) {
    VocabLines *l = ctx;
    Json *j;
    Ids ids = {NULL, 0};
    Buf bytes;
    if (!json_parse(line, &j, err)) return false;
    buf_init(&bytes, (size_t)1 << 30);
    bool ok = read_ids(j, a, &ids, err) && vocab_decode(l->v, ids.p, ids.n, &bytes, err);
    if (ok && bytes.failed) ok = err_set(err, ERR_MEMORY, "the text is longer than 1 GiB or memory is short");
    if (ok) write_answer(out, buf_str(&bytes));
    buf_release(&bytes);
    json_close(j);
    return ok;
}

static int run(CmdCtx *c, int argc, char **argv) {
    VocabLines l = {0};
    return vocab_lines_run(c, argc, argv, &l, NULL, 0, NULL, answer);
}

const Cmd cmd_detokenize = {
    .name = "detokenize",
    .summary = "token ids to text",
    .usage = "usage: assay detokenize --model MODEL < LINES\n\n"
             "Answers each line {\"ids\": [...]} with {\"text\": \"...\", \"hex\": \"...\"}, or "
             "{\"error\": \"...\"}; exit status 1 if there\n"
             "was one. In text U+FFFD stands for what is not UTF-8; hex has the exact bytes.\n\n"
             "  --model MODEL   a model's folder or .gguf file, [+tokenizer=PATH]; needs no weights\n",
    .run = run,
    .plumbing = true};
