/* Opening a run with an auditor's key, for the commands that do. */
#ifndef ASSAY_HARNESS_UNSEAL_H
#define ASSAY_HARNESS_UNSEAL_H

#include "harness/cmd/cmd.h"
#include "reports/store/store.h"

/* Begins secrecy, loads the secret key and lets the store read sealed texts; warns of a key that others can read.
 * false: c->fail says why. */
bool unseal_store(CmdCtx *c, RunStore *s, const char *key);

#endif
