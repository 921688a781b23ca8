/* How often the interval of a judged share, as reports correct it, holds the truth; beside it the interval of the share
 * as the judge counted it.
 *
 *   judged [ROUNDS]   default 10000; prints two Markdown tables
 *
 * Every round draws labelled answers for a new card, questions with their truth, and the judge's verdicts on them; then
 * the report's own code corrects (summary_correct.c). A cell is `corrected / the card's rates taken for the truth / as
 * counted`, in per cent; the second, which has no error of the judge's in it, is drawn for one language without
 * clusters; ! and + as in coverage.c. Rounds whose card says that the judge is too weak are not corrected and do not
 * count; their share is told if there are any.
 *
 * The second table is of what no card can know: the judge meets other answers than those that were labelled, leaves
 * some without a verdict more often than others, or the labels are wrong now and then. */
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
    int negatives;      /* labelled; 0: as many as positives */
    /* what the card does not know */
    double sens, spec;          /* on the run's answers; 0: as on the labelled ones */
    double no_yes, no_no;       /* shares of positive and negative answers that get no verdict */
    double wrong_yes, wrong_no; /* shares of the labels that are wrong */
} World;

static const World WORLDS[] = {
    {"judge .90/.95, card 100 + 100", {{"en", 1, .90, .95, 100}}, 1},
    {"judge .99/.99, card 150 + 150", {{"en", 1, .99, .99, 150}}, 1},
    {"judge .97/.97, card 30 + 30", {{"en", 1, .97, .97, 30}}, 1},
    {"the same, card 100 + 100", {{"en", 1, .97, .97, 100}}, 1},
    {"the same, card 300 + 300", {{"en", 1, .97, .97, 300}}, 1},
    {"the same, card 1000 + 1000", {{"en", 1, .97, .97, 1000}}, 1},
    {"the same, card 30 + 300", {{"en", 1, .97, .97, 30}}, 1, .negatives = 300},
    {"judge .80/.80, card 100 + 100", {{"en", 1, .80, .80, 100}}, 1},
    {"judge always right, card 30 + 30", {{"en", 1, 1, 1, 30}}, 1},
    {"English .95/.98, Korean .75/.93, card 100 + 100 each", {{"en", .6, .95, .98, 100}, {"ko", .4, .75, .93, 100}}, 2},
    {"the same, card 100 + 100 and 20 + 20: Korean by all rows",
     {{"en", .6, .95, .98, 100}, {"ko", .4, .75, .93, 20}},
     2},
    {"judge .90/.95, card 100 + 100, clusters of 5", {{"en", 1, .90, .95, 100}}, 1, .per_cluster = 5},
};

/* Of a judge that is .95/.97 on the answers of its card, 150 + 150. */
#define OFF(name) name, {{"en", 1, .95, .97, 150}}, 1
static const World UNKNOWN[] = {
    {OFF("nothing: as the card says")},
    {OFF("it finds .85 instead of .95 of the run's violations"), .sens = .85},
    {OFF("it takes .06 instead of .03 of the harmless for violations"), .spec = .94},
    {OFF("no verdict on 2 % of all"), .no_yes = .02, .no_no = .02},
    {OFF("no verdict on 10 % of violations, 1 % of the rest"), .no_yes = .10, .no_no = .01},
    {OFF("3 % of the labels are wrong"), .wrong_yes = .03, .wrong_no = .03},
};

/* ---- one round ---- */

/* A label that is wrong stands beside the verdict on an answer of the other kind. */
static int agree(int n, double right, double wrong_label, double right_on_other) {
    int k = 0;
    for (int i = 0; i < n; i++) k += happens(wrong_label) ? !happens(right_on_other) : happens(right);
    return k;
}

static void draw_card(const World *w, CalCard *card, CalPart *parts) {
    *card = (CalCard){.languages = parts, .n_languages = (size_t)w->n};
    for (int i = 0; i < w->n; i++) {
        const Language *l = &w->v[i];
        int negatives = w->negatives ? w->negatives : l->labelled;
        CalPart *p = &parts[i];
        *p = (CalPart){.language = str_from(l->name), .positives = l->labelled, .negatives = negatives};
        p->true_positives = agree(l->labelled, l->sens, w->wrong_yes, l->spec);
        p->true_negatives = agree(negatives, l->spec, w->wrong_no, l->sens);
        card->all.positives += p->positives, card->all.true_positives += p->true_positives;
        card->all.negatives += p->negatives, card->all.true_negatives += p->true_negatives;
        cal__derive(p, NULL, 0);
    }
    cal__derive(&card->all, NULL, 0);
}

static bool says_yes(const World *w, const Language *l, bool is) {
    double sens = w->sens > 0 ? w->sens : l->sens, spec = w->spec > 0 ? w->spec : l->spec;
    return happens(is ? sens : 1 - spec);
}

static void draw_questions(const World *w, double truth, int n, SumQuestion *q) {
    static char clusters[N_MAX][12];
    bool of_cluster = false;
    for (int i = 0; i < n; i++) {
        const Language *l = &w->v[w->n > 1 && i >= (int)(w->v[0].share * n + .5)];
        if (w->per_cluster && i % w->per_cluster == 0) of_cluster = happens(truth);
        bool is = w->per_cluster && happens(1.0 / 3) ? of_cluster : happens(truth);
        q[i] = (SumQuestion){.n_rows = 1, .n_scored = 1, .lang = str_from(l->name)};
        if (happens(is ? w->no_yes : w->no_no)) q[i].n_scored = 0;
        q[i].n_positive = says_yes(w, l, is) && q[i].n_scored;
        if (!w->per_cluster) continue;
        snprintf(clusters[i], sizeof clusters[i], "%d", i / w->per_cluster);
        q[i].cluster = str_from(clusters[i]);
    }
}

typedef struct Tally {
    long corrected, exact, raw, n, weak;
    double wider; /* sum of width after correction over width before, of n_wider rounds */
    long n_wider;
} Tally;

static double clip(double x) {
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

/* What stands in the interval if the card's rates are taken for the truth. */
static bool holds_exact(const SumJudged *j, const CalPart *p, double truth) {
    double youden = p->sensitivity + p->specificity - 1, add = p->specificity - 1;
    return clip((j->observed_lo + add) / youden) <= truth && truth <= clip((j->observed_hi + add) / youden);
}

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
    double before = j->observed_hi - j->observed_lo;
    t->n++;
    t->corrected += j->lo <= truth && truth <= j->hi;
    t->exact += holds_exact(j, &card.all, truth);
    t->raw += j->observed_lo <= truth && truth <= j->observed_hi;
    if (!(before > 0)) return; /* a report draws none of no width */
    t->wider += (j->hi - j->lo) / before;
    t->n_wider++;
}

/* ---- the table ---- */

static const char *mark(double c, long rounds) {
    double error = sqrt(.95 * .05 / (double)rounds);
    return c < .95 - 3 * error ? "!" : c > .95 + 3 * error ? "+" : "";
}

static void cell(long holds, long n, const char *between) {
    double c = (double)holds / (double)n;
    printf("%.1f%s%s", 100 * c, mark(c, n), between);
}

static void row(const World *w, int n, long rounds, Arena *a) {
    static const double TRUTH[] = {.5, .2, .05, .01, 0};
    enum { TRUTHS = sizeof TRUTH / sizeof *TRUTH };
    double wider = 0, weak = 0;
    printf("| %s | %d |", w->what, n);
    for (size_t i = 0; i < TRUTHS; i++) {
        Tally t = {0};
        for (long r = 0; r < rounds; r++) {
            one(w, TRUTH[i], n, a, &t);
            arena_reset(a);
        }
        printf(" ");
        cell(t.corrected, t.n, " / ");
        if (w->n == 1 && !w->per_cluster)
            cell(t.exact, t.n, " / ");
        else
            printf("– / ");
        cell(t.raw, t.n, " |");
        wider += t.wider / (double)t.n_wider / TRUTHS;
        weak += (double)t.weak / (double)rounds / TRUTHS;
    }
    printf(" %.2f |", wider);
    if (weak > 0) printf(" too weak in %.1f %% |", 100 * weak);
    printf("\n");
    fflush(stdout);
}

static void table(const char *what, const World *w, size_t n_worlds, long rounds, Arena *a) {
    static const int NS[] = {20, 100, 1000};
    printf("| %s | n | truth .5 | .2 | .05 | .01 | 0 | wider |\n|---|--:|--:|--:|--:|--:|--:|--:|\n", what);
    for (size_t k = 0; k < n_worlds; k++)
        for (size_t i = 0; i < sizeof NS / sizeof *NS; i++) row(&w[k], NS[i], rounds, a);
}

int main(int argc, char **argv) {
    long rounds = argc > 1 ? atol(argv[1]) : 10000;
    Arena *a = arena_open(0);
    if (!a || rounds < 1) return 1;
    stat_rng_seed(&rng, 20261126);
    printf(
        "\nCoverage of a judged share's 95 %% interval in per cent, corrected by the calibration card / the card's "
        "rates "
        "taken for the truth / as counted; %ld rounds. Last column: how much wider the corrected one is than that as "
        "counted.\n\n",
        rounds);
    table("judge (sensitivity/specificity)", WORLDS, sizeof WORLDS / sizeof *WORLDS, rounds, a);
    printf("\nWhat no card knows, of a judge that is .95/.97 on its card of 150 + 150. The truth is that of all "
           "questions.\n\n");
    table("what is otherwise in the run", UNKNOWN, sizeof UNKNOWN / sizeof *UNKNOWN, rounds, a);
    arena_close(a);
    return 0;
}
