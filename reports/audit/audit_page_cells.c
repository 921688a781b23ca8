/* Cells and heads of the tables of a scorecard's page. */
#include "reports/audit/audit_page_internal.h"

#include <math.h>

#include "reports/html/html_internal.h"
#include "reports/visible.h"

void page__h3(Buf *b, const Page *p, const char *english) {
    buf_adds(b, "<h3>");
    html__say(b, p->lang, english);
    buf_adds(b, "</h3>\n");
}

void page__row_head(Buf *b, Str text) {
    buf_adds(b, "<tr><th scope=\"row\">");
    html_escape(b, text.n ? text : STR("–"));
    buf_adds(b, "</th>");
}

void page__td(Buf *b, Str text) {
    buf_adds(b, "<td>");
    html_escape(b, text.n ? text : STR("–"));
    buf_adds(b, "</td>");
}

/* A moment as the card has it; no line ends within. */
void page__td_time(Buf *b, Str text) {
    buf_adds(b, "<td class=\"time\">");
    html_escape(b, text.n ? text : STR("–"));
    buf_adds(b, "</td>");
}

void page__td_word(Buf *b, const Page *p, Str code) {
    page__td(b, page__word(p, code));
}

void page__td_code(Buf *b, Str text) {
    buf_adds(b, "<td><code>");
    html_escape(b, text.n ? text : STR("–"));
    buf_adds(b, "</code></td>");
}

void page__td_percent(Buf *b, const Page *p, double v) {
    buf_addf(b, "<td class=\"num\">%s</td>", page__percent(p, v, NAN));
}

/* "+5.0 (−2.0 to +12.0)" */
void page__td_points(Buf *b, const Page *p, double diff, double lower, double upper) {
    buf_addf(b, "<td class=\"num\">%s", page__points(p, diff));
    if (!isnan(lower) && !isnan(upper)) {
        buf_adds(b, "<small>");
        html__range(b, p->lang, lower, upper, html__signed);
        buf_adds(b, "</small>");
    }
    buf_adds(b, "</td>");
}

void page__td_number(Buf *b, const Page *p, double v, int digits) {
    if (isnan(v))
        buf_adds(b, "<td class=\"num\">–</td>");
    else
        buf_addf(b, "<td class=\"num\">%.*g</td>", digits, v);
    (void)p;
}

void page__td_verdict(Buf *b, const Page *p, Str code) {
    buf_adds(b, "<td>");
    page__verdict(b, p, code);
    buf_adds(b, "</td>");
}

void page__table(Buf *b, const Page *p, const char *caption, const PageHead *heads) {
    html__table(b, "numbers", str_from(words(p->lang, caption)), false);
    for (; heads->text; heads++) html__th(b, p->lang, heads->class_name, heads->text);
    html__table_body(b);
}
