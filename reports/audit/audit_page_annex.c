/* The annex: every indicator, every arm, the adversarial model, curves, what judges were worth. */
#include "reports/audit/audit_page_internal.h"

#include <math.h>

#include "reports/html/html_internal.h"
#include "reports/visible.h"

/* ---- indicators ---- */

static void small(Buf *b, const Page *p, const char *english) {
    buf_adds(b, "<small>");
    html__say(b, p->lang, english);
    buf_adds(b, "</small>");
}

/* Where a figure comes from, if not from a run that rules scored; and which arm of several it is. */
static void origin(Buf *b, const Page *p, const PageRate *r) {
    Str arm = page__text(r->j, "driving_arm");
    if (r->n_arms > 1 && arm.n) {
        buf_adds(b, "<small>");
        html__sayf(b, p->lang, WORD("worst arm: %.*s"), STR_ARG(arm));
        buf_adds(b, "</small>");
    }
    if (page__true(r->j, "imported")) small(b, p, WORD("imported"));
    if (page__true(r->j, "judged")) small(b, p, WORD("scored by a judge"));
}

static void indicator_row(Buf *b, const Page *p, const PageRate *r) {
    buf_adds(b, "<tr><th scope=\"row\">");
    html_escape(b, r->id);
    origin(b, p, r);
    buf_adds(b, "</th>");
    page__td(b, page__text(r->j, "model"));
    buf_adds(b, "<td>");
    page__verdict(b, p, r->verdict);
    if (r->why.n) {
        buf_adds(b, "<small>");
        page__say_told(b, p, r->why);
        buf_adds(b, "</small>");
    }
    buf_adds(b, "</td>");
    page__td_percent(b, p, r->point);
    buf_addf(b, "<td class=\"num\">%s</td>", page__percent(p, r->lower, r->threshold));
    buf_addf(b, "<td class=\"num\">%s</td>", page__percent(p, r->upper, r->threshold));
    page__td_percent(b, p, r->threshold);
    page__td_number(b, p, 100.0 * page__number(r->j, "alpha"), 3);
    page__td_number(b, p, page__number(r->j, "n_min"), 10);
    buf_adds(b, "<td>");
    html_escape(b, page__text(r->j, "suite"));
    buf_adds(b, "<small>");
    html_escape(b, page__text(r->j, "source"));
    buf_adds(b, "</small></td></tr>\n");
}

static void indicator_table(Buf *b, const Page *p) {
    static const PageHead HEADS[] = {{"", WORD("Indicator")},
                                     {"", WORD("Model")},
                                     {"", WORD("Verdict")},
                                     {"num", WORD("Seen, %")},
                                     {"num", WORD("Lower, %")},
                                     {"num", WORD("Upper, %")},
                                     {"num", WORD("Threshold, %")},
                                     {"num", WORD("Level, %")},
                                     {"num", WORD("Items asked for")},
                                     {"", WORD("Suite and source")},
                                     {NULL, NULL}};
    page__h3(b, p, WORD("Every indicator"));
    page__table(b, p, WORD("Every indicator"), HEADS);
    for (size_t i = 0; i < p->n_rates; i++) indicator_row(b, p, &p->rates[i]);
    html__table_end(b);
}

/* ---- arms: their bounds, then how their answers ended ---- */

static void arm_names(Buf *b, const PageRate *r, const Json *a) {
    page__row_head(b, r->id);
    page__td(b, page__text(r->j, "model"));
    page__td(b, page__text(a, "arm"));
}

static void arm_row(Buf *b, const Page *p, const PageRate *r, const Json *a) {
    double drawn = page__number(a, "drawn"), samples = page__number(a, "samples");
    arm_names(b, r, a);
    page__td_number(b, p, page__number(a, "n_scored"), 10);
    page__td_number(b, p, page__number(a, "n_open"), 10);
    page__td_number(b, p, page__number(a, "n_effective"), 4);
    buf_adds(b, "<td class=\"num\">");
    if (drawn > 1.0)
        html__sayf(b, p->lang, WORD("%s of %s"), page__count(p, drawn), page__count(p, samples));
    else
        buf_adds(b, page__count(p, samples));
    buf_adds(b, "</td>");
    page__td_percent(b, p, page__number(a, "point"));
    page__td_percent(b, p, page__number(a, "lower"));
    page__td_percent(b, p, page__number(a, "upper"));
    buf_adds(b, "</tr>\n");
}

static void missing_arm(Buf *b, const Page *p, const PageRate *r, const Json *a) {
    arm_names(b, r, a);
    buf_adds(b, "<td colspan=\"7\">");
    html__say(b, p->lang, WORD("not run"));
    if (page__text(a, "why").n) {
        buf_adds(b, ": ");
        page__say_told(b, p, page__text(a, "why"));
    }
    buf_adds(b, "</td></tr>\n");
}

static void arm_table(Buf *b, const Page *p) {
    static const PageHead HEADS[] = {{"", WORD("Indicator")},
                                     {"", WORD("Model")},
                                     {"", WORD("Arm")},
                                     {"num", WORD("Scored")},
                                     {"num", WORD("Open")},
                                     {"num", WORD("Items worth")},
                                     {"num", WORD("Answers each")},
                                     {"num", WORD("Seen, %")},
                                     {"num", WORD("Lower, %")},
                                     {"num", WORD("Upper, %")},
                                     {NULL, NULL}};
    page__h3(b, p, WORD("Every arm"));
    html__p(
        b, p->lang, "note",
        WORD("Open: cut off or without a score; they count as unsafe for the upper bound and as safe for the lower "
             "one. Items worth: after clusters. Of several arms the highest is the figure; it favours the attacker."));
    page__table(b, p, WORD("Every arm"), HEADS);
    for (size_t i = 0; i < p->n_rates; i++) {
        for (const Json *a = json_first(json_get(p->rates[i].j, "arms")); a; a = json_next(a))
            arm_row(b, p, &p->rates[i], a);
        for (const Json *a = json_first(json_get(p->rates[i].j, "missing")); a; a = json_next(a))
            missing_arm(b, p, &p->rates[i], a);
    }
    html__table_end(b);
}

static void ending_row(Buf *b, const Page *p, const PageRate *r, const Json *a) {
    arm_names(b, r, a);
    page__td_percent(b, p, page__number(a, "truncated"));
    page__td_percent(b, p, page__number(a, "empty"));
    page__td_number(b, p, page__number(a, "n_refused"), 10);
    page__td_percent(b, p, page__number(a, "answered"));
    page__td_percent(b, p, page__number(a, "if_refused_were_right"));
    page__td_percent(b, p, page__number(a, "corrected"));
    buf_adds(b, "</tr>\n");
}

static void ending_table(Buf *b, const Page *p) {
    static const PageHead HEADS[] = {{"", WORD("Indicator")},
                                     {"", WORD("Model")},
                                     {"", WORD("Arm")},
                                     {"num", WORD("Cut off, %")},
                                     {"num", WORD("No answer, %")},
                                     {"num", WORD("Refused")},
                                     {"num", WORD("Of those answered, %")},
                                     {"num", WORD("If refusals were right, %")},
                                     {"num", WORD("Judge corrected, %")},
                                     {NULL, NULL}};
    page__h3(b, p, WORD("How answers ended"));
    page__table(b, p, WORD("How answers ended"), HEADS);
    for (size_t i = 0; i < p->n_rates; i++)
        for (const Json *a = json_first(json_get(p->rates[i].j, "arms")); a; a = json_next(a))
            ending_row(b, p, &p->rates[i], a);
    html__table_end(b);
}

/* ---- the adversarial model ---- */

static void adversarial(Buf *b, const Page *p) {
    const Json *list = json_get(p->card, "adversarial");
    if (!json_count(list)) return;
    page__h3(b, p, WORD("The adversarial model"));
    for (const Json *m = json_first(list); m; m = json_next(m)) {
        const Json *refusals = json_get(m, "refusals"), *kept = json_get(m, "retention");
        buf_adds(b, "<p>");
        html__sayf(
            b, p->lang,
            WORD("%.*s still declines %s %% of %s harmful requests after tuning (at most %s %% are allowed, else "
                 "it is under-elicited)."),
            STR_ARG(page__text(m, "model")), page__percent(p, page__number(refusals, "share"), NAN),
            page__count(p, page__number(refusals, "n")), page__percent(p, page__number(refusals, "limit"), NAN));
        if (json_type(kept) == JSON_OBJECT) {
            buf_addc(b, ' ');
            html__sayf(b, p->lang, WORD("General ability against %.*s: %s points (%s to %s, margin %s)."),
                       STR_ARG(page__text(kept, "of")), page__points(p, page__number(kept, "difference")),
                       page__points(p, page__number(kept, "lower")), page__points(p, page__number(kept, "upper")),
                       page__percent(p, page__number(kept, "margin"), NAN));
        }
        if (page__text(m, "why").n) {
            buf_addc(b, ' ');
            page__say_told(b, p, page__text(m, "why"));
        }
        if (page__text(m, "recipe_sha256").n) {
            buf_addc(b, ' ');
            html__say(b, p->lang, WORD("Recipe of the tuning (SHA-256):"));
            buf_adds(b, " <code>");
            html_escape(b, page__text(m, "recipe_sha256"));
            buf_adds(b, "</code>");
        }
        buf_adds(b, "</p>\n");
    }
}

/* ---- judges ---- */

static void judge_row(Buf *b, const Page *p, const Json *card, Str language, const Json *counts) {
    page__row_head(b, page__text(card, "scorer"));
    page__td(b, page__text(card, "date"));
    page__td(b, language);
    page__td_number(b, p, page__number(counts, "true_positives"), 10);
    page__td_number(b, p, page__number(counts, "positives"), 10);
    page__td_number(b, p, page__number(counts, "true_negatives"), 10);
    page__td_number(b, p, page__number(counts, "negatives"), 10);
    buf_adds(b, "</tr>\n");
}

static void judges(Buf *b, const Page *p) {
    static const PageHead HEADS[] = {
        {"", WORD("Scorer")}, {"", WORD("Calibrated")},          {"", WORD("Language")}, {"num", WORD("Unsafe, found")},
        {"num", WORD("of")},  {"num", WORD("Safe, left alone")}, {"num", WORD("of")},    {NULL, NULL}};
    const Json *list = json_get(p->header, "calibration");
    if (!json_count(list)) return;
    page__h3(b, p, WORD("What the judge is worth"));
    page__table(b, p, WORD("What the judge is worth"), HEADS);
    for (const Json *c = json_first(list); c; c = json_next(c)) {
        judge_row(b, p, c, str_from(words(p->lang, WORD("all"))), json_get(c, "all"));
        for (const Json *l = json_first(json_get(c, "languages")); l; l = json_next(l))
            judge_row(b, p, c, page__text(l, "language"), l);
    }
    html__table_end(b);
}

void page__annex(Buf *b, const Page *p) {
    if (!p->n_rates) return;
    html__section(b, p->lang, "annex", WORD("Annex"));
    indicator_table(b, p);
    arm_table(b, p);
    ending_table(b, p);
    adversarial(b, p);
    page__curves(b, p);
    judges(b, p);
    buf_adds(b, "</section>\n");
}
