/* What makes two runs less comparable is said, once, and nothing is said of runs that are alike. */
#include "reports/compare/compare.h"
#include "tests/compare_support.h"

/* Manifest entries of one run. NULL: none. */
typedef struct Manifest {
    const char *models, *suites, *plan, *scorers, *harness, *calibration, *n_items, *judge, *rescoring;
} Manifest;

static const Manifest PLAIN = {
    "[{\"name\":\"m\",\"digest\":\"aa\"}]",
    "[{\"name\":\"s\",\"sha256\":\"1\",\"data_sha256\":\"2\"}]",
    "{\"seed\":7,\"suites\":[{\"suite\":\"s\",\"generation\":{\"temperature\":0,\"max_tokens\":100}}]}",
    "{\"s\":[{\"name\":\"number\",\"version\":\"1\"}]}",
    "{\"version\":\"0.1.0\"}",
    NULL,
    "1",
    NULL,
    NULL};

static void put_manifest(Runs *r, const Manifest *m) {
    const struct {
        const char *key, *json;
    } entries[] = {{"models", m->models},   {"suites", m->suites},   {"plan", m->plan},
                   {"scorers", m->scorers}, {"harness", m->harness}, {"calibration", m->calibration},
                   {"n_items", m->n_items}, {"judge", m->judge},     {"rescoring", m->rescoring}};
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        if (entries[i].json) manifest_put(r, entries[i].key, entries[i].json);
}

/* Two runs of one answer each, the second with the other manifest; what is said of them. */
static const char *const *warnings(Runs *r, const Manifest *a, const Manifest *b, size_t *n, Lang lang) {
    static Summary s;
    static Compare c;
    Err err = ERR_INIT;
    runs_begin(r);
    run_new(r);
    put_manifest(r, a);
    put(r, (Answer){"q", "h", 1});
    run_new(r);
    put_manifest(r, b);
    put(r, (Answer){"q", "h", 0});
    unite(r);
    if (!summary_build_in(r->both, lang, r->d.a, &s, &err) || !compare_build(r->both, &s, &c, &err))
        fail_msg("%s", err.msg);
    *n = c.n_warnings;
    return c.warnings;
}

static void says(const Manifest *a, const Manifest *b, const char *sentence) {
    Runs r;
    size_t n;
    const char *const *list = warnings(&r, a, b, &n, LANG_EN);
    if (n != 1) fail_msg("%zu sentences instead of one: %s", n, n ? list[0] : "");
    assert_string_equal(list[0], sentence);
    runs_end(&r);
}

static void says_nothing(const Manifest *a, const Manifest *b) {
    Runs r;
    size_t n;
    const char *const *list = warnings(&r, a, b, &n, LANG_EN);
    if (n) fail_msg("said: %s", list[0]);
    runs_end(&r);
}

#define OTHER(member, json)                                                                                            \
    Manifest other = PLAIN;                                                                                            \
    other.models = "[{\"name\":\"m\",\"digest\":\"bb\"}]";                                                             \
    Manifest first = PLAIN;                                                                                            \
    first.models = "[{\"name\":\"m\"}]"; /* its weights are unknown: nothing is said of them */                        \
    other.member = json

static void test_weights(void **state) {
    (void)state;
    Manifest b = PLAIN;
    says(&PLAIN, &b,
         "A and B are the same weights: differences are those of plans, seeds or programs, or of a "
         "store that was changed.");
    b.models = "[{\"name\":\"m\",\"digest\":\"bb\"}]";
    says(&PLAIN, &b, "Both runs call a model m, but the weights differ: they are two models here.");
    b.models =
        "[{\"name\":\"m\",\"digest\":\"aa\",\"precision\":\"int8\"}]"; /* the same weights, worked with otherwise */
    says_nothing(&PLAIN, &b);
    b.models = "[{\"name\":\"m\"}]";
    says_nothing(&PLAIN, &b);
}

static void test_suites(void **state) {
    (void)state;
    OTHER(suites, "[{\"name\":\"s\",\"sha256\":\"9\",\"data_sha256\":\"2\"}]");
    static const char SENTENCE[] = "s is not the same suite in run0 and run1 (its file or its data changed): only "
                                   "questions with the same content are compared.";
    says(&first, &other, SENTENCE);
    other.suites = "[{\"name\":\"s\",\"sha256\":\"1\",\"data_sha256\":\"3\"}]";
    says(&first, &other, SENTENCE);
    other.suites = "[{\"name\":\"t\",\"sha256\":\"9\"},{\"name\":\"s\",\"data_sha256\":\"2\",\"sha256\":\"1\"}]";
    says_nothing(&first, &other); /* another order of suites and of members */
    first.suites = "[{\"name\":\"s\",\"version\":1,\"sha256\":\"9\"}]";
    other.suites = "[{\"name\":\"s\",\"version\":3,\"sha256\":\"8\"}]";
    says(&first, &other,
         "s is version 1 in run0 and version 3 in run1: scores of two versions may not mean the same. Only questions "
         "with the same content are compared.");
}

static void test_plans(void **state) {
    (void)state;
    OTHER(plan, "{\"seed\":8,\"suites\":[{\"suite\":\"s\",\"generation\":{\"temperature\":0,\"max_tokens\":100}}]}");
    says(&first, &other,
         "The seeds of run0 and run1 differ: where answers are sampled, part of the difference is the draw.");
    other.plan = "{\"seed\":7,\"suites\":[{\"suite\":\"s\",\"generation\":{\"temperature\":0,\"max_tokens\":101}}]}";
    says(&first, &other,
         "s was asked with other settings in run0 and run1 (temperature, token limit or date): the difference is that "
         "of "
         "model and settings together.");
}

static void test_scorers(void **state) {
    (void)state;
    OTHER(scorers, "{\"s\":[{\"name\":\"number\",\"version\":\"2\"}]}");
    static const char SENTENCE[] = "s was scored by another version of number in run0 and run1: score both again with "
                                   "assay rescore before you compare.";
    says(&first, &other, SENTENCE);
    other.scorers = "{\"s\":[{\"name\":\"choice\",\"version\":\"1\"}]}"; /* it is not there at all */
    says(&first, &other, SENTENCE);
    other.scorers = "{\"t\":[{\"name\":\"number\",\"version\":\"2\"}]}";
    says_nothing(&first, &other);
}

static void test_programs_and_cards(void **state) {
    (void)state;
    OTHER(harness, "{\"version\":\"0.2.0\"}");
    says(&first, &other, "Other versions of assay made run0 and run1.");
    other.harness = PLAIN.harness;
    other.calibration = "{\"id\":\"c1\"}";
    static const char SENTENCE[] =
        "The judges of run0 and run1 have other calibration cards. Differences are those of the verdicts as they are; "
        "corrected rates use the first card there is.";
    says(&first, &other, SENTENCE);
    first.calibration = "{\"id\":\"c2\"}";
    says(&first, &other, SENTENCE);
    first.calibration = other.calibration;
    says_nothing(&first, &other);
}

#define JUDGE(digest, precision, effort, seed)                                                                         \
    "{\"digest\":\"" digest "\",\"precision\":\"" precision "\",\"effort\":\"" effort                                  \
    "\",\"temperature\":0,\"max_tokens\":9,\"seed\":" seed ",\"context\":" seed "}"

static void test_judges(void **state) {
    (void)state;
    static const char TWO[] =
        "The verdicts of run0 and run1 are of two judges, or of one with other settings: part of a difference between "
        "verdicts is theirs. Score both with one judge (assay rescore --judge) before you compare.";
    static const char *const others[] = {JUDGE("d2", "exact", "low", "1"), JUDGE("d1", "int8", "low", "1"),
                                         JUDGE("d1", "exact", "high", "1"), JUDGE("d1", "exact", "low", "2"),
                                         "{\"digest\":\"d2\"}"};
    static const char *const alike[] = {
        JUDGE("d1", "exact", "low", "1"), "null",
        "{\"digest\":\"d1\",\"effort\":\"low\",\"temperature\":0,\"max_tokens\":9,\"seed\":1,\"context\":7}"};
    OTHER(judge, NULL);
    first.judge = JUDGE("d1", "exact", "low", "1");
    says_nothing(&first, &other); /* that one was not judged is seen otherwise */
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        other.judge = others[i];
        says(&first, &other, TWO);
    }
    for (size_t i = 0; i < sizeof alike / sizeof *alike; i++) {
        other.judge = alike[i];
        says_nothing(&first, &other);
    }
    other.judge = "{\"effort\":\"low\",\"temperature\":0,\"max_tokens\":9,\"seed\":1}";
    says(&first, &other, "Run run1 does not record its judge: how far it agrees in that with run0 cannot be checked.");
}

static void test_mixed_scores(void **state) {
    (void)state;
    OTHER(rescoring, "\"2026-01-01T00:00:00Z\"");
    says(&first, &other,
         "Scoring run run1 again was interrupted, and its scores are partly old and partly new: begin it again with "
         "assay rescore before you compare.");
    other.rescoring = "null";
    says_nothing(&first, &other);
}

static void test_unfinished(void **state) {
    (void)state;
    OTHER(n_items, "9");
    says(&first, &other,
         "Run run1 is not finished: 1 of 9 answers are stored. The comparison covers what is there; go on with assay "
         "run "
         "--resume, and compare again.");
    other.n_items = NULL;
    says(&first, &other,
         "Run run1 does not say how many answers it planned: whether it is finished cannot be checked.");
}

/* Entries that are absent in both runs are no difference that can be named; that they are unfinished may be. */
static void test_bare(void **state) {
    (void)state;
    Runs r;
    size_t n;
    const Manifest bare = {.n_items = "1"};
    says_nothing(&bare, &bare);
    const Manifest barest = {0};
    const char *const *list = warnings(&r, &barest, &barest, &n, LANG_EN);
    assert_int_equal(n, 2);
    assert_non_null(strstr(list[0], "Run run0 does not say how many answers it planned"));
    assert_non_null(strstr(list[1], "Run run1 does not say how many answers it planned"));
    runs_end(&r);
}

/* Entries of other kinds than ours, as another program might have left them: no crash, and what differs is said. */
static void test_odd_entries(void **state) {
    (void)state;
    static const char *const ODD[] = {"7", "\"text\"", "[]", "{}", "null", "[[1],{\"name\":{}}]"};
    for (size_t i = 0; i < sizeof ODD / sizeof *ODD; i++) {
        Runs r;
        size_t n;
        const Manifest odd = {ODD[i], ODD[i], ODD[i], ODD[i], ODD[i], ODD[i], "1"};
        const char *const *list = warnings(&r, &PLAIN, &odd, &n, LANG_EN);
        bool said = false;
        for (size_t k = 0; k < n; k++) said = said || strstr(list[k], "Other versions of assay");
        assert_true(said);
        runs_end(&r);
    }
}

/* A number of answers that is none is an error with its run and key, and no comparison. */
static void test_odd_numbers(void **state) {
    (void)state;
    static const char *const ODD[] = {"\"1\"", "1.5", "-1", "[]", "null", "1e300"};
    for (size_t i = 0; i < sizeof ODD / sizeof *ODD; i++) {
        Runs r;
        Summary s;
        Compare c;
        Err err = ERR_INIT;
        runs_begin(&r);
        for (int run = 0; run < 2; run++) {
            run_new(&r);
            manifest_put(&r, "n_items", run ? ODD[i] : "1");
            put(&r, (Answer){"q", "h", 1});
        }
        unite(&r);
        assert_true(summary_build_in(r.both, LANG_EN, r.d.a, &s, &err));
        assert_false(compare_build(r.both, &s, &c, &err));
        assert_string_equal(err.msg, "run1: manifest key 'n_items' must be a whole number of answers");
        runs_end(&r);
    }
}

/* No question is in both; and the sentence in Korean, where English has no place but in names. */
static void test_nothing_matches(void **state) {
    (void)state;
    for (Lang lang = LANG_EN; lang < LANG_COUNT; lang++) {
        Runs r;
        Summary s;
        Compare c;
        Err err = ERR_INIT;
        runs_begin(&r);
        for (int run = 0; run < 2; run++) {
            run_new(&r);
            manifest_put(&r, "n_items", "1");
            put(&r, (Answer){"q", run ? "g" : "h", 1});
        }
        unite(&r);
        if (!summary_build_in(r.both, lang, r.d.a, &s, &err) || !compare_build(r.both, &s, &c, &err))
            fail_msg("%s", err.msg);
        assert_int_equal(c.n_warnings, 1);
        if (lang == LANG_EN)
            assert_string_equal(c.warnings[0], "s: no question has the same content in all runs.");
        else
            assert_null(strstr(c.warnings[0], "question"));
        runs_end(&r);
    }
}

/* A hundred suites that changed: some are named, and the last line says how many are not. */
static void test_many(void **state) {
    (void)state;
    Runs r;
    Buf a, b;
    Manifest x = {0}, y = {0};
    size_t n;
    buf_init(&a, 1 << 20);
    buf_init(&b, 1 << 20);
    for (int i = 0; i < 100; i++) {
        buf_addf(&a, "%c{\"name\":\"s%d\",\"sha256\":\"1\"}", i ? ',' : '[', i);
        buf_addf(&b, "%c{\"name\":\"s%d\",\"sha256\":\"2\"}", i ? ',' : '[', i);
    }
    buf_adds(&a, "]");
    buf_adds(&b, "]");
    buf_addc(&a, 0), buf_addc(&b, 0);
    x.n_items = y.n_items = "1";
    x.suites = buf_str(&a).p, y.suites = buf_str(&b).p;
    const char *const *list = warnings(&r, &x, &y, &n, LANG_EN);
    assert_int_equal(n, 65);
    assert_non_null(strstr(list[0], "s0 is not the same suite"));
    assert_string_equal(list[64], "And 36 more like these.");
    buf_release(&a);
    buf_release(&b);
    runs_end(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_weights),
                                       cmocka_unit_test(test_suites),
                                       cmocka_unit_test(test_plans),
                                       cmocka_unit_test(test_scorers),
                                       cmocka_unit_test(test_unfinished),
                                       cmocka_unit_test(test_programs_and_cards),
                                       cmocka_unit_test(test_bare),
                                       cmocka_unit_test(test_odd_entries),
                                       cmocka_unit_test(test_odd_numbers),
                                       cmocka_unit_test(test_many),
                                       cmocka_unit_test(test_nothing_matches),
                                       cmocka_unit_test(test_judges),
                                       cmocka_unit_test(test_mixed_scores)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
