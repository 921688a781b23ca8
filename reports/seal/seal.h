/* Sealing: texts that only an auditor may read, encrypted as they are stored. The two files seal*.c know libsodium.
 *
 * Scheme "assay-seal-1" (every part is one of the library's own constructions):
 *   key pair    of the auditor: X25519. NAME.pub is given to whoever runs; NAME.key never leaves the auditor.
 *   run key     32 random bytes, new for every process that writes; kept only as crypto_box_seal boxes, one for each
 *               auditor. Who runs forgets it at the end and cannot open what was written.
 *   text        nonce (24 random bytes) || crypto_aead_xchacha20poly1305_ietf(run key, nonce, body, header)
 *   body        salt (32 random bytes) || length (8 bytes, little-endian) || text || zeros up to its length class
 *   header      canonical JSON of what the text belongs to; it is authenticated and not stored, so that a text that is
 *               moved to another sample, model, channel, turn, run or plan does not open
 *   commitment  SHA-256(salt || text). It is stored in the clear and binds the runner to a text that it tells nothing
 *               about: without the salt even a short answer cannot be guessed.
 *
 * Keys lie in locked memory that is left out of core dumps, and are wiped when they are closed. */
#ifndef ASSAY_REPORTS_SEAL_H
#define ASSAY_REPORTS_SEAL_H

#include "engine/base/err.h"
#include "engine/base/str.h"
#include "engine/engine.h"

#define SEAL_SCHEME "assay-seal-1"
#define SEAL_KEY_BYTES 32
#define SEAL_SALT_BYTES 32
#define SEAL_COMMITMENT_BYTES 32
#define SEAL_BOX_BYTES 80 /* a run key for one auditor: crypto_box_SEALBYTES + 32 */

/* ---- the auditor's keys ---- */

typedef struct SealPublic {
    unsigned char key[SEAL_KEY_BYTES];
    char id[17]; /* the first 16 hex digits of SHA-256 of the key */
} SealPublic;

typedef struct SealSecret SealSecret;

/* Makes a key pair: NAME.pub (mode 0644) and NAME.key (mode 0600). Neither may exist; on failure neither is left. */
bool seal_keygen(const char *name, SealPublic *out, Err *err);
/* ERR_INPUT says what the file is instead: absent, cut short, the secret half, no key at all. */
bool seal_public_load(const char *path, SealPublic *out, Err *err);
bool seal_secret_load(const char *path, SealSecret **out, Err *err);
void seal_secret_close(SealSecret *s); /* NULL is fine */
const SealPublic *seal_secret_public(const SealSecret *s);
/* True if the file can be read or changed by others than its owner. */
bool seal_key_file_is_open(const char *path);

/* The id of a public key that came from elsewhere (a manifest). */
void seal_public_from_bytes(const unsigned char key[SEAL_KEY_BYTES], SealPublic *out);

/* ---- the key of a run ---- */

typedef struct SealKey SealKey;

bool seal_key_new(SealKey **out, Err *err);
void seal_key_close(SealKey *k); /* NULL is fine */
bool seal_key_box(const SealKey *k, const SealPublic *to, unsigned char box[SEAL_BOX_BYTES], Err *err);
/* ERR_INPUT: the box is for another key, or was changed. */
bool seal_key_unbox(const SealSecret *s, const unsigned char box[SEAL_BOX_BYTES], SealKey **out, Err *err);

/* ---- texts ---- */

/* What a text belongs to. Absent Str count as empty. */
typedef struct SealHeader {
    Str run;  /* random id of the run */
    Str plan; /* digest of the plan that it began with */
    Str model, suite, sample;
    Effort effort;
    int epoch;
    Str transform; /* "plain", or how the question was put */
    Str scorer;    /* empty: a text of the record itself */
    Str channel;   /* "final", "analysis", "answer", … */
    int sequence;  /* turn, from 1; 0: of the whole sample */
} SealHeader;

typedef struct SealedText {
    size_t length_class;
    unsigned char commitment[SEAL_COMMITMENT_BYTES];
} SealedText;

/* 0 for nothing, else the next of 256, 1024, 4096, 16384, then multiples of 16384; SIZE_MAX if that overflows. */
size_t seal_length_class(size_t bytes);
/* The same for counts of tokens: 64, 256, 1024, 4096, then multiples of 4096. */
int64_t seal_token_class(int64_t tokens);

/* Appends the sealed text to `sealed`. k NULL: keeps nothing of it but class and commitment (`sealed` stays as it is).
 */
bool seal_text(const SealKey *k, const SealHeader *h, Str text, Buf *sealed, SealedText *out, Err *err);
/* Opens one; text and salt live in the arena. ERR_INPUT: it was changed, moved, or sealed under another key; nothing of
 * it is in *text then. `commitment` must fit. */
bool seal_open_text(const SealKey *k, const SealHeader *h, Str sealed,
                    const unsigned char commitment[SEAL_COMMITMENT_BYTES], Arena *a, Str *text,
                    unsigned char salt[SEAL_SALT_BYTES], Err *err);

/* Standard base64 with padding, for keys and boxes in text. */
void seal_base64(Buf *out, const void *p, size_t n);
/* False unless it is exactly n bytes. */
bool seal_from_base64(Str text, void *out, size_t n);
/* n random bytes as 2n hex digits and a NUL. */
bool seal_random_hex(char *out, size_t n, Err *err);

#endif
