/* JSON schema -> TypeScript-like type (specs/harmony.md section 2, "JSON schema -> TYPE"). The layout is the
 * reference's, odd as it is: a nested object prints its description twice, once above the property and once before its
 * brace, and its closing brace is indented like its properties. cJSON bounds the nesting, so recursion is bounded. */
#include "engine/chat/chat_internal.h"

static const Json *member(const Json *schema, const char *key, JsonType type) {
    const Json *j = json_get(schema, key);
    return j && json_type(j) == type ? j : NULL;
}

static Str text_of(const Json *schema, const char *key) {
    return json_str(json_get(schema, key));
}

static bool has_enum(const Json *schema) {
    const Json *e = member(schema, "enum", JSON_ARRAY);
    return e && json_first(e);
}

static void indented(Buf *out, int indent) {
    for (int i = 0; i < indent; i++) buf_addc(out, ' ');
}

/* "// text" on a line of its own */
static void comment_line(Buf *out, int indent, const char *before, Str text, const char *after) {
    indented(out, indent);
    buf_adds(out, "// ");
    buf_adds(out, before);
    buf_addstr(out, text);
    buf_adds(out, after);
    buf_addc(out, '\n');
}

/* "default: X". A string stands in bare quotes, and in none where the values are listed by an enum; as_json keeps to
 * JSON there (the reference does so for a oneOf that is not a property). */
static void default_text(Buf *out, const Json *schema, bool as_json) {
    const Json *d = json_get(schema, "default");
    bool is_text = json_type(d) == JSON_STRING;
    buf_adds(out, "default: ");
    if (is_text && !has_enum(schema)) {
        buf_addc(out, '"');
        buf_addstr(out, json_str(d));
        buf_addc(out, '"');
    } else if (is_text && !as_json) {
        buf_addstr(out, json_str(d));
    } else {
        chat__value_text(out, d);
    }
}

/* The type of a member, with " | null" where it is nullable and does not say so yet. */
static void type_or_null(Buf *out, const Json *schema, int indent) {
    size_t start = out->n;
    bool nullable = false;
    schema_type(out, schema, indent);
    const Json *j = json_get(schema, "nullable");
    if (!j || !json_bool(j, &nullable) || !nullable) return;
    if (str_find(str_sub(buf_str(out), start, out->n), STR("null"), 0) == SIZE_MAX) buf_adds(out, " | null");
}

/* " // description default: X" behind a variant of a oneOf */
static void variant_comment(Buf *out, const Json *variant, Str description, bool as_json) {
    bool has_default = json_get(variant, "default") != NULL;
    if (!description.p && !has_default) return;
    buf_adds(out, " // ");
    buf_addstr(out, description);
    if (description.p && has_default) buf_addc(out, ' ');
    if (has_default) default_text(out, variant, as_json);
}

static void one_of_type(Buf *out, const Json *list, int indent) {
    for (const Json *v = json_first(list); v; v = json_next(v)) {
        buf_addc(out, '\n');
        indented(out, indent);
        buf_adds(out, " | ");
        type_or_null(out, v, indent + 3);
        variant_comment(out, v, text_of(v, "description"), true);
    }
}

static void property_name(Buf *out, const Json *property, const Json *required, int indent) {
    Str key = str_from(json_key(property));
    bool needed = false;
    for (const Json *r = required ? json_first(required) : NULL; r && !needed; r = json_next(r))
        needed = json_type(r) == JSON_STRING && str_eq(json_str(r), key);
    indented(out, indent);
    buf_addstr(out, key);
    buf_adds(out, needed ? ":" : "?:");
}

static void one_of_property(Buf *out, const Json *p, const Json *list, const Json *required, int indent) {
    Str description = text_of(p, "description");
    const Json *first = json_first(list);
    Str first_description = first ? text_of(first, "description") : (Str){NULL, 0};
    bool above = description.p && !(first_description.p && str_eq(description, first_description));
    if (above) comment_line(out, indent, "", description, "");
    if (json_get(p, "default")) {
        indented(out, indent);
        buf_adds(out, "// ");
        default_text(out, p, false);
        buf_addc(out, '\n');
    }
    property_name(out, p, required, indent);
    buf_addc(out, '\n');
    for (const Json *v = first; v; v = json_next(v)) {
        Str own = text_of(v, "description");
        /* a description that stands above is not repeated, and the first variant's own gives way to it */
        if ((above && v == first) || (own.p && description.p && str_eq(own, description))) own = (Str){NULL, 0};
        indented(out, indent);
        buf_adds(out, " | ");
        type_or_null(out, v, indent + 3);
        variant_comment(out, v, own, false);
        buf_addc(out, '\n');
    }
    indented(out, indent);
    buf_adds(out, ",\n");
}

static void property_comments(Buf *out, const Json *p, int indent) {
    Str title = text_of(p, "title"), description = text_of(p, "description");
    const Json *examples = member(p, "examples", JSON_ARRAY);
    if (title.p) {
        comment_line(out, indent, "", title, "");
        indented(out, indent);
        buf_adds(out, "//\n");
    }
    if (description.p && !json_get(p, "oneOf")) comment_line(out, indent, "", description, "");
    if (!examples || !json_first(examples)) return;
    comment_line(out, indent, "Examples:", STR(""), "");
    for (const Json *e = json_first(examples); e; e = json_next(e))
        if (json_type(e) == JSON_STRING) comment_line(out, indent, "- \"", json_str(e), "\"");
}

static void property(Buf *out, const Json *p, const Json *required, int indent) {
    property_comments(out, p, indent);
    const Json *one_of = member(p, "oneOf", JSON_ARRAY);
    if (one_of) {
        one_of_property(out, p, one_of, required, indent);
        return;
    }
    property_name(out, p, required, indent);
    buf_addc(out, ' ');
    type_or_null(out, p, indent + 4);
    buf_addc(out, ',');
    if (json_get(p, "default") && !json_get(p, "oneOf")) {
        buf_adds(out, " // ");
        default_text(out, p, false);
    }
    buf_addc(out, '\n');
}

static void object_type(Buf *out, const Json *schema, int indent) {
    Str description = text_of(schema, "description");
    const Json *properties = member(schema, "properties", JSON_OBJECT);
    const Json *required = member(schema, "required", JSON_ARRAY);
    if (description.p) comment_line(out, indent, "", description, "");
    buf_adds(out, "{\n");
    for (const Json *p = properties ? json_first(properties) : NULL; p; p = json_next(p))
        property(out, p, required, indent);
    indented(out, indent);
    buf_addc(out, '}');
}

static void string_type(Buf *out, const Json *schema) {
    const Json *values = member(schema, "enum", JSON_ARRAY);
    size_t start = out->n;
    for (const Json *v = values ? json_first(values) : NULL; v; v = json_next(v)) {
        if (json_type(v) != JSON_STRING) continue;
        buf_adds(out, out->n > start ? " | \"" : "\"");
        buf_addstr(out, json_str(v));
        buf_addc(out, '"');
    }
    if (out->n == start) buf_adds(out, "string");
}

static void array_type(Buf *out, const Json *schema, int indent) {
    const Json *items = json_get(schema, "items");
    if (!items) {
        buf_adds(out, "Array<any>");
        return;
    }
    schema_type(out, items, indent);
    buf_adds(out, "[]");
}

/* ["string", "integer"]; false if it names nothing */
static bool listed_types(Buf *out, const Json *list) {
    size_t start = out->n;
    for (const Json *t = json_first(list); t; t = json_next(t)) {
        if (json_type(t) != JSON_STRING) continue;
        if (out->n > start) buf_adds(out, " | ");
        buf_addstr(out, str_eqz(json_str(t), "integer") ? STR("number") : json_str(t));
    }
    return out->n > start;
}

void schema_type(Buf *out, const Json *schema, int indent) {
    const Json *one_of = member(schema, "oneOf", JSON_ARRAY), *types = member(schema, "type", JSON_ARRAY);
    Str type = text_of(schema, "type");
    if (one_of)
        one_of_type(out, one_of, indent);
    else if (types && listed_types(out, types))
        return;
    else if (str_eqz(type, "object"))
        object_type(out, schema, indent);
    else if (str_eqz(type, "string"))
        string_type(out, schema);
    else if (str_eqz(type, "number") || str_eqz(type, "integer"))
        buf_adds(out, "number");
    else if (str_eqz(type, "boolean"))
        buf_adds(out, "boolean");
    else if (str_eqz(type, "array"))
        array_type(out, schema, indent);
    else
        buf_adds(out, "any");
}
