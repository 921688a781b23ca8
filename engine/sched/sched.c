/* Life of a job, with the function that moves it:
 *
 *   submit --> waiting --admit--> PREFILL --advance--> DECODE --advance--> done
 *                                        \--> CHOICE (one choice after the other) --> done
 *
 * Invariants.
 *  1. A slot's main sequence holds exactly `n_held` positions; a CHOICE's tokens go into the slot's second sequence, a
 *     copy of the first, so that the prompt survives for the next choice.
 *  2. Everything a job can ever need is reserved when it is admitted, so no job has to be thrown out later.
 *  3. Jobs enter strictly in the order of submission; a large one at the head makes the others wait. */
#include "engine/sched/sched.h"

#include <string.h>

#include "engine/base/clock.h"
#include "engine/kv/kv.h"

typedef enum SlotState { SLOT_FREE, SLOT_PREFILL, SLOT_DECODE, SLOT_CHOICE } SlotState;

typedef struct Slot {
    SlotState state;
    SchedJob *job;
    uint64_t order;                       /* of admission */
    size_t n_held;                        /* positions in the main sequence */
    size_t n_limit;                       /* positions at most */
    size_t choice, at;                    /* CHOICE: which one, and how many of its tokens were fed */
    size_t first_logit, n_rows, n_logits; /* in the step that runs */
    uint32_t picked;                      /* what its logits gave */
    bool is_number;
    uint64_t began_ns, decode_ns;
} Slot;

struct Sched {
    SchedOptions o;
    size_t context, positions, vocab_rows;
    Slot *slots;
    Slot **by_order; /* [n_slots] scratch */
    BatchRow *rows;  /* [max_rows] */
    size_t n_rows, n_logits;
    SchedJob *waiting, **waiting_end, *done, **done_end;
    size_t n_waiting, n_running;
    uint64_t next_order;
};

size_t sched_seqs(size_t n_slots) {
    return 2 * n_slots;
}
static uint32_t main_seq(const Sched *s, const Slot *t) {
    return (uint32_t)(2 * (size_t)(t - s->slots));
}

bool sched_open(const SchedOptions *o, Sched **out, Err *err) {
    *out = NULL;
    BUG_ON(o->max_rows < o->n_slots || o->max_logits < o->n_slots);
    Sched *s = mem_alloc(sizeof *s);
    if (!s) return err_nomem(err);
    s->o = *o;
    s->context = o->backend->ops->info(o->backend)->context;
    s->positions = o->backend->ops->info(o->backend)->positions;
    s->slots = mem_alloc(o->n_slots * sizeof *s->slots);
    s->by_order = mem_alloc(o->n_slots * sizeof *s->by_order);
    s->rows = mem_alloc(o->max_rows * sizeof *s->rows);
    s->waiting_end = &s->waiting;
    s->done_end = &s->done;
    if (!s->slots || !s->by_order || !s->rows) {
        sched_close(s);
        return err_nomem(err);
    }
    *out = s;
    return true;
}

void sched_close(Sched *s) {
    if (!s) return;
    mem_free(s->slots);
    mem_free(s->by_order);
    mem_free(s->rows);
    mem_free(s);
}

/* ---- what a job needs ---- */

static size_t longest_choice(const SchedJob *j) {
    size_t n = 0;
    for (size_t i = 0; i < j->n_choices; i++)
        if (j->choices[i].n > n) n = j->choices[i].n;
    return n;
}

static size_t main_positions(const Sched *s, const SchedJob *j) {
    if (j->n_choices) return j->n_prompt;
    /* the last token that is sampled need not be fed */
    return j->max_tokens > s->context - j->n_prompt ? s->context : j->n_prompt + j->max_tokens - 1;
}

/* Room for a choice beside the shared prompt: its tokens and the prompt's last, partly filled block. */
static size_t choice_positions(const SchedJob *j) {
    size_t n = longest_choice(j);
    return n > 1 ? n - 1 + KV_BLOCK : 0;
}

const char *sched_refuse(const Sched *s, const SchedJob *j, Arena *a) {
    size_t need = j->n_prompt + (j->n_choices ? longest_choice(j) - 1 : 0);
    if (need > s->context)
        return str_printf(a,
                          "the prompt%s needs %zu tokens, but the context has room for %zu; use a larger context or a "
                          "shorter prompt",
                          j->n_choices ? " with its longest choice" : "", need, s->context)
            .p;
    size_t rounded = (main_positions(s, j) + KV_BLOCK - 1) / KV_BLOCK * KV_BLOCK +
                     (choice_positions(j) + KV_BLOCK - 1) / KV_BLOCK * KV_BLOCK;
    if (rounded > s->positions + KV_BLOCK - 1 && j->n_choices)
        return str_printf(a,
                          "the prompt and a copy of its end need room for %zu tokens, but there is memory for %zu; use "
                          "a smaller batch",
                          rounded, s->positions)
            .p;
    return NULL;
}

/* ---- queues ---- */

void sched_submit(Sched *s, SchedJob *j) {
    j->next = NULL;
    *s->waiting_end = j;
    s->waiting_end = &j->next;
    s->n_waiting++;
}

static SchedJob *pop_waiting(Sched *s) {
    SchedJob *j = s->waiting;
    s->waiting = j->next;
    if (!s->waiting) s->waiting_end = &s->waiting;
    s->n_waiting--;
    return j;
}

static void push_done(Sched *s, SchedJob *j, SchedEnd end) {
    j->end = end;
    j->next = NULL;
    *s->done_end = j;
    s->done_end = &j->next;
}

SchedJob *sched_next(Sched *s) {
    SchedJob *j = s->done;
    if (!j) return NULL;
    s->done = j->next;
    if (!s->done) s->done_end = &s->done;
    return j;
}

size_t sched_in_flight(const Sched *s) {
    return s->n_waiting + s->n_running;
}

static void finish(Sched *s, Slot *t, SchedEnd end) {
    uint64_t now = clock_mono_ns();
    SchedJob *j = t->job;
    uint64_t decode_ns = t->decode_ns ? t->decode_ns : now;
    j->seconds_prefill = (double)(decode_ns - t->began_ns) * 1e-9;
    j->seconds_decode = (double)(now - decode_ns) * 1e-9;
    s->o.backend->ops->kv_drop(s->o.backend, main_seq(s, t));
    s->o.backend->ops->kv_drop(s->o.backend, main_seq(s, t) + 1);
    *t = (Slot){.state = SLOT_FREE};
    s->n_running--;
    push_done(s, j, end);
}

/* ---- admission ---- */

static Slot *free_slot(Sched *s) {
    for (size_t i = 0; i < s->o.n_slots; i++)
        if (s->slots[i].state == SLOT_FREE) return &s->slots[i];
    return NULL;
}

static bool admit(Sched *s, Slot *t) {
    Backend *b = s->o.backend;
    SchedJob *j = s->waiting;
    uint32_t seq = main_seq(s, t);
    if (!b->ops->kv_reserve(b, seq, main_positions(s, j))) return false;
    if (choice_positions(j) && !b->ops->kv_reserve(b, seq + 1, choice_positions(j))) {
        b->ops->kv_drop(b, seq);
        return false;
    }
    pop_waiting(s);
    s->n_running++;
    *t = (Slot){.state = SLOT_PREFILL,
                .job = j,
                .order = s->next_order++,
                .n_limit = main_positions(s, j),
                .began_ns = clock_mono_ns()};
    j->n_out = 0;
    for (size_t i = 0; i < j->n_choices; i++) j->scores[i] = (ChoiceScore){.is_greedy = true};
    return true;
}

static void sweep_cancelled(Sched *s) {
    for (size_t i = 0; i < s->o.n_slots; i++)
        if (s->slots[i].state != SLOT_FREE && s->slots[i].job->cancel) finish(s, &s->slots[i], SCHED_CANCELLED);
    SchedJob *all = s->waiting;
    s->waiting = NULL, s->waiting_end = &s->waiting, s->n_waiting = 0;
    for (SchedJob *j = all, *next; j; j = next) {
        next = j->next;
        if (j->cancel)
            push_done(s, j, SCHED_CANCELLED);
        else
            sched_submit(s, j);
    }
}

static void admit_all(Sched *s) {
    for (Slot *t; s->waiting && (t = free_slot(s)) != NULL;)
        if (!admit(s, t)) break;
    /* with nothing in flight everything is free, so a job that was not refused fits */
    BUG_ON(s->waiting && s->n_running == 0);
}

/* ---- one step: rows ---- */

static void add_row(Sched *s, Slot *t, uint32_t seq, size_t pos, uint32_t token, bool want) {
    s->rows[s->n_rows++] = (BatchRow){seq, (uint32_t)pos, token, want};
    t->n_rows++;
    t->n_logits += want;
    s->n_logits += want;
}

static void add_decode(Sched *s, Slot *t) {
    add_row(s, t, main_seq(s, t), t->n_held, t->job->out[t->job->n_out - 1], true);
}

/* Leaves one logits row for each slot that still may need it. */
static void add_prompt(Sched *s, Slot *t) {
    const SchedJob *j = t->job;
    if (s->n_logits == s->o.max_logits) return;
    for (size_t p = t->n_held; p < j->n_prompt && s->n_rows < s->o.max_rows; p++)
        add_row(s, t, main_seq(s, t), p, j->prompt[p], p + 1 == j->n_prompt);
}

/* The token at `at` predicts the next one; the choice's last token predicts nothing that is asked for. */
static void add_choice(Sched *s, Slot *t) {
    const SchedJob *j = t->job;
    const Ids *c = &j->choices[t->choice];
    for (size_t i = t->at; i + 1 < c->n && s->n_rows < s->o.max_rows && s->n_logits < s->o.max_logits; i++)
        add_row(s, t, main_seq(s, t) + 1, j->n_prompt + i, c->p[i], true);
}

static void collect_rows(Sched *s) {
    size_t n = 0;
    s->n_rows = s->n_logits = 0;
    for (size_t i = 0; i < s->o.n_slots; i++) {
        Slot *t = &s->slots[i];
        t->n_rows = t->n_logits = 0;
        if (t->state == SLOT_DECODE) t->first_logit = s->n_logits, add_decode(s, t);
        if (t->state != SLOT_PREFILL && t->state != SLOT_CHOICE) continue;
        size_t at = n++; /* insertion sort: slots are few */
        for (; at > 0 && s->by_order[at - 1]->order > t->order; at--) s->by_order[at] = s->by_order[at - 1];
        s->by_order[at] = t;
    }
    for (size_t i = 0; i < n; i++) {
        Slot *t = s->by_order[i];
        t->first_logit = s->n_logits;
        if (t->state == SLOT_PREFILL)
            add_prompt(s, t);
        else
            add_choice(s, t);
    }
}

/* ---- one step: logits ---- */

static bool is_stop(const SchedJob *j, uint32_t id) {
    for (size_t i = 0; i < j->n_stops; i++)
        if (j->stops[i] == id) return true;
    return false;
}

static bool add_score(SchedJob *j, size_t choice, size_t token, const float *logits, Sampler *sampler) {
    ChoiceScore *score = &j->scores[choice];
    double logprob;
    bool greedy;
    if (!sampler_logprob(sampler, logits, j->choices[choice].p[token], &logprob, &greedy)) return false;
    score->logprob += logprob;
    score->n_tokens++;
    score->is_greedy &= greedy;
    return true;
}

/* What is read from the logits of a slot; on any thread, touching this slot and its job alone. */
static bool read_logits(Sched *s, Slot *t, Sampler *sampler) {
    Backend *b = s->o.backend;
    SchedJob *j = t->job;
    const float *first = b->ops->logits(b, t->first_logit);
    if (t->state != SLOT_CHOICE && !j->n_choices)
        return sampler_pick(sampler, first, &j->sample, j->n_prompt + j->n_out, &t->picked);
    if (t->state != SLOT_CHOICE) {
        for (size_t i = 0; i < j->n_choices; i++)
            if (!add_score(j, i, 0, first, sampler)) return false;
        return true;
    }
    for (size_t i = 0; i < t->n_logits; i++)
        if (!add_score(j, t->choice, t->at + i + 1, b->ops->logits(b, t->first_logit + i), sampler)) return false;
    return true;
}

static void read_items(void *ctx, size_t begin, size_t end, int worker) {
    Sched *s = ctx;
    for (size_t i = begin; i < end; i++) {
        Slot *t = &s->slots[i];
        if (t->state != SLOT_FREE && t->n_logits) t->is_number = read_logits(s, t, s->o.samplers[worker]);
    }
}

static void append(Sched *s, Slot *t) {
    SchedJob *j = t->job;
    j->out[j->n_out++] = t->picked;
    if (is_stop(j, t->picked))
        finish(s, t, SCHED_STOP);
    else if (j->n_out >= j->max_tokens || t->n_held >= t->n_limit)
        finish(s, t, SCHED_LENGTH);
}

/* Goes on to the next choice that has more than one token, or ends. */
static void next_choice(Sched *s, Slot *t, size_t from) {
    SchedJob *j = t->job;
    Backend *b = s->o.backend;
    while (from < j->n_choices && j->choices[from].n < 2) from++;
    if (from == j->n_choices) {
        finish(s, t, SCHED_SCORED);
        return;
    }
    t->state = SLOT_CHOICE;
    t->choice = from;
    t->at = 0;
    bool ok = b->ops->kv_copy(b, main_seq(s, t) + 1, main_seq(s, t), j->n_prompt, j->n_prompt + j->choices[from].n - 1);
    BUG_ON(!ok); /* reserved at admission */
}

static void end_prefill(Sched *s, Slot *t) {
    t->decode_ns = clock_mono_ns();
    if (t->job->n_choices) {
        next_choice(s, t, 0);
        return;
    }
    t->state = SLOT_DECODE;
    append(s, t);
}

/* Moves a slot on after its rows were computed and its logits read. */
static void advance(Sched *s, Slot *t) {
    if (t->n_rows == 0) return;
    if (t->n_logits && !t->is_number) {
        finish(s, t, SCHED_NOT_A_NUMBER);
        return;
    }
    if (t->state == SLOT_CHOICE) {
        t->at += t->n_rows;
        if (t->at + 1 == t->job->choices[t->choice].n) next_choice(s, t, t->choice + 1);
        return;
    }
    t->n_held += t->n_rows;
    if (t->n_logits == 0) return;
    if (t->state == SLOT_PREFILL)
        end_prefill(s, t);
    else
        append(s, t);
}

/* Below so many logits one thread reads them all: a few microseconds. */
enum { INLINE_LOGITS = 8192 };

bool sched_step(Sched *s, Err *err) {
    sweep_cancelled(s);
    admit_all(s);
    if (s->n_running == 0) return true;
    collect_rows(s);
    if (!s->o.backend->ops->forward(s->o.backend, s->rows, s->n_rows, err)) return false;
    if (s->n_logits) (void)s->o.backend->ops->logits(s->o.backend, 0); /* waits for the machine, once */
    size_t grain = s->n_logits * s->o.vocab < INLINE_LOGITS ? s->o.n_slots : 1;
    pool_run(s->o.pool, s->o.n_slots, grain, read_items, s);
    for (size_t i = 0; i < s->o.n_slots; i++)
        if (s->slots[i].state != SLOT_FREE) advance(s, &s->slots[i]);
    return true;
}
