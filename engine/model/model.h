/* A checkpoint on disk, mapped and checked: numbers of the architecture, and views of its tensors.
 *
 * Nothing is copied and nothing is converted: a Matrix or Vec points into the mapped file and says how to read it. What
 * differs between layouts (row strides, interleaved gate and up rows, order of the nibbles) is said by the view, so
 * that the machines below need not know any layout. Facts: specs/gpt-oss-model.md sections 1 to 4. */
#ifndef ASSAY_MODEL_H
#define ASSAY_MODEL_H

#include "engine/base/err.h"
#include "engine/base/str.h"

enum { MODEL_MAX_LAYERS = 512, MODEL_MAX_EXPERTS = 1024, MODEL_MAX_EXPERTS_PER_TOKEN = 64, MODEL_MAX_HEAD_DIM = 128 };

typedef struct ModelConfig {
    int n_layers, hidden, n_heads, n_kv_heads, head_dim;
    int n_experts, experts_per_token, expert_width;
    int vocab, window, context; /* window: positions a sliding layer sees, the query's own included */
    bool sliding[MODEL_MAX_LAYERS];
    bool layers_assumed; /* a Hugging Face file that does not say which layers slide */
    double rms_eps, swiglu_limit, swiglu_alpha;
    /* RoPE: frequencies f_j and the concentration m that multiplies cos and sin (specs/gpt-oss-model.md, YaRN) */
    double rope_theta, yarn_factor, yarn_context, yarn_beta_fast, yarn_beta_slow; /* yarn_factor <= 1: plain RoPE */
    bool yarn_truncate;
    bool tied; /* lm_head is the embedding */
} ModelConfig;

/* Number types of stored weights. MXFP4: 16 bytes of codes per 32 columns, and one E8M0 scale byte elsewhere. The types
 * behind it are ggml's, in its own blocks with the scales inside (MXFP4_GGML: 17 bytes per 32 columns). */
#define WEIGHT_TYPE_MAP(X)                                                                                             \
    X(WEIGHT_F32, "F32")                                                                                               \
    X(WEIGHT_F16, "F16")                                                                                               \
    X(WEIGHT_BF16, "BF16")                                                                                             \
    X(WEIGHT_MXFP4, "MXFP4")                                                                                           \
    X(WEIGHT_MXFP4_GGML, "MXFP4")                                                                                      \
    X(WEIGHT_Q8_0, "Q8_0")                                                                                             \
    X(WEIGHT_Q4_0, "Q4_0")                                                                                             \
    X(WEIGHT_Q4_1, "Q4_1")                                                                                             \
    X(WEIGHT_Q5_0, "Q5_0")                                                                                             \
    X(WEIGHT_Q5_1, "Q5_1")                                                                                             \
    X(WEIGHT_IQ4_NL, "IQ4_NL")                                                                                         \
    X(WEIGHT_IQ4_XS, "IQ4_XS")                                                                                         \
    X(WEIGHT_Q2_K, "Q2_K")                                                                                             \
    X(WEIGHT_Q3_K, "Q3_K")                                                                                             \
    X(WEIGHT_Q4_K, "Q4_K")                                                                                             \
    X(WEIGHT_Q5_K, "Q5_K")                                                                                             \
    X(WEIGHT_Q6_K, "Q6_K")
typedef enum WeightType {
#define X(id, name) id,
    WEIGHT_TYPE_MAP(X)
#undef X
} WeightType;
enum {
#define X(id, name) +1
    WEIGHT_TYPES = 0 WEIGHT_TYPE_MAP(X)
#undef X
};
const char *weight_type_name(WeightType t);

/* `cols` consecutive columns of a row are stored in `bytes` bytes (MXFP4: and one byte of scales). */
typedef struct WeightBlock {
    size_t cols, bytes;
} WeightBlock;
WeightBlock weight_block(WeightType t);

struct Lora;

/* [rows, cols], y = W x. Strides are in bytes, of any alignment. Rows come in groups (one per expert): row r is row r %
 * group_rows of group r / group_rows, and begins at data + group * group_stride + (r % group_rows) * row_stride. */
typedef struct Matrix {
    WeightType type;
    size_t rows, cols;
    const unsigned char *data;
    size_t row_stride;
    size_t group_rows, group_stride; /* group_rows 0: all rows are one group */
    size_t col_stride;               /* F32, F16, BF16 only: from one column to the next; 0: they are contiguous */
    const unsigned char *scales;     /* MXFP4 only: cols/32 bytes at scales + r*scale_stride, grouped likewise */
    size_t scale_stride, scale_group_stride;
    const struct Lora *lora; /* NULL: none */
} Matrix;

/* A low-rank addition that is kept beside the weights: y += scale * B (A x). Groups are those of the matrix that it
 * belongs to: a has [groups*rank, cols], b [rows, rank]; F32, F16 or BF16, in any view. Several are added in the order
 * of the list, biases after them. Every matrix of a layer and the unembedding may have some, the embedding may not. */
typedef struct Lora {
    size_t rank;
    Matrix a, b;
    float scale;
    const struct Lora *next; /* of a further adapter */
} Lora;

/* n numbers, the i-th at data + i*stride. */
typedef struct Vec {
    WeightType type; /* not MXFP4 */
    size_t n;
    const unsigned char *data;
    size_t stride;
} Vec;

/* One number, exactly, as float32. */
float vec_get(const Vec *v, size_t i);

typedef struct ModelLayer {
    Vec attn_norm, moe_norm; /* [hidden] */
    Matrix q, k, v, o; /* [n_heads*head_dim, hidden], [n_kv_heads*head_dim, hidden] twice, [hidden, n_heads*head_dim] */
    Vec q_bias, k_bias, v_bias, o_bias;
    Vec sinks; /* [n_heads] */
    Matrix router;
    Vec router_bias;
    Matrix gate, up, down;             /* rows: expert e's row c is e*expert_width + c (down: e*hidden + c) */
    Vec gate_bias, up_bias, down_bias; /* indexed the same way */
} ModelLayer;

/* What to open. Strings are borrowed until model_close. */
typedef struct ModelSource {
    const char *path; /* a folder in Hugging Face's or OpenAI's layout, or a GGUF file (any part of a split one) */
    const char *const *loras; /* [n_loras] adapter folders, in order */
    size_t n_loras;
    const char *tokenizer; /* NULL: the model's own. Only the digest reads it: another tokenizer is another model */
    bool inspect;          /* for looking only: what is missing becomes a warning, and nothing can be computed */
} ModelSource;

/* Contains: the mapped files, the config, one ModelLayer per layer, what is unusual about it. */
typedef struct Model {
    ModelConfig config;
    const char *dir, *layout; /* dir: of the files. layout: "huggingface", "openai", "gguf" */
    bool has_tokenizer;       /* of its own */
    const char **warnings;    /* [n_warnings] one sentence each: where it departs from what OpenAI published */
    size_t n_warnings;
    Matrix embed, unembed; /* [vocab, hidden] */
    Vec final_norm;
    ModelLayer *layers;
    size_t n_tensors, n_files;
    uint64_t weight_bytes, n_params;
    struct ModelFiles *files; /* private */
    struct Adapter *adapters; /* private; the first of a list, in the order given */
} Model;

/* Maps and checks. *out is NULL on failure, and *err names the file, the key and what was expected. The files must not
 * be cut shorter while the model is open: reading what is gone ends the process (SIGBUS), as with every mapped file. */
bool model_open(const ModelSource *src, Model **out, Err *err);
void model_close(Model *m); /* NULL is fine */

/* A Hugging Face config.json alone. */
bool model_config_load(const char *path, ModelConfig *out, Err *err);
/* The same from text: the loader's tests feed it every prefix of a valid file. */
bool model_config_parse(Str json, ModelConfig *out, Err *err);

/* inv_freq[head_dim/2] and the concentration m. */
void model_rope(const ModelConfig *c, double *inv_freq, double *concentration);

/* SHA-256 over the content, as hex: for config.json, tokenizer.json and each weight file, sorted by name: the name, and
 * the SHA-256 of each 16 MiB of its content (so that all cores can read at once). For GGUF: the files alone, which hold
 * configuration and tokenizer. Then, if there are any, "+tokenizer" and the foreign tokenizer, and for each adapter
 * "+lora" with its adapter_config.json and weights. Names are base names: moving a model changes nothing. Reads every
 * byte of the files. */
struct Pool;
bool model_digest(const Model *m, struct Pool *pool, char out[65], Err *err);

/* Weight bytes that one decoded token reads: all matrices but the embedding, of the experts only the chosen ones; with
 * the factors of adapters. */
uint64_t model_active_bytes(const Model *m);
/* Bytes of all weights and of the adapters' factors. */
uint64_t model_mapped_bytes(const Model *m);

/* One JSON object: shapes, dtypes and bytes of what is there, and "warnings". */
void model_summary(const Model *m, Buf *out);

#endif
