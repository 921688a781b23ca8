/* Phrases: a text becomes a row of units (a hash for a Latin word, the code point for a hangul syllable), patterns
 * become rows of elements over units, and one index from first units to patterns finds candidates. One pass, linear in
 * the text.
 *
 * Spaces are not units, so Korean is matched whatever its spacing; contractions are spelled out, so patterns need one
 * spelling of "can not". */
#include "scorers/text.h"

#include <stdlib.h>
#include <string.h>

enum { ALT_UNITS = 12, ELEMENTS = 14, GAP_MAX = 30 };

typedef struct Alt { /* a row of units, in the pool */
    uint32_t first, n;
} Alt;
typedef struct Element {
    uint32_t first_alt, n_alts;
    uint8_t gap; /* > 0: up to so many units of any kind */
    bool optional;
} Element;
typedef struct Pattern {
    const TextPhrase *phrase;
    uint32_t first_element, n_elements;
    bool at_begin, at_end;
} Pattern;
typedef struct Slot {             /* of the index: patterns that may begin with `unit` */
    uint32_t unit, pattern, next; /* next: slot + 1 of the same unit, 0 = none */
    uint64_t behind;              /* unit_bit of all units that may come next; ANY_UNIT: whatever comes, or nothing */
} Slot;

struct TextPhrases {
    uint32_t *units;
    Alt *alts;
    Element *elements;
    Pattern *patterns;
    Slot *slots;
    uint32_t *heads; /* [mask + 1] slot + 1 by the unit's low bits; 0 = none */
    uint32_t mask;
    uint32_t n_units, n_alts, n_elements, n_patterns, n_slots;
};

/* ---- units ---- */

#define WORD_BIT 0x80000000u /* apart from code points */

static uint32_t word_unit(const char *p, size_t n) {
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)p[i]) * 16777619u;
    return h | WORD_BIT;
}

uint32_t text_unit(ScorerStr s, size_t *i) {
    while (*i < s.n) {
        size_t begin = *i;
        uint32_t cp = text_next(s, i);
        if (text_is_hangul(cp)) return cp;
        if (cp >= 0x80 || !text_is_alnum((char)cp)) continue;
        while (*i < s.n && text_is_alnum(s.p[*i])) ++*i;
        return word_unit(s.p + begin, *i - begin);
    }
    return 0;
}

/* ---- compiling ---- */

typedef struct Compiler {
    TextPhrases *p;
    const TextPhrase *phrase;
    ScorerErr *err;
} Compiler;

static bool wrong(Compiler *c, const char *why) {
    return text_err(c->err, "phrase '%s' (%s): %s", c->phrase->name, c->phrase->pattern, why);
}

/* One alternative: "word_word" or hangul syllables. */
static bool compile_alt(Compiler *c, ScorerStr s) {
    TextPhrases *p = c->p;
    Alt *alt = &p->alts[p->n_alts];
    *alt = (Alt){p->n_units, 0};
    for (size_t i = 0; i < s.n;) {
        size_t begin = i;
        uint32_t cp = text_next(s, &i), unit;
        if (cp == '_') continue;
        if (text_is_hangul(cp)) {
            unit = cp;
        } else if (cp < 0x80 && text_is_alnum((char)cp)) {
            while (i < s.n && text_is_alnum(s.p[i])) i++;
            unit = word_unit(s.p + begin, i - begin);
        } else {
            return wrong(c, "holds a character that is neither a letter nor a hangul syllable");
        }
        if (alt->n == ALT_UNITS) return wrong(c, "an alternative is too long");
        p->units[p->n_units++] = unit;
        alt->n++;
    }
    if (alt->n == 0) return wrong(c, "an alternative is empty");
    p->n_alts++;
    return true;
}

static bool compile_element(Compiler *c, Pattern *pat, ScorerStr s) {
    TextPhrases *p = c->p;
    if (pat->n_elements == ELEMENTS) return wrong(c, "has too many elements");
    Element *e = &p->elements[p->n_elements++];
    pat->n_elements++;
    *e = (Element){.first_alt = p->n_alts};
    if (s.p[0] == '~') {
        for (size_t i = 1; i < s.n; i++) e->gap = (uint8_t)(e->gap * 10 + (s.p[i] - '0'));
        return e->gap >= 1 && e->gap <= GAP_MAX ? true : wrong(c, "a gap must be ~1 to ~30");
    }
    if (s.p[0] == '?') {
        e->optional = true;
        s = text_cut(s, 1, s.n);
    }
    for (size_t i = 0; i <= s.n;) {
        size_t bar = text_find(s, TEXT("|"), i);
        if (bar == TEXT_NONE) bar = s.n;
        if (!compile_alt(c, text_cut(s, i, bar))) return false;
        e->n_alts++;
        i = bar + 1;
    }
    return true;
}

/* A set of units as 64 bits: it may seem to hold one that it does not. */
#define ANY_UNIT UINT64_MAX
static uint64_t unit_bit(uint32_t unit) {
    return (uint64_t)1 << (unit * 2654435769u >> 26);
}

/* What the elements from `e` on may begin with. */
static uint64_t beginnings(const TextPhrases *p, const Pattern *pat, uint32_t e) {
    uint64_t set = 0;
    for (; e < pat->n_elements; e++) {
        const Element *el = &p->elements[pat->first_element + e];
        if (el->gap) return ANY_UNIT;
        for (uint32_t k = 0; k < el->n_alts; k++) set |= unit_bit(p->units[p->alts[el->first_alt + k].first]);
        if (!el->optional) return set;
    }
    return ANY_UNIT;
}

static void index_element(TextPhrases *p, uint32_t pattern, uint32_t element) {
    const Pattern *pat = &p->patterns[pattern];
    const Element *e = &p->elements[pat->first_element + element];
    for (uint32_t k = 0; k < e->n_alts; k++) {
        const Alt *alt = &p->alts[e->first_alt + k];
        uint32_t unit = p->units[alt->first];
        uint64_t behind = alt->n > 1 ? unit_bit(p->units[alt->first + 1]) : beginnings(p, pat, element + 1);
        uint32_t *head = &p->heads[unit & p->mask];
        p->slots[p->n_slots] = (Slot){unit, pattern, *head, behind};
        *head = ++p->n_slots;
    }
}

/* A pattern can begin with any of its elements up to the first that may not be missing. */
static bool index_pattern(TextPhrases *p, uint32_t pattern) {
    const Pattern *pat = &p->patterns[pattern];
    for (uint32_t i = 0; i < pat->n_elements; i++) {
        const Element *e = &p->elements[pat->first_element + i];
        if (e->gap) return false;
        index_element(p, pattern, i);
        if (!e->optional) return true;
    }
    return false;
}

static bool compile(Compiler *c) {
    TextPhrases *p = c->p;
    Pattern *pat = &p->patterns[p->n_patterns];
    *pat = (Pattern){.phrase = c->phrase, .first_element = p->n_elements};
    ScorerStr s = text_from(c->phrase->pattern);
    for (size_t i = 0; i < s.n;) {
        size_t end = text_find(s, TEXT(" "), i);
        if (end == TEXT_NONE) end = s.n;
        ScorerStr element = text_cut(s, i, end);
        i = end + 1;
        if (text_eq(element, TEXT("^")))
            pat->at_begin = true;
        else if (text_eq(element, TEXT("$")))
            pat->at_end = true;
        else if (element.n && !compile_element(c, pat, element))
            return false;
    }
    if (pat->n_elements == 0) return wrong(c, "is empty");
    return index_pattern(p, p->n_patterns++) || wrong(c, "needs a fixed element before the first gap");
}

/* Room for everything: no pattern makes more of anything than it has bytes. */
static bool reserve(TextPhrases *p, size_t bytes, size_t patterns) {
    size_t heads = 1024;
    p->mask = (uint32_t)heads - 1;
    p->units = calloc(bytes, sizeof *p->units);
    p->alts = calloc(bytes, sizeof *p->alts);
    p->elements = calloc(bytes, sizeof *p->elements);
    p->patterns = calloc(patterns + 1, sizeof *p->patterns);
    p->slots = calloc(bytes, sizeof *p->slots);
    p->heads = calloc(heads, sizeof *p->heads);
    return p->units && p->alts && p->elements && p->patterns && p->slots && p->heads;
}

bool text_phrases_open(const TextPhrase *const *tables, size_t n_tables, TextPhrases **out, ScorerErr *err) {
    size_t bytes = 1, patterns = 0;
    for (size_t t = 0; t < n_tables; t++)
        for (const TextPhrase *ph = tables[t]; ph->kind; ph++, patterns++) bytes += strlen(ph->pattern) + 1;
    TextPhrases *p = calloc(1, sizeof *p);
    *out = NULL;
    if (!p || !reserve(p, bytes, patterns)) {
        text_phrases_close(p);
        return text_err(err, "no memory for %zu phrases", patterns);
    }
    for (size_t t = 0; t < n_tables; t++)
        for (const TextPhrase *ph = tables[t]; ph->kind; ph++) {
            Compiler c = {p, ph, err};
            if (compile(&c)) continue;
            text_phrases_close(p);
            return false;
        }
    *out = p;
    return true;
}

void text_phrases_close(TextPhrases *p) {
    if (!p) return;
    free(p->units);
    free(p->alts);
    free(p->elements);
    free(p->patterns);
    free(p->slots);
    free(p->heads);
    free(p);
}

/* ---- from text to units ---- */

typedef struct Splitter {
    ScorerStr s;
    TextUnit *units;
    TextSentence *sentences;
    size_t n_units, n_sentences;
    uint32_t hangul; /* in the open sentence */
    uint8_t form;    /* of the open line */
    bool open, code; /* a sentence is open; within a fence */
} Splitter;

static void put_unit(Splitter *sp, uint32_t unit, size_t begin, size_t end) {
    if (!sp->open) {
        sp->sentences[sp->n_sentences] = (TextSentence){.span = {begin, end}, .form = sp->form};
        sp->open = true;
        sp->hangul = 0;
    }
    TextSentence *sen = &sp->sentences[sp->n_sentences];
    sen->span.end = end;
    sen->words++;
    sp->hangul += !(unit & WORD_BIT);
    sp->units[sp->n_units++] = (TextUnit){unit, (uint32_t)sp->n_sentences, (uint32_t)begin, (uint32_t)end};
}

static void close_sentence(Splitter *sp) {
    if (!sp->open) return;
    TextSentence *sen = &sp->sentences[sp->n_sentences++];
    sen->hangul = sp->hangul * 2 > sen->words;
    sp->open = false;
}

static bool is(const char *p, size_t n, const char *word) {
    return strlen(word) == n && memcmp(p, word, n) == 0;
}

/* The tail of a contraction as a word of its own: "can't" is can + not, "i'm" is i + am. */
static void put_word(Splitter *sp, size_t begin, size_t end) {
    const char *p = sp->s.p + begin;
    size_t n = end - begin;
    const char *mark = memchr(p, '\'', n);
    size_t stem = mark ? (size_t)(mark - p) : n;
    const char *tail = NULL;
    if (mark && is(mark, n - stem, "'t") && stem > 1 && p[stem - 1] == 'n') {
        tail = "not";
        stem--;
        if (is(p, stem, "ca") || is(p, stem, "wo")) { /* can't, won't */
            put_unit(sp, p[0] == 'c' ? word_unit("can", 3) : word_unit("will", 4), begin, end);
            put_unit(sp, word_unit(tail, 3), begin, end);
            return;
        }
    } else if (mark) {
        static const char *const tails[][2] = {
            {"'m", "am"}, {"'re", "are"}, {"'ve", "have"}, {"'ll", "will"}, {"'d", "would"}};
        for (size_t k = 0; k < 5; k++)
            if (is(mark, n - stem, tails[k][0])) tail = tails[k][1];
        if (is(mark, n - stem, "'s") && (is(p, stem, "it") || is(p, stem, "that") || is(p, stem, "there") ||
                                         is(p, stem, "here") || is(p, stem, "what")))
            tail = "is";
        if (is(mark, n - stem, "'s") && is(p, stem, "let")) tail = "us";
    }
    if (!mark && is(p, n, "cannot")) {
        put_unit(sp, word_unit("can", 3), begin, end);
        put_unit(sp, word_unit("not", 3), begin, end);
        return;
    }
    if (stem > 0) put_unit(sp, word_unit(p, stem), begin, end);
    if (tail) put_unit(sp, word_unit(tail, strlen(tail)), begin, end);
}

/* What the line that begins at i is; moves i behind a list mark, so that it makes no sentence of its own. */
static uint8_t line_form(Splitter *sp, size_t *i) {
    ScorerStr s = sp->s;
    size_t k = *i;
    while (k < s.n && (s.p[k] == ' ' || s.p[k] == '\t' || s.p[k] == '>')) k++;
    if (text_starts(s, k, "```") || text_starts(s, k, "~~~")) sp->code = !sp->code;
    if (sp->code) return TEXT_CODE;
    if (k < s.n && s.p[k] == '#') return TEXT_HEADING;
    while (k < s.n && s.p[k] == '*' && k + 1 < s.n && s.p[k + 1] == '*') k += 2; /* "**1. First**" */
    size_t digits = k;
    while (digits < s.n && text_is_digit(s.p[digits]) && digits - k < 3) digits++;
    bool number =
        digits > k && digits + 1 < s.n && (s.p[digits] == '.' || s.p[digits] == ')') && !text_is_digit(s.p[digits + 1]);
    bool bullet = k + 1 < s.n && (s.p[k] == '-' || s.p[k] == '*' || s.p[k] == '+') && s.p[k + 1] == ' ';
    bool dot = text_starts(s, k, "\xE2\x80\xA2") || text_starts(s, k, "\xC2\xB7") || text_starts(s, k, "\xE2\x97\x8F");
    if (!number && !bullet && !dot) return TEXT_PROSE;
    *i = number ? digits + 1 : dot ? k : k + 1;
    return TEXT_ITEM;
}

static bool ends_sentence(ScorerStr s, size_t i) {
    char c = s.p[i];
    if (c == '!' || c == '?') return true;
    if (c != '.') return false;
    char next = i + 1 < s.n ? s.p[i + 1] : '\n';
    return !text_is_alnum(next); /* not within "3.5" or "e.g" */
}

static void split(Splitter *sp) {
    ScorerStr s = sp->s;
    bool line_start = true;
    for (size_t i = 0; i < s.n;) {
        if (line_start) {
            sp->form = line_form(sp, &i);
            line_start = false;
            continue;
        }
        unsigned char c = (unsigned char)s.p[i];
        if (c == '\n') {
            close_sentence(sp);
            line_start = true;
            i++;
        } else if (text_is_alnum((char)c)) {
            size_t begin = i;
            while (i < s.n && (text_is_alnum(s.p[i]) || (s.p[i] == '\'' && i + 1 < s.n && text_is_alnum(s.p[i + 1]))))
                i++;
            put_word(sp, begin, i);
        } else if (c < 0x80) {
            if (ends_sentence(s, i)) close_sentence(sp);
            i++;
        } else {
            size_t begin = i;
            uint32_t cp = text_next(s, &i);
            if (text_is_hangul(cp)) put_unit(sp, cp, begin, i);
        }
    }
    close_sentence(sp);
}

/* ---- matching ---- */

typedef struct Matcher {
    const TextPhrases *p;
    const TextUnit *units;
    size_t n, max_hits;
    uint32_t sentence;
} Matcher;

static bool alt_fits(const Matcher *m, const Alt *alt, size_t at) {
    if (alt->n > m->n - at) return false;
    for (uint32_t k = 0; k < alt->n; k++)
        if (m->units[at + k].unit != m->p->units[alt->first + k] || m->units[at + k].sentence != m->sentence)
            return false;
    return true;
}

/* Elements from `e` on fit at unit `at`; *end becomes the unit behind them. */
static bool fits(const Matcher *m, const Pattern *pat, uint32_t e, size_t at, size_t *end) {
    if (e == pat->n_elements) {
        *end = at;
        return !pat->at_end || at == m->n || m->units[at].sentence != m->sentence;
    }
    const Element *el = &m->p->elements[pat->first_element + e];
    if (el->gap) {
        for (size_t skip = 0; skip <= el->gap && at + skip <= m->n; skip++) {
            if (skip && m->units[at + skip - 1].sentence != m->sentence) return false;
            if (fits(m, pat, e + 1, at + skip, end)) return true;
        }
        return false;
    }
    for (uint32_t k = 0; k < el->n_alts; k++) {
        const Alt *alt = &m->p->alts[el->first_alt + k];
        if (alt_fits(m, alt, at) && fits(m, pat, e + 1, at + alt->n, end)) return true;
    }
    return el->optional && fits(m, pat, e + 1, at, end);
}

static void match_at(const Matcher *m, size_t at, TextHit *hits, size_t *n_hits) {
    uint32_t unit = m->units[at].unit;
    bool begins = at == 0 || m->units[at - 1].sentence != m->sentence;
    bool ends = at + 1 == m->n || m->units[at + 1].sentence != m->sentence;
    uint64_t next = ends ? 0 : unit_bit(m->units[at + 1].unit);
    for (uint32_t k = m->p->heads[unit & m->p->mask]; k; k = m->p->slots[k - 1].next) {
        const Slot *slot = &m->p->slots[k - 1];
        const Pattern *pat = &m->p->patterns[slot->pattern];
        size_t end;
        if (slot->unit != unit || (pat->at_begin && !begins)) continue;
        if (!(slot->behind & next) && slot->behind != ANY_UNIT) continue;
        if (!fits(m, pat, 0, at, &end)) continue;
        if (*n_hits == m->max_hits) return;
        hits[(*n_hits)++] = (TextHit){pat->phrase, {m->units[at].begin, m->units[end - 1].end}, m->sentence};
    }
}

bool text_phrases_read(const TextPhrases *p, const ScorerHost *host, ScorerStr s, TextReading *out, ScorerErr *err) {
    *out = (TextReading){.n_hits = 0};
    if (!text_fold(host, s, TEXT_LOWER, &out->fold, err)) return false;
    ScorerStr f = out->fold.s;
    size_t room =
        f.n / 2 + 2; /* a unit takes two bytes or more: a word and what parts it from the next, or a syllable */
    Splitter sp = {.s = f,
                   .units = host->alloc(host->ctx, room * sizeof(TextUnit)),
                   .sentences = host->alloc(host->ctx, room * sizeof(TextSentence))};
    if (!sp.units || !sp.sentences) return text_err(err, "no memory to read an answer of %zu bytes", s.n);
    split(&sp);
    size_t max_hits = sp.n_units * 2 + 8 < TEXT_HITS_MAX ? sp.n_units * 2 + 8 : TEXT_HITS_MAX;
    TextHit *hits = host->alloc(host->ctx, max_hits * sizeof *hits);
    if (!hits) return text_err(err, "no memory to read an answer of %zu bytes", s.n);
    Matcher m = {p, sp.units, sp.n_units, max_hits, 0};
    for (size_t i = 0; i < sp.n_units; i++) {
        m.sentence = sp.units[i].sentence;
        match_at(&m, i, hits, &out->n_hits);
    }
    out->units = sp.units;
    out->sentences = sp.sentences;
    out->n_sentences = sp.n_sentences;
    out->n_words = sp.n_units;
    out->hits = hits;
    return true;
}
