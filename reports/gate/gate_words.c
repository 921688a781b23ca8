/* What the gate found, in plain words: what was seen, what the policy asks for, and what to do about it. */
#include "reports/gate/gate_internal.h"

#include <math.h>
#include <stdio.h>

enum { SENTENCE_MAX = 8000 };

typedef struct Points {
    char text[24];
} Points;

/* "−3.1": percentage points with their sign. */
static Points points_of(double v) {
    Points p;
    snprintf(p.text, sizeof p.text, "%s%.1f", v < -0.0005 ? "−" : "", fabs(100.0 * v));
    return p;
}
#define POINTS(v) points_of(v).text

GatePercent gate_confidence(double alpha) {
    GatePercent p;
    snprintf(p.text, sizeof p.text, "%.4g", 100.0 * (1.0 - alpha));
    return p;
}

static const char *what_of(GateMetric m) {
    static const char *const WORDS[] = {WORD("Score"),
                                        WORD("Harmful requests declined"),
                                        WORD("Harmful requests given way to"),
                                        WORD("Harmless requests not fully answered"),
                                        WORD("Pairs with both halves right"),
                                        WORD("Answers cut off"),
                                        WORD("Answers without a score"),
                                        WORD("Tokens per answer")};
    return WORDS[m];
}

const char *gate_verdict_words(GateVerdict v) {
    static const char *const WORDS[] = {WORD("pass"), WORD("fail"), WORD("cannot tell"), WORD("skipped")};
    return WORDS[v];
}

const char *gate_multiplicity(const GateReport *g) {
    return g->planned ? WORD("The gate passes if every check passes; it fails if one check fails, and those tests are "
                             "adjusted for their number (Bonferroni) and for looking on after each question.")
                      : WORD("The gate passes if every check passes; it fails if one check fails, and those tests are "
                             "adjusted for their number (Holm).");
}

static bool is_difference(const GateResult *r) {
    return r->check->kind <= GATE_NO_EROSION;
}

static bool is_tested(const GateResult *r) {
    return !gate_is_count(r->check->metric);
}

static void part(Buf *b, Lang l, const char *what, Str name, void (*put)(Buf *, Str)) {
    if (!name.p) return;
    buf_adds(b, ", ");
    buf_adds(b, words(l, what));
    buf_addc(b, ' ');
    put(b, name);
}

void gate_place(Buf *b, Lang l, const GateResult *r, void (*put)(Buf *, Str)) {
    if (!r->suite.p) return;
    buf_adds(b, ", ");
    put(b, r->suite);
    part(b, l, WORD("group"), r->group, put);
    part(b, l, WORD("language"), r->lang, put);
    part(b, l, WORD("effort"), str_from(r->effort), put);
}

/* ---- differences ---- */

/* The bound that a claim rests on: of a failure the one that shows it, else the one that is still open. */
static void difference_bound(Buf *b, Lang l, const GateResult *r) {
    static const char *const TEXTS[3][2] = {{WORD("The difference is %s points, with %s %% confidence at least %s."),
                                             WORD("The difference is %s points, with %s %% confidence at most %s.")},
                                            {WORD("The loss is %s points, with %s %% confidence at least %s."),
                                             WORD("The loss is %s points, with %s %% confidence at most %s.")},
                                            {WORD("The rise is %s points, with %s %% confidence at least %s."),
                                             WORD("The rise is %s points, with %s %% confidence at most %s.")}};
    static const char *const BARE[3] = {WORD("The difference is %s points, of too few pairs for bounds."),
                                        WORD("The loss is %s points, of too few pairs for bounds."),
                                        WORD("The rise is %s points, of too few pairs for bounds.")};
    GateMetric m = r->check->metric;
    int kind = m == GATE_SCORE ? 0 : m == GATE_REFUSAL ? 1 : 2;
    bool most = (kind != 0) == (r->verdict != GATE_FAIL);
    double bound = most ? r->upper : r->lower;
    Points value = points_of(r->value);
    if (isnan(bound))
        words_addf(b, l, BARE[kind], value.text);
    else
        words_addf(b, l, TEXTS[kind][most], value.text, gate_confidence(gate_alpha(r->check)).text, POINTS(bound));
}

/* The bound above is wider than that of the scored answers. */
static void open_too(Buf *b, Lang l, const GateResult *r) {
    if (isnan(r->worst) || isnan(r->best) || isnan(r->lower) || r->worst == r->best) return;
    buf_addc(b, ' ');
    buf_adds(b, words(l, WORD("That holds whatever the candidate's answers without a score would have been.")));
}

static void difference(Buf *b, Lang l, const GateResult *r) {
    words_addf(b, l,
               r->n == 1 ? WORD("%s: %.1f %% before, %.1f %% now, on %zu pair (%zu worse, %zu better).")
                         : WORD("%s: %.1f %% before, %.1f %% now, on %zu pairs (%zu worse, %zu better)."),
               words(l, what_of(r->check->metric)), 100.0 * r->baseline, 100.0 * r->candidate, r->n, r->worse,
               r->better);
    buf_addc(b, ' ');
    difference_bound(b, l, r);
    open_too(b, l, r);
    buf_addc(b, ' ');
    if (r->check->kind == GATE_SUPERIOR)
        buf_adds(b, words(l, WORD("It must be above 0.")));
    else if (r->check->metric == GATE_SCORE)
        words_addf(b, l, WORD("A loss must be shown to be less than %.1f points."), 100.0 * r->check->margin);
    else
        words_addf(b, l, WORD("It must be shown to be less than %.1f points."), 100.0 * r->check->margin);
    if (isnan(r->mde) && r->n != 1) return;
    buf_addc(b, ' ');
    if (r->n == 1)
        buf_adds(b, words(l, WORD("One pair says nothing about others.")));
    else if (r->mde > 1.0)
        words_addf(b, l, WORD("These %zu pairs are too few to show any difference."), r->n);
    else
        words_addf(b, l, WORD("These %zu pairs could have shown %s points."), r->n, POINTS(r->mde));
}

/* ---- levels ---- */

static void tokens(Buf *b, Lang l, const GateResult *r) {
    words_addf(b, l, WORD("%s: %.0f before, %.0f now, %.2f times as many."), words(l, what_of(GATE_TOKENS)),
               r->baseline, r->candidate, r->value);
    buf_addc(b, ' ');
    words_addf(b, l,
               r->check->kind == GATE_AT_LEAST ? WORD("It must be at least %.2f times.")
                                               : WORD("It must be at most %.2f times."),
               r->bar);
}

static void level(Buf *b, Lang l, const GateResult *r) {
    bool up = r->check->kind == GATE_AT_LEAST, most = up == (r->verdict == GATE_FAIL);
    double bound = most ? r->upper : r->lower;
    const char *what = words(l, what_of(r->check->metric));
    if (!is_tested(r) || isnan(bound))
        words_addf(b, l, WORD("%s: %.1f %% of %zu."), what, 100.0 * r->value, r->n);
    else
        words_addf(b, l,
                   most ? WORD("%s: %.1f %% of %zu, with %s %% confidence at most %.1f %%.")
                        : WORD("%s: %.1f %% of %zu, with %s %% confidence at least %.1f %%."),
                   what, 100.0 * r->value, r->n, gate_confidence(gate_alpha(r->check)).text, 100.0 * bound);
    open_too(b, l, r);
    buf_addc(b, ' ');
    words_addf(b, l, up ? WORD("It must be at least %.1f %%.") : WORD("It must be at most %.1f %%."), 100.0 * r->bar);
}

static void nothing_fits(Buf *b, Lang l, const GateCheck *c) {
    Str suite = str_from(c->suite);
    if (c->group || c->lang)
        words_addf(b, l, WORD("No group or language that the check names is in a suite that fits '%.*s'."),
                   STR_ARG(suite));
    else
        words_addf(b, l, WORD("No suite of both runs fits '%.*s'."), STR_ARG(suite));
    if (!c->required) return;
    buf_addc(b, ' ');
    buf_adds(b, words(l, WORD("This check needs one.")));
}

static void sentence(Buf *b, Lang l, const GateResult *r) {
    if (!r->suite.p)
        nothing_fits(b, l, r->check);
    else if (isnan(r->value))
        words_addf(b, l, WORD("%s: nothing to judge. The runs hold no scored answers for it on both sides."),
                   words(l, what_of(r->check->metric)));
    else if (is_difference(r))
        difference(b, l, r);
    else if (r->check->metric == GATE_TOKENS)
        tokens(b, l, r);
    else
        level(b, l, r);
}

/* ---- what to do ---- */

static void few(Buf *b, Lang l, const GateResult *r) {
    static const char *const TEXTS[2][2] = {
        {WORD("The policy wants at least %zu pairs, and %zu are there: %lld more are needed."),
         WORD("The policy wants at least %zu pairs, and %zu are there: %lld more is needed.")},
        {WORD("The policy wants at least %zu items, and %zu are there: %lld more are needed."),
         WORD("The policy wants at least %zu items, and %zu are there: %lld more is needed.")}};
    size_t n = r->check->min_pairs - (size_t)r->more, want = r->check->min_pairs;
    words_addf(b, l, TEXTS[!is_difference(r)][r->more == 1], want, n, (long long)r->more);
}

static void more(Buf *b, Lang l, const GateResult *r) {
    if (r->more <= 0)
        buf_adds(b, words(l, WORD("It lies at the limit: no number of items within reason would decide.")));
    else if (is_difference(r))
        words_addf(b, l,
                   r->more == 1 ? WORD("It needs about %lld more pair if the figures stay as they are.")
                                : WORD("It needs about %lld more pairs if the figures stay as they are."),
                   (long long)r->more);
    else
        words_addf(b, l,
                   r->more == 1 ? WORD("It needs about %lld more item if the figures stay as they are.")
                                : WORD("It needs about %lld more items if the figures stay as they are."),
                   (long long)r->more);
}

const char *gate_open_words(void) {
    return WORD("Some answers are open (cut off, refused, failed or unscored), and what they would have been decides: "
                "raise max_tokens, or rescore.");
}

/* It tells what they would turn the value into, across the bar. */
static void open_difference(Buf *b, Lang l, const GateResult *r) {
    bool lower_is_worse = r->check->metric == GATE_SCORE;
    bool wrong = lower_is_worse ? r->value > r->bar : r->value < r->bar && r->worst >= r->bar;
    words_addf(b, l,
               wrong
                   ? WORD("Some answers of the candidate are open where the baseline's are not. Counted as wrong they "
                          "would make it %s points: raise max_tokens, or rescore.")
                   : WORD("Some answers of the candidate are open where the baseline's are not. Counted as right they "
                          "would make it %s points: raise max_tokens, or rescore."),
               POINTS(wrong ? r->worst : r->best));
}

static void advice(Buf *b, Lang l, const GateResult *r, size_t tests) {
    if (r->verdict != GATE_INCONCLUSIVE) return;
    if (!r->suite.p)
        buf_adds(b, words(l, WORD("Run the suite on both models, or mend the pattern.")));
    else if (isnan(r->value))
        buf_adds(b, words(l, WORD("Look at why the answers have no score, and run or rescore them.")));
    else if (r->few)
        few(b, l, r);
    else if (r->judge_short)
        gate__judged_words(b, l);
    else if (r->by_chance)
        words_addf(b, l,
                   WORD("Alone it would fail (p = %.2g), but one of %zu tests may look so by chance (p = %.2g when "
                        "adjusted for that): more questions would decide."),
                   r->p_fail, tests, r->p_fail_holm);
    else if (r->open && !is_difference(r))
        buf_adds(b, words(l, gate_open_words()));
    else if (r->open)
        open_difference(b, l, r);
    else
        more(b, l, r);
}

/* ---- the answer ---- */

static void lead(Buf *b, const GateReport *g, const size_t *n) {
    size_t tested = g->n_results - n[GATE_SKIPPED];
    if (g->verdict == GATE_PASS)
        words_addf(b, g->lang, WORD("Pass: %.*s keeps what the policy asks of it beside %.*s."), STR_ARG(g->candidate),
                   STR_ARG(g->baseline));
    else if (g->verdict == GATE_FAIL)
        words_addf(b, g->lang,
                   tested == 1 ? WORD("Fail: %.*s breaks %zu of %zu check beside %.*s.")
                               : WORD("Fail: %.*s breaks %zu of %zu checks beside %.*s."),
                   STR_ARG(g->candidate), n[GATE_FAIL], tested, STR_ARG(g->baseline));
    else if (n[GATE_INCONCLUSIVE])
        words_addf(b, g->lang,
                   n[GATE_INCONCLUSIVE] == 1 ? WORD("Cannot tell: no check fails, but %zu of %zu is not decided.")
                                             : WORD("Cannot tell: no check fails, but %zu of %zu are not decided."),
                   n[GATE_INCONCLUSIVE], tested);
    else
        buf_adds(b, words(g->lang, WORD("Cannot tell: no check of the policy fits these runs.")));
}

/* A pass says what it did not look at. */
static void not_judged(Buf *b, const GateReport *g) {
    size_t n = 0;
    if (g->verdict != GATE_PASS) return;
    for (size_t i = 0; i < g->n_results; i++) {
        if (g->results[i].verdict != GATE_SKIPPED) continue;
        if (!n++)
            buf_addf(b, " %s ", words(g->lang, WORD("Not judged, for nothing that was run fits:")));
        else
            buf_adds(b, ", ");
        buf_addstr(b, g->results[i].check->id);
    }
    if (n) buf_addc(b, '.');
}

static bool answer(GateWork *w, Buf *b, GateReport *g) {
    size_t n[4] = {0};
    for (size_t i = 0; i < g->n_results; i++) n[g->results[i].verdict]++;
    lead(b, g, n);
    not_judged(b, g);
    Str head = b->failed ? (Str){0} : str_dup(w->a, buf_str(b));
    buf_clear(b);
    Str tail = words_printf(w->a, g->lang, WORD("Checks: %zu pass, %zu fail, %zu cannot tell, %zu skipped."),
                            n[GATE_PASS], n[GATE_FAIL], n[GATE_INCONCLUSIVE], n[GATE_SKIPPED]);
    g->lead = head.p;
    g->detail = tail.p;
    g->words = head.p && tail.p ? str_printf(w->a, "%s %s", head.p, tail.p).p : NULL;
    return g->words != NULL;
}

static const char *finish(const GateWork *w, Buf *b) {
    char *text = b->failed ? NULL : str_cstr(w->a, b->n ? buf_str(b) : STR(""));
    buf_clear(b);
    return text;
}

bool gate__words(GateWork *w, GateReport *g) {
    Buf b;
    bool ok = true;
    size_t tests = 0;
    buf_init(&b, SENTENCE_MAX);
    for (size_t i = 0; i < w->n; i++) tests += !isnan(w->results[i].p_fail);
    for (size_t i = 0; ok && i < w->n; i++) {
        GateResult *r = &w->results[i];
        sentence(&b, w->lang, r);
        r->words = finish(w, &b);
        advice(&b, w->lang, r, tests);
        r->advice = finish(w, &b);
        ok = r->words && r->advice;
    }
    ok = ok && answer(w, &b, g);
    buf_release(&b);
    return ok;
}
