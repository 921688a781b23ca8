/* What a comparison of several runs shows beyond the report of one; nothing in the report of one. */
#include "reports/html/html_internal.h"

#include <math.h>

#include "reports/compare.h"
#include "reports/visible.h"

enum { FLIPS_SHOWN = 200 };

static void name_cell(Buf *b, Str name) {
    buf_adds(b, "<td class=\"model\">");
    html_escape(b, name);
    buf_adds(b, "</td>");
}

static void count_cell(Buf *b, size_t n) {
    buf_addf(b, "<td class=\"num\">%zu</td>", n);
}

static void percent_cell(Buf *b, double v) {
    buf_adds(b, "<td class=\"num\">");
    html__percent(b, v);
    buf_adds(b, "</td>");
}

static void table(Buf *b, const char *label, const char *head) {
    buf_addf(
        b,
        "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"%s\"><table class=\"numbers\"><thead><tr>%s"
        "</tr></thead><tbody>\n",
        label, head);
}

static void end_table(Buf *b) {
    buf_adds(b, "</tbody></table></div>\n");
}

/* "Choice, high" of a place in the comparison. */
static void place_head(Buf *b, const Summary *s, size_t suite, size_t transform, Effort effort) {
    buf_adds(b, "<th scope=\"row\">");
    html_escape(b, s->suites[suite].title);
    if (s->n_transforms > 1) {
        buf_adds(b, ", ");
        html_escape(b, s->transforms[transform].name);
    }
    if (s->n_efforts > 1) buf_addf(b, ", %s", effort_name(effort));
    buf_adds(b, "</th>");
}

static void arms(Buf *b, const Summary *s, const Compare *c) {
    table(b, "What is compared", "<th>Model</th><th>Run</th><th>Named there</th><th>Weights (SHA-256)</th>");
    for (size_t i = 0; i < c->n_arms; i++) {
        buf_adds(b, "<tr><th scope=\"row\" class=\"model\">");
        html__small_mark(b, i);
        buf_addc(b, ' ');
        html_escape(b, c->arms[i].name);
        buf_adds(b, "</th><td>");
        html_escape(b, c->arms[i].run);
        buf_adds(b, "</td>");
        name_cell(b, c->arms[i].model);
        buf_adds(b, "<td><code>");
        html_escape(b, str_sub(s->models[i].digest, 0, 16));
        buf_adds(b, s->models[i].digest.n > 16 ? "…</code></td></tr>\n" : "</code></td></tr>\n");
    }
    end_table(b);
}

static void matches(Buf *b, const Summary *s, const Compare *c) {
    table(b, "Matched questions",
          "<th>Suite</th><th>Model</th><th class=\"num\">Questions</th><th class=\"num\">In all</th><th "
          "class=\"num\">Not in all</th>");
    for (size_t i = 0; i < c->n_matches; i++) {
        const CmpMatch *m = &c->matches[i];
        bool first = true;
        for (size_t k = 0; k < s->n_models; k++) {
            if (!m->n[k]) continue;
            buf_addf(b, "<tr%s>", first ? " class=\"first\"" : "");
            place_head(b, s, m->suite, m->transform, m->effort);
            name_cell(b, s->models[k].name);
            count_cell(b, m->n[k]);
            count_cell(b, m->n_all);
            count_cell(b, m->extra[k]);
            buf_adds(b, "</tr>\n");
            first = false;
        }
    }
    end_table(b);
}

static void flip_rows(Buf *b, const CmpFlip *f, size_t n, Str ahead) {
    for (size_t i = 0; i < n && i < FLIPS_SHOWN; i++) {
        buf_adds(b, "<tr><th scope=\"row\">");
        html_escape(b, f[i].sample);
        buf_adds(b, "</th><td>");
        html_escape(b, f[i].group.p ? f[i].group : STR("–"));
        buf_adds(b, "</td>");
        percent_cell(b, f[i].a);
        percent_cell(b, f[i].b);
        name_cell(b, ahead);
        buf_adds(b, "</tr>\n");
    }
    if (n > FLIPS_SHOWN)
        buf_addf(b, "<tr><td colspan=\"5\">… and %zu more: all are in the JSON</td></tr>\n", n - FLIPS_SHOWN);
}

static void one_flips(Buf *b, const Summary *s, const CmpFlips *f) {
    const SumPair *p = &s->pairs[f->pair];
    Str a = s->models[s->cells[p->a].model].name, z = s->models[s->cells[p->b].model].name;
    buf_adds(b, "<details><summary>");
    html_escape(b, str_from(summary_cell_title(s, &s->cells[p->a], s->arena)));
    buf_addf(b, ": %zu better by ", f->n_a_better);
    html_escape(b, a);
    buf_addf(b, ", %zu by ", f->n_b_better);
    html_escape(b, z);
    buf_adds(b, "</summary>\n");
    Buf head;
    buf_init(&head, 1 << 16);
    buf_adds(&head, "<th>Question</th><th>Group</th><th class=\"num\">");
    html_escape(&head, a);
    buf_adds(&head, "</th><th class=\"num\">");
    html_escape(&head, z);
    buf_adds(&head, "</th><th>Better</th>");
    table(b, "Answers that differ", head.failed ? "" : head.p);
    buf_release(&head);
    flip_rows(b, f->a_better, f->n_a_better, a);
    flip_rows(b, f->b_better, f->n_b_better, z);
    end_table(b);
    buf_adds(b, "</details>\n");
}

static const CmpAgreement *agreement_of(const Compare *c, size_t a, size_t b) {
    for (size_t i = 0; i < c->n_agreements; i++)
        if ((c->agreements[i].a == a && c->agreements[i].b == b) ||
            (c->agreements[i].a == b && c->agreements[i].b == a))
            return &c->agreements[i];
    return NULL;
}

static void agreement_cell(Buf *b, const CmpAgreement *g) {
    if (!g || !g->n) {
        buf_adds(b, "<td class=\"num\">–</td>");
        return;
    }
    buf_adds(b, "<td class=\"num\">");
    html__percent(b, g->share);
    if (!isnan(g->kappa)) buf_addf(b, "<br><span class=\"note\">kappa %.2f, n %zu</span>", g->kappa, g->n);
    buf_adds(b, "</td>");
}

static void agreements(Buf *b, const Summary *s, const Compare *c) {
    if (!c->n_agreements) return;
    buf_adds(b, "<h3>How far they agree</h3>\n<p class=\"note\">Per cent of the questions on which both were right or "
                "both wrong, and "
                "Cohen’s kappa, which takes out what chance alone would give.</p>\n");
    Buf head;
    buf_init(&head, 1 << 16);
    buf_adds(&head, "<th></th>");
    for (size_t i = 0; i < s->n_models; i++) {
        buf_adds(&head, "<th class=\"num\">");
        html_escape(&head, s->models[i].name);
        buf_adds(&head, "</th>");
    }
    table(b, "Agreement", head.failed ? "" : head.p);
    buf_release(&head);
    for (size_t i = 0; i < s->n_models; i++) {
        buf_adds(b, "<tr><th scope=\"row\" class=\"model\">");
        html_escape(b, s->models[i].name);
        buf_adds(b, "</th>");
        for (size_t j = 0; j < s->n_models; j++) agreement_cell(b, i == j ? NULL : agreement_of(c, i, j));
        buf_adds(b, "</tr>\n");
    }
    end_table(b);
}

static void costs(Buf *b, const Summary *s, const Compare *c) {
    buf_adds(
        b, "<h3>What the scores cost</h3>\n<p class=\"note\">Each suite counts alike. Tokens of an answer include its "
           "reasoning.</p>\n");
    table(b, "Score and tokens",
          "<th>Model</th><th>Effort</th><th class=\"num\">Mean score</th><th class=\"num\">Tokens per answer</th><th "
          "class=\"num\">Suites</th>");
    for (size_t i = 0; i < c->n_costs; i++) {
        const CmpCost *k = &c->costs[i];
        buf_adds(b, "<tr><th scope=\"row\" class=\"model\">");
        html_escape(b, s->models[k->model].name);
        buf_addf(b, "</th><td>%s</td>", effort_name(k->effort));
        percent_cell(b, k->score);
        buf_addf(b, "<td class=\"num\">%.0f</td>", k->tokens);
        count_cell(b, k->n_suites);
        buf_adds(b, "</tr>\n");
    }
    end_table(b);
}

static void trusts(Buf *b, const Summary *s, const Compare *c) {
    if (!c->n_trusts) return;
    buf_adds(
        b, "<h3>How far probabilities can be believed</h3>\n<p class=\"note\">The probability that a model gave to the "
           "option it chose, against how often that was right. Off by: mean distance over ten bins (ECE).</p>\n");
    table(b, "Calibration of probabilities",
          "<th>Suite</th><th>Model</th><th class=\"num\">Off by</th><th class=\"num\">Brier score</th><th "
          "class=\"num\">Answers</th>");
    for (size_t i = 0; i < c->n_trusts; i++) {
        const CmpTrust *t = &c->trusts[i];
        buf_adds(b, "<tr><th scope=\"row\">");
        html_escape(b, s->suites[t->suite].title);
        buf_adds(b, "</th>");
        name_cell(b, s->models[t->model].name);
        percent_cell(b, t->ece);
        buf_addf(b, "<td class=\"num\">%.3f</td>", t->brier);
        count_cell(b, t->n);
        buf_adds(b, "</tr>\n");
    }
    end_table(b);
}

void html__compare_warnings(Buf *b, const Compare *c) {
    for (size_t i = 0; i < c->n_warnings; i++) {
        buf_adds(b, "<p class=\"caution\">");
        html_escape(b, str_from(c->warnings[i]));
        buf_adds(b, "</p>\n");
    }
}

void html__compare(Buf *b, const Summary *s, const Compare *c) {
    if (!c->n_arms) return;
    buf_adds(b,
             "<section id=\"compare\"><h2>Run against run</h2>\n<p class=\"note\">Questions are matched by their "
             "content, not by "
             "their names. Differences are those of the pictures and tables on this page; below is what belongs to the "
             "comparison alone.</p>\n");
    arms(b, s, c);
    buf_adds(b, "<h3>What was matched</h3>\n");
    matches(b, s, c);
    if (c->n_flips)
        buf_adds(b, "<h3>Answers that differ</h3>\n<p class=\"note\">Both answers side by side: open a question in "
                    "“Answers” below, "
                    "with “only where the models differ”.</p>\n");
    for (size_t i = 0; i < c->n_flips; i++) one_flips(b, s, &c->flips[i]);
    agreements(b, s, c);
    costs(b, s, c);
    trusts(b, s, c);
    buf_adds(b, "</section>\n");
}
