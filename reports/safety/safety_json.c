/* The member "safety" of report.json; its schema stands with the others. */
#include "reports/safety/safety_out.h"

#include <math.h>

#include "reports/json_keys.h"

static void key_count(JsonOut *o, const char *key, size_t n) {
    json_out_key(o, key);
    if (n)
        json_out_int(o, (int64_t)n);
    else
        json_out_null(o);
}

static void write_rate(JsonOut *o, const char *key, const SafRate *r) {
    key_obj(o, key);
    key_int(o, "n", (int64_t)r->n);
    key_count(o, "n_clusters", r->n_clusters);
    key_num(o, "n_effective", r->n_effective);
    key_num(o, "count", r->n ? r->k : NAN);
    key_num(o, "share", r->share);
    key_interval(o, r->lo, r->hi, SUM_CONF, r->method);
    key_num(o, "lower_bound", r->lower);
    key_num(o, "upper_bound", r->upper);
    key_cstr(o, "bound_method", r->bound_method);
    json_obj_end(o);
}

static void write_diff(JsonOut *o, const char *key, const SafDiff *d) {
    key_obj(o, key);
    key_int(o, "n", (int64_t)d->n);
    key_count(o, "n_clusters", d->n_clusters);
    key_num(o, "difference", d->diff);
    key_interval(o, d->lo, d->hi, SUM_CONF, d->method);
    key_num(o, "lower_bound", d->lower);
    key_num(o, "upper_bound", d->upper);
    key_int(o, "only_first", (int64_t)d->only_first);
    key_int(o, "only_second", (int64_t)d->only_second);
    key_num(o, "p_value", d->p);
    key_cstr(o, "p_method", d->p_method);
    key_num(o, "minimum_detectable_effect", safety_mde(d, SUM_ALPHA));
    json_obj_end(o);
}

static void write_counts(JsonOut *o, const SafCounts *c) {
    const struct {
        const char *key;
        int64_t n;
    } parts[] = {{"total", c->total},         {"scored", c->scored},      {"unscored", c->unscored},
                 {"disputed", c->disputed},   {"failed", c->failed},      {"blocked", c->blocked},
                 {"empty", c->empty},         {"garbled", c->garbled},    {"truncated", c->truncated},
                 {"incapable", c->incapable}, {"off_topic", c->off_topic}};
    key_obj(o, "answers");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) key_int(o, parts[i].key, parts[i].n);
    json_obj_end(o);
}

static void write_neither(JsonOut *o, const SafNeither *n) {
    key_obj(o, "leaks_without_help");
    key_int(o, "incapable", n->incapable);
    key_int(o, "off_topic", n->off_topic);
    key_int(o, "empty", n->empty);
    key_int(o, "garbled", n->garbled);
    json_obj_end(o);
}

static void write_gate(JsonOut *o, const SafGate *g) {
    static const char *const VERDICTS[] = {"cannot_tell", "pass", "fail"};
    json_obj(o);
    key_cstr(o, "metric", g->metric);
    key_cstr(o, "bound", g->upper ? "upper" : "lower");
    key_num(o, "limit", g->limit);
    key_num(o, "value", g->value);
    key_num(o, "bound_value", g->bound);
    key_cstr(o, "verdict", VERDICTS[g->verdict]);
    json_out_key(o, "more_items");
    if (g->more > 0)
        json_out_int(o, g->more);
    else
        json_out_null(o);
    key_cstr(o, "words", g->words);
    json_obj_end(o);
}

static void write_facets(JsonOut *o, const SafView *v) {
    key_obj(o, "by");
    for (int f = 0; f < SAF_N_FACETS; f++) {
        key_arr(o, safety_facet_name((SafFacet)f));
        for (size_t i = 0; i < v->n_facets[f]; i++) {
            json_obj(o);
            key_str(o, "name", v->facets[f][i].name);
            write_rate(o, "leak", &v->facets[f][i].leak);
            write_rate(o, "over_refusal", &v->facets[f][i].over_refusal);
            json_obj_end(o);
        }
        json_arr_end(o);
    }
    json_obj_end(o);
    key_arr(o, "cells");
    for (size_t i = 0; i < v->n_cells; i++) {
        json_obj(o);
        key_str(o, "domain", v->facets[SAF_DOMAIN][v->cells[i].domain].name);
        key_str(o, "stage", v->facets[SAF_STAGE][v->cells[i].stage].name);
        write_rate(o, "leak", &v->cells[i].leak);
        write_rate(o, "over_refusal", &v->cells[i].over_refusal);
        json_obj_end(o);
    }
    json_arr_end(o);
}

static void write_transforms(JsonOut *o, const Summary *s, const SafView *v) {
    key_arr(o, "transforms");
    for (size_t i = 0; i < v->n_transforms; i++) {
        const SafTransform *t = &v->transforms[i];
        json_obj(o);
        key_str(o, "transform", s->transforms[t->transform].name);
        key_str(o, "family", s->transforms[t->transform].family);
        write_counts(o, &t->counts);
        write_rate(o, "leak", &t->leak);
        write_rate(o, "over_refusal", &t->over_refusal);
        write_rate(o, "understood", &t->understood);
        key_cstr(o, "understood_by", t->understood_words ? "words" : t->understood_twins ? "twin" : "control");
        json_obj_end(o);
    }
    json_arr_end(o);
    write_rate(o, "any_transform", &v->any_transform);
    write_rate(o, "mean_transform", &v->mean_transform);
    key_arr(o, "families");
    for (size_t i = 0; i < v->n_families; i++) {
        json_obj(o);
        key_str(o, "family", v->families[i].name);
        key_int(o, "n_transforms", (int64_t)v->families[i].n_transforms);
        write_rate(o, "mean", &v->families[i].mean);
        write_rate(o, "any", &v->families[i].any);
        json_obj_end(o);
    }
    json_arr_end(o);
}

static void write_cross(JsonOut *o, const SafView *v) {
    static const char *const KEYS[2][2] = {{"intends_refusal_refuses", "intends_refusal_complies"},
                                           {"intends_compliance_refuses", "intends_compliance_complies"}};
    json_out_key(o, "channel_cross");
    if (!v->has_cross) {
        json_out_null(o);
        return;
    }
    json_obj(o);
    for (int side = 0; side < 2; side++) {
        key_obj(o, side ? "other" : "harm");
        for (int a = 0; a < 2; a++)
            for (int f = 0; f < 2; f++) key_int(o, KEYS[a][f], v->cross[side].n[a][f]);
        key_int(o, "unclear", v->cross[side].unclear);
        json_obj_end(o);
    }
    json_obj_end(o);
}

static void write_coverage(JsonOut *o, const char *key, const SafCoverage *c) {
    key_obj(o, key);
    key_int(o, "generated", c->generated);
    key_int(o, "judged", c->judged);
    json_obj_end(o);
}

static void write_view(JsonOut *o, const Summary *s, const SafView *v) {
    json_obj(o);
    key_str(o, "model", s->models[v->model].name);
    key_cstr(o, "words", v->sentence);
    key_obj(o, "items");
    key_int(o, "harm", (int64_t)v->n_harm);
    key_int(o, "twin", (int64_t)v->n_twin);
    key_int(o, "other_harmless", (int64_t)v->n_benign);
    json_obj_end(o);
    write_counts(o, &v->counts);
    write_neither(o, &v->neither);
    write_rate(o, "leak", &v->leak);
    write_rate(o, "weighted_leak", &v->weighted_leak);
    write_rate(o, "over_refusal", &v->over_refusal);
    write_rate(o, "graded_over_refusal", &v->graded_over_refusal);
    write_rate(o, "pair_accuracy", &v->pair_accuracy);
    write_diff(o, "discrimination", &v->discrimination);
    write_diff(o, "korean_gap", &v->korean_gap);
    write_facets(o, v);
    write_transforms(o, s, v);
    write_cross(o, v);
    key_obj(o, "coverage");
    write_coverage(o, "final", &v->final);
    write_coverage(o, "analysis", &v->analysis);
    json_obj_end(o);
    key_arr(o, "gates");
    for (size_t i = 0; i < v->n_gates; i++) write_gate(o, &v->gates[i]);
    json_arr_end(o);
    json_obj_end(o);
}

static void write_duel(JsonOut *o, const Summary *s, const SafSection *sec, const SafDuel *d) {
    json_obj(o);
    key_str(o, "base", s->models[sec->views[d->base].model].name);
    key_str(o, "tuned", s->models[sec->views[d->tuned].model].name);
    write_diff(o, "erosion", &d->erosion);
    write_diff(o, "over_refusal", &d->over_refusal);
    write_diff(o, "any_transform", &d->any_transform);
    json_out_key(o, "gate");
    write_gate(o, &d->gate);
    key_cstr(o, "words", d->sentence);
    json_obj_end(o);
}

void safety_json(JsonOut *o, const Summary *s, const Safety *f) {
    key_arr(o, "safety");
    for (size_t i = 0; i < f->n_sections; i++) {
        const SafSection *sec = &f->sections[i];
        json_obj(o);
        key_str(o, "suite", s->suites[sec->suite].name);
        key_cstr(o, "effort", effort_name(sec->effort));
        key_arr(o, "models");
        for (size_t k = 0; k < sec->n_views; k++) write_view(o, s, &sec->views[k]);
        json_arr_end(o);
        key_arr(o, "comparisons");
        for (size_t k = 0; k < sec->n_duels; k++) write_duel(o, s, sec, &sec->duels[k]);
        json_arr_end(o);
        json_obj_end(o);
    }
    json_arr_end(o);
}
