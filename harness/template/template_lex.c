/* Template source -> tokens inside tags: names, texts with Python's escapes, numbers, operators, the end of the tag. */
#include "harness/template/template_lex.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool template__parse_fail(Parser *p, int line, const char *fmt, ...) {
    char msg[300];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(msg, sizeof msg, fmt, ap);
    va_end(ap);
    err_set(p->err, ERR_INPUT, "%s", msg);
    return err_wrap(p->err, "%s, template line %d", p->t->name, line);
}

static bool is_name_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80);
}
static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
static bool is_name(char c) {
    return is_name_start(c) || is_digit(c);
}
char template__peek(const Parser *p, size_t k) {
    return p->at + k < p->src.n ? p->src.p[p->at + k] : 0;
}

void template__skip_space(Parser *p) {
    while (p->at < p->src.n && strchr(" \t\n\v\f\r", p->src.p[p->at])) p->line += p->src.p[p->at++] == '\n';
}

static int hex_value(char c) {
    return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* \xNN \uNNNN \UNNNNNNNN; p->at stands behind the letter. */
static bool hex_escape(Parser *p, int digits, Buf *out) {
    uint32_t cp = 0;
    for (int i = 0; i < digits; i++) {
        int h = hex_value(template__peek(p, 0));
        if (h < 0) return template__parse_fail(p, p->line, "an escape in a text is cut short");
        cp = cp * 16 + (uint32_t)h;
        p->at++;
    }
    if (cp > 0x10FFFF || (cp >= 0xD800 && cp < 0xE000) || !cp)
        return template__parse_fail(p, p->line, "an escape names no character");
    char utf8[4];
    buf_add(out, utf8, utf8_put(cp, utf8));
    return true;
}

/* As Python reads escapes in a text; unknown ones keep their backslash. p->at stands behind the backslash. */
static bool escape(Parser *p, Buf *out) {
    static const char from[] = "ntrabfv\\'\"", to[] = "\n\t\r\a\b\f\v\\'\"";
    char c = template__peek(p, 0);
    const char *k = c ? strchr(from, c) : NULL;
    p->at++;
    if (k) {
        buf_addc(out, to[k - from]);
        return true;
    }
    if (c == '\n') {
        p->line++;
        return true;
    }
    if (c == 'x') return hex_escape(p, 2, out);
    if (c == 'u') return hex_escape(p, 4, out);
    if (c == 'U') return hex_escape(p, 8, out);
    if (is_digit(c) || c == 'N')
        return template__parse_fail(p, p->line, "octal and named escapes in a text are not supported");
    buf_addc(out, '\\');
    buf_addc(out, c);
    return true;
}

static bool text_token(Parser *p) {
    char quote = template__peek(p, 0);
    int opened = p->line;
    Buf b;
    buf_init(&b, TEMPLATE_MAX_SOURCE);
    bool ok = true;
    for (p->at++; ok && template__peek(p, 0) != quote;) {
        if (p->at >= p->src.n)
            ok = template__parse_fail(p, opened, "a text begins here and its quote never closes");
        else if (template__peek(p, 0) == '\\') {
            p->at++;
            ok = escape(p, &b);
        } else {
            p->line += template__peek(p, 0) == '\n';
            buf_addc(&b, p->src.p[p->at++]);
        }
    }
    p->at++;
    p->tok.type = TOK_TEXT;
    if (ok) {
        p->tok.s = str_dup(p->a, b.n ? buf_str(&b) : STR(""));
        ok = (p->tok.s.p && !b.failed) || err_nomem(p->err);
    }
    buf_release(&b);
    return ok;
}

static bool number_token(Parser *p) {
    char text[64];
    size_t n = 0;
    bool is_float = false;
    while (n < sizeof text - 1) {
        char c = template__peek(p, 0);
        bool fraction = c == '.' && !is_float && is_digit(template__peek(p, 1));
        bool exponent =
            (c == 'e' || c == 'E') && n &&
            (is_digit(template__peek(p, 1)) ||
             ((template__peek(p, 1) == '-' || template__peek(p, 1) == '+') && is_digit(template__peek(p, 2))));
        if (!is_digit(c) && c != '_' && !fraction && !exponent) break;
        is_float |= fraction || exponent;
        if (c != '_') text[n++] = c;
        p->at++;
        if (exponent) text[n++] = p->src.p[p->at++];
    }
    text[n] = 0;
    if (is_name_start(template__peek(p, 0)))
        return template__parse_fail(p, p->line, "'%s%c' is neither a number nor a name", text, template__peek(p, 0));
    errno = 0;
    p->tok.type = is_float ? TOK_FLOAT : TOK_INT;
    p->tok.value = is_float ? value_float(strtod(text, NULL)) : value_int(strtoll(text, NULL, 10));
    if (errno || n >= sizeof text - 2) return template__parse_fail(p, p->line, "the number %s is too large", text);
    return true;
}

static bool close_token(Parser *p) {
    size_t skip = (template__peek(p, 0) == '-' || template__peek(p, 0) == '+') && template__peek(p, 1) == p->close[0] &&
                  template__peek(p, 2) == p->close[1];
    if (p->braces || template__peek(p, skip) != p->close[0] || template__peek(p, skip + 1) != p->close[1]) return false;
    p->tok.type = TOK_CLOSE;
    p->tok.trim = skip && template__peek(p, 0) == '-';
    p->at += skip + 2;
    return true;
}

static bool operator_token(Parser *p) {
    static const char *const ops[] = {"//", "**", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%",
                                      "~",  "(",  ")",  "[",  "]",  "{",  "}", ",", ".", ":", "|", "="};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        size_t n = strlen(ops[i]);
        if (p->at + n > p->src.n || memcmp(p->src.p + p->at, ops[i], n)) continue;
        p->tok.type = TOK_OP;
        p->tok.s = (Str){ops[i], n};
        p->braces += strchr("([{", ops[i][0]) != NULL;
        p->braces -= strchr(")]}", ops[i][0]) != NULL && p->braces > 0;
        p->at += n;
        return true;
    }
    return template__parse_fail(p, p->line, "'%c' has no meaning here", template__peek(p, 0));
}

bool template__advance(Parser *p) {
    template__skip_space(p);
    p->tok = (Token){.line = p->line};
    if (p->at >= p->src.n) return template__parse_fail(p, p->line, "a tag is not closed; expected '%s'", p->close);
    if (close_token(p)) return true;
    char c = template__peek(p, 0);
    if (is_name_start(c)) {
        size_t from = p->at;
        while (is_name(template__peek(p, 0))) p->at++;
        p->tok.type = TOK_NAME;
        p->tok.s = str_sub(p->src, from, p->at);
        return true;
    }
    if (is_digit(c)) return number_token(p);
    if (c == '"' || c == '\'') return text_token(p);
    return operator_token(p);
}
