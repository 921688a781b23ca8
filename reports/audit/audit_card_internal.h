/* Shared by the files that make a scorecard; nothing else includes it. */
#ifndef ASSAY_REPORTS_AUDIT_CARD_INTERNAL_H
#define ASSAY_REPORTS_AUDIT_CARD_INTERNAL_H

#include "reports/audit/audit_card.h"

enum { INDICATORS_MAX = 256, ARMS_MAX = 32, MODELS_MAX = 64 };

/* One rate of one model. */
typedef struct Cell {
    const Json *ind;
    Str role;
    EvidRate rate;
    EvidArm arms[ARMS_MAX];
    const char *names[ARMS_MAX];
} Cell;

typedef struct Card {
    const Json *plan, *header;
    AuditRow *rows;
    size_t n;
    Arena *a;
    JsonOut o;
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
/* The card's status becomes 1 if this is 1, 5 if it was 0 and this is 5. */
void card__worse(Card *c, int status);
/* Why the run of a model of the plan cannot count; "" if it can. */
Str card__exploratory(const Card *c, Str role);

/* ---- audit_card_pick.c: from public records to items ---- */

typedef enum Metric { ABILITY, LEAK, OVER_REFUSAL, DECLINED } Metric;
Metric card__metric(Str name);
/* The rows of one model, suite, arm and metric, sorted by sample and repeat; [*n] in the arena, NULL: no memory. */
AuditRow **card__pick(Card *c, Str role, Str suite, Str arm, Metric m, size_t *n);
/* Repeats of a sample become one item; [*n_items] in the arena, NULL: no memory. *judged: a judge scored one of them.
 */
EvidItem *card__items(Card *c, AuditRow **v, size_t n, Metric m, size_t *n_items, bool *judged);

/* ---- audit_card_rates.c, audit_card_categories.c, audit_card_erosion.c, audit_card_checks.c: the parts of a card ----
 */

bool card__build_rates(Card *c);
bool card__decide_rates(Card *c);
void card__put_rate(Card *c, const Cell *cell);
void card__put_categories(Card *c);
bool card__put_erosions(Card *c);
void card__put_checks(Card *c);

#endif
