#include "engine/base/hash.h"

#include <sodium.h>
#include <string.h>

#include "engine/base/file.h"

_Static_assert(sizeof(crypto_hash_sha256_state) <= sizeof(Sha256), "the library's state fits");

static crypto_hash_sha256_state *state(Sha256 *h) {
    return (crypto_hash_sha256_state *)(void *)h->state;
}

void sha256_init(Sha256 *h) {
    crypto_hash_sha256_init(state(h));
}

void sha256_add(Sha256 *h, const void *p, size_t n) {
    if (n) crypto_hash_sha256_update(state(h), p, n);
}

void sha256_add_field(Sha256 *h, Str s) {
    unsigned char len[8];
    for (int i = 0; i < 8; i++) len[i] = (unsigned char)((uint64_t)s.n >> (8 * i));
    sha256_add(h, len, sizeof len);
    sha256_add(h, s.p, s.n);
}

void sha256_end(Sha256 *h, unsigned char out[32]) {
    crypto_hash_sha256_final(state(h), out);
}

void sha256_hex(const unsigned char digest[32], char out[65]) {
    static const char hex[] = "0123456789abcdef";
    for (int i = 0; i < 32; i++) {
        out[2 * i] = hex[digest[i] >> 4];
        out[2 * i + 1] = hex[digest[i] & 15];
    }
    out[64] = '\0';
}

void sha256_of(Str s, char out[65]) {
    unsigned char d[32];
    Sha256 h;
    sha256_init(&h);
    sha256_add(&h, s.p, s.n);
    sha256_end(&h, d);
    sha256_hex(d, out);
}

bool sha256_file(const char *path, char out[65], Err *err) {
    FileMap m;
    if (!file_map(path, &m, err)) return false;
    sha256_of((Str){(const char *)m.p, m.n}, out);
    file_unmap(&m);
    return true;
}

uint64_t sha256_u64(const unsigned char digest[32]) {
    uint64_t v = 0;
    for (int i = 7; i >= 0; i--) v = v << 8 | digest[i];
    return v;
}
