#include "reports/words/words.h"

#include <stdio.h>
#include <string.h>

static const Words *const KOREAN[] = {
    words_ko,         words_ko_safety,     words_ko_pages,      words_ko_gate,
    words_ko_compare, words_ko_audit,      words_ko_audit_arms, words_ko_sign,
    words_ko_checks,  words_ko_audit_page, words_ko_history,
};

static const char *const CODES[LANG_COUNT] = {"en", "ko"};

const char *lang_code(Lang lang) {
    return (unsigned)lang < LANG_COUNT ? CODES[lang] : CODES[LANG_EN];
}

bool lang_find(const char *code, Lang *out) {
    for (int i = 0; i < LANG_COUNT; i++)
        if (strcmp(CODES[i], code) == 0) {
            *out = (Lang)i;
            return true;
        }
    return false;
}

const Words *words_at(Lang lang, size_t i) {
    if (lang != LANG_KO) return NULL;
    for (size_t t = 0; t < sizeof KOREAN / sizeof *KOREAN; t++)
        for (const Words *w = KOREAN[t]; w->english; w++)
            if (i-- == 0) return w;
    return NULL;
}

/* A few hundred entries and a few thousand look-ups for a page: a walk is quick enough, and needs no state. */
const char *words(Lang lang, const char *english) {
    if (lang != LANG_KO) return english;
    for (size_t t = 0; t < sizeof KOREAN / sizeof *KOREAN; t++)
        for (const Words *w = KOREAN[t]; w->english; w++)
            if (strcmp(w->english, english) == 0) return w->text;
    return english;
}

void words_addf(Buf *b, Lang lang, const char *english, ...) {
    va_list ap;
    va_start(ap, english);
    buf_vaddf(b, words(lang, english), ap);
    va_end(ap);
}

Str words_printf(Arena *a, Lang lang, const char *english, ...) {
    va_list ap;
    va_start(ap, english);
    Str out = str_vprintf(a, words(lang, english), ap);
    va_end(ap);
    return out;
}
