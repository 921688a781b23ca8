/* For tests/parity/tokenizer.sh: encodes a text with the engine's tokeniser.
 *
 *   tokenizer_time TOKENIZER TEXT IDS [SECONDS]
 *
 * Writes the ids to IDS (32-bit little-endian) and prints one JSON object: bytes, ids, seconds to load (on the wall and
 * of the processor), and the best of one encoding of the whole text within SECONDS (default 3). */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "engine/base/file.h"
#include "engine/token/tokenizer.h"

static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Time on the wall, and of this process alone, which neighbours on a busy machine lengthen less. */
typedef struct Took {
    double wall, cpu;
} Took;

static Took took(void) {
    return (Took){now(CLOCK_MONOTONIC), now(CLOCK_PROCESS_CPUTIME_ID)};
}
static Took since(Took begin) {
    Took t = took();
    return (Took){t.wall - begin.wall, t.cpu - begin.cpu};
}
static void keep_best(Took *best, Took t) {
    if (t.wall < best->wall) best->wall = t.wall;
    if (t.cpu < best->cpu) best->cpu = t.cpu;
}

static void check(bool ok, const Err *err) {
    if (ok) return;
    fprintf(stderr, "tokenizer_time: %s\n", err->msg);
    exit(2);
}

/* *ids lives in the arena. */
static Took encode_once(const Tokenizer *t, Str text, Arena *a, Ids *ids) {
    Err err = ERR_INIT;
    size_t cap = 0;
    Took begin = took();
    *ids = (Ids){NULL, 0};
    check(tokenizer_encode(t, text, false, a, ids, &cap, &err), &err);
    return since(begin);
}

int main(int argc, char **argv) {
    if (argc < 4) return fprintf(stderr, "usage: tokenizer_time TOKENIZER TEXT IDS [SECONDS]\n"), 2;
    double budget = argc > 4 ? strtod(argv[4], NULL) : 3;
    Took begin = took(), load, best = {1e9, 1e9};
    Err err = ERR_INIT;
    Tokenizer *t;
    Buf text;
    Ids ids;
    Arena *a = arena_open(0);
    buf_init(&text, (size_t)1 << 30);
    check(tokenizer_open(argv[1], NULL, &t, &err), &err);
    load = since(begin);
    check(file_read(argv[2], &text, &err), &err);
    begin = took();
    do {
        arena_reset(a);
        keep_best(&best, encode_once(t, buf_str(&text), a, &ids));
    } while (since(begin).wall < budget);
    check(file_write_atomic(argv[3], (Str){(const char *)ids.p, ids.n * sizeof *ids.p}, &err), &err);
    printf("{\"bytes\":%zu,\"ids\":%zu,\"load_wall\":%.4f,\"load_cpu\":%.4f,\"wall\":%.6f,\"cpu\":%.6f}\n", text.n,
           ids.n, load.wall, load.cpu, best.wall, best.cpu);
    buf_release(&text);
    arena_close(a);
    tokenizer_close(t);
    return 0;
}
