/* The layouts of a checkpoint: the same weights give the same bits in each of them, and what is damaged, hostile or of
 * another kind is refused with one sentence. Needs no file from outside. */
#include "engine/model/model_internal.h"
#include "tests/checkpoint_plain.h"
#include "tests/gguf_build.h"
#include "tests/layouts_support.h"

/* ---- the same bits ---- */

enum { TOKENS = 60 };

static float *run(const char *path, size_t *vocab) {
    uint32_t ids[TOKENS];
    Rig r = rig_open(path, 1, 1, NULL, NULL);
    for (uint32_t i = 0; i < TOKENS; i++) ids[i] = (i * i * 7 + 3) % 250;
    float *all = rig_run(&r, 0, ids, TOKENS, 16);
    *vocab = rig_vocab(&r);
    rig_close(&r);
    for (size_t i = 0; i < TOKENS * *vocab; i++) assert_true(isfinite(all[i]));
    return all;
}

static void same_bits(const char *a, const char *b) {
    size_t v, w;
    float *x = run(a, &v), *y = run(b, &w);
    assert_int_equal(v, w);
    if (memcmp(x, y, TOKENS * v * sizeof *x) != 0) fail_msg("%s and %s give other bits", a, b);
    free(x);
    free(y);
}

static void test_same_bits(void **state) {
    (void)state;
    static const CkDense types[] = {CK_BF16, CK_F32, CK_F16};
    for (size_t i = 0; i < 3; i++) {
        write_all(types[i]);
        same_bits(in_dir("hf"), in_dir("openai"));
        same_bits(in_dir("hf"), in_dir("m.gguf"));
    }
    CkSpec s = spec(CK_BF16); /* and other weights do give others, or this test sees nothing */
    size_t v;
    float *x = run(in_dir("hf"), &v);
    s.seed = 5;
    assert_true(ck_write_gguf(in_dir("m.gguf"), &s));
    float *y = run(in_dir("m.gguf"), &v);
    assert_memory_not_equal(x, y, TOKENS * v * sizeof *x);
    free(x);
    free(y);
}

/* ---- de-quantised ---- */

static void write_plain(CkDense experts) {
    CkSpec s = spec(CK_BF16);
    assert_true(ck_write_plain(in_dir("plain"), &s, experts));
}

static void test_dequantised(void **state) {
    (void)state;
    static const CkDense types[] = {CK_BF16, CK_F32, CK_F16};
    static const WeightType is[] = {WEIGHT_BF16, WEIGHT_F32, WEIGHT_F16};
    for (size_t i = 0; i < 3; i++) {
        write_plain(types[i]);
        Model *m = open_model(in_dir("plain"), false);
        assert_int_equal(m->layers[0].gate.type, is[i]);
        assert_false(warns(m, "not used"));
        model_close(m);
        same_bits(in_dir("hf"), in_dir("plain"));
    }
    patch(in_dir("plain/model.safetensors"), "[3,64,64]", "[3,32,64]");
    refuse(in_dir("plain"), "need"); /* shape and offsets disagree */
    write_plain(CK_BF16);
    patch(in_dir("plain/model.safetensors"), "\"shape\":[3,32,64]", "\"shape\":[3,64,32]");
    refuse(in_dir("plain"), "down_proj' has the shape [3, 64, 32], but config.json asks for [3, 32, 64]");
}

/* ---- what is refused ---- */

static void test_gguf_metadata(void **state) {
    (void)state;
    static const struct {
        const char *key;
        uint32_t value;
        const char *says;
    } cases[] = {
        {"gpt-oss.block_count", 0, "'gpt-oss.block_count' is 0"},
        {"gpt-oss.block_count", 100000, "'gpt-oss.block_count' is 100000"},
        {"gpt-oss.block_count", 3, "tensor 'blk.2.attn_norm.weight' is missing"},
        {"gpt-oss.embedding_length", 96, "has the shape [300, 64], but its metadata asks for [300, 96]"},
        {"gpt-oss.embedding_length", 65, "m.gguf: 'gpt-oss.embedding_length' (65) and"},
        {"gpt-oss.attention.head_count_kv", 3, "multiple of 'gpt-oss.attention.head_count_kv' (3)"},
        {"gpt-oss.attention.key_length", 33,
         "'gpt-oss.attention.key_length' is 33 and 'gpt-oss.attention.value_length' 32"},
        {"gpt-oss.attention.key_length", 16, "'gpt-oss.attention.key_length' is 16"},
        {"gpt-oss.expert_used_count", 4, "'gpt-oss.expert_used_count' (4) is more than 'gpt-oss.expert_count' (3)"},
        {"gpt-oss.expert_count", 4, "has the shape"},
        {"gpt-oss.attention.sliding_window", 0, "sliding_window' is 0"},
        {"gpt-oss.rope.freq_base", 0, "must be above 0"},
        {"gpt-oss.rope.freq_base", 0x7FC00000, "finite"},
        {"gpt-oss.rope.freq_base", 0x3F800000, "above 1"},
        {"gpt-oss.rope.scaling.factor", 0xFF800000, "finite"},
        {"gpt-oss.rope.scaling.original_context_length", 100, "0 < low < high"},
        {"gpt-oss.expert_feed_forward_length", 0x40000000, "is 1073741824"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fresh(NULL);
        set_u32(in_dir("m.gguf"), cases[i].key, cases[i].value);
        refuse(in_dir("m.gguf"), cases[i].says);
        refuse(in_dir("m.gguf"), "m.gguf: ");
        names_once(in_dir("m.gguf"), "m.gguf: m.gguf: m.gguf"); /* the path, and the file in it */
    }
}

static void test_gguf_kinds(void **state) {
    (void)state;
    static const struct {
        const char *from, *to, *says;
    } cases[] = {
        {"gpt-oss.block_count", "gpt-osz.block_count", "missing key 'gpt-oss.block_count'"},
        {"yarn", "YaRN", "\"yarn\" or \"none\""},
        {"token_embd.weight", "token_embd.weighs", "'token_embd.weight' is missing"},
        {"ffn_gate_inp.bias", "ffn_gate_inp.biat", "ffn_gate_inp.bias' is missing"},
        {"attn_sinks.weight", "attn_sinkz.weight", "attn_sinks.weight' is missing"},
        {"general.architecture", "general.architekture", "missing key 'general.architecture'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fresh(NULL);
        patch(in_dir("m.gguf"), cases[i].from, cases[i].to);
        refuse(in_dir("m.gguf"), cases[i].says);
    }
    static const char *const architectures[][2] = {{"gptoss", "Ollama"}, {"llama", "only \"gpt-oss\" is supported"}};
    for (size_t i = 0; i < 2; i++) {
        Buf b;
        buf_init(&b, 1000);
        buf_adds(&b, "GGUF\3"), buf_add(&b, "\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\24\0\0\0\0\0\0\0", 27);
        buf_adds(&b, "general.architecture"), buf_add(&b, "\10\0\0\0", 4);
        buf_addc(&b, (char)strlen(architectures[i][0])), buf_add(&b, "\0\0\0\0\0\0\0", 7);
        buf_adds(&b, architectures[i][0]);
        put(in_dir("m.gguf"), b.p, b.n);
        buf_release(&b);
        refuse(in_dir("m.gguf"), architectures[i][1]);
    }
}

/* The type number of a tensor in the table stands behind its name, rank and dimensions. */
static void set_type(const char *name, int rank, uint32_t type) {
    Buf b;
    slurp(in_dir("m.gguf"), &b);
    size_t at = str_find(buf_str(&b), str_from(name), 0);
    assert_true(at != SIZE_MAX);
    memcpy(b.p + at + strlen(name) + 4 + 8 * (size_t)rank, &type, 4);
    put(in_dir("m.gguf"), b.p, b.n);
    buf_release(&b);
}

static void test_gguf_types(void **state) {
    (void)state;
    set_type("blk.1.attn_q.weight", 2, 25); /* as wide as BF16 */
    refuse(in_dir("m.gguf"), "tensor 'blk.1.attn_q.weight' has dtype I16; F32, F16, BF16, MXFP4, Q8_0");
    fresh(NULL);
    set_type("blk.1.attn_norm.weight", 1, 8);
    refuse(in_dir("m.gguf"), "tensor 'blk.1.attn_norm.weight' has dtype Q8_0; F32, F16 or BF16 was expected");
    fresh(NULL);
    set_type("blk.1.ffn_up_exps.weight", 3, 4);
    refuse(in_dir("m.gguf"), "Ollama");
}

/* A NaN among the scales inside ggml's blocks. */
static void test_scales(void **state) {
    (void)state;
    Buf b;
    Model *m = open_model(in_dir("m.gguf"), false);
    const ModelLayer *l = &m->layers[1];
    slurp(in_dir("m.gguf"), &b);
    size_t gate = str_find(buf_str(&b), (Str){(const char *)l->gate.data, 64}, 0);
    assert_true(gate != SIZE_MAX);
    b.p[gate + (size_t)(l->down.data - l->gate.data) + 17] = (char)255; /* the second block of down */
    model_close(m);
    put(in_dir("m.gguf"), b.p, b.n);
    buf_release(&b);
    refuse(in_dir("m.gguf"), "'blk.1.ffn_down_exps.weight' holds the scale 255 (not a number) at byte 17");
}

static void test_prefixes(void **state) {
    (void)state;
    Buf b;
    slurp(in_dir("m.gguf"), &b);
    for (size_t n = 0; n < b.n; n += n < 600 ? 1 : 997) {
        put(in_dir("m.gguf"), b.p, n);
        refuse(in_dir("m.gguf"), "m.gguf");
    }
    buf_release(&b);
}

static uint32_t next_random(uint64_t *s) {
    *s = *s * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*s >> 33);
}

/* Mutated heads: refused, or computed with. */
static void test_mutations(void **state) {
    (void)state;
    Buf b;
    uint64_t s = 3;
    size_t opened = 0;
    slurp(in_dir("m.gguf"), &b);
    char *m = malloc(b.n);
    size_t head = str_find(buf_str(&b), STR("blk.1.ffn_down_exps.bias"), 0) + 60;
    for (int round = 0; round < 600; round++) {
        memcpy(m, b.p, b.n);
        for (uint32_t k = 1 + next_random(&s) % 3; k > 0; k--) m[next_random(&s) % head] = (char)next_random(&s);
        put(in_dir("x.gguf"), m, b.n);
        Rig r = {0};
        Err e = ERR_INIT;
        if (!model_open(&(ModelSource){.path = in_dir("x.gguf")}, &r.model, &e)) {
            assert_int_equal(e.code, ERR_INPUT);
            continue;
        }
        opened++;
        must(pool_open(1, &r.pool, err));
        BackendOptions o = {
            .model = r.model, .pool = r.pool, .max_rows = 4, .max_logits = 4, .n_seqs = 1, .context = 16};
        if (backend_cpu.open(&o, &r.be, &e)) free(rig_run(&r, 0, (uint32_t[]){1, 2, 0}, 3, 3));
        rig_close(&r);
    }
    assert_true(opened > 10 && opened < 590);
    free(m);
    buf_release(&b);
}

/* Two tables say what a type number means, the container's and the loader's: they agree in name and size. */
static void test_type_numbers(void **state) {
    (void)state;
    size_t known = 0;
    for (uint32_t type = 0; type < 64; type++) {
        WeightType is;
        Err e = ERR_INIT;
        Tensor t = {.name = "t", .file = "f", .is_ggml = true, .ggml = type};
        if (!bind_type(&(Bind){.err = &e}, &t, &is)) continue;
        Buf b;
        Gguf *g;
        known++;
        assert_string_equal(gguf_type_name(type), weight_type_name(is));
        buf_init(&b, 1 << 20);
        gb_head(&b, 1, 0);
        gb_tensor(&b, "t", 2, (uint64_t[]){512, 3}, type, 0);
        gb_pad(&b, 32);
        for (int i = 0; i < 512 * 3 * 4; i++) buf_addc(&b, 0);
        must(gguf_open((const unsigned char *)b.p, b.n, "f", &g, err));
        assert_int_equal(gguf_tensor_at(g, 0)->bytes, 3 * (512 / weight_block(is).cols * weight_block(is).bytes));
        gguf_close(g);
        buf_release(&b);
    }
    assert_int_equal(known, 16);
}

/* ---- split files ---- */

static const char *part_name(int no, int count) {
    char name[64];
    snprintf(name, sizeof name, "s-%05d-of-%05d.gguf", no, count);
    return in_dir(name);
}

static void w16(FILE *f, const char *key, uint16_t v) {
    ck_wstr(f, key), ck_w32(f, 2), fwrite(&v, 2, 1, f);
}

/* A part with the tensors [from, to) of m.gguf. */
static void write_part(const char *path, int no, int count, uint32_t total, size_t from, size_t to) {
    CkSpec s = spec(CK_BF16);
    CkList hf = ck_list(&s);
    const CkMap *m;
    int layer;
    uint64_t at = 0;
    FILE *f = fopen(path, "wb");
    fwrite("GGUF", 1, 4, f), ck_w32(f, 3), ck_w64(f, to - from), ck_w64(f, (no == 0 ? CK_GGUF_VALUES : 0) + 3);
    if (no == 0) ck_gguf_values(&s, f);
    w16(f, "split.no", (uint16_t)no), w16(f, "split.count", (uint16_t)count);
    ck_wstr(f, "split.tensors.count"), ck_w32(f, 5), ck_w32(f, total);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = from; i < to && (m = ck_gguf_at(&s, i, &layer)); i++) {
            size_t index = ck_gguf_source(&hf, m, layer);
            CkGguf g = ck_gguf_shape(&s, &hf.p[index], m->pack);
            if (pass == 0) {
                char name[96] = "";
                if (layer >= 0) snprintf(name, sizeof name, "blk.%d.", layer);
                snprintf(name + strlen(name), sizeof name - strlen(name), "%s", m->name);
                ck_wstr(f, name), ck_w32(f, (uint32_t)g.rank);
                for (int k = 0; k < g.rank; k++) ck_w64(f, g.dim[k]);
                ck_w32(f, g.type), ck_w64(f, at);
                at = ck_align(at + g.bytes);
                continue;
            }
            ck_pad(f);
            if (ck_is_blocks(m->pack))
                ck_gguf_blocks(&s, &hf, index, m->pack, f);
            else if (m->pack == CK_AS_IT_IS)
                ck_copy(&s, &hf, index, f);
            else
                ck_gguf_numbers(&s, &hf, index, m->pack, f);
        }
    fclose(f);
    free(hf.p);
}

enum { ALL = 3 + 2 * 19 };

static void write_split(void) {
    write_part(part_name(1, 3), 0, 3, ALL, 0, 10);
    write_part(part_name(2, 3), 1, 3, ALL, 10, 11);
    write_part(part_name(3, 3), 2, 3, ALL, 11, ALL);
}

static void test_split(void **state) {
    (void)state;
    write_split();
    for (int i = 1; i <= 3; i++) same_bits(in_dir("hf"), part_name(i, 3));
    unlink(part_name(2, 3));
    refuse(part_name(1, 3), "part 2 of 3 is missing");
    refuse(part_name(3, 3), "part 2 of 3 is missing");
    write_part(part_name(2, 3), 2, 3, ALL, 10, 11);
    refuse(part_name(1, 3), "it says that it is part 3 of 3; its name says 2 of 3");
    write_part(part_name(2, 3), 1, 4, ALL, 10, 11);
    refuse(part_name(1, 3), "part 2 of 4; its name says 2 of 3");
    write_part(part_name(1, 3), 0, 3, ALL + 1, 0, 10);
    write_part(part_name(2, 3), 1, 3, ALL, 9, 11);
    refuse(part_name(1, 3), "is in both");
    write_split();
    write_part(part_name(1, 3), 0, 3, ALL + 1, 0, 10);
    refuse(part_name(1, 3), "'split.tensors.count' is 42, but the parts have 41");
    write_split();
    assert_int_equal(rename(part_name(1, 3), in_dir("one.gguf")), 0);
    refuse(in_dir("one.gguf"), "it is one of 3 parts");
    assert_int_equal(rename(in_dir("m.gguf"), part_name(1, 3)), 0);
    refuse(part_name(1, 3), "missing key 'split.no'");
}

static void test_split_links(void **state) {
    (void)state;
    char outside[] = "/tmp/assay-outside-XXXXXX";
    write_split();
    int fd = mkstemp(outside);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(rename(part_name(2, 3), outside), 0);
    assert_int_equal(symlink(outside, part_name(2, 3)), 0);
    refuse(part_name(1, 3), "leads out of the model's folder");
    unlink(outside);
}

/* As a download cache lays it out: snapshots/REVISION/FOLDER full of links to blobs/, and no other place will do. */
static void test_cache_folder(void **state) {
    (void)state;
    static const char *const folders[] = {"blobs", "snapshots", "snapshots/abc", "snapshots/abc/Q8_0"};
    write_split();
    for (int i = 0; i < 4; i++) assert_int_equal(mkdir(in_dir(folders[i]), 0777), 0);
    for (int i = 1; i <= 3; i++) {
        char blob[32], link[64], target[64];
        snprintf(blob, sizeof blob, "blobs/%d", i);
        snprintf(link, sizeof link, "snapshots/abc/Q8_0/s-%05d-of-%05d.gguf", i, 3);
        snprintf(target, sizeof target, "../../../%s", blob);
        assert_int_equal(rename(part_name(i, 3), in_dir(blob)), 0);
        assert_int_equal(symlink(target, in_dir(link)), 0);
    }
    same_bits(in_dir("hf"), in_dir("snapshots/abc/Q8_0/s-00002-of-00003.gguf"));
    unlink(in_dir("snapshots/abc/Q8_0/s-00003-of-00003.gguf"));
    assert_int_equal(rename(in_dir("blobs/3"), in_dir("elsewhere")), 0);
    assert_int_equal(symlink("../../../elsewhere", in_dir("snapshots/abc/Q8_0/s-00003-of-00003.gguf")), 0);
    refuse(in_dir("snapshots/abc/Q8_0/s-00001-of-00003.gguf"), "leads out of the model's folder");
}

/* ---- folders ---- */

static void test_where(void **state) {
    (void)state;
    assert_int_equal(mkfifo(in_dir("pipe.gguf"), 0600), 0);
    refuse(in_dir("pipe.gguf"), "not a regular file");
    refuse("/dev/zero", "not a regular file");
    refuse(in_dir("nothing.gguf"), "there is no model");
    refuse(in_dir("hf/model.safetensors"), "give the folder");
    refuse(dir_, "m.gguf"); /* GGUF files in a folder: which one? */
    unlink(in_dir("m.gguf"));
    assert_int_equal(rename(in_dir("openai"), in_dir("hf/original")), 0);
    model_close(open_model(in_dir("hf"), false)); /* the folder's own weights come first */
    unlink(in_dir("hf/model.safetensors"));
    refuse(in_dir("hf"), "/hf/original+tokenizer=");
    model_close(open_model(in_dir("hf/original"), false));
}

static void test_openai(void **state) {
    (void)state;
    Model *m = open_model(in_dir("openai"), false);
    assert_string_equal(m->layout, "openai");
    assert_false(m->has_tokenizer);
    model_close(m);
    m = open_model(in_dir("m.gguf"), false);
    assert_string_equal(m->layout, "gguf");
    assert_true(m->has_tokenizer);
    model_close(m);
    patch(in_dir("openai/config.json"), "\"experts_per_token\":2", "\"experts_per_token\":9");
    refuse(in_dir("openai"), "'experts_per_token' (9) is more than 'num_experts' (3)");
    fresh(NULL);
    patch(in_dir("openai/config.json"), "\"rope_ntk_beta\"", "\"rope_ntk_bet_\"");
    refuse(in_dir("openai"), "missing key 'rope_ntk_beta'");
    fresh(NULL);
    patch(in_dir("openai/model.safetensors"), "block.1.attn.qkv.bias", "block.1.attn.qkv.bia_");
    refuse(in_dir("openai"), "tensor 'block.1.attn.qkv.bias' is missing");
}

/* Several files without an index: all are read, in whatever name. */
static void test_openai_files(void **state) {
    (void)state;
    static const char header[] = "{\"extra\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}   ";
    unsigned char file[8 + sizeof header - 1 + 4] = {sizeof header - 1};
    memcpy(file + 8, header, sizeof header - 1);
    assert_int_equal(rename(in_dir("openai/model.safetensors"), in_dir("openai/b--00001-model.safetensors")), 0);
    put(in_dir("openai/a.safetensors"), file, sizeof file);
    Model *m = open_model(in_dir("openai"), false);
    assert_int_equal(m->n_files, 2);
    assert_true(warns(m, "1 tensor is not used, e.g. 'extra'"));
    model_close(m);
    same_bits(in_dir("hf"), in_dir("openai"));
    unlink(in_dir("openai/b--00001-model.safetensors"));
    refuse(in_dir("openai"), "'embedding.weight' is missing");
    unlink(in_dir("openai/a.safetensors"));
    refuse(in_dir("openai"), "no .safetensors file is there");
}

/* ---- memory ---- */

static void test_no_memory(void **state) {
    (void)state;
    static const char *const paths[] = {"openai", "m.gguf", "plain", "s-00002-of-00003.gguf"};
    write_plain(CK_BF16);
    write_split();
    for (size_t i = 0; i < 4; i++)
        for (uint64_t n = 1;; n++) {
            Model *m;
            Err e = ERR_INIT;
            mem_fail_at(n);
            bool ok = model_open(&(ModelSource){.path = in_dir(paths[i])}, &m, &e);
            mem_fail_at(0);
            model_close(m);
            if (ok) break;
            assert_true(e.code == ERR_MEMORY || e.code == ERR_INPUT); /* a parser without memory may say "invalid" */
            assert_true(n < 10000);
        }
}

static int run_all(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_same_bits),  TEST(test_dequantised), TEST(test_gguf_metadata), TEST(test_gguf_kinds),
        TEST(test_gguf_types), TEST(test_scales),      TEST(test_prefixes),      TEST(test_mutations),
        TEST(test_split),      TEST(test_split_links), TEST(test_type_numbers),  TEST(test_cache_folder),
        TEST(test_where),      TEST(test_openai),      TEST(test_openai_files),  TEST(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void) {
    return run_in_folder(run_all);
}
