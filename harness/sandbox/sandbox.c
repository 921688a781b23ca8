/* The sandbox's front door: opens after a probe, deals out slots, compiles and runs. */
#include "harness/sandbox/sandbox_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "engine/base/json.h"

/* ---- limits: specs/sandbox.md section 3 ---- */

#define RUN_CPU_SECONDS 6.0 /* when the problem names none */
#define RUN_MEMORY (256 * SANDBOX_MIB)
#define RUN_OUTPUT (64 * SANDBOX_MIB)
#define RUN_THREADS 16u
#define COMPILE_CPU_SECONDS 10.0
#define COMPILE_WALL_SECONDS 30.0
#define COMPILE_MEMORY (1024 * SANDBOX_MIB)
#define COMPILE_OUTPUT SANDBOX_MIB
#define COMPILE_FILE (64 * SANDBOX_MIB)
#define MAX_OUTPUT (1024 * SANDBOX_MIB)

static double default_wall(double cpu) {
    double wall = 2 * cpu + 2;
    return wall < 5 ? 5 : wall;
}

void sandbox_run_limits(const SandboxLimits *given, Launch *l) {
    static const SandboxLimits none;
    if (!given) given = &none;
    l->cpu_seconds = given->cpu_seconds > 0 ? given->cpu_seconds : RUN_CPU_SECONDS;
    l->cpu_kill_seconds = 2 * l->cpu_seconds;
    l->wall_seconds = given->wall_seconds > 0 ? given->wall_seconds : default_wall(l->cpu_seconds);
    l->memory_bytes = given->memory_bytes ? given->memory_bytes : RUN_MEMORY;
    l->output_bytes = given->output_bytes ? given->output_bytes : RUN_OUTPUT;
    if (l->output_bytes > MAX_OUTPUT) l->output_bytes = MAX_OUTPUT;
    l->file_bytes = 16 * SANDBOX_MIB;
    l->stack_bytes = l->memory_bytes;
    l->processes = RUN_THREADS + 4; /* the program, its helper, and two of bubblewrap while it starts */
    l->open_files = 64;
}

static void compile_limits(Launch *l) {
    l->cpu_seconds = l->cpu_kill_seconds = COMPILE_CPU_SECONDS;
    l->wall_seconds = COMPILE_WALL_SECONDS;
    l->memory_bytes = COMPILE_MEMORY;
    l->output_bytes = COMPILE_OUTPUT;
    l->file_bytes = COMPILE_FILE;
    l->scratch_bytes = 2 * COMPILE_FILE;
    l->stack_bytes = UINT64_MAX;
    l->processes = 36;
    l->open_files = 256;
}

/* ---- slots ---- */

int sandbox_slot_take(Sandbox *s) {
    int slot = 0;
    pthread_mutex_lock(&s->lock);
    for (;;) {
        for (slot = 0; slot < s->n_slots && (s->slots_used >> slot & 1); slot++) {
        }
        if (slot < s->n_slots && !s->want_alone) break;
        pthread_cond_wait(&s->freed, &s->lock);
    }
    s->slots_used |= (uint64_t)1 << slot;
    pthread_mutex_unlock(&s->lock);
    return slot;
}

/* All of them, so that no other program runs. */
static void slots_take_all(Sandbox *s) {
    pthread_mutex_lock(&s->lock);
    s->want_alone++;
    while (s->slots_used) pthread_cond_wait(&s->freed, &s->lock);
    s->want_alone--;
    s->slots_used = UINT64_MAX;
    pthread_mutex_unlock(&s->lock);
}

void sandbox_slots_give(Sandbox *s, uint64_t slots) {
    pthread_mutex_lock(&s->lock);
    s->slots_used &= ~slots;
    pthread_cond_broadcast(&s->freed);
    pthread_mutex_unlock(&s->lock);
}

/* In a slot, or alone; a failure of the sandbox itself is tried once more. */
static bool launch(Sandbox *s, const Launch *l, bool alone, Launched *x, Err *err) {
    Err first = ERR_INIT;
    int slot = 0;
    if (alone)
        slots_take_all(s);
    else
        slot = sandbox_slot_take(s);
    bool ok = sandbox_launch(s, slot, l, x, &first) || sandbox_launch(s, slot, l, x, err);
    sandbox_slots_give(s, alone ? UINT64_MAX : (uint64_t)1 << slot);
    return ok;
}

/* ---- opening ---- */

/* Root gives up to ids that nobody has: above the ranges that systemd documents, a block per harness process. In a
 * container with fewer ids mapped, those of systemd's own dynamic services. */
static unsigned first_uid(void) {
    if (geteuid() != 0) return 0;
    const unsigned high = 0x70000000u, low = 61184u;
    unsigned want = high + (unsigned)getpid() % 0x400000u * SANDBOX_IDS;
    unsigned long inside, outside, n;
    bool fits = false;
    FILE *f = fopen("/proc/self/uid_map", "re");
    while (f && fscanf(f, "%lu %lu %lu", &inside, &outside, &n) == 3)
        fits = fits || (want >= inside && want + SANDBOX_IDS <= inside + n);
    if (f) fclose(f);
    return fits ? want : low;
}

/* Since Linux 5.14 RLIMIT_NPROC counts per user namespace; before, all that the user runs, which only a user of our own
 * can bear. */
static bool nproc_is_ours(const Sandbox *s) {
    struct utsname u;
    int major = 0, minor = 0;
    if (s->uid) return true;
    return uname(&u) == 0 && sscanf(u.release, "%d.%d", &major, &minor) == 2 &&
           (major > 5 || (major == 5 && minor >= 14));
}

/* Every line of the probe is a thing refused, or a fact that must be so. */
static bool check_probe(Str said, Err *err) {
    static const char *const must[] = {"read /etc/passwd=",
                                       "write /tmp/assay-probe=",
                                       "socket inet=EPERM\n",
                                       "socket unix=EPERM\n",
                                       "fork=EPERM\n",
                                       "unshare=EPERM\n",
                                       "clone3=ENOSYS\n",
                                       "ptrace=EPERM\n",
                                       "descriptors=0\n",
                                       "uid=user\n",
                                       "pid=2\n"};
    size_t at = str_find(said, STR("=ALLOWED"), 0);
    if (at != SIZE_MAX) {
        size_t line = at;
        while (line > 0 && said.p[line - 1] != '\n') line--;
        return err_set(err, ERR_ENV, "the sandbox does not hold: a test program inside it was allowed to '%.*s'",
                       (int)(at - line), said.p + line);
    }
    for (size_t i = 0; i < sizeof must / sizeof *must; i++)
        if (str_find(said, str_from(must[i]), 0) == SIZE_MAX)
            return err_set(err, ERR_ENV, "the sandbox does not hold: a test program inside it did not report '%.*s'",
                           (int)strcspn(must[i], "\n"), must[i]);
    return true;
}

static bool probe(Sandbox *s, Err *err) {
    char self[512];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = 0;
    const char *args[] = {"/helper",     "probe",           "/etc/passwd",
                          "/etc/shadow", "/proc/1/environ", "/dev/zero",
                          "/home",       "/root",           n > 0 && strncmp(self, "/usr/lib", 8) ? self : NULL,
                          NULL};
    Launch l = {.kind = LAUNCH_PROBE, .args = args, .file_fd = -1, .filter = &s->filter_run};
    Launched x;
    sandbox_run_limits(NULL, &l);
    if (!sandbox_launch(s, 0, &l, &x, err)) return false;
    Str said = x.out.n ? buf_str(&x.out) : STR("");
    bool ok = x.whole && x.record.how == HOW_EXITED && x.record.code == 0 && x.limit == LIMIT_NONE;
    if (!ok)
        err_set(err, ERR_ENV, "the sandbox's test program did not end well (how %u, code %d)", x.record.how,
                x.record.code);
    ok = ok && check_probe(said, err);
    launched_release(&x);
    return ok;
}

/* The strongest tier that works; what was met on the way down stays in cgroups.why. */
static bool choose_tier(Sandbox *s, Err *err) {
    cgroup_probe(&s->cgroups);
    if (s->cgroups.version) {
        Err full = ERR_INIT;
        s->tier = SANDBOX_FULL;
        if (probe(s, &full)) return true;
        snprintf(s->cgroups.why, sizeof s->cgroups.why, "%.190s", full.msg);
        s->cgroups.version = 0;
    }
    s->tier = SANDBOX_NS;
    if (probe(s, err)) return true;
    s->tier = SANDBOX_NONE;
    return err_wrap(err, "programs are not run, because they cannot be locked in (needed: bubblewrap and user "
                         "namespaces; see kernel.unprivileged_userns_clone, user.max_user_namespaces and "
                         "kernel.apparmor_restrict_unprivileged_userns)");
}

static void out_tool(JsonOut *o, const char *key, const Tool *t) {
    json_out_key(o, key);
    if (!t->path[0])
        json_out_null(o);
    else
        json_out_cstr(o, t->version[0] ? t->version : t->path);
}

static void out_limits(JsonOut *o, const char *key, const Launch *l) {
    json_out_key(o, key), json_obj(o);
    json_out_key(o, "cpu_seconds"), json_out_num(o, l->cpu_seconds);
    json_out_key(o, "wall_seconds"), json_out_num(o, l->wall_seconds);
    json_out_key(o, "memory_bytes"), json_out_u64(o, l->memory_bytes);
    json_out_key(o, "output_bytes"), json_out_u64(o, l->output_bytes);
    json_out_key(o, "file_bytes"), json_out_u64(o, l->file_bytes);
    json_out_key(o, "open_files"), json_out_u64(o, l->open_files);
    json_obj_end(o);
}

static bool describe(Sandbox *s, Err *err) {
    JsonOut o;
    struct utsname u;
    Launch run = {0}, compile = {0};
    sandbox_run_limits(NULL, &run);
    compile_limits(&compile);
    json_out_init(&o, &s->described, 0);
    json_obj(&o);
    json_out_key(&o, "tier"), json_out_cstr(&o, s->tier == SANDBOX_FULL ? "full" : "ns");
    if (s->cgroups.why[0]) json_out_key(&o, "not_full_because"), json_out_cstr(&o, s->cgroups.why);
    json_out_key(&o, "kernel"), json_out_cstr(&o, uname(&u) == 0 ? u.release : "unknown");
    json_out_key(&o, "cgroup_version"), json_out_int(&o, s->cgroups.version);
    json_out_key(&o, "drops_root"), json_out_bool(&o, s->uid != 0);
    out_tool(&o, "bubblewrap", &s->tools.bwrap);
    out_tool(&o, "python", &s->tools.python);
    out_tool(&o, "c", &s->tools.gcc);
    out_tool(&o, "cpp", &s->tools.gxx);
    out_limits(&o, "run_limits", &run);
    out_limits(&o, "compile_limits", &compile);
    json_obj_end(&o);
    return !s->described.failed || err_nomem(err);
}

bool sandbox_open(int slots, Sandbox **out, Err *err) {
    *out = NULL;
    Sandbox *s = mem_alloc(sizeof *s);
    if (!s) return err_nomem(err);
    s->helper_fd = -1;
    s->n_slots = slots < 1 ? 1 : slots > SANDBOX_MAX_SLOTS ? SANDBOX_MAX_SLOTS : slots;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->freed, NULL);
    buf_init(&s->described, 16u << 10);
    tools_find(&s->tools);
    s->uid = first_uid();
    s->nproc_is_ours = nproc_is_ours(s);
    size_t n = (size_t)(sandbox_helper_end - sandbox_helper_begin);
    bool ok = s->tools.bwrap.path[0] != 0;
    if (!ok)
        err_set(err, ERR_ENV,
                "programs are not run, because they cannot be locked in: bwrap is not in /usr/bin; "
                "install the package bubblewrap");
    ok = ok && sandbox_filter_make(false, &s->filter_run, err) && sandbox_filter_make(true, &s->filter_compile, err);
    ok = ok && (s->helper_fd = sandbox_memfd("helper", (Str){(const char *)sandbox_helper_begin, n}, err)) >= 0;
    ok = ok && choose_tier(s, err) && describe(s, err);
    if (!ok) {
        sandbox_close(s);
        return false;
    }
    *out = s;
    return true;
}

void sandbox_close(Sandbox *s) {
    if (!s) return;
    mem_free(s->filter_run.code);
    mem_free(s->filter_compile.code);
    if (s->helper_fd >= 0) close(s->helper_fd);
    buf_release(&s->described);
    pthread_cond_destroy(&s->freed);
    pthread_mutex_destroy(&s->lock);
    mem_free(s);
}

Str sandbox_describe(const Sandbox *s) {
    return buf_str(&s->described);
}

/* ---- languages ---- */

struct SandboxProgram {
    LaunchKind kind;
    int fd; /* memfd: the source of an interpreted program, or the compiled one */
};

typedef struct Language {
    const char *name, *file, *package;
    bool interpreted;
    const char *trivial; /* a program that any working compiler takes */
} Language;

static const Language k_languages[] = {
    {"python", "main.py", "python3", true, "pass\n"},
    {"c", "main.c", "gcc", false, "#include <stdio.h>\nint main(void) { return 0; }\n"},
    {"cpp", "main.cpp", "g++", false, "#include <iostream>\nint main() { return 0; }\n"},
};

/* The interpreter only says whether it can read the program; nothing of it is run. */
static const char k_check_python[] =
    "import sys\n"
    "try:\n"
    "    compile(open('/w/main.py', 'rb').read(), 'main.py', 'exec', dont_inherit=True)\n"
    "except Exception as e:\n"
    "    import traceback\n"
    "    sys.stderr.write(''.join(traceback.format_exception_only(type(e), e)))\n"
    "    sys.exit(1)\n";

static const Tool *language_tool(const Sandbox *s, const Language *g) {
    return g->interpreted ? &s->tools.python : strcmp(g->name, "c") == 0 ? &s->tools.gcc : &s->tools.gxx;
}

static const Language *find_language(const Sandbox *s, Str name, Err *err) {
    for (size_t i = 0; i < sizeof k_languages / sizeof *k_languages; i++) {
        const Language *g = &k_languages[i];
        if (!str_eqz(name, g->name)) continue;
        if (language_tool(s, g)->path[0]) return g;
        err_set(err, ERR_ENV, "%s is not installed, so %s programs cannot be run; install the package %s",
                g->interpreted ? "python3" : g->package, g->name, g->package);
        return NULL;
    }
    err_set(err, ERR_INPUT, "the language '" STR_FMT "' is not known to the sandbox; it has python, c and cpp",
            STR_ARG(name));
    return NULL;
}

/* Runs the compiler (or the interpreter's check) on the source in `fd`. */
static bool launch_compiler(Sandbox *s, const Language *g, int fd, Launch *l, Launched *x, Err *err) {
    const char *tool = language_tool(s, g)->path;
    const char *check[] = {tool, "-s", "-B", "-c", k_check_python, NULL};
    const char *c[] = {tool, "-std=gnu17", "-O2", "-w", "-pipe", "-o", "/tmp/program", "/w/main.c", "-lm", NULL};
    const char *cpp[] = {tool, "-std=gnu++20", "-O2", "-w", "-pipe", "-o", "/tmp/program", "/w/main.cpp", NULL};
    memset(l, 0, sizeof *l);
    compile_limits(l);
    l->kind = g->interpreted ? LAUNCH_PYTHON : LAUNCH_COMPILE;
    l->args = g->interpreted ? check : strcmp(g->name, "c") == 0 ? c : cpp;
    l->file_name = g->file;
    l->file_fd = fd;
    l->filter = g->interpreted ? &s->filter_run : &s->filter_compile;
    l->fetch = g->interpreted ? NULL : "/tmp/program";
    l->fetch_max = g->interpreted ? 0 : COMPILE_FILE;
    if (g->interpreted) l->scratch_bytes = 0;
    bool ok = launch(s, l, false, x, err);
    l->args = NULL;
    return ok;
}

/* A compiler that is broken (no headers, no linker) must not be taken for a program that is. */
static bool compiler_works(Sandbox *s, const Language *g, Err *err) {
    Launch l;
    Launched x;
    int fd = sandbox_memfd("trivial", str_from(g->trivial), err);
    bool ok = fd >= 0 && launch_compiler(s, g, fd, &l, &x, err);
    if (fd >= 0) close(fd);
    if (!ok) return false;
    bool works = x.whole && x.record.how == HOW_EXITED && x.record.code == 0;
    Str said = str_trim(buf_str(&x.err));
    if (!works)
        err_set(err, ERR_ENV, "%s does not work here, not even on a trivial program (%.*s); install the package %s",
                g->package, (int)(said.n > 200 ? 200 : said.n), said.p ? said.p : "", g->package);
    launched_release(&x);
    return works;
}

/* Turns what came back into a program or into a compile error. */
static bool take_program(const Language *g, Arena *a, Launched *x, int source, SandboxProgram **out, SandboxRun *run,
                         Err *err) {
    bool fetched = g->interpreted || x->record.fetch == FETCH_OK;
    if (run->verdict == SANDBOX_OK && fetched) {
        SandboxProgram *p = mem_alloc(sizeof *p);
        if (!p) return err_nomem(err);
        p->kind = g->interpreted ? LAUNCH_PYTHON : LAUNCH_NATIVE;
        p->fd = g->interpreted ? source : x->fetched_fd;
        if (!g->interpreted) x->fetched_fd = -1;
        *out = p;
        return true;
    }
    if (run->verdict == SANDBOX_OK && x->record.fetch == FETCH_ODD)
        return err_set(err, ERR_ENV, "the compiler left something that is not a plain file");
    const char *why = run->detail;
    if (run->verdict == SANDBOX_OK)
        why = x->record.fetch == FETCH_LARGE ? "the compiled program is too large" : "the compiler left no program";
    run->detail = str_printf(a, "compile: %s", why).p;
    run->verdict = SANDBOX_CE;
    return run->detail != NULL || err_nomem(err);
}

bool sandbox_compile(Sandbox *s, Str language, Str source, Arena *a, SandboxProgram **out, SandboxRun *run, Err *err) {
    Launch l;
    Launched x;
    *out = NULL;
    memset(run, 0, sizeof *run);
    const Language *g = find_language(s, language, err);
    if (!g) return false;
    int fd = sandbox_memfd("source", source.p ? source : STR(""), err);
    if (fd < 0) return false;
    bool ok = launch_compiler(s, g, fd, &l, &x, err);
    if (ok) {
        sandbox_judge(s, &l, &x, a, run);
        ok = take_program(g, a, &x, fd, out, run, err);
        launched_release(&x);
    }
    uint64_t bit = (uint64_t)1 << (g - k_languages);
    if (ok && run->verdict == SANDBOX_CE && !(__atomic_load_n(&s->proven, __ATOMIC_RELAXED) & bit))
        ok = compiler_works(s, g, err);
    if (ok) __atomic_fetch_or(&s->proven, bit, __ATOMIC_RELAXED);
    if (!*out || !g->interpreted) close(fd);
    return ok;
}

void sandbox_program_close(SandboxProgram *p) {
    if (!p) return;
    close(p->fd);
    mem_free(p);
}

static bool launch_and_judge(Sandbox *s, const Launch *l, bool alone, Arena *a, SandboxRun *run, Err *err) {
    Launched x;
    if (!launch(s, l, alone, &x, err)) return false;
    sandbox_judge(s, l, &x, a, run);
    launched_release(&x);
    return (run->out.p && run->err.p) || err_nomem(err);
}

/* Timing is noisy on a loaded machine, CPU time too: a near miss gets two more tries with nothing else running. */
static bool near_miss(const Sandbox *s, const Launch *l, const SandboxRun *run) {
    if (l->stoppable && __atomic_load_n(&s->stopped, __ATOMIC_RELAXED)) return false;
    return run->verdict == SANDBOX_TLE && run->cpu_seconds < 0.98 * l->cpu_kill_seconds && run->reruns < 2;
}

bool sandbox_run(Sandbox *s, const SandboxProgram *p, Str input, const SandboxLimits *limits, Arena *a, SandboxRun *run,
                 Err *err) {
    const char *python[] = {s->tools.python.path, "-s", "-B", "/w/main.py", NULL};
    const char *native[] = {"/w/program", NULL};
    bool interpreted = p->kind == LAUNCH_PYTHON;
    Launch l = {.kind = p->kind,
                .args = interpreted ? python : native,
                .file_fd = p->fd,
                .input = input,
                .file_name = interpreted ? "main.py" : "program",
                .file_executable = !interpreted,
                .filter = &s->filter_run};
    memset(run, 0, sizeof *run);
    sandbox_run_limits(limits, &l);
    l.stoppable = limits && limits->stoppable;
    if (!launch_and_judge(s, &l, false, a, run, err)) return false;
    while (near_miss(s, &l, run)) {
        SandboxRun again;
        int reruns = run->reruns + 1;
        if (!launch_and_judge(s, &l, true, a, &again, err)) return false;
        if (again.verdict != SANDBOX_TLE || again.cpu_seconds < run->cpu_seconds) *run = again;
        run->reruns = reruns;
    }
    return true;
}
