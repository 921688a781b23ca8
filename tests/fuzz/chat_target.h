/* For targets that need a vocabulary: a tiny one, opened once. */
#ifndef ASSAY_TESTS_FUZZ_CHAT_TARGET_H
#define ASSAY_TESTS_FUZZ_CHAT_TARGET_H

#include "engine/vocab_internal.h"
#include "tests/fuzz/seeds.h"

enum { TINY_VOCAB = 300, FIRST_SPECIAL = TINY_VOCAB - 21 - 6 }; /* six fillers behind the specials */

/* Takes the tokenizer's bytes. */
static inline const Vocab *chat_vocab(SeedFile t) {
    Vocab *v;
    Err err = ERR_INIT;
    CkSpec s = CK_SPEC_MIN;
    s.vocab = TINY_VOCAB;
    SeedFile c = seed_config(&s);
    fuzz_dir_put("tokenizer.json", t.p, t.n);
    fuzz_dir_put("config.json", c.p, c.n);
    free(t.p), free(c.p);
    if (!vocab_open(fuzz_dir(), &v, &err)) fprintf(stderr, "%s\n", err.msg);
    fuzz_must(v != NULL, "the tiny vocabulary does not open");
    return v;
}

static inline CkSpec chat_spec(void) {
    CkSpec s = CK_SPEC_MIN;
    s.vocab = TINY_VOCAB - 6;
    return s;
}

/* Bytes and specials. */
static inline const Vocab *tiny_vocab(void) {
    static const Vocab *v;
    CkSpec s = chat_spec();
    if (!v) v = chat_vocab(seed_tokenizer(&s));
    return v;
}

/* An id that a vocabulary of this size has: large ones become specials and fillers. */
static inline uint32_t chat_id(uint32_t any) {
    return any < TINY_VOCAB ? any : FIRST_SPECIAL + any % (TINY_VOCAB - FIRST_SPECIAL);
}

#endif
