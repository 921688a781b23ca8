/* Opening a run with an auditor's key, for the commands that do. */
#ifndef ASSAY_HARNESS_UNSEAL_H
#define ASSAY_HARNESS_UNSEAL_H

#include "harness/audit/audit_unseal.h"
#include "harness/cmd/cmd.h"
#include "reports/store/store.h"

/* Begins secrecy, loads the secret key and lets the store read sealed texts; warns of a key that others can read. *by:
 * the key. false: c->fail says why. */
bool unseal_store(CmdCtx *c, RunStore *s, const char *key, SealPublic *by);

#define UNSEAL_USAGE                                                                                                   \
    "  --audit DIR     the audit that judges this run: its log gets a line that says who opened what, and why\n"       \
    "  --why TEXT      why, for that line\n"                                                                           \
    "  --sign-key FILE.key\n"                                                                                          \
    "                  signs the line (assay keygen --sign)\n"
#define UNSEAL_SPECS(opening)                                                                                          \
    {"audit", 0, ARG_TEXT, &(opening).audit}, {"why", 0, ARG_TEXT, &(opening).why}, {                                  \
        "sign-key", 0, ARG_TEXT, &(opening).sign_key                                                                   \
    }

#endif
