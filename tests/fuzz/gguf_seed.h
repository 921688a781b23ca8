/* A small valid GGUF, for the targets that read the container: values of many types, tensors of four. */
#ifndef ASSAY_TESTS_FUZZ_GGUF_SEED_H
#define ASSAY_TESTS_FUZZ_GGUF_SEED_H

#include "engine/base/gguf.h"
#include "tests/fuzz/fuzz.h"
#include "tests/gguf_build.h"

enum { GGUF_SEED_VALUES = 8 };
static inline void gguf_seed_values(Buf *b) {
    gb_text(b, "general.architecture", "gpt-oss");
    gb_u32(b, "general.alignment", 32);
    gb_f32(b, "gpt-oss.rope.freq_base", 150000);
    gb_array(b, "tokenizer.ggml.tokens", GGUF_STRING, 3);
    gb_str(b, "a"), gb_str(b, ""), gb_str(b, "ccc");
    gb_array(b, "tokenizer.ggml.token_type", GGUF_I32, 3);
    for (int i = 0; i < 3; i++) gb_int(b, 1, 4);
    gb_key(b, "flag", GGUF_BOOL), gb_int(b, 1, 1);
    gb_key(b, "wide", GGUF_F64), gb_int(b, 0, 8);
    gb_key(b, "signed", GGUF_I16), gb_int(b, 0xffff, 2);
}

static inline void gguf_seed(Buf *b) {
    static const struct {
        const char *name;
        uint32_t type;
        uint64_t dim[3], bytes;
        int rank;
    } tensors[] = {{"norm", 0, {8, 1, 1}, 32, 1},
                   {"dense", 8, {32, 2, 1}, 68, 2},
                   {"experts", 39, {64, 2, 2}, 136, 3},
                   {"half", 30, {2, 3, 1}, 12, 2}};
    uint64_t at = 0;
    gb_head(b, 4, GGUF_SEED_VALUES);
    gguf_seed_values(b);
    for (int i = 0; i < 4; i++) {
        gb_tensor(b, tensors[i].name, tensors[i].rank, tensors[i].dim, tensors[i].type, at);
        at += (tensors[i].bytes + 31) / 32 * 32;
    }
    gb_pad(b, 32);
    for (uint64_t i = 0; i < at; i++) buf_addc(b, (char)i);
    fuzz_must(!b->failed, "no memory");
}

#endif
