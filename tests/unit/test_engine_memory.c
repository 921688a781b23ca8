/* Memory that is planned before anything is reserved: what is said equals what is taken, what is too large is refused
 * with an advice that works, and what is not said is chosen. Free memory is set by ASSAY_MEMORY. */
#include <unistd.h>

#include "engine/engine.h"
#include "tests/checkpoint.h"
#include "tests/engine_support.h"

static char dir_[64];

enum { CONTEXT = 131072 };

static void set_free(uint64_t bytes) {
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)bytes);
    setenv("ASSAY_MEMORY", text, 1);
}

static int clear(void **state) {
    (void)state;
    unsetenv("ASSAY_MEMORY");
    return 0;
}

static Engine *look(int batch) {
    Engine *e;
    must(engine_open(&(EngineOptions){.spec = dir_, .threads = 2, .batch = batch, .inspect = true}, &e, err));
    return e;
}

static EngineMemory need(int context, int batch) {
    EngineMemory m;
    Engine *e = look(batch);
    must(engine_memory(e, context, batch, &m, err));
    engine_close(e);
    return m;
}

static uint64_t least(const EngineMemory *m) {
    return m->weights_least + m->kv_least + m->work;
}

static bool try_open(int context, int batch, Err *e_out, EngineInfo *info) {
    Engine *e;
    Completion c;
    static char note[512], warning[512];
    *e_out = (Err)ERR_INIT;
    if (!engine_open(&(EngineOptions){.spec = dir_, .threads = 2, .context = context, .batch = batch}, &e, e_out))
        return false;
    *info = *engine_info(e);
    snprintf(note, sizeof note, "%s", info->note);
    snprintf(warning, sizeof warning, "%s", info->warning);
    info->note = note, info->warning = warning;
    uint32_t ids[50] = {1, 2, 3};
    Request r = {.ids = ids, .n_ids = 50, .gen = {.top_p = 1, .max_tokens = 3, .ignore_eos = true}};
    must(engine_submit(e, &r, err));
    while (engine_poll(e, &c, e_out) == ENGINE_WORKING) {
    }
    assert_int_equal(c.n_tokens, 3);
    engine_close(e);
    return true;
}

/* What is promised is what is taken. */
static void test_need_is_what_is_taken(void **state) {
    (void)state;
    static const int contexts[] = {64, 1000, 4096}, batches[] = {1, 3, 16, 300};
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 4; k++) {
            EngineMemory m = need(contexts[i], batches[k]);
            EngineInfo info;
            Err why;
            assert_true(try_open(contexts[i], batches[k], &why, &info));
            assert_int_equal(info.kv_bytes, m.kv);
            uint64_t slack = info.work_bytes / 50 + (1u << 20); /* the arena takes blocks of a megabyte */
            assert_true(m.work + slack >= info.work_bytes && m.work <= info.work_bytes + slack);
            assert_int_equal(m.fit, MEMORY_FITS);
            assert_string_equal(info.note, "");
            assert_string_equal(info.warning, "");
        }
}

/* Half precision halves keys and values, in the plan as in what is taken. */
static void test_precision(void **state) {
    (void)state;
    EngineMemory exact = need(4096, 2), half;
    EngineOptions o = {.spec = dir_, .threads = 2, .batch = 2, .context = 4096, .precision = "kv-f16", .inspect = true};
    Engine *e;
    must(engine_open(&o, &e, err));
    must(engine_memory(e, 0, 0, &half, err));
    engine_close(e);
    assert_int_equal(2 * half.kv, exact.kv);
    assert_int_equal(2 * half.kv_least, exact.kv_least);
    o.inspect = false;
    must(engine_open(&o, &e, err));
    assert_int_equal(engine_info(e)->kv_bytes, half.kv);
    assert_string_equal(engine_info(e)->precision, "kv-f16");
    engine_close(e);
    Err why = ERR_INIT;
    o.precision = "nonsense";
    for (int inspect = 0; inspect < 2; inspect++) {
        o.inspect = inspect;
        assert_false(engine_open(&o, &e, &why));
        assert_int_equal(why.code, ERR_INPUT);
        assert_non_null(strstr(why.msg, "nonsense"));
    }
}

/* Keys and values of the shape by hand: float32, two of three layers slide with a ring of two blocks. */
static void test_numbers(void **state) {
    (void)state;
    EngineMemory m = need(1024, 4);
    uint64_t position = 2 * (32 + 32) * 4; /* kv heads x (keys + values) x bytes */
    assert_int_equal(m.kv, 4 * (1024 + 128) * position + 9 * 2 * 3 * 64 * position);
    assert_int_equal(m.kv_least, (1024 + 128) * position + 9 * 2 * 3 * 64 * position);
    Engine *e = look(0);
    assert_int_equal(m.weights, engine_info(e)->weight_bytes);
    assert_int_equal(m.weights_least, engine_info(e)->active_bytes);
    assert_int_equal(engine_info(e)->kv_bytes, 0);
    Err why = ERR_INIT;
    assert_false(engine_memory(e, CONTEXT + 1, 1, &m, &why));
    assert_int_equal(why.code, ERR_INPUT);
    assert_false(engine_memory(e, 64, 5000, &m, &why));
    /* for looking only: nothing can be asked, and nothing breaks */
    Completion c;
    uint32_t id = 1;
    assert_false(engine_has_room(e));
    assert_false(engine_submit(e, &(Request){.ids = &id, .n_ids = 1, .gen = GEN_DEFAULTS}, &why));
    assert_int_equal(engine_poll(e, &c, &why), ENGINE_IDLE);
    assert_false(engine_logits(e, &id, 1, false, NULL, NULL, &why));
    engine_cancel(e, 0);
    assert_int_equal(strlen(engine_info(e)->digest), 64);
    engine_close(e);
}

/* The number behind an option in a message, or 0. */
static int advised(const char *msg, const char *option) {
    const char *at = strstr(msg, option);
    return at ? atoi(at + strlen(option)) : 0;
}

/* At every amount of free memory an explicit wish is either served or refused, by the rule of engine/memory.h; and the
 * advice of a refusal works. */
static void test_refusals_and_advice(void **state) {
    (void)state;
    int n_refused = 0, n_context = 0, n_batch = 0, n_hopeless = 0;
    for (uint64_t free = 100 * 1000; free < 400u * 1000 * 1000; free += free / 2)
        for (int wish = 0; wish < 3; wish++) {
            int context = wish == 0 ? CONTEXT : wish == 1 ? 50000 : 1024, batch = wish == 2 ? 256 : 2;
            set_free(free);
            EngineMemory m = need(context, batch);
            EngineInfo info;
            Err why;
            bool ok = try_open(context, batch, &why, &info);
            assert_int_equal(ok, least(&m) <= free);
            assert_int_equal(ok, m.fit != MEMORY_TOO_LARGE);
            assert_string_equal(m.bound, "ASSAY_MEMORY");
            if (ok) {
                assert_int_equal(info.context, context);
                assert_int_equal(info.batch, batch);
                assert_true(info.kv_bytes >= m.kv_least && info.kv_bytes <= m.kv);
                assert_true(info.kv_bytes + m.work + m.weights_least <= free);
                continue;
            }
            n_refused++;
            assert_int_equal(why.code, ERR_MEMORY);
            assert_int_equal(err_exit_status(why.code), 4);
            assert_non_null(strstr(why.msg, " free (ASSAY_MEMORY)"));
            int c = advised(why.msg, "--context "), b = advised(why.msg, "--batch ");
            n_context += c != 0, n_batch += b != 0, n_hopeless += !c && !b;
            assert_true(c < context && b < batch);
            if (!c && !b) {
                assert_non_null(strstr(why.msg, "no context fits"));
                m = need(256, 1);
                assert_true(least(&m) + free * 2 / 100 > free); /* true: not even the smallest does */
            } else if (!try_open(c ? c : context, b ? b : batch, &why, &info)) {
                fail_msg("the advice does not work: %s", why.msg);
            }
        }
    assert_true(n_refused > 8 && n_context > 2 && n_batch > 1 && n_hopeless > 1);
}

/* The suggested context is the largest round one: the next larger does not fit. */
static void test_advice_is_the_largest(void **state) {
    (void)state;
    EngineMemory m = need(40000, 1);
    EngineInfo info;
    Err why;
    set_free((m.weights + m.kv_least + m.work) * 104 / 100);
    assert_false(try_open(CONTEXT, 1, &why, &info));
    assert_int_equal(advised(why.msg, "--context "), 32768);
    m = need(49152, 1);
    set_free((m.weights + m.kv_least + m.work) * 104 / 100);
    assert_false(try_open(CONTEXT, 1, &why, &info));
    assert_int_equal(advised(why.msg, "--context "), 49152);
}

static void test_chosen(void **state) {
    (void)state;
    EngineInfo info;
    Err why;
    assert_true(try_open(0, 0, &why, &info)); /* this machine has enough */
    assert_int_equal(info.context, CONTEXT);
    assert_int_equal(info.batch, 16);
    assert_string_equal(info.note, "");
    /* half of what is free beside weights and work holds it */
    EngineMemory m = need(16384, 16);
    set_free(m.weights + 2 * m.kv_least + 2 * m.work + 4096);
    assert_true(try_open(0, 0, &why, &info));
    assert_true(info.context >= 16384 && info.context < CONTEXT);
    assert_int_equal(info.batch, 16);
    assert_non_null(strstr(info.note, "16384"));
    assert_non_null(strstr(info.note, "131072"));
    assert_string_equal(info.warning, "");
    /* hardly anything: a smaller batch is chosen too */
    m = need(256, 2);
    set_free(least(&m) * 115 / 100);
    assert_true(try_open(0, 0, &why, &info));
    assert_true(info.batch <= 2 && info.context >= 256);
    assert_non_null(strstr(info.note, "batch"));
    set_free(least(&m) / 4);
    assert_false(try_open(0, 0, &why, &info));
    assert_int_equal(why.code, ERR_MEMORY);
    /* weights that do not fit are read again: a warning, no refusal */
    m = need(4096, 1);
    set_free(m.weights / 4 + m.kv_least + m.work + m.weights_least);
    m = need(4096, 1);
    assert_int_equal(m.fit, MEMORY_SLOW);
    assert_true(try_open(4096, 1, &why, &info));
    assert_non_null(strstr(info.warning, "disk"));
}

/* Memory that others will take is not free. */
static void test_leave(void **state) {
    (void)state;
    EngineMemory m = need(4096, 1);
    Engine *e;
    Err why = ERR_INIT;
    EngineOptions o = {.spec = dir_, .threads = 2, .context = 4096, .batch = 1};
    set_free(least(&m) + 1000000);
    must(engine_open(&o, &e, err));
    engine_close(e);
    o.leave_bytes = 999999;
    must(engine_open(&o, &e, err));
    engine_close(e);
    o.leave_bytes = 1000001;
    assert_false(engine_open(&o, &e, &why));
    assert_int_equal(why.code, ERR_MEMORY);
    o.leave_bytes = UINT64_MAX;
    assert_false(engine_open(&o, &e, &why));
}

int main(void) {
    snprintf(dir_, sizeof dir_, "/tmp/assay-memory-XXXXXX");
    CkSpec s = CK_SPEC_TINY;
    s.context = CONTEXT, s.experts = 200, s.width = 64; /* most of the weights are not read for one token */
    if (!mkdtemp(dir_) || !ck_write(dir_, &s)) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_need_is_what_is_taken, clear),
        cmocka_unit_test_teardown(test_precision, clear),
        cmocka_unit_test_teardown(test_numbers, clear),
        cmocka_unit_test_teardown(test_refusals_and_advice, clear),
        cmocka_unit_test_teardown(test_advice_is_the_largest, clear),
        cmocka_unit_test_teardown(test_chosen, clear),
        cmocka_unit_test_teardown(test_leave, clear),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    static const char *const names[] = {"config.json", "tokenizer.json", "model.safetensors"};
    char path[128];
    for (int i = 0; i < 3; i++) snprintf(path, sizeof path, "%s/%s", dir_, names[i]), unlink(path);
    rmdir(dir_);
    return failed;
}
