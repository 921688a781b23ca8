/* "key": value, in one call; for the writers of report.json. Absent texts, NaN and NULL are null. */
#ifndef ASSAY_REPORTS_JSON_KEYS_H
#define ASSAY_REPORTS_JSON_KEYS_H

#include "engine/base/json.h"

static inline void key_str(JsonOut *o, const char *key, Str v) {
    json_out_key(o, key);
    json_out_str(o, v);
}

static inline void key_cstr(JsonOut *o, const char *key, const char *v) {
    key_str(o, key, str_from(v));
}

static inline void key_int(JsonOut *o, const char *key, int64_t v) {
    json_out_key(o, key);
    json_out_int(o, v);
}

static inline void key_num(JsonOut *o, const char *key, double v) {
    json_out_key(o, key);
    json_out_num(o, v);
}

static inline void key_bool(JsonOut *o, const char *key, bool v) {
    json_out_key(o, key);
    json_out_bool(o, v);
}

static inline void key_obj(JsonOut *o, const char *key) {
    json_out_key(o, key);
    json_obj(o);
}

static inline void key_arr(JsonOut *o, const char *key) {
    json_out_key(o, key);
    json_arr(o);
}

/* "interval": {lo, hi, confidence, method}; null without a method. */
static inline void key_interval(JsonOut *o, double lo, double hi, double confidence, const char *method) {
    json_out_key(o, "interval");
    if (!method) {
        json_out_null(o);
        return;
    }
    json_obj(o);
    key_num(o, "lo", lo);
    key_num(o, "hi", hi);
    key_num(o, "confidence", confidence);
    key_cstr(o, "method", method);
    json_obj_end(o);
}

#endif
