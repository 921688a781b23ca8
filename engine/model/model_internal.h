/* Shared between the files of this room: the tensor directory. */
#ifndef ASSAY_MODEL_INTERNAL_H
#define ASSAY_MODEL_INTERNAL_H

#include "engine/base/file.h"
#include "engine/base/gguf.h"
#include "engine/base/json.h"
#include "engine/model/model.h"

enum { TENSOR_MAX_RANK = 8 };

/* dtypes that a safetensors header may name, and bytes per element. Only some can be weights of ours. */
#define DTYPE_MAP(X)                                                                                                   \
    X(BOOL, 1)                                                                                                         \
    X(U8, 1)                                                                                                           \
    X(I8, 1)                                                                                                           \
    X(F8_E4M3, 1)                                                                                                      \
    X(F8_E5M2, 1)                                                                                                      \
    X(F8_E8M0, 1)                                                                                                      \
    X(I16, 2)                                                                                                          \
    X(U16, 2)                                                                                                          \
    X(F16, 2)                                                                                                          \
    X(BF16, 2)                                                                                                         \
    X(I32, 4)                                                                                                          \
    X(U32, 4)                                                                                                          \
    X(F32, 4)                                                                                                          \
    X(I64, 8)                                                                                                          \
    X(U64, 8)                                                                                                          \
    X(F64, 8)
typedef enum DType {
#define X(name, size) DTYPE_##name,
    DTYPE_MAP(X)
#undef X
} DType;
const char *dtype_name(DType t);

typedef struct Tensor {
    const char *name, *file; /* file: base name, for messages */
    DType dtype;             /* safetensors */
    bool is_ggml;
    uint32_t ggml; /* the type number, if is_ggml */
    int rank;
    size_t shape[TENSOR_MAX_RANK]; /* outermost first, also of GGUF's */
    const unsigned char *data;
    size_t bytes;
    bool used; /* bound to something */
} Tensor;

typedef struct WeightFile {
    const char *name, *path;
    FileMap map;
    Gguf *gguf; /* NULL for safetensors */
} WeightFile;

/* Every tensor of every weight file, sorted by name after dir_finish. */
typedef struct ModelFiles {
    Arena *arena;
    WeightFile *files;
    size_t n_files, cap_files;
    Tensor *tensors;
    size_t n_tensors, cap_tensors;
    bool no_memory; /* a warning could not be kept */
    ModelSource source;
} ModelFiles;

/* Reads one safetensors file of n bytes and appends its tensors. Everything is checked: header, dtypes, shapes,
 * offsets, overlaps, holes, and that the file ends where its last tensor ends. */
bool safetensors_read(ModelFiles *d, const char *file, const unsigned char *p, size_t n, Err *err);

/* Appends one tensor; its name is copied. */
bool dir_append(ModelFiles *d, const char *name, const char *file, const Tensor *t, Err *err);

/* dir/model.safetensors, or the shards that dir/model.safetensors.index.json names, not both. any_name: or else every
 * .safetensors file of the folder, as OpenAI's own layout may be cut without an index. */
bool dir_open(ModelFiles *d, const char *dir, bool any_name, Err *err);
/* dir/name alone, a safetensors file. */
bool dir_open_file(ModelFiles *d, const char *dir, const char *name, Err *err);
/* path, which is dir/name, must lie in dir also after links are followed. */
bool dir_check_inside(const char *dir, const char *path, const char *name, Err *err);
void dir_close(ModelFiles *d);
Tensor *dir_find(const ModelFiles *d, const char *name);
/* Maps a file; read: checks its content. inside: it must lie in dir, also after links are followed. */
typedef bool (*DirRead)(ModelFiles *d, WeightFile *f, Err *err);
bool dir_add(ModelFiles *d, const char *dir, const char *name, bool inside, DirRead read, Err *err);
/* Sorts by name; a tensor may not be in two files. */
bool dir_finish(ModelFiles *d, Err *err);

/* ---- binding ---- */

/* What the three layouts share: finding a tensor, checking its shape and type, and making a view of it. With
 * Model.inspect a missing tensor is a warning and an empty view. */
typedef struct Bind {
    Model *m;
    const char *prefix; /* of a layer's names, before its number */
    int layer;          /* -1: names in full */
    uint64_t scanned;
    Err *err;
} Bind;

/* The tensor, marked as used; NULL: there is none. */
Tensor *bind_find(const Bind *b, const char *name);
/* The tensor of that name and shape. *out is NULL if it is missing and that is allowed. */
bool bind_want(Bind *b, const char *name, int rank, const size_t *shape, Tensor **out);
const char *tensor_type_name(const Tensor *t);
/* The type as a weight's; false with a sentence if nothing can compute with it. */
bool bind_type(const Bind *b, const Tensor *t, WeightType *out);
bool bind_matrix(Bind *b, const char *name, size_t rows, size_t cols, Matrix *out);
/* [groups, rows, cols], blocks along cols, as one matrix of groups*rows rows. */
bool bind_stack(Bind *b, const char *name, size_t groups, size_t rows, size_t cols, Matrix *out);
bool bind_vec(Bind *b, const char *name, size_t n, Vec *out);
bool bind_vec2(Bind *b, const char *name, size_t n0, size_t n1, Vec *out); /* [n0, n1] */
/* MXFP4 with scales apart: [experts, rows, cols/32, 16] codes and [experts, rows, cols/32] scales. */
bool bind_mxfp4(Bind *b, const char *codes, const char *scales, size_t experts, size_t rows, size_t cols, Matrix *out);
/* Rows or numbers first, first+2, first+4, ... */
Matrix every_other_row(const Matrix *m, size_t first);
Vec every_other(const Vec *v, size_t first);
Matrix rows_of(const Matrix *m, size_t first, size_t n);
Vec part_of(const Vec *v, size_t first, size_t n);

/* Fill the views of *m from its tensors. */
bool hf_bind(Model *m, Err *err);
bool openai_bind(Model *m, Err *err);
bool gguf_bind(Model *m, Err *err);

/* ---- configurations ---- */

/* What a layout calls the numbers that must fit each other. */
typedef struct ConfigKeys {
    const char *head_dim, *n_heads, *n_kv_heads, *n_experts, *experts_per_token, *hidden, *expert_width;
} ConfigKeys;
/* What every layout's numbers must satisfy; the sentence has the layout's own keys. */
bool config_check(const ModelConfig *c, const ConfigKeys *keys, Err *err);
bool config_openai_load(const char *path, ModelConfig *out, Err *err);
bool config_gguf(const ModelFiles *d, ModelConfig *out, Err *err);

/* path: a .gguf file or any part of a split one. */
bool gguf_files_open(ModelFiles *d, const char *path, Err *err);

/* ---- adapters ---- */

/* Hangs the LoRA adapter in that folder (PEFT: adapter_config.json and adapter_model.safetensors) on the model, which
 * is bound, beside what hangs there already. The factors stay in their mapped file and the base weights as they are,
 * whatever the layout of the base. After a failure the model can only be closed. */
bool lora_add(Model *m, const char *dir, Err *err);
/* Unmaps all adapters. */
void lora_close(Model *m);
/* "adapters": [...] of model_summary; nothing where there are none. */
void lora_put(const Model *m, JsonOut *o);
/* Bytes of all factors; one_token: of those that one decoded token reads, of experts' the chosen ones' share. */
uint64_t lora_bytes(const Model *m, bool one_token);

/* ---- warnings ---- */

void model_warn(Model *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Everything that can be seen without reading the weights. */
void model_check_unusual(Model *m);
void model_check_texts(Model *m); /* its part about chat template and generation settings */

#endif
