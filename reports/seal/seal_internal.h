/* Shared by seal.c (texts, run keys) and seal_keys.c (key files). */
#ifndef ASSAY_REPORTS_SEAL_INTERNAL_H
#define ASSAY_REPORTS_SEAL_INTERNAL_H

#include "reports/seal/seal.h"

/* In memory of seal__alloc. */
struct SealSecret {
    unsigned char key[SEAL_KEY_BYTES];
    SealPublic public;
};

typedef enum SealKind { SEAL_FOR_TEXTS, SEAL_FOR_SIGNING } SealKind;

/* ---- key files (seal_keys.c) ---- */

/* One half of a key of that kind from its file. ERR_INPUT says what the file is instead. */
bool seal__load(const char *path, SealKind kind, bool secret, unsigned char key[SEAL_KEY_BYTES], char id[17], Err *err);
bool seal__check_id(const char *path, const SealPublic *p, const char *id, Err *err);
/* NAME.pub and NAME.key, neither of which may exist. */
bool seal__write_pair(const char *name, SealKind kind, const SealSecret *s, Err *err);

/* Starts the library; once is enough, more does no harm. */
bool seal__ready(Err *err);
/* Memory for keys: locked, guarded, out of core dumps, wiped by sodium_free. NULL with *err set. */
void *seal__alloc(size_t n, Err *err);

#endif
