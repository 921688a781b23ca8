/* engine/base/gguf.h: what a valid file gives, every prefix of it, and every lie that its author can tell. */
#include <math.h>

#include "engine/base/file.h"
#include "engine/base/gguf.h"
#include "tests/gguf_build.h"
#include "tests/support.h"

/* Reads from a copy of exact size, so that the sanitizer sees a read behind its end. */
static Gguf *open_copy(const char *p, size_t n, unsigned char **copy, Err *err) {
    Gguf *g = NULL;
    *copy = malloc(n ? n : 1);
    if (n) memcpy(*copy, p, n);
    bool ok = gguf_open(*copy, n, "f.gguf", &g, err);
    assert_true(ok == (g != NULL));
    return g;
}

static void refuse_bytes(Buf *b, const char *says) {
    Err e = ERR_INIT;
    unsigned char *copy;
    assert_false(b->failed);
    Gguf *g = open_copy(b->p, b->n, &copy, &e);
    if (g) fail_msg("accepted, but '%s' was expected", says);
    assert_int_equal(e.code, ERR_INPUT);
    if (!strstr(e.msg, says) || strncmp(e.msg, "f.gguf: ", 8) != 0) fail_msg("expected '%s' in: %s", says, e.msg);
    free(copy);
    buf_release(b);
}

static Buf fresh(uint64_t n_tensors, uint64_t n_values) {
    Buf b;
    buf_init(&b, 1 << 24);
    gb_head(&b, n_tensors, n_values);
    return b;
}

/* One of everything: each value type, an array of numbers, one of strings, two tensors: Q8_0 of 64x2 (136 bytes) at 0
 * and MXFP4 of 32x2x3 (102 bytes) at 320. *table_end: where the table ends. */
static Buf sample(size_t *table_end) {
    static const uint64_t square[] = {64, 2}, cube[] = {32, 2, 3};
    Buf b = fresh(2, 15);
    gb_text(&b, "general.architecture", "gpt-oss");
    gb_key(&b, "u8", 0), gb_int(&b, 200, 1);
    gb_key(&b, "i8", 1), gb_int(&b, 0x80, 1);
    gb_key(&b, "u16", 2), gb_int(&b, 65535, 2);
    gb_key(&b, "i16", 3), gb_int(&b, 0xFFFE, 2);
    gb_u32(&b, "u32", 4000000000u);
    gb_key(&b, "i32", 5), gb_int(&b, 0xFFFFFFFD, 4);
    gb_f32(&b, "f32", 0.5f);
    gb_key(&b, "bool", 7), gb_int(&b, 1, 1);
    gb_key(&b, "u64", 10), gb_int(&b, UINT64_C(1) << 40, 8);
    gb_key(&b, "i64", 11), gb_int(&b, (uint64_t)-5, 8);
    gb_key(&b, "f64", 12), gb_int(&b, 0x3FF8000000000000, 8);
    gb_array(&b, "numbers", 3, 3), gb_int(&b, 7, 2), gb_int(&b, 0xFFFF, 2), gb_int(&b, 9, 2);
    gb_array(&b, "words", 8, 3), gb_str(&b, "one"), gb_str(&b, ""), gb_str(&b, "three");
    gb_u32(&b, "general.alignment", 64);
    gb_tensor(&b, "second", 3, cube, 39, 320), gb_tensor(&b, "first", 2, square, 8, 0);
    *table_end = b.n;
    gb_pad(&b, 64);
    for (size_t i = 0; i < 320 + 102; i++) buf_addc(&b, (char)i);
    return b;
}

static void a_valid_file_is_read(void **state) {
    (void)state;
    Err e = ERR_INIT;
    size_t end, begin;
    Buf b = sample(&end);
    begin = (end + 63) / 64 * 64;
    unsigned char *copy;
    Gguf *g = open_copy(b.p, b.n, &copy, &e);
    assert_non_null(g);
    assert_int_equal(gguf_n_tensors(g), 2);
    assert_string_equal(gguf_type_name(gguf_tensor_at(g, 0)->type), "MXFP4");
    const GgufTensor *first = gguf_find_tensor(g, "first"), *second = gguf_find_tensor(g, "second");
    assert_ptr_equal(second, gguf_tensor_at(g, 0)); /* the order of the file stays */
    assert_int_equal(first->bytes, 4 * 34);
    assert_ptr_equal(first->data, copy + begin);
    assert_int_equal(second->bytes, 6 * 17);
    assert_ptr_equal(second->data, copy + begin + 320);
    assert_int_equal(second->rank, 3);
    assert_int_equal(second->dim[2], 3);
    assert_null(gguf_find_tensor(g, "firs"));
    assert_null(gguf_find(g, "second"));
    gguf_close(g);
    free(copy);
    buf_release(&b);
}

static void values_have_their_types(void **state) {
    (void)state;
    Err e = ERR_INIT;
    size_t end;
    Buf b = sample(&end);
    unsigned char *copy;
    Gguf *g = open_copy(b.p, b.n, &copy, &e);
    if (!g) fail_msg("%s", e.msg);
    uint64_t u = 0;
    double d = 0;
    bool yes = false;
    Str s = {0};
    assert_int_equal(gguf_n_values(g), 15);
    assert_true(gguf_uint(g, "u8", true, 0, 255, &u, &e) && u == 200);
    assert_true(gguf_uint(g, "u16", true, 0, 65535, &u, &e) && u == 65535);
    assert_true(gguf_uint(g, "u32", true, 0, UINT32_MAX, &u, &e) && u == 4000000000u);
    assert_true(gguf_uint(g, "u64", true, 0, UINT64_MAX, &u, &e) && u == UINT64_C(1) << 40);
    static const struct {
        const char *key;
        double is;
    } numbers[] = {{"i8", -128}, {"i16", -2}, {"i32", -3}, {"i64", -5}, {"f32", 0.5}, {"f64", 1.5}, {"u8", 200}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        assert_true(gguf_num(g, numbers[i].key, true, &d, &e) && d == numbers[i].is);
    assert_true(gguf_bool(g, "bool", true, &yes, &e) && yes);
    assert_true(gguf_str(g, "general.architecture", true, &s, &e) && str_eqz(s, "gpt-oss"));
    const GgufValue *a = NULL;
    assert_true(gguf_array(g, "numbers", true, GGUF_I16, &a, &e) && a->count == 3);
    assert_int_equal(gguf_item_int(a, 0), 7);
    assert_int_equal(gguf_item_int(a, 1), -1);
    assert_int_equal(gguf_item_int(a, 2), 9);
    static const char *const words[] = {"one", "", "three"};
    assert_true(gguf_array(g, "words", true, GGUF_STRING, &a, &e) && a->count == 3);
    size_t at = 0;
    for (size_t i = 0; i < 3; i++) assert_true(str_eqz(gguf_next_str(a, &at), words[i]));
    assert_int_equal(at, a->bytes);
    gguf_close(g);
    free(copy);
    buf_release(&b);
}

static void wrong_reads_name_the_key(void **state) {
    (void)state;
    Err e = ERR_INIT;
    size_t end;
    Buf b = sample(&end);
    unsigned char *copy;
    Gguf *g = open_copy(b.p, b.n, &copy, &e);
    assert_non_null(g);
    uint64_t u = 77;
    double d = 77;
    bool yes = false;
    Str s = {0};
    const GgufValue *a = NULL;
#define SAYS(call, text)                                                                                               \
    do {                                                                                                               \
        assert_false(call);                                                                                            \
        if (!strstr(e.msg, text)) fail_msg("expected '%s' in: %s", text, e.msg);                                       \
    } while (0)
    SAYS(gguf_uint(g, "i8", true, 0, 5, &u, &e), "'i8' is -128; an integer from 0 to 5");
    SAYS(gguf_uint(g, "u8", true, 0, 199, &u, &e), "'u8' is 200");
    SAYS(gguf_uint(g, "f32", true, 0, 5, &u, &e), "'f32' is a 32-bit float; an integer was expected");
    SAYS(gguf_uint(g, "bool", true, 0, 5, &u, &e), "'bool' is a boolean");
    SAYS(gguf_uint(g, "nothing", true, 0, 5, &u, &e), "missing key 'nothing'");
    SAYS(gguf_num(g, "words", true, &d, &e), "'words' is an array");
    SAYS(gguf_bool(g, "u8", true, &yes, &e), "a boolean");
    SAYS(gguf_str(g, "u8", true, &s, &e), "a string was expected");
    SAYS(gguf_array(g, "u8", true, GGUF_U8, &a, &e), "an array was expected");
    SAYS(gguf_array(g, "words", true, GGUF_F32, &a, &e), "an item of 'words' is a string; a 32-bit float");
    assert_true(gguf_uint(g, "nothing", false, 0, 5, &u, &e) && u == 77);
    assert_true(gguf_num(g, "nothing", false, &d, &e) && d == 77);
    gguf_close(g);
    free(copy);
    buf_release(&b);
    b = fresh(0, 1);
    gb_f32(&b, "nan", NAN);
    g = open_copy(b.p, b.n, &copy, &e);
    SAYS(gguf_num(g, "nan", true, &d, &e), "'nan' is not a finite number");
    gguf_close(g);
    free(copy);
    buf_release(&b);
}

static void every_prefix_is_refused(void **state) {
    (void)state;
    size_t end;
    Buf b = sample(&end);
    for (size_t n = 0; n < b.n; n++) {
        Err e = ERR_INIT;
        unsigned char *copy;
        assert_null(open_copy(b.p, n, &copy, &e));
        assert_int_equal(e.code, ERR_INPUT);
        assert_true(strlen(e.msg) > 20);
        free(copy);
    }
    buf_release(&b);
}

static void heads_are_checked(void **state) {
    (void)state;
    static const struct {
        uint32_t version;
        const char *says;
    } versions[] = {{1, "GGUF version 1"},
                    {2, "GGUF version 2"},
                    {4, "GGUF version 4"},
                    {0x03000000, "big-endian"},
                    {0, "version 0"}};
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        Buf b = fresh(0, 0);
        for (int k = 0; k < 4; k++) b.p[4 + k] = (char)(versions[i].version >> (8 * k));
        refuse_bytes(&b, versions[i].says);
    }
    Buf b = fresh(0, 0);
    b.p[0] = 'X';
    refuse_bytes(&b, "no GGUF file");
    /* counts that no file can hold, and counts whose product with a size wraps around */
    static const uint64_t counts[] = {1, UINT64_MAX, UINT64_C(1) << 63, UINT64_MAX / 48 + 2, UINT64_C(1) << 32};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        b = fresh(0, counts[i]);
        refuse_bytes(&b, "a key");
        b = fresh(counts[i], 0);
        refuse_bytes(&b, "a name");
    }
}

static void lying_values_are_refused(void **state) {
    (void)state;
    Buf b = fresh(0, 1);
    gb_int(&b, UINT64_MAX, 8), buf_adds(&b, "key");
    refuse_bytes(&b, "a key claims 18446744073709551615 bytes, but only 3 follow");
    b = fresh(0, 1), gb_u32(&b, "", 3);
    refuse_bytes(&b, "a key has 0 bytes");
    b = fresh(0, 1), gb_key(&b, "k", 13), gb_int(&b, 0, 8);
    refuse_bytes(&b, "key 'k': its type 13 is unknown");
    b = fresh(0, 1), gb_key(&b, "k", 8), gb_int(&b, UINT64_C(1) << 63, 8), buf_adds(&b, "text");
    refuse_bytes(&b, "key 'k': its string claims 9223372036854775808 bytes");
    b = fresh(0, 1), gb_array(&b, "k", 9, 1), gb_int(&b, 0, 4), gb_int(&b, 0, 8);
    refuse_bytes(&b, "an array of arrays");
    b = fresh(0, 1), gb_array(&b, "k", 99, 1), gb_int(&b, 0, 8);
    refuse_bytes(&b, "unknown type 99");
    static const uint64_t counts[] = {3, UINT64_MAX, UINT64_C(1) << 61, (UINT64_C(1) << 61) + 1, UINT64_C(1) << 62};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        b = fresh(0, 1), gb_array(&b, "k", 10, counts[i]), gb_int(&b, 1, 8), gb_int(&b, 2, 8);
        refuse_bytes(&b, "an array claims");
        b = fresh(0, 1), gb_array(&b, "k", 8, counts[i]), gb_str(&b, "a"), gb_str(&b, "b");
        refuse_bytes(&b, "key 'k': item 2");
    }
    b = fresh(0, 3), gb_u32(&b, "a", 1), gb_u32(&b, "b", 1), gb_u32(&b, "a", 2);
    refuse_bytes(&b, "the key 'a' is there twice");
    b = fresh(0, 1), gb_int(&b, 3, 8), buf_add(&b, "a\0b", 3), gb_int(&b, 4, 4), gb_int(&b, 4, 4);
    refuse_bytes(&b, "NUL");
    static const uint32_t alignments[] = {0, 3, 4, 48, UINT32_MAX};
    for (size_t i = 0; i < sizeof alignments / sizeof *alignments; i++) {
        b = fresh(0, 1), gb_u32(&b, "general.alignment", alignments[i]);
        refuse_bytes(&b, "'general.alignment' must be");
    }
    b = fresh(0, 1), gb_text(&b, "general.alignment", "32");
    refuse_bytes(&b, "'general.alignment' must be");
}

/* One tensor with these numbers, followed by `data` bytes of data. */
static Buf one(int rank, const uint64_t *dim, uint32_t type, uint64_t offset, size_t data) {
    Buf b = fresh(1, 0);
    gb_tensor(&b, "t", rank, dim, type, offset);
    gb_pad(&b, 32);
    for (size_t i = 0; i < data; i++) buf_addc(&b, 1);
    return b;
}

static void lying_tensors_are_refused(void **state) {
    (void)state;
    static const struct {
        int rank;
        uint64_t dim[5];
        uint32_t type;
        uint64_t offset;
        size_t data;
        const char *says;
    } cases[] = {
        {0, {0}, 0, 0, 4, "tensor 't': it has 0 dimensions"},
        {5, {1, 1, 1, 1, 1}, 0, 0, 4, "tensor 't': it has 5 dimensions"},
        {2, {4, 0}, 0, 0, 4, "its dimension 1 is 0"},
        {1, {UINT64_MAX}, 0, 0, 4, "its dimension 0 is -1"},
        {1, {UINT64_C(1) << 63}, 24, 0, 4, "its dimension 0"},
        {2, {INT64_MAX, INT64_MAX}, 0, 0, 4, "absurdly large"},
        {4, {1 << 16, 1 << 16, 1 << 16, 1 << 16}, 24, 0, 4, "absurdly large"},
        {2, {INT64_MAX, 4}, 0, 0, 4, "absurdly large"},
        {1, {33}, 8, 0, 68, "rows have 33 numbers, but Q8_0 comes in blocks of 32"},
        {1, {32}, 12, 0, 144, "Q4_K comes in blocks of 256"},
        {1, {1}, 40, 0, 4, "the number type 40, which is newer"},
        {1, {1}, UINT32_MAX, 0, 4, "the number type 4294967295"},
        {1, {32}, 4, 0, 64, "Ollama"},
        {1, {32}, 31, 0, 64, "Q4_0_4_4"},
        {1, {2}, 0, 4, 16, "offset 4, no multiple of the alignment 32"},
        {1, {2}, 0, 0, 7, "would take 8 bytes from the offset 0, but the data section has only 7"},
        {1, {2}, 0, 32, 39, "would take 8 bytes from the offset 32"},
        {1, {2}, 0, UINT64_MAX - 31, 64, "would take 8 bytes"},
        {1, {2}, 0, UINT64_C(1) << 63, 64, "would take 8 bytes"},
        {1, {UINT64_C(1) << 40}, 0, 0, 64, "would take 4398046511104 bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Buf b = one(cases[i].rank, cases[i].dim, cases[i].type, cases[i].offset, cases[i].data);
        refuse_bytes(&b, cases[i].says);
    }
}

static void tensors_may_not_collide(void **state) {
    (void)state;
    static const uint64_t n[] = {16};
    static const struct {
        const char *names[2];
        uint64_t at[2];
        const char *says; /* NULL: fine */
    } cases[] = {
        {{"a", "b"}, {0, 64}, NULL},
        {{"a", "b"}, {64, 0}, NULL},
        {{"a", "b"}, {0, 96}, NULL}, /* a hole is no lie */
        {{"a", "b"}, {0, 32}, "tensors 'a' and 'b' overlap"},
        {{"a", "b"}, {32, 0}, "tensors 'b' and 'a' overlap"},
        {{"a", "b"}, {0, 0}, "overlap"},
        {{"a", "a"}, {0, 64}, "tensor 'a' is there twice"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Buf b = fresh(2, 0);
        for (int k = 0; k < 2; k++) gb_tensor(&b, cases[i].names[k], 1, n, 0, cases[i].at[k]);
        gb_pad(&b, 32);
        for (int k = 0; k < 160; k++) buf_addc(&b, 1);
        if (cases[i].says) {
            refuse_bytes(&b, cases[i].says);
            continue;
        }
        Gguf *g;
        Err e = ERR_INIT;
        assert_true(gguf_open((const unsigned char *)b.p, b.n, "f", &g, &e));
        gguf_close(g);
        buf_release(&b);
    }
    char name[66] = {0};
    memset(name, 'n', 65);
    Buf b = fresh(1, 0);
    gb_tensor(&b, name, 1, n, 0, 0);
    refuse_bytes(&b, "a name has 65 bytes; 1 to 64");
}

/* A lie about counts may not cost memory either: what is held grows with what was really read. */
static void no_failing_allocation_crashes(void **state) {
    (void)state;
    size_t end;
    Buf b = sample(&end);
    for (uint64_t n = 1;; n++) {
        Err e = ERR_INIT;
        Gguf *g;
        mem_fail_at(n);
        bool ok = gguf_open((const unsigned char *)b.p, b.n, "f", &g, &e);
        mem_fail_at(0);
        gguf_close(g);
        if (ok) break;
        assert_null(g);
        assert_int_equal(e.code, ERR_MEMORY);
        assert_true(n < 100);
    }
    buf_release(&b);
}

static uint32_t next_random(uint64_t *s) {
    *s = *s * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*s >> 33);
}

/* Whatever is accepted has all its bytes inside the file. */
static void mutations_stay_inside(void **state) {
    (void)state;
    uint64_t seed = 11, accepted = 0;
    size_t end;
    Buf b = sample(&end);
    char *m = malloc(b.n);
    for (int round = 0; round < 20000; round++) {
        memcpy(m, b.p, b.n);
        for (uint32_t k = 1 + next_random(&seed) % 4; k > 0; k--)
            m[next_random(&seed) % end] = (char)(next_random(&seed) % 3 ? next_random(&seed) : 0xFF);
        Err e = ERR_INIT;
        unsigned char *copy;
        Gguf *g = open_copy(m, b.n, &copy, &e);
        for (size_t i = 0; g && i < gguf_n_tensors(g); i++) {
            const GgufTensor *t = gguf_tensor_at(g, i);
            assert_true(t->data >= copy && t->bytes <= b.n && t->data + t->bytes <= copy + b.n);
        }
        for (size_t i = 0; g && i < gguf_n_values(g); i++) {
            const GgufValue *v = gguf_value_at(g, i);
            assert_true(v->data >= copy && v->data + v->bytes <= copy + b.n);
            size_t at = 0;
            for (uint64_t k = 0; v->type == GGUF_ARRAY && v->item == GGUF_STRING && k < v->count; k++)
                gguf_next_str(v, &at);
        }
        accepted += g != NULL;
        if (!g) assert_int_equal(e.code, ERR_INPUT);
        gguf_close(g);
        free(copy);
    }
    assert_true(accepted > 1000 && accepted < 19000);
    free(m);
    buf_release(&b);
}

/* Files that others wrote: names, types and sizes as the reference's notes list them. */
static void reference_files_are_read(void **state) {
    (void)state;
    NEED_SHARED(path, "golden/tiny-e/tiny-e-q8_0-mxfp4.gguf");
    Err e = ERR_INIT;
    FileMap f;
    Gguf *g;
    Str s = {0};
    uint64_t u = 0;
    assert_true(file_map(path, &f, &e));
    if (!gguf_open(f.p, f.n, "tiny-e", &g, &e)) fail_msg("%s", e.msg);
    assert_int_equal(gguf_n_tensors(g), 19 * 2 + 3);
    assert_true(gguf_str(g, "general.architecture", true, &s, &e) && str_eqz(s, "gpt-oss"));
    assert_true(gguf_uint(g, "gpt-oss.block_count", true, 0, 99, &u, &e) && u == 2);
    const GgufValue *tokens = NULL;
    assert_true(gguf_array(g, "tokenizer.ggml.tokens", true, GGUF_STRING, &tokens, &e) && tokens->count == 320);
    const GgufTensor *t = gguf_find_tensor(g, "blk.1.ffn_down_exps.weight");
    assert_int_equal(t->type, 39);
    assert_int_equal(t->dim[0], 64), assert_int_equal(t->dim[1], 64), assert_int_equal(t->dim[2], 3);
    assert_int_equal(t->bytes, 3 * 64 * 2 * 17);
    assert_int_equal(gguf_find_tensor(g, "token_embd.weight")->type, 8);
    gguf_close(g);
    for (size_t n = 0; n < f.n; n += n < 4096 ? 1 : 499) {
        e = (Err)ERR_INIT;
        unsigned char *copy;
        assert_null(open_copy((const char *)f.p, n, &copy, &e));
        assert_int_equal(e.code, ERR_INPUT);
        free(copy);
    }
    file_unmap(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_valid_file_is_read),      cmocka_unit_test(values_have_their_types),
        cmocka_unit_test(wrong_reads_name_the_key),  cmocka_unit_test(every_prefix_is_refused),
        cmocka_unit_test(heads_are_checked),         cmocka_unit_test(lying_values_are_refused),
        cmocka_unit_test(lying_tensors_are_refused), cmocka_unit_test(tensors_may_not_collide),
        cmocka_unit_test(mutations_stay_inside),     cmocka_unit_test(no_failing_allocation_crashes),
        cmocka_unit_test(reference_files_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
