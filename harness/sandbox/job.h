/* What the launcher tells the helper inside the sandbox, and what comes back: two structs that cross a descriptor
 * between two programs of one build, so their layout needs no versioning beyond the magic number. */
#ifndef ASSAY_SANDBOX_JOB_H
#define ASSAY_SANDBOX_JOB_H

#include <stdint.h>

/* Descriptors at which bubblewrap and the helper find things. 0, 1, 2 are the program's own. */
enum {
    JOB_FD_ARGS = 3,
    JOB_FD_RECORD,
    JOB_FD_CONTROL,
    JOB_FD_JOB,
    JOB_FD_HELPER,
    JOB_FD_FILE,
    JOB_FD_INPUT,
    JOB_FD_END
};

#define JOB_MAGIC 0x31424f4au
#define JOB_MAX_BYTES (256u << 10)
#define JOB_MAX_ARGS 64

/* Behind the struct: n_filter instructions of 8 bytes (struct sock_filter), n_args NUL-terminated strings, and the
 * NUL-terminated path of a file to fetch (empty: none). */
typedef struct Job {
    uint32_t magic, bytes; /* bytes: all of it, with what follows */
    uint32_t n_filter, n_args;
    uint32_t n_groups, unused; /* descriptors from JOB_FD_END on: cgroup.procs of groups that the program joins */
    uint64_t cpu_ns;           /* the program is killed when its own CPU clock shows this; 0: only by rlimit */
    uint64_t cpu_seconds;      /* RLIMIT_CPU, the backstop */
    uint64_t as_bytes;         /* RLIMIT_AS; 0: none */
    uint64_t stack_bytes, file_bytes, processes, open_files;
    uint64_t fetch_max; /* a larger file is not fetched */
} Job;

#define RECORD_MAGIC 0x44524352u

enum RecordKind { RECORD_STARTED = 1, RECORD_ENDED = 2 };
enum RecordHow { HOW_EXITED = 1, HOW_SIGNALLED = 2, HOW_NOT_STARTED = 3 };
enum RecordReason { REASON_NONE = 0, REASON_CPU = 1, REASON_ASKED = 2 }; /* why the helper killed it, if it did */
enum RecordFetch { FETCH_NONE = 0, FETCH_OK = 1, FETCH_ABSENT = 2, FETCH_ODD = 3, FETCH_LARGE = 4 };

/* Behind the struct of kind RECORD_ENDED: fetch_bytes bytes of the fetched file. */
typedef struct JobRecord {
    uint32_t magic, kind;
    uint32_t how;                         /* RecordHow */
    int32_t code;                         /* exit code, signal number, or errno of the step that failed */
    uint32_t step;                        /* HOW_NOT_STARTED: JobStep */
    uint32_t reason;                      /* RecordReason */
    uint32_t fetch;                       /* RecordFetch */
    uint32_t orphans;                     /* processes that outlived the main one and were killed */
    uint64_t cpu_ns, wall_ns, peak_bytes; /* sums and maximum over everything that was waited for */
    uint64_t fetch_bytes;
} JobRecord;

#define JOB_STEP_MAP(X)                                                                                                \
    X(STEP_NONE, "nothing")                                                                                            \
    X(STEP_JOB, "reading the job")                                                                                     \
    X(STEP_FORK, "fork")                                                                                               \
    X(STEP_GROUP, "joining the control group")                                                                         \
    X(STEP_LIMITS, "setrlimit")                                                                                        \
    X(STEP_CLOSE, "close_range")                                                                                       \
    X(STEP_FILTER, "seccomp(SECCOMP_SET_MODE_FILTER)")                                                                 \
    X(STEP_EXEC, "execve")

enum JobStep {
#define X(step, name) step,
    JOB_STEP_MAP(X)
#undef X
};

#endif
