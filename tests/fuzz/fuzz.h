/* One target per reader of strangers' files. The same target runs three ways:
 *
 *   build/fuzz/fuzz_NAME     under libFuzzer (libfuzzer.c), for as long as one likes: `make fuzz-run`
 *   build/tests/fuzz_NAME    as a test (drive.c): seeds, tests/fuzz/regress/NAME, a short sweep: `make test`
 *   build/tests/fuzz_NAME N  the same with N mutations of each seed and every prefix: `make sweep`
 *
 * A target that finds something wrong ends the process (a crash, a sanitizer, or fuzz_must). */
#ifndef ASSAY_TESTS_FUZZ_H
#define ASSAY_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/err.h"
#include "engine/base/str.h"

/* How an input is built; mutation keeps so much of it that a reader looks behind the first bytes. */
typedef enum FuzzKind {
    FUZZ_TEXT,        /* JSON, YAML, lines */
    FUZZ_SAFETENSORS, /* 8 bytes of length, JSON, data */
    FUZZ_GGUF,
    FUZZ_WORDS, /* little-endian 32-bit numbers */
    FUZZ_PARTS  /* several files in one: see fuzz_part */
} FuzzKind;

typedef void FuzzGive(void *ctx, const char *name, const void *p, size_t n);

typedef struct FuzzTarget {
    const char *name;
    FuzzKind kind;
    const char *const *parts; /* FUZZ_PARTS: file names by number, NULL behind the last */
    size_t sweep_cap;         /* mutations of each seed in a short sweep */
    void (*seeds)(FuzzGive *give, void *ctx);
    bool (*run)(const uint8_t *p, size_t n); /* true: the reader took it */
} FuzzTarget;

extern const FuzzTarget fuzz_target;

/* Ends the process with the sentence if `ok` is false. */
void fuzz_must(bool ok, const char *what);
/* A refusal must have a code and one sentence; always returns false. */
bool fuzz_refused(const Err *err);
const char *fuzz_last_refusal(void); /* its sentence; "" before the first */
/* No single block may be larger than this while a target runs: a reader must not reserve what a file merely claims.
 * Counted where all memory of ours comes from. Default 256 MiB. */
extern size_t fuzz_block_max;
/* Keeps a sum over bytes that were read from being optimised away. */
void fuzz_use(uint64_t sum);
/* An exact copy on the heap, so that a sanitizer sees every read beyond it; free with free. */
uint8_t *fuzz_copy(const uint8_t *p, size_t n);

/* A folder of this process in memory, made at first use and removed at exit. Its own name is "fuzz". */
const char *fuzz_dir(void);
/* Another one, for what stays from one input to the next; a child that was forked begins with an empty one. */
const char *fuzz_kept_dir(void);
/* Empties it, and writes the parts of p[n] (FUZZ_PARTS) or one file. */
void fuzz_dir_clear(void);
void fuzz_dir_put(const char *name, const void *p, size_t n);
void fuzz_dir_parts(const uint8_t *p, size_t n);

/* Parts: number (1 byte), length (4 bytes, little-endian), bytes; until the input ends. A length beyond the end is cut,
 * so that every input means something. */
typedef struct FuzzPart {
    int number;
    size_t at, n; /* of the bytes */
} FuzzPart;
/* The part that begins at *at; moves on. False: no more. */
bool fuzz_part(const uint8_t *p, size_t n, size_t n_names, size_t *at, FuzzPart *out);
void fuzz_part_add(Buf *b, int number, const void *p, size_t n);
size_t fuzz_n_parts(void);

/* One structural change to p[n] (of capacity max) for the target's kind; returns the new size. The state is a splitmix
 * counter: same state, same change. */
size_t fuzz_mutate(uint8_t *p, size_t n, size_t max, FuzzKind kind, uint64_t *state);
uint64_t fuzz_draw(uint64_t *state, uint64_t below);
/* Makes counts and lengths of the container plausible again where that is possible. */
void fuzz_repair(uint8_t *p, size_t n, FuzzKind kind);
/* Kind of a part by its name: .safetensors, .gguf, else text. */
FuzzKind fuzz_kind_of(const char *name);

#endif
