/* What a report says of cells whose scorer asked a judge: how often it gave no verdict, whether a calibration card
 * counts for it, and the rate that follows when its errors are taken into account (summary_correct.c).
 *
 * Manifest keys: "scorers" {suite: [{name, scorer, version, asks?: "model"}]}, "calibration" {id, card}, "started_at",
 * "judge" {digest, precision, effort, temperature, …}, "rescoring" (while a run is scored again: since when).
 *
 * A run holds its card against its judge and its scorers before it takes it. It is done here again, by what the store
 * says: the scores may be of another judge by now, or the card may be from a time when less was looked at. */
#include "reports/summary/summary.h"

#include <math.h>

#include "engine/base/json.h"

typedef struct Judges {
    Summary *s;
    const Json *scorers, *judge; /* NULL: not told */
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

static SumFit worse(SumFit a, SumFit b) {
    return a > b ? a : b;
}

/* Absent: not told. */
static SumFit fit(Str card, Str run) {
    if (!card.p || !run.p) return SUM_FIT_UNTOLD;
    return str_eq(card, run) ? SUM_FITS : SUM_FITS_NOT;
}

static SumFit template_fits(const CalCard *k, Str hash) {
    if (!k->n_templates || !hash.p) return SUM_FIT_UNTOLD;
    for (size_t i = 0; i < k->n_templates; i++)
        if (str_eq(k->templates[i], hash)) return SUM_FITS;
    return SUM_FITS_NOT;
}

/* Scorers without a policy, and their cards, tell of none. */
static SumFit policy_fits(const CalCard *k, Str hash) {
    return k->policy_sha256.p || hash.p ? fit(k->policy_sha256, hash) : SUM_FITS;
}

bool summary__asked(const CalCard *k, Str judge, SumFit *out, Err *err) {
    Json *j = NULL;
    *out = SUM_FIT_UNTOLD;
    if (!k || !judge.p) return true;
    if (!json_parse(judge, &j, err)) return err_wrap(err, "what a score says of its judge");
    const Json *first = json_first(json_get(j, "asks"));
    if (first) *out = SUM_FITS;
    for (const Json *ask = first; ask; ask = json_next(ask)) {
        *out = worse(*out, template_fits(k, json_str(json_get(ask, "template_sha256"))));
        *out = worse(*out, policy_fits(k, json_str(json_get(ask, "policy_sha256"))));
    }
    json_close(j);
    return true;
}

/* Runs and cards tell the precision since there is a choice: before, all was exact. */
static Str precision_of(Str told) {
    return told.p ? told : STR("exact");
}

static SumFit judge_fits(const CalCard *k, const Json *judge) {
    const Json *t = json_get(judge, "temperature");
    bool told = json_type(t) == JSON_NUMBER && !isnan(k->judge_temperature);
    SumFit f = fit(k->judge_digest, json_str(json_get(judge, "digest")));
    f = worse(f, fit(precision_of(k->judge_precision), precision_of(json_str(json_get(judge, "precision")))));
    f = worse(f, fit(k->judge_effort, json_str(json_get(judge, "effort"))));
    return worse(f, !told ? SUM_FIT_UNTOLD : k->judge_temperature == json_num(t) ? SUM_FITS : SUM_FITS_NOT);
}

static SumCalibration calibration_of(const Judges *g, const SumCell *c, Str scorer) {
    const CalCard *k = g->s->card;
    if (!k) return SUM_UNCALIBRATED;
    SumFit by = worse(fit(k->scorer, scorer), fit(k->scorer_version, c->scorer_version));
    SumFit of = judge_fits(k, g->judge);
    if (by == SUM_FITS_NOT) return SUM_OTHER_SCORER;
    if (of == SUM_FITS_NOT) return SUM_OTHER_JUDGE;
    if (c->asked == SUM_FITS_NOT) return SUM_OTHER_QUESTIONS;
    if (g->s->rescoring || worse(worse(by, of), c->asked) != SUM_FITS) return SUM_UNTOLD;
    if (!cal_is_near(k->date, g->started_at)) return SUM_OUT_OF_DATE;
    return SUM_CALIBRATED;
}

/* In every language that the questions have: a judge may be good in one and poor in another. Where the card tells of no
 * language, and for questions that have none, over all rows. */
static bool meets_bars(const CalCard *k, const SumJudged *j) {
    bool all = true;
    for (size_t i = 0; i < j->n_languages; i++) {
        const SumJudgedLang *l = &j->languages[i];
        bool over_all = !l->language.p || !k->n_languages;
        all = all && (over_all ? k->all.meets_bars : l->part && l->part->meets_bars);
    }
    return j->calibration == SUM_CALIBRATED && all && (j->n_languages || k->all.meets_bars);
}

static bool judge_cell(const Judges *g, SumCell *c, Err *err) {
    SumJudged *j = &c->judged;
    Str scorer = judged_scorer(g, c);
    *j = (SumJudged){
        .observed = NAN, .corrected = NAN, .se = NAN, .lo = NAN, .hi = NAN, .observed_lo = NAN, .observed_hi = NAN};
    if (!scorer.p) return true;
    j->asked = true;
    j->n_disputed = labelled(c, STR("disputed"));
    j->n_unread = unread(c);
    j->calibration = calibration_of(g, c, scorer);
    if (!g->s->card) return true;
    if (!summary__correct(g->s->card, c, g->s->arena)) return err_nomem(err);
    j->meets_bars = meets_bars(g->s->card, j);
    return true;
}

static bool keep(Arena *a, const Json *j, const char *key, Str *out) {
    Str v = json_str(json_get(j, key));
    if (v.p) *out = str_dup(a, v);
    return !v.p || out->p;
}

static bool read_judge(Summary *s, const Json *j, Err *err) {
    SumJudge *g = &s->judge;
    g->precision = STR("exact"); /* before there was a choice it was not told */
    return (keep(s->arena, j, "digest", &g->digest) && keep(s->arena, j, "precision", &g->precision) &&
            keep(s->arena, j, "effort", &g->effort)) ||
           err_nomem(err);
}

/* The card was checked when it was put there; one that cannot be read is damaged, or from a version that knew less. */
bool summary__card(Summary *s, RunStore *store, Err *err) {
    Str entry;
    bool there = false;
    CalCard *card = arena_alloc(s->arena, sizeof *card);
    if (!card) return err_nomem(err);
    if (!store_manifest_get(store, "calibration", s->arena, &entry, err)) return false;
    if (entry.p && !cal_read_entry(entry, s->arena, card, &there, err))
        return err_wrap(err, "the run's calibration card (to replace it: assay run --resume DIR --calibration FILE)");
    if (there) s->card = card;
    return true;
}

bool summary__judges(Summary *s, RunStore *store, Err *err) {
    Json *scorers = NULL, *started = NULL, *judge = NULL, *rescoring = NULL;
    Judges g = {.s = s};
    bool ok = want_manifest(store, "scorers", s->arena, &scorers, err) &&
              want_manifest(store, "started_at", s->arena, &started, err) &&
              want_manifest(store, "rescoring", s->arena, &rescoring, err) &&
              want_manifest(store, "judge", s->arena, &judge, err) && read_judge(s, judge, err);
    s->rescoring = json_str(rescoring).p != NULL;
    g.scorers = scorers;
    g.judge = judge;
    g.started_at = json_str(started);
    for (size_t i = 0; ok && i < s->n_cells; i++) ok = judge_cell(&g, &s->cells[i], err);
    json_close(scorers);
    json_close(started);
    json_close(judge);
    json_close(rescoring);
    return ok;
}

/* ---- words ---- */

const char *summary_calibration_name(SumCalibration c) {
    static const char *const names[] = {WORD("uncalibrated"),    WORD("another scorer's"), WORD("another judge's"),
                                        WORD("other questions"), WORD("cannot be told"),   WORD("out of date"),
                                        WORD("too weak"),        WORD("calibrated")};
    return (unsigned)c <= SUM_CALIBRATED ? names[c] : "?";
}

static const char *why_not(SumCalibration c) {
    switch (c) {
    case SUM_OTHER_SCORER:
        return WORD("A judge model gave the verdicts of %.*s; the calibration card is of another scorer or of another "
                    "version of it.");
    case SUM_OTHER_JUDGE:
        return WORD("A judge model gave the verdicts of %.*s; the calibration card is not of this judge with its "
                    "precision, effort and temperature.");
    case SUM_OTHER_QUESTIONS:
        return WORD("A judge model gave the verdicts of %.*s; the calibration card is of other questions to the judge, "
                    "or of another policy.");
    case SUM_UNTOLD:
        return WORD("A judge model gave the verdicts of %.*s; whether the calibration card is of this judge, used in "
                    "this way, cannot be told from what the run and the card say of it: calibrate it again, or score "
                    "again with assay rescore.");
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
        const SumJudged *j = &c->judged;
        Str suite = s->suites[c->suite].name;
        if (!c->primary || !j->asked || j->meets_bars) continue;
        if (j->calibration == SUM_TOO_WEAK && j->weak_language.p)
            words_addf(b, s->lang,
                       WORD("A judge model gave the verdicts of %.*s; by its calibration card the judge is too weak in "
                            "the language “%.*s” for its rates to be corrected."),
                       STR_ARG(suite), STR_ARG(j->weak_language));
        else
            buf_addf(b, words(s->lang, why_not(j->calibration)), STR_ARG(suite));
        return;
    }
}

/* One sentence on the first language that has rows on the card, and too few to correct by. */
static void language_words(const Summary *s, Buf *b) {
    for (size_t i = 0; i < s->n_cells; i++) {
        const SumJudged *j = &s->cells[i].judged;
        bool used = s->cells[i].primary && j->asked && j->calibration == SUM_CALIBRATED && s->card->n_languages;
        for (size_t k = 0; used && k < j->n_languages; k++) {
            const SumJudgedLang *l = &j->languages[k];
            if (l->own || !l->language.p) continue;
            words_addf(b, s->lang,
                       WORD("The judge's errors on answers in the language “%.*s” are corrected by its rates over all "
                            "languages: the calibration card has %lld positive and %lld negative rows in that one, and "
                            "%d of each are needed. How far the judge differs there is not in the interval."),
                       STR_ARG(l->language), l->part ? (long long)l->part->positives : 0LL,
                       l->part ? (long long)l->part->negatives : 0LL, CAL_LANGUAGE_LEAST);
            return;
        }
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
    else if (which == 1)
        unread_words(s, b);
    else
        language_words(s, b);
}
