/* Filters by name. To add one: a function, and its line in the table below. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/regex.h"
#include "harness/template/template_internal.h"

/* ---- filters ---- */

static bool f_length(Eval *e, const Value *v, const Args *args, Value *out) {
    (void)args;
    size_t n = 0;
    if (v->type == VALUE_STR)
        n = template__chars(v->s);
    else if (v->type == VALUE_LIST)
        n = v->list.n;
    else if (v->type == VALUE_MAP)
        n = v->map.n;
    else
        return template__fail(e, "%s has no length", value_type_name(v->type));
    *out = value_int((int64_t)n);
    return true;
}

static bool f_string(Eval *e, const Value *v, const Args *args, Value *out) {
    (void)args;
    Str s;
    return template__text(e, v, &s) && template__give_text(out, s);
}

/* a.b.c on each item, as attribute="a.b.c" says; undefined when something is missing */
static bool attribute(Eval *e, const Value *v, Str path, Value *out) {
    *out = *v;
    while (path.n && out->type != VALUE_UNDEFINED) {
        size_t dot = str_find(path, STR("."), 0);
        Str head = dot == SIZE_MAX ? path : str_sub(path, 0, dot);
        Value key = value_str(head), item;
        if (template__every(head, template__ascii_digit) && head.n < 9)
            key = value_int(strtol(str_printf(e->a, "%.*s", (int)head.n, head.p).p, NULL, 10));
        if (!template__item(e, out, &key, &item)) return false;
        *out = item;
        path = dot == SIZE_MAX ? STR("") : str_sub(path, dot + 1, path.n);
    }
    return true;
}

static bool f_join(Eval *e, const Value *v, const Args *args, Value *out) {
    Str sep = STR(""), path = {0};
    Value list;
    if (!template__text_arg(e, args, 0, "d", false, &sep) ||
        !template__text_arg(e, args, 1, "attribute", false, &path) || !template__list(e, v, &list))
        return false;
    if (path.p) {
        Value *items = template__new_list(e, list.list.n);
        if (!items) return false;
        for (size_t i = 0; i < list.list.n; i++)
            if (!attribute(e, &list.list.items[i], path, &items[i]) || !template__defined(e, &items[i])) return false;
        list = value_list(items, list.list.n);
    }
    *out = value_str((Str){0});
    return template__join(e, sep, &list, &out->s);
}

/* int("12"), int(" -3 "), int("3.7") through float, as Jinja2's filter */
static bool text_to_int(Str s, int64_t *out) {
    char buf[64] = "";
    s = template__strip(s, (Str){0}, true, true);
    if (!s.n || s.n >= sizeof buf) return false;
    memcpy(buf, s.p, s.n);
    char *end;
    errno = 0;
    long long v = strtoll(buf, &end, 10);
    if (!*end && !errno) {
        *out = v;
        return true;
    }
    if (strpbrk(buf, "xXpPnN")) return false; /* hexadecimal, nan: not numbers for Python's float() here */
    double d = strtod(buf, &end);
    if (*end || !(fabs(d) < 9e18)) return false;
    *out = (int64_t)d;
    return true;
}

static bool f_int(Eval *e, const Value *v, const Args *args, Value *out) {
    int64_t n = 0;
    if (!template__int_arg(e, args, 0, "default", &n)) return false;
    if (v->type == VALUE_INT)
        n = v->i;
    else if (v->type == VALUE_BOOL)
        n = v->b;
    else if (v->type == VALUE_FLOAT && fabs(v->f) < 9e18)
        n = (int64_t)v->f;
    else if (v->type == VALUE_STR)
        text_to_int(v->s, &n);
    *out = value_int(n);
    return true;
}

static bool f_float(Eval *e, const Value *v, const Args *args, Value *out) {
    Value fallback = value_float(0);
    template__arg(args, 0, "default", &fallback);
    (void)e;
    *out = fallback;
    if (v->type == VALUE_FLOAT)
        *out = *v;
    else if (v->type == VALUE_INT || v->type == VALUE_BOOL)
        *out = value_float(v->type == VALUE_INT ? (double)v->i : v->b);
    else if (v->type == VALUE_STR) {
        char buf[64] = "", *end;
        Str s = template__strip(v->s, (Str){0}, true, true);
        if (!s.n || s.n >= sizeof buf || memchr(s.p, 'x', s.n) || memchr(s.p, 'X', s.n)) return true;
        memcpy(buf, s.p, s.n);
        double d = strtod(buf, &end);
        if (!*end) *out = value_float(d);
    }
    return true;
}

static bool f_list(Eval *e, const Value *v, const Args *args, Value *out) {
    (void)args;
    return template__list(e, v, out);
}

static bool f_replace(Eval *e, const Value *v, const Args *args, Value *out) {
    Str s, from, to;
    int64_t count = -1;
    *out = value_str((Str){0});
    return template__text(e, v, &s) && template__text_arg(e, args, 0, "old", true, &from) &&
           template__text_arg(e, args, 1, "new", true, &to) && template__int_arg(e, args, 2, "count", &count) &&
           template__replace(e, s, from, to, count, &out->s);
}

static bool f_regex_replace(Eval *e, const Value *v, const Args *args, Value *out) {
    Str s = v->s, pattern, to;
    int64_t count = 0;
    if (v->type != VALUE_STR)
        return template__fail(e, "regex_replace works on text, not on %s", value_type_name(v->type));
    if (!template__text_arg(e, args, 0, "pattern", true, &pattern) ||
        !template__text_arg(e, args, 1, "repl", true, &to) || !template__int_arg(e, args, 2, "count", &count))
        return false;
    *out = value_str((Str){0});
    if (!template__step(e, s.n)) return false;
    if (!regex_replace(pattern, to, s, count, TEMPLATE_MAX_OUTPUT, e->a, &out->s, e->err))
        return err_wrap(e->err, "%s, template line %d", e->t->name, e->line);
    return template__step(e, out->s.n);
}

static bool f_trim(Eval *e, const Value *v, const Args *args, Value *out) {
    Str s, set = {0};
    return template__text(e, v, &s) && template__text_arg(e, args, 0, "chars", false, &set) &&
           template__give_text(out, template__strip(s, set, true, true));
}

static bool f_case(Eval *e, const Value *v, TextCase c, Value *out) {
    Str s;
    *out = value_str((Str){0});
    return template__text(e, v, &s) && template__case(e, s, c, &out->s);
}
static bool f_lower(Eval *e, const Value *v, const Args *args, Value *out) {
    (void)args;
    return f_case(e, v, CASE_LOWER, out);
}
static bool f_upper(Eval *e, const Value *v, const Args *args, Value *out) {
    (void)args;
    return f_case(e, v, CASE_UPPER, out);
}
static bool f_capitalize(Eval *e, const Value *v, const Args *args, Value *out) {
    (void)args;
    return f_case(e, v, CASE_CAPITALIZE, out);
}

/* Jinja2's title: words begin behind white space, '-', '(', '{', '[' or '<' only; so "it's" gives "It's" */
static bool f_title(Eval *e, const Value *v, const Args *args, Value *out) {
    Str s, low;
    (void)args;
    if (!template__text(e, v, &s) || !template__case(e, s, CASE_LOWER, &low) || !template__step(e, low.n * 2))
        return false;
    Buf b;
    buf_init(&b, TEMPLATE_MAX_OUTPUT);
    bool start = true, ok = true;
    for (size_t at = 0; at < low.n && ok;) {
        size_t from = at++;
        while (at < low.n && ((unsigned char)low.p[at] & 0xC0) == 0x80) at++;
        Str c = str_sub(low, from, at), up = c;
        if (start) ok = template__case(e, c, CASE_CAPITALIZE, &up);
        buf_addstr(&b, up);
        start = (c.n == 1 && strchr("-({[<", c.p[0])) || template__strip(c, (Str){0}, true, false).n == 0;
    }
    Str copy = str_dup(e->a, b.n ? buf_str(&b) : STR(""));
    ok = ok && (b.failed || !copy.p ? err_nomem(e->err) : template__give_text(out, copy));
    buf_release(&b);
    return ok;
}

static bool end_of(Eval *e, const Value *v, bool last, Value *out) {
    Value list;
    if (!template__list(e, v, &list)) return false;
    if (!list.list.n)
        *out = (Value){.type = VALUE_UNDEFINED,
                       .s = last ? STR("last item of an empty list") : STR("first item of an empty list")};
    else
        *out = list.list.items[last ? list.list.n - 1 : 0];
    return true;
}
static bool f_first(Eval *e, const Value *v, const Args *args, Value *out) {
    (void)args;
    return end_of(e, v, false, out);
}
static bool f_last(Eval *e, const Value *v, const Args *args, Value *out) {
    (void)args;
    return end_of(e, v, true, out);
}

static bool f_default(Eval *e, const Value *v, const Args *args, Value *out) {
    Value fallback = value_str(STR(""));
    bool when_false = false, yes = true;
    template__arg(args, 0, "default_value", &fallback);
    if (!template__bool_arg(e, args, 1, "boolean", &when_false)) return false;
    if (when_false && v->type != VALUE_UNDEFINED && !template__truth(e, v, &yes)) return false;
    *out = v->type == VALUE_UNDEFINED || !yes ? fallback : *v;
    return true;
}

/* map("filter", args…) or map(attribute="a.b", default=x) */
static bool f_map(Eval *e, const Value *v, const Args *args, Value *out) {
    Value list, name, path;
    if (!template__list(e, v, &list)) return false;
    Value *items = template__new_list(e, list.list.n);
    if (!items) return false;
    bool by_attribute = template__arg(args, SIZE_MAX, "attribute", &path);
    if (!by_attribute && (!template__arg(args, 0, "", &name) || name.type != VALUE_STR || !template__is_filter(name.s)))
        return template__fail(e, "map() needs the name of a filter, or attribute=\"…\"");
    if (by_attribute && path.type != VALUE_STR) return template__fail(e, "map(attribute=…) needs a text");
    Args rest = {args->v + !by_attribute, args->names + !by_attribute, args->n - !by_attribute};
    for (size_t i = 0; i < list.list.n; i++) {
        const Value *item = &list.list.items[i];
        if (!template__step(e, 0)) return false;
        if (!by_attribute) {
            if (!template__filter(e, name.s, item, &rest, &items[i])) return false;
            continue;
        }
        if (!attribute(e, item, path.s, &items[i])) return false;
        if (items[i].type == VALUE_UNDEFINED && !template__arg(args, SIZE_MAX, "default", &items[i]))
            return template__defined(e, &items[i]);
    }
    *out = value_list(items, list.list.n);
    return true;
}

/* select/reject(test, args…), selectattr/rejectattr(attribute, test, args…) */
static bool pick(Eval *e, const Value *v, const Args *args, bool by_attribute, bool keep, Value *out) {
    Value list, path = {0}, test;
    size_t skip = by_attribute;
    if (!template__list(e, v, &list)) return false;
    if (by_attribute && (!template__arg(args, 0, "", &path) || path.type != VALUE_STR))
        return template__fail(e, "the attribute's name is missing");
    bool has_test = template__arg(args, skip, "", &test);
    if (has_test && (test.type != VALUE_STR || !template__is_test(test.s)))
        return template__fail(e, "there is no such test");
    Value *items = template__new_list(e, list.list.n);
    size_t n = 0;
    if (!items) return false;
    skip += has_test;
    Args rest = {args->v + skip, args->names + skip, args->n - skip};
    for (size_t i = 0; i < list.list.n; i++) {
        Value item = list.list.items[i];
        bool yes;
        if (!template__step(e, 0) || (by_attribute && !attribute(e, &list.list.items[i], path.s, &item))) return false;
        if (!(has_test ? template__test(e, test.s, &item, &rest, &yes) : template__truth(e, &item, &yes))) return false;
        if (yes == keep) items[n++] = list.list.items[i];
    }
    *out = value_list(items, n);
    return true;
}
static bool f_select(Eval *e, const Value *v, const Args *args, Value *out) {
    return pick(e, v, args, false, true, out);
}
static bool f_reject(Eval *e, const Value *v, const Args *args, Value *out) {
    return pick(e, v, args, false, false, out);
}
static bool f_selectattr(Eval *e, const Value *v, const Args *args, Value *out) {
    return pick(e, v, args, true, true, out);
}
static bool f_rejectattr(Eval *e, const Value *v, const Args *args, Value *out) {
    return pick(e, v, args, true, false, out);
}

static bool f_reverse(Eval *e, const Value *v, const Args *args, Value *out) {
    Value list;
    (void)args;
    if (!template__list(e, v, &list)) return false;
    Value *items = template__new_list(e, list.list.n);
    if (!items) return false;
    for (size_t i = 0; i < list.list.n; i++) items[i] = list.list.items[list.list.n - 1 - i];
    list = value_list(items, list.list.n);
    *out = list;
    if (v->type != VALUE_STR) return true;
    *out = value_str((Str){0});
    return template__join(e, STR(""), &list, &out->s);
}

/* What a sort compares: text without case unless asked, else the value. */
static bool sort_key(Eval *e, const Value *v, bool case_sensitive, Value *out) {
    *out = *v;
    return case_sensitive || v->type != VALUE_STR || template__case(e, v->s, CASE_LOWER, &out->s);
}

typedef struct Sortable {
    Value key, item;
} Sortable;

/* Merges the runs [from, mid) and [mid, to); stable. */
static bool merge(Eval *e, Sortable *v, Sortable *tmp, size_t from, size_t mid, size_t to, bool reverse) {
    size_t i = from, j = mid, k = from;
    while (i < mid && j < to) {
        bool second;
        if (!template__step(e, 0)) return false;
        if (!template__compare(e, reverse ? OP_GT : OP_LT, &v[j].key, &v[i].key, &second)) return false;
        tmp[k++] = second ? v[j++] : v[i++];
    }
    while (i < mid) tmp[k++] = v[i++];
    while (j < to) tmp[k++] = v[j++];
    memcpy(v + from, tmp + from, (to - from) * sizeof *v);
    return true;
}

static bool f_sort(Eval *e, const Value *v, const Args *args, Value *out) {
    bool reverse = false, sensitive = false;
    Str path = {0};
    Value list;
    if (!template__bool_arg(e, args, 0, "reverse", &reverse) ||
        !template__bool_arg(e, args, 1, "case_sensitive", &sensitive) ||
        !template__text_arg(e, args, 2, "attribute", false, &path) || !template__list(e, v, &list))
        return false;
    size_t n = list.list.n;
    Sortable *s = arena_array(e->a, n, sizeof *s), *tmp = arena_array(e->a, n, sizeof *tmp);
    Value *items = template__new_list(e, n);
    if (!items) return false;
    if (!s || !tmp) return err_nomem(e->err);
    for (size_t i = 0; i < n; i++) {
        Value key = list.list.items[i];
        if (path.p && (!attribute(e, &list.list.items[i], path, &key) || !template__defined(e, &key))) return false;
        s[i].item = list.list.items[i];
        if (!sort_key(e, &key, sensitive, &s[i].key)) return false;
    }
    for (size_t width = 1; width < n; width *= 2)
        for (size_t from = 0; from + width < n; from += 2 * width)
            if (!merge(e, s, tmp, from, from + width, from + 2 * width < n ? from + 2 * width : n, reverse))
                return false;
    for (size_t i = 0; i < n; i++) items[i] = s[i].item;
    *out = value_list(items, n);
    return true;
}

static bool f_unique(Eval *e, const Value *v, const Args *args, Value *out) {
    bool sensitive = false;
    Value list;
    if (!template__bool_arg(e, args, 0, "case_sensitive", &sensitive) || !template__list(e, v, &list)) return false;
    Value *items = template__new_list(e, list.list.n), *keys = template__new_list(e, list.list.n);
    size_t n = 0;
    if (!items || !keys) return false;
    for (size_t i = 0; i < list.list.n; i++) {
        size_t k = 0;
        if (!sort_key(e, &list.list.items[i], sensitive, &keys[n])) return false;
        while (k < n && !template__equal(&keys[k], &keys[n])) k++;
        e->steps += (long)k;
        if (!template__step(e, 0)) return false;
        if (k == n) items[n++] = list.list.items[i];
    }
    *out = value_list(items, n);
    return true;
}

static bool extreme(Eval *e, const Value *v, bool most, Value *out) {
    Value list, best_key, key;
    if (!template__list(e, v, &list)) return false;
    *out = (Value){.type = VALUE_UNDEFINED, .s = STR("min or max of an empty list")};
    for (size_t i = 0; i < list.list.n; i++) {
        bool better = true;
        if (!sort_key(e, &list.list.items[i], false, &key)) return false;
        if (i && !template__compare(e, most ? OP_GT : OP_LT, &key, &best_key, &better)) return false;
        if (!better) continue;
        best_key = key;
        *out = list.list.items[i];
    }
    return true;
}
static bool f_min(Eval *e, const Value *v, const Args *args, Value *out) {
    (void)args;
    return extreme(e, v, false, out);
}
static bool f_max(Eval *e, const Value *v, const Args *args, Value *out) {
    (void)args;
    return extreme(e, v, true, out);
}

static bool f_sum(Eval *e, const Value *v, const Args *args, Value *out) {
    Value list, total = value_int(0), item;
    Str path = {0};
    if (!template__text_arg(e, args, 0, "attribute", false, &path) || !template__list(e, v, &list)) return false;
    template__arg(args, 1, "start", &total);
    for (size_t i = 0; i < list.list.n; i++) {
        item = list.list.items[i];
        if (path.p && !attribute(e, &list.list.items[i], path, &item)) return false;
        Value next;
        if (!template__binary(e, OP_ADD, &total, &item, &next)) return false;
        total = next;
    }
    *out = total;
    return true;
}

static bool f_abs(Eval *e, const Value *v, const Args *args, Value *out) {
    (void)args;
    if (v->type == VALUE_FLOAT)
        *out = value_float(fabs(v->f));
    else if (v->type == VALUE_INT && v->i != INT64_MIN)
        *out = value_int(v->i < 0 ? -v->i : v->i);
    else if (v->type == VALUE_BOOL)
        *out = value_int(v->b);
    else
        return template__fail(e, "abs needs a number, not %s", value_type_name(v->type));
    return true;
}

/* round half to even on the decimal value, as Python: through text, which is exact */
static bool f_round(Eval *e, const Value *v, const Args *args, Value *out) {
    int64_t digits = 0;
    Str method = STR("common");
    if (!template__int_arg(e, args, 0, "precision", &digits) ||
        !template__text_arg(e, args, 1, "method", false, &method))
        return false;
    double d = v->type == VALUE_FLOAT ? v->f : (double)v->i;
    if (v->type != VALUE_FLOAT && v->type != VALUE_INT)
        return template__fail(e, "round needs a number, not %s", value_type_name(v->type));
    if (digits < 0 || digits > 15) return template__fail(e, "round knows 0 to 15 decimals");
    double scale = pow(10, (double)digits);
    if (str_eqz(method, "ceil"))
        *out = value_float(ceil(d * scale) / scale);
    else if (str_eqz(method, "floor"))
        *out = value_float(floor(d * scale) / scale);
    else if (!str_eqz(method, "common"))
        return template__fail(e, "round's method is common, ceil or floor");
    else {
        char text[400];
        snprintf(text, sizeof text, "%.*f", (int)digits, d);
        *out = v->type == VALUE_INT ? *v : value_float(strtod(text, NULL));
    }
    return true;
}

static bool f_format(Eval *e, const Value *v, const Args *args, Value *out) {
    if (v->type != VALUE_STR) return template__fail(e, "format needs a text, not %s", value_type_name(v->type));
    Value all = value_list(args->v, args->n);
    *out = value_str((Str){0});
    return template__percent(e, v->s, &all, &out->s);
}

static bool f_items(Eval *e, const Value *v, const Args *args, Value *out) {
    (void)args;
    if (v->type != VALUE_MAP) return template__fail(e, "items needs a map, not %s", value_type_name(v->type));
    return template__map_parts(e, v, true, true, out);
}

static bool f_tojson(Eval *e, const Value *v, const Args *args, Value *out) {
    (void)args;
    Buf b;
    buf_init(&b, TEMPLATE_MAX_OUTPUT);
    value_to_json(v, false, &b);
    bool ok = b.failed ? template__fail(e, "tojson makes a text that is too long") : template__step(e, b.n);
    Str s = ok ? str_dup(e->a, buf_str(&b)) : (Str){0};
    buf_release(&b);
    return ok && (s.p ? template__give_text(out, s) : err_nomem(e->err));
}

static const struct Filter {
    const char *name;
    size_t most;
    MethodFn fn;
} filters[] = {
    {"abs", 0, f_abs},
    {"capitalize", 0, f_capitalize},
    {"count", 0, f_length},
    {"d", 2, f_default},
    {"default", 2, f_default},
    {"first", 0, f_first},
    {"float", 1, f_float},
    {"format", 64, f_format},
    {"int", 1, f_int},
    {"items", 0, f_items},
    {"join", 2, f_join},
    {"last", 0, f_last},
    {"length", 0, f_length},
    {"list", 0, f_list},
    {"lower", 0, f_lower},
    {"map", 8, f_map},
    {"max", 0, f_max},
    {"min", 0, f_min},
    {"regex_replace", 3, f_regex_replace},
    {"reject", 8, f_reject},
    {"rejectattr", 8, f_rejectattr},
    {"replace", 3, f_replace},
    {"reverse", 0, f_reverse},
    {"round", 2, f_round},
    {"select", 8, f_select},
    {"selectattr", 8, f_selectattr},
    {"sort", 3, f_sort},
    {"string", 0, f_string},
    {"sum", 2, f_sum},
    {"title", 0, f_title},
    {"tojson", 0, f_tojson},
    {"trim", 1, f_trim},
    {"unique", 1, f_unique},
    {"upper", 0, f_upper},
};

static const struct Filter *filter_find(Str name) {
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
        if (str_eqz(name, filters[i].name)) return &filters[i];
    return NULL;
}

bool template__is_filter(Str name) {
    return filter_find(name) != NULL;
}

bool template__filter(Eval *e, Str name, const Value *v, const Args *args, Value *out) {
    const struct Filter *f = filter_find(name);
    if (!f) return template__fail(e, "there is no filter '" STR_FMT "' here", STR_ARG(name));
    return template__check_args(e, "filter", name, args, f->most) && f->fn(e, v, args, out);
}
