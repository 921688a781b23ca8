/* Runs every program of tests/sandbox/ and compares with what its first comment wants; after each, nothing may be left
 * and a well-behaved program must run as before. */
#include "tests/support.h"

#include <dirent.h>
#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/file.h"
#include "harness/sandbox/sandbox_internal.h"

#define FOLDER "tests/sandbox"
#define COMPILE_WALL 30.0 /* the launcher's limit for a compiler */

typedef struct Wanted {
    char expect[64], says[80], never[80], err[80];
    long code, bytes, err_at_most; /* -1: any */
    SandboxLimits limits;
} Wanted;

static Sandbox *g_box;
static char g_tmp[] = "/tmp/assay-hostile-XXXXXX";
static const char *const k_names[] = {"OK", "CE", "RE", "TLE", "MLE", "OLE", "ILE", "IE"};

/* ---- what a file wants ---- */

/* The rest of the line behind "key: " in the leading comment. */
static bool find_key(Str source, const char *key, char *out, size_t cap) {
    char pattern[48];
    snprintf(pattern, sizeof pattern, " %s: ", key);
    for (size_t at = 0; at < source.n;) {
        size_t end = str_find(source, STR("\n"), at);
        Str line = str_sub(source, at, end);
        if (!str_starts(line, STR("//")) && !str_starts(line, STR("#"))) return false;
        size_t hit = str_find(line, str_from(pattern), 0);
        if (hit == 1 || hit == 2) {
            Str value = str_trim(str_sub(line, hit + strlen(pattern), line.n));
            snprintf(out, cap, "%.*s", (int)value.n, value.p);
            return true;
        }
        if (end == SIZE_MAX) return false;
        at = end + 1;
    }
    return false;
}

static double find_number(Str source, const char *key, double absent) {
    char text[32];
    return find_key(source, key, text, sizeof text) ? atof(text) : absent;
}

static Wanted read_wanted(Str source) {
    Wanted w = {.limits = {.cpu_seconds = 2}};
    if (!find_key(source, "expect", w.expect, sizeof w.expect)) fail_msg("no 'expect' in the first comment");
    find_key(source, "says", w.says, sizeof w.says);
    find_key(source, "never", w.never, sizeof w.never);
    find_key(source, "err", w.err, sizeof w.err);
    w.code = (long)find_number(source, "code", -1);
    w.bytes = (long)find_number(source, "bytes", -1);
    w.err_at_most = (long)find_number(source, "err_at_most", -1);
    w.limits.cpu_seconds = find_number(source, "cpu", 2);
    w.limits.wall_seconds = find_number(source, "wall", 0);
    w.limits.memory_bytes = (uint64_t)find_number(source, "memory", 0) << 20;
    w.limits.output_bytes = (uint64_t)find_number(source, "output", 0);
    return w;
}

static bool expects(const Wanted *w, SandboxVerdict v) {
    char list[80], name[16];
    snprintf(list, sizeof list, " %s ", w->expect);
    snprintf(name, sizeof name, " %s ", k_names[v]);
    return strstr(list, name) != NULL;
}

static bool holds(Str s, const char *what) {
    return str_find(s, str_from(what), 0) != SIZE_MAX;
}

/* What is wrong with the run, or NULL. */
static const char *complaint(const Wanted *w, const SandboxRun *r) {
    if (!expects(w, r->verdict)) return "another verdict";
    if (r->out.n && holds(r->out, "ESCAPED")) return "it got out";
    if (w->never[0] && (holds(r->out, w->never) || holds(r->err, w->never))) return "it says what it may not know";
    if (w->err[0] && !holds(r->err, w->err)) return "another message";
    if (w->err_at_most >= 0 && r->err.n > (size_t)w->err_at_most) return "too long a message";
    if (r->verdict == SANDBOX_CE) return NULL;
    if (w->says[0] && !holds(r->out, w->says)) return "other output";
    if (w->bytes >= 0 && r->out.n != (size_t)w->bytes) return "another length of output";
    if (w->code >= 0 && r->exit_code != w->code) return "another exit code";
    return NULL;
}

/* ---- what is left ---- */

static int count_entries(const char *path) {
    int n = 0;
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) n += e->d_name[0] != '.';
    if (d) closedir(d);
    return n;
}

/* Groups of this process below a folder where the sandbox makes them. */
static bool group_left(const char *home) {
    char name[32];
    bool left = false;
    DIR *d = *home ? opendir(home) : NULL;
    snprintf(name, sizeof name, "assay-%ld-", (long)getpid());
    for (struct dirent *e; d && (e = readdir(d));) left = left || strncmp(e->d_name, name, strlen(name)) == 0;
    if (d) closedir(d);
    return left;
}

/* As a subreaper we inherit whatever the sandbox lost, so "no child" means that no process is left. */
static const char *leftover(int descriptors) {
    errno = 0;
    if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD) return "a process is left";
    if (count_entries("/proc/self/fd") != descriptors) return "a descriptor is left open";
    if (count_entries(g_tmp) != 0) return "a temporary file is left";
    const CgroupHome *h = &g_box->cgroups;
    return group_left(h->memory) || group_left(h->pids) || group_left(h->cpuacct) ? "a control group is left" : NULL;
}

/* ---- the runs ---- */

static SandboxProgram *g_good;

static const char *good_run(Arena *a) {
    SandboxRun r;
    Err err = ERR_INIT;
    uint64_t begin = clock_mono_ns();
    if (!sandbox_run(g_box, g_good, STR("21"), NULL, a, &r, &err)) return "the good program does not run any more";
    if (r.verdict != SANDBOX_OK || !str_eqz(r.out, "42\n")) return "the good program gives another answer";
    return clock_mono_ns() - begin > 2000000000u ? "the good program has become slow" : NULL;
}

static Str language_of(const char *name) {
    const char *dot = strrchr(name, '.');
    return strcmp(dot, ".c") == 0 ? STR("c") : strcmp(dot, ".cpp") == 0 ? STR("cpp") : STR("python");
}

/* Programs that must be waited for are left to ASSAY_SLOW=1. */
static bool too_slow(Str source) {
    return find_number(source, "slow", 0) > 0 && !getenv("ASSAY_SLOW");
}

/* How much longer than its processor time a busy process of a session of its own takes now: 1 on an idle machine. */
static double slowness(void) {
    enum { BUSY_MS = 200 };
    uint64_t begin = clock_mono_ns();
    pid_t pid = fork();
    if (pid == 0) {
        struct timespec used = {0};
        setsid(); /* the scheduler shares out between sessions: the sandbox's programs have theirs */
        while (used.tv_sec * 1000 + used.tv_nsec / 1000000 < BUSY_MS) clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    double factor = (double)(clock_mono_ns() - begin) / 1e6 / BUSY_MS;
    return factor > 1 ? factor : 1;
}

/* Longer than allowed, and not because the machine is busy with other things. */
static bool too_late(double took, double may_take) {
    if (took <= may_take) return false;
    double factor = slowness();
    return factor < 1.3 || took > 2 * factor * may_take;
}

static bool run_file(const char *name, Arena *a) {
    char path[512];
    Buf source;
    Err err = ERR_INIT;
    SandboxProgram *p = NULL;
    SandboxRun r;
    buf_init(&source, 1u << 20);
    snprintf(path, sizeof path, FOLDER "/%s", name);
    if (!file_read(path, &source, &err)) fail_msg("%s", err.msg);
    if (too_slow(buf_str(&source))) {
        fprintf(stderr, "  %-32s skipped: takes long; ASSAY_SLOW=1 runs it\n", name);
        buf_release(&source);
        return true;
    }
    Wanted w = read_wanted(buf_str(&source));
    int descriptors = count_entries("/proc/self/fd");
    uint64_t begin = clock_mono_ns();
    bool ok = sandbox_compile(g_box, language_of(name), buf_str(&source), a, &p, &r, &err);
    double took = (double)(clock_mono_ns() - begin) / 1e9,
           may_take = 2 * COMPILE_WALL + 1; /* it, and the check after */
    const char *wrong = ok && too_late(took, may_take) ? "the compiler was not ended in time" : NULL;
    if (ok && p) {
        begin = clock_mono_ns();
        ok = sandbox_run(g_box, p, STR("1 2 3\n"), &w.limits, a, &r, &err);
        took = (double)(clock_mono_ns() - begin) / 1e9;
        may_take = (w.limits.wall_seconds > 0 ? w.limits.wall_seconds : 2 * w.limits.cpu_seconds + 5) + 1;
        if (too_late(took, may_take)) wrong = "it was not ended in time";
    }
    sandbox_program_close(p);
    if (!ok) wrong = err.msg;
    if (!wrong) wrong = complaint(&w, &r);
    if (!wrong) wrong = leftover(descriptors);
    if (!wrong) wrong = good_run(a);
    fprintf(stderr, "  %-32s %-4s %6.2f s  %s%s%s\n", name, ok ? k_names[r.verdict] : "IE", took,
            r.detail ? r.detail : "", wrong ? "   <-- " : "", wrong ? wrong : "");
    if (wrong && ok)
        fprintf(stderr, "    wanted %s; exit %d signal %d\n    out: %.400s\n    err: %.400s\n", w.expect, r.exit_code,
                r.signal, r.out.p, r.err.p);
    buf_release(&source);
    return !wrong;
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_program(const struct dirent *e) {
    const char *dot = strrchr(e->d_name, '.'), *only = getenv("ONLY");
    if (!dot || (only && !strstr(e->d_name, only))) return 0;
    return strcmp(dot, ".c") == 0 || strcmp(dot, ".cpp") == 0 || strcmp(dot, ".py") == 0;
}

static void test_each_program_gets_its_due(void **state) {
    (void)state;
    Err err = ERR_INIT;
    SandboxRun r;
    struct dirent **names;
    int bad = 0;
    setenv("SECRET_OF_THE_HARNESS", "SECRET", 1);
    assert_non_null(mkdtemp(g_tmp));
    setenv("TMPDIR", g_tmp, 1);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (!sandbox_open(1, &g_box, &err)) {
        fprintf(stderr, "skipped: %s\n", err.msg);
        rmdir(g_tmp);
        skip();
    }
    Arena *a = arena_open(0);
    assert_true(sandbox_compile(g_box, STR("python"), STR("print(int(input()) * 2)\n"), a, &g_good, &r, &err));
    int n = scandir(FOLDER, &names, is_program, by_name);
    assert_true(n > 0);
    for (int i = 0; i < n; i++) {
        bad += !run_file(names[i]->d_name, a);
        arena_reset(a);
        free(names[i]);
    }
    free(names);
    sandbox_program_close(g_good);
    sandbox_close(g_box);
    arena_close(a);
    rmdir(g_tmp);
    fprintf(stderr, "%d of %d programs behave as wanted\n", n - bad, n);
    assert_int_equal(bad, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_program_gets_its_due)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
