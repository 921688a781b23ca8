/* The comparison's own part of report.json. */
#include <math.h>

#include "reports/compare/compare.h"
#include "reports/json_keys.h"

static void json_flips(JsonOut *o, const char *key, const CmpFlip *f, size_t n) {
    key_arr(o, key);
    for (size_t i = 0; i < n; i++) {
        json_obj(o);
        key_str(o, "sample", f[i].sample);
        key_str(o, "group", f[i].group);
        key_num(o, "a", f[i].a);
        key_num(o, "b", f[i].b);
        json_obj_end(o);
    }
    json_arr_end(o);
}

static void json_place(JsonOut *o, const Summary *s, size_t suite, size_t transform, Effort effort) {
    key_str(o, "suite", s->suites[suite].name);
    key_str(o, "transform", s->transforms[transform].name);
    key_cstr(o, "effort", effort_name(effort));
}

static void json_matches(JsonOut *o, const Summary *s, const Compare *c) {
    key_arr(o, "matched");
    for (size_t i = 0; i < c->n_matches; i++) {
        const CmpMatch *m = &c->matches[i];
        json_obj(o);
        json_place(o, s, m->suite, m->transform, m->effort);
        key_int(o, "n_in_all", (int64_t)m->n_all);
        key_arr(o, "models");
        for (size_t k = 0; k < s->n_models; k++) {
            if (!m->n[k]) continue;
            json_obj(o);
            key_str(o, "model", s->models[k].name);
            key_int(o, "n_questions", (int64_t)m->n[k]);
            key_int(o, "n_not_in_all", (int64_t)m->extra[k]);
            json_obj_end(o);
        }
        json_arr_end(o);
        key_cstr(o, "example", m->example);
        json_obj_end(o);
    }
    json_arr_end(o);
}

static void json_overall(JsonOut *o, const Summary *s, const Compare *c) {
    static const char *const VERDICTS[] = {"cannot_tell", "a_ahead", "b_ahead"};
    key_arr(o, "overall");
    for (size_t i = 0; i < c->n_overall; i++) {
        const CmpOverall *v = &c->overall[i];
        json_obj(o);
        key_str(o, "model_a", s->models[v->a].name);
        key_str(o, "model_b", s->models[v->b].name);
        key_cstr(o, "effort", effort_name(v->effort));
        key_int(o, "n_suites", (int64_t)v->n_suites);
        key_num(o, "difference", v->diff);
        key_num(o, "standard_error", v->se);
        key_num(o, "low", v->lo);
        key_num(o, "high", v->hi);
        key_num(o, "p_value", v->p);
        key_num(o, "p_adjusted", v->p_adjusted);
        key_num(o, "minimum_detectable_effect", v->mde);
        key_cstr(o, "verdict", VERDICTS[v->verdict]);
        json_obj_end(o);
    }
    json_arr_end(o);
}

static void json_all_flips(JsonOut *o, const Summary *s, const Compare *c) {
    key_arr(o, "flips");
    for (size_t i = 0; i < c->n_flips; i++) {
        const SumPair *p = &s->pairs[c->flips[i].pair];
        const SumCell *a = &s->cells[p->a];
        json_obj(o);
        key_str(o, "model_a", s->models[a->model].name);
        key_str(o, "model_b", s->models[s->cells[p->b].model].name);
        json_place(o, s, a->suite, a->transform, a->effort);
        json_flips(o, "a_better", c->flips[i].a_better, c->flips[i].n_a_better);
        json_flips(o, "b_better", c->flips[i].b_better, c->flips[i].n_b_better);
        json_obj_end(o);
    }
    json_arr_end(o);
}

static void json_agreements(JsonOut *o, const Summary *s, const Compare *c) {
    key_arr(o, "agreement");
    for (size_t i = 0; i < c->n_agreements; i++) {
        const CmpAgreement *g = &c->agreements[i];
        json_obj(o);
        key_str(o, "model_a", s->models[g->a].name);
        key_str(o, "model_b", s->models[g->b].name);
        key_int(o, "n_questions", (int64_t)g->n);
        key_num(o, "share", g->share);
        key_num(o, "kappa", g->kappa);
        json_obj_end(o);
    }
    json_arr_end(o);
}

static void json_costs(JsonOut *o, const Summary *s, const Compare *c) {
    key_arr(o, "cost");
    for (size_t i = 0; i < c->n_costs; i++) {
        json_obj(o);
        key_str(o, "model", s->models[c->costs[i].model].name);
        key_cstr(o, "effort", effort_name(c->costs[i].effort));
        key_int(o, "n_suites", (int64_t)c->costs[i].n_suites);
        key_num(o, "mean_score", c->costs[i].score);
        key_num(o, "tokens_per_answer", c->costs[i].tokens);
        json_obj_end(o);
    }
    json_arr_end(o);
}

static void json_trusts(JsonOut *o, const Summary *s, const Compare *c) {
    key_arr(o, "probabilities");
    for (size_t i = 0; i < c->n_trusts; i++) {
        const CmpTrust *t = &c->trusts[i];
        json_obj(o);
        key_str(o, "model", s->models[t->model].name);
        key_str(o, "suite", s->suites[t->suite].name);
        key_cstr(o, "effort", effort_name(t->effort));
        key_int(o, "n", (int64_t)t->n);
        key_num(o, "expected_calibration_error", t->ece);
        key_num(o, "brier", t->brier);
        key_arr(o, "bins");
        for (size_t b = 0; b < 10; b++) {
            json_obj(o);
            key_int(o, "n", (int64_t)t->bin_n[b]);
            key_num(o, "said", t->bin_n[b] ? t->bin_p[b] / (double)t->bin_n[b] : NAN);
            key_num(o, "right", t->bin_n[b] ? t->bin_y[b] / (double)t->bin_n[b] : NAN);
            json_obj_end(o);
        }
        json_arr_end(o);
        json_obj_end(o);
    }
    json_arr_end(o);
}

void compare_json(JsonOut *o, const Summary *s, const Compare *c) {
    if (!c->n_arms) return;
    key_obj(o, "compare");
    key_arr(o, "arms");
    for (size_t i = 0; i < c->n_arms; i++) {
        json_obj(o);
        key_str(o, "model", c->arms[i].name);
        key_str(o, "run", c->arms[i].run);
        key_str(o, "model_in_run", c->arms[i].model);
        json_obj_end(o);
    }
    json_arr_end(o);
    key_arr(o, "warnings");
    for (size_t i = 0; i < c->n_warnings; i++) json_out_cstr(o, c->warnings[i]);
    json_arr_end(o);
    json_matches(o, s, c);
    json_overall(o, s, c);
    json_all_flips(o, s, c);
    json_agreements(o, s, c);
    json_costs(o, s, c);
    json_trusts(o, s, c);
    json_obj_end(o);
}
