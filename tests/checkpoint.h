/* Writes checkpoints with random weights in the Hugging Face layout: tiny ones for tests, and through
 * tests/tools/make_checkpoint.c one of any shape. Numbers are at realistic scales, so that experts, sinks and clamps
 * matter. The content depends on the shape and the seed alone.
 *
 * Nothing here uses the engine, so a test can compare the engine with what was written. */
#ifndef ASSAY_TESTS_CHECKPOINT_H
#define ASSAY_TESTS_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef enum CkDense { CK_BF16, CK_F32, CK_F16 } CkDense;

typedef struct CkSpec {
    int layers, hidden, heads, kv_heads, head_dim, experts, per_token, width, vocab, window, context;
    double theta, factor, original; /* factor 1: no YaRN */
    CkDense dense;
    uint64_t seed;
} CkSpec;

#define CK_SPEC_20B                                                                                                    \
    {                                                                                                                  \
        .layers = 24, .hidden = 2880, .heads = 64, .kv_heads = 8, .head_dim = 64, .experts = 32, .per_token = 4,       \
        .width = 2880, .vocab = 201088, .window = 128, .context = 131072, .theta = 150000, .factor = 32,               \
        .original = 4096                                                                                               \
    }
#define CK_SPEC_TINY                                                                                                   \
    {                                                                                                                  \
        .layers = 3, .hidden = 64, .heads = 4, .kv_heads = 2, .head_dim = 32, .experts = 5, .per_token = 2,            \
        .width = 32, .vocab = 300, .window = 20, .context = 512, .theta = 10000, .factor = 8, .original = 2048         \
    }

typedef enum CkKind { CK_NUMBERS, CK_CODES, CK_SCALES } CkKind;

typedef struct CkTensor {
    char name[96];
    CkKind kind;
    int rank;
    size_t shape[4], elements, bytes, at; /* at: offset in the data section */
    int top;                              /* CK_NUMBERS: uniform in (-2^top, 2^top); CK_SCALES: centre */
    double shift;                         /* ... plus this */
} CkTensor;

typedef struct CkList {
    CkTensor *p;
    size_t n, bytes;
    const CkSpec *spec;
    int layer;
} CkList;

static inline size_t ck_size(const CkSpec *s) {
    return s->dense == CK_F32 ? 4 : 2;
}

static inline void ck_add(CkList *l, const char *name, CkKind kind, int top, double shift, int rank, size_t a, size_t b,
                          size_t c, size_t d) {
    CkTensor t = {
        .kind = kind, .rank = rank, .shape = {a, b, c, d}, .elements = 1, .top = top, .shift = shift, .at = l->bytes};
    if (l->layer < 0)
        snprintf(t.name, sizeof t.name, "%s", name);
    else
        snprintf(t.name, sizeof t.name, "model.layers.%d.%s", l->layer, name);
    for (int i = 0; i < rank; i++) t.elements *= t.shape[i];
    t.bytes = t.elements * (kind == CK_NUMBERS ? ck_size(l->spec) : 1);
    l->p = realloc(l->p, (l->n + 1) * sizeof *l->p);
    l->p[l->n++] = t;
    l->bytes += t.bytes;
}

/* The exponent at which a sum over n products keeps its size. */
static inline int ck_top(size_t n) {
    int top = 1;
    while (n > 1) n /= 4, top--;
    return top;
}

static inline void ck_layer(CkList *l) {
    const CkSpec *s = l->spec;
    size_t h = (size_t)s->hidden, q = (size_t)(s->heads * s->head_dim), kv = (size_t)(s->kv_heads * s->head_dim);
    size_t e = (size_t)s->experts, w = (size_t)s->width;
    ck_add(l, "input_layernorm.weight", CK_NUMBERS, -1, 1, 1, h, 0, 0, 0);
    ck_add(l, "self_attn.q_proj.weight", CK_NUMBERS, ck_top(h), 0, 2, q, h, 0, 0);
    ck_add(l, "self_attn.q_proj.bias", CK_NUMBERS, -2, 0, 1, q, 0, 0, 0);
    ck_add(l, "self_attn.k_proj.weight", CK_NUMBERS, ck_top(h), 0, 2, kv, h, 0, 0);
    ck_add(l, "self_attn.k_proj.bias", CK_NUMBERS, -2, 0, 1, kv, 0, 0, 0);
    ck_add(l, "self_attn.v_proj.weight", CK_NUMBERS, ck_top(h), 0, 2, kv, h, 0, 0);
    ck_add(l, "self_attn.v_proj.bias", CK_NUMBERS, -2, 0, 1, kv, 0, 0, 0);
    ck_add(l, "self_attn.o_proj.weight", CK_NUMBERS, ck_top(q), 0, 2, h, q, 0, 0);
    ck_add(l, "self_attn.o_proj.bias", CK_NUMBERS, -2, 0, 1, h, 0, 0, 0);
    ck_add(l, "self_attn.sinks", CK_NUMBERS, 1, 0, 1, (size_t)s->heads, 0, 0, 0);
    ck_add(l, "post_attention_layernorm.weight", CK_NUMBERS, -1, 1, 1, h, 0, 0, 0);
    ck_add(l, "mlp.router.weight", CK_NUMBERS, ck_top(h), 0, 2, e, h, 0, 0);
    ck_add(l, "mlp.router.bias", CK_NUMBERS, -1, 0, 1, e, 0, 0, 0);
    ck_add(l, "mlp.experts.gate_up_proj_blocks", CK_CODES, 0, 0, 4, e, 2 * w, h / 32, 16);
    ck_add(l, "mlp.experts.gate_up_proj_scales", CK_SCALES, 127 + ck_top(h) - 2, 0, 3, e, 2 * w, h / 32, 0);
    ck_add(l, "mlp.experts.gate_up_proj_bias", CK_NUMBERS, 0, 0, 2, e, 2 * w, 0, 0);
    ck_add(l, "mlp.experts.down_proj_blocks", CK_CODES, 0, 0, 4, e, h, w / 32, 16);
    ck_add(l, "mlp.experts.down_proj_scales", CK_SCALES, 127 + ck_top(w) - 3, 0, 3, e, h, w / 32, 0);
    ck_add(l, "mlp.experts.down_proj_bias", CK_NUMBERS, -1, 0, 2, e, h, 0, 0);
}

static inline CkList ck_list(const CkSpec *s) {
    CkList l = {.spec = s, .layer = -1};
    size_t v = (size_t)s->vocab, h = (size_t)s->hidden;
    ck_add(&l, "model.embed_tokens.weight", CK_NUMBERS, 0, 0, 2, v, h, 0, 0);
    ck_add(&l, "model.norm.weight", CK_NUMBERS, -1, 1, 1, h, 0, 0, 0);
    ck_add(&l, "lm_head.weight", CK_NUMBERS, ck_top(h) + 1, 0, 2, v, h, 0, 0);
    for (l.layer = 0; l.layer < s->layers; l.layer++) ck_layer(&l);
    return l;
}

/* ---- numbers ---- */

/* splitmix64 */
static inline uint64_t ck_next(uint64_t *state) {
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* BF16 from 16 random bits: uniform in (-2^top, 2^top), down to 2^(top-9). Halving the probability with each exponent
 * is what makes it uniform. */
static inline uint16_t ck_bf16(uint32_t bits, int top) {
    int down = __builtin_ctz((bits >> 8) | 0x100);
    return (uint16_t)((bits & 0x80) << 8 | (uint32_t)(126 + top - down) << 7 | (bits & 0x7f));
}

static inline float ck_widen(uint16_t b) {
    uint32_t bits = (uint32_t)b << 16;
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

/* Exact for the values that occur here: 8 bits of precision, exponents above 2^-14. Others become 0. */
static inline uint16_t ck_f16(float f) {
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    int e = (int)(bits >> 23 & 255) - 127;
    if (e < -14) return 0;
    return (uint16_t)(bits >> 16 & 0x8000u) | (uint16_t)((e + 15) << 10) | (uint16_t)(bits >> 13 & 1023);
}

static inline void ck_put(const CkSpec *s, uint16_t b, double shift, unsigned char *to) {
    float f = (float)((double)ck_widen(b) + shift);
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    b = (uint16_t)(bits >> 16); /* cut, so that all three types hold the same number */
    f = ck_widen(b);
    uint16_t half = ck_f16(f);
    if (s->dense == CK_F32)
        memcpy(to, &f, sizeof f);
    else
        memcpy(to, s->dense == CK_F16 ? &half : &b, 2);
}

enum { CK_PIECE = 1 << 20 }; /* elements that are made from one state */

/* Elements [piece*CK_PIECE, ...) of tensor t; returns bytes written. */
static inline size_t ck_fill(const CkSpec *s, const CkTensor *t, size_t index, size_t piece, unsigned char *out) {
    size_t n = t->elements - piece * CK_PIECE, size = t->bytes / t->elements;
    if (n > CK_PIECE) n = CK_PIECE;
    uint64_t state = s->seed * 1000003 + index * 7919 + piece * 0x5851F42D4C957F2Du, r = 0;
    for (size_t i = 0; i < n; i++) {
        if (i % 4 == 0) r = ck_next(&state);
        uint32_t bits = (uint32_t)(r >> (i % 4 * 16)) & 0xffff;
        if (t->kind == CK_CODES)
            out[i] = (unsigned char)bits;
        else if (t->kind == CK_SCALES)
            out[i] = (unsigned char)(t->top + (int)(bits % 4) - 1);
        else if (t->shift == 0 && s->dense == CK_BF16)
            memcpy(out + 2 * i, &(uint16_t){ck_bf16(bits, t->top)}, 2);
        else
            ck_put(s, ck_bf16(bits, t->top), t->shift, out + i * size);
    }
    return n * size;
}

static inline size_t ck_pieces(const CkTensor *t) {
    return (t->elements + CK_PIECE - 1) / CK_PIECE;
}

/* ---- files ---- */

static inline const char *ck_dtype(const CkSpec *s, const CkTensor *t) {
    return t->kind != CK_NUMBERS ? "U8" : s->dense == CK_F32 ? "F32" : s->dense == CK_F16 ? "F16" : "BF16";
}

/* The JSON header; release with free. */
static inline char *ck_header(const CkSpec *s, const CkList *l) {
    size_t cap = l->n * 300 + 64, at = 0;
    char *h = malloc(cap);
    at += (size_t)snprintf(h, cap, "{\"__metadata__\":{\"format\":\"pt\"}");
    for (size_t i = 0; i < l->n; i++) {
        const CkTensor *t = &l->p[i];
        at += (size_t)snprintf(h + at, cap - at, ",\"%s\":{\"dtype\":\"%s\",\"shape\":[", t->name, ck_dtype(s, t));
        for (int k = 0; k < t->rank; k++) at += (size_t)snprintf(h + at, cap - at, "%s%zu", k ? "," : "", t->shape[k]);
        at += (size_t)snprintf(h + at, cap - at, "],\"data_offsets\":[%zu,%zu]}", t->at, t->at + t->bytes);
    }
    at += (size_t)snprintf(h + at, cap - at, "}");
    while (at % 8) h[at++] = ' ';
    h[at] = '\0';
    return h;
}

static inline void ck_config(const CkSpec *s, FILE *f) {
    fprintf(f, "{\"architectures\":[\"GptOssForCausalLM\"],\"model_type\":\"gpt_oss\",\"attention_bias\":true,\"hidden_"
               "act\":\"silu\",");
    fprintf(f,
            "\"num_hidden_layers\":%d,\"hidden_size\":%d,\"num_attention_heads\":%d,\"num_key_value_heads\":%d,\"head_"
            "dim\":%d,",
            s->layers, s->hidden, s->heads, s->kv_heads, s->head_dim);
    fprintf(f,
            "\"num_local_experts\":%d,\"num_experts_per_tok\":%d,\"intermediate_size\":%d,\"vocab_size\":%d,\"sliding_"
            "window\":%d,",
            s->experts, s->per_token, s->width, s->vocab, s->window);
    fprintf(f,
            "\"max_position_embeddings\":%d,\"rms_norm_eps\":1e-05,\"rope_theta\":%.17g,\"swiglu_limit\":7.0,\"tie_"
            "word_embeddings\":false,",
            s->context, s->theta);
    if (s->factor > 1)
        fprintf(f,
                "\"rope_scaling\":{\"rope_type\":\"yarn\",\"factor\":%.17g,\"original_max_position_embeddings\":%.17g,"
                "\"beta_fast\":32.0,"
                "\"beta_slow\":1.0,\"truncate\":false},",
                s->factor, s->original);
    fprintf(f, "\"quantization_config\":{\"quant_method\":\"mxfp4\"}}\n");
}

/* A byte-level vocabulary without merges: ids 0..255 are bytes; the 21 special tokens stand where the published
 * tokenizer has them, or at the end of a smaller vocabulary; what is left are fillers without text. */
static inline void ck_tokenizer(const CkSpec *s, FILE *f) {
    static const char *const specials[21] = {"startoftext", "endoftext", NULL,         NULL,  "return",  "constrain",
                                             NULL,          "channel",   "start",      "end", "message", NULL,
                                             NULL,          NULL,        "call",       NULL,  NULL,      NULL,
                                             NULL,          NULL,        "endofprompt"};
    int first = s->vocab > 200018 ? 199998 : s->vocab - 21;
    fprintf(f, "{\"version\":\"1.0\",\"added_tokens\":[");
    for (int i = 0; i < 21; i++) {
        fprintf(f, "%s{\"id\":%d,\"content\":\"<|", i ? "," : "", first + i);
        if (specials[i])
            fprintf(f, "%s", specials[i]);
        else
            fprintf(f, "reserved_%d", 199998 + i);
        fprintf(f,
                "|>\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,\"special\":true}");
    }
    fprintf(f, "],\"normalizer\":null,\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\","
               "\"pattern\":{\"Regex\":\""
               "[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?[\\\\p{Lu}\\\\p{Lt}\\\\p{Lm}\\\\p{Lo}\\\\p{M}]*[\\\\p{Ll}\\\\p{Lm}\\\\p{"
               "Lo}\\\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
               "[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?[\\\\p{Lu}\\\\p{Lt}\\\\p{Lm}\\\\p{Lo}\\\\p{M}]+[\\\\p{Ll}\\\\p{Lm}\\\\p{"
               "Lo}\\\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
               "\\\\p{N}{1,3}| ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n/]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+\"},"
               "\"behavior\":\"Isolated\",\"invert\":false},{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_"
               "offsets\":true,\"use_regex\":false}]},"
               "\"decoder\":{\"type\":\"ByteLevel\"},\"model\":{\"type\":\"BPE\",\"byte_fallback\":false,\"vocab\":{");
    for (int b = 0, other = 0x100; b < 256; b++) {
        bool printable = (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
        int cp = printable ? b : other++;
        fprintf(f, "%s\"", b ? "," : "");
        if (cp == '"' || cp == '\\')
            fprintf(f, "\\%c", cp);
        else if (cp < 0x80)
            fputc(cp, f);
        else
            fprintf(f, "%c%c", 0xC0 | cp >> 6, 0x80 | (cp & 63));
        fprintf(f, "\":%d", b);
    }
    fprintf(f, "},\"merges\":[]}}\n");
}

static inline bool ck_weights(const CkSpec *s, FILE *f) {
    CkList l = ck_list(s);
    char *header = ck_header(s, &l);
    uint64_t n = strlen(header);
    unsigned char *piece = malloc(CK_PIECE * 4u);
    bool ok = piece && fwrite(&n, 8, 1, f) == 1 && fwrite(header, 1, n, f) == n;
    for (size_t i = 0; i < l.n; i++)
        for (size_t k = 0; ok && k < ck_pieces(&l.p[i]); k++) {
            size_t bytes = ck_fill(s, &l.p[i], i, k, piece);
            ok = fwrite(piece, 1, bytes, f) == bytes;
        }
    free(piece);
    free(header);
    free(l.p);
    return ok;
}

/* dir is made if it is not there. false: a file could not be written (errno says why). */
static inline bool ck_write(const char *dir, const CkSpec *s) {
    static const char *const names[] = {"config.json", "tokenizer.json", "model.safetensors"};
    bool ok = true;
    mkdir(dir, 0777);
    for (int i = 0; i < 3 && ok; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        FILE *f = fopen(path, "wb");
        if (!f) return false;
        if (i == 0)
            ck_config(s, f);
        else if (i == 1)
            ck_tokenizer(s, f);
        else
            ok = ck_weights(s, f);
        ok = fclose(f) == 0 && ok;
    }
    return ok;
}

#endif
