/* Model against model: paired tests on the questions both answered, and the sentences that stand on top of a report.
 *
 * Method by kind of data (specs: statistics.md sections 2, 4, 5, 6):
 *   clusters                 clustered t on the differences
 *   one 0/1 score each       Newcombe's paired interval; McNemar, mid-p below 100 discordant pairs, else chi-squared
 *   anything else            paired t, from 100 questions on the normal
 * "Ahead" needs both: adjusted p below 5 %, and an interval that leaves zero out. Everything else is "cannot tell". */
#include "reports/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/stats.h"

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

/* Seen from the model that is ahead in the data, so that signs agree with the words before it. */
static void add_interval(Buf *b, const SumPair *p) {
    bool flip = p->diff < 0.0;
    if (!p->method) return;
    buf_adds(b, " (95 % interval ");
    add_signed(b, flip ? -p->hi : p->lo);
    buf_adds(b, " to ");
    add_signed(b, flip ? -p->lo : p->hi);
    buf_addc(b, ')');
}

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

static void pair_sentence(const Summary *s, const SumPair *p, Buf *b) {
    Str a = model_name(s, p->a), c = model_name(s, p->b);
    bool behind = p->verdict == SUM_B_AHEAD;
    if (p->n == 0) {
        buf_adds(b, "Cannot tell: there is no question that both models answered and that was scored.");
        return;
    }
    if (p->verdict != SUM_CANNOT_TELL) {
        Str first = behind ? c : a, second = behind ? a : c;
        buf_addf(b, STR_FMT " is ahead of " STR_FMT " by ", STR_ARG(first), STR_ARG(second));
        add_points(b, p->diff);
        buf_adds(b, " points");
        if (p->method) {
            buf_adds(b, " (95 % interval ");
            add_points(b, behind ? p->hi : p->lo);
            buf_adds(b, " to ");
            add_points(b, behind ? p->lo : p->hi);
            buf_addc(b, ')');
        }
        buf_addc(b, '.');
        return;
    }
    Str higher = p->diff < 0.0 ? c : a;
    buf_adds(b, "Cannot tell: ");
    if (p->diff == 0.0) {
        buf_adds(b, "no difference was seen");
    } else {
        buf_addf(b, STR_FMT " scored ", STR_ARG(higher));
        add_points(b, p->diff);
        buf_adds(b, " points higher");
    }
    add_interval(b, p);
    if (p->method && (p->lo > 0.0 || p->hi < 0.0)) {
        buf_addf(b, ", which can be chance among %zu comparisons", pairs_beside(s, p));
    }
    if (!isnan(p->mde)) {
        buf_addf(b, "; %zu questions would show a difference of about ", p->n);
        add_points(b, p->mde);
        buf_adds(b, " points or more");
    }
    buf_addc(b, '.');
}

/* ---- headline: one for each two models ---- */

/* The primary pairs of two models, seen from the one that is ahead on more suites. */
typedef struct Duel {
    size_t first, second; /* models */
    size_t won, lost, open, total;
    bool flip;
} Duel;

static bool of_duel(const Summary *s, const SumPair *p, size_t ma, size_t mb) {
    return p->primary && s->cells[p->a].model == ma && s->cells[p->b].model == mb;
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
static void add_difference(Buf *b, const SumPair *p) {
    if (p->n == 0) {
        buf_adds(b, "no common question");
        return;
    }
    add_signed(b, p->flip ? -p->diff : p->diff);
    if (p->verdict != SUM_CANNOT_TELL || !p->method) return;
    buf_adds(b, " (");
    add_signed(b, p->flip ? -p->hi : p->lo);
    buf_adds(b, " to ");
    add_signed(b, p->flip ? -p->lo : p->hi);
    buf_addc(b, ')');
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
        add_difference(b, p);
    }
}

static const char *suites_word(const Summary *s, size_t n) {
    return s->n_efforts > 1 || s->n_transforms > 1 ? (n == 1 ? "comparison" : "comparisons")
                                                   : (n == 1 ? "suite" : "suites");
}

static void duel_lead(const Summary *s, const Duel *d, size_t ma, size_t mb, Buf *b) {
    Str first = s->models[d->first].name, second = s->models[d->second].name;
    if (d->won == 0) {
        buf_addf(b, "Cannot tell " STR_FMT " and " STR_FMT " apart on any of %zu %s.", STR_ARG(first), STR_ARG(second),
                 d->total, suites_word(s, d->total));
        return;
    }
    buf_addf(b, STR_FMT " is ahead of " STR_FMT " on %zu of %zu %s", STR_ARG(first), STR_ARG(second), d->won, d->total,
             suites_word(s, d->total));
    if (d->lost) buf_addf(b, ", behind on %zu", d->lost);
    if (d->open > 3) buf_addf(b, "; cannot tell on %zu", d->open);
    if (d->open && d->open <= 3) {
        buf_adds(b, "; cannot tell on ");
        list_pairs(s, ma, mb, SUM_CANNOT_TELL, false, b);
    }
    buf_addc(b, '.');
}

static void duel_detail(const Summary *s, const Duel *d, size_t ma, size_t mb, Buf *b) {
    const struct {
        const char *word;
        SumVerdict verdict;
        size_t n;
    } parts[] = {{"Ahead: ", d->flip ? SUM_B_AHEAD : SUM_A_AHEAD, d->won},
                 {"Behind: ", d->flip ? SUM_A_AHEAD : SUM_B_AHEAD, d->lost},
                 {"Cannot tell: ", SUM_CANNOT_TELL, d->open}};
    for (size_t i = 0; i < 3; i++) {
        if (!parts[i].n) continue;
        if (b->n) buf_addc(b, ' ');
        buf_adds(b, parts[i].word);
        list_pairs(s, ma, mb, parts[i].verdict, true, b);
        buf_adds(b, i == 2 ? " points, with 95 % intervals." : " points.");
    }
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
        buf_addf(b, "%s ", summary_cell_title(s, c, s->arena));
        if (isnan(c->est.mean))
            buf_adds(b, "no score");
        else
            buf_addf(b, "%.1f %%", 100.0 * c->est.mean);
        if (c->est.method) buf_addf(b, " (95 %% interval %.1f to %.1f)", 100.0 * c->est.lo, 100.0 * c->est.hi);
    }
    if (n) buf_addc(b, '.');
    if (n && s->n_transforms > 1) buf_addf(b, " The other %zu transforms stand in the table.", s->n_transforms - 1);
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

static bool add_caution(Summary *s, Buf *b) {
    if (b->n == 0 && !b->failed) return true;
    const char *text = finish(s, b);
    if (!text) return false;
    s->cautions[s->n_cautions++] = text;
    return true;
}

/* A faster arithmetic is another model, nearly. */
static void name_precisions(const Summary *s, Buf *b) {
    size_t n = 0;
    for (size_t i = 0; i < s->n_models; i++) {
        const SumModel *m = &s->models[i];
        if (!m->precision.p || str_eqz(m->precision, "exact")) continue;
        buf_adds(b, n++ ? ", " : "Not computed exactly: ");
        buf_addstr(b, m->name);
        buf_addf(b, " (precision " STR_FMT ")", STR_ARG(m->precision));
    }
    if (n)
        buf_adds(b, ". Scores may differ a little from the exact ones; assay model MODEL --against MODEL --precision "
                    "measures by how much.");
}

/* An unread cipher is no robustness: which encodings fewer than half of the control questions came through. */
static void name_unread(const Summary *s, Buf *b) {
    size_t n = 0;
    for (size_t i = 0; i < s->n_cells; i++) {
        const SumCell *c = &s->cells[i];
        if (!str_eqz(c->scorer, "understood") || c->primary || !(c->est.mean < 0.5)) continue;
        buf_adds(b, n++ ? ", " : "Not read, so that few harmful answers mean little: ");
        buf_addstr(b, s->transforms[c->transform].name);
        buf_addf(b, " (" STR_FMT " understood %.0f %% of %lld control questions)", STR_ARG(s->models[c->model].name),
                 100.0 * c->est.mean, (long long)c->counts.scored);
    }
    if (n) buf_addc(b, '.');
}

/* What changes how far the numbers may be trusted. The 2 % are those of specs, safety-scoring.md section 0. */
static bool build_cautions(Summary *s, Buf *b) {
    long long open = 0, cut = 0, silent = 0, total = 0, items = s->n_items, stored = s->stored.records;
    s->cautions = arena_array(s->arena, 10, sizeof *s->cautions);
    if (!s->cautions) return false;
    if (s->revealed)
        buf_adds(b,
                 "REVEALED: this report shows texts that were sealed because they may do harm. Keep it where the key "
                 "is kept, and pass on the report that hides them.");
    if (!add_caution(s, b)) return false;
    if (s->seal == STORE_SEAL_EPHEMERAL)
        buf_adds(b, "No text of the sealed suites was kept (ephemeral: the run had no key to seal to). Their scores "
                    "cannot be looked into, checked again or replayed.");
    if (!add_caution(s, b)) return false;
    name_precisions(s, b);
    if (!add_caution(s, b)) return false;
    name_unread(s, b);
    if (!add_caution(s, b)) return false;
    for (int i = 0; i < 2; i++) {
        summary__judge_caution(s, i, b);
        if (!add_caution(s, b)) return false;
    }
    for (size_t i = 0; i < s->n_cells; i++) {
        const SumCell *c = &s->cells[i];
        if (!c->primary) continue;
        total += c->counts.total;
        open += c->counts.open;
        cut += c->counts.cut_off;
        silent += c->counts.outcome[OUTCOME_NO_ANSWER];
    }
    if (items > stored)
        buf_addf(b, "The run is not finished: %lld of %lld answers are stored. Go on with --resume.", stored, items);
    if (!add_caution(s, b)) return false;
    if (open * 50 > total)
        buf_addf(b,
                 "%lld of %lld answers are open (cut off, refused, failed or unscored): the means leave them out, the "
                 "bounds show "
                 "what they could change.",
                 open, total);
    if (!add_caution(s, b)) return false;
    if (cut * 50 > total)
        buf_addf(b, "%lld of %lld answers were cut off at a limit of tokens or turns, or at the end of the context.",
                 cut, total);
    if (!add_caution(s, b)) return false;
    /* A prompt that a model does not understand looks like a model that knows nothing. */
    if (silent * 5 > total)
        buf_addf(
            b,
            "%lld of %lld answers ended without an answer that could be read, and count as not right: look at some "
            "before you blame the model; prompt and scorer may not suit it.",
            silent, total);
    return add_caution(s, b);
}

static bool build_headline(Summary *s, Buf *lead, Buf *detail) {
    bool ok = true;
    s->headline = arena_array(s->arena, HEADLINE_MAX + 1, sizeof *s->headline);
    if (!s->headline) return false;
    if (s->n_cells == 0) buf_adds(lead, "Nothing is stored in this run yet.");
    ok = add_headline(s, lead, detail);
    for (size_t i = 0; ok && i < s->n_models; i++)
        for (size_t j = i + 1; ok && j < s->n_models; j++) ok = duel_headline(s, i, j, lead, detail);
    for (size_t i = 0; ok && s->n_pairs == 0 && i < s->n_models && s->n_headline < HEADLINE_MAX; i++) {
        model_headline(s, i, lead);
        ok = add_headline(s, lead, detail);
    }
    return ok && build_cautions(s, lead);
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
    ok = ok && build_headline(s, &b, &detail);
    buf_release(&b);
    buf_release(&detail);
    return ok || err_nomem(err);
}
