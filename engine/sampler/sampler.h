/* Logits in, one token id out; and log-probabilities. Nothing here keeps state between tokens.
 *
 * The algorithm, exactly, so that a draw can be repeated elsewhere. With temperature 0: the largest logit; of equal
 * ones the lowest id. Otherwise, with M the largest logit:
 *
 *   1. w_i = exp((l_i - M) / temperature) in double, 0 where the argument is below -60.
 *   2. top_p >= 1: the order is by id. Else the order is by falling logit, then by id, and it is cut after the first
 *      token at which the running sum of w reaches top_p * (sum of all w, added by id).
 *   3. u in [0, 1): the Philox4x32-10 block with key = seed (low word first) and counter = (position, 0); its first two
 *      words a, b give u = (a * 2^21 + b / 2^11) / 2^53.
 *   4. The first token in that order whose running sum of w is above u * (sum of w in the order, added in the order).
 *
 * position is that of the token to be drawn: the prompt's length for the first. So a draw depends on the logits, the
 * options, the seed and the position, and on nothing that happened before or beside. */
#ifndef ASSAY_SAMPLER_H
#define ASSAY_SAMPLER_H

#include <stdint.h>

#include "engine/base/err.h"

typedef struct SamplerOptions {
    double temperature, top_p;
    uint64_t seed;
} SamplerOptions;

/* Contains: room for the weights of one vocabulary, so one thread at a time may use it. */
typedef struct Sampler Sampler;
/* Bytes that a sampler holds. */
uint64_t sampler_bytes(size_t vocab);
bool sampler_open(size_t vocab, Sampler **out, Err *err);
void sampler_close(Sampler *s); /* NULL is fine */

/* false: a logit is not a finite number (*id is untouched). */
bool sampler_pick(Sampler *s, const float *logits, const SamplerOptions *o, uint64_t position, uint32_t *id);

/* ln p(id) under softmax of the logits (no temperature), in double. *is_greedy: id is what temperature 0 would pick.
 * false: a logit is not a finite number. */
bool sampler_logprob(Sampler *s, const float *logits, uint32_t id, double *logprob, bool *is_greedy);

/* Philox4x32-10: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011. */
void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

#endif
