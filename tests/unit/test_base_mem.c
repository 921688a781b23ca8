/* engine/base/mem.h: arenas, checked sizes, the switch that makes an allocation fail. */
#include "engine/base/mem.h"
#include "tests/support.h"

static void sizes_do_not_overflow(void **state) {
    (void)state;
    size_t out = 7;
    assert_false(size_mul(SIZE_MAX, 2, &out));
    assert_false(size_add(SIZE_MAX, 1, &out));
    assert_int_equal(out, 7);
    assert_true(size_mul(6, 7, &out));
    assert_int_equal(out, 42);
}

static void arena_memory_is_zeroed_and_aligned_after_reset(void **state) {
    (void)state;
    Arena *a = arena_open(256);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 50; i++) {
            size_t n = (size_t)(i * 37 % 700);
            unsigned char *p = arena_alloc(a, n);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % 16, 0);
            for (size_t k = 0; k < n; k++) assert_int_equal(p[k], 0);
            memset(p, 0xAB, n);
        }
        arena_reset(a);
    }
    assert_true(arena_bytes(a) < 1024); /* a reset gives all but one block back */
    assert_null(arena_array(a, SIZE_MAX / 2, 4));
    arena_close(a);
}

static void the_nth_allocation_fails_once(void **state) {
    (void)state;
    mem_fail_at(2);
    void *p = mem_alloc(1), *q = mem_alloc(1), *r = mem_alloc(1);
    assert_non_null(p);
    assert_null(q);
    assert_non_null(r);
    assert_int_equal(mem_fail_at(0), 3);
    mem_free(p);
    mem_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_do_not_overflow),
        cmocka_unit_test(arena_memory_is_zeroed_and_aligned_after_reset),
        cmocka_unit_test(the_nth_allocation_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
