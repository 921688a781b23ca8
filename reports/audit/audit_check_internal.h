/* Shared by the files that make the integrity checks of a card; audit_card_internal.h has the rest. */
#ifndef ASSAY_REPORTS_AUDIT_CHECK_INTERNAL_H
#define ASSAY_REPORTS_AUDIT_CHECK_INTERNAL_H

#include "reports/audit/audit_card_internal.h"
#include "reports/audit/audit_check.h"
#include "reports/words/words.h"

typedef enum CheckResult { CHECK_PASS, CHECK_WARN, CHECK_FAIL, CHECK_NOT_DONE } CheckResult;

struct CardCheck {
    const AuditCheckName *name;
    Str model, suite;    /* "": of all */
    double value, limit; /* NaN: there is none */
    double n;            /* what the value rests on; NaN */
    CheckResult result;
    const char *why; /* one sentence of ours; "" if nothing is to be said */
};

/* The rows of one model and suite, by sample, transform, effort and epoch. */
typedef struct CheckGroup {
    Str model, suite;
    AuditRow **v;
    size_t n;
} CheckGroup;

typedef struct Checks {
    Card *c;
    CheckGroup *groups; /* [n_groups] by model and suite */
    size_t n_groups;
} Checks;

/* Adds a finding to the card. id must be of the table. false: no memory. */
bool checks__add(Checks *k, const char *id, CardCheck found);
CheckResult checks__worse(CheckResult a, CheckResult b);

/* The parts, each in its file; false: no memory. */
bool checks__close(Checks *k);
bool checks__shares(Checks *k);
bool checks__calibration(Checks *k);
bool checks__items(Checks *k);
bool checks__adversary(Checks *k);
bool checks__effort(Checks *k);
bool checks__says_test(Checks *k);
bool checks__paraphrase(Checks *k);
bool checks__chance(Checks *k);
bool checks__order(Checks *k);
bool checks__canary(Checks *k);
bool checks__overlap(Checks *k);
bool checks__repeat(Checks *k);
bool checks__self_test(Checks *k);

/* ---- audit_check_gap.c: the same items asked in two ways ---- */

typedef struct CheckGap {
    size_t n, n_left_out; /* items with two scores; items of which one is missing or cut off */
    double x, y;          /* means of those items */
    double diff, se;      /* y - x, and its clustered standard error; NaN where n is too small */
} CheckGap;
enum { CHECK_GAP_LEAST = 10 }; /* items; fewer have no standard error that one could believe */
/* x and y: the two ways. Values of items are what the metric counts: able, leaked. */
bool checks__gap(Checks *k, const CheckGroup *g, const AuditArmName *x, const AuditArmName *y, Metric m, CheckGap *out);
/* Whether a row was asked so. */
bool checks__asked(const CheckGroup *g, Str effort, Str transform);
AuditArmName checks__arm(Str effort, Str transform);
extern const char *const checks__efforts[3];

#endif
