/* The checkpoints of tests/checkpoint.h with de-quantised experts, as fine-tunes are saved: gate_up_proj [e, h, 2w] and
 * down_proj [e, w, h] of one number type instead of MXFP4 blocks and scales, and no quantization_config. */
#ifndef ASSAY_TESTS_CHECKPOINT_PLAIN_H
#define ASSAY_TESTS_CHECKPOINT_PLAIN_H

#include <math.h>

#include "tests/checkpoint_layouts.h"

/* Experts [e, rows, cols] of MXFP4 as [e, cols, rows] of `dense`. Every value has at most two significant bits, so all
 * three types hold it exactly where their exponent reaches (F16: 2^-14 .. 2^15, which the scales of small shapes keep
 * to). */
static inline void ck_dequantise(CkDense dense, const unsigned char *codes, const unsigned char *scales, size_t e,
                                 size_t rows, size_t cols, unsigned char *out) {
    static const float e2m1[16] = {0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.f, -0.5, -1, -1.5, -2, -3, -4, -6};
    size_t size = dense == CK_F32 ? 4 : 2;
    for (size_t r = 0; r < e * rows; r++)
        for (size_t c = 0; c < cols; c++) {
            int code = codes[(r * cols + c) / 2] >> (c % 2 * 4) & 15;
            float v = ldexpf(e2m1[code], scales[(r * cols + c) / 32] - 127);
            uint32_t bits;
            memcpy(&bits, &v, 4);
            uint16_t half = dense == CK_F16 ? ck_f16(v) : (uint16_t)(bits >> 16);
            memcpy(out + ((r / rows * cols + c) * rows + r % rows) * size, size == 4 ? (void *)&v : &half, size);
        }
}

/* The tensors of the saved file. Experts are marked by their three dimensions. */
static inline CkList ck_plain_list(const CkSpec *s, CkDense experts, const CkList *hf) {
    CkList l = {.spec = s};
    for (size_t i = 0; i < hf->n; i++) {
        CkTensor t = hf->p[i];
        if (t.kind == CK_SCALES) continue;
        if (t.kind == CK_CODES) {
            size_t rows = t.shape[1], cols = t.shape[2] * 32;
            t.name[strlen(t.name) - strlen("_blocks")] = '\0';
            t.kind = CK_NUMBERS, t.rank = 3, t.shape[1] = cols, t.shape[2] = rows;
            t.elements = t.shape[0] * rows * cols;
            t.bytes = t.elements * (experts == CK_F32 ? 4 : 2);
        }
        t.at = l.bytes;
        l.p = realloc(l.p, (l.n + 1) * sizeof *l.p);
        l.p[l.n++] = t;
        l.bytes += t.bytes;
    }
    return l;
}

static inline void ck_plain_header(const CkSpec *s, CkDense experts, const CkList *l, FILE *f) {
    CkSpec as = *s;
    char *text = NULL;
    size_t text_n = 0;
    FILE *h = open_memstream(&text, &text_n);
    as.dense = experts;
    for (size_t i = 0; i < l->n; i++) {
        const CkTensor *t = &l->p[i];
        fprintf(h, "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[", i ? "," : "{", t->name,
                ck_dtype(t->rank == 3 ? &as : s, t));
        for (int k = 0; k < t->rank; k++) fprintf(h, "%s%zu", k ? "," : "", t->shape[k]);
        fprintf(h, "],\"data_offsets\":[%zu,%zu]}", t->at, t->at + t->bytes);
    }
    fputc('}', h);
    fclose(h);
    uint64_t n = text_n;
    fwrite(&n, 8, 1, f), fwrite(text, 1, text_n, f);
    free(text);
}

static inline bool ck_plain_tensor(const CkSpec *s, CkDense experts, const CkList *hf, const CkTensor *t, FILE *f) {
    char name[112];
    size_t i = 0;
    snprintf(name, sizeof name, "%s%s", t->name, t->rank == 3 ? "_blocks" : "");
    while (strcmp(hf->p[i].name, name) != 0) i++;
    if (t->rank != 3) return ck_copy(s, hf, i, f);
    unsigned char *codes = ck_bytes(s, hf, i), *scales = ck_bytes(s, hf, i + 1), *plain = malloc(t->bytes);
    ck_dequantise(experts, codes, scales, t->shape[0], t->shape[2], t->shape[1], plain);
    bool ok = fwrite(plain, 1, t->bytes, f) == t->bytes;
    free(codes), free(scales), free(plain);
    return ok;
}

static inline bool ck_plain_config(const CkSpec *s, FILE *f) {
    char *text = NULL;
    size_t n = 0;
    FILE *memory = open_memstream(&text, &n);
    ck_config(s, memory);
    fclose(memory);
    char *cut = strstr(text, ",\"quantization_config\"");
    bool ok = cut && fprintf(f, "%.*s}", (int)(cut - text), text) > 0;
    free(text);
    return ok;
}

/* config.json and model.safetensors; no tokenizer. The other numbers stay in s->dense. dir is made if need be. */
static inline bool ck_write_plain(const char *dir, const CkSpec *s, CkDense experts) {
    char path[4096];
    CkList hf = ck_list(s), l = ck_plain_list(s, experts, &hf);
    mkdir(dir, 0777);
    snprintf(path, sizeof path, "%s/config.json", dir);
    FILE *config = fopen(path, "wb");
    snprintf(path, sizeof path, "%s/model.safetensors", dir);
    FILE *f = fopen(path, "wb");
    bool ok = config && f && ck_plain_config(s, config);
    if (f) ck_plain_header(s, experts, &l, f);
    for (size_t i = 0; ok && i < l.n; i++) ok = ck_plain_tensor(s, experts, &hf, &l.p[i], f);
    ok = (!f || fclose(f) == 0) && ok;
    ok = (!config || fclose(config) == 0) && ok;
    free(l.p), free(hf.p);
    return ok;
}

#endif
