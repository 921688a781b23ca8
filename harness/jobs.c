#include "harness/jobs.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "engine/base/mem.h"

typedef struct List {
    Job *first, **end;
} List;

struct Jobs {
    pthread_mutex_t lock;
    pthread_cond_t waiting_changed, done_changed;
    List waiting, done;
    size_t n_pending; /* pushed, not taken back */
    bool stop;
    void (*work)(void *ctx, Job *job);
    void *ctx;
    int n_threads;
    pthread_t threads[]; /* [n_threads] */
};

static void list_init(List *l) {
    l->first = NULL;
    l->end = &l->first;
}

static void list_put(List *l, Job *job) {
    job->next = NULL;
    *l->end = job;
    l->end = &job->next;
}

static Job *list_get(List *l) {
    Job *job = l->first;
    if (job && !(l->first = job->next)) l->end = &l->first;
    return job;
}

static void *worker(void *p) {
    Jobs *j = p;
    pthread_mutex_lock(&j->lock);
    for (;;) {
        while (!j->stop && !j->waiting.first) pthread_cond_wait(&j->waiting_changed, &j->lock);
        if (j->stop) break;
        Job *job = list_get(&j->waiting);
        pthread_mutex_unlock(&j->lock);
        j->work(j->ctx, job);
        pthread_mutex_lock(&j->lock);
        list_put(&j->done, job);
        pthread_cond_signal(&j->done_changed);
    }
    pthread_mutex_unlock(&j->lock);
    return NULL;
}

/* Signals belong to the thread that runs the loop. */
static bool start_threads(Jobs *j, int n) {
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    while (j->n_threads < n && pthread_create(&j->threads[j->n_threads], NULL, worker, j) == 0) j->n_threads++;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return j->n_threads == n;
}

bool jobs_open(int n_threads, void (*work)(void *ctx, Job *job), void *ctx, Jobs **out, Err *err) {
    size_t n = n_threads < 1 ? 1 : (size_t)n_threads;
    Jobs *j = mem_alloc(sizeof *j + n * sizeof j->threads[0]);
    *out = NULL;
    if (!j) return err_nomem(err);
    pthread_mutex_init(&j->lock, NULL);
    pthread_cond_init(&j->waiting_changed, NULL);
    pthread_condattr_t attr; /* a clock that nobody sets: jobs_wait must not wait for an hour */
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&j->done_changed, &attr);
    pthread_condattr_destroy(&attr);
    list_init(&j->waiting);
    list_init(&j->done);
    j->work = work;
    j->ctx = ctx;
    if (!start_threads(j, (int)n)) {
        jobs_close(j);
        return err_set(err, ERR_ENV, "cannot start %zu threads for scoring; try a smaller --threads", n);
    }
    *out = j;
    return true;
}

void jobs_close(Jobs *j) {
    if (!j) return;
    pthread_mutex_lock(&j->lock);
    j->stop = true;
    pthread_cond_broadcast(&j->waiting_changed);
    pthread_mutex_unlock(&j->lock);
    for (int i = 0; i < j->n_threads; i++) pthread_join(j->threads[i], NULL);
    pthread_cond_destroy(&j->done_changed);
    pthread_cond_destroy(&j->waiting_changed);
    pthread_mutex_destroy(&j->lock);
    mem_free(j);
}

void jobs_push(Jobs *j, Job *job) {
    pthread_mutex_lock(&j->lock);
    list_put(&j->waiting, job);
    j->n_pending++;
    pthread_cond_signal(&j->waiting_changed);
    pthread_mutex_unlock(&j->lock);
}

Job *jobs_take(Jobs *j, bool wait) {
    pthread_mutex_lock(&j->lock);
    while (wait && !j->done.first && j->n_pending) pthread_cond_wait(&j->done_changed, &j->lock);
    Job *job = list_get(&j->done);
    if (job) j->n_pending--;
    pthread_mutex_unlock(&j->lock);
    return job;
}

void jobs_wait(Jobs *j, int milliseconds) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
    until.tv_sec += milliseconds / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&j->lock);
    while (!j->done.first && j->n_pending && pthread_cond_timedwait(&j->done_changed, &j->lock, &until) == 0) {
    }
    pthread_mutex_unlock(&j->lock);
}

Job *jobs_cancel(Jobs *j) {
    pthread_mutex_lock(&j->lock);
    Job *job = list_get(&j->waiting);
    if (job) j->n_pending--;
    pthread_mutex_unlock(&j->lock);
    return job;
}

size_t jobs_pending(Jobs *j) {
    pthread_mutex_lock(&j->lock);
    size_t n = j->n_pending;
    pthread_mutex_unlock(&j->lock);
    return n;
}
