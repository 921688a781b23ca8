/* Writes GGUF bytes for tests, honest or not: every number is put as it is given. Independent of the reader. */
#ifndef ASSAY_TESTS_GGUF_BUILD_H
#define ASSAY_TESTS_GGUF_BUILD_H

#include <stdint.h>
#include <string.h>

#include "engine/base/str.h"

static inline void gb_int(Buf *b, uint64_t v, int bytes) {
    for (int i = 0; i < bytes; i++) buf_addc(b, (char)(v >> (8 * i)));
}

static inline void gb_str(Buf *b, const char *s) {
    gb_int(b, strlen(s), 8);
    buf_adds(b, s);
}

static inline void gb_head(Buf *b, uint64_t n_tensors, uint64_t n_values) {
    buf_adds(b, "GGUF");
    gb_int(b, 3, 4);
    gb_int(b, n_tensors, 8);
    gb_int(b, n_values, 8);
}

static inline void gb_key(Buf *b, const char *key, uint32_t type) {
    gb_str(b, key);
    gb_int(b, type, 4);
}

static inline void gb_u32(Buf *b, const char *key, uint32_t v) {
    gb_key(b, key, 4);
    gb_int(b, v, 4);
}

static inline void gb_f32(Buf *b, const char *key, float v) {
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    gb_key(b, key, 6);
    gb_int(b, bits, 4);
}

static inline void gb_text(Buf *b, const char *key, const char *s) {
    gb_key(b, key, 8);
    gb_str(b, s);
}

static inline void gb_array(Buf *b, const char *key, uint32_t item, uint64_t n) {
    gb_key(b, key, 9);
    gb_int(b, item, 4);
    gb_int(b, n, 8);
}

static inline void gb_tensor(Buf *b, const char *name, int rank, const uint64_t *dim, uint32_t type, uint64_t offset) {
    gb_str(b, name);
    gb_int(b, (uint64_t)rank, 4);
    for (int i = 0; i < rank; i++) gb_int(b, dim[i], 8);
    gb_int(b, type, 4);
    gb_int(b, offset, 8);
}

static inline void gb_pad(Buf *b, size_t to) {
    while (b->n % to) buf_addc(b, 0);
}

#endif
