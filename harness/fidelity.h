/* How far two models are apart: statistics over pairs of logits, one pair for each position of a text.
 *
 * With p = softmax(a) and q = softmax(b), natural logarithms, and all sums in double:
 *
 *   KL(A||B) = sum_i p_i (ln p_i - ln q_i)    Kullback and Leibler 1951, in nats: what is lost where B stands for A
 *   top-1      argmax a = argmax b            the lower id wins a tie
 *   difference |a_i - b_i|                    of the raw logits: nothing is subtracted, so a shift that softmax would
 *                                             not see counts too
 *   perplexity exp(-mean ln p(next token))    over the positions whose next token is known
 *
 * Two equal rows give exactly 0, as both go through the same operations. */
#ifndef ASSAY_FIDELITY_H
#define ASSAY_FIDELITY_H

#include <stdint.h>

#include "engine/base/err.h"
#include "engine/base/mem.h"

/* Contains: sums, and the divergence of every position (8 bytes each) for the percentiles. */
typedef struct Fidelity {
    size_t vocab, n, cap, n_next, n_same_top;
    double *kl; /* [n], in order of position until fidelity_result sorts it */
    double sum_kl, sum_diff, max_diff, nll_a, nll_b;
    double max_kl;
    size_t max_kl_at, max_diff_at; /* positions of the text */
    uint32_t max_diff_id;
} Fidelity;

typedef struct FidelityResult {
    size_t n, n_next;
    double kl_mean, kl_median, kl_p99, kl_max; /* nats; percentiles interpolate linearly between neighbours */
    double top1;                               /* share of positions, 0 to 1 */
    double diff_mean, diff_max;                /* over all logits of all positions */
    double perplexity_a, perplexity_b;         /* NaN without a position whose next token is known */
    size_t kl_max_at, diff_max_at;             /* positions of the text, from 0 */
    uint32_t diff_max_id;
} FidelityResult;

#define FIDELITY_NO_NEXT UINT32_MAX

void fidelity_init(Fidelity *f, size_t vocab);
void fidelity_release(Fidelity *f);
/* Rows a and b [vocab] at position `at` of the text; next: the id that follows there, or FIDELITY_NO_NEXT. ERR_INPUT: a
 * logit is not a finite number. */
bool fidelity_add(Fidelity *f, size_t at, const float *a, const float *b, uint32_t next, Err *err);
/* At least one position. */
FidelityResult fidelity_result(Fidelity *f);

#endif
