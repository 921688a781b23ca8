#include "reports/html/html_pack.h"

#include <limits.h>
#include <string.h>
#include <zlib.h>

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

void html__pack(Buf *b, Str data) {
    z_stream z = {0};
    if (data.n > UINT_MAX / 2 || deflateInit2(&z, LEVEL, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY)) {
        b->failed = true;
        return;
    }
    size_t room = deflateBound(&z, (uLong)data.n);
    unsigned char *packed = mem_alloc(room);
    if (packed) {
        z.next_in = (unsigned char *)data.p, z.avail_in = (uInt)data.n;
        z.next_out = packed, z.avail_out = (uInt)room;
        if (deflate(&z, Z_FINISH) == Z_STREAM_END)
            html__base64(b, packed, z.total_out);
        else
            b->failed = true;
    }
    b->failed = b->failed || !packed;
    deflateEnd(&z);
    mem_free(packed);
}
