/* Signatures of an audit: Ed25519 (RFC 8032) by libsodium, over "harness-audit-v1" NUL type hash, where hash is the
 * SHA-256 of canonical JSON (audit_canon.h) as 32 bytes. The type keeps a signature of a plan from passing for one of a
 * verdict.
 *
 * Keys are pairs of files like those of sealing, NAME.pub and NAME.key, with another first line, so that neither can be
 * taken for the other. */
#ifndef ASSAY_REPORTS_SEAL_SIGN_H
#define ASSAY_REPORTS_SEAL_SIGN_H

#include "reports/seal/seal.h"

#define SIGNATURE_BYTES 64

/* Makes a pair: NAME.pub (mode 0644) and NAME.key (mode 0600). Neither may exist; on failure neither is left. */
bool sign_keygen(const char *name, SealPublic *out, Err *err);
bool sign_public_load(const char *path, SealPublic *out, Err *err);
/* Close it with seal_secret_close. */
bool sign_secret_load(const char *path, SealSecret **out, Err *err);

/* type: "plan", "run-close", "calibration", "verdict", "decision", "unseal". hash: 64 hex digits. */
bool sign_hash(const SealSecret *s, const char *type, const char *hash, unsigned char signature[SIGNATURE_BYTES],
               Err *err);
bool sign_check(const SealPublic *p, const char *type, const char *hash,
                const unsigned char signature[SIGNATURE_BYTES]);

/* Ed25519 of the bytes as they are: for reference vectors. */
bool sign__bytes(const SealSecret *s, Str bytes, unsigned char signature[SIGNATURE_BYTES], Err *err);
bool sign__check_bytes(const SealPublic *p, Str bytes, const unsigned char signature[SIGNATURE_BYTES]);
/* The key pair of a seed, as from a file. */
bool sign__from_seed(const unsigned char seed[SEAL_KEY_BYTES], SealSecret **out, Err *err);

#endif
