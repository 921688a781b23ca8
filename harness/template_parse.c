/* Template source -> tree. Precedence follows Jinja2's own parser, so that the same text means the same. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/template_internal.h"

typedef enum TokType { TOK_END, TOK_NAME, TOK_TEXT, TOK_INT, TOK_FLOAT, TOK_OP, TOK_CLOSE } TokType;

typedef struct Token {
    TokType type;
    Str s;       /* name, operator, or the text's value */
    Value value; /* numbers */
    int line;
    bool trim; /* TOK_CLOSE: with '-' */
} Token;

typedef struct Parser {
    Template *t;
    Str src;
    size_t at;
    int line;
    int braces;        /* open ( [ { inside the tag: "}}" may be two closing braces */
    const char *close; /* what ends the tag: "}}" or "%}" */
    Token tok;
    bool trim_next; /* the last tag ended in '-' */
    int depth;
    Arena *a;
    Err *err;
} Parser;

static bool fail(Parser *p, int line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static bool fail(Parser *p, int line, const char *fmt, ...) {
    char msg[300];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(msg, sizeof msg, fmt, ap);
    va_end(ap);
    err_set(p->err, ERR_INPUT, "%s", msg);
    return err_wrap(p->err, "%s, template line %d", p->t->name, line);
}

/* ---- tokens ---- */

static bool is_name_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80);
}
static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
static bool is_name(char c) {
    return is_name_start(c) || is_digit(c);
}
static char peek(const Parser *p, size_t k) {
    return p->at + k < p->src.n ? p->src.p[p->at + k] : 0;
}

static void skip_space(Parser *p) {
    while (p->at < p->src.n && strchr(" \t\n\v\f\r", p->src.p[p->at])) p->line += p->src.p[p->at++] == '\n';
}

static int hex_value(char c) {
    return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* \xNN \uNNNN \UNNNNNNNN; p->at stands behind the letter. */
static bool hex_escape(Parser *p, int digits, Buf *out) {
    uint32_t cp = 0;
    for (int i = 0; i < digits; i++) {
        int h = hex_value(peek(p, 0));
        if (h < 0) return fail(p, p->line, "an escape in a text is cut short");
        cp = cp * 16 + (uint32_t)h;
        p->at++;
    }
    if (cp > 0x10FFFF || (cp >= 0xD800 && cp < 0xE000) || !cp) return fail(p, p->line, "an escape names no character");
    char utf8[4];
    buf_add(out, utf8, utf8_put(cp, utf8));
    return true;
}

/* As Python reads escapes in a text; unknown ones keep their backslash. p->at stands behind the backslash. */
static bool escape(Parser *p, Buf *out) {
    static const char from[] = "ntrabfv\\'\"", to[] = "\n\t\r\a\b\f\v\\'\"";
    char c = peek(p, 0);
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
    if (is_digit(c) || c == 'N') return fail(p, p->line, "octal and named escapes in a text are not supported");
    buf_addc(out, '\\');
    buf_addc(out, c);
    return true;
}

static bool text_token(Parser *p) {
    char quote = peek(p, 0);
    int opened = p->line;
    Buf b;
    buf_init(&b, TEMPLATE_MAX_SOURCE);
    bool ok = true;
    for (p->at++; ok && peek(p, 0) != quote;) {
        if (p->at >= p->src.n)
            ok = fail(p, opened, "a text begins here and its quote never closes");
        else if (peek(p, 0) == '\\') {
            p->at++;
            ok = escape(p, &b);
        } else {
            p->line += peek(p, 0) == '\n';
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
        char c = peek(p, 0);
        bool fraction = c == '.' && !is_float && is_digit(peek(p, 1));
        bool exponent = (c == 'e' || c == 'E') && n &&
                        (is_digit(peek(p, 1)) || ((peek(p, 1) == '-' || peek(p, 1) == '+') && is_digit(peek(p, 2))));
        if (!is_digit(c) && c != '_' && !fraction && !exponent) break;
        is_float |= fraction || exponent;
        if (c != '_') text[n++] = c;
        p->at++;
        if (exponent) text[n++] = p->src.p[p->at++];
    }
    text[n] = 0;
    if (is_name_start(peek(p, 0))) return fail(p, p->line, "'%s%c' is neither a number nor a name", text, peek(p, 0));
    errno = 0;
    p->tok.type = is_float ? TOK_FLOAT : TOK_INT;
    p->tok.value = is_float ? value_float(strtod(text, NULL)) : value_int(strtoll(text, NULL, 10));
    if (errno || n >= sizeof text - 2) return fail(p, p->line, "the number %s is too large", text);
    return true;
}

static bool close_token(Parser *p) {
    size_t skip = (peek(p, 0) == '-' || peek(p, 0) == '+') && peek(p, 1) == p->close[0] && peek(p, 2) == p->close[1];
    if (p->braces || peek(p, skip) != p->close[0] || peek(p, skip + 1) != p->close[1]) return false;
    p->tok.type = TOK_CLOSE;
    p->tok.trim = skip && peek(p, 0) == '-';
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
    return fail(p, p->line, "'%c' has no meaning here", peek(p, 0));
}

static bool advance(Parser *p) {
    skip_space(p);
    p->tok = (Token){.line = p->line};
    if (p->at >= p->src.n) return fail(p, p->line, "a tag is not closed; expected '%s'", p->close);
    if (close_token(p)) return true;
    char c = peek(p, 0);
    if (is_name_start(c)) {
        size_t from = p->at;
        while (is_name(peek(p, 0))) p->at++;
        p->tok.type = TOK_NAME;
        p->tok.s = str_sub(p->src, from, p->at);
        return true;
    }
    if (is_digit(c)) return number_token(p);
    if (c == '"' || c == '\'') return text_token(p);
    return operator_token(p);
}

static bool at_op(const Parser *p, const char *op) {
    return p->tok.type == TOK_OP && str_eqz(p->tok.s, op);
}
static bool at_word(const Parser *p, const char *w) {
    return p->tok.type == TOK_NAME && str_eqz(p->tok.s, w);
}

static bool unexpected(Parser *p, const char *expected) {
    switch (p->tok.type) {
    case TOK_CLOSE:
        return fail(p, p->tok.line, "the tag ends too early; expected %s", expected);
    case TOK_INT:
    case TOK_FLOAT:
        return fail(p, p->tok.line, "unexpected number; expected %s", expected);
    default:
        return fail(p, p->tok.line, "unexpected '" STR_FMT "'; expected %s", STR_ARG(str_sub(p->tok.s, 0, 40)),
                    expected);
    }
}

static bool expect_op(Parser *p, const char *op) {
    char quoted[8];
    snprintf(quoted, sizeof quoted, "'%s'", op);
    return at_op(p, op) ? advance(p) : unexpected(p, quoted);
}

/* ---- expressions ---- */

static int deeper(int depth, const Expr *x) {
    return x && x->depth > depth ? x->depth : depth;
}

/* Counts the new node's depth, so that evaluation (which recurses) is bounded for every tree that was built. */
static Expr *node(Parser *p, ExprKind kind, Expr *a, Expr *b, Expr *c) {
    Expr *x = arena_alloc(p->a, sizeof *x);
    if (!x) {
        err_nomem(p->err);
        return NULL;
    }
    x->kind = kind;
    x->line = p->tok.line;
    x->a = a;
    x->b = b;
    x->c = c;
    x->depth = 1 + deeper(deeper(deeper(0, a), b), c);
    if (x->depth > TEMPLATE_MAX_DEPTH) {
        fail(p, p->tok.line, "the expression is nested too deeply");
        return NULL;
    }
    return x;
}

static bool add_arg(Parser *p, Expr *x, Expr *arg, Str name) {
    if ((x->n_args & (x->n_args - 1)) == 0) { /* full at each power of two */
        size_t cap = x->n_args ? x->n_args * 2 : 1;
        Expr **args = arena_array(p->a, cap, sizeof *args);
        Str *names = arena_array(p->a, cap, sizeof *names);
        if (!args || !names) return err_nomem(p->err);
        if (x->n_args) memcpy(args, x->args, x->n_args * sizeof *args);
        if (x->n_args) memcpy(names, x->arg_names, x->n_args * sizeof *names);
        x->args = args;
        x->arg_names = names;
    }
    x->args[x->n_args] = arg;
    x->arg_names[x->n_args++] = name;
    x->depth = 1 + deeper(x->depth - 1, arg);
    return x->depth <= TEMPLATE_MAX_DEPTH || fail(p, p->tok.line, "the expression is nested too deeply");
}

static Expr *expression(Parser *p);
static Expr *unary(Parser *p, bool with_filter);

static Expr *constant(Parser *p, Value v) {
    Expr *x = node(p, EX_CONST, NULL, NULL, NULL);
    if (x) x->value = v;
    return x;
}

/* Arguments up to ')'; the '(' is behind us. */
static bool arguments(Parser *p, Expr *x) {
    while (!at_op(p, ")")) {
        Str name = {0};
        if (p->tok.type == TOK_NAME) {
            Parser before = *p;
            Str word = p->tok.s;
            if (!advance(p)) return false;
            if (at_op(p, "=")) {
                name = word;
                if (!advance(p)) return false;
            } else {
                *p = before;
            }
        }
        if (at_op(p, "*") || at_op(p, "**")) return fail(p, p->tok.line, "unpacked arguments are not supported");
        Expr *arg = expression(p);
        if (!arg || !add_arg(p, x, arg, name)) return false;
        if (at_op(p, ",")) {
            if (!advance(p)) return false;
        } else if (!at_op(p, ")")) {
            return unexpected(p, "',' or ')'");
        }
    }
    return advance(p);
}

static Expr *list_rest(Parser *p, Expr *x, const char *end) {
    while (!at_op(p, end)) {
        Expr *item = expression(p);
        if (!item || !add_arg(p, x, item, (Str){0})) return NULL;
        if (at_op(p, ",")) {
            if (!advance(p)) return NULL;
        } else if (!at_op(p, end)) {
            unexpected(p, end[0] == ']' ? "',' or ']'" : "',' or ')'");
            return NULL;
        }
    }
    return advance(p) ? x : NULL;
}

static Expr *map_literal(Parser *p) {
    Expr *x = node(p, EX_MAP, NULL, NULL, NULL);
    if (!x || !advance(p)) return NULL;
    while (!at_op(p, "}")) {
        Expr *key = expression(p);
        if (!key || !expect_op(p, ":") || !add_arg(p, x, key, (Str){0})) return NULL;
        Expr *value = expression(p);
        if (!value || !add_arg(p, x, value, (Str){0})) return NULL;
        if (at_op(p, ",")) {
            if (!advance(p)) return NULL;
        } else if (!at_op(p, "}")) {
            unexpected(p, "',' or '}'");
            return NULL;
        }
    }
    return advance(p) ? x : NULL;
}

/* ( ) is the empty tuple, (a) is a, (a, b) a tuple; tuples are lists here. */
static Expr *parenthesis(Parser *p) {
    Expr *list = node(p, EX_LIST, NULL, NULL, NULL);
    if (!list || !advance(p)) return NULL;
    if (at_op(p, ")")) return advance(p) ? list : NULL;
    Expr *first = expression(p);
    if (!first) return NULL;
    if (at_op(p, ")")) return advance(p) ? first : NULL;
    if (!at_op(p, ",")) {
        unexpected(p, "',' or ')'");
        return NULL;
    }
    if (!add_arg(p, list, first, (Str){0}) || !advance(p)) return NULL;
    return list_rest(p, list, ")");
}

static Expr *name_or_word(Parser *p) {
    Str s = p->tok.s;
    static const char *const yes[] = {"true", "True"}, *const no[] = {"false", "False"},
                             *const none[] = {"none", "None"};
    Value v = {0};
    for (int i = 0; i < 2; i++) {
        if (str_eqz(s, yes[i]) || str_eqz(s, no[i])) v = value_bool(str_eqz(s, yes[i]));
        if (str_eqz(s, none[i])) v = value_null();
    }
    Expr *x = v.type == VALUE_UNDEFINED ? node(p, EX_NAME, NULL, NULL, NULL) : constant(p, v);
    if (!x || !advance(p)) return NULL;
    x->name = s;
    if (x->kind == EX_NAME && at_op(p, "(")) {
        x->kind = EX_CALL;
        if (!advance(p) || !arguments(p, x)) return NULL;
    }
    return x;
}

static Expr *text_literal(Parser *p) {
    Str s = p->tok.s;
    Expr *x = constant(p, value_str(s));
    if (!x || !advance(p)) return NULL;
    while (p->tok.type == TOK_TEXT) { /* neighbours join, as in Python */
        x->value.s = str_printf(p->a, "%.*s%.*s", (int)x->value.s.n, x->value.s.p, (int)p->tok.s.n, p->tok.s.p);
        if (!x->value.s.p) {
            err_nomem(p->err);
            return NULL;
        }
        if (!advance(p)) return NULL;
    }
    return x;
}

static Expr *primary(Parser *p) {
    if (p->tok.type == TOK_NAME) return name_or_word(p);
    if (p->tok.type == TOK_TEXT) return text_literal(p);
    if (p->tok.type == TOK_INT || p->tok.type == TOK_FLOAT) {
        Expr *x = constant(p, p->tok.value);
        return x && advance(p) ? x : NULL;
    }
    if (at_op(p, "(")) return parenthesis(p);
    if (at_op(p, "{")) return map_literal(p);
    if (at_op(p, "[")) {
        Expr *x = node(p, EX_LIST, NULL, NULL, NULL);
        return x && advance(p) ? list_rest(p, x, "]") : NULL;
    }
    unexpected(p, "a value");
    return NULL;
}

/* a.name, a.0, a.name(args) */
static Expr *attribute(Parser *p, Expr *a) {
    if (!advance(p)) return NULL;
    if (p->tok.type == TOK_INT) {
        Expr *key = constant(p, p->tok.value), *x = key ? node(p, EX_INDEX, a, key, NULL) : NULL;
        return x && advance(p) ? x : NULL;
    }
    if (p->tok.type != TOK_NAME) {
        unexpected(p, "a name behind '.'");
        return NULL;
    }
    Expr *x = node(p, EX_ATTR, a, NULL, NULL);
    if (!x) return NULL;
    x->name = p->tok.s;
    if (!advance(p)) return NULL;
    if (at_op(p, "(")) {
        x->kind = EX_METHOD;
        if (!advance(p) || !arguments(p, x)) return NULL;
    }
    return x;
}

/* a[b] and a[b:c:d]; the '[' is the current token. */
static Expr *subscript(Parser *p, Expr *a) {
    Expr *part[3] = {NULL, NULL, NULL};
    int n = 0;
    bool slice = false;
    if (!advance(p)) return NULL;
    while (!at_op(p, "]")) {
        if (at_op(p, ":")) {
            slice = true;
            if (++n > 2) {
                unexpected(p, "']'");
                return NULL;
            }
            if (!advance(p)) return NULL;
            continue;
        }
        if (part[n]) {
            unexpected(p, "':' or ']'");
            return NULL;
        }
        if (!(part[n] = expression(p))) return NULL;
    }
    if (!slice && !part[0]) {
        unexpected(p, "an index");
        return NULL;
    }
    Expr *x = node(p, slice ? EX_SLICE : EX_INDEX, a, part[0], part[1]);
    if (!x) return NULL;
    x->d = part[2];
    x->depth = 1 + deeper(x->depth - 1, part[2]);
    return advance(p) ? x : NULL;
}

static Expr *postfix(Parser *p, Expr *x) {
    while (x && (at_op(p, ".") || at_op(p, "[") || at_op(p, "("))) {
        if (at_op(p, "(")) {
            fail(p, p->tok.line, "only names and methods can be called");
            return NULL;
        }
        x = at_op(p, ".") ? attribute(p, x) : subscript(p, x);
    }
    return x;
}

static Expr *filter(Parser *p, Expr *a) {
    if (!advance(p)) return NULL;
    if (p->tok.type != TOK_NAME) {
        unexpected(p, "a filter's name behind '|'");
        return NULL;
    }
    Expr *x = node(p, EX_FILTER, a, NULL, NULL);
    if (!x) return NULL;
    x->name = p->tok.s;
    if (!template__is_filter(x->name)) {
        fail(p, p->tok.line, "there is no filter '" STR_FMT "' here; suites/SCHEMA.md lists them", STR_ARG(x->name));
        return NULL;
    }
    if (!advance(p)) return NULL;
    if (at_op(p, "(") && (!advance(p) || !arguments(p, x))) return NULL;
    return x;
}

static bool starts_argument(const Parser *p) {
    static const char *const words[] = {"else", "or", "and", "is", "if", "in", "not"};
    if (p->tok.type == TOK_TEXT || p->tok.type == TOK_INT || p->tok.type == TOK_FLOAT) return true;
    if (p->tok.type != TOK_NAME) return at_op(p, "[") || at_op(p, "{");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (at_word(p, words[i])) return false;
    return true;
}

/* a is [not] test [argument] */
static Expr *test(Parser *p, Expr *a) {
    if (!advance(p)) return NULL;
    bool negated = at_word(p, "not");
    if (negated && !advance(p)) return NULL;
    if (p->tok.type != TOK_NAME || !template__is_test(p->tok.s)) {
        if (p->tok.type == TOK_NAME)
            fail(p, p->tok.line, "there is no test 'is " STR_FMT "' here", STR_ARG(p->tok.s));
        else
            unexpected(p, "a test's name behind 'is'");
        return NULL;
    }
    Expr *x = node(p, EX_TEST, a, NULL, NULL);
    if (!x) return NULL;
    x->name = p->tok.s;
    x->op = negated;
    if (!advance(p)) return NULL;
    if (at_op(p, "(")) return advance(p) && arguments(p, x) ? x : NULL;
    if (starts_argument(p)) {
        Expr *arg = postfix(p, primary(p));
        if (!arg || !add_arg(p, x, arg, (Str){0})) return NULL;
    }
    return x;
}

static Expr *filters(Parser *p, Expr *x) {
    while (x && (at_op(p, "|") || at_word(p, "is"))) {
        if (at_word(p, "is") && x->kind == EX_TEST) {
            fail(p, p->tok.line, "tests cannot be chained; use 'and'");
            return NULL;
        }
        x = at_op(p, "|") ? filter(p, x) : test(p, x);
    }
    return x;
}

static Expr *unary(Parser *p, bool with_filter) {
    Expr *x;
    if (at_op(p, "-") || at_op(p, "+")) {
        ExprKind kind = at_op(p, "-") ? EX_NEG : EX_POS;
        if (++p->depth > TEMPLATE_MAX_DEPTH) {
            fail(p, p->tok.line, "the expression is nested too deeply");
            return NULL;
        }
        Expr *a = advance(p) ? unary(p, false) : NULL;
        p->depth--;
        x = a ? node(p, kind, a, NULL, NULL) : NULL;
    } else {
        x = primary(p);
    }
    x = postfix(p, x);
    return with_filter ? filters(p, x) : x;
}

static Expr *binary(Parser *p, Op op, Expr *a, Expr *b) {
    Expr *x = a && b ? node(p, EX_BINARY, a, b, NULL) : NULL;
    if (x) x->op = (int)op;
    return x;
}

static Expr *power(Parser *p) {
    Expr *x = unary(p, true);
    while (x && at_op(p, "**")) x = advance(p) ? binary(p, OP_POW, x, unary(p, true)) : NULL;
    return x;
}

static Expr *product(Parser *p) {
    Expr *x = power(p);
    while (x && (at_op(p, "*") || at_op(p, "/") || at_op(p, "//") || at_op(p, "%"))) {
        Op op = at_op(p, "*") ? OP_MUL : at_op(p, "/") ? OP_DIV : at_op(p, "//") ? OP_FLOORDIV : OP_MOD;
        x = advance(p) ? binary(p, op, x, power(p)) : NULL;
    }
    return x;
}

static Expr *concat(Parser *p) {
    Expr *x = product(p);
    while (x && at_op(p, "~")) x = advance(p) ? binary(p, OP_CONCAT, x, product(p)) : NULL;
    return x;
}

static Expr *sum(Parser *p) {
    Expr *x = concat(p);
    while (x && (at_op(p, "+") || at_op(p, "-"))) {
        Op op = at_op(p, "+") ? OP_ADD : OP_SUB;
        x = advance(p) ? binary(p, op, x, concat(p)) : NULL;
    }
    return x;
}

/* The comparison at the current token, consumed; -1 if there is none, -2 after an error. */
static int comparison_op(Parser *p) {
    static const char *const ops[] = {"==", "!=", "<", "<=", ">", ">="};
    for (int i = 0; i < 6; i++)
        if (at_op(p, ops[i])) return advance(p) ? OP_EQ + i : -2;
    if (at_word(p, "in")) return advance(p) ? OP_IN : -2;
    if (!at_word(p, "not")) return -1;
    Parser before = *p;
    if (!advance(p)) return -2;
    if (at_word(p, "in")) return advance(p) ? OP_NOT_IN : -2;
    *p = before;
    return -1;
}

static Expr *comparison(Parser *p) {
    Expr *x = sum(p), *chain = NULL;
    int op;
    while (x && (op = comparison_op(p)) != -1) {
        if (op == -2) return NULL;
        if (!chain && !(chain = node(p, EX_COMPARE, x, NULL, NULL))) return NULL;
        Expr *b = sum(p);
        Op *ops = b ? arena_array(p->a, chain->n_args + 1, sizeof *ops) : NULL;
        if (!b) return NULL;
        if (!ops) {
            err_nomem(p->err);
            return NULL;
        }
        if (chain->n_args) memcpy(ops, chain->ops, chain->n_args * sizeof *ops);
        ops[chain->n_args] = (Op)op;
        chain->ops = ops;
        if (chain->n_args > 100) {
            fail(p, p->tok.line, "a comparison has more than 100 parts");
            return NULL;
        }
        if (!add_arg(p, chain, b, (Str){0})) return NULL;
    }
    return chain ? chain : x;
}

static Expr *negation(Parser *p) {
    if (!at_word(p, "not")) return comparison(p);
    if (++p->depth > TEMPLATE_MAX_DEPTH) {
        fail(p, p->tok.line, "the expression is nested too deeply");
        return NULL;
    }
    Expr *a = advance(p) ? negation(p) : NULL;
    p->depth--;
    return a ? node(p, EX_NOT, a, NULL, NULL) : NULL;
}

static Expr *conjunction(Parser *p) {
    Expr *x = negation(p);
    while (x && at_word(p, "and")) {
        Expr *b = advance(p) ? negation(p) : NULL;
        x = b ? node(p, EX_AND, x, b, NULL) : NULL;
    }
    return x;
}

static Expr *disjunction(Parser *p) {
    Expr *x = conjunction(p);
    while (x && at_word(p, "or")) {
        Expr *b = advance(p) ? conjunction(p) : NULL;
        x = b ? node(p, EX_OR, x, b, NULL) : NULL;
    }
    return x;
}

static Expr *conditional(Parser *p) {
    Expr *x = disjunction(p);
    while (x && at_word(p, "if")) {
        Expr *cond = advance(p) ? disjunction(p) : NULL, *other = NULL;
        if (!cond) return NULL;
        if (at_word(p, "else") && !(advance(p) && (other = expression(p)))) return NULL;
        x = node(p, EX_COND, x, cond, other);
    }
    return x;
}

static Expr *expression(Parser *p) {
    if (++p->depth > TEMPLATE_MAX_DEPTH) {
        fail(p, p->tok.line, "the expression is nested too deeply");
        return NULL;
    }
    Expr *x = conditional(p);
    p->depth--;
    return x;
}

/* expression, or a tuple without parentheses: {{ a, b }}, {% for x in 1, 2 %} */
static Expr *expression_or_tuple(Parser *p) {
    Expr *x = expression(p);
    if (!x || !at_op(p, ",")) return x;
    Expr *list = node(p, EX_LIST, NULL, NULL, NULL);
    if (!list || !add_arg(p, list, x, (Str){0})) return NULL;
    while (at_op(p, ",")) {
        if (!advance(p)) return NULL;
        if (p->tok.type == TOK_CLOSE) break;
        Expr *item = expression(p);
        if (!item || !add_arg(p, list, item, (Str){0})) return NULL;
    }
    return list;
}

/* ---- statements ---- */

static Stmt *statement(Parser *p, StmtKind kind, int line) {
    Stmt *s = arena_alloc(p->a, sizeof *s);
    if (!s)
        err_nomem(p->err);
    else
        *s = (Stmt){.kind = kind, .line = line};
    return s;
}

/* The current token must end the tag. */
static bool end_tag(Parser *p) {
    if (p->tok.type != TOK_CLOSE) return unexpected(p, p->close[0] == '}' ? "'}}'" : "'%}'");
    p->trim_next = p->tok.trim;
    return true;
}

static bool open_tag(Parser *p, const char *close) {
    p->at += 2;
    if (peek(p, 0) == '-' || peek(p, 0) == '+') p->at++;
    p->close = close;
    p->braces = 0;
    return advance(p);
}

static bool parse_block(Parser *p, const char *const *ends, Stmt **out);

/* Name, or several with commas, with or without parentheses. */
static bool target_names(Parser *p, Stmt *s) {
    bool paren = at_op(p, "(");
    if (paren && !advance(p)) return false;
    for (;;) {
        if (p->tok.type != TOK_NAME) return unexpected(p, "a name");
        if (s->n_names == 16) return fail(p, p->tok.line, "more than 16 names in one assignment");
        if (!s->names && !(s->names = arena_array(p->a, 16, sizeof *s->names))) return err_nomem(p->err);
        if (at_word(p, "loop") && s->kind == ST_FOR) return fail(p, p->tok.line, "'loop' cannot be a loop's variable");
        s->names[s->n_names++] = p->tok.s;
        if (!advance(p)) return false;
        if (at_op(p, ".")) return fail(p, p->tok.line, "attributes cannot be set; there are no namespaces here");
        if (!at_op(p, ",")) break;
        if (!advance(p)) return false;
    }
    return !paren || expect_op(p, ")");
}

static bool close_block(Parser *p) {
    return advance(p) && end_tag(p);
}

static bool if_statement(Parser *p, Stmt *s) {
    static const char *const ends[] = {"elif", "else", "endif", NULL}, *const last[] = {"endif", NULL};
    if (!advance(p) || !(s->expr = expression_or_tuple(p)) || !end_tag(p) || !parse_block(p, ends, &s->body))
        return false;
    if (at_word(p, "elif")) {
        if (++p->depth > TEMPLATE_MAX_DEPTH) return fail(p, p->tok.line, "too many elif");
        s->orelse = statement(p, ST_IF, p->tok.line);
        bool ok = s->orelse && if_statement(p, s->orelse);
        p->depth--;
        return ok;
    }
    if (at_word(p, "else") && (!close_block(p) || !parse_block(p, last, &s->orelse))) return false;
    return close_block(p);
}

static bool for_statement(Parser *p, Stmt *s) {
    static const char *const ends[] = {"else", "endfor", NULL}, *const last[] = {"endfor", NULL};
    if (!advance(p) || !target_names(p, s)) return false;
    if (!at_word(p, "in")) return unexpected(p, "'in'");
    if (!advance(p)) return false;
    /* `for x in xs if cond`: the condition must not be read as an inline if, so no conditional here (as in Jinja2) */
    if (!(s->expr = disjunction(p))) return false;
    if (at_op(p, ",")) {
        Expr *list = node(p, EX_LIST, NULL, NULL, NULL);
        if (!list || !add_arg(p, list, s->expr, (Str){0})) return false;
        while (at_op(p, ",")) {
            Expr *item = advance(p) ? disjunction(p) : NULL;
            if (!item || !add_arg(p, list, item, (Str){0})) return false;
        }
        s->expr = list;
    }
    if (at_word(p, "if") && !(advance(p) && (s->filter = expression(p)))) return false;
    if (at_word(p, "recursive")) return fail(p, p->tok.line, "recursive loops are not supported");
    if (!end_tag(p) || !parse_block(p, ends, &s->body)) return false;
    if (at_word(p, "else") && (!close_block(p) || !parse_block(p, last, &s->orelse))) return false;
    return close_block(p);
}

static bool set_statement(Parser *p, Stmt *s) {
    static const char *const ends[] = {"endset", NULL};
    if (!advance(p) || !target_names(p, s)) return false;
    if (at_op(p, "=")) return advance(p) && (s->expr = expression_or_tuple(p)) && end_tag(p);
    if (s->n_names != 1) return unexpected(p, "'='");
    return end_tag(p) && parse_block(p, ends, &s->body) && close_block(p);
}

/* {% raw %}: everything up to {% endraw %} is text. The `raw` token is current. */
static bool raw_statement(Parser *p, Stmt **out) {
    int line = p->tok.line;
    if (!close_block(p)) return false;
    for (size_t i = p->at; (i = str_find(p->src, STR("{%"), i)) != SIZE_MAX; i++) {
        Parser q = *p;
        q.at = i + 2;
        q.braces = 0;
        bool trim_before = peek(&q, 0) == '-';
        if (trim_before) q.at++;
        skip_space(&q);
        if (!str_starts(str_sub(q.src, q.at, q.src.n), STR("endraw"))) continue;
        q.at += 6;
        if (!advance(&q) || q.tok.type != TOK_CLOSE) continue;
        Str text = str_sub(p->src, p->at, i);
        for (size_t k = 0; k < text.n; k++) p->line += text.p[k] == '\n';
        if (p->trim_next) text = template__strip(text, (Str){0}, true, false);
        if (trim_before) text = template__strip(text, (Str){0}, false, true);
        if (!(*out = statement(p, ST_TEXT, line))) return false;
        (*out)->text = text;
        p->at = q.at;
        p->trim_next = q.tok.trim;
        return true;
    }
    return fail(p, line, "{%% raw %%} is not closed by {%% endraw %%}");
}

/* A {% … %} that opens something; the keyword is the current token. */
static bool block_statement(Parser *p, Stmt **out) {
    int line = p->tok.line;
    if (at_word(p, "raw")) return raw_statement(p, out);
    StmtKind kind = at_word(p, "if") ? ST_IF : at_word(p, "for") ? ST_FOR : ST_SET;
    if (kind == ST_SET && !at_word(p, "set"))
        return p->tok.type == TOK_NAME
                   ? fail(p, line, "'{%% " STR_FMT " %%}' is not supported; templates know if, for, set and raw",
                          STR_ARG(p->tok.s))
                   : unexpected(p, "a keyword behind '{%'");
    Stmt *s = statement(p, kind, line);
    if (!s) return false;
    *out = s;
    return kind == ST_IF ? if_statement(p, s) : kind == ST_FOR ? for_statement(p, s) : set_statement(p, s);
}

/* Text up to the next tag; NULL in *out if it is empty. */
static bool text_statement(Parser *p, Stmt **out) {
    size_t from = p->at, to = from;
    while (to < p->src.n && !(p->src.p[to] == '{' && to + 1 < p->src.n && strchr("{%#", p->src.p[to + 1]))) to++;
    Str text = str_sub(p->src, from, to);
    int line = p->line;
    for (size_t i = 0; i < text.n; i++) p->line += text.p[i] == '\n';
    p->at = to;
    if (p->trim_next) text = template__strip(text, (Str){0}, true, false);
    p->trim_next = false;
    if (peek(p, 2) == '-' && to < p->src.n) text = template__strip(text, (Str){0}, false, true);
    *out = NULL;
    if (!text.n) return true;
    if (!(*out = statement(p, ST_TEXT, line))) return false;
    (*out)->text = text;
    return true;
}

static bool comment(Parser *p) {
    size_t end = str_find(p->src, STR("#}"), p->at + 2);
    if (end == SIZE_MAX) return fail(p, p->line, "a comment is not closed; expected '#}'");
    for (size_t i = p->at; i < end; i++) p->line += p->src.p[i] == '\n';
    p->trim_next = end > p->at + 2 && p->src.p[end - 1] == '-';
    p->at = end + 2;
    return true;
}

static bool print_statement(Parser *p, Stmt **out) {
    int line = p->line;
    if (!open_tag(p, "}}")) return false;
    if (!(*out = statement(p, ST_PRINT, line))) return false;
    return ((*out)->expr = expression_or_tuple(p)) && end_tag(p);
}

static bool at_end_word(const Parser *p, const char *const *ends) {
    for (; ends && *ends; ends++)
        if (at_word(p, *ends)) return true;
    return false;
}

/* Statements up to the end of the source, or to a {% word that is one of `ends` (which is then the current token). */
static bool parse_block(Parser *p, const char *const *ends, Stmt **out) {
    Stmt **tail = out;
    int opened = p->line;
    if (++p->depth > TEMPLATE_MAX_DEPTH) return fail(p, p->line, "blocks are nested too deeply");
    for (;;) {
        Stmt *s = NULL;
        if (!text_statement(p, &s)) return false;
        if (s) *tail = s, tail = &s->next;
        if (p->at >= p->src.n) break;
        s = NULL;
        char kind = peek(p, 1);
        if (kind == '#') {
            if (!comment(p)) return false;
        } else if (kind == '{') {
            if (!print_statement(p, &s)) return false;
        } else {
            if (!open_tag(p, "%}")) return false;
            if (at_end_word(p, ends)) {
                p->depth--;
                return true;
            }
            if (!block_statement(p, &s)) return false;
        }
        if (s) *tail = s, tail = &s->next;
    }
    p->depth--;
    if (!ends) return true;
    while (ends[1]) ends++;
    return fail(p, opened, "a block begins here and is not closed; expected '{%% %s %%}'", ends[0]);
}

/* Jinja2 reads CR LF and CR as LF. */
static bool normal_newlines(Str src, Arena *a, Str *out) {
    *out = src;
    if (!src.n || !memchr(src.p, '\r', src.n)) return true;
    char *p = arena_alloc(a, src.n);
    if (!p) return false;
    size_t n = 0;
    for (size_t i = 0; i < src.n; i++) {
        if (src.p[i] == '\r' && i + 1 < src.n && src.p[i + 1] == '\n') continue;
        p[n++] = src.p[i] == '\r' ? '\n' : src.p[i];
    }
    *out = (Str){p, n};
    return true;
}

bool template__parse_body(Template *t, Arena *a, Err *err) {
    Parser p = {.t = t, .line = 1, .a = a, .err = err};
    if (!normal_newlines(t->source, a, &p.src)) return err_nomem(err);
    if (!parse_block(&p, NULL, &t->body)) return false;
    if (t->body && !t->body->next && t->body->kind == ST_PRINT) t->only = t->body->expr;
    return true;
}
