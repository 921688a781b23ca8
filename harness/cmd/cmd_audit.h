/* The parts of `assay audit` and `assay verify` that stand in files of their own. */
#ifndef ASSAY_CMD_AUDIT_H
#define ASSAY_CMD_AUDIT_H

#include "harness/audit/audit_acts.h"
#include "harness/cmd/cmd.h"

/* `decide` and `countersign`; argv[0] is that word. */
bool cmd_audit_is_act(const char *word);
int cmd_audit_act(CmdCtx *c, int argc, char **argv);
/* One line on who has signed the verdict, and one on what was decided. */
void cmd_audit_say_standing(FILE *f, const AuditStanding *s);
/* The signed plan: its file, its digest, and what it changes of the plan that it supersedes, one line each; with --json
 * one object. false: c->fail says why. */
bool cmd_audit_say_signed(CmdCtx *c, const AuditPlan *p, const char *file);

/* What `assay verify` is asked for beside the folder itself; NULL: nothing. */
typedef struct VerifyWanted {
    const char *signer; /* FILE.pub */
    const char *head;   /* hash of a line of the log */
} VerifyWanted;
int cmd_verify_audit(CmdCtx *c, const char *dir, const VerifyWanted *w);

#endif
