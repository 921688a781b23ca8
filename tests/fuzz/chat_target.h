/* For targets that need a vocabulary: a tiny one, opened once. */
#ifndef ASSAY_TESTS_FUZZ_CHAT_TARGET_H
#define ASSAY_TESTS_FUZZ_CHAT_TARGET_H

#include "engine/vocab_internal.h"
#include "tests/fuzz/seeds.h"

enum { TINY_VOCAB = 300, FIRST_SPECIAL = TINY_VOCAB - 21 - 6 }; /* six fillers behind the specials */

static inline const Vocab *tiny_vocab(void) {
    static Vocab *v;
    Err err = ERR_INIT;
    if (v) return v;
    CkSpec s = CK_SPEC_MIN;
    s.vocab = TINY_VOCAB - 6;
    SeedFile t = seed_tokenizer(&s), c;
    s.vocab = TINY_VOCAB;
    c = seed_config(&s);
    fuzz_dir_put("tokenizer.json", t.p, t.n);
    fuzz_dir_put("config.json", c.p, c.n);
    free(t.p), free(c.p);
    if (!vocab_open(fuzz_dir(), &v, &err)) fprintf(stderr, "%s\n", err.msg);
    fuzz_must(v != NULL, "the tiny vocabulary does not open");
    return v;
}

#endif
