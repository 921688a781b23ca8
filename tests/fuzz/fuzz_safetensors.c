/* The safetensors container: header, shapes, offsets, tiling. */
#include "engine/model/model_internal.h"
#include "tests/fuzz/seeds.h"

static void seeds(FuzzGive *give, void *ctx) {
    static const char two[] = "\x80\0\0\0\0\0\0\0"
                              "{\"__metadata__\":{\"format\":\"pt\"},\"a\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_"
                              "offsets\":[0,16]},\"b\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[16,17]}";
    char small[8 + 160 + 17];
    CkSpec s = CK_SPEC_MIN;
    SeedFile w = seed_weights(&s);
    give(ctx, "checkpoint", w.p, w.n);
    free(w.p);
    uint64_t n = 160;
    memset(small, ' ', sizeof small);
    memcpy(small, two, sizeof two - 1);
    small[sizeof two - 1] = '}';
    memcpy(small, &n, 8);
    give(ctx, "two", small, sizeof small);
}

/* Each byte that a tensor claims is read. */
static bool run(const uint8_t *p, size_t n) {
    ModelFiles d = {.arena = arena_open(0)};
    Err err = ERR_INIT;
    bool ok = safetensors_read(&d, "f.safetensors", p, n, &err);
    unsigned sum = 0;
    for (size_t i = 0; ok && i < d.n_tensors; i++)
        for (size_t k = 0; k < d.tensors[i].bytes; k++) sum += d.tensors[i].data[k];
    fuzz_use(sum);
    fuzz_must(!ok || d.n_tensors > 0, "a file without tensors was taken");
    dir_close(&d);
    return ok || fuzz_refused(&err);
}

const FuzzTarget fuzz_target = {"safetensors", FUZZ_SAFETENSORS, NULL, 3000, seeds, run};
