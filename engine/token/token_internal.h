/* Shared by the files of this room only.
 *
 * tokenizer.c  the public functions      load.c      tokenizer.json -> Tokenizer
 * pretoken.c   text -> pieces            bpe.c       piece -> ids
 * unicode.c    code point -> class       idmap.c     the two hash tables */
#ifndef ASSAY_TOKEN_INTERNAL_H
#define ASSAY_TOKEN_INTERNAL_H

#include "engine/token/tokenizer.h"

#define TOKEN_NONE UINT32_MAX
/* Ids beyond this are a lie: the tables are indexed by id. The published vocabulary ends at 201087. */
#define TOKEN_ID_LIMIT (1u << 22)

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
    uint32_t rank;        /* position in the merge list: lower joins first */
    uint32_t id;          /* of the joined token */
} PairSlot;

typedef struct PairMap {
    PairSlot *slot;
    size_t mask, used;
} PairMap;

typedef struct BytesMap { /* bytes of a plain token -> id */
    uint32_t *slot;       /* TOKEN_NONE: free */
    size_t mask, used;
} BytesMap;

struct Tokenizer {
    uint8_t *classes; /* [UNICODE_POINTS] CharClass */
    char *pool;       /* bytes of all tokens */
    size_t pool_n;
    TokenSpan *span; /* [n_ids] */
    uint8_t *flags;  /* [n_ids] TOKEN_SPECIAL, TOKEN_WHOLE */
    size_t n_ids;    /* largest id with text + 1 */
    uint32_t byte_id[256];
    PairMap pairs;
    BytesMap bytes;
    uint32_t *special; /* [n_special] ids, longest spelling first */
    size_t n_special;
    bool special_first[256]; /* bytes that begin a special */
};

#define TOKEN_SPECIAL 1u
#define TOKEN_WHOLE 2u /* merging its own bytes gives this token back, so a piece equal to it needs no merging */

bool pairmap_open(PairMap *m, size_t n, Err *err);
/* false: the pair is there already (nothing changed) */
bool pairmap_add(PairMap *m, PairSlot entry);
const PairSlot *pairmap_find(const PairMap *m, uint32_t left, uint32_t right);

bool bytesmap_open(BytesMap *m, size_t n, Err *err);
/* TOKEN_NONE: added; else the id that has these bytes already (nothing changed) */
uint32_t bytesmap_add(BytesMap *m, const Tokenizer *t, uint32_t id);
uint32_t bytesmap_find(const BytesMap *m, const Tokenizer *t, Str bytes);

/* ---- merging ---- */

/* Merges the bytes of a piece (n >= 1) as the list says and writes the ids to out[n]; returns how many. SIZE_MAX: no
 * memory. */
size_t bpe_merge(const Tokenizer *t, Str piece, uint32_t *out);

/* ---- loading ---- */

bool tokenizer__load(Tokenizer *t, Str json, Err *err);

#endif
