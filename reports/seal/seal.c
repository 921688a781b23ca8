/* Run keys and sealed texts; the scheme stands in seal.h. */
#include "reports/seal/seal.h"

#include <sodium.h>
#include <string.h>

#include "engine/base/json.h"
#include "reports/seal/seal_internal.h"

#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES
#define LENGTH_BYTES 8
#define BODY_HEAD (SEAL_SALT_BYTES + LENGTH_BYTES)
#define HEADER_MAX ((size_t)1 << 20)

_Static_assert(SEAL_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "a run key is a key of the cipher");
_Static_assert(SEAL_KEY_BYTES == crypto_box_PUBLICKEYBYTES && SEAL_KEY_BYTES == crypto_box_SECRETKEYBYTES, "X25519");
_Static_assert(SEAL_BOX_BYTES == crypto_box_SEALBYTES + SEAL_KEY_BYTES, "a box holds one run key");
_Static_assert(SEAL_COMMITMENT_BYTES == crypto_hash_sha256_BYTES, "commitments are SHA-256");

struct SealKey {
    unsigned char key[SEAL_KEY_BYTES];
};

bool seal__ready(Err *err) {
    if (sodium_init() >= 0) return true;
    return err_set(err, ERR_ENV, "the library libsodium cannot start: this machine gives no random numbers");
}

/* Guard pages, locked against swapping as far as the limit allows, out of core dumps. */
void *seal__alloc(size_t n, Err *err) {
    if (!seal__ready(err)) return NULL;
    void *counted = mem_alloc(1); /* tests make it fail as any other allocation */
    void *p = counted ? sodium_malloc(n) : NULL;
    mem_free(counted);
    if (!p) err_nomem(err);
    return p;
}

/* ---- run keys ---- */

bool seal_key_new(SealKey **out, Err *err) {
    *out = seal__alloc(sizeof **out, err);
    if (!*out) return false;
    randombytes_buf((*out)->key, SEAL_KEY_BYTES);
    sodium_mprotect_readonly(*out);
    return true;
}

void seal_key_close(SealKey *k) {
    sodium_free(k); /* wipes */
}

bool seal_key_box(const SealKey *k, const SealPublic *to, unsigned char box[SEAL_BOX_BYTES], Err *err) {
    if (crypto_box_seal(box, k->key, SEAL_KEY_BYTES, to->key) == 0) return true;
    return err_set(err, ERR_INPUT, "key %s is no usable public key", to->id);
}

bool seal_key_unbox(const SealSecret *s, const unsigned char box[SEAL_BOX_BYTES], SealKey **out, Err *err) {
    *out = seal__alloc(sizeof **out, err);
    if (!*out) return false;
    if (crypto_box_seal_open((*out)->key, box, SEAL_BOX_BYTES, s->public.key, s->key) == 0) {
        sodium_mprotect_readonly(*out);
        return true;
    }
    sodium_free(*out);
    *out = NULL;
    return err_set(err, ERR_INPUT, "the run's key does not open with key %s: it is damaged, or was sealed to another",
                   s->public.id);
}

/* ---- headers ---- */

static void member(JsonOut *o, const char *key, Str v) {
    json_out_key(o, key);
    json_out_str(o, v.p ? v : STR(""));
}

static void number(JsonOut *o, const char *key, int v) {
    json_out_key(o, key);
    json_out_int(o, v);
}

/* Keys in bytewise order, no spaces. */
static bool header_json(const SealHeader *h, Buf *out, Err *err) {
    JsonOut o;
    json_out_init(&o, out, 0);
    json_obj(&o);
    member(&o, "channel", h->channel);
    member(&o, "effort", str_from(effort_name(h->effort)));
    number(&o, "epoch", h->epoch);
    member(&o, "model", h->model);
    member(&o, "plan", h->plan);
    member(&o, "run", h->run);
    member(&o, "sample", h->sample);
    member(&o, "scheme", STR(SEAL_SCHEME));
    member(&o, "scorer", h->scorer);
    number(&o, "sequence", h->sequence);
    member(&o, "suite", h->suite);
    member(&o, "transform", h->transform);
    json_obj_end(&o);
    return !out->failed || err_nomem(err);
}

/* ---- lengths ---- */

size_t seal_length_class(size_t n) {
    if (n == 0) return 0;
    for (size_t c = 256; c <= 16384; c *= 4)
        if (n <= c) return c;
    return n > SIZE_MAX - 16383 ? SIZE_MAX : (n + 16383) / 16384 * 16384;
}

int64_t seal_token_class(int64_t n) {
    if (n <= 0) return 0;
    for (int64_t c = 64; c <= 4096; c *= 4)
        if (n <= c) return c;
    return n > INT64_MAX - 4095 ? INT64_MAX : (n + 4095) / 4096 * 4096;
}

/* ---- sealing ---- */

static void commit(const unsigned char *salt, Str text, unsigned char out[SEAL_COMMITMENT_BYTES]) {
    crypto_hash_sha256_state h;
    crypto_hash_sha256_init(&h);
    crypto_hash_sha256_update(&h, salt, SEAL_SALT_BYTES);
    if (text.n) crypto_hash_sha256_update(&h, (const unsigned char *)text.p, text.n);
    crypto_hash_sha256_final(&h, out);
    sodium_memzero(&h, sizeof h);
}

static void put_length(unsigned char *p, size_t n) {
    for (int i = 0; i < LENGTH_BYTES; i++) p[i] = (unsigned char)((uint64_t)n >> (8 * i));
}

static uint64_t get_length(const unsigned char *p) {
    uint64_t n = 0;
    for (int i = LENGTH_BYTES - 1; i >= 0; i--) n = n << 8 | p[i];
    return n;
}

/* The empty text is padded too: a body has the length of the smallest class at least. */
static size_t body_bytes(size_t n) {
    size_t class = seal_length_class(n ? n : 1), total = 0;
    return size_add(class, BODY_HEAD + NONCE_BYTES + TAG_BYTES, &total) ? class + BODY_HEAD : SIZE_MAX;
}

static bool encrypt(const SealKey *k, const SealHeader *h, const unsigned char *body, size_t n, Buf *sealed, Err *err) {
    Buf aad;
    unsigned char nonce[NONCE_BYTES];
    buf_init(&aad, HEADER_MAX);
    unsigned char *c = mem_alloc(n + TAG_BYTES);
    bool ok = (c || err_nomem(err)) && header_json(h, &aad, err);
    if (ok) {
        randombytes_buf(nonce, sizeof nonce);
        crypto_aead_xchacha20poly1305_ietf_encrypt(c, NULL, body, n, (const unsigned char *)aad.p, aad.n, NULL, nonce,
                                                   k->key);
        buf_add(sealed, nonce, sizeof nonce);
        buf_add(sealed, c, n + TAG_BYTES);
        ok = !sealed->failed || err_nomem(err);
    }
    mem_free(c);
    buf_release(&aad);
    return ok;
}

bool seal_text(const SealKey *k, const SealHeader *h, Str text, Buf *sealed, SealedText *out, Err *err) {
    size_t n = body_bytes(text.n);
    if (n == SIZE_MAX) return err_nomem(err);
    if (!seal__ready(err)) return false;
    *out = (SealedText){.length_class = seal_length_class(text.n)};
    if (!k) { /* the salt is forgotten at once: nobody can test a guess against the commitment */
        unsigned char salt[SEAL_SALT_BYTES];
        randombytes_buf(salt, sizeof salt);
        commit(salt, text, out->commitment);
        sodium_memzero(salt, sizeof salt);
        return true;
    }
    unsigned char *body = mem_alloc(n);
    if (!body) return err_nomem(err);
    randombytes_buf(body, SEAL_SALT_BYTES);
    put_length(body + SEAL_SALT_BYTES, text.n);
    if (text.n) memcpy(body + BODY_HEAD, text.p, text.n);
    commit(body, text, out->commitment);
    bool ok = encrypt(k, h, body, n, sealed, err);
    sodium_memzero(body, n);
    mem_free(body);
    return ok;
}

/* ---- opening ---- */

static bool does_not_open(Err *err) {
    return err_set(err, ERR_INPUT,
                   "a sealed text does not open: it was changed, or moved from another sample, channel or run");
}

/* The body is genuine; it may still have been written by a program that is wrong. */
static bool check_body(const unsigned char *body, size_t n, const unsigned char *commitment, Arena *a, Str *text,
                       unsigned char *salt, Err *err) {
    unsigned char made[SEAL_COMMITMENT_BYTES];
    uint64_t length = get_length(body + SEAL_SALT_BYTES);
    if (length > n - BODY_HEAD) return err_set(err, ERR_INPUT, "a sealed text is longer than its body");
    Str inside = {(const char *)body + BODY_HEAD, (size_t)length};
    commit(body, inside, made);
    if (sodium_memcmp(made, commitment, sizeof made) != 0)
        return err_set(err, ERR_INPUT, "a sealed text is not the one that was committed to");
    *text = str_dup(a, inside);
    memcpy(salt, body, SEAL_SALT_BYTES);
    return text->p != NULL || err_nomem(err);
}

bool seal_open_text(const SealKey *k, const SealHeader *h, Str sealed,
                    const unsigned char commitment[SEAL_COMMITMENT_BYTES], Arena *a, Str *text,
                    unsigned char salt[SEAL_SALT_BYTES], Err *err) {
    Buf aad;
    *text = (Str){0};
    if (sealed.n < NONCE_BYTES + BODY_HEAD + TAG_BYTES) return err_set(err, ERR_INPUT, "a sealed text is cut short");
    if (!seal__ready(err)) return false;
    size_t n = sealed.n - NONCE_BYTES - TAG_BYTES;
    const unsigned char *p = (const unsigned char *)sealed.p;
    buf_init(&aad, HEADER_MAX);
    unsigned char *body = mem_alloc(n);
    bool ok = (body || err_nomem(err)) && header_json(h, &aad, err);
    if (ok && crypto_aead_xchacha20poly1305_ietf_decrypt(body, NULL, NULL, p + NONCE_BYTES, n + TAG_BYTES,
                                                         (const unsigned char *)aad.p, aad.n, p, k->key) != 0)
        ok = does_not_open(err);
    ok = ok && check_body(body, n, commitment, a, text, salt, err);
    if (body) sodium_memzero(body, n);
    mem_free(body);
    buf_release(&aad);
    return ok;
}

/* ---- bytes as text ---- */

void seal_base64(Buf *out, const void *p, size_t n) {
    size_t cap = sodium_base64_ENCODED_LEN(n, sodium_base64_VARIANT_ORIGINAL);
    char *text = mem_alloc(cap);
    if (!text) {
        out->failed = true;
        return;
    }
    sodium_bin2base64(text, cap, p, n, sodium_base64_VARIANT_ORIGINAL);
    buf_adds(out, text);
    sodium_memzero(text, cap);
    mem_free(text);
}

bool seal_from_base64(Str text, void *out, size_t n) {
    size_t got = 0;
    const char *end = NULL;
    return sodium_base642bin(out, n, text.p, text.n, NULL, &got, &end, sodium_base64_VARIANT_ORIGINAL) == 0 &&
           got == n && end == text.p + text.n;
}

bool seal_random_hex(char *out, size_t n, Err *err) {
    static const char digits[] = "0123456789abcdef";
    if (!seal__ready(err)) return false;
    for (size_t i = 0; i < 2 * n; i++) out[i] = digits[randombytes_uniform(16)];
    out[2 * n] = '\0';
    return true;
}
