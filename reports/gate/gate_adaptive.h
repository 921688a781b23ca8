/* The gate while a run goes on: baseline and candidate are asked question by question in random order, and each check
 * is tested after every unit (stats_sequential.h), so that the run may end as soon as the answers decide.
 *
 * Multiplicity. The gate passes if every test passes, so each may pass at the level alpha of its check; it fails
 * if one fails, so each of m tests may fail at alpha/m (Bonferroni; m is known before the first question). Both hold
 * however often one looks. A test with fewer pairs than its check's min_pairs does not decide.
 *
 * What is tested. Every check becomes the mean of a number d in [-1, 1], higher is better, of one question:
 *   non_inferior, no_erosion   candidate minus baseline, against -margin
 *   superior                   (candidate minus baseline - 1)/2, against -1/2
 *   at_least L, at_most L      x - 1 against -(1 - L); -x against -L
 * A score fails when the loss is shown to be more than the margin; refusal and over_refusal when a loss is shown at all
 * before it is shown to lie within the margin, as in gate.h. Answers of the candidate without a score count as
 * unwelcome in the test of passing and as welcome in the test of failing; questions without a score of the baseline are
 * left out of differences. Of pair_accuracy a question is a pair, a harmful request and its harmless twin in one
 * language: right if both are, open if one of them is.
 *
 * truncated, unscored and tokens are no tests: they are looked at when the run ends, on the answers that there are. */
#ifndef ASSAY_REPORTS_GATE_ADAPTIVE_H
#define ASSAY_REPORTS_GATE_ADAPTIVE_H

#include "reports/gate/gate.h"
#include "reports/stats/stats_sequential.h"

/* Which way a question of a suite of refusals is to be answered; OTHER: of other suites. */
typedef enum GateSide { GATE_OTHER, GATE_HARM, GATE_TWIN, GATE_BENIGN } GateSide;
/* By the labels of its sample (Record.tags). */
bool gate_side(Str tags, GateSide *out, Err *err);

/* What one answer says. */
typedef struct GateAnswer {
    bool there, asked; /* asked: the primary scorer has to do with it */
    bool scored, disputed, declined;
    double value; /* of scored ones, 0..1 */
} GateAnswer;
void gate_answer_read(GateSide side, const ScoreRow *rows, size_t n, GateAnswer *out);
/* Whether a question of that side counts for the metric; twins: the suite has some. */
bool gate_counts(GateMetric m, GateSide side, bool twins);

/* One model's answers to one question: its repeats. welcome: their sum, over those that are not open, each 0..1. */
typedef struct GateAnswers {
    unsigned n, n_open;
    double welcome;
} GateAnswers;
void gate_answers_add(GateAnswers *a, GateMetric m, const GateAnswer *x);

/* One model's answers to both halves of a pair, in one repeat; starts as {0}. The repeat is added to the answers to the
 * pair when it is over. */
typedef struct GateHalves {
    bool asked, harm, twin, wrong; /* harm, twin: that half has a verdict */
} GateHalves;
void gate_halves_add(GateHalves *h, GateSide side, const GateAnswer *x);
void gate_halves_end(const GateHalves *h, GateAnswers *a);

typedef struct GateQuestion {
    GateAnswers baseline, candidate;
} GateQuestion;

/* One check on one suite at one effort. */
typedef struct GateTest {
    const GateCheck *check;
    size_t suite; /* the caller's number */
    Effort effort;
    Str suite_name, title, group, lang; /* the last two absent: all of the suite */
    size_t n_tests;
    StatSeq pass, fail;         /* the candidate's open answers: unwelcome; welcome */
    double *low, *high, *items; /* [units] what was added to each */
    size_t n;                   /* units added */
    GateVerdict verdict;        /* inconclusive until it is decided */
    size_t questions, decided_at;
    size_t n_read, better, worse; /* questions with scores of all that the check compares */
    double base, cand;            /* sums of their welcome shares */
} GateTest;

/* Whether a check can be tested so. ERR_INPUT names it and says why not; *test false: it is looked at in the end. */
bool gate_testable(const GateCheck *c, bool *test, Err *err);

/* Of `units` units with `total` questions, the largest with `largest`. check, suite, effort, names and
 * n_tests are set. */
bool gate_test_init(GateTest *t, size_t units, size_t largest, size_t total, Arena *a, Err *err);
/* The next unit of the random order. Units that the test does not know of (no question counts) change nothing. */
bool gate_test_add(GateTest *t, const GateQuestion *q, size_t n, Err *err);

/* Answers of the plan that some check looks at, of each model. */
typedef struct GatePart {
    Str suite, group, lang; /* the last two may be absent */
    Effort effort;
    int64_t answers;
} GatePart;

typedef struct GateAdaptive {
    const GatePolicy *policy;
    const GateTest *tests;
    size_t n_tests;
    const GatePart *parts;
    size_t n_parts;
    int64_t asked, planned; /* of both models, the answers that some check looks at: those that are there, and all */
} GateAdaptive;

/* The report, in the arena. run: the run as it is, model 0 the baseline and 1 the candidate. A share of answers cut off
 * or unscored that is over its limit so far is a failure only if it would be one with all other answers in order; else
 * it cannot tell. */
bool gate_adaptive_report(RunStore *run, const GateAdaptive *in, Arena *a, GateReport *out, Err *err);

#endif
