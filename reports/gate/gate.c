#include "reports/gate/gate.h"

#include <fnmatch.h>
#include <math.h>

#include "reports/compare/compare.h"
#include "reports/gate/gate_internal.h"
#include "reports/stats/stats.h"

const char *gate_kind_name(GateKind k) {
    static const char *const NAMES[] = {"non_inferior", "superior", "no_erosion", "at_least", "at_most"};
    return NAMES[k];
}

const char *gate_metric_name(GateMetric m) {
    static const char *const NAMES[] = {"score",         "refusal",   "leak",     "over_refusal",
                                        "pair_accuracy", "truncated", "unscored", "tokens"};
    return NAMES[m];
}

const char *gate_verdict_name(GateVerdict v) {
    static const char *const NAMES[] = {"pass", "fail", "inconclusive", "skipped"};
    return NAMES[v];
}

/* ---- deciding ---- */

void gate__decide(GateResult *r, bool up) {
    if (isnan(r->lower) || isnan(r->upper)) return;
    if (up ? r->lower > r->bar : r->upper < r->bar) r->verdict = GATE_PASS;
    if (up ? r->upper < r->bar : r->lower > r->bar) r->verdict = GATE_FAIL;
}

/* n = (z_{1-alpha} + z_power)^2 v / distance^2, as in Miller 2024 with a one-sided test. */
int64_t gate__more(double v, double n, double distance) {
    double z = stat_norm_ppf(GATE_CONFIDENCE) + stat_norm_ppf(SUM_POWER);
    double need = z * z * v / (distance * distance);
    if (!(need < 1e7)) return -1;
    return need > n ? (int64_t)ceil(need - n) : 1;
}

/* ---- one check ---- */

bool gate__room(GateWork *w, size_t more) {
    w->cap = (w->policy->n_checks + 2) * (w->s->n_cells + 1) + more;
    w->results = arena_array(w->a, w->cap, sizeof *w->results);
    return w->results != NULL;
}

GateResult *gate__add(GateWork *w, const GateCheck *c) {
    if (w->n == w->cap) return NULL;
    GateResult *r = &w->results[w->n++];
    *r = (GateResult){.check = c, .verdict = GATE_INCONCLUSIVE, .words = "", .advice = "", .effort = ""};
    r->baseline = r->candidate = r->value = r->lower = r->upper = r->bar = NAN;
    r->worst = r->p_fail = r->p_fail_holm = r->mde = NAN;
    return r;
}

bool gate_fits(const GateCheck *c, const char *suite, Str transform, Effort effort) {
    return fnmatch(c->suite, suite, 0) == 0 && !(c->except && fnmatch(c->except, suite, 0) == 0) &&
           str_eq(transform, c->transform.p ? c->transform : STR("plain")) &&
           (!c->effort.p || str_eqz(c->effort, effort_name(effort)));
}

static bool fits(const GateWork *w, const GateCheck *c, const SumCell *cell) {
    const Summary *s = w->s;
    char *suite = str_cstr(w->a, s->suites[cell->suite].name);
    return suite && cell->primary && gate_fits(c, suite, s->transforms[cell->transform].name, cell->effort);
}

static bool same_place(const SumCell *a, const SumCell *b) {
    return a->suite == b->suite && a->transform == b->transform && a->effort == b->effort && b->primary;
}

static const SumCell *cell_of(const Summary *s, const SumCell *like, size_t model) {
    for (size_t i = 0; i < s->n_cells; i++)
        if (s->cells[i].model == model && same_place(like, &s->cells[i])) return &s->cells[i];
    return NULL;
}

static const SumPair *pair_of(const Summary *s, const SumCell *a, const SumCell *b) {
    for (size_t i = 0; a && b && i < s->n_pairs; i++)
        if (&s->cells[s->pairs[i].a] == a && &s->cells[s->pairs[i].b] == b) return &s->pairs[i];
    return NULL;
}

static const SafSection *section_of(const Safety *f, const SumCell *c) {
    for (size_t i = 0; i < f->n_sections; i++)
        if (f->sections[i].suite == c->suite && f->sections[i].effort == c->effort) return &f->sections[i];
    return NULL;
}

static void measure(GateWork *w, const SumCell *base, const SumCell *cand, GateResult *r) {
    GateMetric m = r->check->metric;
    const SumPair *p = pair_of(w->s, base, cand);
    const SafSection *sec = section_of(w->f, cand ? cand : base);
    if (m == GATE_TRUNCATED || m == GATE_UNSCORED || m == GATE_TOKENS) {
        if (cand) gate__count(base, cand, r);
    } else if (m != GATE_SCORE) {
        if (sec) gate__safety(sec, r);
    } else if (r->check->kind == GATE_AT_LEAST || r->check->kind == GATE_AT_MOST) {
        if (cand) gate__level(cand, r);
    } else if (p) {
        gate__difference(w, base, cand, p, r);
    }
}

/* A check on every suite and effort that it fits; on none, it says so. */
bool gate__check(GateWork *w, const GateCheck *c) {
    const Summary *s = w->s;
    size_t found = 0;
    for (size_t i = 0; i < s->n_cells; i++) {
        const SumCell *cell = &s->cells[i];
        bool again = cell->model == 1 && cell_of(s, cell, 0);
        if (cell->model > 1 || again || !fits(w, c, cell)) continue;
        GateResult *r = gate__add(w, c);
        if (!r) return false;
        r->suite = s->suites[cell->suite].name;
        r->title = s->suites[cell->suite].title;
        r->effort = effort_name(cell->effort);
        measure(w, cell_of(s, cell, 0), cell_of(s, cell, 1), r);
        found++;
    }
    if (found) return true;
    GateResult *r = gate__add(w, c);
    if (r) r->verdict = c->required ? GATE_INCONCLUSIVE : GATE_SKIPPED;
    return r != NULL;
}

/* ---- limits on what has no score ---- */

static bool looked_at(const GateWork *w, size_t checks, const SumCell *cell) {
    for (size_t i = 0; i < checks; i++)
        if (fits(w, &w->policy->checks[i], cell)) return true;
    return false;
}

static bool limit(GateWork *w, const char *id, GateMetric m, double most) {
    GateCheck *c = arena_alloc(w->a, sizeof *c);
    if (!c) return false;
    *c = (GateCheck){.id = str_from(id), .suite = "*", .metric = m, .kind = GATE_AT_MOST, .limit = most};
    for (size_t i = 0; most < 1.0 && i < w->s->n_cells; i++) {
        const SumCell *cell = &w->s->cells[i];
        if (cell->model != 1 || !cell->primary || !looked_at(w, w->policy->n_checks, cell)) continue;
        GateResult *r = gate__add(w, c);
        if (!r) return false;
        r->suite = w->s->suites[cell->suite].name;
        r->title = w->s->suites[cell->suite].title;
        r->effort = effort_name(cell->effort);
        gate__count(cell_of(w->s, cell, 0), cell, r);
    }
    return true;
}

bool gate__limits(GateWork *w) {
    return limit(w, "unscored-limit", GATE_UNSCORED, w->policy->max_unscored) &&
           limit(w, "truncated-limit", GATE_TRUNCATED, w->policy->max_truncated);
}

/* ---- all together ---- */

/* Of the claims of failing that are tests; a fail that does not survive is not claimed. */
static bool adjust(GateWork *w) {
    double *p = arena_array(w->a, w->n, sizeof *p), *q = arena_array(w->a, w->n, sizeof *q);
    size_t *scratch = arena_array(w->a, w->n, sizeof *scratch);
    if (!p || !q || !scratch) return false;
    for (size_t i = 0; i < w->n; i++) p[i] = w->results[i].p_fail;
    stat_adjust_holm(p, w->n, q, scratch);
    for (size_t i = 0; i < w->n; i++) {
        GateResult *r = &w->results[i];
        r->p_fail_holm = q[i];
        if (r->verdict == GATE_FAIL && q[i] >= 1.0 - GATE_CONFIDENCE) r->verdict = GATE_INCONCLUSIVE;
    }
    return true;
}

static GateVerdict together(const GateWork *w) {
    bool open = false, any = false;
    for (size_t i = 0; i < w->n; i++) {
        const GateResult *r = &w->results[i];
        if (r->verdict == GATE_FAIL) return GATE_FAIL;
        any = any || r->verdict == GATE_PASS;
        open = open || (r->verdict == GATE_INCONCLUSIVE && !r->check->allow_inconclusive);
    }
    return open || !any ? GATE_INCONCLUSIVE : GATE_PASS;
}

bool gate__together(GateWork *w, GateReport *out) {
    out->policy = w->policy;
    out->baseline = w->s->models[0].name;
    out->candidate = w->s->models[1].name;
    out->baseline_digest = w->s->models[0].digest;
    out->candidate_digest = w->s->models[1].digest;
    out->results = w->results;
    out->n_results = w->n;
    out->verdict = together(w);
    return gate__words(w, out);
}

static bool judge_all(GateWork *w, GateReport *out, Err *err) {
    bool ok = true;
    if (!gate__room(w, 0)) return err_nomem(err);
    for (size_t i = 0; ok && i < w->policy->n_checks; i++) ok = gate__check(w, &w->policy->checks[i]);
    ok = ok && gate__limits(w) && adjust(w);
    if (!ok) return err_nomem(err);
    return gate__together(w, out) || err_nomem(err);
}

bool gate_judge(RunStore *both, const GatePolicy *policy, Arena *a, GateReport *out, Err *err) {
    Summary *s = arena_alloc(a, sizeof *s);
    Safety *f = arena_alloc(a, sizeof *f);
    Compare *c = arena_alloc(a, sizeof *c);
    *out = (GateReport){0};
    if (!s || !f || !c) return err_nomem(err);
    if (!store_union_common(both))
        return err_set(err, ERR_INPUT, "the two runs have no question in common: they say nothing about each other");
    if (!summary_build(both, a, s, err) || !safety_build(both, s, f, err) || !compare_build(both, s, c, err))
        return false;
    GateWork w = {.s = s, .f = f, .policy = policy, .a = a};
    if (!judge_all(&w, out, err)) return false;
    out->warnings = c->warnings;
    out->n_warnings = c->n_warnings;
    return true;
}
