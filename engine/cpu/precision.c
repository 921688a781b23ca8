/* The settings of BackendOptions.precision. Each keeps the promise of backend.h: bits depend on the tokens and the
 * model, not on batch, threads, splitting or instruction set. */
#include <stdio.h>
#include <string.h>

#include "engine/cpu/cpu_internal.h"

static const BackendPrecision precisions[] = {
    {"exact", "float32 activations, sums, keys and values (the default)"},
    {"kv-f16", "keys and values rounded to half: half the memory per position, all else exact"},
    {"int8", "activations rounded to 8 bits where they meet MXFP4 or Q8_0: faster prompts and batches"},
};
enum { N_PRECISIONS = sizeof precisions / sizeof *precisions };

const BackendPrecision *cpu_precisions(size_t *n) {
    *n = N_PRECISIONS;
    return precisions;
}

bool cpu_precision_choose(Cpu *c, Err *err) {
    char names[64];
    size_t at = 0;
    const char *wanted = c->o.precision ? c->o.precision : "exact";
    for (size_t i = 0; i < N_PRECISIONS; i++)
        if (strcmp(wanted, precisions[i].name) == 0) c->precision = precisions[i].name;
    if (c->precision) {
        c->kv_half = strcmp(wanted, "kv-f16") == 0, c->int8 = strcmp(wanted, "int8") == 0;
        return true;
    }
    for (size_t i = 0; i < N_PRECISIONS && at < sizeof names; i++)
        at += (size_t)snprintf(names + at, sizeof names - at, "%s%s", i ? ", " : "", precisions[i].name);
    return err_set(err, ERR_INPUT, "the cpu backend has no precision '%.40s'; it has: %s", wanted, names);
}
