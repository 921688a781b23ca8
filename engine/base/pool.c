#include "engine/base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "engine/base/mem.h"

/* Invariants. (1) The job fields change only while the job is not `open` and no worker is `inside`. (2) A worker takes
 * part only between raising `inside` and lowering it again, and only if it then finds the job open: since the caller
 * first closes the job and then waits for `inside` to be 0, either it sees the worker or the worker sees the closed
 * job. A worker that the system does not run in time is not waited for. (3) A worker that sleeps has first raised
 * `sleepers` and then looked at `gen` again, so either it sees the job or the publisher sees it. */
struct Pool {
    int threads;
    pthread_t *workers; /* threads - 1 */
    int started;
    PoolFn fn;
    void *ctx;
    size_t n, piece;
    atomic_size_t next;
    atomic_int inside, sleepers;
    atomic_bool open, caller_waits;
    atomic_uint gen; /* counts jobs */
    atomic_bool stop;
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
};

typedef struct WorkerArg {
    Pool *pool;
    int index;
} WorkerArg;

/* About 20 microseconds: longer than the gap between two layers, shorter than anybody notices on a busy machine. */
enum { SPINS = 4000 };

static void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static void take_pieces(Pool *p, int worker) {
    for (;;) {
        size_t begin = atomic_fetch_add_explicit(&p->next, p->piece, memory_order_relaxed);
        if (begin >= p->n) return;
        size_t end = p->n - begin < p->piece ? p->n : begin + p->piece;
        p->fn(p->ctx, begin, end, worker);
    }
}

static void sleep_for_job(Pool *p, unsigned seen) {
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->sleepers, 1);
    while (atomic_load(&p->gen) == seen && !atomic_load(&p->stop)) pthread_cond_wait(&p->wake, &p->lock);
    atomic_fetch_sub(&p->sleepers, 1);
    pthread_mutex_unlock(&p->lock);
}

static void *worker_main(void *v) {
    WorkerArg arg = *(WorkerArg *)v;
    mem_free(v);
    Pool *p = arg.pool;
    unsigned seen = 0;
    for (;;) {
        for (int i = 0; i < SPINS && atomic_load(&p->gen) == seen && !atomic_load(&p->stop); i++) relax();
        if (atomic_load(&p->gen) == seen) sleep_for_job(p, seen);
        if (atomic_load(&p->stop)) return NULL;
        atomic_fetch_add(&p->inside, 1);
        seen = atomic_load(&p->gen);
        if (atomic_load(&p->open)) take_pieces(p, arg.index);
        if (atomic_fetch_sub(&p->inside, 1) == 1 && atomic_load(&p->caller_waits)) {
            pthread_mutex_lock(&p->lock);
            pthread_cond_signal(&p->done);
            pthread_mutex_unlock(&p->lock);
        }
    }
}

int pool_cpus(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    int n = CPU_COUNT(&set);
    return n > 0 ? n : 1;
}

static bool start_worker(Pool *p, int index) {
    WorkerArg *arg = mem_alloc(sizeof *arg);
    if (!arg) return false;
    *arg = (WorkerArg){p, index};
    if (pthread_create(&p->workers[index - 1], NULL, worker_main, arg) != 0) {
        mem_free(arg);
        return false;
    }
    p->started++;
    return true;
}

bool pool_open(int n_threads, Pool **out, Err *err) {
    *out = NULL;
    if (n_threads < 0 || n_threads > 1024)
        return err_set(err, ERR_INPUT, "the number of threads must be between 0 (all cores) and 1024, not %d",
                       n_threads);
    Pool *p = mem_alloc(sizeof *p);
    if (!p) return err_nomem(err);
    p->threads = n_threads ? n_threads : pool_cpus();
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    pthread_cond_init(&p->done, NULL);
    p->workers = mem_alloc((size_t)p->threads * sizeof *p->workers);
    bool ok = p->workers != NULL;
    for (int i = 1; ok && i < p->threads; i++) ok = start_worker(p, i);
    if (!ok) {
        pool_close(p);
        return err_set(err, ERR_MEMORY, "cannot start %d threads; use fewer (--threads)",
                       n_threads ? n_threads : pool_cpus());
    }
    *out = p;
    return true;
}

void pool_close(Pool *p) {
    if (!p) return;
    pthread_mutex_lock(&p->lock);
    atomic_store(&p->stop, true);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->started; i++) pthread_join(p->workers[i], NULL);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->wake);
    pthread_cond_destroy(&p->done);
    mem_free(p->workers);
    mem_free(p);
}

int pool_threads(const Pool *p) {
    return p->threads;
}

static void wait_done(Pool *p) {
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load(&p->inside) == 0) return;
        relax();
    }
    pthread_mutex_lock(&p->lock);
    atomic_store(&p->caller_waits, true);
    while (atomic_load(&p->inside) != 0) pthread_cond_wait(&p->done, &p->lock);
    atomic_store(&p->caller_waits, false);
    pthread_mutex_unlock(&p->lock);
}

void pool_run(Pool *p, size_t n, size_t grain, PoolFn fn, void *ctx) {
    if (n == 0) return;
    if (grain == 0) grain = 1;
    if (p->threads == 1 || n <= grain) {
        fn(ctx, 0, n, 0);
        return;
    }
    /* Four pieces a thread: a slow thread costs at most a quarter of its share. */
    size_t piece = n / ((size_t)p->threads * 4);
    p->fn = fn;
    p->ctx = ctx;
    p->n = n;
    p->piece = piece > grain ? piece : grain;
    atomic_store(&p->next, 0);
    atomic_store(&p->open, true);
    atomic_fetch_add(&p->gen, 1);
    if (atomic_load(&p->sleepers) > 0) {
        pthread_mutex_lock(&p->lock);
        pthread_cond_broadcast(&p->wake);
        pthread_mutex_unlock(&p->lock);
    }
    take_pieces(p, 0);
    atomic_store(&p->open, false);
    wait_done(p);
}
