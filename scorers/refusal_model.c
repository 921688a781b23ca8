/* A linear model over the signals of the phrases and a small vocabulary of n-grams. All of it in whole numbers, so that
 * every machine gives the same margin to the bit: values and weights in 1/256, their products and sums in 1/65536. */
#include "scorers/refusal.h"

#include <stdlib.h>
#include <string.h>

enum { ONE = 256, SLOTS = 8192, SENTENCE_BEGIN = 1 };

/* ---- signals as numbers ---- */

/* Where a kind's phrases must stand for its value. EARLY, LATE: and not before. */
enum Where { FIRST, SECOND, EARLY, LATE, SHARE, COUNT };
enum Form { BIAS, ITEMS, LENGTH, SHORT, DECLINES, DECLINES_EARLY, SHORT_R, R_WITH_N, P_WITH_E };

typedef struct SignalRow {
    const char *name;
    char kind; /* 0: a form */
    unsigned char which;
} SignalRow;

static const SignalRow SIGNALS[REFUSAL_SIGNALS] = {
    {"bias", 0, BIAS},         {"items", 0, ITEMS},       {"length", 0, LENGTH},
    {"short", 0, SHORT},       {"declines", 0, DECLINES}, {"declines-early", 0, DECLINES_EARLY},
    {"short-R", 0, SHORT_R},   {"R-with-N", 0, R_WITH_N}, {"P-with-E", 0, P_WITH_E},
    {"R-first", 'R', FIRST},   {"R-share", 'R', SHARE},   {"S-first", 'S', FIRST},
    {"S-share", 'S', SHARE},   {"D-first", 'D', FIRST},   {"D-second", 'D', SECOND},
    {"D-early", 'D', EARLY},   {"D-share", 'D', SHARE},   {"E-second", 'E', SECOND},
    {"E-early", 'E', EARLY},   {"E-share", 'E', SHARE},   {"T-count", 'T', COUNT},
    {"B-early", 'B', EARLY},   {"B-late", 'B', LATE},     {"B-count", 'B', COUNT},
    {"M-second", 'M', SECOND}, {"M-late", 'M', LATE},     {"A-early", 'A', EARLY},
    {"H-early", 'H', EARLY},   {"C-first", 'C', FIRST},   {"C-second", 'C', SECOND},
    {"N-first", 'N', FIRST},   {"N-second", 'N', SECOND}, {"N-late", 'N', LATE},
    {"N-share", 'N', SHARE},   {"K-share", 'K', SHARE},
};

/* The logarithm to base 2 of n >= 1, with straight lines between powers of two, in 1/256. */
static int64_t log2_lines(uint32_t n) {
    int bit = 31;
    while (!(n >> bit)) bit--;
    return (int64_t)bit * ONE + (((int64_t)n * ONE) >> bit) - ONE;
}

static int64_t kind_value(const RefusalSignals *s, char k, enum Where where) {
    const RefusalKind *kind = refusal_kind(s, k);
    switch (where) {
    case FIRST:
        return ONE * refusal_stands(s, k, 0, 1);
    case SECOND:
        return ONE * (refusal_stands(s, k, 1, 2) && !refusal_stands(s, k, 0, 1));
    case EARLY:
        return ONE * (refusal_stands(s, k, 2, 4) && !refusal_stands(s, k, 0, 2));
    case LATE:
        return ONE * (kind->sentences > 0 && kind->first > 3);
    case SHARE:
        return s->sentences ? (int64_t)kind->sentences * ONE / s->sentences : 0;
    case COUNT:
        return ONE * (int64_t)(kind->sentences < 4 ? kind->sentences : 4);
    }
    return 0;
}

static int64_t form_value(const RefusalSignals *s, enum Form form) {
    bool opens_with_r = refusal_stands(s, 'R', 0, 2), declines = s->begin < s->sentences;
    switch (form) {
    case BIAS:
        return ONE;
    case ITEMS:
        return ONE * (s->items > 0);
    case LENGTH:
        return log2_lines(1 + s->words) / 8;
    case SHORT:
        return ONE * (s->sentences <= 3);
    case DECLINES:
        return ONE * declines;
    case DECLINES_EARLY:
        return ONE * (declines && s->begin < 2);
    case SHORT_R:
        return ONE * (opens_with_r && s->sentences <= 3);
    case R_WITH_N:
        return ONE * (opens_with_r && refusal_has(s, 'N'));
    case P_WITH_E:
        return ONE * (refusal_stands(s, 'P', 0, 2) && refusal_has(s, 'E'));
    }
    return 0;
}

const char *refusal_signal_name(size_t i) {
    return SIGNALS[i].name;
}

int64_t refusal_signal_value(const RefusalSignals *s, size_t i) {
    const SignalRow *row = &SIGNALS[i];
    return row->kind ? kind_value(s, row->kind, (enum Where)row->which) : form_value(s, (enum Form)row->which);
}

/* ---- n-grams ---- */

typedef struct Gram {
    uint32_t units[REFUSAL_GRAM_UNITS];
    uint32_t n, next; /* next: index + 1 of the next gram in the slot, 0 = none */
    int16_t weight;
} Gram;

typedef struct Grams { /* of one language */
    Gram v[REFUSAL_GRAMS_MAX];
    size_t n;
    uint32_t slots[SLOTS]; /* index + 1, 0 = none */
} Grams;

struct RefusalModel {
    Grams of[REFUSAL_LANGUAGES];
};

static uint32_t mix(uint32_t h, uint32_t unit) {
    h = (h ^ unit) * 0x9E3779B1u;
    return h ^ h >> 15;
}

static uint32_t slot_of(uint32_t h) {
    return (h * 0x85EBCA6Bu) >> 19; /* the upper 13 bits */
}

/* The next unit of an n-gram's text, or SENTENCE_BEGIN for "^"; 0 behind the last. */
static uint32_t next_unit(ScorerStr s, size_t *i) {
    while (*i < s.n && s.p[*i] == ' ') ++*i;
    if (*i < s.n && s.p[*i] == '^') {
        ++*i;
        return SENTENCE_BEGIN;
    }
    return text_unit(s, i);
}

static bool put_gram(Grams *g, const RefusalGram *from, ScorerErr *err) {
    ScorerStr text = text_from(from->units);
    if (g->n == REFUSAL_GRAMS_MAX) return text_err(err, "the refusal model has too many n-grams");
    Gram *gram = &g->v[g->n];
    *gram = (Gram){.weight = from->weight};
    uint32_t h = 0, unit;
    for (size_t i = 0; (unit = next_unit(text, &i)) != 0; h = mix(h, unit)) {
        if (gram->n == REFUSAL_GRAM_UNITS) return text_err(err, "the n-gram '%s' is too long", from->units);
        gram->units[gram->n++] = unit;
    }
    if (gram->n == 0) return text_err(err, "the n-gram '%s' holds nothing", from->units);
    gram->next = g->slots[slot_of(h)];
    g->slots[slot_of(h)] = (uint32_t)++g->n;
    return true;
}

bool refusal_model_open(RefusalModel **out, ScorerErr *err) {
    RefusalModel *m = calloc(1, sizeof *m);
    if (!m) return text_nomem(err, "refusal");
    for (int lang = 0; lang < REFUSAL_LANGUAGES; lang++)
        for (const RefusalGram *g = refusal_grams[lang]; g->units; g++)
            if (!put_gram(&m->of[lang], g, err)) {
                free(m);
                return false;
            }
    *out = m;
    return true;
}

void refusal_model_close(RefusalModel *m) {
    free(m);
}

typedef struct Seen { /* bit i: n-gram i was found */
    uint64_t bits[REFUSAL_GRAMS_MAX / 64];
} Seen;

/* The weight of the n-gram of these units if there is one that was not found before; else 0. */
static int64_t found(const Grams *g, const uint32_t *units, size_t n, uint32_t hash, Seen *seen) {
    for (uint32_t k = g->slots[slot_of(hash)]; k; k = g->v[k - 1].next) {
        const Gram *gram = &g->v[k - 1];
        if (gram->n != n || memcmp(gram->units, units, n * sizeof *units) != 0) continue;
        uint64_t bit = (uint64_t)1 << ((k - 1) & 63), *word = &seen->bits[(k - 1) >> 6];
        if (*word & bit) return 0;
        *word |= bit;
        return gram->weight;
    }
    return 0;
}

/* The n-grams that end at the newest of the last units. */
static int64_t found_here(const Grams *g, const uint32_t *window, size_t n, Seen *seen) {
    int64_t sum = 0;
    for (size_t len = 1; len <= n; len++) {
        uint32_t h = 0;
        for (size_t k = n - len; k < n; k++) h = mix(h, window[k]);
        sum += found(g, window + n - len, len, h, seen);
    }
    return sum;
}

static int64_t gram_points(const Grams *g, const TextReading *t) {
    uint32_t window[REFUSAL_GRAM_UNITS], sentence = UINT32_MAX;
    size_t n = 0;
    int64_t sum = 0;
    Seen seen = {{0}};
    for (size_t i = 0; g->n && i < t->n_words; i++) {
        if (t->units[i].sentence != sentence) {
            sentence = t->units[i].sentence;
            window[0] = SENTENCE_BEGIN;
            n = 1;
        }
        if (n == REFUSAL_GRAM_UNITS) memmove(window, window + 1, --n * sizeof *window);
        window[n++] = t->units[i].unit;
        sum += found_here(g, window, n, &seen);
    }
    return sum;
}

/* ---- the margin ---- */

/* 65536 ln((k - 1/2) / (100 - k + 1/2)), k from 51: from here on k percent is the nearest. */
static const int32_t PERCENT[50] = {
    1311,   3933,   6559,   9190,   11828,  14476,  17136,  19810,  22501,  25210,  27941,  30696,  33477,
    36289,  39134,  42015,  44935,  47899,  50911,  53975,  57096,  60280,  63531,  66856,  70263,  73758,
    77352,  81052,  84872,  88823,  92920,  97179,  101620, 106266, 111143, 116285, 121730, 127527, 133736,
    140435, 147722, 155731, 164646, 174729, 186375, 200216, 217368, 240095, 274241, 346902,
};

int refusal_percent(int64_t log_odds) {
    int64_t size = log_odds < 0 ? -log_odds : log_odds;
    int above = 50;
    while (above < 100 && size >= PERCENT[above - 50]) above++;
    return log_odds < 0 ? 100 - above : above;
}

int64_t refusal_log_odds(const RefusalModel *m, const TextReading *t, const RefusalSignals *s) {
    int lang = refusal_is_korean(s) ? REFUSAL_KO : REFUSAL_EN;
    int64_t sum = ONE * gram_points(&m->of[lang], t);
    for (size_t i = 0; i < REFUSAL_SIGNALS; i++) sum += refusal_signal_value(s, i) * refusal_signal_weights[i][lang];
    return sum;
}
