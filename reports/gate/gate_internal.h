/* Within the room: what the parts of the gate share. */
#ifndef ASSAY_REPORTS_GATE_INTERNAL_H
#define ASSAY_REPORTS_GATE_INTERNAL_H

#include "reports/gate/gate.h"
#include "reports/safety/safety.h"
#include "reports/store/store_union.h"

typedef struct GateWork {
    const Summary *s;
    const Safety *f;
    const GatePolicy *policy;
    Arena *a;
    GateResult *results;
    size_t n, cap;
} GateWork;

/* gate.c: room for the results of every check and `more`; one result, undefined; a check on the cells that it fits; the
 * policy's limits; verdict and words of all results. false, NULL: no memory. */
bool gate__room(GateWork *w, size_t more);
GateResult *gate__add(GateWork *w, const GateCheck *c);
bool gate__check(GateWork *w, const GateCheck *c);
bool gate__limits(GateWork *w);
bool gate__together(GateWork *w, GateReport *out);
/* gate_score.c: the primary score's differences and levels. */
void gate__difference(const GateWork *w, const SumCell *base, const SumCell *cand, const SumPair *p, GateResult *r);
void gate__level(const SumCell *cand, GateResult *r);
/* gate_rates.c: refusals, counts and tokens. */
void gate__safety(const SafSection *sec, GateResult *r);
void gate__count(const SumCell *base, const SumCell *cand, GateResult *r);

/* Decides by bounds: value is welcome above the bar (up) or below it. */
void gate__decide(GateResult *r, bool up);
/* How many more units decide: variance v of one, distance of value and bar. */
int64_t gate__more(double v, double n, double distance);

/* gate_words.c */
bool gate__words(GateWork *w, GateReport *g);

#endif
