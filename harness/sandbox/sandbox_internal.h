/* What the files of the sandbox share. Below sandbox.c, from the bottom: filter.c (system calls), cgroup.c (control
 * groups), launch.c (one start of one program), live.c (one that is served in slices), tools.c (what is installed),
 * verdict.c (what it means); session.c stands beside sandbox.c. */
#ifndef ASSAY_SANDBOX_INTERNAL_H
#define ASSAY_SANDBOX_INTERNAL_H

#include <linux/filter.h>
#include <pthread.h>
#include <sys/types.h>

#include "harness/sandbox/job.h"
#include "harness/sandbox/sandbox.h"

#define SANDBOX_MIB ((uint64_t)1 << 20)
#define SANDBOX_ERR_KEPT ((size_t)64 << 10)
#define SANDBOX_MAX_SLOTS 64
#define SANDBOX_IDS (SANDBOX_MAX_SLOTS + SANDBOX_MAX_SESSIONS) /* users that root gives up to: slots, then sessions */

/* ---- embed.c: the bytes of the helper and of driver.py ---- */
extern const unsigned char sandbox_helper_begin[], sandbox_helper_end[];
extern const unsigned char sandbox_driver_begin[], sandbox_driver_end[];

/* ---- filter.c ---- */

typedef struct SandboxFilter {
    struct sock_filter *code; /* mem_free */
    uint32_t n;
} SandboxFilter;

/* The deny-list of specs/sandbox.md section 2.9; without `forks`, fork, vfork and clone of a process are refused too.
 */
bool sandbox_filter_make(bool forks, SandboxFilter *out, Err *err);

/* ---- cgroup.c ---- */

/* Where control groups can be made: version 1 has a folder per controller, version 2 one for all. */
typedef struct CgroupHome {
    int version;                               /* 0: none is writable */
    char memory[400], pids[400], cpuacct[400]; /* version 2: memory alone is set; cpuacct may be empty */
    char why[200];                             /* version 0: what was met */
} CgroupHome;

typedef struct Cgroup { /* of one run */
    const CgroupHome *home;
    char name[64];
    int n_fds, fds[3]; /* cgroup.procs of each folder, to join by writing 0 */
} Cgroup;

typedef struct CgroupUse {
    bool known;
    uint64_t peak_bytes, cpu_ns, oom_kills, refused_forks;
    bool empty; /* no process is left in it */
} CgroupUse;

/* Finds a home by making a group with limits in it and removing it again. */
void cgroup_probe(CgroupHome *h);
bool cgroup_open(const CgroupHome *h, int slot, uint64_t memory, uint64_t processes, Cgroup *c, Err *err);
void cgroup_joined(Cgroup *c);           /* closes the descriptors */
uint64_t cgroup_cpu_ns(const Cgroup *c); /* 0 when not known */
void cgroup_use(const Cgroup *c, CgroupUse *u);
void cgroup_kill(const Cgroup *c);
/* Removes it; false when processes are left in it. */
bool cgroup_close(Cgroup *c);

/* ---- tools.c ---- */

typedef struct Tool {
    char path[256];   /* empty: not installed */
    char real[256];   /* behind all links */
    char version[96]; /* first line it prints, or empty */
} Tool;

typedef struct Tools {
    Tool bwrap, python, gcc, gxx;
    int bwrap_major, bwrap_minor;
} Tools;

void tools_find(Tools *t);

/* ---- launch.c ---- */

typedef enum LaunchKind { LAUNCH_PROBE, LAUNCH_COMPILE, LAUNCH_PYTHON, LAUNCH_NATIVE } LaunchKind;

typedef enum LaunchLimit { /* what the launcher or the helper ended it for */
                           LIMIT_NONE,
                           LIMIT_CPU,
                           LIMIT_WALL,
                           LIMIT_OUTPUT,
                           LIMIT_MEMORY
} LaunchLimit;

typedef struct Launch { /* one start: what to run, on what, how far */
    LaunchKind kind;
    const char *const *args; /* NULL-terminated; args[0] is a path inside */
    const char *file_name;   /* name below /w of `file_fd`, or NULL */
    int file_fd;             /* a memfd, -1: none */
    bool file_executable;
    Str input;
    const char *fetch; /* path inside to bring back, or NULL */
    uint64_t fetch_max;
    const SandboxFilter *filter;
    double cpu_seconds, wall_seconds;
    double cpu_kill_seconds; /* where it is ended: above the limit, so that a near miss is known as one */
    uint64_t memory_bytes, output_bytes, file_bytes, scratch_bytes, stack_bytes;
    uint64_t processes, open_files;
    bool feeds;     /* standard input is a pipe that live_exchange writes to; `input` is empty */
    bool stoppable; /* ends when the sandbox is stopped */
} Launch;

typedef struct Launched {
    bool started, whole; /* the helper spoke; its last record came in full */
    JobRecord record;
    LaunchLimit limit;
    Buf out, err;        /* released by launched_release */
    uint64_t err_bytes;  /* with what was dropped */
    int fetched_fd;      /* memfd, or -1 */
    double wall_seconds; /* by the launcher's clock */
    CgroupUse cgroup;
} Launched;

struct Sandbox {
    SandboxTier tier;
    Tools tools;
    CgroupHome cgroups;
    SandboxFilter filter_run, filter_compile;
    int helper_fd; /* memfd with the helper */
    unsigned uid;  /* first of the ids that root gives up to; 0: not root */
    int n_slots;
    uint64_t slots_used;    /* bit per slot */
    uint64_t sessions_used; /* bit per session */
    bool stopped;           /* cells and stoppable programs are ended; atomic */
    int want_alone;         /* runs that wait until no slot is used; no new one starts before them */
    uint64_t proven;        /* bit per language: its compiler took a program; atomic */
    bool nproc_is_ours;     /* RLIMIT_NPROC counts only the sandbox */
    pthread_mutex_t lock;
    pthread_cond_t freed;
    char probe_said[400]; /* what the probe program printed */
    Buf described;
};

/* Starts it, serves it until it ends or a limit fires, ends and reaps everything. false: the sandbox itself failed;
 * *out is then released already. */
bool sandbox_launch(const Sandbox *s, int slot, const Launch *l, Launched *out, Err *err);
void launched_release(Launched *l);

/* ---- live.c ---- */

/* The same start, served in slices: for programs that are asked more than once (Launch.feeds). */
typedef struct LiveLaunch LiveLaunch;

typedef enum LiveEnd {
    LIVE_ANSWERED, /* `done` said so; it may be asked again */
    LIVE_ENDED,    /* the program ended, or broke the pipes */
    LIVE_LIMIT     /* a limit fired: launched->limit. It must be closed */
} LiveEnd;

typedef struct LiveSlice {
    Str input;                                /* written to the program's standard input */
    double cpu_seconds, wall_seconds;         /* of this slice */
    uint64_t keep_bytes, flood_bytes;         /* of its output: the first are kept; at the second it is ended */
    bool (*done)(void *ctx, const Buf *said); /* said: standard error of this slice */
    void *ctx;
    double cpu_used, wall_used; /* out */
    uint64_t out_bytes;         /* out: with what was dropped */
} LiveSlice;

/* *l is copied, but not what it points to. */
bool live_open(const Sandbox *s, int slot, const Launch *l, LiveLaunch **out, Err *err);
LiveEnd live_exchange(LiveLaunch *x, LiveSlice *slice);
/* What came back so far; after live_end with its last record. */
const Launched *live_launched(const LiveLaunch *x);
/* Ends and reaps everything; false: something could not be ended, or it had never started. */
bool live_end(LiveLaunch *x, Err *err);
void live_close(LiveLaunch *x); /* ends it if that has not been done; NULL is fine */

/* A sealed memfd with these bytes, above the descriptors that programs use; -1 with *err set. */
int sandbox_memfd(const char *name, Str bytes, Err *err);

/* ---- bwrap.c ---- */

/* NUL-separated arguments for bubblewrap's --args. */
void bwrap_args(const Sandbox *s, const Launch *l, Buf *out);

/* ---- sandbox.c ---- */

int sandbox_slot_take(Sandbox *s);
void sandbox_slots_give(Sandbox *s, uint64_t slots);
void sandbox_run_limits(const SandboxLimits *given, Launch *l);

/* ---- verdict.c ---- */

/* Section 4: the first that fits. Fills verdict, codes, times and `detail`; texts are the caller's. */
void sandbox_judge(const Sandbox *s, const Launch *l, const Launched *x, Arena *a, SandboxRun *run);

#endif
