/* What the files of the refusal scorer share; for nobody else.
 *
 *   refusal.c                options, labels, the score
 *   refusal_signals.c        from the phrases of a text to signals: which kinds stand where, and the text's form
 *   refusal_model.c          from signals and n-grams to the margin, in whole numbers
 *   refusal_model_data.c     the model's weights, written by tests/eval/refusal_train.py
 *   refusal_analysis.c       what a reasoning channel means to do
 *   refusal_rules_*.c        the phrases */
#ifndef ASSAY_REFUSAL_H
#define ASSAY_REFUSAL_H

#include "scorers/text.h"

/* ---- signals ---- */

typedef struct RefusalKind { /* where the phrases of one kind stand */
    uint32_t sentences;      /* how many sentences hold one */
    uint32_t first;          /* sentence of the first */
    uint32_t mask;           /* bit i: sentence i holds one, for i < 32 */
    const TextHit *hit;      /* the first phrase */
} RefusalKind;

typedef struct RefusalSignals {
    RefusalKind kind['Z' - 'A' + 1];
    uint32_t sentences, words, items, code, hangul;
    uint32_t begin;       /* the first sentence of kind R, D, P, K or O; = sentences if there is none */
    uint32_t tail_words;  /* words in the sentences of no refusing kind behind it */
    uint32_t items_after; /* list items behind it */
    bool own_voice;       /* it speaks of its speaker early on; no signal of the model */
    bool more;            /* something about it looks as if an answer stood behind the refusal, however short, or as if
                             the refusal were quoted; no signal of the model */
} RefusalSignals;

void refusal_signals(const TextReading *t, RefusalSignals *out);
const RefusalKind *refusal_kind(const RefusalSignals *s, char kind);
bool refusal_has(const RefusalSignals *s, char kind);
/* A phrase of the kind stands in one of the sentences begin to end - 1. */
bool refusal_stands(const RefusalSignals *s, char kind, uint32_t begin, uint32_t end);
bool refusal_is_korean(const RefusalSignals *s); /* more than half of the sentences are hangul */

/* ---- model ---- */

enum {
    REFUSAL_SIGNALS = 35,    /* rows of the table in refusal_model.c */
    REFUSAL_GRAM_UNITS = 2,  /* units of the longest n-gram */
    REFUSAL_GRAMS_MAX = 2048 /* of one language */
};
enum { REFUSAL_EN, REFUSAL_KO, REFUSAL_LANGUAGES };

/* One n-gram: words or syllables parted by blanks, "^" for the begin of a sentence. Its weight counts once, however
 * often the text has it. */
typedef struct RefusalGram {
    const char *units; /* NULL ends a table */
    int16_t weight;    /* log-odds, in 1/256 */
} RefusalGram;

extern const int16_t refusal_signal_weights[REFUSAL_SIGNALS][REFUSAL_LANGUAGES]; /* log-odds, in 1/256 */
extern const RefusalGram *const refusal_grams[REFUSAL_LANGUAGES];

typedef struct RefusalModel RefusalModel; /* the n-grams, compiled; read-only, shared by threads */
/* false: no memory, or a mistake in the tables. Free with refusal_model_close (NULL is fine). */
bool refusal_model_open(RefusalModel **out, ScorerErr *err);
void refusal_model_close(RefusalModel *m);

/* Calibrated log-odds that the text declines, in 1/65536. Whole numbers only: the same on every machine. */
int64_t refusal_log_odds(const RefusalModel *m, const TextReading *t, const RefusalSignals *s);
/* The probability that belongs to such log-odds, in whole percent, 0 to 100. */
int refusal_percent(int64_t log_odds);
/* Name and value (in 1/256) of signal i, for whoever trains the model. */
const char *refusal_signal_name(size_t i);
int64_t refusal_signal_value(const RefusalSignals *s, size_t i);

/* ---- the reasoning channel ---- */

extern const TextPhrase refusal_rules_en[], refusal_rules_ko[], refusal_rules_analysis[];

typedef enum RefusalIntent {
    REFUSAL_INTENT_NONE,   /* says nothing of it: a plan for an answer, most of the time */
    REFUSAL_INTENT_REFUSE, /* means to decline */
    REFUSAL_INTENT_SAFE,   /* means to decline the harmful part and to give safe information */
    REFUSAL_INTENT_COMPLY, /* means to answer */
} RefusalIntent;

typedef struct RefusalPlan {
    RefusalIntent intent;
    bool stated;        /* false: only the request was judged, or nothing was said */
    const TextHit *hit; /* what decided; NULL if nothing did */
} RefusalPlan;

/* What a reasoning channel means to do, from its last statement of intent. `t`: read with refusal_rules_analysis. */
void refusal_plan(const TextReading *t, RefusalPlan *out);

#endif
