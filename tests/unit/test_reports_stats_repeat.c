/* Repeated sampling: every number against the count of all subsets, and far beyond what can be counted. */
#include "tests/stats_support.h"

#include "reports/stats/stats_repeat.h"

/* Of the subsets of k samples out of n, of which the first c are right: shares with any, with all, with at least m. */
typedef struct Shares {
    double any, every, least;
} Shares;

static Shares by_subsets(int n, int c, int k, int m) {
    Shares s = {0, 0, 0};
    double all = 0;
    for (unsigned set = 0; set < 1u << n; set++) {
        if (__builtin_popcount(set) != k) continue;
        int right = __builtin_popcount(set & ((1u << c) - 1));
        all++, s.any += right > 0, s.every += right == k, s.least += right >= m;
    }
    return (Shares){s.any / all, s.every / all, s.least / all};
}

static void test_subsets(void **state) {
    (void)state;
    const double taus[] = {0, .25, .5, .75, 1};
    for (int n = 1; n <= 10; n++)
        for (int c = 0; c <= n; c++)
            for (int k = 1; k <= n; k++)
                for (size_t t = 0; t < 5; t++) {
                    int m = (int)ceil(k * taus[t] - 1e-9);
                    if (m < 1) m = 1;
                    Shares s = by_subsets(n, c, k, m);
                    uint64_t N = (uint64_t)n, C = (uint64_t)c, K = (uint64_t)k;
                    CLOSE(stat_pass_at_k(N, C, K), s.any, 1e-11);
                    CLOSE(stat_pass_hat_k(N, C, K), s.every, 1e-11);
                    CLOSE(stat_g_pass_at_k(N, C, K, taus[t]), s.least, 1e-11);
                }
}

static void test_published(void **state) {
    (void)state;
    /* Chen et al. 2021, arXiv 2107.03374, figure 3, by hand: 1 - C(3,2)/C(5,2) */
    NEAR(stat_pass_at_k(5, 2, 2), .7);
    /* R: 1 - phyper(3, 10, 10, 8), 1 - phyper(0, 3, 17, 5), dhyper(4, 12, 8, 4) */
    CLOSE(stat_g_pass_at_k(20, 10, 8, .5), 0.67504167658966407, 1e-12);
    CLOSE(stat_pass_at_k(20, 3, 5), 0.60087719298245612, 1e-12);
    CLOSE(stat_pass_hat_k(20, 12, 4), 0.10216718266253877, 1e-12);
}

/* Beyond what can be counted: pass@1 is the share; drawing few of very many is drawing with return. */
static void test_large(void **state) {
    (void)state;
    const uint64_t n = 2000000000;
    CLOSE(stat_pass_at_k(n, n / 10, 1), .1, 1e-12);
    CLOSE(stat_pass_at_k(n, n / 10, 20), 1 - pow(.9, 20), 1e-7);
    CLOSE(stat_pass_hat_k(n, n / 10, 3), 1e-3, 1e-6);
    CLOSE(stat_g_pass_at_k(n, n / 2, 100, .5), .5 + .5 * stat_half_binomial(50, 100), 1e-6);
    /* one right among n, half of them drawn */
    CLOSE(stat_pass_at_k(n, 1, n / 2), .5, 1e-12);
    double many = stat_pass_at_k(n, n / 2, n / 2);
    assert_true(many == 1);
    assert_true(stat_pass_hat_k(n, n / 2, n / 2) >= 0 && stat_pass_hat_k(n, n / 2, n / 2) < 1e-300);
}

static void test_impossible(void **state) {
    (void)state;
    const uint64_t bad[][3] = {{5, 2, 6}, {5, 2, 0}, {5, 6, 2}, {0, 0, 0}, {0, 0, 1}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        UNDEFINED(stat_pass_at_k(bad[i][0], bad[i][1], bad[i][2]));
        UNDEFINED(stat_pass_hat_k(bad[i][0], bad[i][1], bad[i][2]));
        UNDEFINED(stat_g_pass_at_k(bad[i][0], bad[i][1], bad[i][2], .5));
    }
    UNDEFINED(stat_g_pass_at_k(5, 2, 2, -.1));
    UNDEFINED(stat_g_pass_at_k(5, 2, 2, 1.1));
    UNDEFINED(stat_g_pass_at_k(5, 2, 2, NAN));
    assert_true(stat_pass_at_k(5, 0, 5) == 0 && stat_pass_at_k(5, 1, 5) == 1 && stat_pass_hat_k(5, 5, 5) == 1);
}

static void test_majority(void **state) {
    (void)state;
    const Str nobody[] = {{0}, {0}}, empty[] = {STR(""), STR("4"), STR("")},
              tie[] = {STR("7"), STR("4"), STR("4"), STR("7"), STR("9")}, late[] = {STR("1"), STR("2"), STR("2"), {0}};
    assert_int_equal(stat_majority(nobody, 0), 0);
    assert_int_equal(stat_majority(nobody, 2), 2); /* n: nobody votes */
    assert_int_equal(stat_majority(empty, 3), 0);  /* an empty answer is one */
    assert_int_equal(stat_majority(tie, 5), 0);    /* of equals the one seen first */
    assert_int_equal(stat_majority(tie + 1, 4), 0);
    assert_int_equal(stat_majority(late, 4), 1);
    const Str nul[] = {{"a\0b", 3}, {"a\0c", 3}, {"a\0c", 3}};
    assert_int_equal(stat_majority(nul, 3), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_subsets),    cmocka_unit_test(test_published), cmocka_unit_test(test_large),
        cmocka_unit_test(test_impossible), cmocka_unit_test(test_majority),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
