/* The rating curve of report.html: it is there where samples have ratings and nowhere else, and its figures are those
 * of a likelihood that is maximised here by another way. */
#include "tests/report_fixture.h"

#include "reports/report.h"

static char *page_of(const Fixture *f, Lang lang, Buf *b) {
    Err err = ERR_INIT;
    char *dir = fixture_dir();
    RunStore *s = fixture_run(dir, f);
    buf_init(b, (size_t)1 << 26);
    store_speak(s, lang);
    if (!report_write(reports_find("html"), s, b, &err)) fail_msg("%s", err.msg);
    buf_addc(b, 0);
    store_close(s);
    fixture_remove(dir);
    return b->p;
}

/* Newton's method on the log-likelihood, with the observed information: none of the library's own code. */
static void reference(const Fixture *f, int model, double *rating, double *se, int *n) {
    const double L = log(10.0) / 400.0;
    double r = 1500.0, information = 1.0;
    for (int round = 0; round < 100; round++) {
        double score = 0.0;
        information = 0.0, *n = 0;
        for (int i = 0; i < f->samples; i++) {
            FixtureDraw d = fixture_draw_item(model, 2, i, 1);
            if (d.outcome > OUTCOME_NO_ANSWER) continue; /* without a score */
            double p = 1.0 / (1.0 + pow(10.0, (fixture_rating(i) - r) / 400.0));
            score += L * ((d.outcome == OUTCOME_CORRECT) - p);
            information += L * L * p * (1.0 - p);
            ++*n;
        }
        r += score / information;
    }
    *rating = r, *se = 1.0 / sqrt(information);
}

static void test_figures(void **state) {
    (void)state;
    Fixture f = FIXTURE_DEFAULTS;
    Buf b;
    f.rated = true;
    const char *page = page_of(&f, LANG_EN, &b);
    assert_non_null(strstr(page, "id=\"rating\""));
    for (int m = 0; m < 2; m++) {
        double rating, se;
        int n;
        char want[200];
        reference(&f, m, &rating, &se, &n);
        snprintf(want, sizeof want, "%s: rating %.0f (95&nbsp;%% interval %.0f to %.0f) over %d problems",
                 FIXTURE_MODELS[m], rating, rating - 1.96 * se, rating + 1.96 * se, n);
        if (!strstr(page, want)) fail_msg("the page does not say '%s'", want);
    }
    assert_null(strstr(strstr(page, "id=\"rating\""), "nan"));
    buf_release(&b);
}

static void test_absent(void **state) {
    (void)state;
    Fixture f = FIXTURE_DEFAULTS;
    Buf b;
    assert_null(strstr(page_of(&f, LANG_EN, &b), "id=\"rating\""));
    buf_release(&b);
}

/* One problem has no finite rating: it is said, never printed as a number. */
static void test_too_few(void **state) {
    (void)state;
    Fixture f = FIXTURE_DEFAULTS;
    Buf b;
    f.rated = true, f.samples = 1;
    const char *page = page_of(&f, LANG_EN, &b), *section = strstr(page, "id=\"rating\"");
    if (section) {
        assert_non_null(strstr(section, "no rating, since "));
        assert_null(strstr(section, "nan"));
        assert_null(strstr(section, "inf"));
    }
    buf_release(&b);
}

static void test_korean(void **state) {
    (void)state;
    Fixture f = FIXTURE_DEFAULTS;
    Buf b;
    f.rated = true;
    const char *page = page_of(&f, LANG_KO, &b);
    assert_non_null(strstr(page, "어디까지 풀 수 있습니까?"));
    assert_non_null(strstr(page, "demo-large: 문제 "));
    buf_release(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_figures), cmocka_unit_test(test_absent),
                                       cmocka_unit_test(test_too_few), cmocka_unit_test(test_korean)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
