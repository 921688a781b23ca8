/* Jobs: a queue with worker threads behind it. One thread pushes and takes back, the workers do. */
#ifndef ASSAY_JOBS_H
#define ASSAY_JOBS_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/err.h"

typedef struct Jobs Jobs;

/* A job is linked into the queue by this first member: no allocation can fail between push and done. */
typedef struct Job {
    struct Job *next;
} Job;

/* work(ctx, job) runs on one of n_threads (at least 1) threads. */
bool jobs_open(int n_threads, void (*work)(void *ctx, Job *job), void *ctx, Jobs **out, Err *err);
/* Waits for the jobs that run; those that wait are forgotten. NULL is fine. */
void jobs_close(Jobs *j);

void jobs_push(Jobs *j, Job *job);
/* A finished job in the order of finishing, or NULL: nothing is finished (wait = false), or nothing is left (wait =
 * true). */
Job *jobs_take(Jobs *j, bool wait);
/* Waits until a job is finished, none is pending, or so much time has passed: a signal's word is then heard in time. */
void jobs_wait(Jobs *j, int milliseconds);
/* Takes a job that no worker has begun, or NULL. */
Job *jobs_cancel(Jobs *j);
/* Pushed and not yet taken back. */
size_t jobs_pending(Jobs *j);

#endif
