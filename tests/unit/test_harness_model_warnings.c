/* Warnings about a checkpoint quote its files: names of tensors and keys, which anybody may have written. */
#include "harness/model_warnings.h"
#include "tests/support.h"

static void prints(const char *summary, const char *want) {
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    EngineInfo info = {.summary_json = summary};
    model_warnings_print(&info, "assay: m: ", f);
    fclose(f);
    assert_string_equal(text, want);
    free(text);
}

static void test_escapes(void **state) {
    (void)state;
    /* U+009B begins a command on some terminals; U+202E turns the rest of the line round */
    prints("{\"warnings\":[\"a \\u001b[2J'x\\u009b31m'\",\"b\\u202ec\"]}",
           "assay: m: warning: a \\x1b[2J'x\\x9b31m'\nassay: m: warning: b\\u{202e}c\n");
}

static void test_nothing(void **state) {
    (void)state;
    prints("{\"warnings\":[]}", "");
    prints("{}", "");
    prints(NULL, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_escapes), cmocka_unit_test(test_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
