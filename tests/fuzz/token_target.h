/* For targets that are a tokenizer: what opens encodes any text and gives the same bytes back. */
#ifndef ASSAY_TESTS_FUZZ_TOKEN_TARGET_H
#define ASSAY_TESTS_FUZZ_TOKEN_TARGET_H

#include "engine/vocab_internal.h"
#include "tests/fuzz/seeds.h"

static inline void token_target_check(const Vocab *v) {
    static const char text[] = "the thing, the\n\n then  \xED\x95\x9C\xEA\xB8\x80 \xF0\x9F\x98\x80 12345 I'll<|end|>";
    Arena *a = arena_open(0);
    Err err = ERR_INIT;
    for (int special = 0; special < 2; special++) {
        Ids ids;
        Buf back;
        buf_init(&back, 1 << 20);
        fuzz_must(vocab_encode(v, str_from(text), special, a, &ids, &err), "a text could not be encoded");
        fuzz_must(vocab_decode(v, ids.p, ids.n, &back, &err), "an id beyond the vocabulary");
        fuzz_must(str_eqz(buf_str(&back), text), "other bytes came back");
        for (size_t i = 0; i < ids.n; i++)
            fuzz_must(special || !tokenizer_is_special(vocab_tokenizer(v), ids.p[i]), "plain text became special");
        buf_release(&back);
    }
    arena_close(a);
}

static inline bool token_target_run(const char *spec) {
    Vocab *v;
    Err err = ERR_INIT;
    if (!vocab_open(spec, &v, &err)) return fuzz_refused(&err);
    token_target_check(v);
    vocab_close(v);
    return true;
}

#endif
