/* Facts: proc_meminfo(5), cgroups(7), the kernel's admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst. */
#include "engine/base/sysmem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_MAX_HERE 1024

/* ---- small files ---- */

static FILE *open_at(const char *root, const char *dir, const char *name) {
    char path[3 * PATH_MAX_HERE];
    int n = snprintf(path, sizeof path, "%s%s/%s", root, dir, name);
    return n > 0 && (size_t)n < sizeof path ? fopen(path, "re") : NULL;
}

/* A file that holds one number; "max" and what is absent give UINT64_MAX. */
static uint64_t read_limit(const char *root, const char *dir, const char *name) {
    unsigned long long v = UINT64_MAX;
    FILE *f = open_at(root, dir, name);
    if (!f) return UINT64_MAX;
    if (fscanf(f, "%llu", &v) != 1) v = UINT64_MAX;
    fclose(f);
    return v;
}

/* The number behind `key` in lines "key number"; 0 if it is not there. */
static uint64_t read_stat(const char *root, const char *dir, const char *name, const char *key) {
    char line[256], word[64];
    unsigned long long v, found = 0;
    FILE *f = open_at(root, dir, name);
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "%63[^: ]%*[: ]%llu", word, &v) == 2 && strcmp(word, key) == 0) found = v;
    if (f) fclose(f);
    return found;
}

/* ---- bounds ---- */

static void lower(SysMem *m, uint64_t free, const char *what, const char *name) {
    if (free >= m->free) return;
    m->free = free;
    snprintf(m->bound, sizeof m->bound, "%s%s", what, name);
}

static void machine(const char *root, SysMem *m) {
    uint64_t kb = read_stat(root, "/proc", "meminfo", "MemAvailable");
    if (!kb) kb = read_stat(root, "/proc", "meminfo", "MemFree"); /* kernels before 3.14 */
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    if (kb)
        lower(m, kb * 1024, "this machine", "");
    else if (pages > 0 && size > 0)
        lower(m, (uint64_t)pages * (uint64_t)size / 2, "this machine", "");
}

/* 12345, 1.5G */
static bool environment(SysMem *m, Err *err) {
    const char *text = getenv("ASSAY_MEMORY");
    char *end;
    if (!text || !*text) return true;
    double v = strtod(text, &end);
    bool number = end != text;
    if (*end == 'K') v *= 1e3, end++;
    if (*end == 'M') v *= 1e6, end++;
    if (*end == 'G') v *= 1e9, end++;
    if (!number || *end || !(v >= 0 && v < 1e18) || strspn(text, "0123456789.KMG") != strlen(text))
        return err_set(
            err, ERR_INPUT,
            "the environment variable ASSAY_MEMORY is '%.40s'; a number of bytes was expected, with K, M or G "
            "behind it for 10^3, 10^6, 10^9, such as 12G",
            text);
    lower(m, (uint64_t)v, "ASSAY_MEMORY", "");
    return true;
}

/* ---- control groups ---- */

typedef struct Version {
    const char *limits[2], *usage, *file_active, *file_inactive;
} Version;

static const Version v1 = {
    {"memory.limit_in_bytes", NULL}, "memory.usage_in_bytes", "total_active_file", "total_inactive_file"};
static const Version v2 = {{"memory.max", "memory.high"}, "memory.current", "active_file", "inactive_file"};

static void one_group(const char *root, const Version *v, const char *dir, const char *name, SysMem *m) {
    uint64_t limit = read_limit(root, dir, v->limits[0]), used = read_limit(root, dir, v->usage);
    if (v->limits[1]) {
        uint64_t high = read_limit(root, dir, v->limits[1]);
        if (high < limit) limit = high;
    }
    if (limit >= UINT64_MAX / 4 || used == UINT64_MAX) return; /* v1 writes "none" as a number near 2^63 */
    uint64_t cache =
        read_stat(root, dir, "memory.stat", v->file_active) + read_stat(root, dir, "memory.stat", v->file_inactive);
    uint64_t held = used > cache ? used - cache : 0;
    lower(m, limit > held ? limit - held : 0, "the control group ", name);
}

/* The group and all above it that can be seen from here. */
static void all_groups(const char *root, const Version *v, const char *mount, const char *below, SysMem *m) {
    char dir[2 * PATH_MAX_HERE], rest[PATH_MAX_HERE];
    snprintf(rest, sizeof rest, "%s", below);
    for (;;) {
        size_t n = strlen(rest);
        while (n && rest[n - 1] == '/') rest[--n] = '\0';
        snprintf(dir, sizeof dir, "%s%s", mount, rest);
        one_group(root, v, dir, n ? rest : "/", m);
        if (!n) return;
        *strrchr(rest, '/') = '\0'; /* rest begins with '/' */
    }
}

/* The path of this process in the hierarchy: "0::/path", or "4:memory:/path" among several controllers. */
static bool own_path(const char *root, const Version *v, char *out, size_t cap) {
    char line[PATH_MAX_HERE + 128], names[128];
    bool found = false;
    FILE *f = open_at(root, "/proc/self", "cgroup");
    while (f && !found && fgets(line, sizeof line, f)) {
        char *names_at = strchr(line, ':'), *path = names_at ? strchr(names_at + 1, ':') : NULL;
        if (!path) continue;
        line[strcspn(line, "\n")] = '\0';
        snprintf(names, sizeof names, ",%.*s,", (int)(path - names_at - 1), names_at + 1);
        found = v == &v2 ? strcmp(names, ",,") == 0 : strstr(names, ",memory,") != NULL;
        if (found) snprintf(out, cap, "%s", path + 1);
    }
    if (f) fclose(f);
    return found && out[0] == '/';
}

/* "\040" is a blank. */
static void unescape(char *s) {
    char *to = s;
    for (; *s; s++)
        if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' && s[3] >= '0' && s[3] <= '7') {
            *to++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
            s += 3;
        } else {
            *to++ = *s;
        }
    *to = '\0';
}

/* One line of mountinfo: id parent dev ROOT MOUNT options [tags] - TYPE source SUPER_OPTIONS. */
static bool is_mount(const Version *v, const char *line, char *mount_root, char *mount) {
    char type[32], options[512];
    const char *behind = strstr(line, " - ");
    if (!behind || sscanf(line, "%*s %*s %*s %1023s %1023s", mount_root, mount) != 2) return false;
    if (sscanf(behind, " - %31s %*s %511s", type, options) != 2) return false;
    unescape(mount_root);
    unescape(mount);
    if (v == &v2) return strcmp(type, "cgroup2") == 0;
    char padded[520];
    snprintf(padded, sizeof padded, ",%s,", options);
    return strcmp(type, "cgroup") == 0 && strstr(padded, ",memory,") != NULL;
}

static void hierarchy(const char *root, const Version *v, SysMem *m) {
    char line[4 * PATH_MAX_HERE], mount_root[PATH_MAX_HERE], mount[PATH_MAX_HERE], path[PATH_MAX_HERE];
    if (!own_path(root, v, path, sizeof path)) return;
    FILE *f = open_at(root, "/proc/self", "mountinfo");
    while (f && fgets(line, sizeof line, f)) {
        if (!is_mount(v, line, mount_root, mount)) continue;
        /* in a container the mount may show only the part of the tree below its own group, or the path may lead out
         * of the namespace ("/../x"): then the mount's top is the nearest group that can be seen */
        size_t n = strcmp(mount_root, "/") == 0 ? 0 : strlen(mount_root);
        const char *below = path;
        if (n) below = strncmp(path, mount_root, n) == 0 && (path[n] == '/' || !path[n]) ? path + n : "";
        if (strstr(below, "/..")) below = "";
        all_groups(root, v, mount, below, m);
    }
    if (f) fclose(f);
}

bool sysmem_read(const char *root, SysMem *out, Err *err) {
    *out = (SysMem){.free = UINT64_MAX};
    machine(root, out);
    hierarchy(root, &v2, out);
    hierarchy(root, &v1, out);
    if (!environment(out, err)) return false;
    if (out->free == UINT64_MAX) lower(out, UINT64_C(1) << 31, "a guess", "");
    return true;
}
