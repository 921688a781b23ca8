/* Valid files for the seeds: made by tests/checkpoint.h, in memory. */
#ifndef ASSAY_TESTS_FUZZ_SEEDS_H
#define ASSAY_TESTS_FUZZ_SEEDS_H

#include <stdio.h>
#include <stdlib.h>

#include "tests/checkpoint_layouts.h"
#include "tests/fuzz/fuzz.h"

/* One layer, two experts: small enough for thousands of runs a second. */
#define CK_SPEC_MIN                                                                                                    \
    {                                                                                                                  \
        .layers = 1, .hidden = 32, .heads = 2, .kv_heads = 1, .head_dim = 32, .experts = 2, .per_token = 1,            \
        .width = 32, .vocab = 300, .window = 4, .context = 64, .theta = 10000, .factor = 8, .original = 2048           \
    }

typedef struct SeedFile {
    char *p;
    size_t n;
} SeedFile;

static inline SeedFile seed_config(const CkSpec *s) {
    SeedFile out;
    FILE *f = open_memstream(&out.p, &out.n);
    ck_config(s, f);
    fclose(f);
    return out;
}

static inline SeedFile seed_tokenizer(const CkSpec *s) {
    SeedFile out;
    FILE *f = open_memstream(&out.p, &out.n);
    ck_tokenizer(s, f);
    fclose(f);
    return out;
}

/* With longer tokens: `vocab` goes on the map behind the 256 bytes (",\"th\":256"), `merges` is the list's inside. */
static inline SeedFile seed_tokenizer_with(const CkSpec *s, const char *vocab, const char *merges) {
    static const char end[] = "},\"merges\":[]";
    SeedFile out, t = seed_tokenizer(s);
    size_t at = str_find((Str){t.p, t.n}, STR("},\"merges\":[]"), 0);
    FILE *f = open_memstream(&out.p, &out.n);
    fuzz_must(at != SIZE_MAX, "the tiny tokenizer looks different");
    fprintf(f, "%.*s%s},\"merges\":[%s]%s", (int)at, t.p, vocab, merges, t.p + at + strlen(end));
    fclose(f);
    free(t.p);
    return out;
}

static inline SeedFile seed_openai_config(const CkSpec *s) {
    SeedFile out;
    FILE *f = open_memstream(&out.p, &out.n);
    ck_openai_config(s, f);
    fclose(f);
    return out;
}

static inline SeedFile seed_weights(const CkSpec *s) {
    SeedFile out;
    FILE *f = open_memstream(&out.p, &out.n);
    fuzz_must(ck_weights(s, f), "cannot write weights");
    fclose(f);
    return out;
}

#endif
