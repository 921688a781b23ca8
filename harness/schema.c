#include "harness/schema.h"

#include <math.h>
#include <string.h>

#include "harness/regex.h"
#include "harness/template/template_internal.h"

#define SCHEMA_MAX_DEPTH 16

typedef enum TypeBit {
    TYPE_NULL = 1,
    TYPE_BOOLEAN = 2,
    TYPE_INTEGER = 4,
    TYPE_NUMBER = 8, /* integers too */
    TYPE_STRING = 16,
    TYPE_ARRAY = 32,
    TYPE_OBJECT = 64
} TypeBit;

static const char *const TYPES[] = {"null", "boolean", "integer", "number", "string", "array", "object", NULL};

typedef struct Property {
    Str name;
    const Schema *schema;
} Property;

struct Schema {
    unsigned types; /* TypeBit; 0: any */
    const Property *props;
    size_t n_props;
    const char *const *names; /* of the properties, NULL-terminated */
    const Str *required;
    size_t n_required;
    bool closed;         /* additionalProperties: false */
    const Schema *extra; /* of additional properties; NULL: any */
    const Schema *items;
    const Value *allowed; /* enum, const; NULL: any */
    size_t n_allowed;
    const Schema **variants; /* anyOf, oneOf */
    size_t n_variants;
    bool exactly_one;
    bool unique;
    double min, max, above, below, multiple; /* not given: infinities, 0 */
    int64_t min_length, max_length, min_items, max_items;
    Str pattern;
};

/* ---- reading ---- */

typedef struct Reader {
    Arena *a;
    Err *err;
    int depth;
} Reader;

static bool read_schema(Reader *r, const YamlNode *n, const Schema **out);

bool schema_value(const YamlNode *n, Arena *a, Value *out, Err *err) {
    Buf b;
    Json *j = NULL;
    buf_init(&b, YAML_MAX_BYTES * 8);
    yaml_to_json(n, &b);
    bool ok = !b.failed || err_nomem(err);
    Err why = ERR_INIT;
    if (ok && !(json_parse(buf_str(&b), &j, &why) && value_from_json(j, a, out, &why)))
        ok = why.code == ERR_MEMORY ? err_nomem(err) : yaml_fail(n, err, "%s", why.msg);
    json_close(j);
    buf_release(&b);
    return ok;
}

static bool add_type(Reader *r, const YamlNode *n, Schema *s) {
    if (n->kind == YKIND_NULL) return s->types |= TYPE_NULL, true;
    for (size_t i = 0; n->kind == YKIND_STR && TYPES[i]; i++)
        if (str_eqz(n->text, TYPES[i])) return s->types |= 1u << i, true;
    static const char *const others[][2] = {{"int", "integer"}, {"float", "number"}, {"double", "number"},
                                            {"str", "string"},  {"text", "string"},  {"bool", "boolean"},
                                            {"list", "array"},  {"dict", "object"},  {"map", "object"}};
    const char *near = n->kind == YKIND_STR ? yaml_nearest(n->text, TYPES) : NULL;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (n->kind == YKIND_STR && str_eqz(n->text, others[i][0])) near = others[i][1];
    return yaml_fail(n, r->err,
                     "'type' must be string, integer, number, boolean, array, object or null, or a list of them%s%s%s",
                     near ? "; did you mean '" : "", near ? near : "", near ? "'" : "");
}

static bool read_type(Reader *r, const YamlNode *n, Schema *s) {
    YamlNode *t = yaml_get(n, "type");
    if (!t) return true;
    if (t->kind != YKIND_SEQ) return add_type(r, t, s);
    if (!t->n) return yaml_fail(t, r->err, "'type' is an empty list");
    for (size_t i = 0; i < t->n; i++)
        if (!add_type(r, t->items[i], s)) return false;
    return true;
}

static bool read_properties(Reader *r, const YamlNode *n, Schema *s) {
    YamlNode *map = NULL;
    if (!yaml_want_map(n, "properties", false, &map, r->err)) return false;
    size_t count = map ? map->n : 0;
    Property *p = arena_array(r->a, count + 1, sizeof *p);
    const char **names = arena_array(r->a, count + 1, sizeof *names);
    if (!p || !names) return err_nomem(r->err);
    for (size_t i = 0; i < count; i++) {
        p[i].name = map->keys[i].text;
        if (!(names[i] = str_cstr(r->a, p[i].name))) return err_nomem(r->err);
        if (!read_schema(r, map->items[i], &p[i].schema)) return false;
    }
    s->props = p, s->n_props = count, s->names = names;
    if (map && !s->types) s->types = TYPE_OBJECT;
    return true;
}

static bool read_required(Reader *r, const YamlNode *n, Schema *s) {
    YamlNode *list = NULL;
    if (!yaml_want_seq(n, "required", false, &list, r->err)) return false;
    if (!list) return true;
    Str *v = arena_array(r->a, list->n + 1, sizeof *v);
    if (!v) return err_nomem(r->err);
    for (size_t i = 0; i < list->n; i++) {
        const YamlNode *e = list->items[i];
        if (e->kind != YKIND_STR) return yaml_fail(e, r->err, "'required' must be a list of property names");
        if (!schema_property(s, e->text)) {
            const char *near = yaml_nearest(e->text, s->names);
            return yaml_fail(e, r->err, "'required' names '" STR_FMT "', which is not in 'properties'%s%s%s",
                             STR_ARG(str_sub(e->text, 0, 60)), near ? "; did you mean '" : "", near ? near : "",
                             near ? "'" : "");
        }
        v[i] = e->text;
    }
    s->required = v, s->n_required = list->n;
    return true;
}

static bool read_additional(Reader *r, const YamlNode *n, Schema *s) {
    YamlNode *e = yaml_get(n, "additionalProperties");
    if (!e) return true;
    if (e->kind == YKIND_BOOL) return s->closed = !e->b, true;
    if (e->kind != YKIND_MAP) return yaml_fail(e, r->err, "'additionalProperties' must be true, false or a schema");
    return read_schema(r, e, &s->extra);
}

static bool read_allowed(Reader *r, const YamlNode *n, Schema *s) {
    YamlNode *list = NULL, *one = yaml_get(n, "const");
    if (!yaml_want_seq(n, "enum", false, &list, r->err)) return false;
    if (list && one) return yaml_fail(one, r->err, "'enum' and 'const' say the same thing; keep one");
    if (!list && !one) return true;
    size_t count = list ? list->n : 1;
    if (!count) return yaml_fail(list, r->err, "'enum' is an empty list: nothing could fit");
    Value *v = arena_array(r->a, count, sizeof *v);
    if (!v) return err_nomem(r->err);
    for (size_t i = 0; i < count; i++)
        if (!schema_value(list ? list->items[i] : one, r->a, &v[i], r->err)) return false;
    s->allowed = v, s->n_allowed = count;
    return true;
}

static bool read_variants(Reader *r, const YamlNode *n, Schema *s) {
    YamlNode *any = NULL, *one = NULL;
    if (!yaml_want_seq(n, "anyOf", false, &any, r->err) || !yaml_want_seq(n, "oneOf", false, &one, r->err))
        return false;
    if (any && one) return yaml_fail(n, r->err, "'anyOf' and 'oneOf' in one schema; keep one");
    YamlNode *list = any ? any : one;
    if (!list) return true;
    if (!list->n) return yaml_fail(list, r->err, "'%s' is an empty list", any ? "anyOf" : "oneOf");
    s->exactly_one = one != NULL;
    s->n_variants = list->n;
    s->variants = arena_array(r->a, list->n, sizeof *s->variants);
    if (!s->variants) return err_nomem(r->err);
    for (size_t i = 0; i < list->n; i++)
        if (!read_schema(r, list->items[i], &s->variants[i])) return false;
    return true;
}

static bool read_numbers(Reader *r, const YamlNode *n, Schema *s) {
    const struct {
        const char *key;
        double lo;
        double *at;
    } numbers[] = {{"minimum", -INFINITY, &s->min},
                   {"maximum", -INFINITY, &s->max},
                   {"exclusiveMinimum", -INFINITY, &s->above},
                   {"exclusiveMaximum", -INFINITY, &s->below},
                   {"multipleOf", 1e-300, &s->multiple}};
    const struct {
        const char *key;
        int64_t *at;
    } counts[] = {{"minLength", &s->min_length},
                  {"maxLength", &s->max_length},
                  {"minItems", &s->min_items},
                  {"maxItems", &s->max_items}};
    s->min = s->above = -INFINITY, s->max = s->below = INFINITY;
    s->max_length = s->max_items = INT64_MAX;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!yaml_want_num(n, numbers[i].key, false, numbers[i].lo, INFINITY, numbers[i].at, r->err)) return false;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (!yaml_want_int(n, counts[i].key, false, 0, INT64_MAX, counts[i].at, r->err)) return false;
    return yaml_want_bool(n, "uniqueItems", false, &s->unique, r->err);
}

static bool read_pattern(Reader *r, const YamlNode *n, Schema *s) {
    bool found;
    Err why = ERR_INIT;
    if (!yaml_want_str(n, "pattern", false, &s->pattern, r->err)) return false;
    if (!s->pattern.p || regex_search(s->pattern, STR(""), &found, &why)) return true;
    return why.code == ERR_MEMORY ? err_nomem(r->err) : yaml_fail(yaml_get(n, "pattern"), r->err, "%s", why.msg);
}

/* What only the model sees must still be of its kind. */
static bool check_notes(Reader *r, const YamlNode *n) {
    Str ignored;
    YamlNode *list;
    return yaml_want_str(n, "title", false, &ignored, r->err) &&
           yaml_want_str(n, "description", false, &ignored, r->err) &&
           yaml_want_seq(n, "examples", false, &list, r->err);
}

static bool read_all(Reader *r, const YamlNode *n, Schema *s) {
    bool nullable = false;
    YamlNode *items = NULL;
    if (!read_type(r, n, s) || !read_properties(r, n, s) || !read_required(r, n, s) || !read_additional(r, n, s) ||
        !read_allowed(r, n, s) || !read_variants(r, n, s) || !read_numbers(r, n, s) || !read_pattern(r, n, s) ||
        !check_notes(r, n) || !yaml_want_bool(n, "nullable", false, &nullable, r->err) ||
        !yaml_want_map(n, "items", false, &items, r->err))
        return false;
    if (nullable && s->types) s->types |= TYPE_NULL;
    return !items || read_schema(r, items, &s->items);
}

static bool read_schema(Reader *r, const YamlNode *n, const Schema **out) {
    static const char *const known[] = {"type",       "properties",
                                        "required",   "additionalProperties",
                                        "enum",       "const",
                                        "items",      "minItems",
                                        "maxItems",   "uniqueItems",
                                        "minLength",  "maxLength",
                                        "pattern",    "minimum",
                                        "maximum",    "exclusiveMinimum",
                                        "multipleOf", "exclusiveMaximum",
                                        "anyOf",      "oneOf",
                                        "nullable",   "title",
                                        "default",    "description",
                                        "examples",   NULL};
    Schema *s = arena_alloc(r->a, sizeof *s);
    if (!s) return err_nomem(r->err);
    if (r->depth == SCHEMA_MAX_DEPTH)
        return yaml_fail(n, r->err, "a schema is nested more than %d deep", SCHEMA_MAX_DEPTH);
    r->depth++;
    if (!yaml_check_keys(n, "a schema (the keys that are checked stand in SCHEMA.md, 'tools')", known, r->err) ||
        !read_all(r, n, s))
        return false;
    r->depth--;
    *out = s;
    return true;
}

bool schema_read(const YamlNode *n, Arena *a, const Schema **out, Err *err) {
    Reader r = {.a = a, .err = err};
    *out = NULL;
    return read_schema(&r, n, out);
}

bool schema_is_object(const Schema *s) {
    return s->types == TYPE_OBJECT;
}

const char *const *schema_names(const Schema *s) {
    return s->names;
}

const Schema *schema_property(const Schema *s, Str name) {
    for (size_t i = 0; i < s->n_props; i++)
        if (str_eq(s->props[i].name, name)) return s->props[i].schema;
    return NULL;
}

/* ---- checking ---- */

typedef struct Place {
    const struct Place *up;
    Str name; /* absent: an item of a list */
    size_t index;
} Place;

typedef struct Check {
    const char *what;
    Arena *a;
    Str *why;
} Check;

static void place_text(const Place *p, Buf *b) {
    if (p->up) place_text(p->up, b);
    if (!p->name.p)
        buf_addf(b, "[%zu]", p->index);
    else
        buf_addf(b, "%s" STR_FMT, p->up ? "." : "", STR_ARG(str_sub(p->name, 0, 60)));
}

/* Always false. p NULL: the whole. */
static bool __attribute__((format(printf, 3, 4))) misfit(Check *c, const Place *p, const char *fmt, ...) {
    Buf b;
    va_list ap;
    buf_init(&b, 4096);
    if (p) {
        buf_adds(&b, "'");
        place_text(p, &b);
        buf_adds(&b, "' ");
    } else {
        buf_addf(&b, "%s ", c->what);
    }
    va_start(ap, fmt);
    buf_vaddf(&b, fmt, ap);
    va_end(ap);
    *c->why = b.failed ? STR("the arguments do not fit the schema") : str_dup(c->a, buf_str(&b));
    if (!c->why->p) *c->why = STR("the arguments do not fit the schema");
    buf_release(&b);
    return false;
}

static unsigned type_of(const Value *v) {
    switch (v->type) {
    case VALUE_BOOL:
        return TYPE_BOOLEAN;
    case VALUE_INT:
        return TYPE_INTEGER | TYPE_NUMBER;
    case VALUE_FLOAT:
        return TYPE_NUMBER | (v->f == floor(v->f) && isfinite(v->f) ? TYPE_INTEGER : 0u);
    case VALUE_STR:
        return TYPE_STRING;
    case VALUE_LIST:
        return TYPE_ARRAY;
    case VALUE_MAP:
        return TYPE_OBJECT;
    case VALUE_NULL:
    case VALUE_UNDEFINED:
        break;
    }
    return TYPE_NULL;
}

static const char *type_name(unsigned bits) {
    for (size_t i = 0; TYPES[i]; i++)
        if (bits & 1u << i) return TYPES[i];
    return "null";
}

static bool check_type(Check *c, const Schema *s, const Value *v, const Place *p) {
    unsigned have = type_of(v);
    if (!s->types || s->types & have) return true;
    Buf b;
    buf_init(&b, 200);
    for (size_t i = 0; TYPES[i]; i++)
        if (s->types & 1u << i) buf_addf(&b, "%s%s", b.n ? " or " : "", TYPES[i]);
    misfit(c, p, "must be of type %s, not %s", b.n ? b.p : "", type_name(have));
    buf_release(&b);
    return false;
}

static bool same_members(const Value *a, const Value *b) {
    bool ok = a->map.n == b->map.n;
    for (size_t i = 0; ok && i < a->map.n; i++) {
        const Value *other = value_get(b, a->map.members[i].key);
        ok = other && schema_same(&a->map.members[i].value, other);
    }
    return ok;
}

bool schema_same(const Value *a, const Value *b) {
    if ((a->type == VALUE_BOOL) != (b->type == VALUE_BOOL)) return false; /* templates take true for 1, like Python */
    if (a->type != b->type || (a->type != VALUE_LIST && a->type != VALUE_MAP)) return template__equal(a, b);
    if (a->type == VALUE_MAP) return same_members(a, b);
    bool ok = a->list.n == b->list.n;
    for (size_t i = 0; ok && i < a->list.n; i++) ok = schema_same(&a->list.items[i], &b->list.items[i]);
    return ok;
}

static bool check_allowed(Check *c, const Schema *s, const Value *v, const Place *p) {
    Buf b;
    if (!s->allowed) return true;
    for (size_t i = 0; i < s->n_allowed; i++)
        if (schema_same(&s->allowed[i], v)) return true;
    buf_init(&b, 1000);
    for (size_t i = 0; i < s->n_allowed && b.n < 600; i++) {
        if (i) buf_adds(&b, ", ");
        value_to_json(&s->allowed[i], false, &b);
    }
    misfit(c, p, s->n_allowed > 1 ? "must be one of %.600s" : "must be %.600s", b.p && !b.failed ? b.p : "the list");
    buf_release(&b);
    return false;
}

static bool check_number(Check *c, const Schema *s, const Value *v, const Place *p) {
    double x = v->type == VALUE_INT ? (double)v->i : v->f;
    if (v->type != VALUE_INT && v->type != VALUE_FLOAT) return true;
    if (x < s->min) return misfit(c, p, "must be at least %.17g", s->min);
    if (x > s->max) return misfit(c, p, "must be at most %.17g", s->max);
    if (x <= s->above) return misfit(c, p, "must be above %.17g", s->above);
    if (x >= s->below) return misfit(c, p, "must be below %.17g", s->below);
    double share = s->multiple > 0 ? x / s->multiple : 0;
    if (fabs(share - round(share)) > 1e-9) return misfit(c, p, "must be a multiple of %.17g", s->multiple);
    return true;
}

static bool check_text(Check *c, const Schema *s, const Value *v, const Place *p) {
    if (v->type != VALUE_STR) return true;
    int64_t n = 0;
    bool found = true;
    Err ignored = ERR_INIT;
    for (size_t i = 0; i < v->s.n; n++) utf8_next(v->s, &i);
    if (n < s->min_length) return misfit(c, p, "must have at least %lld characters", (long long)s->min_length);
    if (n > s->max_length) return misfit(c, p, "must have at most %lld characters", (long long)s->max_length);
    if (s->pattern.p && (!regex_search(s->pattern, v->s, &found, &ignored) || !found))
        return misfit(c, p, "must match the pattern " STR_FMT, STR_ARG(str_sub(s->pattern, 0, 200)));
    return true;
}

static bool check(Check *c, const Schema *s, const Value *v, const Place *p);

static bool check_list(Check *c, const Schema *s, const Value *v, const Place *p) {
    if (v->type != VALUE_LIST) return true;
    int64_t n = (int64_t)v->list.n;
    if (n < s->min_items) return misfit(c, p, "must have at least %lld items", (long long)s->min_items);
    if (n > s->max_items) return misfit(c, p, "must have at most %lld items", (long long)s->max_items);
    for (size_t i = 0; i < v->list.n; i++) {
        Place at = {.up = p, .index = i};
        if (s->items && !check(c, s->items, &v->list.items[i], &at)) return false;
        for (size_t k = 0; s->unique && k < i; k++)
            if (schema_same(&v->list.items[k], &v->list.items[i])) return misfit(c, &at, "is there twice");
    }
    return true;
}

static bool check_map(Check *c, const Schema *s, const Value *v, const Place *p) {
    if (v->type != VALUE_MAP) return true;
    for (size_t i = 0; i < s->n_required; i++)
        if (!value_get(v, s->required[i])) return misfit(c, p, "must have '" STR_FMT "'", STR_ARG(s->required[i]));
    for (size_t i = 0; i < v->map.n; i++) {
        const ValueMember *m = &v->map.members[i];
        const Schema *q = schema_property(s, m->key);
        Place at = {.up = p, .name = m->key.p ? m->key : STR("")};
        if (!q && s->closed) return misfit(c, &at, "is not an argument here");
        if (!q) q = s->extra;
        if (q && !check(c, q, &m->value, &at)) return false;
    }
    return true;
}

static bool check_variants(Check *c, const Schema *s, const Value *v, const Place *p) {
    size_t fit = 0;
    Str first = {0}, ignored;
    if (!s->n_variants) return true;
    for (size_t i = 0; i < s->n_variants; i++) {
        Check inner = {c->what, c->a, i ? &ignored : &first};
        fit += check(&inner, s->variants[i], v, p);
    }
    if (fit == 1 || (fit && !s->exactly_one)) return true;
    if (fit) return misfit(c, p, "fits %zu of the forms that it may have, and must fit one", fit);
    if (s->n_variants == 1) return *c->why = first, false;
    return misfit(c, p, "has none of the %zu forms that it may have", s->n_variants);
}

static bool check(Check *c, const Schema *s, const Value *v, const Place *p) {
    return check_type(c, s, v, p) && check_allowed(c, s, v, p) && check_number(c, s, v, p) && check_text(c, s, v, p) &&
           check_list(c, s, v, p) && check_map(c, s, v, p) && check_variants(c, s, v, p);
}

bool schema_check(const Schema *s, const Value *v, const char *what, Arena *a, Str *why) {
    Check c = {what, a, why};
    return check(&c, s, v, NULL);
}
