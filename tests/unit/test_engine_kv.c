/* Plans and page tables: sums that cannot overflow, pages that are never lost, shared or written by mistake. */
#include "engine/base/str.h"
#include "engine/kv/kv.h"
#include "tests/engine_support.h"

static const KvShape shape = {.full_layers = 12, .sliding_layers = 12, .window = 128, .block_bytes = 64 * 4096};

static void test_plan(void **state) {
    (void)state;
    KvPlan p;
    must(kv_plan(&shape, 9, 4, 1000, UINT64_C(1) << 34, &p, err));
    assert_int_equal(p.ring_blocks, 4); /* 127 positions back and a block of 64, however aligned */
    assert_int_equal(p.n_pages, 4 * (16 + 2));
    assert_int_equal(p.context, 1000);
    assert_int_equal(p.all_bytes, p.n_pages * 12 * shape.block_bytes + 9 * 4 * 12 * shape.block_bytes);
    /* less memory than that: fewer pages, but one sequence can still have all positions */
    must(kv_plan(&shape, 9, 4, 1000, p.all_bytes / 2, &p, err));
    assert_true(p.n_pages >= 18 && p.n_pages < 72);
    assert_true(p.all_bytes == p.full_bytes + 9 * p.ring_bytes);
    uint64_t least = 9u * p.ring_bytes + 18u * p.page_bytes;
    must(kv_plan(&shape, 9, 4, 1000, least, &p, err));
    assert_int_equal(p.n_pages, 18);
    assert_int_equal(p.all_bytes, least);
    Err e = ERR_INIT;
    assert_false(kv_plan(&shape, 9, 4, 1000, least - 1, &p, &e));
    assert_int_equal(e.code, ERR_MEMORY);
    assert_non_null(strstr(e.msg, size_text(least).text));
    assert_non_null(strstr(e.msg, "1000 positions"));
    assert_false(kv_plan(&shape, 9, SIZE_MAX / 64, 1 << 20, UINT64_MAX, &p, &e));
    assert_int_equal(e.code, ERR_INPUT);
    /* a short context needs no ring longer than itself */
    must(kv_plan(&shape, 4, 4, 65, UINT64_C(1) << 34, &p, err));
    assert_int_equal(p.ring_blocks, 2);
}

/* Sliding layers keep their window, however long the context: 24,576 bytes a position in the full layers of a model of
 * the shape of gpt-oss-20b at two bytes an element, plus a fixed 3 MiB for 128 positions in the sliding ones
 * (specs/gpt-oss-model.md section 1) - here 4 blocks of 64, as a window may straddle blocks. */
static void test_sliding_layers_keep_their_window(void **state) {
    (void)state;
    KvShape s = {.full_layers = 12, .sliding_layers = 12, .window = 128, .block_bytes = 64 * 2048};
    size_t ring = 0;
    for (size_t context = 1024; context <= 131072; context *= 2) {
        KvPlan p;
        must(kv_plan(&s, 1, 1, context, UINT64_MAX / 2, &p, err));
        assert_int_equal(p.full_bytes, (context + 2 * 64) * 24576);
        if (!ring) ring = p.all_bytes - p.full_bytes;
        assert_int_equal(p.all_bytes - p.full_bytes, ring);
    }
    assert_int_equal(ring, 2 * (3u << 20));
}

static KvTable *table(size_t seqs, size_t pages, size_t context) {
    KvTable *t;
    KvPlan p = {.n_seqs = seqs, .n_pages = pages, .context = context};
    must(kv_open(&p, &t, err));
    return t;
}

static void test_reserve_and_drop(void **state) {
    (void)state;
    KvTable *t = table(3, 6, 300);
    assert_true(kv_reserve(t, 0, 130)); /* 3 pages */
    assert_true(kv_reserve(t, 1, 192)); /* 3 */
    assert_int_equal(kv_free_pages(t), 0);
    assert_false(kv_reserve(t, 2, 1));
    for (size_t a = 0; a < 3; a++)
        for (size_t b = 0; b < 3; b++) assert_int_not_equal(kv_page(t, 0, a), kv_page(t, 1, b));
    kv_drop(t, 0);
    kv_drop(t, 0); /* twice is fine */
    assert_int_equal(kv_free_pages(t), 3);
    assert_false(kv_reserve(t, 2, 301)); /* beyond the context */
    assert_true(kv_reserve(t, 1, 1));    /* anew: what it held is dropped first */
    assert_int_equal(kv_free_pages(t), 5);
    assert_int_equal(kv_positions(t, 1), 64);
    kv_close(t);
}

static void test_sharing(void **state) {
    (void)state;
    KvTable *t = table(3, 8, 512);
    assert_true(kv_reserve(t, 0, 200));       /* 4 pages, three of them full at 200 */
    assert_true(kv_share(t, 1, 0, 200, 210)); /* 3 shared, 1 of its own */
    assert_int_equal(kv_free_pages(t), 3);
    for (size_t b = 0; b < 3; b++) assert_int_equal(kv_page(t, 0, b), kv_page(t, 1, b));
    assert_int_not_equal(kv_page(t, 0, 3), kv_page(t, 1, 3));
    assert_true(kv_share(t, 2, 1, 128, 128)); /* a copy of the copy */
    assert_int_equal(kv_free_pages(t), 3);
    kv_drop(t, 0);
    assert_int_equal(kv_free_pages(t), 4); /* only its last page was its own */
    kv_drop(t, 1);
    assert_int_equal(kv_free_pages(t), 6);
    kv_drop(t, 2);
    assert_int_equal(kv_free_pages(t), 8);
    assert_true(kv_reserve(t, 0, 64));
    assert_true(kv_share(t, 1, 0, 10, 10)); /* nothing is full: nothing is shared */
    assert_int_not_equal(kv_page(t, 0, 0), kv_page(t, 1, 0));
    kv_close(t);
}

/* Random reserving, sharing and dropping: every page is free or held, never both. */
static void test_no_page_is_lost(void **state) {
    (void)state;
    enum { SEQS = 7, PAGES = 23 };
    KvTable *t = table(SEQS, PAGES, 1024);
    uint64_t r = 11;
    size_t len[SEQS] = {0};
    for (int round = 0; round < 20000; round++) {
        r = r * 6364136223846793005u + 1442695040888963407u;
        uint32_t a = (uint32_t)(r >> 33) % SEQS, b = (uint32_t)(r >> 45) % SEQS;
        size_t n = (size_t)(r >> 50) % 400;
        switch (r >> 61) {
        case 0:
        case 1:
            kv_drop(t, a), len[a] = 0;
            break;
        case 2:
        case 3:
        case 4:
            len[a] = kv_reserve(t, a, n) ? n : 0;
            break;
        default:
            if (a == b) break;
            size_t share = n < len[b] ? n : len[b];
            len[a] = kv_share(t, a, b, share, share + 50) ? share + 50 : 0;
        }
        bool held[PAGES] = {false};
        size_t used = 0;
        for (uint32_t s = 0; s < SEQS; s++)
            for (size_t i = 0; i < kv_positions(t, s) / KV_BLOCK; i++) {
                uint32_t page = kv_page(t, s, i);
                assert_true(page < PAGES);
                used += !held[page];
                held[page] = true;
            }
        assert_int_equal(used + kv_free_pages(t), PAGES);
    }
    kv_close(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_plan),
                                       cmocka_unit_test(test_sliding_layers_keep_their_window),
                                       cmocka_unit_test(test_reserve_and_drop), cmocka_unit_test(test_sharing),
                                       cmocka_unit_test(test_no_page_is_lost)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
