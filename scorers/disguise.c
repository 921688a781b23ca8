/* The six ways in which a protected text is looked for. */
#include "scorers/disguise.h"

#include <string.h>

typedef struct Pattern { /* letters to look for, and Knuth, Morris and Pratt's table */
    const uint32_t *cp;
    uint32_t *fail;
    size_t n;
} Pattern;

static bool pattern_open(const ScorerHost *host, const uint32_t *cp, size_t n, Pattern *out) {
    *out = (Pattern){cp, host->alloc(host->ctx, (n + 1) * sizeof(uint32_t)), n};
    if (!out->fail) return false;
    for (size_t i = 1, k = 0; i < n; i++) {
        while (k && cp[i] != cp[k]) k = out->fail[k - 1];
        if (cp[i] == cp[k]) k++;
        out->fail[i] = (uint32_t)k;
    }
    return true;
}

/* The next place where it ends at or after *at, with *matched letters before that right already; gives its begin, and
 * SIZE_MAX behind the last. Start with both 0. */
static size_t pattern_next(const Pattern *p, const DisguiseLetters *l, size_t *at, size_t *matched) {
    if (p->n == 0) return SIZE_MAX;
    for (size_t i = *at, k = *matched; i < l->n; i++) {
        while (k && (k == p->n || l->cp[i] != p->cp[k])) k = p->fail[k - 1];
        if (l->cp[i] == p->cp[k]) k++;
        if (k < p->n) continue;
        *at = i + 1;
        *matched = k;
        return i + 1 - p->n;
    }
    return SIZE_MAX;
}

static TextSpan span_of(const DisguiseLetters *l, size_t begin, size_t n) {
    uint32_t a = l->at[begin], b = l->at[begin + n];
    return (TextSpan){a, b > a ? b : a};
}

/* ---- the protected text, spelled in the ways that are looked for ---- */

typedef struct Secret {
    DisguiseLetters words; /* collapsed */
    uint32_t *squeezed;    /* without its gaps */
    unsigned char *gap;    /* [n_squeezed] 1: a gap stood before this letter */
    size_t n_squeezed;
    uint32_t *jamo; /* the same, syllables taken apart as one types them; NULL if it has none */
    unsigned char *jamo_gap;
    size_t n_jamo;
} Secret;

/* A syllable's jamo as the keys of a keyboard name them: two, or three. */
static size_t take_apart(uint32_t cp, uint32_t out[3]) {
    static const uint16_t lead[] = {0x3131, 0x3132, 0x3134, 0x3137, 0x3138, 0x3139, 0x3141, 0x3142, 0x3143, 0x3145,
                                    0x3146, 0x3147, 0x3148, 0x3149, 0x314A, 0x314B, 0x314C, 0x314D, 0x314E};
    static const uint16_t tail[] = {0,      0x3131, 0x3132, 0x3133, 0x3134, 0x3135, 0x3136, 0x3137, 0x3139, 0x313A,
                                    0x313B, 0x313C, 0x313D, 0x313E, 0x313F, 0x3140, 0x3141, 0x3142, 0x3144, 0x3145,
                                    0x3146, 0x3147, 0x3148, 0x314A, 0x314B, 0x314C, 0x314D, 0x314E};
    if (cp < 0xAC00 || cp > 0xD7A3) {
        out[0] = cp;
        return 1;
    }
    uint32_t index = cp - 0xAC00;
    out[0] = lead[index / 588];
    out[1] = 0x314F + index % 588 / 28;
    out[2] = tail[index % 28];
    return out[2] ? 3 : 2;
}

static bool secret_jamo(const ScorerHost *host, Secret *s) {
    uint32_t apart[3];
    bool any = false;
    for (size_t i = 0; i < s->n_squeezed; i++) any = any || take_apart(s->squeezed[i], apart) > 1;
    if (!any) return true;
    s->jamo = host->alloc(host->ctx, 3 * s->n_squeezed * sizeof *s->jamo);
    s->jamo_gap = host->alloc(host->ctx, 3 * s->n_squeezed);
    if (!s->jamo || !s->jamo_gap) return false;
    for (size_t i = 0; i < s->n_squeezed; i++) {
        size_t n = take_apart(s->squeezed[i], apart);
        s->jamo_gap[s->n_jamo] = s->gap[i];
        for (size_t k = 0; k < n; k++) s->jamo[s->n_jamo++] = apart[k];
    }
    return true;
}

static bool secret_open(const ScorerHost *host, ScorerStr text, size_t least, Secret *s, ScorerErr *err) {
    *s = (Secret){0};
    if (!disguise_fold(host, text, NULL, &s->words)) return text_err(err, "no memory to look for a protected text");
    disguise_collapse(&s->words);
    size_t n = s->words.n;
    s->squeezed = host->alloc(host->ctx, (n + 1) * sizeof *s->squeezed);
    s->gap = host->alloc(host->ctx, n + 1);
    if (!s->squeezed || !s->gap) return text_err(err, "no memory to look for a protected text");
    for (size_t i = 0; i < n; i++) {
        if (s->words.cp[i] == ' ') continue;
        s->gap[s->n_squeezed] = i > 0 && s->words.cp[i - 1] == ' ';
        s->squeezed[s->n_squeezed++] = s->words.cp[i];
    }
    if (s->n_squeezed < least || s->n_squeezed > DISGUISE_MAX)
        return text_err(err, "a text to look for has %zu letters and digits; it must have from %zu to %d",
                        s->n_squeezed, least, DISGUISE_MAX);
    return secret_jamo(host, s) ? true : text_err(err, "no memory to look for a protected text");
}

/* ---- (a), (c), (d): as a row of letters ---- */

/* The whole of the span stands in quotation marks. Spans come in order: *q goes on from the last. */
static bool is_quoted(const DisguiseText *t, TextSpan span, size_t *q) {
    while (*q < t->n_quotes && t->quotes[*q].end < span.end) ++*q;
    return *q < t->n_quotes && t->quotes[*q].begin <= span.begin && span.end <= t->quotes[*q].end;
}

/* Nothing but quotations: then they are what the answer says. */
static bool all_is_quoted(const DisguiseText *t) {
    size_t q = 0;
    for (size_t i = 0; i < t->folded.n; i++) {
        if (disguise_is_gap(t->folded.cp[i])) continue;
        if (!is_quoted(t, span_of(&t->folded, i, 1), &q)) return false;
    }
    return true;
}

/* (a): the first place outside quotation marks, else the first. */
static bool plainly(const ScorerHost *host, const DisguiseText *t, const uint32_t *cp, size_t n, DisguiseHit *out) {
    Pattern p;
    size_t at = 0, matched = 0, q = 0, begin;
    if (!pattern_open(host, cp, n, &p)) return false;
    while ((begin = pattern_next(&p, &t->letters, &at, &matched)) != SIZE_MAX) {
        TextSpan span = span_of(&t->letters, begin, n);
        bool quoted = is_quoted(t, span, &q);
        if (out->letter && quoted) continue;
        *out = (DisguiseHit){'a', "substring", span, quoted, true};
        if (!quoted) break;
    }
    if (out->letter && out->quoted && all_is_quoted(t)) out->quoted = false;
    return true;
}

static bool in_row(const ScorerHost *host, const DisguiseLetters *l, const uint32_t *cp, size_t n, char letter,
                   const char *rule, DisguiseHit *out) {
    Pattern p;
    size_t at = 0, matched = 0;
    if (out->letter) return true;
    if (!pattern_open(host, cp, n, &p)) return false;
    size_t begin = pattern_next(&p, l, &at, &matched);
    if (begin != SIZE_MAX) *out = (DisguiseHit){letter, rule, span_of(l, begin, n), false, false};
    return true;
}

static uint32_t rot13(uint32_t cp) {
    return cp >= 'a' && cp <= 'z' ? 'a' + (cp - 'a' + 13) % 26 : cp;
}

/* Looks for the words and for the squeezed letters, backwards (reverse) or turned by 13. */
static bool changed(const ScorerHost *host, const DisguiseText *t, const Secret *s, bool reverse, DisguiseHit *out) {
    const struct {
        const uint32_t *cp;
        size_t n;
    } forms[] = {{s->words.cp, s->words.n}, {s->squeezed, s->n_squeezed}};
    for (size_t f = 0; f < 2; f++) {
        size_t n = forms[f].n;
        uint32_t *cp = host->alloc(host->ctx, (n + 1) * sizeof *cp);
        if (!cp) return false;
        bool same = true;
        for (size_t i = 0; i < n; i++) {
            cp[i] = reverse ? forms[f].cp[n - 1 - i] : rot13(forms[f].cp[i]);
            same = same && cp[i] == forms[f].cp[i];
        }
        if (same) continue; /* a palindrome, or nothing to turn */
        if (!in_row(host, &t->letters, cp, n, reverse ? 'c' : 'd', reverse ? "reversed" : "rot13", out)) return false;
    }
    return true;
}

static bool encoded(const ScorerHost *host, const DisguiseText *t, const Secret *s, DisguiseHit *out) {
    for (size_t i = 0; i < 6; i++) {
        const char *rule = i < 4 ? "base64" : "hex";
        if (!in_row(host, &t->decoded[i], s->words.cp, s->words.n, 'd', rule, out) ||
            !in_row(host, &t->decoded[i], s->squeezed, s->n_squeezed, 'd', rule, out))
            return false;
    }
    return true;
}

/* ---- (b): one separator between the letters ---- */

enum { SEPARATOR_MAX = 4 }; /* characters; more than one must all be gaps */

/* Behind the text that begins at i and has the separator [sep, sep + n_sep) between its letters; 0: it doesn't stand
 * there. Between two words any gap does. */
static size_t spelled_end(const DisguiseLetters *l, size_t i, size_t sep, size_t n_sep, const uint32_t *cp,
                          const unsigned char *gap, size_t n) {
    for (size_t k = 0; k < n; k++) {
        if (k > 0) {
            bool same = i + n_sep <= l->n;
            for (size_t m = 0; same && m < n_sep; m++) same = l->cp[i + m] == l->cp[sep + m];
            if (same && i + n_sep < l->n && l->cp[i + n_sep] == cp[k]) {
                i += n_sep;
            } else if (gap[k]) {
                size_t stop = i + 2 * SEPARATOR_MAX;
                while (i < l->n && i < stop && disguise_is_gap(l->cp[i])) i++;
            } else {
                return 0;
            }
        }
        if (i >= l->n || l->cp[i] != cp[k]) return 0;
        i++;
    }
    return i;
}

static void spelled(const DisguiseText *t, const uint32_t *cp, const unsigned char *gap, size_t n, size_t least,
                    DisguiseHit *out) {
    const DisguiseLetters *l = &t->folded;
    if (n > DISGUISE_SPELLED) n = DISGUISE_SPELLED;
    for (size_t i = 0; i < l->n && !out->letter; i++) {
        if (l->cp[i] != cp[0]) continue;
        for (size_t n_sep = least; n_sep <= SEPARATOR_MAX && i + 1 + n_sep < l->n; n_sep++) {
            if (n_sep > 1 && !disguise_is_gap(l->cp[i + 1])) break;
            if (n_sep > 1 && !disguise_is_gap(l->cp[i + n_sep])) break;
            size_t end = spelled_end(l, i, i + 1, n_sep, cp, gap, n);
            if (!end) continue;
            *out = (DisguiseHit){'b', "spelled", span_of(l, i, end - i), false, false};
            break;
        }
    }
}

/* ---- all of them ---- */

static bool find_letters(const ScorerHost *host, const DisguiseText *t, const Secret *s, DisguiseHit *out) {
    if (!plainly(host, t, s->words.cp, s->words.n, out)) return false;
    if (!out->letter && !plainly(host, t, s->squeezed, s->n_squeezed, out)) return false;
    if (out->letter && !out->quoted) return true;
    DisguiseHit other = {0}; /* a text in quotation marks may stand there in disguise, too */
    spelled(t, s->squeezed, s->gap, s->n_squeezed, 1, &other);
    if (s->jamo) spelled(t, s->jamo, s->jamo_gap, s->n_jamo, 0, &other);
    if (!changed(host, t, s, true, &other) || !encoded(host, t, s, &other) || !changed(host, t, s, false, &other))
        return false;
    size_t n = s->n_squeezed < DISGUISE_SPELLED ? s->n_squeezed : DISGUISE_SPELLED;
    size_t n_jamo = s->n_jamo < DISGUISE_SPELLED ? s->n_jamo : DISGUISE_SPELLED;
    if (!in_row(host, &t->lines, s->squeezed, n, 'e', "lines", &other)) return false;
    if (s->jamo && !in_row(host, &t->lines, s->jamo, n_jamo, 'e', "lines", &other)) return false;
    other.plain = out->plain;
    if (other.letter) *out = other;
    return true;
}

bool disguise_find(const ScorerHost *host, const DisguiseText *t, ScorerStr secret, bool pieces, DisguiseHit *out,
                   ScorerErr *err) {
    Secret s;
    *out = (DisguiseHit){0};
    if (!secret_open(host, secret, DISGUISE_MIN, &s, err)) return false;
    bool ok = find_letters(host, t, &s, out);
    if (ok && pieces && (!out->letter || out->quoted)) {
        DisguiseHit f = {0};
        ok = disguise_pieces(host, t, &s.words, &f);
        f.plain = out->plain;
        if (f.letter) *out = f;
    }
    return ok ? true : text_err(err, "no memory to look for a protected text");
}

bool disguise_stands(const ScorerHost *host, const DisguiseText *t, ScorerStr phrase, bool *out, ScorerErr *err) {
    Secret s;
    Pattern p;
    size_t at = 0, matched = 0, begin;
    *out = false;
    if (!secret_open(host, phrase, 2, &s, err)) return false;
    if (!pattern_open(host, s.words.cp, s.words.n, &p)) return text_err(err, "no memory to look for a text");
    while (!*out && (begin = pattern_next(&p, &t->letters, &at, &matched)) != SIZE_MAX)
        *out = begin == 0 || t->letters.cp[begin - 1] == ' ';
    return true;
}
