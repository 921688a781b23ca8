/* The loader against hostile files: every prefix, seeded mutations, lying headers and maps. What is refused is refused
 * with one sentence and ERR_INPUT; what is accepted can be run. Needs no file from outside. */
#include <dirent.h>
#include <unistd.h>

#include "engine/model/model_internal.h"
#include "tests/checkpoint.h"
#include "tests/engine_support.h"

static char dir_[64];

static const char *in_dir(const char *name) {
    static char path[4][400];
    static int at;
    char *p = path[at++ & 3];
    snprintf(p, sizeof path[0], "%s/%s", dir_, name);
    return p;
}

static void put(const char *name, const void *p, size_t n) {
    FILE *f = fopen(in_dir(name), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    fclose(f);
}

static void put_text(const char *name, const char *text) {
    put(name, text, strlen(text));
}

static int empty_dir(void **state) {
    (void)state;
    DIR *d = opendir(dir_);
    for (struct dirent *e; d && (e = readdir(d));)
        if (e->d_name[0] != '.') unlink(in_dir(e->d_name));
    if (d) closedir(d);
    return 0;
}

static int fresh(void **state) {
    empty_dir(state);
    CkSpec s = CK_SPEC_TINY;
    s.layers = 1, s.experts = 2;
    return ck_write(dir_, &s) ? 0 : -1;
}

static void slurp(const char *name, Buf *b) {
    buf_init(b, 1 << 24);
    must(file_read(in_dir(name), b, err));
}

/* One sentence, the right code. */
static void refused(const Err *e) {
    assert_int_equal(e->code, ERR_INPUT);
    assert_true(strlen(e->msg) > 20);
    assert_null(strchr(e->msg, '\n'));
}

static void refuse_model(const char *part) {
    Model *m;
    Err e = ERR_INIT;
    assert_false(model_open(&(ModelSource){.path = dir_}, &m, &e));
    assert_null(m);
    refused(&e);
    if (!strstr(e.msg, part)) fail_msg("expected '%s' in: %s", part, e.msg);
}

/* Opens, and if that works computes three tokens. */
static void survive(void) {
    Model *m;
    Err e = ERR_INIT;
    if (!model_open(&(ModelSource){.path = dir_}, &m, &e)) {
        refused(&e);
        return;
    }
    Rig r = {.model = m};
    must(pool_open(1, &r.pool, err));
    BackendOptions o = {.model = m,
                        .pool = r.pool,
                        .max_rows = 4,
                        .max_logits = 4,
                        .n_seqs = 1,
                        .context = 64 < m->config.context ? 64 : (size_t)m->config.context};
    if (m->config.vocab > 3 && o.context > 3 && backend_cpu.open(&o, &r.be, &e))
        free(rig_run(&r, 0, (uint32_t[]){1, 2, 0}, 3, 3));
    rig_close(&r);
}

static void test_opens(void **state) {
    (void)state;
    Model *m;
    must(model_open(&(ModelSource){.path = dir_}, &m, err));
    assert_int_equal(m->n_tensors, 22);
    assert_int_equal(m->config.n_experts, 2);
    assert_string_equal(m->layout, "huggingface");
    Pool *pool;
    char a[65], b[65];
    must(pool_open(1, &pool, err));
    must(model_digest(m, pool, a, err));
    model_close(m);
    pool_close(pool);
    Buf weights;
    slurp("model.safetensors", &weights);
    weights.p[weights.n - 1] ^= 1;
    put("model.safetensors", weights.p, weights.n);
    buf_release(&weights);
    must(model_open(&(ModelSource){.path = dir_}, &m, err));
    must(pool_open(2, &pool, err));
    must(model_digest(m, pool, b, err));
    assert_string_not_equal(a, b);
    model_close(m);
    pool_close(pool);
}

static void test_config_prefixes(void **state) {
    (void)state;
    Buf text;
    slurp("config.json", &text);
    ModelConfig c;
    must(model_config_parse(buf_str(&text), &c, err));
    size_t n = str_trim(buf_str(&text)).n;
    for (size_t i = 0; i < n; i++) {
        Err e = ERR_INIT;
        char *copy = malloc(i + 1); /* exact size: reading behind it is caught */
        memcpy(copy, text.p, i);
        assert_false(model_config_parse((Str){copy, i}, &c, &e));
        refused(&e);
        free(copy);
    }
    buf_release(&text);
}

static void test_safetensors_prefixes(void **state) {
    (void)state;
    Buf text;
    slurp("model.safetensors", &text);
    uint64_t header;
    memcpy(&header, text.p, 8);
    for (size_t i = 0; i < text.n; i += i < 8 + header + 64 ? 1 : 997) {
        Err e = ERR_INIT;
        ModelFiles d = {.arena = arena_open(0)};
        unsigned char *copy = malloc(i + 1);
        memcpy(copy, text.p, i);
        assert_false(safetensors_read(&d, "f", copy, i, &e));
        refused(&e);
        free(copy);
        dir_close(&d);
    }
    buf_release(&text);
}

static uint32_t next_random(uint64_t *s) {
    *s = *s * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*s >> 33);
}

/* Random changes in the headers: bytes, digits, cut-outs, doublings. */
static void mutate(Buf *b, size_t from, size_t to, uint64_t *s) {
    static const char bytes[] = "0123456789{}[]\",:-eE.\\x\xff \n9999";
    for (uint32_t k = 1 + next_random(s) % 3; k > 0; k--) {
        size_t at = from + next_random(s) % (to - from);
        switch (next_random(s) % 3) {
        case 0:
            b->p[at] = bytes[next_random(s) % (sizeof bytes - 1)];
            break;
        case 1:
            b->p[at] = (char)next_random(s);
            break;
        default: {
            size_t n = next_random(s) % 9, other = from + next_random(s) % (to - from);
            for (size_t i = 0; i < n && at + i < to && other + i < to; i++) b->p[at + i] = b->p[other + i];
        }
        }
    }
}

static void test_mutations(void **state) {
    (void)state;
    static const char *const names[] = {"model.safetensors", "config.json"};
    uint64_t s = 7;
    for (size_t i = 0; i < 2; i++)
        for (int round = 0; round < 400; round++) {
            fresh(NULL);
            Buf b;
            slurp(names[i], &b);
            uint64_t header = b.n;
            if (i == 0) memcpy(&header, b.p, 8), header += 8;
            mutate(&b, 0, (size_t)header, &s);
            put(names[i], b.p, b.n);
            survive();
            buf_release(&b);
        }
}

static void with_header(const char *json, size_t data) {
    unsigned char *p = calloc(1, 8 + strlen(json) + data);
    uint64_t n = strlen(json);
    memcpy(p, &n, 8);
    memcpy(p + 8, json, n);
    put("model.safetensors", p, 8 + n + data);
    free(p);
}

static void test_lying_headers(void **state) {
    (void)state;
    static const struct {
        const char *header;
        size_t data;
        const char *says;
    } cases[] = {
        {"[]", 0, "object"},
        {"{}", 0, "no tensor"},
        {"{\"a\":3}", 0, "object"},
        {"{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "missing key 'dtype'"},
        {"{\"a\":{\"dtype\":\"Q9\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "unknown dtype 'Q9'"},
        {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, "'shape'"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,4]}}", 4, "integers"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4, "integers"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4503599627370496,4503599627370496],\"data_offsets\":[0,4]}}", 4,
         "absurdly"},
        {"{\"a\":{\"dtype\":\"F64\",\"shape\":[4503599627370496,1024],\"data_offsets\":[0,4]}}", 4, "absurdly"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4, "more than 8"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", 4, "two integers"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]}}", 4, "two integers"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", 4, "before they begin"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,9007199254740993]}}", 4, "two integers"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 4, "truncated"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4, "need 8 bytes"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],"
         "\"data_offsets\":[4,8]}}",
         8, "overlap"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, "belong to no tensor"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 8, "belong to no tensor"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"a\":{\"dtype\":\"F32\",\"shape\":[1],"
         "\"data_offsets\":[4,8]}}",
         8, "twice"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
         "'model.embed_tokens.weight' is missing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        with_header(cases[i].header, cases[i].data);
        refuse_model(cases[i].says);
    }
    put("model.safetensors", "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
    refuse_model("truncated");
    put("model.safetensors", "\xff\xff\xff\xff\xff\xff\xff\x7f{}", 10);
    refuse_model("truncated");
    unlink(in_dir("model.safetensors"));
    refuse_model("no weights");
}

/* Replaces `from` by `to` in a file. */
static void edit(const char *name, const char *from, const char *to) {
    Buf b, out;
    slurp(name, &b);
    buf_init(&out, 1 << 24);
    size_t at = str_find(buf_str(&b), str_from(from), 0);
    if (at == SIZE_MAX) fail_msg("%s has no %s", name, from);
    buf_add(&out, b.p, at);
    buf_adds(&out, to);
    buf_add(&out, b.p + at + strlen(from), b.n - at - strlen(from));
    put(name, out.p, out.n);
    buf_release(&b);
    buf_release(&out);
}

static void test_config_refusals(void **state) {
    (void)state;
    static const struct {
        const char *from, *to, *says;
    } cases[] = {
        {"\"num_hidden_layers\":1,", "", "missing key 'num_hidden_layers'"},
        {"\"num_hidden_layers\":1", "\"num_hidden_layers\":0", "'num_hidden_layers'"},
        {"\"num_hidden_layers\":1", "\"num_hidden_layers\":100000", "'num_hidden_layers'"},
        {"\"num_hidden_layers\":1", "\"num_hidden_layers\":2", "'model.layers.1.input_layernorm.weight' is missing"},
        {"\"hidden_size\":64", "\"hidden_size\":96", "has the shape [300, 64], but config.json asks for [300, 96]"},
        {"\"hidden_size\":64", "\"hidden_size\":65", "multiples of 32"},
        {"\"head_dim\":32", "\"head_dim\":33", "even"},
        {"\"head_dim\":32", "\"head_dim\":16", "from 32 to 128"},
        {"\"head_dim\":32", "\"head_dim\":256", "from 32 to 128"},
        {"\"num_key_value_heads\":2", "\"num_key_value_heads\":3", "multiple"},
        {"\"num_experts_per_tok\":2", "\"num_experts_per_tok\":3", "'num_experts_per_tok'"},
        {"\"num_experts_per_tok\":2", "\"num_experts_per_tok\":2,\"experts_per_token\":1",
         "but 'experts_per_token' is 1"},
        {"\"vocab_size\":300", "\"vocab_size\":3000000000", "'vocab_size'"},
        {"\"vocab_size\":300", "\"vocab_size\":\"300\"", "'vocab_size'"},
        {"\"sliding_window\":20", "\"sliding_window\":0", "'sliding_window'"},
        {"\"rope_theta\":10000", "\"rope_theta\":1", "'rope_theta'"},
        {"\"rope_theta\":10000", "\"rope_theta\":-5", "'rope_theta'"},
        {"\"factor\":8", "\"factor\":0", "'factor'"},
        {"\"original_max_position_embeddings\":2048", "\"original_max_position_embeddings\":100", "0 < low < high"},
        {"\"rope_type\":\"yarn\"", "\"rope_type\":\"llama3\"", "llama3"},
        {"\"truncate\":false", "\"truncate\":3", "'truncate'"},
        {"\"truncate\":false", "\"truncate\":false,\"mscale\":1,\"mscale_all_dim\":0.5", "'mscale' 1"},
        {"\"model_type\":\"gpt_oss\"", "\"model_type\":\"llama\"", "llama"},
        {"\"quant_method\":\"mxfp4\"", "\"quant_method\":\"gptq\"", "gptq"},
        {"\"rms_norm_eps\":1e-05", "\"rms_norm_eps\":0", "'rms_norm_eps'"},
        {"\"attention_bias\":true", "\"attention_bias\":false", "attention_bias"},
        {"\"rope_theta\":10000", "\"layer_types\":[\"full_attention\",\"full_attention\"],\"rope_theta\":10000",
         "'layer_types'"},
        {"\"rope_theta\":10000", "\"layer_types\":[\"diagonal\"],\"rope_theta\":10000", "'layer_types' entry 0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fresh(NULL);
        edit("config.json", cases[i].from, cases[i].to);
        refuse_model(cases[i].says);
    }
}

/* New spellings give the same numbers as old ones. */
static void test_config_spellings(void **state) {
    (void)state;
    ModelConfig a, b;
    Buf text;
    slurp("config.json", &text);
    must(model_config_parse(buf_str(&text), &a, err));
    buf_release(&text);
    edit("config.json", "\"num_local_experts\"", "\"num_experts\"");
    edit("config.json", "\"num_experts_per_tok\"", "\"experts_per_token\"");
    edit("config.json", "\"rope_theta\":10000,", "");
    edit("config.json", "\"rope_scaling\":{", "\"rope_parameters\":{\"rope_theta\":10000,");
    edit("config.json", "\"original_max_position_embeddings\":2048,", "");
    edit("config.json", "\"hidden_act\":\"silu\"", "\"hidden_act\":\"silu\",\"initial_context_length\":2048");
    slurp("config.json", &text);
    must(model_config_parse(buf_str(&text), &b, err));
    buf_release(&text);
    assert_memory_equal(&a, &b, sizeof a);
}

static void test_wrong_types_and_scales(void **state) {
    (void)state;
    edit("model.safetensors", "\"model.norm.weight\":{\"dtype\":\"BF16\"", "\"model.norm.weight\":{\"dtype\":\"I16\" ");
    refuse_model("has dtype I16; BF16, F16 or F32 was expected");
    fresh(NULL);
    Buf b;
    slurp("model.safetensors", &b);
    CkSpec s = CK_SPEC_TINY;
    s.layers = 1, s.experts = 2;
    CkList l = ck_list(&s);
    for (size_t i = 0; i < l.n; i++)
        if (strstr(l.p[i].name, "down_proj_scales")) b.p[b.n - l.bytes + l.p[i].at + 5] = (char)255;
    put("model.safetensors", b.p, b.n);
    buf_release(&b);
    free(l.p);
    refuse_model("scale 255");
}

/* ---- shards ---- */

/* Splits nothing: the one file under another name, with a map that the caller may make lie. */
static void as_shard(const char *file, const char *extra) {
    CkSpec s = CK_SPEC_TINY;
    s.layers = 1, s.experts = 2;
    CkList l = ck_list(&s);
    Buf b;
    buf_init(&b, 1 << 20);
    buf_adds(&b, "{\"metadata\":{},\"weight_map\":{");
    for (size_t i = 0; i < l.n; i++) buf_addf(&b, "%s\"%s\":\"%s\"", i ? "," : "", l.p[i].name, file);
    buf_addf(&b, "%s}}", extra);
    put("model.safetensors.index.json", b.p, b.n);
    buf_release(&b);
    free(l.p);
}

static void test_index(void **state) {
    (void)state;
    Model *m;
    as_shard("model-00007-of-00003.safetensors", "");
    refuse_model("model-00007-of-00003.safetensors");
    assert_int_equal(rename(in_dir("model.safetensors"), in_dir("model-00007-of-00003.safetensors")), 0);
    must(model_open(&(ModelSource){.path = dir_}, &m, err));
    model_close(m);
    Buf b;
    slurp("model-00007-of-00003.safetensors", &b); /* left over, or merged? */
    put("model.safetensors", b.p, b.n);
    buf_release(&b);
    refuse_model("nobody knows which weights are meant");
    as_shard("model.safetensors", ""); /* an index of the single file is fine */
    must(model_open(&(ModelSource){.path = dir_}, &m, err));
    model_close(m);
    unlink(in_dir("model.safetensors"));
    as_shard("model-00007-of-00003.safetensors", "");
    slurp("model.safetensors.index.json", &b);
    for (size_t i = 0; i < b.n; i += 1 + i / 100) {
        put("model.safetensors.index.json", b.p, i);
        refuse_model("model.safetensors.index.json");
    }
    buf_release(&b);
    as_shard("model-00007-of-00003.safetensors", ",\"ghost\":\"model-00007-of-00003.safetensors\"");
    refuse_model("'ghost'");
    as_shard("../model.safetensors", "");
    refuse_model("a name inside the folder");
    as_shard("/etc/passwd", "");
    refuse_model("a name inside the folder");
    as_shard("a/../../b", "");
    refuse_model("a name inside the folder");
    put_text("model.safetensors.index.json", "{\"weight_map\":{\"a\":3}}");
    refuse_model("a name inside the folder");
    put_text("model.safetensors.index.json", "{\"weight_map\":[]}");
    refuse_model("'weight_map'");
}

static void test_links(void **state) {
    (void)state;
    Model *m;
    char outside[] = "/tmp/assay-outside-XXXXXX";
    int fd = mkstemp(outside);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(rename(in_dir("model.safetensors"), outside), 0);
    assert_int_equal(symlink(outside, in_dir("model.safetensors")), 0);
    refuse_model("leads out of the model's folder");
    unlink(in_dir("model.safetensors"));
    assert_int_equal(rename(outside, in_dir("weights")), 0);
    assert_int_equal(symlink("weights", in_dir("model.safetensors")), 0);
    must(model_open(&(ModelSource){.path = dir_}, &m, err));
    model_close(m);
}

/* As a download cache lays it out: snapshots/REVISION full of links to blobs/. */
static void test_cache_links(void **state) {
    (void)state;
    char root[] = "/tmp/assay-cache-XXXXXX", path[128], snapshot[96];
    Model *m;
    assert_non_null(mkdtemp(root));
    static const char *const parts[] = {"blobs", "snapshots", "snapshots/abc"};
    for (int i = 0; i < 3; i++) snprintf(path, sizeof path, "%s/%s", root, parts[i]), mkdir(path, 0777);
    snprintf(snapshot, sizeof snapshot, "%s/snapshots/abc", root);
    static const char *const files[] = {"config.json", "model.safetensors"};
    for (int i = 0; i < 2; i++) {
        char blob[128], link[64];
        snprintf(blob, sizeof blob, "%s/blobs/%d", root, i);
        assert_int_equal(rename(in_dir(files[i]), blob), 0);
        snprintf(link, sizeof link, "../../blobs/%d", i);
        snprintf(path, sizeof path, "%s/%s", snapshot, files[i]);
        assert_int_equal(symlink(link, path), 0);
    }
    must(model_open(&(ModelSource){.path = snapshot}, &m, err));
    model_close(m);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", snapshot, files[i]), unlink(path);
        snprintf(path, sizeof path, "%s/blobs/%d", root, i), unlink(path);
    }
    for (int i = 2; i >= 0; i--) snprintf(path, sizeof path, "%s/%s", root, parts[i]), rmdir(path);
    rmdir(root);
}

static void test_missing(void **state) {
    (void)state;
    unlink(in_dir("config.json"));
    refuse_model("there is no model");
    Model *m;
    Err e = ERR_INIT;
    assert_false(model_open(&(ModelSource){.path = "/nonexistent/folder"}, &m, &e));
    refused(&e);
    assert_non_null(strstr(e.msg, "Hugging Face"));
    assert_false(model_open(&(ModelSource){.path = in_dir("model.safetensors")}, &m, &e));
    refused(&e);
    assert_non_null(strstr(e.msg, "is a file"));
    put_text("config.json", "{\"num_hidden_layers\":1,\"num_experts\":2,\"rope_ntk_alpha\":1}");
    refuse_model("missing key 'hidden_size'"); /* OpenAI's own layout, with its own keys */
}

/* The n-th allocation fails, for every n, until opening succeeds. */
static void test_no_memory(void **state) {
    (void)state;
    for (uint64_t n = 1;; n++) {
        Model *m;
        Pool *pool;
        Backend *be = NULL;
        Err e = ERR_INIT;
        must(pool_open(1, &pool, err));
        mem_fail_at(n);
        bool ok = model_open(&(ModelSource){.path = dir_}, &m, &e);
        BackendOptions o = {.model = m, .pool = pool, .max_rows = 4, .max_logits = 4, .n_seqs = 2, .context = 64};
        ok = ok && backend_cpu.open(&o, &be, &e);
        mem_fail_at(0);
        if (be) be->ops->close(be);
        model_close(m);
        pool_close(pool);
        if (ok) break;
        /* a parser that gets no memory may call the text invalid */
        assert_true(e.code == ERR_MEMORY || e.code == ERR_INPUT);
        assert_true(n < 10000);
    }
}

int main(void) {
    snprintf(dir_, sizeof dir_, "/tmp/assay-model-XXXXXX");
    if (!mkdtemp(dir_)) return 1;
#define TEST(f) cmocka_unit_test_setup(f, fresh)
    const struct CMUnitTest tests[] = {
        TEST(test_opens),
        TEST(test_config_prefixes),
        TEST(test_safetensors_prefixes),
        TEST(test_mutations),
        TEST(test_lying_headers),
        TEST(test_config_refusals),
        TEST(test_config_spellings),
        TEST(test_wrong_types_and_scales),
        TEST(test_index),
        TEST(test_links),
        TEST(test_cache_links),
        TEST(test_missing),
        TEST(test_no_memory),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    empty_dir(NULL);
    rmdir(dir_);
    return failed;
}
