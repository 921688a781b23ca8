/* The GGUF container (version 3, little-endian): a list of key-value pairs, a table of tensors, their bytes. Format:
 * ggml's docs/gguf.md. A file is a stranger's claim: every count, length, type, offset and overlap is checked before it
 * is used. What the keys and tensors mean is known by the rooms that read them (token/, model/). */
#ifndef ASSAY_GGUF_H
#define ASSAY_GGUF_H

#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/base/str.h"

enum { GGUF_MAX_RANK = 4 };

/* Types of values, with the numbers of the format. */
typedef enum GgufType {
    GGUF_U8,
    GGUF_I8,
    GGUF_U16,
    GGUF_I16,
    GGUF_U32,
    GGUF_I32,
    GGUF_F32,
    GGUF_BOOL,
    GGUF_STRING,
    GGUF_ARRAY,
    GGUF_U64,
    GGUF_I64,
    GGUF_F64
} GgufType;

/* One value, borrowed from the file's bytes. */
typedef struct GgufValue {
    Str key;
    GgufType type;             /* GGUF_ARRAY: of `item`, `count` of them, beginning at data */
    GgufType item;             /* arrays only; never GGUF_ARRAY (nested arrays are refused) */
    uint64_t count;            /* arrays: items; else 1 */
    const unsigned char *data; /* strings: their length (8 bytes) stands first */
    size_t bytes;
} GgufValue;

typedef struct GgufTensor {
    Str name;
    uint32_t type;               /* ggml's type number; 39 is MXFP4 */
    int rank;                    /* 1 .. GGUF_MAX_RANK */
    uint64_t dim[GGUF_MAX_RANK]; /* innermost (contiguous) first, as in the file */
    const unsigned char *data;
    size_t bytes; /* what type and dims need; all of them are in the file */
} GgufTensor;

/* Contains: the values in the order of the file, and the tensors, with an index by name. */
typedef struct Gguf Gguf;

/* p[n] must outlive *out. file: base name, for messages. A type number that ggml does not have, or that this program
 * cannot size, is refused by name. */
bool gguf_open(const unsigned char *p, size_t n, const char *file, Gguf **out, Err *err);
void gguf_close(Gguf *g); /* NULL is fine */

const GgufValue *gguf_find(const Gguf *g, const char *key); /* NULL: no such key */
/* Typed reads; false with ERR_INPUT naming file, key and what was expected. Absent: *out stays if !required. */
bool gguf_uint(const Gguf *g, const char *key, bool required, uint64_t lo, uint64_t hi, uint64_t *out, Err *err);
bool gguf_num(const Gguf *g, const char *key, bool required, double *out, Err *err); /* any number type, finite */
bool gguf_bool(const Gguf *g, const char *key, bool required, bool *out, Err *err);
bool gguf_str(const Gguf *g, const char *key, bool required, Str *out, Err *err);
/* The array under key with items of that type. */
bool gguf_array(const Gguf *g, const char *key, bool required, GgufType item, const GgufValue **out, Err *err);
/* The string that begins *at bytes behind an array's data; *at moves on. Start with 0 and take `count` of them. */
Str gguf_next_str(const GgufValue *array, size_t *at);
/* The i-th item of an array of integers of any width; INT64_MAX for what is larger. */
int64_t gguf_item_int(const GgufValue *array, uint64_t i);

size_t gguf_n_values(const Gguf *g);
const GgufValue *gguf_value_at(const Gguf *g, size_t i);
size_t gguf_n_tensors(const Gguf *g);
const GgufTensor *gguf_tensor_at(const Gguf *g, size_t i);
const GgufTensor *gguf_find_tensor(const Gguf *g, const char *name); /* NULL: no such tensor */

/* ggml's name of a type number ("Q8_0"), or NULL. */
const char *gguf_type_name(uint32_t type);

#endif
