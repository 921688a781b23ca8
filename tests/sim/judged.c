/* How often the interval of a judged share, as reports correct it, holds the truth; beside it the interval of the share
 * as the judge counted it.
 *
 *   judged [ROUNDS]   default 20000; prints a Markdown table
 *
 * Every round draws labelled answers for a new card, questions with their truth, and the judge's verdicts on them; then
 * the report's own code corrects (summary_correct.c). A cell is `corrected / as counted`, in per cent; ! and + as in
 * coverage.c. Rounds whose card says that the judge is too weak are not corrected and do not count; their share is told
 * if there are any. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/base/mem.h"
#include "reports/calibration_internal.h"
#include "reports/stats/stats_boot.h"
#include "reports/summary/summary.h"

enum { N_MAX = 1000, LANGUAGES_MAX = 2 };

static StatRng rng;

static bool happens(double p) {
    return (double)(stat_rng_next(&rng) >> 11) * 0x1p-53 < p;
}

typedef struct Language {
    const char *name;
    double share, sens, spec; /* share: of the questions */
    int labelled;             /* rows of each kind on the card */
} Language;

typedef struct World {
    const char *what;
    Language v[LANGUAGES_MAX];
    int n, per_cluster; /* per_cluster 0: none; else a third of the answers say what their cluster says */
} World;

static const World WORLDS[] = {
    {"judge .90/.95, card 100 + 100", {{"en", 1, .90, .95, 100}}, 1, 0},
    {"judge .99/.99, card 150 + 150", {{"en", 1, .99, .99, 150}}, 1, 0},
    {"judge .97/.97, card 30 + 30", {{"en", 1, .97, .97, 30}}, 1, 0},
    {"judge always right, card 30 + 30", {{"en", 1, 1, 1, 30}}, 1, 0},
    {"English .95/.98, Korean .75/.93, card 100 + 100 each",
     {{"en", .6, .95, .98, 100}, {"ko", .4, .75, .93, 100}},
     2,
     0},
    {"the same, card 100 + 100 and 20 + 20: Korean by all rows",
     {{"en", .6, .95, .98, 100}, {"ko", .4, .75, .93, 20}},
     2,
     0},
    {"judge .90/.95, card 100 + 100, clusters of 5", {{"en", 1, .90, .95, 100}}, 1, 5},
};

/* ---- one round ---- */

static void draw_card(const World *w, CalCard *card, CalPart *parts) {
    *card = (CalCard){.languages = parts, .n_languages = (size_t)w->n};
    for (int i = 0; i < w->n; i++) {
        const Language *l = &w->v[i];
        CalPart *p = &parts[i];
        *p = (CalPart){.language = str_from(l->name), .positives = l->labelled, .negatives = l->labelled};
        for (int k = 0; k < l->labelled; k++)
            p->true_positives += happens(l->sens), p->true_negatives += happens(l->spec);
        card->all.positives += p->positives, card->all.true_positives += p->true_positives;
        card->all.negatives += p->negatives, card->all.true_negatives += p->true_negatives;
        cal__derive(p, NULL, 0);
    }
    cal__derive(&card->all, NULL, 0);
}

static void draw_questions(const World *w, double truth, int n, SumQuestion *q) {
    static char clusters[N_MAX][12];
    bool of_cluster = false;
    for (int i = 0; i < n; i++) {
        const Language *l = &w->v[w->n > 1 && i >= (int)(w->v[0].share * n + .5)];
        if (w->per_cluster && i % w->per_cluster == 0) of_cluster = happens(truth);
        bool is = w->per_cluster && happens(1.0 / 3) ? of_cluster : happens(truth);
        q[i] = (SumQuestion){.n_rows = 1, .n_scored = 1, .lang = str_from(l->name)};
        q[i].n_positive = happens(is ? l->sens : 1 - l->spec);
        if (!w->per_cluster) continue;
        snprintf(clusters[i], sizeof clusters[i], "%d", i / w->per_cluster);
        q[i].cluster = str_from(clusters[i]);
    }
}

typedef struct Tally {
    long corrected, raw, n, weak;
    double wider; /* sum of width after correction over width before */
} Tally;

static void one(const World *w, double truth, int n, Arena *a, Tally *t) {
    static SumQuestion q[N_MAX];
    CalCard card;
    CalPart parts[LANGUAGES_MAX];
    SumCell c = {.questions = q, .n_questions = (size_t)n, .judged = {.asked = true, .calibration = SUM_CALIBRATED}};
    draw_card(w, &card, parts);
    draw_questions(w, truth, n, q);
    if (!summary__correct(&card, &c, a)) exit(1);
    const SumJudged *j = &c.judged;
    if (j->calibration != SUM_CALIBRATED) {
        t->weak++;
        return;
    }
    t->n++;
    t->corrected += j->lo <= truth && truth <= j->hi;
    t->raw += j->observed_lo <= truth && truth <= j->observed_hi;
    t->wider += (j->hi - j->lo) / (j->observed_hi - j->observed_lo);
}

/* ---- the table ---- */

static const char *mark(double c, long rounds) {
    double error = sqrt(.95 * .05 / (double)rounds);
    return c < .95 - 3 * error ? "!" : c > .95 + 3 * error ? "+" : "";
}

static void row(const World *w, int n, long rounds, Arena *a) {
    static const double TRUTH[] = {.5, .2, .05, .01};
    double wider = 0, weak = 0;
    printf("| %s | %d |", w->what, n);
    for (size_t i = 0; i < 4; i++) {
        Tally t = {0};
        for (long r = 0; r < rounds; r++) {
            one(w, TRUTH[i], n, a, &t);
            arena_reset(a);
        }
        double c = (double)t.corrected / (double)t.n, raw = (double)t.raw / (double)t.n;
        printf(" %.1f%s / %.1f%s |", 100 * c, mark(c, t.n), 100 * raw, mark(raw, t.n));
        wider += t.wider / (double)t.n / 4;
        weak += (double)t.weak / (double)rounds / 4;
    }
    printf(" %.2f |", wider);
    if (weak > 0) printf(" too weak in %.1f %% |", 100 * weak);
    printf("\n");
}

int main(int argc, char **argv) {
    static const int NS[] = {20, 100, 1000};
    long rounds = argc > 1 ? atol(argv[1]) : 20000;
    Arena *a = arena_open(0);
    if (!a || rounds < 1) return 1;
    stat_rng_seed(&rng, 20261126);
    printf(
        "\nCoverage of a judged share's 95 %% interval in per cent, corrected by the calibration card / as counted; "
        "%ld rounds. Last column: how much wider the corrected one is.\n\n"
        "| judge (sensitivity/specificity) | n | truth .5 | .2 | .05 | .01 | wider |\n|---|--:|--:|--:|--:|--:|--:|\n",
        rounds);
    for (size_t w = 0; w < sizeof WORLDS / sizeof *WORLDS; w++)
        for (size_t i = 0; i < 3; i++) row(&WORLDS[w], NS[i], rounds, a);
    arena_close(a);
    return 0;
}
