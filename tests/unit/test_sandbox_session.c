/* Sessions: state from cell to cell, what a notebook shows, and what hostile cells get. */
#include "tests/sandbox_support.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/clock.h"

static SandboxSession *opened(SandboxLimits l) {
    Err err = ERR_INIT;
    SandboxSession *x;
    SandboxSessionOptions o = {.limits = l, .cells = 16, .seed = 7};
    if (!sandbox_session_open(g_box, &o, &x, &err)) fail_msg("%s", err.msg);
    return x;
}

static SandboxCell ran(SandboxSession *x, const char *source) {
    Err err = ERR_INIT;
    SandboxCell c;
    if (!sandbox_session_run(x, str_from(source), true, g_arena, &c, &err)) fail_msg("%s", err.msg);
    return c;
}

#define assert_says(x, source, text)                                                                                   \
    do {                                                                                                               \
        SandboxCell c_ = ran(x, source);                                                                               \
        assert_int_equal(c_.verdict, SANDBOX_OK);                                                                      \
        assert_string_equal(c_.out.p, text);                                                                           \
    } while (0)

static bool holds(Str s, const char *what) {
    return str_find(s, str_from(what), 0) != SIZE_MAX;
}

static int count_entries(const char *path) {
    int n = 0;
    DIR *d = opendir(path);
    while (d && readdir(d)) n++;
    if (d) closedir(d);
    return n;
}

static void test_state_is_kept(void **state) {
    (void)state;
    NEED_BOX();
    SandboxSession *x = opened((SandboxLimits){0});
    assert_says(x, "a = 20\ndef f(n):\n    return n * 2 + 1", "");
    assert_says(x, "f(a)", "41\n");
    assert_says(x, "import math\nprint(math.isqrt(17))\n_ + 1", "4\n42\n");
    assert_says(x, "a;", "");
    assert_says(x, "None", "");
    assert_says(x, "'text'", "'text'\n");
    assert_says(x, "__name__", "'__main__'\n");
    assert_says(x, "class C: pass\nimport pickle\ntype(pickle.loads(pickle.dumps(C()))).__name__", "'C'\n");
    sandbox_session_close(x);
}

/* As the interpreter itself prints it, with the lines of the cell and without ours. */
static void test_tracebacks(void **state) {
    (void)state;
    NEED_BOX();
    SandboxSession *x = opened((SandboxLimits){0});
    assert_says(x, "def f():\n    return 1 / 0\nprint('before')\nf()",
                "before\nTraceback (most recent call last):\n  File \"<cell 1>\", line 4, in <module>\n    f()\n"
                "  File \"<cell 1>\", line 2, in f\n    return 1 / 0\n           ~~^~~\nZeroDivisionError: division by "
                "zero\n");
    SandboxCell c = ran(x, "x = (");
    assert_int_equal(c.verdict, SANDBOX_OK);
    assert_true(holds(c.out, "File \"<cell 2>\", line 1") && holds(c.out, "SyntaxError: '(' was never closed"));
    assert_false(holds(c.out, "main.py"));
    assert_says(x, "import sys\nprint('one'); print('two', file=sys.stderr); print('three')", "one\ntwo\nthree\n");
    c = ran(x, "input()");
    assert_true(holds(c.out, "EOFError"));
    assert_says(x, "sys.exit(3)", "SystemExit: 3\n");
    assert_says(x, "exit_survived = 1\nexit_survived", "1\n");
    c = ran(x, "def g(): g()\ng()");
    assert_true(holds(c.out, "RecursionError"));
    assert_says(x, "b'\\xff'.decode('latin-1') + chr(0xd800)", "'\xc3\xbf\\ud800'\n");
    assert_says(x, "print(chr(0xd800))", "\\ud800\n");
    sandbox_session_close(x);
}

static void test_random_repeats(void **state) {
    (void)state;
    NEED_BOX();
    char first[64];
    for (int i = 0; i < 2; i++) {
        SandboxSession *x = opened((SandboxLimits){0});
        SandboxCell c = ran(x, "import random\nrandom.random()");
        if (i == 0) snprintf(first, sizeof first, "%.*s", (int)c.out.n, c.out.p);
        assert_string_equal(c.out.p, first);
        sandbox_session_close(x);
    }
}

/* Two at once see nothing of each other. */
static void test_sessions_are_apart(void **state) {
    (void)state;
    NEED_BOX();
    SandboxSession *x = opened((SandboxLimits){0}), *y = opened((SandboxLimits){0});
    assert_says(x, "secret = 1", "");
    SandboxCell c = ran(y, "secret");
    assert_true(holds(c.out, "NameError"));
    assert_says(x, "secret", "1\n");
    if (geteuid() == 0) { /* other users outside: no signal, no look */
        c = ran(x, "import os\nos.getuid()");
        assert_string_equal(c.out.p, "1000\n");
    }
    sandbox_session_close(x);
    sandbox_session_close(y);
}

static void test_output_is_cut(void **state) {
    (void)state;
    NEED_BOX();
    SandboxSession *x = opened((SandboxLimits){.output_bytes = 100});
    SandboxCell c = ran(x, "print('a' * 300000)");
    assert_int_equal(c.verdict, SANDBOX_OK);
    assert_int_equal(c.out.n, 100);
    assert_int_equal(c.out_bytes, 300001);
    assert_says(x, "1", "1\n"); /* what was cut does not come later */
    sandbox_session_close(x);
}

static void test_source_is_bounded(void **state) {
    (void)state;
    NEED_BOX();
    Err err = ERR_INIT;
    SandboxCell c;
    size_t n = (1u << 20) + 1;
    char *big = malloc(n);
    memset(big, '#', n);
    SandboxSession *x = opened((SandboxLimits){0});
    assert_true(sandbox_session_run(x, (Str){big, n}, true, g_arena, &c, &err));
    assert_true(holds(c.out, "larger than 1 MiB"));
    assert_true(sandbox_session_run(x, (Str){big, n - 1}, true, g_arena, &c, &err));
    assert_int_equal(c.verdict, SANDBOX_OK);
    assert_int_equal(c.out.n, 0);
    assert_true(sandbox_session_run(x, (Str){NULL, 0}, true, g_arena, &c, &err));
    assert_int_equal(c.verdict, SANDBOX_OK);
    free(big);
    sandbox_session_close(x);
}

/* ---- limits and hostile cells: each ends its session, in time, and leaves nothing ---- */

static void ends(const char *source, SandboxLimits l, SandboxVerdict want, double within) {
    SandboxSession *x = opened(l);
    assert_says(x, "before = 1", "");
    uint64_t begin = clock_mono_ns();
    SandboxCell c = ran(x, source);
    double took = (double)(clock_mono_ns() - begin) / 1e9;
    if (c.verdict != want)
        fail_msg("%s: verdict %d instead of %d: %.*s", source, c.verdict, want, (int)c.out.n, c.out.p);
    if (took > within + 1) fail_msg("%s: took %g s", source, took);
    Err err = ERR_INIT;
    assert_false(sandbox_session_run(x, STR("1"), true, g_arena, &c, &err)); /* it is over, and says so */
    assert_int_equal(err.code, ERR_INTERNAL);
    sandbox_session_close(x);
}

static void test_limits_end_a_session(void **state) {
    (void)state;
    NEED_BOX();
    SandboxLimits short_cpu = {.cpu_seconds = 0.5, .wall_seconds = 10}, short_wall = {.wall_seconds = 1};
    ends("while True: pass", short_cpu, SANDBOX_TLE, 5);
    ends("try:\n  while True: pass\nexcept BaseException:\n  while True: pass", short_cpu, SANDBOX_TLE, 5);
    ends("import threading\nfor i in range(3): threading.Thread(target=lambda: [0 for _ in iter(int, 1)]).start()\n"
         "while True: pass",
         short_cpu, SANDBOX_TLE, 5);
    ends("import time\ntime.sleep(1000)", short_wall, SANDBOX_ILE, 1);
    ends("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", short_wall, SANDBOX_ILE, 1);
    ends("while True: print('x' * 65536)", (SandboxLimits){0}, SANDBOX_OLE, 10);
    ends("import os\nwhile True: os.write(2, b'y' * 65536)", (SandboxLimits){0}, SANDBOX_OLE, 10);
}

static void test_memory(void **state) {
    (void)state;
    NEED_BOX();
    SandboxLimits small = {.memory_bytes = 64 * SANDBOX_MIB};
    SandboxSession *x = opened(small);
    SandboxCell c =
        ran(x, "a = []\nimport time\nwhile True:\n  a.append(bytearray(b'1') * (1 << 20)); time.sleep(0.001)");
    assert_int_equal(c.verdict, SANDBOX_MLE);
    sandbox_session_close(x);
    x = opened(small); /* what cannot be reserved is an exception like any other */
    c = ran(x, "b = bytearray(1 << 45)");
    assert_int_equal(c.verdict, SANDBOX_OK);
    assert_true(holds(c.out, "MemoryError"));
    assert_says(x, "'alive'", "'alive'\n");
    sandbox_session_close(x);
}

static void test_interpreter_ends(void **state) {
    (void)state;
    NEED_BOX();
    SandboxSession *x = opened((SandboxLimits){0});
    SandboxCell c = ran(x, "import os\nprint('last words', flush=True)\nos._exit(7)");
    assert_int_equal(c.verdict, SANDBOX_RE);
    assert_int_equal(c.exit_code, 7);
    assert_string_equal(c.out.p, "last words\n");
    sandbox_session_close(x);
    x = opened((SandboxLimits){0});
    c = ran(x, "import ctypes\nctypes.string_at(1)");
    assert_int_equal(c.verdict, SANDBOX_RE);
    assert_int_equal(c.signal, 11);
    sandbox_session_close(x);
    ends("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", (SandboxLimits){0}, SANDBOX_RE, 1);
    /* each descriptor that the driver holds */
    ends("import os\nos.closerange(0, 64)", (SandboxLimits){.wall_seconds = 3}, SANDBOX_RE, 1);
}

static void test_no_way_out(void **state) {
    (void)state;
    NEED_BOX();
    SandboxSession *x = opened((SandboxLimits){0});
    SandboxCell c = ran(x, "import os\nos.fork()");
    assert_true(holds(c.out, "PermissionError"));
    c = ran(x, "import subprocess\nsubprocess.run(['/helper', 'probe'])");
    assert_true(holds(c.out, "PermissionError"));
    c = ran(x, "n = 0\nwhile n < 1000:\n  try:\n    os.fork(); print('ESCAPED')\n  except OSError: n += 1\nn");
    assert_string_equal(c.out.p, "1000\n");
    c = ran(x, "import socket\nsocket.socket()");
    assert_true(holds(c.out, "PermissionError"));
    c = ran(x, "open('/etc/passwd')");
    assert_true(holds(c.out, "FileNotFoundError"));
    c = ran(x, "open('/w/x', 'w')");
    assert_true(holds(c.out, "Read-only file system") || holds(c.out, "Permission denied"));
    /* 0, 1, 2 and the driver's two ends: nothing of the harness */
    assert_says(x,
                "import fcntl\ndef there(i):\n  try: fcntl.fcntl(i, fcntl.F_GETFD); return True\n  except OSError: "
                "return False\n[i for i in range(1024) if there(i)]",
                "[0, 1, 2, 3, 4]\n");
    assert_says(x, "os.kill(1, 9)", ""); /* the kernel drops it */
    assert_says(x, "'alive'", "'alive'\n");
    sandbox_session_close(x);
}

/* A forged frame ends its own cell early; nothing else happens. */
static void test_forged_frames(void **state) {
    (void)state;
    NEED_BOX();
    SandboxSession *x = opened((SandboxLimits){.wall_seconds = 5});
    SandboxCell c = ran(x, "import os, time\nos.write(4, b'done 1\\n')\ntime.sleep(0.3)\nprint('late')");
    assert_int_equal(c.verdict, SANDBOX_OK);
    assert_string_equal(c.out.p, "");
    c = ran(x, "print('mine')");
    assert_int_equal(c.verdict, SANDBOX_OK);
    assert_true(holds(c.out, "late")); /* of the cell before: garbled by its own doing */
    sandbox_session_close(x);
    x = opened((SandboxLimits){.wall_seconds = 5});
    c = ran(x, "import os\nos.write(4, b'done 99\\ngarbage \\xff\\x00' * 500)\nprint('through')");
    assert_int_equal(c.verdict, SANDBOX_OK);
    assert_true(holds(c.out, "through"));
    sandbox_session_close(x);
    /* frames without end are output without end */
    ends("import os\nwhile True: os.write(4, b'x' * 65536)", (SandboxLimits){0}, SANDBOX_OLE, 10);
    /* the next request eaten by a thread of the last cell: silence, then the wall limit */
    x = opened((SandboxLimits){.wall_seconds = 1});
    ran(x, "import os, threading\nthreading.Thread(target=lambda: os.read(3, 1 << 20), daemon=True).start()");
    c = ran(x, "1");
    assert_true(c.verdict == SANDBOX_ILE || c.verdict == SANDBOX_OK);
    sandbox_session_close(x);
}

static void test_closed_stdout_goes_on(void **state) {
    (void)state;
    NEED_BOX();
    SandboxSession *x = opened((SandboxLimits){.wall_seconds = 5});
    SandboxCell c = ran(x, "import os\nos.close(1); os.close(2)\nprint('nobody hears')");
    assert_int_equal(c.verdict, SANDBOX_OK);
    c = ran(x, "1 + 1");
    assert_int_equal(c.verdict, SANDBOX_OK);
    assert_int_equal(c.out.n, 0);
    sandbox_session_close(x);
}

/* What runs on behind a cell is ended with the session, and no descriptor of ours is lost. */
static void test_nothing_is_left(void **state) {
    (void)state;
    NEED_BOX();
    int fds = count_entries("/proc/self/fd");
    for (int i = 0; i < 3; i++) {
        SandboxSession *x = opened((SandboxLimits){0});
        ran(x, "import threading, time\nthreading.Thread(target=time.sleep, args=(1000,)).start()");
        sandbox_session_close(x);
    }
    assert_int_equal(count_entries("/proc/self/fd"), fds);
    errno = 0;
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    assert_int_equal(g_box->sessions_used, 0);
}

static void *one_session(void *arg) {
    SandboxSession *x = opened((SandboxLimits){0});
    Arena *a = arena_open(0);
    for (int i = 0; i < 3; i++) {
        Err err = ERR_INIT;
        SandboxCell c;
        char source[64];
        snprintf(source, sizeof source, "n = %d if %d == 0 else n + 1\nn", (int)(intptr_t)arg, i);
        assert_true(sandbox_session_run(x, str_from(source), true, a, &c, &err));
        assert_int_equal(atoi(c.out.p), (int)(intptr_t)arg + i);
    }
    arena_close(a);
    sandbox_session_close(x);
    return NULL;
}

static void test_many_at_once(void **state) {
    (void)state;
    NEED_BOX();
    pthread_t t[8];
    for (intptr_t i = 0; i < 8; i++) assert_int_equal(pthread_create(&t[i], NULL, one_session, (void *)(i * 100)), 0);
    for (int i = 0; i < 8; i++) pthread_join(t[i], NULL);
}

int main(void) {
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* what outlives its session becomes ours, and is seen */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_state_is_kept),        cmocka_unit_test(test_tracebacks),
        cmocka_unit_test(test_random_repeats),       cmocka_unit_test(test_sessions_are_apart),
        cmocka_unit_test(test_output_is_cut),        cmocka_unit_test(test_source_is_bounded),
        cmocka_unit_test(test_limits_end_a_session), cmocka_unit_test(test_memory),
        cmocka_unit_test(test_interpreter_ends),     cmocka_unit_test(test_no_way_out),
        cmocka_unit_test(test_forged_frames),        cmocka_unit_test(test_closed_stdout_goes_on),
        cmocka_unit_test(test_nothing_is_left),      cmocka_unit_test(test_many_at_once),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
