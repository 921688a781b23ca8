/* For targets that are a tokenizer: what opens encodes any text and gives the same bytes back. */
#ifndef ASSAY_TESTS_FUZZ_TOKEN_TARGET_H
#define ASSAY_TESTS_FUZZ_TOKEN_TARGET_H

#include "engine/vocab_internal.h"
#include "tests/fuzz/seeds.h"

enum { TOKEN_TARGET_TEXT = 2048 }; /* of the input and of the tokens, so much is encoded */

/* Encodes, with and without specials, and decodes again. What is no UTF-8 comes back as U+FFFD. */
static inline void token_target_round(const Vocab *v, Str text, Arena *a) {
    const Tokenizer *t = vocab_tokenizer(v);
    Err err = ERR_INIT;
    Buf want, back;
    buf_init(&want, 1 << 20), buf_init(&back, 1 << 20);
    buf_add_utf8_lossy(&want, text);
    for (int special = 0; special < 2; special++) {
        Ids ids;
        buf_clear(&back);
        fuzz_must(vocab_encode(v, text, special, a, &ids, &err), "a text could not be encoded");
        fuzz_must(vocab_decode(v, ids.p, ids.n, &back, &err), "an id beyond the vocabulary");
        fuzz_must(back.n == want.n && (back.n == 0 || memcmp(back.p, want.p, back.n) == 0), "other bytes came back");
        for (size_t i = 0; i < ids.n; i++)
            fuzz_must(special || !tokenizer_is_special(t, ids.p[i]), "plain text became special");
    }
    buf_release(&want), buf_release(&back);
}

/* The texts of all ordinary tokens in a row, the longest ids first: each merge is needed somewhere. */
static inline void token_target_tokens(const Vocab *v, Arena *a) {
    const Tokenizer *t = vocab_tokenizer(v);
    Buf b;
    buf_init(&b, 1 << 20);
    for (size_t id = tokenizer_size(t); id-- > 0 && b.n < TOKEN_TARGET_TEXT;)
        if (!tokenizer_is_special(t, (uint32_t)id)) {
            Str s = tokenizer_bytes(t, (uint32_t)id);
            buf_addstr(&b, str_sub(s, 0, TOKEN_TARGET_TEXT));
        }
    if (b.n) token_target_round(v, buf_str(&b), a);
    buf_release(&b);
}

/* A fixed text, the vocabulary's own, and the beginning of the input. */
static inline void token_target_check(const Vocab *v, Str input) {
    static const char text[] = "the thing, the\n\n then  \xED\x95\x9C\xEA\xB8\x80 \xF0\x9F\x98\x80 12345 I'll<|end|>";
    Arena *a = arena_open(0);
    token_target_round(v, str_from(text), a);
    token_target_tokens(v, a);
    if (input.n) token_target_round(v, str_sub(input, 0, TOKEN_TARGET_TEXT), a);
    arena_close(a);
}

static inline bool token_target_run(const char *spec, Str input) {
    Vocab *v;
    Err err = ERR_INIT;
    if (!vocab_open(spec, &v, &err)) return fuzz_refused(&err);
    token_target_check(v, input);
    vocab_close(v);
    return true;
}

#endif
