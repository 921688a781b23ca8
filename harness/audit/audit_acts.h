/* What people do about a finished audit: sign the machine's verdict, decide. Each becomes a line of its log
 * (audit_dir_append); the scorecard stays as it is. */
#ifndef ASSAY_AUDIT_ACTS_H
#define ASSAY_AUDIT_ACTS_H

#include "harness/audit/audit_dir.h"

/* As it was typed: words of --verdict, or a file of the same. */
typedef struct AuditChoice {
    const char *const *verdicts; /* [n] "agree", or "CATEGORY=VERDICT": what is not named stays the machine's */
    size_t n;
    Str reason, by;
} AuditChoice;

/* A person's words for the log: not too long, UTF-8, no control characters but line ends. what: the option. */
bool audit_text_check(const char *what, Str text, size_t max, Err *err);
/* A YAML file with `verdict` (agree, or a map of categories to verdicts), `reason` and `by`. In the arena. */
bool audit_choice_load(const char *path, Arena *a, AuditChoice *out, Err *err);

/* ERR_INPUT: a category that the scorecard does not have, a departure without a reason, a text that is too long or has
 * control characters. d: as the folder is afterwards. */
bool audit_decide(AuditDir *d, const char *dir, const AuditChoice *c, const SealSecret *key, Err *err);
/* ERR_INPUT: this key has signed before, is not named by the plan, or ran what is judged where the plan forbids it. */
bool audit_countersign(AuditDir *d, const char *dir, const SealSecret *key, Err *err);

/* What verify says of signatures and decisions: the plan's condition for the verdict. */
typedef struct AuditStanding {
    int64_t need, have; /* need 0: the plan asks for nobody */
    bool met;
    Str waiting_for, why; /* key ids, with ", " between them; "" */
    size_t n_decisions;
    bool departs; /* the last decision */
} AuditStanding;
bool audit_standing(const AuditDir *d, AuditStanding *out, Err *err);

#endif
