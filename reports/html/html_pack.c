#include "reports/html/html_pack.h"

#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include "engine/base/pool.h"

enum { WINDOW_BITS = -15, MEMORY_LEVEL = 6, LEVEL = 6 }; /* negative: without zlib's own header */

void html__base64(Buf *b, const unsigned char *p, size_t n) {
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char out[4096];
    size_t used = 0;
    for (size_t i = 0; i < n; i += 3) {
        unsigned v = (unsigned)p[i] << 16 | (i + 1 < n ? (unsigned)p[i + 1] << 8 : 0) | (i + 2 < n ? p[i + 2] : 0);
        out[used++] = DIGITS[v >> 18];
        out[used++] = DIGITS[v >> 12 & 63];
        out[used++] = i + 1 < n ? DIGITS[v >> 6 & 63] : '=';
        out[used++] = i + 2 < n ? DIGITS[v & 63] : '=';
        if (used == sizeof out) buf_add(b, out, used), used = 0;
    }
    if (used) buf_add(b, out, used);
}

/* ---- one piece: memory is had and given back here, never by its thread ---- */

typedef struct Piece {
    Buf data;
    z_stream z;
    unsigned char *packed; /* NULL: nothing is at work */
    pthread_t thread;
    bool threaded, done;
} Piece;

static bool piece_begin(Piece *s) {
    size_t n = s->data.n;
    if (n > UINT_MAX / 2) return false;
    s->z = (z_stream){0};
    if (deflateInit2(&s->z, LEVEL, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) return false;
    size_t room = deflateBound(&s->z, (uLong)n);
    s->packed = mem_alloc(room);
    if (!s->packed) {
        deflateEnd(&s->z);
        return false;
    }
    s->z.next_in = (unsigned char *)s->data.p, s->z.avail_in = (uInt)n;
    s->z.next_out = s->packed, s->z.avail_out = (uInt)room;
    return true;
}

static void *piece_work(void *piece) {
    Piece *s = piece;
    s->done = deflate(&s->z, Z_FINISH) == Z_STREAM_END;
    return NULL;
}

static void piece_end(Piece *s, Buf *out) {
    if (s->done)
        html__base64(out, s->packed, s->z.total_out);
    else
        out->failed = true;
    deflateEnd(&s->z);
    mem_free(s->packed);
    s->packed = NULL;
}

void html__pack(Buf *b, Str data) {
    Piece s = {.data = {.p = (char *)(uintptr_t)data.p, .n = data.n}}; /* lent: only read */
    if (!piece_begin(&s)) {
        b->failed = true;
        return;
    }
    piece_work(&s);
    piece_end(&s, b);
}

/* ---- many ---- */

enum { PIECES_MAX = 8 };

struct Packer {
    Buf *page;
    const char *before, *after;
    Piece pieces[PIECES_MAX];
    size_t n_pieces, next; /* at work at once; the one whose turn it is, counted on and on */
};

Packer *html__packer_open(Buf *page, const char *before, const char *after) {
    int cpus = pool_cpus();
    Packer *k = mem_alloc(sizeof *k);
    if (!k) return NULL;
    *k = (Packer){.page = page, .before = before, .after = after};
    k->n_pieces = cpus > PIECES_MAX ? PIECES_MAX : (size_t)cpus;
    for (size_t i = 0; i < k->n_pieces; i++) buf_init(&k->pieces[i].data, SIZE_MAX / 2);
    return k;
}

static void collect(Packer *k, Piece *s) {
    if (!s->packed) return;
    if (s->threaded) pthread_join(s->thread, NULL);
    buf_adds(k->page, k->before);
    piece_end(s, k->page);
    buf_adds(k->page, k->after);
}

void html__packer_add(Packer *k, Buf *data) {
    Piece *s = &k->pieces[k->next++ % k->n_pieces];
    collect(k, s);
    Buf empty = s->data;
    s->data = *data;
    *data = empty;
    buf_clear(data);
    if (s->data.failed || !piece_begin(s)) {
        k->page->failed = true;
        return;
    }
    s->threaded = k->n_pieces > 1 && pthread_create(&s->thread, NULL, piece_work, s) == 0;
    if (!s->threaded) piece_work(s);
}

void html__packer_close(Packer *k) {
    if (!k) return;
    for (size_t i = 0; i < k->n_pieces; i++) {
        Piece *s = &k->pieces[k->next++ % k->n_pieces];
        collect(k, s);
        buf_release(&s->data);
    }
    mem_free(k);
}
