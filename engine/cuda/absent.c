/* Stands in for the CUDA backend in builds without it: the same symbol, and one clear sentence. */
#include "engine/backend.h"

static bool absent_open(const BackendOptions *o, Backend **out, Err *err) {
    (void)o;
    *out = NULL;
    return err_set(err, ERR_ENV, "this build has no CUDA backend; use --device cpu");
}

static const BackendPrecision *absent_precisions(size_t *n) {
    *n = 0;
    return NULL;
}

const BackendOps backend_cuda = {.device = "cuda", .precisions = absent_precisions, .open = absent_open};
