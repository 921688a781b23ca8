/* What chat answers are made of: boxes, fenced blocks, numbers. */
#include "scorers/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- \boxed ---- */

enum { GROUP_MAX = 4096 }; /* no answer's group is longer; keeps a text of nothing but "\boxed{" linear */

/* The position behind the closing brace of the group whose '{' stands at `open`; where it gave up if it never closes.
 */
static size_t group_end(ScorerStr s, size_t open, bool *closed) {
    size_t depth = 0, stop = s.n - open > GROUP_MAX ? open + GROUP_MAX : s.n;
    for (size_t i = open; i < stop; i++) {
        if (s.p[i] == '\\' && i + 1 < s.n) {
            i++; /* \{ and \} are signs, not groups */
        } else if (s.p[i] == '{') {
            depth++;
        } else if (s.p[i] == '}' && --depth == 0) {
            *closed = true;
            return i + 1;
        }
    }
    *closed = false;
    return stop;
}

/* The length of \boxed or \fbox at i, 0 if it is neither. */
static size_t box_word(ScorerStr s, size_t i) {
    size_t n = text_starts(s, i, "\\boxed") ? 6 : text_starts(s, i, "\\fbox") ? 5 : 0;
    return n && i + n < s.n && ((s.p[i + n] | 32) < 'a' || (s.p[i + n] | 32) > 'z') ? n : 0;
}

bool text_boxed(ScorerStr s, size_t *at, TextSpan *whole, TextSpan *inner) {
    for (size_t i = *at; i < s.n; i++) {
        if (s.p[i] != '\\') continue;
        size_t n = box_word(s, i);
        if (!n) continue;
        size_t k = i + n;
        while (k < s.n && (s.p[k] == ' ' || s.p[k] == '\n')) k++;
        if (k < s.n && s.p[k] == '{') {
            bool closed;
            size_t end = group_end(s, k, &closed);
            *whole = (TextSpan){i, end};
            *inner = (TextSpan){k + 1, closed ? end - 1 : end};
        } else {
            size_t end = k;
            while (end < s.n && text_is_digit(s.p[end])) end++;
            if (end == k && end < s.n) text_next(s, &end);
            *whole = (TextSpan){i, end};
            *inner = (TextSpan){k, end};
        }
        *at = whole->begin + n; /* a box may hold a box */
        return true;
    }
    *at = s.n;
    return false;
}

/* ---- fences ---- */

/* The count of fence characters that the line begins with (at most 3 blanks before them), 0 if fewer than three. */
static size_t fence_mark(ScorerStr s, TextSpan line, char *mark, size_t *behind) {
    size_t i = line.begin;
    while (i < line.end && (s.p[i] == ' ' || s.p[i] == '\t')) i++;
    if (i >= line.end || (s.p[i] != '`' && s.p[i] != '~')) return 0;
    size_t n = 0;
    *mark = s.p[i];
    while (i + n < line.end && s.p[i + n] == *mark) n++;
    *behind = i + n;
    return n >= 3 ? n : 0;
}

static ScorerStr first_word(ScorerStr s, size_t begin, size_t end) {
    while (begin < end && (s.p[begin] == ' ' || s.p[begin] == '{' || s.p[begin] == '.')) begin++;
    size_t stop = begin;
    while (stop < end && (text_is_alnum(s.p[stop]) || strchr("+#-_", s.p[stop]) != NULL) && s.p[stop]) stop++;
    return text_cut(s, begin, stop);
}

/* Reads on to the line that closes the fence. */
static void fence_body(ScorerStr s, size_t *at, char mark, size_t n_mark, TextFence *out) {
    TextSpan line;
    char m;
    size_t behind;
    while (text_line(s, at, &line)) {
        size_t n = fence_mark(s, line, &m, &behind);
        if (n < n_mark || m != mark || text_trim(text_cut(s, behind, line.end)).n > 0) continue;
        out->body.end = line.begin;
        out->whole.end = line.end;
        out->closed = true;
        return;
    }
    out->body.end = out->whole.end = s.n;
}

bool text_fence(ScorerStr s, size_t *at, TextFence *out) {
    TextSpan line;
    while (text_line(s, at, &line)) {
        char mark;
        size_t behind, n = fence_mark(s, line, &mark, &behind);
        if (!n || (mark == '`' && behind < line.end && memchr(s.p + behind, '`', line.end - behind))) continue;
        *out = (TextFence){.whole = {line.begin, s.n}, .body = {*at, s.n}};
        out->lang = first_word(s, behind, line.end);
        fence_body(s, at, mark, n, out);
        if (out->body.end < out->body.begin) out->body.end = out->body.begin;
        return true;
    }
    return false;
}

/* ---- numbers ---- */

/* The length of a thousands separator at i: "," "{,}" "\," "\!" ",\!" "\ " and the apostrophe-like thin space, else 0.
 */
static size_t thousands(ScorerStr s, size_t i) {
    static const char *const marks[] = {"{,}\\!", "{,}", ",\\!", "\\,", "\\!", "\\;", ",", "_"};
    for (size_t k = 0; k < sizeof marks / sizeof *marks; k++)
        if (text_starts(s, i, marks[k])) return strlen(marks[k]);
    return 0;
}

static bool three_digits(ScorerStr s, size_t i) {
    for (size_t k = 0; k < 3; k++)
        if (i + k >= s.n || !text_is_digit(s.p[i + k])) return false;
    return i + 3 >= s.n || !text_is_digit(s.p[i + 3]);
}

/* Digits and their thousands groups from i on. */
static size_t digits_end(ScorerStr s, size_t i) {
    size_t begin = i;
    while (i < s.n && text_is_digit(s.p[i])) i++;
    if (i - begin > 3) return i; /* "1234,567" is two numbers */
    for (size_t n; (n = thousands(s, i)) > 0 && three_digits(s, i + n);) i += n + 3;
    return i;
}

/* A number must not be the tail of a word or of another number. */
static bool glued_before(ScorerStr s, size_t i) {
    if (i == 0) return false;
    char c = s.p[i - 1];
    if (text_is_alnum(c) || c == '_') return true;
    return c == '.' && i >= 2 && text_is_digit(s.p[i - 2]);
}

static size_t sign_before(ScorerStr s, size_t i, bool *negative) {
    *negative = false;
    size_t k = i;
    if (k > 0 && s.p[k - 1] == '$') k--; /* "-$5" */
    if (k == 0 || (s.p[k - 1] != '-' && s.p[k - 1] != '+')) return i;
    /* "5-3" and "a-3" are differences, "(-3" and " -3" signs */
    size_t j = k - 1;
    if (j > 0 && (text_is_alnum(s.p[j - 1]) || s.p[j - 1] == ')' || s.p[j - 1] == '}')) return i;
    *negative = s.p[k - 1] == '-';
    return j;
}

static bool only_zeros(ScorerStr s, size_t begin, size_t end) {
    for (size_t i = begin; i < end; i++)
        if (s.p[i] != '0') return false;
    return true;
}

/* "\frac{73}{1}", "\dfrac12": the whole thing as one fraction. */
static bool tex_fraction(ScorerStr s, size_t i, size_t *end) {
    static const char *const names[] = {"\\frac", "\\dfrac", "\\tfrac", "\\cfrac"};
    for (size_t k = 0; k < 4; k++) {
        if (!text_starts(s, i, names[k])) continue;
        size_t at = i + strlen(names[k]);
        for (int part = 0; part < 2; part++) {
            bool closed = true;
            while (at < s.n && s.p[at] == ' ') at++;
            if (at < s.n && s.p[at] == '{')
                at = group_end(s, at, &closed);
            else if (at < s.n)
                at++;
        }
        *end = at;
        return true;
    }
    return false;
}

static double parse_value(ScorerStr s, TextSpan span) {
    char buf[128];
    size_t n = 0;
    for (size_t i = span.begin; i < span.end && n < sizeof buf - 1; i++)
        if (text_is_digit(s.p[i]) || s.p[i] == '.' || s.p[i] == '-' || s.p[i] == 'e' || s.p[i] == 'E')
            buf[n++] = s.p[i];
    buf[n] = 0;
    return strtod(buf, NULL);
}

/* Reads the number whose first digit (or point) stands at i. */
static void read_number(ScorerStr s, size_t i, TextNumber *out) {
    *out = (TextNumber){.integer = true};
    out->span.begin = sign_before(s, i, &out->negative);
    size_t end = digits_end(s, i);
    if (end + 1 < s.n && s.p[end] == '.' && text_is_digit(s.p[end + 1])) {
        size_t point = end++;
        while (end < s.n && text_is_digit(s.p[end])) end++;
        out->integer = only_zeros(s, point + 1, end);
    }
    size_t bar = end;
    while (bar < s.n && s.p[bar] == ' ') bar++;
    if (bar < s.n && s.p[bar] == '/') {
        size_t den = bar + 1;
        while (den < s.n && s.p[den] == ' ') den++;
        if (den < s.n && text_is_digit(s.p[den])) {
            end = digits_end(s, den);
            out->fraction = true;
            out->integer = false;
        }
    }
    out->span.end = end;
    out->value = out->fraction ? NAN : parse_value(s, (TextSpan){i, end}) * (out->negative ? -1 : 1);
}

bool text_number(ScorerStr s, size_t *at, TextNumber *out) {
    for (size_t i = *at; i < s.n; i++) {
        size_t end;
        if (s.p[i] == '\\' && tex_fraction(s, i, &end)) {
            *out = (TextNumber){.span = {i, end}, .fraction = true, .value = NAN};
            *at = end;
            return true;
        }
        bool point =
            s.p[i] == '.' && i + 1 < s.n && text_is_digit(s.p[i + 1]) && (i == 0 || !text_is_alnum(s.p[i - 1]));
        if (!text_is_digit(s.p[i]) && !point) continue;
        if (glued_before(s, i)) {
            while (i + 1 < s.n && text_is_alnum(s.p[i + 1])) i++;
            continue;
        }
        read_number(s, i, out);
        *at = out->span.end;
        return true;
    }
    *at = s.n;
    return false;
}

/* The canonical digits are written into out, at most as many bytes as the span and three. */
static size_t canonical_into(ScorerStr s, const TextNumber *n, char *out) {
    size_t len = 0, i = n->span.begin, stop = n->span.end;
    bool seen = false, point = false;
    out[len++] = '-';
    for (; i < stop; i++) {
        char c = s.p[i];
        if (c == '.') {
            if (!seen) out[len++] = '0';
            seen = point = true;
            out[len++] = '.';
        } else if (text_is_digit(c) && (seen || c != '0')) {
            seen = true;
            out[len++] = c;
        }
    }
    if (!seen) out[len++] = '0';
    while (point && (out[len - 1] == '0' || out[len - 1] == '.'))
        if (out[--len] == '.') break;
    return len;
}

ScorerStr text_number_canonical(const ScorerHost *host, ScorerStr s, const TextNumber *n) {
    if (n->fraction) return (ScorerStr){NULL, 0};
    char *p = host->alloc(host->ctx, n->span.end - n->span.begin + 4);
    if (!p) return (ScorerStr){NULL, 0};
    size_t len = canonical_into(s, n, p);
    bool zero = len == 2 && p[1] == '0';
    return n->negative && !zero ? (ScorerStr){p, len} : (ScorerStr){p + 1, len - 1};
}
