/* JSON in (cJSON behind an opaque node) and out (a streaming writer on a Buf).
 *
 * Reading: one document; depth, size and duplicate keys are checked; NUL inside strings (\u0000) is refused with a
 * sentence, as is anything behind the document. Writing: strings are emitted as valid UTF-8 with invalid bytes replaced
 * by U+FFFD; control characters and the line ends U+0085, U+2028 and U+2029 are escaped, so that one line stays one;
 * '<', '>' and '&' are escaped too when `html_safe` is set, so that a document can stand inside a script element.
 * Numbers are the shortest decimals that round-trip. */
#ifndef ASSAY_BASE_JSON_H
#define ASSAY_BASE_JSON_H

#include "engine/base/err.h"
#include "engine/base/str.h"

typedef struct cJSON Json; /* opaque outside json.c */

typedef enum JsonType { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT } JsonType;

/* *out must be closed with json_close. On failure the message names line and column within `text`. */
bool json_parse(Str text, Json **out, Err *err);
void json_close(Json *root);

JsonType json_type(const Json *j);
const char *json_type_name(JsonType t);
const Json *json_get(const Json *obj, const char *key); /* NULL if absent or not an object */
size_t json_count(const Json *j);                       /* members of an array or object; O(n) */
/* Children in source order: for (c = json_first(j); c; c = json_next(c)) */
const Json *json_first(const Json *j);
const Json *json_next(const Json *child);
const char *json_key(const Json *child); /* name of an object member, else NULL */
Str json_str(const Json *j);             /* {NULL,0} unless a string; lives as long as the document */
double json_num(const Json *j);          /* 0 unless a number */
/* The number as it was written, where its double says less: 20.0, 1e2, -0, integers of more than 15 digits; else
 * absent. Lives as long as the document. */
Str json_num_text(const Json *j);
/* An integer in [lo, hi], exact in all 64 bits; false if it is not one. */
bool json_int(const Json *j, int64_t lo, int64_t hi, int64_t *out);
bool json_bool(const Json *j, bool *out);

/* Typed member access with errors that name the key: "missing key 'k'", "'k' must be a string". `required` false and
 * the key absent (or null) leaves *out untouched and succeeds. */
bool json_want_str(const Json *obj, const char *key, bool required, Str *out, Err *err);
bool json_want_int(const Json *obj, const char *key, bool required, int64_t lo, int64_t hi, int64_t *out, Err *err);
bool json_want_num(const Json *obj, const char *key, bool required, double *out, Err *err);
bool json_want_bool(const Json *obj, const char *key, bool required, bool *out, Err *err);

/* Writer. Commas and colons are put by themselves. indent 0 = one line. */
typedef struct JsonOut {
    Buf *buf;
    int indent, depth;
    bool need_comma, after_key, html_safe;
} JsonOut;

void json_out_init(JsonOut *o, Buf *buf, int indent);
void json_obj(JsonOut *o); /* { */
void json_obj_end(JsonOut *o);
void json_arr(JsonOut *o);
void json_arr_end(JsonOut *o);
void json_out_key(JsonOut *o, const char *key);
void json_out_str(JsonOut *o, Str s); /* absent Str writes null */
void json_out_cstr(JsonOut *o, const char *s);
void json_out_int(JsonOut *o, int64_t v);
void json_out_u64(JsonOut *o, uint64_t v); /* beyond 2^53 as a string */
void json_out_num(JsonOut *o, double v);   /* NaN and infinity write null */
void json_out_bool(JsonOut *o, bool v);
void json_out_null(JsonOut *o);
void json_out_node(JsonOut *o, const Json *j); /* a parsed value, copied */
void json_out_raw(JsonOut *o, Str json);       /* already JSON */

#endif
