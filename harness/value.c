#include "harness/value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *value_type_name(ValueType t) {
    static const char *const names[] = {"undefined", "none", "true or false", "an integer",
                                        "a number",  "text", "a list",        "a map"};
    return names[t];
}

const Value *value_get(const Value *map, Str key) {
    if (!map || map->type != VALUE_MAP) return NULL;
    for (size_t i = 0; i < map->map.n; i++)
        if (str_eq(map->map.members[i].key, key)) return &map->map.members[i].value;
    return NULL;
}

/* ---- from JSON; depth is bounded by json_parse ---- */

static bool number_from_json(const Json *j, Value *out, Err *err) {
    double d = json_num(j);
    if (fabs(d) > 9007199254740992.0 && d == floor(d) && fabs(d) < 1e300)
        return err_set(err, ERR_INPUT, "the number %.17g is too large to be kept exactly; write it as text, in quotes",
                       d);
    if (d == floor(d) && fabs(d) <= 9007199254740992.0)
        *out = value_int((int64_t)d);
    else
        *out = value_float(d);
    return true;
}

static bool list_from_json(const Json *j, Arena *a, Value *out, Err *err) {
    size_t n = json_count(j), i = 0;
    Value *items = arena_array(a, n, sizeof *items);
    if (!items) return err_nomem(err);
    for (const Json *c = json_first(j); c; c = json_next(c))
        if (!value_from_json(c, a, &items[i++], err)) return false;
    *out = value_list(items, n);
    return true;
}

static bool map_from_json(const Json *j, Arena *a, Value *out, Err *err) {
    size_t n = json_count(j), i = 0;
    ValueMember *members = arena_array(a, n, sizeof *members);
    if (!members) return err_nomem(err);
    for (const Json *c = json_first(j); c; c = json_next(c), i++) {
        members[i].key = str_dup(a, str_from(json_key(c)));
        if (!members[i].key.p) return err_nomem(err);
        if (!value_from_json(c, a, &members[i].value, err)) return err_wrap(err, "'%.80s'", json_key(c));
    }
    *out = value_map(members, n);
    return true;
}

bool value_from_json(const Json *j, Arena *a, Value *out, Err *err) {
    bool b = false;
    switch (json_type(j)) {
    case JSON_NULL:
        *out = value_null();
        return true;
    case JSON_BOOL:
        json_bool(j, &b);
        *out = value_bool(b);
        return true;
    case JSON_NUMBER:
        return number_from_json(j, out, err);
    case JSON_STRING:
        *out = value_str(str_dup(a, json_str(j)));
        return out->s.p || err_nomem(err);
    case JSON_ARRAY:
        return list_from_json(j, a, out, err);
    case JSON_OBJECT:
        return map_from_json(j, a, out, err);
    }
    return err_set(err, ERR_INTERNAL, "a JSON value of no known type");
}

/* ---- to JSON ---- */

static int by_key(const void *x, const void *y) {
    return str_cmp((*(const ValueMember *const *)x)->key, (*(const ValueMember *const *)y)->key);
}

static void write_json(JsonOut *o, const Value *v, bool sorted);

static void write_map(JsonOut *o, const Value *v, bool sorted) {
    const ValueMember **order = mem_alloc((v->map.n + 1) * sizeof *order);
    if (!order) {
        o->buf->failed = true;
        return;
    }
    for (size_t i = 0; i < v->map.n; i++) order[i] = &v->map.members[i];
    if (sorted) qsort(order, v->map.n, sizeof *order, by_key);
    json_obj(o);
    for (size_t i = 0; i < v->map.n; i++) {
        json_out_key(o, order[i]->key.p);
        write_json(o, &order[i]->value, sorted);
    }
    json_obj_end(o);
    mem_free(order);
}

static void write_json(JsonOut *o, const Value *v, bool sorted) {
    switch (v->type) {
    case VALUE_UNDEFINED:
    case VALUE_NULL:
        json_out_null(o);
        break;
    case VALUE_BOOL:
        json_out_bool(o, v->b);
        break;
    case VALUE_INT:
        json_out_int(o, v->i);
        break;
    case VALUE_FLOAT:
        json_out_num(o, v->f);
        break;
    case VALUE_STR:
        json_out_str(o, v->s);
        break;
    case VALUE_LIST:
        json_arr(o);
        for (size_t i = 0; i < v->list.n; i++) write_json(o, &v->list.items[i], sorted);
        json_arr_end(o);
        break;
    case VALUE_MAP:
        write_map(o, v, sorted);
        break;
    }
}

void value_to_json(const Value *v, bool sorted, Buf *out) {
    JsonOut o;
    json_out_init(&o, out, 0);
    write_json(&o, v, sorted);
}

/* ---- as Python prints ---- */

/* repr(float): the fewest digits that read back the same; exponent form below 1e-4 and from 1e16 on. */
static void float_text(double d, Buf *out) {
    char digits[40];
    if (isnan(d) || isinf(d)) {
        buf_adds(out, isnan(d) ? "nan" : d < 0 ? "-inf" : "inf");
        return;
    }
    int precision = 0;
    do snprintf(digits, sizeof digits, "%.*e", precision, d);
    while (strtod(digits, NULL) != d && ++precision < 17);
    char *e = strchr(digits, 'e');
    int exponent = (int)strtol(e + 1, NULL, 10);
    if (exponent >= 16 || exponent < -4) {
        *e = 0;
        buf_addf(out, "%se%s%02d", digits, exponent < 0 ? "-" : "+", abs(exponent));
        return;
    }
    int decimals = precision - exponent;
    buf_addf(out, "%.*f", decimals < 1 ? 1 : decimals, d);
}

static bool is_printable(uint32_t cp) {
    if (cp < 0x20 || cp == 0x7f || (cp >= 0x80 && cp <= 0xa0) || cp == 0xad) return false;
    if ((cp >= 0x2000 && cp <= 0x200f) || (cp >= 0x2028 && cp <= 0x202f) || (cp >= 0x205f && cp <= 0x206f))
        return false;
    return !(cp == 0x1680 || cp == 0x3000 || cp == 0xfeff || (cp >= 0xe000 && cp <= 0xf8ff));
}

/* repr(str) */
static void repr_text(Str s, Buf *out) {
    bool has_single = memchr(s.p, '\'', s.n) != NULL, has_double = memchr(s.p, '"', s.n) != NULL;
    char quote = has_single && !has_double ? '"' : '\'';
    buf_addc(out, quote);
    for (size_t i = 0; i < s.n;) {
        size_t at = i;
        uint32_t cp = utf8_next(s, &i);
        if (cp == (uint32_t)quote || cp == '\\')
            buf_addf(out, "\\%c", (int)cp);
        else if (cp == '\n')
            buf_adds(out, "\\n");
        else if (cp == '\r')
            buf_adds(out, "\\r");
        else if (cp == '\t')
            buf_adds(out, "\\t");
        else if (is_printable(cp))
            buf_add(out, s.p + at, i - at);
        else if (cp < 0x100)
            buf_addf(out, "\\x%02x", cp);
        else
            buf_addf(out, cp < 0x10000 ? "\\u%04x" : "\\U%08x", cp);
    }
    buf_addc(out, quote);
}

static void print(const Value *v, bool nested, Buf *out) {
    switch (v->type) {
    case VALUE_UNDEFINED:
        break;
    case VALUE_NULL:
        buf_adds(out, "None");
        break;
    case VALUE_BOOL:
        buf_adds(out, v->b ? "True" : "False");
        break;
    case VALUE_INT:
        buf_addf(out, "%lld", (long long)v->i);
        break;
    case VALUE_FLOAT:
        float_text(v->f, out);
        break;
    case VALUE_STR:
        if (nested)
            repr_text(v->s, out);
        else
            buf_addstr(out, v->s);
        break;
    case VALUE_LIST:
        buf_addc(out, '[');
        for (size_t i = 0; i < v->list.n && !out->failed; i++) {
            if (i) buf_adds(out, ", ");
            print(&v->list.items[i], true, out);
        }
        buf_addc(out, ']');
        break;
    case VALUE_MAP:
        buf_addc(out, '{');
        for (size_t i = 0; i < v->map.n && !out->failed; i++) {
            if (i) buf_adds(out, ", ");
            repr_text(v->map.members[i].key, out);
            buf_adds(out, ": ");
            print(&v->map.members[i].value, true, out);
        }
        buf_addc(out, '}');
        break;
    }
}

void value_to_text(const Value *v, Buf *out) {
    print(v, false, out);
}

Str value_to_meta(const Value *v, Arena *a) {
    if (v->type == VALUE_NULL || v->type == VALUE_UNDEFINED) return (Str){0};
    if (v->type == VALUE_STR) return v->s;
    Buf b;
    buf_init(&b, (size_t)1 << 30);
    value_to_json(v, false, &b);
    Str s = b.failed ? (Str){0} : str_dup(a, buf_str(&b));
    buf_release(&b);
    return s;
}
