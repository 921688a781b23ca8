/* Patterns of adapter settings, against what Python 3.11's re.fullmatch says. */
#include "engine/model/lora_internal.h"
#include "tests/support.h"

typedef struct Case {
    const char *pattern, *text;
    bool matches;
} Case;

#define Q "model.layers.13.self_attn.q_proj"

static const Case cases[] = {
#include "tests/golden/lora/patterns.inc"
};

static bool matches(const char *pattern, const char *text) {
    Arena *a = arena_open(0);
    LoraPattern *p = NULL;
    Err e = ERR_INIT;
    if (!lora_pattern(a, str_from(pattern), &p, &e)) fail_msg("%s: %s", pattern, e.msg);
    bool yes = lora_pattern_matches(p, str_from(text));
    arena_close(a);
    return yes;
}

static void test_as_python(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (matches(cases[i].pattern, cases[i].text) != cases[i].matches)
            fail_msg("'%s' on '%s': expected %d", cases[i].pattern, cases[i].text, cases[i].matches);
}

static void test_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "(",  ")",          "a)",  "[a", "*",     "a**",     "(?=a)", "(?P<n>a)",       "a{2,1}",
        "a{", "a{,}b{999}", "\\1", "\\", "[b-a]", "(?!x).*", "(?i)a", "q_proj\xC3\xA9?"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Arena *a = arena_open(0);
        LoraPattern *p = NULL;
        Err e = ERR_INIT;
        if (lora_pattern(a, str_from(bad[i]), &p, &e)) fail_msg("'%s' was read", bad[i]);
        assert_int_equal(e.code, ERR_INPUT);
        arena_close(a);
    }
}

/* Nested repeats grow code and depth; both have ceilings, and matching takes time linear in the text. */
static void test_hostile(void **state) {
    (void)state;
    char deep[4000], text[3000];
    memset(deep, '(', sizeof deep - 1), deep[sizeof deep - 1] = '\0';
    Arena *a = arena_open(0);
    LoraPattern *p;
    Err e = ERR_INIT;
    assert_false(lora_pattern(a, str_from(deep), &p, &e));
    assert_false(lora_pattern(a, STR("((((a{200}){200}){200}){200}){200}"), &p, &e));
    memset(text, 'a', sizeof text - 1), text[sizeof text - 1] = '\0';
    assert_false(matches("((a*)*)*b", text));
    assert_true(matches("(((a|aa)*)*)*", text));
    arena_close(a);
}

static void test_no_memory(void **state) {
    (void)state;
    for (uint64_t n = 1;; n++) {
        Arena *a = arena_open(0);
        LoraPattern *p = NULL;
        Err e = ERR_INIT;
        mem_fail_at(n);
        bool ok = lora_pattern(a, STR("(a|b)*c"), &p, &e);
        mem_fail_at(0);
        arena_close(a);
        if (ok) break;
        assert_int_equal(e.code, ERR_MEMORY);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_as_python), cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_hostile), cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
