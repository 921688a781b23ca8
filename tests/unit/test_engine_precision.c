/* The settings of BackendOptions.precision: names, and what each may cost. */
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

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names), cmocka_unit_test(test_unknown)};
    return cmocka_run_group_tests(tests, make_model, drop_model);
}
