/* What the files of the template room share: the tree, and the evaluator's state. */
#ifndef ASSAY_HARNESS_TEMPLATE_INTERNAL_H
#define ASSAY_HARNESS_TEMPLATE_INTERNAL_H

#include "harness/template/template.h"

#define TEMPLATE_MAX_DEPTH 120                /* nesting of expressions and of blocks */
#define TEMPLATE_MAX_LIST 1000000             /* items of one list */
#define TEMPLATE_MAX_BYTES ((size_t)64 << 20) /* of all intermediate texts of one rendering */

typedef enum ExprKind {
    EX_CONST,   /* value */
    EX_NAME,    /* name */
    EX_LIST,    /* args */
    EX_MAP,     /* args: key, value, key, value … */
    EX_NEG,     /* a */
    EX_POS,     /* a */
    EX_NOT,     /* a */
    EX_BINARY,  /* a op b */
    EX_COMPARE, /* a, then ops[i] args[i] …: a chain as in Python */
    EX_AND,
    EX_OR,
    EX_COND,   /* a if b else c (c may be NULL) */
    EX_ATTR,   /* a.name */
    EX_INDEX,  /* a[b] */
    EX_SLICE,  /* a[b:c:d], each of b c d may be NULL */
    EX_CALL,   /* name(args): a function */
    EX_METHOD, /* a.name(args) */
    EX_FILTER, /* a | name(args) */
    EX_TEST    /* a is [not] name(args); negated: op = 1 */
} ExprKind;

typedef enum Op {
    OP_ADD,
    OP_SUB,
    OP_MUL,
    OP_DIV,
    OP_FLOORDIV,
    OP_MOD,
    OP_POW,
    OP_CONCAT,
    OP_EQ,
    OP_NE,
    OP_LT,
    OP_LE,
    OP_GT,
    OP_GE,
    OP_IN,
    OP_NOT_IN
} Op;

typedef struct Expr Expr;
struct Expr {
    ExprKind kind;
    int line, depth;
    int op;
    Value value;
    Str name;
    Expr *a, *b, *c, *d;
    Expr **args;
    Str *arg_names; /* [n_args]; absent for positional ones */
    size_t n_args;
    Op *ops; /* EX_COMPARE: [n_args] */
};

typedef enum StmtKind { ST_TEXT, ST_PRINT, ST_IF, ST_FOR, ST_SET } StmtKind;

typedef struct Stmt Stmt;
struct Stmt {
    StmtKind kind;
    int line;
    Str text;     /* ST_TEXT */
    Expr *expr;   /* printed, tested, looped over, or assigned */
    Expr *filter; /* ST_FOR: `if` behind the list */
    Str *names;   /* ST_FOR, ST_SET: names that receive the value */
    size_t n_names;
    Stmt *body, *orelse; /* ST_IF, ST_FOR; ST_SET with body: the rendered block is the value */
    Stmt *next;
};

struct Template {
    Str source, bare;
    const char *name;
    Stmt *body;
    Expr *only; /* the template is one {{ expr }} and nothing else */
};

/* ---- evaluation ---- */

typedef struct Local Local; /* a name set in a block; the innermost first */
struct Local {
    Str name;
    Value value;
    Local *outer;
};

typedef struct Eval {
    const Template *t;
    const Value *vars;
    Local *locals;
    Arena *a;
    int line;     /* of the node at work, for messages */
    long steps;   /* taken so far */
    size_t bytes; /* of intermediate texts and lists so far */
    Err *err;
} Eval;

/* Arguments of a call after evaluation. Names are absent for positional ones. */
typedef struct Args {
    const Value *v;
    const Str *names;
    size_t n;
} Args;

bool template__fail(Eval *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool template__step(Eval *e, size_t bytes); /* counts work; false when the budget is used up */
bool template__parse_body(Template *t, Arena *a, Err *err);
bool template__eval(Eval *e, const Expr *x, Value *out);
/* Fails on undefined values, naming them. */
bool template__defined(Eval *e, const Value *v);
bool template__truth(Eval *e, const Value *v, bool *out);
bool template__binary(Eval *e, Op op, const Value *a, const Value *b, Value *out);
bool template__compare(Eval *e, Op op, const Value *a, const Value *b, bool *out);
bool template__equal(const Value *a, const Value *b);
/* a.b.c or a single key/index on a value; a missing one is VALUE_UNDEFINED. */
bool template__item(Eval *e, const Value *v, const Value *key, Value *out);
bool template__slice(Eval *e, const Value *v, const Value *from, const Value *to, const Value *step, Value *out);
/* str(v) in the arena. */
bool template__text(Eval *e, const Value *v, Str *out);
/* list(v): items of a list, keys of a map, characters of a text. */
bool template__list(Eval *e, const Value *v, Value *out);
bool template__call(Eval *e, Str name, const Args *args, Value *out);
bool template__method(Eval *e, const Value *self, Str name, const Args *args, Value *out);
bool template__filter(Eval *e, Str name, const Value *v, const Args *args, Value *out);
bool template__test(Eval *e, Str name, const Value *v, const Args *args, bool *out);
bool template__is_test(Str name);
bool template__is_filter(Str name);
/* Python's "…" % v and "…".format(…). */
bool template__percent(Eval *e, Str fmt, const Value *v, Str *out);
bool template__format(Eval *e, Str fmt, const Args *args, Str *out);

/* Text by characters. */
size_t template__chars(Str s);
Str template__char_range(Str s, size_t from, size_t to);
typedef enum TextCase { CASE_LOWER, CASE_UPPER, CASE_TITLE, CASE_CAPITALIZE } TextCase;
bool template__case(Eval *e, Str s, TextCase c, Str *out);
Str template__strip(Str s, Str set, bool left, bool right); /* set absent: white space */
bool template__replace(Eval *e, Str s, Str from, Str to, int64_t count, Str *out);
bool template__join(Eval *e, Str sep, const Value *list, Str *out);

/* Argument i (positional) or by name; false if it is not given. */
bool template__arg(const Args *args, size_t i, const char *name, Value *out);
bool template__check_args(Eval *e, const char *what, Str name, const Args *args, size_t most);

bool template__text_arg(Eval *e, const Args *args, size_t i, const char *name, bool required, Str *out);
bool template__int_arg(Eval *e, const Args *args, size_t i, const char *name, int64_t *out);
bool template__bool_arg(Eval *e, const Args *args, size_t i, const char *name, bool *out);
Value *template__new_list(Eval *e, size_t n); /* counted and bounded; NULL after an error */
bool template__give_text(Value *out, Str s);  /* true */

typedef bool (*MethodFn)(Eval *e, const Value *self, const Args *args, Value *out);

typedef struct Pieces { /* a growing list of texts */
    Value *items;
    size_t n, cap;
} Pieces;
/* s.split(): runs of white space separate; at most `most` cuts unless negative. */
bool template__split_words(Eval *e, Str s, int64_t most, Pieces *p);
bool template__map_parts(Eval *e, const Value *self, bool keys, bool values, Value *out);
bool template__every(Str s, bool (*is)(unsigned char)); /* and not empty */
bool template__ascii_digit(unsigned char c);

#endif
