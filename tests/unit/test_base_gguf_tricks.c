/* Published tricks with GGUF files; where an advisory was read, by its name. The file that carries each is built here
 * from its description; all are refused with a sentence, and nothing is reserved for what a file merely claims. */
#include "engine/base/gguf.h"
#include "tests/gguf_build.h"
#include "tests/support.h"

static void refused(const char *trick, const Buf *b, const char *says) {
    Gguf *g;
    Err err = ERR_INIT;
    assert_false(b->failed);
    unsigned char *exact = malloc(b->n); /* so that a sanitizer sees a read beyond it */
    memcpy(exact, b->p, b->n);
    mem_fail_at(0);
    if (gguf_open(exact, b->n, "f.gguf", &g, &err)) fail_msg("%s was taken", trick);
    if (err.code != ERR_INPUT || !strstr(err.msg, says)) fail_msg("%s: expected '%s' in: %s", trick, says, err.msg);
    uint64_t blocks = mem_fail_at(0);
    if (blocks > 40) fail_msg("%s: %llu blocks were reserved", trick, (unsigned long long)blocks);
    free(exact);
}

static Buf begin(uint64_t n_tensors, uint64_t n_values) {
    Buf b;
    buf_init(&b, 1 << 20);
    gb_head(&b, n_tensors, n_values);
    return b;
}

static void end(Buf *b, const char *trick, const char *says) {
    gb_pad(b, 32);
    for (int i = 0; i < 64; i++) buf_addc(b, 0);
    refused(trick, b, says);
    buf_release(b);
}

/* The product of a count and a structure's size wraps to little.
 * Counts here: times 24, 48, 56, 64, 80, 88 or 96 bytes they are 0 or small modulo 2^64. */
static void counts_that_wrap(void **state) {
    static const uint64_t sizes[] = {24, 48, 56, 64, 80, 88, 96, 368};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint64_t wraps = UINT64_MAX / sizes[i] + 1;
        Buf b = begin(wraps, 0);
        uint64_t dim[] = {4};
        gb_tensor(&b, "t", 1, dim, 0, 0);
        end(&b, "number of tensors wraps", "tensor");
        b = begin(0, wraps);
        gb_u32(&b, "k", 1);
        end(&b, "number of pairs wraps", "pair");
    }
}

/* A string's length plus one wraps to 0. */
static void string_that_wraps(void **state) {
    (void)state;
    for (uint64_t less = 0; less < 9; less++) {
        Buf b = begin(0, 1);
        gb_int(&b, UINT64_MAX - less, 8);
        end(&b, "string wraps, key", "claims");
        b = begin(0, 1);
        gb_key(&b, "k", GGUF_STRING), gb_int(&b, UINT64_MAX - less, 8);
        end(&b, "string wraps, value", "claims");
        b = begin(1, 0);
        gb_int(&b, UINT64_MAX - less, 8);
        end(&b, "string wraps, tensor", "claims");
    }
}

/* An array's length times its items' size wraps to little. */
static void array_that_wraps(void **state) {
    static const struct {
        uint32_t item, size;
    } items[] = {{GGUF_U16, 2}, {GGUF_I32, 4}, {GGUF_F64, 8}, {GGUF_STRING, 16}, {GGUF_STRING, 8}, {GGUF_U64, 8}};
    (void)state;
    for (size_t i = 0; i < sizeof items / sizeof *items; i++)
        for (uint64_t extra = 0; extra < 3; extra++) {
            Buf b = begin(0, 1);
            gb_array(&b, "k", items[i].item, UINT64_MAX / items[i].size + 1 + extra);
            end(&b, "array wraps", "key 'k'");
        }
}

/* More dimensions than the array that takes them. */
static void too_many_dimensions(void **state) {
    static const uint32_t ranks[] = {0, 5, 8, 255, 0x7fffffff, 0x80000000, UINT32_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++) {
        Buf b = begin(1, 0);
        gb_str(&b, "t"), gb_int(&b, ranks[i], 4);
        for (int k = 0; k < 12; k++) gb_int(&b, 4, 8);
        end(&b, "rank", "dimensions");
    }
}

/* CVE-2026-33298 (llama.cpp, GHSA-96jg-mvhq-q7q7) and what came after: the number of elements, or its bytes, wraps.
 * 2^20 times 2^42+1 F32 are 2^64 bytes and 4 MiB more, which is all that a wrapped product shows. */
static void elements_that_wrap(void **state) {
    static const struct {
        int rank;
        uint64_t dim[4];
        uint32_t type;
    } shapes[] = {{2, {1u << 20, (UINT64_C(1) << 42) + 1}, 0},
                  {2, {1u << 30, (UINT64_C(1) << 42) + 1}, 0},
                  {2, {INT64_MAX, 2}, 24},
                  {1, {UINT64_C(1) << 62}, 0},
                  {1, {(UINT64_C(1) << 62) + 4}, 0},
                  {4, {1 << 16, 1 << 16, 1 << 16, 1 << 16}, 0},
                  {4, {1 << 16, 1 << 16, 1 << 16, (1 << 16) + 1}, 24},
                  {3, {UINT64_C(1) << 32, UINT64_C(1) << 32, 32}, 39},
                  {2, {(UINT64_C(1) << 63) - 32, 16}, 8}};
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        Buf b = begin(1, 0);
        gb_tensor(&b, "t", shapes[i].rank, shapes[i].dim, shapes[i].type, 0);
        end(&b, "CVE-2026-33298", "tensor 't'");
    }
}

/* The sum of the tensors' padded sizes wraps (CVE-2025-53630), or that sum and the structures beside it (its bypass,
 * CVE-2026-27940; llama.cpp, both told in GHSA-3p4r-fq3f-q74v); a size near 2^64 is padded to 0. */
static void sum_that_wraps(void **state) {
    static const uint64_t big[] = {UINT64_C(1) << 61, (UINT64_C(1) << 62) - 8, (UINT64_C(1) << 62) - 1};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        Buf b = begin(3, 0);
        uint64_t small[] = {4}, one[] = {big[i]};
        gb_tensor(&b, "a", 1, one, 0, 0), gb_tensor(&b, "b", 1, one, 0, 0), gb_tensor(&b, "c", 1, small, 0, 0);
        end(&b, "CVE-2025-53630 or CVE-2026-27940", "tensor 'a'");
    }
}

/* A dimension of 0 divided by in the overflow check itself; negative ones. */
static void sizes_of_nothing(void **state) {
    static const uint64_t sizes[] = {0, UINT64_MAX, UINT64_C(1) << 63};
    (void)state;
    for (size_t i = 0; i < 3; i++)
        for (int place = 0; place < 4; place++) {
            uint64_t dim[] = {4, 1, 1, 1};
            dim[place] = sizes[i];
            Buf b = begin(1, 0);
            gb_tensor(&b, "t", 4, dim, 0, 0);
            end(&b, "a dimension of 0", "dimension");
        }
}

/* The end of a tensor's data wraps round to the beginning; or lies beyond the file (CVE-2026-7482, Ollama: the
 * reader took what stood behind in memory). */
static void offsets_that_wrap(void **state) {
    static const uint64_t offsets[] = {UINT64_MAX - 31, UINT64_C(1) << 63, UINT64_MAX - 15, 64, 1, UINT64_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        uint64_t dim[] = {8};
        Buf b = begin(1, 0);
        gb_tensor(&b, "t", 1, dim, 0, offsets[i]);
        end(&b, "an offset that wraps", "tensor 't'");
    }
    uint64_t large[] = {1 << 20};
    Buf b = begin(1, 0);
    gb_tensor(&b, "t", 1, large, 1, 0);
    end(&b, "CVE-2026-7482", "would take 2097152 bytes");
}

/* Negative and absent type numbers once indexed a table from the front. */
static void types_beyond_the_table(void **state) {
    static const uint32_t types[] = {4, 5, 31, 36, 40, 255, 0x7fffffff, 0x80000000, UINT32_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        uint64_t dim[] = {32};
        Buf b = begin(1, 0);
        gb_tensor(&b, "t", 1, dim, types[i], 0);
        end(&b, "a type beyond the table", "type");
        b = begin(0, 1);
        gb_key(&b, "k", types[i] | 16), gb_int(&b, 0, 8);
        end(&b, "a value's type", "type");
    }
}

/* An alignment of another type (read unchecked it ended ggml by an assertion), of 0 (a division), not a power. */
static void alignments(void **state) {
    static const uint32_t numbers[] = {0, 1, 7, 33, 0xfffffff0};
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        Buf b = begin(0, 1);
        gb_u32(&b, "general.alignment", numbers[i]);
        end(&b, "an odd alignment", "general.alignment");
    }
    Buf b = begin(0, 1);
    gb_key(&b, "general.alignment", GGUF_I32), gb_int(&b, 32, 4);
    end(&b, "an alignment of another type", "general.alignment");
    b = begin(0, 1);
    gb_array(&b, "general.alignment", GGUF_U32, 1), gb_int(&b, 32, 4);
    end(&b, "an alignment in an array", "general.alignment");
    b = begin(1, 1);
    uint64_t dim[] = {8};
    gb_u32(&b, "general.alignment", 0x80000000), gb_tensor(&b, "t", 1, dim, 0, 0);
    end(&b, "an alignment beyond the file", "truncated");
}

/* Arrays of arrays, ever deeper: recursion on the file's word. */
static void nested_arrays(void **state) {
    (void)state;
    Buf b = begin(0, 1);
    gb_key(&b, "k", GGUF_ARRAY);
    for (int i = 0; i < 10000; i++) gb_int(&b, GGUF_ARRAY, 4), gb_int(&b, 1, 8);
    end(&b, "nested arrays", "array of arrays");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_that_wrap),       cmocka_unit_test(string_that_wraps),
        cmocka_unit_test(array_that_wraps),       cmocka_unit_test(too_many_dimensions),
        cmocka_unit_test(elements_that_wrap),     cmocka_unit_test(sum_that_wraps),
        cmocka_unit_test(sizes_of_nothing),       cmocka_unit_test(offsets_that_wrap),
        cmocka_unit_test(types_beyond_the_table), cmocka_unit_test(alignments),
        cmocka_unit_test(nested_arrays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
