/* What is installed: bubblewrap, the interpreter, the compilers. Only the system's own folders are looked at, never
 * $PATH: what the sandbox binds must be what was found. */
#include "harness/sandbox/sandbox_internal.h"

#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* First line that "PATH --version" prints. */
static void ask_version(Tool *t) {
    int p[2];
    pid_t pid;
    posix_spawn_file_actions_t acts;
    static char option[] = "--version", locale[] = "LC_ALL=C";
    char *const argv[] = {t->path, option, NULL}, *const env[] = {locale, NULL};
    if (pipe2(p, O_CLOEXEC) != 0) return;
    posix_spawn_file_actions_init(&acts);
    posix_spawn_file_actions_addopen(&acts, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&acts, p[1], 1);
    posix_spawn_file_actions_addopen(&acts, 2, "/dev/null", O_WRONLY, 0);
    int rc = posix_spawn(&pid, t->path, &acts, NULL, argv, env);
    posix_spawn_file_actions_destroy(&acts);
    close(p[1]);
    size_t n = 0;
    for (ssize_t r; rc == 0 && n < sizeof t->version - 1; n += (size_t)r)
        if ((r = read(p[0], t->version + n, sizeof t->version - 1 - n)) <= 0) break;
    close(p[0]);
    if (rc == 0) waitpid(pid, NULL, 0);
    t->version[n] = 0;
    t->version[strcspn(t->version, "\n")] = 0;
}

static void find(Tool *t, const char *name) {
    static const char *const dirs[] = {"/usr/bin", "/usr/local/bin", "/bin"};
    char real[PATH_MAX];
    memset(t, 0, sizeof *t);
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        char path[sizeof t->path];
        snprintf(path, sizeof path, "%s/%s", dirs[i], name);
        if (access(path, X_OK) != 0 || !realpath(path, real) || strlen(real) >= sizeof t->real) continue;
        memcpy(t->path, path, sizeof path);
        memcpy(t->real, real, strlen(real) + 1);
        ask_version(t);
        return;
    }
}

void tools_find(Tools *t) {
    memset(t, 0, sizeof *t);
    find(&t->bwrap, "bwrap");
    find(&t->python, "python3");
    find(&t->gcc, "gcc");
    find(&t->gxx, "g++");
    sscanf(t->bwrap.version, "bubblewrap %d.%d", &t->bwrap_major, &t->bwrap_minor);
}
