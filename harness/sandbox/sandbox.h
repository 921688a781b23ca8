/* Sandbox: compile and run programs that a model wrote, behind bubblewrap, seccomp and rlimits (specs/sandbox.md).
 * One entry point; there is no second way to start a program. Knows nobody above it. A program runs once on an input;
 * a session is an interpreter that keeps its state from one cell to the next. */
#ifndef ASSAY_SANDBOX_H
#define ASSAY_SANDBOX_H

#include "engine/base/err.h"
#include "engine/base/str.h"

typedef enum SandboxTier { SANDBOX_NONE, SANDBOX_NS, SANDBOX_FULL } SandboxTier;

typedef struct Sandbox Sandbox;

/* Probes by doing: starts the real sandbox with a program that tries a forbidden file, a socket and a fork, and looks
 * at what it got. false with ERR_ENV: which step failed, and what would help. No temporary file is ever made. */
bool sandbox_open(int slots, Sandbox **out, Err *err);
void sandbox_close(Sandbox *s);
/* One JSON object for the manifest: tier, kernel, bubblewrap version, compilers' versions, default limits. */
Str sandbox_describe(const Sandbox *s);

typedef enum SandboxVerdict { /* same order and numbers as ScorerRun */
                              SANDBOX_OK,
                              SANDBOX_CE,
                              SANDBOX_RE,
                              SANDBOX_TLE,
                              SANDBOX_MLE,
                              SANDBOX_OLE,
                              SANDBOX_ILE,
                              SANDBOX_IE
} SandboxVerdict;

typedef struct SandboxLimits { /* 0 = default of the specification */
    double cpu_seconds, wall_seconds;
    uint64_t memory_bytes, output_bytes;
    bool stoppable; /* sandbox_stop_sessions ends it too */
} SandboxLimits;

typedef struct SandboxRun {
    SandboxVerdict verdict;
    int exit_code, signal;
    double cpu_seconds, wall_seconds;
    uint64_t peak_bytes;
    Str out, err;       /* in the arena; err is cut to 64 KiB */
    const char *detail; /* which limit fired, or what the launcher met; a constant or in the arena */
    int reruns;         /* a TLE below twice its limit is run again, alone, up to two times; the best counts */
} SandboxRun;

typedef struct SandboxProgram SandboxProgram; /* source checked or compiled, ready to run many times */

/* language: "python", "c", "cpp". On a compile error returns true with *out NULL and run->verdict SANDBOX_CE.
 * false: the sandbox failed (ERR_ENV). Thread-safe: at most `slots` programs at once, others wait. */
bool sandbox_compile(Sandbox *s, Str language, Str source, Arena *a, SandboxProgram **out, SandboxRun *run, Err *err);
/* Runs it once on this standard input. false only when the launcher itself failed twice (ERR_ENV). */
bool sandbox_run(Sandbox *s, const SandboxProgram *p, Str input, const SandboxLimits *l, Arena *a, SandboxRun *run,
                 Err *err);
void sandbox_program_close(SandboxProgram *p);

/* ---- sessions: one Python interpreter that is asked again and again ---- */

#define SANDBOX_MAX_SESSIONS 64 /* open at once; sandbox_session_open waits for one that is closed */

typedef struct SandboxSession SandboxSession;

typedef struct SandboxSessionOptions {
    /* Per cell, but memory_bytes, which is the whole session's; output_bytes: how much of a cell's output is kept.
     * 0 = default: 30 s of CPU, 120 s, 512 MiB, 16 KiB. */
    SandboxLimits limits;
    int cells;     /* how many will be run at most: with the CPU limit of one it bounds the CPU time of the session */
    uint64_t seed; /* of Python's module `random`, so that a cell repeats */
} SandboxSessionOptions;

typedef struct SandboxCell {
    /* OK: the cell ended, with or without a traceback in `out`, and the session goes on. All else: the session is over;
     * RE the interpreter itself ended, TLE, MLE, OLE, ILE a limit ended it. */
    SandboxVerdict verdict;
    Str out;               /* standard output and error in the order written; in the arena; its first output_bytes */
    uint64_t out_bytes;    /* how many there were */
    int exit_code, signal; /* RE: of the interpreter; -1 and 0 if not known */
    double cpu_seconds, wall_seconds;
} SandboxCell;

/* Starts it; the interpreter waits to be asked. false: ERR_ENV, the sandbox failed. Thread-safe. */
bool sandbox_session_open(Sandbox *s, const SandboxSessionOptions *o, SandboxSession **out, Err *err);
/* Runs one cell. echo: the value of a last expression is printed, as a notebook does. One thread at a time per session;
 * at most `slots` cells and programs run at once, others wait. false: the sandbox failed (ERR_ENV); the session is
 * over.
 */
bool sandbox_session_run(SandboxSession *x, Str source, bool echo, Arena *a, SandboxCell *out, Err *err);
/* Ends the cells that run now, in all sessions, and programs with stoppable limits, and those that are begun later: for
 * a run that was interrupted. Their verdict means nothing. */
void sandbox_stop_sessions(Sandbox *s);
/* Ends everything that it started. NULL is fine. */
void sandbox_session_close(SandboxSession *x);

#endif
