/* Shared by seal.c (texts, run keys) and seal_keys.c (key files). */
#ifndef ASSAY_REPORTS_SEAL_INTERNAL_H
#define ASSAY_REPORTS_SEAL_INTERNAL_H

#include "reports/seal.h"

/* In memory of seal__alloc. */
struct SealSecret {
    unsigned char key[SEAL_KEY_BYTES];
    SealPublic public;
};

/* Starts the library; once is enough, more does no harm. */
bool seal__ready(Err *err);
/* Memory for keys: locked, guarded, out of core dumps, wiped by sodium_free. NULL with *err set. */
void *seal__alloc(size_t n, Err *err);

#endif
