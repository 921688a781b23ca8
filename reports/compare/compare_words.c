/* The comparison's own part of the terminal's summary and of report.md: the same sentences, escaped for either. */
#include <math.h>
#include <stdio.h>

#include "reports/compare/compare.h"
#include "reports/visible.h"

enum { FLIPS_SHOWN = 5 };

typedef struct Text {
    Buf *b;
    Lang lang;
    void (*put)(Buf *b, Str s);
    const char *item, *sub; /* what begins a line, and one below it */
} Text;

/* A sentence as one line; it may hold names of unknown origin, so that all of it is escaped. */
static void line_at(const Text *t, const char *before, Str sentence) {
    buf_adds(t->b, before);
    t->put(t->b, sentence);
    buf_addc(t->b, '\n');
    if (!sentence.p) t->b->failed = true;
}

static void line(const Text *t, Str sentence) {
    line_at(t, t->item, sentence);
}

static Str name_of(const Summary *s, size_t model) {
    return s->models[model].name;
}

/* ---- what could not be matched ---- */

static void match_line(const Text *t, const Summary *s, const CmpMatch *m) {
    Arena *a = s->arena;
    Str suite = s->suites[m->suite].name, example = str_from(m->example ? m->example : "");
    line(t, words_printf(a, t->lang,
                         m->n_all == 1 ? WORD("%.*s: %zu question is in all runs.")
                                       : WORD("%.*s: %zu questions are in all runs."),
                         STR_ARG(suite), m->n_all));
    for (size_t k = 0; k < s->n_models; k++) {
        if (!m->extra[k]) continue;
        Str model = name_of(s, k);
        line(t, m->example ? words_printf(a, t->lang,
                                          WORD("%.*s: %.*s has %zu that are not in all (%.*s is one that is not)."),
                                          STR_ARG(suite), STR_ARG(model), m->extra[k], STR_ARG(example))
                           : words_printf(a, t->lang, WORD("%.*s: %.*s has %zu that are not in all."), STR_ARG(suite),
                                          STR_ARG(model), m->extra[k]));
    }
}

static void match_lines(const Text *t, const Summary *s, const Compare *c) {
    for (size_t i = 0; i < c->n_matches; i++) {
        bool any = false;
        for (size_t k = 0; k < s->n_models; k++) any = any || c->matches[i].extra[k];
        if (any) match_line(t, s, &c->matches[i]);
    }
}

/* ---- all suites together ---- */

/* "+3.2", "−1.2": room for one number. */
typedef struct Signed {
    char text[32];
} Signed;

static Signed signed_points(double x) {
    Signed p;
    snprintf(p.text, sizeof p.text, "%s%.1f", x < 0.0 ? "−" : x > 0.0 ? "+" : "", fabs(x));
    return p;
}

/* Behind means over suites. */
static void left_out_line(const Text *t, const Summary *s) {
    if (compare_leaves_safety_out(s))
        line(t, str_from(words(
                    t->lang,
                    WORD("Suites about safety are left out where there are others; their figures stand apart."))));
}

static Str overall_sentence(const Text *t, const Summary *s, const CmpOverall *o) {
    bool flip = o->diff < 0.0;
    Str first = name_of(s, flip ? o->b : o->a), second = name_of(s, flip ? o->a : o->b);
    double lo = 100.0 * (flip ? -o->hi : o->lo), hi = 100.0 * (flip ? -o->lo : o->hi);
    if (o->verdict == SUM_CANNOT_TELL)
        return words_printf(s->arena, t->lang,
                            WORD("Cannot tell at effort %s: %.*s scored %.1f points more than %.*s on average over "
                                 "%zu suites (95 %% interval %s to %s); their questions could have shown "
                                 "%.1f points."),
                            effort_name(o->effort), STR_ARG(first), 100.0 * fabs(o->diff), STR_ARG(second), o->n_suites,
                            signed_points(lo).text, signed_points(hi).text, 100.0 * o->mde);
    return words_printf(s->arena, t->lang,
                        WORD("At effort %s, %.*s is better by %.1f points than %.*s on average over %zu suites "
                             "(95 %% interval %.1f to %.1f); their questions could have shown %.1f points."),
                        effort_name(o->effort), STR_ARG(first), 100.0 * fabs(o->diff), STR_ARG(second), o->n_suites, lo,
                        hi, 100.0 * o->mde);
}

static void overall_lines(const Text *t, const Summary *s, const Compare *c) {
    for (size_t i = 0; i < c->n_overall; i++) line(t, overall_sentence(t, s, &c->overall[i]));
    if (c->n_overall) left_out_line(t, s);
}

/* ---- by group ---- */

static void group_line(const Text *t, const Summary *s, const SumPair *p, const SumPairGroup *g) {
    bool behind = g->verdict == SUM_B_AHEAD;
    Str first = name_of(s, s->cells[behind ? p->b : p->a].model),
        second = name_of(s, s->cells[behind ? p->a : p->b].model);
    double lo = 100.0 * (behind ? -g->hi : g->lo), hi = 100.0 * (behind ? -g->lo : g->hi), by = 100.0 * fabs(g->diff);
    if (g->verdict == SUM_CANNOT_TELL) return;
    line_at(t, t->sub,
            words_printf(s->arena, t->lang,
                         WORD("%.*s: %.*s is better than %.*s by %.1f points (95 %% interval %.1f to %.1f); these %zu "
                              "questions could have shown %.1f points."),
                         STR_ARG(g->name), STR_ARG(first), STR_ARG(second), by, lo, hi, g->n, 100.0 * g->mde));
}

static void pair_groups(const Text *t, const Summary *s, const SumPair *p) {
    Str suite = str_from(summary_cell_name(s, &s->cells[p->a], s->arena));
    Str first = name_of(s, s->cells[p->a].model), second = name_of(s, s->cells[p->b].model);
    size_t shown = 0;
    for (size_t i = 0; i < p->n_groups; i++) shown += p->groups[i].verdict != SUM_CANNOT_TELL;
    line(t,
         words_printf(s->arena, t->lang,
                      shown ? WORD("%.*s, %.*s and %.*s: %zu of %zu groups show a difference, at p-values adjusted for "
                                   "all groups of this report (Benjamini–Hochberg).")
                            : WORD("%.*s, %.*s and %.*s: %zu of %zu groups show a difference. The others are too small "
                                   "to tell, which does not mean equal."),
                      STR_ARG(suite), STR_ARG(first), STR_ARG(second), shown, p->n_groups));
    for (size_t i = 0; i < p->n_groups; i++) group_line(t, s, p, &p->groups[i]);
}

static void group_lines(const Text *t, const Summary *s, const Compare *c) {
    (void)c;
    for (size_t i = 0; i < s->n_pairs; i++)
        if (s->pairs[i].n_groups) pair_groups(t, s, &s->pairs[i]);
}

/* ---- answers that differ ---- */

static Str flip_names(const Summary *s, const CmpFlip *f, size_t n) {
    Buf b;
    buf_init(&b, (size_t)1 << 20);
    for (size_t i = 0; i < n && i < FLIPS_SHOWN; i++) {
        if (i) buf_adds(&b, ", ");
        buf_addstr(&b, f[i].sample);
    }
    if (n > FLIPS_SHOWN) buf_adds(&b, ", …");
    Str out = b.failed ? (Str){0} : str_dup(s->arena, b.n ? buf_str(&b) : STR(""));
    buf_release(&b);
    return out;
}

static void flip_side(const Text *t, const Summary *s, const CmpFlips *f, bool second) {
    const SumPair *p = &s->pairs[f->pair];
    const SumCell *a = &s->cells[p->a], *b = &s->cells[p->b];
    size_t n = second ? f->n_b_better : f->n_a_better;
    Str cell = str_from(summary_cell_name(s, a, s->arena)), better = name_of(s, second ? b->model : a->model);
    Str names = flip_names(s, second ? f->b_better : f->a_better, n);
    if (!names.p)
        line(t, names);
    else if (n == 0)
        line(t, words_printf(s->arena, t->lang, WORD("%.*s: none better by %.*s"), STR_ARG(cell), STR_ARG(better)));
    else
        line(t, words_printf(s->arena, t->lang, WORD("%.*s: %zu better by %.*s: %.*s"), STR_ARG(cell), n,
                             STR_ARG(better), STR_ARG(names)));
}

static void flip_lines(const Text *t, const Summary *s, const Compare *c) {
    for (size_t i = 0; i < c->n_flips; i++) {
        flip_side(t, s, &c->flips[i], false);
        flip_side(t, s, &c->flips[i], true);
    }
}

/* ---- agreement, cost, probabilities ---- */

static void agreement_lines(const Text *t, const Summary *s, const Compare *c) {
    for (size_t i = 0; i < c->n_agreements; i++) {
        const CmpAgreement *g = &c->agreements[i];
        Str a = name_of(s, g->a), b = name_of(s, g->b);
        if (!g->n) continue;
        if (isnan(g->kappa))
            line(t, words_printf(s->arena, t->lang,
                                 g->n == 1 ? WORD("%.*s and %.*s have the same score on %.1f %% of %zu question")
                                           : WORD("%.*s and %.*s have the same score on %.1f %% of %zu questions"),
                                 STR_ARG(a), STR_ARG(b), 100.0 * g->share, g->n));
        else
            line(t, words_printf(s->arena, t->lang,
                                 WORD("%.*s and %.*s have the same score on %.1f %% of %zu questions (kappa %.2f)"),
                                 STR_ARG(a), STR_ARG(b), 100.0 * g->share, g->n, g->kappa));
    }
}

static void cost_lines(const Text *t, const Summary *s, const Compare *c) {
    for (size_t i = 0; i < c->n_costs; i++) {
        const CmpCost *k = &c->costs[i];
        line(t, words_printf(
                    s->arena, t->lang,
                    k->n_suites == 1 ? WORD("%.*s, effort %s: %.1f %% over %zu suite, %.0f tokens per answer")
                                     : WORD("%.*s, effort %s: %.1f %% over %zu suites, %.0f tokens per answer"),
                    STR_ARG(name_of(s, k->model)), effort_name(k->effort), 100.0 * k->score, k->n_suites, k->tokens));
    }
    if (c->n_costs) left_out_line(t, s);
}

static void trust_lines(const Text *t, const Summary *s, const Compare *c) {
    for (size_t i = 0; i < c->n_trusts; i++) {
        const CmpTrust *v = &c->trusts[i];
        line(t, words_printf(s->arena, t->lang,
                             WORD("%.*s, %.*s: probabilities are off by %.1f points on average (ECE, 10 bins), Brier "
                                  "score %.3f, %zu answers"),
                             STR_ARG(s->suites[v->suite].name), STR_ARG(name_of(s, v->model)), 100.0 * v->ece, v->brier,
                             v->n));
    }
}

static void warning_lines(const Text *t, const Summary *s, const Compare *c) {
    (void)s;
    for (size_t i = 0; i < c->n_warnings; i++) line(t, str_from(c->warnings[i]));
}

/* ---- all of them ---- */

typedef struct Part {
    const char *title;
    void (*write)(const Text *, const Summary *, const Compare *);
} Part;

/* A part that has nothing to say has no heading either. */
static void write_part(const Text *t, const Summary *s, const Compare *c, const Part *p, const char *before,
                       const char *after) {
    size_t begin = t->b->n;
    buf_addf(t->b, "%s%s%s", before, words(t->lang, p->title), after);
    size_t head = t->b->n;
    p->write(t, s, c);
    if (t->b->failed || t->b->n != head) return;
    t->b->n = begin;
    t->b->p[begin] = 0;
}

static void write_parts(const Text *t, const Summary *s, const Compare *c, const char *before, const char *after) {
    static const Part PARTS[] = {{WORD("what could not be matched"), match_lines},
                                 {WORD("all suites together"), overall_lines},
                                 {WORD("differences by group"), group_lines},
                                 {WORD("answers that differ"), flip_lines},
                                 {WORD("agreement"), agreement_lines},
                                 {WORD("what the scores cost"), cost_lines},
                                 {WORD("how far probabilities can be believed"), trust_lines},
                                 {WORD("how far the runs are comparable"), warning_lines}};
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++) write_part(t, s, c, &PARTS[i], before, after);
}

void compare_terminal(Buf *b, const Summary *s, const Compare *c) {
    const Text t = {b, s->lang, visible_term, "  ", "    "};
    if (c->n_arms) write_parts(&t, s, c, "\n", "\n");
}

void compare_markdown(Buf *b, const Summary *s, const Compare *c) {
    const Text t = {b, s->lang, visible_markdown, "* ", "  * "};
    if (c->n_arms) write_parts(&t, s, c, "\n## ", "\n\n");
}
