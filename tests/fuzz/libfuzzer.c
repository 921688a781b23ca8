/* A target under libFuzzer, with structural changes beside libFuzzer's own. `fuzz_NAME --write-seeds DIR` writes the
 * seeds and ends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerCustomMutator(uint8_t *p, size_t n, size_t max, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *p, size_t n, size_t max);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    uint8_t *copy = fuzz_copy(p, n);
    fuzz_target.run(copy, n);
    free(copy);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *p, size_t n, size_t max, unsigned seed) {
    uint64_t state = seed;
    if (n == 0 || fuzz_draw(&state, 2)) {
        n = LLVMFuzzerMutate(p, n, max);
        if (fuzz_draw(&state, 8)) fuzz_repair(p, n, fuzz_target.kind);
        return n;
    }
    for (uint64_t k = 1 + fuzz_draw(&state, 3); k; k--) n = fuzz_mutate(p, n, max, fuzz_target.kind, &state);
    return n ? n : LLVMFuzzerMutate(p, n, max);
}

static void write_seed(void *ctx, const char *name, const void *p, size_t n) {
    char path[500];
    snprintf(path, sizeof path, "%s/%s", (const char *)ctx, name);
    FILE *f = fopen(path, "wb");
    fuzz_must(f && fwrite(p, 1, n, f) == n, "cannot write a seed");
    fclose(f);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    if (*argc == 3 && strcmp((*argv)[1], "--write-seeds") == 0) {
        fuzz_target.seeds(write_seed, (*argv)[2]);
        exit(0);
    }
    return 0;
}
