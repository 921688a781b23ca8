/* Plan -> the chosen samples, the ordered work items, and the settings of each. */
#include "harness/plan/plan.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/base/hash.h"
#include "harness/plan/plan_internal.h"

/* ---- samples ---- */

typedef struct Pick {
    Str group;
    size_t index, rank, first; /* rank within the group; where the group begins */
} Pick;

static int by_group(const void *x, const void *y) {
    const Pick *a = x, *b = y;
    int c = str_cmp(a->group, b->group);
    return c ? c : a->index < b->index ? -1 : a->index > b->index;
}

static int by_turn(const void *x, const void *y) {
    const Pick *a = x, *b = y;
    if (a->rank != b->rank) return a->rank < b->rank ? -1 : 1;
    return a->first < b->first ? -1 : a->first > b->first;
}

static int by_index(const void *x, const void *y) {
    size_t a = *(const size_t *)x, b = *(const size_t *)y;
    return a < b ? -1 : a > b;
}

/* The first sample of each group, then the second of each, … until `limit`; without groups the first `limit`. So a
 * small limit on a suite of many subjects sees all of them. In the end ascending. */
static bool choose(PlanSuite *ps, int64_t limit, Arena *a, Err *err) {
    size_t n = ps->data->n, want = limit > 0 && (uint64_t)limit < n ? (size_t)limit : n;
    size_t *chosen = arena_array(a, want, sizeof *chosen);
    Pick *v = want < n ? mem_alloc(n * sizeof *v) : NULL;
    if (!chosen || (want < n && !v)) {
        mem_free(v);
        return err_nomem(err);
    }
    for (size_t i = 0; i < n && v; i++) v[i] = (Pick){.group = ps->data->samples[i].group, .index = i};
    if (v) qsort(v, n, sizeof *v, by_group);
    for (size_t i = 0; i < n && v; i++) {
        bool same = i && str_eq(v[i].group, v[i - 1].group);
        v[i].rank = same ? v[i - 1].rank + 1 : 0;
        v[i].first = same ? v[i - 1].first : v[i].index;
    }
    if (v) qsort(v, n, sizeof *v, by_turn);
    for (size_t i = 0; i < want; i++) chosen[i] = v ? v[i].index : i;
    qsort(chosen, want, sizeof *chosen, by_index);
    mem_free(v);
    ps->chosen = chosen;
    ps->n_chosen = want;
    return true;
}

bool plan_open_data(Plan *p, Arena *a, Err *err) {
    for (size_t i = 0; i < p->n_suites; i++) {
        Dataset *data, *fewshot;
        if (!suite_open_data(p->suites[i].suite, a, &data, &fewshot, err)) return false;
        p->suites[i].data = data;
        p->suites[i].fewshot = fewshot;
        if (!choose(&p->suites[i], p->limit, a, err)) return false;
    }
    return plan_fit_transforms(p, a, err) && plan_digest(p, a, err);
}

/* ---- seeds ---- */

static void add_decimal(Sha256 *h, uint64_t v) {
    char text[24];
    int n = snprintf(text, sizeof text, "%llu", (unsigned long long)v);
    sha256_add_field(h, (Str){text, (size_t)n});
}

static uint64_t seed_of(uint64_t seed, Str suite, Str sample, Effort effort, int epoch, const TransformChain *c) {
    unsigned char digest[32];
    Sha256 h;
    sha256_init(&h);
    sha256_add_field(&h, STR("assay-seed-1"));
    add_decimal(&h, seed);
    sha256_add_field(&h, suite);
    sha256_add_field(&h, sample);
    sha256_add_field(&h, str_from(effort_name(effort)));
    add_decimal(&h, (uint64_t)epoch);
    if (c && !transform_is_plain(c)) sha256_add_field(&h, c->name); /* plain items keep the seeds from before */
    sha256_end(&h, digest);
    return sha256_u64(digest);
}

uint64_t plan_seed(uint64_t seed, Str suite, Str sample, Effort effort, int epoch) {
    return seed_of(seed, suite, sample, effort, epoch, NULL);
}

/* ---- work ---- */

static int64_t items_per_sample(const Plan *p) {
    return (int64_t)p->n_efforts * p->repeats;
}

int64_t plan_suite_count(const Plan *p, size_t suite) {
    const PlanSuite *ps = &p->suites[suite];
    int64_t n = 0;
    for (size_t t = 0; t < ps->n_transforms; t++) n += (int64_t)ps->transforms[t].n_chosen * items_per_sample(p);
    return n;
}

static int64_t items_per_model(const Plan *p) {
    int64_t n = 0;
    for (size_t i = 0; i < p->n_suites; i++) n += plan_suite_count(p, i);
    return n;
}

int64_t plan_count(const Plan *p) {
    return items_per_model(p) * (int64_t)p->n_models;
}

WorkItem plan_item(const Plan *p, int64_t ordinal) {
    BUG_ON(ordinal < 0 || ordinal >= plan_count(p));
    int64_t per_model = items_per_model(p), rest = ordinal % per_model;
    WorkItem w = {.ordinal = ordinal, .model = (int)(ordinal / per_model)};
    for (int64_t n; rest >= (n = plan_suite_count(p, (size_t)w.suite)); w.suite++) rest -= n;
    const PlanSuite *ps = &p->suites[w.suite];
    const PlanTransform *t = ps->transforms;
    for (int64_t n; rest >= (n = (int64_t)t->n_chosen * items_per_sample(p)); t++, w.transform++) rest -= n;
    int64_t n = (int64_t)t->n_chosen, turn = rest / n; /* effort, then epoch */
    w.sample = t->chosen[rest % n];
    w.effort = p->efforts[turn / p->repeats];
    w.epoch = (int)(turn % p->repeats) + 1;
    w.seed = seed_of(p->seed, ps->suite->id, ps->data->samples[w.sample].id, w.effort, w.epoch, &t->chain);
    return w;
}

Str plan_precision(const Plan *p, size_t m) {
    Str s = p->models[m].precision.p ? p->models[m].precision : p->precision;
    return s.p ? s : STR("exact");
}

void plan_overlay(GenOptions *g, const SuiteGeneration *s) {
    if (s->has_temperature) g->temperature = s->temperature;
    if (s->has_top_p) g->top_p = s->top_p;
    if (s->has_max_tokens) g->max_tokens = s->max_tokens;
    if (s->has_date) g->date = s->date;
}

GenOptions plan_gen(const Plan *p, const WorkItem *w) {
    GenOptions g = GEN_DEFAULTS;
    plan_overlay(&g, &p->suites[w->suite].suite->generation);
    plan_overlay(&g, &p->generation);
    g.seed = w->seed;
    g.effort = w->effort;
    return g;
}

ToolLimits plan_tool_limits(const Plan *p, const Suite *s) {
    ToolLimits l = s->tools->limits;
    tools_overlay(&l, &p->tool_limits);
    return l;
}
