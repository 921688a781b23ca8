/* The helper kit for scorers: reading chat answers as bytes. Any plugin may link text*.c; it needs scorer.h and libc
 * only.
 *
 * Model text is hostile: it may hold NUL, broken UTF-8, invisible and bidirectional controls, 100,000 characters in one
 * line. Nothing here crashes on that, everything is linear in the text, and every finding is a span in bytes.
 *
 * Most rules are easier to write on folded text (TextFold): fullwidth letters are ASCII, invisible characters are gone,
 * curly quotes are straight, and a map leads each byte back to the original, so that a Score can name its span. */
#ifndef ASSAY_TEXT_H
#define ASSAY_TEXT_H

#include "scorers/scorer.h"

#define TEXT(lit) ((ScorerStr){("" lit), sizeof(lit) - 1})
#define TEXT_NONE SIZE_MAX /* "not found" of the find functions */

typedef struct TextSpan { /* bytes [begin, end) */
    size_t begin, end;
} TextSpan;

/* ---- bytes ---- */

ScorerStr text_from(const char *cstr);                     /* NULL gives {NULL,0} */
ScorerStr text_cut(ScorerStr s, size_t begin, size_t end); /* clipped; never NULL with a non-NULL s */
ScorerStr text_trim(ScorerStr s);                          /* white space, ASCII and Unicode, at both ends */
TextSpan text_trim_span(ScorerStr s, TextSpan span);       /* the same, as a narrower span of s */
bool text_eq(ScorerStr a, ScorerStr b);
bool text_eq_nocase(ScorerStr a, ScorerStr b);                /* ASCII letters without regard to case */
bool text_starts(ScorerStr s, size_t at, const char *prefix); /* s holds prefix at `at` */
size_t text_find(ScorerStr s, ScorerStr needle, size_t from); /* first at or after from, or TEXT_NONE */
size_t text_rfind(ScorerStr s, ScorerStr needle,
                  size_t before); /* last that ends at or before `before`, or TEXT_NONE */
size_t text_find_nocase(ScorerStr s, const char *lower, size_t from); /* `lower`: lower-case ASCII */
/* Next line from *at, without its end; false behind the last. Advances *at. */
bool text_line(ScorerStr s, size_t *at, TextSpan *line);
/* The last line with anything but white space in it, trimmed; empty span if there is none. */
TextSpan text_last_line(ScorerStr s);

/* ---- characters ---- */

/* Decodes the code point at *i and advances *i; an invalid byte gives U+FFFD and advances by one. Needs *i < s.n. */
uint32_t text_next(ScorerStr s, size_t *i);
size_t text_put(uint32_t cp, char out[4]); /* UTF-8, 1..4 bytes */
bool text_is_space(uint32_t cp);
bool text_is_invisible(uint32_t cp); /* zero-width, bidirectional control, soft hyphen, variation selector, tag */
bool text_is_hangul(uint32_t cp);    /* syllables and jamo */
bool text_is_alnum(char c);          /* ASCII */
bool text_is_digit(char c);
size_t text_count_chars(ScorerStr s); /* code points */

/* ---- folding ---- */

enum {                 /* flags of text_fold */
       TEXT_LOWER = 1, /* ASCII to lower case */
};
typedef struct TextFold {
    ScorerStr s;        /* the folded text, valid UTF-8 */
    const uint32_t *at; /* [s.n + 1] byte of the original at which each folded byte begins; at[s.n] = original length */
} TextFold;

/* Invisible characters dropped; fullwidth forms, curly quotes, dashes and Unicode spaces to ASCII; conjoining jamo to
 * syllables; broken UTF-8 and NUL to U+FFFD. Never longer than the original times 3. false: no memory, or over 1 GiB.
 */
bool text_fold(const ScorerHost *host, ScorerStr s, unsigned flags, TextFold *out, ScorerErr *err);
TextSpan text_unfold(const TextFold *f, TextSpan folded); /* the span in the original */

/* ---- what chat answers are made of ---- */

/* The next \boxed{…} or \fbox{…} at or after *at, braces nested: *whole from the backslash to behind the closing brace,
 * *inner the content. An unclosed box runs to the end of the text. Also "\boxed 7" (one character or digits). */
bool text_boxed(ScorerStr s, size_t *at, TextSpan *whole, TextSpan *inner);

typedef struct TextFence { /* ```lang … ``` or ~~~ */
    TextSpan whole, body;  /* body without the fences' lines */
    ScorerStr lang;        /* first word behind the opening fence, may be empty */
    bool closed;           /* false: the text ended first */
} TextFence;
bool text_fence(ScorerStr s, size_t *at, TextFence *out);

typedef struct TextNumber {
    TextSpan span;          /* sign to last digit; a percent or currency sign is not part of it */
    bool negative, integer; /* integer: no fraction bar, and nothing but zeros behind the point */
    bool fraction;          /* "73/1", "\frac{73}{1}" and the like: not a plain number */
    double value;           /* of a plain number, rounded to double; NaN for a fraction */
} TextNumber;
/* The next number at or after *at: digits with , or TeX thin-space thousands, a decimal point, a sign. Digits inside a
 * word ("x2", "H2O") don't count. Advances *at behind it. */
bool text_number(ScorerStr s, size_t *at, TextNumber *out);
/* Its digits in one spelling: no leading zeros, no separators, no empty fraction: "-0012,345.50" gives "-12345.5".
 * {NULL,0} without memory, or for a fraction. */
ScorerStr text_number_canonical(const ScorerHost *host, ScorerStr s, const TextNumber *n);

/* ---- the option that a chat answer chose ---- */

typedef struct TextLetter {
    int index;        /* 0 = A; -1: none */
    const char *rule; /* which rule decided, or why none did: "contradictory", "none" */
    TextSpan span;    /* bytes of the answer */
} TextLetter;
/* Reads the option from a free answer; see scorers/README.md for the rules and their order. The last clear statement
 * wins; two options in one statement are no answer; letters behind the n-th don't count; nothing is ever guessed.
 * choices may be NULL (then texts of options aren't looked for). false: no memory. */
bool text_letter(const ScorerHost *host, ScorerStr answer, size_t n_options, const ScorerStr *choices, TextLetter *out,
                 ScorerErr *err);

/* ---- phrases ---- */

/* One phrase to look for. The pattern is a row of elements parted by blanks, all in lower case:
 *     help|assist    one of these words; hangul alternatives are runs of syllables ("드릴|할")
 *     not_able_to    words in a row within an alternative
 *     ?really        may be missing
 *     ~4             up to four words (hangul: syllables) of any kind, in the same sentence
 *     ^              first element: at the begin of a sentence
 *     $              last element: at the end of a sentence
 * English is matched by words, with contractions spelled out ("can't" reads "can not", "it's" reads "it is"), Korean by
 * syllables without regard to spaces. */
typedef struct TextPhrase {
    char kind;        /* what it means: a letter of the table's owner; 0 ends a table */
    const char *name; /* the rule's name in a Score */
    const char *pattern;
} TextPhrase;
typedef struct TextPhrases TextPhrases; /* compiled tables; read-only, shared by threads */
/* false: no memory, or a mistake in a pattern. Free with text_phrases_close (NULL is fine). */
bool text_phrases_open(const TextPhrase *const *tables, size_t n_tables, TextPhrases **out, ScorerErr *err);
void text_phrases_close(TextPhrases *p);

/* What texts are matched by: a word or a hangul syllable. Other characters are no units. */
typedef struct TextUnit {
    uint32_t unit;       /* the syllable's code point, or a hash of the word, with the highest bit set */
    uint32_t sentence;   /* index of its sentence */
    uint32_t begin, end; /* bytes of the folded text; both words of a contraction have its bytes */
} TextUnit;
/* The unit of the next lower-case word or hangul syllable at or after *i; 0 if there is none. Advances *i behind it. */
uint32_t text_unit(ScorerStr s, size_t *i);

enum { TEXT_PROSE, TEXT_ITEM, TEXT_CODE, TEXT_HEADING }; /* forms of a sentence's line */
typedef struct TextSentence {
    TextSpan span;  /* in the folded text */
    uint32_t words; /* words and syllables */
    uint8_t form;
    uint8_t hangul; /* more than half of it is hangul */
} TextSentence;
typedef struct TextHit {
    const TextPhrase *phrase;
    TextSpan span; /* in the folded text */
    uint32_t sentence;
} TextHit;
typedef struct TextReading {
    TextFold fold;         /* lower case */
    const TextUnit *units; /* [n_words] */
    const TextSentence *sentences;
    const TextHit *hits; /* in the order of their begin; at most TEXT_HITS_MAX, later ones are dropped */
    size_t n_sentences, n_hits, n_words;
} TextReading;
#define TEXT_HITS_MAX 2048
bool text_phrases_read(const TextPhrases *p, const ScorerHost *host, ScorerStr s, TextReading *out, ScorerErr *err);

/* ---- comparing a program's output ---- */

typedef enum TextChecker { /* specs: judging */
                           TEXT_CHECK_TOKENS,
                           TEXT_CHECK_TOKENS_NOCASE,
                           TEXT_CHECK_EXACT,
                           TEXT_CHECK_LINES,
                           TEXT_CHECK_FLOAT,
                           TEXT_CHECK_UNORDERED_LINES
} TextChecker;
typedef enum TextMatch { TEXT_MATCH_RIGHT, TEXT_MATCH_LAYOUT, TEXT_MATCH_WRONG } TextMatch;
/* RIGHT; LAYOUT: the checker says no although the tokens agree; WRONG. *where (from 1): the first token or line that
 * differs, 0 if none does. tolerance: of TEXT_CHECK_FLOAT, absolute or relative. false: no memory. */
bool text_check(const ScorerHost *host, TextChecker checker, double tolerance, ScorerStr expected, ScorerStr actual,
                TextMatch *match, size_t *where);

/* ---- strict JSON, read in place ---- */

typedef struct TextJson { /* a cursor; `bad` is sticky */
    ScorerStr s;
    size_t at;
    bool bad;
} TextJson;

TextJson text_json(ScorerStr s);
bool text_json_array(TextJson *j);            /* enters '[' */
bool text_json_object(TextJson *j);           /* enters '{' */
bool text_json_item(TextJson *j, bool first); /* stands before the next element; false at ']' (consumed) or bad */
/* Reads the next key and stands before its value; false at '}' (consumed) or bad. Keys are raw: escapes unread. */
bool text_json_key(TextJson *j, bool first, ScorerStr *key);
/* A string's decoded text, in the host's memory. NUL bytes from \u0000 are kept. */
bool text_json_string(TextJson *j, const ScorerHost *host, ScorerStr *out);
bool text_json_skip(TextJson *j); /* any value, at most 64 levels deep */
bool text_json_end(TextJson *j);  /* nothing but white space is left, and nothing was bad */

/* ---- options, fields, memory ---- */

/* The option's value, or {NULL,0}. */
ScorerStr text_opt(const ScorerKV *opts, size_t n, const char *key);
/* Every key must be in the NULL-ended list, else false and a sentence that names the keys there are. */
bool text_opts_known(const ScorerKV *opts, size_t n, const char *const *known, const char *scorer, ScorerErr *err);
/* *out untouched if the option is absent; false and a sentence if it is not a finite number (a boolean). */
bool text_opt_number(const ScorerKV *opts, size_t n, const char *key, double *out, ScorerErr *err);
bool text_opt_bool(const ScorerKV *opts, size_t n, const char *key, bool *out, ScorerErr *err);
/* *out becomes the index of the value in the NULL-ended list `names`; false and a sentence if it is none of them. */
bool text_opt_enum(const ScorerKV *opts, size_t n, const char *key, const char *const *names, int *out, ScorerErr *err);
ScorerStr text_meta(const ScorerView *v, const char *key); /* the sample's field, or {NULL,0} */

bool text_err(ScorerErr *err, const char *fmt, ...) __attribute__((format(printf, 2, 3))); /* always false */
bool text_nomem(ScorerErr *err, const char *scorer);                                       /* always false */
/* printf into the host's memory; {NULL,0} without memory. */
ScorerStr text_printf(const ScorerHost *host, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* For "%.*s" with a ceiling of 120 bytes, cut between characters. */
#define TEXT_ARG(s) (int)text_printable((s)), ((s).p ? (s).p : "")
size_t text_printable(ScorerStr s);

/* ---- filling a Score ---- */

void text_score_init(Score *out); /* unscored, nothing found; keeps out->size */
/* Scored, correct or wrong. */
void text_score_verdict(Score *out, bool correct, ScorerStr answer, const char *rule, TextSpan span);
/* Nothing was extracted. The class follows from how the completion ended: cut off, declined, or simply no answer; these
 * are the model's own, so they are scored with value 0. A completion that failed is an error and has no value.
 * `why` is the explanation. */
bool text_score_nothing(const ScorerHost *host, const ScorerView *v, Score *out, ScorerStr why, ScorerErr *err);
/* An engine that failed or was cancelled: fills an error score and returns true; else false. Call it first. */
bool text_score_failed(const ScorerView *v, Score *out);

#endif
