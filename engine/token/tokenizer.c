#include "engine/token/tokenizer.h"

#include <string.h>

#include "engine/base/file.h"
#include "engine/token/token_internal.h"

/* Published: 28 MB and 3.6 MB. A GGUF holds weights too. */
#define JSON_MAX_BYTES ((size_t)128 << 20)
#define TIKTOKEN_MAX_BYTES ((size_t)16 << 20)

static bool check_bytes(size_t n, size_t max, const char *kind, Err *err) {
    if (n <= max) return true;
    return err_set(err, ERR_INPUT, "%zu bytes are too many for a %s (limit %zu MiB)", n, kind, max >> 20);
}

static bool load(Tokenizer *t, const char *path, Str bytes, const TokenizerHint *hint, Err *err) {
    if (str_starts(bytes, STR("GGUF"))) return tokenizer__load_gguf(t, bytes, path, err);
    bool ok = str_ends(str_from(path), STR(".tiktoken"))
                  ? check_bytes(bytes.n, TIKTOKEN_MAX_BYTES, ".tiktoken file", err) &&
                        tokenizer__load_tiktoken(t, bytes, hint, err)
                  : check_bytes(bytes.n, JSON_MAX_BYTES, "tokenizer.json", err) && tokenizer__load_json(t, bytes, err);
    return ok || err_wrap(err, "%s", path);
}

bool tokenizer_open(const char *path, const TokenizerHint *hint, Tokenizer **out, Err *err) {
    static const TokenizerHint none = {0, 0};
    FileMap file = {NULL, 0};
    *out = NULL;
    if (!file_map(path, &file, err)) return false;
    Tokenizer *t = mem_alloc(sizeof *t);
    bool ok = t ? load(t, path, (Str){(const char *)file.p, file.n}, hint ? hint : &none, err) : err_nomem(err);
    file_unmap(&file);
    if (ok)
        *out = t;
    else
        tokenizer_close(t);
    return ok;
}

void tokenizer_close(Tokenizer *t) {
    if (!t) return;
    mem_free(t->classes);
    mem_free(t->pool);
    mem_free(t->span);
    mem_free(t->flags);
    mem_free(t->byte_joins);
    mem_free(t->pairs.slot);
    mem_free(t->bytes.slot);
    mem_free(t->special);
    mem_free(t);
}

size_t tokenizer_size(const Tokenizer *t) {
    return t->n_ids;
}

size_t tokenizer_rows(const Tokenizer *t) {
    return t->n_rows > t->n_ids ? t->n_rows : t->n_ids;
}

Str tokenizer_bytes(const Tokenizer *t, uint32_t id) {
    if (id >= t->n_ids || t->span[id].n == 0) return (Str){NULL, 0};
    return (Str){t->pool + t->span[id].at, t->span[id].n};
}

bool tokenizer_is_special(const Tokenizer *t, uint32_t id) {
    return id < t->n_ids && (t->flags[id] & TOKEN_SPECIAL);
}

uint32_t tokenizer_special(const Tokenizer *t, Str spelling) {
    for (size_t i = 0; i < t->n_special; i++)
        if (str_eq(tokenizer_bytes(t, t->special[i]), spelling)) return t->special[i];
    return TOKEN_NONE;
}

/* ---- encoding ---- */

typedef struct Sink {
    Arena *a;
    Ids *ids;
    size_t *cap;
} Sink;

static bool sink_room(Sink *s, size_t more) {
    size_t need, want;
    if (!size_add(s->ids->n, more, &need)) return false;
    if (need <= *s->cap) return true;
    if (!size_mul(*s->cap, 2, &want)) return false;
    if (want < need) want = need;
    if (want < 64) want = 64;
    uint32_t *p = arena_array(s->a, want, sizeof *p);
    if (!p) return false;
    if (s->ids->n) memcpy(p, s->ids->p, s->ids->n * sizeof *p);
    s->ids->p = p;
    *s->cap = want;
    return true;
}

static bool encode_piece(const Tokenizer *t, Str piece, Sink *s) {
    uint32_t id = piece.n == 1 ? t->byte_id[(unsigned char)piece.p[0]] : bytesmap_find(&t->bytes, t, piece);
    bool known = id != TOKEN_NONE && (atomic_load_explicit(&t->flags[id], memory_order_relaxed) & TOKEN_WHOLE);
    if (!sink_room(s, known ? 1 : piece.n)) return false;
    uint32_t *out = s->ids->p + s->ids->n;
    size_t n = 1;
    if (known)
        *out = id;
    else
        n = bpe_merge(t, piece, out);
    if (n == SIZE_MAX) return false;
    s->ids->n += n;
    if (!known && n == 1 && *out == id) atomic_fetch_or_explicit(&t->flags[id], TOKEN_WHOLE, memory_order_relaxed);
    return true;
}

static bool encode_plain(const Tokenizer *t, Str text, Sink *s) {
    for (size_t at = 0; at < text.n;) {
        size_t end = pretoken_end(t->classes, text, at);
        if (!encode_piece(t, str_sub(text, at, end), s)) return false;
        at = end;
    }
    return true;
}

/* The longest special that stands at the beginning of `rest`, or TOKEN_NONE. */
static uint32_t special_at(const Tokenizer *t, Str rest) {
    for (size_t i = 0; i < t->n_special; i++)
        if (str_starts(rest, tokenizer_bytes(t, t->special[i]))) return t->special[i];
    return TOKEN_NONE;
}

static bool encode_with_specials(const Tokenizer *t, Str text, Sink *s) {
    size_t plain = 0; /* where the text begins that is not encoded yet */
    for (size_t at = 0; at < text.n;) {
        uint32_t id = TOKEN_NONE;
        if (t->special_first[(unsigned char)text.p[at]]) id = special_at(t, str_sub(text, at, text.n));
        if (id == TOKEN_NONE) {
            at++;
            continue;
        }
        if (!encode_plain(t, str_sub(text, plain, at), s) || !sink_room(s, 1)) return false;
        s->ids->p[s->ids->n++] = id;
        at += t->span[id].n;
        plain = at;
    }
    return encode_plain(t, str_sub(text, plain, text.n), s);
}

bool tokenizer_encode(const Tokenizer *t, Str text, bool special, Arena *a, Ids *out, size_t *cap, Err *err) {
    Buf clean;
    Sink s = {a, out, cap};
    bool ok = true;
    buf_init(&clean, SIZE_MAX / 2);
    if (!utf8_valid(text)) {
        buf_add_utf8_lossy(&clean, text);
        text = buf_str(&clean);
        ok = !clean.failed;
    }
    ok = ok && (special ? encode_with_specials(t, text, &s) : encode_plain(t, text, &s));
    buf_release(&clean);
    return ok ? true : err_nomem(err);
}
