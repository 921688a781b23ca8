#include "harness/stats/stats_call.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool stats_refuse(StatsCall *c, const char *fmt, ...) {
    char text[300];
    va_list ap;
    if (c->failed) return false;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    c->failed = true;
    return err_set(c->err, ERR_INPUT, "%s", text);
}

static const Json *want(StatsCall *c, const char *key, JsonType type, const char *what) {
    const Json *j = json_get(c->args, key);
    if (!j) {
        stats_refuse(c, "missing argument '%s'", key);
        return NULL;
    }
    if (json_type(j) == type) return j;
    stats_refuse(c, "'%s' must be %s", key, what);
    return NULL;
}

double stats_num(StatsCall *c, const char *key) {
    const Json *j = want(c, key, JSON_NUMBER, "a number");
    double v = j ? json_num(j) : NAN;
    if (j && !isfinite(v)) stats_refuse(c, "'%s' must be finite", key);
    return v;
}

double stats_num_or(StatsCall *c, const char *key, double otherwise) {
    return json_get(c->args, key) ? stats_num(c, key) : otherwise;
}

double stats_open(StatsCall *c, const char *key, double lo, double hi) {
    double v = stats_num(c, key);
    if (!c->failed && !(v > lo && v < hi)) stats_refuse(c, "'%s' must lie between %g and %g", key, lo, hi);
    return v;
}

double stats_conf(StatsCall *c) {
    return stats_open(c, "conf", 0.0, 1.0);
}

uint64_t stats_count(StatsCall *c, const char *key) {
    double v = stats_num(c, key);
    if (!c->failed && !(v >= 0.0 && v <= 9007199254740992.0 && v == floor(v)))
        stats_refuse(c, "'%s' must be a whole number from 0 to 2^53", key);
    return c->failed ? 0 : (uint64_t)v;
}

uint64_t stats_seed(StatsCall *c) {
    const Json *j = json_get(c->args, "seed");
    Str text = json_num_text(j);
    if (json_type(j) == JSON_STRING) text = json_str(j);
    if (!j) stats_refuse(c, "missing argument 'seed'");
    if (text.n && text.n < 21) {
        char copy[24] = {0}, *end;
        memcpy(copy, text.p, text.n);
        uint64_t v = strtoull(copy, &end, 10);
        if (!*end && copy[0] != '-') return v;
    }
    double v = json_type(j) == JSON_NUMBER ? json_num(j) : NAN;
    if (!(v >= 0.0 && v <= 9007199254740992.0 && v == floor(v)))
        stats_refuse(c, "'seed' must be a whole number from 0 to 2^64 - 1, beyond 2^53 as a text");
    return c->failed ? 0 : (uint64_t)v;
}

StatsNumbers stats_list(StatsCall *c, const char *key) {
    StatsNumbers out = {0};
    const Json *j = want(c, key, JSON_ARRAY, "a list of numbers");
    size_t n = json_count(j);
    if (!j) return out;
    out.v = arena_array(c->a, n + 1, sizeof *out.v);
    if (!out.v) {
        c->failed = !err_nomem(c->err);
        return out;
    }
    for (const Json *e = json_first(j); e; e = json_next(e)) {
        if (json_type(e) != JSON_NUMBER || !isfinite(json_num(e))) {
            stats_refuse(c, "'%s' must be a list of numbers; entry %zu is none", key, out.n + 1);
            return (StatsNumbers){out.v, 0};
        }
        out.v[out.n++] = json_num(e);
    }
    return out;
}

bool stats_k_of_n(StatsCall *c, uint64_t k, uint64_t n, const char *names) {
    return k <= n || stats_refuse(c, "%s: the first may not be larger than the second", names);
}

/* Names may be texts or numbers. */
static Str cluster_name(const Json *e, Arena *a) {
    if (json_type(e) == JSON_STRING) return json_str(e);
    return json_type(e) == JSON_NUMBER ? str_printf(a, "%.17g", json_num(e)) : (Str){0};
}

uint32_t *stats_clusters(StatsCall *c, size_t n, bool required, size_t *groups) {
    const Json *j = json_get(c->args, "cluster");
    *groups = 0;
    if (!j || json_type(j) == JSON_NULL) {
        if (required) stats_refuse(c, "missing argument 'cluster'");
        return NULL;
    }
    if (json_type(j) != JSON_ARRAY || json_count(j) != n) {
        stats_refuse(c, "'cluster' must be a list of %zu names, one beside each row", n);
        return NULL;
    }
    uint32_t *id = arena_array(c->a, n + 1, sizeof *id);
    Str *seen = arena_array(c->a, n + 1, sizeof *seen);
    if (!id || !seen) {
        c->failed = !err_nomem(c->err);
        return NULL;
    }
    size_t i = 0;
    for (const Json *e = json_first(j); e; e = json_next(e), i++) {
        Str name = cluster_name(e, c->a);
        size_t g = *groups;
        if (!name.p) stats_refuse(c, "'cluster' must hold texts or numbers");
        if (i && str_eq(name, seen[id[i - 1]])) g = id[i - 1]; /* rows of a cluster mostly stand together */
        for (size_t k = 0; g == *groups && k < *groups; k++)
            if (str_eq(seen[k], name)) g = k;
        if (g == *groups) seen[(*groups)++] = name;
        id[i] = (uint32_t)g;
    }
    return id;
}

void stats_put(StatsCall *c, const char *key, double v) {
    json_out_key(c->o, key);
    json_out_num(c->o, v);
}

void stats_put_range(StatsCall *c, const char *key, StatRange r) {
    json_out_key(c->o, key);
    json_arr(c->o);
    json_out_num(c->o, r.lo);
    json_out_num(c->o, r.hi);
    json_arr_end(c->o);
}

void stats_put_lo_hi(StatsCall *c, StatRange r, const char *lo, const char *hi) {
    stats_put(c, lo, r.lo);
    stats_put(c, hi, r.hi);
}
