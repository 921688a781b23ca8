/* Sampled ids as harmony: anything a model may sample is an answer, well-formed or not, never a crash. */
#include "tests/fuzz/chat_target.h"

static void seeds(FuzzGive *give, void *ctx) {
    static const char *const texts[] = {
        "<|channel|>analysis<|message|>a b<|end|><|start|>assistant<|channel|>final<|message|>c<|return|>",
        "<|channel|>analysis<|message|>x<|end|><|start|>assistant to=functions.f<|channel|>commentary "
        "<|constrain|>json<|message|>{\"a\":1}<|call|>",
        "<|start|>system<|message|>s<|end|><|start|>user:n<|message|>u<|end|><|start|>functions.f to=assistant"
        "<|channel|>commentary<|message|>r<|end|><|start|>assistant"};
    const Vocab *v = tiny_vocab();
    Arena *a = arena_open(0);
    Err err = ERR_INIT;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        Ids ids;
        uint32_t with_mode[256];
        char name[16];
        fuzz_must(vocab_encode(v, str_from(texts[i]), true, a, &ids, &err) && ids.n < 255, "a seed's text");
        with_mode[0] = i == 2; /* how it is read: see run */
        memcpy(with_mode + 1, ids.p, ids.n * sizeof *ids.p);
        snprintf(name, sizeof name, "text-%zu", i);
        give(ctx, name, with_mode, (ids.n + 1) * sizeof *ids.p);
    }
    arena_close(a);
}

static void check(const ChatParsed *p, size_t n_ids) {
    const ChatDefects *d = &p->end.defects;
    fuzz_must(d->n_kinds <= CHAT_N_DEFECTS, "more kinds of defects than there are");
    fuzz_must(p->end.n_analysis_tokens >= 0 && (size_t)p->end.n_analysis_tokens <= n_ids, "analysis tokens");
    fuzz_must(p->end.stop != NULL, "no stop");
    for (size_t i = 0; i < p->n_messages; i++)
        fuzz_must(p->messages[i].content.p && utf8_valid(p->messages[i].content), "content that is not UTF-8");
    for (size_t i = 0; i < d->n_kinds; i++) fuzz_must(d->count[d->kind[i]] > 0, "a defect that did not occur");
}

/* First word: 1 = the role is known, 2 = strict, 4 = prefilled channel. */
static bool run(const uint8_t *bytes, size_t n) {
    const Vocab *v = tiny_vocab();
    if (n < 4) return true;
    size_t n_ids = n / 4 - 1;
    uint32_t *ids = malloc(n_ids * 4 + 1), mode;
    memcpy(&mode, bytes, 4);
    for (size_t i = 0; i < n_ids; i++) {
        memcpy(&ids[i], bytes + 4 + 4 * i, 4);
        ids[i] = chat_id(ids[i]);
    }
    Arena *a = arena_open(0);
    ChatParsed p = {0};
    Err err = ERR_INIT;
    bool strict = mode & 2;
    bool ok = mode & 4 ? chat_parse_prefilled(vocab_tokenizer(v), vocab_harmony(v), STR("final"), STR("pre"), ids,
                                              n_ids, a, &p, &err)
                       : chat_parse(vocab_tokenizer(v), vocab_harmony(v), ids, n_ids, !(mode & 1), strict, a, &p, &err);
    fuzz_must(ok || (strict && !(mode & 4)), "the lenient parser refused");
    if (ok)
        check(&p, n_ids);
    else
        fuzz_refused(&err);
    arena_close(a);
    free(ids);
    return ok;
}

const FuzzTarget fuzz_target = {"harmony", FUZZ_WORDS, NULL, 4000, seeds, run};
