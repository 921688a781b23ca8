/* Model against model: paired tests on the questions both answered, together and by group.
 *
 * Method by kind of data (specs: statistics.md sections 2, 4, 5, 6):
 *   clusters                 clustered t on the differences
 *   one 0/1 score each       Newcombe's paired interval; McNemar, mid-p below 100 discordant pairs, else chi-squared
 *   anything else            paired t, from 100 questions on the normal
 * Where at most 20 questions (clusters) with fractions differ at all, the p-value is that of the exact sign-flip test:
 * questions that do not differ change nothing about it, but make the t test surer than the others allow.
 * Where all questions (clusters) differ alike, the interval says what could have stayed unseen.
 * "Ahead" needs both: adjusted p below 5 %, and an interval that leaves zero out. Everything else is "cannot tell". */
#include "reports/summary/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/stats/stats.h"

/* Differences that are equal on paper (1 - 2/3 and 2/3 - 1/3) differ in their last bits: less spread than this is none.
 */
#define NO_SPREAD 1e-12

/* The matched questions of two cells. */
typedef struct Matched {
    double *a, *b, *d; /* question means, difference */
    Str *cluster, *group;
    uint32_t *cluster_id;
    size_t n, g;
    bool whole;
} Matched;

static bool matched_alloc(Arena *arena, size_t n, Matched *m) {
    *m = (Matched){.a = arena_array(arena, n, sizeof(double)),
                   .b = arena_array(arena, n, sizeof(double)),
                   .d = arena_array(arena, n, sizeof(double)),
                   .cluster = arena_array(arena, n, sizeof(Str)),
                   .group = arena_array(arena, n, sizeof(Str)),
                   .cluster_id = arena_array(arena, n, sizeof(uint32_t)),
                   .whole = true};
    return m->a && m->b && m->d && m->cluster && m->group && m->cluster_id;
}

static bool same_content(const SumQuestion *a, const SumQuestion *b) {
    return !a->content_hash.p || !b->content_hash.p || str_eq(a->content_hash, b->content_hash);
}

static void put_match(Matched *m, double a, double b, Str cluster, Str group) {
    m->a[m->n] = a;
    m->b[m->n] = b;
    m->d[m->n] = a - b;
    m->cluster[m->n] = cluster;
    m->group[m->n] = group;
    if ((a != 0 && a != 1) || (b != 0 && b != 1)) m->whole = false;
    m->n++;
}

/* What one question of both could add to the bounds; n counts. */
static void add_bounds(const SumQuestion *x, const SumQuestion *y, SumPair *p, size_t *n) {
    if (!x->n_rows || !y->n_rows || !same_content(x, y)) return;
    double d = x->sum_decided / x->n_rows - y->sum_decided / y->n_rows;
    double a = (double)x->n_open / x->n_rows, b = (double)y->n_open / y->n_rows;
    p->bound_lo += d - b;
    p->bound_hi += d + a;
    p->bound_wrong += d;
    p->bound_right += d + a - b;
    ++*n;
}

/* Both lists are sorted by sample id. */
static void match(const SumCell *a, const SumCell *b, Matched *m, SumPair *p) {
    size_t i = 0, j = 0, asked = 0;
    p->bound_lo = p->bound_hi = p->bound_wrong = p->bound_right = 0.0;
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
        add_bounds(x, y, p, &asked);
        if (!x->n_scored || !y->n_scored || !same_content(x, y)) {
            p->n_unmatched++;
            continue;
        }
        put_match(m, x->sum / x->n_scored, y->sum / y->n_scored, x->cluster, x->group);
    }
    double n = asked ? (double)asked : NAN;
    p->bound_lo /= n, p->bound_hi /= n, p->bound_wrong /= n, p->bound_right /= n;
}

/* The questions that a has scores of, with those of b's rows that have none counted as `open`. */
static void match_open(const SumCell *a, const SumCell *b, double open, Matched *m) {
    size_t i = 0, j = 0;
    while (i < a->n_questions && j < b->n_questions) {
        const SumQuestion *x = &a->questions[i], *y = &b->questions[j];
        int c = str_cmp(x->sample, y->sample);
        i += c <= 0, j += c >= 0;
        if (c || !x->n_scored || !y->n_rows || !same_content(x, y)) continue;
        double of_b = (y->sum + open * (y->n_rows - y->n_scored)) / y->n_rows;
        put_match(m, x->sum / x->n_scored, of_b, x->cluster, x->group);
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

/* Of n differences (sums of clusters), spoilt. Those that are 0 stay 0 under either sign, so only the others count;
 * beyond 20 of them the p-value stays as it is, unless all are alike: then two of the 2^n patterns of signs reach the
 * observed sum. */
static void test_exactly(double *d, size_t n, bool alike, SumPair *p) {
    size_t differ = 0;
    for (size_t i = 0; i < n; i++)
        if (fabs(d[i]) > NO_SPREAD) d[differ++] = d[i];
    if (differ > STAT_SIGNFLIP_EXACT && !alike) return;
    p->p_method = "sign flip";
    if (differ > STAT_SIGNFLIP_EXACT)
        p->p = ldexp(1.0, -(int)(differ > 1000 ? 1000 : differ) + 1);
    else
        p->p = differ ? stat_signflip_exact(d, differ) : 1.0;
}

/* All n units alike, at d: a share u of others, which cannot be more by the bound for an event that was never seen,
 * could be anything between -1 and 1. */
static void set_alike(SumPair *p, size_t n) {
    double d = p->diff, u = stat_zero_event_upper(n, 0.5 * (1.0 + SUM_CONF));
    p->se = 0.0;
    set_interval(p, (StatRange){d - u * (1.0 + d), d + u * (1.0 - d)}, "all alike");
}

/* d: of the questions; spoilt. */
static void test_fractions(const Matched *m, double *d, StatMean of_d, SumPair *p) {
    bool many = m->n >= 100, alike = of_d.sd <= NO_SPREAD;
    if (m->n < 2) return;
    if (alike) {
        set_alike(p, m->n);
    } else {
        StatPaired t = stat_paired(m->a, m->b, m->n, SUM_CONF);
        set_interval(p, many ? of_d.z : of_d.t, many ? "paired normal" : "paired t");
        p->p = many ? t.p_z : t.p_t;
        p->p_method = many ? "paired z" : "paired t";
    }
    test_exactly(d, m->n, alike, p);
}

/* sums: [g], of the differences of each cluster; spoilt. */
static void test_clusters(const Matched *m, double *sums, SumPair *p) {
    StatClustered c = stat_clustered(m->d, m->cluster_id, m->n, m->g, SUM_CONF, sums);
    bool alike = c.se_cr1 <= NO_SPREAD;
    p->se = c.se_cr1;
    if (m->g < 2) return;
    if (alike) {
        set_alike(p, m->g);
    } else {
        set_interval(p, c.t, "clustered t");
        p->p = stat_t_two_sided(c.mean / c.se_cr1, (double)(m->g - 1));
        p->p_method = "clustered t";
    }
    for (size_t i = 0; i < m->g; i++) sums[i] = 0.0;
    for (size_t i = 0; i < m->n; i++) sums[m->cluster_id[i]] += m->d[i];
    test_exactly(sums, m->g, alike, p);
}

/* Without any spread in the data, the share of disagreeing units could still be as high as the bound for an event that
 * was never seen. */
static double detectable(const SumPair *p) {
    size_t units = p->n_clusters ? p->n_clusters : p->n;
    double n = (double)units, v = p->se * p->se * n;
    if (units < 2) return NAN;
    if (!(v > 0.0)) v = stat_zero_event_upper(units, SUM_CONF);
    return stat_mde(v, n, SUM_ALPHA, SUM_POWER);
}

/* Fills what the matched questions say; NaN where they say nothing. */
static bool test(Arena *arena, Matched *m, SumPair *p) {
    p->diff = p->se = p->lo = p->hi = p->p = p->p_adjusted = p->mde = NAN;
    p->n = m->n;
    if (m->n == 0) return true;
    if (!number_clusters(arena, m)) return false;
    count_flips(m, p);
    StatMean d = stat_mean(m->d, m->n, SUM_CONF);
    double *scratch = arena_array(arena, m->n, sizeof *scratch);
    if (!scratch) return false;
    memcpy(scratch, m->d, m->n * sizeof *scratch);
    p->diff = d.mean;
    p->se = d.se;
    if (m->g < m->n) {
        p->n_clusters = m->g;
        test_clusters(m, scratch, p);
    } else if (m->whole) {
        test_whole(p);
    } else {
        test_fractions(m, scratch, d, p);
    }
    p->mde = detectable(p);
    return true;
}

/* ---- groups ---- */

/* The matched questions of refs[0..n), which are of one group. */
static bool test_group(Arena *arena, const Matched *m, const ClusterRef *refs, size_t n, SumPairGroup *out) {
    Matched of;
    SumPair p = {0};
    if (!matched_alloc(arena, n, &of)) return false;
    for (size_t i = 0; i < n; i++) {
        size_t k = refs[i].at;
        put_match(&of, m->a[k], m->b[k], m->cluster[k], m->group[k]);
    }
    if (!test(arena, &of, &p)) return false;
    *out = (SumPairGroup){.name = refs->name, .n = p.n, .n_clusters = p.n_clusters, .diff = p.diff, .se = p.se};
    out->a_better = p.a_better, out->b_better = p.b_better;
    out->lo = p.lo, out->hi = p.hi, out->method = p.method;
    out->p = p.p, out->p_method = p.p_method, out->p_adjusted = NAN;
    out->mde = p.mde;
    return true;
}

static bool test_groups(Arena *arena, const Matched *m, SumPair *p) {
    ClusterRef *refs = arena_array(arena, m->n, sizeof *refs);
    size_t n = 0, groups = 0;
    if (!refs) return false;
    for (size_t i = 0; i < m->n; i++)
        if (m->group[i].n) refs[n++] = (ClusterRef){m->group[i], i};
    if (n) qsort(refs, n, sizeof *refs, by_name);
    for (size_t i = 0; i < n; i++) groups += i == 0 || !str_eq(refs[i].name, refs[i - 1].name);
    if (groups < 2 || groups > SUM_GROUPS_MAX) return true;
    SumPairGroup *list = arena_array(arena, groups, sizeof *list);
    if (!list) return false;
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && str_eq(refs[end].name, refs[i].name);) end++;
        if (!test_group(arena, m, refs + i, end - i, &list[p->n_groups])) return false;
        p->n_groups++;
    }
    p->groups = list;
    return true;
}

static bool compare(Summary *s, SumPair *p) {
    const SumCell *a = &s->cells[p->a], *b = &s->cells[p->b];
    Matched m;
    p->primary = a->primary;
    if (!matched_alloc(s->arena, a->n_questions < b->n_questions ? a->n_questions : b->n_questions, &m)) return false;
    match(a, b, &m, p);
    return test(s->arena, &m, p) && (!p->primary || test_groups(s->arena, &m, p));
}

bool summary_pair_open(Arena *arena, const SumCell *a, const SumCell *b, double open, SumPair *out) {
    Matched m;
    *out = (SumPair){0};
    if (!matched_alloc(arena, a->n_questions < b->n_questions ? a->n_questions : b->n_questions, &m)) return false;
    match_open(a, b, open, &m);
    return test(arena, &m, out);
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

/* Without an interval nothing is decided. */
static SumVerdict decide(double p_adjusted, const char *method, double diff, double lo, double hi) {
    if (!(p_adjusted < SUM_ALPHA) || !method) return SUM_CANNOT_TELL;
    if (lo <= 0.0 && hi >= 0.0) return SUM_CANNOT_TELL;
    return diff > 0.0 ? SUM_A_AHEAD : SUM_B_AHEAD;
}

/* Groups are a table of their own, and adjusted as one. */
static bool adjust_groups(Summary *s) {
    size_t n = 0, at = 0;
    for (size_t i = 0; i < s->n_pairs; i++) n += s->pairs[i].n_groups;
    double *p = arena_array(s->arena, n + 1, sizeof *p), *q = arena_array(s->arena, n + 1, sizeof *q);
    size_t *scratch = arena_array(s->arena, n + 1, sizeof *scratch);
    if (!p || !q || !scratch) return false;
    for (size_t i = 0; i < s->n_pairs; i++)
        for (size_t k = 0; k < s->pairs[i].n_groups; k++) p[at++] = s->pairs[i].groups[k].p;
    stat_adjust_bh(p, n, q, scratch);
    for (size_t i = at = 0; i < s->n_pairs; i++) {
        SumPairGroup *g = s->pairs[i].groups;
        for (size_t k = 0; k < s->pairs[i].n_groups; k++) {
            g[k].p_adjusted = q[at++];
            g[k].verdict = decide(g[k].p_adjusted, g[k].method, g[k].diff, g[k].lo, g[k].hi);
        }
    }
    return true;
}

bool summary__pairs(Summary *s) {
    if (!build_pairs(s) || !adjust(s, true) || !adjust(s, false) || !adjust_groups(s)) return false;
    for (size_t i = 0; i < s->n_pairs; i++) {
        SumPair *p = &s->pairs[i];
        p->verdict = decide(p->p_adjusted, p->method, p->diff, p->lo, p->hi);
    }
    return true;
}
