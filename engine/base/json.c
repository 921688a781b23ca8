#include "engine/base/json.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

static void line_and_column(Str text, size_t at, size_t *line, size_t *col) {
    *line = 1, *col = 1;
    for (size_t i = 0; i < at && i < text.n; i++) {
        if (text.p[i] == '\n')
            ++*line, *col = 1;
        else if (((unsigned char)text.p[i] & 0xC0) != 0x80)
            ++*col;
    }
}

static bool fail_at_offset(Err *err, Str text, size_t at, const char *what) {
    size_t line, col;
    line_and_column(text, at, &line, &col);
    return err_set(err, ERR_INPUT, "line %zu column %zu: %s", line, col, what);
}

static bool four_hex(Str s) {
    if (s.n < 4) return false;
    for (int i = 0; i < 4; i++) {
        char c = s.p[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f') && !(c >= 'A' && c <= 'F')) return false;
    }
    return true;
}

/* What cJSON lets pass and we do not: raw control characters and NUL escapes in strings (its strings are C strings),
 * \u without its digits (which it reads as NUL), and text that is not UTF-8. */
static bool check_strings(Str text, Err *err) {
    bool in_string = false;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c == '"') {
            in_string = !in_string;
        } else if (in_string && c < 0x20) {
            return fail_at_offset(err, text, i, "a control character stands unescaped in a string");
        } else if (in_string && c == '\\') {
            if (str_starts(str_sub(text, i + 1, text.n), STR("u0000")))
                return fail_at_offset(err, text, i,
                                      "a string holds the character NUL (\\u0000), which is not supported");
            if (i + 1 < text.n && text.p[i + 1] == 'u' && !four_hex(str_sub(text, i + 2, text.n)))
                return fail_at_offset(err, text, i, "an escape \\u needs four hexadecimal digits");
            i++;
        }
    }
    size_t bad = utf8_first_bad(text);
    return bad == SIZE_MAX || fail_at_offset(err, text, bad, "the text is not valid UTF-8");
}

static int by_name(const void *a, const void *b) {
    return strcmp((*(const cJSON *const *)a)->string, (*(const cJSON *const *)b)->string);
}

/* Duplicate keys in one object: later readers would disagree about which one counts. */
static bool check_object_keys(const cJSON *obj, Err *err) {
    size_t n = 0, i = 0;
    for (const cJSON *c = obj->child; c; c = c->next) n++;
    if (n < 2) return true;
    const cJSON **sorted = mem_alloc(n * sizeof(const cJSON *));
    if (!sorted) return err_nomem(err);
    for (const cJSON *c = obj->child; c; c = c->next) sorted[i++] = c;
    qsort(sorted, n, sizeof(const cJSON *), by_name);
    bool ok = true;
    for (i = 1; i < n && ok; i++)
        if (strcmp(sorted[i - 1]->string, sorted[i]->string) == 0)
            ok = err_set(err, ERR_INPUT, "key '%.120s' occurs twice in one object", sorted[i]->string);
    mem_free(sorted);
    return ok;
}

/* cJSON bounds the nesting (1000), so recursion is bounded too. */
static bool check_keys(const cJSON *j, Err *err) {
    if (cJSON_IsObject(j) && !check_object_keys(j, err)) return false;
    for (const cJSON *c = j->child; c; c = c->next)
        if (c->child && !check_keys(c, err)) return false;
    return true;
}

/* ---- the text of numbers ----
 *
 * cJSON keeps a double. Where that says less than the text (20.0, 1e2, -0, integers of more than 15 digits), the text
 * is kept in the item's valuestring, which numbers do not use and cJSON_Delete releases. */

static bool in_number(char c) {
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/* The next number of a valid document at or after *at; absent at the end. */
static Str next_number(Str text, size_t *at) {
    bool in_string = false;
    for (size_t i = *at; i < text.n; i++) {
        char c = text.p[i];
        if (c == '"')
            in_string = !in_string;
        else if (in_string && c == '\\')
            i++;
        else if (!in_string && (c == '-' || (c >= '0' && c <= '9'))) {
            size_t begin = i;
            while (i < text.n && in_number(text.p[i])) i++;
            *at = i;
            return str_sub(text, begin, i);
        }
    }
    *at = text.n;
    return (Str){NULL, 0};
}

static bool says_more(Str number) {
    for (size_t i = 0; i < number.n; i++)
        if (number.p[i] == '.' || number.p[i] == 'e' || number.p[i] == 'E') return true;
    return number.n > 15 || str_eqz(number, "-0");
}

/* Numbers stand in the tree in the order of the text. cJSON bounds the nesting, so recursion is bounded too. */
static bool keep_numbers(cJSON *j, Str text, size_t *at, Err *err) {
    if (cJSON_IsNumber(j)) {
        Str number = next_number(text, at);
        if (!says_more(number)) return true;
        j->valuestring = mem_alloc(number.n + 1);
        if (!j->valuestring) return err_nomem(err);
        memcpy(j->valuestring, number.p, number.n);
    }
    for (cJSON *c = j->child; c; c = c->next)
        if (!keep_numbers(c, text, at, err)) return false;
    return true;
}

static bool any_says_more(Str text) {
    size_t at = 0;
    for (Str n = next_number(text, &at); n.p; n = next_number(text, &at))
        if (says_more(n)) return true;
    return false;
}

/* cJSON answers NULL to bad text and to lack of memory alike; this tells them apart. */
static _Thread_local bool out_of_memory;

static void *hook_alloc(size_t n) {
    void *p = mem_alloc(n);
    if (!p) out_of_memory = true;
    return p;
}
static void hook_free(void *p) {
    mem_free(p);
}
static void set_hooks(void) {
    cJSON_Hooks hooks = {hook_alloc, hook_free};
    cJSON_InitHooks(&hooks);
}

bool json_parse(Str text, Json **out, Err *err) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_hooks);
    *out = NULL;
    if (text.n == 0 || str_trim(text).n == 0)
        return err_set(err, ERR_INPUT, "line 1 column 1: JSON was expected, but there is nothing");
    if (!check_strings(text, err)) return false;
    const char *end = NULL;
    out_of_memory = false;
    cJSON *root = cJSON_ParseWithLengthOpts(text.p, text.n, &end, false);
    size_t at = end ? (size_t)(end - text.p) : 0;
    if (!root && out_of_memory) return err_nomem(err);
    if (!root) return fail_at_offset(err, text, at < text.n ? at : text.n, "this is not valid JSON");
    size_t number_at = 0;
    bool ok = check_keys(root, err) && (!any_says_more(text) || keep_numbers(root, text, &number_at, err));
    if (ok && str_trim(str_sub(text, at, text.n)).n != 0)
        ok = fail_at_offset(err, text, at, "something stands behind the JSON value");
    if (!ok) {
        cJSON_Delete(root);
        return false;
    }
    *out = root;
    return true;
}

void json_close(Json *root) {
    cJSON_Delete(root);
}

JsonType json_type(const Json *j) {
    if (cJSON_IsBool(j)) return JSON_BOOL;
    if (cJSON_IsNumber(j)) return JSON_NUMBER;
    if (cJSON_IsString(j)) return JSON_STRING;
    if (cJSON_IsArray(j)) return JSON_ARRAY;
    if (cJSON_IsObject(j)) return JSON_OBJECT;
    return JSON_NULL;
}

const char *json_type_name(JsonType t) {
    static const char *const names[] = {"null", "true or false", "a number", "a string", "a list", "an object"};
    return names[t];
}

const Json *json_get(const Json *obj, const char *key) {
    return cJSON_IsObject(obj) ? cJSON_GetObjectItemCaseSensitive(obj, key) : NULL;
}

size_t json_count(const Json *j) {
    size_t n = 0;
    for (const cJSON *c = json_first(j); c; c = c->next) n++;
    return n;
}

const Json *json_first(const Json *j) {
    return cJSON_IsArray(j) || cJSON_IsObject(j) ? j->child : NULL;
}
const Json *json_next(const Json *child) {
    return child->next;
}
const char *json_key(const Json *child) {
    return child->string;
}
Str json_str(const Json *j) {
    return cJSON_IsString(j) ? str_from(j->valuestring) : (Str){NULL, 0};
}
double json_num(const Json *j) {
    return cJSON_IsNumber(j) ? j->valuedouble : 0;
}

Str json_num_text(const Json *j) {
    return cJSON_IsNumber(j) ? str_from(j->valuestring) : (Str){NULL, 0};
}

/* Digits alone, more than a double holds. */
static bool long_integer(const char *text, int64_t lo, int64_t hi, int64_t *out) {
    char *end;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (errno || *end || v < lo || v > hi) return false;
    *out = v;
    return true;
}

bool json_int(const Json *j, int64_t lo, int64_t hi, int64_t *out) {
    if (!cJSON_IsNumber(j)) return false;
    if (j->valuestring && !strpbrk(j->valuestring, ".eE")) return long_integer(j->valuestring, lo, hi, out);
    double d = j->valuedouble;
    if (!(fabs(d) <= 9007199254740992.0) || d != floor(d)) return false; /* beyond 2^53 doubles are not exact */
    if ((int64_t)d < lo || (int64_t)d > hi) return false;
    *out = (int64_t)d;
    return true;
}

bool json_bool(const Json *j, bool *out) {
    if (!cJSON_IsBool(j)) return false;
    *out = cJSON_IsTrue(j);
    return true;
}

/* The member, or NULL when it may be absent. *ok is false if it had to be there or obj is no object. */
static const Json *want(const Json *obj, const char *key, bool required, bool *ok, Err *err) {
    const Json *j = json_get(obj, key);
    *ok = true;
    if (j && json_type(j) != JSON_NULL) return j;
    if (json_type(obj) != JSON_OBJECT)
        *ok = err_set(err, ERR_INPUT, "an object with the key '%s' was expected", key);
    else if (required)
        *ok = err_set(err, ERR_INPUT, "missing key '%s'", key);
    return NULL;
}

bool json_want_str(const Json *obj, const char *key, bool required, Str *out, Err *err) {
    bool ok;
    const Json *j = want(obj, key, required, &ok, err);
    if (!j) return ok;
    if (json_type(j) != JSON_STRING)
        return err_set(err, ERR_INPUT, "'%s' must be a string, not %s", key, json_type_name(json_type(j)));
    *out = json_str(j);
    return true;
}

bool json_want_int(const Json *obj, const char *key, bool required, int64_t lo, int64_t hi, int64_t *out, Err *err) {
    bool ok;
    const Json *j = want(obj, key, required, &ok, err);
    if (!j) return ok;
    if (json_int(j, lo, hi, out)) return true;
    return err_set(err, ERR_INPUT, "'%s' must be an integer from %lld to %lld", key, (long long)lo, (long long)hi);
}

bool json_want_num(const Json *obj, const char *key, bool required, double *out, Err *err) {
    bool ok;
    const Json *j = want(obj, key, required, &ok, err);
    if (!j) return ok;
    if (json_type(j) != JSON_NUMBER || !isfinite(json_num(j)))
        return err_set(err, ERR_INPUT, "'%s' must be a number, not %s", key, json_type_name(json_type(j)));
    *out = json_num(j);
    return true;
}

bool json_want_bool(const Json *obj, const char *key, bool required, bool *out, Err *err) {
    bool ok;
    const Json *j = want(obj, key, required, &ok, err);
    if (!j) return ok;
    if (json_bool(j, out)) return true;
    return err_set(err, ERR_INPUT, "'%s' must be true or false, not %s", key, json_type_name(json_type(j)));
}

/* ---- writing ---- */

void json_out_init(JsonOut *o, Buf *buf, int indent) {
    *o = (JsonOut){.buf = buf, .indent = indent};
}

static void new_line(JsonOut *o) {
    if (!o->indent) return;
    buf_addc(o->buf, '\n');
    for (int i = 0; i < o->depth * o->indent; i++) buf_addc(o->buf, ' ');
}

static void before_value(JsonOut *o) {
    if (o->after_key) {
        o->after_key = false;
        return;
    }
    if (o->need_comma) buf_addc(o->buf, ',');
    if (o->depth) new_line(o);
}

static void open_bracket(JsonOut *o, char c) {
    before_value(o);
    buf_addc(o->buf, c);
    o->depth++;
    o->need_comma = false;
}

static void close_bracket(JsonOut *o, char c) {
    bool had_members = o->need_comma;
    o->depth--;
    if (had_members) new_line(o);
    buf_addc(o->buf, c);
    o->need_comma = true;
}

void json_obj(JsonOut *o) {
    open_bracket(o, '{');
}
void json_obj_end(JsonOut *o) {
    close_bracket(o, '}');
}
void json_arr(JsonOut *o) {
    open_bracket(o, '[');
}
void json_arr_end(JsonOut *o) {
    close_bracket(o, ']');
}

static void put_escape(JsonOut *o, uint32_t cp) {
    switch (cp) {
    case '"':
        buf_adds(o->buf, "\\\"");
        return;
    case '\\':
        buf_adds(o->buf, "\\\\");
        return;
    case '\n':
        buf_adds(o->buf, "\\n");
        return;
    case '\r':
        buf_adds(o->buf, "\\r");
        return;
    case '\t':
        buf_adds(o->buf, "\\t");
        return;
    default:
        buf_addf(o->buf, "\\u%04x", (unsigned)cp);
    }
}

static bool needs_escape(const JsonOut *o, uint32_t cp) {
    if (cp < 0x20 || cp == '"' || cp == '\\' || cp == 0x7F) return true;
    /* line ends of Unicode: JSON allows them, but readers of JSON lines split there */
    if (cp == 0x85 || cp == 0x2028 || cp == 0x2029) return true;
    return o->html_safe && (cp == '<' || cp == '>' || cp == '&' || cp == '\'');
}

static void put_string(JsonOut *o, Str s) {
    buf_addc(o->buf, '"');
    size_t from = 0;
    for (size_t i = 0; i < s.n;) {
        size_t at = i;
        uint32_t cp = utf8_next(s, &i);
        bool bad = cp == 0xFFFD && !(i - at == 3 && memcmp(s.p + at, "\xEF\xBF\xBD", 3) == 0);
        if (!bad && !needs_escape(o, cp)) continue;
        buf_add(o->buf, s.p + from, at - from);
        if (bad)
            buf_adds(o->buf, "\xEF\xBF\xBD");
        else
            put_escape(o, cp);
        from = i;
    }
    if (from < s.n) buf_add(o->buf, s.p + from, s.n - from);
    buf_addc(o->buf, '"');
}

void json_out_key(JsonOut *o, const char *key) {
    if (o->need_comma) buf_addc(o->buf, ',');
    new_line(o);
    put_string(o, str_from(key));
    buf_adds(o->buf, o->indent ? ": " : ":");
    o->need_comma = false;
    o->after_key = true;
}

void json_out_raw(JsonOut *o, Str json) {
    before_value(o);
    buf_addstr(o->buf, json);
    o->need_comma = true;
}

void json_out_str(JsonOut *o, Str s) {
    if (!s.p) {
        json_out_null(o);
        return;
    }
    before_value(o);
    put_string(o, s);
    o->need_comma = true;
}

void json_out_cstr(JsonOut *o, const char *s) {
    json_out_str(o, str_from(s));
}
void json_out_null(JsonOut *o) {
    json_out_raw(o, STR("null"));
}
void json_out_bool(JsonOut *o, bool v) {
    json_out_raw(o, v ? STR("true") : STR("false"));
}

void json_out_int(JsonOut *o, int64_t v) {
    before_value(o);
    buf_addf(o->buf, "%lld", (long long)v);
    o->need_comma = true;
}

void json_out_u64(JsonOut *o, uint64_t v) {
    before_value(o);
    buf_addf(o->buf, v > (1ull << 53) ? "\"%llu\"" : "%llu", (unsigned long long)v);
    o->need_comma = true;
}

void json_out_num(JsonOut *o, double v) {
    char text[40];
    if (!isfinite(v)) {
        json_out_null(o);
        return;
    }
    bool whole = v == floor(v) && fabs(v) < 1e15;
    if (whole) snprintf(text, sizeof text, "%.0f", v);
    for (int digits = 1; digits <= 17 && !whole; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v) break;
    }
    json_out_raw(o, str_from(text));
}

void json_out_node(JsonOut *o, const Json *j) {
    switch (json_type(j)) {
    case JSON_NULL:
        json_out_null(o);
        break;
    case JSON_BOOL:
        json_out_bool(o, cJSON_IsTrue(j));
        break;
    case JSON_NUMBER:
        json_out_num(o, json_num(j));
        break;
    case JSON_STRING:
        json_out_str(o, json_str(j));
        break;
    case JSON_ARRAY:
        json_arr(o);
        for (const Json *c = json_first(j); c; c = json_next(c)) json_out_node(o, c);
        json_arr_end(o);
        break;
    case JSON_OBJECT:
        json_obj(o);
        for (const Json *c = json_first(j); c; c = json_next(c)) {
            json_out_key(o, json_key(c));
            json_out_node(o, c);
        }
        json_obj_end(o);
        break;
    }
}
