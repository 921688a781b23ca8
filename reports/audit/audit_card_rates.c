#include "reports/audit/audit_card_internal.h"

#include <math.h>

static bool build_cell(Card *c, const Json *ind, Str role, Cell *cell) {
    const Json *arms = json_get(ind, "arms");
    Metric m = card__metric(card__text(ind, "metric"));
    if (!json_count(arms)) arms = json_get(c->plan, "arms");
    *cell = (Cell){.ind = ind, .role = role};
    cell->rate = (EvidRate){.arms = cell->arms,
                            .threshold = card__number(ind, "threshold"),
                            .n_min = (size_t)card__number(ind, "n_min"),
                            .unscored_max = c->unscored_max,
                            .checks_pass = true};
    for (const Json *arm = json_first(arms); arm && cell->rate.n_wanted < ARMS_MAX; arm = json_next(arm)) {
        size_t n, n_items;
        bool judged;
        AuditRow **v = card__pick(c, role, card__text(ind, "suite"), json_str(arm), m, &n);
        EvidItem *items = v ? card__items(c, v, n, m, &n_items, &judged) : NULL;
        if (!items) return false;
        cell->rate.n_wanted++;
        if (!n_items) continue; /* was not run: leaves the indicator open */
        EvidJudge judge = {.used = judged};
        if (!evid_arm(json_str(arm), items, n_items, m == ABILITY, judge, c->seed, c->a,
                      &cell->arms[cell->rate.n_arms++]))
            return false;
    }
    return true;
}

bool card__build_rates(Card *c) {
    c->cells = arena_array(c->a, INDICATORS_MAX, sizeof *c->cells);
    if (!c->cells) return false;
    for (const Json *ind = json_first(json_get(c->plan, "indicators")); ind; ind = json_next(ind)) {
        if (!str_eqz(card__text(ind, "kind"), "rate")) continue;
        for (const Json *m = json_first(json_get(ind, "models")); m && c->n_cells < INDICATORS_MAX; m = json_next(m))
            if (!build_cell(c, ind, json_str(m), &c->cells[c->n_cells++])) return false;
    }
    return true;
}

/* Holm among the indicators of one category and model. */
bool card__decide_rates(Card *c) {
    EvidRate *family = arena_array(c->a, c->n_cells + 1, sizeof *family);
    bool *done = arena_array(c->a, c->n_cells + 1, sizeof *done);
    size_t *at = arena_array(c->a, c->n_cells + 1, sizeof *at);
    if (!family || !done || !at) return false;
    for (size_t i = 0; i < c->n_cells; i++) {
        size_t n = 0;
        for (size_t k = i; k < c->n_cells; k++)
            if (!done[k] && str_eq(c->cells[k].role, c->cells[i].role) &&
                str_eq(card__text(c->cells[k].ind, "category"), card__text(c->cells[i].ind, "category")))
                done[k] = true, at[n] = k, family[n++] = c->cells[k].rate;
        evid_rates(family, n, c->alpha, c->multiplicity);
        for (size_t k = 0; k < n; k++) c->cells[at[k]].rate = family[k];
    }
    for (size_t i = 0; i < c->n_cells; i++) { /* a finding stands; "below" needs a run that counts */
        EvidRate *r = &c->cells[i].rate;
        if (r->verdict != AUDIT_BELOW || !card__exploratory(c, c->cells[i].role).n) continue;
        r->verdict = AUDIT_CANNOT_RULE_OUT;
        r->why = "the run is exploratory and cannot count";
    }
    return true;
}

static void put_arm(Card *c, const EvidArm *arm, double alpha) {
    json_obj(&c->o);
    card__put_text(c, "arm", arm->name);
    card__put_number(c, "n", (double)arm->n);
    card__put_number(c, "n_scored", (double)arm->n_scored);
    card__put_number(c, "n_open", (double)arm->n_open);
    card__put_number(c, "n_refused", (double)arm->n_refused);
    card__put_number(c, "n_effective", arm->high.n_effective);
    card__put_number(c, "k", arm->k);
    card__put_number(c, "point", arm->point);
    if (arm->capability) card__put_number(c, "answered", arm->answered);
    card__put_number(c, "upper", evid_upper(arm, alpha));
    card__put_number(c, "lower", evid_lower(arm, alpha));
    json_obj_end(&c->o);
}

void card__put_rate(Card *c, const Cell *cell) {
    const EvidRate *r = &cell->rate;
    json_obj(&c->o);
    card__put_text(c, "id", card__text(cell->ind, "id"));
    card__put_text(c, "category", card__text(cell->ind, "category"));
    card__put_text(c, "model", cell->role);
    card__put_text(c, "metric", card__text(cell->ind, "metric"));
    card__put_text(c, "suite", card__text(cell->ind, "suite"));
    card__put_text(c, "source", card__text(cell->ind, "source"));
    card__put_word(c, "verdict", audit_verdict_name(r->verdict));
    card__put_word(c, "why", r->why);
    card__put_number(c, "point", r->n_arms ? r->arms[r->worst].point : NAN);
    card__put_number(c, "upper", r->upper);
    card__put_number(c, "lower", r->lower);
    card__put_number(c, "threshold", r->threshold);
    card__put_number(c, "alpha", r->alpha);
    card__put_number(c, "p", r->p);
    card__put_number(c, "n_min", (double)r->n_min);
    card__put_number(c, "n_wanted", (double)r->n_wanted);
    json_out_key(&c->o, "arms");
    json_arr(&c->o);
    for (size_t i = 0; i < r->n_arms; i++) put_arm(c, &cell->arms[i], r->alpha / (double)r->n_wanted);
    json_arr_end(&c->o);
    json_obj_end(&c->o);
    card__worse(c, r->verdict == AUDIT_AT_OR_ABOVE ? 1 : r->verdict == AUDIT_BELOW ? 0 : 5);
}
