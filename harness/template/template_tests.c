/* Tests (`is defined`) and functions (`range`) by name. */
#include <string.h>

#include "harness/template/template_internal.h"

/* ---- tests ---- */

static bool is_cased_all(Str s, TextCase c, Eval *e, bool *out) {
    Str same, other;
    if (!template__case(e, s, c, &same) || !template__case(e, s, c == CASE_LOWER ? CASE_UPPER : CASE_LOWER, &other))
        return false;
    *out = str_eq(s, same) && !str_eq(s, other);
    return true;
}

static bool remainder_test(Eval *e, const Value *v, int64_t by, int64_t want, bool *out) {
    if (v->type != VALUE_INT && v->type != VALUE_BOOL)
        return template__fail(e, "this test needs an integer, not %s", value_type_name(v->type));
    if (!by) return template__fail(e, "division by zero");
    int64_t n = v->type == VALUE_BOOL ? v->b : v->i;
    *out = (by == -1 ? 0 : n % by) == want || (want == 1 && n % 2 == -1);
    return true;
}

static const struct NamedOp {
    const char *name;
    Op op;
} comparisons[] = {{"eq", OP_EQ},          {"equalto", OP_EQ},  {"sameas", OP_EQ}, {"ne", OP_NE},
                   {"lt", OP_LT},          {"lessthan", OP_LT}, {"le", OP_LE},     {"gt", OP_GT},
                   {"greaterthan", OP_GT}, {"ge", OP_GE},       {"in", OP_IN}};

static const char *const type_tests[] = {"defined", "undefined", "none", "string",      "number",   "integer",
                                         "float",   "boolean",   "true", "false",       "sequence", "iterable",
                                         "mapping", "odd",       "even", "divisibleby", "lower",    "upper"};

bool template__is_test(Str name) {
    for (size_t i = 0; i < sizeof type_tests / sizeof *type_tests; i++)
        if (str_eqz(name, type_tests[i])) return true;
    for (size_t i = 0; i < sizeof comparisons / sizeof *comparisons; i++)
        if (str_eqz(name, comparisons[i].name)) return true;
    return false;
}

/* Tests that look at the type alone; false if `name` is none of them. */
static bool type_test(Str name, const Value *v, bool *out) {
    ValueType t = v->type;
    bool listy = t == VALUE_STR || t == VALUE_LIST || t == VALUE_MAP;
    if (str_eqz(name, "defined"))
        *out = t != VALUE_UNDEFINED;
    else if (str_eqz(name, "undefined"))
        *out = t == VALUE_UNDEFINED;
    else if (str_eqz(name, "none"))
        *out = t == VALUE_NULL;
    else if (str_eqz(name, "string"))
        *out = t == VALUE_STR;
    else if (str_eqz(name, "number"))
        *out = t == VALUE_INT || t == VALUE_FLOAT || t == VALUE_BOOL;
    else if (str_eqz(name, "integer"))
        *out = t == VALUE_INT;
    else if (str_eqz(name, "float"))
        *out = t == VALUE_FLOAT;
    else if (str_eqz(name, "boolean"))
        *out = t == VALUE_BOOL;
    else if (str_eqz(name, "true"))
        *out = t == VALUE_BOOL && v->b;
    else if (str_eqz(name, "false"))
        *out = t == VALUE_BOOL && !v->b;
    else if (str_eqz(name, "sequence") || (t != VALUE_UNDEFINED && str_eqz(name, "iterable")))
        *out = listy;
    else if (str_eqz(name, "mapping"))
        *out = t == VALUE_MAP;
    else
        return false;
    return true;
}

bool template__test(Eval *e, Str name, const Value *v, const Args *args, bool *out) {
    int64_t by = 0;
    Value other;
    *out = false;
    if (type_test(name, v, out)) return template__check_args(e, "test", name, args, 0);
    if (!template__defined(e, v)) return false;
    if (str_eqz(name, "odd")) return remainder_test(e, v, 2, 1, out);
    if (str_eqz(name, "even")) return remainder_test(e, v, 2, 0, out);
    if (str_eqz(name, "divisibleby"))
        return template__int_arg(e, args, 0, "num", &by) && remainder_test(e, v, by, 0, out);
    if (str_eqz(name, "lower") || str_eqz(name, "upper")) {
        Str s;
        return template__text(e, v, &s) && is_cased_all(s, str_eqz(name, "lower") ? CASE_LOWER : CASE_UPPER, e, out);
    }
    if (!template__arg(args, 0, "other", &other))
        return template__fail(e, "test 'is " STR_FMT "' needs a value", STR_ARG(name));
    for (size_t i = 0; i < sizeof comparisons / sizeof *comparisons; i++)
        if (str_eqz(name, comparisons[i].name)) return template__compare(e, comparisons[i].op, v, &other, out);
    return template__fail(e, "there is no test 'is " STR_FMT "' here", STR_ARG(name));
}

/* ---- functions ---- */

static bool range(Eval *e, const Args *args, Value *out) {
    int64_t a = 0, b = 0, step = 1;
    if (args->n == 1 ? !template__int_arg(e, args, 0, "stop", &b)
                     : !(template__int_arg(e, args, 0, "start", &a) && template__int_arg(e, args, 1, "stop", &b) &&
                         template__int_arg(e, args, 2, "step", &step)))
        return false;
    if (!args->n || !step) return template__fail(e, "range() needs a stop, and a step that is not 0");
    /* in unsigned arithmetic, where differences of any two bounds are exact */
    uint64_t span = step > 0 ? (b > a ? (uint64_t)b - (uint64_t)a : 0) : (a > b ? (uint64_t)a - (uint64_t)b : 0);
    uint64_t by = step > 0 ? (uint64_t)step : 0 - (uint64_t)step, n = span / by + (span % by != 0);
    if (n > TEMPLATE_MAX_LIST) return template__fail(e, "range() makes more than %d numbers", TEMPLATE_MAX_LIST);
    Value *items = template__new_list(e, (size_t)n);
    if (!items) return false;
    for (uint64_t i = 0; i < n; i++) items[i] = value_int(a + (int64_t)i * step);
    *out = value_list(items, (size_t)n);
    return true;
}

static bool dict(Eval *e, const Args *args, Value *out) {
    ValueMember *m = arena_array(e->a, args->n, sizeof *m);
    if (!m) return err_nomem(e->err);
    for (size_t i = 0; i < args->n; i++) {
        if (!args->names[i].p) return template__fail(e, "dict() takes key=value");
        m[i] = (ValueMember){str_dup(e->a, args->names[i]), args->v[i]};
        if (!m[i].key.p) return err_nomem(e->err);
    }
    *out = value_map(m, args->n);
    return template__step(e, args->n * sizeof *m);
}

bool template__call(Eval *e, Str name, const Args *args, Value *out) {
    if (str_eqz(name, "range")) return template__check_args(e, "function", name, args, 3) && range(e, args, out);
    if (str_eqz(name, "dict")) return dict(e, args, out);
    return template__fail(e, "there is no function '" STR_FMT "'; templates know range and dict", STR_ARG(name));
}
