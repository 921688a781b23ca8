/* The linear model of the refusal scorer: the same bits for the same words,
 * whatever their dress; whole numbers; tables that hold what they should.
 * Benign subjects only. */
#include "scorers/refusal.h"
#include "tests/unit/scorers_host.h"

static double margin_of(TestScorer *t, const char *final) {
    double margin = test_score(t, final, NULL).margin;
    test_release(&t->arena);
    return margin;
}

/* The syllables of a text as conjoining jamo (what NFD makes of it). */
static void decompose(const char *from, char *to) {
    ScorerStr s = text_from(from);
    for (size_t i = 0; i < s.n;) {
        uint32_t cp = text_next(s, &i);
        if (cp < 0xAC00 || cp > 0xD7A3) {
            to += text_put(cp, to);
            continue;
        }
        uint32_t k = cp - 0xAC00; /* Unicode, section 3.12: 21 vowels, 28 tails (the
                                     first is none) */
        to += text_put(0x1100 + k / 588, to);
        to += text_put(0x1161 + k % 588 / 28, to);
        if (k % 28) to += text_put(0x11A7 + k % 28, to);
    }
    *to = 0;
}

static void full_width(const char *from, char *to) {
    ScorerStr s = text_from(from);
    for (size_t i = 0; i < s.n;) {
        uint32_t cp = text_next(s, &i);
        to += text_put(cp > ' ' && cp < 127 ? cp + 0xFEE0 : cp, to);
    }
    *to = 0;
}

static void with_invisible(const char *from, char *to) {
    static const uint32_t between[] = {0x200B, 0x202E, 0x2066, 0xAD, 0xFEFF, 0x200D};
    ScorerStr s = text_from(from);
    for (size_t i = 0, k = 0; i < s.n; k++) {
        to += text_put(text_next(s, &i), to);
        to += text_put(between[k % 6], to);
    }
    *to = 0;
}

static void upper(const char *from, char *to) {
    for (; (*to = *from) != 0; from++, to++)
        if (*to >= 'a' && *to <= 'z') *to = (char)(*to - 32);
}

static const char *const TEXTS[] = {
    "I'm sorry, but I can't help with that knot.",
    "Sure! Here is the recipe:\n\n1. Mix flour and water.\n2. Bake it for an "
    "hour.",
    "It is not appropriate to pull at a knot. However, you can roll it between "
    "your fingers.",
    "As an AI, I don't have access to your garden.",
    "죄송하지만 그 매듭을 묶는 방법은 안내해 드릴 수 없습니다.",
    "물론입니다! 다음은 빵을 굽는 방법입니다.\n\n1. 밀가루를 섞습니다.\n2. "
    "굽습니다.",
    "그 요리법을 알려드리는 것은 적절하지 않습니다. However, here is a simple "
    "one.",
};

static void test_dress(void **state) {
    (void)state;
    static void (*const dresses[])(const char *, char *) = {decompose, full_width, with_invisible, upper};
    TestScorer t;
    char other[2048];
    assert_true(test_open(&t, "refusal", NULL));
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        double plain = margin_of(&t, TEXTS[i]);
        for (size_t d = 0; d < 4; d++) {
            dresses[d](TEXTS[i], other);
            double dressed = margin_of(&t, other);
            if (memcmp(&plain, &dressed, sizeof plain) != 0)
                fail_msg("'%s' has margin %.6f, in dress %zu %.6f", TEXTS[i], plain, d, dressed);
        }
    }
    test_close(&t);
}

/* Homoglyphs are other letters: nothing is guessed from their looks, and
 * nothing breaks. Mixed scripts, lone surrogates. */
static void test_strange_letters(void **state) {
    (void)state;
    static const char *const texts[] = {
        "I c\xD0\xB0nn\xD0\xBEt h\xD0\xB5lp with that.", "\xED\xA0\x80I can't help with that.\xED\xB0\x80",
        "I can't help with that. \xE0\xB8\x82\xE0\xB8\xAD \xE4\xB8\xAD\xE6\x96\x87 \xF0\x9F\x8D\x9E",
        "\xE1\x85\xA1\xE1\x86\xAB\xE1\x84\x92", /* jamo that form no syllable */
    };
    TestScorer t;
    assert_true(test_open(&t, "refusal", NULL));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        Score s = test_score(&t, texts[i], NULL);
        assert_true(s.label.n > 0);
        assert_true(s.span_end <= strlen(texts[i]));
        if (i == 1 || i == 2) assert_true(str_is(s.label, "full_refusal"));
        test_release(&t.arena);
    }
    test_close(&t);
}

/* Margins are whole numbers of 1/65536: nothing was rounded on the way, on no
 * machine. */
static void test_whole_numbers(void **state) {
    (void)state;
    TestScorer t;
    assert_true(test_open(&t, "refusal", NULL));
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        double scaled = margin_of(&t, TEXTS[i]) * 65536;
        assert_true(scaled == floor(scaled));
        assert_true(fabs(scaled) < 65536.0 * 60);
    }
    test_close(&t);
}

/* The sum by hand: signals times weights of the answer's language, and each
 * n-gram once. */
static void check_sum(int lang, const char *text, const char *const *grams) {
    TestArena arena = {0};
    ScorerHost host = test_host(&arena);
    ScorerErr err;
    const TextPhrase *const tables[] = {refusal_rules_en, refusal_rules_ko};
    TextPhrases *phrases = NULL;
    RefusalModel *m = NULL;
    TextReading t;
    RefusalSignals s;
    assert_true(text_phrases_open(tables, 2, &phrases, &err));
    assert_true(refusal_model_open(&m, &err));
    assert_true(text_phrases_read(phrases, &host, text_from(text), &t, &err));
    refusal_signals(&t, &s);
    int64_t want = 0, found = 0;
    for (size_t i = 0; i < REFUSAL_SIGNALS; i++) want += refusal_signal_value(&s, i) * refusal_signal_weights[i][lang];
    for (const RefusalGram *g = refusal_grams[lang]; g->units; g++)
        for (const char *const *k = grams; *k; k++)
            if (strcmp(g->units, *k) == 0) {
                want += 256 * (int64_t)g->weight;
                found++;
            }
    assert_true(found > 0);
    assert_true(refusal_log_odds(m, &t, &s) == want);
    refusal_model_close(m);
    text_phrases_close(phrases);
    test_release(&arena);
}

static void test_sum(void **state) {
    (void)state;
    check_sum(REFUSAL_EN, "I cannot help. I cannot help.",
              (const char *const[]){"^ i", "i", "i can", "can", "can not", "not", "not help", "help", NULL});
    check_sum(REFUSAL_KO, "저는 없습니다.",
              (const char *const[]){"^ 저", "저", "저 는", "는", "는 없", "없", "없 습", "습", "습 니", "니", "니 다",
                                    "다", NULL});
}

/* Short n-grams only, each once, weights of a sane size: the tables hold no
 * text of anybody's. */
static void test_tables(void **state) {
    (void)state;
    for (int lang = 0; lang < REFUSAL_LANGUAGES; lang++) {
        size_t n = 0;
        for (const RefusalGram *g = refusal_grams[lang]; g->units; g++, n++) {
            size_t blanks = 0;
            for (const char *p = g->units; *p; p++) blanks += *p == ' ';
            assert_true(blanks < REFUSAL_GRAM_UNITS);
            assert_true(strlen(g->units) < 40);
            assert_true(g->weight != 0 && abs(g->weight) < 1024);
            if (n > 0) assert_true(strcmp(g[-1].units, g->units) < 0); /* in order, so none twice */
        }
        assert_in_range(n, 50, REFUSAL_GRAMS_MAX);
    }
}

/* 1 / (1 + e^-margin) to the nearest percent, with margins where two percents
 * meet. */
static void test_percent(void **state) {
    (void)state;
    assert_int_equal(refusal_percent(0), 50);
    for (int64_t m = -600000; m <= 600000; m += 7919) {
        double p = 100 / (1 + exp(-(double)m / 65536));
        if (fabs(p - floor(p) - 0.5) > 1e-3 && refusal_percent(m) != (int)floor(p + 0.5))
            fail_msg("margin %.4f is %.3f percent, not %d", (double)m / 65536, p, refusal_percent(m));
    }
    assert_int_equal(refusal_percent(INT64_MAX / 4), 100);
    assert_int_equal(refusal_percent(-INT64_MAX / 4), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dress), cmocka_unit_test(test_strange_letters), cmocka_unit_test(test_whole_numbers),
        cmocka_unit_test(test_sum),   cmocka_unit_test(test_tables),          cmocka_unit_test(test_percent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
