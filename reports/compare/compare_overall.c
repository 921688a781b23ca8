/* Two models over all suites together. */
#include "reports/compare/compare.h"

#include <math.h>

#include "reports/stats/stats.h"

/* The suites' differences, their errors, and their degrees of freedom. */
typedef struct Suites {
    double *diff, *se, *df;
    size_t n;
} Suites;

static bool of_safety(const Summary *s, const SumPair *p) {
    return str_eqz(s->suites[s->cells[p->a].suite].metric, "safe_rate");
}

/* A suite's pair that counts for two models at an effort. */
static bool counts(const Summary *s, const SumPair *p, const CmpOverall *o, bool safety) {
    const SumCell *a = &s->cells[p->a], *b = &s->cells[p->b];
    return p->primary && a->model == o->a && b->model == o->b && a->effort == o->effort && a->transform == 0 &&
           of_safety(s, p) == safety && p->n > 0 && !isnan(p->diff);
}

/* Where nothing is known about the spread, or all differences are alike, so many could still be otherwise as the bound
 * for an event that was never seen. */
static void put_suite(Suites *v, const SumPair *p) {
    size_t units = p->n_clusters ? p->n_clusters : p->n;
    v->diff[v->n] = p->diff;
    v->se[v->n] = p->se > 0.0 ? p->se : sqrt(stat_zero_event_upper(units, SUM_CONF) / (double)units);
    v->df[v->n++] = units > 1 ? (double)(units - 1) : 1.0;
}

/* Of a sum of independent errors (Welch 1947, Satterthwaite 1946): a suite of five questions is not as sure as its
 * error looks. */
static double freedom(const Suites *v) {
    double sum = 0.0, fourth = 0.0;
    for (size_t i = 0; i < v->n; i++) {
        double w = v->se[i] * v->se[i];
        sum += w;
        fourth += w * w / v->df[i];
    }
    return sum * sum / fourth;
}

static void sum_up(const Summary *s, CmpOverall *o, Suites *v, bool safety) {
    v->n = 0;
    for (size_t i = 0; i < s->n_pairs; i++)
        if (counts(s, &s->pairs[i], o, safety)) put_suite(v, &s->pairs[i]);
    o->n_suites = v->n;
    if (!v->n) return;
    StatMacro m = stat_macro_mean(v->diff, v->se, v->n);
    double df = freedom(v), t = stat_t_ppf(0.5 * (1.0 + SUM_CONF), df);
    o->diff = m.mean;
    o->se = m.se;
    o->lo = fmax(-1.0, m.mean - t * m.se);
    o->hi = fmin(1.0, m.mean + t * m.se);
    o->p = stat_t_two_sided(m.mean / m.se, df);
    o->mde = stat_mde(m.se * m.se, 1.0, SUM_ALPHA, SUM_POWER);
}

/* p-values of one table are adjusted together. */
static bool decide(const Summary *s, CmpOverall *list, size_t n) {
    double *p = arena_array(s->arena, n + 1, sizeof *p), *q = arena_array(s->arena, n + 1, sizeof *q);
    size_t *scratch = arena_array(s->arena, n + 1, sizeof *scratch);
    if (!p || !q || !scratch) return false;
    for (size_t i = 0; i < n; i++) p[i] = list[i].p;
    stat_adjust_bh(p, n, q, scratch);
    for (size_t i = 0; i < n; i++) {
        CmpOverall *o = &list[i];
        o->p_adjusted = q[i];
        bool shown = q[i] < SUM_ALPHA && (o->lo > 0.0 || o->hi < 0.0);
        o->verdict = !shown ? SUM_CANNOT_TELL : o->diff > 0.0 ? SUM_A_AHEAD : SUM_B_AHEAD;
    }
    return true;
}

bool compare__overall(const Summary *s, Compare *c) {
    CmpOverall *list = arena_array(s->arena, 3 * s->n_models * s->n_models + 1, sizeof *list);
    Suites v = {arena_array(s->arena, s->n_pairs + 1, sizeof(double)),
                arena_array(s->arena, s->n_pairs + 1, sizeof(double)),
                arena_array(s->arena, s->n_pairs + 1, sizeof(double)), 0};
    if (!list || !v.diff || !v.se || !v.df) return false;
    for (int e = EFFORT_LOW; e <= EFFORT_HIGH; e++)
        for (size_t k = 0; k < s->n_models * s->n_models; k++) {
            CmpOverall o = {.a = k / s->n_models, .b = k % s->n_models, .effort = (Effort)e};
            sum_up(s, &o, &v, false);
            if (!o.n_suites) sum_up(s, &o, &v, true);
            if (o.n_suites >= 2) list[c->n_overall++] = o;
        }
    c->overall = list;
    return decide(s, list, c->n_overall);
}
