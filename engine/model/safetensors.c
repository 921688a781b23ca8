/* The safetensors container: 8 bytes of header length, a JSON header, raw data. Every number in it is a claim of the
 * file's author and is checked before it is used. */
#include "engine/model/model_internal.h"

#include <stdlib.h>
#include <string.h>

/* The format's own limit. Published headers have 50 to 100 KB. */
#define HEADER_MAX 100000000u

static const struct {
    const char *name;
    size_t size;
} dtypes[] = {
#define X(name, size) {#name, size},
    DTYPE_MAP(X)
#undef X
};

const char *dtype_name(DType t) {
    return dtypes[t].name;
}

static bool dtype_find(Str name, DType *out) {
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
        if (str_eqz(name, dtypes[i].name)) return *out = (DType)i, true;
    return false;
}

static bool read_shape(const Json *j, Tensor *t, size_t *elements, Err *err) {
    if (json_type(j) != JSON_ARRAY) return err_set(err, ERR_INPUT, "'shape' must be a list of sizes");
    *elements = 1;
    for (const Json *c = json_first(j); c; c = json_next(c)) {
        int64_t v;
        if (t->rank == TENSOR_MAX_RANK)
            return err_set(err, ERR_INPUT, "'shape' has more than %d sizes", TENSOR_MAX_RANK);
        if (!json_int(c, 0, INT64_C(1) << 52, &v))
            return err_set(err, ERR_INPUT, "'shape' must hold integers from 0 to 2^52");
        if (!size_mul(*elements, (size_t)v, elements)) return err_set(err, ERR_INPUT, "'shape' is absurdly large");
        t->shape[t->rank++] = (size_t)v;
    }
    return true;
}

static bool read_offsets(const Json *j, size_t data_n, size_t *begin, size_t *end, Err *err) {
    int64_t b, e;
    const Json *first = json_first(j), *second = first ? json_next(first) : NULL;
    if (json_type(j) != JSON_ARRAY || !second || json_next(second) || !json_int(first, 0, INT64_C(1) << 52, &b) ||
        !json_int(second, 0, INT64_C(1) << 52, &e))
        return err_set(err, ERR_INPUT, "'data_offsets' must be two integers, begin and end");
    if (b > e)
        return err_set(err, ERR_INPUT, "'data_offsets' end (%lld) before they begin (%lld)", (long long)e,
                       (long long)b);
    if ((uint64_t)e > data_n)
        return err_set(err, ERR_INPUT,
                       "its data would end at byte %lld, but the file has only %zu bytes of data: it is truncated",
                       (long long)e, data_n);
    *begin = (size_t)b;
    *end = (size_t)e;
    return true;
}

static bool read_entry(const Json *j, const unsigned char *data, size_t data_n, Tensor *t, Err *err) {
    Str dtype;
    size_t elements, bytes, begin = 0, end = 0;
    if (json_type(j) != JSON_OBJECT)
        return err_set(err, ERR_INPUT, "its entry must be an object with dtype, shape and data_offsets");
    if (!json_want_str(j, "dtype", true, &dtype, err)) return false;
    if (!dtype_find(dtype, &t->dtype)) return err_set(err, ERR_INPUT, "unknown dtype '%.40s'", dtype.p);
    if (!read_shape(json_get(j, "shape"), t, &elements, err)) return false;
    if (!read_offsets(json_get(j, "data_offsets"), data_n, &begin, &end, err)) return false;
    if (!size_mul(elements, dtypes[t->dtype].size, &bytes)) return err_set(err, ERR_INPUT, "'shape' is absurdly large");
    if (bytes != end - begin)
        return err_set(err, ERR_INPUT, "shape and dtype need %zu bytes, but 'data_offsets' give %zu", bytes,
                       end - begin);
    t->data = data + begin;
    t->bytes = bytes;
    return true;
}

static int by_data(const void *a, const void *b) {
    const Tensor *x = *(const Tensor *const *)a, *y = *(const Tensor *const *)b;
    if (x->data != y->data) return x->data < y->data ? -1 : 1;
    return x->bytes < y->bytes ? -1 : x->bytes > y->bytes; /* empty tensors first */
}

/* The tensors must tile the data exactly, as the format demands. */
static bool check_tiling(const Tensor *t, size_t n, const unsigned char *data, size_t data_n, Err *err) {
    const Tensor **sorted = mem_alloc(n * sizeof(const Tensor *));
    if (!sorted) return err_nomem(err);
    for (size_t i = 0; i < n; i++) sorted[i] = &t[i];
    qsort(sorted, n, sizeof(const Tensor *), by_data);
    bool ok = true;
    const unsigned char *at = data;
    for (size_t i = 0; i < n && ok; i++) {
        if (sorted[i]->data < at)
            ok = err_set(err, ERR_INPUT, "tensors '%.100s' and '%.100s' overlap", i ? sorted[i - 1]->name : "?",
                         sorted[i]->name);
        else if (sorted[i]->data > at)
            ok = err_set(err, ERR_INPUT, "%zu bytes before tensor '%.100s' belong to no tensor",
                         (size_t)(sorted[i]->data - at), sorted[i]->name);
        at = sorted[i]->data + sorted[i]->bytes;
    }
    mem_free(sorted);
    if (ok && at != data + data_n)
        return err_set(err, ERR_INPUT, "%zu bytes after the last tensor belong to no tensor",
                       (size_t)(data + data_n - at));
    return ok;
}

static bool read_entries(ModelFiles *d, const char *file, const Json *root, const unsigned char *data, size_t data_n,
                         Err *err) {
    size_t first = d->n_tensors;
    if (json_type(root) != JSON_OBJECT) return err_set(err, ERR_INPUT, "the header must be a JSON object");
    for (const Json *c = json_first(root); c; c = json_next(c)) {
        const char *name = json_key(c);
        if (strcmp(name, "__metadata__") == 0) continue;
        Tensor t = {0};
        if (!read_entry(c, data, data_n, &t, err)) return err_wrap(err, "tensor '%.120s'", name);
        if (!dir_append(d, name, file, &t, err)) return false;
    }
    if (d->n_tensors == first) return err_set(err, ERR_INPUT, "the header names no tensor");
    return check_tiling(d->tensors + first, d->n_tensors - first, data, data_n, err);
}

static uint64_t load_le64(const unsigned char *p) {
    uint64_t v = 0;
    for (int i = 7; i >= 0; i--) v = v << 8 | p[i];
    return v;
}

bool safetensors_read(ModelFiles *d, const char *file, const unsigned char *p, size_t n, Err *err) {
    if (n < 8)
        return err_set(err, ERR_INPUT,
                       "%s: a safetensors file begins with 8 bytes of header length, but it has only %zu bytes", file,
                       n);
    uint64_t header_n = load_le64(p);
    if (header_n > n - 8)
        return err_set(
            err, ERR_INPUT,
            "%s: its header claims %llu bytes, but only %zu follow: the file is truncated or no safetensors file", file,
            (unsigned long long)header_n, n - 8);
    if (header_n > HEADER_MAX)
        return err_set(err, ERR_INPUT, "%s: a header of %llu bytes is absurd", file, (unsigned long long)header_n);
    Json *root;
    if (!json_parse((Str){(const char *)p + 8, (size_t)header_n}, &root, err)) return err_wrap(err, "%s: header", file);
    bool ok = read_entries(d, file, root, p + 8 + header_n, n - 8 - (size_t)header_n, err);
    json_close(root);
    return ok || err_wrap(err, "%s", file);
}
