/* Published tricks with checkpoints of the safetensors kind, each by name,
 * through the public door: refused with one sentence that names the trouble,
 * fast, and without reserving what a file merely claims. The container of GGUF
 * has its own (test_base_gguf_tricks.c). Sources of the tricks: the format's
 * own rules (header at most 100 MB, offsets tile the data, no duplicate keys),
 * the audit of safetensors of 2023 (polyglot files: bytes that belong to no
 * tensor), reports of header bloating, and path traversal through names in an
 * index. */
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "engine/engine.h"
#include "tests/checkpoint.h"
#include "tests/engine_support.h"

static char dir_[64], out_[64];

static const char *at(const char *dir, const char *name) {
    static char ring[4][400];
    static int i;
    char *p = ring[i++ & 3];
    snprintf(p, sizeof ring[0], "%s/%s", dir, name);
    return p;
}

static void put(const char *path, const void *p, size_t n) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    fclose(f);
}

static int make_dirs(void **state) {
    CkSpec s = CK_SPEC_TINY;
    (void)state;
    s.layers = 1, s.experts = 2;
    snprintf(dir_, sizeof dir_, "/tmp/assay-tricks-XXXXXX");
    snprintf(out_, sizeof out_, "/tmp/assay-tricks-XXXXXX");
    return mkdtemp(dir_) && mkdtemp(out_) && ck_write(dir_, &s) ? 0 : -1;
}

static int remove_dirs(void **state) {
    static const char *const names[] = {
        "config.json", "tokenizer.json", "model.safetensors", "model.safetensors.index.json", "w.safetensors", "link"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        unlink(at(dir_, names[i]));
        unlink(at(out_, names[i]));
    }
    rmdir(out_);
    return rmdir(dir_);
}

static bool open_model(Err *err) {
    Engine *e;
    EngineOptions o = {.spec = dir_, .threads = 1, .batch = 1, .context = 8, .no_digest = true};
    *err = (Err)ERR_INIT;
    bool ok = engine_open(&o, &e, err);
    if (ok) engine_close(e);
    return ok;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* says: any one of the parts separated by '|'. */
static void refused(const char *trick, const char *says) {
    Err err;
    double start = now();
    if (open_model(&err)) fail_msg("%s was taken", trick);
    if (err.code != ERR_INPUT || strlen(err.msg) < 20 || strchr(err.msg, '\n'))
        fail_msg("%s: code %d: %s", trick, err.code, err.msg);
    if (!strstr(err.msg, says)) fail_msg("%s: expected '%s' in: %s", trick, says, err.msg);
    if (now() - start > 5) fail_msg("%s took %.1f s", trick, now() - start);
}

/* ---- the header of safetensors ---- */

static void with_header(const char *header, size_t n, uint64_t claimed, size_t data) {
    Buf b;
    buf_init(&b, SIZE_MAX / 2);
    buf_add(&b, &claimed, 8);
    buf_add(&b, header, n);
    for (size_t i = 0; i < data; i++) buf_addc(&b, 'x');
    assert_false(b.failed);
    put(at(dir_, "model.safetensors"), b.p, b.n);
    buf_release(&b);
}

#define T(shape, offsets) "{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static void test_header_entries(void **state) {
    static const struct {
        const char *trick, *header, *says;
    } cases[] = {
        {"overlapping tensors", "{\"a\":" T("[1]", "[0,4]") ",\"b\":" T("[1]", "[2,6]") "}", "overlap"},
        {"the same bytes twice", "{\"a\":" T("[2]", "[0,8]") ",\"b\":" T("[2]", "[0,8]") "}", "overlap"},
        {"a hole between tensors", "{\"a\":" T("[1]", "[0,4]") ",\"b\":" T("[0]", "[6,6]") "}", "belong to no tensor"},
        {"a polyglot's tail", "{\"a\":" T("[1]", "[0,4]") "}", "belong to no tensor"},
        {"a negative offset", "{\"a\":" T("[2]", "[-8,0]") "}", "data_offsets"},
        {"a float offset", "{\"a\":" T("[2]", "[0,8.5]") "}", "data_offsets"},
        {"an offset in words", "{\"a\":" T("[2]", "[0,\"8\"]") "}", "data_offsets"},
        {"three offsets", "{\"a\":" T("[2]", "[0,8,8]") "}", "data_offsets"},
        {"offsets exchanged", "{\"a\":" T("[2]", "[8,0]") "}", "end"},
        {"an offset that wraps", "{\"a\":" T("[2]", "[18446744073709551608,18446744073709551616]") "}", "data_offsets"},
        {"data beyond the file", "{\"a\":" T("[99]", "[0,396]") "}", "truncated"},
        {"a negative size", "{\"a\":" T("[-2]", "[0,8]") "}", "shape"},
        {"a size of NaN", "{\"a\":" T("[NaN]", "[0,8]") "}", "not valid JSON"},
        {"a size beyond doubles", "{\"a\":" T("[1e999]", "[0,8]") "}", "shape"},
        {"a product that wraps to 8", "{\"a\":" T("[4294967298,4294967296]", "[0,8]") "}", "absurdly large"},
        {"a product with 0 that wraps before",
         "{\"a\":" T("[4503599627370496,4503599627370496,0]", "[0,0]") ",\"b\":" T("[2]", "[0,8]") "}",
         "absurdly large"},
        {"bytes that wrap after the product", "{\"a\":" T("[2251799813685248,2048,1]", "[0,8]") "}", "absurdly large"},
        {"a rank of nine", "{\"a\":" T("[1,1,1,1,1,1,1,1,2]", "[0,8]") "}", "more than"},
        {"a duplicate key", "{\"a\":" T("[2]", "[0,8]") ",\"a\":" T("[2]", "[0,8]") "}", "twice"},
        {"a duplicate key inside",
         "{\"a\":{\"dtype\":\"U8\",\"dtype\":\"F32\",\"shape\":[2],\"data_"
         "offsets\":[0,8]}}",
         "twice"},
        {"an unknown type", "{\"a\":{\"dtype\":\"F3\",\"shape\":[2],\"data_offsets\":[0,8]}}", "unknown dtype"},
        {"no type", "{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", "dtype"},
        {"an entry that is a list", "{\"a\":[]}", "object"},
        {"a header that is a list", "[]", "object"},
        {"no tensor", "{\"__metadata__\":{}}", "names no tensor"},
        {"NUL in a name", "{\"a\\u0000b\":" T("[2]", "[0,8]") "}", "NUL"},
        {"something behind the object", "{\"a\":" T("[2]", "[0,8]") "}{}", "behind"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = strlen(cases[i].header);
        with_header(cases[i].header, n, n, 8);
        refused(cases[i].trick, cases[i].says);
    }
}

static void test_header_length(void **state) {
    static const uint64_t lies[] = {8, 0, 1, 1u << 20, 100000001, UINT32_MAX, INT64_MAX, UINT64_MAX - 7, UINT64_MAX};
    static const char header[] = "{\"a\":" T("[2]", "[0,8]") "}";
    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        with_header(header, sizeof header - 1, lies[i], 8);
        refused("a lie about the header's length", "header");
    }
    put(at(dir_, "model.safetensors"), "", 0);
    refused("an empty file", "8 bytes");
}

/* A header of the largest size, all spaces; and one that is nested deeper than
 * any stack should follow. */
static void test_header_bulk(void **state) {
    (void)state;
    size_t n = 100000000;
    char *text = malloc(n);
    assert_non_null(text);
    memset(text, ' ', n);
    with_header(text, n, n, 0);
    refused("100 MB of spaces", "header");
    memset(text, '[', 1 << 20);
    with_header(text, 1 << 20, 1 << 20, 0);
    refused("a million brackets", "header");
    free(text);
}

/* Header bloating: as many entries as fit a few MB must take time linear in the
 * file. */
static void test_header_bloat(void **state) {
    (void)state;
    Buf b;
    buf_init(&b, 64 << 20);
    for (int i = 0; i < 50000; i++)
        buf_addf(&b, "%s\"t%d\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}", i ? "," : "{", i);
    buf_adds(&b, "}");
    with_header(b.p, b.n, b.n, 0);
    buf_release(&b);
    refused("50,000 empty tensors", "missing");
}

/* ---- names that lead elsewhere ---- */

static void with_index(const char *name) {
    Buf b;
    buf_init(&b, 1 << 16);
    buf_addf(&b, "{\"weight_map\":{\"model.norm.weight\":\"%s\"}}", name);
    put(at(dir_, "model.safetensors.index.json"), b.p, b.n);
    buf_release(&b);
}

static void test_escapes(void **state) {
    static const char *const names[] = {"../w.safetensors",
                                        "/etc/hostname",
                                        "..",
                                        ".",
                                        "",
                                        "a/../../w.safetensors",
                                        "./w.safetensors",
                                        "a//w.safetensors",
                                        "w.safetensors/",
                                        "w.safetensors\\u0000.txt",
                                        "//w.safetensors"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        with_index(names[i]);
        refused(names[i], "index.json");
    }
}

static void test_links_out(void **state) {
    (void)state;
    with_index("w.safetensors");
    assert_int_equal(rename(at(dir_, "model.safetensors"), at(out_, "w.safetensors")), 0);
    assert_int_equal(symlink(at(out_, "w.safetensors"), at(dir_, "w.safetensors")), 0);
    refused("a link out of the folder", "leads out of the model's folder");
    unlink(at(dir_, "w.safetensors"));
    assert_int_equal(symlink("w.safetensors", at(dir_, "w.safetensors")), 0);
    refused("a link to itself", "w.safetensors");
    unlink(at(dir_, "w.safetensors"));
    assert_int_equal(symlink("/dev/zero", at(dir_, "w.safetensors")), 0);
    refused("a link to a device", "not a regular file");
    unlink(at(dir_, "w.safetensors"));
    /* a hard link is the file itself: fine, and then it is the map that lies */
    assert_int_equal(link(at(out_, "w.safetensors"), at(dir_, "w.safetensors")), 0);
    Err err;
    bool ok = open_model(&err);
    if (!ok) assert_null(strstr(err.msg, "leads out"));
}

/* None of these may make us wait. */
static void test_no_files(void **state) {
    static const char *const names[] = {"config.json", "tokenizer.json", "model.safetensors"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        CkSpec s = CK_SPEC_TINY;
        s.layers = 1, s.experts = 2;
        assert_true(ck_write(dir_, &s));
        unlink(at(dir_, names[i]));
        assert_int_equal(mkfifo(at(dir_, names[i]), 0600), 0);
        refused("a pipe", "not a regular file");
        unlink(at(dir_, names[i]));
        assert_int_equal(mkdir(at(dir_, names[i]), 0700), 0);
        refused("a folder", "folder");
        rmdir(at(dir_, names[i]));
        struct sockaddr_un a = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        snprintf(a.sun_path, sizeof a.sun_path, "%s/%s", dir_, names[i]);
        assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
        refused("a socket", names[i]);
        close(fd);
        unlink(at(dir_, names[i]));
    }
}

/* ---- config.json ---- */

static void test_config_numbers(void **state) {
    static const char *const values[] = {
        "NaN",    "1e999", "-1e999",     "-1",   "0",    "0.5",  "1e300",
        "\"64\"", "[64]",  "4294967360", "1e18", "null", "true", "-9223372036854775808"};
    static const char *const keys[] = {
        "num_hidden_layers", "hidden_size",       "num_attention_heads",    "num_key_value_heads",
        "head_dim",          "num_local_experts", "num_experts_per_tok",    "intermediate_size",
        "vocab_size",        "sliding_window",    "max_position_embeddings"};
    (void)state;
    Buf was;
    buf_init(&was, 1 << 16);
    must(file_read(at(dir_, "config.json"), &was, err));
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            Buf b;
            char key[64];
            buf_init(&b, 1 << 16);
            snprintf(key, sizeof key, "\"%s\":", keys[k]);
            size_t begin = str_find(buf_str(&was), str_from(key), 0) + strlen(key);
            size_t end = str_find(buf_str(&was), STR(","), begin);
            buf_addstr(&b, str_sub(buf_str(&was), 0, begin));
            buf_adds(&b, values[i]);
            buf_addstr(&b, str_sub(buf_str(&was), end, was.n));
            put(at(dir_, "config.json"), b.p, b.n);
            refused(keys[k], strcmp(values[i], "NaN") == 0 ? "JSON" : keys[k]);
            buf_release(&b);
        }
    buf_release(&was);
}

/* ---- tokenizer.json ---- */

static void test_token_ids(void **state) {
    static const char *const ids[] = {"-1", "4294967295", "4294967296", "1e18", "1.5", "\"7\"", "null", "1e999"};
    (void)state;
    Buf was;
    buf_init(&was, 1 << 20);
    must(file_read(at(dir_, "tokenizer.json"), &was, err));
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        for (int special = 0; special < 2; special++) {
            Buf b;
            const char *key = special ? "\"id\":" : "\"A\":";
            size_t begin = str_find(buf_str(&was), str_from(key), 0) + strlen(key);
            size_t end = str_find(buf_str(&was), STR(","), begin);
            buf_init(&b, 1 << 20);
            buf_addstr(&b, str_sub(buf_str(&was), 0, begin));
            buf_adds(&b, ids[i]);
            buf_addstr(&b, str_sub(buf_str(&was), end, was.n));
            put(at(dir_, "tokenizer.json"), b.p, b.n);
            refused("an id out of range", "id must be an integer");
            buf_release(&b);
        }
    buf_release(&was);
}

#define CASE(t) cmocka_unit_test_setup_teardown(t, make_dirs, remove_dirs)

int main(void) {
    const struct CMUnitTest tests[] = {CASE(test_header_entries), CASE(test_header_length),  CASE(test_header_bulk),
                                       CASE(test_header_bloat),   CASE(test_escapes),        CASE(test_links_out),
                                       CASE(test_no_files),       CASE(test_config_numbers), CASE(test_token_ids)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
