/* A fixed set of threads that share the iterations of a loop. */
#ifndef ASSAY_BASE_POOL_H
#define ASSAY_BASE_POOL_H

#include <stddef.h>

#include "engine/base/err.h"

typedef struct Pool Pool;

/* CPUs that this process may use: by its affinity, not all that are there; 1 or more. */
int pool_cpus(void);

/* n_threads counts the caller; 0 = one per online CPU that this process may use. */
bool pool_open(int n_threads, Pool **out, Err *err);
void pool_close(Pool *p); /* NULL is fine */
int pool_threads(const Pool *p);

/* Runs fn(ctx, begin, end, worker) over [0, n) in contiguous pieces of at least `grain` (last piece may be smaller),
 * handed out dynamically, and returns when all are done. worker is 0..threads-1. Which thread takes which piece must
 * not change any result. The caller takes part. Not re-entrant. */
typedef void (*PoolFn)(void *ctx, size_t begin, size_t end, int worker);
void pool_run(Pool *p, size_t n, size_t grain, PoolFn fn, void *ctx);

#endif
