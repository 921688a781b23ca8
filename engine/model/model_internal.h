/* Shared between the files of this room: the tensor directory. */
#ifndef ASSAY_MODEL_INTERNAL_H
#define ASSAY_MODEL_INTERNAL_H

#include "engine/base/file.h"
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
    DType dtype;
    int rank;
    size_t shape[TENSOR_MAX_RANK];
    const unsigned char *data;
    size_t bytes;
} Tensor;

typedef struct WeightFile {
    const char *name, *path;
    FileMap map;
} WeightFile;

/* Every tensor of every weight file, sorted by name after dir_finish. */
typedef struct ModelFiles {
    Arena *arena;
    WeightFile *files;
    size_t n_files, cap_files;
    Tensor *tensors;
    size_t n_tensors, cap_tensors;
} ModelFiles;

/* Reads one safetensors file of n bytes and appends its tensors. Everything is checked: header, dtypes, shapes,
 * offsets, overlaps, holes, and that the file ends where its last tensor ends. */
bool safetensors_read(ModelFiles *d, const char *file, const unsigned char *p, size_t n, Err *err);

/* dir/model.safetensors, or the shards that dir/model.safetensors.index.json names. */
bool dir_open(ModelFiles *d, const char *dir, Err *err);
void dir_close(ModelFiles *d);
const Tensor *dir_find(const ModelFiles *d, const char *name);

/* Fills the views of *m from the tensors of a Hugging Face directory. */
bool hf_bind(Model *m, Err *err);

#endif
