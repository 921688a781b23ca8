/* report.md: the answer, the table and the cautions of a run, for a pull request or a wiki. No sample's text. */
#include "reports/findings.h"
#include "reports/report_list.h"

#include <math.h>

#include "reports/compare/compare.h"
#include "reports/export/export.h"
#include "reports/safety/safety_out.h"

static void percent(Buf *b, double v) {
    if (isnan(v))
        buf_adds(b, "n/a");
    else
        buf_addf(b, "%.1f %%", 100.0 * v);
}

static void interval(Buf *b, Lang l, double lo, double hi, const char *method) {
    if (method)
        words_addf(b, l, WORD("%.1f to %.1f"), 100.0 * lo, 100.0 * hi);
    else
        buf_adds(b, "n/a");
}

static void score_row(Buf *b, const Summary *s, const SumCell *c) {
    buf_adds(b, "| ");
    visible_markdown(b, str_from(summary_cell_title(s, c, s->arena)));
    buf_adds(b, " | ");
    visible_markdown(b, s->models[c->model].name);
    buf_adds(b, " | ");
    percent(b, c->est.mean);
    buf_adds(b, " | ");
    interval(b, s->lang, c->est.lo, c->est.hi, c->est.method);
    buf_adds(b, " | ");
    interval(b, s->lang, c->bound_lo, c->bound_hi, isnan(c->bound_lo) ? NULL : "bounds");
    buf_addf(b, " | %lld | %zu | %lld | %lld |\n", (long long)c->counts.total, c->est.n_questions,
             (long long)c->counts.open, (long long)c->counts.cut_off);
}

static void score_table(Buf *b, const Summary *s) {
    static const char *const COLUMNS[] = {WORD("suite"),
                                          WORD("model"),
                                          WORD("score"),
                                          WORD("95 % interval"),
                                          WORD("open answers all wrong … all right"),
                                          WORD("answers"),
                                          WORD("questions"),
                                          WORD("open"),
                                          WORD("cut off")};
    buf_addf(b, "\n## %s\n\n|", words(s->lang, WORD("Scores")));
    for (size_t i = 0; i < sizeof COLUMNS / sizeof *COLUMNS; i++) buf_addf(b, " %s |", words(s->lang, COLUMNS[i]));
    buf_adds(b, "\n|---|---|--:|--:|--:|--:|--:|--:|--:|\n");
    for (size_t i = 0; i < s->n_cells; i++) score_row(b, s, &s->cells[i]);
}

static void pair_list(Buf *b, const Summary *s) {
    if (s->n_pairs)
        buf_addf(b, "\n## %s\n\n%s\n\n", words(s->lang, WORD("Model against model, on the same questions")),
                 words(s->lang, WORD("p is adjusted for the number of comparisons (Benjamini–Hochberg).")));
    for (size_t i = 0; i < s->n_pairs; i++) {
        const SumPair *p = &s->pairs[i];
        buf_adds(b, "* ");
        visible_markdown(b, str_from(summary_cell_title(s, &s->cells[p->a], s->arena)));
        buf_adds(b, ", ");
        visible_markdown(b, words_printf(s->arena, s->lang, WORD("%.*s against %.*s:"),
                                         STR_ARG(s->models[s->cells[p->a].model].name),
                                         STR_ARG(s->models[s->cells[p->b].model].name)));
        buf_addc(b, ' ');
        visible_markdown(b, str_from(p->sentence));
        if (!isnan(p->p_adjusted)) buf_addf(b, " p = %.2g", p->p_adjusted);
        buf_addc(b, '\n');
    }
}

static void safety_list(Buf *b, const Summary *s, const Safety *f) {
    for (size_t i = 0; i < f->n_sections; i++) {
        const SafSection *sec = &f->sections[i];
        buf_adds(b, "\n## ");
        visible_markdown(b, words_printf(s->arena, s->lang, WORD("Safety: %s"), safety_title(s, sec)));
        buf_adds(b, "\n\n");
        for (size_t d = 0; d < sec->n_duels; d++) {
            buf_adds(b, "* **");
            visible_markdown(b, str_from(sec->duels[d].sentence));
            buf_adds(b, "**\n");
        }
        for (size_t v = 0; v < sec->n_views; v++) {
            buf_adds(b, "* ");
            visible_markdown(b, str_from(sec->views[v].sentence));
            buf_addc(b, '\n');
        }
    }
}

static void document(Buf *b, const Summary *s, const Safety *f, const Compare *c) {
    for (size_t i = 0; i < s->n_headline; i++) {
        buf_adds(b, i ? "\n**" : "# ");
        visible_markdown(b, str_from(s->headline[i].lead));
        buf_adds(b, i ? "**\n" : "\n");
        if (s->headline[i].detail[0]) {
            buf_addc(b, '\n');
            visible_markdown(b, str_from(s->headline[i].detail));
            buf_addc(b, '\n');
        }
    }
    if (s->n_cautions) buf_addc(b, '\n');
    for (size_t i = 0; i < s->n_cautions; i++) {
        buf_adds(b, i ? ">\n> " : "> ");
        visible_markdown(b, str_from(s->cautions[i]));
        buf_addc(b, '\n');
    }
    safety_list(b, s, f);
    if (s->n_cells) score_table(b, s);
    pair_list(b, s);
    compare_markdown(b, s, c);
}

static bool markdown_write(Findings *all, Buf *out, Err *err) {
    const Found *x = findings(all, err);
    if (!x) return false;
    document(out, &x->s, &x->f, &x->c);
    return found_whole(x, out, err);
}

const Report report_markdown = {"md", "report.md", "the answer and the tables, for a pull request", markdown_write};
