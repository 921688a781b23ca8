#include "reports/html/html_internal.h"

#include <math.h>

#include "reports/visible.h"

void html__percent(Buf *b, double share) {
    if (isnan(share))
        buf_adds(b, "–");
    else
        buf_addf(b, "%s%.1f", share < 0.0 ? "−" : "", fabs(100.0 * share));
}

void html__signed(Buf *b, double share) {
    double v = round(1000.0 * share) / 10.0;
    if (isnan(share))
        buf_adds(b, "–");
    else
        buf_addf(b, "%s%.1f", v > 0.0 ? "+" : v < 0.0 ? "−" : "", fabs(v));
}

void html__mde(Buf *b, double mde) {
    if (mde > 1.0)
        buf_adds(b, "–");
    else
        html__percent(b, mde);
}

void html__range(Buf *b, Lang lang, double lo, double hi, void (*number)(Buf *, double)) {
    Buf x, y;
    buf_init(&x, 64), buf_init(&y, 64);
    number(&x, lo), number(&y, hi);
    buf_addc(&x, 0), buf_addc(&y, 0);
    if (x.failed || y.failed)
        b->failed = true;
    else
        html__sayf(b, lang, WORD("%s to %s"), x.p, y.p);
    buf_release(&x), buf_release(&y);
}

/* Percent-encodes everything that is not plainly safe in a fragment. */
static void url_escape(Buf *b, Str s) {
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool safe = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                    c == '_' || c == '.';
        buf_addf(b, safe ? "%c" : "%%%02X", c);
    }
}

void html__filter_link(Buf *b, const Summary *s, const SumCell *c, unsigned outcome) {
    buf_adds(b, "<a href=\"#model=");
    url_escape(b, s->models[c->model].name);
    buf_adds(b, "&amp;suite=");
    url_escape(b, s->suites[c->suite].name);
    if (outcome < OUTCOME_COUNT) buf_addf(b, "&amp;outcome=%s", outcome_name(outcome));
    buf_adds(b, "\">");
}

PairView html__pair_view(const Summary *s, const SumPair *p) {
    const SumModel *a = &s->models[s->cells[p->a].model], *b = &s->models[s->cells[p->b].model];
    PairView v = {.first = a, .second = b, .verdict = WORD("cannot tell")};
    v.diff = p->diff, v.lo = p->lo, v.hi = p->hi, v.bound_lo = p->bound_lo, v.bound_hi = p->bound_hi;
    v.first_better = p->a_better, v.second_better = p->b_better;
    if (p->flip) {
        v.first = b, v.second = a;
        v.diff = -p->diff, v.lo = -p->hi, v.hi = -p->lo, v.bound_lo = -p->bound_hi, v.bound_hi = -p->bound_lo;
        v.first_better = p->b_better, v.second_better = p->a_better;
    }
    v.first_model = (size_t)(v.first - s->models);
    if (p->verdict != SUM_CANNOT_TELL)
        v.verdict = p->verdict == (p->flip ? SUM_B_AHEAD : SUM_A_AHEAD) ? WORD("ahead") : WORD("behind");
    return v;
}

static void cell_int(Buf *b, int64_t n) {
    buf_addf(b, n ? "<td class=\"num\">%lld</td>" : "<td class=\"num nil\">%lld</td>", (long long)n);
}

static void cell_text(Buf *b, Str s) {
    buf_adds(b, "<td>");
    html_escape(b, s);
    buf_adds(b, "</td>");
}

static void cell_model(Buf *b, Str name) {
    buf_adds(b, "<td class=\"model\" title=\"");
    html_escape_attr(b, name);
    buf_adds(b, "\">");
    html_escape(b, name);
    buf_adds(b, "</td>");
}

/* method: NULL if there is no interval. */
static void cell_range(Buf *b, Lang lang, double lo, double hi, const char *method, void (*number)(Buf *, double)) {
    if (!method) {
        buf_adds(b, "<td class=\"num nil\">–</td>");
        return;
    }
    buf_adds(b, "<td class=\"num\" title=\"");
    html__method(b, lang, method);
    buf_adds(b, "\">");
    html__range(b, lang, lo, hi, number);
    buf_adds(b, "</td>");
}

static void cell_number(Buf *b, double x, void (*number)(Buf *, double)) {
    buf_adds(b, "<td class=\"num\">");
    number(b, x);
    buf_adds(b, "</td>");
}

/* ---- results ---- */

static void outcome_cells(Buf *b, const Summary *s, const SumCell *c) {
    for (unsigned o = 0; o < OUTCOME_COUNT; o++) {
        int64_t n = c->counts.outcome[o];
        if (n == 0 || !c->primary) {
            cell_int(b, n);
            continue;
        }
        buf_adds(b, "<td class=\"num\">");
        html__filter_link(b, s, c, o);
        buf_addf(b, "%lld</a></td>", (long long)n);
    }
}

/* span: rows that share the suite's name, 0 behind the first of them. */
static void result_row(Buf *b, const Summary *s, const SumCell *c, size_t span) {
    buf_addf(b, "<tr%s>", span ? " class=\"first\"" : "");
    if (span) {
        buf_addf(b, "<th scope=\"rowgroup\" rowspan=\"%zu\">", span);
        html_escape(b, str_from(summary_cell_title(s, c, s->arena)));
        buf_adds(b, "</th>");
    }
    cell_model(b, s->models[c->model].name);
    cell_number(b, c->est.mean, html__percent);
    cell_range(b, s->lang, c->est.lo, c->est.hi, c->est.method, html__percent);
    buf_adds(b, "<td class=\"num\">");
    html__filter_link(b, s, c, OUTCOME_COUNT);
    buf_addf(b, "%lld</a></td>", (long long)c->counts.total);
    outcome_cells(b, s, c);
    if (c->counts.open)
        cell_range(b, s->lang, c->bound_lo, c->bound_hi, isnan(c->bound_lo) ? NULL : "bounds", html__percent);
    else
        buf_adds(b, "<td class=\"num nil\">–</td>");
    buf_addf(b, "<td class=\"num\">%.0f</td>", c->counts.total ? (double)c->tokens / (double)c->counts.total : 0.0);
    cell_int(b, c->counts.malformed);
    buf_adds(b, "</tr>\n");
}

static void outcome_heads(Buf *b, Lang lang) {
    for (unsigned o = 0; o < OUTCOME_COUNT; o++) html__th(b, lang, "num", outcome_words(o));
}

static void score_heads(Buf *b, Lang lang) {
    html__th(b, lang, "", WORD("Model"));
    html__th(b, lang, "num", WORD("Score"));
    html__th(b, lang, "num", WORD("95\u00a0% interval"));
    html__th(b, lang, "num", WORD("Answers"));
    outcome_heads(b, lang);
}

void html__result_table(Buf *b, const Summary *s) {
    html__table(b, "numbers sortable", str_from(words(s->lang, WORD("All results"))), false);
    html__th(b, s->lang, "", WORD("Suite"));
    score_heads(b, s->lang);
    html__th(b, s->lang, "num", WORD("If open ones counted"));
    html__th(b, s->lang, "num", WORD("Tokens each"));
    html__th(b, s->lang, "num", WORD("Malformed"));
    html__table_body(b);
    for (size_t i = 0; i < s->n_cells;) {
        size_t end = html__row_end(s, i);
        for (size_t j = i; j < end; j++) result_row(b, s, &s->cells[j], j == i ? end - i : 0);
        i = end;
    }
    html__table_end(b);
}

/* ---- comparisons ---- */

static void pair_row(Buf *b, const Summary *s, const SumPair *p) {
    PairView v = html__pair_view(s, p);
    buf_adds(b, "<tr><th scope=\"row\">");
    html_escape(b, str_from(summary_cell_title(s, &s->cells[p->a], s->arena)));
    buf_adds(b, "</th>");
    cell_model(b, v.first->name);
    cell_model(b, v.second->name);
    cell_number(b, v.diff, html__signed);
    cell_range(b, s->lang, v.lo, v.hi, p->method, html__signed);
    buf_adds(b, "<td class=\"num\" title=\"");
    html__method(b, s->lang, p->p_method);
    buf_adds(b, "\">");
    if (isnan(p->p_adjusted))
        buf_adds(b, "–</td>");
    else if (p->p_adjusted < 0.0001)
        buf_adds(b, "&lt;&thinsp;0.0001</td>");
    else
        buf_addf(b, "%.4f</td>", p->p_adjusted);
    buf_addf(b, "<td class=\"num\">%zu</td><td class=\"num\">%zu</td><td class=\"num\">%zu</td>", v.first_better,
             v.second_better, p->n);
    cell_range(b, s->lang, v.bound_lo, v.bound_hi, v.bound_hi > v.bound_lo ? "open pairs" : NULL, html__signed);
    cell_number(b, p->mde, html__mde);
    buf_adds(b, "<td class=\"model\">");
    html__say(b, s->lang, v.verdict);
    buf_adds(b, "</td></tr>\n");
}

void html__pair_table(Buf *b, const Summary *s) {
    Lang l = s->lang;
    html__table(b, "numbers sortable", str_from(words(l, WORD("Comparisons"))), false);
    html__th(b, l, "", WORD("Suite"));
    html__th(b, l, "", WORD("Model"));
    html__th(b, l, "", WORD("compared with"));
    html__th(b, l, "num", WORD("Difference"));
    html__th(b, l, "num", WORD("95\u00a0% interval"));
    html__th(b, l, "num", WORD("p, adjusted"));
    html__th(b, l, "num", WORD("First better on"));
    html__th(b, l, "num", WORD("Second better on"));
    html__th(b, l, "num", WORD("Questions"));
    html__th(b, l, "num", WORD("If open ones counted"));
    html__th(b, l, "num", WORD("Would show from"));
    html__th(b, l, "", WORD("Verdict"));
    html__table_body(b);
    for (size_t i = 0; i < s->n_pairs; i++) pair_row(b, s, &s->pairs[i]);
    html__table_end(b);
}

/* ---- groups, labels ---- */

static void group_rows(Buf *b, const Summary *s, const SumCell *c) {
    for (size_t g = 0; g < c->n_groups; g++) {
        const SumGroup *x = &c->groups[g];
        buf_addf(b, "<tr%s><th scope=\"row\">", g == 0 ? " class=\"first\"" : "");
        html_escape(b, x->name);
        buf_adds(b, "</th>");
        cell_model(b, s->models[c->model].name);
        cell_number(b, x->est.mean, html__percent);
        cell_range(b, s->lang, x->est.lo, x->est.hi, x->est.method, html__percent);
        cell_int(b, x->counts.total);
        for (unsigned o = 0; o < OUTCOME_COUNT; o++) cell_int(b, x->counts.outcome[o]);
        buf_adds(b, "</tr>\n");
    }
}

static void group_head(Buf *b, const Summary *s, const SumCell *c) {
    Str title = str_from(summary_cell_title(s, c, s->arena));
    buf_adds(b, "<h3>");
    html_escape(b, title);
    buf_adds(b, "</h3>");
    Str caption = words_printf(s->arena, s->lang, WORD("Scores by group: %.*s"), STR_ARG(title));
    html__table(b, "numbers sortable", caption, false);
    html__th(b, s->lang, "", WORD("Group"));
    score_heads(b, s->lang);
    html__table_body(b);
}

/* A table for each suite as it was asked: its models' groups. */
void html__group_tables(Buf *b, const Summary *s) {
    const SumCell *last = NULL;
    for (size_t i = 0; i < s->n_cells; i++) {
        const SumCell *c = &s->cells[i];
        if (!c->primary || c->n_groups == 0) continue;
        bool begins = !last || c->suite != last->suite || c->effort != last->effort || c->transform != last->transform;
        if (!last) {
            buf_adds(b, "<details><summary>");
            html__say(b, s->lang, WORD("Scores by group"));
            buf_adds(b, "</summary>");
        }
        if (last && begins) html__table_end(b);
        if (begins) group_head(b, s, c);
        last = c;
        group_rows(b, s, c);
    }
    if (!last) return;
    html__table_end(b);
    buf_adds(b, "</details>\n");
}

static void label_row(Buf *b, const Summary *s, const SumCell *c, size_t l) {
    buf_addf(b, "<tr%s><th scope=\"row\">", l == 0 ? " class=\"first\"" : "");
    html_escape(b, str_from(summary_cell_title(s, c, s->arena)));
    buf_adds(b, "</th>");
    cell_text(b, s->models[c->model].name);
    cell_text(b, c->labels[l].name);
    cell_int(b, c->labels[l].n);
    buf_adds(b, "</tr>\n");
}

void html__label_table(Buf *b, const Summary *s) {
    bool begun = false;
    for (size_t i = 0; i < s->n_cells; i++)
        for (size_t l = 0; l < s->cells[i].n_labels; l++) {
            if (!begun) {
                const char *title = WORD("Labels given by the scorers");
                buf_adds(b, "<details><summary>");
                html__say(b, s->lang, title);
                buf_adds(b, "</summary>");
                html__table(b, "sortable", str_from(words(s->lang, title)), false);
                html__th(b, s->lang, "", WORD("Suite"));
                html__th(b, s->lang, "", WORD("Model"));
                html__th(b, s->lang, "", WORD("Label"));
                html__th(b, s->lang, "num", WORD("Answers"));
                html__table_body(b);
            }
            begun = true;
            label_row(b, s, &s->cells[i], l);
        }
    if (!begun) return;
    html__table_end(b);
    buf_adds(b, "</details>\n");
}
