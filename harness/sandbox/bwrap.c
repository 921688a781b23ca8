/* What bubblewrap is told: namespaces, environment, and the few things that a program may see. */
#include "harness/sandbox/sandbox_internal.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void add(Buf *b, const char *arg) {
    buf_add(b, arg, strlen(arg) + 1);
}

static void add2(Buf *b, const char *x, const char *y) {
    add(b, x), add(b, y);
}

static void add3(Buf *b, const char *x, const char *y, const char *z) {
    add(b, x), add(b, y), add(b, z);
}

static void add_u64(Buf *b, uint64_t v) {
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)v);
    add(b, text);
}

/* bubblewrap can say --size since 0.7, --disable-userns since 0.8. */
static bool bwrap_since(const Sandbox *s, int minor) {
    return s->tools.bwrap_major > 0 || s->tools.bwrap_minor >= minor;
}

static void add_ro(Buf *b, const char *path) {
    if (access(path, F_OK) == 0) add3(b, "--ro-bind", path, path);
}

/* /lib is a link to usr/lib where /usr was merged, and a folder of its own where not. */
static void add_root_folder(Buf *b, const char *path) {
    char to[256];
    ssize_t n = readlink(path, to, sizeof to - 1);
    if (n > 0) {
        to[n] = 0;
        add3(b, "--symlink", to, path);
    } else {
        add_ro(b, path);
    }
}

static void add_namespaces(const Sandbox *s, Buf *b) {
    static const char *const flags[] = {"--unshare-user",    "--unshare-ipc", "--unshare-pid",
                                        "--unshare-net",     "--unshare-uts", "--unshare-cgroup-try",
                                        "--die-with-parent", "--new-session", "--as-pid-1"};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) add(b, flags[i]);
    add2(b, "--cap-drop", "ALL");
    add2(b, "--hostname", "sandbox");
    add2(b, "--uid", "1000"), add2(b, "--gid", "1000");
    if (bwrap_since(s, 8)) add(b, "--disable-userns");
}

/* Nothing of ours; the same on every machine. Hash seeds and thread counts are pinned so that a run repeats. */
static void add_environment(Buf *b) {
    static const char *const vars[][2] = {
        {"PATH", "/usr/bin:/bin"},
        {"HOME", "/w"},
        {"LANG", "C.UTF-8"},
        {"LC_ALL", "C.UTF-8"},
        {"PYTHONHASHSEED", "0"},
        {"PYTHONSAFEPATH", "1"},
        {"PYTHONDONTWRITEBYTECODE", "1"},
        {"OPENBLAS_NUM_THREADS", "1"},
        {"OMP_NUM_THREADS", "1"},
        {"MKL_NUM_THREADS", "1"},
    };
    for (size_t i = 0; i < sizeof vars / sizeof *vars; i++) add3(b, "--setenv", vars[i][0], vars[i][1]);
}

/* Libraries for everybody; binaries only for those who must start them. */
static void add_system(const Sandbox *s, const Launch *l, Buf *b) {
    add_ro(b, "/usr/lib"), add_ro(b, "/usr/lib64"), add_ro(b, "/usr/lib32"), add_ro(b, "/usr/libx32");
    add_root_folder(b, "/lib"), add_root_folder(b, "/lib64");
    if (l->kind == LAUNCH_PYTHON) {
        add3(b, "--ro-bind", s->tools.python.real, s->tools.python.path);
        if (strncmp(s->tools.python.path, "/usr/local/", 11) == 0) add_ro(b, "/usr/local/lib");
        add_ro(b, "/etc/alternatives"); /* where Debian's numpy finds its BLAS */
    }
    if (l->kind == LAUNCH_COMPILE) {
        add_ro(b, "/usr/bin"), add_ro(b, "/usr/include"), add_ro(b, "/usr/libexec");
        add_ro(b, "/usr/x86_64-linux-gnu"), add_ro(b, "/usr/local/include");
        add_root_folder(b, "/bin");
    }
    add3(b, "--dev-bind", "/dev/null", "/dev/null");
}

static void add_scratch(const Sandbox *s, const Launch *l, Buf *b) {
    if (!l->scratch_bytes) return;
    if (bwrap_since(s, 7)) add(b, "--size"), add_u64(b, l->scratch_bytes);
    add2(b, "--tmpfs", "/tmp");
}

static void add_data(Buf *b, const char *mode, int fd, const char *dest) {
    char text[16];
    snprintf(text, sizeof text, "%d", fd);
    add2(b, "--perms", mode);
    add3(b, "--ro-bind-data", text, dest);
}

void bwrap_args(const Sandbox *s, const Launch *l, Buf *b) {
    char dest[128];
    add_namespaces(s, b);
    add_environment(b);
    add_system(s, l, b);
    add_scratch(s, l, b);
    add_data(b, "0555", JOB_FD_HELPER, "/helper");
    add2(b, "--dir", "/w");
    if (l->file_fd >= 0) {
        snprintf(dest, sizeof dest, "/w/%s", l->file_name);
        add_data(b, l->file_executable ? "0555" : "0444", JOB_FD_FILE, dest);
    }
    /* programs that open it by name; the real one would lead through /proc */
    if (l->kind != LAUNCH_COMPILE) add_data(b, "0444", JOB_FD_INPUT, "/dev/stdin");
    add2(b, "--chdir", l->scratch_bytes ? "/tmp" : "/w");
    add2(b, "--remount-ro", "/");
}
