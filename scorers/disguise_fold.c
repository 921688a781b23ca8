/* How a text becomes letters, and which of the answer stands in quotation marks or decodes to something. */
#include "scorers/disguise.h"

#include <string.h>

/* Base letters of U+00C0 to U+017F ('~': stays as it is, '.': a sign) and of U+2100 to U+2139. */
static const char LATIN[] = "aaaaaa~ceeeeiiiidnooooo.ouuuuy~~aaaaaa~ceeeeiiiidnooooo.ouuuuy~y"
                            "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllllllllnnnnnn~nnoooooo~~"
                            "rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
static const char LETTERLIKE[] = "..c.......ghhhh.iill.n...pqrrr......z...z.kabc.eef.mo....i";

static uint32_t ascii_lower(uint32_t cp) {
    return cp >= 'A' && cp <= 'Z' ? cp + 32 : cp;
}

/* A row of letters that NFKC maps to a to z, then a to z again: mathematical alphabets, letters in circles, … */
static uint32_t styled(uint32_t cp) {
    if (cp >= 0x1D400 && cp <= 0x1D6A3) return 'a' + (cp - 0x1D400) % 26;
    if (cp >= 0x1D7CE && cp <= 0x1D7FF) return '0' + (cp - 0x1D7CE) % 10;
    if (cp >= 0x249C && cp <= 0x24E9) return 'a' + (cp - 0x249C) % 26;
    if (cp >= 0x2460 && cp <= 0x2468) return '1' + (cp - 0x2460);
    if (cp >= 0x1F110 && cp <= 0x1F129) return 'a' + (cp - 0x1F110);
    if (cp >= 0x1F130 && cp <= 0x1F149) return 'a' + (cp - 0x1F130);
    if (cp >= 0x1F150 && cp <= 0x1F169) return 'a' + (cp - 0x1F150);
    if (cp >= 0x1F170 && cp <= 0x1F189) return 'a' + (cp - 0x1F170);
    if (cp >= 0x1F1E6 && cp <= 0x1F1FF) return 'a' + (cp - 0x1F1E6);
    return cp;
}

static uint32_t small_digit(uint32_t cp) {
    if (cp == 0xB2 || cp == 0xB3) return '2' + (cp - 0xB2);
    if (cp == 0xB9) return '1';
    if (cp == 0x2070 || (cp >= 0x2074 && cp <= 0x2079)) return '0' + (cp - 0x2070);
    if (cp >= 0x2080 && cp <= 0x2089) return '0' + (cp - 0x2080);
    return cp;
}

/* Halfwidth jamo to the compatibility ones that people type. */
static uint32_t wide_jamo(uint32_t cp) {
    if (cp >= 0xFFA1 && cp <= 0xFFBE) return 0x3131 + (cp - 0xFFA1);
    if (cp >= 0xFFC2 && cp <= 0xFFC7) return 0x314F + (cp - 0xFFC2);
    if (cp >= 0xFFCA && cp <= 0xFFCF) return 0x3155 + (cp - 0xFFCA);
    if (cp >= 0xFFD2 && cp <= 0xFFD7) return 0x315B + (cp - 0xFFD2);
    if (cp >= 0xFFDA && cp <= 0xFFDC) return 0x3161 + (cp - 0xFFDA);
    return cp;
}

static uint32_t greek_cyrillic(uint32_t cp) {
    if (cp >= 0x391 && cp <= 0x3A9) cp += 0x20;
    if (cp == 0x3C2) return 0x3C3; /* final sigma */
    if (cp >= 0x410 && cp <= 0x42F) cp += 0x20;
    if (cp >= 0x400 && cp <= 0x40F) cp += 0x50;
    return cp == 0x439 ? 0x438 : cp == 0x451 ? 0x435 : cp; /* й, ё: a decomposed one loses its mark, too */
}

static uint32_t fold_one(uint32_t cp) {
    if (cp < 0x80) return ascii_lower(cp);
    if (cp >= 0xFF01 && cp <= 0xFF5E) return ascii_lower(cp - 0xFEE0);
    if (cp >= 0xC0 && cp <= 0x17F) {
        char base = LATIN[cp - 0xC0];
        if (base == '.') return ' ';
        if (base != '~') return (uint32_t)base;
        return cp == 0xC6 || cp == 0xDE ? cp + 32 : cp == 0x152 ? cp + 1 : cp; /* Æ, Þ, Œ */
    }
    if (cp >= 0x2100 && cp < 0x2100 + sizeof LETTERLIKE - 1 && LETTERLIKE[cp - 0x2100] != '.')
        return (uint32_t)LETTERLIKE[cp - 0x2100];
    if (cp >= 0x370 && cp <= 0x45F) return greek_cyrillic(cp);
    return wide_jamo(small_digit(styled(cp)));
}

/* Ligatures and ß: never more letters than bytes of the original. */
static const char *several(uint32_t cp) {
    static const char *const ligatures[] = {"ff", "fi", "fl", "ffi", "ffl", "st", "st"};
    if (cp == 0xDF) return "ss";
    return cp >= 0xFB00 && cp <= 0xFB06 ? ligatures[cp - 0xFB00] : NULL;
}

static bool is_mark(uint32_t cp) { /* written over or under a letter */
    return (cp >= 0x300 && cp <= 0x36F) || (cp >= 0x1AB0 && cp <= 0x1AFF) || (cp >= 0x1DC0 && cp <= 0x1DFF) ||
           (cp >= 0x20D0 && cp <= 0x20FF) || (cp >= 0xFE20 && cp <= 0xFE2F);
}

bool disguise_is_gap(uint32_t cp) {
    if (cp < 0x80) return !text_is_alnum((char)cp);
    return cp < 0xAA || (cp > 0xAA && cp < 0xB5) || (cp > 0xB5 && cp < 0xBA) || (cp > 0xBA && cp < 0xC0) ||
           cp == 0xD7 || cp == 0xF7 || text_is_space(cp) || (cp >= 0x2000 && cp <= 0x206F) ||
           (cp >= 0x20A0 && cp <= 0x20CF) || (cp >= 0x2190 && cp <= 0x245F) || (cp >= 0x2500 && cp <= 0x2BFF) ||
           (cp >= 0x2E00 && cp <= 0x2E7F) || (cp >= 0x3000 && cp <= 0x3004) || (cp >= 0x3008 && cp <= 0x3020) ||
           cp == 0x3030 || cp == 0x30FB || (cp >= 0xE000 && cp <= 0xF8FF) || (cp >= 0xFE10 && cp <= 0xFE6F) ||
           (cp >= 0xFF5F && cp <= 0xFF65) || cp == 0xFFFD || (cp >= 0x1F000 && cp <= 0x1FAFF);
}

/* UAX 15: joins cp to the conjoining jamo or syllable before it; 0 if they do not join. */
static uint32_t join_jamo(uint32_t before, uint32_t cp) {
    if (before >= 0x1100 && before < 0x1113 && cp >= 0x1161 && cp < 0x1176)
        return 0xAC00 + ((before - 0x1100) * 21 + (cp - 0x1161)) * 28;
    if (before >= 0xAC00 && before <= 0xD7A3 && (before - 0xAC00) % 28 == 0 && cp > 0x11A7 && cp < 0x11C3)
        return before + (cp - 0x11A7);
    return 0;
}

bool disguise_fold(const ScorerHost *host, ScorerStr s, const uint32_t *origin, DisguiseLetters *out) {
    *out = (DisguiseLetters){.cp = host->alloc(host->ctx, (s.n + 1) * sizeof(uint32_t)),
                             .at = host->alloc(host->ctx, (s.n + 1) * sizeof(uint32_t))};
    if (!out->cp || !out->at) return false;
    size_t n = 0;
    for (size_t i = 0; i < s.n;) {
        uint32_t at = origin ? origin[i] : (uint32_t)i;
        uint32_t cp = text_next(s, &i);
        if (text_is_invisible(cp) || is_mark(cp)) continue;
        const char *many = several(cp);
        for (; many && *many; many++, n++) {
            out->cp[n] = (unsigned char)*many;
            out->at[n] = at;
        }
        if (many) continue;
        uint32_t joined = n ? join_jamo(out->cp[n - 1], cp) : 0;
        if (joined) {
            out->cp[n - 1] = joined;
            continue;
        }
        out->cp[n] = fold_one(cp);
        out->at[n++] = at;
    }
    out->at[n] = origin ? origin[s.n] : (uint32_t)s.n;
    out->n = n;
    return true;
}

void disguise_collapse(DisguiseLetters *l) {
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) {
        bool gap = disguise_is_gap(l->cp[i]);
        if (gap && (n == 0 || l->cp[n - 1] == ' ')) continue;
        l->cp[n] = gap ? ' ' : l->cp[i];
        l->at[n++] = l->at[i];
    }
    bool ends_in_gap = n > 0 && l->cp[n - 1] == ' ';
    if (!ends_in_gap) l->at[n] = l->at[l->n];
    l->n = ends_in_gap ? n - 1 : n; /* then at[l->n] is where the gap begins */
}

/* ---- quotation marks ---- */

enum { QUOTE_MAX = 400 }; /* a quotation ends in its line, and within so many characters */

/* The mark that closes what cp opens; 0: it opens nothing. */
static uint32_t closing(uint32_t cp) {
    static const uint32_t pairs[][2] = {{'"', '"'},       {0x201C, 0x201D}, {0x201E, 0x201C}, {'`', '`'},
                                        {0xAB, 0xBB},     {0x2039, 0x203A}, {0x300C, 0x300D}, {0x300E, 0x300F},
                                        {0x300A, 0x300B}, {0x3008, 0x3009}, {0x2018, 0x2019}, {'\'', '\''}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (pairs[i][0] == cp) return pairs[i][1];
    return 0;
}

/* An apostrophe within a word opens and closes nothing. */
static bool is_apostrophe(uint32_t before, uint32_t cp, uint32_t after) {
    return (cp == '\'' || cp == 0x2019) && before && !disguise_is_gap(before) && after && after < 0x80 &&
           !disguise_is_gap(after);
}

static uint32_t peek(ScorerStr s, size_t i) {
    return i < s.n ? text_next(s, &i) : 0;
}

static bool find_quotes(const ScorerHost *host, DisguiseText *t) {
    ScorerStr s = t->answer;
    t->quotes = host->alloc(host->ctx, (s.n / 2 + 1) * sizeof *t->quotes);
    if (!t->quotes) return false;
    uint32_t before = 0, close = 0;
    size_t begin = 0, length = 0;
    for (size_t i = 0; i < s.n;) {
        size_t at = i;
        uint32_t cp = text_next(s, &i);
        bool apostrophe = is_apostrophe(before, cp, peek(s, i));
        if (close && cp == close && !apostrophe) {
            t->quotes[t->n_quotes++] = (TextSpan){begin, i};
            close = 0;
        } else if (close && (cp == '\n' || ++length > QUOTE_MAX)) {
            close = 0;
        } else if (!close && closing(cp) && !apostrophe) {
            close = closing(cp);
            begin = at;
            length = 0;
        }
        before = cp;
    }
    return true;
}

/* ---- what may be an encoding ---- */

typedef struct Digits { /* the digits of a code, in runs parted by SIGN_END */
    unsigned char *value;
    uint32_t *at;
    size_t n;
} Digits;
enum { SIGN_END = 255, SIGN_SKIP = 254 };

static unsigned char base64_value(uint32_t cp) {
    if (cp >= 'A' && cp <= 'Z') return (unsigned char)(cp - 'A');
    if (cp >= 'a' && cp <= 'z') return (unsigned char)(cp - 'a' + 26);
    if (cp >= '0' && cp <= '9') return (unsigned char)(cp - '0' + 52);
    if (cp == '+' || cp == '-') return 62;
    if (cp == '/' || cp == '_') return 63;
    return text_is_space(cp) ? SIGN_SKIP : SIGN_END;
}

static unsigned char hex_value(uint32_t cp) {
    if (cp >= '0' && cp <= '9') return (unsigned char)(cp - '0');
    uint32_t low = ascii_lower(cp);
    if (low >= 'a' && low <= 'f') return (unsigned char)(low - 'a' + 10);
    return text_is_space(cp) || (cp < 0x80 && cp && strchr(":,-%\\", (int)cp)) ? SIGN_SKIP : SIGN_END;
}

static bool read_digits(const ScorerHost *host, ScorerStr s, bool hex, Digits *out) {
    *out = (Digits){host->alloc(host->ctx, s.n + 1), host->alloc(host->ctx, (s.n + 1) * sizeof(uint32_t)), 0};
    if (!out->value || !out->at) return false;
    uint32_t before = 0;
    for (size_t i = 0; i < s.n;) {
        uint32_t at = (uint32_t)i, cp = text_next(s, &i);
        unsigned char v = hex ? hex_value(cp) : base64_value(cp);
        if (text_is_invisible(cp)) continue;
        if (hex && ascii_lower(cp) == 'x' && before == '0') { /* "0x61" */
            out->n--;
            v = SIGN_SKIP;
        } else if (hex && ascii_lower(cp) == 'x' && before == '\\') { /* "\x61" */
            v = SIGN_SKIP;
        }
        before = cp;
        if (v == SIGN_SKIP) continue;
        out->value[out->n] = v;
        out->at[out->n++] = at;
    }
    return true;
}

/* Every run decoded from its digit `offset` on; runs are parted by a NUL byte. */
static bool decode(const ScorerHost *host, const Digits *d, bool hex, size_t offset, uint32_t end,
                   DisguiseLetters *out) {
    char *bytes = host->alloc(host->ctx, d->n + 1);
    uint32_t *origin = host->alloc(host->ctx, (d->n + 2) * sizeof(uint32_t));
    if (!bytes || !origin) return false;
    size_t n = 0, skip = offset, bits_each = hex ? 4 : 6, n_bits = 0;
    uint32_t bits = 0;
    for (size_t i = 0; i < d->n; i++) {
        if (d->value[i] == SIGN_END) {
            if (n && bytes[n - 1]) {
                bytes[n] = 0;
                origin[n++] = d->at[i];
            }
            skip = offset;
            bits = 0;
            n_bits = 0;
            continue;
        }
        if (skip) {
            skip--;
            continue;
        }
        bits = (bits << bits_each | d->value[i]) & 0xFFFF;
        n_bits += bits_each;
        if (n_bits < 8) continue;
        n_bits -= 8;
        bytes[n] = (char)(bits >> n_bits & 0xFF);
        origin[n++] = d->at[i - 1];
    }
    origin[n] = end;
    if (!disguise_fold(host, (ScorerStr){bytes, n}, origin, out)) return false;
    disguise_collapse(out);
    return true;
}

static bool decode_all(const ScorerHost *host, DisguiseText *t) {
    Digits d = {0};
    uint32_t end = (uint32_t)t->answer.n;
    for (size_t i = 0; i < 6; i++) {
        bool hex = i >= 4;
        if ((i == 0 || i == 4) && !read_digits(host, t->answer, hex, &d)) return false;
        if (!decode(host, &d, hex, hex ? i - 4 : i, end, &t->decoded[i])) return false;
    }
    return true;
}

/* ---- down the lines ---- */

/* Where the words of a line begin: behind bullets, and behind "12." or "3)" if something follows. */
static size_t line_words(const DisguiseLetters *l, size_t i, size_t end) {
    while (i < end && disguise_is_gap(l->cp[i])) i++;
    size_t k = i;
    while (k < end && k < i + 3 && l->cp[k] >= '0' && l->cp[k] <= '9') k++;
    if (k == i || k >= end || !strchr(".):", (int)(l->cp[k] < 0x80 && l->cp[k] ? l->cp[k] : 'x'))) return i;
    for (size_t m = k; m < end; m++)
        if (!disguise_is_gap(l->cp[m])) return m;
    return i;
}

static bool first_letters(const ScorerHost *host, DisguiseText *t) {
    const DisguiseLetters *l = &t->folded;
    DisguiseLetters *out = &t->lines;
    out->cp = host->alloc(host->ctx, (l->n + 1) * sizeof(uint32_t));
    out->at = host->alloc(host->ctx, (l->n + 1) * sizeof(uint32_t));
    if (!out->cp || !out->at) return false;
    for (size_t begin = 0; begin < l->n;) {
        size_t end = begin;
        while (end < l->n && l->cp[end] != '\n') end++;
        size_t i = line_words(l, begin, end);
        if (i < end) {
            out->cp[out->n] = l->cp[i];
            out->at[out->n++] = l->at[i];
        }
        begin = end + 1;
    }
    out->at[out->n] = l->at[l->n];
    return true;
}

bool disguise_read(const ScorerHost *host, ScorerStr answer, DisguiseText *out) {
    *out = (DisguiseText){.answer = answer};
    if (answer.n > (size_t)1 << 30) return false;
    if (!disguise_fold(host, answer, NULL, &out->folded) || !disguise_fold(host, answer, NULL, &out->letters))
        return false;
    disguise_collapse(&out->letters);
    return first_letters(host, out) && find_quotes(host, out) && decode_all(host, out);
}
