/* A cursor over JSON text, for the two lists of tokenizer.json that are too long for a tree. It finds values and checks
 * brackets and strings only; whoever uses a value checks what it holds. Everything borrows from the text. */
#ifndef ASSAY_TOKEN_SCAN_H
#define ASSAY_TOKEN_SCAN_H

#include <string.h>

#include "engine/base/str.h"

typedef struct Scan {
    const char *p, *end;
    bool bad;               /* what stands here is not JSON; sticky */
    size_t n_texts, n_open; /* strings and opening brackets that were passed */
} Scan;

/* A string as it stands between its quotes. */
typedef struct ScanText {
    Str raw;
    bool escaped; /* there are backslashes in it */
} ScanText;

Scan scan_open(Str json);

static inline bool scan_is_blank(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* The next character that is no white space; 0 at the end. Files are indented, so runs of blanks are long. */
static inline char scan_peek(Scan *s) {
    static const char blanks[] = "        ";
    const char *p = s->p;
    while (p < s->end && scan_is_blank(*p)) {
        p++;
        while (s->end - p >= 8 && memcmp(p, blanks, 8) == 0) p += 8;
    }
    s->p = p;
    return p < s->end ? *p : 0;
}

/* Skips white space; true and past it if `c` comes next. */
static inline bool scan_take(Scan *s, char c) {
    if (scan_peek(s) != c || s->p == s->end) return false;
    s->p++;
    return true;
}

bool scan_text(Scan *s, ScanText *out);
/* Any value, brackets and all. */
bool scan_value(Scan *s, Str *out);

/* Steps through an object or list. *first is true before its first item, which stands behind the opening bracket. True:
 * an item comes next; false: the closing bracket was taken, or the text is bad. */
bool scan_item(Scan *s, char close, bool *first);
/* The name of a member, and its colon. */
bool scan_key(Scan *s, ScanText *out);

/* The text's bytes in out[raw.n]: how many, or SIZE_MAX if an escape is wrong. */
size_t scan_unescape(Str raw, char *out);
/* A non-negative integer in plain digits, at most max. */
bool scan_uint(Str value, uint32_t max, uint32_t *out);

#endif
