/* Model against model: paired tests on the questions both answered, and the sentences that stand on top of a report.
 *
 * Method by kind of data (specs: statistics.md sections 2, 4, 5, 6):
 *   clusters                 clustered t on the differences
 *   one 0/1 score each       Newcombe's paired interval; McNemar, mid-p below 100 discordant pairs, else chi-squared
 *   anything else            paired t, from 100 questions on the normal
 * "Ahead" needs both: adjusted p below 5 %, and an interval that leaves zero out. Everything else is "cannot tell". */
#include "reports/summary/summary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/stats/stats.h"

enum { HEADLINE_MAX = 8, WORDS_MAX = 4000 };

/* The matched questions of two cells. */
typedef struct Matched {
    double *a, *b, *d; /* question means, difference */
    Str *cluster;
    uint32_t *cluster_id;
    size_t n, g;
    bool whole;
} Matched;

static bool matched_alloc(Arena *arena, size_t n, Matched *m) {
    *m = (Matched){.a = arena_array(arena, n, sizeof(double)),
                   .b = arena_array(arena, n, sizeof(double)),
                   .d = arena_array(arena, n, sizeof(double)),
                   .cluster = arena_array(arena, n, sizeof(Str)),
                   .cluster_id = arena_array(arena, n, sizeof(uint32_t)),
                   .whole = true};
    return m->a && m->b && m->d && m->cluster && m->cluster_id;
}

static bool same_content(const SumQuestion *a, const SumQuestion *b) {
    return !a->content_hash.p || !b->content_hash.p || str_eq(a->content_hash, b->content_hash);
}

/* Both lists are sorted by sample id. */
static void match(const SumCell *a, const SumCell *b, Matched *m, SumPair *p) {
    size_t i = 0, j = 0;
    while (i < a->n_questions || j < b->n_questions) {
        int c = i == a->n_questions   ? 1
                : j == b->n_questions ? -1
                                      : str_cmp(a->questions[i].sample, b->questions[j].sample);
        if (c != 0) {
            p->n_unmatched++;
            if (c < 0)
                i++;
            else
                j++;
            continue;
        }
        const SumQuestion *x = &a->questions[i++], *y = &b->questions[j++];
        if (!x->n_scored || !y->n_scored || !same_content(x, y)) {
            p->n_unmatched++;
            continue;
        }
        m->a[m->n] = x->sum / x->n_scored;
        m->b[m->n] = y->sum / y->n_scored;
        m->d[m->n] = m->a[m->n] - m->b[m->n];
        m->cluster[m->n] = x->cluster;
        if ((m->a[m->n] != 0 && m->a[m->n] != 1) || (m->b[m->n] != 0 && m->b[m->n] != 1)) m->whole = false;
        m->n++;
    }
}

typedef struct ClusterRef {
    Str name;
    size_t at;
} ClusterRef;

static int by_name(const void *a, const void *b) {
    const ClusterRef *x = a, *y = b;
    int c = str_cmp(x->name, y->name);
    return c ? c : (x->at > y->at) - (x->at < y->at);
}

static bool number_clusters(Arena *arena, Matched *m) {
    ClusterRef *refs = arena_array(arena, m->n, sizeof *refs);
    if (!refs) return false;
    for (size_t i = 0; i < m->n; i++) refs[i] = (ClusterRef){m->cluster[i], i};
    qsort(refs, m->n, sizeof *refs, by_name);
    for (size_t i = 0; i < m->n; i++) {
        bool same = i > 0 && refs[i].name.p && str_eq(refs[i].name, refs[i - 1].name);
        m->g += !same;
        m->cluster_id[refs[i].at] = (uint32_t)(m->g - 1);
    }
    return true;
}

static void count_flips(const Matched *m, SumPair *p) {
    p->whole = m->whole;
    for (size_t i = 0; i < m->n; i++) {
        if (m->d[i] > 0)
            p->a_better++;
        else if (m->d[i] < 0)
            p->b_better++;
        else if (m->whole && m->a[i] == 1)
            p->both_right++;
        else if (m->whole)
            p->both_wrong++;
    }
}

static void set_interval(SumPair *p, StatRange r, const char *method) {
    if (isnan(r.lo) || isnan(r.hi)) return;
    p->lo = fmax(-1.0, r.lo);
    p->hi = fmin(1.0, r.hi);
    p->method = method;
}

static void test_whole(SumPair *p) {
    StatNewcombe w = stat_newcombe_paired(p->both_right, p->a_better, p->b_better, p->both_wrong, SUM_CONF);
    StatMcNemar t = stat_mcnemar(p->a_better, p->b_better);
    bool few = p->a_better + p->b_better < 100;
    set_interval(p, (StatRange){w.lo, w.hi}, "Newcombe paired");
    p->p = few ? t.p_midp : t.p_chi2;
    p->p_method = few ? "McNemar mid-p" : "McNemar";
}

/* All n differences (of questions or of clusters) equal: if not zero, two of the 2^n sign patterns reach the observed
 * sum (exact sign-flip test). */
static void test_constant(SumPair *p, size_t n) {
    p->p = p->diff == 0.0 ? 1.0 : ldexp(1.0, -(int)(n > 1000 ? 1000 : n) + 1);
    p->p_method = "sign flip";
}

static void test_fractions(const Matched *m, SumPair *p) {
    StatPaired t = stat_paired(m->a, m->b, m->n, SUM_CONF);
    bool many = m->n >= 100;
    StatMean d = stat_mean(m->d, m->n, SUM_CONF);
    set_interval(p, many ? d.z : d.t, many ? "paired normal" : "paired t");
    p->p = many ? t.p_z : t.p_t;
    p->p_method = many ? "paired z" : "paired t";
}

static bool test_clusters(Arena *arena, const Matched *m, SumPair *p) {
    double *scratch = arena_array(arena, m->g, sizeof *scratch);
    if (!scratch) return false;
    StatClustered c = stat_clustered(m->d, m->cluster_id, m->n, m->g, SUM_CONF, scratch);
    p->se = c.se_cr1;
    if (!(c.se_cr1 > 0.0)) {
        if (m->g > 1) test_constant(p, m->g);
        return true;
    }
    set_interval(p, c.t, "clustered t");
    p->p = stat_t_two_sided(c.mean / c.se_cr1, (double)(m->g - 1));
    p->p_method = "clustered t";
    return true;
}

/* Without any spread in the data, the share of disagreeing questions could still be as high as the bound for an event
 * that was never seen. */
static double detectable(const SumPair *p) {
    double n = (double)p->n, v = p->se * p->se * n;
    if (p->n < 2) return NAN;
    if (!(v > 0.0)) v = stat_zero_event_upper(p->n, SUM_CONF);
    return stat_mde(v, n, SUM_ALPHA, SUM_POWER);
}

static bool compare(Summary *s, SumPair *p) {
    const SumCell *a = &s->cells[p->a], *b = &s->cells[p->b];
    Matched m;
    p->diff = p->se = p->lo = p->hi = p->p = p->p_adjusted = p->mde = NAN;
    p->primary = a->primary;
    if (!matched_alloc(s->arena, a->n_questions < b->n_questions ? a->n_questions : b->n_questions, &m)) return false;
    match(a, b, &m, p);
    p->n = m.n;
    if (m.n == 0) return true;
    if (!number_clusters(s->arena, &m)) return false;
    count_flips(&m, p);
    StatMean d = stat_mean(m.d, m.n, SUM_CONF);
    p->diff = d.mean;
    p->se = d.se;
    if (m.g < m.n) {
        p->n_clusters = m.g;
        if (!test_clusters(s->arena, &m, p)) return false;
    } else if (m.whole) {
        test_whole(p);
    } else if (m.n > 1 && d.sd > 0.0) {
        test_fractions(&m, p);
    } else if (m.n > 1) {
        test_constant(p, m.n);
    }
    p->mde = detectable(p);
    return true;
}

static bool comparable(const SumCell *a, const SumCell *b) {
    return a->suite == b->suite && a->effort == b->effort && a->transform == b->transform && a->primary == b->primary &&
           str_eq(a->scorer, b->scorer);
}

/* Cells that compare stand next to each other. Two walks: count, then fill. */
static bool build_pairs(Summary *s) {
    for (int fill = 0; fill < 2; fill++) {
        size_t n = 0;
        for (size_t i = 0; i < s->n_cells; i++)
            for (size_t j = i + 1; j < s->n_cells && comparable(&s->cells[i], &s->cells[j]); j++, n++)
                if (fill) {
                    s->pairs[n].a = i, s->pairs[n].b = j;
                    if (!compare(s, &s->pairs[n])) return false;
                }
        if (!fill) s->pairs = arena_array(s->arena, n, sizeof *s->pairs);
        if (!s->pairs) return false;
        s->n_pairs = n;
    }
    return true;
}

/* Every suite is one more chance of a false alarm: p-values of one table are adjusted together. */
static bool adjust(Summary *s, bool primary) {
    double *p = arena_array(s->arena, s->n_pairs, sizeof *p), *q = arena_array(s->arena, s->n_pairs, sizeof *q);
    size_t *scratch = arena_array(s->arena, s->n_pairs, sizeof *scratch);
    if (!p || !q || !scratch) return false;
    for (size_t i = 0; i < s->n_pairs; i++) p[i] = s->pairs[i].primary == primary ? s->pairs[i].p : NAN;
    stat_adjust_bh(p, s->n_pairs, q, scratch);
    for (size_t i = 0; i < s->n_pairs; i++)
        if (s->pairs[i].primary == primary) s->pairs[i].p_adjusted = q[i];
    return true;
}

static void decide(SumPair *p) {
    p->verdict = SUM_CANNOT_TELL;
    if (!(p->p_adjusted < SUM_ALPHA)) return;
    if (p->method && p->lo <= 0.0 && p->hi >= 0.0) return;
    p->verdict = p->diff > 0.0 ? SUM_A_AHEAD : SUM_B_AHEAD;
}

/* ---- words ---- */

static Str model_name(const Summary *s, size_t cell) {
    return s->models[s->cells[cell].model].name;
}

/* Percentage points: one decimal below ten, none above. */
static void add_points(Buf *b, double x) {
    double v = fabs(100.0 * x);
    buf_addf(b, v < 9.95 ? "%.1f" : "%.0f", v);
}

static void add_signed(Buf *b, double x) {
    buf_adds(b, x < 0.0 ? "−" : x > 0.0 ? "+" : "");
    add_points(b, x);
}

/* "+1.0" as a text of its own, for sentences. */
typedef struct Points {
    char text[32];
} Points;

static Points points_of(double x, bool sign) {
    Points p;
    Buf b;
    buf_init(&b, sizeof p.text);
    sign ? add_signed(&b, x) : add_points(&b, x);
    buf_addc(&b, 0);
    snprintf(p.text, sizeof p.text, "%s", b.failed ? "?" : b.p);
    buf_release(&b);
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
    if (p->method)
        words_addf(b, s->lang, WORD("%.*s is ahead of %.*s by %s points (95 %% interval %s to %s)."), STR_ARG(first),
                   STR_ARG(second), POINTS(p->diff), POINTS(behind ? p->hi : p->lo), POINTS(behind ? p->lo : p->hi));
    else
        words_addf(b, s->lang, WORD("%.*s is ahead of %.*s by %s points."), STR_ARG(first), STR_ARG(second),
                   POINTS(p->diff));
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

static void pair_sentence(const Summary *s, const SumPair *p, Buf *b) {
    if (p->n == 0) {
        buf_adds(b, words(s->lang, WORD("Cannot tell: there is no question that both models answered and that was "
                                        "scored.")));
        return;
    }
    if (p->verdict != SUM_CANNOT_TELL) {
        decided_sentence(s, p, b);
        return;
    }
    open_sentence(s, p, b);
    if (p->method && (p->lo > 0.0 || p->hi < 0.0)) {
        buf_addc(b, ' ');
        words_addf(b, s->lang, WORD("That can be chance among %zu comparisons."), pairs_beside(s, p));
    }
    if (!isnan(p->mde)) {
        buf_addc(b, ' ');
        words_addf(b, s->lang, WORD("%zu questions would show a difference of about %s points or more."), p->n,
                   POINTS(p->mde));
    }
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
    if (!build_pairs(s) || !adjust(s, true) || !adjust(s, false)) return err_nomem(err);
    buf_init(&b, WORDS_MAX * 4);
    bool ok = true;
    for (size_t i = 0; ok && i < s->n_pairs; i++) {
        decide(&s->pairs[i]);
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
