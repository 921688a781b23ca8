#include "reports/audit/audit_canon.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/hash.h"

/* ---- canonical JSON ---- */

static int by_key(const void *a, const void *b) {
    return strcmp(json_key(*(const Json *const *)a), json_key(*(const Json *const *)b));
}

static bool put(JsonOut *o, const Json *j, Arena *a, Err *err);

static bool put_object(JsonOut *o, const Json *j, Arena *a, Err *err) {
    size_t n = json_count(j), i = 0;
    const Json **members = arena_array(a, n + 1, sizeof *members);
    if (!members) return err_nomem(err);
    for (const Json *m = json_first(j); m; m = json_next(m)) members[i++] = m;
    qsort(members, n, sizeof *members, by_key);
    json_obj(o);
    for (i = 0; i < n; i++) {
        if (i && strcmp(json_key(members[i]), json_key(members[i - 1])) == 0)
            return err_set(err, ERR_INPUT, "the key '%.100s' stands twice in an object", json_key(members[i]));
        json_out_key(o, json_key(members[i]));
        if (!put(o, members[i], a, err)) return false;
    }
    json_obj_end(o);
    return true;
}

/* Whole numbers of up to 2^63 keep their digits; others are doubles. */
static bool put_number(JsonOut *o, const Json *j, Err *err) {
    int64_t whole;
    double v = json_num(j);
    if (json_int(j, INT64_MIN, INT64_MAX, &whole)) {
        json_out_int(o, whole);
        return true;
    }
    if (!isfinite(v)) return err_set(err, ERR_INPUT, "a number is not finite");
    if (v == floor(v) && fabs(v) < 9007199254740992.0)
        json_out_int(o, (int64_t)v); /* 1.0, 1e2, -0 */
    else
        json_out_num(o, v);
    return true;
}

static bool put(JsonOut *o, const Json *j, Arena *a, Err *err) {
    bool b = false;
    switch (json_type(j)) {
    case JSON_OBJECT:
        return put_object(o, j, a, err);
    case JSON_NUMBER:
        return put_number(o, j, err);
    case JSON_STRING:
        json_out_str(o, json_str(j));
        return true;
    case JSON_BOOL:
        json_bool(j, &b), json_out_bool(o, b);
        return true;
    case JSON_NULL:
        json_out_null(o);
        return true;
    case JSON_ARRAY:
        break;
    }
    json_arr(o);
    for (const Json *e = json_first(j); e; e = json_next(e))
        if (!put(o, e, a, err)) return false;
    json_arr_end(o);
    return true;
}

bool audit_canonical(const Json *j, Buf *out, Err *err) {
    JsonOut o;
    Arena *a = arena_open(0);
    if (!a) return err_nomem(err);
    json_out_init(&o, out, 0);
    bool ok = put(&o, j, a, err);
    arena_close(a);
    return ok && (!out->failed || err_nomem(err));
}

bool audit_hash(const Json *j, char hex[65], Err *err) {
    Buf b;
    buf_init(&b, (size_t)1 << 30);
    bool ok = audit_canonical(j, &b, err);
    if (ok) sha256_of(buf_str(&b), hex);
    buf_release(&b);
    return ok;
}

/* ---- Merkle tree ---- */

static void hash_of(unsigned char prefix, const void *a, size_t n, const void *b, size_t m, unsigned char out[32]) {
    Sha256 h;
    sha256_init(&h);
    sha256_add(&h, &prefix, 1);
    sha256_add(&h, a, n);
    if (m) sha256_add(&h, b, m);
    sha256_end(&h, out);
}

void audit_tree_init(AuditTree *t) {
    *t = (AuditTree){0};
}

/* As a binary counter: a complete subtree of each size that is a bit of n. */
void audit_tree_add(AuditTree *t, Str record) {
    unsigned char node[32];
    size_t level = 0;
    hash_of(0, record.n ? record.p : "", record.n, NULL, 0, node);
    for (uint64_t n = t->n; n & 1; n >>= 1, level++) hash_of(1, t->level[level], 32, node, 32, node);
    memcpy(t->level[level], node, 32);
    t->n++;
}

void audit_tree_root(const AuditTree *t, unsigned char root[32]) {
    bool have = false;
    if (!t->n) {
        Sha256 h;
        sha256_init(&h);
        sha256_end(&h, root);
        return;
    }
    for (size_t level = 0; level < 64; level++) {
        if (!(t->n >> level & 1)) continue;
        if (have)
            hash_of(1, t->level[level], 32, root, 32, root);
        else
            memcpy(root, t->level[level], 32);
        have = true;
    }
}
