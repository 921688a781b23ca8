/* Sessions: a Python interpreter in the sandbox that runs cell after cell (driver.py is its other half).
 *
 *   OPEN --session_run: OK--> OPEN        the driver said that the cell ended
 *        --session_run: else--> OVER      a limit fired, or the interpreter is gone; everything is ended and reaped
 *   any  --session_close--> (freed)
 *
 * Re-running all earlier cells at each call would need no process to be kept, but it would repeat side effects and
 * time, and what depends on the clock would change under the model's eyes; so the process is kept.
 *
 * The driver shares its process with the model's code, so nothing that it says is trusted further than this: bytes of
 * output, which are shown to the model that wrote the code, and "done N", which ends a cell. Forging the second ends a
 * cell early, and what is written behind it counts for the next. Whether the interpreter lives, and all limits, are
 * known from outside. */
#include "harness/sandbox/sandbox_internal.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CELL_CPU_SECONDS 30.0
#define CELL_WALL_SECONDS 120.0 /* what harmony's text promises the model */
#define CELL_MEMORY (512 * SANDBOX_MIB)
#define CELL_OUTPUT (16u << 10)
#define CELL_FLOOD (16 * SANDBOX_MIB) /* a cell that writes more is ended */
#define CELL_MAX_SOURCE SANDBOX_MIB
#define START_SECONDS 20.0 /* bubblewrap and the interpreter, on a machine under load */

struct SandboxSession {
    Sandbox *box;
    int index, source_fd;
    SandboxLimits limits;
    uint64_t seed;
    int n_cells;
    bool over;
    LiveLaunch *live; /* NULL: never started, or closed */
};

/* ---- places ---- */

static int place_take(Sandbox *s) {
    int i = 0;
    pthread_mutex_lock(&s->lock);
    for (;;) {
        for (i = 0; i < SANDBOX_MAX_SESSIONS && (s->sessions_used >> i & 1); i++) {
        }
        if (i < SANDBOX_MAX_SESSIONS) break;
        pthread_cond_wait(&s->freed, &s->lock);
    }
    s->sessions_used |= (uint64_t)1 << i;
    pthread_mutex_unlock(&s->lock);
    return i;
}

static void place_give(Sandbox *s, int i) {
    pthread_mutex_lock(&s->lock);
    s->sessions_used &= ~((uint64_t)1 << i);
    pthread_cond_broadcast(&s->freed);
    pthread_mutex_unlock(&s->lock);
}

/* ---- opening ---- */

static SandboxLimits cell_limits(const SandboxLimits *l) {
    return (SandboxLimits){.cpu_seconds = l->cpu_seconds > 0 ? l->cpu_seconds : CELL_CPU_SECONDS,
                           .wall_seconds = l->wall_seconds > 0 ? l->wall_seconds : CELL_WALL_SECONDS,
                           .memory_bytes = l->memory_bytes ? l->memory_bytes : CELL_MEMORY,
                           .output_bytes = l->output_bytes ? l->output_bytes : CELL_OUTPUT};
}

/* The driver's word: "done N". */
static bool is_done(void *ctx, const Buf *said) {
    char want[32];
    int n = snprintf(want, sizeof want, "done %d\n", *(const int *)ctx);
    return str_ends(buf_str(said), (Str){want, (size_t)n});
}

static bool start_driver(SandboxSession *x, int cells, Err *err) {
    const char *args[] = {x->box->tools.python.path, "-s", "-B", "/w/main.py", NULL};
    SandboxLimits all = x->limits;
    all.cpu_seconds *= cells > 1 ? cells : 1;
    Launch l = {.kind = LAUNCH_PYTHON,
                .args = args,
                .file_name = "main.py",
                .file_fd = x->source_fd,
                .filter = &x->box->filter_run,
                .feeds = true};
    sandbox_run_limits(&all, &l);
    l.stack_bytes = 64 * SANDBOX_MIB;
    if (!live_open(x->box, SANDBOX_MAX_SLOTS + x->index, &l, &x->live, err)) return false;
    LiveSlice q = {.cpu_seconds = START_SECONDS,
                   .wall_seconds = START_SECONDS,
                   .keep_bytes = l.output_bytes,
                   .flood_bytes = CELL_FLOOD,
                   .done = is_done,
                   .ctx = &x->n_cells};
    if (live_exchange(x->live, &q) == LIVE_ANSWERED) return true;
    x->over = true;
    if (!live_end(x->live, err)) return false;
    const Launched *got = live_launched(x->live);
    Str said = str_trim(got->err.n ? buf_str(&got->err) : buf_str(&got->out));
    return err_set(err, ERR_ENV, "the sandbox's Python did not start: %.*s", (int)(said.n > 200 ? 200 : said.n),
                   said.n ? said.p : "it said nothing");
}

bool sandbox_session_open(Sandbox *s, const SandboxSessionOptions *o, SandboxSession **out, Err *err) {
    *out = NULL;
    if (!s->tools.python.path[0])
        return err_set(err, ERR_ENV,
                       "python3 is not installed, so the tool python cannot run; install the package "
                       "python3");
    SandboxSession *x = mem_alloc(sizeof *x);
    if (!x) return err_nomem(err);
    *x = (SandboxSession){.box = s, .limits = cell_limits(&o->limits), .seed = o->seed, .source_fd = -1};
    x->index = place_take(s);
    Str driver = {(const char *)sandbox_driver_begin, (size_t)(sandbox_driver_end - sandbox_driver_begin)};
    x->source_fd = sandbox_memfd("driver", driver, err);
    if (x->source_fd < 0 || !start_driver(x, o->cells, err)) {
        sandbox_session_close(x);
        return false;
    }
    *out = x;
    return true;
}

void sandbox_session_close(SandboxSession *x) {
    if (!x) return;
    live_close(x->live);
    if (x->source_fd >= 0) close(x->source_fd);
    place_give(x->box, x->index);
    mem_free(x);
}

/* ---- running ---- */

void sandbox_stop_sessions(Sandbox *s) {
    __atomic_store_n(&s->stopped, true, __ATOMIC_RELAXED);
}

static SandboxVerdict limit_verdict(const Launched *l, const LiveSlice *q) {
    switch (l->limit) {
    case LIMIT_CPU:
        return SANDBOX_TLE;
    case LIMIT_WALL:
        return q->cpu_used >= q->wall_used / 2 ? SANDBOX_TLE : SANDBOX_ILE;
    case LIMIT_OUTPUT:
        return SANDBOX_OLE;
    case LIMIT_MEMORY:
        return SANDBOX_MLE;
    case LIMIT_NONE:
        break;
    }
    return SANDBOX_RE;
}

/* Everything is ended already; what the helper and the control group saw says why. */
static void judge_end(const Launched *l, const LiveSlice *q, SandboxCell *out) {
    out->verdict = limit_verdict(l, q);
    if (out->verdict != SANDBOX_RE) return;
    out->exit_code = l->whole && l->record.how == HOW_EXITED ? l->record.code : -1;
    out->signal = l->whole && l->record.how == HOW_SIGNALLED ? l->record.code : 0;
    if (l->cgroup.oom_kills) out->verdict = SANDBOX_MLE;
    if (l->whole && (l->record.reason == REASON_CPU || out->signal == SIGXCPU)) out->verdict = SANDBOX_TLE;
}

static bool request_bytes(const SandboxSession *x, Str source, bool echo, Buf *b) {
    buf_init(b, CELL_MAX_SOURCE + 128);
    buf_addf(b, "%d %zu %d %llu\n", x->n_cells, source.n, echo, (unsigned long long)x->seed);
    buf_addstr(b, source);
    return !b->failed;
}

/* A cell too large to be sent is the model's doing, not a failure. */
static bool too_large(Arena *a, SandboxCell *out, Err *err) {
    out->out = str_dup(a, STR("the source is larger than 1 MiB and was not run\n"));
    out->out_bytes = out->out.n;
    return out->out.p || err_nomem(err);
}

bool sandbox_session_run(SandboxSession *x, Str source, bool echo, Arena *a, SandboxCell *out, Err *err) {
    Buf request;
    *out = (SandboxCell){.verdict = SANDBOX_OK, .exit_code = -1};
    if (x->over) return err_set(err, ERR_INTERNAL, "a cell for a session that is over");
    if (source.n > CELL_MAX_SOURCE) return too_large(a, out, err);
    x->n_cells++;
    bool ok = request_bytes(x, source, echo, &request) || err_nomem(err);
    LiveSlice q = {.input = buf_str(&request),
                   .cpu_seconds = x->limits.cpu_seconds,
                   .wall_seconds = x->limits.wall_seconds,
                   .keep_bytes = x->limits.output_bytes,
                   .flood_bytes = CELL_FLOOD,
                   .done = is_done,
                   .ctx = &x->n_cells};
    if (ok) {
        int slot = sandbox_slot_take(x->box);
        x->over = live_exchange(x->live, &q) != LIVE_ANSWERED;
        const Launched *l = live_launched(x->live);
        out->out = str_dup(a, l->out.n ? buf_str(&l->out) : STR(""));
        out->out_bytes = q.out_bytes;
        if (x->over && (ok = live_end(x->live, err))) judge_end(l, &q, out);
        sandbox_slots_give(x->box, (uint64_t)1 << slot);
        out->cpu_seconds = q.cpu_used, out->wall_seconds = q.wall_used;
    }
    buf_release(&request);
    return ok && (out->out.p || err_nomem(err));
}
