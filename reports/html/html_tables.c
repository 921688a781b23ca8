#include "reports/html/html_internal.h"

#include <math.h>

#include "reports/visible.h"

void html__percent(Buf *b, double share) {
    if (isnan(share))
        buf_adds(b, "n/a");
    else
        buf_addf(b, "%.1f", 100.0 * share + 0.0);
}

void html__signed(Buf *b, double share) {
    double v = round(1000.0 * share) / 10.0;
    if (isnan(share))
        buf_adds(b, "n/a");
    else
        buf_addf(b, "%s%.1f", v > 0.0 ? "+" : v < 0.0 ? "−" : "", fabs(v));
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
    size_t a = s->cells[p->a].model, c = s->cells[p->b].model;
    PairView v = {&s->models[a], &s->models[c], a, p->diff, p->lo, p->hi, p->a_better, p->b_better, "cannot tell"};
    bool first_ahead = p->verdict == SUM_A_AHEAD;
    if (p->flip) {
        v = (PairView){&s->models[c], &s->models[a], c,           -p->diff,     -p->hi,
                       -p->lo,        p->b_better,   p->a_better, "cannot tell"};
        first_ahead = p->verdict == SUM_B_AHEAD;
    }
    if (p->verdict != SUM_CANNOT_TELL) v.verdict = first_ahead ? "ahead" : "behind";
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
static void cell_range(Buf *b, double lo, double hi, const char *method, void (*number)(Buf *, double)) {
    buf_addf(b, "<td class=\"num\" title=\"%s\">", method ? method : "");
    if (method) {
        number(b, lo);
        buf_adds(b, " to ");
        number(b, hi);
    } else {
        buf_adds(b, "n/a");
    }
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
    cell_range(b, c->est.lo, c->est.hi, c->est.method, html__percent);
    buf_adds(b, "<td class=\"num\">");
    html__filter_link(b, s, c, OUTCOME_COUNT);
    buf_addf(b, "%lld</a></td>", (long long)c->counts.total);
    outcome_cells(b, s, c);
    if (c->counts.open)
        cell_range(b, c->bound_lo, c->bound_hi, isnan(c->bound_lo) ? NULL : "bounds", html__percent);
    else
        buf_adds(b, "<td class=\"num nil\">–</td>");
    buf_addf(b, "<td class=\"num\">%.0f</td>", c->counts.total ? (double)c->tokens / (double)c->counts.total : 0.0);
    cell_int(b, c->counts.malformed);
    buf_adds(b, "</tr>\n");
}

void html__result_table(Buf *b, const Summary *s) {
    buf_adds(b, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"All results\"><table "
                "class=\"numbers\"><thead><tr><th>Suite</th><th>Model</th>"
                "<th class=\"num\">Score</th><th class=\"num\">95&nbsp;% interval</th><th class=\"num\">Answers</th>");
    for (unsigned o = 0; o < OUTCOME_COUNT; o++) buf_addf(b, "<th class=\"num\">%s</th>", outcome_words(o));
    buf_adds(
        b,
        "<th class=\"num\">If open ones counted</th><th class=\"num\">Tokens each</th><th class=\"num\">Malformed</th>"
        "</tr></thead><tbody>\n");
    for (size_t i = 0; i < s->n_cells;) {
        size_t end = html__row_end(s, i);
        for (size_t j = i; j < end; j++) result_row(b, s, &s->cells[j], j == i ? end - i : 0);
        i = end;
    }
    buf_adds(b, "</tbody></table></div>\n");
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
    cell_range(b, v.lo, v.hi, p->method, html__signed);
    buf_addf(b, "<td class=\"num\" title=\"%s\">", p->p_method ? p->p_method : "");
    if (isnan(p->p_adjusted))
        buf_adds(b, "n/a</td>");
    else if (p->p_adjusted < 0.0001)
        buf_adds(b, "&lt;&thinsp;0.0001</td>");
    else
        buf_addf(b, "%.4f</td>", p->p_adjusted);
    buf_addf(b, "<td class=\"num\">%zu</td><td class=\"num\">%zu</td><td class=\"num\">%zu</td>", v.first_better,
             v.second_better, p->n);
    cell_number(b, p->mde, html__percent);
    buf_addf(b, "<td class=\"model\">%s</td></tr>\n", v.verdict);
}

void html__pair_table(Buf *b, const Summary *s) {
    buf_adds(
        b,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Comparisons\"><table "
        "class=\"numbers\"><thead><tr><th>Suite</th><th>Model</th><th>compared with</th>"
        "<th class=\"num\">Difference</th><th class=\"num\">95&nbsp;% interval</th><th class=\"num\">p, adjusted</th>"
        "<th class=\"num\">First better on</th><th class=\"num\">Second better on</th><th class=\"num\">Questions</th>"
        "<th class=\"num\">Would show from</th><th>Verdict</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < s->n_pairs; i++) pair_row(b, s, &s->pairs[i]);
    buf_adds(b, "</tbody></table></div>\n");
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
        cell_range(b, x->est.lo, x->est.hi, x->est.method, html__percent);
        cell_int(b, x->counts.total);
        for (unsigned o = 0; o < OUTCOME_COUNT; o++) cell_int(b, x->counts.outcome[o]);
        buf_adds(b, "</tr>\n");
    }
}

void html__group_tables(Buf *b, const Summary *s) {
    size_t last = SIZE_MAX;
    for (size_t i = 0; i < s->n_cells; i++) {
        const SumCell *c = &s->cells[i];
        if (!c->primary || c->n_groups == 0) continue;
        if (last == SIZE_MAX) buf_adds(b, "<details><summary>Scores by group</summary>");
        if (c->suite != last) {
            if (last != SIZE_MAX) buf_adds(b, "</tbody></table></div>\n");
            buf_adds(b, "<h3>");
            html_escape(b, s->suites[c->suite].title);
            buf_adds(
                b,
                "</h3><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Scores by group\"><table "
                "class=\"numbers\"><thead><tr><th>Group</th><th>Model</th>"
                "<th class=\"num\">Score</th><th class=\"num\">95&nbsp;% interval</th><th class=\"num\">Answers</th>");
            for (unsigned o = 0; o < OUTCOME_COUNT; o++) buf_addf(b, "<th class=\"num\">%s</th>", outcome_words(o));
            buf_adds(b, "</tr></thead><tbody>\n");
        }
        last = c->suite;
        group_rows(b, s, c);
    }
    if (last != SIZE_MAX) buf_adds(b, "</tbody></table></div></details>\n");
}

void html__label_table(Buf *b, const Summary *s) {
    bool begun = false;
    for (size_t i = 0; i < s->n_cells; i++) {
        const SumCell *c = &s->cells[i];
        for (size_t l = 0; l < c->n_labels; l++) {
            if (!begun)
                buf_adds(
                    b,
                    "<details><summary>Labels given by the scorers</summary><div class=\"scroll\"><table><thead><tr>"
                    "<th>Suite</th><th>Model</th><th>Label</th><th class=\"num\">Answers</th></tr></thead><tbody>\n");
            begun = true;
            buf_addf(b, "<tr%s><th scope=\"row\">", l == 0 ? " class=\"first\"" : "");
            if (l == 0) html_escape(b, str_from(summary_cell_title(s, c, s->arena)));
            buf_adds(b, "</th>");
            cell_text(b, l == 0 ? s->models[c->model].name : STR(""));
            cell_text(b, c->labels[l].name);
            cell_int(b, c->labels[l].n);
            buf_adds(b, "</tr>\n");
        }
    }
    if (begun) buf_adds(b, "</tbody></table></div></details>\n");
}
