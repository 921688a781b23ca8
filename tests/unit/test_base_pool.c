/* engine/base/pool.h: every item once, whatever the threads; many short jobs; no lost wake-up. */
#include <stdatomic.h>
#include <unistd.h>

#include "engine/base/pool.h"
#include "tests/support.h"

enum { N = 1000 };
static atomic_int hits[N];

static void count(void *ctx, size_t begin, size_t end, int worker) {
    int threads = *(int *)ctx;
    assert_true(worker >= 0 && worker < threads);
    for (size_t i = begin; i < end; i++) atomic_fetch_add(&hits[i], 1);
}

static void every_item_is_visited_once(void **state) {
    (void)state;
    for (int threads = 1; threads <= 4; threads++) {
        Err err = ERR_INIT;
        Pool *p = NULL;
        assert_true(pool_open(threads, &p, &err));
        assert_int_equal(pool_threads(p), threads);
        int rounds = 0;
        for (size_t n = 0; n <= N; n = n * 2 + 1, rounds++) {
            for (int i = 0; i < N; i++) atomic_store(&hits[i], 0);
            pool_run(p, n, 1 + n % 7, count, &threads);
            for (size_t i = 0; i < N; i++) assert_int_equal(atomic_load(&hits[i]), i < n);
        }
        pool_close(p);
    }
}

/* Workers fall asleep between the bursts and must be woken each time. */
static void thousands_of_short_jobs_with_pauses(void **state) {
    (void)state;
    Err err = ERR_INIT;
    Pool *p = NULL;
    int threads = 3;
    assert_true(pool_open(threads, &p, &err));
    for (int i = 0; i < N; i++) atomic_store(&hits[i], 0);
    for (int round = 0; round < 2000; round++) {
        pool_run(p, 16, 1, count, &threads);
        if (round % 100 == 0) usleep(2000);
    }
    for (int i = 0; i < 16; i++) assert_int_equal(atomic_load(&hits[i]), 2000);
    pool_close(p);
}

static void absurd_thread_counts_are_refused(void **state) {
    (void)state;
    Err err = ERR_INIT;
    Pool *p = NULL;
    assert_false(pool_open(-1, &p, &err));
    assert_false(pool_open(1000000, &p, &err));
    assert_null(p);
    assert_int_equal(err.code, ERR_INPUT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_is_visited_once),
        cmocka_unit_test(thousands_of_short_jobs_with_pauses),
        cmocka_unit_test(absurd_thread_counts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
