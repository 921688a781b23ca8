#include "reports/gate/gate.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/compare/compare.h"
#include "reports/gate/gate_internal.h"
#include "reports/stats/stats.h"
#include "reports/stats/stats_prop.h"

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

double gate_alpha(const GateCheck *c) {
    return c->alpha > 0.0 ? c->alpha : GATE_ALPHA;
}

void gate__decide(GateResult *r, bool up) {
    if (isnan(r->lower) || isnan(r->upper)) return;
    if (up ? r->lower > r->bar : r->upper < r->bar) r->verdict = GATE_PASS;
    if (up ? r->upper < r->bar : r->lower > r->bar) r->verdict = GATE_FAIL;
}

void gate__enough(GateResult *r) {
    if (r->n >= r->check->min_pairs || isnan(r->value)) return;
    r->few = true;
    r->verdict = GATE_INCONCLUSIVE;
    r->more = (int64_t)(r->check->min_pairs - r->n);
}

/* The tails that Clopper and Pearson's bounds invert. */
double gate__p_level(double k, double n, double bar, bool up) {
    if (up) return k >= n ? 1.0 : 1.0 - stat_betainc(k + 1.0, n - k, bar);
    return k <= 0.0 ? 1.0 : stat_betainc(k, n - k + 1.0, bar);
}

/* n = (z_{1-alpha} + z_power)^2 v / distance^2, as in Miller 2024 with a one-sided test. */
int64_t gate__more(const GateCheck *c, double v, double n, double distance) {
    double z = stat_norm_ppf(1.0 - gate_alpha(c)) + stat_norm_ppf(SUM_POWER);
    double need = z * z * v / (distance * distance);
    if (!(need < 1e7)) return -1;
    return need > n ? (int64_t)ceil(need - n) : 1;
}

static bool clears(double share, double n, double bar, double conf) {
    return share > bar ? stat_cp_lower(share * n, n, conf) > bar : stat_cp_upper(share * n, n, conf) < bar;
}

/* n = ((z_{1-alpha} sqrt(L (1 - L)) + z_power sqrt(p (1 - p))) / (p - L))^2 of independent items, the usual one-sided
 * test of a share p against a limit L; as a variance for gate__more. */
static double variance_of_share(const GateCheck *c, double share) {
    double at = stat_norm_ppf(1.0 - gate_alpha(c)), power = stat_norm_ppf(SUM_POWER);
    double s = (at * sqrt(c->limit * (1.0 - c->limit)) + power * sqrt(share * (1.0 - share))) / (at + power);
    return s * s;
}

int64_t gate__more_items(const GateCheck *c, double share, double n, double units, double distance) {
    const double most = 1e7, conf = 1.0 - gate_alpha(c);
    int64_t often = gate__more(c, variance_of_share(c, share) * n / units, n, distance);
    double lo = units, hi = units;
    while (!clears(share, hi, c->limit, conf) && hi < most) lo = hi, hi *= 2.0;
    if (often < 0 || share == c->limit || hi >= most) return -1;
    while (hi - lo > 0.5) {
        double mid = 0.5 * (lo + hi);
        if (clears(share, mid, c->limit, conf))
            hi = mid;
        else
            lo = mid;
    }
    int64_t least = (int64_t)ceil((hi - units) * n / units);
    return least > often ? least : often;
}

/* ---- one check ---- */

GateResult *gate__add(GateWork *w, const GateCheck *c) {
    if (w->n == w->cap) {
        size_t cap = w->cap ? 2 * w->cap : 32;
        GateResult *more = arena_array(w->a, cap, sizeof *more);
        if (!more) return NULL;
        if (w->n) memcpy(more, w->results, w->n * sizeof *more);
        w->results = more, w->cap = cap;
    }
    GateResult *r = &w->results[w->n++];
    *r = (GateResult){.check = c, .verdict = GATE_INCONCLUSIVE, .words = "", .advice = "", .effort = ""};
    r->baseline = r->candidate = r->value = r->lower = r->upper = r->bar = NAN;
    r->worst = r->best = r->p_fail = r->p_fail_holm = r->mde = NAN;
    return r;
}

bool gate_fits(const GateCheck *c, const char *suite, Str transform, Effort effort) {
    return fnmatch(c->suite, suite, 0) == 0 && !(c->except && fnmatch(c->except, suite, 0) == 0) &&
           str_eq(transform, c->transform.p ? c->transform : STR("plain")) &&
           (!c->effort.p || str_eqz(c->effort, effort_name(effort)));
}

static bool fits(const GateWork *w, const Summary *s, const GateCheck *c, const SumCell *cell) {
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

bool gate_is_count(GateMetric m) {
    return m == GATE_TRUNCATED || m == GATE_UNSCORED || m == GATE_TOKENS;
}

/* f: NULL for metrics that are none of refusals. */
static bool measure(const Summary *s, const Safety *f, const SumCell *base, const SumCell *cand, GateResult *r) {
    const SumPair *p = pair_of(s, base, cand);
    const SafSection *sec = f ? section_of(f, cand ? cand : base) : NULL;
    if (gate_is_count(r->check->metric)) {
        if (cand) gate__count(base, cand, r);
    } else if (f) {
        if (sec) gate__safety(sec, r);
    } else if (r->check->kind == GATE_AT_LEAST || r->check->kind == GATE_AT_MOST) {
        if (cand) gate__level(cand, r);
    } else if (p && !gate__difference(s->arena, base, cand, p, r)) {
        return false;
    }
    gate__enough(r);
    return true;
}

static void name_place(GateResult *r, const Summary *s, const SumCell *cell, StoreSelection part) {
    r->suite = s->suites[cell->suite].name;
    r->title = s->suites[cell->suite].title;
    r->effort = effort_name(cell->effort);
    r->group = part.group;
    r->lang = part.lang;
}

/* On every suite and effort of a part of the runs; *found counts them. */
static bool check_part(GateWork *w, const GateCheck *c, StoreSelection part, size_t *found, Err *err) {
    bool refusals = c->metric != GATE_SCORE && !gate_is_count(c->metric);
    const Summary *s = gate__summary(w, part, err);
    const Safety *f = s && refusals ? gate__safety_of(w, part, gate_alpha(c), err) : NULL;
    if (!s || (refusals && !f)) return false;
    for (size_t i = 0; i < s->n_cells; i++) {
        const SumCell *cell = &s->cells[i];
        bool again = cell->model == 1 && cell_of(s, cell, 0);
        if (cell->model > 1 || again || !fits(w, s, c, cell)) continue;
        GateResult *r = gate__add(w, c);
        if (!r) return err_nomem(err);
        name_place(r, s, cell, part);
        if (!measure(s, f, cell_of(s, cell, 0), cell_of(s, cell, 1), r)) return err_nomem(err);
        gate__judged(w->policy, cell_of(s, cell, 0), cell_of(s, cell, 1), r);
        ++*found;
    }
    return true;
}

/* A check on everything that it fits; on nothing, it says so. */
bool gate__check(GateWork *w, const GateCheck *c, Err *err) {
    StoreSelection *parts;
    size_t n, found = 0;
    if (!gate__parts(w, c, &parts, &n, err)) return false;
    for (size_t i = 0; i < n; i++)
        if (!check_part(w, c, parts[i], &found, err)) return false;
    if (found) return true;
    GateResult *r = gate__add(w, c);
    if (r) r->verdict = c->required ? GATE_INCONCLUSIVE : GATE_SKIPPED;
    return r || err_nomem(err);
}

/* ---- limits on what has no score ---- */

static bool looked_at(const GateWork *w, const Summary *s, const SumCell *cell) {
    for (size_t i = 0; i < w->policy->n_checks; i++)
        if (fits(w, s, &w->policy->checks[i], cell)) return true;
    return false;
}

static bool limit(GateWork *w, const Summary *s, const char *id, GateMetric m, double most) {
    GateCheck *c = arena_alloc(w->a, sizeof *c);
    if (!c) return false;
    *c = (GateCheck){.id = str_from(id), .suite = "*", .metric = m, .kind = GATE_AT_MOST, .limit = most};
    c->alpha = w->policy->alpha;
    for (size_t i = 0; most < 1.0 && i < s->n_cells; i++) {
        const SumCell *cell = &s->cells[i];
        if (cell->model != 1 || !cell->primary || !looked_at(w, s, cell)) continue;
        GateResult *r = gate__add(w, c);
        if (!r) return false;
        name_place(r, s, cell, (StoreSelection){0});
        gate__count(cell_of(s, cell, 0), cell, r);
    }
    return true;
}

bool gate__limits(GateWork *w, Err *err) {
    const Summary *s = gate__summary(w, (StoreSelection){0}, err);
    if (!s) return false;
    return (limit(w, s, "unscored-limit", GATE_UNSCORED, w->policy->max_unscored) &&
            limit(w, s, "truncated-limit", GATE_TRUNCATED, w->policy->max_truncated)) ||
           err_nomem(err);
}

/* ---- all together ---- */

/* Of the claims of failing that are tests; a fail that does not survive is not claimed. */
static bool adjust(GateWork *w) {
    double *p = arena_array(w->a, w->n + 1, sizeof *p), *q = arena_array(w->a, w->n + 1, sizeof *q);
    size_t *scratch = arena_array(w->a, w->n + 1, sizeof *scratch);
    if (!p || !q || !scratch) return false;
    for (size_t i = 0; i < w->n; i++) p[i] = w->results[i].p_fail;
    stat_adjust_holm(p, w->n, q, scratch);
    for (size_t i = 0; i < w->n; i++) {
        GateResult *r = &w->results[i];
        r->p_fail_holm = q[i];
        r->by_chance = r->verdict == GATE_FAIL && q[i] >= gate_alpha(r->check);
        if (r->by_chance) r->verdict = GATE_INCONCLUSIVE;
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

bool gate__together(GateWork *w, GateReport *out, Err *err) {
    const Summary *s = gate__summary(w, (StoreSelection){0}, err);
    if (!s) return false;
    out->policy = w->policy;
    out->lang = w->lang;
    out->baseline = s->models[0].name;
    out->candidate = s->models[1].name;
    out->baseline_digest = s->models[0].digest;
    out->candidate_digest = s->models[1].digest;
    out->results = w->results;
    out->n_results = w->n;
    out->verdict = together(w);
    return gate__words(w, out) || err_nomem(err);
}

bool gate_judge(RunStore *both, const GatePolicy *policy, Arena *a, GateReport *out, Err *err) {
    GateWork w = {.store = both, .policy = policy, .a = a, .lang = store_language(both)};
    Compare c;
    *out = (GateReport){0};
    if (!store_union_common(both))
        return err_set(err, ERR_INPUT, "the two runs have no question in common: they say nothing about each other");
    const Summary *s = gate__summary(&w, (StoreSelection){0}, err);
    bool ok = s && compare_build(both, s, &c, err) && gate__places(&w, err);
    for (size_t i = 0; ok && i < policy->n_checks; i++) ok = gate__check(&w, &policy->checks[i], err);
    ok = ok && gate__limits(&w, err) && (adjust(&w) || err_nomem(err)) && gate__together(&w, out, err);
    if (!ok) return false;
    out->warnings = c.warnings;
    out->n_warnings = c.n_warnings;
    return !arena_failed(a) || err_nomem(err); /* no sentence lacks a part */
}
