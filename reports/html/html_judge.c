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

static void range(Buf *b, Lang lang, double lo, double hi) {
    buf_adds(b, "<td class=\"num\">");
    if (isnan(hi))
        html__percent(b, lo);
    else
        html__range(b, lang, lo, hi, html__percent);
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
    range(b, s->lang, j->lo, j->hi);
    text(b, "td", str_from(words(s->lang, summary_calibration_name(j->calibration))));
    buf_adds(b, "</tr>\n");
}

static void cell_table(Buf *b, const Summary *s) {
    Lang l = s->lang;
    html__table(b, "sortable", str_from(words(l, WORD("Verdicts of the judge"))), false);
    html__th(b, l, "", WORD("Model"));
    html__th(b, l, "", WORD("Suite"));
    html__th(b, l, "num", WORD("Scored"));
    html__th(b, l, "num", WORD("No verdict"));
    html__th(b, l, "num", WORD("Disputed"));
    html__th(b, l, "num", WORD("As counted"));
    html__th(b, l, "num", WORD("Corrected"));
    html__th(b, l, "num", WORD("95\u00a0% interval"));
    html__th(b, l, "", WORD("Card"));
    html__table_body(b);
    for (size_t i = 0; i < s->n_cells; i++)
        if (s->cells[i].judged.asked) cell_row(b, s, &s->cells[i]);
    html__table_end(b);
}

/* Which rates correct the questions of which language; the same in every cell, so each language is told of once. */
static void language_note(Buf *b, Lang l, const SumJudgedLang *j) {
    long long positives = j->part ? j->part->positives : 0, negatives = j->part ? j->part->negatives : 0;
    buf_addc(b, ' ');
    if (!j->language.p)
        html__say(b, l, WORD("Questions without a language are corrected by the judge's rates over all rows."));
    else if (j->own)
        html__sayf(b, l,
                   WORD("Questions in the language “%.*s” are corrected by the judge's rates in it (%lld positive rows "
                        "and %lld negative ones)."),
                   STR_ARG(j->language), positives, negatives);
    else
        html__sayf(
            b, l,
            WORD(
                "Questions in the language “%.*s” are corrected by the judge's rates over all rows: the card has "
                "%lld positive rows and %lld negative ones in it, and %d of each are needed; how far the judge differs "
                "there is not in the interval."),
            STR_ARG(j->language), positives, negatives, CAL_LANGUAGE_LEAST);
}

static bool told_before(const Summary *s, size_t cell, Str language) {
    for (size_t i = 0; i < cell; i++) {
        const SumJudged *j = &s->cells[i].judged;
        for (size_t k = 0; j->calibration == SUM_CALIBRATED && k < j->n_languages; k++)
            if (j->languages[k].language.p ? language.p && str_eq(j->languages[k].language, language) : !language.p)
                return true;
    }
    return false;
}

static bool any_corrected(const Summary *s) {
    for (size_t i = 0; i < s->n_cells; i++)
        if (s->cells[i].judged.asked && s->cells[i].judged.calibration == SUM_CALIBRATED) return true;
    return false;
}

static void language_notes(Buf *b, const Summary *s) {
    if (!any_corrected(s)) return;
    buf_adds(b, "<p class=\"note\">");
    html__say(b, s->lang,
              WORD("An interval after correction is never narrower than that of the share as counted; questions of one "
                   "cluster count together in both."));
    for (size_t i = 0; i < s->n_cells; i++) {
        const SumJudged *j = &s->cells[i].judged;
        for (size_t k = 0; j->calibration == SUM_CALIBRATED && k < j->n_languages; k++)
            if (!told_before(s, i, j->languages[k].language)) language_note(b, s->lang, &j->languages[k]);
    }
    buf_adds(b, "</p>\n");
}

/* ---- the card ---- */

static void rate(Buf *b, double x, double lower) {
    if (isnan(x))
        buf_adds(b, "–");
    else
        buf_addf(b, "%.3f", x);
    if (!isnan(lower)) buf_addf(b, " (%.3f)", lower);
}

/* "18/20 = 0.900 (0.717)" */
static void counted_rate(Buf *b, int64_t k, int64_t n, double x, double lower) {
    buf_addf(b, "<td class=\"num\">%lld/%lld = ", (long long)k, (long long)n);
    rate(b, x, lower);
    buf_adds(b, "</td>");
}

static void part_row(Buf *b, Lang lang, const CalPart *p) {
    buf_adds(b, "<tr>");
    text(b, "td", p->language.p ? p->language : str_from(words(lang, WORD("all"))));
    number(b, p->n);
    number(b, p->n_unread);
    number(b, p->n_disputed);
    counted_rate(b, p->true_positives, p->positives, p->sensitivity, p->sensitivity_lower);
    counted_rate(b, p->true_negatives, p->negatives, p->specificity, p->specificity_lower);
    buf_adds(b, "<td class=\"num\">");
    rate(b, p->kappa, p->kappa_lower);
    buf_adds(b, "</td>");
    text(b, "td", str_from(words(lang, p->meets_bars ? WORD("yes") : WORD("no"))));
    buf_adds(b, "</tr>\n");
}

static void card_words(Buf *b, Lang l, const CalCard *c) {
    Str id = str_sub(c->id, 0, 16);
    buf_adds(b, "<p class=\"note\">");
    if (c->origin.p)
        html__sayf(b, l, WORD("Against labels (%.*s), made %.*s, card %.*s."), STR_ARG(c->origin), STR_ARG(c->date),
                   STR_ARG(id));
    else
        html__sayf(b, l, WORD("Against labels, made %.*s, card %.*s."), STR_ARG(c->date), STR_ARG(id));
    buf_addc(b, ' ');
    html__sayf(b, l,
               WORD("Sensitivity is the share of “%.*s” that the judge finds, specificity the share of others that it "
                    "leaves alone; in brackets the lower bound at 95\u00a0%%. For gates both bounds must reach %.2f, "
                    "kappa %.2f, and verdicts may be missing in at most %.0f\u00a0%% of rows."),
               STR_ARG(c->positive), CAL_BAR_RATE, CAL_BAR_KAPPA, 100 * CAL_BAR_UNREAD);
    buf_adds(b, "</p>\n");
}

static void card(Buf *b, Lang l, const CalCard *c) {
    const char *title = WORD("Its calibration");
    buf_adds(b, "<h3>");
    html__say(b, l, title);
    buf_adds(b, "</h3>\n");
    card_words(b, l, c);
    html__table(b, "sortable", str_from(words(l, title)), false);
    html__th(b, l, "", WORD("Language"));
    html__th(b, l, "num", WORD("Rows"));
    html__th(b, l, "num", WORD("No verdict"));
    html__th(b, l, "num", WORD("Disputed"));
    html__th(b, l, "num", WORD("Sensitivity"));
    html__th(b, l, "num", WORD("Specificity"));
    html__th(b, l, "num", WORD("Kappa"));
    html__th(b, l, "", WORD("For gates"));
    html__table_body(b);
    part_row(b, l, &c->all);
    for (size_t i = 0; i < c->n_languages; i++) part_row(b, l, &c->languages[i]);
    html__table_end(b);
}

static void about(Buf *b, const Summary *s) {
    const SumJudge *j = &s->judge;
    Str digest = str_sub(j->digest, 0, 16);
    buf_adds(b, "<p class=\"note\">");
    if (j->digest.p && j->effort.p)
        html__sayf(b, s->lang, WORD("A second model gave these verdicts: weights %.*s, precision %.*s, effort %.*s."),
                   STR_ARG(digest), STR_ARG(j->precision), STR_ARG(j->effort));
    else if (j->digest.p)
        html__sayf(b, s->lang, WORD("A second model gave these verdicts: weights %.*s."), STR_ARG(digest));
    else
        html__say(b, s->lang, WORD("A second model gave these verdicts."));
    buf_addc(b, ' ');
    html__say(b, s->lang,
              WORD("Unless a suite asks for one pass alone, each question is put twice, in other words and another "
                   "order; where the two differ the answer is disputed. Answers without a verdict and disputed ones "
                   "have no score."));
    if (s->card) {
        buf_addc(b, ' ');
        html__sayf(
            b, s->lang,
            WORD("“As counted” is the share that the judge calls “%.*s”, “Corrected” the share that follows from "
                 "its known errors (Rogan and Gladen), whose uncertainty is in the interval."),
            STR_ARG(s->card->positive));
    }
    buf_adds(b, "</p>\n");
}

void html__judge(Buf *b, const Summary *s) {
    if (!any_judged(s)) return;
    html__section(b, s->lang, "judge", WORD("The judge"));
    about(b, s);
    cell_table(b, s);
    if (s->card) {
        language_notes(b, s);
        card(b, s->lang, s->card);
    }
    buf_adds(b, "</section>\n");
}
