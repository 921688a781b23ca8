/* Tokens -> expressions. Precedence follows Jinja2's own parser, so that the same text means the same. */
#include <stdio.h>
#include <string.h>

#include "harness/template/template_lex.h"

bool template__at_op(const Parser *p, const char *op) {
    return p->tok.type == TOK_OP && str_eqz(p->tok.s, op);
}
bool template__at_word(const Parser *p, const char *w) {
    return p->tok.type == TOK_NAME && str_eqz(p->tok.s, w);
}

bool template__unexpected(Parser *p, const char *expected) {
    switch (p->tok.type) {
    case TOK_CLOSE:
        return template__parse_fail(p, p->tok.line, "the tag ends too early; expected %s", expected);
    case TOK_INT:
    case TOK_FLOAT:
        return template__parse_fail(p, p->tok.line, "unexpected number; expected %s", expected);
    default:
        return template__parse_fail(p, p->tok.line, "unexpected '" STR_FMT "'; expected %s",
                                    STR_ARG(str_sub(p->tok.s, 0, 40)), expected);
    }
}

bool template__expect_op(Parser *p, const char *op) {
    char quoted[8];
    snprintf(quoted, sizeof quoted, "'%s'", op);
    return template__at_op(p, op) ? template__advance(p) : template__unexpected(p, quoted);
}

/* ---- expressions ---- */

static int deeper(int depth, const Expr *x) {
    return x && x->depth > depth ? x->depth : depth;
}

/* Counts the new node's depth, so that evaluation (which recurses) is bounded for every tree that was built. */
Expr *template__node(Parser *p, ExprKind kind, Expr *a, Expr *b, Expr *c) {
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
        template__parse_fail(p, p->tok.line, "the expression is nested too deeply");
        return NULL;
    }
    return x;
}

bool template__add_arg(Parser *p, Expr *x, Expr *arg, Str name) {
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
    return x->depth <= TEMPLATE_MAX_DEPTH ||
           template__parse_fail(p, p->tok.line, "the expression is nested too deeply");
}

static Expr *unary(Parser *p, bool with_filter);

static Expr *constant(Parser *p, Value v) {
    Expr *x = template__node(p, EX_CONST, NULL, NULL, NULL);
    if (x) x->value = v;
    return x;
}

/* Arguments up to ')'; the '(' is behind us. */
static bool arguments(Parser *p, Expr *x) {
    while (!template__at_op(p, ")")) {
        Str name = {0};
        if (p->tok.type == TOK_NAME) {
            Parser before = *p;
            Str word = p->tok.s;
            if (!template__advance(p)) return false;
            if (template__at_op(p, "=")) {
                name = word;
                if (!template__advance(p)) return false;
            } else {
                *p = before;
            }
        }
        if (template__at_op(p, "*") || template__at_op(p, "**"))
            return template__parse_fail(p, p->tok.line, "unpacked arguments are not supported");
        Expr *arg = template__expression(p);
        if (!arg || !template__add_arg(p, x, arg, name)) return false;
        if (template__at_op(p, ",")) {
            if (!template__advance(p)) return false;
        } else if (!template__at_op(p, ")")) {
            return template__unexpected(p, "',' or ')'");
        }
    }
    return template__advance(p);
}

static Expr *list_rest(Parser *p, Expr *x, const char *end) {
    while (!template__at_op(p, end)) {
        Expr *item = template__expression(p);
        if (!item || !template__add_arg(p, x, item, (Str){0})) return NULL;
        if (template__at_op(p, ",")) {
            if (!template__advance(p)) return NULL;
        } else if (!template__at_op(p, end)) {
            template__unexpected(p, end[0] == ']' ? "',' or ']'" : "',' or ')'");
            return NULL;
        }
    }
    return template__advance(p) ? x : NULL;
}

static Expr *map_literal(Parser *p) {
    Expr *x = template__node(p, EX_MAP, NULL, NULL, NULL);
    if (!x || !template__advance(p)) return NULL;
    while (!template__at_op(p, "}")) {
        Expr *key = template__expression(p);
        if (!key || !template__expect_op(p, ":") || !template__add_arg(p, x, key, (Str){0})) return NULL;
        Expr *value = template__expression(p);
        if (!value || !template__add_arg(p, x, value, (Str){0})) return NULL;
        if (template__at_op(p, ",")) {
            if (!template__advance(p)) return NULL;
        } else if (!template__at_op(p, "}")) {
            template__unexpected(p, "',' or '}'");
            return NULL;
        }
    }
    return template__advance(p) ? x : NULL;
}

/* ( ) is the empty tuple, (a) is a, (a, b) a tuple; tuples are lists here. */
static Expr *parenthesis(Parser *p) {
    Expr *list = template__node(p, EX_LIST, NULL, NULL, NULL);
    if (!list || !template__advance(p)) return NULL;
    if (template__at_op(p, ")")) return template__advance(p) ? list : NULL;
    Expr *first = template__expression(p);
    if (!first) return NULL;
    if (template__at_op(p, ")")) return template__advance(p) ? first : NULL;
    if (!template__at_op(p, ",")) {
        template__unexpected(p, "',' or ')'");
        return NULL;
    }
    if (!template__add_arg(p, list, first, (Str){0}) || !template__advance(p)) return NULL;
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
    Expr *x = v.type == VALUE_UNDEFINED ? template__node(p, EX_NAME, NULL, NULL, NULL) : constant(p, v);
    if (!x || !template__advance(p)) return NULL;
    x->name = s;
    if (x->kind == EX_NAME && template__at_op(p, "(")) {
        x->kind = EX_CALL;
        if (!template__advance(p) || !arguments(p, x)) return NULL;
    }
    return x;
}

static Expr *text_literal(Parser *p) {
    Str s = p->tok.s;
    Expr *x = constant(p, value_str(s));
    if (!x || !template__advance(p)) return NULL;
    while (p->tok.type == TOK_TEXT) { /* neighbours join, as in Python */
        x->value.s = str_printf(p->a, "%.*s%.*s", (int)x->value.s.n, x->value.s.p, (int)p->tok.s.n, p->tok.s.p);
        if (!x->value.s.p) {
            err_nomem(p->err);
            return NULL;
        }
        if (!template__advance(p)) return NULL;
    }
    return x;
}

static Expr *primary(Parser *p) {
    if (p->tok.type == TOK_NAME) return name_or_word(p);
    if (p->tok.type == TOK_TEXT) return text_literal(p);
    if (p->tok.type == TOK_INT || p->tok.type == TOK_FLOAT) {
        Expr *x = constant(p, p->tok.value);
        return x && template__advance(p) ? x : NULL;
    }
    if (template__at_op(p, "(")) return parenthesis(p);
    if (template__at_op(p, "{")) return map_literal(p);
    if (template__at_op(p, "[")) {
        Expr *x = template__node(p, EX_LIST, NULL, NULL, NULL);
        return x && template__advance(p) ? list_rest(p, x, "]") : NULL;
    }
    template__unexpected(p, "a value");
    return NULL;
}

/* a.name, a.0, a.name(args) */
static Expr *attribute(Parser *p, Expr *a) {
    if (!template__advance(p)) return NULL;
    if (p->tok.type == TOK_INT) {
        Expr *key = constant(p, p->tok.value), *x = key ? template__node(p, EX_INDEX, a, key, NULL) : NULL;
        return x && template__advance(p) ? x : NULL;
    }
    if (p->tok.type != TOK_NAME) {
        template__unexpected(p, "a name behind '.'");
        return NULL;
    }
    Expr *x = template__node(p, EX_ATTR, a, NULL, NULL);
    if (!x) return NULL;
    x->name = p->tok.s;
    if (!template__advance(p)) return NULL;
    if (template__at_op(p, "(")) {
        x->kind = EX_METHOD;
        if (!template__advance(p) || !arguments(p, x)) return NULL;
    }
    return x;
}

/* a[b] and a[b:c:d]; the '[' is the current token. */
static Expr *subscript(Parser *p, Expr *a) {
    Expr *part[3] = {NULL, NULL, NULL};
    int n = 0;
    bool slice = false;
    if (!template__advance(p)) return NULL;
    while (!template__at_op(p, "]")) {
        if (template__at_op(p, ":")) {
            slice = true;
            if (++n > 2) {
                template__unexpected(p, "']'");
                return NULL;
            }
            if (!template__advance(p)) return NULL;
            continue;
        }
        if (part[n]) {
            template__unexpected(p, "':' or ']'");
            return NULL;
        }
        if (!(part[n] = template__expression(p))) return NULL;
    }
    if (!slice && !part[0]) {
        template__unexpected(p, "an index");
        return NULL;
    }
    Expr *x = template__node(p, slice ? EX_SLICE : EX_INDEX, a, part[0], part[1]);
    if (!x) return NULL;
    x->d = part[2];
    x->depth = 1 + deeper(x->depth - 1, part[2]);
    return template__advance(p) ? x : NULL;
}

static Expr *postfix(Parser *p, Expr *x) {
    while (x && (template__at_op(p, ".") || template__at_op(p, "[") || template__at_op(p, "("))) {
        if (template__at_op(p, "(")) {
            template__parse_fail(p, p->tok.line, "only names and methods can be called");
            return NULL;
        }
        x = template__at_op(p, ".") ? attribute(p, x) : subscript(p, x);
    }
    return x;
}

static Expr *filter(Parser *p, Expr *a) {
    if (!template__advance(p)) return NULL;
    if (p->tok.type != TOK_NAME) {
        template__unexpected(p, "a filter's name behind '|'");
        return NULL;
    }
    Expr *x = template__node(p, EX_FILTER, a, NULL, NULL);
    if (!x) return NULL;
    x->name = p->tok.s;
    if (!template__is_filter(x->name)) {
        template__parse_fail(p, p->tok.line, "there is no filter '" STR_FMT "' here; suites/SCHEMA.md lists them",
                             STR_ARG(x->name));
        return NULL;
    }
    if (!template__advance(p)) return NULL;
    if (template__at_op(p, "(") && (!template__advance(p) || !arguments(p, x))) return NULL;
    return x;
}

static bool starts_argument(const Parser *p) {
    static const char *const words[] = {"else", "or", "and", "is", "if", "in", "not"};
    if (p->tok.type == TOK_TEXT || p->tok.type == TOK_INT || p->tok.type == TOK_FLOAT) return true;
    if (p->tok.type != TOK_NAME) return template__at_op(p, "[") || template__at_op(p, "{");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (template__at_word(p, words[i])) return false;
    return true;
}

/* a is [not] test [argument] */
static Expr *test(Parser *p, Expr *a) {
    if (!template__advance(p)) return NULL;
    bool negated = template__at_word(p, "not");
    if (negated && !template__advance(p)) return NULL;
    if (p->tok.type != TOK_NAME || !template__is_test(p->tok.s)) {
        if (p->tok.type == TOK_NAME)
            template__parse_fail(p, p->tok.line, "there is no test 'is " STR_FMT "' here", STR_ARG(p->tok.s));
        else
            template__unexpected(p, "a test's name behind 'is'");
        return NULL;
    }
    Expr *x = template__node(p, EX_TEST, a, NULL, NULL);
    if (!x) return NULL;
    x->name = p->tok.s;
    x->op = negated;
    if (!template__advance(p)) return NULL;
    if (template__at_op(p, "(")) return template__advance(p) && arguments(p, x) ? x : NULL;
    if (starts_argument(p)) {
        Expr *arg = postfix(p, primary(p));
        if (!arg || !template__add_arg(p, x, arg, (Str){0})) return NULL;
    }
    return x;
}

static Expr *filters(Parser *p, Expr *x) {
    while (x && (template__at_op(p, "|") || template__at_word(p, "is"))) {
        if (template__at_word(p, "is") && x->kind == EX_TEST) {
            template__parse_fail(p, p->tok.line, "tests cannot be chained; use 'and'");
            return NULL;
        }
        x = template__at_op(p, "|") ? filter(p, x) : test(p, x);
    }
    return x;
}

static Expr *unary(Parser *p, bool with_filter) {
    Expr *x;
    if (template__at_op(p, "-") || template__at_op(p, "+")) {
        ExprKind kind = template__at_op(p, "-") ? EX_NEG : EX_POS;
        if (++p->depth > TEMPLATE_MAX_DEPTH) {
            template__parse_fail(p, p->tok.line, "the expression is nested too deeply");
            return NULL;
        }
        Expr *a = template__advance(p) ? unary(p, false) : NULL;
        p->depth--;
        x = a ? template__node(p, kind, a, NULL, NULL) : NULL;
    } else {
        x = primary(p);
    }
    x = postfix(p, x);
    return with_filter ? filters(p, x) : x;
}

static Expr *binary(Parser *p, Op op, Expr *a, Expr *b) {
    Expr *x = a && b ? template__node(p, EX_BINARY, a, b, NULL) : NULL;
    if (x) x->op = (int)op;
    return x;
}

static Expr *power(Parser *p) {
    Expr *x = unary(p, true);
    while (x && template__at_op(p, "**")) x = template__advance(p) ? binary(p, OP_POW, x, unary(p, true)) : NULL;
    return x;
}

static Expr *product(Parser *p) {
    Expr *x = power(p);
    while (x && (template__at_op(p, "*") || template__at_op(p, "/") || template__at_op(p, "//") ||
                 template__at_op(p, "%"))) {
        Op op = template__at_op(p, "*")    ? OP_MUL
                : template__at_op(p, "/")  ? OP_DIV
                : template__at_op(p, "//") ? OP_FLOORDIV
                                           : OP_MOD;
        x = template__advance(p) ? binary(p, op, x, power(p)) : NULL;
    }
    return x;
}

static Expr *concat(Parser *p) {
    Expr *x = product(p);
    while (x && template__at_op(p, "~")) x = template__advance(p) ? binary(p, OP_CONCAT, x, product(p)) : NULL;
    return x;
}

static Expr *sum(Parser *p) {
    Expr *x = concat(p);
    while (x && (template__at_op(p, "+") || template__at_op(p, "-"))) {
        Op op = template__at_op(p, "+") ? OP_ADD : OP_SUB;
        x = template__advance(p) ? binary(p, op, x, concat(p)) : NULL;
    }
    return x;
}

/* The comparison at the current token, consumed; -1 if there is none, -2 after an error. */
static int comparison_op(Parser *p) {
    static const char *const ops[] = {"==", "!=", "<", "<=", ">", ">="};
    for (int i = 0; i < 6; i++)
        if (template__at_op(p, ops[i])) return template__advance(p) ? OP_EQ + i : -2;
    if (template__at_word(p, "in")) return template__advance(p) ? OP_IN : -2;
    if (!template__at_word(p, "not")) return -1;
    Parser before = *p;
    if (!template__advance(p)) return -2;
    if (template__at_word(p, "in")) return template__advance(p) ? OP_NOT_IN : -2;
    *p = before;
    return -1;
}

static Expr *comparison(Parser *p) {
    Expr *x = sum(p), *chain = NULL;
    int op;
    while (x && (op = comparison_op(p)) != -1) {
        if (op == -2) return NULL;
        if (!chain && !(chain = template__node(p, EX_COMPARE, x, NULL, NULL))) return NULL;
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
            template__parse_fail(p, p->tok.line, "a comparison has more than 100 parts");
            return NULL;
        }
        if (!template__add_arg(p, chain, b, (Str){0})) return NULL;
    }
    return chain ? chain : x;
}

static Expr *negation(Parser *p) {
    if (!template__at_word(p, "not")) return comparison(p);
    if (++p->depth > TEMPLATE_MAX_DEPTH) {
        template__parse_fail(p, p->tok.line, "the expression is nested too deeply");
        return NULL;
    }
    Expr *a = template__advance(p) ? negation(p) : NULL;
    p->depth--;
    return a ? template__node(p, EX_NOT, a, NULL, NULL) : NULL;
}

static Expr *conjunction(Parser *p) {
    Expr *x = negation(p);
    while (x && template__at_word(p, "and")) {
        Expr *b = template__advance(p) ? negation(p) : NULL;
        x = b ? template__node(p, EX_AND, x, b, NULL) : NULL;
    }
    return x;
}

Expr *template__disjunction(Parser *p) {
    Expr *x = conjunction(p);
    while (x && template__at_word(p, "or")) {
        Expr *b = template__advance(p) ? conjunction(p) : NULL;
        x = b ? template__node(p, EX_OR, x, b, NULL) : NULL;
    }
    return x;
}

static Expr *conditional(Parser *p) {
    Expr *x = template__disjunction(p);
    while (x && template__at_word(p, "if")) {
        Expr *cond = template__advance(p) ? template__disjunction(p) : NULL, *other = NULL;
        if (!cond) return NULL;
        if (template__at_word(p, "else") && !(template__advance(p) && (other = template__expression(p)))) return NULL;
        x = template__node(p, EX_COND, x, cond, other);
    }
    return x;
}

Expr *template__expression(Parser *p) {
    if (++p->depth > TEMPLATE_MAX_DEPTH) {
        template__parse_fail(p, p->tok.line, "the expression is nested too deeply");
        return NULL;
    }
    Expr *x = conditional(p);
    p->depth--;
    return x;
}

/* expression, or a tuple without parentheses: {{ a, b }}, {% for x in 1, 2 %} */
Expr *template__expression_or_tuple(Parser *p) {
    Expr *x = template__expression(p);
    if (!x || !template__at_op(p, ",")) return x;
    Expr *list = template__node(p, EX_LIST, NULL, NULL, NULL);
    if (!list || !template__add_arg(p, list, x, (Str){0})) return NULL;
    while (template__at_op(p, ",")) {
        if (!template__advance(p)) return NULL;
        if (p->tok.type == TOK_CLOSE) break;
        Expr *item = template__expression(p);
        if (!item || !template__add_arg(p, list, item, (Str){0})) return NULL;
    }
    return list;
}
