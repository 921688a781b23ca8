/* Hangul by the arithmetic of the Unicode Standard, section 3.12 (conjoining jamo behaviour): a syllable S is
 *   L = 1100 + (S - AC00) / 588, V = 1161 + (S - AC00) % 588 / 28, T = 11A7 + (S - AC00) % 28 (none if 0).
 * Everything else in a text stays as it is. */
#include <string.h>

#include "harness/transform/transform_internal.h"

#define BYTES_MAX (SIZE_MAX / 2)

enum {
    S_BASE = 0xAC00,
    S_LAST = 0xD7A3,
    L_BASE = 0x1100,
    V_BASE = 0x1161,
    T_BASE = 0x11A7,
    T_COUNT = 28,
    N_COUNT = 588
};

static bool is_syllable(uint32_t c) {
    return c >= S_BASE && c <= S_LAST;
}

/* Syllables, conjoining letters, and the letters that a keyboard writes alone. */
static bool is_hangul(uint32_t c) {
    return is_syllable(c) || (c >= 0x1100 && c <= 0x11FF) || (c >= 0x3131 && c <= 0x318E);
}

bool transform_is_korean(Str text) {
    for (size_t i = 0; i < text.n;)
        if (is_hangul(utf8_next(text, &i))) return true;
    return false;
}

static void add_char(Buf *b, uint32_t cp) {
    char bytes[4];
    buf_add(b, bytes, utf8_put(cp, bytes));
}

/* Of Hangul what normalisation form NFD gives. Other scripts' accents are left composed. */
bool transform__jamo(const Transform *t, Arena *a, Transformed *io) {
    Buf b;
    (void)t;
    buf_init(&b, BYTES_MAX);
    for (size_t i = 0; i < io->user.n;) {
        uint32_t c = utf8_next(io->user, &i), s = c - S_BASE;
        if (!is_syllable(c)) {
            add_char(&b, c);
            continue;
        }
        add_char(&b, L_BASE + s / N_COUNT);
        add_char(&b, V_BASE + s % N_COUNT / T_COUNT);
        if (s % T_COUNT) add_char(&b, T_BASE + s % T_COUNT);
    }
    return transform__keep(&b, a, &io->user);
}

/* The initial consonant of each syllable, as the letter that stands alone. */
bool transform__choseong(const Transform *t, Arena *a, Transformed *io) {
    static const char initials[] = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"; /* 19 of 3 bytes, in the order of L */
    _Static_assert(sizeof initials == 19 * 3 + 1, "19 initials");
    Buf b;
    (void)t;
    buf_init(&b, BYTES_MAX);
    for (size_t i = 0; i < io->user.n;) {
        uint32_t c = utf8_next(io->user, &i);
        if (is_syllable(c))
            buf_add(&b, initials + (c - S_BASE) / N_COUNT * 3, 3);
        else
            add_char(&b, c);
    }
    return transform__keep(&b, a, &io->user);
}

/* Spacing errors: of the spaces that follow a Hangul syllable the first, third, fifth … is left out, and the others
 * come one syllable early where the word before them has at least two. */
bool transform__typo(const Transform *t, Arena *a, Transformed *io) {
    Buf b;
    size_t n_spaces = 0, run = 0; /* run: syllables in a row, up to here */
    (void)t;
    buf_init(&b, BYTES_MAX);
    for (size_t i = 0; i < io->user.n;) {
        uint32_t c = utf8_next(io->user, &i);
        bool drop = c == ' ' && run && n_spaces++ % 2 == 0;
        if (c == ' ' && run > 1 && !drop && !b.failed) {
            char last[3]; /* a syllable has three bytes */
            memcpy(last, b.p + b.n - 3, 3);
            b.n -= 3;
            buf_addc(&b, ' ');
            buf_add(&b, last, 3);
        } else if (!drop) {
            add_char(&b, c);
        }
        run = is_syllable(c) ? run + 1 : 0;
    }
    return transform__keep(&b, a, &io->user);
}
