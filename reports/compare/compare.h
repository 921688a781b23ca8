/* Compare: what the report of several runs together (store_union.h) says beyond that of one run: how far the runs are
 * comparable, what could not be matched, which answers flipped, how far the models agree, what their answers cost, and
 * how far their probabilities can be believed. Differences, intervals, tests and power are the Summary's pairs,
 * refusals the Safety's duels: a comparison across runs is computed as one within a run is.
 *
 * Everything is empty for a store that is no union. Undefined numbers are NaN. */
#ifndef ASSAY_REPORTS_COMPARE_H
#define ASSAY_REPORTS_COMPARE_H

#include "engine/base/json.h"
#include "reports/store/store_union.h"
#include "reports/summary/summary.h"

/* Questions of a suite, under one transform and effort, in all arms that were asked them. */
typedef struct CmpMatch {
    size_t suite, transform;
    Effort effort;
    size_t n_arms; /* that have the suite so */
    size_t n_all;  /* questions that all of them have */
    const size_t *n,
        *extra;          /* [n_arms of the comparison] questions; those that not all have. Same order as the models */
    const char *example; /* one that is not in all; NULL: there is none */
} CmpMatch;

typedef struct CmpFlip {
    Str sample, group;
    double a, b; /* question means */
} CmpFlip;

/* The questions of a primary pair on which the two differ; the larger differences first, then by name. */
typedef struct CmpFlips {
    size_t pair; /* index in the Summary's pairs */
    const CmpFlip *a_better, *b_better;
    size_t n_a_better, n_b_better;
} CmpFlips;

/* Two models on all questions that both were asked under a primary score of 0 or 1. */
typedef struct CmpAgreement {
    size_t a, b; /* models */
    size_t n;
    double share, kappa; /* with the same score; beyond chance (Cohen 1960) */
} CmpAgreement;

/* Two models over all suites that both were asked plainly at an effort: the mean of the suites' differences, each suite
 * alike (statistics.md, macro_mean). Suites about safety are left out unless there are no others; of one suite alone
 * there is none. */
typedef struct CmpOverall {
    size_t a, b; /* models */
    Effort effort;
    size_t n_suites;
    double diff, se, lo, hi; /* of a - b, by t. A suite that shows no spread has the largest that it could hide */
    double p, p_adjusted;    /* Benjamini-Hochberg over this list */
    double mde;              /* smallest difference that the questions show with 80 % power; above 1: none */
    SumVerdict verdict;
} CmpOverall;

/* One model at one effort, over its primary cells under the first transform (plain, unless the plan says otherwise):
 * what accuracy costs. Suites about safety are left out where there are others (compare_leaves_safety_out). */
typedef struct CmpCost {
    size_t model;
    Effort effort;
    size_t n_suites;
    double score;  /* mean over the suites' means: each suite counts alike */
    double tokens; /* per answer, analysis included */
} CmpCost;

/* How far the probabilities of a suite of log-likelihoods can be believed: how sure a model was (summary_surest)
 * against being right, in 10 bins. ECE = sum_b |sum p - sum y| / n, Brier = mean (p - y)^2. Without suites whose
 * options are chosen by length, too. */
typedef struct CmpTrust {
    size_t model, suite;
    Effort effort;
    size_t n;
    double ece, brier;
    double bin_p[10], bin_y[10]; /* sums */
    size_t bin_n[10];
} CmpTrust;

typedef struct Compare {
    const StoreArm *arms; /* of the Summary's models, in their order */
    size_t n_arms;
    const char **warnings; /* sentences: what makes the runs less comparable */
    size_t n_warnings;
    const CmpMatch *matches;
    size_t n_matches;
    const CmpOverall *overall;
    size_t n_overall;
    const CmpFlips *flips;
    size_t n_flips;
    const CmpAgreement *agreements;
    size_t n_agreements;
    const CmpCost *costs;
    size_t n_costs;
    const CmpTrust *trusts;
    size_t n_trusts;
} Compare;

/* Whether there are scores of suites about safety and of others: means over suites are then of the others alone. */
bool compare_leaves_safety_out(const Summary *s);
/* Everything lives in the Summary's arena. */
bool compare_build(RunStore *store, const Summary *s, Compare *out, Err *err);

/* "compare": {…} into the open object; nothing without arms. */
void compare_json(JsonOut *o, const Summary *s, const Compare *c);
/* Lines for the terminal. */
void compare_terminal(Buf *b, const Summary *s, const Compare *c);
/* Sections of Markdown. */
void compare_markdown(Buf *b, const Summary *s, const Compare *c);

/* Within the room: fills overall (compare_overall.c; false: no memory), and warnings (compare_warnings.c). */
bool compare__overall(const Summary *s, Compare *c);
bool compare__warnings(const Summary *s, Compare *c, Err *err);

#endif
