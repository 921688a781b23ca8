/* A paired test that may be looked at after every pair, and stopped as soon as it decides: anytime-valid inference by
 * betting (Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting, JRSS B 86:1, 2024).
 *
 * Units come in random order: one pair of answers of candidate and baseline, d = candidate - baseline in [-1, 1] with
 * higher better (binary scores: -1, 0, 1; means of repeats: fractions). Two hypotheses are tested at once, each at
 * level alpha: pass  rejects "mean d <= -margin"      -> the candidate is not worse by more than the margin; fail
 * rejects "mean d >= -regression"  -> the candidate is worse by more than `regression`. regression = margin (the
 * usual): pass and fail are the two sides of one question, and inconclusive means that the margin is inside the
 * interval (specs, statistics.md section 10). regression = 0: fail means "worse at all"; then a small loss within the
 * margin may honestly end either way, whichever is proved first.
 *
 * Guarantee: P(the test ever says pass | mean d <= -margin) <= alpha and P(it ever says fail | mean d >= -regression)
 * <= alpha, whatever the distribution and however often one looks; the proof stands in stats_sequential.c.
 *
 * What the mean is taken over:
 *   STAT_SEQ_QUESTIONS  all questions of which the suite's are a random sample: what a gate's fixed-sample test and its
 *                       intervals speak about. At the end of the suite it may remain undecided: INCONCLUSIVE. Default.
 *   STAT_SEQ_SET        exactly the questions of this suite, drawn without replacement: what a complete run would have
 *                       shown. It decides earlier, and at the end unless the mean is
 *                       exactly the bound, but says nothing about other questions.
 *
 * Clusters (questions that share a passage, the languages of one item): draw whole clusters. One cluster is one unit,
 * added with the sum of its d and its number of items; the mean is over items, sum d / sum items. */
#ifndef ASSAY_REPORTS_STATS_SEQUENTIAL_H
#define ASSAY_REPORTS_STATS_SEQUENTIAL_H

#include "engine/base/err.h"
#include "reports/stats/stats_dist.h"

typedef enum StatSeqState {
    STAT_SEQ_UNDECIDED, /* go on */
    STAT_SEQ_PASS,
    STAT_SEQ_FAIL,
    STAT_SEQ_INCONCLUSIVE /* all units were seen (or stat_seq_end was called) and neither was shown */
} StatSeqState;
const char *stat_seq_state_name(StatSeqState s); /* "undecided", "pass", "fail", "inconclusive" */

typedef enum StatSeqTarget { STAT_SEQ_QUESTIONS, STAT_SEQ_SET } StatSeqTarget;

typedef struct StatSeqPlan {
    double margin;     /* in (0, 1) */
    double regression; /* in [0, margin] */
    double alpha;      /* in (0, 0.5]; each of pass and fail */
    StatSeqTarget target;
    size_t units;       /* clusters, or items where there are none, of the whole suite; >= 1 */
    double largest;     /* items in the largest unit of the suite, known before the first draw; >= 1 */
    double total_items; /* items of the suite, units <= total_items <= units * largest */
} StatSeqPlan;

enum { STAT_SEQ_BETS = 24 };

/* One direction of the test; evidence is the e-value, its capital over the starting capital of 1. */
typedef struct StatSeqSide {
    double null_mean; /* H0: mean <= null_mean, of d or of -d */
    double evidence, peak;
    double capital[STAT_SEQ_BETS];
    bool impossible; /* H0 cannot be true any more, whatever the rest of the set */
} StatSeqSide;

/* A value; needs no memory of its own and no release. */
typedef struct StatSeq {
    StatSeqPlan plan;
    StatSeqState state;
    size_t seen;          /* units added, those after a decision included */
    size_t decided_at;    /* units seen when the state became pass or fail, else 0 */
    double items, sum;    /* of the units seen: number of items, sum of d */
    StatSeqSide up, down; /* up: evidence for pass; down: for fail */
} StatSeq;

/* false: *err names the value of the plan that is wrong. */
bool stat_seq_init(StatSeq *s, const StatSeqPlan *plan, Err *err);

/* The next unit of the random order: sum of its d, number of its items (1 and d without clusters). Returns the state.
 * A decision stays: units that come later (a batch that was under way) still count for items, sum and evidence, but
 * cannot change it. sum outside [-items, items], items outside [1, largest] or more units than the plan has: *err is
 * filled, nothing is added, UNDECIDED comes back. */
StatSeqState stat_seq_add(StatSeq *s, double sum, double items, Err *err);

/* No more units will come (budget spent, run stopped): undecided becomes inconclusive. Returns the state. */
StatSeqState stat_seq_end(StatSeq *s);

/* p-values valid at any time: min(1, 1/peak evidence). */
double stat_seq_p_pass(const StatSeq *s);
double stat_seq_p_fail(const StatSeq *s);

/* The confidence sequence of mean d after the n units added so far: contains the mean at all times together with
 * probability >= conf, by inverting the same two tests at (1 - conf)/2 each. With conf = 1 - 2 alpha it agrees with the
 * state: it excludes -margin exactly when the state is (or, but for the other side, would be) decided. sums, items: [n]
 * of the units in the order in which they were added (items NULL: all 1). O(n) times about a thousand. */
StatRange stat_seq_interval(const StatSeqPlan *plan, const double *sums, const double *items, size_t n, double conf);

#endif
