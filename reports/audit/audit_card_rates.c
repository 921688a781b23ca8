/* Rates with a threshold: every arm of every indicator, and the verdicts of a category together. */
#include "reports/audit/audit_card_internal.h"

#include <math.h>
#include <string.h>

/* ---- arms ---- */

static void set_facts(CardArm *f, const AuditArmName *arm, const Picked *p) {
    double truncated = 0.0, empty = 0.0, n = (double)p->n;
    for (size_t i = 0; i < p->n; i++) truncated += p->v[i]->truncated, empty += p->v[i]->empty;
    *f = (CardArm){.name = *arm,
                   .truncated = truncated / n,
                   .empty = empty / n,
                   .samples = p->samples,
                   .drawn = arm->best_of     ? arm->best_of
                            : arm->consensus ? arm->consensus
                                             : 1,
                   .imported = p->n && p->v[0]->arm.n,
                   .calibration = STR("")};
}

static const CardArm COUNTS = {
    .truncated = NAN, .empty = NAN, .samples = 1, .drawn = 1, .imported = true, .calibration = {"", 0}};

/* Where there are no answers there may be counts. */
static void take_counts(Card *c, Str role, Str suite, Metric m, CardFigure *f) {
    CardCounts n = card__counts(c, role, suite, m, f->facts.name.name);
    AuditArmName name = f->facts.name;
    if (!n.there) {
        f->why = n.why ? n.why : CARD_NOT_RUN;
        return;
    }
    f->counts = true, f->data = n.data;
    f->facts = COUNTS;
    f->facts.name = name;
    evid_counts(name.name, n.k, n.n, n.unscored, n.refused, m == ABILITY, (EvidJudge){.used = n.judged}, &f->arm);
}

bool card__figure(Card *c, Str role, Str suite, const AuditArmName *arm, Metric m, CardFigure *f) {
    Picked p;
    size_t n;
    EvidJudge judge = {0};
    *f = (CardFigure){.facts.name = *arm, .data = STR("")};
    if (!card__pick(c, role, suite, arm, m, &p)) return false;
    if (!p.n && str_eqz(str_from(p.why), CARD_NOT_RUN))
        take_counts(c, role, suite, m, f);
    else
        f->why = p.why;
    if (!p.n) return true;
    EvidItem *items = card__items(c, &p, arm, m, &n, NULL);
    if (!items) return false;
    set_facts(&f->facts, arm, &p);
    if (!card__judge(c, &p, arm, m, &judge, &f->facts.calibration)) return false;
    return evid_arm(arm->name, items, n, m == ABILITY, judge, c->seed, c->a, &f->arm);
}

/* A missing arm leaves the indicator open. */
static bool add_arm(Card *c, Cell *cell, const AuditArmName *arm, Metric m) {
    CardFigure f;
    cell->rate.n_wanted++;
    if (!card__figure(c, cell->role, card__suite(c, cell->ind, arm->name), arm, m, &f)) return false;
    if (f.why) {
        cell->gaps[cell->n_gaps++] = (CardGap){arm->name, f.why};
        return true;
    }
    cell->facts[cell->rate.n_arms] = f.facts;
    cell->arms[cell->rate.n_arms++] = f.arm;
    return true;
}

static bool build_cell(Card *c, const Json *ind, Str role, Cell *cell) {
    const Json *arms = card__arms(c, ind);
    size_t n = json_count(arms) + 1;
    *cell = (Cell){.ind = ind,
                   .role = role,
                   .arms = arena_array(c->a, n, sizeof *cell->arms),
                   .facts = arena_array(c->a, n, sizeof *cell->facts),
                   .gaps = arena_array(c->a, n, sizeof *cell->gaps)};
    if (!cell->arms || !cell->facts || !cell->gaps) return false;
    cell->rate = (EvidRate){.arms = cell->arms,
                            .threshold = card__number(ind, "threshold"),
                            .n_min = (size_t)card__number(ind, "n_min"),
                            .unscored_max = c->unscored_max,
                            .checks_pass = !card__check_fault(c, role, card__text(ind, "suite"))};
    for (const Json *a = json_first(arms); a; a = json_next(a)) {
        AuditArmName arm;
        if (!audit_arm_read(json_str(a), &arm, NULL)) continue; /* was read before */
        if (!add_arm(c, cell, &arm, card__metric(card__text(ind, "metric")))) return false;
    }
    return true;
}

bool card__build_rates(Card *c) {
    const Json *inds = json_get(c->plan, "indicators");
    size_t most = 1;
    for (const Json *i = json_first(inds); i; i = json_next(i)) most += json_count(json_get(i, "models"));
    if (!(c->cells = arena_array(c->a, most, sizeof *c->cells))) return false;
    for (const Json *ind = json_first(inds); ind; ind = json_next(ind)) {
        if (!str_eqz(card__text(ind, "kind"), "rate")) continue;
        for (const Json *m = json_first(json_get(ind, "models")); m; m = json_next(m))
            if (!build_cell(c, ind, json_str(m), &c->cells[c->n_cells++])) return false;
    }
    return true;
}

/* ---- verdicts ---- */

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
        if (!r->checks_pass && strcmp(r->why, "an integrity check fails") == 0)
            r->why = card__check_fault(c, c->cells[i].role, card__text(c->cells[i].ind, "suite"));
        if (r->verdict != AUDIT_BELOW || !card__exploratory(c, c->cells[i].role).n) continue;
        r->verdict = AUDIT_CANNOT_RULE_OUT;
        r->why = "the run is exploratory and cannot count";
    }
    return true;
}

/* ---- out ---- */

static void put_ability(Card *c, const EvidArm *arm) {
    double n = (double)arm->n_scored;
    if (!arm->capability) return;
    card__put_number(c, "answered", arm->answered);
    card__put_number(c, "if_refused_were_right", n > 0.0 ? fmin(1.0, (arm->k + arm->refused) / n) : NAN);
}

static void put_corrected(Card *c, const EvidArm *arm) {
    const EvidJudge *j = &arm->judge;
    double q = arm->point, theta = NAN;
    if (!j->used) return;
    if (j->calibrated) theta = (q - j->share * (1.0 - j->rates[0].spec)) / (j->rates[0].sens + j->rates[0].spec - 1.0);
    card__put_number(c, "corrected", isnan(theta) ? NAN : fmax(0.0, fmin(1.0, theta)));
}

static void put_arm(Card *c, const EvidArm *arm, const CardArm *f, double alpha) {
    json_obj(&c->o);
    card__put_text(c, "arm", arm->name);
    card__put_number(c, "n", (double)arm->n);
    card__put_number(c, "n_scored", (double)arm->n_scored);
    card__put_number(c, "n_open", (double)arm->n_open);
    card__put_number(c, "n_refused", (double)arm->n_refused);
    card__put_number(c, "n_effective", arm->high.n_effective);
    card__put_number(c, "k", arm->k);
    card__put_number(c, "point", arm->point);
    put_ability(c, arm);
    put_corrected(c, arm);
    card__put_number(c, "upper", evid_upper(arm, alpha));
    card__put_number(c, "lower", evid_lower(arm, alpha));
    card__put_number(c, "truncated", f->truncated);
    card__put_number(c, "empty", f->empty);
    card__put_number(c, "samples", (double)f->samples);
    card__put_number(c, "drawn", (double)f->drawn);
    json_obj_end(&c->o);
}

static void put_arms(Card *c, const Cell *cell) {
    const EvidRate *r = &cell->rate;
    json_out_key(&c->o, "arms");
    json_arr(&c->o);
    for (size_t i = 0; i < r->n_arms; i++) put_arm(c, &cell->arms[i], &cell->facts[i], r->alpha / (double)r->n_wanted);
    json_arr_end(&c->o);
    json_out_key(&c->o, "missing");
    json_arr(&c->o);
    for (size_t i = 0; i < cell->n_gaps; i++) {
        json_obj(&c->o);
        card__put_text(c, "arm", cell->gaps[i].arm);
        card__put_word(c, "why", cell->gaps[i].why);
        json_obj_end(&c->o);
    }
    json_arr_end(&c->o);
}

static void put_origin(Card *c, const Cell *cell) {
    bool imported = false, judged = false;
    Str calibration = STR("");
    for (size_t i = 0; i < cell->rate.n_arms; i++) {
        imported = imported || cell->facts[i].imported;
        judged = judged || cell->arms[i].judge.used;
        if (cell->facts[i].calibration.n) calibration = cell->facts[i].calibration;
    }
    card__put_flag(c, "imported", imported);
    card__put_flag(c, "judged", judged);
    card__put_text(c, "calibration", calibration);
}

void card__put_rate(Card *c, const Cell *cell) {
    const EvidRate *r = &cell->rate;
    json_obj(&c->o);
    card__put_text(c, "id", card__text(cell->ind, "id"));
    card__put_text(c, "category", card__text(cell->ind, "category"));
    card__put_word(c, "kind", "rate");
    card__put_text(c, "model", cell->role);
    card__put_text(c, "role", card__text(card__model(c, cell->role), "role"));
    card__put_text(c, "metric", card__text(cell->ind, "metric"));
    card__put_text(c, "suite", card__text(cell->ind, "suite"));
    card__put_text(c, "source", card__text(cell->ind, "source"));
    card__put_word(c, "verdict", audit_verdict_name(r->verdict));
    card__put_word(c, "why", r->why);
    card__put_number(c, "point", r->n_arms ? r->arms[r->worst].point : NAN);
    card__put_text(c, "driving_arm", r->n_arms ? r->arms[r->worst].name : STR(""));
    card__put_number(c, "upper", r->upper);
    card__put_number(c, "lower", r->lower);
    card__put_number(c, "threshold", r->threshold);
    card__put_number(c, "alpha", r->alpha);
    card__put_number(c, "p", r->p);
    card__put_number(c, "n_min", (double)r->n_min);
    card__put_number(c, "n_wanted", (double)r->n_wanted);
    card__put_flag(c, "decides", card__decides(c, cell->ind, cell->role));
    put_origin(c, cell);
    put_arms(c, cell);
    json_obj_end(&c->o);
}
