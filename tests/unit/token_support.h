/* Shared by the tests of token/ and chat/: JSONL files of vectors, and comparison of ids. */
#ifndef ASSAY_TESTS_TOKEN_SUPPORT_H
#define ASSAY_TESTS_TOKEN_SUPPORT_H

#include "engine/base/file.h"
#include "engine/base/json_nul.h"
#include "engine/token/tokenizer.h"
#include "tests/support.h"

typedef struct Lines {
    Buf buf;
    size_t at;
} Lines;

static inline void lines_open(Lines *l, const char *path) {
    Err err = ERR_INIT;
    buf_init(&l->buf, (size_t)64 << 20);
    l->at = 0;
    if (!file_read(path, &l->buf, &err)) fail_msg("%s", err.msg);
}

static inline bool lines_next(Lines *l, Str *out) {
    Str s = buf_str(&l->buf);
    if (l->at >= s.n) return false;
    size_t end = str_find(s, STR("\n"), l->at);
    if (end == SIZE_MAX) end = s.n;
    *out = str_sub(s, l->at, end);
    l->at = end + 1;
    return true;
}

static inline void lines_close(Lines *l) {
    buf_release(&l->buf);
}

static inline Json *line_json(Str line, Arena *a, NulMark *mark) {
    Json *j;
    Err err = ERR_INIT;
    if (!json_parse_nul(line, a, &j, mark, &err)) fail_msg("%s: " STR_FMT, err.msg, STR_ARG(str_sub(line, 0, 200)));
    return j;
}

static inline Ids ids_of(const Json *list, Arena *a) {
    Ids out = {arena_array(a, json_count(list), sizeof(uint32_t)), 0};
    for (const Json *j = json_first(list); j; j = json_next(j)) out.p[out.n++] = (uint32_t)json_num(j);
    return out;
}

static inline bool ids_eq(Ids x, Ids y) {
    return x.n == y.n && (x.n == 0 || memcmp(x.p, y.p, x.n * sizeof *x.p) == 0);
}

static inline Ids encode(const Tokenizer *t, Str text, bool special, Arena *a) {
    Ids ids = {NULL, 0};
    size_t cap = 0;
    Err err = ERR_INIT;
    if (!tokenizer_encode(t, text, special, a, &ids, &cap, &err)) fail_msg("%s", err.msg);
    return ids;
}

static inline Str decode(const Tokenizer *t, Ids ids, Arena *a) {
    Buf b;
    buf_init(&b, SIZE_MAX / 2);
    for (size_t i = 0; i < ids.n; i++) buf_addstr(&b, tokenizer_bytes(t, ids.p[i]));
    Str s = str_dup(a, buf_str(&b));
    buf_release(&b);
    return s;
}

static inline Tokenizer *open_tokenizer(const char *path) {
    Tokenizer *t;
    Err err = ERR_INIT;
    if (!tokenizer_open(path, &t, &err)) fail_msg("%s", err.msg);
    return t;
}

/* The full vocabulary is not stored with the project: tests/tools/make_o200k.py makes a directory with a
 * tokenizer.json, and ASSAY_O200K names it. NULL: absent; then skip(). */
static inline const char *o200k_path(void) {
    static char path[1024];
    const char *dir = getenv("ASSAY_O200K");
    if (!dir || !*dir) {
        fprintf(stderr, "skipped: ASSAY_O200K does not name a directory with the o200k tokenizer.json "
                        "(tests/tools/make_o200k.py)\n");
        return NULL;
    }
    snprintf(path, sizeof path, "%s/tokenizer.json", dir);
    return path;
}

#endif
