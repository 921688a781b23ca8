/* Who opened which sealed texts of a run, and why: a line of the log of the audit that judges the run. */
#ifndef ASSAY_AUDIT_UNSEAL_H
#define ASSAY_AUDIT_UNSEAL_H

#include <stdio.h>

#include "reports/seal/seal.h"
#include "reports/store/store.h"

/* Words of the command line; NULL: not given. */
typedef struct AuditOpening {
    const char *audit;    /* --audit: folder of the audit */
    const char *why;      /* --why */
    const char *sign_key; /* --sign-key: key that signs the line; NULL: it is not signed */
} AuditOpening;

/* Before anything is opened: that the words go together. ERR_INPUT names the option. */
bool audit_opening_check(const AuditOpening *o, Err *err);

typedef struct AuditOpened {
    const SealPublic *by; /* the auditor's key */
    const char *how;      /* command: "unseal", "report", "rescore", "replay" */
    Str item;             /* the one sample; absent: all */
} AuditOpened;

/* Before a text of the run is shown or used. With --audit: appends the line, or nothing is to be opened (ERR_INPUT: the
 * audit does not judge this run; all that audit_dir_append refuses). Without, a warning on `say` if the run was begun
 * to an audit's plan. dir: of the run, for messages. */
bool audit_opening_note(const AuditOpening *o, RunStore *s, const char *dir, const AuditOpened *what, FILE *say,
                        Err *err);

#endif
