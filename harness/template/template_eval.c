/* Expressions -> values, with Python's meaning of the operators. */
#include <math.h>
#include <string.h>

#include "harness/template/template_internal.h"

/* ---- names ---- */

static Value undefined(Str name) {
    return (Value){.type = VALUE_UNDEFINED, .s = name};
}

static Value lookup(Eval *e, Str name) {
    for (const Local *l = e->locals; l; l = l->outer)
        if (str_eq(l->name, name)) return l->value;
    const Value *v = value_get(e->vars, name);
    return v ? *v : undefined(name);
}

bool template__defined(Eval *e, const Value *v) {
    if (v->type != VALUE_UNDEFINED) return true;
    Buf known;
    buf_init(&known, 200);
    if (e->vars && e->vars->type == VALUE_MAP)
        for (size_t i = 0; i < e->vars->map.n && !known.failed; i++)
            buf_addf(&known, "%s" STR_FMT, i ? ", " : "", STR_ARG(str_sub(e->vars->map.members[i].key, 0, 40)));
    template__fail(e, "'" STR_FMT "' is not defined; there are: %s%s", STR_ARG(str_sub(v->s, 0, 80)),
                   known.p ? known.p : "nothing", known.failed ? ", …" : "");
    buf_release(&known);
    return false;
}

/* ---- truth and comparison ---- */

bool template__truth(Eval *e, const Value *v, bool *out) {
    switch (v->type) {
    case VALUE_UNDEFINED:
        return template__defined(e, v);
    case VALUE_NULL:
        *out = false;
        break;
    case VALUE_BOOL:
        *out = v->b;
        break;
    case VALUE_INT:
        *out = v->i != 0;
        break;
    case VALUE_FLOAT:
        *out = v->f != 0;
        break;
    case VALUE_STR:
        *out = v->s.n > 0;
        break;
    case VALUE_LIST:
        *out = v->list.n > 0;
        break;
    case VALUE_MAP:
        *out = v->map.n > 0;
        break;
    }
    return true;
}

static bool is_integer(const Value *v) {
    return v->type == VALUE_INT || v->type == VALUE_BOOL;
}
static bool is_number(const Value *v) {
    return is_integer(v) || v->type == VALUE_FLOAT;
}
static int64_t as_int(const Value *v) {
    return v->type == VALUE_BOOL ? v->b : v->i;
}
static double as_float(const Value *v) {
    return v->type == VALUE_FLOAT ? v->f : (double)as_int(v);
}

bool template__equal(const Value *a, const Value *b) {
    if (is_integer(a) && is_integer(b)) return as_int(a) == as_int(b);
    if (is_number(a) && is_number(b)) return as_float(a) == as_float(b);
    if (a->type != b->type) return false;
    switch (a->type) {
    case VALUE_STR:
        return str_eq(a->s, b->s);
    case VALUE_LIST:
        if (a->list.n != b->list.n) return false;
        for (size_t i = 0; i < a->list.n; i++)
            if (!template__equal(&a->list.items[i], &b->list.items[i])) return false;
        return true;
    case VALUE_MAP:
        if (a->map.n != b->map.n) return false;
        for (size_t i = 0; i < a->map.n; i++) {
            const Value *other = value_get(b, a->map.members[i].key);
            if (!other || !template__equal(&a->map.members[i].value, other)) return false;
        }
        return true;
    default:
        return true;
    }
}

/* -1, 0, 1; false if the two have no order. NaN has none. */
static bool order(Eval *e, const Value *a, const Value *b, int *out) {
    if (is_integer(a) && is_integer(b)) {
        *out = (as_int(a) > as_int(b)) - (as_int(a) < as_int(b));
    } else if (is_number(a) && is_number(b)) {
        *out = (as_float(a) > as_float(b)) - (as_float(a) < as_float(b));
    } else if (a->type == VALUE_STR && b->type == VALUE_STR) {
        *out = str_cmp(a->s, b->s); /* bytes of UTF-8 sort as code points */
    } else if (a->type == VALUE_LIST && b->type == VALUE_LIST) {
        for (size_t i = 0; i < a->list.n && i < b->list.n; i++) {
            if (template__equal(&a->list.items[i], &b->list.items[i])) continue;
            return template__step(e, 0) && order(e, &a->list.items[i], &b->list.items[i], out);
        }
        *out = (a->list.n > b->list.n) - (a->list.n < b->list.n);
    } else {
        return template__fail(e, "%s and %s cannot be put in order", value_type_name(a->type),
                              value_type_name(b->type));
    }
    return true;
}

static bool contains(Eval *e, const Value *item, const Value *in, bool *out) {
    *out = false;
    if (in->type == VALUE_STR) {
        if (item->type != VALUE_STR)
            return template__fail(e, "only text can be in a text, not %s", value_type_name(item->type));
        *out = str_find(in->s, item->s, 0) != SIZE_MAX;
    } else if (in->type == VALUE_MAP) {
        *out = item->type == VALUE_STR && value_get(in, item->s);
    } else if (in->type == VALUE_LIST) {
        if (!template__step(e, in->list.n)) return false;
        for (size_t i = 0; i < in->list.n && !*out; i++) *out = template__equal(item, &in->list.items[i]);
    } else {
        return template__fail(e, "nothing can be in %s", value_type_name(in->type));
    }
    return true;
}

bool template__compare(Eval *e, Op op, const Value *a, const Value *b, bool *out) {
    int c = 0;
    if (!template__defined(e, a) || !template__defined(e, b)) return false;
    if (op == OP_EQ || op == OP_NE) {
        *out = template__equal(a, b) == (op == OP_EQ);
        return true;
    }
    if (op == OP_IN || op == OP_NOT_IN) {
        if (!contains(e, a, b, out)) return false;
        if (op == OP_NOT_IN) *out = !*out;
        return true;
    }
    if (is_number(a) && is_number(b) && (isnan(as_float(a)) || isnan(as_float(b)))) {
        *out = false;
        return true;
    }
    if (!order(e, a, b, &c)) return false;
    *out = op == OP_LT ? c < 0 : op == OP_LE ? c <= 0 : op == OP_GT ? c > 0 : c >= 0;
    return true;
}

/* ---- arithmetic ---- */

static bool too_large(Eval *e) {
    return template__fail(e, "a number became too large");
}

static bool int_power(Eval *e, int64_t a, int64_t b, Value *out) {
    if (b < 0) {
        if (!a) return template__fail(e, "0 cannot be raised to a negative power");
        *out = value_float(pow((double)a, (double)b));
        return true;
    }
    int64_t r = 1;
    for (; b; b >>= 1) {
        if ((b & 1) && __builtin_mul_overflow(r, a, &r)) return too_large(e);
        if (b > 1 && __builtin_mul_overflow(a, a, &a)) return too_large(e);
    }
    *out = value_int(r);
    return true;
}

static bool int_arithmetic(Eval *e, Op op, int64_t a, int64_t b, Value *out) {
    int64_t r = 0;
    bool over = false;
    if ((op == OP_DIV || op == OP_FLOORDIV || op == OP_MOD) && !b) return template__fail(e, "division by zero");
    switch (op) {
    case OP_ADD:
        over = __builtin_add_overflow(a, b, &r);
        break;
    case OP_SUB:
        over = __builtin_sub_overflow(a, b, &r);
        break;
    case OP_MUL:
        over = __builtin_mul_overflow(a, b, &r);
        break;
    case OP_DIV:
        *out = value_float((double)a / (double)b);
        return true;
    case OP_FLOORDIV:
        over = a == INT64_MIN && b == -1;
        if (!over) r = a / b - (a % b != 0 && (a % b < 0) != (b < 0)); /* floors, where C truncates */
        break;
    case OP_MOD:
        r = b == -1 ? 0 : a % b;
        if (r && (r < 0) != (b < 0)) r += b;
        break;
    case OP_POW:
        return int_power(e, a, b, out);
    default:
        return template__fail(e, "not an operation on numbers");
    }
    *out = value_int(r);
    return !over || too_large(e);
}

static bool float_arithmetic(Eval *e, Op op, double a, double b, Value *out) {
    double r = 0;
    if ((op == OP_DIV || op == OP_FLOORDIV || op == OP_MOD) && b == 0) return template__fail(e, "division by zero");
    switch (op) {
    case OP_ADD:
        r = a + b;
        break;
    case OP_SUB:
        r = a - b;
        break;
    case OP_MUL:
        r = a * b;
        break;
    case OP_DIV:
        r = a / b;
        break;
    case OP_FLOORDIV:
        r = floor(a / b);
        break;
    case OP_MOD:
        r = fmod(a, b);
        if (r != 0 && (r < 0) != (b < 0)) r += b;
        break;
    case OP_POW:
        r = pow(a, b);
        break;
    default:
        return template__fail(e, "not an operation on numbers");
    }
    *out = value_float(r);
    return true;
}

static bool concat(Eval *e, Str a, Str b, Value *out) {
    if (!template__step(e, a.n + b.n)) return false;
    char *p = arena_alloc(e->a, a.n + b.n + 1);
    if (!p) return err_nomem(e->err);
    if (a.n) memcpy(p, a.p, a.n);
    if (b.n) memcpy(p + a.n, b.p, b.n);
    *out = value_str((Str){p, a.n + b.n});
    return true;
}

static bool concat_lists(Eval *e, const Value *a, const Value *b, Value *out) {
    size_t n = a->list.n + b->list.n;
    if (!template__step(e, n * sizeof(Value))) return false;
    Value *items = arena_array(e->a, n, sizeof *items);
    if (!items) return err_nomem(e->err);
    if (a->list.n) memcpy(items, a->list.items, a->list.n * sizeof *items);
    if (b->list.n) memcpy(items + a->list.n, b->list.items, b->list.n * sizeof *items);
    *out = value_list(items, n);
    return true;
}

/* "ab" * 3, [x] * 3 */
static bool repeat(Eval *e, const Value *v, int64_t times, Value *out) {
    size_t unit = v->type == VALUE_STR ? v->s.n : v->list.n, size = v->type == VALUE_STR ? 1 : sizeof(Value), bytes;
    if (times < 0 || !unit) times = 0;
    if (!size_mul(unit * size, (size_t)times, &bytes) || bytes > TEMPLATE_MAX_BYTES)
        return template__fail(e, "a repetition is too long");
    if (!template__step(e, bytes)) return false;
    char *p = arena_alloc(e->a, bytes + 1);
    if (!p) return err_nomem(e->err);
    for (int64_t i = 0; i < times; i++)
        memcpy(p + (size_t)i * unit * size, v->type == VALUE_STR ? (const void *)v->s.p : (const void *)v->list.items,
               unit * size);
    *out =
        v->type == VALUE_STR ? value_str((Str){p, bytes}) : value_list((const Value *)(void *)p, unit * (size_t)times);
    return true;
}

bool template__binary(Eval *e, Op op, const Value *a, const Value *b, Value *out) {
    if (!template__defined(e, a) || !template__defined(e, b)) return false;
    if (op == OP_CONCAT) {
        Str x, y;
        return template__text(e, a, &x) && template__text(e, b, &y) && concat(e, x, y, out);
    }
    if (is_integer(a) && is_integer(b)) return int_arithmetic(e, op, as_int(a), as_int(b), out);
    if (is_number(a) && is_number(b)) return float_arithmetic(e, op, as_float(a), as_float(b), out);
    if (op == OP_ADD && a->type == VALUE_STR && b->type == VALUE_STR) return concat(e, a->s, b->s, out);
    if (op == OP_ADD && a->type == VALUE_LIST && b->type == VALUE_LIST) return concat_lists(e, a, b, out);
    if (op == OP_MUL && (a->type == VALUE_STR || a->type == VALUE_LIST) && is_integer(b))
        return repeat(e, a, as_int(b), out);
    if (op == OP_MUL && (b->type == VALUE_STR || b->type == VALUE_LIST) && is_integer(a))
        return repeat(e, b, as_int(a), out);
    if (op == OP_MOD && a->type == VALUE_STR) {
        *out = value_str((Str){0});
        return template__percent(e, a->s, b, &out->s);
    }
    static const char *const signs[] = {"+", "-", "*", "/", "//", "%", "**"};
    return template__fail(e, "'%s' does not work on %s and %s", signs[op], value_type_name(a->type),
                          value_type_name(b->type));
}

/* ---- items ---- */

static bool char_at(Eval *e, Str s, int64_t i, Value *out) {
    int64_t n = (int64_t)template__chars(s);
    if (!template__step(e, s.n / 16)) return false;
    if (i < 0) i += n;
    *out =
        i < 0 || i >= n ? undefined(STR("text[index]")) : value_str(template__char_range(s, (size_t)i, (size_t)i + 1));
    return true;
}

bool template__item(Eval *e, const Value *v, const Value *key, Value *out) {
    if (!template__defined(e, v) || !template__defined(e, key)) return false;
    if (v->type == VALUE_MAP && key->type == VALUE_STR) {
        const Value *m = value_get(v, key->s);
        *out = m ? *m : undefined(key->s);
        return true;
    }
    if (is_integer(key) && v->type == VALUE_STR) return char_at(e, v->s, as_int(key), out);
    if (is_integer(key) && v->type == VALUE_LIST) {
        int64_t i = as_int(key), n = (int64_t)v->list.n;
        if (i < 0) i += n;
        *out = i < 0 || i >= n ? undefined(STR("list[index]")) : v->list.items[i];
        return true;
    }
    *out = undefined(key->type == VALUE_STR ? key->s : STR("[index]"));
    return true;
}

/* Python's slice bounds: clipped, negative ones count from the end. */
static int64_t bound(const Value *v, int64_t n, int64_t step, int64_t absent) {
    if (!v || v->type == VALUE_NULL) return absent;
    int64_t i = as_int(v), lo = step < 0 ? -1 : 0, hi = step < 0 ? n - 1 : n;
    if (i < 0) i = i < -n ? lo : i + n;
    return i < lo ? lo : i > hi ? hi : i;
}

bool template__slice(Eval *e, const Value *v, const Value *from, const Value *to, const Value *step, Value *out) {
    const Value *parts[] = {from, to, step};
    for (int i = 0; i < 3; i++)
        if (parts[i] && parts[i]->type != VALUE_NULL && !is_integer(parts[i]))
            return template__fail(e, "a slice needs integers");
    Value list;
    if (v->type != VALUE_STR && v->type != VALUE_LIST)
        return template__defined(e, v) && template__fail(e, "%s cannot be sliced", value_type_name(v->type));
    int64_t by = step && step->type != VALUE_NULL ? as_int(step) : 1;
    if (!by) return template__fail(e, "a slice's step cannot be 0");
    int64_t n = v->type == VALUE_STR ? (int64_t)template__chars(v->s) : (int64_t)v->list.n;
    int64_t a = bound(from, n, by, by < 0 ? n - 1 : 0), b = bound(to, n, by, by < 0 ? -1 : n);
    if (by == 1) {
        if (b < a) b = a;
        if (v->type == VALUE_STR)
            *out = value_str(template__char_range(v->s, (size_t)a, (size_t)b));
        else
            *out = value_list(a < b ? v->list.items + a : NULL, (size_t)(b - a));
        return template__step(e, v->type == VALUE_STR ? v->s.n / 16 : 0);
    }
    if (!template__list(e, v, &list)) return false;
    Value *items = arena_array(e->a, (size_t)n, sizeof *items);
    if (!items) return err_nomem(e->err);
    size_t count = 0;
    for (int64_t i = a; by > 0 ? i < b : i > b;) {
        items[count++] = list.list.items[i];
        if (by > n || by < -n) break;
        i += by;
    }
    *out = value_list(items, count);
    if (v->type != VALUE_STR) return true;
    Value joined = *out;
    *out = value_str((Str){0});
    return template__join(e, STR(""), &joined, &out->s);
}

/* ---- the tree ---- */

/* Lists in lists in lists … are printed by recursion, so their depth is bounded where they are made. */
static bool shallow(Eval *e, const Value *v, int depth) {
    if (v->type != VALUE_LIST && v->type != VALUE_MAP) return true;
    if (depth > 2 * TEMPLATE_MAX_DEPTH) return template__fail(e, "a list or map is nested too deeply");
    for (size_t i = 0; i < (v->type == VALUE_LIST ? v->list.n : v->map.n); i++)
        if (!template__step(e, 0) ||
            !shallow(e, v->type == VALUE_LIST ? &v->list.items[i] : &v->map.members[i].value, depth + 1))
            return false;
    return true;
}

static bool eval_list(Eval *e, const Expr *x, Value *out) {
    Value *items = arena_array(e->a, x->n_args, sizeof *items);
    if (!items) return err_nomem(e->err);
    for (size_t i = 0; i < x->n_args; i++)
        if (!template__eval(e, x->args[i], &items[i]) || !template__defined(e, &items[i]) || !shallow(e, &items[i], 0))
            return false;
    *out = value_list(items, x->n_args);
    return template__step(e, x->n_args * sizeof *items);
}

static bool eval_map(Eval *e, const Expr *x, Value *out) {
    ValueMember *m = arena_array(e->a, x->n_args / 2, sizeof *m);
    size_t n = 0;
    if (!m) return err_nomem(e->err);
    for (size_t i = 0; i + 1 < x->n_args; i += 2) {
        Value key, value;
        if (!template__eval(e, x->args[i], &key) || !template__eval(e, x->args[i + 1], &value)) return false;
        if (!template__defined(e, &key) || !template__defined(e, &value) || !shallow(e, &value, 0)) return false;
        if (key.type != VALUE_STR)
            return template__fail(e, "a map's key must be text, not %s", value_type_name(key.type));
        size_t at = 0;
        while (at < n && !str_eq(m[at].key, key.s)) at++; /* a later value for the same key wins, as in Python */
        m[at] = (ValueMember){str_dup(e->a, key.s), value};
        if (!m[at].key.p) return err_nomem(e->err);
        if (at == n) n++;
    }
    *out = value_map(m, n);
    return template__step(e, x->n_args * sizeof *m);
}

static bool eval_args(Eval *e, const Expr *x, Args *out) {
    Value *v = arena_array(e->a, x->n_args, sizeof *v);
    if (!v) return err_nomem(e->err);
    for (size_t i = 0; i < x->n_args; i++)
        if (!template__eval(e, x->args[i], &v[i]) || !template__defined(e, &v[i])) return false;
    *out = (Args){v, x->arg_names, x->n_args};
    return template__step(e, x->n_args * sizeof *v);
}

static bool eval_sign(Eval *e, const Expr *x, Value *out) {
    Value v;
    if (!template__eval(e, x->a, &v) || !template__defined(e, &v)) return false;
    if (!is_number(&v)) return template__fail(e, "a sign before %s", value_type_name(v.type));
    if (v.type == VALUE_FLOAT)
        *out = value_float(x->kind == EX_NEG ? -v.f : v.f);
    else if (x->kind == EX_NEG)
        return int_arithmetic(e, OP_SUB, 0, as_int(&v), out);
    else
        *out = value_int(as_int(&v));
    return true;
}

static bool eval_compare(Eval *e, const Expr *x, Value *out) {
    Value left, right;
    bool yes = true;
    if (!template__eval(e, x->a, &left)) return false;
    for (size_t i = 0; i < x->n_args && yes; i++, left = right)
        if (!template__eval(e, x->args[i], &right) || !template__compare(e, x->ops[i], &left, &right, &yes))
            return false;
    *out = value_bool(yes);
    return true;
}

/* and, or: the deciding operand itself, as in Python */
static bool eval_logic(Eval *e, const Expr *x, Value *out) {
    bool yes;
    if (!template__eval(e, x->a, out) || !template__truth(e, out, &yes)) return false;
    return yes == (x->kind == EX_OR) || template__eval(e, x->b, out);
}

static bool eval_cond(Eval *e, const Expr *x, Value *out) {
    Value v;
    bool yes;
    if (!template__eval(e, x->b, &v) || !template__truth(e, &v, &yes)) return false;
    if (yes) return template__eval(e, x->a, out);
    if (x->c) return template__eval(e, x->c, out);
    *out = value_str(STR("")); /* Jinja2 prints nothing here, even when it is strict */
    return true;
}

static bool eval_filter(Eval *e, const Expr *x, Value *out) {
    Value v;
    Args args;
    bool lenient = str_eqz(x->name, "default") || str_eqz(x->name, "d");
    if (!template__eval(e, x->a, &v) || (!lenient && !template__defined(e, &v)) || !eval_args(e, x, &args))
        return false;
    e->line = x->line;
    return template__filter(e, x->name, &v, &args, out);
}

static bool eval_test(Eval *e, const Expr *x, Value *out) {
    Value v;
    Args args;
    bool yes;
    if (!template__eval(e, x->a, &v) || !eval_args(e, x, &args)) return false;
    if (!template__test(e, x->name, &v, &args, &yes)) return false;
    *out = value_bool(yes != (x->op != 0));
    return true;
}

static bool eval_slice(Eval *e, const Expr *x, Value *out) {
    Value v, part[3];
    const Expr *from[] = {x->b, x->c, x->d};
    if (!template__eval(e, x->a, &v) || !template__defined(e, &v)) return false;
    for (int i = 0; i < 3; i++)
        if (from[i] && (!template__eval(e, from[i], &part[i]) || !template__defined(e, &part[i]))) return false;
    return template__slice(e, &v, from[0] ? &part[0] : NULL, from[1] ? &part[1] : NULL, from[2] ? &part[2] : NULL, out);
}

bool template__eval(Eval *e, const Expr *x, Value *out) {
    Value a, b;
    Args args;
    bool yes;
    e->line = x->line;
    if (!template__step(e, 0)) return false;
    switch (x->kind) {
    case EX_CONST:
        *out = x->value;
        return true;
    case EX_NAME:
        *out = lookup(e, x->name);
        return true;
    case EX_LIST:
        return eval_list(e, x, out);
    case EX_MAP:
        return eval_map(e, x, out);
    case EX_NEG:
    case EX_POS:
        return eval_sign(e, x, out);
    case EX_NOT:
        if (!template__eval(e, x->a, &a) || !template__truth(e, &a, &yes)) return false;
        *out = value_bool(!yes);
        return true;
    case EX_BINARY:
        return template__eval(e, x->a, &a) && template__eval(e, x->b, &b) &&
               template__binary(e, (Op)x->op, &a, &b, out);
    case EX_COMPARE:
        return eval_compare(e, x, out);
    case EX_AND:
    case EX_OR:
        return eval_logic(e, x, out);
    case EX_COND:
        return eval_cond(e, x, out);
    case EX_ATTR:
        b = value_str(x->name);
        return template__eval(e, x->a, &a) && template__item(e, &a, &b, out);
    case EX_INDEX:
        return template__eval(e, x->a, &a) && template__eval(e, x->b, &b) && template__item(e, &a, &b, out);
    case EX_SLICE:
        return eval_slice(e, x, out);
    case EX_CALL:
        return eval_args(e, x, &args) && template__call(e, x->name, &args, out);
    case EX_METHOD:
        return template__eval(e, x->a, &a) && template__defined(e, &a) && eval_args(e, x, &args) &&
               template__method(e, &a, x->name, &args, out);
    case EX_FILTER:
        return eval_filter(e, x, out);
    case EX_TEST:
        return eval_test(e, x, out);
    }
    return template__fail(e, "an expression of no known kind");
}
