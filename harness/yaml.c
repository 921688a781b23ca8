/* Asking a tree of nodes: typed access whose errors name file, line, column and key. */
#include "harness/yaml.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/json.h"

static bool one_of(Str s, const char *const *names) {
    for (; *names; names++)
        if (str_eqz(s, *names)) return true;
    return false;
}

const char *yaml_kind_name(YamlKind k) {
    static const char *const names[] = {"nothing", "true or false", "an integer", "a number",
                                        "text",    "a list",        "a map"};
    return names[k];
}

bool yaml_fail(const YamlNode *at, Err *err, const char *fmt, ...) {
    char msg[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(msg, sizeof msg, fmt, ap);
    va_end(ap);
    err_set(err, ERR_INPUT, "%s", msg);
    return err_wrap(err, "%s line %d column %d", at->doc->name, at->line, at->col);
}

YamlNode *yaml_get(const YamlNode *map, const char *key) {
    if (!map || map->kind != YKIND_MAP) return NULL;
    for (size_t i = 0; i < map->n; i++)
        if (str_eqz(map->keys[i].text, key)) return map->items[i];
    return NULL;
}

bool yaml_check_keys(const YamlNode *map, const char *what, const char *const *known, Err *err) {
    if (map->kind != YKIND_MAP) return yaml_fail(map, err, "%s must be a map, not %s", what, yaml_kind_name(map->kind));
    for (size_t i = 0; i < map->n; i++) {
        const struct YamlKey *k = &map->keys[i];
        if (one_of(k->text, known)) continue;
        const char *near = yaml_nearest(k->text, known);
        Buf list;
        buf_init(&list, 300);
        for (const char *const *p = known; *p; p++) buf_addf(&list, "%s%s", p == known ? "" : ", ", *p);
        if (near)
            err_set(err, ERR_INPUT, "unknown key '" STR_FMT "' in %s; did you mean '%s'?", STR_ARG(k->text), what,
                    near);
        else
            err_set(err, ERR_INPUT, "unknown key '" STR_FMT "' in %s; known keys: %s", STR_ARG(k->text), what,
                    list.p ? list.p : "");
        buf_release(&list);
        return err_wrap(err, "%s line %d column %d", map->doc->name, k->line, k->col);
    }
    return true;
}

/* The value of a key; NULL in *out if absent or null. false if it is required and absent. */
static bool want(const YamlNode *map, const char *key, bool required, YamlNode **out, Err *err) {
    YamlNode *n = yaml_get(map, key);
    *out = n && n->kind != YKIND_NULL ? n : NULL;
    if (*out || !required) return true;
    return yaml_fail(n ? n : map, err, n ? "key '%s' has no value" : "missing key '%s'", key);
}

static bool wrong_kind(const YamlNode *n, const char *key, const char *expected, Err *err) {
    if (n->kind == YKIND_SEQ || n->kind == YKIND_MAP)
        return yaml_fail(n, err, "'%s' must be %s, not %s", key, expected, yaml_kind_name(n->kind));
    return yaml_fail(n, err, "'%s' must be %s, not %s '%.60s'", key, expected, yaml_kind_name(n->kind), n->text.p);
}

bool yaml_want_str(const YamlNode *map, const char *key, bool required, Str *out, Err *err) {
    YamlNode *n;
    if (!want(map, key, required, &n, err)) return false;
    if (!n) return true;
    if (n->kind == YKIND_SEQ || n->kind == YKIND_MAP) return wrong_kind(n, key, "text", err);
    if (n->kind != YKIND_STR) return wrong_kind(n, key, "text (put it in quotes)", err);
    *out = n->text;
    return true;
}

bool yaml_want_int(const YamlNode *map, const char *key, bool required, int64_t lo, int64_t hi, int64_t *out,
                   Err *err) {
    YamlNode *n;
    if (!want(map, key, required, &n, err)) return false;
    if (!n) return true;
    if (n->kind != YKIND_INT) return wrong_kind(n, key, "an integer", err);
    if (n->i < lo || n->i > hi)
        return yaml_fail(n, err, "'%s' must be between %lld and %lld, not %lld", key, (long long)lo, (long long)hi,
                         (long long)n->i);
    *out = n->i;
    return true;
}

bool yaml_want_num(const YamlNode *map, const char *key, bool required, double lo, double hi, double *out, Err *err) {
    YamlNode *n;
    if (!want(map, key, required, &n, err)) return false;
    if (!n) return true;
    if (n->kind != YKIND_INT && n->kind != YKIND_FLOAT) return wrong_kind(n, key, "a number", err);
    if (!(n->num >= lo && n->num <= hi))
        return yaml_fail(n, err, "'%s' must be between %g and %g, not %.40s", key, lo, hi, n->text.p);
    *out = n->num;
    return true;
}

bool yaml_want_bool(const YamlNode *map, const char *key, bool required, bool *out, Err *err) {
    YamlNode *n;
    if (!want(map, key, required, &n, err)) return false;
    if (!n) return true;
    if (n->kind != YKIND_BOOL) return wrong_kind(n, key, "true or false", err);
    *out = n->b;
    return true;
}

bool yaml_want_map(const YamlNode *map, const char *key, bool required, YamlNode **out, Err *err) {
    YamlNode *n;
    if (!want(map, key, required, &n, err)) return false;
    if (!n) return true;
    if (n->kind != YKIND_MAP) return wrong_kind(n, key, "a map", err);
    *out = n;
    return true;
}

bool yaml_want_seq(const YamlNode *map, const char *key, bool required, YamlNode **out, Err *err) {
    YamlNode *n;
    if (!want(map, key, required, &n, err)) return false;
    if (!n) return true;
    if (n->kind != YKIND_SEQ) return wrong_kind(n, key, "a list", err);
    *out = n;
    return true;
}

bool yaml_want_enum(const YamlNode *map, const char *key, bool required, const char *const *names, int *out, Err *err) {
    Str s = {0};
    if (!yaml_want_str(map, key, required, &s, err)) return false;
    if (!s.p) return true;
    for (int i = 0; names[i]; i++)
        if (str_eqz(s, names[i])) {
            *out = i;
            return true;
        }
    Buf list;
    buf_init(&list, 300);
    for (int i = 0; names[i]; i++) buf_addf(&list, "%s%s", i ? ", " : "", names[i]);
    yaml_fail(yaml_get(map, key), err, "'%s' must be one of %s, not '%.60s'", key, list.p ? list.p : "", s.p);
    buf_release(&list);
    return false;
}

/* ---- changing ---- */

static bool put_member(YamlNode *map, Str key, YamlNode *value, Arena *a, Err *err) {
    for (size_t i = 0; i < map->n; i++)
        if (str_eq(map->keys[i].text, key)) {
            map->items[i] = value;
            return true;
        }
    YamlNode **items = arena_array(a, map->n + 1, sizeof *items);
    struct YamlKey *keys = arena_array(a, map->n + 1, sizeof *keys);
    Str copy = str_dup(a, key);
    if (!items || !keys || !copy.p) return err_nomem(err);
    if (map->n) memcpy(items, map->items, map->n * sizeof *items);
    if (map->n) memcpy(keys, map->keys, map->n * sizeof *keys);
    items[map->n] = value;
    keys[map->n] = (struct YamlKey){copy, value->line, value->col};
    map->items = items;
    map->keys = keys;
    map->n++;
    return true;
}

bool yaml_set(YamlNode *root, Str path, Str value, const YamlDoc *doc, Arena *a, Err *err) {
    YamlNode *v;
    if (!value.n) value = STR("null");
    if (!yaml_parse(value, doc, a, &v, err)) return false;
    for (;;) {
        size_t dot = str_find(path, STR("."), 0);
        Str head = dot == SIZE_MAX ? path : str_sub(path, 0, dot);
        if (!head.n) return err_set(err, ERR_INPUT, "%s: an empty key; write key=value or key.inner=value", doc->name);
        if (root->kind != YKIND_MAP)
            return err_set(err, ERR_INPUT, "%s: nothing can be set inside %s", doc->name, yaml_kind_name(root->kind));
        if (dot == SIZE_MAX) return put_member(root, head, v, a, err);
        char *name = str_cstr(a, head);
        if (!name) return err_nomem(err);
        YamlNode *inner = yaml_get(root, name);
        if (!inner || inner->kind == YKIND_NULL) {
            inner = arena_alloc(a, sizeof *inner);
            if (!inner) return err_nomem(err);
            *inner = (YamlNode){.doc = doc, .kind = YKIND_MAP, .line = 1, .col = 1};
            if (!put_member(root, head, inner, a, err)) return false;
        }
        root = inner;
        path = str_sub(path, dot + 1, path.n);
    }
}

/* ---- out ---- */

static void node_json(JsonOut *o, const YamlNode *n) {
    switch (n->kind) {
    case YKIND_NULL:
        json_out_null(o);
        break;
    case YKIND_BOOL:
        json_out_bool(o, n->b);
        break;
    case YKIND_INT:
        json_out_int(o, n->i);
        break;
    case YKIND_FLOAT:
        json_out_num(o, n->num);
        break;
    case YKIND_STR:
        json_out_str(o, n->text);
        break;
    case YKIND_SEQ:
        json_arr(o);
        for (size_t i = 0; i < n->n; i++) node_json(o, n->items[i]);
        json_arr_end(o);
        break;
    case YKIND_MAP:
        json_obj(o);
        for (size_t i = 0; i < n->n; i++) {
            json_out_key(o, n->keys[i].text.p);
            node_json(o, n->items[i]);
        }
        json_obj_end(o);
        break;
    }
}

void yaml_to_json(const YamlNode *n, Buf *out) {
    JsonOut o;
    json_out_init(&o, out, 0);
    node_json(&o, n);
}

Str yaml_to_text(const YamlNode *n, Arena *a) {
    if (n->kind != YKIND_SEQ && n->kind != YKIND_MAP) return n->text;
    Buf b;
    buf_init(&b, YAML_MAX_BYTES * 8);
    yaml_to_json(n, &b);
    Str s = b.failed ? (Str){0} : str_dup(a, buf_str(&b));
    buf_release(&b);
    return s;
}

/* ---- suggestions ---- */

/* Edits (insert, delete, change, swap neighbours) between two short words; lengths are capped by the caller. */
static int edits(Str a, const char *b) {
    enum { CAP = 40 };
    int d[3][CAP + 1];
    size_t m = a.n, n = strlen(b);
    if (m > CAP || n > CAP) return CAP;
    for (size_t j = 0; j <= n; j++) d[0][j] = (int)j;
    for (size_t i = 1; i <= m; i++) {
        int *row = d[i % 3], *up = d[(i - 1) % 3], *up2 = d[(i + 1) % 3];
        row[0] = (int)i;
        for (size_t j = 1; j <= n; j++) {
            int best = up[j - 1] + (a.p[i - 1] != b[j - 1]);
            if (up[j] + 1 < best) best = up[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            if (i > 1 && j > 1 && a.p[i - 1] == b[j - 2] && a.p[i - 2] == b[j - 1] && up2[j - 2] + 1 < best)
                best = up2[j - 2] + 1;
            row[j] = best;
        }
    }
    return d[m % 3][n];
}

const char *yaml_nearest(Str word, const char *const *known) {
    const char *best = NULL;
    int least = 1 + (int)(word.n / 3); /* "promt" -> "prompt", but nothing for a word of its own */
    if (least > 3) least = 3;
    for (; *known; known++) {
        int e = edits(word, *known);
        if (e <= least && e < (int)strlen(*known)) {
            if (e < least || !best) best = *known;
            least = e;
        }
    }
    return best;
}
