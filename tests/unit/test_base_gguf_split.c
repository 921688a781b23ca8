/* Names of split GGUF files. */
#include "engine/base/gguf_split.h"
#include "tests/support.h"

static void parts(void **state) {
    (void)state;
    GgufSplit s;
    Arena *a = arena_open(0);
    assert_true(gguf_split_parse("d/gpt-oss-120b-mxfp4-00002-of-00003.gguf", &s));
    assert_true(str_eqz(s.prefix, "d/gpt-oss-120b-mxfp4"));
    assert_int_equal(s.no, 2);
    assert_int_equal(s.count, 3);
    assert_string_equal(gguf_split_path(a, &s, 1), "d/gpt-oss-120b-mxfp4-00001-of-00003.gguf");
    assert_string_equal(gguf_split_first(a, "x-00007-of-12345.gguf"), "x-00001-of-12345.gguf");
    arena_close(a);
}

static void no_parts(void **state) {
    (void)state;
    static const char *const names[] = {"",
                                        "model.gguf",
                                        "-00001-of-00002.gguf",
                                        "d/-00001-of-00002.gguf",
                                        "m-00000-of-00002.gguf",
                                        "m-00003-of-00002.gguf",
                                        "m-0001-of-0002.gguf",
                                        "m-00001-of-00002.GGUF",
                                        "m-00001-of-00002.gguf.part",
                                        "m-0000x-of-00002.gguf",
                                        "m-00001of--00002.gguf",
                                        "m-000-1-of-00002.gguf"};
    GgufSplit s;
    Arena *a = arena_open(0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_false(gguf_split_parse(names[i], &s));
        assert_ptr_equal(gguf_split_first(a, names[i]), names[i]);
    }
    arena_close(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(parts), cmocka_unit_test(no_parts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
