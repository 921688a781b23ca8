/* The table that `assay run` prints last. Plain text: piped as often as read. */
#include "reports/findings.h"

#include <math.h>

#include "reports/compare/compare.h"
#include "reports/safety/safety_out.h"
#include "reports/visible.h"

enum { INDENT = 2 };

static void pad(Buf *b, size_t used, size_t width) {
    for (; used < width; used++) buf_addc(b, ' ');
}

static void cell_left(Buf *b, Str s, size_t width) {
    visible_term(b, s);
    pad(b, visible_width(s), width + INDENT);
}

static size_t max(size_t a, size_t b) {
    return a > b ? a : b;
}

typedef struct Widths {
    size_t name, model;
} Widths;

static Widths measure(const Summary *s, Arena *a) {
    Widths w = {5, 5};
    for (size_t i = 0; i < s->n_cells; i++) {
        w.name = max(w.name, visible_width(str_from(summary_cell_name(s, &s->cells[i], a))));
        w.model = max(w.model, visible_width(s->models[s->cells[i].model].name));
    }
    return w;
}

/* A heading of a column, set to the right. */
static void cell_right(Buf *b, Lang l, const char *text, size_t width) {
    Str s = str_from(words(l, text));
    buf_addc(b, ' ');
    pad(b, visible_width(s), width);
    buf_addstr(b, s);
}

static void score_columns(Buf *b, Lang l, const SumCell *c) {
    if (isnan(c->est.mean))
        buf_addf(b, "%7s", "n/a");
    else
        buf_addf(b, "%6.1f%%", 100.0 * c->est.mean);
    if (c->est.method)
        words_addf(b, l, WORD("  %5.1f to %5.1f"), 100.0 * c->est.lo, 100.0 * c->est.hi);
    else
        pad(b, 0, l == LANG_KO ? 15 : 16);
    buf_addf(b, " %6lld", (long long)c->counts.total);
    for (unsigned o = 0; o < OUTCOME_COUNT; o++) buf_addf(b, " %9lld", (long long)c->counts.outcome[o]);
}

static void score_table(Buf *b, const Summary *s, const Widths *w) {
    Lang l = s->lang;
    cell_left(b, str_from(words(l, WORD("suite"))), w->name);
    cell_left(b, str_from(words(l, WORD("model"))), w->model);
    cell_right(b, l, WORD("score"), 6);
    cell_right(b, l, WORD("95 % interval"), l == LANG_KO ? 14 : 15);
    cell_right(b, l, "n", 6);
    for (unsigned o = 0; o < OUTCOME_COUNT; o++) cell_right(b, l, outcome_words(o), 9);
    buf_addc(b, '\n');
    for (size_t i = 0; i < s->n_cells; i++) {
        const SumCell *c = &s->cells[i];
        bool again = i > 0 && s->cells[i - 1].suite == c->suite && s->cells[i - 1].effort == c->effort &&
                     s->cells[i - 1].transform == c->transform && str_eq(s->cells[i - 1].scorer, c->scorer);
        cell_left(b, again ? STR("") : str_from(summary_cell_name(s, c, s->arena)), w->name);
        cell_left(b, s->models[c->model].name, w->model);
        score_columns(b, s->lang, c);
        buf_addc(b, '\n');
    }
}

static void pair_lines(Buf *b, const Summary *s, const Widths *w) {
    if (s->n_pairs)
        buf_addf(b, "\n%s\n",
                 words(s->lang, WORD("model against model, on the same questions; p adjusted (Benjamini–Hochberg)")));
    for (size_t i = 0; i < s->n_pairs; i++) {
        const SumPair *p = &s->pairs[i];
        cell_left(b, str_from(summary_cell_name(s, &s->cells[p->a], s->arena)), w->name);
        if (s->n_models > 2) {
            visible_term(b, words_printf(s->arena, s->lang, WORD("%.*s against %.*s:"),
                                         STR_ARG(s->models[s->cells[p->a].model].name),
                                         STR_ARG(s->models[s->cells[p->b].model].name)));
            buf_addc(b, ' ');
        }
        visible_term(b, str_from(p->sentence));
        if (!isnan(p->p_adjusted)) buf_addf(b, " p = %.2g", p->p_adjusted);
        buf_addc(b, '\n');
    }
}

/* Shares in words, as texts of their own for the sentence. */
static Str share(const Summary *s, const SumShare *v) {
    if (!v->method) return words_printf(s->arena, s->lang, WORD("%.1f %%"), 100.0 * v->share);
    return words_printf(s->arena, s->lang, WORD("%.1f %% (%.1f to %.1f)"), 100.0 * v->share, 100.0 * v->lo,
                        100.0 * v->hi);
}

/* For harmful items wrong is a leak, for twins an over-refusal. */
static void robust_lines(Buf *b, const Summary *s, const Widths *w) {
    if (s->n_robust)
        buf_addf(b, "\n%s\n", words(s->lang, WORD("questions that went wrong under the transforms together")));
    for (size_t i = 0; i < s->n_robust; i++) {
        const SumRobust *r = &s->robust[i];
        Str name = s->suites[r->suite].name;
        if (r->kind.p) name = str_printf(s->arena, STR_FMT ", " STR_FMT, STR_ARG(name), STR_ARG(r->kind));
        cell_left(b, name, w->name);
        cell_left(b, s->models[r->model].name, w->model);
        if (s->n_efforts > 1) buf_addf(b, "%s %s: ", words(s->lang, WORD("effort")), effort_name(r->effort));
        Str any = share(s, &r->any), mean = share(s, &r->mean);
        visible_term(b, words_printf(s->arena, s->lang,
                                     WORD("under any of %zu %.*s, on average %.*s, most under %.*s: %.1f %%"),
                                     r->n_transforms, STR_ARG(any), STR_ARG(mean),
                                     STR_ARG(s->transforms[r->worst].name), 100.0 * r->worst_share));
        if (r->n_open) words_addf(b, s->lang, WORD("; %lld open answers left out"), (long long)r->n_open);
        buf_addc(b, '\n');
    }
}

bool report_summary(Findings *all, Buf *out, Err *err) {
    const Found *x = findings(all, err);
    if (!x) return false;
    const Summary *s = &x->s;
    if (s->n_cells) {
        Widths w = measure(s, s->arena);
        score_table(out, s, &w);
        pair_lines(out, s, &w);
        robust_lines(out, s, &w);
        safety_terminal(out, s, &x->f);
        compare_terminal(out, s, &x->c);
        buf_addc(out, '\n');
    }
    for (size_t i = 0; i < s->n_headline; i++) {
        visible_term(out, str_from(s->headline[i].lead));
        buf_addc(out, '\n');
    }
    for (size_t i = 0; i < s->n_cautions; i++) {
        visible_term(out, str_from(s->cautions[i]));
        buf_addc(out, '\n');
    }
    return found_whole(x, out, err);
}
