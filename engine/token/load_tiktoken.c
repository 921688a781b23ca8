/* A .tiktoken file -> Tokenizer: one line for each token, base64 of its bytes, a space, its rank. The rank is the id
 * and the priority at once: of two adjacent parts whose bytes together are a token, those of the lowest rank join
 * first.
 *
 * The file knows no special tokens; they are o200k_harmony's (specs/harmony.md section 1):
 *   - Behind o200k's 199,998 ranks stand ids 199998..201087 with their published names, provided that the file is
 *     o200k_base to the byte (its SHA-256 is the one that OpenAI's loader demands): a file of that length with other
 *     content is a damaged one.
 *   - Behind another number of ranks n (test models) stand the first 21 of them, in the same order, at n .. n + 20; ids
 *     from n + 21 on are fillers. The model's configuration must confirm n, so that a file that is cut off at the end
 * of a line is not taken for a small vocabulary: its <|return|> is n + 4, or its vocabulary size is n + 21. */
#include <stdio.h>
#include <string.h>

#include "engine/base/hash.h"
#include "engine/token/scan.h"
#include "engine/token/token_internal.h"

enum { O200K_RANKS = 199998, O200K_SIZE = 201088, N_SPECIALS = 21, RETURN = 4 };
static const char o200k_sha256[] = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d";

/* ---- lines ---- */

static int sextet(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Whole groups of four with their padding, and no stray bits: one spelling for each run of bytes. SIZE_MAX: it is not.
 */
static size_t base64_decode(Str s, char *out) {
    size_t n = 0, pad = 0;
    if (s.n == 0 || s.n % 4) return SIZE_MAX;
    while (pad < 2 && s.p[s.n - 1 - pad] == '=') pad++;
    for (size_t i = 0; i < s.n; i += 4) {
        size_t digits = i + 4 == s.n ? 4 - pad : 4;
        uint32_t v = 0;
        for (size_t k = 0; k < 4; k++) {
            int d = k < digits ? sextet(s.p[i + k]) : 0;
            if (d < 0) return SIZE_MAX;
            v = v << 6 | (uint32_t)d;
        }
        if (digits < 4 && (v & ((1u << 8 * (4 - digits)) - 1))) return SIZE_MAX;
        for (size_t k = 0; k + 1 < digits; k++) out[n++] = (char)(v >> (16 - 8 * k));
    }
    return n;
}

/* The next line that is not empty, without its line end (LF or CRLF); *no is its number. */
static bool next_line(Str *rest, size_t *no, Str *line) {
    while (rest->n) {
        const char *lf = memchr(rest->p, '\n', rest->n);
        size_t n = lf ? (size_t)(lf - rest->p) : rest->n, step = lf ? n + 1 : n;
        ++*no;
        *line = (Str){rest->p, n && rest->p[n - 1] == '\r' ? n - 1 : n};
        *rest = (Str){rest->p + step, rest->n - step};
        if (line->n) return true;
    }
    return false;
}

static bool line_parts(Str line, Str *token, uint32_t *rank, Err *err) {
    const char *space = memchr(line.p, ' ', line.n);
    size_t n = space ? (size_t)(space - line.p) : 0;
    if (!n || !scan_uint(str_sub(line, n + 1, line.n), TOKEN_ID_LIMIT - 1, rank))
        return err_set(err, ERR_INPUT, "a token in base64, a space and its rank (0 to %u) were expected",
                       TOKEN_ID_LIMIT - 1);
    *token = str_sub(line, 0, n);
    return true;
}

/* ---- special tokens ---- */

/* The spelling of the i-th special of o200k_harmony. */
static Str special_name(uint32_t i, char out[32]) {
    static const char *const names[N_SPECIALS] = {
        [0] = "startoftext", [1] = "endoftext", [RETURN] = "return", [5] = "constrain", [7] = "channel",
        [8] = "start",       [9] = "end",       [10] = "message",    [14] = "call",     [20] = "endofprompt"};
    int n = i < N_SPECIALS && names[i] ? snprintf(out, 32, "<|%s|>", names[i])
                                       : snprintf(out, 32, "<|reserved_%u|>", (unsigned)O200K_RANKS + i);
    return (Str){out, (size_t)n};
}

/* How many specials stand behind n ranks. */
static bool count_specials(size_t n, const TokenizerHint *hint, size_t *out, Err *err) {
    size_t v = hint->vocab_size;
    *out = N_SPECIALS;
    if (n == O200K_RANKS) {
        if (!v || v >= O200K_SIZE) *out = O200K_SIZE - O200K_RANKS;
        return true;
    }
    if (v && v < n + N_SPECIALS)
        return err_set(err, ERR_INPUT, "%zu ranks and %d special tokens do not fit into the model's vocabulary of %zu",
                       n, N_SPECIALS, v);
    if (hint->eos ? hint->eos == n + RETURN : v == n + N_SPECIALS) return true;
    return err_set(
        err, ERR_INPUT,
        "it has %zu ranks, not o200k's %d, and no config.json beside it confirms that this is all of it: that "
        "needs 'eos_token_id' %zu, or without one 'vocab_size' %zu",
        n, O200K_RANKS, n + RETURN, n + N_SPECIALS);
}

/* ---- ranks ---- */

static bool count_lines(Str file, TokenCounts *c, Err *err) {
    Str line, token;
    uint32_t rank, top = 0;
    size_t no = 0;
    while (next_line(&file, &no, &line)) {
        if (!line_parts(line, &token, &rank, err)) return err_wrap(err, "line %zu", no);
        if (rank > top) top = rank;
        c->n_plain++;
    }
    if (c->n_plain == 0) return err_set(err, ERR_INPUT, "there are no tokens in it");
    if (top >= c->n_plain)
        return err_set(err, ERR_INPUT, "there are %zu tokens, but ranks up to %u: some are missing", c->n_plain, top);
    return true;
}

static bool load_ranks(Tokenizer *t, Str file, Err *err) {
    Str line, token;
    uint32_t rank;
    size_t no = 0;
    while (next_line(&file, &no, &line)) {
        if (!line_parts(line, &token, &rank, err)) return err_wrap(err, "line %zu", no);
        size_t n = base64_decode(token, token__pool_end(t));
        if (n == SIZE_MAX) return err_set(err, ERR_INPUT, "line %zu: the token is not base64", no);
        if (!token__add_plain(t, rank, n, err)) return err_wrap(err, "line %zu", no);
    }
    return true;
}

/* The published file's SHA-256, whatever line ends this copy got on its way. */
static bool check_o200k(Str file, Err *err) {
    Sha256 h;
    Str line;
    unsigned char digest[32];
    char hex[65];
    size_t no = 0;
    if (!memchr(file.p, '\r', file.n)) {
        sha256_of(file, hex);
    } else {
        sha256_init(&h);
        while (next_line(&file, &no, &line)) {
            sha256_add(&h, line.p, line.n);
            sha256_add(&h, "\n", 1);
        }
        sha256_end(&h, digest);
        sha256_hex(digest, hex);
    }
    if (strcmp(hex, o200k_sha256) == 0) return true;
    return err_set(
        err, ERR_INPUT,
        "it has as many ranks as o200k_base, but is not that file (SHA-256 %.16s..., not %.16s...); fetch it "
        "anew",
        hex, o200k_sha256);
}

/* ---- merges ---- */

typedef struct PairList {
    PairSlot *p;
    size_t n, cap;
} PairList;

static bool pairs_add(PairList *l, PairSlot pair) {
    size_t cap = l->cap ? 2 * l->cap : 1024, bytes;
    if (l->n == l->cap) {
        PairSlot *p = size_mul(cap, sizeof *p, &bytes) ? mem_realloc(l->p, bytes) : NULL;
        if (!p) return false;
        l->p = p, l->cap = cap;
    }
    l->p[l->n++] = pair;
    return true;
}

/* Every split of a token into two tokens. */
static bool list_splits(const Tokenizer *t, uint32_t id, PairList *l) {
    Str bytes = tokenizer_bytes(t, id);
    for (size_t i = 1; i < bytes.n; i++) {
        uint32_t left = bytesmap_find(&t->bytes, t, str_sub(bytes, 0, i));
        uint32_t right = left == TOKEN_NONE ? TOKEN_NONE : bytesmap_find(&t->bytes, t, str_sub(bytes, i, bytes.n));
        if (right != TOKEN_NONE && !pairs_add(l, (PairSlot){.left = left, .right = right, .rank = id, .id = id}))
            return false;
    }
    return true;
}

static bool load_splits(Tokenizer *t, size_t n_plain, Err *err) {
    PairList l = {NULL, 0, 0};
    bool ok = true;
    for (uint32_t id = 0; id < n_plain && ok; id++) ok = list_splits(t, id, &l);
    ok = ok ? pairmap_open(&t->pairs, l.n, err) : err_nomem(err);
    for (size_t i = 0; i < l.n && ok; i++) pairmap_add(&t->pairs, l.p[i]);
    mem_free(l.p);
    return ok;
}

bool tokenizer__load_tiktoken(Tokenizer *t, Str file, const TokenizerHint *hint, Err *err) {
    TokenCounts c = {.text_bytes = file.n};
    char name[32];
    if (!count_lines(file, &c, err) || !count_specials(c.n_plain, hint, &c.n_special, err)) return false;
    if (c.n_plain == O200K_RANKS && !check_o200k(file, err)) return false;
    c.n_ids = c.n_plain + c.n_special;
    c.text_bytes += c.n_special * sizeof name;
    if (!token__reserve(t, &c, err)) return false;
    for (uint32_t i = 0; i < c.n_special; i++)
        if (!token__add_special(t, (uint32_t)c.n_plain + i, special_name(i, name), err)) return false;
    return load_ranks(t, file, err) && load_splits(t, c.n_plain, err) && token__finish(t, true, err);
}
