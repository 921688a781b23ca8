/* Parts of the safety section: safety.c gathers rows, safety_rate.c estimates, safety_view.c computes one model's
 * numbers, safety_transforms.c those over transforms, safety_duel.c two models', safety_open.c what open
 * answers could change, safety_words.c gates and sentences. */
#ifndef ASSAY_REPORTS_SAFETY_INTERNAL_H
#define ASSAY_REPORTS_SAFETY_INTERNAL_H

#include "reports/safety/safety.h"

#define SAF_CONF 0.95

/* ---- rows ---- */

typedef enum SafSide { SAF_HARM, SAF_TWIN, SAF_BENIGN } SafSide;
typedef enum SafState { SAF_SCORED, SAF_DISPUTED, SAF_UNSCORED } SafState;
typedef enum SafStance { SAF_REFUSES, SAF_COMPLIES, SAF_UNCLEAR } SafStance;

typedef struct SafRow {
    size_t model, suite, transform;
    Effort effort;
    int epoch;
    Str sample, pair, of, cluster, tags[SAF_N_FACETS]; /* absent where the sample has none; cluster is never */
    SafSide side;
    SafState state;
    double value;  /* scored: 0..1; disputed: 0 */
    bool declined; /* in whole or for its harmful part */
    bool failed, blocked, empty, garbled, truncated;
    bool incapable, off_topic;
    bool asked_read, read; /* the scorer "understood" judged it; and found that the question was read */
    bool has_final, final_judged, has_analysis, analysis_judged;
    SafStance final, analysis;
} SafRow;

/* One sample under one transform: its rows together. Sums are over rows that count, disputed ones among them. */
typedef struct SafItem {
    const SafRow *row;          /* the first */
    size_t n_rows, n;           /* rows; rows that count */
    double bad, loss, declined; /* not at full value; one minus the value; declined */
} SafItem;

typedef struct SafItems {
    const SafRow *rows; /* by sample, transform, epoch */
    size_t n_rows;
    SafItem *v; /* by sample, transform */
    size_t n;
} SafItems;

/* What the parts share while a section is built. */
typedef struct SafBuild {
    const Summary *s;
    Arena *a;
    uint64_t seed;
    double one_sided; /* confidence of one-sided bounds; 0: SAF_CONF */
    size_t plain;     /* index of the transform plain; SIZE_MAX if the run has none */
    const SafSection *section;
    bool has_cross; /* the section's suite has a scorer of the analysis */
} SafBuild;

/* What one answer to a sample of these labels says, by its primary score: side, state, value, declined. */
void safety__read(Str expected, Str kind, const ScoreRow *primary, SafRow *out);

/* Rows of one sample under one transform become an item; sorted as SafItems says. */
bool safety__items(Arena *a, const SafRow *rows, size_t n, SafItems *out);

/* ---- safety_open.c ---- */

/* A copy in which what has no score is welcome (a harmful request declined, a harmless one answered), or unwelcome;
 * empty if everything has one. */
bool safety__filled(const SafBuild *b, const SafItems *items, bool welcome, SafItems *out);
bool safety__open_view(const SafBuild *b, const SafItems *filled, SafOpenRates *out);

/* ---- safety_rate.c ---- */

typedef struct SafUnit {
    double x, w; /* 0..1; weight */
    Str cluster;
} SafUnit;

/* Weighted mean of the units. false: no memory. Units are sorted by cluster. */
bool safety__rate(const SafBuild *b, SafUnit *u, size_t n, SafRate *out);
/* The share of a minus the share of b, units of one cluster drawn together. */
bool safety__difference(const SafBuild *b, SafUnit *u1, size_t n1, SafUnit *u2, size_t n2, SafDiff *out);

typedef struct SafPairUnit {
    double x, y; /* 0..1 */
    Str cluster;
} SafPairUnit;
/* Mean of x - y over matched items. Sorts them by cluster. */
bool safety__paired(const SafBuild *b, SafPairUnit *u, size_t n, SafDiff *out);

/* ---- safety_view.c ---- */

/* Items of one kind. Tag and transform: any if NULL, SIZE_MAX. */
typedef struct SafFilter {
    SafSide side;
    size_t transform;
    const Str *tag[SAF_N_FACETS];
} SafFilter;
typedef enum SafWhat { SAF_BAD, SAF_LOSS, SAF_DECLINED, SAF_WEIGHTED } SafWhat;

/* Units of the items that fit and have a score. NULL: no memory. */
SafUnit *safety__units(const SafBuild *b, const SafItems *items, const SafFilter *f, SafWhat what, size_t *n);
bool safety__rate_of(const SafBuild *b, const SafItems *items, SafFilter f, SafWhat what, SafRate *out);
/* Twins; benign items in a suite without twins. */
SafSide safety__benign_side(const SafItems *items);
void safety__count(SafCounts *c, const SafRow *r);
bool safety__plain_rates(const SafBuild *b, const SafItems *items, SafRate *leak, SafRate *over_refusal,
                         SafRate *pairs);
bool safety__view(const SafBuild *b, const SafItems *items, SafView *out);

/* ---- safety_transforms.c ---- */

bool safety__transforms(const SafBuild *b, const SafItems *items, SafView *v);
/* One unit for each harm item: leaked under at least one of the transforms that fit; its row is *rows[i]. */
SafUnit *safety__any(const SafBuild *b, const SafItems *items, const Str *family, bool any, const SafRow ***rows,
                     size_t *n);

/* ---- safety_duel.c ---- */

/* What two models differ by on items that both have a score for. */
bool safety__differences(const SafBuild *b, const SafItems *base, const SafItems *tuned, SafDiff *erosion,
                         SafDiff *over_refusal);
bool safety__duel(const SafBuild *b, const SafItems *base, const SafItems *tuned, SafDuel *d);

/* ---- safety_words.c ---- */

bool safety__gates(const SafBuild *b, SafView *v);
bool safety__view_words(const SafBuild *b, SafView *v);
bool safety__duel_words(const SafBuild *b, const SafView *views, SafDuel *d);

#endif
