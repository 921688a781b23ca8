#include "engine/base/json_nul.h"

#include <stdio.h>
#include <string.h>

/* Offset of the next \u0000 escape at or after `from`, or SIZE_MAX. Every other escape is stepped over, so that the
 * second backslash of "\\u0000" begins none. */
static size_t find_nul(Str text, size_t from) {
    for (size_t i = from; i < text.n; i++) {
        if (text.p[i] != '\\') continue;
        if (str_starts(str_sub(text, i + 1, text.n), STR("u0000"))) return i;
        i++;
    }
    return SIZE_MAX;
}

static bool occurs(Str text, uint32_t cp, NulMark *mark) {
    char escape[7];
    size_t n = utf8_put(cp, mark->utf8);
    mark->utf8[n] = '\0';
    if (str_find(text, (Str){mark->utf8, n}, 0) != SIZE_MAX) return true;
    snprintf(escape, sizeof escape, "\\u%04x", cp);
    return memmem(text.p, text.n, escape, 6) != NULL;
}

/* A noncharacter (U+FDD0..U+FDEF) that the document holds neither as it is nor escaped. Hexadecimal digits may be
 * upper or lower case in an escape; a lower-case copy of the document (made of `lower`) stands for both. 0: all are
 * used. */
static uint32_t unused_mark(Str lower, NulMark *mark) {
    for (size_t i = 0; i < lower.n; i++)
        if (lower.p[i] >= 'A' && lower.p[i] <= 'Z') ((char *)lower.p)[i] |= 0x20;
    for (uint32_t cp = 0xFDD0; cp <= 0xFDEF; cp++)
        if (!occurs(lower, cp, mark)) return cp;
    return 0;
}

/* ---- unpaired surrogates ---- */

/* The code unit of a \uXXXX escape at `at`, or -1. */
static int unit_at(Str text, size_t at) {
    int v = 0;
    if (at + 6 > text.n || text.p[at] != '\\' || text.p[at + 1] != 'u') return -1;
    for (size_t i = at + 2; i < at + 6; i++) {
        char c = text.p[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) return -1;
        v = v << 4 | digit;
    }
    return v;
}

/* Offset of the next escape of half a surrogate pair at or after `from`, or SIZE_MAX. */
static size_t find_half(Str text, size_t from) {
    for (size_t i = from; i < text.n; i++) {
        if (text.p[i] != '\\') continue;
        int unit = unit_at(text, i), next = unit_at(text, i + 6);
        bool high = unit >= 0xD800 && unit < 0xDC00, low = unit >= 0xDC00 && unit < 0xE000;
        if (low || (high && !(next >= 0xDC00 && next < 0xE000))) return i;
        i += high ? 11 : unit >= 0 ? 5 : 1;
    }
    return SIZE_MAX;
}

/* Each becomes U+FFFD, in an escape as long. */
static bool replace_halves(Str *text, Arena *a, Err *err) {
    size_t at = find_half(*text, 0);
    if (at == SIZE_MAX) return true;
    *text = str_dup(a, *text);
    if (!text->p) return err_nomem(err);
    for (; at != SIZE_MAX; at = find_half(*text, at + 6)) memcpy((char *)text->p + at, "\\uFFFD", 6);
    return true;
}

bool json_parse_nul(Str text, Arena *a, Json **out, NulMark *mark, Err *err) {
    char escape[7];
    *mark = (NulMark){""};
    *out = NULL;
    if (!replace_halves(&text, a, err)) return false;
    size_t at = find_nul(text, 0);
    if (at == SIZE_MAX) return json_parse(text, out, err);
    Str copy = str_dup(a, text), lower = str_dup(a, text);
    if (!copy.p || !lower.p) return err_nomem(err);
    uint32_t cp = unused_mark(lower, mark);
    if (!cp) {
        mark->utf8[0] = '\0';
        return err_set(err, ERR_INPUT,
                       "a text with the character NUL (\\u0000) uses all noncharacters U+FDD0 to U+FDEF too");
    }
    snprintf(escape, sizeof escape, "\\u%04X", cp);
    for (; at != SIZE_MAX; at = find_nul(text, at + 6)) memcpy((char *)copy.p + at, escape, 6);
    return json_parse(copy, out, err);
}

Str nul_restore(const NulMark *mark, Arena *a, Str s) {
    size_t n = strlen(mark->utf8), at, from = 0;
    if (n == 0 || !s.p) return s;
    char *out = arena_alloc(a, s.n + 1), *p = out;
    if (!out) return (Str){NULL, 0};
    while ((at = str_find(s, (Str){mark->utf8, n}, from)) != SIZE_MAX) {
        memcpy(p, s.p + from, at - from);
        p += at - from;
        *p++ = '\0';
        from = at + n;
    }
    memcpy(p, s.p + from, s.n - from);
    return (Str){out, (size_t)(p - out) + s.n - from};
}
