/* Model against model in words: the sentences of pairs, and those that stand on top of a report. */
#include "reports/summary/summary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADLINE_MAX = 8, WORDS_MAX = 4000 };

static Str model_name(const Summary *s, size_t cell) {
    return s->models[s->cells[cell].model].name;
}

static const char *sign_of(double x) {
    return x < 0.0 ? "−" : x > 0.0 ? "+" : "";
}

/* Percentage points, "+1.0", as a text of its own for sentences: one decimal below ten, none above. */
typedef struct Points {
    char text[32];
} Points;

static Points points_of(double x, bool sign) {
    Points p;
    double v = fabs(100.0 * x);
    snprintf(p.text, sizeof p.text, v < 9.95 ? "%s%.1f" : "%s%.0f", sign ? sign_of(x) : "", v);
    return p;
}
#define POINTS(x) points_of(x, false).text
#define SIGNED(x) points_of(x, true).text

static const char *finish(Summary *s, Buf *b) {
    Str copy = b->failed ? (Str){0} : str_dup(s->arena, buf_str(b));
    buf_clear(b);
    return copy.p;
}

/* How many pairs p's p-value was adjusted with. */
static size_t pairs_beside(const Summary *s, const SumPair *p) {
    size_t n = 0;
    for (size_t i = 0; i < s->n_pairs; i++) n += s->pairs[i].primary == p->primary && !isnan(s->pairs[i].p);
    return n;
}

/* One model is ahead. */
static void decided_sentence(const Summary *s, const SumPair *p, Buf *b) {
    bool behind = p->verdict == SUM_B_AHEAD;
    Str first = model_name(s, behind ? p->b : p->a), second = model_name(s, behind ? p->a : p->b);
    words_addf(b, s->lang, WORD("%.*s is better than %.*s by %s points (95 %% interval %s to %s)."), STR_ARG(first),
               STR_ARG(second), POINTS(p->diff), POINTS(behind ? p->hi : p->lo), POINTS(behind ? p->lo : p->hi));
}

/* Seen from the model that is ahead in the data, so that signs agree with the words before them. */
static void open_sentence(const Summary *s, const SumPair *p, Buf *b) {
    bool flip = p->diff < 0.0;
    Str higher = model_name(s, flip ? p->b : p->a);
    double lo = flip ? -p->hi : p->lo, hi = flip ? -p->lo : p->hi;
    if (p->diff == 0.0 && p->method)
        words_addf(b, s->lang, WORD("Cannot tell: no difference was seen (95 %% interval %s to %s)."), SIGNED(lo),
                   SIGNED(hi));
    else if (p->diff == 0.0)
        buf_adds(b, words(s->lang, WORD("Cannot tell: no difference was seen.")));
    else if (p->method)
        words_addf(b, s->lang, WORD("Cannot tell: %.*s scored %s points higher (95 %% interval %s to %s)."),
                   STR_ARG(higher), POINTS(p->diff), SIGNED(lo), SIGNED(hi));
    else
        words_addf(b, s->lang, WORD("Cannot tell: %.*s scored %s points higher."), STR_ARG(higher), POINTS(p->diff));
}

/* What so many questions could have shown; or why they show nothing. */
static void reach_sentence(const Summary *s, const SumPair *p, Buf *b) {
    buf_addc(b, ' ');
    if (p->n == 1)
        buf_adds(b, words(s->lang, WORD("One question says nothing about others.")));
    else if (p->n_clusters == 1)
        words_addf(b, s->lang,
                   WORD("These %zu questions belong together, so that they count as one: that says nothing about "
                        "others."),
                   p->n);
    else if (p->mde > 1.0)
        words_addf(b, s->lang, WORD("These %zu questions are too few to show any difference."), p->n);
    else
        words_addf(b, s->lang, WORD("These %zu questions could have shown %s points."), p->n, POINTS(p->mde));
}

/* Seen from the model that scored higher, as what stands before it. */
static void bounds_sentence(const Summary *s, const SumPair *p, Buf *b) {
    bool flip = p->diff < 0.0;
    double sign = flip ? -1.0 : 1.0;
    Str first = model_name(s, flip ? p->b : p->a), second = model_name(s, flip ? p->a : p->b);
    if (!(p->bound_hi > p->bound_lo)) return;
    if (b->n) buf_addc(b, ' ');
    words_addf(
        b, s->lang,
        WORD("With the open answers (cut off, refused, failed or unscored), %.*s minus %.*s would be %s points if "
             "all of them were wrong, %s if all were right, and in any case between %s and %s."),
        STR_ARG(first), STR_ARG(second), SIGNED(sign * p->bound_wrong), SIGNED(sign * p->bound_right),
        SIGNED(flip ? -p->bound_hi : p->bound_lo), SIGNED(flip ? -p->bound_lo : p->bound_hi));
}

static void pair_sentence(const Summary *s, const SumPair *p, Buf *b) {
    if (p->n == 0) {
        buf_adds(b, words(s->lang, WORD("Cannot tell: there is no question that both models answered and that was "
                                        "scored.")));
        bounds_sentence(s, p, b);
        return;
    }
    if (p->verdict == SUM_CANNOT_TELL)
        open_sentence(s, p, b);
    else
        decided_sentence(s, p, b);
    if (p->verdict == SUM_CANNOT_TELL && p->method && (p->lo > 0.0 || p->hi < 0.0)) {
        buf_addc(b, ' ');
        words_addf(b, s->lang, WORD("That can be chance among %zu comparisons."), pairs_beside(s, p));
    }
    reach_sentence(s, p, b);
    bounds_sentence(s, p, b);
}

/* ---- headline: one for each two models ---- */

/* The primary pairs of two models, seen from the one that is ahead on more suites. */
typedef struct Duel {
    size_t first, second; /* models */
    size_t won, lost, open, total;
    bool flip;
} Duel;

static bool of_safety(const Summary *s, const SumPair *p) {
    return str_eqz(s->suites[s->cells[p->a].suite].metric, "safe_rate");
}

/* Suites about safety have a headline of their own (safety.h); a comparison of means counts them only where the run
 * has no others. */
static bool of_duel(const Summary *s, const SumPair *p, size_t ma, size_t mb) {
    bool other = false;
    if (!p->primary || s->cells[p->a].model != ma || s->cells[p->b].model != mb) return false;
    if (!of_safety(s, p)) return true;
    for (size_t i = 0; i < s->n_pairs && !other; i++) other = s->pairs[i].primary && !of_safety(s, &s->pairs[i]);
    return !other;
}

static Duel count_duel(Summary *s, size_t ma, size_t mb) {
    Duel d = {.first = ma, .second = mb};
    size_t n[3] = {0};
    for (size_t i = 0; i < s->n_pairs; i++)
        if (of_duel(s, &s->pairs[i], ma, mb)) n[s->pairs[i].verdict]++;
    d.flip = n[SUM_B_AHEAD] > n[SUM_A_AHEAD];
    if (d.flip) d.first = mb, d.second = ma;
    d.won = n[d.flip ? SUM_B_AHEAD : SUM_A_AHEAD];
    d.lost = n[d.flip ? SUM_A_AHEAD : SUM_B_AHEAD];
    d.open = n[SUM_CANNOT_TELL];
    d.total = d.won + d.lost + d.open;
    for (size_t i = 0; i < s->n_pairs; i++)
        if (s->cells[s->pairs[i].a].model == ma && s->cells[s->pairs[i].b].model == mb) s->pairs[i].flip = d.flip;
    return d;
}

/* "+1.0 (−2.8 to +5.4)" as the first model sees it; decided ones without their interval, which the tables give. */
static void add_difference(Buf *b, Lang lang, const SumPair *p) {
    double sign = p->flip ? -1.0 : 1.0, lo = p->flip ? -p->hi : p->lo, hi = p->flip ? -p->lo : p->hi;
    if (p->n == 0)
        buf_adds(b, words(lang, WORD("no common question")));
    else if (p->verdict != SUM_CANNOT_TELL || !p->method)
        buf_adds(b, SIGNED(sign * p->diff));
    else
        words_addf(b, lang, WORD("%s (%s to %s)"), SIGNED(sign * p->diff), SIGNED(lo), SIGNED(hi));
}

/* "Choice +21, Programs +30" of the pairs with this verdict; the titles alone without numbers. */
static void list_pairs(const Summary *s, size_t ma, size_t mb, SumVerdict v, bool numbers, Buf *b) {
    size_t n = 0;
    for (size_t i = 0; i < s->n_pairs; i++) {
        const SumPair *p = &s->pairs[i];
        if (!of_duel(s, p, ma, mb) || p->verdict != v) continue;
        buf_addf(b, "%s%s", n++ ? ", " : "", summary_cell_title(s, &s->cells[p->a], s->arena));
        if (!numbers) continue;
        buf_addc(b, ' ');
        add_difference(b, s->lang, p);
    }
}

/* Rows of the comparison are suites, or suites under several settings. */
static bool has_settings(const Summary *s) {
    return s->n_efforts > 1 || s->n_transforms > 1;
}

static void open_lead(const Summary *s, const Duel *d, Buf *b) {
    Str first = s->models[d->first].name, second = s->models[d->second].name;
    if (d->total == 1)
        words_addf(b, s->lang,
                   has_settings(s) ? WORD("Cannot tell %.*s and %.*s apart in the one comparison.")
                                   : WORD("Cannot tell %.*s and %.*s apart on the one suite."),
                   STR_ARG(first), STR_ARG(second));
    else
        words_addf(b, s->lang,
                   has_settings(s) ? WORD("Cannot tell %.*s and %.*s apart in any of %zu comparisons.")
                                   : WORD("Cannot tell %.*s and %.*s apart on any of %zu suites."),
                   STR_ARG(first), STR_ARG(second), d->total);
}

static void duel_lead(const Summary *s, const Duel *d, size_t ma, size_t mb, Buf *b) {
    static const char *const AHEAD[2][2] = {
        {WORD("%.*s is ahead of %.*s on %zu of %zu suites"), WORD("%.*s is ahead of %.*s on %zu of %zu suite")},
        {WORD("%.*s is ahead of %.*s in %zu of %zu comparisons"),
         WORD("%.*s is ahead of %.*s in %zu of %zu comparison")}};
    Str first = s->models[d->first].name, second = s->models[d->second].name;
    if (d->won == 0) {
        open_lead(s, d, b);
        return;
    }
    buf_addf(b, words(s->lang, AHEAD[has_settings(s)][d->total == 1]), STR_ARG(first), STR_ARG(second), d->won,
             d->total);
    if (d->lost) words_addf(b, s->lang, WORD(", behind on %zu"), d->lost);
    if (d->open > 3) words_addf(b, s->lang, WORD("; cannot tell on %zu"), d->open);
    if (d->open && d->open <= 3) {
        Buf list;
        buf_init(&list, WORDS_MAX);
        list_pairs(s, ma, mb, SUM_CANNOT_TELL, false, &list);
        words_addf(b, s->lang, WORD("; cannot tell on %s"), list.p ? list.p : "");
        b->failed = b->failed || list.failed;
        buf_release(&list);
    }
    buf_addc(b, '.');
}

static void duel_detail(const Summary *s, const Duel *d, size_t ma, size_t mb, Buf *b) {
    const struct {
        const char *format;
        SumVerdict verdict;
        size_t n;
    } parts[] = {{WORD("Ahead: %s points."), d->flip ? SUM_B_AHEAD : SUM_A_AHEAD, d->won},
                 {WORD("Behind: %s points."), d->flip ? SUM_A_AHEAD : SUM_B_AHEAD, d->lost},
                 {WORD("Cannot tell: %s points, with 95 %% intervals."), SUM_CANNOT_TELL, d->open}};
    for (size_t i = 0; i < 3; i++) {
        Buf list;
        if (!parts[i].n) continue;
        if (b->n) buf_addc(b, ' ');
        buf_init(&list, WORDS_MAX);
        list_pairs(s, ma, mb, parts[i].verdict, true, &list);
        buf_addf(b, words(s->lang, parts[i].format), list.p ? list.p : "");
        b->failed = b->failed || list.failed;
        buf_release(&list);
    }
}

static void model_score(const Summary *s, const SumCell *c, Buf *b) {
    const char *title = summary_cell_title(s, c, s->arena);
    if (isnan(c->est.mean))
        words_addf(b, s->lang, WORD("%s no score"), title);
    else if (c->est.method)
        words_addf(b, s->lang, WORD("%s %.1f %% (95 %% interval %.1f to %.1f)"), title, 100.0 * c->est.mean,
                   100.0 * c->est.lo, 100.0 * c->est.hi);
    else
        words_addf(b, s->lang, WORD("%s %.1f %%"), title, 100.0 * c->est.mean);
}

/* A model alone: its primary means under the first transform, which is plain unless the plan says otherwise. */
static void model_headline(Summary *s, size_t model, Buf *b) {
    size_t n = 0;
    for (size_t i = 0; i < s->n_cells; i++) {
        const SumCell *c = &s->cells[i];
        if (c->model != model || !c->primary || c->transform != 0) continue;
        if (n++)
            buf_adds(b, ", ");
        else
            buf_addf(b, STR_FMT ": ", STR_ARG(s->models[model].name));
        model_score(s, c, b);
    }
    if (n) buf_addc(b, '.');
    if (n && s->n_transforms > 1) {
        buf_addc(b, ' ');
        words_addf(b, s->lang, WORD("The other %zu transforms stand in the table."), s->n_transforms - 1);
    }
}

static bool add_headline(Summary *s, Buf *lead, Buf *detail) {
    if (lead->n == 0 && !lead->failed) return true;
    SumHeadline h = {finish(s, lead), detail->n ? finish(s, detail) : ""};
    if (!h.lead || !h.detail || detail->failed) return false;
    s->headline[s->n_headline++] = h;
    return true;
}

static bool duel_headline(Summary *s, size_t ma, size_t mb, Buf *lead, Buf *detail) {
    Duel d = count_duel(s, ma, mb);
    if (d.total == 0 || s->n_headline >= HEADLINE_MAX) return true;
    duel_lead(s, &d, ma, mb, lead);
    duel_detail(s, &d, ma, mb, detail);
    return add_headline(s, lead, detail);
}

static bool build_headline(Summary *s, Buf *lead, Buf *detail) {
    bool ok = true;
    s->headline = arena_array(s->arena, HEADLINE_MAX + 1, sizeof *s->headline);
    if (!s->headline) return false;
    if (s->n_cells == 0) buf_adds(lead, words(s->lang, WORD("Nothing is stored in this run yet.")));
    ok = add_headline(s, lead, detail);
    for (size_t i = 0; ok && i < s->n_models; i++)
        for (size_t j = i + 1; ok && j < s->n_models; j++) ok = duel_headline(s, i, j, lead, detail);
    for (size_t i = 0; ok && s->n_pairs == 0 && i < s->n_models && s->n_headline < HEADLINE_MAX; i++) {
        model_headline(s, i, lead);
        ok = add_headline(s, lead, detail);
    }
    return ok;
}

bool summary__compare(Summary *s, Err *err) {
    Buf b, detail;
    if (!summary__pairs(s)) return err_nomem(err);
    buf_init(&b, WORDS_MAX * 4);
    bool ok = true;
    for (size_t i = 0; ok && i < s->n_pairs; i++) {
        pair_sentence(s, &s->pairs[i], &b);
        s->pairs[i].sentence = finish(s, &b);
        ok = s->pairs[i].sentence != NULL;
    }
    buf_init(&detail, WORDS_MAX * 4);
    ok = ok && build_headline(s, &b, &detail) && summary__cautions(s);
    buf_release(&b);
    buf_release(&detail);
    return ok || err_nomem(err);
}
