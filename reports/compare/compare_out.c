/* The comparison's own part of report.json, of the terminal's summary and of report.md. */
#include <math.h>

#include "reports/compare/compare.h"
#include "reports/json_keys.h"
#include "reports/visible.h"

enum { FLIPS_SHOWN = 5 };

/* ---- JSON ---- */

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
    json_all_flips(o, s, c);
    json_agreements(o, s, c);
    json_costs(o, s, c);
    json_trusts(o, s, c);
    json_obj_end(o);
}

/* ---- plain text and Markdown: the same sentences, escaped for either ---- */

typedef struct Text {
    Buf *b;
    void (*put)(Buf *b, Str s); /* a piece of unknown origin */
    const char *item;           /* what begins a line */
} Text;

static void put(const Text *t, Str s) {
    t->put(t->b, s);
}

static void points(Buf *b, double v) {
    if (isnan(v))
        buf_adds(b, "n/a");
    else
        buf_addf(b, "%.1f %%", 100.0 * v);
}

static void match_lines(const Text *t, const Summary *s, const Compare *c) {
    for (size_t i = 0; i < c->n_matches; i++) {
        const CmpMatch *m = &c->matches[i];
        bool any = false;
        for (size_t k = 0; k < s->n_models; k++) any = any || m->extra[k];
        if (!any) continue;
        buf_adds(t->b, t->item);
        put(t, s->suites[m->suite].name);
        buf_addf(t->b, ": %zu questions are in all runs", m->n_all);
        for (size_t k = 0; k < s->n_models; k++) {
            if (!m->extra[k]) continue;
            buf_addf(t->b, ", %zu more in ", m->extra[k]);
            put(t, s->models[k].name);
        }
        if (m->example) {
            buf_adds(t->b, " (such as ");
            put(t, str_from(m->example));
            buf_adds(t->b, ")");
        }
        buf_adds(t->b, "\n");
    }
}

static void flip_list(const Text *t, const CmpFlip *f, size_t n) {
    for (size_t i = 0; i < n && i < FLIPS_SHOWN; i++) {
        buf_adds(t->b, i ? ", " : ": ");
        put(t, f[i].sample);
    }
    if (n > FLIPS_SHOWN) buf_adds(t->b, ", …");
}

static void flip_lines(const Text *t, const Summary *s, const Compare *c) {
    for (size_t i = 0; i < c->n_flips; i++) {
        const CmpFlips *f = &c->flips[i];
        const SumPair *p = &s->pairs[f->pair];
        buf_adds(t->b, t->item);
        put(t, str_from(summary_cell_name(s, &s->cells[p->a], s->arena)));
        buf_addf(t->b, ": %zu better by ", f->n_a_better);
        put(t, s->models[s->cells[p->a].model].name);
        flip_list(t, f->a_better, f->n_a_better);
        buf_addf(t->b, "; %zu better by ", f->n_b_better);
        put(t, s->models[s->cells[p->b].model].name);
        flip_list(t, f->b_better, f->n_b_better);
        buf_adds(t->b, "\n");
    }
}

static void agreement_lines(const Text *t, const Summary *s, const Compare *c) {
    for (size_t i = 0; i < c->n_agreements; i++) {
        const CmpAgreement *g = &c->agreements[i];
        if (!g->n) continue;
        buf_adds(t->b, t->item);
        put(t, s->models[g->a].name);
        buf_adds(t->b, " and ");
        put(t, s->models[g->b].name);
        buf_adds(t->b, " have the same score on ");
        points(t->b, g->share);
        buf_addf(t->b, " of %zu questions", g->n);
        if (!isnan(g->kappa)) buf_addf(t->b, " (kappa %.2f)", g->kappa);
        buf_adds(t->b, "\n");
    }
}

static void cost_lines(const Text *t, const Summary *s, const Compare *c) {
    for (size_t i = 0; i < c->n_costs; i++) {
        const CmpCost *k = &c->costs[i];
        buf_adds(t->b, t->item);
        put(t, s->models[k->model].name);
        buf_addf(t->b, ", effort %s: ", effort_name(k->effort));
        points(t->b, k->score);
        buf_addf(t->b, " over %zu %s, %.0f tokens per answer\n", k->n_suites, k->n_suites == 1 ? "suite" : "suites",
                 k->tokens);
    }
}

static void trust_lines(const Text *t, const Summary *s, const Compare *c) {
    for (size_t i = 0; i < c->n_trusts; i++) {
        const CmpTrust *v = &c->trusts[i];
        buf_adds(t->b, t->item);
        put(t, s->suites[v->suite].name);
        buf_adds(t->b, ", ");
        put(t, s->models[v->model].name);
        buf_addf(t->b,
                 ": probabilities are off by %.1f points on average (ECE, 10 bins), Brier score %.3f, %zu answers\n",
                 100.0 * v->ece, v->brier, v->n);
    }
}

static void warning_lines(const Text *t, const Compare *c) {
    for (size_t i = 0; i < c->n_warnings; i++) {
        buf_adds(t->b, t->item);
        put(t, str_from(c->warnings[i]));
        buf_adds(t->b, "\n");
    }
}

static void all_lines(const Text *t, const Summary *s, const Compare *c, const char *before, const char *after) {
    const struct {
        const char *title;
        bool any;
        void (*write)(const Text *, const Summary *, const Compare *);
    } parts[] = {{"what could not be matched", true, match_lines},
                 {"answers that differ", c->n_flips > 0, flip_lines},
                 {"agreement", c->n_agreements > 0, agreement_lines},
                 {"what the scores cost", c->n_costs > 0, cost_lines},
                 {"how far probabilities can be believed", c->n_trusts > 0, trust_lines}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t begin = t->b->n;
        if (!parts[i].any) continue;
        buf_addf(t->b, "%s%s%s", before, parts[i].title, after);
        size_t head = t->b->n;
        parts[i].write(t, s, c);
        if (t->b->n == head && !t->b->failed) t->b->n = begin; /* nothing to say: no heading either */
    }
    if (!t->b->failed && t->b->p) t->b->p[t->b->n] = 0;
}

void compare_terminal(Buf *b, const Summary *s, const Compare *c) {
    const Text t = {b, visible_term, "  "};
    if (!c->n_arms) return;
    all_lines(&t, s, c, "\n", "\n");
    if (c->n_warnings) buf_adds(b, "\nhow far the runs are comparable\n");
    warning_lines(&t, c);
}

void compare_markdown(Buf *b, const Summary *s, const Compare *c) {
    const Text t = {b, visible_markdown, "* "};
    if (!c->n_arms) return;
    if (c->n_warnings) buf_adds(b, "\n## How far the runs are comparable\n\n");
    warning_lines(&t, c);
    all_lines(&t, s, c, "\n## ", "\n\n");
}
