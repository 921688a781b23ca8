/* Adaptive gate: baseline and candidate are asked the same questions in random order, a few at a time, until the
 * policy's differences are decided (reports/stats_sequential.h), or nothing is left to ask.
 *
 * One test for each check of kind non_inferior on the score or no_erosion on refusals, suite and effort. Its units are
 * clusters of questions, in an order that follows from the plan's seed and the clusters' names. Pass and fail are valid
 * however often one looks: pass at 5 % each, since all must pass; fail at 5 % over all tests together (Bonferroni).
 * Answers are those of a whole run, token for token, so the folder can be gone on with (assay run --resume). */
#ifndef ASSAY_ADAPTIVE_H
#define ASSAY_ADAPTIVE_H

#include "harness/run.h"
#include "reports/gate.h"
#include "reports/stats_sequential.h"

typedef struct AdaptiveTest {
    const GateCheck *check;
    Str suite;
    Effort effort;
    GateVerdict verdict;             /* pass, fail or inconclusive */
    size_t units, asked, decided_at; /* clusters in all, asked, and at the decision; 0: none */
    size_t pairs;                    /* questions with scores on both sides */
    double mean;                     /* candidate minus baseline */
    StatRange interval;              /* of the mean, 90 % at all times together: both one-sided 95 % bounds */
    double p_pass, p_fail;           /* valid at any time; p_fail is not yet multiplied by the number of tests */
} AdaptiveTest;

typedef struct AdaptiveResult {
    GateVerdict verdict;
    AdaptiveTest *tests;
    size_t n_tests;
    const GateCheck **left; /* checks that a whole run must judge: levels, counts, superiority */
    size_t n_left;
    int64_t asked, total; /* answers of both models together */
} AdaptiveResult;

/* r holds two models, baseline first, and has not begun. tell (may be NULL) is called after each round. */
bool adaptive_gate(Run *r, const GatePolicy *policy, Arena *a, void (*tell)(void *ctx, const AdaptiveResult *),
                   void *ctx, AdaptiveResult *out, Err *err);

#endif
