/* What every target needs: a folder in memory, parts, limits; and file_map on the heap. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "tests/fuzz/fuzz.h"

void fuzz_must(bool ok, const char *what) {
    if (ok) return;
    fprintf(stderr, "fuzz %s: %s\n", fuzz_target.name, what);
    abort();
}

static Err last_refusal = ERR_INIT;

const char *fuzz_last_refusal(void) {
    return last_refusal.msg;
}

bool fuzz_refused(const Err *err) {
    last_refusal = *err;
    fuzz_must(err->code != ERR_OK && err->msg[0], "a refusal without a sentence");
    fuzz_must(!strchr(err->msg, '\n') && strlen(err->msg) < sizeof err->msg, "a refusal of several lines");
    fuzz_must(err->code != ERR_INTERNAL, "a refusal that blames ourselves");
    return false;
}

void fuzz_use(uint64_t sum) {
    volatile uint64_t sink = sum;
    (void)sink;
}

uint8_t *fuzz_copy(const uint8_t *p, size_t n) {
    uint8_t *copy = malloc(n ? n : 1);
    if (n) memcpy(copy, p, n);
    return copy;
}

/* ---- seams: the linker's --wrap sends calls here ---- */

size_t fuzz_block_max = (size_t)256 << 20;

void *__real_mem_alloc(size_t n);
void *__real_mem_realloc(void *p, size_t n);
bool __real_file_map(const char *path, FileMap *out, Err *err);
void __real_file_unmap(FileMap *m);
void *__wrap_mem_alloc(size_t n);
void *__wrap_mem_realloc(void *p, size_t n);
bool __wrap_file_map(const char *path, FileMap *out, Err *err);
void __wrap_file_unmap(FileMap *m);

void *__wrap_mem_alloc(size_t n) {
    fuzz_must(n <= fuzz_block_max, "a block larger than the limit was asked for");
    return __real_mem_alloc(n);
}

void *__wrap_mem_realloc(void *p, size_t n) {
    fuzz_must(n <= fuzz_block_max, "a block larger than the limit was asked for");
    return __real_mem_realloc(p, n);
}

/* A mapping is readable up to the end of its page; a block of the exact size is not. */
bool __wrap_file_map(const char *path, FileMap *out, Err *err) {
    FileMap m;
    *out = (FileMap){0};
    if (!__real_file_map(path, &m, err)) return false;
    if (m.n) *out = (FileMap){fuzz_copy(m.p, m.n), m.n};
    __real_file_unmap(&m);
    return true;
}

void __wrap_file_unmap(FileMap *m) {
    free((void *)(uintptr_t)m->p);
    *m = (FileMap){0};
}

/* ---- the folders ---- */

static char root_[64], dir_[80], kept_[80];
static pid_t dir_owner;

static void path_of(char *out, size_t cap, const char *dir, const char *name) {
    snprintf(out, cap, "%s/%s", dir, name);
}

static void clear(const char *dir) {
    char path[400];
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        path_of(path, sizeof path, dir, e->d_name);
        if (e->d_name[0] != '.') unlink(path);
    }
    if (d) closedir(d);
}

static void remove_dirs(void) {
    if (dir_owner != getpid()) return;
    clear(dir_), clear(kept_);
    rmdir(dir_), rmdir(kept_), rmdir(root_);
}

static void make_dirs(void) {
    struct stat st;
    bool in_memory = stat("/dev/shm", &st) == 0 && access("/dev/shm", W_OK) == 0;
    snprintf(root_, sizeof root_, "%s/assay-fuzz-XXXXXX", in_memory ? "/dev/shm" : "/tmp");
    fuzz_must(mkdtemp(root_) != NULL, "no folder for temporary files");
    snprintf(dir_, sizeof dir_, "%s/fuzz", root_);
    snprintf(kept_, sizeof kept_, "%s/kept", root_);
    fuzz_must(mkdir(dir_, 0700) == 0 && mkdir(kept_, 0700) == 0, "no folders for temporary files");
    dir_owner = getpid();
    atexit(remove_dirs);
}

const char *fuzz_dir(void) {
    if (dir_owner != getpid()) make_dirs();
    return dir_;
}

const char *fuzz_kept_dir(void) {
    if (dir_owner != getpid()) make_dirs();
    return kept_;
}

void fuzz_dir_clear(void) {
    clear(fuzz_dir());
}

void fuzz_dir_put(const char *name, const void *p, size_t n) {
    char path[400];
    path_of(path, sizeof path, fuzz_dir(), name);
    FILE *f = fopen(path, "wb");
    fuzz_must(f && (n == 0 || fwrite(p, 1, n, f) == n), "cannot write a temporary file");
    fclose(f);
}

void fuzz_dir_parts(const uint8_t *p, size_t n) {
    FuzzPart part;
    fuzz_dir_clear();
    for (size_t at = 0; fuzz_part(p, n, fuzz_n_parts(), &at, &part);)
        fuzz_dir_put(fuzz_target.parts[part.number], p + part.at, part.n);
}

/* ---- parts ---- */

size_t fuzz_n_parts(void) {
    size_t n = 0;
    while (fuzz_target.parts && fuzz_target.parts[n]) n++;
    return n;
}

bool fuzz_part(const uint8_t *p, size_t n, size_t n_names, size_t *at, FuzzPart *out) {
    if (n_names == 0 || n < 5 || *at > n - 5) return false;
    uint32_t len;
    memcpy(&len, p + *at + 1, 4);
    size_t left = n - *at - 5;
    *out = (FuzzPart){(int)(p[*at] % n_names), *at + 5, len < left ? len : left};
    *at = out->at + out->n;
    return true;
}

void fuzz_part_add(Buf *b, int number, const void *p, size_t n) {
    uint32_t len = (uint32_t)n;
    buf_addc(b, (char)number);
    buf_add(b, &len, 4);
    buf_add(b, p, n);
}
