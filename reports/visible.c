#include "reports/visible.h"

#include <string.h>

/* Sorted, inclusive. */
static const struct {
    uint32_t lo, hi;
} HIDDEN[] = {
    {0x00, 0x08},       {0x0B, 0x1F},     /* C0 without tab and line feed */
    {0x7F, 0x9F},                         /* DEL, C1 */
    {0xAD, 0xAD},                         /* soft hyphen */
    {0x61C, 0x61C},                       /* Arabic letter mark */
    {0x180E, 0x180E},                     /* Mongolian vowel separator */
    {0x200B, 0x200B},   {0x200E, 0x200F}, /* zero-width space, LRM, RLM; the joiners are left to their scripts */
    {0x2028, 0x202E},                     /* line and paragraph separator, embeddings, overrides */
    {0x2060, 0x206F},                     /* word joiner, invisible operators, isolates, deprecated format characters */
    {0xFEFF, 0xFEFF},   {0xFFF9, 0xFFFB}, /* byte order mark, interlinear annotation */
    {0xE0000, 0xE007F},                   /* tags */
};

bool visible_is_hidden(uint32_t cp) {
    for (size_t i = 0; i < sizeof HIDDEN / sizeof *HIDDEN; i++)
        if (cp >= HIDDEN[i].lo && cp <= HIDDEN[i].hi) return true;
    return false;
}

static void add_code_point(Buf *b, uint32_t cp) {
    char utf8[4];
    buf_add(b, utf8, utf8_put(cp, utf8));
}

void visible_term(Buf *b, Str s) {
    for (size_t i = 0; i < s.n;) {
        uint32_t cp = utf8_next(s, &i);
        if (visible_is_hidden(cp) || cp == '\n' || cp == '\t')
            buf_addf(b, "\\u{%x}", (unsigned)cp);
        else
            add_code_point(b, cp);
    }
}

/* Hangul, CJK and full-width forms: enough to keep a table's columns straight. */
static bool is_wide(uint32_t cp) {
    return (cp >= 0x1100 && cp <= 0x115F) || (cp >= 0x2E80 && cp <= 0xA4CF) || (cp >= 0xAC00 && cp <= 0xD7A3) ||
           (cp >= 0xF900 && cp <= 0xFAFF) || (cp >= 0xFE30 && cp <= 0xFE6F) || (cp >= 0xFF00 && cp <= 0xFF60) ||
           (cp >= 0x1F300 && cp <= 0x1FAFF) || (cp >= 0x20000 && cp <= 0x3FFFD);
}

size_t visible_width(Str s) {
    size_t w = 0;
    for (size_t i = 0; i < s.n;) {
        uint32_t cp = utf8_next(s, &i);
        if (visible_is_hidden(cp) || cp == '\n' || cp == '\t') {
            w += 5;
            for (uint32_t rest = cp >> 4; rest; rest >>= 4) w++;
        } else {
            w += is_wide(cp) ? 2 : 1;
        }
    }
    return w;
}

static void escape(Buf *b, Str s, bool attr) {
    for (size_t i = 0; i < s.n;) {
        uint32_t cp = utf8_next(s, &i);
        switch (cp) {
        case '&':
            buf_adds(b, "&amp;");
            continue;
        case '<':
            buf_adds(b, "&lt;");
            continue;
        case '>':
            buf_adds(b, "&gt;");
            continue;
        case '"':
            buf_adds(b, "&quot;");
            continue;
        case '\'':
            buf_adds(b, "&#39;");
            continue;
        default:
            break;
        }
        if (!visible_is_hidden(cp))
            add_code_point(b, cp);
        else
            buf_addf(b, attr ? "U+%04X" : "<i class=\"esc\">U+%04X</i>", (unsigned)cp);
    }
}

void html_escape(Buf *b, Str s) {
    escape(b, s, false);
}
void html_escape_attr(Buf *b, Str s) {
    escape(b, s, true);
}

void visible_markdown(Buf *b, Str s) {
    Buf plain;
    buf_init(&plain, (size_t)1 << 24);
    visible_term(&plain, s);
    for (size_t i = 0; i < plain.n; i++) {
        char c = plain.p[i];
        if (c == '<')
            buf_adds(b, "&lt;");
        else if (c == '&')
            buf_adds(b, "&amp;");
        else {
            if (strchr("|*_`[]\\#~$", c)) buf_addc(b, '\\');
            buf_addc(b, c);
        }
    }
    if (plain.failed) b->failed = true;
    buf_release(&plain);
}

void visible_xml(Buf *b, Str s) {
    Buf plain;
    buf_init(&plain, (size_t)1 << 24);
    visible_term(&plain, s);
    for (size_t i = 0; i < plain.n; i++) switch (plain.p[i]) {
        case '&':
            buf_adds(b, "&amp;");
            break;
        case '<':
            buf_adds(b, "&lt;");
            break;
        case '>':
            buf_adds(b, "&gt;");
            break;
        case '"':
            buf_adds(b, "&quot;");
            break;
        case '\'':
            buf_adds(b, "&apos;");
            break;
        default:
            buf_addc(b, plain.p[i]);
        }
    if (plain.failed) b->failed = true;
    buf_release(&plain);
}
