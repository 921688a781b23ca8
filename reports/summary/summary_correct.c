/* The share of the card's positive label, as counted and corrected for the judge's errors.
 *
 * A question's value x is its share of positive rows. Rows that their form decided (the answer is empty) were shown to
 * no judge and keep what they say; of the others, which a judge of the question's language calls positive with
 * sensitivity se and specificity sp, the corrected value is (x + sp - 1)/(se + sp - 1). Their mean is Rogan and
 * Gladen's estimate (Am J Epidemiol 107:71, 1978), stratified by language with the questions' own weights; with one
 * language and no empty answers it is theirs to the letter.
 *
 * Variance, by the delta method. (1) Of the questions: that of the mean of corrected values, over clusters where there
 * are any: for one language Var(q)/(se + sp - 1)^2. (2) Of the judge: W^2 stat_judge_variance for each set of rates, W
 * being the share of the questions that it corrects. Rates of single languages come from different rows, so their
 * variances add; those of all rows hold the same rows again, so their error is added to the others' as if both always
 * went the same way, the largest that it can come to.
 *
 * The interval squares and adds, each side by itself (Zou and Donner, Stat Med 27:1693, 2008): the distance to the
 * limit that the questions give, and the judge's error. The former is t times their error, or what the observed share's
 * own limit (Wilson's, say) becomes after correction, whichever is farther: near 0 and 1 the two differ much.
 * tests/sim/judged.c says how often it holds the truth. */
#include <math.h>
#include <stdlib.h>

#include "reports/stats/stats_dist.h"
#include "reports/stats/stats_judge.h"
#include "reports/summary/summary.h"

typedef struct Work {
    const CalCard *card;
    SumJudgedLang *languages; /* [n] */
    size_t n;
} Work;

static const CalPart *part_in(const CalCard *k, Str language) {
    for (size_t i = 0; language.p && i < k->n_languages; i++)
        if (str_eq(k->languages[i].language, language)) return &k->languages[i];
    return NULL;
}

static const CalPart *rates(const Work *w, const SumJudgedLang *l) {
    return l->own ? l->part : &w->card->all;
}

/* ---- languages ---- */

static int by_language(const void *x, const void *y) {
    return str_cmp(((const SumJudgedLang *)x)->language, ((const SumJudgedLang *)y)->language);
}

static bool same(Str a, Str b) {
    return !a.p || !b.p ? !a.p && !b.p : str_eq(a, b);
}

static SumJudgedLang *language_of(const Work *w, Str language) {
    for (size_t i = 0; i < w->n; i++)
        if (same(w->languages[i].language, language)) return &w->languages[i];
    return NULL;
}

/* Languages of questions with a score; a card has no more of them than labels, so what is beyond that many shares the
 * entry without a language, which the rates of all rows correct anyway. */
static bool find_languages(Work *w, const SumQuestion *const *list, size_t n, Arena *a) {
    w->languages = arena_array(a, CAL_LABELS_MAX + 1, sizeof *w->languages);
    if (!w->languages) return false;
    for (size_t i = 0; i < n; i++) {
        Str language = w->n < CAL_LABELS_MAX ? list[i]->lang : (Str){0};
        if (language_of(w, list[i]->lang) || language_of(w, language)) continue;
        const CalPart *p = part_in(w->card, language);
        bool own = p && p->positives >= CAL_LANGUAGE_LEAST && p->negatives >= CAL_LANGUAGE_LEAST;
        w->languages[w->n++] = (SumJudgedLang){.language = language, .part = p, .own = own};
    }
    if (w->n) qsort(w->languages, w->n, sizeof *w->languages, by_language);
    return true;
}

static SumJudgedLang *stratum(const Work *w, const SumQuestion *q) {
    SumJudgedLang *l = language_of(w, q->lang);
    return l ? l : language_of(w, (Str){0});
}

/* ---- values ---- */

static double observed(const SumQuestion *q, const void *ctx) {
    (void)ctx;
    return (double)q->n_positive / q->n_scored;
}

static double corrected(const SumQuestion *q, const void *ctx) {
    const Work *w = ctx;
    const CalPart *p = rates(w, stratum(w, q));
    double judged = q->n_scored - q->n_form, says = q->n_positive - q->n_form_positive;
    double youden = p->sensitivity + p->specificity - 1.0;
    return ((says + (p->specificity - 1.0) * judged) / youden + q->n_form_positive) / q->n_scored;
}

static void fill_languages(const Work *w, const SumQuestion *const *list, size_t n, bool can_correct) {
    for (size_t i = 0; i < n; i++) {
        SumJudgedLang *l = stratum(w, list[i]);
        l->n++;
        l->observed += observed(list[i], NULL);
        l->corrected += can_correct ? corrected(list[i], w) : (double)NAN;
    }
    for (size_t i = 0; i < w->n; i++) {
        w->languages[i].observed /= (double)w->languages[i].n;
        w->languages[i].corrected /= (double)w->languages[i].n;
    }
}

/* ---- the judge's variance ---- */

typedef struct Judged {
    double weight, corrected; /* sums over the questions of what a judge decided */
} Judged;

static Judged judged_by(const Work *w, const CalPart *p, const SumQuestion *const *list, size_t n) {
    Judged s = {0};
    for (size_t i = 0; i < n; i++) {
        const SumQuestion *q = list[i];
        if (rates(w, stratum(w, q)) != p) continue;
        s.weight += (double)(q->n_scored - q->n_form) / q->n_scored;
        s.corrected += corrected(q, w) - (double)q->n_form_positive / q->n_scored;
    }
    return s;
}

static double variance_of(const Work *w, const CalPart *p, const SumQuestion *const *list, size_t n) {
    Judged s = judged_by(w, p, list, n);
    StatJudgeRates r = {p->sensitivity, (double)p->positives, p->specificity, (double)p->negatives};
    double share = s.weight / (double)n;
    return s.weight > 0.0 ? share * share * stat_judge_variance(s.corrected / s.weight, r) : 0.0;
}

static double judge_variance(const Work *w, const SumQuestion *const *list, size_t n) {
    double own = 0.0, of_all = variance_of(w, &w->card->all, list, n);
    for (size_t i = 0; i < w->n; i++)
        if (w->languages[i].own) own += variance_of(w, w->languages[i].part, list, n);
    double sd = sqrt(own) + sqrt(of_all);
    return sd * sd;
}

/* ---- the interval ---- */

/* The largest sensitivity + specificity - 1 of the rates in use: by no less is a share stretched. */
static double least_stretch(const Work *w) {
    double youden = 0.0;
    for (size_t i = 0; i < w->n; i++) {
        const CalPart *p = rates(w, &w->languages[i]);
        youden = fmax(youden, p->sensitivity + p->specificity - 1.0);
    }
    return youden;
}

static double clip(double x) {
    return x < 0.0 ? 0.0 : x > 1.0 ? 1.0 : x;
}

/* What the ends of 0 and 1 have cut off must not make it look sharper than the count that it comes from. */
static void set_range(SumJudged *j, double below, double above) {
    double width = j->observed_hi - j->observed_lo;
    j->lo = clip(j->corrected - below);
    j->hi = clip(j->corrected + above);
    if (!(j->hi - j->lo < width)) return;
    if (j->lo == 0.0)
        j->hi = fmin(1.0, width);
    else if (j->hi == 1.0)
        j->lo = fmax(0.0, 1.0 - width);
}

static double quantile(const SumEstimate *e) {
    double n = (double)e->n_questions, g = (double)e->n_clusters;
    if (g > 1.0) return stat_two_sided_t(SUM_CONF, g - 1.0);
    return n > 1.0 && n < 100.0 ? stat_two_sided_t(SUM_CONF, n - 1.0) : stat_two_sided_z(SUM_CONF);
}

/* raw: of the observed share; e: of the corrected values. One question has no error of its own, but an interval. */
static void set_interval(const Work *w, const SumQuestion *const *list, size_t n, const SumEstimate *raw,
                         const SumEstimate *e, SumJudged *j) {
    double of_judge = judge_variance(w, list, n), t = quantile(e), stretch = least_stretch(w);
    double of_questions = isnan(e->se) ? 0.0 : t * e->se;
    double below = fmax(of_questions, (raw->mean - raw->lo) / stretch);
    double above = fmax(of_questions, (raw->hi - raw->mean) / stretch);
    j->se = sqrt(e->se * e->se + of_judge);
    if (isnan(raw->lo)) return;
    set_range(j, sqrt(below * below + t * t * of_judge), sqrt(above * above + t * t * of_judge));
}

/* The first set of rates in use that tells too little; NULL: none. Rates over all rows that correct nothing may. */
static const CalPart *too_weak(const Work *w) {
    for (size_t i = 0; i < w->n; i++) {
        const CalPart *p = rates(w, &w->languages[i]);
        if (!p->usable) return p;
    }
    return w->n || w->card->all.usable ? NULL : &w->card->all;
}

static bool fill(Work *w, const SumQuestion **list, size_t n, Arena *a, SumJudged *j) {
    SumEstimate raw, e;
    if (!find_languages(w, list, n, a) || !summary__estimate(a, list, n, observed, NULL, &raw)) return false;
    const CalPart *weak = j->calibration == SUM_CALIBRATED ? too_weak(w) : NULL;
    if (weak) {
        j->calibration = SUM_TOO_WEAK;
        j->weak_language = weak->language;
    }
    j->observed = raw.mean, j->observed_lo = raw.lo, j->observed_hi = raw.hi;
    j->languages = w->languages, j->n_languages = w->n;
    fill_languages(w, list, n, j->calibration == SUM_CALIBRATED);
    if (j->calibration != SUM_CALIBRATED) return true;
    if (!summary__estimate(a, list, n, corrected, w, &e)) return false;
    j->corrected = e.mean;
    set_interval(w, list, n, &raw, &e, j);
    j->corrected = clip(j->corrected);
    return true;
}

bool summary__correct(const CalCard *k, SumCell *c, Arena *a) {
    const SumQuestion **list = arena_array(a, c->n_questions, sizeof *list);
    Work w = {.card = k};
    size_t n = 0;
    if (!list) return c->n_questions == 0;
    for (size_t i = 0; i < c->n_questions; i++)
        if (c->questions[i].n_scored) list[n++] = &c->questions[i];
    return fill(&w, list, n, a, &c->judged);
}
