/* A start that is served in slices: for programs that are asked more than once. Standard input is a pipe here; all
 * else, and the invariants, are those of launch.c. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "harness/sandbox/launch_internal.h"

struct LiveLaunch {
    Launch launch;
    Launched launched;
    Wires wires;
    Serve serve;
    bool ended, end_ok;
};

bool live_open(const Sandbox *s, int slot, const Launch *l, LiveLaunch **out, Err *err) {
    *out = NULL;
    LiveLaunch *x = mem_alloc(sizeof *x);
    if (!x) return err_nomem(err);
    x->launch = *l;
    launch__init(&x->serve, s, &x->launch, &x->wires, &x->launched);
    if (!launch__open_wires(s, slot, l, &x->wires, err) || !launch__start(s, slot, &x->wires, err)) {
        cgroup_close(&x->wires.cgroup);
        launch__wires_close(&x->wires);
        launched_release(&x->launched);
        mem_free(x);
        return false;
    }
    x->serve.begin = clock_mono_ns();
    x->launch.args = NULL; /* the caller's, and no longer needed */
    *out = x;
    return true;
}

/* CPU time of the program so far: of its control group, or utime and stime of its process (in clock ticks). */
static uint64_t live_cpu_ns(Serve *v) {
    char path[64], text[1024];
    if (v->w->cgroup.home) return cgroup_cpu_ns(&v->w->cgroup);
    if (!v->program) v->program = launch__first_child(launch__first_child(v->w->pid));
    if (!v->program) return 0;
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)v->program);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    launch__close_fd(&fd);
    if (n <= 0) return 0;
    text[n] = 0;
    const char *p = strrchr(text, ')'); /* the name may hold anything */
    unsigned long user = 0, system = 0;
    if (!p || sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) return 0;
    return (user + system) * (SECOND_NS / (uint64_t)sysconf(_SC_CLK_TCK));
}

/* Writes what the pipe takes; false when the program reads no more. */
static bool feed(Wires *w, Str *left) {
    ssize_t n = write(w->feed, left->p, left->n);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    left->p += n, left->n -= (size_t)n;
    return true;
}

/* The first limit of a slice that was passed; asks for the end then. */
static bool slice_within(Serve *v, LiveSlice *q, uint64_t begin, uint64_t cpu_begin) {
    uint64_t cpu = live_cpu_ns(v);
    q->wall_used = (double)(clock_mono_ns() - begin) / 1e9;
    q->cpu_used = cpu > cpu_begin ? (double)(cpu - cpu_begin) / 1e9 : 0;
    if (!v->w->cgroup.home && v->x->started) launch__watch_memory(v);
    if (v->x->err_bytes > SANDBOX_ERR_KEPT)
        launch__ask_end(v, LIMIT_OUTPUT); /* what `done` waits for would be dropped */
    if (q->cpu_used > q->cpu_seconds) launch__ask_end(v, LIMIT_CPU);
    if (q->wall_used > q->wall_seconds || __atomic_load_n(&v->s->stopped, __ATOMIC_RELAXED))
        launch__ask_end(v, LIMIT_WALL);
    return v->x->limit == LIMIT_NONE;
}

/* One look at all pipes. */
static void slice_turn(Serve *v, Str *left) {
    struct pollfd p[4] = {{.fd = v->w->record[0], .events = POLLIN},
                          {.fd = v->w->out[0], .events = POLLIN},
                          {.fd = v->w->err[0], .events = POLLIN},
                          {.fd = left->n ? v->w->feed : -1, .events = POLLOUT}};
    if (poll(p, 4, POLL_MS) < 0 && errno != EINTR) v->broken = true;
    if (p[3].revents && !feed(v->w, left)) left->n = 0; /* the record says what became of it */
    if (p[1].revents || p[2].revents) launch__read_outputs(v);
    if (p[0].revents) launch__read_record(v);
}

LiveEnd live_exchange(LiveLaunch *x, LiveSlice *q) {
    Serve *v = &x->serve;
    Str left = q->input;
    buf_clear(&x->launched.out), buf_clear(&x->launched.err);
    v->out_bytes = x->launched.err_bytes = 0;
    v->keep_bytes = q->keep_bytes < x->launch.output_bytes ? q->keep_bytes : x->launch.output_bytes;
    v->flood_bytes = q->flood_bytes;
    uint64_t begin = clock_mono_ns(), cpu_begin = live_cpu_ns(v);
    bool answered = false, within = true;
    while (within && !answered && !v->ended && !v->broken) {
        slice_turn(v, &left);
        answered = q->done(q->ctx, &x->launched.err);
        if (answered || v->ended || v->broken)
            launch__read_outputs(v); /* what was written before that is in the pipe */
        within = slice_within(v, q, begin, cpu_begin);
    }
    q->out_bytes = v->out_bytes;
    x->launched.wall_seconds = (double)(clock_mono_ns() - v->begin) / 1e9;
    if (!within) return LIVE_LIMIT;
    return answered && !v->ended && !v->broken ? LIVE_ANSWERED : LIVE_ENDED;
}

const Launched *live_launched(const LiveLaunch *x) {
    return &x->launched;
}

bool live_end(LiveLaunch *x, Err *err) {
    if (x->ended) return x->end_ok;
    x->ended = true;
    Serve *v = &x->serve;
    v->keep_bytes = 0, v->flood_bytes = UINT64_MAX; /* what comes now belongs to no slice */
    launch__close_fd(&x->wires.feed);
    /* the helper's last record tells how it ended; give it a moment before it is asked to end what still runs */
    for (uint64_t end = clock_mono_ns() + SECOND_NS / 2; !v->ended && !v->broken && clock_mono_ns() < end;) {
        if (!v->asked) launch__ask_end(v, x->launched.limit);
        slice_turn(v, &(Str){NULL, 0});
    }
    x->end_ok = launch__end_all(v) || err_set(err, ERR_ENV, "processes of the sandbox could not be ended");
    if (x->end_ok) x->end_ok = launch__check_start(&x->launched, err);
    return x->end_ok;
}

void live_close(LiveLaunch *x) {
    Err ignored = ERR_INIT;
    if (!x) return;
    live_end(x, &ignored);
    launch__wires_close(&x->wires);
    launched_release(&x->launched);
    mem_free(x);
}
