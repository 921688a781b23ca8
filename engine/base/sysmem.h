/* How much memory this process can still take before the kernel kills or refuses it. */
#ifndef ASSAY_BASE_SYSMEM_H
#define ASSAY_BASE_SYSMEM_H

#include <stdint.h>

#include "engine/base/err.h"

typedef struct SysMem {
    uint64_t free;   /* bytes: the least that any of the bounds below leaves */
    char bound[120]; /* what sets it: "this machine", "the control group /a/b", "ASSAY_MEMORY" */
} SysMem;

/* The machine's MemAvailable (proc(5): pages that can be had without swapping, the page cache among them), and for
 * every control group that this process is in, up to the root, its limit less what it holds and cannot drop. Version 1
 * (memory.limit_in_bytes) and version 2 (memory.max, memory.high) alike; the page cache of a group counts as free,
 * because the kernel drops it before it kills. Swap never counts. The environment variable ASSAY_MEMORY, in bytes (a
 * suffix K, M, G means 10^3, 10^6, 10^9), can lower the result.
 *
 * root: put before every path, "" outside of tests. What cannot be read bounds nothing. ERR_INPUT: ASSAY_MEMORY is no
 * such number; a limit that somebody set must not be passed over. */
bool sysmem_read(const char *root, SysMem *out, Err *err);

#endif
