/* What launch.c shares with live.c: one start, its wires, and how it is served. */
#ifndef ASSAY_SANDBOX_LAUNCH_INTERNAL_H
#define ASSAY_SANDBOX_LAUNCH_INTERNAL_H

#include "harness/sandbox/sandbox_internal.h"

#define SECOND_NS 1000000000ull
#define POLL_MS 20 /* looking at CPU time (tier full) or memory (tier ns) */

/* Everything between here and one bubblewrap. */
typedef struct Wires {
    int in, out[2], err[2], record[2], control[2], args, job, helper, file, input;
    int feed, guard; /* Launch.feeds: our end of standard input, and a reader of it that never reads */
    pid_t pid;
    int pidfd;
    Cgroup cgroup;
} Wires;

typedef struct Serve {
    const Sandbox *s;
    const Launch *l;
    Wires *w;
    Launched *x;
    char head[sizeof(JobRecord)]; /* the record that is coming in */
    size_t head_n;
    uint64_t blob_left, out_bytes;
    uint64_t keep_bytes, flood_bytes; /* of the output: what is kept, and where it is ended */
    uint64_t begin, deadline;         /* of the phase: starting, running, ending */
    pid_t program;                    /* seen from here; 0: not known */
    bool ended, asked, broken;
} Serve;

/* Clears all three; limits on output are the launch's. */
void launch__init(Serve *v, const Sandbox *s, const Launch *l, Wires *w, Launched *x);
bool launch__open_wires(const Sandbox *s, int slot, const Launch *l, Wires *w, Err *err);
bool launch__start(const Sandbox *s, int slot, Wires *w, Err *err);
void launch__wires_close(Wires *w);
void launch__close_fd(int *fd); /* -1 is fine, and is left behind */

/* Each takes what is there and does not wait. */
void launch__read_record(Serve *v);
void launch__read_outputs(Serve *v);
/* Asks the helper to end everything; the first reason stays. */
void launch__ask_end(Serve *v, LaunchLimit why);
void launch__watch_memory(Serve *v);
pid_t launch__first_child(pid_t pid); /* 0: none */

/* Ends and reaps all that is left; false when something could not be ended. */
bool launch__end_all(Serve *v);
/* false: it had not started, which is the sandbox's fault. */
bool launch__check_start(const Launched *x, Err *err);

#endif
