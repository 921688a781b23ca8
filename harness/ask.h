/* Carries what a scorer asks for to who can do it, and the answer back: the one place where scorers meet the sandbox
 * and the judge. */
#ifndef ASSAY_ASK_H
#define ASSAY_ASK_H

#include "harness/judge/judge.h"
#include "harness/sandbox/sandbox.h"
#include "scorers/scorer.h"

#define ASK_MAX 128 /* questions about one sample */

/* Who can be asked. Thread-safe. */
typedef struct AskHelp {
    Sandbox *sandbox;         /* NULL: no programs are run */
    Judge *judge;             /* NULL: there is no judge */
    const JudgeSettings *dry; /* without a judge: what the requests to it would be is worked out all the same */
} AskHelp;

/* What was asked of a judge about one sample, in order. */
typedef struct AskLog {
    ScorerAsk *asks; /* [n] */
    JudgeTrace *traces;
    size_t n;
} AskLog;

/* Answers one ask; texts live in the arena. An instrument that fails fills reply->error and still returns true: that is
 * a fact about this sample. nonce, index and trace are for questions to a judge (judge_ask_model). false: no memory, a
 * broken judge, or an interruption. */
bool ask_carry(const AskHelp *help, const ScorerAsk *ask, Str nonce, size_t index, Arena *a, ScorerReply *reply,
               JudgeTrace *trace, Err *err);

#endif
