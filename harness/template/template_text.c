/* Text as Python sees it: by characters, with its str() and its two ways of formatting. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/template/template_internal.h"

bool template__text(Eval *e, const Value *v, Str *out) {
    if (!template__defined(e, v)) return false;
    if (v->type == VALUE_STR) {
        *out = v->s;
        return true;
    }
    Buf b;
    buf_init(&b, TEMPLATE_MAX_OUTPUT);
    value_to_text(v, &b);
    bool ok = b.failed ? template__fail(e, "a text is too long") : template__step(e, b.n);
    if (ok) {
        *out = str_dup(e->a, b.n ? buf_str(&b) : STR(""));
        ok = out->p || err_nomem(e->err);
    }
    buf_release(&b);
    return ok;
}

size_t template__chars(Str s) {
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return n;
}

/* Byte offset of character k (or the end). */
static size_t offset_of(Str s, size_t k, size_t from) {
    size_t i = from;
    for (; i < s.n; i++)
        if (((unsigned char)s.p[i] & 0xC0) != 0x80 && k-- == 0) return i;
    return s.n;
}

Str template__char_range(Str s, size_t from, size_t to) {
    size_t a = offset_of(s, from, 0);
    if (to <= from) return str_sub(s, a, a);
    return str_sub(s, a, offset_of(s, to - from, a));
}

/* ---- case: ASCII, Latin-1, Latin Extended-A, Greek, Cyrillic; other scripts are left alone ---- */

static uint32_t greek_accented(uint32_t c, bool up) {
    static const uint16_t pairs[][2] = {{0x386, 0x3AC}, {0x388, 0x3AD}, {0x389, 0x3AE}, {0x38A, 0x3AF},
                                        {0x38C, 0x3CC}, {0x38E, 0x3CD}, {0x38F, 0x3CE}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (pairs[i][up] == c) return pairs[i][!up];
    return c;
}

static uint32_t lower(uint32_t c) {
    if ((c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7) || (c >= 0x391 && c <= 0x3AB && c != 0x3A2) ||
        (c >= 0x410 && c <= 0x42F))
        return c + 32;
    if (c >= 0x400 && c <= 0x40F) return c + 80;
    if (c == 0x178) return 0xFF;
    if (c >= 0x386 && c <= 0x38F) return greek_accented(c, false);
    if ((c >= 0x100 && c <= 0x137 && c != 0x130) || (c >= 0x14A && c <= 0x177)) return c | 1;
    if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E)) return c & 1 ? c + 1 : c;
    return c;
}

static uint32_t upper(uint32_t c) {
    if ((c >= 'a' && c <= 'z') || (c >= 0xE0 && c <= 0xFE && c != 0xF7) || (c >= 0x3B1 && c <= 0x3CB && c != 0x3C2) ||
        (c >= 0x430 && c <= 0x44F))
        return c - 32;
    if (c >= 0x450 && c <= 0x45F) return c - 80;
    if (c == 0x3C2) return 0x3A3;
    if (c == 0xFF) return 0x178;
    if (c >= 0x3AC && c <= 0x3CE) return greek_accented(c, true);
    if (c == 0xB5) return 0x39C;
    if ((c >= 0x100 && c <= 0x137 && c != 0x131 && c != 0x138) || (c >= 0x14A && c <= 0x177 && c != 0x149))
        return c & ~1u;
    if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E)) return c & 1 ? c : c - 1;
    return c;
}

static bool is_cased(uint32_t c) {
    return lower(c) != c || upper(c) != c;
}

bool template__case(Eval *e, Str s, TextCase how, Str *out) {
    if (!template__step(e, s.n * 2)) return false;
    char *p = arena_alloc(e->a, s.n * 2 + 1); /* no mapping here is longer than twice the character */
    if (!p) return err_nomem(e->err);
    size_t n = 0;
    bool in_word = false;
    for (size_t i = 0; i < s.n;) {
        size_t at = i;
        uint32_t c = utf8_next(s, &i);
        bool up = how == CASE_UPPER || (how == CASE_TITLE && !in_word) || (how == CASE_CAPITALIZE && at == 0);
        in_word = is_cased(c) || c == 0xDF;
        if (up && c == 0xDF) { /* sharp s */
            p[n++] = 'S';
            p[n++] = how == CASE_UPPER ? 'S' : 's';
            continue;
        }
        n += utf8_put(up ? upper(c) : lower(c), p + n);
    }
    *out = (Str){p, n};
    return true;
}

/* ---- strip ---- */

static bool is_space(uint32_t c) {
    return (c >= 9 && c <= 13) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

static bool in_set(Str s, size_t from, size_t to, Str set) {
    size_t i = from;
    if (!set.p) return is_space(utf8_next(s, &i));
    return str_find(set, str_sub(s, from, to), 0) != SIZE_MAX;
}

Str template__strip(Str s, Str set, bool left, bool right) {
    while (left && s.n) {
        size_t end = offset_of(s, 1, 0);
        if (!in_set(s, 0, end, set)) break;
        s = str_sub(s, end, s.n);
    }
    while (right && s.n) {
        size_t begin = s.n - 1;
        while (begin && ((unsigned char)s.p[begin] & 0xC0) == 0x80) begin--;
        if (!in_set(s, begin, s.n, set)) break;
        s.n = begin;
    }
    return s;
}

/* ---- replace, join ---- */

bool template__replace(Eval *e, Str s, Str from, Str to, int64_t count, Str *out) {
    Buf b;
    buf_init(&b, TEMPLATE_MAX_OUTPUT);
    size_t at = 0;
    int64_t done = 0;
    for (; count < 0 || done < count; done++) {
        size_t hit = str_find(s, from, at);
        if (hit == SIZE_MAX || b.failed) break;
        if (!from.n) { /* between all characters, as Python has it */
            buf_addstr(&b, to);
            size_t next = offset_of(s, 1, at);
            if (at >= s.n) {
                at = s.n + 1;
                break;
            }
            buf_addstr(&b, str_sub(s, at, next));
            at = next;
            continue;
        }
        buf_addstr(&b, str_sub(s, at, hit));
        buf_addstr(&b, to);
        at = hit + from.n;
    }
    if (at <= s.n) buf_addstr(&b, str_sub(s, at, s.n));
    bool ok = b.failed ? template__fail(e, "replace() makes a text that is too long") : template__step(e, b.n + s.n);
    if (ok) *out = str_dup(e->a, b.n ? buf_str(&b) : STR(""));
    buf_release(&b);
    return ok && (out->p || err_nomem(e->err));
}

bool template__join(Eval *e, Str sep, const Value *list, Str *out) {
    Buf b;
    buf_init(&b, TEMPLATE_MAX_OUTPUT);
    bool ok = true;
    for (size_t i = 0; i < list->list.n && ok && !b.failed; i++) {
        if (i) buf_addstr(&b, sep);
        value_to_text(&list->list.items[i], &b);
        ok = template__step(e, 0);
    }
    if (ok) ok = b.failed ? template__fail(e, "join() makes a text that is too long") : template__step(e, b.n);
    if (ok) *out = str_dup(e->a, b.n ? buf_str(&b) : STR(""));
    buf_release(&b);
    return ok && (out->p || err_nomem(e->err));
}

/* ---- formatting ---- */

typedef struct Spec { /* [[fill]align][sign][0][width][,][.precision][type] */
    uint32_t fill;
    char align, sign, type;
    bool comma, percent_style;
    int width, precision; /* -1: not given */
} Spec;

static void pad(const Spec *sp, Str s, char default_align, Buf *out) {
    size_t n = template__chars(s), total = sp->width > 0 && (size_t)sp->width > n ? (size_t)sp->width - n : 0;
    char align = sp->align ? sp->align : default_align;
    size_t before = align == '>' ? total : align == '^' ? total / 2 : 0;
    char fill[4];
    size_t k = utf8_put(sp->fill ? sp->fill : ' ', fill), from = 0;
    if (align == '=') { /* zeros between sign and digits */
        from = s.n && strchr("+- ", s.p[0]) != NULL;
        buf_add(out, s.p, from);
        before = total;
    }
    for (size_t i = 0; i < before; i++) buf_add(out, fill, k);
    buf_addstr(out, str_sub(s, from, s.n));
    for (size_t i = before; i < total; i++) buf_add(out, fill, k);
}

static void add_commas(char *digits, size_t cap) {
    size_t from = strspn(digits, "+- "), n = strspn(digits + from, "0123456789"), len = strlen(digits);
    for (size_t k = n; k > 3; k -= 3) {
        if (len + 2 > cap) return;
        memmove(digits + from + k - 2, digits + from + k - 3, len - (from + k - 3) + 1);
        digits[from + k - 3] = ',';
        len++;
    }
}

static bool format_number(Eval *e, const Spec *sp, const Value *v, Buf *out) {
    char text[512];
    double d = v->type == VALUE_FLOAT ? v->f : v->type == VALUE_BOOL ? v->b : (double)v->i;
    long long i = v->type == VALUE_FLOAT ? (long long)v->f : v->type == VALUE_BOOL ? v->b : v->i;
    const char *plus = sp->sign == '+' ? "+" : sp->sign == ' ' ? " " : "";
    char type = sp->type;
    int precision = sp->precision < 0 ? 6 : sp->precision > 60 ? 60 : sp->precision;
    if (fabs(d) > 1e300 && strchr("fF%", type)) return template__fail(e, "a number is too large to be written out");
    if (type == 'd' && v->type == VALUE_FLOAT && !sp->percent_style)
        return template__fail(e, "format 'd' needs an integer");
    if (type == 'd' && v->type == VALUE_FLOAT && !(fabs(d) < 9e18))
        return template__fail(e, "format 'd' cannot hold the number");
    switch (type) {
    case 'd':
        snprintf(text, sizeof text, "%s%lld", i >= 0 ? plus : "", i);
        break;
    case 'x':
        snprintf(text, sizeof text, "%s%llx", i < 0 ? "-" : plus,
                 i < 0 ? 0ULL - (unsigned long long)i : (unsigned long long)i);
        break;
    case 'X':
        snprintf(text, sizeof text, "%s%llX", i < 0 ? "-" : plus,
                 i < 0 ? 0ULL - (unsigned long long)i : (unsigned long long)i);
        break;
    case 'f':
    case 'F':
        snprintf(text, sizeof text, "%s%.*f", signbit(d) ? "" : plus, precision, d);
        break;
    case 'e':
        snprintf(text, sizeof text, "%s%.*e", signbit(d) ? "" : plus, precision, d);
        break;
    case 'g':
        snprintf(text, sizeof text, "%s%.*g", signbit(d) ? "" : plus, precision ? precision : 1, d);
        break;
    case '%':
        snprintf(text, sizeof text, "%s%.*f%%", signbit(d) ? "" : plus, precision, d * 100);
        break;
    default:
        return template__fail(e, "format type '%c' is not supported", type);
    }
    if (sp->comma) add_commas(text, sizeof text);
    pad(sp, str_from(text), '>', out);
    return true;
}

static bool is_numeric(const Value *v) {
    return v->type == VALUE_INT || v->type == VALUE_FLOAT || v->type == VALUE_BOOL;
}

static bool format_value(Eval *e, const Spec *sp, const Value *v, Buf *out) {
    if (!template__step(e, (size_t)(sp->width > 0 ? sp->width : 0))) return false;
    Spec with_type = *sp;
    if (!with_type.type && v->type == VALUE_INT) with_type.type = 'd';
    if (!with_type.type && v->type == VALUE_FLOAT && sp->precision >= 0) with_type.type = 'g';
    if (with_type.type && with_type.type != 's') {
        if (!is_numeric(v))
            return template__fail(e, "format '%c' needs a number, not %s", with_type.type, value_type_name(v->type));
        return format_number(e, &with_type, v, out);
    }
    Str s;
    if (!template__text(e, v, &s)) return false;
    if (sp->precision >= 0) s = template__char_range(s, 0, (size_t)sp->precision);
    pad(sp, s, sp->percent_style || (is_numeric(v) && !sp->type) ? '>' : '<', out);
    return true;
}

static bool read_int(Eval *e, Str s, size_t *i, int *out) {
    int v = 0;
    for (; *i < s.n && s.p[*i] >= '0' && s.p[*i] <= '9'; ++*i)
        if ((v = v * 10 + (s.p[*i] - '0')) > 100000) return template__fail(e, "a format's width is too large");
    *out = v;
    return true;
}

static bool is_align(Str s, size_t i) {
    return i < s.n && s.p[i] && strchr("<>^=", s.p[i]);
}

static bool parse_spec(Eval *e, Str s, Spec *sp) {
    size_t i = 0, first = s.n ? offset_of(s, 1, 0) : 0;
    *sp = (Spec){.precision = -1};
    if (s.n && is_align(s, first)) {
        sp->fill = utf8_next(s, &i);
        sp->align = s.p[i++];
    } else if (is_align(s, 0)) {
        sp->align = s.p[i++];
    }
    if (i < s.n && strchr("+- ", s.p[i])) sp->sign = s.p[i++];
    if (i < s.n && s.p[i] == '0') {
        i++;
        if (!sp->align) sp->align = '=', sp->fill = '0';
    }
    if (!read_int(e, s, &i, &sp->width)) return false;
    if (i < s.n && s.p[i] == ',') sp->comma = true, i++;
    if (i < s.n && s.p[i] == '.') {
        i++;
        if (!read_int(e, s, &i, &sp->precision)) return false;
    }
    if (i < s.n) sp->type = s.p[i++];
    if (i != s.n) return template__fail(e, "format '" STR_FMT "' is not understood", STR_ARG(str_sub(s, 0, 40)));
    return true;
}

static bool finish(Eval *e, Buf *b, bool ok, Str *out) {
    if (ok && b->failed) ok = template__fail(e, "a formatted text is too long");
    if (ok) {
        *out = str_dup(e->a, b->n ? buf_str(b) : STR(""));
        ok = out->p || err_nomem(e->err);
    }
    buf_release(b);
    return ok;
}

/* One conversion behind '%'; *i stands on the character after '%'. */
static bool percent_one(Eval *e, Str fmt, size_t *i, const Value *v, size_t *next, size_t n, const Value *whole,
                        Buf *b) {
    Spec sp = {.precision = -1, .percent_style = true};
    Value key_value;
    const Value *arg = NULL;
    if (*i < fmt.n && fmt.p[*i] == '(') {
        size_t end = str_find(fmt, STR(")"), *i);
        if (end == SIZE_MAX || whole->type != VALUE_MAP) return template__fail(e, "%%(name) needs a map and a ')'");
        Value key = value_str(str_sub(fmt, *i + 1, end));
        if (!template__item(e, whole, &key, &key_value) || !template__defined(e, &key_value)) return false;
        arg = &key_value;
        *i = end + 1;
    }
    for (; *i < fmt.n && strchr("-+ 0#", fmt.p[*i]); ++*i) {
        if (fmt.p[*i] == '-')
            sp.align = '<';
        else if (fmt.p[*i] == '0' && !sp.align)
            sp.align = '=', sp.fill = '0';
        else if (fmt.p[*i] == '+' || fmt.p[*i] == ' ')
            sp.sign = fmt.p[*i];
    }
    if (sp.align == '<') sp.fill = 0;
    if (!read_int(e, fmt, i, &sp.width)) return false;
    if (*i < fmt.n && fmt.p[*i] == '.') {
        ++*i;
        if (!read_int(e, fmt, i, &sp.precision)) return false;
    }
    if (*i >= fmt.n) return template__fail(e, "a format ends behind '%%'");
    sp.type = fmt.p[(*i)++];
    if (sp.type == '%') {
        buf_addc(b, '%');
        return true;
    }
    if (sp.type == 'i' || sp.type == 'u') sp.type = 'd';
    if (!arg) {
        if (*next >= n) return template__fail(e, "a format needs more values than the %zu given", n);
        arg = &v[(*next)++];
    }
    return format_value(e, &sp, arg, b);
}

bool template__percent(Eval *e, Str fmt, const Value *v, Str *out) {
    const Value *args = v->type == VALUE_LIST ? v->list.items : v;
    size_t n = v->type == VALUE_LIST ? v->list.n : 1, next = 0;
    Buf b;
    buf_init(&b, TEMPLATE_MAX_OUTPUT);
    bool ok = true;
    for (size_t i = 0; i < fmt.n && ok;) {
        if (fmt.p[i] != '%')
            buf_addc(&b, fmt.p[i++]);
        else
            i++, ok = percent_one(e, fmt, &i, args, &next, n, v, &b);
    }
    if (ok && next < n && v->type != VALUE_MAP)
        ok = template__fail(e, "a format uses %zu of the %zu values given", next, n);
    return finish(e, &b, ok, out);
}

/* {}, {0}, {name}, each with .attr and [index], and :spec. The field's text without braces. */
static bool format_field(Eval *e, Str field, const Args *args, size_t *next, Buf *b) {
    size_t colon = str_find(field, STR(":"), 0);
    Str path = colon == SIZE_MAX ? field : str_sub(field, 0, colon);
    Spec sp;
    if (!parse_spec(e, colon == SIZE_MAX ? STR("") : str_sub(field, colon + 1, field.n), &sp)) return false;
    size_t end = 0;
    while (end < path.n && path.p[end] != '.' && path.p[end] != '[' && path.p[end] != '!') end++;
    if (end != path.n) return template__fail(e, "format fields know {}, {0}, {name} and a format behind ':'");
    Value v = {0};
    bool digits = path.n > 0;
    for (size_t i = 0; i < path.n; i++) digits &= path.p[i] >= '0' && path.p[i] <= '9';
    size_t at = 0;
    int index = 0;
    if (digits && !read_int(e, path, &at, &index)) return false;
    size_t want = path.n ? (size_t)index : (*next)++;
    if (path.n && !digits) {
        char name[64] = "";
        if (path.n < sizeof name) memcpy(name, path.p, path.n);
        if (!name[0] || !template__arg(args, SIZE_MAX, name, &v))
            return template__fail(e, "format() has no value for {" STR_FMT "}", STR_ARG(str_sub(path, 0, 40)));
    } else if (!template__arg(args, want, "", &v)) {
        return template__fail(e, "format() has no value number %zu", want);
    }
    return format_value(e, &sp, &v, b);
}

bool template__format(Eval *e, Str fmt, const Args *args, Str *out) {
    Buf b;
    buf_init(&b, TEMPLATE_MAX_OUTPUT);
    size_t next = 0;
    bool ok = true;
    for (size_t i = 0; i < fmt.n && ok; i++) {
        char c = fmt.p[i];
        if ((c == '{' || c == '}') && i + 1 < fmt.n && fmt.p[i + 1] == c) {
            buf_addc(&b, c);
            i++;
        } else if (c == '}') {
            ok = template__fail(e, "format() text has a single '}'");
        } else if (c == '{') {
            size_t end = str_find(fmt, STR("}"), i);
            ok = end != SIZE_MAX ? format_field(e, str_sub(fmt, i + 1, end), args, &next, &b)
                                 : template__fail(e, "format() text has a '{' without '}'");
            i = end;
        } else {
            buf_addc(&b, c);
        }
    }
    return finish(e, &b, ok, out);
}
