/* The state of one parse, shared by the lexer (template_lex.c) and the parser (template_parse.c). */
#ifndef ASSAY_HARNESS_TEMPLATE_LEX_H
#define ASSAY_HARNESS_TEMPLATE_LEX_H

#include "harness/template/template_internal.h"

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

/* Sets the error with the template's name and a line. Always false. */
bool template__parse_fail(Parser *p, int line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The next token of the open tag into p->tok. */
bool template__advance(Parser *p);
char template__peek(const Parser *p, size_t k); /* k bytes ahead; 0 behind the end */
void template__skip_space(Parser *p);

/* The current token is this operator, or this word. */
bool template__at_op(const Parser *p, const char *op);
bool template__at_word(const Parser *p, const char *word);
bool template__expect_op(Parser *p, const char *op);        /* and goes behind it */
bool template__unexpected(Parser *p, const char *expected); /* always false */

/* Expressions (template_expr.c). NULL after an error. */
Expr *template__expression(Parser *p);
Expr *template__expression_or_tuple(Parser *p); /* {{ a, b }} */
Expr *template__disjunction(Parser *p);         /* without a trailing `if`, for loops */
Expr *template__node(Parser *p, ExprKind kind, Expr *a, Expr *b, Expr *c);
bool template__add_arg(Parser *p, Expr *x, Expr *arg, Str name);

#endif
