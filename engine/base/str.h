/* Bytes with a length and a ceiling. Model text is never a C string: it may hold NUL and any bytes. */
#ifndef ASSAY_BASE_STR_H
#define ASSAY_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/mem.h"

/* A borrowed run of bytes. {NULL,0} means "absent"; {non-NULL,0} is the empty text. */
typedef struct Str {
    const char *p;
    size_t n;
} Str;

#define STR(lit) ((Str){("" lit), sizeof(lit) - 1})
#define STR_FMT "%.*s"
#define STR_ARG(s) (int)((s).n > 4096 ? 4096 : (s).n), ((s).p ? (s).p : "")

Str str_from(const char *cstr); /* NULL gives the absent Str */
bool str_eq(Str a, Str b);
bool str_eqz(Str a, const char *b);
int str_cmp(Str a, Str b); /* bytewise, shorter first on a tie */
bool str_starts(Str s, Str prefix);
bool str_ends(Str s, Str suffix);
Str str_sub(Str s, size_t begin, size_t end); /* clipped */
Str str_trim(Str s);                          /* ASCII white space at both ends */
/* Byte offset of the first `needle` at or after `from`, or SIZE_MAX. */
size_t str_find(Str s, Str needle, size_t from);
/* Copies into the arena, NUL after the end (not counted). {NULL,0} without memory. */
Str str_dup(Arena *a, Str s);
/* A NUL-terminated copy in the arena. */
char *str_cstr(Arena *a, Str s);
Str str_printf(Arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
Str str_vprintf(Arena *a, const char *fmt, va_list ap);

/* A growing buffer with a ceiling. Failure (no memory, ceiling reached) is sticky: later adds do nothing, and one check
 * of `failed` at the end suffices. p is always NUL-terminated once something was added. */
typedef struct Buf {
    char *p;
    size_t n, cap, max;
    bool failed;
} Buf;

void buf_init(Buf *b, size_t max_bytes);
void buf_release(Buf *b);
void buf_clear(Buf *b); /* keeps the memory, clears `failed` */
void buf_add(Buf *b, const void *p, size_t n);
void buf_adds(Buf *b, const char *cstr);
void buf_addstr(Buf *b, Str s);
void buf_addc(Buf *b, char c);
void buf_addf(Buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vaddf(Buf *b, const char *fmt, va_list ap);
Str buf_str(const Buf *b);

/* Bytes for people, in decimal units as disks and downloads have them: "812 bytes", "1.5 kB", "64.2 MB", "13.76 GB".
 * GB with two decimals, MB and kB with one, rounded to the nearest; the unit is the largest of which the rounded number
 * is at least 1, so that 999,960 bytes are "1.0 MB" and never "1000.0 kB". Sums are made of bytes, not of such texts.
 */
typedef struct SizeText {
    char text[24];
} SizeText;
SizeText size_text(uint64_t bytes);

/* UTF-8 */
/* Decodes one code point of s at *i and advances *i. An invalid sequence gives U+FFFD and advances past its maximal
 * valid prefix, at least one byte (the Unicode "substitution of maximal subparts"). Needs *i < s.n. */
uint32_t utf8_next(Str s, size_t *i);
/* Writes cp as UTF-8 (surrogates and > 10FFFF as U+FFFD), returns 1..4. */
size_t utf8_put(uint32_t cp, char out[4]);
bool utf8_valid(Str s);
/* Byte offset of the first invalid sequence, or SIZE_MAX. */
size_t utf8_first_bad(Str s);
/* How many bytes at the end of s (0..3) begin a character whose rest is missing; bytes that no rest can make valid do
 * not count. */
size_t utf8_incomplete(Str s);
/* Appends s with invalid sequences replaced by U+FFFD. */
void buf_add_utf8_lossy(Buf *b, Str s);

#endif
