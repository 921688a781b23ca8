/* SHA-256 (FIPS 180-4, from libsodium) and its lower-case hex form. */
#ifndef ASSAY_BASE_HASH_H
#define ASSAY_BASE_HASH_H

#include <stdint.h>

#include "engine/base/err.h"
#include "engine/base/str.h"

typedef struct Sha256 {
    _Alignas(16) unsigned char state[128]; /* the library's own state */
} Sha256;

void sha256_init(Sha256 *h);
void sha256_add(Sha256 *h, const void *p, size_t n);
/* Adds n as 8 little-endian bytes, then the bytes: fields cannot run into each other. */
void sha256_add_field(Sha256 *h, Str s);
void sha256_end(Sha256 *h, unsigned char out[32]);
void sha256_hex(const unsigned char digest[32], char out[65]);
void sha256_of(Str s, char out[65]);
bool sha256_file(const char *path, char out[65], Err *err);
/* The first 8 bytes of a digest as a little-endian number: a seed. */
uint64_t sha256_u64(const unsigned char digest[32]);

#endif
