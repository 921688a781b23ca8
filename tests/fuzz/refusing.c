/* A target that refuses one of its own valid seeds: tests/e2e/test_sweep.sh looks whether anybody notices. */
#include "tests/fuzz/fuzz.h"

static void seeds(FuzzGive *give, void *ctx) {
    give(ctx, "taken", "a", 1);
    give(ctx, "refused", "b", 1);
}

static bool run(const uint8_t *p, size_t n) {
    return n == 0 || p[0] != 'b';
}

const FuzzTarget fuzz_target = {"refusing", FUZZ_TEXT, NULL, 1, seeds, run};
