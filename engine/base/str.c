#include "engine/base/str.h"

#include <stdio.h>
#include <string.h>

Str str_from(const char *cstr) {
    return (Str){cstr, cstr ? strlen(cstr) : 0};
}

bool str_eq(Str a, Str b) {
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_eqz(Str a, const char *b) {
    return str_eq(a, str_from(b));
}

int str_cmp(Str a, Str b) {
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    if (c) return c < 0 ? -1 : 1;
    return a.n == b.n ? 0 : a.n < b.n ? -1 : 1;
}

bool str_starts(Str s, Str prefix) {
    return s.n >= prefix.n && (prefix.n == 0 || !memcmp(s.p, prefix.p, prefix.n));
}

bool str_ends(Str s, Str suffix) {
    return s.n >= suffix.n && (suffix.n == 0 || !memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n));
}

Str str_sub(Str s, size_t begin, size_t end) {
    if (end > s.n) end = s.n;
    if (begin > end) begin = end;
    return (Str){s.p ? s.p + begin : NULL, end - begin};
}

static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

Str str_trim(Str s) {
    while (s.n && is_space(s.p[0])) s.p++, s.n--;
    while (s.n && is_space(s.p[s.n - 1])) s.n--;
    return s;
}

size_t str_find(Str s, Str needle, size_t from) {
    if (from > s.n || needle.n > s.n - from) return SIZE_MAX;
    if (needle.n == 0) return from;
    const char *hit = memmem(s.p + from, s.n - from, needle.p, needle.n);
    return hit ? (size_t)(hit - s.p) : SIZE_MAX;
}

char *str_cstr(Arena *a, Str s) {
    size_t n;
    char *p = size_add(s.n, 1, &n) ? arena_alloc(a, n) : NULL;
    if (p && s.n) memcpy(p, s.p, s.n);
    return p;
}

Str str_dup(Arena *a, Str s) {
    if (!s.p) return s;
    char *p = str_cstr(a, s);
    return p ? (Str){p, s.n} : (Str){NULL, 0};
}

Str str_vprintf(Arena *a, const char *fmt, va_list ap) {
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    char *p = n >= 0 ? arena_alloc(a, (size_t)n + 1) : NULL;
    if (p) vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return p ? (Str){p, (size_t)n} : (Str){NULL, 0};
}

Str str_printf(Arena *a, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    Str out = str_vprintf(a, fmt, ap);
    va_end(ap);
    return out;
}

/* ---- Buf ---- */

void buf_init(Buf *b, size_t max_bytes) {
    *b = (Buf){.max = max_bytes};
}

void buf_release(Buf *b) {
    mem_free(b->p);
    *b = (Buf){.max = b->max};
}

void buf_clear(Buf *b) {
    b->n = 0;
    b->failed = false;
    if (b->p) b->p[0] = '\0';
}

/* Room for `more` bytes and the NUL behind them. */
static bool buf_room(Buf *b, size_t more) {
    size_t need;
    if (b->failed) return false;
    if (!size_add(b->n, more, &need) || need > b->max || need == SIZE_MAX) return b->failed = true, false;
    if (need + 1 <= b->cap) return true;
    size_t cap = b->cap ? b->cap : 64;
    while (cap < need + 1) cap = cap > SIZE_MAX / 2 ? need + 1 : cap * 2;
    char *p = mem_realloc(b->p, cap);
    if (!p) return b->failed = true, false;
    b->p = p;
    b->cap = cap;
    return true;
}

void buf_add(Buf *b, const void *p, size_t n) {
    if (!buf_room(b, n)) return;
    if (n) memcpy(b->p + b->n, p, n);
    b->n += n;
    b->p[b->n] = '\0';
}

void buf_adds(Buf *b, const char *cstr) {
    buf_add(b, cstr, strlen(cstr));
}
void buf_addstr(Buf *b, Str s) {
    buf_add(b, s.p, s.n);
}
void buf_addc(Buf *b, char c) {
    buf_add(b, &c, 1);
}

void buf_vaddf(Buf *b, const char *fmt, va_list ap) {
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    if (n < 0) {
        b->failed = true;
    } else if (buf_room(b, (size_t)n)) {
        vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

void buf_addf(Buf *b, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    buf_vaddf(b, fmt, ap);
    va_end(ap);
}

Str buf_str(const Buf *b) {
    return (Str){b->p ? b->p : "", b->n};
}

/* ---- UTF-8 ---- */

/* What may follow a lead byte: count of continuation bytes and the range of the first one (Unicode table 3-7). */
static int utf8_lead(unsigned char c, unsigned char *lo, unsigned char *hi) {
    *lo = 0x80, *hi = 0xBF;
    if (c >= 0xC2 && c <= 0xDF) return 1;
    if (c == 0xE0) return *lo = 0xA0, 2;
    if (c == 0xED) return *hi = 0x9F, 2;
    if (c >= 0xE1 && c <= 0xEF) return 2;
    if (c == 0xF0) return *lo = 0x90, 3;
    if (c >= 0xF1 && c <= 0xF3) return 3;
    if (c == 0xF4) return *hi = 0x8F, 3;
    return 0;
}

/* As utf8_next; *ok tells an encoded U+FFFD from an error. */
static uint32_t utf8_step(Str s, size_t *i, bool *ok) {
    unsigned char c = (unsigned char)s.p[(*i)++], lo, hi;
    *ok = true;
    if (c < 0x80) return c;
    int more = utf8_lead(c, &lo, &hi);
    uint32_t cp = c & (0x3Fu >> more);
    *ok = more > 0;
    for (; more > 0; more--, lo = 0x80, hi = 0xBF) {
        if (*i >= s.n) return *ok = false, 0xFFFD;
        unsigned char d = (unsigned char)s.p[*i];
        if (d < lo || d > hi) return *ok = false, 0xFFFD;
        cp = cp << 6 | (d & 0x3Fu);
        (*i)++;
    }
    return *ok ? cp : 0xFFFD;
}

uint32_t utf8_next(Str s, size_t *i) {
    bool ok;
    return utf8_step(s, i, &ok);
}

size_t utf8_put(uint32_t cp, char out[4]) {
    if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF)) cp = 0xFFFD;
    if (cp < 0x80) return out[0] = (char)cp, 1;
    if (cp < 0x800) return out[0] = (char)(0xC0 | cp >> 6), out[1] = (char)(0x80 | (cp & 63)), 2;
    if (cp < 0x10000) {
        out[0] = (char)(0xE0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 63));
        out[2] = (char)(0x80 | (cp & 63));
        return 3;
    }
    out[0] = (char)(0xF0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 63));
    out[2] = (char)(0x80 | (cp >> 6 & 63));
    out[3] = (char)(0x80 | (cp & 63));
    return 4;
}

size_t utf8_first_bad(Str s) {
    for (size_t i = 0; i < s.n;) {
        size_t at = i;
        bool ok;
        utf8_step(s, &i, &ok);
        if (!ok) return at;
    }
    return SIZE_MAX;
}

bool utf8_valid(Str s) {
    return utf8_first_bad(s) == SIZE_MAX;
}

void buf_add_utf8_lossy(Buf *b, Str s) {
    size_t from = 0;
    for (size_t i = 0; i < s.n;) {
        size_t at = i;
        bool ok;
        utf8_step(s, &i, &ok);
        if (ok) continue;
        buf_add(b, s.p + from, at - from);
        buf_add(b, "\xEF\xBF\xBD", 3);
        from = i;
    }
    if (from < s.n) buf_add(b, s.p + from, s.n - from);
}

/* Half of what is printed last, below the unit: from there on the rounded number has a fourth digit before the point.
 */
SizeText size_text(uint64_t bytes) {
    SizeText s;
    double b = (double)bytes;
    if (bytes >= 999950000)
        snprintf(s.text, sizeof s.text, "%.2f GB", b / 1e9);
    else if (bytes >= 999950)
        snprintf(s.text, sizeof s.text, "%.1f MB", b / 1e6);
    else if (bytes >= 1000)
        snprintf(s.text, sizeof s.text, "%.1f kB", b / 1e3);
    else
        snprintf(s.text, sizeof s.text, "%u byte%s", (unsigned)bytes, bytes == 1 ? "" : "s");
    return s;
}

size_t utf8_incomplete(Str s) {
    for (size_t n = 1; n <= 3 && n <= s.n; n++) {
        unsigned char c = (unsigned char)s.p[s.n - n];
        if (c < 0x80) return 0;
        if (c < 0xC0) continue; /* the beginning stands further left */
        size_t need = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2, used = 0;
        utf8_next(str_sub(s, s.n - n, s.n), &used); /* a valid beginning is used up whole, see utf8_next */
        return need > n && used == n && c >= 0xC2 && c <= 0xF4 ? n : 0;
    }
    return 0;
}
