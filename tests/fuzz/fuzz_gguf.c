/* The GGUF container: whatever opens can be read in full, every value and every byte of every tensor. */
#include <stdlib.h>

#include "tests/fuzz/gguf_seed.h"

static void seeds(FuzzGive *give, void *ctx) {
    Buf b;
    buf_init(&b, 1 << 20);
    gguf_seed(&b);
    give(ctx, "small", b.p, b.n);
    buf_clear(&b);
    gb_head(&b, 0, GGUF_SEED_VALUES);
    gguf_seed_values(&b);
    give(ctx, "values", b.p, b.n);
    buf_release(&b);
}

static uint64_t read_value(const Gguf *g, const GgufValue *v) {
    uint64_t sum = 0;
    for (size_t i = 0; i < v->bytes; i++) sum += v->data[i];
    fuzz_must(v->key.n > 0 && v->type <= GGUF_F64 && v->item != GGUF_ARRAY, "an odd value");
    if (v->type != GGUF_ARRAY) return sum;
    size_t at = 0;
    bool whole = v->item != GGUF_STRING && v->item != GGUF_F32 && v->item != GGUF_F64 && v->item != GGUF_BOOL;
    for (uint64_t i = 0; v->item == GGUF_STRING && i < v->count; i++) {
        Str s = gguf_next_str(v, &at);
        for (size_t k = 0; k < s.n; k++) sum += (unsigned char)s.p[k];
    }
    for (uint64_t i = 0; whole && i < v->count; i++) sum += (uint64_t)gguf_item_int(v, i);
    (void)g;
    return sum;
}

/* Typed reads of keys that exist and of one that does not. */
static void read_typed(const Gguf *g) {
    static const char *const keys[] = {"general.architecture",
                                       "general.alignment",
                                       "gpt-oss.rope.freq_base",
                                       "tokenizer.ggml.tokens",
                                       "flag",
                                       "wide",
                                       "signed",
                                       "absent"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        Err err = ERR_INIT;
        uint64_t u = 0;
        double d = 0;
        bool flag;
        Str s = {NULL, 0};
        const GgufValue *a = NULL;
        fuzz_must(!gguf_uint(g, keys[i], false, 1, 100, &u, &err) || u <= 100, "a number out of bounds");
        fuzz_must(!gguf_num(g, keys[i], false, &d, &err) || d - d == 0, "a number that is not finite");
        gguf_bool(g, keys[i], false, &flag, &err);
        gguf_str(g, keys[i], false, &s, &err);
        gguf_array(g, keys[i], false, GGUF_STRING, &a, &err);
    }
}

static bool run(const uint8_t *p, size_t n) {
    Gguf *g;
    Err err = ERR_INIT;
    if (!gguf_open(p, n, "f.gguf", &g, &err)) return fuzz_refused(&err);
    uint64_t sum = 0;
    size_t bytes = 0;
    for (size_t i = 0; i < gguf_n_values(g); i++) sum += read_value(g, gguf_value_at(g, i));
    for (size_t i = 0; i < gguf_n_tensors(g); i++) {
        const GgufTensor *t = gguf_tensor_at(g, i);
        fuzz_must(t->rank >= 1 && t->rank <= GGUF_MAX_RANK && gguf_type_name(t->type), "an odd tensor");
        for (size_t k = 0; k < t->bytes; k++) sum += t->data[k];
        bytes += t->bytes;
    }
    fuzz_must(bytes <= n, "tensors larger than the file");
    fuzz_use(sum);
    read_typed(g);
    gguf_close(g);
    return true;
}

const FuzzTarget fuzz_target = {"gguf", FUZZ_GGUF, NULL, 6000, seeds, run};
