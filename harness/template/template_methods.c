/* Arguments of calls, lists, and methods by name. To add one: a function, and its line in the table. */
#include <string.h>

#include "harness/template/template_internal.h"

/* ---- arguments ---- */

bool template__arg(const Args *args, size_t i, const char *name, Value *out) {
    size_t position = 0;
    for (size_t k = 0; k < args->n; k++) {
        bool named = args->names[k].p != NULL;
        if (named ? *name && str_eqz(args->names[k], name) : position++ == i) {
            *out = args->v[k];
            return true;
        }
    }
    return false;
}

bool template__check_args(Eval *e, const char *what, Str name, const Args *args, size_t most) {
    if (args->n <= most) return true;
    return template__fail(e, "%s '" STR_FMT "' takes at most %zu arguments, not %zu", what, STR_ARG(name), most,
                          args->n);
}

bool template__text_arg(Eval *e, const Args *args, size_t i, const char *name, bool required, Str *out) {
    Value v;
    if (!template__arg(args, i, name, &v) || (v.type == VALUE_NULL && !required)) {
        return !required || template__fail(e, "argument '%s' is missing", name);
    }
    if (v.type != VALUE_STR)
        return template__fail(e, "argument '%s' must be text, not %s", name, value_type_name(v.type));
    *out = v.s;
    return true;
}

bool template__int_arg(Eval *e, const Args *args, size_t i, const char *name, int64_t *out) {
    Value v;
    if (!template__arg(args, i, name, &v) || v.type == VALUE_NULL) return true;
    if (v.type != VALUE_INT && v.type != VALUE_BOOL)
        return template__fail(e, "argument '%s' must be an integer, not %s", name, value_type_name(v.type));
    *out = v.type == VALUE_INT ? v.i : v.b;
    return true;
}

bool template__bool_arg(Eval *e, const Args *args, size_t i, const char *name, bool *out) {
    Value v;
    return !template__arg(args, i, name, &v) || template__truth(e, &v, out);
}

bool template__give_text(Value *out, Str s) {
    *out = value_str(s);
    return true;
}

/* ---- lists ---- */

Value *template__new_list(Eval *e, size_t n) {
    if (n > TEMPLATE_MAX_LIST) {
        template__fail(e, "a list has more than %d items", TEMPLATE_MAX_LIST);
        return NULL;
    }
    if (!template__step(e, n * sizeof(Value))) return NULL;
    Value *items = arena_array(e->a, n, sizeof *items);
    if (!items) err_nomem(e->err);
    return items;
}

bool template__list(Eval *e, const Value *v, Value *out) {
    if (v->type == VALUE_LIST) {
        *out = *v;
        return true;
    }
    if (v->type != VALUE_STR && v->type != VALUE_MAP)
        return template__defined(e, v) && template__fail(e, "%s is not a list", value_type_name(v->type));
    size_t n = v->type == VALUE_MAP ? v->map.n : template__chars(v->s), at = 0;
    Value *items = template__new_list(e, n);
    if (!items) return false;
    for (size_t i = 0; i < n; i++) {
        if (v->type == VALUE_MAP) {
            items[i] = value_str(v->map.members[i].key);
            continue;
        }
        size_t from = at++;
        while (at < v->s.n && ((unsigned char)v->s.p[at] & 0xC0) == 0x80) at++;
        items[i] = value_str(str_sub(v->s, from, at));
    }
    *out = value_list(items, n);
    return true;
}

/* ---- text methods ---- */

static bool m_strip_at(Eval *e, const Value *self, const Args *args, bool left, bool right, Value *out) {
    Str set = {0};
    return template__text_arg(e, args, 0, "chars", false, &set) &&
           template__give_text(out, template__strip(self->s, set, left, right));
}
static bool m_strip(Eval *e, const Value *self, const Args *args, Value *out) {
    return m_strip_at(e, self, args, true, true, out);
}
static bool m_lstrip(Eval *e, const Value *self, const Args *args, Value *out) {
    return m_strip_at(e, self, args, true, false, out);
}
static bool m_rstrip(Eval *e, const Value *self, const Args *args, Value *out) {
    return m_strip_at(e, self, args, false, true, out);
}

static bool m_case(Eval *e, const Value *self, TextCase c, Value *out) {
    *out = value_str((Str){0});
    return template__case(e, self->s, c, &out->s);
}
static bool m_lower(Eval *e, const Value *self, const Args *args, Value *out) {
    (void)args;
    return m_case(e, self, CASE_LOWER, out);
}
static bool m_upper(Eval *e, const Value *self, const Args *args, Value *out) {
    (void)args;
    return m_case(e, self, CASE_UPPER, out);
}
static bool m_title(Eval *e, const Value *self, const Args *args, Value *out) {
    (void)args;
    return m_case(e, self, CASE_TITLE, out);
}
static bool m_capitalize(Eval *e, const Value *self, const Args *args, Value *out) {
    (void)args;
    return m_case(e, self, CASE_CAPITALIZE, out);
}

static bool m_replace(Eval *e, const Value *self, const Args *args, Value *out) {
    Str from, to;
    int64_t count = -1;
    *out = value_str((Str){0});
    return template__text_arg(e, args, 0, "old", true, &from) && template__text_arg(e, args, 1, "new", true, &to) &&
           template__int_arg(e, args, 2, "count", &count) && template__replace(e, self->s, from, to, count, &out->s);
}

static bool m_join(Eval *e, const Value *self, const Args *args, Value *out) {
    Value v, list;
    if (!template__arg(args, 0, "iterable", &v)) return template__fail(e, "join() needs a list");
    if (!template__list(e, &v, &list)) return false;
    for (size_t i = 0; i < list.list.n; i++)
        if (list.list.items[i].type != VALUE_STR)
            return template__fail(e, "join() needs a list of texts; item %zu is %s", i,
                                  value_type_name(list.list.items[i].type));
    *out = value_str((Str){0});
    return template__join(e, self->s, &list, &out->s);
}

static bool affix(Eval *e, const Value *self, const Args *args, bool (*match)(Str, Str), Value *out) {
    Value v;
    if (!template__arg(args, 0, "prefix", &v)) return template__fail(e, "startswith() and endswith() need a text");
    bool yes = false;
    if (v.type == VALUE_LIST) {
        for (size_t i = 0; i < v.list.n; i++)
            yes |= v.list.items[i].type == VALUE_STR && match(self->s, v.list.items[i].s);
    } else if (v.type == VALUE_STR) {
        yes = match(self->s, v.s);
    } else {
        return template__fail(e, "startswith() and endswith() need a text, not %s", value_type_name(v.type));
    }
    *out = value_bool(yes);
    return true;
}
static bool m_startswith(Eval *e, const Value *self, const Args *args, Value *out) {
    return affix(e, self, args, str_starts, out);
}
static bool m_endswith(Eval *e, const Value *self, const Args *args, Value *out) {
    return affix(e, self, args, str_ends, out);
}

static bool m_format(Eval *e, const Value *self, const Args *args, Value *out) {
    *out = value_str((Str){0});
    return template__format(e, self->s, args, &out->s);
}

/* Where the text is, counted in characters; -1 if nowhere. */
static bool find_text(Eval *e, const Value *self, const Args *args, bool last, int64_t *out) {
    Str what;
    if (!template__text_arg(e, args, 0, "sub", true, &what)) return false;
    size_t hit = str_find(self->s, what, 0);
    for (size_t next = hit; last && next != SIZE_MAX && next < self->s.n; next = str_find(self->s, what, next + 1))
        hit = next;
    *out = hit == SIZE_MAX ? -1 : (int64_t)template__chars(str_sub(self->s, 0, hit));
    return template__step(e, self->s.n / 8);
}
static bool m_find(Eval *e, const Value *self, const Args *args, Value *out) {
    int64_t at;
    if (!find_text(e, self, args, false, &at)) return false;
    *out = value_int(at);
    return true;
}
static bool m_rfind(Eval *e, const Value *self, const Args *args, Value *out) {
    int64_t at;
    if (!find_text(e, self, args, true, &at)) return false;
    *out = value_int(at);
    return true;
}

static bool m_index(Eval *e, const Value *self, const Args *args, Value *out) {
    Value v;
    int64_t at = -1;
    if (!template__arg(args, 0, "value", &v)) return template__fail(e, "index() needs a value");
    if (self->type == VALUE_STR) {
        if (!find_text(e, self, args, false, &at)) return false;
    } else {
        for (size_t i = 0; i < self->list.n && at < 0; i++)
            if (template__equal(&self->list.items[i], &v)) at = (int64_t)i;
    }
    *out = value_int(at);
    return at >= 0 || template__fail(e, "index(): the value is not there");
}

static bool m_count(Eval *e, const Value *self, const Args *args, Value *out) {
    Value v;
    int64_t n = 0;
    if (!template__arg(args, 0, "value", &v)) return template__fail(e, "count() needs a value");
    if (self->type == VALUE_LIST) {
        for (size_t i = 0; i < self->list.n; i++) n += template__equal(&self->list.items[i], &v);
    } else if (v.type != VALUE_STR) {
        return template__fail(e, "count() needs a text, not %s", value_type_name(v.type));
    } else if (!v.s.n) {
        n = (int64_t)template__chars(self->s) + 1;
    } else {
        for (size_t at = 0; (at = str_find(self->s, v.s, at)) != SIZE_MAX; at += v.s.n) n++;
    }
    *out = value_int(n);
    return true;
}

static bool add_piece(Eval *e, Pieces *p, Str s) {
    if (p->n == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : 16;
        Value *more = template__new_list(e, cap);
        if (!more) return false;
        if (p->n) memcpy(more, p->items, p->n * sizeof *more);
        p->items = more;
        p->cap = cap;
    }
    p->items[p->n++] = value_str(s);
    return true;
}

/* s.split(): runs of white space separate, no empty pieces */
bool template__split_words(Eval *e, Str s, int64_t most, Pieces *p) {
    for (;;) {
        s = template__strip(s, (Str){0}, true, false);
        if (!s.n) return true;
        if (most >= 0 && (int64_t)p->n == most) return add_piece(e, p, s);
        size_t end = 0;
        while (end < s.n) {
            size_t next = end + 1;
            while (next < s.n && ((unsigned char)s.p[next] & 0xC0) == 0x80) next++;
            if (template__strip(str_sub(s, end, next), (Str){0}, true, false).n == 0) break;
            end = next;
        }
        if (!add_piece(e, p, str_sub(s, 0, end))) return false;
        s = str_sub(s, end, s.n);
    }
}

static bool m_split(Eval *e, const Value *self, const Args *args, Value *out) {
    Str sep = {0}, s = self->s;
    int64_t most = -1;
    Pieces p = {0};
    if (!template__text_arg(e, args, 0, "sep", false, &sep) || !template__int_arg(e, args, 1, "maxsplit", &most))
        return false;
    if (sep.p && !sep.n) return template__fail(e, "split() needs a separator that is not empty");
    if (!sep.p) {
        if (!template__split_words(e, s, most, &p)) return false;
    } else {
        size_t at = 0, hit;
        while ((most < 0 || (int64_t)p.n < most) && (hit = str_find(s, sep, at)) != SIZE_MAX) {
            if (!add_piece(e, &p, str_sub(s, at, hit))) return false;
            at = hit + sep.n;
        }
        if (!add_piece(e, &p, str_sub(s, at, s.n))) return false;
    }
    *out = value_list(p.items, p.n);
    return true;
}

/* From the right; only the common form with a separator. */
static bool m_rsplit(Eval *e, const Value *self, const Args *args, Value *out) {
    Str sep = {0};
    int64_t most = -1;
    if (!template__text_arg(e, args, 0, "sep", false, &sep) || !template__int_arg(e, args, 1, "maxsplit", &most))
        return false;
    if (most < 0) return m_split(e, self, args, out);
    if (!sep.n) return template__fail(e, "rsplit() with a limit needs a separator");
    Pieces all = {0};
    Args only_sep = {args->v, args->names, 1};
    Value list;
    if (!m_split(e, self, &only_sep, &list)) return false;
    size_t cut = list.list.n > (size_t)most ? list.list.n - (size_t)most - 1 : 0, end = 0;
    for (size_t i = 0; i <= cut; i++) end += list.list.items[i].s.n + (i ? sep.n : 0);
    if (!add_piece(e, &all, str_sub(self->s, 0, end))) return false;
    for (size_t i = cut + 1; i < list.list.n; i++)
        if (!add_piece(e, &all, list.list.items[i].s)) return false;
    *out = value_list(all.items, all.n);
    return true;
}

static bool m_splitlines(Eval *e, const Value *self, const Args *args, Value *out) {
    Str s = self->s;
    Pieces p = {0};
    (void)args;
    for (size_t at = 0; at < s.n;) {
        size_t end = at;
        while (end < s.n && s.p[end] != '\n' && s.p[end] != '\r') end++;
        if (!add_piece(e, &p, str_sub(s, at, end))) return false;
        at = end + 1 + (end + 1 < s.n && s.p[end] == '\r' && s.p[end + 1] == '\n');
    }
    *out = value_list(p.items, p.n);
    return true;
}

bool template__every(Str s, bool (*is)(unsigned char)) {
    for (size_t i = 0; i < s.n; i++)
        if (!is((unsigned char)s.p[i])) return false;
    return s.n > 0;
}
bool template__ascii_digit(unsigned char c) {
    return c >= '0' && c <= '9';
}
static bool ascii_alpha(unsigned char c) {
    return (c | 32) >= 'a' && (c | 32) <= 'z';
}
static bool m_isdigit(Eval *e, const Value *self, const Args *args, Value *out) {
    (void)e, (void)args;
    *out = value_bool(template__every(self->s, template__ascii_digit));
    return true;
}
static bool m_isalpha(Eval *e, const Value *self, const Args *args, Value *out) {
    (void)e, (void)args;
    *out = value_bool(template__every(self->s, ascii_alpha));
    return true;
}

/* ---- map methods ---- */

static bool m_get(Eval *e, const Value *self, const Args *args, Value *out) {
    Value key;
    if (!template__arg(args, 0, "key", &key)) return template__fail(e, "get() needs a key");
    const Value *v = key.type == VALUE_STR ? value_get(self, key.s) : NULL;
    *out = value_null();
    if (v)
        *out = *v;
    else
        template__arg(args, 1, "default", out);
    return true;
}

bool template__map_parts(Eval *e, const Value *self, bool keys, bool values, Value *out) {
    Value *items = template__new_list(e, self->map.n);
    if (!items) return false;
    for (size_t i = 0; i < self->map.n; i++) {
        const ValueMember *m = &self->map.members[i];
        if (keys && values) {
            Value *pair = template__new_list(e, 2);
            if (!pair) return false;
            pair[0] = value_str(m->key);
            pair[1] = m->value;
            items[i] = value_list(pair, 2);
        } else {
            items[i] = keys ? value_str(m->key) : m->value;
        }
    }
    *out = value_list(items, self->map.n);
    return true;
}
static bool m_items(Eval *e, const Value *self, const Args *args, Value *out) {
    (void)args;
    return template__map_parts(e, self, true, true, out);
}
static bool m_keys(Eval *e, const Value *self, const Args *args, Value *out) {
    (void)args;
    return template__map_parts(e, self, true, false, out);
}
static bool m_values(Eval *e, const Value *self, const Args *args, Value *out) {
    (void)args;
    return template__map_parts(e, self, false, true, out);
}

static const struct Method {
    const char *name;
    ValueType on;
    size_t most; /* arguments */
    MethodFn fn;
} methods[] = {
    {"strip", VALUE_STR, 1, m_strip},           {"lstrip", VALUE_STR, 1, m_lstrip},
    {"rstrip", VALUE_STR, 1, m_rstrip},         {"split", VALUE_STR, 2, m_split},
    {"rsplit", VALUE_STR, 2, m_rsplit},         {"splitlines", VALUE_STR, 0, m_splitlines},
    {"replace", VALUE_STR, 3, m_replace},       {"join", VALUE_STR, 1, m_join},
    {"lower", VALUE_STR, 0, m_lower},           {"upper", VALUE_STR, 0, m_upper},
    {"title", VALUE_STR, 0, m_title},           {"capitalize", VALUE_STR, 0, m_capitalize},
    {"startswith", VALUE_STR, 1, m_startswith}, {"endswith", VALUE_STR, 1, m_endswith},
    {"format", VALUE_STR, 64, m_format},        {"find", VALUE_STR, 1, m_find},
    {"rfind", VALUE_STR, 1, m_rfind},           {"isdigit", VALUE_STR, 0, m_isdigit},
    {"isalpha", VALUE_STR, 0, m_isalpha},       {"index", VALUE_STR, 1, m_index},
    {"index", VALUE_LIST, 1, m_index},          {"count", VALUE_STR, 1, m_count},
    {"count", VALUE_LIST, 1, m_count},          {"get", VALUE_MAP, 2, m_get},
    {"items", VALUE_MAP, 0, m_items},           {"keys", VALUE_MAP, 0, m_keys},
    {"values", VALUE_MAP, 0, m_values},
};

bool template__method(Eval *e, const Value *self, Str name, const Args *args, Value *out) {
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        const struct Method *m = &methods[i];
        if (m->on != self->type || !str_eqz(name, m->name)) continue;
        return template__check_args(e, "method", name, args, m->most) && m->fn(e, self, args, out);
    }
    return template__fail(e, "%s has no method '" STR_FMT "' here", value_type_name(self->type), STR_ARG(name));
}
