/* Documents made of one Findings are those that each makes alone, whatever was made before them and in whatever
 * language; what they say is computed once. */
#include "reports/findings.h"
#include "tests/report_fixture.h"

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        if (!(call)) fail_msg("%s: %s", #call, err.msg);                                                               \
    } while (0)

typedef struct Doc {
    const char *format; /* NULL: the terminal's */
    Lang lang;
} Doc;

static const Doc DOCS[] = {{"html", LANG_KO},  {"json", LANG_KO}, {"html", LANG_EN}, {"md", LANG_EN}, {"csv", LANG_EN},
                           {"junit", LANG_EN}, {"md", LANG_KO},   {"json", LANG_EN}, {NULL, LANG_KO}, {NULL, LANG_EN}};

static Buf document(RunStore *s, Findings *f, const Doc *d) {
    Err err = ERR_INIT;
    Findings *own = NULL;
    Buf b;
    buf_init(&b, (size_t)1 << 28);
    store_speak(s, d->lang);
    if (!f) OK(findings_open(s, &own, &err));
    if (d->format)
        OK(reports_find(d->format)->write(f ? f : own, &b, &err));
    else
        OK(report_summary(f ? f : own, &b, &err));
    findings_close(own);
    return b;
}

static void test_together_as_alone(void **state) {
    (void)state;
    Err err = ERR_INIT;
    Fixture x = FIXTURE_DEFAULTS;
    x.samples = 12;
    char *dir = fixture_dir();
    RunStore *s = fixture_run(dir, &x);
    Findings *all = NULL;
    OK(findings_open(s, &all, &err));
    for (int again = 0; again < 2; again++)
        for (size_t i = 0; i < sizeof DOCS / sizeof *DOCS; i++) {
            Buf alone = document(s, NULL, &DOCS[i]), together = document(s, all, &DOCS[i]);
            if (alone.n < 100 || !str_eq(buf_str(&alone), buf_str(&together)))
                fail_msg("document %zu differs when it is made after others", i);
            buf_release(&alone);
            buf_release(&together);
        }
    findings_close(all);
    store_close(s);
    fixture_remove(dir);
}

static void test_once(void **state) {
    (void)state;
    Err err = ERR_INIT;
    Fixture x = FIXTURE_DEFAULTS;
    x.samples = 3;
    char *dir = fixture_dir();
    RunStore *s = fixture_run(dir, &x);
    Findings *all = NULL;
    OK(findings_open(s, &all, &err));
    const Found *en = findings(all, &err);
    store_speak(s, LANG_KO);
    const Found *ko = findings(all, &err);
    assert_non_null(en);
    assert_non_null(ko);
    assert_ptr_not_equal(en, ko);
    assert_string_not_equal(en->s.headline[0].lead, ko->s.headline[0].lead);
    assert_ptr_equal(findings_in(all, LANG_EN, &err), en);
    assert_ptr_equal(findings(all, &err), ko);
    assert_ptr_equal(findings_store(all), s);
    findings_close(all);
    findings_close(NULL);
    store_close(s);
    fixture_remove(dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_together_as_alone), cmocka_unit_test(test_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
