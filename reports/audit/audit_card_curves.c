/* A figure by effort and by token budget: a figure at one setting is not a figure (specs, audit.md section 5). Every
 * value that the records have is shown, whether an arm of the plan names it or not; all else is as in the arm
 * "default". */
#include "reports/audit/audit_card_internal.h"

#include <math.h>
#include <stdlib.h>

static void put_point(Card *c, const EvidArm *arm, const Picked *p) {
    double truncated = 0.0, empty = 0.0, n = (double)p->n;
    for (size_t i = 0; i < p->n; i++) truncated += p->v[i]->truncated, empty += p->v[i]->empty;
    card__put_number(c, "n", (double)arm->n);
    card__put_number(c, "n_scored", (double)arm->n_scored);
    card__put_number(c, "n_open", (double)arm->n_open);
    card__put_number(c, "point", arm->point);
    card__put_number(c, "lower", evid_lower(arm, c->alpha));
    card__put_number(c, "upper", evid_upper(arm, c->alpha));
    card__put_number(c, "truncated", truncated / n);
    card__put_number(c, "empty", empty / n);
}

/* One point, if there are answers. */
static bool point(Card *c, const Cell *cell, const AuditArmName *arm, EvidArm *out, Picked *p) {
    Metric m = card__metric(card__text(cell->ind, "metric"));
    size_t n;
    Str calibration;
    EvidJudge judge;
    if (!card__pick(c, cell->role, card__text(cell->ind, "suite"), arm, m, p)) return false;
    if (!p->n) return true;
    EvidItem *items = card__items(c, p, arm, m, &n, NULL);
    return items && card__judge(c, p, arm, m, &judge, &calibration) &&
           evid_arm(arm->name, items, n, m == ABILITY, judge, c->seed, c->a, out);
}

static void begin(Card *c, const Cell *cell, const char *by) {
    json_obj(&c->o);
    card__put_text(c, "id", card__text(cell->ind, "id"));
    card__put_text(c, "model", cell->role);
    card__put_word(c, "by", by);
    json_out_key(&c->o, "points");
    json_arr(&c->o);
}

static void end(Card *c) {
    json_arr_end(&c->o);
    json_obj_end(&c->o);
}

static const AuditArmName DEFAULT = {
    .name = {"default", 7}, .effort = {"medium", 6}, .transform = {"plain", 5}, .fewshot = -1};

static bool by_effort(Card *c, const Cell *cell) {
    static const char *const efforts[] = {"low", "medium", "high"};
    EvidArm arms[3];
    Picked p[3];
    int n = 0;
    for (int i = 0; i < 3; i++) {
        AuditArmName arm = DEFAULT;
        arm.effort = str_from(efforts[i]);
        if (!point(c, cell, &arm, &arms[i], &p[i])) return false;
        n += p[i].n > 0;
    }
    if (n < 2) return true;
    begin(c, cell, "effort");
    for (int i = 0; i < 3; i++) {
        if (!p[i].n) continue;
        json_obj(&c->o);
        card__put_word(c, "at", efforts[i]);
        put_point(c, &arms[i], &p[i]);
        json_obj_end(&c->o);
    }
    end(c);
    return true;
}

static int ascending(const void *x, const void *y) {
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return (a > b) - (a < b);
}

/* Budgets of this model and suite; sorted. */
static size_t budgets(Card *c, const Cell *cell, int64_t *v, size_t most) {
    Str suite = card__text(cell->ind, "suite");
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        const AuditRow *r = &c->rows[i];
        bool there = r->arm.n || !str_eq(r->role, cell->role) || !card__suite_fits(r->suite, suite);
        for (size_t k = 0; k < n && !there; k++) there = v[k] == r->tokens;
        if (!there && n < most) v[n++] = r->tokens;
    }
    if (n) qsort(v, n, sizeof *v, ascending);
    return n;
}

static bool by_tokens(Card *c, const Cell *cell) {
    enum { MOST = 64 };
    int64_t at[MOST];
    EvidArm *arms = arena_array(c->a, MOST, sizeof *arms);
    Picked *p = arena_array(c->a, MOST, sizeof *p);
    size_t n = budgets(c, cell, at, MOST), full = 0;
    if (!arms || !p) return false;
    for (size_t i = 0; i < n; i++) {
        AuditArmName arm = DEFAULT;
        arm.tokens = at[i];
        if (!point(c, cell, &arm, &arms[i], &p[i])) return false;
        full += p[i].n > 0;
    }
    if (full < 2) return true;
    begin(c, cell, "tokens");
    for (size_t i = 0; i < n; i++) {
        if (!p[i].n) continue;
        json_obj(&c->o);
        card__put_number(c, "at", (double)at[i]);
        put_point(c, &arms[i], &p[i]);
        json_obj_end(&c->o);
    }
    end(c);
    return true;
}

bool card__put_curves(Card *c) {
    json_out_key(&c->o, "curves");
    json_arr(&c->o);
    for (size_t i = 0; i < c->n_cells; i++)
        if (!by_effort(c, &c->cells[i]) || !by_tokens(c, &c->cells[i])) return false;
    json_arr_end(&c->o);
    return true;
}
