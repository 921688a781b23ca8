/* Shared by the tests of token/ and chat/: JSONL files of vectors, and comparison of ids. */
#ifndef ASSAY_TESTS_TOKEN_SUPPORT_H
#define ASSAY_TESTS_TOKEN_SUPPORT_H

#include <unistd.h>

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
    if (!tokenizer_open(path, NULL, &t, &err)) fail_msg("%s", err.msg);
    return t;
}

/* Opens these bytes as a file whose name ends so. What is refused is refused by its name. */
static inline bool open_bytes(const char *ending, Str bytes, const TokenizerHint *hint, Tokenizer **t, Err *err) {
    char path[64];
    snprintf(path, sizeof path, "/tmp/assay-test-XXXXXX%s", ending);
    int fd = mkstemps(path, (int)strlen(ending));
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes.p, bytes.n), (ssize_t)bytes.n);
    close(fd);
    *err = (Err)ERR_INIT;
    bool ok = tokenizer_open(path, hint, t, err);
    assert_true(ok || strstr(err->msg, path) || err->code == ERR_MEMORY);
    unlink(path);
    return ok;
}

/* The small vocabularies that tests write: the byte's own id, "ab" 256, "abc" 257. */
static inline void check_abc(const Tokenizer *t, Arena *a) {
    static const uint32_t want[] = {257, 256, 'a'};
    Ids ids = encode(t, STR("abcaba"), false, a);
    assert_int_equal(ids.n, 3);
    assert_memory_equal(ids.p, want, sizeof want);
}

/* The byte's character in the byte-level alphabet; bytes in rising order from 0, *extra = 0x100 at first. */
static inline size_t spell_byte(int byte, uint32_t *extra, char out[4]) {
    bool printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    return utf8_put(printable ? (uint32_t)byte : (*extra)++, out);
}

/* How many lines of a file of vectors are encoded otherwise; each is printed. */
static inline int check_encode(const Tokenizer *t, const char *vectors, int *n_lines) {
    Lines l;
    Str line;
    int wrong = 0;
    Arena *a = arena_open(0);
    lines_open(&l, vectors);
    for (*n_lines = 0; lines_next(&l, &line); arena_reset(a)) {
        NulMark mark;
        Json *j = line_json(line, a, &mark);
        if (json_get(j, "text")) {
            bool special = false;
            if (json_get(j, "special")) json_bool(json_get(j, "special"), &special);
            Ids got = encode(t, nul_restore(&mark, a, json_str(json_get(j, "text"))), special, a);
            if (!ids_eq(got, ids_of(json_get(j, "ids"), a))) {
                fprintf(stderr, "ids differ: " STR_FMT "\n", STR_ARG(line));
                wrong++;
            }
            ++*n_lines;
        }
        json_close(j);
    }
    lines_close(&l);
    arena_close(a);
    return wrong;
}

/* Two tokenisers of one vocabulary: the same texts for all ids, the same ids for texts in which many merges compete. */
static inline void check_same(const Tokenizer *x, const Tokenizer *y) {
    Arena *a = arena_open(0);
    uint64_t seed = 11;
    assert_int_equal(tokenizer_size(x), tokenizer_size(y));
    for (uint32_t id = 0; id < tokenizer_size(x); id++) {
        assert_true(str_eq(tokenizer_bytes(x, id), tokenizer_bytes(y, id)));
        assert_int_equal(tokenizer_is_special(x, id), tokenizer_is_special(y, id));
    }
    for (int i = 0; i < 4000; i++, arena_reset(a)) { /* tokens side by side, so that many merges compete */
        Buf b;
        buf_init(&b, 1 << 20);
        for (int k = 0; k < 24; k++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            uint32_t n = i % 2 ? (uint32_t)tokenizer_size(x) : 40;
            buf_addstr(&b, tokenizer_bytes(x, (uint32_t)(seed >> 33) % n + (i % 2 ? 0 : 60)));
        }
        assert_true(ids_eq(encode(x, buf_str(&b), i & 1, a), encode(y, buf_str(&b), i & 1, a)));
        buf_release(&b);
    }
    arena_close(a);
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
