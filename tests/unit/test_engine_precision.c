/* The settings of BackendOptions.precision: names, and what each may cost. */
#include "engine/cpu/kernels.h"
#include "tests/checkpoint.h"
#include "tests/engine_support.h"

static char dir[64];

static int make_model(void **state) {
    CkSpec s = CK_SPEC_TINY;
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/assay-precision-XXXXXX");
    return !(mkdtemp(dir) && ck_write(dir, &s));
}

static int drop_model(void **state) {
    char path[128];
    (void)state;
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", dir,
                 (const char *[]){"config.json", "tokenizer.json", "model.safetensors"}[i]);
        remove(path);
    }
    return remove(dir);
}

/* The name that the backend gives itself ends in the precision, unless that is exact: manifests rely on it. */
static void test_names(void **state) {
    (void)state;
    size_t n;
    const BackendPrecision *all = backend_cpu.precisions(&n);
    assert_true(n > 0);
    assert_string_equal(all[0].name, "exact");
    for (size_t i = 0; i < n; i++) {
        Rig r = rig_open_as(dir, 1, 1, all[i].name);
        const char *name = backend_cpu.info(r.be)->name, *comma = strstr(name, ", ");
        assert_true(strlen(all[i].help) > 10);
        if (i == 0)
            assert_null(comma);
        else
            assert_string_equal(comma + 2, all[i].name);
        rig_close(&r);
    }
}

static void test_unknown(void **state) {
    (void)state;
    Rig r = {0};
    Err e = ERR_INIT;
    must(model_open(&(ModelSource){.path = dir}, &r.model, err));
    must(pool_open(1, &r.pool, err));
    BackendOptions o = {
        .model = r.model, .pool = r.pool, .max_rows = 8, .max_logits = 8, .n_seqs = 1, .precision = "int3"};
    assert_false(backend_cpu.open(&o, &r.be, &e));
    assert_null(r.be);
    assert_int_equal(e.code, ERR_INPUT);
    assert_non_null(strstr(e.msg, "'int3'"));
    assert_non_null(strstr(e.msg, "exact"));
    rig_close(&r);
}

/* Every setting keeps the promise of backend.h: no piece size, thread count or instruction set changes a bit. */
static void test_same_bits(void **state) {
    (void)state;
    static const char *const tables[] = {"scalar", "avx2", "avx512"};
    static const size_t pieces[] = {64, 1, 9};
    enum { N = 100 };
    size_t n;
    const BackendPrecision *all = backend_cpu.precisions(&n);
    float *exact = NULL;
    for (size_t i = 0; i < n; i++) {
        float *want = NULL;
        uint32_t ids[N];
        for (size_t k = 0; k < 3; k++) {
            setenv("ASSAY_CPU", tables[k], 1);
            CpuKernels table;
            if (!cpu_kernels_select(tables[k], &table)) continue;
            Rig r = rig_open_as(dir, 1 + (int)k % 2, 2, all[i].name);
            size_t bytes = N * rig_vocab(&r) * sizeof *want;
            for (uint32_t j = 0; j < N; j++) ids[j] = (j * j * 31 + j * 7 + 3) % (uint32_t)rig_vocab(&r);
            float *got = rig_run(&r, 0, ids, N, pieces[k]);
            if (want)
                assert_memory_equal(got, want, bytes), free(got);
            else
                want = got;
            if (i && k == 0) assert_memory_not_equal(want, exact, bytes); /* it does something */
            rig_close(&r);
        }
        if (i == 0)
            exact = want;
        else
            free(want);
    }
    unsetenv("ASSAY_CPU");
    free(exact);
}

/* Sequences of one batch, shared by threads or not, get the bits that each gets alone. */
static void test_batch(void **state) {
    (void)state;
    enum { N = 21 };
    size_t n;
    const BackendPrecision *all = backend_cpu.precisions(&n);
    for (size_t i = 0; i < n; i++) {
        Rig r = rig_open_as(dir, 2, 3, all[i].name);
        size_t v = rig_vocab(&r);
        BatchRow rows[3 * N];
        uint32_t ids[3][N];
        for (uint32_t j = 0; j < 3 * N; j++) {
            ids[j / N][j % N] = (j * j * 7 + 11 * j + 1) % (uint32_t)v;
            rows[j] = (BatchRow){j / N, j % N, ids[j / N][j % N], j % 2 == 0};
        }
        float *alone[3];
        for (uint32_t q = 0; q < 3; q++) alone[q] = rig_run(&r, q, ids[q], N, 4);
        for (uint32_t q = 0; q < 3; q++) assert_true(backend_cpu.kv_reserve(r.be, q, N));
        must(backend_cpu.forward(r.be, rows, 3 * N, err));
        for (size_t j = 0; j < 3 * N; j += 2)
            assert_memory_equal(backend_cpu.logits(r.be, j / 2), alone[j / N] + j % N * v, v * sizeof(float));
        for (size_t q = 0; q < 3; q++) free(alone[q]);
        rig_close(&r);
    }
}

/* Memory is planned as it is taken. */
static void test_int8_memory(void **state) {
    (void)state;
    Rig exact = rig_open_as(dir, 1, 2, NULL), int8 = rig_open_as(dir, 1, 2, "int8");
    BackendNeed all, more;
    BackendOptions o = rig_options(&exact, 2);
    must(backend_cpu.plan(&o, &all, err));
    o.precision = "int8";
    must(backend_cpu.plan(&o, &more, err));
    assert_int_equal(all.kv_full, more.kv_full);
    size_t least = 512 * (size_t)exact.model->config.experts_per_token * (size_t)exact.model->config.hidden;
    assert_true(more.work >= all.work + least);
    assert_true(backend_cpu.info(int8.be)->work_bytes <= more.work + (1u << 21)); /* the arena's last chunk */
    rig_close(&exact);
    rig_close(&int8);
}

/* A copied sequence continues as the original does, pages shared or not. */
static void test_copy(void **state) {
    (void)state;
    enum { N = 70 };
    Rig r = rig_open_as(dir, 1, 2, "kv-f16");
    size_t v = rig_vocab(&r);
    BatchRow rows[N];
    for (uint32_t i = 0; i < N; i++) rows[i] = (BatchRow){0, i, (i * 13 + 5) % (uint32_t)v, false};
    assert_true(backend_cpu.kv_reserve(r.be, 0, N + 1));
    must(backend_cpu.forward(r.be, rows, N, err));
    assert_true(backend_cpu.kv_copy(r.be, 1, 0, N, N + 1));
    float *want = malloc(v * sizeof *want);
    for (uint32_t s = 0; s < 2; s++) {
        must(backend_cpu.forward(r.be, &(BatchRow){s, N, 7, true}, 1, err));
        if (s == 0)
            memcpy(want, backend_cpu.logits(r.be, 0), v * sizeof *want);
        else
            assert_memory_equal(want, backend_cpu.logits(r.be, 0), v * sizeof *want);
    }
    free(want);
    rig_close(&r);
}

static void test_half_the_memory(void **state) {
    (void)state;
    Rig exact = rig_open_as(dir, 1, 2, NULL), half = rig_open_as(dir, 1, 2, "kv-f16");
    assert_int_equal(backend_cpu.info(exact.be)->kv_bytes, 2 * backend_cpu.info(half.be)->kv_bytes);
    assert_int_equal(backend_cpu.info(exact.be)->context, backend_cpu.info(half.be)->context);
    BackendNeed all, less; /* planned alike */
    BackendOptions o = rig_options(&exact, 2);
    must(backend_cpu.plan(&o, &all, err));
    o.precision = "kv-f16";
    must(backend_cpu.plan(&o, &less, err));
    assert_int_equal(all.kv_full, 2 * less.kv_full);
    rig_close(&exact);
    rig_close(&half);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names),          cmocka_unit_test(test_unknown),
                                       cmocka_unit_test(test_same_bits),      cmocka_unit_test(test_copy),
                                       cmocka_unit_test(test_batch),          cmocka_unit_test(test_int8_memory),
                                       cmocka_unit_test(test_half_the_memory)};
    return cmocka_run_group_tests(tests, make_model, drop_model);
}
