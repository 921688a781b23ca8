#include "reports/seal/seal_sign.h"

#include <sodium.h>
#include <string.h>

#include "reports/seal/seal_internal.h"

/* A secret half is the seed; the library's own form of the key is made from it where it is used. */
static bool expand(const SealSecret *s, unsigned char public[32], unsigned char **secret, Err *err) {
    *secret = seal__alloc(crypto_sign_SECRETKEYBYTES, err);
    if (!*secret) return false;
    crypto_sign_seed_keypair(public, *secret, s->key);
    return true;
}

static bool set_public(SealSecret *s, Err *err) {
    unsigned char public[32], *secret;
    if (!expand(s, public, &secret, err)) return false;
    sodium_free(secret);
    seal_public_from_bytes(public, &s->public);
    return true;
}

bool sign_keygen(const char *name, SealPublic *out, Err *err) {
    SealSecret *s = seal__alloc(sizeof *s, err);
    if (!s) return false;
    randombytes_buf(s->key, SEAL_KEY_BYTES);
    bool ok = set_public(s, err) && seal__write_pair(name, SEAL_FOR_SIGNING, s, err);
    if (ok) *out = s->public;
    sodium_free(s);
    return ok;
}

bool sign_public_load(const char *path, SealPublic *out, Err *err) {
    unsigned char key[SEAL_KEY_BYTES];
    char id[17];
    if (!seal__ready(err) || !seal__load(path, SEAL_FOR_SIGNING, false, key, id, err)) return false;
    seal_public_from_bytes(key, out);
    return seal__check_id(path, out, id, err);
}

bool sign_secret_load(const char *path, SealSecret **out, Err *err) {
    char id[17];
    *out = NULL;
    SealSecret *s = seal__alloc(sizeof *s, err);
    if (!s) return false;
    bool ok = seal__load(path, SEAL_FOR_SIGNING, true, s->key, id, err) && set_public(s, err) &&
              seal__check_id(path, &s->public, id, err);
    if (!ok) {
        sodium_free(s);
        return false;
    }
    sodium_mprotect_readonly(s);
    *out = s;
    return true;
}

bool sign__from_seed(const unsigned char seed[SEAL_KEY_BYTES], SealSecret **out, Err *err) {
    SealSecret *s = seal__alloc(sizeof *s, err);
    *out = NULL;
    if (!s) return false;
    memcpy(s->key, seed, SEAL_KEY_BYTES);
    if (!set_public(s, err)) {
        sodium_free(s);
        return false;
    }
    *out = s;
    return true;
}

bool sign__bytes(const SealSecret *s, Str bytes, unsigned char signature[SIGNATURE_BYTES], Err *err) {
    unsigned char public[32], *secret;
    if (!expand(s, public, &secret, err)) return false;
    crypto_sign_detached(signature, NULL, (const unsigned char *)(bytes.n ? bytes.p : ""), bytes.n, secret);
    sodium_free(secret);
    return true;
}

bool sign__check_bytes(const SealPublic *p, Str bytes, const unsigned char signature[SIGNATURE_BYTES]) {
    return crypto_sign_verify_detached(signature, (const unsigned char *)(bytes.n ? bytes.p : ""), bytes.n, p->key) ==
           0;
}

enum { TYPE_MAX = 32 };

/* "harness-audit-v1" NUL type hash; false if type or hash is none. */
static bool message(const char *type, const char *hash, unsigned char out[17 + TYPE_MAX + 32], size_t *n) {
    size_t t = strlen(type), got = 0;
    if (!t || t > TYPE_MAX || strlen(hash) != 64) return false;
    memcpy(out, "harness-audit-v1", 17);
    memcpy(out + 17, type, t);
    if (sodium_hex2bin(out + 17 + t, 32, hash, 64, NULL, &got, NULL) != 0 || got != 32) return false;
    *n = 17 + t + 32;
    return true;
}

bool sign_hash(const SealSecret *s, const char *type, const char *hash, unsigned char signature[SIGNATURE_BYTES],
               Err *err) {
    unsigned char bytes[17 + TYPE_MAX + 32];
    size_t n;
    if (!message(type, hash, bytes, &n))
        return err_set(err, ERR_INTERNAL, "nothing to sign: a type and a SHA-256 are needed");
    return sign__bytes(s, (Str){(const char *)bytes, n}, signature, err);
}

bool sign_check(const SealPublic *p, const char *type, const char *hash,
                const unsigned char signature[SIGNATURE_BYTES]) {
    unsigned char bytes[17 + TYPE_MAX + 32];
    size_t n;
    return message(type, hash, bytes, &n) && sign__check_bytes(p, (Str){(const char *)bytes, n}, signature);
}
