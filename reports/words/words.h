/* The language of a report. A sentence is looked up by its whole English text, which is what a language without an
 * entry falls back to; so English needs no table, and code reads as what it prints.
 *
 *   words_addf(b, lang, "%s is ahead of %s by %.1f points.", first, second, points);
 *
 * A person's sentence stands in the code as one whole, with all its parts as printf conversions: the other language may
 * need them in another order, and says so by position ("%2$s … %1$s"; then all of them have one). Counts choose between
 * two whole keys (n == 1 ? WORD("%d suite") : WORD("%d suites")). Numbers keep a point as their decimal mark.
 *
 * To add sentences: use them through these functions (or html__say…, html_internal.h), mark texts that wait in an array
 * with WORD(), and give each an entry in words_ko.c or another words_ko_*.c of its subject, listed in words.c.
 * tests/unit/test_reports_words.c reads the sources: it fails for a text without an entry, and where the conversions of
 * the two languages differ. */
#ifndef ASSAY_REPORTS_WORDS_H
#define ASSAY_REPORTS_WORDS_H

#include "engine/base/str.h"

typedef enum Lang { LANG_EN, LANG_KO, LANG_COUNT } Lang;

const char *lang_code(Lang lang); /* "en", "ko": as <html lang> wants it */
bool lang_find(const char *code, Lang *out);

/* Marks a text that is looked up elsewhere. */
#define WORD(text) text

/* The text in that language; the English one itself if there is no entry. Lives for ever. */
const char *words(Lang lang, const char *english) __attribute__((format_arg(2)));
void words_addf(Buf *b, Lang lang, const char *english, ...) __attribute__((format(printf, 3, 4)));
/* {NULL,0} without memory. */
Str words_printf(Arena *a, Lang lang, const char *english, ...) __attribute__((format(printf, 3, 4)));

/* One entry. */
typedef struct Words {
    const char *english, *text;
} Words;

/* All entries of a language, one after the other; NULL behind the last. */
const Words *words_at(Lang lang, size_t i);

/* The tables; each ends with {NULL, NULL}. */
extern const Words words_ko_history[];
extern const Words words_ko[], words_ko_safety[], words_ko_pages[], words_ko_gate[], words_ko_compare[],
    words_ko_audit[], words_ko_audit_arms[], words_ko_sign[], words_ko_checks[], words_ko_audit_page[];

#endif
