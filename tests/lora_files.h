/* Writes PEFT adapters for tests: any tensors, any settings, without the engine. The content of a tensor is a formula
 * of its place and a salt, the same as in tests/golden/lora/make.py. */
#ifndef ASSAY_TESTS_LORA_FILES_H
#define ASSAY_TESTS_LORA_FILES_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef enum LfType { LF_F32, LF_F16, LF_BF16, LF_I32 } LfType;

typedef struct LfTensor {
    char name[200];
    LfType type;
    size_t rows, cols;
    int salt;
    double unit; /* content is a whole number of -8..8 times this, a power of two; 0: zeros */
    bool nan, flat;
} LfTensor;

typedef struct LfAdapter {
    char config[4000];
    LfTensor t[600];
    size_t n;
} LfAdapter;

static inline double lf_value(size_t i, int salt) {
    uint64_t v = i * UINT64_C(2654435761) + (uint64_t)salt * 40503;
    return (double)(int)((v >> 7) % 17) - 8;
}

static inline void lf_add(LfAdapter *a, const char *name, LfType type, size_t rows, size_t cols, int salt,
                          double unit) {
    LfTensor *t = &a->t[a->n++];
    *t = (LfTensor){.type = type, .rows = rows, .cols = cols, .salt = salt, .unit = unit};
    snprintf(t->name, sizeof t->name, "base_model.model.%s.weight", name);
}

static inline size_t lf_size(LfType t) {
    return t == LF_F32 || t == LF_I32 ? 4 : 2;
}

static inline void lf_put(FILE *f, const LfTensor *t, size_t i) {
    float v = (float)(lf_value(i, t->salt) * t->unit);
    uint32_t bits;
    if (t->nan && i == t->rows * t->cols / 2) v = NAN;
    memcpy(&bits, &v, 4);
    uint16_t half = (uint16_t)(bits >> 16);
    if (t->type == LF_F16) {
        int e = (int)(bits >> 23 & 255) - 127;
        half = v == 0 ? 0 : (uint16_t)((bits >> 16 & 0x8000) | (uint32_t)(e + 15) << 10 | (bits >> 13 & 1023));
        if (t->nan && isnan(v)) half = 0x7E00;
    }
    fwrite(lf_size(t->type) == 4 ? (void *)&bits : (void *)&half, 1, lf_size(t->type), f);
}

static inline void lf_write(const char *dir, const LfAdapter *a) {
    static const char *const names[] = {"F32", "F16", "BF16", "I32"};
    char path[4200], *h = malloc(300 * (a->n + 1));
    size_t at = 1, n = 0;
    mkdir(dir, 0777);
    snprintf(path, sizeof path, "%s/adapter_config.json", dir);
    FILE *f = fopen(path, "wb");
    fputs(a->config, f);
    fclose(f);
    h[0] = '{';
    for (size_t i = 0; i < a->n; i++) {
        const LfTensor *t = &a->t[i];
        size_t bytes = t->rows * t->cols * lf_size(t->type);
        at += (size_t)sprintf(h + at, "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[", i ? "," : "", t->name, names[t->type]);
        at += t->flat ? (size_t)sprintf(h + at, "%zu", t->rows * t->cols)
                      : (size_t)sprintf(h + at, "%zu,%zu", t->rows, t->cols);
        at += (size_t)sprintf(h + at, "],\"data_offsets\":[%zu,%zu]}", n, n + bytes);
        n += bytes;
    }
    h[at++] = '}';
    while (at % 8) h[at++] = ' ';
    snprintf(path, sizeof path, "%s/adapter_model.safetensors", dir);
    f = fopen(path, "wb");
    uint64_t size = at;
    fwrite(&size, 8, 1, f);
    fwrite(h, 1, at, f);
    for (size_t i = 0; i < a->n; i++)
        for (size_t k = 0; k < a->t[i].rows * a->t[i].cols; k++) lf_put(f, &a->t[i], k);
    fclose(f);
    free(h);
}

#endif
