/* Changes that a reader notices behind the first bytes: numbers in JSON, lengths and counts in binary headers, entries
 * doubled, dropped or exchanged. libFuzzer's own changes are added by libfuzzer.c. */
#include <stdio.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

/* splitmix64 */
uint64_t fuzz_draw(uint64_t *state, uint64_t below) {
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return below ? z % below : z;
}

/* Where additions and products wrap, signs change, and limits of formats lie. */
static const uint64_t extremes[] = {0,
                                    1,
                                    2,
                                    3,
                                    4,
                                    7,
                                    8,
                                    16,
                                    17,
                                    31,
                                    32,
                                    33,
                                    34,
                                    39,
                                    64,
                                    127,
                                    128,
                                    255,
                                    256,
                                    65535,
                                    65536,
                                    0x7fffffff,
                                    0x80000000,
                                    0xfffffff0,
                                    0xffffffff,
                                    0x100000000,
                                    0x4000000000000000,
                                    0x7fffffffffffffff,
                                    0x8000000000000000,
                                    0x2000000000000001,
                                    0x1fffffffffffffff,
                                    0x3fffffffffffffff,
                                    0x5555555555555556,
                                    0xffffffffffffffe0,
                                    0xfffffffffffffff8,
                                    0xffffffffffffffff};

static uint64_t extreme(uint64_t *state) {
    uint64_t v = extremes[fuzz_draw(state, sizeof extremes / sizeof *extremes)];
    return v + (fuzz_draw(state, 4) == 0 ? fuzz_draw(state, 5) - 2 : 0);
}

/* p[at, at+cut) becomes q[m]; the size afterwards, or n if there is no room. */
static size_t splice(uint8_t *p, size_t n, size_t max, size_t at, size_t cut, const uint8_t *q, size_t m) {
    if (m > cut && m - cut > max - n) return n;
    uint8_t keep[4096];
    if (m > sizeof keep) return n;
    memcpy(keep, q, m); /* q may lie in p */
    memmove(p + at + m, p + at + cut, n - at - cut);
    memcpy(p + at, keep, m);
    return n - cut + m;
}

/* ---- changes that fit any bytes ---- */

static size_t change_bytes(uint8_t *p, size_t n, size_t max, uint64_t *s) {
    size_t at = fuzz_draw(s, n), other = fuzz_draw(s, n), len = 1 + fuzz_draw(s, 64), width = 1u << fuzz_draw(s, 4);
    uint64_t v = extreme(s);
    switch (fuzz_draw(s, 6)) {
    case 0:
        p[at] ^= (uint8_t)(1u << fuzz_draw(s, 8));
        return n;
    case 1:
        p[at] = (uint8_t)v;
        return n;
    case 2:
        if (width <= n - at) memcpy(p + at, &v, width);
        return n;
    case 3: /* a block is doubled */
        if (len > n - at) len = n - at;
        return splice(p, n, max, other, 0, p + at, len);
    case 4: /* a block is dropped */
        if (len > n - at) len = n - at;
        return splice(p, n, max, at, len, p, 0);
    default: /* a block overwrites another */
        if (len > n - at) len = n - at;
        if (len > n - other) len = n - other;
        memmove(p + at, p + other, len);
        return n;
    }
}

/* ---- text ---- */

static bool is_digit(uint8_t c) {
    return c >= '0' && c <= '9';
}

/* The run of characters of one class that lies around or behind a random place. */
static bool find_number(const uint8_t *p, size_t n, uint64_t *s, size_t *at, size_t *len) {
    size_t i = fuzz_draw(s, n);
    while (i < n && !is_digit(p[i])) i++;
    if (i == n) return false;
    while (i > 0 && is_digit(p[i - 1])) i--;
    *at = i;
    while (i < n && is_digit(p[i])) i++;
    *len = i - *at;
    return true;
}

static size_t change_number(uint8_t *p, size_t n, size_t max, uint64_t *s) {
    static const char *const odd[] = {"-1",
                                      "1e999",
                                      "-0",
                                      "0.5",
                                      "9007199254740993",
                                      "18446744073709551616",
                                      "\"1\"",
                                      "null",
                                      "true",
                                      "[1]",
                                      "{}",
                                      "1e-400",
                                      "1E+308",
                                      "NaN",
                                      "\"\"",
                                      "[[]]",
                                      "4503599627370496",
                                      "9223372036854775808",
                                      "1.0",
                                      "-1e9",
                                      "1e15",
                                      "[]",
                                      "00",
                                      "0x10"};
    char text[32];
    size_t at, len;
    if (!find_number(p, n, s, &at, &len)) return change_bytes(p, n, max, s);
    if (fuzz_draw(s, 2))
        snprintf(text, sizeof text, "%s", odd[fuzz_draw(s, sizeof odd / sizeof *odd)]);
    else
        snprintf(text, sizeof text, "%llu", (unsigned long long)extreme(s));
    return splice(p, n, max, at, len, (const uint8_t *)text, strlen(text));
}

/* Text between two separators (commas, line ends) is doubled, dropped or put elsewhere. */
static size_t change_entry(uint8_t *p, size_t n, size_t max, uint64_t *s) {
    size_t from = fuzz_draw(s, n), to, other = fuzz_draw(s, n);
    while (from < n && p[from] != ',' && p[from] != '\n' && p[from] != '{') from++;
    if (from == n) return change_bytes(p, n, max, s);
    for (to = from + 1; to < n && p[to] != ',' && p[to] != '\n' && p[to] != '}';) to++;
    size_t len = to - from;
    uint64_t kind = fuzz_draw(s, 3);
    if (kind == 0) return splice(p, n, max, from, len, p, 0);
    if (kind == 1) return splice(p, n, max, to, 0, p + from, len);
    while (other < n && p[other] != ',' && p[other] != '\n') other++;
    return splice(p, n, max, other, 0, p + from, len);
}

static size_t change_text(uint8_t *p, size_t n, size_t max, uint64_t *s) {
    static const char bytes[] = "{}[]\",:\\-.0123456789eE \n\t/u\x80\xff#&*|>'%";
    switch (fuzz_draw(s, 4)) {
    case 0:
        return change_number(p, n, max, s);
    case 1:
        return change_entry(p, n, max, s);
    case 2:
        p[fuzz_draw(s, n)] = (uint8_t)bytes[fuzz_draw(s, sizeof bytes - 1)];
        return n;
    default:
        return change_bytes(p, n, max, s);
    }
}

/* ---- safetensors ---- */

static size_t header_end(const uint8_t *p, size_t n) {
    uint64_t h = 0;
    if (n < 8) return n;
    memcpy(&h, p, 8);
    return h > n - 8 ? n : 8 + (size_t)h;
}

/* The header's length follows its change, so that the reader gets as far as the JSON. */
static size_t change_safetensors(uint8_t *p, size_t n, size_t max, uint64_t *s) {
    size_t end = header_end(p, n);
    if (end <= 8 || fuzz_draw(s, 16) == 0) return change_bytes(p, n, max, s);
    uint8_t head[1 << 16];
    if (end - 8 > sizeof head / 2 || n - end > max) return change_bytes(p, n, max, s);
    memcpy(head, p + 8, end - 8);
    size_t cap = sizeof head < max - n + (end - 8) ? sizeof head : max - n + (end - 8);
    uint64_t h = change_text(head, end - 8, cap, s);
    memmove(p + 8 + h, p + end, n - end);
    memcpy(p + 8, head, h);
    memcpy(p, &h, 8);
    return n - end + 8 + h;
}

/* ---- GGUF: entries are found by walking as a reader would ---- */

typedef struct Walk {
    const uint8_t *p;
    size_t n, at;
    bool bad;
} Walk;

static uint64_t take(Walk *w, size_t bytes) {
    uint64_t v = 0;
    if (w->bad || bytes > w->n - w->at) return w->bad = true, 0;
    memcpy(&v, w->p + w->at, bytes);
    w->at += bytes;
    return v;
}

static void skip(Walk *w, uint64_t bytes) {
    if (w->bad || bytes > w->n - w->at)
        w->bad = true;
    else
        w->at += (size_t)bytes;
}

static void skip_value(Walk *w, uint64_t type) {
    static const uint8_t size[13] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    if (type == 8) {
        skip(w, take(w, 8));
    } else if (type == 9) {
        uint64_t item = take(w, 4), count = take(w, 8);
        if (item == 9 || item > 12 || count > w->n) w->bad = true;
        if (item == 8)
            for (; count && !w->bad; count--) skip(w, take(w, 8));
        else if (!w->bad)
            skip(w, count * size[item]);
    } else if (type < 13) {
        skip(w, size[type]);
    } else {
        w->bad = true;
    }
}

enum { MAX_ENTRIES = 512 };

/* Where entries begin: values, then tensors, then the end of the last. */
static size_t walk(const uint8_t *p, size_t n, size_t *begin, size_t *n_values) {
    Walk w = {p, n, 24, n < 24};
    uint64_t tensors = 0, values = 0;
    size_t k = 0;
    if (n >= 24) memcpy(&tensors, p + 8, 8), memcpy(&values, p + 16, 8);
    for (; !w.bad && k < values && k + 1 < MAX_ENTRIES; k++) {
        begin[k] = w.at;
        skip(&w, take(&w, 8));
        skip_value(&w, take(&w, 4));
    }
    *n_values = k;
    for (; !w.bad && k - *n_values < tensors && k + 1 < MAX_ENTRIES; k++) {
        begin[k] = w.at;
        skip(&w, take(&w, 8));
        uint64_t rank = take(&w, 4);
        skip(&w, rank > 8 ? 0 : rank * 8);
        take(&w, 4);
        take(&w, 8);
    }
    begin[k] = w.at;
    return k;
}

static void add_count(uint8_t *p, bool value, int64_t by) {
    uint64_t c;
    memcpy(&c, p + (value ? 16 : 8), 8);
    c += (uint64_t)by;
    memcpy(p + (value ? 16 : 8), &c, 8);
}

/* A field inside an entry: any of its aligned or odd places is hit sooner or later. */
static size_t change_field(uint8_t *p, size_t n, size_t from, size_t to, uint64_t *s) {
    size_t at = from + fuzz_draw(s, to - from), width = fuzz_draw(s, 2) ? 8 : 4;
    uint64_t v = extreme(s);
    if (fuzz_draw(s, 3) == 0) at = from; /* the length of the name */
    if (fuzz_draw(s, 3) == 0 && to - from > 8) at = to - 8;
    if (fuzz_draw(s, 3) == 0 && to - from > 12) at = to - 12, width = 4;
    if (width <= n - at) memcpy(p + at, &v, width);
    return n;
}

static size_t change_gguf(uint8_t *p, size_t n, size_t max, uint64_t *s) {
    size_t begin[MAX_ENTRIES], n_values, k = walk(p, n, begin, &n_values);
    uint64_t how = fuzz_draw(s, 10);
    if (k == 0 || how == 0) return change_bytes(p, n, max, s);
    size_t i = fuzz_draw(s, k), len = begin[i + 1] - begin[i];
    if (len == 0 || how == 1) {
        uint64_t v = extreme(s);
        memcpy(p + (fuzz_draw(s, 2) ? 8 : 16), &v, 8);
        return n;
    }
    if (how < 6) return change_field(p, n, begin[i], begin[i + 1], s);
    if (how == 6 || len > 4000) return change_text(p + begin[i], len, len, s), n;
    size_t m = how == 7 ? splice(p, n, max, begin[i], len, p, 0)
                        : splice(p, n, max, begin[fuzz_draw(s, i + 1)], 0, p + begin[i], len);
    if (m != n) add_count(p, i < n_values, m < n ? -1 : 1);
    return m;
}

/* ---- parts ---- */

FuzzKind fuzz_kind_of(const char *name) {
    size_t n = strlen(name);
    if (n > 12 && strcmp(name + n - 12, ".safetensors") == 0) return FUZZ_SAFETENSORS;
    return n > 5 && strcmp(name + n - 5, ".gguf") == 0 ? FUZZ_GGUF : FUZZ_TEXT;
}

static size_t change_part(uint8_t *p, size_t n, size_t max, uint64_t *s) {
    FuzzPart parts[32];
    size_t k = 0, at = 0;
    while (k < 32 && fuzz_part(p, n, fuzz_n_parts(), &at, &parts[k])) k++;
    if (k == 0 || fuzz_draw(s, 32) == 0) return change_bytes(p, n, max, s);
    FuzzPart t = parts[fuzz_draw(s, k)];
    size_t tail = n - t.at - t.n, room = max - n + t.n;
    if (t.n == 0) return n;
    /* the part grows or shrinks at its end: what follows is moved out of the way first */
    memmove(p + max - tail, p + t.at + t.n, tail);
    uint32_t m = (uint32_t)fuzz_mutate(p + t.at, t.n, room, fuzz_kind_of(fuzz_target.parts[t.number]), s);
    memmove(p + t.at + m, p + max - tail, tail);
    memcpy(p + t.at - 4, &m, 4);
    return t.at + m + tail;
}

size_t fuzz_mutate(uint8_t *p, size_t n, size_t max, FuzzKind kind, uint64_t *s) {
    if (n == 0) return 0;
    switch (kind) {
    case FUZZ_TEXT:
        return change_text(p, n, max, s);
    case FUZZ_SAFETENSORS:
        return change_safetensors(p, n, max, s);
    case FUZZ_GGUF:
        return change_gguf(p, n, max, s);
    case FUZZ_PARTS:
        return change_part(p, n, max, s);
    default:
        return change_bytes(p, n, max, s);
    }
}

void fuzz_repair(uint8_t *p, size_t n, FuzzKind kind) {
    uint64_t h;
    if (kind == FUZZ_GGUF && n >= 8) memcpy(p, "GGUF\3\0\0\0", 8);
    if (kind != FUZZ_SAFETENSORS || n < 8) return;
    memcpy(&h, p, 8);
    if (h <= n - 8) return;
    h = n - 8;
    for (size_t i = n; i > 8; i--)
        if (p[i - 1] == '}') {
            h = i - 8;
            break;
        }
    memcpy(p, &h, 8);
}
