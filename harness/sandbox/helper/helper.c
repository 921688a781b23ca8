/* The trusted helper: a small static program that is carried inside the harness (embed.c) and knows three words.
 *
 *   start  outside: gives up root, closes every descriptor but the named ones, becomes bwrap
 *   init   inside, process 1: starts the program under its limits and filter, waits, kills all, reports
 *   probe  inside, as the program: tries what is forbidden and prints what it got
 *
 * Process 1 of a process namespace cannot be signalled from inside, so the program cannot kill or stop its helper; when
 * process 1 ends, the kernel ends everything else. The helper makes itself undumpable and its descriptors are closed
 * before the program is started, so that no record can be forged. It allocates nothing. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/sandbox/job.h"

extern char **environ;

static bool write_all(int fd, const void *p, size_t n) {
    const char *at = p;
    while (n > 0) {
        ssize_t w = write(fd, at, n);
        if (w < 0 && errno == EINTR) continue;
        if (w <= 0) return false;
        at += w, n -= (size_t)w;
    }
    return true;
}

static size_t read_all(int fd, void *p, size_t n) {
    size_t got = 0;
    while (got < n) {
        ssize_t r = read(fd, (char *)p + got, n - got);
        if (r < 0 && errno == EINTR) continue;
        if (r <= 0) break;
        got += (size_t)r;
    }
    return got;
}

static uint64_t now_ns(clockid_t clock) {
    struct timespec t;
    if (clock_gettime(clock, &t) != 0) return 0;
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- start ---- */

static int start_failed(const char *step) {
    fprintf(stderr, "%s: %s\n", step, strerror(errno));
    return 111;
}

static bool close_from(int first) {
    if (syscall(SYS_close_range, (unsigned)first, ~0u, 0u) == 0) return true;
    struct rlimit r;
    rlim_t top = getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < 65536 ? r.rlim_cur : 65536;
    for (rlim_t fd = (rlim_t)first; fd < top; fd++) close((int)fd);
    return true;
}

/* argv: start UID N_FDS BWRAP. UID 0 keeps the user; descriptors from N_FDS on are closed. */
static int start(int argc, char **argv) {
    if (argc != 5) return 111;
    unsigned long id = strtoul(argv[2], NULL, 10);
    close_from((int)strtol(argv[3], NULL, 10));
    if (id && setgroups(0, NULL) != 0) return start_failed("setgroups");
    if (id && setresgid((gid_t)id, (gid_t)id, (gid_t)id) != 0) return start_failed("setresgid");
    if (id && setresuid((uid_t)id, (uid_t)id, (uid_t)id) != 0) return start_failed("setresuid");
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    umask(022);
    struct rlimit none = {1, 1}; /* see set_limits */
    setrlimit(RLIMIT_CORE, &none);
    static char name[] = "bwrap", from[] = "--args", fd[] = "3", end[] = "--", helper[] = "/helper", word[] = "init";
    char *const args[] = {name, from, fd, end, helper, word, NULL}, *const empty[] = {NULL};
    execve(argv[4], args, empty);
    return start_failed("starting bubblewrap");
}

/* ---- init ---- */

static union {
    Job job;
    char bytes[JOB_MAX_BYTES];
} g_job;

typedef struct Parts {
    struct sock_fprog filter;
    char *args[JOB_MAX_ARGS + 1];
    const char *fetch;
} Parts;

/* Takes the job apart; false if it is not whole. */
static bool job_read(Parts *p) {
    size_t n = read_all(JOB_FD_JOB, g_job.bytes, sizeof g_job.bytes);
    const Job *j = &g_job.job;
    if (n < sizeof *j || j->magic != JOB_MAGIC || j->bytes != n || g_job.bytes[n - 1] != 0) return false;
    size_t at = sizeof *j + j->n_filter * sizeof(struct sock_filter);
    if (j->n_filter > 4096 || j->n_args < 1 || j->n_args > JOB_MAX_ARGS || at > n) return false;
    p->filter.len = (unsigned short)j->n_filter;
    p->filter.filter = (struct sock_filter *)(void *)(g_job.bytes + sizeof *j);
    for (uint32_t i = 0; i <= j->n_args; i++) {
        if (at >= n) return false;
        if (i < j->n_args)
            p->args[i] = g_job.bytes + at;
        else
            p->fetch = g_job.bytes + at;
        at += strlen(g_job.bytes + at) + 1;
    }
    return true;
}

/* Never above what the harness itself was given: only root could raise that. */
static bool limit(int what, uint64_t soft, uint64_t hard) {
    struct rlimit r;
    if (getrlimit(what, &r) != 0) return false;
    if (hard < r.rlim_max) r.rlim_max = hard;
    r.rlim_cur = soft < r.rlim_max ? soft : r.rlim_max;
    return setrlimit(what, &r) == 0;
}

static bool limit_to(int what, uint64_t value) {
    return limit(what, value, value);
}

/* A core of one byte is none, for it is less than a page; and where core_pattern is a program the kernel runs that
 * program whatever the limit is, but for this one (do_coredump in fs/coredump.c). */
static bool set_limits(const Job *j) {
    return limit_to(RLIMIT_CORE, 1) && limit_to(RLIMIT_FSIZE, j->file_bytes) &&
           limit_to(RLIMIT_STACK, j->stack_bytes) && limit_to(RLIMIT_NPROC, j->processes) &&
           limit_to(RLIMIT_NOFILE, j->open_files) && (!j->as_bytes || limit_to(RLIMIT_AS, j->as_bytes)) &&
           limit(RLIMIT_CPU, j->cpu_seconds, j->cpu_seconds + 1); /* SIGXCPU, a second later SIGKILL */
}

static void child_failed(int fd, uint32_t step) {
    uint32_t said[2] = {step, (uint32_t)errno};
    write_all(fd, said, sizeof said);
    _exit(127);
}

/* The program's side of fork: nothing of the helper is left when it starts. Only the program joins the control groups,
 * so that want of memory ends it and never its keepers. */
static void become_program(const Parts *p, int said) {
    sigset_t none;
    sigemptyset(&none);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (uint32_t i = 0; i < g_job.job.n_groups; i++)
        if (write(JOB_FD_END + (int)i, "0", 1) != 1) child_failed(said, STEP_GROUP);
    if (dup2(said, 3) != 3 || fcntl(3, F_SETFD, FD_CLOEXEC) != 0 || !close_from(4)) child_failed(3, STEP_CLOSE);
    if (!set_limits(&g_job.job)) child_failed(3, STEP_LIMITS);
    personality(ADDR_NO_RANDOMIZE); /* what prints an address, or sorts by it, repeats; some containers forbid it */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p->filter) != 0)
        child_failed(3, STEP_FILTER);
    execve(p->args[0], p->args, environ);
    child_failed(3, STEP_EXEC);
}

static pid_t start_program(const Parts *p, JobRecord *r) {
    int said[2];
    uint32_t why[2] = {0, 0};
    r->how = HOW_NOT_STARTED, r->step = STEP_FORK;
    if (pipe2(said, O_CLOEXEC) != 0) return r->code = errno, -1;
    pid_t pid = fork();
    if (pid < 0) return r->code = errno, -1;
    if (pid == 0) become_program(p, said[1]);
    close(said[1]);
    size_t n = read_all(said[0], why, sizeof why); /* end of file: execve closed it */
    close(said[0]);
    if (n != sizeof why) return r->how = 0, r->step = 0, pid;
    r->step = why[0], r->code = (int32_t)why[1];
    return -1;
}

/* A timer on the program's own CPU clock: it fires when the limit is reached, however it is spread over threads. */
static void arm_cpu_timer(pid_t pid, uint64_t ns) {
    clockid_t clock;
    timer_t t;
    struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
    struct itimerspec when = {.it_value = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)}};
    if (!ns || clock_getcpuclockid(pid, &clock) != 0 || timer_create(clock, &ev, &t) != 0) return;
    timer_settime(t, 0, &when, NULL);
}

/* Reaps what has ended; true when the main program is among it. */
static bool reap(pid_t main_pid, int flags, JobRecord *r) {
    bool seen = false;
    int status;
    struct rusage u;
    for (;;) {
        pid_t pid = wait4(-1, &status, flags, &u);
        if (pid < 0 && errno == EINTR) continue;
        if (pid <= 0) return seen;
        if (pid != main_pid) continue;
        seen = true;
        r->how = WIFSIGNALED(status) ? HOW_SIGNALLED : HOW_EXITED;
        r->code = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    }
}

static void kill_all(pid_t main_pid, JobRecord *r) {
    if (kill(-1, SIGKILL) == 0 && r->how) r->orphans++;
    reap(main_pid, 0, r); /* blocks until no child is left */
}

/* Waits for the first of: the program ends, its CPU time is over, the launcher says stop (or is gone). */
static void wait_program(pid_t pid, int signals, JobRecord *r) {
    struct pollfd p[2] = {{.fd = JOB_FD_CONTROL, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
    while (!r->how && !r->reason) {
        if (poll(p, 2, -1) < 0) continue;
        struct signalfd_siginfo s;
        while (p[1].revents && read(signals, &s, sizeof s) == (ssize_t)sizeof s)
            if (s.ssi_signo == (uint32_t)SIGRTMIN && s.ssi_code == SI_TIMER) r->reason = REASON_CPU;
        if (p[0].revents) r->reason = REASON_ASKED;
        if (reap(pid, WNOHANG, r)) r->reason = REASON_NONE; /* it ended by itself first */
    }
}

/* Opens what the compiler left. Nothing runs any more; still, its name may be a link, a FIFO, a directory. */
static int open_fetch(const char *path, uint64_t max, JobRecord *r) {
    struct stat st;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    r->fetch = fd < 0 && errno == ENOENT ? FETCH_ABSENT : FETCH_ODD;
    if (fd < 0) return -1;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1 || st.st_uid != getuid()) return -1;
    r->fetch = FETCH_LARGE;
    if (st.st_size < 0 || (uint64_t)st.st_size > max) return -1;
    r->fetch = FETCH_OK, r->fetch_bytes = (uint64_t)st.st_size;
    return fd;
}

static int send_record(JobRecord *r, int fetch_fd) {
    static char block[65536];
    if (!write_all(JOB_FD_RECORD, r, sizeof *r)) return 1;
    for (uint64_t left = r->fetch_bytes; left > 0;) {
        size_t n = read_all(fetch_fd, block, left < sizeof block ? (size_t)left : sizeof block);
        if (n == 0 || !write_all(JOB_FD_RECORD, block, n)) return 1;
        left -= n;
    }
    return 0;
}

static int init(void) {
    static Parts parts;
    JobRecord r = {.magic = RECORD_MAGIC, .kind = RECORD_STARTED};
    sigset_t set;
    int fetch = -1;
    prctl(PR_SET_DUMPABLE, 0);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set), sigaddset(&set, SIGCHLD), sigaddset(&set, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    write_all(JOB_FD_RECORD, &r, sizeof r);
    r.kind = RECORD_ENDED;
    r.how = HOW_NOT_STARTED, r.step = STEP_JOB, r.code = EINVAL;
    pid_t pid = signals >= 0 && job_read(&parts) ? start_program(&parts, &r) : -1;
    uint64_t begin = now_ns(CLOCK_MONOTONIC);
    if (pid > 0) {
        arm_cpu_timer(pid, g_job.job.cpu_ns);
        wait_program(pid, signals, &r);
        r.wall_ns = now_ns(CLOCK_MONOTONIC) - begin;
    }
    kill_all(pid, &r);
    struct rusage u;
    getrusage(RUSAGE_CHILDREN, &u);
    r.cpu_ns = ((uint64_t)u.ru_utime.tv_sec + (uint64_t)u.ru_stime.tv_sec) * 1000000000u +
               ((uint64_t)u.ru_utime.tv_usec + (uint64_t)u.ru_stime.tv_usec) * 1000u;
    r.peak_bytes = (uint64_t)u.ru_maxrss * 1024u;
    if (pid > 0 && parts.fetch[0] && r.how == HOW_EXITED && r.code == 0 && !r.reason)
        fetch = open_fetch(parts.fetch, g_job.job.fetch_max, &r);
    return send_record(&r, fetch);
}

/* ---- probe ---- */

static const char *told(long result) {
    return result >= 0 ? "ALLOWED" : strerrorname_np(errno);
}

static void try_open(const char *path, int flags) {
    int fd = open(path, flags, 0600);
    printf("%s %s=%s\n", flags & O_CREAT ? "write" : "read", path, told(fd));
    if (fd >= 0) close(fd);
}

/* argv: probe FORBIDDEN-FILE... */
static int probe(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    for (int i = 2; i < argc; i++) try_open(argv[i], O_RDONLY);
    try_open("/tmp/assay-probe", O_WRONLY | O_CREAT);
    try_open("/usr/lib/assay-probe", O_WRONLY | O_CREAT);
    printf("socket inet=%s\n", told(socket(AF_INET, SOCK_STREAM, 0)));
    printf("socket unix=%s\n", told(socket(AF_UNIX, SOCK_STREAM, 0)));
    pid_t pid = fork();
    if (pid == 0) _exit(0);
    printf("fork=%s\n", told(pid));
    printf("unshare=%s\n", told(unshare(CLONE_NEWUSER)));
    printf("clone3=%s\n", told(syscall(SYS_clone3, NULL, (size_t)0)));
    printf("ptrace=%s\n", told(syscall(SYS_ptrace, 0L, 0L, 0L, 0L)));
    printf("kill init=%s\n", kill(1, SIGKILL) == 0 ? "ignored" : told(-1)); /* the kernel drops it */
    int extra = 0;
    for (int fd = 3; fd < 1024; fd++) extra += fcntl(fd, F_GETFD) >= 0;
    printf("descriptors=%d\n", extra);
    printf("uid=%s\n", getuid() == 0 ? "0" : "user");
    printf("pid=%s\n", getpid() == 2 ? "2" : "other");
    return fflush(stdout) == 0 ? 0 : 1;
}

int main(int argc, char **argv) {
    if (argc >= 2 && strcmp(argv[1], "start") == 0) return start(argc, argv);
    if (argc >= 2 && strcmp(argv[1], "init") == 0) return init();
    if (argc >= 2 && strcmp(argv[1], "probe") == 0) return probe(argc, argv);
    return 2;
}
