/* Shared between backend.c (memory, plan, vtable) and the files of the pass (pass.h). */
#ifndef ASSAY_CPU_INTERNAL_H
#define ASSAY_CPU_INTERNAL_H

#include "engine/backend.h"
#include "engine/cpu/kernels.h"
#include "engine/kv/kv.h"

enum { CPU_MAX_PARTS = 64 };

/* Small vectors of a layer as plain floats. The expert biases stay in the file: one number of them is read per row. */
typedef struct LayerVecs {
    float *attn_norm, *moe_norm; /* [hidden] */
    float *q_bias, *k_bias, *v_bias, *o_bias;
    float *sinks;       /* [n_heads] */
    float *router_bias; /* [n_experts] */
    bool sliding;
    size_t index; /* among the layers of its kind */
} LayerVecs;

/* What one thread needs for itself. */
typedef struct Scratch {
    float *wide;       /* [CPU_TILE * ld_wide] expanded weight rows */
    float *strip;      /* [CPU_STRIP * ld_wide] the same for columns that stand apart; NULL: the model has none */
    float *dots;       /* [max_rows * CPU_TILE] */
    const float **low; /* [max_rows] inputs of low-rank additions */
    Int8Strip *turned; /* [ld_blocks] precision int8 only, aligned to 64 bytes */
    float *dots8;      /* [max_rows * INT8_ROWS] */
    float *low_dots;   /* [max_rows * CPU_TILE] */
    float *kv;         /* [CPU_BLOCK * (head_dim + ld_v)] one block and head widened; NULL: stored as floats */
    float *scores;     /* [group * CPU_BLOCK] */
    float *acc;        /* [group * ld_v] */
    float *max, *sum, *factor; /* [group] */
} Scratch;

/* Row buffers, one row per row of the batch; ld_* are their row lengths in floats. */
typedef struct Work {
    float *x;             /* [max_rows * hidden] the residual stream */
    float *t;             /* [max_rows * hidden] normed */
    float *tp;            /* the same in pair order (kernels.h) */
    float *q, *att;       /* [max_rows * ld_q]; att in pair order, what is no column stays 0 */
    float *k, *v;         /* [max_rows * ld_kv] */
    float *rope;          /* [max_rows * head_dim]: cosines, then sines */
    float *router;        /* [max_rows * n_experts] */
    float *act, *up;      /* [max_rows * per_token * expert_width], in pair order, grouped by expert; act: gate first */
    float *y;             /* [max_rows * per_token * hidden], grouped by expert */
    float *low;           /* [max_rows * per_token * ld_low] A x of low-rank additions, by place */
    float *expert_weight; /* [max_rows * per_token] */
    uint32_t *expert;     /* [max_rows * per_token], best first */
    uint32_t *place;      /* [max_rows * per_token]: where (row, rank) stands in the grouped order */
    uint32_t *group_begin,
        *used; /* [n_experts + 1]: grouped order; [n_experts]: experts with tokens; one of each per part */
    const float **in, **in2; /* [max_rows * per_token] inputs of dot calls */
    Int8Block *blocks;       /* [max_rows * per_token * ld_blocks] inputs of precision int8, NULL without */
    const Int8Block **in8;   /* [max_rows * per_token] */
    uint32_t *live;          /* [max_rows] rows that this layer computes */
    uint32_t *wave;          /* [max_rows] rows whose keys are stored together */
    float *logits;           /* [max_logits * vocab] */
} Work;

typedef struct Cpu {
    Backend base;
    BackendOptions o;
    BackendInfo info;
    char name[48];
    const char *precision;
    const ModelConfig *c;
    CpuKernels k;
    size_t ld_q, ld_kv, ld_v, ld_wide, group; /* ld_v: head_dim padded to lanes; group: query heads per kv head */
    size_t ld_low;                     /* of low-rank additions that one x needs at most, each rank padded; 0: none */
    size_t ld_blocks;                  /* of ld_wide */
    size_t block_numbers, block_bytes; /* of one layer: keys and values of CPU_BLOCK positions */
    double inv_freq[MODEL_MAX_HEAD_DIM / 2], concentration;
    Arena *arena;    /* all arrays below */
    bool measuring;  /* cpu_plan: nothing is taken, only counted */
    size_t measured; /* bytes */
    LayerVecs *layers;
    float *final_norm;
    Work w;
    Scratch *scratch; /* one per thread */
    bool kv_half;     /* keys and values are stored as IEEE half, else as float */
    bool int8;        /* int8.h */
    bool is_small;    /* threads share a batch by sequences */
    size_t max_parts; /* into at most so many */
    KvPlan plan;
    KvTable *table;
    unsigned char *full, *rings;
} Cpu;

/* Keys and values of a block, in numbers of 4 or 2 bytes. Keys: [kv_head][16 positions][head_dim][16], so that 16
 * scores grow at once; values: [kv_head][CPU_BLOCK][ld_v]. */
unsigned char *cpu_block(const Cpu *c, int layer, uint32_t seq, size_t block);
/* Where the keys and the values of a head begin, in numbers. */
static inline size_t cpu_keys(const Cpu *c, size_t head) {
    return head * CPU_BLOCK * (size_t)c->c->head_dim;
}
static inline size_t cpu_values(const Cpu *c, size_t head) {
    return (size_t)c->c->n_kv_heads * CPU_BLOCK * (size_t)c->c->head_dim + head * CPU_BLOCK * c->ld_v;
}

/* out = x / sqrt(mean(x^2) + eps) * weight. x has cpu_pad(n) floats, zeros behind the n-th. */
void cpu_rmsnorm(const CpuKernels *k, const float *x, const float *weight, size_t n, float eps, float *out);
/* The k largest of n router logits, largest first, equal ones by the lower index; weight: softmax over these. */
void cpu_route(const float *logits, size_t n, size_t k, uint32_t *chosen, float *weight);

/* Floats per place for the A x of all additions that are live at once, and the largest rank, both padded. */
void cpu_lora_sizes(const Model *m, size_t *ld, size_t *max_rank);

/* precision.c: the settings by name. choose sets c->precision and the flags of c that follow from it. */
const BackendPrecision *cpu_precisions(size_t *n);
bool cpu_precision_choose(Cpu *c, Err *err);

void cpu_forward(Cpu *c, const BatchRow *rows, size_t n);

#endif
