#include "scorers/text.h"

#include <string.h>

/* ---- bytes ---- */

ScorerStr text_from(const char *cstr) {
    return cstr ? (ScorerStr){cstr, strlen(cstr)} : (ScorerStr){NULL, 0};
}

ScorerStr text_cut(ScorerStr s, size_t begin, size_t end) {
    if (end > s.n) end = s.n;
    if (begin > end) begin = end;
    return s.p ? (ScorerStr){s.p + begin, end - begin} : s;
}

/* The white space character that ends at `end`, looking back at most 3 bytes. */
static size_t space_before(ScorerStr s, size_t begin, size_t end) {
    for (size_t back = 1; back <= 3 && begin + back <= end; back++) {
        size_t i = end - back;
        if (((unsigned char)s.p[i] & 0xC0) == 0x80) continue;
        size_t j = i;
        ScorerStr head = {s.p, end};
        uint32_t cp = text_next(head, &j);
        return j == end && text_is_space(cp) ? back : 0;
    }
    return 0;
}

TextSpan text_trim_span(ScorerStr s, TextSpan span) {
    if (span.end > s.n) span.end = s.n;
    if (span.begin > span.end) span.begin = span.end;
    while (span.begin < span.end) {
        size_t i = span.begin;
        ScorerStr head = {s.p, span.end};
        if (!text_is_space(text_next(head, &i))) break;
        span.begin = i;
    }
    for (size_t back; span.end > span.begin && (back = space_before(s, span.begin, span.end)) > 0;) span.end -= back;
    return span;
}

ScorerStr text_trim(ScorerStr s) {
    TextSpan t = text_trim_span(s, (TextSpan){0, s.n});
    return text_cut(s, t.begin, t.end);
}

bool text_eq(ScorerStr a, ScorerStr b) {
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool text_eq_nocase(ScorerStr a, ScorerStr b) {
    if (a.n != b.n) return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i])) return false;
    return true;
}

bool text_starts(ScorerStr s, size_t at, const char *prefix) {
    size_t n = strlen(prefix);
    return at <= s.n && n <= s.n - at && (n == 0 || memcmp(s.p + at, prefix, n) == 0);
}

size_t text_find(ScorerStr s, ScorerStr needle, size_t from) {
    if (from > s.n || needle.n > s.n - from) return TEXT_NONE;
    if (needle.n == 0) return from;
    const char *hit = memmem(s.p + from, s.n - from, needle.p, needle.n);
    return hit ? (size_t)(hit - s.p) : TEXT_NONE;
}

size_t text_rfind(ScorerStr s, ScorerStr needle, size_t before) {
    if (before > s.n) before = s.n;
    if (needle.n > before) return TEXT_NONE;
    for (size_t i = before - needle.n + 1; i-- > 0;)
        if (needle.n == 0 || memcmp(s.p + i, needle.p, needle.n) == 0) return i;
    return TEXT_NONE;
}

size_t text_find_nocase(ScorerStr s, const char *needle, size_t from) {
    size_t n = strlen(needle);
    if (n == 0) return from <= s.n ? from : TEXT_NONE;
    for (size_t i = from; i < s.n && n <= s.n - i; i++) {
        size_t k = 0;
        while (k < n && lower(s.p[i + k]) == needle[k]) k++;
        if (k == n) return i;
    }
    return TEXT_NONE;
}

bool text_line(ScorerStr s, size_t *at, TextSpan *line) {
    if (*at >= s.n) return false;
    const char *nl = memchr(s.p + *at, '\n', s.n - *at);
    size_t end = nl ? (size_t)(nl - s.p) : s.n;
    *line = (TextSpan){*at, end > *at && s.p[end - 1] == '\r' ? end - 1 : end};
    *at = nl ? end + 1 : s.n;
    return true;
}

TextSpan text_last_line(ScorerStr s) {
    TextSpan body = text_trim_span(s, (TextSpan){0, s.n});
    size_t nl = text_rfind(text_cut(s, 0, body.end), TEXT("\n"), body.end);
    if (nl != TEXT_NONE && nl >= body.begin) body.begin = nl + 1;
    return text_trim_span(s, body);
}

/* ---- characters ---- */

static bool cont(ScorerStr s, size_t i) {
    return i < s.n && ((unsigned char)s.p[i] & 0xC0) == 0x80;
}

uint32_t text_next(ScorerStr s, size_t *i) {
    size_t k = *i;
    uint32_t c = (unsigned char)s.p[k];
    *i = k + 1;
    if (c < 0x80) return c;
    unsigned n = c >= 0xF0 && c < 0xF5 ? 3 : c >= 0xE0 && c < 0xF0 ? 2 : c >= 0xC2 && c < 0xE0 ? 1 : 0;
    if (n == 0) return 0xFFFD;
    uint32_t cp = c & (0x3Fu >> n);
    for (unsigned j = 1; j <= n; j++) {
        if (!cont(s, k + j)) return 0xFFFD;
        cp = cp << 6 | ((unsigned char)s.p[k + j] & 0x3F);
    }
    static const uint32_t least[4] = {0, 0x80, 0x800, 0x10000};
    if (cp < least[n] || cp > 0x10FFFF || (cp >= 0xD800 && cp < 0xE000)) return 0xFFFD;
    *i = k + 1 + n;
    return cp;
}

size_t text_put(uint32_t cp, char out[4]) {
    if (cp > 0x10FFFF || (cp >= 0xD800 && cp < 0xE000)) cp = 0xFFFD;
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    size_t n = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    static const unsigned char mark[5] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n; i-- > 1; cp >>= 6) out[i] = (char)(0x80 | (cp & 0x3F));
    out[0] = (char)(mark[n] | cp);
    return n;
}

bool text_is_space(uint32_t cp) {
    return (cp >= 9 && cp <= 13) || cp == ' ' || cp == 0x85 || cp == 0xA0 || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 || cp == 0x2029 || cp == 0x202F || cp == 0x205F ||
           cp == 0x3000;
}

bool text_is_invisible(uint32_t cp) {
    return cp == 0xAD || cp == 0x34F || cp == 0x61C || cp == 0x115F || cp == 0x1160 || cp == 0x17B4 || cp == 0x17B5 ||
           (cp >= 0x180B && cp <= 0x180F) || (cp >= 0x200B && cp <= 0x200F) || (cp >= 0x202A && cp <= 0x202E) ||
           (cp >= 0x2060 && cp <= 0x206F) || cp == 0x3164 || (cp >= 0xFE00 && cp <= 0xFE0F) || cp == 0xFEFF ||
           cp == 0xFFA0 || (cp >= 0xE0000 && cp <= 0xE0FFF);
}

bool text_is_hangul(uint32_t cp) {
    return (cp >= 0xAC00 && cp <= 0xD7A3) || (cp >= 0x1100 && cp <= 0x11FF) || (cp >= 0x3131 && cp <= 0x318E);
}

bool text_is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool text_is_alnum(char c) {
    return text_is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

size_t text_count_chars(ScorerStr s) {
    size_t n = 0;
    for (size_t i = 0; i < s.n; n++) text_next(s, &i);
    return n;
}

/* ---- folding ---- */

/* Typographic variants to the ASCII character that a rule would look for; others unchanged. */
static uint32_t plain(uint32_t cp) {
    if (cp < 0x80) return cp == 0 ? 0xFFFD : cp;
    if (cp >= 0xFF01 && cp <= 0xFF5E) return cp - 0xFEE0; /* fullwidth */
    if (cp != 0x85 && cp != 0x2028 && cp != 0x2029 && text_is_space(cp)) return ' ';
    switch (cp) {
    case 0x85:
    case 0x2028:
    case 0x2029:
        return '\n';
    case 0x2018:
    case 0x2019:
    case 0x201A:
    case 0x201B:
    case 0x2032:
    case 0x02BC:
        return '\'';
    case 0x201C:
    case 0x201D:
    case 0x201E:
    case 0x2033:
        return '"';
    case 0x2010:
    case 0x2011:
    case 0x2012:
    case 0x2013:
    case 0x2014:
    case 0x2015:
    case 0x2212:
        return '-';
    case 0x2044:
    case 0x2215:
        return '/';
    case 0x3002:
        return '.';
    default:
        return cp;
    }
}

/* A syllable in the making: UAX 15, section on Hangul composition. */
enum { L_BASE = 0x1100, V_BASE = 0x1161, T_BASE = 0x11A7, S_BASE = 0xAC00, L_N = 19, V_N = 21, T_N = 28 };

/* Joins cp to the character before it; 0 if they do not join. */
static uint32_t compose(uint32_t before, uint32_t cp) {
    if (before >= L_BASE && before < L_BASE + L_N && cp >= V_BASE && cp < V_BASE + V_N)
        return S_BASE + ((before - L_BASE) * V_N + (cp - V_BASE)) * T_N;
    if (before >= S_BASE && before <= 0xD7A3 && (before - S_BASE) % T_N == 0 && cp > T_BASE && cp < T_BASE + T_N)
        return before + (cp - T_BASE);
    return 0;
}

typedef struct Folder {
    char *p;
    uint32_t *at;
    size_t n;
    uint32_t last;  /* the character written last */
    size_t last_at; /* where it was written */
} Folder;

static void folder_put(Folder *f, uint32_t cp, size_t origin) {
    if (text_is_hangul(cp)) {
        uint32_t joined = compose(f->last, cp);
        if (joined) {
            f->n = f->last_at;
            cp = joined;
            origin = f->at[f->n];
        }
    }
    char utf8[4];
    size_t n = text_put(cp, utf8);
    f->last = cp;
    f->last_at = f->n;
    for (size_t i = 0; i < n; i++, f->n++) {
        f->p[f->n] = utf8[i];
        f->at[f->n] = (uint32_t)origin;
    }
}

/* What folding can write at most: an invalid byte becomes three. */
static size_t fold_bound(ScorerStr s) {
    size_t bound = 0;
    for (size_t i = 0; i < s.n; i++) bound += (unsigned char)s.p[i] < 0x80 && s.p[i] != 0 ? 1 : 3;
    return bound;
}

bool text_fold(const ScorerHost *host, ScorerStr s, unsigned flags, TextFold *out, ScorerErr *err) {
    if (s.n > (size_t)1 << 30)
        return text_err(err, "the answer has %zu bytes, more than the 1 GiB that scorers read", s.n);
    size_t bound = fold_bound(s);
    Folder f = {.p = host->alloc(host->ctx, bound + 1), .at = host->alloc(host->ctx, (bound + 1) * sizeof(uint32_t))};
    if (!f.p || !f.at) return text_err(err, "no memory to read an answer of %zu bytes", s.n);
    for (size_t i = 0; i < s.n;) {
        size_t origin = i;
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x80 && c != 0) { /* the common case */
            i++;
            f.last = c;
            f.p[f.n] = flags & TEXT_LOWER ? lower((char)c) : (char)c;
            f.at[f.n++] = (uint32_t)origin;
            continue;
        }
        uint32_t cp = text_next(s, &i);
        if (text_is_invisible(cp)) continue;
        cp = plain(cp);
        if (flags & TEXT_LOWER && cp < 0x80) cp = (uint32_t)lower((char)cp);
        folder_put(&f, cp, origin);
    }
    f.at[f.n] = (uint32_t)s.n;
    *out = (TextFold){{f.p, f.n}, f.at};
    return true;
}

TextSpan text_unfold(const TextFold *f, TextSpan folded) {
    if (folded.end > f->s.n) folded.end = f->s.n;
    if (folded.begin > folded.end) folded.begin = folded.end;
    size_t begin = f->at[folded.begin], end = f->at[folded.end];
    return (TextSpan){begin, end > begin ? end : begin};
}
