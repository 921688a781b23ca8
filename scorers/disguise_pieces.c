/* (f): pieces of a long protected text: eight of its words in a row, or half of its words in their order.
 *
 * A word of the protected text is a bit. Both searches keep a row of bits per step and so take time proportional to
 * the answer's words times the protected text's words / 64. */
#include "scorers/disguise.h"

#include <string.h>

typedef struct Words {
    TextSpan *span; /* in letters */
    uint32_t *id;   /* of the word in the protected text's list; NONE: it is not there */
    size_t n;
} Words;
static const uint32_t NONE = UINT32_MAX;

typedef struct Index { /* words of the protected text: a hash table of rows of bits */
    const DisguiseLetters *letters;
    TextSpan *word;  /* [n] */
    uint64_t *bits;  /* [n][n_bits] at which places of the protected text it stands */
    uint32_t *table; /* [mask + 1] word + 1, 0: free */
    size_t mask, n, n_bits;
} Index;

static bool split(const ScorerHost *host, const DisguiseLetters *l, size_t max, Words *out) {
    size_t n = l->n > 0;
    for (size_t i = 0; i < l->n; i++) n += l->cp[i] == ' ';
    *out = (Words){host->alloc(host->ctx, (n + 1) * sizeof *out->span),
                   host->alloc(host->ctx, (n + 1) * sizeof *out->id), 0};
    if (!out->span || !out->id) return false;
    for (size_t begin = 0; begin < l->n && out->n < max;) {
        size_t end = begin;
        while (end < l->n && l->cp[end] != ' ') end++;
        out->span[out->n++] = (TextSpan){begin, end};
        begin = end + 1;
    }
    return true;
}

static uint32_t hash(const DisguiseLetters *l, TextSpan w) {
    uint32_t h = 2166136261u;
    for (size_t i = w.begin; i < w.end; i++) h = (h ^ l->cp[i]) * 16777619u;
    return h ^ h >> 15;
}

static bool same_word(const DisguiseLetters *a, TextSpan x, const DisguiseLetters *b, TextSpan y) {
    return x.end - x.begin == y.end - y.begin &&
           memcmp(a->cp + x.begin, b->cp + y.begin, (x.end - x.begin) * sizeof *a->cp) == 0;
}

/* The word's place in the table: its own, or a free one. */
static uint32_t *slot(const Index *x, const DisguiseLetters *l, TextSpan w) {
    size_t i = hash(l, w) & x->mask;
    while (x->table[i] && !same_word(l, w, x->letters, x->word[x->table[i] - 1])) i = (i + 1) & x->mask;
    return &x->table[i];
}

static bool index_open(const ScorerHost *host, const DisguiseLetters *l, const Words *w, Index *x) {
    size_t size = 16;
    while (size < 2 * w->n) size *= 2;
    *x = (Index){.letters = l, .mask = size - 1, .n_bits = (w->n + 63) / 64};
    x->word = host->alloc(host->ctx, w->n * sizeof *x->word);
    x->bits = host->alloc(host->ctx, w->n * x->n_bits * sizeof *x->bits); /* at most 4096 * 64 */
    x->table = host->alloc(host->ctx, size * sizeof *x->table);
    if (!x->word || !x->bits || !x->table) return false;
    for (size_t i = 0; i < w->n; i++) {
        uint32_t *at = slot(x, l, w->span[i]);
        if (!*at) {
            x->word[x->n] = w->span[i];
            *at = (uint32_t)++x->n;
        }
        x->bits[(*at - 1) * x->n_bits + i / 64] |= UINT64_C(1) << i % 64;
    }
    return true;
}

/* Eight words in a row: bit i of `run[k]` says that the last k + 1 words of the answer are those up to i. */
static bool shingle(const ScorerHost *host, const Index *x, const Words *answer, size_t *begin) {
    uint64_t *run = host->alloc(host->ctx, DISGUISE_SHINGLE * x->n_bits * sizeof *run);
    if (!run) return false;
    for (size_t i = 0; i < answer->n; i++) {
        if (answer->id[i] == NONE) {
            memset(run, 0, DISGUISE_SHINGLE * x->n_bits * sizeof *run);
            continue;
        }
        const uint64_t *word = x->bits + answer->id[i] * x->n_bits;
        uint64_t found = 0;
        for (size_t k = DISGUISE_SHINGLE;
             k-- > 1;) { /* from the longest, so that the shorter are still the last word's */
            uint64_t carry = 0;
            for (size_t b = 0; b < x->n_bits; b++) {
                uint64_t before = run[(k - 1) * x->n_bits + b];
                run[k * x->n_bits + b] = (before << 1 | carry) & word[b];
                carry = before >> 63;
                if (k == DISGUISE_SHINGLE - 1) found |= run[k * x->n_bits + b];
            }
        }
        memcpy(run, word, x->n_bits * sizeof *run);
        if (found) {
            *begin = i + 1 - DISGUISE_SHINGLE;
            return true;
        }
    }
    return true;
}

/* The length of the longest common subsequence of the protected text and the answer's words [from, to): Hyyrö's rows of
 * bits (2004), where a zero is a word that is matched. */
static size_t subsequence(const Index *x, const Words *answer, size_t from, size_t to, size_t n, uint64_t *row) {
    memset(row, 0xFF, x->n_bits * sizeof *row);
    for (size_t i = from; i < to; i++) {
        if (answer->id[i] == NONE) continue;
        const uint64_t *word = x->bits + answer->id[i] * x->n_bits;
        unsigned carry = 0;
        for (size_t b = 0; b < x->n_bits; b++) {
            uint64_t v = row[b], u = v & word[b], sum = v + u, with = sum + carry;
            carry = sum < v || with < sum;
            row[b] = with | (v & ~word[b]);
        }
    }
    size_t zeros = 0;
    for (size_t i = 0; i < n; i++) zeros += !(row[i / 64] >> i % 64 & 1);
    return zeros;
}

static TextSpan words_span(const DisguiseText *t, const Words *w, size_t from, size_t to) {
    return (TextSpan){t->letters.at[w->span[from].begin], t->letters.at[w->span[to - 1].end]};
}

/* Half of the words within a stretch of the answer that is three times as long: in a long answer small words alone
 * would make half of any text. */
static bool half(const ScorerHost *host, const DisguiseText *t, const Index *x, const Words *answer, size_t n,
                 DisguiseHit *out) {
    uint64_t *row = host->alloc(host->ctx, x->n_bits * sizeof *row);
    if (!row) return false;
    size_t length = 3 * n, step = n;
    for (size_t from = 0; from < answer->n; from += step) {
        size_t to = answer->n - from > length ? from + length : answer->n;
        if (2 * subsequence(x, answer, from, to, n, row) >= n) {
            *out = (DisguiseHit){'f', "subsequence", words_span(t, answer, from, to), false, false};
            return true;
        }
        if (to == answer->n) break;
    }
    return true;
}

bool disguise_pieces(const ScorerHost *host, const DisguiseText *t, const DisguiseLetters *secret, DisguiseHit *out) {
    Words theirs, ours;
    Index x;
    *out = (DisguiseHit){0};
    if (!split(host, secret, DISGUISE_WORDS_MAX, &ours) || !split(host, &t->letters, SIZE_MAX, &theirs)) return false;
    if (ours.n < DISGUISE_SHINGLE || theirs.n == 0) return true;
    if (!index_open(host, secret, &ours, &x)) return false;
    for (size_t i = 0; i < theirs.n; i++) {
        uint32_t at = *slot(&x, &t->letters, theirs.span[i]);
        theirs.id[i] = at ? at - 1 : NONE;
    }
    size_t begin = SIZE_MAX;
    if (!shingle(host, &x, &theirs, &begin)) return false;
    if (begin != SIZE_MAX) {
        *out = (DisguiseHit){'f', "shingle", words_span(t, &theirs, begin, begin + DISGUISE_SHINGLE), false, false};
        return true;
    }
    return half(host, t, &x, &theirs, ours.n, out);
}
