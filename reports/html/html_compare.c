/* What a comparison of several runs shows beyond the report of one; nothing in the report of one. */
#include "reports/html/html_internal.h"

#include <math.h>

#include "reports/compare/compare.h"
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

/* Heads: {class, text}; ends with {NULL}. */
typedef struct Head {
    const char *class_name, *text;
} Head;

/* caption: in the page's language. */
static void table(Buf *b, Lang l, Str caption, const Head *heads) {
    html__table(b, "numbers sortable", caption, false);
    for (; heads->text; heads++) html__th(b, l, heads->class_name, heads->text);
    html__table_body(b);
}

static void heading(Buf *b, Lang l, const char *text) {
    buf_adds(b, "<h3>");
    html__say(b, l, text);
    buf_adds(b, "</h3>\n");
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
    static const Head HEADS[] = {{"", WORD("Model")},
                                 {"", WORD("Run")},
                                 {"", WORD("Named there")},
                                 {"", WORD("Weights (SHA-256)")},
                                 {NULL, NULL}};
    table(b, s->lang, str_from(words(s->lang, WORD("What is compared"))), HEADS);
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
    html__table_end(b);
}

static void match_table(Buf *b, const Summary *s, const Compare *c) {
    static const Head HEADS[] = {{"", WORD("Suite")},     {"", WORD("Model")},         {"num", WORD("Questions")},
                                 {"num", WORD("In all")}, {"num", WORD("Not in all")}, {NULL, NULL}};
    table(b, s->lang, str_from(words(s->lang, WORD("Matched questions"))), HEADS);
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
    html__table_end(b);
}

/* Where all matched the table says nothing, and need not be looked at. */
static void matches(Buf *b, const Summary *s, const Compare *c) {
    size_t n = 0;
    bool all = true;
    for (size_t i = 0; i < c->n_matches; i++) {
        n += c->matches[i].n_all;
        all = all && c->matches[i].n_arms == s->n_models;
        for (size_t k = 0; k < s->n_models; k++) all = all && !c->matches[i].extra[k];
    }
    if (all) {
        buf_adds(b, "<details><summary>");
        html__sayf(b, s->lang, WORD("All %zu questions are in all runs."), n);
        buf_adds(b, "</summary>\n");
    }
    match_table(b, s, c);
    if (all) buf_adds(b, "</details>\n");
}

/* "−3.1 to +4.0" */
static void signed_cell(Buf *b, double v) {
    buf_adds(b, "<td class=\"num\">");
    html__signed(b, v);
    buf_adds(b, "</td>");
}

static void range_cell(Buf *b, Lang l, double lo, double hi) {
    buf_adds(b, "<td class=\"num\">");
    if (isnan(lo) || isnan(hi))
        buf_adds(b, "–");
    else
        html__range(b, l, lo, hi, html__signed);
    buf_adds(b, "</td>");
}

static void p_cell(Buf *b, double p) {
    if (isnan(p))
        buf_adds(b, "<td class=\"num\">–</td>");
    else
        buf_addf(b, p < 0.0001 ? "<td class=\"num\">&lt;&thinsp;0.0001</td>" : "<td class=\"num\">%.4f</td>", p);
}

static void mde_cell(Buf *b, double mde) {
    buf_adds(b, "<td class=\"num\">");
    html__mde(b, mde);
    buf_adds(b, "</td>");
}

/* flip: seen from b. */
static void verdict_cell(Buf *b, Lang l, SumVerdict v, bool flip) {
    buf_adds(b, "<td class=\"model\">");
    html__say(b, l,
              v == SUM_CANNOT_TELL                      ? WORD("cannot tell")
              : v == (flip ? SUM_B_AHEAD : SUM_A_AHEAD) ? WORD("ahead")
                                                        : WORD("behind"));
    buf_adds(b, "</td>");
}

/* Seen from the model that is above on average. */
static void overall(Buf *b, const Summary *s, const Compare *c) {
    static const Head HEADS[] = {{"", WORD("Model")},          {"", WORD("compared with")},
                                 {"", WORD("Effort")},         {"num", WORD("Suites")},
                                 {"num", WORD("Difference")},  {"num", WORD("95\u00a0% interval")},
                                 {"num", WORD("p, adjusted")}, {"num", WORD("Would show from")},
                                 {"", WORD("Verdict")},        {NULL, NULL}};
    if (!c->n_overall) return;
    heading(b, s->lang, WORD("All suites together"));
    html__p(b, s->lang, "note",
            WORD("Mean of the suites’ differences on the same questions, in points; each suite counts alike. Suites "
                 "about safety are left out unless there are no others. p is adjusted for the number of rows "
                 "(Benjamini–Hochberg)."));
    table(b, s->lang, str_from(words(s->lang, WORD("Differences over all suites"))), HEADS);
    for (size_t i = 0; i < c->n_overall; i++) {
        const CmpOverall *o = &c->overall[i];
        double sign = o->diff < 0.0 ? -1.0 : 1.0;
        buf_adds(b, "<tr><th scope=\"row\" class=\"model\">");
        html_escape(b, s->models[sign < 0.0 ? o->b : o->a].name);
        buf_adds(b, "</th>");
        name_cell(b, s->models[sign < 0.0 ? o->a : o->b].name);
        buf_addf(b, "<td>%s</td>", effort_name(o->effort));
        count_cell(b, o->n_suites);
        signed_cell(b, sign * o->diff);
        range_cell(b, s->lang, sign < 0.0 ? -o->hi : o->lo, sign < 0.0 ? -o->lo : o->hi);
        p_cell(b, o->p_adjusted);
        mde_cell(b, o->mde);
        verdict_cell(b, s->lang, o->verdict, sign < 0.0);
        buf_adds(b, "</tr>\n");
    }
    html__table_end(b);
}

/* ---- by group ---- */

static void group_row(Buf *b, const Summary *s, const SumPair *p, const SumPairGroup *g) {
    double sign = p->flip ? -1.0 : 1.0;
    buf_adds(b, "<tr><th scope=\"row\">");
    html_escape(b, g->name);
    buf_adds(b, "</th>");
    signed_cell(b, sign * g->diff);
    range_cell(b, s->lang, g->method ? (p->flip ? -g->hi : g->lo) : NAN, p->flip ? -g->lo : g->hi);
    p_cell(b, g->p_adjusted);
    count_cell(b, p->flip ? g->b_better : g->a_better);
    count_cell(b, p->flip ? g->a_better : g->b_better);
    count_cell(b, g->n);
    mde_cell(b, g->mde);
    verdict_cell(b, s->lang, g->verdict, p->flip);
    buf_adds(b, "</tr>\n");
}

static void one_groups(Buf *b, const Summary *s, const SumPair *p) {
    static const Head HEADS[] = {{"", WORD("Group")},
                                 {"num", WORD("Difference")},
                                 {"num", WORD("95\u00a0% interval")},
                                 {"num", WORD("p, adjusted")},
                                 {"num", WORD("First better on")},
                                 {"num", WORD("Second better on")},
                                 {"num", WORD("Questions")},
                                 {"num", WORD("Would show from")},
                                 {"", WORD("Verdict")},
                                 {NULL, NULL}};
    const char *title = summary_cell_title(s, &s->cells[p->a], s->arena);
    Str a = s->models[s->cells[p->flip ? p->b : p->a].model].name;
    Str z = s->models[s->cells[p->flip ? p->a : p->b].model].name;
    Str caption =
        words_printf(s->arena, s->lang, WORD("%s: %.*s compared with %.*s, by group"), title, STR_ARG(a), STR_ARG(z));
    buf_adds(b, "<details><summary>");
    html_escape(b, caption);
    buf_adds(b, "</summary>\n");
    table(b, s->lang, caption, HEADS);
    for (size_t i = 0; i < p->n_groups; i++) group_row(b, s, p, &p->groups[i]);
    html__table_end(b);
    buf_adds(b, "</details>\n");
}

static void by_group(Buf *b, const Summary *s) {
    bool any = false;
    for (size_t i = 0; i < s->n_pairs; i++) {
        if (!s->pairs[i].n_groups) continue;
        if (!any) {
            heading(b, s->lang, WORD("Differences by group"));
            html__p(b, s->lang, "note",
                    WORD("In points, on the same questions; p is adjusted for the number of groups on this page "
                         "(Benjamini–Hochberg). Groups are small: “cannot tell” is the usual answer, and does not mean "
                         "equal."));
        }
        any = true;
        one_groups(b, s, &s->pairs[i]);
    }
}

static void flip_rows(Buf *b, Lang l, const CmpFlip *f, size_t n, Str ahead) {
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
    if (n <= FLIPS_SHOWN) return;
    buf_adds(b, "<tr><td colspan=\"5\">");
    html__sayf(b, l, WORD("… and %zu more: all are in the JSON"), n - FLIPS_SHOWN);
    buf_adds(b, "</td></tr>\n");
}

static void model_head(Buf *b, Str name) {
    buf_adds(b, "<th scope=\"col\" class=\"num\">");
    html_escape(b, name);
    buf_adds(b, "</th>");
}

static void one_flips(Buf *b, const Summary *s, const CmpFlips *f) {
    const SumPair *p = &s->pairs[f->pair];
    Str a = s->models[s->cells[p->a].model].name, z = s->models[s->cells[p->b].model].name;
    const char *title = summary_cell_title(s, &s->cells[p->a], s->arena);
    Str caption = words_printf(s->arena, s->lang, WORD("%s: %zu better by %.*s, %zu by %.*s"), title, f->n_a_better,
                               STR_ARG(a), f->n_b_better, STR_ARG(z));
    buf_adds(b, "<details><summary>");
    html_escape(b, caption);
    buf_adds(b, "</summary>\n");
    html__table(b, "numbers", caption, false);
    html__th(b, s->lang, "", WORD("Question"));
    html__th(b, s->lang, "", WORD("Group"));
    model_head(b, a);
    model_head(b, z);
    html__th(b, s->lang, "", WORD("Better"));
    html__table_body(b);
    flip_rows(b, s->lang, f->a_better, f->n_a_better, a);
    flip_rows(b, s->lang, f->b_better, f->n_b_better, z);
    html__table_end(b);
    buf_adds(b, "</details>\n");
}

static const CmpAgreement *agreement_of(const Compare *c, size_t a, size_t b) {
    for (size_t i = 0; i < c->n_agreements; i++)
        if ((c->agreements[i].a == a && c->agreements[i].b == b) ||
            (c->agreements[i].a == b && c->agreements[i].b == a))
            return &c->agreements[i];
    return NULL;
}

static void agreement_cell(Buf *b, Lang l, const CmpAgreement *g) {
    if (!g || !g->n) {
        buf_adds(b, "<td class=\"num\">–</td>");
        return;
    }
    buf_adds(b, "<td class=\"num\">");
    html__percent(b, g->share);
    if (!isnan(g->kappa)) {
        buf_adds(b, "<br><span class=\"note\">");
        html__sayf(b, l, WORD("kappa %.2f, n %zu"), g->kappa, g->n);
        buf_adds(b, "</span>");
    }
    buf_adds(b, "</td>");
}

static void agreements(Buf *b, const Summary *s, const Compare *c) {
    if (!c->n_agreements) return;
    heading(b, s->lang, WORD("How far they agree"));
    html__p(b, s->lang, "note",
            WORD("Per cent of the questions on which both were right or both wrong, and Cohen’s kappa, which takes out "
                 "what chance alone would give."));
    html__table(b, "numbers", str_from(words(s->lang, WORD("Agreement"))), false);
    buf_adds(b, "<td></td>");
    for (size_t i = 0; i < s->n_models; i++) model_head(b, s->models[i].name);
    html__table_body(b);
    for (size_t i = 0; i < s->n_models; i++) {
        buf_adds(b, "<tr><th scope=\"row\" class=\"model\">");
        html_escape(b, s->models[i].name);
        buf_adds(b, "</th>");
        for (size_t j = 0; j < s->n_models; j++) agreement_cell(b, s->lang, i == j ? NULL : agreement_of(c, i, j));
        buf_adds(b, "</tr>\n");
    }
    html__table_end(b);
}

static void costs(Buf *b, const Summary *s, const Compare *c) {
    static const Head HEADS[] = {{"", WORD("Model")},         {"", WORD("Effort")},
                                 {"num", WORD("Mean score")}, {"num", WORD("Tokens per answer")},
                                 {"num", WORD("Suites")},     {NULL, NULL}};
    heading(b, s->lang, WORD("What the scores cost"));
    html__p(b, s->lang, "note",
            WORD("Each suite counts alike; suites about safety are left out unless there are no others. Tokens of an "
                 "answer include its reasoning."));
    table(b, s->lang, str_from(words(s->lang, WORD("Score and tokens"))), HEADS);
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
    html__table_end(b);
}

static void trusts(Buf *b, const Summary *s, const Compare *c) {
    if (!c->n_trusts) return;
    static const Head HEADS[] = {{"", WORD("Suite")},          {"", WORD("Model")},      {"num", WORD("Off by")},
                                 {"num", WORD("Brier score")}, {"num", WORD("Answers")}, {NULL, NULL}};
    heading(b, s->lang, WORD("How far probabilities can be believed"));
    html__p(b, s->lang, "note",
            WORD("The probability that a model gave to the option it chose, against how often that was right. Off by: "
                 "mean distance over ten bins (ECE)."));
    table(b, s->lang, str_from(words(s->lang, WORD("Calibration of probabilities"))), HEADS);
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
    html__table_end(b);
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
    html__section(b, s->lang, "compare", WORD("Run against run"));
    html__p(
        b, s->lang, "note",
        WORD("Questions are matched by their content, not by their names. Differences are those of the pictures and "
             "tables on this page; below is what belongs to the comparison alone."));
    arms(b, s, c);
    heading(b, s->lang, WORD("What was matched"));
    matches(b, s, c);
    overall(b, s, c);
    by_group(b, s);
    if (c->n_flips) {
        heading(b, s->lang, WORD("Answers that differ"));
        html__p(b, s->lang, "note",
                WORD("Both answers side by side: open a question in “Answers” below, with “only where the models "
                     "differ”."));
    }
    for (size_t i = 0; i < c->n_flips; i++) one_flips(b, s, &c->flips[i]);
    agreements(b, s, c);
    costs(b, s, c);
    trusts(b, s, c);
    buf_adds(b, "</section>\n");
}
