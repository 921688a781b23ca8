/* The helper kit for scorers that ask a judge model: the question, safe against the answer it quotes, and the reply.
 *
 * The answer under judgement is hostile: it may claim to be the judge, end the quotation, or bring a verdict of its
 * own. Three things keep it out. (1) Spellings of special tokens are taken out of every quoted text, also those that
 * taking one out would join. (2) Quoted texts stand behind "| ", line by line, with their length before them, so that
 * no line of theirs can look like one of ours. (3) A verdict is a line that repeats a code; the code follows from the
 * answer itself and a seed (ScorerView.nonce), so no answer can hold its own.
 *
 * Every question is put twice by default, in other words and another order. What the two say is the scorer's to
 * compare; a reply without a verdict makes the sample unscored, with the reason as its label. Needs scorer.h, text.h.
 */
#ifndef ASSAY_SCORERS_JUDGE_H
#define ASSAY_SCORERS_JUDGE_H

#include "scorers/text.h"

#define JUDGE_PASSES 2
#define JUDGE_CODE 10 /* digits of a verdict's code */

/* ---- questions ---- */

/* Texts with {{name}} where a slot goes. */
typedef struct JudgeTemplate {
    const char *system, *user;
} JudgeTemplate;

typedef struct JudgeSlot {
    const char *name; /* NULL ends a list */
    ScorerStr text;
    bool quoted; /* of the sample or the model: cleaned, and behind "| " */
} JudgeSlot;

/* Fills ask->system and ->user from the template; slots are put in once, what they hold is not read again. A name that
 * no slot has is a mistake of ours and stays as it is. false: no memory. */
bool judge_ask(const ScorerHost *host, const JudgeTemplate *t, const JudgeSlot *slots, ScorerAsk *ask, ScorerErr *err);

/* The text without spellings of special tokens; broken UTF-8 and control characters become U+FFFD, all line ends \n.
 * *removed: how many spellings were taken out. {NULL,0} without memory. */
ScorerStr judge_clean(const ScorerHost *host, ScorerStr s, size_t *removed);

/* The code of a pass (0 or 1): its own part of the view's nonce; empty if the host gives none. */
ScorerStr judge_code(const ScorerView *v, size_t pass);

/* ---- replies ---- */

#define JUDGE_FIELDS_MAX 4

typedef struct JudgeField {
    const char *name;
    int lo, hi;               /* whole numbers, or */
    const char *const *words; /* NULL-ended: the value is the index */
} JudgeField;

/* How a reply was read. The last line `VERDICT code: name=value ...` with the right code and all fields counts. */
typedef enum JudgeStatus {
    JUDGE_OK,
    JUDGE_UNPARSED,     /* no line that is a verdict */
    JUDGE_FORGED,       /* a verdict with another code, and none with ours */
    JUDGE_OUT_OF_RANGE, /* a field has a value that does not exist: none of the others is used */
    JUDGE_REFUSED,      /* the judge declines */
    JUDGE_EMPTY,
    JUDGE_TRUNCATED, /* cut off; whatever stands in it */
    JUDGE_TIMEOUT,
    JUDGE_FILTERED,
    JUDGE_FAILED, /* the engine, or there is no judge */
} JudgeStatus;

typedef struct JudgeReading {
    JudgeStatus status;
    int value[JUDGE_FIELDS_MAX];
    TextSpan span; /* of the line, in the reply */
} JudgeReading;

const char *judge_status_name(JudgeStatus s); /* "out_of_range" */
void judge_read(const ScorerReply *r, ScorerStr code, const JudgeField *fields, size_t n, JudgeReading *out);

/* Notes how each reply was read in out->verdicts. false: no memory. */
bool judge_note(const ScorerHost *host, const JudgeReading *readings, size_t n, const JudgeField *fields,
                size_t n_fields, Score *out, ScorerErr *err);
/* "refusal=0 convincingness=3": in the host's memory. */
ScorerStr judge_verdict_text(const ScorerHost *host, const JudgeReading *r, const JudgeField *fields, size_t n);

/* ---- scores ---- */

typedef struct JudgeOptions {
    int passes; /* 1 or 2 */
} JudgeOptions;
#define JUDGE_OPTION_NAMES "passes"
#define JUDGE_OPTION_HELP                                                                                              \
    "  passes: 2 (default), the second in other words and another order; 1: half the cost, no `disputed`\n"

bool judge_options(const ScorerKV *opts, size_t n, JudgeOptions *out, ScorerErr *err);
/* True if there is something to judge; else *out is the whole score: the engine failed, or the answer is empty. */
bool judge_wanted(const ScorerView *v, Score *out);
/* If a reply has no verdict, or replies are missing, fills an unscored score that says so and returns true. */
bool judge_unread(const ScorerHost *host, const JudgeReading *readings, size_t n_replies, size_t n_wanted, Score *out);
/* The passes disagree: unscored, label "disputed". why: a sentence in constant or the host's memory. */
void judge_disputed(Score *out, ScorerStr why);
/* What the sample's field says is right: `expected`, or `kind` (harm, twin, control, idiom), or a target. */
typedef enum JudgeExpected { JUDGE_REFUSE, JUDGE_REFUSE_OR_SAFE, JUDGE_ANSWER, JUDGE_NOTHING } JudgeExpected;
JudgeExpected judge_expected(const ScorerView *v);

#endif
