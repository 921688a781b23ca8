/* A strict JSON reader in place: RFC 8259, no tree, no extensions. Just enough for lists of tests in a sample's field.
 */
#include "scorers/text.h"

#include <string.h>

TextJson text_json(ScorerStr s) {
    return (TextJson){.s = s, .at = 0, .bad = s.p == NULL};
}

static bool bad(TextJson *j) {
    j->bad = true;
    return false;
}

static int peek(TextJson *j) {
    while (j->at < j->s.n && strchr(" \t\r\n", j->s.p[j->at]) && j->s.p[j->at]) j->at++;
    return !j->bad && j->at < j->s.n ? (unsigned char)j->s.p[j->at] : -1;
}

static bool eat(TextJson *j, char c) {
    if (peek(j) != c) return bad(j);
    j->at++;
    return true;
}

bool text_json_array(TextJson *j) {
    return eat(j, '[');
}

bool text_json_object(TextJson *j) {
    return eat(j, '{');
}

/* Before element or key number 2 and on stands a comma, before the first none. */
static bool next_member(TextJson *j, bool first, char close) {
    if (peek(j) == close) {
        j->at++;
        return false;
    }
    return j->bad || first ? !j->bad : eat(j, ',');
}

bool text_json_item(TextJson *j, bool first) {
    return next_member(j, first, ']');
}

/* Passes over a string, giving its raw content. */
static bool raw_string(TextJson *j, ScorerStr *raw) {
    if (!eat(j, '"')) return false;
    size_t begin = j->at;
    for (; j->at < j->s.n; j->at++) {
        unsigned char c = (unsigned char)j->s.p[j->at];
        if (c == '"') {
            *raw = text_cut(j->s, begin, j->at++);
            return true;
        }
        if (c < 0x20) return bad(j);
        if (c == '\\') j->at++;
    }
    return bad(j);
}

bool text_json_key(TextJson *j, bool first, ScorerStr *key) {
    return next_member(j, first, '}') && raw_string(j, key) && eat(j, ':');
}

static int hex4(ScorerStr s, size_t i) {
    int v = 0;
    for (size_t k = 0; k < 4; k++) {
        if (i + k >= s.n) return -1;
        char c = s.p[i + k];
        int d = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
        if (d < 0) return -1;
        v = v * 16 + d;
    }
    return v;
}

/* Decodes \uXXXX at i (behind the 'u'), a pair of surrogates as one character. A lone surrogate is U+FFFD. */
static bool unicode_escape(ScorerStr s, size_t *i, char *out, size_t *n) {
    int hi = hex4(s, *i);
    if (hi < 0) return false;
    *i += 4;
    uint32_t cp = (uint32_t)hi;
    if (hi >= 0xD800 && hi < 0xDC00 && text_starts(s, *i, "\\u")) {
        int lo = hex4(s, *i + 2);
        if (lo >= 0xDC00 && lo < 0xE000) {
            cp = 0x10000u + (((uint32_t)hi - 0xD800u) << 10) + ((uint32_t)lo - 0xDC00u);
            *i += 6;
        }
    }
    *n += text_put(cp, out + *n);
    return true;
}

static bool unescape(ScorerStr raw, char *out, size_t *n) {
    for (size_t i = 0; i < raw.n;) {
        char c = raw.p[i++];
        if (c != '\\') {
            out[(*n)++] = c;
            continue;
        }
        if (i >= raw.n) return false;
        c = raw.p[i++];
        static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
        const char *hit = c ? strchr(from, c) : NULL;
        if (hit)
            out[(*n)++] = to[hit - from];
        else if (c != 'u' || !unicode_escape(raw, &i, out, n))
            return false;
    }
    return true;
}

bool text_json_string(TextJson *j, const ScorerHost *host, ScorerStr *out) {
    ScorerStr raw;
    if (!raw_string(j, &raw)) return false;
    if (!memchr(raw.p, '\\', raw.n)) {
        *out = raw;
        return true;
    }
    char *p = host->alloc(host->ctx, raw.n + 1); /* an escape is never shorter than what it stands for */
    size_t n = 0;
    if (!p || !unescape(raw, p, &n)) return bad(j);
    *out = (ScorerStr){p, n};
    return true;
}

static bool skip_word(TextJson *j, const char *word) {
    if (!text_starts(j->s, j->at, word)) return bad(j);
    j->at += strlen(word);
    return true;
}

static size_t skip_digits(TextJson *j) {
    size_t begin = j->at;
    while (j->at < j->s.n && text_is_digit(j->s.p[j->at])) j->at++;
    return j->at - begin;
}

static bool next_is(TextJson *j, const char *set) {
    return j->at < j->s.n && j->s.p[j->at] && strchr(set, j->s.p[j->at]);
}

static bool skip_number(TextJson *j) {
    if (next_is(j, "-")) j->at++;
    bool zero = next_is(j, "0");
    size_t n = skip_digits(j);
    if (n == 0 || (zero && n > 1)) return bad(j);
    if (next_is(j, ".")) {
        j->at++;
        if (!skip_digits(j)) return bad(j);
    }
    if (next_is(j, "eE")) {
        j->at++;
        if (next_is(j, "+-")) j->at++;
        if (!skip_digits(j)) return bad(j);
    }
    return true;
}

static bool skip_value(TextJson *j, int depth) {
    ScorerStr ignored;
    if (depth > 64) return bad(j);
    switch (peek(j)) {
    case '"':
        return raw_string(j, &ignored);
    case '{':
        j->at++;
        for (bool first = true; text_json_key(j, first, &ignored); first = false)
            if (!skip_value(j, depth + 1)) return false;
        return !j->bad;
    case '[':
        j->at++;
        for (bool first = true; text_json_item(j, first); first = false)
            if (!skip_value(j, depth + 1)) return false;
        return !j->bad;
    case 't':
        return skip_word(j, "true");
    case 'f':
        return skip_word(j, "false");
    case 'n':
        return skip_word(j, "null");
    default:
        return skip_number(j);
    }
}

bool text_json_skip(TextJson *j) {
    return skip_value(j, 0);
}

bool text_json_end(TextJson *j) {
    return peek(j) == -1 && !j->bad && j->at >= j->s.n;
}
