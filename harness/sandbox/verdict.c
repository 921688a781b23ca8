/* From what was seen to a verdict: the first that fits, in the order of specs/sandbox.md section 4. */
#include "harness/sandbox/sandbox_internal.h"

#include <signal.h>
#include <string.h>

static bool died(const JobRecord *r) {
    return r->how != HOW_EXITED || r->code != 0;
}

static bool says(const Buf *b, const char *what) {
    return str_find(buf_str(b), str_from(what), 0) != SIZE_MAX;
}

/* A failed allocation without a control group leaves no count, only the program's last words. They decide between MLE
 * and RE alone, so a program gains nothing by forging them. */
static bool failed_to_allocate(const Launched *x) {
    return says(&x->err, "MemoryError") || says(&x->err, "bad_alloc") || says(&x->err, "Cannot allocate memory") ||
           says(&x->err, "out of memory");
}

static const char *memory_limit(const Sandbox *s, const Launch *l, const Launched *x) {
    const JobRecord *r = &x->record;
    if (x->cgroup.oom_kills) return "memory limit: the kernel ended a process for want of memory";
    if (x->limit == LIMIT_MEMORY) return "memory limit: what it held was above it";
    if (!x->whole) return NULL;
    if (r->how == HOW_NOT_STARTED) return "memory limit: the program is too large to be started";
    uint64_t peak = s->tier == SANDBOX_FULL && x->cgroup.known ? x->cgroup.peak_bytes : r->peak_bytes;
    if (s->tier != SANDBOX_FULL && peak > l->memory_bytes) return "memory limit: the peak was above it";
    bool near = peak >= l->memory_bytes - l->memory_bytes / 100;
    if (!died(r) || x->limit != LIMIT_NONE) return NULL;
    if (near) return "memory limit: the program died within 1 % of it";
    return failed_to_allocate(x) ? "memory limit: an allocation failed" : NULL;
}

static const char *cpu_limit(const Launch *l, const Launched *x, double cpu) {
    if (x->limit == LIMIT_CPU || (x->whole && x->record.reason == REASON_CPU)) return "CPU time limit";
    if (cpu > l->cpu_seconds) return "CPU time limit";
    if (x->whole && x->record.how == HOW_SIGNALLED && x->record.code == SIGXCPU) return "CPU time limit (RLIMIT_CPU)";
    if (x->limit == LIMIT_WALL && cpu >= l->cpu_seconds / 2) return "wall time limit with the processor busy";
    return NULL;
}

static SandboxVerdict verdict(const Sandbox *s, const Launch *l, const Launched *x, double cpu, const char **why) {
    const JobRecord *r = &x->record;
    if (x->limit == LIMIT_OUTPUT) return *why = "output limit", SANDBOX_OLE;
    if ((*why = memory_limit(s, l, x))) return SANDBOX_MLE;
    if ((*why = cpu_limit(l, x, cpu))) return SANDBOX_TLE;
    if (x->limit == LIMIT_WALL) return *why = "wall time limit with the processor idle", SANDBOX_ILE;
    if (!x->whole) return *why = "the sandbox's helper was ended with the program", SANDBOX_RE;
    if (r->how == HOW_SIGNALLED && r->code == SIGXFSZ) return *why = "file size limit", SANDBOX_RE;
    if (r->how == HOW_SIGNALLED) return *why = "ended by a signal", SANDBOX_RE;
    if (r->code != 0) return *why = "exit code is not 0", SANDBOX_RE;
    return *why = "", SANDBOX_OK;
}

void sandbox_judge(const Sandbox *s, const Launch *l, const Launched *x, Arena *a, SandboxRun *run) {
    const JobRecord *r = &x->record;
    memset(run, 0, sizeof *run);
    uint64_t cpu_ns = x->whole ? r->cpu_ns : x->cgroup.cpu_ns;
    run->cpu_seconds = (double)cpu_ns / 1e9;
    run->wall_seconds = x->whole ? (double)r->wall_ns / 1e9 : x->wall_seconds;
    run->peak_bytes = x->whole && r->peak_bytes ? r->peak_bytes : x->cgroup.peak_bytes;
    if (x->cgroup.known && x->cgroup.oom_kills) run->peak_bytes = x->cgroup.peak_bytes;
    run->verdict = verdict(s, l, x, run->cpu_seconds, &run->detail);
    run->exit_code = x->whole && r->how == HOW_EXITED ? r->code : -1;
    run->signal = x->whole && r->how == HOW_SIGNALLED ? r->code : 0;
    run->out = str_dup(a, x->out.n ? buf_str(&x->out) : STR(""));
    run->err = str_dup(a, x->err.n ? buf_str(&x->err) : STR(""));
}
