#include "harness/term.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool term_is_tty(FILE *f) {
    return isatty(fileno(f)) == 1;
}

bool term_is_live(FILE *f) {
    const char *term = getenv("TERM");
    return !(term && strcmp(term, "dumb") == 0) && term_is_tty(f);
}

bool term_has_color(FILE *f) {
    const char *no = getenv("NO_COLOR");
    return !(no && *no) && term_is_live(f);
}

int term_width(FILE *f) {
    struct winsize w;
    if (ioctl(fileno(f), TIOCGWINSZ, &w) == 0 && w.ws_col > 0) return w.ws_col;
    const char *columns = getenv("COLUMNS");
    long n = columns ? strtol(columns, NULL, 10) : 0;
    return n > 0 && n < 10000 ? (int)n : 80;
}

/* Marks that reorder or hide text: a reader must see them, not their effect. */
static bool is_invisible(uint32_t cp) {
    return cp == 0x61C || (cp >= 0x200B && cp <= 0x200F) || (cp >= 0x2028 && cp <= 0x202E) ||
           (cp >= 0x2060 && cp <= 0x206F) || cp == 0xFEFF || (cp >= 0xE0000 && cp <= 0xE007F);
}

void term_escape(Buf *out, Str s) {
    for (size_t i = 0; i < s.n;) {
        char utf8[4];
        uint32_t cp = utf8_next(s, &i);
        if (cp < 0x20 || (cp >= 0x7F && cp <= 0x9F))
            buf_addf(out, "\\x%02x", cp);
        else if (is_invisible(cp))
            buf_addf(out, "\\u{%04x}", cp);
        else
            buf_add(out, utf8, utf8_put(cp, utf8));
    }
}

static int columns_of(uint32_t cp) {
    if ((cp >= 0x300 && cp <= 0x36F) || (cp >= 0xFE00 && cp <= 0xFE0F)) return 0;
    bool wide = (cp >= 0x1100 && cp <= 0x115F) || (cp >= 0x2E80 && cp <= 0xA4CF) || (cp >= 0xAC00 && cp <= 0xD7A3) ||
                (cp >= 0xF900 && cp <= 0xFAFF) || (cp >= 0xFE30 && cp <= 0xFE6F) || (cp >= 0xFF00 && cp <= 0xFF60) ||
                (cp >= 0x1F300 && cp <= 0x1FAFF) || (cp >= 0x20000 && cp <= 0x3FFFD);
    return wide ? 2 : 1;
}

int term_columns(Str s) {
    int n = 0;
    for (size_t i = 0; i < s.n;) n += columns_of(utf8_next(s, &i));
    return n;
}
