/* Shared by the files of this room only.
 *
 * tokenizer.c  the public functions      load_json.c load_tiktoken.c load_gguf.c  a file -> Tokenizer
 * pretoken.c   text -> pieces            build.c      what the three share: filling the tables
 * bpe.c        piece -> ids              json_shape.c what a tokenizer.json may say; scan.c: its long lists
 * unicode.c    code point -> class       idmap.c      the two hash tables */
#ifndef ASSAY_TOKEN_INTERNAL_H
#define ASSAY_TOKEN_INTERNAL_H

#include <stdatomic.h>

#include "engine/base/json.h"
#include "engine/token/tokenizer.h"

#define TOKEN_NONE UINT32_MAX
/* Ids beyond this are a lie: the tables are indexed by id. The published vocabulary ends at 201087. */
#define TOKEN_ID_LIMIT (1u << 22)
/* Longer tokens are a lie too: o200k's longest are 128 blanks. It bounds what a hostile list of tokens can cost. */
enum { TOKEN_MAX_BYTES = 256 };

/* ---- character classes of the pre-tokeniser pattern ---- */

typedef enum CharClass {
    UC_OTHER,   /* none of the below */
    UC_UPPER,   /* Lu, Lt */
    UC_LOWER,   /* Ll */
    UC_BOTH,    /* Lm, Lo: letters that are in both letter sets of the pattern */
    UC_MARK,    /* M: in both letter sets, yet no letter */
    UC_NUMBER,  /* N */
    UC_SPACE,   /* White_Space but CR and LF */
    UC_NEWLINE, /* CR, LF */
    UC_END      /* behind the text; in no table */
} CharClass;

#define UNICODE_POINTS 0x110000u
void unicode_fill(uint8_t classes[UNICODE_POINTS]);

/* Byte offset behind the piece that begins at `at` (< s.n). s is valid UTF-8. Always advances. */
size_t pretoken_end(const uint8_t *classes, Str s, size_t at);

/* ---- tables ---- */

typedef struct TokenSpan {
    uint32_t at, n; /* within Tokenizer.pool; n = 0: no text */
} TokenSpan;

/* Open addressing, a power of two of slots, at most half full. */
typedef struct PairSlot {
    uint32_t left, right; /* left == TOKEN_NONE: free */
    uint32_t rank;        /* position in the merge list, or id of the joined token: lower joins first */
    uint32_t id;          /* of the joined token */
} PairSlot;

typedef struct PairMap {
    PairSlot *slot;
    size_t mask, used;
} PairMap;

/* The tag is part of the hash: a piece that is no token seldom reaches the bytes of one. */
typedef struct BytesSlot {
    uint32_t id, tag; /* id TOKEN_NONE: free */
} BytesSlot;

typedef struct BytesMap { /* bytes of a plain token -> id */
    BytesSlot *slot;
    size_t mask, used;
} BytesMap;

/* What a pair of single bytes joins to. Half of all questions are about these. */
typedef struct ByteJoin {
    uint32_t rank, id; /* rank TOKEN_NONE: they do not join */
} ByteJoin;

struct Tokenizer {
    uint8_t *classes; /* [UNICODE_POINTS] CharClass */
    char *pool;       /* bytes of all tokens */
    size_t pool_n;
    TokenSpan *span;        /* [n_ids] */
    _Atomic uint8_t *flags; /* [n_ids] TOKEN_SPECIAL, TOKEN_WHOLE */
    size_t n_ids;           /* largest id with text + 1 */
    size_t n_rows;          /* ids that the file speaks of, fillers at the end included; 0: n_ids */
    uint32_t byte_id[256];
    ByteJoin *byte_joins; /* [256 * 256], left byte first */
    PairMap pairs;
    BytesMap bytes;
    uint32_t *special; /* [n_special] ids, longest spelling first */
    size_t n_special;
    bool special_first[256]; /* bytes that begin a special */
};

#define TOKEN_SPECIAL 1u
/* A piece equal to this token needs no merging: merging its bytes gives it back. That holds for every token of o200k,
 * but need not hold elsewhere, so it is seen once before it is believed: the only thing that changes after opening, and
 * in whichever thread it does, it becomes the same. */
#define TOKEN_WHOLE 2u

bool pairmap_open(PairMap *m, size_t n, Err *err);
/* false: the pair is there already (nothing changed) */
bool pairmap_add(PairMap *m, PairSlot entry);
const PairSlot *pairmap_find(const PairMap *m, uint32_t left, uint32_t right);

bool bytesmap_open(BytesMap *m, size_t n, Err *err);
/* TOKEN_NONE: added; else the id that has these bytes already (nothing changed) */
uint32_t bytesmap_add(BytesMap *m, const Tokenizer *t, uint32_t id);
uint32_t bytesmap_find(const BytesMap *m, const Tokenizer *t, Str bytes);

/* ---- merging ---- */

/* When all merges are there. */
bool bpe_prepare(Tokenizer *t, Err *err);

/* Merges the bytes of a piece (n >= 1) as the list says and writes the ids to out[n]; returns how many. SIZE_MAX: no
 * memory. */
size_t bpe_merge(const Tokenizer *t, Str piece, uint32_t *out);

/* ---- filling a Tokenizer (build.c) ---- */

typedef struct TokenCounts {
    size_t n_ids, n_special, n_plain; /* at least as many as will be added */
    size_t text_bytes;                /* of all texts together */
} TokenCounts;

/* The bytes that a text of the byte-level alphabet stands for, in out[text.n]: how many, or SIZE_MAX if a character
 * stands for none. */
size_t token__spelled(Str text, char *out);

/* First of all; ids from now on are below n_ids. */
bool token__reserve(Tokenizer *t, const TokenCounts *c, Err *err);
bool token__add_special(Tokenizer *t, uint32_t id, Str spelling, Err *err);
/* The n bytes that were put at token__pool_end. */
bool token__add_plain(Tokenizer *t, uint32_t id, size_t n, Err *err);
char *token__pool_end(Tokenizer *t);
/* When all tokens are there and t->pairs is open. scratch has room for both halves. */
bool token__add_spelled_merge(Tokenizer *t, Str left, Str right, uint32_t rank, char *scratch, Err *err);
/* Last. whole_always: a piece that is a token is never merged from its bytes. */
bool token__finish(Tokenizer *t, bool whole_always, Err *err);

/* ---- loading ---- */

/* What a tokenizer.json may say beside its lists (json_shape.c). */
bool json_shape_check(const Json *root, Err *err);
bool json_shape_added(const Json *entry, Err *err); /* one of "added_tokens" */
bool json_shape_ignores_merges(const Json *root);

bool tokenizer__load_json(Tokenizer *t, Str json, Err *err);
bool tokenizer__load_tiktoken(Tokenizer *t, Str file, const TokenizerHint *hint, Err *err);
bool tokenizer__load_gguf(Tokenizer *t, Str bytes, const char *file, Err *err);

#endif
