/* The checkpoints of tests/checkpoint.h in the two other published layouts: the same numbers, bit for bit, under other
 * names, in other orders and packings (specs/gpt-oss-model.md section 4). A test can so compare what the engine makes
 * of each. */
#ifndef ASSAY_TESTS_CHECKPOINT_LAYOUTS_H
#define ASSAY_TESTS_CHECKPOINT_LAYOUTS_H

#include "tests/checkpoint.h"

/* Number of the tensor in the list: "x" in full, or "x" of a layer. The list must have it. */
static inline size_t ck_index(const CkList *l, int layer, const char *name) {
    char full[160];
    if (layer < 0)
        snprintf(full, sizeof full, "%s", name);
    else
        snprintf(full, sizeof full, "model.layers.%d.%s", layer, name);
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->p[i].name, full) == 0) return i;
    abort();
}

/* All bytes of tensor `index` as the Hugging Face layout has them; release with free. */
static inline unsigned char *ck_bytes(const CkSpec *s, const CkList *l, size_t index) {
    const CkTensor *t = &l->p[index];
    unsigned char *p = malloc(t->bytes + 1);
    size_t at = 0;
    for (size_t k = 0; p && k < ck_pieces(t); k++) at += ck_fill(s, t, index, k, p + at);
    return p;
}

static inline bool ck_copy(const CkSpec *s, const CkList *l, size_t index, FILE *f) {
    unsigned char *p = ck_bytes(s, l, index);
    bool ok = p && fwrite(p, 1, l->p[index].bytes, f) == l->p[index].bytes;
    free(p);
    return ok;
}

/* ---- OpenAI's original layout ---- */

/* One tensor of that layout: up to three of the other one after the other. */
typedef struct CkJoin {
    const char *name, *from[3];
} CkJoin;

static const CkJoin ck_openai_top[] = {{"embedding.weight", {"model.embed_tokens.weight"}},
                                       {"unembedding.weight", {"lm_head.weight"}},
                                       {"norm.scale", {"model.norm.weight"}}};
static const CkJoin ck_openai_layer[] = {
    {"attn.norm.scale", {"input_layernorm.weight"}},
    {"attn.qkv.weight", {"self_attn.q_proj.weight", "self_attn.k_proj.weight", "self_attn.v_proj.weight"}},
    {"attn.qkv.bias", {"self_attn.q_proj.bias", "self_attn.k_proj.bias", "self_attn.v_proj.bias"}},
    {"attn.sinks", {"self_attn.sinks"}},
    {"attn.out.weight", {"self_attn.o_proj.weight"}},
    {"attn.out.bias", {"self_attn.o_proj.bias"}},
    {"mlp.norm.scale", {"post_attention_layernorm.weight"}},
    {"mlp.gate.weight", {"mlp.router.weight"}},
    {"mlp.gate.bias", {"mlp.router.bias"}},
    {"mlp.mlp1_weight.blocks", {"mlp.experts.gate_up_proj_blocks"}},
    {"mlp.mlp1_weight.scales", {"mlp.experts.gate_up_proj_scales"}},
    {"mlp.mlp1_bias", {"mlp.experts.gate_up_proj_bias"}},
    {"mlp.mlp2_weight.blocks", {"mlp.experts.down_proj_blocks"}},
    {"mlp.mlp2_weight.scales", {"mlp.experts.down_proj_scales"}},
    {"mlp.mlp2_bias", {"mlp.experts.down_proj_bias"}}};

/* The i-th tensor of the layout, or NULL; *layer is -1 for the three at the top. */
static inline const CkJoin *ck_openai_at(const CkSpec *s, size_t i, int *layer) {
    const size_t n_top = sizeof ck_openai_top / sizeof *ck_openai_top,
                 n_layer = sizeof ck_openai_layer / sizeof *ck_openai_layer;
    *layer = -1;
    if (i < n_top) return &ck_openai_top[i];
    i -= n_top;
    *layer = (int)(i / n_layer);
    return *layer < s->layers ? &ck_openai_layer[i % n_layer] : NULL;
}

/* The tensors as they stand in the file, with their places. */
static inline CkList ck_openai_list(const CkSpec *s, const CkList *hf) {
    CkList l = {.spec = s};
    const CkJoin *j;
    int layer;
    for (size_t i = 0; (j = ck_openai_at(s, i, &layer)); i++) {
        CkTensor t = hf->p[ck_index(hf, layer, j->from[0])];
        for (int k = 1; k < 3 && j->from[k]; k++) {
            const CkTensor *more = &hf->p[ck_index(hf, layer, j->from[k])];
            t.shape[0] += more->shape[0], t.bytes += more->bytes;
        }
        if (layer < 0)
            snprintf(t.name, sizeof t.name, "%s", j->name);
        else
            snprintf(t.name, sizeof t.name, "block.%d.%s", layer, j->name);
        t.at = l.bytes;
        l.p = realloc(l.p, (l.n + 1) * sizeof *l.p);
        l.p[l.n++] = t;
        l.bytes += t.bytes;
    }
    return l;
}

static inline bool ck_openai_weights(const CkSpec *s, FILE *f) {
    CkList hf = ck_list(s), l = ck_openai_list(s, &hf);
    char *header = ck_header(s, &l);
    uint64_t n = strlen(header);
    const CkJoin *j;
    int layer;
    bool ok = fwrite(&n, 8, 1, f) == 1 && fwrite(header, 1, n, f) == n;
    for (size_t i = 0; ok && (j = ck_openai_at(s, i, &layer)); i++)
        for (int k = 0; ok && k < 3 && j->from[k]; k++) ok = ck_copy(s, &hf, ck_index(&hf, layer, j->from[k]), f);
    free(header);
    free(l.p);
    free(hf.p);
    return ok;
}

static inline void ck_openai_config(const CkSpec *s, FILE *f) {
    fprintf(f,
            "{\"num_hidden_layers\":%d,\"num_experts\":%d,\"experts_per_token\":%d,\"vocab_size\":%d,"
            "\"hidden_size\":%d,\"intermediate_size\":%d,\"swiglu_limit\":7.0,\"head_dim\":%d,"
            "\"num_attention_heads\":%d,\"num_key_value_heads\":%d,\"sliding_window\":%d,"
            "\"initial_context_length\":%.0f,\"rope_theta\":%.17g,\"rope_scaling_factor\":%.17g,"
            "\"rope_ntk_alpha\":1,\"rope_ntk_beta\":32}\n",
            s->layers, s->experts, s->per_token, s->vocab, s->hidden, s->width, s->head_dim, s->heads, s->kv_heads,
            s->window, s->original, s->theta, s->factor);
}

/* config.json and model.safetensors, as in a download's folder original/; no tokenizer, as there. The context of this
 * layout is original * factor. dir is made if it is not there. */
static inline bool ck_write_openai(const char *dir, const CkSpec *s) {
    bool ok = true;
    mkdir(dir, 0777);
    for (int i = 0; i < 2 && ok; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", dir, i ? "model.safetensors" : "config.json");
        FILE *f = fopen(path, "wb");
        if (!f) return false;
        if (i)
            ok = ck_openai_weights(s, f);
        else
            ck_openai_config(s, f);
        ok = fclose(f) == 0 && ok;
    }
    return ok;
}

/* ---- GGUF ---- */

/* ggml's numbers of types */
enum { CK_GGML_F32 = 0, CK_GGML_F16 = 1, CK_GGML_BF16 = 30, CK_GGML_MXFP4 = 39 };
enum { CK_GGUF_ALIGN = 32 };
/* how a tensor's bytes come from the Hugging Face layout's */
typedef enum CkPack {
    CK_AS_IT_IS,  /* matrices: the dense type */
    CK_AS_F32,    /* widened */
    CK_EVEN_F32,  /* every second number of the last dimension, widened: gate */
    CK_ODD_F32,   /* ... up */
    CK_ALL_ROWS,  /* MXFP4 blocks */
    CK_EVEN_ROWS, /* ... of every second row: gate */
    CK_ODD_ROWS   /* ... up */
} CkPack;

typedef struct CkMap {
    const char *name, *from; /* experts: from + "_blocks", "_scales" */
    CkPack pack;
} CkMap;

static const CkMap ck_gguf_top[] = {{"token_embd.weight", "model.embed_tokens.weight", CK_AS_IT_IS},
                                    {"output.weight", "lm_head.weight", CK_AS_IT_IS},
                                    {"output_norm.weight", "model.norm.weight", CK_AS_F32}};
static const CkMap ck_gguf_layer[] = {{"attn_norm.weight", "input_layernorm.weight", CK_AS_F32},
                                      {"attn_q.weight", "self_attn.q_proj.weight", CK_AS_IT_IS},
                                      {"attn_q.bias", "self_attn.q_proj.bias", CK_AS_F32},
                                      {"attn_k.weight", "self_attn.k_proj.weight", CK_AS_IT_IS},
                                      {"attn_k.bias", "self_attn.k_proj.bias", CK_AS_F32},
                                      {"attn_v.weight", "self_attn.v_proj.weight", CK_AS_IT_IS},
                                      {"attn_v.bias", "self_attn.v_proj.bias", CK_AS_F32},
                                      {"attn_output.weight", "self_attn.o_proj.weight", CK_AS_IT_IS},
                                      {"attn_output.bias", "self_attn.o_proj.bias", CK_AS_F32},
                                      {"attn_sinks.weight", "self_attn.sinks", CK_AS_F32},
                                      {"post_attention_norm.weight", "post_attention_layernorm.weight", CK_AS_F32},
                                      {"ffn_gate_inp.weight", "mlp.router.weight", CK_AS_F32},
                                      {"ffn_gate_inp.bias", "mlp.router.bias", CK_AS_F32},
                                      {"ffn_gate_exps.weight", "mlp.experts.gate_up_proj", CK_EVEN_ROWS},
                                      {"ffn_up_exps.weight", "mlp.experts.gate_up_proj", CK_ODD_ROWS},
                                      {"ffn_down_exps.weight", "mlp.experts.down_proj", CK_ALL_ROWS},
                                      {"ffn_gate_exps.bias", "mlp.experts.gate_up_proj_bias", CK_EVEN_F32},
                                      {"ffn_up_exps.bias", "mlp.experts.gate_up_proj_bias", CK_ODD_F32},
                                      {"ffn_down_exps.bias", "mlp.experts.down_proj_bias", CK_AS_F32}};

static inline const CkMap *ck_gguf_at(const CkSpec *s, size_t i, int *layer) {
    const size_t n_top = sizeof ck_gguf_top / sizeof *ck_gguf_top,
                 n_layer = sizeof ck_gguf_layer / sizeof *ck_gguf_layer;
    *layer = -1;
    if (i < n_top) return &ck_gguf_top[i];
    i -= n_top;
    *layer = (int)(i / n_layer);
    return *layer < s->layers ? &ck_gguf_layer[i % n_layer] : NULL;
}

static inline bool ck_is_blocks(CkPack p) {
    return p >= CK_ALL_ROWS;
}
static inline bool ck_is_half(CkPack p) {
    return p == CK_EVEN_F32 || p == CK_ODD_F32 || p == CK_EVEN_ROWS || p == CK_ODD_ROWS;
}

/* Where a tensor comes from; for experts their codes. */
static inline size_t ck_gguf_source(const CkList *hf, const CkMap *m, int layer) {
    char name[96];
    snprintf(name, sizeof name, "%s%s", m->from, ck_is_blocks(m->pack) ? "_blocks" : "");
    return ck_index(hf, layer, name);
}

typedef struct CkGguf {
    uint32_t type;
    int rank;
    uint64_t dim[3]; /* innermost first */
    uint64_t bytes;
} CkGguf;

static inline CkGguf ck_gguf_shape(const CkSpec *s, const CkTensor *t, CkPack p) {
    static const uint32_t dense[] = {[CK_BF16] = CK_GGML_BF16, [CK_F32] = CK_GGML_F32, [CK_F16] = CK_GGML_F16};
    CkGguf g = {.rank = t->rank};
    if (ck_is_blocks(p)) {
        g.type = CK_GGML_MXFP4;
        g.rank = 3;
        g.dim[0] = t->shape[2] * 32, g.dim[1] = t->shape[1], g.dim[2] = t->shape[0];
        if (ck_is_half(p)) g.dim[1] /= 2;
        g.bytes = g.dim[0] / 32 * 17 * g.dim[1] * g.dim[2];
        return g;
    }
    uint64_t n = 1;
    for (int i = 0; i < t->rank; i++) g.dim[i] = t->shape[t->rank - 1 - i];
    if (ck_is_half(p)) g.dim[0] /= 2;
    for (int i = 0; i < t->rank; i++) n *= g.dim[i];
    g.type = p == CK_AS_IT_IS ? dense[s->dense] : CK_GGML_F32;
    g.bytes = n * (g.type == CK_GGML_F32 ? 4 : 2);
    return g;
}

/* ggml's block: the scale, then byte b with weight b low and weight b+16 high; the source has 2b and 2b+1. */
static inline void ck_gguf_block(const unsigned char *codes, unsigned char scale, unsigned char *out) {
    unsigned char w[32];
    for (int b = 0; b < 16; b++) w[2 * b] = codes[b] & 15, w[2 * b + 1] = codes[b] >> 4;
    out[0] = scale;
    for (int b = 0; b < 16; b++) out[1 + b] = (unsigned char)(w[b] | w[b + 16] << 4);
}

static inline bool ck_gguf_blocks(const CkSpec *s, const CkList *hf, size_t index, CkPack p, FILE *f) {
    const CkTensor *t = &hf->p[index];
    size_t blocks = t->shape[2], rows = t->shape[0] * t->shape[1], step = p == CK_ALL_ROWS ? 1 : 2;
    unsigned char *codes = ck_bytes(s, hf, index), *scales = ck_bytes(s, hf, index + 1), *row = malloc(blocks * 17);
    bool ok = codes && scales && row;
    for (size_t r = p == CK_ODD_ROWS; ok && r < rows; r += step) {
        for (size_t b = 0; b < blocks; b++)
            ck_gguf_block(codes + (r * blocks + b) * 16, scales[r * blocks + b], row + b * 17);
        ok = fwrite(row, 17, blocks, f) == blocks;
    }
    free(codes);
    free(scales);
    free(row);
    return ok;
}

static inline float ck_number(const CkSpec *s, const unsigned char *p, size_t i) {
    float f;
    uint16_t b;
    if (s->dense == CK_F32) return memcpy(&f, p + 4 * i, 4), f;
    memcpy(&b, p + 2 * i, 2);
    if (s->dense == CK_BF16) return ck_widen(b);
    int e = b >> 10 & 31; /* of the halves that ck_f16 makes none is subnormal but zero */
    uint32_t bits = (uint32_t)(b & 0x8000) << 16;
    if (e) bits |= (uint32_t)(e - 15 + 127) << 23 | (uint32_t)(b & 1023) << 13;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static inline bool ck_gguf_numbers(const CkSpec *s, const CkList *hf, size_t index, CkPack p, FILE *f) {
    unsigned char *from = ck_bytes(s, hf, index);
    bool ok = from != NULL;
    for (size_t i = p == CK_ODD_F32; ok && i < hf->p[index].elements; i += ck_is_half(p) ? 2 : 1) {
        float v = ck_number(s, from, i);
        ok = fwrite(&v, 4, 1, f) == 1;
    }
    free(from);
    return ok;
}

static inline void ck_w32(FILE *f, uint32_t v) {
    fwrite(&v, 4, 1, f);
}
static inline void ck_w64(FILE *f, uint64_t v) {
    fwrite(&v, 8, 1, f);
}
static inline void ck_wstr(FILE *f, const char *s) {
    ck_w64(f, strlen(s));
    fwrite(s, 1, strlen(s), f);
}
static inline void ck_kv_str(FILE *f, const char *key, const char *value) {
    ck_wstr(f, key), ck_w32(f, 8), ck_wstr(f, value);
}
static inline void ck_kv_u32(FILE *f, const char *key, uint32_t value) {
    ck_wstr(f, key), ck_w32(f, 4), ck_w32(f, value);
}
static inline void ck_kv_f32(FILE *f, const char *key, float value) {
    ck_wstr(f, key), ck_w32(f, 6), fwrite(&value, 4, 1, f);
}

/* The vocabulary of ck_tokenizer: bytes, specials, fillers. */
static inline void ck_gguf_token(const CkSpec *s, int id, char out[32]) {
    static const char *const names[21] = {"startoftext", "endoftext", NULL,         NULL,  "return",  "constrain",
                                          NULL,          "channel",   "start",      "end", "message", NULL,
                                          NULL,          NULL,        "call",       NULL,  NULL,      NULL,
                                          NULL,          NULL,        "endofprompt"};
    int first = s->vocab > 200018 ? 199998 : s->vocab - 21, other = 0x100;
    if (id < 256) {
        for (int b = 0; b <= id; b++) {
            int cp = (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE ? b : other++;
            if (b < id) continue;
            if (cp < 0x80)
                snprintf(out, 32, "%c", cp);
            else
                snprintf(out, 32, "%c%c", 0xC0 | cp >> 6, 0x80 | (cp & 63));
        }
    } else if (id >= first && id < first + 21 && names[id - first])
        snprintf(out, 32, "<|%s|>", names[id - first]);
    else if (id >= first && id < first + 21)
        snprintf(out, 32, "<|reserved_%d|>", 199998 + id - first);
    else
        snprintf(out, 32, "[PAD%d]", id);
}

static inline void ck_gguf_vocab(const CkSpec *s, FILE *f) {
    int first = s->vocab > 200018 ? 199998 : s->vocab - 21;
    char text[32];
    ck_kv_str(f, "tokenizer.ggml.model", "gpt2");
    ck_kv_str(f, "tokenizer.ggml.pre", "gpt-4o");
    ck_wstr(f, "tokenizer.ggml.tokens"), ck_w32(f, 9), ck_w32(f, 8), ck_w64(f, (uint64_t)s->vocab);
    for (int i = 0; i < s->vocab; i++) ck_gguf_token(s, i, text), ck_wstr(f, text);
    ck_wstr(f, "tokenizer.ggml.token_type"), ck_w32(f, 9), ck_w32(f, 5), ck_w64(f, (uint64_t)s->vocab);
    for (int i = 0; i < s->vocab; i++) ck_w32(f, i < 256 ? 1 : i >= first && i < first + 21 ? 3 : 5);
    ck_wstr(f, "tokenizer.ggml.merges"), ck_w32(f, 9), ck_w32(f, 8), ck_w64(f, 0);
    ck_kv_u32(f, "tokenizer.ggml.bos_token_id", (uint32_t)first);
    ck_kv_u32(f, "tokenizer.ggml.eos_token_id", (uint32_t)first + 4);
    ck_kv_u32(f, "tokenizer.ggml.padding_token_id", (uint32_t)first + 1);
}

/* what ck_gguf_values writes: 19 of its own, 8 of the vocabulary */
enum { CK_GGUF_VALUES = 27 };

static inline void ck_gguf_values(const CkSpec *s, FILE *f) {
    ck_kv_str(f, "general.architecture", "gpt-oss");
    ck_kv_str(f, "general.name", "random weights");
    ck_kv_u32(f, "general.file_type", 38);
    ck_kv_u32(f, "gpt-oss.block_count", (uint32_t)s->layers);
    ck_kv_u32(f, "gpt-oss.context_length", (uint32_t)s->context);
    ck_kv_u32(f, "gpt-oss.embedding_length", (uint32_t)s->hidden);
    ck_kv_u32(f, "gpt-oss.attention.head_count", (uint32_t)s->heads);
    ck_kv_u32(f, "gpt-oss.attention.head_count_kv", (uint32_t)s->kv_heads);
    ck_kv_u32(f, "gpt-oss.attention.key_length", (uint32_t)s->head_dim);
    ck_kv_u32(f, "gpt-oss.attention.value_length", (uint32_t)s->head_dim);
    ck_kv_u32(f, "gpt-oss.attention.sliding_window", (uint32_t)s->window);
    ck_kv_f32(f, "gpt-oss.attention.layer_norm_rms_epsilon", 1e-5f);
    ck_kv_u32(f, "gpt-oss.expert_count", (uint32_t)s->experts);
    ck_kv_u32(f, "gpt-oss.expert_used_count", (uint32_t)s->per_token);
    ck_kv_u32(f, "gpt-oss.expert_feed_forward_length", (uint32_t)s->width);
    ck_kv_f32(f, "gpt-oss.rope.freq_base", (float)s->theta);
    ck_kv_str(f, "gpt-oss.rope.scaling.type", s->factor > 1 ? "yarn" : "none");
    ck_kv_f32(f, "gpt-oss.rope.scaling.factor", (float)s->factor);
    ck_kv_u32(f, "gpt-oss.rope.scaling.original_context_length", (uint32_t)s->original);
    ck_gguf_vocab(s, f);
}

static inline uint64_t ck_align(uint64_t n) {
    return (n + CK_GGUF_ALIGN - 1) / CK_GGUF_ALIGN * CK_GGUF_ALIGN;
}

static inline void ck_pad(FILE *f) {
    while (ftell(f) % CK_GGUF_ALIGN) fputc(0, f);
}

static inline void ck_gguf_table(const CkSpec *s, const CkList *hf, FILE *f) {
    const CkMap *m;
    int layer;
    uint64_t at = 0;
    for (size_t i = 0; (m = ck_gguf_at(s, i, &layer)); i++) {
        CkGguf g = ck_gguf_shape(s, &hf->p[ck_gguf_source(hf, m, layer)], m->pack);
        char name[96];
        if (layer < 0)
            snprintf(name, sizeof name, "%s", m->name);
        else
            snprintf(name, sizeof name, "blk.%d.%s", layer, m->name);
        ck_wstr(f, name);
        ck_w32(f, (uint32_t)g.rank);
        for (int k = 0; k < g.rank; k++) ck_w64(f, g.dim[k]);
        ck_w32(f, g.type);
        ck_w64(f, at);
        at = ck_align(at + g.bytes);
    }
}

/* One file; dense matrices in s->dense, vectors and the router in F32, experts in MXFP4. */
static inline bool ck_write_gguf(const char *path, const CkSpec *s) {
    FILE *f = fopen(path, "wb");
    if (!f) return false;
    CkList hf = ck_list(s);
    const CkMap *m;
    size_t n = 0;
    int layer;
    bool ok = true;
    while (ck_gguf_at(s, n, &layer)) n++;
    fwrite("GGUF", 1, 4, f), ck_w32(f, 3), ck_w64(f, n), ck_w64(f, CK_GGUF_VALUES);
    ck_gguf_values(s, f);
    ck_gguf_table(s, &hf, f);
    for (size_t i = 0; ok && (m = ck_gguf_at(s, i, &layer)); i++) {
        size_t index = ck_gguf_source(&hf, m, layer);
        ck_pad(f);
        if (ck_is_blocks(m->pack))
            ok = ck_gguf_blocks(s, &hf, index, m->pack, f);
        else if (m->pack == CK_AS_IT_IS)
            ok = ck_copy(s, &hf, index, f);
        else
            ok = ck_gguf_numbers(s, &hf, index, m->pack, f);
    }
    free(hf.p);
    ok = !ferror(f) && ok;
    return fclose(f) == 0 && ok;
}

#endif
