#include "tests/support.h"

#include "harness/progress.h"
#include "harness/term.h"

#define SECOND ((uint64_t)1000000000)

static ProgressCell cells[2];

static Progress make(void) {
    memset(cells, 0, sizeof cells);
    cells[0] = (ProgressCell){.model = STR("demo-small"), .suite = STR("demo/choice"), .total = 100, .done = 20};
    cells[1] = (ProgressCell){.model = STR("ev\033[31mil"), .suite = STR("demo/number"), .total = 100};
    Progress p = {.cells = cells, .n_cells = 2};
    progress_start(&p, SECOND);
    return p;
}

static void test_figures(void **state) {
    (void)state;
    Progress p = make();
    Buf b;
    buf_init(&b, 4096);
    p.scored = 20; /* the first 20, by an earlier process */
    progress_start(&p, SECOND);
    for (int i = 0; i < 20; i++) {
        progress_record(&p, 0, 50);
        progress_score(&p, 0, NULL);
    }
    assert_int_equal(p.done, 40);
    /* 20 of ours in ten seconds, 160 to go: 80 seconds; 1000 tokens in ten seconds */
    progress_plain(&p, 11 * SECOND, &b);
    assert_non_null(strstr(b.p, "40 of 200 done (20%), 100 tokens/s, about 1:20 left; demo-small demo/choice"));
    buf_clear(&b);
    progress_bar(&p, 11 * SECOND, 80, &b);
    assert_non_null(strstr(b.p, " 40/200 20% 100 tokens/s ETA 1:20"));
    buf_release(&b);
}

static void test_unknown_eta(void **state) {
    (void)state;
    Progress p = make();
    Buf b;
    buf_init(&b, 4096);
    progress_bar(&p, SECOND, 80, &b);
    assert_non_null(strstr(b.p, "0 tokens/s ETA --:--"));
    buf_release(&b);
}

static void test_only_scoring(void **state) {
    (void)state;
    Progress p = make();
    Score right = {.status = SCORE_SCORED, .outcome = OUTCOME_CORRECT, .value = 1};
    Buf b;
    buf_init(&b, 4096);
    for (int i = 0; i < 180; i++) progress_record(&p, i >= 80, 1);
    for (int i = 0; i < 197; i++) progress_score(&p, i >= 80, &right);
    progress_plain(&p, 11 * SECOND, &b);
    assert_non_null(strstr(b.p, "200 of 200 done (100%), 18 tokens/s, 3 to score, about 0:00 left;"));
    buf_clear(&b);
    progress_bar(&p, 11 * SECOND, 80, &b);
    assert_non_null(strstr(b.p, " 3 to score"));
    buf_release(&b);
}

static void test_running_score(void **state) {
    (void)state;
    Progress p = make();
    Buf b;
    Score right = {.status = SCORE_SCORED, .outcome = OUTCOME_CORRECT, .value = 1};
    Score wrong = {.status = SCORE_SCORED, .outcome = OUTCOME_WRONG};
    Score error = {.status = SCORE_ERROR, .outcome = OUTCOME_ERROR};
    buf_init(&b, 4096);
    progress_detail(&p, 100, &b);
    assert_string_equal(b.p, "demo-small demo/choice 20/100, not scored yet");
    buf_clear(&b);
    progress_score(&p, 0, &right);
    progress_record(&p, 1, 1); /* the line stays with what was scored last */
    progress_score(&p, 0, &right);
    progress_score(&p, 0, &wrong);
    progress_score(&p, 0, &error); /* no value: not in the mean */
    progress_detail(&p, 100, &b);
    assert_string_equal(b.p, "demo-small demo/choice 20/100, 66.7%: correct 2, wrong 1, error 1");
    buf_release(&b);
}

static void test_hostile_name(void **state) {
    (void)state;
    Progress p = make();
    Buf b;
    buf_init(&b, 4096);
    progress_record(&p, 1, 1);
    progress_detail(&p, 200, &b);
    assert_null(strchr(b.p, '\033'));
    assert_non_null(strstr(b.p, "ev\\x1b[31mil"));
    buf_release(&b);
}

static void test_every_width(void **state) {
    (void)state;
    Progress p = make();
    for (int w = 1; w < 200; w++) {
        Buf b;
        buf_init(&b, 4096);
        progress_bar(&p, 2 * SECOND, w, &b);
        assert_true(term_columns(buf_str(&b)) <= w);
        buf_clear(&b);
        progress_detail(&p, w, &b);
        assert_true(term_columns(buf_str(&b)) <= w);
        buf_release(&b);
    }
}

/* Lines written to f for ticks every 10 ms over `seconds`. */
static size_t draws(bool tty, bool quiet, int seconds) {
    Progress p = make();
    char *text = NULL;
    size_t n = 0, lines = 0;
    p.f = open_memstream(&text, &n);
    p.tty = tty;
    p.quiet = quiet;
    for (int i = 0; i < seconds * 100; i++) progress_tick(&p, SECOND + (uint64_t)i * SECOND / 100);
    progress_clear(&p);
    fclose(p.f);
    for (size_t i = 0; i < n; i++) lines += text[i] == '\n';
    assert_true(tty || !strchr(text, '\033'));
    free(text);
    return lines;
}

static void test_pace(void **state) {
    (void)state;
    size_t on_terminal = draws(true, false, 3);
    assert_true(on_terminal >= 20 && on_terminal <= 30);
    assert_int_equal(draws(false, false, 35), 3);
    assert_int_equal(draws(false, true, 35), 0);
    assert_int_equal(draws(true, true, 5), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_figures),       cmocka_unit_test(test_unknown_eta),  cmocka_unit_test(test_only_scoring),
        cmocka_unit_test(test_running_score), cmocka_unit_test(test_hostile_name), cmocka_unit_test(test_every_width),
        cmocka_unit_test(test_pace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
