/* Which calibration card speaks for the judge of an arm. It must be of that judge as it ran (digest, precision, effort,
 * temperature), of the same version of the same scorer with the same policy, made before the run and not more than
 * CAL_DAYS before it, of the label that is counted, and must have labelled answers in every language of the items. */
#include <math.h>

#include "reports/audit/audit_card_internal.h"
#include "reports/calibration.h"
#include "reports/stats/stats_judge.h"
#include "reports/words/words.h"

enum { LANGUAGES_MOST = 64 };

/* How far a card got; the reason of the one that got farthest is told. */
typedef enum Fits { NO_CARD, JUDGE, SCORER, POLICY, DATE, LABEL, LANGUAGE, STRENGTH, ALL } Fits;

static const char *why(Fits f) {
    static const char *const WHY[] = {
        [NO_CARD] = NULL,
        [JUDGE] = WORD("the calibration card is of another judge, or of one that was set otherwise"),
        [SCORER] = WORD("the judge's calibration card is of another scorer, or of another version of it"),
        [POLICY] = WORD("the judge's calibration card was made with another policy"),
        [DATE] = WORD("the judge's calibration card was made after the run, or more than a year before it"),
        [LABEL] = WORD("the judge's calibration card is of another label than the one that is counted"),
        [LANGUAGE] = WORD("the judge's calibration card has fewer than 30 labelled answers of each kind in a language "
                          "of these items"),
        [STRENGTH] = WORD("by its calibration card the judge tells too little to be corrected"),
        [ALL] = NULL};
    return WHY[f];
}

/* ---- the run of a row ---- */

static const Json *run_of(const Card *c, const AuditRow *r) {
    int64_t at = 0;
    for (const Json *j = json_first(json_get(c->header, "runs")); j; j = json_next(j))
        if (at++ == r->run) return j;
    return NULL;
}

static const Json *suite_of(const Json *run, Str suite) {
    for (const Json *s = json_first(json_get(run, "suites")); s; s = json_next(s))
        if (str_eq(card__text(s, "name"), suite)) return s;
    return NULL;
}

static bool same(const Json *a, const Json *b, const char *key) {
    return str_eq(card__text(a, key), card__text(b, key));
}

static bool same_judge(const Json *a, const Json *b) {
    return card__text(a, "digest").n && same(a, b, "digest") && same(a, b, "precision") && same(a, b, "effort") &&
           card__number(a, "temperature") == card__number(b, "temperature");
}

static Fits row_fits(const Card *c, const Json *card, const AuditRow *r) {
    const Json *run = run_of(c, r), *suite = suite_of(run, r->suite);
    if (!same_judge(json_get(card, "judge"), json_get(run, "judge"))) return JUDGE;
    if (!card__text(card, "scorer").n || !same(card, suite, "scorer") || !same(card, suite, "scorer_version"))
        return SCORER;
    if (!str_eq(card__text(card, "policy_sha256"), r->policy)) return POLICY;
    return cal_in_date(card__text(card, "date"), card__text(run, "started_at")) ? ALL : DATE;
}

/* ---- what is counted ---- */

/* Whether a label is what counts as unsafe, or what does not, as far as answers with a verdict show it. */
typedef struct Meaning {
    bool met, is, is_not;
} Meaning;

static void learn(Meaning *k, const AuditRow *r, Str label, Metric m) {
    if (!r->judged || !r->scored) return;
    double unsafe = card__unsafe(r, m);
    bool here = str_eq(r->label, label);
    k->met = k->met || here;
    k->is = k->is && (here ? unsafe == 1.0 : unsafe == 0.0); /* a grade between has no sensitivity */
    k->is_not = k->is_not && (here ? unsafe == 0.0 : unsafe == 1.0);
}

/* Whether the card's label is what counts as unsafe (1), what does not (-1), or neither (0). A label that no answer of
 * the arm has tells nothing by itself: then other answers to the suite do, or its name. */
static int side_of(const Card *c, const Json *card, const Picked *p, Metric m) {
    Str positive = card__text(card, "positive");
    Meaning k = {.is = true, .is_not = true};
    for (size_t i = 0; i < p->n; i++) learn(&k, p->v[i], positive, m);
    for (size_t i = 0; i < c->n && !k.met; i++)
        if (str_eq(c->rows[i].suite, p->v[0]->suite) && !c->rows[i].arm.n) learn(&k, &c->rows[i], positive, m);
    if (!k.met && (m == ABILITY || !str_eqz(positive, "violates"))) return 0;
    return k.is ? 1 : k.is_not ? -1 : 0;
}

static EvidRates rates_of(const Json *part, int side) {
    double p = card__number(part, "positives"), tp = card__number(part, "true_positives"),
           n = card__number(part, "negatives"), tn = card__number(part, "true_negatives");
    EvidRates r = {.sens = tp / p, .sens_n = p, .spec = tn / n, .spec_n = n};
    return side > 0 ? r : (EvidRates){.sens = r.spec, .sens_n = r.spec_n, .spec = r.sens, .spec_n = r.sens_n};
}

static const Json *language_on(const Json *card, Str lang) {
    for (const Json *l = json_first(json_get(card, "languages")); l; l = json_next(l))
        if (str_eq(card__text(l, "language"), lang)) return l;
    return NULL;
}

static size_t languages_of(const Picked *p, Str *out) {
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++) {
        bool there = !p->v[i]->lang.n || !p->v[i]->judged;
        for (size_t k = 0; k < n && !there; k++) there = str_eq(out[k], p->v[i]->lang);
        if (!there && n < LANGUAGES_MOST) out[n++] = p->v[i]->lang;
    }
    return n;
}

static Fits read_rates(const Json *card, const Picked *p, int side, EvidRates *out, size_t *n) {
    Str langs[LANGUAGES_MOST];
    size_t n_langs = languages_of(p, langs);
    out[(*n)++] = rates_of(json_get(card, "all"), side);
    for (size_t i = 0; i < n_langs; i++) {
        const Json *l = language_on(card, langs[i]);
        EvidRates r = rates_of(l, side);
        if (!l || !(r.sens_n >= CAL_LANGUAGE_LEAST && r.spec_n >= CAL_LANGUAGE_LEAST)) return LANGUAGE;
        out[(*n)++] = r;
    }
    for (size_t i = 0; i < *n; i++)
        if (!stat_judge_tells(out[i].sens, out[i].spec, STAT_JUDGE_LEAST)) return STRENGTH;
    return ALL;
}

/* ---- together ---- */

static Fits fits(const Card *c, const Json *card, const Picked *p, Metric m, EvidRates *out, size_t *n) {
    *n = 0;
    for (size_t i = 0; i < p->n; i++) {
        Fits f = p->v[i]->judged ? row_fits(c, card, p->v[i]) : ALL;
        if (f != ALL) return f;
    }
    int side = side_of(c, card, p, m);
    return side ? read_rates(card, p, side, out, n) : LABEL;
}

static bool choose(Card *c, const Picked *p, Metric m, EvidJudge *j, Str *calibration) {
    Fits best = NO_CARD;
    EvidRates *rates = arena_array(c->a, LANGUAGES_MOST + 1, sizeof *rates);
    if (!rates) return false;
    for (const Json *k = json_first(json_get(c->header, "calibration")); k && best != ALL; k = json_next(k)) {
        size_t n;
        Fits f = fits(c, k, p, m, rates, &n);
        if (f > best) best = f;
        if (f == ALL) {
            j->rates = rates, j->n_rates = n, j->calibrated = true;
            *calibration = card__text(k, "sha256");
        }
    }
    j->why = why(best);
    return true;
}

bool card__judge(Card *c, const Picked *p, const AuditArmName *arm, Metric m, EvidJudge *j, Str *calibration) {
    size_t judged = 0;
    *j = (EvidJudge){0};
    *calibration = STR("");
    for (size_t i = 0; i < p->n; i++) judged += p->v[i]->judged;
    if (!judged) return true;
    j->used = true;
    j->share = (double)judged / (double)p->n;
    if (p->v[0]->arm.n)
        j->why = WORD("a judge scored these results elsewhere, and its calibration is not known here");
    else if (arm->best_of || arm->consensus)
        j->why =
            WORD("a judge's calibration is of single answers, and says nothing of the best or the most of several");
    else
        return choose(c, p, m, j, calibration);
    return true;
}

const char *card__judge_fault(const EvidJudge *j) {
    if (!j->used || j->calibrated) return NULL;
    return j->why ? j->why : "a judge scored it that has no calibration which counts";
}
