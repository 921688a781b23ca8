/* Continuous batching: which sequences step together. Tokens in, tokens out; nothing here knows text.
 *
 * Up to n_slots jobs are in flight; others wait and enter in the order of submission, each as soon as a slot and the
 * room for its longest possible sequence are free. One step is one pass of the backend: one row for each sequence that
 * decodes, the rest of the batch for prompts, in order of entry. How jobs share steps never changes a job's tokens: the
 * backend's promise (backend.h) and the sampler's (sampler.h) see to that. */
#ifndef ASSAY_SCHED_H
#define ASSAY_SCHED_H

#include "engine/backend.h"
#include "engine/engine.h"
#include "engine/sampler/sampler.h"

typedef enum SchedEnd { SCHED_STOP, SCHED_LENGTH, SCHED_CANCELLED, SCHED_NOT_A_NUMBER, SCHED_SCORED } SchedEnd;

/* One piece of work. The caller owns it and everything it points to, until sched_next returns it. */
typedef struct SchedJob {
    const uint32_t *prompt;
    size_t n_prompt; /* at least 1 */
    /* generating: up to max_tokens ids into out; the context may cut it earlier */
    SamplerOptions sample;
    size_t max_tokens;
    uint32_t stops[4];
    size_t n_stops;
    uint32_t *out;
    size_t n_out;
    /* or scoring, if n_choices > 0: each of them (at least one token long) after the prompt */
    const Ids *choices;
    size_t n_choices;
    ChoiceScore *scores;

    SchedEnd end;
    double seconds_prefill, seconds_decode;
    bool cancel;           /* the caller may set it at any time */
    struct SchedJob *next; /* private */
} SchedJob;

/* Contains: slots, the queue of waiting jobs, the list of finished ones. */
typedef struct Sched Sched;

typedef struct SchedOptions {
    Backend *backend; /* with at least sched_seqs(n_slots) sequences */
    Pool *pool;
    Sampler **samplers; /* one for each thread of the pool */
    size_t n_slots, max_rows, max_logits, vocab;
} SchedOptions;

/* Sequences that n_slots slots use: 0 .. sched_seqs(n_slots)-1. */
size_t sched_seqs(size_t n_slots);

bool sched_open(const SchedOptions *o, Sched **out, Err *err);
void sched_close(Sched *s); /* NULL is fine */

/* NULL if the job can be done; else one sentence why never, with the sizes, in the arena. */
const char *sched_refuse(const Sched *s, const SchedJob *j, Arena *a);
void sched_submit(Sched *s, SchedJob *j);
size_t sched_in_flight(const Sched *s); /* running and waiting */

/* One pass. false: the backend failed. */
bool sched_step(Sched *s, Err *err);
/* The next finished job, or NULL. */
SchedJob *sched_next(Sched *s);

#endif
