/* Sandbox: compile and run programs that a model wrote, behind bubblewrap, seccomp and rlimits (specs/sandbox.md).
 * One entry point; there is no second way to start a program. Knows nobody above it. */
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

#endif
