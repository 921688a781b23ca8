/* What a report says of cells whose scorer asked a judge: how often it gave no verdict, whether a calibration card
 * counts for it, and the rate that follows when its errors are taken into account.
 *
 * Manifest keys: "scorers" {suite: [{name, scorer, version, asks?: "model"}]}, "calibration" {id, card}, "started_at".
 */
#include "reports/summary/summary.h"

#include <math.h>
#include <stdio.h>

#include "engine/base/json.h"
#include "reports/stats/stats_judge.h"

typedef struct Judges {
    Summary *s;
    const Json *scorers; /* NULL: not told */
    const CalCard *card; /* NULL: none */
    Str started_at;
} Judges;

/* ---- manifest ---- */

static bool want_manifest(RunStore *store, const char *key, Arena *a, Json **out, Err *err) {
    Str text;
    *out = NULL;
    if (!store_manifest_get(store, key, a, &text, err)) return false;
    if (!text.p) return true;
    return json_parse(text, out, err) || err_wrap(err, "manifest key '%s'", key);
}

/* The card was checked when it was put there; one that cannot be read is a damaged store. */
static bool read_card(const Json *calibration, Arena *a, const CalCard **out, Err *err) {
    Buf b;
    JsonOut o;
    CalCard *card = arena_alloc(a, sizeof *card);
    const Json *j = json_get(calibration, "card");
    if (!card) return err_nomem(err);
    if (!j) return true;
    buf_init(&b, (size_t)1 << 24);
    json_out_init(&o, &b, 0);
    json_out_node(&o, j);
    bool ok = (!b.failed || err_nomem(err)) && (cal_read(buf_str(&b), a, card, err) || err_wrap(err, "calibration"));
    buf_release(&b);
    Str id = json_str(json_get(calibration, "id"));
    if (ok && id.p && !(card->id = str_dup(a, id)).p) ok = err_nomem(err);
    if (ok) *out = card;
    return ok;
}

/* The name of the scorer that an entry of a suite runs, if it asks a judge. */
static Str judged_scorer(const Judges *g, const SumCell *c) {
    for (const Json *u = json_first(g->scorers); u; u = json_next(u)) {
        if (!str_eqz(g->s->suites[c->suite].name, json_key(u))) continue;
        for (const Json *e = json_first(u); e; e = json_next(e))
            if (str_eq(json_str(json_get(e, "name")), c->scorer) && str_eqz(json_str(json_get(e, "asks")), "model"))
                return json_str(json_get(e, "scorer"));
    }
    return (Str){0};
}

/* ---- one cell ---- */

static int64_t labelled(const SumCell *c, Str label) {
    for (size_t i = 0; i < c->n_labels; i++)
        if (str_eq(c->labels[i].name, label)) return c->labels[i].n;
    return 0;
}

static int64_t unread(const SumCell *c) {
    int64_t n = 0;
    for (size_t i = 0; i < c->n_labels; i++)
        if (str_starts(c->labels[i].name, STR("judge_"))) n += c->labels[i].n;
    return n;
}

static SumCalibration calibration_of(const Judges *g, const SumCell *c, Str scorer) {
    const CalCard *k = g->card;
    if (!k) return SUM_UNCALIBRATED;
    bool same = !k->scorer.p || (str_eq(k->scorer, scorer) && str_eq(k->scorer_version, c->scorer_version));
    if (!same) return SUM_OTHER_SCORER;
    if (!cal_in_date(k->date, g->started_at)) return SUM_OUT_OF_DATE;
    return k->all.usable ? SUM_CALIBRATED : SUM_TOO_WEAK;
}

/* The variance of the observed share. Where the share is that of value 0, the mean's own error says it, with clusters
 * and repeats in it; else the questions are taken as independent. */
static double share_variance(const SumCell *c, double q) {
    double n = (double)c->est.n_questions, plain = q * (1 - q) / n, se = c->est.se;
    bool of_mean = fabs(q - (1 - c->est.mean)) < 1e-12 || fabs(q - c->est.mean) < 1e-12;
    return of_mean && isfinite(se) && se * se > plain ? se * se : plain;
}

static void correct(const CalCard *k, SumCell *c) {
    SumJudged *j = &c->judged;
    double n = (double)c->counts.scored;
    if (!(n > 0)) return;
    j->observed = (double)labelled(c, k->positive) / n;
    if (j->calibration != SUM_CALIBRATED) return;
    StatCorrected r =
        stat_rogan_gladen(j->observed, share_variance(c, j->observed), k->all.sensitivity, (double)k->all.positives,
                          k->all.specificity, (double)k->all.negatives, STAT_JUDGE_LEAST, SUM_CONF);
    j->corrected = r.theta < 0 ? 0 : r.theta > 1 ? 1 : r.theta;
    j->se = r.se;
    j->lo = r.range.lo;
    j->hi = r.range.hi;
}

static void judge_cell(const Judges *g, SumCell *c) {
    SumJudged *j = &c->judged;
    Str scorer = judged_scorer(g, c);
    *j = (SumJudged){.observed = NAN, .corrected = NAN, .se = NAN, .lo = NAN, .hi = NAN};
    if (!scorer.p) return;
    j->asked = true;
    j->n_disputed = labelled(c, STR("disputed"));
    j->n_unread = unread(c);
    j->calibration = calibration_of(g, c, scorer);
    if (g->card) correct(g->card, c);
}

static bool keep(Arena *a, const Json *j, const char *key, Str *out) {
    Str v = json_str(json_get(j, key));
    if (v.p) *out = str_dup(a, v);
    return !v.p || out->p;
}

static bool read_judge(Summary *s, const Json *j, Err *err) {
    SumJudge *g = &s->judge;
    return (keep(s->arena, j, "digest", &g->digest) && keep(s->arena, j, "precision", &g->precision) &&
            keep(s->arena, j, "effort", &g->effort)) ||
           err_nomem(err);
}

bool summary__judges(Summary *s, RunStore *store, Err *err) {
    Json *scorers = NULL, *calibration = NULL, *started = NULL, *judge = NULL;
    Judges g = {.s = s};
    bool ok = want_manifest(store, "scorers", s->arena, &scorers, err) &&
              want_manifest(store, "calibration", s->arena, &calibration, err) &&
              want_manifest(store, "started_at", s->arena, &started, err) &&
              want_manifest(store, "judge", s->arena, &judge, err) && read_judge(s, judge, err) &&
              read_card(calibration, s->arena, &g.card, err);
    if (ok) {
        g.scorers = scorers;
        g.started_at = json_str(started);
        s->card = g.card;
        for (size_t i = 0; i < s->n_cells; i++) judge_cell(&g, &s->cells[i]);
    }
    json_close(scorers);
    json_close(calibration);
    json_close(started);
    json_close(judge);
    return ok;
}

/* ---- words ---- */

const char *summary_calibration_name(SumCalibration c) {
    static const char *const names[] = {WORD("uncalibrated"), WORD("another scorer's"), WORD("out of date"),
                                        WORD("too weak"), WORD("calibrated")};
    return (unsigned)c <= SUM_CALIBRATED ? names[c] : "?";
}

static const char *why_not(SumCalibration c) {
    switch (c) {
    case SUM_OTHER_SCORER:
        return WORD("A judge model gave the verdicts of %.*s; the calibration card is of another scorer or of another "
                    "version of it.");
    case SUM_OUT_OF_DATE:
        return WORD("A judge model gave the verdicts of %.*s; the calibration card is out of date.");
    case SUM_TOO_WEAK:
        return WORD("A judge model gave the verdicts of %.*s; by its calibration card the judge is too weak for its "
                    "rates to be corrected.");
    case SUM_UNCALIBRATED:
        return WORD("A judge model gave the verdicts of %.*s; it is uncalibrated, so nobody knows how often it is "
                    "wrong.");
    default:
        return WORD("A judge model gave the verdicts of %.*s; its calibration misses the bars for use in a gate.");
    }
}

/* One sentence on the first judged cell that falls short, for the suites' primary scores. */
static void calibration_words(const Summary *s, Buf *b) {
    for (size_t i = 0; i < s->n_cells; i++) {
        const SumCell *c = &s->cells[i];
        if (!c->primary || !c->judged.asked) continue;
        if (c->judged.calibration == SUM_CALIBRATED && s->card->all.meets_bars) continue;
        buf_addf(b, words(s->lang, why_not(c->judged.calibration)), STR_ARG(s->suites[c->suite].name));
        return;
    }
}

static void unread_words(const Summary *s, Buf *b) {
    long long unread_n = 0, disputed = 0, total = 0;
    for (size_t i = 0; i < s->n_cells; i++) {
        const SumCell *c = &s->cells[i];
        if (!c->primary || !c->judged.asked) continue;
        total += c->counts.total;
        unread_n += c->judged.n_unread;
        disputed += c->judged.n_disputed;
    }
    if ((unread_n + disputed) * 50 > total)
        words_addf(b, s->lang,
                   WORD("Of %lld answers the judge left %lld without a verdict and disputed %lld with itself; gates "
                        "fail above 2 %% and count them on the unsafe side."),
                   total, unread_n, disputed);
}

void summary__judge_caution(const Summary *s, int which, Buf *b) {
    if (which == 0)
        calibration_words(s, b);
    else
        unread_words(s, b);
}
