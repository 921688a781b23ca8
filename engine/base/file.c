#include "engine/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opens a regular file for reading; a FIFO or device never makes us wait. -1 with *err set. */
static int open_regular(const char *path, struct stat *st, Err *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        err_errno(err, errno, "cannot read", path);
        if (err) err->code = errno == EIO || errno == EMFILE || errno == ENFILE ? ERR_IO : ERR_INPUT;
        return -1;
    }
    if (fstat(fd, st) != 0) {
        err_errno(err, errno, "cannot read", path);
    } else if (S_ISDIR(st->st_mode)) {
        err_set(err, ERR_INPUT, "cannot read %s: it is a folder", path);
    } else if (!S_ISREG(st->st_mode)) {
        err_set(err, ERR_INPUT, "cannot read %s: it is not a regular file", path);
    } else {
        return fd;
    }
    close(fd);
    return -1;
}

bool file_map(const char *path, FileMap *out, Err *err) {
    struct stat st;
    *out = (FileMap){0};
    int fd = open_regular(path, &st, err);
    if (fd < 0) return false;
    void *p = st.st_size ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    int why = errno;
    close(fd);
    if (p == MAP_FAILED) return err_errno(err, why, "cannot map", path);
    out->p = p;
    out->n = (size_t)st.st_size;
    return true;
}

void file_unmap(FileMap *m) {
    if (m->p) munmap((void *)(uintptr_t)m->p, m->n);
    *m = (FileMap){0};
}

static bool read_all(int fd, const char *path, Buf *buf, Err *err) {
    char chunk[65536];
    for (;;) {
        ssize_t k = read(fd, chunk, sizeof chunk);
        if (k == 0) return true;
        if (k < 0 && errno == EINTR) continue;
        if (k < 0) return err_errno(err, errno, "cannot read", path);
        buf_add(buf, chunk, (size_t)k);
        if (!buf->failed) continue;
        if (buf->n + (size_t)k <= buf->max) return err_nomem(err);
        return err_set(err, ERR_INPUT, "%s is larger than the limit of %zu bytes", path, buf->max);
    }
}

bool file_read(const char *path, Buf *buf, Err *err) {
    if (strcmp(path, "-") == 0) return read_all(STDIN_FILENO, "standard input", buf, err);
    struct stat st;
    int fd = open_regular(path, &st, err);
    if (fd < 0) return false;
    bool ok = (uint64_t)st.st_size <= buf->max
                  ? read_all(fd, path, buf, err)
                  : err_set(err, ERR_INPUT, "%s is larger than the limit of %zu bytes", path, buf->max);
    close(fd);
    return ok;
}

static bool write_all(int fd, Str data) {
    for (size_t at = 0; at < data.n;) {
        ssize_t k = write(fd, data.p + at, data.n - at);
        if (k < 0 && errno == EINTR) continue;
        if (k < 0) return false;
        at += (size_t)k;
    }
    return fsync(fd) == 0;
}

/* A rename is on disk only when its folder is; failure here cannot undo it, so it is not reported. */
static void sync_parent(const char *path) {
    char dir[4096];
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : 0;
    if (n >= sizeof dir) return;
    memcpy(dir, path, n);
    dir[n] = '\0';
    int fd = open(!slash ? "." : n ? dir : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    (void)fsync(fd);
    close(fd);
}

static bool tmp_name(const char *path, char tmp[4096], Err *err) {
    int n = snprintf(tmp, 4096, "%s.tmp.%ld", path, (long)getpid());
    return (n > 0 && n < 4096) || err_set(err, ERR_INPUT, "cannot write %.200s: the path is too long", path);
}

/* A device or pipe would be gone: for root, /dev/null of the whole machine. */
bool file_may_replace(const char *path, Err *err) {
    struct stat st;
    if (stat(path, &st) != 0 || S_ISREG(st.st_mode)) return true;
    if (S_ISDIR(st.st_mode)) return err_errno(err, EISDIR, "cannot write", path);
    return err_set(err, ERR_INPUT, "cannot write %s: it is no regular file, and a new file would take its place", path);
}

bool file_stage(const char *path, Str data, Err *err) {
    char tmp[4096];
    if (!tmp_name(path, tmp, err)) return false;
    if (!file_may_replace(path, err)) return false;
    unlink(tmp);
    int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0) return err_errno(err, errno, "cannot write", path);
    bool ok = write_all(fd, data);
    int why = errno;
    if (close(fd) != 0 && ok) ok = false, why = errno;
    if (ok) return true;
    unlink(tmp);
    return err_errno(err, why, "cannot write", path);
}

bool file_commit(const char *path, Err *err) {
    char tmp[4096];
    if (!tmp_name(path, tmp, err)) return false;
    if (rename(tmp, path) != 0) {
        int why = errno;
        unlink(tmp);
        return err_errno(err, why, "cannot write", path);
    }
    sync_parent(path);
    return true;
}

void file_unstage(const char *path) {
    char tmp[4096];
    Err ignored = ERR_INIT;
    if (tmp_name(path, tmp, &ignored)) unlink(tmp);
}

bool file_write_atomic(const char *path, Str data, Err *err) {
    return file_stage(path, data, err) && file_commit(path, err);
}

bool file_exists(const char *path) {
    struct stat st;
    return stat(path, &st) == 0;
}

bool file_is_dir(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool file_mkdirs(const char *path, Err *err) {
    char part[4096];
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof part) return err_set(err, ERR_INPUT, "cannot make the folder '%.200s': bad path", path);
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != '\0') continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST) return err_errno(err, errno, "cannot make the folder", part);
    }
    if (!file_is_dir(path)) return err_set(err, ERR_IO, "cannot make the folder %s: a file is in the way", path);
    return true;
}

char *path_join(Arena *a, const char *dir, const char *name) {
    if (name[0] == '/' || !dir || !dir[0]) return arena_strdup(a, name);
    size_t n = strlen(dir);
    const char *sep = dir[n - 1] == '/' ? "" : "/";
    return (char *)(uintptr_t)str_printf(a, "%s%s%s", dir, sep, name).p;
}

char *path_dirname(Arena *a, const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash) return arena_strdup(a, ".");
    return str_cstr(a, (Str){path, slash == path ? 1 : (size_t)(slash - path)});
}
