/* Carries what a scorer asks for to who can do it, and the answer back: the one place where scorers meet the sandbox.
 */
#ifndef ASSAY_ASK_H
#define ASSAY_ASK_H

#include "harness/sandbox/sandbox.h"
#include "scorers/scorer.h"

#define ASK_MAX 8 /* questions about one sample */

/* Answers one ask; texts live in the arena. An instrument that fails fills reply->error and still returns true: that is
 * a fact about this sample. false only without memory. sandbox may be NULL. */
bool ask_carry(Sandbox *sandbox, const ScorerAsk *ask, Arena *a, ScorerReply *reply, Err *err);

#endif
