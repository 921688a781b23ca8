/* Pieces of a page: packed by threads, they stand there as if packed one after the other, or the page has failed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <zlib.h>

#include "engine/base/mem.h"
#include "reports/html/html_pack.h"

enum { PIECES = 25 };

/* Longer and shorter ones in turn, so that threads do not end in the order in which they began; the first is empty. */
static void fill(Buf *b, int piece, int scale) {
    unsigned x = (unsigned)piece * 2654435761u + 1;
    buf_clear(b);
    for (int i = 0; i < piece * scale * (piece % 3 ? 1 : 200); i++) {
        x = x * 1664525u + 1013904223u;
        buf_addf(b, "%u ", x >> 22);
    }
}

static void pack_all(Buf *page, int scale) {
    Buf piece;
    buf_init(&piece, SIZE_MAX / 2);
    Packer *k = html__packer_open(page, "<", ">");
    if (!k) {
        page->failed = true;
        return;
    }
    for (int i = 0; i < PIECES; i++) {
        fill(&piece, i, scale);
        html__packer_add(k, &piece);
        assert_int_equal(piece.n, 0);
    }
    html__packer_close(k);
    buf_release(&piece);
}

static void expect_page(Buf *want, int scale) {
    Buf piece;
    buf_init(&piece, SIZE_MAX / 2);
    for (int i = 0; i < PIECES; i++) {
        fill(&piece, i, scale);
        buf_addc(want, '<');
        html__pack(want, buf_str(&piece));
        buf_addc(want, '>');
    }
    buf_release(&piece);
}

/* The bytes of a page's piece, by zlib's own inflate. */
static void unpack(const char *base64, size_t n, Buf *out) {
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char *raw = malloc(n), piece[4096];
    size_t used = 0;
    unsigned bits = 0;
    assert_non_null(raw);
    for (size_t i = 0, held = 0; i < n && base64[i] != '='; i++) {
        bits = bits << 6 | (unsigned)(strchr(DIGITS, base64[i]) - DIGITS);
        held += 6;
        if (held >= 8) raw[used++] = (unsigned char)(bits >> (held -= 8));
    }
    z_stream z = {.next_in = raw, .avail_in = (uInt)used};
    int rc = Z_OK;
    assert_int_equal(inflateInit2(&z, -15), Z_OK);
    while (rc == Z_OK) {
        z.next_out = piece, z.avail_out = sizeof piece;
        rc = inflate(&z, Z_NO_FLUSH);
        buf_add(out, piece, sizeof piece - z.avail_out);
    }
    assert_int_equal(rc, Z_STREAM_END);
    inflateEnd(&z);
    free(raw);
}

static void test_order(void **state) {
    (void)state;
    const int scale = 8;
    Buf page, want, piece, back;
    buf_init(&page, SIZE_MAX / 2);
    buf_init(&want, SIZE_MAX / 2);
    buf_init(&piece, SIZE_MAX / 2);
    buf_init(&back, SIZE_MAX / 2);
    pack_all(&page, scale);
    expect_page(&want, scale);
    assert_false(page.failed || want.failed);
    assert_int_equal(page.n, want.n);
    assert_memory_equal(page.p, want.p, want.n);
    const char *at = page.p, *end = page.p + page.n;
    for (int i = 0; i < PIECES; i++) {
        assert_int_equal(*at, '<');
        const char *close = memchr(at, '>', (size_t)(end - at));
        assert_non_null(close);
        fill(&piece, i, scale);
        buf_clear(&back);
        unpack(at + 1, (size_t)(close - at - 1), &back);
        assert_int_equal(back.n, piece.n);
        if (piece.n) assert_memory_equal(back.p, piece.p, piece.n);
        at = close + 1;
    }
    assert_true(at == end);
    buf_release(&page);
    buf_release(&want);
    buf_release(&piece);
    buf_release(&back);
}

/* Each allocation fails in turn: the page says so, or is whole, and nothing is left behind (by AddressSanitizer). */
static void test_no_memory(void **state) {
    (void)state;
    Buf want, page;
    buf_init(&want, SIZE_MAX / 2);
    expect_page(&want, 1);
    for (uint64_t n = 1, counted = n; counted >= n; n++) {
        buf_init(&page, SIZE_MAX / 2);
        mem_fail_at(n);
        pack_all(&page, 1);
        counted = mem_fail_at(0);
        if (counted < n) {
            assert_false(page.failed);
            assert_int_equal(page.n, want.n);
        } else {
            assert_true(page.failed);
        }
        buf_release(&page);
    }
    buf_release(&want);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order), cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
