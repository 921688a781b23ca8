/* Which answers belong to an arm. A part that an arm does not say is as the suite ships it: answers under a setting
 * that some arm of the plan does name never stand in for it, and answers under two settings that none names are not
 * taken at all. So a missing arm cannot be filled by another. */
#include <stdlib.h>

#include "reports/audit/audit_card_internal.h"

bool card__suite_fits(Str have, Str want) {
    if (str_eq(have, want)) return true;
    return have.n > want.n && str_ends(have, want) && have.p[have.n - want.n - 1] == '/';
}

Metric card__metric(Str name) {
    if (str_eqz(name, "harmful_leak")) return LEAK;
    if (str_eqz(name, "over_refusal")) return OVER_REFUSAL;
    return str_eqz(name, "refusal_rate") || str_eqz(name, "safe_rate") ? DECLINED : ABILITY;
}

/* ---- arms of the plan ---- */

const Json *card__arms(const Card *c, const Json *ind) {
    const Json *own = json_get(ind, "arms");
    return json_count(own) ? own : json_get(c->plan, "arms");
}

Str card__suite(Card *c, const Json *ind, Str arm) {
    const char *key = str_cstr(c->a, arm);
    Str other = key ? json_str(json_get(json_get(ind, "suites"), key)) : (Str){0};
    return other.p ? other : card__text(ind, "suite");
}

static bool add_arms(Card *c, const Json *list, Err *err) {
    for (const Json *a = json_first(list); a; a = json_next(a))
        if (!audit_arm_read(json_str(a), &c->named[c->n_named++], err)) return false;
    return true;
}

bool card__read_arms(Card *c, Err *err) {
    const Json *inds = json_get(c->plan, "indicators");
    size_t most = json_count(json_get(c->plan, "arms")) + 1;
    for (const Json *i = json_first(inds); i; i = json_next(i)) most += json_count(json_get(i, "arms")) + 1;
    if (!(c->named = arena_array(c->a, most, sizeof *c->named))) return err_nomem(err);
    if (!add_arms(c, json_get(c->plan, "arms"), err)) return false;
    for (const Json *i = json_first(inds); i; i = json_next(i))
        if (json_type(json_get(i, "arms")) == JSON_ARRAY && !add_arms(c, json_get(i, "arms"), err)) return false;
    return true;
}

/* ---- rows of an arm ---- */

static bool settings_fit(const Card *c, const AuditRow *r, const AuditArmName *arm) {
    if (arm->tokens && r->tokens != arm->tokens) return false;
    if (arm->fewshot >= 0 && r->fewshot != arm->fewshot) return false;
    if (arm->tools && !r->tools) return false;
    for (size_t i = 0; i < c->n_named; i++) {
        const AuditArmName *n = &c->named[i];
        if (!arm->tokens && n->tokens && r->tokens == n->tokens) return false;
        if (arm->fewshot < 0 && n->fewshot >= 0 && r->fewshot == n->fewshot) return false;
        if (!arm->tools && n->tools && r->tools) return false;
    }
    return true;
}

static bool arm_fits(const Card *c, const AuditRow *r, const AuditArmName *arm) {
    if (r->arm.n) return str_eq(r->arm, arm->name);
    return str_eq(r->effort, arm->effort) && str_eq(r->transform, arm->transform) && settings_fit(c, r, arm);
}

static bool side_fits(const AuditRow *r, Metric m) {
    if (m == LEAK || m == DECLINED) return str_eqz(r->side, "harm");
    if (m == OVER_REFUSAL) return str_eqz(r->side, "twin");
    return !r->side.n;
}

static int by_sample(const void *x, const void *y) {
    const AuditRow *a = *(AuditRow *const *)x, *b = *(AuditRow *const *)y;
    int c = str_cmp(a->sample, b->sample);
    return c ? c : (a->epoch > b->epoch) - (a->epoch < b->epoch);
}

static bool asked_alike(const AuditRow *a, const AuditRow *b) {
    return str_eq(a->suite, b->suite) && str_eq(a->arm, b->arm) && a->tokens == b->tokens && a->fewshot == b->fewshot &&
           a->tools == b->tools;
}

static size_t fewest(AuditRow **v, size_t n) {
    size_t least = SIZE_MAX;
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i; end < n && str_eq(v[end]->sample, v[i]->sample);) end++;
        if (end - i < least) least = end - i;
    }
    return n ? least : 0;
}

/* Several answers make one figure only if they are several draws, and enough of them. */
static const char *draws_fault(const Picked *p, const AuditArmName *arm) {
    int64_t drawn = arm->best_of ? arm->best_of : arm->consensus;
    bool known = false;
    if (!drawn || p->v[0]->arm.n) return NULL;
    if ((int64_t)p->samples < drawn) return "items have fewer answers than the arm draws; run with more repeats";
    for (size_t i = 0; i < p->n; i++) {
        if (!(p->v[i]->temperature > 0.0))
            return "answers at temperature 0 are one answer, however often they are given";
        known = known || p->v[i]->same;
    }
    if (arm->consensus && !known)
        return "which answers are alike is not known; those of sealed suites are not compared";
    return NULL;
}

static const char *fault(const Picked *p, const AuditArmName *arm) {
    if (!p->n) return CARD_NOT_RUN;
    for (size_t i = 1; i < p->n; i++)
        if (!asked_alike(p->v[0], p->v[i])) return CARD_SEVERAL_WAYS;
    return draws_fault(p, arm);
}

bool card__pick(Card *c, Str role, Str suite, const AuditArmName *arm, Metric m, Picked *out) {
    AuditRow **v = arena_array(c->a, c->n + 1, sizeof *v);
    *out = (Picked){.v = v};
    for (size_t i = 0; v && i < c->n; i++) {
        AuditRow *r = &c->rows[i];
        if (str_eq(r->role, role) && card__suite_fits(r->suite, suite) && arm_fits(c, r, arm) && side_fits(r, m))
            v[out->n++] = r;
    }
    if (!v) return false;
    if (out->n) qsort(v, out->n, sizeof *v, by_sample);
    out->samples = fewest(v, out->n);
    out->why = fault(out, arm);
    if (out->why) out->n = 0;
    return true;
}

/* ---- nothing twice ---- */

static int by_key(const void *x, const void *y) {
    const AuditRow *a = *(const AuditRow *const *)x, *b = *(const AuditRow *const *)y;
    int c = str_cmp(a->role, b->role);
    if (!c) c = str_cmp(a->suite, b->suite);
    if (!c) c = str_cmp(a->sample, b->sample);
    if (!c) c = str_cmp(a->effort, b->effort);
    if (!c) c = str_cmp(a->transform, b->transform);
    if (!c) c = str_cmp(a->arm, b->arm);
    if (!c) c = str_cmp(a->side, b->side);
    if (!c) c = (a->tokens > b->tokens) - (a->tokens < b->tokens);
    if (!c) c = (a->fewshot > b->fewshot) - (a->fewshot < b->fewshot);
    if (!c) c = (int)a->tools - (int)b->tools;
    return c ? c : (a->epoch > b->epoch) - (a->epoch < b->epoch);
}

bool card__check_rows(const Card *c, Err *err) {
    const AuditRow **v = arena_array(c->a, c->n + 1, sizeof *v);
    if (!v) return err_nomem(err);
    for (size_t i = 0; i < c->n; i++) v[i] = &c->rows[i];
    if (c->n) qsort(v, c->n, sizeof *v, by_key);
    for (size_t i = 1; i < c->n; i++)
        if (by_key(&v[i - 1], &v[i]) == 0)
            return err_set(err, ERR_INPUT,
                           "two runs of model '" STR_FMT "' both hold answer %lld to sample " STR_FMT
                           " of suite " STR_FMT "; every answer may be given once",
                           STR_ARG(v[i]->role), (long long)v[i]->epoch, STR_ARG(v[i]->sample), STR_ARG(v[i]->suite));
    return true;
}
