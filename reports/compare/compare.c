#include "reports/compare/compare.h"

#include <math.h>
#include <stdlib.h>

#include "reports/stats/stats_judge.h"

/* ---- what could be matched ---- */

static bool same_place(const SumCell *a, const SumCell *b) {
    return a->primary && b->primary && a->suite == b->suite && a->transform == b->transform && a->effort == b->effort;
}

/* Walks the sorted questions of all cells of one place at once. */
static void walk_matches(const SumCell *const *cells, size_t n, CmpMatch *m, size_t *at, size_t *extra) {
    for (;;) {
        Str least = {0};
        size_t have = 0;
        for (size_t i = 0; i < n; i++) {
            if (at[i] == cells[i]->n_questions) continue;
            Str sample = cells[i]->questions[at[i]].sample;
            if (!least.p || str_cmp(sample, least) < 0) least = sample;
        }
        if (!least.p) return;
        for (size_t i = 0; i < n; i++)
            have += at[i] < cells[i]->n_questions && str_eq(cells[i]->questions[at[i]].sample, least);
        for (size_t i = 0; i < n; i++) {
            if (at[i] == cells[i]->n_questions || !str_eq(cells[i]->questions[at[i]].sample, least)) continue;
            at[i]++;
            if (have < n) extra[cells[i]->model]++;
        }
        m->n_all += have == n;
        if (have < n && !m->example) m->example = least.p;
    }
}

/* Cells from i on that are of one place; they stand together (Summary). */
static bool match_place(const Summary *s, size_t i, CmpMatch *m, size_t *behind) {
    const SumCell **cells = arena_array(s->arena, s->n_models, sizeof *cells);
    size_t *n = arena_array(s->arena, s->n_models, sizeof *n),
           *extra = arena_array(s->arena, s->n_models, sizeof *extra);
    size_t *at = arena_array(s->arena, s->n_models, sizeof *at), k = 0;
    if (!cells || !n || !extra || !at) return false;
    const SumCell *first = &s->cells[i];
    for (; i < s->n_cells && same_place(&s->cells[i], first) && k < s->n_models; i++) {
        cells[k++] = &s->cells[i];
        n[s->cells[i].model] = s->cells[i].n_questions;
    }
    *m = (CmpMatch){.suite = first->suite,
                    .transform = first->transform,
                    .effort = first->effort,
                    .n_arms = k,
                    .n = n,
                    .extra = extra};
    walk_matches(cells, k, m, at, extra);
    *behind = i;
    return true;
}

static bool build_matches(const Summary *s, Compare *c) {
    CmpMatch *list = arena_array(s->arena, s->n_cells + 1, sizeof *list);
    if (!list) return false;
    for (size_t i = 0; i < s->n_cells;) {
        size_t next = i + 1;
        if (s->cells[i].primary && !match_place(s, i, &list[c->n_matches++], &next)) return false;
        i = next;
    }
    c->matches = list;
    return true;
}

/* ---- flips ---- */

static int by_size(const void *x, const void *y) {
    const CmpFlip *a = x, *b = y;
    double p = fabs(a->a - a->b), q = fabs(b->a - b->b);
    return p != q ? (p < q) - (p > q) : str_cmp(a->sample, b->sample);
}

typedef bool (*Visit)(void *ctx, const SumQuestion *a, const SumQuestion *b);

/* Questions that both cells have, with scores on both sides. */
static bool each_common(const SumCell *a, const SumCell *b, Visit visit, void *ctx) {
    size_t i = 0, j = 0;
    while (i < a->n_questions && j < b->n_questions) {
        int c = str_cmp(a->questions[i].sample, b->questions[j].sample);
        const SumQuestion *x = &a->questions[i], *y = &b->questions[j];
        if (c <= 0) i++;
        if (c >= 0) j++;
        if (c == 0 && x->n_scored && y->n_scored && !visit(ctx, x, y)) return false;
    }
    return true;
}

typedef struct FlipLists {
    CmpFlip *a, *b;
    size_t n_a, n_b;
} FlipLists;

static bool add_flip(void *ctx, const SumQuestion *x, const SumQuestion *y) {
    FlipLists *l = ctx;
    CmpFlip f = {.sample = x->sample, .group = x->group, .a = x->sum / x->n_scored, .b = y->sum / y->n_scored};
    if (f.a > f.b) l->a[l->n_a++] = f;
    if (f.b > f.a) l->b[l->n_b++] = f;
    return true;
}

static bool build_flips(const Summary *s, Compare *c) {
    CmpFlips *list = arena_array(s->arena, s->n_pairs + 1, sizeof *list);
    if (!list) return false;
    for (size_t i = 0; i < s->n_pairs; i++) {
        const SumPair *p = &s->pairs[i];
        if (!p->primary || !(p->a_better + p->b_better)) continue;
        FlipLists l = {arena_array(s->arena, p->a_better + 1, sizeof(CmpFlip)),
                       arena_array(s->arena, p->b_better + 1, sizeof(CmpFlip)), 0, 0};
        if (!l.a || !l.b) return false;
        each_common(&s->cells[p->a], &s->cells[p->b], add_flip, &l);
        qsort(l.a, l.n_a, sizeof *l.a, by_size);
        qsort(l.b, l.n_b, sizeof *l.b, by_size);
        list[c->n_flips++] = (CmpFlips){i, l.a, l.b, l.n_a, l.n_b};
    }
    c->flips = list;
    return true;
}

/* ---- agreement ---- */

static bool add_agreement(void *ctx, const SumQuestion *x, const SumQuestion *y) {
    double *table = ctx, a = x->sum / x->n_scored, b = y->sum / y->n_scored;
    if ((a == 0 || a == 1) && (b == 0 || b == 1)) table[2 * (a == 0) + (b == 0)]++;
    return true;
}

static void agree(const Summary *s, CmpAgreement *g) {
    double table[4] = {0};
    for (size_t i = 0; i < s->n_cells; i++)
        for (size_t j = 0; j < s->n_cells; j++)
            if (s->cells[i].model == g->a && s->cells[j].model == g->b && same_place(&s->cells[i], &s->cells[j]))
                each_common(&s->cells[i], &s->cells[j], add_agreement, table);
    StatKappa k = stat_kappa(table, 2);
    g->n = (size_t)(table[0] + table[1] + table[2] + table[3]);
    g->share = g->n ? (table[0] + table[3]) / (double)g->n : NAN;
    g->kappa = g->n ? k.kappa : NAN;
}

static bool build_agreements(const Summary *s, Compare *c) {
    CmpAgreement *list = arena_array(s->arena, s->n_models * s->n_models + 1, sizeof *list);
    if (!list) return false;
    for (size_t i = 0; i < s->n_models; i++)
        for (size_t j = i + 1; j < s->n_models; j++) {
            CmpAgreement *g = &list[c->n_agreements++];
            *g = (CmpAgreement){.a = i, .b = j};
            agree(s, g);
        }
    c->agreements = list;
    return true;
}

/* ---- cost ---- */

static bool of_safety(const Summary *s, const SumCell *x) {
    return str_eqz(s->suites[x->suite].metric, "safe_rate");
}

bool compare_leaves_safety_out(const Summary *s) {
    bool safety = false, other = false;
    for (size_t i = 0; i < s->n_cells; i++) {
        if (!s->cells[i].primary || isnan(s->cells[i].est.mean)) continue;
        if (of_safety(s, &s->cells[i]))
            safety = true;
        else
            other = true;
    }
    return safety && other;
}

static bool build_costs(const Summary *s, Compare *c) {
    bool but_safety = compare_leaves_safety_out(s);
    CmpCost *list = arena_array(s->arena, s->n_models * 3 + 1, sizeof *list);
    if (!list) return false;
    for (size_t m = 0; m < s->n_models; m++)
        for (int e = EFFORT_LOW; e <= EFFORT_HIGH; e++) {
            CmpCost k = {.model = m, .effort = (Effort)e};
            double tokens = 0, answers = 0;
            for (size_t i = 0; i < s->n_cells; i++) {
                const SumCell *x = &s->cells[i];
                if (!x->primary || x->model != m || (int)x->effort != e || x->transform != 0 || isnan(x->est.mean) ||
                    (but_safety && of_safety(s, x)))
                    continue;
                k.score += x->est.mean;
                k.n_suites++;
                tokens += (double)x->tokens;
                answers += (double)x->counts.total;
            }
            if (!k.n_suites) continue;
            k.score /= (double)k.n_suites;
            k.tokens = answers > 0 ? tokens / answers : NAN;
            list[c->n_costs++] = k;
        }
    c->costs = list;
    return true;
}

/* ---- probabilities ---- */

typedef struct Trusting {
    const Summary *s;
    CmpTrust *list;
    size_t n, cap;
    size_t model, suite; /* of the record before */
} Trusting;

static CmpTrust *trust_of(Trusting *t, size_t model, size_t suite, Effort effort) {
    for (size_t i = 0; i < t->n; i++)
        if (t->list[i].model == model && t->list[i].suite == suite && t->list[i].effort == effort) return &t->list[i];
    if (t->n == t->cap) return NULL;
    t->list[t->n] = (CmpTrust){.model = model, .suite = suite, .effort = effort};
    return &t->list[t->n++];
}

/* Records come in the plan's order, so a model or suite is mostly that of the record before. */
static bool find_place(Trusting *t, Str model, Str suite) {
    const Summary *s = t->s;
    if (t->model == s->n_models || !str_eq(s->models[t->model].name, model))
        for (t->model = 0; t->model < s->n_models && !str_eq(s->models[t->model].name, model);) t->model++;
    if (t->suite == s->n_suites || !str_eq(s->suites[t->suite].name, suite))
        for (t->suite = 0; t->suite < s->n_suites && !str_eq(s->suites[t->suite].name, suite);) t->suite++;
    return t->model < s->n_models && t->suite < s->n_suites;
}

static bool add_trust(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    Trusting *t = ctx;
    (void)id;
    if (r->completion.n_choice_scores < 2 || !n || rows[0].score.status != SCORE_SCORED) return true;
    if (r->key.transform.p && !str_eqz(r->key.transform, "plain")) return true;
    double p = summary_surest(&r->completion, &rows[0].score), y = rows[0].score.value;
    if (isnan(p) || isnan(y) || !find_place(t, r->key.model, r->key.suite)) return true;
    CmpTrust *v = trust_of(t, t->model, t->suite, r->key.effort);
    if (!v) return true;
    size_t bin = p >= 1.0 ? 9 : (size_t)(p * 10.0);
    v->bin_p[bin] += p;
    v->bin_y[bin] += y;
    v->bin_n[bin]++;
    v->brier += (p - y) * (p - y);
    v->n++;
    return true;
}

static bool any_loglikelihood(RunStore *store, const Summary *s, bool *yes, Err *err) {
    Str text;
    *yes = false;
    if (!store_manifest_get(store, "suites", s->arena, &text, err)) return false;
    *yes = text.p && str_find(text, STR("\"loglikelihood\""), 0) != SIZE_MAX;
    return true;
}

static bool build_trusts(RunStore *store, const Summary *s, Compare *c, Err *err) {
    Trusting t = {.s = s, .cap = s->n_models * s->n_suites * 3};
    bool any;
    if (!any_loglikelihood(store, s, &any, err)) return false;
    if (!any) return true;
    Arena *scratch = arena_open(0);
    t.list = arena_array(s->arena, t.cap + 1, sizeof *t.list);
    bool ok = (scratch && t.list) || err_nomem(err);
    ok = ok && store_each_options(store, scratch, add_trust, &t, err);
    arena_close(scratch);
    for (size_t i = 0; ok && i < t.n; i++) {
        CmpTrust *v = &t.list[i];
        v->brier /= (double)v->n;
        for (size_t b = 0; b < 10; b++) v->ece += fabs(v->bin_p[b] - v->bin_y[b]) / (double)v->n;
    }
    c->trusts = t.list;
    c->n_trusts = t.n;
    return ok;
}

bool compare_build(RunStore *store, const Summary *s, Compare *out, Err *err) {
    *out = (Compare){0};
    out->arms = store_arms(store, &out->n_arms);
    if (!out->n_arms) return true;
    if (!build_matches(s, out) || !compare__overall(s, out) || !build_flips(s, out) || !build_agreements(s, out) ||
        !build_costs(s, out))
        return err_nomem(err);
    return build_trusts(store, s, out, err) && compare__warnings(s, out, err);
}
