/* How often a bound of paired shares lies on the wrong side of the truth, by exact sums over every table of n pairs.
 *
 *   paired
 *
 * The truth: of a pair, one side alone is right with `lesser` + |difference|, the other alone with `lesser`. Both sides
 * of each interval are looked at; what is printed is the worst over all truths of the grid, and where it was. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "reports/stats/stats_paired.h"

typedef struct Table {
    double b, c, weight; /* only the first right, only the second; the logarithm of n!/(b! c! (n-b-c)!) */
    double upper;
} Table;

/* Concordant pairs split so that the bound is the lowest: none right, half, all. */
static double lowest_upper(unsigned b, unsigned c, unsigned same, double conf, bool newcombe) {
    double low = 1.0;
    for (unsigned i = 0; i < 3; i++) {
        unsigned right = same * i / 2;
        double u = newcombe ? stat_newcombe_paired(right, b, c, same - right, conf).hi
                            : stat_paired_bounds(right, b, c, same - right, conf).hi;
        low = fmin(low, u);
    }
    return low;
}

static size_t tables(unsigned n, double conf, bool newcombe, Table *t) {
    size_t k = 0;
    for (unsigned b = 0; b <= n; b++)
        for (unsigned c = 0; b + c <= n; c++)
            t[k++] = (Table){b, c, lgamma(n + 1.0) - lgamma(b + 1.0) - lgamma(c + 1.0) - lgamma(n - b - c + 1.0),
                             lowest_upper(b, c, n - b - c, conf, newcombe)};
    return k;
}

/* P(the upper bound lies below the true difference). */
static double error(const Table *t, size_t k, unsigned n, double d, double lesser) {
    double p = log(d > 0.0 ? lesser + d : lesser), q = log(d > 0.0 ? lesser : lesser - d);
    double same = log1p(-2.0 * lesser - fabs(d)), sum = 0.0;
    for (size_t i = 0; i < k; i++)
        if (t[i].upper < d - 1e-12) sum += exp(t[i].weight + t[i].b * p + t[i].c * q + (n - t[i].b - t[i].c) * same);
    return sum;
}

typedef struct Worst {
    double error, d, lesser;
} Worst;

static Worst worst(unsigned n, double conf, bool newcombe) {
    static const double LESSER[] = {1e-9, 1e-4, 3e-4, .001, .002, .004, .007, .01,
                                    .015, .02,  .03,  .04,  .05,  .07,  .1,   .15};
    Worst w = {0.0, NAN, NAN};
    Table *t = malloc((size_t)(n + 1) * (n + 2) / 2 * sizeof *t);
    if (!t) abort();
    size_t k = tables(n, conf, newcombe, t);
    for (int i = -79; i < 80; i++) { /* to 5 points by tenths of a point, to 20 by halves */
        double size = abs(i) < 50 ? abs(i) / 1000.0 : 0.05 + (abs(i) - 49) * 0.005, d = i < 0 ? -size : size;
        for (size_t j = 0; j < sizeof LESSER / sizeof *LESSER; j++) {
            double e = error(t, k, n, d, LESSER[j]);
            if (e > w.error) w = (Worst){e, d, LESSER[j]};
        }
    }
    free(t);
    return w;
}

int main(void) {
    static const unsigned SIZE[] = {20, 25, 30, 40, 50, 75, 100, 200};
    bool held = true;
    printf(
        "Paired shares: the worst error of one side by exact sums (true differences to 20 points, to 15 %% of pairs on "
        "the lesser side)\n");
    printf("%6s %8s %22s %22s   %s\n", "pairs", "claimed", "Newcombe", "stat_paired_bounds",
           "worst at (difference, lesser)");
    for (size_t i = 0; i < sizeof SIZE / sizeof *SIZE; i++)
        for (int j = 0; j < 2; j++) {
            double side = j ? 0.01 : 0.05, most = j ? 0.01 : SIZE[i] < 100 ? 0.054 : 0.052;
            Worst a = worst(SIZE[i], 1.0 - 2.0 * side, true), b = worst(SIZE[i], 1.0 - 2.0 * side, false);
            bool ok = b.error <= most;
            held = held && ok;
            printf("%6u %6.0f %% %20.2f %% %20.2f %%%s  %+.3f, %.4f\n", SIZE[i], 100 * side, 100 * a.error,
                   100 * b.error, ok ? " " : "!", b.d, b.lesser);
        }
    if (!held) printf("! is more than stats_paired.h says.\n");
    return held ? 0 : 1;
}
