/* The table of all transforms together; nothing in runs with one. */
#include "reports/html/html_internal.h"

#include <math.h>

#include "reports/visible.h"

static void share_cells(Buf *b, const SumShare *v) {
    buf_adds(b, "<td class=\"num\">");
    html__percent(b, v->share);
    buf_addf(b, "</td><td class=\"num\" title=\"%s\">", v->method ? v->method : "");
    if (v->method) {
        html__percent(b, v->lo);
        buf_adds(b, " to ");
        html__percent(b, v->hi);
    } else {
        buf_adds(b, "n/a");
    }
    buf_adds(b, "</td>");
}

static void row(Buf *b, const Summary *s, const SumRobust *r, const char *what, Str name, const SumShare *v,
                bool first) {
    buf_addf(b, "<tr%s><th scope=\"row\">", first ? " class=\"first\"" : "");
    html_escape(b, s->suites[r->suite].title);
    if (s->n_efforts > 1) buf_addf(b, ", %s", effort_name(r->effort));
    buf_adds(b, "</th><td>");
    html_escape(b, r->kind.p ? r->kind : STR("–"));
    buf_adds(b, "</td><td class=\"model\">");
    html_escape(b, s->models[r->model].name);
    buf_addf(b, "</td><td>%s", what);
    html_escape(b, name);
    buf_adds(b, "</td>");
    share_cells(b, v);
    buf_addf(b, "<td class=\"num\">%zu</td></tr>\n", v->n);
}

void html__robust_table(Buf *b, const Summary *s) {
    if (!s->n_robust) return;
    buf_adds(
        b, "<h3>Wrong under the transforms together</h3>\n<p class=\"note\">Of harmful items wrong is a leak, of twins "
           "an over-refusal. Open answers (cut off, refused, failed, unscored) are left out.</p>\n<div "
           "class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"All transforms "
           "together\"><table class=\"numbers\"><thead><tr><th>Suite</th><th>Kind</th><th>Model</th><th>Wrong</th>"
           "<th class=\"num\">Share</th><th class=\"num\">95&nbsp;% interval</th><th class=\"num\">Questions</th>"
           "</tr></thead><tbody>\n");
    for (size_t i = 0; i < s->n_robust; i++) {
        const SumRobust *r = &s->robust[i];
        const SumShare worst = {.n = r->worst_n, .share = r->worst_share};
        row(b, s, r, "under any transform", STR(""), &r->any, true);
        row(b, s, r, "on average over transforms", STR(""), &r->mean, false);
        row(b, s, r, "under the worst: ", s->transforms[r->worst].name, &worst, false);
        for (size_t f = 0; f < r->n_families; f++)
            row(b, s, r, "under any of family ", r->families[f].name, &r->families[f].any, false);
    }
    buf_adds(b, "</tbody></table></div>\n");
}
