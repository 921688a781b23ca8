/* Ratings: statsmodels' binomial regression, closed forms, the equation that each rating solves, what diverges. */
#include "tests/stats_support.h"

#include "reports/stats/stats_rating.h"

static double solves(double rating, double difficulty) {
    return 1 / (1 + pow(10, (difficulty - rating) / 400));
}

static const double D[] = {1200, 1500, 1800, 2100, 2400}, Y[] = {1, 4 / 6.0, 3 / 8.0, 1 / 5.0, 0},
                    W[] = {5, 6, 8, 5, 4};

static void test_regression(void **state) {
    (void)state;
    /* GLM(binomial) on a constant with offset -d ln(10)/400; SciPy's brentq for the posterior's mode and for ranks */
    StatRating r = stat_elo_mle(D, Y, W, 5);
    CLOSE(r.rating, 1714.3532468885012, 1e-9);
    CLOSE(r.se, 90.54003645508769, 1e-9);
    CLOSE(r.expected_solved, 5 + 4 + 3 + 1, 1e-12);
    r = stat_elo_map(D, Y, W, 5, 1600, 300);
    CLOSE(r.rating, 1704.8003622494396, 1e-9);
    CLOSE(r.se, 86.74156403755072, 1e-9);
    CLOSE(r.expected_solved, 12.797714582104913, 1e-9);
    const double others[] = {1500, 1700, 1900, 2000};
    CLOSE(stat_elo_performance(others, 4, 2), 2017.1750399338537, 1e-9);
}

static void test_closed_forms(void **state) {
    (void)state;
    const double d[] = {1500}, half[] = {.5}, ten[] = {10 / 11.0}, w[] = {22}, two[] = {1300, 1700}, y2[] = {.8, .2},
                 w2[] = {5, 5};
    NEAR(stat_elo_mle(d, half, w, 1).rating, 1500);
    NEAR(stat_elo_mle(d, ten, w, 1).rating, 1900); /* ten to one is 400 points */
    CLOSE(stat_elo_mle(d, half, w, 1).se, 400 / log(10) / sqrt(22 * .25), 1e-12);
    CLOSE(stat_elo_mle(two, y2, w2, 2).rating, 1500, 1e-12); /* as it is symmetrical */
    for (double rating = 0; rating < 4000; rating += 333) {  /* shares that a rating makes give that rating */
        double y[5];
        for (int i = 0; i < 5; i++) y[i] = solves(rating, D[i]);
        CLOSE(stat_elo_mle(D, y, W, 5).rating, rating, 1e-8);
    }
    const double one[] = {1600};
    CLOSE(stat_elo_performance(one, 1, 1.5), 1600, 1e-12); /* half the points against one */
    assert_true(stat_elo_performance(one, 1, 1) == stat_elo_performance(one, 1, 1.5));
}

/* The prior pulls towards its mean: not at all if it is wide, altogether if it is narrow; it tames all and none. */
static void test_prior(void **state) {
    (void)state;
    const double all[] = {1, 1, 1, 1, 1}, none[] = {0, 0, 0, 0, 0}, nothing[] = {0, 0, 0, 0, 0};
    double mle = stat_elo_mle(D, Y, W, 5).rating;
    CLOSE(stat_elo_map(D, Y, W, 5, 0, 1e7).rating, mle, 1e-5);
    CLOSE(stat_elo_map(D, Y, W, 5, 1000, 1e-3).rating, 1000, 1e-6);
    StatRating up = stat_elo_map(D, all, W, 5, 1600, 300), down = stat_elo_map(D, none, W, 5, 1600, 300);
    assert_true(up.rating > 2200 && up.rating < 3500 && down.rating < 1400 && down.rating > 0);
    StatRating prior = stat_elo_map(D, all, nothing, 5, 1600, 300); /* no attempts: the prior itself */
    CLOSE(prior.rating, 1600, 1e-12);
    CLOSE(prior.se, 300, 1e-12);
}

static void test_undefined(void **state) {
    (void)state;
    const double all[] = {1, 1, 1, 1, 1}, none[] = {0, 0, 0, 0, 0}, over[] = {1.1, 0, 0, 0, 0},
                 lost[] = {NAN, 0, 0, 0, 0}, minus[] = {-1, 1, 1, 1, 1}, far[] = {INFINITY, 1, 1, 1, 1};
    const double *bad_y[] = {all, none, over, lost, minus};
    for (size_t i = 0; i < 5; i++) {
        StatRating r = stat_elo_mle(D, bad_y[i], W, 5);
        assert_true(isnan(r.rating) && isnan(r.se) && isnan(r.expected_solved));
    }
    UNDEFINED(stat_elo_mle(D, Y, none, 5).rating);
    UNDEFINED(stat_elo_mle(D, Y, minus, 5).rating);
    UNDEFINED(stat_elo_mle(D, Y, far, 5).rating);
    UNDEFINED(stat_elo_mle(far, Y, W, 5).rating);
    UNDEFINED(stat_elo_mle(D, Y, W, 0).rating);
    UNDEFINED(stat_elo_map(D, Y, W, 5, 1600, 0).rating);
    UNDEFINED(stat_elo_map(D, Y, W, 5, NAN, 300).rating);
    UNDEFINED(stat_elo_map(D, Y, W, 5, 1600, INFINITY).rating);
    UNDEFINED(stat_elo_performance(D, 0, 1));
    UNDEFINED(stat_elo_performance(D, 5, .9));
    UNDEFINED(stat_elo_performance(D, 5, 6)); /* the last place has no finite rating */
    UNDEFINED(stat_elo_performance(D, 5, NAN));
    UNDEFINED(stat_elo_performance(far, 5, 2));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regression),
        cmocka_unit_test(test_closed_forms),
        cmocka_unit_test(test_prior),
        cmocka_unit_test(test_undefined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
