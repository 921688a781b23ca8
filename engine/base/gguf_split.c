#include "engine/base/gguf_split.h"

#include <stdio.h>
#include <string.h>

enum { DIGITS = 5, TAIL = 1 + DIGITS + 4 + DIGITS + 5 }; /* "-00002-of-00005.gguf" */

/* Five digits; 0 if there is anything else. */
static uint32_t number_at(const char *p) {
    uint32_t n = 0;
    for (int i = 0; i < DIGITS; i++) {
        if (p[i] < '0' || p[i] > '9') return 0;
        n = n * 10 + (uint32_t)(p[i] - '0');
    }
    return n;
}

bool gguf_split_parse(const char *path, GgufSplit *out) {
    size_t n = strlen(path);
    if (n <= TAIL || path[n - TAIL - 1] == '/') return false;
    const char *tail = path + n - TAIL, *of = tail + 1 + DIGITS;
    if (*tail != '-' || memcmp(of, "-of-", 4) != 0 || strcmp(of + 4 + DIGITS, ".gguf") != 0) return false;
    *out = (GgufSplit){{path, n - TAIL}, number_at(tail + 1), number_at(of + 4)};
    return out->no >= 1 && out->no <= out->count;
}

char *gguf_split_path(Arena *a, const GgufSplit *s, uint32_t no) {
    char *path = arena_alloc(a, s->prefix.n + TAIL + 1);
    if (!path) return NULL;
    memcpy(path, s->prefix.p, s->prefix.n);
    snprintf(path + s->prefix.n, TAIL + 1, "-%05u-of-%05u.gguf", (unsigned)(no % 100000), (unsigned)s->count);
    return path;
}

const char *gguf_split_first(Arena *a, const char *path) {
    GgufSplit s;
    return gguf_split_parse(path, &s) ? gguf_split_path(a, &s, 1) : path;
}
