/* Control groups of version 1 (memory, pids, cpuacct) and 2: one group per run, made before it and removed after it.
 * Version 1 was found on the machine this was written on; the two differ in file names and in where a group may be. */
#include "harness/sandbox/sandbox_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static bool write_text(const char *dir, const char *name, const char *text) {
    char path[640];
    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path) return errno = ENAMETOOLONG, false;
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t n = write(fd, text, strlen(text));
    int e = errno;
    close(fd);
    errno = e;
    return n == (ssize_t)strlen(text);
}

static bool write_u64(const char *dir, const char *name, uint64_t v) {
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)v);
    return write_text(dir, name, text);
}

/* The whole of a small file, NUL-terminated; false when it cannot be read. */
static bool read_text(const char *dir, const char *name, char *out, size_t cap) {
    char path[640];
    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path) return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t n = read(fd, out, cap - 1);
    close(fd);
    out[n > 0 ? n : 0] = 0;
    return n >= 0;
}

static uint64_t read_u64(const char *dir, const char *name) {
    char text[64];
    return read_text(dir, name, text, sizeof text) ? strtoull(text, NULL, 10) : 0;
}

/* The number behind "key " at the start of a line; 0 when it is not there. */
static uint64_t read_key(const char *dir, const char *name, const char *key) {
    char text[4096];
    if (!read_text(dir, name, text, sizeof text)) return 0;
    size_t n = strlen(key);
    for (char *at = text; at; at = strchr(at, '\n')) {
        while (*at == '\n') at++;
        if (strncmp(at, key, n) == 0 && at[n] == ' ') return strtoull(at + n + 1, NULL, 10);
        if (!*at) break;
    }
    return 0;
}

/* ---- finding a home ---- */

/* Path of this process's group from the line of /proc/self/cgroup that lists `controller` ("" for version 2). */
static bool own_group(const char *controller, char *out, size_t cap) {
    char text[4096];
    if (!read_text("/proc/self", "cgroup", text, sizeof text)) return false;
    for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char *names = strchr(line, ':'), *path = names ? strchr(names + 1, ':') : NULL;
        if (!path) continue;
        *path++ = 0, names++;
        bool hit = !*controller && !*names;
        for (char *s2 = NULL, *n = strtok_r(names, ",", &s2); n && !hit; n = strtok_r(NULL, ",", &s2))
            hit = strcmp(n, controller) == 0;
        if (hit) return snprintf(out, cap, "%s", path) < (int)cap;
    }
    return false;
}

static bool home_v1(const char *controller, char *out, size_t cap) {
    char group[256];
    if (!own_group(controller, group, sizeof group)) return false;
    snprintf(out, cap, "/sys/fs/cgroup/%s%s", controller, strcmp(group, "/") ? group : "");
    if (access(out, W_OK) == 0) return true;
    snprintf(out, cap, "/sys/fs/cgroup/%s", controller); /* inside a container the path is the host's */
    return access(out, W_OK) == 0;
}

static bool find_v1(CgroupHome *h) {
    if (!home_v1("memory", h->memory, sizeof h->memory) || !home_v1("pids", h->pids, sizeof h->pids)) return false;
    if (!home_v1("cpuacct", h->cpuacct, sizeof h->cpuacct)) h->cpuacct[0] = 0;
    h->version = 1;
    return true;
}

static bool has_word(const char *text, const char *word) {
    size_t n = strlen(word);
    for (const char *p = strstr(text, word); p; p = strstr(p + 1, word))
        if ((p == text || p[-1] == ' ') && (p[n] == 0 || p[n] == ' ' || p[n] == '\n')) return true;
    return false;
}

/* In version 2 a group that has processes cannot hand controllers down (but the root), so the parent of our own group
 * is asked first, then the root. */
static bool find_v2(CgroupHome *h) {
    char group[256], on[256];
    if (!own_group("", group, sizeof group)) return false;
    char *slash = strrchr(group, '/');
    if (slash) *slash = 0;
    for (int i = 0; i < 2; i++) {
        snprintf(h->memory, sizeof h->memory, "/sys/fs/cgroup%s", i ? "" : group);
        if (access(h->memory, W_OK) == 0 && read_text(h->memory, "cgroup.subtree_control", on, sizeof on) &&
            has_word(on, "memory") && has_word(on, "pids")) {
            h->version = 2;
            return true;
        }
    }
    return false;
}

/* Removes groups that a killed harness left; one with processes in it cannot be removed and stays. */
static void sweep(const char *dir) {
    char path[640];
    long pid;
    DIR *d = *dir ? opendir(dir) : NULL;
    for (struct dirent *e; d && (e = readdir(d));) {
        if (sscanf(e->d_name, "assay-%ld-", &pid) != 1 || pid <= 0 || kill((pid_t)pid, 0) == 0 || errno != ESRCH)
            continue;
        if (snprintf(path, sizeof path, "%s/%s", dir, e->d_name) < (int)sizeof path) rmdir(path);
    }
    if (d) closedir(d);
}

void cgroup_probe(CgroupHome *h) {
    memset(h, 0, sizeof *h);
    Err err = ERR_INIT;
    Cgroup c;
    if (!find_v1(h) && !find_v2(h)) {
        snprintf(h->why, sizeof h->why, "no control group with memory and pids is writable");
        return;
    }
    sweep(h->memory), sweep(h->pids), sweep(h->cpuacct);
    if (cgroup_open(h, 99, 64 * SANDBOX_MIB, 16, &c, &err)) {
        cgroup_joined(&c);
        if (cgroup_close(&c)) return;
    }
    h->version = 0;
    snprintf(h->why, sizeof h->why, "%.190s", err.code ? err.msg : "a control group cannot be removed again");
}

/* ---- one group ---- */

/* The folders of a group: 3 at most, in the order memory, pids, cpuacct. */
static int folders(const Cgroup *c, char out[3][480]) {
    const CgroupHome *h = c->home;
    int n = 0;
    if (h->version) snprintf(out[n++], 480, "%s/%s", h->memory, c->name);
    if (h->version == 1) snprintf(out[n++], 480, "%s/%s", h->pids, c->name);
    if (h->version == 1 && h->cpuacct[0]) snprintf(out[n++], 480, "%s/%s", h->cpuacct, c->name);
    return n;
}

static bool set_limits(const Cgroup *c, char dirs[3][480], uint64_t memory, uint64_t processes) {
    if (c->home->version == 1) {
        if (!write_u64(dirs[0], "memory.limit_in_bytes", memory) || !write_u64(dirs[1], "pids.max", processes))
            return false;
        /* absent without swap accounting; then RLIMITs and the machine's swap bound it */
        return write_u64(dirs[0], "memory.memsw.limit_in_bytes", memory) || errno == ENOENT;
    }
    if (!write_u64(dirs[0], "memory.max", memory) || !write_u64(dirs[0], "pids.max", processes)) return false;
    return write_text(dirs[0], "memory.swap.max", "0") || errno == ENOENT;
}

/* Above the numbers that programs use. */
static int open_procs(const char *dir) {
    char path[520];
    snprintf(path, sizeof path, "%.480s/cgroup.procs", dir);
    int low = open(path, O_WRONLY | O_CLOEXEC);
    int fd = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, 64);
    if (low >= 0) close(low);
    return fd;
}

bool cgroup_open(const CgroupHome *h, int slot, uint64_t memory, uint64_t processes, Cgroup *c, Err *err) {
    char dirs[3][480];
    memset(c, 0, sizeof *c);
    c->home = h;
    static unsigned long serial;
    snprintf(c->name, sizeof c->name, "assay-%ld-%d-%lu", (long)getpid(), slot,
             __atomic_add_fetch(&serial, 1, __ATOMIC_RELAXED));
    int n = folders(c, dirs);
    for (int i = 0; i < n; i++) {
        if (mkdir(dirs[i], 0755) != 0) goto failed;
        if ((c->fds[i] = open_procs(dirs[i])) < 0) goto failed;
        c->n_fds = i + 1;
    }
    if (n == 0 || set_limits(c, dirs, memory, processes)) return true;
failed:
    err_set(err, ERR_ENV, "control group %s below %s: %s", c->name, h->memory, strerror(errno));
    cgroup_joined(c);
    for (int i = 0; i < n; i++) rmdir(dirs[i]);
    c->home = NULL;
    return false;
}

void cgroup_joined(Cgroup *c) {
    for (int i = 0; i < c->n_fds; i++) close(c->fds[i]);
    c->n_fds = 0;
}

uint64_t cgroup_cpu_ns(const Cgroup *c) {
    char dirs[3][480];
    int n = c->home ? folders(c, dirs) : 0;
    if (n == 0) return 0;
    if (c->home->version == 2) return read_key(dirs[0], "cpu.stat", "usage_usec") * 1000u;
    return n == 3 ? read_u64(dirs[2], "cpuacct.usage") : 0;
}

void cgroup_use(const Cgroup *c, CgroupUse *u) {
    char dirs[3][480], text[64];
    memset(u, 0, sizeof *u);
    u->empty = true;
    if (!c->home || folders(c, dirs) == 0) return;
    bool v1 = c->home->version == 1;
    u->known = true;
    u->cpu_ns = cgroup_cpu_ns(c);
    u->peak_bytes = read_u64(dirs[0], v1 ? "memory.max_usage_in_bytes" : "memory.peak");
    u->oom_kills = read_key(dirs[0], v1 ? "memory.oom_control" : "memory.events", "oom_kill");
    u->refused_forks = read_key(dirs[v1 ? 1 : 0], "pids.events", "max");
    u->empty = read_text(dirs[0], "cgroup.procs", text, sizeof text) && text[0] == 0;
}

void cgroup_kill(const Cgroup *c) {
    char dirs[3][480], text[8192];
    if (!c->home || folders(c, dirs) == 0) return;
    if (c->home->version == 2 && write_text(dirs[0], "cgroup.kill", "1")) return;
    for (int round = 0; round < 50; round++) { /* each round leaves fewer; a group's pids.max bounds them */
        if (!read_text(dirs[0], "cgroup.procs", text, sizeof text) || !text[0]) return;
        for (char *save = NULL, *p = strtok_r(text, "\n", &save); p; p = strtok_r(NULL, "\n", &save)) {
            long pid = strtol(p, NULL, 10);
            if (pid > 1) kill((pid_t)pid, SIGKILL);
        }
        nanosleep(&(struct timespec){0, 2000000}, NULL);
    }
}

bool cgroup_close(Cgroup *c) {
    char dirs[3][480];
    if (!c->home) return true;
    cgroup_joined(c);
    int n = folders(c, dirs);
    bool gone = false;
    for (int round = 0; round < 100 && !gone; round++) { /* an ended process leaves its group a moment later */
        gone = true;
        for (int i = 0; i < n; i++)
            if (rmdir(dirs[i]) != 0 && errno != ENOENT) gone = false;
        if (!gone) nanosleep(&(struct timespec){0, 2000000}, NULL);
    }
    return gone;
}
