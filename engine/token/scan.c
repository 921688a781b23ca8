#include "engine/token/scan.h"

#include <string.h>

Scan scan_open(Str json) {
    return (Scan){.p = json.p, .end = json.n ? json.p + json.n : json.p}; /* an empty file's text is NULL */
}

static bool fail(Scan *s) {
    s->bad = true;
    return false;
}

bool scan_text(Scan *s, ScanText *out) {
    if (!scan_take(s, '"')) return fail(s);
    const char *begin = s->p, *p = begin;
    bool escaped = false;
    while (p < s->end && *p != '"') {
        if (*p == '\\' && p + 1 < s->end) escaped = true, p++;
        p++;
    }
    if (p >= s->end) return fail(s);
    *out = (ScanText){{begin, (size_t)(p - begin)}, escaped};
    s->p = p + 1;
    s->n_texts++;
    return true;
}

/* To the end of a number, true, false or null. */
static void skip_word(Scan *s) {
    while (s->p < s->end && !scan_is_blank(*s->p) && !memchr(",]}:\"[{", *s->p, 7)) s->p++;
}

bool scan_value(Scan *s, Str *out) {
    ScanText text;
    size_t depth = 0;
    char c = scan_peek(s);
    const char *begin = s->p;
    do {
        c = scan_peek(s);
        if (c == '"') {
            if (!scan_text(s, &text)) return false;
        } else if (c == '{' || c == '[') {
            depth++, s->n_open++, s->p++;
        } else if (depth && (c == '}' || c == ']')) {
            depth--, s->p++;
        } else if (depth && (c == ',' || c == ':')) {
            s->p++;
        } else {
            const char *word = s->p;
            skip_word(s);
            if (s->p == word) return fail(s);
        }
    } while (depth);
    *out = (Str){begin, (size_t)(s->p - begin)};
    return true;
}

bool scan_item(Scan *s, char close, bool *first) {
    bool at_first = *first;
    *first = false;
    if (s->bad || scan_take(s, close)) return false;
    if (!at_first && (!scan_take(s, ',') || scan_peek(s) == close)) return fail(s);
    return true;
}

bool scan_key(Scan *s, ScanText *out) {
    return scan_text(s, out) && (scan_take(s, ':') || fail(s));
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits behind "\u" at i; UINT32_MAX if they are not there. */
static uint32_t hex4(Str raw, size_t i) {
    uint32_t v = 0;
    if (raw.n - i < 4) return UINT32_MAX;
    for (size_t k = i; k < i + 4; k++) {
        int d = hex_digit(raw.p[k]);
        if (d < 0) return UINT32_MAX;
        v = v << 4 | (uint32_t)d;
    }
    return v;
}

/* *i stands behind "\u"; moves behind the character. A lone surrogate is wrong. */
static uint32_t unicode_escape(Str raw, size_t *i) {
    uint32_t high = hex4(raw, *i), low;
    *i += 4;
    if (high == UINT32_MAX || (high >= 0xDC00 && high <= 0xDFFF)) return UINT32_MAX;
    if (high < 0xD800 || high > 0xDBFF) return high;
    if (raw.n - *i < 6 || raw.p[*i] != '\\' || raw.p[*i + 1] != 'u') return UINT32_MAX;
    low = hex4(raw, *i + 2);
    *i += 6;
    if (low < 0xDC00 || low > 0xDFFF) return UINT32_MAX;
    return 0x10000 + ((high - 0xD800) << 10 | (low - 0xDC00));
}

size_t scan_unescape(Str raw, char *out) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    size_t n = 0;
    for (size_t i = 0; i < raw.n;) {
        char c = raw.p[i++];
        if (c != '\\') {
            out[n++] = c;
            continue;
        }
        char name = i < raw.n ? raw.p[i++] : 0;
        const char *at = name ? strchr(from, name) : NULL;
        if (at) {
            out[n++] = to[at - from];
            continue;
        }
        uint32_t cp = name == 'u' ? unicode_escape(raw, &i) : UINT32_MAX;
        if (cp == UINT32_MAX) return SIZE_MAX;
        n += utf8_put(cp, out + n);
    }
    return n;
}

bool scan_uint(Str value, uint32_t max, uint32_t *out) {
    uint64_t v = 0;
    if (value.n == 0 || value.n > 10 || (value.n > 1 && value.p[0] == '0')) return false;
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] < '0' || value.p[i] > '9') return false;
        v = v * 10 + (uint64_t)(value.p[i] - '0');
    }
    if (v > max) return false;
    *out = (uint32_t)v;
    return true;
}
