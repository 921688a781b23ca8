/* The judge in report.html: what it left without a verdict, rates with its errors taken into account, and its card. */
#include "reports/html/html_internal.h"

#include <math.h>

#include "reports/visible.h"

static bool any_judged(const Summary *s) {
    for (size_t i = 0; i < s->n_cells; i++)
        if (s->cells[i].judged.asked) return true;
    return false;
}

static void number(Buf *b, int64_t n) {
    buf_addf(b, n ? "<td class=\"num\">%lld</td>" : "<td class=\"num nil\">%lld</td>", (long long)n);
}

static void percent(Buf *b, double share) {
    buf_adds(b, "<td class=\"num\">");
    html__percent(b, share);
    buf_adds(b, "</td>");
}

static void range(Buf *b, double lo, double hi) {
    buf_adds(b, "<td class=\"num\">");
    html__percent(b, lo);
    if (!isnan(hi)) {
        buf_adds(b, " to ");
        html__percent(b, hi);
    }
    buf_adds(b, "</td>");
}

static void text(Buf *b, const char *tag, Str s) {
    buf_addf(b, "<%s>", tag);
    html_escape(b, s);
    buf_addf(b, "</%s>", tag);
}

/* ---- the cells ---- */

static void cell_row(Buf *b, const Summary *s, const SumCell *c) {
    const SumJudged *j = &c->judged;
    buf_adds(b, "<tr>");
    text(b, "td", s->models[c->model].name);
    text(b, "td", str_from(summary_cell_name(s, c, s->arena)));
    number(b, c->counts.scored);
    number(b, j->n_unread);
    number(b, j->n_disputed);
    percent(b, j->observed);
    percent(b, j->corrected);
    range(b, j->lo, j->hi);
    text(b, "td", str_from(summary_calibration_name(j->calibration)));
    buf_adds(b, "</tr>\n");
}

static void cell_table(Buf *b, const Summary *s) {
    buf_adds(b, "<div class=\"scroll\"><table><thead><tr><th>Model</th><th>Suite</th><th class=\"num\">Scored</th>"
                "<th class=\"num\">No verdict</th><th class=\"num\">Disputed</th><th class=\"num\">As counted</th>"
                "<th class=\"num\">Corrected</th><th class=\"num\">95&nbsp;%</th><th>Card</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < s->n_cells; i++)
        if (s->cells[i].judged.asked) cell_row(b, s, &s->cells[i]);
    buf_adds(b, "</tbody></table></div>\n");
}

/* ---- the card ---- */

static void rate(Buf *b, double x, double lower) {
    buf_addf(b, isnan(x) ? "<td class=\"num\">n/a" : "<td class=\"num\">%.3f", x);
    if (!isnan(lower)) buf_addf(b, " (%.3f)", lower);
    buf_adds(b, "</td>");
}

static void part_row(Buf *b, const CalPart *p) {
    buf_adds(b, "<tr>");
    text(b, "td", p->language.p ? p->language : STR("all"));
    number(b, p->n);
    number(b, p->n_unread);
    number(b, p->n_disputed);
    rate(b, p->sensitivity, p->sensitivity_lower);
    rate(b, p->specificity, p->specificity_lower);
    rate(b, p->kappa, p->kappa_lower);
    buf_adds(b, p->meets_bars ? "<td>yes</td>" : "<td>no</td>");
    buf_adds(b, "</tr>\n");
}

static void card(Buf *b, const CalCard *c) {
    buf_adds(b, "<h3>Its calibration</h3>\n<p class=\"note\">Against labels");
    if (c->origin.p) {
        buf_adds(b, " (");
        html_escape(b, c->origin);
        buf_adds(b, ")");
    }
    buf_adds(b, ", made ");
    html_escape(b, c->date);
    buf_adds(b, ", card ");
    html_escape(b, str_sub(c->id, 0, 16));
    buf_adds(b, ". Sensitivity is the share of “");
    html_escape(b, c->positive);
    buf_addf(b,
             "” that the judge finds, specificity the share of others that it leaves alone; in brackets the lower "
             "bound at 95&nbsp;%%. For gates both bounds must reach %.2f, kappa %.2f, and verdicts may be missing in "
             "at most %.0f&nbsp;%% of rows.</p>\n",
             CAL_BAR_RATE, CAL_BAR_KAPPA, 100 * CAL_BAR_UNREAD);
    buf_adds(b,
             "<div class=\"scroll\"><table><thead><tr><th>Language</th><th class=\"num\">Rows</th>"
             "<th class=\"num\">No verdict</th><th class=\"num\">Disputed</th><th class=\"num\">Sensitivity</th>"
             "<th class=\"num\">Specificity</th><th class=\"num\">Kappa</th><th>For gates</th></tr></thead><tbody>\n");
    part_row(b, &c->all);
    for (size_t i = 0; i < c->n_languages; i++) part_row(b, &c->languages[i]);
    buf_adds(b, "</tbody></table></div>\n");
}

static void about(Buf *b, const Summary *s) {
    const SumJudge *j = &s->judge;
    buf_adds(b, "<p class=\"note\">A second model gave these verdicts");
    if (j->digest.p) {
        buf_adds(b, ": weights ");
        html_escape(b, str_sub(j->digest, 0, 16));
        buf_adds(b, ", precision ");
        html_escape(b, j->precision);
        buf_adds(b, ", effort ");
        html_escape(b, j->effort);
    }
    buf_adds(b, ". Each question is put twice, in other words and another order; where the two differ the answer is "
                "disputed. Answers without a verdict and disputed ones have no score.");
    if (s->card) {
        buf_adds(b, " “As counted” is the share that the judge calls “");
        html_escape(b, s->card->positive);
        buf_adds(b,
                 "”, “Corrected” the share that follows from its known errors (Rogan and Gladen), whose uncertainty is "
                 "in the interval.");
    }
    buf_adds(b, "</p>\n");
}

void html__judge(Buf *b, const Summary *s) {
    if (!any_judged(s)) return;
    buf_adds(b, "<section id=\"judge\"><h2>The judge</h2>\n");
    about(b, s);
    cell_table(b, s);
    if (s->card) card(b, s->card);
    buf_adds(b, "</section>\n");
}
