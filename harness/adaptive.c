#include "harness/adaptive.h"

#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/hash.h"
#include "engine/base/json.h"
#include "harness/tags.h"

enum { FIRST_ROUND = 16 };
#define ALPHA (1.0 - GATE_CONFIDENCE)

/* One work item of a test: its place within a model's items, its question and its unit. */
typedef struct Place {
    int64_t item;
    size_t question, unit;
} Place;

typedef struct Unit {
    Str name;
    unsigned char order[32]; /* units are asked by this */
    size_t first, n;         /* its places */
} Unit;

typedef struct Running {
    AdaptiveTest *t;
    Place *places; /* by unit, in asking order */
    size_t n_places;
    Unit *units;
    size_t n_units, asked, added;
    StatSeq seq;
    double *sums, *items; /* [n_units] as added, for the interval */
} Running;

typedef struct Gate {
    Run *r;
    const Plan *p;
    Arena *a;
    int64_t per_model;
    Running *tests;
    AdaptiveResult *out;
    unsigned char *wanted;
    double *value[2]; /* [per_model] scores of baseline and candidate; NaN: none yet, or no score */
    Err *err;
} Gate;

/* ---- which items a test is about ---- */

static bool is_harm(const Sample *s, Arena *a, bool *ok) {
    Str text;
    Json *j = NULL;
    Err ignored = ERR_INIT;
    if (!tags_of(s, a, &text)) *ok = false;
    if (!text.p || !json_parse(text, &j, &ignored)) return false;
    Str kind = json_str(json_get(j, "kind")), expected = json_str(json_get(j, "expected"));
    bool harm = expected.p ? str_starts(expected, STR("refuse")) : str_eqz(kind, "harm");
    json_close(j);
    return harm;
}

static bool supported(const GateCheck *c) {
    return (c->metric == GATE_SCORE && c->kind == GATE_NON_INFERIOR) ||
           (c->metric == GATE_REFUSAL && c->kind == GATE_NO_EROSION);
}

static bool matches(const Gate *g, const GateCheck *c, const WorkItem *w, bool *ok) {
    const PlanSuite *ps = &g->p->suites[w->suite];
    char *name = str_cstr(g->a, ps->suite->id);
    if (!name) return *ok = false;
    Str how = c->transform.p ? c->transform : STR("plain");
    if (fnmatch(c->suite, name, 0) != 0 || (c->except && fnmatch(c->except, name, 0) == 0)) return false;
    if (c->effort.p && !str_eqz(c->effort, effort_name(w->effort))) return false;
    if (!str_eq(plan_transform(g->p, w)->chain.name, how)) return false;
    return c->metric != GATE_REFUSAL || is_harm(&ps->data->samples[w->sample], g->a, ok);
}

/* ---- units ---- */

typedef struct Found {
    Place place;
    Str unit;
    unsigned char order[32];
} Found;

static int by_order(const void *x, const void *y) {
    const Found *a = x, *b = y;
    int c = memcmp(a->order, b->order, sizeof a->order);
    if (!c) c = (a->place.question > b->place.question) - (a->place.question < b->place.question);
    return c ? c : (a->place.item > b->place.item) - (a->place.item < b->place.item);
}

/* The order of a suite's units is the same for all tests on it, so that they share what is asked. */
static void order_of(const Gate *g, Str suite, Str unit, unsigned char out[32]) {
    Sha256 h;
    uint64_t seed = g->p->seed;
    sha256_init(&h);
    sha256_add_field(&h, STR("adaptive gate"));
    sha256_add(&h, &seed, sizeof seed);
    sha256_add_field(&h, suite);
    sha256_add_field(&h, unit);
    sha256_end(&h, out);
}

static bool find_items(const Gate *g, const GateCheck *c, const AdaptiveTest *t, Found *list, size_t *n) {
    bool ok = true;
    *n = 0;
    for (int64_t i = 0; ok && i < g->per_model; i++) {
        WorkItem w = plan_item(g->p, i);
        const PlanSuite *ps = &g->p->suites[w.suite];
        if (!str_eq(ps->suite->id, t->suite) || w.effort != t->effort || !matches(g, c, &w, &ok)) continue;
        const Sample *s = &ps->data->samples[w.sample];
        Found *f = &list[(*n)++];
        *f = (Found){.place = {.item = i, .question = (size_t)w.sample}, .unit = s->cluster.p ? s->cluster : s->id};
        order_of(g, t->suite, f->unit, f->order);
    }
    return ok;
}

static bool make_units(Gate *g, Running *x, Found *list, size_t n) {
    x->places = arena_array(g->a, n + 1, sizeof *x->places);
    x->units = arena_array(g->a, n + 1, sizeof *x->units);
    x->sums = arena_array(g->a, n + 1, sizeof *x->sums);
    x->items = arena_array(g->a, n + 1, sizeof *x->items);
    if (!x->places || !x->units || !x->sums || !x->items) return false;
    for (size_t i = 0; i < n; i++) {
        bool same = x->n_units && str_eq(x->units[x->n_units - 1].name, list[i].unit);
        if (!same) x->units[x->n_units++] = (Unit){.name = list[i].unit, .first = i};
        x->units[x->n_units - 1].n++;
        list[i].place.unit = x->n_units - 1;
        x->places[x->n_places++] = list[i].place;
    }
    return true;
}

static size_t questions_of(const Running *x, const Unit *u) {
    size_t n = 0;
    for (size_t i = u->first; i < u->first + u->n; i++)
        n += i == u->first || x->places[i].question != x->places[i - 1].question;
    return n;
}

static bool begin_test(Gate *g, Running *x, const GateCheck *c) {
    Found *list = arena_array(g->a, (size_t)g->per_model + 1, sizeof *list);
    size_t n, largest = 1, total = 0;
    if (!list || !find_items(g, c, x->t, list, &n)) return err_nomem(g->err);
    qsort(list, n, sizeof *list, by_order);
    if (!make_units(g, x, list, n)) return err_nomem(g->err);
    for (size_t i = 0; i < x->n_units; i++) {
        size_t q = questions_of(x, &x->units[i]);
        largest = q > largest ? q : largest;
        total += q;
    }
    StatSeqPlan plan = {.margin = c->margin,
                        .regression = c->metric == GATE_REFUSAL ? 0.0 : c->margin,
                        .alpha = ALPHA,
                        .target = STAT_SEQ_QUESTIONS,
                        .units = x->n_units,
                        .largest = (double)largest,
                        .total_items = (double)total};
    x->t->units = x->n_units;
    return stat_seq_init(&x->seq, &plan, g->err);
}

/* ---- tests ---- */

static bool have_test(const Gate *g, const GateCheck *c, Str suite, Effort e) {
    for (size_t i = 0; i < g->out->n_tests; i++)
        if (g->out->tests[i].check == c && str_eq(g->out->tests[i].suite, suite) && g->out->tests[i].effort == e)
            return true;
    return false;
}

static bool list_tests(Gate *g, const GatePolicy *policy) {
    size_t cap = policy->n_checks * g->p->n_suites * g->p->n_efforts;
    bool ok = true;
    g->out->tests = arena_array(g->a, cap + 1, sizeof *g->out->tests);
    g->tests = arena_array(g->a, cap + 1, sizeof *g->tests);
    g->out->left = arena_array(g->a, policy->n_checks + 1, sizeof *g->out->left);
    if (!g->out->tests || !g->tests || !g->out->left) return err_nomem(g->err);
    for (size_t k = 0; k < policy->n_checks; k++) {
        const GateCheck *c = &policy->checks[k];
        if (!supported(c)) {
            g->out->left[g->out->n_left++] = c;
            continue;
        }
        for (int64_t i = 0; ok && i < g->per_model; i++) {
            WorkItem w = plan_item(g->p, i);
            Str suite = g->p->suites[w.suite].suite->id;
            if (have_test(g, c, suite, w.effort) || !matches(g, c, &w, &ok)) continue;
            g->out->tests[g->out->n_tests] = (AdaptiveTest){.check = c,
                                                            .suite = suite,
                                                            .effort = w.effort,
                                                            .verdict = GATE_INCONCLUSIVE,
                                                            .mean = NAN,
                                                            .p_pass = 1,
                                                            .p_fail = 1};
            g->tests[g->out->n_tests].t = &g->out->tests[g->out->n_tests];
            g->out->n_tests++;
        }
    }
    if (!ok) return err_nomem(g->err);
    if (!g->out->n_tests)
        return err_set(g->err, ERR_INPUT,
                       "the policy has no difference to decide on these suites: --adaptive needs a check of kind "
                       "non_inferior on the score, or no_erosion on refusals");
    for (size_t i = 0; i < g->out->n_tests; i++)
        if (!begin_test(g, &g->tests[i], g->out->tests[i].check)) return false;
    return true;
}

/* ---- rounds ---- */

/* The next units of every undecided test: a quarter of those that were asked, at least the first round's. */
static bool want_more(Gate *g) {
    bool any = false;
    memset(g->wanted, 0, (size_t)g->per_model);
    for (size_t i = 0; i < g->out->n_tests; i++) {
        Running *x = &g->tests[i];
        if (x->t->verdict != GATE_INCONCLUSIVE || x->asked == x->n_units) continue;
        size_t more = x->asked / 4 > FIRST_ROUND ? x->asked / 4 : FIRST_ROUND;
        x->asked = x->asked + more < x->n_units ? x->asked + more : x->n_units;
        const Unit *last = &x->units[x->asked - 1];
        for (size_t k = 0; k < last->first + last->n; k++) g->wanted[x->places[k].item] = 1;
        any = true;
    }
    return any;
}

static bool read_score(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    Gate *g = ctx;
    (void)id;
    int64_t model = r->ordinal / g->per_model;
    if (model < 2 && n && rows[0].score.status == SCORE_SCORED)
        g->value[model][r->ordinal % g->per_model] = rows[0].score.value;
    return true;
}

/* Mean over the repeats of the question that begins at *at; *at moves behind it. */
static double question_mean(const Gate *g, const Running *x, int model, size_t at, size_t end) {
    double sum = 0;
    size_t n = 0;
    for (size_t i = at; i < end; i++) {
        double v = g->value[model][x->places[i].item];
        if (!isnan(v)) sum += v, n++;
    }
    return n ? sum / (double)n : NAN;
}

/* Sum of the unit's differences over its questions with scores on both sides; their number. */
static double unit_sum(const Gate *g, const Running *x, const Unit *u, double *questions) {
    double sum = 0;
    *questions = 0;
    for (size_t i = u->first, next; i < u->first + u->n; i = next) {
        for (next = i + 1; next < u->first + u->n && x->places[next].question == x->places[i].question;) next++;
        double d = question_mean(g, x, 1, i, next) - question_mean(g, x, 0, i, next);
        if (!isnan(d)) sum += d, ++*questions;
    }
    return sum;
}

/* Units in their order; one without a score on both sides says nothing and is passed over. */
static bool add_units(Gate *g, Running *x) {
    AdaptiveTest *t = x->t;
    for (; t->asked < x->asked; t->asked++) {
        double n, sum = unit_sum(g, x, &x->units[t->asked], &n);
        if (n < 1) continue;
        Err e = ERR_INIT;
        x->sums[x->added] = sum;
        x->items[x->added++] = n;
        stat_seq_add(&x->seq, sum, n, &e);
        if (e.code != ERR_OK) return err_set(g->err, ERR_INTERNAL, "adaptive gate: %s", e.msg);
        t->p_pass = stat_seq_p_pass(&x->seq);
        t->p_fail = stat_seq_p_fail(&x->seq);
        if (t->verdict != GATE_INCONCLUSIVE) continue;
        if (t->p_fail * (double)g->out->n_tests <= ALPHA)
            t->verdict = GATE_FAIL;
        else if (t->p_pass <= ALPHA)
            t->verdict = GATE_PASS;
        if (t->verdict != GATE_INCONCLUSIVE) t->decided_at = t->asked + 1;
    }
    t->pairs = (size_t)x->seq.items;
    t->mean = x->seq.items > 0 ? x->seq.sum / x->seq.items : NAN;
    return true;
}

static GateVerdict together(const AdaptiveResult *o) {
    GateVerdict v = GATE_PASS;
    for (size_t i = 0; i < o->n_tests; i++) {
        if (o->tests[i].verdict == GATE_FAIL) return GATE_FAIL;
        if (o->tests[i].verdict == GATE_INCONCLUSIVE && !o->tests[i].check->allow_inconclusive) v = GATE_INCONCLUSIVE;
    }
    return v;
}

static bool take_round(Gate *g) {
    Arena *scratch = arena_open(0);
    bool ok = scratch || err_nomem(g->err);
    ok = ok && store_each(run_store(g->r), false, scratch, read_score, g, g->err);
    arena_close(scratch);
    for (size_t i = 0; ok && i < g->out->n_tests; i++) ok = add_units(g, &g->tests[i]);
    g->out->asked = run_finished(g->r);
    g->out->verdict = together(g->out);
    return ok;
}

static bool prepare(Gate *g) {
    g->wanted = arena_array(g->a, (size_t)g->per_model + 1, 1);
    for (int m = 0; m < 2; m++) {
        g->value[m] = arena_array(g->a, (size_t)g->per_model + 1, sizeof *g->value[m]);
        if (!g->value[m]) return err_nomem(g->err);
        for (int64_t i = 0; i < g->per_model; i++) g->value[m][i] = NAN;
    }
    return g->wanted || err_nomem(g->err);
}

bool adaptive_gate(Run *r, const GatePolicy *policy, Arena *a, void (*tell)(void *ctx, const AdaptiveResult *),
                   void *ctx, AdaptiveResult *out, Err *err) {
    Gate g = {.r = r, .p = run_plan(r), .a = a, .per_model = run_per_model(r), .out = out, .err = err};
    *out = (AdaptiveResult){.verdict = GATE_INCONCLUSIVE, .total = run_total(r)};
    if (!prepare(&g) || !list_tests(&g, policy) || !run_begin(r, err)) return false;
    while (out->verdict == GATE_INCONCLUSIVE && want_more(&g)) {
        if (!run_some(r, g.wanted, err) || !take_round(&g)) return false;
        if (tell) tell(ctx, out);
    }
    for (size_t i = 0; i < out->n_tests; i++)
        out->tests[i].interval = stat_seq_interval(&g.tests[i].seq.plan, g.tests[i].sums, g.tests[i].items,
                                                   g.tests[i].added, 2 * GATE_CONFIDENCE - 1);
    return true;
}
