#include "tests/support.h"

#include <stdatomic.h>

#include "harness/jobs.h"

typedef struct Square {
    Job job;
    int in, out;
} Square;

static atomic_int gate;

static void square(void *ctx, Job *job) {
    Square *s = (Square *)job;
    while (ctx && atomic_load((atomic_int *)ctx) == 0) {
    }
    s->out = s->in * s->in;
}

static void test_all_come_back(void **state) {
    (void)state;
    enum { N = 1000 };
    static Square v[N];
    Jobs *j;
    Err err = ERR_INIT;
    long long sum = 0;
    int n = 0;
    assert_true(jobs_open(3, square, NULL, &j, &err));
    for (int i = 0; i < N; i++) {
        v[i] = (Square){.in = i};
        jobs_push(j, &v[i].job);
        for (Job *d; (d = jobs_take(j, false)); n++) sum += ((Square *)d)->out;
    }
    for (Job *d; (d = jobs_take(j, true)); n++) sum += ((Square *)d)->out;
    assert_int_equal(n, N);
    assert_int_equal(sum, (long long)(N - 1) * N * (2 * N - 1) / 6);
    assert_int_equal(jobs_pending(j), 0);
    assert_null(jobs_take(j, true)); /* nothing left: does not wait for ever */
    jobs_close(j);
}

static void test_cancel(void **state) {
    (void)state;
    static Square v[10];
    Jobs *j;
    Err err = ERR_INIT;
    int cancelled = 0, done = 0;
    atomic_store(&gate, 0);
    assert_true(jobs_open(1, square, &gate, &j, &err));
    for (int i = 0; i < 10; i++) jobs_push(j, &v[i].job);
    while (jobs_cancel(j)) cancelled++;
    atomic_store(&gate, 1);
    while (jobs_take(j, true)) done++;
    assert_int_equal(cancelled + done, 10);
    assert_true(cancelled >= 9);
    jobs_close(j);
}

static void test_close_forgets(void **state) {
    (void)state;
    static Square v[4];
    Jobs *j;
    Err err = ERR_INIT;
    assert_true(jobs_open(2, square, NULL, &j, &err));
    for (int i = 0; i < 4; i++) jobs_push(j, &v[i].job);
    jobs_close(j); /* must not hang, must not leak */
    jobs_close(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_come_back), cmocka_unit_test(test_cancel),
                                       cmocka_unit_test(test_close_forgets)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
