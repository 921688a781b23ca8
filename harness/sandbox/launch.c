/* One start of one program: the only place of the harness that starts untrusted code.
 *
 *   harness ──posix_spawn──> helper start ──exec──> bwrap ──> [ helper init = process 1 ──> the program ]
 *      stdin: sealed memfd          stdout, stderr: pipes, counted here
 *      record pipe: helper → here   control pipe: closing our end tells the helper to end everything
 *
 * Invariants
 *  1. The helper holds the only write end of the record pipe that outlives the start, so end-of-file there without a
 *     record means that the sandbox is gone.
 *  2. The end of a run is the helper's last record, a limit, or that end-of-file; never end-of-file on the pipes of
 *     the program, which a grandchild could hold.
 *  3. bwrap is reaped before sandbox_launch returns; it ends after process 1, and process 1 after all others.
 *  4. No descriptor below 64 is ours, so the numbers of job.h can be dealt out by dup2 without order. */
#include "harness/sandbox/launch_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/clock.h"

#define HIGH_FD 64
#define START_NS (20 * SECOND_NS) /* bubblewrap's own time, on a machine under load */
#define GRACE_NS (3 * SECOND_NS)  /* from "end it" to killing bubblewrap */
#define COMPILE_POLL_MS 100

extern char **environ;

/* ---- descriptors ---- */

/* Moves a descriptor out of the numbers that programs use; -1 stays -1. */
static int raise_fd(int fd) {
    if (fd < 0 || fd >= HIGH_FD) return fd;
    int high = fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);
    int e = errno;
    close(fd);
    errno = e;
    return high;
}

void launch__close_fd(int *fd) {
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

static bool write_all(int fd, const char *p, size_t n) {
    while (n > 0) {
        ssize_t w = write(fd, p, n);
        if (w < 0 && errno == EINTR) continue;
        if (w <= 0) return false;
        p += w, n -= (size_t)w;
    }
    return true;
}

static int new_memfd(const char *name) {
    const unsigned allow_exec = 0x10u; /* MFD_EXEC: asked for by name since Linux 6.3, unknown before */
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | allow_exec);
    if (fd < 0 && errno == EINVAL) fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return raise_fd(fd);
}

int sandbox_memfd(const char *name, Str bytes, Err *err) {
    int fd = new_memfd(name);
    if (fd >= 0 && write_all(fd, bytes.p, bytes.n) && lseek(fd, 0, SEEK_SET) == 0 &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0)
        return fd;
    err_set(err, ERR_ENV, "the sandbox cannot keep %s (%zu bytes) in memory: memfd_create: %s", name, bytes.n,
            strerror(errno));
    launch__close_fd(&fd);
    return -1;
}

/* A description of its own, so that two runs do not share an offset; read-only. */
static int reopen(int fd) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return raise_fd(open(path, O_RDONLY | O_CLOEXEC));
}

static void wires_init(Wires *w) {
    memset(w, 0, sizeof *w);
    int *all[] = {&w->in,        &w->out[0],     &w->out[1],     &w->err[0], &w->err[1], &w->record[0],
                  &w->record[1], &w->control[0], &w->control[1], &w->args,   &w->job,    &w->helper,
                  &w->file,      &w->pidfd,      &w->input,      &w->feed,   &w->guard};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) *all[i] = -1;
}

/* The ends that belong to the sandbox. */
static void wires_close_theirs(Wires *w) {
    int *theirs[] = {&w->in,   &w->out[1], &w->err[1], &w->record[1], &w->control[0],
                     &w->args, &w->job,    &w->helper, &w->file,      &w->input};
    for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++) launch__close_fd(theirs[i]);
    cgroup_joined(&w->cgroup);
}

void launch__wires_close(Wires *w) {
    wires_close_theirs(w);
    int *ours[] = {&w->out[0], &w->err[0], &w->record[0], &w->control[1], &w->pidfd, &w->feed, &w->guard};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) launch__close_fd(ours[i]);
}

static bool open_pipe(int p[2], int ours) {
    if (pipe2(p, O_CLOEXEC) != 0) return false;
    p[0] = raise_fd(p[0]), p[1] = raise_fd(p[1]);
    return p[0] >= 0 && p[1] >= 0 && fcntl(p[ours], F_SETFL, O_NONBLOCK) == 0;
}

/* Standard input of a program that is asked more than once. The guard is a reader of our own, which never reads: a
 * program that closes its end makes no SIGPIPE here. */
static bool open_feed(Wires *w) {
    int p[2] = {-1, -1};
    bool ok = open_pipe(p, 1);
    w->in = p[0], w->feed = p[1];
    return ok && (w->guard = fcntl(w->in, F_DUPFD_CLOEXEC, HIGH_FD)) >= 0;
}

/* ---- the job ---- */

static uint64_t to_ns(double seconds) {
    if (!(seconds > 0)) return 0;
    return seconds > 1e6 ? 1000000 * SECOND_NS : (uint64_t)(seconds * 1e9);
}

/* Without a control group the address space is the backstop. It is wider than the limit, because it also counts what is
 * only reserved: arenas, and thread stacks, which the C library makes as large as RLIMIT_STACK. What was touched is
 * watched while it runs (launch__watch_memory) and judged by its peak. */
static uint64_t address_space(const Sandbox *s, const Launch *l) {
    if (s->tier == SANDBOX_FULL) return 0;
    uint64_t stacks = l->stack_bytes == UINT64_MAX ? 0 : l->processes * l->stack_bytes;
    return l->memory_bytes + stacks + 1024 * SANDBOX_MIB;
}

static void job_bytes(const Sandbox *s, const Launch *l, int n_groups, Buf *b) {
    Job j = {.magic = JOB_MAGIC,
             .n_filter = l->filter->n,
             .n_groups = (uint32_t)n_groups,
             .cpu_ns = to_ns(l->cpu_kill_seconds),
             .cpu_seconds = (uint64_t)l->cpu_kill_seconds + 1,
             .as_bytes = address_space(s, l),
             .stack_bytes = l->stack_bytes,
             .file_bytes = l->file_bytes,
             .processes = s->nproc_is_ours ? l->processes : UINT64_MAX,
             .open_files = l->open_files,
             .fetch_max = l->fetch_max};
    if (l->kind == LAUNCH_COMPILE) j.cpu_ns = 0; /* many processes: each has RLIMIT_CPU, the launcher counts the sum */
    buf_add(b, &j, sizeof j);
    buf_add(b, l->filter->code, l->filter->n * sizeof *l->filter->code);
    for (; l->args[j.n_args]; j.n_args++) buf_add(b, l->args[j.n_args], strlen(l->args[j.n_args]) + 1);
    const char *fetch = l->fetch ? l->fetch : "";
    buf_add(b, fetch, strlen(fetch) + 1);
    j.bytes = (uint32_t)b->n;
    if (!b->failed) memcpy(b->p, &j, sizeof j);
}

bool launch__open_wires(const Sandbox *s, int slot, const Launch *l, Wires *w, Err *err) {
    bool ok = false;
    Buf args, job;
    buf_init(&args, 64u << 10);
    buf_init(&job, JOB_MAX_BYTES);
    if (s->tier == SANDBOX_FULL && !cgroup_open(&s->cgroups, slot, l->memory_bytes, l->processes, &w->cgroup, err))
        goto done;
    bwrap_args(s, l, &args);
    job_bytes(s, l, w->cgroup.n_fds, &job);
    if (args.failed || job.failed) {
        err_nomem(err);
        goto done;
    }
    if ((w->args = sandbox_memfd("arguments", buf_str(&args), err)) < 0) goto done;
    if ((w->job = sandbox_memfd("job", buf_str(&job), err)) < 0) goto done;
    if ((w->input = sandbox_memfd("input", l->input.p ? l->input : STR(""), err)) < 0) goto done;
    if (!l->feeds) w->in = reopen(w->input);
    w->helper = reopen(s->helper_fd);
    w->file = l->file_fd >= 0 ? reopen(l->file_fd) : raise_fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
    ok = (l->feeds ? open_feed(w) : w->in >= 0) && w->helper >= 0 && w->file >= 0 && open_pipe(w->out, 0) &&
         open_pipe(w->err, 0) && open_pipe(w->record, 0) && open_pipe(w->control, 1);
    if (!ok) err_set(err, ERR_ENV, "the sandbox cannot open its pipes: %s", strerror(errno));
done:
    buf_release(&args);
    buf_release(&job);
    return ok;
}

/* ---- starting ---- */

static int deal_out(posix_spawn_file_actions_t *acts, const Wires *w) {
    const int from[JOB_FD_END] = {w->in,
                                  w->out[1],
                                  w->err[1],
                                  [JOB_FD_ARGS] = w->args,
                                  [JOB_FD_RECORD] = w->record[1],
                                  [JOB_FD_CONTROL] = w->control[0],
                                  [JOB_FD_JOB] = w->job,
                                  [JOB_FD_HELPER] = w->helper,
                                  [JOB_FD_FILE] = w->file,
                                  [JOB_FD_INPUT] = w->input};
    int rc = 0;
    for (int i = 0; i < JOB_FD_END && rc == 0; i++) rc = posix_spawn_file_actions_adddup2(acts, from[i], i);
    for (int i = 0; i < w->cgroup.n_fds && rc == 0; i++)
        rc = posix_spawn_file_actions_adddup2(acts, w->cgroup.fds[i], JOB_FD_END + i);
    return rc;
}

/* Signals as at a program's start, a session of its own: Ctrl-C reaches the harness, which then decides. */
static int plain_signals(posix_spawnattr_t *attr) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(attr, &none);
    posix_spawnattr_setsigdefault(attr, &all);
    return posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
}

bool launch__start(const Sandbox *s, int slot, Wires *w, Err *err) {
    char path[64], uid[24], fds[24], bwrap[sizeof s->tools.bwrap.path];
    static char name[] = "assay-sandbox", word[] = "start";
    memcpy(bwrap, s->tools.bwrap.path, sizeof bwrap);
    snprintf(path, sizeof path, "/proc/self/fd/%d", s->helper_fd);
    snprintf(uid, sizeof uid, "%u", s->uid ? s->uid + (unsigned)slot : 0);
    snprintf(fds, sizeof fds, "%d", JOB_FD_END + w->cgroup.n_fds);
    char *const argv[] = {name, word, uid, fds, bwrap, NULL};
    char *const empty[] = {NULL};
    posix_spawn_file_actions_t acts;
    posix_spawnattr_t attr;
    posix_spawn_file_actions_init(&acts);
    posix_spawnattr_init(&attr);
    int rc = deal_out(&acts, w);
    if (rc == 0) rc = plain_signals(&attr);
    if (rc == 0) rc = posix_spawn(&w->pid, path, &acts, &attr, argv, empty);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&acts);
    wires_close_theirs(w);
    if (rc != 0) {
        w->pid = 0;
        return err_set(err, ERR_ENV, "the sandbox's helper cannot be started: posix_spawn: %s", strerror(rc));
    }
    w->pidfd = raise_fd((int)syscall(SYS_pidfd_open, w->pid, 0));
    return true;
}

/* ---- serving ---- */

void launch__ask_end(Serve *v, LaunchLimit why) {
    if (v->x->limit == LIMIT_NONE) v->x->limit = why;
    if (v->asked) return;
    v->asked = true;
    launch__close_fd(&v->w->control[1]);
    v->deadline = clock_mono_ns() + GRACE_NS;
}

/* A record is whole: the first says "started", the second is the result. */
static bool take_record(Serve *v) {
    JobRecord *r = &v->x->record;
    memcpy(r, v->head, sizeof *r);
    v->head_n = 0;
    if (r->magic != RECORD_MAGIC) return false;
    if (!v->x->started) {
        v->x->started = true;
        if (!v->asked) v->deadline = clock_mono_ns() + to_ns(v->l->wall_seconds);
        return r->kind == RECORD_STARTED;
    }
    if (r->kind != RECORD_ENDED || r->fetch_bytes > v->l->fetch_max) return false;
    v->blob_left = r->fetch_bytes;
    if (r->fetch == FETCH_OK && (v->x->fetched_fd = new_memfd("program")) < 0) return false;
    v->x->whole = v->ended = v->blob_left == 0;
    return true;
}

static bool take_bytes(Serve *v, const char *p, size_t n) {
    while (n > 0) {
        bool blob = v->blob_left > 0;
        if (v->ended) return false; /* more than was announced */
        size_t want = blob ? (v->blob_left < n ? (size_t)v->blob_left : n) : sizeof v->head - v->head_n;
        if (want > n) want = n;
        if (blob) {
            if (!write_all(v->x->fetched_fd, p, want)) return false;
            v->blob_left -= want;
            v->x->whole = v->ended = v->blob_left == 0;
        } else {
            memcpy(v->head + v->head_n, p, want);
            v->head_n += want;
            if (v->head_n == sizeof v->head && !take_record(v)) return false;
        }
        p += want, n -= want;
    }
    return true;
}

void launch__read_record(Serve *v) {
    char block[65536];
    ssize_t n = read(v->w->record[0], block, sizeof block);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) v->broken = true;
    if (n > 0 && !take_bytes(v, block, (size_t)n)) v->broken = true;
}

/* Reads what is there, keeps up to `keep`, counts all. */
static void read_output(Serve *v, int *fd, Buf *keep_in, size_t keep, uint64_t *count) {
    char block[65536];
    for (int rounds = 0; *fd >= 0 && rounds < 16; rounds++) {
        ssize_t n = read(*fd, block, sizeof block);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) {
            launch__close_fd(fd);
            return;
        }
        size_t room = keep > keep_in->n ? keep - keep_in->n : 0;
        buf_add(keep_in, block, (size_t)n < room ? (size_t)n : room);
        *count += (uint64_t)n;
        if (*count > v->flood_bytes) launch__ask_end(v, LIMIT_OUTPUT);
    }
}

void launch__read_outputs(Serve *v) {
    read_output(v, &v->w->out[0], &v->x->out, (size_t)v->keep_bytes, &v->out_bytes);
    read_output(v, &v->w->err[0], &v->x->err, SANDBOX_ERR_KEPT, &v->x->err_bytes);
}

static int wait_ms(const Serve *v) {
    uint64_t now = clock_mono_ns(), poll_ms = v->l->kind == LAUNCH_COMPILE ? COMPILE_POLL_MS : POLL_MS;
    uint64_t left = v->deadline > now ? (v->deadline - now) / 1000000u + 1 : 0;
    return (int)(left > poll_ms && v->x->started ? poll_ms : left);
}

/* Numbers of a small file below /proc; how many were read. */
static int proc_numbers(pid_t pid, const char *file, long *a, long *b) {
    char path[80], text[128];
    snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = 0;
    return sscanf(text, "%ld %ld", a, b);
}

pid_t launch__first_child(pid_t pid) {
    char file[64];
    long child = 0, other;
    snprintf(file, sizeof file, "task/%ld/children", (long)pid);
    return pid > 0 && proc_numbers(pid, file, &child, &other) >= 1 ? (pid_t)child : 0;
}

/* Tier ns has no counter of memory: looks at what the one process of a run holds. Only a number is read, and it decides
 * nothing but an earlier end, so a process id that was used again does no harm. */
void launch__watch_memory(Serve *v) {
    long size, resident;
    if (!v->program) v->program = launch__first_child(launch__first_child(v->w->pid));
    if (!v->program || proc_numbers(v->program, "statm", &size, &resident) < 2) return;
    if ((uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE) > v->l->memory_bytes) launch__ask_end(v, LIMIT_MEMORY);
}

/* false: bubblewrap must be killed, it did not start or did not end in time. */
static bool check_limits(Serve *v) {
    if (!v->w->cgroup.home && v->x->started && !v->ended && v->l->kind != LAUNCH_COMPILE) launch__watch_memory(v);
    if (v->w->cgroup.home && v->x->started &&
        cgroup_cpu_ns(&v->w->cgroup) > to_ns(v->l->cpu_kill_seconds) + SECOND_NS / 4)
        launch__ask_end(v, LIMIT_CPU);
    if (v->l->stoppable && v->x->started && __atomic_load_n(&v->s->stopped, __ATOMIC_RELAXED))
        launch__ask_end(v, LIMIT_WALL);
    if (clock_mono_ns() < v->deadline) return true;
    if (v->asked || !v->x->started) return false;
    launch__ask_end(v, LIMIT_WALL);
    return true;
}

static void serve(Serve *v) {
    v->begin = clock_mono_ns();
    v->deadline = v->begin + START_NS;
    while (!v->ended && !v->broken) {
        struct pollfd p[3] = {{.fd = v->w->record[0], .events = POLLIN},
                              {.fd = v->w->out[0], .events = POLLIN},
                              {.fd = v->w->err[0], .events = POLLIN}};
        if (poll(p, 3, wait_ms(v)) < 0 && errno != EINTR) break;
        if (p[1].revents || p[2].revents) launch__read_outputs(v);
        if (p[0].revents) launch__read_record(v);
        if (!check_limits(v)) break;
    }
    v->x->wall_seconds = (double)(clock_mono_ns() - v->begin) / 1e9;
}

/* ---- ending ---- */

/* true when bubblewrap was reaped within the time. */
static bool wait_gone(Wires *w, uint64_t ns) {
    for (uint64_t end = clock_mono_ns() + ns;;) {
        pid_t got = waitpid(w->pid, NULL, WNOHANG);
        if (got == w->pid || (got < 0 && errno == ECHILD)) return w->pid = 0, true;
        if (clock_mono_ns() >= end) return false;
        struct pollfd p = {.fd = w->pidfd, .events = POLLIN};
        if (w->pidfd >= 0)
            poll(&p, 1, 20);
        else
            nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
}

/* The helper holds the record pipe until it is gone; true when that has come to pass. */
static bool wait_record_end(const Wires *w) {
    char block[4096];
    struct pollfd p = {.fd = w->record[0], .events = POLLIN};
    for (uint64_t end = clock_mono_ns() + GRACE_NS; clock_mono_ns() < end;) {
        ssize_t n = read(w->record[0], block, sizeof block);
        if (n == 0) return true;
        if (n < 0) poll(&p, 1, 20);
    }
    return false;
}

/* Ends what is left; false when something could not be ended. */
bool launch__end_all(Serve *v) {
    Wires *w = v->w;
    bool gone = true;
    launch__close_fd(&w->control[1]);
    if (w->pid && !wait_gone(w, v->ended ? GRACE_NS : SECOND_NS / 2)) {
        kill(w->pid, SIGKILL); /* --die-with-parent: process 1 follows */
        gone = wait_gone(w, GRACE_NS);
    }
    gone = gone && wait_record_end(w);
    launch__read_outputs(v);
    if (!w->cgroup.home) return gone;
    cgroup_use(&w->cgroup, &v->x->cgroup);
    if (!v->x->cgroup.empty) cgroup_kill(&w->cgroup);
    return cgroup_close(&w->cgroup) && gone;
}

/* One line of what bubblewrap or the starting helper said. */
static bool not_started(const Launched *x, Err *err) {
    Str said = str_trim(buf_str(&x->err));
    size_t line = str_find(said, STR("\n"), 0);
    if (line != SIZE_MAX) said = str_sub(said, 0, line);
    if (!said.n) said = STR("it said nothing");
    return err_set(err, ERR_ENV, "the sandbox could not be started: " STR_FMT, STR_ARG(said));
}

static const char *step_name(uint32_t step) {
    static const char *const names[] = {
#define X(s, name) name,
        JOB_STEP_MAP(X)
#undef X
    };
    return step < sizeof names / sizeof *names ? names[step] : "an unknown step";
}

/* What is the sandbox's fault rather than the program's. A program too large to start is the program's. */
bool launch__check_start(const Launched *x, Err *err) {
    const JobRecord *r = &x->record;
    if (!x->started) return not_started(x, err);
    if (!x->whole || r->how != HOW_NOT_STARTED || (r->step == STEP_EXEC && r->code == ENOMEM)) return true;
    return err_set(err, ERR_ENV, "the program could not be started in the sandbox: %s: %s", step_name(r->step),
                   strerror(r->code));
}

void launch__init(Serve *v, const Sandbox *s, const Launch *l, Wires *w, Launched *x) {
    *v = (Serve){.s = s, .l = l, .w = w, .x = x, .keep_bytes = l->output_bytes, .flood_bytes = l->output_bytes};
    memset(x, 0, sizeof *x);
    x->fetched_fd = -1;
    x->cgroup.empty = true;
    buf_init(&x->out, (size_t)l->output_bytes + 1);
    buf_init(&x->err, SANDBOX_ERR_KEPT + 1);
    wires_init(w);
}

bool sandbox_launch(const Sandbox *s, int slot, const Launch *l, Launched *out, Err *err) {
    Wires w;
    Serve v;
    launch__init(&v, s, l, &w, out);
    bool ok = launch__open_wires(s, slot, l, &w, err) && launch__start(s, slot, &w, err);
    if (ok) {
        serve(&v);
        ok = launch__end_all(&v) || err_set(err, ERR_ENV, "processes of the sandbox could not be ended");
        ok = ok && launch__check_start(out, err);
        if (ok && (out->out.failed || out->err.failed)) ok = err_nomem(err);
    } else {
        cgroup_close(&w.cgroup);
    }
    launch__wires_close(&w);
    if (!ok) launched_release(out);
    return ok;
}

void launched_release(Launched *l) {
    buf_release(&l->out);
    buf_release(&l->err);
    launch__close_fd(&l->fetched_fd);
}
