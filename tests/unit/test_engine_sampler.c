/* Draws: the generator against its published vectors, the algorithm of sampler.h, distributions, bad logits. */
#include "engine/sampler/sampler.h"
#include "tests/engine_support.h"

/* Known answers of the Random123 distribution (kat_vectors, philox4x32 10). */
static void test_philox(void **state) {
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], want[4];
    } kat[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < 3; i++) {
        uint32_t got[4];
        philox4x32(kat[i].counter, kat[i].key, got);
        assert_memory_equal(got, kat[i].want, sizeof got);
    }
}

static Sampler *open_sampler(size_t n) {
    Sampler *s;
    must(sampler_open(n, &s, err));
    return s;
}

static uint32_t pick(Sampler *s, const float *l, double t, double p, uint64_t seed, uint64_t pos) {
    uint32_t id = UINT32_MAX;
    assert_true(sampler_pick(s, l, &(SamplerOptions){t, p, seed}, pos, &id));
    return id;
}

static void test_greedy(void **state) {
    (void)state;
    Sampler *s = open_sampler(5);
    assert_int_equal(pick(s, (float[]){1, 3, 2, 3, 0}, 0, 1, 9, 9), 1); /* equal ones: the lowest id */
    assert_int_equal(pick(s, (float[]){-5, -5, -5, -5, -4}, 0, 0.5, 1, 1), 4);
    /* hardly any temperature, hardly any nucleus: the same token */
    for (uint64_t i = 0; i < 100; i++) {
        assert_int_equal(pick(s, (float[]){1, 3, 2, 2.9f, 0}, 1e-3, 1, i, i), 1);
        assert_int_equal(pick(s, (float[]){1, 3, 2, 2.9f, 0}, 1, 1e-6, i, i), 1);
    }
    sampler_close(s);
}

/* The whole algorithm again, naively: sort everything, long double sums. */
static uint32_t naive(const float *l, size_t n, double t, double p, uint64_t seed, uint64_t pos) {
    size_t order[64], kept = n;
    long double w[64], total = 0, sum = 0, run = 0;
    float max = -INFINITY;
    for (size_t i = 0; i < n; i++) max = l[i] > max ? l[i] : max;
    for (size_t i = 0; i < n; i++)
        total += w[i] = expl(((long double)l[i] - (long double)max) / (long double)t), order[i] = i;
    if (p < 1) {
        for (size_t i = 0; i < n; i++)
            for (size_t k = i + 1; k < n; k++)
                if (l[order[k]] > l[order[i]] || (l[order[k]] == l[order[i]] && order[k] < order[i])) {
                    size_t swap = order[i];
                    order[i] = order[k], order[k] = swap;
                }
        for (kept = 0; kept < n && sum < (long double)p * total; kept++) sum += w[order[kept]];
    } else {
        sum = total;
    }
    uint32_t x[4];
    philox4x32((uint32_t[]){(uint32_t)pos, (uint32_t)(pos >> 32), 0, 0},
               (uint32_t[]){(uint32_t)seed, (uint32_t)(seed >> 32)}, x);
    long double u = (long double)((uint64_t)x[0] << 21 | x[1] >> 11) / 9007199254740992.0L;
    for (size_t i = 0; i < kept; i++)
        if ((run += w[order[i]]) > u * sum) return (uint32_t)order[i];
    return (uint32_t)order[kept - 1];
}

static void test_algorithm(void **state) {
    (void)state;
    Sampler *s = open_sampler(50);
    uint64_t r = 1;
    for (int round = 0; round < 5000; round++) {
        float l[50];
        for (size_t i = 0; i < 50; i++) {
            r = r * 6364136223846793005u + 1442695040888963407u;
            l[i] = (float)(int)(r >> 60) * 0.7f - (float)(r >> 40 & 7) * 3; /* ties on purpose */
        }
        double t = round % 3 ? 0.7 : 1.3, p = round % 4 ? 0.1 * (round % 10) + 0.05 : 1;
        uint64_t seed = r, pos = (uint64_t)round << (round % 40);
        assert_int_equal(pick(s, l, t, p, seed, pos), naive(l, 50, t, p, seed, pos));
    }
    sampler_close(s);
}

/* Frequencies over positions: chi-square with 4 degrees of freedom, below its 99.9 % point. */
static void test_frequencies(void **state) {
    (void)state;
    enum { N = 20000 };
    Sampler *s = open_sampler(5);
    const float l[] = {0, 1, 2, -1, 0.5f};
    double p[5], sum = 0, chi = 0;
    size_t seen[5] = {0};
    for (int i = 0; i < 5; i++) sum += p[i] = exp((double)l[i]);
    for (uint64_t i = 0; i < N; i++) seen[pick(s, l, 1, 1, 77, i)]++;
    for (int i = 0; i < 5; i++) chi += pow((double)seen[i] - N * p[i] / sum, 2) / (N * p[i] / sum);
    assert_true(chi < 18.47);
    sampler_close(s);
}

/* A draw depends on seed and position alone: not on draws before it, nor on the size of other weights. */
static void test_no_state(void **state) {
    (void)state;
    Sampler *s = open_sampler(4), *other = open_sampler(4);
    const float l[] = {1, 1, 1, 1};
    for (uint64_t i = 0; i < 50; i++) pick(other, l, 1, 0.9, i, 3);
    bool differ = false;
    for (uint64_t i = 0; i < 200; i++) {
        assert_int_equal(pick(s, l, 1, 1, 5, i), pick(other, l, 1, 1, 5, i));
        differ |= pick(s, l, 1, 1, 5, i) != pick(s, l, 1, 1, 6, i);
    }
    assert_true(differ);
    sampler_close(s), sampler_close(other);
}

static void test_bad_logits(void **state) {
    (void)state;
    Sampler *s = open_sampler(3);
    uint32_t id = 7;
    double lp;
    bool g;
    const float bad[][3] = {{0, NAN, 1}, {NAN, 0, 0}, {0, INFINITY, 0}, {0, 0, -INFINITY}};
    for (size_t i = 0; i < 4; i++) {
        assert_false(sampler_pick(s, bad[i], &(SamplerOptions){1, 1, 1}, 0, &id));
        assert_false(sampler_logprob(s, bad[i], 0, &lp, &g));
    }
    assert_int_equal(id, 7);
    /* the far ends of float are fine */
    assert_int_equal(pick(s, (float[]){-3e38f, 3e38f, 0}, 1, 0.9, 1, 1), 1);
    sampler_close(s);
}

static void test_logprob(void **state) {
    (void)state;
    enum { N = 2000 };
    Sampler *s = open_sampler(N);
    static float l[N];
    uint64_t r = 3;
    for (size_t i = 0; i < N; i++) r = r * 6364136223846793005u + 1442695040888963407u, l[i] = (float)(r >> 40) / 1e6f;
    long double sum = 0;
    for (size_t i = 0; i < N; i++) sum += expl((long double)l[i]);
    for (uint32_t id = 0; id < N; id += 97) {
        double lp;
        bool greedy;
        assert_true(sampler_logprob(s, l, id, &lp, &greedy));
        assert_true(fabs(lp - (double)((long double)l[id] - logl(sum))) < 1e-12 * fabs(lp));
        assert_int_equal(greedy, pick(s, l, 0, 1, 0, 0) == id);
    }
    sampler_close(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_philox),      cmocka_unit_test(test_greedy),   cmocka_unit_test(test_algorithm),
        cmocka_unit_test(test_frequencies), cmocka_unit_test(test_no_state), cmocka_unit_test(test_bad_logits),
        cmocka_unit_test(test_logprob),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
