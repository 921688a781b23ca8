/* The sandbox's contract: verdicts, limits, texts, refusals. What hostile programs get is in test_sandbox_hostile.c. */
#include "tests/sandbox_support.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/json.h"
#include "scorers/scorer.h"

_Static_assert((int)SANDBOX_OK == (int)SCORER_RUN_OK && (int)SANDBOX_CE == (int)SCORER_RUN_CE, "same numbers");
_Static_assert((int)SANDBOX_RE == (int)SCORER_RUN_RE && (int)SANDBOX_TLE == (int)SCORER_RUN_TLE, "same numbers");
_Static_assert((int)SANDBOX_MLE == (int)SCORER_RUN_MLE && (int)SANDBOX_OLE == (int)SCORER_RUN_OLE, "same numbers");
_Static_assert((int)SANDBOX_ILE == (int)SCORER_RUN_ILE && (int)SANDBOX_IE == (int)SCORER_RUN_IE, "same numbers");

static SandboxProgram *compiled(const char *language, const char *source) {
    Err err = ERR_INIT;
    SandboxProgram *p = NULL;
    SandboxRun run;
    if (!sandbox_compile(g_box, str_from(language), str_from(source), g_arena, &p, &run, &err)) fail_msg("%s", err.msg);
    if (!p) fail_msg("%s: verdict %d: %s: %s", language, run.verdict, run.detail, run.err.p);
    return p;
}

static SandboxRun ran(const char *language, const char *source, Str input, const SandboxLimits *l) {
    Err err = ERR_INIT;
    SandboxRun run;
    SandboxProgram *p = compiled(language, source);
    if (!sandbox_run(g_box, p, input, l, g_arena, &run, &err)) fail_msg("%s", err.msg);
    sandbox_program_close(p);
    return run;
}

static SandboxRun refused(const char *language, const char *source) {
    Err err = ERR_INIT;
    SandboxProgram *p = NULL;
    SandboxRun run;
    if (!sandbox_compile(g_box, str_from(language), str_from(source), g_arena, &p, &run, &err)) fail_msg("%s", err.msg);
    assert_null(p);
    return run;
}

#define assert_out(run, text) assert_string_equal((run).out.p, text)

static void test_runs_each_language(void **state) {
    (void)state;
    NEED_BOX();
    SandboxRun r = ran("python", "n = int(input())\nprint(n * 2, input())\n", STR("21\nhi\n"), NULL);
    assert_int_equal(r.verdict, SANDBOX_OK);
    assert_out(r, "42 hi\n");
    r = ran("c", "#include <stdio.h>\nint main(void) { int n; scanf(\"%d\", &n); printf(\"%d\\n\", n * 2); return 0; }",
            STR("21\n"), NULL);
    assert_int_equal(r.verdict, SANDBOX_OK);
    assert_out(r, "42\n");
    r = ran("cpp", "#include <iostream>\nint main() { int n; std::cin >> n; std::cout << n * 2 << std::endl; }",
            STR("21\n"), NULL);
    assert_int_equal(r.verdict, SANDBOX_OK);
    assert_out(r, "42\n");
    assert_true(r.peak_bytes > 100000 && r.wall_seconds > 0 && r.cpu_seconds >= 0);
}

static void test_one_program_runs_many_times(void **state) {
    (void)state;
    NEED_BOX();
    Err err = ERR_INIT;
    SandboxProgram *p = compiled("c", "#include <stdio.h>\nint main(void){int c,n=0;while((c=getchar())!=EOF)n++;"
                                      "printf(\"%d\",n);return 0;}");
    for (int i = 0; i < 3; i++) {
        SandboxRun r;
        char input[8] = "abcdefg", want[4] = {(char)('3' + i), 0};
        assert_true(sandbox_run(g_box, p, (Str){input, (size_t)(3 + i)}, NULL, g_arena, &r, &err));
        assert_out(r, want);
    }
    sandbox_program_close(p);
}

static void test_bytes_pass_unchanged(void **state) {
    (void)state;
    NEED_BOX();
    const char *copy = "import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read())\n";
    size_t n = 3u << 20;
    char *big = malloc(n);
    for (size_t i = 0; i < n; i++) big[i] = (char)(i * 2654435761u >> 24);
    SandboxRun r = ran("python", copy, (Str){big, n}, NULL);
    assert_int_equal(r.verdict, SANDBOX_OK);
    assert_int_equal(r.out.n, n);
    assert_memory_equal(r.out.p, big, n);
    free(big);
}

static void test_absent_input_is_empty(void **state) {
    (void)state;
    NEED_BOX();
    SandboxRun r = ran("python", "import sys\nprint(len(sys.stdin.read()))\n", (Str){NULL, 0}, NULL);
    assert_out(r, "0\n");
}

static void test_compile_errors(void **state) {
    (void)state;
    NEED_BOX();
    SandboxRun r = refused("c", "int main(void) { return x; }");
    assert_int_equal(r.verdict, SANDBOX_CE);
    assert_non_null(strstr(r.err.p, "undeclared"));
    r = refused("cpp", "int main() { return undefined_function(); }");
    assert_int_equal(r.verdict, SANDBOX_CE);
    r = refused("cpp", "extern int nowhere(); int main() { return nowhere(); }");
    assert_int_equal(r.verdict, SANDBOX_CE);
    r = refused("python", "print('a'\n");
    assert_int_equal(r.verdict, SANDBOX_CE);
    assert_non_null(strstr(r.err.p, "SyntaxError"));
    r = refused("c", "");
    assert_int_equal(r.verdict, SANDBOX_CE);
}

static void test_runtime_errors(void **state) {
    (void)state;
    NEED_BOX();
    SandboxRun r = ran("python", "print('right')\nraise SystemExit(3)\n", STR(""), NULL);
    assert_int_equal(r.verdict, SANDBOX_RE);
    assert_int_equal(r.exit_code, 3);
    assert_out(r, "right\n");
    r = ran("c", "int main(void) { *(volatile int *)8 = 1; return 0; }", STR(""), NULL);
    assert_int_equal(r.verdict, SANDBOX_RE);
    assert_int_equal(r.signal, 11);
    r = ran("c", "int main(void) { return 139; }", STR(""), NULL); /* an exit code, not a crash */
    assert_int_equal(r.verdict, SANDBOX_RE);
    assert_int_equal(r.exit_code, 139);
    assert_int_equal(r.signal, 0);
    r = ran("python", "1/0\n", STR(""), NULL);
    assert_int_equal(r.verdict, SANDBOX_RE);
    assert_non_null(strstr(r.err.p, "ZeroDivisionError"));
}

static void test_time_limits(void **state) {
    (void)state;
    NEED_BOX();
    /* ended at twice the limit: no near miss. On a loaded machine whoever looks at the clock comes late now and then,
     * but not each time; a limit that is taken wrongly is late each time, and without one the program never ends */
    const SandboxLimits l = {.cpu_seconds = 0.3, .wall_seconds = 30};
    double least = INFINITY;
    for (int i = 0; i < 6 && least >= 0.9; i++) {
        SandboxRun r = ran("c", "int main(void) { for (volatile int i = 0;; i++) {} }", STR(""), &l);
        assert_int_equal(r.verdict, SANDBOX_TLE);
        assert_true(r.cpu_seconds >= 0.59 && r.cpu_seconds < 3);
        assert_int_equal(r.reruns, 0);
        least = fmin(least, r.cpu_seconds);
    }
    assert_true(least < 0.9);
}

static void test_idle_limit(void **state) {
    (void)state;
    NEED_BOX();
    /* enough for a busy machine to get as far as the print, far from what the program would take */
    const SandboxLimits idle = {.cpu_seconds = 5, .wall_seconds = 1.5};
    uint64_t begin = clock_mono_ns();
    SandboxRun r = ran("python", "import time\nprint('x', flush=True)\ntime.sleep(60)\n", STR(""), &idle);
    double seconds = (double)(clock_mono_ns() - begin) / 1e9;
    assert_int_equal(r.verdict, SANDBOX_ILE);
    assert_out(r, "x\n");
    assert_true(seconds >= 1.5 && seconds < 30);
}

static void test_a_near_miss_is_run_again(void **state) {
    (void)state;
    NEED_BOX();
    /* burns 0.3 s of CPU time: over 0.2, under 0.4 */
    const char *burn = "#include <time.h>\nint main(void) { while (clock() < CLOCKS_PER_SEC * 3 / 10) {} return 0; }";
    SandboxRun r = ran("c", burn, STR(""), &(SandboxLimits){.cpu_seconds = 0.2});
    assert_int_equal(r.verdict, SANDBOX_TLE);
    assert_int_equal(r.reruns, 2);
    r = ran("c", burn, STR(""), &(SandboxLimits){.cpu_seconds = 1});
    assert_int_equal(r.verdict, SANDBOX_OK);
    assert_int_equal(r.reruns, 0);
}

static void test_memory_limit(void **state) {
    (void)state;
    NEED_BOX();
    const SandboxLimits l = {.cpu_seconds = 3, .memory_bytes = 64u << 20};
    SandboxRun r = ran("c",
                       "#include <stdlib.h>\n#include <string.h>\nint main(void) { for (int i = 0; i < 400; i++) {"
                       " char *p = malloc(1 << 20); memset(p, 1, 1 << 20); } return 0; }",
                       STR(""), &l);
    assert_int_equal(r.verdict, SANDBOX_MLE);
    r = ran("python", "x = []\nwhile True: x.append(bytearray(1 << 20))\n", STR(""), &l);
    assert_int_equal(r.verdict, SANDBOX_MLE);
    r = ran("c", "static char a[3000000000u]; int main(int c, char **v) { (void)v; return a[c * 4096]; }", STR(""),
            &(SandboxLimits){.memory_bytes = (uint64_t)4 << 30}); /* reserved, not touched */
    assert_int_equal(r.verdict, SANDBOX_OK);
}

static void test_output_limit(void **state) {
    (void)state;
    NEED_BOX();
    const SandboxLimits l = {.cpu_seconds = 5, .output_bytes = 100000};
    SandboxRun r = ran("c", "#include <stdio.h>\nint main(void) { for (;;) puts(\"line\"); }", STR(""), &l);
    assert_int_equal(r.verdict, SANDBOX_OLE);
    assert_int_equal(r.out.n, 100000);
    r = ran("python", "import sys\nwhile True: sys.stderr.write('x' * 1000)\n", STR(""), &l);
    assert_int_equal(r.verdict, SANDBOX_OLE);
    assert_int_equal(r.err.n, 65536);
    r = ran("c", "#include <stdio.h>\nint main(void) { for (int i = 0; i < 100000; i++) putchar('a'); return 0; }",
            STR(""), &l); /* exactly the limit */
    assert_int_equal(r.verdict, SANDBOX_OK);
}

static void test_what_contest_programs_use(void **state) {
    (void)state;
    NEED_BOX();
    SandboxRun r = ran("python",
                       "import sys, threading, math, heapq, bisect, itertools, functools, collections, random, re\n"
                       "sys.setrecursionlimit(1 << 25)\nthreading.stack_size(1 << 27)\n"
                       "def deep(n): return 0 if n == 0 else 1 + deep(n - 1)\n"
                       "def main():\n    print(deep(20000))\n"
                       "t = threading.Thread(target=main); t.start(); t.join()\n"
                       "print('\\u00fcber', hash('a') == hash('a'), __name__)\nexit()\n",
                       STR(""), NULL);
    assert_string_equal(r.err.p, "");
    assert_int_equal(r.verdict, SANDBOX_OK);
    assert_out(r, "20000\n\xc3\xbc"
                  "ber True __main__\n");
    r = ran(
        "cpp",
        "#include <bits/stdc++.h>\n#include <thread>\nlong deep(long n) { volatile char a[64]; a[0] = 1; return n ? "
        "a[0] + deep(n - 1) : 0; }\nint main() { long x = 0; std::thread t([&] { x = 1; }); t.join();\n"
        "std::cout << x + deep(1000000) << std::endl; }",
        STR(""), NULL); /* 100 MB of stack, a thread */
    assert_int_equal(r.verdict, SANDBOX_OK);
    assert_out(r, "1000001\n");
}

static void test_input_has_a_name(void **state) {
    (void)state;
    NEED_BOX();
    SandboxRun r = ran("python", "print(open('/dev/stdin').read(), open(0).read())\n", STR("in\n"), NULL);
    assert_out(r, "in\n in\n\n");
}

static void test_runs_repeat(void **state) {
    (void)state;
    NEED_BOX();
    const char *source = "print(list({'one', 'two', 'three', 'four', 'five'}))\n";
    SandboxRun a = ran("python", source, STR(""), NULL), b = ran("python", source, STR(""), NULL);
    assert_string_equal(a.out.p, b.out.p); /* the hash seed is pinned */
}

static void test_unknown_language(void **state) {
    (void)state;
    NEED_BOX();
    Err err = ERR_INIT;
    SandboxProgram *p;
    SandboxRun run;
    assert_false(sandbox_compile(g_box, STR("cobol"), STR(""), g_arena, &p, &run, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_non_null(strstr(err.msg, "cobol"));
}

static void test_describes_itself(void **state) {
    (void)state;
    NEED_BOX();
    Err err = ERR_INIT;
    Json *j;
    if (!json_parse(sandbox_describe(g_box), &j, &err)) fail_msg("%s", err.msg);
    Str tier = json_str(json_get(j, "tier"));
    assert_true(str_eqz(tier, "full") || str_eqz(tier, "ns"));
    assert_non_null(json_get(j, "kernel"));
    assert_non_null(json_get(j, "bubblewrap"));
    assert_true(json_num(json_get(json_get(j, "run_limits"), "memory_bytes")) == 256.0 * 1048576);
    json_close(j);
}

static void *run_in_thread(void *arg) {
    Err err = ERR_INIT;
    Arena *a = arena_open(0);
    SandboxRun *r = arg;
    SandboxProgram *p = NULL;
    if (sandbox_compile(g_box, STR("python"), STR("import time\ntime.sleep(0.2)\nprint('done')\n"), a, &p, r, &err) &&
        p)
        if (!sandbox_run(g_box, p, STR(""), NULL, a, r, &err)) r->verdict = SANDBOX_IE;
    if (r->verdict == SANDBOX_OK && !str_eqz(r->out, "done\n")) r->verdict = SANDBOX_IE;
    sandbox_program_close(p);
    arena_close(a);
    return NULL;
}

static void test_many_threads_share_two_slots(void **state) {
    (void)state;
    NEED_BOX();
    pthread_t t[6];
    SandboxRun r[6];
    for (int i = 0; i < 6; i++) assert_int_equal(pthread_create(&t[i], NULL, run_in_thread, &r[i]), 0);
    for (int i = 0; i < 6; i++) pthread_join(t[i], NULL);
    for (int i = 0; i < 6; i++) assert_int_equal(r[i].verdict, SANDBOX_OK);
}

/* ---- fetching a file: what a compiler that was taken over could leave under the name we look for ---- */

/* Runs Python with a scratch folder, as a compile has one, and fetches /tmp/program. */
static JobRecord fetched(const char *source, Buf *got) {
    Err err = ERR_INIT;
    Launched x;
    const char *args[] = {"/usr/bin/python3", "-c", source, NULL};
    Launch l = {.kind = LAUNCH_PYTHON,
                .args = args,
                .file_fd = -1,
                .filter = &g_box->filter_run,
                .fetch = "/tmp/program",
                .fetch_max = 100000,
                .cpu_seconds = 5,
                .cpu_kill_seconds = 5,
                .wall_seconds = 5,
                .memory_bytes = 256 * SANDBOX_MIB,
                .output_bytes = 10000,
                .file_bytes = SANDBOX_MIB,
                .scratch_bytes = 4 * SANDBOX_MIB,
                .stack_bytes = 8 * SANDBOX_MIB,
                .processes = 20,
                .open_files = 64};
    if (!sandbox_launch(g_box, 0, &l, &x, &err)) fail_msg("%s", err.msg);
    if (x.record.code != 0) fail_msg("%.300s", x.err.p);
    assert_true(x.whole);
    JobRecord r = x.record;
    char block[4096];
    if (x.fetched_fd >= 0) lseek(x.fetched_fd, 0, SEEK_SET);
    for (ssize_t n; x.fetched_fd >= 0 && (n = read(x.fetched_fd, block, sizeof block)) > 0;)
        buf_add(got, block, (size_t)n);
    launched_release(&x);
    return r;
}

static void test_only_a_plain_file_is_fetched(void **state) {
    (void)state;
    NEED_BOX();
    Buf got;
    buf_init(&got, 1u << 20);
    JobRecord r = fetched("open('/tmp/program', 'w').write('x' * 70000)", &got);
    assert_int_equal(r.fetch, FETCH_OK);
    assert_int_equal(got.n, 70000);
    assert_int_equal(fetched("pass", &got).fetch, FETCH_ABSENT);
    assert_int_equal(fetched("import os; os.symlink('/helper', '/tmp/program')", &got).fetch, FETCH_ODD);
    assert_int_equal(fetched("import os; os.symlink('/nowhere', '/tmp/program')", &got).fetch, FETCH_ODD);
    assert_int_equal(fetched("import os; os.mkfifo('/tmp/program')", &got).fetch, FETCH_ODD);
    assert_int_equal(fetched("import os; os.mkdir('/tmp/program')", &got).fetch, FETCH_ODD);
    assert_int_equal(
        fetched("import os; open('/tmp/program', 'w').write('x'); os.link('/tmp/program', '/tmp/b')", &got).fetch,
        FETCH_ODD);
    assert_int_equal(fetched("open('/tmp/program', 'w').write('x' * 100001)", &got).fetch, FETCH_LARGE);
    assert_int_equal(got.n, 70000); /* nothing more came */
    r = fetched("open('/tmp/program', 'w')", &got);
    assert_int_equal(r.fetch, FETCH_OK);
    assert_int_equal(r.fetch_bytes, 0);
    buf_release(&got);
}

/* ---- never unsandboxed ---- */

static bool write_file(const char *path, const char *text) {
    int fd = open(path, O_WRONLY);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0) close(fd);
    return ok;
}

/* A user namespace of our own, in which we may mount; false when none can be had. */
static bool own_namespace(void) {
    char uids[64], gids[64];
    snprintf(uids, sizeof uids, "1000 %u 1", (unsigned)geteuid());
    snprintf(gids, sizeof gids, "1000 %u 1", (unsigned)getegid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0 || !write_file("/proc/self/uid_map", uids)) return false;
    write_file("/proc/self/setgroups", "deny");
    return write_file("/proc/self/gid_map", gids);
}

/* As if the file were not there. */
static bool hide(const char *path) {
    return mount("/dev/null", path, NULL, MS_BIND, NULL) == 0;
}

#define CANNOT 77

/* What a child finds: 0 as wanted, CANNOT when the situation cannot be made here, else wrong. */
static int without_namespaces(void) {
    Err err = ERR_INIT;
    Sandbox *s;
    if (!own_namespace() || !write_file("/proc/sys/user/max_user_namespaces", "0")) return CANNOT;
    if (sandbox_open(1, &s, &err)) return 1;
    fprintf(stderr, "(wanted) %s\n", err.msg);
    return err.code == ERR_ENV && strstr(err.msg, "user namespaces") && strstr(err.msg, "namespace failed") ? 0 : 2;
}

static int without_bubblewrap(void) {
    Err err = ERR_INIT;
    Sandbox *s;
    if (!own_namespace() || !hide("/usr/bin/bwrap")) return CANNOT;
    if (sandbox_open(1, &s, &err)) return 1;
    fprintf(stderr, "(wanted) %s\n", err.msg);
    return err.code == ERR_ENV && strstr(err.msg, "install the package bubblewrap") ? 0 : 2;
}

/* A C++ program where g++ (or a part of it) is hidden: the sandbox's failure, never the program's. */
static int without_compiler(const char *part, const char *says) {
    Err err = ERR_INIT;
    Sandbox *s;
    SandboxProgram *p;
    SandboxRun run;
    Arena *a = arena_open(0);
    if (!own_namespace() || !hide(part) || !sandbox_open(1, &s, &err)) return CANNOT;
    if (!sandbox_compile(s, STR("python"), STR("print(1)"), a, &p, &run, &err) || !p) return 3;
    if (sandbox_compile(s, STR("cpp"), STR("int main() { return 0; }"), a, &p, &run, &err)) return 1;
    fprintf(stderr, "(wanted) %s\n", err.msg);
    return err.code == ERR_ENV && strstr(err.msg, says) ? 0 : 2;
}

static int without_gxx(void) {
    return without_compiler("/usr/bin/g++", "g++ is not installed");
}

static int without_cc1plus(void) {
    char path[256] = "";
    FILE *f = popen("g++ -print-prog-name=cc1plus", "r");
    if (!f || !fgets(path, sizeof path, f)) return CANNOT;
    pclose(f);
    path[strcspn(path, "\n")] = 0;
    return without_compiler(path, "does not work here");
}

static void in_child(int (*what)(void)) {
    int status;
    pid_t pid = fork();
    if (pid == 0) _exit(what());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == CANNOT) {
        fprintf(stderr, "skipped: the situation cannot be made here (no user namespace, or no sandbox in one)\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_refuses_without_user_namespaces(void **state) {
    (void)state;
    in_child(without_namespaces);
}

static void test_refuses_without_bubblewrap(void **state) {
    (void)state;
    in_child(without_bubblewrap);
}

static void test_a_missing_compiler_is_no_compile_error(void **state) {
    (void)state;
    in_child(without_gxx);
}

static void test_a_broken_compiler_is_no_compile_error(void **state) {
    (void)state;
    in_child(without_cc1plus);
}

/* ---- a harness that dies, and one without memory ---- */

static void sleep_in_sandbox(int ready) {
    Err err = ERR_INIT;
    SandboxProgram *p;
    SandboxRun run;
    Sandbox *s;
    Arena *a = arena_open(0);
    if (!sandbox_open(1, &s, &err)) _exit(CANNOT);
    if (!sandbox_compile(s, STR("python"), STR("import time\ntime.sleep(100)\n"), a, &p, &run, &err)) _exit(1);
    if (write(ready, "x", 1) != 1) _exit(1);
    sandbox_run(s, p, STR(""), NULL, a, &run, &err);
    _exit(2);
}

/* As a subreaper we inherit what is left of a killed harness: it must end by itself. */
static void test_a_killed_harness_leaves_nothing(void **state) {
    (void)state;
    NEED_BOX();
    int p[2], status;
    char x;
    assert_int_equal(pipe2(p, O_CLOEXEC), 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t pid = fork();
    if (pid == 0) sleep_in_sandbox(p[1]);
    close(p[1]);
    assert_int_equal(read(p[0], &x, 1), 1);
    close(p[0]);
    usleep(300000);
    kill(pid, SIGKILL);
    uint64_t end = clock_mono_ns() + 3000000000u;
    pid_t left = 0;
    while ((left = waitpid(-1, &status, WNOHANG)) >= 0 && clock_mono_ns() < end)
        if (left == 0) usleep(10000);
    prctl(PR_SET_CHILD_SUBREAPER, 0);
    assert_int_equal(left, -1);
    Sandbox *next; /* removes the control group that is left, and works */
    Err err = ERR_INIT;
    assert_true(sandbox_open(1, &next, &err));
    sandbox_close(next);
}

static void test_every_failing_allocation_is_an_error(void **state) {
    (void)state;
    NEED_BOX();
    int failed = 0;
    for (uint64_t n = 1; n < 200; n++) {
        Err err = ERR_INIT;
        SandboxProgram *p = NULL;
        SandboxRun run;
        Arena *a = arena_open(0);
        mem_fail_at(n);
        bool ok = sandbox_compile(g_box, STR("python"), STR("print(1)\n"), a, &p, &run, &err);
        if (ok && p) ok = sandbox_run(g_box, p, STR(""), NULL, a, &run, &err);
        bool reached = mem_fail_at(0) >= n;
        if (ok) assert_string_equal(run.out.p, "1\n"); /* also where the retry went well */
        if (!ok) assert_true(err.code == ERR_MEMORY || err.code == ERR_ENV);
        failed += !ok;
        assert_true(fcntl(0, F_GETFD) >= 0); /* cleaning up half-made wires closes only its own */
        sandbox_program_close(p);
        arena_close(a);
        if (!reached) break;
    }
    assert_true(failed > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_each_language),
        cmocka_unit_test(test_one_program_runs_many_times),
        cmocka_unit_test(test_bytes_pass_unchanged),
        cmocka_unit_test(test_absent_input_is_empty),
        cmocka_unit_test(test_compile_errors),
        cmocka_unit_test(test_runtime_errors),
        cmocka_unit_test(test_time_limits),
        cmocka_unit_test(test_idle_limit),
        cmocka_unit_test(test_a_near_miss_is_run_again),
        cmocka_unit_test(test_memory_limit),
        cmocka_unit_test(test_output_limit),
        cmocka_unit_test(test_what_contest_programs_use),
        cmocka_unit_test(test_input_has_a_name),
        cmocka_unit_test(test_runs_repeat),
        cmocka_unit_test(test_unknown_language),
        cmocka_unit_test(test_describes_itself),
        cmocka_unit_test(test_many_threads_share_two_slots),
        cmocka_unit_test(test_only_a_plain_file_is_fetched),
        cmocka_unit_test(test_refuses_without_user_namespaces),
        cmocka_unit_test(test_refuses_without_bubblewrap),
        cmocka_unit_test(test_a_missing_compiler_is_no_compile_error),
        cmocka_unit_test(test_a_broken_compiler_is_no_compile_error),
        cmocka_unit_test(test_a_killed_harness_leaves_nothing),
        cmocka_unit_test(test_every_failing_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
