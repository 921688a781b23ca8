#include "harness/gate/adaptive.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/json.h"
#include "harness/manifest.h"
#include "harness/tags.h"
#include "reports/stats/stats_boot.h"

/* Items of each model in the first round; later ones are a quarter of what was asked, so that engines are kept busy and
 * a run still ends in time. */
#define ROUND_ITEMS 16

/* One item of the baseline's part of the plan; the candidate's stands per_model behind it. */
typedef struct Place {
    size_t suite, sample;
    int transform;
    Effort effort;
    int epoch;
    int64_t ordinal;
    Str cluster, group, lang, pair; /* all but the first may be absent */
    GateSide side;
} Place;

typedef struct Unit {
    size_t suite, first, n; /* places */
} Unit;

struct Adaptive {
    RunSteering steering;
    const GatePolicy *policy;
    Arena *a;
    const Plan *plan;
    int64_t per_model;
    GateAnswer *answers; /* [2 * per_model] by ordinal */
    GateSide *sides;     /* [per_model] by ordinal */
    Place *places;       /* those that some check looks at, unit by unit, question by question */
    size_t n_places, largest_unit;
    Unit *units; /* in the order of asking */
    size_t n_units;
    bool *twins; /* [n_suites] */
    GatePart *parts;
    size_t n_parts, cap_parts;
    GateTest *tests;
    size_t n_tests, cap_tests;
    GateQuestion *questions; /* scratch: [largest_unit] */
};

/* ---- places ---- */

static bool keep_text(Adaptive *d, Str text, Str *out) {
    if (!text.n || out->p) return true;
    *out = str_dup(d->a, text);
    return out->p != NULL;
}

/* What belongs together is drawn together: the rule of the safety section, which holds for all suites here. */
static bool read_labels(Adaptive *d, const Sample *s, Place *p, Err *err) {
    Arena *scratch = arena_open(0);
    Json *j = NULL;
    Str tags = {0};
    if (!scratch) return err_nomem(err);
    bool ok = tags_of(s, scratch, &tags) || err_nomem(err);
    ok = ok && gate_side(tags, &p->side, err) && (!tags.p || json_parse(tags, &j, err));
    ok = ok && ((keep_text(d, json_str(json_get(j, "pair")), &p->pair) && keep_text(d, p->pair, &p->cluster) &&
                 keep_text(d, s->cluster, &p->cluster) && keep_text(d, json_str(json_get(j, "of")), &p->cluster) &&
                 keep_text(d, s->id, &p->cluster) && keep_text(d, json_str(json_get(j, "lang")), &p->lang) &&
                 keep_text(d, s->group, &p->group)) ||
                err_nomem(err));
    json_close(j);
    arena_close(scratch);
    return ok;
}

static const char *suite_name(const Adaptive *d, size_t suite) {
    return str_cstr(d->a, d->plan->suites[suite].suite->id);
}

static bool looked_at(const Adaptive *d, const char *suite, Str transform, Effort effort) {
    for (size_t i = 0; i < d->policy->n_checks; i++)
        if (gate_fits(&d->policy->checks[i], suite, transform, effort)) return true;
    return false;
}

static int order(size_t a, size_t b) {
    return (a > b) - (a < b);
}

static int by_question(const void *x, const void *y) {
    const Place *a = x, *b = y;
    int c = order(a->suite, b->suite);
    if (!c) c = str_cmp(a->cluster, b->cluster);
    if (!c) c = order(a->sample, b->sample);
    return c ? c : (a->ordinal > b->ordinal) - (a->ordinal < b->ordinal);
}

/* Room for one more entry of an array in the arena. */
static bool grow(Arena *a, void **v, size_t n, size_t *cap, size_t each) {
    if (n < *cap) return true;
    size_t more = *cap ? 2 * *cap : 32;
    void *p = arena_array(a, more, each);
    if (!p) return false;
    if (n) memcpy(p, *v, n * each);
    *v = p, *cap = more;
    return true;
}

/* Absent is a name like any other. */
static bool same(Str a, Str b) {
    return (a.p != NULL) == (b.p != NULL) && str_eq(a, b);
}

static bool count_part(Adaptive *d, const Place *p) {
    Str suite = d->plan->suites[p->suite].suite->id;
    size_t i = 0;
    for (; i < d->n_parts; i++) {
        GatePart *x = &d->parts[i];
        if (x->effort == p->effort && same(x->group, p->group) && same(x->lang, p->lang) && str_eq(x->suite, suite))
            break;
    }
    if (i == d->n_parts) {
        if (!grow(d->a, (void **)&d->parts, d->n_parts, &d->cap_parts, sizeof *d->parts)) return false;
        d->parts[d->n_parts++] = (GatePart){suite, p->group, p->lang, p->effort, 0};
    }
    d->parts[i].answers++;
    return true;
}

static bool read_places(Adaptive *d, Err *err) {
    const char *name = NULL;
    int suite = -1;
    for (int64_t o = 0; o < d->per_model; o++) {
        WorkItem w = plan_item(d->plan, o);
        const PlanSuite *ps = &d->plan->suites[w.suite];
        Place p = {(size_t)w.suite, w.sample, w.transform, w.effort, w.epoch, o, {0}, {0}, {0}, {0}, GATE_OTHER};
        if (w.suite != suite && !(name = suite_name(d, p.suite))) return err_nomem(err);
        suite = w.suite;
        if (!looked_at(d, name, ps->transforms[w.transform].chain.name, w.effort)) continue;
        if (!read_labels(d, &ps->data->samples[w.sample], &p, err)) return false;
        if (ps->suite->metric != METRIC_SAFE_RATE) p.side = GATE_OTHER;
        d->sides[o] = p.side;
        d->twins[p.suite] = d->twins[p.suite] || p.side == GATE_TWIN;
        d->places[d->n_places++] = p;
        if (!count_part(d, &p)) return err_nomem(err);
    }
    if (!d->n_places)
        return err_set(err, ERR_INPUT, "no check of policy '" STR_FMT "' fits a suite of this plan",
                       STR_ARG(d->policy->name));
    qsort(d->places, d->n_places, sizeof *d->places, by_question);
    return true;
}

/* ---- units ---- */

static bool read_units(Adaptive *d, Err *err) {
    Unit *units = arena_array(d->a, d->n_places, sizeof *units);
    uint32_t *index = arena_array(d->a, d->n_places, sizeof *index);
    d->units = arena_array(d->a, d->n_places, sizeof *d->units);
    if (!units || !index || !d->units) return err_nomem(err);
    for (size_t i = 0; i < d->n_places; i++) {
        const Place *p = &d->places[i];
        bool same = i && p[-1].suite == p->suite && str_eq(p[-1].cluster, p->cluster);
        if (!same) units[d->n_units++] = (Unit){p->suite, i, 0};
        Unit *u = &units[d->n_units - 1];
        if (++u->n > d->largest_unit) d->largest_unit = u->n;
    }
    StatRng rng;
    stat_rng_seed(&rng, d->plan->seed);
    stat_rng_shuffle(&rng, index, d->n_units);
    for (size_t i = 0; i < d->n_units; i++) d->units[i] = units[index[i]];
    d->questions = arena_array(d->a, d->largest_unit, sizeof *d->questions);
    return d->questions || err_nomem(err);
}

static bool belongs(const Adaptive *d, const GateTest *t, const Place *p) {
    Str how = d->plan->suites[p->suite].transforms[p->transform].chain.name;
    return p->effort == t->effort && gate_counts(t->check->metric, p->side, d->twins[p->suite]) &&
           (!t->check->group || same(p->group, t->group)) && (!t->check->lang || same(p->lang, t->lang)) &&
           str_eq(how, t->check->transform.p ? t->check->transform : STR("plain"));
}

static void add_answers(const Adaptive *d, GateMetric m, const Place *p, GateQuestion *q) {
    gate_answers_add(&q->baseline, m, &d->answers[p->ordinal]);
    gate_answers_add(&q->candidate, m, &d->answers[p->ordinal + d->per_model]);
}

/* ---- pairs ---- */

/* Halves of one pair stand in one unit. */
static bool same_pair(const Adaptive *d, const GateTest *t, const Place *x, const Place *p) {
    return p->pair.p && belongs(d, t, p) && str_eq(p->pair, x->pair) && same(p->lang, x->lang);
}

static void add_repeat(const Adaptive *d, const GateTest *t, const Unit *u, const Place *x, GateQuestion *q) {
    GateHalves base = {0}, cand = {0};
    for (size_t i = u->first; i < u->first + u->n; i++) {
        const Place *p = &d->places[i];
        if (p->epoch != x->epoch || !same_pair(d, t, x, p)) continue;
        gate_halves_add(&base, p->side, &d->answers[p->ordinal]);
        gate_halves_add(&cand, p->side, &d->answers[p->ordinal + d->per_model]);
    }
    gate_halves_end(&base, &q->baseline);
    gate_halves_end(&cand, &q->candidate);
}

/* Whether place i is the first of its pair (of its repeat of it), and the pair has both halves. */
static bool first_of_pair(const Adaptive *d, const GateTest *t, const Unit *u, size_t i, bool repeat) {
    const Place *x = &d->places[i];
    bool harm = false, twin = false;
    if (!x->pair.p || !belongs(d, t, x)) return false;
    for (size_t k = u->first; k < u->first + u->n; k++) {
        const Place *p = &d->places[k];
        if (!same_pair(d, t, x, p) || (repeat && p->epoch != x->epoch)) continue;
        if (k < i) return false;
        harm = harm || p->side == GATE_HARM;
        twin = twin || p->side == GATE_TWIN;
    }
    return harm && twin;
}

/* The unit's pairs: one for each language. */
static size_t pairs_of(const Adaptive *d, const GateTest *t, const Unit *u) {
    size_t n = 0;
    for (size_t i = u->first; i < u->first + u->n; i++) {
        if (!first_of_pair(d, t, u, i, false)) continue;
        GateQuestion *q = &d->questions[n++];
        *q = (GateQuestion){0};
        for (size_t k = i; k < u->first + u->n; k++)
            if (same_pair(d, t, &d->places[i], &d->places[k]) && first_of_pair(d, t, u, k, true))
                add_repeat(d, t, u, &d->places[k], q);
    }
    return n;
}

/* The unit's questions for a test, their repeats together. */
static size_t questions_of(const Adaptive *d, const GateTest *t, const Unit *u) {
    const Place *last = NULL;
    size_t n = 0;
    if (t->check->metric == GATE_PAIR_ACCURACY) return pairs_of(d, t, u);
    for (size_t i = u->first; i < u->first + u->n; i++) {
        const Place *p = &d->places[i];
        if (!belongs(d, t, p)) continue;
        if (!last || last->sample != p->sample) d->questions[n++] = (GateQuestion){0};
        add_answers(d, t->check->metric, p, &d->questions[n - 1]);
        last = p;
    }
    return n;
}

/* ---- tests ---- */

/* Of the group and language of `part`, where the check asks for parts. */
static bool add_test(Adaptive *d, const GateCheck *c, const Place *part, size_t suite, Effort effort, Err *err) {
    if (!grow(d->a, (void **)&d->tests, d->n_tests, &d->cap_tests, sizeof *d->tests)) return err_nomem(err);
    GateTest *t = &d->tests[d->n_tests];
    const Suite *s = d->plan->suites[suite].suite;
    size_t units = 0, largest = 0, total = 0;
    *t = (GateTest){.check = c, .suite = suite, .effort = effort, .suite_name = s->id, .title = s->title};
    if (c->group) t->group = part->group;
    if (c->lang) t->lang = part->lang;
    for (size_t i = 0; i < d->n_units; i++) {
        size_t n = d->units[i].suite == suite ? questions_of(d, t, &d->units[i]) : 0;
        units += n > 0;
        total += n;
        largest = n > largest ? n : largest;
    }
    d->n_tests++;
    return gate_test_init(t, units, largest, total, d->a, err);
}

static bool has_test(const Adaptive *d, size_t from, const GateCheck *c, const Place *part) {
    for (size_t i = from; i < d->n_tests; i++)
        if ((!c->group || same(d->tests[i].group, part->group)) && (!c->lang || same(d->tests[i].lang, part->lang)))
            return true;
    return false;
}

/* One test for each group and language of the suite that the check names. */
static bool add_tests(Adaptive *d, const GateCheck *c, size_t suite, Effort effort, Err *err) {
    static const Place whole;
    size_t from = d->n_tests;
    if (!c->group && !c->lang) return add_test(d, c, &whole, suite, effort, err);
    for (size_t i = 0; i < d->n_places; i++) {
        const Place *p = &d->places[i];
        if (p->suite != suite || p->effort != effort || has_test(d, from, c, p)) continue;
        char *group = p->group.p ? str_cstr(d->a, p->group) : NULL, *lang = p->lang.p ? str_cstr(d->a, p->lang) : NULL;
        if ((p->group.p && !group) || (p->lang.p && !lang)) return err_nomem(err);
        if (gate_fits_part(c, group, lang) && !add_test(d, c, p, suite, effort, err)) return false;
    }
    return true;
}

static bool open_check(Adaptive *d, const GateCheck *c, Err *err) {
    const Plan *p = d->plan;
    Str how = c->transform.p ? c->transform : STR("plain");
    bool test;
    if (!gate_testable(c, &test, err)) return false;
    for (size_t s = 0; test && s < p->n_suites; s++) {
        const char *name = suite_name(d, s);
        if (!name) return err_nomem(err);
        for (size_t e = 0; e < p->n_efforts; e++)
            if (gate_fits(c, name, how, p->efforts[e]) && !add_tests(d, c, s, p->efforts[e], err)) return false;
    }
    return true;
}

static bool open_tests(Adaptive *d, Err *err) {
    size_t open = 0;
    for (size_t i = 0; i < d->policy->n_checks; i++)
        if (!open_check(d, &d->policy->checks[i], err)) return false;
    for (size_t i = 0; i < d->n_tests; i++) open += d->tests[i].pass.plan.units > 0;
    for (size_t i = 0; i < d->n_tests; i++) d->tests[i].n_tests = open ? open : 1;
    return true;
}

/* ---- asking ---- */

/* A suite is asked while a test on it is open; one that has none, because its checks look at the end, is asked whole.
 */
static bool wanted(const Adaptive *d, size_t suite) {
    bool any = false, open = false;
    for (size_t i = 0; i < d->n_tests; i++) {
        const GateTest *t = &d->tests[i];
        if (t->suite != suite || !t->pass.plan.units) continue;
        any = true;
        open = open || t->verdict == GATE_INCONCLUSIVE;
    }
    return open || !any;
}

static bool failed(const Adaptive *d) {
    for (size_t i = 0; i < d->n_tests; i++)
        if (d->tests[i].verdict == GATE_FAIL) return true;
    return false;
}

/* The next units of suites that are wanted, of at least `least` items; *next moves on. batch: indices of units; items:
 * of the baseline. */
static size_t next_batch(const Adaptive *d, size_t least, size_t *next, size_t *batch, int64_t *items,
                         size_t *n_items) {
    size_t n = 0;
    *n_items = 0;
    while (*next < d->n_units && *n_items < least) {
        const Unit *u = &d->units[(*next)++];
        if (!wanted(d, u->suite)) continue;
        batch[n++] = (size_t)(u - d->units);
        for (size_t i = u->first; i < u->first + u->n; i++) items[(*n_items)++] = d->places[i].ordinal;
    }
    return n;
}

/* The model that answered last begins: it is the one that is open. */
static bool ask(Adaptive *d, Run *r, int64_t *items, size_t n, bool candidate_first, Err *err) {
    for (int turn = 0; turn < 2; turn++) {
        bool candidate = (turn == 1) != candidate_first;
        for (size_t i = 0; i < n; i++) items[i] = items[i] % d->per_model + (candidate ? d->per_model : 0);
        if (!run_some(r, items, n, err)) return false;
        if (run_interrupted())
            return err_set(err, ERR_INTERRUPTED, "interrupted: %lld answers are kept", (long long)run_finished(r));
        for (size_t i = 0; i < n; i++)
            if (!d->answers[items[i]].there) return err_set(err, ERR_INTERNAL, "an answer has no scores");
    }
    return true;
}

static bool test_unit(Adaptive *d, const Unit *u, Err *err) {
    for (size_t i = 0; i < d->n_tests; i++) {
        GateTest *t = &d->tests[i];
        if (t->suite != u->suite || !t->pass.plan.units) continue;
        size_t n = questions_of(d, t, u);
        if (n && !gate_test_add(t, d->questions, n, err)) return false;
    }
    return true;
}

static bool ask_all(Adaptive *d, Run *r, size_t *batch, int64_t *items, Err *err) {
    size_t next = 0, n_items, asked = 0;
    for (size_t round = 0; !failed(d); round++) {
        size_t least = asked / 4 > ROUND_ITEMS ? asked / 4 : ROUND_ITEMS;
        size_t n = next_batch(d, least, &next, batch, items, &n_items);
        if (!n) return true;
        if (!ask(d, r, items, n_items, round % 2 == 1, err)) return false;
        asked += n_items;
        for (size_t i = 0; i < n; i++)
            if (!test_unit(d, &d->units[batch[i]], err)) return false;
    }
    return true;
}

/* ---- steering ---- */

static void take_rows(void *ctx, int64_t ordinal, const ScoreRow *rows, size_t n) {
    Adaptive *d = ctx;
    gate_answer_read(d->sides[ordinal % d->per_model], rows, n, &d->answers[ordinal]);
}

static bool take_stored(void *ctx, int64_t id, const Record *r, const ScoreRow *rows, size_t n) {
    (void)id;
    take_rows(ctx, r->ordinal, rows, n);
    return true;
}

/* What decided, so that a run is not taken up by another policy. */
static bool put_policy(const Adaptive *d, RunStore *s, Err *err) {
    Buf b;
    JsonOut o;
    buf_init(&b, (size_t)1 << 20);
    json_out_init(&o, &b, 0);
    json_obj(&o);
    json_out_key(&o, "policy");
    json_out_str(&o, d->policy->name);
    json_out_key(&o, "sha256");
    json_out_cstr(&o, d->policy->sha256);
    json_obj_end(&o);
    bool ok = b.failed ? err_nomem(err) : manifest_agree(s, "adaptive", buf_str(&b), d->a, err);
    buf_release(&b);
    return ok || err_wrap(err, "this run was begun by another policy");
}

static bool prepare(void *ctx, const Plan *p, Err *err) {
    Adaptive *d = ctx;
    d->plan = p;
    if (p->n_models != 2)
        return err_set(err, ERR_INPUT, "an adaptive gate asks two models, a baseline and a candidate; this run has %zu",
                       p->n_models);
    d->per_model = plan_count(p) / 2;
    size_t n = (size_t)d->per_model;
    d->answers = arena_array(d->a, 2 * n, sizeof *d->answers);
    d->sides = arena_array(d->a, n, sizeof *d->sides);
    d->places = arena_array(d->a, n, sizeof *d->places);
    d->twins = arena_array(d->a, p->n_suites, sizeof *d->twins);
    if (!d->answers || !d->sides || !d->places || !d->twins) return err_nomem(err);
    return read_places(d, err) && read_units(d, err) && open_tests(d, err);
}

static bool steer(void *ctx, Run *r, Err *err) {
    Adaptive *d = ctx;
    if (!put_policy(d, run_store(r), err)) return false;
    Arena *scratch = arena_open(0);
    size_t *batch = arena_array(d->a, d->n_units, sizeof *batch);
    int64_t *items = arena_array(d->a, d->n_places, sizeof *items);
    bool ok = (scratch && batch && items) || err_nomem(err);
    ok = ok && store_each(run_store(r), false, scratch, take_stored, d, err) && ask_all(d, r, batch, items, err);
    arena_close(scratch);
    return ok;
}

bool adaptive_open(RunOptions *o, const GatePolicy *policy, Arena *a, Adaptive **out, Err *err) {
    Adaptive *d = *out = arena_alloc(a, sizeof *d);
    bool test;
    if (!d) return err_nomem(err);
    for (size_t i = 0; i < policy->n_checks; i++)
        if (!gate_testable(&policy->checks[i], &test, err)) return false;
    *d = (Adaptive){.steering = {prepare, steer, take_rows, d}, .policy = policy, .a = a};
    o->steering = &d->steering;
    return true;
}

/* A run may hold answers that no check looks at: somebody may have finished it. */
static int64_t answers_there(const Adaptive *d) {
    int64_t n = 0;
    for (size_t i = 0; i < d->n_places; i++)
        n += d->answers[d->places[i].ordinal].there + d->answers[d->places[i].ordinal + d->per_model].there;
    return n;
}

bool adaptive_report(const Adaptive *d, Run *r, Arena *a, GateReport *out, Err *err) {
    GateAdaptive in = {.policy = d->policy,
                       .tests = d->tests,
                       .n_tests = d->n_tests,
                       .parts = d->parts,
                       .n_parts = d->n_parts,
                       .asked = answers_there(d),
                       .planned = 2 * (int64_t)d->n_places};
    return gate_adaptive_report(run_store(r), &in, a, out, err);
}
