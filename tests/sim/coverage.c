/* How often each interval of the reports holds the truth: simulation with a fixed generator, beside what it claims.
 *
 *   coverage [ROUNDS]   default 20000 (resampling: a fiftieth of that); prints a Markdown table
 *
 * The Monte-Carlo error of a share c over R rounds is sqrt(c (1-c)/R). A cell is marked '!' where coverage lies below
 * what is claimed by more than 3 such errors, '+' where it lies above by more than 3. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "reports/stats/stats_boot.h"
#include "reports/stats/stats_judge.h"

enum { N_MAX = 1000, RESAMPLES = 1000 };

static StatRng rng;

static double uniform(void) {
    return (double)(stat_rng_next(&rng) >> 11) * 0x1p-53;
}

static double normal(void) {
    return stat_norm_ppf((uniform() + 0x1p-54));
}

static bool holds(StatRange r, double truth) {
    return r.lo <= truth && truth <= r.hi; /* NaN: false */
}

static void cell(long hits, long rounds, double claimed) {
    double c = (double)hits / (double)rounds, error = sqrt(claimed * (1 - claimed) / (double)rounds);
    printf(" %.1f%s |", 100 * c, c < claimed - 3 * error ? "!" : c > claimed + 3 * error ? "+" : "");
}

/* ---- one proportion ---- */

typedef StatRange (*Proportion)(double k, double n, double conf);

static StatRange exact(double k, double n, double conf) {
    return stat_clopper_pearson((uint64_t)k, (uint64_t)n, conf);
}
static StatRange upper_only(double k, double n, double conf) {
    return (StatRange){0, stat_rate_upper((uint64_t)k, (uint64_t)n, conf)};
}
static StatRange as_mean_z(double k, double n, double conf) {
    double x[N_MAX];
    for (int i = 0; i < (int)n; i++) x[i] = i < k;
    return stat_mean(x, (size_t)n, conf).z;
}

static const double RATES[] = {0.5, 0.8, 0.95, 0.99};

static void proportion(const char *name, Proportion f, int n, long rounds) {
    printf("| %s | %d |", name, n);
    for (size_t r = 0; r < 4; r++) {
        long hits = 0;
        for (long i = 0; i < rounds; i++) {
            int k = 0;
            for (int j = 0; j < n; j++) k += uniform() < RATES[r];
            hits += holds(f(k, n, 0.95), RATES[r]);
        }
        cell(hits, rounds, 0.95);
    }
    printf("\n");
}

/* ---- means: graded scores, clusters ---- */

/* Beta-like scores in [0,1], mean m: a logistic normal whose mean is found by simulation. */
static double graded(double centre) {
    return 1 / (1 + exp(-(centre + 1.5 * normal())));
}

static double graded_mean(double centre) {
    double sum = 0;
    for (int i = 0; i < 200000; i++) { /* midpoints of the normal's quantiles: no noise */
        double z = stat_norm_ppf((i + 0.5) / 200000);
        sum += 1 / (1 + exp(-(centre + 1.5 * z)));
    }
    return sum / 200000;
}

static const double CENTRES[] = {0, 1, 2, 4};

static void mean_t(int n, long rounds, bool z) {
    double x[N_MAX];
    printf("| mean of graded scores, %s | %d |", z ? "z" : "t", n);
    for (size_t r = 0; r < 4; r++) {
        double truth = graded_mean(CENTRES[r]);
        long hits = 0;
        for (long i = 0; i < rounds; i++) {
            for (int j = 0; j < n; j++) x[j] = graded(CENTRES[r]);
            StatMean m = stat_mean(x, (size_t)n, 0.95);
            hits += holds(z ? m.z : m.t, truth);
        }
        cell(hits, rounds, 0.95);
    }
    printf("\n");
}

/* n rows in clusters of 5; a third of the variance of the scale lies between clusters. */
static int draw_clusters(int n, double centre, double *x, uint32_t *id) {
    double shift = 0;
    for (int j = 0; j < n; j++) {
        if (j % 5 == 0) shift = normal();
        id[j] = (uint32_t)(j / 5);
        x[j] = 1 / (1 + exp(-(centre + 1.5 * (sqrt(1.0 / 3) * shift + sqrt(2.0 / 3) * normal()))));
    }
    return n / 5;
}

static void clustered_t(int n, long rounds) {
    double x[N_MAX], scratch[N_MAX];
    uint32_t id[N_MAX];
    printf("| mean, clusters of 5, clustered t | %d |", n);
    for (size_t r = 0; r < 4; r++) {
        double truth = graded_mean(CENTRES[r]);
        long hits = 0;
        for (long i = 0; i < rounds; i++) {
            int g = draw_clusters(n, CENTRES[r], x, id);
            hits += holds(stat_clustered(x, id, (size_t)n, (size_t)g, 0.95, scratch).t, truth);
        }
        cell(hits, rounds, 0.95);
    }
    printf("\n");
}

static void resampled(int n, long rounds, bool bca, bool clusters) {
    static double x[N_MAX], space[RESAMPLES];
    static uint32_t id[N_MAX];
    static StatSums sums[N_MAX];
    printf("| mean%s, bootstrap %s | %d |", clusters ? ", clusters of 5" : " of graded scores",
           bca ? "BCa" : "percentile", n);
    for (size_t r = 0; r < 4; r++) {
        double truth = graded_mean(CENTRES[r]);
        long hits = 0;
        for (long i = 0; i < rounds; i++) {
            int g = n;
            if (clusters) g = draw_clusters(n, CENTRES[r], x, id);
            for (int j = 0; j < g; j++) sums[j] = (StatSums){0};
            for (int j = 0; j < n; j++) {
                StatSums *s = &sums[clusters ? id[j] : (uint32_t)j];
                s->num += clusters ? x[j] : graded(CENTRES[r]);
                s->den += 1;
            }
            uint64_t seed = stat_rng_next(&rng);
            StatRange got;
            if (bca) {
                StatBca b = stat_bca(NULL, sums, (size_t)g, seed, space, RESAMPLES);
                got = (StatRange){stat_bca_quantile(&b, 0.025), stat_bca_quantile(&b, 0.975)};
            } else {
                got = stat_boot_percentile(NULL, sums, (size_t)g, seed, 0.95, space, RESAMPLES).ci;
            }
            hits += holds(got, truth);
        }
        cell(hits, rounds, 0.95);
    }
    printf("\n");
}

/* Right-or-wrong answers in clusters of 5, as the reports do it (safety_rate.c, summary_robust.c): the bootstrap where
 * at least 15 clusters have a failure and 15 a success, else Wilson's interval with each cluster as one item. */
static StatRange reported(const StatSums *sums, size_t g) {
    static double space[RESAMPLES];
    double k = 0, n = 0;
    int some = 0, not_all = 0;
    for (size_t i = 0; i < g; i++) {
        k += sums[i].num, n += sums[i].den;
        some += sums[i].num > 0, not_all += sums[i].num < sums[i].den;
    }
    if (some < 15 || not_all < 15) return stat_wilson(k / n * (double)g, (double)g, 0.95);
    size_t drawn = stat_bootstrap(sums, g, stat_rng_next(&rng), space, RESAMPLES);
    return (StatRange){stat_quantile(space, drawn, stat_boot_level(0.025, g)),
                       stat_quantile(space, drawn, stat_boot_level(0.975, g))};
}

static void shares_of_clusters(int n, long rounds) {
    double x[N_MAX];
    uint32_t id[N_MAX];
    StatSums sums[N_MAX];
    printf("| share, clusters of 5, as reports resample | %d |", n);
    for (size_t r = 0; r < 4; r++) {
        double truth = graded_mean(CENTRES[r]);
        long hits = 0;
        for (long i = 0; i < rounds; i++) {
            int g = draw_clusters(n, CENTRES[r], x, id);
            for (int j = 0; j < g; j++) sums[j] = (StatSums){0};
            for (int j = 0; j < n; j++) sums[id[j]].num += uniform() < x[j], sums[id[j]].den += 1;
            hits += holds(reported(sums, (size_t)g), truth);
        }
        cell(hits, rounds, 0.95);
    }
    printf("\n");
}

/* ---- two models ---- */

/* Both right with shared difficulty: of the discordant share d, the part (d + delta)/2 goes to A. */
static void paired_newcombe(int n, long rounds) {
    static const double DISCORDANT[] = {0.02, 0.06, 0.10, 0.20};
    printf("| paired difference, Newcombe (columns: 2, 6, 10, 20 %% discordant) | %d |", n);
    for (size_t r = 0; r < 4; r++) {
        double d = DISCORDANT[r], delta = d / 2;
        long hits = 0;
        for (long i = 0; i < rounds; i++) {
            uint64_t n11 = 0, n10 = 0, n01 = 0, n00 = 0;
            for (int j = 0; j < n; j++) {
                double u = uniform();
                if (u < (d + delta) / 2)
                    n10++;
                else if (u < d)
                    n01++;
                else if (u < d + 0.7 * (1 - d))
                    n11++;
                else
                    n00++;
            }
            StatNewcombe w = stat_newcombe_paired(n11, n10, n01, n00, 0.95);
            hits += holds((StatRange){w.lo, w.hi}, delta);
        }
        cell(hits, rounds, 0.95);
    }
    printf("\n");
}

static void paired_means(int n, long rounds) {
    double a[N_MAX], b[N_MAX], d[N_MAX];
    printf("| paired difference of graded scores, %s | %d |", n < 100 ? "t" : "z", n);
    for (size_t r = 0; r < 4; r++) {
        double truth = graded_mean(CENTRES[r]) - graded_mean(CENTRES[r] - 0.3);
        long hits = 0;
        for (long i = 0; i < rounds; i++) {
            for (int j = 0; j < n; j++) {
                double shared = sqrt(0.7) * normal();
                a[j] = 1 / (1 + exp(-(CENTRES[r] + 1.5 * (shared + sqrt(0.3) * normal()))));
                b[j] = 1 / (1 + exp(-(CENTRES[r] - 0.3 + 1.5 * (shared + sqrt(0.3) * normal()))));
                d[j] = a[j] - b[j];
            }
            StatMean m = stat_mean(d, (size_t)n, 0.95);
            hits += holds(n < 100 ? m.t : m.z, truth);
        }
        cell(hits, rounds, 0.95);
    }
    printf("\n");
}

static void unpaired_newcombe(int n, long rounds) {
    printf("| difference of two groups, Newcombe | %d |", n);
    for (size_t r = 0; r < 4; r++) {
        double p2 = RATES[r] - 0.1;
        long hits = 0;
        for (long i = 0; i < rounds; i++) {
            int k1 = 0, k2 = 0;
            for (int j = 0; j < n; j++) k1 += uniform() < RATES[r], k2 += uniform() < p2;
            StatNewcombe w = stat_newcombe_diff(k1, n, k2, n, 0.95);
            hits += holds((StatRange){w.lo, w.hi}, 0.1);
        }
        cell(hits, rounds, 0.95);
    }
    printf("\n");
}

/* A judge with sensitivity .9 and specificity .95, each known from 100 labelled answers. */
static void corrected(int n, long rounds) {
    static const double TRUTH[] = {0.5, 0.2, 0.05, 0.01};
    printf("| judged share, Rogan–Gladen (columns: 50, 20, 5, 1 %%) | %d |", n);
    for (size_t r = 0; r < 4; r++) {
        long hits = 0;
        for (long i = 0; i < rounds; i++) {
            int q = 0, se = 0, sp = 0;
            for (int j = 0; j < 100; j++) se += uniform() < 0.9, sp += uniform() < 0.95;
            for (int j = 0; j < n; j++) q += uniform() < (uniform() < TRUTH[r] ? 0.9 : 0.05);
            double x = (double)q / n;
            hits += holds(
                stat_rogan_gladen(x, x * (1 - x) / n, se / 100.0, 100, sp / 100.0, 100, STAT_JUDGE_LEAST, 0.95).range,
                TRUTH[r]);
        }
        cell(hits, rounds, 0.95);
    }
    printf("\n");
}

int main(int argc, char **argv) {
    static const int NS[] = {20, 100, 1000};
    long rounds = argc > 1 ? atol(argv[1]) : 20000, few = rounds / 50 + 1;
    stat_rng_seed(&rng, 20261126);
    printf("Coverage of 95 %% intervals in per cent, %ld rounds (resampling: %ld). ! below the claim, + above it, by "
           "more than 3 "
           "Monte-Carlo errors. Graded scores and clusters: the columns are means of .50, .67, .81 and .96.\n\n"
           "| interval | n | p = .5 | .8 | .95 | .99 |\n|---|--:|--:|--:|--:|--:|\n",
           rounds, few);
    for (size_t i = 0; i < 3; i++) {
        int n = NS[i];
        proportion("Wald (never used)", stat_wald, n, rounds);
        proportion("mean of 0/1 scores, z", as_mean_z, n, rounds);
        proportion("Wilson", stat_wilson, n, rounds);
        proportion("Clopper–Pearson", exact, n, rounds);
        proportion("Clopper–Pearson, one-sided upper", upper_only, n, rounds);
        proportion("Jeffreys", stat_jeffreys, n, rounds);
        proportion("Agresti–Coull", stat_agresti_coull, n, rounds);
        mean_t(n, rounds, false);
        mean_t(n, rounds, true);
        clustered_t(n, rounds);
        resampled(n, few, false, false);
        resampled(n, few, true, false);
        resampled(n, few, true, true);
        shares_of_clusters(n, few);
        paired_newcombe(n, rounds);
        paired_means(n, rounds);
        unpaired_newcombe(n, rounds);
        corrected(n, rounds);
        fflush(stdout);
    }
    return 0;
}
