/* Reading GGUF: one pass over the pairs, one over the tensor table, then two sorted indexes. Nothing is believed: a
 * count decides no allocation before as many entries were really there, so that a lie costs no memory. */
#include "engine/base/gguf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The format's limits for names (ggml's docs/gguf.md). */
enum { KEY_MAX = 65535, TENSOR_NAME_MAX = 64, ALIGNMENT_DEFAULT = 32, VERSION = 3 };

struct Gguf {
    const char *file;
    GgufValue *values;
    GgufTensor *tensors;
    size_t n_values, cap_values, n_tensors, cap_tensors;
    const GgufValue **by_key;
    const GgufTensor **by_name;
};

/* ---- ggml's types ---- */

/* `block` columns in `bytes` bytes (ggml-common.h); 0: known by name alone, because ggml dropped the type. */
static const struct {
    const char *name;
    uint16_t block, bytes;
} types[] = {
    [0] = {"F32", 1, 4},
    [1] = {"F16", 1, 2},
    [2] = {"Q4_0", 32, 18},
    [3] = {"Q4_1", 32, 20},
    [4] = {"Q4_2, dropped from ggml; Ollama writes its own MXFP4 under this number", 0, 0},
    [5] = {"Q4_3", 0, 0},
    [6] = {"Q5_0", 32, 22},
    [7] = {"Q5_1", 32, 24},
    [8] = {"Q8_0", 32, 34},
    [9] = {"Q8_1", 32, 36},
    [10] = {"Q2_K", 256, 84},
    [11] = {"Q3_K", 256, 110},
    [12] = {"Q4_K", 256, 144},
    [13] = {"Q5_K", 256, 176},
    [14] = {"Q6_K", 256, 210},
    [15] = {"Q8_K", 256, 292},
    [16] = {"IQ2_XXS", 256, 66},
    [17] = {"IQ2_XS", 256, 74},
    [18] = {"IQ3_XXS", 256, 98},
    [19] = {"IQ1_S", 256, 50},
    [20] = {"IQ4_NL", 32, 18},
    [21] = {"IQ3_S", 256, 110},
    [22] = {"IQ2_S", 256, 82},
    [23] = {"IQ4_XS", 256, 136},
    [24] = {"I8", 1, 1},
    [25] = {"I16", 1, 2},
    [26] = {"I32", 1, 4},
    [27] = {"I64", 1, 8},
    [28] = {"F64", 1, 8},
    [29] = {"IQ1_M", 256, 56},
    [30] = {"BF16", 1, 2},
    [31] = {"Q4_0_4_4", 0, 0},
    [32] = {"Q4_0_4_8", 0, 0},
    [33] = {"Q4_0_8_8", 0, 0},
    [34] = {"TQ1_0", 256, 54},
    [35] = {"TQ2_0", 256, 66},
    [36] = {"IQ4_NL_4_4", 0, 0},
    [37] = {"IQ4_NL_4_8", 0, 0},
    [38] = {"IQ4_NL_8_8", 0, 0},
    [39] = {"MXFP4", 32, 17},
};
enum { N_TYPES = sizeof types / sizeof *types };

const char *gguf_type_name(uint32_t type) {
    return type < N_TYPES ? types[type].name : NULL;
}

/* Bytes of one value; 0: its length stands in the file. */
static const unsigned char scalar_bytes[] = {
    [GGUF_U8] = 1,  [GGUF_I8] = 1,  [GGUF_U16] = 2,  [GGUF_I16] = 2,    [GGUF_U32] = 4,
    [GGUF_I32] = 4, [GGUF_F32] = 4, [GGUF_BOOL] = 1, [GGUF_STRING] = 0, [GGUF_ARRAY] = 0,
    [GGUF_U64] = 8, [GGUF_I64] = 8, [GGUF_F64] = 8,
};

static const char *const value_names[] = {"an 8-bit unsigned integer",
                                          "an 8-bit integer",
                                          "a 16-bit unsigned integer",
                                          "a 16-bit integer",
                                          "a 32-bit unsigned integer",
                                          "a 32-bit integer",
                                          "a 32-bit float",
                                          "a boolean",
                                          "a string",
                                          "an array",
                                          "a 64-bit unsigned integer",
                                          "a 64-bit integer",
                                          "a 64-bit float"};
enum { N_VALUE_TYPES = sizeof scalar_bytes };

/* ---- the cursor ---- */

typedef struct Cursor {
    const unsigned char *p;
    size_t n, at;
} Cursor;

/* The next k bytes, or NULL. */
static const unsigned char *take(Cursor *c, uint64_t k) {
    if (k > c->n - c->at) return NULL;
    const unsigned char *p = c->p + c->at;
    c->at += (size_t)k;
    return p;
}

static uint64_t load(const unsigned char *p, size_t bytes) {
    uint64_t v = 0;
    for (size_t i = bytes; i-- > 0;) v = v << 8 | p[i];
    return v;
}

static bool cut_off(Err *err, const char *what) {
    return err_set(err, ERR_INPUT, "the file ends within %s: it is truncated, or a length in it is wrong", what);
}

static bool take_uint(Cursor *c, size_t bytes, const char *what, uint64_t *out, Err *err) {
    const unsigned char *p = take(c, bytes);
    if (!p) return cut_off(err, what);
    *out = load(p, bytes);
    return true;
}

static bool take_str(Cursor *c, const char *what, Str *out, Err *err) {
    uint64_t n = 0;
    if (!take_uint(c, 8, what, &n, err)) return false;
    const unsigned char *p = take(c, n);
    if (!p)
        return err_set(err, ERR_INPUT, "%s claims %llu bytes, but only %zu follow", what, (unsigned long long)n,
                       c->n - c->at);
    *out = (Str){(const char *)p, (size_t)n};
    return true;
}

static bool take_name(Cursor *c, const char *what, size_t max, Str *out, Err *err) {
    if (!take_str(c, what, out, err)) return false;
    if (out->n == 0 || out->n > max)
        return err_set(err, ERR_INPUT, "%s has %zu bytes; 1 to %zu were expected", what, out->n, max);
    if (memchr(out->p, '\0', out->n)) return err_set(err, ERR_INPUT, "%s holds a NUL byte", what);
    return true;
}

/* ---- values ---- */

static bool take_strings(Cursor *c, uint64_t n, Err *err) {
    Str s;
    for (uint64_t i = 0; i < n; i++)
        if (!take_str(c, "a string of the array", &s, err)) return err_wrap(err, "item %llu", (unsigned long long)i);
    return true;
}

static bool take_array(Cursor *c, GgufValue *v, Err *err) {
    uint64_t item = 0, bytes;
    if (!take_uint(c, 4, "the array's type", &item, err) || !take_uint(c, 8, "the array's length", &v->count, err))
        return false;
    if (item == GGUF_ARRAY) return err_set(err, ERR_INPUT, "an array of arrays is not supported");
    if (item >= N_VALUE_TYPES)
        return err_set(err, ERR_INPUT, "an array of the unknown type %llu", (unsigned long long)item);
    v->item = (GgufType)item;
    v->data = c->p + c->at;
    if (item == GGUF_STRING) return take_strings(c, v->count, err);
    if (__builtin_mul_overflow(v->count, (uint64_t)scalar_bytes[item], &bytes) || !take(c, bytes))
        return err_set(err, ERR_INPUT, "an array claims %llu items, but only %zu bytes follow",
                       (unsigned long long)v->count, c->n - c->at);
    return true;
}

static bool take_value(Cursor *c, GgufValue *v, Err *err) {
    uint64_t type = 0;
    if (!take_uint(c, 4, "its type", &type, err)) return false;
    if (type >= N_VALUE_TYPES) return err_set(err, ERR_INPUT, "its type %llu is unknown", (unsigned long long)type);
    v->type = v->item = (GgufType)type;
    v->count = 1;
    v->data = c->p + c->at;
    Str s;
    if (type == GGUF_STRING) {
        if (!take_str(c, "its string", &s, err)) return false;
    } else if (type == GGUF_ARRAY) {
        if (!take_array(c, v, err)) return false;
    } else if (!take(c, scalar_bytes[type])) {
        return cut_off(err, "its value");
    }
    v->bytes = (size_t)(c->p + c->at - v->data);
    return true;
}

/* Room for one more; grows by half again. */
static void *grown(void *p, size_t size, size_t n, size_t *cap, Err *err) {
    size_t more, bytes;
    if (n < *cap) return p;
    void *q = size_add(*cap, *cap / 2 + 32, &more) && size_mul(more, size, &bytes) ? mem_realloc(p, bytes) : NULL;
    if (!q)
        err_nomem(err);
    else
        *cap = more;
    return q;
}

static bool read_values(Gguf *g, Cursor *c, uint64_t n, Err *err) {
    for (uint64_t i = 0; i < n; i++) {
        GgufValue v = {0}, *room = grown(g->values, sizeof v, g->n_values, &g->cap_values, err);
        if (!room) return false;
        g->values = room;
        if (!take_name(c, "a key", KEY_MAX, &v.key, err))
            return err_wrap(err, "pair %llu of %llu", (unsigned long long)i + 1, (unsigned long long)n);
        if (!take_value(c, &v, err)) return err_wrap(err, "key '%.*s'", (int)(v.key.n < 80 ? v.key.n : 80), v.key.p);
        g->values[g->n_values++] = v;
    }
    return true;
}

/* ---- tensors ---- */

static bool bad_type(uint64_t type, Err *err) {
    const char *name = type < N_TYPES ? types[type].name : NULL;
    if (name)
        return err_set(err, ERR_INPUT, "it has the number type %llu (%s), which cannot be read",
                       (unsigned long long)type, name);
    return err_set(err, ERR_INPUT, "it has the number type %llu, which is newer than this program or no type of ggml's",
                   (unsigned long long)type);
}

/* Bytes of a tensor with these dimensions. */
static bool size_of(const GgufTensor *t, size_t *bytes, Err *err) {
    size_t block = types[t->type].block, n;
    if (t->dim[0] % block)
        return err_set(err, ERR_INPUT, "its rows have %llu numbers, but %s comes in blocks of %zu",
                       (unsigned long long)t->dim[0], types[t->type].name, block);
    bool ok = size_mul((size_t)(t->dim[0] / block), types[t->type].bytes, &n);
    for (int i = 1; i < t->rank && ok; i++) ok = size_mul(n, (size_t)t->dim[i], &n);
    *bytes = n;
    return ok || err_set(err, ERR_INPUT, "its dimensions are absurdly large");
}

/* *offset: of its data, from the beginning of the data section. */
static bool take_tensor(Cursor *c, GgufTensor *t, uint64_t *offset, Err *err) {
    uint64_t rank = 0, type = 0;
    if (!take_uint(c, 4, "its rank", &rank, err)) return false;
    if (rank < 1 || rank > GGUF_MAX_RANK)
        return err_set(err, ERR_INPUT, "it has %llu dimensions; 1 to %d were expected", (unsigned long long)rank,
                       GGUF_MAX_RANK);
    t->rank = (int)rank;
    for (int i = 0; i < t->rank; i++) {
        if (!take_uint(c, 8, "its dimensions", &t->dim[i], err)) return false;
        if (t->dim[i] == 0 || t->dim[i] > INT64_MAX)
            return err_set(err, ERR_INPUT, "its dimension %d is %lld; a size above 0 was expected", i,
                           (long long)t->dim[i]);
    }
    if (!take_uint(c, 4, "its type", &type, err) || !take_uint(c, 8, "its offset", offset, err)) return false;
    if (type >= N_TYPES || types[type].block == 0) return bad_type(type, err);
    t->type = (uint32_t)type;
    return size_of(t, &t->bytes, err);
}

/* The offsets stay apart until the table's end is known: they count from the data section behind it. */
static bool read_tensors(Gguf *g, Cursor *c, uint64_t n, uint64_t **offsets, Err *err) {
    size_t cap = 0;
    for (uint64_t i = 0; i < n; i++) {
        GgufTensor t = {0}, *room = grown(g->tensors, sizeof t, g->n_tensors, &g->cap_tensors, err);
        if (!room) return false;
        g->tensors = room;
        uint64_t *at = grown(*offsets, sizeof *at, g->n_tensors, &cap, err);
        if (!at) return false;
        *offsets = at;
        if (!take_name(c, "a name", TENSOR_NAME_MAX, &t.name, err))
            return err_wrap(err, "tensor %llu of %llu", (unsigned long long)i + 1, (unsigned long long)n);
        if (!take_tensor(c, &t, &at[g->n_tensors], err)) return err_wrap(err, "tensor '%.*s'", (int)t.name.n, t.name.p);
        g->tensors[g->n_tensors++] = t;
    }
    return true;
}

static bool place_tensors(Gguf *g, const unsigned char *p, size_t n, size_t table_end, uint64_t alignment,
                          const uint64_t *offsets, Err *err) {
    size_t begin = table_end;
    if (g->n_tensors == 0) return true;
    if (!size_add(begin, (size_t)alignment - 1, &begin) || (begin -= begin % (size_t)alignment) > n)
        return err_set(err, ERR_INPUT, "the file ends before its data begins: it is truncated");
    for (size_t i = 0; i < g->n_tensors; i++) {
        GgufTensor *t = &g->tensors[i];
        int len = (int)t->name.n;
        if (offsets[i] % alignment)
            return err_set(err, ERR_INPUT, "tensor '%.*s' begins at the offset %llu, no multiple of the alignment %llu",
                           len, t->name.p, (unsigned long long)offsets[i], (unsigned long long)alignment);
        if (offsets[i] > n - begin || t->bytes > n - begin - offsets[i])
            return err_set(err, ERR_INPUT,
                           "tensor '%.*s' would take %zu bytes from the offset %llu, but the data section has only "
                           "%zu: the file is truncated or damaged",
                           len, t->name.p, t->bytes, (unsigned long long)offsets[i], n - begin);
        t->data = p + begin + offsets[i];
    }
    return true;
}

/* ---- indexes ---- */

static int by_key(const void *a, const void *b) {
    return str_cmp((*(const GgufValue *const *)a)->key, (*(const GgufValue *const *)b)->key);
}

static int by_name(const void *a, const void *b) {
    return str_cmp((*(const GgufTensor *const *)a)->name, (*(const GgufTensor *const *)b)->name);
}

static int by_data(const void *a, const void *b) {
    const GgufTensor *x = *(const GgufTensor *const *)a, *y = *(const GgufTensor *const *)b;
    return x->data < y->data ? -1 : x->data > y->data;
}

static bool index_values(Gguf *g, Err *err) {
    g->by_key = mem_alloc(g->n_values * sizeof *g->by_key);
    if (!g->by_key) return err_nomem(err);
    for (size_t i = 0; i < g->n_values; i++) g->by_key[i] = &g->values[i];
    qsort(g->by_key, g->n_values, sizeof *g->by_key, by_key);
    for (size_t i = 1; i < g->n_values; i++)
        if (str_eq(g->by_key[i - 1]->key, g->by_key[i]->key))
            return err_set(err, ERR_INPUT, "the key '%.*s' is there twice",
                           (int)(g->by_key[i]->key.n < 80 ? g->by_key[i]->key.n : 80), g->by_key[i]->key.p);
    return true;
}

/* By place first, to find what overlaps; then by name, which is the order that stays. */
static bool index_tensors(Gguf *g, Err *err) {
    g->by_name = mem_alloc(g->n_tensors * sizeof *g->by_name);
    if (!g->by_name) return err_nomem(err);
    for (size_t i = 0; i < g->n_tensors; i++) g->by_name[i] = &g->tensors[i];
    qsort(g->by_name, g->n_tensors, sizeof *g->by_name, by_data);
    for (size_t i = 1; i < g->n_tensors; i++) {
        const GgufTensor *a = g->by_name[i - 1], *b = g->by_name[i];
        if (a->data + a->bytes > b->data)
            return err_set(err, ERR_INPUT, "tensors '%.*s' and '%.*s' overlap", (int)a->name.n, a->name.p,
                           (int)b->name.n, b->name.p);
    }
    qsort(g->by_name, g->n_tensors, sizeof *g->by_name, by_name);
    for (size_t i = 1; i < g->n_tensors; i++)
        if (str_eq(g->by_name[i - 1]->name, g->by_name[i]->name))
            return err_set(err, ERR_INPUT, "tensor '%.*s' is there twice", (int)g->by_name[i]->name.n,
                           g->by_name[i]->name.p);
    return true;
}

/* ---- opening ---- */

static bool read_head(Cursor *c, uint64_t *n_tensors, uint64_t *n_values, Err *err) {
    const unsigned char *p = take(c, 8);
    if (!p || memcmp(p, "GGUF", 4) != 0)
        return err_set(err, ERR_INPUT, "this is no GGUF file: it does not begin with \"GGUF\" and a version");
    uint64_t version = load(p + 4, 4);
    if (version && (version & 0xFFFF) == 0)
        return err_set(err, ERR_INPUT, "this is a big-endian GGUF file; only little-endian ones are supported");
    if (version != VERSION)
        return err_set(err, ERR_INPUT, "this is GGUF version %llu; only version %d is supported%s",
                       (unsigned long long)version, VERSION,
                       version < VERSION ? ": convert the model anew with a current llama.cpp" : "");
    return take_uint(c, 8, "its head", n_tensors, err) && take_uint(c, 8, "its head", n_values, err);
}

static bool read_alignment(const Gguf *g, uint64_t *out, Err *err) {
    *out = ALIGNMENT_DEFAULT;
    const GgufValue *v = gguf_find(g, "general.alignment");
    if (!v) return true;
    if (v->type == GGUF_U32) *out = load(v->data, 4);
    if (v->type != GGUF_U32 || *out < 8 || (*out & (*out - 1)))
        return err_set(err, ERR_INPUT, "'general.alignment' must be a 32-bit power of two from 8");
    return true;
}

static bool read_all(Gguf *g, const unsigned char *p, size_t n, uint64_t **offsets, Err *err) {
    Cursor c = {p, n, 0};
    uint64_t n_tensors = 0, n_values = 0, alignment = 0;
    return read_head(&c, &n_tensors, &n_values, err) && read_values(g, &c, n_values, err) && index_values(g, err) &&
           read_alignment(g, &alignment, err) && read_tensors(g, &c, n_tensors, offsets, err) &&
           place_tensors(g, p, n, c.at, alignment, *offsets, err) && index_tensors(g, err);
}

bool gguf_open(const unsigned char *p, size_t n, const char *file, Gguf **out, Err *err) {
    *out = NULL;
    Gguf *g = mem_alloc(sizeof *g);
    uint64_t *offsets = NULL;
    if (!g) return err_nomem(err);
    g->file = mem_strdup(file);
    bool ok = g->file ? read_all(g, p, n, &offsets, err) || err_wrap(err, "%.150s", file) : err_nomem(err);
    mem_free(offsets);
    if (ok)
        *out = g;
    else
        gguf_close(g);
    return ok;
}

void gguf_close(Gguf *g) {
    if (!g) return;
    mem_free(g->by_key);
    mem_free(g->by_name);
    mem_free(g->values);
    mem_free(g->tensors);
    mem_free((void *)(uintptr_t)g->file);
    mem_free(g);
}

/* ---- looking up ---- */

const GgufValue *gguf_find(const Gguf *g, const char *key) {
    GgufValue want = {.key = str_from(key)};
    const GgufValue *w = &want, **hit = NULL;
    if (g->n_values) hit = bsearch(&w, g->by_key, g->n_values, sizeof *g->by_key, by_key);
    return hit ? *hit : NULL;
}

const GgufTensor *gguf_find_tensor(const Gguf *g, const char *name) {
    GgufTensor want = {.name = str_from(name)};
    const GgufTensor *w = &want, **hit = NULL;
    if (g->n_tensors) hit = bsearch(&w, g->by_name, g->n_tensors, sizeof *g->by_name, by_name);
    return hit ? *hit : NULL;
}

size_t gguf_n_values(const Gguf *g) {
    return g->n_values;
}
const GgufValue *gguf_value_at(const Gguf *g, size_t i) {
    return &g->values[i];
}
size_t gguf_n_tensors(const Gguf *g) {
    return g->n_tensors;
}
const GgufTensor *gguf_tensor_at(const Gguf *g, size_t i) {
    return &g->tensors[i];
}

static bool absent(const Gguf *g, const char *key, bool required, Err *err) {
    return !required || err_set(err, ERR_INPUT, "%.150s: missing key '%s'", g->file, key);
}

static bool wrong(const Gguf *g, const GgufValue *v, const char *expected, Err *err) {
    return err_set(err, ERR_INPUT, "%.150s: '%.*s' is %s; %s was expected", g->file,
                   (int)(v->key.n < 80 ? v->key.n : 80), v->key.p, value_names[v->type], expected);
}

/* An integer of any width; false: it is none, or does not fit. */
static bool as_int(GgufType type, const unsigned char *p, int64_t *out) {
    if (type == GGUF_STRING || type == GGUF_ARRAY || type == GGUF_BOOL || type == GGUF_F32 || type == GGUF_F64)
        return false;
    uint64_t v = load(p, scalar_bytes[type]);
    switch (type) {
    case GGUF_I8:
        *out = (int8_t)v;
        return true;
    case GGUF_I16:
        *out = (int16_t)v;
        return true;
    case GGUF_I32:
        *out = (int32_t)v;
        return true;
    case GGUF_U64:
        if (v > INT64_MAX) return false;
        break;
    default:
        break;
    }
    *out = (int64_t)v;
    return true;
}

bool gguf_uint(const Gguf *g, const char *key, bool required, uint64_t lo, uint64_t hi, uint64_t *out, Err *err) {
    const GgufValue *v = gguf_find(g, key);
    int64_t i;
    if (!v) return absent(g, key, required, err);
    if (!as_int(v->type, v->data, &i)) return wrong(g, v, "an integer", err);
    if (i < 0 || (uint64_t)i < lo || (uint64_t)i > hi)
        return err_set(err, ERR_INPUT, "%.150s: '%s' is %lld; an integer from %llu to %llu was expected", g->file, key,
                       (long long)i, (unsigned long long)lo, (unsigned long long)hi);
    *out = (uint64_t)i;
    return true;
}

bool gguf_num(const Gguf *g, const char *key, bool required, double *out, Err *err) {
    const GgufValue *v = gguf_find(g, key);
    int64_t i;
    double d;
    float f;
    if (!v) return absent(g, key, required, err);
    uint64_t bits = v->type == GGUF_F32 || v->type == GGUF_F64 ? load(v->data, scalar_bytes[v->type]) : 0;
    if (v->type == GGUF_F32)
        memcpy(&f, &(uint32_t){(uint32_t)bits}, sizeof f), d = (double)f;
    else if (v->type == GGUF_F64)
        memcpy(&d, &bits, sizeof d);
    else if (as_int(v->type, v->data, &i))
        d = (double)i;
    else
        return wrong(g, v, "a number", err);
    if (!isfinite(d)) return err_set(err, ERR_INPUT, "%.150s: '%s' is not a finite number", g->file, key);
    *out = d;
    return true;
}

bool gguf_bool(const Gguf *g, const char *key, bool required, bool *out, Err *err) {
    const GgufValue *v = gguf_find(g, key);
    if (!v) return absent(g, key, required, err);
    if (v->type != GGUF_BOOL || v->data[0] > 1) return wrong(g, v, "a boolean (0 or 1)", err);
    *out = v->data[0] == 1;
    return true;
}

bool gguf_str(const Gguf *g, const char *key, bool required, Str *out, Err *err) {
    const GgufValue *v = gguf_find(g, key);
    if (!v) return absent(g, key, required, err);
    if (v->type != GGUF_STRING) return wrong(g, v, "a string", err);
    *out = (Str){(const char *)v->data + 8, v->bytes - 8};
    return true;
}

bool gguf_array(const Gguf *g, const char *key, bool required, GgufType item, const GgufValue **out, Err *err) {
    const GgufValue *v = gguf_find(g, key);
    if (!v) return absent(g, key, required, err);
    if (v->type != GGUF_ARRAY) return wrong(g, v, "an array", err);
    if (v->item != item)
        return err_set(err, ERR_INPUT, "%.150s: an item of '%s' is %s; %s was expected", g->file, key,
                       value_names[v->item], value_names[item]);
    *out = v;
    return true;
}

Str gguf_next_str(const GgufValue *array, size_t *at) {
    BUG_ON(array->item != GGUF_STRING || *at > array->bytes - 8);
    Str s = {(const char *)array->data + *at + 8, (size_t)load(array->data + *at, 8)};
    *at += 8 + s.n;
    return s;
}

int64_t gguf_item_int(const GgufValue *array, uint64_t i) {
    int64_t v = INT64_MAX; /* of a 64-bit unsigned integer beyond it */
    BUG_ON(i >= array->count);
    bool fits = as_int(array->item, array->data + i * scalar_bytes[array->item], &v);
    BUG_ON(!fits && array->item != GGUF_U64);
    return v;
}
