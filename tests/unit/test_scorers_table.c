/* Every built-in keeps the rules of the door it uses. */
#include "tests/unit/scorers_host.h"

static void test_table(void **state) {
    (void)state;
    assert_true(scorers_count() >= 4);
    assert_null(scorers_at(scorers_count()));
    assert_null(scorers_find("none-such"));
    assert_null(scorers_find(NULL));
    for (size_t i = 0; i < scorers_count(); i++) {
        const Scorer *s = scorers_at(i);
        assert_int_equal(s->abi, SCORER_ABI);
        assert_int_equal(s->size, sizeof(Scorer));
        assert_true(s->name && s->version && s->help && s->open && s->score && s->close);
        assert_ptr_equal(scorers_find(s->name), s);
        s->close(NULL); /* what open gave is freed, nothing is fine too */
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
