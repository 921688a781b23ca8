/* Other alphabets and orders. "Character" is a Unicode code point; what is not UTF-8 counts as U+FFFD. The result is
 * the bare text, without a word about how to read it: that a model reads it is measured, not arranged. */
#include "harness/transform/transform_internal.h"

#define BYTES_MAX (SIZE_MAX / 2)

/* RFC 4648 section 4, with padding, of the UTF-8 bytes. */
bool transform__b64(const Transform *t, Arena *a, Transformed *io) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *p = (const unsigned char *)io->user.p;
    size_t n = io->user.n;
    Buf b;
    (void)t;
    buf_init(&b, BYTES_MAX);
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        uint32_t v = (uint32_t)p[i] << 16 | (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) | (left > 2 ? p[i + 2] : 0u);
        buf_addc(&b, alphabet[v >> 18]);
        buf_addc(&b, alphabet[v >> 12 & 63]);
        buf_addc(&b, left > 1 ? alphabet[v >> 6 & 63] : '=');
        buf_addc(&b, left > 2 ? alphabet[v & 63] : '=');
    }
    return transform__keep(&b, a, &io->user);
}

/* Two lower-case digits for each byte of UTF-8. */
bool transform__hex(const Transform *t, Arena *a, Transformed *io) {
    static const char digits[] = "0123456789abcdef";
    Buf b;
    (void)t;
    buf_init(&b, BYTES_MAX);
    for (size_t i = 0; i < io->user.n; i++) {
        unsigned char c = (unsigned char)io->user.p[i];
        buf_addc(&b, digits[c >> 4]);
        buf_addc(&b, digits[c & 15]);
    }
    return transform__keep(&b, a, &io->user);
}

/* Byte for byte: ASCII letters never occur inside a longer character. */
static bool map_ascii(Arena *a, Transformed *io, char (*map)(char)) {
    Buf b;
    buf_init(&b, BYTES_MAX);
    for (size_t i = 0; i < io->user.n; i++) buf_addc(&b, map(io->user.p[i]));
    return transform__keep(&b, a, &io->user);
}

static char rot13(char c) {
    if (c >= 'a' && c <= 'z') return (char)('a' + (c - 'a' + 13) % 26);
    if (c >= 'A' && c <= 'Z') return (char)('A' + (c - 'A' + 13) % 26);
    return c;
}

bool transform__rot13(const Transform *t, Arena *a, Transformed *io) {
    (void)t;
    return map_ascii(a, io, rot13);
}

/* a4 e3 i1 o0 s5 t7, small letters alone: the specification's table as it stands. */
static char leet(char c) {
    switch (c) {
    case 'a':
        return '4';
    case 'e':
        return '3';
    case 'i':
        return '1';
    case 'o':
        return '0';
    case 's':
        return '5';
    case 't':
        return '7';
    default:
        return c;
    }
}

bool transform__leet(const Transform *t, Arena *a, Transformed *io) {
    (void)t;
    return map_ascii(a, io, leet);
}

static void add_char(Buf *b, uint32_t cp) {
    char bytes[4];
    buf_add(b, bytes, utf8_put(cp, bytes));
}

static bool join_chars(Str between, Arena *a, Transformed *io) {
    Buf b;
    buf_init(&b, BYTES_MAX);
    for (size_t i = 0; i < io->user.n;) {
        if (i) buf_addstr(&b, between);
        add_char(&b, utf8_next(io->user, &i));
    }
    return transform__keep(&b, a, &io->user);
}

bool transform__spaced(const Transform *t, Arena *a, Transformed *io) {
    (void)t;
    return join_chars(STR(" "), a, io);
}

/* U+200B between all characters. */
bool transform__zwsp(const Transform *t, Arena *a, Transformed *io) {
    (void)t;
    return join_chars(STR("\xE2\x80\x8B"), a, io);
}

bool transform__reverse(const Transform *t, Arena *a, Transformed *io) {
    size_t n = 0, cap;
    (void)t;
    if (!size_mul(io->user.n, sizeof(uint32_t), &cap)) return false;
    uint32_t *cps = mem_alloc(cap ? cap : 1);
    if (!cps) return false;
    for (size_t i = 0; i < io->user.n;) cps[n++] = utf8_next(io->user, &i);
    Buf b;
    buf_init(&b, BYTES_MAX);
    while (n) add_char(&b, cps[--n]);
    mem_free(cps);
    return transform__keep(&b, a, &io->user);
}
