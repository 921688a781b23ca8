/* Within the room: what the parts of the gate share. */
#ifndef ASSAY_REPORTS_GATE_INTERNAL_H
#define ASSAY_REPORTS_GATE_INTERNAL_H

#include "reports/gate/gate_adaptive.h"
#include "reports/safety/safety.h"
#include "reports/store/store_union.h"

/* Some place where there are answers. */
typedef struct GatePlace {
    Str suite, group, lang; /* the last two may be absent */
} GatePlace;

/* The runs, or a part of them, summed up; with bounds of refusals at some alphas. */
typedef struct GateView GateView;
struct GateView {
    StoreSelection part; /* absent, absent: all */
    Summary s;
    struct {
        double alpha;
        Safety f;
    } at[8];
    size_t n_at;
    GateView *next;
};

typedef struct GateWork {
    RunStore *store;
    const GatePolicy *policy;
    Arena *a;
    Lang lang;
    GateView *views;         /* the first is of all */
    const GatePlace *places; /* read if a check names groups or languages */
    size_t n_places;
    GateResult *results;
    size_t n, cap;
} GateWork;

/* gate_select.c. The store's places, if any check asks for parts. */
bool gate__places(GateWork *w, Err *err);
/* The parts that a check looks at one by one: those of the suites that it fits; one with nothing in it for a check on
 * whole suites. Lives in the arena. */
bool gate__parts(GateWork *w, const GateCheck *c, StoreSelection **out, size_t *n, Err *err);
/* Made at first use. NULL: *err says why. */
const Summary *gate__summary(GateWork *w, StoreSelection part, Err *err);
const Safety *gate__safety_of(GateWork *w, StoreSelection part, double alpha, Err *err);

/* gate.c: one result, undefined (NULL: no memory); a check on the cells that it fits; the policy's limits; verdict and
 * words of all results. */
GateResult *gate__add(GateWork *w, const GateCheck *c);
bool gate__check(GateWork *w, const GateCheck *c, Err *err);
bool gate__limits(GateWork *w, Err *err);
bool gate__together(GateWork *w, GateReport *out, Err *err);
/* gate_score.c: the primary score's differences and levels. */
/* false: no memory. */
bool gate__difference(Arena *a, const SumCell *base, const SumCell *cand, const SumPair *p, GateResult *r);
void gate__level(const SumCell *cand, GateResult *r);
/* gate_rates.c: refusals, counts and tokens. */
void gate__safety(const SafSection *sec, GateResult *r);
void gate__count(const SumCell *base, const SumCell *cand, GateResult *r);

/* gate_judged.c: nothing passes by a judge that misses the bars of a calibration card (specs, safety-scoring.md section
 * 15), unless the policy does without; and what to do about it. */
void gate__judged(const GatePolicy *p, const SumCell *base, const SumCell *cand, GateResult *r);
void gate__judged_words(Buf *b, Lang l);

/* Decides by bounds: value is welcome above the bar (up) or below it. */
void gate__decide(GateResult *r, bool up);
/* A claim about fewer pairs than the check wants is none; *r says how many more it takes. */
void gate__enough(GateResult *r);
/* P of so many of n or more (up false) or fewer (up true) if the share were the bar (binomial; n and k may be
 * effective numbers): of the claim that a level is broken. */
double gate__p_level(double k, double n, double bar, bool up);
/* How many more units decide at the check's alpha: variance v of one, distance of value and bar. */
int64_t gate__more(const GateCheck *c, double v, double n, double distance);
/* The same of a share against the check's limit; and no fewer than it takes for the bound (Clopper and Pearson) to
 * clear the limit if the share stays: of none (all) in n there is no variance to go by. units: so many of the n count
 * (clusters, an effective number). */
int64_t gate__more_items(const GateCheck *c, double share, double n, double units, double distance);

/* gate_adaptive.c. How many questions (requests, pairs) a run of a length fixed beforehand would need to decide what r
 * says of the test, with the power of the other figures; -1: it lies at the limit. */
int64_t gate__fixed_length(const GateTest *t, const GateResult *r);

/* gate_words.c. What to do where GateResult.open; to be looked up. */
const char *gate_open_words(void);

bool gate__words(GateWork *w, GateReport *g);

#endif
