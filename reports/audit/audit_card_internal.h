/* Shared by the files that make a scorecard; nothing else includes it. */
#ifndef ASSAY_REPORTS_AUDIT_CARD_INTERNAL_H
#define ASSAY_REPORTS_AUDIT_CARD_INTERNAL_H

#include "reports/audit/audit_arm.h"
#include "reports/audit/audit_card.h"

/* What is told of an arm beside its evidence. */
typedef struct CardArm {
    AuditArmName name;
    double truncated, empty; /* shares of answers; NaN of counts */
    size_t samples;          /* answers to an item, at least */
    int64_t drawn;           /* k of best-of-k and consensus-k; else 1 */
    bool imported;
    Str calibration; /* SHA-256 of the judge's card; "" */
} CardArm;

/* An arm that the plan asks for and that is not there. */
typedef struct CardGap {
    Str arm;
    const char *why;
} CardGap;

/* One rate of one model. */
typedef struct Cell {
    const Json *ind;
    Str role; /* the model's name in the plan */
    EvidRate rate;
    EvidArm *arms;  /* [rate.n_arms] */
    CardArm *facts; /* beside them */
    CardGap *gaps;  /* [n_gaps] */
    size_t n_gaps;
} Cell;

typedef struct Card {
    const Json *plan, *header;
    AuditRow *rows;
    size_t n;
    Arena *a;
    JsonOut o;
    AuditArmName *named; /* every arm that stands anywhere in the plan */
    size_t n_named;
    Cell *cells;
    size_t n_cells;
    double alpha, unscored_max;
    EvidMultiplicity multiplicity;
    uint64_t seed;
    int status; /* 0, 5 or 1: the worst so far */
    bool two_signed;
} Card;

/* ---- audit_card.c: reading and writing JSON ---- */

Str card__text(const Json *obj, const char *key);      /* "" if absent */
double card__number(const Json *obj, const char *key); /* NaN if absent */
void card__put_text(Card *c, const char *key, Str s);
void card__put_word(Card *c, const char *key, const char *s);
void card__put_number(Card *c, const char *key, double v);
void card__put_flag(Card *c, const char *key, bool v);
/* The card's status becomes 1 if this is 1, 5 if it was 0 and this is 5. */
void card__worse(Card *c, int status);
/* Why the run of a model of the plan cannot count; "" if it can. */
Str card__exploratory(const Card *c, Str role);
const Json *card__model(const Card *c, Str name); /* of the plan; NULL if there is none */

/* ---- audit_card_pick.c: from public records to the answers of an arm ---- */

typedef enum Metric { ABILITY, LEAK, OVER_REFUSAL, DECLINED } Metric;
Metric card__metric(Str name);
/* Fills Card.named. */
bool card__read_arms(Card *c, Err *err);
/* The arms of an indicator: its own, or the plan's. */
const Json *card__arms(const Card *c, const Json *ind);
/* The suite of an arm. */
Str card__suite(Card *c, const Json *ind, Str arm);
bool card__suite_fits(Str have, Str want);

typedef struct Picked {
    AuditRow **v; /* sorted by sample and repeat */
    size_t n;
    size_t samples;  /* the fewest answers that an item has */
    const char *why; /* n == 0: why */
} Picked;
/* The rows of one model, suite, arm and metric. false: no memory. */
bool card__pick(Card *c, Str role, Str suite, const AuditArmName *arm, Metric m, Picked *out);
/* ERR_INPUT if two records say what one answer was. */
bool card__check_rows(const Card *c, Err *err);

/* ---- audit_card_items.c ---- */

/* Answers to one sample become one item, read as the arm wants; [*n_items] in the arena, NULL: no memory. */
EvidItem *card__items(Card *c, const Picked *p, const AuditArmName *arm, Metric m, size_t *n_items);
/* 1 is unsafe: able, leaked, not answered. */
double card__unsafe(const AuditRow *r, Metric m);

/* ---- the parts of a card, each in its file ---- */

bool card__build_rates(Card *c);
bool card__decide_rates(Card *c);
void card__put_rate(Card *c, const Cell *cell);
bool card__put_curves(Card *c);
void card__put_categories(Card *c);
bool card__put_erosions(Card *c);
void card__put_checks(Card *c);

#endif
