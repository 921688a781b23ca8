/* The built-in checkers for a program's output. A pass of `tokens` means equal tokens, however they are laid out. */
#include "scorers/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool next_token(ScorerStr s, size_t *at, ScorerStr *token) {
    while (*at < s.n && blank(s.p[*at])) ++*at;
    size_t begin = *at;
    while (*at < s.n && !blank(s.p[*at])) ++*at;
    *token = text_cut(s, begin, *at);
    return *at > begin;
}

/* A decimal number and nothing else: no nan, no inf, no hexadecimal. */
static bool decimal(ScorerStr t, double *out) {
    char buf[400];
    size_t i = 0, digits = 0;
    if (t.n == 0 || t.n >= sizeof buf) return false;
    if (t.p[i] == '+' || t.p[i] == '-') i++;
    for (bool point = false; i < t.n && (text_is_digit(t.p[i]) || (t.p[i] == '.' && !point)); i++) {
        point = point || t.p[i] == '.';
        digits += text_is_digit(t.p[i]);
    }
    if (digits == 0) return false;
    if (i < t.n && (t.p[i] == 'e' || t.p[i] == 'E')) {
        size_t k = i + 1 + (i + 1 < t.n && (t.p[i + 1] == '+' || t.p[i + 1] == '-'));
        if (k >= t.n) return false;
        for (i = k; i < t.n && text_is_digit(t.p[i]);) i++;
    }
    if (i != t.n) return false;
    memcpy(buf, t.p, t.n);
    buf[t.n] = 0;
    *out = strtod(buf, NULL);
    return true;
}

static bool token_equal(TextChecker checker, double tolerance, ScorerStr want, ScorerStr got) {
    double a, b;
    if (checker == TEXT_CHECK_TOKENS_NOCASE) return text_eq_nocase(want, got);
    if (checker == TEXT_CHECK_FLOAT && decimal(want, &a) && decimal(got, &b)) {
        if (!isfinite(a) || !isfinite(b)) return text_eq(want, got); /* 1e999: as text */
        return fabs(a - b) <= tolerance * fmax(1, fabs(a));
    }
    return text_eq(want, got);
}

/* 0 if all tokens agree, else the number of the first that does not. */
static size_t tokens_differ(TextChecker checker, double tolerance, ScorerStr want, ScorerStr got) {
    size_t i = 0, j = 0;
    for (size_t k = 1;; k++) {
        ScorerStr a, b;
        bool more_a = next_token(want, &i, &a), more_b = next_token(got, &j, &b);
        if (!more_a && !more_b) return 0;
        if (more_a != more_b || !token_equal(checker, tolerance, a, b)) return k;
    }
}

/* The next line without trailing blanks; lines of nothing at the end of the text don't count. */
static bool next_line(ScorerStr s, size_t *at, ScorerStr *line) {
    TextSpan span;
    if (!text_line(s, at, &span)) return false;
    while (span.end > span.begin && blank(s.p[span.end - 1])) span.end--;
    *line = text_cut(s, span.begin, span.end);
    return true;
}

static ScorerStr without_tail(ScorerStr s) {
    while (s.n && blank(s.p[s.n - 1])) s.n--;
    return s;
}

static size_t lines_differ(ScorerStr want, ScorerStr got) {
    size_t i = 0, j = 0;
    want = without_tail(want);
    got = without_tail(got);
    for (size_t k = 1;; k++) {
        ScorerStr a, b;
        bool more_a = next_line(want, &i, &a), more_b = next_line(got, &j, &b);
        if (!more_a && !more_b) return 0;
        if (more_a != more_b || !text_eq(a, b)) return k;
    }
}

static size_t bytes_differ(ScorerStr want, ScorerStr got) {
    if (text_eq(want, got)) return 0;
    size_t i = 0, line = 1;
    for (; i < want.n && i < got.n && want.p[i] == got.p[i]; i++) line += want.p[i] == '\n';
    return line;
}

static int by_bytes(const void *a, const void *b) {
    const ScorerStr *x = a, *y = b;
    size_t n = x->n < y->n ? x->n : y->n;
    int c = n ? memcmp(x->p, y->p, n) : 0;
    return c ? c : (x->n > y->n) - (x->n < y->n);
}

static ScorerStr *sorted_lines(const ScorerHost *host, ScorerStr s, size_t *n) {
    size_t cap = 1;
    s = without_tail(s);
    for (size_t i = 0; i < s.n; i++) cap += s.p[i] == '\n';
    ScorerStr *lines = cap > SIZE_MAX / sizeof *lines ? NULL : host->alloc(host->ctx, cap * sizeof *lines);
    if (!lines) return NULL;
    *n = 0;
    for (size_t at = 0; *n < cap && next_line(s, &at, &lines[*n]);) ++*n;
    qsort(lines, *n, sizeof *lines, by_bytes);
    return lines;
}

static bool unordered_differ(const ScorerHost *host, ScorerStr want, ScorerStr got, size_t *where) {
    size_t n_want, n_got, i = 0;
    ScorerStr *a = sorted_lines(host, want, &n_want), *b = sorted_lines(host, got, &n_got);
    if (!a || !b) return false;
    while (i < n_want && i < n_got && text_eq(a[i], b[i])) i++;
    *where = i == n_want && i == n_got ? 0 : i + 1;
    return true;
}

bool text_check(const ScorerHost *host, TextChecker checker, double tolerance, ScorerStr expected, ScorerStr actual,
                TextMatch *match, size_t *where) {
    *where = 0;
    switch (checker) {
    case TEXT_CHECK_EXACT:
        *where = bytes_differ(expected, actual);
        break;
    case TEXT_CHECK_LINES:
        *where = lines_differ(expected, actual);
        break;
    case TEXT_CHECK_UNORDERED_LINES:
        if (!unordered_differ(host, expected, actual, where)) return false;
        break;
    default:
        *where = tokens_differ(checker, tolerance, expected, actual);
        break;
    }
    bool layout = *where && (checker == TEXT_CHECK_EXACT || checker == TEXT_CHECK_LINES) &&
                  tokens_differ(TEXT_CHECK_TOKENS, 0, expected, actual) == 0;
    *match = *where == 0 ? TEXT_MATCH_RIGHT : layout ? TEXT_MATCH_LAYOUT : TEXT_MATCH_WRONG;
    return true;
}
