/* The pre-tokeniser pattern of o200k, matched by hand (specs/harmony.md section 1):
 *
 *   1  [^\r\n\p{L}\p{N}]?[U]*[L]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?     U = \p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}
 *   2  [^\r\n\p{L}\p{N}]?[U]+[L]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?     L = \p{Ll}\p{Lm}\p{Lo}\p{M}
 *   3  \p{N}{1,3}
 *   4   ?[^\s\p{L}\p{N}]+[\r\n/]*
 *   5  \s*[\r\n]+
 *   6  \s+(?!\S)
 *   7  \s+
 *
 * A regex engine backtracks; here each alternative is written as the match that backtracking would find. A piece ends
 * early, before the run that was read, only behind the last character of the run that is in both U and L, so no run is
 * read more than three times and the whole text takes linear time. */
#include "engine/token/token_internal.h"

typedef struct Text {
    const uint8_t *classes;
    const unsigned char *p;
    size_t n;
} Text;

/* Class of the character at `at`, and the offset behind it. The text is valid UTF-8: no checks beyond its end. */
static inline CharClass class_at(const Text *t, size_t at, size_t *next) {
    if (at >= t->n) return *next = at, UC_END;
    const unsigned char *p = t->p + at;
    if (p[0] < 0x80) return *next = at + 1, (CharClass)t->classes[p[0]];
    if (p[0] < 0xE0) return *next = at + 2, (CharClass)t->classes[(p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu)];
    uint32_t cp;
    if (p[0] < 0xF0) {
        cp = (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
        *next = at + 3;
    } else {
        cp = (p[0] & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
        *next = at + 4;
    }
    return (CharClass)t->classes[cp];
}

static inline bool in_upper(CharClass c) {
    return c == UC_UPPER || c == UC_BOTH || c == UC_MARK;
}
static inline bool in_lower(CharClass c) {
    return c == UC_LOWER || c == UC_BOTH || c == UC_MARK;
}
static inline bool is_letter(CharClass c) {
    return c == UC_UPPER || c == UC_LOWER || c == UC_BOTH;
}
static inline bool is_space(CharClass c) {
    return c == UC_SPACE || c == UC_NEWLINE;
}
/* [^\s\p{L}\p{N}] */
static inline bool is_symbol(CharClass c) {
    return c == UC_OTHER || c == UC_MARK;
}
/* [^\r\n\p{L}\p{N}] */
static inline bool is_prefix(CharClass c) {
    return c == UC_OTHER || c == UC_MARK || c == UC_SPACE;
}

/* [U]*[L]+ at `at`; returns `at` if it does not match. When nothing of L follows the run of U, the run gives back
 * characters from its end until one of them is in L: the match then ends behind that one. */
static size_t match_lower_word(const Text *t, size_t at) {
    size_t i = at, next, both_end = at;
    CharClass c;
    while (in_upper(c = class_at(t, i, &next))) {
        i = next;
        if (c != UC_UPPER) both_end = i;
    }
    if (c != UC_LOWER) return both_end;
    while (in_lower(class_at(t, i, &next))) i = next;
    return i;
}

/* [U]+[L]* at `at`, where [U]*[L]+ has failed: then no character of L follows, and the run of U is all. */
static size_t match_upper_word(const Text *t, size_t at) {
    size_t next;
    while (in_upper(class_at(t, at, &next))) at = next;
    return at;
}

/* (?i:'s|'t|'re|'ve|'m|'ll|'d)? With Unicode case folding U+017F is an s too. */
static size_t match_contraction(const Text *t, size_t at) {
    if (t->n - at < 2 || t->p[at] != '\'') return at;
    unsigned char a = t->p[at + 1] | 0x20;
    unsigned char b = t->n - at > 2 ? t->p[at + 2] | 0x20 : 0;
    if (t->p[at + 1] == 0xC5) return t->n - at > 2 && t->p[at + 2] == 0xBF ? at + 3 : at;
    if (t->p[at + 1] >= 0x80) return at;
    if (a == 's' || a == 't' || a == 'm' || a == 'd') return at + 2;
    if (t->n - at < 3 || t->p[at + 2] >= 0x80) return at;
    return ((a == 'r' || a == 'v') && b == 'e') || (a == 'l' && b == 'l') ? at + 3 : at;
}

/* Alternatives 1 and 2, each first with the optional character and then without; returns `at` if neither matches. */
static size_t match_word(const Text *t, size_t at, CharClass first, size_t after) {
    bool prefix = is_prefix(first), bare = is_letter(first) || first == UC_MARK;
    size_t end;
    if (prefix && (end = match_lower_word(t, after)) > after) return match_contraction(t, end);
    if (bare && (end = match_lower_word(t, at)) > at) return match_contraction(t, end);
    if (prefix && (end = match_upper_word(t, after)) > after) return match_contraction(t, end);
    if (bare && (end = match_upper_word(t, at)) > at) return match_contraction(t, end);
    return at;
}

static size_t match_digits(const Text *t, size_t at) {
    size_t next;
    for (int i = 0; i < 3 && class_at(t, at, &next) == UC_NUMBER; i++) at = next;
    return at;
}

static size_t match_symbols(const Text *t, size_t at) {
    size_t i = t->p[at] == ' ' ? at + 1 : at, begin = i, next;
    while (is_symbol(class_at(t, i, &next))) i = next;
    if (i == begin) return at;
    while (i < t->n && (t->p[i] == '\r' || t->p[i] == '\n' || t->p[i] == '/')) i++;
    return i;
}

/* Alternatives 5 to 7: up to the last newline of the run; else the run without its last character, which stays for the
 * word behind it; else all of it. */
static size_t match_spaces(const Text *t, size_t at) {
    size_t i = at, next, newline_end = 0, last = at;
    CharClass c;
    while (is_space(c = class_at(t, i, &next))) {
        last = i;
        i = next;
        if (c == UC_NEWLINE) newline_end = i;
    }
    if (newline_end) return newline_end;
    return c == UC_END || last == at ? i : last;
}

size_t pretoken_end(const uint8_t *classes, Str s, size_t at) {
    Text t = {classes, (const unsigned char *)s.p, s.n};
    size_t after, end;
    CharClass first = class_at(&t, at, &after);
    if (first == UC_NUMBER) return match_digits(&t, at);
    if ((end = match_word(&t, at, first, after)) > at) return end;
    if ((end = match_symbols(&t, at)) > at) return end;
    return match_spaces(&t, at);
}
