/* What the loader says about an unusual checkpoint, and the digest that tells two apart. Needs no file from outside. */
#include "engine/engine.h"
#include "tests/layouts_support.h"

/* ---- warnings ---- */

static void test_missing_sinks(void **state) {
    (void)state;
    static const char *const files[][3] = {
        {"hf/model.safetensors", "hf", "model.layers.1.self_attn.sinks"},
        {"openai/model.safetensors", "openai", "block.1.attn.sinks"},
        {"m.gguf", "m.gguf", "blk.1.attn_sinks.weight"},
    };
    for (size_t i = 0; i < 3; i++) {
        char other[64];
        snprintf(other, sizeof other, "%s", files[i][2]);
        other[strlen(other) - 1] = '_';
        patch(in_dir(files[i][0]), files[i][2], other);
        refuse(in_dir(files[i][1]), files[i][2]);
        Model *m = open_model(in_dir(files[i][1]), true);
        assert_true(warns(m, files[i][2]));
        assert_true(warns(m, "cannot be run"));
        assert_true(warns(m, "not used"));
        Buf b;
        buf_init(&b, 1 << 20);
        model_summary(m, &b);
        assert_non_null(strstr(b.p, "\"warnings\":[\""));
        buf_release(&b);
        model_close(m);
    }
}

static void test_unusual(void **state) {
    (void)state;
    Model *m = open_model(in_dir("hf"), false);
    assert_true(warns(m, "the sliding window is 20; the published models have 128"));
    assert_true(warns(m, "theta"));
    assert_true(warns(m, "YaRN factor is 8"));
    assert_true(warns(m, "no 'layer_types'"));
    assert_false(warns(m, "norm"));
    assert_false(warns(m, "template"));
    model_close(m);
    write_all(CK_F32);
    m = open_model(in_dir("hf"), false);
    assert_true(warns(m, "a norm is stored as F32; the published models have BF16"));
    model_close(m);
    m = open_model(in_dir("m.gguf"), false);
    assert_false(warns(m, "norm"));
    model_close(m);
    patch(in_dir("hf/config.json"), "\"truncate\":false", "\"truncate\":true ");
    patch(in_dir("hf/config.json"), "\"swiglu_limit\":7.0", "\"swiglu_limit\":8.0");
    m = open_model(in_dir("hf"), false);
    assert_true(warns(m, "YaRN bounds are rounded"));
    assert_true(warns(m, "the SwiGLU limit is 8"));
    model_close(m);
}

/* "layer_types" instead of "attention_bias", which may be absent. */
static void test_window_parity(void **state) {
    (void)state;
    Buf b, out;
    slurp(in_dir("hf/config.json"), &b);
    buf_init(&out, 1 << 16);
    buf_adds(&out, "{\"layer_types\":[\"full_attention\",\"sliding_attention\"],");
    buf_add(&out, b.p + 1, b.n - 1);
    put(in_dir("hf/config.json"), out.p, out.n);
    buf_release(&b), buf_release(&out);
    Model *m = open_model(in_dir("hf"), false);
    assert_false(m->config.sliding[0]);
    assert_true(m->config.sliding[1]);
    assert_true(warns(m, "layer 0 has full attention; in the published models even layers slide"));
    assert_false(warns(m, "no 'layer_types'"));
    model_close(m);
}

static void test_templates(void **state) {
    (void)state;
    static const char text[] = "{{ messages }}\n";
    static const char settings[] = "{\"temperature\":0.6,\"top_p\":1.0,\"eos_token_id\":7}";
    static const char config[] = "{\"chat_template\":\"{{ x }}\"}";
    put(in_dir("hf/chat_template.jinja"), text, strlen(text));
    put(in_dir("hf/generation_config.json"), settings, strlen(settings));
    put(in_dir("hf/tokenizer_config.json"), config, strlen(config));
    Model *m = open_model(in_dir("hf"), false);
    assert_true(warns(m, "template in chat_template.jinja is none of the published"));
    assert_true(warns(m, "template in tokenizer_config.json is none"));
    assert_true(warns(m, "'temperature' is 0.6"));
    assert_false(warns(m, "top_p"));
    assert_false(warns(m, "eos")); /* ids mean nothing in another vocabulary */
    model_close(m);
    put(in_dir("hf/generation_config.json"), "{", 1);
    m = open_model(in_dir("hf"), false);
    assert_true(warns(m, "generation_config.json: "));
    model_close(m);
}

/* Looking at such a model through the engine: nothing is reserved, nothing can be run. */
static void test_inspect(void **state) {
    (void)state;
    Engine *e;
    Err err = ERR_INIT;
    patch(in_dir("hf/model.safetensors"), "model.layers.0.self_attn.sinks", "model.layers.0.self_attn.sinkz");
    EngineOptions o = {.spec = in_dir("hf"), .threads = 1, .no_digest = true};
    assert_false(engine_open(&o, &e, &err));
    assert_non_null(strstr(err.msg, "'model.layers.0.self_attn.sinks' is missing"));
    o.inspect = true;
    if (!engine_open(&o, &e, &err)) fail_msg("%s", err.msg);
    assert_non_null(strstr(engine_info(e)->summary_json, "sinks' is missing, so this model cannot be run"));
    Request r = {.ids = (uint32_t[]){1}, .n_ids = 1, .gen = {.top_p = 1, .max_tokens = 1, .ignore_eos = true}};
    assert_false(engine_submit(e, &r, &err));
    engine_close(e);
}

/* Without a tokenizer: ids go on until max_tokens, and all that needs text is refused by name. */
static void test_ids_alone(void **state) {
    (void)state;
    Engine *e;
    Completion c;
    Err err = ERR_INIT;
    EngineOptions o = {.spec = in_dir("openai"), .threads = 1, .batch = 2, .context = 64, .no_digest = true};
    if (!engine_open(&o, &e, &err)) fail_msg("%s", err.msg);
    assert_null(engine_vocab(e));
    Message m = {.role = ROLE_USER, .content = STR("hello")};
    const Request bad[] = {
        {.ids = (uint32_t[]){1}, .n_ids = 1, .gen = {.top_p = 1, .max_tokens = 4}},
        {.messages = &m, .n_messages = 1, .gen = {.top_p = 1, .max_tokens = 4, .ignore_eos = true}},
        {.kind = REQUEST_SCORE,
         .ids = (uint32_t[]){1},
         .n_ids = 1,
         .choices = &STR("a"),
         .n_choices = 1,
         .gen = {.top_p = 1}},
        {.ids = (uint32_t[]){1},
         .n_ids = 1,
         .prefill_channel = STR("final"),
         .gen = {.top_p = 1, .max_tokens = 4, .ignore_eos = true}},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(engine_submit(e, &bad[i], &err));
        if (!strstr(err.msg, "+tokenizer=")) fail_msg("%s", err.msg);
    }
    Request r = {.ids = (uint32_t[]){1, 2}, .n_ids = 2, .gen = {.top_p = 1, .max_tokens = 4, .ignore_eos = true}};
    if (!engine_submit(e, &r, &err)) fail_msg("%s", err.msg);
    EnginePoll p;
    while ((p = engine_poll(e, &c, &err)) == ENGINE_WORKING) continue;
    assert_int_equal(p, ENGINE_READY);
    assert_int_equal(c.status, COMPLETION_LENGTH);
    assert_int_equal(c.ids.n, 4);
    engine_close(e);
}

/* ---- digest ---- */

static void digest(const ModelSource *src, char out[65]) {
    Model *m;
    Pool *pool;
    must(model_open(src, &m, err));
    must(pool_open(1, &pool, err));
    must(model_digest(m, pool, out, err));
    pool_close(pool);
    model_close(m);
}

static void test_digest(void **state) {
    (void)state;
    char a[65], b[65], c[65];
    ModelSource g = {.path = in_dir("m.gguf")}, o = {.path = in_dir("openai")};
    digest(&g, a);
    digest(&o, b);
    assert_string_not_equal(a, b);
    o.tokenizer = in_dir("hf");
    digest(&o, c);
    assert_string_not_equal(b, c);
    o.tokenizer = in_dir("hf/tokenizer.json");
    digest(&o, b);
    assert_string_equal(b, c); /* the folder's is that file */
    patch(in_dir("m.gguf"), "random weights", "Random weights");
    digest(&g, b);
    assert_string_not_equal(a, b);
}

static int run_all(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_missing_sinks), TEST(test_unusual),   TEST(test_window_parity), TEST(test_templates),
        TEST(test_inspect),       TEST(test_ids_alone), TEST(test_digest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void) {
    return run_in_folder(run_all);
}
