/* The test that stops as soon as the data decide, simulated: how often it errs when it is looked at after every pair,
 * and how many pairs it saves.
 *
 *   sequential [ROUNDS]   default 4000
 *
 * Pairs differ with probability `discordance`; the difference of the two models is delta. At delta = -margin every pass
 * and every fail is an error, each allowed in 5 of 100 runs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/base/mem.h"
#include "reports/gate/gate_adaptive.h"
#include "reports/stats/stats_boot.h"
#include "reports/stats/stats_power.h"
#include "reports/stats/stats_sequential.h"

static StatRng rng;

static double uniform(void) {
    return (double)(stat_rng_next(&rng) >> 11) * 0x1p-53;
}

static int by_size(const void *a, const void *b) {
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

typedef struct Result {
    double pass, fail;
    size_t median; /* pairs until the end */
} Result;

static Result simulate(size_t n, double discordance, double delta, double margin, StatSeqTarget target, int rounds) {
    size_t *used = malloc((size_t)rounds * sizeof *used);
    double *d = malloc(n * sizeof *d);
    Result r = {0};
    for (int i = 0; i < rounds && used && d; i++) {
        StatSeq s;
        Err err = ERR_INIT;
        StatSeqPlan plan = {.margin = margin,
                            .regression = margin,
                            .alpha = 0.05,
                            .target = target,
                            .units = n,
                            .largest = 1,
                            .total_items = (double)n};
        stat_seq_init(&s, &plan, &err);
        for (size_t j = 0; j < n; j++) {
            double u = uniform();
            d[j] = u < (discordance + delta) / 2 ? 1 : u < discordance ? -1 : 0;
        }
        size_t j = 0;
        while (j < n && stat_seq_add(&s, d[j], 1, &err) == STAT_SEQ_UNDECIDED) j++;
        used[i] = s.seen;
        r.pass += s.state == STAT_SEQ_PASS;
        r.fail += s.state == STAT_SEQ_FAIL;
    }
    if (used) qsort(used, (size_t)rounds, sizeof *used, by_size);
    r.median = used ? used[rounds / 2] : 0;
    r.pass /= rounds;
    r.fail /= rounds;
    free(used);
    free(d);
    return r;
}

/* ---- pair accuracy ---- */

/* One round: `units` pairs of a harmful request and its twin, each in one or two languages that share their luck to the
 * degree `shared`. A pair is right if both halves are, which has the probability `right` whatever the halves' own. */
static GateVerdict pairs_round(const GateCheck *c, size_t units, double right, double shared, Arena *a) {
    Err err = ERR_INIT;
    GateTest t = {.check = c, .suite_name = STR("s"), .title = STR("S"), .n_tests = 1};
    size_t langs[2048], total = 0;
    for (size_t i = 0; i < units; i++) total += langs[i] = 1 + (stat_rng_next(&rng) & 1);
    if (!gate_test_init(&t, units, 2, total, a, &err)) abort();
    double half = sqrt(right);
    for (size_t i = 0; i < units && t.verdict == GATE_INCONCLUSIVE; i++) {
        GateQuestion q[2] = {0};
        double harm = uniform(), twin = uniform();
        for (size_t k = 0; k < langs[i]; k++) {
            if (uniform() >= shared) harm = uniform(), twin = uniform();
            GateHalves h = {0};
            GateAnswer x = {.there = true, .asked = true, .scored = true};
            x.value = harm < half;
            gate_halves_add(&h, GATE_HARM, &x);
            x.value = twin < half;
            gate_halves_add(&h, GATE_TWIN, &x);
            gate_halves_end(&h, &q[k].candidate);
        }
        if (!gate_test_add(&t, q, langs[i], &err)) abort();
    }
    return t.verdict;
}

/* Accuracy exactly at the limit: pass and fail are both wrong then. The worse share of all that is printed. */
static double pairs_errors(int rounds) {
    static const size_t UNITS[] = {60, 240, 1000};
    static const double LIMITS[] = {0.80, 0.90, 0.95}, SHARED[] = {0, 0.9};
    double worst = 0;
    printf(
        "Pair accuracy at its limit, pairs in one or two languages, looked at after every pair, %d runs each; allowed "
        "5 %%\n\n| pairs | limit | luck shared by the languages | check | says pass | says fail |\n"
        "|--:|--:|--:|---|--:|--:|\n",
        rounds);
    for (size_t i = 0; i < 3 * 3 * 2 * 2; i++) {
        GateCheck c = {.id = STR("c"), .suite = "*", .metric = GATE_PAIR_ACCURACY, .limit = LIMITS[i / 4 % 3]};
        c.kind = i % 2 ? GATE_AT_MOST : GATE_AT_LEAST;
        double said[4] = {0}, shared = SHARED[i / 2 % 2];
        for (int r = 0; r < rounds; r++) {
            Arena *a = arena_open(0);
            said[pairs_round(&c, UNITS[i / 12], c.limit, shared, a)]++;
            arena_close(a);
        }
        double pass = said[GATE_PASS] / rounds, fail = said[GATE_FAIL] / rounds;
        worst = fmax(worst, fmax(pass, fail));
        printf("| %zu | %.0f %% | %.0f %% | %s | %.1f %% | %.1f %% |\n", UNITS[i / 12], 100 * c.limit, 100 * shared,
               gate_kind_name(c.kind), 100 * pass, 100 * fail);
    }
    printf("\nworst %.2f %%\n\n", 100 * worst);
    return worst;
}

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 4000;
    static const double DISCORDANCE[] = {0.04, 0.06, 0.10, 0.20}, MARGINS[] = {0.02, 0.03, 0.05};
    static const size_t NS[] = {200, 1000, 2000};
    double worst = 0;
    stat_rng_seed(&rng, 20261126);
    printf("Errors at the boundary (difference = -margin), looked at after every pair, %d runs each; allowed 5 %%\n\n"
           "| pairs | discordance | margin | says pass | says fail |\n|--:|--:|--:|--:|--:|\n",
           rounds);
    for (size_t a = 0; a < 3; a++)
        for (size_t b = 0; b < 4; b++)
            for (size_t c = 0; c < 3; c++) {
                if (MARGINS[c] > DISCORDANCE[b]) continue;
                Result r = simulate(NS[a], DISCORDANCE[b], -MARGINS[c], MARGINS[c], STAT_SEQ_QUESTIONS, rounds);
                worst = fmax(worst, fmax(r.pass, r.fail));
                printf("| %zu | %.0f %% | %.0f | %.1f %% | %.1f %% |\n", NS[a], 100 * DISCORDANCE[b], 100 * MARGINS[c],
                       100 * r.pass, 100 * r.fail);
            }
    double error = sqrt(0.05 * 0.95 / rounds);
    printf("\nworst %.2f %%, Monte-Carlo error %.2f %%\n\n", 100 * worst, 100 * error);
    printf("Pairs needed, margin 5 points\n\n| pairs | discordance | difference | pass | fail | cannot tell | median "
           "used | saved |\n"
           "|--:|--:|--:|--:|--:|--:|--:|--:|\n");
    static const double DELTAS[] = {0.02, 0, -0.02, -0.10, -0.20, -0.40};
    for (size_t a = 1; a < 3; a++)
        for (size_t b = 0; b < 6; b++)
            for (size_t k = 0; k < 3; k++) {
                double disc = k == 0 ? 0.04 : k == 1 ? 0.10 : 0.20;
                if (fabs(DELTAS[b]) > disc) disc = fabs(DELTAS[b]) + 0.02 * (double)(k + 1);
                Result r = simulate(NS[a], disc, DELTAS[b], 0.05, STAT_SEQ_QUESTIONS, rounds / 4);
                printf("| %zu | %.0f %% | %+.0f | %.0f %% | %.0f %% | %.0f %% | %zu | %.0f %% |\n", NS[a], 100 * disc,
                       100 * DELTAS[b], 100 * r.pass, 100 * r.fail, 100 * (1 - r.pass - r.fail), r.median,
                       100 * (1 - (double)r.median / (double)NS[a]));
            }
    worst = fmax(worst, pairs_errors(rounds));
    return worst > 0.05 + 3 * error;
}
