/* The engine against a second forward pass: plain loops in double, written from specs/gpt-oss-model.md and reading the
 * tensors by itself, on random checkpoints of awkward shapes. Needs no file from outside. */
#include "tests/checkpoint.h"
#include "tests/reference.h"

/* Two float32 engines differ by about 5e-5 on logits of this size (golden/README.md). */
static const double TOLERANCE = 5e-4;

enum { N_TOKENS = 150 };

static void compare(const CkSpec *s, const char *label) {
    char dir[] = "/tmp/assay-reference-XXXXXX", path[64];
    uint32_t ids[N_TOKENS];
    assert_non_null(mkdtemp(dir));
    assert_true(ck_write(dir, s));
    for (size_t i = 0; i < N_TOKENS; i++) ids[i] = (uint32_t)((i * i * 31 + i * 7 + 3) % (size_t)s->vocab);
    Ref *r = ref_open(dir, MISTAKE_NONE);
    double *want = ref_forward(r, ids, N_TOKENS, MISTAKE_NONE), worst = 0, spread = 0;
    Rig rig = rig_open(dir, 2, 1, NULL, NULL);
    float *got = rig_run(&rig, 0, ids, N_TOKENS, 50);
    for (size_t i = 0; i < N_TOKENS * (size_t)s->vocab; i++) {
        worst = fmax(worst, fabs((double)got[i] - want[i]));
        spread += want[i] * want[i];
        assert_true(isfinite(got[i]));
    }
    printf("%-28s max %.2e, logits have standard deviation %.2f\n", label, worst, sqrt(spread / N_TOKENS / s->vocab));
    assert_true(worst < TOLERANCE);
    assert_true(spread / N_TOKENS / s->vocab > 0.1);
    rig_close(&rig);
    ref_close(r);
    free(got), free(want);
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", dir,
                 (const char *[]){"config.json", "tokenizer.json", "model.safetensors"}[i]);
        remove(path);
    }
    remove(dir);
}

static void test_tiny(void **state) {
    (void)state;
    CkSpec s = CK_SPEC_TINY;
    compare(&s, "tiny");
}

/* Head size no multiple of 16, one kv head, odd counts of rows, a window of 1. */
static void test_awkward(void **state) {
    (void)state;
    CkSpec s = CK_SPEC_TINY;
    s.head_dim = 38, s.heads = 3, s.kv_heads = 1, s.vocab = 281, s.window = 1, s.experts = 7, s.per_token = 3,
    s.seed = 2;
    compare(&s, "head size 38, window 1");
}

/* Plain RoPE, every expert used, a window that is wider than the ring's blocks, F32 dense weights. */
static void test_float32(void **state) {
    (void)state;
    CkSpec s = CK_SPEC_TINY;
    s.factor = 1, s.per_token = 5, s.window = 100, s.dense = CK_F32, s.layers = 2, s.seed = 3;
    compare(&s, "plain RoPE, F32, window 100");
}

static void test_float16(void **state) {
    (void)state;
    CkSpec s = CK_SPEC_TINY;
    s.head_dim = 128, s.heads = 2, s.kv_heads = 2, s.hidden = 96, s.width = 64, s.dense = CK_F16, s.layers = 2,
    s.window = 64, s.seed = 4;
    compare(&s, "head size 128, F16, window 64");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tiny), cmocka_unit_test(test_awkward),
                                       cmocka_unit_test(test_float32), cmocka_unit_test(test_float16)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
