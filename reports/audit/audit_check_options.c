/* Questions with options: more wrong answers than guessing gives, and answers that follow a letter whatever stands
 * beside it. */
#include <math.h>

#include "reports/audit/audit_check_internal.h"
#include "reports/stats/stats_dist.h"
#include "reports/stats/stats_prop.h"
#include "reports/stats/stats_safety.h"

#define CHANCE_FAIL 0.01
#define CHANCE_WARN 0.05
#define ORDER_LEVEL 0.05
enum { LEAST = 10 };

/* ---- below chance ---- */

/* Mean over the items of what guessing gives; NaN if one has no options. Picked rows are sorted by sample. */
static double chance_of(const Picked *p) {
    double sum = 0.0, n = 0.0;
    for (size_t i = 0; i < p->n; i++) {
        if (i && str_eq(p->v[i]->sample, p->v[i - 1]->sample)) continue;
        if (p->v[i]->options < 2) return NAN;
        sum += 1.0 / (double)p->v[i]->options, n += 1.0;
    }
    return n > 0.0 ? sum / n : NAN;
}

/* P(X <= k), X binomial, of effective counts. Where options differ in number it is too large, never too small, for k
 * at most n p - 1: Hoeffding, Ann. Math. Stat. 27:713 (1956). */
static double lower_tail(double k, double n, double p) {
    return k >= n ? 1.0 : stat_betainc_sf(k + 1.0, n - k, p);
}

typedef struct Chance {
    bool any;
    double p, point, chance, n;
} Chance;

/* What has no score, was cut off or declined counts as right: it is no guess. */
static bool take_chance(Checks *k, const CheckGroup *g, Str effort, Chance *worst) {
    AuditArmName arm = checks__arm(effort, STR("plain"));
    Picked p;
    EvidArm e;
    size_t n;
    if (!card__pick(k->c, g->model, g->suite, &arm, ABILITY, &p)) return false;
    double chance = chance_of(&p);
    if (isnan(chance)) return true;
    EvidItem *items = card__items(k->c, &p, &arm, ABILITY, &n, NULL);
    if (!items || !evid_arm(arm.name, items, n, true, (EvidJudge){0}, k->c->seed, k->c->a, &e)) return false;
    double tail = lower_tail(e.high.k / e.high.n * e.high.n_effective, e.high.n_effective, chance);
    if (n < LEAST || isnan(tail) || (worst->any && tail >= worst->p)) return true;
    *worst = (Chance){true, tail, e.point, chance, (double)n};
    return true;
}

bool checks__chance(Checks *k) {
    for (size_t i = 0; i < k->n_groups; i++) {
        const CheckGroup *g = &k->groups[i];
        Chance w = {0};
        for (int e = 0; e < 3; e++)
            if (checks__asked(g, str_from(checks__efforts[e]), STR("plain")) &&
                !take_chance(k, g, str_from(checks__efforts[e]), &w))
                return false;
        if (!w.any) continue;
        CardCheck f = {.model = g->model, .suite = g->suite, .value = w.point, .limit = w.chance, .n = w.n};
        f.result = w.p < CHANCE_FAIL ? CHECK_FAIL : w.p < CHANCE_WARN ? CHECK_WARN : CHECK_PASS;
        if (f.result != CHECK_PASS) f.why = WORD("fewer answers are right than guessing would give");
        if (!checks__add(k, "chance", f)) return false;
    }
    return true;
}

/* ---- order ---- */

typedef struct Order {
    size_t n, letter, option; /* answered in both orders; by the same letter; by the same option */
    double guess;             /* sum of 1/options */
} Order;

/* How strongly letters lead: what is told is the effort at which they lead most. */
static bool leads_more(const Order *a, const Order *b) {
    return a->n >= LEAST && (b->n < LEAST || stat_mcnemar_one_sided(a->letter, a->option) <
                                                 stat_mcnemar_one_sided(b->letter, b->option));
}

/* turn-options moves each option one place on, the last one to the first. */
static void take_pair(const AuditRow *plain, const AuditRow *turned, Order *o) {
    if (!plain->chosen || !turned->chosen || plain->options != turned->options || plain->options < 2) return;
    o->n++, o->guess += 1.0 / (double)plain->options;
    o->letter += plain->chosen == turned->chosen;
    o->option += plain->chosen % plain->options + 1 == turned->chosen;
}

static size_t next_sample(const Picked *p, size_t i) {
    Str here = p->v[i]->sample;
    while (i < p->n && str_eq(p->v[i]->sample, here)) i++;
    return i;
}

/* The first answer to each question: further ones are not independent of it. */
static bool take_order(Checks *k, const CheckGroup *g, Str effort, Order *o) {
    AuditArmName x = checks__arm(effort, STR("plain")), y = checks__arm(effort, STR("turn-options"));
    Picked a, b;
    if (!card__pick(k->c, g->model, g->suite, &x, ABILITY, &a) ||
        !card__pick(k->c, g->model, g->suite, &y, ABILITY, &b))
        return false;
    for (size_t i = 0, j = 0; i < a.n && j < b.n;) {
        int order = str_cmp(a.v[i]->sample, b.v[j]->sample);
        if (order == 0) take_pair(a.v[i], b.v[j], o);
        if (order <= 0) i = next_sample(&a, i);
        if (order >= 0) j = next_sample(&b, j);
    }
    return true;
}

/* Fails where letters lead more answers than options do (exact sign test); warns where they lead more than guessing
 * without a liking for a letter would. */
static CheckResult judge(const Order *o) {
    double guess = o->guess / (double)o->n;
    if (stat_mcnemar_one_sided(o->letter, o->option) < ORDER_LEVEL) return CHECK_FAIL;
    return stat_cp_lower((double)o->letter, (double)o->n, 1.0 - ORDER_LEVEL) > guess ? CHECK_WARN : CHECK_PASS;
}

bool checks__order(Checks *k) {
    for (size_t i = 0; i < k->n_groups; i++) {
        const CheckGroup *g = &k->groups[i];
        Order o = {0};
        bool asked = false;
        for (int e = 0; e < 3; e++) {
            Str effort = str_from(checks__efforts[e]);
            if (!checks__asked(g, effort, STR("turn-options"))) continue;
            Order here = {0};
            if (!take_order(k, g, effort, &here)) return false;
            if (!asked || leads_more(&here, &o)) o = here;
            asked = true;
        }
        if (!asked) continue;
        CardCheck f = {.model = g->model, .suite = g->suite, .value = NAN, .limit = NAN, .n = (double)o.n};
        f.result = o.n < LEAST ? CHECK_NOT_DONE : judge(&o);
        if (o.n >= LEAST) f.value = (double)o.letter / (double)o.n, f.limit = o.guess / (double)o.n;
        f.why =
            f.result == CHECK_NOT_DONE
                ? WORD("fewer than 10 questions were answered with an option in both orders, or the suite is sealed")
            : f.result == CHECK_FAIL ? WORD("more answers follow a letter than an option")
            : f.result == CHECK_WARN ? WORD("more answers keep their letter than guessing would give")
                                     : "";
        if (!checks__add(k, "order", f)) return false;
    }
    return true;
}
