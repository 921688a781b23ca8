/* The table of all transforms together; nothing in runs with one. */
#include "reports/html/html_internal.h"

#include <math.h>

#include "reports/visible.h"

static void share_cells(Buf *b, Lang lang, const SumShare *v) {
    buf_adds(b, "<td class=\"num\">");
    html__percent(b, v->share);
    buf_adds(b, "</td><td class=\"num\" title=\"");
    html__method(b, lang, v->method);
    buf_adds(b, "\">");
    if (v->method)
        html__range(b, lang, v->lo, v->hi, html__percent);
    else
        buf_adds(b, "–");
    buf_adds(b, "</td>");
}

/* what: in the page's language. */
static void row(Buf *b, const Summary *s, const SumRobust *r, Str what, const SumShare *v, bool first) {
    buf_addf(b, "<tr%s><th scope=\"row\">", first ? " class=\"first\"" : "");
    html_escape(b, s->suites[r->suite].title);
    if (s->n_efforts > 1) buf_addf(b, ", %s", effort_name(r->effort));
    buf_adds(b, "</th><td>");
    html_escape(b, r->kind.p ? r->kind : STR("–"));
    buf_adds(b, "</td><td class=\"model\">");
    html_escape(b, s->models[r->model].name);
    buf_adds(b, "</td><td>");
    html_escape(b, what);
    buf_adds(b, "</td>");
    share_cells(b, s->lang, v);
    buf_addf(b, "<td class=\"num\">%zu</td></tr>\n", v->n);
}

static void heads(Buf *b, Lang l) {
    html__th(b, l, "", WORD("Suite"));
    html__th(b, l, "", WORD("Kind"));
    html__th(b, l, "", WORD("Model"));
    html__th(b, l, "", WORD("Wrong"));
    html__th(b, l, "num", WORD("Share"));
    html__th(b, l, "num", WORD("95\u00a0% interval"));
    html__th(b, l, "num", WORD("Questions"));
    html__table_body(b);
}

static void rows(Buf *b, const Summary *s, const SumRobust *r) {
    const SumShare worst = {.n = r->worst_n, .share = r->worst_share};
    Str name = s->transforms[r->worst].name;
    row(b, s, r, str_from(words(s->lang, WORD("under any transform"))), &r->any, true);
    row(b, s, r, str_from(words(s->lang, WORD("on average over transforms"))), &r->mean, false);
    row(b, s, r, words_printf(s->arena, s->lang, WORD("under the worst: %.*s"), STR_ARG(name)), &worst, false);
    for (size_t f = 0; f < r->n_families; f++)
        row(b, s, r, words_printf(s->arena, s->lang, WORD("under any of family %.*s"), STR_ARG(r->families[f].name)),
            &r->families[f].any, false);
}

void html__robust_table(Buf *b, const Summary *s) {
    Lang l = s->lang;
    if (!s->n_robust) return;
    buf_adds(b, "<h3>");
    html__say(b, l, WORD("Wrong under the transforms together"));
    buf_adds(b, "</h3>\n");
    html__p(b, l, "note",
            WORD("Of harmful items wrong is a leak, of twins an over-refusal. Open answers (cut off, refused, failed, "
                 "unscored) are left out."));
    html__table(b, "numbers sortable", str_from(words(l, WORD("All transforms together"))), false);
    heads(b, l);
    for (size_t i = 0; i < s->n_robust; i++) rows(b, s, &s->robust[i]);
    html__table_end(b);
}
